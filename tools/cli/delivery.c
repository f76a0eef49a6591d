/* SPDX-License-Identifier: Apache-2.0 */
/* delivery.c: sends batches and collects receipts.
 *
 *      connect → Open → { send … ∥ acknowledgements … } → Commit → receipt
 *          ▲                      │ line broken
 *          └──── wait, doubling ◀─┘
 *
 * Two threads share a connection: this one sends, another receives, because the
 * gateway stops reading from whoever does not listen. Acknowledged batches are
 * never sent again within a run; a new run sends everything, and the gateway
 * recognises what it has and repeats its acknowledgements, rejections included.
 *
 * Persons are sealed here, by the thread that sends, just before a batch leaves: the parser has
 * more to do. Parcels keep them until they are acknowledged, so that a batch can be sealed
 * again when the keeper's key has changed in the meantime. */
#include "tools/cli/delivery.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "tools/cli/sealing.h"
#include "tools/client/client.h"

enum {
        RESPONSE_ARENA = 16 << 20,
        REQUEST_MAX = BATCH_WIRE_MAX,
        WAIT_FIRST_MS = 250,
        WAIT_LONGEST_MS = 8000,
        RULES_MAX = 256,
};

static const char submit_path[] = "/statgate.v1.Submission/Submit";

struct delivery {
        struct cli *cli;
        const struct delivery_wish *wish;
        struct conveyor *conveyor;
        struct progress *progress;
        struct delivery_outcome *out;
        struct digest_stream *receipts; /* NULL once finished into `digest` */
        struct digest digest;
        uint64_t rows; /* of acknowledged batches */
        struct call *call;
        struct buf request;
        struct arena *arena; /* of one response */
        bool reply_is_wrong; /* the gateway broke the protocol */
        bool was_resealed;   /* to a newer key, and no batch acknowledged since */
        /* Rules and sentences of the gateway that are not in our table. */
        struct {
                const char *rule, *text;
        } heard[RULES_MAX];
        unsigned heard_len;
};

static enum err send_request(struct delivery *d, const struct submit_request *request)
{
        struct bytes wire;

        d->request.len = 0;
        TRY(submit_request_encode(request, &d->request));
        TRY(buf_end(&d->request, &wire));
        return call_send(d->call, wire);
}

static enum err receive_response(
        struct delivery *d, enum submit_response_kind kind, struct submit_response *out)
{
        struct bytes wire;

        arena_reset(d->arena);
        TRY(call_receive(d->call, d->arena, &wire));

        enum err rc = submit_response_decode(d->arena, wire, out);

        if (rc == ERR_OK && out->kind == kind)
                return ERR_OK;
        d->reply_is_wrong = true;
        return ERR_MALFORMED;
}

/* Acknowledgements -------------------------------------------------------- */

/* The rule's name as it can be kept, and its text if we have no words of our own. */
static struct rejected keep_rule(struct delivery *d, const struct wire_rejection *r)
{
        struct rejected out = {.column = plan_column_of(d->wish->plan, r->variable)};
        unsigned i = 0;

        while (i < d->heard_len && !bytes_is_text(r->rule, d->heard[i].rule))
                i++;
        if (i == d->heard_len && i < RULES_MAX) {
                const char *rule =
                        arena_strndup(d->cli->arena, (const char *)r->rule.data, r->rule.len);
                const char *text =
                        arena_strndup(d->cli->arena, (const char *)r->text.data, r->text.len);

                if (rule == NULL || text == NULL)
                        return (struct rejected){.rule = NULL};
                d->heard[d->heard_len].rule = rule;
                d->heard[d->heard_len++].text = text;
        }
        if (i == RULES_MAX)
                return (struct rejected){.rule = NULL};
        out.rule = d->heard[i].rule;
        out.text = d->heard[i].text;
        return out;
}

static void take_rejections(
        struct delivery *d, const struct parcel *p, const struct wire_acknowledged *ack)
{
        uint32_t told = 0, last = UINT32_MAX;

        for (uint32_t i = 0; i < ack->rejections_len; i++) {
                struct rejected r = keep_rule(d, &ack->rejections[i]);

                r.row = parcel_file_row(p, ack->rejections[i].row);
                told += ack->rejections[i].row != last;
                last = ack->rejections[i].row;
                if (r.rule != NULL && r.row > 0)
                        rejected_add(&d->out->rejections, r);
        }
        if (ack->rejected > told)
                d->out->rejections_untold += ack->rejected - told;
}

static enum err take_acknowledgement(struct delivery *d, const struct parcel *p)
{
        struct submit_response r;
        struct conveyor_counts at = conveyor_counts(d->conveyor);

        TRY(receive_response(d, SUBMIT_ACKNOWLEDGED, &r));
        if (r.acknowledged.sequence != at.acked ||
                r.acknowledged.accepted + (uint64_t)r.acknowledged.rejected != parcel_rows(p)) {
                d->reply_is_wrong = true;
                return ERR_MALFORMED;
        }
        digest_more(d->receipts, r.acknowledged.receipt.bytes, sizeof r.acknowledged.receipt.bytes);
        d->out->accepted += r.acknowledged.accepted;
        d->out->rejected += r.acknowledged.rejected;
        d->rows += parcel_rows(p);
        take_rejections(d, p, &r.acknowledged);
        d->was_resealed = false;
        progress_show(d->progress, d->rows);
        conveyor_acknowledged(d->conveyor);
        return ERR_OK;
}

static void *receive_all(void *state)
{
        struct delivery *d = state;
        const struct parcel *p;

        while (conveyor_expect(d->conveyor, &p) == ERR_OK) {
                if (take_acknowledgement(d, p) != ERR_OK) {
                        conveyor_break(d->conveyor);
                        break;
                }
        }
        return NULL;
}

/* One connection ---------------------------------------------------------- */

static enum err open_submission(struct delivery *d)
{
        struct submit_request request = {.kind = SUBMIT_OPEN, .open = d->wish->open};
        struct submit_response r;
        struct conveyor_counts at = conveyor_counts(d->conveyor);

        TRY(send_request(d, &request));
        TRY(receive_response(d, SUBMIT_OPENED, &r));
        d->out->was_opened = true;
        if (r.opened.is_committed) {
                d->out->was_committed = at.acked == 0;
                d->out->is_committed = true;
                d->out->receipt = r.opened.committed;
                return ERR_OK;
        }
        if (at.acked == 0)
                d->out->resumed_at = r.opened.next_sequence;
        /* Acknowledged means durable: fewer than it said before is a lost disk. */
        d->reply_is_wrong =
                r.opened.next_sequence < at.acked || r.opened.max_rows < PARCEL_ROWS_MAX;
        return d->reply_is_wrong ? ERR_CORRUPT : ERR_OK;
}

static enum err send_all(struct delivery *d)
{
        const struct batch *batch;
        enum err rc;

        while ((rc = conveyor_next(d->conveyor, &batch)) == ERR_OK) {
                struct submit_request request = {.kind = SUBMIT_BATCH, .batch = *batch};

                if (d->wish->sealing != NULL)
                        rc = sealing_batch(d->wish->sealing, d->wish->open.dataset,
                                &d->wish->open.id, batch, &request.batch);
                if (rc == ERR_OK)
                        rc = send_request(d, &request);
                if (rc != ERR_OK)
                        break;
                conveyor_sent(d->conveyor);
        }
        return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

static enum err transfer(struct delivery *d)
{
        pthread_t receiver;
        enum err rc;

        conveyor_mend(d->conveyor);
        if (pthread_create(&receiver, NULL, receive_all, d) != 0)
                return ERR_NO_MEMORY;
        rc = send_all(d);
        if (rc != ERR_OK)
                conveyor_break(d->conveyor);
        (void)pthread_join(receiver, NULL);
        if (rc != ERR_OK)
                return rc;

        struct conveyor_counts at = conveyor_counts(d->conveyor);

        return at.acked == at.filled ? ERR_OK : ERR_CANCELLED;
}

static enum err commit(struct delivery *d, uint64_t turned_away)
{
        struct submit_request request = {.kind = SUBMIT_COMMIT};
        struct submit_response r;

        request.commit.batches = conveyor_counts(d->conveyor).acked;
        request.commit.rows = d->rows;
        request.commit.turned_away = turned_away;
        request.commit.digest = d->digest;
        TRY(send_request(d, &request));
        TRY(receive_response(d, SUBMIT_COMMITTED, &r));
        d->out->is_committed = true;
        d->out->receipt = r.committed;
        return ERR_OK;
}

/* From an open connection to the receipt; *held when the caller said no. */
static enum err converse(struct delivery *d, bool *held)
{
        uint64_t turned_away = 0;

        TRY(open_submission(d));
        if (d->out->is_committed)
                return ERR_OK;
        TRY(transfer(d));
        if (d->receipts != NULL) {
                digest_finish(d->receipts, &d->digest);
                digest_stream_free(&d->receipts);
        }
        *held = !d->wish->may_commit(
                d->wish->state, d->out->accepted, d->out->rejected, &turned_away);
        return *held ? ERR_OK : commit(d, turned_away);
}

/* Many connections -------------------------------------------------------- */

/* The keeper's key, once for all connections, unless it has changed. */
static enum exit_code have_key(struct delivery *d, struct client *client)
{
        struct sealing *s = d->wish->sealing;

        return s == NULL || s->has_key ? EXIT_CODE_OK : sealing_fetch(d->cli, s, client);
}

/* The keeper has another key by now: once, for what is not acknowledged. A second time is no
 * rotation. */
static bool key_has_changed(struct delivery *d, const struct call_status *status)
{
        const struct refusal *why = &status->details;

        if (d->wish->sealing == NULL || d->was_resealed || why->len == 0 ||
                strcmp(why->violations[0].field, "batch.sealed.key_id") != 0)
                return false;
        d->was_resealed = true;
        d->wish->sealing->has_key = false;
        progress_end(d->progress);
        note(d->cli, WORD_KEEPER_KEY_AGAIN);
        return true;
}

static enum err one_connection(
        struct delivery *d, bool *held, enum exit_code *code, struct call_status *status)
{
        struct client **client = d->wish->client;
        enum err rc, end = ERR_OK;

        *status = (struct call_status){.code = STATUS_OK};
        *code = EXIT_CODE_OK;
        if (*client == NULL)
                *code = cli_connect(d->cli, d->wish->settings, d->wish->identity, 1, client);
        if (*code == EXIT_CODE_OK)
                *code = have_key(d, *client);
        if (*code != EXIT_CODE_OK) {
                client_close(client);
                return ERR_IO;
        }
        rc = call_start(*client, submit_path, 0, &d->call);
        if (rc == ERR_OK)
                rc = converse(d, held);
        if (d->call != NULL) {
                /* A call that broke by itself has its reason; ours has none to wait for. */
                if (rc != ERR_OK && d->reply_is_wrong)
                        call_cancel(d->call);
                else if (call_half_close(d->call) == ERR_OK || rc != ERR_OK)
                        end = call_finish(d->call, status);
                call_free(&d->call);
        }
        if (rc != ERR_OK)
                client_close(client);
        return rc != ERR_OK && end != ERR_OK ? end : rc;
}

static void sleep_ms(int64_t ms)
{
        struct timespec t = {ms / 1000, ms % 1000 * 1000000};

        (void)nanosleep(&t, NULL);
}

struct patience {
        int64_t since_ns, wait_ms;
        uint32_t acked;
};

/* false: the time is up. Progress brings patience back. */
static bool wait_for_better(struct delivery *d, struct patience *p)
{
        int64_t now = clock_monotonic_ns();
        uint32_t acked = conveyor_counts(d->conveyor).acked;

        if (acked != p->acked || p->wait_ms == 0)
                *p = (struct patience){now, WAIT_FIRST_MS, acked};
        if ((now - p->since_ns) / 1000000 + p->wait_ms > (int64_t)d->wish->retry_s * 1000)
                return false;
        progress_end(d->progress);
        note(d->cli, WORD_RETRYING);
        sleep_ms(p->wait_ms);
        p->wait_ms = p->wait_ms * 2 < WAIT_LONGEST_MS ? p->wait_ms * 2 : WAIT_LONGEST_MS;
        return true;
}

static enum exit_code give_up(
        struct delivery *d, enum err rc, enum exit_code code, const struct call_status *status)
{
        progress_end(d->progress);
        if (code != EXIT_CODE_OK)
                return code;
        if (conveyor_end_reason(d->conveyor) != ERR_OK)
                return EXIT_CODE_INPUT; /* the caller knows more */
        if (d->reply_is_wrong) {
                complain(d->cli, WORD_PROTOCOL);
                return EXIT_CODE_INTERNAL;
        }
        return cli_call_failed(d->cli, rc, status);
}

/* A gateway that never answered is told at once; one that went away may come back. */
static bool worth_retrying(const struct delivery *d, enum err rc, enum exit_code code,
        const struct call_status *status)
{
        if (d->reply_is_wrong || conveyor_end_reason(d->conveyor) != ERR_OK)
                return false;
        if (!d->out->was_opened)
                return code == EXIT_CODE_OK && status->code == STATUS_RESOURCE_EXHAUSTED;
        return code == EXIT_CODE_CONNECT ||
               (code == EXIT_CODE_OK && cli_worth_retrying(rc, status));
}

static enum exit_code run_connections(struct delivery *d)
{
        struct patience patience = {0};
        struct call_status status;
        enum exit_code code;
        bool held = false;

        for (;;) {
                enum err rc = one_connection(d, &held, &code, &status);

                if (rc == ERR_OK)
                        return held ? EXIT_CODE_REFUSED : EXIT_CODE_OK;

                if (code == EXIT_CODE_OK && key_has_changed(d, &status))
                        continue;
                if (!worth_retrying(d, rc, code, &status) || !wait_for_better(d, &patience))
                        return give_up(d, rc, code, &status);
        }
}

enum exit_code delivery_run(struct cli *cli, const struct delivery_wish *wish, struct conveyor *c,
        struct progress *progress, struct delivery_outcome *out)
{
        struct delivery d = {
                .cli = cli, .wish = wish, .conveyor = c, .progress = progress, .out = out};
        enum exit_code code = EXIT_CODE_INTERNAL;

        buf_init(&d.request, REQUEST_MAX);
        d.arena = arena_new(RESPONSE_ARENA);
        if (d.arena != NULL && digest_start(&d.receipts) == ERR_OK)
                code = run_connections(&d);
        digest_stream_free(&d.receipts);
        arena_free(&d.arena);
        buf_done(&d.request);
        progress_end(progress);
        return code;
}
