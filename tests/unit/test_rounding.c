/* SPDX-License-Identifier: Apache-2.0 */
/* test_rounding.c: rounded tables add up, stay within a base, leave multiples alone and lean
 * to neither side. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/rounding.h"

enum { DIMENSIONS = 4 };

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
        arena = arena_new(512 << 20);
        return arena == NULL;
}

static int teardown(void **state)
{
        (void)state;
        arena_free(&arena);
        return 0;
}

struct sheet {
        struct model model;
        int64_t *values; /* of its rows */
};

static void *room(size_t count, size_t size)
{
        void *at = arena_alloc(arena, count + 1, size);

        assert_non_null(at);
        return at;
}

/* A table of these many leaves, each dimension with a level above where `levels` says so;
 * all cells are asked for. `value` of every combination of leaves. */
static struct sheet sheet_of(
        uint32_t dimensions, const uint32_t *leaves, unsigned levels, int64_t (*value)(void))
{
        struct model_dimension *dims = room(dimensions, sizeof *dims);
        uint32_t *numbers = room(dimensions, sizeof *numbers);
        struct model_table table = {.dimensions = numbers, .dimensions_len = dimensions};
        struct model_release release = {.dimensions = dims,
                .dimensions_len = dimensions,
                .tables = &table,
                .tables_len = 1};
        struct sheet s;
        size_t cells = 0;

        for (uint32_t d = 0; d < dimensions; d++) {
                struct model_level *level = room(1, sizeof *level);
                uint32_t *parent = room(leaves[d], sizeof *parent);

                numbers[d] = d;
                dims[d].leaves = leaves[d];
                if ((levels >> d & 1) == 0)
                        continue;
                *level = (struct model_level){.parent = parent, .len = (leaves[d] + 2) / 3};
                for (uint32_t i = 0; i < leaves[d]; i++)
                        parent[i] = i / 3;
                dims[d].levels = level;
                dims[d].levels_len = 1;
        }
        assert_int_equal(model_table_cells(dims, &table, &cells), ERR_OK);
        struct model_cell *cell = room(cells, sizeof *cell);
        for (size_t i = 0; i < cells; i++)
                cell[i].role = MODEL_ROLE_OPEN;
        table.cells = cell;
        assert_int_equal(model_new(arena, &release, &s.model), ERR_OK);
        s.values = room(s.model.rows, sizeof *s.values);
        for (uint32_t row = 0; row < s.model.rows; row++)
                s.values[row] = value();
        return s;
}

static int64_t small_count(void)
{
        return dice(3) == 0 ? 0 : (int64_t)dice(dice(2) == 0 ? 8 : 60);
}

static int64_t one(void)
{
        return 1;
}

static struct rounding_result rounded(const struct sheet *s, uint32_t base, uint64_t with)
{
        const struct rounding_options options = {.base = base, .seed = with};
        struct rounding_result out;

        assert_int_equal(rounding_run(arena, &s->model, s->values, &options, &out), ERR_OK);
        return out;
}

static int64_t value_of(const struct sheet *s, uint32_t column)
{
        int64_t sum = 0;

        for (size_t i = s->model.start[column]; i < s->model.start[column + 1]; i++)
                sum += s->values[s->model.row[i]];
        return sum;
}

/* Additive, multiples, cells next to their values, and what is said of margins is true. */
static void check(const struct sheet *s, uint32_t base, const struct rounding_result *r)
{
        int64_t most = 0;

        for (uint32_t row = 0; row < s->model.rows; row++) {
                int64_t off = llabs(r->rows[row] - s->values[row]);

                assert_int_equal(r->rows[row] % (int64_t)base, 0);
                assert_true(off < (int64_t)base);
                assert_true(r->rows[row] >= 0);
        }
        for (uint32_t k = 0; k < s->model.columns; k++) {
                int64_t sum = 0, off;

                for (size_t i = s->model.start[k]; i < s->model.start[k + 1]; i++)
                        sum += r->rows[s->model.row[i]];
                assert_int_equal(sum, r->columns[k]);
                off = llabs(sum - value_of(s, k));
                most = off > most ? off : most;
        }
        assert_int_equal(r->margin_most, most);
        assert_int_equal(r->controlled, most <= (int64_t)base);
}

/* One of the two with a hierarchy. Totals too go to the multiple below or above, and stay
 * where they are multiples. */
static void tables_of_two_dimensions_are_rounded_as_if_each_cell_stood_alone(void **state)
{
        (void)state;
        for (unsigned times = 0; times < 400; times++) {
                seed = times;
                const uint32_t leaves[2] = {1 + (uint32_t)dice(14), 1 + (uint32_t)dice(14)};
                uint32_t base = 2 + (uint32_t)dice(9);
                struct sheet s = sheet_of(1 + times % 2, leaves, times / 2 % 3, small_count);
                struct rounding_result r = rounded(&s, base, times);

                check(&s, base, &r);
                assert_true(r.margin_most < base);
                for (uint32_t k = 0; k < s.model.columns; k++)
                        if (value_of(&s, k) % (int64_t)base == 0)
                                assert_int_equal(r.columns[k], value_of(&s, k));
                arena_reset(arena);
        }
}

static void many_dimensions_stay_additive_and_mostly_within_a_base(void **state)
{
        unsigned controlled = 0, tables = 0;

        (void)state;
        for (unsigned times = 0; times < 120; times++) {
                seed = times;
                const uint32_t leaves[DIMENSIONS] = {1 + (uint32_t)dice(7), 1 + (uint32_t)dice(7),
                        1 + (uint32_t)dice(5), 1 + (uint32_t)dice(3)};
                uint32_t base = 2 + (uint32_t)dice(5);
                struct sheet s = sheet_of(2 + times % 3, leaves, 3 + times / 3 % 4, small_count);
                const struct rounding_options options = {
                        .base = base, .seed = times, .work_limit = 4000000};
                struct rounding_result r;

                assert_int_equal(rounding_run(arena, &s.model, s.values, &options, &r), ERR_OK);
                check(&s, base, &r);
                controlled += r.controlled;
                tables++;
                arena_reset(arena);
        }
        assert_true(controlled * 10 >= tables * 9);
}

/* All ways to round, on tables that have few. */
static bool any_is_controlled(const struct sheet *s, uint32_t base)
{
        uint32_t moving[16], len = 0;

        for (uint32_t row = 0; row < s->model.rows; row++)
                if (s->values[row] % (int64_t)base != 0)
                        moving[len++] = row;
        for (uint32_t ups = 0; ups < 1u << len; ups++) {
                bool fits = true;

                for (uint32_t k = 0; k < s->model.columns && fits; k++) {
                        int64_t off = 0;

                        for (size_t i = s->model.start[k]; i < s->model.start[k + 1]; i++) {
                                uint32_t row = s->model.row[i];

                                off -= s->values[row] % (int64_t)base;
                                for (uint32_t j = 0; j < len; j++)
                                        off += moving[j] == row && (ups >> j & 1) != 0
                                                       ? (int64_t)base
                                                       : 0;
                        }
                        fits = llabs(off) <= (int64_t)base;
                }
                if (fits)
                        return true;
        }
        return false;
}

static void where_there_is_a_controlled_rounding_it_is_found(void **state)
{
        unsigned found = 0;

        (void)state;
        for (unsigned times = 0; times < 200; times++) {
                static const uint32_t shapes[][3] = {{2, 2, 2}, {3, 2, 2}, {2, 3, 2}};

                seed = 1000 + times;
                uint32_t base = 2 + (uint32_t)dice(4);
                struct sheet s = sheet_of(3, shapes[times % 3], 0, small_count);
                struct rounding_result r = rounded(&s, base, times);

                check(&s, base, &r);
                assert_int_equal(r.controlled, any_is_controlled(&s, base));
                found += r.controlled;
                arena_reset(arena);
        }
        assert_true(found > 100);
}

/* Causey, Cox & Ernst (JASA 80, 1985): four ones in a cube of two, no two of them on one line,
 * cannot be rounded to base 2 with all margins at their next multiples. A base away they can. */
static void a_cube_without_a_close_rounding_has_a_wider_one(void **state)
{
        const uint32_t leaves[3] = {2, 2, 2};
        struct sheet s = sheet_of(3, leaves, 0, one);

        (void)state;
        for (uint32_t row = 0; row < s.model.rows; row++) {
                uint32_t inner = s.model.inner[row];

                s.values[row] = __builtin_popcount(inner) % 2 == 0;
        }
        struct rounding_result r = rounded(&s, 2, 1);
        check(&s, 2, &r);
        assert_true(r.controlled);
        assert_int_equal(r.margin_most, 2);
}

/* Every cell and every total, over many seeds; the variance of one cell is at most base² / 4. */
static void nothing_leans_up_or_down(void **state)
{
        enum { SEEDS = 2000 };
        const uint32_t leaves[2] = {5, 6};

        (void)state;
        seed = 8;
        struct sheet s = sheet_of(2, leaves, 1, small_count);
        double *sums = room(s.model.columns, sizeof *sums);
        struct arena *outer = arena;
        arena = arena_new(64 << 20);
        assert_non_null(arena);
        for (uint64_t with = 0; with < SEEDS; with++) {
                struct rounding_result r = rounded(&s, 5, with);

                for (uint32_t k = 0; k < s.model.columns; k++)
                        sums[k] += (double)(r.columns[k] - value_of(&s, k));
                arena_reset(arena);
        }
        for (uint32_t k = 0; k < s.model.columns; k++)
                assert_true(fabs(sums[k]) < 5 * 2.5 * sqrt(SEEDS));
        arena_free(&arena);
        arena = outer;
        arena_reset(arena);
}

static void a_seed_is_an_answer(void **state)
{
        const uint32_t leaves[3] = {5, 4, 3};
        unsigned differ = 0;

        (void)state;
        for (unsigned times = 0; times < 20; times++) {
                seed = times;
                struct sheet s = sheet_of(2 + times % 2, leaves, 0, small_count);
                struct rounding_result a = rounded(&s, 5, 1), b = rounded(&s, 5, 1);
                struct rounding_result c = rounded(&s, 5, 2);

                assert_memory_equal(a.rows, b.rows, s.model.rows * sizeof *a.rows);
                differ += memcmp(a.rows, c.rows, s.model.rows * sizeof *a.rows) != 0;
                arena_reset(arena);
        }
        assert_true(differ > 15);
}

static void the_ends_of_numbers_are_told(void **state)
{
        const uint32_t leaves[2] = {3, 3}, many[2] = {40, 40};
        struct rounding_options options = {.base = 1};
        struct rounding_result out = {.margin_most = 77};

        (void)state;
        struct sheet s = sheet_of(2, leaves, 0, one);
        assert_int_equal(rounding_run(arena, &s.model, s.values, &options, &out), ERR_INVALID);
        options.base = UINT32_MAX;
        assert_int_equal(rounding_run(arena, &s.model, s.values, &options, &out), ERR_INVALID);
        options.base = 3;
        s.values[0] = INT64_MAX;
        s.values[1] = INT64_MAX;
        assert_int_equal(rounding_run(arena, &s.model, s.values, &options, &out), ERR_LIMIT);
        assert_int_equal(out.margin_most, 77);

        struct arena *small = arena_new(4096);
        assert_non_null(small);
        s = sheet_of(2, many, 0, one);
        assert_int_equal(rounding_run(small, &s.model, s.values, &options, &out), ERR_NO_MEMORY);
        arena_free(&small);
        arena_reset(arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(tables_of_two_dimensions_are_rounded_as_if_each_cell_stood_alone),
                cmocka_unit_test(many_dimensions_stay_additive_and_mostly_within_a_base),
                cmocka_unit_test(where_there_is_a_controlled_rounding_it_is_found),
                cmocka_unit_test(a_cube_without_a_close_rounding_has_a_wider_one),
                cmocka_unit_test(nothing_leans_up_or_down),
                cmocka_unit_test(a_seed_is_an_answer),
                cmocka_unit_test(the_ends_of_numbers_are_told),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
