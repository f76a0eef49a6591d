/* SPDX-License-Identifier: Apache-2.0 */
/* test_measure_values.c: the arithmetic of shares, ratios and medians, against published
 * figures and against formulas in floating point. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fraction.h"
#include "gateway/query/measure.h"

static uint64_t seed = 20260101;

static uint64_t random_below(uint64_t below)
{
        uint64_t z = seed += 0x9e3779b97f4a7c15u; /* splitmix64 */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (z ^ z >> 31) % below;
}

/* Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3. */
static void intervals_are_those_that_newcombe_published(void **state)
{
        static const struct {
                int64_t n, d;
                double low, high;
        } published[] = {
                {81, 263, 0.2553, 0.3662},
                {15, 148, 0.0624, 0.1605},
                {0, 20, 0.0000, 0.1611},
                {1, 29, 0.0061, 0.1718},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++) {
                struct fraction_interval got = fraction_interval(published[i].n, published[i].d);

                /* Published with four decimals, ours with three. */
                assert_true(fabs((double)got.low - 1000 * published[i].low) <= 0.55);
                assert_true(fabs((double)got.high - 1000 * published[i].high) <= 0.55);
        }
}

static void nobody_and_everybody_have_an_end_at_the_edge(void **state)
{
        (void)state;
        for (int64_t d = 1; d < 3000; d++) {
                assert_int_equal(fraction_interval(0, d).low, 0);
                assert_int_equal(fraction_interval(d, d).high, 1000);
                assert_int_equal(fraction_interval(0, d).high, 1000 - fraction_interval(d, d).low);
        }
}

static void wilson(int64_t n, int64_t d, long double *low, long double *high)
{
        long double z = 1.959963984540054L, p = (long double)n / (long double)d;
        long double m = (p + z * z / (2 * (long double)d)) / (1 + z * z / (long double)d);
        long double w =
                z / (1 + z * z / (long double)d) *
                sqrtl(p * (1 - p) / (long double)d + z * z / (4 * (long double)d * (long double)d));

        *low = m - w;
        *high = m + w;
}

static void intervals_agree_with_the_formula(void **state)
{
        (void)state;
        for (int i = 0; i < 200000; i++) {
                int64_t d = 1 + (int64_t)random_below(i % 3 == 0   ? 30
                                                      : i % 3 == 1 ? 5000
                                                                   : UINT32_MAX);
                int64_t n = (int64_t)random_below((uint64_t)d + 1);
                struct fraction_interval got = fraction_interval(n, d);
                long double low, high;

                wilson(n, d, &low, &high);
                assert_true(fabsl((long double)got.low - 1000 * low) <= 0.5L + 1e-6L);
                assert_true(fabsl((long double)got.high - 1000 * high) <= 0.5L + 1e-6L);
                assert_true(got.low <= fraction_share(n, d) && fraction_share(n, d) <= got.high);
        }
}

static void shares_are_rounded_half_up(void **state)
{
        (void)state;
        assert_int_equal(fraction_share(1, 3), 333);
        assert_int_equal(fraction_share(2, 3), 667);
        assert_int_equal(fraction_share(1, 2000), 1);
        assert_int_equal(fraction_share(1, 2001), 0);
        assert_int_equal(fraction_share(0, 7), 0);
        assert_int_equal(fraction_share(7, 7), 1000);
        assert_int_equal(fraction_share(UINT32_MAX - 1, UINT32_MAX), 1000);
}

static void quotients_are_rounded_half_away_from_zero(void **state)
{
        int64_t out = 0;

        (void)state;
        assert_true(divide_rounded(5, 1, 2, &out) && out == 3);
        assert_true(divide_rounded(-5, 1, 2, &out) && out == -3);
        assert_true(divide_rounded(5, 1, -2, &out) && out == -3);
        assert_true(divide_rounded(-5, 1, -2, &out) && out == 3);
        assert_true(divide_rounded(7, 10, 3, &out) && out == 23);
        assert_true(divide_rounded(0, 1000, 3, &out) && out == 0);
}

static void a_quotient_without_room_is_told(void **state)
{
        int64_t out = 42;

        (void)state;
        assert_true(divide_rounded(INT64_MAX, 10, 10, &out) && out == INT64_MAX);
        assert_false(divide_rounded(INT64_MAX, 10, 1, &out));
        assert_false(divide_rounded(INT64_MIN, 1, 1, &out)); /* that is the mark of no value */
        assert_false(divide_rounded(INT64_MAX, ((__int128)1 << 125), 1, &out));
        assert_false(divide_rounded(-INT64_MAX, ((__int128)1 << 66), INT64_MAX, &out));
}

/* Medians ------------------------------------------------------------------------------------ */

static const struct bucket months[] = {
        {INT64_MIN, 0, false},
        {1, 3, true},
        {4, 9, true},
        {10, INT64_MAX, false},
};

static int64_t quantile(const int64_t counts[4], unsigned quarters)
{
        int64_t out = 0;

        assert_true(quantile_of(months, 4, counts, 1, quarters, &out));
        return out;
}

static void a_median_lies_where_half_the_rows_do(void **state)
{
        (void)state;
        /* Eight rows evenly over [1, 4): four of them by 2.5. */
        assert_int_equal(quantile((int64_t[]){0, 8, 0, 0}, 2), 25);
        assert_int_equal(quantile((int64_t[]){0, 8, 0, 0}, 1), 18); /* 1.75 */
        assert_int_equal(quantile((int64_t[]){0, 8, 0, 0}, 3), 33); /* 3.25 */
        /* Half the rows are done where the second band begins. */
        assert_int_equal(quantile((int64_t[]){0, 5, 5, 0}, 2), 40);
        /* One of four into the second band, which is six wide: 4 + 6/4. */
        assert_int_equal(quantile((int64_t[]){0, 2, 4, 0}, 2), 55);
}

static void a_median_in_an_open_band_has_no_value(void **state)
{
        (void)state;
        assert_true(quantile((int64_t[]){0, 1, 1, 9}, 2) == TABLE_NO_VALUE);
        assert_true(quantile((int64_t[]){9, 1, 1, 0}, 2) == TABLE_NO_VALUE);
        assert_int_equal(quantile((int64_t[]){0, 4, 0, 4}, 2), 40);
        assert_true(quantile((int64_t[]){0, 4, 0, 4}, 3) == TABLE_NO_VALUE);
}

static void nobody_has_no_median(void **state)
{
        (void)state;
        assert_true(quantile((int64_t[]){0, 0, 0, 0}, 2) == TABLE_NO_VALUE);
}

static void a_median_of_the_largest_numbers_does_not_wrap(void **state)
{
        const struct bucket wide[] = {
                {INT64_MIN, -1, false}, {0, INT64_MAX - 1, true}, {INT64_MAX, INT64_MAX, false}};
        const int64_t counts[] = {0, UINT32_MAX, 0};
        int64_t out = 0;

        (void)state;
        assert_false(quantile_of(wide, 3, counts, 1, 2, &out));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(intervals_are_those_that_newcombe_published),
                cmocka_unit_test(nobody_and_everybody_have_an_end_at_the_edge),
                cmocka_unit_test(intervals_agree_with_the_formula),
                cmocka_unit_test(shares_are_rounded_half_up),
                cmocka_unit_test(quotients_are_rounded_half_away_from_zero),
                cmocka_unit_test(a_quotient_without_room_is_told),
                cmocka_unit_test(a_median_lies_where_half_the_rows_do),
                cmocka_unit_test(a_median_in_an_open_band_has_no_value),
                cmocka_unit_test(nobody_has_no_median),
                cmocka_unit_test(a_median_of_the_largest_numbers_does_not_wrap),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
