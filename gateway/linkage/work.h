/* SPDX-License-Identifier: Apache-2.0 */
/* work.h: what the steps of a build share: threads, room and the wish to stop.
 * Inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_WORK_H
#define STATGATE_GATEWAY_LINKAGE_WORK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attrs.h"
#include "base/err.h"

/* Bytes a build may take, counted by all of its threads. */
struct room {
        size_t ceiling;
        atomic_size_t used;
};
MUST_CHECK enum err room_take(struct room *r, size_t bytes); /* ERR_LIMIT */
void room_give(struct room *r, size_t bytes);

struct work {
        unsigned threads;
        struct room *room;
        const atomic_bool *cancel; /* may be NULL */
};
MUST_CHECK enum err work_goes_on(const struct work *w); /* ERR_CANCELLED */

/* Counted memory, not zeroed. `*out` is set only on success; whoever frees it says
 * how much it was. */
MUST_CHECK enum err work_alloc(const struct work *w, size_t count, size_t size, void **out);
void work_free(const struct work *w, void *at, size_t bytes);
/* What held tokens: wiped before it goes. */
void work_wipe(const struct work *w, void *at, size_t bytes);

#endif
