/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h: what a custodian may set, from statgate.yaml of the folder. */
#ifndef STATGATE_GATEWAY_BRIDGE_SETTINGS_H
#define STATGATE_GATEWAY_BRIDGE_SETTINGS_H

#include "base/arena.h"
#include "base/log.h"
#include "gateway/bridge/address.h"
#include "gateway/bridge/party.h"
#include "gateway/keeper/keeper.h"

enum custody_opener { OPEN_OFFICERS = 0, OPEN_PASSPHRASE, OPEN_MODULE };

struct custody_settings {
        const char *folder; /* absolute */
        const char *keyring, *passphrase_file, *log, *listen_pki;
        const char *keeper; /* program */
        struct address listen;
        struct party gateway;
        enum custody_opener opener;
        struct keeper_module module;
        bool memory_lock_required;
        enum log_level log_level;
};

/* Texts live in the arena. */
MUST_CHECK enum err custody_settings_read(
        struct arena *arena, const char *folder, struct custody_settings *out, struct refusal *why);

#endif
