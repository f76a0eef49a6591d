/* SPDX-License-Identifier: Apache-2.0 */
/* module.c: opening the keyring without anybody at the door, from the asking side.
 *
 * The gateway says what an officer would say, on a connection of its own making. Nothing secret
 * passes: what opens came from the security module into the keeper when it started. */
#include <sys/socket.h>

#include "base/fd.h"
#include "gateway/keeper/doorway.h"
#include "gateway/keeper/keeper.h"

enum err keeper_unseal_module(struct keeper *k)
{
        bool open = false;
        int ends[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
                return ERR_INTERNAL;
        OWNED(fd_close) int ours = ends[0];
        OWNED(fd_close) int theirs = ends[1];

        TRY(doorway_say_module(ours));
        TRY(keeper_officer(k, theirs, &open));
        fd_close(&theirs);
        TRY(doorway_hear_module(ours));
        return open ? ERR_OK : ERR_HSM;
}
