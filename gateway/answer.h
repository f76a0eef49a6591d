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
#include "gateway/disclosure/rounding_table.h"
#include "gateway/gateway.h"
#include "gateway/memory.h"
#include "gateway/query/engine.h"

/* One question to one data set: an indicator may need two. */
struct question {
        struct query query;      /* as it is run; the vintage is resolved once leased */
        struct decision allowed; /* by the policy of `lease` */
        struct view_lease lease;
        struct table *table;          /* protected */
        const struct plan_rows *rows; /* while it is being made; NULL: they are not kept */
        bool looks_beside;            /* at more data sets than its own */
        uint32_t counted;             /* municipalities that count in it */
        enum answers source;          /* where the table comes from */
        struct disclosure_report report;
        struct rounding_told rounded; /* where it is */
};

struct answering {
        struct rpc_call *call;
        struct policy *policy; /* borrowed */
        struct arena *arena;
        const struct query *asked;         /* as it came */
        const struct indicator *indicator; /* NULL: a question of one's own */
        struct question main, denominator;
        bool has_denominator;
        uint32_t budget_used, budget_most; /* of the day; 0 of 0: there is no limit */
        struct promise **promises;         /* memory.h; NULL where nothing is answered */
};

/* query.c */
/* A question as it would be answered under a->policy, of the vintage that it names, by the rules
 * of its own table alone: nothing is counted against a budget, remembered, or told. Afterwards
 * query_rehearsed, whatever it returned. */
MUST_CHECK enum err query_rehearse(struct answering *a);
void query_rehearsed(struct answering *a);
enum err linkage_ended(struct rpc_call *c);

/* tables.c: q->table, protected. */
MUST_CHECK enum err table_make(struct answering *a, struct question *q);
/* Likewise, but judged by its rules alone, as if no other were ever answered. */
MUST_CHECK enum err table_rehearse(struct answering *a, struct question *q);
/* Whether it is answered from tables that are protected beforehand. */
bool question_is_planned(const struct answering *a, const struct question *q);

/* perturb.c: noise or rounding of what is shown. */
bool question_is_perturbed(const struct question *q);
/* ERR_INVALID: a measure that cannot be told so. */
MUST_CHECK enum err perturb_allows(const struct question *q, struct refusal *why);
/* Before q->table is protected, and after. `out` stays NULL where nothing need be kept. */
MUST_CHECK enum err perturb_begin(
        struct answering *a, const struct question *q, struct rounding_exact **out);
MUST_CHECK enum err perturb_end(
        struct answering *a, struct question *q, struct rounding_exact *exact);

/* margin.c: filters and dimensions of identifying variables. */
MUST_CHECK enum err margin_keep(struct arena *arena, const struct policy_dataset *d,
        const struct query *asked, struct query *margin);
/* Index of a code or band of a level; -1: none. */
int32_t margin_category(const struct variable *v, uint32_t level, struct bytes code);
/* Of the row of these categories (by dimension of `margin`; UINT32_MAX: total). 0: not known. */
MUST_CHECK enum err margin_inhabitants(struct arena *arena, const struct policy *p,
        const struct policy_dataset *d, const struct query *margin, const uint32_t *at,
        uint64_t *out);
enum { MARGIN_ROWS_MAX = 100000 };
struct margin_rows {
        uint64_t answered, refused; /* with at least so many inhabitants, and with fewer */
        bool known;                 /* false: only the deliveries tell which rows there are */
};
MUST_CHECK enum err margin_count(struct arena *arena, const struct policy *p,
        const struct policy_dataset *d, const struct query *margin, uint64_t enough,
        struct margin_rows *out);

/* coarsen.c: coarser questions, from the fewest steps on. A step is one level up, or out from the
 * coarsest. */
struct coarsening {
        struct dimension_ref dimensions[DIMENSIONS_MAX];
        uint32_t from[DIMENSIONS_MAX]; /* which dimension of the question each was */
        uint32_t len, steps;
        bool dropped[DIMENSIONS_MAX]; /* by dimension of the question */
        struct wire_label text;       /* in words; empty until coarsening_tell */
};
typedef enum err (*coarsening_judge)(void *ctx, const struct coarsening *c, bool *out_good);
/* ERR_NOT_FOUND: none is good. */
MUST_CHECK enum err coarsen(const struct policy_dataset *d, const struct query *q,
        coarsening_judge judge, void *ctx, struct coarsening *out);
MUST_CHECK enum err coarsening_tell(struct arena *arena, const struct query *q,
        const struct coarsening *c, struct wire_nearest *out);
/* The category of `coarse` that holds a category of `fine` (levels of one variable); empty:
 * none is known. */
MUST_CHECK enum err coarser_code(struct arena *arena, const struct variable *v, struct bytes fine,
        struct bytes coarse, struct bytes code, struct bytes *out);

/* nearest.c: of a table most of whose cells are protected, the least coarsening of which more
 * than half would be shown, as far as what is shown tells. *out_found false: none, or the
 * table is shown well enough. */
MUST_CHECK enum err nearest_of_table(const struct answering *a, const struct question *q,
        struct wire_nearest *out, bool *out_found);
/* From policy and question alone: one that is planned, or whose rows all have inhabitants. */
MUST_CHECK enum err nearest_planned(const struct policy *p, struct arena *arena,
        const struct question *q, struct wire_nearest *out, bool *out_found);

/* forecast.c: what can be said of the answer without looking at any data. */
MUST_CHECK enum err forecast_make(const struct answering *a, struct wire_forecast *out);

/* eligible.c: rows of q->table that may not be answered get CELL_RULE_MARGIN. */
/* In the light of all earlier answers, and remembers the rows that may be. */
MUST_CHECK enum err eligible_by_memory(
        struct answering *a, struct question *q, const struct plan_scope *scope);
/* By inhabitants, who take the place of the margin in the data; `all`: unless every row
 * passes, the question is refused. */
MUST_CHECK enum err eligible_by_inhabitants(
        struct answering *a, struct question *q, const struct plan_scope *scope, bool all);

/* By municipality, whether it counts: as the engine has it. */
MUST_CHECK enum err question_counts(struct answering *a, const struct question *q,
        const struct plan_scope *scope, struct memory_question *out);

/* remembering.c: memory_judge, in the memory that the question belongs to. */
MUST_CHECK enum err remembering_judge(struct answering *a, const struct question *q,
        const struct memory_question *what, const uint8_t **answered, uint32_t *cells);
/* Of a protected table: withholds cells, and measures in them, that together with earlier
 * answers would tell of too few; remembers the others. */
MUST_CHECK enum err cells_by_memory(
        struct answering *a, struct question *q, const struct plan_scope *scope);

/* release.c: canonical bytes of the protected tables and what they rest on. */
MUST_CHECK enum err release_write(const struct answering *a, struct buf *out);

/* quotient.c: `n` becomes the quotient of the only measures of both, times `scale`, with one
 * decimal more than the numerator has. Cells are matched by their codes; what either of
 * them withholds is withheld. */
MUST_CHECK enum err quotient_make(
        struct arena *arena, uint32_t scale, struct table *n, const struct table *d);

/* budget.c: ERR_LIMIT when the principal has asked all the linked questions that the policy
 * lets her ask on one day (UTC). The same question of the same vintage is one. */
MUST_CHECK enum err budget_take(struct answering *a, struct vintage vintage, struct refusal *why);
/* SHA-256 of the canonical question, asked of this vintage. */
MUST_CHECK enum err question_digest(
        const struct answering *a, struct vintage vintage, struct digest *out);

#endif
