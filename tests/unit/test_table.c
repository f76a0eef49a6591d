/* SPDX-License-Identifier: Apache-2.0 */
/* test_table.c: the dense block, its totals and its ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/table.h"

static void no_dimension_is_one_cell(void **state)
{
        (void)state;
        size_t cells = 0;

        assert_int_equal(table_cells(NULL, 0, &cells), ERR_OK);
        assert_int_equal(cells, 1);
}

static void totals_are_counted_among_the_cells(void **state)
{
        (void)state;
        struct dimension dims[] = {{.len = 290}, {.len = 7}, {.len = 2}};
        size_t cells = 0;

        assert_int_equal(table_cells(dims, 3, &cells), ERR_OK);
        assert_int_equal(cells, 291 * 8 * 3);
}

static void one_cell_too_many_is_refused(void **state)
{
        (void)state;
        struct dimension dims[] = {{.len = 1999}, {.len = 999}, {.len = 0}};
        size_t cells = 0;

        assert_int_equal(table_cells(dims, 3, &cells), ERR_OK);
        assert_int_equal(cells, CELLS_MAX);
        dims[0].len++;
        cells = 5;
        assert_int_equal(table_cells(dims, 3, &cells), ERR_TOO_MANY_CELLS);
        assert_int_equal(cells, 5);
}

static void a_product_that_wraps_is_refused(void **state)
{
        (void)state;
        struct dimension dims[DIMENSIONS_MAX + 1];
        size_t cells = 0;

        memset(dims, 0, sizeof dims);
        for (unsigned d = 0; d < DIMENSIONS_MAX; d++)
                dims[d].len = UINT32_MAX;
        assert_int_equal(table_cells(dims, DIMENSIONS_MAX, &cells), ERR_TOO_MANY_CELLS);
        memset(dims, 0, sizeof dims);
        assert_int_equal(table_cells(dims, DIMENSIONS_MAX + 1, &cells), ERR_TOO_MANY_CELLS);
}

static void a_new_table_shows_nothing(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct dimension dims[] = {{.len = 2}, {.len = 3}};
        struct measure measures[] = {{.kind = MEASURE_PERSONS}, {.kind = MEASURE_RECORDS}};
        struct table t = {
                .dimensions = dims, .dimensions_len = 2, .measures = measures, .measures_len = 2};

        assert_int_equal(table_alloc(a, &t), ERR_OK);
        assert_int_equal(t.cells_len, 12);
        for (size_t i = 0; i < t.cells_len; i++) {
                assert_int_equal(t.status[i], CELL_PROTECTED);
                assert_int_equal(t.rule[i], CELL_RULE_NONE);
                assert_int_equal(t.persons[i] | t.records[i] | t.margin_persons[i], 0);
                assert_int_equal(measures[1].values[i], 0);
        }
}

static void cells_and_coordinates_are_each_others_inverse(void **state)
{
        (void)state;
        struct dimension dims[] = {{.len = 2}, {.len = 0}, {.len = 4}};
        struct table t = {.dimensions = dims, .dimensions_len = 3};
        uint32_t at[3];

        for (size_t cell = 0; cell < 3 * 1 * 5; cell++) {
                table_coordinates(&t, cell, at);
                assert_true(at[0] <= 2 && at[1] == 0 && at[2] <= 4);
                assert_int_equal(table_cell(&t, at), cell);
        }
        /* The last dimension is fastest. */
        assert_int_equal(table_cell(&t, (const uint32_t[]){0, 0, 1}), 1);
        assert_int_equal(table_cell(&t, (const uint32_t[]){1, 0, 0}), 5);
        assert_int_equal(table_cell(&t, (const uint32_t[]){2, 0, 4}), 14);
}

static void each_allocation_may_fail(void **state)
{
        (void)state;
        struct dimension dims[] = {{.len = 2}};
        struct measure measures[] = {{.kind = MEASURE_PERSONS}};

        for (unsigned nth = 0; nth < 6; nth++) {
                OWNED(arena_free) struct arena *a = arena_new(1 << 20);
                struct table t = {.dimensions = dims,
                        .dimensions_len = 1,
                        .measures = measures,
                        .measures_len = 1};

                fault_arm("alloc", nth);
                assert_int_equal(table_alloc(a, &t), ERR_NO_MEMORY);
                assert_int_equal(t.cells_len, 0);
        }
        fault_disarm();
}

static void marks_are_four_and_an_unknown_status_hides(void **state)
{
        (void)state;
        assert_string_equal(cell_status_mark(CELL_PROTECTED), "..");
        assert_string_equal(cell_status_mark(CELL_VALUE), "");
        assert_string_equal(cell_status_mark(CELL_MISSING), ":");
        assert_string_equal(cell_status_mark(CELL_NOT_APPLICABLE), ".");
        assert_string_equal(cell_status_mark((enum cell_status)200), "..");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_dimension_is_one_cell),
                cmocka_unit_test(totals_are_counted_among_the_cells),
                cmocka_unit_test(one_cell_too_many_is_refused),
                cmocka_unit_test(a_product_that_wraps_is_refused),
                cmocka_unit_test(a_new_table_shows_nothing),
                cmocka_unit_test(cells_and_coordinates_are_each_others_inverse),
                cmocka_unit_test(each_allocation_may_fail),
                cmocka_unit_test(marks_are_four_and_an_unknown_status_hides),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
