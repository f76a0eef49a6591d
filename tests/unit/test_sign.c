/* SPDX-License-Identifier: Apache-2.0 */
/* test_sign.c: Ed25519 as RFC 8032 has it, and labels that keep statements apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/primitive.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "tests/support/vectors.h"

static struct secret *secret_of(const char *hex)
{
        struct secret *s = NULL;

        assert_int_equal(secret_new(32, &s), ERR_OK);
        assert_int_equal(hex_decode(hex, secret_bytes(s), 32), ERR_OK);
        return s;
}

/* RFC 8032, section 7.1: tests 1, 2 and 3. */
static const struct {
        const char *seed, *public, *message, *signature;
} rfc8032[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc6"
                "1e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e45"
                "8f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae"
                "67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void rfc_8032_is_kept(void **state)
{
        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(rfc8032); i++) {
                OWNED(secret_free) struct secret *key = secret_of(rfc8032[i].seed);
                uint8_t message[2], expected[64], signature[64], public_key[32];
                size_t len = strlen(rfc8032[i].message) / 2;

                assert_int_equal(hex_decode(rfc8032[i].message, message, len), ERR_OK);
                assert_int_equal(sign_public_of(key, public_key), ERR_OK);
                assert_int_equal(hex_decode(rfc8032[i].public, expected, 32), ERR_OK);
                assert_memory_equal(public_key, expected, 32);
                assert_int_equal(hex_decode(rfc8032[i].signature, expected, 64), ERR_OK);
                assert_int_equal(ed25519_sign(key, bytes_of(message, len), signature), ERR_OK);
                assert_memory_equal(signature, expected, 64);
                assert_int_equal(
                        ed25519_check(public_key, bytes_of(message, len), signature), ERR_OK);
        }
}

static void labelled_statements_match_the_published_vectors(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "signatures.txt");
        struct vector v;
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                OWNED(secret_free) struct secret *key = secret_of(vector_text(&v, "seed"));
                uint8_t expected[VECTOR_BYTES_MAX];
                uint8_t public_key[VECTOR_BYTES_MAX], signature[SIGNATURE_LEN];
                const char *label = vector_text(&v, "label"), *text = vector_text(&v, "message");

                assert_int_equal(vector_bytes(&v, "signature", expected), SIGNATURE_LEN);
                assert_int_equal(vector_bytes(&v, "public", public_key), SIGN_PUBLIC_LEN);
                assert_int_equal(sign_make(key, label, bytes_of_text(text), signature), ERR_OK);
                assert_memory_equal(signature, expected, SIGNATURE_LEN);
                assert_int_equal(
                        sign_check(public_key, label, bytes_of_text(text), expected), ERR_OK);
        }
        fclose(in);
        assert_int_equal(count, 3);
}

static void a_signer_signs_what_its_key_does(void **state)
{
        uint8_t signature[SIGNATURE_LEN], again[SIGNATURE_LEN], message[300];

        (void)state;
        for (unsigned i = 0; i < 40; i++) {
                OWNED(secret_free) struct secret *key = NULL;
                OWNED(signer_free) struct signer *signer = NULL;
                struct bytes part = bytes_of(message, i * 7);

                memset(message, (int)i, sizeof message);
                assert_int_equal(secret_random(32, &key), ERR_OK);
                assert_int_equal(signer_new(key, &signer), ERR_OK);
                assert_int_equal(sign_make(key, "statgate/head/1", part, signature), ERR_OK);
                assert_int_equal(signer_make(signer, "statgate/head/1", part, again), ERR_OK);
                assert_memory_equal(again, signature, sizeof again);
                assert_int_equal(signer_make(signer, "statgate/head/2", part, again), ERR_OK);
                assert_memory_not_equal(again, signature, sizeof again);
        }
}

static void a_key_of_another_length_signs_nothing(void **state)
{
        OWNED(secret_free) struct secret *key = NULL;
        struct signer *signer = NULL;

        (void)state;
        assert_int_equal(secret_random(31, &key), ERR_OK);
        assert_int_equal(signer_new(key, &signer), ERR_INTERNAL);
        assert_null(signer);
}

static void a_statement_cannot_change_its_kind(void **state)
{
        OWNED(secret_free) struct secret *key = NULL;
        uint8_t public_key[SIGN_PUBLIC_LEN], signature[SIGNATURE_LEN];
        struct bytes message = bytes_of_text("version 7");

        (void)state;
        assert_int_equal(sign_keygen(&key, public_key), ERR_OK);
        assert_int_equal(sign_make(key, "statgate/policy/1", message, signature), ERR_OK);
        assert_int_equal(sign_check(public_key, "statgate/policy/1", message, signature), ERR_OK);
        assert_int_equal(
                sign_check(public_key, "statgate/head/1", message, signature), ERR_TAMPERED);
        /* Bytes cannot move between label and message either. */
        assert_int_equal(
                sign_check(public_key, "statgate/policy/1v", bytes_of_text("ersion 7"), signature),
                ERR_TAMPERED);
}

static void every_flipped_bit_is_noticed(void **state)
{
        OWNED(secret_free) struct secret *key = NULL;
        uint8_t public_key[SIGN_PUBLIC_LEN], other[SIGN_PUBLIC_LEN], signature[SIGNATURE_LEN];
        OWNED(secret_free) struct secret *other_key = NULL;
        uint8_t message[] = "a bundle";

        (void)state;
        assert_int_equal(sign_keygen(&key, public_key), ERR_OK);
        assert_int_equal(sign_keygen(&other_key, other), ERR_OK);
        assert_int_equal(sign_make(key, "l", bytes_of(message, 8), signature), ERR_OK);
        for (unsigned bit = 0; bit < SIGNATURE_LEN * 8; bit++) {
                signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_equal(
                        sign_check(public_key, "l", bytes_of(message, 8), signature), ERR_TAMPERED);
                signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (unsigned at = 0; at < 8; at++) {
                message[at] ^= 1;
                assert_int_equal(
                        sign_check(public_key, "l", bytes_of(message, 8), signature), ERR_TAMPERED);
                message[at] ^= 1;
        }
        assert_int_equal(
                sign_check(public_key, "l", bytes_of(message, 7), signature), ERR_TAMPERED);
        assert_int_equal(sign_check(other, "l", bytes_of(message, 8), signature), ERR_TAMPERED);
        assert_int_equal(sign_check(public_key, "l", bytes_of(message, 8), signature), ERR_OK);
}

static void a_key_that_is_no_point_signs_nothing(void **state)
{
        uint8_t public_key[SIGN_PUBLIC_LEN], signature[SIGNATURE_LEN] = {0};

        (void)state;
        memset(public_key, 0xFF, sizeof public_key);
        assert_int_equal(sign_check(public_key, "l", bytes_of_text("x"), signature), ERR_TAMPERED);
}

static void every_failed_allocation_is_an_error(void **state)
{
        uint8_t public_key[SIGN_PUBLIC_LEN] = {0}, signature[SIGNATURE_LEN] = {0};
        OWNED(secret_free) struct secret *key = NULL;

        (void)state;
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                OWNED(signer_free) struct signer *signer = NULL;

                secret_free(&key);
                if (sign_keygen(&key, public_key) != ERR_OK)
                        continue;
                if (signer_new(key, &signer) == ERR_OK)
                        (void)!signer_make(signer, "l", bytes_of_text("x"), signature);
                if (sign_make(key, "l", bytes_of_text("x"), signature) == ERR_OK)
                        assert_true(sign_check(public_key, "l", bytes_of_text("x"), signature) !=
                                    ERR_TAMPERED);
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
                cmocka_unit_test(rfc_8032_is_kept),
                cmocka_unit_test(labelled_statements_match_the_published_vectors),
                cmocka_unit_test(a_signer_signs_what_its_key_does),
                cmocka_unit_test(a_key_of_another_length_signs_nothing),
                cmocka_unit_test(a_statement_cannot_change_its_kind),
                cmocka_unit_test(every_flipped_bit_is_noticed),
                cmocka_unit_test(a_key_that_is_no_point_signs_nothing),
                cmocka_unit_test(every_failed_allocation_is_an_error),
        };

        return cmocka_run_group_tests(tests, group_setup, NULL);
}
