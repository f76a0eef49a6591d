/* SPDX-License-Identifier: Apache-2.0 */
/* world_command.h: the program `statgate` beside a world's gateway, as people type it. */
#ifndef STATGATE_TESTS_SUPPORT_WORLD_COMMAND_H
#define STATGATE_TESTS_SUPPORT_WORLD_COMMAND_H

#include "tests/support/gateway_world.h"

/* In English and with the world's settings; words ended by NULL. The exit code, or minus one when
 * it did not end by itself; what it said is in the texts below. */
int world_run(struct world *w, const char *const *words);
#define WORLD_RUN(w, ...) world_run(w, (const char *const[]){__VA_ARGS__, NULL})
extern const char *world_out, *world_err; /* in the world's arena */
bool world_out_has(const char *text);

/* client/NAME.pem and .key, for `--as NAME`; `who` as "dpo/disa". */
void world_client_files(struct world *w, const char *name, const char *who);
/* client/keeper.pub: the key that heads are signed with, as the running gateway shows it. */
void world_keeper_pub(struct world *w);

#endif
