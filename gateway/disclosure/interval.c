/* SPDX-License-Identifier: Apache-2.0 */
/* interval.c: directions from the truth, programs where those do not reach, and what binds.
 *
 * A direction of the elimination leaves every published cell as it is. A walk along them, from the
 * truth on (moves.h), meets tables that nobody can tell from the true one; what a protected cell
 * is in two of them is as far apart as its interval is wide, at least. Whatever is found stays
 * true when more is hidden, so it is found once, and the way is kept for the auditor to follow.
 *
 * Cells for which that is not enough are asked by program, as far as programs reach: components of
 * some thousand unknowns (bounds_solve.c), and a few rounds. Where a program says narrow, it says
 * by which published cells; the cheapest of these is hidden as well, and the pattern made again
 * with all that was hidden before as protected, so that nothing comes back and the proof is that
 * of suppress.c.
 *
 * Beyond their reach mere addition of published cells says at first what binds: it has to leave
 * open some times the width. Then, round by round, of the cells that the walk does not make wide
 * some lose the cheapest shown sum they are in, and the walk goes on; in the end nothing shown
 * speaks of them. So the search ends, at the worst with more hidden, and no clock decides.
 *
 * What surprised us: programs prove next to nothing where zeros are shown and the table is large:
 * every hidden cell is near its floor then, and what there is to move hangs together over hundreds
 * of cells. The walk has no such trouble. And which of the cells that bind are hidden matters more
 * than anything: chosen here and there, what is hidden needs partners that are narrow themselves,
 * and half the table goes; taken always from the same corner, one region gives way to all the
 * others (143 cells against 214 in a table of three thousand). */
#include "gateway/disclosure/interval.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/bounds.h"
#include "gateway/disclosure/eliminate.h"
#include "gateway/disclosure/moves.h"
#include "gateway/disclosure/residue.h"

/* Rows of a direction, and its numbers: longer and larger ones hardly go anywhere. */
enum { LONGEST = 256, NUMBER_MAX = 16, BINDING_MAX = 256, ROUNDS_MAX = 70 };
/* Rounds in which programs are asked, and how many iterations they have together. In components
 * too large for them additions have to leave open so many times the width before anybody walks;
 * and which part of what is narrow is cured in a round. */
enum { PROGRAM_ROUNDS = 16, PROGRAM_WORK = 12000, LOOSE = 3, GENTLY = 16 };
/* Entries that the walk of one round looks at, for each cell that is not wide yet; and all walks
 * together (about a minute): what is not wide then is cured without asking what binds it. */
#define WALK_EACH UINT64_C(100000)
#define WALK_MOST (UINT64_C(8) << 30)
enum { ROUNDS_GENTLE = 60 };

struct widening {
        struct arena *arena;
        const struct model *model;
        const int64_t *values;
        const struct interval_options *options;
        struct model hidden;         /* the model; what is hidden so far is protected */
        struct model_column *column; /* of `hidden` */
        struct model_column *before; /* when the round began */
        struct model_column *ran;    /* when the pattern was made */
        size_t *row_start;           /* the matrix by rows */
        uint32_t *row_column;
        int64_t *truth;      /* of columns */
        int64_t *low, *high; /* of columns: values seen */
        int64_t *floor;      /* of rows: what everybody believes it is at least */
        int64_t *change;     /* of columns, at hand */
        uint32_t *touched;
        bool *is_touched;
        bool *given_up; /* of columns: nothing makes it wider */
        bool alone;     /* additions are heeded alone, no program */
        bool additions; /* and nobody walks before they have no more to say */
        struct moves_path path;
        int64_t *now;       /* of rows: where the path has led */
        bool *nonzero;      /* of columns: hidden, it is known to be at least 1 */
        uint32_t *cheapest; /* columns, the cheapest first; and where each stands among them */
        uint32_t *rank;
        struct interval_result result;
        uint64_t work;
};

static bool is_hidden(const struct widening *w, uint32_t c)
{
        return w->column[c].protect;
}

static bool is_wide(const struct widening *w, uint32_t c)
{
        return w->high[c] == BOUNDS_NONE || w->high[c] - w->low[c] >= (int64_t)w->options->width;
}

static enum err transpose(struct widening *w)
{
        const struct model *m = w->model;

        w->row_start = arena_alloc(w->arena, (size_t)m->rows + 2, sizeof *w->row_start);
        w->row_column = arena_alloc_raw(w->arena, m->start[m->columns], sizeof *w->row_column);
        if (w->row_start == NULL || w->row_column == NULL)
                return ERR_NO_MEMORY;
        for (size_t k = 0; k < m->start[m->columns]; k++)
                w->row_start[m->row[k] + 2]++;
        for (uint32_t r = 2; r < m->rows + 2; r++)
                w->row_start[r] += w->row_start[r - 1];
        for (uint32_t c = 0; c < m->columns; c++)
                for (size_t k = m->start[c]; k < m->start[c + 1]; k++)
                        w->row_column[w->row_start[m->row[k] + 1]++] = c;
        return ERR_OK;
}

struct priced {
        uint64_t cost;
        uint32_t column;
};

static int by_price(const void *x, const void *y)
{
        const struct priced *a = x, *b = y;

        if (a->cost != b->cost)
                return a->cost < b->cost ? -1 : 1;
        return (a->column > b->column) - (a->column < b->column);
}

/* Of sums that follow from one another the programs blame those that come first. */
static enum err cheapest_make(struct widening *w)
{
        const struct model *m = w->model;
        struct priced *list = arena_alloc_raw(w->arena, m->columns, sizeof *list);

        w->cheapest = arena_alloc_raw(w->arena, m->columns, sizeof *w->cheapest);
        w->rank = arena_alloc_raw(w->arena, m->columns, sizeof *w->rank);
        if (list == NULL || w->cheapest == NULL || w->rank == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t c = 0; c < m->columns; c++)
                list[c] = (struct priced){m->column[c].cost, c};
        qsort(list, m->columns, sizeof *list, by_price);
        for (uint32_t c = 0; c < m->columns; c++)
                w->rank[w->cheapest[c] = list[c].column] = c;
        return ERR_OK;
}

/* A number has a floor by any of its cells that would be shown if it were zero. */
static void nonzero_find(struct widening *w)
{
        const struct model *m = w->model;

        for (size_t i = 0; i < m->cells && w->options->zeros_published; i++) {
                uint32_t c = m->column_of[i];
                bool maybe = w->options->maybe_zero != NULL && w->options->maybe_zero[i];

                if (c < m->columns && !maybe)
                        w->nonzero[c] = w->truth[c] > 0;
        }
}

static enum err widening_init(struct widening *w)
{
        const struct model *m = w->model;
        struct arena *a = w->arena;

        w->column = arena_alloc_raw(a, m->columns, sizeof *w->column);
        w->truth = arena_alloc(a, m->columns, sizeof *w->truth);
        w->low = arena_alloc_raw(a, m->columns, sizeof *w->low);
        w->high = arena_alloc_raw(a, m->columns, sizeof *w->high);
        w->floor = arena_alloc(a, m->rows, sizeof *w->floor);
        w->change = arena_alloc(a, m->columns, sizeof *w->change);
        w->touched = arena_alloc_raw(a, m->columns, sizeof *w->touched);
        w->given_up = arena_alloc(a, m->columns, sizeof *w->given_up);
        w->now = arena_alloc_raw(a, m->rows, sizeof *w->now);
        w->is_touched = arena_alloc(a, m->columns, sizeof *w->is_touched);
        w->nonzero = arena_alloc(a, m->columns, sizeof *w->nonzero);
        if (w->column == NULL || w->truth == NULL || w->low == NULL || w->high == NULL ||
                w->floor == NULL || w->change == NULL || w->touched == NULL ||
                w->given_up == NULL || w->now == NULL || w->is_touched == NULL ||
                w->nonzero == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t r = 0; r < m->rows; r++)
                if (w->values[r] < 0 || w->values[r] > BOUNDS_LARGEST)
                        return ERR_INVALID;
        for (uint32_t c = 0; c < m->columns; c++) {
                for (size_t k = m->start[c]; k < m->start[c + 1]; k++)
                        w->truth[c] += w->values[m->row[k]];
                w->low[c] = w->high[c] = w->truth[c];
        }
        memcpy(w->now, w->values, m->rows * sizeof *w->now);
        nonzero_find(w);
        memcpy(w->column, m->column, m->columns * sizeof *w->column);
        w->hidden = *m;
        w->hidden.column = w->column;
        TRY(cheapest_make(w));
        return transpose(w);
}

/* Patterns --------------------------------------------------------------------------------- */

/* What a pattern hides is protected from now on, and not zero where that would be shown. */
static void pattern_take(struct widening *w, const struct suppress_result *pattern)
{
        const struct model *m = w->model;

        for (size_t i = 0; i < m->cells; i++)
                if (m->column_of[i] < m->columns && pattern->status[i] <= SUPPRESS_SECONDARY)
                        w->column[m->column_of[i]].protect = true;
        for (uint32_t c = 0; c < m->columns; c++)
                if (is_hidden(w, c) && m->start[c + 1] - m->start[c] == 1)
                        w->floor[m->row[m->start[c]]] = w->nonzero[c];
}

/* The statuses of the result, in the model's own words. */
static void pattern_write(struct widening *w, const struct suppress_result *first)
{
        struct suppress_result *r = &w->result.pattern;
        const struct model *m = w->model;

        r->primary = r->secondary = r->cost = 0;
        for (size_t i = 0; i < m->cells; i++) {
                uint32_t c = m->column_of[i];

                if (c < m->columns && is_hidden(w, c) && r->status[i] != SUPPRESS_PRIMARY)
                        r->status[i] = SUPPRESS_SECONDARY;
                if (c < m->columns && is_hidden(w, c) && !m->column[c].protect)
                        r->status[i] = SUPPRESS_SECONDARY;
                r->primary += r->status[i] == SUPPRESS_PRIMARY;
                r->secondary += r->status[i] == SUPPRESS_SECONDARY;
        }
        for (uint32_t c = 0; c < m->columns; c++)
                if (m->column[c].open && !m->column[c].protect && is_hidden(w, c))
                        r->cost += m->column[c].cost;
        w->result.extra = r->secondary - first->secondary;
}

/* Directions ------------------------------------------------------------------------------- */

static bool is_small(const struct vector *d)
{
        for (uint32_t i = 0; i < d->len; i++)
                if (llabs(residue_signed(d->value[i])) > NUMBER_MAX)
                        return false;
        return true;
}

/* What the direction does to every column; false where one moves that is published. */
static bool changes_make(struct widening *w, const struct vector *d, uint32_t *len)
{
        bool stays = true;

        *len = 0;
        for (uint32_t i = 0; i < d->len; i++) {
                uint32_t row = d->at[i];

                for (size_t k = w->row_start[row]; k < w->row_start[row + 1]; k++) {
                        uint32_t c = w->row_column[k];

                        /* A sum that came back to nothing is not a new one. */
                        if (!w->is_touched[c])
                                w->touched[(*len)++] = c;
                        w->is_touched[c] = true;
                        w->change[c] += residue_signed(d->value[i]);
                }
        }
        for (uint32_t i = 0; i < *len; i++) {
                uint32_t c = w->touched[i];

                stays = stays && (w->change[c] == 0 || is_hidden(w, c) ||
                                         !(w->column[c].open || w->column[c].known));
        }
        return stays;
}

static void see(struct widening *w, uint32_t c, int64_t value)
{
        if (value < w->low[c])
                w->low[c] = value;
        if (value > w->high[c])
                w->high[c] = value;
}

/* What is hidden is at least 1 where zeros are shown, which has to be said of sums of cells
 * that are not shown themselves. */
static bool needs_floor(const struct widening *w, uint32_t c)
{
        if (!is_hidden(w, c) || !w->nonzero[c])
                return false;
        for (size_t k = w->model->start[c]; k < w->model->start[c + 1]; k++)
                if (w->floor[w->model->row[k]] > 0)
                        return false;
        return true;
}

static enum err direction_take(struct widening *w, const struct vector *d)
{
        struct moves_entry entry[LONGEST];
        uint32_t len;
        bool stays = changes_make(w, d, &len);

        for (uint32_t i = 0; i < len; i++) {
                w->change[w->touched[i]] = 0;
                w->is_touched[w->touched[i]] = false;
        }
        for (uint32_t i = 0; i < d->len; i++)
                entry[i] = (struct moves_entry){d->at[i], (int32_t)residue_signed(d->value[i])};
        return stays ? moves_direction_add(w->arena, &w->path, entry, d->len) : ERR_OK;
}

/* The elimination of what is published, for its directions. */
static enum err directions_take(struct widening *w, struct arena *scratch)
{
        OWNED(elimination_free) struct elimination *e = NULL;
        const struct model *m = w->model;
        uint32_t *order = arena_alloc_raw(scratch, m->columns, sizeof *order);
        size_t len = 0, ceiling = w->options->suppress.memory_ceiling;

        if (order == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t c = 0; c < m->columns; c++)
                if (w->column[c].open && !is_hidden(w, c) && !w->column[c].known)
                        order[len++] = c;
        TRY(elimination_run(&w->hidden, order, len, 0, ceiling == 0 ? SIZE_MAX : ceiling, &e));
        for (uint32_t r = 0; r < m->rows; r++) {
                if (!elimination_is_free(e, r))
                        continue;
                const struct vector *d = elimination_direction(e, r, LONGEST);
                if (d != NULL && d->len > 0 && is_small(d))
                        TRY(direction_take(w, d));
        }
        return ERR_OK;
}

static bool is_open(const struct widening *w, uint32_t c)
{
        return is_hidden(w, c) && !is_wide(w, c) && !w->given_up[c];
}

/* Among tables that fit, until all are wide or the walk gets no further. */
static enum err walk(struct widening *w)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
        const struct model *m = w->model;
        size_t first = w->path.directions, open = 0, left = 0;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        bool *is = arena_alloc(scratch, m->columns, sizeof *is);
        bool *floored = arena_alloc(scratch, m->columns, sizeof *floored);
        if (is == NULL || floored == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t c = 0; c < m->columns; c++) {
                open += is[c] = is_open(w, c);
                floored[c] = needs_floor(w, c);
        }
        if (open == 0)
                return ERR_OK;
        TRY(directions_take(w, scratch));
        const struct moves_sums sums = {m->columns, m->start, m->row, is, floored, w->low, w->high};
        const struct moves_options options = {.numbers = m->rows,
                .floor = w->floor,
                .first = first,
                .width = (int64_t)w->options->width,
                .seed = w->options->suppress.seed,
                .work_limit = open * WALK_EACH,
                .cancel = w->options->cancel};
        TRY(moves_walk(w->arena, &w->path, &sums, &options, w->now, &w->result.walked));
        for (uint32_t c = 0; c < m->columns; c++)
                left += is[c];
        w->result.by_direction += open - left;
        return ERR_OK;
}

/* Programs --------------------------------------------------------------------------------- */

struct asking {
        struct bounds_system system;
        uint32_t *known_of, *asked_of; /* columns of sums */
        bool *wanted;
};

static void sum_take(
        const struct model *m, uint32_t c, size_t *start, uint32_t *unknown, uint32_t *len)
{
        size_t ones = m->start[c + 1] - m->start[c];

        memcpy(unknown + start[*len], m->row + m->start[c], ones * sizeof *unknown);
        start[*len + 1] = start[*len] + ones;
        ++*len;
}

static enum err asking_new(struct widening *w, struct arena *arena, struct asking *a)
{
        const struct model *m = w->model;
        size_t ones = m->start[m->columns];
        size_t *known_start = arena_alloc(arena, (size_t)m->columns + 1, sizeof *known_start);
        size_t *asked_start = arena_alloc(arena, (size_t)m->columns + 1, sizeof *asked_start);
        uint32_t *known = arena_alloc_raw(arena, ones, sizeof *known);
        uint32_t *asked = arena_alloc_raw(arena, ones, sizeof *asked);
        int64_t *known_low = arena_alloc(arena, m->columns, sizeof *known_low);
        int64_t *known_high = arena_alloc(arena, m->columns, sizeof *known_high);
        int64_t *high = arena_alloc_raw(arena, m->rows, sizeof *high);

        a->known_of = arena_alloc(arena, m->columns, sizeof *a->known_of);
        a->asked_of = arena_alloc(arena, m->columns, sizeof *a->asked_of);
        a->wanted = arena_alloc(arena, m->columns, sizeof *a->wanted);
        if (known_start == NULL || asked_start == NULL || known == NULL || asked == NULL ||
                known_low == NULL || known_high == NULL || high == NULL || a->known_of == NULL ||
                a->asked_of == NULL || a->wanted == NULL)
                return ERR_NO_MEMORY;
        struct bounds_system *s = &a->system;
        for (uint32_t r = 0; r < m->rows; r++)
                high[r] = BOUNDS_NONE;
        for (uint32_t i = 0; i < m->columns; i++) {
                uint32_t c = w->cheapest[i];
                bool floor = needs_floor(w, c);

                if (floor || (!is_hidden(w, c) && (w->column[c].open || w->column[c].known))) {
                        known_low[s->known.len] = floor ? 1 : w->truth[c];
                        known_high[s->known.len] = floor ? BOUNDS_NONE : w->truth[c];
                        a->known_of[s->known.len] = c;
                        sum_take(m, c, known_start, known, &s->known.len);
                }
                if (is_open(w, c)) {
                        a->asked_of[s->asked.len] = c;
                        sum_take(m, c, asked_start, asked, &s->asked.len);
                }
        }
        s->unknowns = m->rows;
        s->low = w->floor;
        s->high = high;
        s->known.start = known_start;
        s->known.unknown = known;
        s->known_low = known_low;
        s->known_high = known_high;
        s->asked.start = asked_start;
        s->asked.unknown = asked;
        return ERR_OK;
}

/* What binds a narrow cell: columns that may be hidden as well. */
struct bound_cell {
        uint32_t cell; /* column */
        uint32_t *by;
        size_t len;
        struct bound_cell *next;
};

struct binding {
        struct arena *arena;
        const struct asking *asking;
        struct bound_cell *first, **last;
        uint32_t *binds; /* of columns: how many narrow cells */
        bool many;       /* rather take one that binds many */
};

static enum err binding_new(
        struct arena *arena, const struct asking *a, uint32_t columns, struct binding **out)
{
        struct binding *x = arena_alloc(arena, 1, sizeof *x);

        if (x == NULL)
                return ERR_NO_MEMORY;
        *x = (struct binding){.arena = arena, .asking = a};
        x->last = &x->first;
        x->binds = arena_alloc(arena, columns, sizeof *x->binds);
        *out = x;
        return x->binds == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err binding_add(const struct widening *w, struct binding *x, uint32_t cell,
        const uint32_t *known, size_t len)
{
        struct bound_cell *c = arena_alloc(x->arena, 1, sizeof *c);

        if (c == NULL || (c->by = arena_alloc(x->arena, len, sizeof *c->by)) == NULL)
                return ERR_NO_MEMORY;
        c->cell = cell;
        for (size_t i = 0; i < len; i++) {
                uint32_t column = x->asking->known_of[known[i]];

                if (!is_hidden(w, column) && !w->column[column].known) {
                        c->by[c->len++] = column;
                        x->binds[column]++;
                }
        }
        *x->last = c;
        x->last = &c->next;
        return ERR_OK;
}

/* Programs say much of what binds: then of the cheapest the first, so that the same corner of a
 * table gives way to many. Additions say little: then what binds many for its cost. */
static bool is_better(const struct widening *w, const struct binding *x, uint32_t a, uint32_t b)
{
        unsigned __int128 of_a = (unsigned __int128)w->column[a].cost * x->binds[b];
        unsigned __int128 of_b = (unsigned __int128)w->column[b].cost * x->binds[a];

        if (!x->many)
                return w->rank[a] < w->rank[b];
        if (of_a != of_b)
                return of_a < of_b;
        return w->column[a].want != w->column[b].want ? w->column[a].want < w->column[b].want
                                                      : a < b;
}

/* For every narrow cell one of what binds it. */
static void binding_hide(struct widening *w, const struct binding *x)
{
        for (const struct bound_cell *c = x->first; c != NULL; c = c->next) {
                uint32_t best = MODEL_EMPTY;
                bool done = false;

                for (size_t i = 0; i < c->len && !done; i++) {
                        done = is_hidden(w, c->by[i]);
                        if (best == MODEL_EMPTY || is_better(w, x, c->by[i], best))
                                best = c->by[i];
                }
                if (c->len == 0)
                        w->given_up[c->cell] = true;
                else if (!done)
                        w->column[best].protect = true;
        }
}

/* All that holds the first inner cell of a sum: nothing speaks of it any more, and it is as wide
 * as anybody likes. Where all was hidden when the round began, nothing helps. */
static void hide_around(struct widening *w, uint32_t c)
{
        uint32_t row = w->model->row[w->model->start[c]];
        bool any = false;

        for (size_t k = w->row_start[row]; k < w->row_start[row + 1]; k++) {
                uint32_t at = w->row_column[k];

                w->column[at].protect |= w->column[at].open && !w->column[at].known;
                any |= w->column[at].protect && !w->before[at].protect;
        }
        w->given_up[c] = !any;
}

/* Of the shown sums that hold the first inner cell of `c` the cheapest: so what is large and much
 * wanted goes last. False: something around it was hidden in this round, or nothing is left. */
static bool hide_nearest(struct widening *w, uint32_t c)
{
        const struct model *m = w->model;
        uint32_t row = m->row[m->start[c]], best = MODEL_EMPTY;

        for (size_t k = w->row_start[row]; k < w->row_start[row + 1]; k++) {
                uint32_t at = w->row_column[k];

                if (w->column[at].protect && !w->before[at].protect)
                        return false;
                if (w->column[at].protect || !w->column[at].open || w->column[at].known)
                        continue;
                if (best == MODEL_EMPTY || w->column[at].cost < w->column[best].cost ||
                        (w->column[at].cost == w->column[best].cost &&
                                w->column[at].want < w->column[best].want))
                        best = at;
        }
        if (best == MODEL_EMPTY)
                w->given_up[c] = true;
        else
                w->column[best].protect = true;
        return best != MODEL_EMPTY;
}

/* A few at a time: each that is hidden makes others wide, too. */
static void hide_nearest_of_some(struct widening *w, const struct asking *a)
{
        size_t most = a->system.asked.len / GENTLY + GENTLY;

        for (uint32_t i = 0; i < a->system.asked.len && most > 0; i++)
                most -= hide_nearest(w, a->asked_of[i]);
}

/* What addition alone says binds. */
static enum err bind_passed(
        struct widening *w, struct arena *arena, struct bounds *b, const struct asking *a)
{
        uint32_t known[BINDING_MAX];
        struct binding *x;
        size_t len;

        TRY(binding_new(arena, a, w->model->columns, &x));
        for (uint32_t i = 0; i < a->system.asked.len; i++) {
                int64_t enough = (int64_t)w->options->width * LOOSE;

                bounds_passed(b, i, enough, known, BINDING_MAX, &len);
                if (len > 0)
                        TRY(binding_add(w, x, a->asked_of[i], known, len));
        }
        x->many = true;
        binding_hide(w, x);
        return ERR_OK;
}

/* The search has come to its end: without another question. */
static void hide_around_all(struct widening *w, const struct asking *a)
{
        w->result.limited = true;
        for (uint32_t i = 0; i < a->system.asked.len; i++)
                hide_around(w, a->asked_of[i]);
}

/* All that binds an asked sum, either way. */
static enum err bind_one(const struct widening *w, struct binding *x, struct bounds *b, uint32_t i)
{
        uint32_t known[BINDING_MAX];
        size_t len = 0;

        for (int larger = 1; larger >= 0 && len < BINDING_MAX; larger--) {
                size_t more = 0;

                bounds_binding(b, i, larger, known + len, BINDING_MAX - len, &more);
                len += more;
        }
        return binding_add(w, x, x->asking->asked_of[i], known, len);
}

/* Cells that programs say are narrow, one way or the other. */
static enum err bind_narrow(
        struct widening *w, struct arena *arena, struct bounds *b, const struct asking *a)
{
        struct binding *x;

        TRY(binding_new(arena, a, w->model->columns, &x));
        for (uint32_t i = 0; i < a->system.asked.len; i++)
                if (a->wanted[i] && !is_wide(w, a->asked_of[i]))
                        TRY(bind_one(w, x, b, i));
        binding_hide(w, x);
        return ERR_OK;
}

/* Programs of the components that are not too large. False: they came to a limit. */
static enum err programs_ask(
        struct widening *w, struct arena *arena, struct bounds *b, struct asking *a)
{
        for (uint32_t i = 0; i < a->system.asked.len; i++)
                a->wanted[i] = true;
        TRY(bounds_work(b, a->wanted, (int64_t)w->options->width));
        if (!bounds_feasible(b))
                return ERR_INTERNAL; /* the truth is a solution */
        for (uint32_t i = 0; i < a->system.asked.len; i++) {
                int64_t low, high;

                bounds_seen(b, i, &low, &high);
                see(w, a->asked_of[i], low);
                see(w, a->asked_of[i], high);
                w->result.asked += is_wide(w, a->asked_of[i]);
        }
        w->work += bounds_iterations(b);
        w->result.limited |= bounds_limited(b);
        w->alone |= bounds_limited(b) || w->result.rounds >= PROGRAM_ROUNDS;
        return w->alone ? ERR_OK : bind_narrow(w, arena, b, a);
}

static bool any_large(const struct bounds *b, uint32_t asked)
{
        for (uint32_t i = 0; i < asked; i++)
                if (bounds_is_large(b, i))
                        return true;
        return false;
}

/* Asks what is not known to be wide; marks more as protected. */
static enum err ask(struct widening *w)
{
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        OWNED(bounds_free) struct bounds *b = NULL;
        uint64_t limit = w->options->work_limit;
        struct asking a = {0};

        if (limit == 0 || limit > PROGRAM_WORK)
                limit = PROGRAM_WORK;
        const struct bounds_options options = {.whole = true,
                .binding = true,
                .iterations_max = limit > w->work ? limit - w->work : 1,
                .path = &w->path,
                .path_arena = w->arena,
                .cancel = w->options->cancel};
        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(asking_new(w, arena, &a));
        if (a.system.asked.len == 0)
                return ERR_OK;
        if (w->result.rounds > ROUNDS_GENTLE || w->result.walked > WALK_MOST) {
                hide_around_all(w, &a);
                return ERR_OK;
        }
        TRY(bounds_new(arena, &a.system, &options, &b));
        bounds_tell(b, w->now);
        w->alone |= any_large(b, a.system.asked.len);
        if (!w->alone && !w->additions)
                TRY(programs_ask(w, arena, b, &a));
        if (w->alone && w->additions)
                return bind_passed(w, arena, b, &a);
        if (w->alone)
                hide_nearest_of_some(w, &a);
        return ERR_OK;
}

/* Rounds ----------------------------------------------------------------------------------- */

/* The pattern with what was marked; what was hidden before stays so. False: there is none
 * with a proof, and the one before stands. */
static enum err pattern_again(struct widening *w, size_t exposed, bool *found)
{
        struct suppress_options once = w->options->suppress;
        struct suppress_result again;

        once.starts = 1;
        memcpy(w->ran, w->column, w->model->columns * sizeof *w->ran);
        TRY(suppress_run(w->arena, &w->hidden, &once, &again));
        w->result.limited |= again.limited;
        *found = again.proved && again.exposed == exposed;
        if (*found) {
                pattern_take(w, &again);
                again.work += w->result.pattern.work;
                again.starts = w->result.pattern.starts;
                again.best_start = w->result.pattern.best_start;
                w->result.pattern = again;
        }
        return ERR_OK;
}

/* Whoever is alone in a cell knows it, so once hidden it is protected by itself. */
static bool alone_unheeded(const struct widening *w)
{
        for (uint32_t c = 0; c < w->model->columns; c++)
                if (w->model->column[c].alone && is_hidden(w, c) && !w->ran[c].protect)
                        return true;
        return false;
}

static enum err widen(struct widening *w)
{
        size_t exposed = w->result.pattern.exposed;
        size_t size = w->model->columns * sizeof *w->before;
        bool more = true, found = true;

        w->before = arena_alloc_raw(w->arena, 1, size);
        w->ran = arena_alloc_raw(w->arena, 1, size);
        if (w->before == NULL || w->ran == NULL)
                return ERR_NO_MEMORY;
        memcpy(w->ran, w->model->column, size);
        w->additions = true;
        while (more && found) {
                if (w->options->cancel != NULL && atomic_load(w->options->cancel))
                        return ERR_CANCELLED;
                if (w->result.rounds == ROUNDS_MAX) {
                        w->result.limited = true;
                        return ERR_OK;
                }
                w->result.rounds++;
                memcpy(w->before, w->column, size);
                if (!w->additions)
                        TRY(walk(w));
                TRY(ask(w));
                more = memcmp(w->before, w->column, size) != 0;
                /* What additions tell at once goes before anybody walks. */
                if (w->additions && !more)
                        more = !(w->additions = false);
                w->additions = w->additions && w->alone;
                more = more || alone_unheeded(w);
                if (more)
                        TRY(pattern_again(w, exposed, &found));
                if (!found)
                        memcpy(w->column, w->before, size);
        }
        return ERR_OK;
}

static enum err told_write(struct widening *w)
{
        struct moves_path *path = arena_alloc(w->arena, 1, sizeof *path);

        if (path == NULL)
                return ERR_NO_MEMORY;
        *path = w->path;
        w->result.told = (struct moves_told){w->model->rows, w->model->inner, w->values, path};
        return ERR_OK;
}

enum err interval_protect(struct arena *arena, const struct model *model, const int64_t *values,
        const struct interval_options *options, struct interval_result *out)
{
        struct widening w = {.arena = arena, .model = model, .values = values, .options = options};
        struct suppress_result first;

        TRY(moves_path_init(arena, &w.path));
        TRY(suppress_run(arena, model, &options->suppress, &first));
        w.result.pattern = first;
        w.result.limited = first.limited;
        /* Where the pattern itself does not hold nothing is said of widths. Cells that are zero by
         * what is known are shown as that, and of no width. */
        w.result.narrow = options->width > 0 ? first.primary + first.secondary : 0;
        if (options->width > 0 && first.proved && first.exposed <= model->impossible) {
                TRY(widening_init(&w));
                pattern_take(&w, &first);
                TRY(widen(&w));
                pattern_write(&w, &first);
                w.result.narrow = 0;
                for (uint32_t c = 0; c < model->columns; c++)
                        w.result.narrow += is_hidden(&w, c) && !is_wide(&w, c);
        }
        TRY(told_write(&w));
        *out = w.result;
        return ERR_OK;
}
