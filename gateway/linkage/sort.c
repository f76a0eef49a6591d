/* SPDX-License-Identifier: Apache-2.0 */
/* sort.c: two radix passes over 22 random bits put nearly everything in place;
 * what is left are runs of one person and rare neighbours, which a comparison
 * sort finishes. Equal tokens are one person, whatever their length of run. */
#include "gateway/linkage/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS, PASSES = 2, SHORT_RUN = 24 };

static void wipe(struct sort_key *keys, uint32_t cap)
{
        if (keys != NULL)
                explicit_bzero(keys, sizeof(*keys) * cap);
        free(keys);
}

void sorter_done(struct sorter *s)
{
        wipe(s->keys, s->cap);
        wipe(s->spare, s->cap);
        *s = (struct sorter){0};
}

static enum err reserve(struct sorter *s, uint32_t len)
{
        if (len <= s->cap)
                return ERR_OK;
        sorter_done(s);
        if (fault_hit("alloc"))
                return ERR_NO_MEMORY;
        s->keys = malloc(sizeof(*s->keys) * len);
        s->spare = malloc(sizeof(*s->spare) * len);
        if (s->keys == NULL || s->spare == NULL) {
                sorter_done(s);
                return ERR_NO_MEMORY;
        }
        s->cap = len;
        return ERR_OK;
}

static uint64_t big_endian(const uint8_t *at)
{
        uint64_t v;

        memcpy(&v, at, sizeof(v));
        return __builtin_bswap64(v);
}

/* One stable counting pass on the bits at `shift`. */
static void radix_pass(
        const struct sort_key *from, struct sort_key *to, uint32_t len, unsigned shift)
{
        uint32_t at[RADIX] = {0};
        uint32_t sum = 0;

        for (uint32_t i = 0; i < len; i++)
                at[from[i].prefix >> shift & (RADIX - 1)]++;
        for (uint32_t i = 0; i < RADIX; i++) {
                uint32_t n = at[i];

                at[i] = sum;
                sum += n;
        }
        for (uint32_t i = 0; i < len; i++)
                to[at[from[i].prefix >> shift & (RADIX - 1)]++] = from[i];
}

struct order {
        const struct sort_order *by;
        const uint8_t *rows;
};

struct sort_order sort_order_of(const struct layout *l, unsigned bits)
{
        uint32_t date = l->dataset->order_variable;

        return (struct sort_order){
                .size = l->size, .bits = bits, .date = date == UINT32_MAX ? 0 : l->offsets[date]};
}

static int compare_rows(const struct order *o, uint32_t a, uint32_t b)
{
        const uint8_t *x = o->rows + (size_t)a * o->by->size;
        const uint8_t *y = o->rows + (size_t)b * o->by->size;
        uint32_t m, n;

        int c = memcmp(x + LAYOUT_TOKEN, y + LAYOUT_TOKEN, LAYOUT_TOKEN_LEN);
        if (c != 0)
                return c;
        if (o->by->ties == SORT_BY_SECOND)
                return memcmp(x + LAYOUT_TOKEN_LEN, y + LAYOUT_TOKEN_LEN, LAYOUT_TOKEN_LEN);
        if (o->by->date != 0) {
                int32_t s, t;

                memcpy(&s, x + o->by->date, sizeof(s));
                memcpy(&t, y + o->by->date, sizeof(t));
                if (s != t)
                        return s < t ? -1 : 1;
        }
        memcpy(&m, x + LAYOUT_ORDINAL, sizeof(m));
        memcpy(&n, y + LAYOUT_ORDINAL, sizeof(n));
        return m < n ? -1 : m > n;
}

static int compare_keys(const void *a, const void *b, void *order)
{
        const struct sort_key *x = a, *y = b;

        if (x->prefix != y->prefix)
                return x->prefix < y->prefix ? -1 : 1;
        return compare_rows(order, x->row, y->row);
}

static void insertion(struct sort_key *k, uint32_t len, struct order *o)
{
        for (uint32_t i = 1; i < len; i++) {
                struct sort_key moving = k[i];
                uint32_t j = i;

                for (; j > 0 && compare_keys(&moving, &k[j - 1], o) < 0; j--)
                        k[j] = k[j - 1];
                k[j] = moving;
        }
}

/* Runs that agree in the sorted bits are put in full order. */
static void finish(struct sort_key *k, uint32_t len, unsigned shift, struct order *o)
{
        uint32_t begin = 0;

        while (begin < len) {
                uint32_t end = begin + 1;

                while (end < len && k[end].prefix >> shift == k[begin].prefix >> shift)
                        end++;
                if (end - begin > SHORT_RUN)
                        qsort_r(k + begin, end - begin, sizeof(*k), compare_keys, o);
                else if (end - begin > 1)
                        insertion(k + begin, end - begin, o);
                begin = end;
        }
}

enum err sorter_run(
        struct sorter *s, const struct sort_order *by, const uint8_t *rows, uint32_t len)
{
        const unsigned shift = 64 - PASSES * RADIX_BITS;
        struct order o = {by, rows};

        TRY(reserve(s, len));
        for (uint32_t i = 0; i < len; i++) {
                s->keys[i].prefix = big_endian(rows + (size_t)i * by->size) << by->bits;
                s->keys[i].row = i;
        }
        radix_pass(s->keys, s->spare, len, shift);
        radix_pass(s->spare, s->keys, len, shift + RADIX_BITS);
        finish(s->keys, len, shift, &o);
        return ERR_OK;
}
