/* SPDX-License-Identifier: Apache-2.0 */
/* operations.c: running the gateway: vintages, status, reload. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/keeper/care.h"
#include "gateway/note.h"

enum { VIEWS_SHOWN_MAX = 256 };

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
                        .linkage = bytes_of_text(have[i].linkage),
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

/* Of those that have used any. */
static enum err list_quotas(
        struct arena *a, const struct quota_state *all, uint32_t len, struct wire_status *out)
{
        struct wire_quota_status *list = arena_alloc(a, len, sizeof(*list));

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                const struct quota_state *q = &all[i];

                if (q->persons_percent == 0 && q->persons_refused_ms == 0 && q->erasures == 0 &&
                        q->erasures_refused_ms == 0)
                        continue;
                list[out->quotas_len++] = (struct wire_quota_status){
                        .municipality = q->municipality,
                        .persons_most = q->persons_most,
                        .persons_percent = q->persons_percent,
                        .persons_refused_at_ms = q->persons_refused_ms,
                        .erasures_most = q->erasures_most,
                        .erasures = q->erasures,
                        .erasures_refused_at_ms = q->erasures_refused_ms,
                };
        }
        out->quotas = list;
        return ERR_OK;
}

/* Whoever asks how it is while the keeper is gone, or hangs, shall hear that, and no error. */
static enum err tell_keeper(struct gateway *g, struct arena *a, struct wire_status *out)
{
        struct rotation_progress progress;
        struct quota_state *quotas;
        uint32_t len;

        if (pulse_ask(g->pulse, a, &quotas, &len, &progress) != ERR_OK)
                return ERR_OK;
        out->domains_rotating = progress.rotating;
        out->records_left = progress.records_left;
        out->domains_owing = progress.owing;
        out->records_owing = progress.records_owing;
        return list_quotas(a, quotas, len, out);
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
        TRY(tell_keeper(g, c->arena, &out));
        return status_encode(&out, response);
}

void gateway_tell_bundle(
        struct gateway *g, const struct principal *who, enum err outcome, const struct refusal *why)
{
        OWNED(policy_unref)
        struct policy *policy = g->reign != NULL ? reign_policy(g->reign) : NULL;
        OWNED(note_done) struct note n;

        note_begin(&n, outcome == ERR_OK ? ENTRY_BUNDLE_LOADED : ENTRY_BUNDLE_REFUSED);
        note_outcome(&n, outcome);
        if (policy != NULL)
                note_policy(&n, policy); /* the one in force, then */
        if (who != NULL)
                entry_put_principal(&n.w, who);
        if (why != NULL && why->len > 0)
                entry_put_words(&n.w, FIELD_WHERE, why->violations[0].field);
        note_tell(g->audit, &n);
}

enum err gateway_reload_policy(
        struct gateway *g, const struct principal *who, bool *out_changed, struct refusal *why)
{
        enum err e = reign_reload(g->reign, out_changed, why);

        if (e != ERR_OK || *out_changed)
                gateway_tell_bundle(g, who, e, why);
        TRY(e);
        if (*out_changed) {
                OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);

                gateway_review_linkages(g);
                views_keep_policy(g->views, policy_digest(policy));
        }
        return ERR_OK;
}

enum err gateway_reload_certificates(
        struct gateway *g, const struct principal *who, bool *out_changed)
{
        OWNED(note_done) struct note n = {.arena = NULL};
        enum err e = rpc_reload_certificates(g->rpc, out_changed);

        if (e == ERR_OK && !*out_changed)
                return ERR_OK;
        note_begin(&n, ENTRY_CONFIGURATION);
        note_outcome(&n, e);
        entry_put_words(&n.w, FIELD_WORD, "certificates");
        if (who != NULL)
                entry_put_principal(&n.w, who);
        note_tell(g->audit, &n);
        return e;
}

enum err gateway_reload(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct wire_reloaded out = {0};

        (void)request;
        TRY(gateway_reload_policy(g, c->peer, &out.policy_changed, &c->why));
        TRY(gateway_reload_certificates(g, c->peer, &out.certificates_changed));
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        out.policy_version = policy_rules(policy)->version;
        out.policy = *policy_digest(policy);
        return reloaded_encode(&out, response);
}
