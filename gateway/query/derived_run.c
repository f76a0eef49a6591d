/* SPDX-License-Identifier: Apache-2.0 */
/* derived_run.c: what the events of a person or family say about each record.
 *
 * Rows lie person by person, and so do events, so that a record's events are a few
 * neighbouring entries in order of their date. Only rows that earlier tests left are
 * asked about.
 *
 * Missing: the day of a window or family that is not known, whoever the row is of; a family
 * beyond the limits; the first of no events. A row of nobody has no events and no family: on
 * a day that is known it has none, 0. */
#include <assert.h>
#include <string.h>

#include "gateway/query/derived.h"

/* What one record asks of its events. */
struct asking {
        int64_t from, until; /* days, both inside */
        uint32_t self;       /* row of the view that does not count; UINT32_MAX: none */
        uint16_t place;      /* of the record, where it matters */
};

struct found {
        int64_t sum;
        uint32_t count;
        int32_t first, last; /* MISSING_I32 */
};

/* One derived variable on one block. */
struct work {
        const struct pass *p;
        struct tally *t;
        const struct derivation *d;
        const struct events *e;
        const int32_t *anchor; /* of the block; never missing where no day is asked for */
        const void *places;    /* of the block; NULL: not needed */
        uint32_t row;
        uint8_t *out;
        enum physical form; /* of out */
};

static uint16_t place_at(
        const struct derivation *d, enum physical form, const void *places, uint32_t i)
{
        return d->place_of[form == PHYSICAL_U8 ? ((const uint8_t *)places)[i]
                                               : ((const uint16_t *)places)[i]];
}

static inline bool is_event(const struct work *w, uint32_t row, const struct asking *a)
{
        if (row == a->self)
                return false;
        return w->d->in == IN_ANY || (place_at(w->d, w->e->place_form, w->e->places, row) ==
                                             a->place) == (w->d->in == IN_SAME);
}

static inline uint32_t row_of(const struct events *e, uint32_t i)
{
        return e->rows != NULL ? e->rows[i] : i;
}

enum { STEPS = 8 };

/* The first of begin..end-1 that is not before `from`. Most persons have few events. */
static inline uint32_t seek(const int32_t *dates, uint32_t begin, uint32_t end, int64_t from)
{
        for (uint32_t i = 0; i < STEPS; i++, begin++)
                if (begin == end || dates[begin] >= from)
                        return begin;
        while (begin < end) {
                uint32_t middle = begin + (end - begin) / 2;

                if (dates[middle] < from)
                        begin = middle + 1;
                else
                        end = middle;
        }
        return begin;
}

static inline bool exists_from(
        const struct work *w, uint32_t i, uint32_t end, const struct asking *a)
{
        const int32_t *dates = w->e->dates;

        for (; i < end && (dates == NULL || dates[i] <= a->until); i++)
                if (is_event(w, row_of(w->e, i), a))
                        return true;
        return false;
}

/* Values ----------------------------------------------------------------------------- */

static bool value_at(const struct work *w, uint32_t row, int64_t *out)
{
        return column_value(w->e->value_form, w->e->values, row, out);
}

static uint32_t id_at(const struct work *w, uint32_t row)
{
        const struct derivation *d = w->d;
        int64_t value;

        if (!value_at(w, row, &value))
                return ID_NONE;
        if (d->id_bands != NULL) {
                for (uint32_t i = 0; i < d->id_bands->len; i++)
                        if (value >= d->id_bands->bands[i].low &&
                                value <= d->id_bands->bands[i].high)
                                return i;
                return ID_NONE;
        }
        return value >= d->id_first && value - d->id_first < d->id_len
                       ? d->id_of[value - d->id_first]
                       : ID_NONE;
}

/* Whether the record meets a value of its events for the first time. */
static bool is_new(const struct work *w, uint32_t row)
{
        uint32_t id = id_at(w, row);

        if (id == ID_NONE || w->t->seen[id] == w->t->seen_now)
                return false;
        w->t->seen[id] = w->t->seen_now;
        return true;
}

static void next_seen(const struct work *w)
{
        if (++w->t->seen_now != 0)
                return;
        memset(w->t->seen, 0, sizeof(*w->t->seen) * w->d->ids);
        w->t->seen_now = 1;
}

/* Adds one event to what was found. */
static void take(const struct work *w, uint32_t i, struct found *f)
{
        uint32_t row = row_of(w->e, i);
        int64_t value;

        switch (w->d->kind) {
        case DERIVED_EXISTS:
                f->count = 1;
                return;
        case DERIVED_COUNT:
                f->count += w->e->values == NULL || is_new(w, row);
                return;
        case DERIVED_FIRST:
        case DERIVED_LAST:
                assert(w->e->dates != NULL);
                if (f->first == MISSING_I32 || w->e->dates[i] < f->first)
                        f->first = w->e->dates[i];
                if (w->e->dates[i] > f->last)
                        f->last = w->e->dates[i];
                return;
        case DERIVED_SUM:
                if (value_at(w, row, &value))
                        w->t->overflow |= __builtin_add_overflow(f->sum, value, &f->sum);
                return;
        case DERIVED_NONE:
        case DERIVED_DAYS_BETWEEN:
        case DERIVED_KIND_COUNT:
                return;
        }
}

/* How many events of one person lie in the window, wherever they are: a person may have
 * very many (a wrong number), and each of her records asks. */
static uint32_t count_all(const struct work *w, uint32_t person, const struct asking *a)
{
        const struct events *e = w->e;
        const uint32_t *rows = view_person_starts(e->view);
        uint32_t begin = e->starts[person], end = e->starts[person + 1];
        bool self = a->self != UINT32_MAX && a->self >= rows[person] &&
                    a->self < rows[person + 1] && (e->kept == NULL || e->kept[a->self] != 0);

        if (e->dates != NULL) {
                const int32_t *days = view_column(e->view, w->d->date);

                self = self && days[a->self] >= a->from && days[a->self] <= a->until;
                begin = seek(e->dates, begin, end, a->from);
                end = seek(e->dates, begin, end, a->until + 1);
        }
        return end - begin - self;
}

/* The last of events begin..end-1. */
static void look_back(
        const struct work *w, uint32_t begin, uint32_t end, const struct asking *a, struct found *f)
{
        const struct events *e = w->e;

        for (uint32_t i = seek(e->dates, begin, end, a->until + 1);
                i-- > begin && e->dates[i] >= a->from;)
                if (is_event(w, row_of(e, i), a)) {
                        take(w, i, f);
                        return;
                }
}

/* The events of one person. */
static void look(const struct work *w, uint32_t person, const struct asking *a, struct found *f)
{
        const struct events *e = w->e;
        uint32_t i = e->starts[person], end = e->starts[person + 1];

        if (w->d->kind == DERIVED_COUNT && w->d->in == IN_ANY && e->values == NULL) {
                f->count += count_all(w, person, a);
                return;
        }
        if (w->d->kind == DERIVED_LAST) {
                look_back(w, i, end, a, f);
                return;
        }
        if (e->dates != NULL)
                i = seek(e->dates, i, end, a->from);
        for (; i < end && (e->dates == NULL || e->dates[i] <= a->until); i++) {
                if (!is_event(w, row_of(e, i), a))
                        continue;
                take(w, i, f);
                if (w->d->kind == DERIVED_EXISTS || w->d->kind == DERIVED_FIRST)
                        return;
        }
}

static void look_at_kin(
        const struct work *w, uint32_t person, int32_t day, const struct asking *a, struct found *f)
{
        const struct families *m = w->e->families;

        for (uint32_t k = m->starts[person]; k < m->starts[person + 1]; k++) {
                if (day < m->kin[k].from || day > m->kin[k].until)
                        continue;
                look(w, m->kin[k].person, a, f);
                if (w->d->kind == DERIVED_EXISTS && f->count > 0)
                        return;
        }
}

/* Results ------------------------------------------------------------------------------ */

static void put_missing(const struct work *w, uint32_t i)
{
        if (w->form == PHYSICAL_U8)
                w->out[i] = MISSING_U8;
        else if (w->form == PHYSICAL_I32)
                ((int32_t *)(void *)w->out)[i] = MISSING_I32;
        else
                ((int64_t *)(void *)w->out)[i] = MISSING_I64;
}

static void put(const struct work *w, uint32_t i, const struct found *f)
{
        int32_t *numbers = (int32_t *)(void *)w->out;

        switch (w->d->kind) {
        case DERIVED_EXISTS:
                w->out[i] = f->count > 0;
                return;
        case DERIVED_COUNT:
                numbers[i] = f->count < INT32_MAX ? (int32_t)f->count : INT32_MAX;
                return;
        case DERIVED_FIRST:
                numbers[i] = f->first;
                return;
        case DERIVED_LAST:
                numbers[i] = f->last;
                return;
        case DERIVED_SUM:
                ((int64_t *)(void *)w->out)[i] = f->sum;
                return;
        case DERIVED_NONE:
        case DERIVED_DAYS_BETWEEN:
        case DERIVED_KIND_COUNT:
                return;
        }
}

/* What row `i` of the block asks; false: its day is missing. */
static inline bool ask(const struct work *w, uint32_t i, struct asking *a)
{
        const struct derivation *d = w->d;

        if (w->anchor[i] == MISSING_I32)
                return false;
        a->from = d->window_from;
        a->until = d->window_until;
        if (d->window == WINDOW_RELATIVE) {
                a->from += w->anchor[i];
                a->until += w->anchor[i];
        } else if (d->window == WINDOW_NONE) {
                a->until = INT32_MAX;
                a->from = MISSING_I32;
        }
        /* An event without a date lies in no window. */
        if (w->e->dates != NULL && a->from <= MISSING_I32)
                a->from = MISSING_I32 + 1;
        a->self = d->exclude_base ? w->row + i : UINT32_MAX;
        a->place = w->places != NULL ? place_at(d, w->e->place_form, w->places, i) : 0;
        return true;
}

static bool is_left(const struct work *w, uint32_t i)
{
        return (w->t->cell[i] & CELL_FILTERED) == 0;
}

/* Somebody with very many records can hold a block up for seconds; nothing is kept of a
 * question that was cut. */
static bool is_cancelled(const struct pass *p)
{
        return p->cancel != NULL && atomic_load_explicit(p->cancel, memory_order_relaxed);
}

/* Rows begin..end-1 of the block, all of one person. */
static void person_rows(const struct work *w, uint32_t person, uint32_t begin, uint32_t end)
{
        const struct families *m = w->e->families;
        bool missing = m != NULL && m->family[person] == FAMILY_MISSING;

        for (uint32_t i = begin; i < end; i++) {
                struct found f = {.first = MISSING_I32, .last = MISSING_I32};
                struct asking a;

                if (!is_left(w, i))
                        continue;
                if (is_cancelled(w->p))
                        return;
                if (missing || !ask(w, i, &a)) {
                        put_missing(w, i);
                        continue;
                }
                if (w->d->id_of != NULL || w->d->id_bands != NULL)
                        next_seen(w);
                look(w, person, &a, &f);
                if (m != NULL && !(w->d->kind == DERIVED_EXISTS && f.count > 0))
                        look_at_kin(w, person, w->anchor[i], &a, &f);
                put(w, i, &f);
        }
}

/* The question asked most, without a family: has the person such an event? Anchors mostly
 * ascend with the rows, and then the search goes on where it was. */
static void person_exists(const struct work *w, uint32_t person, uint32_t begin, uint32_t end)
{
        const struct events *e = w->e;
        uint32_t first = e->starts[person], last = e->starts[person + 1], at = first;
        int64_t before = INT64_MIN;

        for (uint32_t i = begin; i < end; i++) {
                struct asking a;

                if (!is_left(w, i))
                        continue;
                if (!ask(w, i, &a)) {
                        w->out[i] = MISSING_U8;
                        continue;
                }
                if (e->dates != NULL) {
                        at = seek(e->dates, a.from < before ? first : at, last, a.from);
                        before = a.from;
                }
                w->out[i] = exists_from(w, at, last, &a);
        }
}

static void nobody_rows(const struct work *w, uint32_t begin, uint32_t end)
{
        const struct found none = {.first = MISSING_I32, .last = MISSING_I32};

        for (uint32_t i = begin; i < end; i++)
                if (w->anchor[i] == MISSING_I32)
                        put_missing(w, i);
                else
                        put(w, i, &none);
}

static void ask_events(const struct work *w, uint32_t n)
{
        const uint32_t *starts = view_person_starts(w->p->view);
        uint32_t person = w->t->first_person, personless = view_personless(w->p->view);
        bool plain = w->d->kind == DERIVED_EXISTS && !w->d->family;

        for (uint32_t i = 0, end; i < n; i = end) {
                if (w->row + i >= personless) {
                        nobody_rows(w, i, n);
                        return;
                }
                while (starts[person + 1] <= w->row + i)
                        person++;
                end = starts[person + 1] - w->row < n ? starts[person + 1] - w->row : n;
                if (plain)
                        person_exists(w, person, i, end);
                else
                        person_rows(w, person, i, end);
        }
}

static void days_between(const struct work *w, uint32_t n)
{
        const int32_t *from = pass_column(w->p, w->t, w->d->from, w->row);
        const int32_t *to = pass_column(w->p, w->t, w->d->to, w->row);
        int32_t *out = (int32_t *)(void *)w->out;

        for (uint32_t i = 0; i < n; i++) {
                int64_t days = (int64_t)to[i] - from[i];
                bool known = from[i] != MISSING_I32 && to[i] != MISSING_I32 && days <= INT32_MAX &&
                             days > MISSING_I32;

                out[i] = known ? (int32_t)days : MISSING_I32;
        }
}

static const int32_t some_day[BLOCK];

void derived_compute(const struct pass *p, struct tally *t, uint32_t c, uint32_t row, uint32_t n)
{
        const struct derivation *d = p->plan->computed[c].derivation;
        const struct operands *o = &p->plan->operands;
        struct work w = {
                .p = p,
                .t = t,
                .d = d,
                .e = &p->events[c],
                .row = row,
                .out = t->computed[c],
                .form = o->list[o->dataset->variables_len + c].variable->physical,
        };

        if (is_cancelled(p))
                return;
        if (d->kind == DERIVED_DAYS_BETWEEN) {
                days_between(&w, n);
                return;
        }
        w.anchor = d->anchor != UINT32_MAX ? pass_column(p, t, d->anchor, row) : some_day;
        if (d->in != IN_ANY)
                w.places = pass_column(p, t, o->dataset->municipality_variable, row);
        ask_events(&w, n);
}
