/* SPDX-License-Identifier: Apache-2.0 */
/* lp_lanes.c: what a tableau spends its time on.
 *
 * Where the machine has wider registers they are used; the answers are the same to the last
 * bit, since whole numbers this small are never rounded and what is only compared (how large
 * they are) is added up in the same order. Products are not fused with sums for the same
 * reason (CMakeLists.txt). */
#include "gateway/disclosure/lp_lanes.h"

#include <math.h>
#include <stdint.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* Sanitizers are not awake yet when the linker asks which of the clones it should be; and clang
 * before 16 gives clones a name that no other file asks for. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) &&                            \
        !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) &&                         \
        !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) &&                   \
        !__has_feature(memory_sanitizer)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

typedef double lane __attribute__((vector_size(32)));
_Static_assert(sizeof(lane) == LANE * sizeof(double), "lanes");
/* Added and taken away again it rounds to a whole number, below 2^51. */
#define ROUNDER 6755399441055744.0

size_t lanes_padded(size_t len)
{
        return (len + LANE - 1) / LANE * LANE;
}

double *lanes_aligned(double *block)
{
        uintptr_t over = (uintptr_t)block % sizeof(lane);

        return over == 0 ? block : block + (sizeof(lane) - over) / sizeof *block;
}

WIDE bool lanes_combine(double *restrict row, const double *restrict other, size_t len, double by,
        double times, double over)
{
        lane *to = (lane *)row;
        const lane *from = (const lane *)other;
        lane total = {0};
        double inverse = 1 / over;

        for (size_t k = 0; k < len / LANE; k++) {
                lane a = to[k] * by, b = from[k] * times, rest = a - b;

                total += a * a + b * b;
                to[k] = (rest * inverse + ROUNDER) - ROUNDER;
        }
        return total[0] + total[1] + total[2] + total[3] < LANES_EXACT * LANES_EXACT / 16;
}

WIDE void lanes_add(double *restrict row, const double *restrict other, size_t len, double times)
{
        lane *to = (lane *)row;
        const lane *from = (const lane *)other;

        for (size_t k = 0; k < len / LANE; k++)
                to[k] += from[k] * times;
}

WIDE double lanes_product(const double *a, const double *b, size_t len, double *size)
{
        const lane *x = (const lane *)a, *y = (const lane *)b;
        lane sum = {0}, squares = {0};

        for (size_t k = 0; k < len / LANE; k++) {
                lane part = x[k] * y[k];

                sum += part;
                squares += part * part;
        }
        /* As many parts as there are, none larger than the root of all squares. */
        *size = sqrt(squares[0] + squares[1] + squares[2] + squares[3]) * (double)len;
        return sum[0] + sum[1] + sum[2] + sum[3];
}
