/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: the second flow: a question goes out as a safe table.
 *
 *      expand → decide → count → linked views of the vintage → plan → execute
 *             → disclosure control → release → entry of the log → certificate
 *
 * An answer leaves when its entry is under a head that the keeper signed, a refusal when its entry
 * is durable. Where the log cannot be written, neither does. What memory has to know of a question
 * later (memory.h) is written in the entry's own transaction.
 *
 * A question begun under a policy ends under it, unless its linkage ended: then it is cut
 * wherever it is, and asked once more at the door. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/answer_note.h"
#include "gateway/audit/audit.h"
#include "gateway/question_words.h"

enum {
        RELEASE_MAX = 4 * BATCH_WIRE_MAX,
        TABLE_ARENA_MAX = 1 << 30,
        POLICY_TRIES = 3,
        QUESTION_WIRE_MAX = 60 << 10,
        CERTIFY_MS = 30000
};

enum err linkage_ended(struct rpc_call *c)
{
        return refuse(&c->why, ERR_LINKAGE_REFUSED, "linkage",
                "the linkage ended while the question was being answered");
}

/* What is asked, and whether it may be --------------------------------------------- */

static enum err expand(struct answering *a)
{
        if (a->asked->indicator.len == 0) {
                a->main.query = *a->asked;
                return ERR_OK;
        }
        TRY(indicator_expand(a->policy, a->asked, a->arena, &a->main.query, &a->denominator.query,
                &a->indicator, &a->call->why));
        a->has_denominator = a->indicator->has_denominator;
        return ERR_OK;
}

/* The decision on an indicator covers both its questions; where the second is looked up is
 * a decision of its own. */
static enum err decide(struct answering *a)
{
        struct rpc_call *c = a->call;
        int64_t now = clock_now_ms();

        TRY(decide_query(a->policy, c->peer, a->asked, now, &a->main.allowed, &c->why));
        TRY(perturb_allows(&a->main, &c->why));
        if (!a->has_denominator)
                return ERR_OK;
        TRY(decide_query(
                a->policy, c->peer, &a->denominator.query, now, &a->denominator.allowed, &c->why));
        a->denominator.allowed.disclosure = a->main.allowed.disclosure;
        return ERR_OK;
}

/* Views ---------------------------------------------------------------------------- */

static enum err lease(struct answering *a, struct question *q, struct vintage vintage)
{
        struct rpc_call *c = a->call;
        struct gateway *g = c->handlers;
        const struct view_wish wish = {
                .policy = a->policy,
                .linkage = q->allowed.linkage,
                .dataset = q->allowed.dataset,
                .purpose = arena_strndup(
                        a->arena, (const char *)q->query.purpose.data, q->query.purpose.len),
                .vintage = vintage,
                .cancel = &c->cancelled,
        };

        if (wish.purpose == NULL)
                return ERR_NO_MEMORY;
        enum err e = views_lease(g->views, &wish, &q->lease);
        if (e == ERR_LINKAGE_REFUSED && atomic_load(&q->lease.ended))
                return linkage_ended(c);
        TRY(e);
        q->query.vintage = q->lease.vintage.vintage;
        return ERR_OK;
}

/* The question counts before anything is built for it. */
static enum err lease_all(struct answering *a)
{
        struct gateway *g = a->call->handlers;
        struct stored_vintage vintage;

        TRY(store_vintage_find(g->store, a->asked->vintage, &vintage));
        TRY(budget_take(a, vintage.vintage, &a->call->why));
        TRY(lease(a, &a->main, a->asked->vintage));
        return a->has_denominator ? lease(a, &a->denominator, a->main.query.vintage) : ERR_OK;
}

/* Tables --------------------------------------------------------------------------- */

static enum err tables(struct answering *a)
{
        TRY(table_make(a, &a->main));
        if (!a->has_denominator)
                return ERR_OK;
        TRY(table_make(a, &a->denominator));
        return quotient_make(a->arena, a->indicator->scale, a->main.table, a->denominator.table);
}

static enum err still_stands(struct answering *a, struct question *q)
{
        struct gateway *g = a->call->handlers;
        struct view_lease *l = &q->lease;

        if (atomic_load(&l->ended) || !gateway_linkage_stands(g, a->policy, l->linkage, l->purpose))
                return linkage_ended(a->call);
        return ERR_OK;
}

/* Once more at the door: the linkage may have ended while we counted. */
static enum err at_the_door(struct answering *a)
{
        TRY(decide(a));
        TRY(still_stands(a, &a->main));
        return a->has_denominator ? still_stands(a, &a->denominator) : ERR_OK;
}

static enum err answer_under(struct answering *a, struct buf *out)
{
        TRY(expand(a));
        TRY(decide(a));
        TRY(lease_all(a));
        TRY(tables(a));
        enum err e = release_write(a, out);
        if (e == ERR_TOO_LARGE)
                return refuse(&a->call->why, ERR_TOO_MANY_CELLS, "dimensions",
                        "the answer would be larger than %d MiB: ask for less at a time",
                        RELEASE_MAX >> 20);
        TRY(e);
        return at_the_door(a);
}

/* A question on its way through, and what the log will say of it. */
struct asking {
        struct rpc_call *call;
        struct query query;
        int64_t started_ns;
        struct note note;
        struct promise *promises; /* of all tries */
};

/* While all that the note speaks of is there. */
static enum err write_note(
        struct asking *q, const struct answering *a, struct buf *release, enum err outcome)
{
        struct bytes bytes = {0};

        note_done(&q->note);
        if (outcome == ERR_OK)
                TRY(buf_end(release, &bytes));
        if (outcome == ERR_OK)
                answer_note(a, bytes, q->started_ns, &q->note);
        else
                refusal_note(a, outcome, q->started_ns, &q->note);
        return note_end(&q->note);
}

static enum err answer_once(struct asking *q, struct policy *policy, struct buf *out)
{
        OWNED(arena_free) struct arena *arena = arena_new(TABLE_ARENA_MAX);
        struct answering a = {.call = q->call,
                .policy = policy,
                .arena = arena,
                .asked = &q->query,
                .promises = &q->promises};
        enum err e, noted;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        e = answer_under(&a, out);
        noted = write_note(q, &a, out, e);
        view_lease_done(&a.denominator.lease);
        view_lease_done(&a.main.lease);
        return noted != ERR_OK ? noted : e;
}

/* Views that were being built when the rules changed are gone with the old ones
 * (ERR_VINTAGE_CLOSED); who waited for them is decided anew. */
static enum err answer(struct asking *q, struct buf *out)
{
        struct gateway *g = q->call->handlers;

        for (int i = 0; i < POLICY_TRIES; i++) {
                uint64_t generation = reign_generation(g->reign);
                OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);

                buf_done(out);
                enum err e = answer_once(q, policy, out);
                if (e != ERR_VINTAGE_CLOSED || reign_generation(g->reign) == generation)
                        return e;
        }
        return ERR_BUSY;
}

/* Allowed is it as any question is; nothing is counted for it, and it costs nothing. */
static enum err foresee_under(struct answering *a, struct wire_forecast *out)
{
        TRY(expand(a));
        TRY(decide(a));
        return forecast_make(a, out);
}

static uint32_t took_us(const struct asking *q)
{
        return (uint32_t)((clock_monotonic_ns() - q->started_ns) / 1000);
}

static enum err foresee(struct asking *q, struct buf *response)
{
        struct gateway *g = q->call->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        OWNED(buf_done) struct buf nothing;
        struct answering a = {
                .call = q->call, .policy = policy, .arena = q->call->arena, .asked = &q->query};
        struct wire_answer answer = {.has_forecast = true};
        enum err e = foresee_under(&a, &answer.forecast);

        buf_init(&nothing, 1);
        TRY(write_note(q, &a, &nothing, e));
        TRY(e);
        answer.answered_at_ms = clock_now_ms();
        answer.took_us = took_us(q);
        return answer_encode(&answer, response);
}

/* Rehearsals --------------------------------------------------------------------------- */

enum err query_rehearse(struct answering *a)
{
        TRY(query_check(a->asked, &a->call->why));
        TRY(expand(a));
        TRY(decide(a));
        TRY(lease(a, &a->main, a->asked->vintage));
        if (a->has_denominator) /* each table heeds the other's deliveries: both, before any */
                TRY(lease(a, &a->denominator, a->main.query.vintage));
        TRY(table_rehearse(a, &a->main));
        if (!a->has_denominator)
                return ERR_OK;
        TRY(table_rehearse(a, &a->denominator));
        return quotient_make(a->arena, a->indicator->scale, a->main.table, a->denominator.table);
}

void query_rehearsed(struct answering *a)
{
        view_lease_done(&a->denominator.lease);
        view_lease_done(&a->main.lease);
}

/* The log ------------------------------------------------------------------------------ */

/* Nanoseconds of the monotonic clock, from the wall's milliseconds. */
static int64_t deadline_ns(const struct rpc_call *c)
{
        int64_t left_ms = c->deadline_ms - clock_now_ms(), now = clock_monotonic_ns();

        if (c->deadline_ms == INT64_MAX || left_ms > CERTIFY_MS)
                left_ms = CERTIFY_MS;
        return now + (left_ms > 0 ? left_ms : 0) * 1000000;
}

/* The log says that this answer left, and it does not. */
static void tell_withheld(struct asking *q, uint64_t number, enum err why)
{
        struct gateway *g = q->call->handlers;
        OWNED(note_done) struct note n;

        note_begin(&n, ENTRY_REFUSED);
        note_outcome(&n, why);
        entry_put_words(&n.w, FIELD_WORD, "withheld");
        entry_put_principal(&n.w, q->call->peer);
        entry_put_number(&n.w, FIELD_NUMBER, (int64_t)number);
        note_tell(g->audit, &n);
}

/* What leaves stands in the log before. */
static enum err envelope(struct asking *q, struct buf *release, struct buf *response)
{
        struct gateway *g = q->call->handlers;
        struct wire_answer a = {.has_certificate = true};
        uint64_t number;

        TRY(buf_end(release, &a.release));
        digest_of(a.release, &a.release_digest);
        TRY(memory_write(g->memory, &q->promises, &q->note.draft, &number));
        enum err e = audit_certify(
                g->audit, number, deadline_ns(q->call), q->call->arena, &a.certificate);
        if (e != ERR_OK) {
                tell_withheld(q, number, e);
                return e;
        }
        a.answered_at_ms = clock_now_ms();
        a.took_us = took_us(q);
        return answer_encode(&a, response);
}

/* A refusal, or a dry run. Of what could not be read, or ended before a note was made of it, there
 * is little to say. */
static enum err write_entry(struct asking *q, enum err outcome)
{
        struct gateway *g = q->call->handlers;
        uint64_t number;

        if (q->note.draft.kind == ENTRY_NONE) {
                note_done(&q->note);
                unreadable_note(q->call, outcome, &q->note);
                TRY(note_end(&q->note));
        }
        return memory_write(g->memory, &q->promises, &q->note.draft, &number);
}

static enum err read_question(struct asking *q, struct bytes request)
{
        struct rpc_call *c = q->call;

        TRY(query_request_decode(c->arena, request, &q->query, &c->why));
        TRY(query_check(&q->query, &c->why));
        if (request.len > QUESTION_WIRE_MAX)
                return refuse(&c->why, ERR_TOO_LARGE, "question",
                        "the log keeps questions whole, of at most %d KiB",
                        QUESTION_WIRE_MAX >> 10);
        if (question_names_person(&q->query))
                return refuse(&c->why, ERR_INVALID, "question",
                        "something in it could be a personal number, which has no place here");
        return ERR_OK;
}

static enum err answer_asking(struct asking *q, struct bytes request, struct buf *response)
{
        OWNED(buf_done) struct buf release;
        enum err e, noted;

        buf_init(&release, RELEASE_MAX);
        e = read_question(q, request);
        if (e == ERR_OK && !q->query.dry_run)
                e = answer(q, &release);
        if (e == ERR_OK && !q->query.dry_run)
                return envelope(q, &release, response);
        if (e == ERR_OK)
                e = foresee(q, response);
        noted = write_entry(q, e);
        return noted != ERR_OK ? noted : e;
}

enum err query_answer(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct asking q = {.call = c, .started_ns = clock_monotonic_ns()};
        enum err e = answer_asking(&q, request, response);

        note_done(&q.note);
        memory_break(&q.promises);
        if (e != ERR_OK)
                response->len = 0;
        log_event(LOG_INFO, e == ERR_OK ? "query_answered" : "query_refused",
                LOG_TEXT("principal", c->peer->uri), LOG_TEXT("code", err_name(e)),
                LOG_NUM("took_us", (clock_monotonic_ns() - q.started_ns) / 1000));
        return e;
}
