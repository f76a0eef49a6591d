/* SPDX-License-Identifier: Apache-2.0 */
/* ingest.c: records in, from ready batches, through the real gateway.
 *
 * The largest municipalities deliver side by side, so that connections do not
 * count for more than they do in a real night of deliveries. The baseline is the bare parts: what
 * the same two cores could do if pseudonyms, packing, sealing and the store were all there is. */
#include <stdlib.h>

#include "tools/benchmarks/load.h"
#include "tools/benchmarks/parts.h"

enum { ROUNDS = 3, STREAMS = 8 };

void part_ingest(const struct bench *b)
{
        uint64_t rows = b->quick ? 10000000 : 30000000;
        struct records *r = malloc(sizeof *r);
        double rate[ROUNDS], cpu[ROUNDS], share[ROUNDS], sealed_cpu[ROUNDS];
        struct gate g;
        char bundle[600];

        if (r == NULL)
                bench_fail("out of memory");
        parts_bundle(b, bundle);
        records_open(r, bundle, rows, 2000000);
        struct load *l = load_make(r, 0, 26); /* the county of Stockholm: a fifth of all */

        gate_open(b, "ingest", &g);
        for (unsigned i = 0; i < ROUNDS; i++) {
                double before = gate_cpu(&g), took = load_run(l, &g, STREAMS, (uint8_t)i);

                rate[i] = (double)load_rows(l) / took;
                cpu[i] = (gate_cpu(&g) - before) / (double)load_rows(l) * 1e6;
        }
        for (unsigned i = 0; i < ROUNDS; i++) {
                load_seal(l, &g, (uint8_t)(ROUNDS + i));

                double before = gate_cpu(&g),
                       took = load_run(l, &g, STREAMS, (uint8_t)(ROUNDS + i));

                share[i] = (double)load_rows(l) / took / rate[i];
                sealed_cpu[i] = (gate_cpu(&g) - before) / (double)load_rows(l) * 1e6;
        }
        gate_close(&g);
        load_free(&l);
        double bare = parts_cost(b, r);

        bench_tell(b, &(struct figure){"ingest.batches", "records/s", bench_median(rate, ROUNDS),
                              2e6 / bare, GOAL_AT_LEAST, 1e6});
        bench_tell(b, &(struct figure){"ingest.cpu", "us/record", bench_median(cpu, ROUNDS), bare,
                              GOAL_AT_MOST, 0.8});
        bench_tell(b, &(struct figure){"ingest.sealed", "of clear", bench_median(share, ROUNDS), 0,
                              GOAL_AT_LEAST, 0.85});
        bench_tell(b, &(struct figure){"ingest.sealed_cpu", "us/record",
                              bench_median(sealed_cpu, ROUNDS), 0, GOAL_AT_MOST, 0.8});
        records_close(r);
        free(r);
}
