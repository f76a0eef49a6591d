/* SPDX-License-Identifier: Apache-2.0 */
/* submit.c: the first flow: a delivery comes in.
 *
 *      open    decide → keys of the domain → submission in the store
 *      batch   validate → keeper: check ids, pseudonymise, seal → store, synced → acknowledge
 *      commit  counts and receipts agree → one transaction makes it visible
 *
 * A stream that ends without a commit leaves the submission open: a cancelled
 * upload can look exactly like a clean end, so only the commit message counts.
 * Persons come in a box that only the keeper opens, and go on as they came. Where the
 * policy still takes them in clear they live in the message's arena, which is wiped
 * after each message, in the slot towards the keeper, which is wiped after use, and
 * before that in gRPC's receive buffers, which are freed and not wiped. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/coverage.h"
#include "gateway/gateway.h"
#include "gateway/keeper/care.h"
#include "gateway/note.h"
#include "gateway/rotation.h"
#include "gateway/store/body.h"

enum phase { PHASE_NEW = 0, PHASE_OPEN, PHASE_COMMITTED };

struct delivery {
        enum phase phase;
        struct policy *policy; /* counted: the rules this stream opened under */
        const struct policy_dataset *dataset;
        struct period period;
        struct domain domain;
        struct stored_submission submission;
};

enum err submit_open(struct rpc_call *c)
{
        struct delivery *d = calloc(1, sizeof(*d));

        if (d == NULL)
                return ERR_NO_MEMORY;
        c->state = d;
        return ERR_OK;
}

void submit_closed(struct rpc_call *c)
{
        struct delivery *d = c->state;

        if (d != NULL)
                policy_unref(&d->policy);
        free(d);
        c->state = NULL;
}

static enum err respond(struct rpc_call *c, const struct submit_response *r)
{
        OWNED(buf_done) struct buf out;
        struct bytes bytes;

        buf_init(&out, BATCH_WIRE_MAX);
        TRY(submit_response_encode(r, &out));
        TRY(buf_end(&out, &bytes));
        return rpc_send(c, bytes);
}

static struct wire_committed committed_of(const struct stored_submission *s)
{
        return (struct wire_committed){
                .batches = s->batches,
                .accepted = s->accepted,
                .rejected = s->rejected,
                .committed_at_ms = s->committed_at_ms,
                .digest = s->digest,
        };
}

static bool is_committed(const struct stored_submission *s)
{
        return s->state == SUBMISSION_COMMITTED || s->state == SUBMISSION_REPLACED;
}

/* Open ------------------------------------------------------------------ */

/* What the log says of a delivery goes into the transaction that it tells of. */
static void delivery_note(const struct rpc_call *c, const struct delivery *d, enum entry_kind kind,
        const struct stored_submission *s, struct note *out)
{
        note_begin(out, kind);
        entry_put_principal(&out->w, c->peer);
        note_policy(out, d->policy);
        note_delivery(out, s);
}

static enum err find_or_open(struct rpc_call *c, struct delivery *d, const struct wire_open *open)
{
        struct gateway *g = c->handlers;
        struct stored_submission wanted = {
                .id = open->id,
                .municipality = c->peer->municipality,
                .period = d->period,
                .mode = open->mode,
                .all_or_nothing = open->all_or_nothing,
                .state = SUBMISSION_OPEN,
                .opened_at_ms = clock_now_ms(),
        };

        OWNED(note_done) struct note n;

        memcpy(wanted.dataset, d->domain.dataset, sizeof(wanted.dataset));
        delivery_note(c, d, ENTRY_DELIVERY_OPENED, &wanted, &n);
        TRY(note_end(&n));
        return store_submission_open(g->store, &wanted, &n.draft, &d->submission);
}

static enum err on_open(struct rpc_call *c, struct delivery *d, const struct wire_open *open)
{
        struct gateway *g = c->handlers;
        struct submit_response r = {.kind = SUBMIT_OPENED};

        if (d->phase != PHASE_NEW)
                return refuse(&c->why, ERR_OUT_OF_ORDER, "open", "a stream has one Open");
        d->policy = reign_policy(g->reign);
        TRY(decide_submit(d->policy, c->peer, open->dataset, open->period, clock_now_ms(),
                &d->dataset, &d->period, &c->why));
        memcpy(d->domain.dataset, d->dataset->id.data, d->dataset->id.len);
        d->domain.municipality = c->peer->municipality;
        TRY(keeper_prepare_domain(g->keeper, &d->domain));
        TRY(find_or_open(c, d, open));
        if (d->submission.state != SUBMISSION_OPEN && !is_committed(&d->submission))
                return ERR_CLOSED;

        d->phase = is_committed(&d->submission) ? PHASE_COMMITTED : PHASE_OPEN;
        r.opened.next_sequence = d->submission.batches;
        r.opened.max_rows = BATCH_ROWS_MAX;
        r.opened.max_bytes = BATCH_WIRE_MAX;
        r.opened.is_committed = d->phase == PHASE_COMMITTED;
        if (r.opened.is_committed)
                r.opened.committed = committed_of(&d->submission);
        return respond(c, &r);
}

/* Batch ----------------------------------------------------------------- */

static void digest_column(struct digest_stream *s, const struct column *col, uint32_t rows)
{
        uint8_t kind = (uint8_t)col->kind;

        digest_more_framed(s, col->name);
        digest_more(s, &kind, 1);
        for (uint32_t i = 0; i < col->dictionary_len; i++)
                digest_more_framed(s, col->dictionary[i]);
        digest_more_framed(s, bytes_of(col->values, (size_t)rows * col->width));
        digest_more_framed(
                s, bytes_of(col->missing, col->missing != NULL ? ((size_t)rows + 7) / 8 : 0));
}

/* SHA-256 of everything the client said in clear in this batch, however it was encoded, but
 * for the persons: of those the keeper makes a digest of its own, the same whether they came in
 * a box or not. It leaves this function only towards the keeper, which keys both. */
static enum err digest_content(const struct batch *b, struct digest *out)
{
        OWNED(digest_stream_free) struct digest_stream *s = NULL;

        TRY(digest_start(&s));
        digest_more_framed(
                s, bytes_of(b->guardians.offsets, b->guardians.offsets != NULL
                                                          ? sizeof(uint32_t) * ((size_t)b->rows + 1)
                                                          : 0));
        digest_more_framed(s, bytes_of(b->record_keys, (size_t)b->rows * b->record_key_width));
        for (uint32_t i = 0; i < b->columns_len; i++)
                digest_column(s, &b->columns[i], b->rows);
        digest_finish(s, out);
        return ERR_OK;
}

static void copy_kept(
        uint8_t *to, const uint8_t *from, size_t width, const uint8_t *keep, uint32_t rows)
{
        for (uint32_t i = 0; i < rows; i++) {
                if (!keep[i])
                        continue;
                memcpy(to, from + i * width, width);
                to += width;
        }
}

/* The keeper gets the persons of all rows, and of the rest what belongs to accepted rows. */
static enum err keeper_input(struct rpc_call *c, struct delivery *d, const struct batch *b,
        const struct verdicts *v, struct keeper_accept *out)
{
        struct arena *a = c->message_arena;
        uint8_t *keys;

        out->name = (struct batch_name){d->domain, d->submission.id, b->sequence};
        out->rows = b->rows;
        out->keep = v->accepted;
        out->persons = b->persons;
        out->guardians = b->guardians;
        if (b->sealed)
                out->box = (struct keeper_box){b->key_id, b->box, b->signature};
        out->record_keys = b->record_keys;
        out->record_key_width = b->record_key_width;
        if (v->accepted_len < b->rows) {
                keys = arena_alloc_raw(a, v->accepted_len + 1, b->record_key_width);
                if (keys == NULL)
                        return ERR_NO_MEMORY;
                copy_kept(keys, b->record_keys, b->record_key_width, v->accepted, b->rows);
                out->record_keys = keys;
        }
        out->body = (struct bytes){0};
        if (v->accepted_len == 0)
                return ERR_OK;
        return body_pack(a, b, v->accepted, v->accepted_len, &out->body);
}

static void reject_id(struct verdicts *v, uint32_t row, enum rejection_place place, uint8_t rule)
{
        if ((enum pnr_rule)rule != PNR_OK)
                verdicts_reject(
                        v, (struct rejection){row, place, 0, pnr_rule_name((enum pnr_rule)rule),
                                   pnr_rule_sentence((enum pnr_rule)rule)});
}

/* Takes the rows that the keeper refused out of the verdicts. */
static void reject_ids(const struct batch *b, const struct keeper_accepted *got, struct verdicts *v)
{
        const uint32_t *offsets = b->guardians.offsets;

        for (uint32_t row = 0; row < b->rows; row++) {
                if (!v->accepted[row])
                        continue;
                reject_id(v, row, REJECTION_PERSON, got->rules[row]);
                for (uint32_t g = offsets != NULL ? offsets[row] : 0;
                        offsets != NULL && g < offsets[row + 1]; g++)
                        reject_id(v, row, REJECTION_GUARDIAN, got->guardian_rules[g]);
        }
}

/* What who sealed the box can do about it. */
static enum err box_refused(struct rpc_call *c, enum err e)
{
        switch (e) {
        case ERR_BOX_KEY:
                return refuse(&c->why, e, "batch.sealed.key_id",
                        "fetch the keeper's keys again (GetKeeperKeys) and seal to the first");
        case ERR_BOX_SIGNATURE:
                return refuse(&c->why, e, "batch.sealed.signature",
                        "sign with a key that the bundle names for this municipality today");
        case ERR_BOX_CLOSED:
                return refuse(&c->why, e, "batch.sealed.box",
                        "it was sealed to another key than key_id says, or changed on its way");
        case ERR_BOX_MISPLACED:
                return refuse(&c->why, e, "batch.sealed.box",
                        "its head names another municipality, data set, submission, sequence, "
                        "number of rows or use");
        case ERR_BOX_NEEDED:
                return refuse(&c->why, e, "batch.clear",
                        "fetch the keeper's keys (GetKeeperKeys), seal persons to the first and "
                        "send `sealed`; `statgate submit` does");
        case ERR_QUOTA:
                return refuse(&c->why, e, "batch",
                        "ask a data-protection officer whether the quota of the bundle is right");
        default:
                return e;
        }
}

/* At most two rounds: the first may refuse ids, the second has none to refuse. */
static enum err pseudonymise(struct rpc_call *c, struct delivery *d, const struct batch *b,
        struct verdicts *v, struct keeper_accepted *out)
{
        struct gateway *g = c->handlers;
        struct keeper_accept in = {0};

        TRY(digest_content(b, &in.content));
        for (int round = 0; round < 2; round++) {
                TRY(keeper_input(c, d, b, v, &in));

                enum err e = keeper_accept(g->keeper, &in, c->message_arena, out);

                /* More persons than a municipality of this size can have: officers shall look. */
                if (e == ERR_QUOTA)
                        turned_count_delivery(g->turned, c->peer, "/statgate.v1.Submission/Submit",
                                e, d->policy, &d->submission);
                if (e != ERR_OK)
                        return box_refused(c, e);
                if (out->rows_refused)
                        reject_ids(b, out, v);
                else
                        break;
        }
        if (!out->rows_refused && v->accepted_len > 0)
                return ERR_OK;
        if (v->accepted_len > 0)
                return ERR_KEEPER_REFUSED;
        /* Nothing left to seal: the batch keeps its place in the sequence. */
        out->sealed = (struct bytes){0};
        out->epoch = 0;
        return ERR_OK;
}

static struct bytes rejection_variable(const struct batch *b, const struct rejection *r)
{
        switch (r->place) {
        case REJECTION_PERSON:
                return bytes_of_text("person");
        case REJECTION_GUARDIAN:
                return bytes_of_text("guardian");
        case REJECTION_RECORD_KEY:
                return bytes_of_text("record_key");
        case REJECTION_VALUE:
                return b->columns[r->column].name;
        }
        return bytes_of_text("");
}

static enum err acknowledge(struct rpc_call *c, const struct batch *b, const struct verdicts *v,
        const struct digest *receipt)
{
        struct submit_response r = {.kind = SUBMIT_ACKNOWLEDGED};
        uint32_t n = v->rejections_len < REJECTIONS_MAX ? v->rejections_len : REJECTIONS_MAX;
        struct wire_rejection *told = arena_alloc(c->message_arena, n, sizeof(*told));

        if (told == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < n; i++) {
                const struct rejection *from = &v->rejections[i];

                told[i] = (struct wire_rejection){
                        .row = from->row,
                        .variable = rejection_variable(b, from),
                        .rule = bytes_of_text(from->rule),
                        .text = bytes_of_text(from->sentence),
                };
        }
        r.acknowledged = (struct wire_acknowledged){
                .sequence = b->sequence,
                .accepted = v->accepted_len,
                .rejected = b->rows - v->accepted_len,
                .rejections = told,
                .rejections_len = n,
                .receipt = *receipt,
        };
        return respond(c, &r);
}

/* From the keeper into the store. */
static enum err seal_and_put(struct rpc_call *c, struct delivery *d, const struct batch *b,
        struct verdicts *verdicts, struct digest *out_receipt)
{
        struct gateway *g = c->handlers;
        struct keeper_accepted sealed = {0};
        OWNED(note_done) struct note n = {.arena = NULL};
        bool replayed = false;
        uint32_t rows = 0, rejected = 0;

        TRY(pseudonymise(c, d, b, verdicts, &sealed));

        struct stored_batch put = {
                .submission = d->submission.id,
                .sequence = b->sequence,
                .rows = verdicts->accepted_len,
                .rejected = b->rows - verdicts->accepted_len,
                .epoch = sealed.epoch,
                .person_epoch = sealed.person_epoch,
                .receipt = sealed.receipt,
                .sealed = sealed.sealed,
        };
        coverage_count_values(d->dataset, b, verdicts, &put.fields, &put.blanks);
        delivery_note(c, d, ENTRY_BATCH, &d->submission, &n);
        entry_put_number(&n.w, FIELD_SEQUENCE, b->sequence);
        entry_put_digest(&n.w, FIELD_CONTENT_DIGEST, &sealed.receipt);
        TRY(note_end(&n));
        TRY(store_batch_put(g->store, &put, &n.draft, &replayed, &rows, &rejected));
        *out_receipt = sealed.receipt;
        return ERR_OK;
}

static enum err on_batch(struct rpc_call *c, struct delivery *d, const struct batch *b)
{
        struct gateway *g = c->handlers;
        struct verdicts verdicts;
        struct digest receipt;
        enum err e;

        if (d->phase != PHASE_OPEN)
                return refuse(&c->why, d->phase == PHASE_NEW ? ERR_OUT_OF_ORDER : ERR_CLOSED,
                        "batch", "batches come between Open and Commit");
        TRY(validate_form(d->dataset, b, &c->why));
        TRY(validate_batch(d->dataset, d->period, b, c->message_arena, &verdicts, &c->why));
        rotation_hold(g->rotation);
        e = seal_and_put(c, d, b, &verdicts, &receipt);
        rotation_release(g->rotation);
        TRY(e);
        return acknowledge(c, b, &verdicts, &receipt);
}

/* Commit ---------------------------------------------------------------- */

static enum err receipts_digest(
        struct rpc_call *c, const struct submission_id *id, struct digest *out)
{
        struct gateway *g = c->handlers;
        struct digest *receipts = NULL;
        uint32_t len = 0;

        TRY(store_receipts(g->store, id, c->message_arena, &receipts, &len));
        digest_of(bytes_of(receipts, sizeof(*receipts) * len), out);
        return ERR_OK;
}

static enum err check_commit(struct rpc_call *c, struct delivery *d,
        const struct wire_commit *commit, const struct digest *digest)
{
        const struct stored_submission *s = &d->submission;
        uint64_t rows = s->accepted + s->rejected;
        uint64_t bad = s->rejected + commit->turned_away;

        if (commit->batches != s->batches)
                return refuse(&c->why, ERR_COMMIT_MISMATCH, "commit.batches",
                        "another number of batches was received");
        if (commit->rows != rows)
                return refuse(&c->why, ERR_COMMIT_MISMATCH, "commit.rows",
                        "another number of rows was received");
        if (!digest_equal(&commit->digest, digest))
                return refuse(&c->why, ERR_COMMIT_MISMATCH, "commit.digest",
                        "the digest is not that of the receipts in sequence");
        if (s->all_or_nothing && bad > 0)
                return ERR_ROWS_REFUSED;
        if (s->mode == DELIVERY_REPLACE &&
                bad * 1000 >
                        (rows + commit->turned_away) * d->dataset->replace_rejected_max_permille)
                return refuse(&c->why, ERR_REJECTION_SHARE, "commit",
                        "at most %u of 1,000 rows may be rejected when a period is replaced",
                        d->dataset->replace_rejected_max_permille);
        return ERR_OK;
}

/* A commit said again must be the same commit. */
static enum err check_repeat(
        struct rpc_call *c, const struct stored_submission *s, const struct wire_commit *commit)
{
        if (commit->batches == s->batches && commit->rows == s->accepted + s->rejected &&
                commit->turned_away == s->turned_away && digest_equal(&commit->digest, &s->digest))
                return ERR_OK;
        return refuse(&c->why, ERR_CONFLICT, "commit", "it was committed with another sum");
}

/* What was delivered counts towards the municipality's quota, after a crash too. The delivery is
 * in the store already and stays there. */
static void save_counts(struct gateway *g)
{
        enum err e = keeper_save(g->keeper, false);

        if (e != ERR_OK)
                log_event(LOG_ERROR, "quotas_not_saved", LOG_TEXT("code", err_name(e)));
}

static enum err commit_whole(struct rpc_call *c, struct delivery *d,
        const struct wire_commit *commit, const struct digest *digest)
{
        struct gateway *g = c->handlers;
        const struct stored_submission *s = &d->submission;
        OWNED(note_done) struct note n;

        delivery_note(c, d, ENTRY_DELIVERY_COMMITTED, s, &n);
        entry_put_digest(&n.w, FIELD_CONTENT_DIGEST, digest);
        note_rows(&n, d->policy, s->dataset, "accepted", s->accepted);
        note_rows(&n, d->policy, s->dataset, "rejected", s->rejected);
        note_rows(&n, d->policy, s->dataset, "turned away", commit->turned_away);
        TRY(note_end(&n));
        return store_submission_commit(g->store, &s->id, digest, commit->turned_away,
                clock_now_ms(), &n.draft, &d->submission);
}

static enum err on_commit(struct rpc_call *c, struct delivery *d, const struct wire_commit *commit)
{
        struct gateway *g = c->handlers;
        struct submit_response r = {.kind = SUBMIT_COMMITTED};
        struct digest digest;

        if (d->phase == PHASE_NEW)
                return refuse(&c->why, ERR_OUT_OF_ORDER, "commit", "Commit comes after Open");
        TRY(store_submission_find(g->store, &d->submission.id, &d->submission));
        if (is_committed(&d->submission)) {
                TRY(check_repeat(c, &d->submission, commit));
        } else {
                TRY(receipts_digest(c, &d->submission.id, &digest));
                TRY(check_commit(c, d, commit, &digest));
                TRY(commit_whole(c, d, commit, &digest));
                publisher_committed(g->publisher);
                save_counts(g);
                log_event(LOG_INFO, "delivery_committed",
                        LOG_NUM("municipality", d->domain.municipality),
                        LOG_TEXT("dataset", d->domain.dataset));
        }
        d->phase = PHASE_COMMITTED;
        r.committed = committed_of(&d->submission);
        return respond(c, &r);
}

static enum err on_request(struct rpc_call *c, const struct submit_request *r)
{
        struct delivery *d = c->state;

        switch (r->kind) {
        case SUBMIT_OPEN:
                return on_open(c, d, &r->open);
        case SUBMIT_BATCH:
                return on_batch(c, d, &r->batch);
        case SUBMIT_COMMIT:
                return on_commit(c, d, &r->commit);
        case SUBMIT_NONE:
                break;
        }
        return ERR_MALFORMED;
}

enum err submit_message(struct rpc_call *c, struct bytes request)
{
        struct submit_request r;
        enum err e = submit_request_decode(c->message_arena, request, &r, &c->why);

        if (e == ERR_OK)
                e = on_request(c, &r);
        arena_wipe(c->message_arena);
        return e;
}

/* Status ---------------------------------------------------------------- */

enum err submission_get(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct submission_id id;
        struct stored_submission s;
        char period[24];

        TRY(submission_ref_decode(c->arena, request, &id, &c->why));
        TRY(store_submission_find(g->store, &id, &s));
        if (s.municipality != c->peer->municipality)
                return ERR_NOT_FOUND; /* never tells that it is somebody else's */
        period_format(s.period, period);
        const struct wire_submission out = {
                .state = s.state,
                .dataset = bytes_of_text(s.dataset),
                .period = bytes_of_text(period),
                .mode = s.mode,
                .next_sequence = s.batches,
                .accepted = s.accepted,
                .rejected = s.rejected,
                .turned_away = s.turned_away,
                .opened_at_ms = s.opened_at_ms,
                .committed_at_ms = s.committed_at_ms,
        };
        return submission_encode(&out, response);
}
