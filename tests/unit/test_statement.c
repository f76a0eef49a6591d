/* SPDX-License-Identifier: Apache-2.0 */
/* test_statement.c: what a municipality says of numbers that became others, and the key of a record
 * in a box: held against the published vectors, and forged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/box.h"
#include "crypto/secret.h"
#include "crypto/statement.h"
#include "tests/support/vectors.h"

static const char days_label[] = "statgate/alias-days/1";

/* A statement of a vector; its bytes in `box` and `days`. */
static struct statement statement_of(
        const struct vector *v, uint8_t box[VECTOR_BYTES_MAX], uint8_t days[VECTOR_BYTES_MAX])
{
        struct statement s = {.municipality = (municipality_t)vector_number(v, "municipality")};
        uint8_t request[VECTOR_BYTES_MAX];

        s.kind = strcmp(vector_text(v, "label"), days_label) == 0 ? STATEMENT_ALIAS_DAYS
                                                                  : STATEMENT_ALIAS_UNDO;
        assert_int_equal(vector_bytes(v, "request", request), sizeof s.request.bytes);
        memcpy(s.request.bytes, request, sizeof s.request.bytes);
        s.box = bytes_of(box, vector_bytes(v, "box", box));
        s.days = bytes_of(days, vector_bytes(v, "days", days));
        return s;
}

static void the_published_statements_are_signed_alike(void **state)
{
        static struct vector v;
        FILE *in = vectors_open(STATGATE_ROOT, "statements.txt");
        uint8_t box[VECTOR_BYTES_MAX], days[VECTOR_BYTES_MAX], seed[VECTOR_BYTES_MAX];
        uint8_t who[VECTOR_BYTES_MAX], wanted[VECTOR_BYTES_MAX], made[SIGNATURE_LEN];
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                OWNED(secret_free) struct secret *key = NULL;
                const struct statement s = statement_of(&v, box, days);

                assert_int_equal(vector_bytes(&v, "seed", seed), SIGN_SECRET_LEN);
                assert_int_equal(secret_copy(seed, SIGN_SECRET_LEN, &key), ERR_OK);
                assert_int_equal(vector_bytes(&v, "public", who), SIGN_PUBLIC_LEN);
                assert_int_equal(vector_bytes(&v, "signature", wanted), SIGNATURE_LEN);
                assert_int_equal(statement_sign(key, &s, made), ERR_OK);
                assert_memory_equal(made, wanted, SIGNATURE_LEN);
                assert_int_equal(statement_check(who, &s, wanted), ERR_OK);
        }
        (void)fclose(in);
        assert_true(count >= 3);
}

static void another_word_is_another_statement(void **state)
{
        static struct vector v;
        FILE *in = vectors_open(STATGATE_ROOT, "statements.txt");
        uint8_t box[VECTOR_BYTES_MAX], days[VECTOR_BYTES_MAX], who[VECTOR_BYTES_MAX];
        uint8_t signature[VECTOR_BYTES_MAX];
        struct statement said, s;

        (void)state;
        assert_true(vectors_next(in, &v));
        (void)fclose(in);
        said = statement_of(&v, box, days);
        (void)vector_bytes(&v, "public", who);
        (void)vector_bytes(&v, "signature", signature);
        assert_int_equal(statement_check(who, &said, signature), ERR_OK);
        s = said;
        s.kind = STATEMENT_ALIAS_UNDO;
        assert_int_equal(statement_check(who, &s, signature), ERR_TAMPERED);
        s = said;
        s.municipality ^= 1;
        assert_int_equal(statement_check(who, &s, signature), ERR_TAMPERED);
        s = said;
        s.request.bytes[15] ^= 1;
        assert_int_equal(statement_check(who, &s, signature), ERR_TAMPERED);
        s = said;
        s.box.len--;
        assert_int_equal(statement_check(who, &s, signature), ERR_TAMPERED);
        s = said;
        s.box.len = 0;
        assert_int_equal(statement_check(who, &s, signature), ERR_TAMPERED);
        s = said;
        s.days.len -= 4;
        assert_int_equal(statement_check(who, &s, signature), ERR_TAMPERED);
        for (unsigned bit = 0; bit < 8 * SIGNATURE_LEN; bit++) {
                signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
                assert_int_equal(statement_check(who, &said, signature), ERR_TAMPERED);
                signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        s = said;
        s.kind = STATEMENT_NONE;
        assert_int_equal(statement_check(who, &s, signature), ERR_INVALID);
        s.kind = (enum statement_kind)3;
        assert_int_equal(statement_check(who, &s, signature), ERR_INVALID);
        s = said;
        s.municipality = 10000;
        assert_int_equal(statement_check(who, &s, signature), ERR_INVALID);
}

/* Keys of records ------------------------------------------------------------------- */

struct opened {
        struct secret *key; /* ours */
        uint8_t public_key[BOX_PUBLIC_LEN], box[VECTOR_BYTES_MAX], plain[BOX_RECORD_PLAIN];
        struct box_head head;
        struct bytes record;
};

static enum err open_again(struct opened *o)
{
        return box_open_record(o->key, o->public_key, &o->head, bytes_of(o->box, BOX_RECORD_LEN),
                o->plain, &o->record);
}

static void take_vector(const struct vector *v, struct opened *o)
{
        uint8_t bytes[VECTOR_BYTES_MAX];

        memset(o, 0, sizeof *o);
        o->head = (struct box_head){.use = BOX_RECORD,
                .rows = 1,
                .municipality = (municipality_t)vector_number(v, "municipality")};
        memcpy(o->head.dataset, vector_text(v, "dataset"), strlen(vector_text(v, "dataset")));
        memcpy(o->head.key_id, vector_text(v, "key_id"), BOX_KEY_ID_LEN);
        assert_int_equal(vector_bytes(v, "submission", bytes), sizeof o->head.submission.bytes);
        memcpy(o->head.submission.bytes, bytes, sizeof o->head.submission.bytes);
        assert_int_equal(vector_bytes(v, "secret", bytes), BOX_SECRET_LEN);
        assert_int_equal(secret_copy(bytes, BOX_SECRET_LEN, &o->key), ERR_OK);
        assert_int_equal(vector_bytes(v, "public", bytes), BOX_PUBLIC_LEN);
        memcpy(o->public_key, bytes, BOX_PUBLIC_LEN);
        assert_int_equal(vector_bytes(v, "box", o->box), BOX_RECORD_LEN);
}

static void the_published_keys_of_records_open(void **state)
{
        static struct vector v;
        FILE *in = vectors_open(STATGATE_ROOT, "record_boxes.txt");
        uint8_t bytes[VECTOR_BYTES_MAX], who[VECTOR_BYTES_MAX], mine[BOX_RECORD_LEN];
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                struct opened o;
                size_t len;

                take_vector(&v, &o);
                assert_int_equal(open_again(&o), ERR_OK);
                len = vector_bytes(&v, "record", bytes);
                assert_true(bytes_equal(o.record, bytes_of(bytes, len)));
                assert_int_equal(vector_bytes(&v, "signer", who), SIGN_PUBLIC_LEN);
                assert_int_equal(box_seal_record(o.public_key, &o.head, o.record, mine), ERR_OK);
                assert_int_equal(vector_bytes(&v, "signature", bytes), SIGNATURE_LEN);
                assert_int_equal(
                        box_check(who, &o.head, bytes_of(o.box, BOX_RECORD_LEN), bytes), ERR_OK);
                memcpy(o.box, mine, sizeof mine); /* ours is as good */
                assert_int_equal(open_again(&o), ERR_OK);
                secret_free(&o.key);
        }
        (void)fclose(in);
        assert_true(count >= 2);
}

static void a_key_of_a_record_is_one_in_its_own_place(void **state)
{
        static struct vector v;
        FILE *in = vectors_open(STATGATE_ROOT, "record_boxes.txt");
        static const uint8_t zeros[BOX_RECORD_PLAIN];
        struct opened o;
        struct box_head head;

        (void)state;
        assert_true(vectors_next(in, &v));
        (void)fclose(in);
        take_vector(&v, &o);
        head = o.head;
        o.head.municipality ^= 1;
        assert_int_equal(open_again(&o), ERR_BOX_MISPLACED);
        assert_memory_equal(o.plain, zeros, sizeof zeros); /* wiped */
        o.head = head;
        o.head.dataset[0] ^= 1;
        assert_int_equal(open_again(&o), ERR_BOX_MISPLACED);
        o.head = head;
        o.head.use = BOX_ERASE;
        assert_int_equal(open_again(&o), ERR_BOX_MISPLACED);
        o.head = head;
        for (size_t i = 0; i < BOX_RECORD_LEN; i++) {
                o.box[i] ^= 1;
                assert_int_equal(open_again(&o), ERR_BOX_CLOSED);
                o.box[i] ^= 1;
        }
        assert_int_equal(box_open_record(o.key, o.public_key, &o.head,
                                 bytes_of(o.box, BOX_RECORD_LEN - 1), o.plain, &o.record),
                ERR_BOX_CLOSED);
        /* What cannot be a key is not sealed. */
        uint8_t box[BOX_RECORD_LEN];
        const struct bytes bad[] = {
                bytes_of(NULL, 0), bytes_of(zeros, 3), bytes_of_text("a key of five and twenty.")};

        for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(box_seal_record(o.public_key, &head, bad[i], box), ERR_INVALID);
        head.rows = 2;
        assert_int_equal(
                box_seal_record(o.public_key, &head, bytes_of_text("a"), box), ERR_INVALID);
        secret_free(&o.key);
}

static int group_setup(void **state)
{
        (void)state;
        return crypto_init(65536, false) == ERR_OK ? 0 : -1;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_published_statements_are_signed_alike),
                cmocka_unit_test(another_word_is_another_statement),
                cmocka_unit_test(the_published_keys_of_records_open),
                cmocka_unit_test(a_key_of_a_record_is_one_in_its_own_place),
        };

        return cmocka_run_group_tests(tests, group_setup, NULL);
}
