/* SPDX-License-Identifier: Apache-2.0 */
/* reported.h: when a sanitizer has stopped a program that a test runs.
 *
 * All of them end it with this code (tools/cmake/statgate.cmake), which none of our programs
 * has: by their own habit ASan and UBSan say 1, which is also a refusal of the gateway. What
 * they saw stands on the program's error stream, and a test that only compares codes would throw
 * it away. */
#ifndef STATGATE_TESTS_SUPPORT_REPORTED_H
#define STATGATE_TESTS_SUPPORT_REPORTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { REPORTED_EXIT = 66 };

/* Fails the test, and shows what the program said, where it ended so. */
static inline void reported_check(int code, const char *said)
{
        if (code != REPORTED_EXIT)
                return;
        (void)fprintf(stderr, "%s\n", said); /* print_error keeps a kilobyte */
        fail_msg("a sanitizer ended the program");
}

#endif
