/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h: finding, reading and signing a policy bundle. */
#ifndef STATGATE_TOOLS_CLI_BUNDLE_H
#define STATGATE_TOOLS_CLI_BUNDLE_H

#include "tools/cli/cli.h"

struct policy;
struct secret;

/* Complains with file:line:column itself. */
enum exit_code bundle_load(const struct cli *cli, const char *folder, struct policy **out);
/* The bundle in FOLDER (argument `nth`), or the data folder's, or the one that came
 * with the program. */
enum exit_code bundle_folder(
        struct cli *cli, const struct arguments *args, unsigned nth, const char **out);
/* `wanted`, or the bundle that came with the program; NULL: there is none. */
const char *bundle_find(struct cli *cli, const char *wanted);
/* Adds a signature to the file at `path`, or makes it. ERR_CONFLICT: signed before. */
MUST_CHECK enum err bundle_sign_file(
        const struct policy *p, const struct secret *key, const char *path);

#endif
