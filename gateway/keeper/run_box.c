/* SPDX-License-Identifier: Apache-2.0 */
/* run_box.c: sealed boxes, opened.
 *
 * Against a gateway in other hands that brings boxes of its own making, or a good one to the
 * wrong place: the municipality must have signed it, for exactly where it arrived, with a key
 * that the signed rules name for it today. The signature is looked at first, since it costs
 * less than a box and says more; whoever cannot sign learns nothing of whether a box opens. */
#include <string.h>

#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/keeper/run_inner.h"

enum { MS_PER_DAY = 86400000, TOLD_EVERY_MS = 60 * 60 * 1000, KEYS_TRIED_MAX = 16 };

/* Somebody signs what he may not, or brings it where it does not belong. Told at once and then once
 * an hour with how many there were, so that ten million of them are ten lines. An ended key
 * (BOX_KEY) is everyday: who hears that seals anew. */
static enum err tell_refused(struct run *r, municipality_t municipality, enum err e)
{
        int64_t now = run_now(r);

        if (e != ERR_BOX_SIGNATURE && e != ERR_BOX_CLOSED && e != ERR_BOX_MISPLACED &&
                e != ERR_MALFORMED)
                return e;
        r->refused.boxes++;
        if (r->refused.told_ms != 0 && now - r->refused.told_ms < TOLD_EVERY_MS)
                return e;
        log_event(LOG_WARNING, "boxes_refused", LOG_NUM("boxes", (int64_t)r->refused.boxes),
                LOG_NUM("last_municipality", municipality), LOG_TEXT("last_code", err_name(e)));
        r->refused = (struct run_refused){.told_ms = now};
        return e;
}

/* The pair of this id, if boxes to it are still taken. */
static bool pair_find(struct run *r, const char *id, struct keyring_pair_key *out)
{
        struct keyring_pair_key pairs[KEYRING_PAIR_LIVE_MAX];
        unsigned len = run_live_pairs(r, KEYRING_SEALING, pairs);

        for (unsigned i = 0; i < len; i++) {
                if (strcmp(pairs[i].id, id) != 0)
                        continue;
                *out = pairs[i];
                return true;
        }
        return false;
}

/* Keys of a municipality that are good today. */
static unsigned keys_today(
        struct run *r, municipality_t m, const struct rules_submission_key *keys[KEYS_TRIED_MAX])
{
        int32_t today = (int32_t)(run_now(r) / MS_PER_DAY);
        unsigned len = rules_submission_keys(&r->ruling.rules, m, today, keys, KEYS_TRIED_MAX);

        return len < KEYS_TRIED_MAX ? len : KEYS_TRIED_MAX;
}

static enum err check_signature(
        struct run *r, const struct box_head *head, const struct run_box *in)
{
        const struct rules_submission_key *keys[KEYS_TRIED_MAX];
        unsigned len = keys_today(r, head->municipality, keys);

        for (unsigned i = 0; i < len; i++)
                if (box_check(keys[i]->key, head, in->box, in->signature.data) == ERR_OK)
                        return ERR_OK;
        return ERR_BOX_SIGNATURE;
}

enum err run_check_statement(struct run *r, const struct statement *s, struct bytes signature)
{
        const struct rules_submission_key *keys[KEYS_TRIED_MAX];
        unsigned len = keys_today(r, s->municipality, keys);

        for (unsigned i = 0; i < len && signature.len == SIGNATURE_LEN; i++)
                if (statement_check(keys[i]->key, s, signature.data) == ERR_OK)
                        return ERR_OK;
        return tell_refused(r, s->municipality, ERR_BOX_SIGNATURE);
}

/* Whose key it is sealed to, when the municipality stands for it. */
static enum err find_and_check(struct run *r, struct box_head *head, const struct run_box *in,
        struct keyring_pair_key *out)
{
        if (in->key_id.len != BOX_KEY_ID_LEN || in->signature.len != SIGNATURE_LEN)
                return ERR_MALFORMED;
        memcpy(head->key_id, in->key_id.data, BOX_KEY_ID_LEN);
        head->key_id[BOX_KEY_ID_LEN] = '\0';
        if (!pair_find(r, head->key_id, out))
                return ERR_BOX_KEY;
        return check_signature(r, head, in);
}

enum err run_box_open(struct run *r, struct box_head *head, const struct run_box *in,
        uint8_t *plain, struct box_persons *out)
{
        struct keyring_pair_key pair;
        enum err e = find_and_check(r, head, in, &pair);

        if (e == ERR_OK)
                e = box_open(pair.secret, pair.public_key, head, in->box, plain, out);
        return tell_refused(r, head->municipality, e);
}

enum err run_box_open_record(struct run *r, struct box_head *head, const struct run_box *in,
        uint8_t *plain, struct bytes *out)
{
        struct keyring_pair_key pair;
        enum err e = find_and_check(r, head, in, &pair);

        if (e == ERR_OK)
                e = box_open_record(pair.secret, pair.public_key, head, in->box, plain, out);
        return tell_refused(r, head->municipality, e);
}

/* One that was kept is not good for what is delivered later. */
enum err run_check_age(struct run *r, const struct submission_id *request)
{
        int64_t at = 0, now = run_now(r);

        for (unsigned i = 0; i < 6; i++)
                at = at << 8 | request->bytes[i];
        return at < now - MS_PER_DAY || at > now + MS_PER_DAY ? ERR_BOX_MISPLACED : ERR_OK;
}

static void more_u32(struct digest_stream *s, uint32_t v)
{
        uint8_t bytes[4];

        for (unsigned i = 0; i < sizeof bytes; i++)
                bytes[i] = (uint8_t)(v >> (8 * i));
        digest_more(s, bytes, sizeof bytes);
}

enum err run_persons_digest(const struct box_persons *p, struct digest *out)
{
        OWNED(digest_stream_free) struct digest_stream *s = NULL;

        TRY(digest_start(&s));
        more_u32(s, p->rows);
        more_u32(s, p->guardians);
        digest_more(s, p->persons.ids, (size_t)p->rows * PERSON_ID_LEN);
        digest_more(s, p->persons.kinds, p->rows);
        digest_more(s, p->guardian_persons.ids, (size_t)p->guardians * PERSON_ID_LEN);
        digest_more(s, p->guardian_persons.kinds, p->guardians);
        digest_finish(s, out);
        return ERR_OK;
}
