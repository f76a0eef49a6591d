/* SPDX-License-Identifier: Apache-2.0 */
/* test_disclosure.c: who may be seen in a table, and what is left of who may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "gateway/disclosure/disclosure.h"

enum { CELLS = 4 }; /* one dimension of three categories, and its total */

struct world {
        struct arena *arena;
        struct dimension dimension;
        struct measure measures[2];
        struct table table;
};

static void world_new(struct world *w, const int64_t persons[CELLS], const int64_t margin[CELLS])
{
        *w = (struct world){.arena = arena_new(1 << 20)};
        w->dimension = (struct dimension){.len = CELLS - 1};
        w->measures[0].kind = MEASURE_PERSONS;
        w->measures[1].kind = MEASURE_SUM;
        w->table = (struct table){.dimensions = &w->dimension,
                .dimensions_len = 1,
                .measures = w->measures,
                .measures_len = 2};
        assert_int_equal(table_alloc(w->arena, &w->table), ERR_OK);
        for (size_t i = 0; i < CELLS; i++) {
                w->table.persons[i] = w->table.records[i] = persons[i];
                w->table.margin_persons[i] = margin[i];
                w->measures[0].values[i] = persons[i];
                w->measures[1].values[i] = 777000 + (int64_t)i;
                w->measures[1].contributors[i] = persons[i];
        }
}

static struct disclosure_report protect(struct world *w, uint32_t threshold, bool zeros)
{
        const struct disclosure_settings s = {.threshold = threshold, .zeros_published = zeros};
        struct disclosure_report r;

        assert_int_equal(disclosure_protect(&w->table, &s, &r), ERR_OK);
        return r;
}

static const int64_t plenty[CELLS] = {1000, 1000, 1000, 1000};

static void a_cell_below_the_threshold_is_hidden(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){4, 5, 9, 18}, plenty);
        struct disclosure_report r = protect(&w, 5, true);
        assert_int_equal(w.table.status[0], CELL_PROTECTED);
        assert_int_equal(w.table.rule[0], CELL_RULE_SMALL);
        assert_int_equal(w.table.status[1], CELL_VALUE);
        assert_int_equal(w.measures[0].values[1], 5);
        assert_int_equal(r.by_rule[CELL_RULE_SMALL], 1);
        assert_int_equal(r.by_rule[CELL_RULE_NONE], 3);
        arena_free(&w.arena);
}

static void a_hidden_cell_keeps_no_value_anywhere(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){4, 5, 9, 18}, plenty);
        (void)protect(&w, 5, true);
        assert_int_equal(w.table.persons[0], 0);
        assert_int_equal(w.table.records[0], 0);
        assert_int_equal(w.table.margin_persons[0], 0);
        assert_int_equal(w.measures[0].values[0], 0);
        assert_int_equal(w.measures[1].values[0], 0);
        assert_int_equal(w.measures[1].contributors[0], 0);
        arena_free(&w.arena);
}

static void zero_is_shown_only_where_the_policy_says_so(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){0, 5, 9, 14}, plenty);
        (void)protect(&w, 5, true);
        assert_int_equal(w.table.status[0], CELL_VALUE);
        arena_free(&w.arena);

        world_new(&w, (int64_t[]){0, 5, 9, 14}, plenty);
        (void)protect(&w, 5, false);
        assert_int_equal(w.table.status[0], CELL_PROTECTED);
        arena_free(&w.arena);
}

static void a_small_identifying_margin_refuses_the_row_whatever_is_in_it(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){0, 4, 9, 9}, (int64_t[]){4, 4, 4, 1000});
        (void)protect(&w, 5, true);
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(w.table.status[i], CELL_PROTECTED);
                assert_int_equal(w.table.rule[i], CELL_RULE_MARGIN);
        }
        assert_int_equal(w.table.status[3], CELL_VALUE);
        arena_free(&w.arena);
}

static void a_sum_of_few_contributors_is_hidden_and_the_count_beside_it_is_not(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){50, 50, 50, 150}, plenty);
        w.measures[1].contributors[0] = 1;
        w.measures[1].contributors[1] = 0;
        struct disclosure_report r = protect(&w, 5, true);
        for (size_t i = 0; i < CELLS; i++) {
                assert_int_equal(w.table.status[i], CELL_VALUE);
                assert_int_equal(w.measures[0].values[i], w.table.persons[i]);
                assert_int_equal(w.measures[1].status[i], i < 2 ? CELL_PROTECTED : CELL_VALUE);
                assert_int_equal(w.measures[1].values[i], i < 2 ? 0 : 777000 + (int64_t)i);
                assert_true(i > 1 || w.measures[1].contributors[i] == 0);
        }
        assert_int_equal(r.measures_by_rule[CELL_RULE_SMALL], 2);
        assert_int_equal(r.measures_by_rule[CELL_RULE_NONE], 2);
        arena_free(&w.arena);
}

static void missing_stays_missing_and_carries_nothing(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){50, 50, 50, 150}, plenty);
        w.table.status[0] = CELL_MISSING;
        (void)protect(&w, 5, true);
        assert_int_equal(w.table.status[0], CELL_MISSING);
        assert_int_equal(w.measures[1].values[0], 0);
        arena_free(&w.arena);
}

static void a_policy_without_a_threshold_is_refused(void **state)
{
        struct world w;
        const struct disclosure_settings none = {.zeros_published = true};
        struct disclosure_report r;

        (void)state;
        world_new(&w, plenty, plenty);
        assert_int_equal(disclosure_protect(&w.table, &none, &r), ERR_INVALID);
        assert_int_equal(w.table.status[0], CELL_PROTECTED);
        arena_free(&w.arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cell_below_the_threshold_is_hidden),
                cmocka_unit_test(a_hidden_cell_keeps_no_value_anywhere),
                cmocka_unit_test(zero_is_shown_only_where_the_policy_says_so),
                cmocka_unit_test(a_small_identifying_margin_refuses_the_row_whatever_is_in_it),
                cmocka_unit_test(
                        a_sum_of_few_contributors_is_hidden_and_the_count_beside_it_is_not),
                cmocka_unit_test(missing_stays_missing_and_carries_nothing),
                cmocka_unit_test(a_policy_without_a_threshold_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
