/* SPDX-License-Identifier: Apache-2.0 */
/* query_yaml.c: a question kept in YAML.
 *
 *      dataset: anmalan
 *      purpose: uppfoljning
 *      vintage: 7.1                  # or {number: 7, revision: 1}
 *      period: 2024                  # or 2023-01..2024-06
 *      derived:
 *        - {name: ater, kind: exists, dataset: anmalan, in: other,
 *           window: {anchor: datum, from: 1, until: 365}}
 *      filters:
 *        - {variable: form, op: in, values: [hvb, familjehem]}
 *        - alder in 0..17            # as --where takes it
 *      dimensions:
 *        - {variable: kommun, level: lan}
 *        - kon
 *      measures:
 *        - mean:dygnskostnad
 *        - {kind: share, name: andel, filters: [ater = true]}
 *
 * Words may be written as people do ("=", "share") and as the .proto does ("EQ",
 * "MEASURE_KIND_SHARE"). A date or a number is what its key makes of it, never what it
 * looks like, except in a window: there dates are days of the calendar and numbers are days from
 * the anchor. */
#include "policies/query_yaml.h"

#include <string.h>

#include "policies/suggest.h"

struct reading {
        struct arena *arena;
        struct refusal *why;
};

enum { WORD_MAX = 40 };

/* A word of the .proto's as ours: without its prefix, in small letters. */
static struct bytes our_word(struct bytes text, const char *prefix, char small[WORD_MAX])
{
        size_t len = strlen(prefix);

        if (text.len > len && memcmp(text.data, prefix, len) == 0)
                text = bytes_of(text.data + len, text.len - len);
        if (text.len > WORD_MAX)
                return text;
        for (size_t i = 0; i < text.len; i++) {
                uint8_t c = text.data[i];

                if (!(c >= 'A' && c <= 'Z') && c != '_')
                        return text;
                small[i] = '_';
                if (c != '_')
                        small[i] = (char)(c - 'A' + 'a');
        }
        return bytes_of(small, text.len);
}

static enum filter_op op_find(struct bytes text)
{
        static const char *const wire[FILTER_OP_COUNT] = {
                "unspecified", "eq", "ne", "lt", "le", "gt", "ge", "in"};
        char small[WORD_MAX];
        struct bytes word = our_word(text, "FILTER_OP_", small);

        for (int op = FILTER_NONE + 1; op < FILTER_OP_COUNT; op++)
                if (bytes_is_text(text, filter_op_text((enum filter_op)op)) ||
                        (word.data == (const uint8_t *)small && bytes_is_text(word, wire[op])))
                        return (enum filter_op)op;
        return FILTER_NONE;
}

/* One of `words` (1..len-1; 0 says that nothing was said); *out stays where `key` is absent. */
static enum err read_word(const struct reading *r, const struct yaml *m, const char *key,
        const char *prefix, const char *const *words, uint32_t len, uint32_t *out)
{
        struct bytes text = {NULL, 0}, known[MEASURE_KIND_COUNT];
        char small[WORD_MAX], near[SUGGEST_MAX];

        TRY(yaml_text(m, key, false, &text, r->why));
        if (text.len == 0)
                return ERR_OK;
        text = our_word(text, prefix, small);
        for (uint32_t i = 1; i < len; i++) {
                known[i - 1] = bytes_of_text(words[i]);
                if (bytes_equal(text, known[i - 1])) {
                        *out = i;
                        return ERR_OK;
                }
        }
        suggest_text(text, known, len - 1, near);
        return yaml_complain(yaml_find(m, key), ERR_CONFIG, r->why,
                "`%s` is not one of the words that it may be%s", key, near);
}

/* What a short form is refused for, at its place in the file. */
static enum err complain_short(
        const struct reading *r, const struct yaml *at, const struct refusal *slip, enum err rc)
{
        return rc == ERR_NO_MEMORY
                       ? rc
                       : yaml_complain(at, ERR_CONFIG, r->why, "%s",
                                 slip->len > 0 ? slip->violations[0].text : err_sentence(rc));
}

/* The list under `key`, which may be absent, and room for `size` bytes an item. */
static enum err list_of(const struct reading *r, const struct yaml *m, const char *key,
        uint32_t most, size_t size, const struct yaml **out_list, void *out_items)
{
        const struct yaml *list = NULL;
        void *items;

        *out_list = NULL;
        TRY(yaml_list(m, key, false, &list, r->why));
        if (list == NULL || list->len == 0)
                return ERR_OK;
        if (list->len > most)
                return yaml_complain(
                        list, ERR_CONFIG, r->why, "`%s` has at most %u items", key, most);
        items = arena_alloc(r->arena, list->len, size);
        if (items == NULL)
                return ERR_NO_MEMORY;
        memcpy(out_items, &items, sizeof items);
        *out_list = list;
        return ERR_OK;
}

static enum err read_day(
        const struct reading *r, const struct yaml *m, const char *key, bool *out_has, int32_t *out)
{
        struct bytes text = {NULL, 0};
        struct refusal slip = {0};
        enum err rc;

        TRY(yaml_text(m, key, false, &text, r->why));
        if (text.len == 0)
                return ERR_OK;
        rc = query_day_parse(text, key, out, &slip);
        if (rc != ERR_OK)
                return complain_short(r, yaml_find(m, key), &slip, rc);
        *out_has = true;
        return ERR_OK;
}

/* Filters ----------------------------------------------------------------- */

static enum err read_values(const struct reading *r, const struct yaml *m, struct filter *f)
{
        const struct yaml *list = yaml_find(m, "values");

        if (list == NULL)
                return yaml_complain(m, ERR_CONFIG, r->why, "`values` is missing");

        uint32_t len = list->kind == YAML_SEQUENCE ? list->len : 1;
        const struct yaml *items = list->kind == YAML_SEQUENCE ? list->items : list;
        struct bytes *values;

        if (len == 0 || len > FILTER_VALUES_MAX)
                return yaml_complain(list, ERR_CONFIG, r->why, "`values` takes 1 to %d values",
                        FILTER_VALUES_MAX);
        values = arena_alloc(r->arena, len, sizeof *values);
        if (values == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                TRY(yaml_text_of(&items[i], "values", &values[i], r->why));
        f->values = values;
        f->values_len = len;
        return ERR_OK;
}

static enum err read_filter(const struct reading *r, const struct yaml *item, struct filter *f)
{
        static const char *const keys[] = {"variable", "level", "op", "values", NULL};
        struct bytes op = {NULL, 0};

        if (item->kind == YAML_SCALAR) {
                struct refusal slip = {0};
                enum err rc = filter_parse(r->arena, item->text, f, &slip);

                return rc == ERR_OK ? rc : complain_short(r, item, &slip, rc);
        }
        TRY(yaml_known_keys(item, keys, r->why));
        TRY(yaml_text(item, "variable", true, &f->variable, r->why));
        TRY(yaml_text(item, "level", false, &f->level, r->why));
        TRY(yaml_text(item, "op", true, &op, r->why));
        f->op = op_find(op);
        if (f->op == FILTER_NONE)
                return yaml_complain(yaml_find(item, "op"), ERR_CONFIG, r->why,
                        "`op` must be one of: = != < <= > >= in");
        return read_values(r, item, f);
}

static enum err read_filters(const struct reading *r, const struct yaml *m, const char *key,
        uint32_t most, struct filter **out, uint32_t *out_len)
{
        const struct yaml *list = NULL;
        struct filter *filters = NULL;

        TRY(list_of(r, m, key, most, sizeof *filters, &list, &filters));
        for (uint32_t i = 0; list != NULL && i < list->len; i++)
                TRY(read_filter(r, &list->items[i], &filters[i]));
        *out = filters;
        *out_len = list != NULL ? list->len : 0;
        return ERR_OK;
}

/* Dimensions -------------------------------------------------------------- */

static enum err read_dimension(
        const struct reading *r, const struct yaml *item, struct dimension_ref *d)
{
        static const char *const keys[] = {"variable", "level", NULL};

        if (item->kind == YAML_SCALAR) {
                struct refusal slip = {0};
                enum err rc = query_dimension_parse(item->text, d, &slip);

                return rc == ERR_OK ? rc : complain_short(r, item, &slip, rc);
        }
        TRY(yaml_known_keys(item, keys, r->why));
        TRY(yaml_text(item, "variable", true, &d->variable, r->why));
        return yaml_text(item, "level", false, &d->level, r->why);
}

static enum err read_dimensions(const struct reading *r, const struct yaml *m, struct query *q)
{
        const struct yaml *list = NULL;
        struct dimension_ref *dimensions = NULL;

        TRY(list_of(r, m, "dimensions", DIMENSIONS_MAX, sizeof *dimensions, &list, &dimensions));
        for (uint32_t i = 0; list != NULL && i < list->len; i++)
                TRY(read_dimension(r, &list->items[i], &dimensions[i]));
        q->dimensions = dimensions;
        q->dimensions_len = list != NULL ? list->len : 0;
        return ERR_OK;
}

/* Measures ---------------------------------------------------------------- */

static enum err read_measure_kind(
        const struct reading *r, const struct yaml *item, struct measure_ref *m)
{
        const char *words[MEASURE_KIND_COUNT];
        uint32_t kind = MEASURE_NONE;

        for (int i = 0; i < MEASURE_KIND_COUNT; i++)
                words[i] = measure_kind_name((enum measure_kind)i);
        TRY(read_word(r, item, "kind", "MEASURE_KIND_", words, MEASURE_KIND_COUNT, &kind));
        m->kind = (enum measure_kind)kind;
        if (m->kind == MEASURE_NONE)
                return yaml_complain(item, ERR_CONFIG, r->why, "`kind` is missing");
        return ERR_OK;
}

static enum err read_measure(
        const struct reading *r, const struct yaml *item, struct measure_ref *m)
{
        static const char *const keys[] = {
                "kind", "variable", "banding", "name", "per", "filters", "base", "scale", NULL};
        int64_t scale = 0;
        int wants;

        if (item->kind == YAML_SCALAR) {
                struct refusal slip = {0};
                enum err rc = query_measure_parse(item->text, m, &slip);

                return rc == ERR_OK ? rc : complain_short(r, item, &slip, rc);
        }
        TRY(yaml_known_keys(item, keys, r->why));
        TRY(read_measure_kind(r, item, m));
        TRY(yaml_text(item, "variable", false, &m->variable, r->why));
        TRY(yaml_text(item, "banding", false, &m->banding, r->why));
        TRY(yaml_text(item, "name", false, &m->name, r->why));
        TRY(yaml_text(item, "per", false, &m->per, r->why));
        TRY(read_filters(r, item, "filters", DERIVED_FILTERS_MAX, &m->filters, &m->filters_len));
        TRY(read_filters(r, item, "base", DERIVED_FILTERS_MAX, &m->base, &m->base_len));
        TRY(yaml_integer(item, "scale", false, 1, UINT32_MAX, &scale, r->why));
        m->scale = (uint32_t)scale;
        wants = measure_kind_wants_variable(m->kind);
        if (wants > 0 && m->variable.len == 0)
                return yaml_complain(item, ERR_CONFIG, r->why, "%s needs a `variable`",
                        measure_kind_name(m->kind));
        if (wants < 0 && m->variable.len > 0)
                return yaml_complain_key(item, "variable", ERR_CONFIG, r->why,
                        "%s has no `variable`", measure_kind_name(m->kind));
        return ERR_OK;
}

static enum err read_measures(const struct reading *r, const struct yaml *root, struct query *q)
{
        const struct yaml *list = NULL;
        struct measure_ref *measures = NULL;

        TRY(list_of(r, root, "measures", MEASURES_MAX, sizeof *measures, &list, &measures));
        for (uint32_t i = 0; list != NULL && i < list->len; i++)
                TRY(read_measure(r, &list->items[i], &measures[i]));
        q->measures = measures;
        q->measures_len = list != NULL ? list->len : 0;
        return ERR_OK;
}

/* Derived variables ------------------------------------------------------- */

static bool is_date(const struct yaml *at)
{
        int32_t day;

        return at->kind == YAML_SCALAR && query_day_parse(at->text, "", &day, NULL) == ERR_OK;
}

/* Both ends inside. Two dates are days of the calendar, two numbers days from the anchor. */
static enum err read_window_ends(const struct reading *r, const struct yaml *m, struct window *out)
{
        static const char *const keys[] = {"anchor", "from", "until", NULL};
        const struct yaml *from, *until;
        int64_t first = 0, last = 0;
        bool said = false;

        TRY(yaml_known_keys(m, keys, r->why));
        from = yaml_find(m, "from");
        until = yaml_find(m, "until");
        if (from == NULL || until == NULL)
                return yaml_complain(m, ERR_CONFIG, r->why, "a window has both `from` and `until`");
        TRY(yaml_text(m, "anchor", false, &out->anchor, r->why));
        if (is_date(from) || is_date(until)) {
                if (out->anchor.len > 0)
                        return yaml_complain_key(m, "anchor", ERR_CONFIG, r->why,
                                "a window between two dates has no `anchor`");
                out->kind = WINDOW_FIXED;
                TRY(read_day(r, m, "from", &said, &out->from));
                TRY(read_day(r, m, "until", &said, &out->until));
        } else {
                out->kind = WINDOW_RELATIVE;
                TRY(yaml_integer(m, "from", true, INT32_MIN, INT32_MAX, &first, r->why));
                TRY(yaml_integer(m, "until", true, INT32_MIN, INT32_MAX, &last, r->why));
                out->from = (int32_t)first;
                out->until = (int32_t)last;
        }
        if (out->from > out->until)
                return yaml_complain(until, ERR_CONFIG, r->why, "the window ends before it begins");
        return ERR_OK;
}

/* `period`, a period of its own as in "2024", or two ends. */
static enum err read_window(const struct reading *r, const struct yaml *item, struct window *out)
{
        const struct yaml *m = yaml_find(item, "window");
        struct refusal slip = {0};
        struct period days;
        enum err rc;

        if (m == NULL)
                return ERR_OK;
        if (m->kind != YAML_SCALAR)
                return read_window_ends(r, m, out);
        if (bytes_is_text(m->text, "period")) {
                out->kind = WINDOW_PERIOD;
                return ERR_OK;
        }
        rc = query_period_parse(m->text, &days, &slip);
        if (rc != ERR_OK)
                return complain_short(r, m, &slip, rc);
        *out = (struct window){.kind = WINDOW_FIXED, .from = days.first, .until = days.last};
        return ERR_OK;
}

static enum err read_bands(const struct reading *r, const struct yaml *item, struct derived *d)
{
        static const char *const keys[] = {"code", "from", "to", NULL};
        const struct yaml *list = NULL;
        struct derived_band *bands = NULL;

        TRY(list_of(r, item, "bands", DERIVED_BANDS_MAX, sizeof *bands, &list, &bands));
        for (uint32_t i = 0; list != NULL && i < list->len; i++) {
                const struct yaml *band = &list->items[i];

                TRY(yaml_known_keys(band, keys, r->why));
                TRY(yaml_text(band, "code", true, &bands[i].code, r->why));
                TRY(yaml_text(band, "from", false, &bands[i].low, r->why));
                TRY(yaml_text(band, "to", false, &bands[i].high, r->why));
        }
        d->bands = bands;
        d->bands_len = list != NULL ? list->len : 0;
        return ERR_OK;
}

/* kind, same and in. */
static enum err read_derived_words(
        const struct reading *r, const struct yaml *item, struct derived *d)
{
        static const char *const same[] = {"none", "person", "family"};
        static const char *const in[] = {"none", "any", "same", "other"};
        const char *kinds[DERIVED_KIND_COUNT];
        uint32_t kind = DERIVED_NONE, as = SAME_NONE, where = IN_NONE;

        for (int i = 0; i < DERIVED_KIND_COUNT; i++)
                kinds[i] = derived_kind_name((enum derived_kind)i);
        TRY(read_word(r, item, "kind", "DERIVED_KIND_", kinds, DERIVED_KIND_COUNT, &kind));
        if (kind == DERIVED_NONE)
                return yaml_complain(item, ERR_CONFIG, r->why, "`kind` is missing");
        TRY(read_word(r, item, "same", "DERIVED_SAME_", same, ARRAY_LEN(same), &as));
        TRY(read_word(r, item, "in", "DERIVED_IN_", in, ARRAY_LEN(in), &where));
        d->kind = (enum derived_kind)kind;
        d->same = (enum derived_same)as;
        d->in = (enum derived_in)where;
        return ERR_OK;
}

static enum err read_derived(const struct reading *r, const struct yaml *item, struct derived *d)
{
        static const char *const keys[] = {"name", "kind", "dataset", "date", "variable", "level",
                "from", "to", "filters", "window", "same", "in", "include_base", "bands", NULL};

        TRY(yaml_known_keys(item, keys, r->why));
        TRY(yaml_text(item, "name", true, &d->name, r->why));
        TRY(read_derived_words(r, item, d));
        TRY(yaml_text(item, "dataset", false, &d->dataset, r->why));
        TRY(yaml_text(item, "date", false, &d->date, r->why));
        TRY(yaml_text(item, "variable", false, &d->variable, r->why));
        TRY(yaml_text(item, "level", false, &d->level, r->why));
        TRY(yaml_text(item, "from", false, &d->from, r->why));
        TRY(yaml_text(item, "to", false, &d->to, r->why));
        TRY(read_filters(r, item, "filters", DERIVED_FILTERS_MAX, &d->filters, &d->filters_len));
        TRY(read_window(r, item, &d->window));
        TRY(yaml_boolean(item, "include_base", false, &d->include_base, r->why));
        return read_bands(r, item, d);
}

static enum err read_deriveds(const struct reading *r, const struct yaml *m, struct query *q)
{
        const struct yaml *list = NULL;
        struct derived *derived = NULL;

        TRY(list_of(r, m, "derived", DERIVED_MAX, sizeof *derived, &list, &derived));
        for (uint32_t i = 0; list != NULL && i < list->len; i++)
                TRY(read_derived(r, &list->items[i], &derived[i]));
        q->derived = derived;
        q->derived_len = list != NULL ? list->len : 0;
        return ERR_OK;
}

/* The whole --------------------------------------------------------------- */

static enum err read_vintage(const struct reading *r, const struct yaml *root, struct query *q)
{
        static const char *const keys[] = {"number", "revision", NULL};
        const struct yaml *v = yaml_find(root, "vintage");
        int64_t number = 0, revision = 0;

        if (v == NULL)
                return ERR_OK;
        if (v->kind == YAML_SCALAR) {
                struct refusal slip = {0};
                enum err rc = query_vintage_parse(v->text, &q->vintage, &slip);

                return rc == ERR_OK ? rc : complain_short(r, v, &slip, rc);
        }
        TRY(yaml_known_keys(v, keys, r->why));
        TRY(yaml_integer(v, "number", true, 1, UINT32_MAX, &number, r->why));
        TRY(yaml_integer(v, "revision", false, 0, UINT32_MAX, &revision, r->why));
        q->vintage = (struct vintage){(uint32_t)number, (uint32_t)revision};
        return ERR_OK;
}

static enum err read_period(const struct reading *r, const struct yaml *m, struct query *q)
{
        struct bytes text = {NULL, 0};
        struct refusal slip = {0};
        enum err rc;

        TRY(yaml_text(m, "period", false, &text, r->why));
        if (text.len == 0)
                return ERR_OK;
        rc = query_period_parse(text, &q->period, &slip);
        if (rc != ERR_OK)
                return complain_short(r, yaml_find(m, "period"), &slip, rc);
        q->has_period = true;
        return ERR_OK;
}

/* An id, or {id: …, version: …}. */
static enum err read_indicator(const struct reading *r, const struct yaml *root, struct query *q)
{
        static const char *const keys[] = {"id", "version", NULL};
        const struct yaml *m = yaml_find(root, "indicator");
        int64_t version = 0;

        if (m == NULL)
                return ERR_OK;
        if (m->kind == YAML_SCALAR)
                return yaml_text_of(m, "indicator", &q->indicator, r->why);
        TRY(yaml_known_keys(m, keys, r->why));
        TRY(yaml_text(m, "id", true, &q->indicator, r->why));
        TRY(yaml_integer(m, "version", false, 1, UINT32_MAX, &version, r->why));
        q->indicator_version = (uint32_t)version;
        return ERR_OK;
}

/* Units and municipality rules, whose zero is a word too. */
static enum err read_words(const struct reading *r, const struct yaml *m, struct query *q)
{
        const char *units[UNIT_COUNT], *rules[MUNICIPALITY_RULE_COUNT + 1] = {"none"};
        uint32_t unit = UNIT_NONE, rule = 0;

        for (int i = 0; i < UNIT_COUNT; i++)
                units[i] = unit_name((enum unit)i);
        for (int i = 0; i < MUNICIPALITY_RULE_COUNT; i++)
                rules[i + 1] = municipality_rule_name((enum municipality_rule)i);
        TRY(read_word(r, m, "unit", "UNIT_", units, UNIT_COUNT, &unit));
        TRY(read_word(
                r, m, "municipality_rule", "MUNICIPALITY_RULE_", rules, ARRAY_LEN(rules), &rule));
        q->unit = (enum unit)unit;
        q->municipality_rule = (enum municipality_rule)(rule > 0 ? rule - 1 : 0);
        return ERR_OK;
}

enum err query_yaml_read(
        const struct yaml *m, struct arena *a, struct query *out, struct refusal *why)
{
        static const char *const keys[] = {"dataset", "purpose", "vintage", "linkage", "unit",
                "period", "period_date", "municipality_rule", "age_at", "division_at", "derived",
                "filters", "dimensions", "measures", "indicator", NULL};
        const struct reading r = {a, why};
        struct query q = {0};

        TRY(yaml_known_keys(m, keys, why));
        TRY(yaml_text(m, "dataset", false, &q.dataset, why));
        TRY(yaml_text(m, "purpose", false, &q.purpose, why));
        TRY(yaml_text(m, "linkage", false, &q.linkage, why));
        TRY(read_vintage(&r, m, &q));
        TRY(read_words(&r, m, &q));
        TRY(read_period(&r, m, &q));
        TRY(yaml_text(m, "period_date", false, &q.period_date, why));
        TRY(read_day(&r, m, "age_at", &q.has_age_at, &q.age_at));
        TRY(read_day(&r, m, "division_at", &q.has_division_at, &q.division_at));
        TRY(read_deriveds(&r, m, &q));
        TRY(read_filters(&r, m, "filters", FILTERS_MAX, &q.filters, &q.filters_len));
        TRY(read_dimensions(&r, m, &q));
        TRY(read_measures(&r, m, &q));
        TRY(read_indicator(&r, m, &q));
        *out = q;
        return ERR_OK;
}

enum err query_yaml_read_file(
        struct arena *a, const char *path, struct query *out, struct refusal *why)
{
        struct yaml *root = NULL;

        TRY(yaml_read_file(a, path, &root, why));
        return query_yaml_read(root, a, out, why);
}

enum err query_yaml_read_text(struct arena *a, const char *name, struct bytes text,
        struct query *out, struct refusal *why)
{
        struct yaml *root = NULL;

        TRY(yaml_read_text(a, name, text, &root, why));
        return query_yaml_read(root, a, out, why);
}
