/* SPDX-License-Identifier: Apache-2.0 */
/* rounding_aims.c: every column as near as can be to what it would be if it stood alone.
 *
 * Whoever draws the direction of each cell from the cell itself, totals too, rounds it alike
 * in every table it stands in, and asking for it in other company averages nothing. But then
 * parts and totals do not add up. Here they do, and as few as possible are moved from
 * their own direction for it, parts rather than totals: it is the totals that stand in many
 * tables. A search like that of rounding_repair.c, from the inner cells' own directions on;
 * it ends when no better is found for a while. Of one dimension, no total need be moved. */
#include "gateway/disclosure/rounding_inside.h"

enum { REST = 8, LOOK_MAX = 128, PATIENCE = 128, TRIES = 8 };
#define HEAVY (INT64_C(1) << 24) /* what a unit beyond one base weighs; aims weigh far less */

struct columns { /* in no order */
        uint32_t *list, len;
        uint32_t *place_of; /* + 1; 0: not in it */
};

struct aiming {
        struct rounding *r;
        const uint32_t *weights;
        int64_t *off, *aim;         /* by column: rounded less exact, as it is and as wanted */
        struct columns far, beyond; /* totals not where they want; more than one base off */
        uint64_t *rests_until;      /* by row: step */
        uint64_t step, best_step, patience;
        uint32_t *turned; /* since the best that was seen */
        uint32_t turned_len;
        int64_t price, best_price;
};

static int64_t size_of(int64_t off)
{
        return off < 0 ? -off : off;
}

static int64_t price_at(const struct aiming *a, uint32_t column, int64_t off)
{
        int64_t base = a->r->base, size = size_of(off);

        return size_of(off - a->aim[column]) * a->weights[column] +
               (size > base ? (size - base) * HEAVY : 0);
}

static bool is_single(const struct model *m, uint32_t column)
{
        return m->start[column + 1] - m->start[column] == 1;
}

static void put_in(struct columns *c, uint32_t column, bool in)
{
        uint32_t at = c->place_of[column];

        if (in && at == 0) {
                c->list[c->len++] = column;
                c->place_of[column] = c->len;
        } else if (!in && at != 0) {
                uint32_t last = c->list[--c->len];

                c->list[at - 1] = last;
                c->place_of[last] = at;
                c->place_of[column] = 0;
        }
}

static void note_place(struct aiming *a, uint32_t column)
{
        put_in(&a->far, column,
                !is_single(a->r->model, column) && a->off[column] != a->aim[column]);
        put_in(&a->beyond, column, size_of(a->off[column]) > a->r->base);
}

static int64_t move_of(const struct rounding *r, uint32_t row)
{
        return r->up[row] ? -(int64_t)r->base : (int64_t)r->base;
}

static int64_t price_of(const struct aiming *a, uint32_t row)
{
        const struct rounding *r = a->r;
        int64_t by = move_of(r, row), price = 0;

        for (size_t k = r->start[row]; k < r->start[row + 1]; k++) {
                uint32_t column = r->column[k];

                price += price_at(a, column, a->off[column] + by) -
                         price_at(a, column, a->off[column]);
        }
        return price;
}

static void turn_over(struct aiming *a, uint32_t row)
{
        struct rounding *r = a->r;
        int64_t by = move_of(r, row);

        for (size_t k = r->start[row]; k < r->start[row + 1]; k++) {
                a->off[r->column[k]] += by;
                note_place(a, r->column[k]);
        }
        r->up[row] = !r->up[row];
}

/* The cheapest row that brings the column nearer; NO_COLUMN: all rest. */
static uint32_t choose(struct aiming *a, uint32_t column, int64_t *out_price)
{
        struct rounding *r = a->r;
        const struct model *m = r->model;
        size_t len = m->start[column + 1] - m->start[column];
        size_t from = rounding_random(r, len), looked = 0;
        uint32_t best = NO_COLUMN;

        for (size_t i = 0; i < len && looked < LOOK_MAX; i++) {
                uint32_t row = m->row[m->start[column] + (from + i) % len];
                bool down = a->off[column] > a->aim[column];

                if (r->part[row] == 0 || (r->up[row] != 0) != down || a->rests_until[row] > a->step)
                        continue;
                int64_t price = price_of(a, row);

                looked++;
                r->work += r->start[row + 1] - r->start[row];
                if (best == NO_COLUMN || price < *out_price) {
                        best = row;
                        *out_price = price;
                }
        }
        r->work += len;
        return best;
}

/* What is too far off first; else, of a few, the one that weighs most. */
static uint32_t next_column(struct aiming *a)
{
        const struct columns *from = a->beyond.len > 0 ? &a->beyond : &a->far;
        uint32_t best = from->list[rounding_random(a->r, from->len)];

        for (unsigned i = 1; i < TRIES && from == &a->far; i++) {
                uint32_t other = from->list[rounding_random(a->r, from->len)];

                best = a->weights[other] > a->weights[best] ? other : best;
        }
        return best;
}

static void search(struct aiming *a)
{
        struct rounding *r = a->r;

        while (a->far.len + a->beyond.len > 0 && r->work < r->work_limit &&
                a->step - a->best_step < a->patience) {
                int64_t price = 0;
                uint32_t row = choose(a, next_column(a), &price);

                a->step++;
                if (row == NO_COLUMN)
                        continue;
                turn_over(a, row);
                a->rests_until[row] = a->step + REST + rounding_random(r, REST);
                a->turned[a->turned_len++] = row;
                a->price += price;
                if (a->price >= a->best_price)
                        continue;
                a->best_price = a->price;
                a->best_step = a->step;
                a->turned_len = 0;
        }
        while (a->turned_len > 0)
                turn_over(a, a->turned[--a->turned_len]);
}

/* Each inner cell its own way; of one that is no column of its own, the nearer. */
static void begin(struct aiming *a, const int64_t *values, const int64_t *aims)
{
        struct rounding *r = a->r;
        const struct model *m = r->model;

        for (uint32_t row = 0; row < m->rows; row++)
                r->up[row] = r->part[row] != 0 && 2 * (uint64_t)r->part[row] >= r->base;
        for (uint32_t k = 0; k < m->columns; k++)
                if (is_single(m, k))
                        r->up[m->row[m->start[k]]] = aims[k] > values[m->row[m->start[k]]];
        for (uint32_t k = 0; k < m->columns; k++) {
                int64_t exact = 0;

                for (size_t i = m->start[k]; i < m->start[k + 1]; i++) {
                        uint32_t row = m->row[i];

                        exact += values[row];
                        a->off[k] += (r->up[row] ? (int64_t)r->base : 0) - r->part[row];
                }
                a->aim[k] = aims[k] - exact;
                a->price += price_at(a, k, a->off[k]);
                note_place(a, k);
        }
}

static enum err new_columns(struct arena *arena, size_t len, struct columns *out)
{
        out->list = arena_alloc(arena, len, sizeof *out->list);
        out->place_of = arena_alloc(arena, len, sizeof *out->place_of);
        return out->list == NULL || out->place_of == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err rounding_aims(
        struct rounding *r, const int64_t *values, const int64_t *aims, const uint32_t *weights)
{
        struct aiming a = {.r = r, .weights = weights};
        size_t columns = (size_t)r->model->columns + 1, rows = (size_t)r->model->rows + 1;

        a.patience = PATIENCE + 2 * (uint64_t)r->model->columns;
        a.off = arena_alloc(r->arena, columns, sizeof *a.off);
        a.aim = arena_alloc(r->arena, columns, sizeof *a.aim);
        TRY(new_columns(r->arena, columns, &a.far));
        TRY(new_columns(r->arena, columns, &a.beyond));
        a.rests_until = arena_alloc(r->arena, rows, sizeof *a.rests_until);
        a.turned = arena_alloc(r->arena, a.patience + 1, sizeof *a.turned);
        if (a.off == NULL || a.aim == NULL || a.rests_until == NULL || a.turned == NULL)
                return ERR_NO_MEMORY;
        begin(&a, values, aims);
        a.best_price = a.price;
        search(&a);
        return ERR_OK;
}
