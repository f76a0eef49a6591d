/* SPDX-License-Identifier: Apache-2.0 */
/* officer.h: what officers say to the keeper, and how: over a socket that the gateway only
 * passes on.
 *
 * A passphrase or a share must not pass the network process. So the officer's command connects
 * to run/keys.sock, the gateway hands the accepted socket to the keeper (SCM_RIGHTS) unread,
 * and the keeper reads it to its end: all that an officer wants is said at once, in frames,
 * since nobody else is served meanwhile.
 *
 *   frame   u8 verb ‖ u32 length ‖ payload         (little-endian)
 *   answer  u32-framed name of the error ‖ u32-framed payload, for each frame
 *
 * When the state that came of it is on disk, or not, the gateway adds one answer of its own and
 * closes. Whoever changes a lock shows first, on the same connection, that she can open one:
 * being let into the machine is not enough. Shares may come from several connections within
 * OFFICER_PATIENCE_MS; whose share completes the quorum is whose connection may go on. */
#ifndef STATGATE_GATEWAY_KEEPER_OFFICER_H
#define STATGATE_GATEWAY_KEEPER_OFFICER_H

#include "base/bytes.h"

/* A module opens for whoever may start the gateway, so that it opens proves nobody an officer, and
 * there is always a lock that is a person's: the last one of those is not dropped. */

/* VERB(NAME, number) */
#define OFFICER_VERBS(VERB)                                                                        \
        VERB(PASSPHRASE, 1)     /* opens, or shows that she could: the passphrase */               \
        VERB(SHARE, 2)          /* the same with others: one share as text */                      \
        VERB(HSM, 3)            /* opens with what the security module unwrapped; shows nothing */ \
        VERB(SET_PASSPHRASE, 4) /* u32 KiB, u32 passes, passphrase: a new one takes its place */   \
        VERB(MAKE_SHARES, 5)    /* u8 required, u8 total: fresh shares; answered by their texts */ \
        VERB(DROP_LOCK, 6)      /* u8 enum keyring_lock; never the last person's */                \
        VERB(LOCKS, 7)          /* answered by u8 sealed, then kind, required, total of each */    \
        VERB(SET_HSM, 8)        /* a lock that the module opens takes the place of an earlier one */
enum officer_verb {
        OFFICER_NONE = 0,
#define OFFICER_ENUM(name, number) OFFICER_##name = (number),
        OFFICER_VERBS(OFFICER_ENUM)
#undef OFFICER_ENUM
};

enum {
        OFFICER_FRAME_MAX = 1536,       /* payload of one */
        OFFICER_TALK_MAX = 16 * 1024,   /* of all frames of a connection */
        OFFICER_ANSWER_MAX = 16 * 1024, /* shares are the longest */
        OFFICER_PATIENCE_MS = 10 * 60 * 1000,
};

void officer_put(struct buf *out, enum officer_verb verb, struct bytes payload);
/* The next answer. Both parts borrow. */
MUST_CHECK enum err officer_read_answer(
        struct reader *in, struct bytes *out_error, struct bytes *out_payload);

#endif
