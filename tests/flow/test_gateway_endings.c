/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_endings.c: a linkage that ends, by a new bundle or at midnight, ends at once:
 * what is being counted under it is cut, what is asked next is refused, its views are gone;
 * and nothing of that touches the linkages that stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "tests/support/gateway_ask.h"

/* So many reports of each child that looking through all of them for every one of them
 * takes seconds. */
enum { CHILDREN = 200, REPORTS = 500, HOUR = 3600, DAY = 86400, A_SECOND_MS = 1000 };

static struct world world;

static int make(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        policy_begin(&world);
        return 0;
}

static int unmake(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static int64_t now_ms(void)
{
        return clock_monotonic_ns() / 1000000;
}

/* How long the gateway has worked: what else the machine does is no fault of its. */
static int64_t worked_ms(void)
{
        struct timespec t = {0};
        clockid_t clock;

        assert_int_equal(clock_getcpuclockid(world.pid, &clock), 0);
        assert_int_equal(clock_gettime(clock, &t), 0);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void deliver_many(uint32_t children, uint32_t reports)
{
        struct report *rows = calloc((size_t)children * reports, sizeof *rows);

        assert_non_null(rows);
        for (uint32_t i = 0; i < children * reports; i++)
                rows[i] = (struct report){i / reports, NOBODY, (int32_t)(i % 365), i};
        (void)deliver_concerns(&world, 114, rows, children * reports);
        free(rows);
        (void)publish(&world);
}

/* Counts of all reports of the same child, `derived` times over. */
static const char *slow_question(const char *linkage, unsigned derived)
{
        const char *text =
                arena_printf(world.arena, "dataset: anmalan\nlinkage: %s\nderived:\n", linkage);

        for (unsigned i = 0; i < derived; i++)
                text = arena_printf(world.arena,
                        "%s  - {name: n%u, kind: count, dataset: anmalan, variable: datum, "
                        "level: ar}\n",
                        text, i);
        for (unsigned i = 0; i < derived; i++)
                text = arena_printf(
                        world.arena, "%s%s\"n%u = 1\"", text, i == 0 ? "filters: [" : ", ", i);
        return arena_printf(world.arena, "%s]\n", text);
}

static struct call *begin(const char *yaml)
{
        struct call *call = NULL;

        assert_int_equal(call_start(world_client(&world, WORLD_STATISTICIAN),
                                 "/statgate.v1.Statistics/Query", 0, &call),
                ERR_OK);
        assert_int_equal(call_send(call, say_yaml(&world, yaml)), ERR_OK);
        assert_int_equal(call_half_close(call), ERR_OK);
        return call;
}

/* The status with which a call ends; its release where that is OK. */
static enum status end(struct call **call, struct wire_release *out)
{
        struct call_status status;
        struct bytes answer;

        if (call_receive(*call, world.arena, &answer) == ERR_OK)
                read_release(&world, answer, out);
        (void)!call_finish(*call, &status);
        call_free(call);
        if (status.code == STATUS_PERMISSION_DENIED) {
                assert_true(status.details.len > 0);
                assert_string_equal(status.details.violations[0].field, "linkage");
        }
        return status.code;
}

static bool has_views(const char *linkage)
{
        struct wire_status s = status_of(&world);

        for (uint32_t i = 0; i < s.views_len; i++)
                if (bytes_is_text(s.views[i].linkage, linkage))
                        return true;
        return false;
}

static void a_withdrawn_linkage_cuts_what_runs_under_it_and_nothing_else(void **state)
{
        struct wire_release before, r;

        (void)state;
        world_start(&world);
        deliver_many(CHILDREN, REPORTS);
        assert_int_equal(ask_yaml(&world, "dataset: anmalan\n", &before), STATUS_OK);
        assert_true(has_views("barnets_resa"));

        struct call *doomed = begin(slow_question("barnets_resa", 12));
        struct call *other = begin(slow_question("anmalan_riket", 4));

        for (int64_t before_both = worked_ms(); worked_ms() < before_both + A_SECOND_MS / 2;)
                nap(10);
        linkage_until(&world, "barnets_resa", "2025-12-31");
        assert_int_equal(policy_follow(&world), STATUS_OK);
        int64_t reloaded = worked_ms();

        assert_int_equal(end(&doomed, &r), STATUS_PERMISSION_DENIED);
        assert_in_range(worked_ms() - reloaded, 0, A_SECOND_MS);
        assert_int_equal(end(&other, &r), STATUS_OK);
        assert_true(digest_equal(&r.policy, &before.policy)); /* the rules it began with */
        assert_int_equal(cell_value(&r, 0, NULL), CHILDREN);

        assert_int_equal(ask_yaml(&world, "dataset: anmalan\nlinkage: barnets_resa\n", &r),
                STATUS_PERMISSION_DENIED);
        assert_int_equal(ask_yaml(&world, "dataset: anmalan\n", &r), STATUS_OK);
        assert_false(digest_equal(&r.policy, &before.policy));
        assert_false(has_views("barnets_resa"));
        assert_int_equal(world_stop(&world), 0);
}

/* Midnight ------------------------------------------------------------------------- */

/* Both processes believe that the clock is so many seconds ahead. */
static struct world_start ahead(int64_t shift)
{
        const char *moved = arena_printf(world.arena, "CLOCK_SHIM_S=%lld", (long long)shift);
        const char *shim = arena_printf(world.arena, "LD_PRELOAD=%s", STATGATE_CLOCK_SHIM);
        const char *script = arena_printf(world.arena,
                "#!/bin/sh\n%s %s exec " STATGATE_BIN_DIR "/statgate-keeper \"$@\"\n", moved, shim);

        world_write(&world, "run/keeper", bytes_of_text(script));
        assert_int_equal(chmod(world_path(&world, "run/keeper"), 0700), 0);
        return (struct world_start){
                .flags = {"--keeper", world_path(&world, "run/keeper")},
                .environment = {moved, shim},
        };
}

static void ask_journey(struct wire_release *out)
{
        assert_int_equal(
                ask_yaml(&world, "dataset: anmalan\nlinkage: barnets_resa\n", out), STATUS_OK);
        assert_true(has_views("barnets_resa"));
}

/* An hour before midnight, to learn how long a start takes here; then again, as much before it
 * as that takes. */
static void a_linkage_ends_at_midnight_by_itself(void **state)
{
        const char *sanitized = getenv("STATGATE_SANITIZE");
        struct wire_release r;
        char day[11];
        int64_t now = clock_now_ms() / 1000, shift = DAY - now % DAY + DAY - HOUR, began;

        (void)state;
        if (sanitized != NULL && *sanitized != '\0') {
                print_message(
                        "skipped: the clock is moved by LD_PRELOAD, which sanitizers forbid\n");
                skip();
        }
        const struct world_start early = ahead(shift);
        int64_t today = (now + shift) / DAY;

        days_format((int32_t)today, day);
        linkage_until(&world, "barnets_resa", day);
        policy_begin(&world);
        assert_int_equal(world_try(&world, &early), WORLD_UP);
        deliver_many(20, 2);
        assert_int_equal(world_stop(&world), 0);
        began = now_ms();
        assert_int_equal(world_try(&world, &early), WORLD_UP);
        ask_journey(&r);
        assert_int_equal(world_stop(&world), 0);

        int64_t took = now_ms() - began;

        now = clock_now_ms() / 1000;
        shift = (today + 1) * DAY - now - 2 - 4 * took / 1000;
        const struct world_start late = ahead(shift);

        assert_int_equal(world_try(&world, &late), WORLD_UP);
        ask_journey(&r);
        assert_int_equal(ask_yaml(&world, "dataset: anmalan\n", &r), STATUS_OK);
        while ((clock_now_ms() / 1000 + shift) / DAY <= today)
                nap(20);
        /* Nobody asks, and they go all the same. */
        for (unsigned ms = 0; has_views("barnets_resa"); ms += 20) {
                assert_true(ms < 10000);
                nap(20);
        }
        assert_true(has_views("anmalan_riket"));
        assert_int_equal(ask_yaml(&world, "dataset: anmalan\nlinkage: barnets_resa\n", &r),
                STATUS_PERMISSION_DENIED);
        assert_int_equal(ask_yaml(&world, "dataset: anmalan\n", &r), STATUS_OK);
        assert_int_equal(world_stop(&world), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        a_withdrawn_linkage_cuts_what_runs_under_it_and_nothing_else, make, unmake),
                cmocka_unit_test_setup_teardown(a_linkage_ends_at_midnight_by_itself, make, unmake),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
