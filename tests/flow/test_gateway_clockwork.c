/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_clockwork.c: what a gateway does by itself, and what it will not
 * do although asked: publish when the policy says so, and a view larger than
 * the memory it was given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_ask.h"

enum { CHILDREN = 4000, PATIENCE_MS = 30000, TICK_MS = 100 };

static struct world world;

static int make(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        return 0;
}

static int unmake(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* Records with keys of their own for every seed. */
static void deliver_random(uint32_t rows, uint32_t seed)
{
        uint64_t random = seed;
        struct placement *p = calloc(rows, sizeof *p);

        assert_non_null(p);
        for (uint32_t i = 0; i < rows; i++)
                p[i] = placement_random(&random, CHILDREN, seed * 1000000 + i);
        (void)deliver(&world, 180, DELIVERY_APPEND, p, rows, 8192);
        free(p);
}

static enum status ask_forms(void)
{
        struct wire_answer answer;
        struct wire_release release;

        return ask(&world, "form", NULL, "persons", &answer, &release);
}

static void a_policy_that_says_automatic_publishes_after_the_last_commit(void **state)
{
        (void)state;
        world_edit(&world, "policy/bundle.yaml", "publish: manual", "publish: automatic");
        world_sign(&world, world.officer);
        world_start(&world);
        assert_int_equal(ask_forms(), STATUS_FAILED_PRECONDITION); /* no vintage yet */
        deliver_random(2000, 1);
        enum status now = STATUS_FAILED_PRECONDITION;
        for (unsigned ms = 0; ms < PATIENCE_MS && now != STATUS_OK; ms += TICK_MS) {
                nap(TICK_MS);
                now = ask_forms();
        }
        assert_int_equal(now, STATUS_OK);
        assert_int_equal(world_stop(&world), 0);
}

static void a_policy_that_says_manual_publishes_nothing_by_itself(void **state)
{
        (void)state;
        world_start(&world);
        deliver_random(2000, 2);
        nap(5000); /* longer than the quiet time after a commit */
        assert_int_equal(ask_forms(), STATUS_FAILED_PRECONDITION);
        assert_int_equal(world_stop(&world), 0);
}

/* How many linkages the last publication left for their first use. */
static unsigned left_out;

/* The status of a publication. */
static enum status try_publish(void)
{
        struct wire_publish_progress at;

        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        struct bytes request, message;
        struct call *call = NULL;

        assert_int_equal(publish_request_encode(bytes_of_text("x"), &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(call_start(world_client(&world, WORLD_OPERATOR),
                                 "/statgate.v1.Operations/PublishVintage", 60000, &call),
                ERR_OK);
        assert_int_equal(call_send(call, request), ERR_OK);
        assert_int_equal(call_half_close(call), ERR_OK);
        left_out = 0;
        while (call_receive(call, world.arena, &message) == ERR_OK) {
                assert_int_equal(publish_progress_decode(world.arena, message, &at), ERR_OK);
                left_out += bytes_is_text(at.phase, "left_out");
        }
        (void)!call_finish(call, &world_status);
        call_free(&call);
        return world_status.code;
}

static void a_view_beyond_its_memory_is_refused_and_the_vintage_before_answers(void **state)
{
        (void)state;
        world_edit(&world, "statgate.yaml", "view_memory_mib: 256", "view_memory_mib: 2");
        world_start(&world);
        deliver_random(1000, 3);
        assert_int_equal(try_publish(), STATUS_OK);
        assert_int_equal(ask_forms(), STATUS_OK);
        deliver_random(60000, 4);
        assert_int_equal(try_publish(), STATUS_RESOURCE_EXHAUSTED);
        assert_true(world_blames("vintage"));
        assert_int_equal(ask_forms(), STATUS_OK); /* the first vintage is the latest still */
        assert_true(status_of(&world).keeper_alive);
        assert_int_equal(world_stop(&world), 0);
}

static bool has_views(const char *linkage)
{
        struct wire_status s = status_of(&world);

        for (uint32_t i = 0; i < s.views_len; i++)
                if (bytes_is_text(s.views[i].linkage, linkage))
                        return true;
        return false;
}

static void a_wide_linkage_that_does_not_fit_is_left_for_its_first_use(void **state)
{
        const char *const question = "dataset: placering\nlinkage: barnets_resa\n";
        struct wire_release r;

        (void)state;
        world_edit(&world, "statgate.yaml", "view_memory_mib: 256", "view_memory_mib: 4");
        world_start(&world);
        deliver_random(1000, 5);
        assert_int_equal(try_publish(), STATUS_OK);
        assert_int_equal(left_out, 0);
        assert_true(has_views("barnets_resa"));
        deliver_random(24000, 6);
        assert_int_equal(try_publish(), STATUS_OK);
        assert_int_equal(left_out, 2); /* those that placements stand in */
        assert_true(has_views("placering_riket"));
        assert_false(has_views("barnets_resa"));
        assert_int_equal(ask_yaml(&world, question, &r), STATUS_OK); /* others make room */
        assert_true(has_views("barnets_resa"));
        assert_int_equal(world_stop(&world), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        a_policy_that_says_automatic_publishes_after_the_last_commit, make, unmake),
                cmocka_unit_test_setup_teardown(
                        a_policy_that_says_manual_publishes_nothing_by_itself, make, unmake),
                cmocka_unit_test_setup_teardown(
                        a_view_beyond_its_memory_is_refused_and_the_vintage_before_answers, make,
                        unmake),
                cmocka_unit_test_setup_teardown(
                        a_wide_linkage_that_does_not_fit_is_left_for_its_first_use, make, unmake),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
