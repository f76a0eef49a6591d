/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_room.h: the running side of the keeper in this very process, for tests that
 * look inside and for the fuzzer. What cannot be made ends the program. */
#ifndef STATGATE_TESTS_SUPPORT_KEEPER_ROOM_H
#define STATGATE_TESTS_SUPPORT_KEEPER_ROOM_H

#include "gateway/keeper/run.h"
#include "tests/support/keeper_world.h"

enum { ROOM_SLOTS = 1 };

struct room {
        struct world w;
        uint8_t *memory;
        struct run *run;
        struct buf answer;
        /* Of the answer before. */
        struct keeper_head head;
        struct bytes payload, bulk;
};

/* A keeper whose start-up ended with `failed`. */
void room_open(struct room *r, enum err failed);
void room_close(struct room *r);
/* Through CREATE, bundle version 1, the domains anmalan in 114 and 180 and the
 * linkages barn and gammal. */
void room_furnish(struct room *r);

/* The lane a message belongs on. */
uint16_t room_lane(enum keeper_message number);
/* Asks; a passphrase comes along where the table says so. */
enum err room_ask(
        struct room *r, enum keeper_message number, struct bytes payload, struct bytes bulk);

/* Payloads, into an empty buf. The bulk of ACCEPT goes into `bulk`. */
void room_put_accept(const struct keeper_accept *batch, struct buf *payload, struct buf *bulk);
void room_put_open(const struct keeper_open *in, struct buf *payload);

#endif
