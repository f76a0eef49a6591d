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
        double rate[ROUNDS], cpu[ROUNDS];
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
        gate_close(&g);
        load_free(&l);
        double bare = parts_cost(b, r);

        bench_tell(b, &(struct figure){"ingest.batches", "records/s", bench_median(rate, ROUNDS),
                              2e6 / bare, GOAL_AT_LEAST, 1e6});
        bench_tell(b, &(struct figure){"ingest.cpu", "us/record", bench_median(cpu, ROUNDS), bare,
                              GOAL_AT_MOST, 0.8});
        records_close(r);
        free(r);
}

/* One round: records per second, and microseconds of CPU a record. */
static double deliver(struct load *l, const struct gate *g, uint8_t round, double *out_cpu)
{
        double before = gate_cpu(g), took = load_run(l, g, STREAMS, round);

        *out_cpu = (gate_cpu(g) - before) / (double)load_rows(l) * 1e6;
        return (double)load_rows(l) / took;
}

/* Clear and sealed turn by turn, so that what else the machine does falls on both. */
void part_sealed(const struct bench *b)
{
        struct records *r = malloc(sizeof *r);
        double clear_cpu[ROUNDS], sealed_cpu[ROUNDS], share[ROUNDS];
        struct gate g;
        char bundle[600];

        if (r == NULL)
                bench_fail("out of memory");
        parts_bundle(b, bundle);
        records_open(r, bundle, b->quick ? 5000000 : 15000000, 2000000);
        struct load *clear = load_make(r, 0, 26), *sealed = load_make(r, 0, 26);

        gate_open(b, "sealed", &g);
        for (unsigned i = 0; i < ROUNDS; i++) {
                load_seal(sealed, &g, (uint8_t)(ROUNDS + i));

                double rate = deliver(clear, &g, (uint8_t)i, &clear_cpu[i]);

                share[i] = deliver(sealed, &g, (uint8_t)(ROUNDS + i), &sealed_cpu[i]) / rate;
        }
        gate_close(&g);
        load_free(&sealed);
        load_free(&clear);
        bench_tell(b, &(struct figure){"crypto.sealed", "of clear", bench_median(share, ROUNDS), 0,
                              GOAL_AT_LEAST, 0.85});
        bench_tell(b,
                &(struct figure){"crypto.sealed_cpu", "us/record", bench_median(sealed_cpu, ROUNDS),
                        bench_median(clear_cpu, ROUNDS), GOAL_AT_MOST, 0.8});
        records_close(r);
        free(r);
}
