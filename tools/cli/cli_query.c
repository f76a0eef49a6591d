/* SPDX-License-Identifier: Apache-2.0 */
/* cli_query.c: `statgate query`: a question goes out, a safe table comes back.
 *
 * Before a byte is shown the release is compared with its digest, so that what is
 * on the screen is what the gateway put into its memory of releases. A file appears
 * whole or not at all. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli/answer_file.h"
#include "tools/cli/ask.h"
#include "tools/cli/files.h"
#include "tools/cli/output.h"
#include "tools/cli/question.h"
#include "tools/cli/question_options.h"
#include "tools/cli/render.h"
#include "tools/cli/render_about.h"

enum { ANSWER_ARENA = 1 << 30 };

typedef enum err render_fn(const struct cli *, const struct answer *, const struct render_how *);

static const struct {
        const char *name;
        render_fn *render;
        bool binary;
} formats[] = {{"table", render_table, false}, {"csv", render_csv, false},
        {"json", render_json, false}, {"json-stat", render_jsonstat, false},
        {"px", render_px, false}, {"xlsx", render_xlsx, true}};
#define FORMATS "table|csv|json|json-stat|px|xlsx"

static render_fn *format_find(const struct cli *cli, const struct arguments *args)
{
        const char *name = option_text(args, "format");

        for (size_t i = 0; i < ARRAY_LEN(formats); i++)
                if (strcmp(name != NULL ? name : "table", formats[i].name) == 0) {
                        if (!formats[i].binary || option_given(args, "out") ||
                                isatty(fileno(cli->out)) == 0)
                                return formats[i].render;
                        complain(cli, WORD_FORMAT_TO_FILE, name);
                        return NULL;
                }
        complain(cli, WORD_OPTION_VALUE, "format");
        return NULL;
}

static void free_text(char **text)
{
        free(*text);
}

struct shown {
        const struct answer *answer;
        render_fn *render;
};

static enum err write_answer(const struct cli *cli, const void *what, const struct render_how *how)
{
        const struct shown *s = what;

        return s->render(cli, s->answer, how);
}

static void tell_written(const struct cli *cli, const struct wire_release *r, const char *path)
{
        char cells[NUMBER_TEXT], hidden[NUMBER_TEXT];
        uint64_t withheld = 0;

        for (size_t cell = 0; cell < r->table.cells_len; cell++)
                withheld += r->table.status[cell] == CELL_PROTECTED;
        note(cli, WORD_WRITTEN, path, cli_number(cli, r->table.cells_len, cells),
                cli_number(cli, withheld, hidden));
}

/* Beside whatever is shown: the file that `statgate verify` reads. */
static enum exit_code save_certificate(
        const struct cli *cli, const struct answer *a, const char *path)
{
        OWNED(free_text) char *text = NULL;
        size_t len = 0;
        FILE *to;
        enum err e;

        if (path == NULL)
                return EXIT_CODE_OK;
        if (a->proof == NULL) {
                complain(cli, WORD_ANSWER_UNCERTIFIED, path);
                return EXIT_CODE_INTERNAL;
        }
        to = open_memstream(&text, &len);
        if (to == NULL)
                return EXIT_CODE_INTERNAL;
        answer_file_put(to, a->proof);
        if (fclose(to) != 0)
                return EXIT_CODE_INTERNAL;
        e = file_replace(path, bytes_of(text, len), 0644);
        if (e == ERR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_NOT_WRITTEN, path, err_sentence(e));
        return EXIT_CODE_INTERNAL;
}

static enum exit_code show(const struct cli *cli, const struct answer *a, render_fn *render,
        const struct arguments *args)
{
        const struct shown shown = {a, render};
        const struct output output = {write_answer, &shown};
        const char *path = NULL;
        enum exit_code code = output_put(cli, args, &output, &path);

        if (code == EXIT_CODE_OK && path != NULL)
                tell_written(cli, a->release, path);
        return code;
}

/* Nothing is counted: what is told comes from public metadata. */
static enum exit_code forecast(struct cli *cli, struct arena *arena, struct query *q)
{
        struct wire_forecast told;
        enum exit_code code;

        q->dry_run = true;
        code = ask_forecast(cli, arena, q, &told);
        if (code == EXIT_CODE_OK)
                forecast_print(cli, cli->out, &told);
        return code;
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

        if (code == EXIT_CODE_OK && option_given(args, "dry-run"))
                return forecast(cli, arena, &question.q);
        if (code == EXIT_CODE_OK)
                code = ask_table(cli, arena, &question.q, &answer);
        if (code == EXIT_CODE_OK)
                code = save_certificate(cli, &answer, option_text(args, "certificate"));
        return code == EXIT_CODE_OK ? show(cli, &answer, render, args) : code;
}

static const struct option_spec options[] = {
        QUESTION_OPTION_SPECS,
        {"dry-run", NULL, NULL, false, false,
                {"räkna inget: säg vad som skulle besvaras, ur det som är offentligt",
                        "count nothing: say what would be answered, from what is public"}},
        {"certificate", "FILE", NULL, false, false,
                {"spara svaret med sitt intyg för statgate verify; json har det med sig",
                        "save the answer with its certificate for statgate verify; json has it "
                        "inside"}},
        OUTPUT_OPTION_SPECS(FORMATS),
};

const struct command command_query = {
        .name = "query",
        .arguments = "",
        .summary = {"fråga efter en tabell", "ask for a table"},
        .details = {"Tecken i tabellen: 0 noll, .. skyddad, . kan inte förekomma, : saknas. I csv "
                    "är de tre sista tomma, och kolumnen obs_status säger A värde, Q skyddad, O "
                    "saknas "
                    "eller M kan inte förekomma, conf_status F fritt eller C skyddat, med flera "
                    "mått en status för vart och ett; koden "
                    "_T är totalen. En andel har 95 % konfidensintervall, i csv kolumnerna .low "
                    "och .high. Med --lang sv har csv semikolon och decimalkomma, annars komma och "
                    "punkt. En text som ett kalkylprogram kunde ta för en formel får en apostrof "
                    "först.\nExempel: statgate query --dataset placering --purpose uppfoljning "
                    "--by "
                    "kommun:lan,form --period 2025\nstatgate query --dataset anmalan --purpose "
                    "uppfoljning --period 2024 --by kommun:lan --measure persons,share --having "
                    "'beslut = inleds'\nstatgate query -f "
                    "fraga.yaml --by kommun:lan, där filen säger\ndataset: anmalan\npurpose: "
                    "uppfoljning\nderived: [{name: igen, kind: exists, dataset: anmalan, window: "
                    "{anchor: datum, from: 1, until: 365}}]\nmeasures: [persons, {kind: share, "
                    "filters: [igen = true]}]\nstatgate indicator show visar fler sådana frågor.",
                "Marks in the table: 0 zero, .. protected, . cannot exist, : missing. In csv the "
                "last three are empty, and the column obs_status says A value, Q protected, O "
                "missing "
                "or M cannot exist, conf_status F free or C confidential, with several measures a "
                "status for each; the code _T is the "
                "total. A share has a 95 % confidence interval, in csv the columns .low and .high. "
                "With --lang sv csv has semicolons and decimal commas, else commas and points. A "
                "text that a spreadsheet could take for a formula gets an apostrophe in "
                "front.\nExample: statgate query --dataset placering --purpose uppfoljning --by "
                "kommun:lan,form --period 2025\nstatgate query --dataset anmalan --purpose "
                "uppfoljning --period 2024 --by kommun:lan --measure persons,share --having "
                "'beslut = inleds'\nstatgate query -f "
                "question.yaml --by kommun:lan, where the file says\ndataset: anmalan\npurpose: "
                "uppfoljning\nderived: [{name: igen, kind: exists, dataset: anmalan, window: "
                "{anchor: datum, from: 1, until: 365}}]\nmeasures: [persons, {kind: share, "
                "filters: [igen = true]}]\nstatgate indicator show shows more such questions."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
