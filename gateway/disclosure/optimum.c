/* SPDX-License-Identifier: Apache-2.0 */
/* optimum.c: branch and cut over which cells are hidden.
 *
 * One variable between 0 and 1 for every cell that may go with a neighbour. Wherever a
 * protected cell is a combination of cells that may be published, one of those at least has
 * to be hidden: that is a cut, and all such cuts together are the problem. A second kind
 * says that a cell is not hidden in vain: where it is a combination of others, hiding it
 * means hiding one of them too (bridgeless inequalities of Fischetti & Salazar-González).
 * Both are found by reducing the matrix with the cells the program publishes first
 * (optimum_circuits.c). No bound on the size of any coefficient is needed.
 *
 * Patterns come from the elimination, given the program's wishes as its order, so what is
 * found is what suppress.c could have found, proved by the same witness. The programs'
 * floating point decides where to look and what is cut off, with a margin of a thousandth
 * of the smallest step between costs.
 *
 * We do not call Cbc: it takes the process's interrupt signal for itself while it works.
 *
 * Cells of contributors who are alone are heeded by the elimination but not by the cuts, so
 * with such cells the bound is one, and may not be reached. */
#include "gateway/disclosure/optimum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/lp.h"
#include "gateway/disclosure/optimum_circuits.h"
#include "gateway/disclosure/witness.h"

enum {
        NODES_DEFAULT = 2000,
        CELLS_DEFAULT = 400,
        ONLY_BOUNDED = 4,  /* times as many columns are bounded, more are not */
        ROOT_ROUNDS = 200, /* of cuts */
        NODE_ROUNDS = 12,
        TURNS = 3, /* bases per round */
        CUTS_MAX = 20000
};
#define MARGIN   1e-3
#define VIOLATED 1e-3

struct search {
        struct arena *arena;
        const struct model *model;
        const struct optimum_options *options;
        struct circuits *circuits;
        struct lp *lp;
        double *weight;  /* of columns: what the program hides, 0 to 1 */
        uint32_t *order; /* of candidates, for the elimination */
        uint8_t *best;   /* enum fate, of columns */
        uint64_t best_cost;
        struct suppress_result proof; /* of the best: how it was proved */
        double root;                  /* what the program says of the whole */
        uint32_t nodes, cuts;
        bool ended, better, inexact;
};

static bool is_variable(const struct model *m, uint32_t c)
{
        return m->column[c].open && !m->column[c].protect && !m->column[c].known;
}

/* Cuts ------------------------------------------------------------------------------------- */

struct cut {
        int start[2];
        int *column;
        double *value, low, high;
        double slack; /* how far the program is from it */
};

/* At least one of a circuit is hidden; where `own` is a variable, only if it is hidden. */
static bool cut_make(
        const struct search *s, const uint32_t *circuit, size_t len, uint32_t own, struct cut *cut)
{
        const struct model *m = s->model;
        bool variable = is_variable(m, own);
        int at = 0;

        cut->low = variable ? 0 : 1;
        cut->high = LP_INFINITY;
        cut->slack = variable ? -s->weight[own] : -1;
        for (size_t i = 0; i < len; i++) {
                if (!is_variable(m, circuit[i]))
                        continue;
                cut->column[at] = (int)circuit[i];
                cut->value[at++] = 1;
                cut->slack += s->weight[circuit[i]];
        }
        if (variable && at == 0)
                return false;
        if (variable) {
                cut->column[at] = (int)own;
                cut->value[at++] = -1;
        }
        cut->start[0] = 0;
        cut->start[1] = at;
        return at > 0 && cut->slack < -VIOLATED;
}

/* Cuts that the program violates, of one basis. */
static enum err cuts_of_basis(struct search *s, struct cut *cut, uint32_t *found)
{
        for (uint32_t c = 0; c < s->model->columns; c++) {
                const uint32_t *circuit;
                bool asks = s->model->column[c].protect || s->weight[c] > VIOLATED;

                if (!asks || s->cuts >= CUTS_MAX)
                        continue;
                size_t len = circuits_of(s->circuits, c, &circuit);
                if (len == 0 || !cut_make(s, circuit, len, c, cut))
                        continue;
                const struct lp_rows row = {
                        1, cut->start, cut->column, cut->value, &cut->low, &cut->high};
                TRY(lp_add(s->lp, &row));
                s->cuts++;
                ++*found;
        }
        return ERR_OK;
}

static enum err cuts_add(struct search *s, uint64_t turn, uint32_t *found)
{
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        struct cut cut = {0};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        cut.column = arena_alloc_raw(arena, (size_t)s->model->rows + 1, sizeof *cut.column);
        cut.value = arena_alloc_raw(arena, (size_t)s->model->rows + 1, sizeof *cut.value);
        if (cut.column == NULL || cut.value == NULL)
                return ERR_NO_MEMORY;
        *found = 0;
        for (uint64_t i = 0; i < TURNS; i++) {
                circuits_find(s->circuits, s->weight, turn * TURNS + i);
                TRY(cuts_of_basis(s, &cut, found));
        }
        return ERR_OK;
}

/* Patterns --------------------------------------------------------------------------------- */

struct wish {
        double weight;
        uint64_t want;
        uint32_t column;
};

/* What the program publishes comes first, what is wanted more before what is less. */
static int by_wish(const void *x, const void *y)
{
        const struct wish *a = x, *b = y;

        if (a->weight != b->weight)
                return a->weight < b->weight ? -1 : 1;
        if (a->want != b->want)
                return a->want > b->want ? -1 : 1;
        return (a->column > b->column) - (a->column < b->column);
}

static void best_take(
        struct search *s, struct elimination *e, uint64_t cost, const struct witness_report *report)
{
        memcpy(s->best, elimination_fates(e), s->model->columns);
        s->best_cost = cost;
        s->proof.whole = report->whole;
        s->proof.modular = report->modular;
        s->better = true;
}

/* The program's wishes as an order: a pattern, and its proof where it is the cheapest. */
static enum err pattern_try(struct search *s, uint64_t *cost)
{
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        OWNED(elimination_free) struct elimination *e = NULL;
        const struct model *m = s->model;
        struct witness_report report;
        uint32_t len = 0;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        struct wish *wish = arena_alloc_raw(arena, m->columns, sizeof *wish);
        if (wish == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t c = 0; c < m->columns; c++)
                if (is_variable(m, c))
                        wish[len++] = (struct wish){s->weight[c], m->column[c].want, c};
        qsort(wish, len, sizeof *wish, by_wish);
        for (uint32_t i = 0; i < len; i++)
                s->order[i] = wish[i].column;
        TRY(elimination_run(m, s->order, len, 0, SIZE_MAX, &e));
        struct elimination_stats stats = elimination_stats(e);
        *cost = stats.cost;
        if (stats.cost >= s->best_cost)
                return ERR_OK;
        TRY(witness_prove(e, m, &report));
        if (report.unproved <= stats.exposed)
                best_take(s, e, stats.cost, &report);
        return ERR_OK;
}

/* Programs --------------------------------------------------------------------------------- */

static bool hopeless(const struct search *s)
{
        return ceil(lp_objective(s->lp) - MARGIN) >= (double)s->best_cost;
}

static void weights_take(struct search *s)
{
        const double *value = lp_values(s->lp);

        for (uint32_t c = 0; c < s->model->columns; c++) {
                double w = is_variable(s->model, c) ? value[c] : 0;

                s->weight[c] = w < VIOLATED ? 0 : w > 1 - VIOLATED ? 1 : w;
        }
}

/* Solves and cuts until nothing is violated, or nothing better is left. */
static enum err tighten(struct search *s, uint32_t rounds, enum lp_outcome *outcome)
{
        for (uint32_t round = 0; round < rounds; round++) {
                uint32_t found;

                if (s->options->cancel != NULL && atomic_load(s->options->cancel))
                        return ERR_CANCELLED;
                *outcome = lp_solve(s->lp, LP_AFTER_BOUNDS, UINT64_MAX);
                if (*outcome != LP_OPTIMAL)
                        return ERR_OK;
                weights_take(s);
                if (hopeless(s))
                        return ERR_OK;
                TRY(cuts_add(s, round, &found));
                if (found == 0)
                        return ERR_OK;
        }
        *outcome = lp_solve(s->lp, LP_AFTER_BOUNDS, UINT64_MAX);
        if (*outcome == LP_OPTIMAL)
                weights_take(s);
        return ERR_OK;
}

static uint32_t branching_column(const struct search *s)
{
        uint32_t best = MODEL_EMPTY;
        double most = 0;

        for (uint32_t c = 0; c < s->model->columns; c++) {
                double off = fmin(s->weight[c], 1 - s->weight[c]) *
                             (double)(s->model->column[c].cost + 1);

                if (off <= most)
                        continue;
                most = off;
                best = c;
        }
        return best;
}

static enum err node(struct search *s, uint32_t rounds);

static enum err branch(struct search *s, uint32_t column)
{
        bool up = s->weight[column] >= 0.5;

        for (int turn = 0; turn < 2; turn++, up = !up) {
                lp_bounds(s->lp, column, up ? 1 : 0, up ? 1 : 0);
                enum err err = node(s, NODE_ROUNDS);
                lp_bounds(s->lp, column, 0, 1);
                TRY(err);
        }
        return ERR_OK;
}

/* A program that hides whole cells and violates nothing: its pattern costs no more, but
 * where contributors who are alone have a say. */
static enum err leaf(struct search *s)
{
        double says = lp_objective(s->lp);
        uint64_t cost;

        TRY(pattern_try(s, &cost));
        s->inexact |= (double)cost > says + 0.5;
        return ERR_OK;
}

static enum err node(struct search *s, uint32_t rounds)
{
        uint32_t most = s->options->nodes_max == 0 ? NODES_DEFAULT : s->options->nodes_max;
        enum lp_outcome outcome = LP_FAILED;
        uint64_t cost;

        if (s->nodes >= most || s->ended) {
                s->ended = true;
                return ERR_OK;
        }
        s->nodes++;
        TRY(tighten(s, rounds, &outcome));
        if (outcome == LP_INFEASIBLE)
                return ERR_OK;
        if (outcome != LP_OPTIMAL) {
                s->ended = true;
                return ERR_OK;
        }
        if (hopeless(s))
                return ERR_OK;
        uint32_t column = branching_column(s);
        if (column == MODEL_EMPTY && s->cuts < CUTS_MAX)
                return leaf(s);
        TRY(pattern_try(s, &cost));
        if (column == MODEL_EMPTY)
                s->ended = true;
        return column == MODEL_EMPTY || hopeless(s) ? ERR_OK : branch(s, column);
}

/* All the search there is -------------------------------------------------------------------- */

static enum err program_new(struct search *s)
{
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        const struct model *m = s->model;
        const int start[2] = {0, (int)m->columns};
        const double least = 0, most = LP_INFINITY;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        double *low = arena_alloc(arena, m->columns, sizeof *low);
        double *high = arena_alloc(arena, m->columns, sizeof *high);
        int *all = arena_alloc(arena, m->columns, sizeof *all);
        double *one = arena_alloc(arena, m->columns, sizeof *one);
        if (low == NULL || high == NULL || all == NULL || one == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t c = 0; c < m->columns; c++) {
                high[c] = is_variable(m, c);
                all[c] = (int)c;
                one[c] = 1;
        }
        /* Clp does not bear a program without rows. */
        const struct lp_rows rows = {1, start, all, one, &least, &most};
        TRY(lp_new(m->columns, low, high, &rows, &s->lp));
        for (uint32_t c = 0; c < m->columns; c++)
                if (is_variable(m, c))
                        lp_cost(s->lp, c, (double)m->column[c].cost);
        return ERR_OK;
}

static enum err search_all(struct search *s, bool only_bound)
{
        enum lp_outcome outcome = LP_FAILED;
        uint64_t cost;

        TRY(circuits_new(s->arena, s->model, &s->circuits));
        TRY(program_new(s));
        TRY(tighten(s, ROOT_ROUNDS, &outcome));
        s->root = outcome == LP_OPTIMAL ? lp_objective(s->lp) : 0;
        s->ended = only_bound || outcome != LP_OPTIMAL;
        if (outcome == LP_OPTIMAL)
                TRY(pattern_try(s, &cost));
        return s->ended ? ERR_OK : node(s, ROOT_ROUNDS);
}

static enum err search_init(struct search *s, const struct suppress_result *start)
{
        const struct model *m = s->model;

        s->weight = arena_alloc(s->arena, m->columns, sizeof *s->weight);
        s->order = arena_alloc_raw(s->arena, m->columns, sizeof *s->order);
        s->best = arena_alloc(s->arena, m->columns, sizeof *s->best);
        if (s->weight == NULL || s->order == NULL || s->best == NULL)
                return ERR_NO_MEMORY;
        s->best_cost = start->cost;
        return ERR_OK;
}

static enum err pattern_write(const struct search *s, const struct suppress_result *start,
        struct arena *arena, struct suppress_result *out)
{
        const struct model *m = s->model;

        *out = *start;
        if (!s->better)
                return ERR_OK;
        out->status = arena_alloc(arena, m->cells, sizeof *out->status);
        if (out->status == NULL)
                return ERR_NO_MEMORY;
        out->cost = s->best_cost;
        out->whole = s->proof.whole;
        out->modular = s->proof.modular;
        out->secondary = 0;
        for (size_t i = 0; i < m->cells; i++) {
                uint32_t c = m->column_of[i];

                out->status[i] = start->status[i];
                if (c < m->columns && is_variable(m, c))
                        out->status[i] = s->best[c] == FATE_PUBLISHED ? SUPPRESS_PUBLISHED
                                                                      : SUPPRESS_SECONDARY;
                out->secondary += out->status[i] == SUPPRESS_SECONDARY;
        }
        return ERR_OK;
}

enum err optimum_run(struct arena *arena, const struct model *model,
        const struct suppress_result *start, const struct optimum_options *options,
        struct optimum_result *out)
{
        OWNED(arena_free) struct arena *inside = arena_new(SIZE_MAX);
        struct search s = {.arena = inside, .model = model, .options = options};
        uint32_t most = options->cells_max == 0 ? CELLS_DEFAULT : options->cells_max;
        struct optimum_result result = {0};

        if (inside == NULL)
                return ERR_NO_MEMORY;
        TRY(search_init(&s, start));
        s.ended = true;
        if (start->proved && model->columns > 0 && model->columns / ONLY_BOUNDED <= most) {
                enum err err = search_all(&s, model->columns > most);
                lp_free(&s.lp);
                TRY(err);
        }
        TRY(pattern_write(&s, start, arena, &result.pattern));
        result.nodes = s.nodes;
        result.cuts = s.cuts;
        result.bound = s.root > MARGIN ? (uint64_t)ceil(s.root - MARGIN) : 0;
        if (!s.ended && !s.inexact)
                result.bound = s.best_cost;
        if (result.bound > s.best_cost)
                result.bound = s.best_cost;
        result.optimal = start->proved && result.bound == result.pattern.cost;
        *out = result;
        return ERR_OK;
}
