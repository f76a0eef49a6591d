/* SPDX-License-Identifier: Apache-2.0 */
/* test_rich_status.c: violations in a trailer, never too rich to arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "proto/wire.h"
#include "tests/support/wire_raw.h"

enum { ARENA = 1 << 20 };

static void violations_go_there_and_back(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct refusal in = {0}, out;
        struct buf wire;

        (void)refuse(&in, ERR_INVALID, "batch.rows", "is not 1 to 65536");
        (void)refuse(&in, ERR_INVALID, "batch.columns[3]", "is missing");
        buf_init(&wire, ARENA);
        assert_int_equal(
                rich_status_encode(STATUS_INVALID_ARGUMENT, "not valid", &in, &wire), ERR_OK);
        assert_int_equal(rich_status_decode(a, bytes_of(wire.data, wire.len), &out), ERR_OK);
        assert_int_equal(out.len, 2);
        assert_int_equal(out.dropped, 0);
        assert_string_equal(out.violations[0].field, "batch.rows");
        assert_string_equal(out.violations[0].text, "is not 1 to 65536");
        assert_string_equal(out.violations[1].field, "batch.columns[3]");
        buf_done(&wire);
}

/* As google/rpc/status.proto and error_details.proto define them. */
static void the_bytes_are_those_of_google_rpc(void **state)
{
        (void)state;
        struct refusal in = {0};
        struct buf wire, violation, bad_request, any, expected;

        (void)refuse(&in, ERR_INVALID, "rows", "is missing");
        buf_init(&wire, ARENA);
        buf_init(&violation, ARENA);
        buf_init(&bad_request, ARENA);
        buf_init(&any, ARENA);
        buf_init(&expected, ARENA);
        raw_bytes(&violation, 1, RAW("rows"));
        raw_bytes(&violation, 2, RAW("is missing"));
        raw_message(&bad_request, 1, &violation);
        raw_bytes(&any, 1, RAW("type.googleapis.com/google.rpc.BadRequest"));
        raw_message(&any, 2, &bad_request);
        raw_number(&expected, 1, 3);
        raw_bytes(&expected, 2, RAW("not valid"));
        raw_message(&expected, 3, &any);
        assert_int_equal(
                rich_status_encode(STATUS_INVALID_ARGUMENT, "not valid", &in, &wire), ERR_OK);
        assert_int_equal(wire.len, expected.len);
        assert_memory_equal(wire.data, expected.data, wire.len);
        buf_done(&wire);
        buf_done(&violation);
        buf_done(&bad_request);
        buf_done(&any);
        buf_done(&expected);
}

static void without_violations_there_are_no_details(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct refusal none = {0}, out;
        struct buf wire;

        buf_init(&wire, ARENA);
        assert_int_equal(rich_status_encode(STATUS_NOT_FOUND, "no", &none, &wire), ERR_OK);
        assert_int_equal(wire.len, 6);
        assert_memory_equal(wire.data, "\x08\5\x12\2no", 6);
        assert_int_equal(rich_status_decode(a, bytes_of(wire.data, wire.len), &out), ERR_OK);
        assert_int_equal(out.len, 0);
        wire.len = 0;
        assert_int_equal(rich_status_encode(STATUS_NOT_FOUND, "no", NULL, &wire), ERR_OK);
        assert_int_equal(wire.len, 6);
        buf_done(&wire);
}

static void the_richest_refusal_still_fits_and_counts_what_was_left_out(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        static char text[VIOLATION_TEXT_MAX], message[1000];
        struct refusal in = {0}, out;
        struct buf wire;
        char last[40];

        memset(text, 'x', sizeof text - 1);
        memset(message, 'm', sizeof message - 1);
        for (int i = 0; i < REFUSAL_VIOLATIONS_MAX + 8; i++)
                (void)refuse(&in, ERR_INVALID, text, "%s", text);
        assert_int_equal(in.len, REFUSAL_VIOLATIONS_MAX);
        assert_int_equal(in.dropped, 8);
        buf_init(&wire, ARENA);
        assert_int_equal(rich_status_encode(STATUS_INVALID_ARGUMENT, message, &in, &wire), ERR_OK);
        assert_true(wire.len <= RICH_STATUS_MAX && wire.len > RICH_STATUS_MAX - 400);
        assert_int_equal(rich_status_decode(a, bytes_of(wire.data, wire.len), &out), ERR_OK);
        assert_true(out.len > 5 && out.len < REFUSAL_VIOLATIONS_MAX);
        (void)snprintf(last, sizeof last, "and %u more", in.len + in.dropped - (out.len - 1));
        assert_string_equal(out.violations[out.len - 1].text, last);
        assert_string_equal(out.violations[out.len - 1].field, "");
        buf_done(&wire);
}

static void every_length_of_violation_stays_below_the_ceiling(void **state)
{
        (void)state;
        for (int len = 1; len < VIOLATION_TEXT_MAX; len += 3) {
                struct refusal in = {0};
                struct buf wire;

                for (int i = 0; i < 40; i++)
                        (void)refuse(&in, ERR_INVALID, "f", "%0*d", len, 0);
                buf_init(&wire, ARENA);
                assert_int_equal(
                        rich_status_encode(STATUS_INVALID_ARGUMENT, "no", &in, &wire), ERR_OK);
                assert_true(wire.len <= RICH_STATUS_MAX);
                buf_done(&wire);
        }
}

static void a_strangers_details_are_cut_and_others_skipped(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct buf wire, any, bad_request, violation;
        struct refusal out;
        uint8_t text[400];

        buf_init(&wire, ARENA);
        buf_init(&any, ARENA);
        buf_init(&bad_request, ARENA);
        buf_init(&violation, ARENA);
        raw_bytes(&any, 1, RAW("type.googleapis.com/google.rpc.RetryInfo"));
        raw_bytes(&any, 2, RAW("\xff\xff"));
        raw_message(&wire, 3, &any);
        /* Two-byte letters, so that the cut falls inside one. */
        for (unsigned i = 0; i < sizeof text; i++)
                text[i] = i % 2 == 0 ? 0xc3 : 0xa5;
        for (int i = 0; i < REFUSAL_VIOLATIONS_MAX + 3; i++) {
                raw_bytes(&violation, 2, bytes_of(text, sizeof text));
                raw_message(&bad_request, 1, &violation);
        }
        raw_bytes(&any, 1, RAW("type.googleapis.com/google.rpc.BadRequest"));
        raw_message(&any, 2, &bad_request);
        raw_message(&wire, 3, &any);
        assert_int_equal(rich_status_decode(a, bytes_of(wire.data, wire.len), &out), ERR_OK);
        assert_int_equal(out.len, REFUSAL_VIOLATIONS_MAX);
        assert_int_equal(out.dropped, 3);
        assert_int_equal(strlen(out.violations[0].text), VIOLATION_TEXT_MAX - 2);
        assert_true(bytes_is_printable(bytes_of_text(out.violations[0].text)));
        buf_done(&wire);
        buf_done(&any);
        buf_done(&bad_request);
        buf_done(&violation);
}

static void attempt(struct bytes wire, void *ctx)
{
        struct arena *a = ctx;
        struct refusal out = {0};

        arena_reset(a);
        if (rich_status_decode(a, wire, &out) != ERR_OK)
                return;
        assert_true(out.len <= REFUSAL_VIOLATIONS_MAX);
        for (uint32_t i = 0; i < out.len; i++)
                assert_true(bytes_is_printable(bytes_of_text(out.violations[i].text)));
}

static void no_byte_out_of_place_does_harm(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct refusal in = {0};
        struct buf wire;

        (void)refuse(&in, ERR_INVALID, "batch.rows", "is not 1 to 65536");
        (void)refuse(&in, ERR_INVALID, "batch.columns[3]", "is missing");
        buf_init(&wire, ARENA);
        assert_int_equal(
                rich_status_encode(STATUS_INVALID_ARGUMENT, "not valid", &in, &wire), ERR_OK);
        raw_mutate(bytes_of(wire.data, wire.len), attempt, a);
        buf_done(&wire);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(violations_go_there_and_back),
                cmocka_unit_test(the_bytes_are_those_of_google_rpc),
                cmocka_unit_test(without_violations_there_are_no_details),
                cmocka_unit_test(the_richest_refusal_still_fits_and_counts_what_was_left_out),
                cmocka_unit_test(every_length_of_violation_stays_below_the_ceiling),
                cmocka_unit_test(a_strangers_details_are_cut_and_others_skipped),
                cmocka_unit_test(no_byte_out_of_place_does_harm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
