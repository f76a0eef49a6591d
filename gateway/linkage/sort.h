/* SPDX-License-Identifier: Apache-2.0 */
/* sort.h: the rows of one partition, in the order of the view. */
#ifndef STATGATE_GATEWAY_LINKAGE_SORT_H
#define STATGATE_GATEWAY_LINKAGE_SORT_H

#include "gateway/linkage/layout.h"

/* Scratch of one worker; grows as needed. */
struct sorter {
        struct sort_key *keys, *spare;
        uint32_t cap;
};
void sorter_done(struct sorter *s);

/* Order by token, then the data set's order date (missing first), then ordinal:
 * the order of delivery. On return s->keys[i] names the i-th row. `bits` leading
 * bits of all tokens are the same. */
struct sort_key {
        uint64_t prefix; /* token bits behind the partition's */
        uint32_t row;
};
MUST_CHECK enum err sorter_run(
        struct sorter *s, const struct layout *l, unsigned bits, const uint8_t *rows, uint32_t len);

#endif
