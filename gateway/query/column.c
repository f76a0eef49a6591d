/* SPDX-License-Identifier: Apache-2.0 */
/* column.c: columns that no view has: computed for a block of rows, in the worker.
 *
 * Here are those that the question states; derived ones are made in derived_run.c, for
 * the rows that are left. Persons of a block are found from the view's starts: in a linked
 * view somebody can have no rows at all, so the stamps of run.c are not their numbers. */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "gateway/query/derived.h"

enum err columns_prepare(struct pass *p, unsigned threads, struct arena *scratch)
{
        uint32_t len = p->plan->computed_len;

        if (len == 0 || p->margin)
                return ERR_OK;
        p->events = arena_alloc(scratch, len, sizeof(*p->events));
        if (p->events == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                if (p->plan->computed[i].kind == COMPUTED_DERIVED)
                        TRY(events_prepare(p, p->plan->computed[i].derivation, threads, scratch,
                                &p->events[i]));
        return ERR_OK;
}

enum err columns_new_tally(struct arena *scratch, const struct pass *p, struct tally *t)
{
        uint32_t len = p->plan->computed_len, first = p->plan->operands.dataset->variables_len;
        uint32_t ids = 0;

        t->computed = arena_alloc(scratch, len, sizeof(*t->computed));
        if (t->computed == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                const struct variable *v = p->plan->operands.list[first + i].variable;
                const struct derivation *d = p->plan->computed[i].derivation;

                t->computed[i] = arena_alloc(scratch, BLOCK, physical_width(v->physical));
                if (t->computed[i] == NULL)
                        return ERR_NO_MEMORY;
                ids = d != NULL && d->ids > ids ? d->ids : ids;
        }
        t->seen = arena_alloc(scratch, ids, sizeof(*t->seen));
        return t->seen == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* Who has row `row`: the last person whose rows begin there or before. */
static uint32_t person_at(const struct view *v, uint32_t row)
{
        const uint32_t *starts = view_person_starts(v);
        uint32_t low = 0, high = view_persons(v);

        if (row >= view_personless(v))
                return high;
        while (high - low > 1) {
                uint32_t middle = low + (high - low) / 2;

                if (starts[middle] <= row)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

/* Ages --------------------------------------------------------------------------------- */

static uint8_t age_of(const struct computed *c, int32_t day, int32_t birth)
{
        int64_t i = (int64_t)birth - c->ages_first;

        if (i >= 0 && i < c->ages_len)
                return c->ages[i];
        if (birth == MISSING_I32 || birth > day)
                return MISSING_U8;
        int32_t age = age_at(birth, day);
        return age < MISSING_U8 ? (uint8_t)age : MISSING_U8;
}

static void state_ages(
        const struct pass *p, const struct computed *c, uint32_t row, uint32_t n, uint8_t *out)
{
        const int32_t *birth = (const int32_t *)view_column(p->view, c->source) + row;
        int32_t day = p->plan->query->age_at;

        for (uint32_t i = 0; i < n; i++)
                out[i] = age_of(c, day, birth[i]);
}

/* Municipality of the person ------------------------------------------------------------ */

static uint32_t place_at(const struct pass *p, uint32_t source, uint32_t row)
{
        const void *places = view_column(p->view, source);

        return p->plan->dataset->variables[source].physical == PHYSICAL_U8
                       ? ((const uint8_t *)places)[row]
                       : ((const uint16_t *)places)[row];
}

/* Whether the municipality that delivered the row counts: for the others it is not there. */
static bool is_counted(const struct pass *p, uint32_t row)
{
        if (!p->places->leaves_out)
                return true;
        uint32_t place = place_at(p, p->plan->dataset->municipality_variable, row);

        return place < p->places->len && p->places->counts[place] != 0;
}

/* The margin does not know a period that a neighbour does not know. */
static bool in_period(const struct pass *p, uint32_t row)
{
        for (uint32_t i = 0; i < p->plan->period_tests; i++) {
                const struct test *t = &p->plan->tests[i];
                if (p->margin && !t->identifying)
                        continue;
                int32_t day = ((const int32_t *)view_column(p->view, t->operand))[row];

                if (day == MISSING_I32 ? !t->missing : !test_passes(t, day))
                        return false;
        }
        return true;
}

/* The row whose municipality stands for rows begin..end-1 of a person: the first or last in
 * order of date, then of delivery; UINT32_MAX: none of them lies in the period. Records
 * without a date decide only where no other does. */
static uint32_t deciding_row(const struct pass *p, uint32_t begin, uint32_t end, bool any_time)
{
        uint32_t order = p->plan->dataset->order_variable;
        const int32_t *dates = order != UINT32_MAX ? view_column(p->view, order) : NULL;
        bool last = p->plan->query->municipality_rule == MUNICIPALITY_LAST;
        uint32_t undated = UINT32_MAX;

        for (uint32_t i = 0, n = end - begin; i < n; i++) {
                uint32_t row = last ? end - 1 - i : begin + i;

                if (!is_counted(p, row) || (!any_time && !in_period(p, row)))
                        continue;
                if (dates == NULL || dates[row] != MISSING_I32)
                        return row;
                if (undated == UINT32_MAX)
                        undated = row;
        }
        return undated;
}

/* Remembered, since a person with many rows is met in many blocks. */
static uint32_t place_of_person(
        const struct pass *p, struct tally *t, const struct computed *c, uint32_t person)
{
        const uint32_t *starts = view_person_starts(p->view);

        if (t->place_person != person + 1) {
                uint32_t row = deciding_row(p, starts[person], starts[person + 1], false);

                /* With nothing in the period she is not asked about. */
                if (row == UINT32_MAX)
                        row = deciding_row(p, starts[person], starts[person + 1], true);
                if (row == UINT32_MAX) /* and all that she has is left out */
                        row = starts[person];
                t->place = place_at(p, c->source, row);
                t->place_person = person + 1;
        }
        return t->place;
}

static void put_places(
        const struct pass *p, const struct computed *c, uint32_t place, uint32_t n, uint8_t *out)
{
        if (p->plan->dataset->variables[c->source].physical == PHYSICAL_U8) {
                memset(out, (int)place, n);
                return;
        }
        for (uint32_t i = 0; i < n; i++)
                ((uint16_t *)(void *)out)[i] = (uint16_t)place;
}

static void state_places(const struct pass *p, struct tally *t, const struct computed *c,
        uint32_t row, uint32_t n, uint8_t *out)
{
        const uint32_t *starts = view_person_starts(p->view);
        size_t width = physical_width(p->plan->dataset->variables[c->source].physical);
        uint32_t person = t->first_person, personless = view_personless(p->view);

        for (uint32_t i = 0, end; i < n; i = end) {
                if (row + i >= personless) { /* each of nobody, and its own */
                        end = i + 1;
                        put_places(p, c, place_at(p, c->source, row + i), 1, out + width * i);
                        continue;
                }
                while (starts[person + 1] <= row + i)
                        person++;
                end = starts[person + 1] - row < n ? starts[person + 1] - row : n;
                put_places(p, c, place_of_person(p, t, c, person), end - i, out + width * i);
        }
}

void columns_state(const struct pass *p, struct tally *t, uint32_t row, uint32_t n)
{
        t->first_person = person_at(p->view, row);
        for (uint32_t i = 0; i < p->plan->computed_len; i++) {
                const struct computed *c = &p->plan->computed[i];

                if (c->kind == COMPUTED_PLACE)
                        state_places(p, t, c, row, n, t->computed[i]);
                else if (c->kind == COMPUTED_AGE)
                        state_ages(p, c, row, n, t->computed[i]);
        }
}
