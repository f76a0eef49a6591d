/* SPDX-License-Identifier: Apache-2.0 */
/* known_rows.c: see known_rows.h. */
#include "tests/support/known_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint64_t times(uint64_t a, uint64_t b)
{
        return (uint64_t)((unsigned __int128)a * b % KNOWN_PRIME);
}

static uint64_t inverse(uint64_t a)
{
        uint64_t r = 1;

        for (uint64_t e = KNOWN_PRIME - 2; e > 0; e >>= 1, a = times(a, a))
                if (e & 1)
                        r = times(r, a);
        return r;
}

/* What is left of a row when all that is known is taken out. */
static bool reduce(const struct known *k, uint64_t *row, uint32_t *pivot)
{
        for (uint32_t i = 0; i < k->len; i++) {
                uint64_t f = row[k->pivots[i]];

                for (uint32_t x = 0; f != 0 && x < k->width; x++)
                        if (k->rows[i][x] != 0)
                                row[x] = (row[x] + KNOWN_PRIME - times(f, k->rows[i][x])) %
                                         KNOWN_PRIME;
        }
        for (*pivot = 0; *pivot < k->width; ++*pivot)
                if (row[*pivot] != 0)
                        return true;
        return false;
}

static uint64_t *copy_of(const struct known *k, const uint64_t *row)
{
        uint64_t *copy = calloc(k->width, sizeof(*copy));

        assert(copy != NULL);
        memcpy(copy, row, sizeof(*copy) * k->width);
        return copy;
}

void known_learn(struct known *k, const uint64_t *row)
{
        uint64_t *copy = copy_of(k, row);
        uint32_t pivot;

        if (!reduce(k, copy, &pivot)) {
                free(copy);
                return;
        }
        uint64_t by = inverse(copy[pivot]);
        for (uint32_t x = 0; x < k->width; x++)
                copy[x] = times(copy[x], by);
        if (k->len == k->cap) {
                k->cap = k->cap > 0 ? 2 * k->cap : 64;
                k->rows = realloc(k->rows, k->cap * sizeof(*k->rows));
                k->pivots = realloc(k->pivots, k->cap * sizeof(*k->pivots));
                assert(k->rows != NULL && k->pivots != NULL);
        }
        k->pivots[k->len] = pivot;
        k->rows[k->len++] = copy;
}

bool known_gives(const struct known *k, const uint64_t *row)
{
        uint64_t *copy = copy_of(k, row);
        uint32_t pivot;
        bool left = reduce(k, copy, &pivot);

        free(copy);
        return !left;
}

void known_done(struct known *k)
{
        for (uint32_t i = 0; i < k->len; i++)
                free(k->rows[i]);
        free(k->rows);
        free(k->pivots);
        *k = (struct known){0};
}
