/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: the second flow: a question goes out as a safe table.
 *
 *      decide → linked view of the vintage → plan → execute → disclosure control → release
 *
 * What leaves is the release: canonical bytes, the same every time for the same
 * question, vintage and policy. Time and duration stand beside it, not inside. */
#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/disclosure/disclosure.h"
#include "gateway/gateway.h"
#include "gateway/query/engine.h"

enum { RELEASE_MAX = 4 * BATCH_WIRE_MAX, TABLE_ARENA_MAX = 1 << 30, POLICY_TRIES = 3 };

static enum err lease_view(struct rpc_call *c, struct policy *policy,
        const struct policy_dataset *dataset, const struct query *q, struct view_lease *out)
{
        struct gateway *g = c->handlers;
        const char *purpose =
                arena_strndup(c->arena, (const char *)q->purpose.data, q->purpose.len);
        const struct view_wish wish = {
                .policy = policy,
                .dataset = dataset,
                .purpose = purpose,
                .vintage = q->vintage,
                .cancel = &c->cancelled,
        };

        return purpose == NULL ? ERR_NO_MEMORY : views_lease(g->views, &wish, out);
}

static enum err query_digest(const struct query *q, struct digest *out)
{
        OWNED(buf_done) struct buf canonical;
        struct bytes bytes;

        buf_init(&canonical, BATCH_WIRE_MAX);
        TRY(query_encode(q, &canonical));
        TRY(buf_end(&canonical, &bytes));
        digest_of(bytes, out);
        return ERR_OK;
}

static void count_delivered(const struct view *v, struct wire_release *out)
{
        const uint8_t *delivered = view_delivered(v, &out->expected);

        for (uint32_t i = 0; i < out->expected; i++)
                out->delivered += delivered[i];
}

/* Plans, runs and protects; nothing in `out` is unsafe to show afterwards. */
static enum err safe_table(struct rpc_call *c, const struct view_lease *lease,
        const struct query *q, struct arena *arena, struct table **out)
{
        struct gateway *g = c->handlers;
        const struct policy_dataset *d = view_dataset(lease->view);
        const struct disclosure_settings settings = {
                .threshold = d->disclosure.threshold,
                .zeros_published = d->disclosure.zeros_published,
        };
        struct disclosure_report report;
        struct plan *plan = NULL;
        struct table *table = NULL;

        const struct plan_scope scope = {.dataset = d, .span = view_span(lease->view)};

        TRY(plan_make(&scope, q, arena, &plan, &c->why));
        TRY(plan_run(plan, lease->view, g->threads, arena, &c->cancelled, &table));
        TRY(disclosure_protect(table, &settings, &report));
        *out = table;
        return ERR_OK;
}

static enum err release(
        struct rpc_call *c, const struct view_lease *lease, const struct query *q, struct buf *out)
{
        const struct policy_dataset *d = view_dataset(lease->view);
        OWNED(arena_free) struct arena *arena = arena_new(TABLE_ARENA_MAX);
        struct table *table = NULL;
        struct wire_release r = {
                .vintage = lease->vintage.vintage,
                .vintage_at_ms = lease->vintage.published_at_ms,
                .policy = *policy_digest(lease->policy),
                .dataset = d->id,
                .purpose = q->purpose,
                .threshold = d->disclosure.threshold,
                .zeros_published = d->disclosure.zeros_published,
        };

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(safe_table(c, lease, q, arena, &table));
        r.table = *table;
        count_delivered(lease->view, &r);
        TRY(query_digest(q, &r.query));
        enum err e = release_encode(&r, out);
        if (e == ERR_TOO_LARGE)
                return refuse(&c->why, ERR_TOO_MANY_CELLS, "dimensions",
                        "the answer would be larger than %d MiB: ask for less at a time",
                        RELEASE_MAX >> 20);
        return e;
}

/* What the policy in force lets out. */
static enum err answer_now(
        struct rpc_call *c, struct policy *policy, struct query q, struct buf *out)
{
        struct decision allowed;
        OWNED(view_lease_done) struct view_lease lease = {0};

        TRY(decide_query(policy, c->peer, &q, clock_now_ms(), &allowed, &c->why));
        TRY(lease_view(c, policy, allowed.dataset, &q, &lease));
        q.vintage = lease.vintage.vintage; /* "the latest" and its number are one question */
        TRY(release(c, &lease, &q, out));
        /* Once more at the door: the linkage may have ended while we counted. */
        return decide_query(policy, c->peer, &q, clock_now_ms(), &allowed, &c->why);
}

/* When the rules change while we count, the new ones decide from the start: a linkage
 * that was withdrawn lets nothing out any more. */
static enum err answer(struct rpc_call *c, const struct query *q, struct buf *out)
{
        struct gateway *g = c->handlers;

        for (int i = 0; i < POLICY_TRIES; i++) {
                uint64_t generation = reign_generation(g->reign);
                OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);

                buf_done(out);
                TRY(answer_now(c, policy, *q, out));
                if (reign_generation(g->reign) == generation)
                        return ERR_OK;
        }
        return ERR_BUSY;
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
        if (e == ERR_OK)
                e = answer(c, &q, &bytes);
        if (e == ERR_OK)
                e = envelope(&bytes, started_ns, response);
        log_event(LOG_INFO, e == ERR_OK ? "query_answered" : "query_refused",
                LOG_TEXT("principal", c->peer->uri), LOG_TEXT("code", err_name(e)),
                LOG_NUM("took_us", (clock_monotonic_ns() - started_ns) / 1000));
        return e;
}
