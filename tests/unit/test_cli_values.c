/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_values.c: single values, folded names, and names of deliveries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tools/cli/delivery_id.h"
#include "tools/cli/lookup.h"
#include "tools/cli/values.h"

static struct bytes b(const char *text)
{
        return bytes_of_text(text);
}

static void blanks_of_every_kind_are_trimmed(void **state)
{
        (void)state;
        assert_true(bytes_is_text(value_trim(b(" \t x y \xC2\xA0\xE2\x80\xAF")), "x y"));
        assert_true(bytes_is_text(value_trim(b("å")), "å"));
        assert_int_equal(value_trim(b(" \xC2\xA0 ")).len, 0);
        assert_int_equal(value_trim(b("")).len, 0);
}

static bool date(const char *text, enum date_format format, const char *want)
{
        int32_t days = 0;
        char got[11];

        if (!value_date(b(text), format, &days))
                return want == NULL;
        days_format(days, got);
        return want != NULL && strcmp(got, want) == 0;
}

static void dates_are_read_in_the_forms_people_use(void **state)
{
        (void)state;
        assert_true(date("2024-02-29", DATE_YEAR_FIRST, "2024-02-29"));
        assert_true(date("20240229", DATE_YEAR_FIRST, "2024-02-29"));
        assert_true(date("2024/2/9", DATE_YEAR_FIRST, "2024-02-09"));
        assert_true(date("2024-02-29 00:00:00", DATE_YEAR_FIRST, "2024-02-29"));
        assert_true(date("2024-02-29T00:00", DATE_YEAR_FIRST, "2024-02-29"));
        assert_true(date("29/2/2024", DATE_DAY_FIRST, "2024-02-29"));
        assert_true(date("29.02.2024", DATE_DAY_FIRST, "2024-02-29"));
        assert_true(date("2/29/2024", DATE_MONTH_FIRST, "2024-02-29"));
}

static void dates_that_do_not_exist_or_are_in_doubt_are_refused(void **state)
{
        (void)state;
        assert_true(date("2023-02-29", DATE_YEAR_FIRST, NULL));
        assert_true(date("2024-13-01", DATE_YEAR_FIRST, NULL));
        assert_true(date("24-01-01", DATE_YEAR_FIRST, NULL));
        assert_true(date("01/02/24", DATE_DAY_FIRST, NULL));
        assert_true(date("2024-01/02", DATE_YEAR_FIRST, NULL));
        assert_true(date("2024-01-02 13:00", DATE_YEAR_FIRST, NULL));
        assert_true(date("31/12/2024", DATE_YEAR_FIRST, NULL));
        assert_true(date("2024-01-0", DATE_YEAR_FIRST, NULL));
        assert_true(date("x", DATE_YEAR_FIRST, NULL));
}

static void a_month_is_its_first_day(void **state)
{
        int32_t days = 0, first = days_from_civil((struct civil){2010, 5, 1});

        (void)state;
        assert_true(value_month(b("2010-05"), DATE_YEAR_FIRST, &days));
        assert_int_equal(days, first);
        assert_true(value_month(b("201005"), DATE_YEAR_FIRST, &days));
        assert_int_equal(days, first);
        assert_true(value_month(b("2010-05-17"), DATE_YEAR_FIRST, &days));
        assert_int_equal(days, first);
        assert_false(value_month(b("2010-13"), DATE_YEAR_FIRST, &days));
        assert_false(value_month(b("20100"), DATE_YEAR_FIRST, &days));
}

static enum number_fault number(const char *text, uint32_t decimals, char mark, int64_t *out)
{
        *out = -1;
        return value_number(b(text), decimals, mark, out);
}

static void numbers_are_read_in_the_forms_people_use(void **state)
{
        static const struct {
                const char *text;
                uint32_t decimals;
                char mark;
                int64_t want;
        } good[] = {
                {"1200", 2, 0, 120000},
                {"1 200,50", 2, 0, 120050},
                {"1\xC2\xA0"
                 "200,5",
                        2, 0, 120050},
                {"1200.50", 2, 0, 120050},
                {"1.234,50", 2, 0, 123450},
                {"1,234.50", 2, 0, 123450},
                {"12 345 678", 0, 0, 12345678},
                {"-3,25", 2, 0, -325},
                {"\xE2\x88\x92"
                 "3",
                        0, 0, -3},
                {"7,00", 0, 0, 7},
                {"1,234", 0, '.', 1234},
                {"1.234", 3, 0, 1234},
                {"0", 0, 0, 0},
                {"1'000", 0, 0, 1000},
        };
        int64_t got;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                assert_int_equal(
                        number(good[i].text, good[i].decimals, good[i].mark, &got), NUMBER_OK);
                assert_true(got == good[i].want);
        }
}

static void numbers_in_doubt_are_refused_and_never_rounded(void **state)
{
        int64_t got;

        (void)state;
        assert_int_equal(number("1,255", 2, 0, &got), NUMBER_DECIMALS);
        assert_int_equal(number("1.234.567", 0, 0, &got), NUMBER_SHAPE);
        assert_int_equal(number("1 23", 0, 0, &got), NUMBER_SHAPE);
        assert_int_equal(number("12 3456", 0, 0, &got), NUMBER_SHAPE);
        assert_int_equal(number("ca 100", 0, 0, &got), NUMBER_SHAPE);
        assert_int_equal(number("1,", 2, 0, &got), NUMBER_SHAPE);
        assert_int_equal(number(",5", 2, 0, &got), NUMBER_SHAPE);
        assert_int_equal(number("-", 2, 0, &got), NUMBER_SHAPE);
        assert_int_equal(number("1e5", 2, 0, &got), NUMBER_SHAPE);
        assert_int_equal(number("9223372036854775807", 0, 0, &got), NUMBER_OK);
        assert_int_equal(number("9223372036854775808", 0, 0, &got), NUMBER_SIZE);
        assert_int_equal(number("99999999999999999999", 2, 0, &got), NUMBER_SIZE);
        assert_true(got == -1);
}

static void yes_and_no_are_words_or_digits(void **state)
{
        bool yes = false;

        (void)state;
        assert_true(value_boolean(b("JA"), &yes) && yes);
        assert_true(value_boolean(b("x"), &yes) && yes);
        assert_true(value_boolean(b("Falskt"), &yes) && !yes);
        assert_true(value_boolean(b("0"), &yes) && !yes);
        assert_false(value_boolean(b("kanske"), &yes));
        assert_false(value_boolean(b("2"), &yes));
}

static void names_fold_to_what_people_mean(void **state)
{
        char out[64];

        (void)state;
        assert_int_equal(fold(b("Födelse-månad (Ä)"), out, sizeof out), 13);
        assert_memory_equal(out, "fodelsemanada", 13);
        assert_int_equal(fold(b("ÅÄÖ éü ÅÄÖ"), out, 3), 3);
        assert_memory_equal(out, "aao", 3);
        assert_int_equal(fold(b("\xC3"), out, sizeof out), 0);
}

static void a_lookup_keeps_the_first_and_knows_when_it_is_full(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct lookup *l = lookup_new(a, 2);

        (void)state;
        assert_non_null(l);
        lookup_put(l, b("one"), 1, true);
        lookup_put(l, b("one"), 1, true);
        assert_int_equal(lookup_find(l, b("one")), 1);
        lookup_put(l, b("one"), 2, true);
        assert_int_equal(lookup_find(l, b("one")), LOOKUP_AMBIGUOUS);
        lookup_put(l, b("two"), 2, false);
        lookup_put(l, b("three"), 3, false);
        assert_int_equal(lookup_find(l, b("three")), LOOKUP_NONE);
        assert_int_equal(lookup_find(l, b("two")), 2);
}

static void everything_that_decides_the_content_is_in_the_name(void **state)
{
        struct delivery_name base = {.dataset = "placering", .period = "2024", .municipality = 114},
                             n;
        struct submission_id first, again;
        char text[UUID_TEXT];

        (void)state;
        assert_int_equal(delivery_id(&base, &first), ERR_OK);
        assert_int_equal(delivery_id(&base, &again), ERR_OK);
        assert_memory_equal(first.bytes, again.bytes, 16);
        assert_int_equal(first.bytes[6] >> 4, 8);
        assert_int_equal(first.bytes[8] >> 6, 2);
        for (unsigned i = 0; i < 9; i++) {
                n = base;
                switch (i) {
                case 0:
                        n.file.bytes[31] = 1;
                        break;
                case 1:
                        n.mapping.bytes[0] = 1;
                        break;
                case 2:
                        n.dataset = "anmalan";
                        break;
                case 3:
                        n.period = "2025";
                        break;
                case 4:
                        n.municipality = 115;
                        break;
                case 5:
                        n.replace = true;
                        break;
                case 6:
                        n.all_or_nothing = true;
                        break;
                case 7:
                        n.has_as_of = true;
                        break;
                default:
                        n.has_as_of = true;
                        n.as_of_days = 5;
                        break;
                }
                assert_int_equal(delivery_id(&n, &again), ERR_OK);
                assert_memory_not_equal(first.bytes, again.bytes, 16);
        }
        uuid_format(&first, text);
        assert_int_equal(uuid_parse(text, &again), ERR_OK);
        assert_memory_equal(first.bytes, again.bytes, 16);
        text[35] = '\0';
        assert_int_equal(uuid_parse(text, &again), ERR_MALFORMED);
        assert_int_not_equal(uuid_parse("g0000000-0000-0000-0000-000000000000", &again), ERR_OK);
        assert_int_not_equal(uuid_parse("00000000-0000-0000-0000-0000000000000", &again), ERR_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(blanks_of_every_kind_are_trimmed),
                cmocka_unit_test(dates_are_read_in_the_forms_people_use),
                cmocka_unit_test(dates_that_do_not_exist_or_are_in_doubt_are_refused),
                cmocka_unit_test(a_month_is_its_first_day),
                cmocka_unit_test(numbers_are_read_in_the_forms_people_use),
                cmocka_unit_test(numbers_in_doubt_are_refused_and_never_rounded),
                cmocka_unit_test(yes_and_no_are_words_or_digits),
                cmocka_unit_test(names_fold_to_what_people_mean),
                cmocka_unit_test(a_lookup_keeps_the_first_and_knows_when_it_is_full),
                cmocka_unit_test(everything_that_decides_the_content_is_in_the_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
