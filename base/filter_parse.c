/* SPDX-License-Identifier: Apache-2.0 */
/* filter_parse.c: one filter as a person types it.
 *
 *      filter := name [':' name] op value {',' value}     lists only after `in`
 *      name   := letters, digits, '_' and '-'
 *      op     := '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in'
 *      value  := '"' … '"'  ('""' is one quote)  |  no blank, quote or comma
 *
 * A value that begins with an operator's character is refused unless quoted:
 * `==` and `=<` are slips, not values. Messages point at a column and never
 * repeat the text. */
#include <string.h>

#include "base/arena.h"
#include "base/query.h"

struct scan {
        struct arena *arena;
        struct bytes text;
        size_t at;
        struct refusal *why;
};

static enum err slip(const struct scan *s, const char *rule)
{
        return refuse(s->why, ERR_INVALID, "where", "column %zu: %s", s->at + 1, rule);
}

static uint8_t peek(const struct scan *s)
{
        return s->at < s->text.len ? s->text.data[s->at] : 0;
}

static void skip_blanks(struct scan *s)
{
        while (peek(s) == ' ')
                s->at++;
}

static bool is_name_byte(uint8_t c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
}

static enum err scan_name(struct scan *s, struct bytes *out)
{
        size_t from = s->at;

        while (is_name_byte(peek(s)))
                s->at++;

        size_t len = s->at - from;

        if (len == 0)
                return slip(s, "a name is expected here");
        if (len > NAME_MAX_LEN) {
                s->at = from;
                return slip(s, "the name is too long");
        }
        *out = bytes_of(s->text.data + from, len);
        return ERR_OK;
}

static bool take(struct scan *s, const char *word)
{
        size_t len = strlen(word);

        if (s->text.len - s->at < len || memcmp(s->text.data + s->at, word, len) != 0)
                return false;
        s->at += len;
        return true;
}

static enum err scan_op(struct scan *s, enum filter_op *out)
{
        /* Longer spellings first. */
        static const enum filter_op ops[] = {
                FILTER_NE, FILTER_LE, FILTER_GE, FILTER_EQ, FILTER_LT, FILTER_GT};

        for (size_t i = 0; i < ARRAY_LEN(ops); i++)
                if (take(s, filter_op_text(ops[i]))) {
                        *out = ops[i];
                        return ERR_OK;
                }
        if (take(s, "in") && (peek(s) == ' ' || peek(s) == '"')) {
                *out = FILTER_IN;
                return ERR_OK;
        }
        return slip(s, "expected one of = != < <= > >= in");
}

/* At the opening quote. Unescaped text is never longer than its source. */
static enum err scan_quoted(struct scan *s, struct bytes *out)
{
        uint8_t *copy = arena_alloc_raw(s->arena, s->text.len - s->at, 1);
        size_t len = 0;

        if (copy == NULL)
                return ERR_NO_MEMORY;
        for (s->at++; s->at < s->text.len; s->at++) {
                if (peek(s) == '"') {
                        s->at++;
                        if (peek(s) != '"') {
                                *out = bytes_of(copy, len);
                                return ERR_OK;
                        }
                }
                copy[len++] = peek(s);
        }
        return slip(s, "the quote is not closed");
}

static enum err scan_plain(struct scan *s, struct bytes *out)
{
        size_t from = s->at;

        if (peek(s) != 0 && strchr("=<>!", peek(s)) != NULL)
                return slip(s, "a value that begins with an operator must be quoted");
        while (s->at < s->text.len && strchr(" ,\"", peek(s)) == NULL)
                s->at++;
        *out = bytes_of(s->text.data + from, s->at - from);
        return ERR_OK;
}

static enum err scan_value(struct scan *s, struct bytes *out)
{
        skip_blanks(s);

        size_t from = s->at;

        TRY(peek(s) == '"' ? scan_quoted(s, out) : scan_plain(s, out));
        if (out->len > 0 && out->len <= FILTER_VALUE_MAX_LEN)
                return ERR_OK;
        s->at = from;
        return slip(s, out->len == 0 ? "a value is expected here" : "the value is too long");
}

/* An upper bound: commas inside quotes count too. */
static size_t values_at_most(const struct scan *s)
{
        size_t n = 1;

        for (size_t i = s->at; i < s->text.len; i++)
                n += s->text.data[i] == ',';
        return n < FILTER_VALUES_MAX ? n : FILTER_VALUES_MAX;
}

static enum err scan_values(struct scan *s, struct filter *f)
{
        size_t room = values_at_most(s);
        struct bytes *values = arena_alloc(s->arena, room, sizeof *values);

        if (values == NULL)
                return ERR_NO_MEMORY;
        f->values = values;
        for (;;) {
                if (f->values_len == room)
                        return slip(s, "there are more values than allowed");
                TRY(scan_value(s, &values[f->values_len++]));
                skip_blanks(s);
                if (s->at == s->text.len)
                        return ERR_OK;
                if (peek(s) != ',')
                        return slip(s, "expected a comma or the end; quote a value with blanks");
                if (f->op != FILTER_IN)
                        return slip(s, "only `in` takes a list");
                s->at++;
        }
}

enum err filter_parse(
        struct arena *arena, struct bytes text, struct filter *out, struct refusal *why)
{
        struct scan s = {.arena = arena, .text = text, .why = why};
        struct filter f = {0};

        if (!bytes_is_printable(text))
                return refuse(why, ERR_INVALID, "where", "is not printable UTF-8");
        skip_blanks(&s);
        TRY(scan_name(&s, &f.variable));
        if (peek(&s) == ':') {
                s.at++;
                TRY(scan_name(&s, &f.level));
        }
        skip_blanks(&s);
        TRY(scan_op(&s, &f.op));
        TRY(scan_values(&s, &f));
        *out = f;
        return ERR_OK;
}
