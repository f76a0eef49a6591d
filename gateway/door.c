/* SPDX-License-Identifier: Apache-2.0 */
/* door.c: officers reach the keeper, and the network process does not listen.
 *
 * One connection at a time is accepted and passed to the keeper as a descriptor
 * (gateway/keeper/officer.h): passphrases and shares go from the officer's process into
 * the keeper's, and into no other memory. This process adds the last word, whether what she
 * changed is on disk.
 *
 * The file permissions of the data folder say who gets here; besides, the kernel is asked who
 * is at the other end. The path is taken by way of the folder's descriptor, since a socket's
 * name holds a hundred bytes and a folder's may be longer. */
#include "gateway/door.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/log.h"
#include "gateway/keeper/keeper.h"

enum { WAITING_MAX = 8, LAST_WORD_MAX = 128, NAME_MAX_PATH = 4096 };

struct door {
        struct keeper *keeper;
        pthread_t thread;
        bool started;
        int folder, listener, leave, opened; /* the last two: eventfds */
};

/* Who may act for the gateway: its own user, and root. */
static bool may_enter(int fd)
{
        struct ucred who;
        socklen_t len = sizeof(who);

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
               (who.uid == geteuid() || who.uid == 0);
}

static void last_word(int fd, enum err e)
{
        OWNED(buf_done) struct buf b = {.ceiling = LAST_WORD_MAX};
        struct bytes bytes;

        put_text(&b, err_name(e));
        put_bytes(&b, bytes_of(NULL, 0));
        if (buf_end(&b, &bytes) == ERR_OK)
                (void)!send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
}

static void let_in(struct door *d, int fd)
{
        bool open = false;
        enum err e = may_enter(fd) ? keeper_officer(d->keeper, fd, &open) : ERR_NOT_ALLOWED;

        last_word(fd, e);
        if (e != ERR_OK)
                log_event(LOG_WARNING, "officer_failed", LOG_TEXT("code", err_name(e)));
        if (e == ERR_OK && open)
                (void)!eventfd_write(d->opened, 1);
}

static void *run(void *arg)
{
        struct door *d = arg;

        for (;;) {
                struct pollfd fds[2] = {
                        {.fd = d->leave, .events = POLLIN}, {.fd = d->listener, .events = POLLIN}};

                if (poll(fds, 2, -1) < 0 && errno != EINTR)
                        return NULL;
                if (fds[0].revents != 0)
                        return NULL;
                if (fds[1].revents == 0)
                        continue;
                OWNED(fd_close) int fd = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC);

                if (fd >= 0)
                        let_in(d, fd);
        }
}

static enum err bind_socket(struct door *d)
{
        struct sockaddr_un at = {.sun_family = AF_UNIX};

        (void)snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/keys.sock", d->folder);
        (void)unlink(at.sun_path);
        d->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (d->listener < 0)
                return ERR_INTERNAL;
        /* The umask of this process (0177 and more) makes it the owner's alone. */
        if (bind(d->listener, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
                chmod(at.sun_path, 0600) != 0 || listen(d->listener, WAITING_MAX) != 0)
                return ERR_UNREADABLE;
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

enum err door_open(struct keeper *k, const char *folder, struct door **out)
{
        OWNED(door_close) struct door *d = calloc(1, sizeof(*d));

        if (d == NULL)
                return ERR_NO_MEMORY;
        d->keeper = k;
        d->folder = d->listener = -1;
        d->leave = eventfd(0, EFD_CLOEXEC);
        d->opened = eventfd(0, EFD_CLOEXEC);
        if (d->leave < 0 || d->opened < 0)
                return ERR_INTERNAL;
        TRY(open_folder(folder, &d->folder));
        TRY(bind_socket(d));
        if (pthread_create(&d->thread, NULL, run, d) != 0)
                return ERR_NO_MEMORY;
        d->started = true;
        *out = d;
        d = NULL;
        return ERR_OK;
}

enum err door_wait(struct door *d, int signals)
{
        for (;;) {
                struct pollfd fds[3] = {
                        {.fd = d->opened, .events = POLLIN},
                        {.fd = signals, .events = POLLIN},
                        {.fd = keeper_death_fd(d->keeper), .events = POLLIN},
                };

                if (poll(fds, 3, -1) < 0 && errno != EINTR)
                        return ERR_INTERNAL;
                if (fds[2].revents != 0)
                        return ERR_KEEPER_GONE;
                if (fds[0].revents != 0)
                        return ERR_OK;
                if (fds[1].revents != 0)
                        return ERR_CANCELLED;
        }
}

void door_close(struct door **door)
{
        struct door *d = door != NULL ? *door : NULL;

        if (d == NULL)
                return;
        if (d->started) {
                (void)!eventfd_write(d->leave, 1);
                (void)pthread_join(d->thread, NULL);
        }
        if (d->folder >= 0)
                (void)unlinkat(d->folder, "keys.sock", 0);
        fd_close(&d->listener);
        fd_close(&d->folder);
        fd_close(&d->leave);
        fd_close(&d->opened);
        free(d);
        *door = NULL;
}
