/* SPDX-License-Identifier: Apache-2.0 */
/* prints.c: whether it is the very same set again, by two sums over its persons.
 *
 * An open table. What a transaction added is free to go until it commits. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "gateway/disclosure/residue.h"
#include "gateway/ledger/inside.h"

enum print_state { PRINT_FREE = 0, PRINT_HELD, PRINT_GONE };

struct set_print set_print_of(const struct ledger_set *set)
{
        struct set_print p = {.len = set->len, .state = PRINT_HELD};

        for (uint32_t i = 0; i < set->len; i++) {
                uint64_t who = set->persons[i];

                who |= (uint64_t)(set->weights == NULL ? 1 : set->weights[i]) << 32;
                p.sum[0] += residue_mix(4, who);
                p.sum[1] += residue_mix(5, who);
        }
        return p;
}

/* Where it stands, or a free place. */
static struct set_print *place_of(struct set_print *table, uint32_t len, const struct set_print *p)
{
        uint32_t at = (uint32_t)p->sum[0] & (len - 1);

        while (table[at].state != PRINT_FREE &&
                (table[at].sum[0] != p->sum[0] || table[at].sum[1] != p->sum[1] ||
                        table[at].len != p->len))
                at = (at + 1) & (len - 1);
        return &table[at];
}

static enum err table_room(struct prints *p)
{
        uint32_t len = p->len == 0 ? 64 : 2 * p->len, used = 0;

        if (2 * (p->used + 1) <= p->len)
                return ERR_OK;
        if (p->len > UINT32_MAX / 4)
                return ERR_LIMIT;
        struct set_print *table = fault_hit("alloc") ? NULL : calloc(len, sizeof *table);
        if (table == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < p->len; i++) {
                if (p->table[i].state != PRINT_HELD)
                        continue;
                *place_of(table, len, &p->table[i]) = p->table[i];
                used++;
        }
        free(p->table);
        p->bytes += (size_t)(len - p->len) * sizeof *table;
        p->table = table;
        p->len = len;
        p->used = used;
        return ERR_OK;
}

static enum err added_room(struct prints *p)
{
        uint32_t cap = p->added_cap == 0 ? 64 : 2 * p->added_cap;

        if (p->added_len < p->added_cap)
                return ERR_OK;
        struct set_print *grown =
                fault_hit("alloc") ? NULL : realloc(p->added, (size_t)cap * sizeof *grown);
        if (grown == NULL)
                return ERR_NO_MEMORY;
        p->bytes += (size_t)(cap - p->added_cap) * sizeof *grown;
        p->added = grown;
        p->added_cap = cap;
        return ERR_OK;
}

enum err prints_add(struct prints *p, const struct set_print *print)
{
        TRY(table_room(p));
        struct set_print *place = place_of(p->table, p->len, print);
        if (place->state == PRINT_HELD)
                return ERR_OK;
        TRY(added_room(p));
        p->added[p->added_len++] = *print;
        p->held++;
        p->used += place->state == PRINT_FREE ? 1 : 0;
        *place = *print;
        return ERR_OK;
}

struct set_print *prints_find(const struct prints *p, const struct set_print *print)
{
        struct set_print *place = p->used == 0 ? NULL : place_of(p->table, p->len, print);

        return place != NULL && place->state == PRINT_HELD ? place : NULL;
}

void prints_commit(struct prints *p)
{
        p->added_len = 0;
}

void prints_forget(struct prints *p)
{
        for (uint32_t i = 0; i < p->added_len; i++)
                place_of(p->table, p->len, &p->added[i])->state = PRINT_GONE;
        p->held -= p->added_len;
        p->added_len = 0;
}

void prints_free(struct prints *p)
{
        free(p->table);
        free(p->added);
        *p = (struct prints){0};
}
