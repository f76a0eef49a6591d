/* SPDX-License-Identifier: Apache-2.0 */
/* text_file.c: read as the sealed state is, whole or not at all. */
#include "gateway/bridge/text_file.h"

#include <stdio.h>

#include "base/log.h"
#include "crypto/secret.h"
#include "gateway/keeper/ask.h"

enum { PATH_MAX_LEN = 4096 };

enum err text_file_read(const char *folder, const char *name, struct text_file *out)
{
        char path[PATH_MAX_LEN];
        size_t len = 0;

        if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path ||
                state_file_read(path, out->data, sizeof out->data, &len) != ERR_OK) {
                log_event(LOG_ERROR, "bridge_file_unreadable", LOG_TEXT("name", name));
                return ERR_UNREADABLE;
        }
        out->len = len;
        return ERR_OK;
}

struct bytes text_file_bytes(const struct text_file *f)
{
        return bytes_of(f->data, f->len);
}

void text_file_wipe(struct text_file *f)
{
        wipe(f->data, sizeof f->data);
        f->len = 0;
}
