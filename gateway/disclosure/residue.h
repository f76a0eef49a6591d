/* SPDX-License-Identifier: Apache-2.0 */
/* residue.h: numbers modulo the prime 2^61 - 1.
 *
 * Elimination over the integers lets numbers grow without end; here they stay one word
 * long, and the prime's shape makes the remainder two shifts. What a computation modulo
 * a prime can and cannot prove is told in eliminate.h and witness.h. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_RESIDUE_H
#define STATGATE_GATEWAY_DISCLOSURE_RESIDUE_H

#include <stdint.h>

#define RESIDUE_PRIME ((UINT64_C(1) << 61) - 1)

/* All take and give numbers below the prime. */
static inline uint64_t residue_add(uint64_t a, uint64_t b)
{
        uint64_t sum = a + b;

        return sum >= RESIDUE_PRIME ? sum - RESIDUE_PRIME : sum;
}

static inline uint64_t residue_negative(uint64_t a)
{
        return a == 0 ? 0 : RESIDUE_PRIME - a;
}

static inline uint64_t residue_minus(uint64_t a, uint64_t b)
{
        return a >= b ? a - b : a + RESIDUE_PRIME - b;
}

static inline uint64_t residue_times(uint64_t a, uint64_t b)
{
        unsigned __int128 product = (unsigned __int128)a * b;

        return residue_add((uint64_t)product & RESIDUE_PRIME, (uint64_t)(product >> 61));
}

/* Of 0 it is 0. By Fermat: a^(p-2), p-2 = 2^61 - 3; most numbers asked for are 1 or -1. */
static inline uint64_t residue_inverse(uint64_t a)
{
        uint64_t result = 1, square = a;

        if (a == 1 || a == RESIDUE_PRIME - 1)
                return a;
        for (uint64_t e = RESIDUE_PRIME - 2; e > 0; e >>= 1) {
                if (e & 1)
                        result = residue_times(result, square);
                square = residue_times(square, square);
        }
        return result;
}

/* The integer nearest to zero with this remainder. */
static inline int64_t residue_signed(uint64_t a)
{
        return a > RESIDUE_PRIME / 2 ? -(int64_t)(RESIDUE_PRIME - a) : (int64_t)a;
}

/* A well mixed word of `seed` and `n` (splitmix64, Steele, Lea & Flood 2014). */
static inline uint64_t residue_mix(uint64_t seed, uint64_t n)
{
        uint64_t x = seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return x ^ (x >> 31);
}

#endif
