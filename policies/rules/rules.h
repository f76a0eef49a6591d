/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h: the canonical bundle: what data-protection officers sign.
 *
 * A small binary form of everything the keeper must know, with the digests of
 * the YAML files it was made from. The keeper links this folder and not the YAML
 * reader. Encoding is deterministic; decoding is strict (leftovers, unsorted or
 * repeated names, and unknown versions are refused). */
#ifndef STATGATE_POLICIES_RULES_RULES_H
#define STATGATE_POLICIES_RULES_RULES_H

#include "base/bytes.h"
#include "base/terms.h"
#include "crypto/personnummer.h"

struct arena;
struct refusal;

/* Ceilings of a canonical bundle, checked by both directions. */
enum {
        RULES_CANONICAL_MAX = 1 << 20, /* bytes */
        RULES_SOURCES_MAX = 256,
        RULES_SOURCE_NAME_MAX = 128,
        RULES_DATASETS_MAX = 64,
        RULES_LINKAGES_MAX = 64,
        RULES_PURPOSES_MAX = 32,
        RULES_SUBMISSION_KEYS_MAX = 2048,
        RULES_ERASURES_PER_DAY = 100, /* unless the bundle says otherwise */
        RULES_ERASURES_MAX = 10000,
        SIGNATURES_MAX = 16,
        RULES_OFFICERS_MAX = SIGNATURES_MAX, /* else not all of them could sign */
        OFFICER_KEY_LEN = 32
};

/* Whether `name` is an identifier: a lower-case ASCII letter, then letters, digits,
 * '_' and '-', at most NAME_MAX_LEN bytes. */
bool rules_is_name(struct bytes name);

enum person_use { PERSON_USE_NONE = 0, PERSON_USE_OPTIONAL, PERSON_USE_REQUIRED };

struct rules_dataset {
        struct bytes id;
        enum person_use person;
        bool guardians;     /* records may name guardians */
        bool local_ids;     /* ids of kind LOCAL are accepted */
        bool clear_persons; /* unsealed personal numbers are accepted */
        enum pnr_test_numbers test_numbers;
};

/* Whose records a linkage joins. A municipality outside of it is not refused: its
 * records stand in the same tables, each of its persons known within it alone. */
enum linkage_reach {
        REACH_NONE = 0,
        REACH_ALL,     /* every municipality of the bundle */
        REACH_LISTED,  /* those that are named */
        REACH_OPTED_IN /* those that have decided to take part; nobody, perhaps */
};

struct rules_linkage {
        struct bytes id;
        struct bytes *datasets; /* ids, sorted */
        uint32_t datasets_len;
        enum linkage_reach reach;
        municipality_t *municipalities; /* sorted; none for REACH_ALL */
        uint32_t municipalities_len;
        struct bytes *purposes; /* sorted */
        uint32_t purposes_len;
        int32_t from_days, until_days; /* both inside */
        bool family;
};

struct rules_source { /* one YAML file the bundle was made from */
        struct bytes name;
        struct digest digest;
};

/* What a municipality signs its boxes with (crypto/box.h); several may be good at once. */
struct rules_submission_key {
        municipality_t municipality;
        uint8_t key[OFFICER_KEY_LEN];
        int32_t from_days, until_days; /* both inside */
};

/* A data-protection officer, by the key that signs. */
struct rules_officer {
        struct bytes name;
        uint8_t key[OFFICER_KEY_LEN];
};

struct rules {
        struct bytes bundle;       /* id */
        uint64_t version;          /* from 1 */
        struct digest predecessor; /* canonical digest of the bundle before; zero for version 1 */
        /* Who signs the successor of this bundle, and how many of them must: none are
         * named where the keeper's pinned signers do. */
        uint32_t signers_required;
        /* Persons and records that a municipality may have erased within 24 hours; 0: any number.
         * A bundle that says nothing has RULES_ERASURES_PER_DAY. */
        uint32_t erasures_per_day;
        struct rules_officer *officers; /* sorted by name, no key twice */
        struct rules_source *sources;   /* sorted by name */
        municipality_t *municipalities; /* sorted */
        /* Per municipality: how many different persons it may deliver within twelve months, as the
         * bundle reckons from its inhabitants; 0: any number. */
        uint32_t *person_quotas;
        struct rules_submission_key *submission_keys; /* sorted by municipality, then key */
        struct rules_dataset *datasets;               /* sorted by id */
        struct rules_linkage *linkages;               /* sorted by id */
        uint32_t officers_len, sources_len, municipalities_len;
        uint32_t submission_keys_len, datasets_len, linkages_len;
};

MUST_CHECK enum err rules_encode(const struct rules *r, struct buf *out);
MUST_CHECK enum err rules_decode(struct arena *a, struct bytes canonical, struct rules *out);

const struct rules_dataset *rules_dataset_find(const struct rules *r, struct bytes id);
const struct rules_linkage *rules_linkage_find(const struct rules *r, struct bytes id);
bool rules_has_municipality(const struct rules *r, municipality_t m);
/* Keys of a municipality that are good on a day, at most `room`; how many there are. */
unsigned rules_submission_keys(const struct rules *r, municipality_t m, int32_t day,
        const struct rules_submission_key **out, unsigned room);

/* rules_encode and rules_decode refuse the same things (ERR_INVALID when encoding,
 * ERR_MALFORMED when decoding), so whatever encodes also decodes: unsorted or
 * repeated names, a submission key of an unknown municipality or of two of them, a linkage of
 * unknown data sets or municipalities, without purpose, or that ends before it begins, a first
 * version with a predecessor and a later one without, more signatures required than there are
 * officers, or none of those there are. */

/* ERR_LINKAGE_REFUSED unless a valid linkage of this name covers data set and
 * purpose on the day (UTC) of `now_ms`, for a municipality of the bundle.
 * `out_joined` tells whether the records of this municipality may meet those of
 * others in it, or stay by themselves. */
MUST_CHECK enum err rules_may_link(const struct rules *r, struct bytes linkage,
        struct bytes dataset, municipality_t municipality, struct bytes purpose, int64_t now_ms,
        bool *out_joined);
bool rules_linkage_joins(const struct rules_linkage *l, municipality_t municipality);

/* A signed bundle file: u32-framed canonical bytes, then u8 n, then n × (32
 * bytes public key ‖ 64 bytes signature over label "statgate/policy/1"). */
struct signed_bundle {
        struct bytes canonical;
        uint32_t signatures_len;
        struct bundle_signature {
                uint8_t public_key[32], signature[64];
        } signatures[SIGNATURES_MAX]; /* by different keys */
};
MUST_CHECK enum err signed_bundle_decode(struct bytes file, struct signed_bundle *out);
MUST_CHECK enum err signed_bundle_encode(const struct signed_bundle *in, struct buf *out);
#define BUNDLE_LABEL "statgate/policy/1"

/* Whose signatures count, and how many there must be. */
struct authority {
        const uint8_t *keys; /* len × OFFICER_KEY_LEN, all different */
        uint32_t len, required;
};
/* The officers this bundle names; their keys are copied to `keys`. */
struct authority rules_authority(
        const struct rules *r, uint8_t keys[RULES_OFFICERS_MAX * OFFICER_KEY_LEN]);

/* ERR_POLICY_SIGNATURE unless enough of them signed. A signature by one of them
 * that does not hold refuses the file; those of others say nothing. `why` may be
 * NULL. */
MUST_CHECK enum err signed_bundle_check(
        const struct signed_bundle *b, const struct authority *who, struct refusal *why);

/* A bundle that was accepted, as whoever accepted it remembers it. */
struct predecessor {
        uint64_t version; /* 0: none yet */
        struct digest digest;
        bool names_officers;
};
/* Whether `next` is the bundle remembered (then *out_is_new is false) or the one
 * that may follow it: the next version, which names its digest, and which does
 * not do away with the officers. ERR_POLICY_SUCCESSION otherwise. */
MUST_CHECK enum err rules_succeed(const struct rules *next, const struct digest *digest,
        const struct predecessor *before, bool *out_is_new, struct refusal *why);

#endif
