/* SPDX-License-Identifier: Apache-2.0 */
/* doorway.c: a socket in the data folder, for users of this machine who may act for it.
 *
 * The file permissions of the folder say who gets here; besides, the kernel is asked who is at
 * the other end. The path is taken by way of the folder's descriptor, since a socket's name
 * holds a hundred bytes and a folder's may be longer. */
#include "gateway/keeper/doorway.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "gateway/keeper/officer.h"

enum { WAITING_MAX = 8, LAST_WORD_MAX = 128, NAME_MAX_PATH = 4096, ANSWER_ROOM = 256 };

bool doorway_may_enter(int fd)
{
        struct ucred who;
        socklen_t len = sizeof(who);

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
               (who.uid == geteuid() || who.uid == 0);
}

void doorway_last_word(int fd, enum err e)
{
        OWNED(buf_done) struct buf b = {.ceiling = LAST_WORD_MAX};
        struct bytes bytes;

        put_text(&b, err_name(e));
        put_bytes(&b, bytes_of(NULL, 0));
        if (buf_end(&b, &bytes) == ERR_OK)
                (void)!send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
}

static enum err bind_socket(int run, int *out)
{
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        OWNED(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/keys.sock", run);
        (void)unlink(at.sun_path);
        if (fd < 0)
                return ERR_INTERNAL;
        /* The umask of this process (0177 and more) makes it the owner's alone. */
        if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
                chmod(at.sun_path, 0600) != 0 || listen(fd, WAITING_MAX) != 0)
                return ERR_UNREADABLE;
        *out = fd_hand_over(&fd);
        return ERR_OK;
}

static enum err open_folder(const char *folder, int *out)
{
        char path[NAME_MAX_PATH];

        if (snprintf(path, sizeof(path), "%s/run", folder) >= (int)sizeof(path))
                return ERR_TOO_LARGE;
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
                return ERR_UNREADABLE;
        *out = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return *out >= 0 ? ERR_OK : ERR_UNREADABLE;
}

enum err doorway_open(const char *folder, int *out_run, int *out_listener)
{
        OWNED(fd_close) int run = -1;

        TRY(open_folder(folder, &run));
        TRY(bind_socket(run, out_listener));
        *out_run = fd_hand_over(&run);
        return ERR_OK;
}

void doorway_remove(int run)
{
        if (run >= 0)
                (void)unlinkat(run, "keys.sock", 0);
}

/* A module ------------------------------------------------------------------ */

static enum err error_named(struct bytes name)
{
        for (unsigned e = 0; e < ERR_COUNT; e++)
                if (bytes_is_text(name, err_name((enum err)e)))
                        return (enum err)e;
        return ERR_KEEPER_REFUSED;
}

enum err doorway_say_module(int fd)
{
        OWNED(buf_done) struct buf said = {.ceiling = OFFICER_TALK_MAX};
        struct bytes bytes;

        officer_put(&said, OFFICER_HSM, bytes_of(NULL, 0));
        TRY(buf_end(&said, &bytes));
        return write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len && shutdown(fd, SHUT_WR) == 0
                       ? ERR_OK
                       : ERR_IO;
}

enum err doorway_hear_module(int fd)
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
