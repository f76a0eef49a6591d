/* SPDX-License-Identifier: Apache-2.0 */
/* protect_options.c: options of tables in files. */
#include "tools/cli/protect_options.h"

#include <string.h>

static enum exit_code wrong(const struct cli *cli, const char *name)
{
        complain(cli, WORD_OPTION_VALUE, name);
        return EXIT_CODE_USAGE;
}

/* Digits only; false beyond a word. */
static bool number_of(struct bytes text, uint64_t *out)
{
        uint64_t value = 0;

        for (size_t i = 0; i < text.len; i++) {
                if (text.data[i] < '0' || text.data[i] > '9' ||
                        __builtin_mul_overflow(value, 10, &value) ||
                        __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
                        return false;
        }
        *out = value;
        return text.len > 0;
}

enum exit_code option_number(const struct cli *cli, const struct arguments *args, const char *name,
        uint64_t least, uint64_t most, uint64_t *out)
{
        const char *text = option_text(args, name);
        uint64_t value = 0;

        if (text == NULL)
                return EXIT_CODE_OK;
        if (!number_of(bytes_of_text(text), &value) || value < least || value > most)
                return wrong(cli, name);
        *out = value;
        return EXIT_CODE_OK;
}

enum exit_code option_pair(
        const struct cli *cli, const struct arguments *args, const char *name, uint32_t out[2])
{
        const char *text = option_text(args, name), *comma;
        uint64_t first, second;

        if (text == NULL)
                return EXIT_CODE_OK;
        comma = strchr(text, ',');
        if (comma == NULL || !number_of(bytes_of(text, (size_t)(comma - text)), &first) ||
                !number_of(bytes_of_text(comma + 1), &second) || first > UINT32_MAX ||
                second > UINT32_MAX)
                return wrong(cli, name);
        out[0] = (uint32_t)first;
        out[1] = (uint32_t)second;
        return EXIT_CODE_OK;
}

/* Dimensions --------------------------------------------------------------------------------- */

static bool is_ours(const char *name)
{
        return strcmp(name, "value") == 0 || strcmp(name, "conf_status") == 0;
}

static bool known(const struct table_options *o, const char *name, size_t len, uint32_t *out)
{
        for (uint32_t d = 0; d < o->names_len; d++)
                if (strlen(o->names[d]) == len && memcmp(o->names[d], name, len) == 0) {
                        *out = d;
                        return true;
                }
        return false;
}

static enum exit_code read_dims(const struct cli *cli, struct arena *arena,
        const struct arguments *args, struct table_options *o)
{
        const char *at = option_text(args, "dims");
        uint32_t ignored;

        for (;;) {
                size_t len = strcspn(at, ",");
                const char *name;

                if (len == 0 || o->names_len == DIMENSIONS_MAX || known(o, at, len, &ignored))
                        return wrong(cli, "dims");
                name = arena_strndup(arena, at, len);
                if (name == NULL)
                        return EXIT_CODE_INTERNAL;
                if (is_ours(name))
                        return wrong(cli, "dims");
                o->hierarchy[o->names_len].dimension = name;
                o->names[o->names_len++] = name;
                if (at[len] == '\0')
                        return EXIT_CODE_OK;
                at += len + 1;
        }
}

static enum exit_code read_hierarchies(
        const struct cli *cli, const struct arguments *args, struct table_options *o)
{
        for (unsigned i = 0; i < option_count(args, "hierarchy"); i++) {
                const char *text = option_nth(args, "hierarchy", i), *equals = strchr(text, '=');
                struct hierarchy_wish *h;
                uint32_t d = 0;

                if (equals == NULL || equals[1] == '\0' ||
                        !known(o, text, (size_t)(equals - text), &d))
                        return wrong(cli, "hierarchy");
                h = &o->hierarchy[d];
                if (h->paths_len == HIERARCHY_FILES_MAX)
                        return wrong(cli, "hierarchy");
                h->paths[h->paths_len++] = equals + 1;
        }
        return EXIT_CODE_OK;
}

static enum exit_code read_zeros(
        const struct cli *cli, const struct arguments *args, struct table_options *o)
{
        const char *zeros = option_text(args, "zeros");

        if (zeros == NULL || strcmp(zeros, "protect") == 0)
                return EXIT_CODE_OK;
        if (strcmp(zeros, "publish") != 0)
                return wrong(cli, "zeros");
        o->zeros_published = true;
        return EXIT_CODE_OK;
}

enum exit_code table_options_read(const struct cli *cli, struct arena *arena,
        const struct arguments *args, struct table_options *out)
{
        struct table_options o = {.threshold = out->threshold};
        uint64_t threshold = o.threshold;
        enum exit_code code = read_dims(cli, arena, args, &o);

        if (code == EXIT_CODE_OK)
                code = read_hierarchies(cli, args, &o);
        if (code == EXIT_CODE_OK)
                code = read_zeros(cli, args, &o);
        if (code == EXIT_CODE_OK)
                code = option_number(cli, args, "threshold", 0, INT32_MAX, &threshold);
        o.threshold = (uint32_t)threshold;
        if (code == EXIT_CODE_OK)
                *out = o;
        return code;
}

enum err table_options_shape(struct arena *arena, const struct table_options *options,
        const struct table_file *file, const char *path, struct shape *out, struct table_fault *why)
{
        for (uint32_t d = 0; d < options->names_len; d++)
                TRY(hierarchy_shape(
                        arena, &options->hierarchy[d], &file->codes[d], path, &out[d], why));
        why->path = path;
        return ERR_OK;
}

enum exit_code table_failed(const struct cli *cli, enum err rc, const struct table_fault *why)
{
        if (rc == ERR_INVALID && why->code != EXIT_CODE_OK)
                return table_fault_tell(cli, why);
        if (rc == ERR_TOO_MANY_CELLS) {
                complain(cli, WORD_TABLE_CELLS_MANY);
                return EXIT_CODE_INPUT;
        }
        complain(cli, rc == ERR_NO_MEMORY ? WORD_TABLE_NO_MEMORY : WORD_TABLE_FAILED,
                err_sentence(rc));
        return EXIT_CODE_INTERNAL;
}
