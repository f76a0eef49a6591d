/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_equations.h: which factors solve equations that come one after the other, modulo 2^61
 * - 1. For lattice_together.c. */
#ifndef STATGATE_GATEWAY_LATTICE_EQUATIONS_H
#define STATGATE_GATEWAY_LATTICE_EQUATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { EQUATIONS_FACTOR_MAX = 4 };

/* Rows of equations, reduced: each has a pivot, where it alone is 1. */
struct equations {
        uint64_t *rows; /* by pivot, `width` each */
        bool *has;      /* by pivot */
        uint64_t *some; /* a solution chosen at random: what it does not solve is new */
        uint32_t width, len;
};

MUST_CHECK enum err equations_new(struct arena *arena, uint32_t width, struct equations *out);
/* Of the same width. */
void equations_copy(struct equations *to, const struct equations *from);
/* The sum of the factors times `row` is 0; `row` is spent. One that follows changes nothing. */
void equations_add(struct equations *e, uint64_t *row);
/* The solution in which one factor that is free is 1 and the other free ones are 0. False: it is
 * that one alone, or some factor is beyond EQUATIONS_FACTOR_MAX. */
bool equations_solution(const struct equations *e, uint32_t free_one, int32_t *out);
/* Whether 1 and `by` (1 or -1) are one, and all others 0. */
bool equations_solved(const struct equations *e, uint32_t one, uint32_t other, int32_t by);

#endif
