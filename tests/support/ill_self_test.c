/* SPDX-License-Identifier: Apache-2.0 */
/* ill_self_test.c: linked around the keeper's program by a test (--wrap): the self-test holds a
 * few times, as it really does, and then no more. */
#include "crypto/selftest.h"

enum { HEALTHY = 4 };

enum err __real_crypto_self_test_again(void);
enum err __wrap_crypto_self_test_again(void);

enum err __wrap_crypto_self_test_again(void)
{
        static unsigned times;
        enum err e = __real_crypto_self_test_again();

        return ++times > HEALTHY ? ERR_SELF_TEST : e;
}
