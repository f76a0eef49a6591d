/* SPDX-License-Identifier: Apache-2.0 */
/* test_quotient.c: one table divided by another shows nothing that either withholds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/answer.h"

static struct arena *arena;

static int setup(void **state)
{
        (void)state;
        arena = arena_new(1 << 20);
        return arena == NULL;
}

static int teardown(void **state)
{
        (void)state;
        arena_free(&arena);
        return 0;
}

/* A table of one dimension, its codes one letter each, all cells shown. */
static struct table table_of(const char *codes, uint32_t decimals, const int64_t *values)
{
        struct table t = {.dimensions_len = 1, .measures_len = 1};
        uint32_t n = (uint32_t)strlen(codes);

        t.dimensions = arena_alloc(arena, 1, sizeof *t.dimensions);
        t.measures = arena_alloc(arena, 1, sizeof *t.measures);
        assert_non_null(t.dimensions);
        assert_non_null(t.measures);
        t.dimensions[0].len = n;
        t.dimensions[0].categories = arena_alloc(arena, n + 1, sizeof(struct category));
        assert_non_null(t.dimensions[0].categories);
        for (uint32_t i = 0; i < n; i++)
                t.dimensions[0].categories[i].code = bytes_of(codes + i, 1);
        t.measures[0].kind = MEASURE_SUM;
        t.measures[0].decimals = decimals;
        assert_int_equal(table_alloc(arena, &t), ERR_OK);
        memcpy(t.measures[0].values, values, t.cells_len * sizeof *values);
        memset(t.status, CELL_VALUE, t.cells_len);
        t.measures[0].status = NULL; /* as the table's */
        return t;
}

static void cells_meet_by_their_codes_and_are_rounded_once(void **state)
{
        const int64_t sums[] = {700, 200, 900}, persons[] = {20, 16, 36};
        struct table n = table_of("ab", 0, sums), d = table_of("ba", 0, persons);

        (void)state;
        assert_int_equal(quotient_make(arena, 1, &n, &d), ERR_OK);
        assert_int_equal(n.measures[0].kind, MEASURE_RATIO);
        assert_int_equal(n.measures[0].decimals, 1);
        assert_int_equal(n.measures[0].values[0], 438); /* 700 by 16: 43.75 */
        assert_int_equal(n.measures[0].values[1], 100);
        assert_int_equal(n.measures[0].values[2], 250);
}

static void scale_and_decimals_of_both_count(void **state)
{
        const int64_t ore[] = {123456, 123456}, tenths[] = {250, 250};
        struct table n = table_of("a", 2, ore), d = table_of("a", 1, tenths);

        (void)state;
        assert_int_equal(quotient_make(arena, 1000, &n, &d), ERR_OK);
        assert_int_equal(n.measures[0].decimals, 3);
        assert_int_equal(n.measures[0].scale, 1000);
        /* 1234.56 by 25.0, times 1000: 49,382.4 */
        assert_int_equal(n.measures[0].values[0], 49382400);
}

static void what_either_withholds_is_withheld_and_wiped(void **state)
{
        const int64_t values[] = {10, 20, 30, 40, 100};
        struct table n = table_of("abcd", 0, values), d = table_of("abcd", 0, values);
        uint8_t own[] = {CELL_VALUE, CELL_VALUE, CELL_PROTECTED, CELL_VALUE, CELL_VALUE};

        (void)state;
        n.status[0] = CELL_PROTECTED;
        d.status[1] = CELL_PROTECTED;
        d.measures[0].status = own;
        d.status[3] = CELL_MISSING;
        assert_int_equal(quotient_make(arena, 1, &n, &d), ERR_OK);
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(n.status[i], CELL_PROTECTED);
                assert_int_equal(n.measures[0].values[i], 0);
        }
        assert_int_equal(n.status[3], CELL_MISSING);
        assert_int_equal(n.status[4], CELL_VALUE);
        assert_int_equal(n.measures[0].values[4], 10);
}

static void nothing_to_divide_by_is_no_value_and_no_cell_is_missing(void **state)
{
        const int64_t many[] = {10, INT64_MAX, 5, 10}, few[] = {0, 1, 0};
        struct table n = table_of("abx", 0, many), d = table_of("ab", 0, few);

        (void)state;
        assert_int_equal(quotient_make(arena, 1, &n, &d), ERR_OK);
        assert_int_equal(n.measures[0].values[0], TABLE_NO_VALUE); /* by zero */
        assert_int_equal(n.measures[0].values[1], TABLE_NO_VALUE); /* beyond all numbers */
        assert_int_equal(n.status[1], CELL_VALUE);
        assert_int_equal(n.status[2], CELL_MISSING); /* x is not in the other */
        assert_int_equal(n.measures[0].values[3], TABLE_NO_VALUE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        cells_meet_by_their_codes_and_are_rounded_once, setup, teardown),
                cmocka_unit_test_setup_teardown(scale_and_decimals_of_both_count, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        what_either_withholds_is_withheld_and_wiped, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        nothing_to_divide_by_is_no_value_and_no_cell_is_missing, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
