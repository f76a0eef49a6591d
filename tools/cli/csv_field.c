/* SPDX-License-Identifier: Apache-2.0 */
/* csv_field.c: a text in a CSV file.
 *
 * Quoting follows RFC 4180. A spreadsheet takes a text that begins with = + - or @
 * for a formula, also in quotes, and a label comes from whoever wrote the bundle:
 * such a text gets an apostrophe in front (OWASP, "CSV injection"). */
#include "tools/cli/csv_field.h"

#include <string.h>

/* An optional sign and digits: no formula, and a code must stay what it is. */
static bool is_number(struct bytes text)
{
        size_t i = text.data[0] == '-' || text.data[0] == '+';

        if (i == text.len)
                return false;
        for (; i < text.len; i++)
                if (text.data[i] < '0' || text.data[i] > '9')
                        return false;
        return true;
}

/* U+FF0B, FF0D, FF1D, FF20: the full-width forms, which some spreadsheets fold. */
static bool is_wide_trigger(struct bytes text)
{
        static const char *const wide[] = {
                "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\x9d", "\xef\xbc\xa0"};

        for (size_t i = 0; i < ARRAY_LEN(wide); i++)
                if (text.len >= 3 && memcmp(text.data, wide[i], 3) == 0)
                        return true;
        return false;
}

static bool may_be_formula(struct bytes text)
{
        while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\''))
                text = bytes_of(text.data + 1, text.len - 1);
        if (text.len == 0)
                return false;
        return (strchr("=+-@\t\r\n", text.data[0]) != NULL && !is_number(text)) ||
               is_wide_trigger(text);
}

static bool needs_quotes(char separator, struct bytes text)
{
        for (size_t i = 0; i < text.len; i++) {
                uint8_t c = text.data[i];

                if (c == (uint8_t)separator || c == '"' || c == '\r' || c == '\n')
                        return true;
        }
        return text.len > 0 && (text.data[0] == ' ' || text.data[text.len - 1] == ' ');
}

void csv_field_put(FILE *to, char separator, struct bytes text)
{
        bool quotes = needs_quotes(separator, text);

        if (quotes)
                (void)putc_unlocked('"', to);
        if (may_be_formula(text))
                (void)putc_unlocked('\'', to);
        if (!quotes) {
                if (text.len > 0)
                        (void)fwrite_unlocked(text.data, 1, text.len, to);
                return;
        }
        for (size_t i = 0; i < text.len; i++) {
                if (text.data[i] == '"')
                        (void)putc_unlocked('"', to);
                (void)putc_unlocked(text.data[i], to);
        }
        (void)putc_unlocked('"', to);
}

struct bytes csv_field_plain(struct bytes field)
{
        struct bytes rest;

        if (field.len < 2 || field.data[0] != '\'')
                return field;
        rest = bytes_of(field.data + 1, field.len - 1);
        return may_be_formula(rest) ? rest : field;
}
