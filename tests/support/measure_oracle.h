/* SPDX-License-Identifier: Apache-2.0 */
/* measure_oracle.h: every measure of a table once more, by lists of facts and floating
 * point, from the rows of a view. */
#ifndef STATGATE_TESTS_SUPPORT_MEASURE_ORACLE_H
#define STATGATE_TESTS_SUPPORT_MEASURE_ORACLE_H

#include "tests/support/plain_oracle.h"

/* What the plan was asked to tell besides. */
struct measure_told {
        struct period days;    /* what DAYS is clipped to */
        unsigned contributors; /* bits 1 << enum contributor */
        uint32_t provider;     /* variable */
        bool cell_keys;
};

/* Fails the running test at the first cell that differs. */
void measure_oracle_check(const struct view *v, const struct query *q, const struct table *t,
        const struct measure_told *told);

#endif
