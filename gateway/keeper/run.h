/* SPDX-License-Identifier: Apache-2.0 */
/* run.h: the running side of the keeper, without its process around it.
 *
 * run_handle takes one packet and gives one answer; main.c puts the socket, the
 * shared memory and the confinement around it, tests and the fuzzer put none. */
#ifndef STATGATE_GATEWAY_KEEPER_RUN_H
#define STATGATE_GATEWAY_KEEPER_RUN_H

#include "gateway/keeper/messages.h"

struct run;

/* `memory` is keeper_memory_len(slots) bytes, borrowed, and may change under our
 * hands at any time. `hangup_fd` (or -1): when it hangs up while a passphrase is
 * awaited, waiting is over. `failed` other than ERR_OK: start-up went wrong, and
 * HELLO says so. */
MUST_CHECK enum err run_new(
        uint8_t *memory, unsigned slots, int hangup_fd, enum err failed, struct run **out);
/* What the security module gave (hsm.h), which is now the running side's; *keys is empty. */
struct hsm_keys;
void run_take_module(struct run *r, struct hsm_keys *keys);
void run_free(struct run **r); /* wipes */
/* Start-up went wrong after all, or something broke since: every key is wiped, and every
 * message is answered with `why`. */
void run_fail(struct run *r, enum err why);
/* The self-test once more; run_fail if it does not hold. */
MUST_CHECK enum err run_self_test(struct run *r);

enum run_verdict { RUN_LEAVE = 0, RUN_GO_ON, RUN_VIOLATION };

/* Which lane a packet goes on: what cannot be a packet of ours is refused before
 * anything else is looked at. */
MUST_CHECK bool run_admit(
        const struct run *r, struct bytes packet, unsigned descriptors, struct keeper_head *out);
/* An admitted packet; `descriptor` is the passphrase, closed in any case, or -1.
 * `answer` is emptied and filled. */
MUST_CHECK enum run_verdict run_handle(
        struct run *r, struct bytes packet, int descriptor, struct buf *answer);

enum keeper_state run_state(const struct run *r);

#endif
