/* SPDX-License-Identifier: Apache-2.0 */
/* test_optimum.c: the least that must be hidden, against all patterns there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/disclosure/optimum.h"
#include "tests/support/dense_span.h"
#include "tests/support/random_release.h"

enum { ARENA = 256 << 20, FEW = 12 };

struct world {
        struct arena *arena;
        struct random_release random;
        struct model model;
        struct suppress_result start;
        struct optimum_result result;
};

static void world_new(struct world *w, uint64_t seed, uint32_t inner_max)
{
        const struct random_options o = {.seed = seed,
                .inner_max = inner_max,
                .threshold = 2 + (uint32_t)(seed % 4),
                .zeros_published = seed % 3 > 0};

        *w = (struct world){.arena = arena_new(ARENA)};
        random_release_new(w->arena, &o, &w->random);
        assert_int_equal(model_new(w->arena, &w->random.release, &w->model), ERR_OK);
}

static void world_run(struct world *w, uint32_t starts, uint32_t nodes_max)
{
        const struct suppress_options options = {.starts = starts, .seed = 11};
        const struct optimum_options limits = {.nodes_max = nodes_max};

        assert_int_equal(suppress_run(w->arena, &w->model, &options, &w->start), ERR_OK);
        assert_int_equal(optimum_run(w->arena, &w->model, &w->start, &limits, &w->result), ERR_OK);
        assert_true(w->result.pattern.cost <= w->start.cost);
        assert_true(w->result.bound <= w->result.pattern.cost);
        assert_int_equal(w->result.optimal, w->result.bound == w->result.pattern.cost);
}

/* What the pattern publishes gives no protected column, by the schoolbook. */
static void assert_safe(const struct world *w)
{
        const struct model *m = &w->model;
        struct dense_span *span = dense_span_new(m->rows);
        int64_t *v = test_calloc((size_t)m->rows + 1, sizeof *v);

        for (size_t i = 0; i < m->cells; i++) {
                if (w->result.pattern.status[i] != SUPPRESS_PUBLISHED ||
                        m->column_of[i] >= m->columns)
                        continue;
                dense_column(m, m->column_of[i], v);
                dense_span_add(span, v);
        }
        for (uint32_t c = 0; c < m->columns; c++) {
                if (!m->column[c].protect)
                        continue;
                dense_column(m, c, v);
                assert_false(dense_span_holds(span, v));
        }
        test_free(v);
        dense_span_free(&span);
}

/* Publishing all but `hidden` (bits of variables) gives no protected column away. */
static bool is_safe(const struct model *m, const uint32_t *variable, size_t len, uint32_t hidden)
{
        struct dense_span *span = dense_span_new(m->rows);
        int64_t *v = test_calloc((size_t)m->rows + 1, sizeof *v);
        bool safe = true;
        size_t at = 0;

        for (uint32_t c = 0; c < m->columns; c++) {
                bool shown = m->column[c].open && !m->column[c].protect;

                if (at < len && variable[at] == c)
                        shown = !(hidden >> at++ & 1);
                if (!shown)
                        continue;
                dense_column(m, c, v);
                dense_span_add(span, v);
        }
        for (uint32_t c = 0; c < m->columns && safe; c++) {
                if (!m->column[c].protect)
                        continue;
                dense_column(m, c, v);
                safe = !dense_span_holds(span, v);
        }
        test_free(v);
        dense_span_free(&span);
        return safe;
}

static uint64_t cheapest(const struct model *m, const uint32_t *variable, size_t len)
{
        uint64_t best = UINT64_MAX;

        for (uint32_t hidden = 0; hidden < UINT32_C(1) << len; hidden++) {
                uint64_t cost = 0;

                for (size_t i = 0; i < len; i++)
                        cost += hidden >> i & 1 ? m->column[variable[i]].cost : 0;
                if (cost < best && is_safe(m, variable, len, hidden))
                        best = cost;
        }
        return best;
}

static void no_pattern_of_all_is_cheaper(void **state)
{
        size_t tried = 0;

        (void)state;
        for (uint64_t seed = 0; seed < (getenv("STATGATE_LONG") != NULL ? 4000 : 400); seed++) {
                uint32_t variable[FEW];
                size_t len = 0;
                struct world w;

                world_new(&w, seed, 9);
                for (uint32_t c = 0; c < w.model.columns; c++)
                        if (w.model.column[c].open && !w.model.column[c].protect) {
                                if (len < FEW)
                                        variable[len] = c;
                                len++;
                        }
                if (len > 0 && len <= FEW) {
                        world_run(&w, 1, 0);
                        assert_true(w.result.optimal);
                        assert_int_equal(w.result.pattern.cost, cheapest(&w.model, variable, len));
                        assert_safe(&w);
                        tried++;
                }
                arena_free(&w.arena);
        }
        assert_true(tried > 100);
}

static void fifty_tables_are_solved_to_the_end(void **state)
{
        uint64_t heuristic = 0, optimum = 0;

        (void)state;
        for (uint64_t seed = 0; seed < 50; seed++) {
                struct world w;

                world_new(&w, seed, 36);
                world_run(&w, 200, 0);
                assert_true(w.result.optimal);
                assert_safe(&w);
                heuristic += w.start.cost;
                optimum += w.result.pattern.cost;
                arena_free(&w.arena);
        }
        assert_true(heuristic * 100 <= optimum * 102);
}

static void few_nodes_still_bound(void **state)
{
        (void)state;
        for (uint64_t seed = 5000; seed < 5030; seed++) {
                struct world w;

                world_new(&w, seed, 36);
                world_run(&w, 1, 1);
                uint64_t bound = w.result.bound, cost = w.result.pattern.cost;
                world_run(&w, 1, 0);
                assert_true(w.result.optimal);
                assert_true(bound <= w.result.pattern.cost);
                assert_true(cost >= w.result.pattern.cost);
                arena_free(&w.arena);
        }
}

static void nothing_protected_hides_nothing(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, 3, 36);
        for (uint32_t t = 0; t < w.random.release.tables_len; t++)
                for (size_t i = 0; i < w.random.cells[t]; i++)
                        w.random.cell[t][i].role = MODEL_ROLE_OPEN;
        assert_int_equal(model_new(w.arena, &w.random.release, &w.model), ERR_OK);
        world_run(&w, 1, 0);
        assert_true(w.result.optimal);
        assert_int_equal(w.result.pattern.secondary, 0);
        arena_free(&w.arena);
}

static void everything_protected_leaves_nothing_to_choose(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, 3, 36);
        for (uint32_t t = 0; t < w.random.release.tables_len; t++)
                for (size_t i = 0; i < w.random.cells[t]; i++)
                        w.random.cell[t][i].role = MODEL_ROLE_PROTECT;
        assert_int_equal(model_new(w.arena, &w.random.release, &w.model), ERR_OK);
        world_run(&w, 1, 0);
        assert_true(w.result.optimal);
        assert_int_equal(w.result.pattern.cost, 0);
        arena_free(&w.arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_pattern_of_all_is_cheaper),
                cmocka_unit_test(fifty_tables_are_solved_to_the_end),
                cmocka_unit_test(few_nodes_still_bound),
                cmocka_unit_test(nothing_protected_hides_nothing),
                cmocka_unit_test(everything_protected_leaves_nothing_to_choose),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
