/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_rotation.c: keys are exchanged under a running gateway, or end, and nobody who
 * delivers or asks can tell but by what ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "gateway/store/store.h"
#include "policies/rules/restore.h"
#include "tests/support/gateway_ask.h"
#include "tests/support/gateway_sealing.h"

enum { CHILDREN = 3000, ROWS = 4000, BATCH = 40, PATIENCE_MS = 60000, TICK_MS = 50, HOME = 180 };

static struct world world;

static int make(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        world_start(&world);
        return 0;
}

static int unmake(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* Calls ------------------------------------------------------------------------ */

static struct wire_keys keys_now(void)
{
        struct wire_keys keys;

        assert_int_equal(world_call(&world, world_client(&world, WORLD_OPERATOR),
                                 "Operations/ListKeys", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(key_list_decode(world.arena, world_answer, &keys), ERR_OK);
        return keys;
}

static enum status rotate(const char *kind, const char *dataset, municipality_t m)
{
        const struct wire_rotate r = {
                .kind = bytes_of_text(kind), .dataset = bytes_of_text(dataset), .municipality = m};
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        struct bytes request;

        assert_int_equal(rotate_encode(&r, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        return world_call(
                &world, world_client(&world, WORLD_OPERATOR), "Operations/RotateKeys", request);
}

static enum status destroy(const char *who, const char *dataset, municipality_t m)
{
        const struct wire_domain d = {bytes_of_text(dataset), m};
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        struct bytes request;

        assert_int_equal(destroy_encode(&d, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        return world_call(&world, world_client(&world, who), "Operations/DestroyDomain", request);
}

static struct wire_key domain_key(const char *dataset, municipality_t m)
{
        struct wire_keys keys = keys_now();

        for (uint32_t i = 0; i < keys.len; i++)
                if (bytes_is_text(keys.keys[i].kind, "domain") &&
                        bytes_is_text(keys.keys[i].name, dataset) && keys.keys[i].municipality == m)
                        return keys.keys[i];
        return (struct wire_key){.epoch = 0};
}

static bool any_rotates(void)
{
        struct wire_keys keys = keys_now();

        for (uint32_t i = 0; i < keys.len; i++)
                if (bytes_is_text(keys.keys[i].kind, "domain") &&
                        keys.keys[i].oldest < keys.keys[i].epoch)
                        return true;
        return false;
}

static void wait_until_rotated(void)
{
        unsigned ms = 0;

        for (; ms < PATIENCE_MS && any_rotates(); ms += TICK_MS)
                nap(TICK_MS);
        assert_true(ms < PATIENCE_MS);
}

static struct placement *placements(uint64_t seed, uint32_t len, uint32_t first_key)
{
        struct placement *p = calloc(len, sizeof *p);

        assert_non_null(p);
        for (uint32_t i = 0; i < len; i++)
                p[i] = placement_random(&seed, CHILDREN, first_key + i);
        return p;
}

/* The release of one question, as its digest. */
static struct digest answer_digest_now(void)
{
        struct wire_answer answer;
        struct wire_release r;

        assert_int_equal(ask(&world, "form,kon", NULL, "persons", &answer, &r), STATUS_OK);
        return answer.release_digest;
}

/* Tests ------------------------------------------------------------------------ */

static void answers_are_the_same_bytes_before_and_after(void **state)
{
        struct placement *p = placements(1, ROWS, 0);
        struct digest before, after;

        (void)state;
        (void)deliver(&world, HOME, DELIVERY_APPEND, p, ROWS, BATCH);
        (void)deliver(&world, 114, DELIVERY_APPEND, p, ROWS / 2, BATCH);
        (void)publish(&world);
        before = answer_digest_now();
        assert_int_equal(rotate("domain", "", 0), STATUS_OK);
        after = answer_digest_now();
        assert_true(digest_equal(&before, &after));
        wait_until_rotated();
        assert_int_equal(domain_key("placering", HOME).epoch, 2);
        assert_int_equal(domain_key("placering", HOME).oldest, 2);
        /* A new process has no view in memory: it reads what lies there now. */
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        after = answer_digest_now();
        assert_true(digest_equal(&before, &after));
        free(p);
}

static void a_correction_after_a_rotation_is_known_for_one(void **state)
{
        struct placement *p = placements(2, ROWS, 0);
        struct heap heap = {0};

        (void)state;
        (void)deliver(&world, HOME, DELIVERY_APPEND, p, ROWS, 500);
        heap_add(&heap, HOME, DELIVERY_APPEND, p, ROWS);
        assert_int_equal(rotate("domain", "placering", HOME), STATUS_OK);
        for (uint32_t i = 0; i < ROWS; i++)
                p[i].form = (uint8_t)((p[i].form + 1) % FORMS);
        /* While the first records still move. */
        (void)deliver(&world, HOME, DELIVERY_APPEND, p, ROWS / 2, 500);
        heap_add(&heap, HOME, DELIVERY_APPEND, p, ROWS / 2);
        wait_until_rotated();
        (void)deliver(&world, HOME, DELIVERY_APPEND, p + ROWS / 2, ROWS / 4, 500);
        heap_add(&heap, HOME, DELIVERY_APPEND, p + ROWS / 2, ROWS / 4);
        (void)publish(&world);
        heap_expect(&world, &heap, "form", NULL);
        heap_expect(&world, &heap, "form,kon", NULL);
        heap_done(&heap);
        free(p);
}

static void a_gateway_killed_in_the_middle_goes_on_where_it_was(void **state)
{
        struct placement *p = placements(3, ROWS, 0);
        struct digest before, after;
        bool in_the_middle = false;

        (void)state;
        (void)deliver(&world, HOME, DELIVERY_APPEND, p, ROWS, BATCH);
        (void)publish(&world);
        before = answer_digest_now();
        for (uint32_t round = 1; round <= 4; round++) {
                assert_int_equal(rotate("domain", "", 0), STATUS_OK);
                nap(round * 3);
                world_kill(&world);
                world_drop_clients(&world);
                world_start(&world);
                in_the_middle |= any_rotates();
                wait_until_rotated();
                assert_int_equal(domain_key("placering", HOME).epoch, round + 1);
                after = answer_digest_now();
                assert_true(digest_equal(&before, &after));
        }
        assert_true(in_the_middle);
        free(p);
}

static void a_second_rotation_waits_for_the_first(void **state)
{
        struct placement *p = placements(4, ROWS, 0);
        enum status s;

        (void)state;
        (void)deliver(&world, HOME, DELIVERY_APPEND, p, ROWS, BATCH / 2);
        assert_int_equal(rotate("domain", "placering", HOME), STATUS_OK);
        s = rotate("domain", "placering", HOME);
        assert_true(s == STATUS_FAILED_PRECONDITION || s == STATUS_OK); /* it may be over */
        wait_until_rotated();
        assert_int_equal(domain_key("placering", HOME).epoch, s == STATUS_OK ? 3 : 2);
        assert_int_equal(rotate("domain", "placering", 2584), STATUS_NOT_FOUND);
        assert_int_equal(rotate("thumbs", "", 0), STATUS_INVALID_ARGUMENT);
        assert_int_equal(rotate("sealing", "placering", 0), STATUS_INVALID_ARGUMENT);
        assert_int_equal(rotate("signing", "", 0), STATUS_OK);
        free(p);
}

/* A batch that is none, as a disk that rots makes them, among those of 0114. */
static void put_damaged(void)
{
        uint8_t noise[500] = {7};
        struct stored_submission d = {.id = {{0x44}},
                .municipality = 114,
                .dataset = "placering",
                .period = {20089, 20453},
                .mode = DELIVERY_APPEND,
                .opened_at_ms = clock_now_ms()};
        struct stored_batch b = {.submission = d.id,
                .rows = 10,
                .epoch = 1,
                .sealed = bytes_of(noise, sizeof noise)};
        struct store *s = NULL;
        uint32_t rows, rejected;
        bool replayed;

        assert_int_equal(store_open(world_path(&world, "store/statgate.db"), &s), ERR_OK);
        assert_int_equal(store_submission_open(s, &d, NULL, &d), ERR_OK);
        assert_int_equal(store_batch_put(s, &b, NULL, &replayed, &rows, &rejected), ERR_OK);
        store_close(&s);
}

static void a_damaged_batch_keeps_its_domain_back_and_no_other(void **state)
{
        struct placement *p = placements(7, ROWS, 0);
        unsigned ms = 0;

        (void)state;
        (void)deliver(&world, 114, DELIVERY_APPEND, p, ROWS / 2, 500);
        (void)deliver(&world, HOME, DELIVERY_APPEND, p + ROWS / 2, ROWS / 2, 500);
        assert_int_equal(world_stop(&world), 0);
        put_damaged();
        world_start(&world);
        assert_int_equal(rotate("domain", "placering", 0), STATUS_OK);
        for (; ms < PATIENCE_MS && domain_key("placering", HOME).oldest != 2; ms += TICK_MS)
                nap(TICK_MS);
        assert_true(ms < PATIENCE_MS);
        assert_int_equal(domain_key("placering", 114).oldest, 1); /* nothing is lost */
        assert_int_equal(domain_key("placering", 114).records_left, 10);
        assert_int_equal(status_of(&world).domains_rotating, 1);
        assert_int_equal(status_of(&world).records_left, 10);
        free(p);
}

static uint64_t records_owing(void)
{
        struct wire_keys keys = keys_now();
        uint64_t owing = 0;

        for (uint32_t i = 0; i < keys.len; i++)
                owing += keys.keys[i].records_owing;
        return owing;
}

static void everybody_delivers_anew_and_the_older_key_of_persons_ends(void **state)
{
        struct placement *p = placements(6, ROWS, 0);
        struct digest before, after;
        struct heap heap = {0};

        (void)state;
        (void)deliver(&world, HOME, DELIVERY_APPEND, p, ROWS / 2, 500);
        (void)deliver(&world, 114, DELIVERY_APPEND, p + ROWS / 4, ROWS / 2, 500);
        (void)publish(&world);
        before = answer_digest_now();
        assert_int_equal(rotate("settle", "", 0), STATUS_NOT_FOUND);
        assert_int_equal(rotate("person", "", 0), STATUS_OK);
        assert_int_equal(rotate("person", "", 0), STATUS_FAILED_PRECONDITION);
        assert_int_equal(records_owing(), ROWS);
        assert_int_equal(status_of(&world).domains_owing, 2);
        assert_int_equal(status_of(&world).records_owing, ROWS);
        assert_int_equal(status_of(&world).domains_rotating, 0);
        after = answer_digest_now();
        assert_true(digest_equal(&before, &after));
        assert_int_equal(rotate("settle", "", 0), STATUS_FAILED_PRECONDITION);

        (void)deliver(&world, HOME, DELIVERY_REPLACE, p, ROWS / 2, 500);
        assert_int_equal(records_owing(), ROWS / 2);
        assert_int_equal(rotate("settle", "", 0), STATUS_FAILED_PRECONDITION);
        (void)deliver(&world, 114, DELIVERY_REPLACE, p + ROWS / 4, ROWS / 2, 500);
        assert_int_equal(records_owing(), 0);
        /* The newest vintage still holds what was replaced. */
        assert_int_equal(rotate("settle", "", 0), STATUS_FAILED_PRECONDITION);
        (void)publish(&world);
        assert_int_equal(rotate("settle", "", 0), STATUS_OK);
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        heap_add(&heap, HOME, DELIVERY_APPEND, p, ROWS / 2);
        heap_add(&heap, 114, DELIVERY_APPEND, p + ROWS / 4, ROWS / 2);
        heap_expect(&world, &heap, "form", NULL);
        heap_expect(&world, &heap, "form,kon", NULL);
        heap_done(&heap);
        free(p);
}

/* The last removal; its number is how many there are. */
static struct wire_removal last_removal(void)
{
        OWNED(buf_done) struct buf b = {.ceiling = 64};
        struct wire_removals all;
        struct bytes request;

        assert_int_equal(removals_request_encode(1, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(world_call(&world, world_client(&world, WORLD_DPO),
                                 "Operations/ListRemovals", request),
                STATUS_OK);
        assert_int_equal(removals_decode(world.arena, world_answer, &all), ERR_OK);
        return all.len > 0 ? all.removals[all.len - 1] : (struct wire_removal){.number = 0};
}

static void a_destroyed_domain_is_gone_with_proof_and_the_others_stand(void **state)
{
        struct placement *p = placements(5, ROWS, 0);
        struct wire_destroyed gone;
        struct wire_removal proof;
        struct submission_id lost;
        struct heap heap = {0};

        (void)state;
        lost = deliver(&world, HOME, DELIVERY_APPEND, p, ROWS / 2, 500);
        (void)deliver(&world, 114, DELIVERY_APPEND, p + ROWS / 2, ROWS / 2, 500);
        heap_add(&heap, 114, DELIVERY_APPEND, p + ROWS / 2, ROWS / 2);
        (void)publish(&world);
        assert_int_equal(destroy(WORLD_OPERATOR, "placering", HOME), STATUS_PERMISSION_DENIED);
        assert_int_equal(destroy(WORLD_STATISTICIAN, "placering", HOME), STATUS_PERMISSION_DENIED);
        assert_int_equal(destroy(WORLD_DPO, "placering", 2584), STATUS_NOT_FOUND);
        assert_int_equal(destroy(WORLD_DPO, "placering", HOME), STATUS_OK);
        assert_int_equal(destroyed_decode(world.arena, world_answer, &gone), ERR_OK);
        assert_int_equal(gone.submissions, 1);
        assert_int_equal(gone.records, ROWS / 2);
        assert_int_equal(gone.revised.number, 1);
        assert_int_equal(gone.revised.revision, 1);
        proof = last_removal();
        assert_int_equal(proof.number, 1);
        assert_true(bytes_is_text(proof.reason, "domain"));
        assert_memory_equal(&proof.submission, &lost, sizeof lost);
        assert_true(proof.has_digest);
        assert_int_equal(domain_key("placering", HOME).epoch, 0);
        heap_expect(&world, &heap, "form", NULL);

        /* Keys begin anew under a number of their own. */
        (void)deliver(&world, HOME, DELIVERY_APPEND, p, ROWS / 2, 500);
        heap_add(&heap, HOME, DELIVERY_APPEND, p, ROWS / 2);
        (void)publish(&world);
        heap_expect(&world, &heap, "form", NULL);
        assert_int_equal(domain_key("placering", HOME).epoch, 2);
        heap_done(&heap);
        free(p);
}

/* What a failed publication says is wrong. */
static enum status publish_badly(const char **out_text)
{
        struct call_status status = {.code = STATUS_OK};
        OWNED(buf_done) struct buf b = {.ceiling = 64};
        struct call *call = NULL;
        struct bytes request, answer;

        assert_int_equal(publish_request_encode(bytes_of_text(""), &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(call_start(world_client(&world, WORLD_OPERATOR),
                                 "/statgate.v1.Operations/PublishVintage", 60000, &call),
                ERR_OK);
        assert_int_equal(call_send(call, request), ERR_OK);
        assert_int_equal(call_half_close(call), ERR_OK);
        while (call_receive(call, world.arena, &answer) == ERR_OK)
                ;
        assert_int_not_equal(call_finish(call, &status), ERR_OK);
        call_free(&call);
        *out_text = status.details.len > 0
                            ? arena_printf(world.arena, "%s", status.details.violations[0].text)
                            : "";
        return status.code;
}

/* The log went back with the store: the officer agrees that it goes on from there. */
static void agree_to_the_log(void)
{
        static const struct world_start plain;
        OWNED(buf_done) struct buf statement = {.ceiling = RESTORE_STATEMENT_MAX};
        OWNED(buf_done) struct buf file = {.ceiling = RESTORE_FILE_MAX};
        struct signed_restore r;
        struct bytes bytes, needed;

        assert_int_not_equal(world_try(&world, &plain), WORLD_UP);
        needed = world_read(&world, world_path(&world, "keys/restore.sgr.needed"));
        assert_int_equal(restore_file_decode(needed, &r), ERR_OK);
        r.statement.why = bytes_of_text("a disk was lost");
        assert_int_equal(restore_encode(&r.statement, &statement), ERR_OK);
        assert_int_equal(buf_end(&statement, &bytes), ERR_OK);
        assert_int_equal(restore_sign(bytes, world.officer, bytes_of(NULL, 0), &file), ERR_OK);
        assert_int_equal(buf_end(&file, &bytes), ERR_OK);
        world_write(&world, "keys/restore.sgr", bytes);
}

/* A copy of the store from before a domain was destroyed: its batches are there and no keys. */
static void a_store_from_before_a_domain_ended_says_which_and_is_mended_by_ending_it(void **state)
{
        static const char *const parts[] = {"store/statgate.db", "store/statgate.db-wal"};
        struct placement *p = placements(8, ROWS, 0);
        struct bytes before[ARRAY_LEN(parts)] = {{NULL, 0}};
        struct heap heap = {0};
        const char *said;

        (void)state;
        (void)deliver(&world, HOME, DELIVERY_APPEND, p, ROWS / 2, 500);
        (void)deliver(&world, 114, DELIVERY_APPEND, p + ROWS / 2, ROWS / 2, 500);
        heap_add(&heap, 114, DELIVERY_APPEND, p + ROWS / 2, ROWS / 2);
        (void)publish(&world);
        assert_int_equal(world_stop(&world), 0);
        for (unsigned i = 0; i < ARRAY_LEN(parts); i++)
                if (world_exists(&world, parts[i]))
                        before[i] = world_read(&world, world_path(&world, parts[i]));
        world_start(&world);
        assert_int_equal(destroy(WORLD_DPO, "placering", HOME), STATUS_OK);
        assert_int_equal(domain_key("placering", HOME).records_left, 0);
        (void)publish(&world);
        assert_int_equal(world_stop(&world), 0);
        for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
                (void)unlink(world_path(&world, parts[i]));
                if (before[i].data != NULL)
                        world_write(&world, parts[i], before[i]);
        }

        agree_to_the_log();
        world_start(&world);
        assert_int_equal(domain_key("placering", HOME).epoch, 0);
        assert_int_equal(domain_key("placering", HOME).records_left, ROWS / 2);
        assert_int_equal(publish_badly(&said), STATUS_FAILED_PRECONDITION);
        assert_non_null(strstr(said, "placering/0180"));
        assert_non_null(strstr(said, "keys destroy --dataset placering --municipality 0180"));
        assert_int_equal(destroy(WORLD_DPO, "placering", HOME), STATUS_OK);
        assert_int_equal(domain_key("placering", HOME).records_left, 0);
        (void)publish(&world);
        heap_expect(&world, &heap, "form", NULL);
        heap_done(&heap);
        free(p);
}

static void say_that_one_became_five(void)
{
        uint8_t ids[2][PERSON_ID_LEN], kinds[2] = {PERSON_NATIONAL, PERSON_NATIONAL};
        const struct box_persons who = {1, 1, {ids[0], &kinds[0]}, {ids[1], &kinds[1]}};
        const int32_t day = 20000;
        struct submission_id id;

        child_id(1, ids[0]);
        child_id(5, ids[1]);
        assert_int_equal(world_alias(&world, 114, &who, &day, &id), STATUS_OK);
}

static uint64_t events_owing(municipality_t m)
{
        struct wire_keys keys = keys_now();
        uint64_t owing = 0;

        for (uint32_t i = 0; i < keys.len; i++)
                if (bytes_is_text(keys.keys[i].kind, "alias")) {
                        assert_int_equal(keys.keys[i].municipality, m);
                        owing += keys.keys[i].records_owing;
                }
        return owing;
}

static const char *settle_refusal(void)
{
        assert_int_equal(rotate("settle", "", 0), STATUS_FAILED_PRECONDITION);
        assert_true(world_status.details.len > 0);
        return arena_printf(world.arena, "%s", world_status.details.violations[0].text);
}

static void numbers_that_only_the_older_key_knows_hold_up_its_end(void **state)
{
        struct placement *p = placements(9, ROWS, 0);
        struct digest before, after;

        (void)state;
        (void)deliver(&world, HOME, DELIVERY_APPEND, p, ROWS / 2, 500);
        say_that_one_became_five();
        (void)publish(&world);
        before = answer_digest_now();
        assert_int_equal(events_owing(114), 0);
        assert_int_equal(rotate("person", "", 0), STATUS_OK);
        assert_int_equal(events_owing(114), 1);
        (void)deliver(&world, HOME, DELIVERY_REPLACE, p, ROWS / 2, 500);
        (void)publish(&world);
        assert_non_null(strstr(settle_refusal(), "municipality 0114"));
        say_that_one_became_five();
        assert_int_equal(events_owing(114), 0);
        /* The newest vintage was published before that was told again. */
        assert_non_null(strstr(settle_refusal(), "publish one more"));
        (void)publish(&world);
        after = answer_digest_now();
        assert_int_equal(rotate("settle", "", 0), STATUS_OK);
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        assert_true(!digest_equal(&before, &after)); /* another vintage */
        before = answer_digest_now();
        assert_true(digest_equal(&before, &after));
        free(p);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        answers_are_the_same_bytes_before_and_after, make, unmake),
                cmocka_unit_test_setup_teardown(
                        a_correction_after_a_rotation_is_known_for_one, make, unmake),
                cmocka_unit_test_setup_teardown(
                        a_gateway_killed_in_the_middle_goes_on_where_it_was, make, unmake),
                cmocka_unit_test_setup_teardown(
                        a_second_rotation_waits_for_the_first, make, unmake),
                cmocka_unit_test_setup_teardown(
                        a_damaged_batch_keeps_its_domain_back_and_no_other, make, unmake),
                cmocka_unit_test_setup_teardown(
                        everybody_delivers_anew_and_the_older_key_of_persons_ends, make, unmake),
                cmocka_unit_test_setup_teardown(
                        numbers_that_only_the_older_key_knows_hold_up_its_end, make, unmake),
                cmocka_unit_test_setup_teardown(
                        a_destroyed_domain_is_gone_with_proof_and_the_others_stand, make, unmake),
                cmocka_unit_test_setup_teardown(
                        a_store_from_before_a_domain_ended_says_which_and_is_mended_by_ending_it,
                        make, unmake),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
