/* SPDX-License-Identifier: Apache-2.0 */
/* memory_persons.h: one number for each person, in every vintage and under every linkage. For
 * memory.c. */
#ifndef STATGATE_GATEWAY_MEMORY_PERSONS_H
#define STATGATE_GATEWAY_MEMORY_PERSONS_H

#include "gateway/linkage/view.h"

struct persons;

/* Of the persons of a view. */
struct numbered {
        const uint32_t *numbers; /* by person; PERSON_UNNUMBERED: she has no rows there */
        bool repeated;           /* some persons have the number of others */
};
#define PERSON_UNNUMBERED UINT32_MAX

MUST_CHECK enum err persons_new(struct persons **out);
void persons_free(struct persons **p);
/* By record key; new ones get the next. `home`: the view of the same data set and vintage under the
 * linkage that persons are numbered by (NULL: `v` is it); then whoever has rows in `v` has the
 * number of the person whose rows they are at home. Borrowed, until asked again. ERR_UNSUPPORTED: a
 * view has no record keys, or some person of `v` is several at home. ERR_INTERNAL: they do not hold
 * the same records. */
MUST_CHECK enum err persons_number(
        struct persons *p, const struct view *v, const struct view *home, struct numbered *out);
uint32_t persons_len(const struct persons *p);

#endif
