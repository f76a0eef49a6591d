/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_reseal.c: the same records under other keys: nobody who reads or counts notices,
 * and the old bytes are gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "gateway/store/store.h"
#include "tests/support/store_world.h"

enum { LEN = 3000, BATCHES = 6, NOW = 900000, ROOM = 100, HOME = 114 };

static const char *dataset_of(struct store *s, uint32_t n)
{
        static struct stored_submission found;
        struct submission_id id = id_of(n);

        assert_int_equal(store_submission_find(s, &id, &found), ERR_OK);
        return found.dataset;
}

static uint32_t outdated(struct store *s, uint32_t epoch, struct stored_place *out)
{
        uint32_t len = 0;

        assert_int_equal(store_outdated(s, HOME, dataset_of(s, 1), epoch, out, ROOM, &len), ERR_OK);
        return len;
}

static struct world *world_with_delivery(void)
{
        struct world *w = world_new();
        struct stored_submission d = delivery(1, HOME, DELIVERY_APPEND);

        deliver(w->store, &d, 1, BATCHES, LEN);
        return w;
}

/* Reads the batch and makes of it one of epoch 2 that is `mark` throughout. */
static struct resealed_batch anew(
        struct store *s, struct arena *a, const struct stored_place *place, uint8_t mark)
{
        struct resealed_batch out = {.place = *place, .epoch = 2};
        struct stored_batch b;
        uint8_t *bytes = arena_alloc_raw(a, LEN, 1);

        assert_non_null(bytes);
        memset(bytes, mark, LEN);
        assert_int_equal(store_batch_read(s, place, a, &b, &out.as_read), ERR_OK);
        out.sealed = bytes_of(bytes, LEN);
        return out;
}

static void reseal_all(struct store *s, uint32_t expected)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_place places[ROOM];
        struct resealed_batch list[ROOM];
        uint32_t n = outdated(s, 2, places), done = 99;

        for (uint32_t i = 0; i < n; i++)
                list[i] = anew(s, a, &places[i], (uint8_t)(0xa0 + i));
        assert_int_equal(store_reseal(s, list, n, &done), ERR_OK);
        assert_int_equal(done, expected);
}

static void batches_change_their_keys_and_nothing_else(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_vintage before, after;
        struct stored_place places[ROOM], place = {id_of(1), 3};
        struct stored_batch was, is;
        struct digest ignored;

        (void)state;
        assert_int_equal(store_publish(w->store, "", 0, NOW, NULL, &before), ERR_OK);
        assert_int_equal(store_batch_read(w->store, &place, a, &was, &ignored), ERR_OK);
        reseal_all(w->store, BATCHES);
        assert_int_equal(store_batch_read(w->store, &place, a, &is, &ignored), ERR_OK);
        assert_int_equal(is.epoch, 2);
        assert_int_equal(is.rows, was.rows);
        assert_int_equal(is.rejected, was.rejected);
        assert_memory_equal(&is.receipt, &was.receipt, sizeof is.receipt);
        assert_int_equal(is.sealed.len, LEN);
        assert_int_equal(is.sealed.data[0], 0xa3);
        assert_int_equal(outdated(w->store, 2, places), 0);
        assert_int_equal(store_vintage_find(w->store, (struct vintage){0}, &after), ERR_OK);
        assert_int_equal(after.vintage.number, before.vintage.number);
        assert_int_equal(after.vintage.revision, before.vintage.revision);
        assert_int_equal(after.records, before.records);
}

static void who_is_reading_goes_on(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        OWNED(store_cursor_free) struct store_cursor *c = NULL;
        struct submission_id id = id_of(1);
        struct stored_batch b;

        (void)state;
        assert_int_equal(store_batches(w->store, &id, &c), ERR_OK);
        assert_int_equal(store_next(c, &b), ERR_OK);
        assert_int_equal(b.epoch, 1);
        reseal_all(w->store, BATCHES);
        for (uint32_t i = 1; i < BATCHES; i++) {
                assert_int_equal(store_next(c, &b), ERR_OK);
                assert_int_equal(b.sequence, i);
                assert_int_equal(b.epoch, 2);
        }
        assert_int_equal(store_next(c, &b), ERR_NOT_FOUND);
}

static void the_old_bytes_are_in_no_file(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();

        (void)state;
        assert_true(markers_in_files(w, 1, BATCHES) > 0);
        reseal_all(w->store, BATCHES);
        assert_int_equal(store_forget(w->store), ERR_OK);
        assert_int_equal(markers_in_files(w, 1, BATCHES), 0);
}

/* Empties the third batch, as an erasure of all its persons does. */
static enum err empty_third(void *ctx, const struct stored_submission *of,
        const struct stored_batch *b, struct bytes *out_sealed, uint32_t *out_rows)
{
        (void)ctx;
        (void)of;
        *out_sealed = (struct bytes){0};
        if (b->sequence == 2)
                *out_rows = 0;
        return ERR_OK;
}

static void what_changed_meanwhile_is_left_alone(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_place places[ROOM], third = {id_of(1), 2};
        struct resealed_batch list[ROOM];
        struct stored_batch b;
        struct vintage revised;
        struct digest ignored;
        uint32_t n = outdated(w->store, 2, places), done;

        (void)state;
        for (uint32_t i = 0; i < n; i++)
                list[i] = anew(w->store, a, &places[i], 0xee);
        assert_int_equal(store_rewrite(w->store, REMOVAL_PERSON, HOME, empty_third, NULL, NOW, NULL,
                                 &revised),
                ERR_OK);
        assert_int_equal(store_reseal(w->store, list, n, &done), ERR_OK);
        assert_int_equal(done, BATCHES - 1);
        assert_int_equal(store_batch_read(w->store, &third, a, &b, &ignored), ERR_OK);
        assert_int_equal(b.sealed.len, 0);
        /* What holds nothing is not waited for. */
        assert_int_equal(outdated(w->store, 2, places), 0);
}

static void what_was_withdrawn_meanwhile_does_not_come_back(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_place places[ROOM];
        struct resealed_batch list[ROOM];
        struct submission_id id = id_of(1);
        struct vintage revised;
        uint32_t n = outdated(w->store, 2, places), done;

        (void)state;
        for (uint32_t i = 0; i < n; i++)
                list[i] = anew(w->store, a, &places[i], 0xee);
        assert_int_equal(store_withdraw(w->store, &id, NOW, NULL, &revised), ERR_OK);
        assert_int_equal(store_reseal(w->store, list, n, &done), ERR_OK);
        assert_int_equal(done, 0);
        assert_int_equal(outdated(w->store, 2, places), 0);
}

static void epochs_are_counted_by_domain(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_submission other = delivery(2, HOME + 1, DELIVERY_APPEND);
        struct stored_epoch *epochs = NULL;
        struct stored_place places[ROOM];
        struct resealed_batch one;
        uint32_t len = 0, done;

        (void)state;
        deliver(w->store, &other, 2, 2, LEN);
        assert_int_equal(outdated(w->store, 2, places), BATCHES);
        one = anew(w->store, a, &places[0], 1);
        assert_int_equal(store_reseal(w->store, &one, 1, &done), ERR_OK);
        assert_int_equal(store_epochs(w->store, a, &epochs, &len), ERR_OK);
        assert_int_equal(len, 3);
        assert_int_equal(epochs[0].municipality, HOME);
        assert_int_equal(epochs[0].epoch, 1);
        assert_int_equal(epochs[0].batches, BATCHES - 1);
        assert_int_equal(epochs[1].epoch, 2);
        assert_int_equal(epochs[1].batches, 1);
        assert_int_equal(epochs[2].municipality, HOME + 1);
        assert_int_equal(epochs[2].batches, 2);
}

static void a_failing_disk_leaves_old_or_new_and_nothing_between(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_place places[ROOM];
        struct resealed_batch list[ROOM];
        uint32_t n = outdated(w->store, 2, places), done = 0;
        unsigned failed = 0;

        (void)state;
        for (uint32_t i = 0; i < n; i++)
                list[i] = anew(w->store, a, &places[i], 0xee);
        for (unsigned nth = 0; fault_arm("write", nth); nth++) {
                enum err e = store_reseal(w->store, list, n, &done);

                fault_disarm();
                world_reopen(w);
                if (e == ERR_OK)
                        break;
                failed++;
                assert_int_equal(outdated(w->store, 2, places), BATCHES);
        }
        assert_true(failed > 0);
        assert_int_equal(done, BATCHES);
        assert_int_equal(outdated(w->store, 2, places), 0);
}

static void nonsense_is_refused(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_place place = {id_of(1), 0}, nowhere = {id_of(77), 0};
        struct resealed_batch b = anew(w->store, a, &place, 1);
        struct stored_batch ignored;
        struct digest d;
        uint32_t done;

        (void)state;
        b.epoch = 0;
        assert_int_equal(store_reseal(w->store, &b, 1, &done), ERR_INVALID);
        b.epoch = 2;
        b.sealed.len = 0;
        assert_int_equal(store_reseal(w->store, &b, 1, &done), ERR_INVALID);
        assert_int_equal(store_batch_read(w->store, &nowhere, a, &ignored, &d), ERR_NOT_FOUND);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(batches_change_their_keys_and_nothing_else),
                cmocka_unit_test(who_is_reading_goes_on),
                cmocka_unit_test(the_old_bytes_are_in_no_file),
                cmocka_unit_test(what_changed_meanwhile_is_left_alone),
                cmocka_unit_test(what_was_withdrawn_meanwhile_does_not_come_back),
                cmocka_unit_test(epochs_are_counted_by_domain),
                cmocka_unit_test(a_failing_disk_leaves_old_or_new_and_nothing_between),
                cmocka_unit_test(nonsense_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
