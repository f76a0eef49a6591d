/* SPDX-License-Identifier: Apache-2.0 */
/* sparse.h: vectors with few entries, lists of small ones, and a bag to sum them in. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_SPARSE_H
#define STATGATE_GATEWAY_DISCLOSURE_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "gateway/disclosure/residue.h"

/* Entries are residues other than 0; `at` says where each stands. */
struct vector {
        uint64_t *value;
        uint32_t *at;
        uint32_t len, cap;
};

MUST_CHECK enum err vector_new(struct arena *arena, uint32_t cap, struct vector *out);

/* Vectors that grow leave their old blocks to others, in a few sizes. */
enum { POOL_SIZES = 80 };

struct pool {
        struct arena *arena;
        void *returned[POOL_SIZES];
};

/* A vector of which most values are 1 and -1, and nearly all are small, in a third of the room:
 * lists are read again and again, and reading is what takes time. */
struct list {
        uint32_t *entry;     /* where, in 24 bits; and a value from -127 to 127 in 8 */
        struct vector *rest; /* entries of other values; NULL: none */
        uint32_t len, cap;   /* of `entry` */
};

#define LIST_PLACES (UINT32_C(1) << 24)

static inline uint32_t list_at(uint32_t entry)
{
        return entry >> 8;
}

static inline uint64_t list_value(uint32_t entry)
{
        uint64_t low = entry & 0xff;

        return low < 128 ? low : RESIDUE_PRIME - (256 - low);
}

/* Of all entries. */
static inline uint32_t list_len(const struct list *l)
{
        return l->len + (l->rest == NULL ? 0 : l->rest->len);
}

MUST_CHECK enum err list_push(struct pool *pool, struct list *l, uint32_t at, uint64_t value);
/* What was in it before is forgotten; new room is taken only where there is too little. */
MUST_CHECK enum err list_set(struct arena *arena, struct list *l, const struct vector *from);
void list_clear(struct list *l);

/* Residues at 0..len-1, zero between uses, taken out in order: what is added while taking
 * upwards must lie above what was taken last, and below it while taking downwards. */
struct bag {
        uint64_t *sum;
        uint64_t *marks, *words; /* which sums were added to; which words of `marks` are not 0 */
        uint32_t len, cursor;    /* cursor: word of `words` */
};

MUST_CHECK enum err bag_new(struct arena *arena, uint32_t len, struct bag *out);

static inline void bag_add(struct bag *b, uint32_t at, uint64_t value)
{
        uint64_t was = b->sum[at];

        b->sum[at] = residue_add(was, value);
        if (was != 0)
                return; /* marked already */
        b->marks[at / 64] |= UINT64_C(1) << at % 64;
        b->words[at / 4096] |= UINT64_C(1) << at / 64 % 64;
}

void bag_start_low(struct bag *b);
void bag_start_high(struct bag *b);
/* Takes out the next that is not zero; false where the bag is empty. */
bool bag_take_low(struct bag *b, uint32_t *at, uint64_t *value);
bool bag_take_high(struct bag *b, uint32_t *at, uint64_t *value);

#endif
