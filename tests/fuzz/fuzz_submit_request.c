/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_submit_request.c: any bytes as a message of a delivery.
 *
 * Either they are refused with a reason, or everything the batch promises can be
 * followed to its end, and what we write from it reads the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "proto/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
        if (!holds)
                abort();
}

static uint64_t sum(const uint8_t *data, size_t len)
{
        uint64_t all = 0;

        for (size_t i = 0; i < len; i++)
                all += data[i];
        return all;
}

static void follow_column(const struct column *c, uint32_t rows)
{
        for (uint32_t row = 0; row < rows; row++) {
                const uint8_t *at = c->values + (size_t)row * c->width;
                uint16_t index = 0;

                if (column_is_missing(c, row)) {
                        must(sum(at, c->width) == 0);
                } else if (c->kind == COLUMN_CODES) {
                        memcpy(&index, at, c->width);
                        must(index < c->dictionary_len);
                        must(c->dictionary[index].len > 0);
                } else if (c->kind == COLUMN_BOOLEANS) {
                        must(*at <= 1);
                }
        }
}

static void follow_batch(const struct batch *b)
{
        must(b->rows > 0 && b->rows <= BATCH_ROWS_MAX);
        must(b->columns_len <= BATCH_COLUMNS_MAX);
        must(b->record_key_width > 0 && b->record_key_width <= RECORD_KEY_MAX_LEN);
        (void)sum(b->record_keys, (size_t)b->rows * b->record_key_width);
        if (b->persons.ids != NULL) {
                must(!b->sealed);
                (void)sum(b->persons.ids, (size_t)b->rows * PERSON_ID_LEN);
                for (uint32_t row = 0; row < b->rows; row++)
                        must(b->persons.kinds[row] < PERSON_KIND_COUNT);
        }
        if (b->guardians.offsets != NULL)
                must(b->guardians.offsets[b->rows] == b->guardians.len);
        if (b->guardians.len > 0 && !b->sealed) {
                (void)sum(b->guardians.persons.ids, (size_t)b->guardians.len * PERSON_ID_LEN);
                for (uint32_t i = 0; i < b->guardians.len; i++)
                        must(b->guardians.persons.kinds[i] < PERSON_KIND_COUNT);
        }
        for (uint32_t i = 0; i < b->columns_len; i++)
                follow_column(&b->columns[i], b->rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *arena = arena_new(32 << 20);
        OWNED(buf_done) struct buf first, second;
        struct submit_request request, again;
        struct refusal why = {0};

        buf_init(&first, 16 << 20);
        buf_init(&second, 16 << 20);
        if (arena == NULL)
                return 0;
        if (submit_request_decode(arena, bytes_of(data, len), &request, &why) != ERR_OK) {
                must(why.len > 0);
                return 0;
        }
        if (request.kind == SUBMIT_BATCH)
                follow_batch(&request.batch);
        must(submit_request_encode(&request, &first) == ERR_OK);
        must(submit_request_decode(arena, bytes_of(first.data, first.len), &again, &why) == ERR_OK);
        must(again.kind == request.kind);
        must(submit_request_encode(&again, &second) == ERR_OK);
        must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
        return 0;
}
