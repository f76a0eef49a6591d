/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_state.h: for keyring.c (what may be done) and keyring_blob.c (how it is
 * written) alone: what a keyring is made of. */
#ifndef STATGATE_CRYPTO_KEYRING_STATE_H
#define STATGATE_CRYPTO_KEYRING_STATE_H

#include "crypto/keyring.h"
#include "crypto/secret_slab.h"

enum {
        DOMAIN_KEYS = 3,
        LINKAGE_KEYS = 2,
        KEYRING_SALT_LEN = 16,
        KEYRING_WRAPPED_LEN = 40,
        PENDING_SEALS = 8,
        /* Together they stay under KEYRING_BLOB_MAX: what can be sealed can be opened. */
        DOMAINS_MAX = 1 << 17,
        LINKAGES_MAX = 1 << 12,
        KEYRING_BLOB_FIRST = 1,     /* had no officers; opens still */
        KEYRING_BLOB_NOISELESS = 2, /* linkages had no noise keys; opens still */
        KEYRING_BLOB_VERSION = 3,
};

struct keyring_domain {
        struct domain name;
        struct secret *slots[DOMAIN_KEYS]; /* borrowed from the slab */
        struct domain_keys keys;           /* the same, as others may see them */
        uint64_t change;                   /* the change that made it; 0: from a blob */
};

struct keyring_linkage {
        char name[NAME_MAX_LEN + 1];
        struct secret *key, *noise; /* borrowed from the slab */
        bool has_noise;             /* false: read from a state that had none */
        uint64_t change;
};

/* A seal that has been handed out: it holds all changes up to this one. */
struct pending_seal {
        uint64_t generation, changes;
};

struct keyring_header {
        uint32_t version; /* that it was read in; written is always the newest */
        uint64_t generation;
        struct keyring_cost cost;
        uint8_t salt[KEYRING_SALT_LEN];
        uint8_t wrapped[KEYRING_WRAPPED_LEN]; /* the master key, under the passphrase key */
};

struct keyring {
        struct keyring_header header; /* generation: the last one sealed */
        struct secret *master;
        struct secret_slab *slab;
        struct secret *person; /* borrowed from the slab */

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

/* A zeroed keyring with room for k_person; its keys are still zero. */
MUST_CHECK enum err keyring_blank(struct keyring **out);

bool keyring_cost_is_sane(struct keyring_cost cost);
bool keyring_name_is_sane(const char *name); /* reads at most NAME_MAX_LEN + 1 bytes */
int domain_compare(const struct domain *a, const struct domain *b);

/* New entries with zero keys at the end, for the reader of blobs, which has made
 * sure that they ascend. */
MUST_CHECK enum err keyring_domain_append(
        struct keyring *k, const struct domain *d, uint32_t epoch);
MUST_CHECK enum err keyring_linkage_append(struct keyring *k, const char *name, bool has_noise);

/* The state as a blob of header.generation, appended to `out`. */
MUST_CHECK enum err keyring_blob_write(
        const struct keyring *k, const struct keyring_header *header, struct buf *out);

/* Magic, version, digest and costs are right: `header` is filled, `aad` and `sealed`
 * borrow from the blob. ERR_KEYRING. */
MUST_CHECK enum err keyring_blob_split(
        struct bytes blob, struct keyring_header *header, struct bytes *aad, struct bytes *sealed);

/* The plain body, in the version of the header, into a blank keyring. ERR_KEYRING or ERR_NO_MEMORY;
 * the keyring is then half-filled and must be freed. */
MUST_CHECK enum err keyring_body_read(struct bytes plain, struct keyring *into);

#endif
