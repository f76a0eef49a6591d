/* SPDX-License-Identifier: Apache-2.0 */
/* sealed.c: batches into their seals and out again.
 *
 * The number of rows stands once in clear, so that the associated data can name
 * it, and once inside; both are held against each other and against the length.
 * Even after the seal has proved good the plain text is read like input: it may
 * have been sealed by an older keeper. */
#include "gateway/keeper/sealed.h"

#include <string.h>

#include "crypto/pseudonym.h"
#include "crypto/seal.h"
#include "crypto/secret.h"

enum {
        ROWS_LEN = 4,
        HEAD_LEN = 13,
        AAD_MAX = 256,
        FLAG_PERSONS = 1,
        FLAG_GUARDIANS = 2,
        FLAG_EPOCHS = 4,
        EPOCHS_LEN = 8,
};

size_t sealed_columns_len(uint32_t rows, uint32_t guardians)
{
        size_t len = (size_t)rows * (PSEUDONYM_LEN + RECORD_TAG_LEN);

        if (guardians > 0)
                len += rows + (size_t)guardians * PSEUDONYM_LEN;
        return len;
}

/* Whether the persons are named by anything but the first k_person alone. */
static bool says_epochs(const struct sealed_batch *b)
{
        return b->person_epoch > 1 || b->second_epoch != 0;
}

static size_t second_len(const struct sealed_batch *b)
{
        return b->second_epoch != 0 ? ((size_t)b->rows + b->guardians) * PSEUDONYM_LEN : 0;
}

size_t sealed_len(const struct sealed_batch *b)
{
        return ROWS_LEN + SEAL_OVERHEAD + HEAD_LEN + sealed_columns_len(b->rows, b->guardians) +
               b->body.len + (says_epochs(b) ? EPOCHS_LEN : 0) + second_len(b);
}

static void put_aad(struct buf *out, const struct batch_name *name, uint32_t epoch, uint32_t rows)
{
        put_text(out, "statgate/batch/1");
        put_text(out, name->domain.dataset);
        put_u16(out, name->domain.municipality);
        put_u32(out, epoch);
        put_bytes(out, bytes_of(name->submission.bytes, sizeof name->submission.bytes));
        put_u32(out, name->sequence);
        put_u32(out, rows);
}

static void store_u32(uint8_t *at, uint32_t v)
{
        for (unsigned i = 0; i < 4; i++)
                at[i] = (uint8_t)(v >> (8 * i));
}

static void write_head(const struct sealed_batch *b, uint8_t head[HEAD_LEN])
{
        store_u32(head, b->rows);
        store_u32(head + 4, b->guardians);
        store_u32(head + 8, (uint32_t)b->body.len);
        head[12] = (uint8_t)((b->persons ? FLAG_PERSONS : 0) |
                             (b->guardians > 0 ? FLAG_GUARDIANS : 0) |
                             (says_epochs(b) ? FLAG_EPOCHS : 0));
}

enum err sealed_write(const struct secret *data_key, const struct batch_name *name, uint32_t epoch,
        const struct sealed_batch *b, uint8_t *out)
{
        OWNED(buf_done) struct buf aad = {.ceiling = AAD_MAX};
        struct bytes aad_bytes;
        uint8_t head[HEAD_LEN] = {0};
        uint8_t epochs[EPOCHS_LEN];
        size_t guardians_len = b->guardians > 0 ? b->rows : 0;
        bool second = b->second_epoch != 0;
        const struct bytes parts[] = {
                bytes_of(head, sizeof head),
                bytes_of(b->pseudonyms, (size_t)b->rows * PSEUDONYM_LEN),
                bytes_of(b->tags, (size_t)b->rows * RECORD_TAG_LEN),
                bytes_of(b->counts, guardians_len),
                bytes_of(b->guardian_pseudonyms, (size_t)b->guardians * PSEUDONYM_LEN),
                b->body,
                bytes_of(epochs, says_epochs(b) ? sizeof epochs : 0),
                bytes_of(b->second, second ? (size_t)b->rows * PSEUDONYM_LEN : 0),
                bytes_of(b->second_guardians, second ? (size_t)b->guardians * PSEUDONYM_LEN : 0),
        };

        store_u32(epochs, b->person_epoch);
        store_u32(epochs + 4, b->second_epoch);
        put_aad(&aad, name, epoch, b->rows);
        TRY(buf_end(&aad, &aad_bytes));
        write_head(b, head);
        store_u32(out, b->rows);
        return seal_parts(data_key, aad_bytes, parts, ARRAY_LEN(parts), out + ROWS_LEN);
}

/* What stands behind the body, `left` bytes from `at`. */
static bool read_epochs(uint8_t *at, size_t left, bool said, struct sealed_batch *b)
{
        struct reader in = reader_of(bytes_of(at, left));

        b->person_epoch = 1;
        if (!said)
                return left == 0;
        if (read_u32(&in, &b->person_epoch) != ERR_OK ||
                read_u32(&in, &b->second_epoch) != ERR_OK || b->person_epoch == 0 ||
                !says_epochs(b) || in.left != second_len(b))
                return false;
        if (b->second_epoch != 0) {
                b->second = at + EPOCHS_LEN;
                b->second_guardians = b->second + (size_t)b->rows * PSEUDONYM_LEN;
        }
        return true;
}

/* Finds the columns in the plain text; whatever does not add up is no batch. */
static bool read_plain(uint8_t *plain, size_t len, uint32_t rows, struct sealed_batch *out)
{
        struct reader in = reader_of(bytes_of(plain, len));
        struct sealed_batch b = {.rows = 0};
        uint32_t body_len;
        uint8_t flags;

        if (read_u32(&in, &b.rows) != ERR_OK || read_u32(&in, &b.guardians) != ERR_OK ||
                read_u32(&in, &body_len) != ERR_OK || read_u8(&in, &flags) != ERR_OK)
                return false;
        if (b.rows != rows || rows > BATCH_ROWS_MAX || b.guardians > rows * GUARDIANS_MAX ||
                (flags & ~(FLAG_PERSONS | FLAG_GUARDIANS | FLAG_EPOCHS)) != 0 ||
                ((flags & FLAG_GUARDIANS) != 0) != (b.guardians > 0) ||
                in.left < sealed_columns_len(rows, b.guardians) ||
                in.left - sealed_columns_len(rows, b.guardians) < body_len)
                return false;
        b.persons = (flags & FLAG_PERSONS) != 0;
        b.pseudonyms = plain + HEAD_LEN;
        b.tags = b.pseudonyms + (size_t)rows * PSEUDONYM_LEN;
        uint8_t *rest = b.tags + (size_t)rows * RECORD_TAG_LEN;

        if (b.guardians > 0) {
                b.counts = rest;
                b.guardian_pseudonyms = rest + rows;
                rest = b.guardian_pseudonyms + (size_t)b.guardians * PSEUDONYM_LEN;
        }
        b.body = bytes_of(rest, body_len);
        rest += body_len;
        if (!read_epochs(rest, (size_t)(plain + len - rest), (flags & FLAG_EPOCHS) != 0, &b))
                return false;
        *out = b;
        return true;
}

/* Row by row at most GUARDIANS_MAX, together all of them. */
static bool counts_hold(const struct sealed_batch *b)
{
        size_t sum = 0;

        if (b->guardians == 0)
                return true;
        for (uint32_t i = 0; i < b->rows; i++) {
                if (b->counts[i] > GUARDIANS_MAX)
                        return false;
                sum += b->counts[i];
        }
        return sum == b->guardians;
}

enum err sealed_open(const struct secret *data_key, const struct batch_name *name, uint32_t epoch,
        struct bytes sealed, uint8_t *plain, struct sealed_batch *out)
{
        OWNED(buf_done) struct buf aad = {.ceiling = AAD_MAX};
        struct reader in = reader_of(sealed);
        struct bytes aad_bytes, inner;
        struct sealed_batch b;
        uint32_t rows;

        if (sealed.len < ROWS_LEN + SEAL_OVERHEAD + HEAD_LEN)
                return ERR_TAMPERED;
        TRY(read_u32(&in, &rows));
        inner = bytes_of(in.at, in.left);
        put_aad(&aad, name, epoch, rows);
        TRY(buf_end(&aad, &aad_bytes));
        TRY(unseal(data_key, aad_bytes, inner, plain));
        if (!read_plain(plain, inner.len - SEAL_OVERHEAD, rows, &b) || !counts_hold(&b)) {
                wipe(plain, inner.len - SEAL_OVERHEAD);
                return ERR_TAMPERED;
        }
        *out = b;
        return ERR_OK;
}
