/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h: what the files that answer a question share; nobody else includes it.
 *
 *      query.c     the flow: who asks, what is allowed, what leaves
 *      release.c   what a release says besides its table
 *      quotient.c  one table divided by another
 *      budget.c    how many questions a day */
#ifndef STATGATE_GATEWAY_ANSWER_H
#define STATGATE_GATEWAY_ANSWER_H

#include "base/table.h"
#include "gateway/disclosure/disclosure.h"
#include "gateway/gateway.h"
#include "gateway/query/engine.h"

/* One question to one data set: an indicator may need two. */
struct question {
        struct query query;      /* as it is run; the vintage is resolved once leased */
        struct decision allowed; /* by the policy of `lease` */
        struct view_lease lease;
        struct table *table; /* protected */
        bool looks_beside;   /* at more data sets than its own */
        uint32_t counted;    /* municipalities that count in it */
        enum answers source; /* where the table comes from */
        struct disclosure_report report;
};

struct answering {
        struct rpc_call *call;
        struct policy *policy; /* borrowed */
        struct arena *arena;
        const struct query *asked;         /* as it came */
        const struct indicator *indicator; /* NULL: a question of one's own */
        struct question main, denominator;
        bool has_denominator;
};

/* query.c */
enum err linkage_ended(struct rpc_call *c);

/* tables.c: q->table, protected. */
MUST_CHECK enum err table_make(struct answering *a, struct question *q);
/* Whether it is answered from tables that are protected beforehand. */
bool question_is_planned(const struct answering *a, const struct question *q);

/* eligible.c: rows of q->table that may not be answered get CELL_RULE_MARGIN. */
/* In the light of all earlier answers, and remembers the rows that may be. */
MUST_CHECK enum err eligible_by_memory(
        struct answering *a, struct question *q, const struct plan_scope *scope);
/* By inhabitants, who take the place of the margin in the data; `all`: unless every row
 * passes, the question is refused. */
MUST_CHECK enum err eligible_by_inhabitants(
        struct answering *a, struct question *q, const struct plan_scope *scope, bool all);

/* release.c: canonical bytes of the protected tables and what they rest on. */
MUST_CHECK enum err release_write(const struct answering *a, struct buf *out);

/* quotient.c: `n` becomes the quotient of the only measures of both, times `scale`, with one
 * decimal more than the numerator has. Cells are matched by their codes; what either of
 * them withholds is withheld. */
MUST_CHECK enum err quotient_make(
        struct arena *arena, uint32_t scale, struct table *n, const struct table *d);

/* budget.c: ERR_LIMIT when the principal has asked all the linked questions that the policy
 * lets her ask on one day (UTC). The same question of the same vintage is one. */
MUST_CHECK enum err budget_take(
        const struct answering *a, struct vintage vintage, struct refusal *why);
/* SHA-256 of the canonical question, asked of this vintage. */
MUST_CHECK enum err question_digest(
        const struct answering *a, struct vintage vintage, struct digest *out);

#endif
