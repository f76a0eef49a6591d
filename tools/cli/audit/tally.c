/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c: an open-addressed table from texts to counts. */
#include "tools/cli/audit/tally.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_FIRST = 64, ROWS_MAX = 1 << 20 };

struct tally {
        struct arena *arena;
        struct tally_row *rows;
        uint32_t *slots; /* row + 1; 0: free */
        uint32_t len, cap;
        bool sorted; /* then the slots say nothing */
};

static uint64_t hash_of(const char *const parts[TALLY_PARTS])
{
        uint64_t h = UINT64_C(1469598103934665603); /* FNV-1a */

        for (unsigned i = 0; i < TALLY_PARTS; i++)
                for (const char *c = parts[i];; c++) {
                        h = (h ^ (uint8_t)*c) * UINT64_C(1099511628211);
                        if (*c == '\0')
                                break;
                }
        return h;
}

static bool same(const char *const a[TALLY_PARTS], const char *const b[TALLY_PARTS])
{
        for (unsigned i = 0; i < TALLY_PARTS; i++)
                if (strcmp(a[i], b[i]) != 0)
                        return false;
        return true;
}

static uint32_t slot_of(const struct tally *t, const char *const parts[TALLY_PARTS])
{
        uint32_t mask = 2 * t->cap - 1, at = (uint32_t)hash_of(parts) & mask;

        while (t->slots[at] != 0 &&
                !same((const char *const *)t->rows[t->slots[at] - 1].parts, parts))
                at = (at + 1) & mask;
        return at;
}

static void find_places(struct tally *t)
{
        memset(t->slots, 0, 2 * (size_t)t->cap * sizeof *t->slots);
        for (uint32_t i = 0; i < t->len; i++)
                t->slots[slot_of(t, (const char *const *)t->rows[i].parts)] = i + 1;
        t->sorted = false;
}

static enum err resize(struct tally *t, uint32_t cap)
{
        struct tally_row *rows = arena_alloc(t->arena, cap, sizeof *rows);
        uint32_t *slots = arena_alloc(t->arena, 2 * (size_t)cap, sizeof *slots);

        if (rows == NULL || slots == NULL)
                return ERR_NO_MEMORY;
        if (t->len > 0)
                memcpy(rows, t->rows, t->len * sizeof *rows);
        t->rows = rows;
        t->slots = slots;
        t->cap = cap;
        find_places(t);
        return ERR_OK;
}

enum err tally_new(struct arena *arena, struct tally **out)
{
        struct tally *t = arena_alloc(arena, 1, sizeof *t);

        if (t == NULL)
                return ERR_NO_MEMORY;
        t->arena = arena;
        TRY(resize(t, ROWS_FIRST));
        *out = t;
        return ERR_OK;
}

static enum err insert(struct tally *t, const char *const parts[TALLY_PARTS], uint32_t *out)
{
        struct tally_row row = {.counts = {0}};

        if (t->len >= ROWS_MAX)
                return ERR_LIMIT;
        for (unsigned i = 0; i < TALLY_PARTS; i++) {
                row.parts[i] = arena_strndup(t->arena, parts[i], strlen(parts[i]));
                if (row.parts[i] == NULL)
                        return ERR_NO_MEMORY;
        }
        if (t->len == t->cap)
                TRY(resize(t, 2 * t->cap));
        t->rows[t->len++] = row;
        *out = slot_of(t, parts);
        t->slots[*out] = t->len;
        return ERR_OK;
}

/* The row of a key, made if it is new. */
static enum err row_of(
        struct tally *t, const char *const parts[TALLY_PARTS], struct tally_row **out)
{
        const char *whole[TALLY_PARTS];
        uint32_t at;

        for (unsigned i = 0; i < TALLY_PARTS; i++)
                whole[i] = parts[i] != NULL ? parts[i] : "";
        if (t->sorted)
                find_places(t);
        at = slot_of(t, whole);
        if (t->slots[at] == 0)
                TRY(insert(t, whole, &at));
        *out = &t->rows[t->slots[at] - 1];
        return ERR_OK;
}

enum err tally_add(
        struct tally *t, const char *const parts[TALLY_PARTS], unsigned count, uint64_t n)
{
        struct tally_row *row;

        TRY(row_of(t, parts, &row));
        row->counts[count] += n;
        return ERR_OK;
}

enum err tally_raise(
        struct tally *t, const char *const parts[TALLY_PARTS], unsigned count, uint64_t n)
{
        struct tally_row *row;

        TRY(row_of(t, parts, &row));
        if (row->counts[count] < n)
                row->counts[count] = n;
        return ERR_OK;
}

static int by_count(const void *a, const void *b)
{
        const struct tally_row *x = a, *y = b;

        if (x->counts[0] != y->counts[0])
                return x->counts[0] > y->counts[0] ? -1 : 1;
        for (unsigned i = 0; i < TALLY_PARTS; i++) {
                int order = strcmp(x->parts[i], y->parts[i]);

                if (order != 0)
                        return order;
        }
        return 0;
}

const struct tally_row *tally_rows(struct tally *t, uint32_t *out_len)
{
        if (t->len > 0)
                qsort(t->rows, t->len, sizeof *t->rows, by_count);
        t->sorted = true;
        *out_len = t->len;
        return t->rows;
}

uint64_t tally_sum(const struct tally *t, unsigned count)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < t->len; i++)
                sum += t->rows[i].counts[count];
        return sum;
}
