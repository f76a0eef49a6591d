/* SPDX-License-Identifier: Apache-2.0 */
/* keyring.h: everything the keeper must remember, as one sealed blob.
 *
 * Blob = header (magic, version, generation u64, Argon2id salt and cost, master
 * key wrapped under the passphrase key) ‖ body sealed under the master key as in
 * seal.h, with the header as associated data ‖ SHA-256 of all that. Argon2id runs
 * once, at unseal; each new generation is sealed afresh with the master key that
 * stays in memory. The digest at the end protects from accidents only: it lets a
 * torn or foreign file be told from a wrong passphrase, before Argon2id runs.
 *
 * The body holds: k_person; per (data set, municipality) an epoch with three
 * independent random keys (pseudonym, data, record tag); per linkage two, one for
 * tokens and one for noise; the pinned policy signers; version and digest of the running bundle,
 * and the officers who may sign what follows it; and the highest time seen. */
#ifndef STATGATE_CRYPTO_KEYRING_H
#define STATGATE_CRYPTO_KEYRING_H

#include "base/bytes.h"
#include "base/terms.h"
#include "crypto/sign.h"

struct secret;
struct keyring;

/* What a keyring takes of the secure pool (crypto_init): three keys a domain, and
 * while a blob is opened its plain text. 15 data sets × 290 municipalities need
 * KEYRING_SECURE_BASE + 4350 × KEYRING_SECURE_PER_DOMAIN, about 1.4 MB. A linkage
 * costs less than a domain and counts as one. */
enum {
        KEYRING_SECURE_BASE = 65536,
        KEYRING_SECURE_PER_DOMAIN = 320,
        KEYRING_BLOB_MAX = 32 << 20, /* bytes of a sealed keyring */
        KEYRING_SIGNERS_MAX = 16,
};

/* A domain is one data set of one municipality. */
struct domain {
        char dataset[NAME_MAX_LEN + 1];
        municipality_t municipality;
};

struct domain_keys { /* borrowed from the keyring */
        uint32_t epoch;
        const struct secret *pseudonym; /* 32 bytes: k_domain */
        const struct secret *data;      /* 32 bytes: wraps batch keys */
        const struct secret *tag;       /* 32 bytes: record tags and batch MACs */
};

struct keyring_cost {
        uint32_t memory_kib, passes; /* {262144, 3} in production; at most 1 GiB, 16 */
};

/* A new keyring with a fresh k_person and one pinned signer. It is dirty: its first
 * seal is generation 1. */
MUST_CHECK enum err keyring_new(const struct secret *passphrase, struct keyring_cost cost,
        const uint8_t signer[SIGN_PUBLIC_LEN], struct keyring **out);
/* ERR_PASSPHRASE, ERR_KEYRING (torn, foreign, unknown version) or ERR_NO_MEMORY. */
MUST_CHECK enum err keyring_open(
        const struct secret *passphrase, struct bytes blob, struct keyring **out);
void keyring_free(struct keyring **k);

/* Appends the present state, sealed as the next generation, to `out`. The keyring
 * stays "dirty" until keyring_confirm says that this generation is durable. Every
 * seal takes a number of its own, so no two blobs share one. A generation that was
 * never sealed, or is older than one confirmed before, confirms nothing. */
MUST_CHECK enum err keyring_seal(struct keyring *k, struct buf *out, uint64_t *out_generation);
void keyring_confirm(struct keyring *k, uint64_t generation);
uint64_t keyring_generation(const struct keyring *k); /* last confirmed; 0: none */
bool keyring_dirty(const struct keyring *k);

const struct secret *keyring_person(const struct keyring *k);

/* NULL: no such domain or linkage yet. */
const struct domain_keys *keyring_domain_find(const struct keyring *k, const struct domain *d);
const struct secret *keyring_linkage_find(const struct keyring *k, const char *linkage);
/* What the noise of a linkage's answers is drawn with, in every vintage. NULL: none yet;
 * linkages of states from before there was noise get one when they are made again. */
const struct secret *keyring_noise_find(const struct keyring *k, const char *linkage);
/* Makes fresh random keys (epoch 1) if there are none; the keyring is then dirty,
 * and the new keys may be used only after the state was confirmed
 * (`keyring_domain_ready`). */
MUST_CHECK enum err keyring_domain_make(struct keyring *k, const struct domain *d);
MUST_CHECK enum err keyring_linkage_make(struct keyring *k, const char *linkage);
bool keyring_domain_ready(const struct keyring *k, const struct domain *d);
bool keyring_linkage_ready(const struct keyring *k, const char *linkage); /* both keys */
size_t keyring_domains_len(const struct keyring *k);

/* Whose signatures count, and how many there must be. */
struct keyring_officers {
        uint32_t required, len; /* 0: none are named */
        uint8_t keys[KEYRING_SIGNERS_MAX * SIGN_PUBLIC_LEN];
};
/* The signers pinned when the keyring was made; one of them is enough. */
void keyring_pinned(const struct keyring *k, struct keyring_officers *out);
bool keyring_signer_is_pinned(const struct keyring *k, const uint8_t public_key[SIGN_PUBLIC_LEN]);

/* The running bundle; version 0 before the first. Setting makes it dirty. */
uint64_t keyring_policy(const struct keyring *k, struct digest *out);
/* `officers`: those it names for its successor; NULL: none. */
void keyring_policy_set(struct keyring *k, uint64_t version, const struct digest *digest,
        const struct keyring_officers *officers);
const struct keyring_officers *keyring_officers(const struct keyring *k);

/* The latest time the keeper has seen; never goes back. It travels with the next
 * seal and does not make the keyring dirty: time passes always. */
int64_t keyring_time(const struct keyring *k);
void keyring_time_set(struct keyring *k, int64_t now_ms);

#endif
