/* SPDX-License-Identifier: Apache-2.0 */
/* files.h: small files and folders of the data folder. All of a file or nothing;
 * private unless said otherwise; errno tells why something failed. */
#ifndef STATGATE_TOOLS_CLI_FILES_H
#define STATGATE_TOOLS_CLI_FILES_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/bytes.h"

enum { FILE_TEXT_MAX = 8 << 20 };

/* At most FILE_TEXT_MAX bytes, NUL-terminated behind them. */
MUST_CHECK enum err file_read(struct arena *arena, const char *path, struct bytes *out);
/* Refuses to overwrite; written, synced, closed. */
MUST_CHECK enum err file_create(const char *path, struct bytes text, mode_t mode);
/* Takes the place of what was there in one step. */
MUST_CHECK enum err file_replace(const char *path, struct bytes text, mode_t mode);
bool file_exists(const char *path);

MUST_CHECK enum err folder_create(const char *path); /* mode 0700; fine if it is there */
bool folder_is_empty(const char *path);              /* or not there */
/* Regular files and folders of `from`, into `to`; symbolic links are refused. */
MUST_CHECK enum err folder_copy(const char *from, const char *to);

/* NULL when memory is short. */
char *path_join(struct arena *arena, const char *folder, const char *name);

#endif
