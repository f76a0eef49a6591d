/* SPDX-License-Identifier: Apache-2.0 */
/* interval.c: directions from the truth, programs where those do not reach, and what binds.
 *
 * A direction of the elimination leaves every published cell as it is. Gone along from the
 * truth, one way and the other, until an inner cell would become smaller than anybody
 * believes, it shows two tables that nobody can tell from the true one; what a protected
 * cell is in the two is as far apart as its interval is wide, at least. Whatever is found
 * stays true when more is hidden, so it is found once.
 *
 * Cells for which that is not enough are asked by program. Where it says narrow, it says by
 * which published cells; the cheapest of these is hidden as well, and the pattern made
 * again with all that was hidden before as protected, so that nothing comes back and the
 * proof is that of suppress.c.
 *
 * Programs reach components of some thousand unknowns (bounds_solve.c). In larger ones what mere
 * addition of published cells says is cured, and then what programs of real numbers say of some
 * cells (bounds_large.c), as many as wished; the rest stays narrow and `limited` says so.
 *
 * What surprised us: in a large component additions are far from all. With zeros shown and no more
 * than the width left open by additions, programs could still compute one hidden cell in twelve of
 * a table of 45,000, and tell one in three nearly; so there additions have to leave more open.
 * And directions prove next to nothing where zeros are shown. Every hidden one is
 * at its floor then, and a direction of forty cells meets one both ways. And which of the cells
 * that bind are hidden matters more than anything: chosen here and there, what is hidden needs
 * partners that are narrow themselves, and half the table goes; taken always from the same corner,
 * one region gives way to all the others (143 cells against 214 in a table of three thousand). */
#include "gateway/disclosure/interval.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/bounds.h"
#include "gateway/disclosure/eliminate.h"
#include "gateway/disclosure/residue.h"

/* Rows of a direction, and its numbers: longer and larger ones hardly go anywhere. */
enum { LONGEST = 256, NUMBER_MAX = 16, BINDING_MAX = 256, ROUNDS_MAX = 24 };
/* Rounds in which cells are asked by themselves; and so many times the width additions must leave
 * open where no program says more. */
enum { SAMPLE_ROUNDS = 2, LOOSE = 3 };

struct widening {
        struct arena *arena;
        const struct model *model;
        const int64_t *values;
        const struct interval_options *options;
        struct model hidden;         /* the model; what is hidden so far is protected */
        struct model_column *column; /* of `hidden` */
        size_t *row_start;           /* the matrix by rows */
        uint32_t *row_column;
        int64_t *truth;      /* of columns */
        int64_t *low, *high; /* of columns: values seen */
        int64_t *floor;      /* of rows: what everybody believes it is at least */
        int64_t *change;     /* of columns, at hand */
        uint32_t *touched;
        bool *is_touched;
        bool *given_up;     /* of columns: nothing makes it wider */
        bool *asked;        /* of columns: by themselves; they were seen to be wide */
        uint32_t samples;   /* rounds in which they were */
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
        w->asked = arena_alloc(a, m->columns, sizeof *w->asked);
        w->is_touched = arena_alloc(a, m->columns, sizeof *w->is_touched);
        w->nonzero = arena_alloc(a, m->columns, sizeof *w->nonzero);
        if (w->column == NULL || w->truth == NULL || w->low == NULL || w->high == NULL ||
                w->floor == NULL || w->change == NULL || w->touched == NULL ||
                w->given_up == NULL || w->asked == NULL || w->is_touched == NULL ||
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

/* How often a direction can be gone, forwards (1) or backwards (-1). */
static int64_t steps_of(const struct widening *w, const struct vector *d, int way)
{
        int64_t steps = BOUNDS_NONE;

        for (uint32_t i = 0; i < d->len; i++) {
                int64_t by = way * residue_signed(d->value[i]);
                int64_t room = w->values[d->at[i]] - w->floor[d->at[i]];

                if (by < 0 && room / -by < steps)
                        steps = room / -by;
        }
        return steps;
}

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

/* Nor does a sum that is hidden become nothing. */
static int64_t steps_within(const struct widening *w, uint32_t c, int64_t by, int64_t steps)
{
        int64_t most = by < 0 && needs_floor(w, c) ? (w->truth[c] - 1) / -by : steps;

        return most < steps ? most : steps;
}

static void direction_go(struct widening *w, const struct vector *d)
{
        int64_t most = (int64_t)w->options->width;
        uint32_t len;
        bool stays = changes_make(w, d, &len);
        int64_t up = steps_of(w, d, 1), down = steps_of(w, d, -1);

        up = up < most ? up : most;
        down = down < most ? down : most;
        for (uint32_t i = 0; i < len; i++) {
                up = steps_within(w, w->touched[i], w->change[w->touched[i]], up);
                down = steps_within(w, w->touched[i], -w->change[w->touched[i]], down);
        }
        for (uint32_t i = 0; i < len; i++) {
                uint32_t c = w->touched[i];
                int64_t by = w->change[c];

                w->change[c] = 0;
                w->is_touched[c] = false;
                if (!stays || by == 0)
                        continue;
                bool before = is_wide(w, c);
                see(w, c, w->truth[c] + up * by);
                see(w, c, w->truth[c] - down * by);
                w->result.by_direction += is_hidden(w, c) && !before && is_wide(w, c);
        }
}

/* The elimination of what is published, for its directions. */
static enum err directions_go(struct widening *w)
{
        OWNED(elimination_free) struct elimination *e = NULL;
        const struct model *m = w->model;
        uint32_t *order = arena_alloc_raw(w->arena, m->columns, sizeof *order);
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
                if (d != NULL && is_small(d))
                        direction_go(w, d);
        }
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
                if (is_hidden(w, c) && !is_wide(w, c) && !w->given_up[c]) {
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
static bool binding_hide(struct widening *w, const struct binding *x)
{
        bool any = false;

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
                        any = w->column[best].protect = true;
        }
        return any;
}

/* Cells that are narrow by additions alone, of which everybody thinks first. Where programs
 * are too large or came to their limit, those at least are cured. */
static enum err bind_passed(struct widening *w, struct arena *arena, struct bounds *b,
        const struct asking *a, bool *any)
{
        uint32_t known[BINDING_MAX];
        struct binding *x;
        size_t len;

        TRY(binding_new(arena, a, w->model->columns, &x));

        for (uint32_t i = 0; i < a->system.asked.len; i++) {
                int64_t enough = (int64_t)w->options->width * (bounds_is_large(b, i) ? LOOSE : 1);

                bounds_passed(b, i, enough, known, BINDING_MAX, &len);
                if (len > 0)
                        TRY(binding_add(w, x, a->asked_of[i], known, len));
        }
        x->many = true;
        *any = binding_hide(w, x);
        return ERR_OK;
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
        (void)binding_hide(w, x);
        return ERR_OK;
}

/* Components that are too large -------------------------------------------------------------- */

/* Of what stands there some by chance: how much additions leave open says nothing more once they
 * leave open enough. */
static enum err large_choose(struct widening *w, struct arena *arena, const struct bounds *b,
        const struct asking *a, bool *chosen)
{
        struct priced *list = arena_alloc_raw(arena, a->system.asked.len, sizeof *list);
        size_t len = 0;

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < a->system.asked.len; i++)
                if (!w->asked[a->asked_of[i]] && bounds_is_large(b, i))
                        list[len++] = (struct priced){
                                residue_mix(w->options->suppress.seed, a->asked_of[i]), i};
        qsort(list, len, sizeof *list, by_price);
        for (size_t i = 0; i < len && i < w->options->large_sample; i++)
                chosen[list[i].column] = true;
        return ERR_OK;
}

static enum err bind_large(
        struct widening *w, struct arena *arena, struct bounds *b, const struct asking *a)
{
        bool *chosen = arena_alloc(arena, a->system.asked.len, sizeof *chosen);
        int64_t width = (int64_t)w->options->width;
        struct binding *x;

        if (chosen == NULL)
                return ERR_NO_MEMORY;
        w->samples++;
        TRY(binding_new(arena, a, w->model->columns, &x));
        TRY(large_choose(w, arena, b, a, chosen));
        TRY(bounds_ask_large(b, chosen, width));
        if (!bounds_feasible(b))
                return ERR_INTERNAL; /* the truth is a solution */
        for (uint32_t i = 0; i < a->system.asked.len; i++) {
                struct bounds_answer answer = bounds_answer(b, i);
                bool ends = answer.low != -BOUNDS_NONE && answer.high != BOUNDS_NONE;

                if (!chosen[i] || !bounds_near(b, i).asked)
                        continue;
                w->result.sampled++;
                w->asked[a->asked_of[i]] = !ends || answer.high - answer.low >= width;
                if (w->asked[a->asked_of[i]])
                        continue;
                w->result.sampled_narrow++;
                TRY(bind_one(w, x, b, i));
        }
        (void)binding_hide(w, x);
        return ERR_OK;
}

/* Asks what is not known to be wide; marks more as protected. */
static enum err ask(struct widening *w)
{
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        OWNED(bounds_free) struct bounds *b = NULL;
        uint64_t limit = w->options->work_limit;
        const struct bounds_options options = {.whole = true,
                .binding = true,
                .iterations_max = limit == 0        ? 0
                                  : limit > w->work ? limit - w->work
                                                    : 1,
                .cancel = w->options->cancel};
        struct asking a = {0};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(asking_new(w, arena, &a));
        if (a.system.asked.len == 0)
                return ERR_OK;
        TRY(bounds_new(arena, &a.system, &options, &b));
        bounds_tell(b, w->values);
        size_t most = w->options->cells_max == 0 ? SIZE_MAX : w->options->cells_max;
        for (uint32_t i = 0; i < a.system.asked.len && i < most; i++)
                a.wanted[i] = true;
        w->result.limited |= a.system.asked.len > most;
        TRY(bounds_work(b, a.wanted, (int64_t)w->options->width));
        if (!bounds_feasible(b))
                return ERR_INTERNAL; /* the truth is a solution */
        for (uint32_t i = 0; i < a.system.asked.len && a.wanted[i]; i++) {
                int64_t low, high;

                bounds_seen(b, i, &low, &high);
                see(w, a.asked_of[i], low);
                see(w, a.asked_of[i], high);
                w->result.asked += is_wide(w, a.asked_of[i]);
        }
        if (!bounds_limited(b))
                TRY(bind_narrow(w, arena, b, &a));
        bool any = true;
        if (bounds_limited(b))
                TRY(bind_passed(w, arena, b, &a, &any));
        if (!any && w->options->large_sample > 0 && w->samples < SAMPLE_ROUNDS)
                TRY(bind_large(w, arena, b, &a));
        w->work += bounds_iterations(b);
        w->result.limited |= bounds_limited(b);
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

static enum err widen(struct widening *w)
{
        size_t exposed = w->result.pattern.exposed;
        struct model_column *before = arena_alloc_raw(w->arena, w->model->columns, sizeof *before);
        bool more = true, found = true;

        if (before == NULL)
                return ERR_NO_MEMORY;
        while (more && found) {
                if (w->options->cancel != NULL && atomic_load(w->options->cancel))
                        return ERR_CANCELLED;
                if (w->result.rounds == ROUNDS_MAX) {
                        w->result.limited = true;
                        return ERR_OK;
                }
                w->result.rounds++;
                memcpy(before, w->column, w->model->columns * sizeof *before);
                TRY(directions_go(w));
                TRY(ask(w));
                more = memcmp(before, w->column, w->model->columns * sizeof *before) != 0;
                if (more)
                        TRY(pattern_again(w, exposed, &found));
                if (!found)
                        memcpy(w->column, before, w->model->columns * sizeof *before);
        }
        return ERR_OK;
}

enum err interval_protect(struct arena *arena, const struct model *model, const int64_t *values,
        const struct interval_options *options, struct interval_result *out)
{
        struct widening w = {.arena = arena, .model = model, .values = values, .options = options};
        struct suppress_result first;

        TRY(suppress_run(arena, model, &options->suppress, &first));
        w.result.pattern = first;
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
        *out = w.result;
        return ERR_OK;
}
