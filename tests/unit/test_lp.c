/* SPDX-License-Identifier: Apache-2.0 */
/* test_lp.c: small programs answered in whole numbers, against Clp and against addition. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attrs.h"
#include "gateway/disclosure/lp.h"
#include "gateway/disclosure/residue.h"

enum { COLUMNS = 12, ROWS = 9, PROGRAMS = 3000 };

/* Sums of unknowns that some table has: some known exactly, some to within three. */
struct program {
        double low[COLUMNS], high[COLUMNS], cost[COLUMNS];
        int start[ROWS + 1], column[ROWS * COLUMNS];
        double value[ROWS * COLUMNS], row_low[ROWS], row_high[ROWS];
        struct lp_rows rows;
};

static uint64_t draw(uint64_t *state, uint64_t n)
{
        *state = residue_mix(*state, 1);
        return *state % n;
}

static void program_new(struct program *p, uint64_t seed)
{
        uint64_t state = seed;
        double truth[COLUMNS];
        int to = 0;

        memset(p, 0, sizeof *p);
        for (int c = 0; c < COLUMNS; c++) {
                truth[c] = (double)draw(&state, 9);
                p->high[c] = 9 + (double)draw(&state, 9);
                p->cost[c] = (double)draw(&state, 5) - 2;
        }
        for (int r = 0; r < ROWS; r++) {
                double sum = 0;

                for (int c = 0; c < COLUMNS; c++) {
                        if (draw(&state, 3) > 0)
                                continue;
                        p->column[to] = c;
                        p->value[to] = draw(&state, 5) > 0 ? 1 : -1;
                        sum += p->value[to++] * truth[c];
                }
                bool loose = draw(&state, 3) == 0;
                p->row_low[r] = sum - (loose ? 1 : 0);
                p->row_high[r] = sum + (loose ? 2 : 0);
                p->start[r + 1] = to;
        }
        p->rows = (struct lp_rows){ROWS, p->start, p->column, p->value, p->row_low, p->row_high};
}

static struct lp *solver_new(const struct program *p, bool small)
{
        struct lp *lp = NULL;

        assert_int_equal(
                (small ? lp_new_small : lp_new)(COLUMNS, p->low, p->high, &p->rows, &lp), ERR_OK);
        assert_true(lp_is_exact(lp) == small);
        for (uint32_t c = 0; c < COLUMNS; c++)
                lp_cost(lp, c, p->cost[c]);
        return lp;
}

static void assert_fits(const struct program *p, const double *x)
{
        for (int c = 0; c < COLUMNS; c++)
                assert_true(x[c] >= p->low[c] - 1e-9 && x[c] <= p->high[c] + 1e-9);
        for (int r = 0; r < ROWS; r++) {
                double sum = 0;

                for (int k = p->start[r]; k < p->start[r + 1]; k++)
                        sum += p->value[k] * x[p->column[k]];
                assert_true(sum >= p->row_low[r] - 1e-9 && sum <= p->row_high[r] + 1e-9);
        }
}

static void small_programs_have_the_answers_of_large_ones(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
                OWNED(lp_free) struct lp *small = NULL, *large = NULL;
                struct program p;

                program_new(&p, seed);
                small = solver_new(&p, true);
                large = solver_new(&p, false);
                assert_int_equal(lp_solve(small, LP_AFTER_BOUNDS, UINT64_MAX), LP_OPTIMAL);
                assert_int_equal(lp_solve(large, LP_AFTER_BOUNDS, UINT64_MAX), LP_OPTIMAL);
                assert_true(fabs(lp_objective(small) - lp_objective(large)) < 1e-6);
                assert_fits(&p, lp_values(small));
                /* Asked again for the opposite, from where it stands. */
                for (uint32_t c = 0; c < COLUMNS; c++) {
                        lp_cost(small, c, -p.cost[c]);
                        lp_cost(large, c, -p.cost[c]);
                }
                assert_int_equal(lp_solve(small, LP_AFTER_COSTS, UINT64_MAX), LP_OPTIMAL);
                assert_int_equal(lp_solve(large, LP_AFTER_COSTS, UINT64_MAX), LP_OPTIMAL);
                assert_true(fabs(lp_objective(small) - lp_objective(large)) < 1e-6);
                assert_fits(&p, lp_values(small));
        }
}

static void prices_of_rows_and_what_is_reduced_are_the_costs(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
                OWNED(lp_free) struct lp *lp = NULL;
                double left[COLUMNS];
                struct program p;

                program_new(&p, seed);
                lp = solver_new(&p, true);
                assert_int_equal(lp_solve(lp, LP_AFTER_BOUNDS, UINT64_MAX), LP_OPTIMAL);
                const double *price = lp_prices(lp), *reduced = lp_reduced(lp);
                memcpy(left, p.cost, sizeof left);
                for (int r = 0; r < ROWS; r++)
                        for (int k = p.start[r]; k < p.start[r + 1]; k++)
                                left[p.column[k]] -= price[r] * p.value[k];
                for (int c = 0; c < COLUMNS; c++)
                        assert_true(fabs(left[c] - reduced[c]) < 1e-9);
        }
}

static void who_asks_for_enough_gets_whole_numbers_that_fit(void **state)
{
        unsigned enough = 0;

        (void)state;
        for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
                OWNED(lp_free) struct lp *lp = NULL, *best = NULL;
                struct program p;
                double cost = 0;

                program_new(&p, seed);
                lp = solver_new(&p, true);
                best = solver_new(&p, true);
                assert_int_equal(lp_solve(best, LP_AFTER_BOUNDS, UINT64_MAX), LP_OPTIMAL);
                double wish = ceil(lp_objective(best)) + (double)(seed % 3);
                if (lp_solve_until(lp, LP_AFTER_BOUNDS, UINT64_MAX, wish) != LP_ENOUGH)
                        continue;
                const double *x = lp_values(lp);
                assert_fits(&p, x);
                for (int c = 0; c < COLUMNS; c++) {
                        assert_true(x[c] == nearbyint(x[c]));
                        cost += p.cost[c] * x[c];
                }
                assert_true(cost <= wish);
                enough++;
        }
        assert_true(enough > PROGRAMS / 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(small_programs_have_the_answers_of_large_ones),
                cmocka_unit_test(prices_of_rows_and_what_is_reduced_are_the_costs),
                cmocka_unit_test(who_asks_for_enough_gets_whole_numbers_that_fit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
