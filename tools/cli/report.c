/* SPDX-License-Identifier: Apache-2.0 */
/* report.c: tells people which rows to mend.
 *
 * The file is opened in spreadsheets, which take a field that begins with one of
 * = + - @ for a formula: such a header gets an apostrophe in front. */
#include "tools/cli/report.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/files.h"

enum { REPORT_MAX = 1 << 30, RULES_MAX = 256 };

static void put(struct buf *out, const char *text)
{
        put_raw(out, text, strlen(text));
}

static void put_field(struct buf *out, const char *text)
{
        if (text[0] != '\0' && strchr("=+-@", text[0]) != NULL)
                put(out, "'");
        if (strpbrk(text, ";\"\r\n") == NULL) {
                put(out, text);
                return;
        }
        put(out, "\"");
        for (; *text != '\0'; text++) {
                if (*text == '"')
                        put(out, "\"");
                put_raw(out, text, 1);
        }
        put(out, "\"");
}

static const char *sentence_of(const struct cli *cli, const struct rejected *r)
{
        const char *text = reject_sentence(r->rule, cli->lang == LANG_SV);

        if (text == NULL)
                text = r->text;
        return text != NULL ? text : "";
}

enum err report_write(const struct cli *cli, const char *path, const struct intake_plan *plan,
        const struct rejected_list *list)
{
        OWNED(buf_done) struct buf out;
        struct bytes text;
        char number[24];

        buf_init(&out, REPORT_MAX);
        put(&out, "\xEF\xBB\xBF");
        put(&out, cli_word(cli, WORD_REPORT_HEAD));
        put(&out, "\r\n");
        for (size_t i = 0; i < list->len; i++) {
                const struct rejected *r = &list->items[i];

                (void)snprintf(number, sizeof number, "%u;", r->row);
                put(&out, number);
                put_field(
                        &out, r->column < plan->columns_len ? plan->columns[r->column].header : "");
                put(&out, ";");
                put_field(&out, r->rule);
                put(&out, ";");
                put_field(&out, sentence_of(cli, r));
                put(&out, "\r\n");
        }
        TRY(buf_end(&out, &text));
        return file_replace(path, text, 0600);
}

struct count {
        const struct rejected *example;
        uint64_t rows;
};

static int most_first(const void *a, const void *b)
{
        const struct count *x = a, *y = b;

        if (x->rows != y->rows)
                return x->rows > y->rows ? -1 : 1;
        return strcmp(x->example->rule, y->example->rule);
}

void report_by_rule(const struct cli *cli, const struct rejected_list *list)
{
        struct count counts[RULES_MAX];
        size_t len = 0;
        char number[NUMBER_TEXT];

        for (size_t i = 0; i < list->len; i++) {
                size_t at = 0;

                while (at < len && strcmp(counts[at].example->rule, list->items[i].rule) != 0)
                        at++;
                if (at == RULES_MAX)
                        continue;
                if (at == len)
                        counts[len++] = (struct count){&list->items[i], 0};
                counts[at].rows++;
        }
        qsort(counts, len, sizeof *counts, most_first);
        for (size_t i = 0; i < len; i++)
                say(cli, WORD_REPORT_RULE, cli_number(cli, counts[i].rows, number),
                        counts[i].example->rule, sentence_of(cli, counts[i].example));
}
