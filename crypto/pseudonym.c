/* SPDX-License-Identifier: Apache-2.0 */
/* pseudonym.c: the name a person has inside one domain, by the column.
 *
 * This is the inner loop of the keeper. Two measured facts shaped it: HMAC costs
 * its two compressions and nothing more when the key's midstates are at hand
 * (midstate.c), and AES through EVP costs 2 ns a block in bulk but 20 ns when
 * called block by block. So columns are taken in chunks that stay in the first
 * cache, and one EVP context lives as long as its key.
 *
 * The 32 zero bits in each code are the only integrity check a stored pseudonym
 * has, which is what keeps it at one block: pseudonyms_open looks at every one. */
#include "crypto/pseudonym.h"

#include <assert.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "crypto/midstate.h"
#include "crypto/secret.h"

enum { CODE_BITS_LEN = 12, CHUNK_ROWS = 512 };

/* What the HMAC sees of a person, one block with its padding. `issuer` is zero for
 * national numbers, so that a person has one code wherever the record was made,
 * and the municipality for local ids, so that they never meet across borders. */
struct frame {
        uint8_t label[16];
        uint8_t kind;
        uint8_t issuer[2]; /* little-endian */
        uint8_t id[PERSON_ID_LEN];
        uint8_t padding[33];
};

static_assert(sizeof(struct frame) == MIDSTATE_BLOCK_LEN, "one block");

struct person_key {
        struct secret *midstate; /* struct midstate, in locked memory */
};

enum err person_key_new(const struct secret *k_person, struct person_key **out)
{
        OWNED(person_key_free) struct person_key *k = NULL;

        k = fault_hit("alloc") ? NULL : calloc(1, sizeof *k);
        if (k == NULL)
                return ERR_NO_MEMORY;
        TRY(secret_new(sizeof(struct midstate), &k->midstate));
        midstate_init(bytes_of(secret_view(k_person), secret_len(k_person)),
                (struct midstate *)(void *)secret_bytes(k->midstate));
        *out = k;
        k = NULL;
        return ERR_OK;
}

void person_key_free(struct person_key **k)
{
        if (k == NULL || *k == NULL)
                return;
        secret_free(&(*k)->midstate);
        free(*k);
        *k = NULL;
}

enum err person_codes(const struct person_key *key, municipality_t issuer, const uint8_t *ids,
        const uint8_t *kinds, size_t rows, uint8_t *codes)
{
        const struct midstate *m = (const void *)secret_view(key->midstate);
        union {
                struct frame frame;
                uint8_t block[MIDSTATE_BLOCK_LEN];
        } in = {.frame.label = "statgate/person1"};
        uint8_t out[MIDSTATE_DIGEST_LEN];

        midstate_pad(in.block, offsetof(struct frame, padding));
        for (size_t i = 0; i < rows; i++, ids += PERSON_ID_LEN, codes += PSEUDONYM_LEN) {
                municipality_t scope = kinds[i] == PERSON_LOCAL ? issuer : 0;

                memset(codes + CODE_BITS_LEN, 0, PSEUDONYM_LEN - CODE_BITS_LEN);
                if (kinds[i] == PERSON_NONE) {
                        memset(codes, 0, CODE_BITS_LEN);
                        continue;
                }
                in.frame.kind = kinds[i];
                in.frame.issuer[0] = (uint8_t)scope;
                in.frame.issuer[1] = (uint8_t)(scope >> 8);
                memcpy(in.frame.id, ids, PERSON_ID_LEN);
                midstate_one(m, in.block, out);
                memcpy(codes, out, CODE_BITS_LEN);
        }
        wipe(&in, sizeof in);
        wipe(out, sizeof out);
        return ERR_OK;
}

struct block_key {
        EVP_CIPHER_CTX *encrypt, *decrypt;
};

static enum err block_ctx_new(const struct secret *key, int encrypt, EVP_CIPHER_CTX **out)
{
        EVP_CIPHER_CTX *ctx = fault_hit("alloc") ? NULL : EVP_CIPHER_CTX_new();

        if (ctx == NULL)
                return ERR_NO_MEMORY;
        if (EVP_CipherInit_ex2(ctx, EVP_aes_256_ecb(), secret_view(key), NULL, encrypt, NULL) !=
                        1 ||
                EVP_CIPHER_CTX_set_padding(ctx, 0) != 1) {
                EVP_CIPHER_CTX_free(ctx);
                return ERR_INTERNAL;
        }
        *out = ctx;
        return ERR_OK;
}

enum err block_key_new(const struct secret *key, struct block_key **out)
{
        OWNED(block_key_free) struct block_key *k = NULL;

        if (secret_len(key) != 32)
                return ERR_INTERNAL;
        k = fault_hit("alloc") ? NULL : calloc(1, sizeof *k);
        if (k == NULL)
                return ERR_NO_MEMORY;
        TRY(block_ctx_new(key, 1, &k->encrypt));
        TRY(block_ctx_new(key, 0, &k->decrypt));
        *out = k;
        k = NULL;
        return ERR_OK;
}

void block_key_free(struct block_key **k)
{
        if (k == NULL || *k == NULL)
                return;
        EVP_CIPHER_CTX_free((*k)->encrypt); /* wipes its key schedule */
        EVP_CIPHER_CTX_free((*k)->decrypt);
        free(*k);
        *k = NULL;
}

static bool is_zero_block(const uint8_t *block)
{
        uint64_t half[2];

        memcpy(half, block, sizeof half);
        return (half[0] | half[1]) == 0;
}

/* One chunk, in place or not: the rows without a person are found before the
 * cipher runs over them and set back to zero after. */
static enum err blocks_run(EVP_CIPHER_CTX *ctx, const uint8_t *in, size_t rows, uint8_t *out)
{
        uint16_t empty[CHUNK_ROWS];
        unsigned empty_len = 0;
        int len = (int)(rows * PSEUDONYM_LEN), written = 0;

        for (size_t i = 0; i < rows; i++)
                if (is_zero_block(in + i * PSEUDONYM_LEN))
                        empty[empty_len++] = (uint16_t)i;
        if (EVP_CipherUpdate(ctx, out, &written, in, len) != 1 || written != len)
                return ERR_INTERNAL;
        for (unsigned i = 0; i < empty_len; i++)
                memset(out + (size_t)empty[i] * PSEUDONYM_LEN, 0, PSEUDONYM_LEN);
        return ERR_OK;
}

enum err pseudonyms_make(
        const struct block_key *domain, const uint8_t *codes, size_t rows, uint8_t *pseudonyms)
{
        for (size_t at = 0; at < rows; at += CHUNK_ROWS) {
                size_t n = rows - at < CHUNK_ROWS ? rows - at : CHUNK_ROWS;

                TRY(blocks_run(domain->encrypt, codes + at * PSEUDONYM_LEN, n,
                        pseudonyms + at * PSEUDONYM_LEN));
        }
        return ERR_OK;
}

enum err record_keys_make(
        const struct block_key *noise, const uint8_t *codes, size_t rows, uint8_t *keys)
{
        uint8_t blocks[CHUNK_ROWS * PSEUDONYM_LEN];
        enum err e = ERR_OK;

        for (size_t at = 0; at < rows && e == ERR_OK; at += CHUNK_ROWS) {
                size_t n = rows - at < CHUNK_ROWS ? rows - at : CHUNK_ROWS;

                e = blocks_run(noise->encrypt, codes + at * PSEUDONYM_LEN, n, blocks);
                for (size_t i = 0; i < n && e == ERR_OK; i++)
                        memcpy(keys + (at + i) * PERSON_KEY_LEN, blocks + i * PSEUDONYM_LEN,
                                PERSON_KEY_LEN);
        }
        wipe(blocks, sizeof blocks);
        return e;
}

/* All 32 zero bits of all codes together: one branch a chunk. */
static bool codes_hold(const uint8_t *codes, size_t rows)
{
        uint32_t seen = 0;

        for (size_t i = 0; i < rows; i++) {
                uint32_t tail;

                memcpy(&tail, codes + i * PSEUDONYM_LEN + CODE_BITS_LEN, sizeof tail);
                seen |= tail;
        }
        return seen == 0;
}

enum err pseudonyms_open(
        const struct block_key *domain, const uint8_t *pseudonyms, size_t rows, uint8_t *codes)
{
        for (size_t at = 0; at < rows; at += CHUNK_ROWS) {
                size_t n = rows - at < CHUNK_ROWS ? rows - at : CHUNK_ROWS;
                uint8_t *out = codes + at * PSEUDONYM_LEN;
                enum err e = blocks_run(domain->decrypt, pseudonyms + at * PSEUDONYM_LEN, n, out);

                if (e == ERR_OK && !codes_hold(out, n))
                        e = ERR_TAMPERED;
                if (e != ERR_OK) {
                        wipe(codes, (at + n) * PSEUDONYM_LEN);
                        return e;
                }
        }
        return ERR_OK;
}

enum err record_tags(
        const struct secret *key, const uint8_t *keys, size_t width, size_t rows, uint8_t *tags)
{
        uint8_t out[crypto_shorthash_siphashx24_BYTES];

        if (secret_len(key) < crypto_shorthash_siphashx24_KEYBYTES)
                return ERR_INTERNAL;
        for (size_t i = 0; i < rows; i++, keys += width, tags += RECORD_TAG_LEN) {
                size_t len = width;

                while (len > 0 && keys[len - 1] == 0)
                        len--;
                crypto_shorthash_siphashx24(out, keys, len, secret_view(key));
                memcpy(tags, out, RECORD_TAG_LEN);
        }
        wipe(out, sizeof out);
        return ERR_OK;
}
