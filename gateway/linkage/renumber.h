/* SPDX-License-Identifier: Apache-2.0 */
/* renumber.h: persons of several views in another order; inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_RENUMBER_H
#define STATGATE_GATEWAY_LINKAGE_RENUMBER_H

#include "gateway/linkage/assemble.h"

/* Who was order[p] becomes person p, in all views; her rows keep their order. One column
 * stands there twice at a time. */
MUST_CHECK enum err renumber_persons(
        const struct work *w, struct view *const *views, uint32_t len, const uint32_t *order);
/* The same for their record keys: they stand there twice for a moment. */
MUST_CHECK enum err renumber_keys(
        const struct work *w, uint64_t **keys, uint32_t persons, const uint32_t *order);

#endif
