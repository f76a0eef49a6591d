/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.h: the asking side of the key keeper, which is another process.
 *
 * Started by fork and exec before anything else (no threads, no gRPC). Messages
 * are small and few (see messages.h); bulk data stands in shared-memory slots that
 * the keeper copies before it believes them. All calls are thread-safe and block;
 * a dead keeper gives ERR_KEEPER_GONE at once and for ever. */
#ifndef STATGATE_GATEWAY_KEEPER_KEEPER_H
#define STATGATE_GATEWAY_KEEPER_KEEPER_H

#include <sys/types.h>

#include "base/batch.h"
#include "base/terms.h"
#include "crypto/box.h"
#include "crypto/keyring.h"

struct keeper;

/* A security module that can open the keyring (hsm.h); texts are of at most KEEPER_MODULE_MAX
 * bytes. */
struct keeper_module {
        const char *library; /* absolute path; NULL: there is no module */
        const char *token, *key, *pin_file;
        const char *environment; /* "NAME=value" that the library needs, or NULL */
};

/* Where somebody else has the keeper (gateway/bridge): `program` is the bridge then. */
struct keeper_custodian {
        const char *address; /* "unix:PATH" or "tls:HOST:PORT"; NULL: the keeper is ours */
        const char *is;  /* who must be there (bridge/party.h); NULL: whoever the CA vouches for */
        const char *pki; /* folder with gateway.pem, gateway.key and ca.pem; NULL: unix */
};

struct keeper_options {
        const char *program;    /* path of statgate-keeper */
        const char *state_path; /* keys/keyring.sgk: written here by the asking side; NULL: the
                                 * custodian does, who also opens it */
        bool lock_required;     /* false: development only, and loud */
        unsigned slots;         /* batches in flight; 0: 8 */
        struct keeper_module module;
        struct keeper_custodian custodian;
};

/* Starts the process and waits for its self-test. */
MUST_CHECK enum err keeper_start(const struct keeper_options *options, struct keeper **out);
/* Asks it to leave, waits, kills if it must. NULL is harmless. Nobody may be asking
 * any more, and nothing may be borrowed. */
void keeper_stop(struct keeper **k);
bool keeper_alive(struct keeper *k);
/* A file descriptor that becomes readable (hang-up) when the keeper dies. */
int keeper_death_fd(const struct keeper *k);
pid_t keeper_pid(const struct keeper *k);
uint64_t keeper_generation(struct keeper *k); /* of the state on disk; 0 before there is one */

/* `passphrase_fd` (a pipe or file, read to its end, one trailing newline
 * dropped) is passed to the keeper: the passphrase never enters this process. */
MUST_CHECK enum err keeper_create(struct keeper *k, int passphrase_fd, struct keyring_cost cost,
        const uint8_t signer[SIGN_PUBLIC_LEN]); /* refuses when state_path exists */
MUST_CHECK enum err keeper_unseal(struct keeper *k, int passphrase_fd);
/* Whether the custodian's officers have opened it; ERR_SEALED: not yet. */
MUST_CHECK enum err keeper_unsealed_elsewhere(struct keeper *k);

/* Without anybody: by what the security module unwrapped when the keeper started. ERR_HSM: it did
 * not; ERR_NOT_FOUND: no module opens this keyring. */
MUST_CHECK enum err keeper_unseal_module(struct keeper *k);

/* An officer at the door (officer.h): `fd` is her connection, which the keeper reads and
 * answers itself. *out_open: the keyring is open now. ERR_OK says that whatever she changed is
 * on disk, in the copy beside it too. */
MUST_CHECK enum err keeper_officer(struct keeper *k, int fd, bool *out_open);

/* A signed bundle file (rules.h). The keeper checks signatures against its pinned
 * signers, and succession against the version it remembers; loading the same
 * bundle again is fine. */
MUST_CHECK enum err keeper_load_bundle(struct keeper *k, struct bytes signed_bundle);

/* Makes and saves the keys of a domain, or of a linkage, if there are none. */
MUST_CHECK enum err keeper_prepare_domain(struct keeper *k, const struct domain *d);
MUST_CHECK enum err keeper_prepare_linkage(struct keeper *k, const char *linkage);

/* Names one batch for good: bound into its seal. */
struct batch_name {
        struct domain domain;
        struct submission_id submission;
        uint32_t sequence;
};

/* Persons that only the keeper can open (crypto/box.h). */
struct keeper_box {
        struct bytes key_id, box, signature; /* box empty: there is none */
};

/* accept: persons, record keys and packed columns in, a sealed batch out. Persons come for
 * every row of the batch, in clear or in a box, since they are what its receipt is made of;
 * `keep` says which rows go on. */
struct keeper_accept {
        struct batch_name name;
        uint32_t rows;                    /* of the batch */
        const uint8_t *keep;              /* rows bytes, 1: goes on; NULL: all */
        struct person_column persons;     /* NULL pointers: in the box, or none */
        struct guardian_column guardians; /* likewise its persons; the offsets are here */
        struct keeper_box box;
        /* Of the rows that go on. */
        const uint8_t *record_keys;
        uint32_t record_key_width;
        struct bytes body;     /* packed columns (store/body.h), opaque to the keeper */
        struct digest content; /* SHA-256 of all that came in clear and is no person */
};
struct keeper_accepted {
        bool rows_refused;       /* then `rules` tells, and nothing was sealed */
        uint8_t *rules;          /* rows bytes of enum pnr_rule: the person of the row */
        uint8_t *guardian_rules; /* guardians.len bytes */
        struct bytes sealed;     /* in the arena; empty when no row goes on */
        uint32_t epoch;
        uint32_t person_epoch; /* the newest k_person that names its persons; 0: it has none */
        /* Keeper MAC over name, content and persons: the same whether they came in clear or
         * in a box, and whichever rows go on. */
        struct digest receipt;
};
/* Checks every id first, so a refused batch costs little. ERR_BOX_NEEDED, _KEY, _SIGNATURE,
 * _CLOSED, _MISPLACED; ERR_QUOTA, and nothing was counted. */
MUST_CHECK enum err keeper_accept(struct keeper *k, const struct keeper_accept *in,
        struct arena *arena, struct keeper_accepted *out);

/* What the keeper can be sealed to, and what it signs with; newest first. Each key is vouched
 * for by every signing key (crypto/key_statement.h), in their order. */
enum { KEEPER_KEYS_MAX = KEYRING_PAIR_LIVE_MAX };
struct keeper_public_key {
        char id[BOX_KEY_ID_LEN + 1];
        uint8_t public_key[BOX_PUBLIC_LEN];
        int64_t from_ms, until_ms;
        uint8_t signatures[KEEPER_KEYS_MAX][SIGNATURE_LEN];
};
struct keeper_public_keys {
        unsigned sealing_len, signing_len;
        struct keeper_public_key sealing[KEEPER_KEYS_MAX], signing[KEEPER_KEYS_MAX];
};
MUST_CHECK enum err keeper_public_keys(struct keeper *k, struct keeper_public_keys *out);

/* open_for_view: a sealed batch out of the store in, tokens of this linkage and
 * vintage and the packed columns out. The keeper asks the signed rules itself. */
struct keeper_open {
        const char *linkage, *purpose;
        struct vintage vintage; /* salts the token key: tokens of two views never meet */
        struct batch_name name;
        uint32_t epoch;
        /* Mark of the numbers that became others (aliases.h), as the vintage remembers it. */
        uint32_t aliases;
        struct bytes sealed;
};
struct keeper_opened { /* borrowed from a slot until keeper_release */
        uint32_t rows;
        const uint8_t *tokens; /* rows × 16; all zero: no person */
        const uint8_t *tags;   /* rows × RECORD_TAG_LEN */
        uint32_t guardians_len;
        const uint8_t *guardian_counts; /* rows, or NULL */
        const uint8_t *guardian_tokens; /* guardians_len × 16 */
        struct bytes body;
        /* rows × PERSON_KEY_LEN, little-endian: what noise is drawn with (pseudonym.h); the
         * same for a person in every vintage of the linkage. All zero: no person. */
        const uint8_t *person_keys;
        /* Which keys these were made with: another number, where a second k_person has taken the
         * place of the first or the linkage has been made again. Never 0. */
        uint64_t named_by;
        bool joined; /* false: the municipality is outside the linkage, and its tokens
                      * are equal to those of this domain alone */
        unsigned slot;
};
MUST_CHECK enum err keeper_open_for_view(
        struct keeper *k, const struct keeper_open *in, struct keeper_opened *out);
void keeper_release(struct keeper *k, struct keeper_opened *opened); /* wipes the slot */

/* What is to be erased: one person, in clear or in a box of one; or one record, likewise. */
struct keeper_person {
        uint8_t id[PERSON_ID_LEN], kind; /* enum person_kind; PERSON_NONE: in the box */
        struct keeper_box box;
        struct submission_id request; /* the box was made for: begins with its time */
        bool record;                  /* the box holds the key of a record (BOX_RECORD) */
        struct bytes record_key;      /* not empty: the record, and nobody at all */
};

/* Before anything is looked for: whether this municipality may erase it today, and counts it; on
 * disk when it returns. The same again counts once. `dataset`: of a record; else "". ERR_ERASURES:
 * it has erased as much as it may within a day; ERR_BOX_…, ERR_PERSON_ID. What was not begun is
 * not found either (ERR_NOT_ALLOWED), where the rules have such a quota. */
MUST_CHECK enum err keeper_erase_begin(struct keeper *k, municipality_t municipality,
        const char *dataset, const struct keeper_person *person);

/* Erasure: which rows are this person's, and where the person is a guardian. */
struct keeper_found {
        uint32_t rows, hits, guardian_hits;
        uint8_t *keep;     /* rows bytes, 0 = this person's row; arena */
        struct bytes body; /* packed columns, when hits > 0; arena */
};
MUST_CHECK enum err keeper_erase_find(struct keeper *k, const struct batch_name *name,
        uint32_t epoch, struct bytes sealed, const struct keeper_person *person,
        struct arena *arena, struct keeper_found *out);
/* Seals anew without the rows where keep is 0 and without the person among the
 * guardians; `body` holds the kept rows (or is empty when hits was 0: unchanged). */
MUST_CHECK enum err keeper_erase_seal(struct keeper *k, const struct batch_name *name,
        uint32_t epoch, struct bytes sealed, const struct keeper_person *person,
        const uint8_t *keep, uint32_t rows, struct bytes body, struct arena *arena,
        struct bytes *out_sealed);

#endif
