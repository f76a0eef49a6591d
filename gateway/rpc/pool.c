/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c: one lock, one list, sleeping workers.
 *
 * A hop through here costs a few microseconds, against milliseconds for what runs
 * on it; a cleverer queue would not be noticed. First come, first served, with two
 * exceptions: a method can never fill the whole queue (share_max), so a flood of
 * questions leaves room for the operator who wants to stop it; and never all
 * workers (running_max), so deliveries that wait for a disk leave room too. */
#include "gateway/rpc/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct pool {
        pthread_mutex_t lock;
        pthread_cond_t more;
        struct job *first, **last; /* FIFO */
        unsigned newcomers, newcomers_max, share_max, running_max;
        bool closing;
        unsigned threads_len;
        pthread_t threads[];
};

/* With the lock held: takes the first job whose lane may run one more. */
static struct job *pick(struct pool *p)
{
        for (struct job **at = &p->first; *at != NULL; at = &(*at)->next) {
                struct job *job = *at;

                if (job->lane != NULL && job->lane->running >= p->running_max)
                        continue;
                *at = job->next;
                if (job->next == NULL)
                        p->last = at;
                return job;
        }
        return NULL;
}

/* With the lock held: the job leaves the queue for a worker. */
static void begin(struct pool *p, struct job *job)
{
        if (job->newcomer) {
                p->newcomers--;
                job->lane->waiting--;
                job->newcomer = false;
        }
        if (job->lane != NULL)
                job->lane->running++;
}

/* `done` is the lane of what this worker ran before. NULL when the pool closes and
 * nothing is left. */
static struct job *take(struct pool *p, struct lane *done)
{
        struct job *job;

        pthread_mutex_lock(&p->lock);
        if (done != NULL) {
                /* Somebody may have been passed over for this lane's sake. */
                if (done->running-- == p->running_max)
                        pthread_cond_broadcast(&p->more);
        }
        while ((job = pick(p)) == NULL && !(p->closing && p->first == NULL))
                pthread_cond_wait(&p->more, &p->lock);
        if (job != NULL)
                begin(p, job);
        pthread_mutex_unlock(&p->lock);
        return job;
}

static void *work(void *arg)
{
        struct pool *p = arg;
        struct lane *lane = NULL;
        struct job *job;

        while ((job = take(p, lane)) != NULL) {
                lane = job->lane; /* the job itself may be gone after its run */
                job->run(job);
        }
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
        /* A quarter of the workers, at least one, is out of reach of any one lane. */
        p->running_max = threads > 1 ? threads - (threads + 3) / 4 : 1;
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

enum err pool_admit(struct pool *p, struct job *job, struct lane *lane)
{
        enum err err = ERR_OK;

        pthread_mutex_lock(&p->lock);
        if (p->newcomers >= p->newcomers_max || lane->waiting >= p->share_max) {
                err = ERR_BUSY;
        } else {
                p->newcomers++;
                lane->waiting++;
                job->lane = lane;
                job->newcomer = true;
                append(p, job);
        }
        pthread_mutex_unlock(&p->lock);
        return err;
}

void pool_continue(struct pool *p, struct job *job)
{
        pthread_mutex_lock(&p->lock);
        job->newcomer = false;
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
