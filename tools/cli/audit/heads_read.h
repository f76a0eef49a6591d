/* SPDX-License-Identifier: Apache-2.0 */
/* heads_read.h: signed heads over the log, from the gateway and from witnesses. */
#ifndef STATGATE_TOOLS_CLI_AUDIT_HEADS_READ_H
#define STATGATE_TOOLS_CLI_AUDIT_HEADS_READ_H

#include "crypto/tree_head.h"
#include "tools/cli/cli.h"

/* `head` NULL: the witness has something that is no head. Asked once for each file. */
typedef enum err (*head_visitor)(void *ctx, const struct tree_head *head, const char *witness);

/* Those that the gateway keeps, and the newest; `witness` is NULL. Complains itself. */
enum exit_code heads_of_gateway(struct cli *cli, head_visitor fn, void *ctx);
/* A file of lines, or a folder of such files. Complains itself, also where there is none. */
enum exit_code heads_of_witness(struct cli *cli, const char *path, head_visitor fn, void *ctx);

#endif
