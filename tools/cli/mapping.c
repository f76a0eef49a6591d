/* SPDX-License-Identifier: Apache-2.0 */
/* mapping.c: reads the mapping file. Whether the names in it exist is plan.c's to
 * say, which knows the schema and the file's header. */
#include "tools/cli/mapping.h"

#include <string.h>

#include "base/clock.h"
#include "policies/yaml.h"

enum { COLUMNS_MAX = CSV_FIELDS_MAX, VALUES_MAX = 20000, MISSING_MAX = 32 };

static const char *const known[] = {"columns", "values", "person", "guardians", "record_key",
        "municipality", "ignore", "missing", "date_format", "decimal", "delimiter", "encoding",
        "as_of", NULL};

static const char *const date_formats[] = {"YYYY-MM-DD", "DD/MM/YYYY", "MM/DD/YYYY", NULL};

static const struct {
        const char *name;
        enum target target;
} targets[] = {
        {"ignore", TARGET_IGNORE},
        {"person", TARGET_PERSON},
        {"guardian", TARGET_GUARDIAN},
        {"record_key", TARGET_RECORD_KEY},
        {"municipality", TARGET_MUNICIPALITY},
};

struct reading {
        struct arena *arena;
        const struct yaml *file;
        struct mapping *to;
        struct refusal *why;
};

static enum err add_column(struct reading *r, const struct yaml *at, struct bytes header,
        enum target target, struct bytes variable)
{
        struct mapping *m = r->to;

        if (m->columns_len == COLUMNS_MAX)
                return yaml_complain(at, ERR_LIMIT, r->why, "more columns than a file may have");
        for (uint32_t i = 0; i < m->columns_len; i++)
                if (bytes_equal(m->columns[i].header, header))
                        return yaml_complain(at, ERR_INVALID, r->why, "the column is mapped twice");
        m->columns[m->columns_len++] = (struct mapping_column){header, target, variable, at};
        return ERR_OK;
}

static enum err read_columns(struct reading *r)
{
        const struct yaml *columns = NULL;

        TRY(yaml_mapping(r->file, "columns", false, &columns, r->why));
        for (uint32_t i = 0; columns != NULL && i < columns->len; i++) {
                const struct yaml *at = &columns->items[i];
                enum target target = TARGET_VARIABLE;
                struct bytes name;

                TRY(yaml_text_of(at, "columns", &name, r->why));
                for (size_t t = 0; t < ARRAY_LEN(targets); t++)
                        if (bytes_is_text(name, targets[t].name))
                                target = targets[t].target;
                TRY(add_column(r, at, columns->keys[i], target, name));
        }
        return ERR_OK;
}

/* A key that names one header, or a list of them. */
static enum err read_headers(struct reading *r, const char *key, enum target target)
{
        const struct yaml *at = yaml_find(r->file, key);
        struct bytes header;

        if (at == NULL)
                return ERR_OK;
        if (at->kind != YAML_SEQUENCE) {
                TRY(yaml_text_of(at, key, &header, r->why));
                return add_column(r, at, header, target, (struct bytes){NULL, 0});
        }
        for (uint32_t i = 0; i < at->len; i++) {
                TRY(yaml_text_of(&at->items[i], key, &header, r->why));
                TRY(add_column(r, &at->items[i], header, target, (struct bytes){NULL, 0}));
        }
        return ERR_OK;
}

static enum err read_values_of(struct reading *r, struct bytes variable, const struct yaml *words)
{
        struct mapping *m = r->to;

        if (words->kind != YAML_MAPPING)
                return yaml_complain(words, ERR_INVALID, r->why,
                        "values of a variable are a mapping: what the file says: code");
        for (uint32_t i = 0; i < words->len; i++) {
                const struct yaml *at = &words->items[i];
                struct bytes to;

                if (m->values_len == VALUES_MAX)
                        return yaml_complain(at, ERR_LIMIT, r->why, "too many values");
                TRY(yaml_text_of(at, "values", &to, r->why));
                m->values[m->values_len++] =
                        (struct mapping_value){variable, value_trim(words->keys[i]), to, at};
        }
        return ERR_OK;
}

static enum err read_values(struct reading *r)
{
        const struct yaml *values = NULL;

        TRY(yaml_mapping(r->file, "values", false, &values, r->why));
        for (uint32_t i = 0; values != NULL && i < values->len; i++)
                TRY(read_values_of(r, values->keys[i], &values->items[i]));
        return ERR_OK;
}

static enum err read_missing(struct reading *r)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(r->file, "missing", false, &list, r->why));
        for (uint32_t i = 0; list != NULL && i < list->len; i++) {
                if (i == MISSING_MAX)
                        return yaml_complain(list, ERR_LIMIT, r->why, "too many marks for missing");
                TRY(yaml_text_of(&list->items[i], "missing", &r->to->missing[i], r->why));
                r->to->missing_len = i + 1;
        }
        return ERR_OK;
}

/* One character under `key`, among `allowed`; "tab" for a tab. */
static enum err read_mark(struct reading *r, const char *key, const char *allowed, char *out)
{
        struct bytes text = {NULL, 0};

        TRY(yaml_text(r->file, key, false, &text, r->why));
        if (text.data == NULL)
                return ERR_OK;
        if (bytes_is_text(text, "tab"))
                text = bytes_of_text("\t");
        if (text.len != 1 || strchr(allowed, (int)text.data[0]) == NULL)
                return yaml_complain(yaml_find(r->file, key), ERR_INVALID, r->why,
                        "one of these characters, in quotes: %s", allowed);
        *out = (char)text.data[0];
        return ERR_OK;
}

static enum err read_dialect(struct reading *r)
{
        struct mapping *m = r->to;
        struct bytes text = {NULL, 0};
        uint32_t format = 0;
        char delimiter = 0;

        TRY(yaml_word(r->file, "date_format", false, date_formats, &format, r->why));
        m->date_format = (enum date_format)format;
        TRY(read_mark(r, "decimal", ",.", &m->decimal));
        TRY(read_mark(r, "delimiter", ";,|\t", &delimiter));
        m->dialect.delimiter = (uint8_t)delimiter;
        TRY(yaml_text(r->file, "encoding", false, &text, r->why));
        if (text.data == NULL)
                return ERR_OK;
        m->dialect.encoding = csv_encoding_find(text);
        if (m->dialect.encoding == CSV_ENCODING_UNKNOWN || m->dialect.encoding == CSV_UTF16)
                return yaml_complain(yaml_find(r->file, "encoding"), ERR_INVALID, r->why,
                        "utf-8, windows-1252 or iso-8859-1");
        return ERR_OK;
}

static enum err read_as_of(struct reading *r)
{
        struct bytes text = {NULL, 0};

        TRY(yaml_text(r->file, "as_of", false, &text, r->why));
        if (text.data == NULL)
                return ERR_OK;
        if (days_parse((const char *)text.data, text.len, &r->to->as_of_days) != ERR_OK)
                return yaml_complain(yaml_find(r->file, "as_of"), ERR_INVALID, r->why,
                        "a date is written YYYY-MM-DD");
        r->to->has_as_of = true;
        return ERR_OK;
}

enum err mapping_read(struct arena *arena, const char *name, struct bytes text, struct mapping *out,
        struct refusal *why)
{
        struct mapping m = {.columns_len = 0};
        struct yaml *file = NULL;
        struct reading r = {arena, NULL, &m, why};

        TRY(yaml_read_text(arena, name, text, &file, why));
        r.file = file;
        if (file->kind != YAML_MAPPING)
                return yaml_complain(file, ERR_INVALID, why, "a column mapping is a mapping");
        TRY(yaml_known_keys(file, known, why));
        m.columns = arena_alloc(arena, COLUMNS_MAX, sizeof *m.columns);
        m.values = arena_alloc(arena, VALUES_MAX, sizeof *m.values);
        m.missing = arena_alloc(arena, MISSING_MAX, sizeof *m.missing);
        if (m.columns == NULL || m.values == NULL || m.missing == NULL)
                return ERR_NO_MEMORY;
        TRY(read_columns(&r));
        TRY(read_headers(&r, "person", TARGET_PERSON));
        TRY(read_headers(&r, "guardians", TARGET_GUARDIAN));
        TRY(read_headers(&r, "record_key", TARGET_RECORD_KEY));
        TRY(read_headers(&r, "municipality", TARGET_MUNICIPALITY));
        TRY(read_headers(&r, "ignore", TARGET_IGNORE));
        TRY(read_values(&r));
        TRY(read_missing(&r));
        TRY(read_dialect(&r));
        TRY(read_as_of(&r));
        *out = m;
        return ERR_OK;
}
