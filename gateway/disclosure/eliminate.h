/* SPDX-License-Identifier: Apache-2.0 */
/* eliminate.h: one pass over the candidates, from the most wanted to the least.
 *
 * Elimination method (Langsrud, PSD 2024): a candidate is reduced by everything published
 * so far. Nothing left: it was computable anyway, so it is published. A multiple of what
 * is left of a protected cell: publishing it would give that cell away, so it goes with
 * it, a secondary cell. Otherwise it is published, and one of its rows is eliminated.
 *
 * We keep the other side of the same coin: for every row that has been eliminated, what
 * it is in terms of the rows that are left. The rows left are free: give them any values,
 * and there is one table with the same published cells. So a free row is a *direction* in
 * which the truth could have been otherwise, and that is what witness.h proves with.
 *
 * Two questions more are asked where the model has such cells. Does publishing make what
 * one contributor knows alone give away another protected cell? And would a sum of nothing
 * but cells of the lowest value be published, which tells them all? Or one of nothing but small
 * cells and the few persons by which something that is known differs from a sum of cells (`rests`)?
 *
 * Arithmetic is modulo 2^61 - 1. That decides which cells are hidden, never whether they
 * are safe: a mistake, of odds about 2^-61 a question, hides another cell than it might
 * have, or is caught by the witness. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_ELIMINATE_H
#define STATGATE_GATEWAY_DISCLOSURE_ELIMINATE_H

#include "gateway/disclosure/model.h"
#include "gateway/disclosure/secrets.h"
#include "gateway/disclosure/sparse.h"

/* Zero is the safe answer. */
enum fate { FATE_HIDDEN = 0, FATE_PUBLISHED };

struct elimination;

struct elimination_stats {
        uint32_t secondary; /* columns */
        uint64_t cost;      /* of them */
        uint32_t exposed;   /* protected columns that what is known gives away */
        uint64_t work;      /* entries looked at */
        bool limited;       /* the work limit was reached: what came later is hidden */
        size_t bytes;       /* memory */
};

/* Decides every column. `order` holds all columns that are open and not protected, from
 * the most wanted on; what is known goes before. `work_limit` 0: none. ERR_LIMIT where it
 * is reached before all is known that everybody knows: then nothing can be said. ERR_CANCELLED:
 * the model's flag is looked at before every column. */
MUST_CHECK enum err elimination_run(const struct model *model, const uint32_t *order, size_t len,
        uint64_t work_limit, size_t memory_ceiling, struct elimination **out);
void elimination_free(struct elimination **e);

const uint8_t *elimination_fates(const struct elimination *e); /* enum fate, of columns */
struct elimination_stats elimination_stats(const struct elimination *e);

/* Whether what is published gives a column, protected or not: the random directions do not move
 * it. A mistake has odds of about 2^-122. */
bool elimination_gives(const struct elimination *e, uint32_t column);

bool elimination_is_free(const struct elimination *e, uint32_t row);

/* The direction of a free row: by how much every row changes when it grows by one and
 * published cells stay. Unordered; valid until the next call. NULL where those are more
 * than `most` rows. */
const struct vector *elimination_direction(struct elimination *e, uint32_t free_row, uint32_t most);

/* Of every row: two directions chosen at random. */
const struct print *elimination_prints(const struct elimination *e);

#endif
