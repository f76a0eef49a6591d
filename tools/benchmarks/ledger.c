/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c: what remembering costs when ten thousand tables are remembered.
 *
 * Tables as people ask for them besides the plan: of one municipality or the country, by none, one
 * or two variables, in one of four spans of time. Who is in their cells comes from the engine,
 * as in the gateway; persons are in several cells of a table, which is what makes memories
 * large. Limits are those of gateway/memory.c.
 *
 * Beside the memory stands what questions cost anyhow. Of one large table that is the engine's
 * count alone. The last tables are asked as whole questions besides: counted with what the rules
 * want to know, protected and audited as the data set's preset has it, and listed and judged.
 * What the gateway does around that (TLS, the log, the store) is in no figure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/disclosure/disclosure.h"
#include "gateway/disclosure/residue.h"
#include "gateway/ledger/ledger.h"
#include "gateway/query/engine.h"
#include "tools/benchmarks/gate.h"
#include "tools/benchmarks/inside.h"
#include "tools/benchmarks/load.h"
#include "tools/benchmarks/parts.h"
#include "tools/benchmarks/query.h"

enum {
        TABLES = 10000,
        TABLES_QUICK = 300,
        LAST = 200, /* tables that are timed, when all others are remembered */
        CROSSES = 6,
        SPANS = 4,
        SETS_MAX = 4096,
        TIMED = 5,
        STREAMS = 4,
        ROWS = 200000
};
#define FOLDER "ledger"
#define MEMORY ((size_t)512 << 20)
#define WORK   ((uint64_t)400000000)

/* Places × a × b, all totals, within a span: tables are cut out of it. */
struct cross {
        struct plan_members members;
        struct period span;
        const char *a, *b;
};

struct world {
        const struct bench *bench;
        struct inside in;
        struct view *view;
        struct arena *arena;
        struct cross cross[CROSSES * SPANS];
        unsigned crosses;
        struct ledger *ledger;
        uint64_t judged, admitted;
        double *took; /* ms, by table */
};

/* The `n`th table. */
struct drawn {
        const struct cross *cross;
        bool everywhere, by_a, by_b;
        uint32_t place; /* the total: everywhere */
};

static const char *const pairs[CROSSES][2] = {{"kon", "form"}, {"kon", "lagrum"},
        {"kon", "utforare"}, {"form", "utforare"}, {"lagrum", "utforare"}, {"form", "avslut"}};

/* By `by`, within the span; `place`: NULL, everywhere. `contributors`: whose parts are told. */
static struct plan *plan_of(struct world *w, const struct cross *c, struct arena *a,
        struct dimension_ref *by, uint32_t len, const struct bytes *place, unsigned contributors)
{
        const struct policy_dataset *d =
                policy_dataset_find(w->in.policy, bytes_of_text(RECORDS_DATASET));
        struct plan_scope scope = {
                .dataset = d,
                .span = view_span(w->view),
                .contributors = contributors,
                .provider = UINT32_MAX,
        };
        struct query *q = arena_alloc(a, 1, sizeof *q);
        struct filter *f = arena_alloc(a, 1, sizeof *f);
        struct refusal why = {0};
        struct plan *plan;

        if (q == NULL || f == NULL)
                bench_fail("out of memory");
        *f = (struct filter){.variable = bytes_of_text("kommun"),
                .op = FILTER_EQ,
                .values = place,
                .values_len = 1};
        *q = (struct query){.dataset = bytes_of_text(RECORDS_DATASET),
                .purpose = bytes_of_text(RECORDS_PURPOSE),
                .unit = UNIT_PERSON,
                .dimensions = by,
                .dimensions_len = len,
                .filters = f,
                .filters_len = place != NULL ? 1 : 0,
                .has_period = true,
                .period = c->span};
        enum err e = plan_make(&scope, q, a, &plan, &why);
        if (e != ERR_OK)
                bench_fail(why.violations[0].text);
        return plan;
}

/* Of all places. */
static struct plan *plan_of_cross(struct world *w, const struct cross *c, struct arena *a)
{
        struct dimension_ref *by = arena_alloc(a, 3, sizeof *by);

        if (by == NULL)
                bench_fail("out of memory");
        by[0] = (struct dimension_ref){bytes_of_text("kommun"), {0}};
        by[1] = (struct dimension_ref){bytes_of_text(c->a), {0}};
        by[2] = (struct dimension_ref){bytes_of_text(c->b), {0}};
        return plan_of(w, c, a, by, 3, NULL, 0);
}

static void make_crosses(struct world *w)
{
        struct period whole = view_span(w->view);
        static const int32_t days[SPANS] = {90, 181, 273, 365}; /* quarters of 2025 */

        for (unsigned i = 0; i < (w->bench->quick ? 2 : CROSSES * SPANS); i++) {
                struct cross *c = &w->cross[w->crosses++];

                *c = (struct cross){.a = pairs[i % CROSSES][0], .b = pairs[i % CROSSES][1]};
                c->span = (struct period){whole.first, whole.first + days[i / CROSSES] - 1};
                bench_must(plan_members(plan_of_cross(w, c, w->arena), w->view, false, w->arena,
                                   NULL, &c->members),
                        "who is in which cell");
        }
}

/* Tables --------------------------------------------------------------------------------- */

static struct ledger_set cell_of(const struct cross *c, uint32_t place, uint32_t a, uint32_t b)
{
        const uint32_t at[3] = {place, a, b};
        size_t cell = table_cell(c->members.shape, at), from = c->members.starts[cell];

        return (struct ledger_set){.persons = c->members.persons + from,
                .len = (uint32_t)(c->members.starts[cell + 1] - from)};
}

static struct drawn draw(const struct world *w, uint64_t n)
{
        uint64_t r = residue_mix(11, n);
        struct drawn t = {.cross = &w->cross[r % w->crosses]};
        uint32_t places = t.cross->members.shape->dimensions[0].len;

        t.everywhere = (r >> 8) % 50 == 0;
        t.by_a = (r >> 16) % 3 > 0;
        t.by_b = (r >> 24) % 3 > 0;
        t.place = t.everywhere ? places : (uint32_t)((r >> 32) % places);
        return t;
}

/* Coarse cells first. */
static uint32_t table_of(const struct drawn *t, struct ledger_set *sets)
{
        const struct cross *c = t->cross;
        const struct dimension *d = c->members.shape->dimensions;
        uint32_t place = t->place, len = 0;

        sets[len++] = cell_of(c, place, d[1].len, d[2].len);
        for (uint32_t i = 0; t->by_a && i < d[1].len; i++)
                sets[len++] = cell_of(c, place, i, d[2].len);
        for (uint32_t k = 0; t->by_b && k < d[2].len; k++)
                sets[len++] = cell_of(c, place, d[1].len, k);
        for (uint32_t i = 0; t->by_a && t->by_b && i < d[1].len; i++)
                for (uint32_t k = 0; k < d[2].len && len < SETS_MAX; k++)
                        sets[len++] = cell_of(c, place, i, k);
        return len;
}

static void remember(struct world *w, uint64_t n, struct ledger_set *sets, uint8_t *verdicts)
{
        const struct drawn t = draw(w, n);
        uint32_t len = table_of(&t, sets);
        double began = bench_own_cpu();

        bench_must(ledger_judge(w->ledger, sets, len, verdicts), "judging");
        ledger_commit(w->ledger);
        w->took[n] = (bench_own_cpu() - began) * 1000;
        for (uint32_t i = 0; i < len; i++) {
                w->judged += verdicts[i] != LEDGER_EMPTY && verdicts[i] != LEDGER_SMALL;
                w->admitted += verdicts[i] == LEDGER_KNOWN || verdicts[i] == LEDGER_ADMITTED;
        }
}

/* Whole questions ------------------------------------------------------------------------ */

/* In milliseconds. */
struct cost {
        double count, protect, list;
};

/* As gateway/tables.c has them. */
static struct disclosure_settings settings_of(const struct policy_dataset *d)
{
        const struct disclosure_rules *r = &d->disclosure;
        struct disclosure_settings s = {
                .threshold = r->threshold,
                .zeros_published = r->zeros_published,
                .homogeneous = r->homogeneous,
                .contributors = 1u << CONTRIBUTOR_MUNICIPALITY,
                .remainder = r->remainder,
                .secondary = r->secondary,
                .interval = r->interval,
                .audit_cells_max = 5000,
                .cost = (enum disclosure_cost)r->cost,
                .seed = 1,
        };

        memcpy(s.number, r->number, sizeof s.number);
        return s;
}

/* What lists cost beyond the count: that the rows are kept, and both lists of a question. */
static double list_of(const struct plan_rows *rows, struct arena *a)
{
        struct plan_members members;
        double began = bench_own_cpu();

        bench_must(plan_rows_members(rows, true, false, a, NULL, &members), "listing rows");
        bench_must(plan_rows_members(rows, false, false, a, NULL, &members), "listing cells");
        return (bench_own_cpu() - began) * 1000;
}

static double count_plain(struct world *w, const struct plan *plan)
{
        OWNED(arena_free) struct arena *a = arena_new((size_t)1 << 30);
        struct table *table;
        double began = bench_own_cpu();

        if (a == NULL)
                bench_fail("out of memory");
        bench_must(plan_run(plan, w->view, 1, a, NULL, &table), "counting");
        return (bench_own_cpu() - began) * 1000;
}

/* Counted without keeping the rows, with, and without: the difference is the lists'. */
static struct cost count_and_list(
        struct world *w, const struct plan *plan, struct arena *a, struct table **table)
{
        OWNED(plan_rows_free) struct plan_rows *rows = NULL;
        struct cost c = {.count = count_plain(w, plan)};
        double began = bench_own_cpu();

        bench_must(plan_run_kept(plan, w->view, 1, a, NULL, table, &rows), "counting");
        c.list = (bench_own_cpu() - began) * 1000 + list_of(rows, a);
        c.count = (c.count + count_plain(w, plan)) / 2;
        c.list -= c.count;
        return c;
}

static struct cost ask_whole(struct world *w, uint64_t n)
{
        OWNED(arena_free) struct arena *a = arena_new((size_t)1 << 30);
        OWNED(disclosure_seen_free) struct disclosure_seen *seen = NULL;
        const struct drawn t = draw(w, n);
        const struct disclosure_settings settings =
                settings_of(policy_dataset_find(w->in.policy, bytes_of_text(RECORDS_DATASET)));
        const struct dimension *places = &t.cross->members.shape->dimensions[0];
        struct disclosure_report report;
        struct dimension_ref by[2];
        struct table *table;
        uint32_t len = 0;

        if (a == NULL)
                bench_fail("out of memory");
        if (t.by_a)
                by[len++] = (struct dimension_ref){bytes_of_text(t.cross->a), {0}};
        if (t.by_b)
                by[len++] = (struct dimension_ref){bytes_of_text(t.cross->b), {0}};
        const struct plan *plan = plan_of(w, t.cross, a, by, len,
                t.everywhere ? NULL : &places->categories[t.place].code,
                1u << CONTRIBUTOR_MUNICIPALITY);
        struct cost c = count_and_list(w, plan, a, &table);
        double began = bench_own_cpu();

        bench_must(disclosure_protect_table_seen(a, table, &settings, NULL, &report, &seen),
                "protecting");
        c.protect = (bench_own_cpu() - began) * 1000;
        return c;
}

static void tell_whole(struct world *w, uint64_t tables)
{
        double memory[LAST], rest[LAST], share[LAST];
        double lists_sum = 0, memory_sum = 0, rest_sum = 0;

        for (uint64_t n = 0; n < LAST; n++) {
                const struct cost c = ask_whole(w, tables + n);

                memory[n] = c.list + w->took[tables + n];
                rest[n] = c.count + c.protect;
                share[n] = memory[n] / rest[n];
                lists_sum += c.list;
                memory_sum += memory[n];
                rest_sum += rest[n];
        }
        bench_tell(w->bench, &(struct figure){"ledger.whole", "ms", bench_median(memory, LAST),
                                     bench_median(rest, LAST), GOAL_RATIO_AT_MOST, 0.1});
        bench_tell(w->bench, &(struct figure){"ledger.whole.mean", "ms", memory_sum / LAST,
                                     rest_sum / LAST, GOAL_RATIO_AT_MOST, 0.1});
        bench_tell(w->bench, &(struct figure){"ledger.whole.lists", "ms", lists_sum / LAST,
                                     rest_sum / LAST, GOAL_NONE, 0});
        bench_tell(w->bench, &(struct figure){"ledger.whole.share", "of it",
                                     bench_median(share, LAST), 0, GOAL_AT_MOST, 0.1});
}

/* Figures -------------------------------------------------------------------------------- */

/* Counting all places by two variables, and listing who they are. */
static void tell_engine(struct world *w, double *count_ms)
{
        double count[TIMED], list[TIMED];

        for (unsigned i = 0; i < TIMED; i++) {
                OWNED(arena_free) struct arena *a = arena_new((size_t)1 << 30);
                struct table *table;

                if (a == NULL)
                        bench_fail("out of memory");
                const struct cost c =
                        count_and_list(w, plan_of_cross(w, &w->cross[0], a), a, &table);

                count[i] = c.count;
                list[i] = c.list;
        }
        *count_ms = bench_median(count, TIMED);
        bench_tell(w->bench, &(struct figure){"ledger.listing", "ms", bench_median(list, TIMED),
                                     *count_ms, GOAL_NONE, 0});
}

/* Mean of those of a kind, milliseconds. */
static double mean_of(const struct world *w, uint64_t tables, bool everywhere)
{
        double sum = 0;
        uint64_t n = 0;

        for (uint64_t i = 0; i < tables; i++) {
                if (draw(w, i).everywhere != everywhere)
                        continue;
                sum += w->took[i];
                n++;
        }
        return n > 0 ? sum / (double)n : 0;
}

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

static void tell_judging(struct world *w, uint64_t tables, double count_ms)
{
        const double towns = mean_of(w, tables, false), country = mean_of(w, tables, true);
        double sum = 0, *all = arena_alloc(w->arena, tables, sizeof *all);
        const struct bench *b = w->bench;

        if (all == NULL)
                bench_fail("out of memory");
        for (uint64_t n = 0; n < tables; n++)
                sum += w->took[n];
        memcpy(all, w->took, tables * sizeof *all);
        qsort(all, tables, sizeof *all, by_size);
        bench_tell(b, &(struct figure){"ledger.judge.all", "ms", all[tables / 2], count_ms,
                              GOAL_RATIO_AT_MOST, 0.1});
        bench_tell(b, &(struct figure){"ledger.judge.mean", "ms", sum / (double)tables, count_ms,
                              GOAL_RATIO_AT_MOST, 0.1});
        bench_tell(b, &(struct figure){"ledger.judge.towns", "ms", towns, count_ms, GOAL_NONE, 0});
        bench_tell(
                b, &(struct figure){"ledger.judge.country", "ms", country, count_ms, GOAL_NONE, 0});
        bench_tell(b, &(struct figure){"ledger.judge.p99", "ms", all[tables * 99 / 100], count_ms,
                              GOAL_NONE, 0});
        bench_tell(b, &(struct figure){
                              "ledger.judge.worst", "ms", all[tables - 1], count_ms, GOAL_NONE, 0});
        bench_tell(b, &(struct figure){"ledger.made_anew", "s", sum / 1000, 0, GOAL_NONE, 0});
}

static void tell_ledger(struct world *w, uint64_t tables, double count_ms)
{
        struct ledger_set *sets = arena_alloc(w->arena, SETS_MAX, sizeof *sets);
        uint8_t *verdicts = arena_alloc(w->arena, SETS_MAX, 1);
        double last[LAST];

        w->took = arena_alloc(w->arena, tables + LAST, sizeof *w->took);
        if (sets == NULL || verdicts == NULL || w->took == NULL)
                bench_fail("out of memory");
        for (uint64_t n = 0; n < tables; n++)
                remember(w, n, sets, verdicts);
        w->judged = w->admitted = 0;
        for (uint64_t n = tables; n < tables + LAST; n++)
                remember(w, n, sets, verdicts);
        memcpy(last, w->took + tables, sizeof last);
        struct ledger_stats stats = ledger_stats(w->ledger);

        bench_tell(w->bench,
                &(struct figure){"ledger.tables", "tables", (double)tables, 0, GOAL_NONE, 0});
        bench_tell(w->bench, &(struct figure){"ledger.judge", "ms", bench_median(last, LAST),
                                     count_ms, GOAL_RATIO_AT_MOST, 0.1});
        tell_judging(w, tables, count_ms);
        tell_whole(w, tables);
        bench_tell(w->bench, &(struct figure){"ledger.memory", "MiB", (double)stats.bytes / 1048576,
                                     0, GOAL_AT_MOST, 640});
        bench_tell(w->bench, &(struct figure){"ledger.rows", "rows", stats.rank, 0, GOAL_NONE, 0});
        bench_tell(w->bench,
                &(struct figure){"ledger.left_out", "sets", stats.left_out, 0, GOAL_NONE, 0});
        bench_tell(w->bench, &(struct figure){"ledger.answered", "cells", (double)w->admitted,
                                     (double)w->judged, GOAL_NONE, 0});
}

/* Delivered, and published past the gateway: its planned tables are another matter. */
void part_ledger_records(const struct bench *b)
{
        struct records *r = malloc(sizeof *r);
        uint64_t rows = ROWS;
        char bundle[600];
        struct gate g;

        if (r == NULL)
                bench_fail("out of memory");
        parts_bundle(b, bundle);
        records_open(r, bundle, rows, (uint32_t)rows / QUERY_RECORDS_EACH);
        struct load *l = load_make(r, 0, 0);

        gate_open(b, FOLDER, &g);
        (void)load_run(l, &g, STREAMS, 0);
        load_free(&l);
        gate_close(&g);
        records_close(r);
        free(r);
}

void part_ledger(const struct bench *b)
{
        struct world w = {.bench = b, .arena = arena_new((size_t)16 << 30)};
        const struct ledger_options options = {
                .threshold = 5, .memory_ceiling = MEMORY, .work_limit = WORK};
        double count_ms;

        if (w.arena == NULL)
                bench_fail("out of memory");
        inside_open(b, FOLDER, &w.in);
        bench_must(store_publish(w.in.store, "bench", 0, 3, NULL, &w.in.vintage), "publishing");
        const struct view_request request = {
                .dataset = policy_dataset_find(w.in.policy, bytes_of_text(RECORDS_DATASET)),
                .purpose = RECORDS_PURPOSE,
                .vintage = w.in.vintage.vintage,
                .store = w.in.store,
                .keeper = w.in.keeper,
                .memory_ceiling = (size_t)8 << 30,
                .threads = QUERY_THREADS,
        };
        char linkage[NAME_MAX_LEN + 1] = {0};

        memcpy(linkage, request.dataset->linkage->id.data, request.dataset->linkage->id.len);
        bench_must(keeper_prepare_linkage(w.in.keeper, linkage), "keys of the linkage");
        bench_must(view_build(&request, &w.view), "building a view");
        make_crosses(&w);
        bench_must(ledger_new(&options, &w.ledger), "a ledger");
        bench_must(ledger_grow(w.ledger, view_persons(w.view)), "a ledger");
        tell_engine(&w, &count_ms);
        tell_ledger(&w, b->quick ? TABLES_QUICK : TABLES, count_ms);
        ledger_free(&w.ledger);
        view_unref(&w.view);
        arena_free(&w.arena);
        inside_close(&w.in);
}
