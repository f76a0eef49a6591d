/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_typed.c: reading a tree with types, and complaining with positions.
 *
 * YAML guesses types from looks (`no` is false, 0114 is 76); we do not. A scalar
 * is text until somebody asks for a number or a switch, so that a municipality's
 * code keeps its zero. These files are ours or our operator's, so a complaint may
 * quote them, shortened and only when printable. */
#include "policies/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policies/suggest.h"

enum { QUOTE_MAX = 48 };

static enum err complain(const char *file, struct yaml_place at, enum err code, struct refusal *why,
        const char *fmt, va_list args) __attribute__((format(printf, 5, 0)));

static enum err complain(const char *file, struct yaml_place at, enum err code, struct refusal *why,
        const char *fmt, va_list args)
{
        char field[VIOLATION_FIELD_MAX], text[VIOLATION_TEXT_MAX];
        size_t len = strlen(file);
        /* A long path keeps its end, which says more. */
        const char *tail = len > sizeof field - 24 ? file + len - (sizeof field - 24) : file;

        (void)snprintf(field, sizeof field, "%s:%u:%u", tail, at.line, at.column);
        (void)vsnprintf(text, sizeof text, fmt, args);
        return refuse(why, code, field, "%s", text);
}

enum err yaml_complain(
        const struct yaml *at, enum err code, struct refusal *why, const char *fmt, ...)
{
        va_list args;

        va_start(args, fmt);
        enum err rc =
                complain(at->file, (struct yaml_place){at->line, at->column}, code, why, fmt, args);
        va_end(args);
        return rc;
}

static int32_t key_index(const struct yaml *m, const char *key)
{
        if (m->kind != YAML_MAPPING)
                return -1;
        for (uint32_t i = 0; i < m->len; i++)
                if (bytes_is_text(m->keys[i], key))
                        return (int32_t)i;
        return -1;
}

enum err yaml_complain_key(const struct yaml *m, const char *key, enum err code,
        struct refusal *why, const char *fmt, ...)
{
        int32_t i = key_index(m, key);
        struct yaml_place at = i < 0 ? (struct yaml_place){m->line, m->column} : m->key_places[i];
        va_list args;

        va_start(args, fmt);
        enum err rc = complain(m->file, at, code, why, fmt, args);
        va_end(args);
        return rc;
}

const struct yaml *yaml_find(const struct yaml *mapping, const char *key)
{
        int32_t i = key_index(mapping, key);

        return i < 0 ? NULL : &mapping->items[i];
}

/* NULL in *out when the key is absent and may be. */
static enum err find(const struct yaml *m, const char *key, bool required, const struct yaml **out,
        struct refusal *why)
{
        if (m->kind != YAML_MAPPING)
                return yaml_complain(m, ERR_CONFIG, why, "keys and values are expected here");
        *out = yaml_find(m, key);
        if (*out == NULL && required)
                return yaml_complain(m, ERR_CONFIG, why, "`%s` is missing", key);
        return ERR_OK;
}

enum err yaml_text_of(
        const struct yaml *scalar, const char *what, struct bytes *out, struct refusal *why)
{
        if (scalar->kind != YAML_SCALAR)
                return yaml_complain(scalar, ERR_CONFIG, why, "`%s` must be plain text", what);
        if (scalar->text.len == 0)
                return yaml_complain(scalar, ERR_CONFIG, why, "`%s` is empty", what);
        *out = scalar->text;
        return ERR_OK;
}

enum err yaml_text(const struct yaml *m, const char *key, bool required, struct bytes *out,
        struct refusal *why)
{
        const struct yaml *value = NULL;

        TRY(find(m, key, required, &value, why));
        return value == NULL ? ERR_OK : yaml_text_of(value, key, out, why);
}

static enum err collection(const struct yaml *m, const char *key, bool required,
        enum yaml_kind kind, const struct yaml **out, struct refusal *why)
{
        const struct yaml *value = NULL;

        TRY(find(m, key, required, &value, why));
        if (value != NULL && value->kind != kind)
                return yaml_complain(value, ERR_CONFIG, why, "`%s` must be %s", key,
                        kind == YAML_SEQUENCE ? "a list" : "keys and values");
        *out = value;
        return ERR_OK;
}

enum err yaml_list(const struct yaml *m, const char *key, bool required, const struct yaml **out,
        struct refusal *why)
{
        return collection(m, key, required, YAML_SEQUENCE, out, why);
}

enum err yaml_mapping(const struct yaml *m, const char *key, bool required, const struct yaml **out,
        struct refusal *why)
{
        return collection(m, key, required, YAML_MAPPING, out, why);
}

enum err yaml_integer(const struct yaml *m, const char *key, bool required, int64_t min,
        int64_t max, int64_t *out, struct refusal *why)
{
        const struct yaml *value = NULL;
        struct bytes text = {0};
        int64_t v;

        TRY(find(m, key, required, &value, why));
        if (value == NULL)
                return ERR_OK;
        TRY(yaml_text_of(value, key, &text, why));
        if (!bytes_decimal(text, 0, &v))
                return yaml_complain(value, ERR_CONFIG, why, "`%s` must be a whole number", key);
        if (v < min || v > max)
                return yaml_complain(value, ERR_CONFIG, why, "`%s` must lie between %lld and %lld",
                        key, (long long)min, (long long)max);
        *out = v;
        return ERR_OK;
}

enum err yaml_boolean(
        const struct yaml *m, const char *key, bool required, bool *out, struct refusal *why)
{
        static const char *const words[] = {"no", "yes", "false", "true", NULL};
        uint32_t word = *out ? 1 : 0;

        TRY(yaml_word(m, key, required, words, &word, why));
        *out = word % 2 == 1;
        return ERR_OK;
}

/* Words in quotes and commas, for "must be one of". */
static void list_words(const char *const *words, char *out, size_t cap)
{
        size_t len = 0;

        out[0] = '\0';
        for (; *words != NULL && len + 3 < cap; words++) {
                int n = snprintf(out + len, cap - len, "%s%s", len > 0 ? ", " : "", *words);

                len += n > 0 ? (size_t)n : 0;
        }
}

enum { WORDS_MAX = 64 };

static uint32_t as_bytes(const char *const *words, struct bytes *out)
{
        uint32_t len = 0;

        for (; words[len] != NULL && len < WORDS_MAX; len++)
                out[len] = bytes_of_text(words[len]);
        return len;
}

enum err yaml_word(const struct yaml *m, const char *key, bool required, const char *const *words,
        uint32_t *out, struct refusal *why)
{
        struct bytes text = {0}, known[WORDS_MAX];
        char all[120], near[SUGGEST_MAX];

        TRY(yaml_text(m, key, required, &text, why));
        if (text.len == 0)
                return ERR_OK;
        for (uint32_t i = 0; words[i] != NULL; i++)
                if (bytes_is_text(text, words[i])) {
                        *out = i;
                        return ERR_OK;
                }
        list_words(words, all, sizeof all);
        suggest_text(text, known, as_bytes(words, known), near);
        return yaml_complain(
                yaml_find(m, key), ERR_CONFIG, why, "`%s` must be one of: %s%s", key, all, near);
}

static bool is_known(struct bytes key, const char *const *known)
{
        for (; *known != NULL; known++)
                if (bytes_is_text(key, *known))
                        return true;
        return false;
}

enum err yaml_known_keys(const struct yaml *m, const char *const *known, struct refusal *why)
{
        struct bytes words[WORDS_MAX];
        uint32_t words_len = as_bytes(known, words);
        enum err rc = ERR_OK;

        if (m->kind != YAML_MAPPING)
                return yaml_complain(m, ERR_CONFIG, why, "keys and values are expected here");
        for (uint32_t i = 0; i < m->len; i++) {
                struct yaml at = {.file = m->file,
                        .line = m->key_places[i].line,
                        .column = m->key_places[i].column};
                struct bytes key = m->keys[i];
                char near[SUGGEST_MAX];

                if (is_known(key, known))
                        continue;
                suggest_text(key, words, words_len, near);
                rc = yaml_complain(&at, ERR_CONFIG, why, "`%.*s` is not a known key here%s",
                        bytes_is_printable(key) ? (int)(key.len < QUOTE_MAX ? key.len : QUOTE_MAX)
                                                : 0,
                        (const char *)key.data, near);
        }
        return rc;
}
