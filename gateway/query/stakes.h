/* SPDX-License-Identifier: Apache-2.0 */
/* stakes.h: what contributors have in cells, where most have nothing in most; inside this
 * folder only. */
#ifndef STATGATE_GATEWAY_QUERY_STAKES_H
#define STATGATE_GATEWAY_QUERY_STAKES_H

#include "gateway/query/pass.h"

enum { STAKE_CELL_BITS = 24, STAKE_NONE = UINT32_MAX };
_Static_assert(CELLS_MAX < 1 << STAKE_CELL_BITS, "a cell's number has its place in a key");

/* What one contributor has in one cell; the persons are counted as cells count them. */
struct stake {
        uint64_t key;     /* contributor, then cell */
        uint32_t margins; /* of an inner cell: where those of its margins stand */
};
struct stake_sum {
        int64_t sum;
        uint32_t rows; /* with a value */
};

/* Open addressing; what it lies in is the worker's own arena. Zeroed but for the first three,
 * it is empty. */
struct stakes {
        const struct pass *pass;
        struct arena *arena;
        uint32_t sums_len; /* of each stake */
        uint32_t len, room;
        struct stake *list;
        struct count *persons;
        struct stake_sum *sums; /* room × sums_len */
        uint32_t *margins;      /* 2^dimensions of each inner cell, itself first */
        uint32_t margins_len, margins_room;
        struct stake_slot {
                uint64_t key;
                uint32_t stake; /* + 1; 0: empty */
        } * slots;
        uint32_t slots_bits; /* 0: there are none yet */
};

static inline uint64_t stake_key(uint64_t contributor, uint32_t cell)
{
        return contributor << STAKE_CELL_BITS | cell;
}

/* Where the key stands, or where it would: Fibonacci hashing (Knuth, vol. 3, 6.4). */
static inline struct stake_slot *stakes_slot(const struct stakes *s, uint64_t key)
{
        uint32_t mask = (1u << s->slots_bits) - 1;
        uint32_t at = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - s->slots_bits));

        while (s->slots[at].stake != 0 && s->slots[at].key != key)
                at = (at + 1) & mask;
        return &s->slots[at];
}

/* The stake in any cell, alone; STAKE_NONE: there is no memory. */
uint32_t stakes_at(struct stakes *s, uint64_t key);
/* In an inner cell that has none yet, and with it those in all its margins. */
uint32_t stakes_new_inner(struct stakes *s, uint64_t key);
static inline uint32_t stakes_inner(struct stakes *s, uint64_t key)
{
        if (s->slots_bits == 0)
                return stakes_new_inner(s, key);
        uint32_t found = stakes_slot(s, key)->stake;

        return found != 0 ? found - 1 : stakes_new_inner(s, key);
}
/* Counts a person in the stake of an inner cell and in those of its margins, if she is not
 * there yet. Where there are few of these, asking whether she is costs more than it saves. */
static inline void stakes_count(struct stakes *s, uint32_t inner, uint32_t stamp)
{
        const uint32_t *margins = s->margins + s->list[inner].margins;
        unsigned n = 1u << s->pass->table->dimensions_len;

        if (n > 4 && s->persons[inner].word >> 32 == stamp)
                return;
        for (unsigned i = 0; i < n; i++)
                count_one(&s->persons[margins[i]], stamp);
}
/* Adds the sums of inner cells to those of their margins. False: more than there is room for. */
MUST_CHECK bool stakes_add_margins(struct stakes *s);
/* Forgets all, and keeps the room. */
void stakes_clear(struct stakes *s);

static inline uint32_t stake_cell(const struct stake *k)
{
        return (uint32_t)k->key & ((1u << STAKE_CELL_BITS) - 1);
}

#endif
