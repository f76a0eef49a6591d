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
void sorter_done(struct sorter *s); /* wipes: keys hold half of a token */

/* Rows to be sorted: by token, then by what `ties` says. */
struct sort_order {
        uint32_t size; /* bytes of a row; its token comes first */
        unsigned bits; /* leading bits that all tokens share */
        enum {
                SORT_BY_ORDINAL = 0, /* by date where `date` says, then the number behind it */
                SORT_BY_SECOND       /* by the bytes of the token behind it */
        } ties;
        uint32_t date; /* offset of a date, missing first; 0: none */
};
/* Order of the rows of a data set: by its order date, then by delivery. */
struct sort_order sort_order_of(const struct layout *l, unsigned bits);

/* On return s->keys[i] names the i-th row. */
struct sort_key {
        uint64_t prefix; /* token bits behind the partition's */
        uint32_t row;
};
MUST_CHECK enum err sorter_run(
        struct sorter *s, const struct sort_order *o, const uint8_t *rows, uint32_t len);

#endif
