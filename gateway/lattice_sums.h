/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_sums.h: what was answered besides, as columns of the model that a cube is held with. For
 * lattice_change.c. */
#ifndef STATGATE_GATEWAY_LATTICE_SUMS_H
#define STATGATE_GATEWAY_LATTICE_SUMS_H

#include "gateway/lattice_asked.h"
#include "gateway/lattice_chain.h"

/* Those that are not sums of cells which the cube tells. */
MUST_CHECK enum err sums_that_tell(const struct lattice_cube *cube, const struct lattice_asked *all,
        struct arena *arena, struct lattice_asked *out);
/* Those that answers come near are secrets: none of them may be told. The model borrows from the
 * chain's arena. */
MUST_CHECK enum err sums_protect(
        const struct chain *c, const struct lattice_asked *asked, struct model *m);
/* All are known, as sums of inner cells of the new cube and of their rests, which become rows of
 * the model: of these alone nothing may be told. */
MUST_CHECK enum err sums_know(
        const struct chain *c, const struct lattice_asked *asked, struct model *m);

#endif
