/* SPDX-License-Identifier: Apache-2.0 */
/* linked.c: several views under one numbering of persons: counted, read-only; and
 * how they come under it. */
#include "gateway/linkage/linked.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "gateway/linkage/families.h"
#include "gateway/linkage/join.h"
#include "gateway/linkage/renumber.h"

enum err linked_new(uint32_t views, struct linked **out)
{
        struct linked *l = fault_hit("alloc") ? NULL : calloc(1, sizeof(*l));

        if (l == NULL)
                return ERR_NO_MEMORY;
        atomic_init(&l->refs, 1);
        l->views = calloc((size_t)views + 1, sizeof(struct view *));
        if (l->views == NULL) {
                free(l);
                return ERR_NO_MEMORY;
        }
        l->len = views;
        *out = l;
        return ERR_OK;
}

struct linked *linked_ref(struct linked *l)
{
        (void)atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
        return l;
}

void linked_unref(struct linked **l)
{
        if (l == NULL || *l == NULL)
                return;
        if (atomic_fetch_sub_explicit(&(*l)->refs, 1, memory_order_acq_rel) == 1) {
                for (uint32_t i = 0; i < (*l)->len; i++)
                        view_unref(&(*l)->views[i]);
                families_done(&(*l)->families);
                if ((*l)->record_keys != NULL)
                        explicit_bzero((*l)->record_keys, record_keys_bytes((*l)->persons));
                free((*l)->record_keys);
                free((*l)->views);
                free(*l);
        }
        *l = NULL;
}

const struct view *linked_view(const struct linked *l, struct bytes dataset)
{
        for (uint32_t i = 0; i < l->len; i++)
                if (bytes_equal(l->views[i]->dataset->id, dataset))
                        return l->views[i];
        return NULL;
}

const struct view *view_beside(const struct view *v, struct bytes dataset)
{
        if (bytes_equal(v->dataset->id, dataset))
                return v;
        return v->linked != NULL ? linked_view(v->linked, dataset) : NULL;
}

const struct families *view_families(const struct view *v)
{
        return v->linked != NULL && v->linked->family ? &v->linked->families : NULL;
}

size_t linked_bytes(const struct linked *l)
{
        return l->bytes;
}

uint32_t linked_build_ms(const struct linked *l)
{
        return l->build_ms;
}

struct vintage linked_vintage(const struct linked *l)
{
        return l->vintage;
}

/* In the making ----------------------------------------------------------------- */

enum err linking_start(const struct work *w, uint32_t views, const struct family_limits *limits,
        uint64_t edges, struct linking *out)
{
        struct linking g = {.len = views};

        g.tokens = fault_hit("alloc") ? NULL : calloc((size_t)views + 1, sizeof(*g.tokens));
        if (g.tokens == NULL)
                return ERR_NO_MEMORY;
        enum err e = linked_new(views, &g.linked);
        if (e == ERR_OK && limits != NULL) {
                g.limits = *limits;
                e = edges_new(w, edges, &g.edges);
        }
        if (e != ERR_OK)
                linking_done(&g, w);
        else
                *out = g;
        return e;
}

static enum err find_families(struct linking *g, const struct work *w, struct token_list *all)
{
        struct linked *l = g->linked;
        uint32_t persons = all->len, *order = NULL;

        TRY(families_find(w, g->edges, all, &g->limits, &l->families, &order));
        l->family = true;
        l->bytes += families_bytes(&l->families);
        edges_free(&g->edges);
        enum err e = renumber_persons(w, l->views, l->len, order);
        if (e == ERR_OK && l->record_keys != NULL)
                e = renumber_keys(w, &l->record_keys, persons, order);
        work_free(w, order, sizeof(*order) * persons);
        return e;
}

/* Nobody needs a data set's own list once there is one of everybody. */
static enum err number_persons(struct linking *g, const struct work *w)
{
        struct linked *l = g->linked;
        struct joined everybody = {0};

        enum err e = join_persons(w, l->views, g->tokens, l->len, g->edges != NULL, &everybody);
        for (uint32_t i = 0; i < g->len; i++)
                token_list_wipe(w, &g->tokens[i]);
        l->persons = everybody.persons;
        l->record_keys = everybody.keys;
        if (l->record_keys != NULL)
                l->bytes += record_keys_bytes(l->persons);
        if (e == ERR_OK && g->edges != NULL)
                e = find_families(g, w, &everybody.tokens);
        token_list_wipe(w, &everybody.tokens);
        return e;
}

enum err linking_finish(struct linking *g, const struct work *w, struct linked **out)
{
        struct linked *l = g->linked;

        TRY(number_persons(g, w));
        for (uint32_t i = 0; i < l->len; i++) {
                l->views[i]->linked = l;
                l->bytes += l->views[i]->bytes;
        }
        *out = l;
        g->linked = NULL;
        return ERR_OK;
}

void linking_done(struct linking *g, const struct work *w)
{
        for (uint32_t i = 0; i < g->len; i++)
                token_list_wipe(w, &g->tokens[i]);
        free(g->tokens);
        edges_free(&g->edges);
        linked_unref(&g->linked);
        *g = (struct linking){0};
}
