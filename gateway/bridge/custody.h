/* SPDX-License-Identifier: Apache-2.0 */
/* custody.h: the keeper as its custodian has it: the process, its state on disk, and who opens
 * it. The process outlives gateways that come and go, and stays open meanwhile. */
#ifndef STATGATE_GATEWAY_BRIDGE_CUSTODY_H
#define STATGATE_GATEWAY_BRIDGE_CUSTODY_H

#include <sys/types.h>

#include "gateway/bridge/settings.h"
#include "gateway/bridge/vault.h"
#include "gateway/keeper/messages.h"

enum { CUSTODY_SLOTS = KEEPER_SLOTS_DEFAULT };

struct custody {
        pid_t pid; /* 0: it is not running */
        int socket;
        uint8_t *memory;
        struct vault vault;
        uint64_t generation; /* of the keyring that is open; 0: it is sealed */
        uint32_t next_id;
};

/* Starts the keeper, sealed. ERR_ROLLED_BACK before anybody is asked for anything. */
MUST_CHECK enum err custody_begin(const struct custody_settings *s, struct custody *out);
void custody_end(struct custody *c); /* saves what is counted, and stops it */

/* What follows asks the keeper something itself, and waits: nothing else may be under way. */

/* As the settings say. ERR_SEALED: officers have to come. */
MUST_CHECK enum err custody_open(struct custody *c, const struct custody_settings *s);
/* An officer's connection, as keeper_officer. What she changed is on disk when this returns. */
MUST_CHECK enum err custody_officer(struct custody *c, int fd);

/* What follows looks at a gateway's messages on their way. */

/* Whether this CONFIRM may go on: the state is on disk, and its mark is. */
MUST_CHECK enum err custody_confirm(struct custody *c, struct bytes packet);
/* An answer of the keeper: a state in it is written and taken out, or the answer becomes an
 * error. `packet` is rewritten, of *len bytes. */
void custody_keep(struct custody *c, struct keeper_head *head, uint8_t *packet, size_t *len);

#endif
