/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c: blocks on a list, a bump pointer in the newest.
 *
 * The ceiling counts what was handed out, so that one request cannot take the
 * memory of the others. Blocks double in size; what would fill most of one gets
 * a block of its own, and the newest goes on serving small pieces. Memory is zeroed where it has
 * been used before and comes zeroed from the system where it has not: a big untouched array costs
 * nothing until somebody writes to it. What is not zeroed is written over as a whole, so large
 * pieces of it are asked for in large pages: of small ones each costs more to get than to fill.
 *
 * What surprised us: an arena hides overruns from AddressSanitizer, because all
 * of a block is one allocation to it. So under ASan everything not handed out is
 * poisoned, and a gap is left after each piece. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fault.h"

#if UNDER_ASAN
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#define POISON(at, len)   __asan_poison_memory_region((at), (len))
#define UNPOISON(at, len) __asan_unpoison_memory_region((at), (len))
#else
enum { GAP = 0 };
#define POISON(at, len)   ((void)(at), (void)(len))
#define UNPOISON(at, len) ((void)(at), (void)(len))
#endif

enum { ALIGN = 16, FIRST_BLOCK = 16 << 10, LARGEST_BLOCK = 4 << 20, LARGE_PAGE = 2 << 20 };

struct block {
        struct block *older;
        size_t cap, used;
        size_t dirty; /* bytes before this one may not be zero */
        _Alignas(ALIGN) uint8_t data[];
};

struct arena {
        size_t ceiling, used;
        struct block *newest; /* the oldest of these lives as long as the arena */
        struct block *large;  /* one piece each */
};

/* A wish: where there are none, small ones do. */
static void wish_for_large_pages(uint8_t *at, size_t len)
{
        size_t skip = (size_t)(-(uintptr_t)at & (LARGE_PAGE - 1));

        if (len >= 2 * (size_t)LARGE_PAGE)
                (void)madvise(at + skip, (len - skip) & ~(size_t)(LARGE_PAGE - 1), MADV_HUGEPAGE);
}

/* `zeroed` asks the system for clean pages; else all of it counts as dirty. */
static struct block *block_new(size_t cap, bool zeroed)
{
        if (cap > SIZE_MAX - sizeof(struct block))
                return NULL;
        struct block *b = zeroed ? calloc(1, sizeof *b + cap) : malloc(sizeof *b + cap);

        if (b == NULL)
                return NULL;
        b->older = NULL;
        b->cap = cap;
        b->used = 0;
        b->dirty = zeroed ? 0 : cap;
        if (!zeroed)
                wish_for_large_pages(b->data, cap);
        POISON(b->data, cap);
        return b;
}

static void block_free(struct block *b)
{
        UNPOISON(b->data, b->cap);
        free(b);
}

struct arena *arena_new(size_t ceiling)
{
        if (fault_hit("alloc"))
                return NULL;
        struct arena *a = calloc(1, sizeof *a);

        if (a == NULL)
                return NULL;
        a->ceiling = ceiling;
        a->newest = block_new(FIRST_BLOCK, true);
        if (a->newest == NULL) {
                free(a);
                return NULL;
        }
        return a;
}

/* Frees the newest of a list; returns the next. */
static struct block *drop(struct block *b)
{
        struct block *older = b->older;

        block_free(b);
        return older;
}

/* Frees all blocks but the oldest. */
static void drop_younger(struct arena *a)
{
        while (a->large != NULL)
                a->large = drop(a->large);
        while (a->newest->older != NULL)
                a->newest = drop(a->newest);
}

void arena_free(struct arena **a)
{
        if (a == NULL || *a == NULL)
                return;
        drop_younger(*a);
        block_free((*a)->newest);
        free(*a);
        *a = NULL;
}

/* A block with room for `need` bytes, NULL when memory is short. */
static struct block *block_for(struct arena *a, size_t need, bool zeroed)
{
        struct block *b = a->newest;

        if (need <= b->cap - b->used)
                return b;
        size_t cap = b->cap < LARGEST_BLOCK / 2 ? b->cap * 2 : LARGEST_BLOCK;
        bool large = need > cap / 2;
        struct block **list = large ? &a->large : &a->newest;

        /* A shared block starts clean, whoever asks first. */
        b = block_new(large ? need : cap, zeroed || !large);
        if (b == NULL)
                return NULL;
        b->older = *list;
        *list = b;
        return b;
}

static void *take(struct arena *a, size_t count, size_t size, bool zeroed)
{
        static _Alignas(ALIGN) uint8_t nothing[ALIGN];
        size_t len;

        if (fault_hit("alloc") || __builtin_mul_overflow(count, size, &len))
                return NULL;
        if (len == 0)
                return nothing;
        if (len > SIZE_MAX - ALIGN - GAP)
                return NULL;
        size_t rounded = (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);

        if (rounded > a->ceiling - a->used)
                return NULL;
        struct block *b = block_for(a, rounded + GAP, zeroed);

        if (b == NULL)
                return NULL;
        uint8_t *at = b->data + b->used;

        UNPOISON(at, len);
        if (zeroed && b->used < b->dirty)
                memset(at, 0, len);
        b->used += rounded + GAP;
        a->used += rounded;
        return at;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
        return take(a, count, size, true);
}

void *arena_alloc_raw(struct arena *a, size_t count, size_t size)
{
        return take(a, count, size, false);
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
        char *copy = len < SIZE_MAX ? take(a, len + 1, 1, false) : NULL;

        if (copy == NULL)
                return NULL;
        if (len > 0)
                memcpy(copy, text, len);
        copy[len] = '\0';
        return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
        va_list args, again;
        char *text = NULL;

        va_start(args, fmt);
        va_copy(again, args);
        int len = vsnprintf(NULL, 0, fmt, args);

        if (len >= 0)
                text = take(a, (size_t)len + 1, 1, false);
        if (text != NULL)
                (void)vsnprintf(text, (size_t)len + 1, fmt, again);
        va_end(again);
        va_end(args);
        return text;
}

void arena_reset(struct arena *a)
{
        drop_younger(a);
        struct block *b = a->newest;

        if (b->dirty < b->used)
                b->dirty = b->used;
        b->used = 0;
        a->used = 0;
        POISON(b->data, b->cap);
}

static void wipe(struct block *b)
{
        for (; b != NULL; b = b->older) {
                UNPOISON(b->data, b->cap);
                explicit_bzero(b->data, b->dirty > b->used ? b->dirty : b->used);
        }
}

void arena_wipe(struct arena *a)
{
        wipe(a->large);
        wipe(a->newest);
        arena_reset(a);
}

size_t arena_used(const struct arena *a)
{
        return a->used;
}
