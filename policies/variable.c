/* SPDX-License-Identifier: Apache-2.0 */
/* variable.c: the variables of a data set: what may be delivered, how it is kept,
 * and how finely it may be asked.
 *
 * A key that says nothing for a type is refused, not ignored: whoever writes
 * `decimals` at a code has something in mind that will not happen. Free text
 * does not exist as a type: names hide in it. */
#include "base/clock.h"
#include "policies/load.h"
#include "policies/suggest.h"

static const char *const type_names[] = {
        "none", "code", "date", "integer", "decimal", "boolean", "age", NULL};
static const char *const role_names[] = {"none", "identifying", "sensitive", "measure", NULL};
static const char *const sources[] = {
        "delivered", "municipality", "sex", "birth_month", "age", "municipalities", NULL};

static const struct {
        const char *id, *sv, *en;
} date_levels[DATE_LEVELS] = {
        {"dag", "Dag", "Day"},
        {"manad", "Månad", "Month"},
        {"kvartal", "Kvartal", "Quarter"},
        {"ar", "År", "Year"},
};

const char *variable_type_name(enum variable_type t)
{
        return type_names[(unsigned)t < VARIABLE_TYPE_COUNT ? t : VARIABLE_NONE];
}

const char *variable_role_name(enum variable_role r)
{
        return role_names[(unsigned)r <= VARIABLE_MEASURE ? r : VARIABLE_ROLE_NONE];
}

const char *date_level_id(uint32_t level)
{
        return date_levels[level < DATE_LEVELS ? level : DATE_LEVELS - 1].id;
}

struct label date_level_label(uint32_t level)
{
        uint32_t i = level < DATE_LEVELS ? level : DATE_LEVELS - 1;

        return (struct label){bytes_of_text(date_levels[i].sv), bytes_of_text(date_levels[i].en)};
}

uint32_t physical_width(enum physical p)
{
        switch (p) {
        case PHYSICAL_NONE:
                return 0;
        case PHYSICAL_U8:
                return 1;
        case PHYSICAL_U16:
                return 2;
        case PHYSICAL_I32:
                return 4;
        case PHYSICAL_I64:
                return 8;
        }
        return 0;
}

bool variable_is_column(const struct variable *v)
{
        return v->source != SOURCE_MUNICIPALITY && v->source != SOURCE_AGE &&
               v->source != SOURCE_MUNICIPALITIES;
}

uint32_t variable_levels(const struct variable *v)
{
        switch (v->type) {
        case VARIABLE_CODE:
                return v->codes->levels_len;
        case VARIABLE_DATE:
                return DATE_LEVELS;
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
        case VARIABLE_AGE:
                return v->bandings_len;
        case VARIABLE_NONE:
        case VARIABLE_BOOLEAN:
        case VARIABLE_TYPE_COUNT:
                return 0;
        }
        return 0;
}

uint32_t variable_finest(const struct variable *v)
{
        if (v->type == VARIABLE_CODE)
                return v->finest_level;
        return v->type == VARIABLE_DATE ? v->finest_date_level : 0;
}

static struct bytes level_id(const struct variable *v, uint32_t level)
{
        if (v->type == VARIABLE_CODE)
                return v->codes->levels[level].id;
        if (v->type == VARIABLE_DATE)
                return bytes_of_text(date_level_id(level));
        return v->bandings[level].id;
}

int32_t variable_level_find(const struct variable *v, struct bytes level)
{
        uint32_t len = variable_levels(v);

        if (level.len == 0)
                return len > 0 || v->type == VARIABLE_BOOLEAN ? (int32_t)variable_finest(v) : -1;
        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(level_id(v, i), level))
                        return (int32_t)i;
        return -1;
}

/* Reading ----------------------------------------------------------------- */

/* KEY(word, types it belongs to). */
#define ON(type) (1u << VARIABLE_##type)
enum {
        ON_ALL = 0x7e,
        ON_NUMBER = (1 << VARIABLE_INTEGER) | (1 << VARIABLE_DECIMAL),
        ON_RANGE = ON_NUMBER | (1 << VARIABLE_DATE) | (1 << VARIABLE_AGE)
};
static const struct {
        const char *key;
        unsigned types;
} keys[] = {
        {"id", ON_ALL},
        {"label", ON_ALL},
        {"type", ON_ALL},
        {"role", ON_ALL},
        {"source", ON_ALL},
        {"required", ON_ALL & ~ON(AGE)},
        {"overlapping", ON_ALL},
        {"filter", ON_ALL},
        {"group", ON_ALL},
        {"codes", ON(CODE)},
        {"finest", ON(CODE) | ON(DATE)},
        {"decimals", ON(DECIMAL)},
        {"unit", ON_NUMBER},
        {"min", ON_RANGE},
        {"max", ON_RANGE},
        {"bands", ON_NUMBER | ON(AGE)},
        {"birth", ON(AGE)},
        {"at", ON(AGE)},
        {"within_period", ON(DATE)},
};

static enum err check_keys(struct loader *l, const struct yaml *m)
{
        const char *known[ARRAY_LEN(keys) + 1] = {NULL};

        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
                known[i] = keys[i].key;
        return yaml_known_keys(m, known, l->why);
}

static enum err check_keys_of_type(struct loader *l, const struct yaml *m, enum variable_type type)
{
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
                if (yaml_find(m, keys[i].key) != NULL && (keys[i].types >> type & 1) == 0)
                        return yaml_complain_key(m, keys[i].key, ERR_CONFIG, l->why,
                                "`%s` says nothing at a variable of type %s", keys[i].key,
                                variable_type_name(type));
        return ERR_OK;
}

static enum err load_type(struct loader *l, const struct yaml *m, struct variable *v)
{
        const struct yaml *text = yaml_find(m, "type");
        uint32_t type = 0, role = 0;

        if (text != NULL && text->kind == YAML_SCALAR && bytes_is_text(text->text, "text"))
                return yaml_complain(
                        text, ERR_CONFIG, l->why, "free text is not allowed: make a code list");
        /* The words without "none". */
        TRY(yaml_word(m, "type", true, type_names + 1, &type, l->why));
        TRY(yaml_word(m, "role", true, role_names + 1, &role, l->why));
        v->type = (enum variable_type)(type + 1);
        v->role = (enum variable_role)(role + 1);
        if (v->role == VARIABLE_MEASURE && v->type != VARIABLE_INTEGER &&
                v->type != VARIABLE_DECIMAL)
                return yaml_complain(yaml_find(m, "role"), ERR_CONFIG, l->why,
                        "only integers and decimals can be measures");
        return ERR_OK;
}

static enum err load_source(struct loader *l, const struct yaml *m, struct variable *v)
{
        static const enum variable_type needs[] = {
                [SOURCE_MUNICIPALITY] = VARIABLE_CODE,
                [SOURCE_SEX] = VARIABLE_CODE,
                [SOURCE_BIRTH_MONTH] = VARIABLE_DATE,
                [SOURCE_AGE] = VARIABLE_AGE,
                [SOURCE_MUNICIPALITIES] = VARIABLE_INTEGER,
        };
        uint32_t source = v->type == VARIABLE_AGE ? SOURCE_AGE : SOURCE_DELIVERED;

        TRY(yaml_word(m, "source", false, sources, &source, l->why));
        if ((source != SOURCE_DELIVERED && needs[source] != v->type) ||
                (source == SOURCE_DELIVERED && v->type == VARIABLE_AGE))
                return yaml_complain(yaml_find(m, "source"), ERR_CONFIG, l->why,
                        "this source does not give a variable of type %s",
                        variable_type_name(v->type));
        v->source = (enum variable_source)source;
        return ERR_OK;
}

static enum err load_codes(struct loader *l, const struct yaml *m, struct variable *v)
{
        struct bytes known[CODE_LISTS_MAX], levels[CODE_LEVELS_MAX];
        const struct policy *p = l->policy;
        uint32_t at = 0;

        for (uint32_t i = 0; i < p->code_lists_len; i++)
                known[i] = p->code_lists[i].id;
        TRY(load_choice(l, m, "codes", known, p->code_lists_len, "code list", &at));
        v->codes = &p->code_lists[at];
        if (v->source == SOURCE_MUNICIPALITY && v->codes != p->municipalities)
                return yaml_complain(yaml_find(m, "codes"), ERR_CONFIG, l->why,
                        "the municipality has the code list that the bundle names");
        v->physical = v->codes->levels[0].len < MISSING_U8 ? PHYSICAL_U8 : PHYSICAL_U16;
        if (yaml_find(m, "finest") == NULL)
                return ERR_OK;
        for (uint32_t i = 0; i < v->codes->levels_len; i++)
                levels[i] = v->codes->levels[i].id;
        return load_choice(l, m, "finest", levels, v->codes->levels_len, "level", &v->finest_level);
}

static enum err check_range(struct loader *l, const struct yaml *m, const struct variable *v)
{
        if (v->min > v->max)
                return yaml_complain_key(m, "max", ERR_CONFIG, l->why, "`max` is below `min`");
        return ERR_OK;
}

/* One bit a day, so that checking a column of birth months is a look-up. */
static enum err mark_month_starts(struct loader *l, struct variable *v)
{
        size_t days = (size_t)(v->max - v->min) + 1;
        uint8_t *bits = arena_alloc(l->arena, days / 8 + 1, 1);
        struct civil month = civil_from_days((int32_t)v->min);

        if (bits == NULL)
                return ERR_NO_MEMORY;
        for (month.day = 1;;) {
                int64_t at = days_from_civil(month) - v->min;

                if (at >= (int64_t)days)
                        break;
                if (at >= 0)
                        bits[at / 8] |= (uint8_t)(1u << (at % 8));
                month.year += month.month == 12;
                month.month = month.month == 12 ? 1 : month.month + 1;
        }
        v->month_starts = bits;
        return ERR_OK;
}

static enum err load_days(struct loader *l, const struct yaml *m, struct variable *v)
{
        static const char *const levels[] = {"dag", "manad", "kvartal", "ar", NULL};
        int32_t min = days_from_civil((struct civil){1850, 1, 1});
        int32_t max = days_from_civil((struct civil){2149, 12, 31});

        v->finest_date_level = 1;
        TRY(yaml_word(m, "finest", false, levels, &v->finest_date_level, l->why));
        TRY(load_date(l, m, "min", false, &min));
        TRY(load_date(l, m, "max", false, &max));
        TRY(yaml_boolean(m, "within_period", false, &v->within_period, l->why));
        v->min = min;
        v->max = max;
        v->physical = PHYSICAL_I32;
        TRY(check_range(l, m, v));
        return v->source == SOURCE_BIRTH_MONTH ? mark_month_starts(l, v) : ERR_OK;
}

static enum err load_unit(struct loader *l, const struct yaml *m, struct variable *v)
{
        if (yaml_find(m, "unit") == NULL)
                return ERR_OK;
        TRY(load_sentence(l, m, "unit", &v->unit));
        if (v->unit.len > NAME_MAX_LEN)
                return yaml_complain(yaml_find(m, "unit"), ERR_CONFIG, l->why,
                        "`unit` is longer than %d bytes", NAME_MAX_LEN);
        return ERR_OK;
}

/* Numbers say their range: without one nothing catches a slipped comma. */
static enum err load_number(struct loader *l, const struct yaml *m, struct variable *v)
{
        int64_t decimals = 0;

        TRY(yaml_integer(m, "decimals", v->type == VARIABLE_DECIMAL, 1, 6, &decimals, l->why));
        v->decimals = (uint32_t)decimals;
        TRY(load_unit(l, m, v));
        TRY(load_scaled(l, m, "min", true, v->decimals, &v->min));
        TRY(load_scaled(l, m, "max", true, v->decimals, &v->max));
        v->physical = v->min > INT32_MIN && v->max <= INT32_MAX ? PHYSICAL_I32 : PHYSICAL_I64;
        if (v->source == SOURCE_MUNICIPALITIES) {
                /* Linked: a neighbour does not know it, and nobody may sum it. */
                if (v->role != VARIABLE_SENSITIVE || v->min != 1 ||
                        v->max > MUNICIPALITIES_SHOWN_MAX)
                        return yaml_complain(m, ERR_CONFIG, l->why,
                                "a count of municipalities is sensitive, from 1 to at most %d",
                                MUNICIPALITIES_SHOWN_MAX);
                v->physical = PHYSICAL_U8;
        }
        return check_range(l, m, v);
}

/* `birth` and `at` name dates that stand above in the list. */
static enum err load_age(
        struct loader *l, const struct yaml *m, const struct policy_dataset *d, struct variable *v)
{
        struct bytes known[VARIABLES_MAX];

        for (uint32_t i = 0; i < d->variables_len; i++)
                known[i] = d->variables[i].id;
        TRY(load_choice(l, m, "birth", known, d->variables_len, "variable above", &v->age_birth));
        if (d->variables[v->age_birth].source != SOURCE_BIRTH_MONTH)
                return yaml_complain(yaml_find(m, "birth"), ERR_CONFIG, l->why,
                        "`birth` names the variable whose source is birth_month");
        TRY(load_choice(l, m, "at", known, d->variables_len, "variable above", &v->age_at));
        if (d->variables[v->age_at].type != VARIABLE_DATE)
                return yaml_complain(yaml_find(m, "at"), ERR_CONFIG, l->why, "`at` names a date");
        v->max = 130;
        v->physical = PHYSICAL_U8;
        TRY(load_scaled(l, m, "min", false, 0, &v->min));
        TRY(load_scaled(l, m, "max", false, 0, &v->max));
        if (v->min < 0 || v->max > 130)
                return yaml_complain_key(
                        m, "max", ERR_CONFIG, l->why, "an age lies between 0 and 130");
        return check_range(l, m, v);
}

/* Bands ------------------------------------------------------------------- */

static enum err load_band(
        struct loader *l, const struct yaml *m, const struct variable *v, struct band *out)
{
        static const char *const known[] = {
                "code", "from", "to", "label", "population_permille", NULL};
        struct bytes code = {0};

        TRY(yaml_known_keys(m, known, l->why));
        TRY(yaml_text(m, "code", true, &code, l->why));
        TRY(load_code_text(l, yaml_find(m, "code"), code, &out->code));
        out->low = v->min;
        out->high = v->max;
        out->open_low = yaml_find(m, "from") == NULL;
        out->open_high = yaml_find(m, "to") == NULL;
        TRY(load_scaled(l, m, "from", false, v->decimals, &out->low));
        TRY(load_scaled(l, m, "to", false, v->decimals, &out->high));
        if (out->low > out->high)
                return yaml_complain_key(m, "to", ERR_CONFIG, l->why, "`to` is below `from`");
        if (v->type != VARIABLE_AGE && yaml_find(m, "population_permille") != NULL)
                return yaml_complain_key(m, "population_permille", ERR_CONFIG, l->why,
                        "inhabitants have ages; nothing is known of their other numbers");
        TRY(load_permille(l, m, &out->population_permille));
        out->label = (struct label){out->code, out->code};
        return load_label(l, m, "label", false, &out->label);
}

static enum err load_banding(
        struct loader *l, const struct yaml *list, const struct variable *v, struct banding *out)
{
        uint64_t inhabitants = 0;

        if (list->kind != YAML_SEQUENCE || list->len == 0 || list->len > BANDS_MAX)
                return yaml_complain(list, ERR_CONFIG, l->why,
                        "a level of bands is a list of 1 to %d bands", BANDS_MAX);
        out->bands = arena_alloc(l->arena, list->len, sizeof *out->bands);
        if (out->bands == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                TRY(load_band(l, &list->items[i], v, &out->bands[i]));
                if (i > 0 && out->bands[i].low <= out->bands[i - 1].high)
                        return yaml_complain(&list->items[i], ERR_CONFIG, l->why,
                                "bands ascend and do not overlap: this one begins too early");
                for (uint32_t j = 0; j < i; j++)
                        if (bytes_equal(out->bands[i].code, out->bands[j].code))
                                return yaml_complain(&list->items[i], ERR_CONFIG, l->why,
                                        "two bands have the same code");
                inhabitants += out->bands[i].population_permille;
        }
        out->len = list->len;
        return check_permille(l, list, inhabitants);
}

static enum err load_bandings(struct loader *l, const struct yaml *m, struct variable *v)
{
        const struct yaml *bands = NULL;

        TRY(yaml_mapping(m, "bands", false, &bands, l->why));
        if (bands == NULL)
                return ERR_OK;
        if (bands->len == 0 || bands->len > BANDINGS_MAX)
                return yaml_complain(
                        bands, ERR_CONFIG, l->why, "`bands` has 1 to %d levels", BANDINGS_MAX);
        v->bandings = arena_alloc(l->arena, bands->len, sizeof *v->bandings);
        if (v->bandings == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < bands->len; i++) {
                struct banding *b = &v->bandings[i];

                if (!rules_is_name(bands->keys[i]))
                        return yaml_complain(&bands->items[i], ERR_CONFIG, l->why,
                                "the name of a level of bands must be an identifier");
                TRY(load_keep(l, bands->keys[i], &b->id));
                b->label = v->label;
                TRY(load_banding(l, &bands->items[i], v, b));
        }
        v->bandings_len = bands->len;
        return ERR_OK;
}

/* A variable -------------------------------------------------------------- */

static enum err load_by_type(
        struct loader *l, const struct yaml *m, const struct policy_dataset *d, struct variable *v)
{
        switch (v->type) {
        case VARIABLE_CODE:
                return load_codes(l, m, v);
        case VARIABLE_DATE:
                return load_days(l, m, v);
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
                TRY(load_number(l, m, v));
                return load_bandings(l, m, v);
        case VARIABLE_AGE:
                TRY(load_age(l, m, d, v));
                return load_bandings(l, m, v);
        case VARIABLE_BOOLEAN:
                v->physical = PHYSICAL_U8;
                v->max = 1;
                return ERR_OK;
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                return ERR_INTERNAL;
        }
        return ERR_INTERNAL;
}

/* Measures are summed; filtering or grouping by them has to be written out. */
static enum err load_permissions(struct loader *l, const struct yaml *m, struct variable *v)
{
        bool usual = v->role != VARIABLE_MEASURE;

        v->may_filter = usual;
        v->may_group = usual && (variable_levels(v) > 0 || v->type == VARIABLE_BOOLEAN);
        TRY(yaml_boolean(m, "filter", false, &v->may_filter, l->why));
        TRY(yaml_boolean(m, "group", false, &v->may_group, l->why));
        if (v->may_group && variable_levels(v) == 0 && v->type != VARIABLE_BOOLEAN)
                return yaml_complain(yaml_find(m, "group"), ERR_CONFIG, l->why,
                        "a number can be grouped only with `bands`");
        return ERR_OK;
}

static enum err load_variable(
        struct loader *l, const struct yaml *m, const struct policy_dataset *d, struct variable *v)
{
        TRY(check_keys(l, m));
        TRY(load_name(l, m, "id", &v->id));
        TRY(load_label(l, m, "label", true, &v->label));
        TRY(load_type(l, m, v));
        TRY(check_keys_of_type(l, m, v->type));
        TRY(load_source(l, m, v));
        TRY(load_by_type(l, m, d, v));
        TRY(yaml_boolean(m, "required", false, &v->required, l->why));
        TRY(yaml_boolean(m, "overlapping", false, &v->overlapping, l->why));
        TRY(load_permissions(l, m, v));
        v->at.id = load_place(l, m, "id");
        v->at.finest = load_place(l, m, "finest");
        v->at.filter = load_place(l, m, "filter");
        v->at.group = load_place(l, m, "group");
        for (uint32_t i = 0; i < d->variables_len; i++) {
                if (bytes_equal(d->variables[i].id, v->id))
                        return yaml_complain(yaml_find(m, "id"), ERR_CONFIG, l->why,
                                "two variables have the same id");
                if (v->source != SOURCE_DELIVERED && v->source != SOURCE_AGE &&
                        d->variables[i].source == v->source)
                        return yaml_complain(yaml_find(m, "source"), ERR_CONFIG, l->why,
                                "another variable has this source already");
        }
        return ERR_OK;
}

enum err load_variables(struct loader *l, const struct yaml *list, struct policy_dataset *d)
{
        enum err rc = ERR_OK;

        if (list->len == 0 || list->len > VARIABLES_MAX)
                return yaml_complain(list, ERR_CONFIG, l->why, "a data set has 1 to %d variables",
                        VARIABLES_MAX);
        d->variables = arena_alloc(l->arena, list->len, sizeof *d->variables);
        if (d->variables == NULL)
                return ERR_NO_MEMORY;
        d->municipality_variable = UINT32_MAX;
        for (uint32_t i = 0; i < list->len; i++) {
                enum err e = load_variable(l, &list->items[i], d, &d->variables[i]);

                rc = rc == ERR_OK ? e : rc;
                if (d->variables[i].source == SOURCE_MUNICIPALITY)
                        d->municipality_variable = i;
                d->variables_len = i + 1;
        }
        return rc;
}
