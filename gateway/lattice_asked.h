/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_asked.h: which sums of a cube's cells are what was answered besides, or are it but for a
 * few persons. For lattice.c and lattice_change.c, and tests. */
#ifndef STATGATE_GATEWAY_LATTICE_ASKED_H
#define STATGATE_GATEWAY_LATTICE_ASKED_H

#include "gateway/lattice_parts.h"
#include "gateway/memory_recall.h"

/* Where answers come from. */
struct lattice_recall {
        enum err (*each)(void *ctx, struct persons *persons, recall_visitor fn, void *fn_ctx);
        void *ctx;
        uint32_t threshold; /* a difference of so many persons tells of nobody */
};

/* What everybody knows who was answered: the sum of these cells, each a sum of persons or records
 * over the same block, and of what the persons `rest` have more or less. */
struct lattice_sum {
        uint32_t table;
        const size_t *cells; /* of the cube's table */
        size_t len;
        bool exact;    /* there is no rest */
        uint64_t rest; /* which: the same number, the same persons */
};
struct lattice_asked {
        struct lattice_sum *sums;
        size_t len, cap;
        uint64_t compared; /* rows and cells that were answered */
        uint64_t untried;  /* sums and differences of two for which there was no work left */
};

/* Each answer is compared with the unions of cells of every margin of every planned table, in every
 * block, and over the years that it asked about. */
MUST_CHECK enum err lattice_asked_find(const struct lattice_source *source,
        const struct lattice_cube *cube, const struct lattice_recall *recall, struct arena *arena,
        struct lattice_asked *out);

#endif
