/* SPDX-License-Identifier: Apache-2.0 */
/* rounding.h: every count a multiple of a base, and totals still the sum of their parts.
 *
 * Controlled rounding (Cox, JASA 82, 1987): an inner cell goes to the multiple below or
 * above it, so that margins stay within bounds; multiples stay. Tables of two dimensions, one
 * of which may have a hierarchy, are a network and always have an answer whose every
 * margin is at the multiple below or above its value, and unbiased: on average over seeds every
 * cell is what it was. Others need a search, and their margins may move further, which is
 * told; they lean to neither side as long as nothing had to be mended. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_ROUNDING_H
#define STATGATE_GATEWAY_DISCLOSURE_ROUNDING_H

#include "gateway/disclosure/model.h"

struct rounding_options {
        uint32_t base;       /* ≥ 2 */
        uint64_t seed;       /* which of the roundings that are equally good */
        uint64_t work_limit; /* 0: a default */
        /* By column of the model: the multiple that it would be by itself, below or above its
         * value, and what it weighs that it is not (small numbers). Then the search begins
         * there and stays as near as it can. NULL: none aims at anything. */
        const int64_t *aims;
        const uint32_t *weights;
};
struct rounding_result {
        int64_t *rows;        /* of every row of the model: the rounded inner value */
        int64_t *columns;     /* of every column: the sum of its rows */
        uint32_t margin_most; /* the furthest a column is from its value */
        bool controlled;      /* every column within one base of its value */
};
/* `values` of the model's rows. What cannot be controlled within the limit comes as near as
 * the search came, still additive, and says so. The same values, seed and limit: the same
 * answer. ERR_INVALID: the base; ERR_LIMIT: numbers beyond 64 bits. */
MUST_CHECK enum err rounding_run(struct arena *arena, const struct model *model,
        const int64_t *values, const struct rounding_options *options, struct rounding_result *out);

#endif
