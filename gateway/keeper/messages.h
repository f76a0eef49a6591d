/* SPDX-License-Identifier: Apache-2.0 */
/* messages.h: everything that can be said to the key keeper.
 *
 * The set is closed: one table, from which the numbers, the dispatcher, the limits
 * and the tests grow. Both sides are built from it, neither links the other.
 *
 *   request  u32 magic, u16 number, u16 lane, u32 id, u32 bulk ‖ payload
 *   answer   u32 magic, u16 number, u16 lane, u32 id, u32 bulk, u32 err ‖ payload
 *
 * One packet of a SOCK_SEQPACKET pair each. Bulk data stands at the beginning of
 * the lane's slot of shared memory, `bulk` bytes of it; the keeper copies it out
 * before it looks. A lane carries one request at a time:
 *
 *   lanes 0 .. slots-1       BULK: batches
 *   lane  slots              STATE: whatever changes or shows the keyring
 *   lanes slots+1 ..         SMALL: no shared memory, answered first
 *
 * What the states mean stands in README.md. */
#ifndef STATGATE_GATEWAY_KEEPER_MESSAGES_H
#define STATGATE_GATEWAY_KEEPER_MESSAGES_H

#include "base/bytes.h"
#include "base/terms.h"
#include "crypto/box.h"
#include "crypto/merkle.h"
#include "crypto/pseudonym.h"
#include "gateway/keeper/keeper.h"

enum keeper_state {
        KEEPER_FAILED = 0, /* start-up failed: says why, and nothing else */
        KEEPER_STARTED,    /* self-tested, no keys */
        KEEPER_CREATED,    /* new keys that are not on disk yet */
        KEEPER_UNSEALED,   /* keys, but no rules to use them by */
        KEEPER_RULED,      /* keys and a signed bundle */
        KEEPER_STATE_COUNT
};
const char *keeper_state_name(enum keeper_state state); /* "RULED" */

enum keeper_lane { KEEPER_LANE_SMALL, KEEPER_LANE_STATE, KEEPER_LANE_BULK };

enum {
        KEEPER_PROTOCOL = 6,
        KEEPER_MAGIC = 0x314b4753, /* "SGK1" */
        /* A sealed batch; a slot holds one opened too, with a record key more for each row. */
        KEEPER_SEALED_MAX = 8 << 20,
        KEEPER_SLOT_LEN = KEEPER_SEALED_MAX + BATCH_ROWS_MAX * PERSON_KEY_LEN,
        KEEPER_SLOTS_DEFAULT = 8,
        KEEPER_SLOTS_MAX = 64,
        KEEPER_SMALL_LANES = 4,
        KEEPER_REQUEST_HEAD_LEN = 16,
        KEEPER_ANSWER_HEAD_LEN = 20,
        /* The longest request proves to a log of 2^64 entries that it was extended. */
        KEEPER_PACKET_MAX = 4608,
        KEEPER_ANSWER_MAX = 512,
        KEEPER_PASSPHRASE_MAX = 1024,
        /* Where the two ends find what they share. */
        KEEPER_SOCKET_FD = 3,
        KEEPER_MEMORY_FD = 4,
        /* Only where there is a security module: its PIN, and the sealed state. */
        KEEPER_PIN_FD = 5,
        KEEPER_STATE_FD = 6,
};

/* Lengths of encoded pieces; a name is u32-framed, 1 to NAME_MAX_LEN bytes. */
enum {
        NAME_WIRE_MIN = 4 + 1,
        NAME_WIRE_MAX = 4 + NAME_MAX_LEN,
        DOMAIN_WIRE_MIN = NAME_WIRE_MIN + 2,
        DOMAIN_WIRE_MAX = NAME_WIRE_MAX + 2,
        BATCH_NAME_WIRE_MIN = DOMAIN_WIRE_MIN + 16 + 4,
        BATCH_NAME_WIRE_MAX = DOMAIN_WIRE_MAX + 16 + 4,
        ACCEPT_WIRE_FIXED = 4 + 1 + 4 + 4 + 4 + 32,
        /* Domains by data set ("": all) and municipality (0: all), behind REACH_MARK: zeros alone
         * shall never mean everything. */
        REACH_MARK = 0x52,
        SAVE_WHEN_DUE = 0x53,
        SAVE_AT_ONCE = 0x54,
        REACH_WIRE_MIN = 1 + 4 + 2,
        REACH_WIRE_MAX = 1 + NAME_WIRE_MAX + 2,
        ALIAS_TOLD_WIRE = 16 + 2 + 8 + 4 + 4 + 4 + 4 + 1,
        ALIAS_WIRE = 2 + 16 + BOX_KEY_ID_LEN + 2 * SIGNATURE_LEN + 4,
        KEY_STATE_WIRE_MIN = 1 + 4 + 2 + 3 * 4 + 2 * 8 + 2,
        ACCEPT_WIRE_SEALED = BOX_KEY_ID_LEN + SIGNATURE_LEN + 4,
        /* What is erased, by a leading byte: a person in clear or in a box of one, or a record. */
        PERSON_BOX_LEN = BOX_OVERHEAD + BOX_PLAIN_FIXED + BOX_PER_PERSON,
        PERSON_WIRE_MIN = 1 + 4 + 1,
        PERSON_WIRE_MAX = 1 + BOX_KEY_ID_LEN + 16 + SIGNATURE_LEN + BOX_RECORD_LEN,
        QUOTA_WIRE = 2 + 4 + 2 + 8 + 4 + 4 + 8,
        /* Size, root and proof of a log; answered by time, key id, signature. */
        HEAD_WIRE_MIN = 8 + 32 + 1,
        HEAD_WIRE_MAX = HEAD_WIRE_MIN + MERKLE_PROOF_MAX * 32,
        HEAD_WIRE_SIGNED = 8 + BOX_KEY_ID_LEN + SIGNATURE_LEN,
        /* A public key in the slot of PUBLIC_KEYS; as many signatures follow as there are
         * signing keys. */
        PUBLIC_KEY_WIRE_FIXED = BOX_KEY_ID_LEN + 32 + 8 + 8,
};

#define KEEPER_IN(state)  (1u << KEEPER_##state)
#define KEEPER_IN_ANY     ((1u << KEEPER_STATE_COUNT) - 1)
#define KEEPER_WITH_KEYS  (KEEPER_IN(UNSEALED) | KEEPER_IN(RULED))
#define KEEPER_TO_CONFIRM (KEEPER_IN(CREATED) | KEEPER_WITH_KEYS)

/* MESSAGE(name, number, states, lane, descriptors, bulk, shortest, longest, answer)
 *   descriptors  file descriptors that come with the request
 *   bulk         1: shared memory may carry input
 *   shortest,    payload of the request in bytes
 *   longest
 *   answer       payload of an answer that is ERR_OK; others have none */
#define KEEPER_MESSAGES(MESSAGE)                                                                   \
        MESSAGE(HELLO, 1, KEEPER_IN_ANY, SMALL, 0, 0, 12, 12, 8)                                   \
        MESSAGE(CREATE, 2, KEEPER_IN(STARTED) | KEEPER_IN(CREATED), STATE, 1, 0, 40, 40, 8)        \
        MESSAGE(UNSEAL, 3, KEEPER_IN(STARTED), STATE, 1, 1, 0, 0, 8)                               \
        MESSAGE(LOAD_BUNDLE, 4, KEEPER_WITH_KEYS, STATE, 0, 1, 0, 0, 8)                            \
        MESSAGE(PREPARE_DOMAIN, 5, KEEPER_IN(RULED), STATE, 0, 0, DOMAIN_WIRE_MIN,                 \
                DOMAIN_WIRE_MAX, 8)                                                                \
        MESSAGE(PREPARE_LINKAGE, 6, KEEPER_IN(RULED), STATE, 0, 0, NAME_WIRE_MIN, NAME_WIRE_MAX,   \
                8)                                                                                 \
        MESSAGE(CONFIRM, 7, KEEPER_TO_CONFIRM, SMALL, 0, 0, 8, 8, 8)                               \
        MESSAGE(ACCEPT, 8, KEEPER_IN(RULED), BULK, 0, 1, BATCH_NAME_WIRE_MIN + ACCEPT_WIRE_FIXED,  \
                BATCH_NAME_WIRE_MAX + ACCEPT_WIRE_FIXED + ACCEPT_WIRE_SEALED, 1 + 4 + 4 + 32)      \
        MESSAGE(PUBLIC_KEYS, 9, KEEPER_WITH_KEYS, BULK, 0, 0, 0, 0, 2)                             \
        MESSAGE(OPEN_FOR_VIEW, 10, KEEPER_IN(RULED), BULK, 0, 1,                                   \
                2 * NAME_WIRE_MIN + 8 + BATCH_NAME_WIRE_MIN + 8,                                   \
                2 * NAME_WIRE_MAX + 8 + BATCH_NAME_WIRE_MAX + 8, 13 + 8)                           \
        MESSAGE(ERASE_FIND, 11, KEEPER_IN(RULED), BULK, 0, 1,                                      \
                BATCH_NAME_WIRE_MIN + 4 + PERSON_WIRE_MIN,                                         \
                BATCH_NAME_WIRE_MAX + 4 + PERSON_WIRE_MAX, 16)                                     \
        MESSAGE(ERASE_SEAL, 12, KEEPER_IN(RULED), BULK, 0, 1,                                      \
                BATCH_NAME_WIRE_MIN + 4 + PERSON_WIRE_MIN + 12,                                    \
                BATCH_NAME_WIRE_MAX + 4 + PERSON_WIRE_MAX + 12, 0)                                 \
        MESSAGE(STOP, 13, KEEPER_IN_ANY, SMALL, 0, 0, 0, 0, 0)                                     \
        MESSAGE(KEYS, 14, KEEPER_WITH_KEYS, STATE, 0, 0, 0, 0, 4)                                  \
        MESSAGE(ROTATE_DOMAINS, 15, KEEPER_IN(RULED), STATE, 0, 0, REACH_WIRE_MIN, REACH_WIRE_MAX, \
                8 + 4)                                                                             \
        MESSAGE(REKEY, 16, KEEPER_IN(RULED), BULK, 0, 1, BATCH_NAME_WIRE_MIN + 4,                  \
                BATCH_NAME_WIRE_MAX + 4, 4)                                                        \
        MESSAGE(RETIRE_DOMAIN, 17, KEEPER_IN(RULED), STATE, 0, 0, DOMAIN_WIRE_MIN + 4,             \
                DOMAIN_WIRE_MAX + 4, 8)                                                            \
        MESSAGE(DESTROY_DOMAIN, 18, KEEPER_IN(RULED), STATE, 0, 0, DOMAIN_WIRE_MIN,                \
                DOMAIN_WIRE_MAX, 8)                                                                \
        MESSAGE(ROTATE_PAIR, 19, KEEPER_IN(RULED), STATE, 0, 0, 9, 9, 8)                           \
        MESSAGE(PRUNE, 20, KEEPER_IN(RULED), STATE, 0, 0, 0, 0, 8 + 4)                             \
        MESSAGE(ERASE_BEGIN, 21, KEEPER_IN(RULED), STATE, 0, 0, 2 + 4 + PERSON_WIRE_MIN,           \
                2 + NAME_WIRE_MAX + PERSON_WIRE_MAX, 8)                                            \
        MESSAGE(OFFICER, 22, KEEPER_IN(STARTED) | KEEPER_WITH_KEYS, STATE, 1, 1, 0, 0, 8 + 1 + 8)  \
        MESSAGE(PERSON_BEGIN, 23, KEEPER_IN(RULED), STATE, 0, 0, 0, 0, 8)                          \
        MESSAGE(PERSON_SETTLE, 24, KEEPER_IN(RULED), STATE, 0, 0, 0, 0, 8)                         \
        MESSAGE(SAVE, 25, KEEPER_IN(RULED), STATE, 0, 0, 1, 1, 8)                                  \
        MESSAGE(RECORD_ALIASES, 26, KEEPER_IN(RULED), STATE, 0, 1, ALIAS_WIRE, ALIAS_WIRE,         \
                8 + 1 + 4 + 4)                                                                     \
        MESSAGE(UNDO_ALIASES, 27, KEEPER_IN(RULED), STATE, 0, 0, 2 + 16 + SIGNATURE_LEN,           \
                2 + 16 + SIGNATURE_LEN, 8 + 4)                                                     \
        MESSAGE(ALIASES, 28, KEEPER_IN(RULED), STATE, 0, 0, 3, 3, 4 + 4)                           \
        MESSAGE(ALIAS_MARK, 29, KEEPER_IN(RULED), STATE, 0, 0, 0, 0, 8 + 4)                        \
        MESSAGE(QUOTAS, 30, KEEPER_IN(RULED), STATE, 0, 0, 0, 0, 4)                                \
        MESSAGE(LOG_KNOWN, 31, KEEPER_WITH_KEYS, SMALL, 0, 0, 0, 0, 8 + 32)                        \
        MESSAGE(SIGN_HEAD, 32, KEEPER_WITH_KEYS, SMALL, 0, 0, HEAD_WIRE_MIN, HEAD_WIRE_MAX,        \
                HEAD_WIRE_SIGNED)                                                                  \
        MESSAGE(RESTORE_LOG, 33, KEEPER_WITH_KEYS, STATE, 0, 1, 0, 0, 8)

enum keeper_message {
        KEEPER_NONE = 0,
#define KEEPER_ENUM(name, number, states, lane, fds, bulk, shortest, longest, answer)              \
        KEEPER_##name = (number),
        KEEPER_MESSAGES(KEEPER_ENUM)
#undef KEEPER_ENUM
                KEEPER_MESSAGE_END
};

struct keeper_message_rule {
        const char *name;
        enum keeper_message number;
        unsigned states; /* bit per enum keeper_state */
        enum keeper_lane lane;
        unsigned descriptors;
        bool bulk;
        size_t shortest, longest, answer;
};
/* NULL: there is no such message. */
const struct keeper_message_rule *keeper_message_find(uint16_t number);

/* Whether its ERR_OK answer begins with a generation and, unless that is 0, has the sealed state
 * of that number in the slot: what is to be on disk before CONFIRM. */
bool keeper_hands_out_state(enum keeper_message number);
/* Whether what it ends must not be in the copy beside the state either. */
bool keeper_ends_keys(enum keeper_message number);

/* Which kind of lane a number is; false: there is none. */
bool keeper_lane_kind(unsigned slots, uint16_t lane, enum keeper_lane *out);
static inline unsigned keeper_lanes(unsigned slots)
{
        return slots + 1 + KEEPER_SMALL_LANES;
}
enum { KEEPER_LANES_MAX = KEEPER_SLOTS_MAX + 1 + KEEPER_SMALL_LANES };
static inline size_t keeper_memory_len(unsigned slots)
{
        return (size_t)(slots + 1) * KEEPER_SLOT_LEN;
}

struct keeper_head {
        enum keeper_message number;
        uint16_t lane;
        uint32_t id, bulk;
        enum err err; /* answers only */
};
void keeper_put_request(struct buf *out, const struct keeper_head *head);
void keeper_write_answer(const struct keeper_head *head, uint8_t out[KEEPER_ANSWER_HEAD_LEN]);
/* The number is not looked up; a wrong magic or a short head is ERR_MALFORMED. */
MUST_CHECK enum err keeper_read_request(struct reader *in, struct keeper_head *out);
MUST_CHECK enum err keeper_read_answer(struct reader *in, struct keeper_head *out);

/* Pieces of payloads. Reading refuses what the other side must never send. */
void keeper_put_domain(struct buf *out, const struct domain *d);
MUST_CHECK enum err keeper_read_domain(struct reader *in, struct domain *out);
void keeper_put_batch(struct buf *out, const struct batch_name *name);
MUST_CHECK enum err keeper_read_batch(struct reader *in, struct batch_name *out);
enum keeper_erased { ERASE_CLEAR = 0, ERASE_SEALED, ERASE_RECORD, ERASE_RECORD_SEALED };
/* What an ACCEPT says of its persons. */
enum keeper_accept_flag { ACCEPT_PERSONS = 1, ACCEPT_SEALED = 2 };
/* A name as a NUL-terminated text. */
MUST_CHECK enum err keeper_read_name(struct reader *in, char out[NAME_MAX_LEN + 1]);
/* The same, and it may be empty. */
MUST_CHECK enum err keeper_read_label(struct reader *in, char out[NAME_MAX_LEN + 1]);
MUST_CHECK enum err keeper_read_digest(struct reader *in, struct digest *out);

#endif
