/* SPDX-License-Identifier: Apache-2.0 */
/* run_inner.h: what the files of the running side share, and nobody else sees. */
#ifndef STATGATE_GATEWAY_KEEPER_RUN_INNER_H
#define STATGATE_GATEWAY_KEEPER_RUN_INNER_H

#include "base/arena.h"
#include "crypto/box.h"
#include "crypto/keyring.h"
#include "crypto/pseudonym.h"
#include "crypto/secret.h"
#include "crypto/share.h"
#include "crypto/statement.h"
#include "gateway/keeper/alias_book.h"
#include "gateway/keeper/erasures.h"
#include "gateway/keeper/hsm.h"
#include "gateway/keeper/quota.h"
#include "gateway/keeper/run.h"
#include "gateway/keeper/sealed.h"
#include "policies/rules/rules.h"

/* Cipher contexts cost a microsecond to make; a cache of one entry per place in
 * the table is bounded and forgets by being overwritten. */
enum { DOMAIN_CACHE_LEN = 1024, TOKEN_CACHE_LEN = 16, ALIAS_CACHE_LEN = 4 };

struct domain_cipher {
        struct domain domain;
        uint32_t epoch;
        struct block_key *key;
};

struct token_cipher {
        char linkage[NAME_MAX_LEN + 1];
        struct vintage vintage;
        struct domain alone; /* municipality 0: of all that the linkage joins */
        struct block_key *key;
        struct block_key *noise; /* of the same persons, whatever the vintage */
};

/* Who became whom, as a vintage has it that was published at this mark. */
struct alias_cache {
        uint32_t mark;
        struct alias_map *map;
};

/* A bundle that was verified: rules borrow from the arena. */
struct ruling {
        struct arena *arena; /* NULL: none */
        struct rules rules;
};

/* The request being handled, with its input already in private memory. */
struct request {
        struct reader payload;
        uint8_t *input; /* bulk input, ours */
        size_t input_len;
        uint8_t *slot; /* where bulk output goes; NULL on a small lane */
        int descriptor;
        struct buf *answer; /* payload of the answer */
        size_t output_len;  /* bulk output standing in the slot */
};

/* What the audit log was when a head of it was signed last, and which restores officers agreed
 * to, oldest first. */
enum { RESTORES_MAX = 16 };
struct run_log {
        uint64_t size;
        struct digest root;
        uint32_t restores_len;
        struct digest restores[RESTORES_MAX]; /* of the statements */
        bool changed;                         /* the keyring does not know yet */
};

struct run {
        enum keeper_state state;
        enum err failed;
        uint8_t *memory; /* shared: read by copying only */
        unsigned slots;
        int hangup_fd;

        /* Private, KEEPER_SLOT_LEN each: input, plain text, sealed output. */
        uint8_t *input, *plain, *sealed;

        struct keyring *keyring;
        struct hsm_keys hsm; /* what the security module unwrapped and wrapped; empty: none */
        /* Of officers who came one after the other; run_officer.c. */
        struct share shares[SHARES_MAX];
        unsigned shares_len;
        int64_t shares_since_ms;
        struct run_person { /* every k_person that may be used, oldest first */
                uint32_t epoch;
                struct person_key *key;
        } persons[2];
        unsigned persons_len;
        /* As new as the keyring or newer; NULL without one. */
        struct quotas *quotas;
        struct erasures *erasures;
        uint64_t last_sealed;   /* the newest generation given out */
        int64_t sealed_time_ms; /* highest time in it */
        struct run_log log;     /* as new as the keyring or newer */
        struct signer *signer;  /* of heads, by the key of this id; NULL: to be made */
        char signer_id[BOX_KEY_ID_LEN + 1];
        struct ruling ruling;   /* in force */
        struct ruling pending;  /* verified, in force once its state is on disk */
        uint64_t pending_since; /* generation that carries it */
        bool clock_went_back;   /* said once */
        struct run_refused {    /* boxes that were no good, since that was told last */
                uint64_t boxes;
                int64_t told_ms;
        } refused;

        struct domain_cipher domains[DOMAIN_CACHE_LEN];
        struct token_cipher tokens[TOKEN_CACHE_LEN];
        struct alias_cache aliases[ALIAS_CACHE_LEN];
        unsigned aliases_next; /* to be overwritten */
};

/* The highest of the clock and every time seen before: a clock that is set back
 * does not bring a linkage back to life. */
int64_t run_now(struct run *r);

/* Keys that may be used: ERR_NOT_FOUND when there are none, or when their state is not on disk
 * yet; ERR_DESTROYED when those of `epoch` (0: any) have ended. Borrowed. */
MUST_CHECK enum err run_domain(struct run *r, const struct domain *d, uint32_t epoch,
        const struct domain_keys **out_keys, const struct block_key **out_cipher);
/* The ciphers of one linkage and vintage, or of one domain alone in it (NULL: of all
 * that are joined). Borrowed until the next call. */
MUST_CHECK enum err run_token_cipher(struct run *r, const char *linkage, struct vintage vintage,
        const struct domain *alone, const struct token_cipher **out);
void run_forget_ciphers(struct run *r);
/* run_alias.c: of a vintage of this mark; NULL: nobody became anybody. Borrowed until the next
 * call. ERR_OUT_OF_ORDER: the book has not come that far. */
MUST_CHECK enum err run_aliases_at(struct run *r, uint32_t mark, const struct alias_map **out);
void run_forget_aliases(struct run *r);
/* Names under the older k_person leave the book. ERR_ROTATING: it alone knows some events. */
MUST_CHECK enum err run_aliases_settle(struct run *r);

/* run_keys.c: puts an opened or new keyring in the place of what was there. */
MUST_CHECK enum err run_take_keyring(struct run *r, struct keyring **k);
/* run_keys.c: whose word counts: the officers whom the running bundle names, or, where it names
 * none or nothing has ruled yet, the signers we have pinned. */
void run_officers(const struct run *r, struct keyring_officers *out);
/* run_officer.c */
void run_forget_shares(struct run *r);
/* run_person.c: r->persons as the keyring has them; when the state that holds a new one was
 * confirmed, it is there. */
MUST_CHECK enum err run_persons(struct run *r);
void run_forget_persons(struct run *r);
/* The key that names persons in an epoch; NULL: it has ended. */
const struct person_key *run_person_find(const struct run *r, uint32_t epoch);
/* Of an opened batch: names under a k_person that ended go, where there are others; so the
 * first names are those that everything is linked by. False: these persons are named by an ended
 * k_person alone, and can neither be linked nor found again. */
MUST_CHECK bool run_persons_now(const struct run *r, struct sealed_batch *b);
/* run_keys.c: the state as it is now, sealed as the next generation, into the slot. */
MUST_CHECK enum err run_hand_out_state(struct run *r, struct request *rq);
void ruling_done(struct ruling *ruling);

/* run_public.c: the pairs that are on disk and whose time is not over, the one in use first. */
unsigned run_live_pairs(
        struct run *r, enum keyring_pair kind, struct keyring_pair_key out[KEYRING_PAIR_LIVE_MAX]);
/* run_box.c: a box, by the keeper's own keys, rules and day. `head` is where it arrived, but for
 * the key's id; `plain` has room for what is in it. ERR_BOX_KEY, _SIGNATURE, _CLOSED, _MISPLACED,
 * ERR_MALFORMED. */
struct run_box {
        struct bytes key_id, signature, box;
};
MUST_CHECK enum err run_box_open(struct run *r, struct box_head *head, const struct run_box *in,
        uint8_t *plain, struct box_persons *out);
/* The same for the key of one record, in `plain` of BOX_RECORD_PLAIN bytes. */
MUST_CHECK enum err run_box_open_record(struct run *r, struct box_head *head,
        const struct run_box *in, uint8_t *plain, struct bytes *out);
/* Whether a submission key that the rules name for the municipality today signed a statement. */
MUST_CHECK enum err run_check_statement(
        struct run *r, const struct statement *s, struct bytes signature);
/* A box that is bound to a request of its own, whose name begins with its time in milliseconds
 * (UUID of version 7), is good for a day. ERR_BOX_MISPLACED. */
MUST_CHECK enum err run_check_age(struct run *r, const struct submission_id *request);
/* The persons of a batch as a box has them behind its head. */
MUST_CHECK enum err run_persons_digest(const struct box_persons *p, struct digest *out);

/* run_quota.c: what the keyring remembers of quotas (ERR_KEYRING), and into the keyring what it
 * does not remember yet. */
MUST_CHECK enum err run_quota_load(
        const struct keyring *k, struct quotas **out_persons, struct erasures **out_erasures);
MUST_CHECK enum err run_quota_keep(struct run *r);
/* A batch of a municipality, on trial: ERR_QUOTA at the end of it is told in the log. */
MUST_CHECK enum err run_quota_begin(
        struct run *r, municipality_t municipality, struct quota_trial *t);
MUST_CHECK enum err run_quota_count(
        struct run *r, struct quota_trial *t, const struct person_column *who, size_t rows);
MUST_CHECK enum err run_quota_end(struct run *r, const struct quota_trial *t);
/* A request to erase, by pieces of what makes it what it is: counted (ERR_ERASURES, told in the
 * log), and later whether it was (ERR_NOT_ALLOWED). */
MUST_CHECK enum err run_erasure_admit(
        struct run *r, municipality_t m, const struct bytes *what, unsigned len);
MUST_CHECK enum err run_erasure_check(
        struct run *r, municipality_t m, const struct bytes *what, unsigned len);

/* run_head.c: what the keyring remembers of the audit log (ERR_KEYRING), and into the keyring what
 * it does not remember yet; whether it is time that a state is written for it. */
MUST_CHECK enum err run_log_load(const struct keyring *k, struct run_log *out);
MUST_CHECK enum err run_log_keep(struct run *r);
bool run_log_due(struct run *r, bool at_once);

/* The handlers, one per message of the table. */
#define RUN_HANDLER(name, number, states, lane, fds, bulk, shortest, longest, answer)              \
        MUST_CHECK enum err run_##name(struct run *r, struct request *rq);
KEEPER_MESSAGES(RUN_HANDLER)
#undef RUN_HANDLER

#endif
