/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_answer.c: any bytes as what a client is told beside a table: an answer with its
 * forecast, and a data set's description with its rules and planned tables.
 *
 * Either they are refused, or what they say can be written again and read the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "proto/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ROOM = 64 << 20 };

static void must(bool holds)
{
        if (!holds)
                abort();
}

static bool short_of_room(enum err rc)
{
        return rc == ERR_TOO_LARGE || rc == ERR_NO_MEMORY; /* the arena holds the first one too */
}

static void same(const struct buf *a, const struct buf *b)
{
        must(a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0));
}

static void try_answer(struct arena *arena, struct bytes wire)
{
        OWNED(buf_done) struct buf first, second;
        struct wire_answer answer, again;
        enum err rc;

        buf_init(&first, ROOM);
        buf_init(&second, ROOM);
        if (answer_decode(arena, wire, &answer) != ERR_OK)
                return;
        must(!answer.has_forecast || answer.release.len == 0);
        must(answer_encode(&answer, &first) == ERR_OK);
        rc = answer_decode(arena, bytes_of(first.data, first.len), &again);
        if (short_of_room(rc))
                return;
        must(rc == ERR_OK && answer_encode(&again, &second) == ERR_OK);
        same(&first, &second);
}

static void try_description(struct arena *arena, struct bytes wire)
{
        OWNED(buf_done) struct buf first, second;
        struct wire_dataset dataset, again;
        enum err rc;

        buf_init(&first, ROOM);
        buf_init(&second, ROOM);
        if (dataset_decode(arena, wire, &dataset) != ERR_OK)
                return;
        must(dataset_encode(&dataset, &first) == ERR_OK);
        rc = dataset_decode(arena, bytes_of(first.data, first.len), &again);
        if (short_of_room(rc))
                return;
        must(rc == ERR_OK && dataset_encode(&again, &second) == ERR_OK);
        same(&first, &second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *arena = arena_new(ROOM);

        if (arena == NULL)
                return 0;
        try_answer(arena, bytes_of(data, len));
        arena_reset(arena);
        try_description(arena, bytes_of(data, len));
        return 0;
}
