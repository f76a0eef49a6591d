/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_box.c: any bytes in a sealed box.
 *
 * The first byte says how much of the head in front is right: whoever knows the public key
 * can seal what he likes for the place he is at. What is accepted lies within the plain
 * text, and sealed again it is the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/box.h"
#include "crypto/primitive.h"
#include "crypto/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void column_lies_within(
        const struct person_column *c, uint32_t rows, const uint8_t *plain, size_t len)
{
        must(c->ids >= plain && c->ids + (size_t)rows * PERSON_ID_LEN <= plain + len);
        must(c->kinds >= plain && c->kinds + rows <= plain + len);
}

static void opened(const struct box_head *head, uint8_t *plain, size_t len)
{
        OWNED(secret_free) struct secret *key = NULL;
        uint8_t public_key[BOX_PUBLIC_LEN], *box = malloc(len + BOX_OVERHEAD);
        uint8_t *room = malloc(len + 1);
        struct box_persons out;
        enum err e;

        must(box != NULL && room != NULL && box_keygen(&key, public_key) == ERR_OK);
        must(box_seal_plain(public_key, plain, len, box) == ERR_OK);
        e = box_open(key, public_key, head, bytes_of(box, len + BOX_OVERHEAD), room, &out);
        must(e == ERR_OK || e == ERR_MALFORMED || e == ERR_BOX_MISPLACED);
        if (e == ERR_OK) {
                must(out.rows == head->rows);
                must(len == box_plain_len(out.rows, out.guardians));
                column_lies_within(&out.persons, out.rows, room, len);
                column_lies_within(&out.guardian_persons, out.guardians, room, len);
                must(box_seal(public_key, head, &out, box) == ERR_OK);
                must(box_open(key, public_key, head, bytes_of(box, len + BOX_OVERHEAD), room,
                             &out) == ERR_OK);
                must(memcmp(room, plain, len) == 0);
        }
        free(box);
        free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        struct box_head head = {.use = BOX_BATCH, .key_id = "0123456789abcdef"};
        struct digest digest;
        uint8_t *plain;

        if (len < 2 || crypto_init(1 << 16, false) != ERR_OK)
                return 0;
        head.rows = data[1];
        plain = malloc(len + sizeof digest.bytes);
        must(plain != NULL && box_head_digest(&head, &digest) == ERR_OK);
        if (data[0] % 2 == 0) {
                memcpy(plain, digest.bytes, sizeof digest.bytes);
                memcpy(plain + sizeof digest.bytes, data + 2, len - 2);
                opened(&head, plain, sizeof digest.bytes + len - 2);
        } else {
                memcpy(plain, data + 2, len - 2);
                opened(&head, plain, len - 2);
        }
        free(plain);
        return 0;
}
