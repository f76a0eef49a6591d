/* SPDX-License-Identifier: Apache-2.0 */
/* test_bytes.c: borrowed bytes, the gate for input, the buffer for output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"

static void runs_compare_by_content_and_then_by_length(void **state)
{
        struct bytes a = bytes_of_text("abc"), ab = bytes_of("abcd", 4), none = {NULL, 0};

        (void)state;
        assert_true(bytes_equal(a, bytes_of("abc", 3)));
        assert_false(bytes_equal(a, ab));
        assert_true(bytes_equal(none, bytes_of("x", 0)));
        assert_true(bytes_is_text(a, "abc"));
        assert_false(bytes_is_text(a, "abd"));
        assert_true(bytes_compare(a, ab) < 0);
        assert_true(bytes_compare(ab, a) > 0);
        assert_true(bytes_compare(none, a) < 0);
        assert_int_equal(bytes_compare(none, none), 0);
        assert_true(bytes_compare(bytes_of("\xff", 1), bytes_of("\x01z", 2)) > 0);
}

static void a_copy_outlives_its_source(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(100);
        char source[] = "hello";
        struct bytes copy = {NULL, 7};

        (void)state;
        assert_int_equal(bytes_copy(a, bytes_of(source, 5), &copy), ERR_OK);
        source[0] = 'j';
        assert_true(bytes_is_text(copy, "hello"));
        assert_int_equal(bytes_copy(a, bytes_of(source, 1000), &copy), ERR_NO_MEMORY);
        assert_true(bytes_is_text(copy, "hello"));
        assert_int_equal(bytes_copy(a, bytes_of(NULL, 0), &copy), ERR_OK);
        assert_int_equal(copy.len, 0);
}

static void text_is_printable_unless_something_hides_in_it(void **state)
{
        static const char *const fine[] = {"", "Malmö", "a b", "\xc2\xa0", "\xef\xbf\xbf",
                "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "~"};
        static const char *const wrong[] = {"\n", "a\tb", "\x7f", "\x1b[31m", "\xc2\x9b[", "\xc3",
                "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
                "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xff",
                "\xe2\x82", "\xe2\x82z", "\xf0\x9f\x98", "malm\xf6"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(fine); i++)
                assert_true(bytes_is_printable(bytes_of_text(fine[i])));
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                assert_false(bytes_is_printable(bytes_of_text(wrong[i])));
        assert_false(bytes_is_printable(bytes_of("a\0b", 3)));
}

/* Long text is looked at many bytes at a time, with the same result. */
static void nothing_hides_in_long_text(void **state)
{
        uint8_t text[67];

        (void)state;
        for (size_t at = 0; at < sizeof text; at++)
                for (unsigned c = 0; c < 256; c++) {
                        memset(text, 'a', sizeof text);
                        text[at] = (uint8_t)c;
                        assert_int_equal(bytes_is_printable(bytes_of(text, sizeof text)),
                                c >= 0x20 && c < 0x7f);
                }
        for (size_t at = 0; at + 1 < sizeof text; at++) {
                memset(text, '~', sizeof text);
                memcpy(text + at, "\xc3\xb6", 2);
                assert_true(bytes_is_printable(bytes_of(text, sizeof text)));
                assert_false(bytes_is_printable(bytes_of(text, at + 1)));
                memcpy(text + at, "\xc2\x9b", 2);
                assert_false(bytes_is_printable(bytes_of(text, sizeof text)));
        }
}

/* Everything the buffer can write, in one message. */
static void write_sample(struct buf *b)
{
        put_u8(b, 0x01);
        put_u16(b, 0x0302);
        put_u32(b, 0x07060504);
        put_u64(b, UINT64_C(0x0f0e0d0c0b0a0908));
        put_i64(b, -2);
        put_text(b, "kommun");
        put_bytes(b, bytes_of(NULL, 0));
        put_raw(b, "\xaa\xbb", 2);
}

static enum err read_sample(struct bytes wire)
{
        struct reader r = reader_of(wire);
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        int64_t i64;
        struct bytes text, none, raw;

        TRY(read_u8(&r, &u8));
        TRY(read_u16(&r, &u16));
        TRY(read_u32(&r, &u32));
        TRY(read_u64(&r, &u64));
        TRY(read_i64(&r, &i64));
        TRY(read_bytes(&r, 6, &text));
        TRY(read_bytes(&r, 0, &none));
        TRY(read_fixed(&r, 2, &raw));
        TRY(read_end(&r));
        assert_int_equal(u8, 1);
        assert_int_equal(u16, 0x0302);
        assert_int_equal(u32, 0x07060504);
        assert_true(u64 == UINT64_C(0x0f0e0d0c0b0a0908));
        assert_true(i64 == -2);
        assert_true(bytes_is_text(text, "kommun"));
        assert_int_equal(none.len, 0);
        assert_memory_equal(raw.data, "\xaa\xbb", 2);
        return ERR_OK;
}

static void what_was_written_is_read(void **state)
{
        OWNED(buf_done) struct buf b;
        struct bytes wire;

        (void)state;
        buf_init(&b, 1000);
        write_sample(&b);
        assert_int_equal(buf_end(&b, &wire), ERR_OK);
        assert_memory_equal(wire.data, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
        assert_int_equal(wire.len, 1 + 2 + 4 + 8 + 8 + 4 + 6 + 4 + 2);
        assert_int_equal(read_sample(wire), ERR_OK);
}

static void a_message_cut_anywhere_is_malformed(void **state)
{
        OWNED(buf_done) struct buf b;
        struct bytes wire;

        (void)state;
        buf_init(&b, 1000);
        write_sample(&b);
        assert_int_equal(buf_end(&b, &wire), ERR_OK);
        for (size_t len = 0; len < wire.len; len++) {
                /* A block of its own, so that a read beyond it is seen. */
                uint8_t *cut = malloc(len > 0 ? len : 1);

                assert_non_null(cut);
                memcpy(cut, wire.data, len);
                assert_int_equal(read_sample(bytes_of(cut, len)), ERR_MALFORMED);
                free(cut);
        }
        put_u8(&b, 0);
        assert_int_equal(buf_end(&b, &wire), ERR_OK);
        assert_int_equal(read_sample(wire), ERR_MALFORMED);
}

static void a_refused_read_moves_nothing(void **state)
{
        struct reader r = reader_of(bytes_of("\x05\0\0\0abc", 7)), before = r;
        struct bytes out = {NULL, 42};
        uint64_t number = 42;

        (void)state;
        assert_int_equal(read_bytes(&r, 100, &out), ERR_MALFORMED);
        assert_int_equal(read_bytes(&r, 4, &out), ERR_TOO_LARGE);
        assert_int_equal(read_fixed(&r, SIZE_MAX, &out), ERR_MALFORMED);
        assert_int_equal(read_u64(&r, &number), ERR_MALFORMED);
        assert_ptr_equal(r.at, before.at);
        assert_int_equal(r.left, before.left);
        assert_int_equal(out.len, 42);
        assert_int_equal(number, 42);
}

static void the_empty_run_is_read_to_its_end(void **state)
{
        struct reader r = reader_of(bytes_of(NULL, 0));
        struct bytes none;
        uint8_t u8;

        (void)state;
        assert_int_equal(read_fixed(&r, 0, &none), ERR_OK);
        assert_int_equal(read_u8(&r, &u8), ERR_MALFORMED);
        assert_int_equal(read_end(&r), ERR_OK);
}

static void a_buffer_stops_at_its_ceiling_and_remembers(void **state)
{
        OWNED(buf_done) struct buf b;
        struct bytes wire = {NULL, 42};

        (void)state;
        buf_init(&b, 4);
        put_u32(&b, 1);
        assert_int_equal(buf_end(&b, &wire), ERR_OK);
        assert_int_equal(wire.len, 4);
        put_u8(&b, 1);
        wire.len = 42;
        assert_int_equal(buf_end(&b, &wire), ERR_TOO_LARGE);
        assert_int_equal(wire.len, 42);
        assert_null(buf_room(&b, 0));
        buf_done(&b);
        put_u32(&b, 7); /* usable again */
        assert_int_equal(buf_end(&b, &wire), ERR_OK);
        assert_int_equal(wire.data[0], 7);
}

static void a_length_that_wraps_is_too_large(void **state)
{
        OWNED(buf_done) struct buf b;
        struct bytes wire;

        (void)state;
        buf_init(&b, SIZE_MAX);
        put_u8(&b, 1);
        put_raw(&b, "x", SIZE_MAX);
        assert_int_equal(buf_end(&b, &wire), ERR_TOO_LARGE);
        buf_done(&b);
        put_bytes(&b, bytes_of("x", (size_t)UINT32_MAX + 1));
        assert_int_equal(buf_end(&b, &wire), ERR_TOO_LARGE);
}

static void room_is_there_to_be_filled(void **state)
{
        OWNED(buf_done) struct buf b;
        struct bytes wire;
        size_t len = 0;

        (void)state;
        buf_init(&b, 1 << 20);
        for (size_t i = 0; i < 1000; i++) {
                uint8_t *at = buf_room(&b, i);

                assert_non_null(at);
                memset(at, (int)(i & 0xff), i);
                len += i;
        }
        assert_int_equal(buf_end(&b, &wire), ERR_OK);
        assert_int_equal(wire.len, len);
        assert_int_equal(wire.data[len - 1], 999 & 0xff);
}

static void a_buffer_without_memory_says_so(void **state)
{
        unsigned nth = 0;

        (void)state;
        for (; fault_arm("alloc", nth); nth++) {
                OWNED(buf_done) struct buf b;
                struct bytes wire;

                buf_init(&b, 1 << 20);
                for (int i = 0; i < 1000; i++)
                        put_u64(&b, (uint64_t)i);
                enum err e = buf_end(&b, &wire);

                assert_true(e == ERR_NO_MEMORY || (e == ERR_OK && wire.len == 8000));
        }
        assert_true(nth > 3);
}

static void decimals_are_read_to_the_last_digit_or_not_at_all(void **state)
{
        static const struct {
                const char *text;
                uint32_t decimals;
                int64_t value;
        } good[] = {
                {"0", 0, 0},
                {"-12", 0, -12},
                {"007", 0, 7},
                {"12", 2, 1200},
                {"-0.5", 2, -50},
                {"1200.00", 2, 120000},
                {"9223372036854775807", 0, INT64_MAX},
                {"-9223372036854775807", 0, -INT64_MAX},
                {"92233720368547758.07", 2, INT64_MAX},
        };
        static const struct {
                const char *text;
                uint32_t decimals;
        } bad[] = {
                {"", 0},
                {"-", 0},
                {"+1", 0},
                {" 1", 0},
                {"1 ", 0},
                {"1,5", 2},
                {"1.", 2},
                {".5", 2},
                {"-.5", 2},
                {"1.5", 0},
                {"1.234", 2},
                {"1.2.3", 4},
                {"0x10", 0},
                {"1e3", 0},
                {"9223372036854775808", 0},
                {"-9223372036854775808", 0},
                {"92233720368547758.08", 2},
                {"92233720368547759", 2},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                int64_t n = 99;

                assert_true(bytes_decimal(bytes_of_text(good[i].text), good[i].decimals, &n));
                assert_true(n == good[i].value);
        }
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                int64_t n = 99;

                assert_false(bytes_decimal(bytes_of_text(bad[i].text), bad[i].decimals, &n));
                assert_true(n == 99);
        }
}

static void hex_goes_there_and_back(void **state)
{
        uint8_t all[256], back[256];
        char hex[513];

        (void)state;
        for (size_t i = 0; i < sizeof all; i++)
                all[i] = (uint8_t)i;
        hex_encode(bytes_of(all, sizeof all), hex);
        assert_memory_equal(hex, "000102", 6);
        assert_string_equal(hex + 508, "feff");
        assert_int_equal(hex_decode(hex, back, sizeof back), ERR_OK);
        assert_memory_equal(all, back, sizeof all);
        assert_int_equal(hex_decode("AbCd", back, 2), ERR_OK);
        assert_memory_equal(back, "\xab\xcd", 2);
        hex_encode(bytes_of(NULL, 0), hex);
        assert_string_equal(hex, "");
}

static void hex_that_is_short_long_or_wrong_is_refused(void **state)
{
        uint8_t out[2] = {7, 7};

        (void)state;
        assert_int_equal(hex_decode("abc", out, 2), ERR_MALFORMED);
        assert_int_equal(hex_decode("abcde", out, 2), ERR_MALFORMED);
        assert_int_equal(hex_decode("abcg", out, 2), ERR_MALFORMED);
        assert_int_equal(hex_decode("", out, 2), ERR_MALFORMED);
        assert_int_equal(hex_decode("00", out, SIZE_MAX), ERR_MALFORMED);
        assert_int_equal(out[0], 7);
        assert_int_equal(out[1], 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(runs_compare_by_content_and_then_by_length),
                cmocka_unit_test(a_copy_outlives_its_source),
                cmocka_unit_test(text_is_printable_unless_something_hides_in_it),
                cmocka_unit_test(nothing_hides_in_long_text),
                cmocka_unit_test(what_was_written_is_read),
                cmocka_unit_test(a_message_cut_anywhere_is_malformed),
                cmocka_unit_test(a_refused_read_moves_nothing),
                cmocka_unit_test(the_empty_run_is_read_to_its_end),
                cmocka_unit_test(a_buffer_stops_at_its_ceiling_and_remembers),
                cmocka_unit_test(a_length_that_wraps_is_too_large),
                cmocka_unit_test(room_is_there_to_be_filled),
                cmocka_unit_test(a_buffer_without_memory_says_so),
                cmocka_unit_test(decimals_are_read_to_the_last_digit_or_not_at_all),
                cmocka_unit_test(hex_goes_there_and_back),
                cmocka_unit_test(hex_that_is_short_long_or_wrong_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
