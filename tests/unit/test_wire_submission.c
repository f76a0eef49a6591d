/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_submission.c: what stands around a batch, there and back. */
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

/* One arena and one buffer for each test. */
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

static void digest_fill(struct digest *d, uint8_t first)
{
        for (unsigned i = 0; i < sizeof d->bytes; i++)
                d->bytes[i] = (uint8_t)(first + i);
}

/* Open --------------------------------------------------------------------- */

struct raw_open {
        struct bytes id, dataset, period;
        uint64_t mode;
};

static struct raw_open open_sample(void)
{
        return (struct raw_open){.id = RAW("0123456789abcdef"),
                .dataset = RAW("placering"),
                .period = RAW("2025-03"),
                .mode = 2};
}

static enum err open_try(struct bench *b, const struct raw_open *raw, struct submit_request *out,
        struct refusal *why)
{
        struct buf inner;

        buf_init(&inner, ARENA);
        raw_bytes(&inner, 1, raw->id);
        raw_bytes(&inner, 2, raw->dataset);
        raw_bytes(&inner, 3, raw->period);
        raw_number(&inner, 4, raw->mode);
        raw_number(&inner, 5, 1);
        b->wire.len = 0;
        raw_message(&b->wire, 1, &inner);
        buf_done(&inner);
        return submit_request_decode(b->a, wire_of(b), out, why);
}

static void open_arrives_and_goes_back(void **state)
{
        struct bench *b = *state;
        struct raw_open raw = open_sample();
        struct submit_request r;
        struct buf again;

        assert_int_equal(open_try(b, &raw, &r, NULL), ERR_OK);
        assert_int_equal(r.kind, SUBMIT_OPEN);
        assert_memory_equal(r.open.id.bytes, "0123456789abcdef", 16);
        assert_true(bytes_is_text(r.open.dataset, "placering"));
        assert_true(bytes_is_text(r.open.period, "2025-03"));
        assert_int_equal(r.open.mode, DELIVERY_REPLACE);
        assert_true(r.open.all_or_nothing);
        buf_init(&again, ARENA);
        assert_int_equal(submit_request_encode(&r, &again), ERR_OK);
        assert_int_equal(again.len, b->wire.len);
        assert_memory_equal(again.data, b->wire.data, again.len);
        buf_done(&again);
}

static void each_wrong_part_of_open_is_refused_by_its_path(void **state)
{
        struct bench *b = *state;
        static const char name49[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        struct submit_request r = {0};

#define SPOIL(change, path)                                                                        \
        do {                                                                                       \
                struct raw_open raw = open_sample();                                               \
                struct refusal why = {0};                                                          \
                change;                                                                            \
                assert_int_equal(open_try(b, &raw, &r, &why), ERR_INVALID);                        \
                assert_int_equal(why.len, 1);                                                      \
                assert_string_equal(why.violations[0].field, path);                                \
                assert_int_equal(r.kind, SUBMIT_NONE);                                             \
        } while (0)

        SPOIL(raw.id.len = 15, "open.submission_id");
        SPOIL(raw.id.len = 0, "open.submission_id");
        SPOIL(raw.id = RAW("0123456789abcdefg"), "open.submission_id");
        SPOIL(raw.dataset.len = 0, "open.dataset");
        SPOIL(raw.dataset = RAW(name49), "open.dataset");
        SPOIL(raw.dataset = RAW("placering\0x"), "open.dataset");
        SPOIL(raw.dataset = RAW("\xed\xa0\x80"), "open.dataset");
        SPOIL(raw.period.len = 0, "open.period");
        SPOIL(raw.period = RAW("2025\n"), "open.period");
        SPOIL(raw.period = RAW("2025-01-01..2025-12-31.."), "open.period");
        SPOIL(raw.mode = 0, "open.mode");
        SPOIL(raw.mode = 3, "open.mode");
        SPOIL(raw.mode = UINT64_MAX, "open.mode");
}

/* Commit ------------------------------------------------------------------- */

static void commit_arrives_and_goes_back(void **state)
{
        struct bench *b = *state;
        struct submit_request in = {.kind = SUBMIT_COMMIT,
                .commit = {.batches = BATCHES_MAX,
                        .rows = (uint64_t)BATCHES_MAX * BATCH_ROWS_MAX,
                        .turned_away = (uint64_t)BATCHES_MAX * BATCH_ROWS_MAX}};
        struct submit_request out;

        digest_fill(&in.commit.digest, 1);
        assert_int_equal(submit_request_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(submit_request_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_int_equal(out.kind, SUBMIT_COMMIT);
        assert_int_equal(out.commit.batches, in.commit.batches);
        assert_int_equal(out.commit.rows, in.commit.rows);
        assert_int_equal(out.commit.turned_away, in.commit.turned_away);
        assert_memory_equal(&out.commit.digest, &in.commit.digest, 32);
}

static void each_wrong_part_of_commit_is_refused_by_its_path(void **state)
{
        struct bench *b = *state;
        static const struct {
                uint64_t batches, rows;
                size_t digest_len;
                const char *path;
                uint64_t turned_away;
        } cases[] = {
                {BATCHES_MAX + 1, 1, 32, "commit.batches", 0},
                {1, BATCH_ROWS_MAX + 1, 32, "commit.rows", 0},
                {0, 1, 32, "commit.rows", 0},
                {1, 1, 31, "commit.digest", 0},
                {1, 1, 0, "commit.digest", 0},
                {1, 1, 32, "commit.rows_turned_away", (uint64_t)BATCHES_MAX * BATCH_ROWS_MAX + 1},
                {1, 1, 32, "commit.rows_turned_away", UINT64_MAX},
        };
        uint8_t digest[32] = {0};
        struct buf inner;

        buf_init(&inner, ARENA);
        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
                struct submit_request r;
                struct refusal why = {0};

                raw_number(&inner, 1, cases[i].batches);
                raw_number(&inner, 2, cases[i].rows);
                raw_bytes(&inner, 3, bytes_of(digest, cases[i].digest_len));
                raw_number(&inner, 4, cases[i].turned_away);
                b->wire.len = 0;
                raw_message(&b->wire, 3, &inner);
                assert_int_equal(submit_request_decode(b->a, wire_of(b), &r, &why), ERR_INVALID);
                assert_string_equal(why.violations[0].field, cases[i].path);
        }
        buf_done(&inner);
}

/* Answers ------------------------------------------------------------------ */

static void opened_with_a_receipt_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct submit_response in = {.kind = SUBMIT_OPENED,
                .opened = {.next_sequence = 3,
                        .max_rows = 4,
                        .max_bytes = 5,
                        .is_committed = true,
                        .committed = {.batches = 6,
                                .accepted = UINT64_MAX,
                                .rejected = 8,
                                .committed_at_ms = -9}}};
        struct submit_response out;

        digest_fill(&in.opened.committed.digest, 7);
        assert_int_equal(submit_response_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(submit_response_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.kind, SUBMIT_OPENED);
        assert_int_equal(out.opened.next_sequence, 3);
        assert_int_equal(out.opened.max_rows, 4);
        assert_int_equal(out.opened.max_bytes, 5);
        assert_true(out.opened.is_committed);
        assert_int_equal(out.opened.committed.batches, 6);
        assert_int_equal(out.opened.committed.accepted, UINT64_MAX);
        assert_int_equal(out.opened.committed.rejected, 8);
        assert_int_equal(out.opened.committed.committed_at_ms, -9);
        assert_memory_equal(&out.opened.committed.digest, &in.opened.committed.digest, 32);

        in.opened.is_committed = false;
        b->wire.len = 0;
        assert_int_equal(submit_response_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(submit_response_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_false(out.opened.is_committed);
}

static void acknowledged_tells_the_first_reasons(void **state)
{
        struct bench *b = *state;
        static struct wire_rejection reasons[REJECTIONS_MAX + 1];
        struct submit_response in = {.kind = SUBMIT_ACKNOWLEDGED,
                .acknowledged = {.sequence = 1,
                        .accepted = 2,
                        .rejected = REJECTIONS_MAX + 1,
                        .rejections = reasons,
                        .rejections_len = REJECTIONS_MAX + 1}};
        struct submit_response out;

        for (uint32_t i = 0; i <= REJECTIONS_MAX; i++)
                reasons[i] = (struct wire_rejection){.row = i,
                        .variable = RAW("person"),
                        .rule = RAW("CHECK_DIGIT"),
                        .text = RAW("the check digit is wrong")};
        digest_fill(&in.acknowledged.receipt, 9);
        assert_int_equal(submit_response_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(submit_response_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.kind, SUBMIT_ACKNOWLEDGED);
        assert_int_equal(out.acknowledged.rejected, REJECTIONS_MAX + 1);
        assert_int_equal(out.acknowledged.rejections_len, REJECTIONS_MAX);
        assert_int_equal(out.acknowledged.rejections[999].row, 999);
        assert_true(bytes_is_text(out.acknowledged.rejections[999].variable, "person"));
        assert_true(bytes_is_text(out.acknowledged.rejections[999].rule, "CHECK_DIGIT"));
        assert_true(
                bytes_is_text(out.acknowledged.rejections[999].text, "the check digit is wrong"));
        assert_memory_equal(&out.acknowledged.receipt, &in.acknowledged.receipt, 32);
}

static void committed_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct submit_response in = {.kind = SUBMIT_COMMITTED,
                .committed = {.batches = 1, .accepted = 2, .rejected = 3, .committed_at_ms = 4}};
        struct submit_response out;

        digest_fill(&in.committed.digest, 3);
        assert_int_equal(submit_response_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(submit_response_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.kind, SUBMIT_COMMITTED);
        assert_int_equal(out.committed.batches, 1);
        assert_int_equal(out.committed.committed_at_ms, 4);
        assert_memory_equal(&out.committed.digest, &in.committed.digest, 32);
}

static void nothing_is_neither_sent_nor_taken(void **state)
{
        struct bench *b = *state;
        struct submit_request request = {0};
        struct submit_response response = {0};

        assert_int_equal(submit_request_encode(&request, &b->wire), ERR_INVALID);
        assert_int_equal(submit_response_encode(&response, &b->wire), ERR_INVALID);
        assert_int_equal(b->wire.len, 0);
        assert_int_equal(submit_response_decode(b->a, (struct bytes){0}, &response), ERR_MALFORMED);
        /* A receipt without its digest. */
        assert_int_equal(submit_response_decode(b->a, RAW("\x1a\0"), &response), ERR_MALFORMED);
}

/* Afterwards --------------------------------------------------------------- */

static void a_submission_is_named_by_sixteen_bytes(void **state)
{
        struct bench *b = *state;
        struct submission_id in, out;
        struct refusal why = {0};

        memcpy(in.bytes, "fedcba9876543210", 16);
        assert_int_equal(submission_ref_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(submission_ref_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_memory_equal(&in, &out, sizeof in);
        assert_int_equal(submission_ref_decode(b->a, RAW("\x0a\3abc"), &out, &why), ERR_INVALID);
        assert_string_equal(why.violations[0].field, "submission_id");
        assert_int_equal(submission_ref_decode(b->a, RAW(""), &out, NULL), ERR_INVALID);
        assert_memory_equal(&in, &out, sizeof in);
}

static void a_submission_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_submission in = {.state = SUBMISSION_WITHDRAWN,
                .dataset = RAW("anmalan"),
                .period = RAW("2025"),
                .mode = DELIVERY_APPEND,
                .next_sequence = 1,
                .accepted = 2,
                .rejected = 3,
                .turned_away = 6,
                .opened_at_ms = 4,
                .committed_at_ms = 5};
        struct wire_submission out;

        assert_int_equal(submission_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(submission_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.state, SUBMISSION_WITHDRAWN);
        assert_true(bytes_is_text(out.dataset, "anmalan"));
        assert_true(bytes_is_text(out.period, "2025"));
        assert_int_equal(out.mode, DELIVERY_APPEND);
        assert_int_equal(out.next_sequence, 1);
        assert_int_equal(out.accepted, 2);
        assert_int_equal(out.rejected, 3);
        assert_int_equal(out.turned_away, 6);
        assert_int_equal(out.opened_at_ms, 4);
        assert_int_equal(out.committed_at_ms, 5);

        in.state = SUBMISSION_STATE_COUNT;
        b->wire.len = 0;
        assert_int_equal(submission_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(submission_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
}

static void a_withdrawal_may_revise_a_vintage_or_none(void **state)
{
        struct bench *b = *state;
        struct vintage out = {9, 9};

        assert_int_equal(withdrawn_encode((struct vintage){0, 0}, &b->wire), ERR_OK);
        assert_int_equal(b->wire.len, 0);
        assert_int_equal(withdrawn_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(out.number == 0 && out.revision == 0);
        assert_int_equal(withdrawn_encode((struct vintage){7, 1}, &b->wire), ERR_OK);
        assert_int_equal(withdrawn_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(out.number == 7 && out.revision == 1);
}

static void a_person_to_erase_goes_there_and_back(void **state)
{
        static const uint8_t signature[WIRE_SIGNATURE_LEN] = {9};
        struct bench *b = *state;
        struct wire_person in = {.id = "201001019802", .kind = PERSON_NATIONAL}, out;

        assert_int_equal(erase_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(erase_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_false(out.sealed);
        assert_memory_equal(out.id, in.id, sizeof in.id);
        assert_int_equal(out.kind, PERSON_NATIONAL);

        in = (struct wire_person){.sealed = true,
                .key_id = RAW("0123456789abcdef"),
                .box = RAW("box"),
                .signature = bytes_of(signature, sizeof signature),
                .request = {{1, 2, 3}}};
        b->wire.len = 0;
        assert_int_equal(erase_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(erase_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_true(out.sealed);
        assert_true(bytes_is_text(out.key_id, "0123456789abcdef"));
        assert_true(bytes_is_text(out.box, "box"));
        assert_true(bytes_equal(out.signature, in.signature));
        assert_memory_equal(&out.request, &in.request, sizeof in.request);
}

static void a_wrong_person_is_refused_by_its_path_and_not_repeated(void **state)
{
        struct bench *b = *state;
        static const struct {
                struct bytes wire;
                const char *path;
        } cases[] = {
                {{NULL, 0}, "person"},
                {{(const uint8_t *)"\x0a\0", 2}, "clear.ids"},
                {{(const uint8_t *)"\x0a\x10\x0a\x0b"
                                   "20100101980\x12\1\1",
                         18},
                        "clear.ids"},
                {{(const uint8_t *)"\x0a\x0e\x0a\x0c"
                                   "201001019802",
                         16},
                        "clear.kinds"},
                {{(const uint8_t *)"\x0a\x11\x0a\x0c"
                                   "201001019802\x12\1\0",
                         19},
                        "clear.kinds"},
                {{(const uint8_t *)"\x0a\x11\x0a\x0c"
                                   "201001019802\x12\1\3",
                         19},
                        "clear.kinds"},
                {{(const uint8_t *)"\x12\0", 2}, "sealed.key_id"},
                {{(const uint8_t *)"\x12\3\x0a\1k", 5}, "sealed.key_id"},
                {{(const uint8_t *)"\x12\x12\x0a\x10"
                                   "0123456789abcdef",
                         20},
                        "sealed.box"},
                {{(const uint8_t *)"\x12\x15\x0a\x10"
                                   "0123456789abcdef\x12\1x",
                         23},
                        "sealed.signature"},
        };

        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
                struct wire_person out = {.kind = 77};
                struct refusal why = {0};

                assert_int_equal(erase_decode(b->a, cases[i].wire, &out, &why), ERR_INVALID);
                assert_string_equal(why.violations[0].field, cases[i].path);
                assert_null(strstr(why.violations[0].text, "2010"));
                assert_int_equal(out.kind, 77);
        }
}

/* Any byte out of place ----------------------------------------------------- */

static void try_all(struct bytes wire, void *ctx)
{
        struct arena *a = ctx;
        struct submit_request request;
        struct submit_response response;
        struct submission_id id;
        struct wire_submission submission;
        struct wire_person person;
        struct vintage vintage;

        arena_reset(a);
        (void)(submit_request_decode(a, wire, &request, NULL) == ERR_OK);
        if (submit_response_decode(a, wire, &response) == ERR_OK &&
                response.kind == SUBMIT_ACKNOWLEDGED)
                for (uint32_t i = 0; i < response.acknowledged.rejections_len; i++)
                        assert_true(bytes_is_printable(response.acknowledged.rejections[i].text));
        (void)(submission_ref_decode(a, wire, &id, NULL) == ERR_OK);
        (void)(submission_decode(a, wire, &submission) == ERR_OK);
        (void)(erase_decode(a, wire, &person, NULL) == ERR_OK);
        (void)(withdrawn_decode(a, wire, &vintage) == ERR_OK);
}

static void no_byte_out_of_place_does_harm(void **state)
{
        struct bench *b = *state;
        struct raw_open open = open_sample();
        struct submit_request request;
        struct wire_rejection reason = {3, RAW("form"), RAW("UNKNOWN_CODE"), RAW("no such code")};
        struct submit_response response = {.kind = SUBMIT_ACKNOWLEDGED,
                .acknowledged = {.sequence = 1, .rejections = &reason, .rejections_len = 1}};
        struct wire_submission submission = {.state = SUBMISSION_OPEN,
                .dataset = RAW("anmalan"),
                .period = RAW("2025"),
                .mode = DELIVERY_APPEND};
        struct wire_person person = {.id = "201001019802", .kind = PERSON_NATIONAL};

        assert_int_equal(open_try(b, &open, &request, NULL), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
        b->wire.len = 0;
        assert_int_equal(submit_response_encode(&response, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
        b->wire.len = 0;
        assert_int_equal(submission_encode(&submission, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
        b->wire.len = 0;
        assert_int_equal(erase_encode(&person, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_BENCH(open_arrives_and_goes_back),
                ON_BENCH(each_wrong_part_of_open_is_refused_by_its_path),
                ON_BENCH(commit_arrives_and_goes_back),
                ON_BENCH(each_wrong_part_of_commit_is_refused_by_its_path),
                ON_BENCH(opened_with_a_receipt_goes_there_and_back),
                ON_BENCH(acknowledged_tells_the_first_reasons),
                ON_BENCH(committed_goes_there_and_back),
                ON_BENCH(nothing_is_neither_sent_nor_taken),
                ON_BENCH(a_submission_is_named_by_sixteen_bytes),
                ON_BENCH(a_submission_goes_there_and_back),
                ON_BENCH(a_withdrawal_may_revise_a_vintage_or_none),
                ON_BENCH(a_person_to_erase_goes_there_and_back),
                ON_BENCH(a_wrong_person_is_refused_by_its_path_and_not_repeated),
                ON_BENCH(no_byte_out_of_place_does_harm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
