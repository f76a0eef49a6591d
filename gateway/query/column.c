/* SPDX-License-Identifier: Apache-2.0 */
/* column.c: columns that no view has: computed for a block of rows, in the worker. */
#include "base/arena.h"
#include "gateway/query/pass.h"

enum err columns_prepare(struct pass *p, unsigned threads, struct arena *scratch)
{
        (void)threads;
        p->events = NULL;
        return arena_used(scratch) > 0 || p->plan->computed_len == 0 ? ERR_OK : ERR_INTERNAL;
}

enum err columns_new_tally(struct arena *scratch, const struct pass *p, struct tally *t)
{
        uint32_t len = p->plan->computed_len, first = p->plan->operands.dataset->variables_len;

        t->computed = arena_alloc(scratch, len, sizeof(*t->computed));
        if (t->computed == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                const struct variable *v = p->plan->operands.list[first + i].variable;

                t->computed[i] = arena_alloc_raw(scratch, BLOCK, physical_width(v->physical));
                if (t->computed[i] == NULL)
                        return ERR_NO_MEMORY;
        }
        return ERR_OK;
}
