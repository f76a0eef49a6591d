/* SPDX-License-Identifier: Apache-2.0 */
/* query_encode.c: which bytes name a question?
 *
 * The query digest is what an answer is remembered by, so two spellings of one
 * question must be one run of bytes: otherwise asking again in other words would
 * be a second release. Sorting encoded filters as byte strings gives an order
 * without a second definition of equality. What depends on the policy (a level
 * left out that equals the finest one, say) is the planner's to fill in first.
 *
 * Derived variables are sorted by name, though they are computed in order: a reference
 * to a later one is refused, so no two askable questions differ by that order alone.
 * Names themselves are part of the question, for they stand in the answer. */
#include <stdlib.h>

#include "base/query.h"

enum { QUERY_BYTES_MAX = 1 << 20 };

static int by_bytes(const void *a, const void *b)
{
        const struct bytes *x = a, *y = b;

        return bytes_compare(*x, *y);
}

/* Sorts, and keeps one of each. */
static uint32_t distinct(struct bytes *items, uint32_t len)
{
        uint32_t kept = 0;

        if (len > 1)
                qsort(items, len, sizeof *items, by_bytes);
        for (uint32_t i = 0; i < len; i++)
                if (kept == 0 || !bytes_equal(items[i], items[kept - 1]))
                        items[kept++] = items[i];
        return kept;
}

static bool is_range(struct bytes value)
{
        for (size_t i = 0; i + 1 < value.len; i++)
                if (value.data[i] == '.' && value.data[i + 1] == '.')
                        return true;
        return false;
}

static void put_filter(struct buf *b, const struct filter *f)
{
        struct bytes values[FILTER_VALUES_MAX];
        uint32_t len = f->values_len;

        for (uint32_t i = 0; i < len; i++)
                values[i] = f->values[i];
        len = distinct(values, len);

        bool plain = f->op == FILTER_IN && len == 1 && !is_range(values[0]);

        put_bytes(b, f->variable);
        put_bytes(b, f->level);
        put_u8(b, (uint8_t)(plain ? FILTER_EQ : f->op));
        put_u32(b, len);
        for (uint32_t i = 0; i < len; i++)
                put_bytes(b, values[i]);
}

/* At most FILTERS_MAX. */
static enum err put_filters(struct buf *out, const struct filter *filters, uint32_t filters_len)
{
        struct buf parts[FILTERS_MAX];
        struct bytes encoded[FILTERS_MAX];
        enum err rc = ERR_OK;

        for (uint32_t i = 0; i < filters_len; i++) {
                buf_init(&parts[i], QUERY_BYTES_MAX);
                put_filter(&parts[i], &filters[i]);
                enum err e = buf_end(&parts[i], &encoded[i]);
                rc = rc == ERR_OK ? e : rc;
        }
        if (rc == ERR_OK) {
                uint32_t len = distinct(encoded, filters_len);

                put_u32(out, len);
                for (uint32_t i = 0; i < len; i++)
                        put_bytes(out, encoded[i]);
        }
        for (uint32_t i = 0; i < filters_len; i++)
                buf_done(&parts[i]);
        return rc;
}

static void put_day(struct buf *out, bool has, int32_t day)
{
        put_u8(out, has);
        put_i64(out, has ? day : 0);
}

/* Derived variables ------------------------------------------------------------ */

static void put_window(struct buf *out, const struct window *w)
{
        bool ends = w->kind == WINDOW_RELATIVE || w->kind == WINDOW_FIXED;
        struct bytes anchor = {NULL, 0};

        put_u8(out, (uint8_t)w->kind);
        put_bytes(out, w->kind == WINDOW_RELATIVE ? w->anchor : anchor);
        put_day(out, ends, w->from);
        put_day(out, ends, w->until);
}

static enum err put_end(struct buf *out, struct bytes text)
{
        int64_t end = 0;

        if (text.len > 0 && !bytes_decimal(text, BAND_DECIMALS, &end))
                return ERR_INVALID;
        put_u8(out, text.len > 0);
        put_i64(out, end);
        return ERR_OK;
}

static enum err put_one_derived(struct buf *out, const struct derived *d)
{
        bool events = d->kind != DERIVED_DAYS_BETWEEN;

        put_bytes(out, d->name);
        put_u8(out, (uint8_t)d->kind);
        put_bytes(out, d->dataset);
        put_bytes(out, d->date);
        put_bytes(out, d->variable);
        put_bytes(out, d->level);
        put_bytes(out, d->from);
        put_bytes(out, d->to);
        TRY(put_filters(out, d->filters, d->filters_len));
        put_window(out, &d->window);
        put_u8(out, (uint8_t)(events && d->same == SAME_NONE ? SAME_PERSON : d->same));
        put_u8(out, (uint8_t)(events && d->in == IN_NONE ? IN_ANY : d->in));
        put_u8(out, d->include_base);
        put_u32(out, d->bands_len);
        for (uint32_t i = 0; i < d->bands_len; i++) {
                put_bytes(out, d->bands[i].code);
                TRY(put_end(out, d->bands[i].low));
                TRY(put_end(out, d->bands[i].high));
        }
        return ERR_OK;
}

static int by_name(const void *a, const void *b)
{
        const struct derived *const *x = a, *const *y = b;

        return bytes_compare((*x)->name, (*y)->name);
}

static enum err put_derived(struct buf *out, const struct query *q)
{
        const struct derived *sorted[DERIVED_MAX];

        for (uint32_t i = 0; i < q->derived_len; i++)
                sorted[i] = &q->derived[i];
        if (q->derived_len > 1)
                qsort(sorted, q->derived_len, sizeof sorted[0], by_name);
        put_u32(out, q->derived_len);
        for (uint32_t i = 0; i < q->derived_len; i++)
                TRY(put_one_derived(out, sorted[i]));
        return ERR_OK;
}

/* Measures ---------------------------------------------------------------------- */

static uint32_t scale_of(const struct measure_ref *m)
{
        if (m->scale > 0)
                return m->scale;
        if (m->kind == MEASURE_RATE)
                return RATE_SCALE;
        return m->kind == MEASURE_RATIO ? 1 : 0;
}

static enum err put_measure(struct buf *out, const struct measure_ref *m)
{
        put_u8(out, (uint8_t)m->kind);
        put_bytes(out, m->variable);
        put_bytes(out, m->banding);
        put_bytes(out, m->name);
        put_bytes(out, m->per);
        TRY(put_filters(out, m->filters, m->filters_len));
        TRY(put_filters(out, m->base, m->base_len));
        put_u32(out, scale_of(m));
        return ERR_OK;
}

static enum err put_measures(struct buf *out, const struct query *q)
{
        static const enum measure_kind counts[UNIT_COUNT] = {
                [UNIT_NONE] = MEASURE_PERSONS,
                [UNIT_PERSON] = MEASURE_PERSONS,
                [UNIT_FAMILY] = MEASURE_FAMILIES,
                [UNIT_RECORD] = MEASURE_RECORDS,
        };
        const struct measure_ref count = {.kind = counts[q->unit]};

        /* An indicator that is not expanded yet has its measure in the registry. */
        if (q->measures_len == 0 && q->indicator.len == 0) {
                put_u32(out, 1);
                return put_measure(out, &count);
        }
        put_u32(out, q->measures_len);
        for (uint32_t i = 0; i < q->measures_len; i++)
                TRY(put_measure(out, &q->measures[i]));
        return ERR_OK;
}

/* The whole ----------------------------------------------------------------------- */

static bool values_fit(const struct filter *filters, uint32_t len, uint32_t most)
{
        for (uint32_t i = 0; i < len && i < most; i++)
                if (filters[i].values_len > FILTER_VALUES_MAX)
                        return false;
        return len <= most;
}

static bool counts_fit(const struct query *q)
{
        if (q->dimensions_len > DIMENSIONS_MAX || q->measures_len > MEASURES_MAX ||
                q->derived_len > DERIVED_MAX || (unsigned)q->unit >= UNIT_COUNT)
                return false;
        for (uint32_t i = 0; i < q->derived_len; i++) {
                const struct derived *d = &q->derived[i];

                if (d->bands_len > DERIVED_BANDS_MAX ||
                        !values_fit(d->filters, d->filters_len, DERIVED_FILTERS_MAX))
                        return false;
        }
        for (uint32_t i = 0; i < q->measures_len; i++) {
                const struct measure_ref *m = &q->measures[i];

                if (!values_fit(m->filters, m->filters_len, DERIVED_FILTERS_MAX) ||
                        !values_fit(m->base, m->base_len, DERIVED_FILTERS_MAX))
                        return false;
        }
        return values_fit(q->filters, q->filters_len, FILTERS_MAX);
}

enum err query_encode(const struct query *q, struct buf *out)
{
        struct bytes whole;

        if (!counts_fit(q))
                return ERR_INVALID;
        put_text(out, "statgate query 2");
        put_bytes(out, q->dataset);
        put_bytes(out, q->purpose);
        put_u32(out, q->vintage.number);
        put_u32(out, q->vintage.revision);
        put_bytes(out, q->linkage);
        put_u8(out, (uint8_t)(q->unit == UNIT_NONE ? UNIT_PERSON : q->unit));
        put_day(out, q->has_period, q->period.first);
        put_day(out, q->has_period, q->period.last);
        put_bytes(out, q->period_date);
        put_u8(out, (uint8_t)q->municipality_rule);
        put_day(out, q->has_age_at, q->age_at);
        put_day(out, q->has_division_at, q->division_at);
        TRY(put_derived(out, q));
        TRY(put_filters(out, q->filters, q->filters_len));
        put_u32(out, q->dimensions_len);
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                put_bytes(out, q->dimensions[i].variable);
                put_bytes(out, q->dimensions[i].level);
        }
        TRY(put_measures(out, q));
        put_bytes(out, q->indicator);
        put_u32(out, q->indicator_version);
        return buf_end(out, &whole);
}
