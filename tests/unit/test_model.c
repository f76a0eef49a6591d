/* SPDX-License-Identifier: Apache-2.0 */
/* test_model.c: every cell is the sum of its rows, and no two columns are the same. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/model.h"
#include "gateway/disclosure/suppress.h"
#include "gateway/disclosure/witness.h"
#include "tests/support/random_release.h"

enum { ARENA = 16 << 20 };

static uint64_t sum_of_rows(const struct random_release *r, const struct model *m, uint32_t column)
{
        uint64_t sum = 0;

        for (size_t k = m->start[column]; k < m->start[column + 1]; k++)
                sum += r->value[m->inner[m->row[k]]];
        return sum;
}

static void a_cell_is_the_sum_of_its_rows(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < 500; seed++) {
                const struct random_options o = {.seed = seed,
                        .inner_max = 60,
                        .threshold = 4,
                        .zeros_published = seed % 2 == 0,
                        .alone = true,
                        .known = seed % 5 == 0};
                struct arena *arena = arena_new(ARENA);
                struct random_release r;
                struct model m;
                size_t at = 0;

                random_release_new(arena, &o, &r);
                assert_int_equal(model_new(arena, &r.release, &m), ERR_OK);
                for (uint32_t t = 0; t < r.release.tables_len; t++)
                        for (size_t i = 0; i < r.cells[t]; i++, at++) {
                                const struct model_cell *cell = &r.cell[t][i];
                                uint32_t c = m.column_of[at];

                                if (c == MODEL_ABSENT)
                                        assert_int_equal(cell->role, MODEL_ROLE_ABSENT);
                                else if (c == MODEL_EMPTY)
                                        assert_int_equal(cell->want, 0);
                                else
                                        assert_int_equal(sum_of_rows(&r, &m, c), cell->want);
                        }
                assert_int_equal(at, m.cells);
                arena_free(&arena);
        }
}

static bool same(const struct model *m, uint32_t a, uint32_t b)
{
        size_t len = m->start[a + 1] - m->start[a];

        return m->start[b + 1] - m->start[b] == len &&
               memcmp(m->row + m->start[a], m->row + m->start[b], len * sizeof *m->row) == 0;
}

static void no_two_columns_are_the_same(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < 100; seed++) {
                const struct random_options o = {
                        .seed = seed, .inner_max = 40, .threshold = 4, .zeros_published = true};
                struct arena *arena = arena_new(ARENA);
                struct random_release r;
                struct model m;

                random_release_new(arena, &o, &r);
                assert_int_equal(model_new(arena, &r.release, &m), ERR_OK);
                for (uint32_t a = 0; a < m.columns; a++) {
                        assert_true(m.start[a] < m.start[a + 1]);
                        for (uint32_t b = 0; b < a; b++)
                                assert_false(same(&m, a, b));
                }
                arena_free(&arena);
        }
}

/* Two leaves and their total, in one table. */
struct pair {
        struct model_cell cell[3];
        struct model_level level;
        struct model_dimension dimension;
        struct model_table table;
        struct model_release release;
};

static const uint32_t first_dimension[] = {0};

static void pair_new(struct pair *p)
{
        *p = (struct pair){
                .cell = {{.want = 3, .role = MODEL_ROLE_PROTECT, .alone = true, .lowest = true},
                        {.want = 9, .cost = 2, .role = MODEL_ROLE_OPEN},
                        {.want = 12, .cost = 5, .role = MODEL_ROLE_OPEN}},
                .dimension = {.leaves = 2},
        };
        p->table = (struct model_table){first_dimension, 1, p->cell};
        p->release = (struct model_release){.dimensions = &p->dimension,
                .dimensions_len = 1,
                .tables = &p->table,
                .tables_len = 1};
}

static void rows_of_the_lowest_value_come_first(void **state)
{
        struct arena *arena = arena_new(ARENA);
        struct pair p;
        struct model m;

        (void)state;
        pair_new(&p);
        assert_int_equal(model_new(arena, &p.release, &m), ERR_OK);
        assert_int_equal(m.rows, 2);
        assert_int_equal(m.lowest, 1);
        assert_int_equal(m.inner[0], 0);
        assert_true(m.column[m.column_of[0]].alone);
        arena_free(&arena);
}

/* Where one of two is zero, the other is the total: protected as that is, lost as one. */
static void duplicates_share_what_is_said_of_them(void **state)
{
        struct arena *arena = arena_new(ARENA);
        struct pair p;
        struct model m;

        (void)state;
        pair_new(&p);
        p.cell[0].role = MODEL_ROLE_ZERO;
        assert_int_equal(model_new(arena, &p.release, &m), ERR_OK);
        assert_int_equal(m.columns, 1);
        assert_int_equal(m.column_of[0], MODEL_EMPTY);
        assert_int_equal(m.column[0].want, 12);
        assert_int_equal(m.column[0].cost, 7);
        p.cell[1].role = MODEL_ROLE_PROTECT;
        assert_int_equal(model_new(arena, &p.release, &m), ERR_OK);
        assert_true(m.column[0].protect && m.column[0].open);
        arena_free(&arena);
}

static void what_is_zero_cannot_be_protected(void **state)
{
        struct arena *arena = arena_new(ARENA);
        struct pair p;
        struct model m;

        (void)state;
        pair_new(&p);
        p.cell[2].role = MODEL_ROLE_ZERO;
        assert_int_equal(model_new(arena, &p.release, &m), ERR_OK);
        assert_int_equal(m.rows, 0);
        assert_int_equal(m.impossible, 1);
        arena_free(&arena);
}

static void assert_refused(const struct pair *p, enum err with)
{
        struct arena *arena = arena_new(ARENA);
        struct model m = {.rows = 77};

        assert_int_equal(model_new(arena, &p->release, &m), with);
        assert_int_equal(m.rows, 77);
        arena_free(&arena);
}

static void hierarchies_with_gaps_are_refused(void **state)
{
        const uint32_t parent[] = {0, 1};
        struct pair p;

        (void)state;
        pair_new(&p);
        p.dimension.levels_len = 1;
        p.dimension.levels = &p.level;
        p.level = (struct model_level){.parent = parent, .len = 1};
        assert_refused(&p, ERR_INVALID); /* group 1 of 1 */
        p.level = (struct model_level){.parent = parent, .len = 2, .of = 1};
        assert_refused(&p, ERR_INVALID); /* of itself */
        p.level = (struct model_level){.len = 2};
        assert_refused(&p, ERR_INVALID);
}

static void shapes_that_cannot_be_are_refused(void **state)
{
        const uint32_t leaves[] = {0, 2}, beside[] = {1};
        struct pair p;

        (void)state;
        pair_new(&p);
        p.cell[1].role = MODEL_ROLE_COUNT;
        assert_refused(&p, ERR_INVALID);
        pair_new(&p);
        p.dimension.leaves = 0;
        assert_refused(&p, ERR_INVALID);
        pair_new(&p);
        p.release.inner = leaves;
        p.release.inner_len = 2;
        assert_refused(&p, ERR_INVALID);
        pair_new(&p);
        p.table.dimensions = beside;
        assert_refused(&p, ERR_INVALID);
        pair_new(&p);
        p.release.tables_len = 0;
        assert_refused(&p, ERR_INVALID);
        pair_new(&p);
        p.dimension.leaves = 1 << 25;
        assert_refused(&p, ERR_TOO_MANY_CELLS);
}

/* Witnesses are checked against the matrix, whatever the elimination thought it was. */
static void a_proof_for_another_matrix_is_none(void **state)
{
        const struct random_options o = {
                .seed = 9, .inner_max = 40, .threshold = 5, .zeros_published = true};
        struct arena *arena = arena_new(ARENA);
        OWNED(elimination_free) struct elimination *e = NULL;
        struct witness_report report;
        struct random_release r;
        struct model m;
        uint32_t order[512], row[4096];
        size_t len = 0;

        (void)state;
        random_release_new(arena, &o, &r);
        assert_int_equal(model_new(arena, &r.release, &m), ERR_OK);
        assert_true(m.columns <= 512 && m.start[m.columns] <= 4096);
        for (uint32_t c = 0; c < m.columns; c++)
                if (!m.column[c].protect)
                        order[len++] = c;
        assert_int_equal(elimination_run(&m, order, len, 0, SIZE_MAX, &e), ERR_OK);
        assert_int_equal(witness_prove(e, &m, &report), ERR_OK);
        assert_int_equal(report.unproved, 0);
        assert_true(report.whole > 0);
        memcpy(row, m.row, m.start[m.columns] * sizeof *row);
        for (uint32_t c = 0; c < m.columns; c++)
                if (elimination_fates(e)[c] == FATE_PUBLISHED)
                        row[m.start[c]] = (row[m.start[c]] + 1) % m.rows;
        m.row = row;
        assert_int_equal(witness_prove(e, &m, &report), ERR_OK);
        assert_true(report.unproved > 0);
        arena_free(&arena);
}

static void *stop(void *flag)
{
        atomic_store((atomic_bool *)flag, true);
        return NULL;
}

/* Four thousand million passes end only when somebody says so. */
static void whoever_stops_waits_for_no_pass(void **state)
{
        const struct random_options o = {
                .seed = 9, .inner_max = 40, .threshold = 5, .zeros_published = true};
        const struct suppress_options endless = {.starts = UINT32_MAX};
        struct arena *arena = arena_new(ARENA);
        struct elimination *e = NULL;
        struct suppress_result result;
        struct random_release r;
        atomic_bool flag = false;
        pthread_t thread;
        struct model m;

        (void)state;
        random_release_new(arena, &o, &r);
        r.release.cancel = &flag;
        assert_int_equal(model_new(arena, &r.release, &m), ERR_OK);
        assert_int_equal(pthread_create(&thread, NULL, stop, &flag), 0);
        assert_int_equal(suppress_run(arena, &m, &endless, &result), ERR_CANCELLED);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(elimination_run(&m, (uint32_t[]){0}, 1, 0, SIZE_MAX, &e), ERR_CANCELLED);
        assert_null(e);
        assert_int_equal(model_new(arena, &r.release, &m), ERR_CANCELLED);
        arena_free(&arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cell_is_the_sum_of_its_rows),
                cmocka_unit_test(no_two_columns_are_the_same),
                cmocka_unit_test(rows_of_the_lowest_value_come_first),
                cmocka_unit_test(duplicates_share_what_is_said_of_them),
                cmocka_unit_test(what_is_zero_cannot_be_protected),
                cmocka_unit_test(hierarchies_with_gaps_are_refused),
                cmocka_unit_test(shapes_that_cannot_be_are_refused),
                cmocka_unit_test(a_proof_for_another_matrix_is_none),
                cmocka_unit_test(whoever_stops_waits_for_no_pass),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
