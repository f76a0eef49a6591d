/* SPDX-License-Identifier: Apache-2.0 */
/* render_xlsx.c: a workbook: one sheet with the table, one about it.
 *
 * Numbers are numbers; what is not shown is its mark, as text, so that no sum takes it for
 * zero. No text is a formula: it is written as a text, whatever it begins with. The file's
 * times are the vintage's, so the same answer makes the same bytes.
 *
 * libxlsxwriter wants a file by name and a place for temporary ones. It gets memory by name:
 * nothing of an answer is left on a disk. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "tools/cli/ask.h"
#include "tools/cli/render_about.h"
#include "tools/cli/render_parts.h"

enum { ROWS_MAX = 1048576, EXACT_BITS = 53, LABEL_WIDTH = 28, ABOUT_WIDTH = 110 };

struct book {
        const struct cli *cli;
        const struct answer *a;
        const struct table *t;
        lxw_workbook *workbook;
        lxw_worksheet *sheet;
        lxw_format *bold, *mark, *held, *number[MEASURES_MAX], *held_number[MEASURES_MAX];
        lxw_error failed; /* the first */
};

static void check(struct book *b, lxw_error rc)
{
        if (b->failed == LXW_NO_ERROR)
                b->failed = rc;
}

static void put_string(
        struct book *b, lxw_row_t row, lxw_col_t column, struct bytes text, lxw_format *format)
{
        check(b, worksheet_write_string(b->sheet, row, column, text_from(b->cli, text), format));
}

/* Formats ------------------------------------------------------------------------------------ */

/* "0.00" for two decimals. */
static void number_format(lxw_format *format, uint32_t decimals)
{
        char text[DECIMALS_MAX + 4] = "#,##0";

        if (decimals > 0) {
                text[0] = '0';
                text[1] = '.';
                memset(text + 2, '0', decimals);
                text[2 + decimals] = '\0';
        }
        format_set_num_format(format, text);
}

static void make_formats(struct book *b)
{
        b->bold = workbook_add_format(b->workbook);
        format_set_bold(b->bold);
        b->mark = workbook_add_format(b->workbook);
        format_set_align(b->mark, LXW_ALIGN_RIGHT);
        for (uint32_t m = 0; m < b->t->measures_len; m++) {
                b->number[m] = workbook_add_format(b->workbook);
                number_format(b->number[m], b->t->measures[m].decimals);
                b->held_number[m] = workbook_add_format(b->workbook);
                number_format(b->held_number[m], b->t->measures[m].decimals);
                format_set_italic(b->held_number[m]);
        }
}

/* The table ---------------------------------------------------------------------------------- */

static void put_heading(struct book *b)
{
        char name[NAME_TEXT];
        lxw_col_t column = 0;

        for (uint32_t d = 0; d < b->t->dimensions_len; d++) {
                dimension_name(&b->t->dimensions[d], name);
                put_string(b, 0, column++, bytes_of_text(name), b->bold);
                put_string(b, 0, column++, dimension_title(b->cli, &b->t->dimensions[d]), b->bold);
        }
        for (uint32_t m = 0; m < b->t->measures_len; m++) {
                const char *title = measure_title(b->cli, &b->t->measures[m]);

                put_string(b, 0, column++, bytes_of_text(title != NULL ? title : ""), b->bold);
        }
        put_string(b, 0, column++, bytes_of_text("obs_status"), b->bold);
        put_string(b, 0, column, bytes_of_text("conf_status"), b->bold);
}

/* A double holds 53 bits: what is larger stays exact as text. */
static void put_measure(struct book *b, lxw_row_t row, lxw_col_t column, uint32_t m, size_t cell)
{
        uint32_t decimals = b->t->measures[m].decimals;
        const int64_t most = INT64_C(1) << EXACT_BITS;
        char text[VALUE_TEXT];
        double scale = 1;
        int64_t v = 0;

        if (!cell_value(b->t, m, cell, &v)) {
                put_string(b, row, column,
                        bytes_of_text(cell_status_mark(measure_status(b->t, m, cell))), b->mark);
                return;
        }
        if (v > most || v < -most) {
                put_string(b, row, column, bytes_of(text, value_plain(v, decimals, '.', text)),
                        b->mark);
                return;
        }
        for (uint32_t d = 0; d < decimals; d++)
                scale *= 10;
        check(b, worksheet_write_number(b->sheet, row, column, (double)v / scale,
                         cell_held(b->t, cell) ? b->held_number[m] : b->number[m]));
}

static void put_cell(struct book *b, const uint32_t *at, size_t cell, lxw_row_t row)
{
        const char obs[2] = {cell_obs_code(b->t, cell)};
        const char conf[2] = {cell_conf_code(b->a->release, cell)};
        lxw_col_t column = 0;

        for (uint32_t d = 0; d < b->t->dimensions_len; d++) {
                const struct dimension *dim = &b->t->dimensions[d];

                put_string(b, row, column++,
                        at[d] < dim->len ? dim->categories[at[d]].code : bytes_of_text("_T"), NULL);
                put_string(b, row, column++, category_label(b->cli, dim, at[d]), NULL);
        }
        for (uint32_t m = 0; m < b->t->measures_len; m++)
                put_measure(b, row, column++, m, cell);
        put_string(b, row, column++, bytes_of_text(obs), NULL);
        put_string(b, row, column, bytes_of_text(conf), NULL);
}

static void put_table(struct book *b)
{
        lxw_col_t last = (lxw_col_t)(2 * b->t->dimensions_len + b->t->measures_len + 1);
        uint32_t at[DIMENSIONS_MAX] = {0};
        lxw_row_t row = 1;

        b->sheet = workbook_add_worksheet(b->workbook, cli_word(b->cli, WORD_ABOUT_TABLE));
        put_heading(b);
        for (size_t cell = 0; cell < b->t->cells_len; cell++) {
                if (answer_has(b->a, cell))
                        put_cell(b, at, cell, row++);
                (void)step(b->t, b->t->dimensions_len, at);
        }
        for (uint32_t d = 0; d < b->t->dimensions_len; d++)
                check(b, worksheet_set_column(b->sheet, (lxw_col_t)(2 * d + 1),
                                 (lxw_col_t)(2 * d + 1), LABEL_WIDTH, NULL));
        worksheet_freeze_panes(b->sheet, 1, 0);
        check(b, worksheet_autofilter(b->sheet, 0, 0, (lxw_row_t)b->t->cells_len, last));
}

static void put_about(struct book *b, const struct about *about)
{
        b->sheet = workbook_add_worksheet(b->workbook, cli_word(b->cli, WORD_ABOUT_SHEET));
        for (uint32_t i = 0; i < about->len; i++)
                put_string(b, i, 0, about->lines[i], i == 0 ? b->bold : NULL);
        check(b, worksheet_set_column(b->sheet, 0, 0, ABOUT_WIDTH, NULL));
}

/* The file ----------------------------------------------------------------------------------- */

static void put_properties(struct book *b, const struct about *about)
{
        char title[] = "statgate", *subject = arena_strndup(b->cli->arena,
                                           (const char *)about->title.data, about->title.len);
        lxw_doc_properties properties = {.title = subject != NULL ? subject : title,
                .author = title,
                .created = (time_t)(b->a->release->vintage_at_ms / 1000)};

        check(b, workbook_set_properties(b->workbook, &properties));
}

static enum err fill(struct book *b, int fd)
{
        char path[64];
        struct about about;

        TRY(about_lines(b->cli, b->a, &about));
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        b->workbook = workbook_new(path);
        if (b->workbook == NULL)
                return ERR_NO_MEMORY;
        put_properties(b, &about);
        make_formats(b);
        put_table(b);
        put_about(b, &about);
        check(b, workbook_close(b->workbook));
        return b->failed == LXW_NO_ERROR ? ERR_OK : ERR_IO;
}

static enum err copy(int fd, FILE *to)
{
        char block[1 << 16];
        ssize_t len;

        if (lseek(fd, 0, SEEK_SET) != 0)
                return ERR_IO;
        while ((len = read(fd, block, sizeof block)) > 0)
                if (fwrite(block, 1, (size_t)len, to) != (size_t)len)
                        return ERR_IO;
        return len == 0 ? stream_end(to) : ERR_IO;
}

static void close_fd(const int *fd)
{
        if (*fd >= 0)
                (void)close(*fd);
}

enum err render_xlsx(const struct cli *cli, const struct answer *a, const struct render_how *how)
{
        OWNED(close_fd) int fd = memfd_create("xlsx", MFD_CLOEXEC);
        struct book b = {.cli = cli, .a = a, .t = &a->release->table};

        TRY(answer_check(a));
        if (b.t->cells_len >= ROWS_MAX)
                return ERR_TOO_LARGE;
        if (fd < 0)
                return ERR_IO;
        TRY(fill(&b, fd));
        return copy(fd, how->out);
}
