/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_planned_after.c: tables that a new policy plans of a vintage of which somebody has
 * asked already, at a real gateway.
 *
 * Somebody asks what is not planned and is told of fifty-nine children. A table that is planned
 * afterwards and tells of sixty gives the sixtieth by one subtraction, however that number is had:
 * as a cell, as a total without the others, or as a sum of towns. What is asked with no such answer
 * before, or one that is far from all of them, is told as planned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/flow/planned_world.h"

enum { ALL = 0xff, NONE = 0, GUARDIANS_FROM = 200000 };

static int setup(void **state)
{
        (void)state;
        world_planned(IN_THE_COUNTRY);
        world_open();
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* What is told without a question ------------------------------------------------------------- */

static void assert_all_are_told(void)
{
        struct told persons = {.len = 0}, records = {.len = 0};

        listen(&persons, "persons", 0);
        listen(&records, "records", 0);
        assert_int_equal(persons.len, PART_OF_WORLD);
        assert_int_equal(records.len, PART_OF_WORLD);
        for (uint32_t town = 0; town < TOWNS; town++) {
                assert_told(&persons, town, CHILDREN);
                assert_told(&records, town, CHILDREN);
        }
}

static void with_no_question_before_every_town_is_told(void **state)
{
        (void)state;
        towns_tell(ALL);
        plan(BY_COUNTY_TOO);
        assert_all_are_told();
}

/* In a world where nobody's sex is known to a neighbour. */
static void and_so_it_is_by_what_is_sensitive(void **state)
{
        (void)state;
        towns_tell(ALL);
        plan(BY_TOWN);
        assert_all_are_told();
}

/* Differing by many, or not at all, by itself or as a sum of towns. */
static void answers_that_are_far_or_equal_hide_nothing(void **state)
{
        (void)state;
        towns_tell(NONE);
        assert_in_range(asked(ASK("\"kommun = 0114\", \"datum in 2025-01..2025-02\"")), 10, 50);
        assert_int_equal(asked(ASK("\"kommun = 0180\", " UNTIL_SEPTEMBER)), CHILDREN);
        assert_int_equal(asked(ASK("\"kommun in 0380,0381\"")), 2 * CHILDREN);
        assert_int_equal(asked(ASK("\"kommun in 0114,0581\", " UNTIL_SEPTEMBER)), 2 * CHILDREN);
        assert_int_equal(asked(ASK("\"kommun != 1480\"")), (TOWNS - 1) * CHILDREN);
        assert_int_equal(asked(ASK("\"kommun = 1480\"") "linkage: barnets_resa\n"), CHILDREN);
        plan(BY_COUNTY_TOO);
        assert_all_are_told();
}

/* One child --------------------------------------------------------------------------------- */

/* Towns whose children are sixteen or seventeen, and one of seven. */
static void a_town_without_one_child_of_another_age_is_told_of_and_the_town_is_not(void **state)
{
        struct report rows[CHILDREN];
        struct told t = {.len = 0};
        int64_t answer, number;

        (void)state;
        for (uint32_t town = 0; town < TOWNS; town++) {
                for (uint32_t i = 0; i < CHILDREN; i++) {
                        uint32_t child = 4000 * town + (i == 0 ? 3500 : i);

                        rows[i] = (struct report){
                                child, GUARDIANS_FROM + child, 20 + (int32_t)i, child};
                }
                (void)deliver_concerns(&world, town_numbers[town], rows, CHILDREN);
        }
        (void)publish(&world);
        answer = asked(ASK("\"kommun = 0114\", \"alder >= 13\""));
        assert_int_equal(answer, CHILDREN - 1);
        listen_to_the_country(&t, "persons");
        plan(BY_COUNTY_TOO);
        listen(&t, "persons", 0);
        listen_to_counties(&t);
        assert_tells_of_nobody(&t, sum_of_town(0), answer);
        assert_most_are_told(&t);
        assert_true(told_sum(&t, sum_of_all(), &number));
        assert_int_equal(number, TOWNS * CHILDREN);
}

static void nor_by_one_sex(void **state)
{
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        towns_tell(ALL);
        answer = asked(ASK("\"kommun = 0114\", \"kon = kvinna\", " UNTIL_SEPTEMBER));
        assert_int_equal(answer, CHILDREN / PARTS - 1);
        listen_to_the_country(&t, "persons");
        plan(BY_TOWN);
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_of_part(0, 0), answer);
        assert_most_are_told(&t);
}

static struct bytes by_town_now(void)
{
        struct wire_answer a;

        assert_int_equal(
                world_call(&world, world_client(&world, WORLD_STATISTICIAN), "Statistics/Query",
                        say_yaml(&world, "dataset: anmalan\ndimensions: [kommun, kon]\n")),
                STATUS_OK);
        assert_int_equal(answer_decode(world.arena, world_answer, &a), ERR_OK);
        return a.release;
}

static void nor_after_restarts_before_and_after(void **state)
{
        struct told t = {.len = 0};
        struct bytes before;
        int64_t answer;

        (void)state;
        towns_tell(ALL);
        answer = asked(ASK("\"kommun = 0381\", " UNTIL_SEPTEMBER));
        assert_int_equal(answer, CHILDREN - 1);
        restart();
        listen_to_the_country(&t, "persons");
        plan(BY_TOWN);
        restart();
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_of_town(5), answer);
        assert_most_are_told(&t);
        before = by_town_now();
        restart();
        assert_true(bytes_equal(before, by_town_now()));
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_of_town(5), answer);
        assert_int_equal(asked(ASK("\"kommun = 0381\", " UNTIL_SEPTEMBER)), answer);
}

/* Where everybody has another record key; of one town, how many were told of again. */
static void nor_where_it_was_asked_under_another_linkage(void **state)
{
        struct report rows[CHILDREN];
        struct told t = {.len = 0};
        int64_t plain, derived;

        (void)state;
        (void)town_rows(rows, 7, false);
        for (uint32_t i = 0; i < CHILDREN; i++) {
                rows[i].day += 30;
                rows[i].key += 500;
        }
        (void)deliver_concerns(&world, town_numbers[7], &rows[1], 40);
        towns_tell(ALL);
        plain = asked(ASK("\"kommun = 0380\", " UNTIL_SEPTEMBER) "linkage: barnets_resa\n");
        assert_int_equal(plain, CHILDREN - 1);
        derived = asked(
                ASK("\"kommun = 0581\", " UNTIL_SEPTEMBER) "linkage: barnets_resa\ndimensions: "
                                                           "[ater]\nderived:\n"
                                                           "  - {name: ater, kind: exists, "
                                                           "dataset: anmalan, in: any,\n"
                                                           "     window: {anchor: datum, from: 1, "
                                                           "until: 90}}\n");
        assert_int_equal(derived, CHILDREN - 1);
        listen_to_the_country(&t, "persons");
        plan(BY_TOWN);
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_of_town(4), plain);
        assert_tells_of_nobody(&t, sum_of_town(7), derived);
        assert_in_range(towns_told(&t), MOST - 1, TOWNS);
}

/* Sixty-one reports of sixty children, and sixty of the same. */
static void nor_one_report_of_a_child_who_is_told_of_twice(void **state)
{
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        for (uint32_t town = 0; town < TOWNS; town++) {
                struct report rows[CHILDREN + 1];
                uint32_t len = town_rows(rows, town, false);

                rows[len] = rows[0];
                rows[len].day = OCTOBER_DAY;
                rows[len].key = 1000 * town + len;
                (void)deliver_concerns(&world, town_numbers[town], rows, len + 1);
        }
        (void)publish(&world);
        answer = asked(ASK("\"kommun = 0580\", " UNTIL_SEPTEMBER) "measures: [records]\n");
        assert_int_equal(answer, CHILDREN);
        listen_to_the_country(&t, "records");
        plan(BY_TOWN);
        listen(&t, "records", 0);
        assert_tells_of_nobody(&t, sum_of_town(6), answer);
        assert_most_are_told(&t);
}

/* Sums and complements ------------------------------------------------------------------------ */

static void nor_a_sum_of_towns_of_a_region_without_one_child(void **state)
{
        struct sum three = sum_and(sum_of_town(0), sum_and(sum_of_town(2), sum_of_town(4)));
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        towns_tell(1u << 2);
        answer = asked(ASK("\"kommun in 0114,1480,0380\", " UNTIL_SEPTEMBER));
        assert_int_equal(answer, 3 * CHILDREN - 1);
        listen_to_the_country(&t, "persons");
        plan(BY_TOWN);
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, three, answer);
        assert_most_are_told(&t);
}

/* The region has a county and a town of another. */
static void nor_a_county_and_a_town(void **state)
{
        struct sum three = sum_and(sum_of_town(0), sum_and(sum_of_town(1), sum_of_town(4)));
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        towns_tell(1u << 4);
        answer = asked(ASK("\"kommun in 0114,0180,0380\", " UNTIL_SEPTEMBER));
        assert_int_equal(answer, 3 * CHILDREN - 1);
        listen_to_the_country(&t, "persons");
        plan(BY_COUNTY_TOO);
        listen(&t, "persons", 0);
        listen_to_counties(&t);
        assert_tells_of_nobody(&t, three, answer);
        assert_most_are_told(&t);
}

/* All but one town and one child: the country's total, which is told, without that town. */
static void nor_the_country_without_one_town(void **state)
{
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        towns_tell(1u << 1);
        answer = asked(ASK("\"kommun != 0114\", " UNTIL_SEPTEMBER));
        assert_int_equal(answer, (TOWNS - 1) * CHILDREN - 1);
        listen_to_the_country(&t, "persons");
        plan(BY_TOWN);
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_but(sum_of_all(), sum_of_town(0)), answer);
        assert_most_are_told(&t);
}

/* Two answers -------------------------------------------------------------------------------- */

/* Neither answer is near the town; the sum of both is all of it but one. */
static void nor_a_town_by_the_sum_of_two_answers(void **state)
{
        struct told t = {.len = 0};
        int64_t early, late;

        (void)state;
        towns_tell(ALL);
        early = asked(ASK("\"kommun = 0180\", \"datum in 2025-01..2025-02\""));
        late = asked(ASK("\"kommun = 0180\", \"datum in 2025-03..2025-09\""));
        assert_int_equal(early + late, CHILDREN - 1);
        listen_to_the_country(&t, "persons");
        plan(BY_TOWN);
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_of_town(1), early + late);
        assert_most_are_told(&t);
}

/* The men of a town, and everybody elsewhere but one child: the country's total without the women
 * of that town. */
static void nor_the_country_without_the_women_of_a_town(void **state)
{
        struct told t = {.len = 0};
        int64_t men, others;

        (void)state;
        towns_tell(1u << 5);
        men = asked(ASK("\"kommun = 1481\", \"kon = man\""));
        others = asked(ASK("\"kommun != 1481\", " UNTIL_SEPTEMBER));
        assert_int_equal(men + others, TOWNS * CHILDREN - CHILDREN / PARTS - 1);
        listen_to_the_country(&t, "persons");
        plan(BY_TOWN);
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_but(sum_of_all(), sum_of_part(3, 0)), men + others);
        assert_most_are_told(&t);
}

/* What is sensitive --------------------------------------------------------------------------- */

/* A world where nobody's sex is known to a neighbour. */
static int setup_sensitive(void **state)
{
        (void)state;
        world_planned(IN_THE_COUNTRY);
        world_edit(&world, ANMALAN, "source: sex\n    role: identifying",
                "source: sex\n    role: sensitive");
        world_open();
        return 0;
}

/* A row of the answer, whose cells are sensitive: one is as it is in the planned table. */
static void nor_by_a_row_whose_cells_are_sensitive(void **state)
{
        static const char *const men[] = {"man"}, *const women[] = {"kvinna"},
                                 *const all[] = {NULL};
        struct wire_release r;
        struct told t = {.len = 0};

        (void)state;
        towns_tell(ALL);
        assert_int_equal(
                ask_yaml(&world, ASK("\"kommun = 0114\", " UNTIL_SEPTEMBER) "dimensions: [kon]\n",
                        &r),
                STATUS_OK);
        assert_int_equal(r.protection.source, ANSWER_SOURCE_LEDGER);
        assert_int_equal(cell_value(&r, 0, all), CHILDREN - 1);
        listen_to_the_country(&t, "persons");
        plan(BY_TOWN);
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_of_town(0), cell_value(&r, 0, all));
        assert_tells_of_nobody(&t, sum_of_part(0, 0), cell_value(&r, 0, women));
        assert_tells_of_nobody(&t, sum_of_part(0, 1), cell_value(&r, 0, men));
        assert_most_are_told(&t);
}

/* Thirty men of fifty-nine children, and thirty of sixty: the sixtieth is no man. Who asks when the
 * table is there already is not told for that reason. */
static void nor_that_a_child_is_not_among_those_of_a_kind(void **state)
{
        struct told t = {.len = 0};
        int64_t women, men, number;

        (void)state;
        towns_tell(ALL);
        men = asked(ASK("\"kommun = 0114\", \"kon = man\", " UNTIL_SEPTEMBER));
        assert_int_equal(men, CHILDREN / PARTS);
        women = asked(ASK("\"kommun = 0381\", \"kon = kvinna\", " UNTIL_SEPTEMBER));
        assert_int_equal(women, CHILDREN / PARTS - 1);
        listen_to_the_country(&t, "persons");
        plan(BY_TOWN);
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_of_part(5, 0), women);
        assert_false(told_sum(&t, sum_of_part(0, 1), &number));
        assert_most_are_told(&t);
        assert_int_equal(asked(ASK("\"kommun = 1480\", \"kon = man\", " UNTIL_SEPTEMBER)), HIDDEN);
}

int main(void)
{
#define CASE(name)      cmocka_unit_test_setup_teardown(name, setup, teardown)
#define SENSITIVE(name) cmocka_unit_test_setup_teardown(name, setup_sensitive, teardown)
        const struct CMUnitTest tests[] = {
                CASE(with_no_question_before_every_town_is_told),
                CASE(answers_that_are_far_or_equal_hide_nothing),
                CASE(a_town_without_one_child_of_another_age_is_told_of_and_the_town_is_not),
                CASE(nor_by_one_sex),
                CASE(nor_after_restarts_before_and_after),
                CASE(nor_where_it_was_asked_under_another_linkage),
                CASE(nor_one_report_of_a_child_who_is_told_of_twice),
                CASE(nor_a_sum_of_towns_of_a_region_without_one_child),
                CASE(nor_a_county_and_a_town),
                CASE(nor_the_country_without_one_town),
                CASE(nor_a_town_by_the_sum_of_two_answers),
                CASE(nor_the_country_without_the_women_of_a_town),
                SENSITIVE(and_so_it_is_by_what_is_sensitive),
                SENSITIVE(nor_by_a_row_whose_cells_are_sensitive),
                SENSITIVE(nor_that_a_child_is_not_among_those_of_a_kind),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
