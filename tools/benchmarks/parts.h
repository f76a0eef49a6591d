/* SPDX-License-Identifier: Apache-2.0 */
/* parts.h: what ingest is made of, each part bare and alone. */
#ifndef STATGATE_TOOLS_BENCHMARKS_PARTS_H
#define STATGATE_TOOLS_BENCHMARKS_PARTS_H

#include "tools/benchmarks/bench.h"
#include "tools/benchmarks/records.h"

void parts_bundle(const struct bench *b, char out[600]);

/* Microseconds of CPU per record that nobody can save: pseudonym and tag, packing,
 * sealing, storing. */
double parts_cost(const struct bench *b, const struct records *r);

#endif
