/* SPDX-License-Identifier: Apache-2.0 */
/* fraction.c: see fraction.h.
 *
 * Floating point would do for the figures, but not for the promise that an answer repeats byte
 * for byte on another processor.
 *
 * The interval of a share is Wilson's score interval (JASA 22, 1927; Newcombe, Statistics in
 * Medicine 17, 1998, recommends it of the simple ones): its ends are the two p with
 * (n − d p)² = z² d p (1 − p). No root is taken: the middles between two shown values are
 * asked on which side of an end they lie, and halved down to one. */
#include "base/fraction.h"

enum { PER_MILLE = 1000, HALVES = 2 * PER_MILLE };
/* z² of 95 %, the square of 1.959963984540054, in 10⁻⁹. */
#define Z_SQUARED       INT64_C(3841458821)
#define Z_SQUARED_SCALE INT64_C(1000000000)

bool fraction_round(__int128 number, __int128 per, int64_t *out)
{
        const __int128 most = (__int128)1 << 126;
        __int128 half;

        if (per < 0) {
                number = -number;
                per = -per;
        }
        half = per / 2;
        if (number > most || number < -most || half > most)
                return false;
        number = (number + (number < 0 ? -half : half)) / per;
        if (number > INT64_MAX || number <= INT64_MIN)
                return false;
        *out = (int64_t)number;
        return true;
}

int64_t fraction_share(int64_t n, int64_t d)
{
        return (int64_t)(((__int128)HALVES * n + d) / (2 * (__int128)d));
}

/* Whether halves / 2000 lies above an end of the interval. On the end itself it does not lie
 * above the lower one: halves are rounded up. */
static bool is_above(int64_t n, int64_t d, int64_t halves, bool upper)
{
        __int128 off = (__int128)HALVES * n - (__int128)d * halves;
        __int128 spread = (__int128)d * halves * (HALVES - halves) * Z_SQUARED;
        __int128 squared = off * off * Z_SQUARED_SCALE;

        return upper ? off < 0 && squared > spread : off <= 0 || squared < spread;
}

static int64_t round_end(int64_t n, int64_t d, bool upper)
{
        int64_t low = 0, high = PER_MILLE;

        while (low < high) {
                int64_t middle = (low + high) / 2;

                if (is_above(n, d, 2 * middle + 1, upper))
                        high = middle;
                else
                        low = middle + 1;
        }
        return low;
}

struct fraction_interval fraction_interval(int64_t n, int64_t d)
{
        return (struct fraction_interval){round_end(n, d, false), round_end(n, d, true)};
}
