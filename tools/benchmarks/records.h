/* SPDX-License-Identifier: Apache-2.0 */
/* records.h: made-up placements, any row of them at any time.
 *
 * Every value is a hash of (municipality, row), so threads and processes agree on
 * the records without handing them over: the gateway gets them as batches, DuckDB
 * as vectors. Municipalities have records in proportion to their inhabitants;
 * one record in ten is about a person whose home is the next municipality. */
#ifndef STATGATE_TOOLS_BENCHMARKS_RECORDS_H
#define STATGATE_TOOLS_BENCHMARKS_RECORDS_H

#include "base/batch.h"
#include "policies/policy.h"

enum { RECORDS_BATCH = 16384, RECORDS_PLACES_MAX = MUNICIPALITIES_MAX, RECORDS_CODES_MAX = 32 };
#define RECORDS_DATASET "placering"
#define RECORDS_PERIOD  "2025"
#define RECORDS_PURPOSE "officiell_statistik"

struct records {
        struct policy *policy;
        const struct policy_dataset *dataset;
        uint32_t places; /* municipalities, in the order of the bundle */
        struct place {
                municipality_t code;
                uint32_t rows, persons, first_person;
        } place[RECORDS_PLACES_MAX];
        struct bytes codes[6][RECORDS_CODES_MAX]; /* by enum records_code */
        uint32_t codes_len[6];
};

enum records_code { CODE_KON, CODE_FORM, CODE_LAGRUM, CODE_REGI, CODE_UTFORARE, CODE_AVSLUT };

/* One batch of plain values: ten variables, a person and a key. */
struct rows {
        uint32_t len;
        uint32_t person[RECORDS_BATCH]; /* number of the person over all places */
        uint8_t ids[RECORDS_BATCH][PERSON_ID_LEN], kinds[RECORDS_BATCH];
        char keys[RECORDS_BATCH][12];
        uint8_t codes[6][RECORDS_BATCH];
        int32_t birth[RECORDS_BATCH], start[RECORDS_BATCH], end[RECORDS_BATCH];
        int64_t cost[RECORDS_BATCH]; /* in öre */
        uint8_t end_missing[RECORDS_BATCH / 8], cost_missing[RECORDS_BATCH / 8];
};

/* `rows` records of `persons` persons (at most 6,993,000), under the bundle. */
void records_open(struct records *r, const char *bundle, uint64_t rows, uint32_t persons);
void records_close(struct records *r);
/* Rows first .. first+len-1 of a place. */
void records_fill(
        const struct records *r, uint32_t place, uint32_t first, uint32_t len, struct rows *out);

/* A valid personal number: somebody born on a day, the `number`th (1..999) of them. */
void records_id(int32_t born, uint32_t number, uint8_t id[PERSON_ID_LEN]);
uint64_t records_hash(uint64_t x);

/* The same as a batch; borrows from `rows` and `columns`. */
enum { RECORDS_COLUMNS = 10 };
struct batch records_batch(const struct records *r, const struct rows *rows, uint32_t sequence,
        struct column columns[RECORDS_COLUMNS]);

#endif
