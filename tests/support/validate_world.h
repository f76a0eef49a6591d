/* SPDX-License-Identifier: Apache-2.0 */
/* validate_world.h: a data set made by hand, good batches for it, and every way to
 * spoil one row.
 *
 * It holds every type, both widths of codes, codes with an end, and columns whose
 * values are not aligned. */
#ifndef STATGATE_TESTS_SUPPORT_VALIDATE_WORLD_H
#define STATGATE_TESTS_SUPPORT_VALIDATE_WORLD_H

#include "base/arena.h"
#include "policies/policy.h"

enum { ARENA = 64 << 20, ROWS_MAX = 700, KEY = 11 };
enum { KOMMUN, KOD, KODER, FODD, NAR, SLUT, ALDER, ANTAL, BELOPP, FLAGGA, VARIABLES };
enum { FIRST_BIRTH = 7305, LAST_BIRTH = 21914 };    /* 1990-01-01 .. 2029-12-31 */
enum { PERIOD_FIRST = 20089, PERIOD_LAST = 20453 }; /* 2025 */
enum { WORLD_CODES = 5, WORLD_DICTIONARY = 7 };

extern struct code world_codes[WORLD_CODES];
extern struct variable world_variables[VARIABLES];
extern struct rules_dataset world_rules; /* world_clean sets it back */
extern const struct policy_dataset world_dataset;
extern const struct period world_period;
extern const struct bytes world_dictionary[WORLD_DICTIONARY];

struct world {
        struct batch batch;
        struct column columns[VARIABLES]; /* by variable; name.len 0: not sent */
        struct column sent[VARIABLES];
        uint8_t values[VARIABLES][ROWS_MAX * 8 + 1]; /* from byte 1 on: never aligned */
        uint8_t missing[VARIABLES][ROWS_MAX / 8 + 1];
        uint8_t ids[ROWS_MAX * PERSON_ID_LEN], kinds[ROWS_MAX];
        char keys[ROWS_MAX * KEY + 1];
        uint32_t offsets[ROWS_MAX + 1];
        uint8_t guardian_ids[ROWS_MAX * 10 * PERSON_ID_LEN], guardian_kinds[ROWS_MAX * 10];
};

int world_prepare(void **state); /* group set-up */
/* All good: everybody is ten years old. Free it. */
struct world *world_clean(uint32_t rows);
void world_set(struct world *w, int variable, uint32_t row, int64_t value);
int64_t world_get(const struct world *w, int variable, uint32_t row);
void world_miss(struct world *w, int variable, uint32_t row);
void world_key(struct world *w, uint32_t row, const char *text);
void world_guardian(struct world *w, uint32_t row);
MUST_CHECK enum err world_run(
        struct world *w, struct arena *a, struct verdicts *out, struct refusal *why);
/* Where a variable's column stands among those sent. */
uint32_t world_sent(const struct world *w, int variable);

/* One fault each; the last WORLD_KEY_FAULTS are about record keys. */
struct world_fault {
        void (*spoil)(struct world *w, uint32_t row);
        enum rejection_place place;
        int variable;
        enum validate_rule rule;
};
enum { WORLD_KEY_FAULTS = 6 };
extern const struct world_fault world_faults[];
extern const size_t world_faults_len;

#endif
