/* SPDX-License-Identifier: Apache-2.0 */
/* diff.h: what the parts of policy_diff share; inside this folder only. */
#ifndef STATGATE_POLICIES_DIFF_H
#define STATGATE_POLICIES_DIFF_H

#include "policies/load.h"
#include "policies/report.h"

/* One comparison: of what, in whose words. */
struct comparison {
        struct report *out;
        const struct policy *before, *next;
};

enum report_mark diff_weigh(bool weaker);
bool diff_holds(const struct bytes *names, uint32_t len, struct bytes name);

/* diff_disclosure.c: all but the threshold, zeros and minimums. */
void diff_disclosure(const struct comparison *c, const struct policy_dataset *was,
        const struct policy_dataset *is);
void diff_submission_keys(const struct comparison *c); /* diff_keys.c */
void diff_person_quotas(const struct comparison *c);   /* diff_keys.c */
void diff_erasure_quota(const struct comparison *c);   /* diff_keys.c */
void diff_linkages(const struct comparison *c);        /* diff_linkage.c */
void diff_principals(const struct comparison *c);      /* diff_people.c */
void diff_indicators(const struct comparison *c);      /* diff_people.c */

#endif
