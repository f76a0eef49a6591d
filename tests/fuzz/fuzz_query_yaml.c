/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_query_yaml.c: any text as a question in YAML.
 *
 * Either it is refused with a place and a reason, or every part lies within the limits of
 * a query; and what is then well formed has canonical bytes.
 *
 * Fuzz with ASAN_OPTIONS=detect_leaks=0, as fuzz_yaml says. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "policies/query_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void lies_within_the_limits(const struct query *q)
{
        must(q->filters_len <= FILTERS_MAX && q->dimensions_len <= DIMENSIONS_MAX);
        must(q->measures_len <= MEASURES_MAX && q->derived_len <= DERIVED_MAX);
        must(!q->has_period || q->period.first <= q->period.last);
        for (uint32_t i = 0; i < q->measures_len; i++)
                must(q->measures[i].kind != MEASURE_NONE &&
                        q->measures[i].filters_len <= DERIVED_FILTERS_MAX &&
                        q->measures[i].base_len <= DERIVED_FILTERS_MAX);
        for (uint32_t i = 0; i < q->derived_len; i++)
                must(q->derived[i].kind != DERIVED_NONE &&
                        q->derived[i].filters_len <= DERIVED_FILTERS_MAX &&
                        q->derived[i].bands_len <= DERIVED_BANDS_MAX &&
                        q->derived[i].window.from <= q->derived[i].window.until);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *arena = arena_new(64 << 20);
        OWNED(buf_done) struct buf canonical;
        struct refusal why = {0};
        struct query q;

        buf_init(&canonical, 4 << 20);
        if (arena == NULL)
                return 0;

        enum err rc = query_yaml_read_text(arena, "q.yaml", bytes_of(data, len), &q, &why);

        must(rc == ERR_OK || rc == ERR_NO_MEMORY || why.len > 0);
        if (rc != ERR_OK)
                return 0;
        lies_within_the_limits(&q);
        if (query_check(&q, NULL) == ERR_OK)
                must(query_encode(&q, &canonical) == ERR_OK);
        return 0;
}
