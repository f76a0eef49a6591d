/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c: SHA-256, plain and keyed.
 *
 * Plain digests name public things (a bundle, a certificate, a release). Whatever
 * a person could be guessed from goes through mac_of: there are only some 46
 * million personal numbers, and a plain digest of one is the number itself.
 *
 * Fields are framed by their length before they are hashed, so that moving a byte
 * from one field to its neighbour gives another digest. */
#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/fault.h"
#include "crypto/midstate.h"
#include "crypto/secret.h"

void digest_of(struct bytes data, struct digest *out)
{
        sha256_once(data, out->bytes);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
        return sodium_memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

struct digest_stream {
        EVP_MD_CTX *ctx;
};

enum err digest_start(struct digest_stream **out)
{
        OWNED(digest_stream_free) struct digest_stream *s = NULL;

        s = fault_hit("alloc") ? NULL : calloc(1, sizeof *s);
        if (s == NULL)
                return ERR_NO_MEMORY;
        s->ctx = EVP_MD_CTX_new();
        if (s->ctx == NULL)
                return ERR_NO_MEMORY;
        if (EVP_DigestInit_ex(s->ctx, EVP_sha256(), NULL) != 1)
                return ERR_INTERNAL;
        *out = s;
        s = NULL;
        return ERR_OK;
}

void digest_more(struct digest_stream *s, const void *data, size_t len)
{
        if (len > 0 && EVP_DigestUpdate(s->ctx, data, len) != 1)
                abort(); /* never seen of software SHA-256; a wrong digest must not pass */
}

/* Lengths are little-endian u64, as everywhere in the house. */
static void put_length(size_t len, uint8_t out[8])
{
        for (unsigned i = 0; i < 8; i++)
                out[i] = (uint8_t)((uint64_t)len >> (8 * i));
}

void digest_more_framed(struct digest_stream *s, struct bytes field)
{
        uint8_t length[8];

        put_length(field.len, length);
        digest_more(s, length, sizeof length);
        digest_more(s, field.data, field.len);
}

void digest_finish(struct digest_stream *s, struct digest *out)
{
        if (EVP_DigestFinal_ex(s->ctx, out->bytes, NULL) != 1)
                abort(); /* as above */
}

void digest_stream_free(struct digest_stream **s)
{
        if (s == NULL || *s == NULL)
                return;
        EVP_MD_CTX_free((*s)->ctx);
        free(*s);
        *s = NULL;
}

static void mac_ctx_free(EVP_MAC_CTX **ctx)
{
        EVP_MAC_CTX_free(*ctx);
}

/* A context ready for HMAC-SHA-256; OpenSSL wipes its copy of the key. */
static enum err mac_start(const struct secret *key, EVP_MAC_CTX **out)
{
        EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
        EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
        char sha256[] = "SHA256";
        OSSL_PARAM params[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
                OSSL_PARAM_construct_end(),
        };

        EVP_MAC_free(mac);
        if (ctx == NULL)
                return ERR_NO_MEMORY;
        if (EVP_MAC_init(ctx, secret_view(key), secret_len(key), params) != 1) {
                EVP_MAC_CTX_free(ctx);
                return ERR_INTERNAL;
        }
        *out = ctx;
        return ERR_OK;
}

enum err mac_of(
        const struct secret *key, const struct bytes *parts, unsigned parts_len, struct digest *out)
{
        OWNED(mac_ctx_free) EVP_MAC_CTX *ctx = NULL;
        struct digest made;
        size_t len = 0;

        TRY(mac_start(key, &ctx));
        for (unsigned i = 0; i < parts_len; i++) {
                uint8_t length[8];

                put_length(parts[i].len, length);
                if (EVP_MAC_update(ctx, length, sizeof length) != 1 ||
                        (parts[i].len > 0 && EVP_MAC_update(ctx, parts[i].data, parts[i].len) != 1))
                        return ERR_INTERNAL;
        }
        if (EVP_MAC_final(ctx, made.bytes, &len, sizeof made.bytes) != 1 ||
                len != sizeof made.bytes)
                return ERR_INTERNAL;
        *out = made;
        return ERR_OK;
}
