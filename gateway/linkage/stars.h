/* SPDX-License-Identifier: Apache-2.0 */
/* stars.h: guardians and their children; inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_STARS_H
#define STATGATE_GATEWAY_LINKAGE_STARS_H

#include "gateway/linkage/edges.h"
#include "gateway/linkage/token.h"

/* A child of a guardian, and between which days she is named as that. */
struct star_member {
        uint32_t person;
        int32_t first, last; /* INT32_MIN and INT32_MAX: always */
};
/* Guardians of two children and more, by their token: of one child nothing follows. */
struct stars {
        uint32_t len;
        uint32_t *starts; /* len + 1: members of star s stand at starts[s].., by person */
        struct star_member *members;
        uint32_t guardians_over_limit;
        uint32_t own_guardians; /* persons named as their own */
};

/* Persons are numbered as in `all`. Children of a guardian with more than `children_max`
 * of them are marked in `missing` and the guardian is no star. Empties `edges`. */
MUST_CHECK enum err stars_find(const struct work *w, struct edges *edges,
        const struct token_list *all, uint32_t children_max, uint8_t *missing, struct stars *out);
void stars_done(struct stars *s, const struct work *w);

#endif
