/* SPDX-License-Identifier: Apache-2.0 */
/* module.c: opening the keyring without anybody at the door, from the asking side.
 *
 * The gateway says what an officer would say, on a connection of its own making. Nothing secret
 * passes: what opens came from the security module into the keeper when it started. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "gateway/keeper/keeper.h"
#include "gateway/keeper/officer.h"

enum { ANSWER_ROOM = 256 };

static enum err error_named(struct bytes name)
{
        for (unsigned e = 0; e < ERR_COUNT; e++)
                if (bytes_is_text(name, err_name((enum err)e)))
                        return (enum err)e;
        return ERR_KEEPER_REFUSED;
}

static enum err say(int fd)
{
        OWNED(buf_done) struct buf said = {.ceiling = OFFICER_TALK_MAX};
        struct bytes bytes;

        officer_put(&said, OFFICER_HSM, bytes_of(NULL, 0));
        TRY(buf_end(&said, &bytes));
        return write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len && shutdown(fd, SHUT_WR) == 0
                       ? ERR_OK
                       : ERR_IO;
}

static enum err hear(int fd)
{
        uint8_t data[ANSWER_ROOM];
        struct bytes name, payload;
        struct reader in;
        size_t len = 0;
        ssize_t n;

        while (len < sizeof data && (n = read(fd, data + len, sizeof data - len)) != 0) {
                if (n < 0 && errno != EINTR)
                        return ERR_IO;
                len += n > 0 ? (size_t)n : 0;
        }
        in = reader_of(bytes_of(data, len));
        TRY(officer_read_answer(&in, &name, &payload));
        return error_named(name);
}

enum err keeper_unseal_module(struct keeper *k)
{
        bool open = false;
        int ends[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
                return ERR_INTERNAL;
        OWNED(fd_close) int ours = ends[0];
        OWNED(fd_close) int theirs = ends[1];

        TRY(say(ours));
        TRY(keeper_officer(k, theirs, &open));
        fd_close(&theirs);
        TRY(hear(ours));
        return open ? ERR_OK : ERR_HSM;
}
