/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c: one lock, one list, sleeping workers.
 *
 * A hop through here costs a few microseconds, against milliseconds for what runs
 * on it; a cleverer queue would not be noticed. First come, first served, with one
 * exception by construction: a method can never fill the whole queue (share_max),
 * so a flood of questions leaves room for the operator who wants to stop it. */
#include "gateway/rpc/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct pool {
        pthread_mutex_t lock;
        pthread_cond_t more;
        struct job *first, **last; /* FIFO */
        unsigned newcomers, newcomers_max, share_max;
        bool closing;
        unsigned threads_len;
        pthread_t threads[];
};

/* The next job; NULL when the pool closes and nothing is left. */
static struct job *take(struct pool *p)
{
        pthread_mutex_lock(&p->lock);
        while (p->first == NULL && !p->closing)
                pthread_cond_wait(&p->more, &p->lock);
        struct job *job = p->first;

        if (job != NULL) {
                p->first = job->next;
                if (p->first == NULL)
                        p->last = &p->first;
                if (job->waiting != NULL) {
                        p->newcomers--;
                        (*job->waiting)--;
                        job->waiting = NULL;
                }
        }
        pthread_mutex_unlock(&p->lock);
        return job;
}

static void *work(void *arg)
{
        struct pool *p = arg;
        struct job *job;

        while ((job = take(p)) != NULL)
                job->run(job);
        return NULL;
}

enum err pool_new(unsigned threads, unsigned newcomers_max, unsigned share_max, struct pool **out)
{
        assert(threads > 0 && newcomers_max > 0 && share_max > 0);
        struct pool *p = calloc(1, sizeof *p + threads * sizeof p->threads[0]);

        if (p == NULL)
                return ERR_NO_MEMORY;
        pthread_mutex_init(&p->lock, NULL);
        pthread_cond_init(&p->more, NULL);
        p->last = &p->first;
        p->newcomers_max = newcomers_max;
        p->share_max = share_max;
        for (; p->threads_len < threads; p->threads_len++) {
                if (pthread_create(&p->threads[p->threads_len], NULL, work, p) != 0) {
                        pool_free(&p);
                        return ERR_NO_MEMORY;
                }
        }
        *out = p;
        return ERR_OK;
}

/* With the lock held. */
static void append(struct pool *p, struct job *job)
{
        assert(!p->closing);
        job->next = NULL;
        *p->last = job;
        p->last = &job->next;
        pthread_cond_signal(&p->more);
}

enum err pool_admit(struct pool *p, struct job *job, unsigned *waiting)
{
        enum err err = ERR_OK;

        pthread_mutex_lock(&p->lock);
        if (p->newcomers >= p->newcomers_max || *waiting >= p->share_max) {
                err = ERR_BUSY;
        } else {
                p->newcomers++;
                (*waiting)++;
                job->waiting = waiting;
                append(p, job);
        }
        pthread_mutex_unlock(&p->lock);
        return err;
}

void pool_continue(struct pool *p, struct job *job)
{
        pthread_mutex_lock(&p->lock);
        job->waiting = NULL;
        append(p, job);
        pthread_mutex_unlock(&p->lock);
}

void pool_free(struct pool **pool)
{
        if (pool == NULL || *pool == NULL)
                return;
        struct pool *p = *pool;

        pthread_mutex_lock(&p->lock);
        p->closing = true;
        pthread_cond_broadcast(&p->more);
        pthread_mutex_unlock(&p->lock);
        for (unsigned i = 0; i < p->threads_len; i++)
                pthread_join(p->threads[i], NULL);
        pthread_cond_destroy(&p->more);
        pthread_mutex_destroy(&p->lock);
        free(p);
        *pool = NULL;
}
