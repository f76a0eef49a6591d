/* SPDX-License-Identifier: Apache-2.0 */
/* wire_release.c: the last door a table goes through.
 *
 * Values are written for cells whose status is VALUE and for no other: a protected
 * cell is absent, so there is no number that a careless reader could print. Which
 * rule hid a cell, and the counts that decided it, have no field at all. A status
 * that nobody knows is written as protected.
 *
 * The bytes are the release: the same table gives the same bytes. protobuf-c
 * writes fields in the order of their numbers and leaves out what is empty, and
 * nothing here depends on time, addresses or what lies in hidden cells. */
#include <string.h>

#include "proto/wire_parts.h"
#include "statgate/v1/statistics.pb-c.h"

/* Ours has zero for protected, the wire has zero for unset. */
static const uint8_t wire_status[CELL_STATUS_COUNT] = {
        [CELL_PROTECTED] = STATGATE__V1__CELL_STATUS__CELL_STATUS_PROTECTED,
        [CELL_VALUE] = STATGATE__V1__CELL_STATUS__CELL_STATUS_VALUE,
        [CELL_MISSING] = STATGATE__V1__CELL_STATUS__CELL_STATUS_MISSING,
        [CELL_NOT_APPLICABLE] = STATGATE__V1__CELL_STATUS__CELL_STATUS_NOT_APPLICABLE,
};

static void label_fill(Statgate__V1__Label *m, struct bytes sv, struct bytes en)
{
        m->sv = binary(sv);
        m->en = binary(en);
}

static enum err dimension_message(
        struct arena *scratch, const struct dimension *in, Statgate__V1__Dimension *out)
{
        Statgate__V1__Label **labels =
                messages(scratch, (size_t)in->len + 1, &statgate__v1__label__descriptor);

        out->categories = messages(scratch, in->len, &statgate__v1__category__descriptor);
        if (labels == NULL || out->categories == NULL)
                return ERR_NO_MEMORY;
        out->variable = binary(in->variable);
        out->level = binary(in->level);
        out->overlapping = in->overlapping;
        out->label = labels[in->len];
        label_fill(out->label, in->label_sv, in->label_en);
        out->n_categories = in->len;
        for (uint32_t i = 0; i < in->len; i++) {
                out->categories[i]->code = binary(in->categories[i].code);
                out->categories[i]->label = labels[i];
                label_fill(labels[i], in->categories[i].label_sv, in->categories[i].label_en);
        }
        return ERR_OK;
}

/* `values` has room for the cells that show one. */
static enum err measure_message(struct arena *scratch, const struct table *t,
        const struct measure *in, size_t shown, Statgate__V1__Measure *out)
{
        int64_t *values = arena_alloc_raw(scratch, shown, sizeof *values);
        Statgate__V1__Label *label = arena_alloc_raw(scratch, 1, sizeof *label);
        size_t n = 0;

        if (values == NULL || label == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < t->cells_len; cell++)
                if (t->status[cell] == CELL_VALUE)
                        values[n++] = in->values[cell];
        statgate__v1__label__init(label);
        label_fill(label, in->label_sv, in->label_en);
        out->kind = (Statgate__V1__MeasureKind)in->kind;
        out->variable = binary(in->variable);
        out->label = label;
        out->unit = binary(in->unit);
        out->decimals = in->decimals;
        out->n_values = n;
        out->values = values;
        return ERR_OK;
}

static enum err table_message(
        struct arena *scratch, const struct table *t, Statgate__V1__Table *out)
{
        size_t cells = 0, shown = 0;

        TRY(table_cells(t->dimensions, t->dimensions_len, &cells));
        if (cells != t->cells_len || t->measures_len > MEASURES_MAX)
                return ERR_INVALID;

        uint8_t *statuses = arena_alloc_raw(scratch, cells, 1);

        out->dimensions =
                messages(scratch, t->dimensions_len, &statgate__v1__dimension__descriptor);
        out->measures = messages(scratch, t->measures_len, &statgate__v1__measure__descriptor);
        if (statuses == NULL || out->dimensions == NULL || out->measures == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < cells; cell++) {
                bool known = t->status[cell] < CELL_STATUS_COUNT;

                statuses[cell] = wire_status[known ? t->status[cell] : CELL_PROTECTED];
                shown += t->status[cell] == CELL_VALUE;
        }
        out->statuses = binary(bytes_of(statuses, cells));
        out->n_dimensions = t->dimensions_len;
        for (uint32_t i = 0; i < t->dimensions_len; i++)
                TRY(dimension_message(scratch, &t->dimensions[i], out->dimensions[i]));
        out->n_measures = t->measures_len;
        for (uint32_t i = 0; i < t->measures_len; i++)
                TRY(measure_message(scratch, t, &t->measures[i], shown, out->measures[i]));
        return ERR_OK;
}

enum err release_encode(const struct wire_release *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__Table table = STATGATE__V1__TABLE__INIT;
        Statgate__V1__Release m = STATGATE__V1__RELEASE__INIT;
        Statgate__V1__Vintage room;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(table_message(scratch, &in->table, &table));
        m.vintage = vintage_message(in->vintage, &room);
        m.vintage_at_ms = in->vintage_at_ms;
        m.query_digest = digest_binary(&in->query);
        m.policy_digest = digest_binary(&in->policy);
        m.dataset = binary(in->dataset);
        m.purpose = binary(in->purpose);
        m.threshold = in->threshold;
        m.zeros_published = in->zeros_published;
        m.table = &table;
        m.delivered = in->delivered;
        m.expected = in->expected;
        return pack(&m, out);
}

/* Decoding ----------------------------------------------------------------- */

static enum err label_take(
        const Statgate__V1__Label *from, struct bytes *out_sv, struct bytes *out_en)
{
        if (from == NULL)
                return ERR_OK;
        TRY(answer_text(from->sv, out_sv));
        return answer_text(from->en, out_en);
}

static enum err dimension_decode(
        struct arena *a, const Statgate__V1__Dimension *from, struct dimension *out)
{
        if (from->n_categories >= CELLS_MAX)
                return ERR_MALFORMED;
        out->categories = arena_alloc(a, from->n_categories, sizeof *out->categories);
        if (out->categories == NULL)
                return ERR_NO_MEMORY;
        out->len = (uint32_t)from->n_categories;
        out->overlapping = from->overlapping != 0;
        TRY(answer_text(from->variable, &out->variable));
        TRY(answer_text(from->level, &out->level));
        TRY(label_take(from->label, &out->label_sv, &out->label_en));
        for (uint32_t i = 0; i < out->len; i++) {
                struct category *c = &out->categories[i];

                TRY(answer_text(from->categories[i]->code, &c->code));
                TRY(label_take(from->categories[i]->label, &c->label_sv, &c->label_en));
        }
        return ERR_OK;
}

static enum err statuses_decode(
        struct arena *a, ProtobufCBinaryData from, struct table *t, size_t *out_shown)
{
        size_t shown = 0;

        if (from.len != t->cells_len)
                return ERR_MALFORMED;
        t->status = arena_alloc_raw(a, t->cells_len, sizeof *t->status);
        if (t->status == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                uint8_t ours = CELL_STATUS_COUNT;

                for (unsigned s = 0; s < CELL_STATUS_COUNT; s++)
                        if (wire_status[s] == from.data[cell])
                                ours = (uint8_t)s;
                if (ours == CELL_STATUS_COUNT)
                        return ERR_MALFORMED;
                t->status[cell] = ours;
                shown += ours == CELL_VALUE;
        }
        *out_shown = shown;
        return ERR_OK;
}

static enum err measure_decode(struct arena *a, const Statgate__V1__Measure *from,
        const struct table *t, size_t shown, struct measure *out)
{
        size_t n = 0;

        if (from->kind <= STATGATE__V1__MEASURE_KIND__MEASURE_KIND_UNSPECIFIED ||
                (unsigned)from->kind >= MEASURE_KIND_COUNT || from->n_values != shown)
                return ERR_MALFORMED;
        out->values = arena_alloc(a, t->cells_len, sizeof *out->values);
        if (out->values == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < t->cells_len; cell++)
                if (t->status[cell] == CELL_VALUE)
                        out->values[cell] = from->values[n++];
        out->kind = (enum measure_kind)from->kind;
        out->decimals = from->decimals;
        TRY(answer_text(from->variable, &out->variable));
        TRY(answer_text(from->unit, &out->unit));
        return label_take(from->label, &out->label_sv, &out->label_en);
}

static enum err table_decode(struct arena *a, const Statgate__V1__Table *from, struct table *out)
{
        struct table t = {0};
        size_t shown = 0;

        if (from->n_dimensions > DIMENSIONS_MAX || from->n_measures > MEASURES_MAX)
                return ERR_MALFORMED;
        t.dimensions_len = (uint32_t)from->n_dimensions;
        t.measures_len = (uint32_t)from->n_measures;
        t.dimensions = arena_alloc(a, t.dimensions_len, sizeof *t.dimensions);
        t.measures = arena_alloc(a, t.measures_len, sizeof *t.measures);
        if (t.dimensions == NULL || t.measures == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < t.dimensions_len; i++)
                TRY(dimension_decode(a, from->dimensions[i], &t.dimensions[i]));
        if (table_cells(t.dimensions, t.dimensions_len, &t.cells_len) != ERR_OK)
                return ERR_MALFORMED;
        TRY(statuses_decode(a, from->statuses, &t, &shown));
        for (uint32_t i = 0; i < t.measures_len; i++)
                TRY(measure_decode(a, from->measures[i], &t, shown, &t.measures[i]));
        *out = t;
        return ERR_OK;
}

enum err release_decode(struct arena *a, struct bytes wire, struct wire_release *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__Release *m =
                unpack(a, &statgate__v1__release__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        if (m->table == NULL)
                return ERR_MALFORMED;

        struct wire_release r = {
                .vintage = vintage_of(m->vintage),
                .vintage_at_ms = m->vintage_at_ms,
                .threshold = m->threshold,
                .zeros_published = m->zeros_published != 0,
                .delivered = m->delivered,
                .expected = m->expected,
        };

        TRY(answer_digest(m->query_digest, &r.query));
        TRY(answer_digest(m->policy_digest, &r.policy));
        TRY(answer_text(m->dataset, &r.dataset));
        TRY(answer_text(m->purpose, &r.purpose));
        TRY(table_decode(a, m->table, &r.table));
        *out = r;
        return ERR_OK;
}
