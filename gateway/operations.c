/* SPDX-License-Identifier: Apache-2.0 */
/* operations.c: running the gateway: vintages, status, reload. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway.h"

enum { VIEWS_SHOWN_MAX = 64, PROGRESS_EVERY_NS = 200000000 };

static enum err send_progress(struct rpc_call *c, const struct wire_publish_progress *p)
{
        OWNED(buf_done) struct buf out;
        struct bytes bytes;

        buf_init(&out, 4096);
        TRY(publish_progress_encode(p, &out));
        TRY(buf_end(&out, &bytes));
        return rpc_send(c, bytes);
}

/* Progress comes from the builder's threads; only one of them may write. */
struct publishing {
        struct rpc_call *call;
        struct bytes dataset;
        struct vintage vintage;
        _Atomic int64_t next_ns;
        atomic_flag writing;
};

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
        struct publishing *p = ctx;
        int64_t now = clock_monotonic_ns();

        if (now < atomic_load(&p->next_ns) || atomic_flag_test_and_set(&p->writing))
                return;
        atomic_store(&p->next_ns, now + PROGRESS_EVERY_NS);
        const struct wire_publish_progress at = {
                .phase = bytes_of_text("linking"),
                .dataset = p->dataset,
                .records_done = done,
                .records_total = total,
                .vintage = p->vintage,
        };
        /* A client that left is noticed by the builder's own cancel flag. */
        enum err ignored = send_progress(p->call, &at);
        (void)ignored;
        atomic_flag_clear(&p->writing);
}

static enum err build_one(struct rpc_call *c, struct policy *policy, const struct policy_dataset *d,
        struct publishing *p)
{
        struct gateway *g = c->handlers;
        OWNED(view_lease_done) struct view_lease lease = {0};

        if (d->purposes_len == 0 || d->linkage == NULL)
                return ERR_OK;
        const char *purpose =
                arena_strndup(c->arena, (const char *)d->purposes[0].data, d->purposes[0].len);
        if (purpose == NULL)
                return ERR_NO_MEMORY;
        p->dataset = d->id;
        const struct view_wish wish = {
                .policy = policy,
                .dataset = d,
                .purpose = purpose,
                .progress = on_progress,
                .progress_ctx = p,
                .cancel = &c->cancelled,
        };
        enum err e = views_lease(g->views, &wish, &lease);
        /* A linkage that has ended is no reason to hold back the other data sets: nobody
         * may ask this one today anyway. */
        if (e == ERR_LINKAGE_REFUSED) {
                log_event(LOG_WARNING, "view_not_linked", LOG_TEXT("purpose", purpose),
                        LOG_NUM("vintage", p->vintage.number));
                return ERR_OK;
        }
        TRY(e);
        /* A removal while we built: the revision took the place of what we published. */
        if (lease.vintage.vintage.number == p->vintage.number)
                p->vintage = lease.vintage.vintage;
        return ERR_OK;
}

static enum err build_all(struct rpc_call *c, struct policy *policy, struct publishing *p)
{
        uint32_t n = 0;
        const struct policy_dataset *datasets = policy_datasets(policy, &n);

        for (uint32_t i = 0; i < n; i++)
                TRY(build_one(c, policy, &datasets[i], p));
        return ERR_OK;
}

/* A vintage that cannot be linked is none: the one before stays the latest. */
static enum err unpublish(struct rpc_call *c, struct vintage v, enum err why)
{
        struct gateway *g = c->handlers;
        enum err e = store_retire(g->store, v.number);

        log_event(LOG_ERROR, "vintage_not_published", LOG_NUM("vintage", v.number),
                LOG_TEXT("code", err_name(why)), LOG_TEXT("retired", err_name(e)));
        return refuse(&c->why, why, "vintage",
                "its linked views could not be built; the vintage before stays the latest");
}

enum err vintage_publish(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        struct publishing p = {.call = c, .writing = ATOMIC_FLAG_INIT};
        struct stored_vintage vintage;
        struct bytes note;

        (void)response; /* a stream: progress, then done */
        TRY(publish_request_decode(c->arena, request, &note, &c->why));
        const char *text = arena_strndup(c->arena, (const char *)note.data, note.len);
        if (text == NULL)
                return ERR_NO_MEMORY;
        TRY(store_publish(g->store, text, clock_now_ms(), &vintage));
        log_event(LOG_INFO, "vintage_published", LOG_NUM("vintage", vintage.vintage.number),
                LOG_NUM("submissions", vintage.submissions), LOG_NUM("records", vintage.records));
        p.vintage = vintage.vintage;
        enum err e = build_all(c, policy, &p);
        if (e == ERR_CANCELLED)
                return e; /* only the listener left: views are built when they are asked for */
        if (e != ERR_OK)
                return unpublish(c, vintage.vintage, e);
        views_retire(g->views, vintage.vintage);
        const struct wire_publish_progress end = {
                .phase = bytes_of_text("done"),
                .records_done = vintage.records,
                .records_total = vintage.records,
                .done = true,
                .vintage = p.vintage,
        };
        return send_progress(c, &end);
}

enum err vintages_list(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct stored_vintage *stored = NULL;
        struct wire_vintages out = {0};

        (void)request;
        TRY(store_vintages(g->store, c->arena, &stored, &out.len));
        struct wire_vintage *list = arena_alloc(c->arena, out.len, sizeof(*list));
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < out.len; i++)
                list[i] = (struct wire_vintage){
                        .vintage = stored[i].vintage,
                        .published_at_ms = stored[i].published_at_ms,
                        .submissions = stored[i].submissions,
                        .records = stored[i].records,
                        .open = stored[i].open,
                        .note = bytes_of_text(stored[i].note),
                };
        out.vintages = list;
        return vintages_encode(&out, response);
}

static uint32_t list_views(struct gateway *g, struct arena *a, const struct wire_view_status **out)
{
        struct view_status *have = arena_alloc(a, VIEWS_SHOWN_MAX, sizeof(*have));
        struct wire_view_status *list = arena_alloc(a, VIEWS_SHOWN_MAX, sizeof(*list));

        if (have == NULL || list == NULL)
                return 0;
        uint32_t n = views_list(g->views, have, VIEWS_SHOWN_MAX);
        for (uint32_t i = 0; i < n; i++)
                list[i] = (struct wire_view_status){
                        .dataset = bytes_of_text(have[i].dataset),
                        .vintage = have[i].vintage,
                        .records = have[i].records,
                        .persons = have[i].persons,
                        .bytes = have[i].bytes,
                        .build_ms = have[i].build_ms,
                };
        *out = list;
        return n;
}

enum err gateway_status(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        struct rpc_counters calls;
        struct store_counts counts;
        struct wire_status out = {
                .version = bytes_of_text(STATGATE_VERSION),
                .started_at_ms = g->started_at_ms,
                .keeper_alive = keeper_alive(g->keeper),
                .keyring_generation = keeper_generation(g->keeper),
                .policy_version = policy_rules(policy)->version,
                .policy = *policy_digest(policy),
        };

        (void)request;
        TRY(store_count(g->store, &counts));
        rpc_counters_read(g->rpc, &calls);
        out.submissions_open = counts.open;
        out.submissions_committed = counts.committed;
        out.records_committed = counts.records_committed;
        out.store_bytes = counts.bytes;
        out.calls = calls.calls;
        out.calls_refused = calls.refused;
        out.calls_failed = calls.failed;
        out.views_len = list_views(g, c->arena, &out.views);
        return status_encode(&out, response);
}

enum err gateway_reload_policy(struct gateway *g, bool *out_changed, struct refusal *why)
{
        TRY(reign_reload(g->reign, out_changed, why));
        if (*out_changed) {
                OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);

                views_keep_policy(g->views, policy_digest(policy));
        }
        return ERR_OK;
}

enum err gateway_reload(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct wire_reloaded out = {0};

        (void)request;
        TRY(gateway_reload_policy(g, &out.policy_changed, &c->why));
        TRY(rpc_reload_certificates(g->rpc, &out.certificates_changed));
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        out.policy_version = policy_rules(policy)->version;
        out.policy = *policy_digest(policy);
        return reloaded_encode(&out, response);
}
