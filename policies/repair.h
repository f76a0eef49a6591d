/* SPDX-License-Identifier: Apache-2.0 */
/* repair.h: the nearest question that would be allowed. Not for others than explain.c.
 *
 * A repair is one step for one fault: the finest level that is allowed, another
 * purpose, a linkage that holds the data sets, persons instead of families, whole periods, or
 * the part left out. Steps are taken until the walk finds no fault, and only then is
 * any of them told: a suggestion that would be refused is worse than none. */
#ifndef STATGATE_POLICIES_REPAIR_H
#define STATGATE_POLICIES_REPAIR_H

#include "policies/question.h"
#include "policies/report.h"

enum { REPAIRS_MAX = 96 };

struct repair {
        const struct policy *policy;
        const struct principal *who;
        int64_t now_ms;
        struct report *out;
        /* How many of the filters and dimensions are the asker's: the rest is an indicator's,
         * which nobody changes. UINT32_MAX: all of it. */
        uint32_t own_filters, own_dimensions;

        struct query q;
        uint32_t numbers[DERIVED_MAX]; /* of the derived variables, as they stood, from 1 */
        bool purpose_changed;
        struct proposal {
                const char *text;
                struct rule_place at;
        } proposals[REPAIRS_MAX];
        uint32_t proposals_len;
};

/* Copies what may be changed of `q` into the report's arena. */
MUST_CHECK enum err repair_begin(struct repair *r, const struct query *q);
/* Whether a question was found that decide_query allows; then r->q is it. */
bool repair_all(struct repair *r);

#endif
