/* SPDX-License-Identifier: Apache-2.0 */
/* joint_measures.h: one table's measures on their way. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_JOINT_MEASURES_H
#define STATGATE_GATEWAY_DISCLOSURE_JOINT_MEASURES_H

#include "gateway/disclosure/joint_quantities.h"

/* Instead of a crossed side: it takes all of the cell, or nobody, by definition; or nothing
 * can be said of it, nor then of what others say of it. */
enum { CROSSED_ALL = SIDES_MAX, CROSSED_NOBODY, CROSSED_UNTOLD };

struct measuring {
        struct joint *j;
        const struct table *t;
        const struct rules_of_measures *told;
        struct quantities quantities;
        /* Sides that are crossed, as bits of the meaning, and the kinds that there are of them. */
        uint8_t sides[SIDES_MAX];
        uint32_t sides_len, kind[KINDS_MAX + 1], kinds;
        uint32_t crossed[QUANTITIES_MAX]; /* of each quantity: which of these */
        uint32_t same[QUANTITIES_MAX];    /* the first that is the same number by definition */
        bool *hidden[QUANTITIES_MAX];     /* of those first ones, by cell: not told */
};

/* The stricter of what two measures say of one quantity; told if one of them tells it. */
uint8_t measures_role(uint8_t a, uint8_t b);

/* As joint_settle, of a layer of which somebody may know beforehand that some cells are
 * zero: those of each of `len` suppositions. Whoever knows one learns of no other cell, and
 * whoever knows none, not of these. */
MUST_CHECK enum err measures_settle(
        struct joint *j, struct joint_layer *layer, bool *const *supposed, uint32_t len);

/* joint_sides.c: which sides are crossed, and which numbers are the same. */
void measures_sides(struct measuring *m);

/* joint_cross.c: what goes with what is hidden, until nothing more does. */
MUST_CHECK enum err measures_cross(struct measuring *m);

#endif
