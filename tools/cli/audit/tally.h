/* SPDX-License-Identifier: Apache-2.0 */
/* tally.h: counts by key, of however many things: keys are texts of one or more parts. */
#ifndef STATGATE_TOOLS_CLI_AUDIT_TALLY_H
#define STATGATE_TOOLS_CLI_AUDIT_TALLY_H

#include "base/arena.h"
#include "base/bytes.h"

enum { TALLY_PARTS = 4, TALLY_COUNTS = 4 };

struct tally_row {
        const char *parts[TALLY_PARTS]; /* "" beyond those that were given */
        uint64_t counts[TALLY_COUNTS];
};

struct tally; /* lives in its arena */

MUST_CHECK enum err tally_new(struct arena *arena, struct tally **out);
/* Parts are copied when they are new; `count` says which of the counts grows by n.
 * ERR_LIMIT: a million keys. */
MUST_CHECK enum err tally_add(
        struct tally *t, const char *const parts[TALLY_PARTS], unsigned count, uint64_t n);
/* As above, but the count becomes n where it was less. */
MUST_CHECK enum err tally_raise(
        struct tally *t, const char *const parts[TALLY_PARTS], unsigned count, uint64_t n);
/* By the first count, largest first; equal ones by their parts. Borrowed until the next add. */
const struct tally_row *tally_rows(struct tally *t, uint32_t *out_len);
uint64_t tally_sum(const struct tally *t, unsigned count);

#endif
