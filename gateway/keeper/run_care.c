/* SPDX-License-Identifier: Apache-2.0 */
/* run_care.c: the messages that tell of keys, rotate them and end them.
 *
 * REKEY is the only one that touches records: pseudonyms go from the old block key of their
 * domain to the new through the person code, in the keeper's own pages, and the body is
 * carried over unread. Nobody needs the numbers for that, and nobody else could do it.
 *
 * What the gateway may ask is bounded by what it could do anyway: it can lose batches by
 * not storing them. Ending the keys of a domain is no more than that, done thoroughly; it
 * is told in the log and cannot be undone. Linkage keys and old pairs end when the
 * keeper's own rules and clock say so, whoever asks. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/keeper/care.h"
#include "gateway/keeper/run_inner.h"

enum { MS_PER_DAY = 86400000, LISTING_MAX = KEEPER_SLOT_LEN };

/* KEYS ----------------------------------------------------------------------------- */

static void put_state(struct buf *out, const struct key_state *s)
{
        put_u8(out, (uint8_t)s->kind);
        put_text(out, s->name);
        put_u16(out, s->municipality);
        put_u32(out, s->epoch);
        put_u32(out, s->oldest);
        put_u32(out, s->highest);
        put_u64(out, (uint64_t)s->created_ms);
        put_u64(out, (uint64_t)s->until_ms);
        put_u8(out, s->required);
        put_u8(out, s->total);
}

static uint32_t list_persons(const struct keyring *k, struct buf *out)
{
        struct person_epoch epochs[2];
        unsigned len = keyring_person_epochs(k, epochs);

        for (unsigned i = 0; i < len; i++)
                put_state(out, &(struct key_state){.kind = KEY_PERSON,
                                       .epoch = epochs[i].epoch,
                                       .oldest = epochs[0].epoch,
                                       .highest = epochs[len - 1].epoch,
                                       .created_ms = epochs[i].created_ms});
        return len;
}

static uint32_t list_domains(const struct keyring *k, struct buf *out)
{
        size_t len = keyring_domains_len(k);

        for (size_t i = 0; i < len; i++) {
                struct keyring_domain_info info;
                struct key_state s = {.kind = KEY_DOMAIN};

                keyring_domain_info(k, i, &info);
                memcpy(s.name, info.name.dataset, sizeof s.name);
                s.municipality = info.name.municipality;
                s.epoch = info.epoch;
                s.oldest = info.oldest;
                s.highest = info.highest;
                s.created_ms = info.created_ms;
                put_state(out, &s);
        }
        return (uint32_t)len;
}

static uint32_t list_linkages(const struct keyring *k, struct buf *out)
{
        size_t len = keyring_linkages_len(k);

        for (size_t i = 0; i < len; i++) {
                struct keyring_linkage_info info;
                struct key_state s = {.kind = KEY_LINKAGE};

                keyring_linkage_info(k, i, &info);
                memcpy(s.name, info.name, sizeof s.name);
                s.created_ms = info.created_ms;
                put_state(out, &s);
        }
        return (uint32_t)len;
}

static uint32_t list_pairs(
        const struct keyring *k, enum keyring_pair pair, enum key_kind kind, struct buf *out)
{
        struct keyring_pair_key keys[KEYRING_PAIR_LIVE_MAX];
        unsigned len = keyring_pairs(k, pair, keys);

        for (unsigned i = 0; i < len; i++) {
                struct key_state s = {.kind = kind,
                        .created_ms = keys[i].created_ms,
                        .until_ms = keys[i].until_ms};

                memcpy(s.name, keys[i].id, sizeof keys[i].id);
                put_state(out, &s);
        }
        return len;
}

static uint32_t list_locks(const struct keyring *k, struct buf *out)
{
        static const char *const names[] = {"", "passphrase", "shares", "hsm"};
        struct keyring_lock_info locks[KEYRING_LOCKS_MAX];
        unsigned len = keyring_locks(k, locks);

        for (unsigned i = 0; i < len; i++) {
                struct key_state s = {.kind = KEY_LOCK,
                        .created_ms = locks[i].created_ms,
                        .required = locks[i].required,
                        .total = locks[i].total};
                const char *name = names[locks[i].kind];

                memcpy(s.name, name, strlen(name));
                put_state(out, &s);
        }
        return len;
}

static uint32_t list_quotas(struct run *r, struct buf *out)
{
        struct quota_refusal refused[QUOTA_SKETCHES_MAX];
        unsigned len =
                quotas_refused(r->quotas, quota_half(run_now(r)), refused, ARRAY_LEN(refused));

        for (unsigned i = 0; i < len; i++)
                put_state(out, &(struct key_state){.kind = KEY_QUOTA,
                                       .municipality = refused[i].municipality,
                                       .created_ms = refused[i].at_ms});
        return len;
}

enum err run_KEYS(struct run *r, struct request *rq)
{
        OWNED(buf_done) struct buf list = {.ceiling = LISTING_MAX};
        const struct keyring *k = r->keyring;
        struct bytes bytes;
        uint32_t len;

        TRY(read_end(&rq->payload));
        len = list_persons(k, &list);
        len += list_domains(k, &list);
        len += list_linkages(k, &list);
        len += list_pairs(k, KEYRING_SEALING, KEY_SEALING, &list);
        len += list_pairs(k, KEYRING_SIGNING, KEY_SIGNING, &list);
        len += list_locks(k, &list);
        len += list_quotas(r, &list);
        TRY(buf_end(&list, &bytes));
        memcpy(rq->slot, bytes.data, bytes.len);
        rq->output_len = bytes.len;
        put_u32(rq->answer, len);
        return ERR_OK;
}

/* Domains ---------------------------------------------------------------------------- */

static void tell(const char *event, const struct domain *d, uint32_t epoch)
{
        log_event(LOG_INFO, event, LOG_TEXT("dataset", d->dataset),
                LOG_NUM("municipality", d->municipality), LOG_NUM("epoch", epoch));
}

static bool reaches(
        const char *dataset, municipality_t municipality, const struct keyring_domain_info *info)
{
        return (dataset[0] == '\0' || strcmp(dataset, info->name.dataset) == 0) &&
               (municipality == 0 || municipality == info->name.municipality) && info->epoch != 0;
}

enum err run_ROTATE_DOMAINS(struct run *r, struct request *rq)
{
        char dataset[NAME_MAX_LEN + 1];
        municipality_t municipality;
        uint32_t found = 0, begun = 0;
        uint8_t mark;

        TRY(read_u8(&rq->payload, &mark));
        TRY(keeper_read_label(&rq->payload, dataset));
        TRY(read_u16(&rq->payload, &municipality));
        TRY(read_end(&rq->payload));
        if (mark != REACH_MARK)
                return ERR_MALFORMED;
        for (size_t i = 0; i < keyring_domains_len(r->keyring); i++) {
                struct keyring_domain_info info;

                keyring_domain_info(r->keyring, i, &info);
                if (!reaches(dataset, municipality, &info))
                        continue;
                found++;
                if (info.oldest != info.epoch)
                        continue;
                TRY(keyring_domain_rotate(r->keyring, &info.name, run_now(r)));
                begun++;
        }
        if (begun == 0)
                return found > 0 ? ERR_ROTATING : ERR_NOT_FOUND;
        log_event(LOG_INFO, "keeper_domains_rotate", LOG_NUM("domains", begun));
        TRY(run_hand_out_state(r, rq));
        put_u32(rq->answer, begun);
        return ERR_OK;
}

/* Pseudonyms of one epoch into those of another, in place. */
static enum err carry_over(
        const struct block_key *from, const struct block_key *to, uint8_t *pseudonyms, size_t rows)
{
        TRY(pseudonyms_open(from, pseudonyms, rows, pseudonyms));
        return pseudonyms_make(to, pseudonyms, rows, pseudonyms);
}

static enum err carry_batch(const struct domain_keys *old, const struct block_key *from,
        const struct domain_keys *new, struct sealed_batch *b)
{
        OWNED(block_key_free) struct block_key *to = NULL;

        /* Tags and receipts must be what they were, or corrections and replays would no longer
         * be known: rotation carries that key along. */
        if (!secret_equal(old->tag, new->tag))
                return ERR_INTERNAL;
        TRY(block_key_new(new->pseudonym, &to));
        TRY(carry_over(from, to, b->pseudonyms, b->rows));
        if (b->guardians > 0)
                TRY(carry_over(from, to, b->guardian_pseudonyms, b->guardians));
        if (b->second_epoch == 0)
                return ERR_OK;
        TRY(carry_over(from, to, b->second, b->rows));
        return b->guardians == 0 ? ERR_OK : carry_over(from, to, b->second_guardians, b->guardians);
}

enum err run_REKEY(struct run *r, struct request *rq)
{
        const struct domain_keys *old, *new;
        const struct block_key *from;
        struct batch_name name;
        struct sealed_batch b;
        uint32_t epoch;
        enum err e;

        TRY(keeper_read_batch(&rq->payload, &name));
        TRY(read_u32(&rq->payload, &epoch));
        TRY(read_end(&rq->payload));
        if (epoch == 0)
                return ERR_MALFORMED;
        if (rq->input_len > KEEPER_SEALED_MAX)
                return ERR_TOO_LARGE;
        TRY(run_domain(r, &name.domain, epoch, &old, &from));
        new = keyring_domain_find(r->keyring, &name.domain);
        TRY(sealed_open(old->data, &name, epoch, bytes_of(rq->input, rq->input_len), r->plain, &b));
        e = run_persons(r);
        if (e == ERR_OK && !run_persons_now(r, &b))
                log_event(LOG_WARNING, "keeper_persons_ended"); /* carried along all the same */
        if (e == ERR_OK)
                e = carry_batch(old, from, new, &b);
        if (e == ERR_OK)
                e = sealed_write(new->data, &name, new->epoch, &b, r->sealed);
        if (e == ERR_OK) {
                rq->output_len = sealed_len(&b);
                memcpy(rq->slot, r->sealed, rq->output_len);
                put_u32(rq->answer, new->epoch);
        }
        wipe(r->plain, rq->input_len);
        return e;
}

enum err run_RETIRE_DOMAIN(struct run *r, struct request *rq)
{
        struct domain d;
        uint32_t epoch;

        TRY(keeper_read_domain(&rq->payload, &d));
        TRY(read_u32(&rq->payload, &epoch));
        TRY(read_end(&rq->payload));
        TRY(keyring_domain_retire(r->keyring, &d, epoch));
        run_forget_ciphers(r);
        tell("keeper_epoch_destroyed", &d, epoch);
        return run_hand_out_state(r, rq);
}

enum err run_DESTROY_DOMAIN(struct run *r, struct request *rq)
{
        struct domain d;

        TRY(keeper_read_domain(&rq->payload, &d));
        TRY(read_end(&rq->payload));
        TRY(keyring_domain_destroy(r->keyring, &d));
        run_forget_ciphers(r);
        tell("keeper_domain_destroyed", &d, 0);
        return run_hand_out_state(r, rq);
}

/* Pairs, and what outlived itself ----------------------------------------------------- */

enum err run_ROTATE_PAIR(struct run *r, struct request *rq)
{
        static const int64_t overlap_max = (int64_t)366 * MS_PER_DAY;
        uint64_t overlap_ms;
        uint8_t kind;

        TRY(read_u8(&rq->payload, &kind));
        TRY(read_u64(&rq->payload, &overlap_ms));
        TRY(read_end(&rq->payload));
        if (kind == 0 || kind > KEYRING_PAIR_KINDS || overlap_ms > (uint64_t)overlap_max)
                return ERR_INVALID;
        (void)keyring_pairs_prune(r->keyring, run_now(r));
        TRY(keyring_pair_rotate(
                r->keyring, (enum keyring_pair)(kind - 1), run_now(r), (int64_t)overlap_ms));
        log_event(LOG_INFO, "keeper_pair_rotated",
                LOG_TEXT("kind", kind - 1 == KEYRING_SEALING ? "sealing" : "signing"));
        return run_hand_out_state(r, rq);
}

/* Whether the rules in force have no use for a linkage's keys any more. */
static bool linkage_is_over(struct run *r, const char *name)
{
        const struct rules_linkage *l = rules_linkage_find(&r->ruling.rules, bytes_of_text(name));

        return l == NULL || run_now(r) / MS_PER_DAY > l->until_days;
}

static enum err prune_linkages(struct run *r, uint32_t *pruned)
{
        for (size_t i = keyring_linkages_len(r->keyring); i > 0; i--) {
                struct keyring_linkage_info info;

                keyring_linkage_info(r->keyring, i - 1, &info);
                if (!linkage_is_over(r, info.name))
                        continue;
                TRY(keyring_linkage_destroy(r->keyring, info.name));
                log_event(LOG_INFO, "keeper_linkage_destroyed", LOG_TEXT("linkage", info.name));
                (*pruned)++;
        }
        return ERR_OK;
}

enum err run_PRUNE(struct run *r, struct request *rq)
{
        uint32_t pruned = 0;

        TRY(read_end(&rq->payload));
        /* A bundle that is not in force yet may know linkages that this one does not. */
        if (r->pending.arena == NULL)
                TRY(prune_linkages(r, &pruned));
        if (keyring_pairs_prune(r->keyring, run_now(r)))
                pruned++;
        if (pruned > 0) {
                run_forget_ciphers(r);
                TRY(run_hand_out_state(r, rq));
        } else {
                put_u64(rq->answer, 0);
        }
        put_u32(rq->answer, pruned);
        return ERR_OK;
}
