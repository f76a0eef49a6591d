/* SPDX-License-Identifier: Apache-2.0 */
/* plain_world.h: random records in plain columns, for holding the view and the
 * engine against something slow and obvious. */
#ifndef STATGATE_TESTS_SUPPORT_PLAIN_WORLD_H
#define STATGATE_TESTS_SUPPORT_PLAIN_WORLD_H

#include "gateway/linkage/view.h"

struct plain_world {
        struct policy *policy;
        const struct policy_dataset *dataset;
        uint32_t rows, persons;
        uint32_t *person; /* by row; persons = nobody */
        uint8_t *tokens;  /* rows × 16 */
        uint16_t *municipalities;
        void *columns[128]; /* by variable, physical form; NULL: computed */
        uint64_t *keys;     /* by row: its person's record key */
        uint64_t random;
};

uint64_t plain_random(struct plain_world *w, uint64_t below);

/* Records of `dataset` under the bundle in `folder`: about rows / 3 persons, one row
 * in 20 without a person when `personless`, some values missing where allowed. Few
 * municipalities, so that cells have people in them. */
void plain_world_make(struct plain_world *w, const char *folder, const char *dataset, uint32_t rows,
        uint64_t seed, bool personless);
void plain_world_free(struct plain_world *w);
struct view *plain_world_view(const struct plain_world *w, unsigned threads);

/* Value of a variable in a row, ages computed; false: missing. */
bool plain_value(const struct plain_world *w, uint32_t variable, uint32_t row, int64_t *out);

#endif
