/* SPDX-License-Identifier: Apache-2.0 */
/* view.c: the finished view: counted, read-only; see plain.c and build.c for how it
 * comes about. */
#include "gateway/linkage/view.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/linkage/linked.h"

struct view *view_ref(struct view *v)
{
        (void)atomic_fetch_add_explicit(&v->refs, 1, memory_order_relaxed);
        return v;
}

void view_unref(struct view **v)
{
        if (v == NULL || *v == NULL)
                return;
        if (atomic_fetch_sub_explicit(&(*v)->refs, 1, memory_order_acq_rel) == 1) {
                for (uint32_t i = 0; i < LAYOUT_VARIABLES_MAX; i++)
                        free((*v)->columns[i]);
                free((*v)->ordinals);
                free((*v)->starts);
                if ((*v)->record_keys != NULL)
                        explicit_bzero((*v)->record_keys, record_keys_bytes((*v)->persons));
                free((*v)->record_keys);
                free((*v)->delivered);
                free((*v)->alone);
                free(*v);
        }
        *v = NULL;
}

uint32_t view_rows(const struct view *v)
{
        return v->rows;
}

uint32_t view_persons(const struct view *v)
{
        return v->persons;
}

const uint32_t *view_person_starts(const struct view *v)
{
        return v->starts;
}

const uint64_t *view_record_keys(const struct view *v)
{
        return v->linked != NULL ? v->linked->record_keys : v->record_keys;
}

uint64_t view_named_by(const struct view *v)
{
        return v->linked != NULL ? v->linked->named_by : v->named_by;
}

uint32_t view_personless(const struct view *v)
{
        return v->personless;
}

const void *view_column(const struct view *v, uint32_t variable)
{
        return v->columns[variable];
}

const uint32_t *view_ordinals(const struct view *v)
{
        return v->ordinals;
}

size_t view_bytes(const struct view *v)
{
        return v->bytes;
}

uint32_t view_build_ms(const struct view *v)
{
        return v->build_ms;
}

struct vintage view_vintage(const struct view *v)
{
        return v->vintage;
}

const struct policy_dataset *view_dataset(const struct view *v)
{
        return v->dataset;
}

const uint8_t *view_delivered(const struct view *v, uint32_t *out_len)
{
        *out_len = v->delivered_len;
        return v->delivered;
}

const uint8_t *view_alone(const struct view *v, uint32_t *out_len)
{
        *out_len = v->alone != NULL ? v->delivered_len : 0;
        return v->alone;
}

uint32_t view_unlinked_rows(const struct view *v)
{
        return v->unlinked;
}

struct period view_span(const struct view *v)
{
        return v->span;
}
