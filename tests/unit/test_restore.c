/* SPDX-License-Identifier: Apache-2.0 */
/* test_restore.c: what officers sign when a log goes on from a backup: forged, too few, twice the
 * same officer, about something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/merkle.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "policies/rules/restore.h"

enum { OFFICERS = 3, FILE_ROOM = 8192 };

static struct secret *keys[OFFICERS + 1]; /* the last is nobody's officer */
static uint8_t publics[(OFFICERS + 1) * OFFICER_KEY_LEN];

static int group_setup(void **state)
{
        (void)state;
        if (crypto_init(65536, false) != ERR_OK)
                return -1;
        for (unsigned i = 0; i <= OFFICERS; i++)
                if (sign_keygen(&keys[i], publics + (size_t)i * OFFICER_KEY_LEN) != ERR_OK)
                        return -1;
        return 0;
}

static int group_teardown(void **state)
{
        (void)state;
        for (unsigned i = 0; i <= OFFICERS; i++)
                secret_free(&keys[i]);
        return 0;
}

static struct authority officers(uint32_t required)
{
        return (struct authority){publics, OFFICERS, required};
}

static struct restore_statement sample(void)
{
        struct restore_statement s = {
                .known_size = 1200, .size = 900, .why = bytes_of_text("disken gick sönder 3 maj")};

        memset(s.known_root.bytes, 0xaa, sizeof s.known_root.bytes);
        memset(s.root.bytes, 0xbb, sizeof s.root.bytes);
        return s;
}

/* Bytes of the test's own, good until the next call with the same place. */
static struct bytes keep(struct buf *b, uint8_t *room, size_t len)
{
        struct bytes bytes;

        assert_int_equal(buf_end(b, &bytes), ERR_OK);
        assert_true(bytes.len <= len);
        memcpy(room, bytes.data, bytes.len);
        bytes.data = room;
        buf_done(b);
        return bytes;
}

static struct bytes encoded(const struct restore_statement *s, uint8_t room[FILE_ROOM])
{
        struct buf out;

        buf_init(&out, FILE_ROOM);
        assert_int_equal(restore_encode(s, &out), ERR_OK);
        return keep(&out, room, FILE_ROOM);
}

/* The file after these officers, -1 at the end. */
static struct bytes signed_by(struct bytes statement, const int *who, uint8_t room[FILE_ROOM])
{
        struct bytes file = bytes_of(NULL, 0);
        struct buf out;

        for (; *who >= 0; who++) {
                buf_init(&out, FILE_ROOM);
                assert_int_equal(restore_sign(statement, keys[*who], file, &out), ERR_OK);
                file = keep(&out, room, FILE_ROOM);
        }
        return file;
}
#define SIGNED(statement, room, ...) signed_by((statement), (const int[]){__VA_ARGS__, -1}, (room))

static void a_statement_is_read_as_it_was_written(void **state)
{
        uint8_t room[FILE_ROOM], again[FILE_ROOM];
        struct restore_statement s = sample(), read;
        struct bytes bytes = encoded(&s, room);

        (void)state;
        assert_int_equal(restore_decode(bytes, &read), ERR_OK);
        assert_int_equal(read.known_size, 1200);
        assert_int_equal(read.size, 900);
        assert_memory_equal(read.known_root.bytes, s.known_root.bytes, 32);
        assert_memory_equal(read.root.bytes, s.root.bytes, 32);
        assert_true(bytes_equal(read.why, s.why));
        assert_true(bytes_equal(encoded(&read, again), bytes));
        for (size_t len = 0; len < bytes.len; len++)
                assert_int_equal(restore_decode(bytes_of(room, len), &read), ERR_MALFORMED);
        room[bytes.len] = 0;
        assert_int_equal(restore_decode(bytes_of(room, bytes.len + 1), &read), ERR_MALFORMED);
        for (size_t at = 0; at < sizeof RESTORE_LABEL; at++) {
                room[at] ^= 1;
                assert_int_equal(restore_decode(bytes, &read), ERR_MALFORMED);
                room[at] ^= 1;
        }
}

static void refuse_encoding(const struct restore_statement *s)
{
        struct buf out;

        buf_init(&out, FILE_ROOM);
        assert_int_equal(restore_encode(s, &out), ERR_INVALID);
        buf_done(&out);
}

static void a_statement_about_nothing_is_none(void **state)
{
        char why[RESTORE_WHY_MAX + 1];
        struct restore_statement s = sample();
        uint8_t room[FILE_ROOM];
        struct bytes bytes;

        (void)state;
        s.known_size = 0;
        refuse_encoding(&s);
        s = sample();
        s.size = s.known_size;
        s.root = s.known_root;
        refuse_encoding(&s);
        s.root.bytes[0] ^= 1; /* a fork of the same length is something */
        bytes = encoded(&s, room);
        assert_int_equal(restore_decode(bytes, &s), ERR_OK);
        s = sample();
        s.size = 0; /* a log of nothing has one root */
        refuse_encoding(&s);
        merkle_empty_root(&s.root);
        (void)encoded(&s, room);
        s = sample();
        s.why = bytes_of_text("en rad\nen till");
        refuse_encoding(&s);
        s.why = bytes_of_text("\x1b[2J");
        refuse_encoding(&s);
        memset(why, 'x', sizeof why);
        s.why = bytes_of(why, sizeof why);
        refuse_encoding(&s);
        s.why.len--;
        (void)encoded(&s, room);
}

/* What restore_encode does not write is not read from others either. */
static void a_statement_that_was_written_by_others_is_held_to_the_same(void **state)
{
        enum { KNOWN_AT = sizeof RESTORE_LABEL, SIZE_AT = KNOWN_AT + 40 };
        uint8_t room[FILE_ROOM], bad[FILE_ROOM];
        struct restore_statement s = sample(), read;
        struct bytes bytes = encoded(&s, room);

        (void)state;
        memcpy(bad, room, bytes.len);
        memset(bad + KNOWN_AT, 0, 8);
        assert_int_equal(restore_decode(bytes_of(bad, bytes.len), &read), ERR_MALFORMED);
        memcpy(bad, room, bytes.len);
        memset(bad + SIZE_AT, 0, 8);
        assert_int_equal(restore_decode(bytes_of(bad, bytes.len), &read), ERR_MALFORMED);
        memcpy(bad, room, bytes.len);
        memcpy(bad + SIZE_AT, bad + KNOWN_AT, 40);
        assert_int_equal(restore_decode(bytes_of(bad, bytes.len), &read), ERR_MALFORMED);
        memcpy(bad, room, bytes.len);
        bad[bytes.len - 1] = '\n';
        assert_int_equal(restore_decode(bytes_of(bad, bytes.len), &read), ERR_MALFORMED);
}

static void enough_officers_are_enough(void **state)
{
        uint8_t room[FILE_ROOM], file_room[FILE_ROOM];
        struct restore_statement s = sample(), read;
        struct bytes statement = encoded(&s, room), file;
        struct authority two = officers(2), three = officers(3), none = officers(0);

        (void)state;
        file = SIGNED(statement, file_room, 0);
        assert_int_equal(restore_check(file, &two, &read), ERR_POLICY_SIGNATURE);
        file = SIGNED(statement, file_room, 2, 0);
        assert_int_equal(restore_check(file, &two, &read), ERR_OK);
        assert_int_equal(read.size, 900);
        assert_int_equal(restore_check(file, &three, &read), ERR_POLICY_SIGNATURE);
        /* Where nobody is required nobody can agree. */
        assert_int_equal(restore_check(file, &none, &read), ERR_POLICY_SIGNATURE);
        /* A stranger's signature counts for nothing, and spoils nothing. */
        file = SIGNED(statement, file_room, 1, OFFICERS);
        assert_int_equal(restore_check(file, &two, &read), ERR_POLICY_SIGNATURE);
        file = SIGNED(statement, file_room, 1, OFFICERS, 0);
        assert_int_equal(restore_check(file, &two, &read), ERR_OK);
}

static void an_officer_who_signs_twice_is_one_officer(void **state)
{
        uint8_t room[FILE_ROOM], file_room[FILE_ROOM];
        struct restore_statement s = sample(), read;
        struct bytes statement = encoded(&s, room);
        struct bytes file = SIGNED(statement, file_room, 0);
        struct authority two = officers(2);
        struct buf out;

        (void)state;
        buf_init(&out, FILE_ROOM);
        assert_int_equal(restore_sign(statement, keys[0], file, &out), ERR_CONFLICT);
        buf_done(&out);
        /* By hand: the same signature once more. */
        memcpy(file_room + file.len, file_room + file.len - 96, 96);
        file_room[file.len - 97] = 2;
        file.len += 96;
        assert_int_equal(restore_check(file, &two, &read), ERR_MALFORMED);
}

static void a_signature_for_another_statement_or_kind_is_none(void **state)
{
        uint8_t room[FILE_ROOM], other_room[FILE_ROOM], file_room[FILE_ROOM];
        struct restore_statement s = sample(), other = sample(), read;
        struct bytes statement = encoded(&s, room), file;
        struct authority one = officers(1);
        struct buf out;

        (void)state;
        other.size--;
        file = SIGNED(statement, file_room, 0);
        buf_init(&out, FILE_ROOM);
        assert_int_equal(
                restore_sign(encoded(&other, other_room), keys[1], file, &out), ERR_INVALID);
        buf_done(&out);
        /* The officer's signature under this statement, moved to another. */
        memcpy(file_room + 4, other_room, statement.len);
        assert_int_equal(restore_check(file, &one, &read), ERR_POLICY_SIGNATURE);
        /* One that she gave a policy, over the very same bytes. */
        file = SIGNED(statement, file_room, 0);
        assert_int_equal(
                sign_make(keys[0], BUNDLE_LABEL, statement, file_room + file.len - SIGNATURE_LEN),
                ERR_OK);
        assert_int_equal(restore_check(file, &one, &read), ERR_POLICY_SIGNATURE);
}

static void a_file_with_any_bit_changed_says_nothing(void **state)
{
        uint8_t room[FILE_ROOM], file_room[FILE_ROOM];
        struct restore_statement s = sample(), read;
        struct bytes file = SIGNED(encoded(&s, room), file_room, 0, 1);
        struct authority two = officers(2);

        (void)state;
        assert_int_equal(restore_check(file, &two, &read), ERR_OK);
        for (size_t bit = 0; bit < file.len * 8; bit++) {
                file_room[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_not_equal(restore_check(file, &two, &read), ERR_OK);
                file_room[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t len = 0; len < file.len; len++)
                assert_int_equal(
                        restore_check(bytes_of(file_room, len), &two, &read), ERR_MALFORMED);
        file_room[file.len] = 0;
        assert_int_equal(
                restore_check(bytes_of(file_room, file.len + 1), &two, &read), ERR_MALFORMED);
}

static void nobody_agrees_without_a_reason(void **state)
{
        uint8_t room[FILE_ROOM], file_room[FILE_ROOM];
        struct restore_statement s = sample();
        struct signed_restore read;
        struct authority one = officers(1);
        struct bytes file;
        struct buf out;

        (void)state;
        s.why = bytes_of(NULL, 0);
        buf_init(&out, FILE_ROOM);
        assert_int_equal(restore_file_begin(&s, &out), ERR_OK);
        file = keep(&out, file_room, FILE_ROOM);
        assert_int_equal(restore_file_decode(file, &read), ERR_OK);
        assert_int_equal(read.signatures_len, 0);
        buf_init(&out, FILE_ROOM);
        assert_int_equal(
                restore_sign(encoded(&s, room), keys[0], bytes_of(NULL, 0), &out), ERR_INVALID);
        buf_done(&out);
        assert_int_equal(restore_check(file, &one, &s), ERR_MALFORMED);
        /* With one, a file without signatures takes the first like any other. */
        s = sample();
        buf_init(&out, FILE_ROOM);
        assert_int_equal(restore_file_begin(&s, &out), ERR_OK);
        file = keep(&out, file_room, FILE_ROOM);
        assert_int_equal(restore_check(file, &one, &s), ERR_POLICY_SIGNATURE);
        buf_init(&out, FILE_ROOM);
        assert_int_equal(restore_sign(encoded(&s, room), keys[0], file, &out), ERR_OK);
        file = keep(&out, file_room, FILE_ROOM);
        assert_int_equal(restore_check(file, &one, &s), ERR_OK);
}

static void there_is_room_for_sixteen(void **state)
{
        uint8_t room[FILE_ROOM], file_room[FILE_ROOM], public[OFFICER_KEY_LEN];
        struct restore_statement s = sample();
        struct bytes statement = encoded(&s, room), file = bytes_of(NULL, 0);
        struct buf out;

        (void)state;
        for (unsigned i = 0; i <= SIGNATURES_MAX; i++) {
                OWNED(secret_free) struct secret *key = NULL;

                assert_int_equal(sign_keygen(&key, public), ERR_OK);
                buf_init(&out, FILE_ROOM);
                assert_int_equal(restore_sign(statement, key, file, &out),
                        i < SIGNATURES_MAX ? ERR_OK : ERR_LIMIT);
                if (i < SIGNATURES_MAX)
                        file = keep(&out, file_room, FILE_ROOM);
                buf_done(&out);
        }
        assert_true(file.len <= RESTORE_FILE_MAX);
}

static void every_failed_allocation_is_an_error(void **state)
{
        uint8_t room[FILE_ROOM];
        struct restore_statement s = sample();
        struct bytes statement = encoded(&s, room), file;
        struct authority one = officers(1);

        (void)state;
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                OWNED(buf_done) struct buf out = {.ceiling = FILE_ROOM};

                if (restore_sign(statement, keys[0], bytes_of(NULL, 0), &out) != ERR_OK)
                        continue;
                if (buf_end(&out, &file) == ERR_OK)
                        (void)!restore_check(file, &one, &s);
        }
        fault_disarm();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_statement_is_read_as_it_was_written),
                cmocka_unit_test(a_statement_about_nothing_is_none),
                cmocka_unit_test(a_statement_that_was_written_by_others_is_held_to_the_same),
                cmocka_unit_test(enough_officers_are_enough),
                cmocka_unit_test(an_officer_who_signs_twice_is_one_officer),
                cmocka_unit_test(a_signature_for_another_statement_or_kind_is_none),
                cmocka_unit_test(a_file_with_any_bit_changed_says_nothing),
                cmocka_unit_test(nobody_agrees_without_a_reason),
                cmocka_unit_test(there_is_room_for_sixteen),
                cmocka_unit_test(every_failed_allocation_is_an_error),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
