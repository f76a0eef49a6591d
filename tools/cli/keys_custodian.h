/* SPDX-License-Identifier: Apache-2.0 */
/* keys_custodian.h: a folder for whoever keeps the keys without keeping the gateway. */
#ifndef STATGATE_TOOLS_CLI_KEYS_CUSTODIAN_H
#define STATGATE_TOOLS_CLI_KEYS_CUSTODIAN_H

#include "tools/cli/cli.h"

struct custodian_wish {
        const char *folder;
        const char *listen, *gateway; /* as statgate.yaml has them */
        const char *host;             /* certificates for trying out, of this name; or NULL */
        bool development;
};

/* Settings and folders, in one that is empty or not there; no keyring yet. */
enum exit_code custodian_folder(struct cli *cli, const struct custodian_wish *wish);
/* The keyring that was made is the one in use (gateway/bridge/vault.h). */
enum exit_code custodian_adopt(struct cli *cli, const char *keyring);

#endif
