/* SPDX-License-Identifier: Apache-2.0 */
/* measure_value.c: from what was counted to the value that is shown.
 *
 * Everything is exact integers and one rule of rounding: to the nearest, halves away from
 * zero. Floating point would do for the figures, but not for the promise that an answer
 * repeats byte for byte on another processor.
 */
#include "base/fraction.h"
#include "gateway/query/measure.h"

bool divide_rounded(int64_t number, __int128 times, int64_t per, int64_t *out)
{
        __int128 above;

        /* Room for the half that is added before dividing. */
        if (__builtin_mul_overflow((__int128)number, times, &above) ||
                above > ((__int128)1 << 126) || above < -((__int128)1 << 126))
                return false;
        return fraction_round(above, per, out);
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

        return fraction_round(
                10 * (b->low * here + width * (quarters * all - 4 * before)), here, out);
}
