/* SPDX-License-Identifier: Apache-2.0 */
/* box.c: personal numbers sealed at the municipality, opened in the keeper.
 *
 * Against whoever owns the process in between, and the disk it spools to: it carries boxes
 * and can neither open one, nor change one, nor use one elsewhere. The first is libsodium's
 * sealed box. The second is the Poly1305 tag, but a sealed box is anonymous, and whoever knows
 * the public key can make one of guesses: hence the signature, over the box and over the place
 * it was made for. The third is the head in front of the plain text, which the keeper
 * computes anew from where the box arrived.
 *
 * Why a digest over framed pieces and not the pieces: it has one length, and one comparison in
 * constant time is the whole check. The frames keep "a" + "bc" from being "ab" + "c".
 *
 * What surprised us: libsodium opens a box whose plain text is empty, so a box of 48 bytes is
 * in order for it, and nothing but our own lengths says otherwise. */
#include "crypto/box.h"

#include <assert.h>
#include <endian.h>
#include <sodium.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/primitive.h"
#include "crypto/secret.h"
#include "crypto/secret_slab.h"

static_assert((int)BOX_PUBLIC_LEN == (int)crypto_box_PUBLICKEYBYTES, "X25519");
static_assert((int)BOX_SECRET_LEN == (int)crypto_box_SECRETKEYBYTES, "X25519");
static_assert((int)BOX_OVERHEAD == (int)crypto_box_SEALBYTES, "key and tag");

enum {
        HEAD_LEN = sizeof(struct digest),
        GUARDIAN_ENTRIES_MAX = BATCH_ROWS_MAX * GUARDIANS_MAX,
        USE_MAX_LEN = 8,
        MUNICIPALITY_LEN = 4,
        FRAMES = 7,
        HEAD_PIECES_MAX = FRAMES * 4 + USE_MAX_LEN + BOX_KEY_ID_LEN + MUNICIPALITY_LEN +
                          NAME_MAX_LEN + sizeof(struct submission_id) + 4 + 4,
};

#define BOX_WORD_FITS(name, word) static_assert(sizeof(word) - 1 <= USE_MAX_LEN, "room");
BOX_USES(BOX_WORD_FITS)
#undef BOX_WORD_FITS

static const char *use_word(enum box_use use)
{
        static const char *const words[] = {NULL,
#define BOX_WORD(name, word) word,
                BOX_USES(BOX_WORD)
#undef BOX_WORD
        };

        return (unsigned)use < ARRAY_LEN(words) ? words[use] : NULL;
}

enum err box_public_of(const struct secret *key, uint8_t out_public[BOX_PUBLIC_LEN])
{
        if (secret_len(key) != BOX_SECRET_LEN)
                return ERR_INTERNAL;
        return crypto_scalarmult_base(out_public, secret_view(key)) == 0 ? ERR_OK : ERR_INTERNAL;
}

enum err box_keygen(struct secret **out_secret, uint8_t out_public[BOX_PUBLIC_LEN])
{
        OWNED(secret_free) struct secret *key = NULL;

        TRY(secret_random(BOX_SECRET_LEN, &key));
        TRY(box_public_of(key, out_public));
        *out_secret = key;
        key = NULL;
        return ERR_OK;
}

void box_key_id(const uint8_t public_key[BOX_PUBLIC_LEN], char out[BOX_KEY_ID_LEN + 1])
{
        struct digest d;

        digest_of(bytes_of(public_key, BOX_PUBLIC_LEN), &d);
        hex_encode(bytes_of(d.bytes, BOX_KEY_ID_LEN / 2), out);
}

static uint8_t *put32(uint8_t *at, uint32_t v)
{
        v = htole32(v);
        memcpy(at, &v, sizeof v);
        return at + sizeof v;
}

static uint32_t get32(const uint8_t *at)
{
        uint32_t v;

        memcpy(&v, at, sizeof v);
        return le32toh(v);
}

static uint8_t *put_framed(uint8_t *at, const void *piece, size_t len)
{
        at = put32(at, (uint32_t)len);
        memcpy(at, piece, len);
        return at + len;
}

enum err box_head_digest(const struct box_head *head, struct digest *out)
{
        const char *use = use_word(head->use);
        size_t dataset_len = strnlen(head->dataset, sizeof head->dataset);
        uint8_t pieces[HEAD_PIECES_MAX], number[4], *at = pieces;
        char municipality[MUNICIPALITY_LEN + 1];

        if (use == NULL || strnlen(head->key_id, sizeof head->key_id) != BOX_KEY_ID_LEN ||
                dataset_len > NAME_MAX_LEN || head->municipality > 9999)
                return ERR_INVALID;
        municipality_format(head->municipality, municipality);
        at = put_framed(at, use, strlen(use));
        at = put_framed(at, head->key_id, BOX_KEY_ID_LEN);
        at = put_framed(at, municipality, MUNICIPALITY_LEN);
        at = put_framed(at, head->dataset, dataset_len);
        at = put_framed(at, head->submission.bytes, sizeof head->submission.bytes);
        (void)put32(number, head->sequence);
        at = put_framed(at, number, sizeof number);
        (void)put32(number, head->rows);
        at = put_framed(at, number, sizeof number);
        digest_of(bytes_of(pieces, (size_t)(at - pieces)), out);
        return ERR_OK;
}

static uint8_t *put_column(uint8_t *at, const struct person_column *column, uint32_t len)
{
        if (len == 0)
                return at; /* whose pointers may be NULL */
        memcpy(at, column->ids, (size_t)len * PERSON_ID_LEN);
        at += (size_t)len * PERSON_ID_LEN;
        memcpy(at, column->kinds, len);
        return at + len;
}

static void plain_write(const struct digest *head, const struct box_persons *in, uint8_t *at)
{
        memcpy(at, head->bytes, HEAD_LEN);
        at = put32(at + HEAD_LEN, in->rows);
        at = put32(at, in->guardians);
        at = put_column(at, &in->persons, in->rows);
        (void)put_column(at, &in->guardian_persons, in->guardians);
}

enum err box_seal_plain(
        const uint8_t public_key[BOX_PUBLIC_LEN], const uint8_t *plain, size_t len, uint8_t *out)
{
        /* It refuses only points of small order, with which there is no secret. */
        return crypto_box_seal(out, plain, len, public_key) == 0 ? ERR_OK : ERR_INVALID;
}

enum err box_seal(const uint8_t public_key[BOX_PUBLIC_LEN], const struct box_head *head,
        const struct box_persons *in, uint8_t *out)
{
        size_t len = box_plain_len(in->rows, in->guardians);
        struct digest digest;
        uint8_t *plain = NULL;
        enum err e;

        if (in->rows != head->rows || in->rows > BATCH_ROWS_MAX ||
                in->guardians > GUARDIAN_ENTRIES_MAX)
                return ERR_INVALID;
        TRY(box_head_digest(head, &digest));
        TRY(guarded_new(len, &plain));
        plain_write(&digest, in, plain);
        e = box_seal_plain(public_key, plain, len, out);
        guarded_free(plain);
        return e;
}

enum err box_seal_record(const uint8_t public_key[BOX_PUBLIC_LEN], const struct box_head *head,
        struct bytes key, uint8_t out[BOX_RECORD_LEN])
{
        struct digest digest;
        uint8_t *plain = NULL;
        enum err e;

        if (head->use != BOX_RECORD || head->rows != 1 || key.len == 0 ||
                key.len > RECORD_KEY_MAX_LEN || memchr(key.data, 0, key.len) != NULL)
                return ERR_INVALID;
        TRY(box_head_digest(head, &digest));
        TRY(guarded_new(BOX_RECORD_PLAIN, &plain));
        memset(plain, 0, BOX_RECORD_PLAIN);
        memcpy(plain, digest.bytes, HEAD_LEN);
        memcpy(put32(plain + HEAD_LEN, (uint32_t)key.len), key.data, key.len);
        e = box_seal_plain(public_key, plain, BOX_RECORD_PLAIN, out);
        guarded_free(plain);
        return e;
}

/* head ‖ SHA-256(box): what a municipality stands for. */
static enum err statement_of(
        const struct box_head *head, struct bytes box, struct digest statement[2])
{
        TRY(box_head_digest(head, &statement[0]));
        digest_of(box, &statement[1]);
        return ERR_OK;
}

enum err box_sign(const struct secret *submission_key, const struct box_head *head,
        struct bytes box, uint8_t out[SIGNATURE_LEN])
{
        struct digest statement[2];

        TRY(statement_of(head, box, statement));
        return sign_make(submission_key, BOX_LABEL, bytes_of(statement, sizeof statement), out);
}

enum err box_check(const uint8_t submission_public[SIGN_PUBLIC_LEN], const struct box_head *head,
        struct bytes box, const uint8_t signature[SIGNATURE_LEN])
{
        struct digest statement[2];

        TRY(statement_of(head, box, statement));
        return sign_check(
                submission_public, BOX_LABEL, bytes_of(statement, sizeof statement), signature);
}

/* What has been opened, read as the input that it is. */
static enum err plain_read(struct bytes plain, const struct box_head *head, struct box_persons *out)
{
        struct box_persons p = {0};
        struct digest digest;
        const uint8_t *at = plain.data;

        TRY(box_head_digest(head, &digest));
        if (plain.len < BOX_PLAIN_FIXED)
                return ERR_MALFORMED;
        if (sodium_memcmp(at, digest.bytes, HEAD_LEN) != 0)
                return ERR_BOX_MISPLACED;
        p.rows = get32(at + HEAD_LEN);
        p.guardians = get32(at + HEAD_LEN + 4);
        if (p.rows != head->rows || p.rows > BATCH_ROWS_MAX || p.guardians > GUARDIAN_ENTRIES_MAX ||
                plain.len != box_plain_len(p.rows, p.guardians))
                return ERR_MALFORMED;
        at += BOX_PLAIN_FIXED;
        p.persons.ids = at;
        p.persons.kinds = at + (size_t)p.rows * PERSON_ID_LEN;
        at = p.persons.kinds + p.rows;
        p.guardian_persons.ids = at;
        p.guardian_persons.kinds = at + (size_t)p.guardians * PERSON_ID_LEN;
        *out = p;
        return ERR_OK;
}

enum err box_open(const struct secret *key, const uint8_t public_key[BOX_PUBLIC_LEN],
        const struct box_head *head, struct bytes box, uint8_t *plain, struct box_persons *out)
{
        size_t len;
        enum err e = ERR_BOX_CLOSED;

        if (secret_len(key) != BOX_SECRET_LEN)
                return ERR_INTERNAL;
        if (box.len < BOX_OVERHEAD)
                return ERR_BOX_CLOSED;
        len = box.len - BOX_OVERHEAD;
        /* The tag is looked at before a byte is decrypted. */
        if (crypto_box_seal_open(plain, box.data, box.len, public_key, secret_view(key)) == 0)
                e = plain_read(bytes_of(plain, len), head, out);
        if (e != ERR_OK)
                wipe(plain, len);
        return e;
}

static enum err record_read(const uint8_t *plain, const struct box_head *head, struct bytes *out)
{
        const uint8_t *key = plain + HEAD_LEN + 4;
        struct digest digest;
        uint32_t len;

        TRY(box_head_digest(head, &digest));
        if (sodium_memcmp(plain, digest.bytes, HEAD_LEN) != 0)
                return ERR_BOX_MISPLACED;
        len = get32(plain + HEAD_LEN);
        if (head->use != BOX_RECORD || head->rows != 1 || len == 0 || len > RECORD_KEY_MAX_LEN ||
                strnlen((const char *)key, RECORD_KEY_MAX_LEN) != len ||
                !sodium_is_zero(key + len, RECORD_KEY_MAX_LEN - len))
                return ERR_MALFORMED;
        *out = bytes_of(key, len);
        return ERR_OK;
}

enum err box_open_record(const struct secret *key, const uint8_t public_key[BOX_PUBLIC_LEN],
        const struct box_head *head, struct bytes box, uint8_t plain[BOX_RECORD_PLAIN],
        struct bytes *out)
{
        enum err e = ERR_BOX_CLOSED;

        if (secret_len(key) != BOX_SECRET_LEN)
                return ERR_INTERNAL;
        if (box.len != BOX_RECORD_LEN)
                return ERR_BOX_CLOSED;
        if (crypto_box_seal_open(plain, box.data, box.len, public_key, secret_view(key)) == 0)
                e = record_read(plain, head, out);
        if (e != ERR_OK)
                wipe(plain, BOX_RECORD_PLAIN);
        return e;
}
