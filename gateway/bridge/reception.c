/* SPDX-License-Identifier: Apache-2.0 */
/* reception.c: nobody who is not expected gets further than here, and nobody stays here: five
 * seconds for hands to be shaken and a greeting said, for four at a time. More wait in the
 * kernel's queue. */
#include "gateway/bridge/reception.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "crypto/channel.h"
#include "gateway/bridge/text_file.h"

enum { PATIENCE_MS = 5000 };

static enum err make_context(const char *folder, struct channel_context **out)
{
        struct text_file chain = {.len = 0}, key = {.len = 0}, ca = {.len = 0};
        struct channel_keys keys;
        enum err e = text_file_read(folder, "keeper.pem", &chain);

        if (e == ERR_OK)
                e = text_file_read(folder, "keeper.key", &key);
        if (e == ERR_OK)
                e = text_file_read(folder, "ca.pem", &ca);
        keys = (struct channel_keys){
                text_file_bytes(&chain), text_file_bytes(&key), text_file_bytes(&ca)};
        if (e == ERR_OK)
                e = channel_context_new(CHANNEL_SERVER, &keys, out);
        text_file_wipe(&key);
        return e;
}

enum err reception_open(const struct custody_settings *s, struct reception *out)
{
        struct reception r = {.address = &s->listen, .expected = &s->gateway, .listener = -1};

        if (s->listen.tls)
                TRY(make_context(s->listen_pki, &r.context));
        enum err e = address_listen(&s->listen, &r.listener, &r.port);

        if (e != ERR_OK)
                channel_context_free(&r.context);
        else
                *out = r;
        return e;
}

static void leave(struct guest *g)
{
        if (g->there)
                line_done(&g->line);
        *g = (struct guest){.there = false};
}

void reception_close(struct reception *r)
{
        for (unsigned i = 0; i < GUESTS_MAX; i++)
                leave(&r->guests[i]);
        if (r->listener >= 0 && !r->address->tls)
                (void)unlink(r->address->path);
        fd_close(&r->listener);
        channel_context_free(&r->context);
}

static struct guest *free_place(struct reception *r)
{
        for (unsigned i = 0; i < GUESTS_MAX; i++)
                if (!r->guests[i].there)
                        return &r->guests[i];
        return NULL;
}

void reception_polls(const struct reception *r, struct pollfd out[RECEPTION_POLLS])
{
        bool room = false;

        for (unsigned i = 0; i < GUESTS_MAX; i++) {
                const struct guest *g = &r->guests[i];

                out[i] = (struct pollfd){.fd = g->there ? g->line.fd : -1, .events = g->events};
                room = room || !g->there;
        }
        out[GUESTS_MAX] = (struct pollfd){.fd = room ? r->listener : -1, .events = POLLIN};
}

static void refused(const char *why)
{
        log_event(LOG_WARNING, "bridge_refused", LOG_TEXT("why", why));
}

/* So that whoever looks for the fault does not look at the network. */
static void turn_away(int fd)
{
        uint8_t welcome[WELCOME_LEN];

        refused("another user");
        welcome_write(ERR_NOT_AUTHENTICATED, welcome);
        (void)!send(fd, welcome, sizeof welcome, MSG_NOSIGNAL);
}

/* One from the queue, if there is room. */
static void accept_one(struct reception *r)
{
        struct guest *g = free_place(r);
        struct channel *channel = NULL;

        if (g == NULL)
                return;
        OWNED(fd_close) int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
                return;
        if (!r->address->tls && !party_is_user(r->expected, fd)) {
                turn_away(fd);
                return;
        }
        address_tune(r->address, fd);
        if (r->context != NULL && channel_new(r->context, fd, NULL, &channel) != ERR_OK)
                return;
        *g = (struct guest){.there = true,
                .shaken = r->context == NULL,
                .since_ns = clock_monotonic_ns(),
                .events = POLLIN};
        line_init(&g->line, fd_hand_over(&fd), channel, KEEPER_SLOTS_DEFAULT);
}

static enum err shake(const struct reception *r, struct guest *g)
{
        struct peer_certificate peer;
        enum err e;

        if (g->shaken)
                return ERR_OK;
        e = channel_shake(g->line.channel);
        g->events = POLLIN;
        if (e == ERR_BUSY)
                g->events = channel_events(g->line.channel);
        TRY(e);
        TRY(channel_peer(g->line.channel, &peer));
        if (!party_is_certificate(r->expected, &peer)) {
                refused("another certificate");
                return ERR_NOT_AUTHENTICATED;
        }
        g->shaken = true;
        return ERR_OK;
}

static enum err hear_greeting(struct guest *g)
{
        while (g->have < GREETING_LEN) {
                size_t len = 0;

                TRY(line_read_some(&g->line, g->greeting + g->have, GREETING_LEN - g->have, &len));
                g->have += len;
        }
        return greeting_read(g->greeting, KEEPER_SLOTS_DEFAULT);
}

/* Eight bytes into an empty socket. */
static bool say_welcome(struct guest *g, enum err answer)
{
        uint8_t welcome[WELCOME_LEN];
        size_t len = 0;

        welcome_write(answer, welcome);
        return line_write_some(&g->line, welcome, sizeof welcome, &len) == ERR_OK &&
               len == sizeof welcome;
}

/* ERR_BUSY: not yet. Anything else and it has to leave, but for ERR_OK. */
static enum err meet(const struct reception *r, struct guest *g, enum err answer)
{
        enum err e;

        e = shake(r, g);
        if (e == ERR_NOT_AUTHENTICATED)
                (void)say_welcome(g, e); /* which the channel may be too broken for */
        TRY(e);
        e = hear_greeting(g);
        if (e == ERR_UNSUPPORTED)
                refused("another version");
        if (e != ERR_OK && e != ERR_UNSUPPORTED)
                return e;
        if (e == ERR_OK)
                e = answer;
        return say_welcome(g, e) ? e : ERR_IO;
}

bool reception_step(struct reception *r, enum err answer, struct line *out)
{
        int64_t too_late = clock_monotonic_ns() - (int64_t)PATIENCE_MS * 1000000;

        accept_one(r);
        for (unsigned i = 0; i < GUESTS_MAX; i++) {
                struct guest *g = &r->guests[i];
                enum err e = g->there ? meet(r, g, answer) : ERR_BUSY;

                if (e == ERR_OK) {
                        *out = g->line;
                        *g = (struct guest){.there = false};
                        return true;
                }
                if (g->there && (e != ERR_BUSY || g->since_ns < too_late))
                        leave(g);
        }
        return false;
}
