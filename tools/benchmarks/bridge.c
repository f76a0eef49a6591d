/* SPDX-License-Identifier: Apache-2.0 */
/* bridge.c: what it costs that the keeper is somebody else's: sealed batches through three
 * gateways turn by turn, one with a keeper of its own, one with a custodian's over a unix socket,
 * one over mTLS on the loopback interface. CPU is of all processes on either side. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/benchmarks/load.h"
#include "tools/benchmarks/parts.h"

enum { ROUNDS = 3, STREAMS = 8, WAYS = 3 };

static const struct {
        const char *folder;
        enum gate_way way;
} ways[WAYS] = {{"direct", GATE_DIRECT}, {"unix", GATE_UNIX}, {"tls", GATE_TLS}};

struct lap {
        double rate[ROUNDS], cpu[ROUNDS];
};

static void run_lap(struct load *l, const struct gate *g, unsigned round, struct lap *out)
{
        double before, took;

        load_seal(l, g, (uint8_t)round);
        before = gate_cpu(g);
        took = load_run(l, g, STREAMS, (uint8_t)round);
        out->rate[round] = (double)load_rows(l) / took;
        out->cpu[round] = (gate_cpu(g) - before) / (double)load_rows(l) * 1e6;
}

static void tell(const struct bench *b, const char *name, struct lap *lap, struct lap *direct)
{
        char rate[64], cpu[64];
        double share[ROUNDS];

        (void)snprintf(rate, sizeof rate, "bridge.%s", name);
        (void)snprintf(cpu, sizeof cpu, "bridge.%s_cpu", name);
        for (unsigned i = 0; i < ROUNDS; i++)
                share[i] = lap->rate[i] / direct->rate[i];
        bench_tell(b,
                &(struct figure){rate, "of direct", bench_median(share, ROUNDS), 0, GOAL_NONE, 0});
        bench_tell(b, &(struct figure){cpu, "us/record", bench_median(lap->cpu, ROUNDS),
                              bench_median(direct->cpu, ROUNDS), GOAL_NONE, 0});
}

void part_bridge(const struct bench *b)
{
        struct records *r = malloc(sizeof *r);
        struct lap laps[WAYS];
        struct gate gates[WAYS];
        char bundle[600];

        if (r == NULL)
                bench_fail("out of memory");
        parts_bundle(b, bundle);
        records_open(r, bundle, b->quick ? 5000000 : 15000000, 2000000);
        struct load *l = load_make(r, 0, 26);

        for (unsigned i = 0; i < WAYS; i++)
                gate_open_way(b, ways[i].folder, ways[i].way, &gates[i]);
        for (unsigned round = 0; round < ROUNDS; round++)
                for (unsigned i = 0; i < WAYS; i++)
                        run_lap(l, &gates[i], round, &laps[i]);
        for (unsigned i = 0; i < WAYS; i++)
                gate_close(&gates[i]);
        load_free(&l);
        for (unsigned i = 1; i < WAYS; i++)
                tell(b, ways[i].folder, &laps[i], &laps[0]);
        records_close(r);
        free(r);
}
