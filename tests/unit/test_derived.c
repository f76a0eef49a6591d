/* SPDX-License-Identifier: Apache-2.0 */
/* test_derived.c: questions about events, random ones, against plain loops over plain
 * records: every cell of every table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/support/counts.h"
#include "tests/support/derived_oracle.h"

enum { ARENA_MAX = 256 << 20, DERIVED = 4 };

struct random_query {
        struct derived_world *d;
        struct arena *a;
        struct query q;
        struct derived derived[DERIVED];
        struct filter filters[4], event_filters[DERIVED][2];
        struct dimension_ref dimensions[2];
        struct measure_ref measures[3];
        uint32_t base;
        bool family;
};

static uint64_t roll(struct random_query *r, uint64_t below)
{
        return linked_random(&r->d->w, below);
}

static struct bytes words(struct random_query *r, const char *const *list, size_t len)
{
        return bytes_of_text(list[roll(r, len)]);
}
#define ONE_OF(r, ...)                                                                             \
        words(r, (const char *const[]){__VA_ARGS__},                                               \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static bool has_order(const struct random_query *r, uint32_t part)
{
        return r->d->datasets[part]->order_variable != UINT32_MAX;
}

static void set_values(struct random_query *r, struct filter *f, uint32_t len)
{
        struct bytes *values = arena_alloc(r->a, 3, sizeof(*values));

        f->values = values;
        f->values_len = len;
}

/* On a column that every data set has; not always one that leaves much. */
static void column_filter(struct random_query *r, struct filter *f, bool places)
{
        *f = (struct filter){.op = FILTER_EQ};
        set_values(r, f, 1);
        switch (roll(r, places ? 5 : 4)) {
        case 0:
                f->variable = bytes_of_text("flagga");
                ((struct bytes *)f->values)[0] = ONE_OF(r, "true", "false");
                return;
        case 1:
                f->variable = bytes_of_text("form");
                f->op = FILTER_IN;
                set_values(r, f, 3);
                for (uint32_t i = 0; i < 3; i++)
                        ((struct bytes *)f->values)[i] =
                                ONE_OF(r, "0114", "0180", "0380", "0580", "1280", "1480");
                return;
        case 2:
                f->variable = bytes_of_text("form");
                f->level = bytes_of_text("lan");
                f->op = FILTER_NE;
                ((struct bytes *)f->values)[0] = ONE_OF(r, "01", "13");
                return;
        case 3:
                f->variable = ONE_OF(r, "datum", "slut");
                f->op = roll(r, 2) == 0 ? FILTER_GE : FILTER_LT;
                ((struct bytes *)f->values)[0] = ONE_OF(r, "2022-05", "2022-11", "2023-03");
                return;
        default:
                f->variable = bytes_of_text("kommun");
                f->level = bytes_of_text("lan");
                ((struct bytes *)f->values)[0] = ONE_OF(r, "01", "13");
        }
}

static const char *const names[DERIVED] = {"d0", "d1", "d2", "d3"};

static bool is_date(const struct derived *v)
{
        return v->kind == DERIVED_FIRST || v->kind == DERIVED_LAST;
}

/* A date of the base, or an earlier derived one. */
static struct bytes random_date(struct random_query *r, uint32_t number, bool may_be_empty)
{
        for (uint32_t tries = 0; tries < 3 && number > 0; tries++) {
                uint32_t i = (uint32_t)roll(r, number);

                if (is_date(&r->derived[i]))
                        return bytes_of_text(names[i]);
        }
        if (may_be_empty && has_order(r, r->base) && roll(r, 2) == 0)
                return (struct bytes){0};
        return ONE_OF(r, "datum", "slut");
}

static void random_window(struct random_query *r, struct derived *v, uint32_t number)
{
        struct window *w = &v->window;

        *w = (struct window){.kind = (enum window_kind)roll(r, 4)};
        if (w->kind == WINDOW_PERIOD && !r->q.has_period)
                w->kind = WINDOW_RELATIVE;
        if (w->kind == WINDOW_FIXED) {
                static const int32_t firsts[] = {18993, 19083, 19174, 19358, 19539};

                w->from = firsts[roll(r, 3)];
                w->until = firsts[2 + roll(r, 3)] - 1;
                if (w->until < w->from)
                        w->until = firsts[4] - 1;
        } else if (w->kind == WINDOW_RELATIVE) {
                w->anchor = random_date(r, number, true);
                w->from = (int32_t)roll(r, 400) - 200;
                w->until = w->from + (int32_t)roll(r, 400);
        }
}

static void random_bands(struct random_query *r, struct derived *v)
{
        static const struct derived_band few[] = {
                {.code = {(const uint8_t *)"-1", 2}, .high = {(const uint8_t *)"-1", 2}},
                {{(const uint8_t *)"0", 1}, {(const uint8_t *)"0", 1}, {(const uint8_t *)"0", 1}},
                {{(const uint8_t *)"1-2", 3}, {(const uint8_t *)"1", 1}, {(const uint8_t *)"2", 1}},
                {{(const uint8_t *)"9-", 2}, {(const uint8_t *)"9", 1}, {0}}};
        static const struct derived_band many[] = {
                {{(const uint8_t *)"-99", 3}, {0}, {(const uint8_t *)"99", 2}},
                {{(const uint8_t *)"100+", 4}, {(const uint8_t *)"100", 3}, {0}}};
        bool wide = roll(r, 2) == 0;

        v->bands = (struct derived_band *)(uintptr_t)(wide ? many : few);
        v->bands_len = wide ? 2 : 4;
}

static void random_derived(struct random_query *r, uint32_t number)
{
        struct derived *v = &r->derived[number];
        uint32_t part = (uint32_t)roll(r, WORLD_PARTS);

        *v = (struct derived){.name = bytes_of_text(names[number]),
                .kind = (enum derived_kind)(1 + roll(r, DERIVED_KIND_COUNT - 1))};
        if (v->kind == DERIVED_COUNT || v->kind == DERIVED_SUM || v->kind == DERIVED_DAYS_BETWEEN)
                random_bands(r, v);
        if (v->kind == DERIVED_DAYS_BETWEEN) {
                v->from = random_date(r, number, false);
                v->to = random_date(r, number, false);
                return;
        }
        v->dataset = r->d->datasets[part]->id;
        v->include_base = roll(r, 3) == 0;
        if (!has_order(r, part) || roll(r, 3) == 0)
                v->date = ONE_OF(r, "datum", "slut");
        random_window(r, v, number);
        bool dayless = !has_order(r, r->base) && v->window.kind == WINDOW_RELATIVE &&
                       v->window.anchor.len == 0;
        if (dayless)
                v->window.anchor = bytes_of_text("slut");
        if (r->family && roll(r, 2) == 0 &&
                (v->window.kind == WINDOW_RELATIVE || has_order(r, r->base)))
                v->same = SAME_FAMILY;
        if (part < 2 && r->base < 2)
                v->in = (enum derived_in)roll(r, 4);
        v->filters = r->event_filters[number];
        for (uint64_t n = roll(r, 3); v->filters_len < n; v->filters_len++)
                column_filter(r, &v->filters[v->filters_len], part < 2);
        if (v->kind == DERIVED_SUM)
                v->variable = bytes_of_text("belopp");
        if (v->kind == DERIVED_COUNT && roll(r, 2) == 0) {
                v->variable = ONE_OF(r, "form", "datum", "slut", "flagga");
                if (bytes_is_text(v->variable, "form"))
                        v->level = ONE_OF(r, "", "kommun", "lan");
                else if (!bytes_is_text(v->variable, "flagga"))
                        v->level = ONE_OF(r, "", "manad", "ar");
        }
}

static void derived_filter(struct random_query *r, struct filter *f)
{
        uint32_t number = (uint32_t)roll(r, r->q.derived_len);
        const struct derived *v = &r->derived[number];

        *f = (struct filter){.variable = v->name, .op = FILTER_EQ};
        set_values(r, f, 1);
        if (v->kind == DERIVED_EXISTS) {
                ((struct bytes *)f->values)[0] = ONE_OF(r, "true", "false");
        } else if (is_date(v)) {
                f->op = roll(r, 2) == 0 ? FILTER_GE : FILTER_LT;
                ((struct bytes *)f->values)[0] = ONE_OF(r, "2022-05", "2022-11", "2023-03");
        } else {
                f->op = FILTER_IN;
                ((struct bytes *)f->values)[0] = ONE_OF(r, "0..0", "1..3", "-30..200", "0..10000",
                        "1..9999999", "5000000..90000000");
        }
}

static void random_dimension(struct random_query *r, struct dimension_ref *out)
{
        uint32_t number = (uint32_t)roll(r, (uint64_t)r->q.derived_len + 1);

        *out = (struct dimension_ref){0};
        if (number < r->q.derived_len) {
                out->variable = bytes_of_text(names[number]);
                if (is_date(&r->derived[number]))
                        out->level = ONE_OF(r, "ar", "manad");
                return;
        }
        out->variable = r->base < 2 ? ONE_OF(r, "kommun", "flagga", "form") : ONE_OF(r, "flagga");
        if (!bytes_is_text(out->variable, "flagga"))
                out->level = ONE_OF(r, "kommun", "lan");
}

static void random_query(struct random_query *r)
{
        struct query *q = &r->q;

        r->base = (uint32_t)roll(r, WORLD_PARTS);
        *q = (struct query){.dataset = r->d->datasets[r->base]->id,
                .filters = r->filters,
                .dimensions = r->dimensions,
                .measures = r->measures,
                .derived = r->derived};
        q->has_period = roll(r, 2) == 0;
        q->period = (struct period){19083, 19357}; /* 2022-04 .. 2022-12 */
        if (q->has_period && (r->base == 2 || roll(r, 3) == 0))
                q->period_date = ONE_OF(r, "datum", "slut");
        if (r->base < 2)
                q->municipality_rule = (enum municipality_rule)roll(r, 3);
        for (uint64_t n = 1 + roll(r, DERIVED); q->derived_len < n;)
                random_derived(r, q->derived_len++);
        for (uint64_t n = roll(r, 3); q->filters_len < n; q->filters_len++)
                if (roll(r, 2) == 0)
                        column_filter(r, &r->filters[q->filters_len], r->base < 2);
                else
                        derived_filter(r, &r->filters[q->filters_len]);
        for (uint64_t n = roll(r, 3); q->dimensions_len < n; q->dimensions_len++) {
                random_dimension(r, &r->dimensions[q->dimensions_len]);
                if (q->dimensions_len == 1 &&
                        bytes_equal(r->dimensions[0].variable, r->dimensions[1].variable))
                        break;
        }
        r->measures[0] = (struct measure_ref){.kind = MEASURE_PERSONS};
        q->measures_len = 1;
        for (uint32_t i = 0; i < q->derived_len && q->measures_len < 3; i++)
                if (r->derived[i].bands_len > 0)
                        r->measures[q->measures_len++] = (struct measure_ref){
                                .kind = MEASURE_SUM, .variable = bytes_of_text(names[i])};
}

/* Comparing ---------------------------------------------------------------------------- */

struct cells {
        int64_t *records, *persons, *margin, *sums[3];
};

static bool first_of_person(uint32_t who, uint32_t nobody, uint8_t *seen)
{
        if (who == nobody)
                return true;
        if (seen[who])
                return false;
        seen[who] = 1;
        return true;
}

/* Adds the rows that fall into one cell. */
static void expect_cell(const struct random_query *r, const struct table *t, size_t cell,
        const uint32_t *categories, const uint32_t *known_categories, const bool *asked,
        const bool *margin, const struct cells *out)
{
        const struct linked_part *p = &r->d->w.parts[r->base];
        uint32_t nobody = r->d->w.names_len, at[DIMENSIONS_MAX];
        uint8_t *seen = calloc(nobody + 1, 1), *known = calloc(nobody + 1, 1);

        table_coordinates(t, cell, at);
        for (uint32_t row = 0; row < p->rows; row++) {
                bool here = asked[row], around = margin[row];

                for (uint32_t k = 0; k < t->dimensions_len; k++) {
                        const struct dimension *dim = &t->dimensions[k];
                        uint32_t c = categories[row * 2 + k], m = known_categories[row * 2 + k];

                        here &= c < dim->len && (at[k] == dim->len || at[k] == c);
                        around &= !dim->identifying ||
                                  (m < dim->len && (at[k] == dim->len || at[k] == m));
                }
                out->margin[cell] += around && first_of_person(p->person[row], nobody, known);
                if (!here)
                        continue;
                out->records[cell]++;
                out->persons[cell] += first_of_person(p->person[row], nobody, seen);
                for (uint32_t m = 1; m < t->measures_len; m++) {
                        int64_t value;
                        int32_t number = oracle_number(&r->q, r->measures[m].variable);

                        if (oracle_derived(r->d, &r->q, r->base, (uint32_t)number, row, &value))
                                out->sums[m][cell] += value;
                }
        }
        free(seen);
        free(known);
}

static void say_query(const struct random_query *r)
{
        for (uint32_t i = 0; i < r->q.derived_len; i++) {
                const struct derived *v = &r->derived[i];

                fprintf(stderr,
                        "%s %s of %.*s date %.*s var %.*s win %d (%.*s %d..%d) same %d in %d incl "
                        "%d "
                        "filters %u\n",
                        names[i], derived_kind_name(v->kind), (int)v->dataset.len,
                        (const char *)v->dataset.data, (int)v->date.len, (const char *)v->date.data,
                        (int)v->variable.len, (const char *)v->variable.data, (int)v->window.kind,
                        (int)v->window.anchor.len, (const char *)v->window.anchor.data,
                        v->window.from, v->window.until, (int)v->same, (int)v->in, v->include_base,
                        v->filters_len);
        }
        for (uint32_t i = 0; i < r->q.filters_len; i++)
                fprintf(stderr, "filter %.*s %s %.*s\n", (int)r->filters[i].variable.len,
                        (const char *)r->filters[i].variable.data, filter_op_text(r->filters[i].op),
                        (int)r->filters[i].values[0].len,
                        (const char *)r->filters[i].values[0].data);
        for (uint32_t i = 0; i < r->q.dimensions_len; i++)
                fprintf(stderr, "by %.*s:%.*s\n", (int)r->dimensions[i].variable.len,
                        (const char *)r->dimensions[i].variable.data,
                        (int)r->dimensions[i].level.len, (const char *)r->dimensions[i].level.data);
        fprintf(stderr, "base %u period %d %.*s rule %d\n", r->base, r->q.has_period,
                (int)r->q.period_date.len, (const char *)r->q.period_date.data,
                (int)r->q.municipality_rule);
}

static void equal(
        const struct random_query *r, const char *what, size_t cell, int64_t is, int64_t should)
{
        if (is == should)
                return;
        fprintf(stderr, "%s of cell %zu: %lld, not %lld\n", what, cell, (long long)is,
                (long long)should);
        say_query(r);
        fail();
}

/* A category of municipalities of which none counts is missing, and all is where none does. */
static void compare_missing(const struct random_query *r, const struct table *t)
{
        bool counts[WORLD_PLACES], nobody = true;
        uint32_t at[DIMENSIONS_MAX];

        for (uint32_t i = 0; i < WORLD_PLACES; i++) {
                counts[i] = oracle_counts(r->d, &r->q, r->base, i);
                nobody &= !counts[i];
        }
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                bool missing = nobody;

                table_coordinates(t, cell, at);
                for (uint32_t k = 0; k < t->dimensions_len; k++) {
                        const struct dimension *dim = &t->dimensions[k];
                        bool some = false;

                        if (!bytes_is_text(dim->variable, "kommun") || at[k] == dim->len)
                                continue;
                        for (uint32_t i = 0; i < WORLD_PLACES; i++)
                                some |= counts[i] && bytes_equal(dim->categories[at[k]].code,
                                                             oracle_place(r->d, i, dim->level));
                        missing |= !some;
                }
                equal(r, "missing", cell, t->status[cell] == CELL_MISSING, missing);
        }
}

static void compare(const struct random_query *r, const struct table *t)
{
        const struct linked_part *p = &r->d->w.parts[r->base];
        uint32_t *categories = arena_alloc(r->a, (size_t)p->rows * 2, sizeof(*categories));
        uint32_t *known = arena_alloc(r->a, (size_t)p->rows * 2, sizeof(*known));
        bool *asked = arena_alloc(r->a, p->rows, 1), *margin = arena_alloc(r->a, p->rows, 1);
        struct cells e = {.records = arena_alloc(r->a, t->cells_len, 8),
                .persons = arena_alloc(r->a, t->cells_len, 8),
                .margin = arena_alloc(r->a, t->cells_len, 8)};

        for (uint32_t m = 0; m < 3; m++)
                e.sums[m] = arena_alloc(r->a, t->cells_len, 8);
        for (uint32_t row = 0; row < p->rows; row++) {
                asked[row] = oracle_asked(r->d, &r->q, r->base, row);
                margin[row] = oracle_margin(r->d, &r->q, r->base, row);
                for (uint32_t k = 0; k < t->dimensions_len; k++) {
                        const struct dimension *dim = &t->dimensions[k];

                        categories[row * 2 + k] =
                                oracle_category(r->d, &r->q, r->base, dim, row, false);
                        known[row * 2 + k] = oracle_category(r->d, &r->q, r->base, dim, row, true);
                }
        }
        compare_missing(r, t);
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                expect_cell(r, t, cell, categories, known, asked, margin, &e);
                equal(r, "records", cell, t->records[cell], e.records[cell]);
                equal(r, "persons", cell, t->persons[cell], e.persons[cell]);
                equal(r, "margin", cell, t->margin_persons[cell], e.margin[cell]);
                for (uint32_t m = 1; m < t->measures_len; m++)
                        equal(r, "sum", cell, t->measures[m].values[cell], e.sums[m][cell]);
        }
}

static enum err ask(const struct random_query *r, unsigned threads, struct table **out)
{
        const struct plan_scope scope = derived_world_scope(r->d, r->base, r->family);
        const struct view *v = linked_view(r->d->linked, r->q.dataset);
        struct plan *plan = NULL;
        struct refusal why = {0};
        enum err e = plan_make(&scope, &r->q, r->a, &plan, &why);

        if (e != ERR_OK) {
                fprintf(stderr, "%s: %s\n", why.violations[0].field, why.violations[0].text);
                say_query(r);
                return e;
        }
        return plan_run(plan, v, threads, r->a, NULL, out);
}

static void random_questions(const struct derived_wish *wish, unsigned ordinary)
{
        unsigned questions = count_of(ordinary);
        struct derived_world d;
        struct random_query r = {.d = &d, .a = arena_new(ARENA_MAX), .family = wish->family};
        unsigned filled = 0;

        derived_world_make(&d, wish);
        for (unsigned i = 0; i < questions; i++) {
                struct table *t = NULL;

                arena_reset(r.a);
                random_query(&r);
                assert_int_equal(ask(&r, 1 + i % 3, &t), ERR_OK);
                filled += t->records[t->cells_len - 1] > 0;
                compare(&r, t);
        }
        /* Questions about nobody prove nothing. */
        assert_true(filled > questions / 3);
        arena_free(&r.a);
        derived_world_free(&d);
}

static void questions_about_the_same_person_agree_with_plain_loops(void **state)
{
        (void)state;
        random_questions(
                &(struct derived_wish){.seed = 1, .persons = 60, .rows = 240, .threads = 2}, 900);
}

/* Most have not delivered something, and nobody has delivered everything in the second. */
static void municipalities_that_have_not_delivered_the_events_do_not_count(void **state)
{
        struct derived_wish wish = {.seed = 6,
                .persons = 60,
                .rows = 240,
                .guardians = 30,
                .limits = {1000, 1000, 120},
                .family = true,
                .threads = 2,
                .absent = {0x07, 0x38, 0}};

        (void)state;
        random_questions(&wish, 200);
        wish.absent[0] = 0x0f;
        wish.absent[1] = 0xf0;
        random_questions(&wish, 200);
}

static void questions_about_persons_with_many_events_agree_with_plain_loops(void **state)
{
        (void)state;
        random_questions(
                &(struct derived_wish){.seed = 2, .persons = 4, .rows = 200, .threads = 1}, 500);
}

static void questions_about_families_agree_with_plain_loops(void **state)
{
        const struct derived_wish wish = {.seed = 3,
                .persons = 50,
                .rows = 150,
                .guardians = 30,
                .limits = {1000, 1000, 120},
                .family = true,
                .threads = 2};

        (void)state;
        random_questions(&wish, 500);
}

static void families_beyond_the_limits_are_missing_in_questions(void **state)
{
        const struct derived_wish wish = {.seed = 4,
                .persons = 60,
                .rows = 150,
                .guardians = 90,
                .limits = {1000, 6, 400},
                .family = true,
                .threads = 1};

        (void)state;
        random_questions(&wish, 500);
}

static void more_than_a_block_of_rows_is_asked_in_any_number_of_threads(void **state)
{
        const struct derived_wish wish = {.seed = 5,
                .persons = 3000,
                .rows = getenv("STATGATE_LONG") != NULL ? 400000 : 60000,
                .guardians = 2000,
                .limits = {100, 1000, 200},
                .family = true,
                .threads = 2};
        struct derived_world d;
        struct random_query r = {.d = &d, .a = arena_new(ARENA_MAX), .family = true};

        (void)state;
        derived_world_make(&d, &wish);
        for (unsigned i = 0; i < 12; i++) {
                struct table *one = NULL, *many = NULL;

                arena_reset(r.a);
                random_query(&r);
                assert_int_equal(ask(&r, 1, &one), ERR_OK);
                assert_int_equal(ask(&r, 5, &many), ERR_OK);
                assert_int_equal(one->cells_len, many->cells_len);
                assert_memory_equal(one->persons, many->persons, one->cells_len * 8);
                assert_memory_equal(one->records, many->records, one->cells_len * 8);
                assert_memory_equal(one->margin_persons, many->margin_persons, one->cells_len * 8);
                for (uint32_t m = 0; m < one->measures_len; m++)
                        assert_memory_equal(one->measures[m].values, many->measures[m].values,
                                one->cells_len * 8);
        }
        arena_free(&r.a);
        derived_world_free(&d);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(questions_about_the_same_person_agree_with_plain_loops),
                cmocka_unit_test(municipalities_that_have_not_delivered_the_events_do_not_count),
                cmocka_unit_test(questions_about_persons_with_many_events_agree_with_plain_loops),
                cmocka_unit_test(questions_about_families_agree_with_plain_loops),
                cmocka_unit_test(families_beyond_the_limits_are_missing_in_questions),
                cmocka_unit_test(more_than_a_block_of_rows_is_asked_in_any_number_of_threads),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
