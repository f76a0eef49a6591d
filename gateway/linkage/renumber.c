/* SPDX-License-Identifier: Apache-2.0 */
/* renumber.c: moves rows to where their persons went. For every view, first where each
 * row comes from, once; then column after column is gathered by that, which is one walk
 * forward to write and nearly one to read: families move together. */
#include "gateway/linkage/renumber.h"

#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"

enum { BLOCK_PERSONS = 1 << 14, BLOCK_ROWS = 1 << 16 };

struct move {
        const struct work *work;
        struct view *view;
        const uint32_t *order;
        uint32_t *starts; /* the new ones */
        uint32_t *from;   /* by row: where it comes from */
        const void *old;
        void *column;
        uint32_t width;
};

static uint32_t blocks_of(uint32_t len, uint32_t block)
{
        return (uint32_t)(((uint64_t)len + block - 1) / block);
}

static void move_starts(struct move *m)
{
        const uint32_t *starts = m->view->starts;
        uint32_t row = 0;

        for (uint32_t p = 0; p < m->view->persons; p++) {
                uint32_t before = m->order[p];

                m->starts[p] = row;
                row += starts[before + 1] - starts[before];
        }
        m->starts[m->view->persons] = row;
}

static enum err trace_rows(void *ctx, unsigned worker, size_t block)
{
        struct move *m = ctx;
        uint32_t begin = (uint32_t)block * BLOCK_PERSONS;

        (void)worker;
        TRY(work_goes_on(m->work));
        for (uint32_t p = begin; p < m->view->persons && p - begin < BLOCK_PERSONS; p++) {
                uint32_t from = m->view->starts[m->order[p]];

                for (uint32_t row = m->starts[p]; row < m->starts[p + 1]; row++)
                        m->from[row] = from++;
        }
        return ERR_OK;
}

static void gather_1(const uint8_t *old, uint8_t *to, const uint32_t *from, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                to[i] = old[from[i]];
}

static void gather_2(const uint16_t *old, uint16_t *to, const uint32_t *from, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                to[i] = old[from[i]];
}

static void gather_4(const uint32_t *old, uint32_t *to, const uint32_t *from, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                to[i] = old[from[i]];
}

static void gather_8(const uint64_t *old, uint64_t *to, const uint32_t *from, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                to[i] = old[from[i]];
}

static enum err gather_rows(void *ctx, unsigned worker, size_t block)
{
        struct move *m = ctx;
        uint32_t begin = (uint32_t)block * BLOCK_ROWS;
        uint32_t len = m->view->rows - begin < BLOCK_ROWS ? m->view->rows - begin : BLOCK_ROWS;
        const uint32_t *from = m->from + begin;

        (void)worker;
        TRY(work_goes_on(m->work));
        switch (m->width) {
        case 1:
                gather_1(m->old, (uint8_t *)m->column + begin, from, len);
                break;
        case 2:
                gather_2(m->old, (uint16_t *)m->column + begin, from, len);
                break;
        case 4:
                gather_4(m->old, (uint32_t *)m->column + begin, from, len);
                break;
        default:
                gather_8(m->old, (uint64_t *)m->column + begin, from, len);
        }
        return ERR_OK;
}

static enum err move_column(struct move *m, uint32_t width, void **at)
{
        struct view *v = m->view;
        void *column = NULL;

        m->width = width;
        if (m->width == 0)
                return ERR_OK;
        size_t bytes = (size_t)m->width * v->rows;
        TRY(work_alloc(m->work, v->rows, m->width, &column));
        m->old = *at;
        m->column = column;
        enum err e = parallel_for(m->work->threads, blocks_of(v->rows, BLOCK_ROWS), gather_rows, m);
        if (e == ERR_OK) {
                void *old = *at;

                *at = column;
                column = old;
        }
        work_free(m->work, column, bytes);
        return e;
}

static enum err move_ordinals(struct move *m)
{
        void *at = m->view->ordinals;

        TRY(move_column(m, sizeof(*m->view->ordinals), &at));
        m->view->ordinals = at;
        return ERR_OK;
}

static enum err move_all(struct move *m)
{
        struct view *v = m->view;

        move_starts(m);
        TRY(parallel_for(m->work->threads, blocks_of(v->persons, BLOCK_PERSONS), trace_rows, m));
        for (uint32_t row = v->personless; row < v->rows; row++)
                m->from[row] = row;
        for (uint32_t i = 0; i < v->dataset->variables_len; i++)
                TRY(move_column(
                        m, physical_width(v->dataset->variables[i].physical), &v->columns[i]));
        TRY(move_ordinals(m));
        memcpy(v->starts, m->starts, sizeof(*v->starts) * ((size_t)v->persons + 1));
        return ERR_OK;
}

static enum err move_view(const struct work *w, struct view *v, const uint32_t *order)
{
        const size_t starts_bytes = sizeof(uint32_t) * ((size_t)v->persons + 1);
        struct move m = {.work = w, .view = v, .order = order};
        void *at = NULL;

        TRY(work_alloc(w, (size_t)v->persons + 1, sizeof(*m.starts), &at));
        m.starts = at;
        enum err e = work_alloc(w, v->rows, sizeof(*m.from), &at);
        if (e == ERR_OK) {
                m.from = at;
                e = move_all(&m);
        }
        work_free(w, m.starts, starts_bytes);
        work_free(w, m.from, sizeof(*m.from) * v->rows);
        return e;
}

enum err renumber_persons(
        const struct work *w, struct view *const *views, uint32_t len, const uint32_t *order)
{
        for (uint32_t i = 0; i < len; i++)
                TRY(move_view(w, views[i], order));
        return ERR_OK;
}

enum err renumber_keys(
        const struct work *w, uint64_t **keys, uint32_t persons, const uint32_t *order)
{
        void *at = NULL;

        TRY(work_alloc(w, persons, sizeof(uint64_t), &at));
        gather_8(*keys, at, order, persons);
        work_wipe(w, *keys, record_keys_bytes(persons));
        *keys = at;
        return ERR_OK;
}
