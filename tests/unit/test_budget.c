/* SPDX-License-Identifier: Apache-2.0 */
/* test_budget.c: how many questions a day, of which principal, for which purpose; after a
 * restart, and when the clock is set back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "gateway/answer.h"
#include "tests/support/store_world.h"

#define DAY     ((int64_t)86400000)
#define TODAY   (20779 * DAY + DAY / 2)
#define OF_ANNA "statgate://demo/statistician/anna"
#define OF_BO   "statgate://demo/statistician/bo"

enum { LIMIT = 3 };

static struct policy *policy;
static struct world *world;
static int64_t now_ms;

static int64_t moved_clock(void)
{
        return now_ms;
}

static int setup(void **state)
{
        struct refusal why = {0};

        (void)state;
        assert_int_equal(policy_load(STATGATE_ROOT "/policies/bundle", &policy, &why), ERR_OK);
        world = world_new();
        now_ms = TODAY;
        clock_set_source(moved_clock);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        clock_set_source(NULL);
        world_free(&world);
        policy_unref(&policy);
        return 0;
}

/* Asking ------------------------------------------------------------------------------------- */

/* One question; which is told by the day that it is about. */
struct asking {
        const char *who, *purpose;
        uint32_t number;
        bool linked;  /* looks beyond one data set */
        bool planned; /* is one of the planned tables */
        uint32_t vintage;
        uint32_t linked_limit, limit; /* a day; 0: none */
        struct refusal why;
};

static enum err take(struct asking *k)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct gateway g = {.store = world->store};
        struct principal peer = {0};
        struct rpc_call call = {.peer = &peer, .handlers = &g, .arena = arena};
        struct dimension_ref by[] = {{bytes_of_text("kommun"), {0}}, {bytes_of_text("kon"), {0}}};
        const struct policy_dataset *d = policy_dataset_find(policy, bytes_of_text("placering"));
        const int32_t first = 18000 + (int32_t)k->number;
        struct query asked = {.dataset = d->id,
                .purpose = bytes_of_text(k->purpose),
                .unit = UNIT_PERSON,
                .dimensions = by,
                .dimensions_len = k->planned ? 2 : 1,
                .has_period = !k->planned,
                .period = {first, first + 30}};
        struct answering a = {.call = &call, .policy = policy, .arena = arena, .asked = &asked};

        (void)snprintf(peer.uri, sizeof peer.uri, "%s", k->who);
        if (k->linked)
                asked.linkage = bytes_of_text("barn_och_unga");
        a.main.query = asked;
        a.main.allowed = (struct decision){
                .dataset = d, .disclosure = d->disclosure, .questions_per_day = k->linked_limit};
        a.main.allowed.disclosure.questions_per_day = k->limit;
        assert_int_equal(question_is_planned(&a, &a.main), k->planned);
        return budget_take(&a, (struct vintage){.number = 1 + k->vintage}, &k->why);
}

static enum err ask(const char *who, uint32_t number)
{
        struct asking k = {
                .who = who, .purpose = "officiell_statistik", .number = number, .limit = LIMIT};

        return take(&k);
}

static void spend_all(const char *who)
{
        for (uint32_t n = 0; n < LIMIT; n++)
                assert_int_equal(ask(who, n), ERR_OK);
        assert_int_equal(ask(who, LIMIT), ERR_LIMIT);
}

/* Tests -------------------------------------------------------------------------------------- */

static void questions_outside_the_plan_are_counted_by_principal(void **state)
{
        (void)state;
        spend_all(OF_ANNA);
        assert_int_equal(ask(OF_ANNA, 1), ERR_OK); /* the same once more */
        assert_int_equal(ask(OF_BO, LIMIT), ERR_OK);
}

static void every_purpose_has_a_budget_of_its_own(void **state)
{
        struct asking k = {.who = OF_ANNA, .purpose = "forskning", .limit = LIMIT};

        (void)state;
        spend_all(OF_ANNA);
        for (uint32_t n = 0; n < LIMIT; n++) {
                k.number = n;
                assert_int_equal(take(&k), ERR_OK);
        }
        k.number = LIMIT;
        assert_int_equal(take(&k), ERR_LIMIT);
        assert_string_equal(k.why.violations[0].field, "principal");
}

static void planned_tables_cost_nothing_and_can_always_be_asked(void **state)
{
        struct asking k = {
                .who = OF_ANNA, .purpose = "officiell_statistik", .planned = true, .limit = LIMIT};

        (void)state;
        spend_all(OF_ANNA);
        for (uint32_t n = 0; n < 3 * LIMIT; n++) {
                k.vintage = n;
                assert_int_equal(take(&k), ERR_OK);
        }
}

/* Whatever they are asked for. */
static void linked_questions_have_a_limit_of_the_principal(void **state)
{
        struct asking k = {.who = OF_ANNA, .linked = true, .linked_limit = 2};

        (void)state;
        for (uint32_t n = 0; n < 4; n++) {
                k.number = n;
                k.purpose = n % 2 == 0 ? "officiell_statistik" : "forskning";
                assert_int_equal(take(&k), n < 2 ? ERR_OK : ERR_LIMIT);
        }
        k.linked = false;
        assert_int_equal(take(&k), ERR_OK);
}

static void the_same_question_of_another_vintage_is_another(void **state)
{
        struct asking k = {.who = OF_ANNA, .purpose = "officiell_statistik", .limit = 2};

        (void)state;
        for (uint32_t v = 0; v < 3; v++) {
                k.vintage = v;
                assert_int_equal(take(&k), v < 2 ? ERR_OK : ERR_LIMIT);
        }
}

static void a_restart_gives_nothing_back(void **state)
{
        (void)state;
        spend_all(OF_ANNA);
        world_reopen(world);
        assert_int_equal(ask(OF_ANNA, LIMIT), ERR_LIMIT);
        assert_int_equal(ask(OF_ANNA, 0), ERR_OK);
}

static void a_day_ends_at_midnight(void **state)
{
        (void)state;
        spend_all(OF_ANNA);
        now_ms = TODAY + DAY / 2 - 1;
        assert_int_equal(ask(OF_ANNA, LIMIT), ERR_LIMIT);
        now_ms++;
        spend_all(OF_ANNA);
}

static void a_clock_set_back_gives_nothing_back(void **state)
{
        (void)state;
        now_ms = TODAY + DAY;
        spend_all(OF_ANNA);
        now_ms = TODAY;
        assert_int_equal(ask(OF_ANNA, LIMIT), ERR_LIMIT);
        assert_int_equal(ask(OF_ANNA, 0), ERR_OK);
        world_reopen(world);
        now_ms = TODAY - 40 * DAY;
        assert_int_equal(ask(OF_ANNA, LIMIT), ERR_LIMIT);
        now_ms = TODAY + DAY;
        assert_int_equal(ask(OF_ANNA, LIMIT), ERR_LIMIT);
        now_ms = TODAY + 2 * DAY;
        spend_all(OF_ANNA);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                CASE(questions_outside_the_plan_are_counted_by_principal),
                CASE(every_purpose_has_a_budget_of_its_own),
                CASE(planned_tables_cost_nothing_and_can_always_be_asked),
                CASE(linked_questions_have_a_limit_of_the_principal),
                CASE(the_same_question_of_another_vintage_is_another),
                CASE(a_restart_gives_nothing_back),
                CASE(a_day_ends_at_midnight),
                CASE(a_clock_set_back_gives_nothing_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
