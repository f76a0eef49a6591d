/* SPDX-License-Identifier: Apache-2.0 */
/* wire_query.c: the question.
 *
 * What has one number on the wire and in base/ is passed on as it stands, and what
 * nobody knows becomes a number that query_check refuses by its path. Only dates and
 * periods are read here, since base/ has them as days; their faults are told together
 * with all others. */
#include "proto/wire_parts.h"

#include <stdio.h>

#include "base/err.h"

_Static_assert((int)FILTER_EQ == STATGATE__V1__FILTER_OP__FILTER_OP_EQ &&
                       (int)FILTER_NE == STATGATE__V1__FILTER_OP__FILTER_OP_NE &&
                       (int)FILTER_LT == STATGATE__V1__FILTER_OP__FILTER_OP_LT &&
                       (int)FILTER_LE == STATGATE__V1__FILTER_OP__FILTER_OP_LE &&
                       (int)FILTER_GT == STATGATE__V1__FILTER_OP__FILTER_OP_GT &&
                       (int)FILTER_GE == STATGATE__V1__FILTER_OP__FILTER_OP_GE &&
                       (int)FILTER_IN == STATGATE__V1__FILTER_OP__FILTER_OP_IN &&
                       (int)FILTER_IN + 1 == (int)FILTER_OP_COUNT,
        "operators have the numbers of the .proto");
_Static_assert((int)MEASURE_PERSONS == STATGATE__V1__MEASURE_KIND__MEASURE_KIND_PERSONS &&
                       (int)MEASURE_RECORDS == STATGATE__V1__MEASURE_KIND__MEASURE_KIND_RECORDS &&
                       (int)MEASURE_SUM == STATGATE__V1__MEASURE_KIND__MEASURE_KIND_SUM &&
                       (int)MEASURE_MEAN == STATGATE__V1__MEASURE_KIND__MEASURE_KIND_MEAN &&
                       (int)MEASURE_RATE == STATGATE__V1__MEASURE_KIND__MEASURE_KIND_RATE &&
                       (int)MEASURE_RATE + 1 == (int)MEASURE_KIND_COUNT,
        "measures have the numbers of the .proto");
_Static_assert((int)UNIT_PERSON == STATGATE__V1__UNIT__UNIT_PERSON &&
                       (int)UNIT_FAMILY == STATGATE__V1__UNIT__UNIT_FAMILY &&
                       (int)UNIT_RECORD == STATGATE__V1__UNIT__UNIT_RECORD &&
                       (int)UNIT_RECORD + 1 == (int)UNIT_COUNT,
        "units have the numbers of the .proto");
_Static_assert((int)DERIVED_EXISTS == STATGATE__V1__DERIVED_KIND__DERIVED_KIND_EXISTS &&
                       (int)DERIVED_COUNT == STATGATE__V1__DERIVED_KIND__DERIVED_KIND_COUNT &&
                       (int)DERIVED_FIRST == STATGATE__V1__DERIVED_KIND__DERIVED_KIND_FIRST &&
                       (int)DERIVED_LAST == STATGATE__V1__DERIVED_KIND__DERIVED_KIND_LAST &&
                       (int)DERIVED_DAYS_BETWEEN ==
                               STATGATE__V1__DERIVED_KIND__DERIVED_KIND_DAYS_BETWEEN &&
                       (int)DERIVED_SUM == STATGATE__V1__DERIVED_KIND__DERIVED_KIND_SUM &&
                       (int)DERIVED_SUM + 1 == (int)DERIVED_KIND_COUNT,
        "kinds of derived variables have the numbers of the .proto");
_Static_assert((int)WINDOW_RELATIVE == STATGATE__V1__WINDOW_KIND__WINDOW_KIND_RELATIVE &&
                       (int)WINDOW_FIXED == STATGATE__V1__WINDOW_KIND__WINDOW_KIND_FIXED &&
                       (int)WINDOW_PERIOD == STATGATE__V1__WINDOW_KIND__WINDOW_KIND_PERIOD,
        "windows have the numbers of the .proto");
_Static_assert((int)SAME_PERSON == STATGATE__V1__SAME__SAME_PERSON &&
                       (int)SAME_FAMILY == STATGATE__V1__SAME__SAME_FAMILY &&
                       (int)IN_ANY == STATGATE__V1__IN_MUNICIPALITY__IN_MUNICIPALITY_ANY &&
                       (int)IN_SAME == STATGATE__V1__IN_MUNICIPALITY__IN_MUNICIPALITY_SAME &&
                       (int)IN_OTHER == STATGATE__V1__IN_MUNICIPALITY__IN_MUNICIPALITY_OTHER,
        "whose events count has the numbers of the .proto");
/* The wire can leave the rule out; base/ has the delivering municipality for that. */
_Static_assert(
        (int)MUNICIPALITY_FIRST + 1 == STATGATE__V1__MUNICIPALITY_RULE__MUNICIPALITY_RULE_FIRST &&
                (int)MUNICIPALITY_LAST + 1 ==
                        STATGATE__V1__MUNICIPALITY_RULE__MUNICIPALITY_RULE_LAST &&
                (int)MUNICIPALITY_LAST + 1 == (int)MUNICIPALITY_RULE_COUNT,
        "rules have the numbers of the .proto, and one more");

/* Decoding ------------------------------------------------------------------- */

/* A refusal of one's own is kept until query_check has told the others. */
struct decoding {
        struct arena *arena;
        struct refusal *why;
        enum err rc;
};

/* `number` where the wire has it, `unknown` otherwise. */
static int known(int number, int count, int unknown)
{
        return number >= 0 && number < count ? number : unknown;
}

static enum err filters_decode(struct decoding *d, Statgate__V1__Filter *const *from, size_t len,
        struct filter **out, uint32_t *out_len)
{
        struct filter *filters = arena_alloc(d->arena, len, sizeof *filters);

        if (filters == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < len; i++) {
                const Statgate__V1__Filter *f = from[i];
                struct bytes *values = arena_alloc_raw(d->arena, f->n_values, sizeof *values);

                if (values == NULL)
                        return ERR_NO_MEMORY;
                for (size_t v = 0; v < f->n_values; v++)
                        values[v] = run_of(f->values[v]);
                filters[i] = (struct filter){
                        .variable = run_of(f->variable),
                        .level = run_of(f->level),
                        .op = (enum filter_op)known((int)f->op, FILTER_OP_COUNT, FILTER_NONE),
                        .values = values,
                        .values_len = (uint32_t)f->n_values,
                };
        }
        *out = filters;
        *out_len = (uint32_t)len;
        return ERR_OK;
}

static enum err dimensions_decode(
        struct decoding *d, const Statgate__V1__QueryRequest *m, struct query *out)
{
        out->dimensions = arena_alloc(d->arena, m->n_dimensions, sizeof *out->dimensions);
        if (out->dimensions == NULL)
                return ERR_NO_MEMORY;
        out->dimensions_len = (uint32_t)m->n_dimensions;
        for (size_t i = 0; i < m->n_dimensions; i++)
                out->dimensions[i] = (struct dimension_ref){
                        .variable = run_of(m->dimensions[i]->variable),
                        .level = run_of(m->dimensions[i]->level),
                };
        return ERR_OK;
}

static enum err measures_decode(
        struct decoding *d, const Statgate__V1__QueryRequest *m, struct query *out)
{
        out->measures = arena_alloc(d->arena, m->n_measures, sizeof *out->measures);
        if (out->measures == NULL)
                return ERR_NO_MEMORY;
        out->measures_len = (uint32_t)m->n_measures;
        for (size_t i = 0; i < m->n_measures; i++) {
                const Statgate__V1__MeasureRef *from = m->measures[i];
                struct measure_ref *to = &out->measures[i];

                *to = (struct measure_ref){
                        .kind = (enum measure_kind)known(
                                (int)from->kind, MEASURE_KIND_COUNT, MEASURE_NONE),
                        .variable = run_of(from->variable),
                        .banding = run_of(from->banding),
                        .name = run_of(from->name),
                        .per = run_of(from->per),
                        .scale = from->scale,
                };
                TRY(filters_decode(
                        d, from->filters, from->n_filters, &to->filters, &to->filters_len));
                TRY(filters_decode(
                        d, from->base_filters, from->n_base_filters, &to->base, &to->base_len));
        }
        return ERR_OK;
}

/* Derived variables */

static void fault(struct decoding *d, size_t derived, const char *field, const char *text)
{
        char path[VIOLATION_FIELD_MAX];

        (void)snprintf(path, sizeof path, "derived[%zu].window.%s", derived, field);
        d->rc = refuse(d->why, ERR_INVALID, path, "%s", text);
}

/* Where the text is no date, the day stays what it was: the question is refused anyway. */
static void window_day(struct decoding *d, size_t derived, const char *field,
        ProtobufCBinaryData from, int32_t *out)
{
        char path[VIOLATION_FIELD_MAX];

        (void)snprintf(path, sizeof path, "derived[%zu].window.%s", derived, field);
        if (gate_day(d->why, path, from, out) != ERR_OK)
                d->rc = ERR_INVALID;
}

static void window_decode(
        struct decoding *d, const Statgate__V1__Window *from, size_t derived, struct window *out)
{
        if (from == NULL)
                return;
        out->kind = (enum window_kind)known((int)from->kind, WINDOW_PERIOD + 1, WINDOW_PERIOD + 1);
        out->anchor = run_of(from->anchor);
        if (out->kind != WINDOW_FIXED) {
                if (from->from_date.len > 0)
                        fault(d, derived, "from_date", "belongs to a window of dates only");
                if (from->until_date.len > 0)
                        fault(d, derived, "until_date", "belongs to a window of dates only");
                out->from = from->from;
                out->until = from->until;
                return;
        }
        if (from->from != 0)
                fault(d, derived, "from", "is in days; a window of dates has from_date");
        if (from->until != 0)
                fault(d, derived, "until", "is in days; a window of dates has until_date");
        window_day(d, derived, "from_date", from->from_date, &out->from);
        out->until = out->from;
        window_day(d, derived, "until_date", from->until_date, &out->until);
}

static enum err bands_decode(
        struct decoding *d, const Statgate__V1__Derived *from, struct derived *out)
{
        out->bands = arena_alloc(d->arena, from->n_bands, sizeof *out->bands);
        if (out->bands == NULL)
                return ERR_NO_MEMORY;
        out->bands_len = (uint32_t)from->n_bands;
        for (size_t i = 0; i < from->n_bands; i++)
                out->bands[i] = (struct derived_band){
                        .code = run_of(from->bands[i]->code),
                        .low = run_of(from->bands[i]->low),
                        .high = run_of(from->bands[i]->high),
                };
        return ERR_OK;
}

static enum err derived_decode(
        struct decoding *d, const Statgate__V1__QueryRequest *m, struct query *out)
{
        out->derived = arena_alloc(d->arena, m->n_derived, sizeof *out->derived);
        if (out->derived == NULL)
                return ERR_NO_MEMORY;
        out->derived_len = (uint32_t)m->n_derived;
        for (size_t i = 0; i < m->n_derived; i++) {
                const Statgate__V1__Derived *from = m->derived[i];
                struct derived *to = &out->derived[i];

                *to = (struct derived){
                        .name = run_of(from->name),
                        .kind = (enum derived_kind)known(
                                (int)from->kind, DERIVED_KIND_COUNT, DERIVED_NONE),
                        .dataset = run_of(from->dataset),
                        .date = run_of(from->date),
                        .variable = run_of(from->variable),
                        .level = run_of(from->level),
                        .from = run_of(from->from),
                        .to = run_of(from->to),
                        .same = (enum derived_same)known(
                                (int)from->same, SAME_FAMILY + 1, SAME_FAMILY + 1),
                        .in = (enum derived_in)known((int)from->in, IN_OTHER + 1, IN_OTHER + 1),
                        .include_base = from->include_base != 0,
                };
                TRY(filters_decode(
                        d, from->filters, from->n_filters, &to->filters, &to->filters_len));
                window_decode(d, from->window, i, &to->window);
                TRY(bands_decode(d, from, to));
        }
        return ERR_OK;
}

/* Days */

static void day_decode(struct decoding *d, const char *field, ProtobufCBinaryData from,
        bool *out_has, int32_t *out)
{
        *out_has = from.len > 0;
        if (from.len > 0 && gate_day(d->why, field, from, out) != ERR_OK)
                d->rc = ERR_INVALID;
}

static void times_decode(struct decoding *d, const Statgate__V1__QueryRequest *m, struct query *out)
{
        out->has_period = m->period.len > 0;
        if (out->has_period && gate_period(d->why, "period", m->period, &out->period) != ERR_OK)
                d->rc = ERR_INVALID;
        day_decode(d, "age_at", m->age_at, &out->has_age_at, &out->age_at);
        day_decode(d, "division_at", m->division_at, &out->has_division_at, &out->division_at);
}

static enum municipality_rule rule_of(int number)
{
        int rule = known(number, MUNICIPALITY_RULE_COUNT + 1, MUNICIPALITY_RULE_COUNT + 1);

        return (enum municipality_rule)(rule > 0 ? rule - 1 : MUNICIPALITY_DELIVERING);
}

enum err query_request_decode(
        struct arena *a, struct bytes wire, struct query *out, struct refusal *why)
{
        struct decoding d = {.arena = a, .why = why, .rc = ERR_OK};
        enum err rc = ERR_OK;
        const Statgate__V1__QueryRequest *m =
                unpack(a, &statgate__v1__query_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;

        struct query q = {
                .dataset = run_of(m->dataset),
                .purpose = run_of(m->purpose),
                .vintage = vintage_of(m->vintage),
                .linkage = run_of(m->linkage),
                .unit = (enum unit)known((int)m->unit, UNIT_COUNT, UNIT_COUNT),
                .period_date = run_of(m->period_date),
                .municipality_rule = rule_of((int)m->municipality_rule),
                .dry_run = m->dry_run != 0,
        };

        if (m->indicator != NULL) {
                q.indicator = run_of(m->indicator->id);
                q.indicator_version = m->indicator->version;
        }
        times_decode(&d, m, &q);
        TRY(derived_decode(&d, m, &q));
        TRY(filters_decode(&d, m->filters, m->n_filters, &q.filters, &q.filters_len));
        TRY(dimensions_decode(&d, m, &q));
        TRY(measures_decode(&d, m, &q));
        rc = query_check(&q, why);
        if (d.rc != ERR_OK || rc != ERR_OK)
                return d.rc != ERR_OK ? d.rc : rc;
        *out = q;
        return ERR_OK;
}

/* Encoding ------------------------------------------------------------------- */

static enum err filters_message(struct arena *scratch, const struct filter *filters, uint32_t len,
        Statgate__V1__Filter ***out, size_t *out_len)
{
        Statgate__V1__Filter **list = messages(scratch, len, &statgate__v1__filter__descriptor);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                const struct filter *f = &filters[i];

                list[i]->variable = binary(f->variable);
                list[i]->level = binary(f->level);
                list[i]->op = (Statgate__V1__FilterOp)f->op;
                list[i]->n_values = f->values_len;
                list[i]->values = text_array(scratch, f->values, f->values_len);
                if (list[i]->values == NULL)
                        return ERR_NO_MEMORY;
        }
        *out = list;
        *out_len = len;
        return ERR_OK;
}

static enum err measures_message(
        struct arena *scratch, const struct query *in, Statgate__V1__QueryRequest *out)
{
        out->n_measures = in->measures_len;
        out->measures = messages(scratch, in->measures_len, &statgate__v1__measure_ref__descriptor);
        if (out->measures == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->measures_len; i++) {
                const struct measure_ref *from = &in->measures[i];
                Statgate__V1__MeasureRef *to = out->measures[i];

                to->kind = (Statgate__V1__MeasureKind)from->kind;
                to->variable = binary(from->variable);
                to->banding = binary(from->banding);
                to->name = binary(from->name);
                to->per = binary(from->per);
                to->scale = from->scale;
                TRY(filters_message(
                        scratch, from->filters, from->filters_len, &to->filters, &to->n_filters));
                TRY(filters_message(scratch, from->base, from->base_len, &to->base_filters,
                        &to->n_base_filters));
        }
        return ERR_OK;
}

/* Absent for all events. */
static enum err window_message(
        struct arena *scratch, const struct window *in, Statgate__V1__Window **out)
{
        Statgate__V1__Window *w = arena_alloc_raw(scratch, 1, sizeof *w);

        if (w == NULL)
                return ERR_NO_MEMORY;
        statgate__v1__window__init(w);
        w->kind = (Statgate__V1__WindowKind)in->kind;
        w->anchor = binary(in->anchor);
        if (in->kind == WINDOW_FIXED) {
                TRY(day_text(scratch, in->from, &w->from_date));
                TRY(day_text(scratch, in->until, &w->until_date));
        } else {
                w->from = in->from;
                w->until = in->until;
        }
        if (protobuf_c_message_get_packed_size(&w->base) > 0)
                *out = w;
        return ERR_OK;
}

static enum err one_derived_message(
        struct arena *scratch, const struct derived *in, Statgate__V1__Derived *out)
{
        out->name = binary(in->name);
        out->kind = (Statgate__V1__DerivedKind)in->kind;
        out->dataset = binary(in->dataset);
        out->date = binary(in->date);
        out->variable = binary(in->variable);
        out->level = binary(in->level);
        out->from = binary(in->from);
        out->to = binary(in->to);
        out->same = (Statgate__V1__Same)in->same;
        out->in = (Statgate__V1__InMunicipality)in->in;
        out->include_base = in->include_base;
        TRY(filters_message(scratch, in->filters, in->filters_len, &out->filters, &out->n_filters));
        TRY(window_message(scratch, &in->window, &out->window));
        out->n_bands = in->bands_len;
        out->bands = messages(scratch, in->bands_len, &statgate__v1__band__descriptor);
        if (out->bands == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->bands_len; i++) {
                out->bands[i]->code = binary(in->bands[i].code);
                out->bands[i]->low = binary(in->bands[i].low);
                out->bands[i]->high = binary(in->bands[i].high);
        }
        return ERR_OK;
}

static enum err parts_message(
        struct arena *scratch, const struct query *in, Statgate__V1__QueryRequest *out)
{
        TRY(filters_message(scratch, in->filters, in->filters_len, &out->filters, &out->n_filters));
        TRY(measures_message(scratch, in, out));
        out->n_dimensions = in->dimensions_len;
        out->dimensions =
                messages(scratch, in->dimensions_len, &statgate__v1__dimension_ref__descriptor);
        out->n_derived = in->derived_len;
        out->derived = messages(scratch, in->derived_len, &statgate__v1__derived__descriptor);
        if (out->dimensions == NULL || out->derived == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->dimensions_len; i++) {
                out->dimensions[i]->variable = binary(in->dimensions[i].variable);
                out->dimensions[i]->level = binary(in->dimensions[i].level);
        }
        for (uint32_t i = 0; i < in->derived_len; i++)
                TRY(one_derived_message(scratch, &in->derived[i], out->derived[i]));
        return ERR_OK;
}

enum err query_request_encode(const struct query *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__QueryRequest m = STATGATE__V1__QUERY_REQUEST__INIT;
        Statgate__V1__IndicatorRef indicator = STATGATE__V1__INDICATOR_REF__INIT;
        Statgate__V1__Vintage room;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.dataset = binary(in->dataset);
        m.purpose = binary(in->purpose);
        m.vintage = vintage_message(in->vintage, &room);
        m.linkage = binary(in->linkage);
        m.unit = (Statgate__V1__Unit)in->unit;
        m.period_date = binary(in->period_date);
        if (in->municipality_rule != MUNICIPALITY_DELIVERING)
                m.municipality_rule =
                        (Statgate__V1__MunicipalityRule)((int)in->municipality_rule + 1);
        if (in->has_period)
                TRY(period_text(scratch, in->period, &m.period));
        if (in->has_age_at)
                TRY(day_text(scratch, in->age_at, &m.age_at));
        if (in->has_division_at)
                TRY(day_text(scratch, in->division_at, &m.division_at));
        TRY(parts_message(scratch, in, &m));
        m.dry_run = in->dry_run;
        if (in->indicator.len > 0 || in->indicator_version > 0) {
                indicator.id = binary(in->indicator);
                indicator.version = in->indicator_version;
                m.indicator = &indicator;
        }
        return pack(&m, out);
}
