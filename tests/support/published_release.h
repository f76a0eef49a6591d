/* SPDX-License-Identifier: Apache-2.0 */
/* published_release.h: what everybody sees of a random release, and every table that fits.
 *
 * The oracle tries all whole numbers for the inner cells: slow, and nothing to get wrong. */
#ifndef STATGATE_TESTS_SUPPORT_PUBLISHED_RELEASE_H
#define STATGATE_TESTS_SUPPORT_PUBLISHED_RELEASE_H

#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/suppress.h"
#include "tests/support/random_release.h"

struct published_release {
        struct audit_release release;
        struct audit_table table[RELEASE_TABLES];
        uint8_t *status[RELEASE_TABLES];
        int64_t *values[RELEASE_TABLES];
};

/* Statuses as a pattern says, table after table (NULL: each cell by chance, one in
 * `protected_in` protected); values of what is not published are rubbish. */
void published_release_new(struct arena *arena, const struct random_release *from,
        const struct suppress_result *pattern, uint64_t seed, uint32_t protected_in,
        bool zeros_published, struct published_release *out);

/* Of every protected cell, in order, over all tables of whole numbers that fit, divided by
 * `scale`. Where nothing bounds a value it is at most UNBOUNDED. With `floors` what is
 * protected is at least 1. With a threshold, something below it is the reason wherever protected
 * cells hang together. False: there is none. */
enum { UNBOUNDED = 1000 };
bool published_release_try_all(const struct random_release *from, const struct published_release *p,
        uint32_t scale, bool floors, uint32_t threshold, int64_t *low, int64_t *high);

#endif
