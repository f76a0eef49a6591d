/* SPDX-License-Identifier: Apache-2.0 */
/* inside.h: what a gateway stands on, without the gateway: a real keeper, a real store and
 * the signed policy of a data folder. */
#ifndef STATGATE_TOOLS_BENCHMARKS_INSIDE_H
#define STATGATE_TOOLS_BENCHMARKS_INSIDE_H

#include "gateway/bundle.h"
#include "gateway/store/store.h"
#include "tools/benchmarks/bench.h"

struct inside {
        struct keeper *keeper;
        struct store *store;
        struct reign *reign;
        struct policy *policy;
        struct stored_vintage vintage; /* whoever opens it says which */
};

/* A folder of `statgate init`, by its name inside that of the run. Before there is any
 * thread. */
void inside_open(const struct bench *b, const char *name, struct inside *in);
void inside_close(struct inside *in);

#endif
