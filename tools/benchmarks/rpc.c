/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.c: what a call costs: health checks by the same client, of the gateway and of
 * the same service in grpc++, turn by turn.
 *
 * 16 calls are under way at all times over one connection, as a busy system of one
 * municipality would have it. The client runs on the same two cores. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/benchmarks/gate.h"
#include "tools/client/client.h"

enum { ROUNDS = 5, CALLERS = 16, START_MS = 10000 };
#define CHECK_PATH "/grpc.health.v1.Health/Check"

struct side {
        struct gate g; /* of the baseline: address and process only */
        struct client *client;
        double rate[ROUNDS], p99_us[ROUNDS], cpu_us[ROUNDS];
};

static void start_baseline(const struct bench *b, const struct gate *gate, struct gate *out)
{
        char program[600], ca[700], pem[700], key[700], address[700], log[700];

        *out = *gate;
        out->address[0] = '\0';
        (void)snprintf(program, sizeof program, "%s/health_grpcpp", b->program_dir);
        (void)snprintf(ca, sizeof ca, "%s/pki/ca.pem", gate->folder);
        (void)snprintf(pem, sizeof pem, "%s/pki/server.pem", gate->folder);
        (void)snprintf(key, sizeof key, "%s/pki/server.key", gate->folder);
        (void)snprintf(address, sizeof address, "%s/address", b->folder);
        (void)snprintf(log, sizeof log, "%s/bench.log", b->folder);
        const char *const argv[] = {program, ca, pem, key, address, NULL};

        out->gateway = gate_spawn(argv, log);
        out->keeper = 0;
        for (unsigned i = 0; out->address[strcspn(out->address, "\n")] == '\0'; i++) {
                const struct timespec tick = {0, 10000000};
                FILE *f = fopen(address, "re");

                if (f != NULL && fgets(out->address, sizeof out->address, f) == NULL)
                        out->address[0] = '\0';
                if (f != NULL)
                        (void)fclose(f);
                if (i > START_MS / 10)
                        bench_fail("the grpc++ server does not start");
                (void)nanosleep(&tick, NULL);
        }
        out->address[strcspn(out->address, "\n")] = '\0';
}

static void measure(struct side *s, unsigned round, double seconds)
{
        struct client_load load;
        double before = bench_cpu(s->g.gateway);

        bench_must(client_load(s->client, CHECK_PATH, bytes_of(NULL, 0), CALLERS, seconds, &load),
                "calling");
        if (load.failed > 0)
                bench_fail("calls failed");
        s->rate[round] = (double)load.calls / load.seconds;
        s->p99_us[round] = load.p99_us;
        s->cpu_us[round] = (bench_cpu(s->g.gateway) - before) / (double)load.calls * 1e6;
}

void part_rpc(const struct bench *b)
{
        double seconds = b->quick ? 0.5 : 2;
        struct side ours = {0}, theirs = {0};

        gate_open(b, "rpc", &ours.g);
        start_baseline(b, &ours.g, &theirs.g);
        ours.client = gate_client(&ours.g, "0114", 1);
        theirs.client = gate_client(&theirs.g, "0114", 1);
        measure(&ours, 0, 0.2); /* handshakes and first pages */
        measure(&theirs, 0, 0.2);
        for (unsigned i = 0; i < ROUNDS; i++) {
                measure(&ours, i, seconds);
                measure(&theirs, i, seconds);
        }
        client_close(&ours.client);
        client_close(&theirs.client);
        gate_close(&theirs.g);
        gate_close(&ours.g);
        bench_tell(b, &(struct figure){"rpc.unary", "calls/s", bench_median(ours.rate, ROUNDS),
                              bench_median(theirs.rate, ROUNDS), GOAL_AT_LEAST, 40000});
        bench_tell(b, &(struct figure){"rpc.p99", "us", bench_median(ours.p99_us, ROUNDS),
                              bench_median(theirs.p99_us, ROUNDS), GOAL_AT_MOST, 999});
        bench_tell(
                b, &(struct figure){"rpc.server_cpu", "us/call", bench_median(ours.cpu_us, ROUNDS),
                           bench_median(theirs.cpu_us, ROUNDS), GOAL_RATIO_AT_MOST, 0.999});
}
