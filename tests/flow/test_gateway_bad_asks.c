/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_bad_asks.c: every field of every unary request, wrong; and everybody at
 * the wrong door.
 *
 * As in test_gateway_bad_input.c: a status for each, nothing stored, and whoever comes
 * next is served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_delivery.h"
#include "tests/support/wire_raw.h"

static struct world world;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        world_start(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

struct raw_query {
        struct bytes dataset, purpose;
        uint64_t vintage, revision;
        struct bytes variable, level; /* of the one dimension */
        unsigned dimensions;          /* how many times */
        struct bytes condition, condition_level, value;
        uint64_t op;
        unsigned values, conditions;
        uint64_t measure;
        struct bytes measured;
};

static struct raw_query query_sample(void)
{
        return (struct raw_query){
                .dataset = RAW("placering"),
                .purpose = RAW("officiell_statistik"),
                .variable = RAW("form"),
                .dimensions = 1,
                .condition = RAW("kon"),
                .value = RAW("kvinna"),
                .op = 1,
                .values = 1,
                .conditions = 1,
                .measure = 1,
        };
}

static struct bytes query_of(const struct raw_query *r)
{
        struct buf b = {.ceiling = 8 << 20}, inner = {.ceiling = 8 << 20};

        raw_bytes(&b, 1, r->dataset);
        raw_bytes(&b, 2, r->purpose);
        raw_number(&inner, 1, r->vintage);
        raw_number(&inner, 2, r->revision);
        raw_message(&b, 3, &inner);
        for (unsigned i = 0; i < r->conditions; i++) {
                raw_bytes(&inner, 1, r->condition);
                raw_bytes(&inner, 2, r->condition_level);
                raw_number(&inner, 3, r->op);
                for (unsigned v = 0; v < r->values; v++)
                        raw_bytes(&inner, 4, r->value);
                raw_message(&b, 4, &inner);
        }
        for (unsigned i = 0; i < r->dimensions; i++) {
                raw_bytes(&inner, 1, r->variable);
                raw_bytes(&inner, 2, r->level);
                raw_message(&b, 5, &inner);
        }
        raw_number(&inner, 1, r->measure);
        raw_bytes(&inner, 2, r->measured);
        raw_message(&b, 6, &inner);
        buf_done(&inner);
        return say_kept(&world, &b);
}

static void expect_question(const char *what, const struct raw_query *r, enum status wanted)
{
        enum status s = world_call(
                &world, world_client(&world, WORLD_STATISTICIAN), "Statistics/Query", query_of(r));

        if (s != wanted || (wanted == STATUS_INVALID_ARGUMENT && world_status.details.len == 0))
                fail_msg("%s: status %d, not %d: %s", what, s, wanted, world_status.message);
        assert_true(wanted == STATUS_OK || world_answer.len == 0);
}

#define ASK(change, status)                                                                        \
        do {                                                                                       \
                struct raw_query r = query_sample();                                               \
                change;                                                                            \
                expect_question(#change, &r, status);                                              \
        } while (0)

static void each_wrong_field_of_a_question_has_its_status(void **state)
{
        (void)state;
        ASK(r.measure = 1, STATUS_FAILED_PRECONDITION); /* no vintage yet */
        assert_still_served(&world);
        (void)publish(&world);
        ASK(r.measure = 1, STATUS_OK);
        ASK(r.dataset = RAW(""), STATUS_INVALID_ARGUMENT);
        ASK(r.dataset = RAW("placerin"), STATUS_INVALID_ARGUMENT);
        ASK(r.dataset = RAW("\xff"), STATUS_INVALID_ARGUMENT);
        ASK(r.dataset = RAW("x'; DROP TABLE batch; --"), STATUS_INVALID_ARGUMENT);
        ASK(r.purpose = RAW(""), STATUS_INVALID_ARGUMENT);
        ASK(r.purpose = RAW("nyfikenhet"), STATUS_PERMISSION_DENIED);
        ASK(r.vintage = 99, STATUS_NOT_FOUND);
        ASK(r.vintage = UINT32_MAX, STATUS_NOT_FOUND);
        ASK((r.vintage = 1, r.revision = 7), STATUS_NOT_FOUND);
        ASK(r.variable = RAW(""), STATUS_INVALID_ARGUMENT);
        ASK(r.variable = RAW("forn"), STATUS_INVALID_ARGUMENT);
        ASK(r.variable = RAW("kostnad_dygn"), STATUS_PERMISSION_DENIED);
        ASK(r.variable = RAW("fodelsemanad"), STATUS_PERMISSION_DENIED);
        ASK((r.variable = RAW("start"), r.level = RAW("dag")), STATUS_PERMISSION_DENIED);
        ASK(r.level = RAW("kommun"), STATUS_INVALID_ARGUMENT);
        ASK(r.dimensions = 2, STATUS_INVALID_ARGUMENT);
        ASK(r.dimensions = 7, STATUS_INVALID_ARGUMENT);
        ASK(r.dimensions = 1000, STATUS_INVALID_ARGUMENT);
        ASK(r.condition = RAW(""), STATUS_INVALID_ARGUMENT);
        ASK(r.condition = RAW("kom"), STATUS_INVALID_ARGUMENT);
        ASK(r.condition_level = RAW("lan"), STATUS_INVALID_ARGUMENT);
        ASK(r.op = 0, STATUS_INVALID_ARGUMENT);
        ASK(r.op = 8, STATUS_INVALID_ARGUMENT);
        ASK(r.op = UINT64_MAX, STATUS_INVALID_ARGUMENT);
        ASK(r.op = 3, STATUS_INVALID_ARGUMENT); /* less than, of a code without order */
        ASK(r.value = RAW(""), STATUS_INVALID_ARGUMENT);
        ASK(r.value = RAW("kvinnor"), STATUS_INVALID_ARGUMENT);
        ASK(r.value = RAW("\0"), STATUS_INVALID_ARGUMENT);
        ASK(r.values = 0, STATUS_INVALID_ARGUMENT);
        ASK(r.values = 2, STATUS_INVALID_ARGUMENT);
        ASK((r.op = 7, r.values = 513), STATUS_INVALID_ARGUMENT);
        ASK(r.conditions = 17, STATUS_INVALID_ARGUMENT);
        ASK(r.measure = 0, STATUS_INVALID_ARGUMENT);
        ASK(r.measure = 5, STATUS_OK); /* families: there is a linkage that follows guardians */
        ASK(r.measure = 6, STATUS_INVALID_ARGUMENT);
        ASK(r.measure = 8, STATUS_INVALID_ARGUMENT);
        ASK(r.measure = 13, STATUS_INVALID_ARGUMENT);
        ASK(r.measured = RAW("kostnad_dygn"), STATUS_INVALID_ARGUMENT);
        ASK((r.measure = 3), STATUS_INVALID_ARGUMENT);
        ASK((r.measure = 3, r.measured = RAW("kostnader")), STATUS_INVALID_ARGUMENT);
        ASK((r.measure = 3, r.measured = RAW("kon")), STATUS_PERMISSION_DENIED);
        ASK(r.measure = 1, STATUS_OK);
}

static void each_wrong_field_of_the_small_requests_has_its_status(void **state)
{
        static const uint8_t long_note[201] = {'x'};
        const struct {
                const char *who, *method;
                struct bytes request;
                enum status status;
        } rows[] = {
                {WORLD_MUNICIPALITY, "Submission/GetSubmission", RAW(""), STATUS_INVALID_ARGUMENT},
                {WORLD_MUNICIPALITY, "Submission/GetSubmission",
                        RAW("\x0a\x0f"
                            "0123456789abcde"),
                        STATUS_INVALID_ARGUMENT},
                {WORLD_MUNICIPALITY, "Submission/GetSubmission",
                        RAW("\x0a\x10"
                            "0123456789abcdef"),
                        STATUS_NOT_FOUND},
                {WORLD_MUNICIPALITY, "Submission/Withdraw",
                        RAW("\x0a\x10"
                            "0123456789abcdef"),
                        STATUS_NOT_FOUND},
                {WORLD_MUNICIPALITY, "Submission/Withdraw", RAW("\x0a\x01"),
                        STATUS_INVALID_ARGUMENT},
                {WORLD_MUNICIPALITY, "Submission/ErasePerson", RAW(""), STATUS_INVALID_ARGUMENT},
                {WORLD_MUNICIPALITY, "Submission/ErasePerson",
                        RAW("\x0a\x11\x0a\x0c"
                            "201001033009"
                            "\x12\x01\x01"),
                        STATUS_FAILED_PRECONDITION}, /* in clear, whoever it is */
                {WORLD_MUNICIPALITY, "Submission/ErasePerson",
                        RAW("\x0a\x11\x0a\x0c"
                            "201001033008"
                            "\x12\x01\x00"),
                        STATUS_INVALID_ARGUMENT}, /* no person */
                {WORLD_MUNICIPALITY, "Submission/ErasePerson",
                        RAW("\x0a\x11\x0a\x0c"
                            "201001033008"
                            "\x12\x01\x07"),
                        STATUS_INVALID_ARGUMENT},
                {WORLD_MUNICIPALITY, "Submission/ErasePerson",
                        RAW("\x0a\x1e\x0a\x18"
                            "201001033008201001033008"
                            "\x12\x02\x01\x01"),
                        STATUS_INVALID_ARGUMENT}, /* two */
                {WORLD_MUNICIPALITY, "Submission/ErasePerson",
                        RAW("\x12\x08\x0a\x03"
                            "key"
                            "\x12\x01"
                            "b"),
                        STATUS_INVALID_ARGUMENT}, /* no such key */
                {WORLD_STATISTICIAN, "Statistics/DescribeDataset", RAW(""),
                        STATUS_INVALID_ARGUMENT},
                {WORLD_STATISTICIAN, "Statistics/DescribeDataset",
                        RAW("\x0a\x03"
                            "xyz"),
                        STATUS_INVALID_ARGUMENT},
                {WORLD_STATISTICIAN, "Statistics/DescribeDataset", RAW("\x0a\x02\xff\xff"),
                        STATUS_INVALID_ARGUMENT},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                enum status s = world_call(
                        &world, world_client(&world, rows[i].who), rows[i].method, rows[i].request);
                if (s != rows[i].status)
                        fail_msg("row %zu: status %d: %s", i, s, world_status.message);
        }
        /* A note too long for the list of vintages publishes nothing. */
        struct buf b = {.ceiling = 1024};
        raw_bytes(&b, 1, bytes_of(long_note, sizeof long_note));
        assert_int_equal(world_call(&world, world_client(&world, WORLD_OPERATOR),
                                 "Operations/PublishVintage", say_kept(&world, &b)),
                STATUS_INVALID_ARGUMENT);
        assert_still_served(&world);
        assert_int_equal(publish(&world).number, 1);
}

/* Any bytes at all ---------------------------------------------------------------------- */

struct method {
        const char *name;
        unsigned roles; /* who may: municipality, statistician, dpo, operator */
};
static const char *const people[] = {
        WORLD_MUNICIPALITY, WORLD_STATISTICIAN, WORLD_DPO, WORLD_OPERATOR};
static const struct method methods[] = {
        {"Submission/GetSubmission", 1},
        {"Submission/Withdraw", 1},
        {"Submission/ErasePerson", 1},
        {"Statistics/ListDatasets", 2 | 4},
        {"Statistics/DescribeDataset", 2 | 4},
        {"Statistics/Query", 2},
        {"Operations/ListVintages", 8 | 2 | 4},
        {"Operations/GetStatus", 8 | 4},
        {"Operations/PublishVintage", 8},
        {"Operations/Reload", 8},
};

static const char *first_allowed(const struct method *m)
{
        for (unsigned i = 0; i < ARRAY_LEN(people); i++)
                if ((m->roles >> i & 1) != 0)
                        return people[i];
        return NULL;
}

static void assert_canonical(enum status s)
{
        if (s != STATUS_OK && s != STATUS_INVALID_ARGUMENT && s != STATUS_NOT_FOUND &&
                s != STATUS_FAILED_PRECONDITION && s != STATUS_PERMISSION_DENIED &&
                s != STATUS_UNIMPLEMENTED && s != STATUS_ALREADY_EXISTS)
                fail_msg("status %d: %s", s, world_status.message);
}

static void random_bytes_get_a_canonical_answer_everywhere(void **state)
{
        uint64_t random = 4711;
        uint8_t noise[300];

        (void)state;
        for (size_t m = 0; m < ARRAY_LEN(methods) - 2; m++) {
                struct client *c = world_client(&world, first_allowed(&methods[m]));

                for (int i = 0; i < 60; i++) {
                        size_t len = random_below(&random, sizeof noise);

                        for (size_t k = 0; k < len; k++)
                                noise[k] = (uint8_t)random_below(&random, 256);
                        assert_canonical(
                                world_call(&world, c, methods[m].name, bytes_of(noise, len)));
                }
        }
        assert_still_served(&world);
}

static void mutated_question(struct bytes wire, void *ctx)
{
        (void)ctx;
        assert_canonical(world_call(
                &world, world_client(&world, WORLD_STATISTICIAN), "Statistics/Query", wire));
}

static void a_question_with_any_byte_changed_gets_a_canonical_answer(void **state)
{
        struct raw_query good = query_sample();

        (void)state;
        assert_still_served(&world);
        (void)publish(&world);
        raw_mutate(query_of(&good), mutated_question, NULL);
        assert_still_served(&world);
}

static void a_request_that_is_too_large_is_refused_before_it_is_read(void **state)
{
        static uint8_t huge[5 << 20];

        (void)state;
        for (size_t m = 0; m < ARRAY_LEN(methods); m++)
                assert_int_equal(
                        world_call(&world, world_client(&world, first_allowed(&methods[m])),
                                methods[m].name, bytes_of(huge, sizeof huge)),
                        STATUS_RESOURCE_EXHAUSTED);
        assert_still_served(&world);
}

/* Who may ask --------------------------------------------------------------------------- */

static void each_method_is_for_its_roles_alone(void **state)
{
        (void)state;
        for (size_t m = 0; m < ARRAY_LEN(methods); m++)
                for (unsigned p = 0; p < ARRAY_LEN(people); p++) {
                        bool may = (methods[m].roles >> p & 1) != 0;
                        enum status s = world_call(&world, world_client(&world, people[p]),
                                methods[m].name, bytes_of(NULL, 0));

                        /* An empty PublishVintage is a stream and a publication: left out. */
                        if (may && strstr(methods[m].name, "Publish") != NULL)
                                continue;
                        if ((s == STATUS_PERMISSION_DENIED) == may)
                                fail_msg("%s by %s: status %d", methods[m].name, people[p], s);
                }
        for (unsigned p = 1; p < ARRAY_LEN(people); p++) {
                const struct wire_open open = placering_append();
                struct talk t;

                talk_begin(&t, &world, world_client(&world, people[p]));
                assert_int_equal(talk_say(&t, say_open(t.arena, &open)), STATUS_PERMISSION_DENIED);
                talk_break(&t);
        }
        assert_int_equal(
                world_call(&world, town(&world, 180), "Submission/Steal", bytes_of(NULL, 0)),
                STATUS_UNIMPLEMENTED);
        assert_int_equal(status_of(&world).submissions_open, 0);
        assert_still_served(&world);
}

static void whose_certificate_says_nothing_the_policy_knows_is_nobody(void **state)
{
        static const char *const uris[] = {"statgate://demo/municipality/9999",
                "statgate://demo/municipality/180", "statgate://demo/municipality/0180/a/b",
                "statgate://other/municipality/0180", "statgate://demo/king/karl",
                "statgate://demo/statistician/", "statgate://demo/statistician/anna?x=1",
                "https://demo/statistician/anna", "statgate://demo/Statistician/anna"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
                struct client *c = world_stranger(&world, uris[i], NULL, 30);

                for (size_t m = 0; m < ARRAY_LEN(methods); m++) {
                        enum status s = world_call(&world, c, methods[m].name, bytes_of(NULL, 0));

                        if (s != STATUS_UNAUTHENTICATED)
                                fail_msg("%s: status %d for %s", uris[i], s, methods[m].name);
                }
        }
        assert_still_served(&world);
}

static void expired_and_foreign_certificates_do_not_get_in(void **state)
{
        const char *uri = "statgate://demo/statistician/anna";
        struct client *expired = world_stranger(&world, uri, NULL, -1);
        struct client *foreign = world_stranger(&world, uri, &world.other_ca, 30);

        (void)state;
        assert_int_equal(world_call(&world, expired, "Statistics/ListDatasets", bytes_of(NULL, 0)),
                STATUS_UNAVAILABLE);
        assert_int_equal(world_call(&world, foreign, "Statistics/ListDatasets", bytes_of(NULL, 0)),
                STATUS_UNAVAILABLE);
        assert_still_served(&world);
}

#define WHOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WHOLE(each_wrong_field_of_a_question_has_its_status),
                WHOLE(each_wrong_field_of_the_small_requests_has_its_status),
                WHOLE(random_bytes_get_a_canonical_answer_everywhere),
                WHOLE(a_question_with_any_byte_changed_gets_a_canonical_answer),
                WHOLE(a_request_that_is_too_large_is_refused_before_it_is_read),
                WHOLE(each_method_is_for_its_roles_alone),
                WHOLE(whose_certificate_says_nothing_the_policy_knows_is_nobody),
                WHOLE(expired_and_foreign_certificates_do_not_get_in),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
