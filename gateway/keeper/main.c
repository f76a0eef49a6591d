/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: statgate-keeper, the process that has the keys.
 *
 * Started by the gateway with the socket as descriptor 3 and the shared memory as 4;
 * of no use on its own. In this order: nothing can be dumped, the secure pool, the
 * self-test, all memory locked, the system-call filter; only then the first message
 * is read. What fails on the way is told when the gateway says HELLO.
 *
 * The self-test is repeated every ten minutes, idle or busy. If it fails, the keys are wiped,
 * whoever waits hears why, and the process ends: the gateway goes down with it.
 *
 * Requests are taken off the socket as they come and served one by one, small ones
 * first, so that a receipt does not wait behind a queue of batches. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/secret.h"
#include "crypto/selftest.h"
#include "gateway/keeper/confine.h"
#include "gateway/keeper/hsm.h"
#include "gateway/keeper/run.h"

/* A test builds this program with another. */
#ifndef SELF_TEST_EVERY_MS
#define SELF_TEST_EVERY_MS 600000
#endif

enum {
        /* Some 5,000 domains with three keys each, as many linkages as there may be,
         * and the plain body of the keyring twice over while it is sealed. */
        POOL_LEN = 8 << 20,
        EXIT_START = 1,
        EXIT_VIOLATION = 2,
        EXIT_SELF_TEST = 3,
        LANES_MAX = KEEPER_SLOTS_MAX + 1 + KEEPER_SMALL_LANES,
};

struct packet {
        bool waiting;
        uint64_t arrival;
        int descriptor;
        size_t len;
        uint8_t data[KEEPER_PACKET_MAX];
};

struct loop {
        struct run *run;
        unsigned slots;
        uint64_t arrivals;
        int64_t tested_ns; /* when the self-test held last */
        unsigned waiting;
        struct packet lanes[LANES_MAX];
};

/* Takes the descriptors out of a control message; how many there were. */
static unsigned take_descriptors(struct msghdr *message, int *out)
{
        unsigned count = 0;

        *out = -1;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
                        memcpy(out, (const uint8_t *)c + at, sizeof *out);
                        count++;
                }
        }
        return count;
}

enum receipt { RECEIVED, NOTHING_YET, HUNG_UP, VIOLATION };

/* One packet off the socket and onto its lane. */
static enum receipt receive(struct loop *l)
{
        uint8_t data[KEEPER_PACKET_MAX + 1];
        _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(2 * sizeof(int))];
        struct iovec part = {data, sizeof data};
        struct msghdr message = {.msg_iov = &part,
                .msg_iovlen = 1,
                .msg_control = control,
                .msg_controllen = sizeof control};
        struct keeper_head head;
        struct packet *lane;
        int descriptor;
        ssize_t n = recvmsg(KEEPER_SOCKET_FD, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? NOTHING_YET : HUNG_UP;
        if (n == 0)
                return HUNG_UP;
        unsigned count = take_descriptors(&message, &descriptor);

        if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
                !run_admit(l->run, bytes_of(data, (size_t)n), count, &head))
                return VIOLATION;
        lane = &l->lanes[head.lane];
        if (lane->waiting)
                return VIOLATION;
        lane->waiting = true;
        lane->arrival = l->arrivals++;
        lane->descriptor = descriptor;
        lane->len = (size_t)n;
        memcpy(lane->data, data, lane->len);
        l->waiting++;
        return RECEIVED;
}

/* The kind of lane decides, then the time of arrival. */
static struct packet *next_packet(struct loop *l)
{
        struct packet *best = NULL;
        enum keeper_lane best_kind = KEEPER_LANE_BULK;

        for (unsigned i = 0; i < keeper_lanes(l->slots); i++) {
                enum keeper_lane kind;

                if (!l->lanes[i].waiting || !keeper_lane_kind(l->slots, (uint16_t)i, &kind))
                        continue;
                if (best == NULL || kind < best_kind ||
                        (kind == best_kind && l->lanes[i].arrival < best->arrival)) {
                        best = &l->lanes[i];
                        best_kind = kind;
                }
        }
        return best;
}

static bool send_answer(struct bytes answer)
{
        struct iovec part = {(void *)(uintptr_t)answer.data, answer.len};
        const struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        ssize_t n;

        do
                n = sendmsg(KEEPER_SOCKET_FD, &message, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n == (ssize_t)answer.len;
}

static enum run_verdict serve(struct loop *l, struct buf *answer)
{
        struct packet *p = next_packet(l);
        enum run_verdict verdict;

        verdict = run_handle(l->run, bytes_of(p->data, p->len), p->descriptor, answer);
        p->waiting = false;
        l->waiting--;
        if (verdict == RUN_VIOLATION)
                return verdict;
        return send_answer(bytes_of(answer->data, answer->len)) ? verdict : RUN_LEAVE;
}

static int until_self_test_ms(const struct loop *l)
{
        int64_t left = SELF_TEST_EVERY_MS - (clock_monotonic_ns() - l->tested_ns) / 1000000;

        return left > 0 ? (int)left : 0;
}

/* False: it failed, and those who were waiting have been told. */
static bool test_if_due(struct loop *l, struct buf *answer)
{
        if (until_self_test_ms(l) > 0)
                return true;
        if (run_self_test(l->run) == ERR_OK) {
                l->tested_ns = clock_monotonic_ns();
                return true;
        }
        while (l->waiting > 0 && serve(l, answer) == RUN_GO_ON)
                continue;
        return false;
}

/* Until the gateway hangs up or says STOP. */
static int loop_run(struct loop *l)
{
        OWNED(buf_done) struct buf answer = {.ceiling = KEEPER_ANSWER_MAX};

        if (buf_room(&answer, KEEPER_ANSWER_MAX) == NULL)
                return EXIT_START;
        for (;;) {
                struct pollfd fd = {.fd = KEEPER_SOCKET_FD, .events = POLLIN};
                enum receipt receipt = NOTHING_YET;
                enum run_verdict verdict = RUN_GO_ON;

                if (poll(&fd, 1, l->waiting > 0 ? 0 : until_self_test_ms(l)) < 0 && errno != EINTR)
                        return EXIT_START;
                if (fd.revents != 0)
                        do
                                receipt = receive(l);
                        while (receipt == RECEIVED);
                if (receipt == HUNG_UP)
                        return EXIT_SUCCESS;
                if (!test_if_due(l, &answer))
                        return EXIT_SELF_TEST;
                if (receipt == VIOLATION)
                        verdict = RUN_VIOLATION;
                else if (l->waiting > 0)
                        verdict = serve(l, &answer);
                if (verdict == RUN_VIOLATION) {
                        log_event(LOG_ERROR, "keeper_protocol_violation");
                        return EXIT_VIOLATION;
                }
                if (verdict == RUN_LEAVE)
                        return EXIT_SUCCESS;
        }
}

/* The shared memory cannot be made shorter under our feet: it came sealed. */
static uint8_t *map_memory(unsigned slots)
{
        size_t len = keeper_memory_len(slots);
        struct stat st;
        void *at;

        if (fstat(KEEPER_MEMORY_FD, &st) != 0 || (size_t)st.st_size != len ||
                (fcntl(KEEPER_MEMORY_FD, F_GET_SEALS) & F_SEAL_SHRINK) == 0)
                return NULL;
        at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, KEEPER_MEMORY_FD, 0);
        (void)close(KEEPER_MEMORY_FD);
        return at == MAP_FAILED ? NULL : at;
}

struct arguments {
        unsigned slots;
        bool lock_required;
        struct hsm_request module; /* .module NULL: there is none */
};

/* statgate-keeper SLOTS locked|unlocked [LIBRARY TOKEN KEY ENVIRONMENT] */
static bool read_arguments(int argc, char **argv, struct arguments *out)
{
        enum { WITHOUT = 3, WITH = 7 };
        char *end = NULL;
        unsigned long slots;

        if (argc != WITHOUT && argc != WITH)
                return false;
        slots = strtoul(argv[1], &end, 10);
        if (*end != '\0' || slots == 0 || slots > KEEPER_SLOTS_MAX)
                return false;
        *out = (struct arguments){
                .slots = (unsigned)slots, .lock_required = strcmp(argv[2], "unlocked") != 0};
        if (argc == WITH)
                out->module = (struct hsm_request){
                        argv[3], argv[4], argv[5], argv[6], KEEPER_PIN_FD, KEEPER_STATE_FD};
        return true;
}

/* The module's child is forked from a process that has no secrets and no locked memory yet, and
 * does its work while this one tests itself. */
static enum err prepare(const struct arguments *args, struct hsm_child *out)
{
        TRY(confine_process());
        if (args->module.module != NULL)
                TRY(hsm_begin(&args->module, args->lock_required, out));
        TRY(crypto_init(POOL_LEN, args->lock_required));
        return crypto_self_test();
}

/* A module that fails is no failure of the keeper: officers open it without. */
static void await_module(struct run *run, const struct arguments *args, struct hsm_child *child)
{
        OWNED(hsm_keys_done) struct hsm_keys keys = {.key = NULL};

        if (child->pid == 0)
                return;
        if (hsm_end(child, &args->module, &keys) == ERR_OK)
                run_take_module(run, &keys);
        (void)close(KEEPER_PIN_FD);
        (void)close(KEEPER_STATE_FD);
}

/* All big mappings are made before memory is locked, so that a limit that is too
 * low is told at the start and not in the middle of a batch. */
static enum err confine(struct run *run, bool lock_required)
{
        enum err locked = confine_memory(lock_required);

        if (locked != ERR_OK)
                run_fail(run, locked);
        else if (!lock_required)
                log_event(LOG_WARNING, "keeper_development_mode",
                        LOG_TEXT("why", "memory need not be locked: not for real persons"));
        return confine_calls();
}

/* Everything that belongs to the keys is gone before the process is. */
static int keep(const struct arguments *args)
{
        OWNED(run_free) struct run *run = NULL;
        struct hsm_child module = {.pid = 0};
        enum err failed = prepare(args, &module);
        uint8_t *memory = map_memory(args->slots);
        struct loop *l = calloc(1, sizeof *l);
        int status = EXIT_START;

        if (l != NULL && memory != NULL &&
                run_new(memory, args->slots, KEEPER_SOCKET_FD, failed, &run) == ERR_OK) {
                await_module(run, args, &module);
                if (confine(run, args->lock_required) == ERR_OK) {
                        l->run = run;
                        l->slots = args->slots;
                        l->tested_ns = clock_monotonic_ns();
                        status = loop_run(l);
                }
        }
        free(l);
        return status;
}

int main(int argc, char **argv)
{
        struct arguments args;

        if (!read_arguments(argc, argv, &args)) {
                static const char help[] = "statgate-keeper is started by statgated.\n";

                (void)!write(STDERR_FILENO, help, sizeof help - 1);
                return EXIT_START;
        }
        /* _exit: what runs at the end of a process would need calls we gave up. */
        _exit(keep(&args));
}
