/* SPDX-License-Identifier: Apache-2.0 */
/* derived_oracle.h: what a question about events should have answered, by plain loops
 * over plain records. It knows nothing of views, blocks or orders of rows. */
#ifndef STATGATE_TESTS_SUPPORT_DERIVED_ORACLE_H
#define STATGATE_TESTS_SUPPORT_DERIVED_ORACLE_H

#include "base/table.h"
#include "gateway/query/engine.h"
#include "tests/support/linked_world.h"

/* linked_world's records with a schema that lets everything be asked: `anmalan` without
 * and `placering` with episodes from `datum` to `slut` (WORLD_NUMBER), `enkat` without a
 * municipality or an order. Municipalities and forms are in two counties. */
struct derived_world {
        struct linked_world w;
        struct code_level levels[2];
        struct code counties[2];
        const struct policy_dataset *datasets[WORLD_PARTS];
        struct period spans[WORLD_PARTS];
        struct linked *linked;
        bool *kin_missing; /* by name: the family is missing */
};
struct derived_wish {
        uint64_t seed;
        uint32_t persons, rows, guardians;
        struct family_limits limits; /* children_max is never met */
        bool family;
        unsigned threads;
        uint32_t absent[WORLD_PARTS]; /* bit by municipality: has not delivered the data set */
};
void derived_world_make(struct derived_world *d, const struct derived_wish *wish);
void derived_world_free(struct derived_world *d);
struct plan_scope derived_world_scope(const struct derived_world *d, uint32_t part, bool family);

/* Value of a derived variable for a row; false: missing. */
bool oracle_derived(const struct derived_world *d, const struct query *q, uint32_t base,
        uint32_t number, uint32_t row, int64_t *out);
/* Whether the municipality has delivered every data set that the question looks at. */
bool oracle_counts(
        const struct derived_world *d, const struct query *q, uint32_t base, uint32_t place);
/* The municipality's code at a level. */
struct bytes oracle_place(const struct derived_world *d, uint32_t place, struct bytes level);
/* Whether the row is asked about: period, filters on columns and on derived variables. */
bool oracle_asked(
        const struct derived_world *d, const struct query *q, uint32_t base, uint32_t row);
/* As above by what a neighbour knows. */
bool oracle_margin(
        const struct derived_world *d, const struct query *q, uint32_t base, uint32_t row);
/* The category of a row, by its code in the table; len: none. In the margin, what a
 * neighbour does not know is not there. */
uint32_t oracle_category(const struct derived_world *d, const struct query *q, uint32_t base,
        const struct dimension *dimension, uint32_t row, bool margin);
int32_t oracle_number(const struct query *q, struct bytes name); /* of a derived one; or -1 */

#endif
