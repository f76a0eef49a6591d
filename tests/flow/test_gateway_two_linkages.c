/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_two_linkages.c: one child in the difference of two answers that were given under two
 * linkages of the same data set, at a real gateway.
 *
 * Each municipality has told of sixty children, and of forty-one of them again: of one after
 * three hundred days, of the others earlier. So who is reported again within 300 days and who is
 * within 299 are two sets that differ by one child. The first is asked under one linkage, the
 * second under another, where everybody has another record key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_ask.h"
#include "tests/support/gateway_sealing.h"

enum { CHILDREN = 60, AGAIN = 41, GUARDIANS_FROM = 200000, TOWNS = 6, NEIGHBOURS = 20 };

#define OWN   "anmalan_riket"
#define WIDE  "barnets_resa"
#define OTHER "vald_och_barn" /* joins nobody, until it joins the same */

#define LINKAGES  "policy/linkages.yaml"
#define SIX_TOWNS "municipalities: [\"0114\", \"0180\", \"0380\", \"0580\", \"1280\", \"1480\"]"

static struct world world;
static const municipality_t towns[TOWNS] = {114, 180, 1480, 1280, 380, 580};

static void deliver_town(municipality_t town, uint32_t first)
{
        struct report rows[CHILDREN + AGAIN];
        uint32_t n = 0;

        for (uint32_t i = 0; i < CHILDREN; i++, n++)
                rows[n] = (struct report){first + i, GUARDIANS_FROM + first + i, 5 + (int32_t)i, n};
        for (uint32_t i = 0; i < AGAIN; i++, n++) {
                rows[n] = rows[i];
                rows[n].key = n;
                rows[n].day += i == 0 ? 300 : 30 + (int32_t)i;
        }
        (void)deliver_concerns(&world, town, rows, n);
}

/* Two towns that have told of twenty children twice, and of twenty others once. Two of those whom
 * they told of twice are the same. */
static void deliver_neighbours(void)
{
        struct report rows[3 * NEIGHBOURS];

        for (uint32_t t = 0; t < 2; t++) {
                uint32_t n = 0;

                for (uint32_t i = 0; i < 2 * NEIGHBOURS; i++, n++) {
                        uint32_t child = 20000 + i / 2 + (i / 2 < 2 ? 0 : 100 * t);

                        rows[n] = (struct report){child, GUARDIANS_FROM + child,
                                (int32_t)(10 + 5 * t + i % 2 * 40), n};
                }
                for (uint32_t i = 0; i < NEIGHBOURS; i++, n++)
                        rows[n] = (struct report){
                                21000 + 100 * t + i, GUARDIANS_FROM + 21000 + 100 * t + i, 20, n};
                (void)deliver_concerns(&world, t == 0 ? 680 : 880, rows, n);
        }
}

#define HOME_OF_ALL   "datasets: [anmalan]\n    municipalities: all\n"
#define HOME_OF_THREE "datasets: [anmalan]\n    municipalities: [\"0114\", \"0180\", \"0580\"]\n"

static void begin(bool narrow)
{
        world_make(&world);
        if (narrow)
                world_edit(&world, LINKAGES, HOME_OF_ALL, HOME_OF_THREE);
        world_plan_only(&world, "anmalan");
        world_edit(&world, LINKAGES,
                "datasets: [anmalan, utredning, insats, placering, uppfoljning]\n"
                "    municipalities: all",
                "datasets: [anmalan, utredning, insats, placering, uppfoljning]\n    " SIX_TOWNS);
        policy_begin(&world);
        world_start(&world);
        for (uint32_t t = 0; t < TOWNS; t++)
                deliver_town(towns[t], 1000 * t);
        deliver_neighbours();
        (void)publish(&world);
}

static int setup(void **state)
{
        (void)state;
        begin(false);
        return 0;
}

/* Another world, where the data set's own linkage joins less than another. */
static int setup_again(void **state)
{
        (void)state;
        world_remove(&world);
        begin(false);
        return 0;
}

static int setup_narrow(void **state)
{
        (void)state;
        world_remove(&world);
        begin(true);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* How many children of a town were reported again within so many days. */
static const char *again(const char *town, const char *linkage, unsigned days)
{
        return arena_printf(world.arena,
                "dataset: anmalan\nlinkage: %s\nderived:\n"
                "  - {name: ater, kind: exists, dataset: anmalan, in: any,\n"
                "     window: {anchor: datum, from: 1, until: %u}}\n"
                "filters: [\"ater = true\", \"kommun in %s\"]\n",
                linkage, days, town);
}

static enum status ask_as(const char *who, const char *yaml, enum cell_status *out)
{
        enum status s = world_call(
                &world, world_client(&world, who), "Statistics/Query", say_yaml(&world, yaml));
        struct wire_release r;

        if (s != STATUS_OK)
                return s;
        read_release(&world, world_answer, &r);
        assert_int_equal(r.protection.source, ANSWER_SOURCE_LEDGER);
        *out = cell_at(&r, NULL);
        return s;
}

static bool is_told(const char *town, const char *linkage, unsigned days)
{
        enum cell_status cell = CELL_PROTECTED;

        assert_int_equal(ask_as(WORLD_STATISTICIAN, again(town, linkage, days), &cell), STATUS_OK);
        return cell == CELL_VALUE;
}

static bool all_are_told(const char *town)
{
        struct wire_release r;

        assert_int_equal(ask_yaml(&world,
                                 arena_printf(world.arena,
                                         "dataset: anmalan\nfilters: [\"kommun = %s\", "
                                         "\"datum in 2025-01..2025-03\"]\n",
                                         town),
                                 &r),
                STATUS_OK);
        return cell_at(&r, NULL) == CELL_VALUE;
}

static void restart(void)
{
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
}

static void answers_under_two_linkages_do_not_tell_of_one_child(void **state)
{
        (void)state;
        assert_true(is_told("0114", OWN, 300));
        assert_false(is_told("0114", WIDE, 299));
        /* Nor the other way round. */
        assert_true(is_told("0180", WIDE, 299));
        assert_false(is_told("0180", OWN, 300));
        /* The very same persons are told under both, and others who are many. */
        assert_true(is_told("0114", WIDE, 300));
        assert_true(is_told("0180", OWN, 299));
        assert_true(is_told("0114", WIDE, 50));
        assert_true(is_told("0180", OWN, 50));
}

static void two_principals_under_two_linkages_learn_no_more_than_one(void **state)
{
        enum cell_status cell = CELL_PROTECTED;

        (void)state;
        assert_int_equal(ask_as("statistician/anna", again("1480", WIDE, 300), &cell), STATUS_OK);
        assert_int_equal(cell, CELL_VALUE);
        assert_int_equal(ask_as("statistician/bo", again("1480", OWN, 299), &cell), STATUS_OK);
        assert_int_equal(cell, CELL_PROTECTED);
}

static void nor_after_a_restart(void **state)
{
        (void)state;
        assert_true(is_told("1280", WIDE, 300));
        assert_true(is_told("0380", OWN, 299));
        restart();
        assert_false(is_told("1280", OWN, 299));
        assert_false(is_told("0380", WIDE, 300));
        /* What was told and refused before is so still. */
        assert_true(is_told("0114", OWN, 300));
        assert_false(is_told("0114", WIDE, 299));
        assert_true(is_told("0180", WIDE, 299));
        assert_false(is_told("0180", OWN, 300));
        assert_true(is_told("0380", WIDE, 50));
}

static bool wide_ends(const char *day)
{
        linkage_until(&world, WIDE, day);
        return policy_follow(&world) == STATUS_OK;
}

/* The second does not join them, and everybody counts once for each town: it is two children more
 * than the first. */
static void who_is_two_persons_under_one_linkage_and_one_under_another_is_told_by_neither(
        void **state)
{
        (void)state;
        assert_true(is_told("0680,0880", OWN, 60));
        assert_false(is_told("0680,0880", WIDE, 60));
        assert_true(is_told("0680", WIDE, 60));
}

/* What is in memory stays there; what is not, and cannot be counted again, is missed. */
static void what_was_told_under_a_linkage_that_has_ended_is_still_held_against_others(void **state)
{
        enum cell_status cell = CELL_PROTECTED;

        (void)state;
        assert_true(is_told("0580", WIDE, 300));
        assert_true(wide_ends("2025-12-31"));
        assert_false(is_told("0580", OWN, 299));
        assert_true(is_told("0580", OWN, 50));
        restart();
        assert_int_equal(ask_as(WORLD_STATISTICIAN, again("0580", OWN, 298), &cell),
                STATUS_PERMISSION_DENIED);
        assert_true(world_blames("derived"));
        assert_true(all_are_told("0580"));
        /* What was answered is answered again. */
        assert_true(is_told("0580", OWN, 50));
}

static void it_is_counted_again_when_the_linkage_is_back(void **state)
{
        (void)state;
        assert_true(wide_ends("2030-12-31"));
        restart();
        assert_false(is_told("0580", OWN, 298));
        assert_true(is_told("0580", OWN, 40));
}

static void or_under_another_name_that_joins_the_same(void **state)
{
        (void)state;
        assert_true(wide_ends("2025-12-31"));
        world_edit(&world, LINKAGES, "municipalities: opted_in\n    opted_in: []", SIX_TOWNS);
        assert_int_equal(policy_follow(&world), STATUS_OK);
        restart();
        assert_false(is_told("0580", OWN, 297));
        assert_false(is_told("0580", OTHER, 297));
        assert_true(is_told("0580", OTHER, 300));
        assert_true(is_told("0580", OTHER, 40));
}

/* Everybody is counted again, since whom it leaves alone has another name; and of answers under the
 * wider one that cannot be done. */
static void where_the_data_sets_own_joins_less_than_before_wider_answers_cannot_be_counted(
        void **state)
{
        enum cell_status cell = CELL_PROTECTED;

        (void)state;
        world_edit(&world, LINKAGES, HOME_OF_ALL, HOME_OF_THREE);
        assert_int_equal(policy_follow(&world), STATUS_OK);
        assert_int_equal(ask_as(WORLD_STATISTICIAN, again("0114", OWN, 50), &cell),
                STATUS_PERMISSION_DENIED);
        assert_true(world_blames("derived"));
        assert_true(all_are_told("0114"));
}

/* One of its persons would be two of the memory's. */
static void a_linkage_that_joins_more_than_the_data_sets_own_is_refused(void **state)
{
        enum cell_status cell = CELL_PROTECTED;

        (void)state;
        assert_int_equal(
                ask_as(WORLD_STATISTICIAN, again("0114", WIDE, 120), &cell), STATUS_UNIMPLEMENTED);
        assert_true(world_blames("linkage"));
        assert_true(is_told("0114", OWN, 50));
}

/* Of a vintage that an erasure has closed since: as when the linkage had ended. */
static void after_an_erasure_plain_questions_are_answered_and_derived_ones_are_not(void **state)
{
        struct wire_person p = {.kind = PERSON_NATIONAL};
        enum cell_status cell = CELL_PROTECTED;

        (void)state;
        assert_true(is_told("0580", WIDE, 300));
        child_id(5003, p.id);
        assert_int_equal(world_erase(&world, 580, &p), STATUS_OK);
        restart();
        assert_true(all_are_told("0114"));
        assert_int_equal(ask_as(WORLD_STATISTICIAN, again("0114", OWN, 60), &cell),
                STATUS_PERMISSION_DENIED);
        assert_true(world_blames("derived"));
        assert_int_equal(ask_as(WORLD_STATISTICIAN, again("0114", WIDE, 60), &cell),
                STATUS_PERMISSION_DENIED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(answers_under_two_linkages_do_not_tell_of_one_child),
                cmocka_unit_test(two_principals_under_two_linkages_learn_no_more_than_one),
                cmocka_unit_test(nor_after_a_restart),
                cmocka_unit_test(
                        who_is_two_persons_under_one_linkage_and_one_under_another_is_told_by_neither),
                cmocka_unit_test(
                        what_was_told_under_a_linkage_that_has_ended_is_still_held_against_others),
                cmocka_unit_test(it_is_counted_again_when_the_linkage_is_back),
                cmocka_unit_test(or_under_another_name_that_joins_the_same),
                cmocka_unit_test(
                        where_the_data_sets_own_joins_less_than_before_wider_answers_cannot_be_counted),
                cmocka_unit_test_setup_teardown(
                        a_linkage_that_joins_more_than_the_data_sets_own_is_refused, setup_narrow,
                        NULL),
                cmocka_unit_test_setup_teardown(
                        after_an_erasure_plain_questions_are_answered_and_derived_ones_are_not,
                        setup_again, NULL),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
