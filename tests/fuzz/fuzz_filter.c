/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_filter.c: any text as the condition of a question.
 *
 * Either it is refused with a reason, or it is a filter that passes the check of
 * a whole query and has canonical bytes. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
        if (!holds)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        OWNED(buf_done) struct buf canonical;
        struct refusal why = {0};
        struct filter filter = {0};

        buf_init(&canonical, 1 << 20);
        if (arena == NULL)
                return 0;
        if (filter_parse(arena, bytes_of(data, len), &filter, &why) != ERR_OK) {
                must(why.len > 0);
                return 0;
        }
        struct query q = {
                .dataset = bytes_of_text("placering"),
                .purpose = bytes_of_text("statistik"),
                .filters = &filter,
                .filters_len = 1,
        };

        must(query_check(&q, &why) == ERR_OK);
        must(query_encode(&q, &canonical) == ERR_OK);
        return 0;
}
