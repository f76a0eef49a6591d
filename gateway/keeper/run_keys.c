/* SPDX-License-Identifier: Apache-2.0 */
/* run_keys.c: the messages that make, open, change and confirm the keyring, and the
 * bundle it obeys.
 *
 * The keeper has no disk. Whatever it must remember it hands out sealed and numbered,
 * and until the asking side confirms that number nothing rests on it: no key is used
 * and no bundle is in force. A state that could not be written is handed out again,
 * under the next number, the next time anybody asks. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/keeper/run_inner.h"

enum {
        RULES_ARENA_MAX = 64 << 20,
        /* How far the highest time seen may be ahead of the one on disk. */
        TIME_SAVED_EVERY_MS = 60 * 60 * 1000,
};

/* Waits for the passphrase; gives up when the gateway does. */
static enum err await(int descriptor, int hangup_fd)
{
        struct pollfd fds[2] = {
                {.fd = descriptor, .events = POLLIN},
                {.fd = hangup_fd, .events = 0},
        };

        for (;;) {
                if (poll(fds, 2, -1) < 0 && errno != EINTR)
                        return ERR_IO;
                if ((fds[1].revents & (POLLHUP | POLLERR)) != 0)
                        return ERR_KEEPER_GONE;
                if (fds[0].revents != 0)
                        return ERR_OK;
        }
}

/* To the end of the descriptor, into locked memory and nowhere else. One newline at
 * the end is the editor's, not the passphrase's. */
static enum err read_passphrase(const struct run *r, int descriptor, struct secret **out)
{
        OWNED(secret_free) struct secret *all = NULL;
        size_t len = 0;
        ssize_t n;

        TRY(secret_new(KEEPER_PASSPHRASE_MAX + 2, &all));
        do {
                TRY(await(descriptor, r->hangup_fd));
                n = read(descriptor, secret_bytes(all) + len, secret_len(all) - len);
                if (n < 0 && errno != EINTR && errno != EAGAIN)
                        return ERR_UNREADABLE;
                len += n > 0 ? (size_t)n : 0;
        } while (n != 0 && len < secret_len(all));
        if (len > 0 && secret_view(all)[len - 1] == '\n')
                len--;
        if (len > KEEPER_PASSPHRASE_MAX)
                return ERR_TOO_LARGE;
        if (len == 0)
                return ERR_PASSPHRASE;
        return secret_copy(secret_view(all), len, out);
}

enum err run_hand_out_state(struct run *r, struct request *rq)
{
        OWNED(buf_done) struct buf blob = {.ceiling = KEEPER_SLOT_LEN};
        struct bytes bytes;
        uint64_t generation = 0;

        TRY(run_quota_keep(r));
        TRY(run_log_keep(r));
        TRY(keyring_seal(r->keyring, &blob, &generation));
        TRY(buf_end(&blob, &bytes));
        memcpy(rq->slot, bytes.data, bytes.len);
        rq->output_len = bytes.len;
        r->last_sealed = generation;
        r->sealed_time_ms = keyring_time(r->keyring);
        put_u64(rq->answer, generation);
        return ERR_OK;
}

/* Generation 0 and no blob: nothing that is not on disk already. */
static enum err nothing_to_save(struct request *rq)
{
        put_u64(rq->answer, 0);
        return ERR_OK;
}

enum err run_take_keyring(struct run *r, struct keyring **k)
{
        OWNED(quotas_free) struct quotas *quotas = NULL;
        OWNED(erasures_free) struct erasures *erasures = NULL;
        struct run_log log;

        TRY(run_quota_load(*k, &quotas, &erasures));
        TRY(run_log_load(*k, &log));
        run_forget_ciphers(r);
        run_forget_persons(r);
        keyring_free(&r->keyring);
        quotas_free(&r->quotas);
        erasures_free(&r->erasures);
        r->quotas = quotas;
        quotas = NULL;
        r->erasures = erasures;
        erasures = NULL;
        r->log = log;
        signer_free(&r->signer);
        r->keyring = *k;
        *k = NULL;
        r->last_sealed = keyring_generation(r->keyring);
        r->sealed_time_ms = keyring_time(r->keyring);
        return run_persons(r);
}

enum err run_HELLO(struct run *r, struct request *rq)
{
        uint32_t protocol, slots, slot_len;

        TRY(read_u32(&rq->payload, &protocol));
        TRY(read_u32(&rq->payload, &slots));
        TRY(read_u32(&rq->payload, &slot_len));
        TRY(read_end(&rq->payload));
        if (r->state == KEEPER_FAILED)
                return r->failed;
        if (protocol != KEEPER_PROTOCOL || slots != r->slots || slot_len != KEEPER_SLOT_LEN)
                return ERR_UNSUPPORTED;
        put_u64(rq->answer, r->keyring != NULL ? keyring_generation(r->keyring) : 0);
        return ERR_OK;
}

enum err run_CREATE(struct run *r, struct request *rq)
{
        OWNED(secret_free) struct secret *passphrase = NULL;
        OWNED(keyring_free) struct keyring *k = NULL;
        struct keyring_cost cost;
        struct bytes signer;

        TRY(read_u32(&rq->payload, &cost.memory_kib));
        TRY(read_u32(&rq->payload, &cost.passes));
        TRY(read_fixed(&rq->payload, SIGN_PUBLIC_LEN, &signer));
        TRY(read_end(&rq->payload));
        TRY(read_passphrase(r, rq->descriptor, &passphrase));
        TRY(keyring_new(passphrase, cost, signer.data, clock_now_ms(), &k));
        TRY(run_take_keyring(r, &k));
        r->state = KEEPER_CREATED;
        (void)run_now(r);
        return run_hand_out_state(r, rq);
}

enum err run_UNSEAL(struct run *r, struct request *rq)
{
        OWNED(secret_free) struct secret *passphrase = NULL;
        OWNED(keyring_free) struct keyring *k = NULL;

        TRY(read_end(&rq->payload));
        TRY(read_passphrase(r, rq->descriptor, &passphrase));
        TRY(keyring_open(passphrase, bytes_of(rq->input, rq->input_len), &k));
        TRY(run_take_keyring(r, &k));
        r->state = KEEPER_UNSEALED;
        put_u64(rq->answer, keyring_generation(r->keyring));
        return ERR_OK;
}

void run_officers(const struct run *r, struct keyring_officers *out)
{
        *out = *keyring_officers(r->keyring);
        if (out->len == 0)
                keyring_pinned(r->keyring, out);
}

/* On whose word the next bundle rules: see run_officers. The bundle that ruled when we were last
 * asked needs nobody's word again: the sealed state holds its digest. Nothing is parsed before this
 * was asked. */
static enum err check_signed(
        const struct run *r, const struct signed_bundle *b, const struct digest *digest)
{
        struct keyring_officers officers;
        struct digest running;
        uint64_t version = keyring_policy(r->keyring, &running);

        if (version > 0 && digest_equal(digest, &running))
                return ERR_OK;
        run_officers(r, &officers);
        const struct authority who = {officers.keys, officers.len, officers.required};
        return signed_bundle_check(b, &who, NULL);
}

/* The same bundle as the one remembered, or the next that names it. */
static enum err check_succession(const struct run *r, const struct rules *rules,
        const struct digest *digest, bool *out_is_new)
{
        struct predecessor before = {.names_officers = keyring_officers(r->keyring)->len > 0};

        before.version = keyring_policy(r->keyring, &before.digest);
        return rules_succeed(rules, digest, &before, out_is_new, NULL);
}

static void remember(struct run *r, const struct rules *rules, const struct digest *digest)
{
        struct keyring_officers officers = {.required = rules->signers_required};

        _Static_assert(sizeof officers.keys >= (size_t)RULES_OFFICERS_MAX * OFFICER_KEY_LEN,
                "room for all");
        officers.len = rules_authority(rules, officers.keys).len;
        keyring_policy_set(r->keyring, rules->version, digest, &officers);
}

static enum err read_ruling(struct bytes canonical, struct ruling *out)
{
        struct ruling fresh = {.arena = arena_new(RULES_ARENA_MAX)};
        struct bytes copy;
        enum err e;

        if (fresh.arena == NULL)
                return ERR_NO_MEMORY;
        e = bytes_copy(fresh.arena, canonical, &copy);
        if (e == ERR_OK)
                e = rules_decode(fresh.arena, copy, &fresh.rules);
        if (e != ERR_OK) {
                arena_free(&fresh.arena);
                return e == ERR_NO_MEMORY ? e : ERR_POLICY_REFUSED;
        }
        *out = fresh;
        return ERR_OK;
}

static void rule_by(struct run *r, struct ruling *ruling)
{
        ruling_done(&r->ruling);
        r->ruling = *ruling;
        *ruling = (struct ruling){.arena = NULL};
        r->state = KEEPER_RULED;
        log_event(LOG_INFO, "keeper_bundle", LOG_NUM("version", r->ruling.rules.version));
}

enum err run_LOAD_BUNDLE(struct run *r, struct request *rq)
{
        OWNED(ruling_done) struct ruling fresh = {.arena = NULL};
        struct signed_bundle bundle;
        struct digest digest;
        bool is_new;

        TRY(read_end(&rq->payload));
        if (signed_bundle_decode(bytes_of(rq->input, rq->input_len), &bundle) != ERR_OK)
                return ERR_POLICY_REFUSED;
        digest_of(bundle.canonical, &digest);
        TRY(check_signed(r, &bundle, &digest));
        TRY(read_ruling(bundle.canonical, &fresh));
        TRY(check_succession(r, &fresh.rules, &digest, &is_new));
        if (is_new)
                remember(r, &fresh.rules, &digest);
        if (!keyring_dirty(r->keyring)) {
                rule_by(r, &fresh);
                /* A start is a good moment to let the disk know what time it is. */
                if (run_now(r) < r->sealed_time_ms + TIME_SAVED_EVERY_MS)
                        return nothing_to_save(rq);
                return run_hand_out_state(r, rq);
        }
        (void)run_now(r);
        TRY(run_hand_out_state(r, rq));
        ruling_done(&r->pending);
        r->pending = fresh;
        fresh = (struct ruling){.arena = NULL};
        r->pending_since = r->last_sealed;
        return ERR_OK;
}

enum err run_CONFIRM(struct run *r, struct request *rq)
{
        uint64_t generation;

        TRY(read_u64(&rq->payload, &generation));
        TRY(read_end(&rq->payload));
        if (generation == 0 || generation > r->last_sealed)
                return ERR_INVALID;
        keyring_confirm(r->keyring, generation);
        if (r->state == KEEPER_CREATED)
                r->state = KEEPER_UNSEALED;
        if (r->pending.arena != NULL && generation >= r->pending_since)
                rule_by(r, &r->pending);
        put_u64(rq->answer, keyring_generation(r->keyring));
        return ERR_OK;
}

/* A municipality that delivers one data set will deliver the others: its keys are made
 * together, since the whole state is sealed and written each time. One at a time, the
 * first deliveries of a country wrote it four thousand times. */
static enum err make_keys_of(struct run *r, municipality_t municipality)
{
        const struct rules *rules = &r->ruling.rules;

        for (uint32_t i = 0; i < rules->datasets_len; i++) {
                struct bytes id = rules->datasets[i].id;
                struct domain d = {.municipality = municipality};

                memcpy(d.dataset, id.data, id.len);
                TRY(keyring_domain_make(r->keyring, &d, run_now(r)));
        }
        return ERR_OK;
}

enum err run_PREPARE_DOMAIN(struct run *r, struct request *rq)
{
        const struct rules *rules = &r->ruling.rules;
        struct domain d;

        TRY(keeper_read_domain(&rq->payload, &d));
        TRY(read_end(&rq->payload));
        if (rules_dataset_find(rules, bytes_of_text(d.dataset)) == NULL ||
                !rules_has_municipality(rules, d.municipality))
                return ERR_NOT_ALLOWED;
        if (keyring_domain_ready(r->keyring, &d))
                return nothing_to_save(rq);
        TRY(make_keys_of(r, d.municipality));
        return run_hand_out_state(r, rq);
}

enum err run_PREPARE_LINKAGE(struct run *r, struct request *rq)
{
        char linkage[NAME_MAX_LEN + 1];

        TRY(keeper_read_name(&rq->payload, linkage));
        TRY(read_end(&rq->payload));
        if (rules_linkage_find(&r->ruling.rules, bytes_of_text(linkage)) == NULL)
                return ERR_LINKAGE_REFUSED;
        if (keyring_linkage_ready(r->keyring, linkage))
                return nothing_to_save(rq);
        TRY(keyring_linkage_make(r->keyring, linkage, run_now(r)));
        return run_hand_out_state(r, rq);
}

enum err run_STOP(struct run *r, struct request *rq)
{
        (void)r;
        return read_end(&rq->payload);
}
