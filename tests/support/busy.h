/* SPDX-License-Identifier: Apache-2.0 */
/* busy.h: how long this process has worked, for tests that promise a time: what else the
 * machine does is no fault of ours. */
#ifndef STATGATE_TESTS_SUPPORT_BUSY_H
#define STATGATE_TESTS_SUPPORT_BUSY_H

#include <stdint.h>
#include <time.h>

static inline int64_t busy_ns(void)
{
        struct timespec t = {0};

        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

#endif
