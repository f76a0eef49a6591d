/* SPDX-License-Identifier: Apache-2.0 */
/* test_lattice.c: what is cut out of a cube is what the engine would have answered, cell by
 * cell; a protected cube survives being stored, and nothing that is withheld is in its
 * bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "gateway/query/engine.h"
#include "tests/support/lattice_world.h"

enum { RECORDS = 1500, ARENA_MAX = 512 << 20, BODY_MAX = 64 << 20 };

struct asked {
        struct query query;
        struct filter filters[3];
        struct dimension_ref dimensions[4];
        struct measure_ref measures[3];
};

static struct query *make(const struct lattice_world *w, struct arena *arena, const char *by,
        const char *where, int year, struct asked *a)
{
        char *text = arena_strndup(arena, by, strlen(by)), *save = NULL;

        *a = (struct asked){.query = {.dataset = w->dataset.id}};
        a->query.filters = a->filters;
        a->query.dimensions = a->dimensions;
        a->query.measures = a->measures;
        for (char *name = strtok_r(text, ",", &save); name != NULL;
                name = strtok_r(NULL, ",", &save)) {
                char *level = strchr(name, ':');

                if (level != NULL)
                        *level++ = '\0';
                a->dimensions[a->query.dimensions_len++] = (struct dimension_ref){
                        bytes_of_text(name), bytes_of_text(level != NULL ? level : "")};
        }
        text = arena_strndup(arena, where, strlen(where));
        for (char *f = strtok_r(text, ";", &save); f != NULL; f = strtok_r(NULL, ";", &save)) {
                struct refusal why = {0};

                assert_int_equal(filter_parse(arena, bytes_of_text(f),
                                         &a->filters[a->query.filters_len++], &why),
                        ERR_OK);
        }
        if (year > 0) {
                a->query.has_period = true;
                a->query.period = (struct period){days_from_civil((struct civil){year, 1, 1}),
                        days_from_civil((struct civil){year, 12, 31})};
        }
        return &a->query;
}

/* The engine's own answer. */
static struct table *engine(const struct lattice_world *w, const struct view *v,
        const struct query *q, struct arena *arena)
{
        const struct policy_dataset *linked = &w->dataset;
        struct period span = lattice_world_source(w, v).span;
        const struct plan_scope scope = {.dataset = &w->dataset,
                .span = span,
                .linked = &linked,
                .spans = &span,
                .linked_len = 1,
                .provider = UINT32_MAX};
        struct refusal why = {0};
        struct plan *plan = NULL;
        struct table *t = NULL;

        enum err e = plan_make(&scope, q, arena, &plan, &why);
        if (e != ERR_OK)
                print_error("%s: %s\n", why.violations[0].field, why.violations[0].text);
        assert_int_equal(e, ERR_OK);
        assert_int_equal(plan_run(plan, v, 1, arena, NULL, &t), ERR_OK);
        return t;
}

static void assert_same(const struct table *a, const struct table *b)
{
        assert_int_equal(a->dimensions_len, b->dimensions_len);
        assert_int_equal(a->cells_len, b->cells_len);
        assert_int_equal(a->measures_len, b->measures_len);
        for (uint32_t d = 0; d < a->dimensions_len; d++) {
                const struct dimension *x = &a->dimensions[d], *y = &b->dimensions[d];

                assert_true(bytes_equal(x->variable, y->variable));
                assert_true(bytes_equal(x->level, y->level));
                assert_true(bytes_equal(x->label_sv, y->label_sv));
                assert_int_equal(x->len, y->len);
                for (uint32_t i = 0; i < x->len; i++) {
                        assert_true(bytes_equal(x->categories[i].code, y->categories[i].code));
                        assert_true(
                                bytes_equal(x->categories[i].label_en, y->categories[i].label_en));
                        assert_int_equal(x->categories[i].missing, y->categories[i].missing);
                }
        }
        for (uint32_t m = 0; m < a->measures_len; m++) {
                assert_int_equal(a->measures[m].kind, b->measures[m].kind);
                assert_true(bytes_equal(a->measures[m].label_sv, b->measures[m].label_sv));
                assert_int_equal(a->measures[m].decimals, b->measures[m].decimals);
        }
        for (size_t i = 0; i < a->cells_len; i++) {
                assert_int_equal(a->status[i] == CELL_MISSING, b->status[i] == CELL_MISSING);
                if (a->status[i] == CELL_MISSING)
                        continue;
                assert_int_equal(a->persons[i], b->persons[i]);
                assert_int_equal(a->records[i], b->records[i]);
                for (uint32_t m = 0; m < a->measures_len; m++)
                        assert_int_equal(a->measures[m].values[i], b->measures[m].values[i]);
        }
}

/* As if all might be shown. */
static void open_all(struct lattice_cube *c)
{
        for (uint32_t t = 0; t < c->tables_len; t++)
                for (size_t i = 0; i < c->tables[t].cells_len; i++) {
                        if (c->tables[t].status[i] == CELL_PROTECTED)
                                c->tables[t].status[i] = CELL_VALUE;
                        for (uint32_t m = 0; m < c->tables[t].measures_len; m++)
                                if (c->tables[t].measures[m].status != NULL)
                                        c->tables[t].measures[m].status[i] = c->tables[t].status[i];
                }
}

static void plan(struct lattice_world *w)
{
        lattice_world_plan(w, "kommun,kon");
        lattice_world_plan(w, "kommun:lan,orsak:omrade,kon");
        lattice_world_plan(w, "datum:kvartal,kon,alder:grupp");
        w->dataset.lattice.by_year = true;
        w->measures[0] = (struct measure_ref){
                .kind = MEASURE_SUM, .variable = bytes_of_text("antal_kommuner")};
        w->dataset.lattice.measures_len = 0;
}

struct cutting {
        const char *by, *where;
};

static void a_cut_is_what_the_engine_answers(void **state)
{
        static const struct cutting cuts[] = {
                {"", ""},
                {"kommun", ""},
                {"kon,kommun", ""},
                {"kommun:lan,orsak:omrade", ""},
                {"orsak:omrade,kon,kommun:lan", ""},
                {"alder:grupp,datum:kvartal", ""},
                {"kommun", "kon = kvinna"},
                {"kommun,kon", "kon = man"},
                {"kommun", "kon in kvinna,man"},
                {"kon", "kon in kvinna,man"},
                {"kommun:lan", "kon != kvinna"},
                {"kon", "kommun = 0180"},
                {"kommun,kon", "kommun = 0180"},
                {"orsak:omrade", "kommun:lan = 01;kon in kvinna,man"},
                {"datum:kvartal", "alder:grupp = 7-12"},
                {"alder:grupp", "alder in 7..12;datum = 2023-Q2"},
                {"alder:grupp,kon", "kon = kvinna;datum = 2023-Q2"},
        };
        static const int years[] = {0, 2023, 2024};
        struct lattice_world w;

        (void)state;
        lattice_world_make(&w, RECORDS, 1);
        plan(&w);
        struct view *v = lattice_world_view(&w);
        struct lattice_source source = lattice_world_source(&w, v);
        OWNED(arena_free) struct arena *keep = arena_new(ARENA_MAX);
        struct lattice_cube cube;

        assert_int_equal(lattice_count(&source, keep, &cube), ERR_OK);
        assert_int_equal(cube.years_len, 2);
        assert_int_equal(cube.blocks, 3);
        open_all(&cube);
        for (size_t y = 0; y < 3; y++)
                for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
                        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
                        struct asked a;
                        struct query *q = make(&w, arena, cuts[i].by, cuts[i].where, years[y], &a);
                        struct table *cut = NULL;
                        bool other_year = years[y] == 2024 && strstr(cuts[i].where, "2023") != NULL;

                        assert_int_equal(lattice_fits(w.policy, &w.dataset, q), LATTICE_INSIDE);
                        enum err e = lattice_cut(w.policy, &w.dataset, &cube, q, arena, &cut);
                        if (other_year) { /* a quarter of another year */
                                assert_int_equal(e, ERR_NOT_FOUND);
                                continue;
                        }
                        if (e != ERR_OK)
                                print_error("'%s' where '%s'\n", cuts[i].by, cuts[i].where);
                        assert_int_equal(e, ERR_OK);
                        assert_same(cut, engine(&w, v, q, arena));
                }
        view_unref(&v);
        lattice_world_free(&w);
}

static void years_that_were_not_delivered_are_not_found(void **state)
{
        struct lattice_world w;
        struct asked a;
        struct table *cut = NULL;

        (void)state;
        lattice_world_make(&w, 300, 2);
        plan(&w);
        struct view *v = lattice_world_view(&w);
        struct lattice_source source = lattice_world_source(&w, v);
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        struct lattice_cube cube;

        assert_int_equal(lattice_count(&source, arena, &cube), ERR_OK);
        assert_int_equal(lattice_cut(w.policy, &w.dataset, &cube,
                                 make(&w, arena, "kon", "", 2019, &a), arena, &cut),
                ERR_NOT_FOUND);
        view_unref(&v);
        lattice_world_free(&w);
}

static void protect(const struct lattice_source *s, struct lattice_cube *cube, struct arena *arena)
{
        assert_int_equal(lattice_count(s, arena, cube), ERR_OK);
        assert_int_equal(lattice_protect(s, cube, NULL, 0, NULL, arena), ERR_OK);
}

static void a_protected_cube_survives_being_stored(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        OWNED(buf_done) struct buf one, two;
        struct lattice_world w;
        struct lattice_cube cube, back;
        struct bytes first, second;

        (void)state;
        lattice_world_make(&w, RECORDS, 3);
        plan(&w);
        struct view *v = lattice_world_view(&w);
        struct lattice_source source = lattice_world_source(&w, v);

        protect(&source, &cube, arena);
        buf_init(&one, BODY_MAX);
        buf_init(&two, BODY_MAX);
        lattice_encode(&cube, &one);
        assert_int_equal(buf_end(&one, &first), ERR_OK);
        assert_int_equal(lattice_decode(first, arena, &back), ERR_OK);
        lattice_encode(&back, &two);
        assert_int_equal(buf_end(&two, &second), ERR_OK);
        assert_true(bytes_equal(first, second));
        for (size_t len = 0; len < first.len; len += 1 + len / 8)
                assert_int_equal(
                        lattice_decode(bytes_of(first.data, len), arena, &back), ERR_CORRUPT);
        view_unref(&v);
        lattice_world_free(&w);
}

/* The first form is the second without the count that follows four others. */
static void a_cube_of_the_first_form_is_read_still(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        OWNED(buf_done) struct buf now, then, again;
        struct lattice_world w;
        struct lattice_cube cube, back;
        struct bytes bytes, old, same;
        size_t at, withheld = 0;

        (void)state;
        lattice_world_make(&w, RECORDS, 3);
        plan(&w);
        struct view *v = lattice_world_view(&w);
        struct lattice_source source = lattice_world_source(&w, v);

        protect(&source, &cube, arena);
        buf_init(&now, BODY_MAX);
        buf_init(&then, BODY_MAX);
        buf_init(&again, BODY_MAX);
        lattice_encode(&cube, &now);
        assert_int_equal(buf_end(&now, &bytes), ERR_OK);
        at = 4 + 2 + 8 * (size_t)cube.years_len + 2 + 4 * (size_t)cube.blocks + 4 * 8;
        put_u32(&then, 0x314c4753);
        put_raw(&then, bytes.data + 4, at - 4);
        put_raw(&then, bytes.data + at + 8, bytes.len - at - 8);
        assert_int_equal(buf_end(&then, &old), ERR_OK);
        assert_int_equal(lattice_decode(old, arena, &back), ERR_OK);
        for (uint32_t t = 0; t < cube.tables_len; t++)
                for (size_t i = 0; i < cube.tables[t].cells_len; i++)
                        withheld += cube.tables[t].status[i] == CELL_PROTECTED;
        assert_int_equal(back.report.interval_unasked, withheld);
        back.report.interval_unasked = cube.report.interval_unasked;
        lattice_encode(&back, &again);
        assert_int_equal(buf_end(&again, &same), ERR_OK);
        assert_true(bytes_equal(bytes, same));
        view_unref(&v);
        lattice_world_free(&w);
}

/* Two worlds that differ only in protected cells have the same bytes. */
static void what_is_withheld_is_in_no_byte(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        OWNED(buf_done) struct buf one, two;
        struct lattice_world w;
        struct lattice_cube cube, raw;
        size_t hidden = 0;

        (void)state;
        lattice_world_make(&w, 600, 4);
        plan(&w);
        struct view *v = lattice_world_view(&w);
        struct lattice_source source = lattice_world_source(&w, v);

        protect(&source, &cube, arena);
        buf_init(&one, BODY_MAX);
        buf_init(&two, BODY_MAX);
        lattice_encode(&cube, &one);
        assert_int_equal(lattice_count(&source, arena, &raw), ERR_OK);
        for (uint32_t t = 0; t < cube.tables_len; t++)
                for (size_t i = 0; i < cube.tables[t].cells_len; i++) {
                        struct table *c = &cube.tables[t];

                        if (c->status[i] != CELL_PROTECTED)
                                continue;
                        hidden += raw.tables[t].persons[i] > 0;
                        c->persons[i] = raw.tables[t].persons[i];
                        c->records[i] = raw.tables[t].records[i];
                        c->measures[0].values[i] = raw.tables[t].persons[i];
                }
        lattice_encode(&cube, &two);
        assert_true(hidden > 20);
        assert_int_equal(one.len, two.len);
        assert_memory_equal(one.data, two.data, one.len);
        view_unref(&v);
        lattice_world_free(&w);
}

/* A sum over what is withheld would tell it. */
static void a_sum_with_a_withheld_part_is_withheld(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        struct lattice_world w;
        struct lattice_cube cube;
        struct asked a;
        struct table *parts = NULL, *sum = NULL;
        unsigned withheld = 0;

        (void)state;
        lattice_world_make(&w, 250, 5);
        plan(&w);
        struct view *v = lattice_world_view(&w);
        struct lattice_source source = lattice_world_source(&w, v);

        protect(&source, &cube, arena);
        assert_int_equal(lattice_cut(w.policy, &w.dataset, &cube,
                                 make(&w, arena, "kommun,kon", "", 0, &a), arena, &parts),
                ERR_OK);
        assert_int_equal(
                lattice_cut(w.policy, &w.dataset, &cube,
                        make(&w, arena, "kommun", "kon in kvinna,man", 0, &a), arena, &sum),
                ERR_OK);
        for (uint32_t i = 0; i <= parts->dimensions[0].len; i++) {
                size_t woman = table_cell(parts, (uint32_t[]){i, 0});
                bool any = parts->status[woman] == CELL_PROTECTED ||
                           parts->status[woman + 1] == CELL_PROTECTED;

                assert_int_equal(sum->status[i] == CELL_PROTECTED, any);
                withheld += any;
                if (any)
                        assert_int_equal(sum->measures[0].values[i], 0);
                else if (sum->status[i] == CELL_VALUE)
                        assert_int_equal(
                                sum->persons[i], parts->persons[woman] + parts->persons[woman + 1]);
        }
        assert_true(withheld > 0);
        view_unref(&v);
        lattice_world_free(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cut_is_what_the_engine_answers),
                cmocka_unit_test(years_that_were_not_delivered_are_not_found),
                cmocka_unit_test(a_protected_cube_survives_being_stored),
                cmocka_unit_test(a_cube_of_the_first_form_is_read_still),
                cmocka_unit_test(what_is_withheld_is_in_no_byte),
                cmocka_unit_test(a_sum_with_a_withheld_part_is_withheld),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
