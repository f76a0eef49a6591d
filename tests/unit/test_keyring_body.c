/* SPDX-License-Identifier: Apache-2.0 */
/* test_keyring_body.c: even behind the seal, the body of a keyring is input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/keyring_state.h"
#include "crypto/secret.h"

static void body_is(const struct buf *b, uint32_t version, enum err expected)
{
        OWNED(keyring_free) struct keyring *k = NULL;

        assert_int_equal(keyring_blank(&k), ERR_OK);
        k->header.version = version;
        assert_int_equal(keyring_body_read(bytes_of(b->data, b->len), k), expected);
}

/* Two data sets of one municipality, and what can be wrong with them. */
struct body {
        uint32_t signers, required, officers;
        uint8_t persons;
        uint32_t person_epochs[3];
        const char *first, *second; /* data sets */
        municipality_t municipality;
        uint32_t highest;
        uint8_t epochs; /* of each */
        uint32_t numbers[3];
        uint32_t linkages;
        uint8_t has_noise;        /* of each */
        uint8_t sealing, signing; /* pairs */
        int64_t first_until, second_until;
        uint8_t notes;
        const char *note;
        uint32_t note_len;
        unsigned keys; /* × 32 */
};

static const struct body good = {
        .signers = 1,
        .persons = 1,
        .person_epochs = {1, 2, 3},
        .first = "a",
        .second = "b",
        .municipality = 114,
        .highest = 4,
        .epochs = 1,
        .numbers = {3, 4, 5},
        .sealing = 1,
        .signing = 1,
        .second_until = 7,
        .note = "aliases",
        .note_len = 32,
        .keys = 1 + 2 * 3 + 2,
};

static void pairs_write(uint8_t len, const struct body *what, struct buf *out)
{
        put_u8(out, len);
        for (uint8_t i = 0; i < len && i < 5; i++) {
                put_i64(out, 1);
                put_i64(out, i == 0 ? what->first_until : what->second_until);
        }
}

static void domain_write(const char *name, const struct body *what, struct buf *out)
{
        put_text(out, name);
        put_u16(out, what->municipality);
        put_u32(out, what->highest);
        put_u8(out, what->epochs);
        for (uint8_t i = 0; i < what->epochs && i < 3; i++) {
                put_u32(out, what->numbers[i]);
                put_i64(out, 1);
        }
}

static void body_write(const struct body *what, struct buf *out)
{
        static const uint8_t zero[2048];

        buf_init(out, 1 << 16);
        put_u32(out, what->signers);
        put_raw(out, zero, (what->signers < 17 ? what->signers : 0) * 32);
        put_u64(out, 1);
        put_raw(out, zero, 32);
        put_u32(out, what->required);
        put_u32(out, what->officers);
        put_raw(out, zero, (what->officers < 17 ? what->officers : 0) * 32);
        put_i64(out, 0);
        put_u8(out, what->persons);
        for (uint8_t i = 0; i < what->persons && i < 3; i++) {
                put_u32(out, what->person_epochs[i]);
                put_i64(out, 1);
        }
        put_u32(out, 2);
        domain_write(what->first, what, out);
        domain_write(what->second, what, out);
        put_u32(out, what->linkages);
        for (uint32_t i = 0; i < what->linkages && i < 2; i++) {
                put_text(out, i == 0 ? "alla" : "barn");
                put_i64(out, 1);
                put_u8(out, what->has_noise);
        }
        pairs_write(what->sealing, what, out);
        pairs_write(what->signing, what, out);
        put_u8(out, what->notes);
        for (uint8_t i = 0; i < what->notes && i < 17; i++) {
                put_text(out, what->note);
                put_u32(out, what->note_len);
        }
        put_raw(out, zero, what->keys * 32);
}

static void is(const struct body *what, enum err expected)
{
        OWNED(buf_done) struct buf b;

        body_write(what, &b);
        body_is(&b, KEYRING_BLOB_VERSION, expected);
}

/* One line, one lie. */
#define REFUSED(...)                                                                               \
        do {                                                                                       \
                struct body b = good;                                                              \
                __VA_ARGS__;                                                                       \
                is(&b, ERR_KEYRING);                                                               \
        } while (0)
#define ACCEPTED(...)                                                                              \
        do {                                                                                       \
                struct body b = good;                                                              \
                __VA_ARGS__;                                                                       \
                is(&b, ERR_OK);                                                                    \
        } while (0)

static void signers_and_officers_make_sense(void **state)
{
        (void)state;
        ACCEPTED((void)0);
        REFUSED(b.signers = 0);
        REFUSED(b.signers = 17);
        REFUSED(b.required = 1);
        REFUSED(b.officers = 2);
        REFUSED(b.required = b.officers = 17);
        ACCEPTED(b.required = b.officers = 2);
}

static void persons_have_one_epoch_or_two(void **state)
{
        (void)state;
        REFUSED(b.persons = 0; b.keys--);
        REFUSED(b.persons = 3; b.keys += 2);
        REFUSED(b.person_epochs[0] = 0);
        ACCEPTED(b.persons = 2; b.keys++);
        REFUSED(b.persons = 2; b.keys++; b.person_epochs[1] = 1);
}

static void domains_ascend_and_their_epochs_too(void **state)
{
        (void)state;
        REFUSED(b.second = "a");
        REFUSED(b.first = "c");
        REFUSED(b.first = "");
        REFUSED(b.first = "\n");
        REFUSED(b.municipality = 0);
        REFUSED(b.highest = 0; b.epochs = 0; b.keys -= 6);
        REFUSED(b.numbers[0] = 0);
        REFUSED(b.numbers[0] = 5);
        ACCEPTED(b.epochs = 2; b.keys += 6);
        REFUSED(b.epochs = 2; b.keys += 6; b.numbers[0] = 4);
        REFUSED(b.epochs = 3; b.keys += 12; b.highest = 5);
        ACCEPTED(b.epochs = 0; b.keys -= 6); /* destroyed */
}

static void linkages_say_whether_they_have_noise(void **state)
{
        (void)state;
        REFUSED(b.linkages = UINT32_MAX);
        ACCEPTED(b.linkages = 2; b.keys += 2);
        ACCEPTED(b.linkages = 2; b.has_noise = 1; b.keys += 4);
        REFUSED(b.linkages = 2; b.has_noise = 2; b.keys += 4);
        REFUSED(b.linkages = 2; b.has_noise = 1; b.keys += 3);
        REFUSED(b.linkages = 2; b.keys += 3);
}

static void pairs_are_there_and_the_newest_has_no_end(void **state)
{
        (void)state;
        REFUSED(b.sealing = 0; b.keys--);
        REFUSED(b.signing = 0; b.keys--);
        REFUSED(b.first_until = 1);
        ACCEPTED(b.sealing = 4; b.keys += 3);
        REFUSED(b.sealing = 5; b.keys += 4);
        REFUSED(b.signing = 2; b.keys++; b.second_until = 0);
}

static void notes_have_names_and_an_end(void **state)
{
        (void)state;
        ACCEPTED(b.notes = 1; b.keys++);
        REFUSED(b.notes = 1);
        REFUSED(b.notes = 2; b.keys += 2); /* the same twice */
        REFUSED(b.notes = 1; b.note_len = 0);
        REFUSED(b.notes = 1; b.note_len = UINT32_MAX);
        REFUSED(b.notes = 1; b.note = ""; b.keys++);
}

static void nothing_is_missing_and_nothing_left_over(void **state)
{
        OWNED(buf_done) struct buf whole;
        struct body all = good;

        (void)state;
        all.persons = all.epochs = all.sealing = all.signing = 2;
        all.linkages = 2;
        all.notes = 1;
        all.keys = 2 + 12 + 2 + 4 + 1;
        REFUSED(b.keys--);
        REFUSED(b.keys++);
        body_write(&all, &whole);
        body_is(&whole, KEYRING_BLOB_VERSION, ERR_OK);
        while (whole.len-- > 0)
                body_is(&whole, KEYRING_BLOB_VERSION, ERR_KEYRING);
}

/* Versions 1 to 3 have fewer fields; a body is not read as another version's. */
static void a_body_is_of_one_version(void **state)
{
        OWNED(buf_done) struct buf b;

        (void)state;
        body_write(&good, &b);
        for (uint32_t version = KEYRING_BLOB_FIRST; version < KEYRING_BLOB_VERSION; version++)
                body_is(&b, version, ERR_KEYRING);
}

static int group_setup(void **state)
{
        (void)state;
        return crypto_init(1 << 18, false) == ERR_OK ? 0 : -1;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(signers_and_officers_make_sense),
                cmocka_unit_test(persons_have_one_epoch_or_two),
                cmocka_unit_test(domains_ascend_and_their_epochs_too),
                cmocka_unit_test(linkages_say_whether_they_have_noise),
                cmocka_unit_test(pairs_are_there_and_the_newest_has_no_end),
                cmocka_unit_test(notes_have_names_and_an_end),
                cmocka_unit_test(nothing_is_missing_and_nothing_left_over),
                cmocka_unit_test(a_body_is_of_one_version),
        };

        return cmocka_run_group_tests(tests, group_setup, NULL);
}
