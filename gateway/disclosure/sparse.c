/* SPDX-License-Identifier: Apache-2.0 */
/* sparse.c: blocks by size, and sums found again through two layers of bits. */
#include "gateway/disclosure/sparse.h"

#include <string.h>

#include "gateway/disclosure/residue.h"

enum { SMALLEST = 48, ENTRY = sizeof(uint64_t) + sizeof(uint32_t) };

/* Vectors ---------------------------------------------------------------------------------- */

enum err vector_new(struct arena *arena, uint32_t cap, struct vector *out)
{
        struct vector v = {.cap = cap};

        v.value = arena_alloc_raw(arena, cap, sizeof *v.value);
        v.at = arena_alloc_raw(arena, cap, sizeof *v.at);
        if (v.value == NULL || v.at == NULL)
                return ERR_NO_MEMORY;
        *out = v;
        return ERR_OK;
}

enum err vector_copy(struct arena *arena, const struct vector *from, struct vector *out)
{
        TRY(vector_new(arena, from->len, out));
        out->len = from->len;
        if (from->len > 0) {
                memcpy(out->value, from->value, from->len * sizeof *from->value);
                memcpy(out->at, from->at, from->len * sizeof *from->at);
        }
        return ERR_OK;
}

/* Sizes of blocks: 48, 72, 96, 144, 192 … bytes, whole numbers of entries. */
static size_t size_of(unsigned class)
{
        size_t power = (size_t)SMALLEST << class / 2;

        return class % 2 == 0 ? power : power + power / 2;
}

static unsigned class_of(size_t bytes)
{
        unsigned class = 0;

        if (bytes > SMALLEST)
                class = 2 * (unsigned)(63 - __builtin_clzll(bytes / SMALLEST));
        while (size_of(class) < bytes)
                class ++;
        return class;
}

void vector_drop(struct pool *pool, struct vector *v)
{
        if (v->cap > 0) {
                unsigned class = class_of((size_t)v->cap * ENTRY);

                memcpy(v->value, &pool->returned[class], sizeof(void *));
                pool->returned[class] = v->value;
        }
        *v = (struct vector){0};
}

static enum err vector_grow(struct pool *pool, struct vector *v)
{
        unsigned class = class_of(((size_t)v->cap + 1) * ENTRY);
        struct vector longer = {.len = v->len};
        void *block;

        if (class >= POOL_SIZES)
                return ERR_NO_MEMORY;
        block = pool->returned[class];
        if (block != NULL)
                memcpy(&pool->returned[class], block, sizeof block);
        else
                block = arena_alloc_raw(pool->arena, 1, size_of(class));
        if (block == NULL)
                return ERR_NO_MEMORY;
        longer.cap = (uint32_t)(size_of(class) / ENTRY);
        longer.value = block;
        longer.at = (uint32_t *)(longer.value + longer.cap);
        if (v->len > 0) {
                memcpy(longer.value, v->value, v->len * sizeof *v->value);
                memcpy(longer.at, v->at, v->len * sizeof *v->at);
        }
        vector_drop(pool, v);
        *v = longer;
        return ERR_OK;
}

enum err vector_push(struct pool *pool, struct vector *v, uint32_t at, uint64_t value)
{
        if (v->len == v->cap)
                TRY(vector_grow(pool, v));
        v->at[v->len] = at;
        v->value[v->len++] = value;
        return ERR_OK;
}

/* Bags ------------------------------------------------------------------------------------- */

enum err bag_new(struct arena *arena, uint32_t len, struct bag *out)
{
        struct bag b = {.len = len};

        b.sum = arena_alloc(arena, (size_t)len + 1, sizeof *b.sum);
        b.marks = arena_alloc(arena, (size_t)len / 64 + 1, sizeof *b.marks);
        b.words = arena_alloc(arena, (size_t)len / 4096 + 1, sizeof *b.words);
        if (b.sum == NULL || b.marks == NULL || b.words == NULL)
                return ERR_NO_MEMORY;
        *out = b;
        return ERR_OK;
}

void bag_add(struct bag *b, uint32_t at, uint64_t value)
{
        uint64_t was = b->sum[at];

        b->sum[at] = residue_add(was, value);
        if (was != 0)
                return; /* marked already */
        b->marks[at / 64] |= UINT64_C(1) << at % 64;
        b->words[at / 4096] |= UINT64_C(1) << at / 64 % 64;
}

void bag_start_low(struct bag *b)
{
        b->cursor = 0;
}

void bag_start_high(struct bag *b)
{
        b->cursor = b->len / 4096;
}

static uint64_t take(struct bag *b, uint32_t at)
{
        uint64_t value = b->sum[at];

        b->sum[at] = 0;
        b->marks[at / 64] &= ~(UINT64_C(1) << at % 64);
        if (b->marks[at / 64] == 0)
                b->words[at / 4096] &= ~(UINT64_C(1) << at / 64 % 64);
        return value;
}

bool bag_take_low(struct bag *b, uint32_t *at, uint64_t *value)
{
        for (; b->cursor <= b->len / 4096; b->cursor++)
                while (b->words[b->cursor] != 0) {
                        uint32_t word =
                                b->cursor * 64 + (uint32_t)__builtin_ctzll(b->words[b->cursor]);

                        *at = word * 64 + (uint32_t)__builtin_ctzll(b->marks[word]);
                        *value = take(b, *at);
                        if (*value != 0)
                                return true;
                }
        return false;
}

bool bag_take_high(struct bag *b, uint32_t *at, uint64_t *value)
{
        for (;; b->cursor--) {
                while (b->words[b->cursor] != 0) {
                        uint32_t word = b->cursor * 64 + 63 -
                                        (uint32_t)__builtin_clzll(b->words[b->cursor]);

                        *at = word * 64 + 63 - (uint32_t)__builtin_clzll(b->marks[word]);
                        *value = take(b, *at);
                        if (*value != 0)
                                return true;
                }
                if (b->cursor == 0)
                        return false;
        }
}
