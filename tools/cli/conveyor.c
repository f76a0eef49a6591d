/* SPDX-License-Identifier: Apache-2.0 */
/* conveyor.c: one lock, one condition, a ring. A batch is some ten thousand rows, so
 * the lock is taken a few dozen times a second. */
#include "tools/cli/conveyor.h"

#include <pthread.h>
#include <stdlib.h>

enum { RING_MAX = 8 };

struct conveyor {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct parcel *ring[RING_MAX];
        const struct batch *batches[RING_MAX];
        uint32_t len;
        uint32_t filled, sent, acked;
        uint64_t bytes;
        bool ended, broken, stopped;
        enum err end; /* why the file ended */
};

enum err conveyor_new(const struct intake_plan *plan, uint64_t lines, uint32_t rows, uint32_t bytes,
        struct conveyor **out)
{
        OWNED(conveyor_free) struct conveyor *c = calloc(1, sizeof *c);

        if (c == NULL)
                return ERR_NO_MEMORY;
        (void)pthread_mutex_init(&c->lock, NULL);
        (void)pthread_cond_init(&c->changed, NULL);
        if (lines < rows)
                rows = (uint32_t)lines + 1;
        c->len = lines / rows < RING_MAX ? (uint32_t)(lines / rows) + 1 : RING_MAX;
        for (unsigned i = 0; i < c->len; i++)
                TRY(parcel_new(plan, rows, bytes, &c->ring[i]));
        *out = c;
        c = NULL;
        return ERR_OK;
}

void conveyor_free(struct conveyor **c)
{
        if (c == NULL || *c == NULL)
                return;
        for (unsigned i = 0; i < RING_MAX; i++)
                parcel_free(&(*c)->ring[i]);
        (void)pthread_cond_destroy(&(*c)->changed);
        (void)pthread_mutex_destroy(&(*c)->lock);
        free(*c);
        *c = NULL;
}

static void changed(struct conveyor *c)
{
        (void)pthread_cond_broadcast(&c->changed);
        (void)pthread_mutex_unlock(&c->lock);
}

static void wait_change(struct conveyor *c)
{
        (void)pthread_cond_wait(&c->changed, &c->lock);
}

struct parcel *conveyor_empty(struct conveyor *c)
{
        struct parcel *p = NULL;

        (void)pthread_mutex_lock(&c->lock);
        while (!c->stopped && c->filled - c->acked == c->len)
                wait_change(c);
        if (!c->stopped)
                p = c->ring[c->filled % c->len];
        (void)pthread_mutex_unlock(&c->lock);
        if (p != NULL)
                parcel_reset(p);
        return p;
}

void conveyor_filled(struct conveyor *c)
{
        /* Only the parser moves `filled`, so it may look without the lock. */
        uint32_t at = c->filled;
        const struct batch *batch = parcel_finish(c->ring[at % c->len], at);

        (void)pthread_mutex_lock(&c->lock);
        c->batches[at % c->len] = batch;
        c->filled++;
        changed(c);
}

void conveyor_end(struct conveyor *c, enum err rc)
{
        (void)pthread_mutex_lock(&c->lock);
        c->ended = true;
        c->end = rc;
        changed(c);
}

enum err conveyor_end_reason(struct conveyor *c)
{
        enum err rc;

        (void)pthread_mutex_lock(&c->lock);
        rc = c->end;
        (void)pthread_mutex_unlock(&c->lock);
        return rc;
}

enum err conveyor_next(struct conveyor *c, const struct batch **out)
{
        enum err rc = ERR_OK;

        (void)pthread_mutex_lock(&c->lock);
        while (!c->broken && !c->stopped && !c->ended && c->sent == c->filled)
                wait_change(c);
        if (c->broken || c->stopped)
                rc = ERR_CANCELLED;
        else if (c->ended && c->end != ERR_OK)
                rc = c->end;
        else if (c->sent == c->filled)
                rc = ERR_NOT_FOUND;
        else
                *out = c->batches[c->sent % c->len];
        (void)pthread_mutex_unlock(&c->lock);
        return rc;
}

void conveyor_sent(struct conveyor *c)
{
        (void)pthread_mutex_lock(&c->lock);
        c->sent++;
        changed(c);
}

enum err conveyor_expect(struct conveyor *c, const struct parcel **out)
{
        enum err rc = ERR_OK;

        (void)pthread_mutex_lock(&c->lock);
        while (!c->broken && !c->stopped && c->acked == c->sent &&
                !(c->ended && c->acked == c->filled))
                wait_change(c);
        if (c->broken || c->stopped)
                rc = ERR_CANCELLED;
        else if (c->acked == c->sent)
                rc = ERR_NOT_FOUND;
        else
                *out = c->ring[c->acked % c->len];
        (void)pthread_mutex_unlock(&c->lock);
        return rc;
}

void conveyor_acknowledged(struct conveyor *c)
{
        (void)pthread_mutex_lock(&c->lock);
        c->acked++;
        changed(c);
}

void conveyor_break(struct conveyor *c)
{
        (void)pthread_mutex_lock(&c->lock);
        c->broken = true;
        changed(c);
}

void conveyor_mend(struct conveyor *c)
{
        (void)pthread_mutex_lock(&c->lock);
        c->sent = c->acked;
        c->broken = false;
        changed(c);
}

void conveyor_stop(struct conveyor *c)
{
        (void)pthread_mutex_lock(&c->lock);
        c->stopped = true;
        changed(c);
}

struct conveyor_counts conveyor_counts(struct conveyor *c)
{
        struct conveyor_counts counts;

        (void)pthread_mutex_lock(&c->lock);
        counts = (struct conveyor_counts){c->filled, c->sent, c->acked, c->bytes};
        (void)pthread_mutex_unlock(&c->lock);
        return counts;
}

void conveyor_at(struct conveyor *c, uint64_t bytes)
{
        (void)pthread_mutex_lock(&c->lock);
        c->bytes = bytes;
        (void)pthread_mutex_unlock(&c->lock);
}
