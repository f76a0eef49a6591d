/* SPDX-License-Identifier: Apache-2.0 */
/* cli_query.c: `statgate query`: a question goes out, a safe table comes back.
 *
 * Before a byte is shown the release is compared with its digest, so that what is
 * on the screen is what the gateway put into its memory of releases. A file appears
 * whole or not at all. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "tools/cli/ask.h"
#include "tools/cli/question.h"
#include "tools/cli/render.h"

/* A request of 16 filters with 512 values each stays below a megabyte. */
enum { REQUEST_MAX = 1 << 20, ANSWER_ARENA = 1 << 30, TERMINAL_LEAST = 40 };

typedef enum err render_fn(const struct cli *, const struct answer *, const struct render_how *);

static const struct {
        const char *name;
        render_fn *render;
} formats[] = {{"table", render_table}, {"csv", render_csv}, {"json", render_json}};

static render_fn *format_find(const struct cli *cli, const struct arguments *args)
{
        const char *name = option_text(args, "format");

        for (size_t i = 0; i < ARRAY_LEN(formats); i++)
                if (strcmp(name != NULL ? name : "table", formats[i].name) == 0)
                        return formats[i].render;
        complain(cli, WORD_OPTION_VALUE, "format");
        return NULL;
}

/* The question ------------------------------------------------------------ */

static enum err from_options(struct question *q, const struct arguments *args, struct refusal *why)
{
        static const struct {
                const char *name;
                enum err (*add)(struct question *, struct bytes, struct refusal *);
        } steps[] = {
                {"dataset", question_dataset},
                {"purpose", question_purpose},
                {"vintage", question_vintage},
                {"by", question_by},
                {"measure", question_measure},
                {"where", question_where},
        };

        for (size_t i = 0; i < ARRAY_LEN(steps); i++)
                for (unsigned n = 0; n < option_count(args, steps[i].name); n++)
                        TRY(steps[i].add(
                                q, bytes_of_text(option_nth(args, steps[i].name, n)), why));
        return query_check(&q->q, why);
}

enum exit_code ask_question(const struct cli *cli, const struct arguments *args, struct question *q)
{
        const char *file = option_text(args, "file");
        struct refusal why = {0};
        enum err rc = file != NULL ? question_read_file(q, file, &why) : ERR_OK;

        if (rc != ERR_OK) {
                complain(cli, WORD_QUESTION_FILE_WRONG, file, err_sentence(rc));
                cli_print_refusal(cli, &why);
                return rc == ERR_NO_MEMORY ? EXIT_CODE_INTERNAL : EXIT_CODE_INPUT;
        }
        rc = from_options(q, args, &why);
        if (rc != ERR_OK) {
                complain(cli, WORD_QUESTION_WRONG, err_sentence(rc));
                cli_print_refusal(cli, &why);
                return rc == ERR_NO_MEMORY ? EXIT_CODE_INTERNAL : EXIT_CODE_USAGE;
        }
        return EXIT_CODE_OK;
}

/* The answer -------------------------------------------------------------- */

static enum exit_code call(
        struct cli *cli, struct arena *arena, const struct query *q, struct bytes *out)
{
        OWNED(buf_done) struct buf request;
        struct ask ask = {.path = "/statgate.v1.Statistics/Query",
                .fallback = "statistician",
                .timeout_ms = ASK_LONG_MS};

        buf_init(&request, REQUEST_MAX);

        enum err rc = query_request_encode(q, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &ask.request);
        if (rc != ERR_OK) {
                complain(cli, WORD_QUESTION_WRONG, err_sentence(rc));
                return EXIT_CODE_USAGE;
        }
        return cli_ask(cli, arena, &ask, out);
}

static enum exit_code open_answer(const struct cli *cli, struct arena *arena, struct bytes wire,
        struct wire_release *release, struct digest *digest)
{
        struct wire_answer answer;
        enum err rc = answer_decode(arena, wire, &answer);

        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        digest_of(answer.release, digest);
        if (memcmp(digest, &answer.release_digest, sizeof *digest) != 0) {
                complain(cli, WORD_ANSWER_DIGEST);
                return EXIT_CODE_INTERNAL;
        }
        rc = release_decode(arena, answer.release, release);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

/* Writing ----------------------------------------------------------------- */

static unsigned terminal_width(FILE *to)
{
        struct winsize size;

        if (isatty(fileno(to)) == 0 || ioctl(fileno(to), TIOCGWINSZ, &size) != 0)
                return 0;
        return size.ws_col < TERMINAL_LEAST ? TERMINAL_LEAST : size.ws_col;
}

static void close_file(FILE **f)
{
        if (*f != NULL)
                (void)fclose(*f);
}

static enum err write_through(const struct cli *cli, const struct answer *a, render_fn *render,
        const char *temporary, bool bom)
{
        OWNED(close_file) FILE *to = fopen(temporary, "wxe");

        if (to == NULL)
                return ERR_UNREADABLE;
        TRY(render(cli, a, &(struct render_how){.out = to, .bom = bom}));
        return fsync(fileno(to)) == 0 ? ERR_OK : ERR_IO;
}

static void tell_written(const struct cli *cli, const struct wire_release *r, const char *path)
{
        char cells[NUMBER_TEXT], hidden[NUMBER_TEXT];
        uint64_t protected = 0;

        for (size_t cell = 0; cell < r->table.cells_len; cell++)
        protected += r->table.status[cell] == CELL_PROTECTED;
        note(cli, WORD_WRITTEN, path, cli_number(cli, r->table.cells_len, cells),
                cli_number(cli, protected, hidden));
}

static enum exit_code write_file(const struct cli *cli, const struct answer *a, render_fn *render,
        const char *path, bool bom)
{
        const char *temporary = arena_printf(cli->arena, "%s.%ld.tmp", path, (long)getpid());

        if (temporary == NULL)
                return EXIT_CODE_INTERNAL;
        errno = 0;

        enum err rc = write_through(cli, a, render, temporary, bom);

        if (rc == ERR_MALFORMED || rc == ERR_NO_MEMORY) {
                (void)unlink(temporary);
                return print_ended(cli, rc);
        }
        if (rc != ERR_OK || rename(temporary, path) != 0) {
                complain(cli, WORD_CANNOT_WRITE, path, strerror(errno));
                (void)unlink(temporary);
                return EXIT_CODE_USAGE;
        }
        tell_written(cli, a->release, path);
        return EXIT_CODE_OK;
}

static enum exit_code show(const struct cli *cli, const struct answer *a, render_fn *render,
        const struct arguments *args)
{
        const char *path = option_text(args, "out");

        if (path != NULL)
                return write_file(cli, a, render, path, option_given(args, "bom"));

        const struct render_how how = {
                .out = cli->out,
                .width = terminal_width(cli->out),
                .colour = cli->colour_out,
                .bom = option_given(args, "bom"),
        };

        return print_ended(cli, render(cli, a, &how));
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        OWNED(arena_free) struct arena *arena = arena_new(ANSWER_ARENA);
        struct wire_release release;
        struct answer answer = {.release = &release};
        struct question question;
        struct bytes wire;
        render_fn *render = format_find(cli, args);

        if (arena == NULL)
                return EXIT_CODE_INTERNAL;
        if (render == NULL)
                return EXIT_CODE_USAGE;
        question_init(&question, arena);

        enum exit_code code = ask_question(cli, args, &question);

        if (code == EXIT_CODE_OK)
                code = call(cli, arena, &question.q, &wire);
        if (code == EXIT_CODE_OK)
                code = open_answer(cli, arena, wire, &release, &answer.digest);
        if (code != EXIT_CODE_OK)
                return code;
        answer.asked = &question.q;
        return show(cli, &answer, render, args);
}

static const struct option_spec options[] = {
        {"dataset", "NAME", NULL, false, false,
                {"datamängd; se statgate datasets", "data set; see statgate datasets"}},
        {"purpose", "NAME", NULL, false, false,
                {"ändamål som regelverket tillåter", "a purpose that the policy allows"}},
        {"where", "'VAR[:LEVEL] OP VALUE'", NULL, false, true,
                {"villkor; OP är = != < <= > >= eller in, och in tar en lista med komma, där a..b "
                 "är ett intervall. Alla villkor ska gälla",
                        "condition; OP is = != < <= > >= or in, and in takes a list with commas, "
                        "where a..b is a range. All conditions must hold"}},
        {"by", "VAR[:LEVEL],…", NULL, false, false,
                {"dela upp efter; högst sex, den sista blir kolumner",
                        "break down by; at most six, the last one becomes columns"}},
        {"measure", "MEASURE,…", "persons", false, false,
                {"persons, records, sum:VAR eller mean:VAR",
                        "persons, records, sum:VAR or mean:VAR"}},
        {"vintage", "N[.R]", NULL, false, false,
                {"årgång (annars den senaste)", "vintage (else the latest)"}},
        {"file", "QUERY.yaml", NULL, false, false,
                {"(kort: -f) fråga i YAML med fälten dataset, purpose, vintage, filters, "
                 "dimensions, measures; flaggor fyller i det som saknas, och --where begränsar mer",
                        "(short: -f) a question in YAML with the fields dataset, purpose, vintage, "
                        "filters, dimensions, measures; options fill in what is not there, and "
                        "--where narrows further"}},
        {"format", "table|csv|json", "table", false, false, {"utformat", "output format"}},
        {"out", "FILE", NULL, false, false,
                {"skriv till en fil, hel eller inte alls", "write to a file, whole or not at all"}},
        {"bom", NULL, NULL, false, false,
                {"börja CSV med en byteordningsmarkering, för kalkylprogram",
                        "begin CSV with a byte order mark, for spreadsheets"}},
};

const struct command command_query = {
        .name = "query",
        .arguments = "",
        .summary = {"fråga efter en tabell", "ask for a table"},
        .details = {"Tecken i tabellen: 0 noll, .. skyddad, . kan inte förekomma, : saknas. I csv "
                    "är de tre sista tomma, och kolumnen status säger A värde, Q skyddad, O saknas "
                    "eller M kan inte förekomma; koden _T är totalen. Med --lang sv har csv "
                    "semikolon och decimalkomma, annars komma och punkt. En text som ett "
                    "kalkylprogram kunde ta för en formel får en apostrof först.\nExempel: "
                    "statgate query --dataset placering --purpose uppfoljning --by kommun:lan,form "
                    "--where 'start:ar = 2025'",
                "Marks in the table: 0 zero, .. protected, . cannot exist, : missing. In csv the "
                "last three are empty, and the column status says A value, Q protected, O missing "
                "or M cannot exist; the code _T is the total. With --lang sv csv has semicolons "
                "and decimal commas, else commas and points. A text that a spreadsheet could take "
                "for a formula gets an apostrophe in front.\nExample: statgate query --dataset "
                "placering --purpose uppfoljning --by kommun:lan,form --where 'start:ar = 2025'"},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
