/* SPDX-License-Identifier: Apache-2.0 */
/* publication.c: a vintage is frozen, and its linked views are built before anybody asks.
 *
 * The views of every data set's own linkage must be there, or the vintage is not published:
 * a vintage that cannot be linked is none. Linkages over several data sets take what memory
 * is left; where one does not fit, the operator hears so, and its views are built
 * when somebody asks for them and others can go.
 *
 * Then the planned tables of every data set are protected, while the views of the vintage
 * before are still there to tell who joined and who left. What cannot be protected now is no
 * reason to hold the vintage back: nothing is answered from tables that are not there, and
 * whoever asks first has them made. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/keeper/aliases.h"
#include "gateway/lattice.h"
#include "gateway/note.h"

enum { PROGRESS_EVERY_NS = 200000000, VINTAGES_ARENA = 64 << 20 };

/* Progress comes from the builder's threads; only one of them may write. */
struct publishing {
        struct rpc_call *call;
        const char *phase;
        struct policy *policy;
        struct bytes subject; /* the data set, or the linkage over several */
        struct vintage vintage;
        _Atomic int64_t next_ns;
        atomic_flag writing;
};

static enum err send_progress(struct rpc_call *c, const struct wire_publish_progress *p)
{
        OWNED(buf_done) struct buf out;
        struct bytes bytes;

        buf_init(&out, 4096);
        TRY(publish_progress_encode(p, &out));
        TRY(buf_end(&out, &bytes));
        return rpc_send(c, bytes);
}

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
        struct publishing *p = ctx;
        int64_t now = clock_monotonic_ns();

        if (now < atomic_load(&p->next_ns) || atomic_flag_test_and_set(&p->writing))
                return;
        atomic_store(&p->next_ns, now + PROGRESS_EVERY_NS);
        const struct wire_publish_progress at = {
                .phase = bytes_of_text(p->phase),
                .dataset = p->subject,
                .records_done = done,
                .records_total = total,
                .vintage = p->vintage,
        };
        /* A client that left is noticed by the builder's own cancel flag. */
        enum err ignored = send_progress(p->call, &at);
        (void)ignored;
        atomic_flag_clear(&p->writing);
}

static enum err build_set(struct publishing *p, const struct policy_linkage *linkage,
        const struct policy_dataset *dataset, struct bytes purpose, bool spare)
{
        struct rpc_call *c = p->call;
        struct gateway *g = c->handlers;
        OWNED(view_lease_done) struct view_lease lease = {0};
        const struct view_wish wish = {
                .policy = p->policy,
                .linkage = linkage,
                .dataset = dataset,
                .purpose = arena_strndup(c->arena, (const char *)purpose.data, purpose.len),
                .deferrable = true,
                .spare = spare,
                .progress = on_progress,
                .progress_ctx = p,
                .cancel = &c->cancelled,
        };

        if (wish.purpose == NULL)
                return ERR_NO_MEMORY;
        enum err e = views_lease(g->views, &wish, &lease);
        /* A linkage that has ended is no reason to hold back the other data sets: nobody
         * may ask this one today anyway. */
        if (e == ERR_LINKAGE_REFUSED) {
                log_event(LOG_WARNING, "view_not_linked", LOG_TEXT("purpose", wish.purpose),
                        LOG_NUM("vintage", p->vintage.number));
                return ERR_OK;
        }
        TRY(e);
        /* A removal while we built: the revision took the place of what we published. */
        if (lease.vintage.vintage.number == p->vintage.number)
                p->vintage = lease.vintage.vintage;
        return ERR_OK;
}

/* A data set under its own linkage. */
static enum err build_own(struct publishing *p, const struct policy_dataset *d)
{
        const struct policy_linkage *own = NULL;

        if (d->purposes_len == 0)
                return ERR_OK;
        if (d->kind == DATASET_RECORDS) {
                if (d->linkage == NULL)
                        return ERR_OK;
                own = policy_linkage_find(p->policy, d->linkage->id);
        }
        p->subject = d->id;
        return build_set(p, own, d, d->purposes[0], false);
}

static void tell_left_out(struct gateway *g, const struct publishing *p)
{
        OWNED(note_done) struct note n;

        note_begin(&n, ENTRY_ALARM);
        note_policy(&n, p->policy);
        entry_put_words(&n.w, FIELD_WORD, "views left out");
        entry_put_text(&n.w, FIELD_LINKAGE, p->subject);
        entry_put_vintage(&n.w, p->vintage);
        note_tell(g->audit, &n);
}

/* What does not fit is built when it is asked for, and the operator hears it now. */
static enum err say_left_out(struct publishing *p)
{
        const struct wire_publish_progress at = {
                .phase = bytes_of_text("left_out"),
                .dataset = p->subject,
                .vintage = p->vintage,
        };

        struct gateway *g = p->call->handlers;

        log_event(LOG_WARNING, "views_left_out", LOG_NUM("vintage", p->vintage.number));
        tell_left_out(g, p);
        return send_progress(p->call, &at);
}

static bool is_own(const struct publishing *p, const struct policy_linkage *l)
{
        uint32_t n = 0;
        const struct policy_dataset *d = policy_datasets(p->policy, &n);

        for (uint32_t i = 0; i < n; i++)
                if (d[i].linkage != NULL && bytes_equal(d[i].linkage->id, l->rules->id))
                        return true;
        return false;
}

static enum err build_wide(struct publishing *p, const struct policy_linkage *l)
{
        const struct rules_linkage *r = l->rules;

        if (is_own(p, l) || r->purposes_len == 0 || r->datasets_len == 0 ||
                !policy_linkage_serves(l, r->purposes[0], clock_now_ms()))
                return ERR_OK;
        p->subject = r->id;
        enum err e = build_set(
                p, l, policy_dataset_find(p->policy, r->datasets[0]), r->purposes[0], true);
        return e == ERR_LIMIT || e == ERR_BUSY ? say_left_out(p) : e;
}

static enum err build_all(struct publishing *p)
{
        uint32_t datasets_len = 0, linkages_len = 0;
        const struct policy_dataset *datasets = policy_datasets(p->policy, &datasets_len);
        const struct policy_linkage *linkages = policy_linkages(p->policy, &linkages_len);

        for (uint32_t i = 0; i < datasets_len; i++)
                TRY(build_own(p, &datasets[i]));
        for (uint32_t i = 0; i < linkages_len; i++)
                TRY(build_wide(p, &linkages[i]));
        return ERR_OK;
}

/* Those that are not there; of tables that were made before a crash nothing is made again. */
static enum err protect_all(struct publishing *p)
{
        struct rpc_call *c = p->call;
        uint32_t n = 0;
        const struct policy_dataset *datasets = policy_datasets(p->policy, &n);

        p->phase = "protecting";
        for (uint32_t i = 0; i < n; i++) {
                const struct lattice_wish wish = {
                        .policy = p->policy,
                        .dataset = &datasets[i],
                        .vintage = p->vintage,
                        .cancel = &c->cancelled,
                        .progress = on_progress,
                        .progress_ctx = p,
                };

                p->subject = datasets[i].id;
                if (lattice_prepare(c->handlers, &wish) == ERR_CANCELLED)
                        return ERR_CANCELLED;
        }
        return ERR_OK;
}

/* The one before stays the latest. */
static enum err unpublish(struct rpc_call *c, struct vintage v, enum err why)
{
        struct gateway *g = c->handlers;
        OWNED(note_done) struct note n;

        note_begin(&n, ENTRY_VINTAGE_REVISED);
        note_outcome(&n, why);
        entry_put_words(&n.w, FIELD_WORD, "not published");
        entry_put_vintage(&n.w, v);
        enum err e = note_end(&n);

        if (e == ERR_OK)
                e = store_retire(g->store, v.number, RETIRE_KEPT, &n.draft);
        log_event(LOG_ERROR, "vintage_not_published", LOG_NUM("vintage", v.number),
                LOG_TEXT("code", err_name(why)), LOG_TEXT("retired", err_name(e)));
        if (why == ERR_DESTROYED)
                TRY(gateway_refuse_unreadable(g, &c->why));
        return refuse(&c->why, why, "vintage",
                "its linked views could not be built; the vintage before stays the latest");
}

/* The number that the next vintage will have, unless somebody else publishes just now. */
static enum err next_number(struct gateway *g, struct arena *a, uint32_t *out)
{
        struct stored_vintage *list = NULL;
        uint32_t len = 0, newest = 0;

        TRY(store_vintages(g->store, a, &list, &len));
        for (uint32_t i = 0; i < len; i++)
                newest = list[i].vintage.number > newest ? list[i].vintage.number : newest;
        *out = newest + 1;
        return ERR_OK;
}

static void publish_note(
        struct gateway *g, const struct principal *who, struct vintage v, struct note *n)
{
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);

        note_begin(n, ENTRY_VINTAGE_PUBLISHED);
        note_policy(n, policy);
        entry_put_words(&n->w, FIELD_WORD, who != NULL ? "by an operator" : "automatic");
        entry_put_vintage(&n->w, v);
        if (who != NULL)
                entry_put_principal(&n->w, who);
}

enum err gateway_publish(struct gateway *g, const struct principal *who, const char *note,
        uint32_t aliases, struct stored_vintage *out)
{
        OWNED(arena_free) struct arena *a = arena_new(VINTAGES_ARENA);
        OWNED(note_done) struct note n = {.arena = NULL};
        OWNED(note_done) struct note again = {.arena = NULL};
        struct vintage expected = {0};

        if (a == NULL)
                return ERR_NO_MEMORY;
        TRY(next_number(g, a, &expected.number));
        publish_note(g, who, expected, &n);
        TRY(note_end(&n));
        TRY(store_publish(g->store, note, aliases, clock_now_ms(), &n.draft, out));
        if (out->vintage.number == expected.number)
                return ERR_OK;
        publish_note(g, who, out->vintage, &again);
        note_tell(g->audit, &again);
        return ERR_OK;
}

enum err vintage_publish(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        struct publishing p = {
                .call = c, .phase = "linking", .policy = policy, .writing = ATOMIC_FLAG_INIT};
        struct stored_vintage vintage;
        struct bytes note;
        uint32_t aliases;

        (void)response; /* a stream: progress, then done */
        TRY(publish_request_decode(c->arena, request, &note, &c->why));
        const char *text = arena_strndup(c->arena, (const char *)note.data, note.len);
        if (text == NULL)
                return ERR_NO_MEMORY;
        TRY(keeper_alias_mark(g->keeper, &aliases));
        TRY(gateway_publish(g, c->peer, text, aliases, &vintage));
        log_event(LOG_INFO, "vintage_published", LOG_NUM("vintage", vintage.vintage.number),
                LOG_NUM("submissions", vintage.submissions), LOG_NUM("records", vintage.records));
        p.vintage = vintage.vintage;
        enum err e = build_all(&p);
        if (e == ERR_CANCELLED)
                return e; /* only the listener left: views are built when they are asked for */
        if (e != ERR_OK)
                return unpublish(c, vintage.vintage, e);
        TRY(protect_all(&p));
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
