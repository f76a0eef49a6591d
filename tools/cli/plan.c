/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c: matches a file's header with the schema.
 *
 * A file without a header line would have a person's number taken for a header, and
 * headers are shown: so a first row with long runs of digits is refused before
 * anything of it is repeated. */
#include "tools/cli/plan.h"

#include <string.h>

#include "policies/yaml.h"

enum { HEADER_DIGITS_MAX = 5 };

/* What case systems call the columns that are not variables; folded. */
static const struct {
        const char *name;
        enum target target;
} usual[] = {
        {"personnummer", TARGET_PERSON},
        {"personnr", TARGET_PERSON},
        {"person", TARGET_PERSON},
        {"personid", TARGET_PERSON},
        {"pnr", TARGET_PERSON},
        {"barnetspersonnummer", TARGET_PERSON},
        {"vardnadshavare", TARGET_GUARDIAN},
        {"vardnadshavare1", TARGET_GUARDIAN},
        {"vardnadshavare2", TARGET_GUARDIAN},
        {"vardnadshavare3", TARGET_GUARDIAN},
        {"vardnadshavare4", TARGET_GUARDIAN},
        {"guardian", TARGET_GUARDIAN},
        {"guardian1", TARGET_GUARDIAN},
        {"guardian2", TARGET_GUARDIAN},
        {"arendenummer", TARGET_RECORD_KEY},
        {"arendenr", TARGET_RECORD_KEY},
        {"arende", TARGET_RECORD_KEY},
        {"arendeid", TARGET_RECORD_KEY},
        {"diarienummer", TARGET_RECORD_KEY},
        {"recordkey", TARGET_RECORD_KEY},
        {"kommun", TARGET_MUNICIPALITY},
        {"kommunkod", TARGET_MUNICIPALITY},
        {"kommunnamn", TARGET_MUNICIPALITY},
};

struct making {
        struct arena *arena;
        const struct intake_wish *wish;
        struct intake_plan *plan;
        struct refusal *why;
        enum err rc; /* faults are collected */
};

static void fault(struct making *m, const char *where, const char *text)
{
        m->rc = refuse(m->why, ERR_INVALID, where, "%s", text);
}

static bool folds_like(struct bytes a, struct bytes b)
{
        char x[FOLDED_MAX], y[FOLDED_MAX];
        size_t x_len = fold(a, x, sizeof x), y_len = fold(b, y, sizeof y);

        return x_len > 0 && x_len == y_len && memcmp(x, y, x_len) == 0;
}

static bool looks_like_data(struct bytes header)
{
        unsigned digits = 0;

        for (size_t i = 0; i < header.len; i++)
                digits += header.data[i] >= '0' && header.data[i] <= '9';
        return digits > HEADER_DIGITS_MAX;
}

static const struct mapping_column *mapped(const struct mapping *mapping, struct bytes header)
{
        for (uint32_t i = 0; i < mapping->columns_len; i++)
                if (bytes_equal(value_trim(mapping->columns[i].header), header))
                        return &mapping->columns[i];
        for (uint32_t i = 0; i < mapping->columns_len; i++)
                if (folds_like(mapping->columns[i].header, header))
                        return &mapping->columns[i];
        return NULL;
}

static bool target_is_mapped(const struct mapping *mapping, enum target target)
{
        for (uint32_t i = 0; i < mapping->columns_len; i++)
                if (mapping->columns[i].target == target)
                        return true;
        return false;
}

/* The variable whose id or label the header is; ids win. */
static uint32_t variable_of(const struct policy_dataset *d, struct bytes header)
{
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (folds_like(d->variables[i].id, header))
                        return i;
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (folds_like(d->variables[i].label.sv, header) ||
                        folds_like(d->variables[i].label.en, header))
                        return i;
        return PLAN_NONE;
}

static void take_mapped(struct making *m, struct plan_column *c, const struct mapping_column *said)
{
        c->target = said->target;
        if (said->target != TARGET_VARIABLE)
                return;

        int32_t variable = variable_find(m->wish->dataset, said->variable);

        if (variable >= 0 && variable_is_column(&m->wish->dataset->variables[variable]))
                c->variable = (uint32_t)variable;
        else
                m->rc = yaml_complain(said->at, ERR_UNKNOWN_NAME, m->why,
                        "the data set has no variable of this name to deliver");
}

static void find_target(struct making *m, struct plan_column *c, struct bytes header)
{
        const struct mapping_column *said = mapped(m->wish->mapping, header);
        uint32_t variable = variable_of(m->wish->dataset, header);

        if (said != NULL) {
                take_mapped(m, c, said);
                return;
        }
        if (variable != PLAN_NONE) {
                const struct variable *v = &m->wish->dataset->variables[variable];

                c->target = variable_is_column(v)              ? TARGET_VARIABLE
                            : v->source == SOURCE_MUNICIPALITY ? TARGET_MUNICIPALITY
                                                               : TARGET_IGNORE;
                c->variable = variable;
                return;
        }
        c->target = TARGET_IGNORE;
        for (size_t i = 0; i < ARRAY_LEN(usual); i++)
                if (folds_like(bytes_of_text(usual[i].name), header) &&
                        !target_is_mapped(m->wish->mapping, usual[i].target))
                        c->target = usual[i].target;
}

static enum err read_header(struct making *m, const struct csv_row *header)
{
        struct intake_plan *p = m->plan;

        p->columns_len = header->fields_len;
        p->columns = arena_alloc(m->arena, p->columns_len, sizeof *p->columns);
        if (p->columns == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < p->columns_len; i++)
                if (looks_like_data(header->fields[i]))
                        return refuse(m->why, ERR_INVALID, "header",
                                "the first line is not a header: field %u looks like a value",
                                i + 1);
        for (uint32_t i = 0; i < p->columns_len; i++) {
                struct plan_column *c = &p->columns[i];
                struct bytes text = value_trim(header->fields[i]);

                c->field = i;
                c->variable = PLAN_NONE;
                c->header = text.len > 0 && text.len <= LABEL_MAX_LEN && bytes_is_printable(text)
                                    ? arena_strndup(m->arena, (const char *)text.data, text.len)
                                    : arena_printf(m->arena, "column %u", i + 1);
                if (c->header == NULL)
                        return ERR_NO_MEMORY;
                find_target(m, c, text);
        }
        return ERR_OK;
}

/* The one column with this target, or PLAN_NONE. */
static uint32_t only(struct making *m, enum target target)
{
        uint32_t field = PLAN_NONE;

        for (uint32_t i = 0; i < m->plan->columns_len; i++) {
                if (m->plan->columns[i].target != target)
                        continue;
                if (field != PLAN_NONE)
                        fault(m, m->plan->columns[i].header, "two columns are for the same thing");
                field = i;
        }
        return field;
}

static void find_special(struct making *m)
{
        struct intake_plan *p = m->plan;
        const struct rules_dataset *rules = m->wish->dataset->rules;

        p->person = rules->person == PERSON_USE_NONE ? PLAN_NONE : only(m, TARGET_PERSON);
        p->record_key = only(m, TARGET_RECORD_KEY);
        p->own_municipality = only(m, TARGET_MUNICIPALITY);
        if (rules->person == PERSON_USE_REQUIRED && p->person == PLAN_NONE)
                fault(m, "person", "no column holds personal numbers; name it in the mapping");
        if (p->record_key == PLAN_NONE)
                fault(m, "record_key", "no column holds case numbers; name it in the mapping");
        for (uint32_t i = 0; rules->guardians && i < p->columns_len; i++) {
                if (p->columns[i].target != TARGET_GUARDIAN)
                        continue;
                if (p->guardians_len < GUARDIANS_MAX)
                        p->guardians[p->guardians_len++] = i;
                else
                        fault(m, p->columns[i].header, "more guardian columns than allowed");
        }
}

static uint32_t field_of(struct making *m, uint32_t variable)
{
        uint32_t field = PLAN_NONE;

        for (uint32_t i = 0; i < m->plan->columns_len; i++) {
                const struct plan_column *c = &m->plan->columns[i];

                if (c->target != TARGET_VARIABLE || c->variable != variable)
                        continue;
                if (field != PLAN_NONE)
                        fault(m, c->header, "two columns are for the same variable");
                field = i;
        }
        return field;
}

static enum column_kind kind_of(const struct variable *v)
{
        switch (v->type) {
        case VARIABLE_CODE:
                return COLUMN_CODES;
        case VARIABLE_DATE:
                return COLUMN_I32;
        case VARIABLE_BOOLEAN:
                return COLUMN_BOOLEANS;
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
                return v->physical == PHYSICAL_I64 ? COLUMN_I64 : COLUMN_I32;
        case VARIABLE_NONE:
        case VARIABLE_AGE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return COLUMN_NONE;
}

static uint32_t width_of(enum column_kind kind)
{
        switch (kind) {
        case COLUMN_CODES:
                return 2;
        case COLUMN_I32:
                return 4;
        case COLUMN_I64:
                return 8;
        case COLUMN_BOOLEANS:
                return 1;
        case COLUMN_NONE:
        case COLUMN_KIND_COUNT:
                break;
        }
        return 0;
}

/* The first of these words that means a code. */
static int32_t find_word(struct code_map *codes, const char *const *words)
{
        int32_t code = LOOKUP_NONE;

        for (; *words != NULL && code < 0; words++)
                code = code_map_find(codes, bytes_of_text(*words));
        return code;
}

static void find_sexes(struct intake_plan *p, struct code_map *codes)
{
        static const char *const women[] = {"kvinna", "woman", "flicka", "K", NULL};
        static const char *const men[] = {"man", "pojke", "M", NULL};

        p->woman = find_word(codes, women);
        p->man = find_word(codes, men);
}

static enum err add_words(struct making *m, const struct variable *v, struct code_map *codes)
{
        for (uint32_t i = 0; i < m->wish->mapping->values_len; i++) {
                const struct mapping_value *value = &m->wish->mapping->values[i];
                int32_t code;

                if (!bytes_equal(value->variable, v->id))
                        continue;
                code = code_map_find(codes, value->to);
                if (code < 0)
                        m->rc = yaml_complain(value->at, ERR_UNKNOWN_NAME, m->why,
                                "the code list has no such code");
                else
                        TRY(code_map_add(codes, value->from, (uint32_t)code));
        }
        return ERR_OK;
}

static enum err add_output(struct making *m, uint32_t variable)
{
        struct intake_plan *p = m->plan;
        const struct variable *v = &m->wish->dataset->variables[variable];
        struct plan_output o = {.variable = v, .kind = kind_of(v), .field = field_of(m, variable)};
        bool derived = p->person != PLAN_NONE &&
                       (v->source == SOURCE_SEX || v->source == SOURCE_BIRTH_MONTH);

        if (o.field == PLAN_NONE && derived)
                o.field = PLAN_DERIVED;
        if (o.field == PLAN_NONE) {
                if (v->required)
                        m->rc = refuse(m->why, ERR_INVALID, "header",
                                "no column holds the required variable %.*s", (int)v->id.len,
                                (const char *)v->id.data);
                return ERR_OK;
        }
        o.width = width_of(o.kind);
        if (o.kind == COLUMN_CODES) {
                TRY(code_map_new(m->arena, v->codes, &o.codes));
                if (v->source == SOURCE_SEX)
                        find_sexes(p, o.codes);
                TRY(add_words(m, v, o.codes));
        }
        p->outputs[p->outputs_len++] = o;
        return ERR_OK;
}

static enum err check_mapping(struct making *m)
{
        const struct mapping *mapping = m->wish->mapping;

        for (uint32_t i = 0; i < mapping->columns_len; i++) {
                bool found = false;

                for (uint32_t j = 0; j < m->plan->columns_len && !found; j++)
                        found = folds_like(mapping->columns[i].header,
                                bytes_of_text(m->plan->columns[j].header));
                if (!found)
                        m->rc = yaml_complain(mapping->columns[i].at, ERR_UNKNOWN_NAME, m->why,
                                "the file has no column with this header");
        }
        for (uint32_t i = 0; i < mapping->values_len; i++) {
                int32_t v = variable_find(m->wish->dataset, mapping->values[i].variable);

                if (v < 0 || m->wish->dataset->variables[v].type != VARIABLE_CODE)
                        m->rc = yaml_complain(mapping->values[i].at, ERR_UNKNOWN_NAME, m->why,
                                "the data set has no coded variable of this name");
        }
        return ERR_OK;
}

static void set_reading(struct making *m)
{
        const struct intake_wish *w = m->wish;
        struct pnr_reading *r = &m->plan->reading;

        r->has_as_of = w->has_as_of || w->mapping->has_as_of;
        r->as_of_days = w->has_as_of ? w->as_of_days : w->mapping->as_of_days;
        /* Saying when the export was made is the opting in. */
        r->bare_ten_digits = r->has_as_of;
        r->test_numbers = w->dataset->rules->test_numbers;
}

enum err intake_plan_make(struct arena *arena, const struct intake_wish *wish,
        const struct csv_row *header, struct intake_plan **out, struct refusal *why)
{
        struct intake_plan *p = arena_alloc(arena, 1, sizeof *p);
        struct making m = {arena, wish, p, why, ERR_OK};

        if (p == NULL)
                return ERR_NO_MEMORY;
        if (header->fault != CSV_WHOLE)
                return refuse(why, ERR_INVALID, "header", "%s", csv_fault_sentence(header->fault));
        p->dataset = wish->dataset;
        p->mapping = wish->mapping;
        p->municipality = wish->municipality;
        p->woman = p->man = LOOKUP_NONE;
        p->outputs = arena_alloc(arena, wish->dataset->variables_len, sizeof *p->outputs);
        if (p->outputs == NULL)
                return ERR_NO_MEMORY;
        set_reading(&m);
        TRY(read_header(&m, header));
        find_special(&m);
        if (wish->municipalities != NULL)
                TRY(code_map_new(arena, wish->municipalities, &p->municipalities));
        for (uint32_t i = 0; i < wish->dataset->variables_len; i++)
                if (variable_is_column(&wish->dataset->variables[i]))
                        TRY(add_output(&m, i));
        TRY(check_mapping(&m));
        TRY(m.rc);
        *out = p;
        return ERR_OK;
}

uint32_t plan_column_of(const struct intake_plan *p, struct bytes variable)
{
        if (bytes_is_text(variable, "person"))
                return p->person;
        if (bytes_is_text(variable, "record_key"))
                return p->record_key;
        if (bytes_is_text(variable, "guardian"))
                return p->guardians_len > 0 ? p->guardians[0] : PLAN_NONE;
        for (uint32_t i = 0; i < p->outputs_len; i++)
                if (bytes_equal(p->outputs[i].variable->id, variable))
                        return p->outputs[i].field < p->columns_len ? p->outputs[i].field
                                                                    : PLAN_NONE;
        return PLAN_NONE;
}
