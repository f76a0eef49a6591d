/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h: a real gateway with its keeper, on a fresh data folder. */
#ifndef STATGATE_TOOLS_BENCHMARKS_GATE_H
#define STATGATE_TOOLS_BENCHMARKS_GATE_H

#include "base/terms.h"
#include "tools/benchmarks/bench.h"

struct client;

/* Whose keeper it has: its own, or a custodian's (gateway/bridge). */
enum gate_way { GATE_DIRECT = 0, GATE_UNIX, GATE_TLS };

struct gate {
        char folder[600];
        char address[64];
        pid_t gateway, keeper;
        pid_t bridge[2]; /* the gateway's end and the custodian's; 0: there is none */
};

/* `statgate init --development` on a folder inside that of the run. */
void gate_init(const struct bench *b, const char *name, char folder[600]);
/* The same, then statgated; waits until it listens. `name` is
 * the folder's, inside that of the run. */
void gate_open(const struct bench *b, const char *name, struct gate *out);
void gate_open_way(const struct bench *b, const char *name, enum gate_way way, struct gate *out);
/* SIGTERM, and its exit code must be 0. The folder stays. */
void gate_close(struct gate *g);
double gate_cpu(const struct gate *g); /* gateway, keeper and what is between, in seconds */

/* A connection as "0114", "statistician", "operator". */
struct client *gate_client(const struct gate *g, const char *name, unsigned channels);
struct client *gate_municipality(const struct gate *g, municipality_t code);

/* Starts a program and gives its process; waits for it and gives its exit code. */
pid_t gate_spawn(const char *const *argv, const char *log);
int gate_wait(pid_t pid);

#endif
