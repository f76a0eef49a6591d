/* SPDX-License-Identifier: Apache-2.0 */
/* lp_lanes.h: rows of whole numbers in doubles, four at a time. Called by lp_tableau.c alone. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_LP_LANES_H
#define STATGATE_GATEWAY_DISCLOSURE_LP_LANES_H

#include <stdbool.h>
#include <stddef.h>

#define LANES_EXACT 4503599627370496.0 /* 2^52: whole numbers below are exact, with their sums */

enum { LANE = 4 };

/* A row's length with the zeros that fill it up. */
size_t lanes_padded(size_t len);
/* Where a row can begin in a block with room for LANE more. */
double *lanes_aligned(double *block);

/* row = (row * by - other * times) / over, which is whole. False beyond what is exact. Rows
 * are aligned, and as long as lanes_padded says. */
bool lanes_combine(double *restrict row, const double *restrict other, size_t len, double by,
        double times, double over);

/* row += other * times; nobody checks. */
void lanes_add(double *restrict row, const double *restrict other, size_t len, double times);

/* The sum of all products; `size`: no sum on the way is larger. */
double lanes_product(const double *a, const double *b, size_t len, double *size);

#endif
