/* SPDX-License-Identifier: Apache-2.0 */
/* cli_datasets.c: `statgate datasets`: what may be asked about, and in which words. */
#include <string.h>

#include "proto/wire.h"
#include "tools/cli/ask.h"
#include "tools/cli/dataset_rules.h"
#include "tools/cli/listing.h"
#include "tools/cli/question_text.h"
#include "tools/cli/registry.h"
#include "tools/cli/render_parts.h"

enum { CODES_SHOWN = 12 };

static const char *label_text(const struct cli *cli, struct wire_label l, struct bytes id)
{
        return text_from(cli, label_in(cli->lang, l.sv, l.en, id));
}

/* All data sets ----------------------------------------------------------- */

static enum err list_rows(const struct cli *cli, const struct wire_datasets *d, struct listing *l)
{
        for (uint32_t i = 0; i < d->len; i++) {
                const struct wire_dataset_summary *s = &d->datasets[i];
                const char *row[] = {text_from(cli, s->id), label_text(cli, s->label, s->id),
                        joined_text(cli, s->purposes, s->purposes_len)};

                TRY(listing_add(l, row));
        }
        return ERR_OK;
}

static enum err list_all(const struct cli *cli, const struct wire_datasets *d)
{
        static const struct lane_head heads[] = {{WORD_HEAD_DATASET, SIDE_LEFT},
                {WORD_HEAD_LABEL, SIDE_LEFT}, {WORD_HEAD_PURPOSES, SIDE_LEFT}};
        OWNED(listing_free) struct listing *l = NULL;
        char vintage[32];

        if (d->len == 0) {
                say(cli, WORD_DATASETS_NONE);
                return ERR_OK;
        }
        TRY(listing_new(cli, heads, ARRAY_LEN(heads), &l));
        TRY(list_rows(cli, d, l));
        TRY(listing_print(l, cli->out));
        (void)fputc('\n', cli->out);
        vintage_text(d->vintage, vintage);
        if (d->vintage.number > 0)
                say(cli, WORD_DATASETS_VINTAGE, vintage);
        else
                say(cli, WORD_DATASETS_NO_VINTAGE);
        return ERR_OK;
}

static enum exit_code run_list(struct cli *cli)
{
        const struct ask ask = {.path = "/statgate.v1.Statistics/ListDatasets",
                .fallback = "statistician",
                .timeout_ms = ASK_SHORT_MS};
        struct wire_datasets datasets;
        struct bytes wire;
        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        if (code != EXIT_CODE_OK)
                return code;

        enum err rc = datasets_decode(cli->arena, wire, &datasets);

        return rc != ERR_OK ? answer_wrong(cli, rc) : print_ended(cli, list_all(cli, &datasets));
}

/* One data set ------------------------------------------------------------ */

static const char *type_text(const struct cli *cli, uint32_t type)
{
        static const enum word words[] = {WORD_ANY_OTHER, WORD_TYPE_CODE, WORD_TYPE_DATE,
                WORD_TYPE_INTEGER, WORD_TYPE_DECIMAL, WORD_TYPE_BOOLEAN, WORD_TYPE_AGE};

        return cli_word(cli, type < ARRAY_LEN(words) ? words[type] : WORD_ANY_OTHER);
}

static const char *role_text(const struct cli *cli, uint32_t role)
{
        static const enum word words[] = {
                WORD_ANY_OTHER, WORD_ROLE_IDENTIFYING, WORD_ROLE_SENSITIVE, WORD_ROLE_MEASURE};

        return cli_word(cli, role < ARRAY_LEN(words) ? words[role] : WORD_ANY_OTHER);
}

static const char *level_names(const struct cli *cli, const struct wire_variable *v)
{
        const char *all = v->unit.len > 0 ? text_from(cli, v->unit) : "";

        for (uint32_t i = 0; i < v->levels_len && all != NULL; i++)
                all = arena_printf(cli->arena, "%s%s%.*s", all, all[0] != '\0' ? ", " : "",
                        (int)v->levels[i].id.len, (const char *)v->levels[i].id.data);
        return all != NULL ? all : "";
}

static enum err list_variables(const struct cli *cli, const struct wire_dataset *d)
{
        static const struct lane_head heads[] = {{WORD_HEAD_VARIABLE, SIDE_LEFT},
                {WORD_HEAD_LABEL, SIDE_LEFT}, {WORD_HEAD_TYPE, SIDE_LEFT},
                {WORD_HEAD_ROLE, SIDE_LEFT}, {WORD_HEAD_LEVELS, SIDE_LEFT}};
        OWNED(listing_free) struct listing *l = NULL;

        TRY(listing_new(cli, heads, ARRAY_LEN(heads), &l));
        for (uint32_t i = 0; i < d->variables_len; i++) {
                const struct wire_variable *v = &d->variables[i];
                const char *row[] = {text_from(cli, v->id), label_text(cli, v->label, v->id),
                        type_text(cli, v->type), role_text(cli, v->role), level_names(cli, v)};

                TRY(listing_add(l, row));
        }
        return listing_print(l, cli->out);
}

static void list_codes(const struct cli *cli, const struct wire_variable *v,
        const struct wire_level *level, bool all)
{
        uint32_t shown = all || level->codes_len <= CODES_SHOWN ? level->codes_len : CODES_SHOWN;
        char count[NUMBER_TEXT], more[NUMBER_TEXT];

        (void)fputc('\n', cli->out);
        say(cli, WORD_DATASET_CODES, text_from(cli, v->id), text_from(cli, level->id),
                label_text(cli, level->label, level->id), cli_number(cli, level->codes_len, count));
        for (uint32_t i = 0; i < shown; i++) {
                const struct wire_code *c = &level->codes[i];

                say(cli, WORD_DATASET_CODE, text_from(cli, c->code),
                        label_text(cli, c->label, c->code));
        }
        if (shown < level->codes_len)
                say(cli, WORD_DATASET_MORE, cli_number(cli, level->codes_len - shown, more));
}

static void list_linkages(const struct cli *cli, const struct wire_dataset *d)
{
        char until[DAY_TEXT];

        for (uint32_t i = 0; i < d->linkages_len; i++) {
                const struct wire_linkage *l = &d->linkages[i];

                say(cli, l->families ? WORD_DATASET_LINKAGE_FAMILIES : WORD_DATASET_LINKAGE,
                        text_from(cli, l->id), label_text(cli, l->label, l->id),
                        joined_text(cli, l->datasets, l->datasets_len),
                        joined_text(cli, l->purposes, l->purposes_len),
                        text_of_day(l->until, until));
        }
}

static void list_indicators(
        const struct cli *cli, const struct wire_dataset *d, const struct wire_indicators *all)
{
        char version[NUMBER_TEXT];

        for (uint32_t i = 0; i < all->len; i++) {
                const struct wire_indicator *one = &all->indicators[i];

                if (bytes_equal(one->dataset, d->id))
                        say(cli, WORD_DATASET_INDICATOR, text_from(cli, one->id),
                                cli_number(cli, one->version, version),
                                label_text(cli, one->label, one->id));
        }
}

static void list_rules(const struct cli *cli, const struct wire_dataset *d)
{
        char number[NUMBER_TEXT];

        say(cli, d->zeros_published ? WORD_THRESHOLD : WORD_THRESHOLD_AND_ZERO,
                cli_number(cli, d->threshold, number));
        if (d->families > 0)
                say(cli, WORD_DATASET_FAMILIES, cli_number(cli, d->families, number));
        if (d->episode_from.len > 0)
                say(cli, WORD_DATASET_EPISODE, text_from(cli, d->episode_from),
                        text_from(cli, d->episode_until));
        if (d->retention_years > 0)
                say(cli, WORD_DATASET_RETENTION, cli_number(cli, d->retention_years, number));
        if (d->has_rules)
                list_disclosure(cli, &d->rules);
        list_lattice(cli, &d->lattice);
}

static enum err describe(const struct cli *cli, const struct wire_dataset *d,
        const struct wire_indicators *indicators, bool all)
{
        say(cli, WORD_DATASET_TITLE, text_from(cli, d->id), label_text(cli, d->label, d->id));
        say(cli, WORD_DATASET_PURPOSES, joined_text(cli, d->purposes, d->purposes_len));
        say(cli, WORD_DATASET_LEGAL, text_from(cli, d->legal_basis));
        list_rules(cli, d);
        list_linkages(cli, d);
        list_indicators(cli, d, indicators);
        (void)fputc('\n', cli->out);
        TRY(list_variables(cli, d));
        for (uint32_t i = 0; i < d->variables_len; i++)
                for (uint32_t k = 0; k < d->variables[i].levels_len; k++)
                        if (d->variables[i].levels[k].codes_len > 0)
                                list_codes(cli, &d->variables[i], &d->variables[i].levels[k], all);
        return ERR_OK;
}

static enum exit_code run_describe(struct cli *cli, const char *id, bool all)
{
        struct wire_indicators indicators;
        struct wire_dataset dataset;
        enum exit_code code = dataset_read(cli, bytes_of_text(id), &dataset);

        if (code == EXIT_CODE_OK)
                code = registry_read(cli, &indicators);
        return code == EXIT_CODE_OK ? print_ended(cli, describe(cli, &dataset, &indicators, all))
                                    : code;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        if (argument_count(args) == 0)
                return run_list(cli);
        return run_describe(cli, argument_nth(args, 0), option_given(args, "all"));
}

static const struct option_spec options[] = {
        {"all", NULL, NULL, false, false,
                {"visa långa kodlistor hela", "show long code lists in full"}},
};

const struct command command_datasets = {
        .name = "datasets",
        .arguments = "[ID]",
        .arguments_max = 1,
        .summary = {"lista datamängder, eller beskriv en", "list data sets, or describe one"},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
