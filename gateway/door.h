/* SPDX-License-Identifier: Apache-2.0 */
/* door.h: where officers reach the keeper: a socket in the data folder, for users of this
 * machine who may act for the gateway. What they say is handed on unread. */
#ifndef STATGATE_GATEWAY_DOOR_H
#define STATGATE_GATEWAY_DOOR_H

#include "base/attrs.h"
#include "base/err.h"

struct audit;
struct door;
struct keeper;

/* Listens at FOLDER/run/keys.sock, mode 0600; one that a dead process left is replaced. */
MUST_CHECK enum err door_open(struct keeper *k, const char *folder, struct door **out);
void door_close(struct door **d);
/* From now on the audit log is told when an officer was there; NULL: no longer. */
void door_tell(struct door *d, struct audit *audit);
/* Waits until an officer has opened the keyring. ERR_CANCELLED: `signals` became readable first;
 * ERR_KEEPER_GONE. */
MUST_CHECK enum err door_wait(struct door *d, int signals);

#endif
