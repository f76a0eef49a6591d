/* SPDX-License-Identifier: Apache-2.0 */
/* measure_value.c: from what was counted to the value that is shown.
 *
 * Everything is exact integers and one rule of rounding: to the nearest, halves away from
 * zero. Floating point would do for the figures, but not for the promise that an answer
 * repeats byte for byte on another processor.
 *
 * The interval of a share is Wilson's score interval (JASA 22, 1927; his is the one that
 * Newcombe, Statistics in Medicine 17, 1998, recommends of the simple ones): all p for
 * which n of d is no surprise, |n − d·p| ≤ z·√(d·p·(1 − p)). Its ends are the roots of a
 * quadratic. Instead of taking the root, the middles between two shown values are asked
 * on which side of it they lie, and halved down to one: ten exact comparisons. */
#include "gateway/query/measure.h"

enum { PER_MILLE = 1000, HALVES = 2 * PER_MILLE };
/* z² of 95 %, the square of 1.959963984540054, in 10⁻⁹. */
#define Z_SQUARED       INT64_C(3841458821)
#define Z_SQUARED_SCALE INT64_C(1000000000)

static bool divide(__int128 above, __int128 below, int64_t *out)
{
        __int128 half;

        if (below < 0) {
                above = -above;
                below = -below;
        }
        half = below / 2;
        above = (above + (above < 0 ? -half : half)) / below;
        if (above > INT64_MAX || above <= INT64_MIN)
                return false;
        *out = (int64_t)above;
        return true;
}

bool divide_rounded(int64_t number, __int128 times, int64_t per, int64_t *out)
{
        __int128 above;

        /* Room for the half that is added before dividing. */
        if (__builtin_mul_overflow((__int128)number, times, &above) ||
                above > ((__int128)1 << 126) || above < -((__int128)1 << 126))
                return false;
        return divide(above, per, out);
}

int64_t share_of(int64_t n, int64_t d)
{
        return (HALVES * n + d) / (2 * d);
}

/* Whether x = halves / 2000 lies above an end of the interval of n of d; it lies outside
 * where (n − d·x)² > z²·d·x·(1 − x). On the end itself it does not lie above: there the
 * shown value is the upper one, as halves are rounded up. Rows are counted in 32 bits, so
 * nothing here comes near 2^127. */
static bool is_above(int64_t n, int64_t d, int64_t halves, bool upper_end)
{
        __int128 off = (__int128)HALVES * n - (__int128)d * halves;
        __int128 spread = (__int128)d * halves * (HALVES - halves) * Z_SQUARED;
        __int128 squared = off * off * Z_SQUARED_SCALE;

        return upper_end ? off < 0 && squared > spread : off <= 0 || squared < spread;
}

/* The least shown value whose upper middle lies above the end. */
static int64_t round_end(int64_t n, int64_t d, bool upper_end)
{
        int64_t low = 0, high = PER_MILLE;

        while (low < high) {
                int64_t middle = (low + high) / 2;

                if (is_above(n, d, 2 * middle + 1, upper_end))
                        high = middle;
                else
                        low = middle + 1;
        }
        return low;
}

struct interval share_interval(int64_t n, int64_t d)
{
        return (struct interval){round_end(n, d, false), round_end(n, d, true)};
}

bool quantile_of(const struct bucket *buckets, uint32_t buckets_len, const int64_t *counts,
        size_t stride, unsigned quarters, int64_t *out)
{
        __int128 all = 0, before = 0;
        uint32_t i = 0;

        *out = TABLE_NO_VALUE;
        for (uint32_t b = 0; b < buckets_len; b++)
                all += counts[b * stride];
        if (all == 0)
                return true;
        /* The first bucket up to whose end the rows asked for lie; in quarters of a row. */
        while (4 * (before + counts[i * stride]) < quarters * all)
                before += counts[i++ * stride];
        const struct bucket *b = &buckets[i];
        if (!b->closed)
                return true;
        __int128 here = 4 * (__int128)counts[i * stride];
        __int128 width = (__int128)b->high - b->low + 1;

        return divide(10 * (b->low * here + width * (quarters * all - 4 * before)), here, out);
}
