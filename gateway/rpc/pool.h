/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h: a fixed number of workers and one bounded queue.
 *
 * Newcomers (calls that have not begun) are counted and refused beyond a limit,
 * in all and per lane; steps of calls already begun are always taken, since a
 * call has at most one step waiting. One lane never runs on every worker: when the
 * disk or the keeper is slow and all deliveries stand still, status and questions
 * still get through. Jobs are part of what they serve: nothing is allocated, so
 * nothing fails. */
#ifndef STATGATE_GATEWAY_RPC_POOL_H
#define STATGATE_GATEWAY_RPC_POOL_H

#include <stdbool.h>

#include "base/attrs.h"
#include "base/err.h"

struct pool;

/* What belongs together, a method say. Guarded by the pool; zero it once, leave it
 * alone, and let it outlive the pool. */
struct lane {
        unsigned waiting, running; /* newcomers in the queue; jobs on workers */
};

struct job {
        struct job *next;
        void (*run)(struct job *job); /* the job may be freed or queued again inside */
        struct lane *lane;            /* set by pool_admit; NULL: none */
        bool newcomer;
};

/* At most `newcomers_max` newcomers wait at any time, at most `share_max` of them
 * in one lane; of more than one worker, one lane leaves at least one free. */
MUST_CHECK enum err pool_new(
        unsigned threads, unsigned newcomers_max, unsigned share_max, struct pool **out);

/* ERR_BUSY: too many wait already (and nothing happened). */
MUST_CHECK enum err pool_admit(struct pool *p, struct job *job, struct lane *lane);

/* The next step of something that was admitted. */
void pool_continue(struct pool *p, struct job *job);

/* Runs what is queued, then joins the workers. Nobody may add anything by then. */
void pool_free(struct pool **p);

#endif
