/* SPDX-License-Identifier: Apache-2.0 */
/* wire_protection.c: the words that go with a table, and before it: what it was held to, where
 * it came from, what the audit said, and what to ask instead.
 *
 * All of it is public. The rules are the bundle's, which everybody may read; the audit's
 * numbers count protected values, which everybody sees. Of a forecast the gateway answers for
 * what it fills in: here is only its shape. */
#include "proto/wire_parts.h"

_Static_assert(
        (int)ANSWER_SOURCE_LATTICE == STATGATE__V1__ANSWER_SOURCE__ANSWER_SOURCE_LATTICE &&
                (int)ANSWER_SOURCE_LEDGER == STATGATE__V1__ANSWER_SOURCE__ANSWER_SOURCE_LEDGER &&
                (int)ANSWER_SOURCE_ALONE == STATGATE__V1__ANSWER_SOURCE__ANSWER_SOURCE_ALONE &&
                (int)ANSWER_SOURCE_ALONE + 1 == (int)ANSWER_SOURCE_COUNT,
        "sources have the numbers of the .proto");
_Static_assert(
        (int)WIRE_PERTURBATION_CELLKEY == STATGATE__V1__PERTURBATION__PERTURBATION_CELL_KEY &&
                (int)WIRE_PERTURBATION_ROUNDING ==
                        STATGATE__V1__PERTURBATION__PERTURBATION_ROUNDING &&
                (int)WIRE_PERTURBATION_ROUNDING + 1 == (int)WIRE_PERTURBATION_COUNT,
        "perturbations have the numbers of the .proto");
_Static_assert((int)CONTRIBUTOR_PERSON == STATGATE__V1__CONTRIBUTOR_TYPE__CONTRIBUTOR_TYPE_PERSON &&
                       (int)CONTRIBUTOR_FAMILY ==
                               STATGATE__V1__CONTRIBUTOR_TYPE__CONTRIBUTOR_TYPE_FAMILY &&
                       (int)CONTRIBUTOR_PROVIDER ==
                               STATGATE__V1__CONTRIBUTOR_TYPE__CONTRIBUTOR_TYPE_PROVIDER &&
                       (int)CONTRIBUTOR_MUNICIPALITY ==
                               STATGATE__V1__CONTRIBUTOR_TYPE__CONTRIBUTOR_TYPE_MUNICIPALITY &&
                       (int)CONTRIBUTOR_MUNICIPALITY + 1 == (int)CONTRIBUTOR_COUNT,
        "contributors have the numbers of the .proto");

static enum err source_decode(Statgate__V1__AnswerSource from, enum answer_source *out)
{
        if ((int)from < 0 || (int)from >= ANSWER_SOURCE_COUNT)
                return ERR_MALFORMED;
        *out = (enum answer_source)from;
        return ERR_OK;
}

/* Dimensions ---------------------------------------------------------------- */

static enum err refs_message(struct arena *scratch, const struct dimension_ref *in, uint32_t len,
        Statgate__V1__DimensionRef ***out, size_t *out_len)
{
        Statgate__V1__DimensionRef **list =
                messages(scratch, len, &statgate__v1__dimension_ref__descriptor);

        if (list == NULL)
                return ERR_NO_MEMORY;
        if (len > DIMENSIONS_MAX)
                return ERR_INVALID;
        for (uint32_t i = 0; i < len; i++) {
                list[i]->variable = binary(in[i].variable);
                list[i]->level = binary(in[i].level);
        }
        *out = list;
        *out_len = len;
        return ERR_OK;
}

static enum err refs_decode(struct arena *a, Statgate__V1__DimensionRef *const *from, size_t len,
        const struct dimension_ref **out, uint32_t *out_len)
{
        struct dimension_ref *list;

        if (len > DIMENSIONS_MAX)
                return ERR_MALFORMED;
        list = arena_alloc(a, len, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < len; i++) {
                TRY(answer_text(from[i]->variable, &list[i].variable));
                TRY(answer_text(from[i]->level, &list[i].level));
        }
        *out = list;
        *out_len = (uint32_t)len;
        return ERR_OK;
}

/* Rules --------------------------------------------------------------------- */

static enum err minima_message(
        struct arena *scratch, const struct wire_rules *in, Statgate__V1__DisclosureRules *out)
{
        size_t n = 0;

        if (in->contributors >> CONTRIBUTOR_COUNT != 0 || (in->contributors & 1) != 0)
                return ERR_INVALID;
        out->contributors = messages(
                scratch, CONTRIBUTOR_COUNT, &statgate__v1__contributor_minimum__descriptor);
        if (out->contributors == NULL)
                return ERR_NO_MEMORY;
        for (unsigned c = CONTRIBUTOR_PERSON; c < CONTRIBUTOR_COUNT; c++) {
                if ((in->contributors >> c & 1) == 0)
                        continue;
                out->contributors[n]->type = (Statgate__V1__ContributorType)c;
                out->contributors[n++]->number = in->number[c];
        }
        out->n_contributors = n;
        return ERR_OK;
}

enum err rules_message(
        struct arena *scratch, const struct wire_rules *in, Statgate__V1__DisclosureRules **out)
{
        Statgate__V1__DisclosureRules *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (m == NULL)
                return ERR_NO_MEMORY;
        if ((unsigned)in->answers >= ANSWER_SOURCE_COUNT ||
                (unsigned)in->perturbation >= WIRE_PERTURBATION_COUNT)
                return ERR_INVALID;
        statgate__v1__disclosure_rules__init(m);
        m->preset = binary(in->preset);
        m->answers = (Statgate__V1__AnswerSource)in->answers;
        m->homogeneous = in->homogeneous;
        m->remainder = in->remainder;
        m->part_max = in->part_max;
        m->dominance_n = in->dominance_n;
        m->dominance_k = in->dominance_k;
        m->p_percent = in->p_percent;
        m->pq_p = in->pq_p;
        m->pq_q = in->pq_q;
        m->secondary = in->secondary;
        m->interval = in->interval;
        m->reasons_public = in->reasons_public;
        m->membership_sensitive = in->membership_sensitive;
        m->perturbation = (Statgate__V1__Perturbation)in->perturbation;
        m->variance_permille = in->variance_permille;
        m->deviation = in->deviation;
        m->smallest = in->smallest;
        m->rounding_base = in->base;
        m->questions_per_day = in->questions_per_day;
        TRY(minima_message(scratch, in, m));
        *out = m;
        return ERR_OK;
}

/* Each type once, in their order: what is read is written the same. */
static enum err minima_decode(const Statgate__V1__DisclosureRules *from, struct wire_rules *out)
{
        for (size_t i = 0; i < from->n_contributors; i++) {
                int type = (int)from->contributors[i]->type;

                if (type <= CONTRIBUTOR_NONE || type >= CONTRIBUTOR_COUNT ||
                        out->contributors >> type != 0)
                        return ERR_MALFORMED;
                out->contributors |= 1u << type;
                out->number[type] = from->contributors[i]->number;
        }
        return ERR_OK;
}

enum err wire_rules_decode(const Statgate__V1__DisclosureRules *from, struct wire_rules *out)
{
        struct wire_rules r;

        if (from == NULL)
                return ERR_OK;
        if ((int)from->perturbation < 0 || (int)from->perturbation >= WIRE_PERTURBATION_COUNT)
                return ERR_MALFORMED;
        r = (struct wire_rules){
                .homogeneous = from->homogeneous,
                .remainder = from->remainder,
                .part_max = from->part_max,
                .dominance_n = from->dominance_n,
                .dominance_k = from->dominance_k,
                .p_percent = from->p_percent,
                .pq_p = from->pq_p,
                .pq_q = from->pq_q,
                .secondary = from->secondary != 0,
                .interval = from->interval,
                .reasons_public = from->reasons_public != 0,
                .membership_sensitive = from->membership_sensitive != 0,
                .perturbation = (enum wire_perturbation)from->perturbation,
                .variance_permille = from->variance_permille,
                .deviation = from->deviation,
                .smallest = from->smallest,
                .base = from->rounding_base,
                .questions_per_day = from->questions_per_day,
        };
        TRY(answer_text(from->preset, &r.preset));
        TRY(source_decode(from->answers, &r.answers));
        TRY(minima_decode(from, &r));
        *out = r;
        return ERR_OK;
}

/* The lattice --------------------------------------------------------------- */

enum err lattice_message(
        struct arena *scratch, const struct wire_lattice *in, Statgate__V1__Lattice **out)
{
        Statgate__V1__Lattice *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (in->tables_len == 0)
                return ERR_OK;
        if (m == NULL)
                return ERR_NO_MEMORY;
        statgate__v1__lattice__init(m);
        m->by_year = in->by_year;
        m->n_tables = in->tables_len;
        m->tables = messages(scratch, in->tables_len, &statgate__v1__lattice_table__descriptor);
        m->n_measures = in->measures_len;
        m->measures = messages(scratch, in->measures_len, &statgate__v1__measure_ref__descriptor);
        if (m->tables == NULL || m->measures == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->tables_len; i++)
                TRY(refs_message(scratch, in->tables[i].dimensions, in->tables[i].dimensions_len,
                        &m->tables[i]->dimensions, &m->tables[i]->n_dimensions));
        for (uint32_t i = 0; i < in->measures_len; i++) {
                m->measures[i]->kind = (Statgate__V1__MeasureKind)in->measures[i].kind;
                m->measures[i]->variable = binary(in->measures[i].variable);
        }
        *out = m;
        return ERR_OK;
}

enum err wire_lattice_decode(
        struct arena *a, const Statgate__V1__Lattice *from, struct wire_lattice *out)
{
        struct wire_lattice_table *tables;
        struct measure_ref *measures;

        if (from == NULL)
                return ERR_OK;
        tables = arena_alloc(a, from->n_tables, sizeof *tables);
        measures = arena_alloc(a, from->n_measures, sizeof *measures);
        if (tables == NULL || measures == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < from->n_tables; i++)
                TRY(refs_decode(a, from->tables[i]->dimensions, from->tables[i]->n_dimensions,
                        &tables[i].dimensions, &tables[i].dimensions_len));
        for (size_t i = 0; i < from->n_measures; i++) {
                if (from->measures[i]->kind <= 0 ||
                        (int)from->measures[i]->kind >= MEASURE_KIND_COUNT)
                        return ERR_MALFORMED;
                measures[i].kind = (enum measure_kind)from->measures[i]->kind;
                TRY(answer_text(from->measures[i]->variable, &measures[i].variable));
        }
        *out = (struct wire_lattice){.tables = tables,
                .tables_len = (uint32_t)from->n_tables,
                .measures = measures,
                .measures_len = (uint32_t)from->n_measures,
                .by_year = from->by_year != 0};
        return ERR_OK;
}

/* A release ------------------------------------------------------------------ */

enum err protection_message(
        struct arena *scratch, const struct wire_protection *in, Statgate__V1__Protection **out)
{
        Statgate__V1__Protection *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (m == NULL)
                return ERR_NO_MEMORY;
        if ((unsigned)in->source >= ANSWER_SOURCE_COUNT || in->audited > in->audit_of ||
                in->narrow > in->audited)
                return ERR_INVALID;
        statgate__v1__protection__init(m);
        m->source = (Statgate__V1__AnswerSource)in->source;
        m->additive = in->additive;
        m->audited = in->audited;
        m->audit_of = in->audit_of;
        m->narrow = in->narrow;
        m->limited = in->limited;
        m->numerator = in->numerator;
        m->denominator = in->denominator;
        m->complement = in->complement;
        m->families = in->families;
        m->interval_unasked = in->interval_unasked;
        m->rounding_margin = in->rounding_margin;
        TRY(rules_message(scratch, &in->rules, &m->rules));
        *out = m;
        return ERR_OK;
}

enum err protection_decode(const Statgate__V1__Protection *from, struct wire_protection *out)
{
        struct wire_protection p;

        if (from == NULL)
                return ERR_OK;
        if (from->audited > from->audit_of || from->narrow > from->audited)
                return ERR_MALFORMED;
        p = (struct wire_protection){
                .additive = from->additive != 0,
                .audited = from->audited,
                .audit_of = from->audit_of,
                .narrow = from->narrow,
                .limited = from->limited != 0,
                .numerator = from->numerator,
                .denominator = from->denominator,
                .complement = from->complement,
                .families = from->families,
                .interval_unasked = from->interval_unasked,
                .rounding_margin = from->rounding_margin,
        };
        TRY(source_decode(from->source, &p.source));
        TRY(wire_rules_decode(from->rules, &p.rules));
        *out = p;
        return ERR_OK;
}

enum err nearest_message(
        struct arena *scratch, const struct wire_nearest *in, Statgate__V1__Nearest **out)
{
        Statgate__V1__Nearest *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (m == NULL)
                return ERR_NO_MEMORY;
        statgate__v1__nearest__init(m);
        m->text = label_message(scratch, in->text);
        if (m->text == NULL)
                return ERR_NO_MEMORY;
        TRY(refs_message(
                scratch, in->dimensions, in->dimensions_len, &m->dimensions, &m->n_dimensions));
        *out = m;
        return ERR_OK;
}

enum err nearest_decode(
        struct arena *a, const Statgate__V1__Nearest *from, struct wire_nearest *out)
{
        struct wire_nearest n = {0};

        if (from == NULL)
                return ERR_OK;
        TRY(refs_decode(a, from->dimensions, from->n_dimensions, &n.dimensions, &n.dimensions_len));
        TRY(label_decode(from->text, &n.text));
        *out = n;
        return ERR_OK;
}

/* A forecast ----------------------------------------------------------------- */

static enum err forecast_dimensions(
        struct arena *scratch, const struct wire_forecast *in, Statgate__V1__Forecast *out)
{
        if (in->dimensions_len > DIMENSIONS_MAX)
                return ERR_INVALID;
        out->n_dimensions = in->dimensions_len;
        out->dimensions = messages(
                scratch, in->dimensions_len, &statgate__v1__forecast_dimension__descriptor);
        if (out->dimensions == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->dimensions_len; i++) {
                out->dimensions[i]->variable = binary(in->dimensions[i].variable);
                out->dimensions[i]->level = binary(in->dimensions[i].level);
                out->dimensions[i]->answered = in->dimensions[i].answered;
                out->dimensions[i]->refused = in->dimensions[i].refused;
        }
        return ERR_OK;
}

enum err forecast_message(
        struct arena *scratch, const struct wire_forecast *in, Statgate__V1__Forecast **out)
{
        Statgate__V1__Forecast *m = arena_alloc_raw(scratch, 1, sizeof *m);

        if (m == NULL)
                return ERR_NO_MEMORY;
        if ((unsigned)in->source >= ANSWER_SOURCE_COUNT || in->notes_len > FORECAST_NOTES_MAX)
                return ERR_INVALID;
        statgate__v1__forecast__init(m);
        m->source = (Statgate__V1__AnswerSource)in->source;
        m->cells = in->cells;
        m->known = in->known;
        m->rows_answered = in->rows_answered;
        m->rows_refused = in->rows_refused;
        TRY(forecast_dimensions(scratch, in, m));
        m->n_notes = in->notes_len;
        m->notes = messages(scratch, in->notes_len, &statgate__v1__forecast_note__descriptor);
        if (m->notes == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->notes_len; i++) {
                m->notes[i]->code = binary(in->notes[i].code);
                m->notes[i]->text = label_message(scratch, in->notes[i].text);
                if (m->notes[i]->text == NULL)
                        return ERR_NO_MEMORY;
        }
        if (in->has_nearest)
                TRY(nearest_message(scratch, &in->nearest, &m->nearest));
        *out = m;
        return ERR_OK;
}

static enum err forecast_parts(
        struct arena *a, const Statgate__V1__Forecast *from, struct wire_forecast *out)
{
        struct wire_forecast_dimension *dimensions =
                arena_alloc(a, from->n_dimensions, sizeof *dimensions);
        struct wire_forecast_note *notes = arena_alloc(a, from->n_notes, sizeof *notes);

        if (dimensions == NULL || notes == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < from->n_dimensions; i++) {
                TRY(answer_text(from->dimensions[i]->variable, &dimensions[i].variable));
                TRY(answer_text(from->dimensions[i]->level, &dimensions[i].level));
                dimensions[i].answered = from->dimensions[i]->answered;
                dimensions[i].refused = from->dimensions[i]->refused;
        }
        for (size_t i = 0; i < from->n_notes; i++) {
                TRY(answer_text(from->notes[i]->code, &notes[i].code));
                TRY(label_decode(from->notes[i]->text, &notes[i].text));
        }
        out->dimensions = dimensions;
        out->dimensions_len = (uint32_t)from->n_dimensions;
        out->notes = notes;
        out->notes_len = (uint32_t)from->n_notes;
        return ERR_OK;
}

enum err forecast_decode(
        struct arena *a, const Statgate__V1__Forecast *from, struct wire_forecast *out)
{
        struct wire_forecast f = {.cells = from->cells,
                .known = from->known != 0,
                .rows_answered = from->rows_answered,
                .rows_refused = from->rows_refused,
                .has_nearest = from->nearest != NULL};

        if (from->n_dimensions > DIMENSIONS_MAX || from->n_notes > FORECAST_NOTES_MAX)
                return ERR_MALFORMED;
        TRY(source_decode(from->source, &f.source));
        TRY(forecast_parts(a, from, &f));
        TRY(nearest_decode(a, from->nearest, &f.nearest));
        *out = f;
        return ERR_OK;
}
