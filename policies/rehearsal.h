/* SPDX-License-Identifier: Apache-2.0 */
/* rehearsal.h: a bundle that weakens protection carries the report of its rehearsal.
 *
 * The gateway asks the questions of a period again under the proposed bundle and reports what would
 * change (gateway/rehearse.c). The report lies in the bundle's folder as `rehearsal.txt`; its
 * digest is among the sources of what officers sign, so nobody signs a weakening without having
 * been shown what it would have meant. */
#ifndef STATGATE_POLICIES_REHEARSAL_H
#define STATGATE_POLICIES_REHEARSAL_H

#include "policies/policy.h"

struct loader;

#define REHEARSAL_FILE "rehearsal.txt"

/* The report that stands in the folder, borrowed; false: there is none. */
bool policy_rehearsal(const struct policy *p, struct bytes *out_report, struct digest *out_digest);
/* What the bundle says but for its report: what a report is about. */
MUST_CHECK enum err policy_identity(const struct policy *p, struct digest *out);

/* How a report begins:
 *
 *      statgate-rehearsal 1
 *      proposed IDENTITY        hexadecimal
 *      running DIGEST */
struct rehearsal_head {
        struct digest proposed, running;
};
void rehearsal_put(struct buf *out, const struct rehearsal_head *head);
MUST_CHECK enum err rehearsal_read(struct bytes report, struct rehearsal_head *out);

/* Whether `next` may be signed, and come into force, after `before`: it weakens nothing, or has
 * a report of its own rehearsal against that very bundle. ERR_POLICY_REFUSED names what
 * weakens. *out_weakens: it does weaken something. */
MUST_CHECK enum err policy_rehearsed(const struct policy *before, const struct policy *next,
        bool *out_weakens, struct refusal *why);

/* Reads the file, where there is one; for policy_load. */
MUST_CHECK enum err load_rehearsal(struct loader *l);

#endif
