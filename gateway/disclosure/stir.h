/* SPDX-License-Identifier: Apache-2.0 */
/* stir.h: makes neighbours strangers: a permutation of the numbers of 32 bits.
 *
 * The last step of MurmurHash3 (Appleby 2011). No secret is in it: keys are the secret. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_STIR_H
#define STATGATE_GATEWAY_DISCLOSURE_STIR_H

#include <stdint.h>

static inline uint32_t stir(uint32_t x)
{
        x = (x ^ x >> 16) * 0x85ebca6bu;
        x = (x ^ x >> 13) * 0xc2b2ae35u;
        return x ^ x >> 16;
}

#endif
