/* SPDX-License-Identifier: Apache-2.0 */
/* line.h: frames over a connected socket, in clear (unix) or through a channel (tls). Nothing
 * blocks; one thread has it. */
#ifndef STATGATE_GATEWAY_BRIDGE_LINE_H
#define STATGATE_GATEWAY_BRIDGE_LINE_H

#include "gateway/bridge/frame.h"

struct channel;

enum { LINE_STALL_MS = 60000 }; /* for one frame, either way */

struct outgoing {
        bool waiting;
        uint64_t arrival;
        uint8_t head[FRAME_HEAD_MAX];
        size_t head_len, bulk_len;
        const uint8_t *bulk;
};

struct line {
        int fd;                  /* owned */
        struct channel *channel; /* owned; NULL: in clear */
        unsigned slots;
        short in_events, out_events;
        struct frame_reader in;
        int64_t in_since_ns, out_since_ns;
        struct outgoing out[KEEPER_LANES_MAX]; /* at most one a lane */
        unsigned waiting;
        uint64_t arrivals;
        int sending; /* its lane; -1: none */
        size_t sent;
};

/* Takes over both. */
void line_init(struct line *l, int fd, struct channel *channel, unsigned slots);
void line_done(struct line *l);

/* Some bytes, for greetings. ERR_BUSY; ERR_CLOSED; ERR_IO. */
MUST_CHECK enum err line_read_some(struct line *l, void *to, size_t room, size_t *out_len);
MUST_CHECK enum err line_write_some(struct line *l, const void *from, size_t len, size_t *out_len);

/* Reads until a frame is whole, or (ERR_BUSY) nothing more is there. */
MUST_CHECK enum err line_read(struct line *l, const struct frame_gate *gate);
/* A frame to be sent; `bulk` is borrowed until it is, and nothing else waits on that lane. */
void line_put(struct line *l, unsigned lane, struct bytes packet, struct bytes bulk);
/* Sends until one frame is out, whose lane it tells; ERR_BUSY: the socket is full; ERR_NOT_FOUND:
 * nothing waits. */
MUST_CHECK enum err line_flush(struct line *l, unsigned *out_lane);
/* What to poll for; `reading`: requests are welcome. */
short line_events(const struct line *l, bool reading);
/* Whether a frame, either way, has taken too long. */
bool line_stalled(const struct line *l);

#endif
