/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c: the second half of the query figures: view and engine on the folder that
 * the gateway left, DuckDB on the same records, and every cell compared.
 *
 * The view is built by the real keeper out of the real store. DuckDB answers the question
 * three ways: with all totals (CUBE), without (GROUP BY), and it sorts the table by
 * person, which is what a view is. A cell that differs ends the bench. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/query/engine.h"
#include "proto/wire.h"
#include "tools/benchmarks/duck.h"
#include "tools/benchmarks/inside.h"
#include "tools/benchmarks/parts.h"
#include "tools/benchmarks/query.h"

enum { BUILDS = 3, ASKED = 15, DUCK_ASKED = 3, ARENA = 1 << 30 };

static const char sql_cube[] = "SELECT kommun, form, count(DISTINCT person) FROM placering"
                               " GROUP BY CUBE (kommun, form)";
static const char sql_group[] = "SELECT kommun, form, count(DISTINCT person) FROM placering"
                                " GROUP BY kommun, form";
static const char sql_sort[] = "CREATE OR REPLACE TABLE clustered AS"
                               " SELECT * FROM placering ORDER BY person";

/* View -------------------------------------------------------------------------- */

static const struct policy_dataset *dataset_of(const struct inside *in)
{
        return policy_dataset_find(in->policy, bytes_of_text(RECORDS_DATASET));
}

static struct view *build(const struct inside *in)
{
        const struct view_request request = {
                .dataset = dataset_of(in),
                .purpose = RECORDS_PURPOSE,
                .vintage = in->vintage.vintage,
                .store = in->store,
                .keeper = in->keeper,
                .memory_ceiling = (size_t)8 << 30,
                .threads = QUERY_THREADS,
        };
        struct view *v = NULL;

        bench_must(view_build(&request, &v), "building a view");
        return v;
}

static void view_figures(
        const struct bench *b, const struct inside *in, struct duck *duck, struct view **out)
{
        double rate[BUILDS], sort[BUILDS];

        for (unsigned i = 0; i < BUILDS; i++) {
                view_unref(out);
                double began = bench_seconds();
                *out = build(in);
                double rows = (double)view_rows(*out);
                rate[i] = rows / (bench_seconds() - began);
                sort[i] = rows / duck_run(duck, sql_sort);
        }
        (void)duck_run(duck, "DROP TABLE clustered");
        bench_tell(b, &(struct figure){"query.view_build", "records/s", bench_median(rate, BUILDS),
                              bench_median(sort, BUILDS), GOAL_AT_LEAST, 5e6});
        bench_tell(b, &(struct figure){.name = "query.view_bytes",
                              .unit = "bytes/record",
                              .value = (double)view_bytes(*out) / (double)view_rows(*out),
                              .kind = GOAL_AT_MOST,
                              .goal = 40});
}

/* The same answer? ---------------------------------------------------------------- */

/* Category of a code; UINT32_MAX is the total. */
static uint32_t category_of(const struct dimension *d, struct bytes code, bool total)
{
        for (uint32_t i = 0; i < d->len && !total; i++)
                if (bytes_equal(d->categories[i].code, code))
                        return i;
        if (!total)
                bench_fail("DuckDB counts a code that our table does not have");
        return d->len;
}

/* Every cell of DuckDB's is ours, and what DuckDB does not have is zero. */
static void compare(
        const struct records *r, const struct table *t, const struct duck_cell *cells, size_t len)
{
        const struct code_level *places = &policy_municipalities(r->policy)->levels[0];
        int64_t ours = 0, theirs = 0;

        for (size_t i = 0; i < len; i++) {
                bool all_places = cells[i].place == UINT32_MAX,
                     all_forms = cells[i].form == UINT32_MAX;
                const uint32_t at[2] = {
                        category_of(&t->dimensions[0],
                                all_places ? bytes_of(NULL, 0) : places->codes[cells[i].place].code,
                                all_places),
                        category_of(&t->dimensions[1],
                                all_forms ? bytes_of(NULL, 0) : r->codes[CODE_FORM][cells[i].form],
                                all_forms)};

                if (t->persons[table_cell(t, at)] != cells[i].count)
                        bench_fail("our table and DuckDB's differ in a cell");
                theirs += cells[i].count;
        }
        for (size_t i = 0; i < t->cells_len; i++)
                ours += t->persons[i];
        if (ours != theirs)
                bench_fail("our table has persons in cells that DuckDB does not know");
}

/* What the gateway released says nothing else than what the engine counts here. */
static void compare_release(const struct bench *b, struct arena *a, const struct table *t)
{
        char path[600];
        struct wire_release release;
        size_t values = 0, room = 16 << 20;
        uint8_t *data = arena_alloc_raw(a, room, 1);

        (void)snprintf(path, sizeof path, "%s/" QUERY_RELEASE, b->folder);
        FILE *f = fopen(path, "re");
        if (data == NULL || f == NULL)
                bench_fail("no release to compare with");
        size_t len = fread(data, 1, room, f);
        (void)fclose(f);
        bench_must(release_decode(a, bytes_of(data, len), &release), "reading the release");
        if (release.table.cells_len != t->cells_len)
                bench_fail("the released table has another shape");
        for (size_t i = 0; i < t->cells_len; i++) {
                if (release.table.status[i] != CELL_VALUE)
                        continue;
                values++;
                if (release.table.measures[0].values[i] != t->persons[i])
                        bench_fail("the released table and the engine's differ in a cell");
        }
        if (values == 0)
                bench_fail("the released table is empty");
}

/* Questions ----------------------------------------------------------------------- */

static double ask(
        const struct inside *in, const struct view *view, struct arena *a, struct table **out)
{
        struct dimension_ref dimensions[2];
        struct query q = query_ask(dimensions);
        struct refusal why = {0};
        double ms[ASKED];
        const struct plan_scope scope = {.dataset = dataset_of(in), .span = view_span(view)};

        for (unsigned i = 0; i < ASKED; i++) {
                struct plan *plan = NULL;
                double began = bench_seconds();

                bench_must(plan_make(&scope, &q, a, &plan, &why), "planning");
                bench_must(plan_run(plan, view, QUERY_THREADS, a, NULL, out), "asking");
                ms[i] = (bench_seconds() - began) * 1000;
        }
        return bench_median(ms, ASKED);
}

/* Median milliseconds; the cells of the last time. */
static double ask_duck(struct duck *d, const char *sql, struct duck_cell **out, size_t *out_len)
{
        double ms[DUCK_ASKED];

        *out = NULL;
        for (unsigned i = 0; i < DUCK_ASKED; i++) {
                free(*out);
                ms[i] = duck_cells(d, sql, out, out_len) * 1000;
        }
        return bench_median(ms, DUCK_ASKED);
}

static double gateway_ms(const struct bench *b)
{
        char path[600];
        double ms = 0;

        (void)snprintf(path, sizeof path, "%s/" QUERY_TOOK, b->folder);
        FILE *f = fopen(path, "re");
        if (f == NULL || fscanf(f, "%lf", &ms) != 1)
                bench_fail("the gateway was not asked");
        (void)fclose(f);
        return ms;
}

static void table_figures(const struct bench *b, const struct inside *in, const struct records *r,
        struct duck *duck, const struct view *view)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct duck_cell *cube, *group;
        struct table *table = NULL;
        size_t cube_len, group_len;

        if (a == NULL)
                bench_fail("out of memory");
        double ours = ask(in, view, a, &table);
        double cube_ms = ask_duck(duck, sql_cube, &cube, &cube_len);
        double group_ms = ask_duck(duck, sql_group, &group, &group_len);

        compare(r, table, cube, cube_len);
        compare_release(b, a, table);
        bench_tell(
                b, &(struct figure){"query.totals", "ms", ours, cube_ms, GOAL_RATIO_AT_MOST, 0.05});
        bench_tell(b, &(struct figure){
                              "query.no_totals", "ms", ours, group_ms, GOAL_RATIO_AT_MOST, 0.05});
        bench_tell(b, &(struct figure){"query.end_to_end", "ms", gateway_ms(b), cube_ms,
                              GOAL_RATIO_AT_MOST, 0.05});
        free(cube);
        free(group);
}

void part_engine(const struct bench *b)
{
        struct records *r = malloc(sizeof *r);
        struct view *view = NULL;
        struct inside in = {0};
        char bundle[600];

        if (r == NULL)
                bench_fail("out of memory");
        inside_open(b, QUERY_FOLDER, &in);
        bench_must(store_vintage_find(in.store, (struct vintage){0}, &in.vintage), "a vintage");
        parts_bundle(b, bundle);
        records_open(r, bundle, query_rows(b->quick),
                (uint32_t)query_rows(b->quick) / QUERY_RECORDS_EACH);
        struct duck *duck = duck_open(NULL);

        (void)duck_load(duck, r, 0);
        view_figures(b, &in, duck, &view);
        table_figures(b, &in, r, duck, view);
        view_unref(&view);
        duck_close(&duck);
        records_close(r);
        free(r);
        inside_close(&in);
}
