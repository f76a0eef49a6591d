/* SPDX-License-Identifier: Apache-2.0 */
/* bounds.h: how small and how large sums of unknown whole numbers can be.
 *
 * Unknowns have bounds of their own, and some of their sums are known, or known within
 * bounds. Asked is about other sums. Linear programs find the answers and plain addition
 * of whole numbers proves them: from within by a solution that fits, from without by
 * multiples of the known sums (bounds.c). */
#ifndef STATGATE_GATEWAY_DISCLOSURE_BOUNDS_H
#define STATGATE_GATEWAY_DISCLOSURE_BOUNDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "gateway/disclosure/moves.h"

#define BOUNDS_NONE    INT64_MAX          /* no bound; below: -BOUNDS_NONE */
#define BOUNDS_LARGEST ((int64_t)1 << 50) /* of any number given */

/* Sums, one after the other; ascending without repetition within each. */
struct bounds_sums {
        uint32_t len;
        const size_t *start; /* len + 1 */
        const uint32_t *unknown;
        const int8_t *sign; /* 1 and -1; NULL: all 1 */
};

struct bounds_system {
        uint32_t unknowns;
        const int64_t *low, *high; /* of each */
        struct bounds_sums known;
        const int64_t *known_low, *known_high;
        struct bounds_sums asked; /* no signs */
};

struct bounds_options {
        bool whole;   /* unknowns are whole numbers; else the sums' bounds are of reals */
        bool binding; /* remember what binds, for bounds_binding */
        uint64_t iterations_max; /* of simplex, in all; 0: none */
        /* Where whole solutions are kept that say more than those before, each as a step from the
         * one that was told, and back; memory is the arena's. NULL: nowhere. */
        struct moves_path *path;
        struct arena *path_arena;
        const atomic_bool *cancel;
};

struct bounds_answer {
        int64_t low, high; /* nothing outside is possible */
        bool exact;        /* and these two are; false: work ended before */
};

struct bounds;

/* Everything lives in `arena`, but programs: free it. `system` may go afterwards but for
 * its arrays. ERR_CANCELLED. */
MUST_CHECK enum err bounds_new(struct arena *arena, const struct bounds_system *system,
        const struct bounds_options *options, struct bounds **out);
void bounds_free(struct bounds **b);

/* False where nothing fits what is known. */
bool bounds_feasible(const struct bounds *b);
bool bounds_limited(const struct bounds *b);
uint64_t bounds_iterations(const struct bounds *b);

/* A solution somebody has, of all unknowns; what does not fit is not believed. */
void bounds_tell(struct bounds *b, const int64_t *value);

/* From the solution that was told along a path of others, as far as it fits: all of them were seen.
 * `unknown_of`: of the path's numbers; UINT32_MAX: none of ours. */
MUST_CHECK enum err bounds_follow(struct bounds *b, const struct moves_path *path,
        const uint32_t *unknown_of, uint32_t numbers);

/* What solutions seen so far say of a sum: BOUNDS_NONE and -BOUNDS_NONE before any. */
void bounds_seen(const struct bounds *b, uint32_t sum, int64_t *low, int64_t *high);

/* Works on all wanted sums. Those of which solutions were seen that differ by `enough` are
 * left at that; 0: all to the end. */
MUST_CHECK enum err bounds_work(struct bounds *b, const bool *wanted, int64_t enough);

/* What is certain by now. */
struct bounds_answer bounds_answer(const struct bounds *b, uint32_t sum);

/* Does a sum stand in a component that is too large for bounds_work? Such a one can be asked about
 * by itself, as of real numbers: both sides of each wanted sum, and what is proved by that is in
 * bounds_answer. Where a component is larger still nothing is asked. */
bool bounds_is_large(const struct bounds *b, uint32_t sum);
MUST_CHECK enum err bounds_ask_large(struct bounds *b, const bool *wanted);

/* How far apart solutions of the program were seen: floating point, and no proof. */
struct bounds_near {
        bool asked;
        double seen;
};
struct bounds_near bounds_near(const struct bounds *b, uint32_t sum);

/* Known sums that by mere passing on of bounds keep a sum within `enough`, at most `cap` of
 * them; none where they do not. Needs no program: answers before bounds_work. */
void bounds_passed(
        struct bounds *b, uint32_t sum, int64_t enough, uint32_t *known, size_t cap, size_t *len);

/* The known sums that keep a sum from being larger, or smaller: at most `cap` of them.
 * While all of them are known nothing else would help. After bounds_work, with `binding`. */
void bounds_binding(
        struct bounds *b, uint32_t sum, bool larger, uint32_t *known, size_t cap, size_t *len);

#endif
