/* SPDX-License-Identifier: Apache-2.0 */
/* test_measures.c: every kind of measure against brute force: random measures in random
 * questions on random records, every cell compared. */
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
#include "tests/support/measure_oracle.h"

enum { ROWS = 900, QUESTIONS = 150, ARENA_MAX = 512 << 20, CELLS_TRIED_MAX = 4000 };

static const char bundle[] = STATGATE_ROOT "/policies/bundle";
static const struct period whole_span = {18993, 18993 + 1095};
static const struct period year_2023 = {19358, 19722};

struct asked {
        struct plain_world *w;
        const struct view *v;
        struct arena *arena;
        struct filter filters[3];
        struct dimension_ref dimensions[DIMENSIONS_MAX];
        struct measure_ref measures[MEASURES_MAX];
        struct query q;
        struct measure_told told;
};

static const struct variable *random_variable(struct plain_world *w)
{
        return &w->dataset->variables[plain_random(w, w->dataset->variables_len)];
}

static bool may_be_summed(const struct variable *v)
{
        return v->role == VARIABLE_MEASURE &&
               (v->type == VARIABLE_INTEGER || v->type == VARIABLE_DECIMAL);
}

static struct bytes random_magnitude(struct plain_world *w)
{
        for (int tries = 0; tries < 200; tries++) {
                const struct variable *v = random_variable(w);

                if (may_be_summed(v))
                        return v->id;
        }
        return (struct bytes){0};
}

static bool has_bands(const struct variable *v)
{
        return v->bandings_len > 0 && (v->may_group || may_be_summed(v));
}

static bool random_bands(struct plain_world *w, struct measure_ref *m)
{
        for (int tries = 0; tries < 200; tries++) {
                const struct variable *v = random_variable(w);

                if (!has_bands(v))
                        continue;
                m->variable = v->id;
                m->banding = v->bandings[plain_random(w, v->bandings_len)].id;
                return true;
        }
        return false;
}

static void random_filters(struct asked *a, struct filter **out, uint32_t *len, uint64_t max)
{
        uint64_t wanted = plain_random(a->w, max + 1);

        *out = arena_alloc(a->arena, max, sizeof(**out));
        assert_non_null(*out);
        while (*len < wanted)
                *len += oracle_random_filter(a->w, a->arena, &(*out)[*len]);
}

/* Rates have a table of their own: by municipality, or none. */
static bool may_have_rate(const struct query *q)
{
        return q->dimensions_len == 0 ||
               (q->dimensions_len == 1 && bytes_is_text(q->dimensions[0].variable, "kommun"));
}

static bool random_measure(struct asked *a, struct measure_ref *m)
{
        *m = (struct measure_ref){
                .kind = (enum measure_kind)(1 + plain_random(a->w, MEASURE_KIND_COUNT - 1))};
        switch (m->kind) {
        case MEASURE_SUM:
        case MEASURE_MEAN:
                m->variable = random_magnitude(a->w);
                break;
        case MEASURE_MEDIAN:
        case MEASURE_LOWER_QUARTILE:
        case MEASURE_UPPER_QUARTILE:
                if (!random_bands(a->w, m))
                        return false;
                break;
        case MEASURE_RATIO:
                m->scale = plain_random(a->w, 2) ? 1000 : 0;
                if (plain_random(a->w, 2))
                        m->variable = random_magnitude(a->w);
                if (plain_random(a->w, 2))
                        m->per = random_magnitude(a->w);
                random_filters(a, &m->base, &m->base_len, 1);
                break;
        case MEASURE_SHARE:
                random_filters(a, &m->base, &m->base_len, 1);
                break;
        case MEASURE_DAYS:
                if (a->w->dataset->episode_from == UINT32_MAX)
                        return false;
                break;
        case MEASURE_RATE:
                m->scale = plain_random(a->w, 2) ? 100000 : 0;
                if (!may_have_rate(&a->q))
                        return false;
                break;
        case MEASURE_FAMILIES:
                if (view_families(a->v) == NULL)
                        return false;
                break;
        case MEASURE_PERSONS:
        case MEASURE_RECORDS:
        case MEASURE_NONE:
        case MEASURE_KIND_COUNT:
                break;
        }
        random_filters(a, &m->filters, &m->filters_len, 2);
        return measure_kind_wants_variable(m->kind) < 1 || m->variable.len > 0;
}

static void random_question(struct asked *a)
{
        struct plain_world *w = a->w;
        uint32_t wanted;

        a->q = (struct query){.dataset = w->dataset->id,
                .filters = a->filters,
                .dimensions = a->dimensions,
                .measures = a->measures};
        a->q.unit = (enum unit)plain_random(w, view_families(a->v) != NULL ? 4 : 2);
        if (a->q.unit == UNIT_FAMILY && view_families(a->v) == NULL)
                a->q.unit = UNIT_RECORD;
        if (plain_random(w, 4) == 0)
                a->q.dimensions[a->q.dimensions_len++] =
                        (struct dimension_ref){bytes_of_text("kommun"),
                                bytes_of_text(plain_random(w, 2) ? "lan" : "kommun")};
        else
                oracle_random_dimensions(w, &a->q, 2);
        for (uint64_t n = plain_random(w, 2); a->q.filters_len < n;)
                a->q.filters_len +=
                        oracle_random_filter(w, a->arena, &a->filters[a->q.filters_len]);
        a->q.has_period = plain_random(w, 3) == 0;
        a->q.period = year_2023;
        wanted = 1 + (uint32_t)plain_random(w, 4);
        while (a->q.measures_len < wanted)
                a->q.measures_len += random_measure(a, &a->measures[a->q.measures_len]);
}

/* Any variable of codes can say who gives the service. */
static void random_told(struct asked *a)
{
        const struct policy_dataset *d = a->w->dataset;
        uint32_t provider = UINT32_MAX;

        for (int tries = 0; tries < 200 && provider == UINT32_MAX; tries++) {
                uint32_t i = (uint32_t)plain_random(a->w, d->variables_len);

                if (d->variables[i].type == VARIABLE_CODE && i != d->municipality_variable)
                        provider = i;
        }
        assert_true(provider != UINT32_MAX);
        a->told = (struct measure_told){
                .days = a->q.has_period ? year_2023 : whole_span,
                .contributors =
                        plain_random(a->w, 2) == 0
                                ? 0
                                : (unsigned)plain_random(a->w, 1 << CONTRIBUTOR_COUNT) & ~1u,
                .provider = provider,
                .cell_keys = plain_random(a->w, 2) == 0,
        };
}

static enum err ask(const struct asked *a, unsigned threads, struct table **out)
{
        const struct plan_scope scope = {.dataset = a->w->dataset,
                .span = whole_span,
                .family = view_families(a->v) != NULL,
                .contributors = a->told.contributors,
                .provider = a->told.provider,
                .cell_keys = a->told.cell_keys};
        struct plan *plan = NULL;
        struct refusal why = {0};
        enum err e = plan_make(&scope, &a->q, a->arena, &plan, &why);

        if (e != ERR_OK) {
                if (e != ERR_TOO_MANY_CELLS)
                        print_error("%s: %s\n", why.violations[0].field, why.violations[0].text);
                return e;
        }
        return plan_run(plan, a->v, threads, a->arena, NULL, out);
}

/* Meaning ----------------------------------------------------------------------------------- */

/* Sides that some value of the cell's category meets, or that all do, of one variable. */
static uint32_t sides_met(const struct table *t, const struct meaning_variable *v,
        const uint32_t *at, uint32_t *by_all)
{
        uint32_t some = 0;

        *by_all = UINT32_MAX;
        for (uint32_t s = 0; s < v->len; s++) {
                uint32_t d = v->dimension;
                uint32_t len = v->in == NULL ? 0 : t->dimensions[d].len;

                if (v->in != NULL && at[d] < len && v->in[(size_t)s * len + at[d]] == 0)
                        continue;
                some |= v->meets[s];
                *by_all &= v->meets[s];
        }
        return some;
}

/* Whom a side cannot take it does not, and of whom it takes all none is missing. How many
 * times that said something. */
static size_t meaning_holds(const struct table *t)
{
        uint32_t at[DIMENSIONS_MAX];
        size_t said = 0;

        assert_non_null(t->meaning);
        for (size_t c = 0; c < t->cells_len; c++) {
                uint32_t can = UINT32_MAX, must = UINT32_MAX;

                table_coordinates(t, c, at);
                for (uint32_t i = 0; i < t->meaning->variables_len; i++) {
                        uint32_t by_all;

                        can &= sides_met(t, &t->meaning->variables[i], at, &by_all);
                        must &= by_all;
                }
                for (uint32_t i = 0; i < t->measures_len; i++) {
                        const struct measure *m = &t->measures[i];
                        const int64_t *persons[2] = {m->numerator_persons != NULL
                                                             ? m->numerator_persons
                                                             : m->contributors,
                                m->denominator_persons};

                        for (int k = 0; k < 2; k++) {
                                if (persons[k] == NULL || m->kind == MEASURE_DAYS)
                                        continue;
                                if ((can >> m->side[k] & 1) == 0)
                                        assert_int_equal(persons[k][c], 0);
                                if ((must >> m->side[k] & 1) != 0 && (can >> m->side[k] & 1) != 0)
                                        assert_int_equal(persons[k][c], t->persons[c]);
                                said += t->persons[c] > 0 && ((~can | must) >> m->side[k] & 1) != 0;
                        }
                }
        }
        return said;
}

static void random_questions(struct plain_world *w, const struct view *v, unsigned questions)
{
        size_t said = 0;

        struct asked *a = calloc(1, sizeof(*a));

        *a = (struct asked){.w = w, .v = v, .arena = arena_new(ARENA_MAX)};
        for (unsigned n = 0; n < questions;) {
                struct table *t = NULL;

                arena_reset(a->arena);
                random_question(a);
                random_told(a);
                enum err e = ask(a, 1 + (unsigned)plain_random(w, 3), &t);
                if (e == ERR_TOO_MANY_CELLS || (t != NULL && t->cells_len > CELLS_TRIED_MAX))
                        continue;
                assert_int_equal(e, ERR_OK);
                measure_oracle_check(v, &a->q, t, &a->told);
                said += meaning_holds(t);
                n++;
        }
        assert_true(said > 0);
        arena_free(&a->arena);
        free(a);
}

static void random_questions_about(const char *dataset, uint64_t seed, bool personless)
{
        struct plain_world w;

        plain_world_make(&w, bundle, dataset, ROWS, seed, personless);
        const struct code_list *places =
                w.dataset->variables[w.dataset->municipality_variable].codes;
        places->levels[0].codes[w.municipalities[0]].population = 0; /* nobody knows */
        struct view *v = plain_world_view(&w, 2);
        random_questions(&w, v, QUESTIONS);
        view_unref(&v);
        plain_world_free(&w);
}

static void measures_of_placements_agree_with_brute_force(void **state)
{
        (void)state;
        random_questions_about("placering", 11, false);
}

static void measures_of_assistance_agree_with_brute_force(void **state)
{
        (void)state;
        random_questions_about("ekonomiskt_bistand", 12, false);
}

static void measures_where_some_rows_have_no_person_agree_with_brute_force(void **state)
{
        (void)state;
        random_questions_about("placering", 13, true);
}

/* Families ---------------------------------------------------------------------------------- */

struct family_world {
        struct plain_world base, beside;
        struct guardian_edge *edges;
        struct linked *linked;
};

/* Some persons of each data set have rows in the other, some guardians have many children. */
static void make_families(struct family_world *f, uint32_t rows, uint64_t seed, unsigned threads)
{
        uint32_t edges_len = rows;

        plain_world_make(&f->base, bundle, "placering", rows, seed, true);
        plain_world_make(&f->beside, bundle, "anmalan", rows, seed + 1, false);
        for (uint32_t r = 0; r < rows; r += 3)
                memcpy(f->beside.tokens + (size_t)r * 16, f->base.tokens + (size_t)r * 16, 16);
        f->edges = calloc(edges_len, sizeof(*f->edges));
        assert_non_null(f->edges);
        for (uint32_t i = 0; i < edges_len; i++) {
                uint32_t r = (uint32_t)plain_random(&f->base, rows);
                uint32_t guardian = 1 + f->base.person[r] / 3; /* families of three */

                if (plain_random(&f->base, 50) == 0)
                        guardian = 0; /* everybody's */
                else if (plain_random(&f->base, 30) == 0)
                        guardian = 1 + (uint32_t)plain_random(&f->base, rows / 8);
                memcpy(f->edges[i].child, f->base.tokens + (size_t)r * 16, 16);
                memset(f->edges[i].guardian, 0xee, 16);
                memcpy(f->edges[i].guardian, &guardian, sizeof(guardian));
                f->edges[i].day = 19000;
        }
        const struct plain_world *worlds[2] = {&f->base, &f->beside};
        struct view_plain parts[2];
        for (int i = 0; i < 2; i++)
                parts[i] = (struct view_plain){.dataset = worlds[i]->dataset,
                        .rows = rows,
                        .tokens = worlds[i]->tokens,
                        .municipalities = worlds[i]->municipalities,
                        .columns = (const void *const *)worlds[i]->columns,
                        .record_keys = worlds[i]->keys};
        const struct linked_plain plain = {.parts = parts,
                .parts_len = 2,
                .family = true,
                .limits = {.children_max = 12, .persons_max = 10, .holds_days = 1000},
                .edges = f->edges,
                .edges_len = edges_len};
        assert_int_equal(linked_from_plain(&plain, threads, &f->linked), ERR_OK);
}

static void families_free(struct family_world *f)
{
        linked_unref(&f->linked);
        plain_world_free(&f->base);
        plain_world_free(&f->beside);
        free(f->edges);
}

static void measures_of_families_agree_with_brute_force(void **state)
{
        struct family_world f = {0};

        (void)state;
        make_families(&f, ROWS, 21, 2);
        const struct view *v = linked_view(f.linked, bytes_of_text("placering"));
        const struct families *families = view_families(v);
        assert_non_null(families);
        assert_true(families->missing > 0);
        assert_true(families->families < families->persons - families->missing);
        random_questions(&f.base, v, QUESTIONS);
        families_free(&f);
}

/* Two measures that differ in one thing only are not the same part. */
static void measures_that_are_nearly_alike_are_counted_apart(void **state)
{
        struct plain_world w;
        struct bytes first = bytes_of_text("2023-Q1"), second = bytes_of_text("2023-Q2");
        struct bytes hvb = bytes_of_text("hvb"), familjehem = bytes_of_text("familjehem");
        struct filter filters[] = {
                {.variable = bytes_of_text("start"), .op = FILTER_EQ, .values = &first},
                {.variable = bytes_of_text("start"), .op = FILTER_NE, .values = &first},
                {.variable = bytes_of_text("start"), .op = FILTER_EQ, .values = &second},
                {.variable = bytes_of_text("form"), .op = FILTER_EQ, .values = &hvb},
                {.variable = bytes_of_text("form"), .op = FILTER_NE, .values = &hvb},
                {.variable = bytes_of_text("form"), .op = FILTER_EQ, .values = &familjehem},
        };
        const struct measure_told told = {.days = whole_span, .provider = UINT32_MAX};
        struct measure_ref measures[6];

        (void)state;
        plain_world_make(&w, bundle, "placering", ROWS, 41, false);
        const struct variable *form =
                &w.dataset->variables[variable_find(w.dataset, bytes_of_text("form"))];
        struct view *v = plain_world_view(&w, 1);
        for (int i = 0; i < 6; i++) {
                filters[i].values_len = 1;
                if (i >= 3)
                        filters[i].level = form->codes->levels[0].id;
                measures[i] = (struct measure_ref){
                        .kind = MEASURE_RECORDS, .filters = &filters[i], .filters_len = 1};
        }
        struct asked a = {.w = &w, .v = v, .arena = arena_new(ARENA_MAX)};
        a.q = (struct query){.dataset = w.dataset->id, .measures = measures, .measures_len = 6};
        struct table *t = NULL;
        assert_int_equal(ask(&a, 1, &t), ERR_OK);
        measure_oracle_check(v, &a.q, t, &told);
        arena_free(&a.arena);
        view_unref(&v);
        plain_world_free(&w);
}

/* Rows of the view that lie in municipalities which have reports at all, of first..last-1. */
static int64_t rows_that_count(
        const struct family_world *f, const struct view *v, uint32_t first, uint32_t last)
{
        uint32_t variable = f->base.dataset->municipality_variable;
        const uint16_t *places = view_column(v, variable);
        int64_t n = 0;

        assert_int_equal(f->base.dataset->variables[variable].physical, PHYSICAL_U16);
        for (uint32_t row = first; row < last; row++) {
                bool reports = false;

                for (uint32_t r = 0; r < f->beside.rows && !reports; r++)
                        reports = f->beside.municipalities[r] == places[row];
                n += reports;
        }
        return n;
}

/* What a question derives can be added up, halved and asked for in a share: reports about
 * the person beside each of her placements. */
static void measures_of_derived_numbers_agree_with_rows_beside(void **state)
{
        struct family_world f = {0};
        struct bytes one = bytes_of_text("1");
        struct derived_band bands[] = {{bytes_of_text("0"), bytes_of_text("0"), bytes_of_text("0")},
                {bytes_of_text("1-3"), bytes_of_text("1"), bytes_of_text("3")},
                {bytes_of_text("4+"), bytes_of_text("4"), {0}}};
        struct derived reports = {.name = bytes_of_text("anmalningar"),
                .kind = DERIVED_COUNT,
                .dataset = bytes_of_text("anmalan"),
                .bands = bands,
                .bands_len = 3};
        struct filter reported = {
                .variable = reports.name, .op = FILTER_GE, .values = &one, .values_len = 1};
        struct measure_ref measures[] = {{.kind = MEASURE_SUM, .variable = reports.name},
                {.kind = MEASURE_SHARE, .filters = &reported, .filters_len = 1},
                {.kind = MEASURE_MEDIAN, .variable = reports.name},
                {.kind = MEASURE_UPPER_QUARTILE, .variable = reports.name}};
        int64_t sum = 0, persons = 0, with = 0, rows[3] = {0};

        (void)state;
        make_families(&f, ROWS, 51, 2);
        const struct view *v = linked_view(f.linked, bytes_of_text("placering"));
        const struct view *beside = view_beside(v, bytes_of_text("anmalan"));
        const uint32_t *starts = view_person_starts(v), *other = view_person_starts(beside);
        for (uint32_t p = 0; p < view_persons(v); p++) {
                int64_t here = rows_that_count(&f, v, starts[p], starts[p + 1]),
                        n = other[p + 1] - other[p];

                sum += here * n;
                persons += here > 0;
                with += here > 0 && n > 0;
                rows[n == 0 ? 0 : n < 4 ? 1 : 2] += here;
        }
        struct asked a = {.w = &f.base, .v = v, .arena = arena_new(ARENA_MAX)};
        struct table *t = NULL;
        struct plan *plan = NULL;
        const struct policy_dataset *linked[] = {f.base.dataset, f.beside.dataset};
        const struct period spans[] = {whole_span, whole_span};
        const struct plan_scope scope = {.dataset = f.base.dataset,
                .span = whole_span,
                .linked = linked,
                .spans = spans,
                .linked_len = 2,
                .family = true};
        a.q = (struct query){.dataset = f.base.dataset->id,
                .derived = &reports,
                .derived_len = 1,
                .measures = measures,
                .measures_len = 4};
        assert_int_equal(plan_make(&scope, &a.q, a.arena, &plan, NULL), ERR_OK);
        assert_int_equal(plan_run(plan, v, 2, a.arena, NULL, &t), ERR_OK);
        assert_int_equal(t->measures[0].values[0], sum);
        assert_int_equal(t->measures[1].numerator[0], with);
        /* Rows of nobody are respondents without reports. */
        int64_t nobody = rows_that_count(&f, v, view_personless(v), view_rows(v));
        assert_int_equal(t->measures[1].denominator[0], persons + nobody);
        double all = (double)(rows[0] + rows[1] + rows[2] + nobody),
               none = (double)(rows[0] + nobody);
        for (int i = 2; i < 4; i++) {
                double within = ((i == 2 ? 0.5 : 0.75) * all - none) / (double)rows[1];

                assert_true(within > 0 && within < 1);
                assert_int_equal(t->measures[i].values[0], (int64_t)(10 * (1 + 3 * within) + 0.5));
        }
        arena_free(&a.arena);
        families_free(&f);
}

/* Threads ------------------------------------------------------------------------------------ */

static void assert_same_contributions(const struct contributions *a, uint32_t a_len,
        const struct contributions *b, uint32_t b_len, size_t n)
{
        assert_int_equal(a_len, b_len);
        for (uint32_t i = 0; i < a_len; i++) {
                assert_int_equal(a[i].type, b[i].type);
                assert_memory_equal(a[i].number, b[i].number, n * sizeof(*a[i].number));
                assert_memory_equal(a[i].largest, b[i].largest,
                        n * CONTRIBUTIONS_LARGEST * sizeof(*a[i].largest));
        }
}

static void assert_same(const struct table *a, const struct table *b)
{
        size_t n = a->cells_len;

        assert_int_equal(n, b->cells_len);
        assert_memory_equal(a->persons, b->persons, n * 8);
        assert_memory_equal(a->families, b->families, n * 8);
        assert_memory_equal(a->cell_key, b->cell_key, n * 4);
        assert_same_contributions(
                a->contributions, a->contributions_len, b->contributions, b->contributions_len, n);
        for (uint32_t i = 0; i < a->measures_len; i++) {
                const struct measure *x = &a->measures[i], *y = &b->measures[i];

                assert_memory_equal(x->values, y->values, n * 8);
                if (x->contributors != NULL)
                        assert_memory_equal(x->contributors, y->contributors, n * 8);
                if (x->low != NULL)
                        assert_memory_equal(x->low, y->low, n * 8);
                if (x->numerator_persons != NULL)
                        assert_memory_equal(x->numerator_persons, y->numerator_persons, n * 8);
                assert_same_contributions(x->contributions, x->contributions_len, y->contributions,
                        y->contributions_len, n);
        }
}

/* More rows than one task has, so that families lie where tasks meet. */
static void the_number_of_threads_shows_in_no_measure(void **state)
{
        struct family_world f = {0};
        struct bytes hvb = bytes_of_text("hvb");
        struct filter filter = {.variable = bytes_of_text("form"),
                .op = FILTER_EQ,
                .values = &hvb,
                .values_len = 1};
        struct measure_ref measures[] = {{.kind = MEASURE_FAMILIES},
                {.kind = MEASURE_SHARE, .filters = &filter, .filters_len = 1},
                {.kind = MEASURE_MEDIAN, .variable = bytes_of_text("alder")},
                {.kind = MEASURE_DAYS},
                {.kind = MEASURE_MEAN, .variable = bytes_of_text("kostnad_dygn")},
                {.kind = MEASURE_RATIO,
                        .variable = bytes_of_text("kostnad_dygn"),
                        .filters = &filter,
                        .filters_len = 1}};
        struct dimension_ref by[] = {{bytes_of_text("kon"), {0}}, {bytes_of_text("form"), {0}}};
        struct table *first = NULL;

        (void)state;
        make_families(&f, 600000, 22, 2);
        struct asked a = {.w = &f.base,
                .v = linked_view(f.linked, bytes_of_text("placering")),
                .arena = arena_new(ARENA_MAX)};
        a.q = (struct query){.dataset = f.base.dataset->id,
                .unit = UNIT_FAMILY,
                .dimensions = by,
                .dimensions_len = 2,
                .measures = measures,
                .measures_len = 6};
        a.told = (struct measure_told){.contributors = (1u << CONTRIBUTOR_COUNT) - 2,
                .provider = (uint32_t)variable_find(f.base.dataset, bytes_of_text("utforare")),
                .cell_keys = true};
        assert_true(view_persons(a.v) > 1 << 17);
        for (unsigned threads = 1; threads <= 4; threads++) {
                struct table *t = NULL;

                assert_int_equal(ask(&a, threads, &t), ERR_OK);
                if (first == NULL)
                        first = t;
                assert_same(first, t);
        }
        arena_free(&a.arena);
        families_free(&f);
}

/* Refusals ----------------------------------------------------------------------------------- */

static enum err ask_for(const char *dataset, const struct measure_ref *m, const char *by)
{
        struct plain_world w;
        struct dimension_ref dimension = {bytes_of_text(by), {0}};
        struct measure_ref measure = *m;
        struct asked a = {.w = &w, .arena = arena_new(ARENA_MAX)};
        struct table *t = NULL;

        plain_world_make(&w, bundle, dataset, 50, 31, false);
        struct view *v = plain_world_view(&w, 1);
        a.v = v;
        a.q = (struct query){.dataset = w.dataset->id,
                .dimensions = &dimension,
                .dimensions_len = by[0] != '\0',
                .measures = &measure,
                .measures_len = 1};
        enum err e = ask(&a, 1, &t);
        view_unref(&v);
        plain_world_free(&w);
        arena_free(&a.arena);
        return e;
}

static enum err ask_kind(enum measure_kind kind, const char *variable, const char *by)
{
        const struct measure_ref m = {.kind = kind, .variable = bytes_of_text(variable)};

        return ask_for("placering", &m, by);
}

static void rates_are_by_municipality_and_by_nothing_else(void **state)
{
        (void)state;
        assert_int_equal(ask_kind(MEASURE_RATE, "", ""), ERR_OK);
        assert_int_equal(ask_kind(MEASURE_RATE, "", "kommun"), ERR_OK);
        assert_int_equal(ask_kind(MEASURE_RATE, "", "kon"), ERR_NOT_ALLOWED);
}

static void medians_need_bands_and_sums_need_measures(void **state)
{
        (void)state;
        assert_int_equal(ask_kind(MEASURE_MEDIAN, "alder", ""), ERR_OK);
        assert_int_equal(ask_kind(MEASURE_MEDIAN, "form", ""), ERR_NOT_ALLOWED);
        assert_int_equal(ask_kind(MEASURE_MEDIAN, "inget", ""), ERR_UNKNOWN_NAME);
        assert_int_equal(ask_kind(MEASURE_SUM, "alder", ""), ERR_NOT_ALLOWED);
        const struct measure_ref coarse = {.kind = MEASURE_MEDIAN,
                .variable = bytes_of_text("alder"),
                .banding = bytes_of_text("inga")};
        assert_int_equal(ask_for("placering", &coarse, ""), ERR_UNKNOWN_NAME);
}

static void families_need_a_linkage_that_follows_guardians(void **state)
{
        (void)state;
        assert_int_equal(ask_kind(MEASURE_FAMILIES, "", ""), ERR_NOT_ALLOWED);
}

static void days_need_records_that_last(void **state)
{
        const struct measure_ref days = {.kind = MEASURE_DAYS};

        (void)state;
        assert_int_equal(ask_for("placering", &days, ""), ERR_OK);
        assert_int_equal(ask_for("anmalan", &days, ""), ERR_NOT_ALLOWED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rates_are_by_municipality_and_by_nothing_else),
                cmocka_unit_test(medians_need_bands_and_sums_need_measures),
                cmocka_unit_test(families_need_a_linkage_that_follows_guardians),
                cmocka_unit_test(days_need_records_that_last),
                cmocka_unit_test(measures_of_placements_agree_with_brute_force),
                cmocka_unit_test(measures_of_assistance_agree_with_brute_force),
                cmocka_unit_test(measures_where_some_rows_have_no_person_agree_with_brute_force),
                cmocka_unit_test(measures_of_derived_numbers_agree_with_rows_beside),
                cmocka_unit_test(measures_that_are_nearly_alike_are_counted_apart),
                cmocka_unit_test(measures_of_families_agree_with_brute_force),
                cmocka_unit_test(the_number_of_threads_shows_in_no_measure),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
