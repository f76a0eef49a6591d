/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the server's door that need no gRPC: the list of revoked
 * certificates, and keeping newcomers out while descriptors are short. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "gateway/rpc/fds.h"
#include "gateway/rpc/tls.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static size_t revoked_in(const char *text, struct digest **list)
{
        size_t len = 99;

        assert_int_equal(revoked_parse(bytes_of_text(text), list, &len), ERR_OK);
        return len;
}

static void an_empty_list_revokes_nobody(void **state)
{
        (void)state;
        static const char *const empty[] = {"", "\n", "# none\n\n  # really\r\n", "   "};
        struct digest *list;

        for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
                assert_int_equal(revoked_in(empty[i], &list), 0);
                free(list);
        }
}

static void digests_are_read_and_sorted(void **state)
{
        (void)state;
        struct digest *list;

        assert_int_equal(revoked_in("# two\n" B64 " # second\r\n\t" A64, &list), 2);
        assert_int_equal(list[0].bytes[0], 0xaa);
        assert_int_equal(list[1].bytes[31], 0xbb);
        free(list);
}

static void anything_else_in_the_list_is_an_error(void **state)
{
        (void)state;
        static const char *const wrong[] = {"abc\n", A64 "a\n", A64 " " B64 "\n",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
                "gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", A64 "\nall\n",
                "-----BEGIN X509 CRL-----\n"};
        struct digest *list = NULL;
        size_t len = 0;

        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_equal(revoked_parse(bytes_of_text(wrong[i]), &list, &len), ERR_CONFIG);
        static const char cut[] = "\0" A64; /* a NUL is not a blank */

        assert_int_equal(revoked_parse(bytes_of(cut, sizeof cut - 1), &list, &len), ERR_CONFIG);
        assert_null(list);
}

static int listen_somewhere(int *port)
{
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        socklen_t len = sizeof at;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
        assert_int_equal(listen(fd, 16), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
        *port = ntohs(at.sin_port);
        return fd;
}

/* A socket on its way to `port`; whether it got there within `ms`. */
static bool arrives(int *fd, int port, int ms)
{
        struct sockaddr_in at = {.sin_family = AF_INET,
                .sin_addr = {htonl(INADDR_LOOPBACK)},
                .sin_port = htons((uint16_t)port)};

        if (*fd < 0) {
                *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                assert_true(connect(*fd, (struct sockaddr *)&at, sizeof at) == 0 ||
                            errno == EINPROGRESS);
        }
        return poll(&(struct pollfd){.fd = *fd, .events = POLLOUT}, 1, ms) == 1;
}

static void newcomers_wait_outside_while_descriptors_are_short(void **state)
{
        (void)state;
        struct door door = {.listener = -1};
        int port, early = -1, waiting = -1, listener = listen_somewhere(&port);

        log_to(STDERR_FILENO, LOG_ERROR + 1);
        door_find(&door, port);
        assert_int_equal(door.listener, listener);
        door_watch(&door);
        assert_false(door.closed);
        assert_true(arrives(&early, port, 1000));
        door.room = 1u << 30; /* more than any limit leaves */
        door_watch(&door);
        assert_true(door.closed);
        assert_false(arrives(&waiting, port, 200));
        door.room = 1;
        door_watch(&door);
        assert_false(door.closed);
        /* The one that waited gets in by itself: its kernel asks again. */
        assert_true(arrives(&waiting, port, 5000));
        close(early);
        close(waiting);
        close(listener);
}

static void a_port_nobody_listens_on_has_no_door(void **state)
{
        (void)state;
        struct door door = {.listener = 7};
        int port, listener = listen_somewhere(&port);

        close(listener);
        door_find(&door, port);
        assert_int_equal(door.listener, -1);
        door.room = 1u << 30;
        door_watch(&door);
        assert_false(door.closed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_empty_list_revokes_nobody),
                cmocka_unit_test(digests_are_read_and_sorted),
                cmocka_unit_test(anything_else_in_the_list_is_an_error),
                cmocka_unit_test(newcomers_wait_outside_while_descriptors_are_short),
                cmocka_unit_test(a_port_nobody_listens_on_has_no_door),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
