/* SPDX-License-Identifier: Apache-2.0 */
/* test_contributions.c: whose parts cells are made of, where random questions do not come: many
 * dimensions, many cells, more rows than one task takes; and which rows are one contributor's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "gateway/query/engine.h"
#include "tests/support/measure_oracle.h"

enum { ROWS = 900, ARENA_MAX = 1 << 30, EVERYBODY = (1 << CONTRIBUTOR_COUNT) - 2 };

static const char bundle[] = STATGATE_ROOT "/policies/bundle";
static const struct period whole_span = {18993, 18993 + 1095};
static const unsigned municipality = 1u << CONTRIBUTOR_MUNICIPALITY;
static const unsigned provider = 1u << CONTRIBUTOR_PROVIDER;

struct asked {
        struct plain_world w;
        struct view *v;
        struct arena *arena;
        struct dimension_ref by[4];
        struct filter filter;
        struct bytes value;
        struct measure_ref measures[2];
        struct query q;
        struct measure_told told;
        const atomic_bool *cancel;
};

/* What was paid back: parts below zero are as large as those above. */
static void turn_some_around(struct plain_world *w)
{
        uint32_t variable = (uint32_t)variable_find(w->dataset, bytes_of_text("kostnad_dygn"));

        assert_int_equal(w->dataset->variables[variable].physical, PHYSICAL_I32);
        int32_t *values = w->columns[variable];
        for (uint32_t r = 0; r < w->rows; r++)
                if (w->person[r] % 3 == 0 && values[r] != MISSING_I32)
                        values[r] = -values[r];
}

static void open_world(struct asked *a, uint32_t rows)
{
        *a = (struct asked){.arena = arena_new(ARENA_MAX)};
        plain_world_make(&a->w, bundle, "placering", rows, 51, true);
        turn_some_around(&a->w);
        a->v = plain_world_view(&a->w, 2);
        a->q = (struct query){.dataset = a->w.dataset->id, .dimensions = a->by};
        a->told = (struct measure_told){.days = whole_span,
                .contributors = EVERYBODY,
                .provider = (uint32_t)variable_find(a->w.dataset, bytes_of_text("utforare")),
                .cell_keys = true};
}

static void close_world(struct asked *a)
{
        view_unref(&a->v);
        plain_world_free(&a->w);
        arena_free(&a->arena);
}

static void by(struct asked *a, const char *variable, const char *level)
{
        a->by[a->q.dimensions_len++] =
                (struct dimension_ref){bytes_of_text(variable), bytes_of_text(level)};
}

static void where(struct asked *a, const char *variable, enum filter_op op, const char *level,
        const char *value)
{
        a->value = bytes_of_text(value);
        a->filter = (struct filter){.variable = bytes_of_text(variable),
                .level = bytes_of_text(level),
                .op = op,
                .values = &a->value,
                .values_len = 1};
        a->q.filters = &a->filter;
        a->q.filters_len = 1;
}

static void with_sums(struct asked *a)
{
        a->measures[0] = (struct measure_ref){
                .kind = MEASURE_SUM, .variable = bytes_of_text("kostnad_dygn")};
        a->measures[1] =
                (struct measure_ref){.kind = MEASURE_MEAN, .variable = bytes_of_text("kostnad")};
        a->q.measures = a->measures;
        a->q.measures_len = 2;
}

static enum err ask(struct asked *a, unsigned threads, struct arena *into, struct table **out)
{
        const struct plan_scope scope = {.dataset = a->w.dataset,
                .span = whole_span,
                .contributors = a->told.contributors,
                .provider = a->told.provider,
                .cell_keys = a->told.cell_keys};
        struct plan *plan = NULL;
        struct refusal why = {0};

        TRY(plan_make(&scope, &a->q, a->arena, &plan, &why));
        return plan_run(plan, a->v, threads, into, a->cancel, out);
}

static struct table *answer(struct asked *a, unsigned threads)
{
        struct table *t = NULL;

        assert_int_equal(ask(a, threads, a->arena, &t), ERR_OK);
        return t;
}

/* The unit stands for no measure asked for; the oracle wants it named. */
static void check(struct asked *a)
{
        struct measure_ref unit = {.kind = MEASURE_PERSONS};
        struct table *t = answer(a, 2);

        if (a->q.measures_len == 0) {
                a->q.measures = &unit;
                a->q.measures_len = 1;
        }
        measure_oracle_check(a->v, &a->q, t, &a->told);
        a->q.measures_len = 0;
}

static void contributors_of_four_dimensions_are_those_of_brute_force(void **state)
{
        struct asked a;

        (void)state;
        open_world(&a, ROWS);
        by(&a, "kon", "");
        by(&a, "regi", "");
        by(&a, "alder", "barn");
        by(&a, "form", "");
        check(&a);
        with_sums(&a);
        check(&a);
        close_world(&a);
}

/* More than a table of margins is kept for, or counts of all pairs. */
static void contributors_of_many_cells_are_those_of_brute_force(void **state)
{
        struct asked a;

        (void)state;
        open_world(&a, ROWS);
        by(&a, "kommun", "");
        by(&a, "kon", "");
        by(&a, "start", "kvartal");
        by(&a, "form", "");
        check(&a);
        with_sums(&a);
        check(&a);
        a.q.dimensions_len = 1;
        with_sums(&a);
        check(&a);
        close_world(&a);
}

/* Nothing is counted where a category is a contributor; who has no provider is in "other". */
static void contributors_that_have_rows_of_their_own_are_those_of_brute_force(void **state)
{
        struct asked a;

        (void)state;
        open_world(&a, ROWS);
        by(&a, "kommun", "");
        check(&a);
        by(&a, "form", "");
        check(&a);
        by(&a, "utforare", "");
        check(&a);
        a.told.contributors = municipality;
        check(&a);
        where(&a, "kommun", FILTER_EQ, "lan", "01");
        check(&a);
        a.q.dimensions_len = 0;
        by(&a, "kommun", "lan");
        by(&a, "utforare", "");
        a.told.contributors = EVERYBODY;
        check(&a);
        a.q.filters_len = 0;
        check(&a);
        close_world(&a);
}

/* Many tasks ------------------------------------------------------------------------------- */

static int descending(const void *x, const void *y)
{
        int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

        return (a < b) - (a > b);
}

static const struct contributions *of_type(
        const struct contributions *list, uint32_t len, enum contributor type)
{
        for (uint32_t i = 0; i < len; i++)
                if (list[i].type == type)
                        return &list[i];
        fail();
        return NULL;
}

static void check_total(const struct contributions *c, int64_t *amounts, size_t len)
{
        size_t number = 0;

        qsort(amounts, len, sizeof(*amounts), descending);
        while (number < len && amounts[number] >= 0)
                number++;
        assert_int_equal(c->number[0], number);
        for (size_t i = 0; i < CONTRIBUTIONS_LARGEST; i++)
                assert_int_equal(c->largest[i], i < number ? amounts[i] : 0);
}

/* Persons by municipality, by marks; nobody's rows are one each. */
static void check_places(const struct asked *a, const struct table *t)
{
        size_t persons = a->w.persons + 1, places = 512;
        uint8_t *seen = calloc(persons * places, 1);
        int64_t *amounts = malloc(places * sizeof(*amounts));

        for (size_t i = 0; i < places; i++)
                amounts[i] = -1;
        for (uint32_t r = 0; r < a->w.rows; r++) {
                uint8_t *mark = &seen[a->w.person[r] * places + a->w.municipalities[r]];
                int64_t *amount = &amounts[a->w.municipalities[r]];

                if (*mark != 0 && a->w.person[r] != a->w.persons)
                        continue;
                *mark = 1;
                *amount = *amount < 0 ? 1 : *amount + 1;
        }
        check_total(of_type(t->contributions, t->contributions_len, CONTRIBUTOR_MUNICIPALITY),
                amounts, places);
        free(amounts);
        free(seen);
}

static void check_persons(const struct asked *a, const struct table *t)
{
        uint32_t variable = (uint32_t)variable_find(a->w.dataset, bytes_of_text("kostnad_dygn"));
        size_t len = (size_t)a->w.persons + a->w.rows;
        int64_t *amounts = malloc(len * sizeof(*amounts)), value;

        for (size_t i = 0; i < len; i++)
                amounts[i] = -1;
        for (uint32_t r = 0; r < a->w.rows; r++) {
                bool nobody = a->w.person[r] == a->w.persons;
                int64_t *amount = &amounts[nobody ? a->w.persons + r : a->w.person[r]];

                if (plain_value(&a->w, variable, r, &value))
                        *amount = (*amount < 0 ? 0 : *amount) + llabs(value);
        }
        check_total(of_type(t->measures[0].contributions, t->measures[0].contributions_len,
                            CONTRIBUTOR_PERSON),
                amounts, len);
        free(amounts);
}

static void contributors_whose_rows_several_tasks_count_are_one(void **state)
{
        struct asked a;

        (void)state;
        open_world(&a, 420000);
        for (unsigned threads = 1; threads <= 3; threads++) {
                a.q.measures_len = 0;
                check_places(&a, answer(&a, threads));
                with_sums(&a);
                const struct table *t = answer(&a, threads);
                check_places(&a, t);
                check_persons(&a, t);
        }
        close_world(&a);
}

/* Fixed by definition ---------------------------------------------------------------------- */

static void a_row_by_municipality_is_one_municipality(void **state)
{
        struct asked a;

        (void)state;
        open_world(&a, ROWS);
        by(&a, "kommun", "");
        by(&a, "utforare", "");
        const struct table *t = answer(&a, 1);
        assert_int_equal(t->dimensions[0].fixes, CONTRIBUTOR_MUNICIPALITY);
        assert_int_equal(t->dimensions[1].fixes, CONTRIBUTOR_PROVIDER);
        assert_int_equal(t->fixed, 0);
        for (uint32_t i = 0; i < t->dimensions[0].len; i++)
                assert_int_equal(t->dimensions[0].categories[i].fixes, CONTRIBUTOR_MUNICIPALITY);
        /* Who has no known provider may have any. */
        const struct category *other = &t->dimensions[1].categories[t->dimensions[1].len - 1];
        assert_true(bytes_is_text(other->code, CATEGORY_OTHER));
        assert_int_equal(other->fixes, CONTRIBUTOR_NONE);
        close_world(&a);
}

static void a_county_of_one_municipality_is_one_municipality(void **state)
{
        struct asked a;
        unsigned sole = 0;

        (void)state;
        open_world(&a, ROWS);
        by(&a, "kommun", "lan");
        const struct table *t = answer(&a, 1);
        assert_int_equal(t->dimensions[0].fixes, CONTRIBUTOR_NONE);
        for (uint32_t i = 0; i < t->dimensions[0].len; i++) {
                const struct category *c = &t->dimensions[0].categories[i];

                if (c->fixes == CONTRIBUTOR_NONE)
                        continue;
                assert_true(bytes_is_text(c->code, "09")); /* Gotland */
                sole++;
        }
        assert_int_equal(sole, 1);
        close_world(&a);
}

static unsigned fixed_where(const char *variable, enum filter_op op, const char *level,
        const char *value, enum municipality_rule rule)
{
        struct asked a;

        open_world(&a, ROWS);
        where(&a, variable, op, level, value);
        a.q.municipality_rule = rule;
        unsigned fixed = answer(&a, 1)->fixed;
        close_world(&a);
        return fixed;
}

static void a_filter_that_leaves_one_contributor_fixes_it(void **state)
{
        (void)state;
        assert_int_equal(fixed_where("kommun", FILTER_EQ, "", "0180", MUNICIPALITY_DELIVERING),
                municipality);
        assert_int_equal(fixed_where("kommun", FILTER_EQ, "lan", "09", MUNICIPALITY_DELIVERING),
                municipality);
        assert_int_equal(fixed_where("kommun", FILTER_EQ, "lan", "01", MUNICIPALITY_DELIVERING), 0);
        assert_int_equal(fixed_where("kommun", FILTER_NE, "", "0180", MUNICIPALITY_DELIVERING), 0);
        assert_int_equal(fixed_where("kon", FILTER_EQ, "", "kvinna", MUNICIPALITY_DELIVERING), 0);
}

/* The first municipality of a person need not be the one that delivered the record. */
static void the_first_municipality_is_no_contributor(void **state)
{
        struct asked a;

        (void)state;
        assert_int_equal(fixed_where("kommun", FILTER_EQ, "", "0180", MUNICIPALITY_FIRST), 0);
        open_world(&a, ROWS);
        by(&a, "kommun", "");
        a.q.municipality_rule = MUNICIPALITY_FIRST;
        const struct table *t = answer(&a, 1);
        assert_int_equal(t->dimensions[0].fixes, CONTRIBUTOR_NONE);
        assert_int_equal(t->dimensions[0].categories[0].fixes, CONTRIBUTOR_NONE);
        close_world(&a);
}

static void only_something_sensitive_makes_a_sensitive_filter(void **state)
{
        struct asked a;

        (void)state;
        open_world(&a, ROWS);
        assert_false(answer(&a, 1)->sensitive_filter);
        where(&a, "kon", FILTER_EQ, "", "kvinna");
        assert_false(answer(&a, 1)->sensitive_filter);
        where(&a, "form", FILTER_EQ, "", "hvb");
        assert_true(answer(&a, 1)->sensitive_filter);
        /* Of one measure only: nobody is taken out of the cell. */
        a.q.filters_len = 0;
        a.measures[0] = (struct measure_ref){
                .kind = MEASURE_PERSONS, .filters = &a.filter, .filters_len = 1};
        a.q.measures = a.measures;
        a.q.measures_len = 1;
        assert_false(answer(&a, 1)->sensitive_filter);
        close_world(&a);
}

static void nothing_is_told_that_was_not_asked_for(void **state)
{
        struct asked a;

        (void)state;
        open_world(&a, ROWS);
        with_sums(&a);
        a.told.contributors = 0;
        a.told.cell_keys = false;
        const struct table *t = answer(&a, 1);
        assert_int_equal(t->contributions_len + t->measures[0].contributions_len, 0);
        assert_null(t->cell_key);
        a.told.contributors = provider | 1u << CONTRIBUTOR_FAMILY;
        a.told.provider = UINT32_MAX; /* nobody is named, and no family is linked */
        assert_int_equal(answer(&a, 1)->contributions_len, 0);
        close_world(&a);
}

/* Ends -------------------------------------------------------------------------------------- */

static void a_question_can_be_cancelled_while_it_is_told(void **state)
{
        struct asked a;
        struct table *t = NULL;
        atomic_bool cancel;

        (void)state;
        atomic_init(&cancel, true);
        open_world(&a, ROWS);
        with_sums(&a);
        a.cancel = &cancel;
        assert_int_equal(ask(&a, 1, a.arena, &t), ERR_CANCELLED);
        assert_null(t);
        close_world(&a);
}

static void a_table_that_finds_no_room_is_an_error(void **state)
{
        struct arena *small = arena_new(100000);
        struct asked a;
        struct table *t = NULL;

        (void)state;
        open_world(&a, ROWS);
        by(&a, "kommun", "");
        with_sums(&a);
        assert_int_equal(ask(&a, 1, small, &t), ERR_NO_MEMORY);
        assert_null(t);
        arena_free(&small);
        close_world(&a);
}

static void wherever_memory_ends_so_does_the_question(void **state)
{
        struct asked a;
        unsigned nth = 0;

        (void)state;
        open_world(&a, ROWS);
        by(&a, "kon", "");
        with_sums(&a);
        for (; fault_arm("alloc", nth); nth++) {
                struct table *t = NULL;
                enum err e = ask(&a, 1, a.arena, &t);

                assert_true(e == ERR_NO_MEMORY || e == ERR_OK);
                assert_int_equal(e == ERR_OK, t != NULL);
                fault_disarm();
                if (e == ERR_OK)
                        break;
        }
        assert_true(nth > 60);
        close_world(&a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(contributors_of_four_dimensions_are_those_of_brute_force),
                cmocka_unit_test(contributors_of_many_cells_are_those_of_brute_force),
                cmocka_unit_test(contributors_that_have_rows_of_their_own_are_those_of_brute_force),
                cmocka_unit_test(contributors_whose_rows_several_tasks_count_are_one),
                cmocka_unit_test(a_row_by_municipality_is_one_municipality),
                cmocka_unit_test(a_county_of_one_municipality_is_one_municipality),
                cmocka_unit_test(a_filter_that_leaves_one_contributor_fixes_it),
                cmocka_unit_test(the_first_municipality_is_no_contributor),
                cmocka_unit_test(only_something_sensitive_makes_a_sensitive_filter),
                cmocka_unit_test(nothing_is_told_that_was_not_asked_for),
                cmocka_unit_test(a_question_can_be_cancelled_while_it_is_told),
                cmocka_unit_test(a_table_that_finds_no_room_is_an_error),
                cmocka_unit_test(wherever_memory_ends_so_does_the_question),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
