/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_parts.h: what the files of the lattice share; nobody else includes it, but tests.
 *
 *      lattice.c         what stands in the store, and what is made for it
 *      lattice_fit.c     which questions are inside, from policy and question alone
 *      lattice_count.c   the planned tables, counted block by block and stitched together
 *      lattice_axes.c    what they share: leaves of the axes, and inner cells
 *      lattice_change.c  what a new cube may tell to whoever has an older one
 *      lattice_code.c    a protected cube as bytes, and back
 *      lattice_answer.c  the table of a question, cut out of a cube
 *
 * A *cube* is all planned tables of a data set with one more dimension in front, the
 * *blocks*: the calendar years, those records that lie in none of them, and the total, which
 * is a question without a period. */
#ifndef STATGATE_GATEWAY_LATTICE_PARTS_H
#define STATGATE_GATEWAY_LATTICE_PARTS_H

#include "gateway/lattice.h"

/* lattice_fit.c ---------------------------------------------------------------------- */

/* As lattice_fits, and the first planned table that holds the question. */
enum lattice_fit lattice_find(const struct policy *p, const struct policy_dataset *d,
        const struct query *q, uint32_t *out_table);
/* Whether the question's filters leave a category of an axis, as the hierarchies were on
 * `day`. ERR_NOT_FOUND: they leave a part of it, on that day. For a question that is inside. */
MUST_CHECK enum err lattice_leaves(const struct policy_dataset *d, const struct lattice_axis *axis,
        const struct query *q, struct bytes category, int32_t day, bool *out);
/* Whether any of them is about this variable. */
bool lattice_filters(const struct policy_dataset *d, const struct query *q, uint32_t variable);

#endif
