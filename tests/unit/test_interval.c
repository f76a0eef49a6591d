/* SPDX-License-Identifier: Apache-2.0 */
/* test_interval.c: nothing that is hidden can be told nearly, unless that is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/interval.h"
#include "gateway/disclosure/residue.h"
#include "tests/support/published_release.h"

enum { ARENA = 256 << 20 };

struct world {
        struct arena *arena;
        struct random_options options;
        struct random_release random;
        struct model model;
        int64_t *values; /* of the model's rows */
};

static void world_new(struct world *w, uint64_t seed)
{
        *w = (struct world){.arena = arena_new(ARENA),
                .options = {.seed = seed,
                        .inner_max = seed % 10 == 0 ? 72 : 36,
                        .threshold = 2 + (uint32_t)(seed % 4),
                        .zeros_published = seed % 3 > 0}};
        random_release_new(w->arena, &w->options, &w->random);
        assert_int_equal(model_new(w->arena, &w->random.release, &w->model), ERR_OK);
        w->values = arena_alloc(w->arena, w->model.rows, sizeof *w->values);
        for (uint32_t r = 0; r < w->model.rows; r++)
                w->values[r] = w->random.value[w->model.inner[r]];
}

static struct audit_verdict audited(
        struct world *w, const struct suppress_result *pattern, uint32_t width)
{
        const struct audit_options options = {
                .attacker = AUDIT_RULES, .width = width, .ends = true};
        struct published_release p;
        struct audit_verdict verdict;

        published_release_new(w->arena, &w->random, pattern, 0, 2, w->options.zeros_published, &p);
        assert_int_equal(audit_run(w->arena, &p.release, &options, &verdict), ERR_OK);
        assert_true(verdict.feasible);
        return verdict;
}

static uint64_t many(uint64_t tables, uint64_t more)
{
        return getenv("STATGATE_LONG") != NULL ? more : tables;
}

static void what_is_suppressed_is_not_computable(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < many(300, 3000); seed++) {
                const struct audit_options real = {.attacker = AUDIT_REAL};
                struct suppress_result result;
                struct audit_verdict verdict;
                struct published_release p;
                struct world w;

                world_new(&w, seed);
                assert_int_equal(suppress_run(w.arena, &w.model,
                                         &(struct suppress_options){.starts = 1}, &result),
                        ERR_OK);
                published_release_new(
                        w.arena, &w.random, &result, 0, 2, w.options.zeros_published, &p);
                /* Without bounds on values what is left is linear algebra alone. */
                p.release.negative = true;
                assert_int_equal(audit_run(w.arena, &p.release, &real, &verdict), ERR_OK);
                assert_true(verdict.feasible);
                assert_int_equal(verdict.audited, verdict.len);
                assert_int_equal(verdict.exact, 0);
                arena_free(&w.arena);
        }
}

static void nothing_is_narrower_than_asked(void **state)
{
        size_t extra = 0, before = 0, clear = 0;

        (void)state;
        for (uint64_t seed = 0; seed < many(200, 2000); seed++) {
                struct interval_options options = {.width = 2 + (uint32_t)(seed % 4)};
                struct interval_result result;
                struct world w;

                world_new(&w, seed);
                options.zeros_published = w.options.zeros_published;
                assert_int_equal(
                        interval_protect(w.arena, &w.model, w.values, &options, &result), ERR_OK);
                assert_true(result.pattern.proved);
                clear += result.narrow == 0;
                struct audit_verdict v = audited(&w, &result.pattern, options.width);
                assert_int_equal(v.audited, v.len);
                if (result.narrow == 0)
                        assert_int_equal(v.narrow, 0);
                extra += result.extra;
                before += result.pattern.secondary - result.extra;
                arena_free(&w.arena);
        }
        assert_true(extra > 0 && extra < 3 * before);
        assert_true(clear > 100);
}

static void the_same_twice(void **state)
{
        (void)state;
        for (uint64_t seed = 500; seed < 520; seed++) {
                struct interval_options options = {.width = 3};
                struct interval_result a, b;
                struct world w;

                world_new(&w, seed);
                options.zeros_published = w.options.zeros_published;
                assert_int_equal(
                        interval_protect(w.arena, &w.model, w.values, &options, &a), ERR_OK);
                assert_int_equal(
                        interval_protect(w.arena, &w.model, w.values, &options, &b), ERR_OK);
                assert_memory_equal(a.pattern.status, b.pattern.status, w.model.cells);
                arena_free(&w.arena);
        }
}

static void a_limit_is_told(void **state)
{
        size_t limited = 0;

        (void)state;
        for (uint64_t seed = 0; seed < 60; seed++) {
                const struct interval_options options = {
                        .width = 4, .zeros_published = true, .work_limit = 1};
                struct interval_result result;
                struct world w;

                world_new(&w, seed);
                assert_int_equal(
                        interval_protect(w.arena, &w.model, w.values, &options, &result), ERR_OK);
                assert_true(result.pattern.proved);
                limited += result.limited;
                if (result.limited)
                        assert_true(result.narrow > 0 || result.rounds > 0);
                arena_free(&w.arena);
        }
        assert_true(limited > 0);
}

/* Nothing is left for programs, on either side: what is passed on along sums alone. */
static void what_additions_tell_is_cured_without_programs(void **state)
{
        size_t cured = 0;

        (void)state;
        for (uint64_t seed = 0; seed < many(200, 5000); seed++) {
                const struct audit_options additions = {
                        .attacker = AUDIT_RULES, .width = 3, .work_limit = 1};
                struct interval_options options = {.width = 3, .work_limit = 1};
                struct published_release p;
                struct interval_result result;
                struct audit_verdict v;
                struct world w;

                world_new(&w, seed);
                options.zeros_published = w.options.zeros_published;
                assert_int_equal(
                        interval_protect(w.arena, &w.model, w.values, &options, &result), ERR_OK);
                assert_true(result.pattern.proved);
                published_release_new(
                        w.arena, &w.random, &result.pattern, 0, 2, w.options.zeros_published, &p);
                assert_int_equal(audit_run(w.arena, &p.release, &additions, &v), ERR_OK);
                if (result.limited)
                        assert_int_equal(v.exact, 0);
                cured += result.limited && result.extra > 0;
                arena_free(&w.arena);
        }
        assert_true(cured > 0);
}

static void values_below_zero_are_refused(void **state)
{
        const struct interval_options options = {.width = 3};
        struct interval_result result;
        struct world w;

        (void)state;
        world_new(&w, 1);
        w.values[0] = -1;
        assert_int_equal(
                interval_protect(w.arena, &w.model, w.values, &options, &result), ERR_INVALID);
        arena_free(&w.arena);
}

/* Counts are whole and not negative, so some are told exactly that no subtraction gives. */
static void a_width_of_one_leaves_nothing_exact(void **state)
{
        size_t before = 0, extra = 0, narrow = 0;

        (void)state;
        for (uint64_t seed = 0; seed < many(1500, 6000); seed++) {
                struct interval_options options = {.width = 1};
                struct suppress_result plain;
                struct interval_result result;
                struct world w;

                world_new(&w, seed);
                options.zeros_published = w.options.zeros_published;
                assert_int_equal(
                        suppress_run(w.arena, &w.model, &options.suppress, &plain), ERR_OK);
                before += audited(&w, &plain, 1).exact;
                assert_int_equal(
                        interval_protect(w.arena, &w.model, w.values, &options, &result), ERR_OK);
                assert_int_equal(audited(&w, &result.pattern, 1).exact, 0);
                narrow += result.narrow;
                extra += result.extra;
                arena_free(&w.arena);
        }
        assert_int_equal(narrow, 0);
        assert_true(before > 0 && extra > 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_suppressed_is_not_computable),
                cmocka_unit_test(nothing_is_narrower_than_asked),
                cmocka_unit_test(the_same_twice),
                cmocka_unit_test(a_limit_is_told),
                cmocka_unit_test(what_additions_tell_is_cured_without_programs),
                cmocka_unit_test(values_below_zero_are_refused),
                cmocka_unit_test(a_width_of_one_leaves_nothing_exact),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
