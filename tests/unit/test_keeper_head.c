/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_head.c: heads, looked at from inside the keeper: when they are dated, when the state
 * is due for them, and what a request for one may not look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "crypto/merkle.h"
#include "gateway/keeper/run_inner.h"
#include "tests/support/keeper_room.h"

static int64_t fake_now_ms;

static int64_t fake_clock(void)
{
        return fake_now_ms;
}

static enum err ask(struct room *r, enum keeper_message number, const struct buf *payload)
{
        return room_ask(r, number, bytes_of(payload->data, payload->len), bytes_of(NULL, 0));
}

/* A log of one entry after another, all alike; each head a leaf further. */
static struct digest leaf_of(void)
{
        struct digest leaf;

        merkle_leaf(bytes_of_text("en post"), &leaf);
        return leaf;
}

static enum err endless(void *ctx, unsigned level, uint64_t index, struct digest *out)
{
        struct digest at = leaf_of();

        (void)ctx;
        (void)index;
        for (unsigned i = 0; i < level; i++)
                merkle_node(&at, &at, &at);
        *out = at;
        return ERR_OK;
}

static void put_head(struct buf *out, uint64_t before, uint64_t size)
{
        struct merkle_edge edge;
        struct merkle_proof proof;
        struct digest root;

        assert_int_equal(merkle_edge_of(size, endless, NULL, &edge), ERR_OK);
        merkle_root(&edge, &root);
        assert_int_equal(merkle_prove_consistency(before, size, endless, NULL, &proof), ERR_OK);
        put_u64(out, size);
        put_raw(out, root.bytes, sizeof root.bytes);
        put_u8(out, (uint8_t)proof.len);
        for (uint32_t i = 0; i < proof.len; i++)
                put_raw(out, proof.hashes[i].bytes, sizeof proof.hashes[i].bytes);
}

/* The time of the head that was signed. */
static int64_t sign(struct room *r, uint64_t before, uint64_t size)
{
        OWNED(buf_done) struct buf payload = {.ceiling = KEEPER_PACKET_MAX};
        struct reader in;
        int64_t at_ms;

        put_head(&payload, before, size);
        assert_int_equal(ask(r, KEEPER_SIGN_HEAD, &payload), ERR_OK);
        in = reader_of(r->payload);
        assert_int_equal(read_i64(&in, &at_ms), ERR_OK);
        return at_ms;
}

/* Whether SAVE hands out a state; if so, it reaches the disk. */
static bool saves(struct room *r, uint8_t when)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 1}, confirm = {.ceiling = 8};
        struct reader in;
        uint64_t generation;

        put_u8(&payload, when);
        assert_int_equal(ask(r, KEEPER_SAVE, &payload), ERR_OK);
        in = reader_of(r->payload);
        assert_int_equal(read_u64(&in, &generation), ERR_OK);
        if (generation == 0)
                return false;
        put_u64(&confirm, generation);
        assert_int_equal(ask(r, KEEPER_CONFIRM, &confirm), ERR_OK);
        return true;
}

static void open_room(struct room *r)
{
        fake_now_ms = 1767225600000;
        clock_set_source(fake_clock);
        room_open(r, ERR_OK);
        room_furnish(r);
        (void)saves(r, SAVE_AT_ONCE);
}

static void close_room(struct room *r)
{
        clock_set_source(NULL);
        room_close(r);
}

static void heads_are_dated_by_a_clock_that_never_goes_back(void **state)
{
        struct room r;

        (void)state;
        open_room(&r);
        assert_int_equal(sign(&r, 0, 1), 1767225600000);
        fake_now_ms += 5000;
        assert_int_equal(sign(&r, 1, 2), 1767225605000);
        fake_now_ms -= 86400000;
        assert_int_equal(sign(&r, 2, 3), 1767225605000);
        fake_now_ms += 86400001;
        assert_int_equal(sign(&r, 3, 3), 1767225605001);
        close_room(&r);
}

static void a_state_is_due_ten_seconds_after_the_one_before(void **state)
{
        struct room r;

        (void)state;
        open_room(&r);
        assert_false(saves(&r, SAVE_AT_ONCE));
        fake_now_ms += 60000;
        assert_false(saves(&r, SAVE_WHEN_DUE));
        (void)sign(&r, 0, 1);
        assert_true(saves(&r, SAVE_WHEN_DUE));
        (void)sign(&r, 1, 2);
        fake_now_ms += 9999;
        assert_false(saves(&r, SAVE_WHEN_DUE));
        fake_now_ms++;
        assert_true(saves(&r, SAVE_WHEN_DUE));
        (void)sign(&r, 2, 3);
        assert_true(saves(&r, SAVE_AT_ONCE));
        assert_false(saves(&r, SAVE_AT_ONCE));
        close_room(&r);
}

static void a_request_that_lies_about_its_proof_is_malformed(void **state)
{
        OWNED(buf_done) struct buf payload = {.ceiling = KEEPER_PACKET_MAX};
        struct room r;

        (void)state;
        open_room(&r);
        (void)sign(&r, 0, 3);
        put_head(&payload, 3, 9);
        for (unsigned count = 0; count < 256; count++) {
                uint8_t *at = payload.data + 40, true_count = *at;

                if (count == true_count)
                        continue;
                *at = (uint8_t)count;
                assert_int_equal(ask(&r, KEEPER_SIGN_HEAD, &payload), ERR_MALFORMED);
                *at = true_count;
        }
        assert_int_equal(ask(&r, KEEPER_SIGN_HEAD, &payload), ERR_OK);
        close_room(&r);
}

/* The proof is the keeper's only reason to believe. A size that does not fit the root may pass:
 * nobody will ever show a log for it. */
static void any_bit_of_root_and_proof_decides(void **state)
{
        OWNED(buf_done) struct buf payload = {.ceiling = KEEPER_PACKET_MAX};
        struct room r;

        (void)state;
        open_room(&r);
        (void)sign(&r, 0, 11);
        put_head(&payload, 11, 29);
        for (size_t bit = 64; bit < payload.len * 8; bit++) {
                payload.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_not_equal(ask(&r, KEEPER_SIGN_HEAD, &payload), ERR_OK);
                payload.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(r.run->log.size, 11);
        assert_int_equal(ask(&r, KEEPER_SIGN_HEAD, &payload), ERR_OK);
        assert_int_equal(r.run->log.size, 29);
        close_room(&r);
}

/* What a damaged or foreign note says is not believed: the keyring stays shut. */
static void a_note_that_cannot_be_read_opens_nothing(void **state)
{
        uint8_t note[8 + 32 + 1 + 3 * 32] = {5, [40] = 2};
        struct run_log log = {.size = 77};
        struct room r;

        (void)state;
        open_room(&r);
        for (size_t len = 1; len <= sizeof note; len++) {
                assert_int_equal(
                        keyring_note_set(r.run->keyring, "log", bytes_of(note, len)), ERR_OK);
                assert_int_equal(run_log_load(r.run->keyring, &log),
                        len == 8 + 32 + 1 + 2 * 32 ? ERR_OK : ERR_KEYRING);
        }
        assert_int_equal(log.size, 5);
        note[40] = RESTORES_MAX + 1;
        assert_int_equal(
                keyring_note_set(r.run->keyring, "log", bytes_of(note, sizeof note)), ERR_OK);
        assert_int_equal(run_log_load(r.run->keyring, &log), ERR_KEYRING);
        close_room(&r);
}

/* What was not signed is not remembered. */
static void whatever_allocation_fails_the_log_is_what_was_signed(void **state)
{
        OWNED(buf_done) struct buf packet = {.ceiling = KEEPER_PACKET_MAX};
        const struct keeper_head request = {
                .number = KEEPER_SIGN_HEAD, .lane = room_lane(KEEPER_SIGN_HEAD)};
        unsigned failures = 0;
        struct room r;

        (void)state;
        open_room(&r);
        (void)sign(&r, 0, 2);
        keeper_put_request(&packet, &request);
        put_head(&packet, 2, 3);
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                struct keeper_head head = {.err = ERR_NO_MEMORY};
                struct reader in;

                signer_free(&r.run->signer);
                if (run_handle(r.run, bytes_of(packet.data, packet.len), -1, &r.answer) ==
                        RUN_GO_ON) {
                        in = reader_of(bytes_of(r.answer.data, r.answer.len));
                        assert_int_equal(keeper_read_answer(&in, &head), ERR_OK);
                }
                if (head.err == ERR_OK)
                        break;
                failures++;
                assert_int_equal(r.run->log.size, 2);
        }
        fault_disarm();
        assert_true(failures > 1);
        assert_int_equal(r.run->log.size, 3);
        close_room(&r);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(heads_are_dated_by_a_clock_that_never_goes_back),
                cmocka_unit_test(a_state_is_due_ten_seconds_after_the_one_before),
                cmocka_unit_test(a_request_that_lies_about_its_proof_is_malformed),
                cmocka_unit_test(any_bit_of_root_and_proof_decides),
                cmocka_unit_test(a_note_that_cannot_be_read_opens_nothing),
                cmocka_unit_test(whatever_allocation_fails_the_log_is_what_was_signed),
        };

        /* A head that is refused is told as an error, and there are thousands here. */
        log_to(-1, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
