/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h: the keeper's packets on a stream.
 *
 *      frame   u32 length ‖ packet of that length ‖ bulk, as long as the packet says
 *
 * A packet is one of keeper/messages.h, at most KEEPER_PACKET_MAX bytes. Whether it may come, and
 * where its bulk goes, a gate decides when the packet is whole and before a byte of the bulk is
 * read: bulk lands in the slot of its lane, which is there already. Nothing is allocated. */
#ifndef STATGATE_GATEWAY_BRIDGE_FRAME_H
#define STATGATE_GATEWAY_BRIDGE_FRAME_H

#include "gateway/keeper/messages.h"

enum { FRAME_LENGTH_LEN = 4, FRAME_HEAD_MAX = FRAME_LENGTH_LEN + KEEPER_PACKET_MAX };

struct frame_gate {
        /* Any error ends the line. */
        enum err (*admit)(void *arg, struct bytes packet, uint8_t **out_bulk, size_t *out_len);
        void *arg;
};

/* Zero is the beginning. */
struct frame_reader {
        uint8_t head[FRAME_HEAD_MAX];
        size_t have, packet_len; /* of the head; 0: the length is not known yet */
        bool admitted;
        uint8_t *bulk;
        size_t bulk_left;
};

/* Where the next bytes go, and at most how many; never none. */
void frame_want(struct frame_reader *r, uint8_t **out_at, size_t *out_len);
/* So many of them came. *out_whole: the frame is; frame_packet has it until frame_next. */
MUST_CHECK enum err frame_took(
        struct frame_reader *r, size_t len, const struct frame_gate *gate, bool *out_whole);
struct bytes frame_packet(const struct frame_reader *r);
void frame_next(struct frame_reader *r);
bool frame_begun(const struct frame_reader *r);

/* The head of a frame: its length and the packet. How long it is. */
size_t frame_head(struct bytes packet, uint8_t out[FRAME_HEAD_MAX]);

#endif
