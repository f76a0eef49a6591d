/* SPDX-License-Identifier: Apache-2.0 */
/* wire_statistics.c: what can be asked (data sets and their description), the
 * question, and the envelope around an answer. The table is in wire_release.c. */
#include "proto/wire_parts.h"
#include "statgate/v1/statistics.pb-c.h"

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

/* Labels ------------------------------------------------------------------- */

static enum err label_decode(const Statgate__V1__Label *from, struct wire_label *out)
{
        if (from == NULL)
                return ERR_OK;
        TRY(answer_text(from->sv, &out->sv));
        return answer_text(from->en, &out->en);
}

/* NULL when memory is short. */
static Statgate__V1__Label *label_message(struct arena *scratch, struct wire_label in)
{
        Statgate__V1__Label *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (m == NULL)
                return NULL;
        statgate__v1__label__init(m);
        m->sv = binary(in.sv);
        m->en = binary(in.en);
        return m;
}

/* Data sets ---------------------------------------------------------------- */

static enum err summary_message(struct arena *scratch, const struct wire_dataset_summary *in,
        Statgate__V1__DatasetSummary *out)
{
        out->id = binary(in->id);
        out->label = label_message(scratch, in->label);
        out->n_purposes = in->purposes_len;
        out->purposes = text_array(scratch, in->purposes, in->purposes_len);
        return out->label == NULL || out->purposes == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err datasets_encode(const struct wire_datasets *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__ListDatasetsResponse m = STATGATE__V1__LIST_DATASETS_RESPONSE__INIT;
        Statgate__V1__Vintage room;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.datasets = messages(scratch, in->len, &statgate__v1__dataset_summary__descriptor);
        if (m.datasets == NULL)
                return ERR_NO_MEMORY;
        m.n_datasets = in->len;
        for (uint32_t i = 0; i < in->len; i++)
                TRY(summary_message(scratch, &in->datasets[i], m.datasets[i]));
        m.vintage = vintage_message(in->vintage, &room);
        return pack(&m, out);
}

enum err datasets_decode(struct arena *a, struct bytes wire, struct wire_datasets *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__ListDatasetsResponse *m =
                unpack(a, &statgate__v1__list_datasets_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_dataset_summary *list = arena_alloc(a, m->n_datasets, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_datasets; i++) {
                const Statgate__V1__DatasetSummary *d = m->datasets[i];

                TRY(answer_text(d->id, &list[i].id));
                TRY(label_decode(d->label, &list[i].label));
                TRY(answer_texts(
                        a, d->purposes, d->n_purposes, &list[i].purposes, &list[i].purposes_len));
        }
        *out = (struct wire_datasets){.datasets = list,
                .len = (uint32_t)m->n_datasets,
                .vintage = vintage_of(m->vintage)};
        return ERR_OK;
}

enum err describe_request_encode(struct bytes dataset, struct buf *out)
{
        Statgate__V1__DescribeDatasetRequest m = STATGATE__V1__DESCRIBE_DATASET_REQUEST__INIT;

        m.dataset = binary(dataset);
        return pack(&m, out);
}

enum err describe_request_decode(
        struct arena *a, struct bytes wire, struct bytes *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__DescribeDatasetRequest *m =
                unpack(a, &statgate__v1__describe_dataset_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;
        return gate_text(why, "dataset", m->dataset, 1, NAME_MAX_LEN, out);
}

/* A description ------------------------------------------------------------ */

static enum err level_message(
        struct arena *scratch, const struct wire_level *in, Statgate__V1__Level *out)
{
        out->id = binary(in->id);
        out->label = label_message(scratch, in->label);
        out->n_codes = in->codes_len;
        out->codes = messages(scratch, in->codes_len, &statgate__v1__code__descriptor);
        if (out->label == NULL || out->codes == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->codes_len; i++) {
                out->codes[i]->code = binary(in->codes[i].code);
                out->codes[i]->parent = binary(in->codes[i].parent);
                out->codes[i]->label = label_message(scratch, in->codes[i].label);
                if (out->codes[i]->label == NULL)
                        return ERR_NO_MEMORY;
        }
        return ERR_OK;
}

static enum err variable_message(
        struct arena *scratch, const struct wire_variable *in, Statgate__V1__Variable *out)
{
        out->id = binary(in->id);
        out->label = label_message(scratch, in->label);
        out->type = (Statgate__V1__VariableType)in->type;
        out->role = (Statgate__V1__VariableRole)in->role;
        out->decimals = in->decimals;
        out->unit = binary(in->unit);
        out->required = in->required;
        out->computed = in->computed;
        out->n_levels = in->levels_len;
        out->levels = messages(scratch, in->levels_len, &statgate__v1__level__descriptor);
        if (out->label == NULL || out->levels == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->levels_len; i++)
                TRY(level_message(scratch, &in->levels[i], out->levels[i]));
        return ERR_OK;
}

enum err dataset_encode(const struct wire_dataset *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__DescribeDatasetResponse m = STATGATE__V1__DESCRIBE_DATASET_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.id = binary(in->id);
        m.label = label_message(scratch, in->label);
        m.n_purposes = in->purposes_len;
        m.purposes = text_array(scratch, in->purposes, in->purposes_len);
        m.threshold = in->threshold;
        m.zeros_published = in->zeros_published;
        m.legal_basis = binary(in->legal_basis);
        m.n_variables = in->variables_len;
        m.variables = messages(scratch, in->variables_len, &statgate__v1__variable__descriptor);
        if (m.label == NULL || m.purposes == NULL || m.variables == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->variables_len; i++)
                TRY(variable_message(scratch, &in->variables[i], m.variables[i]));
        return pack(&m, out);
}

static enum err level_decode(
        struct arena *a, const Statgate__V1__Level *from, struct wire_level *out)
{
        struct wire_code *codes = arena_alloc(a, from->n_codes, sizeof *codes);

        if (codes == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < from->n_codes; i++) {
                TRY(answer_text(from->codes[i]->code, &codes[i].code));
                TRY(answer_text(from->codes[i]->parent, &codes[i].parent));
                TRY(label_decode(from->codes[i]->label, &codes[i].label));
        }
        out->codes = codes;
        out->codes_len = (uint32_t)from->n_codes;
        TRY(answer_text(from->id, &out->id));
        return label_decode(from->label, &out->label);
}

static enum err variable_decode(
        struct arena *a, const Statgate__V1__Variable *from, struct wire_variable *out)
{
        struct wire_level *levels = arena_alloc(a, from->n_levels, sizeof *levels);

        if (levels == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < from->n_levels; i++)
                TRY(level_decode(a, from->levels[i], &levels[i]));
        /* A type or role that a newer gateway has is the reader's to skip. */
        out->type = (uint32_t)from->type;
        out->role = (uint32_t)from->role;
        out->decimals = from->decimals;
        out->required = from->required != 0;
        out->computed = from->computed != 0;
        out->levels = levels;
        out->levels_len = (uint32_t)from->n_levels;
        TRY(answer_text(from->id, &out->id));
        TRY(answer_text(from->unit, &out->unit));
        return label_decode(from->label, &out->label);
}

enum err dataset_decode(struct arena *a, struct bytes wire, struct wire_dataset *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__DescribeDatasetResponse *m =
                unpack(a, &statgate__v1__describe_dataset_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_dataset d = {
                .threshold = m->threshold, .zeros_published = m->zeros_published != 0};
        struct wire_variable *variables = arena_alloc(a, m->n_variables, sizeof *variables);

        if (variables == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_variables; i++)
                TRY(variable_decode(a, m->variables[i], &variables[i]));
        d.variables = variables;
        d.variables_len = (uint32_t)m->n_variables;
        TRY(answer_text(m->id, &d.id));
        TRY(answer_text(m->legal_basis, &d.legal_basis));
        TRY(label_decode(m->label, &d.label));
        TRY(answer_texts(a, m->purposes, m->n_purposes, &d.purposes, &d.purposes_len));
        *out = d;
        return ERR_OK;
}

/* The question ------------------------------------------------------------- */

static enum err filters_decode(
        struct arena *a, const Statgate__V1__QueryRequest *m, struct query *out)
{
        out->filters = arena_alloc(a, m->n_filters, sizeof *out->filters);
        if (out->filters == NULL)
                return ERR_NO_MEMORY;
        out->filters_len = (uint32_t)m->n_filters;
        for (size_t i = 0; i < m->n_filters; i++) {
                const Statgate__V1__Filter *from = m->filters[i];
                struct bytes *values = arena_alloc_raw(a, from->n_values, sizeof *values);
                bool known = from->op >= 0 && (unsigned)from->op < FILTER_OP_COUNT;

                if (values == NULL)
                        return ERR_NO_MEMORY;
                for (size_t v = 0; v < from->n_values; v++)
                        values[v] = run_of(from->values[v]);
                out->filters[i] = (struct filter){
                        .variable = run_of(from->variable),
                        .level = run_of(from->level),
                        .op = known ? (enum filter_op)from->op : FILTER_NONE,
                        .values = values,
                        .values_len = (uint32_t)from->n_values,
                };
        }
        return ERR_OK;
}

static enum err columns_of_interest(
        struct arena *a, const Statgate__V1__QueryRequest *m, struct query *out)
{
        out->dimensions = arena_alloc(a, m->n_dimensions, sizeof *out->dimensions);
        out->measures = arena_alloc(a, m->n_measures, sizeof *out->measures);
        if (out->dimensions == NULL || out->measures == NULL)
                return ERR_NO_MEMORY;
        out->dimensions_len = (uint32_t)m->n_dimensions;
        for (size_t i = 0; i < m->n_dimensions; i++)
                out->dimensions[i] = (struct dimension_ref){
                        .variable = run_of(m->dimensions[i]->variable),
                        .level = run_of(m->dimensions[i]->level),
                };
        out->measures_len = (uint32_t)m->n_measures;
        for (size_t i = 0; i < m->n_measures; i++) {
                int kind = (int)m->measures[i]->kind;

                out->measures[i] = (struct measure_ref){
                        .kind = kind >= 0 && kind < MEASURE_KIND_COUNT ? (enum measure_kind)kind
                                                                       : MEASURE_NONE,
                        .variable = run_of(m->measures[i]->variable),
                };
        }
        return ERR_OK;
}

enum err query_request_decode(
        struct arena *a, struct bytes wire, struct query *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__QueryRequest *m =
                unpack(a, &statgate__v1__query_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;

        struct query q = {
                .dataset = run_of(m->dataset),
                .purpose = run_of(m->purpose),
                .vintage = vintage_of(m->vintage),
        };

        TRY(filters_decode(a, m, &q));
        TRY(columns_of_interest(a, m, &q));
        TRY(query_check(&q, why));
        *out = q;
        return ERR_OK;
}

static enum err filters_message(
        struct arena *scratch, const struct query *in, Statgate__V1__QueryRequest *out)
{
        out->n_filters = in->filters_len;
        out->filters = messages(scratch, in->filters_len, &statgate__v1__filter__descriptor);
        if (out->filters == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->filters_len; i++) {
                const struct filter *f = &in->filters[i];

                out->filters[i]->variable = binary(f->variable);
                out->filters[i]->level = binary(f->level);
                out->filters[i]->op = (Statgate__V1__FilterOp)f->op;
                out->filters[i]->n_values = f->values_len;
                out->filters[i]->values = text_array(scratch, f->values, f->values_len);
                if (out->filters[i]->values == NULL)
                        return ERR_NO_MEMORY;
        }
        return ERR_OK;
}

enum err query_request_encode(const struct query *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__QueryRequest m = STATGATE__V1__QUERY_REQUEST__INIT;
        Statgate__V1__Vintage room;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.dataset = binary(in->dataset);
        m.purpose = binary(in->purpose);
        m.vintage = vintage_message(in->vintage, &room);
        TRY(filters_message(scratch, in, &m));
        m.n_dimensions = in->dimensions_len;
        m.n_measures = in->measures_len;
        m.dimensions =
                messages(scratch, in->dimensions_len, &statgate__v1__dimension_ref__descriptor);
        m.measures = messages(scratch, in->measures_len, &statgate__v1__measure_ref__descriptor);
        if (m.dimensions == NULL || m.measures == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->dimensions_len; i++) {
                m.dimensions[i]->variable = binary(in->dimensions[i].variable);
                m.dimensions[i]->level = binary(in->dimensions[i].level);
        }
        for (uint32_t i = 0; i < in->measures_len; i++) {
                m.measures[i]->kind = (Statgate__V1__MeasureKind)in->measures[i].kind;
                m.measures[i]->variable = binary(in->measures[i].variable);
        }
        return pack(&m, out);
}

/* The envelope ------------------------------------------------------------- */

enum err answer_encode(const struct wire_answer *in, struct buf *out)
{
        Statgate__V1__QueryResponse m = STATGATE__V1__QUERY_RESPONSE__INIT;

        m.release = binary(in->release);
        m.release_digest = digest_binary(&in->release_digest);
        m.answered_at_ms = in->answered_at_ms;
        m.took_us = in->took_us;
        return pack(&m, out);
}

enum err answer_decode(struct arena *a, struct bytes wire, struct wire_answer *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__QueryResponse *m =
                unpack(a, &statgate__v1__query_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_answer answer = {
                .release = run_of(m->release),
                .answered_at_ms = m->answered_at_ms,
                .took_us = m->took_us,
        };

        TRY(answer_digest(m->release_digest, &answer.release_digest));
        *out = answer;
        return ERR_OK;
}
