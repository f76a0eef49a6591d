/* SPDX-License-Identifier: Apache-2.0 */
/* rounding_table.h: a whole table, with all its measures, to multiples of a base. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_ROUNDING_TABLE_H
#define STATGATE_GATEWAY_DISCLOSURE_ROUNDING_TABLE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/table.h"

/* What a table counts, taken aside before it is protected: a total is the sum of its parts,
 * hidden ones too. For rounding_table alone, who wipes it. */
struct rounding_exact;
MUST_CHECK enum err rounding_keep(
        struct arena *arena, const struct table *t, struct rounding_exact **out);

struct rounding_wish {
        uint32_t base;       /* ≥ 2 */
        uint64_t work_limit; /* 0: a default */
};
struct rounding_told {
        /* Counts add up to their totals in dimensions that do not overlap (families never do). */
        bool additive;
        uint32_t margin; /* no count is further from its value than so many bases; ≥ 1 */
};

/* Rounds persons, records and every measure that counts or divides counts, in cells of a
 * table that are CELL_VALUE and measures of theirs that are; changes no status. A sum is its
 * mean contribution times the rounded number of contributors, so a mean stays; a share is
 * made of rounded counts. Medians and quartiles are TABLE_NO_VALUE. Comes last: of cells that
 * are shown the margin, the contributions and the key are wiped. ERR_INVALID: the base, no
 * keys, a count below 0, or a ratio that is not that of its parts; ERR_LIMIT. On errors nothing
 * of the table may leave; `exact` is wiped on every way out. */
MUST_CHECK enum err rounding_table(struct arena *arena, struct rounding_exact *exact,
        struct table *t, const struct rounding_wish *wish, struct rounding_told *out);

#endif
