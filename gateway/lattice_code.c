/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_code.c: a protected cube as bytes.
 *
 *      magic u32 · years u16, each first and last day u32 · blocks u16, each day u32
 *      the audit's verdict, 5 × u64 and 2 × u8
 *      tables u16, each:
 *        dimensions u8 · measures u8 · their words
 *        flags of categories by block
 *        cells: status u8 (a held one +128), and where there is a value: persons, records,
 *        and of each measure a status where it has its own and then its value; numbers as
 *        zigzag base-128
 *
 * A withheld cell has a status and no room for anything else, so that what the store keeps
 * cannot tell more than an answer does. Reading believes nothing: the file is input.
 *
 * What was published stays published, so what wrote it earlier is read still: the first form
 * had no count of cells whose width nobody looked for, since nobody looked for any. A cube
 * made anew instead would have been protected without knowing what the first one told. */
#include <string.h>

#include "base/arena.h"
#include "gateway/lattice_parts.h"

enum {
        MAGIC_FIRST = 0x314c4753 /* "SGL1" */,
        MAGIC = 0x324c4753 /* "SGL2" */,
        HELD = 128,
        YEARS_MAX = 200,
        TABLES_MAX = 256,
        WORD_MAX = 4096
};

/* Writing ---------------------------------------------------------------------------- */

static void put_number(struct buf *b, int64_t v)
{
        uint64_t z = ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);

        while (z >= 0x80) {
                put_u8(b, (uint8_t)(z | 0x80));
                z >>= 7;
        }
        put_u8(b, (uint8_t)z);
}

static void put_dimension(struct buf *b, const struct dimension *d)
{
        put_bytes(b, d->variable);
        put_bytes(b, d->level);
        put_bytes(b, d->label_sv);
        put_bytes(b, d->label_en);
        put_u8(b, d->identifying);
        put_u8(b, d->overlapping);
        put_u32(b, d->len);
        for (uint32_t i = 0; i < d->len; i++) {
                put_bytes(b, d->categories[i].code);
                put_bytes(b, d->categories[i].label_sv);
                put_bytes(b, d->categories[i].label_en);
        }
}

static void put_measure(struct buf *b, const struct measure *m)
{
        put_u8(b, (uint8_t)m->kind);
        put_bytes(b, m->variable);
        put_bytes(b, m->label_sv);
        put_bytes(b, m->label_en);
        put_bytes(b, m->unit);
        put_u32(b, m->decimals);
        put_u8(b, m->status != NULL);
}

static void put_cell(struct buf *b, const struct table *t, size_t i)
{
        put_u8(b, (uint8_t)(t->status[i] | (t->held[i] ? HELD : 0)));
        if (t->status[i] != CELL_VALUE)
                return;
        put_number(b, t->persons[i]);
        put_number(b, t->records[i]);
        for (uint32_t k = 0; k < t->measures_len; k++) {
                const struct measure *m = &t->measures[k];

                if (m->status != NULL)
                        put_u8(b, m->status[i]);
                if (m->status == NULL || m->status[i] == CELL_VALUE)
                        put_number(b, m->values[i]);
        }
}

/* Of the audit alone: how many cells which rule hid is for nobody who reads answers. */
static void put_report(struct buf *b, const struct disclosure_report *r)
{
        put_u64(b, r->audited);
        put_u64(b, r->audit_of);
        put_u64(b, r->exact);
        put_u64(b, r->narrow);
        put_u64(b, r->interval_unasked);
        put_u8(b, r->limited);
        put_u8(b, r->hidden_all);
}

static size_t flags_of(const struct lattice_cube *c, const struct table *t)
{
        size_t all = 0;

        for (uint32_t d = lattice_lead(c); d < t->dimensions_len; d++)
                all += t->dimensions[d].len;
        return all * c->blocks;
}

void lattice_encode(const struct lattice_cube *c, struct buf *b)
{
        put_u32(b, MAGIC);
        put_u16(b, (uint16_t)c->years_len);
        for (uint32_t i = 0; i < c->years_len; i++) {
                put_u32(b, (uint32_t)c->years[i].first);
                put_u32(b, (uint32_t)c->years[i].last);
        }
        put_u16(b, (uint16_t)c->blocks);
        for (uint32_t i = 0; i < c->blocks; i++)
                put_u32(b, (uint32_t)c->days[i]);
        put_report(b, &c->report);
        put_u16(b, (uint16_t)c->tables_len);
        for (uint32_t k = 0; k < c->tables_len; k++) {
                const struct table *t = &c->tables[k];

                put_u8(b, (uint8_t)t->dimensions_len);
                put_u8(b, (uint8_t)t->measures_len);
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        put_dimension(b, &t->dimensions[d]);
                for (uint32_t m = 0; m < t->measures_len; m++)
                        put_measure(b, &t->measures[m]);
                put_raw(b, c->shown[k], flags_of(c, t));
                for (size_t i = 0; i < t->cells_len; i++)
                        put_cell(b, t, i);
        }
}

/* Reading ---------------------------------------------------------------------------- */

static enum err read_number(struct reader *r, int64_t *out)
{
        uint64_t z = 0;
        uint8_t byte = 0x80;

        for (unsigned shift = 0; byte & 0x80; shift += 7) {
                TRY(read_u8(r, &byte));
                if (shift > 63 || (shift == 63 && byte > 1))
                        return ERR_CORRUPT;
                z |= (uint64_t)(byte & 0x7f) << shift;
        }
        *out = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
        return ERR_OK;
}

static enum err read_flag(struct reader *r, bool *out)
{
        uint8_t v;

        TRY(read_u8(r, &v));
        *out = v == 1;
        return v <= 1 ? ERR_OK : ERR_CORRUPT;
}

static enum err read_day(struct reader *r, int32_t *out)
{
        uint32_t v;

        TRY(read_u32(r, &v));
        *out = (int32_t)v;
        return ERR_OK;
}

static enum err read_dimension(struct reader *r, struct arena *a, struct dimension *d)
{
        TRY(read_bytes(r, WORD_MAX, &d->variable));
        TRY(read_bytes(r, WORD_MAX, &d->level));
        TRY(read_bytes(r, WORD_MAX, &d->label_sv));
        TRY(read_bytes(r, WORD_MAX, &d->label_en));
        TRY(read_flag(r, &d->identifying));
        TRY(read_flag(r, &d->overlapping));
        TRY(read_u32(r, &d->len));
        if (d->len > r->left) /* each has some bytes */
                return ERR_CORRUPT;
        d->categories = arena_alloc(a, d->len, sizeof(*d->categories));
        if (d->categories == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < d->len; i++) {
                TRY(read_bytes(r, WORD_MAX, &d->categories[i].code));
                TRY(read_bytes(r, WORD_MAX, &d->categories[i].label_sv));
                TRY(read_bytes(r, WORD_MAX, &d->categories[i].label_en));
        }
        return ERR_OK;
}

static enum err read_measure(struct reader *r, struct arena *a, size_t cells, struct measure *m)
{
        uint8_t kind;
        bool own;

        TRY(read_u8(r, &kind));
        m->kind = (enum measure_kind)kind;
        TRY(read_bytes(r, WORD_MAX, &m->variable));
        TRY(read_bytes(r, WORD_MAX, &m->label_sv));
        TRY(read_bytes(r, WORD_MAX, &m->label_en));
        TRY(read_bytes(r, WORD_MAX, &m->unit));
        TRY(read_u32(r, &m->decimals));
        TRY(read_flag(r, &own));
        if (kind != MEASURE_PERSONS && kind != MEASURE_RECORDS && kind != MEASURE_SUM &&
                kind != MEASURE_MEAN)
                return ERR_CORRUPT;
        m->values = arena_alloc(a, cells, sizeof(*m->values));
        m->status = own ? arena_alloc(a, cells, 1) : NULL;
        return m->values == NULL || (own && m->status == NULL) ? ERR_NO_MEMORY : ERR_OK;
}

static enum err read_cell(struct reader *r, struct table *t, size_t i)
{
        uint8_t status;

        TRY(read_u8(r, &status));
        t->held[i] = (status & HELD) != 0;
        t->status[i] = status & (HELD - 1);
        if (t->status[i] >= CELL_STATUS_COUNT || (t->held[i] && t->status[i] != CELL_VALUE))
                return ERR_CORRUPT;
        for (uint32_t k = 0; k < t->measures_len; k++)
                if (t->measures[k].status != NULL)
                        t->measures[k].status[i] = t->status[i];
        if (t->status[i] != CELL_VALUE)
                return ERR_OK;
        TRY(read_number(r, &t->persons[i]));
        TRY(read_number(r, &t->records[i]));
        for (uint32_t k = 0; k < t->measures_len; k++) {
                struct measure *m = &t->measures[k];

                if (m->status != NULL) {
                        TRY(read_u8(r, &m->status[i]));
                        if (m->status[i] >= CELL_STATUS_COUNT)
                                return ERR_CORRUPT;
                        if (m->status[i] != CELL_VALUE)
                                continue;
                }
                TRY(read_number(r, &m->values[i]));
        }
        return ERR_OK;
}

static enum err alloc_cells(struct arena *a, struct table *t)
{
        size_t n = t->cells_len;

        t->persons = arena_alloc(a, n, sizeof(*t->persons));
        t->records = arena_alloc(a, n, sizeof(*t->records));
        t->status = arena_alloc(a, n, 1);
        t->rule = arena_alloc(a, n, 1);
        t->held = arena_alloc(a, n, 1);
        return t->persons == NULL || t->records == NULL || t->status == NULL || t->rule == NULL ||
                               t->held == NULL
                       ? ERR_NO_MEMORY
                       : ERR_OK;
}

static enum err read_shape(
        struct reader *r, struct arena *a, const struct lattice_cube *c, struct table *t)
{
        uint8_t dimensions, measures;

        TRY(read_u8(r, &dimensions));
        TRY(read_u8(r, &measures));
        if (dimensions > DIMENSIONS_MAX || dimensions < lattice_lead(c) || measures > MEASURES_MAX)
                return ERR_CORRUPT;
        t->dimensions = arena_alloc(a, dimensions, sizeof(*t->dimensions));
        t->measures = arena_alloc(a, measures, sizeof(*t->measures));
        if (t->dimensions == NULL || t->measures == NULL)
                return ERR_NO_MEMORY;
        for (; t->dimensions_len < dimensions; t->dimensions_len++)
                TRY(read_dimension(r, a, &t->dimensions[t->dimensions_len]));
        if (lattice_lead(c) > 0 && t->dimensions[0].len != c->blocks - 1)
                return ERR_CORRUPT;
        if (table_cells(t->dimensions, dimensions, &t->cells_len) != ERR_OK)
                return ERR_CORRUPT;
        if (t->cells_len > r->left)
                return ERR_CORRUPT;
        for (; t->measures_len < measures; t->measures_len++)
                TRY(read_measure(r, a, t->cells_len, &t->measures[t->measures_len]));
        return alloc_cells(a, t);
}

static enum err read_table(
        struct reader *r, struct arena *a, struct lattice_cube *c, uint32_t number)
{
        struct table *t = &c->tables[number];
        struct bytes flags;

        TRY(read_shape(r, a, c, t));
        TRY(read_fixed(r, flags_of(c, t), &flags));
        c->shown[number] = arena_alloc(a, flags.len, 1);
        if (c->shown[number] == NULL)
                return ERR_NO_MEMORY;
        if (flags.len > 0)
                memcpy(c->shown[number], flags.data, flags.len);
        for (size_t i = 0; i < t->cells_len; i++)
                TRY(read_cell(r, t, i));
        return ERR_OK;
}

static enum err read_blocks(struct reader *r, struct arena *a, struct lattice_cube *c)
{
        uint16_t years, blocks;

        TRY(read_u16(r, &years));
        if (years > YEARS_MAX)
                return ERR_CORRUPT;
        c->years = arena_alloc(a, years, sizeof(*c->years));
        if (c->years == NULL)
                return ERR_NO_MEMORY;
        for (; c->years_len < years; c->years_len++) {
                TRY(read_day(r, &c->years[c->years_len].first));
                TRY(read_day(r, &c->years[c->years_len].last));
        }
        TRY(read_u16(r, &blocks));
        if (blocks < c->years_len + 1 || blocks > c->years_len + 2)
                return ERR_CORRUPT;
        c->days = arena_alloc(a, blocks, sizeof(*c->days));
        if (c->days == NULL)
                return ERR_NO_MEMORY;
        for (; c->blocks < blocks; c->blocks++)
                TRY(read_day(r, &c->days[c->blocks]));
        return ERR_OK;
}

static enum err read_size(struct reader *r, size_t *out)
{
        uint64_t v;

        TRY(read_u64(r, &v));
        *out = (size_t)v;
        return ERR_OK;
}

static enum err read_report(struct reader *r, bool first, struct disclosure_report *out)
{
        TRY(read_size(r, &out->audited));
        TRY(read_size(r, &out->audit_of));
        TRY(read_size(r, &out->exact));
        TRY(read_size(r, &out->narrow));
        if (!first)
                TRY(read_size(r, &out->interval_unasked));
        TRY(read_flag(r, &out->limited));
        return read_flag(r, &out->hidden_all);
}

static size_t withheld(const struct lattice_cube *c)
{
        size_t n = 0;

        for (uint32_t t = 0; t < c->tables_len; t++)
                for (size_t i = 0; i < c->tables[t].cells_len; i++)
                        n += c->tables[t].status[i] == CELL_PROTECTED;
        return n;
}

static enum err read_cube(struct reader *r, struct arena *a, struct lattice_cube *c)
{
        uint32_t magic;
        uint16_t tables;

        TRY(read_u32(r, &magic));
        if (magic != MAGIC && magic != MAGIC_FIRST)
                return ERR_CORRUPT;
        TRY(read_blocks(r, a, c));
        TRY(read_report(r, magic == MAGIC_FIRST, &c->report));
        TRY(read_u16(r, &tables));
        if (tables > TABLES_MAX)
                return ERR_CORRUPT;
        c->tables = arena_alloc(a, tables, sizeof(*c->tables));
        c->shown = arena_alloc(a, tables, sizeof(*c->shown));
        if (c->tables == NULL || c->shown == NULL)
                return ERR_NO_MEMORY;
        for (; c->tables_len < tables; c->tables_len++)
                TRY(read_table(r, a, c, c->tables_len));
        if (magic == MAGIC_FIRST)
                c->report.interval_unasked = withheld(c);
        return read_end(r);
}

enum err lattice_decode(struct bytes bytes, struct arena *arena, struct lattice_cube *out)
{
        struct reader r = reader_of(bytes);
        struct lattice_cube c = {0};
        enum err e = read_cube(&r, arena, &c);

        if (e != ERR_OK)
                return e == ERR_NO_MEMORY ? e : ERR_CORRUPT;
        *out = c;
        return ERR_OK;
}
