/* SPDX-License-Identifier: Apache-2.0 */
/* plain.c: views from plain columns, for tests, oracles and benches: everything but
 * store and keeper is as it is in a build. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "gateway/linkage/linked.h"

static void plain_row(
        const struct view_plain *in, const struct layout *l, uint32_t row, uint8_t *to)
{
        const struct policy_dataset *d = in->dataset;
        uint32_t ordinal = in->ordinals != NULL ? in->ordinals[row] : row;

        memcpy(to + LAYOUT_TOKEN, in->tokens + (size_t)row * LAYOUT_TOKEN_LEN, LAYOUT_TOKEN_LEN);
        memcpy(to + LAYOUT_ORDINAL, &ordinal, sizeof(ordinal));
        const uint64_t key = htole64(in->record_keys != NULL ? in->record_keys[row] : 0);
        memcpy(to + LAYOUT_PERSON_KEY, &key, sizeof(key));
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

/* `out_tokens` as in assemble(). */
static enum err make_view(const struct view_plain *plain, const struct work *w,
        struct token_list *out_tokens, struct view **out)
{
        OWNED(partitions_free) struct partitions *p = NULL;
        OWNED(view_unref) struct view *v = NULL;
        struct layout l;

        TRY(layout_make(plain->dataset, &l));
        TRY(room_take(w->room, assemble_bytes(plain->dataset, plain->rows)));
        TRY(partitions_new(l.size, plain->rows, 1, w->room, &p));
        TRY(partition_plain(plain, &l, p));
        TRY(view_new(plain->dataset, &v));
        v->keyed = plain->record_keys != NULL;
        v->named_by = plain->named_by;
        TRY(assemble(v, p, &l, w, out_tokens));
        TRY(plain_delivered(plain, v));
        *out = v;
        v = NULL;
        return ERR_OK;
}

static uint32_t ms_since(int64_t started_ns)
{
        return (uint32_t)((clock_monotonic_ns() - started_ns) / 1000000);
}

enum err view_from_plain(const struct view_plain *plain, unsigned threads, struct view **out)
{
        struct room room = {.ceiling = SIZE_MAX / 2};
        const struct work w = {.threads = parallel_threads(threads), .room = &room};
        int64_t started = clock_monotonic_ns();

        TRY(make_view(plain, &w, NULL, out));
        (*out)->build_ms = ms_since(started);
        return ERR_OK;
}

static enum err link_plain(const struct linked_plain *plain, const struct work *w,
        struct linking *g, struct linked **out)
{
        for (uint32_t i = 0; i < plain->parts_len; i++)
                TRY(make_view(&plain->parts[i], w, &g->tokens[i], &g->linked->views[i]));
        for (uint32_t i = 0; plain->family && i < plain->edges_len; i++)
                TRY(edges_add(g->edges, 0, plain->edges[i].child, plain->edges[i].guardian,
                        plain->edges[i].day));
        return linking_finish(g, w, out);
}

enum err linked_from_plain(const struct linked_plain *plain, unsigned threads, struct linked **out)
{
        struct room room = {.ceiling = SIZE_MAX / 2};
        const struct work w = {.threads = parallel_threads(threads), .room = &room};
        int64_t started = clock_monotonic_ns();
        struct linking g = {0};

        TRY(linking_start(
                &w, plain->parts_len, plain->family ? &plain->limits : NULL, plain->edges_len, &g));
        enum err e = link_plain(plain, &w, &g, out);
        linking_done(&g, &w);
        TRY(e);
        (*out)->build_ms = ms_since(started);
        (*out)->named_by = plain->parts_len > 0 ? plain->parts[0].named_by : 0;
        return ERR_OK;
}
