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

/* What is counted: in shares, ratios and rates, and when no measure is named. */
enum unit { UNIT_NONE = 0 /* person */, UNIT_PERSON, UNIT_FAMILY, UNIT_RECORD, UNIT_COUNT };
const char *unit_name(enum unit unit); /* "person" */
enum unit unit_find(struct bytes name);

/* Which municipality a person belongs to, where the municipality is a filter or a
 * dimension: the one that delivered each record, or that of the person's first or last
 * record in the period (then a person has one, and parts add up). */
enum municipality_rule {
        MUNICIPALITY_DELIVERING = 0,
        MUNICIPALITY_FIRST,
        MUNICIPALITY_LAST,
        MUNICIPALITY_RULE_COUNT
};
const char *municipality_rule_name(enum municipality_rule rule); /* "first" */
bool municipality_rule_find(struct bytes name, enum municipality_rule *out);

/* Derived variables: computed for every record asked about (the base record), from the
 * events of the same person or family in a data set of the linkage. The base record
 * is not its own event unless asked for. A missing value passes no filter, as elsewhere. */
enum derived_kind {
        DERIVED_NONE = 0,
        DERIVED_EXISTS,       /* boolean: is there such an event; never missing, except
                               * where `same: family` meets a family beyond the limits, or
                               * the anchor of the window is missing */
        DERIVED_COUNT,        /* integer: events, or distinct values of `variable` */
        DERIVED_FIRST,        /* date of the first such event; missing: there is none */
        DERIVED_LAST,         /* date of the last such event */
        DERIVED_DAYS_BETWEEN, /* integer: days from `from` to `to`; may be negative */
        DERIVED_SUM,          /* of measure `variable` over the events; 0 when there are none */
        DERIVED_KIND_COUNT
};
const char *derived_kind_name(enum derived_kind kind); /* "days_between" */
enum derived_kind derived_kind_find(struct bytes name);

enum derived_same { SAME_NONE = 0 /* person */, SAME_PERSON, SAME_FAMILY };
/* Municipality of the event against that of the base record. */
enum derived_in { IN_NONE = 0 /* any */, IN_ANY, IN_SAME, IN_OTHER };

enum window_kind {
        WINDOW_NONE = 0, /* all events */
        WINDOW_RELATIVE, /* from..until days from the anchor, both inside; may be negative */
        WINDOW_FIXED,    /* from..until are days (dates), both inside */
        WINDOW_PERIOD    /* the period of the query */
};
struct window {
        enum window_kind kind;
        struct bytes anchor; /* RELATIVE: a date variable of the base data set, or an
                              * earlier derived FIRST or LAST; empty: the base's order date */
        int32_t from, until;
};

/* A band of a derived number; both ends inside, decimal notation; empty: open, which only
 * the first may be downwards and the last upwards. */
enum { BAND_DECIMALS = 6 };
struct derived_band {
        struct bytes code;
        struct bytes low, high;
};

struct derived {
        struct bytes name; /* as filters, dimensions, measures and later derived ones say */
        enum derived_kind kind;
        struct bytes dataset;   /* whose records are the events (not DAYS_BETWEEN) */
        struct bytes date;      /* which date of an event counts; empty: its order date */
        struct bytes variable;  /* SUM: a measure; COUNT: distinct values of it; else empty */
        struct bytes level;     /* COUNT of distinct: level of the variable; empty: finest */
        struct bytes from, to;  /* DAYS_BETWEEN: date variables of the base, or earlier
                                 * derived FIRST or LAST */
        struct filter *filters; /* on the events */
        uint32_t filters_len;
        struct window window;
        enum derived_same same;
        enum derived_in in;
        /* Whether the base record is an event like the others, where it stands in the event
         * data set: "months with assistance in the year" counts its own month too. */
        bool include_base;
        struct derived_band *bands; /* COUNT, SUM, DAYS_BETWEEN: for use as a dimension and
                                     * for medians; ascending, not overlapping */
        uint32_t bands_len;
};

enum measure_kind { /* numbers are the wire's */
        MEASURE_NONE = 0,
        MEASURE_PERSONS, /* distinct persons */
        MEASURE_RECORDS,
        MEASURE_SUM, /* of a measure variable or derived number, missing values left out */
        MEASURE_MEAN,
        MEASURE_FAMILIES, /* distinct families; those beyond the limits are not counted */
        MEASURE_SHARE,    /* per cent of the units of `base` that are also in `filters`, with
                           * a 95 % interval (Wilson, JASA 22, 1927) */
        MEASURE_RATIO,    /* sum of `variable` (empty: number of units) where `filters` hold,
                           * per sum of `per` (empty: number of units) where `base` holds */
        MEASURE_MEDIAN,   /* of records with a value, interpolated within declared bands */
        MEASURE_LOWER_QUARTILE,
        MEASURE_UPPER_QUARTILE,
        MEASURE_DAYS, /* days of the data set's episodes within the period, ends inside;
                       * an episode without an end lasts through the period */
        MEASURE_RATE, /* units per `scale` inhabitants */
        MEASURE_KIND_COUNT
};
const char *measure_kind_name(enum measure_kind kind); /* "persons" */
enum measure_kind measure_kind_find(struct bytes name);

struct measure_ref {
        enum measure_kind kind;
        struct bytes variable;  /* SUM, MEAN, MEDIAN, quartiles; RATIO may have one */
        struct bytes banding;   /* MEDIAN, quartiles: which bands; empty: the finest */
        struct bytes name;      /* an identifier to tell two of a kind apart; may be empty */
        struct bytes per;       /* RATIO: see above */
        struct filter *filters; /* any kind: only what also passes these */
        uint32_t filters_len;
        struct filter *base; /* SHARE and RATIO: what the denominator counts. Nothing counts
                              * in a SHARE's numerator that does not count here */
        uint32_t base_len;
        uint32_t scale; /* RATE, RATIO: per so many; 0: RATE_SCALE for RATE, 1 for RATIO */
};
enum { RATE_SCALE = 1000 };
/* Whether a kind needs (1), may have (0) or must not have (-1) a variable. */
int measure_kind_wants_variable(enum measure_kind kind);

struct query {
        struct bytes dataset;
        struct bytes purpose;
        struct bytes linkage; /* empty: the narrowest that joins all data sets asked about */
        struct filter *filters;
        struct dimension_ref *dimensions;
        struct measure_ref *measures; /* none: the unit's count */
        struct derived *derived;      /* in order: a later one may refer to an earlier */
        uint32_t filters_len, dimensions_len, measures_len, derived_len;
        struct vintage vintage; /* 0.0: the latest published */
        enum unit unit;
        enum municipality_rule municipality_rule;
        bool has_period, has_age_at, has_division_at;
        /* Reference period: only records whose episode meets it (data sets without
         * episodes: whose order date lies in it). */
        struct period period;
        int32_t age_at; /* ages on this day instead of the record's */
        /* Hierarchies as they were on this day; not said: on the last day of the period, or of
         * what is delivered. */
        int32_t division_at;
        /* An indicator of the bundle (then data set, unit, derived variables and measures
         * are the registry's, and the query may add a period, dimensions and filters). */
        uint32_t indicator_version; /* 0: the latest */
        struct bytes indicator;
        struct bytes period_date; /* the date that must lie in the period instead ("ended in
                                   * 2024") */
        bool dry_run;             /* how it is asked, not what: no part of the canonical bytes */
};

/* Shape only (counts within limits, names printable, values per op, fields that their kind
 * reads, bands in order, nothing asked twice); names are looked up by the planner, which
 * also asks for the period that a window or a measure needs. Tells every fault, not the
 * first; fields are named as in the .proto ("derived[1].filters[2].values[0]"). */
struct refusal;
MUST_CHECK enum err query_check(const struct query *q, struct refusal *why);

/* Canonical bytes: filters and values sorted and distinct, wherever they stand; `in` with one
 * plain value written as `=`; derived variables by their names, whose order says nothing;
 * the ends of bands as numbers; what is left out written as what it means (unit, same, in,
 * scale, no measure). Dimensions and measures stay in the order asked. The vintage is
 * encoded as it stands: resolve 0.0 first where the digest must name a state. Appends to
 * `out`; ERR_INVALID for a query that query_check refuses for its counts or bands. */
MUST_CHECK enum err query_encode(const struct query *q, struct buf *out);

/* "VAR[:LEVEL] OP VALUE[,VALUE…]" as in `statgate query --where`; a..b is a range
 * for `in`. Values may be double-quoted; a quote inside is written twice. Text
 * lives on; pieces borrow from it or from the arena. A refusal's field is
 * "where" and its text names the column, from 1. */
MUST_CHECK enum err filter_parse(
        struct arena *arena, struct bytes text, struct filter *out, struct refusal *why);

#endif
