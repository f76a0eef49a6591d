/* SPDX-License-Identifier: Apache-2.0 */
/* test_published_examples.c: what others have printed about tables, held against ours.
 *
 *      Handbook    Hundepool, Domingo-Ferrer, Franconi, Giessing et al., Handbook on
 *                  Statistical Disclosure Control, 2nd edition (2024), chapters 4 and 5
 *      sdcTable    Meindl, R package sdcTable (Statistics Austria): its example problem and
 *                  the problems of its tests
 *      Gauss       Langsrud and Lupp, R package GaussSuppression (Statistics Norway), vignette
 *                  "Linked table suppression"
 *      ptable      Enderle, R package ptable (Destatis), vignette
 *
 * Figures are theirs; only what they say of them is asked. Small counts of GaussSuppression
 * are in test_suppress_examples.c, its magnitudes in test_protect_examples.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/cellkey.h"
#include "gateway/disclosure/disclosure.h"
#include "gateway/disclosure/optimum.h"
#include "gateway/disclosure/rounding.h"
#include "tests/support/published_release.h"

enum { ARENA = 16 << 20 };

/* A table of the literature: shape, inner cells, and what is sensitive. */
struct example {
        struct arena *arena;
        struct random_options options;
        struct random_release r;
        struct model model;
        struct suppress_result hidden;
        struct optimum_result least;
        struct published_release seen;
        struct audit_verdict verdict;
};

static void dimension_add(struct example *x, uint32_t leaves)
{
        x->r.dimension[x->r.release.dimensions_len++] =
                (struct model_dimension){.leaves = leaves, .levels = NULL};
}

static void level_add(struct example *x, uint32_t dimension, uint32_t len, const uint32_t *parent)
{
        struct model_dimension *d = &x->r.dimension[dimension];
        uint32_t l = d->levels_len++;

        memcpy(x->r.parent[dimension][l], parent, d->leaves * sizeof *parent);
        x->r.level[dimension][l] =
                (struct model_level){.parent = x->r.parent[dimension][l], .len = len};
        d->levels = x->r.level[dimension];
}

static void table_add(struct example *x, uint32_t len, const uint32_t *dimensions)
{
        uint32_t t = x->r.release.tables_len++;

        memcpy(x->r.of_table[t], dimensions, len * sizeof *dimensions);
        x->r.table[t].dimensions = x->r.of_table[t];
        x->r.table[t].dimensions_len = len;
}

/* With its inner cells, last dimension fastest. */
static void cells_make(struct example *x, const uint32_t *values)
{
        x->r.release.dimensions = x->r.dimension;
        x->r.release.tables = x->r.table;
        x->r.inner = 1;
        for (uint32_t d = 0; d < x->r.release.dimensions_len; d++)
                x->r.inner *= x->r.dimension[d].leaves;
        x->r.value = arena_alloc(x->arena, x->r.inner, sizeof *x->r.value);
        memcpy(x->r.value, values, x->r.inner * sizeof *values);
        for (uint32_t t = 0; t < x->r.release.tables_len; t++) {
                struct model_table *table = &x->r.table[t];

                assert_int_equal(model_table_cells(x->r.dimension, table, &x->r.cells[t]), ERR_OK);
                x->r.cell[t] = arena_alloc(x->arena, x->r.cells[t], sizeof *x->r.cell[t]);
                table->cells = x->r.cell[t];
        }
        random_release_fill(&x->options, &x->r);
}

/* Rows by columns, with margins. */
static void example_two_way(struct example *x, uint32_t rows, uint32_t columns, uint32_t threshold,
        const uint32_t *values)
{
        *x = (struct example){.arena = arena_new(ARENA),
                .options = {.threshold = threshold, .zeros_published = true}};
        dimension_add(x, rows);
        dimension_add(x, columns);
        table_add(x, 2, (const uint32_t[]){0, 1});
        cells_make(x, values);
}

static void is_sensitive(struct example *x, uint32_t row, uint32_t column)
{
        x->r.cell[0][row * (x->r.dimension[1].leaves + 1) + column].role = MODEL_ROLE_PROTECT;
}

static void hide(struct example *x)
{
        const struct suppress_options once = {.starts = 1};

        assert_int_equal(model_new(x->arena, &x->r.release, &x->model), ERR_OK);
        assert_int_equal(suppress_run(x->arena, &x->model, &once, &x->hidden), ERR_OK);
        assert_true(x->hidden.proved);
        assert_int_equal(optimum_run(x->arena, &x->model, &x->hidden, &(struct optimum_options){0},
                                 &x->least),
                ERR_OK);
        assert_true(x->least.optimal);
}

static void attack(struct example *x, const struct suppress_result *pattern)
{
        published_release_new(x->arena, &x->r, pattern, 0, 2, x->options.zeros_published, &x->seen);
        assert_int_equal(audit_run(x->arena, &x->seen.release,
                                 &(struct audit_options){.attacker = AUDIT_REAL}, &x->verdict),
                ERR_OK);
        assert_true(x->verdict.feasible);
}

static void assert_interval(const struct example *x, size_t cell, int64_t low, int64_t high)
{
        for (size_t i = 0; i < x->verdict.len; i++)
                if (x->verdict.intervals[i].cell == cell && x->verdict.intervals[i].table == 0) {
                        assert_int_equal(x->verdict.intervals[i].low, low);
                        assert_int_equal(x->verdict.intervals[i].high, high);
                        return;
                }
        fail();
}

/* 'x' for what is hidden, in the order of cells. */
static void assert_pattern(
        const struct suppress_result *pattern, size_t first, size_t len, const char *hidden)
{
        char found[512] = {0};

        for (size_t i = 0; i < len; i++)
                found[i] = pattern->status[first + i] <= SUPPRESS_SECONDARY ? 'x'
                           : pattern->status[first + i] == SUPPRESS_ABSENT  ? '-'
                                                                            : '.';
        assert_string_equal(found, hidden);
}

/* Handbook, chapter 4, example 3 (Geurts 1992, table 10): four cells hidden, the first of which
 * is between 3 and 6. */
static void the_feasibility_interval_of_the_handbook(void **state)
{
        struct example x;

        (void)state;
        example_two_way(&x, 3, 2, 1, (const uint32_t[]){5, 2, 1, 2, 3, 3});
        for (uint32_t i = 0; i < 4; i++)
                is_sensitive(&x, i / 2, i % 2);
        hide(&x);
        assert_int_equal(x.hidden.secondary, 0);
        attack(&x, &x.hidden);
        assert_int_equal(x.verdict.len, 4);
        assert_interval(&x, 0, 3, 6);
        assert_interval(&x, 1, 1, 4);
        assert_interval(&x, 3, 0, 3);
        assert_interval(&x, 4, 0, 3);
        arena_free(&x.arena);
}

/* sdcTable, test-simpleheuristic.R: two hidden cells in every row and column, and still one of
 * them is the difference of two rows and two columns. One cell more is enough. */
static void two_in_every_line_are_not_enough(void **state)
{
        static const uint32_t values[] = {
                30, 47, 64, 89, 90, 124, 5, 31, 92, 100, 59, 85, 800, 991, 651, 685};
        static const uint32_t hidden[][2] = {
                {0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 2}, {2, 1}, {2, 3}, {3, 1}, {3, 3}};
        struct suppress_result small = {0};
        struct example x;

        (void)state;
        example_two_way(&x, 4, 4, 1, values);
        small.status = arena_alloc(x.arena, x.r.cells[0], 1);
        memset(small.status, SUPPRESS_PUBLISHED, x.r.cells[0]);
        for (size_t i = 0; i < 9; i++) {
                is_sensitive(&x, hidden[i][0], hidden[i][1]);
                small.status[hidden[i][0] * 5 + hidden[i][1]] = SUPPRESS_PRIMARY;
        }
        attack(&x, &small);
        assert_int_equal(x.verdict.exact, 1);
        assert_interval(&x, 1, 47, 47);
        hide(&x);
        assert_int_equal(x.least.pattern.secondary, 1);
        attack(&x, &x.least.pattern);
        assert_int_equal(x.verdict.exact, 0);
        assert_interval(&x, 1, 0, 78);
        arena_free(&x.arena);
}

/* sdcTable, example problem: of region by gender one cell is sensitive, and least is lost with
 * the square of regions A and C, both in cells and in persons. */
static void the_optimum_of_the_example_problem(void **state)
{
        static const uint32_t values[] = {18, 2, 14, 19, 12, 10, 11, 14};
        struct example x;

        (void)state;
        example_two_way(&x, 4, 2, 3, values);
        hide(&x);
        assert_int_equal(x.hidden.primary, 1);
        assert_int_equal(x.least.pattern.secondary, 3);
        assert_int_equal(x.hidden.secondary, 3);
        for (size_t i = 0; i < x.r.cells[0]; i++)
                x.r.cell[0][i].cost = (uint32_t)x.r.cell[0][i].want;
        hide(&x);
        assert_int_equal(x.least.pattern.cost, 18 + 12 + 10);
        assert_pattern(&x.least.pattern, 0, x.r.cells[0], "xx....xx.......");
        attack(&x, &x.least.pattern);
        assert_interval(&x, 1, 0, 12);
        arena_free(&x.arena);
}

/* sdcTable, test-linked-tables.R: municipalities in counties and in sizes. Each of the two
 * tables is safe alone; together their difference is two municipalities, so one more is hidden. */
static void two_groupings_of_the_same_places_need_one_more(void **state)
{
        static const uint32_t values[] = {2, 2, 8, 8, 3, 3, 3, 7},
                              county[] = {0, 0, 0, 0, 1, 1, 1, 1},
                              size[] = {0, 0, 0, 0, 0, 1, 1, 0};
        struct example x = {.options = {.threshold = 4, .zeros_published = true}};

        (void)state;
        for (uint32_t levels = 1; levels <= 2; levels++) {
                for (uint32_t first = 0; first < 3 - levels; first++) {
                        x = (struct example){.arena = arena_new(ARENA), .options = x.options};
                        dimension_add(&x, 8);
                        level_add(&x, 0, 2, first == 0 ? county : size);
                        if (levels == 2)
                                level_add(&x, 0, 2, size);
                        table_add(&x, 1, (const uint32_t[]){0});
                        cells_make(&x, values);
                        hide(&x);
                        assert_int_equal(x.hidden.primary, 5);
                        assert_int_equal(x.hidden.secondary, levels - 1);
                        assert_int_equal(x.least.pattern.secondary, levels - 1);
                        if (levels == 2)
                                assert_pattern(&x.hidden, 0, x.r.cells[0], "xx..xxxx.....");
                        arena_free(&x.arena);
                }
        }
}

/* Gauss, linked tables 1 and 3: age by union by year beside country by year. All zeros are
 * known. Protected together, as printed there. */
static void linked_tables_are_hidden_as_printed(void **state)
{
        /* Young and old; Iceland, Portugal, Spain; 2014 to 2016. */
        static const uint32_t values[] = {8, 2, 2, 0, 0, 2, 6, 0, 7, 0, 0, 0, 1, 3, 0, 9, 4, 0};
        static const uint32_t inside[] = {0, 1, 1};
        struct example x = {
                .arena = arena_new(ARENA), .options = {.threshold = 3, .zeros_published = true}};

        (void)state;
        dimension_add(&x, 2);
        dimension_add(&x, 3);
        dimension_add(&x, 3);
        level_add(&x, 1, 2, inside);
        table_add(&x, 3, (const uint32_t[]){0, 1, 2});
        table_add(&x, 2, (const uint32_t[]){1, 2});
        cells_make(&x, values);
        /* The first shows unions and no countries, the second countries and no unions. */
        for (size_t i = 0; i < x.r.cells[0]; i++)
                if (i / 4 % 6 < 3 && x.r.cell[0][i].role != MODEL_ROLE_ZERO)
                        x.r.cell[0][i].role = MODEL_ROLE_ABSENT;
        for (size_t i = 0; i < x.r.cells[1]; i++)
                if (i / 4 == 3 || i / 4 == 4)
                        x.r.cell[1][i].role = MODEL_ROLE_ABSENT;
        hide(&x);
        /* Outside, inside, all: by year and in all; young, old, both. */
        static const char *const unions[] = {".xx.....", ".xx.", /* young */
                "........", "....",                              /* old */
                ".xx.....", ".xx." /* both */};
        size_t at = 0;
        for (size_t age = 0; age < 3; age++)
                for (size_t node = 3; node < 6; node++)
                        for (size_t year = 0; year < 4; year++, at++) {
                                const char *of = node < 5 ? unions[2 * age] + 4 * (node - 3)
                                                          : unions[2 * age + 1];
                                bool found = x.hidden.status[(age * 6 + node) * 4 + year] <=
                                             SUPPRESS_SECONDARY;

                                assert_int_equal(found, of[year] == 'x');
                        }
        assert_pattern(&x.hidden, x.r.cells[0], x.r.cells[1],
                ".xx." /* Iceland */
                "x.x." /* Portugal */
                "x.x." /* Spain */
                "--------"
                ".xx.");
        arena_free(&x.arena);
}

/* Magnitudes --------------------------------------------------------------------------------- */

/* One cell a category, by who makes it up. */
struct parts {
        int64_t sum, largest[CONTRIBUTIONS_LARGEST];
        uint32_t number;
};

static unsigned dominated(const struct parts *parts, uint32_t len, struct disclosure_dominance rule)
{
        struct arena *arena = arena_new(ARENA);
        struct dimension dimension = {.len = len, .identifying = true};
        struct measure measure = {.kind = MEASURE_SUM};
        struct table t = {.dimensions = &dimension,
                .dimensions_len = 1,
                .measures = &measure,
                .measures_len = 1};
        struct contributions c = {.type = CONTRIBUTOR_PERSON};
        const struct disclosure_settings settings = {.threshold = 1,
                .zeros_published = true,
                .contributors = 1u << CONTRIBUTOR_PERSON,
                .dominance = rule};
        unsigned found = 0;

        assert_int_equal(table_alloc(arena, &t), ERR_OK);
        c.number = arena_alloc(arena, t.cells_len, sizeof *c.number);
        c.largest = arena_alloc(arena, t.cells_len * CONTRIBUTIONS_LARGEST, sizeof *c.largest);
        measure.status = arena_alloc(arena, t.cells_len, 1);
        measure.contributions = &c;
        measure.contributions_len = 1;
        for (uint32_t i = 0; i < len; i++) {
                t.persons[i] = t.records[i] = t.margin_persons[i] = parts[i].number;
                measure.values[i] = parts[i].sum;
                measure.contributors[i] = parts[i].number;
                c.number[i] = parts[i].number;
                memcpy(c.largest + (size_t)i * CONTRIBUTIONS_LARGEST, parts[i].largest,
                        sizeof parts[i].largest);
        }
        assert_int_equal(disclosure_rules_apply(&t, &settings), ERR_OK);
        for (uint32_t i = 0; i < len; i++)
                found |= (unsigned)(measure.status[i] == CELL_PROTECTED) << i;
        arena_free(&arena);
        return found;
}

/* Handbook, chapter 4: example 1, safe by (1,90) though the second is within 2 %; example 2,
 * within 15.4 %, but the two largest have more than 90.9 % of it; example 4 with (1,85). */
static void concentration_rules_judge_as_the_handbook(void **state)
{
        static const struct parts one = {100000, {50000, 49000, 1000}, 3};
        static const struct parts two = {110000, {52000, 50000, 8000}, 3};
        static const struct parts four = {330, {300, 20, 10}, 3};

        (void)state;
        assert_false(dominated(&one, 1, (struct disclosure_dominance){.n = 1, .k = 90}));
        assert_false(dominated(&one, 1, (struct disclosure_dominance){.p = 2}));
        assert_true(dominated(&one, 1, (struct disclosure_dominance){.p = 3}));
        assert_false(dominated(&two, 1, (struct disclosure_dominance){.p = 10}));
        assert_false(dominated(&two, 1, (struct disclosure_dominance){.p = 15}));
        assert_true(dominated(&two, 1, (struct disclosure_dominance){.p = 16}));
        assert_true(dominated(&two, 1, (struct disclosure_dominance){.n = 2, .k = 91}));
        assert_true(dominated(&four, 1, (struct disclosure_dominance){.n = 1, .k = 85}));
}

/* sdcTable, example problem and test-primarySuppression.R: of its cells only women in A, of whom
 * there are two, and men in D, one of whom has 280 of 366, are sensitive, by four rules. */
static void the_example_problem_has_two_sensitive_magnitudes(void **state)
{
        static const struct parts cells[] = {{1284, {280, 19}, 100}, {802, {280, 18}, 55},
                {482, {19, 18}, 45}, {198, {18, 15}, 20}, {178, {18, 15}, 18}, {20, {11, 9}, 2},
                {344, {18, 16}, 33}, {140, {15, 14}, 14}, {204, {18, 16}, 19}, {224, {19, 18}, 22},
                {118, {18, 12}, 12}, {106, {19, 12}, 10}, {518, {280, 18}, 25},
                {366, {280, 11}, 11}, {152, {18, 16}, 14}};
        static const struct disclosure_dominance rules[] = {
                {.n = 2, .k = 75}, {.p = 30}, {.p = 70}, {.pq_p = 60, .pq_q = 80}};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rules); i++)
                assert_int_equal(dominated(cells, ARRAY_LEN(cells), rules[i]), 1u << 5 | 1u << 13);
}

/* Noise -------------------------------------------------------------------------------------- */

/* ptable, vignette: at most 2, variance 1.08, no ones. Of a count of 1 three outcomes are left,
 * so that the moments say all: 0.5133 that it falls, 0.46 that it is 2, 0.0267 that it is 3. */
static void a_count_of_one_becomes_what_the_vignette_says(void **state)
{
        const struct cellkey_settings settings = {.variance = 1.08, .deviation = 2, .smallest = 2};
        struct arena *arena = arena_new(ARENA);
        const struct cellkey *c;

        (void)state;
        assert_int_equal(cellkey_new(arena, &settings, &c), ERR_OK);
        assert_float_equal(cellkey_probability(c, 1, -1), 0.5133, 0.00005);
        assert_float_equal(cellkey_probability(c, 1, 1), 0.46, 0.00005);
        assert_float_equal(cellkey_probability(c, 1, 2), 0.0267, 0.00005);
        assert_float_equal(cellkey_probability(c, 1, 0), 0, 1e-9);
        assert_float_equal(cellkey_probability(c, 0, 0), 1, 1e-9);
        arena_free(&arena);
}

/* Rounding ----------------------------------------------------------------------------------- */

/* Handbook, chapter 5, population by sex and area to base 5: every cell and total at a multiple
 * next to it, adding up; and the solution that is printed is one of those found. */
static void the_controlled_rounding_of_the_handbook_is_among_ours(void **state)
{
        static const int64_t values[] = {1, 0, 3, 3, 12, 20}, printed[] = {5, 0, 0, 5, 10, 20};
        static const uint32_t counts[] = {1, 0, 3, 3, 12, 20};
        bool seen = false;
        struct example x;

        (void)state;
        example_two_way(&x, 3, 2, 1, counts);
        for (size_t i = 0; i < x.r.cells[0]; i++)
                x.r.cell[0][i].role = MODEL_ROLE_OPEN;
        assert_int_equal(model_new(x.arena, &x.r.release, &x.model), ERR_OK);
        assert_int_equal(x.model.rows, 6);
        for (uint64_t seed = 0; seed < 400; seed++) {
                const struct rounding_options options = {.base = 5, .seed = seed};
                struct rounding_result result;
                int64_t rows[6];
                uint32_t same = 0;

                for (uint32_t r = 0; r < 6; r++)
                        rows[r] = values[x.model.inner[r]];
                assert_int_equal(rounding_run(x.arena, &x.model, rows, &options, &result), ERR_OK);
                assert_true(result.controlled && result.margin_most < 5);
                for (uint32_t r = 0; r < 6; r++)
                        same += result.rows[r] == printed[x.model.inner[r]];
                seen |= same == 6;
        }
        assert_true(seen);
        arena_free(&x.arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_feasibility_interval_of_the_handbook),
                cmocka_unit_test(two_in_every_line_are_not_enough),
                cmocka_unit_test(the_optimum_of_the_example_problem),
                cmocka_unit_test(two_groupings_of_the_same_places_need_one_more),
                cmocka_unit_test(linked_tables_are_hidden_as_printed),
                cmocka_unit_test(concentration_rules_judge_as_the_handbook),
                cmocka_unit_test(the_example_problem_has_two_sensitive_magnitudes),
                cmocka_unit_test(a_count_of_one_becomes_what_the_vignette_says),
                cmocka_unit_test(the_controlled_rounding_of_the_handbook_is_among_ours),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
