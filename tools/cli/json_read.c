/* SPDX-License-Identifier: Apache-2.0 */
/* json_read.c: whoever checks a file must see in it what every other program sees.
 *
 * Readers that are lenient, each in its own way, see different things in one file: a comment,
 * a second value behind the first, a name in single quotes. So this one accepts what the RFC
 * says and refuses all else. That a key stands twice is for the caller to refuse. */
#include "tools/cli/json_read.h"

#include <string.h>

/* What may come next. */
enum { DUE_VALUE, DUE_KEY, DUE_KEY_OR_END, DUE_VALUE_OR_END, DUE_COMMA_OR_END, DUE_NOTHING };

void json_reader_init(struct json_reader *r, struct arena *arena, struct bytes text)
{
        *r = (struct json_reader){
                .at = text.data, .end = text.data + text.len, .arena = arena, .line = 1};
}

static void skip_space(struct json_reader *r)
{
        for (; r->at < r->end; r->at++) {
                if (*r->at == '\n')
                        r->line++;
                else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r')
                        return;
        }
}

static uint8_t peek(const struct json_reader *r)
{
        return r->at < r->end ? *r->at : 0;
}

static bool take(struct json_reader *r, uint8_t c)
{
        if (r->at == r->end || *r->at != c)
                return false;
        r->at++;
        return true;
}

/* Text ------------------------------------------------------------------------ */

static enum err read_hex4(struct json_reader *r, uint32_t *out)
{
        char digits[5] = "";
        uint8_t two[2];

        if (r->end - r->at < 4)
                return ERR_MALFORMED;
        memcpy(digits, r->at, 4);
        TRY(hex_decode(digits, two, sizeof two));
        r->at += 4;
        *out = (uint32_t)two[0] << 8 | two[1];
        return ERR_OK;
}

static size_t put_utf8(uint8_t *to, uint32_t c)
{
        if (c < 0x80) {
                to[0] = (uint8_t)c;
                return 1;
        }
        if (c < 0x800) {
                to[0] = (uint8_t)(0xc0 | c >> 6);
                to[1] = (uint8_t)(0x80 | (c & 0x3f));
                return 2;
        }
        if (c < 0x10000) {
                to[0] = (uint8_t)(0xe0 | c >> 12);
                to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
                to[2] = (uint8_t)(0x80 | (c & 0x3f));
                return 3;
        }
        to[0] = (uint8_t)(0xf0 | c >> 18);
        to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        to[3] = (uint8_t)(0x80 | (c & 0x3f));
        return 4;
}

/* A surrogate by itself becomes what is no UTF-8, and is refused with the text. */
static enum err read_escape(struct json_reader *r, uint8_t *to, size_t *len)
{
        static const char from[] = "\"\\/bfnrt", what[] = "\"\\/\b\f\n\r\t";
        const char *known = r->at < r->end && *r->at != 0 ? strchr(from, *r->at) : NULL;
        uint32_t c, low;

        if (known != NULL) {
                to[(*len)++] = (uint8_t)what[known - from];
                r->at++;
                return ERR_OK;
        }
        if (!take(r, 'u'))
                return ERR_MALFORMED;
        TRY(read_hex4(r, &c));
        if (c >= 0xd800 && c < 0xdc00 && r->end - r->at >= 6 && r->at[0] == '\\' &&
                r->at[1] == 'u') {
                r->at += 2;
                TRY(read_hex4(r, &low));
                if (low < 0xdc00 || low > 0xdfff)
                        return ERR_MALFORMED;
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
        *len += put_utf8(to + *len, c);
        return ERR_OK;
}

/* Behind the first quote. No escape is shorter than what it stands for. */
static enum err unescape(struct json_reader *r, size_t raw_len, struct bytes *out)
{
        uint8_t *text = arena_alloc_raw(r->arena, raw_len, 1);
        size_t len = 0;

        if (text == NULL)
                return ERR_NO_MEMORY;
        while (!take(r, '"'))
                if (take(r, '\\'))
                        TRY(read_escape(r, text, &len));
                else
                        text[len++] = *r->at++;
        *out = bytes_of(text, len);
        return ERR_OK;
}

static enum err read_text(struct json_reader *r, struct bytes *out)
{
        const uint8_t *from;
        bool escaped = false;

        if (!take(r, '"'))
                return ERR_MALFORMED;
        from = r->at;
        for (; r->at < r->end && *r->at != '"'; r->at++)
                if (*r->at == '\\') {
                        escaped = true;
                        if (++r->at == r->end)
                                return ERR_MALFORMED;
                }
        if (r->at == r->end)
                return ERR_MALFORMED;
        *out = bytes_of(from, (size_t)(r->at - from));
        if (!escaped) {
                r->at++;
        } else {
                r->at = from;
                TRY(unescape(r, out->len, out));
        }
        return bytes_is_printable(*out) ? ERR_OK : ERR_MALFORMED;
}

/* Numbers and words ------------------------------------------------------------ */

static bool take_digits(struct json_reader *r)
{
        const uint8_t *from = r->at;

        while (peek(r) >= '0' && peek(r) <= '9')
                r->at++;
        return r->at > from;
}

static enum err read_number(struct json_reader *r, struct bytes *out)
{
        const uint8_t *from = r->at;

        (void)take(r, '-');
        if (!take(r, '0') && !take_digits(r))
                return ERR_MALFORMED;
        if (take(r, '.') && !take_digits(r))
                return ERR_MALFORMED;
        if (take(r, 'e') || take(r, 'E')) {
                if (!take(r, '+'))
                        (void)take(r, '-');
                if (!take_digits(r))
                        return ERR_MALFORMED;
        }
        *out = bytes_of(from, (size_t)(r->at - from));
        return ERR_OK;
}

static enum err read_word(struct json_reader *r, struct bytes *out)
{
        static const char *const words[] = {"true", "false", "null"};

        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
                size_t len = strlen(words[i]);

                if ((size_t)(r->end - r->at) >= len && memcmp(r->at, words[i], len) == 0) {
                        *out = bytes_of(r->at, len);
                        r->at += len;
                        return ERR_OK;
                }
        }
        return ERR_MALFORMED;
}

/* Structure --------------------------------------------------------------------- */

static void value_ended(struct json_reader *r)
{
        r->due = r->depth > 0 ? DUE_COMMA_OR_END : DUE_NOTHING;
}

static enum err begin(struct json_reader *r, enum json_kind kind)
{
        if (r->depth == JSON_DEPTH_MAX)
                return ERR_MALFORMED;
        r->inside[r->depth++] = (uint8_t)kind;
        r->due = kind == JSON_OBJECT ? DUE_KEY_OR_END : DUE_VALUE_OR_END;
        r->at++;
        return ERR_OK;
}

static bool is_end(struct json_reader *r, struct json_token *out)
{
        bool object = r->depth > 0 && r->inside[r->depth - 1] == JSON_OBJECT;

        if (r->depth == 0 || !take(r, object ? '}' : ']'))
                return false;
        out->kind = object ? JSON_OBJECT_END : JSON_ARRAY_END;
        r->depth--;
        value_ended(r);
        return true;
}

static enum err read_key(struct json_reader *r, struct json_token *out)
{
        out->kind = JSON_KEY;
        TRY(read_text(r, &out->text));
        skip_space(r);
        if (!take(r, ':'))
                return ERR_MALFORMED;
        r->due = DUE_VALUE;
        return ERR_OK;
}

static enum err read_value(struct json_reader *r, struct json_token *out)
{
        uint8_t c = peek(r);

        if (c == '{' || c == '[') {
                out->kind = c == '{' ? JSON_OBJECT : JSON_ARRAY;
                return begin(r, out->kind);
        }
        if (c == '"') {
                out->kind = JSON_TEXT;
                TRY(read_text(r, &out->text));
        } else if (c == '-' || (c >= '0' && c <= '9')) {
                out->kind = JSON_NUMBER;
                TRY(read_number(r, &out->text));
        } else {
                out->kind = JSON_WORD;
                TRY(read_word(r, &out->text));
        }
        value_ended(r);
        return ERR_OK;
}

enum err json_next(struct json_reader *r, struct json_token *out)
{
        struct json_token token = {.kind = JSON_NONE};
        bool key = r->due == DUE_KEY || r->due == DUE_KEY_OR_END;

        skip_space(r);
        token.line = r->line;
        if (r->due == DUE_NOTHING) {
                if (r->at < r->end)
                        return ERR_MALFORMED;
                token.kind = JSON_END;
        } else if (r->due != DUE_VALUE && r->due != DUE_KEY && is_end(r, &token)) {
                token.line = r->line;
        } else {
                if (r->due == DUE_COMMA_OR_END) {
                        if (!take(r, ','))
                                return ERR_MALFORMED;
                        key = r->inside[r->depth - 1] == JSON_OBJECT;
                        skip_space(r);
                        token.line = r->line;
                }
                TRY(key ? read_key(r, &token) : read_value(r, &token));
        }
        *out = token;
        return ERR_OK;
}

enum err json_expect(struct json_reader *r, enum json_kind kind, struct json_token *out)
{
        TRY(json_next(r, out));
        return out->kind == kind ? ERR_OK : ERR_MALFORMED;
}

enum err json_skip(struct json_reader *r)
{
        uint32_t depth = r->depth;
        struct json_token token;

        do {
                TRY(json_next(r, &token));
        } while (r->depth > depth);
        return ERR_OK;
}

/* Base64 ------------------------------------------------------------------------- */

static int sextet(uint8_t c)
{
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One group of four; the bits that padding leaves over are zero. */
static enum err decode_group(const uint8_t *in, unsigned pads, uint8_t *out)
{
        uint32_t bits = 0;

        for (unsigned i = 0; i < 4; i++) {
                int six = i < 4 - pads ? sextet(in[i]) : 0;

                if (six < 0)
                        return ERR_MALFORMED;
                bits = bits << 6 | (uint32_t)six;
        }
        if ((bits & ((1u << 8 * pads) - 1)) != 0)
                return ERR_MALFORMED;
        for (unsigned i = 0; i < 3 - pads; i++)
                out[i] = (uint8_t)(bits >> (16 - 8 * i));
        return ERR_OK;
}

enum err base64_decode(struct arena *arena, struct bytes text, struct bytes *out)
{
        unsigned pads = 0;
        uint8_t *bytes;

        if (text.len % 4 != 0)
                return ERR_MALFORMED;
        while (pads < 2 && pads < text.len && text.data[text.len - 1 - pads] == '=')
                pads++;
        bytes = arena_alloc_raw(arena, text.len / 4 * 3, 1);
        if (bytes == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < text.len; i += 4)
                TRY(decode_group(text.data + i, i + 4 == text.len ? pads : 0, bytes + i / 4 * 3));
        *out = bytes_of(bytes, text.len / 4 * 3 - pads);
        return ERR_OK;
}
