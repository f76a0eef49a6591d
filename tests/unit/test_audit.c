/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit.c: the auditor against every table there is, and against patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/bounds.h"
#include "gateway/disclosure/residue.h"
#include "tests/support/published_release.h"

enum { ARENA = 64 << 20, PROTECTED = 512 };

static size_t many(size_t tables, size_t more)
{
        return getenv("STATGATE_LONG") != NULL ? more : tables;
}

static struct audit_verdict audit(struct arena *arena, const struct published_release *p,
        enum audit_attacker attacker, uint32_t width)
{
        const struct audit_options options = {.attacker = attacker, .width = width};
        struct audit_verdict verdict;

        assert_int_equal(audit_run(arena, &p->release, &options, &verdict), ERR_OK);
        return verdict;
}

/* Half numbers divided by two, towards the inside of the interval. */
static int64_t half(int64_t value, bool up)
{
        return up ? (value + 1) / 2 : value / 2;
}

static void assert_same_intervals(
        const struct audit_verdict *v, const int64_t *low, const int64_t *high, uint32_t scale)
{
        assert_int_equal(v->audited, v->len);
        for (size_t i = 0; i < v->len; i++) {
                assert_int_equal(v->intervals[i].low, scale == 2 ? half(low[i], true) : low[i]);
                if (high[i] >= UNBOUNDED)
                        assert_int_equal(v->intervals[i].high, INT64_MAX);
                else
                        assert_int_equal(
                                v->intervals[i].high, scale == 2 ? half(high[i], false) : high[i]);
        }
}

static void against_all_tables(uint64_t seed, enum audit_attacker attacker, uint32_t inner_max)
{
        const struct random_options o = {.seed = seed,
                .inner_max = inner_max,
                .threshold = 3,
                .zeros_published = seed % 3 > 0};
        struct arena *arena = arena_new(ARENA);
        struct random_release r;
        struct published_release p;
        int64_t low[PROTECTED], high[PROTECTED];
        uint32_t scale = attacker == AUDIT_REAL ? 2 : 1;

        random_release_new(arena, &o, &r);
        for (size_t i = 0; i < r.inner; i++)
                r.value[i] %= 4;
        random_release_fill(&o, &r);
        published_release_new(
                arena, &r, NULL, seed, 2 + (uint32_t)(seed % 3), o.zeros_published, &p);
        struct audit_verdict v = audit(arena, &p, attacker, 0);
        bool floors = attacker == AUDIT_RULES && o.zeros_published;
        assert_true(v.len <= PROTECTED);
        assert_true(published_release_try_all(&r, &p, scale, floors, low, high));
        assert_true(v.feasible);
        assert_same_intervals(&v, low, high, scale);
        arena_free(&arena);
}

static void a_real_attacker_finds_what_half_numbers_say(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < many(80, 4000); seed++)
                against_all_tables(seed, AUDIT_REAL, 6);
}

static void a_whole_attacker_finds_what_all_tables_say(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < many(400, 20000); seed++)
                against_all_tables(seed, AUDIT_WHOLE, seed % 4 == 0 ? 12 : 8);
}

static void an_attacker_who_knows_the_rules_finds_what_all_tables_say(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < many(400, 20000); seed++)
                against_all_tables(seed, AUDIT_RULES, seed % 4 == 0 ? 12 : 8);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_real_attacker_finds_what_half_numbers_say),
                cmocka_unit_test(a_whole_attacker_finds_what_all_tables_say),
                cmocka_unit_test(an_attacker_who_knows_the_rules_finds_what_all_tables_say),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
