/* SPDX-License-Identifier: Apache-2.0 */
/* test_joint.c: whatever leaves together, nothing withheld can be computed from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/joint_world.h"

/* Tests ------------------------------------------------------------------------------------ */

static uint64_t cases(uint64_t n)
{
        return getenv("STATGATE_LONG") != NULL ? n * 20 : n;
}

static void no_hidden_cell_of_one_table_is_a_sum_of_shown_ones(void **state)
{
        size_t hidden = 0;

        (void)state;
        for (uint64_t seed = 0; seed < cases(400); seed++) {
                struct world w;

                world_new(&w, seed, false, false);
                check(&w);
                assert_safe_from_the_lonely(&w);
                hidden += w.report.secondary;
                arena_free(&w.arena);
        }
        assert_true(hidden > 100);
}

static void no_withheld_measure_is_a_sum_of_what_is_shown(void **state)
{
        size_t hidden = 0, shown = 0;

        (void)state;
        for (uint64_t seed = 0; seed < cases(1000); seed++) {
                struct world w;

                world_new(&w, seed, false, true);
                check(&w);
                hidden += w.report.measures_by_rule[CELL_RULE_SECONDARY];
                shown += w.report.measures_by_rule[CELL_RULE_NONE];
                arena_free(&w.arena);
        }
        assert_true(hidden > 100 && shown > 1000);
}

static void tables_that_share_margins_do_not_help_each_other(void **state)
{
        size_t hidden = 0;

        (void)state;
        for (uint64_t seed = 0; seed < cases(600); seed++) {
                struct world w;

                world_new(&w, seed, true, seed % 2 == 0);
                check(&w);
                hidden += w.report.secondary;
                arena_free(&w.arena);
        }
        assert_true(hidden > 100);
}

static void other_codes_are_as_safe(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < 100; seed++)
                for (int change = PERMUTED; change <= SPLIT; change++) {
                        struct world w;

                        world_make(&w, 5000 + seed, seed % 2, seed % 4 > 1, (enum change)change);
                        check(&w);
                        arena_free(&w.arena);
                }
}

/* Municipalities that are rows of the table know their own cells: two hidden ones of a sum
 * would know each other. */
static void a_contributor_learns_of_no_other(void **state)
{
        size_t hidden = 0, without = 0;

        (void)state;
        for (uint64_t seed = 0; seed < cases(150); seed++) {
                struct world w;
                int64_t v[ROWS], other[ROWS];

                world_new(&w, seed, false, false);
                check(&w);
                without += w.report.secondary;
                arena_free(&w.arena);
                world_new(&w, seed, false, false);
                w.dimension[0][0].fixes = CONTRIBUTOR_MUNICIPALITY;
                w.settings.contributors = 1u << CONTRIBUTOR_MUNICIPALITY;
                check(&w);
                hidden += w.report.secondary;
                for (size_t c = 0; c < w.table[0].cells_len; c++) {
                        uint32_t at[DIMENSIONS_MAX];

                        table_coordinates(&w.table[0], c, at);
                        if (is_shown(&w, 0, c, UINT32_MAX) || at[0] == w.leaves[0] ||
                                column(&w, 0, c, &everybody, v) == 0)
                                continue;
                        struct spans s = spans_of(&w);
                        dense_span_add(s.persons, v);
                        for (size_t k = 0; k < w.table[0].cells_len; k++)
                                if (!is_shown(&w, 0, k, UINT32_MAX) &&
                                        w.table[0].rule[k] != CELL_RULE_SECONDARY &&
                                        column(&w, 0, k, &everybody, other) > 0 &&
                                        memcmp(v, other, w.inner * GROUNDS * sizeof *v) != 0)
                                        assert_false(dense_span_holds(s.persons, other));
                        spans_free(&s);
                }
                arena_free(&w.arena);
        }
        assert_true(hidden > without);
}

static void no_cell_is_told_nearly_where_a_width_is_asked_for(void **state)
{
        size_t audited = 0, wider = 0, all = 0;

        (void)state;
        for (uint64_t seed = 0; seed < cases(150); seed++) {
                struct world w;

                world_new(&w, 7000 + seed, seed % 3 == 0, false);
                w.settings.interval = (uint32_t)(seed % 4);
                w.settings.audit_cells_max = 1000;
                world_protect(&w);
                assert_wiped(&w);
                assert_int_equal(computable(&w), 0);
                assert_true(w.report.exact == 0 || w.report.hidden_all);
                audited += w.report.audited;
                wider += w.report.by_rule[CELL_RULE_INTERVAL];
                all += w.report.hidden_all;
                arena_free(&w.arena);
        }
        assert_true(audited > 100 && wider > 0 && all < cases(150) / 10);
}

/* Linked tables may all be coarser than the dimensions that they share. */
static void a_width_that_nobody_looked_for_is_told(void **state)
{
        size_t unasked = 0;

        (void)state;
        for (uint64_t seed = 0; seed < 200; seed++) {
                struct world w;
                size_t hidden = 0;

                world_new(&w, seed, seed % 2 == 0, false);
                w.settings.interval = seed % 3 == 0 ? 0 : 3;
                world_protect(&w);
                for (uint32_t t = 0; t < w.tables_len; t++)
                        for (size_t c = 0; c < w.table[t].cells_len; c++)
                                hidden += !is_shown(&w, t, c, UINT32_MAX);
                assert_true(w.report.interval_unasked <= hidden);
                assert_true(w.report.audit_of <= hidden);
                assert_int_equal(w.report.audited, 0);
                if (w.settings.interval == 0 || seed % 2 == 1)
                        assert_int_equal(w.report.interval_unasked, 0);
                unasked += w.report.interval_unasked > 0;
                arena_free(&w.arena);
        }
        assert_true(unasked > 0);
}

/* Some are in several categories, and nobody said that one can be. */
static void persons_who_are_in_several_categories_are_audited_too(void **state)
{
        size_t audited = 0;

        (void)state;
        for (uint64_t seed = 0; seed < 60; seed++) {
                struct world w;

                world_new(&w, 9000 + seed, false, false);
                struct table *t = &w.table[0];
                for (size_t c = 0; c < t->cells_len; c++) {
                        uint32_t at[DIMENSIONS_MAX];
                        int64_t largest = 0;

                        table_coordinates(t, c, at);
                        if (at[0] != w.leaves[0])
                                continue;
                        for (at[0] = 0; at[0] < w.leaves[0]; at[0]++)
                                if (t->persons[table_cell(t, at)] > largest)
                                        largest = t->persons[table_cell(t, at)];
                        t->persons[c] -= (t->persons[c] - largest) / 3;
                }
                w.dimension[0][0].overlapping = seed % 2 == 0;
                w.settings.audit_cells_max = 1000;
                world_protect(&w);
                assert_wiped(&w);
                assert_true(w.report.exact == 0 || w.report.hidden_all);
                assert_true(w.report.audited == w.report.audit_of);
                audited += w.report.audited;
                arena_free(&w.arena);
        }
        assert_true(audited > 100);
}

/* Where nobody says what filters mean, and where one may say what another is. */
static void measures_of_which_nothing_is_known_tell_nothing(void **state)
{
        size_t shown = 0, withheld = 0;

        (void)state;
        for (uint64_t seed = 0; seed < cases(300); seed++) {
                struct world w;
                struct meaning doubtful;

                world_new(&w, seed, false, true);
                doubtful = *w.table[0].meaning;
                doubtful.doubtful = UINT32_MAX;
                doubtful.doubtful_dimensions = UINT32_MAX;
                w.table[0].meaning = seed % 2 == 0 ? NULL : &doubtful;
                check(&w);
                shown += w.report.measures_by_rule[CELL_RULE_NONE];
                withheld += w.report.measures_by_rule[CELL_RULE_SECONDARY];
                arena_free(&w.arena);
        }
        assert_true(shown > 0 && withheld > shown);
}

static void the_same_question_has_the_same_answer(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < 50; seed++) {
                struct world a, b;

                world_new(&a, seed, seed % 2, true);
                world_new(&b, seed, seed % 2, true);
                world_protect(&a);
                world_protect(&b);
                for (uint32_t t = 0; t < a.tables_len; t++)
                        assert_memory_equal(
                                a.table[t].status, b.table[t].status, a.table[t].cells_len);
                assert_int_equal(a.report.work, b.report.work);
                arena_free(&a.arena);
                arena_free(&b.arena);
        }
}

static void what_ends_early_leaves_nothing_unsafe(void **state)
{
        size_t all = 0;

        (void)state;
        for (uint64_t limit = 1; limit < 4000; limit += 37) {
                struct world w;

                world_new(&w, limit, false, true);
                w.settings.work_limit = limit;
                w.ended_early = true;
                world_protect(&w);
                assert_wiped(&w);
                assert_int_equal(computable(&w), 0);
                all += w.report.hidden_all;
                arena_free(&w.arena);
        }
        assert_true(all < 100);
}

static void a_call_that_is_cancelled_leaves_nothing(void **state)
{
        atomic_bool cancel = true;
        struct world w;

        (void)state;
        world_new(&w, 3, false, true);
        assert_int_equal(disclosure_protect(w.arena, &w.release, &w.settings, &cancel, &w.report),
                ERR_CANCELLED);
        for (size_t c = 0; c < w.table[0].cells_len; c++) {
                assert_int_equal(w.table[0].status[c], CELL_PROTECTED);
                assert_int_equal(w.table[0].persons[c], 0);
        }
        arena_free(&w.arena);
}

static void axes_that_do_not_fit_are_refused(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, 3, false, false);
        w.release.axes = w.axes;
        w.release.leaves = w.leaves;
        w.release.shared_len = w.len;
        w.axis[0][0].shared = DIMENSIONS;
        assert_int_equal(
                disclosure_protect(w.arena, &w.release, &w.settings, NULL, &w.report), ERR_INVALID);
        w.axis[0][0].shared = 0;
        w.axis[0][0].of_leaf = (const uint32_t[]){99, 99, 99, 99};
        assert_int_equal(
                disclosure_protect(w.arena, &w.release, &w.settings, NULL, &w.report), ERR_INVALID);
        w.release.tables_len = 0;
        assert_int_equal(
                disclosure_protect(w.arena, &w.release, &w.settings, NULL, &w.report), ERR_INVALID);
        arena_free(&w.arena);
}

/* The oracle itself: rules alone are broken by subtraction. */
static void without_secondary_protection_hidden_cells_are_found(void **state)
{
        uint32_t found = 0;

        (void)state;
        for (uint64_t seed = 0; seed < 100; seed++) {
                struct world w;

                world_new(&w, seed, false, true);
                w.settings.secondary = false;
                world_protect(&w);
                assert_wiped(&w);
                found += computable(&w) > 0;
                arena_free(&w.arena);
        }
        assert_true(found > 50);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_hidden_cell_of_one_table_is_a_sum_of_shown_ones),
                cmocka_unit_test(no_withheld_measure_is_a_sum_of_what_is_shown),
                cmocka_unit_test(tables_that_share_margins_do_not_help_each_other),
                cmocka_unit_test(other_codes_are_as_safe),
                cmocka_unit_test(a_contributor_learns_of_no_other),
                cmocka_unit_test(no_cell_is_told_nearly_where_a_width_is_asked_for),
                cmocka_unit_test(a_width_that_nobody_looked_for_is_told),
                cmocka_unit_test(persons_who_are_in_several_categories_are_audited_too),
                cmocka_unit_test(measures_of_which_nothing_is_known_tell_nothing),
                cmocka_unit_test(the_same_question_has_the_same_answer),
                cmocka_unit_test(what_ends_early_leaves_nothing_unsafe),
                cmocka_unit_test(a_call_that_is_cancelled_leaves_nothing),
                cmocka_unit_test(axes_that_do_not_fit_are_refused),
                cmocka_unit_test(without_secondary_protection_hidden_cells_are_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
