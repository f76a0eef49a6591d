/* SPDX-License-Identifier: Apache-2.0 */
/* members.c: who is in which cell.
 *
 * One pass over the rows, in person order, notes who is in which inner cell, once for each. How
 * many notes a cell has, or a margin's cells together, is the most persons that it can have:
 * lists are laid out by that, filled from the notes and then moved together, for who has two
 * notes in a margin stands there once. To count margins first would take as long as to fill them.
 *
 * Where the rows were kept when they were counted, the pass goes over these.
 *
 * As in run.c, branches would cost more than the work. Whoever stands in a cell already is the
 * last there, so she is written once more where she stands. The list is its own proof of order:
 * persons come ascending, so each cell's do. */
#include <string.h>

#include "base/arena.h"
#include "gateway/query/pass.h"

#define SCRATCH_MAX ((size_t)4 << 30)

struct listing {
        const struct pass *p;
        struct tally *t;    /* `counts`, by cell: in the upper half who was there last, in the lower
                               her note; later where the next person goes */
        struct note *block; /* rows of a block that count */
        struct note *notes;
        uint32_t *note_records; /* beside them; NULL: not asked for */
        uint32_t len;
        int64_t *most; /* by cell: persons that it can have */
        size_t *starts;
        uint32_t *persons, *records;
};

/* Notes ------------------------------------------------------------------------------------- */

/* Rows that count. `to`: the margin's cell of each; NULL: it is the full table that is listed. */
static void note_rows(struct listing *l, const struct note *rows, uint32_t n, const uint32_t *to)
{
        struct count *counts = l->t->counts;
        uint32_t len = l->len;

        for (uint32_t i = 0; i < n; i++) {
                uint32_t cell = to == NULL ? rows[i].cell : to[rows[i].cell];
                uint32_t stamp = rows[i].stamp;
                uint64_t word = counts[cell].word;
                bool fresh = word >> 32 != stamp;
                uint32_t at = fresh ? len : (uint32_t)word;

                l->notes[len] = (struct note){cell, stamp};
                len += fresh;
                l->most[cell] += fresh;
                counts[cell].word = (uint64_t)stamp << 32 | at;
                if (l->note_records != NULL)
                        l->note_records[at]++;
        }
        l->len = len;
}

static void note_block(struct listing *l, uint32_t row, uint32_t n)
{
        struct tally *t = l->t;
        uint32_t left = 0;

        if (pass_locate(l->p, t, row, n) == n)
                return;
        for (uint32_t i = 0; i < n; i++) {
                l->block[left] = (struct note){t->cell[i], t->stamp[i]};
                left += 1 - (t->cell[i] >> 31);
        }
        note_rows(l, l->block, left, NULL);
}

static enum err note_view(struct listing *l)
{
        uint32_t end = view_personless(l->p->view), next = 0;

        for (uint32_t row = 0; row < end;) {
                uint32_t n = end - row < BLOCK ? end - row : BLOCK;

                if (pass_cancelled(l->p))
                        return ERR_CANCELLED;
                next = pass_name_persons(l->p, l->t, next, row, n);
                note_block(l, row, n);
                row += n;
        }
        return ERR_OK;
}

static enum err note_counted(struct listing *l, const struct plan_rows *rows, const uint32_t *to)
{
        for (uint32_t i = 0; i < rows->tasks; i++) {
                if (pass_cancelled(l->p))
                        return ERR_CANCELLED;
                note_rows(l, rows->notes + rows->begin[i], rows->len[i], to);
        }
        return ERR_OK;
}

/* Lists ------------------------------------------------------------------------------------- */

/* Where each cell's begin, with as much room as they can take; the last is where all end. */
static enum err lay_out(struct listing *l)
{
        size_t at = 0;

        if (!pass_add_margins(l->p, l->most))
                return ERR_LIMIT;
        for (size_t i = 0; i < l->p->cells; i++) {
                l->starts[i] = at;
                l->t->counts[i].word = at;
                at += (size_t)l->most[i];
                if (at > UINT32_MAX)
                        return ERR_LIMIT;
        }
        l->starts[l->p->cells] = at;
        return ERR_OK;
}

static inline void list_note(const struct listing *l, uint32_t k, const uint32_t *cells, unsigned n)
{
        uint32_t stamp = l->notes[k].stamp;

        for (unsigned i = 0; i < n; i++) {
                struct count *c = &l->t->counts[cells[i]];
                bool fresh = c->word >> 32 != stamp;
                uint32_t at = (uint32_t)c->word - 1 + fresh;

                l->persons[at] = stamp - 1;
                if (l->records != NULL)
                        l->records[at] = (fresh ? 0 : l->records[at]) + l->note_records[k];
                c->word = (uint64_t)stamp << 32 | (at + 1);
        }
}

/* `n` cells each. */
static inline void list_looked_up(const struct listing *l, unsigned n)
{
        for (uint32_t k = 0; k < l->len; k++)
                list_note(l, k, l->p->margins + (size_t)l->notes[k].cell * n, n);
}

static void list_all(const struct listing *l)
{
        uint32_t computed[COMBINATIONS_MAX];
        unsigned n = 1u << l->p->table->dimensions_len;

        if (l->p->margins != NULL && n == 8)
                list_looked_up(l, 8);
        else if (l->p->margins != NULL && n == 4)
                list_looked_up(l, 4);
        else
                for (uint32_t k = 0; k < l->len; k++)
                        list_note(l, k, pass_cells(l->p, l->notes[k].cell, computed), n);
}

/* Without the room that nobody took. */
static void move_together(struct listing *l)
{
        size_t to = 0;

        for (size_t i = 0; i < l->p->cells; i++) {
                size_t from = l->starts[i], len = (uint32_t)l->t->counts[i].word - from;

                if (from != to) {
                        memmove(l->persons + to, l->persons + from, len * sizeof *l->persons);
                        if (l->records != NULL)
                                memmove(l->records + to, l->records + from,
                                        len * sizeof *l->records);
                }
                l->starts[i] = to;
                to += len;
        }
        l->starts[l->p->cells] = to;
}

static size_t rows_of(const struct plan_rows *rows)
{
        size_t n = 0;

        for (uint32_t i = 0; i < rows->tasks; i++)
                n += rows->len[i];
        return n;
}

/* One note a row at most, and one that is written over. */
static enum err new_notes(struct listing *l, const struct plan_rows *kept, bool counted,
        struct arena *scratch, struct arena *arena)
{
        size_t rows = (kept != NULL ? rows_of(kept) : view_personless(l->p->view)) + 1;

        l->block = arena_alloc(scratch, BLOCK + 1, sizeof *l->block);
        l->notes = arena_alloc_raw(scratch, rows, sizeof *l->notes);
        l->most = arena_alloc(scratch, l->p->cells, sizeof *l->most);
        l->starts = arena_alloc(arena, l->p->cells + 1, sizeof *l->starts);
        if (counted)
                l->note_records = arena_alloc(scratch, rows, sizeof *l->note_records);
        return l->block == NULL || l->notes == NULL || l->most == NULL || l->starts == NULL ||
                               (counted && l->note_records == NULL)
                       ? ERR_NO_MEMORY
                       : ERR_OK;
}

static enum err list_noted(
        struct listing *l, bool counted, struct arena *arena, struct plan_members *m)
{
        size_t cells = l->p->cells;

        TRY(lay_out(l));
        l->persons = arena_alloc_raw(arena, l->starts[cells], sizeof *l->persons);
        if (counted)
                l->records = arena_alloc_raw(arena, l->starts[cells], sizeof *l->records);
        if (l->persons == NULL || (counted && l->records == NULL))
                return ERR_NO_MEMORY;
        list_all(l);
        move_together(l);
        m->starts = l->starts;
        m->persons = l->persons;
        m->records = l->records;
        return ERR_OK;
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

struct wanted {
        const struct plan *plan;
        const struct view *view;
        const struct plan_rows *rows; /* that were counted; NULL: the view's */
        bool margin, counted;
        const atomic_bool *cancel;
};

static enum err make_members(const struct wanted *w, struct arena *arena, struct plan_members *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct plan_members m = {0};
        struct places places;
        struct pass p = {.plan = w->plan,
                .view = w->view,
                .places = &places,
                .cancel = w->cancel,
                .cells_only = true};
        struct listing l = {.p = &p};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(new_shape(w->plan, arena, &m.shape));
        TRY(places_make(w->plan, w->view, scratch, &places));
        p.table = m.shape;
        for (uint32_t d = 0; d < m.shape->dimensions_len; d++)
                p.dimension[d] = d;
        if (w->margin)
                pass_shape_margin(&p, m.shape->dimensions, m.shape);
        TRY(pass_prepare(&p, 1, scratch));
        l.t = &p.tallies[0];
        m.shape->cells_len = p.cells;
        if (w->margin)
                TRY(map_to_margin(&p, arena, &m.cells_of_margin));
        TRY(new_notes(&l, w->rows, w->counted, scratch, arena));
        TRY(w->rows == NULL ? note_view(&l) : note_counted(&l, w->rows, m.cells_of_margin));
        TRY(list_noted(&l, w->counted, arena, &m));
        *out = m;
        return ERR_OK;
}

enum err plan_members(const struct plan *plan, const struct view *view, bool margin,
        struct arena *arena, const atomic_bool *cancel, struct plan_members *out)
{
        const struct wanted w = {plan, view, NULL, margin, false, cancel};

        return make_members(&w, arena, out);
}

enum err plan_members_counted(const struct plan *plan, const struct view *view, struct arena *arena,
        const atomic_bool *cancel, struct plan_members *out)
{
        const struct wanted w = {plan, view, NULL, false, true, cancel};

        return make_members(&w, arena, out);
}

/* Of a margin that something sensitive made smaller nothing was kept. */
enum err plan_rows_members(const struct plan_rows *rows, bool margin, bool counted,
        struct arena *arena, const atomic_bool *cancel, struct plan_members *out)
{
        bool kept = !margin || rows->margin_is_total;
        const struct wanted w = {
                rows->plan, rows->view, kept ? rows : NULL, margin, counted && !margin, cancel};

        return make_members(&w, arena, out);
}
