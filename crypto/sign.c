/* SPDX-License-Identifier: Apache-2.0 */
/* sign.c: Ed25519 over labelled statements.
 *
 * A signature says "this key stands for these bytes"; without a label it does not
 * say as what. One key may sign bundles and tree heads, and a statement of one
 * kind that happens to parse as another would be a forgery for free. So the label
 * and a NUL go first, and the check must name the same label.
 *
 * A signature costs OpenSSL two multiplications of a point, since it works out the public key each
 * time, and libsodium, which keeps that, one that is faster besides: 118 and 23 microseconds. So
 * whoever signs all day has a signer. What it keeps was computed here from the secret: a public
 * half that came from elsewhere and did not belong to it would give the secret away. */
#include "crypto/sign.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "crypto/primitive.h"
#include "crypto/secret.h"

static void pkey_free(EVP_PKEY **key)
{
        EVP_PKEY_free(*key);
}

static void md_ctx_free(EVP_MD_CTX **ctx)
{
        EVP_MD_CTX_free(*ctx);
}

static enum err private_key(const struct secret *key, EVP_PKEY **out)
{
        if (secret_len(key) != SIGN_SECRET_LEN)
                return ERR_INTERNAL;
        if (!fault_hit("alloc"))
                *out = EVP_PKEY_new_raw_private_key(
                        EVP_PKEY_ED25519, NULL, secret_view(key), SIGN_SECRET_LEN);
        return *out != NULL ? ERR_OK : ERR_NO_MEMORY;
}

enum err ed25519_sign(const struct secret *key, struct bytes message, uint8_t out[SIGNATURE_LEN])
{
        OWNED(pkey_free) EVP_PKEY *pkey = NULL;
        OWNED(md_ctx_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        uint8_t made[SIGNATURE_LEN];
        size_t len = sizeof made;

        TRY(private_key(key, &pkey));
        if (ctx == NULL)
                return ERR_NO_MEMORY;
        if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) != 1 ||
                EVP_DigestSign(ctx, made, &len, message.data, message.len) != 1 ||
                len != sizeof made)
                return ERR_INTERNAL;
        memcpy(out, made, sizeof made);
        return ERR_OK;
}

enum err ed25519_check(const uint8_t public_key[SIGN_PUBLIC_LEN], struct bytes message,
        const uint8_t signature[SIGNATURE_LEN])
{
        OWNED(pkey_free) EVP_PKEY *pkey = NULL;
        OWNED(md_ctx_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        bool holds;

        if (!fault_hit("alloc"))
                pkey = EVP_PKEY_new_raw_public_key(
                        EVP_PKEY_ED25519, NULL, public_key, SIGN_PUBLIC_LEN);
        if (ctx == NULL || pkey == NULL)
                return ERR_NO_MEMORY;
        holds = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
                EVP_DigestVerify(ctx, signature, SIGNATURE_LEN, message.data, message.len) == 1;
        ERR_clear_error(); /* a forged signature is an answer, not an incident */
        return holds ? ERR_OK : ERR_TAMPERED;
}

/* label ‖ 0 ‖ message, on the heap: Ed25519 reads its message twice. */
static enum err statement_frame(const char *label, struct bytes message, uint8_t **out, size_t *len)
{
        size_t label_len = strlen(label) + 1;
        uint8_t *framed = NULL;

        assert(label_len > 1);
        if (message.len <= SIZE_MAX - label_len && !fault_hit("alloc"))
                framed = malloc(label_len + message.len);
        if (framed == NULL)
                return ERR_NO_MEMORY;
        memcpy(framed, label, label_len);
        if (message.len > 0)
                memcpy(framed + label_len, message.data, message.len);
        *out = framed;
        *len = label_len + message.len;
        return ERR_OK;
}

enum err sign_make(const struct secret *key, const char *label, struct bytes message,
        uint8_t out[SIGNATURE_LEN])
{
        uint8_t *framed = NULL;
        size_t len = 0;
        enum err e;

        TRY(statement_frame(label, message, &framed, &len));
        e = ed25519_sign(key, bytes_of(framed, len), out);
        free(framed);
        return e;
}

enum err sign_check(const uint8_t public_key[SIGN_PUBLIC_LEN], const char *label,
        struct bytes message, const uint8_t signature[SIGNATURE_LEN])
{
        uint8_t *framed = NULL;
        size_t len = 0;
        enum err e;

        TRY(statement_frame(label, message, &framed, &len));
        e = ed25519_check(public_key, bytes_of(framed, len), signature);
        free(framed);
        return e;
}

enum err sign_public_of(const struct secret *key, uint8_t out_public[SIGN_PUBLIC_LEN])
{
        OWNED(pkey_free) EVP_PKEY *pkey = NULL;
        uint8_t made[SIGN_PUBLIC_LEN];
        size_t len = sizeof made;

        TRY(private_key(key, &pkey));
        if (EVP_PKEY_get_raw_public_key(pkey, made, &len) != 1 || len != sizeof made)
                return ERR_INTERNAL;
        memcpy(out_public, made, sizeof made);
        return ERR_OK;
}

enum err sign_keygen(struct secret **out_secret, uint8_t out_public[SIGN_PUBLIC_LEN])
{
        OWNED(secret_free) struct secret *key = NULL;

        TRY(secret_random(SIGN_SECRET_LEN, &key));
        TRY(sign_public_of(key, out_public));
        *out_secret = key;
        key = NULL;
        return ERR_OK;
}

struct signer {
        struct secret *both; /* secret ‖ public, as libsodium has it */
};

static_assert(crypto_sign_SECRETKEYBYTES == SIGN_SECRET_LEN + SIGN_PUBLIC_LEN, "both halves");
static_assert(crypto_sign_BYTES == SIGNATURE_LEN, "RFC 8032");

enum err signer_new(const struct secret *key, struct signer **out)
{
        OWNED(signer_free) struct signer *s = NULL;
        uint8_t public_key[SIGN_PUBLIC_LEN];

        if (secret_len(key) != SIGN_SECRET_LEN)
                return ERR_INTERNAL;
        s = fault_hit("alloc") ? NULL : calloc(1, sizeof *s);
        if (s == NULL)
                return ERR_NO_MEMORY;
        TRY(secret_new(crypto_sign_SECRETKEYBYTES, &s->both));
        if (crypto_sign_seed_keypair(public_key, secret_bytes(s->both), secret_view(key)) != 0)
                return ERR_INTERNAL;
        *out = s;
        s = NULL;
        return ERR_OK;
}

enum err signer_make(
        const struct signer *s, const char *label, struct bytes message, uint8_t out[SIGNATURE_LEN])
{
        uint8_t *framed = NULL;
        size_t len = 0;
        int failed;

        TRY(statement_frame(label, message, &framed, &len));
        failed = crypto_sign_detached(out, NULL, framed, len, secret_view(s->both));
        free(framed);
        return failed == 0 ? ERR_OK : ERR_INTERNAL;
}

void signer_free(struct signer **s)
{
        if (s == NULL || *s == NULL)
                return;
        secret_free(&(*s)->both);
        free(*s);
        *s = NULL;
}
