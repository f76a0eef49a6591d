/* SPDX-License-Identifier: Apache-2.0 */
/* wire_release.c: the last door a table goes through.
 *
 * Values are written for cells whose status is VALUE and for no other: a protected
 * cell is absent, so there is no number that a careless reader could print. The counts
 * that decided it have no field at all, nor has the rule that hid it, but for its being for
 * a neighbour's sake where the policy lets that be told. A status
 * that nobody knows is written as protected. Where a measure is withheld in cells that
 * show another, it has statuses of its own, which can only hide more than the table's;
 * its interval goes with its values.
 *
 * The bytes are the release: the same table gives the same bytes. protobuf-c
 * writes fields in the order of their numbers and leaves out what is empty, and
 * nothing here depends on time, addresses or what lies in hidden cells. */
#include <string.h>

#include "proto/wire_parts.h"

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

/* What a cell shows of a measure: what the table withholds, every measure does. */
static uint8_t status_of(const struct table *t, const struct measure *m, size_t cell)
{
        uint8_t status = t->status[cell];

        if (status == CELL_VALUE && m->status != NULL)
                status = m->status[cell];
        return status < CELL_STATUS_COUNT ? status : CELL_PROTECTED;
}

/* The shown ones of `from`, which may be NULL; `shown` of them. */
static enum err shown_message(struct arena *scratch, const struct table *t, const struct measure *m,
        const int64_t *from, size_t shown, int64_t **out, size_t *out_len)
{
        int64_t *values;
        size_t n = 0;

        if (from == NULL)
                return ERR_OK;
        values = arena_alloc_raw(scratch, shown, sizeof *values);
        if (values == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < t->cells_len; cell++)
                if (status_of(t, m, cell) == CELL_VALUE)
                        values[n++] = from[cell];
        *out = values;
        *out_len = n;
        return ERR_OK;
}

/* Statuses of a measure's own are written only where they say something new. */
static enum err own_statuses(struct arena *scratch, const struct table *t, const struct measure *in,
        Statgate__V1__Measure *out, size_t *out_shown)
{
        uint8_t *statuses = arena_alloc_raw(scratch, t->cells_len, 1);
        bool own = false;
        size_t shown = 0;

        if (statuses == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                uint8_t status = status_of(t, in, cell);

                statuses[cell] = wire_status[status];
                own = own || (t->status[cell] == CELL_VALUE && status != CELL_VALUE);
                shown += status == CELL_VALUE;
        }
        if (own)
                out->statuses = binary(bytes_of(statuses, t->cells_len));
        *out_shown = shown;
        return ERR_OK;
}

static enum err measure_message(struct arena *scratch, const struct table *t,
        const struct measure *in, Statgate__V1__Measure *out)
{
        Statgate__V1__Label *label = arena_alloc_raw(scratch, 1, sizeof *label);
        size_t shown = 0;

        if (label == NULL)
                return ERR_NO_MEMORY;
        if (in->kind == MEASURE_NONE || (unsigned)in->kind >= MEASURE_KIND_COUNT ||
                in->values == NULL || (in->low == NULL) != (in->high == NULL))
                return ERR_INVALID;
        statgate__v1__label__init(label);
        label_fill(label, in->label_sv, in->label_en);
        out->kind = (Statgate__V1__MeasureKind)in->kind;
        out->variable = binary(in->variable);
        out->name = binary(in->name);
        out->label = label;
        out->unit = binary(in->unit);
        out->decimals = in->decimals;
        out->scale = in->scale;
        TRY(own_statuses(scratch, t, in, out, &shown));
        TRY(shown_message(scratch, t, in, in->values, shown, &out->values, &out->n_values));
        TRY(shown_message(scratch, t, in, in->low, shown, &out->low, &out->n_low));
        return shown_message(scratch, t, in, in->high, shown, &out->high, &out->n_high);
}

/* Which protected cells are so for themselves is told only where the policy opts in. */
char wire_confidentiality(const struct table *t, size_t cell, bool reasons_public)
{
        if (t->status[cell] != CELL_PROTECTED && t->status[cell] < CELL_STATUS_COUNT)
                return 'F';
        if (!reasons_public || t->rule == NULL || t->rule[cell] == CELL_RULE_NONE ||
                t->rule[cell] >= CELL_RULE_COUNT)
                return 'C';
        return t->rule[cell] == CELL_RULE_SECONDARY || t->rule[cell] == CELL_RULE_INTERVAL ? 'D'
                                                                                           : 'A';
}

/* Written only where they say something. A cell that is not shown is not held either. */
static enum err marks_message(
        struct arena *scratch, const struct table *t, bool reasons_public, Statgate__V1__Table *out)
{
        uint8_t *held = arena_alloc_raw(scratch, t->cells_len, 1);
        uint8_t *letters = arena_alloc_raw(scratch, t->cells_len, 1);
        bool any_held = false, any_told = false;

        if (held == NULL || letters == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                char letter = wire_confidentiality(t, cell, reasons_public);

                held[cell] = t->held != NULL && t->held[cell] != 0 && t->status[cell] == CELL_VALUE;
                letters[cell] = (uint8_t)letter;
                any_held = any_held || held[cell] != 0;
                any_told = any_told || letter == 'A' || letter == 'D';
        }
        if (any_held)
                out->held = binary(bytes_of(held, t->cells_len));
        if (any_told)
                out->confidentiality = binary(bytes_of(letters, t->cells_len));
        return ERR_OK;
}

static enum err table_message(
        struct arena *scratch, const struct table *t, bool reasons_public, Statgate__V1__Table *out)
{
        size_t cells = 0;

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
        }
        out->statuses = binary(bytes_of(statuses, cells));
        TRY(marks_message(scratch, t, reasons_public, out));
        out->n_dimensions = t->dimensions_len;
        for (uint32_t i = 0; i < t->dimensions_len; i++)
                TRY(dimension_message(scratch, &t->dimensions[i], out->dimensions[i]));
        out->n_measures = t->measures_len;
        for (uint32_t i = 0; i < t->measures_len; i++)
                TRY(measure_message(scratch, t, &t->measures[i], out->measures[i]));
        return ERR_OK;
}

/* Coverage ----------------------------------------------------------------- */

enum { WHOLE = 1000 };

static enum err coverage_message(const struct wire_coverage *in, Statgate__V1__Coverage *out)
{
        uint32_t rejected = in->rejected_permille, missing = in->missing_permille,
                 families = in->families_missing_permille;

        if ((rejected > WHOLE && rejected != NO_SHARE) ||
                (missing > WHOLE && missing != NO_SHARE) ||
                (families > WHOLE && families != NO_SHARE))
                return ERR_INVALID;
        out->dataset = binary(in->dataset);
        out->delivered = in->delivered;
        out->expected = in->expected;
        if (rejected != NO_SHARE) {
                out->rejected_case = STATGATE__V1__COVERAGE__REJECTED_REJECTED_PERMILLE;
                out->rejected_permille = rejected;
        }
        if (missing != NO_SHARE) {
                out->missing_case = STATGATE__V1__COVERAGE__MISSING_MISSING_PERMILLE;
                out->missing_permille = missing;
        }
        if (families != NO_SHARE) {
                out->families_missing_case =
                        STATGATE__V1__COVERAGE__FAMILIES_MISSING_FAMILIES_MISSING_PERMILLE;
                out->families_missing_permille = families;
        }
        return ERR_OK;
}

static enum err share_decode(bool said, uint32_t share, uint32_t *out)
{
        if (said && share > WHOLE)
                return ERR_MALFORMED;
        *out = said ? share : NO_SHARE;
        return ERR_OK;
}

static enum err coverage_decode(const Statgate__V1__Coverage *from, struct wire_coverage *out)
{
        out->delivered = from->delivered;
        out->expected = from->expected;
        TRY(answer_text(from->dataset, &out->dataset));
        TRY(share_decode(from->rejected_case != STATGATE__V1__COVERAGE__REJECTED__NOT_SET,
                from->rejected_permille, &out->rejected_permille));
        TRY(share_decode(from->missing_case != STATGATE__V1__COVERAGE__MISSING__NOT_SET,
                from->missing_permille, &out->missing_permille));
        return share_decode(
                from->families_missing_case != STATGATE__V1__COVERAGE__FAMILIES_MISSING__NOT_SET,
                from->families_missing_permille, &out->families_missing_permille);
}

/* The release ---------------------------------------------------------------- */

static enum err context_message(struct arena *scratch, const struct wire_release *in,
        Statgate__V1__Indicator *indicator, Statgate__V1__Release *out)
{
        out->linkage = binary(in->linkage);
        out->unit = (Statgate__V1__Unit)in->unit;
        out->unlinked = in->unlinked;
        if (in->has_counted) {
                out->counting_case = STATGATE__V1__RELEASE__COUNTING_COUNTED;
                out->counted = in->counted;
        }
        if (in->has_period)
                TRY(period_text(scratch, in->period, &out->period));
        out->n_coverage = in->coverage_len;
        out->coverage = messages(scratch, in->coverage_len, &statgate__v1__coverage__descriptor);
        if (out->coverage == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->coverage_len; i++)
                TRY(coverage_message(&in->coverage[i], out->coverage[i]));
        if (!in->has_indicator)
                return ERR_OK;
        out->indicator = indicator;
        return indicator_message(scratch, &in->indicator, true, indicator);
}

enum err release_encode(const struct wire_release *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__Table table = STATGATE__V1__TABLE__INIT;
        Statgate__V1__Indicator indicator = STATGATE__V1__INDICATOR__INIT;
        Statgate__V1__Release m = STATGATE__V1__RELEASE__INIT;
        Statgate__V1__Vintage room;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        if ((unsigned)in->unit >= UNIT_COUNT)
                return ERR_INVALID;
        TRY(table_message(scratch, &in->table,
                in->has_protection && in->protection.rules.reasons_public, &table));
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
        TRY(context_message(scratch, in, &indicator, &m));
        if (in->has_protection)
                TRY(protection_message(scratch, &in->protection, &m.protection));
        if (in->has_nearest)
                TRY(nearest_message(scratch, &in->nearest, &m.nearest));
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

/* One byte per cell, and none that we do not know. */
static enum err statuses_decode(
        struct arena *a, ProtobufCBinaryData from, size_t cells, uint8_t **out)
{
        uint8_t *statuses;

        if (from.len != cells)
                return ERR_MALFORMED;
        statuses = arena_alloc_raw(a, cells, 1);
        if (statuses == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < cells; cell++) {
                uint8_t ours = CELL_STATUS_COUNT;

                for (unsigned s = 0; s < CELL_STATUS_COUNT; s++)
                        if (wire_status[s] == from.data[cell])
                                ours = (uint8_t)s;
                if (ours == CELL_STATUS_COUNT)
                        return ERR_MALFORMED;
                statuses[cell] = ours;
        }
        *out = statuses;
        return ERR_OK;
}

/* A measure may hide what the table shows, not the other way about, and has no other
 * reason of its own where the table shows nothing. */
static enum err own_statuses_decode(
        struct arena *a, ProtobufCBinaryData from, const struct table *t, uint8_t **out)
{
        if (from.len == 0)
                return ERR_OK;
        TRY(statuses_decode(a, from, t->cells_len, out));
        for (size_t cell = 0; cell < t->cells_len; cell++)
                if (t->status[cell] != CELL_VALUE && (*out)[cell] != t->status[cell])
                        return ERR_MALFORMED;
        return ERR_OK;
}

/* One per cell that shows a value; elsewhere 0. */
static enum err shown_decode(struct arena *a, const struct table *t, const struct measure *m,
        const int64_t *from, size_t len, int64_t **out)
{
        int64_t *values = arena_alloc(a, t->cells_len, sizeof *values);
        size_t n = 0;

        if (values == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                if (status_of(t, m, cell) != CELL_VALUE)
                        continue;
                if (n == len)
                        return ERR_MALFORMED;
                values[cell] = from[n++];
        }
        *out = values;
        return n == len ? ERR_OK : ERR_MALFORMED;
}

static enum err measure_decode(struct arena *a, const Statgate__V1__Measure *from,
        const struct table *t, struct measure *out)
{
        if (from->kind <= STATGATE__V1__MEASURE_KIND__MEASURE_KIND_UNSPECIFIED ||
                (unsigned)from->kind >= MEASURE_KIND_COUNT)
                return ERR_MALFORMED;
        TRY(own_statuses_decode(a, from->statuses, t, &out->status));
        TRY(shown_decode(a, t, out, from->values, from->n_values, &out->values));
        if (from->n_low > 0 || from->n_high > 0) {
                TRY(shown_decode(a, t, out, from->low, from->n_low, &out->low));
                TRY(shown_decode(a, t, out, from->high, from->n_high, &out->high));
        }
        out->kind = (enum measure_kind)from->kind;
        out->decimals = from->decimals;
        out->scale = from->scale;
        TRY(answer_text(from->variable, &out->variable));
        TRY(answer_text(from->name, &out->name));
        TRY(answer_text(from->unit, &out->unit));
        return label_take(from->label, &out->label_sv, &out->label_en);
}

static enum err held_decode(struct arena *a, ProtobufCBinaryData from, struct table *t)
{
        if (from.len == 0)
                return ERR_OK;
        if (from.len != t->cells_len)
                return ERR_MALFORMED;
        t->held = arena_alloc_raw(a, t->cells_len, 1);
        if (t->held == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                t->held[cell] = from.data[cell];
                if (t->held[cell] > 1 || (t->held[cell] == 1 && t->status[cell] != CELL_VALUE))
                        return ERR_MALFORMED;
        }
        return ERR_OK;
}

/* Letters must agree with the statuses, and are for releases whose rules allow them. */
static enum err confidentiality_decode(
        struct arena *a, ProtobufCBinaryData from, bool reasons_public, struct table *t)
{
        if (from.len == 0)
                return ERR_OK;
        if (from.len != t->cells_len || !reasons_public)
                return ERR_MALFORMED;
        t->rule = arena_alloc(a, t->cells_len, 1);
        if (t->rule == NULL)
                return ERR_NO_MEMORY;
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                if (from.data[cell] == 'A')
                        t->rule[cell] = CELL_RULE_SMALL;
                else if (from.data[cell] == 'D')
                        t->rule[cell] = CELL_RULE_SECONDARY;
                if ((char)from.data[cell] != wire_confidentiality(t, cell, true))
                        return ERR_MALFORMED;
        }
        return ERR_OK;
}

static enum err table_decode(
        struct arena *a, const Statgate__V1__Table *from, bool reasons_public, struct table *out)
{
        struct table t = {0};

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
        TRY(statuses_decode(a, from->statuses, t.cells_len, &t.status));
        TRY(held_decode(a, from->held, &t));
        TRY(confidentiality_decode(a, from->confidentiality, reasons_public, &t));
        for (uint32_t i = 0; i < t.measures_len; i++)
                TRY(measure_decode(a, from->measures[i], &t, &t.measures[i]));
        *out = t;
        return ERR_OK;
}

static enum err context_decode(
        struct arena *a, const Statgate__V1__Release *m, struct wire_release *out)
{
        struct wire_coverage *coverage = arena_alloc(a, m->n_coverage, sizeof *coverage);

        if (coverage == NULL)
                return ERR_NO_MEMORY;
        if ((unsigned)m->unit >= UNIT_COUNT)
                return ERR_MALFORMED;
        for (size_t i = 0; i < m->n_coverage; i++)
                TRY(coverage_decode(m->coverage[i], &coverage[i]));
        out->coverage = coverage;
        out->coverage_len = (uint32_t)m->n_coverage;
        out->unit = (enum unit)m->unit;
        out->unlinked = m->unlinked;
        out->has_counted = m->counting_case == STATGATE__V1__RELEASE__COUNTING_COUNTED;
        out->counted = out->has_counted ? m->counted : 0;
        TRY(answer_text(m->linkage, &out->linkage));
        TRY(answer_period(m->period, &out->has_period, &out->period));
        out->has_indicator = m->indicator != NULL;
        return out->has_indicator ? indicator_decode(a, m->indicator, &out->indicator) : ERR_OK;
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
        TRY(context_decode(a, m, &r));
        r.has_protection = m->protection != NULL;
        r.has_nearest = m->nearest != NULL;
        TRY(protection_decode(m->protection, &r.protection));
        TRY(nearest_decode(a, m->nearest, &r.nearest));
        TRY(table_decode(a, m->table, r.protection.rules.reasons_public, &r.table));
        *out = r;
        return ERR_OK;
}
