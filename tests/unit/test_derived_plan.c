/* SPDX-License-Identifier: Apache-2.0 */
/* test_derived_plan.c: what a question may state and derive, and where it is refused; one
 * example each of what tables then say. */
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
#include "tests/support/derived_oracle.h"
#include "tests/support/plain_world.h"

enum { ARENA_MAX = 64 << 20, ANMALAN = 0, PLACERING, ENKAT };

#define B(text)                                                                                    \
        {                                                                                          \
                (const uint8_t *)(text), sizeof(text) - 1                                          \
        }

static const struct derived_wish small = {.seed = 11,
        .persons = 30,
        .rows = 120,
        .guardians = 10,
        .limits = {100, 100, 100},
        .family = true,
        .threads = 1};

/* A question that nothing is wrong with, in parts that a test may spoil. */
struct sample {
        struct derived_world d;
        struct arena *a;
        struct query q;
        struct derived derived[DERIVED_MAX + 1];
        struct filter filter, event_filter;
        struct bytes value, event_value;
        struct derived_band bands[3];
        struct dimension_ref by;
        uint32_t base;
        bool family;
        struct refusal why;
};

static void ready(struct sample *s)
{
        struct arena *a = s->a;
        struct derived_world d = s->d;

        *s = (struct sample){.a = a, .d = d, .base = ANMALAN, .family = true};
        s->derived[0] = (struct derived){.name = B("senast"),
                .kind = DERIVED_LAST,
                .dataset = B("placering"),
                .window = {.kind = WINDOW_RELATIVE, .from = -100, .until = 100}};
        s->derived[1] = (struct derived){.name = B("antal"),
                .kind = DERIVED_COUNT,
                .dataset = B("placering"),
                .window = {.kind = WINDOW_RELATIVE, .anchor = B("senast"), .from = 1, .until = 90},
                .filters = &s->event_filter,
                .filters_len = 1,
                .bands = s->bands,
                .bands_len = 3};
        s->derived[2] = (struct derived){.name = B("dagar"),
                .kind = DERIVED_DAYS_BETWEEN,
                .from = B("datum"),
                .to = B("senast")};
        s->bands[0] = (struct derived_band){B("0"), B("0"), B("0")};
        s->bands[1] = (struct derived_band){B("1-2"), B("1"), B("2")};
        s->bands[2] = (struct derived_band){B("3+"), B("3"), {0}};
        s->event_value = (struct bytes)B("true");
        s->event_filter = (struct filter){.variable = B("flagga"),
                .op = FILTER_EQ,
                .values = &s->event_value,
                .values_len = 1};
        s->value = (struct bytes)B("0..2");
        s->filter = (struct filter){
                .variable = B("antal"), .op = FILTER_IN, .values = &s->value, .values_len = 1};
        s->by = (struct dimension_ref){.variable = B("antal")};
        s->q = (struct query){.dataset = B("anmalan"),
                .derived = s->derived,
                .derived_len = 3,
                .filters = &s->filter,
                .filters_len = 1,
                .dimensions = &s->by,
                .dimensions_len = 1};
}

static void open_sample(struct sample *s, const struct derived_wish *wish)
{
        derived_world_make(&s->d, wish);
        s->a = arena_new(ARENA_MAX);
        ready(s);
}

static void close_sample(struct sample *s)
{
        arena_free(&s->a);
        derived_world_free(&s->d);
}

static enum err ask(struct sample *s, struct table **out)
{
        const struct plan_scope scope = derived_world_scope(&s->d, s->base, s->family);
        struct plan *plan = NULL;

        s->q.dataset = s->d.datasets[s->base]->id;
        s->why = (struct refusal){0};
        TRY(plan_make(&scope, &s->q, s->a, &plan, &s->why));
        return plan_run(plan, linked_view(s->d.linked, s->q.dataset), 2, s->a, NULL, out);
}

static void what_may_be_asked_is_answered(void **state)
{
        struct sample s;
        struct table *t = NULL;

        (void)state;
        open_sample(&s, &small);
        assert_int_equal(ask(&s, &t), ERR_OK);
        /* The filter leaves two bands, and what is missing passes no filter. */
        assert_int_equal(t->dimensions[0].len, 2);
        assert_false(t->dimensions[0].identifying);
        assert_true(t->dimensions[0].overlapping);
        close_sample(&s);
}

#define REFUSED(what, code, where)                                                                 \
        do {                                                                                       \
                struct table *t = NULL;                                                            \
                ready(&s);                                                                         \
                what;                                                                              \
                assert_int_equal(ask(&s, &t), code);                                               \
                assert_int_equal(s.why.len, 1);                                                    \
                assert_string_equal(s.why.violations[0].field, where);                             \
                assert_null(strstr(s.why.violations[0].text, "hemlig"));                           \
        } while (0)
#define SET(field, text) ((field) = (struct bytes)B(text))

static void each_fault_is_named_where_it_stands(void **state)
{
        struct sample s;
        struct derived *d = s.derived;
        struct variable *events;

        (void)state;
        open_sample(&s, &small);
        REFUSED(SET(d[0].name, ""), ERR_INVALID, "derived[0].name");
        REFUSED(SET(d[0].name, "datum"), ERR_INVALID, "derived[0].name");
        REFUSED(SET(d[2].name, "antal"), ERR_INVALID, "derived[2].name");
        REFUSED(d[1].kind = DERIVED_NONE, ERR_INVALID, "derived[1].kind");
        REFUSED(d[1].kind = DERIVED_KIND_COUNT, ERR_INVALID, "derived[1].kind");
        REFUSED(SET(d[1].dataset, "hemlig"), ERR_UNKNOWN_NAME, "derived[1].dataset");
        REFUSED(SET(d[1].date, "hemlig"), ERR_UNKNOWN_NAME, "derived[1].date");
        REFUSED(SET(d[1].date, "flagga"), ERR_UNKNOWN_NAME, "derived[1].date");
        REFUSED(SET(d[1].variable, "hemlig"), ERR_UNKNOWN_NAME, "derived[1].variable");
        REFUSED((SET(d[1].variable, "form"), SET(d[1].level, "hemlig")), ERR_UNKNOWN_NAME,
                "derived[1].level");
        REFUSED((SET(d[1].variable, "datum"), SET(d[1].level, "dag")), ERR_NOT_ALLOWED,
                "derived[1].level");
        REFUSED(d[1].kind = DERIVED_SUM, ERR_UNKNOWN_NAME, "derived[1].variable");
        REFUSED((d[1].kind = DERIVED_SUM, SET(d[1].variable, "form")), ERR_NOT_ALLOWED,
                "derived[1].variable");
        REFUSED(SET(d[1].window.anchor, "hemlig"), ERR_UNKNOWN_NAME, "derived[1].window.anchor");
        REFUSED(SET(d[1].window.anchor, "flagga"), ERR_UNKNOWN_NAME, "derived[1].window.anchor");
        REFUSED(SET(d[0].window.anchor, "senast"), ERR_UNKNOWN_NAME, "derived[0].window.anchor");
        REFUSED(SET(d[2].to, "antal"), ERR_UNKNOWN_NAME, "derived[2].to");
        REFUSED(SET(d[2].from, "dagar"), ERR_UNKNOWN_NAME, "derived[2].from");
        REFUSED(d[1].window.from = 91, ERR_INVALID, "derived[1].window");
        REFUSED(d[1].window.until = WINDOW_DAYS_MAX + 1, ERR_INVALID, "derived[1].window");
        REFUSED(d[1].window = (struct window){.kind = WINDOW_PERIOD}, ERR_INVALID,
                "derived[1].window");
        REFUSED((d[1].window = (struct window){WINDOW_FIXED, {0}, 18994, 19357}), ERR_NOT_ALLOWED,
                "derived[1].window");
        REFUSED((d[1].window = (struct window){WINDOW_FIXED, {0}, 18993, 19356}), ERR_NOT_ALLOWED,
                "derived[1].window");
        REFUSED((d[1].window = (struct window){WINDOW_FIXED, {0}, INT32_MIN, INT32_MAX}),
                ERR_NOT_ALLOWED, "derived[1].window");
        REFUSED((s.family = false, d[1].same = SAME_FAMILY), ERR_NOT_ALLOWED, "derived[1].same");
        REFUSED((d[1].in = IN_OTHER, SET(d[1].dataset, "enkat"), SET(d[1].date, "datum")),
                ERR_INVALID, "derived[1].in");
        REFUSED((SET(d[1].dataset, "enkat")), ERR_INVALID, "derived[1].date");
        REFUSED(SET(s.event_filter.variable, "hemlig"), ERR_UNKNOWN_NAME, "derived[1].filters[0]");
        REFUSED(SET(s.event_value, "hemlig"), ERR_INVALID, "derived[1].filters[0]");
        REFUSED(d[1].filters_len = DERIVED_FILTERS_MAX + 1, ERR_LIMIT, "derived[1].filters");
        REFUSED(s.q.derived_len = DERIVED_MAX + 1, ERR_LIMIT, "derived");
        /* Filters and dimensions do not know a derived variable of another question. */
        REFUSED(SET(s.filter.variable, "hemlig"), ERR_UNKNOWN_NAME, "filters[0]");
        REFUSED((s.q.filters_len = 0, SET(s.by.variable, "dagar")), ERR_NOT_ALLOWED,
                "dimensions[0]");
        events = s.d.w.schema.variables[PLACERING];
        events[WORLD_DATE].may_filter = events[WORLD_DATE].may_group = false;
        REFUSED(d[1].window.until = 90, ERR_NOT_ALLOWED, "derived[0].date");
        close_sample(&s);
}

static void bands_ascend_and_do_not_overlap(void **state)
{
        struct sample s;

        (void)state;
        open_sample(&s, &small);
        REFUSED(SET(s.bands[0].low, "hemlig"), ERR_INVALID, "derived[1].bands[0]");
        REFUSED(SET(s.bands[1].low, "1.5"), ERR_INVALID, "derived[1].bands[1]");
        REFUSED(SET(s.bands[1].high, "0"), ERR_INVALID, "derived[1].bands[1]");
        REFUSED(SET(s.bands[1].low, "0"), ERR_INVALID, "derived[1].bands[1]");
        REFUSED(SET(s.bands[2].low, ""), ERR_INVALID, "derived[1].bands[2]");
        REFUSED(SET(s.bands[2].code, "1-2"), ERR_INVALID, "derived[1].bands[2]");
        REFUSED(SET(s.bands[2].code, "ovrigt"), ERR_INVALID, "derived[1].bands[2]");
        REFUSED(SET(s.bands[2].code, ""), ERR_INVALID, "derived[1].bands[2]");
        REFUSED((s.derived[0].bands = s.bands, s.derived[0].bands_len = 1), ERR_INVALID,
                "derived[0].bands");
        REFUSED(s.derived[1].bands_len = DERIVED_BANDS_MAX + 1, ERR_LIMIT, "derived[1].bands");
        close_sample(&s);
}

static void what_is_stated_is_refused_where_the_data_set_cannot_have_it(void **state)
{
        struct sample s;

        (void)state;
        open_sample(&s, &small);
        REFUSED((s.q.has_age_at = true, s.q.age_at = 19000), ERR_INVALID, "age_at");
        REFUSED((s.q.has_age_at = true, s.q.age_at = INT32_MAX), ERR_INVALID, "age_at");
        REFUSED((s.base = ENKAT, s.q.municipality_rule = MUNICIPALITY_LAST), ERR_INVALID,
                "municipality_rule");
        REFUSED((s.base = ENKAT, s.q.has_period = true, s.q.period = (struct period){18993, 19357}),
                ERR_INVALID, "period");
        REFUSED((s.q.has_period = true, s.q.period = (struct period){18994, 19357}),
                ERR_NOT_ALLOWED, "period");
        REFUSED((s.q.has_period = true, s.q.period = (struct period){INT32_MIN, INT32_MAX}),
                ERR_NOT_ALLOWED, "period");
        REFUSED((s.q.has_period = true, SET(s.q.period_date, "hemlig")), ERR_UNKNOWN_NAME,
                "period_date");
        REFUSED((s.base = ENKAT, s.derived[0].window.from = 0), ERR_INVALID,
                "derived[0].window.anchor");
        close_sample(&s);
}

static void sums_beyond_the_largest_number_are_refused(void **state)
{
        struct sample s;
        struct table *t = NULL;

        (void)state;
        open_sample(&s, &small);
        /* The view has copied the amounts: make one of amounts that do not fit. */
        for (uint32_t r = 0; r < s.d.w.parts[PLACERING].rows; r++)
                ((int64_t *)s.d.w.parts[PLACERING].columns[WORLD_AMOUNT])[r] = INT64_MAX / 2;
        linked_unref(&s.d.linked);
        s.d.linked = linked_world_view(&s.d.w, true, 1);
        s.derived[0] = (struct derived){.name = B("summa"),
                .kind = DERIVED_SUM,
                .dataset = B("placering"),
                .variable = B("belopp")};
        s.q.derived_len = 1;
        s.q.filters_len = s.q.dimensions_len = 0;
        assert_int_equal(ask(&s, &t), ERR_LIMIT);
        assert_null(t);
        close_sample(&s);
}

/* Dimensions -------------------------------------------------------------------------------- */

static int64_t records_of(const struct table *t, const char *code)
{
        for (uint32_t c = 0; c < t->dimensions[0].len; c++)
                if (bytes_is_text(t->dimensions[0].categories[c].code, code))
                        return t->records[c];
        return -1;
}

/* 2580 became 0114, and 0180 changed county, on day 19500. */
static void change_division(struct derived_world *d)
{
        static const uint32_t successor = 0;
        static const struct code_parent parents[] = {{0, INT32_MIN, 19499}, {1, 19500, INT32_MAX}};
        struct code *places = d->w.schema.places;

        places[7].valid_until = 19499;
        places[7].successors = &successor;
        places[7].successors_len = 1;
        places[1].parents = parents;
        places[1].parents_len = 2;
        places[1].parent = 1;
}

static int64_t rows_from(const struct sample *s, unsigned places)
{
        int64_t n = 0;

        for (uint32_t r = 0; r < s->d.w.parts[ANMALAN].rows; r++)
                n += places >> s->d.w.parts[ANMALAN].places[r] & 1;
        return n;
}

static void the_division_is_that_of_the_stated_day(void **state)
{
        struct sample s;
        struct table *before = NULL, *after = NULL;

        (void)state;
        open_sample(&s, &small);
        change_division(&s.d);
        SET(s.by.variable, "kommun");
        s.q.derived_len = s.q.filters_len = 0;
        s.q.has_division_at = true;
        s.q.division_at = 19499;
        assert_int_equal(ask(&s, &before), ERR_OK);
        assert_int_equal(records_of(before, "0114"), rows_from(&s, 1u << 0));
        assert_int_equal(records_of(before, "2580"), rows_from(&s, 1u << 7));
        s.q.division_at = 19500;
        assert_int_equal(ask(&s, &after), ERR_OK);
        assert_int_equal(records_of(after, "0114"), rows_from(&s, 1u << 0 | 1u << 7));
        assert_int_equal(records_of(after, "2580"), -1);
        SET(s.by.level, "lan");
        assert_int_equal(ask(&s, &after), ERR_OK);
        assert_int_equal(records_of(after, "01"), rows_from(&s, 0x55 | 1u << 7));
        assert_int_equal(records_of(after, "13"), rows_from(&s, 0x2a));
        s.q.division_at = 19499;
        assert_int_equal(ask(&s, &before), ERR_OK);
        assert_int_equal(records_of(before, "01"), rows_from(&s, 0x55 | 1u << 1));
        assert_int_equal(records_of(before, "13"), rows_from(&s, 0xa8));
        close_sample(&s);
}

static void a_code_that_has_become_another_is_no_filter(void **state)
{
        struct sample s;
        struct table *t = NULL;

        (void)state;
        open_sample(&s, &small);
        change_division(&s.d);
        SET(s.filter.variable, "kommun");
        s.filter.op = FILTER_EQ;
        SET(s.value, "2580");
        s.q.derived_len = s.q.dimensions_len = 0;
        /* Without a word the division is that of the last day delivered for. */
        assert_int_equal(ask(&s, &t), ERR_INVALID);
        assert_string_equal(s.why.violations[0].field, "filters[0]");
        s.q.has_division_at = true;
        s.q.division_at = 19499;
        assert_int_equal(ask(&s, &t), ERR_OK);
        assert_int_equal(t->records[0], rows_from(&s, 1u << 7));
        close_sample(&s);
}

static void the_same_municipality_is_the_same_after_a_merger(void **state)
{
        struct sample s;
        struct table *t = NULL;
        struct derived_wish two = small;

        (void)state;
        two.persons = 1;
        open_sample(&s, &two);
        change_division(&s.d);
        struct linked_part *p = &s.d.w.parts[ANMALAN];
        for (uint32_t r = 0; r < p->rows; r++)
                ((uint16_t *)p->columns[WORLD_PLACE])[r] = p->places[r] = r % 2 == 0 ? 0 : 7;
        linked_unref(&s.d.linked);
        s.d.linked = linked_world_view(&s.d.w, true, 1);
        s.derived[0] = (struct derived){.name = B("annan"),
                .kind = DERIVED_EXISTS,
                .dataset = B("anmalan"),
                .in = IN_OTHER};
        SET(s.by.variable, "annan");
        s.q.derived_len = 1;
        s.q.filters_len = 0;
        assert_int_equal(ask(&s, &t), ERR_OK);
        assert_int_equal(records_of(t, "true"), 0);
        s.q.has_division_at = true;
        s.q.division_at = 19499;
        assert_int_equal(ask(&s, &t), ERR_OK);
        assert_true(records_of(t, "true") > 0);
        close_sample(&s);
}

static void a_period_of_episodes_leaves_room_for_what_began_before(void **state)
{
        struct sample s;
        struct table *t = NULL;
        int64_t total = 0;

        (void)state;
        open_sample(&s, &small);
        s.base = PLACERING;
        SET(s.by.variable, "slut");
        SET(s.by.level, "ar");
        s.q.derived_len = s.q.filters_len = 0;
        s.q.has_period = true;
        s.q.period = (struct period){19083, 19173};
        assert_int_equal(ask(&s, &t), ERR_OK);
        for (uint32_t row = 0; row < s.d.w.parts[PLACERING].rows; row++)
                total += oracle_asked(&s.d, &s.q, PLACERING, row);
        assert_true(total > 0);
        assert_int_equal(t->records[t->cells_len - 1], total);
        assert_true(records_of(t, "ovrigt") > 0); /* still lasting */
        close_sample(&s);
}

static void one_person_has_one_municipality_when_the_rule_says_so(void **state)
{
        struct sample s;
        struct table *t = NULL;
        int64_t sum = 0;

        (void)state;
        open_sample(&s, &small);
        SET(s.by.variable, "kommun");
        s.q.derived_len = s.q.filters_len = 0;
        assert_int_equal(ask(&s, &t), ERR_OK);
        assert_true(t->dimensions[0].overlapping);
        s.q.municipality_rule = MUNICIPALITY_FIRST;
        assert_int_equal(ask(&s, &t), ERR_OK);
        assert_false(t->dimensions[0].overlapping);
        assert_true(t->dimensions[0].identifying);
        for (uint32_t c = 0; c < t->dimensions[0].len; c++)
                sum += t->persons[c];
        assert_int_equal(sum, t->persons[t->cells_len - 1]);
        close_sample(&s);
}

static void ages_are_those_of_the_stated_day(void **state)
{
        struct plain_world w;
        struct arena *a = arena_new(ARENA_MAX);
        struct dimension_ref by = {.variable = B("alder")};
        struct refusal why = {0};
        struct plan *plan = NULL;
        struct table *t = NULL;
        int64_t expected[64] = {0};

        (void)state;
        plain_world_make(&w, STATGATE_ROOT "/policies/bundle", "anmalan", 3000, 12, false);
        struct view *v = plain_world_view(&w, 1);
        const struct plan_scope scope = {.dataset = w.dataset, .span = {18993, 20088}};
        const struct query q = {.dataset = w.dataset->id,
                .dimensions = &by,
                .dimensions_len = 1,
                .has_age_at = true,
                .age_at = 19906};
        assert_int_equal(plan_make(&scope, &q, a, &plan, &why), ERR_OK);
        assert_int_equal(plan_run(plan, v, 2, a, NULL, &t), ERR_OK);
        assert_false(t->dimensions[0].overlapping);
        const struct variable *age =
                &w.dataset->variables[variable_find(w.dataset, (struct bytes)B("alder"))];
        for (uint32_t row = 0; row < w.rows; row++) {
                uint32_t category = t->dimensions[0].len - 1; /* other or not stated */
                int64_t birth;

                if (plain_value(&w, age->age_birth, row, &birth) && birth <= q.age_at)
                        for (uint32_t b = 0; b < age->bandings[0].len; b++) {
                                const struct band *band = &age->bandings[0].bands[b];
                                int32_t years = age_at((int32_t)birth, q.age_at);

                                if (years >= band->low && years <= band->high)
                                        category = b;
                        }
                expected[category]++;
        }
        assert_true(bytes_is_text(
                t->dimensions[0].categories[t->dimensions[0].len - 1].code, "ovrigt"));
        for (uint32_t c = 0; c < t->dimensions[0].len; c++)
                assert_int_equal(t->records[c], expected[c]);
        view_unref(&v);
        plain_world_free(&w);
        arena_free(&a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_may_be_asked_is_answered),
                cmocka_unit_test(each_fault_is_named_where_it_stands),
                cmocka_unit_test(bands_ascend_and_do_not_overlap),
                cmocka_unit_test(what_is_stated_is_refused_where_the_data_set_cannot_have_it),
                cmocka_unit_test(sums_beyond_the_largest_number_are_refused),
                cmocka_unit_test(the_division_is_that_of_the_stated_day),
                cmocka_unit_test(a_code_that_has_become_another_is_no_filter),
                cmocka_unit_test(the_same_municipality_is_the_same_after_a_merger),
                cmocka_unit_test(a_period_of_episodes_leaves_room_for_what_began_before),
                cmocka_unit_test(one_person_has_one_municipality_when_the_rule_says_so),
                cmocka_unit_test(ages_are_those_of_the_stated_day),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
