/* SPDX-License-Identifier: Apache-2.0 */
/* views.c: who holds which linked views.
 *
 * A slot is EMPTY, BUILDING (one thread builds, the others wait on the condition)
 * or READY. Views are counted by themselves, so that retiring them never waits for
 * the queries that read them. What the builder was refused is refused to everybody who
 * waited: they asked for the same thing. Only when he left or ran out of time does
 * one of the others build.
 *
 * What a linkage joins is the same for all of its purposes, so their slots share views.
 *
 * One set is built at a time. Building uses all threads anyway, and two builders
 * would each have been promised the same memory.
 *
 * A query is stopped by a flag of its lease, not by that of its call: a call whose flag
 * is set has nobody left to hear why. */
#include "gateway/views.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"
#include "crypto/digest.h"
#include "gateway/note.h"

enum { SLOTS_MAX = 64, WAIT_TICK_MS = 100, TRIES = 3 };

enum slot_state { SLOT_EMPTY = 0, SLOT_BUILDING, SLOT_READY };

struct slot {
        enum slot_state state;
        const struct policy_linkage *linkage; /* of `policy`; NULL: the deliveries */
        const struct policy_dataset *dataset; /* without a linkage only */
        char purpose[NAME_MAX_LEN + 1];
        struct vintage vintage;
        struct policy *policy;     /* counted */
        struct linked *linked;     /* counted; READY only */
        struct coverage *coverage; /* likewise */
        enum err failure;          /* of the last build, for those who waited */
        unsigned waiting;
        bool doomed; /* retired while it was being built */
        int64_t used_ns;
};

struct views {
        struct views_options options;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool building, stopping;
        struct slot slots[SLOTS_MAX];
        struct view_lease *leases;
};

enum err views_new(const struct views_options *options, struct views **out)
{
        struct views *v = calloc(1, sizeof(*v));

        if (v == NULL)
                return ERR_NO_MEMORY;
        v->options = *options;
        (void)pthread_mutex_init(&v->lock, NULL);
        wait_init(&v->changed);
        *out = v;
        return ERR_OK;
}

/* Those who wait at a slot leave it themselves; until then nobody else gets it. */
static void slot_clear(struct slot *s, enum err failure)
{
        linked_unref(&s->linked);
        coverage_unref(&s->coverage);
        policy_unref(&s->policy);
        *s = (struct slot){.waiting = s->waiting, .failure = failure};
}

void views_free(struct views **v)
{
        if (v == NULL || *v == NULL)
                return;
        for (unsigned i = 0; i < SLOTS_MAX; i++)
                slot_clear(&(*v)->slots[i], ERR_OK);
        (void)pthread_mutex_destroy(&(*v)->lock);
        (void)pthread_cond_destroy(&(*v)->changed);
        free(*v);
        *v = NULL;
}

/* Slots ------------------------------------------------------------------------ */

static bool same_vintage(struct vintage a, struct vintage b)
{
        return a.number == b.number && a.revision == b.revision;
}

static bool older(struct vintage a, struct vintage b)
{
        return a.number != b.number ? a.number < b.number : a.revision < b.revision;
}

static bool same_set(const struct slot *s, const struct view_wish *w)
{
        if ((s->linkage == NULL) != (w->linkage == NULL))
                return false;
        return s->linkage != NULL ? bytes_equal(s->linkage->rules->id, w->linkage->rules->id)
                                  : bytes_equal(s->dataset->id, w->dataset->id);
}

static struct slot *slot_find(struct views *v, const struct view_wish *w)
{
        for (unsigned i = 0; i < SLOTS_MAX; i++) {
                struct slot *s = &v->slots[i];

                if (s->state != SLOT_EMPTY && !s->doomed && same_vintage(s->vintage, w->vintage) &&
                        digest_equal(policy_digest(s->policy), policy_digest(w->policy)) &&
                        same_set(s, w) && strcmp(s->purpose, w->purpose) == 0)
                        return s;
        }
        return NULL;
}

/* The same views, built for another purpose of the linkage. */
static struct slot *slot_twin(struct views *v, const struct view_wish *w, const struct slot *except)
{
        for (unsigned i = 0; i < SLOTS_MAX && w->linkage != NULL; i++) {
                struct slot *s = &v->slots[i];

                if (s != except && s->state != SLOT_EMPTY && !s->doomed &&
                        same_vintage(s->vintage, w->vintage) &&
                        digest_equal(policy_digest(s->policy), policy_digest(w->policy)) &&
                        same_set(s, w))
                        return s;
        }
        return NULL;
}

/* Whether an earlier slot holds the same views. */
static bool is_shared(const struct views *v, const struct slot *s)
{
        for (const struct slot *before = v->slots; before < s; before++)
                if (before->linked != NULL && before->linked == s->linked)
                        return true;
        return false;
}

/* Drops the least recently used idle views, of vintages older than `than` only where it is
 * given; false when there are none. */
static bool drop_oldest(struct views *v, const struct vintage *than)
{
        struct slot *oldest = NULL;

        for (unsigned i = 0; i < SLOTS_MAX; i++) {
                struct slot *s = &v->slots[i];

                if (s->state != SLOT_READY || (than != NULL && !older(s->vintage, *than)))
                        continue;
                if (oldest == NULL || s->used_ns < oldest->used_ns)
                        oldest = s;
        }
        if (oldest == NULL)
                return false;
        slot_clear(oldest, ERR_OK);
        return true;
}

static struct slot *slot_claim(struct views *v, const struct view_wish *w)
{
        for (;;) {
                for (unsigned i = 0; i < SLOTS_MAX; i++) {
                        struct slot *s = &v->slots[i];

                        if (s->state != SLOT_EMPTY || s->waiting > 0)
                                continue;
                        s->state = SLOT_BUILDING;
                        s->policy = policy_ref(w->policy);
                        s->linkage = w->linkage;
                        s->dataset = w->dataset;
                        (void)strncpy(s->purpose, w->purpose, NAME_MAX_LEN);
                        s->vintage = w->vintage;
                        s->failure = ERR_OK;
                        return s;
                }
                if (!drop_oldest(v, w->spare ? &w->vintage : NULL))
                        return NULL;
        }
}

static size_t bytes_in_use(const struct views *v)
{
        size_t sum = 0;

        for (unsigned i = 0; i < SLOTS_MAX; i++) {
                const struct slot *s = &v->slots[i];

                if (s->state == SLOT_READY && !is_shared(v, s))
                        sum += linked_bytes(s->linked) + coverage_bytes(s->coverage);
        }
        return sum;
}

static size_t memory_left(const struct views *v)
{
        size_t used = bytes_in_use(v);

        return used < v->options.memory ? v->options.memory - used : 0;
}

/* What the next build may use: evicts idle views while less than half is free. */
static size_t make_room(struct views *v, const struct view_wish *w)
{
        while (bytes_in_use(v) > v->options.memory / 2)
                if (!drop_oldest(v, w->spare ? &w->vintage : NULL))
                        break;
        return memory_left(v);
}

/* All that drop_oldest would; whether there were any. */
static bool drop_all(struct views *v, const struct vintage *than)
{
        bool any = false;

        while (drop_oldest(v, than))
                any = true;
        return any;
}

/* Waiting ---------------------------------------------------------------------- */

static bool is_stopped(const struct view_lease *l)
{
        return atomic_load(&l->stop) || (l->cancel != NULL && atomic_load(l->cancel));
}

static enum err wait_tick(struct views *v, const struct view_lease *l)
{
        (void)wait_ms(&v->changed, &v->lock, WAIT_TICK_MS);
        return is_stopped(l) ? ERR_CANCELLED : ERR_OK;
}

/* Waits while somebody else builds. ERR_OK: look again. */
static enum err wait_for(struct views *v, struct slot *s, const struct view_lease *l)
{
        enum err e = ERR_OK;

        s->waiting++;
        while (s->state == SLOT_BUILDING && e == ERR_OK)
                e = wait_tick(v, l);
        s->waiting--;
        if (e == ERR_OK && s->state == SLOT_EMPTY && s->failure != ERR_CANCELLED &&
                s->failure != ERR_DEADLINE)
                e = s->failure;
        return e;
}

/* Building --------------------------------------------------------------------- */

struct making {
        struct linked *linked;
        struct coverage *coverage;
};

static void making_done(struct making *m)
{
        linked_unref(&m->linked);
        coverage_unref(&m->coverage);
}

static enum err build_linkage(struct views *v, const struct view_wish *w, struct view_lease *lease,
        size_t memory, struct making *out)
{
        const struct rules_linkage *rules = w->linkage->rules;
        const struct policy_dataset *datasets[RULES_DATASETS_MAX];
        char id[NAME_MAX_LEN + 1] = {0};
        const struct linked_request request = {
                .linkage = w->linkage,
                .datasets = datasets,
                .datasets_len = rules->datasets_len,
                .purpose = w->purpose,
                .vintage = w->vintage,
                .store = v->options.store,
                .keeper = v->options.keeper,
                .memory_ceiling = memory,
                .threads = v->options.threads,
                .progress = w->progress,
                .progress_ctx = w->progress_ctx,
                .cancel = &lease->stop,
        };

        for (uint32_t i = 0; i < rules->datasets_len; i++) {
                datasets[i] = policy_dataset_find(w->policy, rules->datasets[i]);
                if (datasets[i] == NULL)
                        return ERR_LINKAGE_REFUSED;
        }
        memcpy(id, rules->id.data, rules->id.len);
        TRY(coverage_read(v->options.store, w->vintage, w->policy, datasets, rules->datasets_len,
                &out->coverage));
        TRY(keeper_prepare_linkage(v->options.keeper, id));
        return linked_build(&request, &out->linked);
}

static enum err build_deliveries(struct views *v, const struct view_wish *w, struct making *out)
{
        const struct policy_dataset *datasets[RULES_DATASETS_MAX];
        uint32_t n = 0, len = 0;
        const struct policy_dataset *all = policy_datasets(w->policy, &n);

        for (uint32_t i = 0; i < n; i++)
                if (all[i].kind == DATASET_RECORDS)
                        datasets[len++] = &all[i];
        TRY(coverage_read(v->options.store, w->vintage, w->policy, datasets, len, &out->coverage));
        return coverage_view(
                w->policy, w->dataset, out->coverage, v->options.threads, &out->linked);
}

static void log_built(const struct view_wish *w, const struct making *m)
{
        struct bytes id = w->linkage != NULL ? w->linkage->rules->id : w->dataset->id;
        char name[NAME_MAX_LEN + 1] = {0};

        memcpy(name, id.data, id.len);
        log_event(LOG_INFO, "views_built",
                LOG_TEXT(w->linkage != NULL ? "linkage" : "dataset", name),
                LOG_NUM("vintage", w->vintage.number), LOG_NUM("revision", w->vintage.revision),
                LOG_NUM("build_ms", linked_build_ms(m->linked)),
                LOG_NUM("bytes", linked_bytes(m->linked)));
}

/* Persons and records of a view are no business of the log's. */
static enum err write_built(struct views *v, const struct view_wish *w, const struct making *m)
{
        OWNED(note_done) struct note n;
        uint64_t number;

        note_begin(&n, ENTRY_VIEW_BUILT);
        note_policy(&n, w->policy);
        if (w->linkage != NULL)
                entry_put_text(&n.w, FIELD_LINKAGE, w->linkage->rules->id);
        for (uint32_t i = 0; w->linkage != NULL && i < w->linkage->rules->datasets_len; i++)
                entry_put_text(&n.w, FIELD_DATASET, w->linkage->rules->datasets[i]);
        if (w->linkage == NULL)
                entry_put_text(&n.w, FIELD_DATASET, w->dataset->id);
        entry_put_words(&n.w, FIELD_PURPOSE, w->purpose);
        entry_put_vintage(&n.w, w->vintage);
        entry_put_number(&n.w, FIELD_COST_US, (int64_t)linked_build_ms(m->linked) * 1000);
        return note_write(v->options.audit, &n, &number);
}

/* Without the lock. */
static enum err build_within(struct views *v, const struct view_wish *w, struct view_lease *lease,
        size_t memory, struct making *out)
{
        (void)pthread_mutex_unlock(&v->lock);
        enum err e = w->linkage != NULL ? build_linkage(v, w, lease, memory, out)
                                        : build_deliveries(v, w, out);
        if (e == ERR_OK)
                e = write_built(v, w, out);
        if (e == ERR_OK)
                log_built(w, out);
        else
                making_done(out);
        (void)pthread_mutex_lock(&v->lock);
        return e;
}

/* Waits for its turn and builds. What does not fit beside others is tried once more without
 * them: somebody asks for it now, and nobody for those. */
static enum err build_in_turn(
        struct views *v, const struct view_wish *w, struct view_lease *lease, struct making *out)
{
        while (v->building)
                TRY(wait_tick(v, lease));
        v->building = true;
        enum err e = build_within(v, w, lease, make_room(v, w), out);

        if (e == ERR_LIMIT && drop_all(v, w->spare ? &w->vintage : NULL))
                e = build_within(v, w, lease, memory_left(v), out);
        v->building = false;
        return e;
}

/* Called with the lock held and `s` claimed. */
static enum err build_into(
        struct views *v, struct slot *s, const struct view_wish *w, struct view_lease *lease)
{
        OWNED(making_done) struct making m = {0};
        enum err e = build_in_turn(v, w, lease, &m);

        if (e == ERR_OK && s->doomed)
                e = ERR_VINTAGE_CLOSED;
        if (e != ERR_OK) {
                slot_clear(s, e);
        } else {
                s->linked = m.linked;
                s->coverage = m.coverage;
                s->state = SLOT_READY;
                m = (struct making){0};
        }
        (void)pthread_cond_broadcast(&v->changed);
        return e;
}

/* Leases ----------------------------------------------------------------------- */

static void lease_enter(struct views *v, const struct view_wish *w, struct view_lease *l)
{
        *l = (struct view_lease){
                .policy = policy_ref(w->policy),
                .linkage = w->linkage,
                .of = v,
                .cancel = w->cancel,
                .purpose = w->purpose,
                .deferrable = w->deferrable,
        };
        (void)pthread_mutex_lock(&v->lock);
        atomic_store(&l->stop, v->stopping && l->deferrable);
        l->next = v->leases;
        if (l->next != NULL)
                l->next->previous = l;
        v->leases = l;
        (void)pthread_mutex_unlock(&v->lock);
}

static void lease_leave(struct view_lease *l)
{
        struct views *v = l->of;

        (void)pthread_mutex_lock(&v->lock);
        if (l->next != NULL)
                l->next->previous = l->previous;
        if (l->previous != NULL)
                l->previous->next = l->next;
        else
                v->leases = l->next;
        (void)pthread_mutex_unlock(&v->lock);
        l->of = NULL;
}

/* Which purposes a linkage serves is asked of the policy for every question; what the views
 * hold is the same for all of them. */
static bool share(struct views *v, struct slot *s, const struct view_wish *w)
{
        const struct slot *twin = slot_twin(v, w, s);

        if (twin == NULL || twin->state != SLOT_READY ||
                !policy_linkage_serves(w->linkage, bytes_of_text(w->purpose), clock_now_ms()))
                return false;
        s->linked = linked_ref(twin->linked);
        s->coverage = coverage_ref(twin->coverage);
        s->state = SLOT_READY;
        return true;
}

/* The slot of the wish, with its views, or NULL: nobody has begun to build them. */
static enum err await(
        struct views *v, const struct view_wish *w, struct view_lease *lease, struct slot **out)
{
        struct slot *s, *twin;

        while ((s = slot_find(v, w)) != NULL && s->state == SLOT_BUILDING)
                TRY(wait_for(v, s, lease));
        while (s == NULL && (twin = slot_twin(v, w, NULL)) != NULL &&
                twin->state == SLOT_BUILDING) {
                /* Why they could not be built for that purpose is not said to this one. */
                if (wait_for(v, twin, lease) == ERR_CANCELLED)
                        return ERR_CANCELLED;
                s = slot_find(v, w);
        }
        *out = s;
        return ERR_OK;
}

static enum err lease_locked(struct views *v, const struct view_wish *w, struct view_lease *out)
{
        struct slot *s = NULL;

        do {
                TRY(await(v, w, out, &s));
        } while (s != NULL && s->state == SLOT_BUILDING);
        if (s == NULL) {
                s = slot_claim(v, w);
                if (s == NULL)
                        return ERR_BUSY;
                if (!share(v, s, w))
                        TRY(build_into(v, s, w, out));
        }
        s->used_ns = clock_monotonic_ns();
        out->linked = linked_ref(s->linked);
        out->coverage = coverage_ref(s->coverage);
        return ERR_OK;
}

static enum err lease_one(struct views *v, const struct view_wish *w, struct view_lease *out)
{
        (void)pthread_mutex_lock(&v->lock);
        enum err e = lease_locked(v, w, out);
        (void)pthread_mutex_unlock(&v->lock);
        return e;
}

static enum err lease_latest(struct views *v, const struct view_wish *wish, struct view_lease *out)
{
        struct view_wish resolved = *wish;
        enum err e = ERR_VINTAGE_CLOSED;

        /* One that is closed is not found again. */
        for (int i = 0; e == ERR_VINTAGE_CLOSED && i < TRIES; i++) {
                TRY(store_vintage_find(v->options.store, wish->vintage, &out->vintage));
                resolved.vintage = out->vintage.vintage;
                e = lease_one(v, &resolved, out);
        }
        TRY(e);
        out->view = linked_view(out->linked, wish->dataset->id);
        return out->view != NULL ? ERR_OK : ERR_LINKAGE_REFUSED;
}

enum err views_lease(struct views *v, const struct view_wish *wish, struct view_lease *out)
{
        lease_enter(v, wish, out);
        enum err e = lease_latest(v, wish, out);

        if (e == ERR_CANCELLED && atomic_load(&out->ended))
                e = ERR_LINKAGE_REFUSED;
        if (e != ERR_OK)
                view_lease_done(out);
        return e;
}

void view_lease_done(struct view_lease *l)
{
        if (l->of != NULL)
                lease_leave(l);
        linked_unref(&l->linked);
        coverage_unref(&l->coverage);
        policy_unref(&l->policy);
        l->view = NULL;
}

/* Endings ---------------------------------------------------------------------- */

/* Views in the making are dropped when they are done. */
static void slot_drop(struct slot *s)
{
        if (s->state == SLOT_BUILDING)
                s->doomed = true;
        else
                slot_clear(s, ERR_OK);
}

void views_retire(struct views *v, struct vintage current)
{
        (void)pthread_mutex_lock(&v->lock);
        for (unsigned i = 0; i < SLOTS_MAX; i++)
                if (v->slots[i].state != SLOT_EMPTY && older(v->slots[i].vintage, current))
                        slot_drop(&v->slots[i]);
        (void)pthread_mutex_unlock(&v->lock);
}

void views_name_anew(struct views *v)
{
        (void)pthread_mutex_lock(&v->lock);
        for (unsigned i = 0; i < SLOTS_MAX; i++)
                if (v->slots[i].state != SLOT_EMPTY && v->slots[i].linkage != NULL)
                        slot_drop(&v->slots[i]);
        (void)pthread_mutex_unlock(&v->lock);
}

void views_keep_policy(struct views *v, const struct digest *policy)
{
        (void)pthread_mutex_lock(&v->lock);
        for (unsigned i = 0; i < SLOTS_MAX; i++)
                if (v->slots[i].state != SLOT_EMPTY &&
                        !digest_equal(policy_digest(v->slots[i].policy), policy))
                        slot_drop(&v->slots[i]);
        (void)pthread_mutex_unlock(&v->lock);
}

static void slot_end(struct slot *s)
{
        char id[NAME_MAX_LEN + 1] = {0};

        memcpy(id, s->linkage->rules->id.data, s->linkage->rules->id.len);
        log_event(LOG_INFO, "linkage_ended", LOG_TEXT("linkage", id),
                LOG_TEXT("purpose", s->purpose), LOG_NUM("vintage", s->vintage.number));
        slot_drop(s);
}

void views_review(struct views *v, const struct linkage_judge *judge)
{
        (void)pthread_mutex_lock(&v->lock);
        for (struct view_lease *l = v->leases; l != NULL; l = l->next) {
                if (l->cancel != NULL && atomic_load(l->cancel))
                        atomic_store(&l->stop, true);
                if (l->linkage == NULL ||
                        judge->stands(judge->ctx, l->policy, l->linkage, l->purpose))
                        continue;
                atomic_store(&l->ended, true);
                atomic_store(&l->stop, true);
        }
        for (unsigned i = 0; i < SLOTS_MAX; i++) {
                struct slot *s = &v->slots[i];

                if (s->state != SLOT_EMPTY && !s->doomed && s->linkage != NULL &&
                        !judge->stands(judge->ctx, s->policy, s->linkage, s->purpose))
                        slot_end(s);
        }
        (void)pthread_mutex_unlock(&v->lock);
}

void views_stop(struct views *v)
{
        if (v == NULL)
                return;
        (void)pthread_mutex_lock(&v->lock);
        v->stopping = true;
        for (struct view_lease *l = v->leases; l != NULL; l = l->next)
                if (l->deferrable)
                        atomic_store(&l->stop, true);
        (void)pthread_cond_broadcast(&v->changed);
        (void)pthread_mutex_unlock(&v->lock);
}

/* Listing ---------------------------------------------------------------------- */

static void copy_id(char *to, struct bytes id)
{
        memcpy(to, id.data, id.len);
        to[id.len] = '\0';
}

static uint32_t list_slot(const struct slot *s, struct view_status *out, uint32_t max)
{
        const struct bytes *datasets =
                s->linkage != NULL ? s->linkage->rules->datasets : &s->dataset->id;
        uint32_t len = s->linkage != NULL ? s->linkage->rules->datasets_len : 1;

        for (uint32_t i = 0; i < len && i < max; i++) {
                const struct view *view = linked_view(s->linked, datasets[i]);

                out[i] = (struct view_status){
                        .vintage = s->vintage,
                        .records = view_rows(view),
                        .persons = view_persons(view),
                        .bytes = view_bytes(view),
                        .build_ms = linked_build_ms(s->linked),
                };
                copy_id(out[i].dataset, datasets[i]);
                if (s->linkage != NULL)
                        copy_id(out[i].linkage, s->linkage->rules->id);
        }
        return len < max ? len : max;
}

uint32_t views_list(struct views *v, struct view_status *out, uint32_t max)
{
        uint32_t n = 0;

        (void)pthread_mutex_lock(&v->lock);
        for (unsigned i = 0; i < SLOTS_MAX && n < max; i++)
                if (v->slots[i].state == SLOT_READY && !is_shared(v, &v->slots[i]))
                        n += list_slot(&v->slots[i], out + n, max - n);
        (void)pthread_mutex_unlock(&v->lock);
        return n;
}
