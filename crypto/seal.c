/* SPDX-License-Identifier: Apache-2.0 */
/* seal.c: authenticated encryption of stored things.
 *
 * A GCM nonce that repeats under one key gives the plain texts and the key of the
 * tag away, and a counter that lives in a file repeats as soon as somebody restores
 * a backup. So no key here is used twice: each sealed thing draws a random key,
 * which goes along wrapped (RFC 3394), and its nonce is zero.
 *
 * The wrap is an integrity check of its own: a wrong long-lived key is noticed
 * before a byte of the body has been decrypted. */
#include "crypto/seal.h"

#include <assert.h>
#include <gcrypt.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/fault.h"
#include "crypto/primitive.h"
#include "crypto/secret.h"

enum { SEAL_VERSION = 1, GCM_NONCE_LEN = 12, PIECE_MAX = 1 << 30 };

static_assert(SEAL_OVERHEAD == 1 + WRAPPED_LEN + GCM_TAG_LEN, "the layout in seal.h");

static void cipher_ctx_free(EVP_CIPHER_CTX **ctx)
{
        EVP_CIPHER_CTX_free(*ctx);
}

static enum err gcm_start(const struct secret *key, int encrypt, EVP_CIPHER_CTX **out)
{
        static const uint8_t nonce[GCM_NONCE_LEN];
        EVP_CIPHER_CTX *ctx;

        if (secret_len(key) != KEY_LEN)
                return ERR_INTERNAL;
        ctx = fault_hit("alloc") ? NULL : EVP_CIPHER_CTX_new();
        if (ctx == NULL)
                return ERR_NO_MEMORY;
        if (EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), secret_view(key), nonce, encrypt, NULL) !=
                1) {
                EVP_CIPHER_CTX_free(ctx);
                return ERR_INTERNAL;
        }
        *out = ctx;
        return ERR_OK;
}

/* OpenSSL counts in int: longer runs go in pieces. `out` NULL feeds the aad. */
static enum err gcm_feed(EVP_CIPHER_CTX *ctx, struct bytes in, uint8_t *out)
{
        while (in.len > 0) {
                int n = in.len < PIECE_MAX ? (int)in.len : PIECE_MAX, written = 0;

                if (EVP_CipherUpdate(ctx, out, &written, in.data, n) != 1 || written != n)
                        return ERR_INTERNAL;
                in.data += n;
                in.len -= (size_t)n;
                if (out != NULL)
                        out += n;
        }
        return ERR_OK;
}

enum err gcm_seal(const struct secret *key, struct bytes aad, const struct bytes *parts,
        unsigned parts_len, uint8_t *out, uint8_t tag[GCM_TAG_LEN])
{
        OWNED(cipher_ctx_free) EVP_CIPHER_CTX *ctx = NULL;
        uint8_t none[1];
        int written = 0;

        TRY(gcm_start(key, 1, &ctx));
        TRY(gcm_feed(ctx, aad, NULL));
        for (unsigned i = 0; i < parts_len; i++) {
                TRY(gcm_feed(ctx, parts[i], out));
                out += parts[i].len;
        }
        if (EVP_CipherFinal_ex(ctx, none, &written) != 1 || written != 0 ||
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_LEN, tag) != 1)
                return ERR_INTERNAL;
        return ERR_OK;
}

static enum err gcm_open_into(EVP_CIPHER_CTX *ctx, struct bytes aad, struct bytes sealed,
        const uint8_t tag[GCM_TAG_LEN], uint8_t *out)
{
        uint8_t expected[GCM_TAG_LEN], none[1];
        int written = 0;

        memcpy(expected, tag, sizeof expected); /* OpenSSL asks for a writable one */
        TRY(gcm_feed(ctx, aad, NULL));
        TRY(gcm_feed(ctx, sealed, out));
        if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_LEN, expected) != 1)
                return ERR_INTERNAL;
        return EVP_CipherFinal_ex(ctx, none, &written) == 1 ? ERR_OK : ERR_TAMPERED;
}

enum err gcm_open(const struct secret *key, struct bytes aad, struct bytes sealed,
        const uint8_t tag[GCM_TAG_LEN], uint8_t *out)
{
        OWNED(cipher_ctx_free) EVP_CIPHER_CTX *ctx = NULL;
        enum err e;

        TRY(gcm_start(key, 0, &ctx));
        e = gcm_open_into(ctx, aad, sealed, tag, out);
        if (e != ERR_OK)
                wipe(out, sealed.len); /* nobody reads what was not authenticated */
        return e;
}

enum err seal_parts(const struct secret *under, struct bytes aad, const struct bytes *parts,
        unsigned parts_len, uint8_t *out)
{
        OWNED(secret_free) struct secret *key = NULL;
        size_t len = 0;

        for (unsigned i = 0; i < parts_len; i++)
                len += parts[i].len;
        TRY(secret_random(KEY_LEN, &key));
        TRY(key_wrap(under, key, out + 1));
        out[0] = SEAL_VERSION;
        out += 1 + WRAPPED_LEN;
        return gcm_seal(key, aad, parts, parts_len, out, out + len);
}

enum err seal(const struct secret *under, struct bytes aad, struct bytes plain, uint8_t *out)
{
        return seal_parts(under, aad, &plain, 1, out);
}

enum err unseal(const struct secret *under, struct bytes aad, struct bytes sealed, uint8_t *out)
{
        OWNED(secret_free) struct secret *key = NULL;
        size_t len;
        enum err e;

        if (sealed.len < SEAL_OVERHEAD)
                return ERR_TAMPERED;
        len = sealed.len - SEAL_OVERHEAD;
        e = sealed.data[0] == SEAL_VERSION ? key_unwrap(under, sealed.data + 1, &key)
                                           : ERR_TAMPERED;
        if (e != ERR_OK) {
                wipe(out, len);
                return e;
        }
        sealed.data += 1 + WRAPPED_LEN;
        return gcm_open(key, aad, bytes_of(sealed.data, len), sealed.data + len, out);
}

/* libgcrypt's AES key wrap: a context in secure memory, opened and closed. */
static enum err wrap_start(const struct secret *under, gcry_cipher_hd_t *out)
{
        gcry_cipher_hd_t hd = NULL;

        if (secret_len(under) != KEY_LEN)
                return ERR_INTERNAL;
        if (fault_hit("alloc") || gcry_cipher_open(&hd, GCRY_CIPHER_AES256,
                                          GCRY_CIPHER_MODE_AESWRAP, GCRY_CIPHER_SECURE) != 0)
                return ERR_NO_MEMORY;
        if (gcry_cipher_setkey(hd, secret_view(under), KEY_LEN) != 0) {
                gcry_cipher_close(hd);
                return ERR_INTERNAL;
        }
        *out = hd;
        return ERR_OK;
}

enum err key_wrap(const struct secret *under, const struct secret *key, uint8_t out[WRAPPED_LEN])
{
        gcry_cipher_hd_t hd = NULL;
        gcry_error_t failed;

        if (secret_len(key) != KEY_LEN)
                return ERR_INTERNAL;
        TRY(wrap_start(under, &hd));
        failed = gcry_cipher_encrypt(hd, out, WRAPPED_LEN, secret_view(key), KEY_LEN);
        gcry_cipher_close(hd);
        return failed == 0 ? ERR_OK : ERR_INTERNAL;
}

enum err key_unwrap(
        const struct secret *under, const uint8_t wrapped[WRAPPED_LEN], struct secret **out)
{
        OWNED(secret_free) struct secret *key = NULL;
        gcry_cipher_hd_t hd = NULL;
        gcry_error_t failed;

        TRY(secret_new(KEY_LEN, &key));
        TRY(wrap_start(under, &hd));
        failed = gcry_cipher_decrypt(hd, secret_bytes(key), KEY_LEN, wrapped, WRAPPED_LEN);
        gcry_cipher_close(hd);
        if (failed != 0)
                return gcry_err_code(failed) == GPG_ERR_CHECKSUM ? ERR_TAMPERED : ERR_INTERNAL;
        *out = key;
        key = NULL;
        return ERR_OK;
}
