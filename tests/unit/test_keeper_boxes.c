/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_boxes.c: sealed persons, asked through keeper.h: a box is as good as numbers in
 * clear where it was made for, and no good anywhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/key_statement.h"
#include "crypto/pseudonym.h"
#include "crypto/secret.h"
#include "gateway/keeper/messages.h"
#include "tests/support/keeper_stage.h"

enum { ROWS = 40 };

static const int64_t a_day = 86400000;

/* The same batch of children and guardians, in clear. */
static struct keeper_accept clear_batch(struct stage *s)
{
        struct keeper_accept batch = world_batch(&s->w, "anmalan", 114, 0, ROWS, 100);

        world_guardians(&s->w, &batch, 1000);
        return batch;
}

static struct keeper_accept sealed_batch(struct stage *s)
{
        struct keeper_public_key key = stage_key(s);
        struct keeper_accept batch = clear_batch(s);

        world_seal(&s->w, &key, s->w.submission_keys[0], &batch);
        return batch;
}

static enum err try_accept(struct stage *s, const struct keeper_accept *batch)
{
        struct keeper_accepted accepted = {.epoch = 77};
        enum err e = keeper_accept(s->k, batch, s->w.arena, &accepted);

        if (e != ERR_OK)
                assert_int_equal(accepted.epoch, 77);
        return e;
}

static void assert_same_view(
        struct stage *s, const struct keeper_open *one, const struct keeper_open *other)
{
        struct keeper_opened a, b;

        assert_int_equal(keeper_open_for_view(s->k, one, &a), ERR_OK);
        assert_int_equal(keeper_open_for_view(s->k, other, &b), ERR_OK);
        assert_int_equal(a.rows, b.rows);
        assert_int_equal(a.guardians_len, b.guardians_len);
        assert_memory_equal(a.tokens, b.tokens, (size_t)a.rows * PSEUDONYM_LEN);
        assert_memory_equal(a.tags, b.tags, (size_t)a.rows * RECORD_TAG_LEN);
        if (a.guardians_len > 0) {
                assert_memory_equal(a.guardian_counts, b.guardian_counts, a.rows);
                assert_memory_equal(a.guardian_tokens, b.guardian_tokens,
                        (size_t)a.guardians_len * PSEUDONYM_LEN);
        }
        assert_true(bytes_equal(a.body, b.body));
        keeper_release(s->k, &a);
        keeper_release(s->k, &b);
}

static void a_box_gives_the_same_view_and_receipt_as_numbers_in_clear(void **state)
{
        struct stage s;
        struct keeper_accept clear, sealed;
        struct keeper_accepted from_clear, from_box;

        (void)state;
        stage_up(&s, 0);
        clear = clear_batch(&s);
        sealed = sealed_batch(&s);
        assert_null(sealed.persons.ids);
        stage_accept(&s, &clear, &from_clear);
        stage_accept(&s, &sealed, &from_box);
        assert_memory_equal(&from_clear.receipt, &from_box.receipt, sizeof from_box.receipt);

        struct keeper_open one = stage_open_of(&clear, &from_clear);
        struct keeper_open other = stage_open_of(&sealed, &from_box);

        assert_same_view(&s, &one, &other);
        /* Sealed a second time it is another box and the same delivery. */
        struct keeper_accept again = sealed_batch(&s);

        assert_false(bytes_equal(again.box.box, sealed.box.box));
        stage_accept(&s, &again, &from_box);
        assert_memory_equal(&from_clear.receipt, &from_box.receipt, sizeof from_box.receipt);
        stage_down(&s);
}

static void rows_that_do_not_go_on_are_left_out_of_both_forms_alike(void **state)
{
        enum { KEPT = ROWS - 14, WIDTH = 8 };
        uint8_t keep[ROWS], keys[KEPT * WIDTH];
        struct stage s;
        struct keeper_accept clear, sealed;
        struct keeper_accepted from_clear, from_box;
        uint32_t kept = 0;

        (void)state;
        stage_up(&s, 0);
        clear = clear_batch(&s);
        sealed = sealed_batch(&s);
        for (unsigned i = 0; i < ROWS; i++) {
                keep[i] = i % 3 != 0;
                if (keep[i])
                        memcpy(keys + (size_t)kept++ * WIDTH, clear.record_keys + (size_t)i * WIDTH,
                                WIDTH);
        }
        assert_int_equal(kept, KEPT);
        clear.keep = sealed.keep = keep;
        clear.record_keys = sealed.record_keys = keys;
        stage_accept(&s, &clear, &from_clear);
        stage_accept(&s, &sealed, &from_box);

        struct keeper_open one = stage_open_of(&clear, &from_clear);
        struct keeper_open other = stage_open_of(&sealed, &from_box);

        assert_same_view(&s, &one, &other);
        /* Row 1 is the first that stays, and she has her own token. */
        uint8_t *tokens = stage_tokens_of(&s, &other);

        one.sealed = from_clear.sealed;
        assert_memory_equal(tokens, stage_tokens_in(&s, "placering", 180, 1, 1), PSEUDONYM_LEN);
        stage_down(&s);
}

static void numbers_in_a_box_are_checked_and_told_by_row(void **state)
{
        struct stage s;
        struct keeper_public_key key;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        uint8_t keep[ROWS];

        (void)state;
        stage_up(&s, 0);
        key = stage_key(&s);
        batch = clear_batch(&s);
        ((uint8_t *)(uintptr_t)batch.persons.ids)[7 * PERSON_ID_LEN + 11] ^= 1;
        ((uint8_t *)(uintptr_t)batch.persons.kinds)[9] = 200;
        ((uint8_t *)(uintptr_t)batch.guardians.persons.ids)[5 * PERSON_ID_LEN] = 'x';
        world_seal(&s.w, &key, s.w.submission_keys[0], &batch);
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_OK);
        assert_true(accepted.rows_refused);
        assert_int_equal(accepted.rules[7], PNR_RULE_CHECK_DIGIT);
        assert_int_equal(accepted.rules[9], PNR_RULE_KIND);
        assert_int_equal(accepted.rules[8], PNR_OK);
        assert_int_equal(accepted.guardian_rules[5], PNR_RULE_SHAPE);
        /* Of rows that were rejected before nothing is said. */
        memset(keep, 1, sizeof keep);
        keep[2] = keep[7] = keep[9] = 0; /* guardian 5 belongs to row 2 */
        batch.keep = keep;
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_OK);
        assert_false(accepted.rows_refused);
        stage_down(&s);
}

static void a_box_is_good_in_its_own_place_only(void **state)
{
        struct stage s;
        struct keeper_accept batch;

        (void)state;
        stage_up(&s, 0);
        stage_prepare(&s, "placering", 114);
        batch = sealed_batch(&s);
        assert_int_equal(try_accept(&s, &batch), ERR_OK);
        /* The signature is over the same place, so it is what fails first. */
        batch.name.sequence++;
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_SIGNATURE);
        batch.name.sequence--;
        batch.name.submission.bytes[3] ^= 1;
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_SIGNATURE);
        batch.name.submission.bytes[3] ^= 1;
        batch.name.domain.municipality = 180;
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_SIGNATURE);
        batch.name.domain.municipality = 114;
        batch.rows--;
        batch.guardians.len -= 2;
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_SIGNATURE);
        batch = sealed_batch(&s);
        batch.guardians.len = 0; /* and without the guardians that are in it */
        assert_int_equal(try_accept(&s, &batch), ERR_MALFORMED);
        stage_down(&s);
}

/* Signed anew for where it is brought: whoever has the municipality's key can do that, and the
 * head inside still says where it was made for. */
static void a_signature_does_not_carry_a_box_elsewhere(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct box_head head;
        uint8_t signature[SIGNATURE_LEN];

        (void)state;
        stage_up(&s, 0);
        batch = sealed_batch(&s);
        batch.name.sequence = 5;
        head = (struct box_head){.use = BOX_BATCH,
                .municipality = 114,
                .dataset = "anmalan",
                .submission = batch.name.submission,
                .sequence = 5,
                .rows = ROWS};
        memcpy(head.key_id, batch.box.key_id.data, BOX_KEY_ID_LEN);
        assert_int_equal(box_sign(s.w.submission_keys[0], &head, batch.box.box, signature), ERR_OK);
        batch.box.signature = bytes_of(signature, sizeof signature);
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_MISPLACED);
        stage_down(&s);
}

static void whoever_is_not_the_municipality_cannot_seal_for_it(void **state)
{
        uint8_t public_key[SIGN_PUBLIC_LEN];
        struct stage s;
        struct keeper_public_key key;
        struct keeper_accept batch;
        struct secret *stranger = NULL;

        (void)state;
        stage_up(&s, 0);
        key = stage_key(&s);
        batch = clear_batch(&s);
        world_seal(&s.w, &key, s.w.submission_keys[1], &batch); /* 180's */
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_SIGNATURE);
        assert_int_equal(sign_keygen(&stranger, public_key), ERR_OK);
        batch = clear_batch(&s);
        world_seal(&s.w, &key, stranger, &batch);
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_SIGNATURE);
        secret_free(&stranger);
        batch = world_batch(&s.w, "anmalan", 1480, 0, ROWS, 100); /* has no key in the rules */
        world_seal(&s.w, &key, s.w.submission_keys[0], &batch);
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_SIGNATURE);
        stage_down(&s);
}

static void a_box_that_was_cut_changed_or_sealed_to_another_keeper_stays_closed(void **state)
{
        struct stage s;
        struct keeper_public_key key, other;
        struct keeper_accept batch;
        struct secret *foreign = NULL;

        (void)state;
        stage_up(&s, 0);
        key = stage_key(&s);
        other = key;
        assert_int_equal(box_keygen(&foreign, other.public_key), ERR_OK);
        batch = clear_batch(&s);
        world_seal(&s.w, &other, s.w.submission_keys[0], &batch); /* under our key's id */
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_CLOSED);
        box_key_id(other.public_key, other.id);
        batch = clear_batch(&s);
        world_seal(&s.w, &other, s.w.submission_keys[0], &batch);
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_KEY);
        secret_free(&foreign);

        batch = sealed_batch(&s);
        uint8_t *changed = arena_alloc(s.w.arena, batch.box.box.len + 1, 1);

        memcpy(changed, batch.box.box.data, batch.box.box.len);
        batch.box.box.data = changed;
        for (size_t at = 0; at < batch.box.box.len; at += 37) {
                changed[at] ^= 4;
                assert_int_equal(try_accept(&s, &batch), ERR_BOX_SIGNATURE);
                changed[at] ^= 4;
        }
        batch.box.box.len--;
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_SIGNATURE);
        batch.box.box.len = 1;
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_SIGNATURE);
        stage_down(&s);
}

static void a_data_set_of_boxes_takes_nothing_else(void **state)
{
        struct stage s;
        struct keeper_public_key key;
        struct keeper_accept batch;

        (void)state;
        stage_up(&s, 0);
        stage_prepare(&s, "sluten", 114);
        key = stage_key(&s);
        batch = world_batch(&s.w, "sluten", 114, 0, 3, 10);
        assert_int_equal(try_accept(&s, &batch), ERR_BOX_NEEDED);
        world_seal(&s.w, &key, s.w.submission_keys[0], &batch);
        assert_int_equal(try_accept(&s, &batch), ERR_OK);
        stage_down(&s);
}

static void every_key_is_vouched_for_by_the_signing_key(void **state)
{
        struct stage s;
        struct keeper_public_keys keys, again;
        char id[BOX_KEY_ID_LEN + 1];

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(keeper_public_keys(s.k, &keys), ERR_OK);
        assert_int_equal(keys.sealing_len, 1);
        assert_int_equal(keys.signing_len, 1);
        struct key_statement sealing = {.kind = KEYRING_SEALING,
                .from_ms = keys.sealing[0].from_ms,
                .until_ms = keys.sealing[0].until_ms};

        memcpy(sealing.public_key, keys.sealing[0].public_key, 32);
        assert_int_equal(key_statement_check(keys.signing[0].public_key, &sealing,
                                 keys.sealing[0].signatures[0]),
                ERR_OK);
        assert_true(sealing.until_ms > clock_now_ms() + 28 * a_day);
        assert_true(sealing.until_ms < clock_now_ms() + 32 * a_day);
        box_key_id(sealing.public_key, id);
        assert_string_equal(id, keys.sealing[0].id);
        /* Not of another kind, nor for longer. */
        sealing.kind = KEYRING_SIGNING;
        assert_int_equal(key_statement_check(keys.signing[0].public_key, &sealing,
                                 keys.sealing[0].signatures[0]),
                ERR_TAMPERED);
        sealing.kind = KEYRING_SEALING;
        sealing.until_ms++;
        assert_int_equal(key_statement_check(keys.signing[0].public_key, &sealing,
                                 keys.sealing[0].signatures[0]),
                ERR_TAMPERED);
        assert_int_equal(keeper_public_keys(s.k, &again), ERR_OK);
        assert_memory_equal(&keys, &again, sizeof keys);
        stage_down(&s);
}

/* Erasure ------------------------------------------------------------------ */

static void a_person_in_a_box_is_erased_as_one_in_clear(void **state)
{
        struct stage s;
        struct keeper_public_key key;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_found found;
        struct keeper_person person;
        struct bytes sealed;

        (void)state;
        stage_up(&s, 0);
        key = stage_key(&s);
        batch = sealed_batch(&s);
        stage_accept(&s, &batch, &accepted);
        person = world_seal_person(&s.w, &key, s.w.submission_keys[0], 114, 4, clock_now_ms());
        assert_int_equal(keeper_erase_begin(s.k, 114, "", &person), ERR_OK);
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.hits, 1);
        assert_int_equal(found.keep[4], 0);
        assert_int_equal(keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, found.keep, ROWS, bytes_of_text("x"), s.w.arena, &sealed),
                ERR_OK);
        stage_down(&s);
}

static void a_box_for_an_erasure_is_bound_to_its_municipality_day_and_use(void **state)
{
        struct stage s;
        struct keeper_public_key key;
        struct keeper_person person;
        struct keeper_accept one;
        int64_t now = clock_now_ms();

        (void)state;
        stage_up(&s, 0);
        key = stage_key(&s);
        person = world_seal_person(&s.w, &key, s.w.submission_keys[0], 114, 4, now);
        assert_int_equal(keeper_erase_begin(s.k, 180, "", &person), ERR_BOX_SIGNATURE);
        person = world_seal_person(&s.w, &key, s.w.submission_keys[1], 114, 4, now);
        assert_int_equal(keeper_erase_begin(s.k, 114, "", &person), ERR_BOX_SIGNATURE);
        person = world_seal_person(&s.w, &key, s.w.submission_keys[0], 114, 4, now - a_day - 60000);
        assert_int_equal(keeper_erase_begin(s.k, 114, "", &person), ERR_BOX_MISPLACED);
        person = world_seal_person(&s.w, &key, s.w.submission_keys[0], 114, 4, now + a_day + 60000);
        assert_int_equal(keeper_erase_begin(s.k, 114, "", &person), ERR_BOX_MISPLACED);
        /* A delivery of one row is not an erasure, though everything else fits. */
        one = world_batch(&s.w, "anmalan", 114, 4, 1, 10);
        one.name.submission = person.request;
        world_seal(&s.w, &key, s.w.submission_keys[0], &one);
        person.box = one.box;
        for (unsigned i = 0; i < 6; i++)
                person.request.bytes[i] = (uint8_t)(now >> (40 - 8 * i));
        assert_int_equal(keeper_erase_begin(s.k, 114, "", &person), ERR_BOX_SIGNATURE);
        stage_down(&s);
}

/* Else whoever owns the gateway could ask who is in a batch. */
static void persons_in_clear_are_not_looked_for_where_boxes_are_needed(void **state)
{
        struct stage s;
        struct keeper_public_key key;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_found found;
        struct keeper_person person = {.kind = PERSON_NATIONAL};

        (void)state;
        stage_up(&s, 0);
        stage_prepare(&s, "sluten", 114);
        key = stage_key(&s);
        batch = world_batch(&s.w, "sluten", 114, 0, 3, 10);
        world_seal(&s.w, &key, s.w.submission_keys[0], &batch);
        stage_accept(&s, &batch, &accepted);
        world_person(1, person.id);
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, s.w.arena, &found),
                ERR_BOX_NEEDED);
        person = world_seal_person(&s.w, &key, s.w.submission_keys[0], 114, 1, clock_now_ms());
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.hits, 1);
        stage_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_box_gives_the_same_view_and_receipt_as_numbers_in_clear),
                cmocka_unit_test(rows_that_do_not_go_on_are_left_out_of_both_forms_alike),
                cmocka_unit_test(numbers_in_a_box_are_checked_and_told_by_row),
                cmocka_unit_test(a_box_is_good_in_its_own_place_only),
                cmocka_unit_test(a_signature_does_not_carry_a_box_elsewhere),
                cmocka_unit_test(whoever_is_not_the_municipality_cannot_seal_for_it),
                cmocka_unit_test(
                        a_box_that_was_cut_changed_or_sealed_to_another_keeper_stays_closed),
                cmocka_unit_test(a_data_set_of_boxes_takes_nothing_else),
                cmocka_unit_test(every_key_is_vouched_for_by_the_signing_key),
                cmocka_unit_test(a_person_in_a_box_is_erased_as_one_in_clear),
                cmocka_unit_test(a_box_for_an_erasure_is_bound_to_its_municipality_day_and_use),
                cmocka_unit_test(persons_in_clear_are_not_looked_for_where_boxes_are_needed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
