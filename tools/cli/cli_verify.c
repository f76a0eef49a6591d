/* SPDX-License-Identifier: Apache-2.0 */
/* cli_verify.c: `statgate verify`: an answer is checked years later, without a gateway.
 *
 * Says first whether it holds. Then what was proved, in words, or all that is wrong, by name. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/secret.h"
#include "gateway/audit/entry.h"
#include "tools/cli/answer_verify.h"
#include "tools/cli/ask.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"
#include "tools/cli/question_text.h"
#include "tools/cli/render_parts.h"
#include "tools/cli/sealing.h"

enum { VERIFY_ARENA = 2040 << 20, LINE_TEXT = 16 };

struct checking {
        struct cli *cli;
        struct arena *arena;
        const char *path;
        uint8_t keys[PINNED_MAX][SIGN_PUBLIC_LEN];
        unsigned keys_len;
        struct bytes text;
        struct answer_read read;
        struct answer_verdict verdict;
};

static const struct text sentences[] = {
#define FINDING_TEXT(name, sv, en) {sv, en},
        ANSWER_FINDINGS(FINDING_TEXT)
#undef FINDING_TEXT
};

/* Reading ------------------------------------------------------------------------ */

/* The folder's keys, where no other are named. */
static enum exit_code read_keys(struct checking *c, const char *path)
{
        struct settings settings;
        enum exit_code code = EXIT_CODE_OK;
        enum err e;

        if (path == NULL) {
                code = settings_read(c->cli, &settings);
                path = code == EXIT_CODE_OK
                               ? path_join(c->arena, settings.folder, "client/keeper.pub")
                               : NULL;
        }
        if (code != EXIT_CODE_OK)
                return code;
        if (path == NULL)
                return EXIT_CODE_INTERNAL;
        e = pinned_read(c->arena, path, c->keys, &c->keys_len);
        if (e == ERR_OK)
                return keys_init(c->cli, false);
        if (e == ERR_NOT_FOUND)
                complain(c->cli, WORD_VERIFY_NO_KEY, path);
        else
                complain(c->cli, WORD_KEEPER_PIN_WRONG, path);
        return EXIT_CODE_USAGE;
}

static void close_file(FILE **f)
{
        if (*f != NULL)
                (void)fclose(*f);
}

static enum err slurp(struct checking *c)
{
        OWNED(close_file) FILE *from = fopen(c->path, "re");
        struct stat st;

        if (from == NULL || fstat(fileno(from), &st) != 0 || !S_ISREG(st.st_mode))
                return ERR_UNREADABLE;
        if (st.st_size > ANSWER_FILE_MAX)
                return ERR_TOO_LARGE;
        uint8_t *text = arena_alloc_raw(c->arena, (size_t)st.st_size, 1);
        if (text == NULL)
                return ERR_NO_MEMORY;
        c->text = bytes_of(text, fread(text, 1, (size_t)st.st_size, from));
        return c->text.len == (size_t)st.st_size ? ERR_OK : ERR_UNREADABLE;
}

static enum exit_code read_answer(struct checking *c)
{
        enum err e = slurp(c);

        if (e != ERR_OK) {
                complain(c->cli, WORD_FILE_UNREADABLE, c->path, err_sentence(e));
                return EXIT_CODE_USAGE;
        }
        e = answer_file_read(c->arena, c->text, &c->read);
        if (e == ERR_MALFORMED) {
                char line[LINE_TEXT];

                (void)snprintf(line, sizeof line, "%" PRIu32, c->read.line);
                complain(c->cli, WORD_VERIFY_UNREADABLE, c->path, line);
                return EXIT_CODE_USAGE;
        }
        return e == ERR_OK ? EXIT_CODE_OK : EXIT_CODE_INTERNAL;
}

/* Telling ------------------------------------------------------------------------- */

static enum err tell_rule(void *ctx, const struct entry_value *v)
{
        const struct cli *cli = ctx;

        if (v->rule->field == FIELD_RULE)
                say(cli, WORD_VERIFY_RULE, text_from(cli, v->text));
        return ERR_OK;
}

static void tell_log(const struct checking *c)
{
        const struct answer_certificate *k = &c->read.proof.certificate;
        char at[INSTANT_TEXT], number[NUMBER_TEXT], size[NUMBER_TEXT];

        say(c->cli, WORD_VERIFY_SIGNED, k->head.key_id, instant_text(k->head.at_ms, at),
                cli_number(c->cli, k->head.size, size));
        say(c->cli, WORD_VERIFY_ENTRY, cli_number(c->cli, k->number, number),
                instant_text(k->at_ms, at));
}

static void tell_table(const struct checking *c)
{
        const struct table *t = &c->verdict.release.table;
        char cells[NUMBER_TEXT], hidden[NUMBER_TEXT];
        uint64_t withheld = 0;

        for (size_t cell = 0; cell < t->cells_len; cell++)
                withheld += t->status[cell] == CELL_PROTECTED;
        say(c->cli, c->verdict.table ? WORD_VERIFY_TABLE : WORD_VERIFY_NO_TABLE,
                cli_number(c->cli, t->cells_len, cells), cli_number(c->cli, withheld, hidden));
}

static void tell_proved(const struct checking *c)
{
        char version[NUMBER_TEXT], digest[2 * 32 + 1], vintage[32];

        say(c->cli, WORD_VERIFY_HOLDS, c->path);
        tell_log(c);
        (void)snprintf(version, sizeof version, "%" PRId64, c->verdict.policy_version);
        hex_encode(bytes_of(c->verdict.policy_digest.bytes, 32), digest);
        say(c->cli, WORD_VERIFY_POLICY, c->verdict.has_version ? version : "?", digest);
        vintage_text(c->verdict.release.vintage, vintage);
        say(c->cli, WORD_VERIFY_VINTAGE, vintage);
        enum err ignored =
                entry_read(ENTRY_OPEN, c->read.proof.certificate.statement, tell_rule, c->cli);
        (void)ignored; /* it was read before */
        tell_table(c);
        say(c->cli, WORD_VERIFY_QUESTION);
        question_print(c->cli->out, &c->verdict.asked, 4);
}

static void tell_wrong(const struct checking *c)
{
        char line[LINE_TEXT];

        say(c->cli, WORD_VERIFY_BROKEN, c->path);
        for (unsigned f = 0; f < ANSWER_FINDING_COUNT; f++) {
                if ((c->verdict.findings >> f & 1) == 0)
                        continue;
                say(c->cli, WORD_VERIFY_FINDING, answer_finding_name((enum answer_finding)f),
                        cli_text(c->cli, sentences[f]));
                if (f != ANSWER_FINDING_TABLE)
                        continue;
                (void)snprintf(line, sizeof line, "%" PRIu32, c->verdict.line);
                say(c->cli, WORD_VERIFY_LINE, line);
        }
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        OWNED(arena_free) struct arena *arena = arena_new(VERIFY_ARENA);
        struct checking c = {.cli = cli, .arena = arena, .path = argument_nth(args, 0)};
        enum exit_code code;

        if (arena == NULL)
                return EXIT_CODE_INTERNAL;
        code = read_keys(&c, option_text(args, "key"));
        if (code == EXIT_CODE_OK)
                code = read_answer(&c);
        if (code != EXIT_CODE_OK)
                return code;
        if (answer_verify(arena, c.text, &c.read, (const uint8_t(*)[SIGN_PUBLIC_LEN])c.keys,
                    c.keys_len, &c.verdict) != ERR_OK)
                return EXIT_CODE_INTERNAL;
        if (c.verdict.findings != 0)
                tell_wrong(&c);
        else
                tell_proved(&c);
        return c.verdict.findings == 0 ? EXIT_CODE_OK : EXIT_CODE_REFUSED;
}

static const struct option_spec options[] = {
        {"key", "FILE", "client/keeper.pub", false, false,
                {"nyckelväktarens öppna nyckel", "the keeper's public key"}},
};

const struct command command_verify = {
        .name = "verify",
        .arguments = "ANSWER.json",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"kontrollera ett svar mot dess intyg, utan sluss",
                "check an answer against its certificate, without a gateway"},
        .details = {"Filen är vad statgate query --format json skrev, eller --certificate. "
                    "Slutkod 0: svaret håller; 1: något är fel, och det sägs med namn; 2: det går "
                    "inte att kontrollera.\nExempel: statgate query --dataset placering --purpose "
                    "uppfoljning --by kommun:lan --format json --out svar.json && statgate verify "
                    "svar.json --key keeper.pub",
                "The file is what statgate query --format json wrote, or --certificate. Exit code "
                "0: the answer holds; 1: something is wrong, and named; 2: it cannot be "
                "checked.\nExample: statgate query --dataset placering --purpose uppfoljning --by "
                "kommun:lan --format json --out answer.json && statgate verify answer.json --key "
                "keeper.pub"},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
