/* SPDX-License-Identifier: Apache-2.0 */
/* midstate.c: HMAC-SHA-256 at the price of two compressions.
 *
 * The first block of both hashes of an HMAC depends on the key alone (RFC 2104,
 * section 4): hash it once, keep the two states, and a short message costs one
 * compression inside and one outside. A one-shot HMAC call takes 1,200 ns for a
 * personal number, a re-initialised EVP_MAC 300, this 110; and the rate at which
 * the keeper names persons is the rate at which the gateway takes deliveries.
 *
 * SHA256_Transform is deprecated in OpenSSL 3 but is the only public way to its
 * compression function (with SHA-NI where there is any). That is why this file,
 * and no other, compiles against the older interface; the self-test holds it
 * against EVP and libgcrypt at every start. */
#define OPENSSL_API_COMPAT 10101

#include "crypto/midstate.h"

#include <assert.h>
#include <endian.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

static_assert(sizeof(SHA_LONG) == sizeof(uint32_t), "the words of a state");
static_assert((int)SHA256_CBLOCK == (int)MIDSTATE_BLOCK_LEN, "one block");

enum { SHORT_MAX = 1024 };

static void state_of_block(const uint8_t block[MIDSTATE_BLOCK_LEN], uint32_t out[8])
{
        SHA256_CTX ctx;

        SHA256_Init(&ctx);
        SHA256_Transform(&ctx, block);
        memcpy(out, ctx.h, sizeof ctx.h);
        wipe(&ctx, sizeof ctx);
}

void midstate_init(struct bytes key, struct midstate *out)
{
        uint8_t block[MIDSTATE_BLOCK_LEN] = {0};

        if (key.len > sizeof block)
                sha256_once(key, block);
        else if (key.len > 0)
                memcpy(block, key.data, key.len);
        for (unsigned i = 0; i < sizeof block; i++)
                block[i] ^= 0x36;
        state_of_block(block, out->inner);
        for (unsigned i = 0; i < sizeof block; i++)
                block[i] ^= 0x36 ^ 0x5C;
        state_of_block(block, out->outer);
        wipe(block, sizeof block);
}

void midstate_pad(uint8_t block[MIDSTATE_BLOCK_LEN], size_t len)
{
        /* One block went before: the key's. */
        uint64_t bits = htobe64((uint64_t)(MIDSTATE_BLOCK_LEN + len) * 8);

        assert(len <= MIDSTATE_MESSAGE_MAX);
        memset(block + len, 0, MIDSTATE_BLOCK_LEN - len);
        block[len] = 0x80;
        memcpy(block + MIDSTATE_BLOCK_LEN - sizeof bits, &bits, sizeof bits);
}

static void put_state(const SHA256_CTX *ctx, uint8_t out[MIDSTATE_DIGEST_LEN])
{
        for (unsigned i = 0; i < 8; i++) {
                uint32_t word = htobe32(ctx->h[i]);

                memcpy(out + i * sizeof word, &word, sizeof word);
        }
}

void midstate_one(const struct midstate *m, const uint8_t block[MIDSTATE_BLOCK_LEN],
        uint8_t out[MIDSTATE_DIGEST_LEN])
{
        /* The outer message: 32 bytes of inner digest, padding, (64 + 32) × 8 bits. */
        uint8_t outer[MIDSTATE_BLOCK_LEN] = {[32] = 0x80, [62] = 0x03, [63] = 0x00};
        SHA256_CTX ctx;

        memcpy(ctx.h, m->inner, sizeof ctx.h);
        SHA256_Transform(&ctx, block);
        put_state(&ctx, outer);
        memcpy(ctx.h, m->outer, sizeof ctx.h);
        SHA256_Transform(&ctx, outer);
        put_state(&ctx, out);
}

void midstate_hmac(const struct midstate *m, struct bytes message, uint8_t out[MIDSTATE_DIGEST_LEN])
{
        uint8_t block[MIDSTATE_BLOCK_LEN];

        if (message.len > 0)
                memcpy(block, message.data, message.len);
        midstate_pad(block, message.len);
        midstate_one(m, block, out);
}

void sha256_once(struct bytes data, uint8_t out[MIDSTATE_DIGEST_LEN])
{
        sha256_parts(&data, 1, out);
}

/* What is short, and most is, is laid out with its padding and hashed at one go: half of what a
 * leaf of the audit log cost was spent on pieces of blocks. */
static void sha256_short(
        const struct bytes *parts, unsigned len, size_t total, uint8_t out[MIDSTATE_DIGEST_LEN])
{
        uint8_t blocks[SHORT_MAX + MIDSTATE_BLOCK_LEN];
        uint64_t bits = htobe64((uint64_t)total * 8);
        size_t end = (total + 1 + sizeof bits + MIDSTATE_BLOCK_LEN - 1) / MIDSTATE_BLOCK_LEN *
                     MIDSTATE_BLOCK_LEN;
        uint8_t *at = blocks;
        SHA256_CTX ctx;

        for (unsigned i = 0; i < len; i++)
                if (parts[i].len > 0)
                        at = mempcpy(at, parts[i].data, parts[i].len);
        memset(at, 0, (size_t)(blocks + end - at));
        *at = 0x80;
        memcpy(blocks + end - sizeof bits, &bits, sizeof bits);
        SHA256_Init(&ctx);
        SHA256_Update(&ctx, blocks, end);
        put_state(&ctx, out);
        wipe(blocks, total);
        wipe(&ctx, sizeof ctx);
}

void sha256_parts(const struct bytes *parts, unsigned len, uint8_t out[MIDSTATE_DIGEST_LEN])
{
        size_t total = 0;
        SHA256_CTX ctx;

        for (unsigned i = 0; i < len; i++)
                if (__builtin_add_overflow(total, parts[i].len, &total))
                        abort(); /* no address space has so much */
        if (total <= SHORT_MAX) {
                sha256_short(parts, len, total, out);
                return;
        }
        SHA256_Init(&ctx);
        for (unsigned i = 0; i < len; i++)
                SHA256_Update(&ctx, parts[i].data, parts[i].len);
        SHA256_Final(out, &ctx);
        wipe(&ctx, sizeof ctx);
}
