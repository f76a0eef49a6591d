/* SPDX-License-Identifier: Apache-2.0 */
/* dataset_rules.c: what answers are held to, for the one who asks: so that a protected cell
 * surprises nobody. */
#include "tools/cli/dataset_rules.h"

#include <stdio.h>

#include "tools/cli/ask.h"

/* A line with one number, where the rule is asked for. */
static void number_line(const struct cli *cli, enum word word, uint32_t n)
{
        char number[NUMBER_TEXT];

        if (n > 0)
                say(cli, word, cli_number(cli, n, number));
}

static void list_answers(const struct cli *cli, enum answer_source answers)
{
        switch (answers) {
        case ANSWER_SOURCE_LATTICE:
                say(cli, WORD_RULES_LATTICE);
                break;
        case ANSWER_SOURCE_LEDGER:
                say(cli, WORD_RULES_LEDGER);
                break;
        case ANSWER_SOURCE_ALONE:
                say(cli, WORD_RULES_ALONE);
                break;
        case ANSWER_SOURCE_NONE:
        case ANSWER_SOURCE_COUNT:
                break;
        }
}

static void list_contributors(const struct cli *cli, const struct wire_rules *r)
{
        static const enum word words[CONTRIBUTOR_COUNT] = {
                [CONTRIBUTOR_PERSON] = WORD_CONTRIBUTOR_PERSON,
                [CONTRIBUTOR_FAMILY] = WORD_CONTRIBUTOR_FAMILY,
                [CONTRIBUTOR_PROVIDER] = WORD_CONTRIBUTOR_PROVIDER,
                [CONTRIBUTOR_MUNICIPALITY] = WORD_CONTRIBUTOR_MUNICIPALITY,
        };
        const char *all = "";

        for (unsigned c = CONTRIBUTOR_NONE + 1; c < CONTRIBUTOR_COUNT && all != NULL; c++) {
                const char *word = cli_word(cli, words[c]);

                if ((r->contributors >> c & 1) == 0)
                        continue;
                all = r->number[c] > 1 ? arena_printf(cli->arena, "%s%s%s ≥ %u", all,
                                                 all[0] != '\0' ? ", " : "", word, r->number[c])
                                       : arena_printf(cli->arena, "%s%s%s", all,
                                                 all[0] != '\0' ? ", " : "", word);
        }
        if (all != NULL && all[0] != '\0')
                say(cli, WORD_RULES_CONTRIBUTORS, all);
}

static void list_magnitudes(const struct cli *cli, const struct wire_rules *r)
{
        char one[NUMBER_TEXT], other[NUMBER_TEXT];

        number_line(cli, WORD_RULES_REMAINDER, r->remainder);
        number_line(cli, WORD_RULES_PART, r->part_max);
        if (r->dominance_n > 0)
                say(cli, WORD_RULES_DOMINANCE, cli_number(cli, r->dominance_n, one),
                        cli_number(cli, r->dominance_k, other));
        number_line(cli, WORD_RULES_P, r->p_percent);
        if (r->pq_p > 0)
                say(cli, WORD_RULES_PQ, cli_number(cli, r->pq_p, one),
                        cli_number(cli, r->pq_q, other));
}

static void list_noise(const struct cli *cli, const struct wire_rules *r)
{
        char variance[32], deviation[NUMBER_TEXT], smallest[NUMBER_TEXT];

        (void)snprintf(variance, sizeof variance, cli->lang == LANG_SV ? "%u,%03u" : "%u.%03u",
                r->variance_permille / 1000, r->variance_permille % 1000);
        if (r->perturbation == WIRE_PERTURBATION_CELLKEY)
                say(cli, WORD_RULES_CELLKEY, variance, cli_number(cli, r->deviation, deviation),
                        cli_number(cli, r->smallest > 1 ? r->smallest : 1, smallest));
        if (r->perturbation == WIRE_PERTURBATION_ROUNDING)
                number_line(cli, WORD_RULES_ROUNDING, r->base);
}

void list_disclosure(const struct cli *cli, const struct wire_rules *r)
{
        if (r->preset.len > 0)
                say(cli, WORD_RULES_PRESET, text_from(cli, r->preset));
        list_answers(cli, r->answers);
        number_line(cli, WORD_RULES_HOMOGENEOUS, r->homogeneous);
        list_contributors(cli, r);
        list_magnitudes(cli, r);
        if (r->secondary)
                say(cli, WORD_RULES_SECONDARY);
        number_line(cli, WORD_RULES_INTERVAL, r->interval);
        if (r->reasons_public)
                say(cli, WORD_RULES_REASONS);
        if (r->membership_sensitive)
                say(cli, WORD_RULES_MEMBERSHIP);
        list_noise(cli, r);
        number_line(cli, WORD_RULES_PER_DAY, r->questions_per_day);
}

/* "kommun, alder:grupp", as --by takes them. */
static const char *table_text(const struct cli *cli, const struct wire_lattice_table *t)
{
        const char *all = "";

        for (uint32_t i = 0; i < t->dimensions_len && all != NULL; i++) {
                const struct dimension_ref *d = &t->dimensions[i];

                all = arena_printf(cli->arena, "%s%s%s%s%s", all, i > 0 ? "," : "",
                        text_from(cli, d->variable), d->level.len > 0 ? ":" : "",
                        d->level.len > 0 ? text_from(cli, d->level) : "");
        }
        return all != NULL ? all : "";
}

void list_lattice(const struct cli *cli, const struct wire_lattice *lattice)
{
        for (uint32_t i = 0; i < lattice->tables_len; i++)
                say(cli, WORD_RULES_TABLE, table_text(cli, &lattice->tables[i]));
        for (uint32_t i = 0; i < lattice->measures_len; i++)
                say(cli, WORD_RULES_MEASURE, measure_kind_name(lattice->measures[i].kind),
                        text_from(cli, lattice->measures[i].variable));
        if (lattice->tables_len > 0 && lattice->by_year)
                say(cli, WORD_RULES_BY_YEAR);
}
