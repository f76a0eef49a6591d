/* SPDX-License-Identifier: Apache-2.0 */
/* stars.c: from "this record names that guardian" to guardians with their children.
 *
 * Edges arrive by the child's token, so that walking along the sorted persons gives
 * every child its number; there the many records that say the same become one pair with
 * its first and last day. The pairs are spread again, by the guardian's token, and a
 * guardian's children are neighbours. Who the guardian is matters no more: what goes on
 * is a list of children.
 *
 * One guardian may have fifty thousand children (an office, a wrong number). She costs
 * what her edges cost, and nothing is ever made of pairs of her children. */
#include "gateway/linkage/stars.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/parallel.h"
#include "gateway/linkage/sort.h"

struct pair_row {
        uint8_t guardian[LAYOUT_TOKEN_LEN];
        uint32_t child; /* where SORT_BY_ORDINAL looks */
        int32_t first, last;
};
_Static_assert(offsetof(struct pair_row, child) == LAYOUT_ORDINAL, "sorted by it");

/* The rows of one partition in order; one per worker. */
struct desk {
        struct sorter sorter;
        uint8_t *rows;
        size_t cap;
};

/* What one partition of guardians found. */
struct found {
        uint32_t *lens;
        struct star_member *members;
        uint32_t len, members_len;
        uint32_t first, first_member; /* where they come to stand */
};

struct search {
        const struct work *work;
        const struct token_list *all;
        uint32_t children_max;
        uint8_t *missing;
        struct partitions *edges, *pairs;
        struct desk *desks;
        struct found *found; /* by partition of `pairs` */
        _Atomic uint32_t over_limit, own;
        struct stars *out;
};

static enum err desk_take(struct desk *d, const struct work *w, struct partitions *p,
        uint32_t partition, const struct sort_order *order)
{
        uint32_t len = partitions_rows(p, partition);
        size_t need = (size_t)len * order->size;
        void *at = NULL;

        if (need > d->cap) {
                work_wipe(w, d->rows, d->cap);
                d->rows = NULL;
                d->cap = 0;
                TRY(work_alloc(w, need, 1, &at));
                d->rows = at;
                d->cap = need;
        }
        partitions_take(p, partition, d->rows);
        return sorter_run(&d->sorter, order, d->rows, len);
}

static void desks_done(struct search *s)
{
        for (unsigned i = 0; s->desks != NULL && i < s->work->threads; i++) {
                sorter_done(&s->desks[i].sorter);
                work_wipe(s->work, s->desks[i].rows, s->desks[i].cap);
        }
        free(s->desks);
}

/* Pairs ------------------------------------------------------------------------- */

static const struct edge_row *edge_at(const struct desk *d, uint32_t i)
{
        return (const struct edge_row *)(const void *)(d->rows + sizeof(struct edge_row) *
                                                                         d->sorter.keys[i].row);
}

/* Moves *at to the person of this token, if there is one. */
static bool find_person(const struct token_list *all, struct token t, uint32_t *at)
{
        while (*at < all->len && token_compare(all->tokens[*at], t) < 0)
                ++*at;
        return *at < all->len && token_compare(all->tokens[*at], t) == 0;
}

static enum err put_pair(struct search *s, unsigned worker, struct pair_row *pair,
        const struct edge_row *edge, uint32_t person)
{
        if (memcmp(edge->child, edge->guardian, sizeof(edge->child)) == 0) {
                (void)atomic_fetch_add(&s->own, 1);
                return ERR_OK;
        }
        memcpy(pair->guardian, edge->guardian, sizeof(pair->guardian));
        pair->child = person;
        return partitions_add(s->pairs, worker, (const uint8_t *)pair);
}

static enum err pair_partition(void *ctx, unsigned worker, size_t partition)
{
        struct search *s = ctx;
        struct desk *d = &s->desks[worker];
        uint32_t len = partitions_rows(s->edges, (uint32_t)partition);
        unsigned bits = partitions_bits(s->edges);
        const struct sort_order order = {
                .size = sizeof(struct edge_row), .bits = bits, .ties = SORT_BY_SECOND};
        uint32_t person = 0;

        TRY(work_goes_on(s->work));
        TRY(desk_take(d, s->work, s->edges, (uint32_t)partition, &order));
        if (bits > 0)
                person = token_list_find(s->all, (uint64_t)partition << (64 - bits));
        for (uint32_t i = 0, next; i < len; i = next) {
                const struct edge_row *edge = edge_at(d, i);
                struct pair_row pair = {.first = edge->first, .last = edge->last};

                for (next = i + 1; next < len; next++) {
                        const struct edge_row *same = edge_at(d, next);

                        if (!edge_same_pair(same, edge))
                                break;
                        pair.first = same->first < pair.first ? same->first : pair.first;
                        pair.last = same->last > pair.last ? same->last : pair.last;
                }
                if (find_person(s->all, token_read(edge->child), &person))
                        TRY(put_pair(s, worker, &pair, edge, person));
        }
        return ERR_OK;
}

/* Stars ------------------------------------------------------------------------- */

static const struct pair_row *pair_at(const struct desk *d, uint32_t i)
{
        return (const struct pair_row *)(const void *)(d->rows + sizeof(struct pair_row) *
                                                                         d->sorter.keys[i].row);
}

/* The end of the run of one guardian that begins at `i`. */
static uint32_t guardian_end(const struct desk *d, uint32_t i, uint32_t len)
{
        const struct pair_row *pair = pair_at(d, i);
        uint32_t end = i + 1;

        while (end < len &&
                memcmp(pair_at(d, end)->guardian, pair->guardian, sizeof(pair->guardian)) == 0)
                end++;
        return end;
}

static void leave_out(struct search *s, const struct desk *d, uint32_t begin, uint32_t end)
{
        (void)atomic_fetch_add(&s->over_limit, 1);
        /* Other partitions may mark the same child. */
        for (uint32_t i = begin; i < end; i++)
                __atomic_store_n(&s->missing[pair_at(d, i)->child], 1, __ATOMIC_RELAXED);
}

static void put_star(struct found *f, const struct desk *d, uint32_t begin, uint32_t end)
{
        for (uint32_t i = begin; i < end; i++) {
                const struct pair_row *pair = pair_at(d, i);

                f->members[f->members_len++] =
                        (struct star_member){pair->child, pair->first, pair->last};
        }
        f->lens[f->len++] = end - begin;
}

static enum err found_reserve(struct found *f, const struct work *w, uint32_t stars, uint32_t pairs)
{
        void *at = NULL;

        TRY(work_alloc(w, stars, sizeof(*f->lens), &at));
        f->lens = at;
        f->len = stars;
        TRY(work_alloc(w, pairs, sizeof(*f->members), &at));
        f->members = at;
        f->members_len = pairs;
        return ERR_OK;
}

static void found_done(struct found *f, const struct work *w)
{
        work_free(w, f->lens, sizeof(*f->lens) * f->len);
        if (f->lens != NULL)
                work_free(w, f->members, sizeof(*f->members) * f->members_len);
        f->lens = NULL;
        f->members = NULL;
}

static enum err star_partition(void *ctx, unsigned worker, size_t partition)
{
        struct search *s = ctx;
        struct desk *d = &s->desks[worker];
        struct found *f = &s->found[partition];
        uint32_t len = partitions_rows(s->pairs, (uint32_t)partition);
        const struct sort_order order = {
                .size = sizeof(struct pair_row), .bits = partitions_bits(s->pairs)};
        uint32_t stars = 0, pairs = 0;

        TRY(work_goes_on(s->work));
        TRY(desk_take(d, s->work, s->pairs, (uint32_t)partition, &order));
        for (uint32_t i = 0, end; i < len; i = end) {
                end = guardian_end(d, i, len);
                if (end - i > s->children_max) {
                        leave_out(s, d, i, end);
                } else if (end - i > 1) {
                        stars++;
                        pairs += end - i;
                }
        }
        if (stars == 0)
                return ERR_OK;
        TRY(found_reserve(f, s->work, stars, pairs));
        f->len = f->members_len = 0;
        for (uint32_t i = 0, end; i < len; i = end) {
                end = guardian_end(d, i, len);
                if (end - i > 1 && end - i <= s->children_max)
                        put_star(f, d, i, end);
        }
        return ERR_OK;
}

static enum err collect_partition(void *ctx, unsigned worker, size_t partition)
{
        struct search *s = ctx;
        struct found *f = &s->found[partition];
        uint32_t at = f->first_member;

        (void)worker;
        for (uint32_t i = 0; i < f->len; i++) {
                s->out->starts[f->first + i] = at;
                at += f->lens[i];
        }
        if (f->len > 0)
                memcpy(s->out->members + f->first_member, f->members,
                        sizeof(*f->members) * f->members_len);
        found_done(f, s->work);
        return ERR_OK;
}

static enum err collect(struct search *s)
{
        uint64_t stars = 0, members = 0;
        uint32_t len = partitions_len(s->pairs);
        void *at = NULL;

        for (uint32_t i = 0; i < len; i++) {
                s->found[i].first = (uint32_t)stars;
                s->found[i].first_member = (uint32_t)members;
                stars += s->found[i].len;
                members += s->found[i].members_len;
                if (members >= UINT32_MAX)
                        return ERR_LIMIT;
        }
        TRY(work_alloc(s->work, stars + 1, sizeof(*s->out->starts), &at));
        s->out->starts = at;
        s->out->len = (uint32_t)stars;
        s->out->starts[stars] = (uint32_t)members;
        TRY(work_alloc(s->work, members, sizeof(*s->out->members), &at));
        s->out->members = at;
        return parallel_for(s->work->threads, len, collect_partition, s);
}

static uint64_t all_rows(const struct partitions *p)
{
        uint64_t rows = 0;

        for (uint32_t i = 0; i < partitions_len(p); i++)
                rows += partitions_rows(p, i);
        return rows;
}

static enum err search_all(struct search *s)
{
        const struct work *w = s->work;

        s->desks = fault_hit("alloc") ? NULL : calloc(w->threads, sizeof(*s->desks));
        if (s->desks == NULL)
                return ERR_NO_MEMORY;
        TRY(partitions_new(
                sizeof(struct pair_row), all_rows(s->edges), w->threads, w->room, &s->pairs));
        TRY(parallel_for(w->threads, partitions_len(s->edges), pair_partition, s));
        s->found = calloc(partitions_len(s->pairs), sizeof(*s->found));
        if (s->found == NULL)
                return ERR_NO_MEMORY;
        TRY(parallel_for(w->threads, partitions_len(s->pairs), star_partition, s));
        return collect(s);
}

enum err stars_find(const struct work *w, struct edges *edges, const struct token_list *all,
        uint32_t children_max, uint8_t *missing, struct stars *out)
{
        struct stars stars = {0};
        struct search s = {.work = w, .all = all, .children_max = children_max, .out = &stars};

        s.missing = missing;
        TRY(edges_end(edges, &s.edges));
        enum err e = search_all(&s);
        for (uint32_t i = 0; s.found != NULL && i < partitions_len(s.pairs); i++)
                found_done(&s.found[i], w);
        free(s.found);
        desks_done(&s);
        partitions_free(&s.pairs);
        stars.guardians_over_limit = atomic_load(&s.over_limit);
        stars.own_guardians = atomic_load(&s.own);
        if (e == ERR_OK)
                *out = stars;
        else
                stars_done(&stars, w);
        return e;
}

void stars_done(struct stars *s, const struct work *w)
{
        if (s->starts != NULL) {
                uint32_t members = s->starts[s->len];

                work_free(w, s->members, sizeof(*s->members) * members);
                work_free(w, s->starts, sizeof(*s->starts) * ((size_t)s->len + 1));
        }
        *s = (struct stars){0};
}
