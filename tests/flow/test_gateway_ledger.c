/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_ledger.c: questions that together would tell of one child, at a real gateway.
 *
 * Each municipality has told of sixty children, each with a guardian of her own: twenty in
 * November, one child in October, the rest before spring. So the children until September and
 * those until October are two sets that differ by one. None of these questions is planned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "tests/support/gateway_ask.h"
#include "tests/support/gateway_sealing.h"

enum { CHILDREN = 60, LATE = 20, GUARDIANS_FROM = 200000, LAST_DAY = 285, LATE_DAY = 310 };

static struct world world;
static const municipality_t towns[] = {114, 180, 1480, 1280};

static uint32_t fill(struct report *rows, uint32_t from, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++) {
                uint32_t child = from + i;
                int32_t day = i == 0 ? LAST_DAY : i <= LATE ? LATE_DAY : 20 + (int32_t)i;

                rows[i] = (struct report){child, GUARDIANS_FROM + child, day, child};
        }
        return len;
}

#define BY_TOWN "    - [kommun, kon]\n    - [kommun, \"alder:grupp\"]\n"

/* `by_town`: tables of towns are planned. */
static void begin(bool by_town)
{
        world_make(&world);
        world_plan_only(&world, "anmalan");
        if (!by_town)
                world_edit(&world, "policy/datasets/anmalan.yaml", BY_TOWN, "");
        policy_begin(&world);
        world_start(&world);
        for (uint32_t t = 0; t < 4; t++) {
                struct report rows[CHILDREN];

                (void)deliver_concerns(&world, towns[t], rows, fill(rows, 1000 * t, CHILDREN));
        }
        (void)publish(&world);
}

static int setup(void **state)
{
        (void)state;
        begin(true);
        return 0;
}

/* Another world. */
static int setup_without_towns(void **state)
{
        (void)state;
        world_remove(&world);
        begin(false);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

#define ASK(where) "dataset: anmalan\nfilters: [" where "]\n"
#define OCTOBER    "\"datum in 2025-01..2025-10\""
#define SEPTEMBER  "\"datum in 2025-01..2025-09\""
#define EARLY      "\"datum in 2025-01..2025-02\""

static enum cell_status answer_to(const char *who, const char *yaml, struct wire_release *r)
{
        enum status s = world_call(
                &world, world_client(&world, who), "Statistics/Query", say_yaml(&world, yaml));

        assert_int_equal(s, STATUS_OK);
        read_release(&world, world_answer, r);
        return cell_at(r, NULL);
}

static enum cell_status ask_one(const char *yaml)
{
        struct wire_release r;
        enum cell_status s = answer_to(WORLD_STATISTICIAN, yaml, &r);

        assert_int_equal(r.protection.source, ANSWER_SOURCE_LEDGER);
        return s;
}

static struct bytes say_dry(const char *yaml)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1 << 20};
        struct refusal why = {0};
        struct query q;

        assert_int_equal(
                query_request_decode(world.arena, say_yaml(&world, yaml), &q, &why), ERR_OK);
        q.dry_run = true;
        assert_int_equal(query_request_encode(&q, &b), ERR_OK);
        return say_kept(&world, &b);
}

static void two_questions_do_not_tell_of_one_child(void **state)
{
        (void)state;
        assert_int_equal(ask_one(ASK("\"kommun = 0114\", " OCTOBER)), CELL_VALUE);
        assert_int_equal(ask_one(ASK("\"kommun = 0114\", " SEPTEMBER)), CELL_PROTECTED);
        assert_int_equal(ask_one(ASK("\"kommun = 0114\", " EARLY)), CELL_VALUE);
        /* Nor the other way round. */
        assert_int_equal(ask_one(ASK("\"kommun = 0180\", " SEPTEMBER)), CELL_VALUE);
        assert_int_equal(ask_one(ASK("\"kommun = 0180\", " OCTOBER)), CELL_PROTECTED);
        /* What was answered once is answered again. */
        assert_int_equal(ask_one(ASK("\"kommun = 0114\", " OCTOBER)), CELL_VALUE);
        assert_int_equal(ask_one(ASK("\"kommun = 0180\", " SEPTEMBER)), CELL_VALUE);
}

static void a_union_over_counties_tells_of_nobody(void **state)
{
        (void)state;
        assert_int_equal(ask_one(ASK("\"kommun = 1480\", " OCTOBER)), CELL_VALUE);
        assert_int_equal(ask_one(ASK("\"kommun = 1280\", " OCTOBER)), CELL_VALUE);
        /* Two children are missing in the union. */
        assert_int_equal(ask_one(ASK("\"kommun in 1480,1280\", " SEPTEMBER)), CELL_PROTECTED);
        assert_int_equal(ask_one(ASK("\"kommun in 1480,1280\", " OCTOBER)), CELL_VALUE);
        assert_int_equal(ask_one(ASK("\"kommun in 1480,1280\", " EARLY)), CELL_VALUE);
}

static void two_principals_together_learn_no_more_than_one(void **state)
{
        struct wire_release r;

        (void)state;
        assert_int_equal(
                answer_to("statistician/anna", ASK("\"kommun in 0114,1480\", " OCTOBER), &r),
                CELL_VALUE);
        assert_int_equal(
                answer_to("statistician/bo", ASK("\"kommun in 0114,1480\", " SEPTEMBER), &r),
                CELL_PROTECTED);
}

static struct digest digest_now(const char *yaml)
{
        struct wire_answer a;

        assert_int_equal(world_call(&world, world_client(&world, WORLD_STATISTICIAN),
                                 "Statistics/Query", say_yaml(&world, yaml)),
                STATUS_OK);
        assert_int_equal(answer_decode(world.arena, world_answer, &a), ERR_OK);
        return a.release_digest;
}

static void the_same_question_has_the_same_answer_after_a_restart(void **state)
{
        static const char *const questions[] = {
                ASK(OCTOBER) "dimensions: [kommun]\n",
                ASK(SEPTEMBER) "dimensions: [kommun, kon]\n",
                ASK(EARLY) "dimensions: [\"kommun:lan\", kon]\n",
                ASK("\"kommun = 0114\", " SEPTEMBER),
        };
        struct digest before[4], after;

        (void)state;
        for (unsigned i = 0; i < 4; i++)
                before[i] = digest_now(questions[i]);
        for (unsigned i = 4; i-- > 0;) {
                after = digest_now(questions[i]);
                assert_true(digest_equal(&before[i], &after));
        }
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        for (unsigned i = 4; i-- > 0;) {
                after = digest_now(questions[i]);
                assert_true(digest_equal(&before[i], &after));
        }
        /* And what was refused before is refused still. */
        assert_int_equal(ask_one(ASK("\"kommun = 0180\", " SEPTEMBER)), CELL_VALUE);
        assert_int_equal(ask_one(ASK("\"kommun = 0180\", " OCTOBER)), CELL_PROTECTED);
        assert_int_equal(ask_one(ASK("\"kommun in 1480,1280\", " SEPTEMBER)), CELL_PROTECTED);
}

/* One child more in a later vintage is told by subtraction; so the town stays as it was. */
static void two_vintages_do_not_tell_of_who_came_between(void **state)
{
        struct report rows[CHILDREN];

        (void)state;
        assert_int_equal(ask_one(ASK("\"kommun = 1280\", " EARLY)), CELL_VALUE);
        assert_int_equal(ask_one(ASK("\"kommun = 1480\", " EARLY)), CELL_VALUE);
        assert_int_equal(ask_one(ASK("\"kommun = 0114\", " EARLY)), CELL_VALUE);
        (void)fill(rows, 5000, CHILDREN);
        for (uint32_t i = 30; i < CHILDREN; i++)
                rows[i].day = 40;
        (void)deliver_concerns(&world, 1280, &rows[30], 1);
        (void)deliver_concerns(&world, 1480, &rows[31], 8);
        (void)publish(&world);
        assert_int_equal(ask_one(ASK("\"kommun = 1280\", " EARLY)), CELL_PROTECTED);
        /* The country has told of nine, so eight here would tell of the one there. */
        assert_int_equal(ask_one(ASK("\"kommun = 1480\", " EARLY)), CELL_PROTECTED);
        (void)deliver_concerns(&world, 114, &rows[40], 12);
        (void)publish(&world);
        assert_int_equal(ask_one(ASK("\"kommun = 0114\", " EARLY)), CELL_VALUE);
        /* The earlier vintage answers as it did. */
        assert_int_equal(ask_one(ASK("\"kommun = 1280\", " EARLY) "vintage: 1\n"), CELL_VALUE);
}

#define WHERE(where) "dataset: anmalan\nfilters: [" where "]\n"
#define BY(whom)     "measures: [{kind: persons, filters: [\"anmalare = " whom "\"]}]\n"

static bool measure_is_told(const char *yaml)
{
        struct wire_release r;
        const struct measure *m;

        (void)answer_to(WORLD_STATISTICIAN, yaml, &r);
        m = &r.table.measures[0];
        return r.table.status[0] == CELL_VALUE && (m->status == NULL || m->status[0] == CELL_VALUE);
}

/* A lattice tells of all sixty; a question besides may not leave one of them out. */
static void planned_tables_are_answers_too(void **state)
{
        struct wire_release r;
        static const char *const town[] = {"0114"};

        (void)state;
        assert_int_equal(
                ask_yaml(&world, "dataset: anmalan\ndimensions: [kommun]\n", &r), STATUS_OK);
        assert_int_equal(r.protection.source, ANSWER_SOURCE_LATTICE);
        assert_int_equal(cell_value(&r, 0, town), CHILDREN);
        assert_int_equal(ask_one(ASK("\"kommun = 0114\", \"datum in 2025-01..2025-09,2025-11\"")),
                CELL_PROTECTED);
}

/* Whatever is asked, no records are looked at: it does not even need a vintage. */
static void a_dry_run_looks_at_nothing_and_costs_nothing(void **state)
{
        struct wire_answer a;

        (void)state;
        assert_int_equal(
                world_call(&world, world_client(&world, WORLD_STATISTICIAN), "Statistics/Query",
                        say_dry(ASK("\"kommun = 0114\", " OCTOBER) "dimensions: [kon]\n"
                                                                   "vintage: 77\n")),
                STATUS_OK);
        assert_int_equal(answer_decode(world.arena, world_answer, &a), ERR_OK);
        assert_true(a.has_forecast);
        assert_int_equal(a.release.len, 0);
        assert_int_equal(a.forecast.source, ANSWER_SOURCE_LEDGER);
        assert_true(a.forecast.notes_len > 0);
        assert_int_equal(
                world_call(&world, world_client(&world, WORLD_STATISTICIAN), "Statistics/Query",
                        say_dry("dataset: anmalan\ndimensions: [\"kommun:lan\", kon]\n")),
                STATUS_OK);
        assert_int_equal(answer_decode(world.arena, world_answer, &a), ERR_OK);
        assert_int_equal(a.forecast.source, ANSWER_SOURCE_LATTICE);
        assert_true(a.forecast.known);
        assert_int_equal(a.forecast.rows_answered, 21 * 2);
        assert_int_equal(a.forecast.dimensions_len, 2);
}

/* Sixty children, some of them told of by their schools, and by relatives. */
static void tell_of(municipality_t town, uint32_t from, uint32_t by_school, uint32_t by_relative)
{
        struct report rows[CHILDREN];

        (void)fill(rows, from, CHILDREN);
        for (uint32_t i = 0; i < by_school + by_relative; i++)
                rows[CHILDREN - 1 - i].child = rows[CHILDREN - 1 - i].key =
                        (i < by_relative ? RELATIVE_FROM : SCHOOL_FROM) + from + i;
        (void)deliver_concerns(&world, town, rows, CHILDREN);
}

/* Two children are told of by relatives: hidden, and so is one of the other two. Whichever of
 * these is asked for by itself, however that is said, would give them. */
static void a_cell_that_is_hidden_in_one_answer_is_in_no_other(void **state)
{
        struct digest before, after;
        unsigned told = 0;

        (void)state;
        tell_of(380, 10000, 18, 2);
        tell_of(580, 11000, 18, 12);
        tell_of(680, 12000, 18, 4);
        (void)publish(&world);
        before = digest_now(WHERE("\"kommun = 0380\"") "dimensions: [anmalare]\n");
        told += ask_one(WHERE("\"kommun = 0380\", \"anmalare = polis\"")) == CELL_VALUE;
        told += ask_one(WHERE("\"kommun = 0380\", \"anmalare = skola\"")) == CELL_VALUE;
        assert_int_equal(told, 1);
        assert_int_equal(
                ask_one(WHERE("\"kommun = 0380\", \"anmalare != anhorig\"")), CELL_PROTECTED);
        assert_int_equal(
                ask_one(WHERE("\"kommun = 0380\", \"anmalare:slag = skyldig\"")), CELL_PROTECTED);
        /* As filters of measures, the second as well as the first. */
        assert_true(measure_is_told(WHERE("\"kommun = 0680\"") BY("polis")));
        assert_false(measure_is_told(WHERE("\"kommun = 0680\"") BY("skola")));
        assert_true(measure_is_told(WHERE("\"kommun = 0680\"") BY("polis")));
        assert_int_equal(ask_one(WHERE("\"kommun = 0680\", \"anmalare = skola\"")), CELL_PROTECTED);
        /* Enough of all are told, however they are asked for. */
        assert_int_equal(ask_one(WHERE("\"kommun = 0580\", \"anmalare = polis\"")), CELL_VALUE);
        assert_int_equal(ask_one(WHERE("\"kommun = 0580\", \"anmalare = skola\"")), CELL_VALUE);
        assert_true(measure_is_told(WHERE("\"kommun = 0580\"") BY("anhorig")));
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        after = digest_now(WHERE("\"kommun = 0380\"") "dimensions: [anmalare]\n");
        assert_true(digest_equal(&before, &after));
        assert_int_equal(ask_one(WHERE("\"kommun = 0680\", \"anmalare = skola\"")), CELL_PROTECTED);
        assert_int_equal(ask_one(WHERE("\"kommun = 0580\", \"anmalare = polis\"")), CELL_VALUE);
}

/* Ten children, and of one of them a second report in October. */
static void a_months_records_of_one_child_are_no_difference_of_two_answers(void **state)
{
        struct report rows[11];

        (void)state;
        for (uint32_t i = 0; i < 11; i++)
                rows[i] = (struct report){14000 + i % 10, GUARDIANS_FROM + 14000 + i % 10,
                        i == 10 ? LAST_DAY : 20 + (int32_t)i, 14000 + i};
        (void)deliver_concerns(&world, 1880, rows, 11);
        (void)publish(&world);
        /* How many children is the same in both; how many reports is not, and a planned table
         * tells how many there are in the year. */
        assert_int_equal(ask_one(ASK("\"kommun = 1880\", " SEPTEMBER)), CELL_VALUE);
        assert_int_equal(ask_one(ASK("\"kommun = 1880\", " OCTOBER)), CELL_VALUE);
        assert_true(measure_is_told(ASK("\"kommun = 1880\", " OCTOBER) "measures: [records]\n"));
        assert_false(measure_is_told(ASK("\"kommun = 1880\", " SEPTEMBER) "measures: [records]\n"));
        assert_false(measure_is_told(ASK("\"kommun = 1880\", " SEPTEMBER) "unit: record\n"));
        assert_true(measure_is_told(ASK("\"kommun = 1880\", " SEPTEMBER) "measures: [persons]\n"));
}

static void erase(municipality_t m, uint32_t child)
{
        struct wire_person p = {.kind = PERSON_NATIONAL};

        child_id(child, p.id);
        assert_int_equal(world_erase(&world, m, &p), STATUS_OK);
}

/* Who was in answers that were given before, nobody can count after a restart: whoever is still
 * there can, and that is enough to see that the next answer does not tell of her. */
static void an_erased_child_is_not_told_by_what_is_answered_after_a_restart(void **state)
{
        struct report rows[CHILDREN];

        (void)state;
        world_edit(&world, "policy/datasets/anmalan.yaml", "preset: strict", "preset: standard");
        assert_int_equal(policy_follow(&world), STATUS_OK);
        (void)fill(rows, 15000, CHILDREN);
        (void)deliver_concerns(&world, 380, rows, CHILDREN);
        (void)publish(&world);
        assert_int_equal(ask_one(ASK("\"kommun = 0380\", " EARLY)), CELL_VALUE);
        erase(380, 15003);
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        /* The same again would tell of her; another question of other children is answered. */
        assert_int_equal(ask_one(ASK("\"kommun = 0380\", " EARLY)), CELL_PROTECTED);
        assert_int_equal(ask_one(ASK("\"datum in 2025-01..2025-03\"")), CELL_VALUE);
        assert_int_equal(ask_one(ASK("\"kommun = 0380\", " EARLY)), CELL_PROTECTED);
}

/* Refused ones count, asked again they do not, and neither do planned tables. */
static void questions_outside_the_plan_have_a_budget(void **state)
{
        struct wire_release r;

        (void)state;
        world_edit(&world, "policy/datasets/anmalan.yaml", "families: 3}",
                "families: 3, questions_per_day: 2}");
        assert_int_equal(policy_follow(&world), STATUS_OK);
        assert_int_equal(answer_to("statistician/bodil", ASK("\"kommun = 0114\", " OCTOBER), &r),
                CELL_VALUE);
        assert_int_equal(answer_to("statistician/bodil", ASK("\"kommun = 0114\", " SEPTEMBER), &r),
                CELL_PROTECTED);
        assert_int_equal(answer_to("statistician/bodil", ASK("\"kommun = 0114\", " OCTOBER), &r),
                CELL_VALUE);
        assert_int_equal(world_call(&world, world_client(&world, "statistician/bodil"),
                                 "Statistics/Query", say_yaml(&world, ASK(EARLY))),
                STATUS_RESOURCE_EXHAUSTED);
        assert_true(world_blames("principal"));
        assert_int_equal(answer_to("statistician/bodil", "dataset: anmalan\n", &r), CELL_VALUE);
        assert_int_equal(answer_to("statistician/anna", ASK(EARLY), &r), CELL_VALUE);
}

/* Outside the plan a row needs inhabitants, who are counted in no delivery. */
static void strict_rules_answer_by_inhabitants_alone(void **state)
{
        struct wire_release r;

        (void)state;
        world_edit(&world, "policy/datasets/anmalan.yaml", "questions_per_day: 2}",
                "questions_per_day: 200}");
        world_edit(&world, "policy/datasets/anmalan.yaml", "preset: standard", "preset: strict");
        assert_int_equal(policy_follow(&world), STATUS_OK);
        assert_int_equal(
                ask_yaml(&world, ASK("\"kommun = 0114\", " EARLY) "dimensions: [kon]\n", &r),
                STATUS_FAILED_PRECONDITION);
        assert_true(world_blames("dimensions"));
        assert_int_equal(ask_yaml(&world,
                                 "dataset: anmalan\nfilters: [\"kommun in 0114,0180\"]\n"
                                 "dimensions: [kon, \"alder:barn\"]\n",
                                 &r),
                STATUS_OK);
        assert_int_equal(r.protection.source, ANSWER_SOURCE_LEDGER);
        /* The nearest that is answered is named: planned, or of inhabitants enough. */
        assert_int_equal(
                ask_yaml(&world, "dataset: anmalan\ndimensions: [kommun, kon, datum]\n", &r),
                STATUS_FAILED_PRECONDITION);
        assert_non_null(strstr(world_status.details.violations[0].text, "without datum"));
        /* And so is why the plan does not hold the question. */
        assert_non_null(strstr(
                world_status.details.violations[0].text, "no planned table has all the variables"));
}

/* Of a vintage that has been asked about before, under rules that did not plan them. */
static void planned_tables_of_new_rules_are_answers_too(void **state)
{
        static const char *const town[] = {"0114"};
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_one(ASK("\"kommun = 0180\", " OCTOBER)), CELL_VALUE);
        world_edit(&world, "policy/datasets/anmalan.yaml", "lattice:\n  tables:\n",
                "lattice:\n  tables:\n" BY_TOWN);
        assert_int_equal(policy_follow(&world), STATUS_OK);
        assert_int_equal(
                ask_yaml(&world, "dataset: anmalan\ndimensions: [kommun]\n", &r), STATUS_OK);
        assert_int_equal(r.protection.source, ANSWER_SOURCE_LATTICE);
        assert_int_equal(cell_value(&r, 0, town), CHILDREN);
        assert_int_equal(ask_one(ASK("\"kommun = 0114\", \"datum in 2025-01..2025-09,2025-11\"")),
                CELL_PROTECTED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_questions_do_not_tell_of_one_child),
                cmocka_unit_test(a_union_over_counties_tells_of_nobody),
                cmocka_unit_test(two_principals_together_learn_no_more_than_one),
                cmocka_unit_test(the_same_question_has_the_same_answer_after_a_restart),
                cmocka_unit_test(planned_tables_are_answers_too),
                cmocka_unit_test(a_dry_run_looks_at_nothing_and_costs_nothing),
                cmocka_unit_test(two_vintages_do_not_tell_of_who_came_between),
                cmocka_unit_test(a_cell_that_is_hidden_in_one_answer_is_in_no_other),
                cmocka_unit_test(a_months_records_of_one_child_are_no_difference_of_two_answers),
                cmocka_unit_test(questions_outside_the_plan_have_a_budget),
                cmocka_unit_test(strict_rules_answer_by_inhabitants_alone),
                cmocka_unit_test(an_erased_child_is_not_told_by_what_is_answered_after_a_restart),
                cmocka_unit_test_setup_teardown(
                        planned_tables_of_new_rules_are_answers_too, setup_without_towns, NULL),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
