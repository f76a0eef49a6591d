/* SPDX-License-Identifier: Apache-2.0 */
/* known_rows.h: what can be computed from sums that somebody was told, by elimination with
 * fractions modulo a large prime: an oracle that shares nothing with the library's. */
#ifndef STATGATE_TESTS_SUPPORT_KNOWN_ROWS_H
#define STATGATE_TESTS_SUPPORT_KNOWN_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#define KNOWN_PRIME UINT64_C(2305843009213693951)

struct known { /* rows in echelon form */
        uint64_t **rows;
        uint32_t *pivots;
        uint32_t len, cap, width; /* width is set beforehand */
};

void known_learn(struct known *k, const uint64_t *row);
bool known_gives(const struct known *k, const uint64_t *row);
void known_done(struct known *k);

#endif
