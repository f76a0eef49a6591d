/* SPDX-License-Identifier: Apache-2.0 */
/* test_keyring_epochs.c: keys that follow each other, end, and are gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/box.h"
#include "crypto/keyring_state.h"
#include "crypto/secret.h"
#include "crypto/sign.h"

enum { NOW = 1000000, LATER = 2000000, DAY = 86400000 };

static const struct keyring_cost cheap = {8, 1};
static const uint8_t signer[SIGN_PUBLIC_LEN] = {1, 2, 3};
static const struct domain placering = {.dataset = "placering", .municipality = 180};
static const struct domain anmalan = {.dataset = "anmalan", .municipality = 180};
static struct secret *passphrase;

static void save(struct keyring *k)
{
        OWNED(buf_done) struct buf blob;
        uint64_t generation = 0;

        buf_init(&blob, KEYRING_BLOB_MAX);
        assert_int_equal(keyring_seal(k, &blob, &generation), ERR_OK);
        keyring_confirm(k, generation);
        assert_false(keyring_dirty(k));
}

/* Sealed and opened again. */
static struct keyring *reopened(struct keyring *k)
{
        OWNED(buf_done) struct buf blob;
        struct keyring *back = NULL;
        uint64_t generation = 0;

        buf_init(&blob, KEYRING_BLOB_MAX);
        assert_int_equal(keyring_seal(k, &blob, &generation), ERR_OK);
        assert_int_equal(keyring_open(passphrase, bytes_of(blob.data, blob.len), &back), ERR_OK);
        return back;
}

static struct keyring *ring_new(void)
{
        struct keyring *k = NULL;

        assert_int_equal(keyring_new(passphrase, cheap, signer, NOW, &k), ERR_OK);
        assert_int_equal(keyring_domain_make(k, &placering, NOW), ERR_OK);
        assert_int_equal(keyring_domain_make(k, &anmalan, NOW), ERR_OK);
        assert_int_equal(keyring_linkage_make(k, "barn", NOW), ERR_OK);
        save(k);
        return k;
}

static uint32_t epoch_of(const struct keyring *k, const struct domain *d)
{
        const struct domain_keys *keys = keyring_domain_find(k, d);

        return keys != NULL ? keys->epoch : 0;
}

static struct keyring_domain_info info_of(const struct keyring *k, const struct domain *d)
{
        struct keyring_domain_info info;

        for (size_t i = 0; i < keyring_domains_len(k); i++) {
                keyring_domain_info(k, i, &info);
                if (strcmp(info.name.dataset, d->dataset) == 0 &&
                        info.name.municipality == d->municipality)
                        return info;
        }
        fail();
        return info;
}

static void a_domain_rotates_without_a_moment_without_keys(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        const struct domain_keys *old, *fresh;
        struct keyring_domain_info info;

        (void)state;
        old = keyring_domain_find(k, &placering);
        assert_int_equal(keyring_domain_rotate(k, &placering, LATER), ERR_OK);
        assert_true(keyring_dirty(k));
        /* Until the new ones are on disk, the old ones are used. */
        assert_ptr_equal(keyring_domain_find(k, &placering), old);
        assert_true(keyring_domain_ready(k, &placering));
        assert_int_equal(keyring_domain_retire(k, &placering, 1), ERR_OUT_OF_ORDER);
        save(k);
        fresh = keyring_domain_find(k, &placering);
        assert_ptr_not_equal(fresh, old);
        assert_int_equal(fresh->epoch, 2);
        assert_int_equal(fresh->created_ms, LATER);
        assert_ptr_equal(keyring_domain_epoch_find(k, &placering, 1), old);
        assert_ptr_equal(keyring_domain_epoch_find(k, &placering, 2), fresh);
        assert_null(keyring_domain_epoch_find(k, &placering, 0));
        assert_null(keyring_domain_epoch_find(k, &placering, 3));
        assert_false(secret_equal(old->pseudonym, fresh->pseudonym));
        assert_false(secret_equal(old->data, fresh->data));
        assert_true(secret_equal(old->tag, fresh->tag)); /* carried along: tags are one-way */
        info = info_of(k, &placering);
        assert_int_equal(info.oldest, 1);
        assert_int_equal(info.epoch, 2);
        assert_int_equal(info.highest, 2);
        assert_int_equal(info.created_ms, LATER);
        assert_int_equal(epoch_of(k, &anmalan), 1);
}

static void two_rotations_at_once_are_refused(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        struct domain nobody = {.dataset = "enkat", .municipality = 1};

        (void)state;
        assert_int_equal(keyring_domain_rotate(k, &placering, LATER), ERR_OK);
        assert_int_equal(keyring_domain_rotate(k, &placering, LATER), ERR_ROTATING);
        save(k);
        assert_int_equal(keyring_domain_rotate(k, &placering, LATER), ERR_ROTATING);
        assert_false(keyring_dirty(k));
        assert_int_equal(keyring_domain_rotate(k, &nobody, LATER), ERR_NOT_FOUND);
        assert_int_equal(keyring_domain_retire(k, &placering, 2), ERR_INVALID);
        assert_int_equal(keyring_domain_retire(k, &placering, 3), ERR_NOT_FOUND);
        assert_int_equal(keyring_domain_retire(k, &placering, 0), ERR_NOT_FOUND);
        assert_int_equal(keyring_domain_retire(k, &nobody, 1), ERR_NOT_FOUND);
        assert_int_equal(keyring_domain_retire(k, &placering, 1), ERR_OK);
        assert_true(keyring_dirty(k));
        assert_int_equal(keyring_domain_rotate(k, &placering, LATER), ERR_OK);
        assert_int_equal(info_of(k, &placering).epoch, 3);
}

static void both_epochs_survive_the_disk(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL, *again = NULL;
        const struct domain_keys *a, *b;

        (void)state;
        /* Twice around, so that the older epoch stands behind the newer in memory. */
        assert_int_equal(keyring_domain_rotate(k, &placering, LATER), ERR_OK);
        save(k);
        assert_int_equal(keyring_domain_retire(k, &placering, 1), ERR_OK);
        assert_int_equal(keyring_domain_rotate(k, &placering, LATER + 1), ERR_OK);
        back = reopened(k);
        for (uint32_t epoch = 2; epoch <= 3; epoch++) {
                a = keyring_domain_epoch_find(k, &placering, epoch);
                b = keyring_domain_epoch_find(back, &placering, epoch);
                assert_non_null(a);
                assert_non_null(b);
                assert_true(secret_equal(a->pseudonym, b->pseudonym));
                assert_true(secret_equal(a->data, b->data));
                assert_true(secret_equal(a->tag, b->tag));
                assert_int_equal(a->created_ms, b->created_ms);
        }
        assert_int_equal(epoch_of(back, &placering), 3); /* it came from the disk */
        assert_int_equal(keyring_domain_retire(back, &placering, 2), ERR_OK);
        again = reopened(back);
        assert_null(keyring_domain_epoch_find(again, &placering, 2));
        assert_int_equal(info_of(again, &placering).oldest, 3);
}

static bool all_zero_but_first(const uint8_t *at)
{
        uint8_t any = 0;

        /* A slot that was given back may name the next one. */
        for (unsigned i = sizeof(void *); i < SLAB_KEY_LEN; i++)
                any |= at[i];
        return any == 0;
}

static void a_retired_key_is_wiped_from_memory(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        const struct domain_keys *old = keyring_domain_find(k, &placering);
        const uint8_t *where[3] = {
                secret_view(old->pseudonym), secret_view(old->data), secret_view(old->tag)};

        (void)state;
        assert_int_equal(keyring_domain_rotate(k, &placering, LATER), ERR_OK);
        save(k);
        for (unsigned i = 0; i < 3; i++)
                assert_false(all_zero_but_first(where[i]));
        assert_int_equal(keyring_domain_retire(k, &placering, 1), ERR_OK);
        for (unsigned i = 0; i < 3; i++)
                assert_true(all_zero_but_first(where[i]));
}

static uint64_t trace(const struct secret *key)
{
        uint64_t first;

        memcpy(&first, secret_view(key), sizeof first);
        return first;
}

static void a_destroyed_domain_has_no_key_and_never_gets_its_number_again(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
        const uint8_t *where;
        uint64_t tag, before = trace(keyring_domain_find(k, &placering)->tag);

        (void)state;
        assert_int_equal(keyring_domain_rotate(k, &placering, LATER), ERR_OK);
        save(k);
        where = secret_view(keyring_domain_epoch_find(k, &placering, 2)->data);
        assert_int_equal(keyring_domain_destroy(k, &placering), ERR_OK);
        assert_true(all_zero_but_first(where));
        assert_true(keyring_dirty(k));
        assert_null(keyring_domain_find(k, &placering));
        assert_null(keyring_domain_epoch_find(k, &placering, 1));
        assert_null(keyring_domain_epoch_find(k, &placering, 2));
        assert_false(keyring_domain_ready(k, &placering));
        assert_int_equal(keyring_domain_destroy(k, &placering), ERR_NOT_FOUND);
        assert_int_equal(keyring_domain_rotate(k, &placering, LATER), ERR_NOT_FOUND);
        assert_int_equal(keyring_domain_retire(k, &placering, 2), ERR_NOT_FOUND);
        assert_int_equal(keyring_domains_len(k), 2);
        back = reopened(k);
        assert_int_equal(info_of(back, &placering).epoch, 0);
        assert_int_equal(info_of(back, &placering).highest, 2);
        assert_null(keyring_domain_find(back, &placering));
        assert_int_equal(epoch_of(back, &anmalan), 1);
        assert_int_equal(keyring_domain_make(back, &placering, LATER), ERR_OK);
        assert_false(keyring_domain_ready(back, &placering));
        save(back);
        assert_int_equal(epoch_of(back, &placering), 3);
        assert_true(keyring_domain_ready(back, &placering));
        tag = trace(keyring_domain_find(back, &placering)->tag);
        assert_false(tag == before); /* nothing is carried over a destruction */
}

static void a_key_that_has_gone_is_in_no_later_state(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
        OWNED(secret_free) struct secret *kept = NULL;
        const struct secret *all[3];

        (void)state;
        assert_int_equal(secret_copy(secret_view(keyring_domain_find(k, &placering)->data),
                                 SLAB_KEY_LEN, &kept),
                ERR_OK);
        assert_int_equal(keyring_domain_destroy(k, &placering), ERR_OK);
        back = reopened(k);
        for (size_t i = 0; i < back->domains_len; i++)
                for (unsigned j = 0; j < EPOCHS_LIVE; j++)
                        for (unsigned s = 0; s < DOMAIN_KEYS; s++) {
                                const struct secret *slot = back->domains[i]->epochs[j].slots[s];

                                assert_true(slot == NULL || !secret_equal(slot, kept));
                        }
        all[0] = keyring_person(back);
        all[1] = keyring_linkage_find(back, "barn");
        all[2] = keyring_noise_find(back, "barn");
        for (unsigned i = 0; i < 3; i++)
                assert_false(secret_equal(all[i], kept));
}

static void rotating_for_ever_needs_no_more_room(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();

        (void)state;
        for (unsigned i = 0; i < 5000; i++) {
                k->changes_confirmed = k->changes; /* as if saved */
                assert_int_equal(keyring_domain_rotate(k, &placering, LATER), ERR_OK);
                k->changes_confirmed = k->changes;
                assert_int_equal(keyring_domain_retire(k, &placering, i + 1), ERR_OK);
                assert_int_equal(keyring_linkage_destroy(k, "barn"), ERR_OK);
                assert_int_equal(keyring_linkage_make(k, "barn", LATER), ERR_OK);
                assert_int_equal(keyring_pair_rotate(k, KEYRING_SEALING, LATER, 0), ERR_OK);
                k->changes_confirmed = k->changes;
                assert_true(keyring_pairs_prune(k, LATER));
        }
        assert_int_equal(info_of(k, &placering).highest, 5001);
}

static void a_slot_that_is_taken_again_is_empty(void **state)
{
        struct secret_slab *slab = NULL;
        struct secret *slots[SLAB_SLOTS + 5], *again;
        static const uint8_t zero[SLAB_KEY_LEN];

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(slots); i++) {
                assert_int_equal(secret_slab_take(&slab, &slots[i]), ERR_OK);
                assert_memory_equal(secret_view(slots[i]), zero, sizeof zero);
                memset(secret_bytes(slots[i]), 0xEE, SLAB_KEY_LEN);
        }
        for (unsigned i = 0; i < 100; i++) {
                secret_slab_give(slab, &slots[i]);
                assert_null(slots[i]);
                secret_slab_give(slab, &slots[i]);
        }
        for (unsigned i = 0; i < SLAB_SLOTS + 100; i++) { /* beyond what was given back */
                assert_int_equal(secret_slab_take(&slab, &again), ERR_OK);
                assert_int_equal(secret_len(again), SLAB_KEY_LEN);
                assert_memory_equal(secret_view(again), zero, sizeof zero);
                for (unsigned j = 100; j < ARRAY_LEN(slots); j++)
                        assert_ptr_not_equal(again, slots[j]);
                memset(secret_bytes(again), 0xDD, SLAB_KEY_LEN);
        }
        secret_slab_free(&slab);
}

static void persons_are_delivered_anew_under_two_keys(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
        OWNED(secret_free) struct secret *second = NULL;
        struct person_epoch epochs[2];
        const uint8_t *first;

        (void)state;
        assert_int_equal(keyring_person_epochs(k, epochs), 1);
        assert_int_equal(epochs[0].epoch, 1);
        assert_int_equal(epochs[0].created_ms, NOW);
        assert_true(epochs[0].ready);
        assert_int_equal(keyring_person_settle(k), ERR_NOT_FOUND);
        first = secret_view(keyring_person(k));
        assert_int_equal(keyring_person_begin(k, LATER), ERR_OK);
        assert_int_equal(keyring_person_begin(k, LATER), ERR_ROTATING);
        assert_int_equal(keyring_person_epochs(k, epochs), 2);
        assert_false(epochs[1].ready);
        assert_int_equal(keyring_person_settle(k), ERR_OUT_OF_ORDER);
        save(k);
        assert_int_equal(keyring_person_epochs(k, epochs), 2);
        assert_true(epochs[1].ready);
        assert_int_equal(epochs[1].epoch, 2);
        assert_int_equal(epochs[1].created_ms, LATER);
        assert_ptr_equal(epochs[0].key, keyring_person(k)); /* what is linked is linked by it */
        assert_false(secret_equal(epochs[0].key, epochs[1].key));
        assert_int_equal(secret_copy(secret_view(epochs[1].key), SLAB_KEY_LEN, &second), ERR_OK);

        back = reopened(k);
        assert_int_equal(keyring_person_epochs(back, epochs), 2);
        assert_true(secret_equal(epochs[1].key, second));
        assert_true(secret_equal(keyring_person(back), keyring_person(k)));
        keyring_free(&back);

        assert_int_equal(keyring_person_settle(k), ERR_OK);
        assert_true(all_zero_but_first(first));
        assert_true(secret_equal(keyring_person(k), second));
        assert_int_equal(keyring_person_epochs(k, epochs), 1);
        back = reopened(k);
        assert_true(secret_equal(keyring_person(back), second));
        assert_int_equal(keyring_person_begin(back, LATER), ERR_OK);
        assert_int_equal(keyring_person_epochs(back, epochs), 2);
        assert_int_equal(epochs[1].epoch, 3);
}

static void a_destroyed_linkage_begins_anew(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
        OWNED(secret_free) struct secret *old = NULL;
        struct keyring_linkage_info info;

        (void)state;
        assert_int_equal(keyring_linkage_make(k, "alla", LATER), ERR_OK);
        assert_int_equal(keyring_linkages_len(k), 2);
        keyring_linkage_info(k, 0, &info);
        assert_string_equal(info.name, "alla");
        assert_int_equal(info.created_ms, LATER);
        keyring_linkage_info(k, 1, &info);
        assert_string_equal(info.name, "barn");
        assert_int_equal(info.created_ms, NOW);
        assert_int_equal(
                secret_copy(secret_view(keyring_linkage_find(k, "barn")), SLAB_KEY_LEN, &old),
                ERR_OK);
        assert_int_equal(keyring_linkage_destroy(k, "barn"), ERR_OK);
        assert_int_equal(keyring_linkage_destroy(k, "barn"), ERR_NOT_FOUND);
        assert_null(keyring_linkage_find(k, "barn"));
        assert_null(keyring_noise_find(k, "barn"));
        assert_int_equal(keyring_linkages_len(k), 1);
        back = reopened(k);
        assert_null(keyring_linkage_find(back, "barn"));
        assert_non_null(keyring_linkage_find(back, "alla"));
        assert_int_equal(keyring_linkage_make(back, "barn", LATER), ERR_OK);
        assert_false(secret_equal(keyring_linkage_find(back, "barn"), old));
}

static void a_new_ring_has_pairs_that_work(void **state)
{
        OWNED(keyring_free) struct keyring *k = NULL;
        struct keyring_pair_key pairs[KEYRING_PAIR_LIVE_MAX];
        uint8_t public_key[32];
        char id[17];

        (void)state;
        assert_int_equal(keyring_new(passphrase, cheap, signer, NOW, &k), ERR_OK);
        for (enum keyring_pair kind = 0; kind < KEYRING_PAIR_KINDS; kind++) {
                assert_int_equal(keyring_pairs(k, kind, pairs), 1);
                assert_int_equal(pairs[0].created_ms, NOW);
                assert_int_equal(pairs[0].until_ms, 0);
                assert_false(pairs[0].ready);
                assert_int_equal(kind == KEYRING_SEALING
                                         ? box_public_of(pairs[0].secret, public_key)
                                         : sign_public_of(pairs[0].secret, public_key),
                        ERR_OK);
                assert_memory_equal(public_key, pairs[0].public_key, sizeof public_key);
                box_key_id(public_key, id);
                assert_string_equal(id, pairs[0].id);
        }
        save(k);
        assert_int_equal(keyring_pairs(k, KEYRING_SIGNING, pairs), 1);
        assert_true(pairs[0].ready);
}

static void pairs_follow_each_other_and_end_when_their_time_is_over(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
        struct keyring_pair_key before[KEYRING_PAIR_LIVE_MAX], pairs[KEYRING_PAIR_LIVE_MAX];
        const uint8_t *old;

        (void)state;
        assert_int_equal(keyring_pairs(k, KEYRING_SEALING, before), 1);
        old = secret_view(before[0].secret);
        assert_int_equal(keyring_pair_rotate(k, KEYRING_SEALING, LATER, -1), ERR_INVALID);
        assert_int_equal(keyring_pair_rotate(k, KEYRING_SEALING, LATER, DAY), ERR_OK);
        assert_int_equal(keyring_pairs(k, KEYRING_SEALING, pairs), 2);
        assert_false(pairs[0].ready);
        assert_true(pairs[1].ready);
        assert_string_equal(pairs[1].id, before[0].id);
        assert_int_equal(pairs[0].created_ms, LATER);
        assert_int_equal(pairs[0].until_ms, 0);
        assert_int_equal(pairs[1].until_ms, LATER + DAY);
        /* Its time is over, but nothing that is on disk follows it. */
        assert_false(keyring_pairs_prune(k, LATER + DAY));
        save(k);
        assert_false(keyring_pairs_prune(k, LATER + DAY - 1));
        assert_false(keyring_dirty(k));

        back = reopened(k);
        assert_int_equal(keyring_pairs(back, KEYRING_SEALING, before), 2);
        assert_int_equal(keyring_pairs(k, KEYRING_SEALING, pairs), 2);
        for (unsigned i = 0; i < 2; i++) {
                assert_memory_equal(before[i].public_key, pairs[i].public_key, 32);
                assert_true(secret_equal(before[i].secret, pairs[i].secret));
                assert_int_equal(before[i].until_ms, pairs[i].until_ms);
                assert_string_equal(before[i].id, pairs[i].id);
        }

        assert_true(keyring_pairs_prune(k, LATER + DAY));
        assert_true(keyring_dirty(k));
        assert_true(all_zero_but_first(old));
        assert_int_equal(keyring_pairs(k, KEYRING_SEALING, pairs), 1);
        assert_string_equal(pairs[0].id, before[0].id);
        assert_int_equal(keyring_pairs(k, KEYRING_SIGNING, pairs), 1);
        assert_false(keyring_pairs_prune(k, INT64_MAX)); /* the newest has no end */
}

static void only_so_many_pairs_live_at_once(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
        struct keyring_pair_key pairs[KEYRING_PAIR_LIVE_MAX];

        (void)state;
        for (unsigned i = 1; i < KEYRING_PAIR_LIVE_MAX; i++)
                assert_int_equal(keyring_pair_rotate(k, KEYRING_SIGNING, LATER, INT64_MAX), ERR_OK);
        assert_int_equal(keyring_pair_rotate(k, KEYRING_SIGNING, LATER, DAY), ERR_ROTATING);
        assert_int_equal(keyring_pairs(k, KEYRING_SIGNING, pairs), KEYRING_PAIR_LIVE_MAX);
        assert_int_equal(pairs[1].until_ms, INT64_MAX);
        back = reopened(k);
        assert_int_equal(keyring_pairs(back, KEYRING_SIGNING, pairs), KEYRING_PAIR_LIVE_MAX);
}

static void notes_are_kept_replaced_and_taken_away(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
        struct bytes note;

        (void)state;
        assert_int_equal(keyring_note(k, "aliases").len, 0);
        assert_int_equal(keyring_note_set(k, "aliases", bytes_of_text("")), ERR_OK);
        assert_false(keyring_dirty(k));
        assert_int_equal(keyring_note_set(k, "quotas", bytes_of_text("q")), ERR_OK);
        assert_int_equal(keyring_note_set(k, "aliases", bytes_of_text("one")), ERR_OK);
        assert_int_equal(keyring_note_set(k, "head", bytes_of_text("h")), ERR_OK);
        assert_true(keyring_dirty(k));
        save(k);
        assert_int_equal(keyring_note_set(k, "aliases", bytes_of_text("one")), ERR_OK);
        assert_false(keyring_dirty(k)); /* it says so already */
        assert_int_equal(keyring_note_set(k, "aliases", bytes_of_text("one and two")), ERR_OK);
        note = keyring_note(k, "aliases");
        assert_true(bytes_is_text(note, "one and two"));
        assert_int_equal(keyring_note_set(k, "head", bytes_of(note.data, 3)), ERR_OK);
        assert_int_equal(keyring_note_set(k, "aliases", bytes_of(note.data + 8, 3)), ERR_OK);
        back = reopened(k);
        assert_true(bytes_is_text(keyring_note(back, "aliases"), "two"));
        assert_true(bytes_is_text(keyring_note(back, "head"), "one"));
        assert_true(bytes_is_text(keyring_note(back, "quotas"), "q"));
        assert_int_equal(keyring_note_set(back, "head", bytes_of_text("")), ERR_OK);
        assert_int_equal(keyring_note(back, "head").len, 0);
        assert_true(keyring_dirty(back));
        assert_true(bytes_is_text(keyring_note(back, "quotas"), "q"));
}

static void notes_have_limits(void **state)
{
        static uint8_t big[KEYRING_NOTE_MAX + 1];
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
        const size_t rest = KEYRING_NOTES_TOTAL - KEYRING_NOTE_MAX;
        char name[NAME_MAX_LEN + 2];

        (void)state;
        memset(big, 7, sizeof big);
        assert_int_equal(keyring_note_set(k, "", bytes_of_text("x")), ERR_INVALID);
        memset(name, 'x', sizeof name);
        name[sizeof name - 1] = '\0';
        assert_int_equal(keyring_note_set(k, name, bytes_of_text("x")), ERR_INVALID);
        assert_int_equal(keyring_note_set(k, "a", bytes_of(big, sizeof big)), ERR_TOO_LARGE);
        assert_int_equal(keyring_note_set(k, "a", bytes_of(big, KEYRING_NOTE_MAX)), ERR_OK);
        assert_int_equal(keyring_note_set(k, "b", bytes_of(big, rest)), ERR_OK);
        assert_int_equal(keyring_note_set(k, "c", bytes_of(big, 1)), ERR_LIMIT);
        back = reopened(k); /* what can be sealed can be opened */
        assert_memory_equal(keyring_note(back, "b").data, big, rest);
        assert_int_equal(keyring_note_set(k, "b", bytes_of(big, 10)), ERR_OK);
        for (unsigned i = 2; i < KEYRING_NOTES_MAX; i++) {
                snprintf(name, sizeof name, "note %u", i);
                assert_int_equal(keyring_note_set(k, name, bytes_of(big, i)), ERR_OK);
        }
        assert_int_equal(keyring_note_set(k, "one more", bytes_of(big, 1)), ERR_LIMIT);
}

static void a_country_that_rotates_fits_the_pool_it_asks_for(void **state)
{
        OWNED(keyring_free) struct keyring *k = NULL, *back = NULL;

        (void)state;
        assert_int_equal(keyring_new(passphrase, cheap, signer, NOW, &k), ERR_OK);
        for (unsigned m = 1; m <= 290; m++)
                for (unsigned s = 0; s < 15; s++) {
                        struct domain d = {.municipality = (municipality_t)m};

                        snprintf(d.dataset, sizeof d.dataset, "data set %u", s);
                        assert_int_equal(keyring_domain_make(k, &d, NOW), ERR_OK);
                        assert_int_equal(keyring_domain_rotate(k, &d, LATER), ERR_OK);
                }
        assert_int_equal(keyring_domains_len(k), 4350);
        OWNED(buf_done) struct buf blob;
        uint64_t generation;

        buf_init(&blob, KEYRING_BLOB_MAX);
        assert_int_equal(keyring_seal(k, &blob, &generation), ERR_OK);
        keyring_free(&k);
        assert_int_equal(keyring_open(passphrase, bytes_of(blob.data, blob.len), &back), ERR_OK);
        assert_int_equal(keyring_domains_len(back), 4350);
        for (size_t i = 0; i < 4350; i++) {
                struct keyring_domain_info info;

                keyring_domain_info(back, i, &info);
                assert_int_equal(info.oldest, 1);
                assert_int_equal(info.epoch, 2);
                assert_true(keyring_domain_ready(back, &info.name));
        }
}

/* One change of each kind; whatever fails, the others stand and the state can be sealed. */
static void change_everything(struct keyring *k, unsigned *failed)
{
        const enum err results[] = {
                keyring_domain_rotate(k, &placering, LATER),
                keyring_person_begin(k, LATER),
                keyring_pair_rotate(k, KEYRING_SEALING, LATER, DAY),
                keyring_pair_rotate(k, KEYRING_SIGNING, LATER, DAY),
                keyring_note_set(k, "aliases", bytes_of_text("one and two")),
                keyring_note_set(k, "head", bytes_of_text("h")),
                keyring_linkage_make(k, "alla", LATER),
                keyring_domain_destroy(k, &anmalan),
        };

        for (unsigned i = 0; i < ARRAY_LEN(results); i++) {
                assert_true(results[i] == ERR_OK || results[i] == ERR_NO_MEMORY);
                *failed += results[i] != ERR_OK;
        }
}

static void a_failed_allocation_changes_nothing_or_all(void **state)
{
        unsigned failed = 0;

        (void)state;
        for (unsigned nth = 0;; nth++) {
                OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
                unsigned before = failed;

                assert_int_equal(keyring_note_set(k, "aliases", bytes_of_text("one")), ERR_OK);
                save(k);
                if (!fault_arm("alloc", nth))
                        break;
                change_everything(k, &failed);
                fault_disarm();
                assert_true(failed - before <= 1);
                assert_int_equal(epoch_of(k, &placering), 1);
                assert_non_null(keyring_linkage_find(k, "barn"));
                assert_true(keyring_note(k, "aliases").len >= 3);
                back = reopened(k);
                assert_int_equal(keyring_domains_len(back), 2);
                assert_non_null(keyring_person(back));
                if (failed == before)
                        break;
        }
        fault_disarm();
        assert_true(failed > 2);
}

static int group_setup(void **state)
{
        (void)state;
        if (crypto_init(KEYRING_SECURE_BASE + 4400 * KEYRING_SECURE_PER_DOMAIN, false) != ERR_OK)
                return -1;
        return secret_copy("hemligt", 7, &passphrase) == ERR_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
        (void)state;
        secret_free(&passphrase);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_domain_rotates_without_a_moment_without_keys),
                cmocka_unit_test(two_rotations_at_once_are_refused),
                cmocka_unit_test(both_epochs_survive_the_disk),
                cmocka_unit_test(a_retired_key_is_wiped_from_memory),
                cmocka_unit_test(a_destroyed_domain_has_no_key_and_never_gets_its_number_again),
                cmocka_unit_test(a_key_that_has_gone_is_in_no_later_state),
                cmocka_unit_test(rotating_for_ever_needs_no_more_room),
                cmocka_unit_test(a_slot_that_is_taken_again_is_empty),
                cmocka_unit_test(persons_are_delivered_anew_under_two_keys),
                cmocka_unit_test(a_destroyed_linkage_begins_anew),
                cmocka_unit_test(a_new_ring_has_pairs_that_work),
                cmocka_unit_test(pairs_follow_each_other_and_end_when_their_time_is_over),
                cmocka_unit_test(only_so_many_pairs_live_at_once),
                cmocka_unit_test(notes_are_kept_replaced_and_taken_away),
                cmocka_unit_test(notes_have_limits),
                cmocka_unit_test(a_country_that_rotates_fits_the_pool_it_asks_for),
                cmocka_unit_test(a_failed_allocation_changes_nothing_or_all),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
