/* SPDX-License-Identifier: Apache-2.0 */
/* edges.c: see edges.h. A child's records come from one municipality and name the same
 * guardians again and again: each worker keeps the pairs it met last and only widens
 * their days, so that a fifth or less of what the records say is ever stored. */
#include "gateway/linkage/edges.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { SLOTS = 1 << 14 }; /* 640 kB: near the core */

struct recent {
        struct edge_row slots[SLOTS]; /* a child of zeros: empty */
};

struct edges {
        const struct work *work;
        struct partitions *partitions;
        struct recent **recent; /* by worker, made when it adds its first */
};

enum err edges_new(const struct work *w, uint64_t rows, struct edges **out)
{
        struct edges *e = fault_hit("alloc") ? NULL : calloc(1, sizeof(*e));

        if (e == NULL)
                return ERR_NO_MEMORY;
        e->work = w;
        e->recent = calloc(w->threads, sizeof(*e->recent));
        enum err error = e->recent != NULL ? partitions_new(sizeof(struct edge_row), rows,
                                                     w->threads, w->room, &e->partitions)
                                           : ERR_NO_MEMORY;
        if (error != ERR_OK)
                edges_free(&e);
        else
                *out = e;
        return error;
}

void edges_free(struct edges **e)
{
        if (e == NULL || *e == NULL)
                return;
        for (unsigned i = 0; (*e)->recent != NULL && i < (*e)->work->threads; i++)
                work_wipe((*e)->work, (*e)->recent[i], sizeof(struct recent));
        free((*e)->recent);
        partitions_free(&(*e)->partitions);
        free(*e);
        *e = NULL;
}

static bool is_nobody(const uint8_t *token)
{
        static const uint8_t nobody[LAYOUT_TOKEN_LEN];

        return memcmp(token, nobody, sizeof(nobody)) == 0;
}

/* Tokens are as good as any hash of them. */
static uint32_t slot_of(const struct edge_row *r)
{
        uint32_t a, b;

        memcpy(&a, r->child + 8, sizeof(a));
        memcpy(&b, r->guardian + 8, sizeof(b));
        return (a + 0x9e3779b1u * b) >> 7 & (SLOTS - 1);
}

static enum err recent_of(struct edges *e, unsigned worker, struct recent **out)
{
        void *at = NULL;

        if (e->recent[worker] == NULL) {
                TRY(work_alloc(e->work, 1, sizeof(struct recent), &at));
                memset(at, 0, sizeof(struct recent));
                e->recent[worker] = at;
        }
        *out = e->recent[worker];
        return ERR_OK;
}

static enum err put_row(struct edges *e, unsigned worker, const struct edge_row *row)
{
        struct recent *recent = NULL;

        TRY(recent_of(e, worker, &recent));
        struct edge_row *at = &recent->slots[slot_of(row)];
        if (edge_same_pair(at, row)) {
                at->first = row->first < at->first ? row->first : at->first;
                at->last = row->last > at->last ? row->last : at->last;
                return ERR_OK;
        }
        if (!is_nobody(at->child))
                TRY(partitions_add(e->partitions, worker, (const uint8_t *)at));
        *at = *row;
        return ERR_OK;
}

enum err edges_add(struct edges *e, unsigned worker, const uint8_t *child, const uint8_t *guardian,
        int32_t day)
{
        struct edge_row row = {.first = day, .last = day};

        if (is_nobody(child) || is_nobody(guardian))
                return ERR_OK;
        if (day == MISSING_I32)
                row.last = INT32_MAX;
        memcpy(row.child, child, sizeof(row.child));
        memcpy(row.guardian, guardian, sizeof(row.guardian));
        return put_row(e, worker, &row);
}

enum err edges_end(struct edges *e, struct partitions **out)
{
        for (unsigned i = 0; i < e->work->threads; i++) {
                if (e->recent[i] == NULL)
                        continue;
                for (uint32_t s = 0; s < SLOTS; s++)
                        if (!is_nobody(e->recent[i]->slots[s].child))
                                TRY(partitions_add(e->partitions, i,
                                        (const uint8_t *)&e->recent[i]->slots[s]));
                work_wipe(e->work, e->recent[i], sizeof(struct recent));
                e->recent[i] = NULL;
        }
        *out = e->partitions;
        return ERR_OK;
}
