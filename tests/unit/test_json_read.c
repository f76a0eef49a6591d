/* SPDX-License-Identifier: Apache-2.0 */
/* test_json_read.c: JSON by the letter of RFC 8259; and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/cli/json.h"
#include "tools/cli/json_read.h"

static enum err read_all(const char *text, char *out)
{
        static const char marks[] = "?{}[]ktnw.";
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct json_reader r;
        struct json_token t = {.kind = JSON_NONE};

        json_reader_init(&r, arena, bytes_of_text(text));
        while (t.kind != JSON_END) {
                TRY(json_next(&r, &t));
                out += sprintf(out, "%c%.*s", marks[t.kind], (int)t.text.len,
                        t.text.len > 0 ? (const char *)t.text.data : "");
        }
        return ERR_OK;
}

static void reads(const char *text, const char *expected)
{
        char out[512] = "";

        assert_int_equal(read_all(text, out), ERR_OK);
        assert_string_equal(out, expected);
}

static void what_is_json_is_read(void **state)
{
        (void)state;
        reads(" {\"a\": [1, -2.50, 3e+7, true, null],\n \"b\": {}, \"\": \"\"}",
                "{ka[n1n-2.50n3e+7wtruewnull]kb{}kt}.");
        reads("\"\\u00e4\\ud83d\\ude00\\/\\\\\\\"\"", "t\xc3\xa4\xf0\x9f\x98\x80/\\\".");
        reads("[]", "[].");
        reads("0", "n0.");
}

static void what_is_not_json_is_refused(void **state)
{
        static const char *const wrong[] = {"", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}",
                "'a'", "01", "1.", ".5", "+1", "1e", "tru", "nul", "NaN", "[1 2]", "{} {}", "[1]]",
                "\"a", "\"\\x\"", "\"\\ud800\"", "\"\\ude00\"", "\"\\u00\"", "\"\n\"", "\"\xff\"",
                "// a\n1", "{\"a\":}", "{1:2}", "[,1]", "\"\\\"", "\"\\u0000\"", "[}", "{]", "--1",
                "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"};
        char out[512];

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                if (read_all(wrong[i], out) != ERR_MALFORMED)
                        fail_msg("read: %s", wrong[i]);
}

static void base64_has_one_spelling(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        static const char *const wrong[] = {"A", "AA", "AAA", "A===", "AA=A",
                "AB==", "AAB=", "AA==AAAA", "AA_-", "AA A", "AAAA\n"};
        struct bytes out;

        (void)state;
        assert_int_equal(base64_decode(arena, bytes_of_text("AP8Q"), &out), ERR_OK);
        assert_memory_equal(out.data, "\x00\xff\x10", 3);
        assert_int_equal(base64_decode(arena, bytes_of_text("AA=="), &out), ERR_OK);
        assert_int_equal(out.len, 1);
        assert_int_equal(base64_decode(arena, bytes_of_text(""), &out), ERR_OK);
        assert_int_equal(out.len, 0);
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_equal(
                        base64_decode(arena, bytes_of_text(wrong[i]), &out), ERR_MALFORMED);
}

static void base64_comes_back(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        uint8_t raw[64];

        (void)state;
        for (size_t i = 0; i < sizeof raw; i++)
                raw[i] = (uint8_t)(i * 37 + 11);
        for (size_t len = 0; len <= sizeof raw; len++) {
                char text[128] = "";
                FILE *to = fmemopen(text, sizeof text, "w");
                struct bytes out;

                json_base64(to, bytes_of(raw, len));
                assert_int_equal(fclose(to), 0);
                assert_int_equal(
                        base64_decode(arena, bytes_of(text + 1, strlen(text) - 2), &out), ERR_OK);
                assert_true(bytes_equal(out, bytes_of(raw, len)));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_json_is_read),
                cmocka_unit_test(what_is_not_json_is_refused),
                cmocka_unit_test(base64_has_one_spelling),
                cmocka_unit_test(base64_comes_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
