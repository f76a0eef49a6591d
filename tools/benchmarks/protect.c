/* SPDX-License-Identifier: Apache-2.0 */
/* protect.c: disclosure control alone, on one core: tables of Swedish shape protected with
 * proof, with intervals, audited; the optimum beside the heuristic; noise.
 *
 * Counts are Poisson: municipalities of lognormal size, shares of the other categories, and a
 * Gamma(2,2) effect of every inner cell; zeros are published, the threshold is 5. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/cellkey.h"
#include "gateway/disclosure/interval.h"
#include "gateway/disclosure/optimum.h"
#include "gateway/disclosure/residue.h"
#include "tools/benchmarks/bench.h"

enum {
        AXES_MAX = 5,
        MUNICIPALITIES = 290,
        COUNTIES = 21,
        THRESHOLD = 5,
        SMALL_TABLES = 50,
        SMALL_STARTS = 200,
        LOSS_TABLES = 5,
        LOSS_STARTS = 24 /* what a table of this size gets in an answer */
};

/* Random numbers ------------------------------------------------------------------------- */

struct dice {
        uint64_t state;
};

static double uniform(struct dice *d)
{
        d->state = residue_mix(d->state, 1);
        return ((double)(d->state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct dice *d)
{
        return sqrt(-2 * log(uniform(d))) * cos(6.283185307179586 * uniform(d));
}

static int64_t poisson(struct dice *d, double mean)
{
        double limit = exp(-mean), product = uniform(d);
        int64_t k = 0;

        if (mean > 200) {
                double x = mean + sqrt(mean) * normal(d);
                return x < 0 ? 0 : (int64_t)(x + 0.5);
        }
        for (; product > limit; k++)
                product *= uniform(d);
        return k;
}

/* Tables --------------------------------------------------------------------------------- */

struct shape {
        const char *name;
        uint32_t axes, len[AXES_MAX];
        bool counties; /* the first axis is municipalities, in counties */
        double mean;   /* of all that a municipality of middling size has */
};

struct sample {
        struct arena *arena;
        struct model_level level;
        struct model_dimension axes[AXES_MAX];
        uint32_t which[AXES_MAX];
        struct model_table table;
        struct model_release release;
        struct model_cell *cells;
        int64_t *values;
        size_t len, inner;
        struct model model;
};

static void make_axes(struct sample *s, const struct shape *shape)
{
        uint32_t *parent = arena_alloc(s->arena, shape->len[0], sizeof *parent);

        if (parent == NULL)
                bench_fail("out of memory");
        for (uint32_t i = 0; i < shape->len[0]; i++)
                parent[i] = (uint32_t)((uint64_t)i * COUNTIES / shape->len[0]);
        s->level = (struct model_level){.parent = parent, .len = COUNTIES};
        for (uint32_t d = 0; d < shape->axes; d++) {
                s->axes[d].leaves = shape->len[d];
                s->which[d] = d;
        }
        if (shape->counties) {
                s->axes[0].levels = &s->level;
                s->axes[0].levels_len = 1;
        }
}

/* Every axis: how much of the whole its categories are. */
static void make_weights(struct dice *dice, const struct shape *shape, double *weights[AXES_MAX])
{
        for (uint32_t d = 0; d < shape->axes; d++) {
                double sum = 0;

                for (uint32_t i = 0; i < shape->len[d]; i++) {
                        weights[d][i] = d == 0 ? exp(normal(dice)) : 0.15 + uniform(dice);
                        sum += weights[d][i];
                }
                /* Municipalities and years are alike on average; the others are shares. */
                double per = d == 0 || d == 4 ? shape->len[d] : 1;
                for (uint32_t i = 0; i < shape->len[d]; i++)
                        weights[d][i] = d == 4 ? 1 : weights[d][i] * per / sum;
        }
}

/* Adds an inner value to all cells that it is in. */
static void spread(struct sample *s, const uint32_t *leaf, int64_t value)
{
        size_t cells[1 << (AXES_MAX + 1)] = {0}, n = 1;

        for (uint32_t d = 0; d < s->table.dimensions_len; d++) {
                const struct model_dimension *axis = &s->axes[d];
                uint32_t nodes[3] = {leaf[d], model_nodes(axis) - 1}, k = 2;

                if (axis->levels_len > 0)
                        nodes[k++] = axis->leaves + axis->levels[0].parent[leaf[d]];
                for (size_t i = 0; i < n; i++)
                        cells[i] *= model_nodes(axis);
                for (uint32_t j = k; j-- > 0;)
                        for (size_t i = 0; i < n; i++)
                                cells[j * n + i] = cells[i] + nodes[j];
                n *= k;
        }
        for (size_t i = 0; i < n; i++)
                s->values[cells[i]] += value;
}

static void fill(struct sample *s, const struct shape *shape, struct dice *dice)
{
        double *weights[AXES_MAX];

        for (uint32_t d = 0; d < shape->axes; d++)
                if ((weights[d] = arena_alloc(s->arena, shape->len[d], sizeof(double))) == NULL)
                        bench_fail("out of memory");
        make_weights(dice, shape, weights);
        for (size_t i = 0; i < s->inner; i++) {
                uint32_t leaf[AXES_MAX];
                double mean = shape->mean;
                size_t rest = i;

                for (uint32_t d = shape->axes; d-- > 0;) {
                        leaf[d] = (uint32_t)(rest % shape->len[d]);
                        rest /= shape->len[d];
                        mean *= weights[d][leaf[d]];
                }
                mean *= -(log(uniform(dice)) + log(uniform(dice))) / 2;
                spread(s, leaf, poisson(dice, mean));
        }
}

/* What a neighbour's cell costs: one, or its value. Who is alone in a cell of one knows it
 * (`alone`), and a sum of ones alone would tell them all (`lowest`). */
struct manner {
        bool alone, by_value;
};

static void sample_init(
        struct sample *s, const struct shape *shape, struct manner manner, uint64_t seed)
{
        struct dice dice = {seed};

        *s = (struct sample){.arena = arena_new((size_t)4 << 30), .inner = 1};
        if (s->arena == NULL)
                bench_fail("out of memory");
        make_axes(s, shape);
        for (uint32_t d = 0; d < shape->axes; d++)
                s->inner *= shape->len[d];
        s->table = (struct model_table){.dimensions = s->which, .dimensions_len = shape->axes};
        bench_must(model_table_cells(s->axes, &s->table, &s->len), "counting cells");
        s->values = arena_alloc(s->arena, s->len, sizeof *s->values);
        s->cells = arena_alloc(s->arena, s->len, sizeof *s->cells);
        if (s->values == NULL || s->cells == NULL)
                bench_fail("out of memory");
        fill(s, shape, &dice);
        for (size_t i = 0; i < s->len; i++)
                s->cells[i] = (struct model_cell){
                        .want = (uint64_t)s->values[i],
                        .cost = manner.by_value ? (uint32_t)s->values[i] : 1,
                        .alone = manner.alone && s->values[i] == 1,
                        .lowest = manner.alone && s->values[i] == 1,
                        .role = s->values[i] == 0          ? MODEL_ROLE_ZERO
                                : s->values[i] < THRESHOLD ? MODEL_ROLE_PROTECT
                                                           : MODEL_ROLE_OPEN,
                };
        s->table.cells = s->cells;
        s->release = (struct model_release){.dimensions = s->axes,
                .dimensions_len = shape->axes,
                .tables = &s->table,
                .tables_len = 1};
}

/* What the model's rows are worth, in their order. */
static int64_t *row_values(const struct sample *s)
{
        int64_t *values = arena_alloc(s->arena, s->model.rows, sizeof *values);

        if (values == NULL)
                bench_fail("out of memory");
        for (uint32_t r = 0; r < s->model.rows; r++) {
                size_t cell = 0, rest = s->model.inner[r], stride = 1;

                for (uint32_t d = s->table.dimensions_len; d-- > 0;) {
                        cell += rest % s->axes[d].leaves * stride;
                        rest /= s->axes[d].leaves;
                        stride *= model_nodes(&s->axes[d]);
                }
                values[r] = s->values[cell];
        }
        return values;
}

/* Measurements --------------------------------------------------------------------------- */

static void tell(const struct bench *b, const char *name, const char *part, const char *unit,
        double value, double baseline, enum goal_kind kind, double goal)
{
        char text[64];

        (void)snprintf(text, sizeof text, "protect.%s.%s", name, part);
        bench_tell(b, &(struct figure){text, unit, value, baseline, kind, goal});
}

/* Persons in secondary cells of one pattern. */
static double persons_of(const struct sample *s, const struct suppress_result *r)
{
        double sum = 0;

        for (size_t i = 0; i < s->len; i++)
                sum += r->status[i] == SUPPRESS_SECONDARY ? (double)s->values[i] : 0;
        return sum;
}

/* One pass and its proof, and how much memory. */
static void measure_pass(const struct bench *b, const struct shape *shape, struct manner manner,
        double seconds, double mib)
{
        const char *of = manner.alone ? ".alone" : "";
        struct suppress_result result;
        struct sample s;
        char part[32];

        sample_init(&s, shape, manner, 1);
        double began = bench_own_cpu();
        bench_must(model_new(s.arena, &s.release, &s.model), "a model");
        bench_must(
                suppress_run(s.arena, &s.model, &(struct suppress_options){.starts = 1}, &result),
                "suppression");
        double took = bench_own_cpu() - began;

        if (!result.proved || result.exposed > 0)
                bench_fail("a pattern without proof");
        if (!manner.alone)
                tell(b, shape->name, "cells", "cells", (double)s.len, 0, GOAL_NONE, 0);
        (void)snprintf(part, sizeof part, "cpu%s", of);
        tell(b, shape->name, part, "s", took, 0, GOAL_AT_MOST, seconds);
        (void)snprintf(part, sizeof part, "memory%s", of);
        tell(b, shape->name, part, "MiB", (double)(result.bytes + arena_used(s.arena)) / 1048576, 0,
                mib > 0 ? GOAL_AT_MOST : GOAL_NONE, mib);
        (void)snprintf(part, sizeof part, "secondary%s", of);
        tell(b, shape->name, part, "cells", (double)result.secondary, (double)result.primary,
                GOAL_NONE, 0);
        arena_free(&s.arena);
}

/* What a query loses, passes as in an answer, beside one elimination pass: never more. */
static void measure_loss(const struct bench *b, const struct shape *shape)
{
        double cells[2] = {0}, persons[2] = {0};

        for (uint64_t seed = 1; seed <= LOSS_TABLES; seed++) {
                struct suppress_result r[2];
                struct sample s;

                sample_init(&s, shape, (struct manner){.alone = true}, seed);
                bench_must(model_new(s.arena, &s.release, &s.model), "a model");
                for (unsigned i = 0; i < 2; i++) {
                        const struct suppress_options options = {
                                .starts = i == 0 ? 1 : LOSS_STARTS, .seed = 1};

                        bench_must(suppress_run(s.arena, &s.model, &options, &r[i]), "passes");
                        cells[i] += (double)r[i].secondary;
                        persons[i] += persons_of(&s, &r[i]);
                }
                if (r[1].secondary > r[0].secondary)
                        bench_note(
                                "table %u loses more by many passes than by one", (unsigned)seed);
                arena_free(&s.arena);
        }
        tell(b, shape->name, "loss.cells", "cells", cells[1], cells[0], GOAL_RATIO_AT_MOST, 1);
        tell(b, shape->name, "loss.persons", "persons", persons[1], persons[0], GOAL_RATIO_AT_MOST,
                1);
}

static struct audit_release published_of(
        const struct sample *s, const uint8_t *status, struct audit_table *table)
{
        uint8_t *seen = arena_alloc(s->arena, s->len, 1);

        if (seen == NULL)
                bench_fail("out of memory");
        for (size_t i = 0; i < s->len; i++)
                seen[i] = status[i] == SUPPRESS_PUBLISHED ? AUDIT_PUBLISHED : AUDIT_PROTECTED;
        *table = (struct audit_table){
                .dimensions = s->which,
                .dimensions_len = s->table.dimensions_len,
                .status = seen,
                .values = s->values,
        };
        return (struct audit_release){.dimensions = s->axes,
                .dimensions_len = s->table.dimensions_len,
                .tables = table,
                .tables_len = 1,
                .zeros_published = true,
                .threshold = THRESHOLD};
}

/* Sums over tables; `slowest` of one. */
struct audited {
        double slowest, cells[2], persons[2]; /* secondary: without intervals, and with */
        size_t hidden, seen, narrow, unproved;
};

/* Suppression, intervals three persons wide, and the audit of what leaves. */
static void audited_add(
        struct audited *sum, const struct shape *shape, struct manner manner, uint64_t seed)
{
        struct interval_options options = {
                .width = 3, .zeros_published = true, .suppress = {.starts = 1}};
        struct suppress_result plain;
        struct interval_result result;
        struct audit_verdict verdict;
        struct audit_table table;
        struct sample s;

        sample_init(&s, shape, manner, seed);
        bench_must(model_new(s.arena, &s.release, &s.model), "a model");
        bench_must(suppress_run(s.arena, &s.model, &options.suppress, &plain), "suppression");
        int64_t *values = row_values(&s);

        double began = bench_own_cpu();
        bench_must(interval_protect(s.arena, &s.model, values, &options, &result), "intervals");
        struct audit_release seen = published_of(&s, result.pattern.status, &table);
        seen.told = &result.told;
        bench_must(audit_run(s.arena, &seen,
                           &(struct audit_options){.attacker = AUDIT_RULES, .width = options.width},
                           &verdict),
                "audit");
        sum->slowest = fmax(sum->slowest, bench_own_cpu() - began);

        if (verdict.exact > 0 || !verdict.feasible)
                bench_fail("the auditor can compute a protected cell");
        sum->hidden += verdict.len;
        sum->seen += verdict.audited;
        sum->narrow += verdict.narrow;
        sum->unproved += result.narrow;
        sum->cells[0] += (double)plain.secondary;
        sum->cells[1] += (double)result.pattern.secondary;
        sum->persons[0] += persons_of(&s, &plain);
        sum->persons[1] += persons_of(&s, &result.pattern);
        arena_free(&s.arena);
}

/* What the width costs differs much from table to table, so of several where they are small. */
static void measure_audited(const struct bench *b, const struct shape *shape, struct manner manner,
        unsigned tables, double seconds)
{
        const char *of = manner.alone ? ".alone" : "";
        struct audited sum = {0};
        char part[32];

        for (unsigned i = 1; i <= tables; i++)
                audited_add(&sum, shape, manner, i);
        (void)snprintf(part, sizeof part, "audited%s", of);
        tell(b, shape->name, part, "s", sum.slowest, 0, GOAL_AT_MOST, seconds);
        (void)snprintf(part, sizeof part, "coverage%s", of);
        tell(b, shape->name, part, "%",
                sum.hidden == 0 ? 100 : 100.0 * (double)sum.seen / (double)sum.hidden, 0,
                GOAL_AT_LEAST, 100);
        (void)snprintf(part, sizeof part, "unproved%s", of);
        tell(b, shape->name, part, "cells", (double)sum.unproved, (double)sum.hidden, GOAL_NONE, 0);
        (void)snprintf(part, sizeof part, "narrow%s", of);
        tell(b, shape->name, part, "cells", (double)sum.narrow, 0, GOAL_AT_MOST, 0);
        (void)snprintf(part, sizeof part, "interval_extra%s", of);
        tell(b, shape->name, part, "cells", sum.cells[1], sum.cells[0], GOAL_NONE, 0);
        (void)snprintf(part, sizeof part, "interval_persons%s", of);
        tell(b, shape->name, part, "persons", sum.persons[1], sum.persons[0], GOAL_NONE, 0);
}

struct small {
        uint64_t one, many, best;
        unsigned proved, tables;
};

/* A small table: what one pass, what many, and what the proved optimum hides. */
static void small_add(struct small *sum, unsigned i, bool by_value)
{
        struct shape shape = {"small", 2, {5 + i % 4, 5 + i / 4 % 4}, false, 60};
        struct suppress_result single, multi;
        struct optimum_result optimum;
        struct sample s;

        sample_init(&s, &shape, (struct manner){.by_value = by_value}, 100 + i);
        bench_must(model_new(s.arena, &s.release, &s.model), "a model");
        bench_must(
                suppress_run(s.arena, &s.model, &(struct suppress_options){.starts = 1}, &single),
                "one pass");
        bench_must(suppress_run(s.arena, &s.model,
                           &(struct suppress_options){.starts = SMALL_STARTS, .seed = 1}, &multi),
                "many passes");
        bench_must(optimum_run(s.arena, &s.model, &multi, &(struct optimum_options){0}, &optimum),
                "the optimum");
        sum->tables++;
        sum->one += single.cost;
        sum->many += multi.cost;
        sum->best += optimum.bound; /* where it is not proved, less than the optimum is */
        sum->proved += optimum.optimal;
        arena_free(&s.arena);
}

static void measure_optimum(const struct bench *b)
{
        static const char *const names[] = {"count", "value"};

        for (unsigned k = 0; k < 2; k++) {
                struct small sum = {0};
                const char *unit = k == 0 ? "cells" : "persons";

                for (unsigned i = 0; i < (b->quick ? 5 : SMALL_TABLES); i++)
                        small_add(&sum, i, k == 1);
                double best = (double)sum.best;
                char name[32];

                (void)snprintf(name, sizeof name, "small.%s", names[k]);
                tell(b, name, "proved", "tables", sum.proved, sum.tables, GOAL_NONE, 0);
                tell(b, name, "one_pass", unit, (double)sum.one, best, GOAL_NONE, 0);
                tell(b, name, "passes", unit, (double)sum.many, best, GOAL_RATIO_AT_MOST, 1.02);
        }
}

static void measure_noise(const struct bench *b)
{
        struct cellkey_settings settings = {.variance = 2, .deviation = 5, .smallest = 3};
        size_t len = b->quick ? 100000 : 10000000;
        OWNED(arena_free) struct arena *a = arena_new((size_t)1 << 30);
        const struct cellkey *noise = NULL;
        struct dice dice = {3};

        if (a == NULL)
                bench_fail("out of memory");
        uint32_t *keys = arena_alloc(a, len, sizeof *keys);
        int64_t *counts = arena_alloc(a, len, sizeof *counts);
        if (keys == NULL || counts == NULL)
                bench_fail("out of memory");
        bench_must(cellkey_new(a, &settings, &noise), "a table of noise");
        for (size_t i = 0; i < len; i++) {
                keys[i] = (uint32_t)residue_mix(7, i);
                counts[i] = (int64_t)(uniform(&dice) * 40);
        }
        double began = bench_own_cpu();
        cellkey_counts(noise, keys, counts, len);
        double took = bench_own_cpu() - began;

        bench_tell(b, &(struct figure){"protect.cellkey", "Mcells/s", (double)len / took / 1e6, 0,
                              GOAL_AT_LEAST, 10});
}

void part_protect(const struct bench *b)
{
        static const struct shape query = {"3k", 4, {21, 7, 2, 5}, false, 5796},
                                  year = {"45k", 4, {290, 7, 2, 5}, true, 420},
                                  years3 = {"180k", 5, {290, 7, 2, 5, 3}, true, 420},
                                  years5 = {"270k", 5, {290, 7, 2, 5, 5}, true, 420};

        const struct manner plain = {0}, alone = {.alone = true};

        measure_pass(b, &query, plain, 0.02, 0);
        measure_pass(b, &query, alone, 0.02, 0);
        measure_loss(b, &query);
        measure_audited(b, &query, plain, LOSS_TABLES, 0.5);
        measure_optimum(b);
        measure_noise(b);
        measure_pass(b, &year, plain, 1, 150);
        measure_pass(b, &year, alone, 1, 150);
        if (b->quick)
                return;
        measure_audited(b, &query, alone, LOSS_TABLES, 0.5);
        measure_audited(b, &year, plain, 1, 60);
        measure_audited(b, &year, alone, 1, 60);
        measure_pass(b, &years3, plain, 15, 0);
        measure_pass(b, &years3, alone, 15, 0);
        measure_pass(b, &years5, plain, 45, 1024);
        measure_pass(b, &years5, alone, 45, 1024);
}
