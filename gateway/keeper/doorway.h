/* SPDX-License-Identifier: Apache-2.0 */
/* doorway.h: the officers' door, whoever keeps it: the gateway, or a custodian. A connection is
 * passed to the keeper unread (officer.h); the last word on it is the door-keeper's. */
#ifndef STATGATE_GATEWAY_KEEPER_DOORWAY_H
#define STATGATE_GATEWAY_KEEPER_DOORWAY_H

#include <stdbool.h>

#include "base/attrs.h"
#include "base/err.h"

/* Listens at FOLDER/run/keys.sock, mode 0600; one that a dead process left is replaced.
 * *out_run is FOLDER/run, by whose descriptor the socket is removed again. */
MUST_CHECK enum err doorway_open(const char *folder, int *out_run, int *out_listener);
void doorway_remove(int run);

/* Whether the one at the other end is this process's user, or root. */
bool doorway_may_enter(int fd);
/* Whether what she changed is on disk. */
void doorway_last_word(int fd, enum err e);

/* What the gateway or custodian says itself where a security module opens: nothing secret. */
MUST_CHECK enum err doorway_say_module(int fd);
MUST_CHECK enum err doorway_hear_module(int fd); /* what the keeper answered */

#endif
