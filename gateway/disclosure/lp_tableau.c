/* SPDX-License-Identifier: Apache-2.0 */
/* lp_tableau.c: the simplex method as it was first written down, in whole numbers.
 *
 * Clp begins every answer by factoring its basis, a millisecond for what a table of three
 * thousand cells hides. The auditor asks hundreds of questions that differ by one cost, and
 * each needs a handful of steps: with the tableau at hand a step is one pass over it. What a
 * table hides has few degrees of freedom: hundreds of unknowns, tens of free variables.
 *
 * All entries have one denominator, the pivot of the step before, and are whole numbers
 * above it (Edmonds 1967, Bareiss 1968: the division in every step leaves no rest). They are
 * kept as doubles, which are exact up to 2^53 and which the machine multiplies fastest; a
 * number beyond is noticed, and the program given up for Clp to answer. So nothing here is
 * ever rounded, and an answer is as true as the additions it rests on.
 *
 * What surprised us: in ordinary floating point the same tableau was wrong after two hundred
 * steps. Tables of four dimensions have corners in parts of seventy-six.
 *
 * Bounds on all variables, phase one by the sum of what is out of bounds (so that changed
 * bounds go on from where it stood), the steepest entering variable, and after many steps of
 * length zero the first by number (Bland 1977), which cannot run in circles. */
#include "gateway/disclosure/lp_tableau.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/disclosure/lp_lanes.h"

/* Entries of the matrix it is meant for. */
#define TABLEAU_ENTRIES ((uint64_t)8 << 20)

/* Steps of length zero before the rule changes; and steps of one answer, beyond reason. */
enum { PATIENCE = 400, STEPS_MAX = 20000 };
/* Whole steps of one edge that are looked at. */
enum { TRIES = 4 };

struct tableau {
        struct arena *arena;
        uint32_t columns;   /* asked for; then one for every row that is not an equation */
        uint32_t variables; /* all of them */
        uint32_t basic_len, free_len;
        size_t stride; /* of rows of entries: constant, free variables, zeros */
        /* Of basic variables: what they are now, then the change by each free one; over
         * `denominator`. */
        double *entry, denominator;
        uint32_t *basic, *freed;   /* which variables */
        double *low, *high, *cost; /* of variables */
        double *rest;              /* of free variables: their values, always at a bound */
        double *value;             /* of variables, for who asks */
        /* What the sum of costs is, then its change by each free one: a row like the others,
         * while it is `sloped`. */
        double *slope;
        bool sloped;
        /* What each variable that was basic at first was made of: those rows of the program that
         * said something new, over the denominator of then. */
        uint32_t rows_len, first_len, *first, *row;
        double *made_of, first_denominator;
        double *price, *reduced; /* for who asks */
        uint64_t iterations;
        bool infeasible; /* equations contradict one another */
        bool overflow;
};

static double *row_of(const struct tableau *t, uint32_t i)
{
        return t->entry + (size_t)i * t->stride;
}

/* Equations -------------------------------------------------------------------------------- */

/* Equations that say something new, over one denominator, a dense row each: what it comes to,
 * variables, and which of these equations it is made of. */
struct equations {
        uint32_t len, most, width;
        size_t stride;
        double *entry, denominator;
        uint32_t *count; /* of variables: equations they stand in */
        uint32_t *pivot; /* of equations */
        uint32_t *row;   /* of equations: which of the program's rows */
};

static uint32_t rank_most(uint32_t rows, uint32_t variables)
{
        return rows < variables ? rows : variables;
}

static enum err equations_new(
        struct tableau *t, struct arena *arena, const struct lp_rows *rows, struct equations *q)
{
        q->most = rank_most(rows->len, t->variables);
        q->width = t->variables + 1;
        q->stride = lanes_padded((size_t)q->width + q->most);
        q->denominator = 1;
        q->entry = arena_alloc(arena, ((size_t)q->most + 1) * q->stride + LANE, sizeof *q->entry);
        q->count = arena_alloc(arena, q->width, sizeof *q->count);
        q->pivot = arena_alloc(arena, q->most, sizeof *q->pivot);
        q->row = arena_alloc(arena, q->most, sizeof *q->row);
        if (q->entry == NULL || q->count == NULL || q->pivot == NULL || q->row == NULL)
                return ERR_NO_MEMORY;
        q->entry = lanes_aligned(q->entry);
        for (int k = 0; k < rows->start[rows->len]; k++)
                q->count[1 + rows->column[k]]++;
        for (uint32_t v = t->columns; v < t->variables; v++)
                q->count[1 + v] = 1;
        return ERR_OK;
}

static double *equation_of(const struct equations *q, uint32_t i)
{
        return q->entry + (size_t)i * q->stride;
}

/* A row of the program, times the denominator. */
static void equation_write(struct tableau *t, struct equations *q, const struct lp_rows *rows,
        uint32_t i, uint32_t *slack)
{
        double *row = equation_of(q, q->len);

        memset(row, 0, q->stride * sizeof *row);
        for (int k = rows->start[i]; k < rows->start[i + 1]; k++)
                row[1 + rows->column[k]] = rows->value[k] * q->denominator;
        if (rows->low[i] < rows->high[i]) {
                row[1 + *slack] = -q->denominator;
                t->low[*slack] = rows->low[i];
                t->high[(*slack)++] = rows->high[i];
        } else {
                row[0] = rows->low[i] * q->denominator;
                t->overflow |= fabs(row[0]) >= LANES_EXACT;
        }
        if (q->len < q->most)
                row[q->width + q->len] = q->denominator;
}

/* Without what the equations before it say. */
static void equation_reduce(struct tableau *t, const struct equations *q)
{
        double *row = equation_of(q, q->len);

        for (uint32_t i = 0; i < q->len; i++) {
                double times = row[q->pivot[i]] / q->denominator;

                if (times != 0)
                        t->overflow |=
                                !lanes_combine(row, equation_of(q, i), q->stride, 1, times, 1);
        }
}

/* Rather one that leaves the denominator, and stands in few others; 0: none. */
static uint32_t pivot_of(const struct equations *q, const double *row)
{
        uint32_t best = 0, best_rank = UINT32_MAX;

        for (uint32_t v = 1; v < q->width; v++) {
                if (row[v] == 0)
                        continue;
                uint32_t rank = q->count[v] + (fabs(row[v]) == q->denominator ? 0 : 1U << 30);
                if (rank < best_rank) {
                        best = v;
                        best_rank = rank;
                }
        }
        return best;
}

/* The pivot goes from the equations before it. */
static void equation_solve(struct tableau *t, struct equations *q, uint32_t pivot)
{
        double *row = equation_of(q, q->len), sign = row[pivot] < 0 ? -1 : 1;

        for (size_t v = 0; v < q->stride; v++)
                row[v] *= sign;
        double by = row[pivot];
        for (uint32_t i = 0; i < q->len; i++) {
                double *other = equation_of(q, i), times = other[pivot];

                if (times != 0 || by != q->denominator)
                        t->overflow |=
                                !lanes_combine(other, row, q->stride, by, times, q->denominator);
        }
        q->denominator = by;
        q->pivot[q->len++] = pivot;
}

/* Each equation gives one variable in terms of the others (Gauss and Jordan). */
static void equations_solve(struct tableau *t, struct equations *q, const struct lp_rows *rows)
{
        uint32_t slack = t->columns;

        for (uint32_t i = 0; i < rows->len && !t->overflow; i++) {
                equation_write(t, q, rows, i, &slack);
                equation_reduce(t, q);
                uint32_t pivot = pivot_of(q, equation_of(q, q->len));
                if (pivot == 0) {
                        t->infeasible |= equation_of(q, q->len)[0] != 0;
                        continue;
                }
                q->row[q->len] = i;
                equation_solve(t, q, pivot);
        }
        t->basic_len = q->len;
}

static double resting(const struct tableau *t, uint32_t v)
{
        if (t->low[v] > -LP_INFINITY)
                return t->low[v];
        return t->high[v] < LP_INFINITY ? t->high[v] : 0;
}

static enum err made_of_keep(struct tableau *t, const struct equations *q, uint32_t rows)
{
        t->rows_len = rows;
        t->first_len = q->len;
        t->first = arena_alloc(t->arena, q->len, sizeof *t->first);
        t->row = arena_alloc_raw(t->arena, q->len, sizeof *t->row);
        t->made_of = arena_alloc_raw(t->arena, (size_t)q->len * q->len, sizeof *t->made_of);
        t->price = arena_alloc(t->arena, rows, sizeof *t->price);
        t->reduced = arena_alloc(t->arena, t->variables, sizeof *t->reduced);
        if (t->first == NULL || t->row == NULL || t->made_of == NULL || t->price == NULL ||
                t->reduced == NULL)
                return ERR_NO_MEMORY;
        t->first_denominator = q->denominator;
        memcpy(t->row, q->row, q->len * sizeof *t->row);
        for (uint32_t i = 0; i < q->len; i++) {
                memcpy(t->made_of + (size_t)i * q->len, equation_of(q, i) + q->width,
                        q->len * sizeof *t->made_of);
                t->first[i] = q->pivot[i] - 1;
        }
        return ERR_OK;
}

/* What basic variables are while the free ones rest: from then on it is kept up. */
static enum err sums_make(struct tableau *t)
{
        double *at_rest = arena_alloc(t->arena, t->stride + LANE, sizeof *at_rest);

        if (at_rest == NULL)
                return ERR_NO_MEMORY;
        at_rest = lanes_aligned(at_rest);
        at_rest[0] = 1;
        memcpy(at_rest + 1, t->rest, t->free_len * sizeof *at_rest);
        for (uint32_t i = 0; i < t->basic_len; i++) {
                double size, *row = row_of(t, i);

                row[0] = lanes_product(row, at_rest, t->stride, &size);
                t->overflow |= size >= LANES_EXACT;
        }
        return ERR_OK;
}

static enum err tableau_fill(struct tableau *t, const struct equations *q)
{
        bool *is_basic = arena_alloc(t->arena, q->width, sizeof *is_basic);
        uint32_t at = 0;

        t->denominator = q->denominator;
        t->free_len = t->variables - t->basic_len;
        t->stride = lanes_padded((size_t)t->free_len + 1);
        t->entry = arena_alloc(t->arena, t->basic_len * t->stride + LANE, sizeof *t->entry);
        t->slope = arena_alloc(t->arena, t->stride + LANE, sizeof *t->slope);
        if (is_basic == NULL || t->entry == NULL || t->slope == NULL)
                return ERR_NO_MEMORY;
        t->entry = lanes_aligned(t->entry);
        t->slope = lanes_aligned(t->slope);
        for (uint32_t i = 0; i < q->len; i++)
                is_basic[q->pivot[i]] = true;
        for (uint32_t v = 0; v < t->variables; v++)
                if (!is_basic[v + 1]) {
                        t->rest[at] = resting(t, v);
                        t->freed[at++] = v;
                }
        at = 0;
        for (uint32_t i = 0; i < q->len; i++) {
                const double *row = equation_of(q, i);

                row_of(t, at)[0] = row[0];
                for (uint32_t k = 0; k < t->free_len; k++)
                        row_of(t, at)[k + 1] = -row[t->freed[k] + 1];
                t->basic[at++] = q->pivot[i] - 1;
        }
        return sums_make(t);
}

static enum err allocate(struct tableau *t, const double *low, const double *high)
{
        t->low = arena_alloc(t->arena, t->variables, sizeof *t->low);
        t->high = arena_alloc(t->arena, t->variables, sizeof *t->high);
        t->cost = arena_alloc(t->arena, t->variables, sizeof *t->cost);
        t->rest = arena_alloc(t->arena, t->variables, sizeof *t->rest);
        t->value = arena_alloc(t->arena, t->variables, sizeof *t->value);
        t->basic = arena_alloc(t->arena, t->variables, sizeof *t->basic);
        t->freed = arena_alloc(t->arena, t->variables, sizeof *t->freed);
        if (t->low == NULL || t->high == NULL || t->cost == NULL || t->rest == NULL ||
                t->value == NULL || t->basic == NULL || t->freed == NULL)
                return ERR_NO_MEMORY;
        memcpy(t->low, low, t->columns * sizeof *low);
        memcpy(t->high, high, t->columns * sizeof *high);
        return ERR_OK;
}

static enum err tableau_build(
        struct tableau *t, const double *low, const double *high, const struct lp_rows *rows)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
        struct equations q = {0};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < rows->len; i++)
                t->variables += rows->low[i] < rows->high[i];
        TRY(allocate(t, low, high));
        TRY(equations_new(t, scratch, rows, &q));
        equations_solve(t, &q, rows);
        TRY(made_of_keep(t, &q, rows->len));
        return tableau_fill(t, &q);
}

bool tableau_holds(uint32_t columns, const struct lp_rows *rows)
{
        uint64_t variables = columns, rank;

        for (uint32_t i = 0; i < rows->len; i++)
                variables += rows->low[i] < rows->high[i];
        rank = rows->len < variables ? rows->len : variables;
        return rank * (variables + rank) <= TABLEAU_ENTRIES;
}

enum err tableau_new(uint32_t columns, const double *low, const double *high,
        const struct lp_rows *rows, struct tableau **out)
{
        OWNED(tableau_free) struct tableau *t = NULL;
        struct arena *arena = arena_new(SIZE_MAX);

        if (arena == NULL)
                return ERR_NO_MEMORY;
        t = arena_alloc(arena, 1, sizeof *t);
        if (t == NULL) {
                arena_free(&arena);
                return ERR_NO_MEMORY;
        }
        t->arena = arena;
        t->columns = t->variables = columns;
        TRY(tableau_build(t, low, high, rows));
        *out = t;
        t = NULL;
        return ERR_OK;
}

void tableau_free(struct tableau **t)
{
        if (t == NULL || *t == NULL)
                return;
        struct arena *arena = (*t)->arena;

        *t = NULL;
        arena_free(&arena);
}

/* Steps ------------------------------------------------------------------------------------ */

/* -1: below its bounds, 1: above. */
static int out_of_bounds(const struct tableau *t, uint32_t i)
{
        uint32_t v = t->basic[i];
        double sum = row_of(t, i)[0];

        if (t->low[v] > -LP_INFINITY && sum < t->low[v] * t->denominator)
                return -1;
        return t->high[v] < LP_INFINITY && sum > t->high[v] * t->denominator;
}

/* The sum of costs; in phase one, of what is out of bounds: then it is made again each time. */
static bool slopes_make(struct tableau *t)
{
        bool feasible = true;

        if (t->sloped)
                return true;
        memset(t->slope, 0, t->stride * sizeof *t->slope);
        for (uint32_t i = 0; i < t->basic_len; i++) {
                int out = out_of_bounds(t, i);

                if (out != 0)
                        lanes_add(t->slope, row_of(t, i), t->stride, out);
                feasible = feasible && out == 0;
        }
        if (!feasible)
                return false;
        for (uint32_t i = 0; i < t->basic_len; i++)
                if (t->cost[t->basic[i]] != 0)
                        lanes_add(t->slope, row_of(t, i), t->stride, t->cost[t->basic[i]]);
        for (uint32_t k = 0; k < t->free_len; k++)
                t->slope[k + 1] += t->cost[t->freed[k]] * t->denominator;
        t->sloped = true;
        return true;
}

/* Which free variable should move, and whereto; UINT32_MAX: none. */
static uint32_t entering(const struct tableau *t, bool first, double *turn)
{
        uint32_t best = UINT32_MAX;
        double most = 0;

        for (uint32_t k = 0; k < t->free_len; k++) {
                uint32_t v = t->freed[k];
                double slope = t->slope[k + 1];
                bool can = slope < 0 ? t->rest[k] < t->high[v] : t->rest[k] > t->low[v];

                if (!can || slope == 0)
                        continue;
                if (best != UINT32_MAX && (first ? v > t->freed[best] : fabs(slope) <= most))
                        continue;
                best = k;
                most = fabs(slope);
                *turn = slope < 0 ? 1 : -1;
        }
        return best;
}

/* How far a basic variable lets the step go, and at which of its bounds it would stay. Two
 * quotients of whole numbers this small are the same double only where they are equal. */
static double room_of(const struct tableau *t, uint32_t i, double rate, double *end)
{
        uint32_t v = t->basic[i];
        int out = out_of_bounds(t, i);

        if (rate > 0)
                *end = out < 0 ? t->low[v] : out > 0 ? LP_INFINITY : t->high[v];
        else
                *end = out > 0 ? t->high[v] : out < 0 ? -LP_INFINITY : t->low[v];
        if (*end >= LP_INFINITY || *end <= -LP_INFINITY)
                return LP_INFINITY;
        return (*end * t->denominator - row_of(t, i)[0]) / rate;
}

struct step {
        uint32_t enters, leaves; /* leaves UINT32_MAX: the entering one meets its own bound */
        double turn, length, end;
};

static void leaving(const struct tableau *t, bool first, struct step *s)
{
        uint32_t v = t->freed[s->enters];
        double best = 0;

        s->leaves = UINT32_MAX;
        s->end = s->turn > 0 ? t->high[v] : t->low[v];
        s->length = fabs(s->end) >= LP_INFINITY ? LP_INFINITY : fabs(s->end - t->rest[s->enters]);
        for (uint32_t i = 0; i < t->basic_len; i++) {
                double rate = row_of(t, i)[s->enters + 1] * s->turn, end;

                if (rate == 0)
                        continue;
                double room = room_of(t, i, rate, &end);
                if (room >= LP_INFINITY || room > s->length)
                        continue;
                if (room == s->length && s->leaves == UINT32_MAX)
                        continue;
                if (room == s->length &&
                        (first ? t->basic[i] > t->basic[s->leaves] : fabs(rate) >= best))
                        continue;
                s->leaves = i;
                s->length = room;
                s->end = end;
                best = fabs(rate);
        }
}

static void row_combine(struct tableau *t, double *other, const double *row, uint32_t e, double by)
{
        double times = other[e];

        if (times == 0 && by == t->denominator)
                return;
        other[e] = 0;
        t->overflow |= !lanes_combine(other, row, t->stride, by, -times, t->denominator);
}

/* The entering variable in terms of the leaving one, put into all others. What a row is now is
 * carried along like a variable: that of the leaving row, less the end it goes to, is zero. */
static void pivot(struct tableau *t, const struct step *s)
{
        uint32_t e = s->enters + 1, variable = t->basic[s->leaves];
        double *row = row_of(t, s->leaves), by = row[e], over = t->denominator;

        row[0] -= s->end * over;
        for (uint32_t k = 0; k <= t->free_len && by > 0; k++)
                row[k] = -row[k];
        row[e] = by > 0 ? over : -over;
        by = fabs(by);
        for (uint32_t i = 0; i < t->basic_len; i++)
                if (i != s->leaves)
                        row_combine(t, row_of(t, i), row, e, by);
        if (t->sloped)
                row_combine(t, t->slope, row, e, by);
        row[0] += t->rest[s->enters] * by;
        t->overflow |= fabs(row[0]) >= LANES_EXACT;
        t->denominator = by;
        t->basic[s->leaves] = t->freed[s->enters];
        t->freed[s->enters] = variable;
}

/* A free variable goes to another bound, and takes all others along. */
static void rest_move(struct tableau *t, uint32_t k, double to)
{
        double by = to - t->rest[k];

        for (uint32_t i = 0; i < t->basic_len && by != 0; i++) {
                double *row = row_of(t, i), more = row[k + 1] * by;

                row[0] += more;
                t->overflow |= fabs(more) >= LANES_EXACT || fabs(row[0]) >= LANES_EXACT;
        }
        t->slope[0] += t->slope[k + 1] * by;
        t->rest[k] = to;
}

static void move(struct tableau *t, const struct step *s)
{
        if (s->leaves == UINT32_MAX) {
                rest_move(t, s->enters, s->end);
                return;
        }
        pivot(t, s);
        t->rest[s->enters] = s->end;
}

static void values_here(struct tableau *t)
{
        for (uint32_t k = 0; k < t->free_len; k++)
                t->value[t->freed[k]] = t->rest[k];
        for (uint32_t i = 0; i < t->basic_len; i++)
                t->value[t->basic[i]] = row_of(t, i)[0] / t->denominator;
}

/* Is every basic variable whole when the entering one has gone so far? */
static bool whole_after(const struct tableau *t, const struct step *s, double far)
{
        for (uint32_t i = 0; i < t->basic_len; i++) {
                const double *row = row_of(t, i);

                if (fmod(row[0] + row[s->enters + 1] * s->turn * far, t->denominator) != 0)
                        return false;
        }
        return true;
}

static void values_after(struct tableau *t, const struct step *s, double far)
{
        for (uint32_t k = 0; k < t->free_len; k++)
                t->value[t->freed[k]] = t->rest[k];
        t->value[t->freed[s->enters]] += s->turn * far;
        for (uint32_t i = 0; i < t->basic_len; i++) {
                const double *row = row_of(t, i);

                t->value[t->basic[i]] =
                        (row[0] + row[s->enters + 1] * s->turn * far) / t->denominator;
        }
}

/* A step that leads past `enough` may do so at a whole number of everything: on the way, or at
 * its end. */
static bool reaches(struct tableau *t, const struct step *s, double enough)
{
        double now = tableau_objective(t), each = fabs(t->slope[s->enters + 1]) / t->denominator;
        double least = fmax(ceil((now - enough) / each - 1e-9), 0);
        double most = floor(s->length + 1e-9);

        for (int tried = 0; tried < TRIES && least + tried <= most; tried++)
                if (whole_after(t, s, least + tried)) {
                        values_after(t, s, least + tried);
                        return true;
                }
        return false;
}

enum lp_outcome tableau_solve(struct tableau *t, uint64_t iterations_max, double enough)
{
        uint32_t idle = 0;

        for (uint32_t step = 0; step < STEPS_MAX; step++) {
                struct step s = {0};

                if (t->overflow)
                        return LP_FAILED;
                if (t->infeasible)
                        return LP_INFEASIBLE;
                bool feasible = slopes_make(t);
                s.enters = entering(t, idle > PATIENCE, &s.turn);
                if (s.enters == UINT32_MAX) {
                        values_here(t);
                        return feasible ? LP_OPTIMAL : LP_INFEASIBLE;
                }
                if (step >= iterations_max)
                        return LP_LIMIT;
                t->iterations++;
                leaving(t, idle > PATIENCE, &s);
                if (s.length >= LP_INFINITY)
                        return feasible ? LP_UNBOUNDED : LP_FAILED;
                if (feasible && enough > -LP_INFINITY && reaches(t, &s, enough))
                        return LP_ENOUGH;
                idle = s.length > 0 ? 0 : idle + 1;
                move(t, &s);
        }
        return LP_FAILED;
}

/* Changes and looks ------------------------------------------------------------------------ */

void tableau_cost(struct tableau *t, uint32_t column, double cost)
{
        t->sloped = t->sloped && t->cost[column] == cost;
        t->cost[column] = cost;
}

/* A free variable rests at one of its bounds. */
void tableau_bounds(struct tableau *t, uint32_t column, double low, double high)
{
        t->sloped = false;
        t->low[column] = low;
        t->high[column] = high;
        for (uint32_t k = 0; k < t->free_len; k++)
                if (t->freed[k] == column && t->rest[k] != low && t->rest[k] != high)
                        rest_move(t, k, resting(t, column));
}

double tableau_objective(const struct tableau *t)
{
        double sum = 0;

        for (uint32_t k = 0; k < t->free_len; k++)
                sum += t->cost[t->freed[k]] * t->rest[k];
        for (uint32_t i = 0; i < t->basic_len; i++)
                sum += t->cost[t->basic[i]] * row_of(t, i)[0] / t->denominator;
        return sum;
}

const double *tableau_values(const struct tableau *t)
{
        return t->value;
}

const double *tableau_reduced(const struct tableau *t)
{
        memset(t->reduced, 0, t->variables * sizeof *t->reduced);
        for (uint32_t k = 0; k < t->free_len; k++)
                t->reduced[t->freed[k]] = t->slope[k + 1] / t->denominator;
        return t->reduced;
}

/* Costs are what their rows' prices come to, and what is reduced. So the prices of rows are
 * told by the variables that were basic at first, each of which was one combination of rows. */
const double *tableau_prices(const struct tableau *t)
{
        const double *reduced = tableau_reduced(t);

        memset(t->price, 0, t->rows_len * sizeof *t->price);
        for (uint32_t i = 0; i < t->first_len; i++) {
                uint32_t v = t->first[i];
                double times = (t->cost[v] - reduced[v]) / t->first_denominator;

                for (uint32_t r = 0; r < t->first_len && times != 0; r++)
                        t->price[t->row[r]] += times * t->made_of[(size_t)i * t->first_len + r];
        }
        return t->price;
}

uint64_t tableau_iterations(const struct tableau *t)
{
        return t->iterations;
}
