/* SPDX-License-Identifier: Apache-2.0 */
/* parallel.c: see parallel.h. Threads are made per call: a view build or a query
 * lasts milliseconds, a thread costs some ten microseconds. */
#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

unsigned parallel_threads(unsigned wanted)
{
        long cores = wanted > 0 ? (long)wanted : sysconf(_SC_NPROCESSORS_ONLN);

        if (cores < 1)
                return 1;
        return cores > PARALLEL_THREADS_MAX ? PARALLEL_THREADS_MAX : (unsigned)cores;
}

struct job {
        size_t tasks;
        enum err (*task)(void *ctx, unsigned worker, size_t i);
        void *ctx;
        atomic_size_t next;
        atomic_int failure; /* enum err */
};

struct worker {
        struct job *job;
        unsigned number;
        pthread_t thread;
};

static void *work(void *arg)
{
        const struct worker *w = arg;
        struct job *j = w->job;
        size_t i;

        while (atomic_load_explicit(&j->failure, memory_order_relaxed) == ERR_OK &&
                (i = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed)) < j->tasks) {
                enum err e = j->task(j->ctx, w->number, i);
                int none = ERR_OK;

                if (e != ERR_OK)
                        (void)atomic_compare_exchange_strong(&j->failure, &none, (int)e);
        }
        return NULL;
}

enum err parallel_for(unsigned threads, size_t tasks,
        enum err (*task)(void *ctx, unsigned worker, size_t i), void *ctx)
{
        struct worker workers[PARALLEL_THREADS_MAX];
        struct job job = {.tasks = tasks, .task = task, .ctx = ctx};
        unsigned started = 1;

        threads = parallel_threads(threads);
        if (threads > tasks)
                threads = tasks > 0 ? (unsigned)tasks : 1;
        workers[0] = (struct worker){.job = &job};
        for (; started < threads; started++) {
                workers[started] = (struct worker){.job = &job, .number = started};
                if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
                        break;
        }
        (void)work(&workers[0]);
        for (unsigned i = 1; i < started; i++)
                (void)pthread_join(workers[i].thread, NULL);
        return (enum err)atomic_load(&job.failure);
}
