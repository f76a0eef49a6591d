/* SPDX-License-Identifier: Apache-2.0 */
/* rotation.h: stored records come under the newest keys of their domain, in the background;
 * and whoever has sealed bytes in hand keeps their keys alive. */
#ifndef STATGATE_GATEWAY_ROTATION_H
#define STATGATE_GATEWAY_ROTATION_H

#include "base/attrs.h"
#include "base/err.h"

struct gateway;
struct rotation;

/* Goes on at once with what an earlier process left unfinished. */
MUST_CHECK enum err rotation_start(struct gateway *g, struct rotation **out);
void rotation_stop(struct rotation **r);
void rotation_wake(struct rotation *r); /* there is something to rotate */

/* Between taking sealed bytes from the keeper or the store and giving them to the other: the
 * keys they lie under are not destroyed meanwhile. Many may hold at once, for a batch's time:
 * who waits to destroy goes before who comes later. NULL is harmless. */
void rotation_hold(struct rotation *r);
void rotation_release(struct rotation *r);

/* Nobody holds, and nobody begins to, until rotation_admit: for whoever destroys keys. */
void rotation_exclude(struct rotation *r);
void rotation_admit(struct rotation *r);

#endif
