/* SPDX-License-Identifier: Apache-2.0 */
/* query_text.c: parts of a question as a person types them. Messages never repeat what
 * was typed: a case number or a personal number may have landed in the wrong place. */
#include <string.h>

#include "base/clock.h"
#include "policies/query_yaml.h"

enum { PERIOD_TEXT_MAX = 24 };

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

enum err query_dimension_parse(struct bytes text, struct dimension_ref *out, struct refusal *why)
{
        struct dimension_ref d;
        bool has_level = split(text, &d.variable, &d.level);

        if (!is_name(d.variable) || (has_level && !is_name(d.level)))
                return refuse(why, ERR_INVALID, "by", "expected VARIABLE or VARIABLE:LEVEL");
        *out = d;
        return ERR_OK;
}

static bool is_quantile(enum measure_kind kind)
{
        return kind == MEASURE_MEDIAN || kind == MEASURE_LOWER_QUARTILE ||
               kind == MEASURE_UPPER_QUARTILE;
}

enum err query_measure_parse(struct bytes text, struct measure_ref *out, struct refusal *why)
{
        struct measure_ref m = {.kind = MEASURE_NONE};
        struct bytes kind, rest, variable;
        bool has_variable = split(text, &kind, &rest);
        bool has_banding = split(rest, &variable, &m.banding);
        int wants;

        m.kind = measure_kind_find(kind);
        if (m.kind == MEASURE_NONE)
                return refuse(why, ERR_INVALID, "measure",
                        "expected a measure as persons, records, sum:VARIABLE, mean:VARIABLE or "
                        "median:VARIABLE");
        wants = measure_kind_wants_variable(m.kind);
        if (has_variable && wants < 0)
                return refuse(why, ERR_INVALID, "measure", "%s has no variable",
                        measure_kind_name(m.kind));
        if ((has_variable && !is_name(variable)) || (!has_variable && wants > 0))
                return refuse(why, ERR_INVALID, "measure", "expected %s:VARIABLE",
                        measure_kind_name(m.kind));
        if (has_banding && (!is_quantile(m.kind) || !is_name(m.banding)))
                return refuse(why, ERR_INVALID, "measure",
                        "only medians and quartiles name their bands, as median:VARIABLE:BANDS");
        m.variable = variable;
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

enum err query_vintage_parse(struct bytes text, struct vintage *out, struct refusal *why)
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

enum err query_period_parse(struct bytes text, struct period *out, struct refusal *why)
{
        if (text.len > PERIOD_TEXT_MAX ||
                !period_parse((const char *)text.data, (uint32_t)text.len, out))
                return refuse(why, ERR_INVALID, "period",
                        "expected a period as 2024, 2024-Q1, 2024-03 or 2024-03-01, or two in "
                        "order with .. between");
        return ERR_OK;
}

enum err query_day_parse(struct bytes text, const char *field, int32_t *out, struct refusal *why)
{
        if (text.len != 10 || days_parse((const char *)text.data, text.len, out) != ERR_OK)
                return refuse(why, ERR_INVALID, field, "expected a date, YYYY-MM-DD");
        return ERR_OK;
}
