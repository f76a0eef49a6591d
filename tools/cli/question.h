/* SPDX-License-Identifier: Apache-2.0 */
/* question.h: a query as it grows from a file and from options.
 *
 *      --where 'VAR[:LEVEL] OP VALUE'   may repeat; all must hold
 *      --by VAR[:LEVEL],…               --measure persons|families|sum:VAR|share|…,…
 *      --having COND, --base COND       what shares, ratios and rates count and count among
 *      --period, --unit, --linkage …    the question's reference, one word each
 *
 * A file (policies/query_yaml.h) is read first and says what the options may fill in:
 * an option for what the file has already said is refused, except --where, which
 * narrows further. */
#ifndef STATGATE_TOOLS_CLI_QUESTION_H
#define STATGATE_TOOLS_CLI_QUESTION_H

#include "base/arena.h"
#include "base/query.h"

struct question {
        struct arena *arena; /* borrowed; pieces of the query live in it */
        struct query q;
        struct filter filters[FILTERS_MAX];
        struct dimension_ref dimensions[DIMENSIONS_MAX];
        struct measure_ref measures[MEASURES_MAX];
        /* Of all measures that count some of something, shared by them. */
        struct filter having[DERIVED_FILTERS_MAX], base[DERIVED_FILTERS_MAX];
        bool measures_by_option;
};

/* `out` is filled in place and must not move afterwards. */
void question_init(struct question *out, struct arena *arena);

/* OPTION(name, function): in the order in which they are taken. */
#define QUESTION_OPTIONS(OPTION)                                                                   \
        OPTION("dataset", question_dataset)                                                        \
        OPTION("purpose", question_purpose)                                                        \
        OPTION("vintage", question_vintage)                                                        \
        OPTION("linkage", question_linkage)                                                        \
        OPTION("unit", question_unit)                                                              \
        OPTION("period", question_period)                                                          \
        OPTION("period-date", question_period_date)                                                \
        OPTION("municipality-rule", question_municipality_rule)                                    \
        OPTION("age-at", question_age_at)                                                          \
        OPTION("division-at", question_division_at)                                                \
        OPTION("by", question_by)                                                                  \
        OPTION("measure", question_measure)                                                        \
        OPTION("having", question_having)                                                          \
        OPTION("base", question_base)                                                              \
        OPTION("where", question_where)

/* Each adds to the question; a refusal names the option. Text lives on. */
#define QUESTION_OPTION_DECLARE(name, function)                                                    \
        MUST_CHECK enum err function(struct question *q, struct bytes text, struct refusal *why);
QUESTION_OPTIONS(QUESTION_OPTION_DECLARE)
#undef QUESTION_OPTION_DECLARE

/* A refusal names file:line:column. Only for a question that is still empty. */
MUST_CHECK enum err question_read_file(struct question *q, const char *path, struct refusal *why);
MUST_CHECK enum err question_read_text(
        struct question *q, const char *name, struct bytes text, struct refusal *why);

#endif
