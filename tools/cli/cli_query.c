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

#include "tools/cli/ask.h"
#include "tools/cli/question.h"
#include "tools/cli/question_options.h"
#include "tools/cli/render.h"

enum { ANSWER_ARENA = 1 << 30, TERMINAL_LEAST = 40 };

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
        struct answer answer;
        struct question question;
        render_fn *render = format_find(cli, args);

        if (arena == NULL)
                return EXIT_CODE_INTERNAL;
        if (render == NULL)
                return EXIT_CODE_USAGE;
        question_init(&question, arena);

        enum exit_code code = ask_question(cli, args, &question);

        if (code == EXIT_CODE_OK)
                code = ask_table(cli, arena, &question.q, &answer);
        return code == EXIT_CODE_OK ? show(cli, &answer, render, args) : code;
}

static const struct option_spec options[] = {
        QUESTION_OPTION_SPECS,
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
