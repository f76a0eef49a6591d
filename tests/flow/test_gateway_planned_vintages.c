/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_planned_vintages.c: planned tables of a vintage, and what somebody was told of
 * another one, outside the plan, at a real gateway.
 *
 * Each town has told of fifty children before spring and of ten in November. Somebody asks what
 * there was until October and is told of fifty. Then the ten turn out to be another's: the town
 * delivers anew without them, with one child more, and the planned tables of the next vintage tell
 * of fifty-one. They are eleven others than the planned tables of the first, and one other than
 * that answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/flow/planned_world.h"
#include "tests/support/gateway_sealing.h"

enum {
        LATE = 10,
        EARLY = CHILDREN - LATE,
        MORE_MAX = 12,
        GUARDIANS_FROM = 200000,
        JUNE_DAY = 160,
        NOVEMBER_DAY = 310
};
#define UNTIL_OCTOBER "\"datum in 2025-01..2025-10\""

static void november_comes(void)
{
        for (uint32_t t = 0; t < TOWNS; t++) {
                struct report rows[CHILDREN];
                uint32_t len = town_rows(rows, t, false);

                for (uint32_t i = EARLY; i < CHILDREN; i++)
                        rows[i].day = NOVEMBER_DAY;
                (void)deliver_concerns(&world, town_numbers[t], rows, len);
        }
        (void)publish(&world);
}

static int setup(void **state)
{
        (void)state;
        world_planned(BY_TOWN);
        world_open();
        november_comes();
        return 0;
}

static int setup_without_towns(void **state)
{
        (void)state;
        world_planned(IN_THE_COUNTRY);
        world_open();
        towns_tell(0);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* Without those of November, and with so many more in June: others, or the first of the town's
 * children again. */
static void deliver_anew(uint32_t town, uint32_t more, bool again)
{
        struct report rows[CHILDREN + MORE_MAX];

        (void)town_rows(rows, town, false);
        for (uint32_t i = EARLY; i < EARLY + more; i++) {
                uint32_t child = again ? rows[i - EARLY].child : 1000 * town + 500 + i;

                rows[i] = (struct report){
                        child, GUARDIANS_FROM + child, JUNE_DAY, 1000 * town + 500 + i};
        }
        (void)redeliver_concerns(&world, town_numbers[town], rows, EARLY + more);
}

static void deliver_one_more(uint32_t town)
{
        uint32_t child = 1000 * town + 700;
        struct report row = {child, GUARDIANS_FROM + child, JUNE_DAY, child};

        (void)deliver_concerns(&world, town_numbers[town], &row, 1);
}

/* Of towns that have delivered nothing since, which is no secret: what planned tables of the first
 * vintage told of them is known of the second. */
static void add_unchanged(struct told *t, uint32_t changed, const char *measure)
{
        struct told first = {.len = 0};
        int64_t number;

        listen(&first, measure, 1);
        for (uint32_t i = 0; i < PART_OF_WORLD; i++)
                if ((changed >> i / PARTS & 1) == 0 &&
                        told_sum(&first, sum_of_part(i / PARTS, i % PARTS), &number))
                        told_add(t, sum_of_part(i / PARTS, i % PARTS), number);
}

/* A next vintage ------------------------------------------------------------------------------ */

static void with_no_question_before_the_new_vintage_is_told(void **state)
{
        struct told t = {.len = 0};

        (void)state;
        deliver_anew(0, 1, false);
        (void)publish(&world);
        listen(&t, "persons", 0);
        assert_int_equal(towns_told(&t), TOWNS);
        assert_told(&t, 0, EARLY + 1);
}

static void answers_that_are_far_or_equal_hide_nothing(void **state)
{
        struct told t = {.len = 0};

        (void)state;
        assert_int_equal(asked(ASK("\"kommun = 0114\", " UNTIL_OCTOBER)), EARLY);
        assert_int_equal(asked(ASK("\"kommun = 0180\", " UNTIL_OCTOBER)), EARLY);
        assert_int_equal(asked(ASK("\"kommun in 1480,0380\", " UNTIL_OCTOBER)), 2 * EARLY);
        deliver_anew(0, 0, false);
        deliver_anew(1, MORE_MAX, false);
        (void)publish(&world);
        listen(&t, "persons", 0);
        assert_int_equal(towns_told(&t), TOWNS);
        assert_told(&t, 0, EARLY);
        assert_told(&t, 1, EARLY + MORE_MAX);
}

static void one_child_more_in_the_next_vintage_is_not_told(void **state)
{
        struct told t = {.len = 0}, first = {.len = 0};
        int64_t answer, number = 0;

        (void)state;
        answer = asked(ASK("\"kommun = 0114\", " UNTIL_OCTOBER));
        assert_int_equal(answer, EARLY);
        deliver_anew(0, 1, false);
        deliver_anew(3, 1, false);
        deliver_anew(5, 1, false);
        (void)publish(&world);
        listen(&t, "persons", 0);
        assert_most_are_told(&t);
        /* One that has changed goes with it, for of others everybody knows the number. */
        assert_true(told_sum(&t, sum_of_town(3), &number) || told_sum(&t, sum_of_town(5), &number));
        assert_int_equal(number, EARLY + 1);
        add_unchanged(&t, 1u << 0 | 1u << 3 | 1u << 5, "persons");
        assert_tells_of_nobody(&t, sum_of_town(0), answer);
        /* The vintage before, and the answer, are as they were. */
        listen(&first, "persons", 1);
        assert_int_equal(towns_told(&first), TOWNS);
        assert_int_equal(asked(ASK("\"kommun = 0114\", " UNTIL_OCTOBER) "vintage: 1\n"), answer);
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
        answer = asked(ASK("\"kommun = 1481\", " UNTIL_OCTOBER));
        assert_int_equal(answer, EARLY);
        restart();
        deliver_anew(3, 1, false);
        (void)publish(&world);
        before = by_town_now();
        restart();
        assert_true(bytes_equal(before, by_town_now()));
        listen(&t, "persons", 0);
        assert_most_are_told(&t);
        add_unchanged(&t, 1u << 3, "persons");
        assert_tells_of_nobody(&t, sum_of_town(3), answer);
}

static void nor_where_it_was_asked_under_another_linkage(void **state)
{
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        answer = asked(ASK("\"kommun = 0581\", " UNTIL_OCTOBER) "linkage: barnets_resa\n");
        assert_int_equal(answer, EARLY);
        deliver_anew(7, 1, false);
        (void)publish(&world);
        listen(&t, "persons", 0);
        assert_most_are_told(&t);
        add_unchanged(&t, 1u << 7, "persons");
        assert_tells_of_nobody(&t, sum_of_town(7), answer);
}

/* The fiftieth's second: as many children, and one report more. */
static void nor_one_report_more_of_a_child(void **state)
{
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        answer = asked(ASK("\"kommun = 0380\", " UNTIL_OCTOBER) "measures: [records]\n");
        assert_int_equal(answer, EARLY);
        deliver_anew(4, 1, true);
        (void)publish(&world);
        listen(&t, "records", 0);
        assert_most_are_told(&t);
        add_unchanged(&t, 1u << 4, "records");
        assert_tells_of_nobody(&t, sum_of_town(4), answer);
}

static void nor_in_a_sum_of_towns(void **state)
{
        struct sum two = sum_and(sum_of_town(1), sum_of_town(6));
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        answer = asked(ASK("\"kommun in 0180,0580\", " UNTIL_OCTOBER));
        assert_int_equal(answer, 2 * EARLY);
        deliver_anew(1, 0, false);
        deliver_anew(6, 1, false);
        (void)publish(&world);
        listen(&t, "persons", 0);
        assert_most_are_told(&t);
        add_unchanged(&t, 1u << 1 | 1u << 6, "persons");
        assert_tells_of_nobody(&t, two, answer);
}

static void nor_in_the_country_without_a_town(void **state)
{
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        answer = asked(ASK("\"kommun != 0114\", " UNTIL_OCTOBER));
        assert_int_equal(answer, (TOWNS - 1) * EARLY);
        for (uint32_t town = 1; town < TOWNS; town++)
                deliver_anew(town, town == 5, false);
        (void)publish(&world);
        listen(&t, "persons", 0);
        assert_most_are_told(&t);
        add_unchanged(&t, 0xfe, "persons");
        assert_tells_of_nobody(&t, sum_but(sum_of_all(), sum_of_town(0)), answer);
}

/* A new plan and two vintages ----------------------------------------------------------------- */

static void one_child_more_in_the_first_vintage_that_is_planned_is_not_told(void **state)
{
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        answer = asked(ASK("\"kommun = 0114\""));
        assert_int_equal(answer, CHILDREN);
        plan(BY_TOWN);
        deliver_one_more(0);
        (void)publish(&world);
        listen(&t, "persons", 0);
        assert_most_are_told(&t);
        add_unchanged(&t, 1u << 0, "persons");
        assert_tells_of_nobody(&t, sum_of_town(0), answer);
}

/* The answer is of the second vintage, and the planned table of the first. */
static void nor_is_one_child_less_in_an_earlier_vintage(void **state)
{
        struct told t = {.len = 0}, later = {.len = 0};
        int64_t answer;

        (void)state;
        deliver_one_more(2);
        (void)publish(&world);
        answer = asked(ASK("\"kommun = 1480\""));
        assert_int_equal(answer, CHILDREN + 1);
        plan(BY_TOWN);
        listen(&t, "persons", 1);
        assert_tells_of_nobody(&t, sum_of_town(2), answer);
        assert_most_are_told(&t);
        listen(&later, "persons", 2);
        add_unchanged(&later, 1u << 2, "persons");
        assert_tells_of_nobody(&later, sum_of_town(2), answer);
        assert_most_are_told(&later);
}

/* The planned tables of two vintages, of which the earlier are made last. */
static void nor_is_it_by_planned_tables_alone_that_are_made_in_another_order(void **state)
{
        struct told first = {.len = 0}, t = {.len = 0};
        int64_t later = HIDDEN;

        (void)state;
        plan(BY_TOWN);
        deliver_one_more(0);
        (void)publish(&world);
        listen(&t, "persons", 0);
        assert_true(told_sum(&t, sum_of_town(0), &later));
        assert_int_equal(later, CHILDREN + 1);
        listen(&first, "persons", 1);
        assert_tells_of_nobody(&first, sum_of_town(0), later);
}

static void erase(uint32_t town, uint32_t child)
{
        struct wire_person p = {.kind = PERSON_NATIONAL};

        child_id(1000 * town + child, p.id);
        assert_int_equal(world_erase(&world, town_numbers[town], &p), STATUS_OK);
}

/* Who was in the answer cannot be counted again. */
static void nor_is_who_was_erased_between(void **state)
{
        struct told t = {.len = 0};
        int64_t first, second;

        (void)state;
        first = asked(ASK("\"kommun = 0114\""));
        second = asked(ASK("\"kommun = 0381\""));
        assert_int_equal(first, CHILDREN);
        assert_int_equal(second, CHILDREN);
        erase(0, 3);
        erase(5, 4);
        plan(BY_TOWN);
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_of_town(0), first);
        assert_tells_of_nobody(&t, sum_of_town(5), second);
        assert_most_are_told(&t);
}

static void nor_is_she_after_a_restart(void **state)
{
        struct told t = {.len = 0};
        int64_t answer;

        (void)state;
        answer = asked(ASK("\"kommun = 0114\""));
        assert_int_equal(answer, CHILDREN);
        erase(0, 3);
        restart();
        plan(BY_TOWN);
        listen(&t, "persons", 0);
        assert_tells_of_nobody(&t, sum_of_town(0), answer);
        assert_most_are_told(&t);
}

/* What the rules for two planned vintages do by themselves. */
static void nor_is_one_child_more_where_both_vintages_are_planned(void **state)
{
        struct told t = {.len = 0};

        (void)state;
        deliver_one_more(0);
        (void)publish(&world);
        listen(&t, "persons", 0);
        assert_most_are_told(&t);
        add_unchanged(&t, 1u << 0, "persons");
        assert_tells_of_nobody(&t, sum_of_town(0), CHILDREN);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define NEW(name)  cmocka_unit_test_setup_teardown(name, setup_without_towns, teardown)
        const struct CMUnitTest tests[] = {
                CASE(with_no_question_before_the_new_vintage_is_told),
                CASE(answers_that_are_far_or_equal_hide_nothing),
                CASE(one_child_more_in_the_next_vintage_is_not_told),
                CASE(nor_after_restarts_before_and_after),
                CASE(nor_where_it_was_asked_under_another_linkage),
                CASE(nor_one_report_more_of_a_child),
                CASE(nor_in_a_sum_of_towns),
                CASE(nor_in_the_country_without_a_town),
                CASE(nor_is_one_child_more_where_both_vintages_are_planned),
                NEW(one_child_more_in_the_first_vintage_that_is_planned_is_not_told),
                NEW(nor_is_one_child_less_in_an_earlier_vintage),
                NEW(nor_is_it_by_planned_tables_alone_that_are_made_in_another_order),
                NEW(nor_is_who_was_erased_between),
                NEW(nor_is_she_after_a_restart),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
