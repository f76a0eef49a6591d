/* SPDX-License-Identifier: Apache-2.0 */
/* line.c: one stream, many lanes.
 *
 * What waits to be sent goes small lanes first and then in the order it came, as in the keeper
 * itself; a frame that has begun is finished before the next, so a signature waits behind one
 * batch at most and never behind a queue of them. Both ends read while they write, or two full
 * sockets would wait for each other. */
#include "gateway/bridge/line.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "crypto/channel.h"

void line_init(struct line *l, int fd, struct channel *channel, unsigned slots)
{
        *l = (struct line){.fd = fd,
                .channel = channel,
                .slots = slots,
                .in_events = POLLIN,
                .out_events = POLLOUT,
                .sending = -1};
}

void line_done(struct line *l)
{
        channel_free(&l->channel);
        fd_close(&l->fd);
}

/* Bytes -------------------------------------------------------------------- */

static enum err from_errno(void)
{
        return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO;
}

enum err line_read_some(struct line *l, void *to, size_t room, size_t *out_len)
{
        enum err e;
        ssize_t n;

        if (l->channel != NULL) {
                e = channel_read(l->channel, to, room, out_len);
                l->in_events = POLLIN;
                if (e == ERR_BUSY)
                        l->in_events = channel_events(l->channel);
                return e;
        }
        do
                n = recv(l->fd, to, room, 0);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return from_errno();
        if (n == 0)
                return ERR_CLOSED;
        *out_len = (size_t)n;
        return ERR_OK;
}

enum err line_write_some(struct line *l, const void *from, size_t len, size_t *out_len)
{
        enum err e;
        ssize_t n;

        if (l->channel != NULL) {
                e = channel_write(l->channel, from, len, out_len);
                l->out_events = POLLOUT;
                if (e == ERR_BUSY)
                        l->out_events = channel_events(l->channel);
                return e;
        }
        do
                n = send(l->fd, from, len, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return from_errno();
        *out_len = (size_t)n;
        return ERR_OK;
}

/* Frames in ------------------------------------------------------------------ */

enum err line_read(struct line *l, const struct frame_gate *gate)
{
        bool whole = false;

        while (!whole) {
                uint8_t *at;
                size_t room, len = 0;

                frame_want(&l->in, &at, &room);
                TRY(line_read_some(l, at, room, &len));
                if (!frame_begun(&l->in))
                        l->in_since_ns = clock_monotonic_ns();
                TRY(frame_took(&l->in, len, gate, &whole));
        }
        return ERR_OK;
}

/* Frames out ----------------------------------------------------------------- */

void line_put(struct line *l, unsigned lane, struct bytes packet, struct bytes bulk)
{
        struct outgoing *o = &l->out[lane];

        assert(!o->waiting);
        o->waiting = true;
        o->arrival = l->arrivals++;
        o->head_len = frame_head(packet, o->head);
        o->bulk = bulk.data;
        o->bulk_len = bulk.len;
        l->waiting++;
}

static bool goes_before(unsigned slots, const struct outgoing *a, unsigned lane_a,
        const struct outgoing *b, unsigned lane_b)
{
        bool small_a = lane_a > slots, small_b = lane_b > slots;

        return small_a != small_b ? small_a : a->arrival < b->arrival;
}

static void begin_next(struct line *l)
{
        for (unsigned i = 0; i < keeper_lanes(l->slots); i++)
                if (l->out[i].waiting &&
                        (l->sending < 0 || goes_before(l->slots, &l->out[i], i, &l->out[l->sending],
                                                   (unsigned)l->sending)))
                        l->sending = (int)i;
        l->sent = 0;
        l->out_since_ns = clock_monotonic_ns();
}

enum err line_flush(struct line *l, unsigned *out_lane)
{
        struct outgoing *o;

        if (l->waiting == 0)
                return ERR_NOT_FOUND;
        if (l->sending < 0)
                begin_next(l);
        o = &l->out[l->sending];
        while (l->sent < o->head_len + o->bulk_len) {
                bool head = l->sent < o->head_len;
                const uint8_t *at = head ? o->head + l->sent : o->bulk + (l->sent - o->head_len);
                size_t left = (head ? 0 : o->bulk_len) + o->head_len - l->sent, len = 0;

                TRY(line_write_some(l, at, left, &len));
                l->sent += len;
        }
        *out_lane = (unsigned)l->sending;
        *o = (struct outgoing){.waiting = false};
        l->sending = -1;
        l->waiting--;
        return ERR_OK;
}

short line_events(const struct line *l, bool reading)
{
        return (short)((reading ? l->in_events : 0) | (l->waiting > 0 ? l->out_events : 0));
}

bool line_stalled(const struct line *l)
{
        int64_t before = clock_monotonic_ns() - (int64_t)LINE_STALL_MS * 1000000;

        return (frame_begun(&l->in) && l->in_since_ns < before) ||
               (l->sending >= 0 && l->out_since_ns < before);
}
