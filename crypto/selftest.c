/* SPDX-License-Identifier: Apache-2.0 */
/* selftest.c: is this the cryptography we think it is?
 *
 * A library that was built for another processor, replaced under our feet or
 * broken by a compiler gives wrong answers without an error, and a wrong pseudonym
 * is found out years later, when two deliveries do not join. So before the keeper
 * accepts a key it must reproduce published answers, OpenSSL and libgcrypt must
 * agree on input that nobody could prepare for, and our own midstates must agree
 * with both. Takes some milliseconds.
 *
 * Memory and processors also break while they run. So everything but Argon2id, which
 * needs blocks of memory and is not used again, is repeated on a schedule, in some three
 * milliseconds, most of them libgcrypt's for two signatures. */
#include "crypto/selftest.h"

#include <gcrypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "crypto/midstate.h"
#include "crypto/primitive.h"
#include "crypto/pseudonym.h"
#include "crypto/seal.h"
#include "crypto/secret.h"
#include "crypto/selftest_run.h"
#include "crypto/sign.h"

enum { RANDOM_ROUNDS = 16, RANDOM_BLOCKS = 33 };

bool selftest_is_hex(const uint8_t *got, size_t len, const char *hex)
{
        uint8_t expected[64];

        return len <= sizeof expected && hex_decode(hex, expected, len) == ERR_OK &&
               memcmp(got, expected, len) == 0;
}

enum err selftest_secret(const char *hex, struct secret **out)
{
        OWNED(secret_free) struct secret *s = NULL;

        TRY(secret_new(strlen(hex) / 2, &s));
        TRY(hex_decode(hex, secret_bytes(s), secret_len(s)));
        *out = s;
        s = NULL;
        return ERR_OK;
}

static bool hmac_libgcrypt(struct bytes key, struct bytes message, uint8_t out[32])
{
        gcry_mac_hd_t hd = NULL;
        size_t len = 32;
        bool done;

        if (gcry_mac_open(&hd, GCRY_MAC_HMAC_SHA256, GCRY_MAC_FLAG_SECURE, NULL) != 0)
                return false;
        done = gcry_mac_setkey(hd, key.data, key.len) == 0 &&
               gcry_mac_write(hd, message.data, message.len) == 0 &&
               gcry_mac_read(hd, out, &len) == 0 && len == 32;
        gcry_mac_close(hd);
        return done;
}

static bool hmac_openssl(struct bytes key, struct bytes message, uint8_t out[32])
{
        unsigned len = 0;

        return HMAC(EVP_sha256(), key.data, (int)key.len, message.data, message.len, out, &len) !=
                       NULL &&
               len == 32;
}

/* The same answer from all three. */
static bool hmac_agrees(struct bytes key, struct bytes message, uint8_t out[32])
{
        uint8_t a[32], b[32];
        struct midstate m;

        midstate_init(key, &m);
        midstate_hmac(&m, message, out);
        wipe(&m, sizeof m);
        return hmac_openssl(key, message, a) && hmac_libgcrypt(key, message, b) &&
               memcmp(a, out, 32) == 0 && memcmp(b, out, 32) == 0;
}

/* RFC 4231, test cases 1, 2 and 6 (a key longer than a block; its message fits). */
static bool hmac_known(void)
{
        uint8_t key1[20], key6[131], out[32];

        memset(key1, 0x0B, sizeof key1);
        memset(key6, 0xAA, sizeof key6);
        return hmac_agrees(bytes_of(key1, sizeof key1), bytes_of_text("Hi There"), out) &&
               selftest_is_hex(out, 32,
                       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7") &&
               hmac_agrees(
                       bytes_of_text("Jefe"), bytes_of_text("what do ya want for nothing?"), out) &&
               selftest_is_hex(out, 32,
                       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843") &&
               hmac_agrees(bytes_of(key6, sizeof key6),
                       bytes_of_text("Test Using Larger Than Block-Size Key - Hash Key First"),
                       out) &&
               selftest_is_hex(
                       out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static bool hmac_random(void)
{
        uint8_t key[32], message[MIDSTATE_MESSAGE_MAX], out[32];

        for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
                size_t len = i * sizeof message / (RANDOM_ROUNDS - 1);

                if (random_bytes(key, sizeof key) != ERR_OK ||
                        random_bytes(message, sizeof message) != ERR_OK ||
                        !hmac_agrees(bytes_of(key, sizeof key), bytes_of(message, len), out))
                        return false;
        }
        return true;
}

/* FIPS 197, appendix C.3. */
static bool aes_known(void)
{
        OWNED(secret_free) struct secret *key = NULL;
        OWNED(block_key_free) struct block_key *block = NULL;
        uint8_t plain[16], out[16];

        for (unsigned i = 0; i < sizeof plain; i++)
                plain[i] = (uint8_t)(i * 0x11);
        return selftest_secret("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                       &key) == ERR_OK &&
               block_key_new(key, &block) == ERR_OK &&
               pseudonyms_make(block, plain, 1, out) == ERR_OK &&
               selftest_is_hex(out, sizeof out, "8ea2b7ca516745bfeafc49904b496089");
}

static bool aes_libgcrypt(const struct secret *key, const uint8_t *in, size_t len, uint8_t *out)
{
        gcry_cipher_hd_t hd = NULL;
        bool done;

        if (gcry_cipher_open(&hd, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_ECB, GCRY_CIPHER_SECURE) !=
                0)
                return false;
        done = gcry_cipher_setkey(hd, secret_view(key), secret_len(key)) == 0 &&
               gcry_cipher_encrypt(hd, out, len, in, len) == 0;
        gcry_cipher_close(hd);
        return done;
}

static bool aes_random(void)
{
        OWNED(secret_free) struct secret *key = NULL;
        OWNED(block_key_free) struct block_key *block = NULL;
        uint8_t codes[RANDOM_BLOCKS * 16], a[sizeof codes], b[sizeof codes], back[sizeof codes];

        if (secret_random(KEY_LEN, &key) != ERR_OK || block_key_new(key, &block) != ERR_OK ||
                random_bytes(codes, sizeof codes) != ERR_OK)
                return false;
        for (size_t i = 0; i < RANDOM_BLOCKS; i++)
                memset(codes + i * 16 + 12, 0, 4);
        return pseudonyms_make(block, codes, RANDOM_BLOCKS, a) == ERR_OK &&
               aes_libgcrypt(key, codes, sizeof codes, b) && memcmp(a, b, sizeof a) == 0 &&
               pseudonyms_open(block, a, RANDOM_BLOCKS, back) == ERR_OK &&
               memcmp(back, codes, sizeof codes) == 0;
}

/* McGrew & Viega, The Galois/Counter Mode of Operation, test cases 13 and 14. */
static bool gcm_known(void)
{
        OWNED(secret_free) struct secret *key = NULL;
        const uint8_t plain[16] = {0};
        struct bytes part = bytes_of(plain, sizeof plain), none = {NULL, 0};
        uint8_t out[16], tag[GCM_TAG_LEN], back[16];

        if (secret_new(KEY_LEN, &key) != ERR_OK ||
                gcm_seal(key, none, NULL, 0, out, tag) != ERR_OK ||
                !selftest_is_hex(tag, sizeof tag, "530f8afbc74536b9a963b4f1c4cb738b"))
                return false;
        return gcm_seal(key, none, &part, 1, out, tag) == ERR_OK &&
               selftest_is_hex(out, sizeof out, "cea7403d4d606b6e074ec5d3baf39d18") &&
               selftest_is_hex(tag, sizeof tag, "d0d1c8a799996bf0265b98b5d48ab919") &&
               gcm_open(key, none, bytes_of(out, sizeof out), tag, back) == ERR_OK &&
               memcmp(back, plain, sizeof plain) == 0;
}

static bool gcm_libgcrypt(const struct secret *key, struct bytes aad, struct bytes plain,
        uint8_t *out, uint8_t tag[GCM_TAG_LEN])
{
        static const uint8_t nonce[12];
        gcry_cipher_hd_t hd = NULL;
        bool done;

        if (gcry_cipher_open(&hd, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, GCRY_CIPHER_SECURE) !=
                0)
                return false;
        done = gcry_cipher_setkey(hd, secret_view(key), secret_len(key)) == 0 &&
               gcry_cipher_setiv(hd, nonce, sizeof nonce) == 0 &&
               gcry_cipher_authenticate(hd, aad.data, aad.len) == 0 &&
               gcry_cipher_encrypt(hd, out, plain.len, plain.data, plain.len) == 0 &&
               gcry_cipher_gettag(hd, tag, GCM_TAG_LEN) == 0;
        gcry_cipher_close(hd);
        return done;
}

static bool gcm_random(void)
{
        OWNED(secret_free) struct secret *key = NULL;
        uint8_t plain[333] = {0}, a[sizeof plain], b[sizeof plain], tag_a[16], tag_b[16];
        struct bytes part = bytes_of(plain, sizeof plain), aad = bytes_of(plain, 29);

        return secret_random(KEY_LEN, &key) == ERR_OK &&
               random_bytes(plain, sizeof plain) == ERR_OK &&
               gcm_seal(key, aad, &part, 1, a, tag_a) == ERR_OK &&
               gcm_libgcrypt(key, aad, part, b, tag_b) && memcmp(a, b, sizeof a) == 0 &&
               memcmp(tag_a, tag_b, sizeof tag_a) == 0;
}

/* RFC 3394, section 4.6. */
static bool wrap_known(void)
{
        OWNED(secret_free) struct secret *under = NULL;
        OWNED(secret_free) struct secret *key = NULL;
        OWNED(secret_free) struct secret *back = NULL;
        uint8_t out[WRAPPED_LEN];

        return selftest_secret("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                       &under) == ERR_OK &&
               selftest_secret("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
                       &key) == ERR_OK &&
               key_wrap(under, key, out) == ERR_OK &&
               selftest_is_hex(out, sizeof out,
                       "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326"
                       "cbc7f0e71a99f43bfb988b9b7a02dd21") &&
               key_unwrap(under, out, &back) == ERR_OK && secret_equal(key, back);
}

/* RFC 8032, section 7.1, test 2. */
static bool ed25519_known(void)
{
        OWNED(secret_free) struct secret *key = NULL;
        const uint8_t message[] = {0x72};
        uint8_t public_key[32], signature[64], forged[] = {0x73};

        return selftest_secret("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                       &key) == ERR_OK &&
               sign_public_of(key, public_key) == ERR_OK &&
               selftest_is_hex(public_key, sizeof public_key,
                       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c") &&
               ed25519_sign(key, bytes_of(message, sizeof message), signature) == ERR_OK &&
               selftest_is_hex(signature, sizeof signature,
                       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00") &&
               ed25519_check(public_key, bytes_of(message, sizeof message), signature) == ERR_OK &&
               ed25519_check(public_key, bytes_of(forged, sizeof forged), signature) ==
                       ERR_TAMPERED;
}

/* The reference vectors of SipHash-2-4 with 128 bits: key 00…0f, message 00…(n-1),
 * for n = 0 and 1. */
static bool siphash_known(void)
{
        uint8_t key[16], out[16];
        const uint8_t message[1] = {0};

        for (unsigned i = 0; i < sizeof key; i++)
                key[i] = (uint8_t)i;
        return crypto_shorthash_siphashx24(out, message, 0, key) == 0 &&
               selftest_is_hex(out, sizeof out, "a3817f04ba25a8e66df67214c7550293") &&
               crypto_shorthash_siphashx24(out, message, 1, key) == 0 &&
               selftest_is_hex(out, sizeof out, "da87c1d86b99af44347659119b22fc45");
}

/* RFC 9106, section 5.3. */
static bool argon2id_known(void)
{
        uint8_t passphrase[32] = {0}, salt[16] = {0}, pepper[8] = {0}, data[12] = {0}, out[KEY_LEN];
        struct argon2id in = {
                .passphrase = bytes_of(passphrase, sizeof passphrase),
                .salt = bytes_of(salt, sizeof salt),
                .pepper = bytes_of(pepper, sizeof pepper),
                .data = bytes_of(data, sizeof data),
                .memory_kib = 32,
                .passes = 3,
                .lanes = 4,
        };

        memset(passphrase, 1, sizeof passphrase);
        memset(salt, 2, sizeof salt);
        memset(pepper, 3, sizeof pepper);
        memset(data, 4, sizeof data);
        return argon2id_derive(&in, out) == ERR_OK &&
               selftest_is_hex(out, sizeof out,
                       "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

/* The first ones are not repeated. */
static const struct selftest tests[] = {
        {"Argon2id, RFC 9106", argon2id_known},
        {"HMAC-SHA-256, RFC 4231", hmac_known},
        {"HMAC-SHA-256, OpenSSL, libgcrypt and midstates", hmac_random},
        {"AES-256, FIPS 197", aes_known},
        {"AES-256, OpenSSL and libgcrypt", aes_random},
        {"AES-256-GCM, McGrew and Viega", gcm_known},
        {"AES-256-GCM, OpenSSL and libgcrypt", gcm_random},
        {"AES key wrap, RFC 3394", wrap_known},
        {"SipHash-2-4-128, reference", siphash_known},
        {"Ed25519, RFC 8032", ed25519_known},
        {"Ed25519, OpenSSL, libsodium and libgcrypt", selftest_ed25519_random},
        {"X25519, RFC 7748", selftest_x25519_known},
        {"X25519, libsodium and libgcrypt", selftest_x25519_random},
        {"sealed boxes, published", selftest_box_known},
        {"sealed boxes, there and back", selftest_box_random},
        {"shares, published", selftest_shares_known},
        {"trees of RFC 9162, ours and libgcrypt", selftest_tree},
};
enum { ONCE_ONLY = 1 };

enum err selftest_run(const struct selftest *list, unsigned len)
{
        for (unsigned i = 0; i < len; i++) {
                if (list[i].holds() && !fault_hit("self_test"))
                        continue;
                log_event(LOG_ERROR, "self_test_failed", LOG_TEXT("test", list[i].name));
                return ERR_SELF_TEST;
        }
        return ERR_OK;
}

enum err crypto_self_test(void)
{
        return selftest_run(tests, ARRAY_LEN(tests));
}

enum err crypto_self_test_again(void)
{
        return selftest_run(tests + ONCE_ONLY, ARRAY_LEN(tests) - ONCE_ONLY);
}
