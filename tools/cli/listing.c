/* SPDX-License-Identifier: Apache-2.0 */
/* listing.c: short lists, laid out by libsmartcols.
 *
 * What surprised us: outside a UTF-8 locale libsmartcols writes "ö" as "\xc3\xb6",
 * and this program never calls setlocale (its language is --lang, and numbers must
 * not change with the environment). So the thread borrows the C library's own UTF-8
 * locale while a list is made, and gives it back. */
#include "tools/cli/listing.h"

#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum { HEADS_MAX = 16 };

struct listing {
        struct libscols_table *table;
        uint32_t len;
        locale_t utf8, before;
};

void listing_free(struct listing **l)
{
        if (l == NULL || *l == NULL)
                return;
        scols_unref_table((*l)->table);
        if ((*l)->utf8 != (locale_t)0) {
                (void)uselocale((*l)->before);
                freelocale((*l)->utf8);
        }
        free(*l);
        *l = NULL;
}

enum err listing_new_titled(const struct lane_title *titles, uint32_t len, struct listing **out)
{
        OWNED(listing_free) struct listing *l = calloc(1, sizeof *l);

        if (l == NULL)
                return ERR_NO_MEMORY;
        l->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        if (l->utf8 != (locale_t)0)
                l->before = uselocale(l->utf8);
        l->len = len;
        l->table = scols_new_table();
        if (l->table == NULL || len > HEADS_MAX)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                /* The last one gives way when the terminal is narrow. */
                int flags = titles[i].side == SIDE_RIGHT ? SCOLS_FL_RIGHT
                            : i + 1 == len               ? SCOLS_FL_TRUNC
                                                         : 0;

                if (scols_table_new_column(l->table, titles[i].text, 0, flags) == NULL)
                        return ERR_NO_MEMORY;
        }
        *out = l;
        l = NULL;
        return ERR_OK;
}

enum err listing_new(
        const struct cli *cli, const struct lane_head *heads, uint32_t len, struct listing **out)
{
        struct lane_title titles[HEADS_MAX];

        if (len > HEADS_MAX)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                titles[i] = (struct lane_title){cli_word(cli, heads[i].word), heads[i].side};
        return listing_new_titled(titles, len, out);
}

static enum err add_text(struct libscols_line *line, uint32_t at, const char *text)
{
        char *copy = strdup(text);

        if (copy == NULL)
                return ERR_NO_MEMORY;
        for (char *p = copy; *p != '\0'; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7F)
                        *p = '?';

        enum err rc = scols_line_set_data(line, at, copy) == 0 ? ERR_OK : ERR_NO_MEMORY;

        free(copy);
        return rc;
}

enum err listing_add(struct listing *l, const char *const *texts)
{
        struct libscols_line *line = scols_table_new_line(l->table, NULL);

        if (line == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < l->len; i++)
                TRY(add_text(line, i, texts[i]));
        return ERR_OK;
}

enum err listing_print(struct listing *l, FILE *to)
{
        if (scols_table_set_stream(l->table, to) != 0 || scols_print_table(l->table) != 0)
                return ERR_NO_MEMORY;
        return fflush(to) != 0 || ferror(to) != 0 ? ERR_IO : ERR_OK;
}
