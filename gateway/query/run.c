/* SPDX-License-Identifier: Apache-2.0 */
/* run.c: one pass over a view, in person order.
 *
 * Rows are taken in blocks: filters and categories of a block are computed column
 * by column (look-ups, no branches), then a second loop walks the rows that are
 * left. A person counts once per cell: the cell carries a stamp with the last person
 * seen. Records and sums are added in inner cells only; their margins are added up
 * once, at the end.
 *
 * What surprised us: the branches cost more than the work. Rows of a person are in
 * cells of no order, so "seen this person here before?" is guessed wrong every other time;
 * and following persons by comparing each row with the next person's first is a
 * chain of loads. With up to two dimensions every row therefore adds to all its
 * cells, 0 or 1, and beginnings of persons are marked in the block beforehand.
 *
 * Threads take ranges of persons and count for themselves; integers are then added,
 * so the number of threads shows nowhere. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/parallel.h"
#include "gateway/query/pass.h"

enum { TASK_ROWS = 1 << 17, COMBINATIONS_MAX = 1 << DIMENSIONS_MAX };
enum { MARGIN_TABLE_MAX = 1 << 21 }; /* entries; beyond, margins are computed each time */

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

static inline void count_one(struct count *c, uint32_t stamp)
{
        uint64_t word = c->word;
        uint32_t persons = (uint32_t)word + (word >> 32 != stamp);

        c->word = (uint64_t)stamp << 32 | persons;
}

static void count_in(struct count *counts, const uint32_t *cells, unsigned n, uint32_t stamp)
{
        for (unsigned i = 0; i < n; i++)
                count_one(&counts[cells[i]], stamp);
}

static void count_once(const struct pass *p, uint32_t inner, uint32_t stamp, struct count *counts)
{
        uint32_t computed[COMBINATIONS_MAX];
        unsigned n = 1u << p->table->dimensions_len;

        if (counts[inner].word >> 32 == stamp)
                return; /* then so have all its margins */
        if (p->margins != NULL)
                count_in(counts, p->margins + (size_t)inner * n, n, stamp);
        else
                count_in(counts, computed, margins_of(p, inner, computed), stamp);
}

/* The cell of all totals takes every row: its count stays in a register, for through
 * memory each row would wait for the one before. */
static void count_none(struct tally *t, struct count *total, uint32_t n)
{
        struct count all = *total;

        for (uint32_t i = 0; i < n; i++)
                count_one(&all, t->stamp[i]);
        t->records[0] += n;
        *total = all;
}

static void count_one_dimension(struct tally *t, struct count *total, uint32_t n)
{
        struct count all = *total;

        for (uint32_t i = 0; i < n; i++) {
                count_one(&t->counts[t->cell[i]], t->stamp[i]);
                count_one(&all, t->stamp[i]);
                t->records[t->cell[i]]++;
        }
        *total = all;
}

static void count_two_dimensions(
        const uint32_t *margins, struct tally *t, struct count *total, uint32_t n)
{
        struct count *counts = t->counts, all = *total;
        uint32_t *records = t->records;

        for (uint32_t i = 0; i < n; i++) {
                uint32_t cell = t->cell[i], stamp = t->stamp[i];
                const uint32_t *m = margins + (size_t)cell * 4;

                count_one(&counts[cell], stamp);
                count_one(&counts[m[1]], stamp);
                count_one(&counts[m[2]], stamp);
                count_one(&all, stamp);
                records[cell]++;
        }
        *total = all;
}

/* Persons and records of the rows that are left in a block. */
static void count_block(const struct pass *p, struct tally *t, uint32_t n)
{
        unsigned dimensions = p->table->dimensions_len;
        struct count *total = &t->counts[p->cells - 1];

        if (p->margins != NULL && dimensions == 2) {
                count_two_dimensions(p->margins, t, total, n);
        } else if (dimensions == 1) {
                count_one_dimension(t, total, n);
        } else if (dimensions == 0) {
                count_none(t, total, n);
        } else {
                for (uint32_t i = 0; i < n; i++) {
                        t->records[t->cell[i]]++;
                        count_once(p, t->cell[i], t->stamp[i], t->counts);
                }
        }
}

static bool measure_value(
        const struct pass *p, const struct tally *t, uint32_t m, uint32_t row, int64_t *out)
{
        uint32_t operand = p->plan->measure_operands[m];
        const void *value = pass_column(p, t, operand, row);

        if (p->plan->operands.list[operand].variable->physical == PHYSICAL_I32) {
                *out = *(const int32_t *)value;
                return *out != INT32_MIN;
        }
        *out = *(const int64_t *)value;
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

                if (!is_magnitude(p->table, m) || !measure_value(p, t, m, row, &value))
                        continue;
                t->overflow |= __builtin_add_overflow(
                        t->sums[m].sum[inner], value, &t->sums[m].sum[inner]);
                t->sums[m].values[inner]++;
                count_once(p, inner, stamp, t->sums[m].contributors);
        }
}

static bool has_magnitudes(const struct pass *p)
{
        for (uint32_t m = 0; m < p->table->measures_len && !p->margin; m++)
                if (is_magnitude(p->table, m))
                        return true;
        return false;
}

/* Moves the rows that are left to the front of the block, with their stamps; how many. */
static uint32_t close_ranks(struct tally *t, uint32_t filtered, uint32_t row, uint32_t n)
{
        uint32_t left = 0;

        if (filtered == n)
                return 0;
        for (uint32_t i = 0; i < n; i++) {
                uint32_t cell = t->cell[i];

                t->stamp[left] = t->stamp[i];
                t->row[left] = row + i;
                t->cell[left] = cell;
                left += 1 - (cell >> 31);
        }
        return left;
}

/* Rows row..row+n-1, whose stamps are set. */
static void count_rows(const struct pass *p, struct tally *t, uint32_t row, uint32_t n)
{
        uint32_t filtered = pass_locate(p, t, row, n);
        bool magnitudes = has_magnitudes(p);

        if (filtered > 0 || magnitudes)
                n = close_ranks(t, filtered, row, n);
        count_block(p, t, n);
        for (uint32_t i = 0; magnitudes && i < n; i++)
                add_values(p, t, t->row[i], t->cell[i], t->stamp[i]);
}

/* Stamps of rows row..row+n-1, the first of which is of `person`; who comes next. */
static uint32_t stamp_persons(
        const struct pass *p, struct tally *t, uint32_t person, uint32_t row, uint32_t n)
{
        const uint32_t *starts = view_person_starts(p->view);
        uint32_t stamp = person + 1, next = person + 1;

        memset(t->begins, 0, n);
        for (; starts[next] < row + n; next++)
                t->begins[starts[next] - row] = 1;
        for (uint32_t i = 0; i < n; i++) {
                stamp += t->begins[i];
                t->stamp[i] = stamp;
        }
        return starts[next] == row + n ? next : next - 1;
}

/* Rows of whole persons; the first row is the start of `person`. */
static void count_persons(
        const struct pass *p, struct tally *t, uint32_t person, uint32_t row, uint32_t end)
{
        while (row < end) {
                uint32_t n = end - row < BLOCK ? end - row : BLOCK;

                person = stamp_persons(p, t, person, row, n);
                count_rows(p, t, row, n);
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

                for (uint32_t i = 0; i < n; i++)
                        t->stamp[i] = persons + (row + i - first) + 1;
                count_rows(p, t, row, n);
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
                return t->overflow ? ERR_LIMIT : ERR_OK;
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
        t->counts = arena_alloc(a, p->cells, sizeof(*t->counts));
        t->records = counters(a, p);
        if (t->counts == NULL || t->records == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t m = 0; m < p->table->measures_len && !p->margin; m++) {
                struct sums *s = &t->sums[m];

                if (!is_magnitude(p->table, m))
                        continue;
                s->sum = arena_alloc(a, p->cells, sizeof(*s->sum));
                s->values = counters(a, p);
                s->contributors = arena_alloc(a, p->cells, sizeof(*s->contributors));
                if (s->sum == NULL || s->values == NULL || s->contributors == NULL)
                        return ERR_NO_MEMORY;
        }
        return columns_new_tally(a, p, t);
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
        for (uint32_t d = 0; d < p->table->dimensions_len; d++)
                TRY(pass_tabulate(p, d, scratch));
        p->persons_per_task = TASK_ROWS / per_person + 1;
        p->tasks_persons = (persons + p->persons_per_task - 1) / p->persons_per_task;
        p->tasks_rest = (rest + TASK_ROWS - 1) / TASK_ROWS;
        p->tallies_len = parallel_threads(threads);
        TRY(columns_prepare(p, p->tallies_len, scratch));
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

static void add_up_counts(const struct count *from, size_t cells, int64_t *out)
{
        for (size_t i = 0; i < cells; i++)
                out[i] += (uint32_t)from[i].word;
}

/* Adds inner cells into every margin, one dimension after the other. False when a sum
 * is more than there is room for. */
static bool add_margins(const struct pass *p, int64_t *cells)
{
        bool overflow = false;

        for (uint32_t d = 0; d < p->table->dimensions_len; d++) {
                uint32_t places = p->table->dimensions[d].len + 1;
                size_t stride = p->stride[d];

                for (size_t i = 0; i < p->cells; i++) {
                        uint32_t at = (uint32_t)(i / stride % places);

                        int64_t *margin = &cells[i + (places - 1 - at) * stride];

                        if (at != places - 1)
                                overflow |= __builtin_add_overflow(*margin, cells[i], margin);
                }
        }
        return !overflow;
}

static enum err add_up_sums(const struct pass *p, uint32_t m, int64_t *out)
{
        bool overflow = false;

        for (unsigned w = 0; w < p->tallies_len; w++) {
                overflow |= p->tallies[w].overflow;
                for (size_t i = 0; i < p->cells; i++)
                        overflow |= __builtin_add_overflow(
                                out[i], p->tallies[w].sums[m].sum[i], &out[i]);
        }
        return overflow ? ERR_LIMIT : ERR_OK;
}

/* Rounded half away from zero, one decimal more than the variable has. */
static enum err mean_of(int64_t sum, int64_t values, int64_t *out)
{
        __int128 scaled = (__int128)sum * 10;
        __int128 half = values / 2;

        *out = TABLE_NO_VALUE;
        if (values == 0)
                return ERR_OK;
        scaled = (scaled + (scaled < 0 ? -half : half)) / values;
        if (scaled > INT64_MAX || scaled <= INT64_MIN)
                return ERR_LIMIT;
        *out = (int64_t)scaled;
        return ERR_OK;
}

static enum err finish_magnitude(
        const struct pass *p, uint32_t m, struct table *t, struct arena *scratch)
{
        struct measure *out = &t->measures[m];
        int64_t *values = arena_alloc(scratch, p->cells, sizeof(*values));
        size_t sums = offsetof(struct tally, sums) + m * sizeof(struct sums);

        if (values == NULL)
                return ERR_NO_MEMORY;
        TRY(add_up_sums(p, m, out->values));
        add_up_u32(p, sums + offsetof(struct sums, values), values);
        for (unsigned w = 0; w < p->tallies_len; w++)
                add_up_counts(p->tallies[w].sums[m].contributors, p->cells, out->contributors);
        if (!add_margins(p, out->values) || !add_margins(p, values))
                return ERR_LIMIT;
        if (out->kind == MEASURE_MEAN)
                for (size_t i = 0; i < p->cells; i++)
                        TRY(mean_of(out->values[i], values[i], &out->values[i]));
        return ERR_OK;
}

static enum err finish(const struct pass *p, struct table *t, struct arena *scratch)
{
        for (unsigned w = 0; w < p->tallies_len; w++)
                add_up_counts(p->tallies[w].counts, p->cells, t->persons);
        add_up_u32(p, offsetof(struct tally, records), t->records);
        if (!add_margins(p, t->records))
                return ERR_LIMIT;
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
        for (unsigned w = 0; w < p.tallies_len; w++)
                add_up_counts(p.tallies[w].counts, p.cells, persons);
        for (size_t i = 0; i < t->cells_len; i++) {
                table_coordinates(t, i, full);
                for (uint32_t d = 0; d < shape.dimensions_len; d++)
                        part[d] = full[p.dimension[d]];
                t->margin_persons[i] = persons[table_cell(&shape, part)];
        }
        return ERR_OK;
}

/* Where nothing sensitive left a row out, the margin stands in the table already: at
 * the totals of the sensitive dimensions. */
static bool margin_is_total(const struct pass *p)
{
        uint64_t drops = 0;

        for (unsigned w = 0; w < p->tallies_len; w++)
                drops += p->tallies[w].sensitive_drops;
        return drops == 0;
}

static void read_margin(const struct plan *plan, struct table *t)
{
        uint32_t at[DIMENSIONS_MAX];

        for (size_t i = 0; i < t->cells_len; i++) {
                table_coordinates(t, i, at);
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        if (!plan->dimension_identifying[d])
                                at[d] = t->dimensions[d].len;
                t->margin_persons[i] = t->persons[table_cell(t, at)];
        }
}

/* Missing is not zero -------------------------------------------------------------------- */

/* Whether anybody in a category of places has delivered. */
static bool has_delivered(const struct plan *plan, uint32_t d, uint32_t category,
        const uint8_t *delivered, uint32_t places)
{
        const struct operands *of = &plan->operands;
        const struct code_list *list = of->list[plan->groupings[d].operand].variable->codes;

        for (uint32_t i = 0; i < places; i++)
                if (delivered[i] && operands_ancestor(of, list, i, plan->place_level[d]) ==
                                            plan->place_of_category[d][category])
                        return true;
        return false;
}

static void mark_missing_places(const struct plan *plan, const struct view *view, struct table *t)
{
        uint32_t places = 0;
        const uint8_t *delivered = view_delivered(view, &places);

        for (uint32_t d = 0; d < t->dimensions_len && delivered != NULL; d++)
                for (uint32_t c = 0; plan->place_level[d] != UINT32_MAX && c < t->dimensions[d].len;
                        c++)
                        t->dimensions[d].categories[c].missing =
                                !has_delivered(plan, d, c, delivered, places);
}

/* Where nobody has delivered at all, nothing is zero. */
static void mark_nobody(const struct view *view, struct table *t)
{
        uint32_t places = 0;
        const uint8_t *delivered = view_delivered(view, &places);

        if (delivered != NULL && memchr(delivered, 1, places) == NULL)
                memset(t->status, CELL_MISSING, t->cells_len);
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
        if (plan->margin_differs && margin_is_total(&p))
                read_margin(plan, t);
        else if (plan->margin_differs)
                TRY(run_margin(plan, view, threads, scratch, cancel, t));
        else
                memcpy(t->margin_persons, t->persons, sizeof(*t->persons) * t->cells_len);
        mark_missing_places(plan, view, t);
        mark_missing_cells(t);
        mark_nobody(view, t);
        *out = t;
        return ERR_OK;
}
