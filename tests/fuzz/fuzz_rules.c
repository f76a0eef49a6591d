/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_rules.c: whatever decodes as a canonical bundle encodes to the same bytes;
 * likewise a signed bundle. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "policies/rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require_same(enum err rc, const struct buf *again, const uint8_t *data, size_t len)
{
        struct bytes back;

        if (rc != ERR_OK || buf_end(again, &back) != ERR_OK ||
                !bytes_equal(back, bytes_of(data, len)))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *a = arena_new(16 << 20);
        OWNED(buf_done) struct buf rules_again, file_again;
        struct signed_bundle file;
        struct rules r;

        buf_init(&rules_again, 2 * RULES_CANONICAL_MAX);
        buf_init(&file_again, 2 * RULES_CANONICAL_MAX);
        if (rules_decode(a, bytes_of(data, len), &r) == ERR_OK)
                require_same(rules_encode(&r, &rules_again), &rules_again, data, len);
        if (signed_bundle_decode(bytes_of(data, len), &file) == ERR_OK)
                require_same(signed_bundle_encode(&file, &file_again), &file_again, data, len);
        return 0;
}
