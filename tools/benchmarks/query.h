/* SPDX-License-Identifier: Apache-2.0 */
/* query.h: the question of the query figures, and where its two halves meet. */
#ifndef STATGATE_TOOLS_BENCHMARKS_QUERY_H
#define STATGATE_TOOLS_BENCHMARKS_QUERY_H

#include "base/query.h"
#include "tools/benchmarks/records.h"

enum { QUERY_THREADS = 2, QUERY_RECORDS_EACH = 5 };
#define QUERY_FOLDER  "query"       /* data folder, inside that of the run */
#define QUERY_RELEASE "release.bin" /* what the gateway answered, for the engine's half */
#define QUERY_TOOK    "took.txt"    /* and in how many milliseconds */

uint64_t query_rows(bool quick); /* QUERY_RECORDS_EACH times as many as persons */

/* Persons by municipality and form, all totals. Borrows `dimensions`. */
struct query query_ask(struct dimension_ref dimensions[2]);

#endif
