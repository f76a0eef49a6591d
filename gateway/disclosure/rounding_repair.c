/* SPDX-License-Identifier: Apache-2.0 */
/* rounding_repair.c: columns that no family could hold, brought back within one base.
 *
 * Tables of three dimensions and more need not have a controlled rounding at all (Causey, Cox
 * & Ernst, JASA 80, 1985), and to find one is hard. So this is a search, not a proof: take a
 * column that is too far off, and turn over the row in it that leaves the least distance
 * beyond one base in all its columns together. A row just turned rests for a while, which leads
 * out of dead ends; the best that was seen is kept. Work is counted in columns looked at. */
#include <string.h>

#include "gateway/disclosure/rounding_inside.h"

enum { REST = 12, LOOK_MAX = 256 };

struct repair {
        struct rounding *r;
        int64_t *off;       /* by column: rounded less exact */
        uint32_t *far;      /* columns more than a base off, in no order */
        uint32_t *place_of; /* in `far`, + 1 */
        uint32_t far_len;
        uint64_t *rests_until; /* by row: step */
        uint64_t step, beyond; /* beyond: sum of what is more than one base */
        uint8_t *best;
        uint64_t best_beyond;
};

static uint64_t beyond(int64_t off, uint32_t base)
{
        uint64_t size = (uint64_t)(off < 0 ? -off : off);

        return size > base ? size - base : 0;
}

static void note_far(struct repair *p, uint32_t column)
{
        bool is_far = beyond(p->off[column], p->r->base) > 0;
        uint32_t at = p->place_of[column];

        if (is_far && at == 0) {
                p->far[p->far_len++] = column;
                p->place_of[column] = p->far_len;
        } else if (!is_far && at != 0) {
                uint32_t last = p->far[--p->far_len];

                p->far[at - 1] = last;
                p->place_of[last] = at;
                p->place_of[column] = 0;
        }
}

static void measure(struct repair *p)
{
        const struct rounding *r = p->r;
        const struct model *m = r->model;

        for (uint32_t k = 0; k < m->columns; k++) {
                for (size_t i = m->start[k]; i < m->start[k + 1]; i++) {
                        uint32_t row = m->row[i];

                        p->off[k] += (r->up[row] ? (int64_t)r->base : 0) - r->part[row];
                }
                p->beyond += beyond(p->off[k], r->base);
                note_far(p, k);
        }
}

/* What turning the row over adds to what is beyond. */
static int64_t price_of(struct repair *p, uint32_t row)
{
        const struct rounding *r = p->r;
        int64_t by = r->up[row] ? -(int64_t)r->base : (int64_t)r->base, price = 0;

        for (size_t k = r->start[row]; k < r->start[row + 1]; k++) {
                int64_t off = p->off[r->column[k]];

                price += (int64_t)beyond(off + by, r->base) - (int64_t)beyond(off, r->base);
        }
        p->r->work += r->start[row + 1] - r->start[row];
        return price;
}

static void turn_over(struct repair *p, uint32_t row)
{
        struct rounding *r = p->r;
        int64_t by = r->up[row] ? -(int64_t)r->base : (int64_t)r->base;

        for (size_t k = r->start[row]; k < r->start[row + 1]; k++) {
                uint32_t column = r->column[k];

                p->beyond -= beyond(p->off[column], r->base);
                p->off[column] += by;
                p->beyond += beyond(p->off[column], r->base);
                note_far(p, column);
        }
        r->up[row] = !r->up[row];
        p->rests_until[row] = p->step + REST + rounding_random(r, REST);
}

/* The cheapest row of the column that brings it nearer; a stretch of a long one, from
 * anywhere. NO_COLUMN: all rest. */
static uint32_t choose(struct repair *p, uint32_t column)
{
        const struct rounding *r = p->r;
        const struct model *m = r->model;
        size_t len = m->start[column + 1] - m->start[column];
        size_t from = rounding_random(p->r, len), looked = 0;
        uint32_t best = NO_COLUMN;
        int64_t best_price = 0;

        for (size_t i = 0; i < len && looked < LOOK_MAX; i++) {
                uint32_t row = m->row[m->start[column] + (from + i) % len];

                if (r->part[row] == 0 || (r->up[row] != 0) != (p->off[column] > 0) ||
                        p->rests_until[row] > p->step)
                        continue;
                int64_t price = price_of(p, row);

                looked++;
                if (best == NO_COLUMN || price < best_price) {
                        best = row;
                        best_price = price;
                }
        }
        p->r->work += len;
        return best;
}

static void search(struct repair *p)
{
        struct rounding *r = p->r;

        while (p->far_len > 0 && r->work < r->work_limit) {
                uint32_t row = choose(p, p->far[rounding_random(r, p->far_len)]);

                p->step++;
                if (row == NO_COLUMN)
                        continue;
                turn_over(p, row);
                if (p->beyond >= p->best_beyond)
                        continue;
                p->best_beyond = p->beyond;
                memcpy(p->best, r->up, r->model->rows);
                r->work += r->model->rows / 8;
        }
        memcpy(r->up, p->best, r->model->rows);
}

enum err rounding_repair(struct rounding *r)
{
        struct repair p = {.r = r};
        size_t columns = (size_t)r->model->columns + 1, rows = (size_t)r->model->rows + 1;

        p.off = arena_alloc(r->arena, columns, sizeof *p.off);
        p.far = arena_alloc(r->arena, columns, sizeof *p.far);
        p.place_of = arena_alloc(r->arena, columns, sizeof *p.place_of);
        p.rests_until = arena_alloc(r->arena, rows, sizeof *p.rests_until);
        p.best = arena_alloc(r->arena, rows, 1);
        if (p.off == NULL || p.far == NULL || p.place_of == NULL || p.rests_until == NULL ||
                p.best == NULL)
                return ERR_NO_MEMORY;
        measure(&p);
        memcpy(p.best, r->up, r->model->rows);
        p.best_beyond = p.beyond;
        search(&p);
        return ERR_OK;
}
