/* SPDX-License-Identifier: Apache-2.0 */
/* memory_sets.h: questions as bytes, and as sets of persons. For memory.c. */
#ifndef STATGATE_GATEWAY_MEMORY_SETS_H
#define STATGATE_GATEWAY_MEMORY_SETS_H

#include "base/bytes.h"
#include "gateway/memory.h"
#include "gateway/memory_persons.h"

enum { MEMORY_QUESTION_MAX = 1 << 20 };

/* What the verdict rests on: the policy, who counts, what is asked, and what would be told; and
 * under which linkage, where that is not the data set's own (else empty). */
MUST_CHECK enum err memory_key(const struct policy *p, struct bytes linkage,
        const struct memory_question *q, struct digest *out);
MUST_CHECK enum err memory_question_write(const struct memory_question *q, struct buf *b);
MUST_CHECK enum err memory_question_read(
        struct arena *arena, struct bytes from, struct memory_question *out);

struct rows {
        struct ledger_set *sets; /* coarse ones first */
        uint32_t *cells;         /* of each */
        uint32_t len, of;        /* of so many cells in all */
};
/* Who is in which row, in the view of the question's vintage; `home`: as persons_number. */
MUST_CHECK enum err memory_rows(struct persons *persons, const struct memory_ask *ask,
        const struct view *view, const struct view *home, const struct memory_question *q,
        struct arena *arena, struct rows *out);

/* What a closed vintage became, and how many records went since it was published. */
struct successor {
        struct vintage vintage;
        uint32_t removed;
};
/* ERR_VINTAGE_CLOSED: nothing; it is retired. ERR_NOT_FOUND: and what it told is given up. */
MUST_CHECK enum err memory_successor(
        struct store *store, struct vintage closed, struct arena *arena, struct successor *out);

#endif
