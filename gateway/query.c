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
#include "gateway/disclosure/disclosure.h"
#include "gateway/query/engine.h"

enum { RELEASE_MAX = 4 * BATCH_WIRE_MAX, TABLE_ARENA_MAX = 1 << 30, POLICY_TRIES = 3 };

static enum err linkage_ended(struct rpc_call *c)
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

/* The views that a question looks at, its own first. */
static void note_views(const struct question *q, const struct view **out, uint32_t *len)
{
        out[(*len)++] = q->lease.view;
        for (uint32_t i = 0; i < q->query.derived_len; i++) {
                const struct view *v = linked_view(q->lease.linked, q->query.derived[i].dataset);

                if (v != NULL)
                        out[(*len)++] = v;
        }
}

/* Of two that are divided, each counts those only who have delivered for the other too: else
 * the costs of some would be shared out over the persons of others. */
static enum err note_other(struct answering *a, const struct question *q, struct plan_scope *out)
{
        const struct question *other = q == &a->main ? &a->denominator : &a->main;
        const struct view **also = arena_alloc(a->arena, DERIVED_MAX + 1, sizeof(*also));

        if (also == NULL)
                return ERR_NO_MEMORY;
        note_views(other, also, &out->also_len);
        out->also = also;
        return ERR_OK;
}

static void keep_of_period(const struct question *of, uint8_t *delivered, uint32_t len)
{
        const struct deliveries *d = coverage_find(of->lease.coverage, of->query.dataset);

        for (uint32_t i = 0; i < len; i++) {
                bool any = d == NULL; /* not a data set that municipalities deliver */

                for (uint32_t k = 0; d != NULL && !any && k < d->len; k++)
                        any = d->list[k].municipality == i &&
                              d->list[k].period.first <= of->query.period.last &&
                              d->list[k].period.last >= of->query.period.first;
                delivered[i] &= any;
        }
}

/* Who has delivered for the period; for both questions of two that are divided. What ended
 * in a period may stand in deliveries of another (`period_date`): there any delivery will
 * do. */
static enum err note_period(struct answering *a, const struct question *q, struct plan_scope *out)
{
        uint32_t len = policy_municipalities(a->policy)->levels[0].len;
        uint8_t *delivered = arena_alloc(a->arena, len, 1);

        if (delivered == NULL)
                return ERR_NO_MEMORY;
        memset(delivered, 1, len);
        keep_of_period(q, delivered, len);
        if (a->has_denominator)
                keep_of_period(q == &a->main ? &a->denominator : &a->main, delivered, len);
        out->delivered = delivered;
        out->delivered_len = len;
        return ERR_OK;
}

static enum err scope_of(struct answering *a, const struct question *q, struct plan_scope *out)
{
        const struct view_lease *l = &q->lease;
        uint32_t n = l->linkage != NULL ? l->linkage->rules->datasets_len : 1;
        const struct policy_dataset **datasets = arena_alloc(a->arena, n, sizeof(*datasets));
        struct period *spans = arena_alloc(a->arena, n, sizeof(*spans));

        if (datasets == NULL || spans == NULL)
                return ERR_NO_MEMORY;
        *out = (struct plan_scope){
                .dataset = q->allowed.dataset,
                .linked = datasets,
                .spans = spans,
                .linked_len = n,
                .family = l->linkage != NULL && l->linkage->rules->family,
        };
        if (a->has_denominator)
                TRY(note_other(a, q, out));
        if (q->query.has_period && q->query.period_date.len == 0 && l->linkage != NULL)
                TRY(note_period(a, q, out));
        if (l->linkage == NULL) {
                datasets[0] = q->allowed.dataset;
                out->span = spans[0] = coverage_span(l->coverage);
                return ERR_OK;
        }
        for (uint32_t i = 0; i < n; i++) {
                const struct view *v = linked_view(l->linked, l->linkage->rules->datasets[i]);

                datasets[i] = view_dataset(v);
                spans[i] = view_span(v);
        }
        out->span = view_span(l->view);
        return ERR_OK;
}

/* Plans, runs and protects; nothing in `q->table` is unsafe to show afterwards. */
static enum err safe_table(struct answering *a, struct question *q)
{
        struct rpc_call *c = a->call;
        struct gateway *g = c->handlers;
        const struct disclosure_rules *rules = &q->allowed.disclosure;
        bool deliveries = q->allowed.dataset->kind == DATASET_DELIVERIES;
        const struct disclosure_settings settings = {
                .threshold = rules->threshold,
                .zeros_published = rules->zeros_published,
                .numerator = rules->numerator,
                .denominator = rules->denominator,
                .complement = rules->complement,
                .families = rules->families,
                .amounts = deliveries ? coverage_threshold(a->policy, &q->query) : 0,
        };
        struct disclosure_report report;
        struct plan_scope scope;
        struct plan *plan = NULL;

        TRY(scope_of(a, q, &scope));
        TRY(plan_make(&scope, &q->query, a->arena, &plan, &c->why));
        enum err e = plan_run(plan, q->lease.view, g->threads, a->arena, &q->lease.stop, &q->table);
        if (e == ERR_CANCELLED && atomic_load(&q->lease.ended))
                return linkage_ended(c);
        TRY(e);
        q->looks_beside = plan_looks_beside(plan);
        TRY(plan_places(plan, q->lease.view, a->arena, &q->counted));
        if (deliveries)
                coverage_note_unexpected(q->table);
        return disclosure_protect_table(a->arena, q->table, &settings, &q->lease.stop, &report);
}

static enum err tables(struct answering *a)
{
        TRY(safe_table(a, &a->main));
        if (!a->has_denominator)
                return ERR_OK;
        TRY(safe_table(a, &a->denominator));
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
