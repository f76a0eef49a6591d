/* SPDX-License-Identifier: Apache-2.0 */
/* test_traces.c: what is left in memory when a secret has been used and given back.
 *
 * Everything this process can write is searched, stack, heap and pages of the libraries,
 * for the very bytes. The test keeps them disguised, or it would find itself. Each search
 * has been seen to find what is still there, before it says that nothing is. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/box.h"
#include "crypto/keyring.h"
#include "crypto/pseudonym.h"
#include "crypto/seal.h"
#include "crypto/secret.h"
#include "crypto/share.h"

enum { TRACE_LEN = 12, PIECE = 1 << 16, DISGUISE = 0x5A };

/* Twelve bytes of something, disguised. */
struct trace {
        uint8_t bytes[TRACE_LEN];
};

static struct trace trace_of(const uint8_t *bytes)
{
        struct trace t;

        for (unsigned i = 0; i < TRACE_LEN; i++)
                ((volatile uint8_t *)t.bytes)[i] = bytes[i] ^ DISGUISE;
        return t;
}

/* The buffer that is searched in is disguised as well, byte by byte as it is read. */
static unsigned found_in(uint8_t *piece, size_t len, const struct trace *t)
{
        unsigned found = 0;

        for (size_t i = 0; i < len; i++)
                piece[i] ^= DISGUISE;
        for (size_t i = 0; i + TRACE_LEN <= len; i++)
                found += memcmp(piece + i, t->bytes, TRACE_LEN) == 0;
        return found;
}

static unsigned found_between(
        int memory, uint8_t *piece, uint64_t from, uint64_t to, const struct trace *t)
{
        unsigned found = 0;

        while (from < to) {
                size_t len = to - from < PIECE ? (size_t)(to - from) : PIECE;
                ssize_t n = pread(memory, piece, len, (off_t)from);

                if (n <= 0)
                        return found; /* guard pages */
                found += found_in(piece, (size_t)n, t);
                /* Overlapping, for what stands across the edge. */
                from += (size_t)n > TRACE_LEN && from + (size_t)n < to ? (size_t)n - TRACE_LEN + 1
                                                                       : (size_t)n;
        }
        return found;
}

/* How often it stands in writable memory. */
static unsigned traces(const struct trace *t)
{
        static uint8_t piece[PIECE];
        int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
        FILE *maps = fopen("/proc/self/maps", "re");
        unsigned long from, to, own = (unsigned long)(uintptr_t)piece;
        char line[512], rights[8];
        unsigned found = 0;

        assert_true(memory >= 0);
        assert_non_null(maps);
        while (fgets(line, sizeof line, maps) != NULL) {
                if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w')
                        continue;
                if (from <= own && own < to) { /* around our own buffer */
                        found += found_between(memory, piece, from, own, t);
                        from = own + sizeof piece;
                }
                found += found_between(memory, piece, from, to, t);
        }
        memset(piece, 0, sizeof piece);
        (void)fclose(maps);
        (void)close(memory);
        return found;
}

/* A fresh local id of one person in a column, told nowhere else. */
static struct trace id_random(uint8_t out[PERSON_ID_LEN])
{
        assert_int_equal(random_bytes(out, PERSON_ID_LEN), ERR_OK);
        for (unsigned i = 0; i < PERSON_ID_LEN; i++)
                out[i] = (uint8_t)('!' + out[i] % 90);
        return trace_of(out);
}

static void of_an_opened_box_nothing_is_left(void **state)
{
        enum { LEN = BOX_PLAIN_FIXED + BOX_PER_PERSON };
        OWNED(secret_free) struct secret *key = NULL;
        uint8_t public_key[BOX_PUBLIC_LEN], box[LEN + BOX_OVERHEAD], plain[LEN];
        uint8_t id[PERSON_ID_LEN], kind = PERSON_LOCAL;
        struct box_head head = {.use = BOX_BATCH, .rows = 1};
        const struct box_persons in = {.rows = 1, .persons = {id, &kind}};
        struct box_persons out;
        struct trace t = id_random(id);

        (void)state;
        assert_int_equal(box_keygen(&key, public_key), ERR_OK);
        box_key_id(public_key, head.key_id);
        assert_int_equal(box_seal(public_key, &head, &in, box), ERR_OK);
        assert_true(traces(&t) > 0);
        wipe(id, sizeof id);
        assert_int_equal(traces(&t), 0);
        assert_int_equal(
                box_open(key, public_key, &head, bytes_of(box, sizeof box), plain, &out), ERR_OK);
        assert_true(traces(&t) > 0);
        wipe(plain, sizeof plain);
        assert_int_equal(traces(&t), 0);
        head.municipality = 180; /* opens, and does not fit: nobody sees it */
        assert_int_equal(box_open(key, public_key, &head, bytes_of(box, sizeof box), plain, &out),
                ERR_BOX_MISPLACED);
        assert_int_equal(traces(&t), 0);
}

static void of_a_number_that_became_a_code_nothing_is_left(void **state)
{
        OWNED(secret_free) struct secret *key = NULL;
        OWNED(person_key_free) struct person_key *person = NULL;
        uint8_t id[PERSON_ID_LEN], kind = PERSON_LOCAL, code[PSEUDONYM_LEN];
        struct trace t = id_random(id);

        (void)state;
        assert_int_equal(secret_random(32, &key), ERR_OK);
        assert_int_equal(person_key_new(key, &person), ERR_OK);
        assert_int_equal(person_codes(person, 114, id, &kind, 1, code), ERR_OK);
        assert_true(traces(&t) > 0);
        wipe(id, sizeof id);
        assert_int_equal(traces(&t), 0);
}

static struct trace trace_of_key(const struct secret *key)
{
        return trace_of(secret_view(key));
}

static void of_a_cipher_nothing_is_left(void **state)
{
        struct secret *key = NULL;
        struct block_key *cipher = NULL;
        uint8_t code[PSEUDONYM_LEN] = {1}, out[PSEUDONYM_LEN];
        struct trace t;

        (void)state;
        assert_int_equal(secret_random(32, &key), ERR_OK);
        t = trace_of_key(key);
        assert_int_equal(block_key_new(key, &cipher), ERR_OK);
        assert_int_equal(pseudonyms_make(cipher, code, 1, out), ERR_OK);
        secret_free(&key);
        assert_true(traces(&t) > 0); /* in OpenSSL's key schedule */
        block_key_free(&cipher);
        assert_int_equal(traces(&t), 0);
}

static void of_a_seal_nothing_is_left(void **state)
{
        static const char text[] = "columns";
        struct secret *under = NULL;
        uint8_t sealed[sizeof text + SEAL_OVERHEAD], back[sizeof text];
        struct bytes aad = bytes_of_text("aad");
        struct trace t;

        (void)state;
        assert_int_equal(secret_random(32, &under), ERR_OK);
        t = trace_of_key(under);
        assert_int_equal(seal(under, aad, bytes_of(text, sizeof text), sealed), ERR_OK);
        assert_int_equal(unseal(under, aad, bytes_of(sealed, sizeof sealed), back), ERR_OK);
        assert_int_equal(traces(&t), 1); /* where it lives */
        secret_free(&under);
        assert_int_equal(traces(&t), 0);
}

static void of_signing_nothing_is_left(void **state)
{
        struct secret *key = NULL;
        uint8_t public_key[SIGN_PUBLIC_LEN], signature[SIGNATURE_LEN];
        struct trace t;

        (void)state;
        assert_int_equal(sign_keygen(&key, public_key), ERR_OK);
        t = trace_of_key(key);
        assert_int_equal(sign_make(key, "statgate/test/1", bytes_of_text("x"), signature), ERR_OK);
        assert_int_equal(traces(&t), 1);
        secret_free(&key);
        assert_int_equal(traces(&t), 0);
}

static void of_shares_nothing_is_left(void **state)
{
        struct secret *key = NULL, *text = NULL, *joined = NULL;
        struct share shares[3], back = {.part = NULL};
        struct trace whole, part, words;

        (void)state;
        assert_int_equal(secret_random(SHARE_KEY_LEN, &key), ERR_OK);
        whole = trace_of_key(key);
        assert_int_equal(shares_make(key, 2, 3, shares), ERR_OK);
        part = trace_of_key(shares[1].part);
        assert_int_equal(share_write(&shares[1], &text), ERR_OK);
        words = trace_of((const uint8_t *)strchr((const char *)secret_view(text), '\n') + 1);
        assert_int_equal(traces(&words), 1);
        assert_int_equal(
                share_read(bytes_of(secret_view(text), strlen((const char *)secret_view(text))),
                        &back),
                ERR_OK);
        assert_int_equal(traces(&words), 1);
        assert_int_equal(traces(&part), 2);
        assert_int_equal(shares_join(shares, 2, &joined), ERR_OK);
        assert_int_equal(traces(&whole), 2);
        secret_free(&text);
        secret_free(&joined);
        secret_free(&key);
        share_done(&back);
        for (unsigned i = 0; i < 3; i++)
                share_done(&shares[i]);
        assert_int_equal(traces(&words), 0);
        assert_int_equal(traces(&part), 0);
        assert_int_equal(traces(&whole), 0);
}

/* One of each kind of key of a keyring. */
enum { KEYS = 7 };

static void keys_of(const struct keyring *k, const struct domain *d, struct trace out[KEYS])
{
        struct keyring_pair_key pairs[KEYRING_PAIR_LIVE_MAX];
        const struct domain_keys *keys = keyring_domain_find(k, d);
        unsigned n = 0;

        out[n++] = trace_of_key(keyring_person(k));
        out[n++] = trace_of_key(keys->pseudonym);
        out[n++] = trace_of_key(keys->data);
        out[n++] = trace_of_key(keyring_linkage_find(k, "barn"));
        out[n++] = trace_of_key(keyring_noise_find(k, "barn"));
        (void)keyring_pairs(k, KEYRING_SEALING, pairs);
        out[n++] = trace_of_key(pairs[0].secret);
        (void)keyring_pairs(k, KEYRING_SIGNING, pairs);
        out[n++] = trace_of_key(pairs[0].secret);
}

static void each_key_is_there(const struct trace keys[KEYS], unsigned times)
{
        for (unsigned i = 0; i < KEYS; i++)
                assert_int_equal(traces(&keys[i]), times);
}

/* Made, sealed, opened by each lock, changed, given back: every key stands once for each
 * keyring that is open, and no longer. */
static void of_a_keyring_nothing_is_left(void **state)
{
        static const uint8_t signer[SIGN_PUBLIC_LEN] = {1};
        const struct keyring_cost cost = {64, 1};
        struct domain d = {.dataset = "placering", .municipality = 180};
        struct secret *passphrase = NULL;
        struct keyring *k = NULL, *back = NULL, *shared = NULL;
        struct trace keys[KEYS], words, note;
        struct share shares[3];
        struct buf blob;
        uint64_t generation;
        char *said;

        (void)state;
        assert_int_equal(secret_random(30, &passphrase), ERR_OK);
        words = trace_of_key(passphrase);
        assert_int_equal(keyring_new(passphrase, cost, signer, 1, &k), ERR_OK);
        assert_int_equal(keyring_domain_make(k, &d, 1), ERR_OK);
        assert_int_equal(keyring_linkage_make(k, "barn", 1), ERR_OK);
        said = malloc(TRACE_LEN);
        assert_int_equal(random_bytes(said, TRACE_LEN), ERR_OK);
        note = trace_of((const uint8_t *)said);
        assert_int_equal(keyring_note_set(k, "aliases", bytes_of(said, TRACE_LEN)), ERR_OK);
        wipe(said, TRACE_LEN);
        free(said);
        assert_int_equal(keyring_lock_shares(k, 2, 3, 1, shares), ERR_OK);
        keys_of(k, &d, keys);
        buf_init(&blob, KEYRING_BLOB_MAX);
        assert_int_equal(keyring_seal(k, &blob, &generation), ERR_OK);
        each_key_is_there(keys, 1);
        assert_int_equal(traces(&note), 1);
        assert_int_equal(keyring_open(passphrase, bytes_of(blob.data, blob.len), &back), ERR_OK);
        assert_int_equal(
                keyring_open_shares(bytes_of(blob.data, blob.len), shares, 2, &shared), ERR_OK);
        each_key_is_there(keys, 3);
        assert_int_equal(traces(&note), 3);
        assert_int_equal(traces(&words), 1);
        keyring_free(&shared);
        keyring_free(&back);
        each_key_is_there(keys, 1);
        assert_int_equal(keyring_domain_destroy(k, &d), ERR_OK);
        assert_int_equal(traces(&keys[1]), 0);
        assert_int_equal(traces(&keys[2]), 0);
        keyring_free(&k);
        secret_free(&passphrase);
        for (unsigned i = 0; i < 3; i++)
                share_done(&shares[i]);
        each_key_is_there(keys, 0);
        assert_int_equal(traces(&note), 0);
        assert_int_equal(traces(&words), 0);
        buf_done(&blob);
}

static int group_setup(void **state)
{
        (void)state;
        return crypto_init(1 << 18, false) == ERR_OK ? 0 : -1;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(of_an_opened_box_nothing_is_left),
                cmocka_unit_test(of_a_number_that_became_a_code_nothing_is_left),
                cmocka_unit_test(of_a_cipher_nothing_is_left),
                cmocka_unit_test(of_a_seal_nothing_is_left),
                cmocka_unit_test(of_signing_nothing_is_left),
                cmocka_unit_test(of_shares_nothing_is_left),
                cmocka_unit_test(of_a_keyring_nothing_is_left),
        };

        /* They have tables larger than all else together, and keep what was freed. */
        if (UNDER_ASAN || UNDER_TSAN || getenv("STATGATE_VALGRIND") != NULL) {
                printf("left out: not with a sanitizer, nor under valgrind\n");
                return 0;
        }
        return cmocka_run_group_tests(tests, group_setup, NULL);
}
