/* SPDX-License-Identifier: Apache-2.0 */
/* lp.c: Clp, spoken to in few words.
 *
 * What surprised us: by default Clp scales the matrix and disturbs the costs a little
 * against cycling. On matrices of zeros and ones the first costs time and gains nothing;
 * the second it does by a generator of its own with a fixed seed, so that answers repeat. */
#include "gateway/disclosure/lp.h"

#include <limits.h>
#include <stdlib.h>

#include <coin/Clp_C_Interface.h>

#include "gateway/disclosure/lp_tableau.h"

/* Clp's word for it. */
enum { PERTURBATION_OFF = 100 };

struct lp {
        struct tableau *small; /* instead of Clp */
        Clp_Simplex *clp;
        uint64_t iterations;
};

enum err lp_new_small(uint32_t columns, const double *low, const double *high,
        const struct lp_rows *rows, struct lp **out)
{
        OWNED(lp_free) struct lp *lp = NULL;

        if (!tableau_holds(columns, rows))
                return lp_new(columns, low, high, rows, out);
        lp = calloc(1, sizeof *lp);
        if (lp == NULL)
                return ERR_NO_MEMORY;
        TRY(tableau_new(columns, low, high, rows, &lp->small));
        *out = lp;
        lp = NULL;
        return ERR_OK;
}

static bool solvable(uint32_t columns, const struct lp_rows *rows)
{
        return columns <= INT_MAX / 4 && rows->len <= INT_MAX / 4;
}

enum err lp_new(uint32_t columns, const double *low, const double *high, const struct lp_rows *rows,
        struct lp **out)
{
        OWNED(lp_free) struct lp *lp = NULL;

        if (!solvable(columns, rows))
                return ERR_TOO_MANY_CELLS;
        lp = calloc(1, sizeof *lp);
        if (lp == NULL)
                return ERR_NO_MEMORY;
        lp->clp = Clp_newModel();
        if (lp->clp == NULL)
                return ERR_NO_MEMORY;
        Clp_setLogLevel(lp->clp, 0);
        Clp_scaling(lp->clp, 0);
        Clp_setOptimizationDirection(lp->clp, 1);
        Clp_resize(lp->clp, 0, (int)columns);
        Clp_chgColumnLower(lp->clp, low);
        Clp_chgColumnUpper(lp->clp, high);
        TRY(lp_add(lp, rows));
        *out = lp;
        lp = NULL;
        return ERR_OK;
}

void lp_free(struct lp **lp)
{
        if (lp == NULL || *lp == NULL)
                return;
        tableau_free(&(*lp)->small);
        if ((*lp)->clp != NULL)
                Clp_deleteModel((*lp)->clp);
        free(*lp);
        *lp = NULL;
}

enum err lp_add(struct lp *lp, const struct lp_rows *rows)
{
        if (rows->len > 0)
                Clp_addRows(lp->clp, (int)rows->len, rows->low, rows->high, rows->start,
                        rows->column, rows->value);
        return ERR_OK;
}

void lp_cost(struct lp *lp, uint32_t column, double cost)
{
        if (lp->small != NULL)
                tableau_cost(lp->small, column, cost);
        else
                Clp_objective(lp->clp)[column] = cost;
}

void lp_bounds(struct lp *lp, uint32_t column, double low, double high)
{
        if (lp->small != NULL) {
                tableau_bounds(lp->small, column, low, high);
                return;
        }
        Clp_columnLower(lp->clp)[column] = low;
        Clp_columnUpper(lp->clp)[column] = high;
}

/* Clp's words: 0 optimal, 1 infeasible, 2 unbounded, 3 stopped, 4 gave up. */
static enum lp_outcome outcome_of(const struct lp *lp)
{
        switch (Clp_status(lp->clp)) {
        case 0:
                return LP_OPTIMAL;
        case 1:
                return LP_INFEASIBLE;
        case 2:
                return LP_UNBOUNDED;
        case 3:
                return LP_LIMIT;
        default:
                return LP_FAILED;
        }
}

/* Without its disturbance of costs, of which there are none: the corner it ends in is a better one
 * to go on from. */
enum lp_outcome lp_begin(struct lp *lp, uint64_t iterations_max)
{
        if (lp->small != NULL)
                return lp_solve(lp, LP_AFTER_BOUNDS, iterations_max);
        Clp_setPerturbation(lp->clp, PERTURBATION_OFF);
        Clp_setNumberIterations(lp->clp, 0);
        Clp_setMaximumIterations(lp->clp, iterations_max < INT_MAX ? (int)iterations_max : INT_MAX);
        (void)Clp_initialDualSolve(lp->clp);
        lp->iterations += (uint64_t)Clp_numberIterations(lp->clp);
        return outcome_of(lp);
}

enum lp_outcome lp_solve(struct lp *lp, enum lp_after after, uint64_t iterations_max)
{
        return lp_solve_until(lp, after, iterations_max, -LP_INFINITY);
}

enum lp_outcome lp_solve_until(
        struct lp *lp, enum lp_after after, uint64_t iterations_max, double enough)
{
        if (lp->small != NULL)
                return tableau_solve(lp->small, iterations_max, enough);
        Clp_setNumberIterations(lp->clp, 0);
        Clp_setMaximumIterations(lp->clp, iterations_max < INT_MAX ? (int)iterations_max : INT_MAX);
        if (after == LP_AFTER_COSTS)
                Clp_primal(lp->clp, 0);
        else
                Clp_dual(lp->clp, 0);
        lp->iterations += (uint64_t)Clp_numberIterations(lp->clp);
        return outcome_of(lp);
}

bool lp_is_exact(const struct lp *lp)
{
        return lp->small != NULL;
}

double lp_objective(const struct lp *lp)
{
        return lp->small != NULL ? tableau_objective(lp->small) : Clp_objectiveValue(lp->clp);
}

const double *lp_values(const struct lp *lp)
{
        return lp->small != NULL ? tableau_values(lp->small) : Clp_primalColumnSolution(lp->clp);
}

const double *lp_prices(const struct lp *lp)
{
        return lp->small != NULL ? tableau_prices(lp->small) : Clp_dualRowSolution(lp->clp);
}

const double *lp_reduced(const struct lp *lp)
{
        return lp->small != NULL ? tableau_reduced(lp->small) : Clp_dualColumnSolution(lp->clp);
}

uint64_t lp_iterations(const struct lp *lp)
{
        return lp->small != NULL ? tableau_iterations(lp->small) : lp->iterations;
}
