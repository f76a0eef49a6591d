/* SPDX-License-Identifier: Apache-2.0 */
/* hsm.c: the child that talks to the security module, from its birth to its end.
 *
 * It is not confined, since nobody knows which calls a maker's library needs, so it gets what
 * it must have and no more: the PIN, the sealed state, a pipe. A library that hangs is killed; one
 * that would rather outlive the keeper cannot. */
#include "gateway/keeper/hsm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "gateway/keeper/messages.h"

enum { CHILD_POOL_LEN = 65536, LAST_SIGNAL_S = HSM_WAIT_MS / 1000 + 5 };

static const char *const step_names[HSM_STEPS] = {[HSM_DONE] = "done",
        [HSM_MEMORY] = "no answer",
        [HSM_PIN] = "the PIN cannot be read",
        [HSM_STATE] = "the keyring cannot be read",
        [HSM_LIBRARY] = "the library cannot be loaded",
        [HSM_TOKEN] = "there is no such token",
        [HSM_LOGIN] = "the token refuses the PIN",
        [HSM_FIND] = "there is not one such key",
        [HSM_OPEN_KEY] = "the key could leave the module",
        [HSM_WRAP] = "the key does not wrap and unwrap"};

/* The child --------------------------------------------------------------------------- */

/* At most `room` bytes; more is as good as nothing. */
static bool read_all(int fd, void *out, size_t room, size_t *out_len)
{
        size_t len = 0;

        for (;;) {
                ssize_t n = len < room ? read(fd, (uint8_t *)out + len, room - len) : -1;

                if (n < 0 && (errno != EINTR || len == room))
                        return false;
                if (n == 0)
                        break;
                len += n > 0 ? (size_t)n : 0;
        }
        *out_len = len;
        return true;
}

static bool read_pin(int fd, struct hsm_talk *t)
{
        if (!read_all(fd, t->pin, sizeof t->pin, &t->pin_len))
                return false;
        if (t->pin_len > 0 && t->pin[t->pin_len - 1] == '\n')
                t->pin_len--;
        return t->pin_len > 0 && t->pin_len <= HSM_PIN_MAX;
}

/* No state yet, or one without such a lock, is nothing to unwrap. */
static bool read_old(int fd, struct hsm_talk *t)
{
        char label[KEYRING_HSM_LABEL_MAX + 1];
        struct bytes wrapped;
        size_t len = 0;
        uint8_t *blob = malloc(KEYRING_BLOB_MAX);
        bool read = blob != NULL && read_all(fd, blob, KEYRING_BLOB_MAX, &len);

        if (read && len > 0 && keyring_blob_hsm(bytes_of(blob, len), &wrapped, label) == ERR_OK &&
                wrapped.len == sizeof t->old) {
                memcpy(t->old, wrapped.data, wrapped.len);
                t->has_old = true;
        }
        free(blob);
        return read;
}

static void talk(const struct hsm_request *rq, struct hsm_talk *t)
{
        t->out.step = HSM_PIN;
        if (!read_pin(rq->pin, t))
                return;
        t->out.step = HSM_STATE;
        if (!read_old(rq->state, t))
                return;
        hsm_talk_to(rq, t);
}

static void become_child(const struct hsm_request *rq, bool lock_required, int answer)
{
        OWNED(secret_free) struct secret *room = NULL;
        struct hsm_talk *t;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        (void)alarm(LAST_SIGNAL_S);
        (void)close(KEEPER_SOCKET_FD);
        (void)close(KEEPER_MEMORY_FD);
        if (crypto_init(CHILD_POOL_LEN, lock_required) != ERR_OK ||
                secret_new(sizeof *t, &room) != ERR_OK)
                return;
        t = (struct hsm_talk *)(void *)secret_bytes(room);
        talk(rq, t);
        (void)!write(answer, &t->out, sizeof t->out);
}

enum err hsm_begin(const struct hsm_request *rq, bool lock_required, struct hsm_child *out)
{
        int ends[2];
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) != 0)
                return ERR_INTERNAL;
        pid = fork();
        if (pid == 0) {
                (void)close(ends[0]);
                become_child(rq, lock_required, ends[1]);
                _exit(0); /* and none of what the library would have done last */
        }
        (void)close(ends[1]);
        if (pid < 0) {
                (void)close(ends[0]);
                return ERR_INTERNAL;
        }
        *out = (struct hsm_child){pid, ends[0]};
        return ERR_OK;
}

/* The keeper ---------------------------------------------------------------------------- */

/* One piece, or nothing that counts. */
static enum err hear(int fd, struct hsm_outcome *out)
{
        int64_t until = clock_monotonic_ns() / 1000000 + HSM_WAIT_MS;
        size_t len = 0;

        while (len < sizeof *out) {
                struct pollfd ready = {.fd = fd, .events = POLLIN};
                int64_t left = until - clock_monotonic_ns() / 1000000;
                ssize_t n;

                if (left <= 0)
                        return ERR_DEADLINE;
                if (poll(&ready, 1, (int)left) <= 0)
                        continue;
                n = read(fd, (uint8_t *)out + len, sizeof *out - len);
                if (n < 0 && errno != EINTR)
                        return ERR_IO;
                if (n == 0)
                        return ERR_HSM;
                len += n > 0 ? (size_t)n : 0;
        }
        return ERR_OK;
}

static void reap(struct hsm_child *child)
{
        fd_close(&child->answer);
        (void)kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        child->pid = 0;
}

static uint64_t code_of(const struct hsm_outcome *o)
{
        uint64_t code = 0;

        for (unsigned i = 0; i < sizeof o->code; i++)
                code |= (uint64_t)o->code[i] << (8 * i);
        return code;
}

static enum err judge(const struct hsm_outcome *o)
{
        unsigned step = o->step < HSM_STEPS ? o->step : HSM_MEMORY;

        if (step == HSM_DONE)
                return ERR_OK;
        log_event(LOG_ERROR, "keeper_hsm_failed", LOG_TEXT("why", step_names[step]),
                LOG_NUM("code", code_of(o)));
        return ERR_HSM;
}

static enum err take(const struct hsm_outcome *o, struct hsm_keys *out)
{
        OWNED(hsm_keys_done) struct hsm_keys keys = {.key = NULL};

        if (o->opened != 0)
                TRY(secret_copy(o->key, sizeof o->key, &keys.key));
        TRY(secret_copy(o->fresh, sizeof o->fresh, &keys.fresh));
        memcpy(keys.wrapped, o->wrapped, sizeof keys.wrapped);
        *out = keys;
        keys.key = keys.fresh = NULL;
        return ERR_OK;
}

enum err hsm_end(struct hsm_child *child, const struct hsm_request *rq, struct hsm_keys *out)
{
        OWNED(secret_free) struct secret *room = NULL;
        struct hsm_outcome *o = NULL;
        enum err e = secret_new(sizeof *o, &room);

        if (e == ERR_OK) {
                o = (struct hsm_outcome *)(void *)secret_bytes(room);
                o->step = HSM_MEMORY;
                if (hear(child->answer, o) != ERR_OK)
                        o->step = HSM_MEMORY;
        }
        reap(child);
        TRY(e);
        TRY(judge(o));
        TRY(take(o, out));
        (void)snprintf(out->label, sizeof out->label, "%s:%s", rq->token, rq->key);
        log_event(LOG_INFO, "keeper_hsm", LOG_NUM("unwrapped", out->key != NULL));
        return ERR_OK;
}

void hsm_keys_done(struct hsm_keys *keys)
{
        secret_free(&keys->key);
        secret_free(&keys->fresh);
        *keys = (struct hsm_keys){.key = NULL};
}
