/* SPDX-License-Identifier: Apache-2.0 */
/* quotients.h: what a quotient in a table was multiplied with, for those who change its parts. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_QUOTIENTS_H
#define STATGATE_GATEWAY_DISCLOSURE_QUOTIENTS_H

#include "base/table.h"

/* Of a RATIO or RATE: value = numerator × times / denominator, as its shown cells have it; 0 of
 * other measures. ERR_INVALID: they are not the quotient of their parts. */
MUST_CHECK enum err quotients_times(const struct table *t, const struct measure *m, __int128 *out);

#endif
