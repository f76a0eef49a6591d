/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c: the custodian's end.
 *
 * One thread, one gateway at a time, and the keeper's own order of things: requests go on as they
 * come, answers as they come back. What is not a gateway's to ask (the first keyring, an officer's
 * visit, opening) is answered here; what changes the state passes through custody.h.
 *
 *      line lost ──> what the keeper still answers is dropped ──> the next gateway may come in
 *      officer   ──> no new request is read ──> nothing is under way ──> the keeper hears her
 *
 * A gateway that breaks the rules loses its line, and the keeper never hears of it. The keeper
 * stays open meanwhile: a gateway that starts again needs no officer. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "crypto/secret.h"
#include "gateway/bridge/custody.h"
#include "gateway/bridge/gate.h"
#include "gateway/bridge/program.h"
#include "gateway/bridge/reception.h"
#include "gateway/keeper/doorway.h"
#include "gateway/keeper/launch.h"

enum { SETTINGS_ARENA_MAX = 8 << 20, TICK_MS = 1000, DRAIN_MS = 5000, PATH_ROOM = 4096 };

struct serve {
        struct custody custody;
        struct reception reception;
        struct gate gate;
        struct line line;
        bool has_line, leaving;
        int arriving;           /* lane of a request whose bulk is not all here; -1: none */
        int run, door, officer; /* folder, listener, and who waits; -1: none */
        int lock, signals;
        bool keeper_gone;
};

/* Lanes --------------------------------------------------------------------------- */

/* What stood in the slot was a gateway's to know, and nobody's after it. */
static void free_lane(struct serve *s, unsigned lane)
{
        uint8_t *slot = gate_slot(&s->gate, lane);

        if (slot != NULL && s->gate.lanes[lane].used > 0)
                wipe(slot, s->gate.lanes[lane].used);
        gate_free(&s->gate, lane);
}

static void lose_line(struct serve *s, const char *why)
{
        log_event(s->leaving ? LOG_INFO : LOG_WARNING, "gateway_gone", LOG_TEXT("why", why),
                LOG_NUM("under_way", s->gate.busy));
        line_done(&s->line);
        s->has_line = false;
        s->leaving = false;
        if (s->arriving >= 0)
                free_lane(s, (unsigned)s->arriving);
        s->arriving = -1;
        for (unsigned i = 0; i < keeper_lanes(CUSTODY_SLOTS); i++)
                if (s->gate.lanes[i].answered)
                        free_lane(s, i);
}

/* Requests -------------------------------------------------------------------------- */

static enum err admit(void *arg, struct bytes packet, uint8_t **out_bulk, size_t *out_len)
{
        struct serve *s = arg;
        struct keeper_head head;

        TRY(gate_request(&s->gate, packet, &head));
        s->arriving = head.lane;
        *out_bulk = gate_slot(&s->gate, head.lane);
        *out_len = head.bulk;
        return ERR_OK;
}

/* By us and not by the keeper. */
static void answer(struct serve *s, const struct keeper_head *request, enum err e, uint64_t number)
{
        struct keeper_head head = *request;
        uint8_t packet[KEEPER_ANSWER_HEAD_LEN + 8];
        size_t payload = e == ERR_OK ? keeper_message_find((uint16_t)head.number)->answer : 0;

        head.err = e;
        head.bulk = 0;
        keeper_write_answer(&head, packet);
        for (unsigned i = 0; i < payload && i < 8; i++)
                packet[KEEPER_ANSWER_HEAD_LEN + i] = (uint8_t)(number >> (8 * i));
        s->gate.lanes[head.lane].answered = true;
        line_put(&s->line, head.lane, bytes_of(packet, KEEPER_ANSWER_HEAD_LEN + payload),
                bytes_of(NULL, 0));
}

static void pass_on(struct serve *s, struct bytes packet)
{
        if (!keeper_send_packet(s->custody.socket, packet, -1))
                s->keeper_gone = true;
}

static void heed(struct serve *s, const struct keeper_head *head, struct bytes packet)
{
        bool open = s->custody.generation > 0;
        enum err e;

        switch (head->number) {
        case KEEPER_UNSEAL:
                answer(s, head, open ? ERR_OK : ERR_SEALED, s->custody.generation);
                return;
        case KEEPER_STOP:
                s->leaving = true;
                answer(s, head, ERR_OK, 0);
                return;
        case KEEPER_CONFIRM:
                e = custody_confirm(&s->custody, packet);
                if (e != ERR_OK)
                        answer(s, head, e, 0);
                else
                        pass_on(s, packet);
                return;
        default:
                break;
        }
        /* A descriptor is an officer's word, and those are said at the custodian's door. */
        if (keeper_message_find((uint16_t)head->number)->descriptors > 0)
                answer(s, head, ERR_NOT_ALLOWED, 0);
        else
                pass_on(s, packet);
}

/* True: something was done, and there may be more. */
static bool read_requests(struct serve *s)
{
        const struct frame_gate gate = {admit, s};
        struct keeper_head head;
        struct reader in;
        enum err e;

        if (!s->has_line || (s->officer >= 0 && !frame_begun(&s->line.in)))
                return false;
        e = line_read(&s->line, &gate);
        if (e == ERR_BUSY)
                return false;
        if (e != ERR_OK) {
                lose_line(s, err_name(e));
                return false;
        }
        s->arriving = -1;
        in = reader_of(frame_packet(&s->line.in));
        if (keeper_read_request(&in, &head) == ERR_OK)
                heed(s, &head, frame_packet(&s->line.in));
        frame_next(&s->line.in);
        return true;
}

/* Answers --------------------------------------------------------------------------- */

static bool read_answers(struct serve *s)
{
        uint8_t packet[KEEPER_PACKET_MAX];
        struct keeper_head head;
        ssize_t n = recv(s->custody.socket, packet, sizeof packet, MSG_DONTWAIT);
        size_t len = n > 0 ? (size_t)n : 0;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        if (n <= 0 || gate_answer(&s->gate, bytes_of(packet, len), &head) != ERR_OK) {
                s->keeper_gone = true;
                return false;
        }
        custody_keep(&s->custody, &head, packet, &len);
        if (s->has_line)
                line_put(&s->line, head.lane, bytes_of(packet, len),
                        bytes_of(gate_slot(&s->gate, head.lane), head.bulk));
        else
                free_lane(s, head.lane);
        return true;
}

static bool send_answers(struct serve *s)
{
        unsigned lane;
        enum err e = s->has_line ? line_flush(&s->line, &lane) : ERR_NOT_FOUND;

        if (e == ERR_OK)
                free_lane(s, lane);
        else if (e != ERR_BUSY && e != ERR_NOT_FOUND)
                lose_line(s, err_name(e));
        return e == ERR_OK;
}

/* Officers --------------------------------------------------------------------------- */

static void greet_officer(struct serve *s)
{
        int fd = accept4(s->door, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
                return;
        if (doorway_may_enter(fd)) {
                s->officer = fd;
                return;
        }
        doorway_last_word(fd, ERR_NOT_ALLOWED);
        (void)close(fd);
}

/* When nothing is under way. */
static void hear_officer(struct serve *s)
{
        enum err e;

        if (s->officer < 0 || s->gate.busy > 0)
                return;
        e = custody_officer(&s->custody, s->officer);
        doorway_last_word(s->officer, e);
        fd_close(&s->officer);
        if (e != ERR_OK)
                log_event(LOG_WARNING, "officer_failed", LOG_TEXT("code", err_name(e)));
        s->keeper_gone = s->keeper_gone || e == ERR_KEEPER_GONE;
}

/* The loop ---------------------------------------------------------------------------- */

static void receive_guests(struct serve *s)
{
        /* One at a time; and what the last one asked for has to be out of the way. */
        enum err now = s->has_line ? ERR_IN_USE : s->gate.busy > 0 ? ERR_BUSY : ERR_OK;

        if (!reception_step(&s->reception, now, &s->line))
                return;
        s->has_line = true;
        s->arriving = -1;
        log_event(LOG_INFO, "gateway_came", LOG_NUM("sealed", s->custody.generation == 0));
}

static void work(struct serve *s)
{
        bool moved;

        do {
                moved = read_answers(s);
                moved = send_answers(s) || moved;
                moved = read_requests(s) || moved;
        } while (moved && !s->keeper_gone);
        if (s->has_line && line_stalled(&s->line))
                lose_line(s, "stalled");
        hear_officer(s);
        receive_guests(s);
}

enum { POLL_SIGNALS, POLL_KEEPER, POLL_DOOR, POLL_LINE, POLL_RECEPTION };

static void await_work(struct serve *s, struct pollfd fds[POLL_RECEPTION + RECEPTION_POLLS])
{
        bool reading = s->officer < 0 || frame_begun(&s->line.in);
        short events = 0;

        if (s->has_line)
                events = line_events(&s->line, reading);
        fds[POLL_SIGNALS] = (struct pollfd){.fd = s->signals, .events = POLLIN};
        fds[POLL_KEEPER] = (struct pollfd){.fd = s->custody.socket, .events = POLLIN};
        fds[POLL_DOOR] = (struct pollfd){.fd = s->officer < 0 ? s->door : -1, .events = POLLIN};
        fds[POLL_LINE] = (struct pollfd){.fd = s->has_line ? s->line.fd : -1, .events = events};
        reception_polls(&s->reception, fds + POLL_RECEPTION);
        (void)poll(fds, POLL_RECEPTION + RECEPTION_POLLS, TICK_MS);
}

static enum exit_code loop(struct serve *s)
{
        struct pollfd fds[POLL_RECEPTION + RECEPTION_POLLS];

        for (;;) {
                work(s);
                if (s->keeper_gone) {
                        log_event(LOG_ERROR, "keeper_died");
                        return EXIT_DIED;
                }
                await_work(s, fds);
                if (fds[POLL_SIGNALS].revents != 0)
                        return EXIT_STOPPED;
                if (fds[POLL_DOOR].revents != 0)
                        greet_officer(s);
        }
}

/* What the keeper still has in hand would come between our own question and its answer. */
static void drain(struct serve *s)
{
        int64_t until = clock_monotonic_ns() + (int64_t)DRAIN_MS * 1000000;

        if (s->has_line)
                lose_line(s, "stopping");
        while (s->gate.busy > 0 && !s->keeper_gone && clock_monotonic_ns() < until) {
                struct pollfd at = {.fd = s->custody.socket, .events = POLLIN};

                (void)poll(&at, 1, TICK_MS);
                while (read_answers(s))
                        continue;
        }
        if (s->gate.busy > 0 || s->keeper_gone)
                s->custody.generation = 0; /* not asked anything any more */
}

/* Up and down --------------------------------------------------------------------------- */

static int block_signals(void)
{
        sigset_t set;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        (void)signal(SIGHUP, SIG_IGN);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum err open_log(const struct custody_settings *c)
{
        int fd = STDERR_FILENO;

        if (strcmp(c->log, "-") != 0)
                fd = open(c->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                return ERR_UNREADABLE;
        log_to(fd, c->log_level); /* kept to the end of the process */
        return ERR_OK;
}

/* Two custodians of one folder would write the state by turns. */
static enum err lock_folder(const char *folder, int *out)
{
        char path[PATH_ROOM];
        OWNED(fd_close) int fd = -1;

        (void)snprintf(path, sizeof path, "%s/run", folder);
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
                return ERR_UNREADABLE;
        (void)snprintf(path, sizeof path, "%s/run/custodian.lock", folder);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return ERR_UNREADABLE;
        if (flock(fd, LOCK_EX | LOCK_NB) != 0)
                return ERR_IN_USE;
        *out = fd_hand_over(&fd);
        return ERR_OK;
}

/* run/address: where we are found, also with port 0; it comes when we listen. */
static enum err write_address(const struct custody_settings *c, unsigned port)
{
        char path[PATH_ROOM], temporary[PATH_ROOM];
        FILE *f;
        int wrote;

        (void)snprintf(path, sizeof path, "%s/run/address", c->folder);
        (void)snprintf(temporary, sizeof temporary, "%s/run/.address", c->folder);
        f = fopen(temporary, "we");
        if (f == NULL)
                return ERR_UNREADABLE;
        wrote = c->listen.tls ? fprintf(f, "tls:%s:%u\n", c->listen.host, port)
                              : fprintf(f, "unix:%s\n", c->listen.path);
        return fclose(f) == 0 && wrote > 0 && rename(temporary, path) == 0 ? ERR_OK
                                                                           : ERR_UNREADABLE;
}

#define STEP(name, expr)                                                                           \
        do {                                                                                       \
                *step = (name);                                                                    \
                TRY(expr);                                                                         \
        } while (0)

static enum err start(struct serve *s, const struct custody_settings *c, const char **step)
{
        enum err e;

        STEP("the folder", lock_folder(c->folder, &s->lock));
        STEP("starting the key keeper", custody_begin(c, &s->custody));
        s->gate.slots = CUSTODY_SLOTS;
        s->gate.memory = s->custody.memory;
        STEP("the officers' door", doorway_open(c->folder, &s->run, &s->door));
        *step = "unsealing the keyring";
        e = custody_open(&s->custody, c);
        if (e == ERR_SEALED)
                log_event(LOG_INFO, "sealed",
                        LOG_TEXT("why", "waiting for officers: statgate keys unseal"));
        else
                TRY(e);
        STEP("listening", reception_open(c, &s->reception));
        STEP("writing run/address", write_address(c, s->reception.port));
        return ERR_OK;
}

static void stop(struct serve *s, const struct custody_settings *c)
{
        char path[PATH_ROOM];

        (void)snprintf(path, sizeof path, "%s/run/address", c->folder);
        (void)unlink(path);
        if (s->reception.address != NULL)
                reception_close(&s->reception);
        if (s->custody.pid > 0) {
                drain(s);
                custody_end(&s->custody);
        }
        doorway_remove(s->run);
        fd_close(&s->officer);
        fd_close(&s->door);
        fd_close(&s->run);
        fd_close(&s->lock);
}

static void say_why(const char *step, enum err e, const struct refusal *why)
{
        (void)fprintf(stderr, "statgate-keeper-bridge: %s: %s\n", step, err_sentence(e));
        for (uint32_t i = 0; i < why->len; i++)
                (void)fprintf(
                        stderr, "  %s: %s\n", why->violations[i].field, why->violations[i].text);
        log_event(LOG_ERROR, "start_failed", LOG_TEXT("step", step), LOG_TEXT("code", err_name(e)));
}

/* Too large for a stack: every lane has room for what it has to say. */
static struct serve *serve_new(void)
{
        struct serve *s = calloc(1, sizeof *s);

        if (s == NULL)
                return NULL;
        s->arriving = s->run = s->door = s->officer = s->lock = -1;
        s->custody.socket = -1;
        return s;
}

static enum exit_code run(struct serve *s, const struct custody_settings *c)
{
        struct refusal nothing = {0};
        enum exit_code code = EXIT_START;
        const char *step = "";
        enum err e;

        s->signals = block_signals();
        e = s->signals >= 0 ? start(s, c, &step) : ERR_INTERNAL;
        if (e != ERR_OK) {
                say_why(step, e, &nothing);
        } else {
                log_event(LOG_INFO, "started", LOG_NUM("port", s->reception.port));
                code = loop(s);
        }
        /* The lock goes last; whoever did not get it leaves the other's files alone. */
        if (s->lock >= 0)
                stop(s, c);
        log_event(LOG_INFO, "stopped", LOG_NUM("exit", code));
        return code;
}

enum exit_code serve(const char *folder)
{
        OWNED(arena_free) struct arena *arena = arena_new(SETTINGS_ARENA_MAX);
        struct custody_settings c;
        struct refusal why = {0};
        struct serve *s = serve_new();
        enum exit_code code = EXIT_SETTINGS;
        enum err e = arena == NULL || s == NULL ? ERR_NO_MEMORY
                                                : custody_settings_read(arena, folder, &c, &why);

        if (e == ERR_OK)
                e = open_log(&c);
        if (e == ERR_OK)
                code = run(s, &c);
        else
                say_why("settings", e, &why);
        free(s);
        return code;
}

enum exit_code adopt(const char *folder)
{
        OWNED(arena_free) struct arena *arena = arena_new(SETTINGS_ARENA_MAX);
        struct custody_settings c;
        struct refusal why = {0};
        struct vault vault = {.state_path = NULL};
        uint64_t before = 0, now = 0;
        int lock = -1;
        enum err e = arena == NULL ? ERR_NO_MEMORY : custody_settings_read(arena, folder, &c, &why);

        if (e == ERR_OK)
                e = lock_folder(c.folder, &lock);
        if (e == ERR_OK)
                e = vault_open(c.keyring, &vault);
        if (e == ERR_OK)
                e = vault_adopt(&vault, &before, &now);
        vault_done(&vault);
        fd_close(&lock);
        if (e != ERR_OK) {
                say_why("adopting the keyring", e, &why);
                return EXIT_START;
        }
        log_event(LOG_WARNING, "custody_adopted", LOG_NUM("before", before), LOG_NUM("now", now));
        printf("The keyring in use is number %llu (before: %llu).\n", (unsigned long long)now,
                (unsigned long long)before);
        return EXIT_STOPPED;
}
