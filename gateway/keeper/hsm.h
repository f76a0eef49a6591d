/* SPDX-License-Identifier: Apache-2.0 */
/* hsm.h: a security module (PKCS#11) that unwraps what opens the keyring.
 *
 * The module's library is the maker's code, with threads and exit handlers of its own. It is
 * loaded into a child that the keeper forks before it has any key or is confined, which has
 * neither the gateway's socket nor the shared memory, and which is gone before the first
 * message is heard. What it leaves is in locked memory:
 *
 *   key     what the lock of the state at hand was made with, if the module unwrapped it
 *   fresh   32 random bytes, and the same wrapped by the module: for a new lock, should an
 *           officer ask for one
 *
 * The module wraps by AES-GCM with a key that cannot leave it: CKK_AES, found by its label in
 * a token found by its label, CKA_SENSITIVE and not CKA_EXTRACTABLE.
 *
 *   wrapped   "SGH1" ‖ 12 random bytes ‖ 32 bytes ‖ tag of 16        (also authenticates "SGH1") */
#ifndef STATGATE_GATEWAY_KEEPER_HSM_H
#define STATGATE_GATEWAY_KEEPER_HSM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attrs.h"
#include "base/err.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"

enum {
        HSM_KEY_LEN = 32,
        HSM_NONCE_LEN = 12,
        HSM_TAG_LEN = 16,
        HSM_MARK_LEN = 4,
        HSM_WRAPPED_LEN = HSM_MARK_LEN + HSM_NONCE_LEN + HSM_KEY_LEN + HSM_TAG_LEN,
        HSM_PIN_MAX = 256,
};

/* Texts are the caller's. */
struct hsm_request {
        const char *module;      /* absolute path of the library */
        const char *token, *key; /* labels */
        const char *environment; /* "NAME=value" for the library; "": nothing */
        int pin, state;          /* descriptors, read to their ends: the PIN, the sealed keyring */
};

struct hsm_keys {
        struct secret *key, *fresh; /* NULL: there is none */
        uint8_t wrapped[HSM_WRAPPED_LEN];
        char label[KEYRING_HSM_LABEL_MAX + 1]; /* "token:key" */
};
void hsm_keys_done(struct hsm_keys *keys); /* wipes */

struct hsm_child {
        pid_t pid; /* 0: none */
        int answer;
};
/* Before crypto_init and before anything is locked. */
MUST_CHECK enum err hsm_begin(
        const struct hsm_request *rq, bool lock_required, struct hsm_child *out);
/* Waits until the child is gone, which it is within HSM_WAIT_MS. ERR_HSM: the module does not
 * work, and the log says where it ended. With ERR_OK there is `fresh`; `key` only where the
 * state has a lock of this module. */
enum { HSM_WAIT_MS = 30000 };
MUST_CHECK enum err hsm_end(
        struct hsm_child *child, const struct hsm_request *rq, struct hsm_keys *out);

/* hsm_module.c: the conversation with the library, in the child. Where it ended, for the log. */
enum hsm_step {
        HSM_DONE = 0,
        HSM_MEMORY,   /* no locked memory, or no answer at all */
        HSM_PIN,      /* the PIN cannot be read */
        HSM_STATE,    /* the sealed keyring cannot be read */
        HSM_LIBRARY,  /* no such library, or none of this kind */
        HSM_TOKEN,    /* no such token */
        HSM_LOGIN,    /* the PIN is wrong, or locked */
        HSM_FIND,     /* not exactly one such key */
        HSM_OPEN_KEY, /* the key may leave the module */
        HSM_WRAP,
        HSM_STEPS
};
struct hsm_talk { /* in locked memory */
        char pin[HSM_PIN_MAX + 2];
        size_t pin_len;
        uint8_t old[HSM_WRAPPED_LEN]; /* of the state */
        bool has_old;
        struct hsm_outcome {
                uint8_t step, opened; /* enum hsm_step; key is there */
                uint8_t code[8];      /* CK_RV of the last call, little-endian */
                uint8_t key[HSM_KEY_LEN], fresh[HSM_KEY_LEN], wrapped[HSM_WRAPPED_LEN];
        } out;
};
void hsm_talk_to(const struct hsm_request *rq, struct hsm_talk *t);

#endif
