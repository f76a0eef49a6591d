/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h: a batch of records as columns, the same on the wire, at the gate and
 * (packed) in the store.
 *
 * Nothing is copied: columns point into the request's arena. Values are fixed
 * width, so that a million records a second is a matter of memory bandwidth. */
#ifndef STATGATE_BASE_BATCH_H
#define STATGATE_BASE_BATCH_H

#include "base/bytes.h"
#include "base/terms.h"

enum column_kind {
        COLUMN_NONE = 0,
        COLUMN_CODES,    /* index into a dictionary of codes, 1 or 2 bytes a row */
        COLUMN_I32,      /* dates (days since 1970-01-01), small integers, 4 bytes */
        COLUMN_I64,      /* integers; decimals scaled by the schema's 10^decimals */
        COLUMN_BOOLEANS, /* one byte, 0 or 1 */
        COLUMN_KIND_COUNT
};

struct column {
        struct bytes name; /* the variable */
        enum column_kind kind;
        const struct bytes *dictionary; /* COLUMN_CODES: distinct codes, UTF-8 */
        uint32_t dictionary_len;
        uint32_t width;         /* bytes a row: 1, 2, 4 or 8, as kind says */
        const uint8_t *values;  /* rows × width, little-endian; not always aligned */
        const uint8_t *missing; /* bitmap, bit i%8 of byte i/8: row i has no value; or NULL */
};

/* rows × 12 ids and rows × 1 kinds (enum person_kind). */
struct person_column {
        const uint8_t *ids, *kinds;
};

/* Guardians of row i are entries offsets[i] .. offsets[i+1]-1 of `persons`. */
struct guardian_column {
        uint32_t len;                 /* entries in all; 0: the column is absent */
        const uint32_t *offsets;      /* rows + 1, or NULL when absent */
        struct person_column persons; /* NULL pointers when the batch is sealed */
};

struct batch {
        uint32_t sequence;   /* from 0 within its submission */
        uint32_t rows;       /* 1..BATCH_ROWS_MAX */
        bool sealed;         /* persons (and guardians) are in `box`, not in `persons` */
        struct bytes key_id; /* sealed: which of the keeper's keys it is sealed to */
        struct bytes box;
        struct bytes signature;       /* sealed: the municipality's, over the box and its place */
        struct person_column persons; /* NULL pointers where the data set has no person */
        struct guardian_column guardians;
        const uint8_t *record_keys; /* rows × record_key_width, NUL-padded */
        uint32_t record_key_width;  /* 1..RECORD_KEY_MAX_LEN */
        const struct column *columns;
        uint32_t columns_len;
};

static inline bool column_is_missing(const struct column *c, uint32_t row)
{
        return c->missing != NULL && (c->missing[row / 8] >> (row % 8) & 1) != 0;
}

/* One rejected row: which rule, at which variable ("" for the person id or the
 * record key: `place` says which). */
enum rejection_place {
        REJECTION_PERSON,
        REJECTION_GUARDIAN,
        REJECTION_RECORD_KEY,
        REJECTION_VALUE
};

struct rejection {
        uint32_t row; /* from 0 within the batch */
        enum rejection_place place;
        uint32_t column;      /* index into batch columns for REJECTION_VALUE */
        const char *rule;     /* a name from one of our tables: "CHECK_DIGIT", "UNKNOWN_CODE" */
        const char *sentence; /* static, never a value */
};

/* Which rows go on, and why the others do not. */
struct verdicts {
        uint8_t *accepted; /* rows bytes, 1 = accepted */
        uint32_t rows, accepted_len;
        struct rejection *rejections; /* one or more per rejected row, by row */
        uint32_t rejections_len, rejections_cap;
};

/* All rows accepted, room for one rejection per row, in the arena. */
MUST_CHECK enum err verdicts_new(struct arena *arena, uint32_t rows, struct verdicts *out);
/* Notes a rejection; the first rejection of a row takes it out. Ignored beyond cap. */
void verdicts_reject(struct verdicts *v, struct rejection why);

#endif
