/* SPDX-License-Identifier: Apache-2.0 */
/* audit_table.c: `statgate audit-table`: what an attacker can compute from a published table.
 *
 * Takes the table as everybody has it, whoever made it and by whatever tool. A row without a
 * value is a cell that is not told; a cell without a row is none that anybody asks about. */
#include <string.h>

#include "tools/cli/audit_write.h"
#include "tools/cli/output.h"
#include "tools/cli/protect_options.h"

enum { SAMPLE = 2000, LARGE = 100, SEED = 1, WORK = 300000 };
/* Protected cells from which on an attack is not over at once. */
enum { LARGE_TABLE = 500 };
#define AUDIT_ARENA ((size_t)12 << 30)

struct auditing {
        struct cli *cli;
        struct arena *arena;
        const struct arguments *args;
        struct table_options options;
        const char *path, *value;
        bool is_signed, attackers[AUDIT_ATTACKERS];
        enum audit_format format;
        uint64_t sample, large, seed, width, work_limit;
        struct table_file file;
        struct shape shape[DIMENSIONS_MAX];
        struct model_dimension dimensions[DIMENSIONS_MAX];
        uint32_t whole[DIMENSIONS_MAX];
        unsigned overlapping;
        size_t cells;
        uint8_t *status;
        int64_t *values;
        struct audited result;
};

/* Options ------------------------------------------------------------------------------------ */

static enum exit_code wrong(const struct cli *cli, const char *name)
{
        complain(cli, WORD_OPTION_VALUE, name);
        return EXIT_CODE_USAGE;
}

static enum exit_code read_attacker(struct auditing *a)
{
        const char *name = option_text(a->args, "attacker");
        bool all = name == NULL || strcmp(name, "all") == 0, any = false;

        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++) {
                a->attackers[i] = all || strcmp(name, audit_attacker_name(i)) == 0;
                any |= a->attackers[i];
        }
        return any ? EXIT_CODE_OK : wrong(a->cli, "attacker");
}

static enum exit_code read_format(struct auditing *a)
{
        static const char *const names[] = {
                [AUDIT_AS_TABLE] = "table", [AUDIT_AS_CSV] = "csv", [AUDIT_AS_JSON] = "json"};
        const char *name = option_text(a->args, "format");

        if (name == NULL)
                return EXIT_CODE_OK;
        for (unsigned i = 0; i < ARRAY_LEN(names); i++)
                if (strcmp(names[i], name) == 0) {
                        a->format = (enum audit_format)i;
                        return EXIT_CODE_OK;
                }
        return wrong(a->cli, "format");
}

static enum exit_code read_overlapping(struct auditing *a)
{
        const char *at = option_text(a->args, "overlapping");

        while (at != NULL && *at != '\0') {
                size_t len = strcspn(at, ",");
                uint32_t d = 0;

                while (d < a->options.names_len &&
                        (strlen(a->options.names[d]) != len ||
                                memcmp(a->options.names[d], at, len) != 0))
                        d++;
                if (d == a->options.names_len)
                        return wrong(a->cli, "overlapping");
                a->overlapping |= 1U << d;
                at += len + (at[len] == ',');
        }
        return EXIT_CODE_OK;
}

static enum exit_code read_numbers(struct auditing *a)
{
        enum exit_code code;

        a->sample = SAMPLE;
        a->large = LARGE;
        a->seed = SEED;
        a->work_limit = WORK;
        code = option_number(a->cli, a->args, "sample", 0, INT32_MAX, &a->sample);
        if (code == EXIT_CODE_OK)
                code = option_number(a->cli, a->args, "large", 0, INT32_MAX, &a->large);
        if (code == EXIT_CODE_OK)
                code = option_number(a->cli, a->args, "seed", 0, UINT64_MAX, &a->seed);
        if (code == EXIT_CODE_OK)
                code = option_number(a->cli, a->args, "width", 1, INT32_MAX, &a->width);
        if (code == EXIT_CODE_OK)
                code = option_number(a->cli, a->args, "work-limit", 0, UINT64_MAX, &a->work_limit);
        return code;
}

static enum exit_code read_options(struct auditing *a)
{
        enum exit_code code = table_options_read(a->cli, a->arena, a->args, &a->options);

        a->value = option_text(a->args, "value");
        if (a->value == NULL)
                a->value = "value";
        a->is_signed = option_given(a->args, "signed");
        if (code == EXIT_CODE_OK)
                code = read_attacker(a);
        if (code == EXIT_CODE_OK)
                code = read_format(a);
        if (code == EXIT_CODE_OK)
                code = read_overlapping(a);
        return code == EXIT_CODE_OK ? read_numbers(a) : code;
}

/* The table ---------------------------------------------------------------------------------- */

static size_t cell_of(const struct auditing *a, size_t row)
{
        size_t cell = 0;

        for (uint32_t d = 0; d < a->options.names_len; d++)
                cell = cell * a->shape[d].nodes + a->shape[d].node[a->file.of[d][row]];
        return cell;
}

static enum err place_rows(struct auditing *a, struct table_fault *why)
{
        uint32_t *seen = arena_alloc(a->arena, a->cells, sizeof *seen);

        a->status = arena_alloc_raw(a->arena, a->cells, sizeof *a->status);
        a->values = arena_alloc(a->arena, a->cells, sizeof *a->values);
        if (seen == NULL || a->status == NULL || a->values == NULL)
                return ERR_NO_MEMORY;
        memset(a->status, AUDIT_ABSENT, a->cells);
        for (size_t row = 0; row < a->file.len; row++) {
                size_t cell = cell_of(a, row);

                if (seen[cell] != 0) {
                        (void)table_fault(why, WORD_TABLE_CELL_TWICE, a->file.row[row], a->value);
                        why->other = seen[cell];
                        return ERR_INVALID;
                }
                if (a->file.value[row] < 0 && !a->is_signed)
                        return table_fault(why, WORD_AUDIT_NEGATIVE, a->file.row[row], a->value);
                seen[cell] = a->file.row[row];
                a->status[cell] = a->file.absent[row] ? AUDIT_PROTECTED : AUDIT_PUBLISHED;
                a->values[cell] = a->file.value[row];
        }
        return ERR_OK;
}

static enum err make_table(struct auditing *a, struct table_fault *why)
{
        const struct table_wish wish = {.path = a->path,
                .dimensions = a->options.names,
                .dimensions_len = a->options.names_len,
                .value = a->value,
                .value_may_be_absent = true};

        TRY(table_file_read(a->arena, &wish, &a->file, why));
        TRY(table_options_shape(a->arena, &a->options, &a->file, a->path, a->shape, why));
        TRY(protect_table_cells(a->shape, a->options.names_len, &a->cells));
        for (uint32_t d = 0; d < a->options.names_len; d++) {
                a->dimensions[d] = a->shape[d].model;
                a->whole[d] = d;
        }
        return place_rows(a, why);
}

/* The attack --------------------------------------------------------------------------------- */

/* Amounts with decimals or signs are no counts: then only the first attacker makes sense. */
static bool attacks(const struct auditing *a, enum audit_attacker attacker)
{
        bool counts = a->file.decimals == 0 && !a->is_signed;

        return a->attackers[attacker] && (counts || attacker == AUDIT_REAL);
}

static bool attacks_any(const struct auditing *a)
{
        bool any = false;

        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++)
                any |= attacks(a, i);
        return any;
}

/* A large table takes its time; on a terminal people see at what. */
static void tell_attacker(const struct auditing *a, enum audit_attacker i)
{
        char cells[NUMBER_TEXT];
        uint64_t len = 0;

        for (size_t k = 0; k < a->cells; k++)
                len += a->status[k] == AUDIT_PROTECTED || a->status[k] == AUDIT_REFUSED;
        if (a->cli->terminal_err && len >= LARGE_TABLE)
                complain(a->cli, WORD_AUDIT_AT_WORK, cli_number(a->cli, len, cells),
                        audit_attacker_name(i));
}

static enum err attack(struct auditing *a)
{
        const struct audit_table table = {a->whole, a->options.names_len, a->status, a->values};
        const struct audit_release release = {.dimensions = a->dimensions,
                .dimensions_len = a->options.names_len,
                .overlapping = a->overlapping,
                .tables = &table,
                .tables_len = 1,
                .zeros_published = a->options.zeros_published,
                .negative = a->is_signed,
                .threshold = a->options.threshold};
        struct audited *r = &a->result;

        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++) {
                const struct audit_options options = {.attacker = i,
                        .cells_max = a->sample,
                        .seed = a->seed,
                        .width = (uint32_t)a->width,
                        .work_limit = a->work_limit,
                        .large_sample = a->large};

                if (!attacks(a, i))
                        continue;
                tell_attacker(a, i);
                TRY(audit_run(a->arena, &release, &options, &r->verdict[i]));
                r->attacked[i] = true;
                if (!r->verdict[i].feasible)
                        return ERR_OK;
        }
        return ERR_OK;
}

static enum err write_out(const struct cli *cli, const void *what, const struct render_how *how)
{
        const struct auditing *a = what;

        return audit_write(cli, how->out, &a->result, a->format);
}

static enum exit_code conclude(struct auditing *a)
{
        const struct output output = {write_out, a};
        const char *path = NULL;
        bool exposed = false;
        enum exit_code code;

        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++) {
                if (a->result.attacked[i] && !a->result.verdict[i].feasible) {
                        complain(a->cli, WORD_AUDIT_NOT_ADDITIVE, a->path);
                        return EXIT_CODE_INPUT;
                }
                exposed |= a->result.verdict[i].exact > 0;
        }
        code = output_put(a->cli, a->args, &output, &path);
        if (code != EXIT_CODE_OK)
                return code;
        return exposed                      ? EXIT_CODE_NOT_SAFE
               : !audit_reached(&a->result) ? EXIT_CODE_NOT_AUDITED
                                            : EXIT_CODE_OK;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        OWNED(arena_free) struct arena *arena = arena_new(AUDIT_ARENA);
        struct auditing a = {
                .cli = cli, .arena = arena, .args = args, .path = argument_nth(args, 0)};
        struct table_fault why = {.path = a.path};
        enum exit_code code;
        enum err rc;

        if (arena == NULL)
                return EXIT_CODE_INTERNAL;
        code = read_options(&a);
        if (code != EXIT_CODE_OK)
                return code;
        rc = make_table(&a, &why);
        if (rc == ERR_OK && !attacks_any(&a))
                return wrong(cli, "attacker");
        if (rc == ERR_OK)
                rc = attack(&a);
        if (rc != ERR_OK)
                return table_failed(cli, rc, &why);
        a.result.shape = a.shape;
        a.result.names = a.options.names;
        a.result.dimensions_len = a.options.names_len;
        a.result.width = a.width;
        a.result.decimals = a.file.decimals;
        return conclude(&a);
}

static const struct option_spec options[] = {
        {"value", "COLUMN", "value", false, false,
                {"värdet, tomt eller .. där det är skyddat",
                        "the value, empty or .. where it is protected"}},
        TABLE_OPTION_SPECS,
        {"threshold", "N", NULL, false, false,
                {"gränsen, om en angripare känner till den",
                        "the threshold, where an attacker knows it"}},
        {"attacker", "real|whole|rules|all", "all", false, false,
                {"vad angriparen vet: att inget är negativt; och att allt är heltal; och vilka "
                 "regler som gäller",
                        "what the attacker knows: that nothing is negative; and that all is "
                        "whole; and the rules"}},
        {"signed", NULL, NULL, false, false,
                {"värden får vara negativa", "values may be negative"}},
        {"overlapping", "COLUMN,…", NULL, false, false,
                {"kolumner där en person kan vara i flera koder, så att delarna är mer än summan",
                        "columns where a person can be in several codes, so that the parts are "
                        "more than the total"}},
        {"width", "W", NULL, false, false,
                {"räkna också celler som går att veta närmare än så",
                        "also count cells that can be told to within less than that"}},
        {"sample", "N", "2000", false, false,
                {"alla skyddade celler upp till så många, annars ett urval; 0: alla",
                        "all protected cells up to so many, else a sample; 0: all"}},
        {"large", "N", "100", false, false,
                {"celler som dras där en tabell är för stor att räkna ut helt; 0: inga",
                        "cells drawn where a table is too large to be solved whole; 0: none"}},
        {"seed", "N", "1", false, false, {"urvalets frö", "seed of the sample"}},
        {"work-limit", "N", "300000", false, false,
                {"iterationer som får läggas ner på en angripare (en kvarts till en halv minut); "
                 "0: "
                 "hur många som helst",
                        "iterations that may be spent on an attacker (a quarter to half a "
                        "minute); 0: any number"}},
        {"format", "table|csv|json", "table", false, false, {"utformat", "output format"}},
        {"out", "FILE", NULL, false, false,
                {"skriv till en fil, hel eller inte alls", "write to a file, whole or not at all"}},
};

const struct command command_audit_table = {
        .name = "audit-table",
        .arguments = "TABLE.csv",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"angrip en publicerad tabell: vad går att räkna ut?",
                "attack a published table: what can be computed?"},
        .details = {"Tar tabellen som alla ser den, med eller utan summor (koden Total och "
                    "hierarkins grupper), vilket verktyg som än gjort den, och räknar ut det "
                    "minsta och det största som varje skyddad cell kan vara. Slutkoden är 7 när "
                    "någon går att räkna ut exakt, 4 när tabellen inte stämmer och 9 när ingen "
                    "cell hann granskas; 0 talar om de celler som hann granskas, och hur många de "
                    "är står i svaret.\nExempel: "
                    "statgate audit-table saker.csv --dims mun,kind --hierarchy mun=regions.csv "
                    "--zeros publish --threshold 5",
                "Takes the table as everybody sees it, with or without margins (the code Total "
                "and the hierarchy's groups), whatever tool made it, and computes the smallest "
                "and the largest that each protected cell can be. The exit code is 7 when one can "
                "be computed exactly, 4 when the table does not add up and 9 when no cell could be "
                "audited in time; 0 speaks of the cells that were audited, and how many those are "
                "is said.\nExample: statgate audit-table safe.csv --dims mun,kind --hierarchy "
                "mun=regions.csv --zeros publish "
                "--threshold 5"},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
