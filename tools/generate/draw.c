/* SPDX-License-Identifier: Apache-2.0 */
/* draw.c: chance without floating point.
 *
 * What surprised us: two draws in one expression, one argument list or one initialiser
 * come in the order the compiler likes, and gcc and clang like different ones. So one
 * statement draws once. */
#include <assert.h>
#include <stdlib.h>

#include "tools/generate/inside.h"

enum { PERMILLE = 1000, FIRST_ITEMS = 4096 };

uint64_t draw_next(struct draw *d)
{
        uint64_t z = d->state += 0x9E3779B97F4A7C15u;

        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        return z ^ z >> 31;
}

struct draw draw_of(uint64_t seed, uint64_t purpose, uint64_t number)
{
        struct draw d = {seed};

        d.state = draw_next(&d) ^ purpose;
        d.state = draw_next(&d) ^ number;
        (void)draw_next(&d);
        return d;
}

/* Lemire 2019, without the rejection: n is far below 2^32, the bias below 2^-32. */
uint32_t draw_below(struct draw *d, uint32_t n)
{
        assert(n > 0);
        return (uint32_t)((draw_next(d) >> 32) * n >> 32);
}

bool draw_permille(struct draw *d, uint32_t permille)
{
        return draw_below(d, PERMILLE) < permille;
}

int32_t day_between(struct draw *d, int32_t first, int32_t last)
{
        return last > first ? first + (int32_t)draw_below(d, (uint32_t)(last - first + 1)) : first;
}

uint32_t draw_middle(struct draw *d, uint32_t low, uint32_t high)
{
        uint32_t a = draw_below(d, high - low + 1);
        uint32_t b = draw_below(d, high - low + 1);

        return low + (a + b) / 2;
}

uint32_t draw_weighted(struct draw *d, const uint32_t *weights, uint32_t len)
{
        uint32_t sum = 0, at;

        for (uint32_t i = 0; i < len; i++)
                sum += weights[i];
        at = draw_below(d, sum);
        for (uint32_t i = 0; i < len; i++) {
                if (at < weights[i])
                        return i;
                at -= weights[i];
        }
        return len - 1;
}

uint32_t choose(struct draw *d, const struct choice *choices, uint32_t len)
{
        uint32_t sum = 0, at;

        for (uint32_t i = 0; i < len; i++)
                sum += choices[i].weight;
        at = draw_below(d, sum);
        for (uint32_t i = 0; i < len; i++) {
                if (at < choices[i].weight)
                        return i;
                at -= choices[i].weight;
        }
        return len - 1;
}

void share_out(uint64_t total, const uint64_t *weights, uint32_t len, uint64_t *out)
{
        unsigned __int128 sum = 0, given = 0, before = 0;

        for (uint32_t i = 0; i < len; i++)
                sum += weights[i];
        /* Running totals rounded to nearest: each part is within one of its share,
         * and the parts add up. */
        for (uint32_t i = 0; i < len; i++) {
                given += weights[i];

                unsigned __int128 upto =
                        sum > 0 ? ((unsigned __int128)total * given + sum / 2) / sum : 0;

                out[i] = (uint64_t)(upto - before);
                before = upto;
        }
}

bool list_grow(void **items, uint32_t *cap, uint32_t len, size_t size)
{
        if (len < *cap)
                return true;

        uint32_t more = *cap > 0 ? *cap * 2 : FIRST_ITEMS;
        void *grown = reallocarray(*items, more, size);

        if (grown == NULL)
                return false;
        *items = grown;
        *cap = more;
        return true;
}
