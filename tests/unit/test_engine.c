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
#include "tests/support/plain_world.h"

enum { ROWS = 2500, QUESTIONS = 1000, ARENA_MAX = 512 << 20, TEXT = 64 };

static const char bundle[] = STATGATE_ROOT "/policies/bundle";
static const struct period whole_span = {18993, 18993 + 1095};

struct oracle {
        const struct plain_world *w;
        const struct query *q;
        const struct table *t;
};

/* The code text of a value at a level, as a statistician would name it; "" for none. */
static void name_at_level(const struct plain_world *w, uint32_t variable, struct bytes level,
        uint32_t row, char out[TEXT])
{
        const struct variable *v = &w->dataset->variables[variable];
        int64_t n;

        out[0] = '\0';
        if (!plain_value(w, variable, row, &n))
                return;
        if (v->type == VARIABLE_CODE) {
                uint32_t code = (uint32_t)n, l = 0;

                while (!bytes_equal(v->codes->levels[l].id, level))
                        code = v->codes->levels[l++].codes[code].parent;
                struct bytes text = v->codes->levels[l].codes[code].code;
                snprintf(out, TEXT, "%.*s", (int)text.len, (const char *)text.data);
        } else if (v->type == VARIABLE_BOOLEAN) {
                snprintf(out, TEXT, "%s", n ? "true" : "false");
        } else if (v->type == VARIABLE_DATE) {
                struct civil c = civil_from_days((int32_t)n);

                if (bytes_is_text(level, "ar"))
                        snprintf(out, TEXT, "%04d", c.year);
                else if (bytes_is_text(level, "kvartal"))
                        snprintf(out, TEXT, "%04d-Q%d", c.year, (c.month + 2) / 3);
                else if (bytes_is_text(level, "manad"))
                        snprintf(out, TEXT, "%04d-%02d", c.year, c.month);
                else
                        days_format((int32_t)n, out);
        } else {
                for (uint32_t b = 0; b < v->bandings_len; b++)
                        for (uint32_t k = 0; k < v->bandings[b].len; k++) {
                                const struct band *band = &v->bandings[b].bands[k];

                                if (bytes_equal(v->bandings[b].id, level) && n >= band->low &&
                                        n <= band->high)
                                        snprintf(out, TEXT, "%.*s", (int)band->code.len,
                                                (const char *)band->code.data);
                        }
        }
}

/* Category of a row in a dimension; UINT32_MAX: the row is not in the table. */
static uint32_t category_of(const struct oracle *o, uint32_t d, uint32_t row)
{
        const struct dimension *dim = &o->t->dimensions[d];
        int32_t variable = variable_find(o->w->dataset, dim->variable);
        uint32_t other = UINT32_MAX;
        char name[TEXT];

        name_at_level(o->w, (uint32_t)variable, dim->level, row, name);
        for (uint32_t c = 0; c < dim->len; c++) {
                if (name[0] != '\0' && bytes_is_text(dim->categories[c].code, name))
                        return c;
                if (bytes_is_text(dim->categories[c].code, "ovrigt"))
                        other = c;
        }
        return other;
}

static bool value_matches(const struct oracle *o, const struct filter *f, uint32_t row)
{
        uint32_t variable = (uint32_t)variable_find(o->w->dataset, f->variable);
        const struct variable *v = &o->w->dataset->variables[variable];
        char name[TEXT];
        int64_t n;
        bool hit = false;

        if (!plain_value(o->w, variable, row, &n))
                return false;
        struct bytes level = f->level;
        if (v->type == VARIABLE_DATE)
                level = bytes_of_text(f->values[0].len == 4 ? "ar" : "kvartal");
        name_at_level(o->w, variable, level, row, name);
        for (uint32_t i = 0; i < f->values_len; i++)
                hit |= bytes_is_text(f->values[i], name);
        int order = name[0] == '\0'
                            ? 0
                            : strncmp(name, (const char *)f->values[0].data, f->values[0].len);
        switch (f->op) {
        case FILTER_EQ:
        case FILTER_IN:
                return hit;
        case FILTER_NE:
                return !hit;
        case FILTER_GE:
                return order >= 0;
        case FILTER_LT:
                return order < 0;
        case FILTER_NONE:
        case FILTER_LE:
        case FILTER_GT:
        case FILTER_OP_COUNT:
                break;
        }
        fail();
        return false;
}

static bool row_passes(const struct oracle *o, uint32_t row, bool margin)
{
        for (uint32_t i = 0; i < o->q->filters_len; i++) {
                const struct filter *f = &o->q->filters[i];
                const struct variable *v =
                        &o->w->dataset->variables[variable_find(o->w->dataset, f->variable)];

                if ((!margin || v->role == VARIABLE_IDENTIFYING) && !value_matches(o, f, row))
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
        bool has_value = summed != UINT32_MAX && plain_value(o->w, summed, row, &value);
        uint64_t person =
                o->w->person[row] == o->w->persons ? o->w->persons + 1 + row : o->w->person[row];

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if ((at[d] = category_of(o, d, row)) == UINT32_MAX)
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
                if (t->dimensions[d].identifying && (at[d] = category_of(o, d, row)) == UINT32_MAX)
                        return;
        }
        for (uint32_t mask = 0; mask < 1u << t->dimensions_len; mask++) {
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        cell_at[d] = mask >> d & 1 ? t->dimensions[d].len : at[d];
                facts[(*len)++] = (struct fact){margin_of_cell[table_cell(t, cell_at)],
                        o->w->person[row] == o->w->persons ? o->w->persons + 1 + row
                                                           : o->w->person[row]};
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
        size_t n = t->cells_len, facts_max = (size_t)o->w->rows << t->dimensions_len;
        struct expected e = {
                calloc(n, 8), calloc(n, 8), calloc(n, 8), calloc(n, 8), calloc(n, 8), calloc(n, 8)};
        struct fact *persons = calloc(facts_max, sizeof(*persons));
        struct fact *contributors = calloc(facts_max, sizeof(*contributors));
        struct fact *margin = calloc(facts_max, sizeof(*margin));
        uint64_t *margin_of = margins_of_cells(t);
        size_t persons_len = 0, contributors_len = 0, margin_len = 0;

        for (uint32_t row = 0; row < o->w->rows; row++) {
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

static struct bytes random_level(struct plain_world *w, const struct variable *v)
{
        static const char *const dates[] = {"dag", "manad", "kvartal", "ar"};

        if (v->type == VARIABLE_CODE)
                return v->codes
                        ->levels[v->finest_level +
                                 plain_random(w, v->codes->levels_len - v->finest_level)]
                        .id;
        if (v->type == VARIABLE_DATE)
                return bytes_of_text(dates[v->finest_date_level +
                                           plain_random(w, DATE_LEVELS - v->finest_date_level)]);
        return v->bandings_len > 0 ? v->bandings[plain_random(w, v->bandings_len)].id
                                   : (struct bytes){0};
}

static void random_dimensions(struct plain_world *w, struct query *q)
{
        uint32_t want = (uint32_t)plain_random(w, 4);

        for (uint32_t tries = 0; tries < 40 && q->dimensions_len < want; tries++) {
                uint32_t i = (uint32_t)plain_random(w, w->dataset->variables_len);
                const struct variable *v = &w->dataset->variables[i];
                bool again = false;

                for (uint32_t k = 0; k < q->dimensions_len; k++)
                        again |= bytes_equal(q->dimensions[k].variable, v->id);
                if (!v->may_group || again)
                        continue;
                q->dimensions[q->dimensions_len++] =
                        (struct dimension_ref){v->id, random_level(w, v)};
        }
}

static bool random_filter(struct plain_world *w, struct arena *a, struct filter *f)
{
        uint32_t i = (uint32_t)plain_random(w, w->dataset->variables_len);
        const struct variable *v = &w->dataset->variables[i];
        uint32_t len = 1 + (uint32_t)plain_random(w, 4);
        struct bytes *values = arena_alloc(a, len, sizeof(*values));
        static const char *const years[] = {"2022", "2023", "2024", "2025"};
        static const char *const quarters[] = {"2022-Q1", "2023-Q2", "2024-Q4", "2023-Q4"};

        if (!v->may_filter)
                return false;
        *f = (struct filter){.variable = v->id, .level = random_level(w, v), .values = values};
        f->op = plain_random(w, 3) == 0 ? FILTER_NE : len == 1 ? FILTER_EQ : FILTER_IN;
        f->values_len = f->op == FILTER_IN ? len : 1;
        bool by_year = plain_random(w, 2) == 0;
        for (uint32_t k = 0; k < f->values_len; k++) {
                if (v->type == VARIABLE_CODE) {
                        uint32_t l = 0;

                        while (!bytes_equal(v->codes->levels[l].id, f->level))
                                l++;
                        values[k] = v->codes->levels[l]
                                            .codes[plain_random(w, v->codes->levels[l].len)]
                                            .code;
                } else if (v->type == VARIABLE_DATE) {
                        values[k] = bytes_of_text(
                                by_year ? years[plain_random(w, 4)] : quarters[plain_random(w, 4)]);
                        f->level = (struct bytes){0};
                } else if (v->type == VARIABLE_BOOLEAN) {
                        values[k] = bytes_of_text(plain_random(w, 2) ? "true" : "false");
                } else if (v->bandings_len > 0) {
                        const struct banding *b = &v->bandings[0];

                        while (!bytes_equal(b->id, f->level))
                                b++;
                        values[k] = b->bands[plain_random(w, b->len)].code;
                } else {
                        return false;
                }
        }
        if (v->type == VARIABLE_DATE && f->values_len == 1 && plain_random(w, 2) == 0)
                f->op = plain_random(w, 2) == 0 ? FILTER_GE : FILTER_LT;
        return true;
}

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
                random_dimensions(&w, &q);
                for (uint64_t n = plain_random(&w, 4); q.filters_len < n;)
                        if (random_filter(&w, a, &filters[q.filters_len]))
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
                const struct oracle o = {&w, &q, t};
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
