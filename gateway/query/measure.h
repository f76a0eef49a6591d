/* SPDX-License-Identifier: Apache-2.0 */
/* measure.h: compiled measures; inside this folder only.
 *
 * A measure is read from one or two parts: things counted per cell in the same pass as
 * persons and records. A share has a numerator and a denominator, a sum has one part, and
 * two measures that look at the same (a median and its quartiles) share theirs. */
#ifndef STATGATE_GATEWAY_QUERY_MEASURE_H
#define STATGATE_GATEWAY_QUERY_MEASURE_H

#include "base/table.h"

struct test;

enum { PARTS_MAX = 2 * MEASURES_MAX + 1, PART_NONE = UINT32_MAX };

/* What a part counts of the rows that pass its tests, beside the persons behind it. */
enum counted {
        COUNTED_NONE = 0,
        COUNTED_PERSONS,
        COUNTED_RECORDS,
        COUNTED_FAMILIES, /* persons without a family are not behind it */
        COUNTED_SUM,      /* of an operand; rows without a value are not kept */
        COUNTED_DAYS,     /* of episodes within `days`; rows without any are not kept */
        COUNTED_BUCKETS   /* rows by value of an operand */
};

/* A declared band, or what lies before, between and after them: every value is in one. */
struct bucket {
        int64_t low, high; /* both inside */
        bool closed;       /* a band with two ends: values are taken to lie evenly in it */
};

struct part {
        enum counted counted;
        const struct test *tests;
        uint32_t tests_len;
        uint32_t operand;             /* SUM, BUCKETS */
        const struct bucket *buckets; /* ascending */
        uint32_t buckets_len;
        bool persons; /* somebody asks for the persons behind it */
};

/* Whether the cell itself has it: all persons, all records. */
bool part_is_cell(const struct part *part);

struct measures {
        struct part parts[PARTS_MAX];
        uint32_t parts_len;
        uint32_t families; /* the part that counts families of whole cells, or PART_NONE */
        struct {
                uint32_t numerator, denominator;
                uint32_t per_decimals; /* RATIO: of what its denominator sums */
        } of[MEASURES_MAX];
        struct period days; /* COUNTED_DAYS: both inside */
        uint32_t place;     /* operand that says the municipality, or UINT32_MAX */
};

/* measure_value.c: arithmetic in exact integers, half away from zero, so that every machine
 * and number of threads gives the same. False: more than there is room for. */

/* number × times / per; per is not 0. */
MUST_CHECK bool divide_rounded(int64_t number, __int128 times, int64_t per, int64_t *out);
/* The value below which `quarters` quarters of the rows lie, in tenths; counts are by
 * bucket, `stride` apart. TABLE_NO_VALUE: no rows, or it lies in no closed bucket. */
MUST_CHECK bool quantile_of(const struct bucket *buckets, uint32_t buckets_len,
        const int64_t *counts, size_t stride, unsigned quarters, int64_t *out);

#endif
