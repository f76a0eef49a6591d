/* SPDX-License-Identifier: Apache-2.0 */
/* test_question_words.c: a question that names somebody is known by its digits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/question_words.h"

/* As the value of a condition, as a name, and among others. */
static void asked_with(const char *text, bool names)
{
        struct bytes values[2] = {bytes_of_text("hvb"), bytes_of_text(text)};
        struct filter filter = {bytes_of_text("form"), bytes_of_text(""), FILTER_IN, values, 2};
        struct query q = {.dataset = bytes_of_text("placering"),
                .purpose = bytes_of_text("uppfoljning"),
                .filters = &filter,
                .filters_len = 1};
        struct query named = {.dataset = bytes_of_text(text)};

        if (question_names_person(&q) != names || question_names_person(&named) != names)
                fail_msg("\"%s\" should %s", text, names ? "name somebody" : "name nobody");
}

static void a_personal_number_is_found_in_any_spelling(void **state)
{
        static const char *const numbers[] = {"191212121212", "19121212-1212", "121212-1212",
                "1212121212", "121212+1212", "19121272-1212", "x191212121212y", "a 121212 1212 b",
                "0..191212121212"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
                asked_with(numbers[i], true);
}

static void what_questions_are_made_of_names_nobody(void **state)
{
        static const char *const words[] = {"2024", "2024-01-01..2024-12-31", "2024-03", "0180",
                "20240101", "0-17", "1000000", "123456789", "19121312-1", "191213991212",
                "1912121212123", "2024-Q1", "121212-12121"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                asked_with(words[i], false);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_personal_number_is_found_in_any_spelling),
                cmocka_unit_test(what_questions_are_made_of_names_nobody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
