/* SPDX-License-Identifier: Apache-2.0 */
/* lp_tableau.h: small linear programs, answered again and again. Called by lp.c alone. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_LP_TABLEAU_H
#define STATGATE_GATEWAY_DISCLOSURE_LP_TABLEAU_H

#include "gateway/disclosure/lp.h"

struct tableau;

/* Is the program small enough? */
bool tableau_holds(uint32_t columns, const struct lp_rows *rows);

MUST_CHECK enum err tableau_new(uint32_t columns, const double *low, const double *high,
        const struct lp_rows *rows, struct tableau **out);
void tableau_free(struct tableau **t);
void tableau_cost(struct tableau *t, uint32_t column, double cost);
void tableau_bounds(struct tableau *t, uint32_t column, double low, double high);
enum lp_outcome tableau_solve(struct tableau *t, uint64_t iterations_max, double enough);
double tableau_objective(const struct tableau *t);
const double *tableau_values(const struct tableau *t);
const double *tableau_reduced(const struct tableau *t);
const double *tableau_prices(const struct tableau *t);
uint64_t tableau_iterations(const struct tableau *t);

#endif
