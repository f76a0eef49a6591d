/* SPDX-License-Identifier: Apache-2.0 */
/* test_selftest.c: the self-test passes here, and can fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "crypto/secret.h"
#include "crypto/selftest.h"
#include "crypto/selftest_run.h"

static unsigned runs;

static bool holds(void)
{
        runs++;
        return true;
}

static bool does_not_hold(void)
{
        runs++;
        return false;
}

static void the_cryptography_is_what_we_think(void **state)
{
        (void)state;
        assert_int_equal(crypto_self_test(), ERR_OK);
        assert_int_equal(crypto_self_test(), ERR_OK);
}

static void it_holds_after_a_while_too(void **state)
{
        (void)state;
        for (unsigned i = 0; i < 50; i++)
                assert_int_equal(crypto_self_test_again(), ERR_OK);
}

static void the_first_failure_stops_and_is_named(void **state)
{
        const struct selftest tests[] = {{"one", holds}, {"two", does_not_hold}, {"three", holds}};
        char path[] = "/tmp/statgate-selftest-XXXXXX", line[512] = "";
        int fd = mkstemp(path);
        ssize_t len;

        (void)state;
        assert_true(fd >= 0);
        log_to(fd, LOG_INFO);
        runs = 0;
        assert_int_equal(selftest_run(tests, ARRAY_LEN(tests)), ERR_SELF_TEST);
        log_to(STDERR_FILENO, LOG_INFO);
        assert_int_equal(runs, 2);
        len = pread(fd, line, sizeof line - 1, 0);
        close(fd);
        unlink(path);
        assert_true(len > 0);
        assert_non_null(strstr(line, "two"));
        assert_null(strstr(line, "one"));
}

static int group_setup(void **state)
{
        (void)state;
        return crypto_init(65536, false) == ERR_OK ? 0 : -1;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_cryptography_is_what_we_think),
                cmocka_unit_test(it_holds_after_a_while_too),
                cmocka_unit_test(the_first_failure_stops_and_is_named),
        };

        return cmocka_run_group_tests(tests, group_setup, NULL);
}
