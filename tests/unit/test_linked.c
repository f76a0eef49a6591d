/* SPDX-License-Identifier: Apache-2.0 */
/* test_linked.c: several data sets under one numbering of persons, held against the
 * plain rows they were made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/parallel.h"
#include "tests/support/linked_world.h"

static const struct family_limits usual = {.children_max = 6, .persons_max = 12, .holds_days = 90};

static const struct view *part_of(const struct linked *l, const struct linked_world *w, uint32_t i)
{
        const struct view *v = linked_view(l, w->schema.datasets[i].id);

        assert_non_null(v);
        return v;
}

static uint32_t plain_row_of(const struct view *v, uint32_t row)
{
        return (uint32_t)((const int32_t *)view_column(v, WORLD_NUMBER))[row];
}

/* Who is person p: by her rows, in whatever view they are. */
static uint32_t *find_names(const struct linked *l, const struct linked_world *w)
{
        uint32_t persons = view_persons(part_of(l, w, 0));
        uint32_t *names = malloc(sizeof(*names) * (persons + 1));

        assert_non_null(names);
        for (uint32_t p = 0; p < persons; p++) {
                names[p] = w->names_len;
                for (uint32_t i = 0; i < WORLD_PARTS; i++) {
                        const struct view *v = part_of(l, w, i);
                        const uint32_t *starts = view_person_starts(v);

                        for (uint32_t r = starts[p]; r < starts[p + 1]; r++) {
                                uint32_t name = w->parts[i].person[plain_row_of(v, r)];

                                assert_true(names[p] == w->names_len || names[p] == name);
                                names[p] = name;
                        }
                }
                assert_true(names[p] < w->names_len); /* nobody is without rows everywhere */
        }
        return names;
}

static uint32_t width_of(uint32_t variable)
{
        static const uint32_t widths[] = {2, 4, 4, 8, 1, 2};

        return widths[variable];
}

static uint32_t places_of(const struct linked_part *part, uint32_t person)
{
        uint32_t seen = 0;

        for (uint32_t r = 0; r < part->rows; r++)
                if (part->person[r] == person)
                        seen |= 1u << part->places[r];
        return (uint32_t)__builtin_popcount(seen);
}

static void check_row(
        const struct linked_world *w, uint32_t i, const struct view *v, uint32_t row, bool person)
{
        const struct linked_part *part = &w->parts[i];
        uint32_t from = plain_row_of(v, row);

        for (uint32_t k = 0; k < WORLD_SEEN_IN; k++)
                assert_memory_equal((const uint8_t *)view_column(v, k) + (size_t)row * width_of(k),
                        (const uint8_t *)part->columns[k] + (size_t)from * width_of(k),
                        width_of(k));
        uint8_t seen = ((const uint8_t *)view_column(v, WORLD_SEEN_IN))[row];
        if (i + 1 == WORLD_PARTS || !person)
                assert_int_equal(seen, MISSING_U8);
        else
                assert_int_equal(seen, places_of(part, part->person[from]));
}

/* By date where there is one, then as delivered. */
static void check_order(const struct linked_world *w, uint32_t i, const struct view *v,
        uint32_t begin, uint32_t end)
{
        const int32_t *dates = view_column(v, WORLD_DATE);

        for (uint32_t r = begin; r + 1 < end; r++) {
                int32_t a = dates[r], b = dates[r + 1];

                if (w->schema.datasets[i].order_variable == UINT32_MAX)
                        a = b = 0;
                assert_true(a < b || (a == b && plain_row_of(v, r) < plain_row_of(v, r + 1)));
        }
}

static void check_part(const struct linked *l, const struct linked_world *w, uint32_t i)
{
        const struct view *v = part_of(l, w, i);
        const uint32_t *starts = view_person_starts(v);
        uint32_t persons = view_persons(v), rows = view_rows(v);
        uint8_t *met = calloc(rows + 1, 1);

        assert_non_null(met);
        assert_int_equal(rows, w->parts[i].rows);
        assert_int_equal(persons, view_persons(part_of(l, w, 0)));
        assert_int_equal(starts[0], 0);
        assert_int_equal(starts[persons], view_personless(v));
        for (uint32_t p = 0; p < persons; p++) {
                assert_true(starts[p] <= starts[p + 1]);
                check_order(w, i, v, starts[p], starts[p + 1]);
        }
        check_order(w, i, v, view_personless(v), rows);
        for (uint32_t r = 0; r < rows; r++) {
                uint32_t from = plain_row_of(v, r);
                bool person = r < view_personless(v);

                assert_false(met[from]++);
                assert_int_equal(view_ordinals(v)[r], from);
                assert_int_equal(person, w->parts[i].person[from] != w->names_len);
                check_row(w, i, v, r, person);
        }
        free(met);
}

static void check_all(const struct linked *l, const struct linked_world *w)
{
        uint32_t *names = find_names(l, w);
        uint32_t persons = view_persons(part_of(l, w, 0));
        uint8_t *met = calloc(w->names_len + 1, 1);

        assert_non_null(met);
        for (uint32_t p = 0; p < persons; p++)
                assert_false(met[names[p]]++);
        for (uint32_t i = 0; i < w->names_len; i++)
                assert_int_equal(met[i], linked_world_has_rows(w, i));
        for (uint32_t i = 0; i < WORLD_PARTS; i++) {
                const uint64_t *keys = view_record_keys(part_of(l, w, i));

                check_part(l, w, i);
                assert_non_null(keys);
                for (uint32_t p = 0; p < persons; p++)
                        assert_true(keys[p] == linked_world_key(names[p]));
        }
        free(met);
        free(names);
}

static void persons_are_numbered_alike_in_all_views(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < 40; seed++) {
                struct linked_world w;
                const struct linked_wish wish = {
                        .seed = seed,
                        .persons = 1 + (uint32_t)(seed * seed),
                        .rows = (uint32_t)(seed * 7),
                        .edges = (uint32_t)(seed * 5),
                        .guardians = (uint32_t)seed,
                        .crowded = seed % 4 == 3,
                        .limits = usual,
                };

                linked_world_make(&w, &wish);
                struct linked *l = linked_world_view(&w, seed % 2 == 1, 1 + (unsigned)(seed % 3));
                check_all(l, &w);
                linked_unref(&l);
                linked_world_free(&w);
        }
}

static void a_view_knows_those_beside_it_and_itself(void **state)
{
        struct linked_world w;
        const struct linked_wish wish = {.seed = 5, .persons = 20, .rows = 50};
        struct view *single = NULL;

        (void)state;
        linked_world_make(&w, &wish);
        struct linked *l = linked_world_view(&w, false, 1);
        const struct view *first = part_of(l, &w, 0), *second = part_of(l, &w, 1);
        assert_ptr_equal(view_beside(first, bytes_of_text("placering")), second);
        assert_ptr_equal(view_beside(second, bytes_of_text("anmalan")), first);
        assert_ptr_equal(view_beside(first, bytes_of_text("anmalan")), first);
        assert_null(view_beside(first, bytes_of_text("lss")));
        assert_null(linked_view(l, bytes_of_text("lss")));
        assert_null(view_families(first));

        const struct view_plain plain = {
                .dataset = &w.schema.datasets[0],
                .rows = w.parts[0].rows,
                .tokens = w.parts[0].tokens,
                .municipalities = w.parts[0].places,
                .columns = (const void *const *)w.parts[0].columns,
        };
        assert_int_equal(view_from_plain(&plain, 1, &single), ERR_OK);
        assert_ptr_equal(view_beside(single, bytes_of_text("anmalan")), single);
        assert_null(view_beside(single, bytes_of_text("placering")));
        assert_null(view_families(single));
        assert_null(view_record_keys(single));
        view_unref(&single);

        struct linked *again = linked_ref(l);
        linked_unref(&l);
        assert_null(l);
        check_all(again, &w);
        size_t sum = sizeof(uint64_t) * view_persons(part_of(again, &w, 0)); /* record keys */
        for (uint32_t i = 0; i < WORLD_PARTS; i++)
                sum += view_bytes(part_of(again, &w, i));
        assert_int_equal(linked_bytes(again), sum);
        linked_unref(&again);
        linked_unref(&again);
        linked_world_free(&w);
}

static void a_view_alone_has_the_keys_of_its_persons(void **state)
{
        struct linked_world w;
        const struct linked_wish wish = {.seed = 31, .persons = 700, .rows = 2000};
        struct view *v = NULL;

        (void)state;
        linked_world_make(&w, &wish);
        const struct view_plain plain = {
                .dataset = &w.schema.datasets[0],
                .rows = w.parts[0].rows,
                .tokens = w.parts[0].tokens,
                .municipalities = w.parts[0].places,
                .columns = (const void *const *)w.parts[0].columns,
                .record_keys = w.parts[0].keys,
        };
        for (unsigned threads = 1; threads < 4; threads++) {
                assert_int_equal(view_from_plain(&plain, threads, &v), ERR_OK);
                for (uint32_t p = 0; p < view_persons(v); p++) {
                        uint32_t row = plain_row_of(v, view_person_starts(v)[p]);

                        assert_true(view_record_keys(v)[p] == w.parts[0].keys[row]);
                        assert_true(view_record_keys(v)[p] != 0);
                }
                view_unref(&v);
        }
        linked_world_free(&w);
}

/* Half a set of keys is none: noise must not depend on which data set is asked. */
static void a_part_without_keys_leaves_all_without(void **state)
{
        struct linked_world w;
        const struct linked_wish wish = {.seed = 6,
                .persons = 50,
                .rows = 100,
                .edges = 80,
                .guardians = 30,
                .limits = usual};

        (void)state;
        linked_world_make(&w, &wish);
        w.parts[1].keyless = true;
        for (unsigned family = 0; family < 2; family++) {
                struct linked *l = linked_world_view(&w, family != 0, 2);
                size_t sum = family != 0 ? linked_bytes(l) : 0;

                for (uint32_t i = 0; i < WORLD_PARTS; i++) {
                        assert_null(view_record_keys(part_of(l, &w, i)));
                        sum += family != 0 ? 0 : view_bytes(part_of(l, &w, i));
                }
                assert_int_equal(linked_bytes(l), sum);
                linked_unref(&l);
        }
        linked_world_free(&w);
}

static void equal_families(const struct families *a, const struct families *b)
{
        assert_int_equal(a->persons, b->persons);
        assert_int_equal(a->families, b->families);
        assert_int_equal(a->missing, b->missing);
        assert_int_equal(a->guardians_over_limit, b->guardians_over_limit);
        assert_int_equal(a->chains_over_limit, b->chains_over_limit);
        assert_int_equal(a->own_guardians, b->own_guardians);
        assert_memory_equal(a->family, b->family, sizeof(*a->family) * a->persons);
        assert_memory_equal(a->starts, b->starts, sizeof(*a->starts) * (a->persons + 1));
        assert_memory_equal(a->kin, b->kin, sizeof(*a->kin) * a->starts[a->persons]);
}

static void any_number_of_threads_gives_the_same(void **state)
{
        struct linked_world w;
        const struct linked_wish wish = {.seed = 77,
                .persons = 30000,
                .rows = 60000,
                .edges = 20000,
                .guardians = 20000,
                .limits = usual};

        (void)state;
        linked_world_make(&w, &wish);
        struct linked *one = linked_world_view(&w, true, 1);
        for (unsigned threads = 2; threads <= 5; threads++) {
                struct linked *many = linked_world_view(&w, true, threads);

                for (uint32_t i = 0; i < WORLD_PARTS; i++) {
                        const struct view *a = part_of(one, &w, i), *b = part_of(many, &w, i);

                        assert_int_equal(view_persons(a), view_persons(b));
                        assert_memory_equal(view_person_starts(a), view_person_starts(b),
                                sizeof(uint32_t) * (view_persons(a) + 1));
                        for (uint32_t k = 0; k < WORLD_SEEN_IN; k++)
                                assert_memory_equal(view_column(a, k), view_column(b, k),
                                        (size_t)view_rows(a) * width_of(k));
                }
                equal_families(
                        view_families(part_of(one, &w, 0)), view_families(part_of(many, &w, 1)));
                linked_unref(&many);
        }
        linked_unref(&one);
        linked_world_free(&w);
}

/* Faults count hits of the whole process: one thread. */
static void an_allocation_that_fails_leaves_nothing_behind(void **state)
{
        struct linked_world w;
        const struct linked_wish wish = {.seed = 9,
                .persons = 60,
                .rows = 100,
                .edges = 120,
                .guardians = 40,
                .limits = usual};
        unsigned failed = 0;

        (void)state;
        linked_world_make(&w, &wish);
        for (unsigned nth = 0; fault_arm("any", nth); nth++) {
                struct linked *l = NULL;
                enum err e = linked_world_try(&w, true, 1, &l);

                assert_true(e == ERR_OK || e == ERR_NO_MEMORY);
                assert_int_equal(e == ERR_OK, l != NULL);
                failed += e != ERR_OK;
                linked_unref(&l);
        }
        fault_disarm();
        assert_true(failed > 20);
        linked_world_free(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(persons_are_numbered_alike_in_all_views),
                cmocka_unit_test(a_view_knows_those_beside_it_and_itself),
                cmocka_unit_test(a_view_alone_has_the_keys_of_its_persons),
                cmocka_unit_test(a_part_without_keys_leaves_all_without),
                cmocka_unit_test(any_number_of_threads_gives_the_same),
                cmocka_unit_test(an_allocation_that_fails_leaves_nothing_behind),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
