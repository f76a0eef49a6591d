/* SPDX-License-Identifier: Apache-2.0 */
/* csv.c: files as municipalities have them, through the real `statgate submit`.
 *
 * Two municipalities deliver at the same time, each by a program of its own, and two
 * others in the next round: a file that was delivered before is only acknowledged again,
 * at a speed that means nothing. The baseline is DuckDB reading the same two files into
 * a table on two threads. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "tools/benchmarks/duck.h"
#include "tools/benchmarks/gate.h"
#include "tools/benchmarks/parts.h"

enum { FILES = 2, ROUNDS = 3 };

struct file {
        char path[600];
        uint32_t place, rows;
};

static void put_day(FILE *f, int32_t days, bool missing)
{
        char text[11];

        if (!missing)
                days_format(days, text);
        (void)fprintf(f, "%s;", missing ? "" : text);
}

static bool is_set(const uint8_t *bitmap, uint32_t i)
{
        return (bitmap[i / 8] >> (i % 8) & 1) != 0;
}

static void put_code(FILE *f, const struct records *r, const struct rows *rows, uint32_t i,
        enum records_code c, char end)
{
        struct bytes code = r->codes[c][rows->codes[c][i]];

        if (c != CODE_AVSLUT || !is_set(rows->end_missing, i))
                (void)fwrite(code.data, 1, code.len, f);
        (void)fputc(end, f);
}

static void put_row(FILE *f, const struct records *r, const struct rows *rows, uint32_t i)
{
        bool priced = !is_set(rows->cost_missing, i);

        (void)fprintf(f, "%.12s;%.8s-%.4s;", rows->keys[i], (const char *)rows->ids[i],
                (const char *)rows->ids[i] + 8);
        put_code(f, r, rows, i, CODE_KON, ';');
        put_day(f, rows->birth[i], false);
        put_day(f, rows->start[i], false);
        put_day(f, rows->end[i], is_set(rows->end_missing, i));
        put_code(f, r, rows, i, CODE_FORM, ';');
        put_code(f, r, rows, i, CODE_LAGRUM, ';');
        put_code(f, r, rows, i, CODE_REGI, ';');
        put_code(f, r, rows, i, CODE_UTFORARE, ';');
        if (priced)
                (void)fprintf(f, "%lld,%02lld", (long long)rows->cost[i] / 100,
                        (long long)rows->cost[i] % 100);
        (void)fputc(';', f);
        put_code(f, r, rows, i, CODE_AVSLUT, '\n');
}

static void write_file(const struct records *r, const struct file *file)
{
        struct rows *rows = malloc(sizeof *rows);
        FILE *f = fopen(file->path, "we");

        if (rows == NULL || f == NULL)
                bench_fail("cannot write a file of records");
        (void)fputs("record_key;person;kon;fodelsemanad;start;slut;form;lagrum;regi;utforare;"
                    "kostnad_dygn;avslut\n",
                f);
        for (uint32_t at = 0; at < file->rows; at += RECORDS_BATCH) {
                uint32_t left = file->rows - at;

                records_fill(r, file->place, at, left < RECORDS_BATCH ? left : RECORDS_BATCH, rows);
                for (uint32_t i = 0; i < rows->len; i++)
                        put_row(f, r, rows, i);
        }
        if (fclose(f) != 0)
                bench_fail("cannot write a file of records");
        free(rows);
}

static pid_t submit(const struct bench *b, const struct gate *g, const struct records *r,
        const struct file *file)
{
        char statgate[600], config[700], log[700], place[5];
        const char *const argv[] = {statgate, "--config", config, "--address", g->address, "--as",
                place, "submit", file->path, "--dataset", RECORDS_DATASET, "--period",
                RECORDS_PERIOD, "--replace", NULL};

        (void)snprintf(statgate, sizeof statgate, "%s/statgate", b->program_dir);
        (void)snprintf(config, sizeof config, "%s/statgate.yaml", g->folder);
        (void)snprintf(log, sizeof log, "%s/bench.log", b->folder);
        municipality_format(r->place[file->place].code, place);
        return gate_spawn(argv, log);
}

static double deliver_all(const struct bench *b, const struct gate *g, const struct records *r,
        const struct file *files)
{
        double began = bench_seconds();
        pid_t pids[FILES];

        for (unsigned i = 0; i < FILES; i++)
                pids[i] = submit(b, g, r, &files[i]);
        for (unsigned i = 0; i < FILES; i++)
                if (gate_wait(pids[i]) != 0)
                        bench_fail("statgate submit failed; see bench.log");
        return bench_seconds() - began;
}

static double duck_read(const struct file *files)
{
        struct duck *d = duck_open(NULL);
        char sql[1600];

        (void)snprintf(sql, sizeof sql,
                "CREATE TABLE t AS SELECT * FROM read_csv(['%s','%s'], delim=';', "
                "decimal_separator=',')",
                files[0].path, files[1].path);
        double took = duck_run(d, sql);

        duck_close(&d);
        return took;
}

/* The files of a round; how many rows they have. */
static double make_files(
        const struct bench *b, const struct records *r, unsigned round, struct file files[FILES])
{
        double rows = 0;

        for (unsigned i = 0; i < FILES; i++) {
                struct file *f = &files[i];

                *f = (struct file){.place = round * FILES + i, .rows = b->quick ? 50000 : 500000};
                if (f->rows > r->place[f->place].rows)
                        f->rows = r->place[f->place].rows;
                (void)snprintf(f->path, sizeof f->path, "%s/%u-%u.csv", b->folder, round, i);
                write_file(r, f);
                rows += f->rows;
        }
        return rows;
}

void part_csv(const struct bench *b)
{
        struct records *r = malloc(sizeof *r);
        double rate[ROUNDS], duck[ROUNDS];
        char bundle[600];
        struct gate g;

        if (r == NULL)
                bench_fail("out of memory");
        parts_bundle(b, bundle);
        records_open(r, bundle, 200000000, 2000000);
        gate_open(b, "csv", &g);
        for (unsigned i = 0; i < ROUNDS; i++) {
                struct file files[FILES];
                double rows = make_files(b, r, i, files);

                rate[i] = rows / deliver_all(b, &g, r, files);
                duck[i] = rows / duck_read(files);
        }
        gate_close(&g);
        bench_tell(b, &(struct figure){"ingest.csv", "records/s", bench_median(rate, ROUNDS),
                              bench_median(duck, ROUNDS), GOAL_AT_LEAST, 500000});
        records_close(r);
        free(r);
}
