/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_run.c: the running side of the keeper, looked at from inside: what is
 * stored, what is wiped, what time it believes in, and what fails without harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "gateway/keeper/run_inner.h"
#include "tests/support/keeper_room.h"

enum { BULK_MAX = 1 << 20 };

static int64_t fake_now_ms;

static int64_t fake_clock(void)
{
        return fake_now_ms;
}

static int64_t at(int year, int month, int day)
{
        return (int64_t)days_from_civil((struct civil){year, month, day}) * 86400000;
}

/* The sealed batch, in the arena. */
static struct bytes seal_batch(struct room *r, const struct keeper_accept *batch)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 256}, bulk = {.ceiling = BULK_MAX};
        struct bytes sealed;

        room_put_accept(batch, &payload, &bulk);
        assert_int_equal(room_ask(r, KEEPER_ACCEPT, bytes_of(payload.data, payload.len),
                                 bytes_of(bulk.data, bulk.len)),
                ERR_OK);
        assert_int_equal(bytes_copy(r->w.arena, r->bulk, &sealed), ERR_OK);
        return sealed;
}

static enum err open_batch(
        struct room *r, const struct keeper_accept *batch, const char *linkage, struct bytes sealed)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 256};
        struct keeper_open in = {.linkage = linkage,
                .purpose = "statistik",
                .vintage = {1, 0},
                .name = batch->name,
                .epoch = 1};

        room_put_open(&in, &payload);
        return room_ask(r, KEEPER_OPEN_FOR_VIEW, bytes_of(payload.data, payload.len), sealed);
}

static void a_keeper_that_failed_to_start_says_why_and_nothing_else(void **state)
{
        OWNED(buf_done) struct buf hello = {.ceiling = 64};
        struct room r;

        (void)state;
        room_open(&r, ERR_SELF_TEST);
        put_u32(&hello, KEEPER_PROTOCOL);
        put_u32(&hello, ROOM_SLOTS);
        put_u32(&hello, KEEPER_SLOT_LEN);
        assert_int_equal(
                room_ask(&r, KEEPER_HELLO, bytes_of(hello.data, hello.len), bytes_of(NULL, 0)),
                ERR_SELF_TEST);
        for (uint16_t n = KEEPER_CREATE; n < KEEPER_STOP; n++) {
                const struct keeper_message_rule *rule = keeper_message_find(n);
                static const uint8_t zeros[KEEPER_PACKET_MAX];

                assert_int_equal(room_ask(&r, rule->number, bytes_of(zeros, rule->shortest),
                                         bytes_of(NULL, 0)),
                        ERR_SELF_TEST);
        }
        room_close(&r);
}

static void a_self_test_that_fails_later_ends_the_use_of_keys(void **state)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 256}, bulk = {.ceiling = BULK_MAX};
        struct keeper_accept batch;
        struct room r;

        (void)state;
        room_open(&r, ERR_OK);
        room_furnish(&r);
        assert_int_equal(run_self_test(r.run), ERR_OK);
        batch = world_batch(&r.w, "anmalan", 114, 0, 20, 100);
        (void)seal_batch(&r, &batch);
        assert_true(fault_arm("self_test", 7));
        assert_int_equal(run_self_test(r.run), ERR_SELF_TEST);
        fault_disarm();
        assert_int_equal(run_state(r.run), KEEPER_FAILED);
        assert_null(r.run->keyring);
        assert_int_equal(r.run->persons_len, 0);
        room_put_accept(&batch, &payload, &bulk);
        assert_int_equal(room_ask(&r, KEEPER_ACCEPT, bytes_of(payload.data, payload.len),
                                 bytes_of(bulk.data, bulk.len)),
                ERR_SELF_TEST);
        assert_int_equal(r.bulk.len, 0);
        assert_int_equal(room_ask(&r, KEEPER_STOP, bytes_of(NULL, 0), bytes_of(NULL, 0)), ERR_OK);
        room_close(&r);
}

static void the_two_sides_must_speak_of_the_same_memory(void **state)
{
        static const uint32_t wrong[][3] = {{KEEPER_PROTOCOL + 1, ROOM_SLOTS, KEEPER_SLOT_LEN},
                {KEEPER_PROTOCOL, ROOM_SLOTS + 1, KEEPER_SLOT_LEN},
                {KEEPER_PROTOCOL, ROOM_SLOTS, KEEPER_SLOT_LEN / 2}};
        struct room r;

        (void)state;
        room_open(&r, ERR_OK);
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
                OWNED(buf_done) struct buf hello = {.ceiling = 64};

                for (unsigned j = 0; j < 3; j++)
                        put_u32(&hello, wrong[i][j]);
                assert_int_equal(room_ask(&r, KEEPER_HELLO, bytes_of(hello.data, hello.len),
                                         bytes_of(NULL, 0)),
                        ERR_UNSUPPORTED);
        }
        room_close(&r);
}

static void one_person_is_stored_under_two_names_in_two_municipalities(void **state)
{
        struct room r;
        struct sealed_batch here, there;
        uint8_t plain[2][4096];
        const municipality_t places[] = {114, 180};

        (void)state;
        room_open(&r, ERR_OK);
        room_furnish(&r);
        for (unsigned i = 0; i < 2; i++) {
                struct keeper_accept batch = world_batch(&r.w, "anmalan", places[i], 0, 20, 10);
                struct bytes sealed = seal_batch(&r, &batch);
                const struct domain_keys *keys =
                        keyring_domain_find(r.run->keyring, &batch.name.domain);

                assert_int_equal(sealed_open(keys->data, &batch.name, keys->epoch, sealed, plain[i],
                                         i == 0 ? &here : &there),
                        ERR_OK);
        }
        for (unsigned a = 0; a < 20; a++)
                for (unsigned b = 0; b < 20; b++) {
                        assert_memory_not_equal(here.pseudonyms + (size_t)a * PSEUDONYM_LEN,
                                there.pseudonyms + (size_t)b * PSEUDONYM_LEN, PSEUDONYM_LEN);
                        assert_memory_not_equal(here.tags + (size_t)a * RECORD_TAG_LEN,
                                there.tags + (size_t)b * RECORD_TAG_LEN, RECORD_TAG_LEN);
                }
        room_close(&r);
}

static bool holds(const uint8_t *memory, size_t len, struct bytes needle)
{
        return memmem(memory, len, needle.data, needle.len) != NULL;
}

static void nothing_of_a_batch_stays_in_the_buffers(void **state)
{
        enum { LOOK = 64 << 10 };
        struct room r;
        struct keeper_accept batch;
        struct bytes sealed, id, token;
        uint8_t first_token[PSEUDONYM_LEN];

        (void)state;
        room_open(&r, ERR_OK);
        room_furnish(&r);
        batch = world_batch(&r.w, "anmalan", 114, 0, 50, 200);
        world_guardians(&r.w, &batch, 100);
        sealed = seal_batch(&r, &batch);
        id = bytes_of(batch.persons.ids, PERSON_ID_LEN);
        assert_false(holds(r.run->input, LOOK, id));
        assert_false(holds(r.run->plain, LOOK, id));
        assert_int_equal(open_batch(&r, &batch, "barn", sealed), ERR_OK);
        memcpy(first_token, r.bulk.data, sizeof first_token);
        token = bytes_of(first_token, sizeof first_token);
        assert_true(holds(r.memory, LOOK, token));
        assert_false(holds(r.run->plain, LOOK, token));
        assert_false(holds(r.run->plain, LOOK, bytes_of(batch.body.data, 100)));
        room_close(&r);
}

static void the_clock_decides_when_a_linkage_is_over(void **state)
{
        struct room r;
        struct keeper_accept batch;
        struct bytes sealed;

        (void)state;
        fake_now_ms = at(2001, 6, 1);
        clock_set_source(fake_clock);
        room_open(&r, ERR_OK);
        room_furnish(&r);
        batch = world_batch(&r.w, "anmalan", 114, 0, 5, 10);
        sealed = seal_batch(&r, &batch);
        assert_int_equal(open_batch(&r, &batch, "gammal", sealed), ERR_OK);
        assert_int_equal(open_batch(&r, &batch, "barn", sealed), ERR_LINKAGE_REFUSED);
        fake_now_ms = at(2001, 12, 31) + 86399999;
        assert_int_equal(open_batch(&r, &batch, "gammal", sealed), ERR_OK);
        fake_now_ms++;
        assert_int_equal(open_batch(&r, &batch, "gammal", sealed), ERR_LINKAGE_REFUSED);

        /* Setting the clock back does not bring it back to life. */
        fake_now_ms = at(2001, 6, 1);
        assert_int_equal(open_batch(&r, &batch, "gammal", sealed), ERR_LINKAGE_REFUSED);
        clock_set_source(NULL);
        room_close(&r);
}

/* The sealed state, in the arena. */
static struct bytes saved_state(struct room *r)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 64};
        struct bytes blob;

        keeper_put_domain(&payload, &(struct domain){"placering", 1480});
        assert_int_equal(room_ask(r, KEEPER_PREPARE_DOMAIN, bytes_of(payload.data, payload.len),
                                 bytes_of(NULL, 0)),
                ERR_OK);
        assert_int_equal(bytes_copy(r->w.arena, r->bulk, &blob), ERR_OK);
        return blob;
}

/* Else a country's first deliveries would write the whole state once per data set. */
static void all_keys_of_a_municipality_are_made_at_its_first_delivery(void **state)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 64};
        struct bytes generation;
        struct room r;

        (void)state;
        room_open(&r, ERR_OK);
        room_furnish(&r);
        assert_true(saved_state(&r).len > 0);
        assert_int_equal(bytes_copy(r.w.arena, r.payload, &generation), ERR_OK);
        assert_int_equal(room_ask(&r, KEEPER_CONFIRM, generation, bytes_of(NULL, 0)), ERR_OK);
        keeper_put_domain(&payload, &(struct domain){"anmalan", 1480});
        assert_int_equal(room_ask(&r, KEEPER_PREPARE_DOMAIN, bytes_of(payload.data, payload.len),
                                 bytes_of(NULL, 0)),
                ERR_OK);
        assert_int_equal(r.bulk.len, 0);
        room_close(&r);
}

static void the_highest_time_seen_survives_a_restart(void **state)
{
        struct room r;
        struct bytes blob;

        (void)state;
        fake_now_ms = at(2001, 6, 1);
        clock_set_source(fake_clock);
        room_open(&r, ERR_OK);
        room_furnish(&r);
        fake_now_ms = at(2002, 6, 1);
        assert_int_equal(run_now(r.run), at(2002, 6, 1));
        blob = saved_state(&r);
        run_free(&r.run);
        assert_int_equal(run_new(r.memory, ROOM_SLOTS, -1, ERR_OK, &r.run), ERR_OK);
        assert_int_equal(room_ask(&r, KEEPER_UNSEAL, bytes_of(NULL, 0), blob), ERR_OK);
        fake_now_ms = at(2001, 6, 1);
        assert_int_equal(run_now(r.run), at(2002, 6, 1));
        clock_set_source(NULL);
        room_close(&r);
}

static void a_persons_birth_is_held_against_the_highest_time(void **state)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 256}, bulk = {.ceiling = BULK_MAX};
        struct room r;
        struct keeper_accept batch;

        (void)state;
        fake_now_ms = at(2004, 12, 31);
        clock_set_source(fake_clock);
        room_open(&r, ERR_OK);
        room_furnish(&r);
        /* World persons: 180 a day from 1940-01-01 on. */
        batch = world_batch(&r.w, "anmalan", 114,
                180 * (unsigned)(days_from_civil((struct civil){2005, 1, 1}) -
                                 days_from_civil((struct civil){1940, 1, 1})),
                1, 10);
        room_put_accept(&batch, &payload, &bulk);
        assert_int_equal(room_ask(&r, KEEPER_ACCEPT, bytes_of(payload.data, payload.len),
                                 bytes_of(bulk.data, bulk.len)),
                ERR_OK);
        assert_int_equal(r.payload.data[0], 1); /* refused */
        assert_int_equal(r.bulk.data[0], PNR_RULE_FUTURE);
        fake_now_ms = at(2005, 1, 1);
        assert_int_equal(room_ask(&r, KEEPER_ACCEPT, bytes_of(payload.data, payload.len),
                                 bytes_of(bulk.data, bulk.len)),
                ERR_OK);
        assert_int_equal(r.payload.data[0], 0);
        clock_set_source(NULL);
        room_close(&r);
}

/* The next pair is not on disk yet: the one before stays in use, though its time was up. */
static void in_the_middle_of_a_rotation_there_is_a_key(void **state)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 16};
        uint8_t before[32];
        struct room r;

        (void)state;
        room_open(&r, ERR_OK);
        room_furnish(&r);
        assert_int_equal(
                room_ask(&r, KEEPER_PUBLIC_KEYS, bytes_of(NULL, 0), bytes_of(NULL, 0)), ERR_OK);
        assert_int_equal(r.payload.data[0], 1);
        memcpy(before, r.bulk.data + BOX_KEY_ID_LEN, sizeof before);
        put_u8(&payload, KEYRING_SEALING + 1);
        put_u64(&payload, 0);
        assert_int_equal(room_ask(&r, KEEPER_ROTATE_PAIR, bytes_of(payload.data, payload.len),
                                 bytes_of(NULL, 0)),
                ERR_OK);
        (void)usleep(5000);
        assert_int_equal(
                room_ask(&r, KEEPER_PUBLIC_KEYS, bytes_of(NULL, 0), bytes_of(NULL, 0)), ERR_OK);
        assert_int_equal(r.payload.data[0], 1);
        assert_memory_equal(before, r.bulk.data + BOX_KEY_ID_LEN, sizeof before);
        room_close(&r);
}

/* One packet of OPEN_FOR_VIEW, made before anything is to fail. */
static void packet_of_open(const struct keeper_accept *batch, size_t sealed_len, struct buf *out)
{
        const struct keeper_open in = {.linkage = "barn",
                .purpose = "statistik",
                .vintage = {1, 0},
                .name = batch->name,
                .epoch = 1};
        const struct keeper_head head = {
                .number = KEEPER_OPEN_FOR_VIEW, .bulk = (uint32_t)sealed_len};

        keeper_put_request(out, &head);
        room_put_open(&in, out);
}

static void whatever_allocation_fails_the_keeper_goes_on(void **state)
{
        OWNED(buf_done) struct buf packet = {.ceiling = KEEPER_PACKET_MAX};
        struct room r;
        struct keeper_accept batch;
        struct bytes sealed;
        unsigned failures = 0;

        (void)state;
        room_open(&r, ERR_OK);
        room_furnish(&r);
        batch = world_batch(&r.w, "anmalan", 114, 0, 20, 100);
        world_guardians(&r.w, &batch, 50);
        sealed = seal_batch(&r, &batch);
        packet_of_open(&batch, sealed.len, &packet);
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                struct keeper_head head;
                struct reader in;

                run_forget_ciphers(r.run);
                memcpy(r.memory, sealed.data, sealed.len);
                if (run_handle(r.run, bytes_of(packet.data, packet.len), -1, &r.answer) !=
                        RUN_GO_ON) {
                        failures++; /* not even room for an answer: it may leave */
                        continue;
                }
                in = reader_of(bytes_of(r.answer.data, r.answer.len));
                assert_int_equal(keeper_read_answer(&in, &head), ERR_OK);
                assert_true(head.err == ERR_OK || head.err == ERR_NO_MEMORY);
                failures += head.err != ERR_OK ? 1 : 0;
        }
        fault_disarm();
        assert_true(failures > 3);
        assert_int_equal(open_batch(&r, &batch, "barn", sealed), ERR_OK);
        room_close(&r);
}

static void a_stored_pseudonym_of_another_key_is_noticed(void **state)
{
        struct room r;
        struct keeper_accept batch;
        struct sealed_batch b;
        const struct domain_keys *keys;
        struct bytes sealed;
        uint8_t plain[4096], again[4096];

        (void)state;
        room_open(&r, ERR_OK);
        room_furnish(&r);
        batch = world_batch(&r.w, "anmalan", 114, 0, 5, 10);
        sealed = seal_batch(&r, &batch);
        keys = keyring_domain_find(r.run->keyring, &batch.name.domain);
        assert_int_equal(
                sealed_open(keys->data, &batch.name, keys->epoch, sealed, plain, &b), ERR_OK);
        b.pseudonyms[3 * PSEUDONYM_LEN + 5] ^= 1;
        assert_int_equal(sealed_write(keys->data, &batch.name, keys->epoch, &b, again), ERR_OK);
        assert_int_equal(
                open_batch(&r, &batch, "barn", bytes_of(again, sealed_len(&b))), ERR_TAMPERED);
        room_close(&r);
}

static void a_plain_text_that_lies_about_its_columns_is_refused(void **state)
{
        struct room r;
        struct keeper_accept batch;
        const struct domain_keys *keys;
        struct bytes sealed;
        uint8_t plain[4096], again[4096], out[4096];
        struct sealed_batch b, lie;

        (void)state;
        room_open(&r, ERR_OK);
        room_furnish(&r);
        batch = world_batch(&r.w, "anmalan", 114, 0, 5, 10);
        world_guardians(&r.w, &batch, 50);
        sealed = seal_batch(&r, &batch);
        keys = keyring_domain_find(r.run->keyring, &batch.name.domain);
        assert_int_equal(
                sealed_open(keys->data, &batch.name, keys->epoch, sealed, plain, &b), ERR_OK);
        b.counts[0] = 3; /* one more than there are */
        assert_int_equal(sealed_write(keys->data, &batch.name, keys->epoch, &b, again), ERR_OK);
        assert_int_equal(sealed_open(keys->data, &batch.name, keys->epoch,
                                 bytes_of(again, sealed_len(&b)), out, &lie),
                ERR_TAMPERED);
        b.counts[0] = 2;
        assert_int_equal(sealed_write(keys->data, &batch.name, keys->epoch, &b, again), ERR_OK);
        assert_int_equal(sealed_open(keys->data, &batch.name, keys->epoch,
                                 bytes_of(again, sealed_len(&b)), out, &lie),
                ERR_OK);
        room_close(&r);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_keeper_that_failed_to_start_says_why_and_nothing_else),
                cmocka_unit_test(a_self_test_that_fails_later_ends_the_use_of_keys),
                cmocka_unit_test(the_two_sides_must_speak_of_the_same_memory),
                cmocka_unit_test(one_person_is_stored_under_two_names_in_two_municipalities),
                cmocka_unit_test(nothing_of_a_batch_stays_in_the_buffers),
                cmocka_unit_test(the_clock_decides_when_a_linkage_is_over),
                cmocka_unit_test(all_keys_of_a_municipality_are_made_at_its_first_delivery),
                cmocka_unit_test(the_highest_time_seen_survives_a_restart),
                cmocka_unit_test(a_persons_birth_is_held_against_the_highest_time),
                cmocka_unit_test(in_the_middle_of_a_rotation_there_is_a_key),
                cmocka_unit_test(whatever_allocation_fails_the_keeper_goes_on),
                cmocka_unit_test(a_stored_pseudonym_of_another_key_is_noticed),
                cmocka_unit_test(a_plain_text_that_lies_about_its_columns_is_refused),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
