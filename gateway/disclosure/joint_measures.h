/* SPDX-License-Identifier: Apache-2.0 */
/* joint_measures.h: one table's measures on their way. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_JOINT_MEASURES_H
#define STATGATE_GATEWAY_DISCLOSURE_JOINT_MEASURES_H

#include "gateway/disclosure/joint_quantities.h"

struct measuring {
        struct joint *j;
        const struct table *t;
        const struct rules_of_measures *told;
        struct quantities quantities;
        bool *hidden[QUANTITIES_MAX]; /* by cell: not told */
};

/* The stricter of what two measures say of one quantity; told if one of them tells it. */
uint8_t measures_role(uint8_t a, uint8_t b);

/* A quantity of a table's cell into the cell `to` of a layer, under its role. */
void measures_cell(const struct measuring *m, const struct quantity *q, size_t cell,
        struct joint_layer *layer, size_t to);

/* As joint_settle, of a layer of which somebody may know beforehand that some cells are
 * zero: those of each of `len` suppositions. Whoever knows one learns of no other cell, and
 * whoever knows none, not of these. */
MUST_CHECK enum err measures_settle(
        struct joint *j, struct joint_layer *layer, bool *const *supposed, uint32_t len);

/* joint_cross.c: the quantities that count persons within the cell. */
MUST_CHECK enum err measures_cross(struct measuring *m);

#endif
