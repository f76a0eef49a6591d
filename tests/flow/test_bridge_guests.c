/* SPDX-License-Identifier: Apache-2.0 */
/* test_bridge_guests.c: whoever comes to a custodian and is not a gateway of ours: noise, packets
 * that nobody may send, messages that are the custodian's own, a second guest, one that says
 * nothing. And states that are put back. The keeper hears of none of it. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fd.h"
#include "gateway/bridge/frame.h"
#include "gateway/bridge/greeting.h"
#include "tests/support/custodian.h"
#include "tests/support/gateway_delivery.h"

enum { WAIT_MS = 20000, STATE_LANE = KEEPER_SLOTS_DEFAULT, SMALL_LANE = STATE_LANE + 1 };

static struct world world;
static struct custodian custodian;

static void open_custodian(const char *unseal)
{
        char text[512];

        (void)snprintf(text, sizeof text,
                "listen: \"unix:%s/run/gateway.sock\"\ngateway: uid:%u\nunseal: %s\n"
                "passphrase_file: pass\n",
                custodian.folder, (unsigned)geteuid(), unseal);
        custodian_write(&custodian, "pass", world_read(&world, world.passphrase));
        custodian_make(&custodian, world_path(&world, "keys/keyring.sgk"), text, 0);
        assert_int_equal(custodian_start(&custodian), CUSTODIAN_UP);
}

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        custodian_place(&custodian);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        custodian_remove(&custodian);
        world_remove(&world);
        return 0;
}

/* A guest by hand ---------------------------------------------------------------------- */

static int arrive(void)
{
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/run/gateway.sock", custodian.folder);
        assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
        return fd;
}

static bool say(int fd, const void *data, size_t len)
{
        return send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Exactly so many bytes; false: the line ended before. */
static bool hear(int fd, void *to, size_t len)
{
        uint8_t *at = to;

        while (len > 0) {
                struct pollfd p = {.fd = fd, .events = POLLIN};
                ssize_t n;

                assert_int_equal(poll(&p, 1, WAIT_MS), 1);
                n = recv(fd, at, len, 0);
                if (n <= 0)
                        return false;
                at += n;
                len -= (size_t)n;
        }
        return true;
}

static bool ended(int fd)
{
        uint8_t byte;

        return !hear(fd, &byte, 1);
}

static enum err meet(int *out_fd)
{
        uint8_t greeting[GREETING_LEN], welcome[WELCOME_LEN];
        int fd = arrive();

        greeting_write(KEEPER_SLOTS_DEFAULT, greeting);
        assert_true(say(fd, greeting, sizeof greeting));
        assert_true(hear(fd, welcome, sizeof welcome));
        *out_fd = fd;
        return welcome_read(welcome);
}

/* As soon as the one before is out of the house. */
static int come_in(void)
{
        for (;;) {
                int fd;
                enum err e = meet(&fd);

                if (e == ERR_OK)
                        return fd;
                assert_true(e == ERR_IN_USE || e == ERR_BUSY);
                (void)close(fd);
                nap(2);
        }
}

static bool send_request(int fd, const struct keeper_head *head, struct bytes payload)
{
        OWNED(buf_done) struct buf packet = {.ceiling = KEEPER_PACKET_MAX};
        uint8_t frame[FRAME_HEAD_MAX];

        keeper_put_request(&packet, head);
        put_raw(&packet, payload.data, payload.len);
        return say(fd, frame, frame_head(bytes_of(packet.data, packet.len), frame));
}

/* The answer to a request without bulk, either way. */
static enum err asked(int fd, enum keeper_message number, uint16_t lane, struct bytes payload)
{
        const struct keeper_head head = {.number = number, .lane = lane, .id = 5};
        uint8_t len[FRAME_LENGTH_LEN], packet[KEEPER_PACKET_MAX];
        struct keeper_head answer;
        struct reader in;
        uint32_t packet_len;

        assert_true(send_request(fd, &head, payload));
        assert_true(hear(fd, len, sizeof len));
        in = reader_of(bytes_of(len, sizeof len));
        assert_int_equal(read_u32(&in, &packet_len), ERR_OK);
        assert_true(packet_len <= sizeof packet);
        assert_true(hear(fd, packet, packet_len));
        in = reader_of(bytes_of(packet, packet_len));
        assert_int_equal(keeper_read_answer(&in, &answer), ERR_OK);
        assert_int_equal(answer.id, head.id);
        assert_int_equal(answer.bulk, 0);
        return answer.err;
}

static enum err said_hello(int fd)
{
        OWNED(buf_done) struct buf b = {.ceiling = 12};

        put_u32(&b, KEEPER_PROTOCOL);
        put_u32(&b, KEEPER_SLOTS_DEFAULT);
        put_u32(&b, KEEPER_SLOT_LEN);
        return asked(fd, KEEPER_HELLO, SMALL_LANE, bytes_of(b.data, b.len));
}

static void assert_served_by(pid_t keeper)
{
        int fd = come_in();

        assert_int_equal(said_hello(fd), ERR_OK);
        assert_int_equal(custodian_keeper(&custodian), keeper);
        (void)close(fd);
}

/* Noise ------------------------------------------------------------------------------------ */

static void noise_and_other_versions_are_sent_away_and_the_next_guest_is_served(void **state)
{
        uint8_t greeting[GREETING_LEN], welcome[WELCOME_LEN];
        pid_t keeper;
        int fd;

        (void)state;
        open_custodian("passphrase");
        keeper = custodian_keeper(&custodian);
        fd = arrive();
        assert_true(say(fd, "GET / HTTP/1.1\r\nHost: keeper\r\n\r\n", 32));
        assert_true(ended(fd));
        (void)close(fd);
        greeting_write(KEEPER_SLOTS_DEFAULT + 1, greeting);
        fd = arrive();
        assert_true(say(fd, greeting, sizeof greeting));
        assert_true(hear(fd, welcome, sizeof welcome));
        assert_int_equal(welcome_read(welcome), ERR_UNSUPPORTED);
        (void)close(fd);
        assert_served_by(keeper);
        assert_int_equal(custodian_stop(&custodian), 0);
}

/* Every kind of packet that gate.h refuses, on a line of its own. */
static void packets_that_no_gateway_sends_end_the_line_and_not_the_keeper(void **state)
{
        static const struct {
                struct keeper_head head;
                size_t payload;
        } wrong[] = {
                {{.number = (enum keeper_message)200, .lane = SMALL_LANE}, 0},
                {{.number = KEEPER_KEYS, .lane = SMALL_LANE}, 0},
                {{.number = KEEPER_KEYS, .lane = 500}, 0},
                {{.number = KEEPER_KEYS, .lane = STATE_LANE}, 1},
                {{.number = KEEPER_CONFIRM, .lane = SMALL_LANE}, 7},
                {{.number = KEEPER_CONFIRM, .lane = SMALL_LANE, .bulk = 1}, 8},
                {{.number = KEEPER_LOAD_BUNDLE, .lane = STATE_LANE, .bulk = UINT32_MAX}, 0},
        };
        static const uint8_t zeros[16];
        static const uint8_t lengths[][4] = {{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {1, 0, 0, 0}};
        pid_t keeper;

        (void)state;
        open_custodian("passphrase");
        keeper = custodian_keeper(&custodian);
        for (unsigned i = 0; i < ARRAY_LEN(wrong) + ARRAY_LEN(lengths); i++) {
                int fd = come_in();

                if (i < ARRAY_LEN(wrong))
                        assert_true(send_request(
                                fd, &wrong[i].head, bytes_of(zeros, wrong[i].payload)));
                else
                        assert_true(say(fd, lengths[i - ARRAY_LEN(wrong)], 4));
                assert_true(ended(fd));
                (void)close(fd);
        }
        assert_served_by(keeper);
        assert_int_equal(custodian_stop(&custodian), 0);
}

/* The bulk that was promised never comes; or the line ends within it. */
static void a_guest_who_leaves_in_the_midst_of_a_batch_leaves_nothing_behind(void **state)
{
        const struct keeper_head head = {
                .number = KEEPER_LOAD_BUNDLE, .lane = STATE_LANE, .bulk = 1 << 20};
        static uint8_t half[1 << 16];
        pid_t keeper;
        int fd;

        (void)state;
        open_custodian("passphrase");
        keeper = custodian_keeper(&custodian);
        for (unsigned i = 0; i < 3; i++) {
                fd = come_in();
                assert_int_equal(said_hello(fd), ERR_OK);
                assert_true(send_request(fd, &head, bytes_of(NULL, 0)));
                assert_true(say(fd, half, i * sizeof half / 2));
                (void)close(fd);
        }
        /* The lane is free again: KEYS has the same one. */
        fd = come_in();
        assert_int_not_equal(asked(fd, KEEPER_ALIAS_MARK, STATE_LANE, bytes_of(NULL, 0)), ERR_OK);
        (void)close(fd);
        assert_served_by(keeper);
        assert_int_equal(custodian_stop(&custodian), 0);
}

/* Who may say what -------------------------------------------------------------------------- */

static void what_is_the_custodians_is_refused_to_a_gateway(void **state)
{
        static const uint8_t create[40] = {8, 0, 0, 0, 1};
        static const uint8_t confirm[8] = {200};
        int fd;

        (void)state;
        open_custodian("officers");
        fd = come_in();
        assert_int_equal(said_hello(fd), ERR_OK);
        assert_int_equal(asked(fd, KEEPER_UNSEAL, STATE_LANE, bytes_of(NULL, 0)), ERR_SEALED);
        assert_int_equal(asked(fd, KEEPER_CREATE, STATE_LANE, bytes_of(create, sizeof create)),
                ERR_NOT_ALLOWED);
        assert_int_equal(asked(fd, KEEPER_OFFICER, STATE_LANE, bytes_of(NULL, 0)), ERR_NOT_ALLOWED);
        assert_int_equal(asked(fd, KEEPER_CONFIRM, SMALL_LANE, bytes_of(confirm, sizeof confirm)),
                ERR_OUT_OF_ORDER);
        assert_int_equal(asked(fd, KEEPER_STOP, SMALL_LANE, bytes_of(NULL, 0)), ERR_OK);
        (void)close(fd);
        assert_served_by(custodian_keeper(&custodian)); /* it has not stopped */
        assert_int_equal(custodian_stop(&custodian), 0);
}

static void one_gateway_at_a_time(void **state)
{
        int first, second;

        (void)state;
        open_custodian("passphrase");
        first = come_in();
        for (unsigned i = 0; i < 10; i++) {
                assert_int_equal(meet(&second), ERR_IN_USE);
                assert_true(ended(second));
                (void)close(second);
        }
        assert_int_equal(said_hello(first), ERR_OK);
        (void)close(first);
        second = come_in();
        assert_int_equal(said_hello(second), ERR_OK);
        (void)close(second);
        assert_int_equal(custodian_stop(&custodian), 0);
}

/* Four are in the reception and say nothing; after five seconds they have to leave. */
static void guests_who_say_nothing_do_not_keep_others_out_for_long(void **state)
{
        int silent[4], first, late;

        (void)state;
        open_custodian("passphrase");
        first = come_in();
        for (unsigned i = 0; i < ARRAY_LEN(silent); i++)
                silent[i] = arrive();
        assert_int_equal(said_hello(first), ERR_OK); /* who is in does not notice */
        (void)close(first);
        late = come_in();
        assert_int_equal(said_hello(late), ERR_OK);
        for (unsigned i = 0; i < ARRAY_LEN(silent); i++) {
                assert_true(ended(silent[i]));
                (void)close(silent[i]);
        }
        (void)close(late);
        assert_int_equal(custodian_stop(&custodian), 0);
}

/* States that are put back --------------------------------------------------------------------- */

static void copy(const char *from, const char *to)
{
        char room[128];

        (void)snprintf(room, sizeof room, "%s/%s", custodian.folder, from);
        custodian_write(&custodian, to, world_read(&world, room));
}

/* A change of the state that any gateway may ask for. */
static void change_state(void)
{
        struct placement rows[10];
        uint64_t seed = 8;

        for (uint32_t i = 0; i < ARRAY_LEN(rows); i++)
                rows[i] = placement_random(&seed, 60, i);
        world_start(&world);
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, ARRAY_LEN(rows), ARRAY_LEN(rows));
        assert_int_equal(world_stop(&world), 0);
}

static void a_state_that_was_put_back_is_not_served_until_it_is_adopted(void **state)
{
        char settings[256], passphrase[128], heard[2][32];

        (void)state;
        open_custodian("passphrase");
        (void)snprintf(passphrase, sizeof passphrase, "passphrase_file: %s\n", world.passphrase);
        (void)snprintf(settings, sizeof settings,
                "custodian: \"unix:%s/run/gateway.sock\"\ncustodian_is: uid:%u\n", custodian.folder,
                (unsigned)geteuid());
        world_edit(&world, "statgate.yaml", passphrase, settings);
        copy("keys/keyring.sgk", "keys/yesterday");
        change_state();
        /* While it runs, at the door: what she can open must be what is in use. */
        copy("keys/keyring.sgk", "keys/today");
        copy("keys/yesterday", "keys/keyring.sgk");
        custodian_visit(&custodian, "en lösenfras som inte kostar något", heard);
        assert_string_equal(heard[0], "ROLLED_BACK");
        copy("keys/today", "keys/keyring.sgk");
        assert_int_equal(custodian_stop(&custodian), 0);
        /* And when it starts. */
        copy("keys/keyring.sgk", "keys/today");
        copy("keys/yesterday", "keys/keyring.sgk");
        assert_int_equal(custodian_start(&custodian), 3);
        assert_true(custodian_said(&custodian, "custody_rolled_back"));
        copy("keys/today", "keys/keyring.sgk");
        assert_int_equal(custodian_start(&custodian), CUSTODIAN_UP);
        assert_int_equal(custodian_stop(&custodian), 0);
        /* A ceremony says otherwise. */
        copy("keys/yesterday", "keys/keyring.sgk");
        assert_int_equal(custodian_adopt(&custodian), 0);
        assert_int_equal(custodian_start(&custodian), CUSTODIAN_UP);
        assert_int_equal(custodian_stop(&custodian), 0);
}

static void two_custodians_of_one_folder_are_one_too_many(void **state)
{
        struct custodian second;

        (void)state;
        open_custodian("passphrase");
        second = custodian;
        second.pid = 0;
        /* It ends by itself; and takes neither door nor address with it. */
        assert_int_equal(custodian_adopt(&second), 3);
        assert_served_by(custodian_keeper(&custodian));
        assert_int_equal(custodian_stop(&custodian), 0);
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCENE(noise_and_other_versions_are_sent_away_and_the_next_guest_is_served),
                SCENE(packets_that_no_gateway_sends_end_the_line_and_not_the_keeper),
                SCENE(a_guest_who_leaves_in_the_midst_of_a_batch_leaves_nothing_behind),
                SCENE(what_is_the_custodians_is_refused_to_a_gateway),
                SCENE(one_gateway_at_a_time),
                SCENE(guests_who_say_nothing_do_not_keep_others_out_for_long),
                SCENE(a_state_that_was_put_back_is_not_served_until_it_is_adopted),
                SCENE(two_custodians_of_one_folder_are_one_too_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
