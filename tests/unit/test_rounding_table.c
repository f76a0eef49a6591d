/* SPDX-License-Identifier: Apache-2.0 */
/* test_rounding_table.c: whole tables to multiples: parts add up to totals, the same persons
 * are rounded alike in other company and other words, measures follow, nothing that was
 * hidden is there, and nothing exact is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fraction.h"
#include "gateway/disclosure/rounding_table.h"

enum { M_PERSONS, M_RECORDS, M_SOME, M_SUM, M_MEAN, M_SHARE, M_FAMILIES, M_MEDIAN, M_LEN };
static const enum measure_kind kinds[M_LEN] = {MEASURE_PERSONS, MEASURE_RECORDS, MEASURE_PERSONS,
        MEASURE_SUM, MEASURE_MEAN, MEASURE_SHARE, MEASURE_FAMILIES, MEASURE_MEDIAN};
static const char *const names[] = {"kommun", "form", "kon", "alder"};

static struct arena *arena;
static uint64_t seed;

static uint64_t dice(uint64_t below)
{
        uint64_t z = seed += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele et al. 2014) */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (z ^ z >> 31) % below;
}

static int setup(void **state)
{
        (void)state;
        arena = arena_new(1 << 30);
        return arena == NULL;
}

static int teardown(void **state)
{
        (void)state;
        arena_free(&arena);
        return 0;
}

static void *room(size_t n, size_t size)
{
        void *p = arena_alloc(arena, n, size);

        assert_non_null(p);
        return p;
}

/* Tables ------------------------------------------------------------------------------------- */

static struct dimension dimension_of(const char *name, uint32_t len, bool overlapping)
{
        struct dimension d = {.variable = bytes_of_text(name),
                .len = len,
                .overlapping = overlapping,
                .categories = room(len + 1, sizeof(struct category))};

        for (uint32_t i = 0; i < len; i++) {
                char *code = room(8, 1);

                (void)snprintf(code, 8, "%03u", i % 1000);
                d.categories[i].code = bytes_of_text(code);
        }
        return d;
}

static void measures_of(struct table *t)
{
        t->measures_len = M_LEN;
        t->measures = room(M_LEN, sizeof *t->measures);
        for (uint32_t k = 0; k < M_LEN; k++)
                t->measures[k].kind = kinds[k];
        t->measures[M_SOME].filtered = true;
}

static bool is_inner(const struct table *t, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX];

        table_coordinates(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if (at[d] == t->dimensions[d].len)
                        return false;
        return true;
}

/* Adds an inner cell to all cells it is in. */
static void add_up(struct table *t, size_t inner, int64_t *const arrays[], unsigned len)
{
        uint32_t at[DIMENSIONS_MAX], of[DIMENSIONS_MAX];

        table_coordinates(t, inner, at);
        for (unsigned mask = 1; mask < 1u << t->dimensions_len; mask++) {
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        of[d] = mask >> d & 1 ? t->dimensions[d].len : at[d];
                size_t cell = table_cell(t, of);

                for (unsigned i = 0; i < len; i++)
                        arrays[i][cell] += arrays[i][inner];
                t->cell_key[cell] += t->cell_key[inner];
        }
}

static void fill(struct table *t)
{
        struct measure *m = t->measures;
        int64_t *const arrays[] = {t->persons, t->records, m[M_SOME].values, m[M_SUM].values};

        for (size_t i = 0; i < t->cells_len; i++) {
                if (!is_inner(t, i))
                        continue;
                t->persons[i] = dice(4) == 0 ? 0 : (int64_t)dice(70);
                t->records[i] = t->persons[i] + (int64_t)(t->persons[i] > 0 ? dice(20) : 0);
                m[M_SOME].values[i] = (int64_t)dice((uint64_t)t->persons[i] + 1);
                m[M_SUM].values[i] =
                        1000 * t->persons[i] + (int64_t)dice(500) * (t->persons[i] > 0);
                t->cell_key[i] = t->persons[i] > 0 ? (uint32_t)dice(UINT32_MAX) : 0;
                add_up(t, i, arrays, 4);
        }
}

static void copy(struct table *t, const int64_t *from, int64_t *to)
{
        if (to != NULL)
                memcpy(to, from, t->cells_len * sizeof *to);
}

static void follow_counts(struct table *t)
{
        struct measure *m = t->measures;

        copy(t, t->persons, m[M_PERSONS].values);
        copy(t, t->records, m[M_RECORDS].values);
        copy(t, m[M_SOME].values, m[M_SOME].contributors);
        copy(t, t->persons, m[M_SUM].contributors);
        copy(t, t->persons, m[M_MEAN].contributors);
        copy(t, t->persons, m[M_MEDIAN].contributors);
        copy(t, t->persons, m[M_FAMILIES].contributors);
        copy(t, t->persons, m[M_FAMILIES].values);
        copy(t, m[M_SUM].values, m[M_MEAN].sums);
        copy(t, m[M_SOME].values, m[M_SHARE].numerator);
        copy(t, m[M_SOME].values, m[M_SHARE].numerator_persons);
        copy(t, t->persons, m[M_SHARE].denominator);
        copy(t, t->persons, m[M_SHARE].denominator_persons);
        for (size_t i = 0; i < t->cells_len; i++) {
                int64_t n = t->persons[i];

                m[M_MEAN].values[i] = n > 0 ? m[M_SUM].values[i] * 10 / n : TABLE_NO_VALUE;
                m[M_MEDIAN].values[i] = 5000;
                m[M_SHARE].values[i] =
                        n > 0 ? fraction_share(m[M_SOME].values[i], n) : TABLE_NO_VALUE;
                t->margin_persons[i] = n;
        }
}

static void show_all(struct table *t)
{
        memset(t->status, CELL_VALUE, t->cells_len);
        for (uint32_t k = 0; k < t->measures_len; k++)
                if (t->measures[k].status != NULL)
                        memset(t->measures[k].status, CELL_VALUE, t->cells_len);
}

static struct table *table_of(const uint32_t *lens, uint32_t len, unsigned overlapping)
{
        struct table *t = room(1, sizeof *t);

        t->dimensions = room(len + 1, sizeof *t->dimensions);
        t->dimensions_len = len;
        for (uint32_t d = 0; d < len; d++)
                t->dimensions[d] = dimension_of(names[d], lens[d], overlapping >> d & 1);
        measures_of(t);
        assert_int_equal(table_alloc(arena, t), ERR_OK);
        t->cell_key = room(t->cells_len, sizeof *t->cell_key);
        fill(t);
        follow_counts(t);
        show_all(t);
        return t;
}

static struct table *copy_of(const struct table *t)
{
        struct table *c = room(1, sizeof *c);
        struct measure *m = room(M_LEN, sizeof *m);

        *c = *t;
        memcpy(m, t->measures, M_LEN * sizeof *m);
        c->measures = m;
        assert_int_equal(table_alloc(arena, c), ERR_OK);
        c->cell_key = room(c->cells_len, sizeof *c->cell_key);
        memcpy(c->cell_key, t->cell_key, t->cells_len * sizeof *c->cell_key);
        copy(c, t->persons, c->persons);
        copy(c, t->records, c->records);
        copy(c, t->measures[M_SOME].values, c->measures[M_SOME].values);
        copy(c, t->measures[M_SUM].values, c->measures[M_SUM].values);
        follow_counts(c);
        show_all(c);
        return c;
}

static struct rounding_told rounded(struct table *t, uint32_t base)
{
        const struct rounding_wish wish = {.base = base};
        struct rounding_exact *exact = NULL;
        struct rounding_told told = {0};

        assert_int_equal(rounding_keep(arena, t, &exact), ERR_OK);
        assert_int_equal(rounding_table(arena, exact, t, &wish, &told), ERR_OK);
        return told;
}

/* Checks ------------------------------------------------------------------------------------- */

/* Over the dimensions that add up, every total is the sum of its parts. */
static void check_sums(const struct table *t, const int64_t *values)
{
        uint32_t at[DIMENSIONS_MAX];

        for (size_t i = 0; i < t->cells_len; i++) {
                table_coordinates(t, i, at);
                for (uint32_t d = 0; d < t->dimensions_len; d++) {
                        uint32_t total = t->dimensions[d].len;
                        int64_t sum = 0;

                        if (at[d] != total || t->dimensions[d].overlapping)
                                continue;
                        for (at[d] = 0; at[d] < total; at[d]++)
                                sum += values[table_cell(t, at)];
                        assert_int_equal(sum, values[i]);
                }
        }
}

static void check_near(const struct table *t, const int64_t *exact, const int64_t *values,
        uint32_t base, uint32_t margin)
{
        for (size_t i = 0; i < t->cells_len; i++) {
                assert_true(values[i] >= 0 && values[i] % base == 0);
                assert_true(llabs(values[i] - exact[i]) <= (int64_t)base * margin);
                if (is_inner(t, i))
                        assert_true(llabs(values[i] - exact[i]) < (int64_t)base);
        }
}

static void parts_add_up_to_totals_that_are_near(void **state)
{
        static const uint32_t shapes[][4] = {
                {7, 0, 0, 0}, {12, 5, 0, 0}, {6, 4, 3, 0}, {4, 3, 2, 5}, {290, 2, 0, 0}};

        (void)state;
        for (unsigned times = 0; times < 100; times++) {
                const uint32_t *shape = shapes[times % 5], base = 2 + (uint32_t)dice(9);
                uint32_t len = 0;

                for (seed = times; len < 4 && shape[len] > 0;)
                        len++;
                struct table *exact = table_of(shape, len, 0), *t = copy_of(exact);
                struct rounding_told told = rounded(t, base);

                assert_int_equal(told.margin, 1);
                assert_false(told.additive); /* of families */
                check_sums(t, t->measures[M_PERSONS].values);
                check_sums(t, t->measures[M_RECORDS].values);
                check_sums(t, t->measures[M_SOME].values);
                check_near(t, exact->persons, t->measures[M_PERSONS].values, base, told.margin);
                check_near(t, exact->records, t->measures[M_RECORDS].values, base, told.margin);
                check_near(t, exact->measures[M_SOME].values, t->measures[M_SOME].values, base,
                        told.margin);
        }
}

static void a_person_in_two_categories_is_once_in_the_total(void **state)
{
        static const uint32_t shape[] = {6, 4, 3};

        (void)state;
        for (unsigned times = 0; times < 30; times++) {
                seed = times;
                struct table *exact = table_of(shape, 3, 2);

                /* Fewer in the totals of the second than in its parts. */
                for (size_t i = 0; i < exact->cells_len; i++) {
                        uint32_t at[DIMENSIONS_MAX];

                        table_coordinates(exact, i, at);
                        if (at[1] == 4) {
                                exact->persons[i] = exact->persons[i] * 3 / 4;
                                exact->records[i] = exact->records[i] * 3 / 4;
                        }
                }
                struct table *t = copy_of(exact);

                (void)rounded(t, 5);
                for (size_t i = 0; i < t->cells_len; i++)
                        assert_true(llabs(t->persons[i] - exact->persons[i]) <= 5);
        }
}

/* A total in a table of one dimension is rounded as it is in any other. */
static void a_total_is_the_same_whatever_it_is_broken_down_by(void **state)
{
        static const uint32_t shapes[] = {2, 3, 7, 21, 290};
        unsigned inner = 0, kept = 0;

        (void)state;
        for (unsigned times = 0; times < 60; times++) {
                seed = times;
                struct table *first = table_of(&shapes[times % 5], 1, 0), *exact = copy_of(first);
                struct table *none = table_of(&shapes[0], 0, 0);

                none->persons[0] = first->persons[shapes[times % 5]];
                none->records[0] = first->records[shapes[times % 5]];
                none->cell_key[0] = first->cell_key[shapes[times % 5]];
                follow_counts(none);
                (void)rounded(first, 5);
                (void)rounded(none, 5);
                assert_int_equal(first->persons[shapes[times % 5]], none->persons[0]);
                for (uint32_t i = 0; i < shapes[times % 5]; i++) {
                        none = table_of(&shapes[0], 0, 0);
                        none->persons[0] = exact->persons[i];
                        none->records[0] = exact->records[i];
                        none->cell_key[0] = exact->cell_key[i];
                        none->measures[M_SOME].values[0] = 0;
                        follow_counts(none);
                        (void)rounded(none, 5);
                        inner++;
                        kept += none->persons[0] == first->persons[i];
                }
        }
        /* Most inner cells too. */
        assert_true(10 * kept > 8 * inner);
}

static void so_is_the_whole_in_tables_of_more_dimensions(void **state)
{
        static const uint32_t shapes[][3] = {{12, 5, 0}, {6, 4, 3}, {40, 7, 2}, {2, 2, 2}};

        (void)state;
        for (unsigned times = 0; times < 40; times++) {
                const uint32_t *shape = shapes[times % 4];

                seed = times;
                struct table *t = table_of(shape, shape[2] > 0 ? 3 : 2, 0);
                struct table *none = table_of(shape, 0, 0);

                none->persons[0] = t->persons[t->cells_len - 1];
                none->records[0] = t->records[t->cells_len - 1];
                none->cell_key[0] = t->cell_key[t->cells_len - 1];
                none->measures[M_SOME].values[0] = 0;
                follow_counts(none);
                (void)rounded(t, 5);
                (void)rounded(none, 5);
                assert_int_equal(t->persons[t->cells_len - 1], none->persons[0]);
        }
}

static void other_words_give_the_same(void **state)
{
        static const uint32_t one[] = {6, 4, 3};

        (void)state;
        for (unsigned times = 0; times < 30; times++) {
                seed = times;
                struct table *t = table_of(one, 3, 0), *turned = copy_of(t);
                struct dimension dims[3];
                uint32_t at[DIMENSIONS_MAX];

                /* The first last, and its categories the other way round. */
                dims[0] = t->dimensions[1];
                dims[1] = t->dimensions[2];
                dims[2] = dimension_of(names[0], 6, false);
                for (uint32_t i = 0; i < 6; i++)
                        dims[2].categories[i] = t->dimensions[0].categories[5 - i];
                turned->dimensions = dims;
                for (size_t i = 0; i < t->cells_len; i++) {
                        table_coordinates(t, i, at);
                        const uint32_t to[] = {at[1], at[2], at[0] < 6 ? 5 - at[0] : 6};
                        size_t cell = table_cell(turned, to);

                        turned->persons[cell] = t->persons[i];
                        turned->records[cell] = t->records[i];
                        turned->measures[M_SOME].values[cell] = t->measures[M_SOME].values[i];
                        turned->measures[M_SUM].values[cell] = t->measures[M_SUM].values[i];
                        turned->cell_key[cell] = t->cell_key[i];
                }
                follow_counts(turned);
                (void)rounded(t, 5);
                (void)rounded(turned, 5);
                for (size_t i = 0; i < t->cells_len; i++) {
                        table_coordinates(t, i, at);
                        const uint32_t to[] = {at[1], at[2], at[0] < 6 ? 5 - at[0] : 6};

                        assert_int_equal(t->persons[i], turned->persons[table_cell(turned, to)]);
                        assert_int_equal(t->measures[M_SOME].values[i],
                                turned->measures[M_SOME].values[table_cell(turned, to)]);
                }
        }
}

static void measures_follow_their_counts(void **state)
{
        static const uint32_t shape[] = {12, 5};

        (void)state;
        for (unsigned times = 0; times < 20; times++) {
                seed = times;
                struct table *exact = table_of(shape, 2, 0), *t = copy_of(exact);
                const struct measure *m = t->measures, *was = exact->measures;

                (void)rounded(t, 5);
                for (size_t i = 0; i < t->cells_len; i++) {
                        int64_t n = t->persons[i], sum = 0;

                        assert_int_equal(m[M_PERSONS].values[i], n);
                        assert_int_equal(m[M_SUM].contributors[i], n);
                        if (exact->persons[i] == 0) {
                                assert_int_equal(n, 0);
                                continue;
                        }
                        assert_true(fraction_round(
                                (__int128)was[M_SUM].values[i] * n, exact->persons[i], &sum));
                        assert_int_equal(m[M_SUM].values[i], sum);
                        assert_true(m[M_MEAN].values[i] ==
                                    (n > 0 ? was[M_MEAN].values[i] : TABLE_NO_VALUE));
                        assert_true(m[M_MEDIAN].values[i] == TABLE_NO_VALUE);
                        assert_int_equal(m[M_SHARE].denominator[i], n);
                        assert_true(m[M_SHARE].numerator[i] <= n);
                        assert_true(m[M_SHARE].values[i] ==
                                    (n > 0 ? fraction_share(m[M_SHARE].numerator[i], n)
                                           : TABLE_NO_VALUE));
                        assert_int_equal(t->margin_persons[i], 0);
                        assert_int_equal(t->cell_key[i], 0);
                }
        }
}

/* What was hidden before stays so, and is in the totals all the same. */
static void what_is_hidden_stays_hidden(void **state)
{
        static const uint32_t shape[] = {4, 3};
        const struct rounding_wish wish = {.base = 5};
        struct rounding_exact *exact = NULL;
        struct rounding_told told;

        (void)state;
        seed = 8;
        struct table *t = table_of(shape, 2, 0), *whole = copy_of(t);

        assert_int_equal(rounding_keep(arena, t, &exact), ERR_OK);
        for (uint32_t i = 0; i < 2; i++) {
                const uint32_t at[] = {i, 1};
                size_t cell = table_cell(t, at);

                t->status[cell] = CELL_PROTECTED;
                t->persons[cell] = t->records[cell] = t->measures[M_PERSONS].values[cell] = 0;
                t->measures[M_SUM].values[cell] = 0;
        }
        assert_int_equal(rounding_table(arena, exact, t, &wish, &told), ERR_OK);
        (void)rounded(whole, 5);
        for (size_t i = 0; i < t->cells_len; i++) {
                bool shown = t->status[i] == CELL_VALUE;

                assert_int_equal(t->persons[i], shown ? whole->persons[i] : 0);
                assert_int_equal(t->measures[M_PERSONS].values[i],
                        shown ? whole->measures[M_PERSONS].values[i] : 0);
                assert_int_equal(
                        t->measures[M_SUM].values[i], shown ? whole->measures[M_SUM].values[i] : 0);
        }
}

/* 13 of base 5 goes to 15 three times of five. */
static void rounding_leans_to_no_side(void **state)
{
        static const uint32_t shape[] = {3};
        int64_t sum = 0;
        enum { TIMES = 4000 };

        (void)state;
        for (unsigned times = 0; times < TIMES; times++) {
                seed = times;
                struct table *t = table_of(shape, 0, 0);

                t->persons[0] = 13;
                t->records[0] = 13;
                t->measures[M_SOME].values[0] = 0;
                t->cell_key[0] = (uint32_t)dice(UINT32_MAX);
                follow_counts(t);
                (void)rounded(t, 5);
                sum += t->persons[0];
        }
        assert_true(llabs(sum - 13 * TIMES) < TIMES / 8);
}

static void what_cannot_be_rounded_is_an_error(void **state)
{
        static const uint32_t shape[] = {3};
        const struct rounding_wish one = {.base = 1}, five = {.base = 5};
        struct rounding_exact *exact = NULL;
        struct rounding_told told;

        (void)state;
        seed = 1;
        struct table *t = table_of(shape, 1, 0);

        assert_int_equal(rounding_keep(arena, t, &exact), ERR_OK);
        assert_int_equal(rounding_table(arena, exact, t, &one, &told), ERR_INVALID);
        t->persons[0] = -1;
        assert_int_equal(rounding_keep(arena, t, &exact), ERR_OK);
        assert_int_equal(rounding_table(arena, exact, t, &five, &told), ERR_INVALID);
        t->cell_key = NULL;
        assert_int_equal(rounding_keep(arena, t, &exact), ERR_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(parts_add_up_to_totals_that_are_near),
                cmocka_unit_test(a_person_in_two_categories_is_once_in_the_total),
                cmocka_unit_test(a_total_is_the_same_whatever_it_is_broken_down_by),
                cmocka_unit_test(so_is_the_whole_in_tables_of_more_dimensions),
                cmocka_unit_test(other_words_give_the_same),
                cmocka_unit_test(measures_follow_their_counts),
                cmocka_unit_test(what_is_hidden_stays_hidden),
                cmocka_unit_test(rounding_leans_to_no_side),
                cmocka_unit_test(what_cannot_be_rounded_is_an_error),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
