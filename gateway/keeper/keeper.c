/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.c: the keeper's process and the line to it, from the asking side.
 *
 * Many threads ask at once, each on a lane of its own; one reader thread takes the
 * answers off the socket and wakes whoever waits on that lane. When the socket ends,
 * the keeper is dead: everybody who waits, and everybody who comes later, hears
 * ERR_KEEPER_GONE, and the death pipe hangs up for those who poll. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "crypto/secret.h"
#include "gateway/keeper/ask.h"
#include "gateway/keeper/launch.h"

enum { STOP_WAIT_MS = 3000 };

/* Answers and death -------------------------------------------------------- */

static void declare_dead(struct keeper *k)
{
        pthread_mutex_lock(&k->lock);
        if (!k->dead) {
                k->dead = true;
                fd_close(&k->death_write_fd);
        }
        for (unsigned i = 0; i < keeper_lanes(k->slots); i++)
                pthread_cond_broadcast(&k->lanes[i].wake);
        pthread_cond_broadcast(&k->lane_free);
        pthread_mutex_unlock(&k->lock);
}

/* An answer to nobody's question means that the line is broken. */
static bool deliver(struct keeper *k, const uint8_t *data, size_t len)
{
        struct reader in = reader_of(bytes_of(data, len));
        struct keeper_head head;
        struct lane *lane;
        bool expected;

        if (keeper_read_answer(&in, &head) != ERR_OK || head.lane >= keeper_lanes(k->slots))
                return false;
        pthread_mutex_lock(&k->lock);
        lane = &k->lanes[head.lane];
        expected = lane->asked && !lane->answered && lane->id == head.id;
        if (expected) {
                memcpy(lane->answer, data, len);
                lane->answer_len = len;
                lane->answered = true;
                pthread_cond_signal(&lane->wake);
        }
        pthread_mutex_unlock(&k->lock);
        return expected;
}

static void *read_answers(void *arg)
{
        struct keeper *k = arg;
        uint8_t data[KEEPER_ANSWER_MAX];

        for (;;) {
                ssize_t n = recv(k->socket, data, sizeof data, 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                if (!deliver(k, data, (size_t)n)) {
                        log_event(LOG_ERROR, "keeper_answer_unexpected");
                        (void)shutdown(k->socket, SHUT_RDWR);
                        break;
                }
        }
        declare_dead(k);
        return NULL;
}

/* Signals are for the other threads. */
static enum err start_reader(struct keeper *k)
{
        sigset_t all, before;
        int rc;

        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        rc = pthread_create(&k->reader, NULL, read_answers, k);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        k->reader_started = rc == 0;
        return rc == 0 ? ERR_OK : ERR_NO_MEMORY;
}

/* Asking ------------------------------------------------------------------- */

static void lane_range(
        const struct keeper *k, enum keeper_lane kind, unsigned *out_from, unsigned *out_to)
{
        switch (kind) {
        case KEEPER_LANE_BULK:
                *out_from = 0;
                *out_to = k->slots;
                break;
        case KEEPER_LANE_STATE:
                *out_from = k->slots;
                *out_to = k->slots + 1;
                break;
        case KEEPER_LANE_SMALL:
                *out_from = k->slots + 1;
                *out_to = keeper_lanes(k->slots);
                break;
        }
}

/* The lowest free lane, whose memory is the warmest; waits when all are taken. */
static enum err take_lane(struct keeper *k, enum keeper_lane kind, unsigned *out)
{
        unsigned from = 0, to = 0;
        enum err e = ERR_KEEPER_GONE;

        lane_range(k, kind, &from, &to);
        pthread_mutex_lock(&k->lock);
        while (!k->dead) {
                unsigned i = from;

                while (i < to && k->lanes[i].taken)
                        i++;
                if (i < to) {
                        k->lanes[i].taken = true;
                        *out = i;
                        e = ERR_OK;
                        break;
                }
                pthread_cond_wait(&k->lane_free, &k->lock);
        }
        pthread_mutex_unlock(&k->lock);
        return e;
}

static void give_lane(struct keeper *k, unsigned lane)
{
        pthread_mutex_lock(&k->lock);
        k->lanes[lane].taken = false;
        k->lanes[lane].asked = false;
        pthread_cond_broadcast(&k->lane_free);
        pthread_mutex_unlock(&k->lock);
}

static uint8_t *slot_of(const struct keeper *k, unsigned lane)
{
        return lane <= k->slots ? k->memory + (size_t)lane * KEEPER_SLOT_LEN : NULL;
}

enum err ask_begin(struct keeper *k, enum keeper_message number, struct ask *ask)
{
        const struct keeper_message_rule *rule = keeper_message_find((uint16_t)number);

        ask->k = NULL;
        TRY(take_lane(k, rule->lane, &ask->lane));
        ask->k = k;
        ask->rule = rule;
        ask->descriptor = -1;
        buf_init(&ask->payload, rule->longest);
        ask->slot = slot_of(k, ask->lane);
        ask->bulk = 0;
        ask->answer_bulk = 0;
        return ERR_OK;
}

/* Registers the question before it is sent: the answer may be faster than we are. */
static uint32_t expect(struct keeper *k, unsigned lane)
{
        uint32_t id;

        pthread_mutex_lock(&k->lock);
        id = k->next_id++;
        k->lanes[lane].id = id;
        k->lanes[lane].asked = true;
        k->lanes[lane].answered = false;
        pthread_mutex_unlock(&k->lock);
        return id;
}

static enum err await_answer(struct ask *ask, size_t *out_len)
{
        struct keeper *k = ask->k;
        struct lane *lane = &k->lanes[ask->lane];
        enum err e = ERR_OK;

        pthread_mutex_lock(&k->lock);
        while (!lane->answered && !k->dead)
                pthread_cond_wait(&lane->wake, &k->lock);
        if (lane->answered) {
                *out_len = lane->answer_len;
                memcpy(ask->answer_data, lane->answer, lane->answer_len);
        } else {
                e = ERR_KEEPER_GONE;
        }
        pthread_mutex_unlock(&k->lock);
        return e;
}

static enum err read_answer(struct ask *ask, size_t len)
{
        struct keeper_head head;

        ask->answer = reader_of(bytes_of(ask->answer_data, len));
        TRY(keeper_read_answer(&ask->answer, &head));
        if (head.number != ask->rule->number || head.bulk > KEEPER_SLOT_LEN ||
                (head.err == ERR_OK && ask->answer.left != ask->rule->answer))
                return ERR_KEEPER_REFUSED;
        ask->answer_bulk = head.bulk;
        return head.err;
}

enum err ask_send(struct ask *ask)
{
        OWNED(buf_done) struct buf packet = {.ceiling = KEEPER_PACKET_MAX};
        struct keeper_head head = {.number = ask->rule->number,
                .lane = (uint16_t)ask->lane,
                .bulk = (uint32_t)ask->bulk};
        struct bytes payload, bytes;
        size_t len = 0;

        TRY(buf_end(&ask->payload, &payload));
        head.id = expect(ask->k, ask->lane);
        keeper_put_request(&packet, &head);
        put_raw(&packet, payload.data, payload.len);
        TRY(buf_end(&packet, &bytes));
        if (!keeper_send_packet(ask->k->socket, bytes, ask->descriptor))
                declare_dead(ask->k);
        TRY(await_answer(ask, &len));
        return read_answer(ask, len);
}

void ask_release(struct keeper *k, unsigned lane, size_t used)
{
        uint8_t *slot = slot_of(k, lane);

        if (slot != NULL && used > 0)
                wipe(slot, used);
        give_lane(k, lane);
}

void ask_end(struct ask *ask)
{
        if (ask == NULL || ask->k == NULL)
                return;
        ask_release(ask->k, ask->lane, ask->bulk > ask->answer_bulk ? ask->bulk : ask->answer_bulk);
        buf_done(&ask->payload);
        ask->k = NULL;
}

/* Life --------------------------------------------------------------------- */

static enum err keeper_alloc(const struct keeper_options *options, struct keeper **out)
{
        struct keeper *k = calloc(1, sizeof *k);

        if (k == NULL)
                return ERR_NO_MEMORY;
        k->slots = options->slots > 0 ? options->slots : KEEPER_SLOTS_DEFAULT;
        if (k->slots > KEEPER_SLOTS_MAX)
                k->slots = KEEPER_SLOTS_MAX;
        k->pid = -1;
        k->socket = k->death_fd = k->death_write_fd = -1;
        pthread_mutex_init(&k->lock, NULL);
        pthread_mutex_init(&k->state_lock, NULL);
        pthread_cond_init(&k->lane_free, NULL);
        for (unsigned i = 0; i < keeper_lanes(k->slots); i++)
                pthread_cond_init(&k->lanes[i].wake, NULL);
        *out = k;
        if (options->custodian.address != NULL)
                return ERR_OK; /* and so is the state */
        k->state_path = strdup(options->state_path);
        return k->state_path != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err say_hello(struct keeper *k)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, KEEPER_HELLO, &ask));
        put_u32(&ask.payload, KEEPER_PROTOCOL);
        put_u32(&ask.payload, k->slots);
        put_u32(&ask.payload, KEEPER_SLOT_LEN);
        return ask_send(&ask);
}

static enum err keeper_raise(struct keeper *k, const struct keeper_options *options)
{
        OWNED(fd_close) int memory = -1;
        int pipe_fds[2];

        TRY(keeper_memory_new(k->slots, &memory, &k->memory));
        if (pipe2(pipe_fds, O_CLOEXEC) != 0)
                return ERR_INTERNAL;
        k->death_fd = pipe_fds[0];
        k->death_write_fd = pipe_fds[1];
        TRY(keeper_launch(options, k->slots, fd_hand_over(&memory), &k->socket, &k->pid));
        TRY(start_reader(k));
        return say_hello(k);
}

enum err keeper_start(const struct keeper_options *options, struct keeper **out)
{
        OWNED(keeper_stop) struct keeper *k = NULL;

        TRY(keeper_alloc(options, &k));
        TRY(keeper_raise(k, options));
        if (!options->lock_required && options->custodian.address == NULL)
                log_event(LOG_WARNING, "keeper_development_mode",
                        LOG_TEXT("why", "keys may reach swap: not for real persons"));
        log_event(LOG_INFO, "keeper_started", LOG_NUM("pid", k->pid), LOG_NUM("slots", k->slots));
        *out = k;
        k = NULL;
        return ERR_OK;
}

/* Asks, hangs up, waits, and kills what does not go. */
static void end_process(struct keeper *k)
{
        struct ask ask;
        struct pollfd death = {.fd = k->death_fd, .events = POLLIN};
        int status = 0;

        if (k->reader_started && ask_begin(k, KEEPER_STOP, &ask) == ERR_OK) {
                (void)!ask_send(&ask);
                ask_end(&ask);
        }
        if (k->socket >= 0)
                (void)shutdown(k->socket, SHUT_WR);
        if (!k->reader_started || poll(&death, 1, STOP_WAIT_MS) <= 0)
                (void)kill(k->pid, SIGKILL);
        while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
                continue;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                log_event(LOG_WARNING, "keeper_ended_badly", LOG_NUM("status", status));
}

void keeper_stop(struct keeper **keeper)
{
        struct keeper *k;

        if (keeper == NULL || *keeper == NULL)
                return;
        k = *keeper;
        if (k->pid > 0)
                end_process(k);
        if (k->reader_started)
                (void)pthread_join(k->reader, NULL);
        fd_close(&k->socket);
        fd_close(&k->death_fd);
        fd_close(&k->death_write_fd);
        if (k->memory != NULL)
                (void)munmap(k->memory, keeper_memory_len(k->slots));
        for (unsigned i = 0; i < keeper_lanes(k->slots); i++)
                (void)pthread_cond_destroy(&k->lanes[i].wake);
        (void)pthread_cond_destroy(&k->lane_free);
        (void)pthread_mutex_destroy(&k->lock);
        (void)pthread_mutex_destroy(&k->state_lock);
        free(k->state_path);
        free(k);
        *keeper = NULL;
}

bool keeper_alive(struct keeper *k)
{
        bool alive;

        pthread_mutex_lock(&k->lock);
        alive = !k->dead;
        pthread_mutex_unlock(&k->lock);
        return alive;
}

int keeper_death_fd(const struct keeper *k)
{
        return k->death_fd;
}

pid_t keeper_pid(const struct keeper *k)
{
        return k->pid;
}

uint64_t keeper_generation(struct keeper *k)
{
        return atomic_load(&k->generation);
}
