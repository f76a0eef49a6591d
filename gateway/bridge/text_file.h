/* SPDX-License-Identifier: Apache-2.0 */
/* text_file.h: a certificate or its key, from a file; in memory of a fixed size, to be wiped. */
#ifndef STATGATE_GATEWAY_BRIDGE_TEXT_FILE_H
#define STATGATE_GATEWAY_BRIDGE_TEXT_FILE_H

#include "base/bytes.h"

enum { TEXT_FILE_MAX = 64 << 10 };

struct text_file {
        size_t len;
        uint8_t data[TEXT_FILE_MAX];
};

/* FOLDER/NAME. ERR_UNREADABLE, and the log says which. */
MUST_CHECK enum err text_file_read(const char *folder, const char *name, struct text_file *out);
struct bytes text_file_bytes(const struct text_file *f);
void text_file_wipe(struct text_file *f);

#endif
