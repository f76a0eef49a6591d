/* SPDX-License-Identifier: Apache-2.0 */
/* door.c: officers reach the keeper, and the network process does not listen.
 *
 * One connection at a time is accepted and passed to the keeper as a descriptor
 * (gateway/keeper/officer.h): passphrases and shares go from the officer's process into
 * the keeper's, and into no other memory. This process adds the last word, whether what she
 * changed is on disk. */
#include "gateway/door.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "gateway/keeper/doorway.h"
#include "gateway/keeper/keeper.h"
#include "gateway/note.h"

struct door {
        struct keeper *keeper;
        pthread_t thread;
        bool started;
        int folder, listener, leave, opened; /* the last two: eventfds */
        pthread_mutex_t lock;                /* guards `audit` */
        struct audit *audit;
};

/* What she said is for the keeper alone. */
static void tell(struct door *d, enum err outcome)
{
        OWNED(note_done) struct note n = {.arena = NULL};

        (void)pthread_mutex_lock(&d->lock);
        if (d->audit != NULL) {
                note_begin(&n, ENTRY_KEYS);
                note_outcome(&n, outcome);
                entry_put_words(&n.w, FIELD_WORD, "an officer at the door");
                note_tell(d->audit, &n);
        }
        (void)pthread_mutex_unlock(&d->lock);
}

void door_tell(struct door *d, struct audit *audit)
{
        (void)pthread_mutex_lock(&d->lock);
        d->audit = audit;
        (void)pthread_mutex_unlock(&d->lock);
}

static void let_in(struct door *d, int fd)
{
        bool open = false;
        enum err e = doorway_may_enter(fd) ? keeper_officer(d->keeper, fd, &open) : ERR_NOT_ALLOWED;

        doorway_last_word(fd, e);
        tell(d, e);
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

enum err door_open(struct keeper *k, const char *folder, struct door **out)
{
        OWNED(door_close) struct door *d = calloc(1, sizeof(*d));

        if (d == NULL)
                return ERR_NO_MEMORY;
        d->keeper = k;
        (void)pthread_mutex_init(&d->lock, NULL);
        d->folder = d->listener = -1;
        d->leave = eventfd(0, EFD_CLOEXEC);
        d->opened = eventfd(0, EFD_CLOEXEC);
        if (d->leave < 0 || d->opened < 0)
                return ERR_INTERNAL;
        TRY(doorway_open(folder, &d->folder, &d->listener));
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
        doorway_remove(d->folder);
        fd_close(&d->listener);
        fd_close(&d->folder);
        fd_close(&d->leave);
        fd_close(&d->opened);
        (void)pthread_mutex_destroy(&d->lock);
        free(d);
        *door = NULL;
}
