/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_deliver.c: from deliveries of several municipalities to a table, by
 * the real programs, held against a count that shares nothing with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "tests/support/gateway_delivery.h"

enum { ROWS = 400 };

static const municipality_t towns[] = {114, 180, 1480, 2480};
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

static void random_rows(uint64_t *random, uint32_t children, uint32_t first_key,
        struct placement *out, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                out[i] = placement_random(random, children, first_key + i);
}

static void hand_in(struct heap *heap, municipality_t m, enum delivery_mode mode,
        const struct placement *rows, uint32_t len)
{
        (void)deliver(&world, m, mode, rows, len, 150);
        heap_add(heap, m, mode, rows, len);
}

static void what_was_delivered_is_what_is_counted(void **state)
{
        static const char *const questions[] = {"", "kommun", "kommun:lan,form",
                "kommun,form:grupp", "form,lagrum", "kon,start", "kommun:lan,kon,form,start:ar"};
        struct placement rows[ROWS];
        struct heap heap = {0};
        uint64_t random = 20251121;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(towns); i++) {
                random_rows(&random, 300, 0, rows, ROWS);
                hand_in(&heap, towns[i], DELIVERY_APPEND, rows, ROWS);
        }
        assert_int_equal(publish(&world).number, 1);
        for (size_t i = 0; i < ARRAY_LEN(questions); i++)
                heap_expect(&world, &heap, questions[i], NULL);
        heap_done(&heap);
        assert_int_equal(world_stop(&world), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        what_was_delivered_is_what_is_counted, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
