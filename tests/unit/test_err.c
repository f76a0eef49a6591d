/* SPDX-License-Identifier: Apache-2.0 */
/* test_err.c: the table of errors and the refusal that carries it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void every_code_has_a_name_and_a_sentence(void **state)
{
        (void)state;
        for (int code = ERR_OK; code < ERR_COUNT; code++) {
                assert_non_null(err_name((enum err)code));
                assert_true(strlen(err_sentence((enum err)code)) > 0);
        }
        assert_string_equal(err_name(ERR_OK), "OK");
        assert_string_equal(err_name(ERR_TOO_FEW_PEOPLE), "TOO_FEW_PEOPLE");
}

static void only_ok_has_the_status_ok(void **state)
{
        (void)state;
        assert_int_equal(err_status(ERR_OK), STATUS_OK);
        for (int code = ERR_OK + 1; code < ERR_COUNT; code++) {
                enum status status = err_status((enum err)code);

                assert_true(status > STATUS_OK && status <= STATUS_UNAUTHENTICATED);
        }
        assert_int_equal(err_status(ERR_FOREIGN), STATUS_PERMISSION_DENIED);
}

static void names_differ(void **state)
{
        (void)state;
        for (int a = 0; a < ERR_COUNT; a++)
                for (int b = 0; b < a; b++)
                        assert_string_not_equal(err_name((enum err)a), err_name((enum err)b));
}

static void a_code_outside_the_table_is_an_internal_error(void **state)
{
        (void)state;
        assert_string_equal(err_name(ERR_COUNT), "INTERNAL");
        assert_int_equal(err_status((enum err)9999), STATUS_INTERNAL);
        assert_int_equal(err_kind((enum err)0x7fffffff), ERR_KIND_FAILED);
}

static void a_sentence_has_no_room_for_a_value(void **state)
{
        (void)state;
        for (int code = 0; code < ERR_COUNT; code++)
                assert_null(strchr(err_sentence((enum err)code), '%'));
}

static void the_first_code_stays_and_each_call_returns_its_own(void **state)
{
        struct refusal r = {0};

        (void)state;
        assert_int_equal(
                refuse(&r, ERR_INVALID, "batch.rows", "more than %d rows", 5), ERR_INVALID);
        assert_int_equal(refuse(&r, ERR_TOO_LARGE, "batch", "too large"), ERR_TOO_LARGE);
        assert_int_equal(r.code, ERR_INVALID);
        assert_int_equal(r.len, 2);
        assert_string_equal(r.violations[0].field, "batch.rows");
        assert_string_equal(r.violations[0].text, "more than 5 rows");
}

static void one_violation_too_many_is_counted_not_kept(void **state)
{
        struct refusal r = {0};

        (void)state;
        for (int i = 0; i < REFUSAL_VIOLATIONS_MAX + 3; i++)
                (void)refuse(&r, ERR_INVALID, "row", "violation %d", i);
        assert_int_equal(r.len, REFUSAL_VIOLATIONS_MAX);
        assert_int_equal(r.dropped, 3);
        assert_string_equal(r.violations[REFUSAL_VIOLATIONS_MAX - 1].text, "violation 31");
}

static void long_words_are_cut_to_fit(void **state)
{
        struct refusal r = {0};
        char word[1000];

        (void)state;
        memset(word, 'x', sizeof word - 1);
        word[sizeof word - 1] = '\0';
        (void)refuse(&r, ERR_INVALID, word, "%s", word);
        assert_int_equal(strlen(r.violations[0].field), VIOLATION_FIELD_MAX - 1);
        assert_int_equal(strlen(r.violations[0].text), VIOLATION_TEXT_MAX - 1);
}

static void a_caller_without_a_refusal_still_gets_its_code(void **state)
{
        (void)state;
        assert_int_equal(refuse(NULL, ERR_BUSY, "f", "busy"), ERR_BUSY);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_code_has_a_name_and_a_sentence),
                cmocka_unit_test(only_ok_has_the_status_ok),
                cmocka_unit_test(names_differ),
                cmocka_unit_test(a_code_outside_the_table_is_an_internal_error),
                cmocka_unit_test(a_sentence_has_no_room_for_a_value),
                cmocka_unit_test(the_first_code_stays_and_each_call_returns_its_own),
                cmocka_unit_test(one_violation_too_many_is_counted_not_kept),
                cmocka_unit_test(long_words_are_cut_to_fit),
                cmocka_unit_test(a_caller_without_a_refusal_still_gets_its_code),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
