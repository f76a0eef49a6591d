/* SPDX-License-Identifier: Apache-2.0 */
/* test_members.c: who is in which cell, against lists of facts sorted by brute force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "gateway/query/engine.h"
#include "tests/support/plain_oracle.h"

enum { ROWS = 2000, QUESTIONS = 150, ARENA_MAX = 256 << 20, CONDITIONS = 3 };

static const char bundle[] = STATGATE_ROOT "/policies/bundle";
static const struct period whole_span = {18993, 18993 + 1095};

struct fact {
        uint64_t cell;
        uint32_t person;
};

static int by_cell(const void *a, const void *b)
{
        const struct fact *x = a, *y = b;

        if (x->cell != y->cell)
                return x->cell < y->cell ? -1 : 1;
        return x->person < y->person ? -1 : x->person > y->person;
}

static bool row_passes(const struct oracle *o, uint32_t row, bool margin)
{
        for (uint32_t i = 0; i < o->q->filters_len; i++) {
                const struct filter *f = &o->q->filters[i];
                const struct variable *v =
                        &o->dataset->variables[variable_find(o->dataset, f->variable)];

                if ((!margin || v->role == VARIABLE_IDENTIFYING) && !oracle_matches(o, f, row))
                        return false;
        }
        return true;
}

/* Every cell that a row of `person` is in. */
static void tell_row(
        const struct oracle *o, uint32_t row, uint32_t person, struct fact *facts, size_t *len)
{
        const struct table *t = o->t;
        uint32_t at[DIMENSIONS_MAX], cell_at[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if ((at[d] = oracle_category(o, d, row)) == UINT32_MAX)
                        return;
        for (uint32_t mask = 0; mask < 1u << t->dimensions_len; mask++) {
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        cell_at[d] = mask >> d & 1 ? t->dimensions[d].len : at[d];
                facts[(*len)++] = (struct fact){table_cell(t, cell_at), person};
        }
}

static void check_members(
        const struct view *v, const struct query *q, const struct plan_members *m, bool margin)
{
        const struct oracle o = oracle_of_view(v, q, m->shape);
        const uint32_t *starts = view_person_starts(v);
        struct fact *facts =
                calloc(((size_t)view_rows(v) << m->shape->dimensions_len) + 1, sizeof(*facts));
        size_t len = 0, at = 0;

        for (uint32_t p = 0; p < view_persons(v); p++)
                for (uint32_t row = starts[p]; row < starts[p + 1]; row++)
                        if (row_passes(&o, row, margin))
                                tell_row(&o, row, p, facts, &len);
        qsort(facts, len, sizeof(*facts), by_cell);
        assert_int_equal(m->starts[0], 0);
        for (size_t i = 0; i < len; i++) {
                if (i > 0 && by_cell(&facts[i - 1], &facts[i]) == 0)
                        continue;
                assert_true(m->starts[facts[i].cell] <= at && at < m->starts[facts[i].cell + 1]);
                size_t same = i + 1;

                while (same < len && by_cell(&facts[i], &facts[same]) == 0)
                        same++;
                if (m->records != NULL)
                        assert_int_equal(m->records[at], same - i);
                assert_int_equal(m->persons[at++], facts[i].person);
        }
        for (size_t i = 0; i < m->shape->cells_len; i++)
                assert_true(m->starts[i] <= m->starts[i + 1]);
        assert_int_equal(m->starts[m->shape->cells_len], at);
        free(facts);
}

/* The row of a cell, by the names of its dimensions. */
static void check_map(
        const struct table *full, const struct plan_members *margin, const struct table *t)
{
        uint32_t at[DIMENSIONS_MAX], kept[DIMENSIONS_MAX];

        for (size_t i = 0; i < full->cells_len; i++) {
                uint32_t cell = margin->cells_of_margin[i], d = 0;

                table_coordinates(full, i, at);
                table_coordinates(margin->shape, cell, kept);
                for (uint32_t k = 0; k < full->dimensions_len; k++) {
                        if (!full->dimensions[k].identifying)
                                continue;
                        assert_true(bytes_equal(full->dimensions[k].variable,
                                margin->shape->dimensions[d].variable));
                        assert_int_equal(kept[d++], at[k]);
                }
                assert_int_equal(d, margin->shape->dimensions_len);
                assert_int_equal(
                        margin->starts[cell + 1] - margin->starts[cell], t->margin_persons[i]);
        }
}

static enum err plan_for(
        const struct plain_world *w, const struct query *q, struct arena *a, struct plan **out)
{
        const struct plan_scope scope = {.dataset = w->dataset, .span = whole_span};
        struct refusal why = {0};

        return plan_make(&scope, q, a, out, &why);
}

/* The same lists, of the rows that were counted. */
static void check_counted(
        const struct plan *plan, const struct view *v, const struct query *q, struct arena *a)
{
        struct plan_members full = {0}, margin = {0};
        struct plan_rows *rows = NULL;
        struct table *t = NULL;

        assert_int_equal(plan_run_kept(plan, v, 2, a, NULL, &t, &rows), ERR_OK);
        assert_int_equal(plan_rows_members(rows, false, false, a, NULL, &full), ERR_OK);
        assert_null(full.records);
        check_members(v, q, &full, false);
        assert_int_equal(plan_rows_members(rows, false, true, a, NULL, &full), ERR_OK);
        assert_non_null(full.records);
        check_members(v, q, &full, false);
        assert_int_equal(plan_rows_members(rows, true, false, a, NULL, &margin), ERR_OK);
        check_members(v, q, &margin, true);
        plan_rows_free(&rows);
        assert_null(rows);
}

static bool ask_random(struct plain_world *w, const struct view *v, struct arena *a, bool margins)
{
        struct filter filters[CONDITIONS];
        struct dimension_ref dimensions[DIMENSIONS_MAX];
        struct query q = {.dataset = w->dataset->id, .filters = filters, .dimensions = dimensions};
        struct plan_members full = {0}, margin = {0};
        struct plan *plan = NULL;
        struct table *t = NULL;

        oracle_random_dimensions(w, &q, 3);
        for (uint64_t n = plain_random(w, CONDITIONS); q.filters_len < n;)
                if (oracle_random_filter(w, a, &filters[q.filters_len]))
                        q.filters_len++;
        if (plan_for(w, &q, a, &plan) != ERR_OK)
                return false;
        assert_int_equal(plan_members(plan, v, false, a, NULL, &full), ERR_OK);
        if (full.shape->cells_len > 60000)
                return false;
        assert_null(full.cells_of_margin);
        assert_null(full.records);
        check_members(v, &q, &full, false);
        assert_int_equal(plan_members_counted(plan, v, a, NULL, &full), ERR_OK);
        assert_non_null(full.records);
        check_members(v, &q, &full, false);
        assert_int_equal(plan_members(plan, v, true, a, NULL, &margin), ERR_OK);
        check_members(v, &q, &margin, true);
        check_counted(plan, v, &q, a);
        if (!margins)
                return true;
        assert_int_equal(plan_run(plan, v, 2, a, NULL, &t), ERR_OK);
        check_map(full.shape, &margin, t);
        for (size_t i = 0; i < t->cells_len; i++)
                assert_int_equal(full.starts[i + 1] - full.starts[i], t->persons[i]);
        return true;
}

/* Rows of nobody are counted in a table, each as somebody, and are in no list: there the
 * sizes differ. */
static void ask_many(const char *dataset, uint64_t seed, bool personless)
{
        struct plain_world w;
        struct arena *a = arena_new(ARENA_MAX);

        plain_world_make(&w, bundle, dataset, ROWS, seed, personless);
        struct view *v = plain_world_view(&w, 2);
        for (unsigned asked = 0; asked < QUESTIONS; arena_reset(a))
                asked += ask_random(&w, v, a, !personless);
        view_unref(&v);
        plain_world_free(&w);
        arena_free(&a);
}

static void every_cell_lists_its_persons_once_and_in_order(void **state)
{
        (void)state;
        ask_many("placering", 31, false);
}

static void every_row_of_reports_lists_its_persons(void **state)
{
        (void)state;
        ask_many("anmalan", 32, false);
}

static void rows_of_nobody_are_in_no_list(void **state)
{
        (void)state;
        ask_many("placering", 33, true);
}

/* Ends -------------------------------------------------------------------------------------- */

static enum err list_small(size_t ceiling, const atomic_bool *cancel)
{
        struct plain_world w;
        struct arena *planned = arena_new(ARENA_MAX), *a = arena_new(ceiling);
        struct dimension_ref by[] = {{bytes_of_text("kommun"), {0}}, {bytes_of_text("form"), {0}}};
        struct plan_members m = {0};
        struct plan *plan = NULL;

        plain_world_make(&w, bundle, "placering", ROWS, 34, false);
        struct view *v = plain_world_view(&w, 1);
        struct query q = {.dataset = w.dataset->id, .dimensions = by, .dimensions_len = 2};
        assert_int_equal(plan_for(&w, &q, planned, &plan), ERR_OK);
        enum err e = plan_members(plan, v, false, a, cancel, &m);
        if (e != ERR_OK)
                assert_null(m.persons);
        view_unref(&v);
        plain_world_free(&w);
        arena_free(&planned);
        arena_free(&a);
        return e;
}

static void a_list_that_finds_no_room_is_an_error(void **state)
{
        (void)state;
        assert_int_equal(list_small(4096, NULL), ERR_NO_MEMORY);
        assert_int_equal(list_small(1 << 20, NULL), ERR_OK);
}

static void a_list_can_be_cancelled(void **state)
{
        atomic_bool cancel;

        (void)state;
        atomic_init(&cancel, true);
        assert_int_equal(list_small(1 << 20, &cancel), ERR_CANCELLED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_cell_lists_its_persons_once_and_in_order),
                cmocka_unit_test(every_row_of_reports_lists_its_persons),
                cmocka_unit_test(rows_of_nobody_are_in_no_list),
                cmocka_unit_test(a_list_that_finds_no_room_is_an_error),
                cmocka_unit_test(a_list_can_be_cancelled),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
