/* SPDX-License-Identifier: Apache-2.0 */
/* duck.c: DuckDB through its C API, in and out by vectors.
 *
 * What surprised us: duckdb_value_varchar and its relatives look a row up from the
 * start each time, which makes reading a result quadratic and DuckDB look bad for
 * no fault of its own. Chunks and vectors are how it wants to be used. */
#include "tools/benchmarks/duck.h"

#include <duckdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct duck {
        duckdb_database database;
        duckdb_connection connection;
};

static const char schema[] = "CREATE TABLE placering (person BIGINT, kommun SMALLINT, kon UTINYINT,"
                             " fodelsemanad DATE, start DATE, slut DATE, form UTINYINT,"
                             " lagrum UTINYINT, regi UTINYINT, utforare UTINYINT, avslut UTINYINT,"
                             " kostnad BIGINT)";
enum { COLUMNS = 12 };
static const duckdb_type types[COLUMNS] = {DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_SMALLINT,
        DUCKDB_TYPE_UTINYINT, DUCKDB_TYPE_DATE, DUCKDB_TYPE_DATE, DUCKDB_TYPE_DATE,
        DUCKDB_TYPE_UTINYINT, DUCKDB_TYPE_UTINYINT, DUCKDB_TYPE_UTINYINT, DUCKDB_TYPE_UTINYINT,
        DUCKDB_TYPE_UTINYINT, DUCKDB_TYPE_BIGINT};

static void run(struct duck *d, const char *sql, duckdb_result *result)
{
        if (duckdb_query(d->connection, sql, result) != DuckDBSuccess)
                bench_fail(duckdb_result_error(result));
}

struct duck *duck_open(const char *path)
{
        struct duck *d = calloc(1, sizeof *d);

        if (d == NULL || duckdb_open(path, &d->database) != DuckDBSuccess ||
                duckdb_connect(d->database, &d->connection) != DuckDBSuccess)
                bench_fail("DuckDB does not open");
        (void)duck_run(d, "SET threads = 2");
        (void)duck_run(d, "SET memory_limit = '8GB'");
        return d;
}

void duck_close(struct duck **d)
{
        duckdb_disconnect(&(*d)->connection);
        duckdb_close(&(*d)->database);
        free(*d);
        *d = NULL;
}

double duck_run(struct duck *d, const char *sql)
{
        double began = bench_seconds();
        duckdb_result result;

        run(d, sql, &result);
        double took = bench_seconds() - began;

        duckdb_destroy_result(&result);
        return took;
}

/* Records in -------------------------------------------------------------------- */

static void *data_of(duckdb_data_chunk chunk, idx_t column)
{
        return duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, column));
}

static void put_missing(
        duckdb_data_chunk chunk, idx_t column, const uint8_t *missing, uint32_t at, uint32_t len)
{
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);

        duckdb_vector_ensure_validity_writable(vector);
        uint64_t *validity = duckdb_vector_get_validity(vector);

        for (uint32_t i = 0; i < len; i++)
                duckdb_validity_set_row_validity(
                        validity, i, (missing[(at + i) / 8] >> ((at + i) % 8) & 1) == 0);
}

static int64_t number_of(const uint8_t id[PERSON_ID_LEN])
{
        int64_t v = 0;

        for (unsigned i = 0; i < PERSON_ID_LEN; i++)
                v = v * 10 + (id[i] - '0');
        return v;
}

static void fill_chunk(
        duckdb_data_chunk chunk, const struct rows *rows, uint32_t place, uint32_t at, uint32_t len)
{
        static const struct {
                idx_t column;
                enum records_code code;
        } codes[] = {{2, CODE_KON}, {6, CODE_FORM}, {7, CODE_LAGRUM}, {8, CODE_REGI},
                {9, CODE_UTFORARE}, {10, CODE_AVSLUT}};
        int64_t *person = data_of(chunk, 0);
        int16_t *kommun = data_of(chunk, 1);

        duckdb_data_chunk_reset(chunk);
        for (uint32_t i = 0; i < len; i++) {
                person[i] = number_of(rows->ids[at + i]);
                kommun[i] = (int16_t)place;
        }
        for (size_t c = 0; c < ARRAY_LEN(codes); c++)
                memcpy(data_of(chunk, codes[c].column), rows->codes[codes[c].code] + at, len);
        memcpy(data_of(chunk, 3), rows->birth + at, len * sizeof rows->birth[0]);
        memcpy(data_of(chunk, 4), rows->start + at, len * sizeof rows->start[0]);
        memcpy(data_of(chunk, 5), rows->end + at, len * sizeof rows->end[0]);
        memcpy(data_of(chunk, 11), rows->cost + at, len * sizeof rows->cost[0]);
        put_missing(chunk, 5, rows->end_missing, at, len);
        put_missing(chunk, 10, rows->end_missing, at, len);
        put_missing(chunk, 11, rows->cost_missing, at, len);
        duckdb_data_chunk_set_size(chunk, len);
}

static void append(
        duckdb_appender appender, duckdb_data_chunk chunk, const struct rows *rows, uint32_t place)
{
        uint32_t most = (uint32_t)duckdb_vector_size();

        for (uint32_t at = 0; at < rows->len; at += most) {
                fill_chunk(chunk, rows, place, at, rows->len - at < most ? rows->len - at : most);
                if (duckdb_append_data_chunk(appender, chunk) != DuckDBSuccess)
                        bench_fail("DuckDB's appender refuses a chunk");
        }
}

static duckdb_data_chunk new_chunk(void)
{
        duckdb_logical_type logical[COLUMNS];

        for (unsigned i = 0; i < COLUMNS; i++)
                logical[i] = duckdb_create_logical_type(types[i]);
        duckdb_data_chunk chunk = duckdb_create_data_chunk(logical, COLUMNS);

        for (unsigned i = 0; i < COLUMNS; i++)
                duckdb_destroy_logical_type(&logical[i]);
        return chunk;
}

double duck_load(struct duck *d, const struct records *r, uint64_t limit)
{
        struct rows *rows = malloc(sizeof *rows);
        duckdb_data_chunk chunk = new_chunk();
        duckdb_appender appender;
        uint64_t done = 0;
        double took = 0;

        (void)duck_run(d, schema);
        if (rows == NULL || duckdb_appender_create(d->connection, NULL, "placering", &appender) !=
                                    DuckDBSuccess)
                bench_fail("DuckDB has no appender");
        for (uint32_t p = 0; p < r->places && (limit == 0 || done < limit); p++) {
                for (uint32_t at = 0; at < r->place[p].rows; at += RECORDS_BATCH) {
                        uint32_t left = r->place[p].rows - at;

                        records_fill(r, p, at, left < RECORDS_BATCH ? left : RECORDS_BATCH, rows);
                        double began = bench_seconds();
                        append(appender, chunk, rows, p);
                        took += bench_seconds() - began;
                        done += rows->len;
                }
        }
        double began = bench_seconds();

        if (duckdb_appender_destroy(&appender) != DuckDBSuccess)
                bench_fail("DuckDB does not take the records");
        took += bench_seconds() - began;
        duckdb_destroy_data_chunk(&chunk);
        free(rows);
        return took;
}

/* Plain columns in --------------------------------------------------------------- */

struct duck_table {
        duckdb_appender appender;
        duckdb_data_chunk chunk;
        uint32_t columns;
};

static const struct {
        const char *sql;
        duckdb_type type;
        size_t width;
} plain_types[] = {
        [DUCK_I16] = {"SMALLINT", DUCKDB_TYPE_SMALLINT, 2},
        [DUCK_I32] = {"INTEGER", DUCKDB_TYPE_INTEGER, 4},
};

static void create_table(
        struct duck *d, const char *name, const struct duck_column *columns, uint32_t len)
{
        char sql[512];
        int at = snprintf(sql, sizeof sql, "CREATE TABLE %s (", name);

        for (uint32_t i = 0; i < len; i++)
                at += snprintf(sql + at, sizeof sql - (size_t)at, "%s%s %s", i > 0 ? ", " : "",
                        columns[i].name, plain_types[columns[i].type].sql);
        (void)snprintf(sql + at, sizeof sql - (size_t)at, ")");
        (void)duck_run(d, sql);
}

struct duck_table *duck_table(
        struct duck *d, const char *name, const struct duck_column *columns, uint32_t len)
{
        duckdb_logical_type logical[DUCK_COLUMNS_MAX];
        struct duck_table *t = calloc(1, sizeof *t);

        create_table(d, name, columns, len);
        if (t == NULL ||
                duckdb_appender_create(d->connection, NULL, name, &t->appender) != DuckDBSuccess)
                bench_fail("DuckDB has no appender");
        for (uint32_t i = 0; i < len; i++)
                logical[i] = duckdb_create_logical_type(plain_types[columns[i].type].type);
        t->chunk = duckdb_create_data_chunk(logical, len);
        t->columns = len;
        for (uint32_t i = 0; i < len; i++)
                duckdb_destroy_logical_type(&logical[i]);
        return t;
}

void duck_put(struct duck_table *t, const struct duck_column *columns, uint32_t rows)
{
        uint32_t most = (uint32_t)duckdb_vector_size();

        for (uint32_t at = 0; at < rows; at += most) {
                uint32_t n = rows - at < most ? rows - at : most;

                duckdb_data_chunk_reset(t->chunk);
                for (uint32_t i = 0; i < t->columns; i++) {
                        size_t width = plain_types[columns[i].type].width;

                        memcpy(data_of(t->chunk, i),
                                (const uint8_t *)columns[i].values + at * width, n * width);
                }
                duckdb_data_chunk_set_size(t->chunk, n);
                if (duckdb_append_data_chunk(t->appender, t->chunk) != DuckDBSuccess)
                        bench_fail("DuckDB's appender refuses a chunk");
        }
}

void duck_table_close(struct duck_table **t)
{
        if (duckdb_appender_destroy(&(*t)->appender) != DuckDBSuccess)
                bench_fail("DuckDB does not take the records");
        duckdb_destroy_data_chunk(&(*t)->chunk);
        free(*t);
        *t = NULL;
}

double duck_append_rate(const struct bench *b, const struct records *r, uint64_t rows)
{
        char path[600];

        (void)snprintf(path, sizeof path, "%s/duck.db", b->folder);
        struct duck *d = duck_open(path);
        double took = duck_load(d, r, rows);

        took += duck_run(d, "CHECKPOINT");
        duck_close(&d);
        (void)remove(path);
        return (double)rows / took;
}

/* Cells out --------------------------------------------------------------------- */

static bool is_null(duckdb_vector v, idx_t row)
{
        uint64_t *validity = duckdb_vector_get_validity(v);

        return validity != NULL && !duckdb_validity_row_is_valid(validity, row);
}

static void read_chunk(duckdb_data_chunk chunk, struct duck_cell *to)
{
        duckdb_vector place = duckdb_data_chunk_get_vector(chunk, 0);
        duckdb_vector form = duckdb_data_chunk_get_vector(chunk, 1);
        const int16_t *places = duckdb_vector_get_data(place);
        const uint8_t *forms = duckdb_vector_get_data(form);
        const int64_t *counts = data_of(chunk, 2);

        for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); i++)
                to[i] = (struct duck_cell){
                        .place = is_null(place, i) ? UINT32_MAX : (uint32_t)places[i],
                        .form = is_null(form, i) ? UINT32_MAX : forms[i],
                        .count = counts[i],
                };
}

double duck_cells(struct duck *d, const char *sql, struct duck_cell **out, size_t *out_len)
{
        double began = bench_seconds();
        duckdb_result result;
        duckdb_data_chunk chunk;
        struct duck_cell *cells = NULL;
        size_t len = 0;

        run(d, sql, &result);
        double took = bench_seconds() - began;

        while ((chunk = duckdb_fetch_chunk(result)) != NULL) {
                size_t more = duckdb_data_chunk_get_size(chunk);

                cells = realloc(cells, (len + more) * sizeof *cells);
                if (cells == NULL)
                        bench_fail("out of memory");
                read_chunk(chunk, cells + len);
                len += more;
                duckdb_destroy_data_chunk(&chunk);
        }
        duckdb_destroy_result(&result);
        *out = cells;
        *out_len = len;
        return took;
}
