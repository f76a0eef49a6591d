/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_world.h: reports of concern that a test can change one by one, planned tables over
 * them, and views of them as they stand.
 *
 * Each person has one sex; municipalities, ages and reasons follow the records. */
#ifndef STATGATE_TESTS_SUPPORT_LATTICE_WORLD_H
#define STATGATE_TESTS_SUPPORT_LATTICE_WORLD_H

#include "gateway/lattice_parts.h"

struct lattice_record {
        uint32_t person;
        uint16_t place; /* of municipalities */
        int32_t day;
        uint8_t reason, kon;
        int64_t places; /* a measure: 1..4 */
        bool gone;
};

struct lattice_world {
        struct policy *policy;
        struct policy_dataset dataset; /* with the lattice of the test */
        struct lattice_axis axes[4][6];
        struct lattice_table tables[4];
        struct measure_ref measures[2];
        struct lattice_record *records;
        uint32_t records_len;
        uint64_t random;
        uint64_t named_by; /* another number: other record keys */
};

/* About `records` records of a third as many persons, in a few municipalities of a few counties,
 * of 2023 and 2024. No tables are planned yet. */
void lattice_world_make(struct lattice_world *w, uint32_t records, uint64_t seed);
void lattice_world_free(struct lattice_world *w);
uint64_t lattice_random(struct lattice_world *w, uint64_t below);
/* "kommun:lan,kon": one more planned table. */
void lattice_world_plan(struct lattice_world *w, const char *axes);
struct view *lattice_world_view(const struct lattice_world *w);
struct lattice_source lattice_world_source(const struct lattice_world *w, const struct view *v);

#endif
