/* SPDX-License-Identifier: Apache-2.0 */
/* cli_indicator.c: `statgate indicator list` and `show`: what is measured, how it is
 * defined, and the digest that a contract can name.
 *
 * The wire carries what people need to choose an indicator; the question itself is read
 * from the bundle, and shown only where its digest is the gateway's. */
#include <string.h>

#include "policies/policy.h"
#include "tools/cli/ask.h"
#include "tools/cli/bundle.h"
#include "tools/cli/listing.h"
#include "tools/cli/question_text.h"
#include "tools/cli/registry.h"
#include "tools/cli/render_frame.h"
#include "tools/cli/render_parts.h"

static const char *label_text(const struct cli *cli, struct wire_label l, struct bytes id)
{
        return text_from(cli, label_in(cli->lang, l.sv, l.en, id));
}

static const char *direction_text(const struct cli *cli, uint32_t direction)
{
        return direction == DIRECTION_HIGHER  ? cli_word(cli, WORD_BETTER_HIGHER)
               : direction == DIRECTION_LOWER ? cli_word(cli, WORD_BETTER_LOWER)
                                              : "";
}

static const char *target_text(const struct cli *cli, const struct wire_indicator *i)
{
        char text[VALUE_TEXT] = "";

        if (i->has_target && i->decimals <= DECIMALS_MAX)
                (void)value_for_people(cli->lang, i->target, i->decimals, text);
        return text_from(cli, bytes_of_text(text));
}

/* List -------------------------------------------------------------------- */

static enum err list_rows(
        const struct cli *cli, const struct wire_indicators *all, const char *dataset)
{
        static const struct lane_head heads[] = {{WORD_HEAD_INDICATOR, SIDE_LEFT},
                {WORD_HEAD_DATASET, SIDE_LEFT}, {WORD_HEAD_MEASURE, SIDE_LEFT},
                {WORD_HEAD_BETTER, SIDE_LEFT}, {WORD_HEAD_TARGET, SIDE_RIGHT},
                {WORD_HEAD_LABEL, SIDE_LEFT}};
        OWNED(listing_free) struct listing *l = NULL;

        TRY(listing_new(cli, heads, ARRAY_LEN(heads), &l));
        for (uint32_t i = 0; i < all->len; i++) {
                const struct wire_indicator *one = &all->indicators[i];
                const char *name = arena_printf(cli->arena, "%.*s@%u", (int)one->id.len,
                        (const char *)one->id.data, one->version);
                const char *row[] = {name != NULL ? name : "", text_from(cli, one->dataset),
                        measure_kind_name(one->measure), direction_text(cli, one->direction),
                        target_text(cli, one), label_text(cli, one->label, one->id)};

                if (dataset == NULL || bytes_is_text(one->dataset, dataset))
                        TRY(listing_add(l, row));
        }
        return listing_print(l, cli->out);
}

static enum exit_code run_list(struct cli *cli, const struct arguments *args)
{
        const char *dataset = option_text(args, "dataset");
        struct wire_indicators all;
        enum exit_code code = registry_read(cli, &all);
        uint32_t shown = 0;

        if (code != EXIT_CODE_OK)
                return code;
        for (uint32_t i = 0; i < all.len; i++)
                shown += dataset == NULL || bytes_is_text(all.indicators[i].dataset, dataset);
        if (shown == 0) {
                say(cli, WORD_INDICATORS_NONE);
                return EXIT_CODE_OK;
        }
        return print_ended(cli, list_rows(cli, &all, dataset));
}

/* Show -------------------------------------------------------------------- */

static const char *comparisons_text(const struct cli *cli, unsigned bits)
{
        static const char *const names[] = {NULL, "target", "lan", "riket", "history"};
        const char *all = "";

        for (unsigned c = 1; c < ARRAY_LEN(names) && all != NULL; c++)
                if ((bits & 1U << c) != 0)
                        all = arena_printf(
                                cli->arena, "%s%s%s", all, all[0] != '\0' ? ", " : "", names[c]);
        return all != NULL ? all : "";
}

static void show_contract(const struct cli *cli, const struct wire_indicator *i)
{
        char cohort[PERIOD_TEXT];

        if (!i->is_contract)
                return;
        say(cli, WORD_CONTRACT, label_text(cli, i->contract, i->id));
        if (i->has_period)
                say(cli, WORD_CONTRACT_COHORT, text_of_period(i->period, cohort));
}

static void show_facts(const struct cli *cli, const struct wire_indicator *i)
{
        char version[NUMBER_TEXT], hex[2 * sizeof(struct digest) + 1];

        hex_encode(bytes_of(i->digest.bytes, sizeof i->digest.bytes), hex);
        (void)fprintf(cli->out, "%s%s@%s: %s%s\n", paint_out(cli, PAINT_BOLD),
                text_from(cli, i->id), cli_number(cli, i->version, version),
                label_text(cli, i->label, i->id), paint_out(cli, PAINT_NONE));
        say(cli, WORD_INDICATOR_DEFINITION, label_text(cli, i->definition, i->id));
        say(cli, WORD_INDICATOR_MEASURE, measure_kind_name(i->measure), unit_word(cli, i->unit),
                text_from(cli, i->dataset));
        if (i->direction != 0)
                say(cli, WORD_INDICATOR_DIRECTION, direction_text(cli, i->direction));
        if (i->has_target)
                say(cli, WORD_INDICATOR_TARGET, target_text(cli, i));
        show_contract(cli, i);
        if (i->comparisons != 0)
                say(cli, WORD_INDICATOR_COMPARISONS, comparisons_text(cli, i->comparisons));
        say(cli, WORD_DATASET_PURPOSES, joined_text(cli, i->purposes, i->purposes_len));
        for (uint32_t r = 0; r < i->references_len; r++)
                say(cli, WORD_INDICATOR_REFERENCE, text_from(cli, i->references[r]));
        say(cli, WORD_INDICATOR_DIGEST, hex);
}

/* The bundle of --bundle, else the data folder's if it can be read. */
static enum exit_code load_bundle(
        struct cli *cli, const struct arguments *args, const char **out_folder, struct policy **out)
{
        struct refusal why = {0};
        struct settings s;

        *out_folder = option_text(args, "bundle");
        if (*out_folder != NULL)
                return bundle_load(cli, *out_folder, out);
        if (!settings_present(cli) || settings_read(cli, &s) != EXIT_CODE_OK)
                return EXIT_CODE_OK;
        *out_folder = s.policy;
        if (policy_load(s.policy, out, &why) != ERR_OK)
                *out = NULL;
        return EXIT_CODE_OK;
}

static void show_question(const struct cli *cli, const struct wire_indicator *i,
        const struct policy *p, const char *folder)
{
        const struct indicator *own = policy_indicator_find(p, i->id, i->version);
        char scale[NUMBER_TEXT];

        if (own == NULL || memcmp(&own->digest, &i->digest, sizeof i->digest) != 0) {
                say(cli, WORD_INDICATOR_OTHER_BUNDLE, folder);
                return;
        }
        say(cli, WORD_INDICATOR_QUESTION);
        question_print(cli->out, &own->query, 2);
        if (own->has_denominator) {
                say(cli, WORD_INDICATOR_PER, cli_number(cli, own->scale, scale));
                question_print(cli->out, &own->denominator, 2);
        }
}

static enum exit_code run_show(struct cli *cli, const struct arguments *args)
{
        OWNED(policy_unref) struct policy *p = NULL;
        const struct wire_indicator *i = NULL;
        const char *folder = NULL;
        enum exit_code code = load_bundle(cli, args, &folder, &p);

        if (code == EXIT_CODE_OK)
                code = registry_argument(cli, args, 0, &i);
        if (code != EXIT_CODE_OK)
                return code;
        show_facts(cli, i);
        (void)fputc('\n', cli->out);
        if (p != NULL)
                show_question(cli, i, p, folder);
        else
                say(cli, WORD_INDICATOR_ELSEWHERE);
        return print_ended(cli, stream_end(cli->out));
}

static const struct option_spec list_options[] = {
        {"dataset", "NAME", NULL, false, false,
                {"bara de som räknas ur datamängden", "only those made of the data set"}},
};

const struct command command_indicator_list = {
        .name = "indicator list",
        .arguments = "",
        .summary = {"lista indikatorerna i regelverket", "list the indicators of the bundle"},
        .options = list_options,
        .options_len = ARRAY_LEN(list_options),
        .run = run_list,
};

static const struct option_spec show_options[] = {
        {"bundle", "FOLDER", NULL, false, false,
                {"regelverket att läsa frågan ur (annars datamappens)",
                        "the bundle to read the question from (else the data folder's)"}},
};

const struct command command_indicator_show = {
        .name = "indicator show",
        .arguments = "ID[@VERSION]",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"visa en indikators definition, fråga, mål och sigill",
                "show the definition, question, target and digest of an indicator"},
        .details = {"Utan version visas den senaste. Sigillet är det som statgate indicator run "
                    "--expect-digest jämför med.\nExempel: statgate indicator show "
                    "utredningstid@1",
                "Without a version the latest is shown. The digest is what statgate indicator run "
                "--expect-digest compares with.\nExample: statgate indicator show "
                "utredningstid@1"},
        .options = show_options,
        .options_len = ARRAY_LEN(show_options),
        .run = run_show,
};
