/* SPDX-License-Identifier: Apache-2.0 */
/* places.c: which municipalities count in a question.
 *
 * Those that have delivered every data set it looks at, and the base for the period that is
 * asked about. Where one has delivered the reports
 * but not the measures that followed, its reports would all say "no measure": that is
 * missing, and not zero, so its records are left out as if it had delivered nothing. The
 * same goes for one outside the linkage, whose records are joined with no other data set's.
 *
 * Who has delivered is known to everybody, so this acts as a filter that a neighbour knows,
 * in the identifying margin too. Only records asked about are left out: as events for the
 * records of others they still say what happened. */
#include <string.h>

#include "base/arena.h"
#include "gateway/query/derived.h"

static bool is_beside(const struct plan *plan, uint32_t computed)
{
        const struct derivation *d = plan->computed[computed].derivation;

        return d != NULL && d->kind != DERIVED_DAYS_BETWEEN &&
               !bytes_equal(d->events->id, plan->dataset->id);
}

bool plan_looks_beside(const struct plan *plan)
{
        for (uint32_t i = 0; i < plan->computed_len; i++)
                if (is_beside(plan, i))
                        return true;
        return plan->also_len > 0;
}

/* Leaves those who have delivered this too. */
static void keep_delivered(const struct view *v, struct places *p)
{
        uint32_t len = 0;
        const uint8_t *delivered = view_delivered(v, &len);

        for (uint32_t i = 0; delivered != NULL && i < p->len; i++)
                p->counts[i] &= i < len && delivered[i] != 0;
}

/* A placement that goes on is no answer about a year that nobody has told of. */
static void keep_of_period(const struct plan *plan, struct places *p)
{
        for (uint32_t i = 0; plan->delivered != NULL && i < p->len; i++)
                p->counts[i] &= i < plan->delivered_len && plan->delivered[i] != 0;
}

static void drop_alone(const struct view *v, struct places *p)
{
        uint32_t len = 0;
        const uint8_t *alone = view_alone(v, &len);

        for (uint32_t i = 0; alone != NULL && i < p->len && i < len; i++)
                p->counts[i] &= alone[i] == 0;
}

static enum err keep_beside(const struct plan *plan, const struct view *view, struct places *p)
{
        for (uint32_t i = 0; i < plan->computed_len; i++) {
                if (!is_beside(plan, i))
                        continue;
                const struct view *v = view_beside(view, plan->computed[i].derivation->events->id);

                if (v == NULL)
                        return ERR_INTERNAL;
                keep_delivered(v, p);
                drop_alone(v, p);
                drop_alone(view, p);
        }
        for (uint32_t i = 0; i < plan->also_len; i++)
                keep_delivered(plan->also[i], p);
        return ERR_OK;
}

/* As many as the first data set that has municipalities knows; all know the same. */
static uint32_t places_known(const struct plan *plan, const struct view *view)
{
        uint32_t len = 0;

        (void)view_delivered(view, &len);
        for (uint32_t i = 0; len == 0 && i < plan->computed_len; i++)
                if (is_beside(plan, i))
                        (void)view_delivered(
                                view_beside(view, plan->computed[i].derivation->events->id), &len);
        for (uint32_t i = 0; len == 0 && i < plan->also_len; i++)
                (void)view_delivered(plan->also[i], &len);
        return len;
}

enum err places_make(
        const struct plan *plan, const struct view *view, struct arena *arena, struct places *out)
{
        struct places p = {.len = places_known(plan, view)};
        uint32_t len = 0;
        const uint8_t *delivered = view_delivered(view, &len);

        if (p.len == 0) {
                *out = p;
                return ERR_OK;
        }
        p.counts = arena_alloc_raw(arena, p.len, 1);
        if (p.counts == NULL)
                return ERR_NO_MEMORY;
        memset(p.counts, 1, p.len);
        keep_delivered(view, &p);
        keep_of_period(plan, &p);
        TRY(keep_beside(plan, view, &p));
        for (uint32_t i = 0; delivered != NULL && i < p.len; i++)
                p.leaves_out |= delivered[i] != 0 && p.counts[i] == 0;
        *out = p;
        return ERR_OK;
}

enum err plan_places(
        const struct plan *plan, const struct view *view, struct arena *arena, uint32_t *out)
{
        struct places p;
        uint32_t n = 0;

        TRY(places_make(plan, view, arena, &p));
        for (uint32_t i = 0; i < p.len; i++)
                n += p.counts[i];
        *out = n;
        return ERR_OK;
}
