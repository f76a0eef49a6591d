/* SPDX-License-Identifier: Apache-2.0 */
/* output.h: where an answer goes: standard output, or a file that appears whole or not at
 * all. */
#ifndef STATGATE_TOOLS_CLI_OUTPUT_H
#define STATGATE_TOOLS_CLI_OUTPUT_H

#include "tools/cli/render.h"

struct output {
        enum err (*write)(const struct cli *cli, const void *what, const struct render_how *how);
        const void *what;
};

/* The options --out and --bom; complains itself. *out_path: the file, or NULL. */
enum exit_code output_put(const struct cli *cli, const struct arguments *args,
        const struct output *o, const char **out_path);

#define OUTPUT_OPTION_SPECS(formats)                                                               \
        {"format", formats, "table", false, false, {"utformat", "output format"}},                 \
                {"out", "FILE", NULL, false, false,                                                \
                        {"skriv till en fil, hel eller inte alls",                                 \
                                "write to a file, whole or not at all"}},                          \
        {                                                                                          \
                "bom", NULL, NULL, false, false,                                                   \
                {                                                                                  \
                        "börja CSV med en byteordningsmarkering, för kalkylprogram",               \
                                "begin CSV with a byte order mark, for spreadsheets"               \
                }                                                                                  \
        }

#endif
