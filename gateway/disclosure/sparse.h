/* SPDX-License-Identifier: Apache-2.0 */
/* sparse.h: vectors with few entries, in memory that is used again.
 *
 * Elimination rewrites the same vectors over and over, a little longer or shorter each
 * time. Blocks come in a few sizes and go back to a list of their size, so that memory
 * stays near what the longest moment needs, under the arena's ceiling. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_SPARSE_H
#define STATGATE_GATEWAY_DISCLOSURE_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { POOL_SIZES = 80 };

struct pool {
        struct arena *arena;
        void *returned[POOL_SIZES];
};

/* Entries by ascending row; values are residues other than 0. */
struct vector {
        uint64_t *value;
        uint32_t *row; /* in the same block, behind the values */
        uint32_t len, cap;
};

/* Room for at least `cap` entries; where there was not, what was in it is gone. */
MUST_CHECK enum err vector_reserve(struct pool *pool, struct vector *v, uint32_t cap);
MUST_CHECK enum err vector_copy(struct pool *pool, struct vector *to, const struct vector *from);
/* Gives room back where more than half of it is empty. */
MUST_CHECK enum err vector_fit(struct pool *pool, struct vector *v);
void vector_drop(struct pool *pool, struct vector *v);
/* Index of the entry at `row`, or v->len. */
uint32_t vector_find(const struct vector *v, uint32_t row);

/* Unordered numbers. */
struct list {
        uint32_t *at;
        uint32_t len, cap;
};

MUST_CHECK enum err list_push(struct pool *pool, struct list *l, uint32_t number);
void list_drop(struct pool *pool, struct list *l);

#endif
