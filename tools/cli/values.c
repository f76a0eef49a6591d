/* SPDX-License-Identifier: Apache-2.0 */
/* values.c: reads single values. No allocation, no locale.
 *
 * What surprised us: "1.234" is one thousand two hundred and thirty-four to a
 * German and one and a bit to an Englishman; in Swedish exports a point is never a
 * thousands mark, so a mark that stands once is the decimal mark, and only a mark
 * that stands in front of another kind of mark groups thousands. */
#include "tools/cli/values.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"

enum { TEN = 10, GROUP = 3, DECIMALS_MAX = 9 };

static bool is_digit(uint8_t c)
{
        return c >= '0' && c <= '9';
}

/* Length of the space at `at`: ASCII, U+00A0, U+2009, U+202F or U+FEFF. */
static size_t space_len(const uint8_t *at, size_t left)
{
        if (at[0] == ' ' || at[0] == '\t' || at[0] == '\r' || at[0] == '\n')
                return 1;
        if (left >= 2 && at[0] == 0xC2 && at[1] == 0xA0)
                return 2;
        if (left >= 3 && at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xAF || at[2] == 0x89))
                return 3;
        if (left >= 3 && at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF)
                return 3;
        return 0;
}

static size_t space_len_before(const uint8_t *start, const uint8_t *end)
{
        for (size_t len = 1; len <= 3 && (size_t)(end - start) >= len; len++)
                if (space_len(end - len, len) == len)
                        return len;
        return 0;
}

struct bytes value_trim(struct bytes text)
{
        const uint8_t *start = text.data, *end = start + text.len;
        size_t len;

        /* Most fields begin and end with a letter or a digit. */
        while (start < end && (*start <= ' ' || *start >= 0x80) &&
                (len = space_len(start, (size_t)(end - start))) > 0)
                start += len;
        while (start < end && (end[-1] <= ' ' || end[-1] >= 0x80) &&
                (len = space_len_before(start, end)) > 0)
                end -= len;
        return bytes_of(start, (size_t)(end - start));
}

/* Up to `most` digits; moves *at behind them. */
static bool digits(const uint8_t **at, const uint8_t *end, int most, int *out)
{
        int len = 0;

        *out = 0;
        while (*at < end && is_digit(**at) && len < most) {
                *out = *out * TEN + (*(*at)++ - '0');
                len++;
        }
        return len > 0;
}

static bool separator(const uint8_t **at, const uint8_t *end, uint8_t *mark)
{
        if (*at == end || (**at != '-' && **at != '/' && **at != '.'))
                return false;
        if (*mark != 0 && *mark != **at)
                return false;
        *mark = *(*at)++;
        return true;
}

/* "2024-01-31 00:00:00", "2024-01-31T00:00": what databases make of a date. */
static struct bytes without_midnight(struct bytes text)
{
        for (size_t i = 6; i < text.len; i++) {
                if (text.data[i] != ' ' && text.data[i] != 'T')
                        continue;
                for (size_t j = i + 1; j < text.len; j++)
                        if (text.data[j] != '0' && text.data[j] != ':' && text.data[j] != '.')
                                return text;
                return bytes_of(text.data, i);
        }
        return text;
}

static bool three_parts(struct bytes text, enum date_format format, struct civil *out)
{
        const uint8_t *at = text.data, *end = at + text.len;
        uint8_t mark = 0;
        int a, b, c;

        if (!digits(&at, end, 4, &a) || !separator(&at, end, &mark) || !digits(&at, end, 2, &b) ||
                !separator(&at, end, &mark) || !digits(&at, end, 4, &c) || at != end)
                return false;
        switch (format) {
        case DATE_YEAR_FIRST:
                *out = (struct civil){a, b, c};
                break;
        case DATE_DAY_FIRST:
                *out = (struct civil){c, b, a};
                break;
        case DATE_MONTH_FIRST:
                *out = (struct civil){c, a, b};
                break;
        }
        /* Two-digit years are not dates. */
        return out->year >= 1000 && civil_exists(*out);
}

bool value_date(struct bytes text, enum date_format format, int32_t *out_days)
{
        struct civil date;

        if (days_parse((const char *)text.data, text.len, out_days) == ERR_OK)
                return true;
        if (!three_parts(without_midnight(text), format, &date))
                return false;
        *out_days = days_from_civil(date);
        return true;
}

bool value_month(struct bytes text, enum date_format format, int32_t *out_days)
{
        const uint8_t *at = text.data, *end = at + text.len;
        struct civil date = {0, 0, 1};
        int32_t days;

        if (value_date(text, format, &days)) {
                date = civil_from_days(days);
                date.day = 1;
                *out_days = days_from_civil(date);
                return true;
        }
        if (text.len < 6 || text.len > 7 || !digits(&at, end, 4, &date.year))
                return false;
        if (text.len == 7 && *at++ != '-')
                return false;
        if (end - at != 2 || !digits(&at, end, 2, &date.month) || at != end || date.year < 1000 ||
                !civil_exists(date))
                return false;
        *out_days = days_from_civil(date);
        return true;
}

/* Where the decimal mark stands, or text.len. false: it cannot be told. */
static bool find_mark(struct bytes text, char mark, size_t *at)
{
        size_t last = text.len;
        unsigned same = 0;

        for (size_t i = 0; i < text.len; i++) {
                if (text.data[i] != ',' && text.data[i] != '.')
                        continue;
                same = last < text.len && text.data[last] == text.data[i] ? same + 1 : 1;
                last = i;
        }
        *at = text.len;
        if (last == text.len)
                return true;
        if (mark != 0 && text.data[last] != (uint8_t)mark)
                return true; /* all of them are thousands, if they group so */
        *at = last;
        return same == 1;
}

struct number {
        uint64_t value;
        bool over;
};

static void add_digit(struct number *n, unsigned digit)
{
        n->over |= __builtin_mul_overflow(n->value, (uint64_t)TEN, &n->value);
        n->over |= __builtin_add_overflow(n->value, (uint64_t)digit, &n->value);
}

/* Length of a thousands mark at `at`, never the decimal one. */
static size_t group_mark(const uint8_t *at, size_t left, uint8_t decimal)
{
        size_t len = space_len(at, left);

        if (len == 0 && (*at == '\'' || ((*at == ',' || *at == '.') && *at != decimal)))
                len = 1;
        return len;
}

static bool whole_part(const uint8_t *at, const uint8_t *end, uint8_t decimal, struct number *n)
{
        unsigned since = 0;
        bool grouped = false;

        if (at == end)
                return false;
        while (at < end) {
                size_t mark = group_mark(at, (size_t)(end - at), decimal);

                if (mark > 0) {
                        if (since == 0 || since > GROUP || (grouped && since != GROUP))
                                return false;
                        grouped = true;
                        since = 0;
                        at += mark;
                } else if (is_digit(*at)) {
                        add_digit(n, (unsigned)(*at++ - '0'));
                        since++;
                } else {
                        return false;
                }
        }
        return !grouped || since == GROUP;
}

/* Digits beyond the schema's must be zeros: a value is never rounded here. */
static enum number_fault fraction(
        const uint8_t *at, const uint8_t *end, uint32_t decimals, struct number *n)
{
        uint32_t taken = 0;

        for (; at < end; at++) {
                if (!is_digit(*at))
                        return NUMBER_SHAPE;
                if (taken < decimals) {
                        add_digit(n, (unsigned)(*at - '0'));
                        taken++;
                } else if (*at != '0') {
                        return NUMBER_DECIMALS;
                }
        }
        for (; taken < decimals; taken++)
                add_digit(n, 0);
        return NUMBER_OK;
}

static bool take_sign(struct bytes *text)
{
        static const uint8_t minus[3] = {0xE2, 0x88, 0x92}; /* U+2212 */
        size_t len = 0;

        if (text->len > 0 && text->data[0] == '-')
                len = 1;
        else if (text->len >= sizeof minus && memcmp(text->data, minus, sizeof minus) == 0)
                len = sizeof minus;
        text->data += len;
        text->len -= len;
        return len > 0;
}

enum number_fault value_number(struct bytes text, uint32_t decimals, char mark, int64_t *out)
{
        bool negative = take_sign(&text);
        struct number n = {0, false};
        size_t at;

        if (!find_mark(text, mark, &at))
                return NUMBER_SHAPE;

        const uint8_t *end = text.data + text.len, *point = text.data + at;

        if (!whole_part(text.data, point, at < text.len ? *point : (uint8_t)mark, &n))
                return NUMBER_SHAPE;
        if (at + 1 == text.len)
                return NUMBER_SHAPE;

        enum number_fault fault = fraction(at < text.len ? point + 1 : end, end, decimals, &n);

        if (fault != NUMBER_OK)
                return fault;
        if (n.over || n.value > INT64_MAX)
                return NUMBER_SIZE;
        *out = negative ? -(int64_t)n.value : (int64_t)n.value;
        return NUMBER_OK;
}

bool value_boolean(struct bytes text, bool *out)
{
        static const struct {
                const char *word;
                bool value;
        } words[] = {{"1", true}, {"0", false}, {"ja", true}, {"nej", false}, {"j", true},
                {"n", false}, {"x", true}, {"yes", true}, {"no", false}, {"y", true},
                {"true", true}, {"false", false}, {"sant", true}, {"falskt", false}, {"t", true},
                {"f", false}};

        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
                if (strlen(words[i].word) == text.len &&
                        strncasecmp(words[i].word, (const char *)text.data, text.len) == 0) {
                        *out = words[i].value;
                        return true;
                }
        }
        return false;
}
