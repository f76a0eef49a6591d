/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_operations.c: publishing, status, reload and health, there and back. */
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

static void a_note_goes_there_and_a_long_one_is_refused(void **state)
{
        struct bench *b = *state;
        static uint8_t long_note[203] = {0x0a, 0xc8, 1};
        struct refusal why = {0};
        struct bytes note = {0};

        assert_int_equal(publish_request_encode(RAW("after corrections"), &b->wire), ERR_OK);
        assert_int_equal(publish_request_decode(b->a, wire_of(b), &note, NULL), ERR_OK);
        assert_true(bytes_is_text(note, "after corrections"));
        assert_int_equal(publish_request_decode(b->a, RAW(""), &note, NULL), ERR_OK);
        assert_int_equal(note.len, 0);
        memset(long_note + 3, 'a', 200);
        assert_int_equal(
                publish_request_decode(b->a, bytes_of(long_note, 203), &note, NULL), ERR_OK);
        b->wire.len = 0;
        raw_bytes(&b->wire, 1, bytes_of(long_note + 2, 201));
        assert_int_equal(publish_request_decode(b->a, wire_of(b), &note, &why), ERR_INVALID);
        assert_string_equal(why.violations[0].field, "note");
}

static void progress_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_publish_progress in = {.phase = RAW("linking"),
                .dataset = RAW("placering"),
                .records_done = 1,
                .records_total = 1ULL << 40,
                .done = true,
                .vintage = {4, 0}};
        struct wire_publish_progress out;

        assert_int_equal(publish_progress_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(publish_progress_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(bytes_is_text(out.phase, "linking"));
        assert_true(bytes_is_text(out.dataset, "placering"));
        assert_int_equal(out.records_done, 1);
        assert_int_equal(out.records_total, 1ULL << 40);
        assert_true(out.done);
        assert_true(out.vintage.number == 4 && out.vintage.revision == 0);
}

static void vintages_go_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_vintage list[] = {{.vintage = {1, 0}, .published_at_ms = -1, .records = 2},
                {.vintage = {1, 1}, .submissions = 3, .open = true, .note = RAW("revised")}};
        struct wire_vintages in = {.vintages = list, .len = 2}, out;

        assert_int_equal(vintages_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(vintages_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.len, 2);
        assert_int_equal(out.vintages[0].published_at_ms, -1);
        assert_int_equal(out.vintages[0].records, 2);
        assert_false(out.vintages[0].open);
        assert_true(out.vintages[1].open);
        assert_int_equal(out.vintages[1].vintage.revision, 1);
        assert_int_equal(out.vintages[1].submissions, 3);
        assert_true(bytes_is_text(out.vintages[1].note, "revised"));
        in.len = 0;
        b->wire.len = 0;
        assert_int_equal(vintages_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(vintages_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.len, 0);
}

static struct wire_status status_sample(const struct wire_view_status *views, uint32_t len)
{
        struct wire_status s = {.version = RAW("0.1"),
                .started_at_ms = 1,
                .keeper_alive = true,
                .keyring_generation = 2,
                .policy_version = 3,
                .submissions_open = 4,
                .submissions_committed = 5,
                .records_committed = 6,
                .store_bytes = 7,
                .calls = 8,
                .calls_refused = 9,
                .calls_failed = 10,
                .views = views,
                .views_len = len};

        memset(s.policy.bytes, 11, sizeof s.policy.bytes);
        return s;
}

static void status_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_view_status view = {.dataset = RAW("placering"),
                .vintage = {2, 0},
                .records = 3,
                .persons = 4,
                .bytes = 5,
                .build_ms = 6};
        const struct wire_quota_status quota = {180, 2000, 31, 100, 4, 12, 13};
        struct wire_status in = status_sample(&view, 1), out;

        in.quotas = &quota;
        in.quotas_len = 1;
        in.domains_rotating = 14;
        in.records_left = 15;
        in.domains_owing = 16;
        in.records_owing = 17;
        assert_int_equal(status_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(status_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(bytes_is_text(out.version, "0.1"));
        assert_int_equal(out.started_at_ms, 1);
        assert_true(out.keeper_alive);
        assert_int_equal(out.keyring_generation, 2);
        assert_int_equal(out.policy_version, 3);
        assert_memory_equal(&out.policy, &in.policy, 32);
        assert_int_equal(out.submissions_open, 4);
        assert_int_equal(out.submissions_committed, 5);
        assert_int_equal(out.records_committed, 6);
        assert_int_equal(out.store_bytes, 7);
        assert_int_equal(out.calls, 8);
        assert_int_equal(out.calls_refused, 9);
        assert_int_equal(out.calls_failed, 10);
        assert_int_equal(out.quotas_len, 1);
        assert_int_equal(out.quotas[0].municipality, 180);
        assert_int_equal(out.quotas[0].persons_most, 2000);
        assert_int_equal(out.quotas[0].persons_percent, 31);
        assert_int_equal(out.quotas[0].erasures_most, 100);
        assert_int_equal(out.quotas[0].erasures, 4);
        assert_int_equal(out.quotas[0].persons_refused_at_ms, 12);
        assert_int_equal(out.quotas[0].erasures_refused_at_ms, 13);
        assert_int_equal(out.domains_rotating, 14);
        assert_int_equal(out.records_left, 15);
        assert_int_equal(out.domains_owing, 16);
        assert_int_equal(out.records_owing, 17);
        assert_int_equal(out.views_len, 1);
        assert_true(bytes_is_text(out.views[0].dataset, "placering"));
        assert_int_equal(out.views[0].vintage.number, 2);
        assert_int_equal(out.views[0].records, 3);
        assert_int_equal(out.views[0].persons, 4);
        assert_int_equal(out.views[0].bytes, 5);
        assert_int_equal(out.views[0].build_ms, 6);
}

static void a_reload_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_reloaded in = {.policy_version = 5, .certificates_changed = true}, out;

        memset(in.policy.bytes, 12, sizeof in.policy.bytes);
        assert_int_equal(reloaded_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(reloaded_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.policy_version, 5);
        assert_memory_equal(&out.policy, &in.policy, 32);
        assert_true(!out.policy_changed && out.certificates_changed);
        assert_int_equal(reloaded_decode(b->a, RAW(""), &out), ERR_MALFORMED);
}

static void a_rotation_goes_there_and_back_and_gives_nothing_up_unasked(void **state)
{
        struct bench *b = *state;
        struct wire_rotate in = {.kind = RAW("settle"), .forget_answers = true}, out;
        struct refusal why = {0};

        assert_int_equal(rotate_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(rotate_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_true(bytes_is_text(out.kind, "settle"));
        assert_true(out.forget_answers);
        /* As who does not know the field says it. */
        assert_int_equal(rotate_decode(b->a, RAW("\x0a\6settle"), &out, NULL), ERR_OK);
        assert_false(out.forget_answers);
        assert_int_equal(rotate_decode(b->a, RAW("\x28\1"), &out, &why), ERR_INVALID);
        assert_string_equal(why.violations[0].field, "kind");
}

static void health_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct bytes service = {0};
        enum health h = HEALTH_UNKNOWN;

        assert_int_equal(health_request_encode(RAW("statgate.v1.Statistics"), &b->wire), ERR_OK);
        assert_int_equal(health_request_decode(b->a, wire_of(b), &service), ERR_OK);
        assert_true(bytes_is_text(service, "statgate.v1.Statistics"));
        assert_int_equal(health_request_decode(b->a, RAW(""), &service), ERR_OK);
        assert_int_equal(service.len, 0);
        assert_int_equal(health_request_decode(b->a, RAW("\x0a\1\x1b"), &service), ERR_INVALID);
        for (int in = HEALTH_UNKNOWN; in <= HEALTH_SERVICE_UNKNOWN; in++) {
                b->wire.len = 0;
                assert_int_equal(health_response_encode((enum health)in, &b->wire), ERR_OK);
                assert_int_equal(health_response_decode(b->a, wire_of(b), &h), ERR_OK);
                assert_int_equal(h, in);
        }
        /* As the definition has it: field 1, SERVING is 1. */
        assert_int_equal(health_response_decode(b->a, RAW("\x08\1"), &h), ERR_OK);
        assert_int_equal(h, HEALTH_SERVING);
        assert_int_equal(health_response_decode(b->a, RAW("\x08\4"), &h), ERR_MALFORMED);
}

static void try_all(struct bytes wire, void *ctx)
{
        struct arena *a = ctx;
        struct wire_publish_progress progress;
        struct wire_vintages vintages;
        struct wire_reloaded reloaded;
        struct wire_status status;
        struct bytes text;
        enum health health;

        arena_reset(a);
        (void)(publish_request_decode(a, wire, &text, NULL) == ERR_OK);
        (void)(publish_progress_decode(a, wire, &progress) == ERR_OK);
        (void)(vintages_decode(a, wire, &vintages) == ERR_OK);
        (void)(reloaded_decode(a, wire, &reloaded) == ERR_OK);
        (void)(health_request_decode(a, wire, &text) == ERR_OK);
        (void)(health_response_decode(a, wire, &health) == ERR_OK);
        if (status_decode(a, wire, &status) == ERR_OK)
                for (uint32_t i = 0; i < status.views_len; i++)
                        assert_true(bytes_is_printable(status.views[i].dataset));
}

static void no_byte_out_of_place_does_harm(void **state)
{
        struct bench *b = *state;
        struct wire_view_status view = {.dataset = RAW("placering"), .vintage = {2, 0}};
        struct wire_status status = status_sample(&view, 1);
        struct wire_vintage vintage = {.vintage = {1, 1}, .note = RAW("revised")};
        struct wire_vintages vintages = {.vintages = &vintage, .len = 1};

        assert_int_equal(status_encode(&status, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
        b->wire.len = 0;
        assert_int_equal(vintages_encode(&vintages, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_BENCH(a_note_goes_there_and_a_long_one_is_refused),
                ON_BENCH(progress_goes_there_and_back),
                ON_BENCH(vintages_go_there_and_back),
                ON_BENCH(status_goes_there_and_back),
                ON_BENCH(a_reload_goes_there_and_back),
                ON_BENCH(a_rotation_goes_there_and_back_and_gives_nothing_up_unasked),
                ON_BENCH(health_goes_there_and_back),
                ON_BENCH(no_byte_out_of_place_does_harm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
