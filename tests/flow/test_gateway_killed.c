/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_killed.c: what was told, what is remembered and what the log says of it are one.
 *
 * Somebody asks one question after the other outside the planned tables, and the gateway is killed
 * in the middle, again and again. Of each question that its memory holds against later ones the
 * log must tell, and of each answer that the log tells of memory must know all parts. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/audit/entry.h"
#include "gateway/store/log.h"
#include "tests/support/gateway_ask.h"
#include "tests/support/gateway_sealing.h"

enum { CHILDREN = 60, TOWNS = 4, KILLS = 10, MONTHS = 11, SUBSETS = 15, KINDS = 3, STEP_MS = 7 };

static struct world world;
static const municipality_t towns[TOWNS] = {114, 180, 1480, 1280};

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_plan_only(&world, "anmalan");
        world_start(&world);
        for (uint32_t t = 0; t < TOWNS; t++) {
                struct report rows[CHILDREN];

                for (uint32_t i = 0; i < CHILDREN; i++)
                        rows[i] = (struct report){
                                1000 * t + i, NOBODY, (int32_t)(5 * i), 1000 * t + i};
                (void)deliver_concerns(&world, towns[t], rows, CHILDREN);
        }
        (void)publish(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* No two alike for some hundred. */
static const char *question(unsigned n)
{
        static const char *const kinds[KINDS] = {
                "", "dimensions: [kon]\n", "dimensions: [\"alder:barn\"]\n"};
        unsigned subset = 1 + n / KINDS % SUBSETS, month = 2 + n / KINDS / SUBSETS % MONTHS;
        char list[32] = "";

        for (unsigned t = 0; t < TOWNS; t++) {
                size_t len = strlen(list);

                if ((subset >> t & 1) != 0)
                        (void)snprintf(list + len, sizeof list - len, "%s%04u", len > 0 ? "," : "",
                                (unsigned)towns[t]);
        }
        return arena_printf(world.arena,
                "dataset: anmalan\nfilters: [\"kommun in %s\", \"datum in "
                "2025-01..2025-%02u\"]\n%s",
                list, month, kinds[n % KINDS]);
}

static bool ask_next(unsigned n)
{
        char who[32];
        enum status s;

        (void)snprintf(who, sizeof who, "statistician/nr%u", n / 20 % 8);
        s = world_call(&world, world_client(&world, who), "Statistics/Query",
                say_yaml(&world, question(n)));
        return s == STATUS_OK;
}

/* Until nobody is there. */
static void *keep_asking(void *next)
{
        unsigned *n = next;

        while (ask_next(*n))
                ++*n;
        return NULL;
}

/* What is on disk ---------------------------------------------------------------------------- */

struct found {
        unsigned remembered, answered, others;
};

static enum err count_question(void *ctx, const char *linkage, const struct stored_question *q)
{
        struct found *f = ctx;

        assert_string_equal(linkage, "anmalan_riket");
        (void)q;
        f->remembered++;
        return ERR_OK;
}

static enum err count_answer(void *ctx, const struct stored_entry *e)
{
        struct found *f = ctx;
        struct entry_value v;

        f->others += e->kind == ENTRY_REFUSED;
        if (e->kind != ENTRY_ANSWERED)
                return ERR_OK;
        assert_true(entry_find(e->closed, FIELD_SOURCE, &v));
        assert_true(bytes_is_text(v.text, "ledger"));
        f->answered++;
        return ERR_OK;
}

static struct found look(void)
{
        struct store *store = NULL;
        struct found f = {0};

        assert_int_equal(store_open(world_path(&world, "store/statgate.db"), &store), ERR_OK);
        assert_int_equal(store_ledger_each(store, "anmalan", count_question, &f), ERR_OK);
        assert_int_equal(store_entries(store, 0, UINT64_MAX, count_answer, &f), ERR_OK);
        store_close(&store);
        return f;
}

static void what_a_killed_gateway_remembers_is_what_its_log_tells_of(void **state)
{
        unsigned next = 0, parts, told = 0;
        struct found f;

        (void)state;
        assert_true(ask_next(next++));
        assert_int_equal(world_stop(&world), 0);
        f = look();
        assert_int_equal(f.answered, 1);
        parts = f.remembered;
        assert_true(parts > 1);
        for (unsigned kills = 0; kills < KILLS; kills++) {
                pthread_t asking;
                unsigned first = next;

                world_start(&world);
                /* What a gateway has to know of earlier answers is made anew by the first. */
                assert_true(ask_next(next++));
                assert_int_equal(pthread_create(&asking, NULL, keep_asking, &next), 0);
                nap(20 + kills * STEP_MS);
                assert_int_equal(kill(world.pid, SIGKILL), 0);
                assert_int_equal(pthread_join(asking, NULL), 0);
                world_kill(&world);
                told += next - first;
                f = look();
                assert_int_equal(f.others, 0);
                assert_int_equal(f.remembered, parts * f.answered);
                assert_true(
                        f.answered >= 1 + told); /* an entry may have been all there was time for */
                next++;                          /* of the one that was asked last */
                told = f.answered - 1;
        }
        print_message("%u kills, %u answers, each with %u questions that memory knows\n", KILLS,
                f.answered, parts);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        what_a_killed_gateway_remembers_is_what_its_log_tells_of, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
