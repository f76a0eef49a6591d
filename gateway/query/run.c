/* SPDX-License-Identifier: Apache-2.0 */
/* run.c: one pass over a view, in person order.
 *
 * Rows are taken in blocks: filters and categories of a block are computed column
 * by column (look-ups, no branches), then a second loop walks the block's rows
 * person by person. A person counts once per cell: the cell carries a stamp with
 * the last person seen. A person's second row in the same inner cell touches
 * nothing but the record count, because every margin of that cell has its
 * stamp already. Records and sums are added in inner cells only; their margins
 * are added up once, at the end.
 *
 * Threads take ranges of persons and count for themselves; integers are then added,
 * so the number of threads shows nowhere. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/parallel.h"
#include "gateway/query/plan.h"

enum { BLOCK = 2048, TASK_ROWS = 1 << 17, COMBINATIONS_MAX = 1 << DIMENSIONS_MAX };
enum { CELL_FILTERED = UINT32_MAX };
enum { MARGIN_TABLE_MAX = 1 << 21 }; /* entries; beyond, margins are computed each time */

/* What a worker counts; all arrays have one entry per cell. */
struct tally {
        uint32_t *stamps; /* person + 1 */
        uint32_t *persons, *records;
        struct sums {
                int64_t *sum;
                uint32_t *values; /* rows with a value */
                uint32_t *contributors, *stamps;
        } sums[MEASURES_MAX];
        uint32_t cell[BLOCK]; /* inner cell of each row of the block, or CELL_FILTERED */
};

/* Which tests and dimensions a pass keeps: the question, or its margin. */
struct pass {
        const struct plan *plan;
        const struct view *view;
        const atomic_bool *cancel;
        bool margin;
        struct table *table;                /* shape of this pass */
        uint32_t dimension[DIMENSIONS_MAX]; /* dimension of the plan */
        uint32_t stride[DIMENSIONS_MAX];
        size_t cells;
        uint32_t *margins; /* cells × 2^dimensions: what each inner cell adds to; or NULL */
        struct tally *tallies;
        unsigned tallies_len;
        uint32_t tasks_persons, persons_per_task, tasks_rest;
};

/* Blocks ------------------------------------------------------------------------------ */

static void keep_set_u8(const struct test *t, const uint8_t *v, uint32_t n, uint32_t *cell)
{
        uint8_t pass[256] = {0};

        memcpy(pass, t->set, t->set_len < 255 ? t->set_len : 255);
        for (uint32_t i = 0; i < n; i++)
                cell[i] |= pass[v[i]] ? 0 : CELL_FILTERED;
}

static void keep_set_u16(const struct test *t, const uint16_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                cell[i] |= v[i] < t->set_len && t->set[v[i]] ? 0 : CELL_FILTERED;
}

static void keep_range_i32(const struct test *t, const int32_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                cell[i] |= v[i] != INT32_MIN && test_passes(t, v[i]) ? 0 : CELL_FILTERED;
}

static void keep_range_i64(const struct test *t, const int64_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                cell[i] |= v[i] != INT64_MIN && test_passes(t, v[i]) ? 0 : CELL_FILTERED;
}

static void apply_test(
        const struct pass *p, const struct test *t, uint32_t row, uint32_t n, uint32_t *cell)
{
        const void *column = view_column(p->view, t->variable);

        switch (p->plan->dataset->variables[t->variable].physical) {
        case PHYSICAL_U8:
                keep_set_u8(t, (const uint8_t *)column + row, n, cell);
                return;
        case PHYSICAL_U16:
                keep_set_u16(t, (const uint16_t *)column + row, n, cell);
                return;
        case PHYSICAL_I32:
                keep_range_i32(t, (const int32_t *)column + row, n, cell);
                return;
        case PHYSICAL_I64:
                keep_range_i64(t, (const int64_t *)column + row, n, cell);
                return;
        case PHYSICAL_NONE:
                return;
        }
}

static inline void place(uint32_t *cell, uint16_t category, uint32_t stride)
{
        *cell = *cell == CELL_FILTERED || category == CATEGORY_NONE ? CELL_FILTERED
                                                                    : *cell + category * stride;
}

static uint16_t band_of(const struct grouping *g, int64_t value)
{
        for (uint32_t i = 0; i < g->bands_len; i++)
                if (value >= g->bands[i].low && value <= g->bands[i].high)
                        return g->band_category[i];
        return g->other;
}

static void group_u8(
        const struct grouping *g, uint32_t stride, const uint8_t *v, uint32_t n, uint32_t *cell)
{
        uint16_t map[256];

        for (uint32_t i = 0; i < 256; i++)
                map[i] = i < g->map_len ? g->map[i] : g->other;
        for (uint32_t i = 0; i < n; i++)
                place(&cell[i], map[v[i]], stride);
}

static void group_u16(
        const struct grouping *g, uint32_t stride, const uint16_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                place(&cell[i], v[i] < g->map_len ? g->map[v[i]] : g->other, stride);
}

static void group_i32(
        const struct grouping *g, uint32_t stride, const int32_t *v, uint32_t n, uint32_t *cell)
{
        if (g->bands != NULL) {
                for (uint32_t i = 0; i < n; i++)
                        place(&cell[i], v[i] == INT32_MIN ? g->other : band_of(g, v[i]), stride);
                return;
        }
        for (uint32_t i = 0; i < n; i++) {
                int64_t day = (int64_t)v[i] - g->first;

                place(&cell[i], day >= 0 && day < g->map_len ? g->map[day] : g->other, stride);
        }
}

static void group_i64(
        const struct grouping *g, uint32_t stride, const int64_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                place(&cell[i], v[i] == INT64_MIN ? g->other : band_of(g, v[i]), stride);
}

static void apply_grouping(
        const struct pass *p, uint32_t d, uint32_t row, uint32_t n, uint32_t *cell)
{
        const struct grouping *g = &p->plan->groupings[p->dimension[d]];
        const void *column = view_column(p->view, g->variable);
        uint32_t stride = p->stride[d];

        switch (p->plan->dataset->variables[g->variable].physical) {
        case PHYSICAL_U8:
                group_u8(g, stride, (const uint8_t *)column + row, n, cell);
                return;
        case PHYSICAL_U16:
                group_u16(g, stride, (const uint16_t *)column + row, n, cell);
                return;
        case PHYSICAL_I32:
                group_i32(g, stride, (const int32_t *)column + row, n, cell);
                return;
        case PHYSICAL_I64:
                group_i64(g, stride, (const int64_t *)column + row, n, cell);
                return;
        case PHYSICAL_NONE:
                return;
        }
}

static bool keeps(const struct pass *p, const struct test *t)
{
        return !p->margin || p->plan->dataset->variables[t->variable].role == VARIABLE_IDENTIFYING;
}

/* Inner cells of rows row..row+n-1. */
static void locate(const struct pass *p, uint32_t row, uint32_t n, uint32_t *cell)
{
        memset(cell, 0, sizeof(*cell) * n);
        for (uint32_t i = 0; i < p->plan->tests_len; i++)
                if (keeps(p, &p->plan->tests[i]))
                        apply_test(p, &p->plan->tests[i], row, n, cell);
        for (uint32_t d = 0; d < p->table->dimensions_len; d++)
                apply_grouping(p, d, row, n, cell);
}

/* Counting ----------------------------------------------------------------------------- */

/* All cells that the inner cell adds to: itself and every margin of it. */
static unsigned margins_of(const struct pass *p, uint32_t inner, uint32_t *out)
{
        unsigned n = 1;

        out[0] = inner;
        for (uint32_t d = 0; d < p->table->dimensions_len; d++) {
                uint32_t places = p->table->dimensions[d].len + 1;
                uint32_t at = inner / p->stride[d] % places;
                uint32_t to_total = (places - 1 - at) * p->stride[d];

                for (unsigned i = 0; i < n; i++)
                        out[n + i] = out[i] + to_total;
                n *= 2;
        }
        return n;
}

static void count_once(
        const struct pass *p, uint32_t inner, uint32_t stamp, uint32_t *stamps, uint32_t *counts)
{
        uint32_t computed[COMBINATIONS_MAX];
        unsigned n = 1u << p->table->dimensions_len;
        const uint32_t *cells = computed;

        if (stamps[inner] == stamp)
                return; /* then so have all its margins */
        if (p->margins != NULL)
                cells = p->margins + (size_t)inner * n;
        else
                (void)margins_of(p, inner, computed);
        for (unsigned i = 0; i < n; i++) {
                if (stamps[cells[i]] == stamp)
                        continue;
                stamps[cells[i]] = stamp;
                counts[cells[i]]++;
        }
}

static bool measure_value(const struct pass *p, uint32_t m, uint32_t row, int64_t *out)
{
        uint32_t variable = p->plan->measure_variables[m];
        const void *column = view_column(p->view, variable);

        if (p->plan->dataset->variables[variable].physical == PHYSICAL_I32) {
                *out = ((const int32_t *)column)[row];
                return *out != INT32_MIN;
        }
        *out = ((const int64_t *)column)[row];
        return *out != INT64_MIN;
}

static bool is_magnitude(const struct table *t, uint32_t m)
{
        return t->measures[m].kind == MEASURE_SUM || t->measures[m].kind == MEASURE_MEAN;
}

static void add_values(
        const struct pass *p, struct tally *t, uint32_t row, uint32_t inner, uint32_t stamp)
{
        for (uint32_t m = 0; m < p->table->measures_len; m++) {
                int64_t value;

                if (!is_magnitude(p->table, m) || !measure_value(p, m, row, &value))
                        continue;
                /* Bounded by the schema's min and max times 2^32 rows: no overflow
                 * within ±2^31; larger values saturate and are then refused. */
                if (__builtin_add_overflow(t->sums[m].sum[inner], value, &t->sums[m].sum[inner]))
                        t->sums[m].sum[inner] = INT64_MAX;
                t->sums[m].values[inner]++;
                count_once(p, inner, stamp, t->sums[m].stamps, t->sums[m].contributors);
        }
}

static void count_row(
        const struct pass *p, struct tally *t, uint32_t row, uint32_t inner, uint32_t stamp)
{
        t->records[inner]++;
        count_once(p, inner, stamp, t->stamps, t->persons);
        if (!p->margin)
                add_values(p, t, row, inner, stamp);
}

/* Rows of whole persons; the first row is the start of `person`. */
static void count_persons(
        const struct pass *p, struct tally *t, uint32_t person, uint32_t row, uint32_t end)
{
        const uint32_t *starts = view_person_starts(p->view);

        while (row < end) {
                uint32_t n = end - row < BLOCK ? end - row : BLOCK;

                locate(p, row, n, t->cell);
                for (uint32_t i = 0; i < n; i++) {
                        person += row + i == starts[person + 1];
                        if (t->cell[i] != CELL_FILTERED)
                                count_row(p, t, row + i, t->cell[i], person + 1);
                }
                row += n;
        }
}

/* Rows without a person: each is a respondent of its own. Stamps go on behind
 * those of the persons. */
static void count_personless(const struct pass *p, struct tally *t, uint32_t row, uint32_t end)
{
        uint32_t persons = view_persons(p->view), first = view_personless(p->view);

        while (row < end) {
                uint32_t n = end - row < BLOCK ? end - row : BLOCK;

                locate(p, row, n, t->cell);
                for (uint32_t i = 0; i < n; i++)
                        if (t->cell[i] != CELL_FILTERED)
                                count_row(
                                        p, t, row + i, t->cell[i], persons + (row + i - first) + 1);
                row += n;
        }
}

static enum err run_task(void *ctx, unsigned worker, size_t i)
{
        struct pass *p = ctx;
        struct tally *t = &p->tallies[worker];
        const uint32_t *starts = view_person_starts(p->view);
        uint32_t persons = view_persons(p->view);

        if (p->cancel != NULL && atomic_load_explicit(p->cancel, memory_order_relaxed))
                return ERR_CANCELLED;
        if (i < p->tasks_persons) {
                uint32_t first = (uint32_t)i * p->persons_per_task;
                uint32_t last = persons - first < p->persons_per_task ? persons
                                                                      : first + p->persons_per_task;

                count_persons(p, t, first, starts[first], starts[last]);
                return ERR_OK;
        }
        uint32_t row = view_personless(p->view) + (uint32_t)(i - p->tasks_persons) * TASK_ROWS;
        uint32_t rows = view_rows(p->view);
        count_personless(p, t, row, rows - row < TASK_ROWS ? rows : row + TASK_ROWS);
        return ERR_OK;
}

/* A pass ------------------------------------------------------------------------------- */

static void shape_pass(struct pass *p)
{
        size_t stride = 1;

        for (uint32_t d = p->table->dimensions_len; d-- > 0;) {
                p->stride[d] = (uint32_t)stride;
                stride *= p->table->dimensions[d].len + 1;
        }
        p->cells = stride;
}

static uint32_t *counters(struct arena *a, const struct pass *p)
{
        return arena_alloc(a, p->cells, sizeof(uint32_t));
}

static enum err new_tally(struct arena *a, const struct pass *p, struct tally *t)
{
        t->stamps = counters(a, p);
        t->persons = counters(a, p);
        t->records = counters(a, p);
        if (t->stamps == NULL || t->persons == NULL || t->records == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t m = 0; m < p->table->measures_len && !p->margin; m++) {
                struct sums *s = &t->sums[m];

                if (!is_magnitude(p->table, m))
                        continue;
                s->sum = arena_alloc(a, p->cells, sizeof(*s->sum));
                s->values = counters(a, p);
                s->contributors = counters(a, p);
                s->stamps = counters(a, p);
                if (s->sum == NULL || s->values == NULL || s->contributors == NULL ||
                        s->stamps == NULL)
                        return ERR_NO_MEMORY;
        }
        return ERR_OK;
}

/* Divisions once per cell instead of once per person and cell. */
static enum err tabulate_margins(struct pass *p, struct arena *scratch)
{
        size_t combinations = (size_t)1 << p->table->dimensions_len;

        if (p->cells * combinations > MARGIN_TABLE_MAX)
                return ERR_OK;
        p->margins = arena_alloc_raw(scratch, p->cells * combinations, sizeof(*p->margins));
        if (p->margins == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t inner = 0; inner < p->cells; inner++)
                (void)margins_of(p, inner, p->margins + inner * combinations);
        return ERR_OK;
}

static enum err run_pass(struct pass *p, unsigned threads, struct arena *scratch)
{
        uint32_t persons = view_persons(p->view), rows = view_rows(p->view);
        uint32_t rest = rows - view_personless(p->view);
        uint32_t per_person = persons > 0 ? view_personless(p->view) / persons + 1 : 1;

        shape_pass(p);
        TRY(tabulate_margins(p, scratch));
        p->persons_per_task = TASK_ROWS / per_person + 1;
        p->tasks_persons = (persons + p->persons_per_task - 1) / p->persons_per_task;
        p->tasks_rest = (rest + TASK_ROWS - 1) / TASK_ROWS;
        p->tallies_len = parallel_threads(threads);
        p->tallies = arena_alloc(scratch, p->tallies_len, sizeof(*p->tallies));
        if (p->tallies == NULL)
                return ERR_NO_MEMORY;
        for (unsigned w = 0; w < p->tallies_len; w++)
                TRY(new_tally(scratch, p, &p->tallies[w]));
        return parallel_for(p->tallies_len, (size_t)p->tasks_persons + p->tasks_rest, run_task, p);
}

static void add_up_u32(const struct pass *p, size_t offset_of_array, int64_t *out)
{
        for (unsigned w = 0; w < p->tallies_len; w++) {
                uint32_t *const *field =
                        (uint32_t *const *)(const void *)((const char *)&p->tallies[w] +
                                                          offset_of_array);

                for (size_t i = 0; i < p->cells; i++)
                        out[i] += (*field)[i];
        }
}

/* Adds inner cells into every margin, one dimension after the other. */
static void add_margins(const struct pass *p, int64_t *cells)
{
        for (uint32_t d = 0; d < p->table->dimensions_len; d++) {
                uint32_t places = p->table->dimensions[d].len + 1;
                size_t stride = p->stride[d];

                for (size_t i = 0; i < p->cells; i++) {
                        uint32_t at = (uint32_t)(i / stride % places);

                        if (at != places - 1)
                                cells[i + (places - 1 - at) * stride] += cells[i];
                }
        }
}

/* Rounded half away from zero, one decimal more than the variable has. */
static int64_t mean_of(int64_t sum, int64_t values)
{
        __int128 scaled = (__int128)sum * 10;
        __int128 half = values / 2;

        if (values == 0)
                return TABLE_NO_VALUE;
        return (int64_t)((scaled + (scaled < 0 ? -half : half)) / values);
}

static enum err finish_magnitude(
        const struct pass *p, uint32_t m, struct table *t, struct arena *scratch)
{
        struct measure *out = &t->measures[m];
        int64_t *values = arena_alloc(scratch, p->cells, sizeof(*values));
        size_t sums = offsetof(struct tally, sums) + m * sizeof(struct sums);

        if (values == NULL)
                return ERR_NO_MEMORY;
        for (unsigned w = 0; w < p->tallies_len; w++)
                for (size_t i = 0; i < p->cells; i++)
                        if (__builtin_add_overflow(out->values[i], p->tallies[w].sums[m].sum[i],
                                    &out->values[i]) ||
                                p->tallies[w].sums[m].sum[i] == INT64_MAX)
                                return ERR_LIMIT;
        add_up_u32(p, sums + offsetof(struct sums, values), values);
        add_up_u32(p, sums + offsetof(struct sums, contributors), out->contributors);
        add_margins(p, out->values);
        add_margins(p, values);
        if (out->kind == MEASURE_MEAN)
                for (size_t i = 0; i < p->cells; i++)
                        out->values[i] = mean_of(out->values[i], values[i]);
        return ERR_OK;
}

static enum err finish(const struct pass *p, struct table *t, struct arena *scratch)
{
        add_up_u32(p, offsetof(struct tally, persons), t->persons);
        add_up_u32(p, offsetof(struct tally, records), t->records);
        add_margins(p, t->records);
        for (uint32_t m = 0; m < t->measures_len; m++) {
                if (is_magnitude(t, m))
                        TRY(finish_magnitude(p, m, t, scratch));
                else
                        memcpy(t->measures[m].values,
                                t->measures[m].kind == MEASURE_PERSONS ? t->persons : t->records,
                                sizeof(int64_t) * t->cells_len);
        }
        return ERR_OK;
}

/* The identifying margin ---------------------------------------------------------------- */

static enum err run_margin(const struct plan *plan, const struct view *view, unsigned threads,
        struct arena *scratch, const atomic_bool *cancel, struct table *t)
{
        struct dimension kept[DIMENSIONS_MAX];
        struct table shape = {.dimensions = kept};
        struct pass p = {
                .plan = plan, .view = view, .cancel = cancel, .margin = true, .table = &shape};
        uint32_t full[DIMENSIONS_MAX], part[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                if (!plan->dimension_identifying[d])
                        continue;
                p.dimension[shape.dimensions_len] = d;
                kept[shape.dimensions_len++] = t->dimensions[d];
        }
        TRY(run_pass(&p, threads, scratch));
        int64_t *persons = arena_alloc(scratch, p.cells, sizeof(*persons));
        if (persons == NULL)
                return ERR_NO_MEMORY;
        add_up_u32(&p, offsetof(struct tally, persons), persons);
        for (size_t i = 0; i < t->cells_len; i++) {
                table_coordinates(t, i, full);
                for (uint32_t d = 0; d < shape.dimensions_len; d++)
                        part[d] = full[p.dimension[d]];
                t->margin_persons[i] = persons[table_cell(&shape, part)];
        }
        return ERR_OK;
}

/* Missing is not zero -------------------------------------------------------------------- */

/* A category of places is missing when nobody in it has delivered. */
static void mark_missing_places(const struct plan *plan, const struct view *view, struct table *t)
{
        uint32_t places = 0;
        const uint8_t *delivered = view_delivered(view, &places);

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                if (plan->place_level[d] == UINT32_MAX || delivered == NULL)
                        continue;
                const struct code_list *list =
                        plan->dataset->variables[plan->groupings[d].variable].codes;

                for (uint32_t c = 0; c < t->dimensions[d].len; c++) {
                        bool any = false;

                        for (uint32_t i = 0; i < places && !any; i++) {
                                uint32_t up = i;

                                for (uint32_t l = 0;
                                        l < plan->place_level[d] && up != CODE_NO_PARENT; l++)
                                        up = list->levels[l].codes[up].parent;
                                any = delivered[i] && up == plan->place_of_category[d][c];
                        }
                        t->dimensions[d].categories[c].missing = !any;
                }
        }
}

static void mark_missing_cells(struct table *t)
{
        uint32_t at[DIMENSIONS_MAX];

        for (size_t i = 0; i < t->cells_len; i++) {
                table_coordinates(t, i, at);
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        if (at[d] < t->dimensions[d].len &&
                                t->dimensions[d].categories[at[d]].missing)
                                t->status[i] = CELL_MISSING;
        }
}

enum err plan_run(const struct plan *plan, const struct view *view, unsigned threads,
        struct arena *arena, const atomic_bool *cancel, struct table **out)
{
        OWNED(arena_free) struct arena *scratch = arena_new((size_t)2 << 30);
        struct table *t = arena_alloc(arena, 1, sizeof(*t));
        struct pass p = {.plan = plan, .view = view, .cancel = cancel};

        if (t == NULL || scratch == NULL)
                return ERR_NO_MEMORY;
        *t = plan->shape;
        TRY(table_alloc(arena, t));
        p.table = t;
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                p.dimension[d] = d;
        TRY(run_pass(&p, threads, scratch));
        TRY(finish(&p, t, scratch));
        if (plan->margin_differs)
                TRY(run_margin(plan, view, threads, scratch, cancel, t));
        else
                memcpy(t->margin_persons, t->persons, sizeof(*t->persons) * t->cells_len);
        mark_missing_places(plan, view, t);
        mark_missing_cells(t);
        *out = t;
        return ERR_OK;
}
