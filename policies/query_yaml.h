/* SPDX-License-Identifier: Apache-2.0 */
/* query_yaml.h: a question written in YAML, with the field names of QueryRequest.
 *
 * The same in `statgate query -f`, in the indicators of a bundle and in tests. An
 * unknown key is refused, since a condition with a slip in its name would otherwise be
 * a wider question than the one meant. Shape is query_check's to judge and names are
 * the policy's: what is read here is only well spelled. */
#ifndef STATGATE_POLICIES_QUERY_YAML_H
#define STATGATE_POLICIES_QUERY_YAML_H

#include "base/query.h"
#include "policies/yaml.h"

/* Arrays live in `a`; text is borrowed from the tree. Refusals name
 * file:line:column. No key is required: the rest may come from options, and
 * query_check tells what is missing. */
MUST_CHECK enum err query_yaml_read(
        const struct yaml *m, struct arena *a, struct query *out, struct refusal *why);
MUST_CHECK enum err query_yaml_read_file(
        struct arena *a, const char *path, struct query *out, struct refusal *why);
MUST_CHECK enum err query_yaml_read_text(struct arena *a, const char *name, struct bytes text,
        struct query *out, struct refusal *why);

/* query_text.c: the short forms, as options take them too. Text lives on; the text of a
 * refusal stands alone, and its field is the option's. */
/* VARIABLE or VARIABLE:LEVEL; "by". */
MUST_CHECK enum err query_dimension_parse(
        struct bytes text, struct dimension_ref *out, struct refusal *why);
/* KIND, KIND:VARIABLE, or KIND:VARIABLE:BANDS for medians and quartiles; "measure". */
MUST_CHECK enum err query_measure_parse(
        struct bytes text, struct measure_ref *out, struct refusal *why);
/* 7 or 7.1; "vintage". */
MUST_CHECK enum err query_vintage_parse(
        struct bytes text, struct vintage *out, struct refusal *why);
/* A period, or two with ".." between: from the first day of the one to the last of the
 * other; "period". */
MUST_CHECK enum err query_period_parse(struct bytes text, struct period *out, struct refusal *why);
/* YYYY-MM-DD; `field` is the option's. */
MUST_CHECK enum err query_day_parse(
        struct bytes text, const char *field, int32_t *out, struct refusal *why);

#endif
