/* SPDX-License-Identifier: Apache-2.0 */
/* protect_write.c: OUT.csv. A protected cell has no value in it, not even an empty text of
 * another length; its row is there so that everybody sees what is not told. */
#include "tools/cli/protect_write.h"

#include "tools/cli/csv_field.h"
#include "tools/cli/render_parts.h"

static void put_heading(FILE *to, const struct protect_table *t, char separator)
{
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                csv_field_put(to, separator, bytes_of_text(t->names[d]));
                (void)putc_unlocked(separator, to);
        }
        (void)fprintf(to, "value%cconf_status\r\n", separator);
}

enum err protect_write(FILE *to, const struct protect_table *t, const struct protect_result *r,
        char separator, char point)
{
        uint32_t at[DIMENSIONS_MAX];
        char text[VALUE_TEXT];

        put_heading(to, t, separator);
        for (size_t cell = 0; cell < t->cells; cell++) {
                bool shown = r->rule[cell] == CELL_RULE_NONE;

                if (protect_table_hidden(t, cell))
                        continue;
                protect_table_at(t, cell, at);
                for (uint32_t d = 0; d < t->dimensions_len; d++) {
                        csv_field_put(to, separator, t->shape[d].code[at[d]]);
                        (void)putc_unlocked(separator, to);
                }
                if (shown)
                        put_bytes_to(to, bytes_of(text, value_plain(r->value[cell], t->decimals,
                                                                point, text)));
                (void)fprintf(to, "%c%c\r\n", separator, shown ? 'F' : 'C');
        }
        return stream_end(to);
}
