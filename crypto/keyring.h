/* SPDX-License-Identifier: Apache-2.0 */
/* keyring.h: everything the keeper must remember, as one sealed blob.
 *
 * Blob = header (magic, version, generation u64, locks) ‖ body sealed under the master key as
 * in seal.h, with the header as associated data ‖ SHA-256 of all that. Each lock holds the
 * same master key, wrapped in its own way: under a passphrase (Argon2id), under a key that
 * officers have shares of, or under one inside a security module. Any one of them opens; Argon2id
 * runs once, at unseal; each new generation is sealed afresh with the master key that stays in
 * memory. The digest at the end protects from accidents only: it lets a torn or foreign file be
 * told from a wrong passphrase, before Argon2id runs.
 *
 * The body holds: k_person, two of them while persons are delivered anew; per (data set,
 * municipality) one or two epochs of three independent random keys (pseudonym, data, record
 * tag); per linkage two, one for tokens and one for noise; the keeper's own key pairs, to
 * seal to and to sign with; the pinned policy signers; version and digest of the running bundle,
 * and the officers who may sign what follows it; the highest time seen; and notes, which are
 * the keeper's own business. Every key has the time it was made. */
#ifndef STATGATE_CRYPTO_KEYRING_H
#define STATGATE_CRYPTO_KEYRING_H

#include "base/bytes.h"
#include "base/terms.h"
#include "crypto/sign.h"

struct secret;
struct keyring;

/* What a keyring takes of the secure pool (crypto_init): three keys a domain, six while it
 * rotates. 15 data sets × 290 municipalities need KEYRING_SECURE_BASE + 4350 ×
 * KEYRING_SECURE_PER_DOMAIN, about 1.4 MB. A linkage costs less than a domain and counts as
 * one. Notes, and the plain text while a blob is opened, have locked pages of their own. */
enum {
        KEYRING_SECURE_BASE = 65536,
        KEYRING_SECURE_PER_DOMAIN = 320,
        KEYRING_BLOB_MAX = 32 << 20, /* bytes of a sealed keyring */
        KEYRING_SIGNERS_MAX = 16,
};

/* Times are in milliseconds since 1970, as the caller knows them; 0: made before keyrings
 * remembered that. Where a key is `ready`, a state that holds it was confirmed, and it may be
 * used: who uses another may lose what only that key can read. */

/* A domain is one data set of one municipality. */
struct domain {
        char dataset[NAME_MAX_LEN + 1];
        municipality_t municipality;
};

struct domain_keys { /* borrowed from the keyring */
        uint32_t epoch;
        int64_t created_ms;
        const struct secret *pseudonym; /* 32 bytes: k_domain */
        const struct secret *data;      /* 32 bytes: wraps batch keys */
        const struct secret *tag;       /* 32 bytes: record tags and batch MACs */
};

struct keyring_cost {
        uint32_t memory_kib, passes; /* {262144, 3} in production; at most 1 GiB, 16 */
};

/* A new keyring with a fresh k_person, a pair of each kind, and one pinned signer. It is
 * dirty: its first seal is generation 1. */
MUST_CHECK enum err keyring_new(const struct secret *passphrase, struct keyring_cost cost,
        const uint8_t signer[SIGN_PUBLIC_LEN], int64_t now_ms, struct keyring **out);
/* ERR_PASSPHRASE, ERR_NOT_FOUND (no passphrase opens it), ERR_KEYRING (torn, foreign, unknown
 * version) or ERR_NO_MEMORY. One that was sealed before there were pairs gets them at once,
 * dated with the highest time it has seen, and is dirty. */
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

/* k_person. There are two while persons are delivered anew under the second; what is linked
 * is linked under the first until keyring_person_settle. */
struct person_epoch {
        uint32_t epoch;
        int64_t created_ms;
        const struct secret *key; /* borrowed */
        bool ready;
};
const struct secret *keyring_person(const struct keyring *k); /* of the first epoch */
unsigned keyring_person_epochs(const struct keyring *k, struct person_epoch out[2]);
MUST_CHECK enum err keyring_person_begin(struct keyring *k, int64_t now_ms); /* ERR_ROTATING */
/* Destroys the first; the second stays alone. ERR_NOT_FOUND: there is one only.
 * ERR_OUT_OF_ORDER: the second is not ready. */
MUST_CHECK enum err keyring_person_settle(struct keyring *k);

/* NULL: no such domain or linkage, or a destroyed one. Of a domain the newest epoch that is
 * ready, or, where none is, the newest. */
const struct domain_keys *keyring_domain_find(const struct keyring *k, const struct domain *d);
const struct secret *keyring_linkage_find(const struct keyring *k, const char *linkage);
/* What the noise of a linkage's answers is drawn with, in every vintage. NULL: none yet;
 * linkages of states from before there was noise get one when they are made again. */
const struct secret *keyring_noise_find(const struct keyring *k, const char *linkage);
/* Makes fresh random keys (epoch 1, or the one after the last destroyed) if there are none;
 * the keyring is then dirty, and the new keys may be used only after the state was confirmed
 * (`keyring_domain_ready`). */
MUST_CHECK enum err keyring_domain_make(struct keyring *k, const struct domain *d, int64_t now_ms);
MUST_CHECK enum err keyring_linkage_make(struct keyring *k, const char *linkage, int64_t now_ms);
/* Whether what keyring_domain_find gives may be used. */
bool keyring_domain_ready(const struct keyring *k, const struct domain *d);
bool keyring_linkage_ready(const struct keyring *k, const char *linkage); /* both keys */
size_t keyring_domains_len(const struct keyring *k);                      /* destroyed ones too */

/* Rotation of a domain: fresh keys to name persons and to seal with beside the old ones, and the
 * tag key carried along (ERR_ROTATING: there are two epochs already; ERR_NOT_FOUND: none), and,
 * once nothing is stored under the old ones, their end (ERR_NOT_FOUND: no such epoch; ERR_INVALID:
 * it is the newest; ERR_OUT_OF_ORDER: the newest is not ready). An epoch number is never used
 * twice, nor after keyring_domain_destroy. */
MUST_CHECK enum err keyring_domain_rotate(
        struct keyring *k, const struct domain *d, int64_t now_ms);
const struct domain_keys *keyring_domain_epoch_find(
        const struct keyring *k, const struct domain *d, uint32_t epoch);
MUST_CHECK enum err keyring_domain_retire(
        struct keyring *k, const struct domain *d, uint32_t epoch);
/* Crypto-shredding: every key of the domain goes, wiped at once; the last epoch number stays.
 * ERR_NOT_FOUND. What lies on disk goes when the state is written over, backup too. */
MUST_CHECK enum err keyring_domain_destroy(struct keyring *k, const struct domain *d);
MUST_CHECK enum err keyring_linkage_destroy(struct keyring *k, const char *linkage);

/* What there is to see of all keys, by index; never a key. */
struct keyring_domain_info {
        struct domain name;
        uint32_t epoch;     /* newest live one; 0: destroyed */
        uint32_t oldest;    /* oldest live one */
        uint32_t highest;   /* ever used */
        int64_t created_ms; /* of the newest live one */
};
void keyring_domain_info(const struct keyring *k, size_t i, struct keyring_domain_info *out);
struct keyring_linkage_info {
        char name[NAME_MAX_LEN + 1];
        int64_t created_ms;
};
size_t keyring_linkages_len(const struct keyring *k);
void keyring_linkage_info(const struct keyring *k, size_t i, struct keyring_linkage_info *out);

/* The keeper's own pairs: municipalities seal to the one, the keeper signs with the other. The
 * newest is in use; older ones are accepted until their time. */
enum keyring_pair { KEYRING_SEALING, KEYRING_SIGNING, KEYRING_PAIR_KINDS };
enum { KEYRING_PAIR_LIVE_MAX = 4 };
struct keyring_pair_key { /* borrowed */
        const struct secret *secret;
        int64_t created_ms, until_ms; /* until_ms 0: the newest */
        uint8_t public_key[32];
        char id[16 + 1]; /* as box_key_id */
        bool ready;
};
/* Newest first; at most KEYRING_PAIR_LIVE_MAX, at least one. In use is the first that is
 * ready. */
unsigned keyring_pairs(const struct keyring *k, enum keyring_pair kind,
        struct keyring_pair_key out[KEYRING_PAIR_LIVE_MAX]);
/* A fresh pair, in use once it is ready; the one before is accepted until now + overlap.
 * ERR_ROTATING: there are KEYRING_PAIR_LIVE_MAX. ERR_INVALID: a negative overlap. */
MUST_CHECK enum err keyring_pair_rotate(
        struct keyring *k, enum keyring_pair kind, int64_t now_ms, int64_t overlap_ms);
/* Destroys those whose time is over, except that none goes before a newer one is ready;
 * whether there were any. */
bool keyring_pairs_prune(struct keyring *k, int64_t now_ms);

/* Locks. The keyring must be open to change them; a keyring has at least one. Each change
 * draws a new master key, so that who has an old blob and could open it (a former officer)
 * cannot open the ones that follow. */
enum keyring_lock { LOCK_NONE = 0, LOCK_PASSPHRASE, LOCK_SHARES, LOCK_HSM };
struct keyring_lock_info {
        enum keyring_lock kind;
        uint8_t required, total; /* LOCK_SHARES */
        int64_t created_ms;
};
enum { KEYRING_LOCKS_MAX = 4, KEYRING_HSM_WRAPPED_MAX = 1024, KEYRING_HSM_LABEL_MAX = 64 };
/* One of each kind at most: a new one takes the place of the old. */
MUST_CHECK enum err keyring_lock_passphrase(struct keyring *k, const struct secret *passphrase,
        struct keyring_cost cost, int64_t now_ms);
struct share;
MUST_CHECK enum err keyring_lock_shares(
        struct keyring *k, unsigned required, unsigned total, int64_t now_ms, struct share *out);
/* `wrapped`: the master key's wrapping key as the module wrapped it (opaque here), which is
 * `key` in clear: 32 bytes that the caller then forgets. */
MUST_CHECK enum err keyring_lock_hsm(struct keyring *k, const struct secret *key,
        struct bytes wrapped, const char *label, int64_t now_ms);
/* ERR_NOT_FOUND; ERR_INVALID: it is the only one. */
MUST_CHECK enum err keyring_lock_remove(struct keyring *k, enum keyring_lock kind);
unsigned keyring_locks(const struct keyring *k, struct keyring_lock_info out[KEYRING_LOCKS_MAX]);
/* What a sealed blob tells before it is opened. */
MUST_CHECK enum err keyring_blob_locks(
        struct bytes blob, struct keyring_lock_info out[KEYRING_LOCKS_MAX], unsigned *out_len);
MUST_CHECK enum err keyring_blob_generation(struct bytes blob, uint64_t *out);
/* The wrapped key of LOCK_HSM, borrowed from the blob. ERR_NOT_FOUND. */
MUST_CHECK enum err keyring_blob_hsm(
        struct bytes blob, struct bytes *out_wrapped, char out_label[KEYRING_HSM_LABEL_MAX + 1]);
/* Which splitting the shares of LOCK_SHARES are of. ERR_NOT_FOUND. */
enum { KEYRING_SHARE_SET_LEN = 8 };
MUST_CHECK enum err keyring_blob_share_set(struct bytes blob, uint8_t out[KEYRING_SHARE_SET_LEN]);
/* As keyring_open. ERR_SHARES (too few, twice, of another set, or not what was split), or
 * ERR_HSM when `key` is not what the lock was made with. */
MUST_CHECK enum err keyring_open_shares(
        struct bytes blob, const struct share *shares, unsigned len, struct keyring **out);
MUST_CHECK enum err keyring_open_hsm(
        struct bytes blob, const struct secret *key, struct keyring **out);

/* Notes: what the keeper keeps beside keys (aliases, quotas, the last tree head), by name;
 * sealed with the rest, and in locked memory. Setting makes dirty, unless it says what stands
 * there; an empty value removes. ERR_TOO_LARGE; ERR_LIMIT: too many, or too much in all. What
 * keyring_note lends is good until that note is set again. */
enum {
        KEYRING_NOTES_MAX = 16,
        KEYRING_NOTE_MAX = 6 << 20,
        KEYRING_NOTES_TOTAL =
                7 << 20, /* with a country's keys, what a state may weigh (messages.h) */
};
MUST_CHECK enum err keyring_note_set(struct keyring *k, const char *name, struct bytes value);
struct bytes keyring_note(const struct keyring *k, const char *name); /* empty: none */

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
