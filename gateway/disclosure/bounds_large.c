/* SPDX-License-Identifier: Apache-2.0 */
/* bounds_large.c: single questions about a component that is too large to be worked on whole.
 *
 * Whole numbers are out of reach there, reals are not, and what bounds reals bounds whole numbers.
 * The program's prices are rounded to fractions of a power of two, and with them, right or wrong,
 * integer arithmetic proves a bound: multiples of the known sums, plus what is left of every
 * unknown at its own bounds. So what is said to be narrow is narrow. That a sum is wide rests on
 * two solutions of the program, looked at in floating point: likely, not proved.
 *
 * What surprised us: the sums of a table with margins lie within one another, and Clp suffers from
 * that more than from their number. From each are taken those known sums that it holds, as long as
 * they do not meet: of 258,000 ones 45,000 remain, of 14,139 rows 9,919, and a question takes
 * 0.05 s where it took a second and the first answer 3 s instead of 16 s. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/bounds_inside.h"

/* Unknowns beyond which the first answer takes minutes; steps of the first answer, and of others.
 */
enum { SAMPLED_LARGEST = 30000, BEGIN_STEPS = 200000, STEPS = 5000 };
#define PRICE_UNIT    ((int64_t)1 << 30)
#define PRICE_LARGEST 1e6 /* larger ones are nothing to prove with */
#define PRICE_NONE    1e-7
#define OFF           1e-6 /* a solution may miss a sum by so much */

/* The component's rows, each less those it holds. */
struct sparse_rows {
        size_t *start;
        uint32_t *place; /* of unknowns in the component */
        int8_t *sign;
        int64_t *low, *high;
        uint32_t len;
};

struct large {
        struct bounds *b;
        const struct component *c;
        struct arena *arena;
        struct sparse_rows rows;
        struct lp *lp;
        __int128 *rest; /* of unknowns: what the prices leave of their cost */
};

/* Rows less those they hold ------------------------------------------------------------------ */

struct holding {
        const struct bounds *b;
        const struct component *c;
        size_t *start;    /* of places: rows with them */
        uint32_t *row;    /* by number in the component */
        uint32_t *count;  /* of rows: unknowns shared with the one at hand */
        uint32_t *inside; /* rows that the one at hand holds */
        bool *mark;       /* of places: in the row at hand, and not taken */
};

static uint32_t row_at(const struct component *c, const struct bounds *b, uint32_t i)
{
        return b->row_member[c->row_first + i];
}

static size_t row_len(const struct bounds *b, uint32_t row)
{
        return b->row_start[row + 1] - b->row_start[row];
}

/* Only what is known exactly, and adds up without signs, can be taken from another. */
static bool is_plain(const struct bounds *b, uint32_t row)
{
        for (size_t k = b->row_start[row]; k < b->row_start[row + 1]; k++)
                if (b->row_sign[k] < 0)
                        return false;
        return true;
}

static enum err holding_new(struct arena *a, const struct bounds *b, const struct component *c,
        size_t ones, struct holding *h)
{
        *h = (struct holding){.b = b, .c = c};
        h->start = arena_alloc(a, (size_t)c->unknowns + 2, sizeof *h->start);
        h->row = arena_alloc_raw(a, ones, sizeof *h->row);
        h->count = arena_alloc(a, c->rows, sizeof *h->count);
        h->inside = arena_alloc_raw(a, c->rows, sizeof *h->inside);
        h->mark = arena_alloc(a, c->unknowns, sizeof *h->mark);
        if (h->start == NULL || h->row == NULL || h->count == NULL || h->inside == NULL ||
                h->mark == NULL)
                return ERR_NO_MEMORY;
        for (int fill = 0; fill < 2; fill++) {
                for (uint32_t i = 0; i < c->rows; i++) {
                        uint32_t r = row_at(c, b, i);

                        if (b->row_low[r] != b->row_high[r] || !is_plain(b, r))
                                continue;
                        for (size_t k = b->row_start[r]; k < b->row_start[r + 1]; k++) {
                                uint32_t place = b->place[b->row_unknown[k]];

                                if (fill)
                                        h->row[h->start[place + 1]++] = i;
                                else
                                        h->start[place + 2]++;
                        }
                }
                for (uint32_t u = 2; u < c->unknowns + 2 && !fill; u++)
                        h->start[u] += h->start[u - 1];
        }
        return ERR_OK;
}

struct contained {
        size_t len;
        uint32_t row;
};

static int longest_first(const void *x, const void *y)
{
        const struct contained *a = x, *b = y;

        if (a->len != b->len)
                return a->len > b->len ? -1 : 1;
        return (a->row > b->row) - (a->row < b->row);
}

/* Rows inside row `at`, shorter, or alike and before it: each is taken only from later ones, so
 * all of them together say what they said. */
static size_t contained_find(struct holding *h, uint32_t at, struct contained *out)
{
        const struct bounds *b = h->b;
        uint32_t r = row_at(h->c, b, at);
        size_t found = 0, len = 0;

        for (size_t k = b->row_start[r]; k < b->row_start[r + 1]; k++) {
                uint32_t place = b->place[b->row_unknown[k]];

                for (size_t q = h->start[place]; q < h->start[place + 1]; q++)
                        if (h->count[h->row[q]]++ == 0)
                                h->inside[found++] = h->row[q];
        }
        for (size_t i = 0; i < found; i++) {
                uint32_t other = h->inside[i];
                size_t n = row_len(b, row_at(h->c, b, other));

                if (h->count[other] == n && other != at && (n < row_len(b, r) || other < at))
                        out[len++] = (struct contained){n, other};
                h->count[other] = 0;
        }
        qsort(out, len, sizeof *out, longest_first);
        return len;
}

static bool take(struct holding *h, uint32_t row)
{
        const struct bounds *b = h->b;

        for (size_t k = b->row_start[row]; k < b->row_start[row + 1]; k++)
                if (!h->mark[b->place[b->row_unknown[k]]])
                        return false;
        for (size_t k = b->row_start[row]; k < b->row_start[row + 1]; k++)
                h->mark[b->place[b->row_unknown[k]]] = false;
        return true;
}

/* One row, less what it holds, at the end of `s`; nothing where nothing is left. */
static void row_sparsen(
        struct holding *h, uint32_t at, struct contained *inside, struct sparse_rows *s, bool *fits)
{
        const struct bounds *b = h->b;
        uint32_t r = row_at(h->c, b, at);
        size_t len = is_plain(b, r) ? contained_find(h, at, inside) : 0, to = s->start[s->len];
        int64_t low = b->row_low[r], high = b->row_high[r];

        for (size_t k = b->row_start[r]; k < b->row_start[r + 1]; k++)
                h->mark[b->place[b->row_unknown[k]]] = true;
        for (size_t i = 0; i < len; i++) {
                uint32_t other = row_at(h->c, b, inside[i].row);

                if (!take(h, other))
                        continue;
                low -= low == -BOUNDS_NONE ? 0 : b->row_low[other];
                high -= high == BOUNDS_NONE ? 0 : b->row_low[other];
        }
        for (size_t k = b->row_start[r]; k < b->row_start[r + 1]; k++) {
                uint32_t place = b->place[b->row_unknown[k]];

                if (h->mark[place]) {
                        s->sign[to] = b->row_sign[k];
                        s->place[to++] = place;
                }
                h->mark[place] = false;
        }
        if (to == s->start[s->len]) {
                *fits = *fits && low <= 0 && high >= 0;
                return;
        }
        s->low[s->len] = low;
        s->high[s->len] = high;
        s->start[++s->len] = to;
}

static enum err rows_sparsen(struct large *l, bool *fits)
{
        const struct component *c = l->c;
        struct sparse_rows *s = &l->rows;
        struct holding h;
        size_t ones = 0;

        for (uint32_t i = 0; i < c->rows; i++)
                ones += row_len(l->b, row_at(c, l->b, i));
        if (ones > INT32_MAX / 4)
                return ERR_TOO_MANY_CELLS;
        TRY(holding_new(l->arena, l->b, c, ones, &h));
        struct contained *inside = arena_alloc_raw(l->arena, c->rows, sizeof *inside);
        s->start = arena_alloc(l->arena, (size_t)c->rows + 1, sizeof *s->start);
        s->place = arena_alloc_raw(l->arena, ones, sizeof *s->place);
        s->sign = arena_alloc_raw(l->arena, ones, sizeof *s->sign);
        s->low = arena_alloc_raw(l->arena, c->rows, sizeof *s->low);
        s->high = arena_alloc_raw(l->arena, c->rows, sizeof *s->high);
        if (inside == NULL || s->start == NULL || s->place == NULL || s->sign == NULL ||
                s->low == NULL || s->high == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < c->rows; i++)
                row_sparsen(&h, i, inside, s, fits);
        return ERR_OK;
}

/* Programs ----------------------------------------------------------------------------------- */

static double real_of(int64_t bound)
{
        if (bound == BOUNDS_NONE)
                return LP_INFINITY;
        return bound == -BOUNDS_NONE ? -LP_INFINITY : (double)bound;
}

static uint32_t unknown_at(const struct large *l, uint32_t place)
{
        return l->b->member[l->c->first + place];
}

static enum err program_new(struct large *l)
{
        const struct sparse_rows *s = &l->rows;
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        size_t ones = s->start[s->len];

        if (arena == NULL)
                return ERR_NO_MEMORY;
        double *low = arena_alloc_raw(arena, l->c->unknowns, sizeof *low);
        double *high = arena_alloc_raw(arena, l->c->unknowns, sizeof *high);
        double *row_low = arena_alloc_raw(arena, s->len, sizeof *row_low);
        double *row_high = arena_alloc_raw(arena, s->len, sizeof *row_high);
        double *value = arena_alloc_raw(arena, ones, sizeof *value);
        int *column = arena_alloc_raw(arena, ones, sizeof *column);
        int *start = arena_alloc(arena, (size_t)s->len + 1, sizeof *start);
        if (low == NULL || high == NULL || row_low == NULL || row_high == NULL || value == NULL ||
                column == NULL || start == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t u = 0; u < l->c->unknowns; u++) {
                low[u] = real_of(l->b->low[unknown_at(l, u)]);
                high[u] = real_of(l->b->high[unknown_at(l, u)]);
        }
        for (uint32_t i = 0; i < s->len; i++) {
                row_low[i] = real_of(s->low[i]);
                row_high[i] = real_of(s->high[i]);
                start[i + 1] = (int)s->start[i + 1];
        }
        for (size_t k = 0; k < ones; k++) {
                column[k] = (int)s->place[k];
                value[k] = s->sign[k];
        }
        const struct lp_rows rows = {s->len, start, column, value, row_low, row_high};
        return lp_new(l->c->unknowns, low, high, &rows, &l->lp);
}

/* Solutions, as far as floating point goes --------------------------------------------------- */

static bool nearly_fits(const struct large *l, const double *value)
{
        const struct sparse_rows *s = &l->rows;

        for (uint32_t u = 0; u < l->c->unknowns; u++) {
                uint32_t at = unknown_at(l, u);

                if (value[u] < real_of(l->b->low[at]) - OFF ||
                        value[u] > real_of(l->b->high[at]) + OFF)
                        return false;
        }
        for (uint32_t i = 0; i < s->len; i++) {
                double sum = 0;

                for (size_t k = s->start[i]; k < s->start[i + 1]; k++)
                        sum += s->sign[k] * value[s->place[k]];
                if (sum < real_of(s->low[i]) - OFF || sum > real_of(s->high[i]) + OFF)
                        return false;
        }
        return true;
}

/* Every solution is news about all pieces. */
static void see_nearly(const struct large *l)
{
        const struct bounds *b = l->b;
        const double *value = lp_values(l->lp);

        if (!nearly_fits(l, value))
                return;
        for (uint32_t i = 0; i < l->c->pieces; i++) {
                struct piece *p = &b->piece[b->piece_member[l->c->piece_first + i]];
                double sum = 0;

                for (uint32_t k = 0; k < p->len; k++)
                        sum += value[b->place[b->piece_unknown[p->start + k]]];
                if (!p->nearly_seen || sum < p->near_low)
                        p->near_low = sum;
                if (!p->nearly_seen || sum > p->near_high)
                        p->near_high = sum;
                p->nearly_seen = true;
        }
}

/* Proofs ------------------------------------------------------------------------------------- */

static int64_t priced(double price)
{
        return price > PRICE_LARGEST || price < -PRICE_LARGEST
                       ? 0
                       : llround(price * (double)PRICE_UNIT);
}

/* Adds `rate` times the larger end, of a sum or an unknown; false: it has none. */
static bool add_most(__int128 *most, __int128 rate, int64_t low, int64_t high)
{
        int64_t end = rate > 0 ? high : low;

        if (rate == 0)
                return true;
        if (end == BOUNDS_NONE || end == -BOUNDS_NONE)
                return false;
        *most += rate * end;
        return true;
}

/* No solution's piece, or its negative, is larger than this: whatever the prices are, a multiple
 * of each known sum and what is left of every unknown at its own bounds. BOUNDS_NONE: no proof. */
static int64_t most_of(struct large *l, const struct piece *p, bool larger)
{
        const struct sparse_rows *s = &l->rows;
        const double *price = lp_prices(l->lp);
        __int128 most = 0;

        memset(l->rest, 0, l->c->unknowns * sizeof *l->rest);
        for (uint32_t k = 0; k < p->len; k++)
                l->rest[l->b->place[l->b->piece_unknown[p->start + k]]] =
                        larger ? PRICE_UNIT : -PRICE_UNIT;
        for (uint32_t i = 0; i < s->len; i++) {
                int64_t rate = priced(-price[i]);

                /* A price for the side that a sum has not proves nothing. */
                if (!add_most(&most, rate, s->low[i], s->high[i]))
                        continue;
                for (size_t k = s->start[i]; k < s->start[i + 1]; k++)
                        l->rest[s->place[k]] -= (__int128)rate * s->sign[k];
        }
        for (uint32_t u = 0; u < l->c->unknowns; u++)
                if (!add_most(&most, l->rest[u], l->b->low[unknown_at(l, u)],
                            l->b->high[unknown_at(l, u)]))
                        return BOUNDS_NONE;
        __int128 whole = most / PRICE_UNIT - (most % PRICE_UNIT < 0);
        return whole > BOUNDS_LARGEST || whole < -BOUNDS_LARGEST ? BOUNDS_NONE : (int64_t)whole;
}

/* Questions ---------------------------------------------------------------------------------- */

static void cost_set(struct large *l, const struct piece *p, double cost)
{
        for (uint32_t i = 0; i < p->len; i++)
                lp_cost(l->lp, l->b->place[l->b->piece_unknown[p->start + i]], cost);
}

static void side_ask(struct large *l, struct piece *p, bool larger)
{
        cost_set(l, p, larger ? -1 : 1);
        enum lp_outcome outcome = lp_solve(l->lp, LP_AFTER_COSTS, STEPS);
        if (outcome == LP_OPTIMAL) {
                int64_t most = most_of(l, p, larger);

                see_nearly(l);
                if (larger && most < p->high)
                        p->high = most;
                if (!larger && most != BOUNDS_NONE && -most > p->low)
                        p->low = -most;
        }
        p->asked = p->asked && outcome == LP_OPTIMAL;
        cost_set(l, p, 0);
}

static enum err pieces_ask(struct large *l, const bool *wanted)
{
        struct bounds *b = l->b;

        for (uint32_t i = 0; i < l->c->pieces; i++) {
                uint32_t at = b->piece_member[l->c->piece_first + i];
                struct piece *p = &b->piece[at];

                if (!wanted[at])
                        continue;
                TRY(bounds_cancelled(b));
                p->asked = true;
                for (int larger = 1; larger >= 0; larger--)
                        side_ask(l, p, larger);
        }
        return ERR_OK;
}

static enum err component_ask(struct bounds *b, uint32_t component, const bool *wanted)
{
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        struct large l = {.b = b, .c = &b->component[component], .arena = arena};
        bool fits = true;
        enum err rc;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        l.rest = arena_alloc_raw(arena, l.c->unknowns, sizeof *l.rest);
        if (l.rest == NULL)
                return ERR_NO_MEMORY;
        TRY(rows_sparsen(&l, &fits));
        TRY(program_new(&l));
        enum lp_outcome outcome = fits ? lp_begin(l.lp, BEGIN_STEPS) : LP_INFEASIBLE;
        b->feasible = b->feasible && outcome != LP_INFEASIBLE;
        rc = outcome == LP_OPTIMAL ? pieces_ask(&l, wanted) : ERR_OK;
        b->iterations += lp_iterations(l.lp);
        lp_free(&l.lp);
        return rc;
}

bool bounds_is_large(const struct bounds *b, uint32_t sum)
{
        for (size_t k = b->sum_start[sum]; k < b->sum_start[sum + 1] && b->feasible; k++) {
                const struct component *c = &b->component[b->piece[b->sum_piece[k]].component];

                if (c->rows > 0 && c->unknowns > BOUNDS_LARGE)
                        return true;
        }
        return false;
}

enum err bounds_ask_large(struct bounds *b, const bool *wanted)
{
        bool *piece = arena_alloc(b->arena, b->pieces, sizeof *piece);
        bool *component = arena_alloc(b->arena, b->components, sizeof *component);

        if (piece == NULL || component == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t s = 0; s < b->system.asked.len && b->feasible; s++)
                for (size_t k = b->sum_start[s]; k < b->sum_start[s + 1] && wanted[s]; k++) {
                        uint32_t c = b->piece[b->sum_piece[k]].component;
                        uint32_t unknowns = b->component[c].unknowns;

                        if (unknowns <= BOUNDS_LARGE || unknowns > SAMPLED_LARGEST)
                                continue;
                        piece[b->sum_piece[k]] = component[c] = true;
                }
        for (uint32_t c = 0; c < b->components && b->feasible; c++)
                if (component[c])
                        TRY(component_ask(b, c, piece));
        return ERR_OK;
}

struct bounds_near bounds_near(const struct bounds *b, uint32_t sum)
{
        struct bounds_near out = {.asked = true};
        double least = (double)b->sum_fixed[sum], most = least;

        for (size_t k = b->sum_start[sum]; k < b->sum_start[sum + 1]; k++) {
                const struct piece *p = &b->piece[b->sum_piece[k]];
                bool done = p->low_done && p->high_done;

                out.asked = out.asked && (done || p->asked);
                least += done ? real_of(p->low) : p->near_low;
                most += done ? real_of(p->high) : p->near_high;
        }
        out.seen = most - least;
        return out;
}
