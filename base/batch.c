/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c: the verdicts on the rows of a batch.
 *
 * Two lists that must not disagree: a byte per row that says whether it goes on,
 * and the reasons, which have a ceiling. A row beyond the ceiling of reasons is
 * still rejected: room for words never decides what is stored. */
#include "base/batch.h"

#include <string.h>

#include "base/arena.h"

enum err verdicts_new(struct arena *arena, uint32_t rows, struct verdicts *out)
{
        uint8_t *accepted = arena_alloc_raw(arena, rows, sizeof *accepted);
        struct rejection *rejections = arena_alloc_raw(arena, rows, sizeof *rejections);

        if (accepted == NULL || rejections == NULL)
                return ERR_NO_MEMORY;
        if (rows > 0)
                memset(accepted, 1, rows);
        *out = (struct verdicts){
                .accepted = accepted,
                .rows = rows,
                .accepted_len = rows,
                .rejections = rejections,
                .rejections_cap = rows,
        };
        return ERR_OK;
}

void verdicts_reject(struct verdicts *v, struct rejection why)
{
        if (why.row >= v->rows)
                return;
        if (v->accepted[why.row] != 0) {
                v->accepted[why.row] = 0;
                v->accepted_len--;
        }
        if (v->rejections_len < v->rejections_cap)
                v->rejections[v->rejections_len++] = why;
}
