/* SPDX-License-Identifier: Apache-2.0 */
/* kin.h: what is found within chains; inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_KIN_H
#define STATGATE_GATEWAY_LINKAGE_KIN_H

#include "gateway/linkage/chains.h"
#include "gateway/linkage/view.h"

/* Puts `chains->order` in its last order (family by family within each chain), says of
 * every place in a chain whether a family begins there (`begins`), and makes
 * the kin of everybody who is not missing: numbers are places in the order. `out_starts`
 * has places for persons + 1. */
MUST_CHECK enum err kin_find(const struct work *w, const struct stars *stars, struct chains *chains,
        const uint8_t *missing, uint32_t holds_days, uint8_t *begins, uint32_t *out_starts,
        struct kin **out_kin);

#endif
