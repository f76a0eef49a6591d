/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.h: the only door to libfyaml: a checked document with positions.
 *
 * Refuses what a reader of rules must not meet: files over a ceiling, deep
 * nesting, anchors and aliases (YAML bombs), duplicate keys, more than one document.
 * Every complaint carries file:line:column. Used for bundles, configuration and
 * column mappings. */
#ifndef STATGATE_POLICIES_YAML_H
#define STATGATE_POLICIES_YAML_H

#include "base/arena.h"
#include "base/bytes.h"

enum yaml_kind { YAML_NONE = 0, YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

/* A node, copied into the arena: libfyaml is gone when yaml_read returns. */
struct yaml {
        enum yaml_kind kind;
        struct bytes text; /* scalars, NUL-terminated behind the last byte */
        bool quoted;
        struct yaml *items; /* sequence items, or values of a mapping */
        struct bytes *keys; /* mapping keys, same order */
        struct yaml_place {
                uint32_t line, column;
        } * key_places; /* where each key stands, for complaints about the key */
        uint32_t len;
        const char *file;
        uint32_t line, column; /* from 1 */
};

enum { YAML_BYTES_MAX = 4 << 20, YAML_DEPTH_MAX = 16, YAML_NODES_MAX = 400000 };

/* The bytes of a regular file of at most YAML_BYTES_MAX, in the arena; for callers
 * who also want their digest. */
MUST_CHECK enum err yaml_slurp(
        struct arena *a, const char *path, struct bytes *out, struct refusal *why);

/* What is wrong with the text is ERR_CONFIG; a file that cannot be read is
 * ERR_UNREADABLE. `name` (and `path`) are what complaints call the file; copied. */
MUST_CHECK enum err yaml_read_file(
        struct arena *a, const char *path, struct yaml **out, struct refusal *why);
MUST_CHECK enum err yaml_read_text(struct arena *a, const char *name, struct bytes text,
        struct yaml **out, struct refusal *why);

/* NULL: not there. */
const struct yaml *yaml_find(const struct yaml *mapping, const char *key);

/* Adds "file:line:column: text" to `why` and returns `code`. */
enum err yaml_complain(const struct yaml *at, enum err code, struct refusal *why, const char *fmt,
        ...) PRINTF_LIKE(4, 5);
/* The same at the key (of mapping `m`) instead of its value; at `m` when absent. */
enum err yaml_complain_key(const struct yaml *m, const char *key, enum err code,
        struct refusal *why, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Typed reads of a mapping's key; a missing key leaves *out as it was when
 * `required` is false. */
MUST_CHECK enum err yaml_text(const struct yaml *m, const char *key, bool required,
        struct bytes *out, struct refusal *why);
/* An item of a list (a scalar without a key), by the same rules. */
MUST_CHECK enum err yaml_text_of(
        const struct yaml *scalar, const char *what, struct bytes *out, struct refusal *why);
/* A list or mapping below `key`; *out is NULL when it is absent and not required. */
MUST_CHECK enum err yaml_list(const struct yaml *m, const char *key, bool required,
        const struct yaml **out, struct refusal *why);
MUST_CHECK enum err yaml_mapping(const struct yaml *m, const char *key, bool required,
        const struct yaml **out, struct refusal *why);
/* One word of a NULL-terminated list; *out is its index. */
MUST_CHECK enum err yaml_word(const struct yaml *m, const char *key, bool required,
        const char *const *words, uint32_t *out, struct refusal *why);
MUST_CHECK enum err yaml_integer(const struct yaml *m, const char *key, bool required, int64_t min,
        int64_t max, int64_t *out, struct refusal *why);
/* yes, no, true or false. */
MUST_CHECK enum err yaml_boolean(
        const struct yaml *m, const char *key, bool required, bool *out, struct refusal *why);
/* Refuses keys outside the NULL-terminated list, with the nearest known key as a
 * suggestion. */
MUST_CHECK enum err yaml_known_keys(
        const struct yaml *m, const char *const *known, struct refusal *why);

#endif
