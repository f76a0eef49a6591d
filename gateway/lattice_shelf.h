/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_shelf.h: protected cubes at hand, unpacked once for all answers that are cut from them.
 *
 * The store is asked each time which cube it has, so none is answered from that it would not give;
 * its body is read, checked and decoded only where what it has is not at hand. What is at hand is
 * bounded by SHELF_CUBES and in bytes; what was not used for longest goes. Who has taken a cube
 * keeps it until it is returned, on the shelf or not. From any thread. */
#ifndef STATGATE_GATEWAY_LATTICE_SHELF_H
#define STATGATE_GATEWAY_LATTICE_SHELF_H

#include "gateway/lattice_parts.h"
#include "gateway/store/store.h"

enum { SHELF_CUBES = 64 };
#define SHELF_BYTES                                                                                \
        ((size_t)64 << 20) /* of the gateway's; one of more is unpacked for each answer */

struct shelf;
struct shelved; /* one cube, counted */

MUST_CHECK enum err shelf_new(struct store *store, size_t bytes_max, struct shelf **out);
/* All that were taken have been returned. */
void shelf_free(struct shelf **s);

/* ERR_NOT_FOUND; ERR_CORRUPT. */
MUST_CHECK enum err shelf_take(struct shelf *s, const char *dataset, struct vintage vintage,
        const struct digest *policy, struct shelved **out);
const struct lattice_cube *shelved_cube(const struct shelved *c); /* until it is returned */
void shelf_return(struct shelved **c);

size_t shelf_bytes(struct shelf *s); /* of those at hand */

#endif
