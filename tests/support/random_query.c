/* SPDX-License-Identifier: Apache-2.0 */
/* random_query.c: questions nobody thought of.
 *
 * Names are short and from few letters, so that two of them are often the same or one
 * the beginning of another: that is where an encoding without lengths would fail. */
#include "tests/support/random_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

static uint32_t below(uint64_t *random, uint32_t n)
{
        uint64_t z = *random += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele et al. 2014) */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (uint32_t)((z ^ z >> 31) % n);
}

static bool coin(uint64_t *random)
{
        return below(random, 2) == 0;
}

static void *room(struct arena *a, size_t count, size_t size)
{
        void *p = arena_alloc(a, count, size);

        if (p == NULL)
                abort();
        return p;
}

/* `word` and a number behind it. */
static struct bytes text(struct arena *a, const char *word, unsigned n)
{
        char *copy = room(a, 32, 1);
        int len = snprintf(copy, 32, "%s%u", word, n);

        return bytes_of(copy, (size_t)len);
}

/* One to three of a, b and c. */
static struct bytes name(struct arena *a, uint64_t *random)
{
        uint32_t len = 1 + below(random, 3);
        uint8_t *letters = room(a, len, 1);

        for (uint32_t i = 0; i < len; i++)
                letters[i] = (uint8_t)('a' + below(random, 3));
        return bytes_of(letters, len);
}

static struct bytes perhaps(struct arena *a, uint64_t *random)
{
        return coin(random) ? name(a, random) : (struct bytes){NULL, 0};
}

/* A question ------------------------------------------------------------------ */

static struct filter random_filter(struct arena *a, uint64_t *random)
{
        enum filter_op op = (enum filter_op)(1 + below(random, FILTER_OP_COUNT - 1));
        uint32_t len = op == FILTER_IN ? 1 + below(random, 4) : 1;
        struct bytes *values = room(a, len, sizeof *values);

        for (uint32_t i = 0; i < len; i++)
                values[i] = below(random, 5) == 0 ? text(a, "1..", 1 + below(random, 9))
                                                  : name(a, random);
        return (struct filter){.variable = name(a, random),
                .level = perhaps(a, random),
                .op = op,
                .values = values,
                .values_len = len};
}

static struct filter *random_filters(
        struct arena *a, uint64_t *random, uint32_t least, uint32_t most, uint32_t *out_len)
{
        uint32_t len = least + below(random, most - least + 1);
        struct filter *filters = room(a, len, sizeof *filters);

        for (uint32_t i = 0; i < len; i++)
                filters[i] = random_filter(a, random);
        *out_len = len;
        return filters;
}

static int32_t random_day(uint64_t *random)
{
        return 18000 + (int32_t)below(random, 3000);
}

static struct window random_window(struct arena *a, uint64_t *random)
{
        struct window w = {.kind = (enum window_kind)below(random, WINDOW_PERIOD + 1)};

        if (w.kind == WINDOW_RELATIVE) {
                w.anchor = perhaps(a, random);
                w.from = (int32_t)below(random, 400) - 200;
        } else if (w.kind == WINDOW_FIXED) {
                w.from = random_day(random);
        }
        w.until = w.from;
        if (w.kind == WINDOW_RELATIVE || w.kind == WINDOW_FIXED)
                w.until += (int32_t)below(random, 500);
        return w;
}

static struct derived_band *random_bands(struct arena *a, uint64_t *random, uint32_t *out_len)
{
        uint32_t len = below(random, 4);
        struct derived_band *bands = room(a, len, sizeof *bands);
        uint32_t at = below(random, 5);

        for (uint32_t i = 0; i < len; i++) {
                bands[i].code = text(a, "b", i);
                bands[i].low = text(a, "", at);
                at += below(random, 4);
                bands[i].high = text(a, "", at);
                at += 1 + below(random, 2);
        }
        if (len > 0 && coin(random))
                bands[0].low = (struct bytes){NULL, 0};
        if (len > 0 && coin(random))
                bands[len - 1].high = (struct bytes){NULL, 0};
        *out_len = len;
        return bands;
}

static struct derived random_derived(struct arena *a, uint64_t *random, uint32_t i)
{
        struct derived d = {.name = text(a, "d", i)};

        d.kind = (enum derived_kind)(1 + below(random, DERIVED_KIND_COUNT - 1));
        if (d.kind == DERIVED_COUNT || d.kind == DERIVED_SUM || d.kind == DERIVED_DAYS_BETWEEN)
                d.bands = random_bands(a, random, &d.bands_len);
        if (d.kind == DERIVED_DAYS_BETWEEN) {
                d.from = name(a, random);
                d.to = name(a, random);
                return d;
        }
        d.dataset = name(a, random);
        d.date = perhaps(a, random);
        if (d.kind == DERIVED_SUM || (d.kind == DERIVED_COUNT && coin(random)))
                d.variable = name(a, random);
        if (d.kind == DERIVED_COUNT && d.variable.len > 0)
                d.level = perhaps(a, random);
        d.filters = random_filters(a, random, 0, 3, &d.filters_len);
        d.window = random_window(a, random);
        d.same = (enum derived_same)below(random, SAME_FAMILY + 1);
        d.in = (enum derived_in)below(random, IN_OTHER + 1);
        d.include_base = coin(random);
        return d;
}

static struct measure_ref random_measure(struct arena *a, uint64_t *random, uint32_t i)
{
        struct measure_ref m = {.name = text(a, "m", i)};
        int wants;

        m.kind = (enum measure_kind)(1 + below(random, MEASURE_KIND_COUNT - 1));
        wants = measure_kind_wants_variable(m.kind);
        if (wants > 0 || (wants == 0 && coin(random)))
                m.variable = name(a, random);
        if (m.kind == MEASURE_MEDIAN || m.kind == MEASURE_LOWER_QUARTILE ||
                m.kind == MEASURE_UPPER_QUARTILE)
                m.banding = perhaps(a, random);
        m.filters = random_filters(a, random, m.kind == MEASURE_SHARE, 3, &m.filters_len);
        if (m.kind == MEASURE_SHARE || m.kind == MEASURE_RATIO)
                m.base = random_filters(a, random, 0, 3, &m.base_len);
        if (m.kind == MEASURE_RATIO)
                m.per = perhaps(a, random);
        if ((m.kind == MEASURE_RATE || m.kind == MEASURE_RATIO) && coin(random))
                m.scale = 1 + below(random, SCALE_MAX);
        return m;
}

static void random_definition(struct arena *a, uint64_t *random, struct query *q)
{
        q->dataset = name(a, random);
        q->linkage = perhaps(a, random);
        q->unit = (enum unit)below(random, UNIT_COUNT);
        if (q->has_period)
                q->period_date = perhaps(a, random);
        q->municipality_rule = (enum municipality_rule)below(random, MUNICIPALITY_RULE_COUNT);
        q->has_age_at = coin(random);
        q->age_at = q->has_age_at ? random_day(random) : 0;
        q->has_division_at = coin(random);
        q->division_at = q->has_division_at ? random_day(random) : 0;
        q->derived_len = below(random, 4);
        q->derived = room(a, q->derived_len, sizeof *q->derived);
        for (uint32_t i = 0; i < q->derived_len; i++)
                q->derived[i] = random_derived(a, random, i);
        q->measures_len = below(random, 4);
        q->measures = room(a, q->measures_len, sizeof *q->measures);
        for (uint32_t i = 0; i < q->measures_len; i++)
                q->measures[i] = random_measure(a, random, i);
}

struct query random_query(struct arena *a, uint64_t *random)
{
        struct query q = {.purpose = name(a, random)};

        if (coin(random))
                q.vintage = (struct vintage){1 + below(random, 9), below(random, 3)};
        q.has_period = coin(random);
        if (q.has_period) {
                q.period.first = random_day(random);
                q.period.last = q.period.first + (int32_t)below(random, 800);
        }
        q.filters = random_filters(a, random, 0, 4, &q.filters_len);
        q.dimensions_len = below(random, 4);
        q.dimensions = room(a, q.dimensions_len, sizeof *q.dimensions);
        for (uint32_t i = 0; i < q.dimensions_len; i++)
                q.dimensions[i] = (struct dimension_ref){
                        .variable = text(a, "v", i), .level = perhaps(a, random)};
        if (below(random, 8) == 0) {
                q.indicator = name(a, random);
                q.indicator_version = below(random, 3);
        } else {
                random_definition(a, random, &q);
        }
        return q;
}

/* The same in other words -------------------------------------------------------- */

static void swap(void *items, size_t size, uint32_t i, uint32_t j)
{
        uint8_t *at = items, keep[512];

        if (size > sizeof keep)
                abort();
        memcpy(keep, at + i * size, size);
        memmove(at + i * size, at + j * size, size);
        memcpy(at + j * size, keep, size);
}

static void shuffle(uint64_t *random, void *items, size_t size, uint32_t len)
{
        for (uint32_t i = len; i > 1; i--)
                swap(items, size, i - 1, below(random, i));
}

static bool is_range(struct bytes value)
{
        return memmem(value.data, value.len, "..", 2) != NULL;
}

/* A list may be one item longer: the last said twice. */
static struct filter respell_filter(struct arena *a, uint64_t *random, const struct filter *from)
{
        struct filter f = *from;
        struct bytes *values = room(a, (size_t)f.values_len + 1, sizeof *values);

        memcpy(values, from->values, f.values_len * sizeof *values);
        values[f.values_len] = values[f.values_len - 1];
        if (f.op == FILTER_EQ && !is_range(values[0]) && coin(random))
                f.op = FILTER_IN;
        if (f.op == FILTER_IN && coin(random))
                f.values_len++;
        shuffle(random, values, sizeof *values, f.values_len);
        f.values = values;
        return f;
}

static struct filter *respell_filters(
        struct arena *a, uint64_t *random, const struct filter *from, uint32_t *len)
{
        struct filter *filters = room(a, (size_t)*len + 1, sizeof *filters);

        for (uint32_t i = 0; i < *len; i++)
                filters[i] = respell_filter(a, random, &from[i]);
        if (*len > 0 && coin(random)) {
                filters[*len] = respell_filter(a, random, &from[*len - 1]);
                ++*len;
        }
        shuffle(random, filters, sizeof *filters, *len);
        return filters;
}

/* A number with zeros that say nothing. */
static struct bytes respell_number(struct arena *a, uint64_t *random, struct bytes from)
{
        char *copy = room(a, 40, 1);
        int len = snprintf(copy, 40, "%s%.*s%s", coin(random) ? "00" : "", (int)from.len,
                (const char *)from.data, coin(random) ? ".00" : "");

        return from.len > 0 ? bytes_of(copy, (size_t)len) : from;
}

static struct derived respell_derived(struct arena *a, uint64_t *random, const struct derived *from)
{
        struct derived d = *from;

        d.filters = respell_filters(a, random, from->filters, &d.filters_len);
        if (d.kind != DERIVED_DAYS_BETWEEN) {
                if (d.same == SAME_NONE)
                        d.same = SAME_PERSON;
                if (d.in == IN_NONE)
                        d.in = IN_ANY;
        }
        d.bands = room(a, d.bands_len, sizeof *d.bands);
        for (uint32_t i = 0; i < d.bands_len; i++) {
                d.bands[i] = from->bands[i];
                d.bands[i].low = respell_number(a, random, d.bands[i].low);
                d.bands[i].high = respell_number(a, random, d.bands[i].high);
        }
        return d;
}

static struct measure_ref respell_measure(
        struct arena *a, uint64_t *random, const struct measure_ref *from)
{
        struct measure_ref m = *from;

        m.filters = respell_filters(a, random, from->filters, &m.filters_len);
        m.base = respell_filters(a, random, from->base, &m.base_len);
        if (m.scale == 0 && m.kind == MEASURE_RATE)
                m.scale = 1000;
        if (m.scale == 0 && m.kind == MEASURE_RATIO)
                m.scale = 1;
        return m;
}

/* What is counted where no measure is named. */
static struct measure_ref *count_of(struct arena *a, enum unit unit)
{
        struct measure_ref *m = room(a, 1, sizeof *m);

        m->kind = unit == UNIT_FAMILY   ? MEASURE_FAMILIES
                  : unit == UNIT_RECORD ? MEASURE_RECORDS
                                        : MEASURE_PERSONS;
        return m;
}

struct query random_respelling(struct arena *a, uint64_t *random, const struct query *from)
{
        struct query q = *from;

        q.filters = respell_filters(a, random, from->filters, &q.filters_len);
        q.derived = room(a, q.derived_len, sizeof *q.derived);
        for (uint32_t i = 0; i < q.derived_len; i++)
                q.derived[i] = respell_derived(a, random, &from->derived[i]);
        shuffle(random, q.derived, sizeof *q.derived, q.derived_len);
        q.measures = room(a, q.measures_len, sizeof *q.measures);
        for (uint32_t i = 0; i < q.measures_len; i++)
                q.measures[i] = respell_measure(a, random, &from->measures[i]);
        if (q.indicator.len > 0)
                return q;
        if (q.measures_len == 0 && coin(random)) {
                q.measures = count_of(a, q.unit);
                q.measures_len = 1;
        }
        if (q.unit == UNIT_NONE)
                q.unit = UNIT_PERSON;
        return q;
}

/* Another question --------------------------------------------------------------- */

/* A filter that random_query never makes. */
static void add_filter(struct arena *a, struct filter **filters, uint32_t *len)
{
        struct bytes *value = room(a, 1, sizeof *value);
        struct filter *more = room(a, (size_t)*len + 1, sizeof *more);

        if (*len > 0)
                memcpy(more, *filters, *len * sizeof *more);
        *value = text(a, "x", *len);
        more[*len] = (struct filter){.variable = text(a, "new", *len),
                .op = FILTER_EQ,
                .values = value,
                .values_len = 1};
        *filters = more;
        ++*len;
}

static const char *change_derived(struct arena *a, uint64_t *random, struct derived *d)
{
        bool events = d->kind != DERIVED_DAYS_BETWEEN;

        switch (below(random, events ? 9 : 3)) {
        case 0:
                d->name = text(a, "other", 0);
                return "a derived variable's name";
        case 1:
                d->kind = (enum derived_kind)(d->kind % (DERIVED_KIND_COUNT - 1) + 1);
                return "its kind";
        case 2:
                *(events ? &d->dataset : &d->to) = text(a, "other", 0);
                return "its data set or second date";
        case 3:
                add_filter(a, &d->filters, &d->filters_len);
                return "its filters";
        case 4:
                d->window.kind = d->window.kind == WINDOW_PERIOD ? WINDOW_NONE : WINDOW_PERIOD;
                return "its window's kind";
        case 5:
                d->window = (struct window){
                        .kind = WINDOW_FIXED, .from = d->window.until, .until = 30000};
                return "its window's ends";
        case 6:
                d->same = d->same == SAME_FAMILY ? SAME_NONE : SAME_FAMILY;
                return "whose events";
        case 7:
                d->in = d->in == IN_OTHER ? IN_SAME : IN_OTHER;
                return "where";
        default:
                d->include_base = !d->include_base;
                return "whether the record is its own event";
        }
}

static const char *change_measure(struct arena *a, uint64_t *random, struct measure_ref *m)
{
        switch (below(random, 6)) {
        case 0:
                m->name = text(a, "other", 0);
                return "a measure's name";
        case 1:
                m->variable = text(a, "other", 0);
                return "its variable";
        case 2:
                add_filter(a, &m->filters, &m->filters_len);
                return "its filters";
        case 3:
                add_filter(a, &m->base, &m->base_len);
                return "its base";
        case 4:
                m->banding = text(a, "other", 0);
                return "its bands";
        default:
                m->scale = m->scale > 1 ? m->scale + 1 : 77;
                return "its scale";
        }
}

static const char *change_whole(struct arena *a, uint64_t *random, struct query *q)
{
        switch (below(random, 9)) {
        case 0:
                q->dataset = text(a, "other", 0);
                return "the data set";
        case 1:
                q->linkage = text(a, "other", 0);
                return "the linkage";
        case 2:
                q->unit = q->unit == UNIT_FAMILY ? UNIT_RECORD : UNIT_FAMILY;
                return "the unit";
        case 3:
                q->period.last = q->has_period ? q->period.last + 1 : 0;
                q->has_period = true;
                return "the period";
        case 4:
                q->municipality_rule = q->municipality_rule == MUNICIPALITY_LAST
                                               ? MUNICIPALITY_DELIVERING
                                               : MUNICIPALITY_LAST;
                return "the municipality's rule";
        case 5:
                q->has_age_at = !q->has_age_at;
                return "the day of ages";
        case 6:
                q->division_at++;
                q->has_division_at = true;
                return "the day of the division";
        case 7:
                q->indicator_version++;
                return "the indicator's version";
        default:
                add_filter(a, &q->filters, &q->filters_len);
                return "the filters";
        }
}

struct query random_change(
        struct arena *a, uint64_t *random, const struct query *from, const char **out_what)
{
        struct query q = *from;
        uint32_t where = below(random, 3);

        if (where == 0 && q.derived_len > 0) {
                q.derived = room(a, q.derived_len, sizeof *q.derived);
                memcpy(q.derived, from->derived, q.derived_len * sizeof *q.derived);
                *out_what = change_derived(a, random, &q.derived[below(random, q.derived_len)]);
        } else if (where == 1 && q.measures_len > 0) {
                q.measures = room(a, q.measures_len, sizeof *q.measures);
                memcpy(q.measures, from->measures, q.measures_len * sizeof *q.measures);
                *out_what = change_measure(a, random, &q.measures[below(random, q.measures_len)]);
        } else {
                *out_what = change_whole(a, random, &q);
        }
        return q;
}
