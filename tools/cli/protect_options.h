/* SPDX-License-Identifier: Apache-2.0 */
/* protect_options.h: what `statgate protect` and `statgate audit-table` are both told. */
#ifndef STATGATE_TOOLS_CLI_PROTECT_OPTIONS_H
#define STATGATE_TOOLS_CLI_PROTECT_OPTIONS_H

#include "tools/cli/hierarchy.h"

struct table_options {
        const char *names[DIMENSIONS_MAX]; /* columns of dimensions */
        uint32_t names_len;
        struct hierarchy_wish hierarchy[DIMENSIONS_MAX];
        bool zeros_published;
        uint32_t threshold;
};

/* --dims, --hierarchy, --zeros and --threshold; complain themselves. */
enum exit_code table_options_read(const struct cli *cli, struct arena *arena,
        const struct arguments *args, struct table_options *out);
/* A whole number from `least` to `most`; `*out` stays where it is not given. */
enum exit_code option_number(const struct cli *cli, const struct arguments *args, const char *name,
        uint64_t least, uint64_t most, uint64_t *out);
/* "N,M" */
enum exit_code option_pair(
        const struct cli *cli, const struct arguments *args, const char *name, uint32_t out[2]);
/* All dimensions of the file. */
MUST_CHECK enum err table_options_shape(struct arena *arena, const struct table_options *options,
        const struct table_file *file, const char *path, struct shape *out,
        struct table_fault *why);
/* Whatever went wrong, in words. */
enum exit_code table_failed(const struct cli *cli, enum err rc, const struct table_fault *why);

#define TABLE_OPTION_SPECS                                                                          \
        {"dims", "COLUMN,…", NULL, true, false,                                                     \
                {"kolumner som tabellen delas upp efter", "columns that break the table down"}},    \
                {"hierarchy", "COLUMN=FILE.csv", NULL, false, true,                                 \
                        {"grupper av koder i kolumnen: en fil med child,parent på varje rad, hur " \
                         "djup som helst; flera filer grupperar på flera sätt",                     \
                                "groups of codes of the column: a file with child,parent on each "  \
                                "row, of any depth; several files group in several ways"}},         \
        {                                                                                           \
                "zeros", "publish|protect", "protect", false, false,                                \
                {                                                                                   \
                        "om nollor visas, eller döljs som det som är för litet",                    \
                                "whether zeros are shown, or hidden like what is too small"         \
                }                                                                                   \
        }

#endif
