/* SPDX-License-Identifier: Apache-2.0 */
/* protect_table.h: rows of a file added up to a table with all its margins.
 *
 * Three kinds of file. Counts: one row an inner cell, and margins where they are given must
 * be the sums of them. Records: a row is somebody, or something, of a person; a cell counts
 * the rows, or the distinct persons where a column says who. Amounts: a row is an amount of a
 * contributor, a cell their sum. */
#ifndef STATGATE_TOOLS_CLI_PROTECT_TABLE_H
#define STATGATE_TOOLS_CLI_PROTECT_TABLE_H

#include "base/table.h"
#include "tools/cli/hierarchy.h"

enum protect_kind { PROTECT_COUNTS = 0, PROTECT_RECORDS, PROTECT_AMOUNTS };

struct protect_table {
        enum protect_kind kind;
        uint32_t dimensions_len;
        const char *const *names;
        const struct shape *shape;                /* of every dimension */
        const struct model_dimension *dimensions; /* the same, as a model wants them */
        size_t cells;                             /* dense, last dimension fastest */
        int64_t *value;
        int64_t *number;  /* distinct contributors of amounts; of counts the value itself */
        int64_t *gross;   /* what contributors add, without its sign; of counts the value */
        int64_t *largest; /* cells × CONTRIBUTIONS_LARGEST, descending, of amounts; else NULL */
        unsigned overlapping; /* bits by dimension: a person is in several of its codes */
        uint32_t decimals;
        bool negative; /* some amount is */
};

/* Cells of the shapes' product; ERR_TOO_MANY_CELLS. */
MUST_CHECK enum err protect_table_cells(const struct shape *shapes, uint32_t len, size_t *out);
/* Coordinates of a cell, in nodes. */
void protect_table_at(const struct protect_table *t, size_t cell, uint32_t *out);
/* Some dimension's node stands in for another and has no code. */
bool protect_table_hidden(const struct protect_table *t, size_t cell);
/* In no dimension a group or the total. */
bool protect_table_inner(const struct protect_table *t, size_t cell);

/* `value` names the column of amounts or counts, for complaints. Shapes and names are
 * borrowed. ERR_INVALID with `why`, ERR_TOO_MANY_CELLS, ERR_NO_MEMORY. */
MUST_CHECK enum err protect_table_new(struct arena *arena, const struct table_file *file,
        enum protect_kind kind, const struct shape *shapes, const char *const *names,
        const char *value, struct protect_table *out, struct table_fault *why);

#endif
