/* SPDX-License-Identifier: Apache-2.0 */
/* counts.h: how many random cases a test tries.
 *
 * The ordinary build tries the short form, tools/test --long ten times as many. A sanitizer
 * makes each case many times slower and looks for mistakes of memory and threads, which do not
 * hide in rare values: a fifth will do there. */
#ifndef STATGATE_TESTS_SUPPORT_COUNTS_H
#define STATGATE_TESTS_SUPPORT_COUNTS_H

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS_SANITIZED 1
#endif
#endif
#ifndef COUNTS_SANITIZED
#define COUNTS_SANITIZED 0
#endif

static inline unsigned count_of(unsigned ordinary)
{
        if (getenv("STATGATE_LONG") != NULL)
                return 10 * ordinary;
        return COUNTS_SANITIZED && ordinary >= 5 ? ordinary / 5 : ordinary;
}

#endif
