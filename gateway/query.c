/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: the second flow: a question goes out as a safe table.
 *
 *      decide → vintage → linked view → plan → execute → disclosure control → release
 *
 * What leaves is the release: canonical bytes, the same every time for the same
 * question, vintage and policy. Time and duration stand beside it, not inside. */
#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/disclosure/disclosure.h"
#include "gateway/gateway.h"
#include "gateway/query/engine.h"

enum { RELEASE_MAX = 4 * BATCH_WIRE_MAX, TABLE_ARENA_MAX = 1 << 30 };

static enum err lease_view(struct rpc_call *c, struct policy *policy,
        const struct policy_dataset *dataset, const struct query *q,
        const struct stored_vintage *vintage, struct view_lease *out)
{
        struct gateway *g = c->handlers;
        const char *purpose =
                arena_strndup(c->arena, (const char *)q->purpose.data, q->purpose.len);
        const struct view_wish wish = {
                .policy = policy,
                .dataset = dataset,
                .purpose = purpose,
                .vintage = vintage->vintage,
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

        TRY(plan_make(d, q, view_span(lease->view), arena, &plan, &c->why));
        TRY(plan_run(plan, lease->view, g->threads, arena, &c->cancelled, &table));
        TRY(disclosure_protect(table, &settings, &report));
        *out = table;
        return ERR_OK;
}

static enum err release(struct rpc_call *c, const struct view_lease *lease, const struct query *q,
        const struct stored_vintage *vintage, struct buf *out)
{
        const struct policy_dataset *d = view_dataset(lease->view);
        OWNED(arena_free) struct arena *arena = arena_new(TABLE_ARENA_MAX);
        struct table *table = NULL;
        struct wire_release r = {
                .vintage = vintage->vintage,
                .vintage_at_ms = vintage->published_at_ms,
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

static enum err answer(struct rpc_call *c, struct policy *policy, struct query *q,
        int64_t started_ns, struct buf *response)
{
        struct gateway *g = c->handlers;
        const struct policy_dataset *dataset = NULL;
        OWNED(view_lease_done) struct view_lease lease = {0};
        OWNED(buf_done) struct buf bytes;
        struct stored_vintage vintage;
        struct wire_answer a = {0};

        buf_init(&bytes, RELEASE_MAX);
        TRY(query_check(q, &c->why));
        TRY(decide_query(policy, c->peer, q, clock_now_ms(), &dataset, &c->why));
        TRY(store_vintage_find(g->store, q->vintage, &vintage));
        q->vintage = vintage.vintage; /* "the latest" and its number are one question */
        TRY(lease_view(c, policy, dataset, q, &vintage, &lease));
        TRY(release(c, &lease, q, &vintage, &bytes));
        /* Once more at the door: the linkage may have ended while we counted. */
        TRY(decide_query(policy, c->peer, q, clock_now_ms(), &dataset, &c->why));
        TRY(buf_end(&bytes, &a.release));
        digest_of(a.release, &a.release_digest);
        a.answered_at_ms = clock_now_ms();
        a.took_us = (uint32_t)((clock_monotonic_ns() - started_ns) / 1000);
        return answer_encode(&a, response);
}

enum err query_answer(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        int64_t started_ns = clock_monotonic_ns();
        struct query q = {0};

        TRY(query_request_decode(c->arena, request, &q, &c->why));
        enum err e = answer(c, policy, &q, started_ns, response);
        log_event(LOG_INFO, e == ERR_OK ? "query_answered" : "query_refused",
                LOG_TEXT("principal", c->peer->uri), LOG_TEXT("code", err_name(e)),
                LOG_NUM("took_us", (clock_monotonic_ns() - started_ns) / 1000));
        return e;
}
