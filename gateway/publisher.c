/* SPDX-License-Identifier: Apache-2.0 */
/* publisher.c: the gateway's own clockwork: publishes some seconds after the last
 * commit where the policy says `publish: automatic`, protects the planned tables of what
 * it published, lets open submissions expire, and once a day takes away what is over its time.
 * One thread; a failure is logged and tried
 * again at the next tick.
 *
 * Protecting can take long, so who stops the gateway is heeded within it; what was not made is
 * made when somebody asks. */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"
#include "gateway/gateway.h"
#include "gateway/keeper/aliases.h"
#include "gateway/lattice.h"
#include "gateway/note.h"

enum { QUIET_MS = 3000, EXPIRE_EVERY_MS = 60000, TICK_MS = 500, DAY_MS = 86400000 };

struct publisher {
        struct gateway *gateway;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t wake;
        bool stopping;
        atomic_bool leave;    /* whatever takes long */
        int64_t committed_ms; /* monotonic; 0: nothing new */
};

static int64_t monotonic_ms(void)
{
        return clock_monotonic_ns() / 1000000;
}

static void protect(struct publisher *p, struct vintage vintage)
{
        OWNED(policy_unref) struct policy *policy = reign_policy(p->gateway->reign);
        uint32_t n = 0;
        const struct policy_dataset *datasets = policy_datasets(policy, &n);

        for (uint32_t i = 0; i < n && !atomic_load(&p->leave); i++) {
                const struct lattice_wish wish = {.policy = policy,
                        .dataset = &datasets[i],
                        .vintage = vintage,
                        .cancel = &p->leave};
                enum err ignored = lattice_prepare(p->gateway, &wish); /* it logs */

                (void)ignored;
        }
}

static void publish(struct publisher *p)
{
        struct gateway *g = p->gateway;
        struct stored_vintage v;
        uint32_t aliases = 0;
        enum err e = keeper_alias_mark(g->keeper, &aliases);

        if (e == ERR_OK)
                e = gateway_publish(g, NULL, "automatic", aliases, &v);
        if (e != ERR_OK) {
                log_event(LOG_ERROR, "publish_failed", LOG_TEXT("code", err_name(e)));
                return;
        }
        log_event(LOG_INFO, "vintage_published", LOG_NUM("vintage", v.vintage.number),
                LOG_NUM("submissions", v.submissions), LOG_NUM("records", v.records));
        protect(p, v.vintage);
        views_retire(g->views, v.vintage); /* others are built when first asked for */
}

static void expire(struct gateway *g)
{
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        uint32_t n = 0, hours = 0, expired = 0;
        const struct policy_dataset *d = policy_datasets(policy, &n);

        for (uint32_t i = 0; i < n; i++)
                if (d[i].open_hours_max > hours)
                        hours = d[i].open_hours_max;
        if (hours == 0)
                return;
        OWNED(note_done) struct note note;

        note_begin(&note, ENTRY_DELIVERY_EXPIRED);
        note_policy(&note, policy);
        entry_put_printed(&note.w, FIELD_DETAIL, "those open for more than %u hours", hours);
        enum err e = note_end(&note);

        if (e == ERR_OK)
                e = store_expire(
                        g->store, clock_now_ms() - (int64_t)hours * 3600000, &note.draft, &expired);
        if (e != ERR_OK)
                log_event(LOG_ERROR, "expire_failed", LOG_TEXT("code", err_name(e)));
        else if (expired > 0)
                log_event(LOG_INFO, "deliveries_expired", LOG_NUM("count", expired));
}

static bool is_automatic(struct gateway *g)
{
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);

        return policy_publish_automatically(policy);
}

/* Waits a tick with the lock held; true while the thread should go on. */
static bool wait_tick(struct publisher *p)
{
        if (!p->stopping)
                (void)wait_ms(&p->wake, &p->lock, TICK_MS);
        return !p->stopping;
}

static void *run(void *arg)
{
        struct publisher *p = arg;
        int64_t next_expiry = 0, retained_day = 0;

        (void)pthread_mutex_lock(&p->lock);
        while (wait_tick(p)) {
                int64_t now = monotonic_ms();
                bool due = p->committed_ms != 0 && now - p->committed_ms >= QUIET_MS;

                if (due)
                        p->committed_ms = 0;
                (void)pthread_mutex_unlock(&p->lock);
                if (due && is_automatic(p->gateway))
                        publish(p);
                if (now >= next_expiry) {
                        expire(p->gateway);
                        next_expiry = now + EXPIRE_EVERY_MS;
                }
                if (clock_now_ms() / DAY_MS != retained_day) {
                        gateway_retain(p->gateway);
                        gateway_retain_log(p->gateway);
                        retained_day = clock_now_ms() / DAY_MS;
                }
                (void)pthread_mutex_lock(&p->lock);
        }
        (void)pthread_mutex_unlock(&p->lock);
        return NULL;
}

enum err publisher_start(struct gateway *g, struct publisher **out)
{
        struct publisher *p = calloc(1, sizeof(*p));

        if (p == NULL)
                return ERR_NO_MEMORY;
        p->gateway = g;
        (void)pthread_mutex_init(&p->lock, NULL);
        wait_init(&p->wake);
        if (pthread_create(&p->thread, NULL, run, p) != 0) {
                (void)pthread_cond_destroy(&p->wake);
                (void)pthread_mutex_destroy(&p->lock);
                free(p);
                return ERR_NO_MEMORY;
        }
        *out = p;
        return ERR_OK;
}

void publisher_committed(struct publisher *p)
{
        (void)pthread_mutex_lock(&p->lock);
        p->committed_ms = monotonic_ms();
        (void)pthread_mutex_unlock(&p->lock);
}

void publisher_stop(struct publisher **p)
{
        if (p == NULL || *p == NULL)
                return;
        (void)pthread_mutex_lock(&(*p)->lock);
        (*p)->stopping = true;
        atomic_store(&(*p)->leave, true);
        (void)pthread_cond_signal(&(*p)->wake);
        (void)pthread_mutex_unlock(&(*p)->lock);
        (void)pthread_join((*p)->thread, NULL);
        (void)pthread_cond_destroy(&(*p)->wake);
        (void)pthread_mutex_destroy(&(*p)->lock);
        free(*p);
        *p = NULL;
}
