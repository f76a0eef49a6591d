/* SPDX-License-Identifier: Apache-2.0 */
/* lattice.h: protected tables of a vintage, as they are answered from; for good, since what
 * was published is what the next vintage has to reckon with. */
#ifndef STATGATE_GATEWAY_STORE_LATTICE_H
#define STATGATE_GATEWAY_STORE_LATTICE_H

#include "gateway/store/store.h"

/* Of one body before it is packed. */
#define LATTICE_BODY_MAX ((size_t)256 << 20)

struct stored_lattice {
        uint64_t number; /* order in which they were made, from 1 */
        struct vintage vintage;
        struct digest policy;
        struct digest checksum; /* of the body; found, not put */
        struct bytes body;      /* in the arena; of a list: empty */
};

/* One of the same data set, vintage and policy changes nothing: the first stands. */
MUST_CHECK enum err store_lattice_put(
        struct store *s, const char *dataset, const struct stored_lattice *lattice);
/* ERR_NOT_FOUND; ERR_CORRUPT. */
MUST_CHECK enum err store_lattice_find(struct store *s, const char *dataset, struct vintage vintage,
        const struct digest *policy, struct arena *a, struct stored_lattice *out);
/* The same without its body, and so without a look at whether that is damaged. */
MUST_CHECK enum err store_lattice_look(struct store *s, const char *dataset, struct vintage vintage,
        const struct digest *policy, struct stored_lattice *out);
/* All of a data set, the latest first, without their bodies. */
MUST_CHECK enum err store_lattices(struct store *s, const char *dataset, struct arena *a,
        struct stored_lattice **out, uint32_t *out_len);

#endif
