/* SPDX-License-Identifier: Apache-2.0 */
/* test_keyring.c: what the keeper remembers, and what it must not use yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/digest.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"

enum { NOW = 1000000 };

static const struct keyring_cost cheap = {64, 1};
static const uint8_t signer[SIGN_PUBLIC_LEN] = {1, 2, 3};
static struct secret *passphrase, *wrong;

static struct domain domain(const char *dataset, municipality_t municipality)
{
        struct domain d = {.municipality = municipality};

        snprintf(d.dataset, sizeof d.dataset, "%s", dataset);
        return d;
}

static struct keyring *ring_new(void)
{
        struct keyring *k = NULL;

        assert_int_equal(keyring_new(passphrase, cheap, signer, NOW, &k), ERR_OK);
        return k;
}

static uint64_t ring_seal(struct keyring *k, struct buf *out)
{
        uint64_t generation = 0;

        buf_init(out, KEYRING_BLOB_MAX);
        assert_int_equal(keyring_seal(k, out, &generation), ERR_OK);
        return generation;
}

static struct bytes blob_of(const struct buf *b)
{
        return bytes_of(b->data, b->len);
}

static void is_refused(struct bytes blob, enum err expected)
{
        struct keyring *k = NULL;

        assert_int_equal(keyring_open(passphrase, blob, &k), expected);
        assert_null(k);
}

/* Some domains, in no order, two linkages, a policy and a time. */
static struct keyring *ring_small(void)
{
        static const struct {
                const char *dataset;
                municipality_t municipality;
        } domains[] = {{"placering", 2584}, {"anmalan", 114}, {"placering", 114}, {"a", 1980}};
        struct keyring *k = ring_new();
        struct digest policy = {{7}};

        for (unsigned i = 0; i < ARRAY_LEN(domains); i++) {
                struct domain d = domain(domains[i].dataset, domains[i].municipality);

                assert_int_equal(keyring_domain_make(k, &d, NOW), ERR_OK);
        }
        assert_int_equal(keyring_linkage_make(k, "barn", NOW), ERR_OK);
        assert_int_equal(keyring_linkage_make(k, "alla", NOW), ERR_OK);
        keyring_policy_set(k, 12, &policy, NULL);
        keyring_time_set(k, 1790000000000);
        return k;
}

static void same_domain(const struct keyring *a, const struct keyring *b, struct domain d)
{
        const struct domain_keys *x = keyring_domain_find(a, &d), *y = keyring_domain_find(b, &d);

        assert_non_null(x);
        assert_non_null(y);
        assert_int_equal(x->epoch, y->epoch);
        assert_true(secret_equal(x->pseudonym, y->pseudonym));
        assert_true(secret_equal(x->data, y->data));
        assert_true(secret_equal(x->tag, y->tag));
}

static void a_sealed_ring_opens_as_it_was(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_small();
        OWNED(keyring_free) struct keyring *back = NULL;
        OWNED(buf_done) struct buf blob;
        struct digest policy;

        (void)state;
        assert_int_equal(ring_seal(k, &blob), 1);
        assert_int_equal(keyring_open(passphrase, blob_of(&blob), &back), ERR_OK);
        assert_true(secret_equal(keyring_person(k), keyring_person(back)));
        assert_int_equal(keyring_domains_len(back), 4);
        same_domain(k, back, domain("placering", 2584));
        same_domain(k, back, domain("placering", 114));
        same_domain(k, back, domain("anmalan", 114));
        same_domain(k, back, domain("a", 1980));
        assert_true(
                secret_equal(keyring_linkage_find(k, "barn"), keyring_linkage_find(back, "barn")));
        assert_true(
                secret_equal(keyring_linkage_find(k, "alla"), keyring_linkage_find(back, "alla")));
        assert_true(secret_equal(keyring_noise_find(k, "barn"), keyring_noise_find(back, "barn")));
        assert_true(secret_equal(keyring_noise_find(k, "alla"), keyring_noise_find(back, "alla")));
        assert_true(keyring_signer_is_pinned(back, signer));
        assert_int_equal(keyring_policy(back, &policy), 12);
        assert_int_equal(policy.bytes[0], 7);
        assert_int_equal(keyring_time(back), 1790000000000);
        assert_int_equal(keyring_generation(back), 1);
        assert_false(keyring_dirty(back));
        assert_true(keyring_linkage_ready(back, "barn"));
}

static void every_key_is_its_own(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_small();
        struct domain a = domain("placering", 114), b = domain("placering", 2584);
        const struct domain_keys *x, *y;

        (void)state;
        x = keyring_domain_find(k, &a);
        y = keyring_domain_find(k, &b);
        assert_false(secret_equal(x->pseudonym, y->pseudonym));
        assert_false(secret_equal(x->pseudonym, x->data));
        assert_false(secret_equal(x->pseudonym, x->tag));
        assert_false(secret_equal(x->data, x->tag));
        assert_false(secret_equal(keyring_person(k), x->pseudonym));
        assert_false(
                secret_equal(keyring_linkage_find(k, "barn"), keyring_linkage_find(k, "alla")));
        assert_false(secret_equal(keyring_noise_find(k, "barn"), keyring_noise_find(k, "alla")));
        assert_false(secret_equal(keyring_linkage_find(k, "barn"), keyring_noise_find(k, "barn")));
        assert_int_equal(x->epoch, 1);
}

static void a_wrong_passphrase_is_told_from_a_torn_file(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_small();
        OWNED(buf_done) struct buf blob;
        struct keyring *none = NULL;

        (void)state;
        ring_seal(k, &blob);
        assert_int_equal(keyring_open(wrong, blob_of(&blob), &none), ERR_PASSPHRASE);
        assert_null(none);
        is_refused(bytes_of(blob.data, blob.len - 1), ERR_KEYRING);
}

static void a_ring_torn_anywhere_is_refused(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_small();
        OWNED(buf_done) struct buf blob;

        (void)state;
        ring_seal(k, &blob);
        for (size_t len = 0; len < blob.len; len++)
                is_refused(bytes_of(blob.data, len), ERR_KEYRING);
        put_u8(&blob, 0);
        is_refused(blob_of(&blob), ERR_KEYRING);
}

static void every_flipped_bit_is_noticed(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_small();
        OWNED(buf_done) struct buf blob;

        (void)state;
        ring_seal(k, &blob);
        for (size_t bit = 0; bit < blob.len * 8; bit++) {
                blob.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
                is_refused(blob_of(&blob), ERR_KEYRING);
                blob.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
}

static void checksum_mend(struct buf *blob)
{
        struct digest d;

        digest_of(bytes_of(blob->data, blob->len - sizeof d.bytes), &d);
        memcpy(blob->data + blob->len - sizeof d.bytes, d.bytes, sizeof d.bytes);
}

/* Somebody who mends the checksum as well meets the wrap, the seal and the limits. */
static void a_forger_who_mends_the_checksum_gets_no_further(void **state)
{
        enum { WRAPPED_AT = 30, COST_AT = 70, SALT_AT = 78, BODY_AT = 94 };
        OWNED(keyring_free) struct keyring *k = ring_small();
        OWNED(buf_done) struct buf blob;

        (void)state;
        ring_seal(k, &blob);
        for (size_t at = 0; at < blob.len - 32; at++) {
                struct keyring *none = NULL;
                enum err e;

                blob.data[at] ^= 0x81;
                checksum_mend(&blob);
                e = at >= COST_AT && at < SALT_AT ? ERR_OK
                                                  : keyring_open(passphrase, blob_of(&blob), &none);
                if (at >= WRAPPED_AT && at < BODY_AT && e != ERR_OK)
                        assert_int_equal(e, ERR_PASSPHRASE);
                else if (at < WRAPPED_AT || at >= BODY_AT)
                        assert_int_equal(e, ERR_KEYRING);
                assert_null(none);
                blob.data[at] ^= 0x81;
        }
        for (unsigned i = 0; i < 4; i++) {
                uint8_t cost[8];

                memcpy(cost, blob.data + COST_AT, sizeof cost);
                memset(blob.data + COST_AT + (i / 2) * 4, i % 2 ? 0xFF : 0, 4);
                checksum_mend(&blob);
                is_refused(blob_of(&blob), ERR_KEYRING);
                memcpy(blob.data + COST_AT, cost, sizeof cost);
        }
}

static void a_foreign_file_is_refused(void **state)
{
        static uint8_t noise[4096];
        static const char text[] = "-----BEGIN PRIVATE KEY-----\n";

        (void)state;
        assert_int_equal(random_bytes(noise, sizeof noise), ERR_OK);
        is_refused(bytes_of(noise, sizeof noise), ERR_KEYRING);
        is_refused(bytes_of(text, sizeof text), ERR_KEYRING);
        is_refused((struct bytes){NULL, 0}, ERR_KEYRING);
}

static void new_keys_wait_until_the_state_is_durable(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(buf_done) struct buf first;
        OWNED(buf_done) struct buf second;
        struct domain a = domain("placering", 114), b = domain("placering", 2584);
        uint64_t g1, g2;

        (void)state;
        assert_true(keyring_dirty(k));
        assert_int_equal(keyring_generation(k), 0);
        assert_int_equal(keyring_domain_make(k, &a, NOW), ERR_OK);
        assert_false(keyring_domain_ready(k, &a));
        assert_non_null(keyring_domain_find(k, &a));
        g1 = ring_seal(k, &first);
        assert_true(keyring_dirty(k));
        assert_false(keyring_domain_ready(k, &a));

        /* Made after the seal: the first confirmation does not cover it. */
        assert_int_equal(keyring_domain_make(k, &b, NOW), ERR_OK);
        assert_int_equal(keyring_linkage_make(k, "barn", NOW), ERR_OK);
        keyring_confirm(k, g1);
        assert_int_equal(keyring_generation(k), g1);
        assert_true(keyring_domain_ready(k, &a));
        assert_false(keyring_domain_ready(k, &b));
        assert_false(keyring_linkage_ready(k, "barn"));
        assert_true(keyring_dirty(k));

        g2 = ring_seal(k, &second);
        assert_int_equal(g2, g1 + 1);
        keyring_confirm(k, g2);
        assert_true(keyring_domain_ready(k, &b));
        assert_true(keyring_linkage_ready(k, "barn"));
        assert_false(keyring_dirty(k));
        assert_int_equal(keyring_generation(k), g2);
}

static void only_a_sealed_generation_confirms(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(buf_done) struct buf blob;
        struct domain a = domain("placering", 114);

        (void)state;
        assert_int_equal(keyring_domain_make(k, &a, NOW), ERR_OK);
        keyring_confirm(k, 1);
        keyring_confirm(k, UINT64_MAX);
        assert_false(keyring_domain_ready(k, &a));
        assert_int_equal(keyring_generation(k), 0);
        ring_seal(k, &blob);
        keyring_confirm(k, 2);
        keyring_confirm(k, 0);
        assert_false(keyring_domain_ready(k, &a));
        keyring_confirm(k, 1);
        assert_true(keyring_domain_ready(k, &a));
}

static void a_late_confirmation_covers_all_before_it(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        struct domain made[20];

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(made); i++) {
                OWNED(buf_done) struct buf blob;

                made[i] = domain("placering", (municipality_t)(i + 1));
                assert_int_equal(keyring_domain_make(k, &made[i], NOW), ERR_OK);
                assert_int_equal(ring_seal(k, &blob), i + 1);
        }
        keyring_confirm(k, 2); /* so old that its seal is forgotten: nothing is ready */
        assert_false(keyring_domain_ready(k, &made[0]));
        keyring_confirm(k, 15);
        assert_true(keyring_domain_ready(k, &made[14]));
        assert_false(keyring_domain_ready(k, &made[15]));
        keyring_confirm(k, 14);
        assert_int_equal(keyring_generation(k), 15);
        keyring_confirm(k, 20);
        assert_true(keyring_domain_ready(k, &made[19]));
        assert_false(keyring_dirty(k));
}

static void making_a_domain_again_changes_nothing(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_small();
        OWNED(buf_done) struct buf blob;
        struct domain d = domain("placering", 114);
        const struct domain_keys *before = keyring_domain_find(k, &d);

        (void)state;
        keyring_confirm(k, ring_seal(k, &blob));
        assert_int_equal(keyring_domain_make(k, &d, NOW), ERR_OK);
        assert_int_equal(keyring_linkage_make(k, "barn", NOW), ERR_OK);
        assert_ptr_equal(keyring_domain_find(k, &d), before);
        assert_false(keyring_dirty(k));
        assert_true(keyring_domain_ready(k, &d));
}

static void unknown_names_are_not_there(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_small();
        struct domain no[] = {domain("placering", 115), domain("placerin", 114),
                domain("placeringar", 114), domain("", 114), domain("zzz", 9999)};
        const uint8_t other[SIGN_PUBLIC_LEN] = {9};

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(no); i++) {
                assert_null(keyring_domain_find(k, &no[i]));
                assert_false(keyring_domain_ready(k, &no[i]));
        }
        assert_null(keyring_linkage_find(k, "vuxna"));
        assert_false(keyring_linkage_ready(k, ""));
        assert_false(keyring_signer_is_pinned(k, other));
}

static void odd_names_get_no_keys(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        struct domain empty = domain("", 114), nowhere = domain("placering", 0);
        struct domain endless, odd = domain("pla\ncering", 114);
        char long_name[NAME_MAX_LEN + 2];

        (void)state;
        endless.municipality = 114;
        memset(endless.dataset, 'x', sizeof endless.dataset);
        memset(long_name, 'x', sizeof long_name);
        long_name[sizeof long_name - 1] = '\0';
        assert_int_equal(keyring_domain_make(k, &empty, NOW), ERR_INVALID);
        assert_int_equal(keyring_domain_make(k, &nowhere, NOW), ERR_INVALID);
        assert_int_equal(keyring_domain_make(k, &endless, NOW), ERR_INVALID);
        assert_int_equal(keyring_domain_make(k, &odd, NOW), ERR_INVALID);
        assert_null(keyring_domain_find(k, &endless));
        assert_int_equal(keyring_linkage_make(k, "", NOW), ERR_INVALID);
        assert_int_equal(keyring_linkage_make(k, long_name, NOW), ERR_INVALID);
        long_name[NAME_MAX_LEN] = '\0';
        assert_int_equal(keyring_linkage_make(k, long_name, NOW), ERR_OK);
}

static void time_never_goes_back(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(buf_done) struct buf blob;

        (void)state;
        keyring_confirm(k, ring_seal(k, &blob));
        assert_int_equal(keyring_time(k), NOW);
        keyring_time_set(k, NOW + 1);
        keyring_time_set(k, NOW);
        assert_int_equal(keyring_time(k), NOW + 1);
        assert_false(keyring_dirty(k));
}

static void a_new_policy_makes_the_ring_dirty(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(buf_done) struct buf blob;
        struct digest d = {{1}};

        (void)state;
        assert_int_equal(keyring_policy(k, NULL), 0);
        keyring_confirm(k, ring_seal(k, &blob));
        assert_false(keyring_dirty(k));
        keyring_policy_set(k, 1, &d, NULL);
        assert_true(keyring_dirty(k));
}

static void the_officers_of_the_running_bundle_survive(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(keyring_free) struct keyring *back = NULL;
        OWNED(buf_done) struct buf blob;
        struct keyring_officers officers = {.required = 2, .len = 3};
        struct digest d = {{1}};

        (void)state;
        assert_int_equal(keyring_officers(k)->len, 0);
        for (unsigned i = 0; i < 3 * SIGN_PUBLIC_LEN; i++)
                officers.keys[i] = (uint8_t)i;
        keyring_policy_set(k, 1, &d, &officers);
        ring_seal(k, &blob);
        assert_int_equal(keyring_open(passphrase, blob_of(&blob), &back), ERR_OK);
        assert_memory_equal(keyring_officers(back), &officers, sizeof officers);
        keyring_policy_set(back, 2, &d, NULL);
        assert_int_equal(keyring_officers(back)->len, 0);
        assert_int_equal(keyring_officers(back)->required, 0);
}

/* Made by the program before it knew officers: data set placering in 0180, linkage
 * barn, policy version 12. */
static void a_blob_from_before_there_were_officers_opens(void **state)
{
        static const char hex[] = "53474b4559524e4701000000010000000000000008000000010000007280cb3e"
                                  "0e708f3594e31f7232160a0c"
                                  "f0d153a621a19503db7c8af02f3623763f0c336cce889ac8cfddcb582475f761"
                                  "a93f14968272b49c014a0e59"
                                  "41294c313c3f6119e00504ecf9dc50659c211f8bfd94d6daeb1a66ec67f65dfc"
                                  "6dbd6314463002aa2339d852"
                                  "71aea68299ef3ad085e15f1b1c0e18cd33b64f914cac13beb03118c8d0d82114"
                                  "f35a52c0a3ca1c37007a0be3"
                                  "a0f7d8be5e584f6890bdffe5b39e731a492e8fcf86fe2fb48d93c83ef3c9d9be"
                                  "b0b2b3989c4d1178f8e3b33b"
                                  "d6214b3a03efff8c2a791bef428a430a63b89cab094491097f47601bffa8bbfd"
                                  "a35a8da1a9f1c1255cd9da06"
                                  "ebe3b414e39cf942d4d75fa6f57c4c2e2d8d371fed72d4f9594b122e32597017"
                                  "46a54359d3b027d7b7cfbf81"
                                  "065ba54f2a5ed8d0a446acbfc480d58c08e4d0a7cf3136431348ed7bd0afa632"
                                  "721034c252448d2cc56e138a"
                                  "185c7d8a942b33f5b46be79f2f276676fa38d16f6a4587d6a9899b49b261afd2"
                                  "7623875d52c85c2443a92d5f"
                                  "eb3982f61762aa26d8fc8ce1886bca38318992f4d6cc22b645aa2f93c184df61"
                                  "ab26610322b131f24edf782c"
                                  "19768f7a25241965e9626820";
        static uint8_t raw[sizeof hex / 2];
        OWNED(keyring_free) struct keyring *k = NULL;
        OWNED(keyring_free) struct keyring *again = NULL;
        OWNED(buf_done) struct buf blob;
        struct domain d = domain("placering", 180);
        struct digest policy;

        (void)state;
        assert_int_equal(hex_decode(hex, raw, sizeof raw), ERR_OK);
        assert_int_equal(keyring_open(passphrase, bytes_of(raw, sizeof raw), &k), ERR_OK);
        assert_int_equal(keyring_policy(k, &policy), 12);
        assert_int_equal(policy.bytes[0], 7);
        assert_int_equal(keyring_time(k), 1790000000000);
        assert_true(keyring_domain_ready(k, &d));
        assert_non_null(keyring_linkage_find(k, "barn"));
        assert_int_equal(keyring_officers(k)->len, 0);
        assert_int_equal(ring_seal(k, &blob), 2);
        assert_int_equal(blob.data[8], 4); /* written in the version of today */
        assert_int_equal(keyring_open(passphrase, blob_of(&blob), &again), ERR_OK);
        assert_true(secret_equal(keyring_person(k), keyring_person(again)));
        same_domain(k, again, d);
}

/* Made by the program before there was noise: data set placering in 0180, linkage barn,
 * policy version 12, one officer. */
static const char without_noise[] =
        "53474b4559524e4702000000010000000000000008000000010000002567d35e"
        "05e52b45f6dfa7f30ec6c79b8a6c79e8e4ddcfca577c24dafa1e55fac057c217"
        "45cf5f60c4d2597da482a7257330fa61b742efe40136534f50f92788d76fe607"
        "de0f0c02107c30d2209412fd79f11d3c252f731de90564d5e6e1229f8245379e"
        "9509e724cdea4c21f9ddeb3d282a6a85c4a64d0cb3e65d8b87475ab4a5339446"
        "a912828075da885cceb3cb5ade9b871c2080d20fdabd73657005a81c4d20f7c5"
        "c807d405c8fde5185db005ef496cadfcd7a029c59bc49b0d45e11f3907905566"
        "f022c87cf29fd29d2a2787c0d25f1d46dd69c9592360ad2245a7ccb651b054bb"
        "bdabd8c258fdd75e91cacd2144f1d4bf5c6b3a8b6525dda808b04b62dd6b9d4f"
        "119aaf8c49963686a2568ce3db7d91894b8e00eaa4326eea945bd901ece3c92c"
        "f30b970926b280f214128b176c72858e4001496ef0c6b1829dd98d4f03d7ccd6"
        "c434a6b4f3c4adfb6a2295e988b63745a8b3a1a01bdd10a0bb08517dbdea4818"
        "dd5b9de6e8d1057b3f34692c73765bd1df084fbfdb5fc5caefc71d761ce7a139"
        "1fabe17ec10c08dd1be3e2b3f408752a9790a895b0ed01ea4e6c405b45807589"
        "9e0f5213c2c5839396aac28eb398f5252b8e8e25dd8b824c2dfecd5dbb7898d9"
        "5ac3df6cbd0baa2eb82ea24a";

static void a_linkage_from_before_there_was_noise_gets_a_key_when_it_is_made_again(void **state)
{
        static const uint8_t token_key[] = {0x47, 0x0b, 0xc6, 0xbc};
        static uint8_t raw[sizeof without_noise / 2];
        OWNED(keyring_free) struct keyring *k = NULL, *between = NULL, *after = NULL;
        OWNED(buf_done) struct buf first, second;
        struct domain d = domain("placering", 180);

        (void)state;
        assert_int_equal(hex_decode(without_noise, raw, sizeof raw), ERR_OK);
        assert_int_equal(keyring_open(passphrase, bytes_of(raw, sizeof raw), &k), ERR_OK);
        assert_int_equal(keyring_policy(k, NULL), 12);
        assert_int_equal(keyring_officers(k)->len, 1);
        assert_true(keyring_domain_ready(k, &d));
        assert_memory_equal(
                secret_view(keyring_linkage_find(k, "barn")), token_key, sizeof token_key);
        assert_null(keyring_noise_find(k, "barn"));
        assert_false(keyring_linkage_ready(k, "barn"));

        /* Other changes may be saved before anybody asks for the linkage. */
        (void)ring_seal(k, &first);
        assert_int_equal(keyring_open(passphrase, blob_of(&first), &between), ERR_OK);
        assert_null(keyring_noise_find(between, "barn"));
        assert_false(keyring_linkage_ready(between, "barn"));

        assert_int_equal(keyring_linkage_make(between, "barn", NOW), ERR_OK);
        assert_non_null(keyring_noise_find(between, "barn"));
        assert_true(keyring_dirty(between));
        assert_false(keyring_linkage_ready(between, "barn")); /* not before it is on disk */
        keyring_confirm(between, ring_seal(between, &second));
        assert_true(keyring_linkage_ready(between, "barn"));
        assert_int_equal(keyring_open(passphrase, blob_of(&second), &after), ERR_OK);
        assert_true(keyring_linkage_ready(after, "barn"));
        assert_true(secret_equal(
                keyring_noise_find(between, "barn"), keyring_noise_find(after, "barn")));
        assert_memory_equal(
                secret_view(keyring_linkage_find(after, "barn")), token_key, sizeof token_key);
        assert_int_equal(keyring_linkage_make(after, "barn", NOW), ERR_OK); /* and once only */
        assert_false(keyring_dirty(after));
}

/* Made by the program when a keyring had one lock and no pairs: data set placering in 0180,
 * linkage barn, policy version 12. */
static const char without_pairs[] =
        "53474b4559524e4703000000010000000000000008000000010000002daa963e"
        "0688c2b173cd784546fbe60161d8d5fb48ba2b51bb05cbc3d539e32bce6be640"
        "c7d71cd660e13d5ba31eab0bd57b801b53a2776201fa9d304e1eadd78c54f2bd"
        "b789314a581927512b833c854c99aaf32b0f1d47dbe2c1014014a370ace5a888"
        "801a667352cfbd7ae091dd50770f68664bb809a30d5a7fd9f6603db3494da336"
        "070dc04e383bdf6b23de4ea107e85f37310210c04bc13d9b595d2a4636183247"
        "a4d31632557a65eaf4bcfd2f39cc8094c1c8a3fc97983cd930c683aaa5e9118a"
        "fd63ca422d98760aa3a91b7623524724eb198eebe0bf5813ced907513c039d3b"
        "31911d9a8c3d4b71deffca57e52a9407980238ea6bbaade4dbadf7f598d77705"
        "1e5482e3c0672641bd28ccb5264b530b6dfd6e3bc8d5d8210c719fe1fadbbfde"
        "14dded347e7aaeafd804ca135ffc7cdf118a1263f1d9ae80072cc8c3555e3862"
        "13589af33005b16b7233e5d6f04a470333c2e8d1a07a150be01b848820d62b27"
        "b0f2c7909771090a01a7eac1f4357ea8e206c0feeb2f194db6ad56f9ab91b8ee"
        "b3f07fec92414e2f5b21bb42bd007bda4b0b3539584f7a0001bf9325328b602e"
        "5dd7fefe64b49392b08bbc8f7d9b3a6890c1e94cf8709740e4d1132e0a088e10"
        "17a3ecd5caf911998cf0f91fc3";

static void a_ring_from_before_there_were_pairs_gets_them_at_once(void **state)
{
        static const uint8_t person[] = {0xd1, 0x11, 0xff, 0x38}, tag[] = {0xe9, 0x77, 0x2d, 0xbb},
                             noise[] = {0x47, 0xdf, 0x3e, 0xb4};
        static uint8_t raw[sizeof without_pairs / 2];
        OWNED(keyring_free) struct keyring *k = NULL, *after = NULL;
        OWNED(buf_done) struct buf blob;
        struct keyring_pair_key pairs[KEYRING_PAIR_LIVE_MAX], kept[KEYRING_PAIR_LIVE_MAX];
        struct keyring_lock_info locks[KEYRING_LOCKS_MAX];
        struct domain d = domain("placering", 180);
        struct keyring_domain_info info;
        unsigned len = 0;

        (void)state;
        assert_int_equal(hex_decode(without_pairs, raw, sizeof raw), ERR_OK);
        assert_int_equal(keyring_blob_locks(bytes_of(raw, sizeof raw), locks, &len), ERR_OK);
        assert_int_equal(len, 1);
        assert_int_equal(locks[0].kind, LOCK_PASSPHRASE);
        assert_int_equal(locks[0].created_ms, 0);
        assert_int_equal(keyring_open(wrong, bytes_of(raw, sizeof raw), &k), ERR_PASSPHRASE);
        assert_int_equal(keyring_open(passphrase, bytes_of(raw, sizeof raw), &k), ERR_OK);
        assert_memory_equal(secret_view(keyring_person(k)), person, sizeof person);
        assert_memory_equal(secret_view(keyring_domain_find(k, &d)->tag), tag, sizeof tag);
        assert_memory_equal(secret_view(keyring_noise_find(k, "barn")), noise, sizeof noise);
        assert_true(keyring_domain_ready(k, &d));
        assert_true(keyring_linkage_ready(k, "barn"));
        assert_true(keyring_dirty(k));
        keyring_domain_info(k, 0, &info);
        assert_int_equal(info.epoch, 1);
        assert_int_equal(info.created_ms, 0); /* nobody remembers */
        assert_int_equal(keyring_pairs(k, KEYRING_SEALING, pairs), 1);
        assert_int_equal(pairs[0].created_ms, 1790000000000);
        assert_false(pairs[0].ready);
        keyring_confirm(k, ring_seal(k, &blob));
        assert_int_equal(keyring_pairs(k, KEYRING_SEALING, pairs), 1);
        assert_true(pairs[0].ready);
        assert_int_equal(keyring_open(passphrase, blob_of(&blob), &after), ERR_OK);
        assert_false(keyring_dirty(after));
        assert_int_equal(keyring_pairs(after, KEYRING_SEALING, kept), 1);
        assert_string_equal(kept[0].id, pairs[0].id);
        same_domain(k, after, d);
}

static void costs_have_limits(void **state)
{
        static const struct keyring_cost bad[] = {
                {0, 1}, {7, 1}, {64, 0}, {(1 << 20) + 1, 1}, {64, 17}};
        struct keyring *k = NULL;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
                assert_int_equal(keyring_new(passphrase, bad[i], signer, NOW, &k), ERR_INVALID);
                assert_null(k);
        }
}

static void a_national_ring_fits_the_pool_it_asks_for(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_new();
        OWNED(keyring_free) struct keyring *back = NULL;
        OWNED(buf_done) struct buf blob;
        static const char *const datasets[15] = {"placering", "anmalan", "avvikelse", "enkat",
                "utredning", "insats", "bistand", "lss", "missbruk", "vald", "hemtjanst", "boende",
                "register", "kostnad", "a-data-set-with-the-longest-name-that-is-allowed"};

        (void)state;
        for (unsigned m = 290; m > 0; m--)
                for (unsigned s = 0; s < 15; s++) {
                        struct domain d = domain(datasets[s], (municipality_t)(100 + m));

                        assert_int_equal(keyring_domain_make(k, &d, NOW), ERR_OK);
                }
        assert_int_equal(keyring_domains_len(k), 4350);
        ring_seal(k, &blob);
        keyring_free(&k);
        assert_int_equal(keyring_open(passphrase, blob_of(&blob), &back), ERR_OK);
        assert_int_equal(keyring_domains_len(back), 4350);
        for (unsigned m = 290; m > 0; m--)
                for (unsigned s = 0; s < 15; s++) {
                        struct domain d = domain(datasets[s], (municipality_t)(100 + m));

                        assert_true(keyring_domain_ready(back, &d));
                }
}

static void every_failed_allocation_leaves_a_whole_ring(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_small();
        OWNED(buf_done) struct buf blob;
        struct domain d = domain("enkat", 1);

        (void)state;
        ring_seal(k, &blob);
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                OWNED(keyring_free) struct keyring *back = NULL;
                enum err e = keyring_open(passphrase, blob_of(&blob), &back);

                assert_true(e == ERR_OK || e == ERR_NO_MEMORY);
                assert_true((back != NULL) == (e == ERR_OK));
                if (back != NULL && keyring_domain_make(back, &d, NOW) == ERR_OK)
                        assert_non_null(keyring_domain_find(back, &d));
                if (back != NULL) {
                        OWNED(buf_done) struct buf again;
                        uint64_t generation = 0;

                        buf_init(&again, KEYRING_BLOB_MAX);
                        e = keyring_seal(back, &again, &generation);
                        assert_true(e == ERR_OK || again.len == 0);
                        assert_true(e != ERR_OK || generation == 2);
                }
        }
        fault_disarm();
}

static void a_seal_that_fails_takes_no_number(void **state)
{
        OWNED(keyring_free) struct keyring *k = ring_small();
        OWNED(buf_done) struct buf small;
        OWNED(buf_done) struct buf blob;
        uint64_t generation = 0;

        (void)state;
        buf_init(&small, 100);
        assert_int_not_equal(keyring_seal(k, &small, &generation), ERR_OK);
        assert_int_equal(generation, 0);
        assert_int_equal(ring_seal(k, &blob), 1);
}

static int group_setup(void **state)
{
        (void)state;
        if (crypto_init(KEYRING_SECURE_BASE + 4400 * KEYRING_SECURE_PER_DOMAIN, false) != ERR_OK)
                return -1;
        return secret_copy("hemligt", 7, &passphrase) == ERR_OK &&
                               secret_copy("fel", 3, &wrong) == ERR_OK
                       ? 0
                       : -1;
}

static int group_teardown(void **state)
{
        (void)state;
        secret_free(&passphrase);
        secret_free(&wrong);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_sealed_ring_opens_as_it_was),
                cmocka_unit_test(every_key_is_its_own),
                cmocka_unit_test(a_wrong_passphrase_is_told_from_a_torn_file),
                cmocka_unit_test(a_ring_torn_anywhere_is_refused),
                cmocka_unit_test(every_flipped_bit_is_noticed),
                cmocka_unit_test(a_forger_who_mends_the_checksum_gets_no_further),
                cmocka_unit_test(a_foreign_file_is_refused),
                cmocka_unit_test(new_keys_wait_until_the_state_is_durable),
                cmocka_unit_test(only_a_sealed_generation_confirms),
                cmocka_unit_test(a_late_confirmation_covers_all_before_it),
                cmocka_unit_test(making_a_domain_again_changes_nothing),
                cmocka_unit_test(unknown_names_are_not_there),
                cmocka_unit_test(odd_names_get_no_keys),
                cmocka_unit_test(time_never_goes_back),
                cmocka_unit_test(a_new_policy_makes_the_ring_dirty),
                cmocka_unit_test(the_officers_of_the_running_bundle_survive),
                cmocka_unit_test(a_blob_from_before_there_were_officers_opens),
                cmocka_unit_test(
                        a_linkage_from_before_there_was_noise_gets_a_key_when_it_is_made_again),
                cmocka_unit_test(a_ring_from_before_there_were_pairs_gets_them_at_once),
                cmocka_unit_test(costs_have_limits),
                cmocka_unit_test(a_national_ring_fits_the_pool_it_asks_for),
                cmocka_unit_test(every_failed_allocation_leaves_a_whole_ring),
                cmocka_unit_test(a_seal_that_fails_takes_no_number),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
