/* SPDX-License-Identifier: Apache-2.0 */
/* journey.h: the data sets of world.h through keeper and store, and as one linked view. */
#ifndef STATGATE_TOOLS_BENCHMARKS_JOURNEY_H
#define STATGATE_TOOLS_BENCHMARKS_JOURNEY_H

#include "gateway/linkage/view.h"
#include "tools/benchmarks/inside.h"
#include "tools/benchmarks/world.h"

/* Sealed by the keeper, committed, published: seconds. What a gateway does besides (mTLS,
 * validation) is measured elsewhere. */
double journey_deliver(struct inside *in, const struct records *homes);
struct linked *journey_build(const struct inside *in);
uint64_t journey_rows(const struct linked *l);

#endif
