/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_rehearsal.h: a bundle is rehearsed before it weakens protection, as officers do. */
#ifndef STATGATE_TESTS_SUPPORT_GATEWAY_REHEARSAL_H
#define STATGATE_TESTS_SUPPORT_GATEWAY_REHEARSAL_H

#include "proto/wire_audit.h"
#include "tests/support/gateway_world.h"

/* The YAML of the policy's folder as the proposed bundle; the status of the call. Where it is
 * STATUS_OK the report lies in the folder, to be signed, and *out has the last message, in the
 * world's arena. `out` may be NULL. */
enum status world_rehearse(struct world *w, struct wire_rehearsal_progress *out);
/* Questions of all messages of the last rehearsal. */
extern struct wire_rehearsed world_rehearsed[64];
extern unsigned world_rehearsed_len;

#endif
