/* SPDX-License-Identifier: Apache-2.0 */
/* wire_batch.c: the columns of a batch, the one message whose speed matters.
 *
 * protobuf-c has copied each column once, from the wire into the arena; here the
 * columns are looked at in place, at memory speed: a maximum over the bytes says
 * whether every index, kind, count and boolean is in range. Nothing downstream
 * checks an index again.
 *
 * What stands at a missing row is ignored, says the .proto. So that nobody can
 * meet it, store it or hide something there, it is overwritten with zero. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire_parts.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
        "columns are little-endian on the wire and used as they are");

/* Maxima: accumulators side by side, so that the compiler uses vector registers. */
enum { LANES = 64 };

static unsigned max_u8(const uint8_t *v, size_t len)
{
        uint8_t most[LANES] = {0};
        unsigned max = 0;
        size_t i = 0;

        for (; i + LANES <= len; i += LANES)
                for (size_t l = 0; l < LANES; l++)
                        most[l] = v[i + l] > most[l] ? v[i + l] : most[l];
        for (; i < len; i++)
                max = v[i] > max ? v[i] : max;
        for (size_t l = 0; l < LANES; l++)
                max = most[l] > max ? most[l] : max;
        return max;
}

static unsigned max_u16(const uint8_t *v, size_t len)
{
        uint16_t most[LANES] = {0}, some[LANES] = {0};
        unsigned max = 0;

        for (size_t i = 0; i < len; i += LANES) {
                size_t n = len - i < LANES ? len - i : LANES;

                memcpy(some, v + 2 * i, 2 * n); /* what is left over was seen already */
                for (size_t l = 0; l < LANES; l++)
                        most[l] = some[l] > most[l] ? some[l] : most[l];
        }
        for (size_t l = 0; l < LANES; l++)
                max = most[l] > max ? most[l] : max;
        return max;
}

/* Persons ------------------------------------------------------------------ */

static enum err persons_decode(const Statgate__V1__PersonColumn *from, size_t len,
        const char *where, struct person_column *out, struct refusal *why)
{
        char field[VIOLATION_FIELD_MAX];

        (void)snprintf(field, sizeof field, "%s.ids", where);
        if (from->ids.len != len * PERSON_ID_LEN)
                return refuse(why, ERR_INVALID, field, "is not 12 bytes per person");
        (void)snprintf(field, sizeof field, "%s.kinds", where);
        if (from->kinds.len != len)
                return refuse(why, ERR_INVALID, field, "is not one byte per person");
        if (max_u8(from->kinds.data, len) >= PERSON_KIND_COUNT)
                return refuse(why, ERR_INVALID, field, "has a kind of id that is not known");
        *out = (struct person_column){from->ids.data, from->kinds.data};
        return ERR_OK;
}

static enum err sealed_decode(
        const Statgate__V1__SealedPersons *from, struct batch *out, struct refusal *why)
{
        struct wire_box box;

        TRY(box_decode(from, "batch.sealed", &box, why));
        out->sealed = true;
        out->key_id = box.key_id;
        out->box = box.box;
        out->signature = box.signature;
        return ERR_OK;
}

static enum err guardians_decode(struct arena *a, const Statgate__V1__GuardianColumn *from,
        struct batch *out, struct refusal *why)
{
        struct guardian_column *g = &out->guardians;

        if (from->counts.len != out->rows)
                return refuse(
                        why, ERR_INVALID, "batch.guardians.counts", "is not one byte per row");
        if (max_u8(from->counts.data, out->rows) > GUARDIANS_MAX)
                return refuse(why, ERR_INVALID, "batch.guardians.counts",
                        "has a row with more than %d guardians", GUARDIANS_MAX);

        uint32_t *offsets = arena_alloc_raw(a, (size_t)out->rows + 1, sizeof *offsets);

        if (offsets == NULL)
                return ERR_NO_MEMORY;
        offsets[0] = 0;
        for (uint32_t row = 0; row < out->rows; row++)
                offsets[row + 1] = offsets[row] + from->counts.data[row];
        g->offsets = offsets;
        g->len = offsets[out->rows];
        if (out->sealed && from->persons != NULL)
                return refuse(why, ERR_INVALID, "batch.guardians.persons",
                        "stand in the sealed box when persons do");
        if (out->sealed || (g->len == 0 && from->persons == NULL))
                return ERR_OK;
        if (from->persons == NULL)
                return refuse(why, ERR_INVALID, "batch.guardians.persons", "is missing");
        return persons_decode(from->persons, g->len, "batch.guardians.persons", &g->persons, why);
}

static enum err record_keys_decode(
        const Statgate__V1__Batch *from, struct batch *out, struct refusal *why)
{
        size_t len = from->record_keys.len, width = len / out->rows;

        if (len == 0)
                return refuse(why, ERR_INVALID, "batch.record_keys", "is missing");
        if (len % out->rows != 0 || width > RECORD_KEY_MAX_LEN)
                return refuse(why, ERR_INVALID, "batch.record_keys",
                        "is not 1 to %d bytes per row, the same for all", RECORD_KEY_MAX_LEN);
        out->record_keys = from->record_keys.data;
        out->record_key_width = (uint32_t)width;
        return ERR_OK;
}

/* Columns ------------------------------------------------------------------ */

/* Where we are, for a refusal; the path is written only when it is needed. */
struct place {
        struct arena *arena;
        struct refusal *why;
        size_t column;
        uint32_t rows;
};

static enum err column_refuse(const struct place *at, const char *part, const char *rule)
{
        char field[VIOLATION_FIELD_MAX];

        (void)snprintf(field, sizeof field, "batch.columns[%zu]%s", at->column, part);
        return refuse(at->why, ERR_INVALID, field, "%s", rule);
}

static enum err missing_decode(const struct place *at, ProtobufCBinaryData from, struct column *out)
{
        if (from.len == 0)
                return ERR_OK;
        if (from.len != ((size_t)at->rows + 7) / 8)
                return column_refuse(at, ".missing", "is not one bit per row");
        if (at->rows % 8 != 0 && from.data[from.len - 1] >> (at->rows % 8) != 0)
                return column_refuse(at, ".missing", "has bits set beyond the last row");
        out->missing = from.data;
        return ERR_OK;
}

static void wipe_missing(const struct place *at, const struct column *c, uint8_t *values)
{
        if (c->missing == NULL)
                return;
        for (uint32_t row = 0; row < at->rows; row++) {
                if (c->missing[row / 8] == 0)
                        row |= 7; /* none of these eight */
                else if (column_is_missing(c, row))
                        memset(values + (size_t)row * c->width, 0, c->width);
        }
}

static bool all_missing(const struct place *at, const struct column *c)
{
        for (uint32_t row = 0; row < at->rows; row++)
                if (!column_is_missing(c, row))
                        return false;
        return true;
}

static int by_text(const void *a, const void *b)
{
        const struct bytes *x = *(const struct bytes *const *)a;
        const struct bytes *y = *(const struct bytes *const *)b;

        return bytes_compare(*x, *y);
}

/* Sorting, not hashing: no dictionary makes it slow. Most are sorted already. */
static enum err distinct_codes(struct arena *a, const struct bytes *codes, size_t len, bool *out)
{
        size_t i = 1;

        while (i < len && bytes_compare(codes[i - 1], codes[i]) < 0)
                i++;
        *out = true;
        if (i >= len)
                return ERR_OK;

        const struct bytes **order = arena_alloc_raw(a, len, sizeof *order);

        if (order == NULL)
                return ERR_NO_MEMORY;
        for (i = 0; i < len; i++)
                order[i] = &codes[i];
        qsort(order, len, sizeof *order, by_text);
        for (i = 1; i < len; i++)
                *out = *out && !bytes_equal(*order[i - 1], *order[i]);
        return ERR_OK;
}

static enum err dictionary_decode(
        const struct place *at, const Statgate__V1__CodeColumn *from, struct column *out)
{
        size_t len = from->n_dictionary;
        bool distinct = false;

        if (len > BATCH_DICTIONARY_MAX)
                return column_refuse(at, ".codes.dictionary", "has more codes than allowed");

        struct bytes *codes = arena_alloc_raw(at->arena, len, sizeof *codes);

        if (codes == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < len; i++) {
                char part[40];

                codes[i] = run_of(from->dictionary[i]);
                if (codes[i].len > 0 && codes[i].len <= CODE_MAX_LEN &&
                        bytes_is_printable(codes[i]))
                        continue;
                (void)snprintf(part, sizeof part, ".codes.dictionary[%zu]", i);
                return column_refuse(at, part, "is not 1 to 32 bytes of printable UTF-8");
        }
        TRY(distinct_codes(at->arena, codes, len, &distinct));
        if (!distinct)
                return column_refuse(at, ".codes.dictionary", "has the same code twice");
        out->dictionary = codes;
        out->dictionary_len = (uint32_t)len;
        return ERR_OK;
}

static enum err codes_decode(
        const struct place *at, const Statgate__V1__CodeColumn *from, struct column *out)
{
        ProtobufCBinaryData index = from->index;

        TRY(dictionary_decode(at, from, out));
        if (index.len != at->rows && index.len != 2 * (size_t)at->rows)
                return column_refuse(at, ".codes.index", "is not 1 or 2 bytes per row");
        out->kind = COLUMN_CODES;
        out->width = index.len == at->rows ? 1 : 2;
        out->values = index.data;
        if (out->width == 1 && out->dictionary_len > 256)
                return column_refuse(
                        at, ".codes.index", "needs 2 bytes per row for more than 256 codes");
        wipe_missing(at, out, index.data);

        unsigned most =
                out->width == 1 ? max_u8(index.data, at->rows) : max_u16(index.data, at->rows);

        if (most >= out->dictionary_len && !(most == 0 && all_missing(at, out)))
                return column_refuse(at, ".codes.index", "points beyond the dictionary");
        return ERR_OK;
}

static enum err fixed_decode(const struct place *at, void *values, size_t len, uint32_t width,
        const char *part, struct column *out)
{
        if (len != at->rows)
                return column_refuse(at, part, "does not have one value per row");
        out->kind = width == 4 ? COLUMN_I32 : width == 8 ? COLUMN_I64 : COLUMN_BOOLEANS;
        out->width = width;
        out->values = values;
        wipe_missing(at, out, values);
        return ERR_OK;
}

static enum err values_decode(
        const struct place *at, const Statgate__V1__Column *from, struct column *out)
{
        switch (from->values_case) {
        case STATGATE__V1__COLUMN__VALUES_CODES:
                return codes_decode(at, from->codes, out);
        case STATGATE__V1__COLUMN__VALUES_INTEGERS32:
                return fixed_decode(at, from->integers32->values, from->integers32->n_values, 4,
                        ".integers32.values", out);
        case STATGATE__V1__COLUMN__VALUES_INTEGERS64:
                return fixed_decode(at, from->integers64->values, from->integers64->n_values, 8,
                        ".integers64.values", out);
        case STATGATE__V1__COLUMN__VALUES_BOOLEANS:
                TRY(fixed_decode(at, from->booleans.data, from->booleans.len, 1, ".booleans", out));
                if (max_u8(out->values, at->rows) > 1)
                        return column_refuse(at, ".booleans", "has a byte that is not 0 or 1");
                return ERR_OK;
        case STATGATE__V1__COLUMN__VALUES__NOT_SET:
        default:
                return column_refuse(at, ".values", "is missing");
        }
}

static enum err column_decode(const struct place *at, const Statgate__V1__Column *from,
        const struct column *before, struct column *out)
{
        struct bytes name = run_of(from->variable);

        if (name.len == 0)
                return column_refuse(at, ".variable", "is missing");
        if (name.len > NAME_MAX_LEN || !bytes_is_printable(name))
                return column_refuse(at, ".variable", "is not 1 to 48 bytes of printable UTF-8");
        for (size_t i = 0; i < at->column; i++)
                if (bytes_equal(before[i].name, name))
                        return column_refuse(at, ".variable", "names a column a second time");
        out->name = name;
        TRY(missing_decode(at, from->missing, out));
        return values_decode(at, from, out);
}

static enum err columns_decode(
        struct arena *a, const Statgate__V1__Batch *from, struct batch *out, struct refusal *why)
{
        struct place at = {.arena = a, .why = why, .rows = out->rows};

        if (from->n_columns > BATCH_COLUMNS_MAX)
                return refuse(why, ERR_INVALID, "batch.columns", "has more than %d columns",
                        BATCH_COLUMNS_MAX);

        struct column *columns = arena_alloc(a, from->n_columns, sizeof *columns);

        if (columns == NULL)
                return ERR_NO_MEMORY;
        for (; at.column < from->n_columns; at.column++)
                TRY(column_decode(&at, from->columns[at.column], columns, &columns[at.column]));
        out->columns = columns;
        out->columns_len = (uint32_t)from->n_columns;
        return ERR_OK;
}

enum err batch_decode(
        struct arena *a, const Statgate__V1__Batch *from, struct batch *out, struct refusal *why)
{
        struct batch b = {.sequence = from->sequence, .rows = from->rows};

        if (b.sequence >= BATCHES_MAX)
                return refuse(why, ERR_INVALID, "batch.sequence", "is not below %d", BATCHES_MAX);
        if (b.rows == 0 || b.rows > BATCH_ROWS_MAX)
                return refuse(why, ERR_INVALID, "batch.rows", "is not 1 to %d", BATCH_ROWS_MAX);
        if (from->persons_case == STATGATE__V1__BATCH__PERSONS_CLEAR)
                TRY(persons_decode(from->clear, b.rows, "batch.clear", &b.persons, why));
        else if (from->persons_case == STATGATE__V1__BATCH__PERSONS_SEALED)
                TRY(sealed_decode(from->sealed, &b, why));
        if (from->guardians != NULL)
                TRY(guardians_decode(a, from->guardians, &b, why));
        TRY(record_keys_decode(from, &b, why));
        TRY(columns_decode(a, from, &b, why));
        *out = b;
        return ERR_OK;
}

/* Encoding: messages that point into the caller's columns. ------------------ */

static ProtobufCBinaryData column_bytes(const uint8_t *data, size_t len)
{
        return binary(bytes_of(data, len));
}

static Statgate__V1__PersonColumn *persons_message(
        struct arena *scratch, struct person_column in, size_t len)
{
        Statgate__V1__PersonColumn *out = arena_alloc_raw(scratch, 1, sizeof *out);

        if (out == NULL)
                return NULL;
        statgate__v1__person_column__init(out);
        out->ids = column_bytes(in.ids, len * PERSON_ID_LEN);
        out->kinds = column_bytes(in.kinds, len);
        return out;
}

static enum err guardians_message(
        struct arena *scratch, const struct batch *in, Statgate__V1__Batch *out)
{
        const struct guardian_column *g = &in->guardians;
        Statgate__V1__GuardianColumn *m = arena_alloc_raw(scratch, 1, sizeof *m);
        uint8_t *counts = arena_alloc_raw(scratch, in->rows, 1);

        if (m == NULL || counts == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t row = 0; row < in->rows; row++) {
                uint32_t count = g->offsets[row + 1] - g->offsets[row];

                if (count > GUARDIANS_MAX)
                        return ERR_INVALID;
                counts[row] = (uint8_t)count;
        }
        statgate__v1__guardian_column__init(m);
        m->counts = column_bytes(counts, in->rows);
        if (g->persons.ids != NULL) {
                m->persons = persons_message(scratch, g->persons, g->len);
                if (m->persons == NULL)
                        return ERR_NO_MEMORY;
        }
        out->guardians = m;
        return ERR_OK;
}

/* Borrowed where its alignment allows, else copied. */
static void *aligned_values(struct arena *scratch, const struct column *c, uint32_t rows)
{
        if ((uintptr_t)c->values % c->width == 0)
                return (void *)(uintptr_t)c->values;

        void *copy = arena_alloc_raw(scratch, rows, c->width);

        if (copy != NULL)
                memcpy(copy, c->values, (size_t)rows * c->width);
        return copy;
}

static enum err codes_message(
        struct arena *scratch, const struct column *c, uint32_t rows, Statgate__V1__Column *out)
{
        Statgate__V1__CodeColumn *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (m == NULL)
                return ERR_NO_MEMORY;
        statgate__v1__code_column__init(m);
        m->n_dictionary = c->dictionary_len;
        m->dictionary = text_array(scratch, c->dictionary, c->dictionary_len);
        m->index = column_bytes(c->values, (size_t)rows * c->width);
        out->values_case = STATGATE__V1__COLUMN__VALUES_CODES;
        out->codes = m;
        return m->dictionary == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err integers32_message(
        struct arena *scratch, const struct column *c, uint32_t rows, Statgate__V1__Column *out)
{
        Statgate__V1__Integer32Column *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (m == NULL)
                return ERR_NO_MEMORY;
        statgate__v1__integer32_column__init(m);
        m->n_values = rows;
        m->values = aligned_values(scratch, c, rows);
        out->values_case = STATGATE__V1__COLUMN__VALUES_INTEGERS32;
        out->integers32 = m;
        return m->values == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err integers64_message(
        struct arena *scratch, const struct column *c, uint32_t rows, Statgate__V1__Column *out)
{
        Statgate__V1__Integer64Column *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (m == NULL)
                return ERR_NO_MEMORY;
        statgate__v1__integer64_column__init(m);
        m->n_values = rows;
        m->values = aligned_values(scratch, c, rows);
        out->values_case = STATGATE__V1__COLUMN__VALUES_INTEGERS64;
        out->integers64 = m;
        return m->values == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err column_message(
        struct arena *scratch, const struct column *c, uint32_t rows, Statgate__V1__Column *out)
{
        /* Bytes a row that a kind allows. */
        static const uint8_t widths[COLUMN_KIND_COUNT] = {
                [COLUMN_CODES] = 1 | 2, [COLUMN_I32] = 4, [COLUMN_I64] = 8, [COLUMN_BOOLEANS] = 1};
        bool known = (unsigned)c->kind < COLUMN_KIND_COUNT;

        /* A power of two among the allowed ones. */
        if (!known || c->width == 0 || (c->width & (c->width - 1)) != 0 ||
                (c->width & widths[c->kind]) == 0)
                return ERR_INVALID;
        out->variable = binary(c->name);
        if (c->missing != NULL)
                out->missing = column_bytes(c->missing, ((size_t)rows + 7) / 8);
        if (c->kind == COLUMN_CODES)
                return codes_message(scratch, c, rows, out);
        if (c->kind == COLUMN_I32)
                return integers32_message(scratch, c, rows, out);
        if (c->kind == COLUMN_I64)
                return integers64_message(scratch, c, rows, out);
        out->values_case = STATGATE__V1__COLUMN__VALUES_BOOLEANS;
        out->booleans = column_bytes(c->values, rows);
        return ERR_OK;
}

static enum err sealed_message(
        struct arena *scratch, const struct batch *in, Statgate__V1__Batch *out)
{
        Statgate__V1__SealedPersons *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (m == NULL)
                return ERR_NO_MEMORY;
        box_message(&(struct wire_box){in->key_id, in->box, in->signature}, m);
        out->persons_case = STATGATE__V1__BATCH__PERSONS_SEALED;
        out->sealed = m;
        return ERR_OK;
}

enum err batch_message(struct arena *scratch, const struct batch *in, Statgate__V1__Batch *out)
{
        out->sequence = in->sequence;
        out->rows = in->rows;
        if (in->sealed) {
                TRY(sealed_message(scratch, in, out));
        } else if (in->persons.ids != NULL) {
                out->persons_case = STATGATE__V1__BATCH__PERSONS_CLEAR;
                out->clear = persons_message(scratch, in->persons, in->rows);
                if (out->clear == NULL)
                        return ERR_NO_MEMORY;
        }
        if (in->guardians.offsets != NULL)
                TRY(guardians_message(scratch, in, out));
        out->record_keys = column_bytes(in->record_keys, (size_t)in->rows * in->record_key_width);
        out->n_columns = in->columns_len;
        out->columns = messages(scratch, in->columns_len, &statgate__v1__column__descriptor);
        if (out->columns == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->columns_len; i++)
                TRY(column_message(scratch, &in->columns[i], in->rows, out->columns[i]));
        return ERR_OK;
}
