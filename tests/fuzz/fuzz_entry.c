/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_entry.c: any bytes as what an entry of the audit log says.
 *
 * First byte even: the open part, odd: the closed one. Either it is refused before anybody sees a
 * value of it, or what it says, written again, is the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/audit/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ROOM = 16 << 20 };

static void must(bool holds)
{
        if (!holds)
                abort();
}

static enum err copy(void *ctx, const struct entry_value *v)
{
        struct entry_writer *w = ctx;
        struct digest digest;

        switch (v->rule->type) {
        case ENTRY_TEXT:
                entry_put_text(w, v->rule->field, v->text);
                break;
        case ENTRY_NUMBER:
                entry_put_number(w, v->rule->field, v->number);
                break;
        case ENTRY_DIGEST:
                must(v->text.len == sizeof digest);
                entry_put_digest(w, v->rule->field, (const struct digest *)v->text.data);
                break;
        case ENTRY_BYTES:
                entry_put_bytes(w, v->rule->field, v->text);
                break;
        case ENTRY_COUNT: {
                const char *name = arena_strndup(w->arena, (const char *)v->text.data, v->text.len);

                if (name == NULL)
                        return ERR_NO_MEMORY;
                entry_put_count(w, v->rule->field, name, (uint64_t)v->number);
                break;
        }
        }
        return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *arena = arena_new(ROOM);
        enum entry_side side;
        struct entry_writer w;
        struct entry_draft draft;
        struct entry_value v;
        struct bytes part;
        enum err e;

        if (arena == NULL || len == 0)
                return 0;
        side = data[0] % 2 == 0 ? ENTRY_OPEN : ENTRY_CLOSED;
        part = bytes_of(data + 1, len - 1);
        entry_begin(&w, arena, ENTRY_ANSWERED);
        e = entry_read(side, part, copy, &w);
        if (e == ERR_NO_MEMORY)
                return 0;
        must(e == ERR_OK || (e == ERR_MALFORMED && w.len == 0));
        (void)entry_find(part, FIELD_QUERY_DIGEST, &v);
        if (e != ERR_OK || entry_end(&w, &draft) == ERR_NO_MEMORY)
                return 0;
        must(bytes_equal(side == ENTRY_OPEN ? draft.open : draft.closed, part));
        return 0;
}
