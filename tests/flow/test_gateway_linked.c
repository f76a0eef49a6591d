/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_linked.c: linked questions over the wire, held against deliveries so small
 * that anybody can count them.
 *
 * Forty children are reported in 0114, in pairs with one guardian: the older of the two on
 * day 40, the younger on day 60. The first twenty are reported again in 0180 on day 140,
 * the next ten again in 0114 on day 70. 1480 delivers nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_ask.h"

enum { CHILDREN = 40, AGAIN_ELSEWHERE = 20, AGAIN = 10, GUARDIANS_FROM = 200000 };

static struct world world;

static struct report about(uint32_t child, int32_t day, uint32_t key)
{
        return (struct report){child, GUARDIANS_FROM + child / 2, day, key};
}

static void deliver_all(void)
{
        struct report first[CHILDREN + AGAIN], elsewhere[AGAIN_ELSEWHERE];
        uint32_t n = 0;

        for (uint32_t i = 0; i < CHILDREN; i++, n++)
                first[n] = about(i, i % 2 == 0 ? 40 : 60, n);
        for (uint32_t i = 0; i < AGAIN; i++, n++)
                first[n] = about(AGAIN_ELSEWHERE + i, 70, n);
        for (uint32_t i = 0; i < AGAIN_ELSEWHERE; i++)
                elsewhere[i] = about(i, 140, i);
        (void)deliver_concerns(&world, 114, first, n);
        (void)deliver_concerns(&world, 180, elsewhere, AGAIN_ELSEWHERE);
        (void)publish(&world);
}

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        policy_begin(&world);
        world_start(&world);
        deliver_all();
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

#define AGAIN_WITHIN_A_YEAR(in)                                                                    \
        "dataset: anmalan\n"                                                                       \
        "derived:\n"                                                                               \
        "  - {name: ater, kind: exists, dataset: anmalan, in: " in ",\n"                           \
        "     window: {anchor: datum, from: 1, until: 365}}\n"                                     \
        "filters: [\"ater = true\"]\n"

static void who_is_reported_again_is_found_in_any_municipality(void **state)
{
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world, "dataset: anmalan\n", &r), STATUS_OK);
        assert_int_equal(cell_value(&r, 0, NULL), CHILDREN);
        assert_int_equal(ask_yaml(&world, AGAIN_WITHIN_A_YEAR("any"), &r), STATUS_OK);
        assert_int_equal(cell_value(&r, 0, NULL), AGAIN_ELSEWHERE + AGAIN);
        assert_int_equal(ask_yaml(&world, AGAIN_WITHIN_A_YEAR("other"), &r), STATUS_OK);
        assert_int_equal(cell_value(&r, 0, NULL), AGAIN_ELSEWHERE);
        assert_int_equal(ask_yaml(&world, AGAIN_WITHIN_A_YEAR("same"), &r), STATUS_OK);
        assert_int_equal(cell_value(&r, 0, NULL), AGAIN);
}

static void a_question_is_answered_under_the_narrowest_linkage_or_the_one_it_names(void **state)
{
        struct wire_release narrow, wide;

        (void)state;
        assert_int_equal(ask_yaml(&world, AGAIN_WITHIN_A_YEAR("any"), &narrow), STATUS_OK);
        assert_true(bytes_is_text(narrow.linkage, "anmalan_riket"));
        assert_int_equal(
                ask_yaml(&world, AGAIN_WITHIN_A_YEAR("any") "linkage: barnets_resa\n", &wide),
                STATUS_OK);
        assert_true(bytes_is_text(wide.linkage, "barnets_resa"));
        assert_int_equal(cell_value(&wide, 0, NULL), cell_value(&narrow, 0, NULL));
        assert_int_equal(ask_yaml(&world,
                                 "dataset: anmalan\nderived:\n"
                                 "  - {name: utr, kind: exists, dataset: utredning}\n",
                                 &wide),
                STATUS_OK);
        assert_true(bytes_is_text(wide.linkage, "barnets_resa"));
        assert_int_equal(wide.coverage_len, 2);
        assert_true(bytes_is_text(wide.coverage[1].dataset, "utredning"));
        assert_int_equal(wide.coverage[1].delivered, 0);
        assert_int_equal(cell_at(&wide, NULL), CELL_MISSING); /* nobody knows of any */
        assert_true(wide.has_counted);
        assert_int_equal(wide.counted, 0);
        assert_int_equal(ask_yaml(&world,
                                 "dataset: anmalan\nderived:\n"
                                 "  - {name: vald, kind: exists, dataset: vald}\n",
                                 &wide),
                STATUS_PERMISSION_DENIED);
}

static void a_family_is_who_shares_a_guardian(void **state)
{
        struct wire_release r;

        (void)state;
        assert_int_equal(
                ask_yaml(&world, "dataset: anmalan\nunit: family\nmeasures: [families, persons]\n",
                        &r),
                STATUS_OK);
        assert_int_equal(r.unit, UNIT_FAMILY);
        assert_int_equal(cell_value(&r, 0, NULL), CHILDREN / 2);
        assert_int_equal(cell_value(&r, 1, NULL), CHILDREN);
        /* An earlier report in the family: all the younger, and of the older those who were
         * reported again. */
        assert_int_equal(ask_yaml(&world,
                                 "dataset: anmalan\nderived:\n"
                                 "  - {name: tidigare, kind: exists, dataset: anmalan,\n"
                                 "     same: family, window: {from: -365, until: -1}}\n"
                                 "filters: [\"tidigare = true\"]\n",
                                 &r),
                STATUS_OK);
        assert_int_equal(cell_value(&r, 0, NULL), CHILDREN / 2 + (AGAIN_ELSEWHERE + AGAIN) / 2);
}

/* Delivery status ------------------------------------------------------------------ */

static void who_has_not_delivered_is_missing_and_said_to_be(void **state)
{
        const char *const told[] = {"0114"}, *const silent[] = {"1480"};
        struct wire_release r;

        (void)state;
        assert_int_equal(
                ask_yaml(&world, "dataset: anmalan\nperiod: \"2025\"\ndimensions: [kommun]\n", &r),
                STATUS_OK);
        assert_int_equal(cell_value(&r, 0, told), CHILDREN);
        assert_int_equal(cell_at(&r, silent), CELL_MISSING);
        assert_int_equal(r.delivered, 2);
        assert_int_equal(r.expected, 290);
        assert_int_equal(r.coverage_len, 1);
        assert_true(bytes_is_text(r.coverage[0].dataset, "anmalan"));
        assert_int_equal(r.coverage[0].delivered, 2);
        assert_int_equal(r.coverage[0].expected, 290);
        assert_int_equal(r.coverage[0].rejected_permille, 0);
        /* Three of the eight values of a report were left out by everybody. */
        assert_in_range(r.coverage[0].missing_permille, 1, 999);
        assert_int_equal(r.coverage[0].families_missing_permille, 0);
        assert_int_equal(ask_yaml(&world, "dataset: anmalan\nperiod: \"2024\"\n", &r), STATUS_OK);
        assert_int_equal(r.coverage[0].delivered, 0);
        assert_int_equal(r.coverage[0].rejected_permille, NO_SHARE);
        assert_true(r.has_period);
        assert_int_equal(cell_at(&r, NULL), CELL_MISSING); /* nobody has told of 2024 */
}

static void deliveries_are_a_data_set_that_can_be_asked(void **state)
{
        const char *const come[] = {"true"}, *const awaited[] = {"false"};
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world,
                                 "dataset: leveransstatus\nfilters: [\"datamangd = anmalan\"]\n"
                                 "dimensions: [levererad]\nmeasures: [records, sum:poster]\n",
                                 &r),
                STATUS_OK);
        assert_int_equal(r.linkage.len, 0);
        assert_int_equal(cell_value(&r, 0, awaited), 288);
        assert_int_equal(cell_value(&r, 0, come), 2);
        assert_int_equal(cell_value(&r, 1, come), CHILDREN + AGAIN + AGAIN_ELSEWHERE);
}

/* Operations ----------------------------------------------------------------------- */

static void the_status_lists_views_by_linkage(void **state)
{
        struct wire_status s = status_of(&world);
        unsigned wide = 0, own = 0;

        (void)state;
        for (uint32_t i = 0; i < s.views_len; i++) {
                const struct wire_view_status *v = &s.views[i];

                if (!bytes_is_text(v->dataset, "anmalan"))
                        continue;
                wide += bytes_is_text(v->linkage, "barnets_resa");
                own += bytes_is_text(v->linkage, "anmalan_riket");
                assert_int_equal(v->records, CHILDREN + AGAIN + AGAIN_ELSEWHERE);
        }
        /* Once each, although built for one purpose and asked for another. */
        assert_int_equal(own, 1);
        assert_int_equal(wide, 1);
}

static void linked_questions_of_a_day_are_counted_and_a_restart_forgets_none(void **state)
{
        struct wire_release r;

        (void)state;
        world_edit(&world, "policy/bundle.yaml", "questions_per_day: 1000", "questions_per_day: 7");
        assert_int_equal(policy_follow(&world), STATUS_OK);
        /* Seven were asked above: any, other, same; two of two data sets; two of families. */
        assert_int_equal(ask_yaml(&world, AGAIN_WITHIN_A_YEAR("any"), &r), STATUS_OK);
        assert_int_equal(ask_yaml(&world, AGAIN_WITHIN_A_YEAR("any") "dimensions: [kon]\n", &r),
                STATUS_RESOURCE_EXHAUSTED);
        assert_true(world_blames("principal"));
        assert_int_equal(ask_yaml(&world, "dataset: anmalan\ndimensions: [kon]\n", &r), STATUS_OK);
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        assert_int_equal(ask_yaml(&world, AGAIN_WITHIN_A_YEAR("same"), &r), STATUS_OK);
        assert_int_equal(ask_yaml(&world, AGAIN_WITHIN_A_YEAR("any") "dimensions: [kon]\n", &r),
                STATUS_RESOURCE_EXHAUSTED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(who_is_reported_again_is_found_in_any_municipality),
                cmocka_unit_test(
                        a_question_is_answered_under_the_narrowest_linkage_or_the_one_it_names),
                cmocka_unit_test(a_family_is_who_shares_a_guardian),
                cmocka_unit_test(who_has_not_delivered_is_missing_and_said_to_be),
                cmocka_unit_test(deliveries_are_a_data_set_that_can_be_asked),
                cmocka_unit_test(the_status_lists_views_by_linkage),
                cmocka_unit_test(linked_questions_of_a_day_are_counted_and_a_restart_forgets_none),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
