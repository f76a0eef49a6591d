/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h: a question, planned against the schema and executed on a view.
 *
 * The same question on the same view gives the same table on any number of
 * threads: counts and sums are integers, and integers do not mind the order. */
#ifndef STATGATE_GATEWAY_QUERY_ENGINE_H
#define STATGATE_GATEWAY_QUERY_ENGINE_H

#include "base/table.h"
#include "gateway/linkage/view.h"

struct plan;

/* What a question can see. */
struct plan_scope {
        const struct policy_dataset *dataset; /* the base */
        struct period span;                   /* of the base's deliveries: bounds date categories */
        /* All data sets of the linked view, the base included; derived variables look there.
         * spans[i] bounds the dates of events of linked[i]. */
        const struct policy_dataset *const *linked;
        const struct period *spans;
        uint32_t linked_len;
        bool family; /* the linkage follows guardians */
        /* What must have been delivered besides, for a municipality to count: views that
         * this question's answer is divided by, or divides. Borrowed until the plan is run. */
        const struct view *const *also;
        uint32_t also_len;
        /* delivered[i] = 1: municipality i has delivered for the period asked about. NULL: there
         * is none, and whoever has delivered at all counts. */
        const uint8_t *delivered;
        uint32_t delivered_len;
        /* What disclosure control wants to know besides. Bits 1 << enum contributor: whose parts
         * of persons, and of sums, are told (contributions; persons of their own counts are
         * nobody's). A type that the question has not (no family is linked, no variable names
         * providers) is left out. */
        unsigned contributors;
        uint32_t provider; /* the data set's variable that names providers; UINT32_MAX: none */
        bool cell_keys;    /* sum the persons' record keys; a view without gives none */
};

/* Looks up names, levels and values; checks what may be filtered and grouped,
 * ranges of declared bands, and the number of cells. The plan lives in the arena and
 * borrows data sets and query (the caller holds the policy). */
MUST_CHECK enum err plan_make(const struct plan_scope *scope, const struct query *q,
        struct arena *arena, struct plan **out, struct refusal *why);

/* Of the table, totals with them. */
size_t plan_cells(const struct plan *plan);

/* Fills a table with raw counts, not yet protected: persons, records, margin
 * persons (the same row's count under identifying filters and dimensions only) and
 * measures per cell; totals included. A municipality counts when it has delivered the base
 * (for the period, if one is asked about) and every data set that a derived variable looks
 * at; where it looks at another than the
 * base, the linkage must join it as well. Records of others are left out. Statuses are
 * CELL_MISSING where no municipality of the category counts, else CELL_PROTECTED until
 * disclosure control decides. `cancel` may be NULL. */
MUST_CHECK enum err plan_run(const struct plan *plan, const struct view *view, unsigned threads,
        struct arena *arena, const atomic_bool *cancel, struct table **out);

/* Where the rows were counted, for lists (below) that need no other look at the view. Borrows plan
 * and view. */
struct plan_rows;
MUST_CHECK enum err plan_run_kept(const struct plan *plan, const struct view *view,
        unsigned threads, struct arena *arena, const atomic_bool *cancel, struct table **out,
        struct plan_rows **rows);
void plan_rows_free(struct plan_rows **rows);

/* Whether more must have been delivered than the base, and how many municipalities count. */
bool plan_looks_beside(const struct plan *plan);
MUST_CHECK enum err plan_places(
        const struct plan *plan, const struct view *view, struct arena *arena, uint32_t *out);

/* Who is in which cell: distinct persons of every cell of a table, totals included, in
 * ascending order; of cell i they stand at starts[i] .. starts[i+1]-1. Rows of nobody are in no
 * list. `margin`: the table over the identifying dimensions and filters alone, which margin
 * persons are counted in; cells_of_margin says of every cell of the full table which of these
 * it lies in. */
struct plan_members {
        struct table *shape; /* dimensions only */
        size_t *starts;      /* cells_len + 1 */
        uint32_t *persons;
        uint32_t *records;         /* that each has in the cell; plan_members_counted only */
        uint32_t *cells_of_margin; /* margin only */
};
MUST_CHECK enum err plan_members(const struct plan *plan, const struct view *view, bool margin,
        struct arena *arena, const atomic_bool *cancel, struct plan_members *out);
/* The same of rows that were counted. */
MUST_CHECK enum err plan_rows_members(const struct plan_rows *rows, bool margin, bool counted,
        struct arena *arena, const atomic_bool *cancel, struct plan_members *out);
/* Of the full table, with their records. */
MUST_CHECK enum err plan_members_counted(const struct plan *plan, const struct view *view,
        struct arena *arena, const atomic_bool *cancel, struct plan_members *out);

#endif
