/* SPDX-License-Identifier: Apache-2.0 */
/* measure_oracle.h: every measure of a table once more, by lists of facts and floating
 * point, from the rows of a view. */
#ifndef STATGATE_TESTS_SUPPORT_MEASURE_ORACLE_H
#define STATGATE_TESTS_SUPPORT_MEASURE_ORACLE_H

#include "tests/support/plain_oracle.h"

/* Fails the running test at the first cell that differs. `days`: what DAYS is clipped to. */
void measure_oracle_check(
        const struct view *v, const struct query *q, const struct table *t, struct period days);

#endif
