/* SPDX-License-Identifier: Apache-2.0 */
/* hold.h: at start, before anything is appended: is this the log that the keeper signed last?
 *
 * If not, officers may agree that it goes on all the same (policies/rules/restore.h): their file
 * lies at `restore_path` and is used once. Without it there is a file PATH.needed afterwards, which
 * tells what they would have to agree to. */
#ifndef STATGATE_GATEWAY_AUDIT_HOLD_H
#define STATGATE_GATEWAY_AUDIT_HOLD_H

#include "base/err.h"

struct keeper;
struct store;

/* ERR_LOG_CHANGED, told in the log of events. `restore_path` NULL: no officers are asked. What they
 * agreed to leaves an entry (RESTORED), and their file is PATH.used then. */
MUST_CHECK enum err audit_hold(struct store *s, struct keeper *k, const char *restore_path);

#endif
