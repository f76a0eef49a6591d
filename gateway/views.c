/* SPDX-License-Identifier: Apache-2.0 */
/* views.c: who holds which linked view.
 *
 * A slot is EMPTY, BUILDING (one thread builds, the others wait on the condition)
 * or READY. A view is counted by itself, so that retiring one never waits for
 * the queries that read it. What the builder was refused is refused to everybody who
 * waited: they asked for the same thing. Only when he left or ran out of time does
 * one of the others build.
 *
 * One view is built at a time. Building uses all threads anyway, and two builders
 * would each have been promised the same memory. */
#include "gateway/views.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"
#include "crypto/digest.h"

enum { SLOTS_MAX = 64, WAIT_TICK_MS = 100, LATEST_TRIES = 3 };

enum slot_state { SLOT_EMPTY = 0, SLOT_BUILDING, SLOT_READY };

struct slot {
        enum slot_state state;
        char dataset[NAME_MAX_LEN + 1];
        char purpose[NAME_MAX_LEN + 1];
        struct vintage vintage;
        struct digest policy_digest;
        struct policy *policy; /* counted */
        struct view *view;     /* counted; READY only */
        enum err failure;      /* of the last build, for those who waited */
        unsigned waiting;
        bool doomed; /* retired while it was being built */
        int64_t used_ns;
};

struct views {
        struct views_options options;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool building;
        struct slot slots[SLOTS_MAX];
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
        view_unref(&s->view);
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

static bool same_vintage(struct vintage a, struct vintage b)
{
        return a.number == b.number && a.revision == b.revision;
}

static bool older(struct vintage a, struct vintage b)
{
        return a.number != b.number ? a.number < b.number : a.revision < b.revision;
}

static struct slot *slot_find(struct views *v, const struct view_wish *w)
{
        for (unsigned i = 0; i < SLOTS_MAX; i++) {
                struct slot *s = &v->slots[i];

                if (s->state != SLOT_EMPTY && !s->doomed && same_vintage(s->vintage, w->vintage) &&
                        digest_equal(&s->policy_digest, policy_digest(w->policy)) &&
                        bytes_is_text(w->dataset->id, s->dataset) &&
                        strcmp(s->purpose, w->purpose) == 0)
                        return s;
        }
        return NULL;
}

/* Drops the least recently used idle view; false when there is none. */
static bool drop_oldest(struct views *v)
{
        struct slot *oldest = NULL;

        for (unsigned i = 0; i < SLOTS_MAX; i++) {
                struct slot *s = &v->slots[i];

                if (s->state == SLOT_READY && (oldest == NULL || s->used_ns < oldest->used_ns))
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
                        memcpy(s->dataset, w->dataset->id.data, w->dataset->id.len);
                        s->dataset[w->dataset->id.len] = '\0';
                        (void)strncpy(s->purpose, w->purpose, NAME_MAX_LEN);
                        s->vintage = w->vintage;
                        s->policy_digest = *policy_digest(w->policy);
                        s->policy = policy_ref(w->policy);
                        s->failure = ERR_OK;
                        return s;
                }
                if (!drop_oldest(v))
                        return NULL;
        }
}

static size_t bytes_in_use(const struct views *v)
{
        size_t sum = 0;

        for (unsigned i = 0; i < SLOTS_MAX; i++)
                if (v->slots[i].state == SLOT_READY)
                        sum += view_bytes(v->slots[i].view);
        return sum;
}

static enum err wait_tick(struct views *v, const struct view_wish *w)
{
        (void)wait_ms(&v->changed, &v->lock, WAIT_TICK_MS);
        return w->cancel != NULL && atomic_load(w->cancel) ? ERR_CANCELLED : ERR_OK;
}

/* Waits while somebody else builds. ERR_OK: look again. */
static enum err wait_for(struct views *v, struct slot *s, const struct view_wish *w)
{
        enum err e = ERR_OK;

        s->waiting++;
        while (s->state == SLOT_BUILDING && e == ERR_OK)
                e = wait_tick(v, w);
        s->waiting--;
        if (e == ERR_OK && s->state == SLOT_EMPTY && s->failure != ERR_CANCELLED &&
                s->failure != ERR_DEADLINE)
                e = s->failure;
        return e;
}

/* What the next build may use: evicts idle views while less than half is free. */
static size_t make_room(struct views *v)
{
        while (bytes_in_use(v) > v->options.memory / 2)
                if (!drop_oldest(v))
                        break;
        size_t used = bytes_in_use(v);
        return used < v->options.memory ? v->options.memory - used : 0;
}

static enum err build(struct views *v, const struct view_wish *w, size_t memory, struct view **out)
{
        const struct view_request request = {
                .dataset = w->dataset,
                .purpose = w->purpose,
                .vintage = w->vintage,
                .store = v->options.store,
                .keeper = v->options.keeper,
                .memory_ceiling = memory,
                .threads = v->options.threads,
                .progress = w->progress,
                .progress_ctx = w->progress_ctx,
                .cancel = w->cancel,
        };

        if (w->dataset->linkage != NULL) {
                char linkage[NAME_MAX_LEN + 1] = {0};

                memcpy(linkage, w->dataset->linkage->id.data, w->dataset->linkage->id.len);
                TRY(keeper_prepare_linkage(v->options.keeper, linkage));
        }
        return view_build(&request, out);
}

/* Waits for its turn and builds, without the lock while it does. */
static enum err build_in_turn(
        struct views *v, struct slot *s, const struct view_wish *w, struct view **out)
{
        while (v->building)
                TRY(wait_tick(v, w));
        v->building = true;
        size_t memory = make_room(v);

        (void)pthread_mutex_unlock(&v->lock);
        enum err e = build(v, w, memory, out);
        if (e == ERR_OK)
                log_event(LOG_INFO, "view_built", LOG_TEXT("dataset", s->dataset),
                        LOG_NUM("vintage", w->vintage.number),
                        LOG_NUM("revision", w->vintage.revision),
                        LOG_NUM("build_ms", view_build_ms(*out)),
                        LOG_NUM("bytes", view_bytes(*out)));
        (void)pthread_mutex_lock(&v->lock);
        v->building = false;
        return e;
}

/* Called with the lock held and `s` claimed. */
static enum err build_into(struct views *v, struct slot *s, const struct view_wish *w)
{
        struct view *view = NULL;
        enum err e = build_in_turn(v, s, w, &view);

        if (e == ERR_OK && s->doomed)
                e = ERR_VINTAGE_CLOSED;
        if (e != ERR_OK) {
                view_unref(&view);
                slot_clear(s, e);
        } else {
                s->view = view;
                s->state = SLOT_READY;
        }
        (void)pthread_cond_broadcast(&v->changed);
        return e;
}

static enum err lease_locked(struct views *v, const struct view_wish *w, struct view_lease *out)
{
        struct slot *s;

        while ((s = slot_find(v, w)) != NULL && s->state == SLOT_BUILDING)
                TRY(wait_for(v, s, w));
        if (s == NULL) {
                s = slot_claim(v, w);
                if (s == NULL)
                        return ERR_BUSY;
                TRY(build_into(v, s, w));
        }
        s->used_ns = clock_monotonic_ns();
        out->view = view_ref(s->view);
        out->policy = policy_ref(s->policy);
        return ERR_OK;
}

static enum err lease_one(struct views *v, const struct view_wish *w, struct view_lease *out)
{
        (void)pthread_mutex_lock(&v->lock);
        enum err e = lease_locked(v, w, out);
        (void)pthread_mutex_unlock(&v->lock);
        return e;
}

enum err views_lease(struct views *v, const struct view_wish *wish, struct view_lease *out)
{
        bool latest = wish->vintage.number == 0;
        struct view_wish resolved = *wish;
        struct stored_vintage vintage;
        enum err e = ERR_VINTAGE_CLOSED;

        for (int i = 0; e == ERR_VINTAGE_CLOSED && i < (latest ? LATEST_TRIES : 1); i++) {
                TRY(store_vintage_find(v->options.store, wish->vintage, &vintage));
                resolved.vintage = vintage.vintage;
                e = lease_one(v, &resolved, out);
        }
        if (e == ERR_OK)
                out->vintage = vintage;
        return e;
}

void view_lease_done(struct view_lease *l)
{
        view_unref(&l->view);
        policy_unref(&l->policy);
}

/* A view in the making is dropped when it is done. */
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

void views_keep_policy(struct views *v, const struct digest *policy)
{
        (void)pthread_mutex_lock(&v->lock);
        for (unsigned i = 0; i < SLOTS_MAX; i++)
                if (v->slots[i].state != SLOT_EMPTY &&
                        !digest_equal(&v->slots[i].policy_digest, policy))
                        slot_drop(&v->slots[i]);
        (void)pthread_mutex_unlock(&v->lock);
}

uint32_t views_list(struct views *v, struct view_status *out, uint32_t max)
{
        uint32_t n = 0;

        (void)pthread_mutex_lock(&v->lock);
        for (unsigned i = 0; i < SLOTS_MAX && n < max; i++) {
                const struct slot *s = &v->slots[i];

                if (s->state != SLOT_READY)
                        continue;
                struct view_status *o = &out[n++];
                memcpy(o->dataset, s->dataset, sizeof(o->dataset));
                o->vintage = s->vintage;
                o->records = view_rows(s->view);
                o->persons = view_persons(s->view);
                o->bytes = view_bytes(s->view);
                o->build_ms = view_build_ms(s->view);
        }
        (void)pthread_mutex_unlock(&v->lock);
        return n;
}
