/* SPDX-License-Identifier: Apache-2.0 */
/* suppress.h: which cells go with the protected ones, so that subtraction gives none back.
 *
 * The guarantee: no linear combination of published cells, over the rationals, gives a
 * protected one; a pattern without the proof is never returned, and what the proof says
 * where numbers grow very large is told in witness.h. Where it fails or the work limit is
 * reached, more is hidden, never less. The same model,
 * seed and limits give the same pattern on every machine: nothing looks at a clock.
 *
 * The elimination decides by one order of candidates, and another order may lose less. So
 * the pass can be repeated, and the cheapest pattern is kept: from shuffled orders, and
 * from the best pattern so far with some of its hidden cells put first in the queue. The
 * first pass is always the plain one, so more starts never lose more. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_SUPPRESS_H
#define STATGATE_GATEWAY_DISCLOSURE_SUPPRESS_H

#include "gateway/disclosure/model.h"

struct suppress_options {
        uint32_t starts;       /* passes; 0 and 1: the plain one alone */
        uint64_t seed;         /* of the shuffled ones */
        uint64_t work_limit;   /* entries looked at in all passes; 0: none */
        size_t memory_ceiling; /* bytes of one pass; 0: none */
};

/* Zero is the safe answer. */
enum suppress_status {
        SUPPRESS_PRIMARY = 0,
        SUPPRESS_SECONDARY,
        SUPPRESS_PUBLISHED, /* also what is known, and what is empty */
        SUPPRESS_ABSENT,
};

struct suppress_result {
        uint8_t *status;           /* enum suppress_status, of every cell of the model */
        size_t primary, secondary; /* cells */
        uint64_t cost;             /* of secondary cells */
        /* Protected cells that everybody can compute from what is known, whatever is
         * hidden. Not 0: do not release. */
        size_t exposed;
        uint32_t starts;     /* passes that were made */
        uint32_t best_start; /* which was the cheapest, from 0 */
        bool limited;        /* the work limit ended it */
        /* False: not all that is protected could be proved safe, so everything is hidden. */
        bool proved;
        uint32_t whole, modular; /* columns proved in the one way and the other (witness.h) */
        uint64_t work;
        size_t bytes; /* memory of the largest pass */
};

/* Statuses are in `arena`. */
MUST_CHECK enum err suppress_run(struct arena *arena, const struct model *model,
        const struct suppress_options *options, struct suppress_result *out);

#endif
