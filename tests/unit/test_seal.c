/* SPDX-License-Identifier: Apache-2.0 */
/* test_seal.c: what was sealed opens, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/seal.h"
#include "crypto/secret.h"
#include "tests/support/vectors.h"

static const char plain_text[] = "columns of a batch";
enum { PLAIN_LEN = sizeof plain_text - 1, SEALED_LEN = PLAIN_LEN + SEAL_OVERHEAD };

static struct secret *key_new(void)
{
        struct secret *key = NULL;

        assert_int_equal(secret_random(32, &key), ERR_OK);
        return key;
}

static void sealed_new(const struct secret *key, uint8_t out[SEALED_LEN])
{
        assert_int_equal(
                seal(key, bytes_of_text("aad"), bytes_of(plain_text, PLAIN_LEN), out), ERR_OK);
}

static void is_refused(const struct secret *key, struct bytes aad, struct bytes sealed)
{
        static const uint8_t zero[SEALED_LEN];
        uint8_t out[SEALED_LEN];

        memset(out, 0xAA, sizeof out);
        assert_int_equal(unseal(key, aad, sealed, out), ERR_TAMPERED);
        if (sealed.len > SEAL_OVERHEAD)
                assert_memory_equal(out, zero, sealed.len - SEAL_OVERHEAD);
}

static void what_was_sealed_opens(void **state)
{
        OWNED(secret_free) struct secret *key = key_new();
        uint8_t sealed[SEALED_LEN], out[PLAIN_LEN];

        (void)state;
        sealed_new(key, sealed);
        assert_int_equal(
                unseal(key, bytes_of_text("aad"), bytes_of(sealed, sizeof sealed), out), ERR_OK);
        assert_memory_equal(out, plain_text, PLAIN_LEN);
}

static void every_flipped_bit_is_noticed(void **state)
{
        OWNED(secret_free) struct secret *key = key_new();
        uint8_t sealed[SEALED_LEN];

        (void)state;
        sealed_new(key, sealed);
        for (unsigned bit = 0; bit < SEALED_LEN * 8; bit++) {
                sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
                is_refused(key, bytes_of_text("aad"), bytes_of(sealed, sizeof sealed));
                sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
}

static void every_cut_is_noticed(void **state)
{
        OWNED(secret_free) struct secret *key = key_new();
        uint8_t sealed[SEALED_LEN + 1];

        (void)state;
        sealed_new(key, sealed);
        sealed[SEALED_LEN] = 0;
        for (size_t len = 0; len <= sizeof sealed; len++)
                if (len != SEALED_LEN)
                        is_refused(key, bytes_of_text("aad"), bytes_of(sealed, len));
}

static void another_key_or_context_does_not_open(void **state)
{
        OWNED(secret_free) struct secret *key = key_new();
        OWNED(secret_free) struct secret *other = key_new();
        uint8_t sealed[SEALED_LEN];

        (void)state;
        sealed_new(key, sealed);
        is_refused(other, bytes_of_text("aad"), bytes_of(sealed, sizeof sealed));
        is_refused(key, bytes_of_text("aae"), bytes_of(sealed, sizeof sealed));
        is_refused(key, (struct bytes){NULL, 0}, bytes_of(sealed, sizeof sealed));
}

static void the_same_thing_sealed_twice_looks_different(void **state)
{
        OWNED(secret_free) struct secret *key = key_new();
        uint8_t a[SEALED_LEN], b[SEALED_LEN];

        (void)state;
        sealed_new(key, a);
        sealed_new(key, b);
        assert_memory_not_equal(a + 1, b + 1, 40);
        assert_memory_not_equal(a + 41, b + 41, PLAIN_LEN);
}

static void pieces_are_sealed_as_one(void **state)
{
        OWNED(secret_free) struct secret *key = key_new();
        struct bytes parts[] = {bytes_of_text("columns"), {NULL, 0}, bytes_of_text(" of a "),
                bytes_of_text("batch")};
        uint8_t sealed[SEALED_LEN], out[PLAIN_LEN];

        (void)state;
        assert_int_equal(seal_parts(key, bytes_of_text("aad"), parts, 4, sealed), ERR_OK);
        assert_int_equal(
                unseal(key, bytes_of_text("aad"), bytes_of(sealed, sizeof sealed), out), ERR_OK);
        assert_memory_equal(out, plain_text, PLAIN_LEN);
}

static void nothing_can_be_sealed_too(void **state)
{
        OWNED(secret_free) struct secret *key = key_new();
        uint8_t sealed[SEAL_OVERHEAD], out[1];
        struct bytes none = {NULL, 0};

        (void)state;
        assert_int_equal(seal(key, none, none, sealed), ERR_OK);
        assert_int_equal(unseal(key, none, bytes_of(sealed, sizeof sealed), out), ERR_OK);
        sealed[SEAL_OVERHEAD - 1] ^= 1;
        is_refused(key, none, bytes_of(sealed, sizeof sealed));
}

static void the_published_layout_opens(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "sealed.txt");
        struct vector v;
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                OWNED(secret_free) struct secret *under = NULL;
                uint8_t key[VECTOR_BYTES_MAX], aad[VECTOR_BYTES_MAX], plain[VECTOR_BYTES_MAX];
                uint8_t sealed[VECTOR_BYTES_MAX], out[VECTOR_BYTES_MAX];
                size_t aad_len = vector_bytes(&v, "aad", aad);
                size_t plain_len = vector_bytes(&v, "plain", plain);
                size_t sealed_len = vector_bytes(&v, "sealed", sealed);

                assert_int_equal(sealed_len, plain_len + SEAL_OVERHEAD);
                assert_int_equal(secret_copy(key, vector_bytes(&v, "under", key), &under), ERR_OK);
                assert_int_equal(
                        unseal(under, bytes_of(aad, aad_len), bytes_of(sealed, sealed_len), out),
                        ERR_OK);
                if (plain_len > 0)
                        assert_memory_equal(out, plain, plain_len);
        }
        fclose(in);
        assert_int_equal(count, 3);
}

static void a_wrapped_key_comes_back_only_whole(void **state)
{
        OWNED(secret_free) struct secret *under = key_new();
        OWNED(secret_free) struct secret *other = key_new();
        OWNED(secret_free) struct secret *key = key_new();
        OWNED(secret_free) struct secret *back = NULL;
        struct secret *none = NULL;
        uint8_t wrapped[40];

        (void)state;
        assert_int_equal(key_wrap(under, key, wrapped), ERR_OK);
        assert_int_equal(key_unwrap(under, wrapped, &back), ERR_OK);
        assert_true(secret_equal(key, back));
        assert_int_equal(key_unwrap(other, wrapped, &none), ERR_TAMPERED);
        for (unsigned at = 0; at < sizeof wrapped; at++) {
                wrapped[at] ^= 0x80;
                assert_int_equal(key_unwrap(under, wrapped, &none), ERR_TAMPERED);
                assert_null(none);
                wrapped[at] ^= 0x80;
        }
}

static void only_whole_keys_are_wrapped(void **state)
{
        OWNED(secret_free) struct secret *under = key_new();
        OWNED(secret_free) struct secret *small = NULL;
        uint8_t wrapped[40];

        (void)state;
        assert_int_equal(secret_random(16, &small), ERR_OK);
        assert_int_equal(key_wrap(under, small, wrapped), ERR_INTERNAL);
        assert_int_equal(key_wrap(small, under, wrapped), ERR_INTERNAL);
}

static struct secret *derived(const char *passphrase, uint8_t salt_byte, uint32_t kib, uint32_t n)
{
        OWNED(secret_free) struct secret *p = NULL;
        struct secret *key = NULL;
        uint8_t salt[16];

        memset(salt, salt_byte, sizeof salt);
        assert_int_equal(secret_copy(passphrase, strlen(passphrase), &p), ERR_OK);
        assert_int_equal(passphrase_key(p, salt, kib, n, &key), ERR_OK);
        assert_int_equal(secret_len(key), 32);
        return key;
}

static void a_passphrase_key_depends_on_everything(void **state)
{
        OWNED(secret_free) struct secret *a = derived("hemligt", 1, 64, 1);
        OWNED(secret_free) struct secret *same = derived("hemligt", 1, 64, 1);
        struct secret *changed[4];

        (void)state;
        assert_true(secret_equal(a, same));
        changed[0] = derived("hemligT", 1, 64, 1);
        changed[1] = derived("hemligt", 2, 64, 1);
        changed[2] = derived("hemligt", 1, 128, 1);
        changed[3] = derived("hemligt", 1, 64, 2);
        for (unsigned i = 0; i < ARRAY_LEN(changed); i++) {
                assert_false(secret_equal(a, changed[i]));
                secret_free(&changed[i]);
        }
}

static void every_failed_allocation_is_an_error(void **state)
{
        OWNED(secret_free) struct secret *key = key_new();
        uint8_t sealed[SEALED_LEN], out[PLAIN_LEN];

        (void)state;
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                enum err e =
                        seal(key, bytes_of_text("aad"), bytes_of(plain_text, PLAIN_LEN), sealed);

                assert_true(e == ERR_OK || e == ERR_NO_MEMORY);
                if (e != ERR_OK)
                        continue;
                e = unseal(key, bytes_of_text("aad"), bytes_of(sealed, sizeof sealed), out);
                assert_true(e == ERR_OK || e == ERR_NO_MEMORY);
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
                cmocka_unit_test(what_was_sealed_opens),
                cmocka_unit_test(every_flipped_bit_is_noticed),
                cmocka_unit_test(every_cut_is_noticed),
                cmocka_unit_test(another_key_or_context_does_not_open),
                cmocka_unit_test(the_same_thing_sealed_twice_looks_different),
                cmocka_unit_test(pieces_are_sealed_as_one),
                cmocka_unit_test(nothing_can_be_sealed_too),
                cmocka_unit_test(the_published_layout_opens),
                cmocka_unit_test(a_wrapped_key_comes_back_only_whole),
                cmocka_unit_test(only_whole_keys_are_wrapped),
                cmocka_unit_test(a_passphrase_key_depends_on_everything),
                cmocka_unit_test(every_failed_allocation_is_an_error),
        };

        return cmocka_run_group_tests(tests, group_setup, NULL);
}
