/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h: the gateway's registry of indicators, and one of them by its name. */
#ifndef STATGATE_TOOLS_CLI_REGISTRY_H
#define STATGATE_TOOLS_CLI_REGISTRY_H

#include "proto/wire.h"
#include "tools/cli/cli.h"

/* All that the caller may ask for; lives in the run's arena. Complains itself. */
enum exit_code registry_read(struct cli *cli, struct wire_indicators *out);

/* "ID" (the latest version) or "ID@VERSION". */
struct indicator_name {
        struct bytes id;
        uint32_t version; /* 0: the latest */
};
bool indicator_name_parse(struct bytes text, struct indicator_name *out);
/* NULL: not there. */
const struct wire_indicator *registry_find(
        const struct wire_indicators *all, const struct indicator_name *name);
/* Reads the registry and finds what argument `nth` names. Complains itself. */
enum exit_code registry_argument(struct cli *cli, const struct arguments *args, unsigned nth,
        const struct wire_indicator **out);

/* DescribeDataset; lives in the run's arena. Complains itself. */
enum exit_code dataset_read(struct cli *cli, struct bytes id, struct wire_dataset *out);
/* NULL: none. */
const struct wire_variable *dataset_variable(const struct wire_dataset *d, struct bytes id);

/* "a, b, c" */
const char *joined_text(const struct cli *cli, const struct bytes *texts, uint32_t len);

#endif
