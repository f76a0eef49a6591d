/* SPDX-License-Identifier: Apache-2.0 */
/* entry.c: what an entry of the audit log says, written and read.
 *
 * The bytes made here are hashed and kept for years, so there is one way to write a thing: fields
 * ascending, what was put first first, nothing empty. The reader holds whatever it is given to
 * just that before anybody sees a value, since it reads logs that others kept and statements
 * that came with an answer.
 *
 * Text is cleaned here, once, for everybody: what stands in an entry has no control character that
 * could end a line or move a cursor where it is shown. */
#include "gateway/audit/entry.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

enum { HEADER_LEN = 1 + 4, NUMBER_LEN = 8, VALUES_FIRST = 32 };

static const struct {
        enum entry_kind kind;
        const char *word;
} kinds[] = {
#define KIND_ROW(name, number, word) {ENTRY_##name, word},
        ENTRY_KINDS(KIND_ROW)
#undef KIND_ROW
};

/* By number, with gaps. */
static const struct entry_field_rule rules[FIELD_END] = {
#define FIELD_ROW(name, number, side, type, word)                                                  \
        [number] = {FIELD_##name, ENTRY_##side, ENTRY_##type, word},
        ENTRY_FIELDS(FIELD_ROW)
#undef FIELD_ROW
};

const char *entry_kind_word(enum entry_kind kind)
{
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
                if (kinds[i].kind == kind)
                        return kinds[i].word;
        return "unknown";
}

enum entry_kind entry_kind_find(struct bytes word)
{
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
                if (bytes_is_text(word, kinds[i].word))
                        return kinds[i].kind;
        return ENTRY_NONE;
}

const struct entry_field_rule *entry_field_find(uint8_t number)
{
        return number < FIELD_END && rules[number].field != FIELD_NONE ? &rules[number] : NULL;
}

const struct entry_field_rule *entry_field_named(struct bytes word)
{
        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
                if (rules[i].word != NULL && bytes_is_text(word, rules[i].word))
                        return &rules[i];
        return NULL;
}

/* Writing ------------------------------------------------------------------- */

void entry_begin(struct entry_writer *w, struct arena *arena, enum entry_kind kind)
{
        assert(kind != ENTRY_NONE);
        *w = (struct entry_writer){.arena = arena, .kind = kind};
}

static bool grow(struct entry_writer *w)
{
        uint32_t cap = w->cap == 0 ? VALUES_FIRST : 2 * w->cap;
        struct entry_value *larger = arena_alloc(w->arena, cap, sizeof *larger);

        if (larger == NULL) {
                w->err = ERR_NO_MEMORY;
                return false;
        }
        if (w->len > 0)
                memcpy(larger, w->values, w->len * sizeof *larger);
        w->values = larger;
        w->cap = cap;
        return true;
}

static void put(struct entry_writer *w, enum entry_field f, enum entry_type type, struct bytes text,
        int64_t number)
{
        const struct entry_field_rule *rule = entry_field_find((uint8_t)f);

        assert(rule != NULL && rule->type == type);
        if (w->err != ERR_OK || (w->len == w->cap && !grow(w)))
                return;
        w->values[w->len++] = (struct entry_value){.rule = rule, .text = text, .number = number};
}

/* Bytes of the printable character at the start, 0 where there is none. */
static size_t character_len(struct bytes text)
{
        for (size_t len = 1; len <= 4 && len <= text.len; len++)
                if (bytes_is_printable(bytes_of(text.data, len)))
                        return len;
        return 0;
}

/* As it may stand in an entry; a copy only where it has to differ. */
static bool clean(struct entry_writer *w, struct bytes *text)
{
        uint8_t *copy;
        size_t at = 0;

        if (text->len <= ENTRY_TEXT_MAX && bytes_is_printable(*text))
                return true;
        copy = arena_alloc_raw(w->arena, ENTRY_TEXT_MAX, 1);
        if (copy == NULL) {
                w->err = ERR_NO_MEMORY;
                return false;
        }
        while (at < text->len && at < ENTRY_TEXT_MAX) {
                size_t len = character_len(bytes_of(text->data + at, text->len - at));

                if (at + len > ENTRY_TEXT_MAX)
                        break;
                if (len > 0)
                        memcpy(copy + at, text->data + at, len);
                else
                        copy[at] = '?';
                at += len > 0 ? len : 1;
        }
        *text = bytes_of(copy, at);
        return true;
}

void entry_put_text(struct entry_writer *w, enum entry_field f, struct bytes text)
{
        if (w->err == ERR_OK && text.len > 0 && clean(w, &text))
                put(w, f, ENTRY_TEXT, text, 0);
}

void entry_put_words(struct entry_writer *w, enum entry_field f, const char *text)
{
        entry_put_text(w, f, bytes_of_text(text));
}

void entry_put_number(struct entry_writer *w, enum entry_field f, int64_t n)
{
        put(w, f, ENTRY_NUMBER, bytes_of(NULL, 0), n);
}

void entry_put_digest(struct entry_writer *w, enum entry_field f, const struct digest *d)
{
        put(w, f, ENTRY_DIGEST, bytes_of(d->bytes, sizeof d->bytes), 0);
}

void entry_put_bytes(struct entry_writer *w, enum entry_field f, struct bytes b)
{
        if (b.len > ENTRY_BYTES_MAX && w->err == ERR_OK)
                w->err = ERR_TOO_LARGE;
        if (b.len > 0)
                put(w, f, ENTRY_BYTES, b, 0);
}

void entry_put_count(struct entry_writer *w, enum entry_field f, const char *name, uint64_t n)
{
        struct bytes text = bytes_of_text(name);

        assert(text.len > 0 && n <= INT64_MAX);
        if (w->err == ERR_OK && clean(w, &text))
                put(w, f, ENTRY_COUNT, text, (int64_t)n);
}

void entry_put_principal(struct entry_writer *w, const struct principal *p)
{
        entry_put_words(w, FIELD_PRINCIPAL, p->uri);
        entry_put_digest(w, FIELD_CERTIFICATE, &p->certificate);
}

void entry_put_printed(struct entry_writer *w, enum entry_field f, const char *fmt, ...)
{
        char text[ENTRY_TEXT_MAX + 1];
        const char *kept;
        va_list args;

        if (w->err != ERR_OK)
                return;
        va_start(args, fmt);
        (void)vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        kept = arena_strndup(w->arena, text, strlen(text));
        if (kept == NULL)
                w->err = ERR_NO_MEMORY;
        else
                entry_put_words(w, f, kept);
}

void entry_put_vintage(struct entry_writer *w, struct vintage v)
{
        entry_put_printed(w, FIELD_VINTAGE, "%u.%u", v.number, v.revision);
}

/* By field, equal ones as they came. There are some dozens, nearly in order. */
static void sort(struct entry_value *values, uint32_t len)
{
        for (uint32_t i = 1; i < len; i++) {
                struct entry_value moving = values[i];
                uint32_t at = i;

                for (; at > 0 && values[at - 1].rule->field > moving.rule->field; at--)
                        values[at] = values[at - 1];
                values[at] = moving;
        }
}

static void put_value(struct buf *out, const struct entry_value *v)
{
        put_u8(out, (uint8_t)v->rule->field);
        switch (v->rule->type) {
        case ENTRY_NUMBER:
                put_u32(out, NUMBER_LEN);
                put_i64(out, v->number);
                return;
        case ENTRY_COUNT:
                put_u32(out, NUMBER_LEN + (uint32_t)v->text.len);
                put_i64(out, v->number);
                put_raw(out, v->text.data, v->text.len);
                return;
        case ENTRY_TEXT:
        case ENTRY_DIGEST:
        case ENTRY_BYTES:
                put_bytes(out, v->text);
                return;
        }
}

static enum err part_of(const struct entry_writer *w, enum entry_side side, struct bytes *out)
{
        OWNED(buf_done) struct buf part;
        struct bytes made;

        buf_init(&part, ENTRY_PART_MAX);
        for (uint32_t i = 0; i < w->len; i++)
                if (w->values[i].rule->side == side)
                        put_value(&part, &w->values[i]);
        TRY(buf_end(&part, &made));
        return bytes_copy(w->arena, made, out);
}

enum err entry_end(struct entry_writer *w, struct entry_draft *out)
{
        struct entry_draft draft = {.kind = (uint16_t)w->kind};

        TRY(w->err);
        sort(w->values, w->len);
        TRY(part_of(w, ENTRY_OPEN, &draft.open));
        TRY(part_of(w, ENTRY_CLOSED, &draft.closed));
        *out = draft;
        return ERR_OK;
}

/* Reading ------------------------------------------------------------------- */

static bool is_text(struct bytes text)
{
        return text.len > 0 && text.len <= ENTRY_TEXT_MAX && bytes_is_printable(text);
}

static enum err number_of(struct bytes raw, int64_t *out, struct bytes *out_rest)
{
        struct reader in = reader_of(raw);

        TRY(read_i64(&in, out));
        *out_rest = bytes_of(in.at, in.left);
        return ERR_OK;
}

static enum err value_of(
        const struct entry_field_rule *rule, struct bytes raw, struct entry_value *out)
{
        struct bytes text = raw;
        int64_t number = 0;

        if (rule->type == ENTRY_NUMBER || rule->type == ENTRY_COUNT)
                TRY(number_of(raw, &number, &text));
        switch (rule->type) {
        case ENTRY_NUMBER:
                if (text.len > 0)
                        return ERR_MALFORMED;
                text = bytes_of(NULL, 0);
                break;
        case ENTRY_COUNT:
                if (number < 0 || !is_text(text))
                        return ERR_MALFORMED;
                break;
        case ENTRY_TEXT:
                if (!is_text(text))
                        return ERR_MALFORMED;
                break;
        case ENTRY_DIGEST:
                if (raw.len != sizeof(struct digest))
                        return ERR_MALFORMED;
                break;
        case ENTRY_BYTES:
                if (raw.len == 0)
                        return ERR_MALFORMED;
                break;
        }
        *out = (struct entry_value){.rule = rule, .text = text, .number = number};
        return ERR_OK;
}

static enum err next(struct reader *in, struct entry_value *out)
{
        const struct entry_field_rule *rule;
        struct bytes raw;
        uint8_t number;

        TRY(read_u8(in, &number));
        rule = entry_field_find(number);
        if (rule == NULL)
                return ERR_MALFORMED;
        TRY(read_bytes(in, ENTRY_BYTES_MAX, &raw));
        return value_of(rule, raw, out);
}

static enum err check(enum entry_side side, struct bytes part)
{
        struct reader in = reader_of(part);
        enum entry_field before = FIELD_NONE;
        struct entry_value v;

        if (part.len > ENTRY_PART_MAX)
                return ERR_MALFORMED;
        while (in.left > 0) {
                if (next(&in, &v) != ERR_OK || v.rule->side != side || v.rule->field < before)
                        return ERR_MALFORMED;
                before = v.rule->field;
        }
        return ERR_OK;
}

enum err entry_read(enum entry_side side, struct bytes part, entry_visitor fn, void *ctx)
{
        struct reader in = reader_of(part);
        struct entry_value v;

        TRY(check(side, part));
        while (fn != NULL && in.left > 0) {
                TRY(next(&in, &v));
                TRY(fn(ctx, &v));
        }
        return ERR_OK;
}

bool entry_find(struct bytes part, enum entry_field f, struct entry_value *out)
{
        struct reader in = reader_of(part);
        struct entry_value v;

        while (in.left > 0 && next(&in, &v) == ERR_OK)
                if (v.rule->field == f) {
                        *out = v;
                        return true;
                }
        return false;
}
