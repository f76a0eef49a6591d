/* SPDX-License-Identifier: Apache-2.0 */
/* stakes.c: see stakes.h.
 *
 * A table of 290 municipalities has 290 times as many pairs of contributor and cell as cells,
 * and next to none of them has anybody: where the row says the municipality, one in 290. So
 * pairs are kept as they come, and a row finds those of all its margins by one look-up, behind
 * the pair of its own cell. */
#include "gateway/query/stakes.h"

#include <string.h>

#include "base/arena.h"

enum { SLOTS_BITS = 6, ROOM = 1 << (SLOTS_BITS - 1) };

static uint32_t slot_of(const struct stakes *s, uint64_t key)
{
        /* Fibonacci hashing (Knuth, vol. 3, 6.4). */
        return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - s->slots_bits));
}

/* Where the key stands, or where it would. */
static uint32_t find_slot(const struct stakes *s, uint64_t key)
{
        uint32_t mask = (1u << s->slots_bits) - 1, at = slot_of(s, key);

        while (s->slots[at] != 0 && s->list[s->slots[at] - 1].key != key)
                at = (at + 1) & mask;
        return at;
}

static void *grown(struct arena *a, const void *old, size_t len, size_t room, size_t size)
{
        void *to = arena_alloc(a, room, size);

        if (to != NULL && len > 0)
                memcpy(to, old, len * size);
        return to;
}

/* Twice the room, and slots that are at most half full. */
static bool grow(struct stakes *s)
{
        uint32_t room = s->room == 0 ? ROOM : 2 * s->room;
        struct stake *list = NULL;
        struct stake_sum *sums = NULL;
        uint32_t *slots = NULL;

        if (s->room > UINT32_MAX / 8)
                return false;
        list = grown(s->arena, s->list, s->len, room, sizeof(*list));
        sums = grown(s->arena, s->sums, (size_t)s->len * s->sums_len, (size_t)room * s->sums_len,
                sizeof(*sums));
        slots = arena_alloc(s->arena, 2 * (size_t)room, sizeof(*slots));
        if (list == NULL || sums == NULL || slots == NULL)
                return false;
        s->slots_bits = s->room == 0 ? SLOTS_BITS : s->slots_bits + 1;
        s->list = list;
        s->sums = sums;
        s->slots = slots;
        s->room = room;
        for (uint32_t i = 0; i < s->len; i++)
                s->slots[find_slot(s, s->list[i].key)] = i + 1;
        return true;
}

static uint32_t put(struct stakes *s, uint64_t key)
{
        if (s->len == s->room && !grow(s))
                return STAKE_NONE;
        uint32_t at = find_slot(s, key);

        if (s->slots[at] == 0) {
                s->list[s->len] = (struct stake){.key = key, .margins = STAKE_NONE};
                s->slots[at] = ++s->len;
        }
        return s->slots[at] - 1;
}

uint32_t stakes_at(struct stakes *s, uint64_t contributor, uint32_t cell)
{
        return put(s, contributor << STAKE_CELL_BITS | cell);
}

static bool put_margins(struct stakes *s, uint64_t contributor, uint32_t inner)
{
        uint32_t computed[COMBINATIONS_MAX], n = 1u << s->pass->table->dimensions_len;
        const uint32_t *cells = pass_cells(s->pass, inner, computed);

        if (s->margins_room - s->margins_len < n) {
                uint32_t room = s->margins_room == 0 ? ROOM * n : 2 * s->margins_room;
                uint32_t *margins = NULL;

                if (s->margins_room < UINT32_MAX / 2)
                        margins =
                                grown(s->arena, s->margins, s->margins_len, room, sizeof(*margins));
                if (margins == NULL)
                        return false;
                s->margins = margins;
                s->margins_room = room;
        }
        for (uint32_t i = 0; i < n; i++) {
                uint32_t stake = stakes_at(s, contributor, cells[i]);

                if (stake == STAKE_NONE)
                        return false;
                s->margins[s->margins_len + i] = stake;
        }
        s->list[s->margins[s->margins_len]].margins = s->margins_len;
        s->margins_len += n;
        return true;
}

uint32_t stakes_inner(struct stakes *s, uint64_t contributor, uint32_t inner)
{
        uint32_t stake = stakes_at(s, contributor, inner);

        if (stake == STAKE_NONE || s->list[stake].margins != STAKE_NONE)
                return stake;
        return put_margins(s, contributor, inner) ? stake : STAKE_NONE;
}

bool stakes_add_margins(struct stakes *s)
{
        unsigned n = 1u << s->pass->table->dimensions_len;
        bool overflow = false;

        for (uint32_t m = 0; m < s->margins_len; m += n) {
                const struct stake_sum *from = &s->sums[(size_t)s->margins[m] * s->sums_len];

                for (unsigned i = 1; i < n; i++) {
                        struct stake_sum *to = &s->sums[(size_t)s->margins[m + i] * s->sums_len];

                        for (uint32_t k = 0; k < s->sums_len; k++) {
                                overflow |=
                                        __builtin_add_overflow(to[k].sum, from[k].sum, &to[k].sum);
                                to[k].rows += from[k].rows;
                        }
                }
        }
        return !overflow;
}

void stakes_clear(struct stakes *s)
{
        if (s->len > s->room / 8)
                memset(s->slots, 0, sizeof(*s->slots) << s->slots_bits);
        else
                for (uint32_t i = s->len; i-- > 0;)
                        s->slots[find_slot(s, s->list[i].key)] = 0;
        if (s->len > 0)
                memset(s->sums, 0, sizeof(*s->sums) * s->len * s->sums_len);
        s->len = s->margins_len = 0;
}
