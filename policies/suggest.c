/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.c: the nearest known word.
 *
 * Optimal string alignment (Damerau 1964, without repeated edits of one place):
 * a swapped pair of letters is one slip, not two. Words here are short, so three
 * rows of the table on the stack do. A suggestion only ever quotes a name of
 * ours, never what was written. */
#include "policies/suggest.h"

#include <stdio.h>
#include <string.h>

#include "base/terms.h"

static unsigned least(unsigned a, unsigned b)
{
        return a < b ? a : b;
}

static uint8_t lower(uint8_t c)
{
        return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Both at most NAME_MAX_LEN long. */
static unsigned distance(struct bytes a, struct bytes b)
{
        unsigned rows[3][NAME_MAX_LEN + 1];

        for (unsigned j = 0; j <= b.len; j++)
                rows[0][j] = j;
        for (unsigned i = 1; i <= a.len; i++) {
                unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3],
                         *higher = rows[(i + 1) % 3];

                row[0] = i;
                for (unsigned j = 1; j <= b.len; j++) {
                        bool same = lower(a.data[i - 1]) == lower(b.data[j - 1]);

                        row[j] = least(
                                least(above[j] + 1, row[j - 1] + 1), above[j - 1] + (same ? 0 : 1));
                        if (i > 1 && j > 1 && lower(a.data[i - 1]) == lower(b.data[j - 2]) &&
                                lower(a.data[i - 2]) == lower(b.data[j - 1]))
                                row[j] = least(row[j], higher[j - 2] + 1);
                }
        }
        return rows[a.len % 3][b.len];
}

bool suggest_nearest(
        struct bytes word, const struct bytes *known, uint32_t known_len, struct bytes *out)
{
        unsigned best = UINT32_MAX;

        if (word.len == 0 || word.len > NAME_MAX_LEN)
                return false;
        for (uint32_t i = 0; i < known_len; i++) {
                if (known[i].len == 0 || known[i].len > NAME_MAX_LEN)
                        continue;

                unsigned d = distance(word, known[i]);

                if (d < best) {
                        best = d;
                        *out = known[i];
                }
        }
        return best <= (word.len + 2) / 3;
}

void suggest_text(
        struct bytes word, const struct bytes *known, uint32_t known_len, char out[SUGGEST_MAX])
{
        struct bytes near = {0};

        out[0] = '\0';
        if (suggest_nearest(word, known, known_len, &near))
                (void)snprintf(out, SUGGEST_MAX, "; did you mean `%.*s`?", (int)near.len,
                        (const char *)near.data);
}
