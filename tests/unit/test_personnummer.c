/* SPDX-License-Identifier: Apache-2.0 */
/* test_personnummer.c: every rule with a number that keeps it and one that breaks it.
 *
 * In patterns a final C stands for the right check digit, worked out here by a
 * loop of our own; so no table of numbers is needed and no real one can slip in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/personnummer.h"

static int32_t day(const char *text)
{
        int32_t days = 0;

        assert_int_equal(days_parse(text, strlen(text), &days), ERR_OK);
        return days;
}

/* The check digit of the last nine digits, as the textbook has it. */
static char textbook_luhn(const char *digits)
{
        int sum = 0;

        for (int i = 0; i < 9; i++) {
                int v = (digits[i] - '0') * (2 - i % 2);

                sum += v / 10 + v % 10;
        }
        return (char)('0' + (10 - sum % 10) % 10);
}

/* `pattern` with its final C replaced; eight buffers in turn. */
static const char *number(const char *pattern)
{
        static char ring[8][64];
        static unsigned next;
        char *out = ring[next++ % 8], digits[64];
        size_t len = strlen(pattern), n = 0;

        strcpy(out, pattern);
        for (size_t i = 0; i < len; i++)
                if (pattern[i] >= '0' && pattern[i] <= '9')
                        digits[n++] = pattern[i];
        if (len > 0 && out[len - 1] == 'C')
                out[len - 1] = n >= 9 ? textbook_luhn(digits + n - 9) : '0';
        return out;
}

static struct pnr_reading as_of(const char *date)
{
        return (struct pnr_reading){.has_as_of = true, .as_of_days = day(date)};
}

static enum pnr_rule parse(const char *pattern, const struct pnr_reading *how, struct pnr *out)
{
        return pnr_parse(bytes_of_text(number(pattern)), how, out);
}

static void refused(
        const char *pattern, const struct pnr_reading *how, enum pnr_rule rule, enum pnr_kind kind)
{
        struct pnr out, blank = {.kind = kind};
        enum pnr_rule got = parse(pattern, how, &out);

        if (got != rule || out.kind != kind)
                print_message("%s: %s, %s\n", pattern, pnr_rule_name(got), pnr_kind_name(out.kind));
        assert_int_equal(got, rule);
        assert_int_equal(out.kind, kind);
        blank.kind = kind;
        assert_memory_equal(out.digits, blank.digits, sizeof out.digits);
        assert_int_equal(out.person, PERSON_NONE);
        assert_int_equal(out.birth_year, 0);
        assert_int_equal(out.sex, PNR_SEX_UNKNOWN);
}

static void accepted(const char *pattern, const struct pnr_reading *how, const char *twelve)
{
        struct pnr out;
        enum pnr_rule got = parse(pattern, how, &out);

        if (got != PNR_OK)
                print_message("%s: %s\n", pattern, pnr_rule_name(got));
        assert_int_equal(got, PNR_OK);
        assert_memory_equal(out.digits, number(twelve), PERSON_ID_LEN);
}

static void every_written_form_is_the_same_person(void **state)
{
        struct pnr_reading how = as_of("2026-11-21");

        (void)state;
        accepted("19850214-123C", &how, "19850214123C");
        accepted("19850214123C", &how, "19850214123C");
        accepted("850214-123C", &how, "19850214123C");
        accepted("  850214-1230\t", &how, "19850214123C");
        accepted("240214-123C", &how, "20240214123C");
        accepted("240214+123C", &how, "19240214123C");
        accepted("18991231-123C", &how, "18991231123C");
        how.bare_ten_digits = true;
        accepted("850214123C", &how, "19850214123C");
}

static void published_test_numbers_are_read(void **state)
{
        static const char *const published[] = {"189001019802", "199908072391", "200002292399",
                "191401682396", "191500722390", "195400662390", "200300872389"};
        struct pnr_reading how = as_of("2026-11-21");
        struct pnr out;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(published); i++) {
                assert_int_equal(pnr_parse(bytes_of_text(published[i]), &how, &out), PNR_OK);
                assert_memory_equal(out.digits, published[i], PERSON_ID_LEN);
                assert_int_equal(pnr_check((const uint8_t *)published[i], PERSON_NATIONAL,
                                         how.as_of_days, PNR_TEST_REQUIRED),
                        PNR_OK);
        }
}

static void what_a_number_says_is_told(void **state)
{
        struct pnr_reading how = as_of("2026-11-21");
        struct pnr out;

        (void)state;
        assert_int_equal(parse("850214-123C", &how, &out), PNR_OK);
        assert_int_equal(out.kind, PNR_PERSONNUMMER);
        assert_int_equal(out.person, PERSON_NATIONAL);
        assert_int_equal(out.birth_year, 1985);
        assert_int_equal(out.birth_month, 2);
        assert_int_equal(out.birth_day, 14);
        assert_int_equal(out.sex, PNR_SEX_MAN);
        assert_int_equal(parse("850274-124C", &how, &out), PNR_OK);
        assert_int_equal(out.kind, PNR_SAMORDNING);
        assert_int_equal(out.birth_day, 14);
        assert_int_equal(out.sex, PNR_SEX_WOMAN);
}

static void other_shapes_are_refused(void **state)
{
        static const char *const shapes[] = {"1", "85021412", "8502141231123", "850214-12C",
                "850214-1234C", "850214 123C", "850214_123C", "8502-14123C", "19850214+123C",
                "850214--123C", "-850214123C", "19850214-12345C", "850214-123A", "8502A4-123C",
                "1985021412\xc3\xa9", "850214\xe2\x80\x93-23C", "850214-1 3C"};
        struct pnr_reading how = as_of("2026-11-21");

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(shapes); i++)
                refused(shapes[i], &how, PNR_RULE_SHAPE, PNR_GARBAGE);
        refused("", &how, PNR_RULE_EMPTY, PNR_GARBAGE);
        refused(" \t ", &how, PNR_RULE_EMPTY, PNR_GARBAGE);
}

static void a_nul_inside_is_not_the_end(void **state)
{
        struct pnr_reading how = as_of("2026-11-21");
        struct pnr out;
        char text[13];

        (void)state;
        memcpy(text, number("19850214123C"), 12);
        text[12] = '\0';
        assert_int_equal(pnr_parse(bytes_of(text, 13), &how, &out), PNR_RULE_SHAPE);
        text[5] = '\0';
        assert_int_equal(pnr_parse(bytes_of(text, 12), &how, &out), PNR_RULE_SHAPE);
}

static void ten_digits_do_not_tell_the_century(void **state)
{
        struct pnr_reading how = as_of("2026-11-21"), blind = {0};

        (void)state;
        refused("850214123C", &how, PNR_RULE_NO_CENTURY, PNR_PERSONNUMMER);
        refused("850214123C", &blind, PNR_RULE_NO_CENTURY, PNR_PERSONNUMMER);
        blind.bare_ten_digits = true;
        refused("850214123C", &blind, PNR_RULE_NO_AS_OF, PNR_PERSONNUMMER);
        refused("850214-123C", &blind, PNR_RULE_NO_AS_OF, PNR_PERSONNUMMER);
        refused("850214+123C", &blind, PNR_RULE_NO_AS_OF, PNR_PERSONNUMMER);
        accepted("19850214123C", &blind, "19850214123C");
}

static void the_plus_comes_with_the_calendar_year_of_the_hundredth_birthday(void **state)
{
        struct pnr_reading first = as_of("2026-01-01"), last = as_of("2025-12-31");

        (void)state;
        accepted("261231+123C", &first, "19261231123C");
        accepted("261231-123C", &last, "19261231123C");
        accepted("251231-123C", &last, "20251231123C");
        accepted("251231+123C", &last, "19251231123C");
        accepted("270101-123C", &first, "19270101123C");
        accepted("270101+123C", &first, "18270101123C");
}

static void no_century_is_slid_back_to_make_a_date_fit(void **state)
{
        struct pnr_reading how = as_of("2026-03-01");

        (void)state;
        refused("261224-123C", &how, PNR_RULE_FUTURE, PNR_PERSONNUMMER);
        refused("260302-123C", &how, PNR_RULE_FUTURE, PNR_PERSONNUMMER);
        accepted("260301-123C", &how, "20260301123C");
        refused("20260302123C", &how, PNR_RULE_FUTURE, PNR_PERSONNUMMER);
        refused("000229+123C", &how, PNR_RULE_DATE, PNR_PERSONNUMMER); /* 1900 */
        accepted("000229-123C", &how, "20000229123C");
        how.bare_ten_digits = true;
        refused("261224123C", &how, PNR_RULE_FUTURE, PNR_PERSONNUMMER);
}

static void only_three_centuries_exist(void **state)
{
        struct pnr_reading how = as_of("2026-11-21"), early = as_of("1990-01-01");

        (void)state;
        refused("17850214123C", &how, PNR_RULE_CENTURY, PNR_GARBAGE);
        refused("21850214123C", &how, PNR_RULE_CENTURY, PNR_GARBAGE);
        refused("01850214123C", &how, PNR_RULE_CENTURY, PNR_GARBAGE);
        accepted("18850214123C", &how, "18850214123C");
        refused("950214+123C", &early, PNR_RULE_CENTURY, PNR_PERSONNUMMER); /* 1795 */
}

static void dates_exist_in_their_own_century(void **state)
{
        static const char *const never[] = {"19850229123C", "19000229123C", "20230229123C",
                "19850431123C", "19851301123C", "19850132123C", "19850100123C", "19850001123C",
                "19851401123C", "19851932123C", "19850140123C", "19850159123C"};
        static const char *const never_samordning[] = {
                "19850292123C", "19850290123C", "19850491123C", "19851360123C", "19850099123C"};
        struct pnr_reading how = as_of("2026-11-21");

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(never); i++)
                refused(never[i], &how, PNR_RULE_DATE, PNR_PERSONNUMMER);
        for (unsigned i = 0; i < ARRAY_LEN(never_samordning); i++)
                refused(never_samordning[i], &how, PNR_RULE_DATE, PNR_SAMORDNING);
        accepted("19840229123C", &how, "19840229123C");
        accepted("18840229123C", &how, "18840229123C");
}

static void a_samordningsnummer_may_leave_the_date_open(void **state)
{
        struct pnr_reading how = as_of("2026-03-15");
        struct pnr out;

        (void)state;
        assert_int_equal(parse("19850060123C", &how, &out), PNR_OK);
        assert_int_equal(out.birth_month, 0);
        assert_int_equal(out.birth_day, 0);
        assert_int_equal(parse("19850760123C", &how, &out), PNR_OK);
        assert_int_equal(out.birth_month, 7);
        assert_int_equal(out.birth_day, 0);
        assert_int_equal(parse("19850091123C", &how, &out), PNR_OK);
        assert_int_equal(out.birth_day, 31);
        accepted("850060-123C", &how, "19850060123C");
        accepted("19840289123C", &how, "19840289123C");
        /* An open date lies ahead only when every day it could be does. */
        accepted("20260060123C", &how, "20260060123C");
        accepted("20260360123C", &how, "20260360123C");
        refused("20260460123C", &how, PNR_RULE_FUTURE, PNR_SAMORDNING);
        refused("20270060123C", &how, PNR_RULE_FUTURE, PNR_SAMORDNING);
        refused("20260376123C", &how, PNR_RULE_FUTURE, PNR_SAMORDNING);
}

static void birth_number_zero_does_not_exist(void **state)
{
        struct pnr_reading how = as_of("2026-11-21");

        (void)state;
        refused("19850214000C", &how, PNR_RULE_BIRTH_NUMBER, PNR_PERSONNUMMER);
        accepted("19850214001C", &how, "19850214001C");
        accepted("19850214999C", &how, "19850214999C");
}

static void organisations_are_told_so(void **state)
{
        struct pnr_reading how = {0}, with = as_of("2026-11-21");

        (void)state;
        refused("556016-0680", &how, PNR_RULE_IS_ORGANISATION, PNR_ORGANISATION);
        refused("5560160680", &how, PNR_RULE_IS_ORGANISATION, PNR_ORGANISATION);
        refused("165560160680", &how, PNR_RULE_IS_ORGANISATION, PNR_ORGANISATION);
        refused("16556016-0680", &with, PNR_RULE_IS_ORGANISATION, PNR_ORGANISATION);
        refused("195560160680", &with, PNR_RULE_IS_ORGANISATION, PNR_ORGANISATION);
        refused("16850214123C", &with, PNR_RULE_IS_ORGANISATION, PNR_ORGANISATION);
        refused("852001-123C", &with, PNR_RULE_IS_ORGANISATION, PNR_ORGANISATION);
        with.accept_reserve = with.accept_interim = true;
        refused("165560160680", &with, PNR_RULE_IS_ORGANISATION, PNR_ORGANISATION);
}

static void reserve_numbers_stay_local(void **state)
{
        static const char *const reserve[] = {
                "002012345678", "22850214123C", "251985021412", "99198502141C", "990101010000"};
        struct pnr_reading how = as_of("2026-11-21");
        struct pnr out;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(reserve); i++)
                refused(reserve[i], &how, PNR_RULE_IS_RESERVE, PNR_RESERVE);
        how.accept_reserve = true;
        for (unsigned i = 0; i < ARRAY_LEN(reserve); i++) {
                assert_int_equal(parse(reserve[i], &how, &out), PNR_OK);
                assert_int_equal(out.kind, PNR_RESERVE);
                assert_int_equal(out.person, PERSON_LOCAL);
                assert_memory_equal(out.digits, number(reserve[i]), PERSON_ID_LEN);
                assert_int_equal(out.birth_year, 0);
        }
}

static void interim_numbers_stay_local(void **state)
{
        struct pnr_reading how = as_of("2026-11-21");
        struct pnr out;

        (void)state;
        refused("19850214T123", &how, PNR_RULE_IS_INTERIM, PNR_INTERIM);
        refused("850214-TF23", &how, PNR_RULE_IS_INTERIM, PNR_INTERIM);
        refused("850214TF23", &how, PNR_RULE_IS_INTERIM, PNR_INTERIM);
        how.accept_interim = true;
        assert_int_equal(parse("850214-tf23", &how, &out), PNR_OK);
        assert_memory_equal(out.digits, "19850214TF23", PERSON_ID_LEN);
        assert_int_equal(out.kind, PNR_INTERIM);
        assert_int_equal(out.person, PERSON_LOCAL);
        assert_int_equal(out.sex, PNR_SEX_UNKNOWN);
        refused("19850231T123", &how, PNR_RULE_DATE, PNR_INTERIM);
        refused("20261231T123", &how, PNR_RULE_FUTURE, PNR_INTERIM);
        refused("850214T123", &how, PNR_RULE_NO_CENTURY, PNR_INTERIM);
        refused("17850214T123", &how, PNR_RULE_CENTURY, PNR_INTERIM);
        refused("19852214T123", &how, PNR_RULE_DATE, PNR_INTERIM);
        refused("1985T2141234", &how, PNR_RULE_SHAPE, PNR_GARBAGE);
        refused("19850214123T", &how, PNR_RULE_SHAPE, PNR_GARBAGE);
}

static void test_numbers_are_refused_or_required(void **state)
{
        struct pnr_reading how = as_of("2026-11-21");

        (void)state;
        how.test_numbers = PNR_TEST_REFUSED;
        refused("189001019802", &how, PNR_RULE_TEST_NUMBER, PNR_PERSONNUMMER);
        refused("199908072391", &how, PNR_RULE_TEST_NUMBER, PNR_PERSONNUMMER);
        refused("191401682396", &how, PNR_RULE_TEST_NUMBER, PNR_SAMORDNING);
        refused("19850113999C", &how, PNR_RULE_TEST_NUMBER, PNR_PERSONNUMMER);
        accepted("19990807240C", &how, "19990807240C");
        accepted("19990807980C", &how, "19990807980C");
        /* A person who moved to Sweden before 1990 is real. */
        accepted("19550807985C", &how, "19550807985C");
        accepted("19550807239C", &how, "19550807239C");
        how.test_numbers = PNR_TEST_REQUIRED;
        accepted("199908072391", &how, "199908072391");
        refused("19990807240C", &how, PNR_RULE_NOT_TEST_NUMBER, PNR_PERSONNUMMER);
}

/* xorshift64*: the same numbers on every run. */
static uint32_t dice(uint64_t *seed, uint32_t sides)
{
        *seed ^= *seed >> 12;
        *seed ^= *seed << 25;
        *seed ^= *seed >> 27;
        return (uint32_t)((*seed * 2685821657736338717u) >> 33) % sides;
}

/* A valid number of somebody born 1830 to 2025, half of them samordningsnummer. */
static void random_number(uint64_t *seed, char twelve[13])
{
        struct civil born = civil_from_days(
                day("1830-01-01") +
                (int32_t)dice(seed, (uint32_t)(day("2026-01-01") - day("1830-01-01"))));
        bool samordning = dice(seed, 2) == 0;

        snprintf(twelve, 13, "%04u%02u%02u%03u0", (unsigned)born.year % 10000,
                (unsigned)born.month % 100, (unsigned)(born.day + (samordning ? 60 : 0)) % 100,
                (1 + dice(seed, 999)) % 1000);
        twelve[11] = textbook_luhn(twelve + 2);
}

static void random_numbers_round_trip_in_every_form(void **state)
{
        struct pnr_reading how = as_of("2026-01-01");
        uint64_t seed = 1;

        (void)state;
        how.bare_ten_digits = true;
        for (unsigned i = 0; i < 20000; i++) {
                char twelve[13], written[16];
                int born;

                random_number(&seed, twelve);
                born = atoi((char[5]){twelve[0], twelve[1], twelve[2], twelve[3], 0});
                assert_int_equal(pnr_check_digit(twelve + 2), twelve[11]);
                accepted(twelve, &how, twelve);
                snprintf(written, sizeof written, "%.8s-%.4s", twelve, twelve + 8);
                accepted(written, &how, twelve);
                assert_int_equal(pnr_check((const uint8_t *)twelve, PERSON_NATIONAL, how.as_of_days,
                                         PNR_TEST_ALLOWED),
                        PNR_OK);
                if (born < 1827)
                        continue; /* two hundred years: no short form is left */
                snprintf(written, sizeof written, "%.6s%c%.4s", twelve + 2, born > 1926 ? '-' : '+',
                        twelve + 8);
                accepted(written, &how, twelve);
                if (born > 1926)
                        accepted(twelve + 2, &how, twelve);
        }
}

static void a_changed_digit_is_always_refused(void **state)
{
        struct pnr_reading how = as_of("2026-01-01");
        uint64_t seed = 2;

        (void)state;
        for (unsigned i = 0; i < 2000; i++) {
                char twelve[13];

                random_number(&seed, twelve);
                for (unsigned at = 2; at < 12; at++) {
                        for (char c = '0'; c <= '9'; c++) {
                                char changed[13];
                                struct pnr out;
                                enum pnr_rule rule;

                                memcpy(changed, twelve, sizeof changed);
                                changed[at] = c;
                                rule = pnr_parse(bytes_of_text(changed), &how, &out);
                                assert_true((rule == PNR_OK) == (c == twelve[at]));
                        }
                }
        }
}

/* The column check is written for speed; it must say what the reader says. */
static void the_column_check_agrees_with_the_reader(void **state)
{
        struct pnr_reading how = as_of("2020-06-15");
        uint64_t seed = 3;
        unsigned seen[PNR_RULE_COUNT] = {0};

        (void)state;
        how.test_numbers = PNR_TEST_REFUSED;
        for (unsigned i = 0; i < 400000; i++) {
                char twelve[13];
                struct pnr out;
                enum pnr_rule read, checked;

                random_number(&seed, twelve);
                for (unsigned n = dice(&seed, 3); n > 0; n--)
                        twelve[dice(&seed, 12)] =
                                (char)(dice(&seed, 10) > 0 ? '0' + dice(&seed, 10)
                                                           : 1 + dice(&seed, 255));
                if (dice(&seed, 2) == 0 && memchr(twelve, 0, 12) == NULL)
                        twelve[11] = textbook_luhn(twelve + 2);
                /* The reader takes small letters and outer blanks; a column does not. */
                if (twelve[0] == ' ' || twelve[0] == '\t' || twelve[11] == ' ' ||
                        twelve[11] == '\t')
                        continue;
                read = pnr_parse(bytes_of(twelve, 12), &how, &out);
                checked = pnr_check(
                        (const uint8_t *)twelve, PERSON_NATIONAL, how.as_of_days, PNR_TEST_REFUSED);
                assert_int_equal(read, checked);
                seen[checked]++;
        }
        for (enum pnr_rule r = PNR_OK; r < PNR_RULE_COUNT; r++)
                if (r == PNR_OK || r == PNR_RULE_SHAPE || r == PNR_RULE_CENTURY ||
                        r == PNR_RULE_DATE || r == PNR_RULE_FUTURE || r == PNR_RULE_CHECK_DIGIT ||
                        r == PNR_RULE_IS_ORGANISATION || r == PNR_RULE_IS_RESERVE ||
                        r == PNR_RULE_IS_INTERIM || r == PNR_RULE_TEST_NUMBER)
                        assert_true(seen[r] > 0);
}

static enum pnr_rule local(const char *twelve)
{
        return pnr_check((const uint8_t *)twelve, PERSON_LOCAL, 0, PNR_TEST_ALLOWED);
}

static void local_ids_are_plain_and_padded_with_nuls(void **state)
{
        (void)state;
        assert_int_equal(local("A-17\0\0\0\0\0\0\0\0"), PNR_OK);
        assert_int_equal(local("abcdefghijkl"), PNR_OK);
        assert_int_equal(local("\0\0\0\0\0\0\0\0\0\0\0\0"), PNR_RULE_LOCAL_ID);
        assert_int_equal(local("A-17\0\0\0\0\0\0\0x"), PNR_RULE_LOCAL_ID);
        assert_int_equal(local("A 17\0\0\0\0\0\0\0\0"), PNR_RULE_LOCAL_ID);
        assert_int_equal(local("A\xe5 7\0\0\0\0\0\0\0"), PNR_RULE_LOCAL_ID);
        assert_int_equal(local("A\x7f\0\0\0\0\0\0\0\0\0\0"), PNR_RULE_LOCAL_ID);
}

static void an_id_needs_a_known_kind(void **state)
{
        const uint8_t nobody[PERSON_ID_LEN] = {0};
        const uint8_t *somebody = (const uint8_t *)"189001019802";

        (void)state;
        assert_int_equal(pnr_check(nobody, PERSON_NONE, 0, PNR_TEST_REFUSED), PNR_OK);
        assert_int_equal(pnr_check(somebody, PERSON_NONE, 0, PNR_TEST_ALLOWED), PNR_RULE_KIND);
        assert_int_equal(pnr_check(somebody, 3, 0, PNR_TEST_ALLOWED), PNR_RULE_KIND);
        assert_int_equal(pnr_check(somebody, 255, 0, PNR_TEST_ALLOWED), PNR_RULE_KIND);
        assert_int_equal(pnr_check(nobody, PERSON_NATIONAL, 0, PNR_TEST_ALLOWED), PNR_RULE_SHAPE);
}

static void every_rule_and_kind_has_words(void **state)
{
        (void)state;
        for (enum pnr_rule r = PNR_OK; r < PNR_RULE_COUNT; r++) {
                assert_true(strlen(pnr_rule_name(r)) > 0);
                assert_true(strlen(pnr_rule_sentence(r)) > 0);
        }
        assert_string_equal(pnr_rule_name(PNR_RULE_CHECK_DIGIT), "CHECK_DIGIT");
        assert_string_equal(pnr_rule_name((enum pnr_rule)99), "UNKNOWN");
        assert_string_equal(pnr_kind_name(PNR_SAMORDNING), "samordningsnummer");
        assert_string_equal(pnr_kind_name((enum pnr_kind)99), "not a personal number");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_written_form_is_the_same_person),
                cmocka_unit_test(published_test_numbers_are_read),
                cmocka_unit_test(what_a_number_says_is_told),
                cmocka_unit_test(other_shapes_are_refused),
                cmocka_unit_test(a_nul_inside_is_not_the_end),
                cmocka_unit_test(ten_digits_do_not_tell_the_century),
                cmocka_unit_test(the_plus_comes_with_the_calendar_year_of_the_hundredth_birthday),
                cmocka_unit_test(no_century_is_slid_back_to_make_a_date_fit),
                cmocka_unit_test(only_three_centuries_exist),
                cmocka_unit_test(dates_exist_in_their_own_century),
                cmocka_unit_test(a_samordningsnummer_may_leave_the_date_open),
                cmocka_unit_test(birth_number_zero_does_not_exist),
                cmocka_unit_test(organisations_are_told_so),
                cmocka_unit_test(reserve_numbers_stay_local),
                cmocka_unit_test(interim_numbers_stay_local),
                cmocka_unit_test(test_numbers_are_refused_or_required),
                cmocka_unit_test(random_numbers_round_trip_in_every_form),
                cmocka_unit_test(a_changed_digit_is_always_refused),
                cmocka_unit_test(the_column_check_agrees_with_the_reader),
                cmocka_unit_test(local_ids_are_plain_and_padded_with_nuls),
                cmocka_unit_test(an_id_needs_a_known_kind),
                cmocka_unit_test(every_rule_and_kind_has_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
