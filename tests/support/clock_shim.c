/* SPDX-License-Identifier: Apache-2.0 */
/* clock_shim.c: another wall clock for a program under test.
 *
 * Loaded with LD_PRELOAD. CLOCK_SHIM_S in the environment is added to what the real
 * clock says; durations are left alone. The programs themselves have no switch for
 * this, and shall have none. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long shift(void)
{
        static long seconds;
        static int known;

        if (!known) {
                const char *text = getenv("CLOCK_SHIM_S");

                seconds = text != NULL ? strtol(text, NULL, 10) : 0;
                known = 1;
        }
        return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
        static int (*real)(clockid_t, struct timespec *);

        if (real == NULL)
                real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
        int rc = real(clock, out);
        if (rc == 0 && clock == CLOCK_REALTIME)
                out->tv_sec += shift();
        return rc;
}

time_t time(time_t *out)
{
        struct timespec now;

        if (clock_gettime(CLOCK_REALTIME, &now) != 0)
                return -1;
        if (out != NULL)
                *out = now.tv_sec;
        return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
        struct timespec now;

        (void)zone;
        if (clock_gettime(CLOCK_REALTIME, &now) != 0)
                return -1;
        *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
        return 0;
}
