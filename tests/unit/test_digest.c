/* SPDX-License-Identifier: Apache-2.0 */
/* test_digest.c: SHA-256 against FIPS 180-4, HMAC against libgcrypt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gcrypt.h>

#include "base/fault.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

static void is_digest(const struct digest *d, const char *hex)
{
        uint8_t expected[32];

        assert_int_equal(hex_decode(hex, expected, sizeof expected), ERR_OK);
        assert_memory_equal(d->bytes, expected, sizeof expected);
}

static void known_texts_have_known_digests(void **state)
{
        struct digest d;

        (void)state;
        digest_of(bytes_of_text("abc"), &d);
        is_digest(&d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        digest_of((struct bytes){NULL, 0}, &d);
        is_digest(&d, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_stream_in_pieces_is_the_whole(void **state)
{
        OWNED(digest_stream_free) struct digest_stream *s = NULL;
        uint8_t data[1000];
        struct digest whole, pieces;

        (void)state;
        for (size_t i = 0; i < sizeof data; i++)
                data[i] = (uint8_t)(i * 7);
        digest_of(bytes_of(data, sizeof data), &whole);
        assert_int_equal(digest_start(&s), ERR_OK);
        for (size_t at = 0, n = 0; at < sizeof data; at += n) {
                n = at % 97 < sizeof data - at ? at % 97 : sizeof data - at;
                n = n == 0 ? 1 : n;
                digest_more(s, data + at, n);
        }
        digest_more(s, NULL, 0);
        digest_finish(s, &pieces);
        assert_true(digest_equal(&whole, &pieces));
        pieces.bytes[31] ^= 1;
        assert_false(digest_equal(&whole, &pieces));
}

/* Short messages are padded by us, long ones by OpenSSL; streams by OpenSSL alone. */
static void a_digest_is_right_whatever_the_length(void **state)
{
        uint8_t data[1200];
        struct digest whole, streamed;

        (void)state;
        for (size_t i = 0; i < sizeof data; i++)
                data[i] = (uint8_t)(i * 7 + i / 256);
        for (size_t len = 0; len <= sizeof data; len++) {
                OWNED(digest_stream_free) struct digest_stream *s = NULL;

                digest_of(bytes_of(data, len), &whole);
                assert_int_equal(digest_start(&s), ERR_OK);
                digest_more(s, data, len);
                digest_finish(s, &streamed);
                assert_memory_equal(whole.bytes, streamed.bytes, sizeof whole.bytes);
        }
}

static void framed_digest(const char *a, const char *b, struct digest *out)
{
        OWNED(digest_stream_free) struct digest_stream *s = NULL;

        assert_int_equal(digest_start(&s), ERR_OK);
        digest_more_framed(s, bytes_of_text(a));
        digest_more_framed(s, bytes_of_text(b));
        digest_finish(s, out);
}

static void framed_fields_do_not_run_together(void **state)
{
        struct digest one, other, plain;
        const uint8_t bytes[] = {2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 1, 0, 0, 0, 0, 0, 0, 0, 'c'};

        (void)state;
        framed_digest("ab", "c", &one);
        framed_digest("a", "bc", &other);
        assert_false(digest_equal(&one, &other));
        digest_of(bytes_of(bytes, sizeof bytes), &plain);
        assert_true(digest_equal(&one, &plain));
}

static void mac_is_hmac_over_framed_parts(void **state)
{
        OWNED(secret_free) struct secret *key = NULL;
        OWNED(secret_free) struct secret *other = NULL;
        const uint8_t framed[] = {2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 0, 0, 0, 0, 0, 0, 0, 0};
        struct bytes parts[] = {bytes_of_text("ab"), {NULL, 0}};
        struct digest ours, changed;
        gcry_mac_hd_t hd;
        uint8_t theirs[32];
        size_t len = sizeof theirs;

        (void)state;
        assert_int_equal(secret_random(32, &key), ERR_OK);
        assert_int_equal(mac_of(key, parts, 2, &ours), ERR_OK);
        assert_int_equal(gcry_mac_open(&hd, GCRY_MAC_HMAC_SHA256, 0, NULL), 0);
        assert_int_equal(gcry_mac_setkey(hd, secret_view(key), 32), 0);
        assert_int_equal(gcry_mac_write(hd, framed, sizeof framed), 0);
        assert_int_equal(gcry_mac_read(hd, theirs, &len), 0);
        gcry_mac_close(hd);
        assert_memory_equal(ours.bytes, theirs, sizeof theirs);

        assert_int_equal(secret_random(32, &other), ERR_OK);
        assert_int_equal(mac_of(other, parts, 2, &changed), ERR_OK);
        assert_false(digest_equal(&ours, &changed));
        assert_int_equal(mac_of(key, parts, 1, &changed), ERR_OK);
        assert_false(digest_equal(&ours, &changed));
}

static void a_stream_without_memory_is_an_error(void **state)
{
        struct digest_stream *s = NULL;

        (void)state;
        assert_true(fault_arm("alloc", 0));
        assert_int_equal(digest_start(&s), ERR_NO_MEMORY);
        fault_disarm();
        assert_null(s);
        digest_stream_free(&s);
        digest_stream_free(NULL);
}

static int group_setup(void **state)
{
        (void)state;
        return crypto_init(65536, false) == ERR_OK ? 0 : -1;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(known_texts_have_known_digests),
                cmocka_unit_test(a_stream_in_pieces_is_the_whole),
                cmocka_unit_test(a_digest_is_right_whatever_the_length),
                cmocka_unit_test(framed_fields_do_not_run_together),
                cmocka_unit_test(mac_is_hmac_over_framed_parts),
                cmocka_unit_test(a_stream_without_memory_is_an_error),
        };

        return cmocka_run_group_tests(tests, group_setup, NULL);
}
