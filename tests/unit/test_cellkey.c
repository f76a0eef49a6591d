/* SPDX-License-Identifier: Apache-2.0 */
/* test_cellkey.c: the noise has the moments it was asked for, is as random as it can be
 * otherwise, and is the same for the same persons however they are asked about. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/cellkey.h"

static struct arena *arena;

static int setup(void **state)
{
        (void)state;
        arena = arena_new(256 << 20);
        return arena == NULL;
}

static int teardown(void **state)
{
        (void)state;
        arena_free(&arena);
        return 0;
}

static uint64_t next_random(uint64_t *state)
{
        uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele et al. 2014) */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
}

static const struct cellkey *make(double variance, uint32_t deviation, uint32_t smallest)
{
        const struct cellkey_settings s = {variance, deviation, smallest};
        const struct cellkey *c = NULL;

        assert_int_equal(cellkey_new(arena, &s, &c), ERR_OK);
        return c;
}

static enum err try(double variance, uint32_t deviation, uint32_t smallest)
{
        const struct cellkey_settings s = {variance, deviation, smallest};
        const struct cellkey *c = NULL;
        enum err e = cellkey_new(arena, &s, &c);

        assert_int_equal(e == ERR_OK, c != NULL);
        return e;
}

static const struct cellkey_settings usual[] = {{1, 2, 0}, {2, 2, 1}, {1, 2, 2}, {2, 5, 3},
        {3, 8, 3}, {5, 5, 0}, {4, 10, 4}, {0.25, 3, 0}, {9, 25, 5}, {40, 100, 2}, {100, 100, 0}};

/* What a count may become, by the words of the header. */
static bool may_become(const struct cellkey_settings *s, int64_t count, int64_t noise)
{
        int64_t to = count + noise;

        if (count == 0)
                return noise == 0;
        return noise >= -(int64_t)s->deviation && noise <= (int64_t)s->deviation && to >= 0 &&
               (to == 0 || to >= s->smallest);
}

static void every_row_has_the_moments_asked_for_and_no_more_support(void **state)
{
        (void)state;
        for (unsigned k = 0; k < ARRAY_LEN(usual); k++) {
                const struct cellkey_settings *s = &usual[k];
                const struct cellkey *c = make(s->variance, s->deviation, s->smallest);
                int32_t d = (int32_t)s->deviation;

                assert_true(cellkey_probability(c, 0, 0) == 1);
                for (uint32_t row = 1; row < cellkey_rows(c); row++) {
                        double sum = 0, mean = 0, square = 0;

                        for (int32_t v = -d - 1; v <= d + 1; v++) {
                                double p = cellkey_probability(c, row, v);

                                assert_true(p >= 0 && (p == 0 || may_become(s, row, v)));
                                sum += p;
                                mean += p * v;
                                square += p * v * v;
                        }
                        assert_true(sum == 1); /* whole parts of 2^32 */
                        /* Exactly zero, but for rows of two values apart. */
                        assert_true(fabs(mean) <= (s->deviation + 1) * 0x1p-32);
                        assert_true(fabs(square - s->variance) < 1e-5);
                }
                assert_true(cellkey_probability(c, cellkey_rows(c), 0) == 0);
                arena_reset(arena);
        }
}

static void the_mean_is_exactly_zero_where_neighbours_are_allowed(void **state)
{
        const struct cellkey *c = make(3, 8, 0);

        (void)state;
        for (uint32_t row = 0; row < cellkey_rows(c); row++) {
                double mean = 0; /* exact: 2^-32 times whole numbers */

                for (int32_t v = -8; v <= 8; v++)
                        mean += cellkey_probability(c, row, v) * v;
                assert_true(mean == 0);
        }
}

/* The last row is bound by nothing: the same both ways. */
static void large_counts_move_up_and_down_alike(void **state)
{
        (void)state;
        for (unsigned k = 0; k < ARRAY_LEN(usual); k++) {
                const struct cellkey *c =
                        make(usual[k].variance, usual[k].deviation, usual[k].smallest);
                uint32_t last = cellkey_rows(c) - 1;

                for (int32_t v = 1; v <= (int32_t)usual[k].deviation; v++)
                        assert_true(fabs(cellkey_probability(c, last, v) -
                                            cellkey_probability(c, last, -v)) < 1e-7);
                arena_reset(arena);
        }
}

/* Entropy ------------------------------------------------------------------------------------ */

static double entropy_of(const double *p, int len)
{
        double h = 0;

        for (int i = 0; i < len; i++)
                h -= p[i] > 0 ? p[i] * log(p[i]) : 0;
        return h;
}

/* The best of p + t × direction, which leaves all moments as they are: entropy is concave
 * along it. */
static double best_along(const double *p, const double *direction, int len)
{
        double low = -1e9, high = 1e9, q[256];

        for (int i = 0; i < len; i++) {
                double bound = direction[i] != 0 ? -p[i] / direction[i] : 0;

                if (direction[i] > 0 && bound > low)
                        low = bound;
                if (direction[i] < 0 && bound < high)
                        high = bound;
        }
        for (unsigned k = 0; k < 100; k++) {
                double h[2];

                for (unsigned side = 0; side < 2; side++) {
                        double t = low + (high - low) * (side + 1) / 3;

                        for (int i = 0; i < len; i++)
                                q[i] = p[i] + t * direction[i] > 0 ? p[i] + t * direction[i] : 0;
                        h[side] = entropy_of(q, len);
                }
                if (h[0] < h[1])
                        low += (high - low) / 3;
                else
                        high -= (high - low) / 3;
        }
        return entropy_of(q, len);
}

/* Any two distributions of these moments differ by sums of such directions: four values,
 * weighted as in a divided difference. */
static void no_other_distribution_of_the_same_moments_is_more_random(void **state)
{
        uint64_t random = 7;

        (void)state;
        for (unsigned k = 0; k < ARRAY_LEN(usual); k++) {
                const struct cellkey_settings *s = &usual[k];
                const struct cellkey *c = make(s->variance, s->deviation, s->smallest);

                for (uint32_t row = 1; row < cellkey_rows(c); row += 1 + row / 8) {
                        double p[256], direction[256];
                        int v[256], len = 0;

                        for (int x = -(int)s->deviation; x <= (int)s->deviation; x++)
                                if (may_become(s, row, x)) {
                                        v[len] = x;
                                        p[len++] = cellkey_probability(c, row, x);
                                }
                        for (unsigned times = 0; len >= 4 && times < 12; times++) {
                                int at[4] = {0, 1, 2, 3};

                                for (int i = 3; i >= 0; i--)
                                        at[i] = i +
                                                (int)(next_random(&random) %
                                                        (uint64_t)((i < 3 ? at[i + 1] : len) - i));
                                memset(direction, 0, sizeof direction);
                                for (int i = 0; i < 4; i++) {
                                        double w = 1;

                                        for (int j = 0; j < 4; j++)
                                                w /= i != j ? v[at[i]] - v[at[j]] : 1;
                                        direction[at[i]] = w;
                                }
                                assert_true(
                                        best_along(p, direction, len) < entropy_of(p, len) + 1e-8);
                        }
                }
                arena_reset(arena);
        }
}

/* Five values and three conditions leave two unknowns: all of them, on a grid. */
static void brute_force_finds_nothing_more_random(void **state)
{
        const struct cellkey *c = make(1.25, 2, 0);
        double best = 0, p[5], mine;

        (void)state;
        for (int i = 0; i <= 1000; i++)
                for (int j = 0; j <= 1000; j++) {
                        double far = i / 1000.0 * 0.3125, off = (j - 500) / 500.0 * 0.3;

                        /* p(±2) = far ± off, p(±1) so that mean and variance fit. */
                        p[0] = far - off;
                        p[4] = far + off;
                        p[1] = (1.25 - 8 * far) / 2 + 2 * off;
                        p[3] = (1.25 - 8 * far) / 2 - 2 * off;
                        p[2] = 1 - p[0] - p[1] - p[3] - p[4];
                        if (p[0] < 0 || p[1] < 0 || p[2] < 0 || p[3] < 0 || p[4] < 0)
                                continue;
                        best = fmax(best, entropy_of(p, 5));
                }
        for (int v = -2; v <= 2; v++)
                p[v + 2] = cellkey_probability(c, 2, v);
        mine = entropy_of(p, 5);
        assert_true(best <= mine + 1e-9 && best > mine - 1e-4);
}

/* Noise -------------------------------------------------------------------------------------- */

static void the_same_key_and_count_get_the_same_noise(void **state)
{
        enum { KEYS = 5000 };
        const struct cellkey *c = make(2, 5, 3);
        static uint32_t keys[KEYS];
        static int64_t counts[KEYS], exact[KEYS];
        uint64_t random = 11;

        (void)state;
        for (unsigned i = 0; i < KEYS; i++) {
                keys[i] = (uint32_t)next_random(&random);
                counts[i] = exact[i] = (int64_t)(next_random(&random) % 30);
        }
        cellkey_counts(c, keys, counts, KEYS);
        const struct cellkey *again = make(2, 5, 3);
        for (unsigned i = 0; i < KEYS; i++) {
                assert_int_equal(counts[i], cellkey_count(c, keys[i], exact[i]));
                assert_int_equal(counts[i], cellkey_count(again, keys[i], exact[i]));
        }
        assert_true(llabs(cellkey_count(c, 1, INT64_C(1) << 60) - (INT64_C(1) << 60)) <= 5);
}

/* Every count, many keys, the ends of the range among them. */
static void nothing_comes_out_that_must_not(void **state)
{
        uint64_t random = 3;

        (void)state;
        for (unsigned k = 0; k < ARRAY_LEN(usual); k++) {
                const struct cellkey *c =
                        make(usual[k].variance, usual[k].deviation, usual[k].smallest);
                uint32_t end = cellkey_rows(c) + 3;

                for (uint32_t count = 0; count < end; count++)
                        for (unsigned i = 0; i < 2000; i++) {
                                uint32_t key = i < 4 ? (uint32_t[]){0, 1, UINT32_MAX, 1u << 31}[i]
                                                     : (uint32_t)next_random(&random);

                                assert_true(may_become(
                                        &usual[k], count, cellkey_count(c, key, count) - count));
                        }
                assert_int_equal(
                        cellkey_smallest(c), usual[k].smallest > 1 ? usual[k].smallest : 1);
                arena_reset(arena);
        }
}

/* Pearson's; 5 standard deviations of chi-square beyond its mean. */
static void follows_the_table(const struct cellkey *c, uint32_t row, int32_t deviation,
        const uint32_t *seen, uint32_t keys)
{
        double chi = 0, freedom = -1;

        for (int32_t v = -deviation; v <= deviation; v++) {
                double expected = cellkey_probability(c, row, v) * keys;
                double off = seen[v + deviation] - expected;

                if (expected < 5)
                        continue;
                chi += off * off / expected;
                freedom++;
        }
        assert_true(chi < freedom + 5 * sqrt(2 * freedom) + 5);
}

static void noise_of_many_keys_follows_the_table(void **state)
{
        enum { KEYS = 1 << 20, D = 8 };
        const struct cellkey *c = make(3, D, 3);
        static const uint32_t counts[] = {1, 2, 3, 5, 9, 40};
        uint64_t random = 99;

        (void)state;
        for (unsigned k = 0; k < ARRAY_LEN(counts); k++) {
                uint32_t row = counts[k] < cellkey_rows(c) ? counts[k] : cellkey_rows(c) - 1;
                uint32_t seen[2][2 * D + 1] = {{0}};

                for (uint32_t i = 0; i < KEYS; i++) {
                        uint32_t key = (uint32_t)next_random(&random);

                        /* Keys in a row are as good as random ones: they are stirred. */
                        seen[0][cellkey_count(c, key, counts[k]) - counts[k] + D]++;
                        seen[1][cellkey_count(c, i, counts[k]) - counts[k] + D]++;
                }
                follows_the_table(c, row, D, seen[0], KEYS);
                follows_the_table(c, row, D, seen[1], KEYS);
        }
}

/* Without stirring a whole would lie on a line with its parts. */
static void noise_of_a_whole_says_nothing_of_its_parts(void **state)
{
        enum { PAIRS = 200000 };
        const struct cellkey *c = make(2, 5, 0);
        double product[3] = {0};
        uint64_t random = 5;

        (void)state;
        for (unsigned i = 0; i < PAIRS; i++) {
                uint32_t a = (uint32_t)next_random(&random), b = (uint32_t)next_random(&random);
                double x = (double)(cellkey_count(c, a, 50) - 50);
                double y = (double)(cellkey_count(c, b, 50) - 50);
                double z = (double)(cellkey_count(c, a + b, 100) - 100);

                product[0] += x * z;
                product[1] += (x + y) * z;
                product[2] += x * y * z;
        }
        /* Standard deviations are 2, 2.8 and 2.8 times the square root of the number. */
        for (unsigned i = 0; i < 3; i++)
                assert_true(fabs(product[i]) < 5 * 2.9 * sqrt(PAIRS));
}

/* Edges -------------------------------------------------------------------------------------- */

static void noise_of_one_is_a_coin(void **state)
{
        const struct cellkey *c = make(1, 1, 0);

        (void)state;
        assert_int_equal(cellkey_rows(c), 2);
        assert_true(cellkey_probability(c, 1, -1) == 0.5);
        assert_true(cellkey_probability(c, 1, 0) == 0);
        assert_true(cellkey_probability(c, 1, 1) == 0.5);
        c = make(0.5, 1, 1);
        assert_true(cellkey_probability(c, 1, 0) == 0.5);
        assert_true(cellkey_probability(c, 1, 1) == 0.25);
        assert_int_equal(cellkey_count(c, 17, 0), 0);
}

static void settings_without_a_distribution_are_refused(void **state)
{
        (void)state;
        assert_int_equal(try(0, 5, 0), ERR_INVALID);
        assert_int_equal(try(-1, 5, 0), ERR_INVALID);
        assert_int_equal(try(NAN, 5, 0), ERR_INVALID);
        assert_int_equal(try(INFINITY, 5, 0), ERR_INVALID);
        assert_int_equal(try(1, 0, 0), ERR_INVALID);
        assert_int_equal(try(1, CELLKEY_DEVIATION_MAX + 1, 0), ERR_INVALID);
        /* 1 can only fall by 1: its variance is at most the deviation. */
        assert_int_equal(try(5, 5, 0), ERR_OK);
        assert_int_equal(try(5.01, 5, 0), ERR_INVALID);
        /* 1 and 2 must become 0 or 3 and more. */
        assert_int_equal(try(2, 5, 3), ERR_OK);
        assert_int_equal(try(1.99, 5, 3), ERR_INVALID);
        assert_int_equal(try(6, 10, 5), ERR_OK);
        assert_int_equal(try(5.9, 10, 5), ERR_INVALID);
        assert_int_equal(try(2, 2, 3), ERR_INVALID);
        assert_int_equal(try(3, 5, 7), ERR_INVALID);
        assert_int_equal(try(3, 5, UINT32_MAX), ERR_INVALID);
}

/* The table is the same on every machine whose doubles are IEEE's; these are what it was
 * when it was made. */
static void the_table_is_what_it_always_was(void **state)
{
        static const struct {
                struct cellkey_settings settings;
                uint64_t check;
        } known[] = {{{2, 5, 3}, UINT64_C(0xa49af893d9952f13)},
                {{3, 8, 0}, UINT64_C(0xa0b1171be961ff6b)},
                {{40, 100, 2}, UINT64_C(0x46dfebc9a9029211)}};

        (void)state;
        for (unsigned k = 0; k < ARRAY_LEN(known); k++) {
                const struct cellkey_settings *s = &known[k].settings;
                const struct cellkey *c = make(s->variance, s->deviation, s->smallest);
                uint64_t check = 14695981039346656037u; /* FNV-1a */

                for (uint32_t row = 0; row < cellkey_rows(c); row++)
                        for (int32_t v = -(int32_t)s->deviation; v <= (int32_t)s->deviation; v++) {
                                uint64_t parts =
                                        (uint64_t)(cellkey_probability(c, row, v) * 4294967296.0);

                                for (unsigned i = 0; i < 8; i++)
                                        check = (check ^ (parts >> (8 * i) & 0xff)) *
                                                1099511628211u;
                        }
                assert_int_equal(check, known[k].check);
                arena_reset(arena);
        }
}

static void no_memory_is_an_error(void **state)
{
        struct arena *small = arena_new(4096);
        const struct cellkey_settings s = {40, 100, 2};
        const struct cellkey *c = NULL;

        (void)state;
        assert_non_null(small);
        assert_int_equal(cellkey_new(small, &s, &c), ERR_NO_MEMORY);
        assert_null(c);
        arena_free(&small);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_row_has_the_moments_asked_for_and_no_more_support),
                cmocka_unit_test(the_mean_is_exactly_zero_where_neighbours_are_allowed),
                cmocka_unit_test(large_counts_move_up_and_down_alike),
                cmocka_unit_test(no_other_distribution_of_the_same_moments_is_more_random),
                cmocka_unit_test(brute_force_finds_nothing_more_random),
                cmocka_unit_test(the_same_key_and_count_get_the_same_noise),
                cmocka_unit_test(nothing_comes_out_that_must_not),
                cmocka_unit_test(noise_of_many_keys_follows_the_table),
                cmocka_unit_test(noise_of_a_whole_says_nothing_of_its_parts),
                cmocka_unit_test(noise_of_one_is_a_coin),
                cmocka_unit_test(settings_without_a_distribution_are_refused),
                cmocka_unit_test(the_table_is_what_it_always_was),
                cmocka_unit_test(no_memory_is_an_error),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
