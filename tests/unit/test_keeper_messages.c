/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_messages.c: the keeper's program, spoken to on a raw socket by somebody
 * who does not keep to keeper.h: every message in every state, every length, and
 * packets that are none. The lists grow from the table in messages.h. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "gateway/keeper/messages.h"
#include "tests/support/keeper_world.h"

#define KEEPER_PROGRAM STATGATE_BIN_DIR "/statgate-keeper"

enum { SLOTS = 2, ANSWER_MS = 20000, EXIT_VIOLATION = 2 };

struct raw {
        struct world w;
        int socket;
        pid_t pid;
        uint8_t *memory;
        uint32_t id;
};

static const enum keeper_message messages[] = {
#define NUMBER(name, number, states, lane, fds, bulk, shortest, longest, answer) KEEPER_##name,
        KEEPER_MESSAGES(NUMBER)
#undef NUMBER
};

static void raw_start(struct raw *r)
{
        int pair[2], memory = memfd_create("raw", MFD_ALLOW_SEALING);
        size_t len = keeper_memory_len(SLOTS);

        world_open(&r->w);
        r->id = 0;
        assert_int_equal(ftruncate(memory, (off_t)len), 0);
        assert_int_equal(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
        r->memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
        assert_ptr_not_equal(r->memory, MAP_FAILED);
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
        r->pid = fork();
        assert_true(r->pid >= 0);
        if (r->pid == 0) {
                int theirs = fcntl(pair[1], F_DUPFD, 20), mine = fcntl(memory, F_DUPFD, 20);

                (void)dup2(theirs, KEEPER_SOCKET_FD);
                (void)dup2(mine, KEEPER_MEMORY_FD);
                (void)close_range(KEEPER_MEMORY_FD + 1, ~0U, 0);
                (void)execl(KEEPER_PROGRAM, "statgate-keeper", "2", "unlocked", NULL);
                _exit(127);
        }
        (void)close(pair[1]);
        (void)close(memory);
        r->socket = pair[0];
}

/* The exit status; the keeper leaves when we hang up. */
static int raw_stop(struct raw *r)
{
        int status = 0;

        (void)close(r->socket);
        assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
        (void)munmap(r->memory, keeper_memory_len(SLOTS));
        world_close(&r->w);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void send_packet(struct raw *r, struct bytes packet, const int *fds, unsigned fds_len)
{
        _Alignas(struct cmsghdr) uint8_t room[CMSG_SPACE(4 * sizeof(int))] = {0};
        struct iovec part = {(void *)(uintptr_t)packet.data, packet.len};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

        if (fds_len > 0) {
                struct cmsghdr *c;

                message.msg_control = room;
                message.msg_controllen = CMSG_SPACE(fds_len * sizeof(int));
                c = CMSG_FIRSTHDR(&message);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(fds_len * sizeof(int));
                memcpy(CMSG_DATA(c), fds, fds_len * sizeof(int));
        }
        assert_int_equal(sendmsg(r->socket, &message, MSG_NOSIGNAL), (ssize_t)packet.len);
}

/* The payload of an answer; false when the keeper hung up instead. */
static bool receive(struct raw *r, struct keeper_head *head, uint8_t *payload, size_t *len)
{
        struct pollfd fd = {.fd = r->socket, .events = POLLIN};
        uint8_t data[KEEPER_PACKET_MAX];
        struct reader in;
        ssize_t n;

        assert_int_equal(poll(&fd, 1, ANSWER_MS), 1);
        n = recv(r->socket, data, sizeof data, 0);
        if (n <= 0)
                return false;
        in = reader_of(bytes_of(data, (size_t)n));
        assert_int_equal(keeper_read_answer(&in, head), ERR_OK);
        if (payload != NULL)
                memcpy(payload, in.at, in.left);
        if (len != NULL)
                *len = in.left;
        return true;
}

static uint16_t lane_of(enum keeper_message number)
{
        switch (keeper_message_find((uint16_t)number)->lane) {
        case KEEPER_LANE_BULK:
                return 0;
        case KEEPER_LANE_STATE:
                return SLOTS;
        case KEEPER_LANE_SMALL:
                return SLOTS + 1;
        }
        return 0;
}

static void ask_on(struct raw *r, enum keeper_message number, uint16_t lane, struct bytes payload,
        uint32_t bulk, const char *passphrase)
{
        OWNED(buf_done) struct buf packet = {.ceiling = KEEPER_PACKET_MAX};
        struct keeper_head head = {.number = number, .lane = lane, .id = r->id++, .bulk = bulk};
        int fd = passphrase != NULL ? world_passphrase(passphrase) : -1;

        keeper_put_request(&packet, &head);
        put_raw(&packet, payload.data, payload.len);
        assert_int_equal(packet.failed, ERR_OK);
        send_packet(r, bytes_of(packet.data, packet.len), &fd, fd >= 0 ? 1 : 0);
        if (fd >= 0)
                (void)close(fd);
}

/* Asks with everything right about the packet but what the caller makes wrong. The
 * passphrase comes along where the table says so. */
static enum err ask(struct raw *r, enum keeper_message number, struct bytes payload, uint32_t bulk)
{
        const struct keeper_message_rule *rule = keeper_message_find((uint16_t)number);
        struct keeper_head head;

        ask_on(r, number, lane_of(number), payload, bulk,
                rule->descriptors > 0 ? "hemlig fras" : NULL);
        assert_true(receive(r, &head, NULL, NULL));
        assert_int_equal(head.number, number);
        assert_int_equal(head.lane, lane_of(number));
        assert_int_equal(head.id, r->id - 1);
        return head.err;
}

/* Asks, and reads the generation that is the whole answer. */
static uint64_t ask_generation(
        struct raw *r, enum keeper_message number, struct bytes payload, uint32_t bulk)
{
        const struct keeper_message_rule *rule = keeper_message_find((uint16_t)number);
        uint8_t answer[KEEPER_PACKET_MAX];
        struct keeper_head head;
        struct reader in;
        uint64_t generation;
        size_t len;

        ask_on(r, number, lane_of(number), payload, bulk,
                rule->descriptors > 0 ? "hemlig fras" : NULL);
        assert_true(receive(r, &head, answer, &len));
        assert_int_equal(head.err, ERR_OK);
        in = reader_of(bytes_of(answer, len));
        assert_int_equal(read_u64(&in, &generation), ERR_OK);
        return generation;
}

static void confirm(struct raw *r, uint64_t generation)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 8};

        put_u64(&payload, generation);
        assert_int_equal(ask(r, KEEPER_CONFIRM, bytes_of(payload.data, payload.len), 0), ERR_OK);
}

static uint64_t raw_create(struct raw *r)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 64};

        put_u32(&payload, world_cost.memory_kib);
        put_u32(&payload, world_cost.passes);
        put_raw(&payload, r->w.signer_public, SIGN_PUBLIC_LEN);
        return ask_generation(r, KEEPER_CREATE, bytes_of(payload.data, payload.len), 0);
}

static uint64_t raw_load(struct raw *r)
{
        struct rules rules = world_rules(&r->w, 1, NULL);
        struct bytes file = world_bundle(&r->w, &rules, r->w.signer, NULL);

        memcpy(r->memory + (size_t)SLOTS * KEEPER_SLOT_LEN, file.data, file.len);
        return ask_generation(r, KEEPER_LOAD_BUNDLE, bytes_of(NULL, 0), (uint32_t)file.len);
}

static uint64_t raw_prepare(struct raw *r)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 64};

        keeper_put_domain(&payload, &(struct domain){"anmalan", 114});
        return ask_generation(r, KEEPER_PREPARE_DOMAIN, bytes_of(payload.data, payload.len), 0);
}

/* A keeper that has come as far as this. */
static void raw_reach(struct raw *r, enum keeper_state state)
{
        uint64_t generation = 0;

        raw_start(r);
        if (state >= KEEPER_CREATED)
                generation = raw_create(r);
        if (state >= KEEPER_UNSEALED)
                confirm(r, generation);
        if (state >= KEEPER_RULED) {
                confirm(r, raw_load(r));
                confirm(r, raw_prepare(r));
        }
}

/* It still answers, and has not left its state: LOAD_BUNDLE without a bundle is
 * refused differently in each. */
static void assert_lives(struct raw *r)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 64};

        put_u32(&payload, KEEPER_PROTOCOL);
        put_u32(&payload, SLOTS);
        put_u32(&payload, KEEPER_SLOT_LEN);
        assert_int_equal(ask(r, KEEPER_HELLO, bytes_of(payload.data, payload.len), 0), ERR_OK);
}

static const uint8_t zeros[KEEPER_PACKET_MAX];

static void every_message_out_of_its_state_is_refused(void **state)
{
        (void)state;
        for (enum keeper_state s = KEEPER_STARTED; s < KEEPER_STATE_COUNT; s++) {
                struct raw r;
                unsigned refused = 0;

                raw_reach(&r, s);
                for (unsigned i = 0; i < ARRAY_LEN(messages); i++) {
                        const struct keeper_message_rule *rule =
                                keeper_message_find((uint16_t)messages[i]);

                        if ((rule->states & 1u << s) != 0)
                                continue;
                        assert_int_equal(ask(&r, messages[i], bytes_of(zeros, rule->shortest), 0),
                                ERR_KEEPER_REFUSED);
                        assert_int_equal(ask(&r, messages[i], bytes_of(zeros, rule->longest), 0),
                                ERR_KEEPER_REFUSED);
                        refused += 2;
                }
                assert_true(refused > 0);
                assert_lives(&r);
                assert_int_equal(raw_stop(&r), 0);
        }
}

static void a_payload_of_the_wrong_length_is_refused(void **state)
{
        (void)state;
        for (enum keeper_state s = KEEPER_STARTED; s < KEEPER_STATE_COUNT; s++) {
                struct raw r;

                raw_reach(&r, s);
                for (unsigned i = 0; i < ARRAY_LEN(messages); i++) {
                        const struct keeper_message_rule *rule =
                                keeper_message_find((uint16_t)messages[i]);

                        if ((rule->states & 1u << s) == 0)
                                continue;
                        for (size_t len = 0; len < rule->shortest; len++)
                                assert_int_equal(ask(&r, messages[i], bytes_of(zeros, len), 0),
                                        ERR_MALFORMED);
                        assert_int_equal(
                                ask(&r, messages[i], bytes_of(zeros, rule->longest + 1), 0),
                                ERR_MALFORMED);
                }
                assert_lives(&r);
                assert_int_equal(raw_stop(&r), 0);
        }
}

static void zeros_and_ones_of_every_length_are_refused(void **state)
{
        uint8_t ones[KEEPER_PACKET_MAX];
        struct raw r;

        (void)state;
        memset(ones, 0xff, sizeof ones);
        raw_reach(&r, KEEPER_RULED);
        for (unsigned i = 0; i < ARRAY_LEN(messages); i++) {
                const struct keeper_message_rule *rule = keeper_message_find((uint16_t)messages[i]);

                if ((rule->states & KEEPER_IN(RULED)) == 0 || rule->longest == 0)
                        continue;
                for (size_t len = rule->shortest; len <= rule->longest; len++) {
                        assert_int_not_equal(ask(&r, messages[i], bytes_of(zeros, len), 0), ERR_OK);
                        assert_int_not_equal(ask(&r, messages[i], bytes_of(ones, len), 0), ERR_OK);
                }
        }
        assert_lives(&r);
        assert_int_equal(raw_stop(&r), 0);
}

static void a_message_on_the_wrong_kind_of_lane_is_refused(void **state)
{
        static const uint16_t lanes[] = {0, SLOTS, SLOTS + 1};
        struct raw r;

        (void)state;
        raw_reach(&r, KEEPER_RULED);
        for (unsigned i = 0; i < ARRAY_LEN(messages); i++)
                for (unsigned l = 0; l < ARRAY_LEN(lanes); l++) {
                        const struct keeper_message_rule *rule =
                                keeper_message_find((uint16_t)messages[i]);
                        struct keeper_head head;

                        if (lanes[l] == lane_of(messages[i]) || rule->descriptors > 0)
                                continue;
                        ask_on(&r, messages[i], lanes[l], bytes_of(zeros, rule->shortest), 0, NULL);
                        assert_true(receive(&r, &head, NULL, NULL));
                        assert_int_equal(head.err, ERR_KEEPER_REFUSED);
                }
        assert_lives(&r);
        assert_int_equal(raw_stop(&r), 0);
}

static void a_message_nobody_has_heard_of_is_refused(void **state)
{
        static const uint16_t unknown[] = {0, KEEPER_MESSAGE_END, 0xffff};
        struct raw r;
        struct keeper_head head;

        (void)state;
        raw_reach(&r, KEEPER_RULED);
        for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
                ask_on(&r, (enum keeper_message)unknown[i], SLOTS + 1, bytes_of(NULL, 0), 0, NULL);
                assert_true(receive(&r, &head, NULL, NULL));
                assert_int_equal(head.err, ERR_UNSUPPORTED);
        }
        assert_lives(&r);
        assert_int_equal(raw_stop(&r), 0);
}

static void a_bulk_beyond_the_slot_is_refused(void **state)
{
        struct raw r;

        (void)state;
        raw_reach(&r, KEEPER_RULED);
        for (unsigned i = 0; i < ARRAY_LEN(messages); i++) {
                const struct keeper_message_rule *rule = keeper_message_find((uint16_t)messages[i]);

                if ((rule->states & KEEPER_IN(RULED)) == 0)
                        continue;
                assert_int_equal(ask(&r, messages[i], bytes_of(zeros, rule->shortest),
                                         rule->bulk ? KEEPER_SLOT_LEN + 1 : 1),
                        ERR_TOO_LARGE);
                assert_int_equal(ask(&r, messages[i], bytes_of(zeros, rule->shortest), UINT32_MAX),
                        ERR_TOO_LARGE);
        }
        assert_lives(&r);
        assert_int_equal(raw_stop(&r), 0);
}

/* ACCEPT by hand: three rows with two guardians each, no body. */
struct handmade {
        struct batch_name name;
        uint32_t rows, guardians, key_width, body;
        uint8_t flags;
        uint8_t bulk[512];
        size_t bulk_len;
};

static struct handmade handmade_new(void)
{
        struct handmade h = {.name = {.domain = {"anmalan", 114}},
                .rows = 3,
                .guardians = 6,
                .key_width = 4,
                .flags = 1};
        uint8_t *at = h.bulk;

        for (unsigned i = 0; i < 3; i++, at += PERSON_ID_LEN)
                world_person(i, at);
        for (unsigned i = 0; i < 3; i++)
                *at++ = PERSON_NATIONAL;
        for (unsigned i = 0; i < 6; i++, at += PERSON_ID_LEN)
                world_person(10 + i, at);
        for (unsigned i = 0; i < 6; i++)
                *at++ = PERSON_NATIONAL;
        for (unsigned i = 0; i < 3; i++)
                *at++ = 1; /* goes on */
        for (unsigned i = 0; i < 3; i++)
                *at++ = 2; /* guardians */
        for (unsigned i = 0; i < 12; i++)
                *at++ = (uint8_t)('a' + i);
        h.bulk_len = (size_t)(at - h.bulk);
        return h;
}

static enum err ask_handmade(struct raw *r, const struct handmade *h)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 256};

        keeper_put_batch(&payload, &h->name);
        put_u32(&payload, h->rows);
        put_u8(&payload, h->flags);
        put_u32(&payload, h->guardians);
        put_u32(&payload, h->key_width);
        put_u32(&payload, h->body);
        put_raw(&payload, zeros, 32);
        memcpy(r->memory, h->bulk, sizeof h->bulk);
        return ask(r, KEEPER_ACCEPT, bytes_of(payload.data, payload.len), (uint32_t)h->bulk_len);
}

static void a_batch_that_does_not_add_up_is_refused(void **state)
{
        static const uint32_t wrong[] = {0, 1, 2, 4, 7, 24, 25, 100, 65537, 0x80000000, UINT32_MAX};
        struct handmade good = handmade_new();
        struct raw r;

        (void)state;
        raw_reach(&r, KEEPER_RULED);
        assert_int_equal(ask_handmade(&r, &good), ERR_OK);
        for (unsigned field = 0; field < 4; field++)
                for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
                        struct handmade h = good;
                        uint32_t *at[] = {&h.rows, &h.guardians, &h.key_width, &h.body};

                        if (*at[field] == wrong[i])
                                continue;
                        *at[field] = wrong[i];
                        assert_int_equal(ask_handmade(&r, &h), ERR_MALFORMED);
                }
        for (size_t len = 0; len < sizeof good.bulk; len++) {
                struct handmade h = good;

                h.bulk_len = len;
                if (len != good.bulk_len)
                        assert_int_equal(ask_handmade(&r, &h), ERR_MALFORMED);
        }
        for (unsigned flags = 2; flags < 256; flags++) {
                struct handmade h = good;

                h.flags = (uint8_t)flags;
                assert_int_equal(ask_handmade(&r, &h), ERR_MALFORMED);
        }
        assert_int_equal(ask_handmade(&r, &good), ERR_OK);
        assert_int_equal(raw_stop(&r), 0);
}

static void guardian_counts_that_lie_are_refused(void **state)
{
        enum { COUNTS_AT = 9 * (PERSON_ID_LEN + 1) + 3 };
        static const uint8_t lies[][3] = {{2, 2, 1}, {2, 2, 3}, {9, 0, 0}, {0, 0, 6}, {255, 0, 0}};
        struct raw r;

        (void)state;
        raw_reach(&r, KEEPER_RULED);
        for (unsigned i = 0; i < ARRAY_LEN(lies); i++) {
                struct handmade h = handmade_new();
                /* {0, 0, 6} is true: six guardians of one child. */
                enum err expected = i == 3 ? ERR_OK : ERR_MALFORMED;

                memcpy(h.bulk + COUNTS_AT, lies[i], 3);
                assert_int_equal(ask_handmade(&r, &h), expected);
        }
        assert_int_equal(raw_stop(&r), 0);
}

static void a_generation_that_was_never_given_out_cannot_be_confirmed(void **state)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 8};
        struct raw r;
        uint64_t generation;

        (void)state;
        raw_start(&r);
        generation = raw_create(&r);
        put_u64(&payload, generation + 1);
        assert_int_equal(
                ask(&r, KEEPER_CONFIRM, bytes_of(payload.data, payload.len), 0), ERR_INVALID);
        assert_int_equal(ask(&r, KEEPER_CONFIRM, bytes_of(zeros, 8), 0), ERR_INVALID);
        assert_int_equal(ask(&r, KEEPER_LOAD_BUNDLE, bytes_of(NULL, 0), 0), ERR_KEEPER_REFUSED);
        confirm(&r, generation);
        assert_int_equal(ask(&r, KEEPER_LOAD_BUNDLE, bytes_of(NULL, 0), 0), ERR_POLICY_REFUSED);
        assert_int_equal(raw_stop(&r), 0);
}

static void a_new_keyring_takes_the_place_of_one_that_was_never_saved(void **state)
{
        struct raw r;
        uint64_t generation;

        (void)state;
        raw_start(&r);
        (void)raw_create(&r);
        generation = raw_create(&r);
        confirm(&r, generation);
        confirm(&r, raw_load(&r));
        assert_int_equal(raw_stop(&r), 0);
}

/* Packets that no gateway of ours can send. */
struct violation_case {
        const char *what;
        uint32_t magic;
        uint16_t number, lane;
        size_t len; /* of the whole packet */
        unsigned fds;
};

static const struct violation_case violations[] = {
        {"wrong magic", 0x12345678, KEEPER_STOP, SLOTS + 1, 16, 0},
        {"a lane that is not there", KEEPER_MAGIC, KEEPER_STOP, SLOTS + 5, 16, 0},
        {"a lane far away", KEEPER_MAGIC, KEEPER_STOP, 0xffff, 16, 0},
        {"half a head", KEEPER_MAGIC, KEEPER_STOP, SLOTS + 1, 15, 0},
        {"one byte", KEEPER_MAGIC, KEEPER_STOP, SLOTS + 1, 1, 0},
        {"a packet too long", KEEPER_MAGIC, KEEPER_STOP, SLOTS + 1, KEEPER_PACKET_MAX + 1, 0},
        {"a packet far too long", KEEPER_MAGIC, KEEPER_STOP, SLOTS + 1, 60000, 0},
        {"a descriptor unasked", KEEPER_MAGIC, KEEPER_STOP, SLOTS + 1, 16, 1},
        {"no passphrase", KEEPER_MAGIC, KEEPER_UNSEAL, SLOTS, 16, 0},
        {"two passphrases", KEEPER_MAGIC, KEEPER_UNSEAL, SLOTS, 16, 2},
        {"four passphrases", KEEPER_MAGIC, KEEPER_UNSEAL, SLOTS, 16, 4},
};

static int end_after(const struct violation_case *v)
{
        static uint8_t packet[65536];
        OWNED(buf_done) struct buf head = {.ceiling = 64};
        int fds[4] = {0, 0, 0, 0};
        struct keeper_head ignored;
        struct raw r;

        raw_start(&r);
        put_u32(&head, v->magic);
        put_u16(&head, v->number);
        put_u16(&head, v->lane);
        put_u64(&head, 0);
        memcpy(packet, head.data, head.len);
        send_packet(&r, bytes_of(packet, v->len), fds, v->fds);
        assert_false(receive(&r, &ignored, NULL, NULL));
        return raw_stop(&r);
}

static void a_packet_no_gateway_can_send_ends_the_keeper(void **state)
{
        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(violations); i++) {
                int status = end_after(&violations[i]);

                if (status != EXIT_VIOLATION)
                        fail_msg("%s: exit status %d", violations[i].what, status);
        }
}

static void a_second_request_on_a_busy_lane_ends_the_keeper(void **state)
{
        OWNED(buf_done) struct buf packet = {.ceiling = 64};
        struct keeper_head head = {.number = KEEPER_UNSEAL, .lane = SLOTS};
        int fds[2];
        struct raw r;

        (void)state;
        /* UNSEAL waits for its passphrase on an open pipe; behind it two requests on one
         * lane cannot have been answered. */
        raw_start(&r);
        assert_lives(&r);
        assert_int_equal(pipe(fds), 0);
        keeper_put_request(&packet, &head);
        send_packet(&r, bytes_of(packet.data, packet.len), fds, 1);
        (void)usleep(50000);
        for (unsigned i = 0; i < 2; i++)
                ask_on(&r, KEEPER_STOP, SLOTS + 1, bytes_of(zeros, 1), 0, NULL);
        (void)close(fds[1]);
        assert_true(receive(&r, &head, NULL, NULL));
        assert_int_equal(head.err, ERR_PASSPHRASE);
        (void)close(fds[0]);
        assert_int_equal(raw_stop(&r), EXIT_VIOLATION);
}

static void a_passphrase_that_never_comes_does_not_keep_the_keeper(void **state)
{
        OWNED(buf_done) struct buf packet = {.ceiling = 64};
        struct keeper_head head = {.number = KEEPER_UNSEAL, .lane = SLOTS};
        int fds[2];
        struct raw r;

        (void)state;
        raw_start(&r);
        assert_lives(&r);
        assert_int_equal(pipe(fds), 0);
        keeper_put_request(&packet, &head);
        send_packet(&r, bytes_of(packet.data, packet.len), fds, 1);
        (void)usleep(20000);
        assert_int_equal(raw_stop(&r), 0); /* hangs up while it waits */
        (void)close(fds[0]);
        (void)close(fds[1]);
}

static void started_by_hand_it_says_so_and_leaves(void **state)
{
        int status = 0;
        pid_t pid = fork();

        (void)state;
        assert_true(pid >= 0);
        if (pid == 0) {
                int nothing = open("/dev/null", O_WRONLY);

                (void)dup2(nothing, STDERR_FILENO);
                (void)execl(KEEPER_PROGRAM, "statgate-keeper", NULL);
                _exit(127);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_message_out_of_its_state_is_refused),
                cmocka_unit_test(a_payload_of_the_wrong_length_is_refused),
                cmocka_unit_test(zeros_and_ones_of_every_length_are_refused),
                cmocka_unit_test(a_message_on_the_wrong_kind_of_lane_is_refused),
                cmocka_unit_test(a_message_nobody_has_heard_of_is_refused),
                cmocka_unit_test(a_bulk_beyond_the_slot_is_refused),
                cmocka_unit_test(a_batch_that_does_not_add_up_is_refused),
                cmocka_unit_test(guardian_counts_that_lie_are_refused),
                cmocka_unit_test(a_generation_that_was_never_given_out_cannot_be_confirmed),
                cmocka_unit_test(a_new_keyring_takes_the_place_of_one_that_was_never_saved),
                cmocka_unit_test(a_packet_no_gateway_can_send_ends_the_keeper),
                cmocka_unit_test(a_second_request_on_a_busy_lane_ends_the_keeper),
                cmocka_unit_test(a_passphrase_that_never_comes_does_not_keep_the_keeper),
                cmocka_unit_test(started_by_hand_it_says_so_and_leaves),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
