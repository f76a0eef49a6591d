/* SPDX-License-Identifier: Apache-2.0 */
/* test_suppress_examples.c: tables from the literature, hidden as printed there.
 *
 * The tables are those of the vignette "Small count frequency table suppression" of the R
 * package GaussSuppression (Langsrud and Lupp, Statistics Norway), by their numbers there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/suppress.h"

enum { AGES = 3, PLACES = 6, CELLS = AGES * PLACES };

/* Young, old, all; Iceland, Portugal, Spain, outside the union, inside, all. */
struct example {
        uint64_t inner[2][3];
        uint64_t threshold;
        bool zeros_published;
        const char *shape;  /* of every cell: '.' as it is, '-' not in it, '0' cannot be */
        const char *hidden; /* 'x' hidden */
};

static const uint32_t inside[] = {0, 1, 1};
static const struct model_level unions = {.parent = inside, .len = 2};
static const struct model_dimension dimensions[] = {
        {.leaves = 2}, {.leaves = 3, .levels = &unions, .levels_len = 1}};

static void values_of(const struct example *x, uint64_t *value)
{
        static const uint32_t of[3][3] = {{0, 3, 5}, {1, 4, 5}, {2, 4, 5}};

        memset(value, 0, CELLS * sizeof *value);
        for (size_t age = 0; age < 2; age++)
                for (size_t place = 0; place < 3; place++)
                        for (size_t k = 0; k < 3; k++) {
                                value[age * PLACES + of[place][k]] += x->inner[age][place];
                                value[2 * PLACES + of[place][k]] += x->inner[age][place];
                        }
}

static struct model_cell cell_of(const struct example *x, uint64_t value, char shape)
{
        struct model_cell cell = {.want = value, .cost = 1, .role = MODEL_ROLE_OPEN};

        if (shape == '-')
                cell.role = MODEL_ROLE_ABSENT;
        else if (value == 0 && (x->zeros_published || shape == '0'))
                cell.role = MODEL_ROLE_ZERO;
        else if (value < x->threshold)
                cell.role = MODEL_ROLE_PROTECT;
        cell.lowest = value == (x->zeros_published ? 1 : 0);
        cell.alone = value == 1;
        return cell;
}

static void assert_hidden_as_printed(const struct example *x)
{
        struct arena *arena = arena_new(1 << 20);
        uint64_t value[CELLS];
        struct model_cell cell[CELLS];
        const uint32_t both[] = {0, 1};
        const struct model_table table = {both, 2, cell};
        const struct model_release release = {
                .dimensions = dimensions, .dimensions_len = 2, .tables = &table, .tables_len = 1};
        const struct suppress_options once = {.starts = 1};
        struct suppress_result result;
        struct model m;
        char hidden[CELLS + 1] = {0};

        values_of(x, value);
        for (size_t i = 0; i < CELLS; i++)
                cell[i] = cell_of(x, value[i], x->shape[i]);
        assert_int_equal(model_new(arena, &release, &m), ERR_OK);
        assert_int_equal(suppress_run(arena, &m, &once, &result), ERR_OK);
        for (size_t i = 0; i < CELLS; i++)
                hidden[i] = result.status[i] <= SUPPRESS_SECONDARY ? 'x' : x->shape[i];
        assert_string_equal(hidden, x->hidden);
        arena_free(&arena);
}

static void table_1_a_zero_takes_its_square_along(void **state)
{
        (void)state;
        assert_hidden_as_printed(&(struct example){.inner = {{2, 0, 5}, {3, 4, 6}},
                .threshold = 2,
                .shape = "...--."
                         "...--."
                         "...--.",
                .hidden = "xx.--."
                          "xx.--."
                          "...--."});
}

static void table_2_a_hierarchy_is_no_way_round(void **state)
{
        (void)state;
        assert_hidden_as_printed(&(struct example){.inner = {{2, 0, 5}, {3, 4, 6}},
                .threshold = 3,
                .shape = "......"
                         "......"
                         "......",
                .hidden = "xx.xx."
                          "xx.xx."
                          "......"});
}

/* Of the two cells within the union none needs hiding: their margins are not shown. */
static void table_3_two_linked_tables(void **state)
{
        (void)state;
        assert_hidden_as_printed(&(struct example){.inner = {{2, 0, 5}, {3, 4, 6}},
                .threshold = 3,
                .shape = "---..-"
                         "---..-"
                         "...--.",
                .hidden = "---x.-"
                          "---x.-"
                          "...--."});
}

static void table_4_zeros_are_shown(void **state)
{
        (void)state;
        assert_hidden_as_printed(&(struct example){.inner = {{2, 0, 5}, {3, 4, 6}},
                .threshold = 5,
                .zeros_published = true,
                .shape = "......"
                         "......"
                         "......",
                .hidden = "x.xxx."
                          "xx.xx."
                          ".xx..."});
}

static void table_6_one_zero_cannot_be_anything_else(void **state)
{
        (void)state;
        assert_hidden_as_printed(&(struct example){.inner = {{0, 0, 5}, {3, 4, 6}},
                .threshold = 3,
                .shape = "0..0.."
                         "......"
                         "......",
                .hidden = "0xx0.."
                          ".xx..."
                          "......"});
}

/* Were Spain shown, the other two would be known to be zero together, so both to be zero. */
static void table_7_a_sum_of_zeros_tells_them_all(void **state)
{
        (void)state;
        assert_hidden_as_printed(&(struct example){.inner = {{0, 0, 5}, {3, 4, 6}},
                .threshold = 3,
                .shape = "......"
                         "......"
                         "......",
                .hidden = "xxxxx."
                          "xxxxx."
                          "......"});
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(table_1_a_zero_takes_its_square_along),
                cmocka_unit_test(table_2_a_hierarchy_is_no_way_round),
                cmocka_unit_test(table_3_two_linked_tables),
                cmocka_unit_test(table_4_zeros_are_shown),
                cmocka_unit_test(table_6_one_zero_cannot_be_anything_else),
                cmocka_unit_test(table_7_a_sum_of_zeros_tells_them_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
