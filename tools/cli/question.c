/* SPDX-License-Identifier: Apache-2.0 */
/* question.c: options to a query. Messages never repeat what was typed: a case
 * number or a personal number may have landed in the wrong place. */
#include "tools/cli/question.h"

#include <stdio.h>
#include <string.h>

void question_init(struct question *out, struct arena *arena)
{
        *out = (struct question){.arena = arena};
        out->q.filters = out->filters;
        out->q.dimensions = out->dimensions;
        out->q.measures = out->measures;
}

/* Pieces ------------------------------------------------------------------ */

static bool is_name(struct bytes text)
{
        for (size_t i = 0; i < text.len; i++) {
                uint8_t c = text.data[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '_' || c == '-'))
                        return false;
        }
        return text.len > 0 && text.len <= NAME_MAX_LEN;
}

/* "a:b"; without a colon, `second` is empty. */
static bool split(struct bytes text, struct bytes *first, struct bytes *second)
{
        const uint8_t *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
        size_t len = colon != NULL ? (size_t)(colon - text.data) : text.len;

        *first = bytes_of(text.data, len);
        *second = colon != NULL ? bytes_of(colon + 1, text.len - len - 1) : (struct bytes){NULL, 0};
        return colon != NULL;
}

enum err dimension_parse(struct bytes text, struct dimension_ref *out, struct refusal *why)
{
        struct dimension_ref d;
        bool has_level = split(text, &d.variable, &d.level);

        if (!is_name(d.variable) || (has_level && !is_name(d.level)))
                return refuse(why, ERR_INVALID, "by", "expected VARIABLE or VARIABLE:LEVEL");
        *out = d;
        return ERR_OK;
}

enum err measure_parse(struct bytes text, struct measure_ref *out, struct refusal *why)
{
        struct measure_ref m = {.kind = MEASURE_NONE};
        struct bytes kind;
        bool has_variable = split(text, &kind, &m.variable);

        m.kind = measure_kind_find(kind);

        bool wants_variable = m.kind == MEASURE_SUM || m.kind == MEASURE_MEAN;

        if (m.kind == MEASURE_NONE || has_variable != wants_variable ||
                (wants_variable && !is_name(m.variable)))
                return refuse(why, ERR_INVALID, "measure",
                        "expected persons, records, sum:VARIABLE or mean:VARIABLE");
        *out = m;
        return ERR_OK;
}

static bool number_parse(struct bytes text, uint32_t *out)
{
        int64_t n;

        if (!bytes_decimal(text, 0, &n) || n < 0 || n > UINT32_MAX)
                return false;
        *out = (uint32_t)n;
        return true;
}

enum err vintage_parse(struct bytes text, struct vintage *out, struct refusal *why)
{
        const uint8_t *point = text.len > 0 ? memchr(text.data, '.', text.len) : NULL;
        size_t len = point != NULL ? (size_t)(point - text.data) : text.len;
        struct vintage v = {0};

        if (!number_parse(bytes_of(text.data, len), &v.number) || v.number == 0 ||
                (point != NULL &&
                        !number_parse(bytes_of(point + 1, text.len - len - 1), &v.revision)))
                return refuse(why, ERR_INVALID, "vintage", "expected a number as 7 or 7.1");
        *out = v;
        return ERR_OK;
}

/* Options ----------------------------------------------------------------- */

static enum err said_already(struct refusal *why, const char *field)
{
        return refuse(why, ERR_INVALID, field, "stands in the question's file already");
}

enum err question_dataset(struct question *q, struct bytes text, struct refusal *why)
{
        if (q->q.dataset.len > 0)
                return said_already(why, "dataset");
        q->q.dataset = text;
        return ERR_OK;
}

enum err question_purpose(struct question *q, struct bytes text, struct refusal *why)
{
        if (q->q.purpose.len > 0)
                return said_already(why, "purpose");
        q->q.purpose = text;
        return ERR_OK;
}

enum err question_vintage(struct question *q, struct bytes text, struct refusal *why)
{
        if (q->q.vintage.number != 0)
                return said_already(why, "vintage");
        return vintage_parse(text, &q->q.vintage, why);
}

enum err question_where(struct question *q, struct bytes text, struct refusal *why)
{
        if (q->q.filters_len == FILTERS_MAX)
                return refuse(why, ERR_INVALID, "where", "at most %d conditions", FILTERS_MAX);
        TRY(filter_parse(q->arena, text, &q->filters[q->q.filters_len], why));
        q->q.filters_len++;
        return ERR_OK;
}

/* The next piece of a list with commas; false at the end. */
static bool next_piece(struct bytes *left, struct bytes *out)
{
        if (left->data == NULL)
                return false;

        const uint8_t *comma = left->len > 0 ? memchr(left->data, ',', left->len) : NULL;
        size_t len = comma != NULL ? (size_t)(comma - left->data) : left->len;

        *out = bytes_of(left->data, len);
        *left = comma != NULL ? bytes_of(comma + 1, left->len - len - 1) : (struct bytes){NULL, 0};
        while (out->len > 0 && out->data[0] == ' ')
                *out = bytes_of(out->data + 1, out->len - 1);
        while (out->len > 0 && out->data[out->len - 1] == ' ')
                out->len--;
        return true;
}

enum err question_by(struct question *q, struct bytes text, struct refusal *why)
{
        struct bytes piece;

        if (q->q.dimensions_len > 0)
                return said_already(why, "by");
        while (next_piece(&text, &piece)) {
                if (q->q.dimensions_len == DIMENSIONS_MAX)
                        return refuse(
                                why, ERR_INVALID, "by", "at most %d dimensions", DIMENSIONS_MAX);
                TRY(dimension_parse(piece, &q->dimensions[q->q.dimensions_len], why));
                q->q.dimensions_len++;
        }
        return ERR_OK;
}

enum err question_measure(struct question *q, struct bytes text, struct refusal *why)
{
        struct bytes piece;

        if (q->q.measures_len > 0)
                return said_already(why, "measure");
        while (next_piece(&text, &piece)) {
                if (q->q.measures_len == MEASURES_MAX)
                        return refuse(
                                why, ERR_INVALID, "measure", "at most %d measures", MEASURES_MAX);
                TRY(measure_parse(piece, &q->measures[q->q.measures_len], why));
                q->q.measures_len++;
        }
        return ERR_OK;
}
