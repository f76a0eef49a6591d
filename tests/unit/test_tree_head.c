/* SPDX-License-Identifier: Apache-2.0 */
/* test_tree_head.c: leaves, heads and certificates, and whatever is not quite one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/answer_certificate.h"
#include "crypto/secret.h"
#include "tests/support/vectors.h"

/* Leaves ------------------------------------------------------------------------- */

static void digest_from(const struct vector *v, const char *name, struct digest *out)
{
        uint8_t bytes[VECTOR_BYTES_MAX];

        assert_int_equal(vector_bytes(v, name, bytes), sizeof out->bytes);
        memcpy(out->bytes, bytes, sizeof out->bytes);
}

static void part_from(
        const struct vector *v, const char *salt_name, const char *name, struct digest *out)
{
        uint8_t salt[VECTOR_BYTES_MAX], content[VECTOR_BYTES_MAX];

        assert_int_equal(vector_bytes(v, salt_name, salt), LEAF_SALT_LEN);
        leaf_part(salt, bytes_of(content, vector_bytes(v, name, content)), out);
}

static void leaves_are_those_published(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "leaves.txt");
        struct digest open, closed, commitment, leaf, expected;
        struct vector v;
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                part_from(&v, "open_salt", "open", &open);
                digest_from(&v, "open_part", &expected);
                assert_memory_equal(open.bytes, expected.bytes, 32);
                part_from(&v, "closed_salt", "closed", &closed);
                digest_from(&v, "closed_part", &expected);
                assert_memory_equal(closed.bytes, expected.bytes, 32);
                leaf_commitment(&open, &closed, &commitment);
                digest_from(&v, "commitment", &expected);
                assert_memory_equal(commitment.bytes, expected.bytes, 32);
                leaf_hash((uint64_t)vector_number(&v, "number"), vector_number(&v, "at_ms"),
                        (uint16_t)vector_number(&v, "kind"), &commitment, &leaf);
                digest_from(&v, "leaf", &expected);
                assert_memory_equal(leaf.bytes, expected.bytes, 32);
        }
        assert_int_equal(count, 5);
        (void)fclose(in);
}

/* Heads -------------------------------------------------------------------------- */

static struct secret *key;
static uint8_t public_key[SIGN_PUBLIC_LEN];
static struct tree_head head;

static int group_setup(void **state)
{
        (void)state;
        if (crypto_init(65536, false) != ERR_OK || sign_keygen(&key, public_key) != ERR_OK)
                return -1;
        head = (struct tree_head){.size = 1200, .at_ms = 1767225600000};
        memset(head.root.bytes, 0xa7, sizeof head.root.bytes);
        box_key_id(public_key, head.key_id);
        return tree_head_sign(key, &head) == ERR_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
        (void)state;
        secret_free(&key);
        return 0;
}

static void heads_are_those_published(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "heads.txt");
        uint8_t bytes[VECTOR_BYTES_MAX];
        char line[TREE_HEAD_TEXT_MAX];
        struct tree_head h;
        struct vector v;
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                const char *text = vector_text(&v, "line");

                assert_int_equal(tree_head_parse(bytes_of_text(text), &h), ERR_OK);
                assert_int_equal(h.size, strtoull(vector_text(&v, "size"), NULL, 10));
                assert_true(h.at_ms == strtoll(vector_text(&v, "at_ms"), NULL, 10));
                assert_string_equal(h.key_id, vector_text(&v, "key_id"));
                assert_int_equal(vector_bytes(&v, "public", bytes), SIGN_PUBLIC_LEN);
                assert_int_equal(tree_head_check(bytes, &h), ERR_OK);
                tree_head_format(&h, line);
                assert_memory_equal(line, text, strlen(text));
                assert_string_equal(line + strlen(text), "\n");
                assert_int_equal(tree_head_parse(bytes_of_text(line), &h), ERR_OK);
        }
        assert_int_equal(count, 3);
        (void)fclose(in);
}

static void a_head_is_signed_for_its_size_root_and_time(void **state)
{
        struct tree_head other = head;

        (void)state;
        assert_int_equal(tree_head_check(public_key, &other), ERR_OK);
        other.size++;
        assert_int_equal(tree_head_check(public_key, &other), ERR_TAMPERED);
        other = head;
        other.at_ms--;
        assert_int_equal(tree_head_check(public_key, &other), ERR_TAMPERED);
        for (unsigned bit = 0; bit < 256; bit++) {
                other = head;
                other.root.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_equal(tree_head_check(public_key, &other), ERR_TAMPERED);
        }
        for (unsigned bit = 0; bit < SIGNATURE_LEN * 8; bit++) {
                other = head;
                other.signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_equal(tree_head_check(public_key, &other), ERR_TAMPERED);
        }
}

static void a_signer_makes_the_same_head(void **state)
{
        OWNED(signer_free) struct signer *signer = NULL;
        struct tree_head other = head;

        (void)state;
        memset(other.signature, 0, sizeof other.signature);
        assert_int_equal(signer_new(key, &signer), ERR_OK);
        assert_int_equal(tree_head_sign_by(signer, &other), ERR_OK);
        assert_memory_equal(other.signature, head.signature, sizeof other.signature);
}

static void a_signature_under_another_label_is_no_head(void **state)
{
        struct tree_head other = head;
        uint8_t statement[48] = {0};

        (void)state;
        statement[0] = 1200 & 255;
        statement[1] = 1200 >> 8;
        memcpy(statement + 8, head.root.bytes, 32);
        for (unsigned i = 0; i < 8; i++)
                statement[40 + i] = (uint8_t)((uint64_t)head.at_ms >> 8 * i);
        assert_int_equal(sign_make(key, "statgate/head/1", bytes_of(statement, sizeof statement),
                                 other.signature),
                ERR_OK);
        assert_int_equal(tree_head_check(public_key, &other), ERR_OK);
        assert_int_equal(sign_make(key, "statgate/policy/1", bytes_of(statement, sizeof statement),
                                 other.signature),
                ERR_OK);
        assert_int_equal(tree_head_check(public_key, &other), ERR_TAMPERED);
}

/* Text --------------------------------------------------------------------------- */

#define ROOT_TEXT      "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SIGNATURE_TEXT ROOT_TEXT ROOT_TEXT
#define LINE(size, at)                                                                             \
        "statgate-head 1 " size " " ROOT_TEXT " " at " 0123456789abcdef " SIGNATURE_TEXT

static const char *const malformed[] = {
        "",
        "\n",
        "statgate-head 1",
        "statgate-head 1 ",
        "statgate-head 1 5 " ROOT_TEXT " 7 0123456789abcdef",
        "statgate-head 1 5 " ROOT_TEXT " 7 0123456789abcdef ",
        "statgate-head 2 5 " ROOT_TEXT " 7 0123456789abcdef " SIGNATURE_TEXT,
        "statgate-heads 1 5 " ROOT_TEXT " 7 0123456789abcdef " SIGNATURE_TEXT,
        "statgate-head 1  5 " ROOT_TEXT " 7 0123456789abcdef " SIGNATURE_TEXT,
        " " LINE("5", "7"),
        LINE("5", "7") " ",
        LINE("5", "7") "\n\n",
        LINE("5", "7") "\r\n",
        LINE("5", "7") "00",
        LINE("05", "7"),
        LINE("+5", "7"),
        LINE("-5", "7"),
        LINE("5 ", "7"),
        LINE("\t5", "7"),
        LINE("0x5", "7"),
        LINE("", "7"),
        LINE("18446744073709551616", "7"),
        LINE("5", "07"),
        LINE("5", "-0"),
        LINE("5", "--7"),
        LINE("5", "9223372036854775808"),
        LINE("5", "-9223372036854775809"),
        LINE("5", "7.0"),
        "statgate-head 1 5 " ROOT_TEXT "00 7 0123456789abcdef " SIGNATURE_TEXT,
        "statgate-head 1 5 0 7 0123456789abcdef " SIGNATURE_TEXT,
        "statgate-head 1 5 " ROOT_TEXT " 7 0123456789ABCDEF " SIGNATURE_TEXT,
        "statgate-head 1 5 " ROOT_TEXT " 7 0123456789abcde " SIGNATURE_TEXT,
        "statgate-head 1 5 " ROOT_TEXT " 7 0123456789abcdeg " SIGNATURE_TEXT,
        "statgate-head 1 5 " ROOT_TEXT " 7 0123456789abcdef " ROOT_TEXT,
        "STATGATE-HEAD 1 5 " ROOT_TEXT " 7 0123456789abcdef " SIGNATURE_TEXT,
};

static void a_head_is_written_in_one_way(void **state)
{
        struct tree_head h = {.size = 77};

        (void)state;
        assert_int_equal(tree_head_parse(bytes_of_text(LINE("5", "7")), &h), ERR_OK);
        assert_int_equal(h.size, 5);
        h.size = 77;
        for (unsigned i = 0; i < ARRAY_LEN(malformed); i++)
                if (tree_head_parse(bytes_of_text(malformed[i]), &h) != ERR_MALFORMED)
                        fail_msg("accepted: %s", malformed[i]);
        assert_int_equal(h.size, 77);
        assert_int_equal(tree_head_parse(bytes_of(NULL, 0), &h), ERR_MALFORMED);
}

static void a_line_with_any_byte_changed_is_another_head_or_none(void **state)
{
        const char line[] = LINE("12", "-34") "\n";
        char again[TREE_HEAD_TEXT_MAX];
        struct tree_head h;

        (void)state;
        for (size_t at = 0; at < sizeof line - 1; at++)
                for (unsigned byte = 0; byte < 256; byte++) {
                        char other[sizeof line - 1]; /* bytes, no text */

                        for (size_t i = 0; i < sizeof other; i++)
                                other[i] = line[i];
                        other[at] = (char)byte;
                        if (tree_head_parse(bytes_of(other, sizeof other), &h) != ERR_OK)
                                continue;
                        tree_head_format(&h, again);
                        assert_int_equal(strlen(again), sizeof other);
                        assert_memory_equal(again, other, sizeof other);
                }
        for (size_t len = 0; len < sizeof line - 2; len++)
                assert_int_equal(tree_head_parse(bytes_of(line, len), &h), ERR_MALFORMED);
}

static void a_line_too_long_is_no_head(void **state)
{
        char line[2 * TREE_HEAD_TEXT_MAX];
        struct tree_head h;

        (void)state;
        memset(line, '0', sizeof line);
        for (size_t i = 0; i < 16; i++)
                line[i] = "statgate-head 1 "[i];
        for (size_t len = TREE_HEAD_TEXT_MAX - 3; len <= sizeof line; len++)
                assert_int_equal(tree_head_parse(bytes_of(line, len), &h), ERR_MALFORMED);
}

/* Certificates --------------------------------------------------------------------- */

static uint8_t statement[VECTOR_BYTES_MAX];

static struct answer_certificate certificate_of(const struct vector *v, uint8_t public[32])
{
        struct answer_certificate c = {.number = (uint64_t)vector_number(v, "number"),
                .at_ms = vector_number(v, "at_ms"),
                .kind = (uint16_t)vector_number(v, "kind"),
                .head = {.size = (uint64_t)vector_number(v, "head_size"),
                        .at_ms = vector_number(v, "head_at_ms")}};
        uint8_t bytes[VECTOR_BYTES_MAX];

        assert_int_equal(vector_bytes(v, "salt", bytes), sizeof c.salt);
        memcpy(c.salt, bytes, sizeof c.salt);
        c.statement = bytes_of(statement, vector_bytes(v, "statement", statement));
        digest_from(v, "closed", &c.closed);
        c.inclusion.len = (uint32_t)(vector_bytes(v, "path", bytes) / 32);
        memcpy(c.inclusion.hashes, bytes, (size_t)c.inclusion.len * 32);
        digest_from(v, "head_root", &c.head.root);
        assert_int_equal(vector_bytes(v, "signature", bytes), SIGNATURE_LEN);
        memcpy(c.head.signature, bytes, SIGNATURE_LEN);
        assert_int_equal(vector_bytes(v, "public", bytes), SIGN_PUBLIC_LEN);
        memcpy(public, bytes, SIGN_PUBLIC_LEN);
        return c;
}

static void refused(const struct answer_certificate *c, const uint8_t public[32])
{
        assert_int_equal(answer_certificate_check(c, public), ERR_TAMPERED);
}

static void check_certificate(const struct answer_certificate *good, const uint8_t public[32])
{
        struct answer_certificate c = *good;

        assert_int_equal(answer_certificate_check(&c, public), ERR_OK);
        refused(&c, public_key);
        c.number ^= 1;
        refused(&c, public);
        c = *good, c.at_ms++;
        refused(&c, public);
        c = *good, c.kind ^= 1;
        refused(&c, public);
        c = *good, c.salt[15] ^= 128;
        refused(&c, public);
        c = *good, c.closed.bytes[0] ^= 1;
        refused(&c, public);
        c = *good, c.head.size++;
        refused(&c, public);
        c = *good, c.head.at_ms++;
        refused(&c, public);
        c = *good, c.head.root.bytes[31] ^= 1;
        refused(&c, public);
        c = *good, c.head.signature[0] ^= 1;
        refused(&c, public);
        c = *good, c.inclusion.len++;
        refused(&c, public);
        c = *good, c.inclusion.len = UINT32_MAX;
        refused(&c, public);
        if (good->inclusion.len > 0) {
                c = *good, c.inclusion.hashes[0].bytes[7] ^= 1;
                refused(&c, public);
                c = *good, c.inclusion.len--;
                refused(&c, public);
        }
        if (good->statement.len > 0) {
                c = *good, c.statement.len--;
                refused(&c, public);
                statement[0] ^= 1;
                c = *good;
                refused(&c, public);
                statement[0] ^= 1;
        }
}

static void published_certificates_hold_and_nothing_near_them(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "certificates.txt");
        uint8_t public[SIGN_PUBLIC_LEN];
        struct vector v;
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                struct answer_certificate c = certificate_of(&v, public);

                check_certificate(&c, public);
        }
        assert_int_equal(count, 4);
        (void)fclose(in);
}

static void a_failed_allocation_is_no_forgery(void **state)
{
        (void)state;
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                struct tree_head h = head;

                if (tree_head_sign(key, &h) == ERR_OK)
                        assert_true(tree_head_check(public_key, &h) != ERR_TAMPERED);
        }
        fault_disarm();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(leaves_are_those_published),
                cmocka_unit_test(heads_are_those_published),
                cmocka_unit_test(a_head_is_signed_for_its_size_root_and_time),
                cmocka_unit_test(a_signer_makes_the_same_head),
                cmocka_unit_test(a_signature_under_another_label_is_no_head),
                cmocka_unit_test(a_head_is_written_in_one_way),
                cmocka_unit_test(a_line_with_any_byte_changed_is_another_head_or_none),
                cmocka_unit_test(a_line_too_long_is_no_head),
                cmocka_unit_test(published_certificates_hold_and_nothing_near_them),
                cmocka_unit_test(a_failed_allocation_is_no_forgery),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
