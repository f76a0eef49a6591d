/* SPDX-License-Identifier: Apache-2.0 */
/* memory_linkage.h: under which linkage a question that was answered is counted again. For
 * memory.c. */
#ifndef STATGATE_GATEWAY_MEMORY_LINKAGE_H
#define STATGATE_GATEWAY_MEMORY_LINKAGE_H

#include "gateway/memory.h"

/* Whom the linkage joins, as far as a question of its families or not can tell: two of which this
 * is the same count it alike. */
MUST_CHECK enum err memory_joins(const struct policy *p, const struct policy_linkage *l,
        const struct query *q, struct digest *out);

/* One that stands today and counts the question as the linkage `id` did that it was asked
 * under: that one, or one that joins the same. Without derived variables `home`, if there is no
 * other. NULL: none. */
const struct policy_linkage *memory_linkage_find(const struct policy *p,
        const struct policy_linkage *home, struct bytes id, const struct policy_dataset *dataset,
        const struct memory_question *q);
/* A purpose that it serves today. */
MUST_CHECK enum err memory_purpose(
        const struct policy_linkage *l, struct arena *arena, const char **out);

/* k of a ledger: the largest that any question of the data set, or of others with it in the
 * linkage, is held to: of cells, and of rows. */
uint32_t memory_floor(
        const struct policy *p, const struct policy_linkage *l, const struct policy_dataset *d);
/* Under whichever linkage it is asked. */
uint32_t memory_floor_of_any(const struct policy *p, const struct policy_dataset *d);
uint32_t memory_threshold(
        const struct policy *p, const struct policy_linkage *l, const struct policy_dataset *d);

#endif
