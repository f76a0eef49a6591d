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
        struct stake *list = grown(s->arena, s->list, s->len, room, sizeof(*list));
        struct count *persons = grown(s->arena, s->persons, s->len, room, sizeof(*persons));
        struct stake_sum *sums = grown(s->arena, s->sums, (size_t)s->len * s->sums_len,
                (size_t)room * s->sums_len, sizeof(*sums));
        struct stake_slot *slots = arena_alloc(s->arena, 2 * (size_t)room, sizeof(*slots));

        if (room > UINT32_MAX / 8 || list == NULL || persons == NULL || sums == NULL ||
                slots == NULL)
                return false;
        s->slots_bits = s->room == 0 ? SLOTS_BITS : s->slots_bits + 1;
        s->list = list;
        s->persons = persons;
        s->sums = sums;
        s->slots = slots;
        s->room = room;
        for (uint32_t i = 0; i < s->len; i++)
                *stakes_slot(s, list[i].key) = (struct stake_slot){list[i].key, i + 1};
        return true;
}

/* There is room. */
static uint32_t put(struct stakes *s, uint64_t key)
{
        struct stake_slot *slot = stakes_slot(s, key);

        if (slot->stake == 0) {
                s->list[s->len] = (struct stake){.key = key, .margins = STAKE_NONE};
                s->persons[s->len].word = 0;
                *slot = (struct stake_slot){key, ++s->len};
        }
        return slot->stake - 1;
}

uint32_t stakes_at(struct stakes *s, uint64_t key)
{
        return s->len == s->room && !grow(s) ? STAKE_NONE : put(s, key);
}

static bool reserve(struct stakes *s, uint32_t n)
{
        while (s->room - s->len < n)
                if (!grow(s))
                        return false;
        if (s->margins_room - s->margins_len >= n)
                return true;
        uint32_t room = s->margins_room == 0 ? ROOM * n : 2 * s->margins_room;
        uint32_t *margins = grown(s->arena, s->margins, s->margins_len, room, sizeof(*margins));

        if (room > UINT32_MAX / 2 || margins == NULL)
                return false;
        s->margins = margins;
        s->margins_room = room;
        return true;
}

uint32_t stakes_new_inner(struct stakes *s, uint64_t key)
{
        uint32_t computed[COMBINATIONS_MAX], n = 1u << s->pass->table->dimensions_len;
        uint32_t inner = (uint32_t)key & ((1u << STAKE_CELL_BITS) - 1), at = s->margins_len;
        const uint32_t *cells = pass_cells(s->pass, inner, computed);

        if (!reserve(s, n))
                return STAKE_NONE;
        for (uint32_t i = 0; i < n; i++)
                s->margins[at + i] = put(s, key - inner + cells[i]);
        s->list[s->margins[at]].margins = at;
        s->margins_len += n;
        return s->margins[at];
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
        if (s->len > s->room / 4)
                memset(s->slots, 0, sizeof(*s->slots) << s->slots_bits);
        else
                for (uint32_t i = s->len; i-- > 0;)
                        stakes_slot(s, s->list[i].key)->stake = 0;
        if (s->len > 0)
                memset(s->sums, 0, sizeof(*s->sums) * s->len * s->sums_len);
        s->len = s->margins_len = 0;
}
