/* SPDX-License-Identifier: Apache-2.0 */
/* fds.c: room at the door.
 *
 * When accept fails for want of a file descriptor, gRPC gives its listener up for
 * good: the process lives on and nobody can connect again. There is no setting
 * against it, so we see to it that accept never fails: the limit is raised as far
 * as it goes, and when room becomes short all the same, a socket filter that drops
 * everything is hung on the listening socket. Newcomers then wait in their own
 * kernels (a dropped SYN is sent again); connections that are there are not
 * touched. When there is room again the filter goes.
 *
 * Descriptors are handed out lowest first, so the number that a fresh one gets
 * tells how many are in use without counting them. */
#include "gateway/rpc/fds.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

enum { ROOM_LEAST = 32, ROOM_SHARE = 8, SCAN_MAX = 4096 };

void fds_raise_limit(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
                return;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
                log_event(LOG_WARNING, "descriptor_limit_kept", LOG_NUM("limit", limit.rlim_cur));
}

static bool listens_on(int fd, int port)
{
        struct sockaddr_in6 at = {0}; /* large enough for both families */
        socklen_t len = sizeof at, flag_len = sizeof(int);
        int listening = 0;

        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &flag_len) != 0 || !listening)
                return false;
        if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
                return false;
        /* The port stands at the same place in sockaddr_in and sockaddr_in6. */
        return (at.sin6_family == AF_INET || at.sin6_family == AF_INET6) &&
               ntohs(at.sin6_port) == port;
}

void door_find(struct door *d, int port)
{
        d->listener = -1;
        for (int fd = 0; fd < SCAN_MAX && d->listener < 0; fd++)
                if (listens_on(fd, port))
                        d->listener = fd;
        if (d->listener < 0)
                log_event(LOG_WARNING, "listener_not_found", LOG_NUM("port", port));
}

/* Descriptors that may still be opened; -1: not even one. */
static int64_t room_left(int64_t *out_limit)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
                return INT64_MAX;
        *out_limit = (int64_t)limit.rlim_cur;
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return -1;
        close(fd);
        return *out_limit - fd;
}

static void shut(struct door *d, int64_t left)
{
        struct sock_filter drop[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
        const struct sock_fprog filter = {.len = 1, .filter = drop};

        if (setsockopt(d->listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
                return;
        d->closed = true;
        log_event(LOG_ERROR, "connections_held_back", LOG_NUM("descriptors_left", left));
}

static void reopen(struct door *d, int64_t left)
{
        int unused = 0;

        if (setsockopt(d->listener, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused) != 0)
                return;
        d->closed = false;
        log_event(LOG_WARNING, "connections_let_in", LOG_NUM("descriptors_left", left));
}

void door_watch(struct door *d)
{
        int64_t limit = 0, left = room_left(&limit), room = d->room;

        if (d->listener < 0)
                return;
        if (room == 0)
                room = limit / ROOM_SHARE > ROOM_LEAST ? limit / ROOM_SHARE : ROOM_LEAST;
        if (!d->closed && left < room)
                shut(d, left);
        else if (d->closed && left >= room + room / 2)
                reopen(d, left);
}
