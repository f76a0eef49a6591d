/* SPDX-License-Identifier: Apache-2.0 */
/* erase.c: `statgate erase`: a person out of everything this municipality delivered, or one
 * record out of a data set.
 *
 * The number, or the key of the record, comes from a file or the terminal, never from the command
 * line, where other users and the shell's history would keep it. The answer is "done" whatever was
 * found. */
#include <string.h>

#include "crypto/secret.h"
#include "proto/wire.h"
#include "tools/cli/ask.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"
#include "tools/cli/person_field.h"
#include "tools/cli/sealing.h"
#include "tools/cli/values.h"
#include "tools/client/client.h"

enum { ARENA_CEILING = 16 << 20, REQUEST_MAX = 4096 };

static const char person_path[] = "/statgate.v1.Submission/ErasePerson";
static const char record_path[] = "/statgate.v1.Submission/EraseRecord";

static struct bytes first_line(struct bytes text)
{
        size_t len = 0;

        while (len < text.len && text.data[len] != '\n' && text.data[len] != '\r')
                len++;
        return value_trim(bytes_of(text.data, len));
}

static enum exit_code read_person(const struct cli *cli, struct bytes text, struct wire_person *out)
{
        enum pnr_rule rule = person_field(first_line(text), out->id, &out->kind);

        if (rule == PNR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_PERSON_WRONG, pnr_rule_name(rule));
        return EXIT_CODE_INPUT;
}

static enum exit_code get_person(
        const struct cli *cli, struct arena *arena, const char *path, struct wire_person *out)
{
        OWNED(secret_free) struct secret *line = NULL;
        struct bytes text;
        enum exit_code code;
        enum err rc;

        if (path == NULL) {
                code = prompt_secret(cli, WORD_PERSON_ASK, &line);
                if (code != EXIT_CODE_OK)
                        return code;
                return read_person(cli, bytes_of(secret_view(line), secret_len(line)), out);
        }
        rc = file_read(arena, path, &text);
        if (rc == ERR_OK)
                return read_person(cli, text, out);
        complain(cli, WORD_FILE_UNREADABLE, path, err_sentence(rc));
        return EXIT_CODE_INPUT;
}

/* What is to be erased: one or the other. */
struct erasure {
        struct wire_person *person;
        struct wire_record *record; /* NULL: the person */
};

static enum err seal(struct sealing *s, const struct erasure *what)
{
        return what->record != NULL ? sealing_record(s, what->record)
                                    : sealing_person(s, what->person);
}

static enum exit_code send_erase(
        struct cli *cli, struct arena *arena, struct client *client, const struct erasure *what)
{
        OWNED(buf_done) struct buf request = {.ceiling = REQUEST_MAX};
        struct call_status status = {.code = STATUS_OK};
        struct bytes wire, response;
        enum err rc;

        rc = what->record != NULL ? erase_record_encode(what->record, &request)
                                  : erase_encode(what->person, &request);
        if (rc == ERR_OK)
                rc = buf_end(&request, &wire);
        if (rc == ERR_OK)
                rc = client_unary(client, arena, what->record != NULL ? record_path : person_path,
                        wire, 0, &response, &status);
        if (rc != ERR_OK)
                return cli_call_failed(cli, rc, &status);
        say(cli, WORD_ERASED);
        return EXIT_CODE_OK;
}

/* Sealed in any case: who or what is to be forgotten shall not be told to the gateway first. */
static enum exit_code call_erase(struct cli *cli, struct arena *arena, const struct erasure *what)
{
        OWNED(sealing_done) struct sealing sealing = {.has_key = false};
        struct client *client = NULL;
        struct settings settings;
        struct identity identity;
        enum exit_code code = settings_read(cli, &settings);

        if (code == EXIT_CODE_OK)
                code = identity_read(cli, &settings, NULL, &identity);
        if (code == EXIT_CODE_OK)
                code = sealing_begin(cli, &settings, &identity, &sealing);
        if (code == EXIT_CODE_OK)
                code = cli_connect(cli, &settings, &identity, 1, &client);
        if (code == EXIT_CODE_OK)
                code = sealing_fetch(cli, &sealing, client);
        if (code == EXIT_CODE_OK && seal(&sealing, what) != ERR_OK)
                code = EXIT_CODE_INTERNAL;
        if (code == EXIT_CODE_OK)
                code = send_erase(cli, arena, client, what);
        client_close(&client);
        return code;
}

/* One record ---------------------------------------------------------------------- */

static enum exit_code get_key(
        const struct cli *cli, struct arena *arena, const char *path, struct bytes *out)
{
        OWNED(secret_free) struct secret *line = NULL;
        struct bytes text;
        enum exit_code code = EXIT_CODE_OK;
        enum err rc = ERR_OK;

        if (path == NULL)
                code = prompt_secret(cli, WORD_RECORD_ASK, &line);
        else
                rc = file_read(arena, path, &text);
        if (rc != ERR_OK) {
                complain(cli, WORD_FILE_UNREADABLE, path, err_sentence(rc));
                return EXIT_CODE_INPUT;
        }
        if (code != EXIT_CODE_OK)
                return code;
        if (path == NULL)
                text = bytes_of(secret_view(line), secret_len(line));
        text = first_line(text);
        if (text.len == 0 || text.len > RECORD_KEY_MAX_LEN) {
                complain(cli, WORD_RECORD_WRONG);
                return EXIT_CODE_INPUT;
        }
        return bytes_copy(arena, text, out) == ERR_OK ? EXIT_CODE_OK : EXIT_CODE_INTERNAL;
}

static enum exit_code erase_record(
        struct cli *cli, struct arena *arena, const char *dataset, const char *path)
{
        struct wire_record record = {.dataset = bytes_of_text(dataset)};
        enum exit_code code = get_key(cli, arena, path, &record.key);

        if (code == EXIT_CODE_OK && record.dataset.len > NAME_MAX_LEN)
                code = EXIT_CODE_USAGE;
        return code == EXIT_CODE_OK ? call_erase(cli, arena, &(struct erasure){NULL, &record})
                                    : code;
}

/* The command --------------------------------------------------------------------- */

static enum exit_code erase_either(
        struct cli *cli, struct arena *arena, const struct arguments *args)
{
        const char *dataset = option_text(args, "dataset"), *key = option_text(args, "record-file");
        const char *number = option_text(args, "person-file");
        struct wire_person person = {.sealed = false};
        enum exit_code code;

        if ((key != NULL && dataset == NULL) || (dataset != NULL && number != NULL)) {
                complain(cli, WORD_RECORD_NEEDS_DATASET);
                return EXIT_CODE_USAGE;
        }
        if (dataset != NULL)
                return erase_record(cli, arena, dataset, key);
        code = get_person(cli, arena, number, &person);
        if (code == EXIT_CODE_OK)
                code = call_erase(cli, arena, &(struct erasure){&person, NULL});
        wipe(&person, sizeof person);
        return code;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        struct arena *arena = arena_new(ARENA_CEILING); /* wiped below */
        enum exit_code code = keys_init(cli, false);

        if (arena == NULL)
                return EXIT_CODE_INTERNAL;
        if (code == EXIT_CODE_OK)
                code = erase_either(cli, arena, args);
        arena_wipe(arena);
        arena_free(&arena);
        return code;
}

static const struct option_spec options[] = {
        {"person-file", "FILE", NULL, false, false,
                {"fil vars första rad är personnumret (annars frågas vid terminalen)",
                        "file whose first line is the personal number (else asked for at the "
                        "terminal)"}},
        {"dataset", "NAME", NULL, false, false,
                {"i stället en enda post, ur denna datamängd",
                        "one record instead, out of this data set"}},
        {"record-file", "FILE", NULL, false, false,
                {"fil vars första rad är postens nyckel (annars frågas vid terminalen)",
                        "file whose first line is the key of the record (else asked for at the "
                        "terminal)"}},
};

const struct command command_erase = {
        .name = "erase",
        .arguments = "",
        .summary = {"ta bort en person, eller en post, ur det som kommunen har levererat",
                "remove a person, or a record, from what the municipality has delivered"},
        .details = {"Personnumret och postens nyckel ges aldrig på kommandoraden. Svaret är "
                    "detsamma vare sig "
                    "det fanns något eller inte.",
                "The personal number, or the key of the record, is never given on the command "
                "line. "
                "The answer is the same whether or not there was anything."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
