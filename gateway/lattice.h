/* SPDX-License-Identifier: Apache-2.0 */
/* lattice.h: the tables of a data set that are protected once, when a vintage is published,
 * and from which every question inside them is answered.
 *
 * Whoever asks, in whatever order, in whatever words: the answer is cut out of the same
 * protected cells, so asking again or differently tells nothing more. A new vintage is
 * protected with the tables of the one before as what the attacker knows: where a
 * cell's change is of 1 to k-1 persons (joined plus left), its block keeps the earlier
 * value and is marked as not revised. */
#ifndef STATGATE_GATEWAY_LATTICE_H
#define STATGATE_GATEWAY_LATTICE_H

#include "base/table.h"
#include "gateway/disclosure/disclosure.h"
#include "gateway/gateway.h"

struct lattice_wish {
        struct policy *policy;
        const struct policy_dataset *dataset;
        struct vintage vintage; /* 0.0: the latest */
        const atomic_bool *cancel;
        void (*progress)(void *ctx, uint64_t done, uint64_t total); /* tables; may be NULL */
        void *progress_ctx;
};

/* Counts, protects and stores the lattice of a data set, unless it stands in the store
 * already (after a restart only what is missing is made). ERR_OK also where none is planned. */
MUST_CHECK enum err lattice_prepare(struct gateway *g, const struct lattice_wish *wish);

/* Why a question is not inside (for people: LATTICE_INSIDE answers it). */
enum lattice_fit {
        LATTICE_NONE = 0, /* none is planned */
        LATTICE_INSIDE,
        LATTICE_OTHER_KIND, /* derived variables, families, filters of measures, municipality rule
                             */
        LATTICE_OTHER_VARIABLE,
        LATTICE_OTHER_LEVEL,
        LATTICE_OTHER_VALUES, /* a filter that is no union of categories */
        LATTICE_OTHER_PERIOD,
        LATTICE_OTHER_MEASURE,
        LATTICE_FIT_COUNT
};
const char *lattice_fit_text(enum lattice_fit fit);
/* From policy and question alone. */
enum lattice_fit lattice_fits(
        const struct policy *p, const struct policy_dataset *d, const struct query *q);

/* The protected table that answers a question inside. ERR_NOT_FOUND: of this vintage and
 * policy no lattice was made. */
MUST_CHECK enum err lattice_answer(struct gateway *g, const struct lattice_wish *wish,
        const struct query *q, struct arena *arena, struct table **out,
        struct disclosure_report *report);

#endif
