/* SPDX-License-Identifier: Apache-2.0 */
/* model.h: which cells there are, and what each of them is a sum of.
 *
 * Everything that can be published is a sum of *inner cells*: the finest cells of all
 * tables that leave together. Inner cells are rows; every publishable cell is a column
 * of zeros and ones over them (model matrices: Langsrud, R Journal 15, 2023). Margins,
 * levels of a hierarchy and tables that share margins need no rules of their own then:
 * they are columns like any other.
 *
 * Two cells with the same rows are the same number, so they become one column and are
 * published or hidden together: a county of one municipality, a margin shared by two
 * tables, a total of which all parts but one are zero. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_MODEL_H
#define STATGATE_GATEWAY_DISCLOSURE_MODEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* Zero is the safe answer. */
enum model_role {
        MODEL_ROLE_PROTECT = 0, /* must not be computable: a primary cell */
        MODEL_ROLE_OPEN,        /* may be published, or go with a neighbour */
        MODEL_ROLE_KNOWN,       /* everybody has it already, or it is published whatever happens */
        MODEL_ROLE_ZERO,        /* known to be zero, and so is every inner cell in it */
        MODEL_ROLE_ABSENT,      /* neither published nor protected */
        MODEL_ROLE_COUNT
};

struct model_cell {
        uint64_t want; /* larger: rather published; usually its value */
        uint32_t cost; /* what is lost when it goes with a neighbour */
        uint8_t role;  /* enum model_role */
        bool alone;    /* of one contributor, who knows it and may compute others with it */
        /* Of inner cells only. The smallest value a protected cell can have, so that a
         * published sum of such cells alone tells them all: ones where zeros are published,
         * zeros where they are not. */
        bool lowest;
};

/* Groups of a dimension's leaves (of = 0) or of its of-th level. */
struct model_level {
        const uint32_t *parent; /* of each leaf or group below, which group of this level */
        uint32_t len;           /* groups */
        uint32_t of;
};

/* Nodes of a dimension, in this order: leaves, the groups of each level, the total. */
struct model_dimension {
        uint32_t leaves;
        const struct model_level *levels; /* any number, side by side or above one another */
        uint32_t levels_len;
};

/* A table over some of the dimensions: a dense block of its nodes' product, last of its
 * dimensions fastest. A level it does not show is MODEL_ROLE_ABSENT. */
struct model_table {
        const uint32_t *dimensions;
        uint32_t dimensions_len;
        const struct model_cell *cells;
};

/* One release. With `inner` NULL every combination of leaves is an inner cell; else they
 * are listed by their leaves, dimensions_len numbers each, without repetition. An inner
 * cell is left out where a table says that it is zero. */
struct model_release {
        const struct model_dimension *dimensions;
        uint32_t dimensions_len;
        const struct model_table *tables;
        uint32_t tables_len;
        const uint32_t *inner;
        size_t inner_len;
        const atomic_bool *cancel; /* of the model, and of all that is done with it; may be NULL */
};

enum { MODEL_DIMENSIONS_MAX = 12 };
#define MODEL_CELLS_MAX ((size_t)1 << 24)
#define MODEL_ROWS_MAX  ((size_t)1 << 24)
#define MODEL_SUMS_MAX  ((size_t)1 << 30) /* ones in the matrix */

uint32_t model_nodes(const struct model_dimension *d);
/* Cells of a table's block; ERR_TOO_MANY_CELLS beyond MODEL_CELLS_MAX. */
MUST_CHECK enum err model_table_cells(
        const struct model_dimension *dimensions, const struct model_table *t, size_t *out);

/* What became of the cells: columns that differ. */
struct model_column {
        uint64_t want, cost; /* the largest of its cells; the sum of those that are open */
        bool protect, open, known, alone;
};

/* Cells without a column: nothing in them that is not known to be zero; not published. */
#define MODEL_EMPTY  UINT32_MAX
#define MODEL_ABSENT (UINT32_MAX - 1)

struct model {
        uint32_t rows, columns;
        const size_t *start; /* columns + 1: where a column's rows begin in `row` */
        const uint32_t *row; /* ascending within a column */
        const struct model_column *column;
        const uint32_t *column_of; /* of every cell, table after table */
        size_t cells;
        const uint32_t *inner; /* of every row: which inner cell, as combined or listed */
        uint32_t lowest;       /* the rows before this one hold the lowest value */
        /* Or few persons each, and the first of them are rests of known sums (lattice_sums.h): then
         * nothing is told of which only such rows remain, a rest among them. 0: there are none. */
        uint32_t rests;
        size_t impossible; /* cells to be protected that are zero by what is known */
        uint64_t work;     /* cells touched by inner cells, to make it */
        const atomic_bool *cancel;
};

/* Whether somebody asked to stop. */
bool model_cancelled(const struct model *m);

/* Rows are numbered so that those to be eliminated first come last. What the release
 * points at may go afterwards. ERR_INVALID where a hierarchy has gaps, a role is none or
 * inner cells do not exist; ERR_TOO_MANY_CELLS; ERR_CANCELLED; ERR_NO_MEMORY. */
MUST_CHECK enum err model_new(
        struct arena *arena, const struct model_release *release, struct model *out);

#endif
