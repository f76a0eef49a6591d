/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: is a question well formed, and which bytes name it?
 *
 * The query digest is what an answer is remembered by, so two spellings of one
 * question must be one run of bytes: otherwise asking again in other words would
 * be a second release. Sorting encoded filters as byte strings gives an order
 * without a second definition of equality. What depends on the policy (a level
 * left out that equals the finest one, say) is the planner's to fill in first. */
#include "base/query.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const op_texts[FILTER_OP_COUNT] = {
        [FILTER_NONE] = "none",
        [FILTER_EQ] = "=",
        [FILTER_NE] = "!=",
        [FILTER_LT] = "<",
        [FILTER_LE] = "<=",
        [FILTER_GT] = ">",
        [FILTER_GE] = ">=",
        [FILTER_IN] = "in",
};

static const char *const measure_names[MEASURE_KIND_COUNT] = {
        [MEASURE_NONE] = "none",
        [MEASURE_PERSONS] = "persons",
        [MEASURE_RECORDS] = "records",
        [MEASURE_SUM] = "sum",
        [MEASURE_MEAN] = "mean",
        [MEASURE_FAMILIES] = "families",
        [MEASURE_SHARE] = "share",
        [MEASURE_RATIO] = "ratio",
        [MEASURE_MEDIAN] = "median",
        [MEASURE_LOWER_QUARTILE] = "lower_quartile",
        [MEASURE_UPPER_QUARTILE] = "upper_quartile",
        [MEASURE_DAYS] = "days",
        [MEASURE_RATE] = "rate",
};

const char *filter_op_text(enum filter_op op)
{
        return op_texts[(unsigned)op < FILTER_OP_COUNT ? op : FILTER_NONE];
}

const char *measure_kind_name(enum measure_kind kind)
{
        return measure_names[(unsigned)kind < MEASURE_KIND_COUNT ? kind : MEASURE_NONE];
}

enum measure_kind measure_kind_find(struct bytes name)
{
        for (int kind = MEASURE_NONE + 1; kind < MEASURE_KIND_COUNT; kind++)
                if (bytes_is_text(name, measure_names[kind]))
                        return (enum measure_kind)kind;
        return MEASURE_NONE;
}

/* Shape ------------------------------------------------------------------- */

/* Refusals are collected: a person who mends a query wants all of them. */
struct check {
        struct refusal *why;
        enum err rc;
};

static void fault(struct check *c, const char *field, const char *text)
{
        c->rc = refuse(c->why, ERR_INVALID, field, "%s", text);
}

static void check_name(struct check *c, const char *field, struct bytes name, bool optional)
{
        if (name.len == 0 && !optional)
                fault(c, field, "is missing");
        else if (name.len > NAME_MAX_LEN)
                fault(c, field, "is longer than a name may be");
        else if (!bytes_is_printable(name))
                fault(c, field, "is not printable UTF-8");
}

static void check_value(struct check *c, const char *field, struct bytes value)
{
        if (value.len == 0)
                fault(c, field, "is empty");
        else if (value.len > FILTER_VALUE_MAX_LEN)
                fault(c, field, "is longer than a value may be");
        else if (!bytes_is_printable(value))
                fault(c, field, "is not printable UTF-8");
}

static void check_filter(struct check *c, const struct filter *f, uint32_t i)
{
        bool known = f->op != FILTER_NONE && (unsigned)f->op < FILTER_OP_COUNT;
        char field[VIOLATION_FIELD_MAX];

        (void)snprintf(field, sizeof field, "filters[%u].variable", i);
        check_name(c, field, f->variable, false);
        (void)snprintf(field, sizeof field, "filters[%u].level", i);
        check_name(c, field, f->level, true);
        (void)snprintf(field, sizeof field, "filters[%u].op", i);
        if (!known)
                fault(c, field, "is not a known operator");
        (void)snprintf(field, sizeof field, "filters[%u].values", i);
        if (f->values_len == 0)
                fault(c, field, "is empty");
        else if (f->values_len > FILTER_VALUES_MAX)
                fault(c, field, "has more values than allowed");
        else if (f->values_len > 1 && known && f->op != FILTER_IN)
                fault(c, field, "has several values, which only IN may have");
        for (uint32_t v = 0; v < f->values_len && v < FILTER_VALUES_MAX; v++) {
                (void)snprintf(field, sizeof field, "filters[%u].values[%u]", i, v);
                check_value(c, field, f->values[v]);
        }
}

static void check_dimension(struct check *c, const struct query *q, uint32_t i)
{
        const struct dimension_ref *d = &q->dimensions[i];
        char field[VIOLATION_FIELD_MAX];

        (void)snprintf(field, sizeof field, "dimensions[%u].variable", i);
        check_name(c, field, d->variable, false);
        (void)snprintf(field, sizeof field, "dimensions[%u].level", i);
        check_name(c, field, d->level, true);
        (void)snprintf(field, sizeof field, "dimensions[%u]", i);
        for (uint32_t j = 0; j < i; j++)
                if (bytes_equal(d->variable, q->dimensions[j].variable) &&
                        bytes_equal(d->level, q->dimensions[j].level)) {
                        fault(c, field, "is asked for twice");
                        return;
                }
}

static void check_measure(struct check *c, const struct query *q, uint32_t i)
{
        const struct measure_ref *m = &q->measures[i];
        char field[VIOLATION_FIELD_MAX];

        (void)snprintf(field, sizeof field, "measures[%u].kind", i);
        if (m->kind == MEASURE_NONE || (unsigned)m->kind >= MEASURE_KIND_COUNT)
                fault(c, field, "is not a known kind of measure");
        (void)snprintf(field, sizeof field, "measures[%u].variable", i);
        if (m->kind == MEASURE_SUM || m->kind == MEASURE_MEAN)
                check_name(c, field, m->variable, false);
        else if (m->variable.len > 0)
                fault(c, field, "belongs to SUM and MEAN only");
        (void)snprintf(field, sizeof field, "measures[%u]", i);
        for (uint32_t j = 0; j < i; j++)
                if (m->kind == q->measures[j].kind &&
                        bytes_equal(m->variable, q->measures[j].variable)) {
                        fault(c, field, "is asked for twice");
                        return;
                }
}

enum err query_check(const struct query *q, struct refusal *why)
{
        struct check c = {.why = why, .rc = ERR_OK};

        check_name(&c, "dataset", q->dataset, false);
        check_name(&c, "purpose", q->purpose, false);
        if (q->vintage.number == 0 && q->vintage.revision != 0)
                fault(&c, "vintage.number", "is missing beside a revision");
        if (q->filters_len > FILTERS_MAX)
                fault(&c, "filters", "has more filters than allowed");
        if (q->dimensions_len > DIMENSIONS_MAX)
                fault(&c, "dimensions", "has more dimensions than allowed");
        if (q->measures_len > MEASURES_MAX)
                fault(&c, "measures", "has more measures than allowed");
        for (uint32_t i = 0; i < q->filters_len && i < FILTERS_MAX; i++)
                check_filter(&c, &q->filters[i], i);
        for (uint32_t i = 0; i < q->dimensions_len && i < DIMENSIONS_MAX; i++)
                check_dimension(&c, q, i);
        for (uint32_t i = 0; i < q->measures_len && i < MEASURES_MAX; i++)
                check_measure(&c, q, i);
        return c.rc;
}

/* Canonical bytes --------------------------------------------------------- */

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

static enum err put_filters(const struct query *q, struct buf *out)
{
        struct buf parts[FILTERS_MAX];
        struct bytes encoded[FILTERS_MAX];
        enum err rc = ERR_OK;

        for (uint32_t i = 0; i < q->filters_len; i++) {
                buf_init(&parts[i], QUERY_BYTES_MAX);
                put_filter(&parts[i], &q->filters[i]);
                enum err e = buf_end(&parts[i], &encoded[i]);
                rc = rc == ERR_OK ? e : rc;
        }
        if (rc == ERR_OK) {
                uint32_t len = distinct(encoded, q->filters_len);

                put_u32(out, len);
                for (uint32_t i = 0; i < len; i++)
                        put_bytes(out, encoded[i]);
        }
        for (uint32_t i = 0; i < q->filters_len; i++)
                buf_done(&parts[i]);
        return rc;
}

static bool counts_fit(const struct query *q)
{
        for (uint32_t i = 0; i < q->filters_len && i < FILTERS_MAX; i++)
                if (q->filters[i].values_len > FILTER_VALUES_MAX)
                        return false;
        return q->filters_len <= FILTERS_MAX && q->dimensions_len <= DIMENSIONS_MAX &&
               q->measures_len <= MEASURES_MAX;
}

enum err query_encode(const struct query *q, struct buf *out)
{
        static const struct measure_ref persons = {.kind = MEASURE_PERSONS};
        const struct measure_ref *measures = q->measures_len > 0 ? q->measures : &persons;
        uint32_t measures_len = q->measures_len > 0 ? q->measures_len : 1;
        struct bytes whole;

        if (!counts_fit(q))
                return ERR_INVALID;
        put_text(out, "statgate query 1");
        put_bytes(out, q->dataset);
        put_bytes(out, q->purpose);
        put_u32(out, q->vintage.number);
        put_u32(out, q->vintage.revision);
        TRY(put_filters(q, out));
        put_u32(out, q->dimensions_len);
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                put_bytes(out, q->dimensions[i].variable);
                put_bytes(out, q->dimensions[i].level);
        }
        put_u32(out, measures_len);
        for (uint32_t i = 0; i < measures_len; i++) {
                put_u8(out, (uint8_t)measures[i].kind);
                put_bytes(out, measures[i].variable);
        }
        return buf_end(out, &whole);
}
