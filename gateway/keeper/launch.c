/* SPDX-License-Identifier: Apache-2.0 */
/* launch.c: a keeper's process, from fork to exec.
 *
 * The child gets two descriptors and an empty environment: no OPENSSL_CONF, no LD_PRELOAD,
 * nothing that would let a variable decide what the keeper runs. Between fork and exec only what
 * may be called there is called. The same goes for the bridge's near end, which stands where the
 * keeper would where a custodian has it. */
#include "gateway/keeper/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "gateway/keeper/messages.h"

enum { FIRST_FREE_FD = 16 /* above everything the child is given */ };

/* Out of the way of the numbers the child will use. */
static int move_up(int fd)
{
        int moved = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD) : -1;

        if (fd >= 0)
                (void)close(fd);
        return moved;
}

/* Sealed in size: neither side can cut pages away under the other. */
enum err keeper_memory_new(unsigned slots, int *out_fd, uint8_t **out)
{
        OWNED(fd_close) int fd = memfd_create("statgate-keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        size_t len = keeper_memory_len(slots);
        void *at;

        if (fd < 0 || ftruncate(fd, (off_t)len) != 0 ||
                fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
                return ERR_NO_MEMORY;
        at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED)
                return ERR_NO_MEMORY;
        /* Personal numbers pass through here: not for core files, nor for a fork. */
        (void)madvise(at, len, MADV_DONTDUMP);
        (void)madvise(at, len, MADV_DONTFORK);
        *out_fd = move_up(fd_hand_over(&fd));
        if (*out_fd < 0) {
                (void)munmap(at, len);
                return ERR_INTERNAL;
        }
        *out = at;
        return ERR_OK;
}

/* What a sanitizer build must be told; nothing in any other. */
static char *const *child_environment(char *room[4])
{
        unsigned len = 0;
#if UNDER_ASAN || UNDER_TSAN
        static char options[2][512];
        static const char *const names[] = {"ASAN_OPTIONS", "TSAN_OPTIONS"};

        for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
                const char *value = getenv(names[i]);

                if (value == NULL)
                        continue;
                (void)snprintf(options[i], sizeof options[i], "%s=%s", names[i], value);
                room[len++] = options[i];
        }
#endif
        room[len] = NULL;
        return room;
}

/* What the child is given, in the order of its numbers from KEEPER_SOCKET_FD on. */
enum { GIVEN_MAX = KEEPER_STATE_FD - KEEPER_SOCKET_FD + 1 };
struct given {
        int fds[GIVEN_MAX];
        unsigned len;
};

static void given_done(struct given *g)
{
        for (unsigned i = 0; i < g->len; i++)
                fd_close(&g->fds[i]);
}

static bool place(const struct given *g)
{
        for (unsigned i = 0; i < g->len; i++)
                if (dup2(g->fds[i], KEEPER_SOCKET_FD + (int)i) < 0)
                        return false;
        return close_range(KEEPER_SOCKET_FD + g->len, ~0U, 0) == 0;
}

/* Runs in the child, between fork and exec. Never returns. */
static void become_keeper(const char *program, char *const argv[], char *const environment[],
        const struct given *given)
{
        int nothing = open("/dev/null", O_RDWR);
        sigset_t none;

        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(nothing, STDOUT_FILENO) >= 0 &&
                place(given))
                (void)execve(program, argv, environment);
        _exit(127);
}

/* A file that is not there is an empty one: the child says what that means. */
static enum err give_file(struct given *g, const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        g->fds[g->len] = move_up(fd);
        return g->fds[g->len++] >= 0 ? ERR_OK : ERR_INTERNAL;
}

/* What the program is told. `count` is room for a number. */
enum { WORDS_MAX = 8 };
static void say_arguments(const struct keeper_options *options, unsigned slots, char count[16],
        const char *out[WORDS_MAX])
{
        const struct keeper_custodian *c = &options->custodian;
        const struct keeper_module *m = &options->module;
        unsigned len = 0;

        (void)snprintf(count, 16, "%u", slots);
        if (c->address != NULL) {
                out[len++] = "statgate-keeper-bridge";
                out[len++] = "connect";
                out[len++] = count;
                out[len++] = c->address;
                out[len++] = c->is != NULL ? c->is : "";
                out[len++] = c->pki != NULL ? c->pki : "";
        } else {
                out[len++] = "statgate-keeper";
                out[len++] = count;
                out[len++] = options->lock_required ? "locked" : "unlocked";
                if (m->library != NULL) {
                        out[len++] = m->library;
                        out[len++] = m->token;
                        out[len++] = m->key;
                        out[len++] = m->environment != NULL ? m->environment : "";
                }
        }
        out[len] = NULL;
}

enum err keeper_launch(const struct keeper_options *options, unsigned slots, int memory,
        int *out_socket, pid_t *out_pid)
{
        OWNED(given_done) struct given given = {.len = 0};
        const struct keeper_module *m = &options->module;
        const char *argv[WORDS_MAX];
        char count[16], *room[4];
        char *const *environment = child_environment(room);
        int pair[2];
        pid_t pid;

        given = (struct given){{memory}, 1};
        if (access(options->program, X_OK) != 0)
                return ERR_UNREADABLE;
        say_arguments(options, slots, count, argv);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
                return ERR_INTERNAL;
        OWNED(fd_close) int ours = pair[0];

        given = (struct given){{move_up(pair[1]), memory}, 2};
        if (given.fds[0] < 0)
                return ERR_INTERNAL;
        if (m->library != NULL && options->custodian.address == NULL) {
                TRY(give_file(&given, m->pin_file));
                TRY(give_file(&given, options->state_path));
        }
        pid = fork();
        if (pid < 0)
                return ERR_INTERNAL;
        if (pid == 0)
                become_keeper(
                        options->program, (char *const *)(uintptr_t)argv, environment, &given);
        *out_socket = fd_hand_over(&ours);
        *out_pid = pid;
        return ERR_OK;
}

/* Packets ------------------------------------------------------------------ */

static void fill_control(struct msghdr *message, uint8_t *room, size_t len, int descriptor)
{
        struct cmsghdr *c;

        message->msg_control = room;
        message->msg_controllen = len;
        c = CMSG_FIRSTHDR(message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof descriptor);
        memcpy(CMSG_DATA(c), &descriptor, sizeof descriptor);
}

bool keeper_send_packet(int socket, struct bytes packet, int descriptor)
{
        _Alignas(struct cmsghdr) uint8_t room[CMSG_SPACE(sizeof descriptor)] = {0};
        struct iovec part = {(void *)(uintptr_t)packet.data, packet.len};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        ssize_t n;

        if (descriptor >= 0)
                fill_control(&message, room, sizeof room, descriptor);
        do
                n = sendmsg(socket, &message, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n == (ssize_t)packet.len;
}
