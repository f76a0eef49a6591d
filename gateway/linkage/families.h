/* SPDX-License-Identifier: Apache-2.0 */
/* families.h: from guardian edges to families and kin; inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_FAMILIES_H
#define STATGATE_GATEWAY_LINKAGE_FAMILIES_H

#include "gateway/linkage/edges.h"
#include "gateway/linkage/token.h"
#include "gateway/linkage/view.h"

/* Empties `edges`, and wipes `all` as soon as children have numbers: (*out_order)[p] is
 * the place in `all` of who shall be person p. What `out` points to is its owner's. */
MUST_CHECK enum err families_find(const struct work *w, struct edges *edges, struct token_list *all,
        const struct family_limits *limits, struct families *out, uint32_t **out_order);
size_t families_bytes(const struct families *f);
void families_done(struct families *f);

#endif
