/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h: which rows of a column are suspect, 64 at a time. Internal to this
 * folder.
 *
 * A block function answers for up to 64 rows with one bit each. Full blocks are
 * first asked "is any of you out of line?" in a loop that compilers turn into
 * vector instructions; only a block that says yes is looked at row by row. Missing
 * values are taken out by whole words of the bitmap, so a column that is often
 * empty costs no branch a row either. */
#ifndef STATGATE_POLICIES_SCAN_H
#define STATGATE_POLICIES_SCAN_H

#include "policies/policy.h"

/* One validation run: what goes in and where rejections go. */
struct validation {
        const struct policy_dataset *dataset;
        struct period period;
        const struct batch *batch;
        struct arena *arena;
        struct verdicts *verdicts;
        const struct column **columns; /* by variable index; NULL: not delivered */
};

void validation_reject(struct validation *v, uint32_t row, enum rejection_place place,
        const struct column *column, enum validate_rule rule);

/* record_keys.c */
MUST_CHECK enum err validate_record_keys(struct validation *v);

enum { SCAN_BLOCK = 64 };

struct scan {
        const uint8_t *values;  /* the column, or NULL */
        const uint8_t *before;  /* I32: what must not come after `values` */
        const uint8_t *missing; /* bitmaps of both columns, or NULL */
        const uint8_t *before_missing;
        const uint8_t *bits;      /* bitmap of allowed values from `low` on */
        const uint8_t *bad_codes; /* by dictionary index; NULL: all are good */
        uint32_t codes_len;
        int64_t low, high; /* allowed, both inside */
};

/* Bit i: row from + i is suspect. n is 1..SCAN_BLOCK. */
typedef uint64_t (*scan_block)(const struct scan *s, uint32_t from, uint32_t n);

uint64_t scan_codes8(const struct scan *s, uint32_t from, uint32_t n);
uint64_t scan_codes16(const struct scan *s, uint32_t from, uint32_t n);
uint64_t scan_bytes(const struct scan *s, uint32_t from, uint32_t n); /* low..high */
uint64_t scan_i32(const struct scan *s, uint32_t from, uint32_t n);
uint64_t scan_i64(const struct scan *s, uint32_t from, uint32_t n);
uint64_t scan_bits(const struct scan *s, uint32_t from, uint32_t n);  /* I32 not in `bits` */
uint64_t scan_after(const struct scan *s, uint32_t from, uint32_t n); /* values < before */
uint64_t scan_span(const struct scan *s, uint32_t from, uint32_t n);  /* values - before */

/* Suspect rows of the whole column that have a value (both values). `hit` is
 * called for each, in order. */
typedef void (*scan_hit)(void *ctx, uint32_t row);
void scan_run(const struct scan *s, uint32_t rows, scan_block block, scan_hit hit, void *ctx);
/* Rows that have no value. */
void scan_missing(const uint8_t *missing, uint32_t rows, scan_hit hit, void *ctx);

int32_t scan_i32_at(const uint8_t *values, uint32_t row);
int64_t scan_i64_at(const uint8_t *values, uint32_t row);

#endif
