/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_sealed.c: persons in boxes, through a real gateway: the same answers as in clear,
 * and nothing for whoever carries a box elsewhere, cuts it, or makes one of his own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/secret.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_sealing.h"

enum { ROWS = 120, BATCH = 40, CHILDREN = 90 };

static struct world world;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static void rows_of(uint64_t seed, struct placement *rows, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                rows[i] = placement_random(&seed, CHILDREN, i);
}

/* Answers ------------------------------------------------------------------------------ */

static const char *const questions[] = {"kommun,form", "kon,form:grupp", "form,lagrum"};

/* What two municipalities deliver, one child of both of them among it; and what is told then.
 * The releases as bytes, one after the other. */
static struct bytes told_by(struct world *w, struct arena *a)
{
        OWNED(buf_done) struct buf all = {.ceiling = 8 << 20};
        struct placement rows[ROWS];
        struct wire_answer answer;
        struct wire_release r;
        struct wire_person gone = {.kind = PERSON_NATIONAL};
        struct bytes bytes, copy;

        rows_of(3, rows, ROWS);
        (void)deliver(w, 114, DELIVERY_APPEND, rows, ROWS, BATCH);
        rows_of(4, rows, ROWS);
        (void)deliver(w, 180, DELIVERY_APPEND, rows, ROWS, BATCH);
        child_id(rows[5].person, gone.id);
        assert_int_equal(world_erase(w, 180, &gone), STATUS_OK);
        (void)publish(w);
        for (unsigned i = 0; i < ARRAY_LEN(questions); i++) {
                assert_int_equal(
                        ask(w, questions[i], (const char *const[]){NULL}, NULL, &answer, &r),
                        STATUS_OK);
                for (size_t c = 0; c < r.table.cells_len; c++) {
                        put_u8(&all, (uint8_t)r.table.status[c]);
                        put_u64(&all, (uint64_t)r.table.measures[0].values[c]);
                }
        }
        assert_int_equal(buf_end(&all, &bytes), ERR_OK);
        assert_int_equal(bytes_copy(a, bytes, &copy), ERR_OK);
        return copy;
}

static void sealed_deliveries_are_answered_as_those_in_clear(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(32 << 20);
        struct bytes sealed, clear;

        (void)state;
        world_start(&world);
        sealed = told_by(&world, a);
        assert_int_equal(world_stop(&world), 0);
        world_remove(&world);
        world_make(&world);
        world_answer_alone(&world);
        world_take_clear(&world);
        world_start(&world);
        clear = told_by(&world, a);
        assert_true(sealed.len > 100);
        assert_true(bytes_equal(sealed, clear));
        assert_int_equal(world_stop(&world), 0);
}

/* One submission, half of it in boxes and said again in clear: the same receipts. */
static void a_batch_has_one_receipt_in_either_form(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[BATCH];
        struct digest receipt;
        struct talk t;

        (void)state;
        world_take_clear(&world);
        world.takes_clear = false; /* it may; we seal all the same */
        world_start(&world);
        rows_of(7, rows, BATCH);
        talk_begin(&t, &world, town(&world, 114));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, BATCH), STATUS_OK);
        receipt = t.receipts[0];
        world.takes_clear = true;
        assert_int_equal(talk_say(&t, say_batch(t.arena, 0, rows, BATCH)), STATUS_OK);
        assert_memory_equal(&receipt, &t.heard.acknowledged.receipt, sizeof receipt);
        /* Another child is another batch, in either form. */
        rows[3].person = (rows[3].person + 1) % CHILDREN;
        rows[3].local = false;
        assert_int_equal(talk_say(&t, say_batch(t.arena, 0, rows, BATCH)), STATUS_ALREADY_EXISTS);
        talk_break(&t);
        assert_int_equal(world_stop(&world), 0);
}

/* What is refused ------------------------------------------------------------------------ */

struct attempt {
        struct talk t;
        struct wire_open open;
        struct submit_request request; /* a batch in clear */
        struct arena *arena;
};

static void attempt_begin(struct attempt *a, municipality_t m)
{
        struct placement rows[BATCH];
        struct bytes message;

        memset(a, 0, sizeof *a);
        a->arena = arena_new(32 << 20);
        a->open = placering_append();
        rows_of(9, rows, BATCH);
        message = say_batch(a->arena, 0, rows, BATCH);
        assert_int_equal(submit_request_decode(a->arena, message, &a->request, NULL), ERR_OK);
        talk_begin(&a->t, &world, town(&world, m));
        assert_int_equal(talk_open(&a->t, &a->open), STATUS_OK);
        world_keeper_key(&world, a->t.client);
}

static void attempt_end(struct attempt *a)
{
        talk_break(&a->t);
        arena_free(&a->arena);
}

/* The message as it is, without being wrapped once more. */
static void expect(struct attempt *a, struct bytes message, enum status wanted, const char *field)
{
        municipality_t m = a->t.municipality;
        enum status s;

        a->t.municipality = 0;
        s = talk_say(&a->t, message);
        a->t.municipality = m;
        if (s != wanted)
                fail_msg("%s: status %d, %s", field, s, a->t.status.message);
        assert_string_equal(a->t.status.details.violations[0].field, field);
        /* What to do about it is said, and nothing of what was sent. */
        assert_true(strlen(a->t.status.details.violations[0].text) > 20);
        attempt_end(a);
}

static void numbers_in_clear_are_refused_with_a_word_on_what_to_do(void **state)
{
        struct placement rows[BATCH];
        struct attempt a;

        (void)state;
        world_start(&world);
        attempt_begin(&a, 114);
        rows_of(9, rows, BATCH);
        expect(&a, say_batch(a.arena, 0, rows, BATCH), STATUS_FAILED_PRECONDITION, "batch.clear");
        assert_int_equal(world_stop(&world), 0);
}

/* Everything that a box is bound to, one after the other. */
static void a_box_for_another_place_is_refused(void **state)
{
        struct attempt a;

        (void)state;
        world_start(&world);
        /* Another municipality's, and for another one: its own key signs. */
        attempt_begin(&a, 114);
        expect(&a, seal_batch(&world, a.arena, 180, &a.open, &a.request.batch),
                STATUS_PERMISSION_DENIED, "batch.sealed.signature");
        attempt_begin(&a, 114);
        struct wire_open other = a.open;

        other.dataset = bytes_of_text("anmalan");
        expect(&a, seal_batch(&world, a.arena, 114, &other, &a.request.batch),
                STATUS_PERMISSION_DENIED, "batch.sealed.signature");
        attempt_begin(&a, 114);
        other = a.open;
        other.id.bytes[7] ^= 1;
        expect(&a, seal_batch(&world, a.arena, 114, &other, &a.request.batch),
                STATUS_PERMISSION_DENIED, "batch.sealed.signature");
        assert_still_served(&world);
        assert_int_equal(world_stop(&world), 0);
}

static void change_byte(struct bytes message, size_t from_end)
{
        ((uint8_t *)(uintptr_t)message.data)[message.len - from_end] ^= 1;
}

/* A good box, one byte of it changed; and one in the place of another. */
static void boxes_replayed_re_ordered_or_changed_are_refused(void **state)
{
        struct submit_request r;
        struct attempt a;
        struct bytes message, second;

        (void)state;
        world_start(&world);
        attempt_begin(&a, 114);
        message = seal_batch(&world, a.arena, 114, &a.open, &a.request.batch);
        assert_int_equal(submit_request_decode(a.arena, message, &r, NULL), ERR_OK);
        ((uint8_t *)(uintptr_t)r.batch.box.data)[r.batch.box.len / 2] ^= 1;
        OWNED(buf_done) struct buf b = {.ceiling = 1 << 20};

        assert_int_equal(submit_request_encode(&r, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &second), ERR_OK);
        expect(&a, second, STATUS_PERMISSION_DENIED, "batch.sealed.signature");

        /* The box of sequence 0 brought as sequence 1, with its own signature. */
        attempt_begin(&a, 114);
        message = seal_batch(&world, a.arena, 114, &a.open, &a.request.batch);
        assert_int_equal(talk_say(&a.t, message), STATUS_OK);
        assert_int_equal(submit_request_decode(a.arena, message, &r, NULL), ERR_OK);
        r.batch.sequence = 1;
        b.len = 0;
        assert_int_equal(submit_request_encode(&r, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &second), ERR_OK);
        expect(&a, second, STATUS_PERMISSION_DENIED, "batch.sealed.signature");

        /* Cut by a byte. */
        attempt_begin(&a, 114);
        message = seal_batch(&world, a.arena, 114, &a.open, &a.request.batch);
        assert_int_equal(submit_request_decode(a.arena, message, &r, NULL), ERR_OK);
        r.batch.box.len--;
        b.len = 0;
        assert_int_equal(submit_request_encode(&r, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &second), ERR_OK);
        expect(&a, second, STATUS_PERMISSION_DENIED, "batch.sealed.signature");

        /* Sealed to somebody else under the keeper's name, and under his own. */
        attempt_begin(&a, 114);
        change_byte(bytes_of(world.keeper_key, sizeof world.keeper_key), 4);
        message = seal_batch(&world, a.arena, 114, &a.open, &a.request.batch);
        expect(&a, message, STATUS_FAILED_PRECONDITION, "batch.sealed.key_id");
        change_byte(bytes_of(world.keeper_key, sizeof world.keeper_key), 4);
        assert_still_served(&world);
        assert_int_equal(world_stop(&world), 0);
}

/* Many boxes that do not open: each is refused, the log does not grow with them, and others are
 * served. The long test brings as many as it has time for. */
static void a_storm_of_bad_boxes_is_weathered(void **state)
{
        const unsigned storms = getenv("STATGATE_LONG") != NULL ? 20000 : 300;
        struct attempt a;
        size_t log_before, log_after;
        int64_t began;

        (void)state;
        world_start(&world);
        attempt_begin(&a, 114);
        struct bytes message = seal_batch(&world, world.arena, 114, &a.open, &a.request.batch);

        attempt_end(&a);
        change_byte(message, message.len / 2);
        log_before = world_read(&world, world_path(&world, "log/statgated.log")).len;
        began = clock_monotonic_ns();
        for (unsigned i = 0; i < storms; i++) {
                attempt_begin(&a, 114);
                a.t.municipality = 0;
                assert_int_not_equal(talk_say(&a.t, message), STATUS_OK);
                assert_true(a.t.status.code == STATUS_PERMISSION_DENIED ||
                            a.t.status.code == STATUS_INVALID_ARGUMENT);
                attempt_end(&a);
        }
        print_message("%u bad boxes in %lld ms\n", storms,
                (long long)((clock_monotonic_ns() - began) / 1000000));
        log_after = world_read(&world, world_path(&world, "log/statgated.log")).len;
        assert_true(log_after - log_before < 4096);
        assert_true(status_of(&world).keeper_alive);
        assert_still_served(&world);
        assert_int_equal(world_stop(&world), 0);
}

/* Keys ------------------------------------------------------------------------------------ */

static void everybody_is_told_the_keepers_keys(void **state)
{
        static const char *const who[] = {
                WORLD_MUNICIPALITY, WORLD_STATISTICIAN, WORLD_OPERATOR, WORLD_DPO};

        (void)state;
        world_start(&world);
        for (unsigned i = 0; i < ARRAY_LEN(who); i++) {
                OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
                struct wire_keeper_keys keys;

                assert_int_equal(world_call(&world, world_client(&world, who[i]),
                                         "Submission/GetKeeperKeys", bytes_of(NULL, 0)),
                        STATUS_OK);
                assert_int_equal(keeper_keys_decode(arena, world_answer, &keys), ERR_OK);
                assert_int_equal(keys.sealing_len, 1);
                assert_int_equal(keys.signing_len, 1);
                assert_int_equal(keys.sealing[0].signatures_len, 1);
                assert_true(
                        bytes_equal(keys.sealing[0].signatures[0].signer, keys.signing[0].key_id));
        }
        assert_int_equal(world_stop(&world), 0);
}

static void rotate_sealing_key(uint32_t overlap_days)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        const struct wire_rotate rotate = {
                .kind = bytes_of_text("sealing"), .overlap_days = overlap_days};
        struct bytes request;

        assert_int_equal(rotate_encode(&rotate, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(world_call(&world, world_client(&world, WORLD_OPERATOR),
                                 "Operations/RotateKeys", request),
                STATUS_OK);
}

/* In the middle of a stream: what is sealed to the key before is taken for as long as was said,
 * and who comes too late fetches keys again and goes on where he was. */
static void a_delivery_outlives_a_rotation_of_the_key_it_is_sealed_to(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[ROWS];
        uint8_t first[32];
        struct talk t;

        (void)state;
        world_start(&world);
        rows_of(11, rows, ROWS);
        talk_begin(&t, &world, town(&world, 114));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, BATCH), STATUS_OK);
        memcpy(first, world.keeper_key, sizeof first);
        rotate_sealing_key(30);
        assert_int_equal(talk_batch(&t, rows + BATCH, BATCH), STATUS_OK);
        world_forget_key(&world);
        world_keeper_key(&world, t.client);
        assert_memory_not_equal(world.keeper_key, first, sizeof first);
        rotate_sealing_key(0); /* the second key ends at once */
        assert_int_equal(
                talk_batch(&t, rows + (size_t)2 * BATCH, BATCH), STATUS_FAILED_PRECONDITION);
        assert_string_equal(t.status.details.violations[0].field, "batch.sealed.key_id");
        struct talk again;

        world_forget_key(&world);
        talk_begin(&again, &world, town(&world, 114));
        assert_int_equal(talk_open(&again, &open), STATUS_OK);
        assert_int_equal(again.sequence, 2);
        memcpy(again.receipts, t.receipts, 2 * sizeof *t.receipts);
        again.rows = t.rows;
        assert_int_equal(talk_batch(&again, rows + (size_t)2 * BATCH, BATCH), STATUS_OK);
        assert_int_equal(talk_commit(&again), STATUS_OK);
        assert_int_equal(talk_end(&again), STATUS_OK);
        talk_break(&t);
        assert_int_equal(world_stop(&world), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define SEALED_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                SEALED_TEST(sealed_deliveries_are_answered_as_those_in_clear),
                SEALED_TEST(a_batch_has_one_receipt_in_either_form),
                SEALED_TEST(numbers_in_clear_are_refused_with_a_word_on_what_to_do),
                SEALED_TEST(a_box_for_another_place_is_refused),
                SEALED_TEST(boxes_replayed_re_ordered_or_changed_are_refused),
                SEALED_TEST(a_storm_of_bad_boxes_is_weathered),
                SEALED_TEST(a_delivery_outlives_a_rotation_of_the_key_it_is_sealed_to),
                SEALED_TEST(everybody_is_told_the_keepers_keys),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
