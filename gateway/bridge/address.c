/* SPDX-License-Identifier: Apache-2.0 */
/* address.c: where the custodian listens. */
#include "gateway/bridge/address.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/fd.h"

enum {
        WAITING_MAX = 8,
        PORT_MAX = 65535,
        BUFFER_LEN = 4 << 20, /* a batch in two or three turns */
        /* A machine that went away without a word is given up after half a minute. */
        IDLE_SECONDS = 10,
        ASK_SECONDS = 5,
        ASKS = 4,
        UNHEARD_MS = 30000,
};

static enum err parse_path(const char *text, struct address *out)
{
        struct address a = {.tls = false};
        size_t len = strlen(text);

        if (text[0] != '/' || len > ADDRESS_PATH_MAX)
                return ERR_CONFIG;
        memcpy(a.path, text, len);
        *out = a;
        return ERR_OK;
}

static enum err parse_host(const char *text, struct address *out)
{
        struct address a = {.tls = true};
        const char *colon = strrchr(text, ':');
        size_t len = colon != NULL ? (size_t)(colon - text) : 0;
        int64_t port;

        if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
                text++;
                len -= 2;
        }
        if (len == 0 || len > ADDRESS_HOST_MAX || strlen(colon + 1) >= sizeof a.port ||
                !bytes_decimal(bytes_of_text(colon + 1), 0, &port) || port < 0 || port > PORT_MAX)
                return ERR_CONFIG;
        memcpy(a.host, text, len);
        memcpy(a.port, colon + 1, strlen(colon + 1));
        *out = a;
        return ERR_OK;
}

enum err address_parse(const char *text, struct address *out)
{
        if (strncmp(text, "unix:", 5) == 0)
                return parse_path(text + 5, out);
        return strncmp(text, "tls:", 4) == 0 ? parse_host(text + 4, out) : ERR_CONFIG;
}

static struct sockaddr_un unix_address(const struct address *a)
{
        struct sockaddr_un at = {.sun_family = AF_UNIX};

        memcpy(at.sun_path, a->path, strlen(a->path));
        return at;
}

/* A socket that nobody answers on was left by a dead process; one that is answered is not ours
 * to take. */
static enum err listen_unix(const struct address *a, int *out_fd)
{
        OWNED(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        OWNED(fd_close) int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un at = unix_address(a);
        struct stat there;
        mode_t mask;
        int rc;

        if (fd < 0 || probe < 0)
                return ERR_INTERNAL;
        if (connect(probe, (const struct sockaddr *)&at, sizeof at) == 0)
                return ERR_IN_USE;
        /* Never anything else that may stand there. */
        if (lstat(a->path, &there) == 0 && S_ISSOCK(there.st_mode))
                (void)unlink(a->path);
        mask = umask(0111);
        rc = bind(fd, (const struct sockaddr *)&at, sizeof at);
        (void)umask(mask);
        if (rc != 0 || listen(fd, WAITING_MAX) != 0)
                return ERR_UNREADABLE;
        *out_fd = fd_hand_over(&fd);
        return ERR_OK;
}

static void info_free(struct addrinfo **info)
{
        if (*info != NULL)
                freeaddrinfo(*info);
}

static enum err resolve(const struct address *a, int flags, struct addrinfo **out)
{
        const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                .ai_socktype = SOCK_STREAM,
                .ai_flags = flags | AI_NUMERICSERV};

        return getaddrinfo(a->host, a->port, &hints, out) == 0 ? ERR_OK : ERR_UNREADABLE;
}

static unsigned port_of(int fd)
{
        union {
                struct sockaddr any;
                struct sockaddr_in four;
                struct sockaddr_in6 six;
        } at;
        socklen_t len = sizeof at;

        memset(&at, 0, sizeof at);
        if (getsockname(fd, &at.any, &len) != 0)
                return 0;
        return ntohs(at.any.sa_family == AF_INET6 ? at.six.sin6_port : at.four.sin_port);
}

static enum err listen_tcp(const struct address *a, int *out_fd, unsigned *out_port)
{
        OWNED(info_free) struct addrinfo *info = NULL;
        const int yes = 1;

        TRY(resolve(a, AI_PASSIVE, &info));
        OWNED(fd_close)
        int fd = socket(
                info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol);

        if (fd < 0)
                return ERR_INTERNAL;
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, WAITING_MAX) != 0)
                return errno == EADDRINUSE ? ERR_IN_USE : ERR_UNREADABLE;
        *out_port = port_of(fd);
        *out_fd = fd_hand_over(&fd);
        return ERR_OK;
}

enum err address_listen(const struct address *a, int *out_fd, unsigned *out_port)
{
        *out_port = 0;
        return a->tls ? listen_tcp(a, out_fd, out_port) : listen_unix(a, out_fd);
}

static enum err await_connected(int fd, int wait_ms)
{
        struct pollfd at = {.fd = fd, .events = POLLOUT};
        int failed = 0;
        socklen_t len = sizeof failed;

        if (poll(&at, 1, wait_ms) != 1 ||
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) != 0 || failed != 0)
                return ERR_UNREADABLE;
        return ERR_OK;
}

static enum err reach(const struct sockaddr *at, socklen_t len, int wait_ms, int *out_fd)
{
        OWNED(fd_close)
        int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return ERR_INTERNAL;
        if (connect(fd, at, len) != 0) {
                if (errno != EINPROGRESS)
                        return ERR_UNREADABLE;
                TRY(await_connected(fd, wait_ms));
        }
        *out_fd = fd_hand_over(&fd);
        return ERR_OK;
}

enum err address_reach(const struct address *a, int wait_ms, int *out_fd)
{
        OWNED(info_free) struct addrinfo *info = NULL;
        struct sockaddr_un at;
        enum err e = ERR_UNREADABLE;

        if (!a->tls) {
                at = unix_address(a);
                return reach((const struct sockaddr *)&at, sizeof at, wait_ms, out_fd);
        }
        TRY(resolve(a, AI_ADDRCONFIG, &info));
        for (const struct addrinfo *i = info; i != NULL && e != ERR_OK; i = i->ai_next)
                e = reach(i->ai_addr, i->ai_addrlen, wait_ms, out_fd);
        return e;
}

void address_tune(const struct address *a, int fd)
{
        static const struct {
                int level, name, value;
        } options[] = {
                {SOL_SOCKET, SO_KEEPALIVE, 1},
                {IPPROTO_TCP, TCP_KEEPIDLE, IDLE_SECONDS},
                {IPPROTO_TCP, TCP_KEEPINTVL, ASK_SECONDS},
                {IPPROTO_TCP, TCP_KEEPCNT, ASKS},
                {IPPROTO_TCP, TCP_USER_TIMEOUT, UNHEARD_MS},
                {IPPROTO_TCP, TCP_NODELAY, 1},
        };
        const int buffer = BUFFER_LEN;

        for (unsigned i = 0; i < ARRAY_LEN(options) && a->tls; i++)
                (void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
                        sizeof options[i].value);
        if (!a->tls) {
                (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
                (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
        }
}
