/* SPDX-License-Identifier: Apache-2.0 */
/* sparse.c: a free list per size; sizes are 32, 48, 64, 96, 128 … bytes. */
#include "gateway/disclosure/sparse.h"

#include <string.h>

enum { SMALLEST = 32, ENTRY = sizeof(uint64_t) + sizeof(uint32_t) };

static size_t size_of(unsigned class)
{
        size_t power = (size_t)SMALLEST << class / 2;

        return class % 2 == 0 ? power : power + power / 2;
}

static unsigned class_for(size_t bytes)
{
        unsigned class = 0;

        if (bytes > SMALLEST)
                class = 2 * (unsigned)(63 - __builtin_clzll(bytes / SMALLEST));
        while (size_of(class) < bytes)
                class ++;
        return class;
}

static void *pool_take(struct pool *pool, unsigned class)
{
        void *block;

        if (class >= POOL_SIZES)
                return NULL;
        block = pool->returned[class];
        if (block == NULL)
                return arena_alloc_raw(pool->arena, 1, size_of(class));
        memcpy(&pool->returned[class], block, sizeof block);
        return block;
}

static void pool_return(struct pool *pool, void *block, size_t bytes)
{
        unsigned class = class_for(bytes);

        memcpy(block, &pool->returned[class], sizeof block);
        pool->returned[class] = block;
}

/* Vectors ---------------------------------------------------------------------------------- */

/* The most entries of a block with room for `cap`, so that its size can be told from them. */
static uint32_t cap_of(unsigned class)
{
        return (uint32_t)(size_of(class) / ENTRY);
}

void vector_drop(struct pool *pool, struct vector *v)
{
        if (v->cap > 0)
                pool_return(pool, v->value, (size_t)v->cap * ENTRY);
        *v = (struct vector){0};
}

enum err vector_reserve(struct pool *pool, struct vector *v, uint32_t cap)
{
        unsigned class = class_for((size_t)cap * ENTRY);
        void *block;

        if (v->cap >= cap && cap > 0)
                return ERR_OK;
        vector_drop(pool, v);
        if (cap == 0)
                return ERR_OK;
        block = pool_take(pool, class);
        if (block == NULL)
                return ERR_NO_MEMORY;
        v->cap = cap_of(class);
        v->value = block;
        v->row = (uint32_t *)(v->value + v->cap);
        return ERR_OK;
}

enum err vector_fit(struct pool *pool, struct vector *v)
{
        struct vector smaller = {0};

        if (v->cap <= 2 * (uint64_t)v->len + 2)
                return ERR_OK;
        TRY(vector_copy(pool, &smaller, v));
        vector_drop(pool, v);
        *v = smaller;
        return ERR_OK;
}

enum err vector_copy(struct pool *pool, struct vector *to, const struct vector *from)
{
        TRY(vector_reserve(pool, to, from->len));
        to->len = from->len;
        if (from->len > 0) {
                memcpy(to->value, from->value, from->len * sizeof *from->value);
                memcpy(to->row, from->row, from->len * sizeof *from->row);
        }
        return ERR_OK;
}

uint32_t vector_find(const struct vector *v, uint32_t row)
{
        uint32_t low = 0, high = v->len;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (v->row[middle] < row)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < v->len && v->row[low] == row ? low : v->len;
}

/* Lists ------------------------------------------------------------------------------------ */

void list_drop(struct pool *pool, struct list *l)
{
        if (l->cap > 0)
                pool_return(pool, l->at, l->cap * sizeof *l->at);
        *l = (struct list){0};
}

enum err list_push(struct pool *pool, struct list *l, uint32_t number)
{
        if (l->len == l->cap) {
                unsigned class = class_for((l->cap + 1) * sizeof *l->at);
                struct list longer = {.len = l->len, .at = pool_take(pool, class)};

                if (longer.at == NULL)
                        return ERR_NO_MEMORY;
                longer.cap = (uint32_t)(size_of(class) / sizeof *l->at);
                if (l->len > 0)
                        memcpy(longer.at, l->at, l->len * sizeof *l->at);
                list_drop(pool, l);
                *l = longer;
        }
        l->at[l->len++] = number;
        return ERR_OK;
}
