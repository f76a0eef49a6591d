/* SPDX-License-Identifier: Apache-2.0 */
/* lp.h: linear programs, asked many times with other costs or other bounds.
 *
 * A thin coat over Clp, so that nobody else sees its header. One program belongs to one
 * thread; nothing is printed, no clock is looked at, and the same calls give the same
 * answers. Numbers are floating point: who decides by them proves it otherwise. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_LP_H
#define STATGATE_GATEWAY_DISCLOSURE_LP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct lp;

#define LP_INFINITY 1e30

/* Rows of a matrix, one after the other. */
struct lp_rows {
        uint32_t len;
        const int *start; /* len + 1, from 0 */
        const int *column;
        const double *value;
        const double *low, *high; /* of the sums; LP_INFINITY: none */
};

/* Zero is the safe answer. */
enum lp_outcome {
        LP_FAILED = 0, /* numbers went wrong */
        LP_OPTIMAL,
        LP_INFEASIBLE,
        LP_UNBOUNDED,
        LP_LIMIT,
        LP_ENOUGH /* values are whole, and their cost is as little as was asked for */
};

/* Columns with bounds, all of cost 0. */
MUST_CHECK enum err lp_new(uint32_t columns, const double *low, const double *high,
        const struct lp_rows *rows, struct lp **out);
/* The same for many questions about few columns; not for lp_add. */
MUST_CHECK enum err lp_new_small(uint32_t columns, const double *low, const double *high,
        const struct lp_rows *rows, struct lp **out);
void lp_free(struct lp **lp);

MUST_CHECK enum err lp_add(struct lp *lp, const struct lp_rows *rows);
void lp_cost(struct lp *lp, uint32_t column, double cost);
void lp_bounds(struct lp *lp, uint32_t column, double low, double high);

/* Where to go on from after what was changed since: costs, or bounds and rows. */
enum lp_after { LP_AFTER_COSTS, LP_AFTER_BOUNDS };

/* The first answer of a large program, simplified before; costs are 0. */
enum lp_outcome lp_begin(struct lp *lp, uint64_t iterations_max);

/* The smallest sum of cost times value, from where the last answer ended. */
enum lp_outcome lp_solve(struct lp *lp, enum lp_after after, uint64_t iterations_max);

/* The same, but done with values that are all whole and cost no more than `enough`, when such
 * are met; only small programs look. */
enum lp_outcome lp_solve_until(
        struct lp *lp, enum lp_after after, uint64_t iterations_max, double enough);

bool lp_is_exact(const struct lp *lp); /* its numbers are never rounded */

/* Of the last answer; valid until the program is touched. */
double lp_objective(const struct lp *lp);
const double *lp_values(const struct lp *lp);  /* of columns */
const double *lp_prices(const struct lp *lp);  /* of rows: what one more of its sum costs */
const double *lp_reduced(const struct lp *lp); /* of columns: cost less the prices of its rows */
uint64_t lp_iterations(const struct lp *lp);   /* of all answers */

#endif
