/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_batch.c: columns on the wire: what passes, what is refused and where,
 * and that no byte out of place can do harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "proto/wire.h"
#include "tests/support/wire_raw.h"

enum { ROWS = 10, COLUMNS = 4, ARENA = 8 << 20 };

/* Field numbers of Column.values. */
enum { RAW_UNSET = 0, RAW_CODES = 2, RAW_I32 = 3, RAW_I64 = 4, RAW_BOOLEANS = 5 };

struct raw_column {
        struct bytes variable, values, missing;
        unsigned kind;
        struct bytes dictionary[3];
        unsigned dictionary_len;
};

/* A batch that nothing is wrong with, in parts that a test may spoil. */
struct raw_batch {
        uint64_t sequence, rows;
        bool clear, sealed, guardians, guardian_persons;
        struct bytes ids, kinds, key_id, box, signature, counts, guardian_ids, guardian_kinds,
                record_keys;
        struct raw_column columns[COLUMNS];
        unsigned columns_len;
};

static uint8_t digits[ROWS * PERSON_ID_LEN], keys[ROWS * 3];
static const uint8_t signature[WIRE_SIGNATURE_LEN] = {7};
static const uint8_t kinds[ROWS] = {1, 1, 2, 0, 1, 1, 1, 1, 1, 1};
static const uint8_t counts[ROWS] = {2, 0, 0, 1, 0, 0, 0, 0, 0, 2};
static const uint8_t form_index[ROWS] = {0, 1, 2, 0, 1, 2, 0, 1, 2, 2};
static const uint8_t flags[ROWS] = {0, 1, 1, 0, 1, 0, 0, 1, 0, 0};
static const int32_t starts[ROWS] = {20000, 20001, -5, 0, 1, 2, 3, 4, INT32_MIN, INT32_MAX};
static const int64_t costs[ROWS] = {1, -1, INT64_MIN, INT64_MAX, 0, 5, 6, 7, 8, 9};

static struct raw_batch sample(void)
{
        for (unsigned i = 0; i < sizeof digits; i++)
                digits[i] = (uint8_t)('0' + i % 10);
        for (unsigned i = 0; i < sizeof keys; i++)
                keys[i] = (uint8_t)('a' + i % 26);
        return (struct raw_batch){
                .sequence = 7,
                .rows = ROWS,
                .clear = true,
                .ids = bytes_of(digits, sizeof digits),
                .kinds = bytes_of(kinds, sizeof kinds),
                .key_id = RAW("0123456789abcdef"),
                .box = RAW("sealed"),
                .signature = bytes_of(signature, sizeof signature),
                .guardians = true,
                .guardian_persons = true,
                .counts = bytes_of(counts, sizeof counts),
                .guardian_ids = bytes_of(digits, 5 * PERSON_ID_LEN),
                .guardian_kinds = bytes_of(kinds, 5),
                .record_keys = bytes_of(keys, sizeof keys),
                .columns = {{.variable = RAW("form"),
                                    .kind = RAW_CODES,
                                    .values = bytes_of(form_index, ROWS),
                                    .dictionary = {RAW("HVB"), RAW("FAM"), RAW("SIS")},
                                    .dictionary_len = 3},
                        {.variable = RAW("start"),
                                .kind = RAW_I32,
                                .values = bytes_of(starts, sizeof starts),
                                .missing = RAW("\x04\x02")},
                        {.variable = RAW("kostnad"),
                                .kind = RAW_I64,
                                .values = bytes_of(costs, sizeof costs)},
                        {.variable = RAW("planerad"),
                                .kind = RAW_BOOLEANS,
                                .values = bytes_of(flags, ROWS)}},
                .columns_len = COLUMNS,
        };
}

static void write_persons(
        struct buf *b, unsigned field, struct bytes ids, struct bytes kinds_of_ids)
{
        struct buf inner;

        buf_init(&inner, ARENA);
        raw_bytes(&inner, 1, ids);
        raw_bytes(&inner, 2, kinds_of_ids);
        raw_message(b, field, &inner);
        buf_done(&inner);
}

static void write_column(struct buf *b, const struct raw_column *c)
{
        struct buf column, values;

        buf_init(&column, ARENA);
        buf_init(&values, ARENA);
        raw_bytes(&column, 1, c->variable);
        if (c->kind == RAW_BOOLEANS) {
                raw_bytes(&column, RAW_BOOLEANS, c->values);
        } else if (c->kind != RAW_UNSET) {
                for (unsigned i = 0; i < c->dictionary_len; i++)
                        raw_bytes(&values, 1, c->dictionary[i]);
                raw_bytes(&values, c->kind == RAW_CODES ? 2 : 1, c->values);
                raw_message(&column, c->kind, &values);
        }
        if (c->missing.len > 0)
                raw_bytes(&column, 6, c->missing);
        raw_message(b, 7, &column);
        buf_done(&values);
        buf_done(&column);
}

static void write_request(struct buf *out, const struct raw_batch *r)
{
        struct buf b, inner;

        buf_init(&b, ARENA);
        buf_init(&inner, ARENA);
        raw_number(&b, 1, r->sequence);
        raw_number(&b, 2, r->rows);
        if (r->clear)
                write_persons(&b, 3, r->ids, r->kinds);
        if (r->sealed) {
                raw_bytes(&inner, 1, r->key_id);
                raw_bytes(&inner, 2, r->box);
                raw_bytes(&inner, 3, r->signature);
                raw_message(&b, 4, &inner);
        }
        if (r->guardians) {
                raw_bytes(&inner, 1, r->counts);
                if (r->guardian_persons)
                        write_persons(&inner, 2, r->guardian_ids, r->guardian_kinds);
                raw_message(&b, 5, &inner);
        }
        raw_bytes(&b, 6, r->record_keys);
        for (unsigned i = 0; i < r->columns_len; i++)
                write_column(&b, &r->columns[i]);
        raw_message(out, 2, &b);
        buf_done(&inner);
        buf_done(&b);
}

static enum err decode(
        struct arena *a, const struct raw_batch *r, struct submit_request *out, struct refusal *why)
{
        struct buf wire;

        buf_init(&wire, 16 << 20);
        write_request(&wire, r);
        enum err rc = submit_request_decode(a, bytes_of(wire.data, wire.len), out, why);
        buf_done(&wire);
        return rc;
}

static void every_column_arrives(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct raw_batch raw = sample();
        struct submit_request r;
        struct refusal why = {0};

        assert_int_equal(decode(a, &raw, &r, &why), ERR_OK);
        assert_int_equal(r.kind, SUBMIT_BATCH);

        const struct batch *b = &r.batch;

        assert_int_equal(b->sequence, 7);
        assert_int_equal(b->rows, ROWS);
        assert_false(b->sealed);
        assert_memory_equal(b->persons.ids, digits, sizeof digits);
        assert_memory_equal(b->persons.kinds, kinds, ROWS);
        assert_int_equal(b->guardians.len, 5);
        assert_int_equal(b->guardians.offsets[0], 0);
        assert_int_equal(b->guardians.offsets[1], 2);
        assert_int_equal(b->guardians.offsets[4], 3);
        assert_int_equal(b->guardians.offsets[ROWS], 5);
        assert_memory_equal(b->guardians.persons.ids, digits, 60);
        assert_int_equal(b->record_key_width, 3);
        assert_memory_equal(b->record_keys, keys, sizeof keys);
        assert_int_equal(b->columns_len, COLUMNS);
        assert_int_equal(b->columns[0].kind, COLUMN_CODES);
        assert_int_equal(b->columns[0].width, 1);
        assert_int_equal(b->columns[0].dictionary_len, 3);
        assert_true(bytes_is_text(b->columns[0].dictionary[2], "SIS"));
        assert_memory_equal(b->columns[0].values, form_index, ROWS);
        assert_int_equal(b->columns[1].kind, COLUMN_I32);
        assert_int_equal(b->columns[2].kind, COLUMN_I64);
        assert_memory_equal(b->columns[2].values, costs, sizeof costs);
        assert_int_equal(b->columns[3].kind, COLUMN_BOOLEANS);
        assert_null(b->columns[3].missing);
}

static void what_stands_at_a_missing_row_is_wiped(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct raw_batch raw = sample();
        struct submit_request r;
        int32_t expected[ROWS];

        memcpy(expected, starts, sizeof starts);
        expected[2] = expected[9] = 0;
        /* An index from nowhere, in a row that has no value. */
        raw.columns[0].values = RAW("\0\1\2\0\xff\2\0\1\2\xff");
        raw.columns[0].missing = RAW("\x10\x02");
        raw.columns[3].values = RAW("\0\1\7\0\0\0\0\0\0\0");
        raw.columns[3].missing = RAW("\x04\0");
        assert_int_equal(decode(a, &raw, &r, NULL), ERR_OK);
        assert_memory_equal(r.batch.columns[1].values, expected, sizeof expected);
        assert_memory_equal(r.batch.columns[0].values, "\0\1\2\0\0\2\0\1\2\0", ROWS);
        assert_memory_equal(r.batch.columns[3].values, "\0\1\0\0\0\0\0\0\0\0", ROWS);
        assert_true(column_is_missing(&r.batch.columns[1], 9));
        assert_false(column_is_missing(&r.batch.columns[1], 8));
}

static void parts_may_be_absent(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct raw_batch raw = sample();
        struct submit_request r;

        raw.clear = raw.guardians = false;
        raw.columns_len = 0;
        assert_int_equal(decode(a, &raw, &r, NULL), ERR_OK);
        assert_null(r.batch.persons.ids);
        assert_null(r.batch.guardians.offsets);
        assert_int_equal(r.batch.guardians.len, 0);

        raw = sample();
        raw.counts = RAW("\0\0\0\0\0\0\0\0\0\0");
        raw.guardian_persons = false;
        raw.columns[0].dictionary_len = 0;
        raw.columns[0].missing = RAW("\xff\x03");
        assert_int_equal(decode(a, &raw, &r, NULL), ERR_OK);
        assert_int_equal(r.batch.guardians.len, 0);
        assert_int_equal(r.batch.columns[0].dictionary_len, 0);
}

static void sealed_persons_hold_the_guardians_too(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct raw_batch raw = sample();
        struct submit_request r;

        raw.clear = false;
        raw.sealed = true;
        raw.guardian_persons = false;
        assert_int_equal(decode(a, &raw, &r, NULL), ERR_OK);
        assert_true(r.batch.sealed);
        assert_true(bytes_is_text(r.batch.key_id, "0123456789abcdef"));
        assert_true(bytes_is_text(r.batch.box, "sealed"));
        assert_true(bytes_equal(r.batch.signature, raw.signature));
        assert_null(r.batch.persons.ids);
        assert_int_equal(r.batch.guardians.len, 5);
        assert_null(r.batch.guardians.persons.ids);
}

static void refused(const struct raw_batch *raw, const char *field)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct submit_request r = {.kind = SUBMIT_COMMIT};
        struct refusal why = {0};

        assert_int_equal(decode(a, raw, &r, &why), ERR_INVALID);
        assert_int_equal(why.len, 1);
        assert_string_equal(why.violations[0].field, field);
        assert_true(strlen(why.violations[0].text) > 0);
        assert_int_equal(r.kind, SUBMIT_COMMIT);
        /* It is nobody's duty to listen. */
        assert_int_equal(decode(a, raw, &r, NULL), ERR_INVALID);
}

#define SPOIL(change, field)                                                                       \
        do {                                                                                       \
                struct raw_batch r = sample();                                                     \
                change;                                                                            \
                refused(&r, field);                                                                \
        } while (0)

static void each_wrong_part_is_refused_by_its_path(void **state)
{
        (void)state;
        static const char name49[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        static const uint8_t long_keys[ROWS * (RECORD_KEY_MAX_LEN + 1)];
        static const char code33[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

        SPOIL(r.sequence = BATCHES_MAX, "batch.sequence");
        SPOIL(r.rows = 0, "batch.rows");
        SPOIL(r.rows = BATCH_ROWS_MAX + 1, "batch.rows");
        SPOIL(r.rows = UINT32_MAX, "batch.rows");
        SPOIL(r.ids.len--, "batch.clear.ids");
        SPOIL(r.ids.len = 0, "batch.clear.ids");
        SPOIL(r.kinds.len--, "batch.clear.kinds");
        SPOIL(r.kinds = RAW("\1\1\1\1\1\1\1\1\1\3"), "batch.clear.kinds");
        SPOIL((r.sealed = true, r.key_id.len = 0), "batch.sealed.key_id");
        SPOIL((r.sealed = true, r.key_id = RAW("0123456789\0bcdef")), "batch.sealed.key_id");
        SPOIL((r.sealed = true, r.key_id = RAW("0123456789ABCDEF")), "batch.sealed.key_id");
        SPOIL((r.sealed = true, r.key_id = RAW(name49)), "batch.sealed.key_id");
        SPOIL((r.sealed = true, r.box.len = 0), "batch.sealed.box");
        SPOIL((r.sealed = true, r.signature.len = 0), "batch.sealed.signature");
        SPOIL((r.sealed = true, r.signature.len--), "batch.sealed.signature");
        SPOIL(r.sealed = true, "batch.guardians.persons");
        SPOIL(r.counts.len--, "batch.guardians.counts");
        SPOIL(r.counts = RAW("\x9\0\0\0\0\0\0\0\0\0"), "batch.guardians.counts");
        SPOIL(r.guardian_persons = false, "batch.guardians.persons");
        SPOIL(r.guardian_ids.len -= 12, "batch.guardians.persons.ids");
        SPOIL(r.guardian_ids.len += 12, "batch.guardians.persons.ids");
        SPOIL(r.guardian_kinds.len--, "batch.guardians.persons.kinds");
        SPOIL(r.guardian_kinds = RAW("\1\1\1\1\xff"), "batch.guardians.persons.kinds");
        SPOIL(r.record_keys.len = 0, "batch.record_keys");
        SPOIL(r.record_keys.len--, "batch.record_keys");
        SPOIL(r.record_keys = bytes_of(long_keys, sizeof long_keys), "batch.record_keys");
        SPOIL(r.columns[1].variable.len = 0, "batch.columns[1].variable");
        SPOIL(r.columns[2].variable = RAW("form"), "batch.columns[2].variable");
        SPOIL(r.columns[2].variable = RAW("a\0b"), "batch.columns[2].variable");
        SPOIL(r.columns[2].variable = RAW("\xc3\x28"), "batch.columns[2].variable");
        SPOIL(r.columns[2].variable = RAW(name49), "batch.columns[2].variable");
        SPOIL(r.columns[3].kind = RAW_UNSET, "batch.columns[3].values");
        SPOIL(r.columns[0].values.len--, "batch.columns[0].codes.index");
        SPOIL(r.columns[0].values.len = 0, "batch.columns[0].codes.index");
        SPOIL(r.columns[0].dictionary_len = 2, "batch.columns[0].codes.index");
        SPOIL(r.columns[0].dictionary_len = 0, "batch.columns[0].codes.index");
        SPOIL((r.columns[0].dictionary_len = 0, r.columns[0].missing = RAW("\xff\x02")),
                "batch.columns[0].codes.index");
        SPOIL(r.columns[0].dictionary[1].len = 0, "batch.columns[0].codes.dictionary[1]");
        SPOIL(r.columns[0].dictionary[2] = RAW("\x1b["), "batch.columns[0].codes.dictionary[2]");
        SPOIL(r.columns[0].dictionary[2] = RAW(code33), "batch.columns[0].codes.dictionary[2]");
        SPOIL(r.columns[0].dictionary[2] = RAW("HVB"), "batch.columns[0].codes.dictionary");
        SPOIL(r.columns[1].values.len -= 4, "batch.columns[1].integers32.values");
        SPOIL(r.columns[1].values.len = 0, "batch.columns[1].integers32.values");
        SPOIL(r.columns[2].values.len -= 8, "batch.columns[2].integers64.values");
        SPOIL(r.columns[3].values.len--, "batch.columns[3].booleans");
        SPOIL(r.columns[3].values = RAW("\0\0\0\0\0\0\0\0\0\2"), "batch.columns[3].booleans");
        SPOIL(r.columns[1].missing.len = 1, "batch.columns[1].missing");
        SPOIL(r.columns[1].missing = RAW("\0\0\0"), "batch.columns[1].missing");
        SPOIL(r.columns[1].missing = RAW("\0\x04"), "batch.columns[1].missing");
}

static void a_request_that_is_nothing_is_refused(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct submit_request r;
        struct refusal why = {0};

        assert_int_equal(submit_request_decode(a, (struct bytes){0}, &r, &why), ERR_INVALID);
        assert_string_equal(why.violations[0].field, "request");
        why = (struct refusal){0};
        assert_int_equal(submit_request_decode(a, RAW("\x12\x7f"), &r, &why), ERR_MALFORMED);
        assert_string_equal(why.violations[0].field, "request");
        /* An unknown field is not a request either, but is no reason to fail. */
        assert_int_equal(submit_request_decode(a, RAW("\x7a\1x"), &r, NULL), ERR_INVALID);
}

/* Sizes -------------------------------------------------------------------- */

/* A batch of one column of codes "0", "1" …, with 2-byte indexes. */
static void write_dictionary(struct buf *out, unsigned codes, unsigned rows, unsigned most)
{
        struct buf b, column, values, index;
        char code[12];

        buf_init(&b, ARENA);
        buf_init(&column, ARENA);
        buf_init(&values, ARENA);
        buf_init(&index, ARENA);
        raw_bytes(&column, 1, RAW("kommun"));
        for (unsigned i = 0; i < codes; i++) {
                (void)snprintf(code, sizeof code, "%u", i);
                raw_bytes(&values, 1, bytes_of_text(code));
        }
        for (unsigned i = 0; i < rows; i++)
                put_u16(&index, (uint16_t)(i == rows - 1 ? most : i % 10));
        raw_bytes(&values, 2, bytes_of(index.data, index.len));
        raw_message(&column, RAW_CODES, &values);
        raw_number(&b, 2, rows);
        memset(buf_room(&values, rows), 'k', rows);
        raw_bytes(&b, 6, bytes_of(values.data, values.len));
        raw_message(&b, 7, &column);
        raw_message(out, 2, &b);
        buf_done(&index);
        buf_done(&values);
        buf_done(&column);
        buf_done(&b);
}

static enum err decode_dictionary(unsigned codes, unsigned rows, unsigned most)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct submit_request r;
        struct buf wire;

        buf_init(&wire, ARENA);
        write_dictionary(&wire, codes, rows, most);
        enum err rc = submit_request_decode(a, bytes_of(wire.data, wire.len), &r, NULL);
        buf_done(&wire);
        return rc;
}

static void the_last_index_of_the_longest_dictionary_passes_and_the_next_does_not(void **state)
{
        (void)state;
        for (unsigned rows = 60; rows < 70; rows++) {
                assert_int_equal(decode_dictionary(4096, rows, 4095), ERR_OK);
                assert_int_equal(decode_dictionary(4096, rows, 4096), ERR_INVALID);
                assert_int_equal(decode_dictionary(4096, rows, 65535), ERR_INVALID);
        }
        assert_int_equal(decode_dictionary(BATCH_DICTIONARY_MAX + 1, 64, 5), ERR_INVALID);
        assert_int_equal(decode_dictionary(10, BATCH_ROWS_MAX, 9), ERR_OK);
        assert_int_equal(decode_dictionary(10, BATCH_ROWS_MAX, 10), ERR_INVALID);
        assert_int_equal(decode_dictionary(10, BATCH_ROWS_MAX + 1, 9), ERR_INVALID);
}

static void more_columns_than_allowed_are_refused(void **state)
{
        (void)state;
        static const char names[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#?";

        for (unsigned n = BATCH_COLUMNS_MAX; n <= BATCH_COLUMNS_MAX + 1; n++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                struct submit_request r;
                struct buf wire, b;

                buf_init(&wire, ARENA);
                buf_init(&b, ARENA);
                raw_number(&b, 2, 1);
                raw_bytes(&b, 6, RAW("k"));
                for (unsigned i = 0; i < n; i++) {
                        struct raw_column c = {.variable = bytes_of(names + i, 1),
                                .kind = RAW_BOOLEANS,
                                .values = RAW("\1")};

                        write_column(&b, &c);
                }
                raw_message(&wire, 2, &b);
                assert_int_equal(submit_request_decode(a, bytes_of(wire.data, wire.len), &r, NULL),
                        n == BATCH_COLUMNS_MAX ? ERR_OK : ERR_INVALID);
                buf_done(&b);
                buf_done(&wire);
        }
}

static void a_message_larger_than_allowed_is_not_even_read(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(64 << 20);
        struct submit_request r;
        uint8_t *zeros = calloc(1, BATCH_WIRE_MAX + 1);

        assert_non_null(zeros);
        assert_int_equal(submit_request_decode(a, bytes_of(zeros, BATCH_WIRE_MAX + 1), &r, NULL),
                ERR_TOO_LARGE);
        assert_int_equal(arena_used(a), 0);
        free(zeros);
}

static void a_message_that_swells_in_memory_meets_the_ceiling(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct submit_request r;
        struct refusal why = {0};
        struct buf wire, b, column, values;

        buf_init(&wire, ARENA);
        buf_init(&b, ARENA);
        buf_init(&column, ARENA);
        buf_init(&values, ARENA);
        /* Two bytes each on the wire, some sixty in memory. */
        for (unsigned i = 0; i < 100000; i++)
                raw_bytes(&values, 1, (struct bytes){0});
        raw_message(&column, RAW_CODES, &values);
        raw_message(&b, 7, &column);
        raw_message(&wire, 2, &b);
        assert_int_equal(
                submit_request_decode(a, bytes_of(wire.data, wire.len), &r, &why), ERR_TOO_LARGE);
        assert_string_equal(why.violations[0].field, "request");
        buf_done(&values);
        buf_done(&column);
        buf_done(&b);
        buf_done(&wire);
}

static void a_field_repeated_without_end_meets_the_ceiling(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct submit_request r;
        struct buf wire, b, g;

        buf_init(&wire, ARENA);
        buf_init(&b, ARENA);
        buf_init(&g, ARENA);
        for (unsigned i = 0; i < 20000; i++) {
                raw_bytes(&g, 1, RAW("\1\1\1\1"));
                raw_message(&b, 5, &g);
        }
        raw_message(&wire, 2, &b);
        assert_int_equal(
                submit_request_decode(a, bytes_of(wire.data, wire.len), &r, NULL), ERR_TOO_LARGE);
        buf_done(&g);
        buf_done(&b);
        buf_done(&wire);
}

/* Encoding ----------------------------------------------------------------- */

static void what_is_encoded_is_what_was_decoded(void **state)
{
        (void)state;
        for (unsigned variant = 0; variant < 4; variant++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                struct raw_batch raw = sample();
                struct submit_request r;
                struct buf wire, again;

                buf_init(&wire, ARENA);
                buf_init(&again, ARENA);
                /* Nothing at a missing row, else wiping shows. */
                raw.columns[1].missing.len = 0;
                raw.sealed = variant == 1;
                raw.clear = variant != 1 && variant != 2;
                raw.guardian_persons = variant != 1;
                raw.guardians = variant != 2;
                if (variant == 3)
                        raw.columns[0].missing = RAW("\x01\0");
                write_request(&wire, &raw);
                assert_int_equal(
                        submit_request_decode(a, bytes_of(wire.data, wire.len), &r, NULL), ERR_OK);
                assert_int_equal(submit_request_encode(&r, &again), ERR_OK);
                assert_int_equal(again.len, wire.len);
                assert_memory_equal(again.data, wire.data, wire.len);
                buf_done(&wire);
                buf_done(&again);
        }
}

static void values_need_not_be_aligned(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        _Alignas(8) uint8_t odd[1 + sizeof costs];
        struct column columns[] = {
                {.name = RAW("a"), .kind = COLUMN_I64, .width = 8, .values = odd + 1},
                {.name = RAW("b"), .kind = COLUMN_I32, .width = 4, .values = odd + 1}};
        struct submit_request in = {.kind = SUBMIT_BATCH,
                .batch = {.rows = ROWS,
                        .record_keys = keys,
                        .record_key_width = 1,
                        .columns = columns,
                        .columns_len = 2}};
        struct submit_request out;
        struct buf wire;

        memcpy(odd + 1, costs, sizeof costs);
        buf_init(&wire, ARENA);
        assert_int_equal(submit_request_encode(&in, &wire), ERR_OK);
        assert_int_equal(
                submit_request_decode(a, bytes_of(wire.data, wire.len), &out, NULL), ERR_OK);
        assert_memory_equal(out.batch.columns[0].values, costs, sizeof costs);
        assert_memory_equal(out.batch.columns[1].values, costs, ROWS * 4);
        buf_done(&wire);
}

static void a_column_of_no_kind_is_not_encoded(void **state)
{
        (void)state;
        static const struct {
                enum column_kind kind;
                uint32_t width;
        } wrong[] = {{COLUMN_NONE, 1}, {COLUMN_KIND_COUNT, 1}, {COLUMN_CODES, 0}, {COLUMN_CODES, 3},
                {COLUMN_CODES, 4}, {COLUMN_I32, 8}, {COLUMN_I64, 4}, {COLUMN_BOOLEANS, 2}};

        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
                struct column column = {.name = RAW("a"),
                        .kind = wrong[i].kind,
                        .width = wrong[i].width,
                        .values = digits};
                struct submit_request in = {.kind = SUBMIT_BATCH,
                        .batch = {.rows = 2,
                                .record_keys = keys,
                                .record_key_width = 1,
                                .columns = &column,
                                .columns_len = 1}};
                struct buf wire;

                buf_init(&wire, ARENA);
                assert_int_equal(submit_request_encode(&in, &wire), ERR_INVALID);
                buf_done(&wire);
        }
}

/* Any byte out of place ----------------------------------------------------- */

static uint64_t seen;

static void look_at(const uint8_t *data, size_t len)
{
        for (size_t i = 0; i < len; i++)
                seen += data[i];
}

/* Everything that a decoded batch promises is followed to its end. */
static void look_at_all(const struct batch *b)
{
        if (b->persons.ids != NULL) {
                look_at(b->persons.ids, (size_t)b->rows * PERSON_ID_LEN);
                look_at(b->persons.kinds, b->rows);
        }
        if (b->guardians.offsets != NULL)
                assert_int_equal(b->guardians.offsets[b->rows], b->guardians.len);
        if (b->guardians.len > 0 && !b->sealed) {
                look_at(b->guardians.persons.ids, (size_t)b->guardians.len * PERSON_ID_LEN);
                look_at(b->guardians.persons.kinds, b->guardians.len);
        }
        look_at(b->record_keys, (size_t)b->rows * b->record_key_width);
        for (uint32_t i = 0; i < b->columns_len; i++) {
                const struct column *c = &b->columns[i];

                look_at(c->values, (size_t)b->rows * c->width);
                for (uint32_t row = 0; row < b->rows; row++) {
                        uint16_t index = 0;

                        if (c->kind != COLUMN_CODES || column_is_missing(c, row))
                                continue;
                        memcpy(&index, c->values + (size_t)row * c->width, c->width);
                        look_at(c->dictionary[index].data, c->dictionary[index].len);
                }
        }
}

static void attempt(struct bytes wire, void *ctx)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct submit_request r = {0};
        struct refusal why = {0};
        enum err rc = submit_request_decode(a, wire, &r, &why);

        (void)ctx;
        if (rc != ERR_OK) {
                assert_true(rc == ERR_INVALID || rc == ERR_MALFORMED || rc == ERR_TOO_LARGE);
                assert_int_equal(why.len, 1);
                assert_int_equal(why.code, rc);
                return;
        }
        if (r.kind != SUBMIT_BATCH)
                return;
        look_at_all(&r.batch);

        /* What passed once passes again. */
        struct buf again;
        struct submit_request twice;

        buf_init(&again, ARENA);
        assert_int_equal(submit_request_encode(&r, &again), ERR_OK);
        assert_int_equal(
                submit_request_decode(a, bytes_of(again.data, again.len), &twice, NULL), ERR_OK);
        buf_done(&again);
}

static void no_byte_out_of_place_does_harm(void **state)
{
        (void)state;
        for (unsigned variant = 0; variant < 2; variant++) {
                struct raw_batch raw = sample();
                struct buf wire;

                if (variant == 1) {
                        raw.clear = raw.guardian_persons = false;
                        raw.sealed = true;
                }
                buf_init(&wire, ARENA);
                write_request(&wire, &raw);
                raw_mutate(bytes_of(wire.data, wire.len), attempt, NULL);
                buf_done(&wire);
        }
}

static void each_allocation_may_fail(void **state)
{
        (void)state;
        struct raw_batch raw = sample();
        struct submit_request r;
        struct buf wire;

        /* Unsorted, so that the sort takes memory too. */
        buf_init(&wire, ARENA);
        write_request(&wire, &raw);
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        enum err rc = ERR_NO_MEMORY;
        unsigned nth = 0;

        for (; fault_arm("alloc", nth); nth++) {
                arena_reset(a);
                rc = submit_request_decode(a, bytes_of(wire.data, wire.len), &r, NULL);
                assert_true(rc == ERR_TOO_LARGE || rc == ERR_NO_MEMORY || rc == ERR_OK);
        }
        fault_disarm();
        assert_int_equal(rc, ERR_OK);
        assert_true(nth > 10);

        for (nth = 0; fault_arm("alloc", nth); nth++) {
                struct buf again;

                buf_init(&again, ARENA);
                rc = submit_request_encode(&r, &again);
                assert_true(rc == ERR_NO_MEMORY || rc == ERR_OK);
                buf_done(&again);
        }
        fault_disarm();
        assert_int_equal(rc, ERR_OK);
        buf_done(&wire);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_column_arrives),
                cmocka_unit_test(what_stands_at_a_missing_row_is_wiped),
                cmocka_unit_test(parts_may_be_absent),
                cmocka_unit_test(sealed_persons_hold_the_guardians_too),
                cmocka_unit_test(each_wrong_part_is_refused_by_its_path),
                cmocka_unit_test(a_request_that_is_nothing_is_refused),
                cmocka_unit_test(
                        the_last_index_of_the_longest_dictionary_passes_and_the_next_does_not),
                cmocka_unit_test(more_columns_than_allowed_are_refused),
                cmocka_unit_test(a_message_larger_than_allowed_is_not_even_read),
                cmocka_unit_test(a_message_that_swells_in_memory_meets_the_ceiling),
                cmocka_unit_test(a_field_repeated_without_end_meets_the_ceiling),
                cmocka_unit_test(what_is_encoded_is_what_was_decoded),
                cmocka_unit_test(values_need_not_be_aligned),
                cmocka_unit_test(a_column_of_no_kind_is_not_encoded),
                cmocka_unit_test(no_byte_out_of_place_does_harm),
                cmocka_unit_test(each_allocation_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
