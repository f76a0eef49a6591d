/* SPDX-License-Identifier: Apache-2.0 */
/* test_suppress.c: nothing that is hidden can be computed from what is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "gateway/disclosure/residue.h"
#include "gateway/disclosure/suppress.h"
#include "tests/support/dense_span.h"
#include "tests/support/random_release.h"

enum { ARENA = 64 << 20 };

/* What a run of the engine left, for the oracle to look at. */
struct world {
        struct arena *arena;
        struct random_release random;
        struct model model;
        struct suppress_result result;
};

static bool column_shown(const struct world *w, uint32_t column)
{
        for (size_t i = 0; i < w->model.cells; i++)
                if (w->model.column_of[i] == column)
                        return w->result.status[i] == SUPPRESS_PUBLISHED;
        return false;
}

static struct dense_span *published_span(const struct world *w)
{
        struct dense_span *span = dense_span_new(w->model.rows);
        int64_t *v = test_calloc((size_t)w->model.rows + 1, sizeof *v);

        for (uint32_t c = w->model.columns; c-- > 0;) {
                if (!column_shown(w, c))
                        continue;
                dense_column(&w->model, c, v);
                dense_span_add(span, v);
        }
        test_free(v);
        return span;
}

/* Protected columns that published ones give; `but` is one that somebody knows anyway. */
static uint32_t protected_in(const struct world *w, const struct dense_span *span, uint32_t but)
{
        int64_t *v = test_calloc((size_t)w->model.rows + 1, sizeof *v);
        uint32_t found = 0;

        for (uint32_t c = 0; c < w->model.columns; c++) {
                if (!w->model.column[c].protect || c == but)
                        continue;
                dense_column(&w->model, c, v);
                found += dense_span_holds(span, v);
        }
        test_free(v);
        return found;
}

static void assert_safe(const struct world *w)
{
        struct dense_span *span = published_span(w);

        assert_true(w->result.proved);
        assert_int_equal(protected_in(w, span, MODEL_EMPTY), 0);
        dense_span_free(&span);
}

/* Nobody who is alone in a cell computes another protected one with it. */
static void assert_safe_from_contributors(const struct world *w)
{
        int64_t *v = test_calloc((size_t)w->model.rows + 1, sizeof *v);

        for (uint32_t c = 0; c < w->model.columns; c++) {
                if (!w->model.column[c].alone || !w->model.column[c].protect)
                        continue;
                struct dense_span *span = published_span(w);
                dense_column(&w->model, c, v);
                dense_span_add(span, v);
                assert_int_equal(protected_in(w, span, c), 0);
                dense_span_free(&span);
        }
        test_free(v);
}

/* A published combination of rows of the lowest value alone would be in the span, and
 * vanish from it when those rows are left out. */
static void assert_no_sum_of_lowest(const struct world *w)
{
        struct dense_span *span = published_span(w), *rest = dense_span_new(w->model.rows);
        int64_t *v = test_calloc((size_t)w->model.rows + 1, sizeof *v);

        for (uint32_t c = 0; c < w->model.columns; c++) {
                if (!column_shown(w, c))
                        continue;
                dense_column(&w->model, c, v);
                memset(v, 0, w->model.lowest * sizeof *v);
                dense_span_add(rest, v);
        }
        assert_int_equal(dense_span_rank(rest), dense_span_rank(span));
        test_free(v);
        dense_span_free(&rest);
        dense_span_free(&span);
}

static void world_new(struct world *w, const struct random_options *o)
{
        *w = (struct world){.arena = arena_new(ARENA)};
        random_release_new(w->arena, o, &w->random);
        assert_int_equal(model_new(w->arena, &w->random.release, &w->model), ERR_OK);
}

static void world_run(struct world *w, uint32_t starts)
{
        const struct suppress_options options = {.starts = starts, .seed = 11};

        assert_int_equal(suppress_run(w->arena, &w->model, &options, &w->result), ERR_OK);
}

static void world_free(struct world *w)
{
        arena_free(&w->arena);
}

/* The plain order, told again. */
static const struct model *ordered;

static int by_want(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
        size_t x_len = ordered->start[x + 1] - ordered->start[x];
        size_t y_len = ordered->start[y + 1] - ordered->start[y];

        if (ordered->column[x].want != ordered->column[y].want)
                return ordered->column[x].want > ordered->column[y].want ? -1 : 1;
        if (x_len != y_len)
                return x_len > y_len ? -1 : 1;
        return (x > y) - (x < y);
}

static size_t plain_order(const struct model *m, uint32_t *order)
{
        size_t len = 0;

        for (uint32_t c = 0; c < m->columns; c++)
                if (m->column[c].open && !m->column[c].protect && !m->column[c].known)
                        order[len++] = c;
        ordered = m;
        qsort(order, len, sizeof *order, by_want);
        return len;
}

static uint64_t naive_cost(const struct world *w, bool *published)
{
        uint32_t *order = test_calloc((size_t)w->model.columns + 1, sizeof *order);
        size_t len = plain_order(&w->model, order);
        uint64_t cost = 0;

        dense_elimination(&w->model, order, len, published);
        for (size_t i = 0; i < len; i++)
                cost += published[order[i]] ? 0 : w->model.column[order[i]].cost;
        test_free(order);
        return cost;
}

/* Two tables in one: what is protected, how. */
static struct random_options options_of(uint64_t seed)
{
        return (struct random_options){.seed = seed,
                .inner_max = seed % 10 == 0 ? 72 : 36,
                .threshold = 2 + (uint32_t)(seed % 4),
                .zeros_published = seed % 3 > 0};
}

static void one_pass_hides_what_the_naive_method_hides(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < 2000; seed++) {
                const struct random_options o = options_of(seed);
                struct world w;

                world_new(&w, &o);
                world_run(&w, 1);
                assert_safe(&w);
                bool *published = test_calloc((size_t)w.model.columns + 1, sizeof *published);
                assert_int_equal(w.result.cost, naive_cost(&w, published));
                for (uint32_t c = 0; c < w.model.columns; c++)
                        assert_int_equal(column_shown(&w, c), published[c]);
                test_free(published);
                world_free(&w);
        }
}

static void more_starts_never_lose_more(void **state)
{
        uint64_t plain = 0, best = 0;

        (void)state;
        for (uint64_t seed = 5000; seed < 5300; seed++) {
                const struct random_options o = options_of(seed);
                struct world w;

                world_new(&w, &o);
                world_run(&w, 1);
                uint64_t once = w.result.cost;
                world_run(&w, 40);
                assert_safe(&w);
                assert_true(w.result.cost <= once);
                plain += once;
                best += w.result.cost;
                world_free(&w);
        }
        assert_true(best * 100 < plain * 95);
}

static void what_is_known_elsewhere_counts(void **state)
{
        (void)state;
        for (uint64_t seed = 10000; seed < 10400; seed++) {
                struct random_options o = options_of(seed);
                struct world w;

                o.known = true;
                world_new(&w, &o);
                world_run(&w, 2);
                if (w.result.exposed == 0)
                        assert_safe(&w);
                world_free(&w);
        }
}

static void who_is_alone_in_a_cell_learns_no_other(void **state)
{
        size_t with = 0;

        (void)state;
        for (uint64_t seed = 20000; seed < 20400; seed++) {
                struct random_options o = options_of(seed);
                struct world w;

                o.alone = true;
                world_new(&w, &o);
                world_run(&w, 2);
                assert_safe(&w);
                assert_safe_from_contributors(&w);
                assert_no_sum_of_lowest(&w);
                with += w.result.secondary;
                world_free(&w);
        }
        assert_true(with > 0);
}

/* The same persons under other codes: safe again, and as many cells are shown at least as
 * one pass shows of them. */
static void order_of_codes_is_no_matter(void **state)
{
        (void)state;
        for (uint64_t seed = 30000; seed < 30150; seed++) {
                const struct random_options o = options_of(seed);
                struct world w;

                world_new(&w, &o);
                for (size_t i = w.random.inner - 1; i > 0; i--) {
                        size_t k = residue_mix(seed, i) % (i + 1);
                        uint32_t value = w.random.value[i];

                        w.random.value[i] = w.random.value[k];
                        w.random.value[k] = value;
                }
                random_release_fill(&o, &w.random);
                assert_int_equal(model_new(w.arena, &w.random.release, &w.model), ERR_OK);
                world_run(&w, 1);
                assert_safe(&w);
                world_free(&w);
        }
}

/* Nobody is left in the first category of the first dimension. */
static void a_category_without_anybody_is_no_matter(void **state)
{
        (void)state;
        for (uint64_t seed = 35000; seed < 35150; seed++) {
                const struct random_options o = options_of(seed);
                struct world w;

                world_new(&w, &o);
                memset(w.random.value, 0,
                        w.random.inner / w.random.dimension[0].leaves * sizeof *w.random.value);
                random_release_fill(&o, &w.random);
                assert_int_equal(model_new(w.arena, &w.random.release, &w.model), ERR_OK);
                world_run(&w, 2);
                assert_safe(&w);
                world_free(&w);
        }
}

static void the_same_seed_gives_the_same_pattern(void **state)
{
        (void)state;
        for (uint64_t seed = 40000; seed < 40050; seed++) {
                const struct random_options o = options_of(seed);
                struct world a, b;

                world_new(&a, &o);
                world_new(&b, &o);
                world_run(&a, 12);
                world_run(&b, 12);
                assert_int_equal(a.result.work, b.result.work);
                assert_memory_equal(a.result.status, b.result.status, a.model.cells);
                world_free(&a);
                world_free(&b);
        }
}

/* Wherever the limit falls, what is shown is safe; and a little more is hidden. */
static void a_work_limit_hides_more(void **state)
{
        const struct random_options o = {
                .seed = 50005, .inner_max = 48, .threshold = 4, .zeros_published = true};
        struct world w;

        (void)state;
        world_new(&w, &o);
        world_run(&w, 1);
        uint64_t work = w.result.work, cost = w.result.cost;
        assert_false(w.result.limited);
        assert_true(work > 50);
        for (uint64_t limit = 1; limit <= work; limit += 7) {
                struct suppress_options options = {.starts = 3, .work_limit = limit};

                assert_int_equal(suppress_run(w.arena, &w.model, &options, &w.result), ERR_OK);
                assert_true(w.result.limited);
                assert_true(w.result.cost >= cost);
                assert_safe(&w);
        }
        world_free(&w);
}

/* 300 places in 12 groups, by 16 kinds and 2 more. */
enum { PLACES = 300, GROUPS = 12, KINDS = 16, MORE = 2 };

static void large_table(struct model_cell *cell, const uint32_t *group)
{
        for (uint32_t i = 0; i < PLACES * KINDS * MORE; i++) {
                uint32_t place = i / (KINDS * MORE), kind = i / MORE % KINDS, more = i % MORE;
                uint32_t places[] = {place, PLACES + group[place], PLACES + GROUPS};
                uint32_t value =
                        (uint32_t)(residue_mix(3, i) % (1 + 3000 / (1 + place + 9 * kind)));

                for (uint32_t k = 0; k < 12; k++) {
                        uint32_t a = places[k % 3], b = k / 3 % 2 == 0 ? kind : KINDS,
                                 c = k / 6 == 0 ? more : MORE;

                        cell[(a * (KINDS + 1) + b) * (MORE + 1) + c].want += value;
                }
        }
}

static void thousands_of_cells_are_proved_in_whole_numbers(void **state)
{
        enum { CELLS = (PLACES + GROUPS + 1) * (KINDS + 1) * (MORE + 1) };
        uint32_t group[PLACES];
        const struct model_level level = {.parent = group, .len = GROUPS};
        const struct model_dimension dimension[] = {
                {.leaves = PLACES, .levels = &level, .levels_len = 1}, {.leaves = KINDS},
                {.leaves = MORE}};
        const uint32_t all[] = {0, 1, 2};
        const struct suppress_options once = {.starts = 1};
        struct world w = {.arena = arena_new(ARENA)};
        struct model_cell *cell = arena_alloc(w.arena, CELLS, sizeof *cell);
        const struct model_table table = {all, 3, cell};
        const struct model_release release = {
                .dimensions = dimension, .dimensions_len = 3, .tables = &table, .tables_len = 1};
        uint32_t protect = 0;

        (void)state;
        for (uint32_t i = 0; i < PLACES; i++)
                group[i] = i % GROUPS;
        large_table(cell, group);
        for (size_t i = 0; i < CELLS; i++) {
                cell[i].cost = 1;
                cell[i].role = cell[i].want == 0  ? MODEL_ROLE_ZERO
                               : cell[i].want < 6 ? MODEL_ROLE_PROTECT
                                                  : MODEL_ROLE_OPEN;
        }
        assert_int_equal(model_new(w.arena, &release, &w.model), ERR_OK);
        assert_true(w.model.rows > 2 * 4096);
        assert_int_equal(suppress_run(w.arena, &w.model, &once, &w.result), ERR_OK);
        for (uint32_t c = 0; c < w.model.columns; c++)
                protect += w.model.column[c].protect;
        assert_true(w.result.proved && w.result.secondary > 100);
        assert_int_equal(w.result.whole, protect);
        assert_int_equal(w.result.modular, 0);
        world_free(&w);
}

static void every_allocation_may_fail(void **state)
{
        const struct random_options o = {
                .seed = 60001, .inner_max = 24, .threshold = 3, .zeros_published = true};
        const struct suppress_options options = {.starts = 2};
        unsigned failed = 0;

        (void)state;
        for (unsigned nth = 0;; nth++) {
                struct world w = {.arena = arena_new(ARENA)};

                random_release_new(w.arena, &o, &w.random);
                if (!fault_arm("alloc", nth)) {
                        world_free(&w);
                        break;
                }
                enum err err = model_new(w.arena, &w.random.release, &w.model);
                if (err == ERR_OK)
                        err = suppress_run(w.arena, &w.model, &options, &w.result);
                fault_disarm();
                assert_true(err == ERR_NO_MEMORY || err == ERR_OK);
                failed += err == ERR_NO_MEMORY;
                if (err == ERR_OK)
                        assert_safe(&w);
                world_free(&w);
                if (err == ERR_OK)
                        break;
        }
        assert_true(failed > 30);
}

static void memory_has_a_ceiling(void **state)
{
        const struct random_options o = {
                .seed = 60001, .inner_max = 24, .threshold = 3, .zeros_published = true};
        const struct suppress_options options = {.memory_ceiling = 1000};
        struct world w;

        (void)state;
        world_new(&w, &o);
        assert_int_equal(suppress_run(w.arena, &w.model, &options, &w.result), ERR_NO_MEMORY);
        world_free(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_pass_hides_what_the_naive_method_hides),
                cmocka_unit_test(more_starts_never_lose_more),
                cmocka_unit_test(what_is_known_elsewhere_counts),
                cmocka_unit_test(who_is_alone_in_a_cell_learns_no_other),
                cmocka_unit_test(order_of_codes_is_no_matter),
                cmocka_unit_test(a_category_without_anybody_is_no_matter),
                cmocka_unit_test(the_same_seed_gives_the_same_pattern),
                cmocka_unit_test(a_work_limit_hides_more),
                cmocka_unit_test(thousands_of_cells_are_proved_in_whole_numbers),
                cmocka_unit_test(every_allocation_may_fail),
                cmocka_unit_test(memory_has_a_ceiling),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
