/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: the second flow: a question goes out as a safe table.
 *
 *      expand → decide → count → linked views of the vintage → plan → execute
 *             → disclosure control → release
 *
 * A question begun under a policy ends under it, unless its linkage ended: then it is cut
 * wherever it is, and asked once more at the door. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/answer.h"

enum { RELEASE_MAX = 4 * BATCH_WIRE_MAX, TABLE_ARENA_MAX = 1 << 30, POLICY_TRIES = 3 };

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

static enum err answer_once(
        struct rpc_call *c, struct policy *policy, const struct query *q, struct buf *out)
{
        OWNED(arena_free) struct arena *arena = arena_new(TABLE_ARENA_MAX);
        struct answering a = {.call = c, .policy = policy, .arena = arena, .asked = q};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        enum err e = answer_under(&a, out);
        view_lease_done(&a.denominator.lease);
        view_lease_done(&a.main.lease);
        return e;
}

/* Views that were being built when the rules changed are gone with the old ones
 * (ERR_VINTAGE_CLOSED); who waited for them is decided anew. */
static enum err answer(struct rpc_call *c, const struct query *q, struct buf *out)
{
        struct gateway *g = c->handlers;

        for (int i = 0; i < POLICY_TRIES; i++) {
                uint64_t generation = reign_generation(g->reign);
                OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);

                buf_done(out);
                enum err e = answer_once(c, policy, q, out);
                if (e != ERR_VINTAGE_CLOSED || reign_generation(g->reign) == generation)
                        return e;
        }
        return ERR_BUSY;
}

/* Allowed is it as any question is; nothing is counted for it, and it costs nothing. */
static enum err foresee(
        struct rpc_call *c, const struct query *q, int64_t started_ns, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        struct answering a = {.call = c, .policy = policy, .arena = c->arena, .asked = q};
        struct wire_answer answer = {.has_forecast = true};

        TRY(expand(&a));
        TRY(decide(&a));
        TRY(forecast_make(&a, &answer.forecast));
        answer.answered_at_ms = clock_now_ms();
        answer.took_us = (uint32_t)((clock_monotonic_ns() - started_ns) / 1000);
        return answer_encode(&answer, response);
}

static enum err envelope(struct buf *release, int64_t started_ns, struct buf *response)
{
        struct wire_answer a = {0};

        TRY(buf_end(release, &a.release));
        digest_of(a.release, &a.release_digest);
        a.answered_at_ms = clock_now_ms();
        a.took_us = (uint32_t)((clock_monotonic_ns() - started_ns) / 1000);
        return answer_encode(&a, response);
}

enum err query_answer(struct rpc_call *c, struct bytes request, struct buf *response)
{
        OWNED(buf_done) struct buf bytes;
        int64_t started_ns = clock_monotonic_ns();
        struct query q = {0};

        buf_init(&bytes, RELEASE_MAX);
        TRY(query_request_decode(c->arena, request, &q, &c->why));
        enum err e = query_check(&q, &c->why);
        if (e == ERR_OK && !q.dry_run)
                e = answer(c, &q, &bytes);
        if (e == ERR_OK)
                e = q.dry_run ? foresee(c, &q, started_ns, response)
                              : envelope(&bytes, started_ns, response);
        log_event(LOG_INFO, e == ERR_OK ? "query_answered" : "query_refused",
                LOG_TEXT("principal", c->peer->uri), LOG_TEXT("code", err_name(e)),
                LOG_NUM("took_us", (clock_monotonic_ns() - started_ns) / 1000));
        return e;
}
