/* SPDX-License-Identifier: Apache-2.0 */
/* run_quota.c: quotas on persons and erasures, where they come in and where states go out.
 *
 * What was counted travels with every state that is handed out anyway. Between those the
 * gateway asks with SAVE: after each commit, when something was counted and the last state is a
 * minute old; and when it stops. Only a crash forgets, and no more than that minute. An erasure
 * is on disk before anything is looked for. */
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "gateway/keeper/quota.h"
#include "gateway/keeper/run_inner.h"

enum { SAVED_EVERY_MS = 60 * 1000, TOLD_EVERY_MS = 60 * 60 * 1000 };

static const char persons_note[] = "quotas", erasures_note[] = "erasures";

enum err run_quota_load(
        const struct keyring *k, struct quotas **out_persons, struct erasures **out_erasures)
{
        OWNED(quotas_free) struct quotas *persons = NULL;
        struct bytes note = keyring_note(k, persons_note);
        enum err e = note.len == 0 ? quotas_new(&persons) : quotas_read(note, &persons);

        if (e != ERR_OK)
                return e == ERR_NO_MEMORY ? e : ERR_KEYRING;
        note = keyring_note(k, erasures_note);
        e = note.len == 0 ? erasures_new(out_erasures) : erasures_read(note, out_erasures);
        if (e != ERR_OK)
                return e == ERR_NO_MEMORY ? e : ERR_KEYRING;
        *out_persons = persons;
        persons = NULL;
        return ERR_OK;
}

static enum err keep_note(struct run *r, const char *name, struct buf *note)
{
        struct bytes bytes;
        enum err e = buf_end(note, &bytes);

        if (e == ERR_OK)
                e = keyring_note_set(r->keyring, name, bytes);
        wipe(note->data, note->len);
        return e;
}

enum err run_quota_keep(struct run *r)
{
        OWNED(buf_done) struct buf persons = {.ceiling = KEYRING_NOTE_MAX};
        OWNED(buf_done) struct buf erasures = {.ceiling = KEYRING_NOTE_MAX};

        if (quotas_changed(r->quotas)) {
                quotas_put(r->quotas, &persons);
                TRY(keep_note(r, persons_note, &persons));
                quotas_kept(r->quotas);
        }
        if (erasures_changed(r->erasures)) {
                erasures_put(r->erasures, &erasures);
                TRY(keep_note(r, erasures_note, &erasures));
                erasures_kept(r->erasures);
        }
        return ERR_OK;
}

static uint32_t quota_of(const struct rules *rules, municipality_t municipality)
{
        for (uint32_t i = 0; rules->person_quotas != NULL && i < rules->municipalities_len; i++)
                if (rules->municipalities[i] == municipality)
                        return rules->person_quotas[i];
        return 0;
}

/* Once an hour and municipality, or the log would tell how often it tries. */
static void tell_refused(
        struct run *r, const char *event, municipality_t municipality, int64_t before_ms)
{
        if (run_now(r) - before_ms >= TOLD_EVERY_MS)
                log_event(LOG_WARNING, event, LOG_NUM("municipality", municipality));
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
        quota_begin(r->quotas, municipality, quota_half(run_now(r)), t);
        return ERR_OK;
}

enum err run_quota_count(
        struct run *r, struct quota_trial *t, const struct person_column *who, size_t rows)
{
        return t->municipality == 0 ? ERR_OK : quota_count(r->quotas, t, who, rows);
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
                tell_refused(r, "quota_exceeded", t->municipality, before_ms);
        return e;
}

/* Erasures ----------------------------------------------------------------------- */

enum err run_erasure_admit(struct run *r, municipality_t m, const struct bytes *what, unsigned len)
{
        uint32_t most = r->ruling.rules.erasures_per_day;
        uint8_t name[ERASURE_NAME_LEN];
        int64_t before_ms;
        enum err e;

        if (most == 0)
                return ERR_OK;
        TRY(erasures_name(r->erasures, what, len, name));
        before_ms = erasures_refused(r->erasures, m, run_now(r));
        e = erasures_admit(r->erasures, m, name, most, run_now(r));
        if (e == ERR_ERASURES)
                tell_refused(r, "erasure_quota_exceeded", m, before_ms);
        return e;
}

enum err run_erasure_check(struct run *r, municipality_t m, const struct bytes *what, unsigned len)
{
        uint8_t name[ERASURE_NAME_LEN];

        if (r->ruling.rules.erasures_per_day == 0)
                return ERR_OK;
        TRY(erasures_name(r->erasures, what, len, name));
        return erasures_admitted(r->erasures, m, name, run_now(r)) ? ERR_OK : ERR_NOT_ALLOWED;
}

/* Telling ------------------------------------------------------------------------- */

/* In whole hundredths, upwards: finer, and an operator could see whether one delivered person
 * was new. */
static uint16_t percent_of(double counted, uint32_t most)
{
        double percent = most == 0 ? 0 : ceil(100 * floor(counted + 0.5) / most);

        return (uint16_t)(percent > UINT16_MAX ? UINT16_MAX : percent);
}

enum err run_QUOTAS(struct run *r, struct request *rq)
{
        OWNED(buf_done) struct buf out = {.ceiling = KEEPER_SLOT_LEN};
        const struct rules *rules = &r->ruling.rules;
        uint32_t half = quota_half(run_now(r));
        struct bytes bytes;

        TRY(read_end(&rq->payload));
        for (uint32_t i = 0; i < rules->municipalities_len; i++) {
                municipality_t m = rules->municipalities[i];
                uint32_t most = quota_of(rules, m);

                put_u16(&out, m);
                put_u32(&out, most);
                put_u16(&out, percent_of(quotas_counted(r->quotas, m, half), most));
                put_i64(&out, last_refusal(r, m, half));
                put_u32(&out, rules->erasures_per_day);
                put_u32(&out, erasures_count(r->erasures, m, run_now(r)));
                put_i64(&out, erasures_refused(r->erasures, m, run_now(r)));
        }
        TRY(buf_end(&out, &bytes));
        if (bytes.len > 0)
                memcpy(rq->slot, bytes.data, bytes.len);
        rq->output_len = bytes.len;
        put_u32(rq->answer, rules->municipalities_len);
        return ERR_OK;
}

static bool is_due(struct run *r, bool at_once)
{
        return (quotas_changed(r->quotas) || erasures_changed(r->erasures)) &&
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
