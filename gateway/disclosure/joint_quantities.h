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

/* Of each side of a measure: what is added up, and the persons behind it. */
enum { QUANTITIES_MAX = 2 * SIDES_MAX };

struct quantity {
        uint32_t measure;
        enum quantity_side side; /* what the rules call it */
        uint8_t takes;           /* bit of the table's meaning: who is counted */
        bool within;
        bool whole;    /* a count: where zeros are published its zero is nobody */
        uint32_t adds; /* as of struct measure; of those that are not within */
        const int64_t *value;
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

/* Kinds of rows: which of some sides take them. `sides` are bits of the meaning; bit i of a kind is
 * the i-th of these. Every kind that there can be in the cell at these coordinates (NULL: in
 * any), by definition; `stated`: where nothing is missing. More than KINDS_MAX: that + 1. */
enum { KINDS_MAX = 16 };
struct kinds_asked {
        const uint8_t *sides;
        uint32_t len;
        const uint32_t *at;
        bool stated;
};
uint32_t kinds_list(
        const struct table *t, const struct kinds_asked *asked, uint32_t out[KINDS_MAX + 1]);

#endif
