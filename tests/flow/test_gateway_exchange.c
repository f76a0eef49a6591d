/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_exchange.c: what was told before, while the key of persons is exchanged and after.
 *
 * Each town has told of sixty children, each with a guardian of her own; eighteen of them before
 * March. The towns deliver anew under the second key, with one child more somewhere: who compares
 * two answers, or two vintages, must not find that child, whichever key names her. What a vintage
 * has told that the older key takes along can be held against nobody: that is given up by whoever
 * settles, or it stands in the way. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_ask.h"
#include "tests/support/gateway_sealing.h"
#include "tests/support/world_command.h"

enum { CHILDREN = 60, LATE = 20, GUARDIANS_FROM = 200000, LATE_DAY = 310, EARLY_DAY = 40 };

static struct world world;
static const municipality_t towns[] = {180, 1280, 1480, 114};

static void begin(void)
{
        world_start(&world);
        world_client_files(&world, "dpo", WORLD_DPO);
        world_client_files(&world, "operator", WORLD_OPERATOR);
}

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_plan_only(&world, "anmalan");
        begin();
        return 0;
}

#define ALL    "datasets: [anmalan]\n    municipalities: all\n"
#define OTHERS "datasets: [anmalan]\n    municipalities: [\"0180\", \"1280\", \"1480\"]\n"

/* One of the towns is outside the data set's linkage. */
static int setup_with_one_outside(void **state)
{
        (void)state;
        world_make(&world);
        world_plan_only(&world, "anmalan");
        world_edit(&world, "policy/linkages.yaml", ALL, OTHERS);
        policy_begin(&world);
        begin();
        return 0;
}

static int setup_without_plans(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        begin();
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* Calls -------------------------------------------------------------------------------------- */

static enum status rotate_with(const char *kind, bool forget_answers)
{
        const struct wire_rotate r = {
                .kind = bytes_of_text(kind), .forget_answers = forget_answers};
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        struct bytes request;

        assert_int_equal(rotate_encode(&r, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        return world_call(
                &world, world_client(&world, WORLD_OPERATOR), "Operations/RotateKeys", request);
}

static enum status rotate(const char *kind)
{
        return rotate_with(kind, false);
}

static bool refusal_says(uint32_t which, const char *words)
{
        if (which >= world_status.details.len)
                return false;
        return strstr(world_status.details.violations[which].text, words) != NULL;
}

/* Entries about vintages with this word for what became of them. */
static unsigned logged(const char *word)
{
        unsigned n = 0;

        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "log", "--all", "--kind",
                                 "vintage-revised", "--format", "json"),
                0);
        for (const char *at = world_out; (at = strstr(at, word)) != NULL; at++)
                n++;
        return n;
}

static void restart(void)
{
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
}

static void fill(struct report *rows, uint32_t from, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++) {
                uint32_t child = from + i;
                int32_t day = i <= LATE ? LATE_DAY : 20 + (int32_t)i;

                rows[i] = (struct report){child, GUARDIANS_FROM + child, day, child};
        }
}

/* What town number `t` has, and `more` children of its own before March. */
static void tell(uint32_t t, uint32_t more, bool anew)
{
        struct report rows[CHILDREN + 8];

        assert_true(more <= 8);
        fill(rows, 1000 * t, CHILDREN + more);
        for (uint32_t i = CHILDREN; i < CHILDREN + more; i++)
                rows[i].day = EARLY_DAY;
        if (anew)
                (void)redeliver_concerns(&world, towns[t], rows, CHILDREN + more);
        else
                (void)deliver_concerns(&world, towns[t], rows, CHILDREN + more);
}

static void tell_all(bool anew, uint32_t more_in_the_last)
{
        for (uint32_t t = 0; t < 4; t++)
                tell(t, t == 3 ? more_in_the_last : 0, anew);
}

#define EARLY(town)                                                                                \
        "dataset: anmalan\nfilters: [\"kommun = " town "\", \"datum in 2025-01..2025-02\"]\n"

static enum status ask_early(const char *yaml, struct wire_release *r)
{
        enum status s = ask_yaml(&world, yaml, r);

        if (s == STATUS_OK)
                assert_int_equal(r->protection.source, ANSWER_SOURCE_LEDGER);
        return s;
}

static enum cell_status early_in(const char *yaml)
{
        struct wire_release r;

        assert_int_equal(ask_early(yaml, &r), STATUS_OK);
        return cell_at(&r, NULL);
}

/* How many children a planned table says that a town has. */
static int64_t planned(const char *town)
{
        const char *const codes[] = {town};
        struct wire_release r;

        assert_int_equal(
                ask_yaml(&world, "dataset: anmalan\ndimensions: [kommun]\n", &r), STATUS_OK);
        assert_int_equal(r.protection.source, ANSWER_SOURCE_LATTICE);
        return cell_value(&r, 0, codes);
}

/* Tests -------------------------------------------------------------------------------------- */

/* Everybody has her older name until the older key ends, whenever she was delivered. */
static void while_two_keys_live_everybody_is_who_she_was(void **state)
{
        (void)state;
        tell_all(false, 0);
        (void)publish(&world);
        assert_int_equal(early_in(EARLY("0114")), CELL_VALUE);
        assert_int_equal(early_in(EARLY("1480")), CELL_VALUE);
        assert_int_equal(planned("0114"), CHILDREN);
        assert_int_equal(rotate("person"), STATUS_OK);
        tell_all(true, 1);
        (void)publish(&world);
        assert_int_equal(early_in(EARLY("0114")), CELL_PROTECTED);
        assert_int_equal(early_in(EARLY("1480")), CELL_VALUE);
        assert_int_equal(planned("0114"), CHILDREN);
}

/* The same two vintages are linked by the older key before it ends and by the newer one after. */
static void who_was_asked_about_before_the_older_key_ended_is_known_after(void **state)
{
        (void)state;
        assert_int_equal(rotate("person"), STATUS_OK);
        tell_all(false, 0);
        (void)publish(&world);
        assert_int_equal(early_in(EARLY("0114")), CELL_VALUE);
        assert_int_equal(early_in(EARLY("1480")), CELL_VALUE);
        assert_int_equal(rotate("settle"), STATUS_OK);
        tell(3, 1, true);
        (void)publish(&world);
        assert_int_equal(planned("0114"), CHILDREN);
        assert_int_equal(early_in(EARLY("0114")), CELL_PROTECTED);
        assert_int_equal(early_in(EARLY("1480")), CELL_VALUE);
}

/* The first vintage is asked about, and replaced under a second key. */
static void exchange(void)
{
        tell_all(false, 0);
        (void)publish(&world);
        assert_int_equal(early_in(EARLY("0114")), CELL_VALUE);
        assert_int_equal(early_in(EARLY("1480")), CELL_VALUE);
        assert_int_equal(rotate("person"), STATUS_OK);
        tell_all(true, 0);
        (void)publish(&world);
        assert_int_equal(early_in(EARLY("0114")), CELL_VALUE);
}

static void a_key_takes_answers_along_only_where_they_are_given_up(void **state)
{
        (void)state;
        exchange();
        assert_int_equal(rotate("settle"), STATUS_FAILED_PRECONDITION);
        assert_true(world_blames("forget_answers"));
        assert_true(refusal_says(0, "would retire: 1; with them "));
        assert_true(refusal_says(0, " planned tables, which no later answer"));
        assert_true(refusal_says(1, "--forget-answers"));
        assert_int_equal(rotate("person"), STATUS_FAILED_PRECONDITION); /* there are two still */
        assert_int_equal(logged("retired"), 0);
        assert_int_equal(rotate_with("sealing", true), STATUS_INVALID_ARGUMENT);

        assert_int_equal(WORLD_RUN(&world, "--as", "operator", "keys", "rotate", "settle",
                                 "--forget-answers"),
                0);
        assert_int_equal(logged("\"retired, answers given up\""), 1);
        assert_int_equal(logged("olle"), 1);
        assert_int_equal(rotate_with("settle", true), STATUS_NOT_FOUND);
        /* What the second vintage has told is known, and of the first nothing. */
        assert_int_equal(planned("0114"), CHILDREN);
        tell(3, 1, true);
        tell(2, 1, true);
        (void)publish(&world);
        for (int twice = 0; twice < 2; twice++) {
                assert_int_equal(early_in(EARLY("0114")), CELL_PROTECTED);
                assert_int_equal(early_in(EARLY("1480")), CELL_VALUE);
                assert_int_equal(planned("0114"), CHILDREN);
                restart();
        }
}

static void where_nothing_was_told_the_older_key_just_ends(void **state)
{
        struct placement one = placement_random(&(uint64_t){7}, 1, 1);

        (void)state;
        (void)deliver(&world, 180, DELIVERY_APPEND, &one, 1, 1);
        (void)publish(&world);
        assert_int_equal(rotate("person"), STATUS_OK);
        (void)deliver(&world, 180, DELIVERY_REPLACE, &one, 1, 1);
        (void)publish(&world);
        assert_int_equal(rotate("settle"), STATUS_OK);
        assert_int_equal(logged("\"retired\""), 1);
        assert_int_equal(logged("given up"), 0);
}

/* As a gateway has left it that did not ask yet. */
static void forget_what_was_given_up(void)
{
        sqlite3 *db = NULL;

        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(sqlite3_open(world_path(&world, "store/statgate.db"), &db), SQLITE_OK);
        assert_int_equal(
                sqlite3_exec(db, "UPDATE vintage SET given_up = 0", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        world_start(&world);
}

static void what_retired_and_nobody_gave_up_stands_in_the_way(void **state)
{
        struct placement rows[CHILDREN];
        struct wire_release r;
        struct wire_answer a;
        uint64_t random = 5;

        (void)state;
        for (uint32_t i = 0; i < CHILDREN; i++)
                rows[i] = placement_random(&random, CHILDREN, i);
        exchange();
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, CHILDREN, CHILDREN);
        (void)publish(&world);
        assert_int_equal(rotate_with("settle", true), STATUS_OK);
        forget_what_was_given_up();
        assert_int_equal(ask_early(EARLY("0114"), &r), STATUS_FAILED_PRECONDITION);
        assert_true(refusal_says(0, "a vintage that told of them is closed"));
        assert_int_equal(planned("0114"), CHILDREN);
        assert_int_equal(ask(&world, "form", NULL, NULL, &a, &r), STATUS_OK); /* of others */
        assert_int_equal(rotate("settle"), STATUS_NOT_FOUND);
        assert_int_equal(WORLD_RUN(&world, "--as", "operator", "keys", "rotate", "settle",
                                 "--forget-answers"),
                0);
        assert_non_null(strstr(world_out, "no key has ended"));
        assert_int_equal(logged("\"answers given up\""), 1);
        assert_int_equal(early_in(EARLY("0114")), CELL_VALUE);
        restart();
        assert_int_equal(early_in(EARLY("0114")), CELL_VALUE);
}

/* Persons of a town that the linkage joins now had names that nobody else has. */
static void whom_other_rules_left_alone_is_known_when_she_is_joined(void **state)
{
        (void)state;
        tell_all(false, 0);
        (void)publish(&world);
        assert_int_equal(early_in(EARLY("0114")), CELL_VALUE);
        world_edit(&world, "policy/linkages.yaml", OTHERS, ALL);
        assert_int_equal(policy_follow(&world), STATUS_OK);
        tell(3, 1, true);
        (void)publish(&world);
        assert_int_equal(planned("0114"), CHILDREN);
        assert_int_equal(early_in(EARLY("0114")), CELL_PROTECTED);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                CASE(while_two_keys_live_everybody_is_who_she_was),
                CASE(who_was_asked_about_before_the_older_key_ended_is_known_after),
                CASE(a_key_takes_answers_along_only_where_they_are_given_up),
                cmocka_unit_test_setup_teardown(where_nothing_was_told_the_older_key_just_ends,
                        setup_without_plans, teardown),
                CASE(what_retired_and_nobody_gave_up_stands_in_the_way),
                cmocka_unit_test_setup_teardown(
                        whom_other_rules_left_alone_is_known_when_she_is_joined,
                        setup_with_one_outside, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
