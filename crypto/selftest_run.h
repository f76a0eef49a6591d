/* SPDX-License-Identifier: Apache-2.0 */
/* selftest_run.h: for crypto/ and its tests: the runner under the self-test, so
 * that a test can see it fail. */
#ifndef STATGATE_CRYPTO_SELFTEST_RUN_H
#define STATGATE_CRYPTO_SELFTEST_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct secret;

struct selftest {
        const char *name;
        bool (*holds)(void);
};

bool selftest_is_hex(const uint8_t *got, size_t len, const char *hex); /* at most 64 bytes */
MUST_CHECK enum err selftest_secret(const char *hex, struct secret **out);

/* selftest_public.c */
bool selftest_x25519_known(void);
bool selftest_x25519_random(void);
bool selftest_ed25519_random(void);
bool selftest_box_known(void);
bool selftest_box_random(void);
bool selftest_shares_known(void);
bool selftest_tree(void);

/* Stops at the first that does not hold and names it in the log: ERR_SELF_TEST. */
MUST_CHECK enum err selftest_run(const struct selftest *tests, unsigned len);

#endif
