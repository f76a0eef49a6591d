/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_unlinked.c: a municipality outside a linkage is in the tables, and its
 * persons are nobody else's; a new bundle lets it in, and out again.
 *
 * The same thirty children are placed in three municipalities, twice in the third,
 * which is the one outside: 30 in the linkage, 30 beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "policies/policy.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_rehearsal.h"

enum { CHILDREN = 30 };

static struct world world;
static char predecessor[80] = "predecessor: none";
static struct digest running;

static void remember(void)
{
        OWNED(policy_unref) struct policy *p = NULL;
        struct refusal why = {0};

        if (policy_load(world_path(&world, "policy"), &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        running = *policy_digest(p);
}

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        world_edit(&world, "policy/linkages.yaml", "municipalities: all",
                "municipalities: [\"0114\", \"0180\"]");
        remember();
        world_sign(&world, world.officer);
        world_start(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* The YAML as version `version`, signed, read again. */
static enum status reload_as(unsigned version)
{
        char from[32], to[32], hex[65], next[80];

        (void)snprintf(from, sizeof from, "version: %u", version - 1);
        (void)snprintf(to, sizeof to, "version: %u", version);
        hex_encode(bytes_of(running.bytes, sizeof running.bytes), hex);
        (void)snprintf(next, sizeof next, "predecessor: %s", hex);
        world_edit(&world, "policy/bundle.yaml", from, to);
        world_edit(&world, "policy/bundle.yaml", predecessor, next);
        memcpy(predecessor, next, sizeof next);
        /* Who opts in is joined with others: that weakens. Where nothing does, no harm is done. */
        (void)world_rehearse(&world, NULL);
        world_sign(&world, world.officer);

        enum status s = world_call(&world, world_client(&world, WORLD_OPERATOR),
                "Operations/Reload", bytes_of(NULL, 0));

        if (s == STATUS_OK)
                remember();
        return s;
}

static uint32_t outside; /* municipalities, as the last answer said */

static int64_t persons(const char *where)
{
        const char *const conditions[] = {where, NULL};
        struct wire_answer answer;
        struct wire_release r;

        assert_int_equal(
                ask(&world, "", where != NULL ? conditions : NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(r.table.status[0], CELL_VALUE);
        outside = r.unlinked;
        return r.table.measures[0].values[0];
}

static void children(struct placement *rows, uint32_t first_key)
{
        uint64_t random = 7;

        for (uint32_t i = 0; i < CHILDREN; i++) {
                rows[i] = placement_random(&random, 1, first_key + i);
                rows[i].person = i;
                rows[i].local = false;
        }
}

static void who_is_outside_is_counted_beside_the_others(void **state)
{
        struct placement rows[2 * CHILDREN];

        (void)state;
        children(rows, 0);
        children(rows + CHILDREN, CHILDREN);
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, CHILDREN, 50);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, CHILDREN, 50);
        (void)deliver(&world, 1480, DELIVERY_APPEND, rows, 2 * CHILDREN, 50);
        (void)publish(&world);
        assert_int_equal(persons(NULL), 2 * CHILDREN);
        assert_int_equal(persons("kommun = 1480"), CHILDREN); /* herself, within it */
        assert_int_equal(persons("kommun = 0114"), CHILDREN);
        assert_int_equal(persons("kommun in 0114,0180"), CHILDREN);
        assert_int_equal(persons("kommun in 0180,1480"), 2 * CHILDREN);
        assert_int_equal(outside, 1);
}

static void who_opts_in_is_joined_and_who_leaves_is_not(void **state)
{
        (void)state;
        world_edit(&world, "policy/linkages.yaml", "municipalities: [\"0114\", \"0180\"]",
                "municipalities: opted_in\n    opted_in:\n"
                "      - {municipality: \"0114\", decision: KS 2025/1}\n"
                "      - {municipality: \"0180\", decision: KS 2025/2}\n"
                "      - {municipality: \"1480\", decision: KS 2026/3}");
        assert_int_equal(reload_as(2), STATUS_OK);
        assert_int_equal(persons(NULL), CHILDREN);
        assert_int_equal(persons("kommun in 0180,1480"), CHILDREN);
        world_edit(&world, "policy/linkages.yaml",
                "      - {municipality: \"0180\", decision: KS 2025/2}\n", "");
        assert_int_equal(reload_as(3), STATUS_OK);
        assert_int_equal(persons(NULL), 2 * CHILDREN);
        assert_int_equal(persons("kommun in 0114,1480"), CHILDREN);
}

/* Their costs are in the store, in kronor. */
static void a_name_in_use_cannot_be_given_another_meaning(void **state)
{
        (void)state;
        world_edit(&world, "policy/datasets/placering.yaml", "unit: kr", "unit: tkr");
        assert_int_equal(reload_as(4), STATUS_FAILED_PRECONDITION);
        assert_true(world_status.details.len > 0);
        assert_non_null(strstr(world_status.details.violations[0].field, "placering.yaml:"));
        assert_non_null(strstr(world_status.details.violations[0].text, "another unit"));
        assert_int_equal(status_of(&world).policy_version, 3);
        assert_int_equal(persons(NULL), 2 * CHILDREN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(who_is_outside_is_counted_beside_the_others),
                cmocka_unit_test(who_opts_in_is_joined_and_who_leaves_is_not),
                cmocka_unit_test(a_name_in_use_cannot_be_given_another_meaning),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
