/* SPDX-License-Identifier: Apache-2.0 */
/* join.h: one numbering of persons for several views; inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_JOIN_H
#define STATGATE_GATEWAY_LINKAGE_JOIN_H

#include "gateway/linkage/assemble.h"

/* Person p is the p-th token of all lists together. Replaces every view's starts: who
 * has no rows there has none between her start and the next. `out_all` (or NULL) is
 * given everybody's token in that order; the caller wipes it. */
MUST_CHECK enum err join_persons(const struct work *w, struct view *const *views,
        const struct token_list *lists, uint32_t len, struct token_list *out_all);

#endif
