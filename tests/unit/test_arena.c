/* SPDX-License-Identifier: Apache-2.0 */
/* test_arena.c: memory with one owner, a ceiling and one end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"

static bool all_zero(const uint8_t *at, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (at[i] != 0)
                        return false;
        return true;
}

static void memory_arrives_zeroed_also_after_a_reset(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(8 << 20);

        (void)state;
        for (int round = 0; round < 3; round++) {
                for (size_t len = 1; len < 70000; len = len * 3 + 1) {
                        uint8_t *at = arena_alloc(a, len, 1);

                        assert_non_null(at);
                        assert_true(all_zero(at, len));
                        memset(at, 0xaa, len);
                }
                arena_reset(a);
                assert_int_equal(arena_used(a), 0);
        }
}

static void zeroed_memory_after_a_raw_piece_is_zero(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(8 << 20);

        (void)state;
        for (int i = 0; i < 200; i++) {
                uint8_t *raw = arena_alloc_raw(a, 1000, 1), *clean;

                assert_non_null(raw);
                memset(raw, 0xaa, 1000);
                clean = arena_alloc(a, 1000, 1);
                assert_non_null(clean);
                assert_true(all_zero(clean, 1000));
                memset(clean, 0xbb, 1000);
                if (i % 50 == 49)
                        arena_reset(a);
        }
}

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        uint8_t *pieces[500];

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
                pieces[i] = arena_alloc(a, i + 1, 1);
                assert_non_null(pieces[i]);
                assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
                memset(pieces[i], (int)(i & 0xff), i + 1);
        }
        for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
                for (size_t k = 0; k <= i; k++)
                        assert_int_equal(pieces[i][k], i & 0xff);
}

static void one_byte_beyond_the_ceiling_is_refused(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(64 << 10);

        (void)state;
        assert_non_null(arena_alloc(a, 1, 32 << 10));
        assert_null(arena_alloc(a, 1, (32 << 10) + 1));
        assert_non_null(arena_alloc(a, 1, 32 << 10));
        assert_null(arena_alloc(a, 1, 1));
        assert_int_equal(arena_used(a), 64 << 10);
        arena_reset(a);
        assert_non_null(arena_alloc(a, 1, 64 << 10));
}

static void a_product_that_wraps_is_refused(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(SIZE_MAX);

        (void)state;
        assert_null(arena_alloc(a, SIZE_MAX / 2, 3));
        assert_null(arena_alloc(a, SIZE_MAX, 1));
        assert_null(arena_alloc_raw(a, 1, SIZE_MAX - 8));
        assert_null(arena_strndup(a, "", SIZE_MAX));
        assert_int_equal(arena_used(a), 0);
}

static void nothing_is_a_pointer_too(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(0);

        (void)state;
        assert_non_null(arena_alloc(a, 0, 100));
        assert_non_null(arena_alloc(a, 100, 0));
        assert_null(arena_alloc(a, 1, 1));
}

static void texts_are_copied_and_ended(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        char *text = arena_strndup(a, "malmö kommun", 6);

        (void)state;
        assert_string_equal(text, "malmö");
        assert_string_equal(arena_strndup(a, NULL, 0), "");
        assert_string_equal(arena_printf(a, "%s/%04d", text, 114), "malmö/0114");
        text = arena_printf(a, "%*d", 50000, 7);
        assert_int_equal(strlen(text), 50000);
}

static void a_text_beyond_the_ceiling_is_refused(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(64);

        (void)state;
        assert_null(arena_printf(a, "%*d", 64, 7));
        assert_non_null(arena_printf(a, "%*d", 63, 7));
}

static void wiping_leaves_nothing_behind(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        char *text = arena_strndup(a, "19900101", 8), *again;

        (void)state;
        arena_wipe(a);
        again = arena_alloc_raw(a, 9, 1);
        assert_ptr_equal(again, text); /* the first block stays */
        assert_true(all_zero((const uint8_t *)again, 9));
}

static void freeing_nothing_and_freeing_twice_is_harmless(void **state)
{
        struct arena *a = arena_new(100);

        (void)state;
        arena_free(NULL);
        arena_free(&a);
        assert_null(a);
        arena_free(&a);
}

static void every_allocation_may_fail(void **state)
{
        unsigned nth = 0;

        (void)state;
        for (; fault_arm("alloc", nth); nth++) {
                OWNED(arena_free) struct arena *a = arena_new(1 << 20);

                if (a == NULL)
                        continue;
                char *one = arena_strndup(a, "one", 3), *two = arena_printf(a, "%d", 2);

                assert_true(one == NULL || strcmp(one, "one") == 0);
                assert_true(two == NULL || strcmp(two, "2") == 0);
                assert_int_equal((one == NULL) + (two == NULL), nth < 3 ? 1 : 0);
        }
        fault_disarm();
        assert_int_equal(nth, 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(memory_arrives_zeroed_also_after_a_reset),
                cmocka_unit_test(zeroed_memory_after_a_raw_piece_is_zero),
                cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
                cmocka_unit_test(one_byte_beyond_the_ceiling_is_refused),
                cmocka_unit_test(a_product_that_wraps_is_refused),
                cmocka_unit_test(nothing_is_a_pointer_too),
                cmocka_unit_test(texts_are_copied_and_ended),
                cmocka_unit_test(a_text_beyond_the_ceiling_is_refused),
                cmocka_unit_test(wiping_leaves_nothing_behind),
                cmocka_unit_test(freeing_nothing_and_freeing_twice_is_harmless),
                cmocka_unit_test(every_allocation_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
