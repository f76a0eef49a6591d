/* SPDX-License-Identifier: Apache-2.0 */
/* reception.h: where gateways arrive at the custodian: accepted, asked who they are, and greeted,
 * a few at a time and none for long, while the one that is in is served. */
#ifndef STATGATE_GATEWAY_BRIDGE_RECEPTION_H
#define STATGATE_GATEWAY_BRIDGE_RECEPTION_H

#include <poll.h>

#include "gateway/bridge/greeting.h"
#include "gateway/bridge/line.h"
#include "gateway/bridge/settings.h"

struct channel_context;

enum { GUESTS_MAX = 4, RECEPTION_POLLS = GUESTS_MAX + 1 };

struct guest {
        bool there, shaken;
        int64_t since_ns;
        struct line line;
        uint8_t greeting[GREETING_LEN];
        size_t have;
        short events;
};

struct reception {
        const struct address *address;
        const struct party *expected;
        struct channel_context *context; /* owned; NULL: unix */
        int listener;
        unsigned port;
        struct guest guests[GUESTS_MAX];
};

MUST_CHECK enum err reception_open(const struct custody_settings *s, struct reception *out);
void reception_close(struct reception *r);
/* What to poll for; RECEPTION_POLLS of them, -1 where there is nothing. */
void reception_polls(const struct reception *r, struct pollfd out[RECEPTION_POLLS]);
/* Goes on with whoever is here. True: one may come in, and *out is its line; `answer` is what
 * whoever could come in is told (ERR_OK, or why not now). */
bool reception_step(struct reception *r, enum err answer, struct line *out);

#endif
