/* SPDX-License-Identifier: Apache-2.0 */
/* test_memory_lock.c: what happens where memory cannot be locked. Each case runs in
 * a child that has given up its privileges and has a small limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/seal.h"
#include "crypto/secret.h"
#include "crypto/secret_slab.h"

enum { NOBODY = 65534, FAILED = 99 };

/* The sanitizers' mlock does nothing and says it did. */
enum { MLOCK_IS_REAL = !UNDER_ASAN && !UNDER_TSAN };

/* What `run` returns in a child that may lock `limit` bytes. */
static int in_child(rlim_t limit, int (*run)(void))
{
        pid_t child = fork();
        int status = 0;

        if (child == 0) {
                const struct rlimit r = {limit, limit};

                if (setrlimit(RLIMIT_MEMLOCK, &r) != 0 || (geteuid() == 0 && setuid(NOBODY) != 0))
                        _exit(FAILED);
                /* libgcrypt warns on standard error; that is not our answer. */
                (void)!freopen("/dev/null", "w", stderr);
                _exit(run());
        }
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static int init_required(void)
{
        return (int)crypto_init(65536, true);
}

static int derive(bool required, uint32_t memory_kib)
{
        OWNED(secret_free) struct secret *passphrase = NULL;
        OWNED(secret_free) struct secret *key = NULL;
        const uint8_t salt[16] = {0};

        if (crypto_init(65536, required) != ERR_OK ||
                secret_copy("hemligt", 7, &passphrase) != ERR_OK)
                return FAILED;
        return (int)passphrase_key(passphrase, salt, memory_kib, 1, &key);
}

static int derive_required(void)
{
        return derive(true, 8192);
}

static int derive_small_required(void)
{
        return derive(true, 64);
}

static int derive_in_development(void)
{
        return derive(false, 8192);
}

static int guard(bool required, size_t len)
{
        uint8_t *at = NULL;
        enum err e;

        if (crypto_init(65536, required) != ERR_OK)
                return FAILED;
        e = guarded_new(len, &at);
        if ((at != NULL) != (e == ERR_OK))
                return FAILED;
        if (e == ERR_OK)
                at[0] = at[len - 1] = 1;
        guarded_free(at);
        return (int)e;
}

static int guard_required(void)
{
        return guard(true, 8 << 20);
}

static int guard_small_required(void)
{
        return guard(true, 4096);
}

static int guard_in_development(void)
{
        return guard(false, 8 << 20);
}

static void pages_that_cannot_be_locked_are_refused(void **state)
{
        (void)state;
        if (!MLOCK_IS_REAL)
                skip();
        assert_int_equal(in_child(1 << 20, guard_required), ERR_MEMORY_LOCK);
        assert_int_equal(in_child(1 << 20, guard_small_required), ERR_OK);
        assert_int_equal(in_child(1 << 20, guard_in_development), ERR_OK);
}

static void a_pool_that_cannot_be_locked_is_refused(void **state)
{
        (void)state;
        if (!MLOCK_IS_REAL)
                skip();
        assert_int_equal(in_child(4096, init_required), ERR_MEMORY_LOCK);
        assert_int_equal(in_child(1 << 20, init_required), ERR_OK);
}

static void argon2id_without_locked_blocks_is_refused(void **state)
{
        (void)state;
        if (!MLOCK_IS_REAL)
                skip();
        assert_int_equal(in_child(1 << 20, derive_required), ERR_MEMORY_LOCK);
        assert_int_equal(in_child(1 << 20, derive_small_required), ERR_OK);
}

static void development_goes_on_without_the_lock(void **state)
{
        (void)state;
        assert_int_equal(in_child(4096, derive_in_development), ERR_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_pool_that_cannot_be_locked_is_refused),
                cmocka_unit_test(pages_that_cannot_be_locked_are_refused),
                cmocka_unit_test(argon2id_without_locked_blocks_is_refused),
                cmocka_unit_test(development_goes_on_without_the_lock),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
