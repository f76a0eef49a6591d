/* SPDX-License-Identifier: Apache-2.0 */
/* test_keyring_locks.c: who opens the keyring, and who no longer does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/digest.h"
#include "crypto/keyring_state.h"
#include "crypto/seal.h"
#include "crypto/secret.h"

enum { NOW = 1000000, LATER = 2000000 };

static const struct keyring_cost cheap = {8, 1};
static const uint8_t signer[SIGN_PUBLIC_LEN] = {1, 2, 3};
static const struct domain placering = {.dataset = "placering", .municipality = 180};
static const char wrapped_text[] = "what the module made of it";
static struct secret *passphrase, *other, *module_key;

static struct keyring *ring_new(void)
{
        struct keyring *k = NULL;

        assert_int_equal(keyring_new(passphrase, cheap, signer, NOW, &k), ERR_OK);
        assert_int_equal(keyring_domain_make(k, &placering, NOW), ERR_OK);
        return k;
}

static struct bytes sealed(struct keyring *k, struct buf *out)
{
        uint64_t generation = 0;

        buf_init(out, KEYRING_BLOB_MAX);
        assert_int_equal(keyring_seal(k, out, &generation), ERR_OK);
        return bytes_of(out->data, out->len);
}

static void is_the_same(const struct keyring *a, const struct keyring *b)
{
        assert_true(secret_equal(keyring_person(a), keyring_person(b)));
        assert_true(secret_equal(keyring_domain_find(a, &placering)->data,
                keyring_domain_find(b, &placering)->data));
}

static enum err by_passphrase(const struct secret *p, struct bytes blob, const struct keyring *k)
{
        OWNED(keyring_free) struct keyring *back = NULL;
        enum err e = keyring_open(p, blob, &back);

        assert_true((back != NULL) == (e == ERR_OK));
        if (e == ERR_OK)
                is_the_same(k, back);
        return e;
}

static enum err by_shares(
        const struct share *s, unsigned len, struct bytes blob, const struct keyring *k)
{
        OWNED(keyring_free) struct keyring *back = NULL;
        enum err e = keyring_open_shares(blob, s, len, &back);

        assert_true((back != NULL) == (e == ERR_OK));
        if (e == ERR_OK)
                is_the_same(k, back);
        return e;
}

static enum err by_module(const struct secret *key, struct bytes blob, const struct keyring *k)
{
        OWNED(keyring_free) struct keyring *back = NULL;
        enum err e = keyring_open_hsm(blob, key, &back);

        assert_true((back != NULL) == (e == ERR_OK));
        if (e == ERR_OK)
                is_the_same(k, back);
        return e;
}

static void lock_all(struct keyring *k, struct share out[5])
{
        assert_int_equal(keyring_lock_shares(k, 3, 5, LATER, out), ERR_OK);
        assert_int_equal(
                keyring_lock_hsm(k, module_key, bytes_of_text(wrapped_text), "slot 7", LATER),
                ERR_OK);
}

static void done(struct share *shares, unsigned len)
{
        for (unsigned i = 0; i < len; i++)
                share_done(&shares[i]);
}

static void each_lock_alone_opens_it(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(buf_done) struct buf blob;
        struct share shares[5];
        struct bytes b;

        (void)state;
        lock_all(k, shares);
        b = sealed(k, &blob);
        assert_int_equal(by_passphrase(passphrase, b, k), ERR_OK);
        assert_int_equal(by_shares(shares + 1, 3, b, k), ERR_OK);
        assert_int_equal(by_shares(shares, 5, b, k), ERR_OK);
        assert_int_equal(by_module(module_key, b, k), ERR_OK);
        done(shares, 5);
}

static void the_wrong_key_opens_none_of_them(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *elsewhere = ring_new();
        OWNED(secret_free) struct secret *brief = NULL;
        OWNED(buf_done) struct buf blob;
        struct share shares[5], foreign[5], twice[3];
        struct bytes b;

        (void)state;
        lock_all(k, shares);
        lock_all(elsewhere, foreign);
        b = sealed(k, &blob);
        assert_int_equal(by_passphrase(other, b, k), ERR_PASSPHRASE);
        assert_int_equal(by_shares(shares, 2, b, k), ERR_SHARES);
        assert_int_equal(by_shares(shares, 0, b, k), ERR_SHARES);
        assert_int_equal(by_shares(foreign, 3, b, k), ERR_SHARES);
        twice[0] = twice[1] = shares[0];
        twice[2] = shares[1];
        assert_int_equal(by_shares(twice, 3, b, k), ERR_SHARES);
        /* A share of the right name and the wrong bytes gives a key that unwraps nothing. */
        secret_bytes(shares[2].part)[5] ^= 1;
        assert_int_equal(by_shares(shares, 3, b, k), ERR_SHARES);
        assert_int_equal(by_module(passphrase, b, k), ERR_HSM); /* of the wrong length */
        assert_int_equal(secret_random(SLAB_KEY_LEN, &brief), ERR_OK);
        assert_int_equal(by_module(brief, b, k), ERR_HSM);
        done(shares, 5);
        done(foreign, 5);
}

static void a_blob_tells_its_locks_before_it_is_opened(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(buf_done) struct buf blob, plain;
        struct keyring_lock_info locks[KEYRING_LOCKS_MAX];
        char label[KEYRING_HSM_LABEL_MAX + 1];
        struct share shares[5];
        struct bytes b, wrapped;
        unsigned len = 0;

        (void)state;
        b = sealed(k, &plain);
        assert_int_equal(keyring_blob_locks(b, locks, &len), ERR_OK);
        assert_int_equal(len, 1);
        assert_int_equal(locks[0].kind, LOCK_PASSPHRASE);
        assert_int_equal(locks[0].created_ms, NOW);
        assert_int_equal(keyring_blob_hsm(b, &wrapped, label), ERR_NOT_FOUND);
        assert_int_equal(by_shares(NULL, 0, b, k), ERR_NOT_FOUND);
        assert_int_equal(by_module(module_key, b, k), ERR_NOT_FOUND);

        lock_all(k, shares);
        b = sealed(k, &blob);
        assert_int_equal(keyring_blob_locks(b, locks, &len), ERR_OK);
        assert_int_equal(len, 3);
        assert_int_equal(locks[1].kind, LOCK_SHARES);
        assert_int_equal(locks[1].required, 3);
        assert_int_equal(locks[1].total, 5);
        assert_int_equal(locks[1].created_ms, LATER);
        assert_int_equal(locks[2].kind, LOCK_HSM);
        assert_int_equal(keyring_locks(k, locks), 3);
        assert_int_equal(keyring_blob_hsm(b, &wrapped, label), ERR_OK);
        assert_true(bytes_is_text(wrapped, wrapped_text));
        assert_true(wrapped.data > b.data && wrapped.data < b.data + b.len); /* borrowed */
        assert_string_equal(label, "slot 7");
        b.len--;
        assert_int_equal(keyring_blob_locks(b, locks, &len), ERR_KEYRING);
        assert_int_equal(keyring_blob_hsm(b, &wrapped, label), ERR_KEYRING);
        done(shares, 5);
}

static void a_new_lock_takes_the_place_of_the_old(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(buf_done) struct buf blob;
        struct keyring_lock_info locks[KEYRING_LOCKS_MAX];
        struct share old[5], fresh[2];
        struct bytes b;

        (void)state;
        lock_all(k, old);
        assert_int_equal(keyring_lock_passphrase(k, other, cheap, LATER), ERR_OK);
        assert_int_equal(keyring_lock_shares(k, 2, 2, LATER, fresh), ERR_OK);
        assert_true(keyring_dirty(k));
        assert_int_equal(keyring_locks(k, locks), 3);
        assert_int_equal(locks[0].created_ms, LATER);
        assert_int_equal(locks[1].total, 2);
        b = sealed(k, &blob);
        assert_int_equal(by_passphrase(passphrase, b, k), ERR_PASSPHRASE);
        assert_int_equal(by_passphrase(other, b, k), ERR_OK);
        assert_int_equal(by_shares(old, 3, b, k), ERR_SHARES);
        assert_int_equal(by_shares(fresh, 2, b, k), ERR_OK);
        assert_int_equal(by_module(module_key, b, k), ERR_OK);
        done(old, 5);
        done(fresh, 2);
}

static void a_lock_can_go_but_not_the_last(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
        OWNED(buf_done) struct buf blob;
        struct share shares[5];
        struct bytes b;

        (void)state;
        assert_int_equal(keyring_lock_remove(k, LOCK_PASSPHRASE), ERR_INVALID);
        assert_int_equal(keyring_lock_remove(k, LOCK_SHARES), ERR_NOT_FOUND);
        lock_all(k, shares);
        assert_int_equal(keyring_lock_remove(k, LOCK_PASSPHRASE), ERR_OK);
        assert_int_equal(keyring_lock_remove(k, LOCK_PASSPHRASE), ERR_NOT_FOUND);
        b = sealed(k, &blob);
        assert_int_equal(by_passphrase(passphrase, b, k), ERR_NOT_FOUND);
        assert_int_equal(by_shares(shares + 2, 3, b, k), ERR_OK);
        assert_int_equal(by_module(module_key, b, k), ERR_OK);
        /* Whoever opened through one lock can set the others anew. */
        assert_int_equal(keyring_open_shares(b, shares, 3, &back), ERR_OK);
        assert_int_equal(keyring_lock_remove(back, LOCK_SHARES), ERR_OK);
        assert_int_equal(keyring_lock_remove(back, LOCK_HSM), ERR_INVALID);
        assert_int_equal(keyring_lock_passphrase(back, other, cheap, LATER), ERR_OK);
        OWNED(buf_done) struct buf next;

        b = sealed(back, &next);
        assert_int_equal(by_passphrase(other, b, k), ERR_OK);
        assert_int_equal(by_module(module_key, b, k), ERR_OK);
        assert_int_equal(by_shares(shares, 3, b, k), ERR_NOT_FOUND);
        done(shares, 5);
}

/* A former officer has her share and last year's file: together they give the master key of
 * then, and it opens nothing of now. */
static void who_had_a_key_to_an_old_state_cannot_open_the_next(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new(), *old = NULL;
        OWNED(secret_free) struct secret *plain = NULL;
        OWNED(buf_done) struct buf before, between, after;
        struct keyring_header header;
        struct share shares[5];
        struct bytes b, aad, body;

        (void)state;
        lock_all(k, shares);
        b = sealed(k, &before);
        assert_int_equal(keyring_open_shares(b, shares, 3, &old), ERR_OK);
        /* The master key stays while no lock changes: that is what a lock is for. */
        b = sealed(k, &between);
        assert_int_equal(keyring_blob_split(b, &header, &aad, &body), ERR_OK);
        assert_int_equal(secret_new(body.len, &plain), ERR_OK);
        assert_int_equal(unseal(old->master, aad, body, secret_bytes(plain)), ERR_OK);
        for (unsigned i = 0; i < 5; i++)
                share_done(&shares[i]);
        assert_int_equal(keyring_lock_shares(k, 2, 3, LATER, shares), ERR_OK);
        b = sealed(k, &after);
        assert_int_equal(keyring_blob_split(b, &header, &aad, &body), ERR_OK);
        secret_free(&plain);
        assert_int_equal(secret_new(body.len, &plain), ERR_OK);
        assert_int_equal(unseal(old->master, aad, body, secret_bytes(plain)), ERR_TAMPERED);
        for (uint32_t i = 0; i < header.locks_len; i++) {
                OWNED(secret_free) struct secret *unwrapped = NULL;

                /* Nor do old keys of the lock that changed. */
                if (header.locks[i].info.kind == LOCK_SHARES)
                        assert_int_equal(
                                key_unwrap(old->lock_keys[i], header.locks[i].wrapped, &unwrapped),
                                ERR_TAMPERED);
        }
        done(shares, 3);
}

static void what_a_lock_is_made_of_has_limits(void **state)
{
        static uint8_t big[KEYRING_HSM_WRAPPED_MAX + 1] = {1};
        OWNED(keyring_free) struct keyring *k = ring_new(), *back = NULL;
        OWNED(buf_done) struct buf blob;
        char label[KEYRING_HSM_LABEL_MAX + 2];
        struct bytes some = bytes_of(big, 10), most = bytes_of(big, KEYRING_HSM_WRAPPED_MAX);
        struct share shares[SHARES_MAX];
        struct bytes b, wrapped;

        (void)state;
        memset(label, 'x', sizeof label);
        label[sizeof label - 1] = '\0';
        assert_int_equal(keyring_lock_hsm(k, passphrase, some, "", 1), ERR_INVALID);
        assert_int_equal(keyring_lock_hsm(k, module_key, bytes_of(big, 0), "", 1), ERR_INVALID);
        assert_int_equal(
                keyring_lock_hsm(k, module_key, bytes_of(big, sizeof big), "", 1), ERR_INVALID);
        assert_int_equal(keyring_lock_hsm(k, module_key, some, label, 1), ERR_INVALID);
        assert_int_equal(keyring_lock_hsm(k, module_key, some, "a\nb", 1), ERR_INVALID);
        assert_int_equal(keyring_lock_shares(k, 1, 3, 1, shares), ERR_INVALID);
        assert_int_equal(keyring_lock_shares(k, 3, 17, 1, shares), ERR_INVALID);
        assert_int_equal(keyring_lock_passphrase(k, passphrase, (struct keyring_cost){7, 1}, 1),
                ERR_INVALID);
        label[KEYRING_HSM_LABEL_MAX] = '\0';
        assert_int_equal(keyring_lock_hsm(k, module_key, most, label, 1), ERR_OK);
        assert_int_equal(keyring_lock_shares(k, 16, 16, 1, shares), ERR_OK);
        b = sealed(k, &blob);
        assert_int_equal(keyring_open_hsm(b, module_key, &back), ERR_OK);
        assert_int_equal(keyring_blob_hsm(b, &wrapped, label), ERR_OK);
        assert_true(bytes_equal(wrapped, most));
        done(shares, 16);
}

static void checksum_mend(uint8_t *blob, size_t len)
{
        struct digest d;

        digest_of(bytes_of(blob, len - sizeof d.bytes), &d);
        memcpy(blob + len - sizeof d.bytes, d.bytes, sizeof d.bytes);
}

/* The header is in clear, and whoever can write the file can mend its checksum. */
static void no_changed_byte_of_the_header_is_believed(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(buf_done) struct buf blob;
        struct keyring_header header;
        struct share shares[5];
        struct bytes b, aad, body;

        (void)state;
        lock_all(k, shares);
        b = sealed(k, &blob);
        assert_int_equal(keyring_blob_split(b, &header, &aad, &body), ERR_OK);
        for (size_t at = 0; at < aad.len; at++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        blob.data[at] ^= (uint8_t)(1 << bit);
                        checksum_mend(blob.data, blob.len);
                        assert_int_not_equal(by_module(module_key, b, k), ERR_OK);
                        blob.data[at] ^= (uint8_t)(1 << bit);
                }
        checksum_mend(blob.data, blob.len);
        assert_int_equal(by_module(module_key, b, k), ERR_OK);
        done(shares, 5);
}

/* Locks as bytes, behind magic, version and generation. */
static void locks_are(const uint8_t *locks, size_t len, enum err expected)
{
        uint8_t blob[4096] = "SGKEYRNG";
        struct keyring_header header;
        struct bytes aad, body;
        size_t total = 20 + len + SEAL_OVERHEAD + 32;

        blob[8] = KEYRING_BLOB_VERSION;
        blob[12] = 1;
        assert_true(total <= sizeof blob);
        memcpy(blob + 20, locks, len);
        checksum_mend(blob, total);
        assert_int_equal(keyring_blob_split(bytes_of(blob, total), &header, &aad, &body), expected);
}

static void locks_that_cannot_be_are_refused(void **state)
{
        enum { LEN = 1 + 2 * (1 + 8 + 40) + 24 + 10 };
        uint8_t good[LEN] = {2, LOCK_PASSPHRASE}, bad[LEN + 64];
        static const struct {
                size_t at;
                uint8_t value;
        } lies[] = {{0, 0}, {0, 3}, {0, 5}, {0, 255}, {1, 0}, {1, 2}, {1, 4}, {74, LOCK_PASSPHRASE},
                {74, 0}, {50, 0}, {53, 0x40}, {54, 0}, {54, 17}, {131, 0}, {131, 1}, {131, 6},
                {132, 2}, {132, 17}};

        (void)state;
        good[50] = 8; /* KiB */
        good[54] = 1; /* passes */
        good[74] = LOCK_SHARES;
        good[131] = 3;
        good[132] = 5;
        locks_are(good, LEN, ERR_OK);
        for (unsigned i = 0; i < ARRAY_LEN(lies); i++) {
                memcpy(bad, good, LEN);
                memset(bad + LEN, 0, 64);
                bad[lies[i].at] = lies[i].value;
                locks_are(bad, LEN, ERR_KEYRING);
        }
        for (size_t len = 0; len < 1 + 49 + 24; len++)
                if (len + SEAL_OVERHEAD < 74) /* else the rest is taken for a lock */
                        locks_are(good, len, ERR_KEYRING);
}

static void a_failed_allocation_leaves_the_locks_as_they_were(void **state)
{
        struct share first[5];
        bool failed = true;

        (void)state;
        for (unsigned nth = 0; failed; nth++) {
                OWNED(keyring_free) struct keyring *k = ring_new();
                OWNED(buf_done) struct buf blob;
                struct share made[3] = {{.part = NULL}};
                struct bytes b;
                enum err shared, passphrased, removed;

                lock_all(k, first);
                assert_true(fault_arm("alloc", nth));
                shared = keyring_lock_shares(k, 2, 3, LATER, made);
                passphrased = keyring_lock_passphrase(k, other, cheap, LATER);
                removed = keyring_lock_remove(k, LOCK_HSM);
                fault_disarm();
                failed = shared != ERR_OK || passphrased != ERR_OK || removed != ERR_OK;
                b = sealed(k, &blob);
                assert_int_equal(
                        by_passphrase(passphrased == ERR_OK ? other : passphrase, b, k), ERR_OK);
                assert_int_equal(
                        shared == ERR_OK ? by_shares(made, 2, b, k) : by_shares(first, 3, b, k),
                        ERR_OK);
                assert_int_equal(
                        by_module(module_key, b, k), removed == ERR_OK ? ERR_NOT_FOUND : ERR_OK);
                for (unsigned i = 0; i < 3; i++)
                        assert_true((made[i].part != NULL) == (shared == ERR_OK));
                done(made, 3);
                done(first, 5);
                assert_true(nth < 100);
        }
}

static void every_failed_allocation_while_opening_is_an_error(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(buf_done) struct buf blob;
        struct share shares[5];
        struct bytes b;

        (void)state;
        lock_all(k, shares);
        assert_int_equal(keyring_note_set(k, "aliases", bytes_of_text("one")), ERR_OK);
        b = sealed(k, &blob);
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                enum err e = by_shares(shares, 3, b, k);

                assert_true(e == ERR_OK || e == ERR_NO_MEMORY);
                e = by_module(module_key, b, k);
                assert_true(e == ERR_OK || e == ERR_NO_MEMORY);
        }
        fault_disarm();
        done(shares, 5);
}

static int group_setup(void **state)
{
        (void)state;
        if (crypto_init(KEYRING_SECURE_BASE * 2, false) != ERR_OK)
                return -1;
        return secret_copy("hemligt", 7, &passphrase) == ERR_OK &&
                               secret_copy("annat", 5, &other) == ERR_OK &&
                               secret_random(SLAB_KEY_LEN, &module_key) == ERR_OK
                       ? 0
                       : -1;
}

static int group_teardown(void **state)
{
        (void)state;
        secret_free(&passphrase);
        secret_free(&other);
        secret_free(&module_key);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_lock_alone_opens_it),
                cmocka_unit_test(the_wrong_key_opens_none_of_them),
                cmocka_unit_test(a_blob_tells_its_locks_before_it_is_opened),
                cmocka_unit_test(a_new_lock_takes_the_place_of_the_old),
                cmocka_unit_test(a_lock_can_go_but_not_the_last),
                cmocka_unit_test(who_had_a_key_to_an_old_state_cannot_open_the_next),
                cmocka_unit_test(what_a_lock_is_made_of_has_limits),
                cmocka_unit_test(no_changed_byte_of_the_header_is_believed),
                cmocka_unit_test(locks_that_cannot_be_are_refused),
                cmocka_unit_test(a_failed_allocation_leaves_the_locks_as_they_were),
                cmocka_unit_test(every_failed_allocation_while_opening_is_an_error),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
