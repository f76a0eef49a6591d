/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_query_request.c: any bytes as a question.
 *
 * Either they are refused with a reason, or the question has canonical bytes, and
 * asking it again in our own encoding is the same question. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *arena = arena_new(16 << 20);
        OWNED(buf_done) struct buf first, second, wire;
        struct query query, again;
        struct refusal why = {0};

        buf_init(&first, 4 << 20);
        buf_init(&second, 4 << 20);
        buf_init(&wire, 4 << 20);
        if (arena == NULL)
                return 0;
        if (query_request_decode(arena, bytes_of(data, len), &query, &why) != ERR_OK) {
                must(why.len > 0);
                return 0;
        }
        must(query_encode(&query, &first) == ERR_OK);
        must(query_request_encode(&query, &wire) == ERR_OK);
        must(query_request_decode(arena, bytes_of(wire.data, wire.len), &again, &why) == ERR_OK);
        must(query_encode(&again, &second) == ERR_OK);
        must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
        return 0;
}
