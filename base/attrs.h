/* SPDX-License-Identifier: Apache-2.0 */
/* attrs.h: the few words of dialect this house adds to C.
 *
 * OWNED(f) frees a variable on every way out of its scope: f receives a pointer
 * to the variable and must accept a pointer to NULL. TRY returns at the first
 * error. Neither hides a second control flow: what they do is one line long. */
#ifndef STATGATE_BASE_ATTRS_H
#define STATGATE_BASE_ATTRS_H

#define MUST_CHECK              __attribute__((warn_unused_result))
#define OWNED(free_fn)          __attribute__((cleanup(free_fn)))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/* Which sanitizer this is built with: gcc says it in one way, clang in another. */
#ifdef __has_feature
#define UNDER_ASAN __has_feature(address_sanitizer)
#define UNDER_TSAN __has_feature(thread_sanitizer)
#else
#ifdef __SANITIZE_ADDRESS__
#define UNDER_ASAN 1
#else
#define UNDER_ASAN 0
#endif
#ifdef __SANITIZE_THREAD__
#define UNDER_TSAN 1
#else
#define UNDER_TSAN 0
#endif
#endif

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define TRY(expr)                                                                                  \
        do {                                                                                       \
                enum err try_err_ = (expr);                                                        \
                if (try_err_ != ERR_OK)                                                            \
                        return try_err_;                                                           \
        } while (0)

#endif
