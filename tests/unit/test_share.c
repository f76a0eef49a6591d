/* SPDX-License-Identifier: Apache-2.0 */
/* test_share.c: enough officers have the key, and fewer have nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libgfshare.h>

#include "base/fault.h"
#include "crypto/secret.h"
#include "crypto/share.h"
#include "tests/support/vectors.h"

static struct secret *key;

static void make(unsigned required, unsigned total, struct share *out)
{
        assert_int_equal(shares_make(key, required, total, out), ERR_OK);
}

static void done(struct share *shares, unsigned total)
{
        for (unsigned i = 0; i < total; i++)
                share_done(&shares[i]);
}

static void joins(const struct share *chosen, unsigned len)
{
        OWNED(secret_free) struct secret *back = NULL;

        assert_int_equal(shares_join(chosen, len, &back), ERR_OK);
        assert_true(secret_equal(back, key));
}

static void is_refused(const struct share *chosen, unsigned len)
{
        struct secret *none = NULL;

        assert_int_equal(shares_join(chosen, len, &none), ERR_SHARES);
        assert_null(none);
}

/* The shares whose bits are set; borrowed. */
static unsigned choose(const struct share *all, unsigned total, unsigned bits, struct share *out)
{
        unsigned len = 0;

        for (unsigned i = 0; i < total; i++)
                if ((bits >> i & 1) != 0)
                        out[len++] = all[i];
        return len;
}

static void every_subset(unsigned required, unsigned total)
{
        struct share all[SHARES_MAX], chosen[SHARES_MAX];

        make(required, total, all);
        for (unsigned bits = 0; bits < 1u << total; bits++) {
                unsigned len = choose(all, total, bits, chosen);

                if (len >= required)
                        joins(chosen, len);
                else
                        is_refused(chosen, len);
        }
        done(all, total);
}

static void any_that_are_required_give_the_key_and_fewer_do_not(void **state)
{
        (void)state;
        for (unsigned total = 2; total <= 7; total++)
                for (unsigned required = 2; required <= total; required++)
                        every_subset(required, total);
}

static void the_largest_set_works_too(void **state)
{
        struct share all[SHARES_MAX], chosen[SHARES_MAX];
        unsigned bits = 0xB6D5; /* ten of sixteen */

        (void)state;
        make(10, 16, all);
        assert_int_equal(choose(all, 16, bits, chosen), 10);
        joins(chosen, 10);
        joins(all, 16);
        is_refused(chosen, 9);
        done(all, 16);
        make(16, 16, all);
        joins(all, 16);
        is_refused(all + 1, 15);
        done(all, 16);
}

static void their_order_does_not_matter(void **state)
{
        struct share all[5], turned[3];

        (void)state;
        make(3, 5, all);
        turned[0] = all[4];
        turned[1] = all[0];
        turned[2] = all[2];
        joins(turned, 3);
        done(all, 5);
}

/* Perfect secrecy, by counting: with all shares but one at hand, the missing one can still
 * make every byte of the key every value, each exactly once. */
static void whoever_has_one_too_few_cannot_exclude_any_key(void **state)
{
        struct share all[5];

        (void)state;
        for (unsigned required = 2; required <= 5; required++) {
                bool seen[SHARE_KEY_LEN][256] = {{false}};

                make(required, 5, all);
                for (unsigned v = 0; v < 256; v++) {
                        OWNED(secret_free) struct secret *made = NULL;

                        memset(secret_bytes(all[required - 1].part), (int)v, SHARE_KEY_LEN);
                        assert_int_equal(shares_join(all, required, &made), ERR_OK);
                        for (unsigned b = 0; b < SHARE_KEY_LEN; b++) {
                                assert_false(seen[b][secret_view(made)[b]]);
                                seen[b][secret_view(made)[b]] = true;
                        }
                }
                done(all, 5);
        }
}

/* And by drawing: what two of three officers hold looks the same whatever the key is. Chi
 * square over the 65,536 pairs of a byte of theirs would need millions; over the values of
 * each, and of their sum, 255 degrees of freedom: beyond 400 by odds of 10^-8. */
static void shares_of_any_key_look_alike(void **state)
{
        enum { SPLITTINGS = 800, DRAWN = SPLITTINGS * SHARE_KEY_LEN };
        static unsigned first[256], second[256], sum[256];

        (void)state;
        for (unsigned round = 0; round < 2; round++) {
                OWNED(secret_free) struct secret *same = NULL;
                double chi[3] = {0};

                memset(first, 0, sizeof first);
                memset(second, 0, sizeof second);
                memset(sum, 0, sizeof sum);
                assert_int_equal(secret_new(SHARE_KEY_LEN, &same), ERR_OK);
                memset(secret_bytes(same), round == 0 ? 0 : 0xFF, SHARE_KEY_LEN);
                for (unsigned i = 0; i < SPLITTINGS; i++) {
                        struct share all[3];

                        assert_int_equal(shares_make(same, 3, 3, all), ERR_OK);
                        for (unsigned b = 0; b < SHARE_KEY_LEN; b++) {
                                uint8_t x = secret_view(all[0].part)[b];
                                uint8_t y = secret_view(all[1].part)[b];

                                first[x]++;
                                second[y]++;
                                sum[x ^ y]++;
                        }
                        done(all, 3);
                }
                for (unsigned v = 0; v < 256; v++) {
                        double expected = DRAWN / 256.0;

                        chi[0] += (first[v] - expected) * (first[v] - expected) / expected;
                        chi[1] += (second[v] - expected) * (second[v] - expected) / expected;
                        chi[2] += (sum[v] - expected) * (sum[v] - expected) / expected;
                }
                for (unsigned i = 0; i < 3; i++)
                        assert_true(chi[i] > 130 && chi[i] < 400);
        }
}

static void a_set_that_does_not_belong_together_is_refused(void **state)
{
        struct share all[5], other[5], mixed[3];

        (void)state;
        make(3, 5, all);
        make(3, 5, other);
        mixed[0] = all[0];
        mixed[1] = all[1];
        mixed[2] = all[1];
        is_refused(mixed, 3); /* one twice */
        mixed[2] = other[2];
        is_refused(mixed, 3); /* of another splitting */
        mixed[2] = all[2];
        mixed[2].required = 2;
        is_refused(mixed, 3);
        mixed[2] = all[2];
        mixed[2].total = 4;
        is_refused(mixed, 3);
        mixed[2] = all[2];
        mixed[2].number = 6;
        is_refused(mixed, 3);
        mixed[2].number = 0;
        is_refused(mixed, 3);
        mixed[2] = all[2];
        mixed[2].part = NULL;
        is_refused(mixed, 3);
        is_refused(all, 0);
        mixed[2] = all[2];
        joins(mixed, 3);
        done(all, 5);
        done(other, 5);
}

static void one_too_many_must_lie_on_the_curve(void **state)
{
        struct share all[5];

        (void)state;
        make(3, 5, all);
        joins(all, 5);
        secret_bytes(all[4].part)[31] ^= 1;
        joins(all, 4);
        is_refused(all, 5);
        done(all, 5);
}

static void quorums_have_limits(void **state)
{
        static const unsigned bad[][2] = {{0, 3}, {1, 3}, {4, 3}, {2, 17}, {17, 17}, {2, 1}};
        OWNED(secret_free) struct secret *brief = NULL;
        struct share out[SHARES_MAX];

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(shares_make(key, bad[i][0], bad[i][1], out), ERR_INVALID);
        assert_int_equal(secret_random(16, &brief), ERR_OK);
        assert_int_equal(shares_make(brief, 2, 3, out), ERR_INVALID);
}

static void gf_random(unsigned char *out, unsigned len)
{
        assert_int_equal(random_bytes(out, len), ERR_OK);
}

/* The library we did not take knows nothing of our code. */
static void libgfshare_joins_what_we_split(void **state)
{
        (void)state;
        gfshare_fill_rand = gf_random;
        for (unsigned required = 2; required <= 6; required++) {
                struct share all[9];
                unsigned char numbers[6], back[SHARE_KEY_LEN];
                gfshare_ctx *ctx;

                make(required, 9, all);
                for (unsigned i = 0; i < required; i++)
                        numbers[i] = all[8 - i].number;
                ctx = gfshare_ctx_init_dec(numbers, required, SHARE_KEY_LEN);
                assert_non_null(ctx);
                for (unsigned i = 0; i < required; i++)
                        gfshare_ctx_dec_giveshare(
                                ctx, (unsigned char)i, secret_bytes(all[8 - i].part));
                gfshare_ctx_dec_extract(ctx, back);
                gfshare_ctx_free(ctx);
                assert_memory_equal(back, secret_view(key), SHARE_KEY_LEN);
                done(all, 9);
        }
}

static void we_join_what_libgfshare_split(void **state)
{
        unsigned char numbers[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

        (void)state;
        gfshare_fill_rand = gf_random;
        for (unsigned required = 2; required <= 16; required++) {
                struct share all[SHARES_MAX];
                gfshare_ctx *ctx = gfshare_ctx_init_enc(
                        numbers, SHARES_MAX, (unsigned char)required, SHARE_KEY_LEN);

                assert_non_null(ctx);
                make(required, SHARES_MAX, all); /* the frames; parts are written over */
                gfshare_ctx_enc_setsecret(ctx, secret_bytes(key));
                for (unsigned i = 0; i < SHARES_MAX; i++)
                        gfshare_ctx_enc_getshare(ctx, (unsigned char)i, secret_bytes(all[i].part));
                gfshare_ctx_free(ctx);
                joins(all + (SHARES_MAX - required), required);
                joins(all, SHARES_MAX);
                done(all, SHARES_MAX);
        }
}

/* A share as text, on the stack of a test. */
static size_t text_of(const struct share *s, char out[SHARE_TEXT_MAX])
{
        OWNED(secret_free) struct secret *text = NULL;

        assert_int_equal(share_write(s, &text), ERR_OK);
        assert_int_equal(secret_len(text), SHARE_TEXT_MAX);
        memcpy(out, secret_view(text), SHARE_TEXT_MAX);
        return strlen(out);
}

static enum err read_text(const char *text, size_t len, struct share *out)
{
        return share_read(bytes_of(text, len), out);
}

static void is_no_share(const char *text, size_t len)
{
        struct share none = {.part = NULL};

        assert_int_equal(read_text(text, len, &none), ERR_SHARE_TEXT);
        assert_null(none.part);
}

static void is_share(const char *text, const struct share *expected)
{
        OWNED(share_done) struct share back = {.part = NULL};

        assert_int_equal(read_text(text, strlen(text), &back), ERR_OK);
        assert_memory_equal(back.set, expected->set, SHARE_SET_LEN);
        assert_int_equal(back.required, expected->required);
        assert_int_equal(back.total, expected->total);
        assert_int_equal(back.number, expected->number);
        assert_true(secret_equal(back.part, expected->part));
}

static void a_share_is_read_as_it_was_written(void **state)
{
        struct share all[SHARES_MAX];
        char text[SHARE_TEXT_MAX];

        (void)state;
        make(3, 16, all);
        for (unsigned i = 0; i < 16; i++) {
                text_of(&all[i], text);
                is_share(text, &all[i]);
        }
        text_of(&all[10], text);
        assert_int_equal(strncmp(text, "statgate-share/1: 11 of 16, 3 give the key; set ", 48), 0);
        done(all, 16);
}

static void spaces_case_and_look_alikes_are_forgiven(void **state)
{
        struct share all[2];
        char text[SHARE_TEXT_MAX], other[2 * SHARE_TEXT_MAX];
        size_t n = 0;
        char *body;

        (void)state;
        make(2, 2, all);
        text_of(&all[0], text);
        body = strchr(text, '\n');
        for (char *c = text; *c != '\0'; c++) {
                if (c > body && *c == '0')
                        *c = 'o';
                else if (c > body && *c == '1')
                        *c = c[1] == ' ' ? 'I' : 'l';
                else if (c > body && *c >= 'A' && *c <= 'Z' && (c - text) % 2 == 0)
                        *c = (char)(*c - 'A' + 'a');
        }
        is_share(text, &all[0]);
        for (const char *c = text; *c != '\0'; c++) {
                other[n++] = *c == '\n' ? '\r' : *c;
                if (c > body && (c - text) % 3 == 0)
                        other[n++] = '\t';
                if (*c == '\n')
                        other[n++] = '\n';
        }
        other[n] = '\0';
        is_share(other, &all[0]);
        n = 0;
        for (const char *c = text; *c != '\0'; c++)
                if (*c != ' ' && *c != '\n')
                        other[n++] = *c;
        other[n] = '\0';
        is_share(other, &all[0]);
        done(all, 2);
}

/* Whether a reader may take one for the other. */
static char plainly(char c, bool body)
{
        if (c >= 'A' && c <= 'Z')
                c = (char)(c - 'A' + 'a');
        if (body && c == 'o')
                return '0';
        return body && (c == 'i' || c == 'l') ? '1' : c;
}

static void a_slip_at_any_place_is_noticed(void **state)
{
        static const char typed[] = "0123456789abcdefghijklmnopqrstuvwxyzåX-;:,/ ";
        struct share all[12];
        char text[SHARE_TEXT_MAX];
        size_t len;
        const char *body;

        (void)state;
        make(3, 12, all);
        len = text_of(&all[10], text);
        body = strchr(text, '\n');
        for (size_t at = 0; at < len; at++) {
                char was = text[at];
                bool blank = was == ' ' || was == '\n';

                for (const char *c = typed; *c != '\0'; c++) {
                        bool in_body = text + at > body;

                        if ((blank && *c == ' ') || plainly(*c, in_body) == plainly(was, in_body))
                                continue;
                        text[at] = *c;
                        is_no_share(text, len);
                }
                text[at] = was;
        }
        is_share(text, &all[10]);
        done(all, 12);
}

static void characters_that_are_missing_or_changed_places_are_noticed(void **state)
{
        struct share all[3];
        char text[SHARE_TEXT_MAX], other[SHARE_TEXT_MAX];
        size_t len;

        (void)state;
        make(2, 3, all);
        len = text_of(&all[1], text);
        for (size_t at = 0; at + 1 < len; at++) {
                bool blank = text[at] == ' ' || text[at] == '\n' || text[at + 1] == ' ' ||
                             text[at + 1] == '\n';

                memcpy(other, text, sizeof other);
                memmove(other + at, other + at + 1, len - at);
                if (text[at] != ' ' && text[at] != '\n')
                        is_no_share(other, len - 1);
                memcpy(other, text, sizeof other);
                other[at] = text[at + 1];
                other[at + 1] = text[at];
                if (!blank && text[at] != text[at + 1])
                        is_no_share(other, len);
        }
        for (size_t cut = 0; cut < len - 1; cut++)
                is_no_share(text, cut);
        memcpy(other, text, sizeof other);
        other[len] = 'A';
        is_no_share(other, len + 1);
        done(all, 3);
}

static void other_text_is_no_share(void **state)
{
        static const char long_text[5000] = "statgate-share/1: 1 of 2, 2 give the key; set ";
        uint8_t noise[200];

        (void)state;
        is_no_share("", 0);
        is_no_share("hemligt", 7);
        is_no_share(long_text, sizeof long_text);
        is_no_share("statgate-share/1: 1 of 2, 2 give the key; set 0123", 50);
        is_no_share("statgate-share/1: 0 of 2, 2 give the key; set 0011223344556677", 62);
        is_no_share("statgate-share/1: 3 of 2, 2 give the key; set 0011223344556677", 62);
        is_no_share("statgate-share/1: 1 of 17, 2 give the key; set 0011223344556677", 63);
        for (unsigned i = 0; i < 100; i++) {
                assert_int_equal(random_bytes(noise, sizeof noise), ERR_OK);
                is_no_share((const char *)noise, sizeof noise);
        }
}

/* A vector has blanks for line ends. */
static void is_written_as(const struct share *s, const char *line)
{
        char text[SHARE_TEXT_MAX];
        size_t len = text_of(s, text);

        assert_int_equal(text[len - 1], '\n');
        text[len - 1] = '\0';
        for (char *c = text; *c != '\0'; c++)
                if (*c == '\n')
                        *c = ' ';
        assert_string_equal(text, line);
}

static void the_published_shares_give_their_keys(void **state)
{
        static struct vector v;
        FILE *in = vectors_open(STATGATE_ROOT, "shares.txt");
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++) {
                OWNED(secret_free) struct secret *back = NULL;
                unsigned required = (unsigned)vector_number(&v, "required");
                unsigned total = (unsigned)vector_number(&v, "total");
                struct share shares[SHARES_MAX] = {{.part = NULL}};
                uint8_t expected[VECTOR_BYTES_MAX];

                assert_int_equal(vector_bytes(&v, "key", expected), SHARE_KEY_LEN);
                for (unsigned i = 0; i < total; i++) {
                        char name[16];
                        const char *line;

                        snprintf(name, sizeof name, "share%u", i + 1);
                        line = vector_text(&v, name);
                        assert_int_equal(read_text(line, strlen(line), &shares[i]), ERR_OK);
                        is_written_as(&shares[i], line);
                }
                assert_int_equal(shares_join(shares + (total - required), required, &back), ERR_OK);
                assert_memory_equal(secret_view(back), expected, SHARE_KEY_LEN);
                done(shares, total);
        }
        fclose(in);
        assert_true(count >= 3);
}

static void a_failed_allocation_leaves_no_share_behind(void **state)
{
        struct share all[3];
        char text[SHARE_TEXT_MAX];
        size_t len;

        (void)state;
        make(2, 3, all);
        len = text_of(&all[0], text);
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                OWNED(secret_free) struct secret *joined = NULL;
                OWNED(secret_free) struct secret *written = NULL;
                OWNED(share_done) struct share back = {.part = NULL};
                struct share made[3];
                enum err e = shares_make(key, 2, 3, made);

                for (unsigned i = 0; i < 3; i++)
                        assert_true((made[i].part != NULL) == (e == ERR_OK));
                done(made, 3);
                e = shares_join(all, 2, &joined);
                assert_true((joined != NULL) == (e == ERR_OK));
                e = share_write(&all[1], &written);
                assert_true((written != NULL) == (e == ERR_OK));
                e = read_text(text, len, &back);
                assert_true((back.part != NULL) == (e == ERR_OK));
        }
        fault_disarm();
        done(all, 3);
}

static void a_share_that_is_done_is_wiped(void **state)
{
        static const struct share none;
        struct share all[2];

        (void)state;
        make(2, 2, all);
        share_done(&all[0]);
        assert_memory_equal(&all[0], &none, sizeof none);
        share_done(&all[0]);
        share_done(&all[1]);
}

static int group_setup(void **state)
{
        (void)state;
        if (crypto_init(65536, false) != ERR_OK)
                return -1;
        return secret_random(SHARE_KEY_LEN, &key) == ERR_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
        (void)state;
        secret_free(&key);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_that_are_required_give_the_key_and_fewer_do_not),
                cmocka_unit_test(the_largest_set_works_too),
                cmocka_unit_test(their_order_does_not_matter),
                cmocka_unit_test(whoever_has_one_too_few_cannot_exclude_any_key),
                cmocka_unit_test(shares_of_any_key_look_alike),
                cmocka_unit_test(a_set_that_does_not_belong_together_is_refused),
                cmocka_unit_test(one_too_many_must_lie_on_the_curve),
                cmocka_unit_test(quorums_have_limits),
                cmocka_unit_test(libgfshare_joins_what_we_split),
                cmocka_unit_test(we_join_what_libgfshare_split),
                cmocka_unit_test(a_share_is_read_as_it_was_written),
                cmocka_unit_test(spaces_case_and_look_alikes_are_forgiven),
                cmocka_unit_test(a_slip_at_any_place_is_noticed),
                cmocka_unit_test(characters_that_are_missing_or_changed_places_are_noticed),
                cmocka_unit_test(other_text_is_no_share),
                cmocka_unit_test(the_published_shares_give_their_keys),
                cmocka_unit_test(a_failed_allocation_leaves_no_share_behind),
                cmocka_unit_test(a_share_that_is_done_is_wiped),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
