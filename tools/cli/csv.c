/* SPDX-License-Identifier: Apache-2.0 */
/* csv.c: finds the fields of a row, a megabyte of file at a time.
 *
 * One buffer holds what was read; fields point into it. A table says of each byte
 * whether it ends something, and the newline kept behind the last byte lets the
 * inner loop go without a bounds check. Quotes are taken apart in place, and only
 * once the whole row is there, because a row that is cut by the end of the buffer
 * is read again from its start.
 *
 * What surprised us: one forgotten quote can swallow the rest of a file. So a row
 * whose quotes do not work out ends at its first line end, is handed out as broken,
 * and the reader goes on with the line after it. A quote inside an unquoted field
 * is only a character: people write 5" and mean inches. */
#include "tools/cli/csv.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/csv_text.h"

enum { BUFFER_LEN = 2 * CSV_ROW_MAX };

enum byte_class { PLAIN = 0, DELIMITER, LINE_END, NUL, HIGH };

struct csv {
        struct csv_input *in;
        struct csv_dialect dialect;
        uint8_t classes[256];
        uint8_t *buffer;   /* BUFFER_LEN and one for the sentinel */
        uint8_t *at, *end; /* what has not been handed out */
        bool drained;      /* nothing more to read */
        bool skipping;     /* inside a row that was too long */
        uint64_t read;
        uint32_t row;
        struct bytes fields[CSV_FIELDS_MAX];
        uint16_t doubled[CSV_FIELDS_MAX]; /* fields with "" inside */
        uint16_t high[CSV_FIELDS_MAX];    /* fields to convert to UTF-8 */
        uint32_t fields_len, doubled_len, high_len;
        uint8_t *converted;
        size_t converted_cap;
};

static const char *const fault_names[CSV_FAULT_COUNT] = {"WHOLE",
#define FAULT_NAME(name, sentence) #name,
        CSV_FAULTS(FAULT_NAME)
#undef FAULT_NAME
};

static const char *const fault_sentences[CSV_FAULT_COUNT] = {"the row can be read",
#define FAULT_SENTENCE(name, sentence) sentence,
        CSV_FAULTS(FAULT_SENTENCE)
#undef FAULT_SENTENCE
};

const char *csv_fault_name(enum csv_fault f)
{
        return fault_names[(unsigned)f < CSV_FAULT_COUNT ? f : CSV_WHOLE];
}

const char *csv_fault_sentence(enum csv_fault f)
{
        return fault_sentences[(unsigned)f < CSV_FAULT_COUNT ? f : CSV_WHOLE];
}

static void classify(struct csv *c)
{
        c->classes[0] = NUL;
        if (c->dialect.encoding != CSV_UTF8)
                memset(c->classes + 128, HIGH, 128);
        c->classes[c->dialect.delimiter] = DELIMITER;
        c->classes[c->dialect.line_end] = LINE_END;
}

/* Moves what is left to the front and reads behind it. */
static enum err refill(struct csv *c)
{
        size_t left = (size_t)(c->end - c->at), got = 0;

        if (left > 0)
                memmove(c->buffer, c->at, left);
        c->at = c->buffer;
        c->end = c->buffer + left;
        *c->end = c->dialect.line_end;
        TRY(csv_input_read(c->in, c->end, BUFFER_LEN - left, &got));
        c->drained = got < BUFFER_LEN - left;
        c->read += got;
        c->end += got;
        *c->end = c->dialect.line_end;
        return ERR_OK;
}

static enum err leave_out_start(struct csv *c)
{
        TRY(refill(c));
        if (c->dialect.bom_len <= c->end - c->at)
                c->at += c->dialect.bom_len;
        if (!c->dialect.sep_line)
                return ERR_OK;

        uint8_t *stop = memchr(c->at, c->dialect.line_end, (size_t)(c->end - c->at));

        c->at = stop != NULL ? stop + 1 : c->end;
        c->row = 1;
        return ERR_OK;
}

enum err csv_open(struct csv_input *in, const struct csv_dialect *dialect, struct csv **out)
{
        OWNED(csv_free) struct csv *c = calloc(1, sizeof *c);

        if (c == NULL)
                return ERR_NO_MEMORY;
        c->in = in;
        c->dialect = *dialect;
        c->buffer = malloc(BUFFER_LEN + 1);
        if (c->buffer == NULL)
                return ERR_NO_MEMORY;
        c->at = c->end = c->buffer;
        classify(c);
        TRY(leave_out_start(c));
        *out = c;
        c = NULL;
        return ERR_OK;
}

void csv_free(struct csv **c)
{
        if (c == NULL || *c == NULL)
                return;
        free((*c)->buffer);
        free((*c)->converted);
        free(*c);
        *c = NULL;
}

uint64_t csv_offset(const struct csv *c)
{
        return c->read - (uint64_t)(c->end - c->at);
}

/* How a look at one row ended. `stop` is behind the row and its line end. */
enum look { LOOK_ROW, LOOK_MORE, LOOK_FAULT };
struct looked {
        enum look how;
        enum csv_fault fault;
        uint8_t *stop;
};

static struct looked look_fault(enum csv_fault fault)
{
        return (struct looked){LOOK_FAULT, fault, NULL};
}

static bool add_field(struct csv *c, const uint8_t *from, const uint8_t *to)
{
        if (c->fields_len == CSV_FIELDS_MAX)
                return false;
        c->fields[c->fields_len++] = (struct bytes){from, (size_t)(to - from)};
        return true;
}

/* From behind the opening quote to the delimiter or line end behind the closing
 * one; NULL when the buffer ends first, with *fault set when it is broken. */
static uint8_t *quoted_field(struct csv *c, uint8_t *from, enum csv_fault *fault)
{
        bool doubled = false, high = false;
        uint8_t *p = from;

        for (;; p++) {
                if (p == c->end)
                        return NULL;
                if (*p == '"') {
                        if (p + 1 == c->end || p[1] != '"')
                                break;
                        doubled = true;
                        p++;
                } else if (c->classes[*p] == HIGH) {
                        high = true;
                } else if (*p == 0) {
                        *fault = CSV_FAULT_NUL_BYTE;
                }
        }
        if (c->fields_len < CSV_FIELDS_MAX) {
                if (doubled)
                        c->doubled[c->doubled_len++] = (uint16_t)c->fields_len;
                if (high)
                        c->high[c->high_len++] = (uint16_t)c->fields_len;
        }
        if (!add_field(c, from, p))
                *fault = CSV_FAULT_TOO_MANY_FIELDS;
        p++;
        while (p < c->end && (*p == ' ' || (*p == '\r' && c->dialect.line_end == '\n')))
                p++;
        if (p < c->end && c->classes[*p] != DELIMITER && c->classes[*p] != LINE_END)
                *fault = CSV_FAULT_BROKEN_QUOTES;
        return p;
}

static uint8_t *plain_field(struct csv *c, uint8_t *from, enum csv_fault *fault)
{
        uint8_t *p = from;
        bool high = false;

        for (;;) {
                while (c->classes[*p] == PLAIN)
                        p++;
                if (c->classes[*p] == HIGH) {
                        high = true;
                } else if (c->classes[*p] == NUL) {
                        *fault = CSV_FAULT_NUL_BYTE;
                } else {
                        break;
                }
                p++;
        }
        if (p == c->end && !c->drained)
                return NULL;

        const uint8_t *to = p;

        if (c->classes[*p] == LINE_END && to > from && to[-1] == '\r')
                to--;
        if (high && c->fields_len < CSV_FIELDS_MAX)
                c->high[c->high_len++] = (uint16_t)c->fields_len;
        if (!add_field(c, from, to))
                *fault = CSV_FAULT_TOO_MANY_FIELDS;
        return p;
}

/* Finds the fields from c->at. Nothing is changed in the buffer. */
static struct looked look(struct csv *c)
{
        enum csv_fault fault = CSV_WHOLE;
        uint8_t *p = c->at;

        c->fields_len = c->doubled_len = c->high_len = 0;
        for (;; p++) {
                bool quoted = p < c->end && *p == '"';

                p = quoted ? quoted_field(c, p + 1, &fault) : plain_field(c, p, &fault);
                if (p == NULL && !c->drained)
                        return (struct looked){LOOK_MORE, CSV_WHOLE, NULL};
                if (p == NULL || fault == CSV_FAULT_BROKEN_QUOTES)
                        return look_fault(CSV_FAULT_BROKEN_QUOTES);
                if (p == c->end && !c->drained)
                        return (struct looked){LOOK_MORE, CSV_WHOLE, NULL};
                if (c->classes[*p] == LINE_END)
                        break;
        }
        if (p - c->at > CSV_ROW_MAX)
                return look_fault(CSV_FAULT_ROW_TOO_LONG);
        /* The sentinel is not part of the input. */
        return (struct looked){
                fault == CSV_WHOLE ? LOOK_ROW : LOOK_FAULT, fault, p < c->end ? p + 1 : c->end};
}

/* Leaves out the rest of the line; false when the buffer ended before the line. */
static bool skip_line(struct csv *c)
{
        uint8_t *stop = memchr(c->at, c->dialect.line_end, (size_t)(c->end - c->at));

        c->at = stop != NULL ? stop + 1 : c->end;
        return stop != NULL || c->drained;
}

static enum err skip_rest(struct csv *c)
{
        while (!skip_line(c))
                TRY(refill(c));
        c->skipping = false;
        return ERR_OK;
}

static void join_doubled(struct csv *c)
{
        for (uint32_t i = 0; i < c->doubled_len; i++) {
                struct bytes *f = &c->fields[c->doubled[i]];
                uint8_t *base = c->buffer + (f->data - c->buffer), *to = base;

                for (size_t at = 0; at < f->len; at++) {
                        *to++ = base[at];
                        if (base[at] == '"')
                                at++;
                }
                f->len = (size_t)(to - base);
        }
}

static enum err convert_high(struct csv *c)
{
        size_t need = 0, used = 0;

        for (uint32_t i = 0; i < c->high_len; i++)
                need += c->fields[c->high[i]].len * CSV_UTF8_GROWTH;
        if (need > c->converted_cap) {
                free(c->converted);
                c->converted = malloc(need);
                c->converted_cap = c->converted != NULL ? need : 0;
                if (c->converted == NULL)
                        return ERR_NO_MEMORY;
        }
        for (uint32_t i = 0; i < c->high_len; i++) {
                struct bytes *f = &c->fields[c->high[i]];
                uint8_t *to = c->converted + used;

                *f = (struct bytes){to, csv_to_utf8(c->dialect.encoding, *f, to)};
                used += f->len;
        }
        return ERR_OK;
}

/* One row or line, whatever it holds. */
static enum err next_row(struct csv *c, struct csv_row *out)
{
        struct looked found = look(c);

        while (found.how == LOOK_MORE && c->end - c->at <= CSV_ROW_MAX) {
                TRY(refill(c));
                found = look(c);
        }
        if (found.how == LOOK_MORE)
                found = look_fault(CSV_FAULT_ROW_TOO_LONG);
        if (found.how == LOOK_FAULT) {
                c->fields_len = 0;
                c->skipping = found.stop == NULL;
                if (found.stop != NULL)
                        c->at = found.stop;
                *out = (struct csv_row){c->row, found.fault, NULL, 0};
                return c->skipping ? skip_rest(c) : ERR_OK;
        }
        join_doubled(c);
        TRY(convert_high(c));
        c->at = found.stop;
        *out = (struct csv_row){c->row, CSV_WHOLE, c->fields, c->fields_len};
        return ERR_OK;
}

/* Spreadsheets leave lines of nothing but delimiters behind. */
static bool is_empty(const struct csv_row *row)
{
        for (uint32_t i = 0; i < row->fields_len; i++)
                if (row->fields[i].len > 0)
                        return false;
        return true;
}

enum err csv_next(struct csv *c, struct csv_row *out)
{
        for (;;) {
                if (c->at == c->end && !c->drained)
                        TRY(refill(c));
                if (c->at == c->end)
                        return ERR_NOT_FOUND;
                if (c->row == UINT32_MAX)
                        return ERR_TOO_LARGE;
                c->row++;

                struct csv_row row;

                TRY(next_row(c, &row));
                if (row.fault == CSV_WHOLE && is_empty(&row))
                        continue;
                *out = row;
                return ERR_OK;
        }
}
