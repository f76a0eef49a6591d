/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h: what all measurements share: how long, how large, and how a figure
 * is told.
 *
 * A figure stands beside a baseline measured in the same run on the same data;
 * README.md says which. Nothing here knows how fast anything ought to be but the
 * goals, and those stand where the figure is made. */
#ifndef STATGATE_TOOLS_BENCHMARKS_BENCH_H
#define STATGATE_TOOLS_BENCHMARKS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attrs.h"
#include "base/err.h"

struct bench {
        const char *program_dir; /* where statgated and the others were built */
        const char *root;        /* of the source tree, for the bundle */
        char folder[512];        /* of this run; emptied by main */
        bool json, quick;
        uint64_t entries;     /* of the audit log; 0: as many as quick or not takes */
        const char *log_path; /* where that log is written, and stays; NULL: in folder */
};

enum goal_kind { GOAL_NONE = 0, GOAL_AT_LEAST, GOAL_AT_MOST, GOAL_RATIO_AT_MOST };

struct figure {
        const char *name, *unit;
        double value;
        double baseline; /* 0: there is none */
        enum goal_kind kind;
        double goal;
};
/* The line above all others; none for JSON. */
void bench_head(const struct bench *b);
/* One line, at once. */
void bench_tell(const struct bench *b, const struct figure *f);
/* Something that is not a figure, on standard error. */
void bench_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends this part with a message when e is not ERR_OK. */
void bench_must(enum err e, const char *what);
void bench_fail(const char *what) __attribute__((noreturn));

double bench_median(double *values, unsigned len); /* sorts them */
double bench_seconds(void);                        /* monotonic */
/* User and system time of a process and all of its threads, in seconds. */
double bench_cpu(pid_t pid);
/* Of this process. */
double bench_own_cpu(void);
/* The first child of a process whose program is called `name`. */
pid_t bench_child(pid_t parent, const char *name);

/* Parts. Each runs in a process of its own that was forked before there was any
 * thread, so that it may start a keeper, and so that its memory is its own. */
void part_rpc(const struct bench *b);
void part_bridge(const struct bench *b);
void part_ingest(const struct bench *b);
void part_csv(const struct bench *b);
void part_crypto(const struct bench *b);
void part_sealed(const struct bench *b); /* crypto: through the gateway */
void part_keeper(const struct bench *b);
void part_store(const struct bench *b);
void part_deliver(const struct bench *b); /* query: through the gateway */
void part_engine(const struct bench *b);  /* query: on the same folder */
void part_linked(const struct bench *b);
void part_ledger_records(const struct bench *b); /* ledger: delivered */
void part_ledger(const struct bench *b);
void part_audit(const struct bench *b);
void part_policy(const struct bench *b);
void part_protect(const struct bench *b);

#endif
