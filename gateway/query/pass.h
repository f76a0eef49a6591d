/* SPDX-License-Identifier: Apache-2.0 */
/* pass.h: one pass over a view, and what each worker counts; inside this folder only. */
#ifndef STATGATE_GATEWAY_QUERY_PASS_H
#define STATGATE_GATEWAY_QUERY_PASS_H

#include "gateway/query/measure.h"
#include "gateway/query/plan.h"

struct arena;

enum { BLOCK = 2048 };            /* rows */
#define CELL_FILTERED 0x80000000u /* a flag: what is added to it stays filtered */

/* Persons of a cell, in one word so that it is one load and one store: the last person seen
 * (person + 1) in the upper half, how many in the lower. */
struct count {
        uint64_t word;
};

/* A person in an inner cell. */
struct note {
        uint32_t cell, stamp;
};

/* Rows of persons that count, as a pass located them: those of task i from begin[i] on, as many as
 * len[i]; stamps are one more than persons. */
struct plan_rows {
        struct arena *arena;
        const struct plan *plan;
        const struct view *view;
        struct note *notes;
        uint32_t *begin, *len;
        uint32_t tasks;
        bool margin_is_total; /* nothing sensitive left a row out */
};

/* What a worker counts; all arrays have one entry per cell. */
struct tally {
        struct count *counts;
        uint32_t *records;
        struct part_tally { /* of one part of the measures; what it does not count is NULL */
                struct count *persons, *families;
                uint32_t *records; /* rows that the part keeps, with a value where it has one */
                int64_t *sum;
                uint32_t *buckets; /* buckets × cells */
                /* Where contributions to the sum are told: of the rows left of the block. */
                int64_t *values;
                uint8_t *has_value;
        } parts[PARTS_MAX];
        struct telling *telling;  /* contributions.c; NULL: none are told */
        uint32_t *keys;           /* sums of the record keys of a cell's persons; NULL: none */
        bool overflow;            /* some sum was more than there is room for */
        uint64_t sensitive_drops; /* rows that only sensitive filters or dimensions left out */
        uint32_t cell[BLOCK];     /* inner cell of each row of the block; CELL_FILTERED */
        uint32_t stamp[BLOCK], row[BLOCK]; /* of the rows that are left */
        uint32_t begins[BLOCK];            /* how many persons begin at a row: who has none, too */
        uint32_t family[BLOCK];       /* of all rows of the block, where families are counted */
        uint32_t flags[BLOCK];        /* CELL_FILTERED: a part does not keep the row */
        uint32_t kept[BLOCK];         /* which of the rows that are left a part keeps */
        uint32_t block;               /* first row of the block that pass_locate has seen last */
        uint8_t **computed;           /* by computed operand: BLOCK values in physical form */
        uint32_t first_person;        /* of the block; view_persons: its first row is of nobody */
        uint32_t place_person, place; /* person + 1 whose municipality was found last */
        uint32_t *seen, seen_now;     /* stamps by id, for counting distinct values */
        struct note *noted;           /* where the next rows of the task go; NULL: nowhere */
};

/* Municipalities that count, by number; see places.c. */
struct places {
        uint8_t *counts;
        uint32_t len;    /* 0: no data set asked about has municipalities */
        bool leaves_out; /* some who have delivered the base do not count */
};

/* Which tests and dimensions a pass keeps: the question, or its margin. */
struct pass {
        const struct plan *plan;
        const struct view *view;
        const struct places *places;
        const atomic_bool *cancel;
        bool margin;
        bool cells_only;                    /* nothing is measured */
        bool parts;                         /* measures need more than persons and records */
        bool tells;                         /* contributions are counted */
        const uint64_t *keys;               /* record keys that are summed; or NULL */
        const struct families *families;    /* NULL: nobody counts them in this pass */
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
        struct plan_rows *rows; /* that it keeps; or NULL */
};

/* A number, a date or an index, whatever it is kept as. False: missing. */
static inline bool column_value(
        enum physical physical, const void *column, uint32_t i, int64_t *out)
{
        switch (physical) {
        case PHYSICAL_U8:
                *out = ((const uint8_t *)column)[i];
                return *out != MISSING_U8;
        case PHYSICAL_U16:
                *out = ((const uint16_t *)column)[i];
                return *out != MISSING_U16;
        case PHYSICAL_I32:
                *out = ((const int32_t *)column)[i];
                return *out != MISSING_I32;
        case PHYSICAL_I64:
                *out = ((const int64_t *)column)[i];
                return *out != MISSING_I64;
        case PHYSICAL_NONE:
                break;
        }
        return false;
}

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

/* pass.c */
/* Everything but persons_per_task and the tasks, for a pass whose table, plan, view and places
 * are there. */
MUST_CHECK enum err pass_prepare(struct pass *p, unsigned threads, struct arena *scratch);
/* Makes it a pass over the identifying margin: `shape`, of dimensions `kept`. */
void pass_shape_margin(struct pass *p, struct dimension kept[DIMENSIONS_MAX], struct table *shape);
/* The cell of such a pass that a cell of the full table lies in. */
size_t pass_margin_cell(const struct pass *p, const struct table *full, size_t cell);
/* Names the persons of rows row..row+n-1, all of persons: a stamp is one more than the number of
 * each. `next` is the first person who does not begin before `row`; returned is that of the block
 * that follows. */
uint32_t pass_name_persons(
        const struct pass *p, struct tally *t, uint32_t next, uint32_t row, uint32_t n);
/* Asked at every block: where persons have thousands of events each, a task lasts. */
static inline bool pass_cancelled(const struct pass *p)
{
        return p->cancel != NULL && atomic_load_explicit(p->cancel, memory_order_relaxed);
}

/* places.c */
MUST_CHECK enum err places_make(
        const struct plan *plan, const struct view *view, struct arena *arena, struct places *out);

/* column.c */
/* What computed columns need before the first block: once per pass, and per worker. */
MUST_CHECK enum err columns_prepare(struct pass *p, unsigned threads, struct arena *scratch);
MUST_CHECK enum err columns_new_tally(struct arena *scratch, const struct pass *p, struct tally *t);

/* Cells and their margins. All cells that the inner cell adds to: itself and every margin of
 * it; how many. */
enum { COMBINATIONS_MAX = 1 << DIMENSIONS_MAX };
unsigned pass_margins(const struct pass *p, uint32_t inner, uint32_t out[COMBINATIONS_MAX]);

/* The same, looked up where there is a table of them. */
static inline const uint32_t *pass_cells(
        const struct pass *p, uint32_t inner, uint32_t computed[COMBINATIONS_MAX])
{
        if (p->margins != NULL)
                return p->margins + ((size_t)inner << p->table->dimensions_len);
        (void)pass_margins(p, inner, computed);
        return computed;
}

static inline void count_one(struct count *c, uint32_t stamp)
{
        uint64_t word = c->word;
        uint32_t persons = (uint32_t)word + (word >> 32 != stamp);

        c->word = (uint64_t)stamp << 32 | persons;
}

/* Counts a person (or family) in the cell and all its margins, if she is not there yet. */
static inline void count_once(
        const struct pass *p, uint32_t inner, uint32_t stamp, struct count *counts)
{
        uint32_t computed[COMBINATIONS_MAX];
        unsigned n = 1u << p->table->dimensions_len;

        if (counts[inner].word >> 32 == stamp)
                return; /* then so have all its margins */
        const uint32_t *cells = pass_cells(p, inner, computed);
        for (unsigned i = 0; i < n; i++)
                count_one(&counts[cells[i]], stamp);
}

/* contributions.c: what contributors have in the cells, where the plan tells of them. */
MUST_CHECK enum err contributions_new(struct arena *scratch, const struct pass *p, struct tally *t);
/* The `left` rows of the block that begins at `row`, after parts_count. */
void contributions_count(const struct pass *p, struct tally *t, uint32_t row, uint32_t left);
/* At the end of a task: persons and families are whole. */
MUST_CHECK enum err contributions_end(struct tally *t);
/* Puts them into the table, from the request's own arena. */
MUST_CHECK enum err contributions_finish(
        const struct pass *p, struct table *t, struct arena *arena);
/* Lets go of what the workers kept. */
void contributions_done(struct pass *p);

/* measure_count.c: the parts of the measures. */
MUST_CHECK enum err parts_new(struct arena *a, const struct pass *p, struct tally *t);
/* Counts the `left` rows of the block row..row+n-1 that pass_locate has left. */
void parts_count(const struct pass *p, struct tally *t, uint32_t row, uint32_t n, uint32_t left);

/* measure_finish.c: the measures of the table, when every row has been counted and persons
 * and records of its cells are there. */
MUST_CHECK enum err measures_finish(const struct pass *p, struct table *t, struct arena *scratch);
/* Adds inner cells into every margin, one dimension after the other. False when a sum
 * is more than there is room for. */
MUST_CHECK bool pass_add_margins(const struct pass *p, int64_t *cells);

/* column.c
 * Values of what the question states, for rows row..row+n-1; the block is set. */
void columns_state(const struct pass *p, struct tally *t, uint32_t row, uint32_t n);

/* derived_run.c */
/* Values of derived computed operand `c` for those rows of the block that are left. */
void derived_compute(const struct pass *p, struct tally *t, uint32_t c, uint32_t row, uint32_t n);

/* locate.c */
/* Flags as CELL_FILTERED those of n values of a physical form that a test takes out. */
void test_values(const struct test *test, enum physical form, const void *values, uint32_t n,
        uint32_t *flags);
/* Flags as CELL_FILTERED those of rows row..row+n-1 that a test takes out. */
void pass_test(const struct pass *p, const struct tally *t, const struct test *test, uint32_t row,
        uint32_t n, uint32_t *flags);
/* Fills p->offsets of dimension `d` of the pass. */
MUST_CHECK enum err pass_tabulate(struct pass *p, uint32_t d, struct arena *scratch);
/* Inner cells of rows row..row+n-1 into t->cell; how many of them are filtered. */
uint32_t pass_locate(const struct pass *p, struct tally *t, uint32_t row, uint32_t n);

#endif
