/* SPDX-License-Identifier: Apache-2.0 */
/* memory_lattice.h: which rows and cells the planned tables of a vintage have told. For memory.c.
 */
#ifndef STATGATE_GATEWAY_MEMORY_LATTICE_H
#define STATGATE_GATEWAY_MEMORY_LATTICE_H

#include "gateway/coverage.h"
#include "gateway/memory.h"

struct lattice_telling {
        struct store *store;
        const struct policy *policy; /* by whose words tables are read */
        const struct policy_dataset *dataset;
        struct bytes purpose;
        struct vintage vintage;
        const struct view *view;
        const struct deliveries *deliveries; /* NULL: not said */
        uint64_t after; /* made later than this one (store/lattice.h); 0: all */
        struct arena *arena;
};

/* A planned table by its persons, by its records, or the margin of one: told[i] = 1 where its cell
 * i, or some cell of its row i, is shown. */
struct lattice_told {
        struct memory_question question;
        const uint8_t *told;
        uint32_t cells;
};
/* Of all that was protected of this vintage, under whichever policy; what the policy has no words
 * for any more is left out. *out_latest: the number of the latest of them, `after` where there is
 * none. */
MUST_CHECK enum err lattice_told_of(const struct lattice_telling *t, struct lattice_told **out,
        uint32_t *out_len, uint64_t *out_latest);

#endif
