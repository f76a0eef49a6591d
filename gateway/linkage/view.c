/* SPDX-License-Identifier: Apache-2.0 */
/* view.c: the finished view: counted, read-only; and the plain way to make one. */
#include "gateway/linkage/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "gateway/linkage/assemble.h"

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
                free((*v)->starts);
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

uint32_t view_personless(const struct view *v)
{
        return v->personless;
}

const void *view_column(const struct view *v, uint32_t variable)
{
        return v->columns[variable];
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

/* From plain columns --------------------------------------------------------- */

static void plain_row(
        const struct view_plain *in, const struct layout *l, uint32_t row, uint8_t *to)
{
        const struct policy_dataset *d = in->dataset;

        memcpy(to + LAYOUT_TOKEN, in->tokens + (size_t)row * LAYOUT_TOKEN_LEN, LAYOUT_TOKEN_LEN);
        memcpy(to + LAYOUT_ORDINAL, &row, sizeof(row));
        for (uint32_t i = 0; i < d->variables_len; i++) {
                const struct variable *v = &d->variables[i];
                size_t width = physical_width(v->physical);
                const uint8_t *column = in->columns[i];
                uint8_t *at = to + l->offsets[i];

                if (!layout_has(v))
                        continue;
                if (v->source == SOURCE_MUNICIPALITY && v->physical == PHYSICAL_U8)
                        *at = (uint8_t)in->municipalities[row];
                else if (v->source == SOURCE_MUNICIPALITY)
                        memcpy(at, &in->municipalities[row], sizeof(uint16_t));
                else if (column == NULL)
                        physical_put_missing(v->physical, at);
                else
                        memcpy(at, column + width * row, width);
        }
}

static enum err partition_plain(
        const struct view_plain *in, const struct layout *l, struct partitions *p)
{
        uint8_t row[LAYOUT_VALUES + 8 * LAYOUT_VARIABLES_MAX];

        for (uint32_t i = 0; i < in->rows; i++) {
                plain_row(in, l, i, row);
                TRY(partitions_add(p, 0, row));
        }
        return ERR_OK;
}

/* Everybody whose row is there has delivered. */
static enum err plain_delivered(const struct view_plain *in, struct view *v)
{
        uint32_t variable = in->dataset->municipality_variable;

        v->span = (struct period){INT32_MIN, INT32_MAX};
        if (variable == UINT32_MAX)
                return ERR_OK;
        v->delivered_len = in->dataset->variables[variable].codes->levels[0].len;
        v->delivered = calloc(v->delivered_len, 1);
        if (v->delivered == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->rows; i++)
                if (in->municipalities[i] < v->delivered_len)
                        v->delivered[in->municipalities[i]] = 1;
        return ERR_OK;
}

enum err view_from_plain(const struct view_plain *plain, unsigned threads, struct view **out)
{
        OWNED(partitions_free) struct partitions *p = NULL;
        OWNED(view_unref) struct view *v = NULL;
        struct layout l;
        int64_t started = clock_monotonic_ns();

        threads = parallel_threads(threads);
        TRY(layout_make(plain->dataset, &l));
        TRY(partitions_new(&l, plain->rows, 1, SIZE_MAX, &p));
        TRY(partition_plain(plain, &l, p));
        TRY(view_new(plain->dataset, &v));
        TRY(assemble(v, p, &l, threads));
        TRY(plain_delivered(plain, v));
        v->build_ms = (uint32_t)((clock_monotonic_ns() - started) / 1000000);
        *out = v;
        v = NULL;
        return ERR_OK;
}
