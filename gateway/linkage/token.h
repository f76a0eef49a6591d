/* SPDX-License-Identifier: Apache-2.0 */
/* token.h: who a person is while several data sets are joined, and not after.
 * Inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_TOKEN_H
#define STATGATE_GATEWAY_LINKAGE_TOKEN_H

#include <stdint.h>
#include <string.h>

#include "gateway/linkage/work.h"

/* In the order in which rows are sorted: that of its bytes. */
struct token {
        uint64_t high, low;
};

static inline struct token token_read(const uint8_t *at)
{
        struct token t;

        memcpy(&t, at, sizeof(t));
        t.high = __builtin_bswap64(t.high);
        t.low = __builtin_bswap64(t.low);
        return t;
}

static inline int token_compare(struct token a, struct token b)
{
        if (a.high != b.high)
                return a.high < b.high ? -1 : 1;
        return a.low < b.low ? -1 : a.low > b.low;
}

/* The persons of one data set, ascending, each once. */
struct token_list {
        struct token *tokens;
        uint32_t len;
};
static inline void token_list_wipe(const struct work *w, struct token_list *l)
{
        work_wipe(w, l->tokens, sizeof(*l->tokens) * l->len);
        *l = (struct token_list){0};
}
/* Index of the first that is not below `high`. */
static inline uint32_t token_list_find(const struct token_list *l, uint64_t high)
{
        uint32_t from = 0, until = l->len;

        while (from < until) {
                uint32_t middle = from + (until - from) / 2;

                if (l->tokens[middle].high < high)
                        from = middle + 1;
                else
                        until = middle;
        }
        return from;
}

#endif
