/* SPDX-License-Identifier: Apache-2.0 */
/* code_set.c: a dictionary that doubles. What it outgrows stays in the arena: at most as
 * much again as the last one. */
#include "tools/cli/code_set.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/lookup.h"

enum { FIRST_CAP = 256 };

static enum err grow(struct code_set *s)
{
        uint32_t cap = s->cap > 0 ? 2 * s->cap : FIRST_CAP;
        struct bytes *text = arena_alloc_raw(s->arena, cap, sizeof *text);
        uint32_t *row = arena_alloc_raw(s->arena, cap, sizeof *row);
        struct lookup *index = lookup_new(s->arena, cap);

        if (text == NULL || row == NULL || index == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < s->len; i++) {
                text[i] = s->text[i];
                row[i] = s->row[i];
                lookup_put(index, text[i], (int32_t)i, false);
        }
        s->text = text;
        s->row = row;
        s->index = index;
        s->cap = cap;
        return ERR_OK;
}

bool code_set_find(const struct code_set *s, struct bytes text, uint32_t *out)
{
        int32_t at = s->index != NULL ? lookup_find(s->index, text) : LOOKUP_NONE;

        if (at < 0)
                return false;
        *out = (uint32_t)at;
        return true;
}

enum err code_set_add(
        struct code_set *s, struct bytes text, uint32_t row, uint32_t most, uint32_t *out)
{
        if (code_set_find(s, text, out))
                return ERR_OK;
        if (s->len >= most)
                return ERR_LIMIT;
        if (s->len == s->cap)
                TRY(grow(s));
        TRY(bytes_copy(s->arena, text, &s->text[s->len]));
        s->row[s->len] = row;
        lookup_put(s->index, s->text[s->len], (int32_t)s->len, false);
        *out = s->len++;
        return ERR_OK;
}

/* Sorting ---------------------------------------------------------------------------------- */

struct sorted {
        struct bytes text;
        uint32_t from, row;
};

static int by_text(const void *a, const void *b)
{
        return bytes_compare(((const struct sorted *)a)->text, ((const struct sorted *)b)->text);
}

enum err code_set_sort(struct code_set *s, uint32_t **out)
{
        struct sorted *sorted = arena_alloc_raw(s->arena, s->len, sizeof *sorted);
        uint32_t *to = arena_alloc_raw(s->arena, s->len, sizeof *to);

        if (sorted == NULL || to == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < s->len; i++)
                sorted[i] = (struct sorted){s->text[i], i, s->row[i]};
        if (s->len > 0)
                qsort(sorted, s->len, sizeof *sorted, by_text);
        s->index = s->len > 0 ? lookup_new(s->arena, s->cap) : NULL;
        if (s->len > 0 && s->index == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < s->len; i++) {
                s->text[i] = sorted[i].text;
                s->row[i] = sorted[i].row;
                to[sorted[i].from] = i;
                lookup_put(s->index, s->text[i], (int32_t)i, false);
        }
        *out = to;
        return ERR_OK;
}
