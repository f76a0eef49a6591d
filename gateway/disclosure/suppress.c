/* SPDX-License-Identifier: Apache-2.0 */
/* suppress.c: orders of candidates, and the best pattern of them.
 *
 * What surprised us: asking for many of the best pattern's hidden cells at once finds
 * nothing. One in thirty or fewer does, once a few shuffled orders have found a start; and of
 * small tables, where that is none or one, what gives way to it has to be left to chance: in
 * plain order two hundred passes end a tenth above the optimum, so a two-hundredth. */
#include "gateway/disclosure/suppress.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/residue.h"
#include "gateway/disclosure/witness.h"

/* Starts in shuffled orders, before those from the best pattern. */
enum { SHUFFLED = 20 };

/* A candidate's place in the queue: larger `want` first, then the longer sum. */
struct place {
        uint64_t want;
        uint32_t rows, column;
};

struct search {
        const struct model *model;
        const struct suppress_options *options;
        struct place *plain, *shuffled; /* candidates */
        uint32_t *order;
        size_t len;
        uint8_t *best; /* enum fate, of columns */
        uint64_t best_cost;
        uint32_t best_secondary;
        bool found;
        struct suppress_result result;
};

static int by_place(const void *a, const void *b)
{
        const struct place *x = a, *y = b;

        if (x->want != y->want)
                return x->want > y->want ? -1 : 1;
        if (x->rows != y->rows)
                return x->rows > y->rows ? -1 : 1;
        return (x->column > y->column) - (x->column < y->column);
}

static enum err search_init(struct search *s, struct arena *arena)
{
        const struct model *m = s->model;

        s->plain = arena_alloc_raw(arena, m->columns, sizeof *s->plain);
        s->shuffled = arena_alloc_raw(arena, m->columns, sizeof *s->shuffled);
        s->order = arena_alloc_raw(arena, m->columns, sizeof *s->order);
        s->best = arena_alloc(arena, m->columns, sizeof *s->best);
        if (s->plain == NULL || s->shuffled == NULL || s->order == NULL || s->best == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t c = 0; c < m->columns; c++)
                if (m->column[c].open && !m->column[c].protect && !m->column[c].known)
                        s->plain[s->len++] = (struct place){
                                m->column[c].want, (uint32_t)(m->start[c + 1] - m->start[c]), c};
        qsort(s->plain, s->len, sizeof *s->plain, by_place);
        return ERR_OK;
}

/* Orders ----------------------------------------------------------------------------------- */

static uint64_t random_of(const struct search *s, uint32_t start, uint32_t column)
{
        return residue_mix(residue_mix(s->options->seed, start), column);
}

/* Each candidate counts for up to `spread`/16 times more than it is. */
static void order_shuffle(struct search *s, uint32_t start, uint64_t spread)
{
        for (size_t i = 0; i < s->len; i++) {
                struct place *p = &s->shuffled[i];

                *p = s->plain[i];
                if (p->want < UINT64_MAX >> 12)
                        p->want *= 16 + random_of(s, start, p->column) % spread;
        }
}

/* What the best pattern publishes, in plain order, then what it hides; but one in `one_in`
 * of the hidden goes first of all. */
static void order_from_best(struct search *s, uint32_t start, uint64_t one_in)
{
        for (size_t i = 0; i < s->len; i++) {
                uint32_t column = s->plain[i].column;
                bool hidden = s->best[column] == FATE_HIDDEN;
                bool first = hidden && random_of(s, start, column) % one_in == 0;
                uint64_t queue = first ? 2 : hidden ? 0 : 1;

                s->shuffled[i] = s->plain[i];
                s->shuffled[i].want = queue << 60 | s->plain[i].want >> 4;
                /* Every other time what gives way to it is a matter of chance. */
                if (start % 2 == 1)
                        s->shuffled[i].want = queue << 60 | random_of(s, start + 1, column) >> 4;
        }
}

/* One in so many: few of all that is hidden, but of little that is hidden at least one. */
static uint64_t one_in(const struct search *s, uint32_t start)
{
        uint64_t often = s->best_secondary / (1 + start % 3) + 1;
        uint64_t seldom = UINT64_C(32) << start % 4;

        return often < seldom ? often : seldom;
}

static void order_make(struct search *s, uint32_t start)
{
        const struct place *from = s->plain;

        if (start > 0) {
                if (start < SHUFFLED)
                        order_shuffle(s, start, UINT64_C(4) << start % 5);
                else
                        order_from_best(s, start, one_in(s, start));
                qsort(s->shuffled, s->len, sizeof *s->shuffled, by_place);
                from = s->shuffled;
        }
        for (size_t i = 0; i < s->len; i++)
                s->order[i] = from[i].column;
}

/* Passes ----------------------------------------------------------------------------------- */

/* A cheaper pattern is kept with its proof, or not at all. */
static enum err keep(struct search *s, struct elimination *e, uint32_t start)
{
        struct elimination_stats stats = elimination_stats(e);
        struct witness_report report;

        if (s->found &&
                (stats.cost > s->best_cost ||
                        (stats.cost == s->best_cost && stats.secondary >= s->best_secondary)))
                return ERR_OK;
        TRY(witness_prove(e, s->model, &report));
        if (report.unproved > stats.exposed)
                return ERR_OK;
        s->found = true;
        s->best_cost = stats.cost;
        s->best_secondary = stats.secondary;
        s->result.best_start = start;
        s->result.whole = report.whole;
        s->result.modular = report.modular;
        memcpy(s->best, elimination_fates(e), s->model->columns);
        return ERR_OK;
}

static enum err pass(struct search *s, uint32_t start)
{
        OWNED(elimination_free) struct elimination *e = NULL;
        struct suppress_result *r = &s->result;
        uint64_t limit = s->options->work_limit;
        size_t ceiling = s->options->memory_ceiling;

        order_make(s, start);
        r->starts++;
        enum err err = elimination_run(s->model, s->order, s->len, limit == 0 ? 0 : limit - r->work,
                ceiling == 0 ? SIZE_MAX : ceiling, &e);
        if (err == ERR_LIMIT && s->found) {
                r->work = limit; /* what is known took all that was left */
                r->limited = true;
                return ERR_OK;
        }
        TRY(err);
        struct elimination_stats stats = elimination_stats(e);
        r->work += stats.work;
        r->limited |= stats.limited;
        r->exposed = stats.exposed;
        if (stats.bytes > r->bytes)
                r->bytes = stats.bytes;
        return keep(s, e, start);
}

static bool exhausted(const struct search *s)
{
        return s->options->work_limit > 0 && s->result.work >= s->options->work_limit;
}

/* A cell as its column, when all passes are done. */
static uint8_t status_of(const struct search *s, uint32_t column)
{
        if (column == MODEL_ABSENT)
                return SUPPRESS_ABSENT;
        if (column == MODEL_EMPTY)
                return SUPPRESS_PUBLISHED;
        if (s->model->column[column].protect)
                return SUPPRESS_PRIMARY;
        if (s->model->column[column].known)
                return SUPPRESS_PUBLISHED;
        return s->best[column] == FATE_PUBLISHED ? SUPPRESS_PUBLISHED : SUPPRESS_SECONDARY;
}

static enum err statuses_write(struct search *s, struct arena *arena)
{
        struct suppress_result *r = &s->result;
        const struct model *m = s->model;

        r->status = arena_alloc(arena, m->cells, sizeof *r->status);
        if (r->status == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->cells; i++) {
                r->status[i] = status_of(s, m->column_of[i]);
                r->primary += r->status[i] == SUPPRESS_PRIMARY;
                r->secondary += r->status[i] == SUPPRESS_SECONDARY;
        }
        for (uint32_t c = 0; c < m->columns; c++)
                if (m->column[c].open && !m->column[c].protect && s->best[c] == FATE_HIDDEN)
                        r->cost += m->column[c].cost;
        return ERR_OK;
}

enum err suppress_run(struct arena *arena, const struct model *model,
        const struct suppress_options *options, struct suppress_result *out)
{
        struct search s = {.model = model, .options = options};

        TRY(search_init(&s, arena));
        do
                TRY(pass(&s, s.result.starts));
        while (s.result.starts < options->starts && !exhausted(&s));
        s.result.proved = s.found;
        s.result.exposed += model->impossible;
        TRY(statuses_write(&s, arena));
        *out = s.result;
        return ERR_OK;
}
