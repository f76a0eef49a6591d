/* SPDX-License-Identifier: Apache-2.0 */
/* test_wait.c: time limits pass, signals come first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/attrs.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/wait.h"

struct room {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool said;
};

static void *say(void *arg)
{
        struct room *r = arg;

        (void)pthread_mutex_lock(&r->lock);
        r->said = true;
        (void)pthread_cond_signal(&r->changed);
        (void)pthread_mutex_unlock(&r->lock);
        return NULL;
}

static void a_wait_ends_when_its_time_is_over(void **state)
{
        struct room r = {.lock = PTHREAD_MUTEX_INITIALIZER};
        int64_t before = clock_monotonic_ns();

        (void)state;
        wait_init(&r.changed);
        (void)pthread_mutex_lock(&r.lock);
        while (wait_ms(&r.changed, &r.lock, 30))
                continue;
        (void)pthread_mutex_unlock(&r.lock);
        assert_true(clock_monotonic_ns() - before >= 30 * 1000000);
        (void)pthread_cond_destroy(&r.changed);
}

static void a_signal_ends_a_wait_of_an_hour(void **state)
{
        struct room r = {.lock = PTHREAD_MUTEX_INITIALIZER};
        pthread_t thread;

        (void)state;
        wait_init(&r.changed);
        (void)pthread_mutex_lock(&r.lock);
        assert_int_equal(pthread_create(&thread, NULL, say, &r), 0);
        while (!r.said)
                assert_true(wait_ms(&r.changed, &r.lock, 3600999));
        (void)pthread_mutex_unlock(&r.lock);
        (void)pthread_join(thread, NULL);
        (void)pthread_cond_destroy(&r.changed);
}

static void a_descriptor_has_one_owner(void **state)
{
        int none = -1, mine = open("/dev/null", O_RDONLY), given;

        (void)state;
        fd_close(&none);
        given = fd_hand_over(&mine);
        assert_int_equal(mine, -1);
        {
                OWNED(fd_close) int owned = given;

                assert_true(fcntl(owned, F_GETFD) >= 0);
        }
        assert_int_equal(fcntl(given, F_GETFD), -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_wait_ends_when_its_time_is_over),
                cmocka_unit_test(a_signal_ends_a_wait_of_an_hour),
                cmocka_unit_test(a_descriptor_has_one_owner),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
