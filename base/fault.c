/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c: a countdown at every seam.
 *
 * Disarmed, a seam costs one relaxed load and a branch that is never taken. The
 * countdown itself is under a mutex, because under test the seams are reached
 * from several threads and exactly one of them must be told to fail. */
#include "base/fault.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static atomic_bool armed;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *armed_site; /* borrowed: callers pass literals */
static unsigned hits_left;

bool fault_arm(const char *site, unsigned nth)
{
        pthread_mutex_lock(&lock);
        /* Still armed means the last round met fewer hits than it counted down.
         * The first round starts afresh: an earlier test may have broken off. */
        bool over = nth > 0 && atomic_load_explicit(&armed, memory_order_relaxed);

        armed_site = site;
        hits_left = nth;
        atomic_store_explicit(&armed, !over, memory_order_relaxed);
        pthread_mutex_unlock(&lock);
        return !over;
}

void fault_disarm(void)
{
        atomic_store_explicit(&armed, false, memory_order_relaxed);
}

bool fault_hit(const char *site)
{
        if (__builtin_expect(!atomic_load_explicit(&armed, memory_order_relaxed), 1))
                return false;
        bool fail = false;

        pthread_mutex_lock(&lock);
        if (atomic_load_explicit(&armed, memory_order_relaxed) &&
                (strcmp(armed_site, "any") == 0 || strcmp(armed_site, site) == 0) &&
                hits_left-- == 0) {
                fail = true;
                atomic_store_explicit(&armed, false, memory_order_relaxed);
        }
        pthread_mutex_unlock(&lock);
        return fail;
}
