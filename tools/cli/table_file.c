/* SPDX-License-Identifier: Apache-2.0 */
/* table_file.c: reads a table row by row and lets go of the text as soon as it can.
 *
 * Amounts may be written with a point or a comma and with any number of decimals, which is
 * known only at the end: each is kept with its own until then. What is ten thousand million
 * öre too large for a word is refused, not rounded. */
#include "tools/cli/table_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/code_set.h"
#include "tools/cli/csv_field.h"

enum { COLUMN_NONE = -1, IDS_MAX = INT32_MAX / 4 };

enum err table_fault(struct table_fault *f, enum word what, uint32_t row, const char *column)
{
        const char *path = f != NULL ? f->path : NULL;

        if (f != NULL)
                *f = (struct table_fault){what, path, column, row, 0, EXIT_CODE_INPUT};
        return ERR_INVALID;
}

/* What is read so far. */
struct reading {
        struct arena *arena;
        const struct table_wish *wish;
        struct table_fault *why;
        struct csv_survey survey;
        struct csv *csv;
        int dimension[DIMENSIONS_MAX], value_at, id_at; /* columns of the file */
        uint32_t columns;
        struct code_set codes[DIMENSIONS_MAX], ids;
        uint32_t *of[DIMENSIONS_MAX], *id, *row;
        int64_t *value;
        uint8_t *digits; /* decimals of an amount */
        bool *absent;
        size_t len, cap;
        uint32_t decimals;
        bool comma;
};

static void close_fd(const int *fd)
{
        if (*fd >= 0)
                (void)close(*fd);
}

static struct bytes trimmed(struct bytes text)
{
        while (text.len > 0 && text.data[0] == ' ')
                text = bytes_of(text.data + 1, text.len - 1);
        while (text.len > 0 && text.data[text.len - 1] == ' ')
                text.len--;
        return text;
}

/* The header ------------------------------------------------------------------------------- */

static enum err find_column(
        struct reading *r, const struct csv_row *header, const char *name, int *out)
{
        int found = COLUMN_NONE;

        for (uint32_t i = 0; i < header->fields_len; i++) {
                if (!bytes_is_text(trimmed(header->fields[i]), name))
                        continue;
                if (found != COLUMN_NONE)
                        return table_fault(r->why, WORD_TABLE_COLUMN_TWICE, header->number, name);
                found = (int)i;
        }
        if (found == COLUMN_NONE)
                return table_fault(r->why, WORD_TABLE_COLUMN_MISSING, header->number, name);
        *out = found;
        return ERR_OK;
}

static enum err read_header(struct reading *r)
{
        const struct table_wish *wish = r->wish;
        struct csv_row header;

        if (csv_next(r->csv, &header) != ERR_OK || header.fault != CSV_WHOLE)
                return table_fault(r->why, WORD_TABLE_EMPTY, 1, NULL);
        r->columns = header.fields_len;
        r->value_at = r->id_at = COLUMN_NONE;
        for (uint32_t d = 0; d < wish->dimensions_len; d++)
                TRY(find_column(r, &header, wish->dimensions[d], &r->dimension[d]));
        if (wish->value != NULL)
                TRY(find_column(r, &header, wish->value, &r->value_at));
        return wish->id != NULL ? find_column(r, &header, wish->id, &r->id_at) : ERR_OK;
}

/* Rows ------------------------------------------------------------------------------------- */

static void *more(struct arena *arena, const void *old, size_t len, size_t cap, size_t size)
{
        void *grown = arena_alloc_raw(arena, cap, size);

        if (grown != NULL && len > 0)
                memcpy(grown, old, len * size);
        return grown;
}

static enum err room(struct reading *r)
{
        size_t cap = r->cap > 0 ? 2 * r->cap : 1024;

        if (r->len < r->cap)
                return ERR_OK;
        for (uint32_t d = 0; d < r->wish->dimensions_len; d++) {
                r->of[d] = more(r->arena, r->of[d], r->len, cap, sizeof *r->of[d]);
                if (r->of[d] == NULL)
                        return ERR_NO_MEMORY;
        }
        r->id = more(r->arena, r->id, r->len, cap, sizeof *r->id);
        r->row = more(r->arena, r->row, r->len, cap, sizeof *r->row);
        r->value = more(r->arena, r->value, r->len, cap, sizeof *r->value);
        r->digits = more(r->arena, r->digits, r->len, cap, sizeof *r->digits);
        r->absent = more(r->arena, r->absent, r->len, cap, sizeof *r->absent);
        if (r->id == NULL || r->row == NULL || r->value == NULL || r->digits == NULL ||
                r->absent == NULL)
                return ERR_NO_MEMORY;
        r->cap = cap;
        return ERR_OK;
}

/* "-12,50" → -1250 with two decimals. */
static bool read_amount(
        struct bytes text, int64_t *out_value, uint8_t *out_decimals, bool *out_comma)
{
        bool negative = text.len > 0 && text.data[0] == '-', point = false;
        unsigned digits = 0, decimals = 0;
        int64_t value = 0;

        for (size_t i = negative; i < text.len; i++) {
                uint8_t c = text.data[i];

                if ((c == '.' || c == ',') && !point && digits > 0) {
                        point = true;
                        *out_comma |= c == ',';
                        continue;
                }
                if (c < '0' || c > '9' || (digits == TABLE_DIGITS_MAX && value > 0) ||
                        decimals == TABLE_DECIMALS_MAX)
                        return false;
                value = 10 * value + (c - '0');
                digits += value > 0 || digits == 0;
                decimals += point;
        }
        if (digits == 0 || (point && decimals == 0))
                return false;
        *out_value = negative ? -value : value;
        *out_decimals = (uint8_t)decimals;
        return true;
}

static enum err take_value(struct reading *r, const struct csv_row *row)
{
        struct bytes text = trimmed(row->fields[r->value_at]);
        size_t at = r->len;

        r->value[at] = 0;
        r->digits[at] = 0;
        r->absent[at] = text.len == 0 || bytes_is_text(text, "..");
        if (r->absent[at] && !r->wish->value_may_be_absent)
                return table_fault(r->why, WORD_TABLE_VALUE_MISSING, row->number, r->wish->value);
        if (!r->absent[at] && !read_amount(text, &r->value[at], &r->digits[at], &r->comma))
                return table_fault(r->why, WORD_TABLE_VALUE_WRONG, row->number, r->wish->value);
        if (r->digits[at] > r->decimals)
                r->decimals = r->digits[at];
        return ERR_OK;
}

static enum err take_code(struct reading *r, const struct csv_row *row, uint32_t d)
{
        struct bytes text = csv_field_plain(trimmed(row->fields[r->dimension[d]]));
        const char *name = r->wish->dimensions[d];

        if (text.len == 0)
                return table_fault(r->why, WORD_TABLE_CODE_MISSING, row->number, name);
        if (text.len > TABLE_CODE_MAX)
                return table_fault(r->why, WORD_TABLE_CODE_LONG, row->number, name);
        if (!bytes_is_printable(text))
                return table_fault(r->why, WORD_TABLE_CODE_WRONG, row->number, name);
        enum err rc =
                code_set_add(&r->codes[d], text, row->number, TABLE_CODES_MAX, &r->of[d][r->len]);
        return rc == ERR_LIMIT ? table_fault(r->why, WORD_TABLE_CODES_MANY, row->number, name) : rc;
}

static enum err take_id(struct reading *r, const struct csv_row *row)
{
        struct bytes text = trimmed(row->fields[r->id_at]);

        if (text.len == 0)
                return table_fault(r->why, WORD_TABLE_ID_MISSING, row->number, r->wish->id);
        if (text.len > TABLE_CODE_MAX)
                return table_fault(r->why, WORD_TABLE_CODE_LONG, row->number, r->wish->id);
        enum err rc = code_set_add(&r->ids, text, row->number, IDS_MAX, &r->id[r->len]);
        return rc == ERR_LIMIT
                       ? table_fault(r->why, WORD_TABLE_CODES_MANY, row->number, r->wish->id)
                       : rc;
}

static enum err take_row(struct reading *r, const struct csv_row *row, uint32_t columns)
{
        if (row->fault != CSV_WHOLE || row->fields_len != columns)
                return table_fault(r->why, WORD_TABLE_ROW_WRONG, row->number, NULL);
        TRY(room(r));
        r->row[r->len] = row->number;
        r->id[r->len] = (uint32_t)r->len; /* without a column, everybody is somebody else */
        r->absent[r->len] = false;
        for (uint32_t d = 0; d < r->wish->dimensions_len; d++)
                TRY(take_code(r, row, d));
        if (r->value_at != COLUMN_NONE)
                TRY(take_value(r, row));
        if (r->id_at != COLUMN_NONE)
                TRY(take_id(r, row));
        r->len++;
        return ERR_OK;
}

static enum err read_rows(struct reading *r)
{
        struct csv_row row;
        enum err rc;

        while ((rc = csv_next(r->csv, &row)) == ERR_OK)
                TRY(take_row(r, &row, r->columns));
        if (rc != ERR_NOT_FOUND)
                return table_fault(r->why, WORD_TABLE_UNREADABLE, 0, NULL);
        return r->len > 0 ? ERR_OK : table_fault(r->why, WORD_TABLE_EMPTY, 1, NULL);
}

/* The end ---------------------------------------------------------------------------------- */

static enum err scale_values(struct reading *r)
{
        for (size_t i = 0; i < r->len; i++)
                for (uint32_t d = r->digits[i]; d < r->decimals; d++)
                        if (__builtin_mul_overflow(r->value[i], 10, &r->value[i]))
                                return table_fault(
                                        r->why, WORD_TABLE_VALUE_LARGE, r->row[i], r->wish->value);
        return ERR_OK;
}

static enum err renumber(struct reading *r, struct table_file *out)
{
        for (uint32_t d = 0; d < r->wish->dimensions_len; d++) {
                uint32_t *to = NULL;

                TRY(code_set_sort(&r->codes[d], &to));
                for (size_t i = 0; i < r->len; i++)
                        r->of[d][i] = to[r->of[d][i]];
                out->of[d] = r->of[d];
                out->codes[d] =
                        (struct table_codes){r->codes[d].text, r->codes[d].row, r->codes[d].len};
        }
        return ERR_OK;
}

static enum err read_all(struct reading *r, struct table_file *out)
{
        struct table_file file = {.dimensions_len = r->wish->dimensions_len};

        TRY(read_header(r));
        TRY(read_rows(r));
        if (r->value_at != COLUMN_NONE)
                TRY(scale_values(r));
        TRY(renumber(r, &file));
        file.value = r->value;
        file.absent = r->absent;
        file.id = r->id;
        file.row = r->row;
        file.len = r->len;
        file.ids = r->id_at != COLUMN_NONE ? r->ids.len : (uint32_t)r->len;
        file.decimals = r->decimals;
        file.delimiter = r->survey.dialect.delimiter;
        file.point = r->comma ? ',' : '.';
        *out = file;
        return ERR_OK;
}

static enum err read_input(struct reading *r, struct csv_input *in, struct table_file *out)
{
        OWNED(csv_free) struct csv *csv = NULL;
        const struct csv_dialect wish = {.encoding = CSV_ENCODING_UNKNOWN};
        enum err rc = csv_survey(in, &wish, &r->survey);

        if (rc == ERR_UNSUPPORTED)
                return table_fault(r->why, WORD_TABLE_UTF16, 0, NULL);
        if (rc != ERR_OK)
                return table_fault(r->why, WORD_TABLE_UNREADABLE, 0, NULL);
        if (r->survey.lines > UINT32_MAX / 2)
                return table_fault(r->why, WORD_TABLE_ROWS_MANY, 0, NULL);
        TRY(csv_input_rewind(in));
        TRY(csv_open(in, &r->survey.dialect, &csv));
        r->csv = csv;
        return read_all(r, out);
}

static struct reading reading_of(
        struct arena *arena, const struct table_wish *wish, struct table_fault *why)
{
        struct reading r = {.arena = arena, .wish = wish, .why = why, .ids = {.arena = arena}};

        for (uint32_t d = 0; d < wish->dimensions_len; d++)
                r.codes[d].arena = arena;
        if (why != NULL)
                *why = (struct table_fault){.path = wish->path};
        return r;
}

enum err table_file_of_text(struct arena *arena, const struct table_wish *wish, struct bytes text,
        struct table_file *out, struct table_fault *why)
{
        struct reading r = reading_of(arena, wish, why);
        struct csv_input in = csv_input_of_bytes(text);

        return read_input(&r, &in, out);
}

enum err table_file_read(struct arena *arena, const struct table_wish *wish, struct table_file *out,
        struct table_fault *why)
{
        OWNED(close_fd) int fd = open(wish->path, O_RDONLY | O_CLOEXEC);
        struct reading r = reading_of(arena, wish, why);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
                return table_fault(why, WORD_TABLE_UNREADABLE, 0, NULL);
        struct csv_input in = csv_input_of_fd(fd);
        return read_input(&r, &in, out);
}
