/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_chain.h: cubes one after another and their changes, as one model.
 *
 * Inner cells come several times: as they were in the oldest cube, and by how much each moved
 * from one cube to the next. A cell of a cube is a sum of the first and of all changes up to
 * it; a change between two cubes, of those between. */
#ifndef STATGATE_GATEWAY_LATTICE_CHAIN_H
#define STATGATE_GATEWAY_LATTICE_CHAIN_H

#include "gateway/disclosure/joint_space.h"
#include "gateway/lattice_parts.h"

enum { CHAIN_MAX = 8 /* cubes */ };

/* What a copy of the tables holds: a cube, or the change between two of those heeded. */
struct chain_kind {
        bool change;
        uint32_t older, newer; /* places in the chain; of a cube both the same */
};

struct chain {
        const struct lattice_axes *axes;
        const struct lattice_cube *cube; /* the new one */
        const struct lattice_past *past;
        uint32_t state[CHAIN_MAX]; /* of the past, the oldest first; the new one comes last */
        uint32_t len;              /* of them all */
        struct chain_kind *kinds;
        uint32_t kinds_len;
        struct table **shapes; /* by table and kind */
        struct space space;    /* its tables are the shapes */
        uint64_t work;
        struct arena *arena;
};

/* `axes`, `cube`, `past`, `state`, `len` and `arena` are set. ERR_TOO_MANY_CELLS. */
MUST_CHECK enum err chain_make(struct chain *c);
/* The cube's cell of a shape's; SIZE_MAX: the total of blocks that are one. */
size_t chain_cell(const struct chain *c, uint32_t table, size_t cell);
const struct lattice_moves *chain_moves(const struct chain *c, uint32_t older, uint32_t newer);

#endif
