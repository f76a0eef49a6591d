/* SPDX-License-Identifier: Apache-2.0 */
/* test_pseudonym.c: columns of names, against a slow second opinion and against the
 * published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <gcrypt.h>

#include "base/fault.h"
#include "crypto/digest.h"
#include "crypto/pseudonym.h"
#include "crypto/secret.h"
#include "tests/support/vectors.h"

enum { ROWS = 1501 }; /* not a multiple of any chunk */

struct column {
        uint8_t ids[ROWS][PERSON_ID_LEN], kinds[ROWS];
};

struct keys {
        struct secret *person, *domain;
        struct person_key *person_key;
        struct block_key *block_key;
};

static struct keys keys_new(void)
{
        struct keys k = {0};

        assert_int_equal(secret_random(32, &k.person), ERR_OK);
        assert_int_equal(secret_random(32, &k.domain), ERR_OK);
        assert_int_equal(person_key_new(k.person, &k.person_key), ERR_OK);
        assert_int_equal(block_key_new(k.domain, &k.block_key), ERR_OK);
        return k;
}

static void keys_free(struct keys *k)
{
        person_key_free(&k->person_key);
        block_key_free(&k->block_key);
        secret_free(&k->person);
        secret_free(&k->domain);
}

/* Ids of all kinds; every seventh row has nobody. */
static void column_fill(struct column *c)
{
        for (unsigned i = 0; i < ROWS; i++) {
                char text[PERSON_ID_LEN + 1];

                memset(c->ids[i], 0, PERSON_ID_LEN);
                c->kinds[i] = (uint8_t)(i % 7 == 3 ? PERSON_NONE : 1 + i % 2);
                if (c->kinds[i] == PERSON_NONE)
                        continue;
                snprintf(text, sizeof text, c->kinds[i] == PERSON_LOCAL ? "L-%u" : "1990%08u", i);
                memcpy(c->ids[i], text, strlen(text));
        }
}

/* One person at a time, through libgcrypt, written from the header's comment. */
static void slow_code(const struct secret *k_person, municipality_t issuer, const uint8_t *id,
        uint8_t kind, uint8_t out[PSEUDONYM_LEN])
{
        uint8_t message[31] = "statgate/person1", mac[32];
        size_t len = sizeof mac;
        gcry_mac_hd_t hd;

        memset(out, 0, PSEUDONYM_LEN);
        if (kind == PERSON_NONE)
                return;
        message[16] = kind;
        message[17] = kind == PERSON_LOCAL ? (uint8_t)(issuer & 0xFF) : 0;
        message[18] = kind == PERSON_LOCAL ? (uint8_t)(issuer >> 8) : 0;
        memcpy(message + 19, id, PERSON_ID_LEN);
        assert_int_equal(gcry_mac_open(&hd, GCRY_MAC_HMAC_SHA256, 0, NULL), 0);
        assert_int_equal(gcry_mac_setkey(hd, secret_view(k_person), secret_len(k_person)), 0);
        assert_int_equal(gcry_mac_write(hd, message, sizeof message), 0);
        assert_int_equal(gcry_mac_read(hd, mac, &len), 0);
        gcry_mac_close(hd);
        memcpy(out, mac, 12);
}

static void slow_block(const struct secret *key, const uint8_t *in, uint8_t *out)
{
        const uint8_t zero[PSEUDONYM_LEN] = {0};
        gcry_cipher_hd_t hd;

        if (memcmp(in, zero, sizeof zero) == 0) {
                memset(out, 0, sizeof zero);
                return;
        }
        assert_int_equal(gcry_cipher_open(&hd, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_ECB, 0), 0);
        assert_int_equal(gcry_cipher_setkey(hd, secret_view(key), 32), 0);
        assert_int_equal(gcry_cipher_encrypt(hd, out, PSEUDONYM_LEN, in, PSEUDONYM_LEN), 0);
        gcry_cipher_close(hd);
}

static void a_column_is_its_rows_one_by_one(void **state)
{
        static struct column c;
        static uint8_t codes[ROWS][PSEUDONYM_LEN], names[ROWS][PSEUDONYM_LEN],
                back[ROWS][PSEUDONYM_LEN];
        struct keys k = keys_new();

        (void)state;
        column_fill(&c);
        assert_int_equal(
                person_codes(k.person_key, 1480, c.ids[0], c.kinds, ROWS, codes[0]), ERR_OK);
        assert_int_equal(pseudonyms_make(k.block_key, codes[0], ROWS, names[0]), ERR_OK);
        for (unsigned i = 0; i < ROWS; i++) {
                uint8_t code[PSEUDONYM_LEN], name[PSEUDONYM_LEN];

                slow_code(k.person, 1480, c.ids[i], c.kinds[i], code);
                slow_block(k.domain, code, name);
                assert_memory_equal(codes[i], code, PSEUDONYM_LEN);
                assert_memory_equal(names[i], name, PSEUDONYM_LEN);
        }
        assert_int_equal(pseudonyms_open(k.block_key, names[0], ROWS, back[0]), ERR_OK);
        assert_memory_equal(back, codes, sizeof codes);
        keys_free(&k);
}

static void in_place_is_the_same_as_beside(void **state)
{
        static struct column c;
        static uint8_t codes[ROWS][PSEUDONYM_LEN], names[ROWS][PSEUDONYM_LEN];
        struct keys k = keys_new();

        (void)state;
        column_fill(&c);
        assert_int_equal(person_codes(k.person_key, 1, c.ids[0], c.kinds, ROWS, codes[0]), ERR_OK);
        assert_int_equal(pseudonyms_make(k.block_key, codes[0], ROWS, names[0]), ERR_OK);
        assert_int_equal(pseudonyms_make(k.block_key, codes[0], ROWS, codes[0]), ERR_OK);
        assert_memory_equal(codes, names, sizeof codes);
        keys_free(&k);
}

static void nobody_stays_zero(void **state)
{
        const uint8_t ids[2 * PERSON_ID_LEN] = {0}, kinds[2] = {PERSON_NONE, PERSON_NONE};
        const uint8_t zero[2 * PSEUDONYM_LEN] = {0};
        uint8_t codes[2 * PSEUDONYM_LEN];
        struct keys k = keys_new();

        (void)state;
        memset(codes, 0xAA, sizeof codes);
        assert_int_equal(person_codes(k.person_key, 114, ids, kinds, 2, codes), ERR_OK);
        assert_memory_equal(codes, zero, sizeof zero);
        assert_int_equal(pseudonyms_make(k.block_key, codes, 2, codes), ERR_OK);
        assert_memory_equal(codes, zero, sizeof zero);
        assert_int_equal(pseudonyms_open(k.block_key, codes, 2, codes), ERR_OK);
        assert_memory_equal(codes, zero, sizeof zero);
        keys_free(&k);
}

static void code_of(const struct keys *k, municipality_t issuer, const char *id, uint8_t kind,
        uint8_t out[PSEUDONYM_LEN])
{
        uint8_t padded[PERSON_ID_LEN] = {0};

        memcpy(padded, id, strlen(id));
        assert_int_equal(person_codes(k->person_key, issuer, padded, &kind, 1, out), ERR_OK);
}

static void a_local_id_belongs_to_its_municipality(void **state)
{
        struct keys k = keys_new();
        uint8_t here[PSEUDONYM_LEN], there[PSEUDONYM_LEN], national[PSEUDONYM_LEN],
                elsewhere[PSEUDONYM_LEN];

        (void)state;
        code_of(&k, 114, "A-17", PERSON_LOCAL, here);
        code_of(&k, 2584, "A-17", PERSON_LOCAL, there);
        assert_memory_not_equal(here, there, PSEUDONYM_LEN);
        code_of(&k, 114, "189001019802", PERSON_NATIONAL, national);
        code_of(&k, 2584, "189001019802", PERSON_NATIONAL, elsewhere);
        assert_memory_equal(national, elsewhere, PSEUDONYM_LEN);
        /* A number passed off as local never meets the person who has it. */
        code_of(&k, 114, "189001019802", PERSON_LOCAL, here);
        assert_memory_not_equal(here, national, PSEUDONYM_LEN);
        keys_free(&k);
}

static void a_changed_byte_or_wrong_key_is_noticed(void **state)
{
        static struct column c;
        static uint8_t names[ROWS][PSEUDONYM_LEN], out[ROWS][PSEUDONYM_LEN];
        static const uint8_t zero[ROWS][PSEUDONYM_LEN];
        struct keys k = keys_new(), other = keys_new();

        (void)state;
        column_fill(&c);
        assert_int_equal(person_codes(k.person_key, 1, c.ids[0], c.kinds, ROWS, names[0]), ERR_OK);
        assert_int_equal(pseudonyms_make(k.block_key, names[0], ROWS, names[0]), ERR_OK);
        for (unsigned at = 0; at < PSEUDONYM_LEN; at++) {
                unsigned row = at * 93;

                names[row][at] ^= 0x40;
                memset(out, 0xAA, sizeof out);
                assert_int_equal(
                        pseudonyms_open(k.block_key, names[0], ROWS, out[0]), ERR_TAMPERED);
                assert_memory_equal(out[0], zero[0], PSEUDONYM_LEN);
                assert_memory_equal(out[row], zero[0], PSEUDONYM_LEN);
                names[row][at] ^= 0x40;
        }
        assert_int_equal(pseudonyms_open(other.block_key, names[0], ROWS, out[0]), ERR_TAMPERED);
        assert_int_equal(pseudonyms_open(k.block_key, names[0], ROWS, out[0]), ERR_OK);
        keys_free(&k);
        keys_free(&other);
}

static void an_empty_column_is_no_error(void **state)
{
        struct keys k = keys_new();
        uint8_t none[1];

        (void)state;
        assert_int_equal(person_codes(k.person_key, 1, none, none, 0, none), ERR_OK);
        assert_int_equal(pseudonyms_make(k.block_key, none, 0, none), ERR_OK);
        assert_int_equal(pseudonyms_open(k.block_key, none, 0, none), ERR_OK);
        assert_int_equal(record_tags(k.domain, none, 12, 0, none), ERR_OK);
        keys_free(&k);
}

static void a_record_key_has_one_tag_at_any_width(void **state)
{
        OWNED(secret_free) struct secret *key = NULL;
        OWNED(secret_free) struct secret *other = NULL;
        OWNED(secret_free) struct secret *small = NULL;
        const uint8_t wide[2][24] = {"case 1", "case 2"}, narrow[2][8] = {"case 1", "case 2"};
        uint8_t a[2][RECORD_TAG_LEN], b[2][RECORD_TAG_LEN];

        (void)state;
        assert_int_equal(secret_random(32, &key), ERR_OK);
        assert_int_equal(secret_random(32, &other), ERR_OK);
        assert_int_equal(secret_random(8, &small), ERR_OK);
        assert_int_equal(record_tags(key, wide[0], 24, 2, a[0]), ERR_OK);
        assert_int_equal(record_tags(key, narrow[0], 8, 2, b[0]), ERR_OK);
        assert_memory_equal(a, b, sizeof a);
        assert_memory_not_equal(a[0], a[1], RECORD_TAG_LEN);
        assert_int_equal(record_tags(other, wide[0], 24, 2, b[0]), ERR_OK);
        assert_memory_not_equal(a[0], b[0], RECORD_TAG_LEN);
        assert_int_equal(record_tags(small, wide[0], 24, 2, b[0]), ERR_INTERNAL);
}

static struct secret *vector_secret(const struct vector *v, const char *name)
{
        uint8_t bytes[VECTOR_BYTES_MAX];
        struct secret *s = NULL;

        assert_int_equal(secret_copy(bytes, vector_bytes(v, name, bytes), &s), ERR_OK);
        return s;
}

static void person_codes_match_the_published_vectors(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "person_codes.txt");
        struct vector v;
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                OWNED(secret_free) struct secret *k_person = vector_secret(&v, "k_person");
                OWNED(person_key_free) struct person_key *key = NULL;
                uint8_t id[PERSON_ID_LEN] = {0}, kind = (uint8_t)vector_number(&v, "kind");
                uint8_t expected[VECTOR_BYTES_MAX], code[PSEUDONYM_LEN];

                assert_int_equal(vector_bytes(&v, "code", expected), PSEUDONYM_LEN);
                memcpy(id, vector_text(&v, "id"), strlen(vector_text(&v, "id")));
                assert_int_equal(person_key_new(k_person, &key), ERR_OK);
                assert_int_equal(person_codes(key, (municipality_t)vector_number(&v, "issuer"), id,
                                         &kind, 1, code),
                        ERR_OK);
                assert_memory_equal(code, expected, PSEUDONYM_LEN);
        }
        fclose(in);
        assert_true(count >= 8);
}

static void pseudonyms_match_the_published_vectors(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "pseudonyms.txt");
        struct vector v;
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                OWNED(secret_free) struct secret *k_domain = vector_secret(&v, "k_domain");
                OWNED(block_key_free) struct block_key *key = NULL;
                uint8_t code[VECTOR_BYTES_MAX], expected[VECTOR_BYTES_MAX], name[PSEUDONYM_LEN];

                assert_int_equal(vector_bytes(&v, "code", code), PSEUDONYM_LEN);
                assert_int_equal(vector_bytes(&v, "pseudonym", expected), PSEUDONYM_LEN);
                assert_int_equal(block_key_new(k_domain, &key), ERR_OK);
                assert_int_equal(pseudonyms_make(key, code, 1, name), ERR_OK);
                assert_memory_equal(name, expected, PSEUDONYM_LEN);
                assert_int_equal(pseudonyms_open(key, expected, 1, name), ERR_OK);
                assert_memory_equal(name, code, PSEUDONYM_LEN);
        }
        fclose(in);
        assert_true(count >= 8);
}

static void record_tags_match_the_published_vectors(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "record_tags.txt");
        struct vector v;
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                OWNED(secret_free) struct secret *key = vector_secret(&v, "key");
                uint8_t record_key[RECORD_KEY_MAX_LEN] = {0}, expected[VECTOR_BYTES_MAX];
                uint8_t tag[RECORD_TAG_LEN];

                assert_int_equal(vector_bytes(&v, "tag", expected), RECORD_TAG_LEN);
                memcpy(record_key, vector_text(&v, "record_key"),
                        strlen(vector_text(&v, "record_key")));
                assert_int_equal(record_tags(key, record_key, sizeof record_key, 1, tag), ERR_OK);
                assert_memory_equal(tag, expected, RECORD_TAG_LEN);
        }
        fclose(in);
        assert_true(count >= 5);
}

/* The key of a linkage's record keys, as the keeper derives it. */
static void derive_noise(const struct vector *v, struct block_key **out)
{
        OWNED(secret_free) struct secret *k_noise = vector_secret(v, "k_noise");
        OWNED(secret_free) struct secret *key = NULL;
        OWNED(buf_done) struct buf domain = {.ceiling = 128};
        const char *dataset = vector_text(v, "dataset");
        struct bytes salt;
        struct digest mac;

        if (*dataset != '\0') {
                put_text(&domain, dataset);
                put_u16(&domain, (uint16_t)vector_number(v, "municipality"));
        }
        assert_int_equal(buf_end(&domain, &salt), ERR_OK);
        const struct bytes parts[] = {
                bytes_of_text(salt.len > 0 ? "statgate/noise/alone/1" : "statgate/noise/1"), salt,
                bytes_of_text(vector_text(v, "linkage"))};

        assert_int_equal(mac_of(k_noise, parts, ARRAY_LEN(parts), &mac), ERR_OK);
        assert_int_equal(secret_copy(mac.bytes, sizeof mac.bytes, &key), ERR_OK);
        assert_int_equal(block_key_new(key, out), ERR_OK);
}

static void record_keys_match_the_published_vectors(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "record_keys.txt");
        struct vector v;
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                OWNED(block_key_free) struct block_key *key = NULL;
                uint8_t code[VECTOR_BYTES_MAX], expected[VECTOR_BYTES_MAX], out[PERSON_KEY_LEN];

                assert_int_equal(vector_bytes(&v, "code", code), PSEUDONYM_LEN);
                assert_int_equal(vector_bytes(&v, "record_key", expected), PERSON_KEY_LEN);
                derive_noise(&v, &key);
                assert_int_equal(record_keys_make(key, code, 1, out), ERR_OK);
                assert_memory_equal(out, expected, PERSON_KEY_LEN);
        }
        fclose(in);
        assert_true(count >= 15);
}

/* In bulk as one by one, over the edges of chunks, and nobody has none. */
static void a_column_of_record_keys_is_that_of_its_rows(void **state)
{
        struct keys k = keys_new();
        static struct column c;
        static uint8_t codes[ROWS * PSEUDONYM_LEN], bulk[ROWS * PERSON_KEY_LEN + 1];
        static uint8_t names[ROWS * PSEUDONYM_LEN];
        static const uint8_t nothing[PERSON_KEY_LEN];

        (void)state;
        column_fill(&c);
        assert_int_equal(person_codes(k.person_key, 114, c.ids[0], c.kinds, ROWS, codes), ERR_OK);
        assert_int_equal(record_keys_make(k.block_key, codes, ROWS, bulk + 1), ERR_OK);
        assert_int_equal(pseudonyms_make(k.block_key, codes, ROWS, names), ERR_OK);
        for (unsigned i = 0; i < ROWS; i++) {
                const uint8_t *key = bulk + 1 + (size_t)i * PERSON_KEY_LEN;
                bool nobody = c.kinds[i] == PERSON_NONE;

                assert_memory_equal(
                        key, nobody ? nothing : names + (size_t)i * PSEUDONYM_LEN, PERSON_KEY_LEN);
                assert_int_equal(memcmp(key, nothing, PERSON_KEY_LEN) == 0, nobody);
        }
        assert_int_equal(record_keys_make(k.block_key, codes, 0, bulk), ERR_OK);
        keys_free(&k);
}

static void keys_without_memory_are_errors(void **state)
{
        OWNED(secret_free) struct secret *key = NULL;
        OWNED(secret_free) struct secret *small = NULL;
        struct person_key *person = NULL;
        struct block_key *block = NULL;

        (void)state;
        assert_int_equal(secret_random(32, &key), ERR_OK);
        assert_int_equal(secret_random(16, &small), ERR_OK);
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                if (person_key_new(key, &person) != ERR_OK)
                        assert_null(person);
                if (block_key_new(key, &block) != ERR_OK)
                        assert_null(block);
                person_key_free(&person);
                block_key_free(&block);
        }
        fault_disarm();
        assert_int_equal(block_key_new(small, &block), ERR_INTERNAL);
        assert_null(block);
}

static int group_setup(void **state)
{
        (void)state;
        return crypto_init(65536, false) == ERR_OK ? 0 : -1;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_column_is_its_rows_one_by_one),
                cmocka_unit_test(in_place_is_the_same_as_beside),
                cmocka_unit_test(nobody_stays_zero),
                cmocka_unit_test(a_local_id_belongs_to_its_municipality),
                cmocka_unit_test(a_changed_byte_or_wrong_key_is_noticed),
                cmocka_unit_test(an_empty_column_is_no_error),
                cmocka_unit_test(a_record_key_has_one_tag_at_any_width),
                cmocka_unit_test(person_codes_match_the_published_vectors),
                cmocka_unit_test(pseudonyms_match_the_published_vectors),
                cmocka_unit_test(record_tags_match_the_published_vectors),
                cmocka_unit_test(record_keys_match_the_published_vectors),
                cmocka_unit_test(a_column_of_record_keys_is_that_of_its_rows),
                cmocka_unit_test(keys_without_memory_are_errors),
        };

        return cmocka_run_group_tests(tests, group_setup, NULL);
}
