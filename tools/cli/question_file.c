/* SPDX-License-Identifier: Apache-2.0 */
/* question_file.c: a question kept in a file, with the field names of the .proto.
 *
 *      dataset: placering
 *      purpose: uppfoljning
 *      vintage: 7.1                  # or {number: 7, revision: 1}
 *      filters:
 *        - {variable: form, op: in, values: [hvb, familjehem]}
 *        - alder in 0..17            # as --where takes it
 *      dimensions:
 *        - {variable: kommun, level: lan}
 *      measures: [persons, mean:dygnskostnad]
 *
 * An unknown key is refused, since a condition with a slip in its name would
 * otherwise be a wider question than the one meant. */
#include <string.h>

#include "policies/yaml.h"
#include "tools/cli/question.h"

static const char *const keys[] = {
        "dataset", "purpose", "vintage", "filters", "dimensions", "measures", NULL};
static const char *const vintage_keys[] = {"number", "revision", NULL};
static const char *const filter_keys[] = {"variable", "level", "op", "values", NULL};
static const char *const dimension_keys[] = {"variable", "level", NULL};
static const char *const measure_keys[] = {"kind", "variable", NULL};

/* A word as a person writes it, as the .proto names it, and without its prefix. */
static bool is_word(struct bytes text, const char *ours, const char *prefix, const char *wire)
{
        size_t len = strlen(prefix);

        if (bytes_is_text(text, ours) || bytes_is_text(text, wire))
                return true;
        return text.len > len && memcmp(text.data, prefix, len) == 0 &&
               bytes_is_text(bytes_of(text.data + len, text.len - len), wire);
}

static enum filter_op op_find(struct bytes text)
{
        static const char *const wire[FILTER_OP_COUNT] = {
                "UNSPECIFIED", "EQ", "NE", "LT", "LE", "GT", "GE", "IN"};

        for (int op = FILTER_NONE + 1; op < FILTER_OP_COUNT; op++)
                if (is_word(text, filter_op_text((enum filter_op)op), "FILTER_OP_", wire[op]))
                        return (enum filter_op)op;
        return FILTER_NONE;
}

static enum measure_kind kind_find(struct bytes text)
{
        static const char *const wire[MEASURE_KIND_COUNT] = {
                "UNSPECIFIED", "PERSONS", "RECORDS", "SUM", "MEAN"};

        for (int kind = MEASURE_NONE + 1; kind < MEASURE_KIND_COUNT; kind++)
                if (is_word(text, measure_kind_name((enum measure_kind)kind), "MEASURE_KIND_",
                            wire[kind]))
                        return (enum measure_kind)kind;
        return MEASURE_NONE;
}

/* What a short form is refused for, at its place in the file. */
static enum err complain_short(
        const struct yaml *at, const struct refusal *slip, enum err rc, struct refusal *why)
{
        return rc == ERR_NO_MEMORY
                       ? rc
                       : yaml_complain(at, ERR_CONFIG, why, "%s",
                                 slip->len > 0 ? slip->violations[0].text : err_sentence(rc));
}

/* Filters ----------------------------------------------------------------- */

static enum err read_values(
        struct question *q, const struct yaml *m, struct filter *f, struct refusal *why)
{
        const struct yaml *list = yaml_find(m, "values");

        if (list == NULL)
                return yaml_complain(m, ERR_CONFIG, why, "`values` is missing");

        uint32_t len = list->kind == YAML_SEQUENCE ? list->len : 1;
        const struct yaml *items = list->kind == YAML_SEQUENCE ? list->items : list;
        struct bytes *values = arena_alloc(q->arena, len, sizeof *values);

        if (len == 0 || len > FILTER_VALUES_MAX)
                return yaml_complain(
                        list, ERR_CONFIG, why, "`values` takes 1 to %d values", FILTER_VALUES_MAX);
        if (values == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                TRY(yaml_text_of(&items[i], "values", &values[i], why));
        f->values = values;
        f->values_len = len;
        return ERR_OK;
}

static enum err read_filter(
        struct question *q, const struct yaml *item, struct filter *f, struct refusal *why)
{
        struct bytes op = {NULL, 0};

        if (item->kind == YAML_SCALAR) {
                struct refusal slip = {0};
                enum err rc = filter_parse(q->arena, item->text, f, &slip);

                return rc == ERR_OK ? rc : complain_short(item, &slip, rc, why);
        }
        TRY(yaml_known_keys(item, filter_keys, why));
        TRY(yaml_text(item, "variable", true, &f->variable, why));
        TRY(yaml_text(item, "level", false, &f->level, why));
        TRY(yaml_text(item, "op", true, &op, why));
        f->op = op_find(op);
        if (f->op == FILTER_NONE)
                return yaml_complain(yaml_find(item, "op"), ERR_CONFIG, why,
                        "`op` must be one of: = != < <= > >= in");
        return read_values(q, item, f, why);
}

static enum err read_filters(struct question *q, const struct yaml *root, struct refusal *why)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(root, "filters", false, &list, why));
        if (list != NULL && list->len > FILTERS_MAX)
                return yaml_complain(list, ERR_CONFIG, why, "at most %d conditions", FILTERS_MAX);
        for (uint32_t i = 0; list != NULL && i < list->len; i++) {
                TRY(read_filter(q, &list->items[i], &q->filters[i], why));
                q->q.filters_len++;
        }
        return ERR_OK;
}

/* Dimensions and measures ------------------------------------------------- */

static enum err read_dimension(
        const struct yaml *item, struct dimension_ref *d, struct refusal *why)
{
        if (item->kind == YAML_SCALAR) {
                struct refusal slip = {0};
                enum err rc = dimension_parse(item->text, d, &slip);

                return rc == ERR_OK ? rc : complain_short(item, &slip, rc, why);
        }
        TRY(yaml_known_keys(item, dimension_keys, why));
        TRY(yaml_text(item, "variable", true, &d->variable, why));
        return yaml_text(item, "level", false, &d->level, why);
}

static enum err read_dimensions(struct question *q, const struct yaml *root, struct refusal *why)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(root, "dimensions", false, &list, why));
        if (list != NULL && list->len > DIMENSIONS_MAX)
                return yaml_complain(
                        list, ERR_CONFIG, why, "at most %d dimensions", DIMENSIONS_MAX);
        for (uint32_t i = 0; list != NULL && i < list->len; i++) {
                TRY(read_dimension(&list->items[i], &q->dimensions[i], why));
                q->q.dimensions_len++;
        }
        return ERR_OK;
}

static enum err read_measure(const struct yaml *item, struct measure_ref *m, struct refusal *why)
{
        struct bytes kind = {NULL, 0};

        if (item->kind == YAML_SCALAR) {
                struct refusal slip = {0};
                enum err rc = measure_parse(item->text, m, &slip);

                return rc == ERR_OK ? rc : complain_short(item, &slip, rc, why);
        }
        TRY(yaml_known_keys(item, measure_keys, why));
        TRY(yaml_text(item, "kind", true, &kind, why));
        TRY(yaml_text(item, "variable", false, &m->variable, why));
        m->kind = kind_find(kind);
        if (m->kind == MEASURE_NONE)
                return yaml_complain(yaml_find(item, "kind"), ERR_CONFIG, why,
                        "`kind` must be one of: persons, records, sum, mean");

        bool wants_variable = m->kind == MEASURE_SUM || m->kind == MEASURE_MEAN;

        if (wants_variable != (m->variable.len > 0))
                return yaml_complain(item, ERR_CONFIG, why,
                        wants_variable ? "sum and mean need a `variable`"
                                       : "`variable` belongs to sum and mean only");
        return ERR_OK;
}

static enum err read_measures(struct question *q, const struct yaml *root, struct refusal *why)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(root, "measures", false, &list, why));
        if (list != NULL && list->len > MEASURES_MAX)
                return yaml_complain(list, ERR_CONFIG, why, "at most %d measures", MEASURES_MAX);
        for (uint32_t i = 0; list != NULL && i < list->len; i++) {
                TRY(read_measure(&list->items[i], &q->measures[i], why));
                q->q.measures_len++;
        }
        return ERR_OK;
}

/* The whole --------------------------------------------------------------- */

static enum err read_vintage(struct question *q, const struct yaml *root, struct refusal *why)
{
        const struct yaml *v = yaml_find(root, "vintage");
        int64_t number = 0, revision = 0;

        if (v == NULL)
                return ERR_OK;
        if (v->kind == YAML_SCALAR) {
                struct refusal slip = {0};
                enum err rc = vintage_parse(v->text, &q->q.vintage, &slip);

                return rc == ERR_OK ? rc : complain_short(v, &slip, rc, why);
        }
        TRY(yaml_known_keys(v, vintage_keys, why));
        TRY(yaml_integer(v, "number", true, 1, UINT32_MAX, &number, why));
        TRY(yaml_integer(v, "revision", false, 0, UINT32_MAX, &revision, why));
        q->q.vintage = (struct vintage){(uint32_t)number, (uint32_t)revision};
        return ERR_OK;
}

static enum err read_root(struct question *q, const struct yaml *root, struct refusal *why)
{
        TRY(yaml_known_keys(root, keys, why));
        TRY(yaml_text(root, "dataset", false, &q->q.dataset, why));
        TRY(yaml_text(root, "purpose", false, &q->q.purpose, why));
        TRY(read_vintage(q, root, why));
        TRY(read_filters(q, root, why));
        TRY(read_dimensions(q, root, why));
        return read_measures(q, root, why);
}

enum err question_read_file(struct question *q, const char *path, struct refusal *why)
{
        struct yaml *root = NULL;

        TRY(yaml_read_file(q->arena, path, &root, why));
        return read_root(q, root, why);
}

enum err question_read_text(
        struct question *q, const char *name, struct bytes text, struct refusal *why)
{
        struct yaml *root = NULL;

        TRY(yaml_read_text(q->arena, name, text, &root, why));
        return read_root(q, root, why);
}
