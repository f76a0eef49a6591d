/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_rehearsal.c: a proposed bundle is tried on the questions that were asked: what would
 * be shown or protected, answered or refused, without any figure; and a weakening comes into force
 * with the report of that, and of nothing else, at a start too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "policies/rehearsal.h"
#include "tests/support/gateway_ask.h"
#include "tests/support/gateway_rehearsal.h"
#include "tests/support/world_command.h"

enum { MANY = 40, FEW = 7 };

static struct world world;

/* Many girls and a few boys: seven are shown from threshold 5 on, not from 9. */
static void deliver_children(void)
{
        struct placement rows[MANY + FEW];
        uint64_t random = 11;

        for (uint32_t i = 0; i < MANY + FEW; i++) {
                rows[i] = placement_random(&random, 1, i);
                rows[i].person = i;
                rows[i].local = false;
                rows[i].woman = i < MANY;
        }
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, MANY + FEW, MANY + FEW);
        (void)publish(&world);
}

static int up(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        world_start(&world);
        deliver_children();
        return 0;
}

static int down(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static enum status ask_by(const char *by)
{
        struct wire_answer answer;
        struct wire_release r;

        return ask(&world, by, NULL, NULL, &answer, &r);
}

static enum status reload(void)
{
        return world_call(&world, world_client(&world, WORLD_OPERATOR), "Operations/Reload",
                bytes_of(NULL, 0));
}

static void propose(const char *threshold)
{
        struct digest running = status_of(&world).policy;
        char hex[65], line[80];

        hex_encode(bytes_of(running.bytes, sizeof running.bytes), hex);
        (void)snprintf(line, sizeof line, "predecessor: %s", hex);
        world_edit(&world, "policy/bundle.yaml", "predecessor: none", line);
        world_edit(&world, "policy/bundle.yaml", "version: 1", "version: 2");
        world_edit(&world, "policy/datasets/placering.yaml", "threshold: 5", threshold);
}

static bool reports(const struct wire_rehearsal_progress *p, const char *what)
{
        return memmem(p->report.data, p->report.len, what, strlen(what)) != NULL;
}

static void what_a_higher_threshold_would_protect_is_counted(void **state)
{
        struct wire_rehearsal_progress end;

        (void)state;
        assert_int_equal(ask_by("kon"), STATUS_OK);
        assert_int_equal(ask_by("kon"), STATUS_OK);
        assert_int_equal(ask_by("kon,form"), STATUS_OK);
        assert_int_not_equal(ask_by("personnummer"), STATUS_OK);
        propose("threshold: 9");
        assert_int_equal(world_rehearse(&world, &end), STATUS_OK);
        assert_true(world_rehearsed_len >= 2);
        const struct wire_rehearsed *q = &world_rehearsed[0];

        assert_int_equal(q->times, 2);
        assert_true(bytes_is_text(q->before, "OK") && bytes_is_text(q->after, "OK"));
        assert_true(q->cells > 0);
        assert_int_equal(q->newly_protected, 1); /* the boys: here every table stands alone */
        assert_int_equal(q->newly_shown, 0);
        assert_true(reports(&end, "stronger placering: at least 9 persons"));
        assert_false(reports(&end, "\nweaker "));
        /* What is measured of a preset is no promise of a data set with rules of its own. */
        assert_true(reports(&end, "\nrules running placering open departs\n"));
        assert_true(reports(&end, "\nrules proposed placering open departs\n"));
        assert_true(end.entry > 0);
}

/* An indicator that divides one data set by another heeds the deliveries of both. */
static void a_quotient_of_two_data_sets_is_rehearsed(void **state)
{
        struct wire_rehearsal_progress end;
        struct wire_release r;

        (void)state;
        (void)ask_yaml(&world, "indicator: {id: avvikelser_per_1000_vardygn}\nperiod: 2025\n", &r);
        assert_int_equal(ask_by("kon"), STATUS_OK);
        propose("threshold: 9");
        assert_int_equal(world_rehearse(&world, &end), STATUS_OK);
        assert_true(world_rehearsed_len == 2);
}

static void what_weakens_comes_into_force_with_its_report_only(void **state)
{
        struct wire_rehearsal_progress end;

        (void)state;
        assert_int_equal(ask_by("kon,form"), STATUS_OK);
        propose("threshold: 3");
        world_sign(&world, world.officer);
        assert_int_equal(reload(), STATUS_FAILED_PRECONDITION);
        assert_true(world_blames(REHEARSAL_FILE));
        assert_int_equal(status_of(&world).policy_version, 1);

        assert_int_equal(world_rehearse(&world, &end), STATUS_OK);
        assert_true(reports(&end, "weaker placering: at least 3 persons"));
        assert_true(world_rehearsed[0].newly_shown > 0);
        assert_int_equal(world_rehearsed[0].newly_protected, 0);

        /* Changed afterwards: the report is about another bundle. */
        world_edit(&world, "policy/datasets/placering.yaml", "threshold: 3", "threshold: 2");
        world_sign(&world, world.officer);
        assert_int_equal(reload(), STATUS_FAILED_PRECONDITION);
        world_edit(&world, "policy/datasets/placering.yaml", "threshold: 2", "threshold: 3");

        /* A report that no gateway wrote, though an officer signed it. */
        struct bytes report = world_read(&world, world_path(&world, "policy/" REHEARSAL_FILE));
        OWNED(buf_done) struct buf forged;

        buf_init(&forged, 1 << 20);
        put_raw(&forged, report.data, report.len);
        put_raw(&forged, "all is well\n", 12);
        world_write(&world, "policy/" REHEARSAL_FILE, bytes_of(forged.data, forged.len));
        world_sign(&world, world.officer);
        assert_int_equal(reload(), STATUS_FAILED_PRECONDITION);
        assert_int_equal(status_of(&world).policy_version, 1);

        world_write(&world, "policy/" REHEARSAL_FILE, report);
        world_sign(&world, world.officer);
        assert_int_equal(reload(), STATUS_OK);
        assert_int_equal(status_of(&world).policy_version, 2);
}

/* While it stands still -------------------------------------------------------------------- */

#define KEPT "store/ruling.bundle"

static const struct world_start plain = {0};

static bool logged(const char *event)
{
        struct bytes log = world_read(&world, world_path(&world, "log/statgated.log"));

        return memmem(log.data, log.len, event, strlen(event)) != NULL;
}

static void remove_file(const char *name)
{
        assert_int_equal(unlink(world_path(&world, name)), 0);
}

static void what_weakens_while_the_gateway_stands_still_needs_its_report_too(void **state)
{
        struct stat st;

        (void)state;
        assert_int_equal(ask_by("kon,form"), STATUS_OK);
        propose("threshold: 3");
        assert_int_equal(world_rehearse(&world, NULL), STATUS_OK);
        struct bytes report = world_read(&world, world_path(&world, "policy/" REHEARSAL_FILE));

        remove_file("policy/" REHEARSAL_FILE);
        world_sign(&world, world.officer);
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(stat(world_path(&world, KEPT), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_not_equal(world_try(&world, &plain), WORLD_UP);
        assert_true(world_said(&world, REHEARSAL_FILE));
        /* Nor has the attempt made it what the next is held against. */
        assert_int_not_equal(world_try(&world, &plain), WORLD_UP);

        world_write(&world, "policy/" REHEARSAL_FILE, report);
        world_sign(&world, world.officer);
        world_start(&world);
        assert_int_equal(status_of(&world).policy_version, 2);
        assert_false(logged("policy_not_compared"));
}

/* A reload is what the next start is held against, and what strengthens needs no report. */
static void what_came_by_a_reload_is_what_the_next_start_compares_with(void **state)
{
        char hex[65], first[80], second[80];

        (void)state;
        struct digest running = status_of(&world).policy;

        hex_encode(bytes_of(running.bytes, sizeof running.bytes), hex);
        (void)snprintf(first, sizeof first, "predecessor: %s", hex);
        propose("threshold: 9");
        world_sign(&world, world.officer);
        assert_int_equal(reload(), STATUS_OK);
        running = status_of(&world).policy;
        hex_encode(bytes_of(running.bytes, sizeof running.bytes), hex);
        (void)snprintf(second, sizeof second, "predecessor: %s", hex);
        assert_int_equal(world_stop(&world), 0);

        /* Stronger than the first, and weaker than the second. */
        world_edit(&world, "policy/bundle.yaml", first, second);
        world_edit(&world, "policy/bundle.yaml", "version: 2", "version: 3");
        world_edit(&world, "policy/datasets/placering.yaml", "threshold: 9", "threshold: 7");
        world_sign(&world, world.officer);
        assert_int_not_equal(world_try(&world, &plain), WORLD_UP);
        assert_true(world_said(&world, REHEARSAL_FILE));
        world_edit(&world, "policy/datasets/placering.yaml", "threshold: 7", "threshold: 10");
        world_sign(&world, world.officer);
        world_start(&world);
        assert_int_equal(status_of(&world).policy_version, 3);
        assert_false(logged("policy_not_compared"));
}

/* A lost file keeps nobody from starting, and officers hear of it. */
static void without_a_copy_the_officers_word_counts_and_the_log_says_so(void **state)
{
        (void)state;
        world_client_files(&world, "dpo", WORLD_DPO);
        propose("threshold: 3");
        world_sign(&world, world.officer);
        assert_int_equal(world_stop(&world), 0);
        remove_file(KEPT);
        world_start(&world);
        assert_int_equal(status_of(&world).policy_version, 2);
        assert_true(logged("policy_not_compared"));
        assert_int_equal(world_stop(&world), 0);

        /* Damaged, it is none. */
        world_write(&world, KEPT, bytes_of_text("no bundle"));
        world_start(&world);
        assert_true(logged("policy_kept_unreadable"));
        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "log", "--all", "--kind",
                                 "alarm", "--format", "json"),
                0);
        assert_non_null(strstr(world_out, "bundle not compared"));
}

static void a_rehearsal_costs_no_question_and_changes_no_answer(void **state)
{
        struct wire_answer before, after;
        struct wire_release r;
        struct bytes kept;

        (void)state;
        assert_int_equal(ask(&world, "kon,form", NULL, NULL, &before, &r), STATUS_OK);
        assert_int_equal(bytes_copy(world.arena, before.release, &kept), ERR_OK);
        propose("threshold: 12");
        assert_int_equal(world_rehearse(&world, NULL), STATUS_OK);
        assert_int_equal(ask(&world, "kon,form", NULL, NULL, &after, &r), STATUS_OK);
        assert_true(bytes_equal(kept, after.release));
}

static void a_bundle_that_does_not_load_is_refused_with_its_place(void **state)
{
        (void)state;
        propose("threshold: many");
        assert_int_equal(world_rehearse(&world, NULL), STATUS_FAILED_PRECONDITION);
        assert_false(world_exists(&world, "policy/" REHEARSAL_FILE));
}

static void only_data_protection_officers_rehearse(void **state)
{
        static const char *const others[] = {WORLD_OPERATOR, WORLD_STATISTICIAN};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(others); i++) {
                OWNED(call_free) struct call *call = NULL;
                struct call_status status;
                struct bytes heard;

                assert_int_equal(call_start(world_client(&world, others[i]),
                                         "/statgate.v1.Audit/RehearsePolicy", 0, &call),
                        ERR_OK);
                /* It may have ended before anything could be said. */
                if (call_send(call, bytes_of(NULL, 0)) == ERR_OK)
                        assert_int_not_equal(call_half_close(call), ERR_NO_MEMORY);
                assert_int_not_equal(call_receive(call, world.arena, &heard), ERR_OK);
                assert_int_not_equal(call_finish(call, &status), ERR_OK);
                assert_int_equal(status.code, STATUS_PERMISSION_DENIED);
        }
}

#define IN_WORLD(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                IN_WORLD(what_a_higher_threshold_would_protect_is_counted),
                IN_WORLD(a_quotient_of_two_data_sets_is_rehearsed),
                IN_WORLD(what_weakens_comes_into_force_with_its_report_only),
                IN_WORLD(what_weakens_while_the_gateway_stands_still_needs_its_report_too),
                IN_WORLD(what_came_by_a_reload_is_what_the_next_start_compares_with),
                IN_WORLD(without_a_copy_the_officers_word_counts_and_the_log_says_so),
                IN_WORLD(a_rehearsal_costs_no_question_and_changes_no_answer),
                IN_WORLD(a_bundle_that_does_not_load_is_refused_with_its_place),
                IN_WORLD(only_data_protection_officers_rehearse),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
