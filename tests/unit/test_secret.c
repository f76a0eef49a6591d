/* SPDX-License-Identifier: Apache-2.0 */
/* test_secret.c: memory for keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gcrypt.h>

#include "base/fault.h"
#include "crypto/secret.h"
#include "crypto/secret_slab.h"

static void a_new_secret_is_zero_and_secure(void **state)
{
        OWNED(secret_free) struct secret *s = NULL;
        const uint8_t zero[48] = {0};

        (void)state;
        assert_int_equal(secret_new(48, &s), ERR_OK);
        assert_int_equal(secret_len(s), 48);
        assert_memory_equal(secret_view(s), zero, sizeof zero);
        assert_true(gcry_is_secure(s));
}

static void secrets_are_equal_by_their_bytes(void **state)
{
        OWNED(secret_free) struct secret *a = NULL;
        OWNED(secret_free) struct secret *b = NULL;
        OWNED(secret_free) struct secret *c = NULL;
        OWNED(secret_free) struct secret *empty = NULL;

        (void)state;
        assert_int_equal(secret_copy("hemligt", 7, &a), ERR_OK);
        assert_int_equal(secret_copy("hemligt", 7, &b), ERR_OK);
        assert_int_equal(secret_copy("hemlig", 6, &c), ERR_OK);
        assert_int_equal(secret_copy(NULL, 0, &empty), ERR_OK);
        assert_true(secret_equal(a, b));
        assert_false(secret_equal(a, c));
        assert_false(secret_equal(c, a));
        assert_false(secret_equal(c, empty));
        secret_bytes(b)[6] ^= 1;
        assert_false(secret_equal(a, b));
}

static void random_secrets_differ(void **state)
{
        OWNED(secret_free) struct secret *a = NULL;
        OWNED(secret_free) struct secret *b = NULL;

        (void)state;
        assert_int_equal(secret_random(32, &a), ERR_OK);
        assert_int_equal(secret_random(32, &b), ERR_OK);
        assert_false(secret_equal(a, b));
}

static void freeing_twice_or_nothing_is_harmless(void **state)
{
        struct secret *s = NULL;

        (void)state;
        assert_int_equal(secret_new(1, &s), ERR_OK);
        secret_free(&s);
        assert_null(s);
        secret_free(&s);
        secret_free(NULL);
}

static void an_empty_pool_refuses_and_does_not_spill(void **state)
{
        struct secret *s = NULL;

        (void)state;
        assert_int_equal(secret_new(1 << 24, &s), ERR_NO_MEMORY);
        assert_null(s);
        assert_int_equal(secret_new(SIZE_MAX, &s), ERR_NO_MEMORY);
        assert_null(s);
}

static void slots_of_a_slab_do_not_overlap(void **state)
{
        struct secret_slab *slab = NULL;
        struct secret *slots[2 * SLAB_SLOTS + 1];

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(slots); i++) {
                assert_int_equal(secret_slab_take(&slab, &slots[i]), ERR_OK);
                assert_int_equal(secret_len(slots[i]), SLAB_KEY_LEN);
                memset(secret_bytes(slots[i]), (int)(i & 0xFF), SLAB_KEY_LEN);
        }
        for (unsigned i = 0; i < ARRAY_LEN(slots); i++) {
                assert_int_equal(secret_len(slots[i]), SLAB_KEY_LEN);
                for (unsigned j = 0; j < SLAB_KEY_LEN; j++)
                        assert_int_equal(secret_view(slots[i])[j], i & 0xFF);
        }
        secret_slab_free(&slab);
        assert_null(slab);
        secret_slab_free(&slab);
}

static void a_failed_allocation_is_an_error(void **state)
{
        struct secret_slab *slab = NULL;
        struct secret *s = NULL;

        (void)state;
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                if (secret_slab_take(&slab, &s) != ERR_OK)
                        assert_null(s);
                s = NULL;
                secret_slab_free(&slab);
        }
        fault_disarm();
}

static int group_setup(void **state)
{
        (void)state;
        return crypto_init(65536, false) == ERR_OK ? 0 : -1;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_secret_is_zero_and_secure),
                cmocka_unit_test(secrets_are_equal_by_their_bytes),
                cmocka_unit_test(random_secrets_differ),
                cmocka_unit_test(freeing_twice_or_nothing_is_harmless),
                cmocka_unit_test(an_empty_pool_refuses_and_does_not_spill),
                cmocka_unit_test(slots_of_a_slab_do_not_overlap),
                cmocka_unit_test(a_failed_allocation_is_an_error),
        };

        return cmocka_run_group_tests(tests, group_setup, NULL);
}
