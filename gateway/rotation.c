/* SPDX-License-Identifier: Apache-2.0 */
/* rotation.c: stored records come under the newest keys of their domain, in the background.
 *
 *      rotate ──> old and new keys live ──batches move──> nothing under the old ──> old destroyed
 *
 * What is left to do is written nowhere: the keyring says which domains have two epochs and
 * the store which batches lie under the older. So a stop or a crash costs at most the batches
 * in hand, and the next start goes on where this one ended. Deliveries and questions run
 * meanwhile; only the last step needs everybody's attention for a moment. Whoever has a
 * sealed batch on its way into the store holds the epochs, and the old keys end when nobody
 * does and nothing is found under them. A view that read a batch just before finds its keys
 * gone and reads it again (linkage/read.c). */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/wait.h"
#include "gateway/gateway.h"
#include "gateway/keeper/care.h"
#include "gateway/note.h"
#include "gateway/rotation.h"

enum {
        GROUP_MAX = 16,             /* batches that one transaction puts in place */
        GROUP_BYTES_MAX = 16 << 20, /* or fewer, if they are long */
        ARENA_MAX = 256 << 20,
        AGAIN_MS = 10000, /* after an error */
        LOOK_MS = 3600000,
};

struct rotation {
        struct gateway *gateway;
        pthread_t thread;
        pthread_mutex_t lock; /* stopping, asked */
        pthread_cond_t wake;
        bool stopping, asked;
        atomic_bool leave;
        pthread_rwlock_t held; /* read: sealed bytes in hand; write: an epoch ends */
};

void rotation_hold(struct rotation *r)
{
        if (r != NULL)
                (void)pthread_rwlock_rdlock(&r->held);
}

void rotation_release(struct rotation *r)
{
        if (r != NULL)
                (void)pthread_rwlock_unlock(&r->held);
}

void rotation_exclude(struct rotation *r)
{
        (void)pthread_rwlock_wrlock(&r->held);
}

void rotation_admit(struct rotation *r)
{
        (void)pthread_rwlock_unlock(&r->held);
}

/* Moving ------------------------------------------------------------------------- */

struct group {
        struct resealed_batch list[GROUP_MAX];
        uint32_t len, moved; /* in hand; put in place so far */
        size_t bytes;
};

static enum err rekey_one(struct rotation *r, const struct domain *d,
        const struct stored_place *place, struct arena *a, struct group *g)
{
        struct resealed_batch *n = &g->list[g->len];
        struct batch_name name = {
                .domain = *d, .submission = place->submission, .sequence = place->sequence};
        struct stored_batch b;
        enum err e = store_batch_read(r->gateway->store, place, a, &b, &n->as_read);

        if (e == ERR_NOT_FOUND || (e == ERR_OK && b.sealed.len == 0))
                return ERR_OK; /* gone meanwhile */
        TRY(e);
        TRY(keeper_rekey(r->gateway->keeper, &name, b.epoch, b.sealed, a, &n->sealed, &n->epoch));
        n->place = *place;
        g->bytes += n->sealed.len;
        g->len++;
        return ERR_OK;
}

static enum err put_group(struct rotation *r, struct group *g, struct arena *a)
{
        uint32_t done = 0;
        enum err e = g->len > 0 ? store_reseal(r->gateway->store, g->list, g->len, &done) : ERR_OK;

        /* A batch that changed meanwhile is found again in the next round. */
        *g = (struct group){.moved = g->moved + done};
        arena_wipe(a);
        return e;
}

/* All that lies under older keys; ERR_CANCELLED when told to leave. A damaged batch stays where it
 * is, and its error is what is told when nothing else moves any more. */
static enum err move_batches(struct rotation *r, const struct domain *d, uint32_t epoch)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA_MAX);
        struct stored_place places[GROUP_MAX];
        struct group g = {.len = 0};
        enum err failed;
        uint32_t n;

        if (a == NULL)
                return ERR_NO_MEMORY;
        do {
                failed = ERR_OK;
                g.moved = 0;
                TRY(store_outdated(r->gateway->store, d->municipality, d->dataset, epoch, places,
                        GROUP_MAX, &n));
                for (uint32_t i = 0; i < n; i++) {
                        if (atomic_load(&r->leave))
                                return ERR_CANCELLED;
                        enum err e = rekey_one(r, d, &places[i], a, &g);

                        if (e == ERR_KEEPER_GONE)
                                return e;
                        failed = failed == ERR_OK ? e : failed;
                        if (g.bytes >= GROUP_BYTES_MAX)
                                TRY(put_group(r, &g, a));
                }
                TRY(put_group(r, &g, a));
        } while (n > 0 && (failed == ERR_OK || g.moved > 0));
        return failed;
}

/* With nobody holding sealed bytes: is nothing left, the old keys end. */
static enum err end_epochs(struct rotation *r, const struct key_state *k, const struct domain *d)
{
        struct stored_place place;
        uint32_t n = 0;
        enum err e;

        rotation_exclude(r);
        e = store_outdated(r->gateway->store, d->municipality, d->dataset, k->epoch, &place, 1, &n);
        if (e == ERR_OK && n > 0)
                e = ERR_BUSY; /* one came late */
        if (e == ERR_OK)
                e = store_forget(r->gateway->store);
        if (e == ERR_OK)
                e = keeper_retire_domain(r->gateway->keeper, d, k->oldest);
        rotation_admit(r);
        return e;
}

static void tell_rotated(struct gateway *g, const struct domain *d)
{
        OWNED(note_done) struct note n;

        note_begin(&n, ENTRY_KEYS);
        entry_put_words(&n.w, FIELD_WORD, "older keys destroyed");
        entry_put_words(&n.w, FIELD_DATASET, d->dataset);
        note_municipality(&n, d->municipality);
        note_tell(g->audit, &n);
}

static void tell_pruned(struct gateway *g, uint32_t pruned)
{
        OWNED(note_done) struct note n;

        note_begin(&n, ENTRY_KEYS);
        entry_put_words(&n.w, FIELD_WORD, "ended keys destroyed");
        entry_put_number(&n.w, FIELD_NUMBER, pruned);
        note_tell(g->audit, &n);
}

static enum err rotate_domain(struct rotation *r, const struct key_state *k)
{
        struct domain d = {.municipality = k->municipality};
        enum err e;

        memcpy(d.dataset, k->name, sizeof d.dataset);
        do {
                TRY(move_batches(r, &d, k->epoch));
                e = end_epochs(r, k, &d);
        } while (e == ERR_BUSY);
        if (e == ERR_OK)
                tell_rotated(r->gateway, &d);
        if (e == ERR_OK)
                log_event(LOG_INFO, "domain_rotated", LOG_TEXT("dataset", d.dataset),
                        LOG_NUM("municipality", d.municipality), LOG_NUM("epoch", k->epoch));
        return e;
}

/* Every domain that has two epochs. One with a damaged batch keeps both, and no other waits for
 * it; its error is what is told. */
static enum err rotate_all(struct rotation *r)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA_MAX);
        struct key_state *keys = NULL;
        enum err failed = ERR_OK;
        uint32_t len = 0;

        if (a == NULL)
                return ERR_NO_MEMORY;
        TRY(keeper_keys(r->gateway->keeper, a, &keys, &len));
        for (uint32_t i = 0; i < len; i++) {
                enum err e = ERR_OK;

                if (keys[i].kind == KEY_DOMAIN && keys[i].oldest < keys[i].epoch)
                        e = rotate_domain(r, &keys[i]);
                if (e == ERR_CANCELLED || e == ERR_KEEPER_GONE)
                        return e;
                failed = failed == ERR_OK ? e : failed;
        }
        return failed;
}

/* Keys of linkages that ended, and pairs whose time is over. */
static void prune(struct rotation *r)
{
        uint32_t pruned = 0;
        enum err e = keeper_prune(r->gateway->keeper, &pruned);

        if (e != ERR_OK)
                log_event(LOG_ERROR, "prune_failed", LOG_TEXT("code", err_name(e)));
        else if (pruned > 0)
                tell_pruned(r->gateway, pruned);
        if (e == ERR_OK && pruned > 0)
                log_event(LOG_INFO, "keys_pruned", LOG_NUM("keys", pruned));
}

/* The thread ----------------------------------------------------------------------- */

static void *run(void *arg)
{
        struct rotation *r = arg;
        uint32_t wait = 0; /* the first look is at once: an earlier rotation may be unfinished */

        (void)pthread_mutex_lock(&r->lock);
        while (!r->stopping) {
                if (!r->asked && wait > 0)
                        (void)wait_ms(&r->wake, &r->lock, wait);
                if (r->stopping)
                        break;
                r->asked = false;
                (void)pthread_mutex_unlock(&r->lock);
                enum err e = rotate_all(r);

                if (e != ERR_OK && e != ERR_CANCELLED)
                        log_event(LOG_ERROR, "rotation_failed", LOG_TEXT("code", err_name(e)));
                if (e == ERR_OK)
                        prune(r);
                wait = e == ERR_OK ? LOOK_MS : AGAIN_MS;
                (void)pthread_mutex_lock(&r->lock);
        }
        (void)pthread_mutex_unlock(&r->lock);
        return NULL;
}

static void rotation_free(struct rotation *r)
{
        (void)pthread_rwlock_destroy(&r->held);
        (void)pthread_cond_destroy(&r->wake);
        (void)pthread_mutex_destroy(&r->lock);
        free(r);
}

/* Deliveries never stop; whoever waits for a gap between them would wait for ever. */
static void held_init(pthread_rwlock_t *held)
{
        pthread_rwlockattr_t how;

        (void)pthread_rwlockattr_init(&how);
        (void)pthread_rwlockattr_setkind_np(&how, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
        (void)pthread_rwlock_init(held, &how);
        (void)pthread_rwlockattr_destroy(&how);
}

enum err rotation_start(struct gateway *g, struct rotation **out)
{
        struct rotation *r = calloc(1, sizeof(*r));

        if (r == NULL)
                return ERR_NO_MEMORY;
        r->gateway = g;
        (void)pthread_mutex_init(&r->lock, NULL);
        held_init(&r->held);
        wait_init(&r->wake);
        if (pthread_create(&r->thread, NULL, run, r) != 0) {
                rotation_free(r);
                return ERR_NO_MEMORY;
        }
        *out = r;
        return ERR_OK;
}

void rotation_wake(struct rotation *r)
{
        (void)pthread_mutex_lock(&r->lock);
        r->asked = true;
        (void)pthread_cond_signal(&r->wake);
        (void)pthread_mutex_unlock(&r->lock);
}

void rotation_stop(struct rotation **r)
{
        if (r == NULL || *r == NULL)
                return;
        (void)pthread_mutex_lock(&(*r)->lock);
        (*r)->stopping = true;
        atomic_store(&(*r)->leave, true);
        (void)pthread_cond_signal(&(*r)->wake);
        (void)pthread_mutex_unlock(&(*r)->lock);
        (void)pthread_join((*r)->thread, NULL);
        rotation_free(*r);
        *r = NULL;
}
