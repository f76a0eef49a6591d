/* SPDX-License-Identifier: Apache-2.0 */
/* witness.h: where signed heads are shown to, so that a keeper and a log that were both put back
 * to an earlier day are found out. */
#ifndef STATGATE_GATEWAY_AUDIT_WITNESS_H
#define STATGATE_GATEWAY_AUDIT_WITNESS_H

#include "crypto/tree_head.h"
#include "gateway/audit/audit.h"

struct witnesses;

enum { WITNESSES_MAX = 16, WITNESS_NAME_MAX = 512 };

/* Whether a name is one (audit.h); for settings. A sentence about what is wrong, or NULL. */
const char *witness_wrong(const char *name);

/* ERR_CONFIG: a name is none, or they are too many. */
MUST_CHECK enum err witnesses_new(
        const char *const *names, unsigned len, const char *ca, struct witnesses **out);
void witnesses_free(struct witnesses **w);
/* To each in turn; takes as long as they take, some seconds each at most. From one thread at a
 * time. Whoever has it already is not asked; whoever begins or ceases to fail is told of, once, in
 * the log of events. */
enum witness_set { WITNESS_ALL, WITNESS_FAILED /* whoever did not listen last time */ };
void witnesses_show(struct witnesses *w, const struct tree_head *head, enum witness_set which);
/* From any thread: whatever is shown from now on may take this long in all. */
void witnesses_hurry(struct witnesses *w, int64_t ms);
unsigned witnesses_tell(struct witnesses *w, struct audit_witness *out, unsigned room);

#endif
