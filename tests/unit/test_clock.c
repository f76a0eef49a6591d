/* SPDX-License-Identifier: Apache-2.0 */
/* test_clock.c: dates and instants as numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static int32_t day(int year, int month, int d)
{
        return days_from_civil((struct civil){year, month, d});
}

static void every_day_of_ten_thousand_years_comes_back(void **state)
{
        int32_t first = day(1, 1, 1), last = day(9999, 12, 31);
        struct civil before = {0, 12, 31};

        (void)state;
        assert_int_equal(day(1970, 1, 1), 0);
        assert_int_equal(last - first + 1, 3652059);
        for (int32_t days = first; days <= last; days++) {
                struct civil c = civil_from_days(days);

                assert_true(civil_exists(c));
                assert_int_equal(days_from_civil(c), days);
                /* Each day follows the one before: nothing left out, nothing twice. */
                if (c.day != 1)
                        assert_true(c.day == before.day + 1 && c.month == before.month);
                else if (c.month != 1)
                        assert_true(c.month == before.month + 1 && c.year == before.year);
                else
                        assert_true(c.year == before.year + 1);
                before = c;
        }
}

static void dates_that_do_not_exist_are_refused(void **state)
{
        static const char *const wrong[] = {
                "2023-02-29",
                "1900-02-29",
                "2024-02-30",
                "2024-13-01",
                "2024-00-10",
                "2024-04-31",
                "2024-01-00",
                "0000-01-01",
                "20230229",
                "2024-1-01",
                "2024/01/01",
                "2024-01-0a",
                "202401011",
                "-024-01-01",
                "+0240101",
                " 2024-1-1",
                "",
                "2024-01-011",
        };
        int32_t days = 77;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_equal(days_parse(wrong[i], strlen(wrong[i]), &days), ERR_INVALID);
        assert_int_equal(days, 77);
}

static void both_spellings_of_a_date_are_read(void **state)
{
        int32_t days = 0;

        (void)state;
        assert_int_equal(days_parse("2024-02-29", 10, &days), ERR_OK);
        assert_int_equal(days, day(2024, 2, 29));
        assert_int_equal(days_parse("20000229", 8, &days), ERR_OK);
        assert_int_equal(days, day(2000, 2, 29));
        assert_int_equal(days, 11016);
}

static void dates_are_written_as_they_are_read(void **state)
{
        char text[11];

        (void)state;
        days_format(day(987, 6, 5), text);
        assert_string_equal(text, "0987-06-05");
        days_format(-1, text);
        assert_string_equal(text, "1969-12-31");
        days_format(INT32_MAX, text);
        assert_string_equal(text, "0000-00-00");
        days_format(INT32_MIN, text);
        assert_string_equal(text, "0000-00-00");
}

static void instants_are_written_in_utc(void **state)
{
        char text[25];

        (void)state;
        clock_format(0, text);
        assert_string_equal(text, "1970-01-01T00:00:00.000Z");
        clock_format(-1, text);
        assert_string_equal(text, "1969-12-31T23:59:59.999Z");
        clock_format(INT64_C(1795297735042), text);
        assert_string_equal(text, "2026-11-21T21:48:55.042Z");
        clock_format(INT64_MAX, text);
        assert_int_equal(strlen(text), 24);
        clock_format(INT64_MIN, text);
        assert_int_equal(strlen(text), 24);
}

static void a_year_is_added_on_the_birthday_and_not_before(void **state)
{
        (void)state;
        assert_int_equal(age_at(day(2010, 6, 15), day(2025, 6, 14)), 14);
        assert_int_equal(age_at(day(2010, 6, 15), day(2025, 6, 15)), 15);
        assert_int_equal(age_at(day(2010, 6, 15), day(2010, 6, 15)), 0);
        assert_int_equal(age_at(day(2010, 6, 15), day(2010, 6, 14)), -1);
        assert_int_equal(age_at(day(2009, 12, 31), day(2010, 1, 1)), 0);
}

static void a_leap_day_child_is_older_on_the_last_of_february(void **state)
{
        (void)state;
        assert_int_equal(age_at(day(2008, 2, 29), day(2026, 2, 27)), 17);
        assert_int_equal(age_at(day(2008, 2, 29), day(2026, 2, 28)), 18);
        assert_int_equal(age_at(day(2008, 2, 29), day(2028, 2, 28)), 19);
        assert_int_equal(age_at(day(2008, 2, 29), day(2028, 2, 29)), 20);
}

static int64_t stopped(void)
{
        return 1234;
}

static void tests_can_stop_the_wall_clock_but_not_durations(void **state)
{
        int64_t before = clock_monotonic_ns();

        (void)state;
        clock_set_source(stopped);
        assert_int_equal(clock_now_ms(), 1234);
        assert_true(clock_monotonic_ns() >= before);
        clock_set_source(NULL);
        assert_true(clock_now_ms() > INT64_C(1577836800000)); /* 2020 */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_day_of_ten_thousand_years_comes_back),
                cmocka_unit_test(dates_that_do_not_exist_are_refused),
                cmocka_unit_test(both_spellings_of_a_date_are_read),
                cmocka_unit_test(dates_are_written_as_they_are_read),
                cmocka_unit_test(instants_are_written_in_utc),
                cmocka_unit_test(a_year_is_added_on_the_birthday_and_not_before),
                cmocka_unit_test(a_leap_day_child_is_older_on_the_last_of_february),
                cmocka_unit_test(tests_can_stop_the_wall_clock_but_not_durations),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
