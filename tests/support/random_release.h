/* SPDX-License-Identifier: Apache-2.0 */
/* random_release.h: tables of persons who do not exist, for secondary suppression.
 *
 * One to six dimensions, levels beside and above one another, one table of everything or
 * up to three that are linked, small counts and many zeros. */
#ifndef STATGATE_TESTS_SUPPORT_RANDOM_RELEASE_H
#define STATGATE_TESTS_SUPPORT_RANDOM_RELEASE_H

#include "gateway/disclosure/model.h"

enum {
        RELEASE_DIMENSIONS = 6,
        RELEASE_LEVELS = 2,
        RELEASE_TABLES = 3,
        RELEASE_LEAVES = 8,
};

struct random_options {
        uint64_t seed;
        uint32_t inner_max;      /* inner cells, before zeros are left out */
        uint32_t dimensions_max; /* 0: four */
        uint32_t leaves_max;     /* of a dimension; 0: six */
        uint32_t threshold;      /* below it a cell is protected */
        bool zeros_published;    /* else they are protected as well */
        bool alone;              /* contributors who are alone are marked */
        bool filled;             /* no group of a level is without categories */
        bool known;              /* some cells are known from elsewhere, some are not asked for */
};

struct random_release {
        struct model_release release;
        struct model_dimension dimension[RELEASE_DIMENSIONS];
        struct model_level level[RELEASE_DIMENSIONS][RELEASE_LEVELS];
        uint32_t parent[RELEASE_DIMENSIONS][RELEASE_LEVELS][RELEASE_LEAVES];
        struct model_table table[RELEASE_TABLES];
        uint32_t of_table[RELEASE_TABLES][RELEASE_DIMENSIONS];
        struct model_cell *cell[RELEASE_TABLES];
        size_t cells[RELEASE_TABLES];
        size_t inner;    /* combinations of leaves */
        uint32_t *value; /* of them, last dimension fastest */
};

void random_release_new(
        struct arena *arena, const struct random_options *options, struct random_release *out);
/* Cells from values again, after those were changed. */
void random_release_fill(const struct random_options *options, struct random_release *r);

#endif
