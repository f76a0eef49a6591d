/* SPDX-License-Identifier: Apache-2.0 */
/* test_batch.c: verdicts: what is rejected stays rejected, words or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/batch.h"
#include "base/fault.h"

static struct rejection at_row(uint32_t row)
{
        return (struct rejection){
                .row = row, .place = REJECTION_PERSON, .rule = "CHECK_DIGIT", .sentence = "wrong"};
}

static void at_first_every_row_goes_on(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct verdicts v;

        assert_int_equal(verdicts_new(a, 100, &v), ERR_OK);
        assert_int_equal(v.rows, 100);
        assert_int_equal(v.accepted_len, 100);
        assert_int_equal(v.rejections_len, 0);
        for (uint32_t i = 0; i < 100; i++)
                assert_int_equal(v.accepted[i], 1);
}

static void two_reasons_take_a_row_out_once(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct verdicts v;

        assert_int_equal(verdicts_new(a, 3, &v), ERR_OK);
        verdicts_reject(&v, at_row(1));
        verdicts_reject(&v, at_row(1));
        assert_int_equal(v.accepted_len, 2);
        assert_int_equal(v.rejections_len, 2);
        assert_int_equal(v.accepted[0], 1);
        assert_int_equal(v.accepted[1], 0);
        assert_int_equal(v.accepted[2], 1);
}

static void a_row_without_room_for_words_is_still_rejected(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct verdicts v;

        assert_int_equal(verdicts_new(a, 2, &v), ERR_OK);
        for (int i = 0; i < 5; i++)
                verdicts_reject(&v, at_row(0));
        verdicts_reject(&v, at_row(1));
        assert_int_equal(v.rejections_len, 2);
        assert_int_equal(v.accepted_len, 0);
        assert_int_equal(v.accepted[1], 0);
}

static void a_row_that_is_not_there_is_ignored(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct verdicts v;

        assert_int_equal(verdicts_new(a, 2, &v), ERR_OK);
        verdicts_reject(&v, at_row(2));
        verdicts_reject(&v, at_row(UINT32_MAX));
        assert_int_equal(v.accepted_len, 2);
        assert_int_equal(v.rejections_len, 0);
}

static void without_memory_there_are_no_verdicts(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct verdicts v = {.rows = 77};

        for (unsigned nth = 0; nth < 2; nth++) {
                fault_arm("alloc", nth);
                assert_int_equal(verdicts_new(a, 5, &v), ERR_NO_MEMORY);
                assert_int_equal(v.rows, 77);
        }
        fault_disarm();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(at_first_every_row_goes_on),
                cmocka_unit_test(two_reasons_take_a_row_out_once),
                cmocka_unit_test(a_row_without_room_for_words_is_still_rejected),
                cmocka_unit_test(a_row_that_is_not_there_is_ignored),
                cmocka_unit_test(without_memory_there_are_no_verdicts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
