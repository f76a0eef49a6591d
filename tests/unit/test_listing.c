/* SPDX-License-Identifier: Apache-2.0 */
/* test_listing.c: short lists keep their letters in any locale, and nothing in them
 * talks to the terminal. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/cli/listing.h"

static const struct lane_head heads[] = {
        {WORD_HEAD_VINTAGE, SIDE_RIGHT}, {WORD_HEAD_OPEN, SIDE_LEFT}, {WORD_HEAD_NOTE, SIDE_LEFT}};

static char *listed(const char *const (*rows)[3], size_t len)
{
        const struct cli cli = {.lang = LANG_SV};
        OWNED(listing_free) struct listing *l = NULL;
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        assert_int_equal(listing_new(&cli, heads, ARRAY_LEN(heads), &l), ERR_OK);
        for (size_t i = 0; i < len; i++)
                assert_int_equal(listing_add(l, rows[i]), ERR_OK);
        assert_int_equal(listing_print(l, out), ERR_OK);
        (void)fclose(out);
        return text;
}

static void a_list_is_aligned_and_keeps_its_letters(void **state)
{
        static const char *const rows[][3] = {{"7", "ja", "Å, ä och ö"}, {"12.1", "nej", ""}};
        char *text = listed(rows, ARRAY_LEN(rows));

        (void)state;
        assert_string_equal(text, "Årgång Öppen Anteckning\n"
                                  "     7 ja    Å, ä och ö\n"
                                  "  12.1 nej   \n");
        free(text);
}

static void control_characters_become_question_marks(void **state)
{
        static const char *const rows[][3] = {{"1", "ja", "a\033[31mb\nc\177"}};
        char *text = listed(rows, ARRAY_LEN(rows));

        (void)state;
        assert_non_null(strstr(text, "a?[31mb?c?\n"));
        assert_null(strchr(text, '\033'));
        free(text);
}

static void the_locale_is_given_back(void **state)
{
        static const char *const rows[][3] = {{"1", "ja", "ö"}};
        locale_t before = uselocale((locale_t)0);

        (void)state;
        free(listed(rows, 1));
        assert_ptr_equal(uselocale((locale_t)0), before);
}

static void an_empty_list_prints_nothing_below_its_headings(void **state)
{
        char *text = listed(NULL, 0);

        (void)state;
        assert_null(strstr(text, "ja"));
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_list_is_aligned_and_keeps_its_letters),
                cmocka_unit_test(control_characters_become_question_marks),
                cmocka_unit_test(the_locale_is_given_back),
                cmocka_unit_test(an_empty_list_prints_nothing_below_its_headings),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
