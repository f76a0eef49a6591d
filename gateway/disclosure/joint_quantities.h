/* SPDX-License-Identifier: Apache-2.0 */
/* joint_quantities.h: what a measure tells of every cell, one number at a time.
 *
 * A share tells its numerator and its denominator, a mean its sum and how many it was made
 * of. Those that are persons of the cell (*within*) are tied to the cell's count; sums are
 * not. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_JOINT_QUANTITIES_H
#define STATGATE_GATEWAY_DISCLOSURE_JOINT_QUANTITIES_H

#include "gateway/disclosure/joint.h"

enum quantity_side {
        QUANTITY_VALUE = 0, /* a count, a sum, a numerator */
        QUANTITY_DENOMINATOR,
        QUANTITY_PERSONS, /* that a mean was made of */
};

enum { QUANTITIES_MAX = 2 * MEASURES_MAX };
#define QUANTITY_CELL UINT32_MAX /* as `same`: it is the cell's count everywhere */

struct quantity {
        uint32_t measure;
        enum quantity_side side;
        bool within;
        const int64_t *value;
        uint32_t same; /* the first with the same number in every cell; itself, mostly */
};

struct quantities {
        struct quantity of[QUANTITIES_MAX];
        uint32_t len;
};

/* Those of the measures with a status of their own; medians and quartiles tell none. */
void quantities_list(const struct table *t, struct quantities *out);

/* The role of a quantity in a cell, by what the rules left. */
uint8_t quantity_role(const struct table *t, const struct rules_of_measures *told,
        const struct quantity *q, size_t cell, bool zeros_published);

/* Finds which are the same in every cell. */
void quantities_same(const struct table *t, struct quantities *q);

/* Sums over a table's cells with random weights, all and by category: equal ones are equal
 * cell by cell. `of` is that of each quantity asked for, the last that of the cells' counts. */
enum { PRINTS_MAX = QUANTITIES_MAX + 1 };
struct quantity_prints {
        uint64_t of[PRINTS_MAX];
        uint64_t *by_category[PRINTS_MAX]; /* category of all dimensions, one after the other */
        uint32_t first[DIMENSIONS_MAX];    /* of each dimension, in these */
        uint32_t categories, len;
};
MUST_CHECK enum err quantity_prints(struct arena *arena, const struct table *t,
        const struct quantities *q, const uint32_t *which, uint32_t len,
        struct quantity_prints *out);

/* Is Σ r_k x_k zero? Coefficients -1, 0 and 1 are the digits of `combination` to base 3. */
bool quantities_relation(const uint64_t *print, uint32_t len, uint64_t combination);

#endif
