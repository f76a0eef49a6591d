/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_state.h: for the keyring's own files alone: what a keyring is made of.
 *
 *   keyring.c           the whole: generations, policy, time
 *   keyring_epochs.c    keys of persons and domains, which rotate
 *   keyring_linkages.c  keys of linkages, which do not
 *   keyring_pairs.c     the keeper's own pairs
 *   keyring_notes.c     what else it must remember
 *   keyring_locks.c     who opens it
 *   keyring_blob.c      how it is written
 *   keyring_read.c      and read */
#ifndef STATGATE_CRYPTO_KEYRING_STATE_H
#define STATGATE_CRYPTO_KEYRING_STATE_H

#include "crypto/keyring.h"
#include "crypto/secret_slab.h"
#include "crypto/share.h"

enum {
        DOMAIN_KEYS = 3,
        EPOCHS_LIVE = 2, /* of persons, and of each domain */
        KEYRING_SALT_LEN = 16,
        KEYRING_WRAPPED_LEN = 40,
        PENDING_SEALS = 8,
        /* Together they stay under KEYRING_BLOB_MAX: what can be sealed can be opened. */
        DOMAINS_MAX = 1 << 16,
        LINKAGES_MAX = 1 << 12,
        KEYRING_BLOB_FIRST = 1,     /* had no officers; opens still */
        KEYRING_BLOB_NOISELESS = 2, /* linkages had no noise keys; opens still */
        KEYRING_BLOB_TIMELESS = 3,  /* one lock, one epoch, no pairs, notes, times; opens still */
        KEYRING_BLOB_VERSION = 4,
};

struct keyring_person {
        uint32_t epoch; /* 0: there is none */
        int64_t created_ms;
        struct secret *key; /* borrowed from the slab, as all keys here */
        uint64_t change;    /* the change that made it; 0: from a blob */
};

struct keyring_epoch {
        struct secret *slots[DOMAIN_KEYS];
        struct domain_keys keys; /* the same, as others may see them; epoch 0: there is none */
        uint64_t change;
};

struct keyring_domain {
        struct domain name;
        uint32_t highest;                         /* epoch ever used */
        struct keyring_epoch epochs[EPOCHS_LIVE]; /* in no order: what was lent stays in place */
};

struct keyring_linkage {
        char name[NAME_MAX_LEN + 1];
        int64_t created_ms;
        struct secret *key, *noise;
        bool has_noise; /* false: read from a state that had none */
        uint64_t change;
};

struct keyring_pair_entry {
        struct keyring_pair_key key; /* .ready is filled in when it is shown */
        struct secret *secret;
        uint64_t change;
};

struct keyring_note {
        char name[NAME_MAX_LEN + 1];
        uint8_t *data; /* guarded_new */
        size_t len;
};

/* A seal that has been handed out: it holds all changes up to this one. */
struct pending_seal {
        uint64_t generation, changes;
};

struct keyring_lock_entry {
        struct keyring_lock_info info;
        uint8_t wrapped[KEYRING_WRAPPED_LEN]; /* the master key, under the lock's key */
        struct keyring_cost cost;             /* LOCK_PASSPHRASE */
        uint8_t salt[KEYRING_SALT_LEN];
        uint8_t set[SHARE_SET_LEN];            /* LOCK_SHARES */
        char label[KEYRING_HSM_LABEL_MAX + 1]; /* LOCK_HSM */
        uint8_t hsm[KEYRING_HSM_WRAPPED_MAX];
        uint32_t hsm_len;
};

struct keyring_header {
        uint32_t version; /* that it was read in; written is always the newest */
        uint64_t generation;
        uint32_t locks_len;
        struct keyring_lock_entry locks[KEYRING_LOCKS_MAX]; /* kinds ascend */
};

struct keyring {
        struct keyring_header header; /* generation: the last one sealed */
        struct secret *master;
        struct secret *lock_keys[KEYRING_LOCKS_MAX]; /* of header.locks */
        struct secret_slab *slab;

        struct keyring_person persons[EPOCHS_LIVE]; /* ascending; the first is always there */
        struct keyring_pair_entry pairs[KEYRING_PAIR_KINDS][KEYRING_PAIR_LIVE_MAX];
        uint32_t pairs_len[KEYRING_PAIR_KINDS];       /* newest first */
        struct keyring_note notes[KEYRING_NOTES_MAX]; /* by name, ascending */
        uint32_t notes_len;

        uint8_t signers[KEYRING_SIGNERS_MAX][SIGN_PUBLIC_LEN];
        uint32_t signers_len;
        uint64_t policy_version;
        struct digest policy_digest;
        struct keyring_officers officers;
        int64_t time_ms;

        /* Ascending; pointers, so that what was borrowed stays where it is. */
        struct keyring_domain **domains;
        size_t domains_len, domains_cap;
        struct keyring_linkage **linkages;
        size_t linkages_len, linkages_cap;

        uint64_t changes;           /* made so far */
        uint64_t changes_confirmed; /* durable */
        uint64_t generation_confirmed;
        struct pending_seal pending[PENDING_SEALS]; /* ascending */
        unsigned pending_len;
};

/* A zeroed keyring with room for one k_person, which is still zero. */
MUST_CHECK enum err keyring_blank(struct keyring **out);

/* A slot with a fresh random key. */
MUST_CHECK enum err keyring_key_random(struct keyring *k, struct secret **out);
bool keyring_cost_is_sane(struct keyring_cost cost);
bool keyring_name_is_sane(const char *name); /* reads at most NAME_MAX_LEN + 1 bytes */
int domain_compare(const struct domain *a, const struct domain *b);
/* A list with room for one more pointer, doubled when it was full; NULL leaves it as it was. */
void *keyring_list_grown(void *list, size_t len, size_t *cap);

/* New entries with zero keys at the end, for the reader of blobs, which has made
 * sure that they ascend. */
MUST_CHECK enum err keyring_domain_append(
        struct keyring *k, const struct domain *d, uint32_t highest, struct keyring_domain **out);
/* Into an epoch that is free. */
MUST_CHECK enum err keyring_epoch_add(struct keyring *k, struct keyring_domain *entry,
        uint32_t number, int64_t created_ms, struct keyring_epoch **out);
MUST_CHECK enum err keyring_linkage_append(
        struct keyring *k, const char *name, int64_t created_ms, bool has_noise);
MUST_CHECK enum err keyring_pair_append(
        struct keyring *k, enum keyring_pair kind, int64_t created_ms, int64_t until_ms);
/* What shows of a pair, from its secret. */
MUST_CHECK enum err keyring_pair_complete(enum keyring_pair kind, struct keyring_pair_entry *entry);
/* Zeroed, `len` > 0. */
MUST_CHECK enum err keyring_note_append(struct keyring *k, const char *name, size_t len);
void keyring_notes_done(struct keyring *k);

/* A pair of each kind where there is none. */
MUST_CHECK enum err keyring_pairs_make(struct keyring *k, int64_t now_ms);

/* The state as a blob of header.generation, appended to `out`. */
MUST_CHECK enum err keyring_blob_write(
        const struct keyring *k, const struct keyring_header *header, struct buf *out);

/* Magic, version, digest and locks are right: `header` is filled, `aad` and `sealed`
 * borrow from the blob. ERR_KEYRING. */
MUST_CHECK enum err keyring_blob_split(
        struct bytes blob, struct keyring_header *header, struct bytes *aad, struct bytes *sealed);

/* The plain body, in the version of the header, into a blank keyring. ERR_KEYRING,
 * ERR_NO_MEMORY or ERR_MEMORY_LOCK; the keyring is then half-filled and must be freed. */
MUST_CHECK enum err keyring_body_read(struct bytes plain, struct keyring *into);

#endif
