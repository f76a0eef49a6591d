/* SPDX-License-Identifier: Apache-2.0 */
/* load.h: municipalities that deliver all at once.
 *
 * Messages are encoded beforehand, so that what is measured is the gateway, and
 * the load generator costs little more than TLS. */
#ifndef STATGATE_TOOLS_BENCHMARKS_LOAD_H
#define STATGATE_TOOLS_BENCHMARKS_LOAD_H

#include "tools/benchmarks/gate.h"
#include "tools/benchmarks/records.h"

struct load;

/* Encodes every record of `places` municipalities from `first` on (0: all). */
struct load *load_make(const struct records *r, uint32_t first, uint32_t places);
void load_free(struct load **l);
/* Encodes it all again with persons sealed for `round`: a box is bound to its submission. */
void load_seal(struct load *l, const struct gate *g, uint8_t round);
uint64_t load_rows(const struct load *l);

/* Delivers all of it over `streams` connections at a time, each from Open to
 * Committed; returns the seconds from the first connection to the last receipt.
 * `round` makes the submission ids of each round its own. */
double load_run(struct load *l, const struct gate *g, unsigned streams, uint8_t round);

#endif
