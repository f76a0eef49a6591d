/* SPDX-License-Identifier: Apache-2.0 */
/* care.h: the asking side's care of keys: how old they are, their rotation and their end.
 *
 * Nothing here shows a key. Whatever ends one is written twice, so that the copy which stays
 * beside the state (PATH.bak) does not have it either; backups further away are their
 * keepers' business, which is why a shredded domain is told by its epochs. Calls block and
 * may be made from any thread. */
#ifndef STATGATE_GATEWAY_KEEPER_CARE_H
#define STATGATE_GATEWAY_KEEPER_CARE_H

#include "gateway/keeper/keeper.h"

struct arena;

/* Kinds of keys there are, KIND(NAME, word). A lock is what opens the keyring; a quota
 * is listed where a municipality has tried to deliver more persons than it may. */
#define KEY_KINDS(KIND)                                                                            \
        KIND(PERSON, "person")                                                                     \
        KIND(DOMAIN, "domain")                                                                     \
        KIND(LINKAGE, "linkage")                                                                   \
        KIND(SEALING, "sealing")                                                                   \
        KIND(SIGNING, "signing")                                                                   \
        KIND(LOCK, "lock")                                                                         \
        KIND(QUOTA, "quota")
enum key_kind {
        KEY_NONE = 0,
#define KEY_ENUM(name, word) KEY_##name,
        KEY_KINDS(KEY_ENUM)
#undef KEY_ENUM
                KEY_KIND_COUNT
};
const char *key_kind_word(enum key_kind kind); /* "person" */

/* One key, or one domain with all its epochs. */
struct key_state {
        enum key_kind kind;
        /* Data set, linkage, id of a pair, or "passphrase", "shares", "hsm"; "" for persons. */
        char name[NAME_MAX_LEN + 1];
        municipality_t municipality; /* KEY_DOMAIN, KEY_QUOTA */
        uint32_t epoch;              /* newest live one; 0: destroyed, or it has none */
        uint32_t oldest;             /* oldest live one: older than `epoch` while it rotates */
        uint32_t highest;            /* ever used */
        int64_t created_ms;      /* 0: from before that was remembered; KEY_QUOTA: refused last */
        int64_t until_ms;        /* a pair's: accepted until then; 0: in use */
        uint8_t required, total; /* KEY_LOCK, "shares" */
};
/* In the order of the kinds; domains by municipality and data set; pairs newest first. */
MUST_CHECK enum err keeper_keys(
        struct keeper *k, struct arena *a, struct key_state **out, uint32_t *out_len);

/* Fresh keys for domains, beside those that their batches lie under. From here on batches are
 * accepted under the new ones. How many domains; those that rotate already are left as they
 * are. ERR_ROTATING: all of them do; ERR_NOT_FOUND: there are none. */
struct key_reach {
        const char *dataset;         /* "": every one */
        municipality_t municipality; /* 0: every one */
};
MUST_CHECK enum err keeper_rotate_domains(
        struct keeper *k, const struct key_reach *reach, uint32_t *out_domains);
/* A stored batch under the newest keys of its domain; persons, record tags and receipts stay
 * what they were. `sealed` may be of that epoch already: then it is sealed afresh. */
MUST_CHECK enum err keeper_rekey(struct keeper *k, const struct batch_name *name, uint32_t epoch,
        struct bytes sealed, struct arena *a, struct bytes *out_sealed, uint32_t *out_epoch);
/* Destroys an epoch that is not the newest; whatever still lies under it is lost.
 * ERR_NOT_FOUND: there is no such epoch (any more). */
MUST_CHECK enum err keeper_retire_domain(struct keeper *k, const struct domain *d, uint32_t epoch);
/* Crypto-shredding: every key of the domain, whether or not the bundle still has it. What lies
 * under them can never be read again. ERR_NOT_FOUND: it has none. */
MUST_CHECK enum err keeper_destroy_domain(struct keeper *k, const struct domain *d);

/* A fresh pair to seal to, or to sign with; the one before is accepted for `overlap_ms` more. */
MUST_CHECK enum err keeper_rotate_pair(
        struct keeper *k, enum keyring_pair kind, int64_t overlap_ms);
/* A second k_person. From here on persons are named under both, and linked by the first, until
 * every municipality has delivered anew and keeper_settle_persons ends the first: what is then
 * named by that alone stands by itself for ever, and nobody can be found in it. ERR_ROTATING:
 * there are two; ERR_NOT_FOUND: there is one. */
MUST_CHECK enum err keeper_begin_persons(struct keeper *k);
MUST_CHECK enum err keeper_settle_persons(struct keeper *k);
/* Writes the state if the keeper has counted persons (quota.h) since it was written: a minute
 * later, or at once. Cheap when there is nothing to write. */
MUST_CHECK enum err keeper_save(struct keeper *k, bool at_once);
/* What each municipality has used of its quotas. Persons in whole hundredths upwards, so that
 * nobody sees whether one person more was new. */
struct quota_state {
        municipality_t municipality;
        uint32_t persons_most; /* 0: any number */
        uint16_t persons_percent;
        int64_t persons_refused_ms;       /* last; 0: not within the time that counts */
        uint32_t erasures_most, erasures; /* within 24 hours; 0: any number */
        int64_t erasures_refused_ms;
};
/* Of every municipality of the rules, in their order. */
MUST_CHECK enum err keeper_quotas(
        struct keeper *k, struct arena *a, struct quota_state **out, uint32_t *out_len);

/* Destroys what has outlived itself by the keeper's own clock and rules: pairs whose overlap
 * is over, and keys of linkages that ended or are in no bundle. How many went. */
MUST_CHECK enum err keeper_prune(struct keeper *k, uint32_t *out_pruned);

#endif
