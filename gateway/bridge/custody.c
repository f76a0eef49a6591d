/* SPDX-License-Identifier: Apache-2.0 */
/* custody.c: what the gateway does for a keeper of its own, done by the custodian instead.
 *
 * The gateway asks for changes as ever, and confirms as ever; between the two the state is
 * written here, and what goes on to the gateway is the number alone: it never has the sealed
 * state, nor the say over which one is in use. What opens the keyring (passphrase, shares, the
 * module) never leaves this side either. */
#include "gateway/bridge/custody.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "crypto/secret.h"
#include "gateway/keeper/doorway.h"
#include "gateway/keeper/launch.h"

enum { ANSWER_WAIT_MS = 60000, STOP_WAIT_MS = 5000, STOP_TICK_MS = 10 };

/* One question of our own, and its answer. */
struct own {
        struct custody *c;
        enum keeper_message number;
        int descriptor;
        struct bytes payload;
        size_t bulk;
        uint8_t data[KEEPER_PACKET_MAX];
        struct keeper_head head;
        struct reader answer;
};

static unsigned own_lane(enum keeper_message number)
{
        return keeper_message_find((uint16_t)number)->lane == KEEPER_LANE_STATE ? CUSTODY_SLOTS
                                                                                : CUSTODY_SLOTS + 1;
}

static uint8_t *state_slot(const struct custody *c)
{
        return c->memory + (size_t)CUSTODY_SLOTS * KEEPER_SLOT_LEN;
}

static enum err await_packet(int socket, uint8_t data[KEEPER_PACKET_MAX], size_t *out_len)
{
        struct pollfd at = {.fd = socket, .events = POLLIN};
        ssize_t n;

        do
                n = poll(&at, 1, ANSWER_WAIT_MS);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return ERR_KEEPER_GONE;
        n = recv(socket, data, KEEPER_PACKET_MAX, 0);
        if (n <= 0)
                return ERR_KEEPER_GONE;
        *out_len = (size_t)n;
        return ERR_OK;
}

static enum err ask(struct own *o)
{
        OWNED(buf_done) struct buf packet = {.ceiling = KEEPER_PACKET_MAX};
        const struct keeper_head head = {.number = o->number,
                .lane = (uint16_t)own_lane(o->number),
                .id = o->c->next_id++,
                .bulk = (uint32_t)o->bulk};
        struct bytes bytes;
        size_t len = 0;

        keeper_put_request(&packet, &head);
        put_raw(&packet, o->payload.data, o->payload.len);
        TRY(buf_end(&packet, &bytes));
        if (!keeper_send_packet(o->c->socket, bytes, o->descriptor))
                return ERR_KEEPER_GONE;
        TRY(await_packet(o->c->socket, o->data, &len));
        o->answer = reader_of(bytes_of(o->data, len));
        if (keeper_read_answer(&o->answer, &o->head) != ERR_OK || o->head.id != head.id ||
                o->head.number != head.number || o->head.bulk > KEEPER_SLOT_LEN)
                return ERR_KEEPER_GONE;
        return o->head.err;
}

static enum err say_hello(struct custody *c)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 12};
        struct own o = {.c = c, .number = KEEPER_HELLO, .descriptor = -1};

        put_u32(&payload, KEEPER_PROTOCOL);
        put_u32(&payload, CUSTODY_SLOTS);
        put_u32(&payload, KEEPER_SLOT_LEN);
        TRY(buf_end(&payload, &o.payload));
        return ask(&o);
}

static enum err tell_confirmed(struct custody *c, uint64_t generation)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 8};
        struct own o = {.c = c, .number = KEEPER_CONFIRM, .descriptor = -1};

        TRY(vault_confirm(&c->vault, generation));
        put_u64(&payload, generation);
        TRY(buf_end(&payload, &o.payload));
        return ask(&o);
}

/* A state in the answer to our own question: written, and in use. */
static enum err keep_own(struct own *o)
{
        struct custody *c = o->c;
        uint64_t generation;

        TRY(read_u64(&o->answer, &generation));
        if (generation == 0)
                return ERR_OK;
        TRY(vault_write(&c->vault, generation, bytes_of(state_slot(c), o->head.bulk),
                keeper_ends_keys(o->number)));
        return tell_confirmed(c, generation);
}

/* Begin and end --------------------------------------------------------------- */

static enum err check_state(struct custody *c)
{
        size_t len = 0;

        return vault_read(&c->vault, state_slot(c), KEEPER_SLOT_LEN, &len);
}

static enum err launch(struct custody *c, const struct custody_settings *s)
{
        const struct keeper_options options = {.program = s->keeper,
                .state_path = s->keyring,
                .lock_required = s->memory_lock_required,
                .module = s->module};
        int memory = -1;

        TRY(keeper_memory_new(CUSTODY_SLOTS, &memory, &c->memory));
        enum err e = check_state(c);

        if (e != ERR_OK) {
                fd_close(&memory);
                return e;
        }
        TRY(keeper_launch(&options, CUSTODY_SLOTS, memory, &c->socket, &c->pid));
        TRY(say_hello(c));
        log_event(LOG_INFO, "keeper_started", LOG_NUM("pid", c->pid),
                LOG_NUM("generation", c->vault.written.generation));
        return ERR_OK;
}

enum err custody_begin(const struct custody_settings *s, struct custody *out)
{
        struct custody c = {.socket = -1};
        enum err e;

        TRY(vault_open(s->keyring, &c.vault));
        e = launch(&c, s);
        if (e != ERR_OK)
                custody_end(&c);
        else
                *out = c;
        return e;
}

/* Persons counted since the last time; there are none where nothing rules yet. */
static void save_counts(struct custody *c)
{
        static const uint8_t at_once = SAVE_AT_ONCE;
        struct own o = {.c = c,
                .number = KEEPER_SAVE,
                .descriptor = -1,
                .payload = bytes_of(&at_once, sizeof at_once)};
        enum err e = ask(&o);

        if (e == ERR_OK)
                e = keep_own(&o);
        if (e != ERR_OK && e != ERR_KEEPER_REFUSED)
                log_event(LOG_ERROR, "quotas_not_saved", LOG_TEXT("code", err_name(e)));
}

static void await_end(struct custody *c)
{
        for (unsigned waited = 0; waited < STOP_WAIT_MS; waited += STOP_TICK_MS) {
                if (waitpid(c->pid, NULL, WNOHANG) != 0)
                        return;
                (void)poll(NULL, 0, STOP_TICK_MS);
        }
        (void)kill(c->pid, SIGKILL);
        (void)waitpid(c->pid, NULL, 0);
}

void custody_end(struct custody *c)
{
        struct own stop = {.c = c, .number = KEEPER_STOP, .descriptor = -1};

        if (c->generation > 0)
                save_counts(c);
        if (c->pid > 0)
                (void)!ask(&stop);
        fd_close(&c->socket);
        if (c->pid > 0)
                await_end(c);
        if (c->memory != NULL)
                (void)munmap(c->memory, keeper_memory_len(CUSTODY_SLOTS));
        vault_done(&c->vault);
        *c = (struct custody){.socket = -1};
}

/* Opening ----------------------------------------------------------------------- */

/* The state on disk was opened: whether or not it was ever confirmed, it is in use now. */
static enum err opened(struct custody *c, uint64_t generation)
{
        if (generation == c->vault.written.generation)
                TRY(vault_confirm(&c->vault, generation));
        if (c->generation == 0)
                log_event(LOG_INFO, "unsealed", LOG_NUM("generation", generation));
        c->generation =
                generation > c->vault.mark.generation ? generation : c->vault.mark.generation;
        return ERR_OK;
}

static enum err open_passphrase(struct custody *c, const char *path)
{
        OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct own o = {.c = c, .number = KEEPER_UNSEAL, .descriptor = fd};
        uint64_t generation;

        if (fd < 0)
                return ERR_UNREADABLE;
        TRY(vault_read(&c->vault, state_slot(c), KEEPER_SLOT_LEN, &o.bulk));
        TRY(ask(&o));
        TRY(read_u64(&o.answer, &generation));
        return opened(c, generation);
}

enum err custody_officer(struct custody *c, int fd)
{
        struct own o = {.c = c, .number = KEEPER_OFFICER, .descriptor = fd};
        uint64_t generation;
        uint8_t open;

        TRY(vault_read(&c->vault, state_slot(c), KEEPER_SLOT_LEN, &o.bulk));
        TRY(ask(&o));
        TRY(keep_own(&o));
        TRY(read_u8(&o.answer, &open));
        TRY(read_u64(&o.answer, &generation));
        return open == 1 ? opened(c, generation) : ERR_OK;
}

static enum err open_module(struct custody *c)
{
        int ends[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
                return ERR_INTERNAL;
        OWNED(fd_close) int ours = ends[0];
        OWNED(fd_close) int theirs = ends[1];

        TRY(doorway_say_module(ours));
        TRY(custody_officer(c, theirs));
        fd_close(&theirs);
        return doorway_hear_module(ours);
}

enum err custody_open(struct custody *c, const struct custody_settings *s)
{
        enum err e = ERR_SEALED;

        switch (s->opener) {
        case OPEN_OFFICERS:
                break;
        case OPEN_PASSPHRASE:
                return open_passphrase(c, s->passphrase_file);
        case OPEN_MODULE:
                e = open_module(c);
                break;
        }
        /* A module that is away, or has another key, is no reason to stay away too. */
        if (e == ERR_HSM || e == ERR_NOT_FOUND) {
                log_event(LOG_WARNING, "module_opens_nothing", LOG_TEXT("code", err_name(e)));
                e = ERR_SEALED;
        }
        return e;
}

/* On the way -------------------------------------------------------------------- */

enum err custody_confirm(struct custody *c, struct bytes packet)
{
        struct reader in = reader_of(packet);
        struct keeper_head head;
        uint64_t generation;

        TRY(keeper_read_request(&in, &head));
        TRY(read_u64(&in, &generation));
        /* What an officer changed meanwhile has confirmed it too. */
        if (generation > 0 && generation <= c->vault.mark.generation)
                return ERR_OK;
        TRY(vault_confirm(&c->vault, generation));
        c->generation = generation;
        return ERR_OK;
}

static enum err keep_state(struct custody *c, const struct keeper_head *head, struct bytes packet)
{
        struct reader in = reader_of(packet);
        struct keeper_head again;
        uint64_t generation;

        TRY(keeper_read_answer(&in, &again));
        TRY(read_u64(&in, &generation));
        if (generation == 0)
                return head->bulk == 0 ? ERR_OK : ERR_KEEPER_REFUSED;
        return vault_write(&c->vault, generation, bytes_of(state_slot(c), head->bulk),
                keeper_ends_keys(head->number));
}

void custody_keep(struct custody *c, struct keeper_head *head, uint8_t *packet, size_t *len)
{
        if (head->err != ERR_OK || !keeper_hands_out_state(head->number))
                return;
        head->err = keep_state(c, head, bytes_of(packet, *len));
        head->bulk = 0;
        if (head->err != ERR_OK)
                *len = KEEPER_ANSWER_HEAD_LEN;
        keeper_write_answer(head, packet);
}
