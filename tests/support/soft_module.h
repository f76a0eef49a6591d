/* SPDX-License-Identifier: Apache-2.0 */
/* soft_module.h: a security module that is a folder of files (SoftHSM), for cmocka tests. */
#ifndef STATGATE_TESTS_SUPPORT_SOFT_MODULE_H
#define STATGATE_TESTS_SUPPORT_SOFT_MODULE_H

#include <stdbool.h>

#include "gateway/keeper/keeper.h"

#define SOFT_TOKEN "slussen"
#define SOFT_KEY   "nyckelring"
#define SOFT_PIN   "428611"

struct soft_module {
        char folder[160], environment[200], pin[200];
        struct keeper_module module; /* borrows from the rest */
};

/* Whether SoftHSM and OpenSC are on this machine; else says so in one line. */
bool soft_module_there(void);
/* In a new folder under `folder`: a token, a key that cannot leave it, a file with the PIN. */
void soft_module_make(struct soft_module *m, const char *folder);
/* Another key in the token, with what pkcs11-tool is told besides. */
void soft_module_add_key(const struct soft_module *m, const char *label, const char *how);
void soft_module_write_pin(const struct soft_module *m, const char *pin);

#endif
