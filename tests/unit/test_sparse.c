/* SPDX-License-Identifier: Apache-2.0 */
/* test_sparse.c: lists keep small values in a byte, and all others beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attrs.h"
#include "gateway/disclosure/sparse.h"

enum { ARENA = 1 << 20, ENTRIES = 900, PLACES = 1000 };

/* Small ones, the first that are not, fractions, and large ones. */
static uint64_t value_of(uint32_t i)
{
        const uint64_t values[] = {1, RESIDUE_PRIME - 1, 127, RESIDUE_PRIME - 127, 128,
                RESIDUE_PRIME - 128, residue_inverse(2), RESIDUE_PRIME / 2, 2};

        return values[i % 9];
}

/* What is in it, each place once. */
static void assert_holds(const struct list *l, const uint64_t *expected)
{
        uint64_t found[PLACES] = {0};

        for (uint32_t i = 0; i < l->len; i++)
                found[list_at(l->entry[i])] += list_value(l->entry[i]);
        for (uint32_t i = 0; l->rest != NULL && i < l->rest->len; i++)
                found[l->rest->at[i]] += l->rest->value[i];
        for (uint32_t i = 0; i < PLACES; i++)
                assert_true(found[i] == expected[i]);
}

static void a_list_gives_back_what_was_put_in(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA);
        struct pool pool = {.arena = arena};
        uint64_t expected[PLACES] = {0};
        struct list l = {0};

        (void)state;
        for (uint32_t round = 0; round < 2; round++) {
                for (uint32_t i = 0; i < ENTRIES; i++) {
                        expected[i] = value_of(i + round);
                        assert_int_equal(list_push(&pool, &l, i, expected[i]), ERR_OK);
                }
                assert_int_equal(list_len(&l), ENTRIES);
                assert_holds(&l, expected);
                list_clear(&l);
                assert_int_equal(list_len(&l), 0);
        }
}

static void the_last_place_is_kept(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA);
        struct pool pool = {.arena = arena};
        struct list l = {0};

        (void)state;
        assert_int_equal(list_push(&pool, &l, LIST_PLACES - 1, RESIDUE_PRIME - 1), ERR_OK);
        assert_int_equal(list_at(l.entry[0]), LIST_PLACES - 1);
        assert_true(list_value(l.entry[0]) == RESIDUE_PRIME - 1);
}

/* Shorter in all, but with more of the one kind than there was. */
static void a_list_is_set_anew(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA);
        struct list l = {0};
        struct vector v;

        (void)state;
        assert_int_equal(vector_new(arena, PLACES, &v), ERR_OK);
        for (uint32_t round = 0; round < 9; round++) {
                uint64_t expected[PLACES] = {0};

                v.len = 0;
                for (uint32_t i = 0; i < ENTRIES / (round + 1); i++) {
                        uint64_t value = round % 2 == 0 ? value_of(i) : value_of(round);

                        expected[i] = value;
                        v.at[v.len] = i;
                        v.value[v.len++] = value;
                }
                assert_int_equal(list_set(arena, &l, &v), ERR_OK);
                assert_int_equal(list_len(&l), v.len);
                assert_holds(&l, expected);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_list_gives_back_what_was_put_in),
                cmocka_unit_test(the_last_place_is_kept),
                cmocka_unit_test(a_list_is_set_anew),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
