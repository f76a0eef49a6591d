/* SPDX-License-Identifier: Apache-2.0 */
/* wire_submission.c: the messages around a batch: open, commit, their answers,
 * and what can be asked about a submission afterwards. */
#include <string.h>

#include "proto/wire_parts.h"

_Static_assert((int)DELIVERY_APPEND == STATGATE__V1__DELIVERY_MODE__DELIVERY_MODE_APPEND &&
                       (int)DELIVERY_REPLACE == STATGATE__V1__DELIVERY_MODE__DELIVERY_MODE_REPLACE,
        "modes have the numbers of the .proto");
_Static_assert((int)SUBMISSION_OPEN == STATGATE__V1__SUBMISSION_STATE__SUBMISSION_STATE_OPEN &&
                       (int)SUBMISSION_EXPIRED ==
                               STATGATE__V1__SUBMISSION_STATE__SUBMISSION_STATE_EXPIRED &&
                       (int)SUBMISSION_EXPIRED + 1 == (int)SUBMISSION_STATE_COUNT,
        "states have the numbers of the .proto");
_Static_assert((int)SUBMIT_OPEN == STATGATE__V1__SUBMIT_REQUEST__REQUEST_OPEN &&
                       (int)SUBMIT_COMMIT == STATGATE__V1__SUBMIT_REQUEST__REQUEST_COMMIT,
        "kinds of request have the numbers of the .proto");

enum { PERIOD_MAX_LEN = 23, RULE_MAX_LEN = 64 };

static ProtobufCBinaryData id_binary(const struct submission_id *id)
{
        return binary(bytes_of(id->bytes, sizeof id->bytes));
}

/* Requests ----------------------------------------------------------------- */

static enum err open_decode(
        const Statgate__V1__Open *from, struct wire_open *out, struct refusal *why)
{
        struct wire_open o = {.all_or_nothing = from->all_or_nothing != 0};

        TRY(gate_fixed(
                why, "open.submission_id", from->submission_id, sizeof o.id.bytes, o.id.bytes));
        TRY(gate_text(why, "open.dataset", from->dataset, 1, NAME_MAX_LEN, &o.dataset));
        TRY(gate_text(why, "open.period", from->period, 1, PERIOD_MAX_LEN, &o.period));
        if (from->mode != STATGATE__V1__DELIVERY_MODE__DELIVERY_MODE_APPEND &&
                from->mode != STATGATE__V1__DELIVERY_MODE__DELIVERY_MODE_REPLACE)
                return refuse(why, ERR_INVALID, "open.mode", "is neither APPEND nor REPLACE");
        o.mode = (enum delivery_mode)from->mode;
        *out = o;
        return ERR_OK;
}

static enum err commit_decode(
        const Statgate__V1__Commit *from, struct wire_commit *out, struct refusal *why)
{
        struct wire_commit c = {.batches = from->batches,
                .rows = from->rows,
                .turned_away = from->rows_turned_away};

        if (c.batches > BATCHES_MAX)
                return refuse(why, ERR_INVALID, "commit.batches", "is more than %d", BATCHES_MAX);
        if (c.rows > (uint64_t)c.batches * BATCH_ROWS_MAX)
                return refuse(why, ERR_INVALID, "commit.rows", "is more than its batches hold");
        if (c.turned_away > (uint64_t)BATCHES_MAX * BATCH_ROWS_MAX)
                return refuse(why, ERR_INVALID, "commit.rows_turned_away",
                        "is more than a submission holds");
        TRY(gate_fixed(why, "commit.digest", from->digest, sizeof c.digest.bytes, c.digest.bytes));
        *out = c;
        return ERR_OK;
}

enum err submit_request_decode(
        struct arena *a, struct bytes wire, struct submit_request *out, struct refusal *why)
{
        struct submit_request r = {0};
        enum err rc = ERR_OK;

        if (wire.len > BATCH_WIRE_MAX)
                return refuse(
                        why, ERR_TOO_LARGE, "request", "is larger than %d bytes", BATCH_WIRE_MAX);

        const Statgate__V1__SubmitRequest *m =
                unpack(a, &statgate__v1__submit_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;
        switch (m->request_case) {
        case STATGATE__V1__SUBMIT_REQUEST__REQUEST_OPEN:
                TRY(open_decode(m->open, &r.open, why));
                break;
        case STATGATE__V1__SUBMIT_REQUEST__REQUEST_BATCH:
                TRY(batch_decode(a, m->batch, &r.batch, why));
                break;
        case STATGATE__V1__SUBMIT_REQUEST__REQUEST_COMMIT:
                TRY(commit_decode(m->commit, &r.commit, why));
                break;
        case STATGATE__V1__SUBMIT_REQUEST__REQUEST__NOT_SET:
        default:
                return refuse(why, ERR_INVALID, "request", "is none of open, batch, commit");
        }
        r.kind = (enum submit_request_kind)m->request_case;
        *out = r;
        return ERR_OK;
}

static enum err open_encode(const struct wire_open *in, struct buf *out)
{
        Statgate__V1__Open open = STATGATE__V1__OPEN__INIT;
        Statgate__V1__SubmitRequest m = STATGATE__V1__SUBMIT_REQUEST__INIT;

        open.submission_id = id_binary(&in->id);
        open.dataset = binary(in->dataset);
        open.period = binary(in->period);
        open.mode = (Statgate__V1__DeliveryMode)in->mode;
        open.all_or_nothing = in->all_or_nothing;
        m.request_case = STATGATE__V1__SUBMIT_REQUEST__REQUEST_OPEN;
        m.open = &open;
        return pack(&m, out);
}

static enum err batch_encode(const struct batch *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__Batch batch = STATGATE__V1__BATCH__INIT;
        Statgate__V1__SubmitRequest m = STATGATE__V1__SUBMIT_REQUEST__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(batch_message(scratch, in, &batch));
        m.request_case = STATGATE__V1__SUBMIT_REQUEST__REQUEST_BATCH;
        m.batch = &batch;
        return pack(&m, out);
}

static enum err commit_encode(const struct wire_commit *in, struct buf *out)
{
        Statgate__V1__Commit commit = STATGATE__V1__COMMIT__INIT;
        Statgate__V1__SubmitRequest m = STATGATE__V1__SUBMIT_REQUEST__INIT;

        commit.batches = in->batches;
        commit.rows = in->rows;
        commit.rows_turned_away = in->turned_away;
        commit.digest = digest_binary(&in->digest);
        m.request_case = STATGATE__V1__SUBMIT_REQUEST__REQUEST_COMMIT;
        m.commit = &commit;
        return pack(&m, out);
}

enum err submit_request_encode(const struct submit_request *in, struct buf *out)
{
        switch (in->kind) {
        case SUBMIT_OPEN:
                return open_encode(&in->open, out);
        case SUBMIT_BATCH:
                return batch_encode(&in->batch, out);
        case SUBMIT_COMMIT:
                return commit_encode(&in->commit, out);
        case SUBMIT_NONE:
                break;
        }
        return ERR_INVALID;
}

/* Answers ------------------------------------------------------------------ */

static enum err committed_decode(const Statgate__V1__Committed *from, struct wire_committed *out)
{
        struct wire_committed c = {
                .batches = from->batches,
                .accepted = from->accepted,
                .rejected = from->rejected,
                .committed_at_ms = from->committed_at_ms,
        };

        TRY(answer_digest(from->digest, &c.digest));
        *out = c;
        return ERR_OK;
}

static void committed_message(const struct wire_committed *in, Statgate__V1__Committed *out)
{
        out->batches = in->batches;
        out->accepted = in->accepted;
        out->rejected = in->rejected;
        out->committed_at_ms = in->committed_at_ms;
        out->digest = digest_binary(&in->digest);
}

static enum err opened_decode(const Statgate__V1__Opened *from, struct wire_opened *out)
{
        struct wire_opened o = {
                .next_sequence = from->next_sequence,
                .max_rows = from->max_rows,
                .max_bytes = from->max_bytes,
                .is_committed = from->committed != NULL,
        };

        if (o.is_committed)
                TRY(committed_decode(from->committed, &o.committed));
        *out = o;
        return ERR_OK;
}

static enum err acknowledged_decode(
        struct arena *a, const Statgate__V1__Acknowledged *from, struct wire_acknowledged *out)
{
        struct wire_acknowledged k = {.sequence = from->sequence,
                .accepted = from->accepted,
                .rejected = from->rejected,
                .rejections_len = (uint32_t)from->n_rejections};
        struct wire_rejection *list = arena_alloc(a, from->n_rejections, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < from->n_rejections; i++) {
                const Statgate__V1__Rejection *r = from->rejections[i];

                list[i].row = r->row;
                TRY(answer_text(r->variable, &list[i].variable));
                TRY(answer_text(r->rule, &list[i].rule));
                TRY(answer_text(r->text, &list[i].text));
        }
        TRY(answer_digest(from->receipt, &k.receipt));
        k.rejections = list;
        *out = k;
        return ERR_OK;
}

enum err submit_response_decode(struct arena *a, struct bytes wire, struct submit_response *out)
{
        struct submit_response r = {0};
        enum err rc = ERR_OK;
        const Statgate__V1__SubmitResponse *m =
                unpack(a, &statgate__v1__submit_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        switch (m->response_case) {
        case STATGATE__V1__SUBMIT_RESPONSE__RESPONSE_OPENED:
                r.kind = SUBMIT_OPENED;
                TRY(opened_decode(m->opened, &r.opened));
                break;
        case STATGATE__V1__SUBMIT_RESPONSE__RESPONSE_ACKNOWLEDGED:
                r.kind = SUBMIT_ACKNOWLEDGED;
                TRY(acknowledged_decode(a, m->acknowledged, &r.acknowledged));
                break;
        case STATGATE__V1__SUBMIT_RESPONSE__RESPONSE_COMMITTED:
                r.kind = SUBMIT_COMMITTED;
                TRY(committed_decode(m->committed, &r.committed));
                break;
        case STATGATE__V1__SUBMIT_RESPONSE__RESPONSE__NOT_SET:
        default:
                return ERR_MALFORMED;
        }
        *out = r;
        return ERR_OK;
}

static enum err opened_encode(const struct wire_opened *in, struct buf *out)
{
        Statgate__V1__Committed committed = STATGATE__V1__COMMITTED__INIT;
        Statgate__V1__Opened opened = STATGATE__V1__OPENED__INIT;
        Statgate__V1__SubmitResponse m = STATGATE__V1__SUBMIT_RESPONSE__INIT;

        opened.next_sequence = in->next_sequence;
        opened.max_rows = in->max_rows;
        opened.max_bytes = in->max_bytes;
        if (in->is_committed) {
                committed_message(&in->committed, &committed);
                opened.committed = &committed;
        }
        m.response_case = STATGATE__V1__SUBMIT_RESPONSE__RESPONSE_OPENED;
        m.opened = &opened;
        return pack(&m, out);
}

static enum err acknowledged_encode(const struct wire_acknowledged *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__Acknowledged k = STATGATE__V1__ACKNOWLEDGED__INIT;
        Statgate__V1__SubmitResponse m = STATGATE__V1__SUBMIT_RESPONSE__INIT;
        uint32_t len = in->rejections_len < REJECTIONS_MAX ? in->rejections_len : REJECTIONS_MAX;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        k.sequence = in->sequence;
        k.accepted = in->accepted;
        k.rejected = in->rejected;
        k.receipt = digest_binary(&in->receipt);
        k.rejections = messages(scratch, len, &statgate__v1__rejection__descriptor);
        if (k.rejections == NULL)
                return ERR_NO_MEMORY;
        k.n_rejections = len;
        for (uint32_t i = 0; i < len; i++) {
                k.rejections[i]->row = in->rejections[i].row;
                k.rejections[i]->variable = binary(in->rejections[i].variable);
                k.rejections[i]->rule = binary(in->rejections[i].rule);
                k.rejections[i]->text = binary(in->rejections[i].text);
        }
        m.response_case = STATGATE__V1__SUBMIT_RESPONSE__RESPONSE_ACKNOWLEDGED;
        m.acknowledged = &k;
        return pack(&m, out);
}

static enum err committed_encode(const struct wire_committed *in, struct buf *out)
{
        Statgate__V1__Committed committed = STATGATE__V1__COMMITTED__INIT;
        Statgate__V1__SubmitResponse m = STATGATE__V1__SUBMIT_RESPONSE__INIT;

        committed_message(in, &committed);
        m.response_case = STATGATE__V1__SUBMIT_RESPONSE__RESPONSE_COMMITTED;
        m.committed = &committed;
        return pack(&m, out);
}

enum err submit_response_encode(const struct submit_response *in, struct buf *out)
{
        switch (in->kind) {
        case SUBMIT_OPENED:
                return opened_encode(&in->opened, out);
        case SUBMIT_ACKNOWLEDGED:
                return acknowledged_encode(&in->acknowledged, out);
        case SUBMIT_COMMITTED:
                return committed_encode(&in->committed, out);
        case SUBMIT_RESPONSE_NONE:
                break;
        }
        return ERR_INVALID;
}

/* Afterwards --------------------------------------------------------------- */

enum err submission_ref_decode(
        struct arena *a, struct bytes wire, struct submission_id *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetSubmissionRequest *m =
                unpack(a, &statgate__v1__get_submission_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;
        return gate_fixed(why, "submission_id", m->submission_id, sizeof out->bytes, out->bytes);
}

enum err submission_ref_encode(const struct submission_id *in, struct buf *out)
{
        Statgate__V1__GetSubmissionRequest m = STATGATE__V1__GET_SUBMISSION_REQUEST__INIT;

        m.submission_id = id_binary(in);
        return pack(&m, out);
}

enum err submission_decode(struct arena *a, struct bytes wire, struct wire_submission *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetSubmissionResponse *m =
                unpack(a, &statgate__v1__get_submission_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_submission s = {
                .state = (enum submission_state)m->state,
                .mode = (enum delivery_mode)m->mode,
                .next_sequence = m->next_sequence,
                .accepted = m->accepted,
                .rejected = m->rejected,
                .turned_away = m->rows_turned_away,
                .opened_at_ms = m->opened_at_ms,
                .committed_at_ms = m->committed_at_ms,
        };

        if (s.state == SUBMISSION_NONE || (unsigned)s.state >= SUBMISSION_STATE_COUNT ||
                (s.mode != DELIVERY_APPEND && s.mode != DELIVERY_REPLACE))
                return ERR_MALFORMED;
        TRY(answer_text(m->dataset, &s.dataset));
        TRY(answer_text(m->period, &s.period));
        *out = s;
        return ERR_OK;
}

enum err submission_encode(const struct wire_submission *in, struct buf *out)
{
        Statgate__V1__GetSubmissionResponse m = STATGATE__V1__GET_SUBMISSION_RESPONSE__INIT;

        m.state = (Statgate__V1__SubmissionState)in->state;
        m.dataset = binary(in->dataset);
        m.period = binary(in->period);
        m.mode = (Statgate__V1__DeliveryMode)in->mode;
        m.next_sequence = in->next_sequence;
        m.accepted = in->accepted;
        m.rejected = in->rejected;
        m.rows_turned_away = in->turned_away;
        m.opened_at_ms = in->opened_at_ms;
        m.committed_at_ms = in->committed_at_ms;
        return pack(&m, out);
}

enum err withdrawn_decode(struct arena *a, struct bytes wire, struct vintage *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__WithdrawResponse *m =
                unpack(a, &statgate__v1__withdraw_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        *out = vintage_of(m->revised);
        return ERR_OK;
}

enum err withdrawn_encode(struct vintage revised, struct buf *out)
{
        Statgate__V1__WithdrawResponse m = STATGATE__V1__WITHDRAW_RESPONSE__INIT;
        Statgate__V1__Vintage room;

        m.revised = vintage_message(revised, &room);
        return pack(&m, out);
}
