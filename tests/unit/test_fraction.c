/* SPDX-License-Identifier: Apache-2.0 */
/* test_fraction.c: shares, their intervals and rounded quotients, against floating point where
 * that is good enough to tell. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fraction.h"

static void quotients_are_rounded_half_away_from_zero(void **state)
{
        static const int64_t known[][3] = {{7, 2, 4}, {-7, 2, -4}, {7, -2, -4}, {-7, -2, 4},
                {6, 4, 2}, {5, 4, 1}, {0, 9, 0}, {1, 3, 0}, {2, 3, 1}, {INT64_MAX, 1, INT64_MAX}};
        int64_t out = 0;

        (void)state;
        for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
                assert_true(fraction_round(known[i][0], known[i][1], &out));
                assert_int_equal(out, known[i][2]);
        }
}

static void what_does_not_fit_is_told(void **state)
{
        int64_t out = 17;

        (void)state;
        assert_false(fraction_round((__int128)INT64_MAX + 1, 1, &out));
        assert_false(fraction_round(INT64_MIN, 1, &out)); /* which means: no value */
        assert_false(fraction_round(((__int128)1 << 126) + 1, 3, &out));
        assert_false(fraction_round(((__int128)1 << 126) + 1, (__int128)1 << 100, &out));
        assert_int_equal(out, 17);
        assert_true(fraction_round((__int128)1 << 126, (__int128)1 << 100, &out));
        assert_int_equal(out, 1 << 26);
}

/* Wilson's ends in long doubles; where rounding could go either way both are right. */
static void the_interval_is_wilsons(void **state)
{
        const long double z = 1.959963984540054L;

        (void)state;
        for (int64_t d = 1; d <= 120; d++)
                for (int64_t n = 0; n <= d; n++) {
                        long double p = (long double)n / (long double)d, k = z * z / (long double)d;
                        long double middle = (p + k / 2) / (1 + k);
                        long double half =
                                z / (1 + k) *
                                sqrtl(p * (1 - p) / (long double)d + k / (4 * (long double)d));
                        struct fraction_interval ends = fraction_interval(n, d);

                        assert_true(fabsl((middle - half) * 1000 - (long double)ends.low) <
                                    0.5L + 1e-6L);
                        assert_true(fabsl((middle + half) * 1000 - (long double)ends.high) <
                                    0.5L + 1e-6L);
                        assert_true(ends.low <= fraction_share(n, d) &&
                                    fraction_share(n, d) <= ends.high);
                        assert_true(fabsl(p * 1000 - (long double)fraction_share(n, d)) <=
                                    0.5L + 1e-9L);
                }
}

static void shares_of_very_many_have_room(void **state)
{
        const int64_t many = INT64_C(1) << 40;

        (void)state;
        assert_int_equal(fraction_share(many / 2, many), 500);
        assert_int_equal(fraction_share(INT64_MAX, INT64_MAX), 1000);
        assert_int_equal(fraction_interval(UINT32_MAX / 2, UINT32_MAX).low, 500);
        assert_int_equal(fraction_interval(UINT32_MAX / 2, UINT32_MAX).high, 500);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(quotients_are_rounded_half_away_from_zero),
                cmocka_unit_test(what_does_not_fit_is_told),
                cmocka_unit_test(the_interval_is_wilsons),
                cmocka_unit_test(shares_of_very_many_have_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
