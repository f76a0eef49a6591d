/* SPDX-License-Identifier: Apache-2.0 */
/* test_body.c: columns in, the same columns out, and nothing else out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "gateway/store/body.h"

enum { ARENA = 512 << 20 };

static uint64_t seed = 1;

static uint32_t dice(uint32_t sides)
{
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        return (uint32_t)(seed >> 33) % sides;
}

static const struct bytes *some_codes(struct arena *a, uint32_t len)
{
        struct bytes *codes = arena_alloc(a, len, sizeof *codes);

        assert_non_null(codes);
        for (uint32_t i = 0; i < len; i++)
                codes[i] = bytes_of_text(arena_printf(a, "code-%u", i));
        return codes;
}

static struct column some_column(struct arena *a, uint32_t rows, enum column_kind kind, bool gaps)
{
        struct column c = {.kind = kind, .name = bytes_of_text(arena_printf(a, "v%u", dice(1000)))};
        uint8_t *values, *missing = NULL;

        c.width = kind == COLUMN_I64 ? 8 : kind == COLUMN_I32 ? 4 : 1;
        if (kind == COLUMN_CODES) {
                c.dictionary_len = 1 + (dice(4) == 0 ? dice(BATCH_DICTIONARY_MAX) : dice(20));
                c.dictionary = some_codes(a, c.dictionary_len);
                c.width = c.dictionary_len > 256 ? 2 : 1;
        }
        values = arena_alloc(a, (size_t)rows * c.width, 1);
        if (gaps)
                missing = arena_alloc(a, rows / 8 + 1, 1);
        for (uint32_t i = 0; i < rows; i++) {
                uint64_t v = kind == COLUMN_CODES      ? dice(c.dictionary_len)
                             : kind == COLUMN_BOOLEANS ? dice(2)
                                                       : (uint64_t)dice(1 << 30) << dice(20);

                memcpy(values + (size_t)i * c.width, &v, c.width);
                if (gaps && dice(5) == 0)
                        missing[i / 8] |= (uint8_t)(1U << (i % 8));
        }
        c.values = values;
        c.missing = missing;
        return c;
}

static struct batch some_batch(struct arena *a, uint32_t rows, uint32_t columns)
{
        struct batch b = {.rows = rows, .columns_len = columns};
        struct column *list = arena_alloc(a, columns, sizeof *list);

        assert_non_null(list);
        for (uint32_t i = 0; i < columns; i++)
                list[i] = some_column(
                        a, rows, (enum column_kind)(COLUMN_CODES + dice(4)), dice(2) == 0);
        b.columns = list;
        return b;
}

static uint8_t *some_rows(struct arena *a, uint32_t rows, uint32_t sides, uint32_t *out_kept)
{
        uint8_t *keep = arena_alloc(a, rows, 1);

        *out_kept = 0;
        for (uint32_t i = 0; i < rows; i++) {
                keep[i] = dice(sides) != 0;
                *out_kept += keep[i];
        }
        return keep;
}

static uint64_t value_at(const struct column *c, uint32_t row)
{
        uint64_t v = 0;

        memcpy(&v, c->values + (size_t)row * c->width, c->width);
        return v;
}

static void assert_same_value(
        const struct column *in, uint32_t i, const struct column *out, uint32_t k)
{
        assert_int_equal(column_is_missing(in, i), column_is_missing(out, k));
        if (column_is_missing(in, i)) {
                assert_int_equal(value_at(out, k), 0);
        } else if (in->kind == COLUMN_CODES) {
                assert_true(value_at(out, k) < out->dictionary_len);
                assert_true(bytes_equal(
                        in->dictionary[value_at(in, i)], out->dictionary[value_at(out, k)]));
        } else {
                assert_true(value_at(in, i) == value_at(out, k));
        }
}

static void assert_holds(
        const struct batch *b, const uint8_t *keep, const struct column *out, uint32_t len)
{
        assert_int_equal(len, b->columns_len);
        for (uint32_t c = 0; c < len; c++) {
                const struct column *in = &b->columns[c];

                assert_true(bytes_equal(in->name, out[c].name));
                assert_int_equal(in->kind, out[c].kind);
                for (uint32_t i = 0, k = 0; i < b->rows; i++)
                        if (keep == NULL || keep[i] != 0)
                                assert_same_value(in, i, &out[c], k++);
        }
}

static void columns_come_back_as_they_went_in(void **state)
{
        (void)state;
        for (int round = 0; round < 150; round++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                struct batch b = some_batch(a, 1 + dice(round % 20 == 0 ? 65536 : 700), dice(12));
                struct column *columns;
                struct bytes body;
                uint32_t len;

                assert_int_equal(body_pack(a, &b, NULL, b.rows, &body), ERR_OK);
                assert_int_equal(body_unpack(a, body, b.rows, &columns, &len), ERR_OK);
                assert_holds(&b, NULL, columns, len);
        }
}

static void rejected_rows_are_left_out(void **state)
{
        (void)state;
        for (int round = 0; round < 150; round++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                struct batch b = some_batch(a, 1 + dice(700), 1 + dice(12));
                uint32_t kept, len;
                uint8_t *keep = some_rows(a, b.rows, 1 + (uint32_t)round % 4, &kept);
                struct column *columns;
                struct bytes body;

                assert_int_equal(body_pack(a, &b, keep, kept, &body), ERR_OK);
                assert_int_equal(body_unpack(a, body, kept, &columns, &len), ERR_OK);
                assert_holds(&b, keep, columns, len);
        }
}

static void filtering_a_body_is_packing_fewer_rows(void **state)
{
        (void)state;
        for (int round = 0; round < 100; round++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                struct batch b = some_batch(a, 1 + dice(700), 1 + dice(12));
                uint32_t kept;
                uint8_t *keep = some_rows(a, b.rows, 3, &kept);
                struct bytes all, filtered, fewer;

                assert_int_equal(body_pack(a, &b, NULL, b.rows, &all), ERR_OK);
                assert_int_equal(body_filter(a, all, keep, b.rows, &filtered), ERR_OK);
                assert_int_equal(body_pack(a, &b, keep, kept, &fewer), ERR_OK);
                assert_true(bytes_equal(filtered, fewer));
        }
}

static struct column codes_column(const struct bytes *codes, uint32_t len, uint32_t width,
        const uint8_t *values, const uint8_t *missing)
{
        return (struct column){.name = bytes_of_text("orsak"),
                .kind = COLUMN_CODES,
                .dictionary = codes,
                .dictionary_len = len,
                .width = width,
                .values = values,
                .missing = missing};
}

static void a_code_that_only_a_dropped_row_used_is_gone(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct bytes codes[3] = {bytes_of_text("vanlig"), bytes_of_text("synnerligen-ovanlig"),
                bytes_of_text("annan")};
        const uint8_t values[4] = {0, 1, 2, 0}, keep[4] = {1, 0, 1, 1};
        struct column c = codes_column(codes, 3, 1, values, NULL), *out;
        struct batch b = {.rows = 4, .columns = &c, .columns_len = 1};
        struct bytes body;
        uint32_t len;

        (void)state;
        assert_int_equal(body_pack(a, &b, keep, 3, &body), ERR_OK);
        assert_int_equal(body_unpack(a, body, 3, &out, &len), ERR_OK);
        assert_int_equal(out[0].dictionary_len, 2);
        assert_holds(&b, keep, out, len);
        assert_null(memmem(body.data, body.len, "synner", 6));
}

static void what_stands_under_a_missing_value_is_not_kept(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        const uint8_t missing[1] = {0x02}, clean[8] = {0, 0, 1, 0};
        uint8_t dirty[8] = {0, 0, 1, 0};
        struct bytes codes[2] = {bytes_of_text("a"), bytes_of_text("b")}, one, two;
        struct column first = codes_column(codes, 2, 1, clean, missing);
        struct column second = codes_column(codes, 2, 1, dirty, missing);
        struct batch b = {.rows = 4, .columns = &first, .columns_len = 1};

        (void)state;
        dirty[1] = 1;
        assert_int_equal(body_pack(a, &b, NULL, 4, &one), ERR_OK);
        b.columns = &second;
        assert_int_equal(body_pack(a, &b, NULL, 4, &two), ERR_OK);
        assert_true(bytes_equal(one, two));
}

static void a_column_in_which_all_is_missing_needs_no_dictionary(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        const uint8_t values[9] = {0}, missing[2] = {0xff, 0x01};
        struct column c = codes_column(NULL, 0, 1, values, missing), *out;
        struct batch b = {.rows = 9, .columns = &c, .columns_len = 1};
        struct bytes body;
        uint32_t len;

        (void)state;
        assert_int_equal(body_pack(a, &b, NULL, 9, &body), ERR_OK);
        assert_int_equal(body_unpack(a, body, 9, &out, &len), ERR_OK);
        for (uint32_t i = 0; i < 9; i++)
                assert_true(column_is_missing(&out[0], i));
}

static void an_index_that_got_small_gets_narrow(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        const struct bytes *codes = some_codes(a, 300);
        uint8_t values[600], keep[300];
        struct column c = codes_column(codes, 300, 2, values, NULL), *out;
        struct batch b = {.rows = 300, .columns = &c, .columns_len = 1};
        struct bytes body;
        uint32_t len;

        (void)state;
        for (uint32_t i = 0; i < 300; i++) {
                values[2 * i] = (uint8_t)i;
                values[2 * i + 1] = (uint8_t)(i >> 8);
                keep[i] = i >= 44;
        }
        assert_int_equal(body_pack(a, &b, keep, 256, &body), ERR_OK);
        assert_int_equal(body_unpack(a, body, 256, &out, &len), ERR_OK);
        assert_int_equal(out[0].width, 1);
        assert_holds(&b, keep, out, len);
        keep[0] = 1;
        assert_int_equal(body_pack(a, &b, keep, 257, &body), ERR_OK);
        assert_int_equal(body_unpack(a, body, 257, &out, &len), ERR_OK);
        assert_int_equal(out[0].width, 2);
        assert_holds(&b, keep, out, len);
}

static void what_unpacking_would_refuse_is_not_packed(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct bytes codes[2] = {bytes_of_text("a"), bytes_of_text("b")}, body;
        const uint8_t values[2] = {0, 2};
        struct column c = codes_column(codes, 2, 1, values, NULL);
        struct batch b = {.rows = 2, .columns = &c, .columns_len = 1};
        const uint8_t keep[2] = {1, 0};

        (void)state;
        assert_int_equal(body_pack(a, &b, NULL, 2, &body), ERR_INVALID);
        c.width = 4;
        assert_int_equal(body_pack(a, &b, keep, 1, &body), ERR_INVALID);
        c.width = 1;
        assert_int_equal(body_pack(a, &b, keep, 2, &body), ERR_INVALID);
        assert_int_equal(body_pack(a, &b, keep, 1, &body), ERR_OK);
        c.kind = COLUMN_BOOLEANS;
        assert_int_equal(body_pack(a, &b, NULL, 2, &body), ERR_INVALID);
        b.rows = BATCH_ROWS_MAX + 1;
        assert_int_equal(body_pack(a, &b, NULL, b.rows, &body), ERR_INVALID);
}

/* Unpacks from a block of just this size, so that a step beyond is seen. */
static enum err unpack_copy(const uint8_t *data, size_t len, uint32_t rows)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        uint8_t *copy = malloc(len > 0 ? len : 1);
        struct column *columns = NULL;
        uint32_t columns_len = 0;

        assert_non_null(copy);
        if (len > 0)
                memcpy(copy, data, len);
        enum err e = body_unpack(a, bytes_of(copy, len), rows, &columns, &columns_len);

        for (uint32_t c = 0; e == ERR_OK && c < columns_len; c++)
                for (uint32_t i = 0; i < rows; i++)
                        if (columns[c].kind == COLUMN_CODES && !column_is_missing(&columns[c], i))
                                assert_true(value_at(&columns[c], i) < columns[c].dictionary_len);
        free(copy);
        return e;
}

static void every_byte_may_be_wrong_and_every_length_short(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct batch b = some_batch(a, 37, 6);
        struct bytes body;

        (void)state;
        assert_int_equal(body_pack(a, &b, NULL, b.rows, &body), ERR_OK);
        uint8_t *copy = arena_alloc(a, body.len + 1, 1);

        memcpy(copy, body.data, body.len);
        assert_int_equal(unpack_copy(copy, body.len, b.rows), ERR_OK);
        for (size_t i = 0; i < body.len; i++) {
                assert_int_equal(unpack_copy(copy, i, b.rows), ERR_CORRUPT);
                for (unsigned bit = 0; bit < 8; bit++) {
                        copy[i] ^= (uint8_t)(1U << bit);
                        enum err e = unpack_copy(copy, body.len, b.rows);

                        assert_true(e == ERR_OK || e == ERR_CORRUPT);
                        copy[i] ^= (uint8_t)(1U << bit);
                }
        }
        assert_int_equal(unpack_copy(copy, body.len + 1, b.rows), ERR_CORRUPT);
        assert_int_equal(unpack_copy(copy, body.len, b.rows + 1), ERR_CORRUPT);
}

/* zstd frames by hand: a raw block holds its bytes as they are, so the fields
 * behind the compression can be forged one by one. */
static struct bytes frame_of(struct arena *a, uint32_t rows, struct bytes plain)
{
        uint8_t *at = arena_alloc(a, 64 + plain.len, 1), *start = at;
        const uint32_t head[3] = {0x31424753, rows, (uint32_t)plain.len};
        uint32_t block = 1U | (uint32_t)plain.len << 3;

        assert_non_null(at);
        memcpy(at, head, 12);
        at += 12;
        memcpy(at, "\x28\xb5\x2f\xfd\xa0", 5); /* single segment, 4 bytes of length */
        at += 5;
        memcpy(at, &head[2], 4);
        memcpy(at + 4, &block, 3);
        at += 7;
        memcpy(at, plain.data, plain.len);
        return bytes_of(start, (size_t)(at - start) + plain.len);
}

static enum err unpack_plain(const char *plain, size_t len, uint32_t rows)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct bytes body = frame_of(a, rows, bytes_of(plain, len));

        return unpack_copy(body.data, body.len, rows);
}

#define PLAIN(text) text, sizeof(text) - 1

static void forged_fields_behind_the_compression_are_refused(void **state)
{
        (void)state;
        /* Two codes, two rows, as it should be. */
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\1\1\0\2\0\1a\1b\0\1"), 2), ERR_OK);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\1\1\1\2\0\1a\1b\0\1\1"), 2), ERR_OK);
        assert_int_equal(unpack_plain(PLAIN("\0\0"), 2), ERR_OK);
        /* Index beyond the dictionary; and beyond an empty one. */
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\1\1\0\2\0\1a\1b\0\2"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\1\1\0\0\0\0\0"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\1\1\1\0\0\0\0\3"), 2), ERR_OK);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\1\1\1\0\0\0\0\1"), 2), ERR_CORRUPT);
        /* A bit of the bitmap beyond the rows; a flag that is neither 0 nor 1. */
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\1\1\1\2\0\1a\1b\0\1\4"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\1\1\2\2\0\1a\1b\0\1\0"), 2), ERR_CORRUPT);
        /* Kind and width that do not belong together; kinds that are none. */
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\1\4\0\2\0\1a\1b\0\1"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\2\1\0\0\1"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\0\1\0\0\1"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\5\1\0\0\1"), 2), ERR_CORRUPT);
        /* A boolean of 2; a column without a name; leftovers; more columns than said. */
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\4\1\0\0\1"), 2), ERR_OK);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\4\1\0\0\2"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\1\0\0\4\1\0\0\1"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\4\1\0\0\1\0"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\2\0\1v\4\1\0\0\1"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\377\377"), 2), ERR_CORRUPT);
        assert_int_equal(unpack_plain(PLAIN("\1\0\1v\1\1\0\377\377\1a\1b\0\1"), 2), ERR_CORRUPT);
}

static void a_bomb_is_refused_before_memory_is_asked_for(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        /* A frame that says 65 MiB, and a head that agrees. */
        const uint32_t len = 65 << 20;
        uint8_t bomb[12 + 5 + 4 + 7] = "SGB1\x01\0\0\0....\x28\xb5\x2f\xfd\xa0";
        const uint32_t block = 3U | len << 3;
        struct column *columns;
        uint32_t columns_len;

        (void)state;
        memcpy(bomb + 8, &len, 4);
        memcpy(bomb + 17, &len, 4);
        memcpy(bomb + 21, &block, 3);
        assert_int_equal(body_unpack(a, bytes_of(bomb, sizeof bomb), 1, &columns, &columns_len),
                ERR_CORRUPT);
        assert_true(arena_used(a) < 4096);
}

static void a_full_arena_is_short_of_memory_and_no_worse(void **state)
{
        OWNED(arena_free) struct arena *big = arena_new(ARENA);
        struct batch b = some_batch(big, 500, 5);
        struct bytes body, again;
        struct column *columns;
        uint32_t len;

        (void)state;
        assert_int_equal(body_pack(big, &b, NULL, b.rows, &body), ERR_OK);
        for (size_t room = 0; room < 60000; room += 1500) {
                OWNED(arena_free) struct arena *a = arena_new(room);
                enum err packed = body_pack(a, &b, NULL, b.rows, &again);

                assert_true(packed == ERR_OK || packed == ERR_NO_MEMORY);
                arena_reset(a);
                enum err unpacked = body_unpack(a, body, b.rows, &columns, &len);

                assert_true(unpacked == ERR_OK || unpacked == ERR_NO_MEMORY);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(columns_come_back_as_they_went_in),
                cmocka_unit_test(rejected_rows_are_left_out),
                cmocka_unit_test(filtering_a_body_is_packing_fewer_rows),
                cmocka_unit_test(a_code_that_only_a_dropped_row_used_is_gone),
                cmocka_unit_test(what_stands_under_a_missing_value_is_not_kept),
                cmocka_unit_test(a_column_in_which_all_is_missing_needs_no_dictionary),
                cmocka_unit_test(an_index_that_got_small_gets_narrow),
                cmocka_unit_test(what_unpacking_would_refuse_is_not_packed),
                cmocka_unit_test(every_byte_may_be_wrong_and_every_length_short),
                cmocka_unit_test(forged_fields_behind_the_compression_are_refused),
                cmocka_unit_test(a_bomb_is_refused_before_memory_is_asked_for),
                cmocka_unit_test(a_full_arena_is_short_of_memory_and_no_worse),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
