/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_body.c: a packed body that nobody packed.
 *
 * The first two bytes are the rows the caller expects, the third says whether the
 * rest is a whole body or what stands behind the compression (then it is put into
 * a frame first, so that the fuzzer need not learn zstd). Whatever unpacks must
 * pack again, and come back the same. */
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/arena.h"
#include "gateway/store/body.h"

enum { ARENA = 256 << 20, HEAD = 3 };

static struct bytes framed(struct arena *a, struct bytes plain, uint32_t rows)
{
        size_t room = 12 + ZSTD_compressBound(plain.len);
        uint8_t *at = arena_alloc(a, room, 1);
        const uint32_t head[3] = {0x31424753, rows, (uint32_t)plain.len};

        if (at == NULL)
                abort();
        memcpy(at, head, 12);
        size_t len = ZSTD_compress(at + 12, room - 12, plain.data, plain.len, 1);

        return bytes_of(at, ZSTD_isError(len) ? 12 : 12 + len);
}

static void pack_again(struct arena *a, struct column *columns, uint32_t len, uint32_t rows)
{
        struct batch b = {.rows = rows, .columns = columns, .columns_len = len};
        struct bytes once, twice;
        uint8_t *keep = arena_alloc(a, (size_t)rows + 1, 1);

        if (body_pack(a, &b, NULL, rows, &once) != ERR_OK)
                abort();
        memset(keep, 1, rows);
        if (body_filter(a, once, keep, rows, &twice) != ERR_OK || !bytes_equal(once, twice))
                abort();
        memset(keep, 0, rows);
        if (body_filter(a, once, keep, rows, &twice) != ERR_OK)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *a = NULL;
        struct column *columns;
        struct bytes body;
        uint32_t columns_len, rows;

        if (len < HEAD)
                return 0;
        a = arena_new(ARENA);
        if (a == NULL)
                return 0;
        rows = (uint32_t)(data[0] | data[1] << 8);
        body = bytes_of(data + HEAD, len - HEAD);
        if (data[2] & 1)
                body = framed(a, body, rows);
        enum err e = body_unpack(a, body, rows, &columns, &columns_len);

        if (e == ERR_OK)
                pack_again(a, columns, columns_len, rows);
        else if (e != ERR_CORRUPT && e != ERR_NO_MEMORY)
                abort();
        return 0;
}
