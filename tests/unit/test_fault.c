/* SPDX-License-Identifier: Apache-2.0 */
/* test_fault.c: the countdown that makes every seam fail once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fault.h"

/* Three seams; the number of the one that failed, or -1. */
static int work(void)
{
        if (fault_hit("alloc"))
                return 0;
        if (fault_hit("write"))
                return 1;
        if (fault_hit("sync"))
                return 2;
        return -1;
}

static void nothing_fails_unless_armed(void **state)
{
        (void)state;
        fault_disarm();
        assert_int_equal(work(), -1);
}

static void every_seam_fails_once_and_the_loop_ends(void **state)
{
        int failed[8] = {0};
        unsigned nth = 0;

        (void)state;
        for (; nth < 8 && fault_arm("any", nth); nth++)
                failed[nth] = work();
        assert_int_equal(nth, 4);
        for (int i = 0; i < 3; i++)
                assert_int_equal(failed[i], i);
        assert_int_equal(failed[3], -1);
        assert_int_equal(work(), -1);
}

static void other_sites_are_left_alone(void **state)
{
        (void)state;
        assert_true(fault_arm("sync", 0));
        assert_int_equal(work(), 2);
        assert_true(fault_arm("sync", 1));
        assert_int_equal(work(), -1);
        assert_int_equal(work(), 2);
        fault_disarm();
}

static void a_fault_strikes_once(void **state)
{
        (void)state;
        assert_true(fault_arm("alloc", 0));
        assert_true(fault_hit("alloc"));
        assert_false(fault_hit("alloc"));
}

static void a_loop_that_broke_off_does_not_spoil_the_next(void **state)
{
        (void)state;
        assert_true(fault_arm("write", 100));
        assert_int_equal(work(), -1);
        assert_true(fault_arm("alloc", 0));
        assert_int_equal(work(), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_fails_unless_armed),
                cmocka_unit_test(every_seam_fails_once_and_the_loop_ends),
                cmocka_unit_test(other_sites_are_left_alone),
                cmocka_unit_test(a_fault_strikes_once),
                cmocka_unit_test(a_loop_that_broke_off_does_not_spoil_the_next),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
