/* SPDX-License-Identifier: Apache-2.0 */
/* members.c: who is in which cell.
 *
 * Two passes over the rows in person order, as a counting sort takes them: how many a cell has,
 * then who. Cells are so far apart in the list that a third structure to remember the first
 * pass in would cost more than finding every cell again. The list is its own proof of order:
 * persons come ascending, so each cell's do. */
#include <string.h>

#include "base/arena.h"
#include "gateway/query/pass.h"

struct listing {
        const struct pass *p;
        struct tally *t;
        size_t *next;      /* by cell: where the next person goes */
        uint32_t *persons; /* NULL: only counted */
        uint32_t *records; /* beside them; NULL: not asked for */
};

/* As count_once, and with her name where it belongs. */
static void list_once(const struct listing *l, uint32_t inner, uint32_t stamp)
{
        const struct pass *p = l->p;
        struct count *counts = l->t->counts;
        uint32_t computed[COMBINATIONS_MAX];
        unsigned n = 1u << p->table->dimensions_len;

        if (counts[inner].word >> 32 == stamp)
                return;
        const uint32_t *cells = pass_cells(p, inner, computed);
        for (unsigned i = 0; i < n; i++) {
                if (counts[cells[i]].word >> 32 == stamp)
                        continue;
                counts[cells[i]].word = (uint64_t)stamp << 32;
                l->persons[l->next[cells[i]]++] = stamp - 1;
        }
}

/* The same, for every row of hers: whoever stands in a cell already is the last there. */
static void list_counted(const struct listing *l, uint32_t inner, uint32_t stamp)
{
        const struct pass *p = l->p;
        struct count *counts = l->t->counts;
        uint32_t computed[COMBINATIONS_MAX];
        const uint32_t *cells = pass_cells(p, inner, computed);

        for (unsigned i = 0; i < 1u << p->table->dimensions_len; i++) {
                size_t *next = &l->next[cells[i]];

                if (counts[cells[i]].word >> 32 != stamp) {
                        counts[cells[i]].word = (uint64_t)stamp << 32;
                        l->records[*next] = 0;
                        l->persons[(*next)++] = stamp - 1;
                }
                l->records[*next - 1]++;
        }
}

static void walk_block(const struct listing *l, uint32_t row, uint32_t n)
{
        struct tally *t = l->t;

        if (pass_locate(l->p, t, row, n) == n)
                return;
        for (uint32_t i = 0; i < n; i++) {
                if ((t->cell[i] & CELL_FILTERED) != 0)
                        continue;
                if (l->persons == NULL)
                        count_once(l->p, t->cell[i], t->stamp[i], t->counts);
                else if (l->records != NULL)
                        list_counted(l, t->cell[i], t->stamp[i]);
                else
                        list_once(l, t->cell[i], t->stamp[i]);
        }
}

static enum err walk_rows(const struct listing *l)
{
        uint32_t end = view_personless(l->p->view), person = 0;

        for (uint32_t row = 0; row < end;) {
                uint32_t n = end - row < BLOCK ? end - row : BLOCK;

                if (pass_cancelled(l->p))
                        return ERR_CANCELLED;
                person = pass_name_persons(l->p, person, row, n, l->t->stamp);
                walk_block(l, row, n);
                row += n;
        }
        return ERR_OK;
}

/* Where each cell's begin, from how many each has; the last is where all end. */
static void place_cells(const struct pass *p, const struct count *counts, size_t *starts)
{
        for (size_t i = 0; i < p->cells; i++)
                starts[i + 1] = starts[i] + (uint32_t)counts[i].word;
}

static enum err list_members(const struct pass *p, bool counted, struct arena *scratch,
        struct arena *arena, struct plan_members *m)
{
        struct listing l = {.p = p, .t = &p->tallies[0]};

        TRY(walk_rows(&l));
        m->starts = arena_alloc(arena, p->cells + 1, sizeof(*m->starts));
        l.next = arena_alloc_raw(scratch, p->cells + 1, sizeof(*l.next));
        if (m->starts == NULL || l.next == NULL)
                return ERR_NO_MEMORY;
        place_cells(p, l.t->counts, m->starts);
        m->persons = arena_alloc_raw(arena, m->starts[p->cells], sizeof(*m->persons));
        if (counted)
                m->records = arena_alloc_raw(arena, m->starts[p->cells], sizeof(*m->records));
        if (m->persons == NULL || (counted && m->records == NULL))
                return ERR_NO_MEMORY;
        memcpy(l.next, m->starts, sizeof(*l.next) * (p->cells + 1));
        memset(l.t->counts, 0, sizeof(*l.t->counts) * p->cells);
        l.persons = m->persons;
        l.records = m->records;
        return walk_rows(&l);
}

static enum err new_shape(const struct plan *plan, struct arena *arena, struct table **out)
{
        struct table *t = arena_alloc(arena, 1, sizeof(*t));
        uint32_t len = plan->shape.dimensions_len;

        if (t == NULL)
                return ERR_NO_MEMORY;
        t->dimensions = arena_alloc(arena, len, sizeof(*t->dimensions));
        if (t->dimensions == NULL)
                return ERR_NO_MEMORY;
        if (len > 0)
                memcpy(t->dimensions, plan->shape.dimensions, sizeof(*t->dimensions) * len);
        t->dimensions_len = len;
        *out = t;
        return ERR_OK;
}

static enum err map_to_margin(const struct pass *p, struct arena *arena, uint32_t **out)
{
        const struct plan *plan = p->plan;

        *out = arena_alloc_raw(arena, plan->cells, sizeof(**out));
        if (*out == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < plan->cells; i++)
                (*out)[i] = (uint32_t)pass_margin_cell(p, &plan->shape, i);
        return ERR_OK;
}

static enum err make_members(const struct plan *plan, const struct view *view, bool margin,
        bool counted, struct arena *arena, const atomic_bool *cancel, struct plan_members *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new((size_t)1 << 30);
        struct plan_members m = {0};
        struct places places;
        struct pass p = {.plan = plan,
                .view = view,
                .places = &places,
                .cancel = cancel,
                .cells_only = true};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(new_shape(plan, arena, &m.shape));
        TRY(places_make(plan, view, scratch, &places));
        p.table = m.shape;
        for (uint32_t d = 0; d < m.shape->dimensions_len; d++)
                p.dimension[d] = d;
        if (margin)
                pass_shape_margin(&p, m.shape->dimensions, m.shape);
        TRY(pass_prepare(&p, 1, scratch));
        m.shape->cells_len = p.cells;
        TRY(list_members(&p, counted, scratch, arena, &m));
        if (margin)
                TRY(map_to_margin(&p, arena, &m.cells_of_margin));
        *out = m;
        return ERR_OK;
}

enum err plan_members(const struct plan *plan, const struct view *view, bool margin,
        struct arena *arena, const atomic_bool *cancel, struct plan_members *out)
{
        return make_members(plan, view, margin, false, arena, cancel, out);
}

enum err plan_members_counted(const struct plan *plan, const struct view *view, struct arena *arena,
        const atomic_bool *cancel, struct plan_members *out)
{
        return make_members(plan, view, false, true, arena, cancel, out);
}
