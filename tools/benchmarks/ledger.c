/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c: what remembering costs when ten thousand tables are remembered.
 *
 * Tables as people ask for them besides the plan: of one municipality, a county's worth of them
 * or the country, by one or two variables, in one of four spans of time. Who is in their cells
 * comes from the engine, as in the gateway; persons are in several cells of a table, which
 * is what makes memories large. Limits are those of gateway/memory.c.
 *
 * Beside the memory stands what the question costs anyhow: the engine's count of the same table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
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
};

static const char *const pairs[CROSSES][2] = {{"kon", "form"}, {"kon", "lagrum"},
        {"kon", "utforare"}, {"form", "utforare"}, {"lagrum", "utforare"}, {"form", "avslut"}};

static struct plan *plan_of(
        struct world *w, const struct cross *c, struct arena *a, struct dimension_ref *by)
{
        struct plan_scope scope = {
                .dataset = policy_dataset_find(w->in.policy, bytes_of_text(RECORDS_DATASET)),
                .span = view_span(w->view),
                .provider = UINT32_MAX,
        };
        struct query *q = arena_alloc(a, 1, sizeof *q);
        struct refusal why = {0};
        struct plan *plan;

        if (q == NULL)
                bench_fail("out of memory");
        by[0] = (struct dimension_ref){bytes_of_text("kommun"), {0}};
        by[1] = (struct dimension_ref){bytes_of_text(c->a), {0}};
        by[2] = (struct dimension_ref){bytes_of_text(c->b), {0}};
        *q = (struct query){.dataset = bytes_of_text(RECORDS_DATASET),
                .purpose = bytes_of_text(RECORDS_PURPOSE),
                .unit = UNIT_PERSON,
                .dimensions = by,
                .dimensions_len = 3,
                .has_period = true,
                .period = c->span};
        enum err e = plan_make(&scope, q, a, &plan, &why);
        if (e != ERR_OK)
                bench_fail(why.violations[0].text);
        return plan;
}

static void make_crosses(struct world *w)
{
        struct period whole = view_span(w->view);
        static const int32_t days[SPANS] = {90, 181, 273, 365}; /* quarters of 2025 */

        for (unsigned i = 0; i < (w->bench->quick ? 2 : CROSSES * SPANS); i++) {
                struct cross *c = &w->cross[w->crosses++];
                struct dimension_ref *by = arena_alloc(w->arena, 3, sizeof *by);

                *c = (struct cross){.a = pairs[i % CROSSES][0], .b = pairs[i % CROSSES][1]};
                c->span = (struct period){whole.first, whole.first + days[i / CROSSES] - 1};
                bench_must(plan_members(plan_of(w, c, w->arena, by), w->view, false, w->arena, NULL,
                                   &c->members),
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

/* The `n`th table: coarse cells first. */
static uint32_t table_of(const struct world *w, uint64_t n, struct ledger_set *sets)
{
        uint64_t r = residue_mix(11, n);
        const struct cross *c = &w->cross[r % w->crosses];
        const struct dimension *d = c->members.shape->dimensions;
        bool everywhere = (r >> 8) % 50 == 0, by_a = (r >> 16) % 3 > 0, by_b = (r >> 24) % 3 > 0;
        uint32_t place = everywhere ? d[0].len : (uint32_t)((r >> 32) % d[0].len), len = 0;

        sets[len++] = cell_of(c, place, d[1].len, d[2].len);
        for (uint32_t i = 0; by_a && i < d[1].len; i++)
                sets[len++] = cell_of(c, place, i, d[2].len);
        for (uint32_t k = 0; by_b && k < d[2].len; k++)
                sets[len++] = cell_of(c, place, d[1].len, k);
        for (uint32_t i = 0; by_a && by_b && i < d[1].len; i++)
                for (uint32_t k = 0; k < d[2].len && len < SETS_MAX; k++)
                        sets[len++] = cell_of(c, place, i, k);
        return len;
}

static double remember(struct world *w, uint64_t n, struct ledger_set *sets, uint8_t *verdicts)
{
        uint32_t len = table_of(w, n, sets);
        double began = bench_own_cpu();

        bench_must(ledger_judge(w->ledger, sets, len, verdicts), "judging");
        ledger_commit(w->ledger);
        double took = bench_own_cpu() - began;

        for (uint32_t i = 0; i < len; i++) {
                w->judged += verdicts[i] != LEDGER_EMPTY && verdicts[i] != LEDGER_SMALL;
                w->admitted += verdicts[i] == LEDGER_KNOWN || verdicts[i] == LEDGER_ADMITTED;
        }
        return took;
}

/* Figures -------------------------------------------------------------------------------- */

/* Counting all places by two variables, and listing who they are. */
static void tell_engine(struct world *w, double *count_ms)
{
        double count[TIMED], list[TIMED];

        for (unsigned i = 0; i < TIMED; i++) {
                OWNED(arena_free) struct arena *a = arena_new((size_t)1 << 30);
                struct dimension_ref by[3];
                struct plan_members members;
                struct table *table;

                if (a == NULL)
                        bench_fail("out of memory");
                struct plan *plan = plan_of(w, &w->cross[0], a, by);
                double began = bench_own_cpu();
                bench_must(plan_run(plan, w->view, 1, a, NULL, &table), "counting");
                double then = bench_own_cpu();
                bench_must(plan_members(plan, w->view, false, a, NULL, &members), "listing");
                count[i] = (then - began) * 1000;
                list[i] = (bench_own_cpu() - then) * 1000;
        }
        *count_ms = bench_median(count, TIMED);
        bench_tell(w->bench, &(struct figure){"ledger.listing", "ms", bench_median(list, TIMED),
                                     *count_ms, GOAL_NONE, 0});
}

static void tell_ledger(struct world *w, uint64_t tables, double count_ms)
{
        struct ledger_set *sets = arena_alloc(w->arena, SETS_MAX, sizeof *sets);
        uint8_t *verdicts = arena_alloc(w->arena, SETS_MAX, 1);
        double took[LAST], sum = 0, worst = 0;

        if (sets == NULL || verdicts == NULL)
                bench_fail("out of memory");
        for (uint64_t n = 0; n < tables; n++)
                sum += remember(w, n, sets, verdicts);
        w->judged = w->admitted = 0;
        for (uint64_t n = 0; n < LAST; n++) {
                took[n] = remember(w, tables + n, sets, verdicts) * 1000;
                worst = took[n] > worst ? took[n] : worst;
        }
        struct ledger_stats stats = ledger_stats(w->ledger);

        bench_tell(w->bench,
                &(struct figure){"ledger.tables", "tables", (double)tables, 0, GOAL_NONE, 0});
        bench_tell(w->bench, &(struct figure){"ledger.judge", "ms", bench_median(took, LAST),
                                     count_ms, GOAL_RATIO_AT_MOST, 0.1});
        bench_tell(
                w->bench, &(struct figure){"ledger.judge.mean", "ms", sum * 1000 / (double)tables,
                                  count_ms, GOAL_RATIO_AT_MOST, 0.1});
        bench_tell(w->bench,
                &(struct figure){"ledger.judge.worst", "ms", worst, count_ms, GOAL_NONE, 0});
        bench_tell(w->bench, &(struct figure){"ledger.made_anew", "s", sum, 0, GOAL_NONE, 0});
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
