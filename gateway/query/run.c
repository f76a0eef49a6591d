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

enum { TASK_ROWS = 1 << 17 };

/* Counting ----------------------------------------------------------------------------- */

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

/* With the record key of whoever is new in a cell; rows of nobody have none. */
static void count_with_keys(const struct pass *p, struct tally *t, uint32_t n)
{
        uint32_t computed[COMBINATIONS_MAX], persons = view_persons(p->view);
        unsigned cells_len = 1u << p->table->dimensions_len;

        for (uint32_t i = 0; i < n; i++) {
                uint32_t inner = t->cell[i], stamp = t->stamp[i];
                const uint32_t *cells = pass_cells(p, inner, computed);
                uint32_t key = stamp <= persons ? (uint32_t)p->keys[stamp - 1] : 0;

                t->records[inner]++;
                if (t->counts[inner].word >> 32 == stamp)
                        continue;
                for (unsigned k = 0; k < cells_len; k++) {
                        t->keys[cells[k]] += t->counts[cells[k]].word >> 32 != stamp ? key : 0;
                        count_one(&t->counts[cells[k]], stamp);
                }
        }
}

/* Persons and records of the rows that are left in a block. */
static void count_block(const struct pass *p, struct tally *t, uint32_t n)
{
        unsigned dimensions = p->table->dimensions_len;
        struct count *total = &t->counts[p->cells - 1];

        if (p->keys != NULL) {
                count_with_keys(p, t, n);
        } else if (p->margins != NULL && dimensions == 2) {
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

static uint32_t all_are_left(struct tally *t, uint32_t row, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                t->row[i] = row + i;
        return n;
}

/* Moves the rows that are left to the front of the block, with their stamps; how many. */
static uint32_t close_ranks(struct tally *t, uint32_t filtered, uint32_t row, uint32_t n)
{
        uint32_t left = 0;

        if (filtered == 0)
                return all_are_left(t, row, n);
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

/* For lists of who is where. */
static void keep_rows(struct tally *t, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                t->noted[i] = (struct note){t->cell[i], t->stamp[i]};
        t->noted += n;
}

/* Rows row..row+n-1, whose stamps are set. */
static void count_rows(const struct pass *p, struct tally *t, uint32_t row, uint32_t n)
{
        uint32_t filtered = pass_locate(p, t, row, n), left = n;

        if (filtered > 0 || p->parts || p->tells)
                left = close_ranks(t, filtered, row, n);
        count_block(p, t, left);
        if (t->noted != NULL)
                keep_rows(t, left);
        if (p->parts)
                parts_count(p, t, row, n, left);
        if (p->tells)
                contributions_count(p, t, row, left);
}

/* Families of the rows of a block, whose persons are named. */
static void name_families(const struct pass *p, struct tally *t, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                t->family[i] = p->families->family[t->stamp[i] - 1];
}

/* Rows of whole persons; the first row is the start of `person`. */
static void count_persons(
        const struct pass *p, struct tally *t, uint32_t person, uint32_t row, uint32_t end)
{
        uint32_t next = person;

        while (row < end && !pass_cancelled(p)) {
                uint32_t n = end - row < BLOCK ? end - row : BLOCK;

                next = pass_name_persons(p, t, next, row, n);
                if (p->families != NULL)
                        name_families(p, t, n);
                count_rows(p, t, row, n);
                row += n;
        }
}

/* Rows without a person: each is a respondent of its own, and nobody's family. Stamps go on
 * behind those of the persons. */
static void count_personless(const struct pass *p, struct tally *t, uint32_t row, uint32_t end)
{
        uint32_t persons = view_persons(p->view), first = view_personless(p->view);

        while (row < end && !pass_cancelled(p)) {
                uint32_t n = end - row < BLOCK ? end - row : BLOCK;

                for (uint32_t i = 0; i < n; i++)
                        t->stamp[i] = persons + (row + i - first) + 1;
                for (uint32_t i = 0; p->families != NULL && i < n; i++)
                        t->family[i] = FAMILY_MISSING;
                count_rows(p, t, row, n);
                row += n;
        }
}

/* The first person from `person` on who is not of a family that began before her: what
 * one worker counts of a family no other does. */
static uint32_t whole_families(const struct families *f, uint32_t person, uint32_t persons)
{
        uint32_t before = person, end = person;

        while (before > 0 && f->family[before - 1] == FAMILY_MISSING)
                before--;
        if (before == 0)
                return person;
        for (uint32_t i = person; i < persons; i++) {
                if (f->family[i] == FAMILY_MISSING)
                        continue;
                if (f->family[i] != f->family[before - 1])
                        break;
                end = i + 1;
        }
        return end;
}

/* Where the persons of task i begin. */
static uint32_t task_begin(const struct pass *p, size_t i)
{
        uint32_t persons = view_persons(p->view);
        uint64_t first = (uint64_t)i * p->persons_per_task;

        if (first >= persons)
                return persons;
        return p->families == NULL ? (uint32_t)first
                                   : whole_families(p->families, (uint32_t)first, persons);
}

/* Tasks have rows of their own, and room for all of them. */
static void begin_keeping(const struct pass *p, struct tally *t, uint32_t row)
{
        t->noted = p->rows == NULL ? NULL : p->rows->notes + row;
}

static void end_keeping(const struct pass *p, struct tally *t, size_t i, uint32_t row)
{
        if (t->noted == NULL)
                return;
        p->rows->begin[i] = row;
        p->rows->len[i] = (uint32_t)(t->noted - p->rows->notes) - row;
        t->noted = NULL;
}

static enum err run_task(void *ctx, unsigned worker, size_t i)
{
        struct pass *p = ctx;
        struct tally *t = &p->tallies[worker];
        const uint32_t *starts = view_person_starts(p->view);

        if (i < p->tasks_persons) {
                uint32_t first = task_begin(p, i), last = task_begin(p, i + 1);

                begin_keeping(p, t, starts[first]);
                count_persons(p, t, first, starts[first], starts[last]);
                end_keeping(p, t, i, starts[first]);
        } else {
                uint32_t row =
                        view_personless(p->view) + (uint32_t)(i - p->tasks_persons) * TASK_ROWS;
                uint32_t rows = view_rows(p->view);

                count_personless(p, t, row, rows - row < TASK_ROWS ? rows : row + TASK_ROWS);
        }
        if (pass_cancelled(p))
                return ERR_CANCELLED;
        TRY(contributions_end(t));
        return t->overflow ? ERR_LIMIT : ERR_OK;
}

/* A pass ------------------------------------------------------------------------------- */

static enum err make_room(const struct pass *p)
{
        struct plan_rows *r = p->rows;

        r->notes =
                arena_alloc_raw(r->arena, (size_t)view_personless(p->view) + 1, sizeof(*r->notes));
        r->begin = arena_alloc(r->arena, p->tasks_persons, sizeof(*r->begin));
        r->len = arena_alloc(r->arena, p->tasks_persons, sizeof(*r->len));
        r->tasks = p->tasks_persons;
        return r->notes == NULL || r->begin == NULL || r->len == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err run_pass(struct pass *p, unsigned threads, struct arena *scratch)
{
        uint32_t persons = view_persons(p->view), rows = view_rows(p->view);
        uint32_t rest = rows - view_personless(p->view);
        uint32_t per_person = persons > 0 ? view_personless(p->view) / persons + 1 : 1;

        p->persons_per_task = TASK_ROWS / per_person + 1;
        p->tasks_persons = (persons + p->persons_per_task - 1) / p->persons_per_task;
        p->tasks_rest = (rest + TASK_ROWS - 1) / TASK_ROWS;
        TRY(pass_prepare(p, parallel_threads(threads), scratch));
        if (p->rows != NULL)
                TRY(make_room(p));
        return parallel_for(p->tallies_len, (size_t)p->tasks_persons + p->tasks_rest, run_task, p);
}

static void add_up_counts(const struct count *from, size_t cells, int64_t *out)
{
        for (size_t i = 0; i < cells; i++)
                out[i] += (uint32_t)from[i].word;
}

static enum err finish(const struct pass *p, struct table *t, struct arena *scratch)
{
        for (unsigned w = 0; w < p->tallies_len; w++)
                add_up_counts(p->tallies[w].counts, p->cells, t->persons);
        for (unsigned w = 0; w < p->tallies_len; w++)
                for (size_t i = 0; i < p->cells; i++)
                        t->records[i] += p->tallies[w].records[i];
        for (unsigned w = 0; w < p->tallies_len && p->keys != NULL; w++)
                for (size_t i = 0; i < p->cells; i++)
                        t->cell_key[i] += p->tallies[w].keys[i];
        return pass_add_margins(p, t->records) ? measures_finish(p, t, scratch) : ERR_LIMIT;
}

/* The identifying margin ---------------------------------------------------------------- */

static enum err run_margin(
        const struct pass *question, unsigned threads, struct arena *scratch, struct table *t)
{
        struct dimension kept[DIMENSIONS_MAX];
        struct table shape;
        struct pass p = {.plan = question->plan,
                .view = question->view,
                .places = question->places,
                .cancel = question->cancel};

        pass_shape_margin(&p, kept, &shape);
        TRY(run_pass(&p, threads, scratch));
        int64_t *persons = arena_alloc(scratch, p.cells, sizeof(*persons));
        if (persons == NULL)
                return ERR_NO_MEMORY;
        for (unsigned w = 0; w < p.tallies_len; w++)
                add_up_counts(p.tallies[w].counts, p.cells, persons);
        for (size_t i = 0; i < t->cells_len; i++)
                t->margin_persons[i] = persons[pass_margin_cell(&p, t, i)];
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

/* Whether anybody in a category of places counts. */
static bool has_counted(
        const struct plan *plan, uint32_t d, uint32_t category, const struct places *places)
{
        const struct operands *of = &plan->operands;
        const struct code_list *list = of->list[plan->groupings[d].operand].variable->codes;

        for (uint32_t i = 0; i < places->len; i++)
                if (places->counts[i] && operands_ancestor(of, list, i, plan->place_level[d]) ==
                                                 plan->place_of_category[d][category])
                        return true;
        return false;
}

static void mark_missing_places(
        const struct plan *plan, const struct places *places, struct table *t)
{
        for (uint32_t d = 0; d < t->dimensions_len && places->len > 0; d++)
                for (uint32_t c = 0; plan->place_level[d] != UINT32_MAX && c < t->dimensions[d].len;
                        c++)
                        t->dimensions[d].categories[c].missing = !has_counted(plan, d, c, places);
}

/* Where nobody counts at all, nothing is zero. */
static void mark_nobody(const struct places *places, struct table *t)
{
        if (places->len > 0 && memchr(places->counts, 1, places->len) == NULL)
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

/* What only some questions ask for. */
static enum err alloc_beside(
        const struct plan *plan, const struct view *view, struct arena *arena, struct table *t)
{
        if (plan->measures->families != PART_NONE) {
                t->families = arena_alloc(arena, t->cells_len, sizeof(*t->families));
                if (t->families == NULL)
                        return ERR_NO_MEMORY;
        }
        if (plan->contributing.keys && view_record_keys(view) != NULL) {
                t->cell_key = arena_alloc(arena, t->cells_len, sizeof(*t->cell_key));
                if (t->cell_key == NULL)
                        return ERR_NO_MEMORY;
        }
        for (uint32_t m = 0; m < t->measures_len; m++) {
                if (t->measures[m].kind != MEASURE_MEAN)
                        continue;
                t->measures[m].sums = arena_alloc(arena, t->cells_len, sizeof(*t->measures->sums));
                if (t->measures[m].sums == NULL)
                        return ERR_NO_MEMORY;
        }
        return ERR_OK;
}

static enum err run_question(
        struct pass *p, unsigned threads, struct arena *scratch, struct arena *arena)
{
        const struct plan *plan = p->plan;
        struct table *t = p->table;

        TRY(run_pass(p, threads, scratch));
        TRY(finish(p, t, scratch));
        TRY(contributions_finish(p, t, arena));
        if (p->rows != NULL)
                p->rows->margin_is_total = margin_is_total(p);
        if (plan->margin_differs && margin_is_total(p))
                read_margin(plan, t);
        else if (plan->margin_differs)
                TRY(run_margin(p, threads, scratch, t));
        else
                memcpy(t->margin_persons, t->persons, sizeof(*t->persons) * t->cells_len);
        return ERR_OK;
}

static enum err run_plan(const struct plan *plan, const struct view *view, unsigned threads,
        struct arena *arena, const atomic_bool *cancel, struct plan_rows *rows, struct table **out)
{
        OWNED(arena_free) struct arena *scratch = arena_new((size_t)2 << 30);
        struct table *t = arena_alloc(arena, 1, sizeof(*t));
        struct places places;
        struct pass p = {
                .plan = plan, .view = view, .places = &places, .cancel = cancel, .rows = rows};

        if (t == NULL || scratch == NULL)
                return ERR_NO_MEMORY;
        *t = plan->shape;
        TRY(table_alloc(arena, t));
        TRY(alloc_beside(plan, view, arena, t));
        TRY(places_make(plan, view, scratch, &places));
        p.table = t;
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                p.dimension[d] = d;
        enum err e = run_question(&p, threads, scratch, arena);
        contributions_done(&p);
        TRY(e);
        mark_missing_places(plan, &places, t);
        mark_missing_cells(t);
        mark_nobody(&places, t);
        *out = t;
        return ERR_OK;
}

enum err plan_run(const struct plan *plan, const struct view *view, unsigned threads,
        struct arena *arena, const atomic_bool *cancel, struct table **out)
{
        return run_plan(plan, view, threads, arena, cancel, NULL, out);
}

/* Rows that are kept --------------------------------------------------------------------- */

static enum err new_rows(const struct plan *plan, const struct view *view, struct plan_rows **out)
{
        struct arena *arena = arena_new((size_t)8 << 30);

        *out = arena == NULL ? NULL : arena_alloc(arena, 1, sizeof(**out));
        if (*out == NULL) {
                arena_free(&arena);
                return ERR_NO_MEMORY;
        }
        **out = (struct plan_rows){.arena = arena, .plan = plan, .view = view};
        return ERR_OK;
}

void plan_rows_free(struct plan_rows **rows)
{
        struct arena *arena = rows != NULL && *rows != NULL ? (*rows)->arena : NULL;

        arena_free(&arena);
        if (rows != NULL)
                *rows = NULL;
}

enum err plan_run_kept(const struct plan *plan, const struct view *view, unsigned threads,
        struct arena *arena, const atomic_bool *cancel, struct table **out, struct plan_rows **rows)
{
        OWNED(plan_rows_free) struct plan_rows *kept = NULL;

        TRY(new_rows(plan, view, &kept));
        TRY(run_plan(plan, view, threads, arena, cancel, kept, out));
        *rows = kept;
        kept = NULL;
        return ERR_OK;
}
