/* SPDX-License-Identifier: Apache-2.0 */
/* config.h: what an operator may set, from statgate.yaml and flags.
 *
 * Order: flag, then `--config FILE`, then ./statgate.yaml. Relative paths are
 * relative to the data folder, which is the folder of the settings file. */
#ifndef STATGATE_GATEWAY_CONFIG_H
#define STATGATE_GATEWAY_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "gateway/keeper/keeper.h"

/* Who opens the keyring at the start; in the order of the words for it. */
enum unsealer { UNSEAL_PASSPHRASE, UNSEAL_OFFICERS, UNSEAL_MODULE };

struct config {
        const char *folder;  /* data folder, absolute */
        const char *address; /* "127.0.0.1:7443" */
        const char *policy;  /* folder of the bundle and bundle.sgb */
        const char *pki;
        const char *store;
        const char *keyring;
        const char *passphrase_file; /* NULL: prompt or --passphrase-fd */
        const char *keeper;          /* program; NULL: beside statgated */
        const char *log;             /* file, or "-" for standard error */
        int passphrase_fd;           /* -1: none given */
        enum unsealer unsealer;
        struct keeper_module module;
        struct keeper_custodian custodian; /* .address NULL: the keeper is ours */
        bool memory_lock_required;
        enum log_level log_level;
        unsigned workers;   /* 0: the engine's default */
        unsigned threads;   /* of a query or a view build; 0: one per core */
        size_t view_memory; /* bytes */
        unsigned drain_ms;
        const char *const *witnesses; /* of the audit log (audit/audit.h) */
        unsigned witnesses_len;
        const char *witness_ca; /* NULL: whom the system trusts */
        const char *restore;    /* where officers' word for a restored log would lie */
        const char *ruling;     /* where the bundle in force is kept for the next start */
        /* "key: value" of every setting that has one, for the audit log; what a module needs in its
         * environment stays out. */
        const char *const *in_force;
        unsigned in_force_len;
};

/* Reads flags and settings file. `out` and its texts live in the arena. Prints
 * help and returns ERR_CANCELLED when --help or --version was asked for. */
MUST_CHECK enum err config_read(
        struct arena *arena, int argc, char **argv, struct config *out, struct refusal *why);

#endif
