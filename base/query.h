/* SPDX-License-Identifier: Apache-2.0 */
/* query.h: what a statistician asks, before anything is looked up.
 *
 * One length-prefixed canonical encoding (query_encode) gives the query digest;
 * two spellings of the same question have the same bytes. */
#ifndef STATGATE_BASE_QUERY_H
#define STATGATE_BASE_QUERY_H

#include "base/bytes.h"
#include "base/terms.h"

enum filter_op {
        FILTER_NONE = 0,
        FILTER_EQ,
        FILTER_NE,
        FILTER_LT,
        FILTER_LE,
        FILTER_GT,
        FILTER_GE,
        FILTER_IN, /* any of the values; a value "a..b" is an inclusive range */
        FILTER_OP_COUNT
};
const char *filter_op_text(enum filter_op op); /* "=", "!=", "in" … */

struct filter {
        struct bytes variable;
        struct bytes level; /* empty: the variable's own codes */
        enum filter_op op;
        const struct bytes *values; /* FILTER_IN: 1..FILTER_VALUES_MAX; others exactly 1 */
        uint32_t values_len;
};

struct dimension_ref {
        struct bytes variable;
        struct bytes level; /* empty: the finest level */
};

enum measure_kind {
        MEASURE_NONE = 0,
        MEASURE_PERSONS, /* distinct persons */
        MEASURE_RECORDS,
        MEASURE_SUM,     /* of a measure variable, missing values left out */
        MEASURE_MEAN,
        MEASURE_KIND_COUNT
};
const char *measure_kind_name(enum measure_kind kind); /* "persons" */
enum measure_kind measure_kind_find(struct bytes name);

struct measure_ref {
        enum measure_kind kind;
        struct bytes variable; /* SUM and MEAN only */
};

struct query {
        struct bytes dataset;
        struct bytes purpose;
        struct vintage vintage; /* 0.0: the latest published */
        struct filter *filters;
        uint32_t filters_len;
        struct dimension_ref *dimensions;
        uint32_t dimensions_len;
        struct measure_ref *measures; /* none: persons */
        uint32_t measures_len;
};

/* Shape only (counts within limits, names printable, values per op); names are
 * looked up by the planner. */
struct refusal;
MUST_CHECK enum err query_check(const struct query *q, struct refusal *why);

/* Canonical bytes: filters sorted, values sorted and distinct, dimensions in the
 * order asked. Appends to `out`. */
MUST_CHECK enum err query_encode(const struct query *q, struct buf *out);

/* "VAR[:LEVEL] OP VALUE[,VALUE…]" as in `statgate query --where`; values may be
 * double-quoted, a..b is a range for `in`. Text lives on; pieces borrow from it
 * or from the arena. */
MUST_CHECK enum err filter_parse(struct arena *arena, struct bytes text, struct filter *out,
        struct refusal *why);

#endif
