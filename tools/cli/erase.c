/* SPDX-License-Identifier: Apache-2.0 */
/* erase.c: `statgate erase`: a person out of everything this municipality delivered.
 *
 * The number comes from a file or the terminal, never from the command line, where
 * other users and the shell's history would keep it. The answer is "done" whatever
 * was found. */
#include <string.h>

#include "base/clock.h"
#include "crypto/personnummer.h"
#include "crypto/secret.h"
#include "proto/wire.h"
#include "tools/cli/cli.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"
#include "tools/cli/sealing.h"
#include "tools/cli/values.h"
#include "tools/client/client.h"

enum { ARENA_CEILING = 16 << 20, REQUEST_MAX = 4096, DAY_MS = 86400000 };

static const char erase_path[] = "/statgate.v1.Submission/ErasePerson";

/* The first line, trimmed. A word that begins with a letter is a local id. */
static enum exit_code read_person(const struct cli *cli, struct bytes text, struct wire_person *out)
{
        struct pnr_reading how = {
                .has_as_of = true, .as_of_days = (int32_t)(clock_now_ms() / DAY_MS)};
        struct pnr number;
        size_t len = 0;

        while (len < text.len && text.data[len] != '\n' && text.data[len] != '\r')
                len++;
        text = value_trim(bytes_of(text.data, len));
        if (text.len > 0 && text.len <= PERSON_ID_LEN && bytes_is_printable(text) &&
                (text.data[0] | 0x20) >= 'a' && (text.data[0] | 0x20) <= 'z') {
                memcpy(out->id, text.data, text.len);
                out->kind = PERSON_LOCAL;
                return EXIT_CODE_OK;
        }

        enum pnr_rule rule = pnr_parse(text, &how, &number);

        if (rule != PNR_OK) {
                complain(cli, WORD_PERSON_WRONG, pnr_rule_name(rule));
                return EXIT_CODE_INPUT;
        }
        memcpy(out->id, number.digits, PERSON_ID_LEN);
        out->kind = (uint8_t)number.person;
        wipe(&number, sizeof number);
        return EXIT_CODE_OK;
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

static enum exit_code send_erase(
        struct cli *cli, struct arena *arena, struct client *client, const struct wire_person *who)
{
        struct call_status status = {.code = STATUS_OK};
        struct bytes wire, response;
        struct buf request;
        enum err rc;

        buf_init(&request, REQUEST_MAX);
        rc = erase_encode(who, &request);
        if (rc == ERR_OK)
                rc = buf_end(&request, &wire);
        if (rc == ERR_OK)
                rc = client_unary(client, arena, erase_path, wire, 0, &response, &status);
        buf_done(&request);
        if (rc != ERR_OK)
                return cli_call_failed(cli, rc, &status);
        say(cli, WORD_ERASED);
        return EXIT_CODE_OK;
}

/* Sealed in any case: whoever is to be forgotten shall not be told to the gateway first. */
static enum exit_code call_erase(struct cli *cli, struct arena *arena, struct wire_person *person)
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
        if (code == EXIT_CODE_OK && sealing_person(&sealing, person) != ERR_OK)
                code = EXIT_CODE_INTERNAL;
        if (code == EXIT_CODE_OK)
                code = send_erase(cli, arena, client, person);
        client_close(&client);
        return code;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        struct arena *arena = arena_new(ARENA_CEILING); /* wiped below */
        struct wire_person person = {.sealed = false};
        enum exit_code code = keys_init(cli, false);

        if (arena == NULL)
                return EXIT_CODE_INTERNAL;
        if (code == EXIT_CODE_OK)
                code = get_person(cli, arena, option_text(args, "person-file"), &person);
        if (code == EXIT_CODE_OK)
                code = call_erase(cli, arena, &person);
        wipe(&person, sizeof person);
        arena_wipe(arena);
        arena_free(&arena);
        return code;
}

static const struct option_spec options[] = {
        {"person-file", "FILE", NULL, false, false,
                {"fil vars första rad är personnumret (annars frågas vid terminalen)",
                        "file whose first line is the personal number (else asked for at the "
                        "terminal)"}},
};

const struct command command_erase = {
        .name = "erase",
        .arguments = "",
        .summary = {"ta bort en person ur allt som kommunen har levererat",
                "remove a person from everything the municipality has delivered"},
        .details = {"Personnumret ges aldrig på kommandoraden. Svaret är detsamma vare sig "
                    "personen fanns eller inte.",
                "The personal number is never given on the command line. The answer is the same "
                "whether or not the person was there."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
