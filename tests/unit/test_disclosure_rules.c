/* SPDX-License-Identifier: Apache-2.0 */
/* test_disclosure_rules.c: where each primary rule begins, and where it does not ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "gateway/disclosure/disclosure.h"

/* One cell of a category, and its total. */
struct world {
        struct arena *arena;
        struct dimension dimension;
        struct measure measure;
        struct contributions contributions, parts;
        struct table table;
        struct disclosure_settings settings;
};

static void world_new(struct world *w, int64_t persons)
{
        *w = (struct world){.arena = arena_new(1 << 20)};
        w->dimension = (struct dimension){.len = 1};
        w->measure.kind = MEASURE_SUM;
        w->table = (struct table){.dimensions = &w->dimension,
                .dimensions_len = 1,
                .measures = &w->measure,
                .measures_len = 1};
        w->settings = (struct disclosure_settings){.threshold = 5, .zeros_published = true};
        assert_int_equal(table_alloc(w->arena, &w->table), ERR_OK);
        for (size_t i = 0; i < 2; i++) {
                w->table.persons[i] = w->table.records[i] = persons;
                w->table.margin_persons[i] = 1000;
                w->measure.contributors[i] = persons;
        }
}

static struct contributions contributions_new(struct world *w, enum contributor type)
{
        return (struct contributions){.type = type,
                .number = arena_alloc(w->arena, 2, sizeof(uint32_t)),
                .largest =
                        arena_alloc(w->arena, 2 * (size_t)CONTRIBUTIONS_LARGEST, sizeof(int64_t))};
}

/* The municipalities of the cell: how many, and the largest one's persons. */
static void municipalities(struct world *w, uint32_t number, int64_t largest)
{
        w->contributions = contributions_new(w, CONTRIBUTOR_MUNICIPALITY);
        w->contributions.number[0] = number;
        w->contributions.largest[0] = largest;
        w->table.contributions = &w->contributions;
        w->table.contributions_len = 1;
        w->settings.contributors = 1u << CONTRIBUTOR_MUNICIPALITY;
}

/* The persons' parts of the sum. */
static void parts(struct world *w, int64_t sum, const int64_t *largest, uint32_t len)
{
        w->parts = contributions_new(w, CONTRIBUTOR_PERSON);
        w->parts.number[0] = len;
        memcpy(w->parts.largest, largest, len * sizeof *largest);
        w->measure.values[0] = sum;
        w->measure.contributions = &w->parts;
        w->measure.contributions_len = 1;
        w->settings.contributors = 1u << CONTRIBUTOR_PERSON;
}

static enum cell_rule rule_of(struct world *w)
{
        assert_int_equal(disclosure_rules_apply(&w->table, &w->settings), ERR_OK);
        enum cell_rule rule = (enum cell_rule)w->table.rule[0];

        assert_int_equal(w->table.status[0], rule == CELL_RULE_NONE ? CELL_VALUE : CELL_PROTECTED);
        arena_free(&w->arena);
        return rule;
}

static bool sum_is_shown(struct world *w)
{
        assert_int_equal(disclosure_rules_apply(&w->table, &w->settings), ERR_OK);
        bool shown = w->measure.status[0] == CELL_VALUE;

        assert_int_equal(w->table.status[0], CELL_VALUE);
        arena_free(&w->arena);
        return shown;
}

/* Homogeneous groups ------------------------------------------------------------------------- */

static enum cell_rule rule_within(int64_t persons, int64_t margin, uint32_t fewest)
{
        struct world w;

        world_new(&w, persons);
        w.table.margin_persons[0] = margin;
        w.settings.homogeneous = fewest;
        return rule_of(&w);
}

static void a_cell_that_holds_nearly_all_of_its_margin_is_hidden(void **state)
{
        (void)state;
        assert_int_equal(rule_within(40, 40, 0), CELL_RULE_NONE);
        assert_int_equal(rule_within(40, 40, 1), CELL_RULE_HOMOGENEOUS);
        assert_int_equal(rule_within(40, 41, 1), CELL_RULE_NONE);
        assert_int_equal(rule_within(40, 42, 3), CELL_RULE_HOMOGENEOUS);
        assert_int_equal(rule_within(40, 43, 3), CELL_RULE_NONE);
}

static void what_only_identifies_is_never_homogeneous(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, 40);
        w.table.margin_persons[0] = w.table.margin_persons[1] = 40;
        w.settings.homogeneous = 1;
        w.dimension.identifying = true;
        assert_int_equal(disclosure_rules_apply(&w.table, &w.settings), ERR_OK);
        assert_int_equal(w.table.rule[0], CELL_RULE_NONE);
        assert_int_equal(w.table.rule[1], CELL_RULE_NONE);
        w.table.sensitive_filter = true;
        assert_int_equal(rule_of(&w), CELL_RULE_HOMOGENEOUS);

        /* The total of a sensitive dimension is all of its margin, and says nothing. */
        world_new(&w, 40);
        w.table.margin_persons[0] = w.table.margin_persons[1] = 40;
        w.settings.homogeneous = 1;
        assert_int_equal(disclosure_rules_apply(&w.table, &w.settings), ERR_OK);
        assert_int_equal(w.table.rule[0], CELL_RULE_HOMOGENEOUS);
        assert_int_equal(w.table.rule[1], CELL_RULE_NONE);
        arena_free(&w.arena);
}

/* Contributors ------------------------------------------------------------------------------- */

static void few_contributors_hide_a_cell(void **state)
{
        struct world w;

        (void)state;
        for (uint32_t number = 1; number < 5; number++) {
                world_new(&w, 100);
                municipalities(&w, number, 20);
                w.settings.number[CONTRIBUTOR_MUNICIPALITY] = 3;
                assert_int_equal(rule_of(&w), number < 3 ? CELL_RULE_CONTRIBUTORS : CELL_RULE_NONE);
        }
}

static void enough_are_left_when_the_largest_takes_its_own_away(void **state)
{
        struct world w;

        (void)state;
        for (int64_t largest = 90; largest < 100; largest++) {
                world_new(&w, 100);
                municipalities(&w, 4, largest);
                w.settings.remainder = 5;
                assert_int_equal(rule_of(&w), largest > 95 ? CELL_RULE_REMAINDER : CELL_RULE_NONE);
        }
        for (int64_t largest = 78; largest < 83; largest++) {
                world_new(&w, 100);
                municipalities(&w, 4, largest);
                w.settings.part_max = 80;
                assert_int_equal(rule_of(&w), largest > 80 ? CELL_RULE_REMAINDER : CELL_RULE_NONE);
        }
}

static void who_is_not_heeded_or_fixed_by_the_row_is_not_asked(void **state)
{
        struct world w;

        (void)state;
        struct category county = {.fixes = CONTRIBUTOR_MUNICIPALITY};
        for (int how = 0; how < 4; how++) {
                world_new(&w, 100);
                municipalities(&w, 1, 100);
                w.settings.number[CONTRIBUTOR_MUNICIPALITY] = 3;
                w.settings.remainder = 5;
                if (how == 3) /* of one municipality */
                        w.dimension.categories = &county;
                if (how == 0)
                        w.settings.contributors = 1u << CONTRIBUTOR_PROVIDER;
                if (how == 1)
                        w.dimension.fixes = CONTRIBUTOR_MUNICIPALITY;
                if (how == 2)
                        w.table.fixed = 1u << CONTRIBUTOR_MUNICIPALITY;
                assert_int_equal(rule_of(&w), CELL_RULE_NONE);
        }
        /* The total of the municipalities is not fixed. */
        world_new(&w, 100);
        municipalities(&w, 1, 100);
        w.contributions.number[1] = 2;
        w.settings.number[CONTRIBUTOR_MUNICIPALITY] = 3;
        w.dimension.fixes = CONTRIBUTOR_MUNICIPALITY;
        assert_int_equal(disclosure_rules_apply(&w.table, &w.settings), ERR_OK);
        assert_int_equal(w.table.rule[0], CELL_RULE_NONE);
        assert_int_equal(w.table.rule[1], CELL_RULE_CONTRIBUTORS);
        arena_free(&w.arena);
}

/* Magnitudes --------------------------------------------------------------------------------- */

static bool shown_under(
        struct disclosure_dominance d, int64_t sum, const int64_t *largest, uint32_t n)
{
        struct world w;

        world_new(&w, 50);
        parts(&w, sum, largest, n);
        w.settings.dominance = d;
        return sum_is_shown(&w);
}

/* Hundepool et al. 2012, 4.2: the largest is too large, or the second knows it too well. */
static void a_sum_that_few_make_up_is_hidden(void **state)
{
        const struct disclosure_dominance one_75 = {.n = 1, .k = 75}, two_85 = {.n = 2, .k = 85};
        const struct disclosure_dominance p_10 = {.p = 10}, pq = {.pq_p = 10, .pq_q = 50};

        (void)state;
        assert_true(shown_under(one_75, 100, (int64_t[]){75, 5, 5}, 3));
        assert_false(shown_under(one_75, 100, (int64_t[]){76, 5, 5}, 3));
        assert_true(shown_under(two_85, 100, (int64_t[]){70, 15, 5}, 3));
        assert_false(shown_under(two_85, 100, (int64_t[]){70, 16, 5}, 3));
        /* Left without the two largest: 10 of 100, just 10 % of the largest. */
        assert_true(shown_under(p_10, 130, (int64_t[]){100, 20, 5}, 3));
        assert_false(shown_under(p_10, 129, (int64_t[]){100, 20, 5}, 3));
        /* All are known to within half of them: 20 are uncertain by 10. */
        assert_true(shown_under(pq, 140, (int64_t[]){100, 20, 5}, 3));
        assert_false(shown_under(pq, 139, (int64_t[]){100, 20, 5}, 3));
        /* Debts count by their amount. */
        assert_false(shown_under(one_75, -100, (int64_t[]){76, 5, 5}, 3));
        assert_true(shown_under(one_75, -100, (int64_t[]){75, 5, 5}, 3));
        assert_true(shown_under(p_10, 0, (int64_t[]){0, 0}, 2));
        /* Products do not overflow. */
        assert_false(shown_under(one_75, INT64_MAX, (int64_t[]){INT64_MAX - 1, 1}, 2));
}

static void dominance_asks_only_heeded_types(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, 50);
        parts(&w, 100, (int64_t[]){99, 1}, 2);
        w.settings.dominance = (struct disclosure_dominance){.n = 1, .k = 50};
        w.settings.contributors = 1u << CONTRIBUTOR_FAMILY;
        assert_true(sum_is_shown(&w));
}

static void a_mean_is_judged_by_its_sum(void **state)
{
        struct world w;
        int64_t sums[2] = {100, 100};

        (void)state;
        world_new(&w, 50);
        w.measure.kind = MEASURE_MEAN;
        w.measure.sums = sums;
        parts(&w, 20, (int64_t[]){76, 1}, 2);
        w.settings.dominance = (struct disclosure_dominance){.n = 1, .k = 75};
        assert_false(sum_is_shown(&w));
}

static void few_who_contribute_to_a_sum_hide_it(void **state)
{
        struct world w;

        (void)state;
        for (uint32_t number = 2; number < 5; number++) {
                world_new(&w, 50);
                parts(&w, 100, (int64_t[]){30, 30, 20, 20}, number);
                w.settings.number[CONTRIBUTOR_PERSON] = 4;
                assert_int_equal(sum_is_shown(&w), number >= 4);
        }
}

/* Counts of some ----------------------------------------------------------------------------- */

static void a_count_of_nearly_all_hides_both_sides(void **state)
{
        struct world w;

        (void)state;
        for (int64_t n = 33; n <= 40; n++)
                for (int zeros = 0; zeros < 2; zeros++) {
                        world_new(&w, 40);
                        w.measure.kind = MEASURE_PERSONS;
                        w.measure.filtered = true;
                        w.measure.contributors[0] = n;
                        w.settings.zeros_published = zeros;
                        assert_int_equal(sum_is_shown(&w), n <= 35 || (n == 40 && zeros));
                }
}

/* Margins ------------------------------------------------------------------------------------ */

static void a_row_of_nobody_is_a_zero_where_zeros_are_published(void **state)
{
        struct world w;

        (void)state;
        for (int zeros = 0; zeros < 2; zeros++) {
                world_new(&w, 0);
                w.table.margin_persons[0] = 0;
                w.settings.zeros_published = zeros;
                assert_int_equal(rule_of(&w), zeros ? CELL_RULE_NONE : CELL_RULE_MARGIN);
        }
        world_new(&w, 0);
        w.table.margin_persons[0] = 4;
        assert_int_equal(rule_of(&w), CELL_RULE_MARGIN);
}

static void what_a_caller_hides_stays_hidden(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, 100);
        w.table.rule[0] = CELL_RULE_MARGIN;
        assert_int_equal(rule_of(&w), CELL_RULE_MARGIN);
}

static void settings_that_nobody_can_keep_are_refused(void **state)
{
        static const struct disclosure_dominance bad[] = {
                {.n = CONTRIBUTIONS_LARGEST + 1, .k = 80}, {.n = 1}, {.pq_p = 20, .pq_q = 10}};
        struct world w;

        (void)state;
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                world_new(&w, 50);
                w.settings.dominance = bad[i];
                assert_int_equal(disclosure_rules_apply(&w.table, &w.settings), ERR_INVALID);
                arena_free(&w.arena);
        }
}

static void costs_have_names(void **state)
{
        (void)state;
        for (int c = 0; c < DISCLOSURE_COST_COUNT; c++)
                assert_int_equal(disclosure_cost_find(bytes_of_text(
                                         disclosure_cost_name((enum disclosure_cost)c))),
                        c);
        assert_int_equal(disclosure_cost_find(bytes_of_text("nothing")), DISCLOSURE_COST_COUNT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cell_that_holds_nearly_all_of_its_margin_is_hidden),
                cmocka_unit_test(what_only_identifies_is_never_homogeneous),
                cmocka_unit_test(few_contributors_hide_a_cell),
                cmocka_unit_test(enough_are_left_when_the_largest_takes_its_own_away),
                cmocka_unit_test(who_is_not_heeded_or_fixed_by_the_row_is_not_asked),
                cmocka_unit_test(a_sum_that_few_make_up_is_hidden),
                cmocka_unit_test(dominance_asks_only_heeded_types),
                cmocka_unit_test(a_mean_is_judged_by_its_sum),
                cmocka_unit_test(few_who_contribute_to_a_sum_hide_it),
                cmocka_unit_test(a_count_of_nearly_all_hides_both_sides),
                cmocka_unit_test(a_row_of_nobody_is_a_zero_where_zeros_are_published),
                cmocka_unit_test(what_a_caller_hides_stays_hidden),
                cmocka_unit_test(settings_that_nobody_can_keep_are_refused),
                cmocka_unit_test(costs_have_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
