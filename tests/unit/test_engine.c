/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine.c: the engine against brute force: random questions on random
 * records, every cell compared. The oracle speaks in code texts and sets of
 * persons; it knows nothing of maps, stamps or partitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "gateway/query/engine.h"
#include "tests/support/plain_oracle.h"

enum { ROWS = 2500, QUESTIONS = 1000, ARENA_MAX = 512 << 20, TEXT = 64 };

static const char bundle[] = STATGATE_ROOT "/policies/bundle";
static const struct period whole_span = {18993, 18993 + 1095};

static const struct plain_world *world_of(const struct oracle *o)
{
        return o->source;
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

struct fact { /* a person in a cell */
        uint64_t cell, person;
};

static int by_cell(const void *a, const void *b)
{
        const struct fact *x = a, *y = b;

        if (x->cell != y->cell)
                return x->cell < y->cell ? -1 : 1;
        return x->person < y->person ? -1 : x->person > y->person;
}

/* Counts distinct persons per cell of `facts` into `out`. */
static void distinct(struct fact *facts, size_t len, int64_t *out)
{
        qsort(facts, len, sizeof(*facts), by_cell);
        for (size_t i = 0; i < len; i++)
                if (i == 0 || by_cell(&facts[i - 1], &facts[i]) != 0)
                        out[facts[i].cell]++;
}

struct expected {
        int64_t *persons, *margin, *records, *sum, *values, *contributors;
};

static void tell_cells(const struct oracle *o, uint32_t row, uint32_t summed, struct expected *e,
        struct fact *persons, size_t *persons_len, struct fact *contributors,
        size_t *contributors_len)
{
        const struct table *t = o->t;
        uint32_t at[DIMENSIONS_MAX], cell_at[DIMENSIONS_MAX];
        int64_t value = 0;
        bool has_value = summed != UINT32_MAX && o->value(o, summed, row, &value);
        uint64_t person = world_of(o)->person[row] == world_of(o)->persons
                                  ? world_of(o)->persons + 1 + row
                                  : world_of(o)->person[row];

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if ((at[d] = oracle_category(o, d, row)) == UINT32_MAX)
                        return;
        for (uint32_t mask = 0; mask < 1u << t->dimensions_len; mask++) {
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        cell_at[d] = mask >> d & 1 ? t->dimensions[d].len : at[d];
                size_t cell = table_cell(t, cell_at);
                e->records[cell]++;
                persons[(*persons_len)++] = (struct fact){cell, person};
                if (!has_value)
                        continue;
                e->sum[cell] += value;
                e->values[cell]++;
                contributors[(*contributors_len)++] = (struct fact){cell, person};
        }
}

/* The margin: identifying filters and dimensions only, spread over all cells. */
static void tell_margin(const struct oracle *o, uint32_t row, struct fact *facts, size_t *len,
        const uint64_t *margin_of_cell)
{
        const struct table *t = o->t;
        uint32_t at[DIMENSIONS_MAX], cell_at[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                at[d] = t->dimensions[d].len;
                if (t->dimensions[d].identifying &&
                        (at[d] = oracle_category(o, d, row)) == UINT32_MAX)
                        return;
        }
        for (uint32_t mask = 0; mask < 1u << t->dimensions_len; mask++) {
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        cell_at[d] = mask >> d & 1 ? t->dimensions[d].len : at[d];
                facts[(*len)++] = (struct fact){margin_of_cell[table_cell(t, cell_at)],
                        world_of(o)->person[row] == world_of(o)->persons
                                ? world_of(o)->persons + 1 + row
                                : world_of(o)->person[row]};
        }
}

static uint64_t *margins_of_cells(const struct table *t)
{
        uint64_t *out = calloc(t->cells_len, sizeof(*out));
        uint32_t at[DIMENSIONS_MAX];

        for (size_t i = 0; i < t->cells_len; i++) {
                table_coordinates(t, i, at);
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        if (!t->dimensions[d].identifying)
                                at[d] = t->dimensions[d].len;
                out[i] = table_cell(t, at);
        }
        return out;
}

static void compare(const struct oracle *o, uint32_t summed)
{
        const struct table *t = o->t;
        size_t n = t->cells_len, facts_max = (size_t)world_of(o)->rows << t->dimensions_len;
        struct expected e = {
                calloc(n, 8), calloc(n, 8), calloc(n, 8), calloc(n, 8), calloc(n, 8), calloc(n, 8)};
        struct fact *persons = calloc(facts_max, sizeof(*persons));
        struct fact *contributors = calloc(facts_max, sizeof(*contributors));
        struct fact *margin = calloc(facts_max, sizeof(*margin));
        uint64_t *margin_of = margins_of_cells(t);
        size_t persons_len = 0, contributors_len = 0, margin_len = 0;

        for (uint32_t row = 0; row < world_of(o)->rows; row++) {
                if (row_passes(o, row, false))
                        tell_cells(o, row, summed, &e, persons, &persons_len, contributors,
                                &contributors_len);
                if (row_passes(o, row, true))
                        tell_margin(o, row, margin, &margin_len, margin_of);
        }
        distinct(persons, persons_len, e.persons);
        distinct(contributors, contributors_len, e.contributors);
        distinct(margin, margin_len, e.margin);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(t->persons[i], e.persons[i]);
                assert_int_equal(t->records[i], e.records[i]);
                assert_int_equal(t->margin_persons[i], e.margin[margin_of[i]]);
                assert_int_equal(t->measures[0].values[i], e.persons[i]);
                assert_int_equal(t->measures[1].values[i], e.records[i]);
                if (t->measures_len < 3)
                        continue;
                assert_int_equal(t->measures[2].values[i], e.sum[i]);
                assert_int_equal(t->measures[2].contributors[i], e.contributors[i]);
                int64_t mean = t->measures[3].values[i];
                if (e.values[i] == 0)
                        assert_true(mean == TABLE_NO_VALUE);
                else
                        assert_true(llabs(mean * 2 * e.values[i] - e.sum[i] * 20) <= e.values[i]);
        }
        free(e.persons);
        free(e.margin);
        free(e.records);
        free(e.sum);
        free(e.values);
        free(e.contributors);
        free(persons);
        free(contributors);
        free(margin);
        free(margin_of);
}

/* Random questions ---------------------------------------------------------------------- */

static uint32_t find_measure(const struct plain_world *w)
{
        for (uint32_t i = 0; i < w->dataset->variables_len; i++)
                if (w->dataset->variables[i].role == VARIABLE_MEASURE)
                        return i;
        return UINT32_MAX;
}

static enum err ask(const struct plain_world *w, const struct view *v, const struct query *q,
        unsigned threads, struct arena *a, struct table **out)
{
        struct plan *plan = NULL;
        struct refusal why = {0};

        const struct plan_scope scope = {.dataset = w->dataset, .span = whole_span};

        TRY(plan_make(&scope, q, a, &plan, &why));
        return plan_run(plan, v, threads, a, NULL, out);
}

static void random_questions(
        const char *dataset, uint64_t seed, unsigned questions, bool personless)
{
        struct plain_world w;
        struct arena *a = arena_new(ARENA_MAX);
        unsigned asked = 0;

        plain_world_make(&w, bundle, dataset, ROWS, seed, personless);
        struct view *v = plain_world_view(&w, 2);
        uint32_t summed = find_measure(&w);
        while (asked < questions) {
                struct filter filters[3];
                struct dimension_ref dimensions[DIMENSIONS_MAX];
                struct measure_ref measures[4] = {
                        {.kind = MEASURE_PERSONS}, {.kind = MEASURE_RECORDS}};
                struct query q = {.dataset = w.dataset->id,
                        .filters = filters,
                        .dimensions = dimensions,
                        .measures = measures,
                        .measures_len = 2};
                struct table *t = NULL;

                arena_reset(a);
                oracle_random_dimensions(&w, &q, 3);
                for (uint64_t n = plain_random(&w, 4); q.filters_len < n;)
                        if (oracle_random_filter(&w, a, &filters[q.filters_len]))
                                q.filters_len++;
                if (summed != UINT32_MAX) {
                        measures[2] = (struct measure_ref){
                                .kind = MEASURE_SUM, .variable = w.dataset->variables[summed].id};
                        measures[3] = (struct measure_ref){
                                .kind = MEASURE_MEAN, .variable = w.dataset->variables[summed].id};
                        q.measures_len = 4;
                }
                if (ask(&w, v, &q, 1 + (unsigned)plain_random(&w, 3), a, &t) == ERR_TOO_MANY_CELLS)
                        continue;
                assert_non_null(t);
                if (t->cells_len > 60000)
                        continue;
                const struct oracle o = oracle_of_plain(&w, &q, t);
                compare(&o, summed);
                asked++;
        }
        view_unref(&v);
        plain_world_free(&w);
        arena_free(&a);
}

static void random_questions_about_placements_agree_with_brute_force(void **state)
{
        (void)state;
        random_questions("placering", 1, QUESTIONS / 2, false);
}

static void random_questions_about_reports_agree_with_brute_force(void **state)
{
        (void)state;
        random_questions("anmalan", 2, QUESTIONS / 2, false);
}

static void records_without_a_person_count_as_one_respondent_each(void **state)
{
        (void)state;
        random_questions("placering", 3, 60, true);
}

/* The view ---------------------------------------------------------------------------------- */

static void rows_of_a_person_are_neighbours_in_order_of_date(void **state)
{
        struct plain_world w;
        uint32_t seen = 0;

        (void)state;
        plain_world_make(&w, bundle, "placering", 20000, 4, true);
        struct view *v = plain_world_view(&w, 2);
        const uint32_t *starts = view_person_starts(v);
        const int32_t *order = view_column(v, w.dataset->order_variable);

        assert_int_equal(view_rows(v), w.rows);
        for (uint32_t p = 0; p < view_persons(v); p++) {
                assert_true(starts[p + 1] > starts[p]);
                for (uint32_t r = starts[p] + 1; r < starts[p + 1]; r++)
                        assert_true(order[r - 1] <= order[r]);
                seen += starts[p + 1] - starts[p];
        }
        assert_int_equal(seen, view_personless(v));
        view_unref(&v);
        plain_world_free(&w);
}

static void one_person_with_every_row_is_still_one_person(void **state)
{
        struct plain_world w;

        (void)state;
        plain_world_make(&w, bundle, "placering", 20000, 5, false);
        memset(w.tokens, 7, (size_t)w.rows * 16);
        struct view *v = plain_world_view(&w, 2);
        assert_int_equal(view_persons(v), 1);
        assert_int_equal(view_rows(v), w.rows);
        view_unref(&v);
        plain_world_free(&w);
}

static void where_nobody_delivered_everything_is_missing(void **state)
{
        struct plain_world w;
        struct arena *a = arena_new(ARENA_MAX);
        struct dimension_ref by = {bytes_of_text("form"), {0}};
        struct table *t = NULL;

        (void)state;
        plain_world_make(&w, bundle, "placering", 10, 6, false);
        w.rows = 0;
        struct view *v = plain_world_view(&w, 2);
        struct query q = {.dataset = w.dataset->id, .dimensions = &by, .dimensions_len = 1};
        assert_int_equal(ask(&w, v, &q, 2, a, &t), ERR_OK);
        for (size_t i = 0; i < t->cells_len; i++) {
                assert_int_equal(t->persons[i], 0);
                assert_int_equal(t->status[i], CELL_MISSING);
        }
        view_unref(&v);
        plain_world_free(&w);
        arena_free(&a);
}

static void the_number_of_threads_shows_nowhere(void **state)
{
        struct plain_world w;
        struct arena *a = arena_new(ARENA_MAX);
        struct dimension_ref by[] = {{bytes_of_text("kommun"), {0}}, {bytes_of_text("form"), {0}}};
        struct measure_ref measures[] = {{.kind = MEASURE_PERSONS},
                {.kind = MEASURE_MEAN, .variable = bytes_of_text("kostnad_dygn")}};
        struct table *first = NULL;

        (void)state;
        plain_world_make(&w, bundle, "placering", 200000, 7, false);
        struct query q = {.dataset = w.dataset->id,
                .dimensions = by,
                .dimensions_len = 2,
                .measures = measures,
                .measures_len = 2};
        for (unsigned threads = 1; threads <= 5; threads++) {
                struct view *v = plain_world_view(&w, threads);
                struct table *t = NULL;

                assert_int_equal(ask(&w, v, &q, threads, a, &t), ERR_OK);
                if (first == NULL)
                        first = t;
                assert_memory_equal(t->persons, first->persons, t->cells_len * 8);
                assert_memory_equal(
                        t->measures[1].values, first->measures[1].values, t->cells_len * 8);
                view_unref(&v);
        }
        plain_world_free(&w);
        arena_free(&a);
}

/* Questions that are refused ------------------------------------------------------------------ */

static enum err ask_where(const char *text, struct arena *a)
{
        struct plain_world w;
        struct filter f;
        struct refusal why = {0};
        struct table *t = NULL;

        plain_world_make(&w, bundle, "placering", 100, 8, false);
        struct view *v = plain_world_view(&w, 1);
        assert_int_equal(filter_parse(a, bytes_of_text(text), &f, &why), ERR_OK);
        struct query q = {.dataset = w.dataset->id, .filters = &f, .filters_len = 1};
        enum err e = ask(&w, v, &q, 1, a, &t);
        view_unref(&v);
        plain_world_free(&w);
        return e;
}

static void ranges_are_cut_at_declared_edges_only(void **state)
{
        struct arena *a = arena_new(ARENA_MAX);

        (void)state;
        assert_int_equal(ask_where("alder in 0..17", a), ERR_OK);
        assert_int_equal(ask_where("alder >= 18", a), ERR_OK);
        assert_int_equal(ask_where("alder < 18", a), ERR_OK);
        assert_int_equal(ask_where("alder in 4..12", a), ERR_OK);
        assert_int_equal(ask_where("alder = 5", a), ERR_NOT_ALLOWED);
        assert_int_equal(ask_where("alder in 5..12", a), ERR_NOT_ALLOWED);
        assert_int_equal(ask_where("start in 2024-Q1..2024-Q3", a), ERR_OK);
        assert_int_equal(ask_where("start >= 2024-01-01", a), ERR_OK);
        assert_int_equal(ask_where("start >= 2024-01-02", a), ERR_NOT_ALLOWED);
        assert_int_equal(ask_where("start = 2024-02", a), ERR_NOT_ALLOWED);
        arena_free(&a);
}

/* One more than the largest number there is would be the smallest: everybody. */
static void nothing_is_beyond_the_largest_number(void **state)
{
        struct arena *a = arena_new(ARENA_MAX);

        (void)state;
        assert_int_equal(ask_where("alder > 9223372036854775807", a), ERR_INVALID);
        assert_int_equal(ask_where("alder >= 9223372036854775807", a), ERR_NOT_ALLOWED);
        assert_int_equal(ask_where("alder > 9223372036854775808", a), ERR_INVALID);
        assert_int_equal(ask_where("alder < -9223372036854775807", a), ERR_NOT_ALLOWED);
        assert_int_equal(ask_where("alder < -9223372036854775808", a), ERR_INVALID);
        arena_free(&a);
}

static void unknown_names_are_refused(void **state)
{
        struct arena *a = arena_new(ARENA_MAX);

        (void)state;
        assert_int_equal(ask_where("inget = 1", a), ERR_UNKNOWN_NAME);
        assert_int_equal(ask_where("form = slott", a), ERR_UNKNOWN_NAME);
        assert_int_equal(ask_where("kommun:planet = 1", a), ERR_UNKNOWN_NAME);
        assert_int_equal(ask_where("fodelsemanad = 2010", a), ERR_NOT_ALLOWED);
        assert_int_equal(ask_where("form < hvb", a), ERR_INVALID);
        assert_int_equal(ask_where("start in 2024..2022", a), ERR_INVALID);
        arena_free(&a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rows_of_a_person_are_neighbours_in_order_of_date),
                cmocka_unit_test(one_person_with_every_row_is_still_one_person),
                cmocka_unit_test(where_nobody_delivered_everything_is_missing),
                cmocka_unit_test(the_number_of_threads_shows_nowhere),
                cmocka_unit_test(ranges_are_cut_at_declared_edges_only),
                cmocka_unit_test(nothing_is_beyond_the_largest_number),
                cmocka_unit_test(unknown_names_are_refused),
                cmocka_unit_test(random_questions_about_placements_agree_with_brute_force),
                cmocka_unit_test(random_questions_about_reports_agree_with_brute_force),
                cmocka_unit_test(records_without_a_person_count_as_one_respondent_each),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
