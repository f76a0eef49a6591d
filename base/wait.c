/* SPDX-License-Identifier: Apache-2.0 */
/* wait.c: conditions with a time limit, on the monotonic clock. pthread's default is
 * the wall clock: set back by an hour, it turns a tick of 100 ms into an hour. */
#include "base/wait.h"

#include <errno.h>
#include <time.h>

void wait_init(pthread_cond_t *c)
{
        pthread_condattr_t attr;

        (void)pthread_condattr_init(&attr);
        (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        (void)pthread_cond_init(c, &attr);
        (void)pthread_condattr_destroy(&attr);
}

bool wait_ms(pthread_cond_t *c, pthread_mutex_t *lock, int64_t ms)
{
        struct timespec until;

        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += ms / 1000;
        until.tv_nsec += ms % 1000 * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        return pthread_cond_timedwait(c, lock, &until) != ETIMEDOUT;
}
