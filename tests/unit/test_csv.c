/* SPDX-License-Identifier: Apache-2.0 */
/* test_csv.c: files as people make them, and as nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "tools/cli/csv.h"
#include "tools/cli/csv_text.h"

enum { ROWS_MAX = 64 };

struct table {
        char text[ROWS_MAX][256]; /* fields with | between them, or !FAULT */
        uint32_t numbers[ROWS_MAX];
        uint32_t len;
        struct csv_survey survey;
};

static void read_with(struct bytes file, const struct csv_dialect *wish, struct table *out)
{
        struct csv_input in = csv_input_of_bytes(file);
        OWNED(csv_free) struct csv *c = NULL;
        struct csv_row row;
        enum err rc;

        memset(out, 0, sizeof *out);
        assert_int_equal(csv_survey(&in, wish, &out->survey), ERR_OK);
        assert_int_equal(csv_input_rewind(&in), ERR_OK);
        assert_int_equal(csv_open(&in, &out->survey.dialect, &c), ERR_OK);
        while ((rc = csv_next(c, &row)) == ERR_OK) {
                char *to = out->text[out->len];
                size_t used = 0;

                assert_in_range(out->len, 0, ROWS_MAX - 1);
                out->numbers[out->len++] = row.number;
                if (row.fault != CSV_WHOLE)
                        (void)snprintf(to, 256, "!%s", csv_fault_name(row.fault));
                for (uint32_t i = 0; i < row.fields_len; i++)
                        used += (size_t)snprintf(to + used, 256 - used, "%s%.*s", i > 0 ? "|" : "",
                                (int)row.fields[i].len, (const char *)row.fields[i].data);
        }
        assert_int_equal(rc, ERR_NOT_FOUND);
        assert_int_equal(csv_offset(c), file.len);
}

static void read_text(const char *text, struct table *out)
{
        static const struct csv_dialect find_out;

        read_with(bytes_of_text(text), &find_out, out);
}

static void a_swedish_export_is_read_as_it_is(void **state)
{
        struct table t;

        (void)state;
        read_text("\xEF\xBB\xBFÄrende;Kön;Kostnad\r\nA1;K;1 200,50\r\nA2;M;\r\n", &t);
        assert_int_equal(t.len, 3);
        assert_string_equal(t.text[0], "Ärende|Kön|Kostnad");
        assert_string_equal(t.text[1], "A1|K|1 200,50");
        assert_string_equal(t.text[2], "A2|M|");
        assert_int_equal(t.survey.dialect.encoding, CSV_UTF8);
        assert_int_equal(t.survey.dialect.delimiter, ';');
        assert_int_equal(t.survey.lines, 3);
}

static void the_delimiter_is_found_out(void **state)
{
        struct table t;

        (void)state;
        read_text("a,b,c\n1,2,3\n", &t);
        assert_string_equal(t.text[1], "1|2|3");
        read_text("a\tb\n1,5\t2,5\n", &t);
        assert_string_equal(t.text[1], "1,5|2,5");
        read_text("a;b\n1,5;2,5\n1,5;2,5\n", &t);
        assert_string_equal(t.text[2], "1,5|2,5");
        read_text("\"a,x\";b\n1;2\n", &t);
        assert_string_equal(t.text[0], "a,x|b");
        read_text("sep=,\na,b\n1,2\n", &t);
        assert_string_equal(t.text[0], "a|b");
        assert_int_equal(t.numbers[0], 2);
        read_text("alone\n1\n", &t);
        assert_string_equal(t.text[1], "1");
}

static void the_encoding_is_found_out_from_the_whole_file(void **state)
{
        struct table t;
        struct csv_survey s;
        struct csv_dialect find_out = {0};
        struct csv_input utf16 = csv_input_of_bytes(bytes_of("\xFF\xFE"
                                                             "a\0;\0",
                6));
        struct csv_input naked = csv_input_of_bytes(bytes_of("a\0;\0b\0\n\0", 8));

        (void)state;
        read_text("a;b\nx;K\xF6n\n", &t);
        assert_string_equal(t.text[1], "x|Kön");
        assert_int_equal(t.survey.dialect.encoding, CSV_ISO_8859_1);
        read_text("a;b\nx;\x80 \xE5\x96\n", &t);
        assert_string_equal(t.text[1], "x|€ å–");
        assert_int_equal(t.survey.dialect.encoding, CSV_WINDOWS_1252);
        assert_int_equal(csv_survey(&utf16, &find_out, &s), ERR_UNSUPPORTED);
        assert_int_equal(csv_survey(&naked, &find_out, &s), ERR_UNSUPPORTED);
        assert_int_equal(s.dialect.encoding, CSV_UTF16);
}

static void a_few_broken_bytes_do_not_turn_utf8_into_something_else(void **state)
{
        char text[4096] = "a;b\n";
        struct table t;

        (void)state;
        for (unsigned i = 0; i < 40; i++)
                strcat(text, "åäö;é\n");
        strcat(text, "x;\xFF\n");
        read_text(text, &t);
        assert_int_equal(t.survey.dialect.encoding, CSV_UTF8);
        assert_string_equal(t.text[1], "åäö|é");
}

static void a_wish_stands_above_what_is_found(void **state)
{
        struct csv_dialect wish = {.encoding = CSV_WINDOWS_1252, .delimiter = ','};
        struct table t;

        (void)state;
        read_with(bytes_of_text("a;b,c\n\xC3\xA5,2\n"), &wish, &t);
        assert_string_equal(t.text[0], "a;b|c");
        assert_string_equal(t.text[1], "Ã¥|2");
}

static void quotes_hold_delimiters_quotes_and_lines(void **state)
{
        struct table t;

        (void)state;
        read_text("a;b\n\"x;y\";\"he said \"\"no\"\"\"\n\"two\nlines\";z\n\"\";\"\"\"\"\n5\" "
                  "pipe;w\n",
                &t);
        assert_int_equal(t.len, 5);
        assert_string_equal(t.text[1], "x;y|he said \"no\"");
        assert_string_equal(t.text[2], "two\nlines|z");
        assert_string_equal(t.text[3], "|\"");
        assert_string_equal(t.text[4], "5\" pipe|w");
        assert_int_equal(t.numbers[4], 5);
}

static void a_broken_quote_costs_its_own_row_only(void **state)
{
        struct table t;

        (void)state;
        read_text("a;b\n\"x;1\ny;2\n\"z\"q;3\nw;4\n", &t);
        assert_int_equal(t.len, 5);
        assert_string_equal(t.text[1], "!BROKEN_QUOTES");
        assert_string_equal(t.text[2], "y|2");
        assert_string_equal(t.text[3], "!BROKEN_QUOTES");
        assert_string_equal(t.text[4], "w|4");
        read_text("a;b\n1;2\n\"never closed", &t);
        assert_int_equal(t.len, 3);
        assert_string_equal(t.text[2], "!BROKEN_QUOTES");
}

static void a_zero_byte_costs_its_own_row_only(void **state)
{
        static const char text[] = "aaaaaaaa;b\nx\0;1\n\"q\0\";1\ny;2\n";
        struct csv_dialect find_out = {0};
        struct table t;

        (void)state;
        read_with(bytes_of(text, sizeof text - 1), &find_out, &t);
        assert_int_equal(t.len, 4);
        assert_string_equal(t.text[1], "!NUL_BYTE");
        assert_string_equal(t.text[2], "!NUL_BYTE");
        assert_string_equal(t.text[3], "y|2");
}

static void line_ends_of_every_kind_are_read(void **state)
{
        struct table t;

        (void)state;
        read_text("a;b\r1;2\r3;4", &t);
        assert_int_equal(t.len, 3);
        assert_string_equal(t.text[2], "3|4");
        read_text("a;b\n1;2", &t);
        assert_string_equal(t.text[1], "1|2");
        assert_int_equal(t.survey.lines, 2);
        read_text("a;b\r\n\"1\";\"2\"\r\n", &t);
        assert_string_equal(t.text[1], "1|2");
}

static void empty_lines_count_and_are_left_out(void **state)
{
        struct table t;

        (void)state;
        read_text("a;b\n\n1;2\n;\n;;;\n3;4\n\n", &t);
        assert_int_equal(t.len, 3);
        assert_int_equal(t.numbers[1], 3);
        assert_int_equal(t.numbers[2], 6);
        read_text("", &t);
        assert_int_equal(t.len, 0);
}

/* Rows of sizes around the buffer's, so that each is cut somewhere by its end. */
static void rows_cut_by_the_buffer_are_whole(void **state)
{
        size_t cap = 9u << 20, used = 0;
        char *file = malloc(cap);
        struct csv_dialect dialect = {CSV_UTF8, ';', '\n', 0, false};
        struct csv_input in;
        struct csv_row row;
        unsigned rows = 0;

        (void)state;
        assert_non_null(file);
        while (used + 400000 < cap) {
                unsigned long length = 1 + (rows * 7919u) % 300000u;

                file[used++] = '"';
                memset(file + used, 'x', length);
                used += length;
                used += (size_t)snprintf(file + used, cap - used, "\"\"\";%u\r\n", rows++);
        }
        in = csv_input_of_bytes(bytes_of(file, used));

        OWNED(csv_free) struct csv *c = NULL;

        assert_int_equal(csv_open(&in, &dialect, &c), ERR_OK);
        for (unsigned i = 0; i < rows; i++) {
                char number[16];

                (void)snprintf(number, sizeof number, "%u", i);
                assert_int_equal(csv_next(c, &row), ERR_OK);
                assert_int_equal(row.fault, CSV_WHOLE);
                assert_int_equal(row.fields_len, 2);
                assert_int_equal(row.fields[0].len, 2 + (i * 7919u) % 300000u);
                assert_int_equal(row.fields[0].data[row.fields[0].len - 1], '"');
                assert_true(bytes_is_text(row.fields[1], number));
        }
        assert_int_equal(csv_next(c, &row), ERR_NOT_FOUND);
        free(file);
}

static void a_row_that_is_too_long_costs_its_own_row_only(void **state)
{
        size_t len = 5u << 20;
        char *file = malloc(len);
        struct csv_dialect dialect = {CSV_UTF8, ';', '\n', 0, false};
        struct csv_input in;
        struct csv_row row;

        (void)state;
        assert_non_null(file);
        memset(file, 'x', len);
        memcpy(file, "a;b\n", 4);
        memcpy(file + len - 5, "\n1;2\n", 5);
        in = csv_input_of_bytes(bytes_of(file, len));

        OWNED(csv_free) struct csv *c = NULL;

        assert_int_equal(csv_open(&in, &dialect, &c), ERR_OK);
        assert_int_equal(csv_next(c, &row), ERR_OK);
        assert_int_equal(csv_next(c, &row), ERR_OK);
        assert_int_equal(row.fault, CSV_FAULT_ROW_TOO_LONG);
        assert_int_equal(row.number, 2);
        assert_int_equal(csv_next(c, &row), ERR_OK);
        assert_int_equal(row.fault, CSV_WHOLE);
        assert_int_equal(row.number, 3);
        free(file);
}

static void one_field_too_many_is_a_fault(void **state)
{
        char text[CSV_FIELDS_MAX + 8];
        struct table t;

        (void)state;
        memset(text, ';', sizeof text);
        memcpy(text, "a;b\nx", 5);
        text[4 + CSV_FIELDS_MAX] = '\n'; /* x and 511 delimiters less one */
        text[5 + CSV_FIELDS_MAX] = '\0';
        struct csv_dialect wish = {.delimiter = ';'};
        struct csv_input in = csv_input_of_bytes(bytes_of_text(text));
        struct csv_survey survey;
        struct csv_row row;
        OWNED(csv_free) struct csv *c = NULL;

        assert_int_equal(csv_survey(&in, &wish, &survey), ERR_OK);
        assert_int_equal(csv_input_rewind(&in), ERR_OK);
        assert_int_equal(csv_open(&in, &survey.dialect, &c), ERR_OK);
        assert_int_equal(csv_next(c, &row), ERR_OK);
        assert_int_equal(csv_next(c, &row), ERR_OK);
        assert_int_equal(row.fields_len, CSV_FIELDS_MAX);
        (void)t;
        char *more = malloc(2 * CSV_FIELDS_MAX);

        assert_non_null(more);
        memset(more, ';', 2 * CSV_FIELDS_MAX);
        memcpy(more, "a;b\nx", 5);
        more[5 + CSV_FIELDS_MAX] = '\0';
        read_text(more, &t);
        assert_string_equal(t.text[1], "!TOO_MANY_FIELDS");
        free(more);
}

static void the_digest_is_of_the_bytes(void **state)
{
        struct table t;
        struct digest d;

        (void)state;
        read_text("a;b\r\n1;2\r\n", &t);
        digest_of(bytes_of_text("a;b\r\n1;2\r\n"), &d);
        assert_true(digest_equal(&d, &t.survey.digest));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_swedish_export_is_read_as_it_is),
                cmocka_unit_test(the_delimiter_is_found_out),
                cmocka_unit_test(the_encoding_is_found_out_from_the_whole_file),
                cmocka_unit_test(a_few_broken_bytes_do_not_turn_utf8_into_something_else),
                cmocka_unit_test(a_wish_stands_above_what_is_found),
                cmocka_unit_test(quotes_hold_delimiters_quotes_and_lines),
                cmocka_unit_test(a_broken_quote_costs_its_own_row_only),
                cmocka_unit_test(a_zero_byte_costs_its_own_row_only),
                cmocka_unit_test(line_ends_of_every_kind_are_read),
                cmocka_unit_test(empty_lines_count_and_are_left_out),
                cmocka_unit_test(rows_cut_by_the_buffer_are_whole),
                cmocka_unit_test(a_row_that_is_too_long_costs_its_own_row_only),
                cmocka_unit_test(one_field_too_many_is_a_fault),
                cmocka_unit_test(the_digest_is_of_the_bytes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
