/* SPDX-License-Identifier: Apache-2.0 */
/* cellkey.h: noise that is the same for the same persons, everywhere and always.
 *
 * Every person has a random record key; a cell's key is the sum of its persons' keys. The
 * key and the count choose the noise from a table of probabilities that keeps the mean,
 * has the variance asked for, never leaves ± deviation, never turns a zero into anything
 * or anything into 1 .. smallest-1, and is otherwise as random as it can be: maximum entropy
 * (Fraser & Wooton 2005; Thompson, Broadfoot & Elazar 2013; Giessing & Tent 2019). Margins
 * do not add up afterwards: that is said beside the table, and not repaired. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_CELLKEY_H
#define STATGATE_GATEWAY_DISCLOSURE_CELLKEY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/table.h"

struct cellkey_settings {
        double variance;    /* of the noise, > 0; at most `deviation`, as a count of 1 can
                             * only be lowered by 1 */
        uint32_t deviation; /* D ≥ 1: the largest noise */
        uint32_t smallest;  /* js: no perturbed count in 1 .. smallest-1; 0 and 1: any. Above 1
                             * half of it must reach nothing or the whole: the variance is
                             * then at least ⌊smallest / 2⌋ · ⌈smallest / 2⌉ */
};
enum { CELLKEY_DEVIATION_MAX = 100, CELLKEY_BITS = 32 };

struct cellkey; /* the table of probabilities, cumulated to 2^32; in the arena */
/* ERR_INVALID: no distribution fits (variance too large for the deviation, or too small for
 * the smallest). */
MUST_CHECK enum err cellkey_new(
        struct arena *arena, const struct cellkey_settings *settings, const struct cellkey **out);
/* The same answer for the same key and count. */
int64_t cellkey_count(const struct cellkey *c, uint32_t key, int64_t count);
/* Many at once. */
void cellkey_counts(const struct cellkey *c, const uint32_t *keys, int64_t *counts, size_t len);
/* Row of a count (counts above the last row share it): probability of noise d at d +
 * deviation; for tests and documentation. */
uint32_t cellkey_rows(const struct cellkey *c);
double cellkey_probability(const struct cellkey *c, uint32_t row, int32_t noise);

int64_t cellkey_smallest(const struct cellkey *c); /* of perturbed counts that are not 0 */

/* Perturbs persons, records and all measures that count or divide counts in cells of a table
 * that are CELL_VALUE, and in measures of theirs that are; sums get noise in proportion to a
 * person's mean contribution; medians and quartiles are TABLE_NO_VALUE. Comes last: of cells that
 * are shown the margin, the contributions and the key are wiped, as they tell exact counts.
 * ERR_INVALID: the table has no keys, or a ratio that is not that of its parts; ERR_LIMIT: numbers
 * beyond 64 bits. Then some cells are perturbed and others not: nothing of the table may leave. */
MUST_CHECK enum err cellkey_table(const struct cellkey *c, struct table *t);

#endif
