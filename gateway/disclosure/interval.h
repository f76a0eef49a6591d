/* SPDX-License-Identifier: Apache-2.0 */
/* interval.h: protected cells must not be told nearly either.
 *
 * A pattern that no subtraction breaks can still pin a count between 3 and 4. Two tables that
 * both agree with all that is published bound from within how wide the attacker's interval is:
 * where such are found (moves.h) no linear program is needed. Where none are, the program
 * decides, and where it says "narrow" the cheapest cells on the binding rows go as well.
 *
 * A width of 1 says that no attacker who knows that counts are whole and not negative has a
 * cell exactly, which is more than that no subtraction gives it. What the threshold itself
 * tells of a cell that is known to be small no hiding mends: who sets the rules has to see to
 * it that a width fits below the threshold. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_INTERVAL_H
#define STATGATE_GATEWAY_DISCLOSURE_INTERVAL_H

#include <stdatomic.h>

#include "gateway/disclosure/moves.h"
#include "gateway/disclosure/suppress.h"

struct interval_options {
        uint32_t width;       /* persons; high - low must be at least this; 0: not asked */
        bool zeros_published; /* a protected cell is then known to be at least 1 */
        /* Of the model's cells, which may be zero though zeros are published, when they are
         * protected: those of refused rows. NULL: none. */
        const bool *maybe_zero;
        uint64_t work_limit; /* of linear programs: iterations; 0: what is worth while */
        const atomic_bool *cancel;
        struct suppress_options suppress;
};

struct interval_result {
        struct suppress_result pattern; /* statuses as suppress_run gives them */
        size_t extra;                   /* cells hidden for the width alone, among its secondary */
        size_t asked, by_direction;     /* numbers proved by program and by walking */
        size_t narrow;                  /* still narrow: cannot be wider, or the limit came */
        uint64_t walked;                /* entries looked at on the way */
        bool limited;                   /* a limit ended the search: more is hidden than need be */
        uint32_t rounds;
        /* What was seen, for an auditor to follow: the truth, and what cannot be told from it. Not
         * for anybody else. In the arena. */
        struct moves_told told;
};

/* A pattern as suppress_run finds it, widened until every protected cell has the width or
 * nothing is left to hide. `values` are those of the model's rows (inner cells, by
 * model->inner's order), not negative. */
MUST_CHECK enum err interval_protect(struct arena *arena, const struct model *model,
        const int64_t *values, const struct interval_options *options, struct interval_result *out);

#endif
