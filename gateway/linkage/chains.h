/* SPDX-License-Identifier: Apache-2.0 */
/* chains.h: persons connected by shared guardians; inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_CHAINS_H
#define STATGATE_GATEWAY_LINKAGE_CHAINS_H

#include "gateway/linkage/stars.h"

/* A chain that somebody shares a guardian in, within the limit. */
struct chain {
        uint32_t begin, len;       /* its persons in `order` */
        uint32_t stars, stars_len; /* its stars in `stars` */
};
struct chains {
        uint32_t persons;
        uint32_t *order; /* everybody, chain by chain, ascending within */
        uint32_t len;
        struct chain *chains; /* in the order of `order` */
        uint32_t *stars;      /* numbers of stars, chain by chain, ascending within */
        uint32_t stars_len;
        uint32_t over_limit;
};

/* Persons of a chain of more than `persons_max` are marked in `missing`; it is no chain
 * then, and its persons still stand side by side in `order`. */
MUST_CHECK enum err chains_find(const struct work *w, const struct stars *stars, uint32_t persons,
        uint32_t persons_max, uint8_t *missing, struct chains *out);
void chains_done(struct chains *c, const struct work *w);

#endif
