/* SPDX-License-Identifier: Apache-2.0 */
/* parallel.h: the same work on several threads, and the end of it.
 *
 * Work is cut into numbered tasks; threads take the next number until there is
 * none or one failed. Results must not depend on who took which. */
#ifndef STATGATE_BASE_PARALLEL_H
#define STATGATE_BASE_PARALLEL_H

#include <stddef.h>

#include "base/err.h"

enum { PARALLEL_THREADS_MAX = 256 };

/* One per core, at most PARALLEL_THREADS_MAX; `wanted` 0 asks for that. */
unsigned parallel_threads(unsigned wanted);

/* Calls task(ctx, worker, i) for every i < tasks; worker < threads names the
 * thread, for scratch memory. Returns the first error by time; the others are
 * dropped. With one thread (or when no thread can be made) it runs here. */
MUST_CHECK enum err parallel_for(unsigned threads, size_t tasks,
        enum err (*task)(void *ctx, unsigned worker, size_t i), void *ctx);

#endif
