/* SPDX-License-Identifier: Apache-2.0 */
/* work.c: see work.h. Counting comes before asking, so that a build that is too
 * large is refused and never swaps. */
#include "gateway/linkage/work.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum err room_take(struct room *r, size_t bytes)
{
        size_t before = atomic_fetch_add_explicit(&r->used, bytes, memory_order_relaxed);

        if (before <= r->ceiling && bytes <= r->ceiling - before)
                return ERR_OK;
        room_give(r, bytes);
        return ERR_LIMIT;
}

void room_give(struct room *r, size_t bytes)
{
        (void)atomic_fetch_sub_explicit(&r->used, bytes, memory_order_relaxed);
}

enum err work_goes_on(const struct work *w)
{
        return w->cancel != NULL && atomic_load(w->cancel) ? ERR_CANCELLED : ERR_OK;
}

enum err work_alloc(const struct work *w, size_t count, size_t size, void **out)
{
        if (size > 0 && count > SIZE_MAX / 2 / size)
                return ERR_LIMIT;
        TRY(room_take(w->room, count * size));
        void *at = fault_hit("alloc") ? NULL : malloc(count * size + 1);
        if (at == NULL) {
                room_give(w->room, count * size);
                return ERR_NO_MEMORY;
        }
        *out = at;
        return ERR_OK;
}

void work_free(const struct work *w, void *at, size_t bytes)
{
        if (at == NULL)
                return;
        free(at);
        room_give(w->room, bytes);
}

void work_wipe(const struct work *w, void *at, size_t bytes)
{
        if (at == NULL)
                return;
        explicit_bzero(at, bytes);
        work_free(w, at, bytes);
}
