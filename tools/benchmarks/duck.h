/* SPDX-License-Identifier: Apache-2.0 */
/* duck.h: DuckDB beside us: the baseline, and a second opinion on every cell. */
#ifndef STATGATE_TOOLS_BENCHMARKS_DUCK_H
#define STATGATE_TOOLS_BENCHMARKS_DUCK_H

#include "tools/benchmarks/bench.h"
#include "tools/benchmarks/records.h"

struct duck;

/* path NULL: in memory. Two threads. */
struct duck *duck_open(const char *path);
void duck_close(struct duck **d);

/* Appends `limit` records (0: all) as whole data chunks: person as a BIGINT, codes as
 * small integers, which are as compact as DuckDB has them. Returns the seconds it took, the making
 * of the records not counted. */
double duck_load(struct duck *d, const struct records *r, uint64_t limit);
/* A table of plain columns, filled part by part. */
struct duck_column {
        const char *name;
        enum duck_type { DUCK_I16, DUCK_I32 } type;
        const void *values; /* of the part; duck_put reads them */
};
enum { DUCK_COLUMNS_MAX = 4 };
struct duck_table;
struct duck_table *duck_table(
        struct duck *d, const char *name, const struct duck_column *columns, uint32_t len);
void duck_put(struct duck_table *t, const struct duck_column *columns, uint32_t rows);
void duck_table_close(struct duck_table **t);

/* Runs a statement whose result does not matter; seconds. */
double duck_run(struct duck *d, const char *sql);

/* Durable appends into a file, records per second. */
double duck_append_rate(const struct bench *b, const struct records *r, uint64_t rows);

/* SELECT kommun, form, count(…): one row a cell; NULL is a total (CUBE) and comes as
 * UINT32_MAX. */
struct duck_cell {
        uint32_t place, form;
        int64_t count;
};
/* Seconds; cells freed by the caller. */
double duck_cells(struct duck *d, const char *sql, struct duck_cell **out, size_t *out_len);

#endif
