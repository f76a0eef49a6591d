/* SPDX-License-Identifier: Apache-2.0 */
/* test_coarsen.c: coarser questions come in order of their steps, and are said in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "gateway/answer.h"

static struct policy *policy;
static const struct policy_dataset *concerns;

static int setup(void **state)
{
        struct refusal why = {0};

        (void)state;
        assert_int_equal(policy_load(STATGATE_ROOT "/policies/bundle", &policy, &why), ERR_OK);
        concerns = policy_dataset_find(policy, bytes_of_text("anmalan"));
        assert_non_null(concerns);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        policy_unref(&policy);
        return 0;
}

static struct dimension_ref by(const char *variable, const char *level)
{
        return (struct dimension_ref){bytes_of_text(variable), bytes_of_text(level)};
}

struct counting {
        uint32_t seen, last, until;
};

static enum err count(void *ctx, const struct coarsening *c, bool *out)
{
        struct counting *n = ctx;

        assert_true(c->steps >= n->last);
        n->last = c->steps;
        *out = ++n->seen == n->until;
        return ERR_OK;
}

static void steps_grow_and_each_question_comes_once(void **state)
{
        struct dimension_ref dimensions[] = {by("kommun", "lan"), by("kon", "")};
        struct query q = {.dimensions = dimensions, .dimensions_len = 2};
        struct counting n = {0};
        struct coarsening c;

        (void)state;
        /* lan, riket or out; in or out; but not as it is. */
        assert_int_equal(coarsen(concerns, &q, count, &n, &c), ERR_NOT_FOUND);
        assert_int_equal(n.seen, 3 * 2 - 1);
        n = (struct counting){.until = 1};
        assert_int_equal(coarsen(concerns, &q, count, &n, &c), ERR_OK);
        assert_int_equal(c.steps, 1);
}

static enum err only_counties(void *ctx, const struct coarsening *c, bool *out)
{
        (void)ctx;
        *out = c->len == 1 && bytes_is_text(c->dimensions[0].level, "lan");
        return ERR_OK;
}

static void what_changed_is_said(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct dimension_ref dimensions[] = {by("kommun", ""), by("kon", "")};
        struct query q = {.dimensions = dimensions, .dimensions_len = 2};
        struct wire_nearest nearest = {0};
        struct coarsening c;

        (void)state;
        assert_int_equal(coarsen(concerns, &q, only_counties, NULL, &c), ERR_OK);
        assert_int_equal(coarsening_tell(arena, &q, &c, &nearest), ERR_OK);
        assert_true(bytes_is_text(nearest.text.en, "kommun at the level lan, without kon"));
        assert_true(bytes_is_text(nearest.text.sv, "kommun på nivån lan, utan kon"));
        assert_int_equal(nearest.dimensions_len, 1);
}

static struct bytes coarser(
        struct arena *a, const char *variable, const char *from, const char *to, const char *code)
{
        const struct variable *v =
                &concerns->variables[variable_find(concerns, bytes_of_text(variable))];
        struct bytes out;

        assert_int_equal(coarser_code(a, v, bytes_of_text(from), bytes_of_text(to),
                                 bytes_of_text(code), &out),
                ERR_OK);
        return out;
}

static void categories_lie_in_coarser_ones(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);

        (void)state;
        assert_true(bytes_is_text(coarser(a, "kommun", "kommun", "lan", "0180"), "01"));
        assert_true(bytes_is_text(coarser(a, "datum", "manad", "kvartal", "2025-11"), "2025-Q4"));
        assert_true(bytes_is_text(coarser(a, "datum", "manad", "ar", "2025-11"), "2025"));
        assert_true(bytes_is_text(coarser(a, "datum", "kvartal", "ar", "2025-Q1"), "2025"));
        assert_true(bytes_is_text(coarser(a, "alder", "grupp", "barn", "4-6"), "0-17"));
        assert_true(bytes_is_text(coarser(a, "alder", "grupp", "barn", "ovrigt"), "ovrigt"));
        assert_int_equal(coarser(a, "kommun", "kommun", "lan", "0000").len, 0);
}

static void rows_are_counted_by_inhabitants(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct dimension_ref dimensions[] = {by("kommun", "lan"), by("kon", "")};
        struct query q = {.dimensions = dimensions, .dimensions_len = 2};
        struct margin_rows rows;

        (void)state;
        assert_int_equal(margin_count(a, policy, concerns, &q, 5, &rows), ERR_OK);
        assert_true(rows.known);
        assert_int_equal(rows.answered, 42);
        assert_int_equal(rows.refused, 0);
        assert_int_equal(margin_count(a, policy, concerns, &q, 400000, &rows), ERR_OK);
        assert_true(rows.refused > 0 && rows.answered + rows.refused == 42);
        dimensions[1] = by("datum", "manad");
        assert_int_equal(margin_count(a, policy, concerns, &q, 5, &rows), ERR_OK);
        assert_false(rows.known);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(steps_grow_and_each_question_comes_once),
                cmocka_unit_test(what_changed_is_said),
                cmocka_unit_test(categories_lie_in_coarser_ones),
                cmocka_unit_test(rows_are_counted_by_inhabitants),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
