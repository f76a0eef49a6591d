/* SPDX-License-Identifier: Apache-2.0 */
/* question.h: a query as it grows from a file and from options.
 *
 *      --where 'VAR[:LEVEL] OP VALUE'   may repeat; all must hold
 *      --by VAR[:LEVEL],…               --measure persons|records|sum:VAR|mean:VAR,…
 *      --vintage N[.R]
 *
 * A file is read first and says what the options may fill in: an option for what
 * the file has already said is refused, except --where, which narrows further. */
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
};

/* `out` is filled in place and must not move afterwards. */
void question_init(struct question *out, struct arena *arena);

/* Each adds to the question; a refusal names the option. Text lives on. */
MUST_CHECK enum err question_dataset(struct question *q, struct bytes text, struct refusal *why);
MUST_CHECK enum err question_purpose(struct question *q, struct bytes text, struct refusal *why);
MUST_CHECK enum err question_vintage(struct question *q, struct bytes text, struct refusal *why);
MUST_CHECK enum err question_where(struct question *q, struct bytes text, struct refusal *why);
MUST_CHECK enum err question_by(struct question *q, struct bytes text, struct refusal *why);
MUST_CHECK enum err question_measure(struct question *q, struct bytes text, struct refusal *why);

/* YAML with the field names of QueryRequest: dataset, purpose, vintage, filters,
 * dimensions, measures. Items may also be written as the options take them
 * ("form = hvb", "kommun:lan", "sum:dygnskostnad"). A refusal names
 * file:line:column. Only for a question that is still empty. */
MUST_CHECK enum err question_read_file(struct question *q, const char *path, struct refusal *why);
MUST_CHECK enum err question_read_text(
        struct question *q, const char *name, struct bytes text, struct refusal *why);

/* One piece each; shared with the file. The text of a refusal stands alone. */
MUST_CHECK enum err dimension_parse(
        struct bytes text, struct dimension_ref *out, struct refusal *why);
MUST_CHECK enum err measure_parse(struct bytes text, struct measure_ref *out, struct refusal *why);
MUST_CHECK enum err vintage_parse(struct bytes text, struct vintage *out, struct refusal *why);

#endif
