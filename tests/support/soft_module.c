/* SPDX-License-Identifier: Apache-2.0 */
/* soft_module.c: makes tokens with the tools that people use for it, each in a folder of its own.
 */
#include "tests/support/soft_module.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define LIBRARY "/usr/lib/softhsm/libsofthsm2.so"

enum { COMMAND_MAX = 1200 };

bool soft_module_there(void)
{
        bool there = access(LIBRARY, R_OK) == 0 && access("/usr/bin/pkcs11-tool", X_OK) == 0;

        if (!there)
                print_message("skipped: softhsm2 and opensc are not installed (tools/setup)\n");
        return there;
}

static void run(const struct soft_module *m, const char *command)
{
        char line[COMMAND_MAX];

        assert_true(snprintf(line, sizeof line, "env %s %s >>%s/log 2>&1", m->environment, command,
                            m->folder) < (int)sizeof line);
        assert_int_equal(system(line), 0);
}

void soft_module_write_pin(const struct soft_module *m, const char *pin)
{
        FILE *f = fopen(m->pin, "we");

        assert_non_null(f);
        assert_true(fprintf(f, "%s\n", pin) > 0);
        assert_int_equal(fclose(f), 0);
}

void soft_module_add_key(const struct soft_module *m, const char *label, const char *how)
{
        char line[COMMAND_MAX];

        (void)snprintf(line, sizeof line,
                "pkcs11-tool --module " LIBRARY " --token-label " SOFT_TOKEN
                " --login --pin " SOFT_PIN " --keygen --key-type AES:32 --label %s %s",
                label, how);
        run(m, line);
}

void soft_module_make(struct soft_module *m, const char *folder)
{
        char line[COMMAND_MAX];

        (void)snprintf(m->folder, sizeof m->folder, "%s/module", folder);
        (void)snprintf(m->pin, sizeof m->pin, "%s/pin", m->folder);
        (void)snprintf(m->environment, sizeof m->environment, "SOFTHSM2_CONF=%s/conf", m->folder);
        (void)snprintf(line, sizeof line,
                "mkdir -p %s/tokens && printf 'directories.tokendir = %s/tokens\\n' >%s/conf",
                m->folder, m->folder, m->folder);
        assert_int_equal(system(line), 0);
        run(m, "softhsm2-util --init-token --free --label " SOFT_TOKEN " --pin " SOFT_PIN
               " --so-pin 12345678");
        soft_module_add_key(m, SOFT_KEY, "--sensitive");
        soft_module_write_pin(m, SOFT_PIN);
        m->module = (struct keeper_module){.library = LIBRARY,
                .token = SOFT_TOKEN,
                .key = SOFT_KEY,
                .pin_file = m->pin,
                .environment = m->environment};
}
