/* SPDX-License-Identifier: Apache-2.0 */
/* dataset_rules.h: what answers are held to, in sentences. */
#ifndef STATGATE_TOOLS_CLI_DATASET_RULES_H
#define STATGATE_TOOLS_CLI_DATASET_RULES_H

#include "proto/wire.h"
#include "tools/cli/cli.h"

/* One line for each rule that is asked for, but fewest persons and families. */
void list_disclosure(const struct cli *cli, const struct wire_rules *rules);
/* The tables that are planned; nothing where none is. */
void list_lattice(const struct cli *cli, const struct wire_lattice *lattice);

#endif
