/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_release.c: any bytes as a released table, read by a client that trusts nobody.
 *
 * Either they are refused, or what they say can be written again, and then it is the same
 * release; and no measure has a number in a cell that is withheld. */
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

static void look(const struct table *t)
{
        for (uint32_t m = 0; m < t->measures_len; m++) {
                const struct measure *of = &t->measures[m];

                must((of->low == NULL) == (of->high == NULL));
                for (size_t cell = 0; cell < t->cells_len; cell++) {
                        uint8_t own = of->status == NULL ? CELL_VALUE : of->status[cell];

                        if (t->status[cell] == CELL_VALUE && own == CELL_VALUE)
                                continue;
                        must(of->values[cell] == 0);
                        must(of->low == NULL || (of->low[cell] == 0 && of->high[cell] == 0));
                }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *arena = arena_new(64 << 20);
        OWNED(buf_done) struct buf first, second;
        struct wire_release release, again;

        buf_init(&first, 64 << 20);
        buf_init(&second, 64 << 20);
        if (arena == NULL || release_decode(arena, bytes_of(data, len), &release) != ERR_OK)
                return 0;
        look(&release.table);
        must(release_encode(&release, &first) == ERR_OK);

        enum err rc = release_decode(arena, bytes_of(first.data, first.len), &again);

        if (rc == ERR_TOO_LARGE || rc == ERR_NO_MEMORY) /* the arena holds the first one too */
                return 0;
        must(rc == ERR_OK);
        must(release_encode(&again, &second) == ERR_OK);
        must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
        return 0;
}
