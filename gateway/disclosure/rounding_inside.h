/* SPDX-License-Identifier: Apache-2.0 */
/* rounding_inside.h: what the files of controlled rounding share, and nobody else sees. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_ROUNDING_INSIDE_H
#define STATGATE_GATEWAY_DISCLOSURE_ROUNDING_INSIDE_H

#include "gateway/disclosure/rounding.h"

enum { NO_COLUMN = UINT32_MAX, FAMILIES = 2, LEFT_OVER = FAMILIES };

struct rounding {
        struct arena *arena;
        const struct model *model;
        uint32_t base;
        uint64_t random, work, work_limit;
        uint32_t *part; /* by row: what is above the multiple below; 0: it stays */
        uint8_t *up;    /* by row: to the multiple above */
        size_t *start;  /* rows + 1: where a row's columns begin in `column` */
        uint32_t *column;
        /* By column: which family it is in, or LEFT_OVER; the least set of the family around
         * it (NO_COLUMN: all). By family and row: the least set around the row. */
        uint8_t *family;
        uint32_t *parent, *deepest[FAMILIES];
        uint32_t *order; /* columns that bind something, larger first */
        uint32_t order_len;
};

static inline uint64_t rounding_random(struct rounding *r, uint64_t below)
{
        uint64_t z = r->random += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele et al. 2014) */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (z ^ z >> 31) % below; /* `below` is small: no value is favoured noticeably */
}

/* rounding_families.c: two families of columns without crossings, as large as they come. */
MUST_CHECK enum err rounding_families(struct rounding *r);
/* rounding_cycles.c: every row up or down, so that the columns of both families stay within
 * one base. */
MUST_CHECK enum err rounding_cycles(struct rounding *r);
/* rounding_repair.c: turns rows over until all columns do, or the work is done. */
MUST_CHECK enum err rounding_repair(struct rounding *r);
/* rounding_aims.c: rows up or down, so that columns come near to what they aim at. */
MUST_CHECK enum err rounding_aims(
        struct rounding *r, const int64_t *values, const int64_t *aims, const uint32_t *weights);

#endif
