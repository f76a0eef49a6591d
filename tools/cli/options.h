/* SPDX-License-Identifier: Apache-2.0 */
/* options.h: inside the frame: reading argv, and the options everybody has. */
#ifndef STATGATE_TOOLS_CLI_OPTIONS_H
#define STATGATE_TOOLS_CLI_OPTIONS_H

#include "tools/cli/cli.h"

#define STATGATE_VERSION "0.1.0"

extern const struct option_spec cli_global_options[];
extern const unsigned cli_global_options_len;

enum exit_code options_run(struct cli *cli, int argc, char **argv);

#endif
