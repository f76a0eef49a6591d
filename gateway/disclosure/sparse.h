/* SPDX-License-Identifier: Apache-2.0 */
/* sparse.h: vectors with few entries, and a bag to sum them in. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_SPARSE_H
#define STATGATE_GATEWAY_DISCLOSURE_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* Entries are residues other than 0; `at` says where each stands. */
struct vector {
        uint64_t *value;
        uint32_t *at;
        uint32_t len, cap;
};

MUST_CHECK enum err vector_new(struct arena *arena, uint32_t cap, struct vector *out);
MUST_CHECK enum err vector_copy(struct arena *arena, const struct vector *from, struct vector *out);

/* Vectors that grow leave their old blocks to others, in a few sizes. */
enum { POOL_SIZES = 80 };

struct pool {
        struct arena *arena;
        void *returned[POOL_SIZES];
};

MUST_CHECK enum err vector_push(struct pool *pool, struct vector *v, uint32_t at, uint64_t value);
void vector_drop(struct pool *pool, struct vector *v);

/* Residues at 0..len-1, zero between uses, taken out in order: what is added while taking
 * upwards must lie above what was taken last, and below it while taking downwards. */
struct bag {
        uint64_t *sum;
        uint64_t *marks, *words; /* which sums were added to; which words of `marks` are not 0 */
        uint32_t len, cursor;    /* cursor: word of `words` */
};

MUST_CHECK enum err bag_new(struct arena *arena, uint32_t len, struct bag *out);
void bag_add(struct bag *b, uint32_t at, uint64_t value);
void bag_start_low(struct bag *b);
void bag_start_high(struct bag *b);
/* Takes out the next that is not zero; false where the bag is empty. */
bool bag_take_low(struct bag *b, uint32_t *at, uint64_t *value);
bool bag_take_high(struct bag *b, uint32_t *at, uint64_t *value);

#endif
