/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h: a fixed number of workers and one bounded queue.
 *
 * Newcomers (calls that have not begun) are counted and refused beyond a limit,
 * in all and per counter; steps of calls already begun are always taken, since a
 * call has at most one step waiting. Jobs are part of what they serve: nothing is
 * allocated, so nothing fails. */
#ifndef STATGATE_GATEWAY_RPC_POOL_H
#define STATGATE_GATEWAY_RPC_POOL_H

#include <stdbool.h>

#include "base/attrs.h"
#include "base/err.h"

struct pool;

struct job {
        struct job *next;
        void (*run)(struct job *job); /* the job may be freed or queued again inside */
        unsigned *waiting;            /* newcomers: the counter to give back; else NULL */
};

/* At most `newcomers_max` newcomers wait at any time, at most `share_max` of them
 * under one counter. */
MUST_CHECK enum err pool_new(
        unsigned threads, unsigned newcomers_max, unsigned share_max, struct pool **out);

/* ERR_BUSY: too many wait already (and nothing happened). `waiting` is guarded by
 * the pool; zero it once and leave it alone. */
MUST_CHECK enum err pool_admit(struct pool *p, struct job *job, unsigned *waiting);

/* The next step of something that was admitted. */
void pool_continue(struct pool *p, struct job *job);

/* Runs what is queued, then joins the workers. Nobody may add anything by then. */
void pool_free(struct pool **p);

#endif
