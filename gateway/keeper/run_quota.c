/* SPDX-License-Identifier: Apache-2.0 */
/* run_quota.c: quotas on persons, where batches come in and where states go out.
 *
 * What was counted travels with every state that is handed out anyway. Between those the
 * gateway asks with SAVE: after each commit, when something was counted and the last state is a
 * minute old; and when it stops. Only a crash forgets, and no more than that minute. */
#include <string.h>

#include "base/log.h"
#include "gateway/keeper/quota.h"
#include "gateway/keeper/run_inner.h"

enum { SAVED_EVERY_MS = 60 * 1000, TOLD_EVERY_MS = 60 * 60 * 1000 };

static const char note_name[] = "quotas";

enum err run_quota_load(const struct keyring *k, struct quotas **out)
{
        struct bytes note = keyring_note(k, note_name);

        if (note.len == 0)
                return quotas_new(out);
        return quotas_read(note, out) == ERR_OK ? ERR_OK : ERR_KEYRING;
}

enum err run_quota_keep(struct run *r)
{
        OWNED(buf_done) struct buf note = {.ceiling = KEYRING_NOTE_MAX};
        struct bytes bytes;
        enum err e;

        if (!quotas_changed(r->quotas))
                return ERR_OK;
        quotas_put(r->quotas, &note);
        e = buf_end(&note, &bytes);
        if (e == ERR_OK)
                e = keyring_note_set(r->keyring, note_name, bytes);
        if (e == ERR_OK)
                quotas_kept(r->quotas);
        wipe(note.data, note.len);
        return e;
}

static uint32_t quota_of(const struct rules *rules, municipality_t municipality)
{
        for (uint32_t i = 0; rules->person_quotas != NULL && i < rules->municipalities_len; i++)
                if (rules->municipalities[i] == municipality)
                        return rules->person_quotas[i];
        return 0;
}

/* Once an hour and municipality, or the log would tell how often it tries. */
static void tell_refused(struct run *r, municipality_t municipality, int64_t before_ms)
{
        if (run_now(r) - before_ms >= TOLD_EVERY_MS)
                log_event(LOG_WARNING, "quota_exceeded", LOG_NUM("municipality", municipality));
}

static int64_t last_refusal(const struct run *r, municipality_t municipality, uint32_t half)
{
        struct quota_refusal all[QUOTA_SKETCHES_MAX];
        unsigned len = quotas_refused(r->quotas, half, all, QUOTA_SKETCHES_MAX);

        for (unsigned i = 0; i < len; i++)
                if (all[i].municipality == municipality)
                        return all[i].at_ms;
        return 0;
}

enum err run_quota_begin(struct run *r, municipality_t municipality, struct quota_trial *t)
{
        if (quota_of(&r->ruling.rules, municipality) == 0) {
                t->municipality = 0;
                return ERR_OK;
        }
        quotas_epoch(r->quotas, r->persons[0].epoch);
        quota_begin(r->quotas, municipality, quota_half(run_now(r)), t);
        return ERR_OK;
}

enum err run_quota_count(struct run *r, struct quota_trial *t, const uint8_t *codes, size_t rows)
{
        return t->municipality == 0 ? ERR_OK : quota_count(r->quotas, t, codes, rows);
}

enum err run_quota_end(struct run *r, const struct quota_trial *t)
{
        uint32_t most = quota_of(&r->ruling.rules, t->municipality);
        int64_t before_ms;
        enum err e;

        if (t->municipality == 0)
                return ERR_OK;
        before_ms = last_refusal(r, t->municipality, t->half);
        e = quota_end(r->quotas, t, most, run_now(r));
        if (e == ERR_QUOTA)
                tell_refused(r, t->municipality, before_ms);
        return e;
}

static bool is_due(struct run *r, bool at_once)
{
        return quotas_changed(r->quotas) &&
               (at_once || run_now(r) >= r->sealed_time_ms + SAVED_EVERY_MS);
}

enum err run_SAVE(struct run *r, struct request *rq)
{
        uint8_t when;

        TRY(read_u8(&rq->payload, &when));
        TRY(read_end(&rq->payload));
        if (when != SAVE_WHEN_DUE && when != SAVE_AT_ONCE)
                return ERR_MALFORMED;
        if (!is_due(r, when == SAVE_AT_ONCE) && !run_log_due(r, when == SAVE_AT_ONCE)) {
                put_u64(rq->answer, 0);
                return ERR_OK;
        }
        return run_hand_out_state(r, rq);
}
