/* SPDX-License-Identifier: Apache-2.0 */
/* terms.c: how the shared nouns are written and read.
 *
 * A period has one spelling: the shortest that says it. Whoever writes
 * "2025-01-01..2025-12-31" means "2025" and gets the same period, so that the
 * same delivery cannot stand twice under two names. */
#include "base/terms.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static const char *const roles[ROLE_COUNT] = {
        [ROLE_NONE] = "none",
        [ROLE_MUNICIPALITY] = "municipality",
        [ROLE_STATISTICIAN] = "statistician",
        [ROLE_DPO] = "dpo",
        [ROLE_OPERATOR] = "operator",
};

const char *role_name(enum role role)
{
        return (unsigned)role < ROLE_COUNT ? roles[role] : roles[ROLE_NONE];
}

enum role role_find(const char *name, uint32_t len)
{
        for (unsigned r = ROLE_NONE + 1; r < ROLE_COUNT; r++)
                if (strlen(roles[r]) == len && memcmp(roles[r], name, len) == 0)
                        return (enum role)r;
        return ROLE_NONE;
}

/* `len` digits as a number; false where one is not a digit. */
static bool parse_digits(const char *text, uint32_t len, int *out)
{
        int v = 0;

        for (uint32_t i = 0; i < len; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return false;
                v = v * 10 + (text[i] - '0');
        }
        *out = v;
        return true;
}

void municipality_format(municipality_t code, char out[5])
{
        for (int i = 3, v = code; i >= 0; i--, v /= 10)
                out[i] = (char)('0' + v % 10);
        out[4] = '\0';
}

bool municipality_parse(const char *text, uint32_t len, municipality_t *out)
{
        int code;

        if (len != 4 || !parse_digits(text, len, &code) || code == 0)
                return false;
        *out = (municipality_t)code;
        return true;
}

/* From the first day of `month` to the last of the `months`-th month. */
static bool period_of_months(int year, int month, int months, struct period *out)
{
        struct civil first = {year, month, 1};
        struct civil after = {year, month + months, 1};

        if (!civil_exists(first))
                return false;
        if (after.month > 12)
                after = (struct civil){year + 1, 1, 1};
        /* The year after 9999 has no name, its eve has. */
        int32_t last = civil_exists(after) ? days_from_civil(after) - 1
                                           : days_from_civil((struct civil){9999, 12, 31});

        *out = (struct period){days_from_civil(first), last};
        return true;
}

/* "YYYY-MM-DD"; the other spelling of a date is not one of a period. */
static bool parse_day(const char *text, int32_t *out)
{
        return days_parse(text, 10, out) == ERR_OK;
}

static bool one_period(const char *text, uint32_t len, struct period *out)
{
        struct period p;
        int year, part;

        if (len == 10) {
                if (!parse_day(text, &p.first))
                        return false;
                *out = (struct period){p.first, p.first};
                return true;
        }
        if ((len != 4 && len != 7) || !parse_digits(text, 4, &year))
                return false;
        if (len == 4)
                return period_of_months(year, 1, 12, out);
        if (text[4] != '-')
                return false;
        if (text[5] == 'Q')
                return text[6] >= '1' && text[6] <= '4' &&
                       period_of_months(year, (text[6] - '1') * 3 + 1, 3, out);
        return parse_digits(text + 5, 2, &part) && period_of_months(year, part, 1, out);
}

bool period_parse(const char *text, uint32_t len, struct period *out)
{
        struct period first, last;

        for (uint32_t i = 0; i + 1 < len; i++) {
                if (text[i] != '.' || text[i + 1] != '.')
                        continue;
                if (!one_period(text, i, &first) || !one_period(text + i + 2, len - i - 2, &last) ||
                        last.last < first.first)
                        return false;
                *out = (struct period){first.first, last.last};
                return true;
        }
        return one_period(text, len, out);
}

static bool period_same(struct period a, struct period b)
{
        return a.first == b.first && a.last == b.last;
}

void period_format(struct period p, char out[24])
{
        struct civil first = civil_from_days(p.first);
        char from[11], to[11];
        struct period whole;

        days_format(p.first, from);
        days_format(p.last, to);
        /* The names are prefixes of the first day's date. */
        if (period_of_months(first.year, first.month, 12, &whole) && first.month == 1 &&
                period_same(p, whole))
                (void)snprintf(out, 24, "%.4s", from);
        else if (first.month % 3 == 1 && period_of_months(first.year, first.month, 3, &whole) &&
                 period_same(p, whole))
                (void)snprintf(out, 24, "%.4s-Q%d", from, first.month / 3 + 1);
        else if (period_of_months(first.year, first.month, 1, &whole) && period_same(p, whole))
                (void)snprintf(out, 24, "%.7s", from);
        else if (p.first == p.last)
                (void)snprintf(out, 24, "%s", from);
        else
                (void)snprintf(out, 24, "%s..%s", from, to);
}
