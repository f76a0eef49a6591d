/* SPDX-License-Identifier: Apache-2.0 */
/* chains.c: who is connected with whom, however far away.
 *
 * Union and find with path halving (Tarjan & van Leeuwen 1984): no recursion, so a chain
 * of a million persons is as deep as any other. The least person stands for her chain:
 * whose parent is never greater than herself, so that one pass from the first person to
 * the last finds everybody's chain, and counting sorts do the rest. */
#include "gateway/linkage/chains.h"

#include <stdlib.h>
#include <string.h>

struct grouping {
        const struct work *work;
        const struct stars *stars;
        uint32_t persons, persons_max;
        uint8_t *missing;
        uint32_t *parent; /* by person */
        uint32_t *size;   /* by the chain's first person: how many she stands for */
        uint32_t *at;     /* likewise: a place in `order` */
        uint32_t *tally;  /* likewise: how many stars, then a place in `stars` */
        struct chains *out;
};

static uint32_t find_root(uint32_t *parent, uint32_t p)
{
        while (parent[p] != p) {
                parent[p] = parent[parent[p]];
                p = parent[p];
        }
        return p;
}

static void connect(uint32_t *parent, uint32_t a, uint32_t b)
{
        uint32_t x = find_root(parent, a), y = find_root(parent, b);

        if (x < y)
                parent[y] = x;
        else
                parent[x] = y;
}

static void connect_all(struct grouping *g)
{
        const struct stars *s = g->stars;

        for (uint32_t p = 0; p < g->persons; p++)
                g->parent[p] = p;
        for (uint32_t i = 0; i < s->len; i++)
                for (uint32_t m = s->starts[i] + 1; m < s->starts[i + 1]; m++)
                        connect(g->parent, s->members[s->starts[i]].person, s->members[m].person);
        for (uint32_t p = 0; p < g->persons; p++) {
                g->parent[p] = g->parent[g->parent[p]];
                g->size[g->parent[p]]++;
        }
}

/* `at` of a chain is its end afterwards. */
static void put_in_order(struct grouping *g)
{
        uint32_t sum = 0;

        for (uint32_t p = 0; p < g->persons; p++) {
                g->at[p] = sum;
                sum += g->size[p];
                if (g->size[p] > g->persons_max)
                        g->out->over_limit++;
        }
        for (uint32_t p = 0; p < g->persons; p++) {
                g->out->order[g->at[g->parent[p]]++] = p;
                if (g->size[g->parent[p]] > g->persons_max)
                        g->missing[p] = 1;
        }
}

static uint32_t root_of(const struct grouping *g, uint32_t star)
{
        return g->parent[g->stars->members[g->stars->starts[star]].person];
}

static void count_stars(struct grouping *g)
{
        for (uint32_t i = 0; i < g->stars->len; i++) {
                uint32_t root = root_of(g, i);

                if (g->size[root] > g->persons_max)
                        continue;
                g->out->len += g->tally[root]++ == 0;
                g->out->stars_len++;
        }
}

static void make_chains(struct grouping *g)
{
        struct chain *c = g->out->chains;
        uint32_t sum = 0;

        for (uint32_t p = 0; p < g->persons; p++) {
                if (g->tally[p] == 0)
                        continue;
                *c++ = (struct chain){.begin = g->at[p] - g->size[p],
                        .len = g->size[p],
                        .stars = sum,
                        .stars_len = g->tally[p]};
                sum += g->tally[p];
                g->tally[p] = sum - g->tally[p];
        }
        for (uint32_t i = 0; i < g->stars->len; i++) {
                uint32_t root = root_of(g, i);

                if (g->size[root] <= g->persons_max)
                        g->out->stars[g->tally[root]++] = i;
        }
}

static enum err group_all(struct grouping *g)
{
        const struct work *w = g->work;
        void *at = NULL;

        connect_all(g);
        TRY(work_goes_on(w));
        TRY(work_alloc(w, g->persons, sizeof(*g->out->order), &at));
        g->out->order = at;
        g->out->persons = g->persons;
        put_in_order(g);
        count_stars(g);
        TRY(work_alloc(w, g->out->len, sizeof(*g->out->chains), &at));
        g->out->chains = at;
        TRY(work_alloc(w, g->out->stars_len, sizeof(*g->out->stars), &at));
        g->out->stars = at;
        make_chains(g);
        return work_goes_on(w);
}

enum err chains_find(const struct work *w, const struct stars *stars, uint32_t persons,
        uint32_t persons_max, uint8_t *missing, struct chains *out)
{
        const size_t bytes = 4 * sizeof(uint32_t) * (size_t)persons;
        struct chains chains = {0};
        void *scratch = NULL;

        TRY(work_alloc(w, 4 * (size_t)persons, sizeof(uint32_t), &scratch));
        memset(scratch, 0, bytes);
        uint32_t *arrays = scratch;
        struct grouping g = {
                .work = w,
                .stars = stars,
                .persons = persons,
                .persons_max = persons_max,
                .parent = arrays,
                .size = arrays + persons,
                .at = arrays + 2 * (size_t)persons,
                .tally = arrays + 3 * (size_t)persons,
                .out = &chains,
        };
        g.missing = missing;
        enum err e = group_all(&g);
        work_free(w, scratch, bytes);
        if (e == ERR_OK)
                *out = chains;
        else
                chains_done(&chains, w);
        return e;
}

void chains_done(struct chains *c, const struct work *w)
{
        work_free(w, c->order, sizeof(*c->order) * c->persons);
        work_free(w, c->chains, sizeof(*c->chains) * c->len);
        work_free(w, c->stars, sizeof(*c->stars) * c->stars_len);
        *c = (struct chains){0};
}
