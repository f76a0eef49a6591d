/* SPDX-License-Identifier: Apache-2.0 */
/* layout.c: from the columns of a stored batch to rows of a view in the making.
 *
 * Codes are stored as the batch's own dictionary, so that a code list may grow or
 * change its order between two deliveries; here each dictionary is mapped once
 * to the running list and the rows are a table look-up. */
#include "gateway/linkage/layout.h"

#include <string.h>

void physical_put_missing(enum physical p, uint8_t *at)
{
        static const int32_t no_i32 = MISSING_I32;
        static const int64_t no_i64 = MISSING_I64;

        switch (p) {
        case PHYSICAL_U8:
                at[0] = MISSING_U8;
                return;
        case PHYSICAL_U16:
                at[0] = at[1] = 0xff;
                return;
        case PHYSICAL_I32:
                memcpy(at, &no_i32, sizeof(no_i32));
                return;
        case PHYSICAL_I64:
                memcpy(at, &no_i64, sizeof(no_i64));
                return;
        case PHYSICAL_NONE:
                return;
        }
}

bool layout_has(const struct variable *v)
{
        return v->source == SOURCE_MUNICIPALITY || variable_is_column(v);
}

enum err layout_make(const struct policy_dataset *dataset, struct layout *out)
{
        struct layout l = {.dataset = dataset, .size = LAYOUT_VALUES};

        if (dataset->variables_len > LAYOUT_VARIABLES_MAX)
                return ERR_LIMIT;
        /* Widest first keeps them aligned enough for the compiler's memcpy. */
        for (uint32_t width = 8; width > 0; width /= 2) {
                for (uint32_t i = 0; i < dataset->variables_len; i++) {
                        const struct variable *v = &dataset->variables[i];

                        if (!layout_has(v) || physical_width(v->physical) != width)
                                continue;
                        l.offsets[i] = l.size;
                        l.size += width;
                }
        }
        l.size = (l.size + 3) & ~3u;
        *out = l;
        return ERR_OK;
}

/* Strided writers: one loop per width, values in order of rows. */
static void spread_missing(enum physical p, uint32_t rows, uint32_t stride, uint8_t *to)
{
        for (uint32_t i = 0; i < rows; i++)
                physical_put_missing(p, to + (size_t)i * stride);
}

static void spread_u8(uint8_t value, uint32_t rows, uint32_t stride, uint8_t *to)
{
        for (uint32_t i = 0; i < rows; i++)
                to[(size_t)i * stride] = value;
}

static void spread_u16(uint16_t value, uint32_t rows, uint32_t stride, uint8_t *to)
{
        for (uint32_t i = 0; i < rows; i++)
                memcpy(to + (size_t)i * stride, &value, sizeof(value));
}

static uint32_t index_at(const struct column *c, uint32_t row)
{
        return c->width == 1 ? c->values[row]
                             : (uint32_t)c->values[(size_t)2 * row] |
                                       (uint32_t)c->values[(size_t)2 * row + 1] << 8;
}

static void fill_codes(const struct variable *v, const struct column *c, uint32_t rows,
        uint32_t stride, uint8_t *to)
{
        uint16_t map[BATCH_DICTIONARY_MAX];

        for (uint32_t i = 0; i < c->dictionary_len; i++) {
                int32_t code = code_find(v->codes, c->dictionary[i]);

                map[i] = code < 0 ? UINT16_MAX : (uint16_t)code;
        }
        if (v->physical == PHYSICAL_U8) {
                for (uint32_t i = 0; i < rows; i++)
                        to[(size_t)i * stride] = (uint8_t)map[index_at(c, i)];
                return;
        }
        for (uint32_t i = 0; i < rows; i++)
                memcpy(to + (size_t)i * stride, &map[index_at(c, i)], sizeof(map[0]));
}

static int64_t number_at(const struct column *c, uint32_t row)
{
        if (c->width == 4) {
                int32_t v;

                memcpy(&v, c->values + (size_t)row * 4, sizeof(v));
                return v;
        }
        int64_t v;
        memcpy(&v, c->values + (size_t)row * 8, sizeof(v));
        return v;
}

static void fill_numbers(const struct variable *v, const struct column *c, uint32_t rows,
        uint32_t stride, uint8_t *to)
{
        for (uint32_t i = 0; i < rows; i++, to += stride) {
                int64_t n = number_at(c, i);

                if (v->physical == PHYSICAL_I64) {
                        memcpy(to, &n, sizeof(n));
                } else if (n < INT32_MIN || n > INT32_MAX) {
                        physical_put_missing(PHYSICAL_I32, to);
                } else {
                        int32_t small = (int32_t)n;

                        memcpy(to, &small, sizeof(small));
                }
        }
}

static void fill_missing(const struct variable *v, const struct column *c, uint32_t rows,
        uint32_t stride, uint8_t *to)
{
        for (uint32_t i = 0; i < rows; i++)
                if (column_is_missing(c, i))
                        physical_put_missing(v->physical, to + (size_t)i * stride);
}

static bool kind_fits(const struct variable *v, const struct column *c)
{
        switch (v->type) {
        case VARIABLE_CODE:
                return c->kind == COLUMN_CODES && c->dictionary_len <= BATCH_DICTIONARY_MAX;
        case VARIABLE_DATE:
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
                return c->kind == COLUMN_I32 || c->kind == COLUMN_I64;
        case VARIABLE_BOOLEAN:
                return c->kind == COLUMN_BOOLEANS;
        case VARIABLE_AGE:
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return false;
}

static enum err fill_column(const struct variable *v, const struct column *c, uint32_t rows,
        uint32_t stride, uint8_t *to)
{
        if (!kind_fits(v, c))
                return ERR_CORRUPT;
        if (c->kind == COLUMN_CODES)
                fill_codes(v, c, rows, stride, to);
        else if (c->kind == COLUMN_BOOLEANS)
                for (uint32_t i = 0; i < rows; i++)
                        to[(size_t)i * stride] = c->values[i];
        else
                fill_numbers(v, c, rows, stride, to);
        if (c->missing != NULL)
                fill_missing(v, c, rows, stride, to);
        return ERR_OK;
}

static const struct column *column_of(
        const struct column *columns, uint32_t len, const struct variable *v)
{
        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(columns[i].name, v->id))
                        return &columns[i];
        return NULL;
}

enum err layout_fill(const struct layout *l, const struct column *columns, uint32_t columns_len,
        uint32_t rows, uint16_t municipality, uint8_t *to)
{
        for (uint32_t i = 0; i < l->dataset->variables_len; i++) {
                const struct variable *v = &l->dataset->variables[i];
                uint8_t *at = to + l->offsets[i];

                if (!layout_has(v))
                        continue;
                if (v->source == SOURCE_MUNICIPALITY) {
                        if (v->physical == PHYSICAL_U8)
                                spread_u8((uint8_t)municipality, rows, l->size, at);
                        else
                                spread_u16(municipality, rows, l->size, at);
                        continue;
                }
                const struct column *c = column_of(columns, columns_len, v);
                if (c == NULL)
                        spread_missing(v->physical, rows, l->size, at);
                else
                        TRY(fill_column(v, c, rows, l->size, at));
        }
        return ERR_OK;
}
