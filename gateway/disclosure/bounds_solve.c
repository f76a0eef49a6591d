/* SPDX-License-Identifier: Apache-2.0 */
/* bounds_solve.c: one component at a time, one program after the other.
 *
 * Every answer is a solution, and every solution is news about all pieces of its component:
 * where it reaches what presolving said, nothing needs to be asked. So first all pieces are
 * made large together, then small together, as long as that decides many.
 *
 * Corners of these programs are nearly always whole: two-way tables' always are. Where one
 * is not and whole numbers are asked, an unknown that is not whole is bounded to either
 * side, and so on (branch and bound), for so many nodes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/bounds.h"
#include "gateway/disclosure/bounds_inside.h"
#include "gateway/disclosure/residue.h"

/* A value of the program this near to a whole number is one; relative beside large values. */
#define NEAR     1e-6
#define RELATIVE 1e-10
#define PRICE    1e-7
/* Unknowns of a component, beyond which nothing is branched. Nodes of
 * branch and bound for one question: few where each takes long. */
enum {
        BRANCHED = 2000,
        SEARCHED = 200,     /* beyond which not every whole end is looked for */
        NODES_BEGIN = 4000, /* for any solution at all */
        NODES_ENOUGH = 12,
        NODES_LEAST = 20,
        NODES_MOST = 4000,
        NODES_WORK = 100000
};
/* Joint questions of a component go on while each decides one in so many pieces. */
enum { SURVEY_ROUNDS = 24, SURVEY_YIELD = 50 };
/* Joint pulls that decide nothing before the rest is left. */
enum { PULLS = 3 };
/* Known sums that are remembered to bind one side of a piece. */
enum { HELD_MAX = 256, DEPTH = 3 };

/* Denominators of corners that are looked for. */
static const int64_t denominators[] = {1, 2, 3, 4, 6, 12, 60};

enum err bounds_cancelled(const struct bounds *b)
{
        return b->options.cancel != NULL && atomic_load(b->options.cancel) ? ERR_CANCELLED : ERR_OK;
}

/* Solutions -------------------------------------------------------------------------------- */

/* The solution at hand, divided by `by`, fits the component. */
static bool fits(const struct bounds *b, const struct component *c, int64_t by)
{
        for (uint32_t i = 0; i < c->unknowns; i++) {
                uint32_t u = b->member[c->first + i];
                int64_t value = b->solution[u];

                if ((b->low[u] != -BOUNDS_NONE && value < b->low[u] * by) ||
                        (b->high[u] != BOUNDS_NONE && value > b->high[u] * by))
                        return false;
        }
        for (uint32_t i = 0; i < c->rows; i++) {
                uint32_t r = b->row_member[c->row_first + i];
                int64_t sum = 0;

                for (size_t k = b->row_start[r]; k < b->row_start[r + 1]; k++)
                        sum += b->row_sign[k] * b->solution[b->row_unknown[k]];
                if ((b->row_low[r] != -BOUNDS_NONE && sum < b->row_low[r] * by) ||
                        (b->row_high[r] != BOUNDS_NONE && sum > b->row_high[r] * by))
                        return false;
        }
        return true;
}

static int64_t floor_of(int64_t value, int64_t by)
{
        return value / by - (value % by < 0);
}

static void piece_see(const struct bounds *b, struct piece *p, int64_t by)
{
        int64_t sum = 0;

        for (uint32_t i = 0; i < p->len; i++)
                sum += b->solution[b->piece_unknown[p->start + i]];
        int64_t floor = floor_of(sum, by), ceiling = -floor_of(-sum, by);
        if (floor > p->seen_high)
                p->seen_high = floor;
        if (ceiling < p->seen_low)
                p->seen_low = ceiling;
        p->high_done |= p->seen_high == p->high;
        p->low_done |= p->seen_low == p->low;
}

static bool is_news(const struct bounds *b, const struct component *c)
{
        for (uint32_t i = 0; i < c->pieces; i++) {
                const struct piece *p = &b->piece[b->piece_member[c->piece_first + i]];
                int64_t sum = 0;

                for (uint32_t k = 0; k < p->len; k++)
                        sum += b->solution[b->piece_unknown[p->start + k]];
                if (sum < p->seen_low || sum > p->seen_high)
                        return true;
        }
        return false;
}

/* The solution at hand, as a step from the one that was told and back. */
static enum err keep(struct bounds *b, const struct component *c)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
        struct moves_path *path = b->options.path;
        struct moves_entry *entry;
        size_t len = 0;

        if (scratch == NULL ||
                (entry = arena_alloc_raw(scratch, c->unknowns, sizeof *entry)) == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < c->unknowns; i++) {
                uint32_t u = b->member[c->first + i];
                int64_t by = b->solution[u] - b->base[u];

                if (by > INT32_MAX || by < -INT32_MAX)
                        return ERR_OK; /* too far to be told: it is seen, and not shown */
                if (by != 0)
                        entry[len++] = (struct moves_entry){u, (int32_t)by};
        }
        TRY(moves_direction_add(b->options.path_arena, path, entry, len));
        return moves_there_and_back(b->options.path_arena, path, path->directions - 1);
}

static bool see(struct bounds *b, uint32_t component, int64_t by)
{
        const struct component *c = &b->component[component];

        if (!fits(b, c, by))
                return false;
        if (b->options.path != NULL && b->told && by == 1 && is_news(b, c) && b->failed == ERR_OK)
                b->failed = keep(b, c);
        for (uint32_t i = 0; i < c->pieces; i++)
                piece_see(b, &b->piece[b->piece_member[c->piece_first + i]], by);
        return true;
}

bool bounds_component_see(struct bounds *b, uint32_t component)
{
        return see(b, component, 1);
}

/* The program's corner, in whole numbers or fractions of them. */
static void see_corner(struct bounds *b)
{
        const struct component *c = &b->component[b->lp_component];
        const double *value = lp_values(b->lp);
        size_t tries = b->options.whole ? 1 : ARRAY_LEN(denominators);

        for (size_t d = 0; d < tries; d++) {
                for (uint32_t i = 0; i < c->unknowns; i++) {
                        double at = value[i] * (double)denominators[d];

                        if (fabs(at) > (double)BOUNDS_LARGEST)
                                return;
                        b->solution[b->member[c->first + i]] = llround(at);
                }
                if (see(b, b->lp_component, denominators[d]))
                        return;
        }
}

/* Programs --------------------------------------------------------------------------------- */

static double real_of(int64_t bound)
{
        if (bound == BOUNDS_NONE)
                return LP_INFINITY;
        return bound == -BOUNDS_NONE ? -LP_INFINITY : (double)bound;
}

static enum err program_fill(
        struct bounds *b, const struct component *c, bool prices, struct arena *arena)
{
        size_t ones = 0, to = 0;

        for (uint32_t i = 0; i < c->rows; i++) {
                uint32_t r = b->row_member[c->row_first + i];

                ones += b->row_start[r + 1] - b->row_start[r];
        }
        if (ones > INT32_MAX / 4)
                return ERR_TOO_MANY_CELLS;
        double *low = arena_alloc_raw(arena, c->unknowns, sizeof *low);
        double *high = arena_alloc_raw(arena, c->unknowns, sizeof *high);
        double *row_low = arena_alloc_raw(arena, c->rows, sizeof *row_low);
        double *row_high = arena_alloc_raw(arena, c->rows, sizeof *row_high);
        double *value = arena_alloc_raw(arena, ones, sizeof *value);
        int *column = arena_alloc_raw(arena, ones, sizeof *column);
        int *start = arena_alloc(arena, (size_t)c->rows + 1, sizeof *start);
        if (low == NULL || high == NULL || row_low == NULL || row_high == NULL || value == NULL ||
                column == NULL || start == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < c->unknowns; i++) {
                low[i] = real_of(b->low[b->member[c->first + i]]);
                high[i] = real_of(b->high[b->member[c->first + i]]);
        }
        for (uint32_t i = 0; i < c->rows; i++) {
                uint32_t r = b->row_member[c->row_first + i];

                row_low[i] = real_of(b->row_low[r]);
                row_high[i] = real_of(b->row_high[r]);
                for (size_t k = b->row_start[r]; k < b->row_start[r + 1]; k++) {
                        column[to] = (int)b->place[b->row_unknown[k]];
                        value[to++] = b->row_sign[k];
                }
                start[i + 1] = (int)to;
        }
        const struct lp_rows rows = {c->rows, start, column, value, row_low, row_high};
        return (prices ? lp_new : lp_new_small)(c->unknowns, low, high, &rows, &b->lp);
}

/* `prices`: of a kind that tells prices. */
static enum err program_make(struct bounds *b, uint32_t component, bool prices)
{
        OWNED(arena_free) struct arena *arena = NULL;

        if (b->lp != NULL && b->lp_component == component && (b->lp_prices || !prices))
                return ERR_OK;
        if (b->lp != NULL)
                b->iterations += lp_iterations(b->lp);
        lp_free(&b->lp);
        arena = arena_new(SIZE_MAX);
        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(program_fill(b, &b->component[component], prices, arena));
        b->lp_component = component;
        b->lp_prices = prices;
        return ERR_OK;
}

static enum lp_outcome solve_until(struct bounds *b, enum lp_after after, double cost)
{
        uint64_t used = bounds_iterations(b), most = b->options.iterations_max;

        if (most > 0 && used >= most) {
                b->limited = true;
                return LP_LIMIT;
        }
        enum lp_outcome outcome =
                lp_solve_until(b->lp, after, most == 0 ? UINT64_MAX : most - used, cost);
        b->limited |= outcome == LP_LIMIT;
        if (outcome == LP_OPTIMAL || outcome == LP_ENOUGH)
                see_corner(b);
        return outcome;
}

static enum lp_outcome solve(struct bounds *b, enum lp_after after)
{
        return solve_until(b, after, -LP_INFINITY);
}

/* The cost of a side of a piece from where on it is as wide as is asked. */
static double cost_of_enough(const struct piece *p, bool larger, int64_t enough)
{
        int64_t other = larger ? p->seen_low : p->seen_high;

        if (enough == 0 || other == BOUNDS_NONE || other == -BOUNDS_NONE)
                return -LP_INFINITY;
        return (double)(larger ? -(other + enough) : other - enough);
}

static void cost_add(struct bounds *b, const struct piece *p, double cost)
{
        for (uint32_t i = 0; i < p->len; i++) {
                uint32_t place = b->place[b->piece_unknown[p->start + i]];

                lp_cost(b->lp, place, cost);
        }
}

/* Branches --------------------------------------------------------------------------------- */

struct branching {
        struct bounds *b;
        struct piece *p; /* NULL: any solution will do */
        bool larger;
        int64_t enough;
        uint32_t nodes;
        bool found, ended; /* ended: before all was looked at */
};

static uint32_t least_whole(const struct bounds *b, const struct component *c, double *at)
{
        const double *value = lp_values(b->lp);
        uint32_t found = UINT32_MAX;
        double most = NEAR;

        for (uint32_t i = 0; i < c->unknowns; i++) {
                double off = fabs(value[i] - nearbyint(value[i]));

                if (off <= most)
                        continue;
                most = off;
                found = i;
                *at = value[i];
        }
        return found;
}

/* The largest whole number of the side that the program leaves. */
static int64_t whole_of(const struct bounds *b, bool larger)
{
        double value = lp_objective(b->lp);
        double slack = NEAR + fabs(value) * RELATIVE;

        return (int64_t)(larger ? floor(-value + slack) : ceil(value - slack));
}

static bool hopeless(const struct branching *x)
{
        int64_t most = whole_of(x->b, x->larger);

        return x->larger ? most <= x->p->seen_high : most >= x->p->seen_low;
}

static bool has_enough(const struct piece *p, int64_t enough)
{
        return enough > 0 && p->seen_high != -BOUNDS_NONE && p->seen_low != BOUNDS_NONE &&
               (p->seen_high == BOUNDS_NONE || p->seen_low == -BOUNDS_NONE ||
                       p->seen_high - p->seen_low >= enough);
}

static bool is_over(const struct branching *x)
{
        return x->p == NULL ? x->found : has_enough(x->p, x->enough);
}

static void branch(struct branching *x);

static void branch_within(struct branching *x, uint32_t place, double low, double high)
{
        struct bounds *b = x->b;
        uint32_t u = b->member[b->component[b->lp_component].first + place];
        int64_t old_low = b->low[u], old_high = b->high[u];

        if (low > -LP_INFINITY && (old_low == -BOUNDS_NONE || (int64_t)low > old_low))
                b->low[u] = (int64_t)low;
        if (high < LP_INFINITY && (old_high == BOUNDS_NONE || (int64_t)high < old_high))
                b->high[u] = (int64_t)high;
        lp_bounds(b->lp, place, real_of(b->low[u]), real_of(b->high[u]));
        branch(x);
        b->low[u] = old_low;
        b->high[u] = old_high;
        lp_bounds(b->lp, place, real_of(old_low), real_of(old_high));
}

static void branch(struct branching *x)
{
        struct bounds *b = x->b;
        double at = 0;

        if (x->nodes == 0) {
                x->ended = true;
                return;
        }
        x->nodes--;
        enum lp_outcome outcome = solve(b, LP_AFTER_BOUNDS);
        if (outcome == LP_INFEASIBLE)
                return;
        x->ended |= outcome != LP_OPTIMAL;
        if (x->ended || (x->p != NULL && (hopeless(x) || has_enough(x->p, x->enough))))
                return;
        uint32_t place = least_whole(b, &b->component[b->lp_component], &at);
        if (place == UINT32_MAX) {
                x->found = true;
                return;
        }
        bool up = at - floor(at) > 0.5;
        for (int turn = 0; turn < 2 && !x->ended && !is_over(x); turn++, up = !up)
                branch_within(x, place, up ? ceil(at) : -LP_INFINITY, up ? LP_INFINITY : floor(at));
}

static uint32_t nodes_for(const struct component *c, int64_t enough)
{
        uint32_t nodes = NODES_WORK / (c->unknowns + 1);

        if (c->unknowns > BRANCHED || enough > 0)
                return c->unknowns > BRANCHED ? 1 : NODES_ENOUGH;

        return nodes < NODES_LEAST ? NODES_LEAST : nodes > NODES_MOST ? NODES_MOST : nodes;
}

/* What binds ------------------------------------------------------------------------------- */

struct binding {
        struct bounds *b;
        uint32_t *known;
        size_t cap, *len;
};

static void because_row(struct binding *x, uint32_t row)
{
        if (*x->len == x->cap || x->b->row_stamp[row] == x->b->stamp)
                return;
        x->b->row_stamp[row] = x->b->stamp;
        x->known[(*x->len)++] = row;
}

/* A bound that was passed on rests on a row, and on bounds of the row's other unknowns, and so
 * on: what is far back hardly helps when it goes. */
static void because(struct binding *x, uint32_t reason, uint32_t depth)
{
        const struct bounds_sums *s = &x->b->system.known;
        size_t before = *x->len;

        if (reason == 0 || depth == 0)
                return;
        uint32_t row = (reason - 1) / 2;
        int side = (reason - 1) % 2 == 1 ? 1 : -1;
        because_row(x, row);
        if (*x->len == before)
                return;
        for (size_t k = s->start[row]; k < s->start[row + 1]; k++) {
                int sign = side * (s->sign == NULL ? 1 : s->sign[k]);

                because(x, x->b->reason[sign < 0][s->unknown[k]], depth - 1);
        }
}

static void binding_of_program(struct binding *x, const struct component *c)
{
        const struct bounds *b = x->b;
        const double *price = lp_prices(b->lp), *reduced = lp_reduced(b->lp);

        for (uint32_t i = 0; i < c->rows; i++) {
                uint32_t row = b->row_member[c->row_first + i];

                if (fabs(price[i]) < PRICE)
                        continue;
                because_row(x, row);
                for (size_t k = b->system.known.start[row]; k < b->system.known.start[row + 1];
                        k++) {
                        uint32_t u = b->system.known.unknown[k];

                        if (b->low[u] == b->high[u]) {
                                because(x, b->reason[0][u], DEPTH);
                                because(x, b->reason[1][u], DEPTH);
                        }
                }
        }
        for (uint32_t i = 0; i < c->unknowns; i++)
                if (fabs(reduced[i]) > PRICE)
                        because(x, b->reason[reduced[i] < 0][b->member[c->first + i]], DEPTH);
}

/* Of the program's answer to one side of a piece. */
static enum err held_note(struct bounds *b, struct piece *p, bool larger)
{
        uint32_t known[HELD_MAX];
        struct held *held = &p->held[larger];
        struct binding x = {.b = b, .known = known, .cap = HELD_MAX, .len = &held->len};

        held->len = 0;
        b->stamp++;
        binding_of_program(&x, &b->component[p->component]);
        held->known = arena_alloc_raw(b->arena, held->len, sizeof *held->known);
        if (held->known == NULL)
                return ERR_NO_MEMORY;
        memcpy(held->known, known, held->len * sizeof *known);
        return ERR_OK;
}

/* Asking ----------------------------------------------------------------------------------- */

static bool side_done(const struct piece *p, bool larger)
{
        return larger ? p->high_done : p->low_done;
}

static void side_end(struct piece *p, bool larger, int64_t at)
{
        *(larger ? &p->high : &p->low) = at;
        *(larger ? &p->high_done : &p->low_done) = true;
}

/* What the program says is a bound, and of reals the end; of whole numbers it is one where a
 * solution was seen, and else branches look for it. */
static void side_judge(
        struct bounds *b, struct piece *p, bool larger, int64_t enough, bool branches)
{
        int64_t most = whole_of(b, larger);
        int64_t *seen = larger ? &p->seen_high : &p->seen_low;

        if (larger ? most < p->high : most > p->low)
                *(larger ? &p->high : &p->low) = most;
        if (*seen == *(larger ? &p->high : &p->low)) {
                side_end(p, larger, *seen);
                return;
        }
        if (!b->options.whole) {
                side_end(p, larger, most);
                return;
        }
        if (!branches)
                return;
        /* Who hides more anyway does not ask how narrow exactly. */
        bool hopeless_width = b->options.binding && p->high != BOUNDS_NONE &&
                              p->low != -BOUNDS_NONE && p->high - p->low < enough;
        if (b->options.whole && !hopeless_width) {
                struct branching x = {.b = b,
                        .p = p,
                        .larger = larger,
                        .enough = enough,
                        .nodes = nodes_for(&b->component[p->component], enough)};
                branch(&x);
                if (x.ended)
                        return;
        }
        if (*seen != BOUNDS_NONE && *seen != -BOUNDS_NONE)
                side_end(p, larger, *seen);
}

/* Numbers that grew too large for the tableau are Clp's from there on. */
static enum err side_solve(
        struct bounds *b, struct piece *p, bool larger, int64_t enough, bool branches)
{
        double until = b->options.whole ? cost_of_enough(p, larger, enough) : -LP_INFINITY;

        cost_add(b, p, larger ? -1 : 1);
        enum lp_outcome outcome = solve_until(b, LP_AFTER_COSTS, until);

        if (outcome == LP_FAILED && lp_is_exact(b->lp) &&
                program_make(b, p->component, true) == ERR_OK) {
                cost_add(b, p, larger ? -1 : 1);
                outcome = solve(b, LP_AFTER_COSTS);
        }
        if (outcome == LP_UNBOUNDED) {
                side_end(p, larger, larger ? BOUNDS_NONE : -BOUNDS_NONE);
                *(larger ? &p->seen_high : &p->seen_low) = larger ? BOUNDS_NONE : -BOUNDS_NONE;
        } else if (outcome == LP_OPTIMAL) {
                if (b->options.binding && !has_enough(p, enough))
                        TRY(held_note(b, p, larger));
                side_judge(b, p, larger, enough, branches);
        }
        cost_add(b, p, 0);
        return ERR_OK;
}

static uint32_t undone(const struct bounds *b, const struct component *c, const bool *wanted,
        bool larger, int64_t enough)
{
        uint32_t len = 0;

        for (uint32_t i = 0; i < c->pieces; i++) {
                uint32_t at = b->piece_member[c->piece_first + i];
                const struct piece *p = &b->piece[at];

                len += wanted[at] && !side_done(p, larger) && !has_enough(p, enough);
        }
        return len;
}

/* All undone pieces that can end, together. */
static enum err survey(struct bounds *b, const struct component *c, const bool *wanted, bool larger,
        int64_t enough)
{
        uint32_t before = undone(b, c, wanted, larger, enough);
        uint32_t rounds = c->unknowns > BRANCHED ? 0 : SURVEY_ROUNDS;

        for (uint32_t round = 0; round < rounds && before > 2; round++) {
                for (uint32_t i = 0; i < c->pieces; i++) {
                        uint32_t at = b->piece_member[c->piece_first + i];
                        const struct piece *p = &b->piece[at];
                        bool ends = (larger ? p->high : -p->low) != BOUNDS_NONE;

                        if (wanted[at] && ends && !side_done(p, larger) && !has_enough(p, enough))
                                cost_add(b, p, larger ? -1 : 1);
                }
                enum lp_outcome outcome = solve(b, LP_AFTER_COSTS);
                for (uint32_t u = 0; u < c->unknowns; u++)
                        lp_cost(b->lp, u, 0);
                TRY(bounds_cancelled(b));
                uint32_t after = undone(b, c, wanted, larger, enough);
                if (outcome != LP_OPTIMAL || (before - after) * SURVEY_YIELD < before)
                        return ERR_OK;
                before = after;
        }
        return ERR_OK;
}

/* Is there a solution at all? Already the first one can be beyond the tableau. */
static bool begin(struct bounds *b, uint32_t component)
{
        const struct component *c = &b->component[component];
        enum lp_outcome outcome = solve(b, LP_AFTER_BOUNDS);

        if (outcome == LP_FAILED && lp_is_exact(b->lp) &&
                program_make(b, component, true) == ERR_OK)
                outcome = solve(b, LP_AFTER_BOUNDS);
        struct branching x = {.b = b, .nodes = c->unknowns > BRANCHED ? 1 : NODES_BEGIN};

        if (outcome == LP_INFEASIBLE)
                b->feasible = false;
        if (outcome != LP_OPTIMAL)
                return false;
        if (b->options.whole && !b->told) {
                branch(&x);
                b->feasible = x.found || x.ended;
        }
        return b->feasible;
}

/* Without a sum that is known the bounds are all there is. */
static void without_rows(struct bounds *b, const struct component *c)
{
        for (uint32_t i = 0; i < c->pieces; i++) {
                struct piece *p = &b->piece[b->piece_member[c->piece_first + i]];

                p->seen_low = p->low;
                p->seen_high = p->high;
                p->low_done = p->high_done = true;
        }
}

static enum err sides(struct bounds *b, const struct component *c, const bool *wanted,
        int64_t enough, bool branches)
{
        for (uint32_t i = 0; i < c->pieces; i++) {
                uint32_t at = b->piece_member[c->piece_first + i];
                struct piece *p = &b->piece[at];

                TRY(bounds_cancelled(b));
                for (int larger = 1; larger >= 0 && wanted[at]; larger--)
                        if (!side_done(p, larger) && !has_enough(p, enough) && !b->limited)
                                TRY(side_solve(b, p, larger, enough, branches));
        }
        return ERR_OK;
}

/* Pieces of which no two whole solutions differ yet, each pulled one way or the other. */
static uint32_t pull(
        struct bounds *b, const struct component *c, const bool *wanted, uint64_t *random)
{
        uint32_t len = 0;

        for (uint32_t i = 0; i < c->pieces; i++) {
                uint32_t at = b->piece_member[c->piece_first + i];

                if (!wanted[at] || has_enough(&b->piece[at], 1))
                        continue;
                *random = residue_mix(*random, at);
                cost_add(b, &b->piece[at], *random % 2 == 0 ? 1 : -1);
                len++;
        }
        return len;
}

/* In a component where each whole end would take seconds it is enough that two solutions differ:
 * then nobody can compute it, and the ends are the program's, rounded. */
static enum err differ(struct bounds *b, const struct component *c, const bool *wanted)
{
        uint64_t random = c->unknowns;
        uint32_t idle = 0, before = UINT32_MAX;

        while (idle < PULLS && !b->limited) {
                uint32_t left = pull(b, c, wanted, &random);

                idle = left < before ? 0 : idle + 1;
                before = left;
                if (left > 0 && idle < PULLS && solve(b, LP_AFTER_COSTS) == LP_OPTIMAL) {
                        struct branching x = {.b = b, .nodes = NODES_BEGIN};

                        branch(&x);
                }
                for (uint32_t u = 0; u < c->unknowns; u++)
                        lp_cost(b->lp, u, 0);
                TRY(bounds_cancelled(b));
                if (left == 0)
                        break;
        }
        for (uint32_t i = 0; i < c->pieces; i++) {
                struct piece *p = &b->piece[b->piece_member[c->piece_first + i]];

                if (has_enough(p, 1))
                        p->low_done = p->high_done = true;
        }
        return ERR_OK;
}

enum err bounds_component_work(
        struct bounds *b, uint32_t component, const bool *wanted, int64_t enough)
{
        const struct component *c = &b->component[component];

        TRY(bounds_cancelled(b));
        TRY(b->failed);
        if (c->rows == 0) {
                without_rows(b, c);
                return ERR_OK;
        }
        if (undone(b, c, wanted, true, enough) + undone(b, c, wanted, false, enough) == 0)
                return ERR_OK;
        /* One answer would take minutes: said to be a limit, never to be safe. */
        if (c->unknowns > BOUNDS_LARGE) {
                b->limited = true;
                return ERR_OK;
        }
        TRY(program_make(b, component, false));
        if (!begin(b, component))
                return ERR_OK;
        TRY(survey(b, c, wanted, true, enough));
        TRY(survey(b, c, wanted, false, enough));
        bool rounded = b->options.whole && enough == 0 && c->unknowns > SEARCHED;

        TRY(sides(b, c, wanted, enough, !rounded));
        return rounded ? differ(b, c, wanted) : ERR_OK;
}

/* Answers about what binds ----------------------------------------------------------------- */

/* NOLINTBEGIN(readability-non-const-parameter): written through `struct binding`. */
void bounds_fixed_binding(
        struct bounds *b, uint32_t unknown, bool all, uint32_t *known, size_t cap, size_t *len)
{
        struct binding x = {.b = b, .known = known, .cap = cap, .len = len};

        because(&x, b->reason[0][unknown], all ? UINT32_MAX : DEPTH);
        because(&x, b->reason[1][unknown], all ? UINT32_MAX : DEPTH);
}

void bounds_piece_binding(
        struct bounds *b, uint32_t piece, bool larger, uint32_t *known, size_t cap, size_t *len)
{
        const struct piece *p = &b->piece[piece];
        struct binding x = {.b = b, .known = known, .cap = cap, .len = len};

        /* No program was needed: it is as large as its unknowns' bounds. */
        for (uint32_t i = 0; i < p->len && p->held[larger].len == 0; i++)
                because(&x, b->reason[larger][b->piece_unknown[p->start + i]], DEPTH);
        for (size_t i = 0; i < p->held[larger].len; i++)
                because_row(&x, p->held[larger].known[i]);
}
/* NOLINTEND(readability-non-const-parameter) */
