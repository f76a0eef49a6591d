/* SPDX-License-Identifier: Apache-2.0 */
/* selftest_run.h: for crypto/ and its tests: the runner under the self-test, so
 * that a test can see it fail. */
#ifndef STATGATE_CRYPTO_SELFTEST_RUN_H
#define STATGATE_CRYPTO_SELFTEST_RUN_H

#include <stdbool.h>

#include "base/err.h"

struct selftest {
        const char *name;
        bool (*holds)(void);
};

/* Stops at the first that does not hold and names it in the log: ERR_SELF_TEST. */
MUST_CHECK enum err selftest_run(const struct selftest *tests, unsigned len);

#endif
