/* SPDX-License-Identifier: Apache-2.0 */
/* test_box.c: a box opens where it was meant to, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/box.h"
#include "crypto/digest.h"
#include "crypto/primitive.h"
#include "crypto/secret.h"
#include "tests/support/vectors.h"

enum { ROWS = 3, GUARDIANS = 2, PLAIN = BOX_PLAIN_FIXED + 5 * BOX_PER_PERSON };
enum { BOX_LEN = PLAIN + BOX_OVERHEAD };

static struct secret *key, *other_key;
static uint8_t public_key[BOX_PUBLIC_LEN], other_public[BOX_PUBLIC_LEN];

static const char ids[] = "189001019802"
                          "188912319809"
                          "a7\0\0\0\0\0\0\0\0\0\0";
static const uint8_t kinds[ROWS] = {PERSON_NATIONAL, PERSON_NATIONAL, PERSON_LOCAL};
static const char guardian_ids[] = "189106059801"
                                   "189207069800";
static const uint8_t guardian_kinds[GUARDIANS] = {PERSON_NATIONAL, PERSON_NATIONAL};

static const struct box_persons persons = {
        .rows = ROWS,
        .guardians = GUARDIANS,
        .persons = {(const uint8_t *)ids, kinds},
        .guardian_persons = {(const uint8_t *)guardian_ids, guardian_kinds},
};

static struct box_head head_new(void)
{
        struct box_head h = {
                .use = BOX_BATCH,
                .municipality = 180,
                .dataset = "placering",
                .submission = {{1, 2, 3}},
                .sequence = 7,
                .rows = ROWS,
        };

        box_key_id(public_key, h.key_id);
        return h;
}

static void box_new(uint8_t out[BOX_LEN])
{
        struct box_head h = head_new();

        assert_int_equal(box_seal(public_key, &h, &persons, out), ERR_OK);
}

static enum err opened(const struct box_head *h, struct bytes box, struct box_persons *out)
{
        static const uint8_t zero[BOX_LEN];
        uint8_t plain[BOX_LEN];
        size_t len = box.len < BOX_OVERHEAD ? 0 : box.len - BOX_OVERHEAD;
        enum err e;

        assert_true(box.len <= sizeof plain);
        memset(plain, 0xAA, sizeof plain);
        e = box_open(key, public_key, h, box, plain, out);
        if (e != ERR_OK)
                assert_memory_equal(plain, zero, len);
        assert_int_equal(plain[len], 0xAA);
        return e;
}

static void what_is_sealed_to_the_keeper_opens_as_it_was(void **state)
{
        uint8_t box[BOX_LEN], plain[PLAIN];
        struct box_head h = head_new();
        struct box_persons out;

        (void)state;
        assert_int_equal(box_plain_len(ROWS, GUARDIANS), PLAIN);
        box_new(box);
        assert_null(memmem(box, sizeof box, ids, PERSON_ID_LEN));
        assert_int_equal(
                box_open(key, public_key, &h, bytes_of(box, sizeof box), plain, &out), ERR_OK);
        assert_int_equal(out.rows, ROWS);
        assert_int_equal(out.guardians, GUARDIANS);
        assert_memory_equal(out.persons.ids, ids, ROWS * PERSON_ID_LEN);
        assert_memory_equal(out.persons.kinds, kinds, ROWS);
        assert_memory_equal(out.guardian_persons.ids, guardian_ids, GUARDIANS * PERSON_ID_LEN);
        assert_memory_equal(out.guardian_persons.kinds, guardian_kinds, GUARDIANS);
}

static void two_boxes_of_the_same_persons_have_nothing_in_common(void **state)
{
        uint8_t a[BOX_LEN], b[BOX_LEN];
        unsigned same = 0;

        (void)state;
        box_new(a);
        box_new(b);
        for (unsigned i = 0; i < BOX_LEN; i++)
                same += a[i] == b[i];
        assert_true(same < 16); /* some 0.6 by chance */
}

static void a_box_that_was_carried_elsewhere_does_not_fit(void **state)
{
        uint8_t box[BOX_LEN];
        struct box_head moved[9];
        struct box_persons out;

        (void)state;
        box_new(box);
        for (unsigned i = 0; i < ARRAY_LEN(moved); i++)
                moved[i] = head_new();
        moved[0].municipality = 1480;
        memcpy(moved[1].dataset, "anmalan\0\0", 10);
        memcpy(moved[2].dataset, "placerin\0", 10);
        moved[3].submission.bytes[15] ^= 1;
        moved[4].sequence = 8;
        moved[5].rows = ROWS + 1;
        moved[6].use = BOX_ERASE;
        moved[7].use = BOX_ALIAS;
        box_key_id(other_public, moved[8].key_id);
        for (unsigned i = 0; i < ARRAY_LEN(moved); i++)
                assert_int_equal(
                        opened(&moved[i], bytes_of(box, sizeof box), &out), ERR_BOX_MISPLACED);
}

static void every_flipped_bit_keeps_it_closed(void **state)
{
        uint8_t box[BOX_LEN];
        struct box_head h = head_new();
        struct box_persons out;

        (void)state;
        box_new(box);
        for (size_t bit = 0; bit < (size_t)BOX_LEN * 8; bit++) {
                enum err e;

                box[bit / 8] ^= (uint8_t)(1 << bit % 8);
                e = opened(&h, bytes_of(box, sizeof box), &out);
                assert_int_equal(e, ERR_BOX_CLOSED);
                box[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(opened(&h, bytes_of(box, sizeof box), &out), ERR_OK);
}

static void a_box_cut_short_or_grown_stays_closed(void **state)
{
        uint8_t box[BOX_LEN + 1] = {0}, plain[sizeof box];
        struct box_head h = head_new();
        struct box_persons out;

        (void)state;
        box_new(box);
        for (size_t len = 0; len < BOX_LEN; len++)
                assert_int_equal(opened(&h, bytes_of(box, len), &out), ERR_BOX_CLOSED);
        assert_int_equal(box_open(key, public_key, &h, bytes_of(box, sizeof box), plain, &out),
                ERR_BOX_CLOSED);
}

static void another_keeper_cannot_open_it(void **state)
{
        uint8_t box[BOX_LEN], plain[PLAIN];
        struct box_head h = head_new();
        struct box_persons out;
        struct bytes b = bytes_of(box, sizeof box);

        (void)state;
        box_new(box);
        assert_int_equal(box_open(other_key, other_public, &h, b, plain, &out), ERR_BOX_CLOSED);
        assert_int_equal(box_open(other_key, public_key, &h, b, plain, &out), ERR_BOX_CLOSED);
        assert_int_equal(box_open(key, other_public, &h, b, plain, &out), ERR_BOX_CLOSED);
}

/* A box made without box_seal, as whoever writes a client by hand may. */
static void forged(const uint8_t *plain, size_t len, uint32_t rows, enum err expected)
{
        uint8_t box[BOX_LEN + 64];
        uint8_t room[sizeof box];
        struct box_head h = head_new();
        struct box_persons out;

        h.rows = rows;
        assert_true(len + BOX_OVERHEAD <= sizeof box);
        assert_int_equal(box_seal_plain(public_key, plain, len, box), ERR_OK);
        assert_int_equal(
                box_open(key, public_key, &h, bytes_of(box, len + BOX_OVERHEAD), room, &out),
                expected);
}

static void plain_new(uint32_t rows_in_head, uint32_t rows, uint32_t guardians, uint8_t *out)
{
        struct box_head h = head_new();
        struct digest d;

        h.rows = rows_in_head;
        assert_int_equal(box_head_digest(&h, &d), ERR_OK);
        memcpy(out, d.bytes, sizeof d.bytes);
        for (unsigned i = 0; i < 4; i++) {
                out[32 + i] = (uint8_t)(rows >> 8 * i);
                out[36 + i] = (uint8_t)(guardians >> 8 * i);
        }
}

static void lengths_that_lie_are_refused(void **state)
{
        uint8_t plain[PLAIN + 13] = {0};

        (void)state;
        plain_new(ROWS, ROWS, GUARDIANS, plain);
        forged(plain, PLAIN, ROWS, ERR_OK);
        forged(plain, PLAIN - 1, ROWS, ERR_MALFORMED);
        forged(plain, PLAIN + 1, ROWS, ERR_MALFORMED);
        forged(plain, PLAIN + 13, ROWS, ERR_MALFORMED);
        forged(plain, BOX_PLAIN_FIXED, ROWS, ERR_MALFORMED);
        forged(plain, BOX_PLAIN_FIXED - 1, ROWS, ERR_MALFORMED);
        forged(plain, 0, ROWS, ERR_MALFORMED);
        plain_new(ROWS, ROWS - 1, GUARDIANS + 1, plain); /* adds up, and is not what was said */
        forged(plain, PLAIN, ROWS, ERR_MALFORMED);
        plain_new(ROWS, ROWS, UINT32_MAX, plain);
        forged(plain, PLAIN, ROWS, ERR_MALFORMED);
        plain_new(ROWS, UINT32_MAX, GUARDIANS, plain);
        forged(plain, PLAIN, ROWS, ERR_MALFORMED);
        /* 13 × (rows + guardians) that wraps in 32 bits. */
        plain_new(ROWS, ROWS, 2 + 0xC4EC4EC4u, plain);
        forged(plain, PLAIN, ROWS, ERR_MALFORMED);
        plain_new(BATCH_ROWS_MAX + 1, BATCH_ROWS_MAX + 1, 0, plain);
        forged(plain, PLAIN, BATCH_ROWS_MAX + 1, ERR_MALFORMED);
}

static void a_box_of_nobody_is_a_box(void **state)
{
        const struct box_persons nobody = {0};
        uint8_t box[BOX_PLAIN_FIXED + BOX_OVERHEAD];
        struct box_head h = head_new();
        struct box_persons out = persons;

        (void)state;
        h.rows = 0;
        assert_int_equal(box_seal(public_key, &h, &nobody, box), ERR_OK);
        assert_int_equal(opened(&h, bytes_of(box, sizeof box), &out), ERR_OK);
        assert_int_equal(out.rows, 0);
        assert_int_equal(out.guardians, 0);
}

static void a_full_batch_fits(void **state)
{
        enum { FULL = BATCH_ROWS_MAX };
        size_t len = box_plain_len(FULL, FULL);
        uint8_t *all = calloc(FULL, PERSON_ID_LEN), *k = calloc(FULL, 1);
        uint8_t *box = malloc(len + BOX_OVERHEAD), *plain = malloc(len);
        const struct box_persons full = {FULL, FULL, {all, k}, {all, k}};
        struct box_head h = head_new();
        struct box_persons out;

        (void)state;
        for (unsigned i = 0; i < FULL; i++)
                memcpy(all + (size_t)i * PERSON_ID_LEN, &i, sizeof i);
        h.rows = FULL;
        assert_int_equal(box_seal(public_key, &h, &full, box), ERR_OK);
        assert_int_equal(
                box_open(key, public_key, &h, bytes_of(box, len + BOX_OVERHEAD), plain, &out),
                ERR_OK);
        assert_memory_equal(out.guardian_persons.ids, all, (size_t)FULL * PERSON_ID_LEN);
        free(all);
        free(k);
        free(box);
        free(plain);
}

static void what_cannot_be_is_not_sealed(void **state)
{
        static const uint8_t small_order[BOX_PUBLIC_LEN];
        struct box_head bad[7], h = head_new();
        struct box_persons many = persons;
        uint8_t box[BOX_LEN], signature[SIGNATURE_LEN];

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
                bad[i] = h;
        bad[0].use = BOX_NONE;
        bad[1].use = (enum box_use)77;
        bad[2].key_id[15] = '\0';
        memset(bad[3].key_id, 'a', sizeof bad[3].key_id);
        memset(bad[4].dataset, 'a', sizeof bad[4].dataset);
        bad[5].municipality = 10000;
        bad[6].rows = ROWS - 1;
        for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(box_seal(public_key, &bad[i], &persons, box), ERR_INVALID);
        for (unsigned i = 0; i < 6; i++)
                assert_int_equal(box_sign(key, &bad[i], bytes_of(box, 10), signature), ERR_INVALID);
        assert_int_equal(box_seal(small_order, &h, &persons, box), ERR_INVALID);
        many.guardians = BATCH_ROWS_MAX * GUARDIANS_MAX + 1;
        assert_int_equal(box_seal(public_key, &h, &many, box), ERR_INVALID);
        many = persons;
        many.rows = h.rows = BATCH_ROWS_MAX + 1;
        assert_int_equal(box_seal(public_key, &h, &many, box), ERR_INVALID);
}

static void heads_that_differ_have_other_digests(void **state)
{
        struct box_head a = head_new(), b = a;
        struct digest x, y;

        (void)state;
        assert_int_equal(box_head_digest(&a, &x), ERR_OK);
        assert_int_equal(box_head_digest(&b, &y), ERR_OK);
        assert_true(digest_equal(&x, &y));
        memset(b.dataset + strlen(b.dataset) + 1, 'x', 5); /* behind the end is nothing */
        assert_int_equal(box_head_digest(&b, &y), ERR_OK);
        assert_true(digest_equal(&x, &y));
        b = a;
        b.sequence = ROWS;
        b.rows = 7; /* changed places */
        assert_int_equal(box_head_digest(&b, &y), ERR_OK);
        assert_false(digest_equal(&x, &y));
}

static void the_signature_stands_for_box_and_place(void **state)
{
        OWNED(secret_free) struct secret *signer = NULL;
        uint8_t box[BOX_LEN], who[SIGN_PUBLIC_LEN], signature[SIGNATURE_LEN], label[64];
        struct box_head h = head_new(), moved = h;
        struct bytes b = bytes_of(box, sizeof box);
        struct digest statement[2];

        (void)state;
        assert_int_equal(sign_keygen(&signer, who), ERR_OK);
        box_new(box);
        assert_int_equal(box_sign(signer, &h, b, signature), ERR_OK);
        assert_int_equal(box_check(who, &h, b, signature), ERR_OK);
        moved.sequence++;
        assert_int_equal(box_check(who, &moved, b, signature), ERR_TAMPERED);
        box[BOX_LEN - 1] ^= 1;
        assert_int_equal(box_check(who, &h, b, signature), ERR_TAMPERED);
        box[BOX_LEN - 1] ^= 1;
        assert_int_equal(box_check(public_key, &h, b, signature), ERR_TAMPERED);
        for (unsigned bit = 0; bit < SIGNATURE_LEN * 8; bit++) {
                signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_equal(box_check(who, &h, b, signature), ERR_TAMPERED);
                signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        /* It is over what the header says. */
        assert_int_equal(box_head_digest(&h, &statement[0]), ERR_OK);
        digest_of(b, &statement[1]);
        assert_int_equal(
                sign_make(signer, "statgate/box/1", bytes_of(statement, 64), label), ERR_OK);
        assert_memory_equal(label, signature, SIGNATURE_LEN);
}

static void key_ids_are_of_the_public_key(void **state)
{
        uint8_t again[BOX_PUBLIC_LEN];
        char id[BOX_KEY_ID_LEN + 1], other[BOX_KEY_ID_LEN + 1];
        struct digest d;

        (void)state;
        assert_int_equal(box_public_of(key, again), ERR_OK);
        assert_memory_equal(again, public_key, sizeof again);
        box_key_id(public_key, id);
        box_key_id(other_public, other);
        assert_int_equal(strlen(id), BOX_KEY_ID_LEN);
        assert_string_not_equal(id, other);
        digest_of(bytes_of(public_key, BOX_PUBLIC_LEN), &d);
        hex_encode(bytes_of(d.bytes, 8), other);
        assert_string_equal(id, other);
}

static enum box_use use_of(const char *word)
{
#define USE_OF(name, text)                                                                         \
        if (strcmp(word, text) == 0)                                                               \
                return BOX_##name;
        BOX_USES(USE_OF)
#undef USE_OF
        return BOX_NONE;
}

static struct box_head vector_head(const struct vector *v)
{
        struct box_head h = {
                .use = use_of(vector_text(v, "use")),
                .municipality = (municipality_t)vector_number(v, "municipality"),
                .sequence = (uint32_t)vector_number(v, "sequence"),
                .rows = (uint32_t)vector_number(v, "rows"),
        };
        uint8_t submission[VECTOR_BYTES_MAX];

        assert_int_equal(vector_bytes(v, "submission", submission), sizeof h.submission.bytes);
        memcpy(h.submission.bytes, submission, sizeof h.submission.bytes);
        memcpy(h.dataset, vector_text(v, "dataset"), strlen(vector_text(v, "dataset")));
        memcpy(h.key_id, vector_text(v, "key_id"), BOX_KEY_ID_LEN);
        return h;
}

static void vector_opens(const struct vector *v)
{
        OWNED(secret_free) struct secret *keeper = NULL;
        uint8_t bytes[VECTOR_BYTES_MAX], public_here[VECTOR_BYTES_MAX], made[BOX_PUBLIC_LEN];
        uint8_t box[VECTOR_BYTES_MAX], expected[VECTOR_BYTES_MAX], plain[VECTOR_BYTES_MAX];
        uint8_t who[VECTOR_BYTES_MAX], signature[VECTOR_BYTES_MAX];
        struct box_head h = vector_head(v);
        size_t len = vector_bytes(v, "box", box), plain_len = vector_bytes(v, "plain", expected);
        struct box_persons out;
        struct digest head;
        char id[BOX_KEY_ID_LEN + 1];

        assert_int_equal(secret_copy(bytes, vector_bytes(v, "secret", bytes), &keeper), ERR_OK);
        assert_int_equal(vector_bytes(v, "public", public_here), BOX_PUBLIC_LEN);
        assert_int_equal(box_public_of(keeper, made), ERR_OK);
        assert_memory_equal(made, public_here, sizeof made);
        box_key_id(made, id);
        assert_string_equal(id, vector_text(v, "key_id"));
        assert_int_equal(box_head_digest(&h, &head), ERR_OK);
        assert_int_equal(vector_bytes(v, "head", bytes), sizeof head.bytes);
        assert_memory_equal(head.bytes, bytes, sizeof head.bytes);
        assert_int_equal(len, plain_len + BOX_OVERHEAD);
        assert_int_equal(box_open(keeper, made, &h, bytes_of(box, len), plain, &out), ERR_OK);
        assert_memory_equal(plain, expected, plain_len);
        assert_int_equal(out.guardians, vector_number(v, "guardians"));
        assert_int_equal(vector_bytes(v, "signer", who), SIGN_PUBLIC_LEN);
        assert_int_equal(vector_bytes(v, "signature", signature), SIGNATURE_LEN);
        assert_int_equal(box_check(who, &h, bytes_of(box, len), signature), ERR_OK);
}

static void the_published_boxes_open(void **state)
{
        static struct vector v;
        FILE *in = vectors_open(STATGATE_ROOT, "boxes.txt");
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++)
                vector_opens(&v);
        fclose(in);
        assert_true(count >= 4);
}

static void a_failed_allocation_seals_nothing(void **state)
{
        struct box_head h = head_new();
        bool failed = false;

        (void)state;
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                OWNED(secret_free) struct secret *fresh = NULL;
                uint8_t box[BOX_LEN] = {0}, made[BOX_PUBLIC_LEN];
                enum err e = box_keygen(&fresh, made);

                assert_true((e == ERR_OK) == (fresh != NULL));
                failed |= e != ERR_OK;
                e = box_seal(public_key, &h, &persons, box);
                assert_true(e == ERR_OK || e == ERR_NO_MEMORY);
                if (e != ERR_OK)
                        assert_int_equal(box[0] | box[40] | box[BOX_LEN - 1], 0);
        }
        fault_disarm();
        assert_true(failed);
}

static int group_setup(void **state)
{
        (void)state;
        if (crypto_init(65536, false) != ERR_OK || box_keygen(&key, public_key) != ERR_OK)
                return -1;
        return box_keygen(&other_key, other_public) == ERR_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
        (void)state;
        secret_free(&key);
        secret_free(&other_key);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_sealed_to_the_keeper_opens_as_it_was),
                cmocka_unit_test(two_boxes_of_the_same_persons_have_nothing_in_common),
                cmocka_unit_test(a_box_that_was_carried_elsewhere_does_not_fit),
                cmocka_unit_test(every_flipped_bit_keeps_it_closed),
                cmocka_unit_test(a_box_cut_short_or_grown_stays_closed),
                cmocka_unit_test(another_keeper_cannot_open_it),
                cmocka_unit_test(lengths_that_lie_are_refused),
                cmocka_unit_test(a_box_of_nobody_is_a_box),
                cmocka_unit_test(a_full_batch_fits),
                cmocka_unit_test(what_cannot_be_is_not_sealed),
                cmocka_unit_test(heads_that_differ_have_other_digests),
                cmocka_unit_test(the_signature_stands_for_box_and_place),
                cmocka_unit_test(key_ids_are_of_the_public_key),
                cmocka_unit_test(the_published_boxes_open),
                cmocka_unit_test(a_failed_allocation_seals_nothing),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
