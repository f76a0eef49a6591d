/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h: how the asking side talks, for its own files only.
 *
 *      struct ask ask;
 *      TRY(ask_begin(k, KEEPER_ACCEPT, &ask));   waits for a lane
 *      put_…(&ask.payload, …);  fill ask.slot;  ask.bulk = …
 *      e = ask_send(&ask);                       waits for the answer
 *      read_…(&ask.answer, …);                   ask.slot, ask.answer_bulk
 *      ask_end(&ask);                            wipes the slot, gives the lane back
 */
#ifndef STATGATE_GATEWAY_KEEPER_ASK_H
#define STATGATE_GATEWAY_KEEPER_ASK_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "gateway/keeper/messages.h"

struct lane {
        bool taken, asked, answered;
        pthread_cond_t wake;
        uint32_t id; /* of the request under way */
        size_t answer_len;
        uint8_t answer[KEEPER_ANSWER_MAX];
};

struct keeper {
        pid_t pid;
        int socket;
        int death_fd, death_write_fd; /* a pipe whose writer closes when the keeper dies */
        uint8_t *memory;
        unsigned slots;
        char *state_path; /* NULL: a custodian keeps it */
        pthread_t reader;
        bool reader_started;

        pthread_mutex_t lock; /* everything down to `lanes` */
        bool dead;
        uint32_t next_id;
        pthread_cond_t lane_free;
        struct lane lanes[KEEPER_SLOTS_MAX + 1 + KEEPER_SMALL_LANES];

        /* One change of the state at a time, from asking to its confirmation. */
        pthread_mutex_t state_lock;
        _Atomic uint64_t generation;
};

struct ask {
        struct keeper *k;
        const struct keeper_message_rule *rule;
        unsigned lane;
        int descriptor; /* goes along with the request; -1: none */
        struct buf payload;
        uint8_t *slot; /* NULL on a small lane */
        size_t bulk;   /* bytes of input in the slot */
        struct reader answer;
        size_t answer_bulk; /* bytes of output in the slot */
        uint8_t answer_data[KEEPER_ANSWER_MAX];
};

MUST_CHECK enum err ask_begin(struct keeper *k, enum keeper_message number, struct ask *ask);
/* The keeper's answer: its error, or ERR_OK and a payload of the promised length. */
MUST_CHECK enum err ask_send(struct ask *ask);
/* Sends what may change the state; writes what comes back to the disk, then says so. What the
 * answer has behind the generation is left to be read. */
enum save {
        SAVE_ONCE = 0,
        SAVE_FRESH, /* there must be no state yet */
        SAVE_TWICE  /* the copy beside it must not have the old state either */
};
MUST_CHECK enum err ask_and_save(struct ask *ask, enum save how);
/* NULL and an ask that never began are harmless. */
void ask_end(struct ask *ask);
/* Gives a lane back whose slot was lent out, and wipes `used` bytes of it. */
void ask_release(struct keeper *k, unsigned lane, size_t used);

/* Two changes at once could reach the disk in the wrong order, and the older state
 * would be the one that stays. */
#define WITH_STATE_LOCK(k, call)                                                                   \
        enum err e_;                                                                               \
        pthread_mutex_lock(&(k)->state_lock);                                                      \
        e_ = (call);                                                                               \
        pthread_mutex_unlock(&(k)->state_lock);                                                    \
        return e_

/* state_file.c: the sealed state on disk. */
/* At most `room` bytes into `out`. ERR_UNREADABLE, ERR_KEYRING (no such size). */
MUST_CHECK enum err state_file_read(const char *path, uint8_t *out, size_t room, size_t *out_len);
/* Durable on return. `fresh`: there must be none yet (ERR_CONFLICT). The one before
 * stays beside it as PATH.bak. */
MUST_CHECK enum err state_file_write(const char *path, struct bytes blob, bool fresh);
bool state_file_exists(const char *path);

#endif
