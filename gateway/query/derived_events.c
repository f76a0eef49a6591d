/* SPDX-License-Identifier: Apache-2.0 */
/* derived_events.c: the events of a derived variable, made ready once for all records
 * that will ask.
 *
 * Where every record of a data set is an event, and counts by the date that the view is
 * ordered by, the view's own columns are it. Else those that pass the filters are taken
 * together, in order of their date: filters run column by column over all of them, and
 * what asks meets only what counts. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/parallel.h"
#include "gateway/query/derived.h"

enum { CHUNK = 1 << 14 }; /* persons */

struct gathering {
        const struct derivation *d;
        const struct view *view;
        const uint32_t *starts; /* of the view */
        const int32_t *dates;   /* of the view; NULL: no date matters */
        bool sort;
        uint8_t *kept;    /* by row */
        uint32_t *counts; /* by chunk: kept rows; then where they go */
        uint32_t persons;
        /* What is made. */
        uint32_t *out_starts, *out_rows;
        int32_t *out_dates;
};

static void keep_block(struct gathering *g, uint32_t row, uint32_t n)
{
        uint32_t flags[BLOCK] = {0};

        for (uint32_t i = 0; i < g->d->tests_len; i++) {
                const struct test *t = &g->d->tests[i];
                enum physical form = g->d->events->variables[t->operand].physical;
                const uint8_t *values = view_column(g->view, t->operand);

                test_values(t, form, values + (size_t)physical_width(form) * row, n, flags);
        }
        for (uint32_t i = 0; i < n; i++)
                g->kept[row + i] = flags[i] == 0;
        for (uint32_t i = 0; g->dates != NULL && i < n; i++)
                g->kept[row + i] &= g->dates[row + i] != MISSING_I32;
}

static uint32_t chunk_end(const struct gathering *g, size_t chunk)
{
        uint32_t first = (uint32_t)chunk * CHUNK;

        return g->persons - first < CHUNK ? g->persons : first + CHUNK;
}

static enum err keep_chunk(void *ctx, unsigned worker, size_t i)
{
        struct gathering *g = ctx;
        uint32_t begin = g->starts[i * CHUNK], end = g->starts[chunk_end(g, i)], kept = 0;

        (void)worker;
        for (uint32_t row = begin; row < end; row += BLOCK)
                keep_block(g, row, end - row < BLOCK ? end - row : BLOCK);
        for (uint32_t row = begin; row < end; row++)
                kept += g->kept[row];
        g->counts[i] = kept;
        return ERR_OK;
}

struct event {
        int32_t date;
        uint32_t row;
};

static int by_date(const void *a, const void *b)
{
        const struct event *x = a, *y = b;

        if (x->date != y->date)
                return x->date < y->date ? -1 : 1;
        return x->row < y->row ? -1 : x->row > y->row;
}

enum { SORTED_AT_ONCE = 24 };

/* Few, as nearly all persons have: no call, no memory. */
static void sort_few(int32_t *dates, uint32_t *rows, uint32_t len)
{
        for (uint32_t i = 1; i < len; i++) {
                int32_t date = dates[i];
                uint32_t row = rows[i], k = i;

                for (; k > 0 && dates[k - 1] > date; k--) {
                        dates[k] = dates[k - 1];
                        rows[k] = rows[k - 1];
                }
                dates[k] = date;
                rows[k] = row;
        }
}

static enum err sort_events(int32_t *dates, uint32_t *rows, uint32_t len)
{
        if (len <= SORTED_AT_ONCE) {
                sort_few(dates, rows, len);
                return ERR_OK;
        }
        struct event *events = malloc(len * sizeof(*events));
        if (events == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                events[i] = (struct event){dates[i], rows[i]};
        qsort(events, len, sizeof(*events), by_date);
        for (uint32_t i = 0; i < len; i++) {
                dates[i] = events[i].date;
                rows[i] = events[i].row;
        }
        free(events);
        return ERR_OK;
}

static enum err gather_chunk(void *ctx, unsigned worker, size_t i)
{
        struct gathering *g = ctx;
        uint32_t at = g->counts[i];

        (void)worker;
        for (uint32_t p = (uint32_t)i * CHUNK; p < chunk_end(g, i); p++) {
                g->out_starts[p] = at;
                for (uint32_t row = g->starts[p]; row < g->starts[p + 1]; row++) {
                        if (!g->kept[row])
                                continue;
                        g->out_rows[at] = row;
                        if (g->dates != NULL)
                                g->out_dates[at] = g->dates[row];
                        at++;
                }
                if (g->sort)
                        TRY(sort_events(g->out_dates + g->out_starts[p],
                                g->out_rows + g->out_starts[p], at - g->out_starts[p]));
        }
        return ERR_OK;
}

static enum err gather(struct gathering *g, unsigned threads, struct arena *scratch)
{
        size_t chunks = ((size_t)g->persons + CHUNK - 1) / CHUNK;
        uint32_t total = 0;

        g->kept = arena_alloc_raw(scratch, g->starts[g->persons], 1);
        g->counts = arena_alloc(scratch, chunks, sizeof(*g->counts));
        if (g->kept == NULL || g->counts == NULL)
                return ERR_NO_MEMORY;
        TRY(parallel_for(threads, chunks, keep_chunk, g));
        for (size_t i = 0; i < chunks; i++) {
                uint32_t kept = g->counts[i];

                g->counts[i] = total;
                total += kept;
        }
        g->out_starts = arena_alloc_raw(scratch, (size_t)g->persons + 1, sizeof(*g->out_starts));
        g->out_rows = arena_alloc_raw(scratch, total, sizeof(*g->out_rows));
        if (g->dates != NULL)
                g->out_dates = arena_alloc_raw(scratch, total, sizeof(*g->out_dates));
        if (g->out_starts == NULL || g->out_rows == NULL ||
                (g->dates != NULL && g->out_dates == NULL))
                return ERR_NO_MEMORY;
        g->out_starts[g->persons] = total;
        return parallel_for(threads, chunks, gather_chunk, g);
}

/* The view of the events, with what is asked of each of them. */
static enum err open_view(const struct pass *p, const struct derivation *d, struct events *e)
{
        const struct policy_dataset *s = d->events;
        bool same = bytes_equal(s->id, p->plan->dataset->id);

        e->view = same ? p->view : view_beside(p->view, s->id);
        if (e->view == NULL || view_persons(e->view) != view_persons(p->view))
                return ERR_INTERNAL;
        e->starts = view_person_starts(e->view);
        if (d->date != UINT32_MAX)
                e->dates = view_column(e->view, d->date);
        if (d->in == IN_SAME || d->in == IN_OTHER) {
                e->places = view_column(e->view, s->municipality_variable);
                e->place_form = s->variables[s->municipality_variable].physical;
        }
        if (d->value != UINT32_MAX) {
                e->values = view_column(e->view, d->value);
                e->value_form = s->variables[d->value].physical;
        }
        e->families = d->family ? view_families(p->view) : NULL;
        return d->family && e->families == NULL ? ERR_INTERNAL : ERR_OK;
}

enum err events_prepare(const struct pass *p, const struct derivation *d, unsigned threads,
        struct arena *scratch, struct events *out)
{
        struct events e = {0};

        if (d->kind == DERIVED_DAYS_BETWEEN) {
                *out = e;
                return ERR_OK;
        }
        TRY(open_view(p, d, &e));
        bool sort = e.dates != NULL && d->date != d->events->order_variable;
        if (d->tests_len > 0 || sort) {
                struct gathering g = {
                        .d = d,
                        .view = e.view,
                        .starts = e.starts,
                        .dates = e.dates,
                        .sort = sort,
                        .persons = view_persons(e.view),
                };
                TRY(gather(&g, threads, scratch));
                e.starts = g.out_starts;
                e.rows = g.out_rows;
                e.kept = g.kept;
                e.dates = g.out_dates;
        }
        *out = e;
        return ERR_OK;
}
