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

/* Two codes and the ".." between them; numbers and dates are shorter. */
enum { FILTER_VALUE_MAX_LEN = 2 * CODE_MAX_LEN + 2 };

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
        MEASURE_SUM, /* of a measure variable, missing values left out */
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

/* Shape only (counts within limits, names printable, values per op, nothing asked
 * twice); names are looked up by the planner. Tells every fault, not the first;
 * fields are named as in the .proto ("filters[2].values[0]"). */
struct refusal;
MUST_CHECK enum err query_check(const struct query *q, struct refusal *why);

/* Canonical bytes: filters and values sorted and distinct, `in` with one plain
 * value written as `=`, no measure written as persons, dimensions and measures in
 * the order asked. The vintage is encoded as it stands: resolve 0.0 first where
 * the digest must name a state. Appends to `out`; ERR_INVALID for a query that
 * query_check refuses for its counts. */
MUST_CHECK enum err query_encode(const struct query *q, struct buf *out);

/* "VAR[:LEVEL] OP VALUE[,VALUE…]" as in `statgate query --where`; a..b is a range
 * for `in`. Values may be double-quoted; a quote inside is written twice. Text
 * lives on; pieces borrow from it or from the arena. A refusal's field is
 * "where" and its text names the column, from 1. */
MUST_CHECK enum err filter_parse(
        struct arena *arena, struct bytes text, struct filter *out, struct refusal *why);

#endif
