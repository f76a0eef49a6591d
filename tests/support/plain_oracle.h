/* SPDX-License-Identifier: Apache-2.0 */
/* plain_oracle.h: which category a record is in and whether a filter keeps it, by code
 * texts: slow, obvious, and without a line in common with the engine. */
#ifndef STATGATE_TESTS_SUPPORT_PLAIN_ORACLE_H
#define STATGATE_TESTS_SUPPORT_PLAIN_ORACLE_H

#include "tests/support/plain_world.h"

struct arena;
struct table;

struct oracle {
        const struct policy_dataset *dataset;
        const struct query *q;
        const struct table *t; /* its shape: dimensions and categories */
        /* Value of a variable in a row of `source`; false: missing. */
        bool (*value)(const struct oracle *o, uint32_t variable, uint32_t row, int64_t *out);
        const void *source;
};

struct oracle oracle_of_plain(
        const struct plain_world *w, const struct query *q, const struct table *t);
/* Over the columns of a view, where rows stand in the view's order. */
struct oracle oracle_of_view(const struct view *v, const struct query *q, const struct table *t);

/* Category of a row in a dimension; UINT32_MAX: the row is not in the table. */
uint32_t oracle_category(const struct oracle *o, uint32_t d, uint32_t row);
bool oracle_matches(const struct oracle *o, const struct filter *f, uint32_t row);

/* At most `max` dimensions, no variable twice. */
void oracle_random_dimensions(struct plain_world *w, struct query *q, uint32_t max);
/* False: try again. */
bool oracle_random_filter(struct plain_world *w, struct arena *a, struct filter *f);

#endif
