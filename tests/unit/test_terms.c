/* SPDX-License-Identifier: Apache-2.0 */
/* test_terms.c: how the shared nouns are written and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attrs.h"
#include "base/clock.h"
#include "base/terms.h"

static void roles_are_found_by_their_names(void **state)
{
        (void)state;
        for (unsigned r = ROLE_NONE + 1; r < ROLE_COUNT; r++) {
                const char *name = role_name((enum role)r);

                assert_int_equal(role_find(name, (uint32_t)strlen(name)), r);
                assert_int_equal(role_find(name, (uint32_t)strlen(name) - 1), ROLE_NONE);
        }
        assert_string_equal(role_name(ROLE_NONE), "none");
        assert_string_equal(role_name((enum role)77), "none");
        assert_int_equal(role_find("none", 4), ROLE_NONE);
        assert_int_equal(role_find("DPO", 3), ROLE_NONE);
        assert_int_equal(role_find("", 0), ROLE_NONE);
}

static void municipality_codes_keep_their_leading_zero(void **state)
{
        municipality_t code = 0;
        char text[5];

        (void)state;
        assert_true(municipality_parse("0114", 4, &code));
        assert_int_equal(code, 114);
        municipality_format(code, text);
        assert_string_equal(text, "0114");
        municipality_format(2584, text);
        assert_string_equal(text, "2584");
}

static void other_codes_are_no_municipality(void **state)
{
        static const char *const wrong[] = {"114", "00114", "0000", "01a4", " 114", "-114", ""};
        municipality_t code = 7;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                assert_false(municipality_parse(wrong[i], (uint32_t)strlen(wrong[i]), &code));
        assert_int_equal(code, 7);
}

static void check_period(const char *text, const char *first, const char *last, const char *again)
{
        struct period p = {0, 0};
        char from[11], to[11], written[24];

        assert_true(period_parse(text, (uint32_t)strlen(text), &p));
        days_format(p.first, from);
        days_format(p.last, to);
        assert_string_equal(from, first);
        assert_string_equal(to, last);
        period_format(p, written);
        assert_string_equal(written, again);
}

static void a_period_is_its_first_and_last_day(void **state)
{
        (void)state;
        check_period("2025", "2025-01-01", "2025-12-31", "2025");
        check_period("2025-Q1", "2025-01-01", "2025-03-31", "2025-Q1");
        check_period("2025-Q4", "2025-10-01", "2025-12-31", "2025-Q4");
        check_period("2024-02", "2024-02-01", "2024-02-29", "2024-02");
        check_period("2025-12", "2025-12-01", "2025-12-31", "2025-12");
        check_period("2025-10-01", "2025-10-01", "2025-10-01", "2025-10-01");
        check_period(
                "2025-01-15..2025-02-14", "2025-01-15", "2025-02-14", "2025-01-15..2025-02-14");
        check_period("9999", "9999-01-01", "9999-12-31", "9999");
        check_period("0001-Q2", "0001-04-01", "0001-06-30", "0001-Q2");
}

static void two_periods_span_what_lies_between(void **state)
{
        (void)state;
        check_period("2023..2024", "2023-01-01", "2024-12-31", "2023-01-01..2024-12-31");
        check_period("2023-01..2024-06", "2023-01-01", "2024-06-30", "2023-01-01..2024-06-30");
        check_period("2023-Q4..2024-01-05", "2023-10-01", "2024-01-05", "2023-10-01..2024-01-05");
        check_period("2024..2024-Q1", "2024-01-01", "2024-03-31", "2024-Q1");
        check_period("2024-07..2024-09", "2024-07-01", "2024-09-30", "2024-Q3");
}

static void the_shortest_spelling_wins(void **state)
{
        (void)state;
        check_period("2025-01-01..2025-12-31", "2025-01-01", "2025-12-31", "2025");
        check_period("2025-04-01..2025-06-30", "2025-04-01", "2025-06-30", "2025-Q2");
        check_period("2025-02-01..2025-02-28", "2025-02-01", "2025-02-28", "2025-02");
        check_period("2025-02-03..2025-02-03", "2025-02-03", "2025-02-03", "2025-02-03");
        check_period(
                "2025-02-01..2025-04-30", "2025-02-01", "2025-04-30", "2025-02-01..2025-04-30");
        check_period(
                "2025-05-01..2026-04-30", "2025-05-01", "2026-04-30", "2025-05-01..2026-04-30");
}

static void other_texts_are_no_period(void **state)
{
        static const char *const wrong[] = {"", "25", "02025", "0000", "2025-", "2025-Q", "2025-Q0",
                "2025-Q5", "2025-q1", "2025-13", "2025-00", "2025-1", "2025/01", "20250101",
                "2025-02-29", "2025-01-01..2024-12-31", "2025-01-01--2025-12-31",
                "2025-01-01..2025-13-01", "2025-01-01..2025-12-311", "..", "2025..", "..2025",
                "2025...2026", "2025..2024", "2025..2026..2027", "2025. .2026"};
        struct period p = {3, 4};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                assert_false(period_parse(wrong[i], (uint32_t)strlen(wrong[i]), &p));
        assert_int_equal(p.first, 3);
        assert_int_equal(p.last, 4);
}

static void a_period_from_outside_time_still_fits_its_text(void **state)
{
        char text[24];

        (void)state;
        period_format((struct period){INT32_MIN, INT32_MAX}, text);
        assert_string_equal(text, "0000-00-00..0000-00-00");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(roles_are_found_by_their_names),
                cmocka_unit_test(municipality_codes_keep_their_leading_zero),
                cmocka_unit_test(other_codes_are_no_municipality),
                cmocka_unit_test(a_period_is_its_first_and_last_day),
                cmocka_unit_test(two_periods_span_what_lies_between),
                cmocka_unit_test(the_shortest_spelling_wins),
                cmocka_unit_test(other_texts_are_no_period),
                cmocka_unit_test(a_period_from_outside_time_still_fits_its_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
