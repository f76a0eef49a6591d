/* SPDX-License-Identifier: Apache-2.0 */
/* run_head.c: the messages by which the keeper is the audit log's first witness.
 *
 * It sees no entry. It remembers how long the log was and under which root when it signed last, and
 * signs what is proved to begin with that. So whoever rewrites the log, or brings back an older
 * one, gets no new head, and what was signed before stands with whoever was shown it.
 *
 * A proof of consistency does not bind the size that is claimed for its root. A size that does not
 * fit is signed, to the harm of whoever claimed it: no log will ever be shown for that head.
 *
 * What it remembers is in memory at once and travels with every state that is handed out. A
 * crash forgets the seconds since; the log that is then shown is longer than what is remembered,
 * and must extend it. Forgetting more takes officers, or an older state: that is for witnesses
 * elsewhere to notice. */
#include <string.h>

#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/tree_head.h"
#include "gateway/keeper/run_inner.h"
#include "policies/rules/restore.h"

enum { LOG_SAVED_EVERY_MS = 10 * 1000 };

static const char note_name[] = "log";

/* The note: size u64 ‖ root 32 ‖ u8 n ‖ n × 32 of restores. */
static enum err read_note(struct bytes note, struct run_log *out)
{
        struct reader in = reader_of(note);
        struct run_log log = {.size = 0};
        uint8_t len;

        TRY(read_u64(&in, &log.size));
        TRY(keeper_read_digest(&in, &log.root));
        TRY(read_u8(&in, &len));
        if (len > RESTORES_MAX)
                return ERR_MALFORMED;
        for (log.restores_len = 0; log.restores_len < len; log.restores_len++)
                TRY(keeper_read_digest(&in, &log.restores[log.restores_len]));
        TRY(read_end(&in));
        *out = log;
        return ERR_OK;
}

enum err run_log_load(const struct keyring *k, struct run_log *out)
{
        struct bytes note = keyring_note(k, note_name);

        if (note.len == 0) {
                *out = (struct run_log){.size = 0};
                merkle_empty_root(&out->root);
                return ERR_OK;
        }
        return read_note(note, out) == ERR_OK ? ERR_OK : ERR_KEYRING;
}

enum err run_log_keep(struct run *r)
{
        OWNED(buf_done) struct buf note = {.ceiling = 8 + 32 + 1 + RESTORES_MAX * 32};
        struct bytes bytes;

        if (!r->log.changed)
                return ERR_OK;
        put_u64(&note, r->log.size);
        put_raw(&note, r->log.root.bytes, sizeof r->log.root.bytes);
        put_u8(&note, (uint8_t)r->log.restores_len);
        for (uint32_t i = 0; i < r->log.restores_len; i++)
                put_raw(&note, r->log.restores[i].bytes, sizeof r->log.restores[i].bytes);
        TRY(buf_end(&note, &bytes));
        TRY(keyring_note_set(r->keyring, note_name, bytes));
        r->log.changed = false;
        return ERR_OK;
}

bool run_log_due(struct run *r, bool at_once)
{
        /* Dirty: it was handed out, and nobody has said that it is on disk. */
        return (r->log.changed || keyring_dirty(r->keyring)) &&
               (at_once || run_now(r) >= r->sealed_time_ms + LOG_SAVED_EVERY_MS);
}

enum err run_LOG_KNOWN(struct run *r, struct request *rq)
{
        TRY(read_end(&rq->payload));
        put_u64(rq->answer, r->log.size);
        put_raw(rq->answer, r->log.root.bytes, sizeof r->log.root.bytes);
        return ERR_OK;
}

/* Signing ---------------------------------------------------------------------- */

static enum err read_proof(struct reader *in, struct merkle_proof *out)
{
        uint8_t len;

        TRY(read_u8(in, &len));
        if (len > MERKLE_PROOF_MAX)
                return ERR_MALFORMED;
        for (out->len = 0; out->len < len; out->len++)
                TRY(keeper_read_digest(in, &out->hashes[out->len]));
        return read_end(in);
}

/* The signer of the key in use, made when that is another than before. */
static enum err find_signer(struct run *r)
{
        struct keyring_pair_key keys[KEYRING_PAIR_LIVE_MAX];

        if (run_live_pairs(r, KEYRING_SIGNING, keys) == 0)
                return ERR_NOT_FOUND;
        if (r->signer != NULL && strcmp(r->signer_id, keys[0].id) == 0)
                return ERR_OK;
        signer_free(&r->signer);
        memcpy(r->signer_id, keys[0].id, sizeof r->signer_id);
        return signer_new(keys[0].secret, &r->signer);
}

static enum err sign(struct run *r, struct tree_head *head)
{
        TRY(find_signer(r));
        memcpy(head->key_id, r->signer_id, sizeof head->key_id);
        head->at_ms = run_now(r);
        return tree_head_sign_by(r->signer, head);
}

enum err run_SIGN_HEAD(struct run *r, struct request *rq)
{
        struct tree_head head = {.size = 0};
        struct merkle_proof proof;

        TRY(read_u64(&rq->payload, &head.size));
        TRY(keeper_read_digest(&rq->payload, &head.root));
        TRY(read_proof(&rq->payload, &proof));
        if (merkle_check_consistency(r->log.size, &r->log.root, head.size, &head.root, &proof) !=
                ERR_OK) {
                log_event(LOG_ERROR, "keeper_head_refused", LOG_NUM("known", (int64_t)r->log.size),
                        LOG_NUM("size", (int64_t)head.size));
                return ERR_LOG_CHANGED;
        }
        TRY(sign(r, &head));
        r->log.changed = r->log.changed || head.size > r->log.size;
        r->log.size = head.size;
        r->log.root = head.root;
        put_i64(rq->answer, head.at_ms);
        put_raw(rq->answer, head.key_id, BOX_KEY_ID_LEN);
        put_raw(rq->answer, head.signature, sizeof head.signature);
        return ERR_OK;
}

/* Forgetting ------------------------------------------------------------------- */

static bool log_is(const struct run_log *log, uint64_t size, const struct digest *root)
{
        return log->size == size && digest_equal(&log->root, root);
}

/* Whether officers agreed to this before. The last time may be told again by whoever did not
 * hear the answer, until something is signed. */
static bool was_used(const struct run_log *log, const struct digest *statement, bool *out_last)
{
        for (uint32_t i = 0; i < log->restores_len; i++) {
                *out_last = i + 1 == log->restores_len;
                if (digest_equal(&log->restores[i], statement))
                        return true;
        }
        return false;
}

static void remember(struct run_log *log, const struct digest *statement)
{
        if (log->restores_len == RESTORES_MAX)
                memmove(log->restores, log->restores + 1,
                        --log->restores_len * sizeof *log->restores);
        log->restores[log->restores_len++] = *statement;
}

static enum err restore(
        struct run_log *log, const struct restore_statement *s, const struct digest *statement)
{
        bool last = false;

        if (was_used(log, statement, &last))
                return last && log_is(log, s->size, &s->root) ? ERR_OK : ERR_CONFLICT;
        if (!log_is(log, s->known_size, &s->known_root))
                return ERR_CONFLICT;
        remember(log, statement);
        log->size = s->size;
        log->root = s->root;
        log->changed = true;
        log_event(LOG_WARNING, "keeper_log_restored", LOG_NUM("known", (int64_t)s->known_size),
                LOG_NUM("size", (int64_t)s->size));
        return ERR_OK;
}

/* Over the statement without its signatures: another set of officers makes no other statement. */
static enum err statement_digest(const struct restore_statement *s, struct digest *out)
{
        OWNED(buf_done) struct buf statement = {.ceiling = RESTORE_STATEMENT_MAX};
        struct bytes bytes;

        TRY(restore_encode(s, &statement));
        TRY(buf_end(&statement, &bytes));
        digest_of(bytes, out);
        return ERR_OK;
}

enum err run_RESTORE_LOG(struct run *r, struct request *rq)
{
        struct keyring_officers officers;
        struct restore_statement s;
        struct digest statement;

        TRY(read_end(&rq->payload));
        run_officers(r, &officers);
        const struct authority who = {officers.keys, officers.len, officers.required};

        TRY(restore_check(bytes_of(rq->input, rq->input_len), &who, &s));
        TRY(statement_digest(&s, &statement));
        TRY(restore(&r->log, &s, &statement));
        return run_hand_out_state(r, rq);
}
