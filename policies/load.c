/* SPDX-License-Identifier: Apache-2.0 */
/* load.c: what all topics of a bundle read alike: names, labels, dates, numbers,
 * lists of names, and the article 30 record. */
#include "policies/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "policies/suggest.h"

enum err load_keep(struct loader *l, struct bytes text, struct bytes *out)
{
        return bytes_copy(l->arena, text, out);
}

/* The file's name is one of the sources', which live as long as the policy. */
struct rule_place load_place(const struct loader *l, const struct yaml *m, const char *key)
{
        const struct rules *r = &l->policy->rules;
        struct rule_place at = {.line = m->line};

        for (uint32_t i = 0; key != NULL && i < m->len; i++)
                if (m->kind == YAML_MAPPING && bytes_is_text(m->keys[i], key))
                        at.line = m->key_places[i].line;
        for (uint32_t i = 0; i < r->sources_len; i++)
                if (bytes_is_text(r->sources[i].name, m->file))
                        at.file = r->sources[i].name;
        return at;
}

enum err load_name(struct loader *l, const struct yaml *m, const char *key, struct bytes *out)
{
        struct bytes name = {0};

        TRY(yaml_text(m, key, true, &name, l->why));
        if (!rules_is_name(name))
                return yaml_complain(yaml_find(m, key), ERR_CONFIG, l->why,
                        "`%s` must be an identifier: a small letter, then letters, digits, _ and "
                        "-, at most %d",
                        key, NAME_MAX_LEN);
        return load_keep(l, name, out);
}

/* What may stand in a code: nothing that a filter would read as its own syntax. */
static bool is_code(struct bytes code)
{
        if (code.len == 0 || code.len > CODE_MAX_LEN)
                return false;
        for (size_t i = 0; i < code.len; i++) {
                uint8_t c = code.data[i];

                if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') &&
                        (c == 0 || strchr("_+.-", c) == NULL))
                        return false;
                if (i > 0 && c == '.' && code.data[i - 1] == '.')
                        return false;
        }
        return true;
}

enum err load_code_text(
        struct loader *l, const struct yaml *at, struct bytes text, struct bytes *out)
{
        if (!is_code(text))
                return yaml_complain(at, ERR_CONFIG, l->why,
                        "a code is 1 to %d of letters a-z, digits, _ + - and single points",
                        CODE_MAX_LEN);
        if (bytes_is_text(text, CATEGORY_OTHER))
                return yaml_complain(at, ERR_CONFIG, l->why,
                        "answers call everything else `%s`: the code needs another name",
                        CATEGORY_OTHER);
        return load_keep(l, text, out);
}

/* A citation of nothing but blanks cites nothing. */
static bool is_blank(struct bytes text)
{
        for (size_t i = 0; i < text.len; i++)
                if (text.data[i] != ' ')
                        return false;
        return true;
}

static enum err check_words(
        struct loader *l, const struct yaml *at, const char *key, struct bytes text, size_t max)
{
        if (text.len > max)
                return yaml_complain(
                        at, ERR_CONFIG, l->why, "`%s` is longer than %zu bytes", key, max);
        if (is_blank(text))
                return yaml_complain(at, ERR_CONFIG, l->why, "`%s` is empty", key);
        if (!bytes_is_printable(text))
                return yaml_complain(at, ERR_CONFIG, l->why,
                        "`%s` must be one line of text (use >- to fold several)", key);
        return ERR_OK;
}

static enum err load_words(
        struct loader *l, const struct yaml *m, const char *key, size_t max, struct bytes *out)
{
        struct bytes text = {0};

        TRY(yaml_text(m, key, true, &text, l->why));
        TRY(check_words(l, yaml_find(m, key), key, text, max));
        return load_keep(l, text, out);
}

enum err load_sentence(struct loader *l, const struct yaml *m, const char *key, struct bytes *out)
{
        return load_words(l, m, key, TEXT_MAX_LEN, out);
}

enum err load_label(
        struct loader *l, const struct yaml *m, const char *key, bool required, struct label *out)
{
        static const char *const languages[] = {"sv", "en", NULL};
        const struct yaml *value = yaml_find(m, key);
        struct label label;

        if (value == NULL && !required)
                return ERR_OK;
        if (value == NULL)
                return yaml_complain(m, ERR_CONFIG, l->why, "`%s` is missing", key);
        if (value->kind == YAML_SCALAR) {
                TRY(load_words(l, m, key, LABEL_MAX_LEN, &label.sv));
                label.en = label.sv;
        } else {
                TRY(yaml_known_keys(value, languages, l->why));
                TRY(load_words(l, value, "sv", LABEL_MAX_LEN, &label.sv));
                TRY(load_words(l, value, "en", LABEL_MAX_LEN, &label.en));
        }
        *out = label;
        return ERR_OK;
}

enum err load_date(
        struct loader *l, const struct yaml *m, const char *key, bool required, int32_t *out)
{
        struct bytes text = {0};

        TRY(yaml_text(m, key, required, &text, l->why));
        if (text.len == 0)
                return ERR_OK;
        if (text.len != 10 || days_parse((const char *)text.data, text.len, out) != ERR_OK)
                return yaml_complain(yaml_find(m, key), ERR_CONFIG, l->why,
                        "`%s` must be a date, YYYY-MM-DD", key);
        return ERR_OK;
}

enum err load_scaled(struct loader *l, const struct yaml *m, const char *key, bool required,
        uint32_t decimals, int64_t *out)
{
        struct bytes text = {0};

        TRY(yaml_text(m, key, required, &text, l->why));
        if (text.len == 0)
                return ERR_OK;
        if (!bytes_decimal(text, decimals, out))
                return yaml_complain(yaml_find(m, key), ERR_CONFIG, l->why,
                        decimals == 0 ? "`%s` must be a whole number"
                                      : "`%s` must be a number with a point and no more decimals "
                                        "than the variable",
                        key);
        return ERR_OK;
}

enum err load_processing(struct loader *l, const struct yaml *m, struct processing_record *out)
{
        static const char *const keys[] = {
                "controller", "persons", "data", "recipients", "retention", "safeguards", NULL};
        const struct yaml *record = NULL;

        TRY(yaml_mapping(m, "article_30", true, &record, l->why));
        TRY(yaml_known_keys(record, keys, l->why));
        TRY(load_sentence(l, record, "controller", &out->controller));
        TRY(load_sentence(l, record, "persons", &out->persons));
        TRY(load_sentence(l, record, "data", &out->data));
        TRY(load_sentence(l, record, "recipients", &out->recipients));
        TRY(load_sentence(l, record, "retention", &out->retention));
        return load_sentence(l, record, "safeguards", &out->safeguards);
}

static int by_bytes(const void *a, const void *b)
{
        const struct bytes *x = a, *y = b;

        return bytes_compare(*x, *y);
}

static int32_t position(const struct bytes *known, uint32_t len, struct bytes name)
{
        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(known[i], name))
                        return (int32_t)i;
        return -1;
}

static enum err dangling(struct loader *l, const struct yaml *at, struct bytes name,
        const struct bytes *known, uint32_t known_len, const char *noun)
{
        char near[SUGGEST_MAX];

        suggest_text(name, known, known_len, near);
        return yaml_complain(at, ERR_CONFIG, l->why, "there is no %s of this name%s", noun, near);
}

enum err load_names(struct loader *l, const struct yaml *m, const char *key,
        const struct bytes *known, uint32_t known_len, const char *noun, struct bytes **out,
        uint32_t *out_len)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(m, key, true, &list, l->why));
        if (list->len == 0)
                return yaml_complain(list, ERR_CONFIG, l->why, "`%s` is empty", key);

        struct bytes *names = arena_alloc(l->arena, list->len, sizeof *names);

        if (names == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                struct bytes name = {0};

                TRY(yaml_text_of(&list->items[i], key, &name, l->why));

                int32_t at = position(known, known_len, name);

                if (at < 0)
                        return dangling(l, &list->items[i], name, known, known_len, noun);
                if (position(names, i, name) >= 0)
                        return yaml_complain(&list->items[i], ERR_CONFIG, l->why, "is named twice");
                names[i] = known[at];
        }
        qsort(names, list->len, sizeof *names, by_bytes);
        *out = names;
        *out_len = list->len;
        return ERR_OK;
}

enum err load_roles(struct loader *l, const struct yaml *m, const char *key, unsigned *out)
{
        struct bytes known[ROLE_COUNT], *names = NULL;
        uint32_t known_len = 0, len = 0;

        for (unsigned r = ROLE_NONE + 1; r < ROLE_COUNT; r++)
                known[known_len++] = bytes_of_text(role_name((enum role)r));
        TRY(load_names(l, m, key, known, known_len, "role", &names, &len));
        *out = 0;
        for (uint32_t i = 0; i < len; i++)
                *out |= 1u << role_find((const char *)names[i].data, (uint32_t)names[i].len);
        return ERR_OK;
}

enum err load_choice(struct loader *l, const struct yaml *m, const char *key,
        const struct bytes *known, uint32_t known_len, const char *noun, uint32_t *out)
{
        struct bytes name = {0};

        TRY(yaml_text(m, key, true, &name, l->why));

        int32_t at = position(known, known_len, name);

        if (at < 0)
                return dangling(l, yaml_find(m, key), name, known, known_len, noun);
        *out = (uint32_t)at;
        return ERR_OK;
}
