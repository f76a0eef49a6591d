/* SPDX-License-Identifier: Apache-2.0 */
/* review_state.c: what data-protection officers ask beside the log: which policies were in force,
 * who has asked how much today, how complete the deliveries are. */
#include <string.h>

#include "base/clock.h"
#include "gateway/audit/audit.h"
#include "gateway/coverage.h"
#include "gateway/gateway.h"
#include "gateway/store/log.h"
#include "proto/wire_audit.h"

enum { MS_PER_DAY = 86400000, PERIODS_MAX = 10000, BUDGETS_MAX = 10000 };

/* Policies ------------------------------------------------------------------------ */

struct history {
        struct arena *arena;
        struct wire_policy_period *list;
        uint32_t len, cap;
};

static enum err make_room(struct history *h)
{
        uint32_t cap = h->cap == 0 ? 64 : 2 * h->cap;
        struct wire_policy_period *list;

        if (h->len < h->cap)
                return ERR_OK;
        if (h->len >= PERIODS_MAX)
                return ERR_LIMIT;
        list = arena_alloc(h->arena, cap, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        if (h->len > 0)
                memcpy(list, h->list, h->len * sizeof *list);
        h->list = list;
        h->cap = cap;
        return ERR_OK;
}

static enum err note_period(void *ctx, const struct stored_entry *e)
{
        struct history *h = ctx;
        struct wire_policy_period p = {.entry = e->number, .at_ms = e->at_ms};
        struct entry_value v;

        if ((e->kind != ENTRY_BUNDLE_LOADED && e->kind != ENTRY_BUNDLE_REFUSED) || e->pruned)
                return ERR_OK;
        TRY(make_room(h));
        if (entry_find(e->open, FIELD_POLICY_VERSION, &v))
                p.version = (uint64_t)v.number;
        p.has_digest = entry_find(e->open, FIELD_POLICY_DIGEST, &v);
        if (p.has_digest)
                memcpy(p.digest.bytes, v.text.data, sizeof p.digest.bytes);
        p.outcome = bytes_of_text("OK");
        if (entry_find(e->open, FIELD_OUTCOME, &v))
                TRY(bytes_copy(h->arena, v.text, &p.outcome));
        h->list[h->len++] = p;
        return ERR_OK;
}

enum err policy_history_get(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct history h = {.arena = c->arena};
        struct merkle_edge edge;

        TRY(nothing_decode(c->arena, request, &c->why));
        store_log_edge(g->store, &edge);
        TRY(store_entries(g->store, 0, edge.size, note_period, &h));
        const struct wire_policy_history out = {h.list, h.len};
        return policy_history_encode(&out, response);
}

/* Budgets ---------------------------------------------------------------------------- */

/* The smallest limit that a data set has for what is not planned; 0: none has one. */
static uint32_t unplanned_limit(const struct policy *policy)
{
        uint32_t n = 0, least = 0;
        const struct policy_dataset *d = policy_datasets(policy, &n);

        for (uint32_t i = 0; i < n; i++) {
                uint32_t limit = d[i].disclosure.questions_per_day;

                if (limit > 0 && (least == 0 || limit < least))
                        least = limit;
        }
        return least;
}

/* Linked questions are counted by principal; others by principal and purpose. */
static void budget_of(
        const struct policy *policy, const struct stored_asker *a, struct wire_budget *out)
{
        struct bytes who = bytes_of_text(a->who);
        const uint8_t *space = memchr(who.data, ' ', who.len);
        struct bytes uri = space == NULL ? who : bytes_of(who.data, (size_t)(space - who.data));
        const struct policy_principal *p = policy_principal_find(policy, uri);

        *out = (struct wire_budget){
                .principal = who,
                .kind = bytes_of_text(space == NULL ? "linked" : "questions"),
                .used = a->questions,
        };
        if (space != NULL)
                out->most = unplanned_limit(policy);
        else if (p != NULL)
                out->most = p->questions_per_day;
}

enum err budgets_get(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        int32_t today = (int32_t)(clock_now_ms() / MS_PER_DAY);
        struct stored_asker *askers;
        struct wire_budget *list;
        uint32_t len;

        TRY(nothing_decode(c->arena, request, &c->why));
        TRY(store_askers(g->store, today, BUDGETS_MAX, c->arena, &askers, &len));
        list = arena_alloc(c->arena, len, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                budget_of(policy, &askers[i], &list[i]);
        const struct wire_budgets out = {list, len};
        return budgets_encode(&out, response);
}

/* Quality ---------------------------------------------------------------------------- */

struct qualities {
        struct rpc_call *call;
        struct vintage vintage;
        struct wire_quality *list;
        uint32_t len, cap;
};

/* As beside an answer, and besides not where the share is of few. */
static bool permille_of(
        uint64_t part, uint64_t whole, uint64_t rows, uint32_t threshold, uint32_t *out)
{
        if (whole == 0 || rows < threshold || (part > 0 && part < threshold))
                return false;
        *out = (uint32_t)((part * 1000 + whole / 2) / whole);
        return true;
}

static enum err quality_of(struct arena *a, const struct policy_dataset *d,
        const struct stored_submission *s, struct wire_quality *out)
{
        uint64_t rejected = s->rejected + s->turned_away, rows = s->accepted + rejected;
        uint32_t threshold = d->disclosure.threshold;
        char code[5], period[24];

        municipality_format(s->municipality, code);
        period_format(s->period, period);
        *out = (struct wire_quality){
                .dataset = d->id,
                .committed_at_ms = s->committed_at_ms,
        };
        out->has_rejected = permille_of(rejected, rows, rows, threshold, &out->rejected_permille);
        out->has_missing =
                permille_of(s->blanks, s->fields, s->accepted, threshold, &out->missing_permille);
        TRY(bytes_copy(a, bytes_of_text(code), &out->municipality));
        return bytes_copy(a, bytes_of_text(period), &out->period);
}

static enum err qualities_grow(struct qualities *q, uint32_t more)
{
        struct wire_quality *list;

        if (q->len + more <= q->cap)
                return ERR_OK;
        q->cap = 2 * q->cap + more;
        list = arena_alloc(q->call->arena, q->cap, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        if (q->len > 0)
                memcpy(list, q->list, q->len * sizeof *list);
        q->list = list;
        return ERR_OK;
}

static enum err qualities_of(struct qualities *q, const struct policy_dataset *d)
{
        struct gateway *g = q->call->handlers;
        char dataset[NAME_MAX_LEN + 1] = {0};
        struct stored_submission *stored;
        uint32_t len;

        memcpy(dataset, d->id.data, d->id.len);
        TRY(store_vintage_submissions(
                g->store, q->vintage, dataset, q->call->arena, &stored, &len));
        TRY(qualities_grow(q, len));
        for (uint32_t i = 0; i < len; i++)
                TRY(quality_of(q->call->arena, d, &stored[i], &q->list[q->len++]));
        return ERR_OK;
}

enum err quality_get(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        struct qualities q = {.call = c};
        struct stored_vintage vintage;
        uint32_t n = 0;
        const struct policy_dataset *datasets = policy_datasets(policy, &n);

        TRY(quality_request_decode(c->arena, request, &q.vintage, &c->why));
        TRY(store_vintage_find(g->store, q.vintage, &vintage));
        q.vintage = vintage.vintage;
        for (uint32_t i = 0; i < n; i++)
                if (datasets[i].kind == DATASET_RECORDS)
                        TRY(qualities_of(&q, &datasets[i]));
        const struct wire_qualities out = {q.vintage, q.list, q.len};
        return qualities_encode(&out, response);
}
