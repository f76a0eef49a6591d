/* SPDX-License-Identifier: Apache-2.0 */
/* optimum_circuits.h: which sets of cells give another one away. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_OPTIMUM_CIRCUITS_H
#define STATGATE_GATEWAY_DISCLOSURE_OPTIMUM_CIRCUITS_H

#include "gateway/disclosure/model.h"

struct circuits;

MUST_CHECK enum err circuits_new(
        struct arena *arena, const struct model *model, struct circuits **out);

/* A basis of what may be published, those of small `weight` first and equals in an order
 * that `turn` decides; weights are of columns. */
void circuits_find(struct circuits *s, const double *weight, uint64_t turn);

/* The columns of that basis whose sums and differences give `column`; 0: none do, or it
 * stands in the basis. Valid until the next call. */
size_t circuits_of(struct circuits *s, uint32_t column, const uint32_t **out);

#endif
