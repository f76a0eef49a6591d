/* SPDX-License-Identifier: Apache-2.0 */
/* world.h: the child's journey, made up: reports, investigations, interventions,
 * placements and follow-ups of the same children, and who their guardians are.
 *
 * As in records.h every value is a hash of (data set, municipality, row). Children are the
 * persons of records.h and at home where they are; siblings are neighbours in number. Out
 * of nine children three have no kin, and two or three share their guardians. */
#ifndef STATGATE_TOOLS_BENCHMARKS_WORLD_H
#define STATGATE_TOOLS_BENCHMARKS_WORLD_H

#include "base/arena.h"
#include "gateway/keeper/keeper.h"
#include "tools/benchmarks/records.h"

/* PART(NAME, data set, tables of DuckDB call its order date, records per ten reports) */
#define WORLD_PARTS(PART)                                                                          \
        PART(REPORT, "anmalan", "datum", 10)                                                       \
        PART(INVESTIGATION, "utredning", "inledd", 4)                                              \
        PART(INTERVENTION, "insats", "start", 2)                                                   \
        PART(PLACEMENT, "placering", "start", 1)                                                   \
        PART(FOLLOW_UP, "uppfoljning", "uppfoljd", 1)
enum world_part {
#define WORLD_ENUM(name, dataset, date, share) WORLD_##name,
        WORLD_PARTS(WORLD_ENUM)
#undef WORLD_ENUM
                WORLD_PARTS_LEN
};
#define WORLD_LINKAGE "barnets_resa"
const char *world_dataset(enum world_part part);
const char *world_date(enum world_part part);

/* The three years that all records are of. */
struct period world_period(void);

struct world_rows {
        uint32_t len;
        int32_t person[RECORDS_BATCH], day[RECORDS_BATCH]; /* as DuckDB has them */
        uint64_t hash[RECORDS_BATCH];                      /* for all other values */
};
uint32_t world_len(const struct records *r, enum world_part part, uint32_t place);
/* Rows first .. first+len-1 of a place. */
void world_fill(const struct records *r, enum world_part part, uint32_t place, uint32_t first,
        uint32_t len, struct world_rows *out);

/* Guardians of a child: one or two. */
uint32_t world_guardians(uint32_t child, uint32_t out[2]);

/* Persons, keys, guardians and every column of the data set, packed, in the arena. `first` as
 * in world_fill: keys are of the place. */
void world_accept(const struct policy_dataset *d, const struct world_rows *rows, uint32_t first,
        struct arena *arena, struct keeper_accept *out);

#endif
