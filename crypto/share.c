/* SPDX-License-Identifier: Apache-2.0 */
/* share.c: Shamir's secret sharing, byte by byte over GF(2^8).
 *
 * For each byte of the key a polynomial of degree required - 1 is drawn whose value at 0 is
 * that byte; officer x gets its value at x. Any `required` points determine it, and to whoever
 * has fewer every value at 0 is as likely as any other, whatever she can compute. The highest
 * coefficient may be zero: a scheme that avoids it tells a little.
 *
 * Debian has a library for this, libgfshare, small, old and unchanged since 2015. We did not
 * take it: it multiplies by looking up logarithms of the key's bytes in tables of 256 and 510,
 * which the cache shows to a neighbour; its coefficients lie in memory from malloc, which
 * neither is locked nor can be; its random source is a global function pointer that is NULL
 * until somebody sets it and cannot say that it failed. What remains of it is forty lines,
 * which stand here without tables, with the same field polynomial (x^8 + x^4 + x^3 + x^2 + 1),
 * so that the tests hold every splitting and joining against libgfshare.
 *
 * As text (vectors: tests/vectors/shares.txt):
 *
 *      statgate-share/1: 2 of 5, 3 give the key; set 4F2A 9C01 B3D4 E5F6
 *      XXXX XXXX XXXX XXXX       64 characters of Crockford's base32, which has no I, L, O
 *      XXXX XXXX XXXX XXXX       and U: 32 bytes of the share, then 8 of SHA-256 over
 *      XXXX XXXX XXXX XXXX       "statgate-share/1" ‖ 0 ‖ set ‖ required ‖ total ‖ number
 *      XXXX XXXX XXXX XXXX       ‖ share
 *
 * The checksum covers what stands in the label, and shows no more of the share than a guess
 * of all of it could confirm. */
#include "crypto/share.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/midstate.h"
#include "crypto/secret.h"

#define SHARE_LABEL "statgate-share/1"

enum { CHECK_LEN = 8, BASE32_LEN = (SHARE_KEY_LEN + CHECK_LEN) * 8 / 5, LABEL_LEN = 17 };

void share_done(struct share *s)
{
        secret_free(&s->part);
        memset(s, 0, sizeof *s);
}

/* In the field, without a branch or an address that depends on either. */
static uint8_t gf_mul(uint8_t a, uint8_t b)
{
        unsigned product = 0, x = a, y = b;

        for (unsigned bit = 0; bit < 8; bit++) {
                product ^= x & (0u - (y >> bit & 1u));
                x = x << 1 ^ (0x11Du & (0u - (x >> 7)));
        }
        return (uint8_t)product;
}

/* a^254; of 0 it is 0, and nobody asks. */
static uint8_t gf_inverse(uint8_t a)
{
        uint8_t power = a, product = 1;

        for (unsigned bit = 1; bit < 8; bit++) {
                power = gf_mul(power, power);
                product = gf_mul(product, power);
        }
        return product;
}

static bool quorum_is_sane(unsigned required, unsigned total)
{
        return required >= 2 && required <= total && total <= SHARES_MAX;
}

/* Horner: the polynomials of all bytes at `x`. */
static void part_compute(const struct secret *key, const struct secret *coefficients,
        unsigned required, uint8_t x, struct secret *part)
{
        uint8_t *out = secret_bytes(part);

        for (unsigned i = 0; i < SHARE_KEY_LEN; i++) {
                uint8_t y = 0;

                for (unsigned c = 0; c < required - 1; c++)
                        y = gf_mul(
                                (uint8_t)(y ^ secret_view(coefficients)[c * SHARE_KEY_LEN + i]), x);
                out[i] = y ^ secret_view(key)[i];
        }
}

static enum err shares_fill(
        const struct secret *key, unsigned required, unsigned total, struct share *out)
{
        OWNED(secret_free) struct secret *coefficients = NULL;
        uint8_t set[SHARE_SET_LEN];

        TRY(random_bytes(set, sizeof set));
        TRY(secret_random((size_t)(required - 1) * SHARE_KEY_LEN, &coefficients));
        for (unsigned i = 0; i < total; i++) {
                out[i].required = (uint8_t)required;
                out[i].total = (uint8_t)total;
                out[i].number = (uint8_t)(i + 1);
                memcpy(out[i].set, set, sizeof set);
                TRY(secret_new(SHARE_KEY_LEN, &out[i].part));
                part_compute(key, coefficients, required, out[i].number, out[i].part);
        }
        return ERR_OK;
}

enum err shares_make(const struct secret *key, unsigned required, unsigned total, struct share *out)
{
        enum err e;

        if (secret_len(key) != SHARE_KEY_LEN || !quorum_is_sane(required, total))
                return ERR_INVALID;
        memset(out, 0, total * sizeof *out);
        e = shares_fill(key, required, total, out);
        for (unsigned i = 0; i < total && e != ERR_OK; i++)
                share_done(&out[i]);
        return e;
}

/* Enough, of one splitting, no two the same. */
static bool shares_agree(const struct share *shares, unsigned len)
{
        uint32_t seen = 0;

        if (len == 0 || len < shares[0].required)
                return false;
        for (unsigned i = 0; i < len; i++) {
                const struct share *s = &shares[i];

                if (memcmp(s->set, shares[0].set, sizeof s->set) != 0 ||
                        s->required != shares[0].required || s->total != shares[0].total ||
                        !quorum_is_sane(s->required, s->total) || s->number == 0 ||
                        s->number > s->total || (seen >> s->number & 1) != 0 || s->part == NULL ||
                        secret_len(s->part) != SHARE_KEY_LEN)
                        return false;
                seen |= 1u << s->number;
        }
        return true;
}

/* Lagrange: what the polynomials through the first `len` shares are at `x`. The weights come
 * from numbers that are no secret. */
static void interpolate(const struct share *shares, unsigned len, uint8_t x, struct secret *out)
{
        memset(secret_bytes(out), 0, SHARE_KEY_LEN);
        for (unsigned i = 0; i < len; i++) {
                uint8_t weight = 1;

                for (unsigned j = 0; j < len; j++)
                        if (j != i)
                                weight = gf_mul(weight,
                                        gf_mul(x ^ shares[j].number,
                                                gf_inverse(shares[i].number ^ shares[j].number)));
                for (unsigned b = 0; b < SHARE_KEY_LEN; b++)
                        secret_bytes(out)[b] ^= gf_mul(secret_view(shares[i].part)[b], weight);
        }
}

enum err shares_join(const struct share *shares, unsigned len, struct secret **out)
{
        OWNED(secret_free) struct secret *key = NULL;
        bool whole = true;

        if (!shares_agree(shares, len))
                return ERR_SHARES;
        TRY(secret_new(SHARE_KEY_LEN, &key));
        /* Those beyond what is required must lie on the same curve. */
        for (unsigned i = shares[0].required; i < len; i++) {
                interpolate(shares, shares[0].required, shares[i].number, key);
                whole &= secret_equal(key, shares[i].part);
        }
        if (!whole)
                return ERR_SHARES;
        interpolate(shares, shares[0].required, 0, key);
        *out = key;
        key = NULL;
        return ERR_OK;
}

static void check_of(const struct share *s, uint8_t out[CHECK_LEN])
{
        uint8_t pieces[LABEL_LEN + SHARE_SET_LEN + 3 + SHARE_KEY_LEN] = SHARE_LABEL;
        uint8_t digest[MIDSTATE_DIGEST_LEN], *at = pieces + LABEL_LEN;

        memcpy(at, s->set, SHARE_SET_LEN);
        at += SHARE_SET_LEN;
        *at++ = s->required;
        *at++ = s->total;
        *at++ = s->number;
        memcpy(at, secret_view(s->part), SHARE_KEY_LEN);
        sha256_once(bytes_of(pieces, sizeof pieces), digest);
        memcpy(out, digest, CHECK_LEN);
        wipe(pieces, sizeof pieces);
        wipe(digest, sizeof digest);
}

/* In one cache line, so that a look-up shows nothing. */
static const _Alignas(64) char base32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Groups of four, four to a line. */
static void base32_write(const uint8_t *in, size_t len, char *out)
{
        unsigned bits = 0, have = 0, written = 0;

        for (size_t i = 0; i < len; i++) {
                bits = bits << 8 | in[i];
                for (have += 8; have >= 5; written++) {
                        have -= 5;
                        if (written > 0 && written % 4 == 0)
                                *out++ = written % 16 == 0 ? '\n' : ' ';
                        *out++ = base32[bits >> have & 31];
                }
                bits &= (1u << have) - 1;
        }
        *out++ = '\n';
        *out = '\0';
}

/* The value of a lower-case character, or 32. */
static unsigned base32_value(char c)
{
        unsigned value = 32;

        if (c == 'o')
                c = '0';
        if (c == 'i' || c == 'l')
                c = '1';
        if (c >= 'a' && c <= 'z')
                c &= ~0x20; /* upper case */
        for (unsigned i = 0; i < 32; i++)
                value = base32[i] == c ? i : value;
        return value;
}

/* Exactly `len` bytes from len × 8 / 5 characters. */
static bool base32_read(const char *text, uint8_t *out, size_t len)
{
        unsigned bits = 0, have = 0;

        for (size_t i = 0; i < len; text++) {
                unsigned value = base32_value(*text);

                if (value > 31)
                        return false;
                bits = bits << 5 | value;
                have += 5;
                if (have < 8)
                        continue;
                have -= 8;
                out[i++] = (uint8_t)(bits >> have);
                bits &= (1u << have) - 1;
        }
        return true;
}

enum err share_write(const struct share *s, struct secret **out_text)
{
        OWNED(secret_free) struct secret *text = NULL;
        uint8_t body[SHARE_KEY_LEN + CHECK_LEN];
        int n;

        TRY(secret_new(SHARE_TEXT_MAX, &text));
        n = snprintf((char *)secret_bytes(text), SHARE_TEXT_MAX,
                SHARE_LABEL ": %u of %u, %u give the key; set %02X%02X %02X%02X %02X%02X "
                            "%02X%02X\n",
                s->number, s->total, s->required, s->set[0], s->set[1], s->set[2], s->set[3],
                s->set[4], s->set[5], s->set[6], s->set[7]);
        memcpy(body, secret_view(s->part), SHARE_KEY_LEN);
        check_of(s, body + SHARE_KEY_LEN);
        base32_write(body, sizeof body, (char *)secret_bytes(text) + n);
        wipe(body, sizeof body);
        *out_text = text;
        text = NULL;
        return ERR_OK;
}

/* Without blanks and line ends, in lower case, NUL-terminated; false when too long. */
static bool text_plain(struct bytes text, char out[SHARE_TEXT_MAX])
{
        size_t len = 0;

        for (size_t i = 0; i < text.len; i++) {
                char c = (char)text.data[i];

                if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
                        continue;
                if (len == SHARE_TEXT_MAX - 1 || c == '\0')
                        return false;
                if (c >= 'A' && c <= 'Z')
                        c |= 0x20; /* lower case */
                out[len++] = c;
        }
        out[len] = '\0';
        return true;
}

static bool take_words(const char **at, const char *words)
{
        size_t len = strlen(words);

        if (strncmp(*at, words, len) != 0)
                return false;
        *at += len;
        return true;
}

/* 1 to SHARES_MAX, as we write it. */
static bool take_number(const char **at, uint8_t *out)
{
        unsigned n = 0;

        if (**at == '0')
                return false;
        for (unsigned i = 0; i < 2 && **at >= '0' && **at <= '9'; i++)
                n = n * 10 + (unsigned)(*(*at)++ - '0');
        *out = (uint8_t)n;
        return n >= 1 && n <= SHARES_MAX;
}

static bool label_read(const char **at, struct share *out)
{
        char set[2 * SHARE_SET_LEN + 1];

        if (!take_words(at, SHARE_LABEL ":") || !take_number(at, &out->number) ||
                !take_words(at, "of") || !take_number(at, &out->total) || !take_words(at, ",") ||
                !take_number(at, &out->required) || !take_words(at, "givethekey;set"))
                return false;
        (void)snprintf(set, sizeof set, "%s", *at);
        if (hex_decode(set, out->set, SHARE_SET_LEN) != ERR_OK)
                return false;
        *at += sizeof set - 1;
        return out->number <= out->total && quorum_is_sane(out->required, out->total);
}

static bool body_read(const char *at, struct share *out)
{
        uint8_t body[SHARE_KEY_LEN + CHECK_LEN], check[CHECK_LEN];
        bool holds = strlen(at) == BASE32_LEN && base32_read(at, body, sizeof body);

        if (holds) {
                memcpy(secret_bytes(out->part), body, SHARE_KEY_LEN);
                check_of(out, check);
                holds = sodium_memcmp(check, body + SHARE_KEY_LEN, CHECK_LEN) == 0;
        }
        wipe(body, sizeof body);
        return holds;
}

enum err share_read(struct bytes text, struct share *out)
{
        OWNED(secret_free) struct secret *plain = NULL;
        OWNED(share_done) struct share read = {.part = NULL};
        const char *at;

        TRY(secret_new(SHARE_TEXT_MAX, &plain));
        TRY(secret_new(SHARE_KEY_LEN, &read.part));
        at = (const char *)secret_bytes(plain);
        if (!text_plain(text, (char *)secret_bytes(plain)) || !label_read(&at, &read) ||
                !body_read(at, &read))
                return ERR_SHARE_TEXT;
        *out = read;
        read.part = NULL;
        return ERR_OK;
}
