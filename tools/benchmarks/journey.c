/* SPDX-License-Identifier: Apache-2.0 */
/* journey.c: see journey.h. */
#include "tools/benchmarks/journey.h"

#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "crypto/digest.h"
#include "tools/benchmarks/query.h"

enum { STREAMS = 8, DELIVERY_BATCHES = 256, ARENA = 256 << 20 };

struct delivering {
        struct inside *in;
        const struct records *homes;
};

static const struct policy_dataset *dataset_of(const struct inside *in, enum world_part part)
{
        const struct policy_dataset *d =
                policy_dataset_find(in->policy, bytes_of_text(world_dataset(part)));

        if (d == NULL)
                bench_fail("the policy lacks a data set");
        return d;
}

static struct stored_submission submission_of(
        const struct delivering *g, enum world_part part, uint32_t place)
{
        struct stored_submission s = {
                .id = {.bytes = {2, (uint8_t)part, (uint8_t)place, (uint8_t)(place >> 8)}},
                .municipality = g->homes->place[place].code,
                .period = world_period(),
                .mode = DELIVERY_APPEND,
                .state = SUBMISSION_OPEN,
                .opened_at_ms = 1,
        };

        memcpy(s.dataset, world_dataset(part), strlen(world_dataset(part)));
        return s;
}

static enum err put_batch(const struct delivering *g, const struct policy_dataset *d,
        const struct stored_submission *s, uint32_t sequence, const struct world_rows *rows,
        struct arena *a, struct digest *receipt)
{
        struct keeper_accept in = {.name = {.submission = s->id, .sequence = sequence}};
        struct keeper_accepted sealed;
        bool replayed = false;
        uint32_t taken, rejected;

        in.name.domain.municipality = s->municipality;
        memcpy(in.name.domain.dataset, s->dataset, sizeof(in.name.domain.dataset));
        world_accept(d, rows, sequence * RECORDS_BATCH, a, &in);
        TRY(keeper_accept(g->in->keeper, &in, a, &sealed));
        if (sealed.rows_refused)
                bench_fail("the keeper refuses a person");
        const struct stored_batch put = {.submission = s->id,
                .sequence = sequence,
                .rows = rows->len,
                .epoch = sealed.epoch,
                .receipt = sealed.receipt,
                .sealed = sealed.sealed};
        *receipt = sealed.receipt;
        return store_batch_put(g->in->store, &put, NULL, &replayed, &taken, &rejected);
}

/* One municipality's delivery of one data set. */
static enum err deliver(void *ctx, unsigned worker, size_t i)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        const struct delivering *g = ctx;
        enum world_part part = (enum world_part)(i % WORLD_PARTS_LEN);
        uint32_t place = (uint32_t)(i / WORLD_PARTS_LEN), batches = 0;
        uint32_t len = world_len(g->homes, part, place);
        struct stored_submission s = submission_of(g, part, place), done;
        struct world_rows *rows = malloc(sizeof *rows);
        struct digest receipts[DELIVERY_BATCHES], all;

        (void)worker;
        if (a == NULL || rows == NULL)
                bench_fail("out of memory");
        TRY(store_submission_open(g->in->store, &s, NULL, &done));
        for (uint32_t at = 0; at < len; at += RECORDS_BATCH) {
                if (batches == DELIVERY_BATCHES)
                        bench_fail("a delivery has more batches than the bench expects");
                arena_reset(a);
                world_fill(g->homes, part, place, at,
                        len - at < RECORDS_BATCH ? len - at : RECORDS_BATCH, rows);
                TRY(put_batch(
                        g, dataset_of(g->in, part), &s, batches, rows, a, &receipts[batches]));
                batches++;
        }
        free(rows);
        digest_of(bytes_of(receipts, sizeof *receipts * batches), &all);
        return store_submission_commit(g->in->store, &s.id, &all, 0, 2, NULL, &done);
}

double journey_deliver(struct inside *in, const struct records *homes)
{
        struct delivering g = {in, homes};

        for (uint32_t place = 0; place < homes->places; place++)
                for (unsigned part = 0; part < WORLD_PARTS_LEN; part++) {
                        struct stored_submission s =
                                submission_of(&g, (enum world_part)part, place);
                        struct domain d = {.municipality = s.municipality};

                        memcpy(d.dataset, s.dataset, sizeof(d.dataset));
                        bench_must(keeper_prepare_domain(in->keeper, &d), "making keys");
                }
        double began = bench_seconds();

        bench_must(parallel_for(STREAMS, (size_t)homes->places * WORLD_PARTS_LEN, deliver, &g),
                "delivering");
        double took = bench_seconds() - began;

        bench_must(store_publish(in->store, "bench", 0, 3, NULL, &in->vintage), "publishing");
        return took;
}

struct linked *journey_build(const struct inside *in)
{
        const struct policy_linkage *linkage =
                policy_linkage_find(in->policy, bytes_of_text(WORLD_LINKAGE));
        const struct policy_dataset *datasets[WORLD_PARTS_LEN];
        struct linked *l = NULL;

        if (linkage == NULL)
                bench_fail("the policy lacks the linkage");
        for (unsigned i = 0; i < WORLD_PARTS_LEN; i++)
                datasets[i] = dataset_of(in, (enum world_part)i);
        const struct linked_request request = {
                .linkage = linkage,
                .datasets = datasets,
                .datasets_len = WORLD_PARTS_LEN,
                .purpose = RECORDS_PURPOSE,
                .vintage = in->vintage.vintage,
                .store = in->store,
                .keeper = in->keeper,
                .memory_ceiling = (size_t)12 << 30,
                .threads = QUERY_THREADS,
        };

        bench_must(keeper_prepare_linkage(in->keeper, WORLD_LINKAGE), "keys of the linkage");
        bench_must(linked_build(&request, &l), "building the views");
        return l;
}

uint64_t journey_rows(const struct linked *l)
{
        uint64_t rows = 0;

        for (unsigned i = 0; i < WORLD_PARTS_LEN; i++)
                rows += view_rows(linked_view(l, bytes_of_text(world_dataset((enum world_part)i))));
        return rows;
}
