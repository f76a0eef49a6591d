/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_alias.c: numbers that became others, and the record that is erased, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "proto/wire.h"
#include "tests/support/wire_raw.h"

enum { ARENA = 4 << 20 };

static const uint8_t signature[WIRE_SIGNATURE_LEN] = {1, 2, 3};

struct bench {
        struct arena *a;
        struct buf wire;
};

static int set_up(void **state)
{
        static struct bench bench;

        bench.a = arena_new(ARENA);
        buf_init(&bench.wire, ARENA);
        *state = &bench;
        return bench.a == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
        struct bench *b = *state;

        arena_free(&b->a);
        buf_done(&b->wire);
        return 0;
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static struct bytes wire_of(const struct bench *b)
{
        return bytes_of(b->wire.data, b->wire.len);
}

static struct bytes signed_by_us(void)
{
        return bytes_of(signature, sizeof signature);
}

static struct wire_record sealed_record(void)
{
        return (struct wire_record){.sealed = true,
                .dataset = RAW("placering"),
                .key_id = RAW("0123456789abcdef"),
                .box = RAW("a box"),
                .signature = signed_by_us(),
                .request = {{9}}};
}

static void a_record_goes_there_in_a_box_or_in_clear(void **state)
{
        struct bench *b = *state;
        const struct wire_record clear = {.dataset = RAW("placering"), .key = RAW("P-1")};
        const struct wire_record sealed = sealed_record();
        struct wire_record out;

        assert_int_equal(erase_record_encode(&clear, &b->wire), ERR_OK);
        /* As it was before there were boxes: field 2 is the key. */
        assert_true(bytes_equal(wire_of(b), RAW("\x0a\x09placering\x12\x03P-1")));
        assert_int_equal(erase_record_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_false(out.sealed);
        assert_true(bytes_is_text(out.key, "P-1"));
        b->wire.len = 0;
        assert_int_equal(erase_record_encode(&sealed, &b->wire), ERR_OK);
        assert_int_equal(erase_record_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_true(out.sealed);
        assert_true(bytes_is_text(out.dataset, "placering"));
        assert_true(bytes_is_text(out.key_id, "0123456789abcdef"));
        assert_true(bytes_is_text(out.box, "a box"));
        assert_true(bytes_equal(out.signature, signed_by_us()));
        assert_memory_equal(&out.request, &sealed.request, sizeof out.request);
        assert_int_equal(out.key.len, 0);
}

static void a_record_without_key_or_request_is_refused(void **state)
{
        struct bench *b = *state;
        struct wire_record sealed = sealed_record(), out = {.sealed = false};
        struct refusal why = {0};

        assert_int_equal(
                erase_record_decode(b->a, RAW("\x0a\x09placering"), &out, &why), ERR_INVALID);
        assert_string_equal(why.violations[0].field, "record");
        assert_int_equal(
                erase_record_decode(b->a, RAW("\x0a\x09placering\x12\0"), &out, &why), ERR_INVALID);
        assert_int_equal(erase_record_encode(&sealed, &b->wire), ERR_OK);
        b->wire.len -= 18; /* the request's id is the last field */
        assert_int_equal(erase_record_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
        assert_false(out.sealed);
}

static void days_and_undoing_come_with_a_signature_of_their_own(void **state)
{
        struct bench *b = *state;
        static const int32_t days[] = {20000, -1};
        struct wire_aliases in = {.id = {{7}},
                .days = days,
                .len = 2,
                .key_id = RAW("0123456789abcdef"),
                .box = RAW("a box"),
                .signature = signed_by_us(),
                .days_signature = signed_by_us()};
        struct wire_alias_undo undo = {{{8}}, signed_by_us()}, undone;
        struct wire_aliases out;
        struct refusal why = {0};

        assert_int_equal(aliases_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(aliases_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_int_equal(out.len, 2);
        assert_int_equal(out.days[1], -1);
        assert_true(bytes_equal(out.days_signature, signed_by_us()));
        in.days_signature = bytes_of(signature, sizeof signature - 1);
        b->wire.len = 0;
        assert_int_equal(aliases_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(aliases_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
        assert_string_equal(why.violations[0].field, "days_signature");
        b->wire.len = 0;
        assert_int_equal(alias_undo_encode(&undo, &b->wire), ERR_OK);
        assert_int_equal(alias_undo_decode(b->a, wire_of(b), &undone, NULL), ERR_OK);
        assert_memory_equal(&undone.id, &undo.id, sizeof undo.id);
        assert_true(bytes_equal(undone.signature, signed_by_us()));
        b->wire.len = 0;
        undo.signature = bytes_of(NULL, 0);
        assert_int_equal(alias_undo_encode(&undo, &b->wire), ERR_OK);
        why = (struct refusal){0};
        assert_int_equal(alias_undo_decode(b->a, wire_of(b), &undone, &why), ERR_INVALID);
        assert_string_equal(why.violations[0].field, "signature");
}

static void what_was_said_is_told_with_what_is_owed(void **state)
{
        struct bench *b = *state;
        const struct wire_alias_entry entries[] = {
                {.id = {{1}}, .municipality = 180, .at_ms = 5, .events = 3, .owing = 2},
                {.id = {{2}}, .municipality = 114, .events = 1, .undone = true}};
        const struct wire_alias_list in = {entries, 2};
        struct wire_alias_list out;

        assert_int_equal(alias_list_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(alias_list_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.len, 2);
        assert_int_equal(out.entries[0].owing, 2);
        assert_int_equal(out.entries[0].events, 3);
        assert_int_equal(out.entries[1].owing, 0);
        assert_true(out.entries[1].undone);
}

static void try_all(struct bytes wire, void *ctx)
{
        struct arena *a = ctx;
        struct wire_record record;
        struct wire_aliases aliases;
        struct wire_alias_undo undo;
        struct wire_alias_list list;

        arena_reset(a);
        if (erase_record_decode(a, wire, &record, NULL) == ERR_OK)
                assert_true(record.sealed != (record.key.len > 0));
        if (aliases_decode(a, wire, &aliases, NULL) == ERR_OK)
                assert_int_equal(aliases.days_signature.len, WIRE_SIGNATURE_LEN);
        if (alias_undo_decode(a, wire, &undo, NULL) == ERR_OK)
                assert_int_equal(undo.signature.len, WIRE_SIGNATURE_LEN);
        (void)(alias_list_decode(a, wire, &list) == ERR_OK);
}

static void no_byte_out_of_place_does_harm(void **state)
{
        struct bench *b = *state;
        const struct wire_record record = sealed_record();
        const struct wire_alias_undo undo = {{{8}}, signed_by_us()};

        assert_int_equal(erase_record_encode(&record, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
        b->wire.len = 0;
        assert_int_equal(alias_undo_encode(&undo, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_BENCH(a_record_goes_there_in_a_box_or_in_clear),
                ON_BENCH(a_record_without_key_or_request_is_refused),
                ON_BENCH(days_and_undoing_come_with_a_signature_of_their_own),
                ON_BENCH(what_was_said_is_told_with_what_is_owed),
                ON_BENCH(no_byte_out_of_place_does_harm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
