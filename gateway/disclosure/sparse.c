/* SPDX-License-Identifier: Apache-2.0 */
/* sparse.c: blocks by size, and sums found again through two layers of bits. */
#include "gateway/disclosure/sparse.h"

#include <string.h>

enum { SMALLEST = 48, ENTRY = sizeof(uint64_t) + sizeof(uint32_t), SMALL_MAX = 127 };

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

/* A block for at least `bytes`; how many it has comes back in them. */
static void *block_take(struct pool *pool, size_t *bytes)
{
        unsigned class = class_of(*bytes);
        void *block;

        if (class >= POOL_SIZES)
                return NULL;
        *bytes = size_of(class);
        block = pool->returned[class];
        if (block == NULL)
                return arena_alloc_raw(pool->arena, 1, *bytes);
        memcpy(&pool->returned[class], block, sizeof block);
        return block;
}

static void block_return(struct pool *pool, void *block, size_t bytes)
{
        unsigned class = class_of(bytes);

        memcpy(block, &pool->returned[class], sizeof(void *));
        pool->returned[class] = block;
}

static enum err vector_grow(struct pool *pool, struct vector *v)
{
        size_t bytes = ((size_t)v->cap + 1) * ENTRY;
        struct vector longer = {.len = v->len};

        longer.value = block_take(pool, &bytes);
        if (longer.value == NULL)
                return ERR_NO_MEMORY;
        longer.cap = (uint32_t)(bytes / ENTRY);
        longer.at = (uint32_t *)(longer.value + longer.cap);
        if (v->len > 0) {
                memcpy(longer.value, v->value, v->len * sizeof *v->value);
                memcpy(longer.at, v->at, v->len * sizeof *v->at);
                block_return(pool, v->value, (size_t)v->cap * ENTRY);
        }
        *v = longer;
        return ERR_OK;
}

static void vector_add(struct vector *v, uint32_t at, uint64_t value)
{
        v->at[v->len] = at;
        v->value[v->len++] = value;
}

/* Lists ------------------------------------------------------------------------------------ */

static bool is_small(uint64_t value)
{
        return value <= SMALL_MAX || value >= RESIDUE_PRIME - SMALL_MAX;
}

static uint32_t entry_of(uint32_t at, uint64_t value)
{
        return at << 8 | (uint8_t)residue_signed(value);
}

static enum err list_grow(struct pool *pool, struct list *l)
{
        size_t bytes = ((size_t)l->cap + 1) * sizeof *l->entry;
        uint32_t *longer = block_take(pool, &bytes);

        if (longer == NULL)
                return ERR_NO_MEMORY;
        if (l->len > 0) {
                memcpy(longer, l->entry, l->len * sizeof *longer);
                block_return(pool, l->entry, l->cap * sizeof *longer);
        }
        l->entry = longer;
        l->cap = (uint32_t)(bytes / sizeof *longer);
        return ERR_OK;
}

enum err list_push(struct pool *pool, struct list *l, uint32_t at, uint64_t value)
{
        if (is_small(value)) {
                if (l->len == l->cap)
                        TRY(list_grow(pool, l));
                l->entry[l->len++] = entry_of(at, value);
                return ERR_OK;
        }
        if (l->rest == NULL && (l->rest = arena_alloc(pool->arena, 1, sizeof *l->rest)) == NULL)
                return ERR_NO_MEMORY;
        if (l->rest->len == l->rest->cap)
                TRY(vector_grow(pool, l->rest));
        vector_add(l->rest, at, value);
        return ERR_OK;
}

/* Room for so many of the one kind and of the other. */
static enum err list_room(struct arena *arena, struct list *l, uint32_t small, uint32_t others)
{
        if (small > l->cap) {
                l->entry = arena_alloc_raw(arena, small, sizeof *l->entry);
                l->cap = l->entry == NULL ? 0 : small;
                if (l->entry == NULL)
                        return ERR_NO_MEMORY;
        }
        if (others == 0)
                return ERR_OK;
        if (l->rest == NULL && (l->rest = arena_alloc(arena, 1, sizeof *l->rest)) == NULL)
                return ERR_NO_MEMORY;
        return others > l->rest->cap ? vector_new(arena, others, l->rest) : ERR_OK;
}

enum err list_set(struct arena *arena, struct list *l, const struct vector *from)
{
        uint32_t small = 0;

        for (uint32_t i = 0; i < from->len; i++)
                small += is_small(from->value[i]);
        list_clear(l);
        TRY(list_room(arena, l, small, from->len - small));
        for (uint32_t i = 0; i < from->len; i++) {
                if (is_small(from->value[i]))
                        l->entry[l->len++] = entry_of(from->at[i], from->value[i]);
                else
                        vector_add(l->rest, from->at[i], from->value[i]);
        }
        return ERR_OK;
}

void list_clear(struct list *l)
{
        l->len = 0;
        if (l->rest != NULL)
                l->rest->len = 0;
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
