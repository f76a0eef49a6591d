/* SPDX-License-Identifier: Apache-2.0 */
/* optimum_circuits.c: the matrix of cells, reduced in an order of one's choice.
 *
 * Columns that may be published are taken in that order, and each that is no combination of
 * those before becomes a pivot (Gauss and Jordan, modulo the prime of residue.h). What is
 * left of any other column says which pivots it is a combination of: a circuit of the
 * matroid of columns. With the order by weight, a protected column is a combination of
 * columns of weight 0 exactly if its circuit shows nothing else.
 *
 * A wrong circuit, of odds about 2^-60, would cost a better pattern, never safety: patterns
 * are proved elsewhere. */
#include "gateway/disclosure/optimum_circuits.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/residue.h"

struct ranked {
        double weight;
        uint64_t turn;
        uint32_t column;
};

struct circuits {
        const struct model *model;
        uint64_t *entry; /* rows x columns */
        struct ranked *ranked;
        uint32_t *pivot; /* of rows: column; UINT32_MAX */
        bool *is_pivot;  /* of columns */
        uint32_t *at;    /* columns of the pivot row that are not 0, at hand */
        uint32_t *circuit;
};

enum err circuits_new(struct arena *arena, const struct model *model, struct circuits **out)
{
        struct circuits *s = arena_alloc(arena, 1, sizeof *s);

        if (s == NULL)
                return ERR_NO_MEMORY;
        s->model = model;
        s->entry = arena_alloc_raw(arena, (size_t)model->rows * model->columns, sizeof *s->entry);
        s->ranked = arena_alloc_raw(arena, model->columns, sizeof *s->ranked);
        s->pivot = arena_alloc_raw(arena, model->rows, sizeof *s->pivot);
        s->is_pivot = arena_alloc(arena, model->columns, sizeof *s->is_pivot);
        s->at = arena_alloc_raw(arena, model->columns, sizeof *s->at);
        s->circuit = arena_alloc_raw(arena, model->rows, sizeof *s->circuit);
        if (s->entry == NULL || s->ranked == NULL || s->pivot == NULL || s->is_pivot == NULL ||
                s->at == NULL || s->circuit == NULL)
                return ERR_NO_MEMORY;
        *out = s;
        return ERR_OK;
}

static int by_rank(const void *x, const void *y)
{
        const struct ranked *a = x, *b = y;

        if (a->weight != b->weight)
                return a->weight < b->weight ? -1 : 1;
        if (a->turn != b->turn)
                return a->turn < b->turn ? -1 : 1;
        return (a->column > b->column) - (a->column < b->column);
}

static uint64_t *row_of(const struct circuits *s, uint32_t row)
{
        return s->entry + (size_t)row * s->model->columns;
}

static void clear_column(struct circuits *s, uint32_t row, uint32_t column)
{
        uint64_t *from = row_of(s, row), inverse = residue_inverse(from[column]);
        uint32_t len = 0;

        for (uint32_t c = 0; c < s->model->columns; c++) {
                if (from[c] == 0)
                        continue;
                from[c] = residue_times(from[c], inverse);
                s->at[len++] = c;
        }
        for (uint32_t r = 0; r < s->model->rows; r++) {
                uint64_t *to = row_of(s, r), by = residue_negative(to[column]);

                for (uint32_t k = 0; k < len && r != row && by != 0; k++)
                        to[s->at[k]] = residue_add(to[s->at[k]], residue_times(from[s->at[k]], by));
        }
}

static void take(struct circuits *s, uint32_t column)
{
        for (uint32_t r = 0; r < s->model->rows; r++) {
                if (s->pivot[r] != UINT32_MAX || row_of(s, r)[column] == 0)
                        continue;
                clear_column(s, r, column);
                s->pivot[r] = column;
                s->is_pivot[column] = true;
                return;
        }
}

void circuits_find(struct circuits *s, const double *weight, uint64_t turn)
{
        const struct model *m = s->model;
        size_t len = 0;

        memset(s->entry, 0, (size_t)m->rows * m->columns * sizeof *s->entry);
        memset(s->is_pivot, 0, m->columns * sizeof *s->is_pivot);
        for (uint32_t r = 0; r < m->rows; r++)
                s->pivot[r] = UINT32_MAX;
        for (uint32_t c = 0; c < m->columns; c++) {
                for (size_t k = m->start[c]; k < m->start[c + 1]; k++)
                        row_of(s, m->row[k])[c] = 1;
                if (!m->column[c].protect && (m->column[c].open || m->column[c].known))
                        s->ranked[len++] = (struct ranked){
                                m->column[c].known ? -1 : weight[c], residue_mix(turn, c), c};
        }
        qsort(s->ranked, len, sizeof *s->ranked, by_rank);
        for (size_t i = 0; i < len; i++)
                take(s, s->ranked[i].column);
}

size_t circuits_of(struct circuits *s, uint32_t column, const uint32_t **out)
{
        size_t len = 0;

        for (uint32_t r = 0; r < s->model->rows && !s->is_pivot[column]; r++) {
                if (row_of(s, r)[column] == 0)
                        continue;
                if (s->pivot[r] == UINT32_MAX)
                        return 0;
                s->circuit[len++] = s->pivot[r];
        }
        *out = s->circuit;
        return len;
}
