/* SPDX-License-Identifier: Apache-2.0 */
/* pulse.c: what the keeper says of itself, asked beside whoever wants to know.
 *
 * A question to the keeper waits for its answer, however long that takes; and whoever asks the
 * gateway how it is may ask just because the keeper hangs. So one thread asks, and the others wait
 * for it, but not for long. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/wait.h"
#include "gateway/gateway.h"
#include "gateway/keeper/care.h"

enum { PATIENCE_MS = 1000, ARENA_MAX = 4 << 20 };

struct pulse {
        struct gateway *gateway;
        pthread_t thread;
        pthread_mutex_t lock; /* all below */
        pthread_cond_t wake, heard;
        bool stopping;
        uint64_t asked, answered; /* the last question, and the last that has its answer */
        enum err err;             /* of that answer */
        struct arena *arena;      /* what it says */
        struct quota_state *quotas;
        uint32_t quotas_len;
        struct rotation_progress progress;
};

struct telling {
        struct arena *arena;
        struct quota_state *quotas;
        uint32_t quotas_len;
        struct rotation_progress progress;
};

static enum err ask(struct gateway *g, struct telling *out)
{
        out->arena = arena_new(ARENA_MAX);
        if (out->arena == NULL)
                return ERR_NO_MEMORY;
        TRY(keeper_quotas(g->keeper, out->arena, &out->quotas, &out->quotas_len));
        return gateway_rotation_progress(g, &out->progress);
}

static void *run(void *arg)
{
        struct pulse *p = arg;

        (void)pthread_mutex_lock(&p->lock);
        for (;;) {
                while (!p->stopping && p->asked == p->answered)
                        (void)pthread_cond_wait(&p->wake, &p->lock);
                if (p->stopping)
                        break;
                struct telling t = {.arena = NULL};
                uint64_t now = p->asked;

                (void)pthread_mutex_unlock(&p->lock);
                enum err e = ask(p->gateway, &t);

                (void)pthread_mutex_lock(&p->lock);
                arena_free(&p->arena);
                p->arena = t.arena;
                p->quotas = t.quotas;
                p->quotas_len = e == ERR_OK ? t.quotas_len : 0;
                p->progress = t.progress;
                p->err = e;
                p->answered = now;
                (void)pthread_cond_broadcast(&p->heard);
        }
        (void)pthread_mutex_unlock(&p->lock);
        return NULL;
}

/* With the lock held: until what was asked has its answer, or patience ends. */
static enum err await(struct pulse *p, uint64_t question)
{
        int64_t until = clock_monotonic_ns() + (int64_t)PATIENCE_MS * 1000000;

        while (p->answered < question) {
                int64_t left_ms = (until - clock_monotonic_ns()) / 1000000;

                if (left_ms <= 0 || !wait_ms(&p->heard, &p->lock, left_ms))
                        return p->answered < question ? ERR_BUSY : p->err;
        }
        return p->err;
}

enum err pulse_ask(struct pulse *p, struct arena *a, struct quota_state **out_quotas,
        uint32_t *out_len, struct rotation_progress *out)
{
        enum err e;

        (void)pthread_mutex_lock(&p->lock);
        p->asked++;
        (void)pthread_cond_signal(&p->wake);
        e = await(p, p->asked);
        if (e == ERR_OK) {
                *out_quotas = arena_alloc(a, p->quotas_len, sizeof **out_quotas);
                e = *out_quotas == NULL ? ERR_NO_MEMORY : ERR_OK;
        }
        if (e == ERR_OK) {
                if (p->quotas_len > 0)
                        memcpy(*out_quotas, p->quotas, p->quotas_len * sizeof **out_quotas);
                *out_len = p->quotas_len;
                *out = p->progress;
        }
        (void)pthread_mutex_unlock(&p->lock);
        return e;
}

static void pulse_free(struct pulse *p)
{
        arena_free(&p->arena);
        (void)pthread_cond_destroy(&p->heard);
        (void)pthread_cond_destroy(&p->wake);
        (void)pthread_mutex_destroy(&p->lock);
        free(p);
}

enum err pulse_start(struct gateway *g, struct pulse **out)
{
        struct pulse *p = calloc(1, sizeof *p);

        if (p == NULL)
                return ERR_NO_MEMORY;
        p->gateway = g;
        (void)pthread_mutex_init(&p->lock, NULL);
        (void)pthread_cond_init(&p->wake, NULL);
        wait_init(&p->heard);
        if (pthread_create(&p->thread, NULL, run, p) != 0) {
                pulse_free(p);
                return ERR_NO_MEMORY;
        }
        *out = p;
        return ERR_OK;
}

void pulse_stop(struct pulse **p)
{
        if (p == NULL || *p == NULL)
                return;
        (void)pthread_mutex_lock(&(*p)->lock);
        (*p)->stopping = true;
        (void)pthread_cond_signal(&(*p)->wake);
        (void)pthread_mutex_unlock(&(*p)->lock);
        (void)pthread_join((*p)->thread, NULL);
        pulse_free(*p);
        *p = NULL;
}
