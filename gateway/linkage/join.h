/* SPDX-License-Identifier: Apache-2.0 */
/* join.h: one numbering of persons for several views; inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_JOIN_H
#define STATGATE_GATEWAY_LINKAGE_JOIN_H

#include "gateway/linkage/assemble.h"

/* Everybody, in the order of their tokens; the caller wipes and frees. */
struct joined {
        uint32_t persons;
        struct token_list tokens; /* where they are asked for */
        uint64_t *keys;           /* record keys, where every view has them */
};

/* Person p is the p-th token of all lists together. Replaces every view's starts: who
 * has no rows there has none between her start and the next; and takes its record keys,
 * which are those of the same persons everywhere. After an error `out` may hold some. */
MUST_CHECK enum err join_persons(const struct work *w, struct view *const *views,
        const struct token_list *lists, uint32_t len, bool tokens_wanted, struct joined *out);

#endif
