/* SPDX-License-Identifier: Apache-2.0 */
/* cli_room.h: `statgate` run in this process, with files in a folder that goes away.
 *
 * Include <cmocka.h> and what it needs first. */
#ifndef STATGATE_TESTS_SUPPORT_CLI_ROOM_H
#define STATGATE_TESTS_SUPPORT_CLI_ROOM_H

#include <stddef.h>

#include "base/attrs.h"
#include "tools/cli/cli.h"

enum { ROOM_PATH = 96, ROOM_TEXT = 1 << 20 };

struct ran {
        char *out, *err;
        enum exit_code code;
};
void ran_free(struct ran *r);
#define RAN OWNED(ran_free) struct ran

/* In English; ended by NULL. */
struct ran room_run(const char *const *words);
#define RUN(...) room_run((const char *const[]){__VA_ARGS__, NULL})

/* Group setup and teardown: the folder. */
int room_open(void **state);
int room_close(void **state);

/* In a buffer of its own; a few are kept. */
const char *room_path(const char *name);
const char *room_write(const char *name, const char *text);
const char *room_read(const char *name);
/* Files in the folder whose names begin so. */
unsigned room_count(const char *prefix);

#endif
