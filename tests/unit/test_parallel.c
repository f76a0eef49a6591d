/* SPDX-License-Identifier: Apache-2.0 */
/* test_parallel.c: every task once, whoever does it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>

#include "base/parallel.h"

enum { TASKS = 1000 };

static enum err count(void *ctx, unsigned worker, size_t i)
{
        atomic_uint *hits = ctx;

        assert_true(worker < 4);
        (void)atomic_fetch_add(&hits[i], 1);
        return ERR_OK;
}

static void every_task_runs_once(void **state)
{
        static atomic_uint hits[TASKS];

        (void)state;
        assert_int_equal(parallel_for(4, TASKS, count, hits), ERR_OK);
        for (unsigned i = 0; i < TASKS; i++)
                assert_int_equal(atomic_load(&hits[i]), 1);
}

static void no_tasks_is_no_work(void **state)
{
        (void)state;
        assert_int_equal(parallel_for(4, 0, count, NULL), ERR_OK);
}

static enum err fail_at_seven(void *ctx, unsigned worker, size_t i)
{
        atomic_uint *done = ctx;

        (void)worker;
        (void)atomic_fetch_add(done, 1);
        return i == 7 ? ERR_LIMIT : ERR_OK;
}

static void the_first_failure_ends_it(void **state)
{
        atomic_uint done = 0;

        (void)state;
        assert_int_equal(parallel_for(1, TASKS, fail_at_seven, &done), ERR_LIMIT);
        assert_int_equal(atomic_load(&done), 8);
}

static void threads_have_a_ceiling_and_a_floor(void **state)
{
        (void)state;
        assert_true(parallel_threads(0) >= 1);
        assert_int_equal(parallel_threads(100000), PARALLEL_THREADS_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_task_runs_once),
                cmocka_unit_test(no_tasks_is_no_work),
                cmocka_unit_test(the_first_failure_ends_it),
                cmocka_unit_test(threads_have_a_ceiling_and_a_floor),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
