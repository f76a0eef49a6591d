/* SPDX-License-Identifier: Apache-2.0 */
/* build.c: views from the store: of one data set, or of all that a linkage names.
 *
 * Data sets are read one after another by all threads, so that rows in the making are
 * those of one of them; what stays are columns, and tokens until persons are numbered.
 *
 * All of it is one state of the deliveries. A batch that is removed while it is read is
 * noticed there; but a data set that was read first may lose a record while the last one
 * is read. Every removal closes the vintage it is removed from: whoever finds it open
 * when all is read, has read all of it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/parallel.h"
#include "gateway/linkage/linked.h"
#include "gateway/linkage/read.h"

static uint32_t ms_since(int64_t started_ns)
{
        return (uint32_t)((clock_monotonic_ns() - started_ns) / 1000000);
}

/* One data set ------------------------------------------------------------------- */

static enum err build_view(struct source *s, struct reading *r, const struct policy_dataset *d)
{
        TRY(reading_open(s, d, r));
        TRY(source_check(s, r->finished + r->domains + r->travelling));
        return reading_run(r, NULL);
}

enum err view_build(const struct view_request *request, struct view **out)
{
        const struct rules_linkage *linkage = request->dataset->linkage;
        struct room room = {.ceiling = request->memory_ceiling};
        struct source s = {
                .store = request->store,
                .keeper = request->keeper,
                .purpose = request->purpose,
                .vintage = request->vintage,
                .work = {.threads = parallel_threads(request->threads),
                        .room = &room,
                        .cancel = request->cancel},
                .progress = request->progress,
                .progress_ctx = request->progress_ctx,
        };
        int64_t started = clock_monotonic_ns();
        struct reading r = {0};

        if (linkage == NULL)
                return ERR_LINKAGE_REFUSED;
        memcpy(s.linkage, linkage->id.data, linkage->id.len);
        enum err e = build_view(&s, &r, request->dataset);
        if (e == ERR_OK) {
                r.view->build_ms = ms_since(started);
                r.view->named_by = atomic_load(&s.named_by);
                *out = r.view;
                r.view = NULL;
        }
        reading_done(&r);
        return e;
}

/* Several ------------------------------------------------------------------------ */

struct linked_build {
        const struct linked_request *request;
        struct source source;
        struct reading *readings; /* by data set */
        struct linking linking;
};

/* Before anything is read: nobody waits for what cannot be finished. */
static enum err open_readings(struct linked_build *b)
{
        size_t finished = 0, most = 0;

        for (uint32_t i = 0; i < b->request->datasets_len; i++) {
                struct reading *r = &b->readings[i];

                TRY(reading_open(&b->source, b->request->datasets[i], r));
                finished += r->finished;
                if (r->domains + r->travelling > most)
                        most = r->domains + r->travelling;
        }
        return source_check(&b->source, finished + most);
}

static bool names_guardians(const struct policy_dataset *d)
{
        return d->rules != NULL && d->rules->guardians;
}

/* Rows that may name guardians; about as many edges will come. */
static uint64_t naming_rows(const struct linked_build *b)
{
        uint64_t rows = 0;

        for (uint32_t i = 0; i < b->request->datasets_len; i++)
                if (names_guardians(b->request->datasets[i]))
                        rows += b->readings[i].rows;
        return rows;
}

static enum err build_linked(struct linked_build *b, struct linked **out)
{
        const struct policy_linkage *linkage = b->request->linkage;
        struct stored_vintage vintage;

        TRY(open_readings(b));
        TRY(linking_start(&b->source.work, b->request->datasets_len,
                linkage->rules->family ? &linkage->family : NULL, naming_rows(b), &b->linking));
        for (uint32_t i = 0; i < b->request->datasets_len; i++) {
                struct reading *r = &b->readings[i];

                if (names_guardians(b->request->datasets[i]))
                        r->edges = b->linking.edges;
                TRY(reading_run(r, &b->linking.tokens[i]));
                b->linking.linked->views[i] = r->view;
                r->view = NULL;
        }
        TRY(store_vintage_find(b->request->store, b->request->vintage, &vintage));
        return linking_finish(&b->linking, &b->source.work, out);
}

static enum err start_linked(struct linked_build *b, struct linked **out)
{
        uint32_t len = b->request->datasets_len;

        b->readings = fault_hit("alloc") ? NULL : calloc((size_t)len + 1, sizeof(*b->readings));
        if (b->readings == NULL)
                return ERR_NO_MEMORY;
        enum err e = build_linked(b, out);
        linking_done(&b->linking, &b->source.work);
        for (uint32_t i = 0; i < len; i++)
                reading_done(&b->readings[i]);
        free(b->readings);
        return e;
}

enum err linked_build(const struct linked_request *request, struct linked **out)
{
        const struct bytes linkage = request->linkage->rules->id;
        struct room room = {.ceiling = request->memory_ceiling};
        struct linked_build b = {
                .request = request,
                .source =
                        {
                                .store = request->store,
                                .keeper = request->keeper,
                                .purpose = request->purpose,
                                .vintage = request->vintage,
                                .work = {.threads = parallel_threads(request->threads),
                                        .room = &room,
                                        .cancel = request->cancel},
                                .progress = request->progress,
                                .progress_ctx = request->progress_ctx,
                        },
        };
        int64_t started = clock_monotonic_ns();

        memcpy(b.source.linkage, linkage.data, linkage.len);
        TRY(start_linked(&b, out));
        (*out)->build_ms = ms_since(started);
        (*out)->vintage = request->vintage;
        (*out)->named_by = atomic_load(&b.source.named_by);
        return ERR_OK;
}
