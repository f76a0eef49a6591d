/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_question.c: any text as a question's file.
 *
 * Either it is refused with a place and a reason, or its parts lie within the limits
 * of a query; and options added afterwards never change what it said. */
#include <stdint.h>
#include <stdlib.h>

#include "tools/cli/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void options_fill_in_only(struct question *q)
{
        struct query before = q->q;
        enum err rc = question_dataset(q, bytes_of_text("annat"), NULL);

        must((rc == ERR_OK) == (before.dataset.len == 0));
        rc = question_by(q, bytes_of_text("kon"), NULL);
        must((rc == ERR_OK) == (before.dimensions_len == 0));
        rc = question_measure(q, bytes_of_text("records"), NULL);
        must((rc == ERR_OK) == (before.measures_len == 0));
        rc = question_where(q, bytes_of_text("kon = man"), NULL);
        must((rc == ERR_OK) == (before.filters_len < FILTERS_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *arena = arena_new(64 << 20);
        OWNED(buf_done) struct buf canonical;
        struct refusal why = {0};
        struct question q;

        buf_init(&canonical, 1 << 20);
        if (arena == NULL)
                return 0;
        question_init(&q, arena);

        enum err rc = question_read_text(&q, "q.yaml", bytes_of(data, len), &why);

        must(rc == ERR_OK || rc == ERR_NO_MEMORY || why.len > 0);
        must(q.q.filters_len <= FILTERS_MAX && q.q.dimensions_len <= DIMENSIONS_MAX);
        must(q.q.measures_len <= MEASURES_MAX);
        if (rc != ERR_OK)
                return 0;
        if (query_check(&q.q, NULL) == ERR_OK)
                must(query_encode(&q.q, &canonical) == ERR_OK);
        options_fill_in_only(&q);
        return 0;
}
