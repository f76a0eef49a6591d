/* SPDX-License-Identifier: Apache-2.0 */
/* reject.c: the account of rows turned away. Rows, columns and rules; never what
 * stood there. */
#include <stdlib.h>
#include <string.h>

#include "tools/cli/parcel.h"

static const struct {
        const char *rule, *sv, *en;
} sentences[] = {
#define REJECT(name, sv, en) {#name, (sv), (en)},
#include "tools/cli/reject_table.h"
#undef REJECT
};

const char *reject_sentence(const char *rule, bool lang_sv)
{
        for (size_t i = 0; i < ARRAY_LEN(sentences); i++)
                if (strcmp(sentences[i].rule, rule) == 0)
                        return lang_sv ? sentences[i].sv : sentences[i].en;
        return NULL;
}

void rejected_add(struct rejected_list *l, struct rejected r)
{
        if (l->len == l->cap) {
                size_t cap = l->cap > 0 ? l->cap * 2 : 256;
                struct rejected *items = reallocarray(l->items, cap, sizeof *items);

                if (items == NULL) {
                        l->failed = true;
                        return;
                }
                l->items = items;
                l->cap = cap;
        }
        l->items[l->len++] = r;
}

static int by_row(const void *a, const void *b)
{
        const struct rejected *x = a, *y = b;

        if (x->row != y->row)
                return x->row < y->row ? -1 : 1;
        if (x->column != y->column)
                return x->column < y->column ? -1 : 1;
        return strcmp(x->rule, y->rule);
}

void rejected_sort(struct rejected_list *l)
{
        if (l->len > 1)
                qsort(l->items, l->len, sizeof *l->items, by_row);
}

void rejected_free(struct rejected_list *l)
{
        free(l->items);
        *l = (struct rejected_list){NULL, 0, 0, false};
}
