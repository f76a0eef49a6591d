/* SPDX-License-Identifier: Apache-2.0 */
/* test_lattice_shelf.c: cubes at hand: read once, never told when the store has them no more,
 * bounded, and there until the last who took one returns it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "gateway/lattice_shelf.h"
#include "gateway/store/lattice.h"
#include "tests/support/lattice_world.h"
#include "tests/support/store_world.h"

enum { CATEGORIES = 300, ASKERS = 4, TURNS = 300, VINTAGES = 5, ARENA_MAX = 256 << 20 };

static struct world *world;
static struct shelf *shelf;
static struct digest policy;

/* One table; every cell says which cube it is of. */
static void put(uint32_t vintage, int64_t says)
{
        static struct category categories[CATEGORIES];
        static int64_t values[CATEGORIES + 1];
        static uint8_t status[CATEGORIES + 1], held[CATEGORIES + 1], flags[CATEGORIES];
        struct dimension d = {
                .variable = bytes_of_text("kommun"), .categories = categories, .len = CATEGORIES};
        struct measure m = {.kind = MEASURE_PERSONS, .values = values};
        struct table t = {.dimensions = &d,
                .dimensions_len = 1,
                .measures = &m,
                .measures_len = 1,
                .cells_len = CATEGORIES + 1,
                .persons = values,
                .records = values,
                .status = status,
                .held = held};
        uint8_t *shown = flags;
        int32_t day = 0;
        struct lattice_cube cube = {
                .tables = &t, .tables_len = 1, .blocks = 1, .days = &day, .shown = &shown};
        struct stored_lattice l = {.vintage = {vintage, 0}, .policy = policy};
        OWNED(buf_done) struct buf out;

        for (size_t i = 0; i < CATEGORIES; i++)
                categories[i].code = categories[i].label_sv = categories[i].label_en =
                        bytes_of_text("0180");
        for (size_t i = 0; i <= CATEGORIES; i++) {
                values[i] = says;
                status[i] = CELL_VALUE;
        }
        buf_init(&out, 1 << 20);
        lattice_encode(&cube, &out);
        assert_int_equal(buf_end(&out, &l.body), ERR_OK);
        assert_int_equal(store_lattice_put(world->store, "insats", &l), ERR_OK);
}

static enum err take(uint32_t vintage, struct shelved **out)
{
        return shelf_take(shelf, "insats", (struct vintage){vintage, 0}, &policy, out);
}

static int64_t said(const struct shelved *c)
{
        const struct table *t = &shelved_cube(c)->tables[0];

        assert_int_equal(t->cells_len, CATEGORIES + 1);
        assert_true(bytes_is_text(t->dimensions[0].categories[CATEGORIES - 1].code, "0180"));
        return t->measures[0].values[CATEGORIES];
}

static void sql(const char *words)
{
        sqlite3 *db;

        assert_int_equal(sqlite3_open(world->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, words, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

static void make_shelf(size_t bytes)
{
        shelf_free(&shelf);
        assert_int_equal(shelf_new(world->store, bytes, &shelf), ERR_OK);
}

/* So large is one. */
static size_t bytes_of_one(void)
{
        struct shelved *c = NULL;

        make_shelf(SHELF_BYTES);
        assert_int_equal(take(1, &c), ERR_OK);
        size_t bytes = shelf_bytes(shelf);

        assert_true(bytes > (size_t)CATEGORIES * 3 * sizeof(int64_t));
        shelf_return(&c);
        return bytes;
}

static void a_cube_is_unpacked_once_for_all_who_ask(void **state)
{
        struct shelved *one = NULL, *two = NULL, *other = NULL;

        (void)state;
        assert_int_equal(take(1, &one), ERR_NOT_FOUND);
        put(1, 11);
        put(2, 22);
        assert_int_equal(take(1, &one), ERR_OK);
        assert_int_equal(take(1, &two), ERR_OK);
        assert_int_equal(take(2, &other), ERR_OK);
        assert_ptr_equal(shelved_cube(one), shelved_cube(two));
        assert_int_equal(said(one), 11);
        assert_int_equal(said(other), 22);
        shelf_return(&one);
        shelf_return(&one);
        shelf_return(&two);
        const struct lattice_cube *was = shelved_cube(other);

        shelf_return(&other);
        assert_int_equal(take(2, &other), ERR_OK);
        assert_ptr_equal(shelved_cube(other), was);
        shelf_return(&other);
        assert_int_equal(shelf_take(shelf, "placering", (struct vintage){1, 0}, &policy, &other),
                ERR_NOT_FOUND);
}

static void what_the_store_has_no_more_is_not_given(void **state)
{
        struct shelved *held = NULL, *c = NULL;
        struct digest another;

        (void)state;
        put(1, 11);
        assert_int_equal(take(1, &held), ERR_OK);
        digest_of(bytes_of_text("another"), &another);
        assert_int_equal(
                shelf_take(shelf, "insats", (struct vintage){1, 0}, &another, &c), ERR_NOT_FOUND);
        sql("DELETE FROM lattice");
        assert_int_equal(take(1, &c), ERR_NOT_FOUND);
        assert_int_equal(said(held), 11);
        shelf_return(&held);
        /* Nor is another that has come in its place taken for it, though its number is the same. */
        put(1, 12);
        sql("UPDATE lattice SET number = 1");
        assert_int_equal(take(1, &c), ERR_OK);
        assert_int_equal(said(c), 12);
        shelf_return(&c);
}

static void a_damaged_cube_is_not_put_at_hand(void **state)
{
        struct shelved *c = NULL;

        (void)state;
        put(1, 11);
        sql("UPDATE lattice SET body = zeroblob(length(body))");
        assert_int_equal(take(1, &c), ERR_CORRUPT);
        assert_null(c);
        assert_int_equal(shelf_bytes(shelf), 0);
}

static void what_was_not_used_for_longest_makes_room_and_stays_with_who_has_it(void **state)
{
        struct shelved *first = NULL, *c = NULL, *again = NULL;

        (void)state;
        for (uint32_t v = 1; v <= VINTAGES; v++)
                put(v, v);
        size_t one = bytes_of_one();

        make_shelf(2 * one + one / 2);
        assert_int_equal(take(1, &first), ERR_OK);
        const struct lattice_cube *was = shelved_cube(first);

        for (uint32_t v = 2; v <= VINTAGES; v++) {
                assert_int_equal(take(v, &c), ERR_OK);
                assert_int_equal(said(c), v);
                shelf_return(&c);
                assert_true(shelf_bytes(shelf) <= 2 * one + one / 2);
        }
        assert_true(shelf_bytes(shelf) > one);
        assert_int_equal(said(first), 1);
        assert_int_equal(take(1, &again), ERR_OK);
        assert_ptr_not_equal(shelved_cube(again), was);
        assert_int_equal(said(again), 1);
        shelf_return(&first);
        shelf_return(&again);
}

static void a_cube_that_is_too_large_is_given_and_not_kept(void **state)
{
        struct shelved *c = NULL;

        (void)state;
        put(1, 11);
        size_t one = bytes_of_one();

        make_shelf(one - 1);
        assert_int_equal(take(1, &c), ERR_OK);
        assert_int_equal(said(c), 11);
        assert_int_equal(shelf_bytes(shelf), 0);
        shelf_return(&c);
}

static void there_are_no_more_than_so_many(void **state)
{
        struct shelved *c = NULL;

        (void)state;
        put(1, 1);
        size_t one = bytes_of_one();

        make_shelf(SHELF_BYTES);
        for (uint32_t v = 1; v <= SHELF_CUBES + 3; v++) {
                put(v, 1);
                assert_int_equal(take(v, &c), ERR_OK);
                shelf_return(&c);
        }
        assert_int_equal(shelf_bytes(shelf), SHELF_CUBES * one);
}

static void *ask(void *arg)
{
        uint64_t random = *(uint64_t *)arg;

        for (unsigned i = 0; i < TURNS; i++) {
                random = random * UINT64_C(6364136223846793005) + 1;
                uint32_t vintage = 1 + (uint32_t)(random >> 33) % VINTAGES;
                struct shelved *c = NULL, *d = NULL;

                if (take(vintage, &c) != ERR_OK || take(vintage % VINTAGES + 1, &d) != ERR_OK ||
                        shelved_cube(c)->tables[0].measures[0].values[i % CATEGORIES] != vintage)
                        *(uint64_t *)arg = 0;
                shelf_return(&c);
                shelf_return(&d);
        }
        return NULL;
}

static void many_ask_at_once_and_each_gets_what_it_asked_for(void **state)
{
        uint64_t seeds[ASKERS];
        pthread_t threads[ASKERS];

        (void)state;
        for (uint32_t v = 1; v <= VINTAGES; v++)
                put(v, v);
        size_t one = bytes_of_one();

        make_shelf(3 * one);
        for (unsigned i = 0; i < ASKERS; i++) {
                seeds[i] = 1 + i;
                assert_int_equal(pthread_create(&threads[i], NULL, ask, &seeds[i]), 0);
        }
        for (unsigned i = 0; i < ASKERS; i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                assert_int_equal(seeds[i], 1 + i);
        }
        assert_true(shelf_bytes(shelf) <= 3 * one);
}

/* Words and all: the cube is freed before the answer is read. */
static void an_answer_outlives_the_cube_that_it_was_cut_from(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        OWNED(buf_done) struct buf out;
        struct lattice_world w;
        struct lattice_cube cube;
        struct stored_vintage published;
        struct stored_lattice l = {.vintage = {1, 0}};
        struct dimension_ref by[] = {{bytes_of_text("kommun"), {0}}, {bytes_of_text("kon"), {0}}};
        struct disclosure_report report;
        struct table *t = NULL;
        char id[NAME_MAX_LEN + 1] = {0};
        size_t words = 0;

        (void)state;
        lattice_world_make(&w, 300, 1);
        lattice_world_plan(&w, "kommun,kon");
        struct view *v = lattice_world_view(&w);
        struct lattice_source source = lattice_world_source(&w, v);
        const struct query q = {
                .dataset = w.dataset.id, .dimensions = by, .dimensions_len = ARRAY_LEN(by)};
        const struct lattice_wish wish = {.policy = w.policy, .dataset = &w.dataset};

        assert_int_equal(lattice_count(&source, arena, &cube), ERR_OK);
        assert_int_equal(lattice_protect(&source, &cube, NULL, 0, NULL, arena), ERR_OK);
        buf_init(&out, 1 << 24);
        lattice_encode(&cube, &out);
        assert_int_equal(buf_end(&out, &l.body), ERR_OK);
        l.policy = *policy_digest(w.policy);
        memcpy(id, w.dataset.id.data, w.dataset.id.len);
        assert_int_equal(store_lattice_put(world->store, id, &l), ERR_OK);
        assert_int_equal(store_publish(world->store, "", 0, 1000, NULL, &published), ERR_OK);
        make_shelf(0); /* so that none stays */
        struct gateway g = {.store = world->store, .shelf = shelf};

        assert_int_equal(lattice_answer(&g, &wish, &q, arena, &t, &report), ERR_OK);
        assert_int_equal(shelf_bytes(shelf), 0);
        assert_int_equal(t->dimensions_len, 2);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct dimension *is = &t->dimensions[d], *was = NULL;

                for (uint32_t i = 0; i < cube.tables[0].dimensions_len; i++)
                        if (bytes_equal(cube.tables[0].dimensions[i].variable, by[d].variable))
                                was = &cube.tables[0].dimensions[i];
                assert_non_null(was);
                assert_true(bytes_equal(is->variable, by[d].variable));
                assert_true(bytes_equal(is->level, was->level));
                assert_true(bytes_equal(is->label_sv, was->label_sv));
                assert_true(bytes_equal(is->label_en, was->label_en));
                for (uint32_t i = 0; i < is->len; i++)
                        words += is->categories[i].code.len + is->categories[i].label_sv.len +
                                 is->categories[i].label_en.data[0];
        }
        assert_true(words > 0);
        for (uint32_t i = 0; i < t->measures_len; i++)
                assert_true(
                        bytes_equal(t->measures[i].label_sv, cube.tables[0].measures[i].label_sv));
        view_unref(&v);
        lattice_world_free(&w);
}

static int set_up(void **state)
{
        (void)state;
        world = world_new();
        digest_of(bytes_of_text("policy"), &policy);
        make_shelf(SHELF_BYTES);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        shelf_free(&shelf);
        world_free(&world);
        return 0;
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                CASE(a_cube_is_unpacked_once_for_all_who_ask),
                CASE(what_the_store_has_no_more_is_not_given),
                CASE(a_damaged_cube_is_not_put_at_hand),
                CASE(what_was_not_used_for_longest_makes_room_and_stays_with_who_has_it),
                CASE(a_cube_that_is_too_large_is_given_and_not_kept),
                CASE(there_are_no_more_than_so_many),
                CASE(an_answer_outlives_the_cube_that_it_was_cut_from),
                CASE(many_ask_at_once_and_each_gets_what_it_asked_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
