/* SPDX-License-Identifier: Apache-2.0 */
/* connect.c: the gateway's end, which stands where a keeper of its own would.
 *
 * It has the gateway's socket pair and shared memory, as the keeper has them, and nothing else
 * from it; what it reads there goes to the custodian, what comes back goes into the slot it was
 * asked from. It lives as long as its line: when that breaks, or a request stays unanswered for
 * two minutes, it ends, and to the gateway its keeper is dead: nothing is served, nothing is kept
 * for later. Whoever starts the gateway again makes the next line. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "crypto/channel.h"
#include "gateway/bridge/address.h"
#include "gateway/bridge/gate.h"
#include "gateway/bridge/greeting.h"
#include "gateway/bridge/line.h"
#include "gateway/bridge/party.h"
#include "gateway/bridge/program.h"
#include "gateway/bridge/text_file.h"
#include "gateway/keeper/launch.h"

enum {
        TRY_FOR_MS = 10000, /* to find the custodian; then whoever starts us has to know */
        TRY_EVERY_MS = 250,
        MEET_MS = 5000,
        ANSWER_MS = 120000,
        TICK_MS = 1000,
};

struct connect {
        unsigned slots;
        struct address address;
        struct party custodian; /* PARTY_NOBODY: whoever the authority vouches for */
        const char *pki;
        struct channel_context *context;
        struct gate gate;
        struct line line;
};

static int64_t now_ms(void)
{
        return clock_monotonic_ns() / 1000000;
}

/* Arriving ------------------------------------------------------------------------ */

static enum err await_line(int fd, short events, int64_t until_ms)
{
        struct pollfd at = {.fd = fd, .events = events};
        int64_t left = until_ms - now_ms();

        if (left <= 0)
                return ERR_DEADLINE;
        (void)poll(&at, 1, (int)left);
        return ERR_OK;
}

static enum err shake(const struct connect *c, struct channel *channel, int fd, int64_t until_ms)
{
        struct peer_certificate peer;
        enum err e;

        while ((e = channel_shake(channel)) == ERR_BUSY)
                TRY(await_line(fd, channel_events(channel), until_ms));
        TRY(e);
        TRY(channel_peer(channel, &peer));
        if (c->custodian.kind != PARTY_NOBODY && !party_is_certificate(&c->custodian, &peer))
                return ERR_NOT_AUTHENTICATED;
        return ERR_OK;
}

static enum err greet(struct connect *c, int64_t until_ms)
{
        uint8_t greeting[GREETING_LEN], welcome[WELCOME_LEN];
        size_t len = 0, have = 0;

        greeting_write(c->slots, greeting);
        /* Into an empty socket: whole or not at all; whoever turned us away has said why. */
        (void)!line_write_some(&c->line, greeting, sizeof greeting, &len);
        while (have < sizeof welcome) {
                enum err e = line_read_some(&c->line, welcome + have, sizeof welcome - have, &len);

                if (e == ERR_BUSY) {
                        TRY(await_line(c->line.fd, c->line.in_events, until_ms));
                        continue;
                }
                TRY(e);
                have += len;
        }
        return welcome_read(welcome);
}

static enum err arrive(struct connect *c)
{
        int64_t until_ms = now_ms() + MEET_MS;
        OWNED(channel_free) struct channel *channel = NULL;
        OWNED(fd_close) int fd = -1;
        enum err e;

        TRY(address_reach(&c->address, MEET_MS, &fd));
        address_tune(&c->address, fd);
        if (c->address.tls) {
                TRY(channel_new(c->context, fd, c->address.host, &channel));
                TRY(shake(c, channel, fd, until_ms));
        } else if (!party_is_user(&c->custodian, fd)) {
                return ERR_NOT_AUTHENTICATED;
        }
        line_init(&c->line, fd_hand_over(&fd), channel, c->slots);
        channel = NULL;
        e = greet(c, until_ms);
        if (e != ERR_OK)
                line_done(&c->line);
        return e;
}

/* Not there yet, or with its last guest still. Who is refused is refused again. */
static bool may_change(enum err e)
{
        return e == ERR_UNREADABLE || e == ERR_IO || e == ERR_CLOSED || e == ERR_DEADLINE ||
               e == ERR_BUSY || e == ERR_IN_USE;
}

static bool gateway_left(int wait_ms)
{
        struct pollfd at = {.fd = KEEPER_SOCKET_FD, .events = 0};

        return poll(&at, 1, wait_ms) == 1;
}

static enum err find_custodian(struct connect *c)
{
        int64_t until_ms = now_ms() + TRY_FOR_MS;
        enum err e;

        while (may_change(e = arrive(c)) && now_ms() < until_ms)
                if (gateway_left(TRY_EVERY_MS))
                        return ERR_CANCELLED;
        if (e != ERR_OK)
                log_event(LOG_ERROR, "custodian_not_reached", LOG_TEXT("code", err_name(e)));
        return e;
}

/* To and fro ------------------------------------------------------------------------ */

/* ERR_BUSY: no more now. ERR_CLOSED: the gateway hung up. */
static enum err take_request(struct connect *c)
{
        uint8_t packet[KEEPER_PACKET_MAX];
        struct keeper_head head;
        /* Without room for descriptors: none crosses. */
        ssize_t n = recv(KEEPER_SOCKET_FD, packet, sizeof packet, MSG_DONTWAIT);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? ERR_BUSY : ERR_CLOSED;
        if (n == 0)
                return ERR_CLOSED;
        TRY(gate_request(&c->gate, bytes_of(packet, (size_t)n), &head));
        line_put(&c->line, head.lane, bytes_of(packet, (size_t)n),
                bytes_of(gate_slot(&c->gate, head.lane), head.bulk));
        return ERR_OK;
}

static enum err admit(void *arg, struct bytes packet, uint8_t **out_bulk, size_t *out_len)
{
        struct connect *c = arg;
        struct keeper_head head;

        TRY(gate_answer(&c->gate, packet, &head));
        *out_bulk = gate_slot(&c->gate, head.lane);
        *out_len = head.bulk;
        return ERR_OK;
}

static enum err take_answer(struct connect *c)
{
        const struct frame_gate gate = {admit, c};
        struct keeper_head head;
        struct bytes packet;
        struct reader in;

        TRY(line_read(&c->line, &gate));
        packet = frame_packet(&c->line.in);
        in = reader_of(packet);
        TRY(keeper_read_request(&in, &head));
        /* The lane is free before the gateway hears of it: it may ask again at once. */
        gate_free(&c->gate, head.lane);
        if (!keeper_send_packet(KEEPER_SOCKET_FD, packet, -1))
                return ERR_CLOSED;
        frame_next(&c->line.in);
        return ERR_OK;
}

static enum err send_one(struct connect *c)
{
        unsigned lane;
        enum err e = line_flush(&c->line, &lane);

        return e == ERR_NOT_FOUND ? ERR_BUSY : e;
}

struct ending {
        bool gateway; /* it hung up; else the line is lost */
        enum err why;
};

/* True: something moved. */
static bool moved(enum err e, bool gateway, struct ending *out, bool *out_ended)
{
        if (e != ERR_OK && e != ERR_BUSY) {
                *out = (struct ending){gateway, e};
                *out_ended = true;
        }
        return e == ERR_OK;
}

/* False: nothing more to do; *out says why. */
static bool work(struct connect *c, struct ending *out)
{
        bool any, ended = false;

        do {
                any = moved(take_request(c), true, out, &ended);
                if (!ended)
                        any = moved(send_one(c), false, out, &ended) || any;
                if (!ended)
                        any = moved(take_answer(c), false, out, &ended) || any;
        } while (any && !ended);
        return !ended;
}

static bool too_late(const struct connect *c)
{
        int64_t before = clock_monotonic_ns() - (int64_t)ANSWER_MS * 1000000;

        return gate_oldest_ns(&c->gate) < before || line_stalled(&c->line);
}

static enum exit_code carry(struct connect *c)
{
        struct ending end = {.why = ERR_DEADLINE};

        while (work(c, &end)) {
                struct pollfd fds[2] = {{.fd = KEEPER_SOCKET_FD, .events = POLLIN},
                        {.fd = c->line.fd, .events = line_events(&c->line, true)}};

                if (too_late(c))
                        break;
                (void)poll(fds, 2, TICK_MS);
        }
        if (end.gateway && end.why == ERR_CLOSED)
                return EXIT_STOPPED;
        log_event(LOG_ERROR, "custodian_lost", LOG_TEXT("code", err_name(end.why)),
                LOG_NUM("under_way", c->gate.busy));
        return EXIT_DIED;
}

/* Up ----------------------------------------------------------------------------------- */

static uint8_t *map_memory(unsigned slots)
{
        size_t len = keeper_memory_len(slots);
        struct stat st;
        void *at;

        if (fstat(KEEPER_MEMORY_FD, &st) != 0 || (size_t)st.st_size != len)
                return NULL;
        at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, KEEPER_MEMORY_FD, 0);
        (void)close(KEEPER_MEMORY_FD);
        return at == MAP_FAILED ? NULL : at;
}

static enum err read_arguments(char *const arguments[4], struct connect *out)
{
        int64_t slots;

        if (!bytes_decimal(bytes_of_text(arguments[0]), 0, &slots) || slots < 1 ||
                slots > KEEPER_SLOTS_MAX)
                return ERR_CONFIG;
        out->slots = (unsigned)slots;
        TRY(address_parse(arguments[1], &out->address));
        if (arguments[2][0] != '\0')
                TRY(party_parse(arguments[2], &out->custodian));
        out->pki = arguments[3];
        /* A unix socket has no authority that could vouch for anybody. */
        return out->address.tls || out->custodian.kind == PARTY_USER ? ERR_OK : ERR_CONFIG;
}

static enum err make_context(struct connect *c)
{
        struct text_file chain = {.len = 0}, key = {.len = 0}, ca = {.len = 0};
        struct channel_keys keys;
        enum err e = text_file_read(c->pki, "gateway.pem", &chain);

        if (e == ERR_OK)
                e = text_file_read(c->pki, "gateway.key", &key);
        if (e == ERR_OK)
                e = text_file_read(c->pki, "ca.pem", &ca);
        keys = (struct channel_keys){
                text_file_bytes(&chain), text_file_bytes(&key), text_file_bytes(&ca)};
        if (e == ERR_OK)
                e = channel_context_new(CHANNEL_CLIENT, &keys, &c->context);
        text_file_wipe(&key);
        return e;
}

static enum err prepare(char *const arguments[4], struct connect *c)
{
        /* The gateway decides when we leave, as it does for a keeper of its own. */
        static const int ignored[] = {SIGINT, SIGTERM, SIGHUP};

        for (unsigned i = 0; i < ARRAY_LEN(ignored); i++)
                (void)signal(ignored[i], SIG_IGN);
        TRY(read_arguments(arguments, c));
        c->gate.slots = c->slots;
        c->gate.memory = map_memory(c->slots);
        if (c->gate.memory == NULL)
                return ERR_NO_MEMORY;
        return c->address.tls ? make_context(c) : ERR_OK;
}

enum exit_code connect_to(char *const arguments[4])
{
        struct connect *c = calloc(1, sizeof *c);
        enum exit_code code = EXIT_START;
        enum err e = ERR_NO_MEMORY;

        if (c != NULL) {
                c->line.fd = -1;
                e = prepare(arguments, c);
        }
        if (e != ERR_OK)
                log_event(LOG_ERROR, "bridge_failed", LOG_TEXT("code", err_name(e)));
        else if (find_custodian(c) == ERR_OK)
                code = carry(c);
        if (c != NULL) {
                line_done(&c->line);
                channel_context_free(&c->context);
        }
        free(c);
        return code;
}
