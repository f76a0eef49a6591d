/* SPDX-License-Identifier: Apache-2.0 */
/* rounding.c: counts to multiples of a base, additive whatever else.
 *
 * Only inner cells are rounded; a total is the sum of its rounded parts, so nothing can fail
 * to add up. What is chosen is which inner cells go up, so that totals stay near their
 * values: exactly where two hierarchies are all there is (rounding_families.c,
 * rounding_cycles.c), by search where there are more (rounding_repair.c).
 *
 * The same model, values and seed give the same rounding; the draws are the seed's, so whoever
 * rounds one table twice with two seeds gives two draws away. */
#include "gateway/disclosure/rounding.h"

#include <string.h>

#include "gateway/disclosure/rounding_inside.h"

#define WORK_DEFAULT (UINT64_C(1) << 28)

/* The columns of every row. */
static enum err transpose(struct rounding *r)
{
        const struct model *m = r->model;
        size_t ones = m->columns > 0 ? m->start[m->columns] : 0;

        r->start = arena_alloc(r->arena, (size_t)m->rows + 2, sizeof *r->start);
        r->column = arena_alloc(r->arena, ones + 1, sizeof *r->column);
        if (r->start == NULL || r->column == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < ones; i++)
                r->start[m->row[i] + 2]++;
        for (uint32_t row = 0; row < m->rows; row++)
                r->start[row + 2] += r->start[row + 1];
        for (uint32_t k = 0; k < m->columns; k++)
                for (size_t i = m->start[k]; i < m->start[k + 1]; i++)
                        r->column[r->start[m->row[i] + 1]++] = k;
        return ERR_OK;
}

static enum err take_parts(struct rounding *r, const int64_t *values)
{
        uint32_t rows = r->model->rows;

        r->part = arena_alloc(r->arena, (size_t)rows + 1, sizeof *r->part);
        r->up = arena_alloc(r->arena, (size_t)rows + 1, 1);
        if (r->part == NULL || r->up == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t row = 0; row < rows; row++) {
                int64_t part = values[row] % (int64_t)r->base;

                r->part[row] = (uint32_t)(part < 0 ? part + (int64_t)r->base : part);
        }
        return ERR_OK;
}

static enum err result_rows(
        const struct rounding *r, const int64_t *values, struct rounding_result *out)
{
        out->rows = arena_alloc(r->arena, (size_t)r->model->rows + 1, sizeof *out->rows);
        if (out->rows == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t row = 0; row < r->model->rows; row++) {
                int64_t by = (r->up[row] ? (int64_t)r->base : 0) - r->part[row];

                if (__builtin_add_overflow(values[row], by, &out->rows[row]))
                        return ERR_LIMIT;
        }
        return ERR_OK;
}

static enum err result_columns(
        const struct rounding *r, const int64_t *values, struct rounding_result *out)
{
        const struct model *m = r->model;

        out->columns = arena_alloc(r->arena, (size_t)m->columns + 1, sizeof *out->columns);
        if (out->columns == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t k = 0; k < m->columns; k++) {
                uint64_t off = 0;
                bool over = false;

                for (size_t i = m->start[k]; i < m->start[k + 1]; i++) {
                        uint32_t row = m->row[i];

                        over |= __builtin_add_overflow(
                                out->columns[k], out->rows[row], &out->columns[k]);
                        off += (uint64_t)(out->rows[row] - values[row]);
                }
                off = off > INT64_MAX ? 0 - off : off;
                if (over || off > UINT32_MAX)
                        return ERR_LIMIT;
                out->margin_most = off > out->margin_most ? (uint32_t)off : out->margin_most;
        }
        out->controlled = out->margin_most <= r->base;
        return ERR_OK;
}

static enum err result_make(
        const struct rounding *r, const int64_t *values, struct rounding_result *out)
{
        TRY(result_rows(r, values, out));
        return result_columns(r, values, out);
}

/* Where aims lead too far from the values, they are forgotten. */
static enum err run(struct rounding *r, const int64_t *values,
        const struct rounding_options *options, struct rounding_result *out)
{
        struct rounding_result free_of_aims = {0};

        if (options->aims != NULL) {
                TRY(rounding_aims(r, values, options->aims, options->weights));
                TRY(result_make(r, values, out));
                if (out->controlled)
                        return ERR_OK;
                r->work = 0;
        }
        TRY(rounding_families(r));
        TRY(rounding_cycles(r));
        TRY(rounding_repair(r));
        TRY(result_make(r, values, &free_of_aims));
        if (options->aims == NULL || free_of_aims.margin_most < out->margin_most)
                *out = free_of_aims;
        return ERR_OK;
}

enum err rounding_run(struct arena *arena, const struct model *model, const int64_t *values,
        const struct rounding_options *options, struct rounding_result *out)
{
        struct rounding r = {.arena = arena,
                .model = model,
                .base = options->base,
                .random = options->seed,
                .work_limit = options->work_limit > 0 ? options->work_limit : WORK_DEFAULT};
        struct rounding_result done = {0};

        if (options->base < 2 || options->base > INT32_MAX)
                return ERR_INVALID;
        TRY(take_parts(&r, values));
        TRY(transpose(&r));
        TRY(run(&r, values, options, &done));
        *out = done;
        return ERR_OK;
}
