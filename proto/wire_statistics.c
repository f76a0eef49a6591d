/* SPDX-License-Identifier: Apache-2.0 */
/* wire_statistics.c: what can be asked (data sets and their description), and the
 * envelope around an answer. The question is in wire_query.c, the table in wire_release.c. */
#include "proto/wire_parts.h"
#include "statgate/v1/statistics.pb-c.h"

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
        out->may_filter = in->may_filter;
        out->may_group = in->may_group;
        out->overlapping = in->overlapping;
        out->finest_level = binary(in->finest_level);
        out->n_levels = in->levels_len;
        out->levels = messages(scratch, in->levels_len, &statgate__v1__level__descriptor);
        if (out->label == NULL || out->levels == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->levels_len; i++)
                TRY(level_message(scratch, &in->levels[i], out->levels[i]));
        return ERR_OK;
}

static enum err linkage_message(
        struct arena *scratch, const struct wire_linkage *in, Statgate__V1__Linkage *out)
{
        out->id = binary(in->id);
        out->legal_basis = binary(in->legal_basis);
        out->label = label_message(scratch, in->label);
        out->n_datasets = in->datasets_len;
        out->datasets = text_array(scratch, in->datasets, in->datasets_len);
        out->n_purposes = in->purposes_len;
        out->purposes = text_array(scratch, in->purposes, in->purposes_len);
        out->families = in->families;
        if (out->label == NULL || out->datasets == NULL || out->purposes == NULL)
                return ERR_NO_MEMORY;
        return day_text(scratch, in->until, &out->until);
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
        m.kind = (Statgate__V1__DatasetKind)in->kind;
        m.retention_years = in->retention_years;
        m.order_variable = binary(in->order_variable);
        m.episode_from = binary(in->episode_from);
        m.episode_until = binary(in->episode_until);
        m.numerator = in->numerator;
        m.denominator = in->denominator;
        m.complement = in->complement;
        m.families = in->families;
        m.n_linkages = in->linkages_len;
        m.linkages = messages(scratch, in->linkages_len, &statgate__v1__linkage__descriptor);
        if (m.linkages == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->linkages_len; i++)
                TRY(linkage_message(scratch, &in->linkages[i], m.linkages[i]));
        if (in->has_rules)
                TRY(rules_message(scratch, &in->rules, &m.disclosure));
        TRY(lattice_message(scratch, &in->lattice, &m.lattice));
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
        out->may_filter = from->may_filter != 0;
        out->may_group = from->may_group != 0;
        out->overlapping = from->overlapping != 0;
        out->levels = levels;
        out->levels_len = (uint32_t)from->n_levels;
        TRY(answer_text(from->id, &out->id));
        TRY(answer_text(from->unit, &out->unit));
        TRY(answer_text(from->finest_level, &out->finest_level));
        return label_decode(from->label, &out->label);
}

static enum err linkages_decode(
        struct arena *a, const Statgate__V1__DescribeDatasetResponse *m, struct wire_dataset *out)
{
        struct wire_linkage *list = arena_alloc(a, m->n_linkages, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_linkages; i++) {
                const Statgate__V1__Linkage *from = m->linkages[i];
                struct wire_linkage *to = &list[i];

                to->families = from->families != 0;
                TRY(answer_text(from->id, &to->id));
                TRY(answer_text(from->legal_basis, &to->legal_basis));
                TRY(label_decode(from->label, &to->label));
                TRY(answer_texts(
                        a, from->datasets, from->n_datasets, &to->datasets, &to->datasets_len));
                TRY(answer_texts(
                        a, from->purposes, from->n_purposes, &to->purposes, &to->purposes_len));
                TRY(answer_day(from->until, &to->until));
        }
        out->linkages = list;
        out->linkages_len = (uint32_t)m->n_linkages;
        return ERR_OK;
}

enum err dataset_decode(struct arena *a, struct bytes wire, struct wire_dataset *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__DescribeDatasetResponse *m =
                unpack(a, &statgate__v1__describe_dataset_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_dataset d = {.threshold = m->threshold,
                .zeros_published = m->zeros_published != 0,
                .kind = (uint32_t)m->kind,
                .retention_years = m->retention_years,
                .numerator = m->numerator,
                .denominator = m->denominator,
                .complement = m->complement,
                .families = m->families};
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
        TRY(answer_text(m->order_variable, &d.order_variable));
        TRY(answer_text(m->episode_from, &d.episode_from));
        TRY(answer_text(m->episode_until, &d.episode_until));
        TRY(linkages_decode(a, m, &d));
        d.has_rules = m->disclosure != NULL;
        TRY(wire_rules_decode(m->disclosure, &d.rules));
        TRY(wire_lattice_decode(a, m->lattice, &d.lattice));
        *out = d;
        return ERR_OK;
}

/* The envelope ------------------------------------------------------------- */

enum err answer_encode(const struct wire_answer *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__QueryResponse m = STATGATE__V1__QUERY_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        if (in->has_forecast && (in->release.len > 0 || in->has_certificate))
                return ERR_INVALID;
        m.release = binary(in->release);
        if (!in->has_forecast)
                m.release_digest = digest_binary(&in->release_digest);
        m.answered_at_ms = in->answered_at_ms;
        m.took_us = in->took_us;
        if (in->has_forecast)
                TRY(forecast_message(scratch, &in->forecast, &m.forecast));
        if (in->has_certificate)
                TRY(certificate_message(scratch, &in->certificate, &m.certificate));
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
                .has_forecast = m->forecast != NULL,
                .has_certificate = m->certificate != NULL,
        };

        if (answer.has_forecast) {
                if (m->release.len > 0 || m->release_digest.len > 0 || answer.has_certificate)
                        return ERR_MALFORMED;
                TRY(forecast_decode(a, m->forecast, &answer.forecast));
        } else {
                TRY(answer_digest(m->release_digest, &answer.release_digest));
        }
        if (answer.has_certificate)
                TRY(certificate_decode(m->certificate, &answer.certificate));
        *out = answer;
        return ERR_OK;
}
