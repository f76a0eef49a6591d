/* SPDX-License-Identifier: Apache-2.0 */
/* protect.c: `statgate protect`: a table made safe by whoever has it in a file, without a
 * gateway. */
#include <stdlib.h>
#include <string.h>

#include "tools/cli/files.h"
#include "tools/cli/output.h"
#include "tools/cli/protect_options.h"
#include "tools/cli/protect_write.h"

enum {
        THRESHOLD = 5,
        INTERVAL = 2,
        AUDIT_CELLS = 2000,
        AUDIT_LARGE = 100,
        SEED = 1,
        REPORT_MODE = 0644
};
enum { STARTS_MOST = 10000, PERCENT = 100, LOUD_CELLS = 20000 };
#define PROTECT_ARENA ((size_t)12 << 30)
#define ITERATIONS    UINT64_C(20000)
#define WORK_LIMIT    UINT64_C(200000000000)

struct protecting {
        struct cli *cli;
        struct arena *arena;
        const struct arguments *args;
        struct table_options options;
        enum protect_kind kind;
        const char *path, *value, *id;
        struct protect_settings settings;
        struct table_file file;
        struct shape shape[DIMENSIONS_MAX];
        struct protect_table table;
        struct protect_result result;
};

/* Options ------------------------------------------------------------------------------------ */

static enum exit_code wrong(const struct cli *cli, const char *name)
{
        complain(cli, WORD_OPTION_VALUE, name);
        return EXIT_CODE_USAGE;
}

/* What the rows are, by the columns that are named. */
static enum exit_code read_kind(struct protecting *p)
{
        const char *count = option_text(p->args, "count"), *sum = option_text(p->args, "sum");
        const char *person = option_text(p->args, "person");
        const char *contributor = option_text(p->args, "contributor");

        if (count != NULL && sum != NULL)
                return wrong(p->cli, "sum");
        if (person != NULL && (count != NULL || sum != NULL))
                return wrong(p->cli, "person");
        if (contributor != NULL && sum == NULL)
                return wrong(p->cli, "contributor");
        p->kind = count != NULL ? PROTECT_COUNTS : sum != NULL ? PROTECT_AMOUNTS : PROTECT_RECORDS;
        p->value = count != NULL ? count : sum;
        p->id = sum != NULL ? contributor : person;
        return EXIT_CODE_OK;
}

static enum exit_code read_dominance(struct protecting *p)
{
        struct disclosure_dominance *d = &p->settings.dominance;
        uint32_t dominance[2] = {0}, pq[2] = {0};
        uint64_t percent = 0;
        enum exit_code code = option_pair(p->cli, p->args, "dominance", dominance);

        if (code == EXIT_CODE_OK)
                code = option_pair(p->cli, p->args, "pq", pq);
        if (code == EXIT_CODE_OK)
                code = option_number(p->cli, p->args, "p", 1, PERCENT, &percent);
        if (code != EXIT_CODE_OK)
                return code;
        *d = (struct disclosure_dominance){
                dominance[0], dominance[1], (uint32_t)percent, pq[0], pq[1]};
        if (option_given(p->args, "dominance") &&
                (d->n == 0 || d->n > CONTRIBUTIONS_LARGEST || d->k == 0 || d->k > PERCENT))
                return wrong(p->cli, "dominance");
        if (option_given(p->args, "pq") && (d->pq_p == 0 || d->pq_p > d->pq_q || d->pq_q > PERCENT))
                return wrong(p->cli, "pq");
        return EXIT_CODE_OK;
}

static enum exit_code read_cost(struct protecting *p)
{
        const char *name = option_text(p->args, "cost");
        enum disclosure_cost cost = DISCLOSURE_COST_CELLS;

        if (name == NULL)
                return EXIT_CODE_OK;
        while (cost < DISCLOSURE_COST_COUNT && strcmp(disclosure_cost_name(cost), name) != 0)
                cost++;
        if (cost == DISCLOSURE_COST_COUNT)
                return wrong(p->cli, "cost");
        p->settings.cost = cost;
        return EXIT_CODE_OK;
}

static enum exit_code read_numbers(struct protecting *p)
{
        struct protect_settings *s = &p->settings;
        uint64_t interval = INTERVAL, starts = 0, audit = AUDIT_CELLS, base = 0;
        uint64_t large = AUDIT_LARGE, share = 0;
        const struct {
                const char *name;
                uint64_t least, most, *to;
        } numbers[] = {{"interval", 1, INT32_MAX, &interval}, {"starts", 1, STARTS_MOST, &starts},
                {"audit-cells", 0, INT32_MAX, &audit}, {"audit-large", 0, INT32_MAX, &large},
                {"require-audit", 0, PERCENT, &share}, {"rounding", 2, INT32_MAX, &base},
                {"iterations", 0, UINT64_MAX, &s->iterations}, {"seed", 0, UINT64_MAX, &s->seed},
                {"work-limit", 1, UINT64_MAX, &s->work_limit}};
        enum exit_code code = EXIT_CODE_OK;

        s->seed = SEED;
        s->work_limit = WORK_LIMIT;
        s->iterations = ITERATIONS;
        for (size_t i = 0; i < ARRAY_LEN(numbers) && code == EXIT_CODE_OK; i++)
                code = option_number(p->cli, p->args, numbers[i].name, numbers[i].least,
                        numbers[i].most, numbers[i].to);
        s->interval = (uint32_t)interval;
        s->starts = (uint32_t)starts;
        s->audit_cells = (uint32_t)audit;
        s->audit_large = (uint32_t)large;
        s->audit_share = (uint32_t)share;
        s->audit_share_said = option_given(p->args, "require-audit");
        s->narrow_allowed = option_given(p->args, "allow-narrow");
        s->rounding = (uint32_t)base;
        s->optimum = option_given(p->args, "optimum");
        return code;
}

/* What the threshold tells of a small cell no hiding of others makes wider. */
static enum exit_code check_interval(const struct protecting *p)
{
        const struct protect_settings *s = &p->settings;
        char interval[NUMBER_TEXT], threshold[NUMBER_TEXT];

        if (p->kind == PROTECT_AMOUNTS || s->threshold == 0 || !s->zeros_published ||
                s->interval + UINT64_C(2) <= s->threshold)
                return EXIT_CODE_OK;
        complain(p->cli, WORD_PROTECT_INTERVAL_WIDE, cli_number(p->cli, s->interval, interval),
                cli_number(p->cli, s->threshold, threshold));
        return EXIT_CODE_USAGE;
}

static enum exit_code read_options(struct protecting *p)
{
        enum exit_code code;

        /* Rounding alone hides nothing; where nothing is rounded something must be hidden. */
        p->options.threshold = option_given(p->args, "rounding") ? 0 : THRESHOLD;
        code = table_options_read(p->cli, p->arena, p->args, &p->options);
        if (code == EXIT_CODE_OK)
                code = read_kind(p);
        if (code == EXIT_CODE_OK)
                code = read_dominance(p);
        if (code == EXIT_CODE_OK)
                code = read_cost(p);
        if (code == EXIT_CODE_OK)
                code = read_numbers(p);
        p->settings.threshold = p->options.threshold;
        p->settings.zeros_published = p->options.zeros_published;
        if (code == EXIT_CODE_OK && p->settings.threshold == 0 && p->settings.rounding == 0)
                return wrong(p->cli, "threshold");
        if (code == EXIT_CODE_OK && p->kind == PROTECT_AMOUNTS && p->settings.rounding > 0)
                return wrong(p->cli, "rounding");
        return code == EXIT_CODE_OK ? check_interval(p) : code;
}

/* The work ----------------------------------------------------------------------------------- */

static void tell(const void *who, enum protect_phase phase, size_t cells)
{
        static const enum word words[] = {[PROTECT_SUPPRESSING] = WORD_PROTECT_SUPPRESSING,
                [PROTECT_IMPROVING] = WORD_PROTECT_IMPROVING,
                [PROTECT_ROUNDING] = WORD_PROTECT_ROUNDING,
                [PROTECT_AUDITING] = WORD_PROTECT_AUDITING};
        const struct cli *cli = who;
        char text[NUMBER_TEXT];

        if (cells >= LOUD_CELLS)
                note(cli, words[phase], cli_number(cli, cells, text));
}

static enum err make_table(struct protecting *p, struct table_fault *why)
{
        const struct table_wish wish = {.path = p->path,
                .dimensions = p->options.names,
                .dimensions_len = p->options.names_len,
                .value = p->value,
                .id = p->id};

        TRY(table_file_read(p->arena, &wish, &p->file, why));
        TRY(table_options_shape(p->arena, &p->options, &p->file, p->path, p->shape, why));
        TRY(protect_table_new(
                p->arena, &p->file, p->kind, p->shape, p->options.names, p->value, &p->table, why));
        /* What adds up in its parts does not in distinct persons, whatever is rounded. */
        if (p->settings.rounding > 0 && p->table.overlapping != 0)
                return table_fault(why, WORD_TABLE_OVERLAPPING, 0, NULL);
        return ERR_OK;
}

static enum err write_table(const struct cli *cli, const void *what, const struct render_how *how)
{
        const struct protecting *p = what;
        char separator = ',', point = p->file.point;

        (void)cli;
        if (p->file.delimiter != 0)
                separator = (char)p->file.delimiter;
        if (point == separator)
                point = '.';
        return protect_write(how->out, &p->table, &p->result, separator, point);
}

static enum exit_code write_report(const struct protecting *p)
{
        const char *path = option_text(p->args, "report");
        char *text = NULL;
        size_t len = 0;
        FILE *to = path != NULL ? open_memstream(&text, &len) : NULL;
        enum err rc = ERR_NO_MEMORY;

        if (path == NULL)
                return EXIT_CODE_OK;
        if (to != NULL) {
                protect_report_json(to, &p->table, &p->settings, &p->result);
                if (fclose(to) == 0)
                        rc = file_replace(path, bytes_of(text, len), REPORT_MODE);
        }
        free(text);
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(p->cli, WORD_CANNOT_WRITE, path, err_sentence(rc));
        return EXIT_CODE_USAGE;
}

/* The report goes where the table does not. */
static enum exit_code put_out(const struct protecting *p)
{
        const struct output output = {write_table, p};
        const char *path = NULL;
        enum exit_code code = output_put(p->cli, p->args, &output, &path);

        if (code != EXIT_CODE_OK)
                return code;
        protect_report(p->cli, path != NULL ? p->cli->out : p->cli->err, &p->table, &p->settings,
                &p->result);
        code = write_report(p);
        if (code == EXIT_CODE_OK && p->result.refusal != PROTECT_RELEASED)
                code = EXIT_CODE_NOT_SAFE;
        return code;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        OWNED(arena_free) struct arena *arena = arena_new(PROTECT_ARENA);
        struct protecting p = {
                .cli = cli, .arena = arena, .args = args, .path = argument_nth(args, 0)};
        struct table_fault why = {.path = p.path};
        enum exit_code code;
        enum err rc;

        if (arena == NULL)
                return EXIT_CODE_INTERNAL;
        code = read_options(&p);
        if (code != EXIT_CODE_OK)
                return code;
        p.settings.tell = tell;
        p.settings.who = cli;
        rc = make_table(&p, &why);
        if (rc == ERR_OK)
                rc = protect_run(arena, &p.table, &p.settings, &p.result);
        return rc == ERR_OK ? put_out(&p) : table_failed(cli, rc, &why);
}

static const struct option_spec options[] = {
        {"count", "COLUMN", NULL, false, false,
                {"antalet i varje cell: en rad för var och en, och summor om de finns med",
                        "the count of each cell: one row for each, and margins where they are "
                        "given"}},
        {"sum", "COLUMN", NULL, false, false,
                {"beloppet på varje rad, som läggs ihop",
                        "the amount of each row, to be added up"}},
        {"contributor", "COLUMN", NULL, false, false,
                {"vem som bidrar med beloppet (annars är varje rad en egen)",
                        "who contributes the amount (else every row is somebody else)"}},
        {"person", "COLUMN", NULL, false, false,
                {"vems raden är: olika personer räknas (annars räknas rader)",
                        "whose the row is: distinct persons are counted (else rows are)"}},
        TABLE_OPTION_SPECS,
        {"threshold", "N", "5", false, false,
                {"minsta antal personer eller bidragsgivare i en cell som visas",
                        "fewest persons or contributors of a cell that is shown"}},
        {"dominance", "N,K", NULL, false, false,
                {"dölj där de N största har mer än K % av beloppet",
                        "hide where the N largest have more than K % of the amount"}},
        {"p", "P", NULL, false, false,
                {"dölj där den näst största kan räkna ut den största på P % när",
                        "hide where the second largest can tell the largest to within P %"}},
        {"pq", "P,Q", NULL, false, false,
                {"detsamma, när alla redan känns till på Q % när",
                        "the same, when all are known to within Q % beforehand"}},
        {"interval", "W", "2", false, false,
                {"så brett ska det minst vara som den som kan reglerna kan räkna ut om ett antal",
                        "how wide it must at least be what somebody who knows the rules can tell "
                        "of a count"}},
        {"cost", "cells|persons|value|totals", "cells", false, false,
                {"vad det kostar att dölja en cell till: lika, dess antal, dess värde, eller mest "
                 "för summor",
                        "what hiding one more cell costs: all the same, its count, its value, or "
                        "most for totals"}},
        {"starts", "N", NULL, false, false,
                {"sökningar efter det billigaste mönstret", "searches for the cheapest pattern"}},
        {"optimum", NULL, NULL, false, false,
                {"sök det bevisat billigaste och säg hur långt det är dit (små tabeller)",
                        "look for the provably cheapest and say how far it is (small tables)"}},
        {"rounding", "BASE", NULL, false, false,
                {"avrunda alla antal till multiplar av BASE så att summorna stämmer; döljer bara "
                 "om --threshold är given",
                        "round all counts to multiples of BASE so that totals add up; hides only "
                        "where --threshold is given"}},
        {"seed", "N", "1", false, false,
                {"frö: samma frö ger samma tabell", "seed: the same seed gives the same table"}},
        {"work-limit", "N", "200000000000", false, false,
                {"arbete (inte tid) som får läggas ner; tar det slut döljs mer",
                        "work (not time) that may be spent; where it ends more is hidden"}},
        {"iterations", "N", "20000", false, false,
                {"steg i linjära program som får läggas ner, på intervallen och på granskningen "
                 "var för sig; 0: hur många som helst",
                        "steps of linear programs that may be spent, on intervals and on the "
                        "audit each; 0: any number"}},
        {"audit-cells", "N", "2000", false, false,
                {"så många skyddade celler räknas ut när ingen väg visar dem vida, annars ett "
                 "urval; "
                 "0: alla",
                        "so many protected cells are solved for where no path shows them to be "
                        "wide, else a sample; 0: all"}},
        {"audit-large", "N", "100", false, false,
                {"celler som granskningen drar av dem som ingen väg visar vida, där en tabell är "
                 "för "
                 "stor att räkna ut helt; 0: inga",
                        "cells that the audit draws of those that no path shows to be wide, where "
                        "a "
                        "table is too large to be solved whole; 0: none"}},
        {"require-audit", "PERCENT", NULL, false, false,
                {"visa inget (slutkod 7) om inte så stor del av de skyddade cellerna är granskade; "
                 "utan valet: alla, eller av belopp, avrundat och överlappande någon",
                        "show nothing (exit code 7) unless so large a share of the protected cells "
                        "is audited; without it: all, or of amounts, rounded and overlapping ones "
                        "any"}},
        {"allow-narrow", NULL, NULL, false, false,
                {"visa tabellen också när celler går att veta närmare än --interval",
                        "show the table even where cells can be told to within less than "
                        "--interval"}},
        {"out", "OUT.csv", NULL, false, false,
                {"skriv tabellen till en fil, hel eller inte alls (annars till standard ut)",
                        "write the table to a file, whole or not at all (else to standard "
                        "output)"}},
        {"report", "FILE.json", NULL, false, false,
                {"skriv rapporten också som JSON", "write the report as JSON too"}},
};

const struct command command_protect = {
        .name = "protect",
        .arguments = "IN.csv",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"gör en egen tabell säker, utan sluss",
                "make a table of your own safe, without a gateway"},
        .details = {"Läser antal (--count), belopp (--sum) eller poster, gör alla summor, och "
                    "döljer det som är för litet och det som annars skulle gå att räkna ut ur "
                    "resten. Ut kommer varje cell med koden Total för summan och hierarkins koder "
                    "för grupper, value (tomt där det är skyddat) och conf_status (F fritt, C "
                    "skyddat). Ett granskande program som bara ser resultatet räknar sedan på vad "
                    "som går att veta om varje dold cell. Slutkoden är 0 när tabellen är skriven, "
                    "2 är fel i kommandot, 4 en fil som inte går att använda, och 7 att inget "
                    "visas: inget mönster är bevisat säkert, granskningen kunde räkna ut en cell "
                    "eller ringa in den för snävt (--allow-narrow visar ändå), eller för lite är "
                    "granskat (--require-audit).\nExempel: statgate protect antal.csv "
                    "--count freq --dims mun,kind --hierarchy mun=regions.csv --zeros publish "
                    "--out saker.csv\nstatgate protect poster.csv --person id --dims mun,form "
                    "--out saker.csv\nstatgate protect belopp.csv --sum kostnad --contributor "
                    "utforare --dims mun,form --threshold 3 --p 10 --out saker.csv",
                "Reads counts (--count), amounts (--sum) or records, makes all totals, and hides "
                "what is too small and what could otherwise be computed from the rest. Out comes "
                "every cell, with the code Total for the total and the hierarchy's codes for "
                "groups, value (empty where it is protected) and conf_status (F free, C "
                "confidential). An auditor that sees the result only then computes what can be "
                "known of each hidden cell. The exit code is 0 when the table is written, 2 is a "
                "wrong command, 4 a file that cannot be used, and 7 that nothing is shown: no "
                "pattern is proved safe, the audit could compute a cell or tell it too nearly "
                "(--allow-narrow shows it all the same), or too little is audited: "
                "--require-audit sets a least share.\nExample: "
                "statgate protect counts.csv --count freq "
                "--dims mun,kind --hierarchy mun=regions.csv --zeros publish --out "
                "safe.csv\nstatgate protect records.csv --person id --dims mun,form --out "
                "safe.csv\nstatgate protect amounts.csv --sum cost --contributor provider --dims "
                "mun,form --threshold 3 --p 10 --out safe.csv"},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
