/* SPDX-License-Identifier: Apache-2.0 */
/* test_reflection.c: what a stranger with reflection learns: all of the API,
 * with its comments, and nothing else. Answers are read field by field, without
 * the code that wrote them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "proto/descriptors.h"
#include "proto/wire.h"
#include "tests/support/wire_raw.h"

enum { ARENA = 4 << 20 };

/* Fields of a request, and of its answer. */
enum { BY_FILENAME = 3, BY_SYMBOL = 4, BY_EXTENSION = 5, EXTENSIONS_OF = 6, LIST = 7 };
enum { HOST = 1, ORIGINAL = 2, FILES = 4, EXTENSIONS = 5, SERVICES = 6, FAILURE = 7 };

static const char *const services[] = {
        "statgate.v1.Submission", "statgate.v1.Statistics", "grpc.health.v1.Health"};

struct bench {
        struct arena *a;
        struct buf request, answer;
};

static int set_up(void **state)
{
        static struct bench bench;

        bench.a = arena_new(ARENA);
        buf_init(&bench.request, ARENA);
        buf_init(&bench.answer, ARENA);
        *state = &bench;
        return bench.a == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
        struct bench *b = *state;

        arena_free(&b->a);
        buf_done(&b->request);
        buf_done(&b->answer);
        return 0;
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static uint64_t varint(struct bytes *in)
{
        uint64_t v = 0;

        for (unsigned shift = 0;; shift += 7) {
                assert_true(in->len > 0 && shift < 64);
                v |= (uint64_t)(*in->data & 0x7f) << shift;
                in->len--;
                if ((*in->data++ & 0x80) == 0)
                        return v;
        }
}

/* The nth occurrence of a field; fails on bytes that are no protobuf. */
static bool field(struct bytes of, unsigned number, unsigned nth, struct bytes *out)
{
        while (of.len > 0) {
                uint64_t key = varint(&of), len = varint(&of);

                if ((key & 7) == 0) {
                        if (key >> 3 == number && nth-- == 0) {
                                *out = bytes_of(NULL, len);
                                return true;
                        }
                        continue;
                }
                assert_int_equal(key & 7, 2);
                assert_true(len <= of.len);
                if (key >> 3 == number && nth-- == 0) {
                        *out = bytes_of(of.data, len);
                        return true;
                }
                of.data += len;
                of.len -= len;
        }
        return false;
}

/* Asks, and returns the body of the expected kind of answer. */
static struct bytes ask(struct bench *b, unsigned kind, struct bytes what, unsigned expected)
{
        struct bytes whole, part = {0};

        b->request.len = b->answer.len = 0;
        raw_bytes(&b->request, HOST, RAW("localhost"));
        raw_bytes(&b->request, kind, what);
        whole = bytes_of(b->request.data, b->request.len);
        assert_int_equal(
                reflection_answer(b->a, whole, services, ARRAY_LEN(services), &b->answer), ERR_OK);
        struct bytes answer = bytes_of(b->answer.data, b->answer.len);

        assert_true(field(answer, HOST, 0, &part));
        assert_true(bytes_is_text(part, "localhost"));
        assert_true(field(answer, ORIGINAL, 0, &part));
        assert_true(bytes_equal(part, whole));
        for (unsigned k = FILES; k <= FAILURE; k++)
                assert_int_equal(field(answer, k, 0, &part), k == expected);
        assert_true(field(answer, expected, 0, &part));
        return part;
}

static void the_services_are_those_that_are_offered(void **state)
{
        struct bench *b = *state;
        struct bytes list = ask(b, LIST, RAW("*"), SERVICES), service, name;

        for (unsigned i = 0; i < ARRAY_LEN(services); i++) {
                assert_true(field(list, 1, i, &service));
                assert_true(field(service, 1, 0, &name));
                assert_true(bytes_is_text(name, services[i]));
        }
        assert_false(field(list, 1, ARRAY_LEN(services), &service));
}

static void names_are(struct bytes files, const char *const *names, unsigned len)
{
        struct bytes file, name;

        for (unsigned i = 0; i < len; i++) {
                assert_true(field(files, 1, i, &file));
                assert_true(field(file, 1, 0, &name));
                assert_true(bytes_is_text(name, names[i]));
        }
        assert_false(field(files, 1, len, &file));
}

static void a_file_comes_with_its_imports_once(void **state)
{
        struct bench *b = *state;
        const char *const submission[] = {
                "statgate/v1/submission.proto", "statgate/v1/common.proto"};
        const char *const health[] = {"grpc/health/v1/health.proto"};

        names_are(ask(b, BY_FILENAME, RAW("statgate/v1/submission.proto"), FILES), submission, 2);
        names_are(ask(b, BY_FILENAME, RAW("statgate/v1/common.proto"), FILES), submission + 1, 1);
        names_are(ask(b, BY_FILENAME, RAW("grpc/health/v1/health.proto"), FILES), health, 1);
}

static void every_kind_of_symbol_leads_to_its_file(void **state)
{
        struct bench *b = *state;
        static const struct {
                const char *symbol, *file;
        } cases[] = {
                {"statgate.v1.Submission", "statgate/v1/submission.proto"},
                {"statgate.v1.Submission.Submit", "statgate/v1/submission.proto"},
                {"statgate.v1.Batch", "statgate/v1/submission.proto"},
                {"statgate.v1.Batch.rows", "statgate/v1/submission.proto"},
                {"statgate.v1.Batch.persons", "statgate/v1/submission.proto"},
                {"statgate.v1.DeliveryMode", "statgate/v1/submission.proto"},
                {"statgate.v1.DELIVERY_MODE_APPEND", "statgate/v1/submission.proto"},
                {"statgate.v1.Vintage", "statgate/v1/common.proto"},
                {"statgate.v1.Statistics.Query", "statgate/v1/statistics.proto"},
                {"statgate.v1.Operations", "statgate/v1/operations.proto"},
                {"statgate.rpc.BadRequest.FieldViolation", "statgate/v1/rich_status.proto"},
                {"grpc.health.v1.Health", "grpc/health/v1/health.proto"},
                {"grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto"},
                {"grpc.health.v1.HealthCheckResponse.SERVING", "grpc/health/v1/health.proto"},
                {"grpc.reflection.v1alpha.ServerReflection",
                        "grpc/reflection/v1alpha/reflection.proto"},
                {"grpc.reflection.v1.ServerReflection", "grpc/reflection/v1/reflection.proto"},
        };

        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
                struct bytes files, file, name;

                files = ask(b, BY_SYMBOL, bytes_of_text(cases[i].symbol), FILES);
                assert_true(field(files, 1, 0, &file));
                assert_true(field(file, 1, 0, &name));
                assert_true(bytes_is_text(name, cases[i].file));
        }
}

static void failed_with(struct bench *b, unsigned kind, struct bytes what, uint64_t code)
{
        struct bytes failure = ask(b, kind, what, FAILURE), part;

        assert_true(field(failure, 1, 0, &part));
        assert_int_equal(part.len, code);
        assert_true(field(failure, 2, 0, &part));
        assert_true(part.len > 0);
}

static void what_is_not_there_is_not_found(void **state)
{
        struct bench *b = *state;
        static const char *const symbols[] = {"", ".", "statgate", "statgate.v1", "statgate.v1.",
                "statgate.v1.Nothing", "statgate.v1.Batc", "statgate.v1.Batchx",
                "statgate.v1.Batch.", "statgate.v1.Batch.nothing", "statgate.v1.Batch.rows.x",
                "statgate.v1.Submission.Submit.x", "Batch", "google.protobuf.Any"};

        for (unsigned i = 0; i < ARRAY_LEN(symbols); i++)
                failed_with(b, BY_SYMBOL, bytes_of_text(symbols[i]), STATUS_NOT_FOUND);
        failed_with(b, BY_FILENAME, RAW("/etc/passwd"), STATUS_NOT_FOUND);
        failed_with(b, BY_FILENAME, RAW(""), STATUS_NOT_FOUND);
        failed_with(b, BY_EXTENSION, RAW("\x0a\x11statgate.v1.Batch\x10\x01"), STATUS_NOT_FOUND);
        failed_with(b, EXTENSIONS_OF, RAW("statgate.v1.Nothing"), STATUS_NOT_FOUND);
        failed_with(b, EXTENSIONS_OF, RAW("statgate.v1.Submission"), STATUS_NOT_FOUND);
}

static void a_message_of_ours_has_no_extensions(void **state)
{
        struct bench *b = *state;
        struct bytes none, part;

        none = ask(b, EXTENSIONS_OF, RAW("statgate.v1.Batch"), EXTENSIONS);
        assert_true(field(none, 1, 0, &part));
        assert_true(bytes_is_text(part, "statgate.v1.Batch"));
        assert_false(field(none, 2, 0, &part));
}

static void a_request_for_nothing_is_told_so(void **state)
{
        struct bench *b = *state;
        struct bytes part = {0};

        assert_int_equal(
                reflection_answer(b->a, (struct bytes){0}, services, 1, &b->answer), ERR_OK);
        assert_true(field(bytes_of(b->answer.data, b->answer.len), FAILURE, 0, &part));
        assert_true(field(part, 1, 0, &part));
        assert_int_equal(part.len, STATUS_INVALID_ARGUMENT);
}

static void unknown_fields_do_not_come_back(void **state)
{
        struct bench *b = *state;
        struct bytes original;

        raw_bytes(&b->request, LIST, RAW("*"));
        raw_bytes(&b->request, 99, RAW("ghost"));
        assert_int_equal(reflection_answer(b->a, bytes_of(b->request.data, b->request.len),
                                 services, 1, &b->answer),
                ERR_OK);
        assert_true(field(bytes_of(b->answer.data, b->answer.len), ORIGINAL, 0, &original));
        assert_int_equal(original.len, 3);
        assert_null(memmem(b->answer.data, b->answer.len, "ghost", 5));
}

static void text_that_is_no_text_is_not_echoed(void **state)
{
        struct bench *b = *state;
        static const struct bytes wrong[] = {
                {(const uint8_t *)"\x0a\1\xff", 3}, /* host */
                {(const uint8_t *)"\x1a\1\0", 3},   /* a file name */
                {(const uint8_t *)"\x22\2\xc3\x28", 4}, {(const uint8_t *)"\x2a\3\x0a\1\x7f", 5},
                {(const uint8_t *)"\x32\1\x1b", 3}, {(const uint8_t *)"\x3a\1\x1b", 3},
                {(const uint8_t *)"\x3a\2\x1b", 3}, /* cut short */
        };

        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_equal(
                        reflection_answer(b->a, wrong[i], services, 1, &b->answer), ERR_MALFORMED);
        assert_int_equal(b->answer.len, 0);
}

static void comments_travel_with_the_fields(void **state)
{
        struct bench *b = *state;
        struct bytes files;

        files = ask(b, BY_SYMBOL, RAW("statgate.v1.Batch"), FILES);
        assert_non_null(memmem(files.data, files.len, "From 0, without gaps.", 21));
        /* No path of the machine that built it. */
        assert_null(memmem(descriptors().data, descriptors().len, "/usr/", 5));
}

static void attempt(struct bytes wire, void *ctx)
{
        struct bench *b = ctx;
        struct bytes part = {0};

        arena_reset(b->a);
        b->answer.len = 0;
        if (reflection_answer(b->a, wire, services, ARRAY_LEN(services), &b->answer) == ERR_OK)
                assert_true(field(bytes_of(b->answer.data, b->answer.len), ORIGINAL, 0, &part));
}

static void no_byte_out_of_place_does_harm(void **state)
{
        struct bench *b = *state;

        raw_bytes(&b->request, BY_SYMBOL, RAW("grpc.health.v1.Health.Check"));
        raw_mutate(bytes_of(b->request.data, b->request.len), attempt, b);
        b->request.len = 0;
        raw_bytes(&b->request, BY_EXTENSION, RAW("\x0a\x11statgate.v1.Batch\x10\x01"));
        raw_mutate(bytes_of(b->request.data, b->request.len), attempt, b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_BENCH(the_services_are_those_that_are_offered),
                ON_BENCH(a_file_comes_with_its_imports_once),
                ON_BENCH(every_kind_of_symbol_leads_to_its_file),
                ON_BENCH(what_is_not_there_is_not_found),
                ON_BENCH(a_message_of_ours_has_no_extensions),
                ON_BENCH(a_request_for_nothing_is_told_so),
                ON_BENCH(unknown_fields_do_not_come_back),
                ON_BENCH(text_that_is_no_text_is_not_echoed),
                ON_BENCH(comments_travel_with_the_fields),
                ON_BENCH(no_byte_out_of_place_does_harm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
