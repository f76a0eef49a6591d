/* SPDX-License-Identifier: Apache-2.0 */
/* pass.h: one pass over a view, and what each worker counts; inside this folder only. */
#ifndef STATGATE_GATEWAY_QUERY_PASS_H
#define STATGATE_GATEWAY_QUERY_PASS_H

#include "gateway/query/plan.h"

struct arena;

enum { BLOCK = 2048 };            /* rows */
#define CELL_FILTERED 0x80000000u /* a flag: what is added to it stays filtered */

/* Persons of a cell, in one word so that it is one load and one store: the last person seen
 * (person + 1) in the upper half, how many in the lower. */
struct count {
        uint64_t word;
};

/* What a worker counts; all arrays have one entry per cell. */
struct tally {
        struct count *counts;
        uint32_t *records;
        struct sums {
                int64_t *sum;
                uint32_t *values; /* rows with a value */
                struct count *contributors;
        } sums[MEASURES_MAX];
        bool overflow;            /* some sum was more than there is room for */
        uint64_t sensitive_drops; /* rows that only sensitive filters or dimensions left out */
        uint32_t cell[BLOCK];     /* inner cell of each row of the block; CELL_FILTERED */
        uint32_t stamp[BLOCK], row[BLOCK]; /* of the rows that are left */
        uint8_t begins[BLOCK + 1];
        uint32_t block;     /* first row of the block that pass_locate has seen last */
        uint8_t **computed; /* by computed operand: BLOCK values in physical form */
};

/* Which tests and dimensions a pass keeps: the question, or its margin. */
struct pass {
        const struct plan *plan;
        const struct view *view;
        const atomic_bool *cancel;
        bool margin;
        struct table *table;                /* shape of this pass */
        uint32_t dimension[DIMENSIONS_MAX]; /* dimension of the plan */
        uint32_t stride[DIMENSIONS_MAX];
        uint32_t *offsets[DIMENSIONS_MAX]; /* by physical value, and for all others; see
                                              pass_tabulate */
        size_t cells;
        uint32_t *margins; /* cells × 2^dimensions: what each inner cell adds to; or NULL */
        struct tally *tallies;
        unsigned tallies_len;
        struct events *events; /* by computed operand: what derived ones look at; column.c */
        uint32_t tasks_persons, persons_per_task, tasks_rest;
};

/* The value of `row` of an operand, and behind it those of the next rows, in physical form: in
 * the view's column, or in the worker's buffer where the operand is computed. Computed ones
 * are there for the rows of the last pass_locate only; of a row that was filtered they
 * may be anything. */
static inline const void *pass_column(
        const struct pass *p, const struct tally *t, uint32_t operand, uint32_t row)
{
        const struct operands *o = &p->plan->operands;
        size_t width = physical_width(o->list[operand].variable->physical);
        uint32_t columns = o->dataset->variables_len;

        if (operand < columns)
                return (const uint8_t *)view_column(p->view, operand) + width * row;
        return t->computed[operand - columns] + width * (row - t->block);
}

/* column.c */
/* What computed columns need before the first block: once per pass, and per worker. */
MUST_CHECK enum err columns_prepare(struct pass *p, unsigned threads, struct arena *scratch);
MUST_CHECK enum err columns_new_tally(struct arena *scratch, const struct pass *p, struct tally *t);

/* locate.c */
/* Flags as CELL_FILTERED those of rows row..row+n-1 that a test takes out. */
void pass_test(const struct pass *p, const struct tally *t, const struct test *test, uint32_t row,
        uint32_t n, uint32_t *flags);
/* Fills p->offsets of dimension `d` of the pass. */
MUST_CHECK enum err pass_tabulate(struct pass *p, uint32_t d, struct arena *scratch);
/* Inner cells of rows row..row+n-1 into t->cell; how many of them are filtered. */
uint32_t pass_locate(const struct pass *p, struct tally *t, uint32_t row, uint32_t n);

#endif
