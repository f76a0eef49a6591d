/* SPDX-License-Identifier: Apache-2.0 */
/* fraction.h: from counts to shares and ratios, in exact integers.
 *
 * Rounded to the nearest, halves away from zero, the same on every machine. Whoever changes the
 * parts of a share afterwards (noise, rounding) gets from here what the engine would have
 * said of them. */
#ifndef STATGATE_BASE_FRACTION_H
#define STATGATE_BASE_FRACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"

/* number / per; per is not 0. False: more than there is room for. */
MUST_CHECK bool fraction_round(__int128 number, __int128 per, int64_t *out);
/* A share in per mille, 0 ≤ n ≤ d, d > 0. */
int64_t fraction_share(int64_t n, int64_t d);
/* The ends of its 95 % interval (Wilson, JASA 22, 1927), rounded; d below 2^37. */
struct fraction_interval {
        int64_t low, high;
};
struct fraction_interval fraction_interval(int64_t n, int64_t d);

#endif
