/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c: a reader that is fed whatever came, one byte or many.
 *
 * It knows two lengths, that of the packet and that of the bulk, and has a ceiling for each: the
 * first is its own, the second the gate's. */
#include "gateway/bridge/frame.h"

#include <assert.h>
#include <string.h>

void frame_want(struct frame_reader *r, uint8_t **out_at, size_t *out_len)
{
        if (r->admitted) {
                *out_at = r->bulk;
                *out_len = r->bulk_left;
                return;
        }
        *out_at = r->head + r->have;
        *out_len = FRAME_LENGTH_LEN + r->packet_len - r->have;
}

static enum err know_length(struct frame_reader *r)
{
        struct reader in = reader_of(bytes_of(r->head, FRAME_LENGTH_LEN));
        uint32_t len;

        TRY(read_u32(&in, &len));
        if (len < KEEPER_REQUEST_HEAD_LEN || len > KEEPER_PACKET_MAX)
                return ERR_MALFORMED;
        r->packet_len = len;
        return ERR_OK;
}

static enum err took_head(struct frame_reader *r, size_t len, const struct frame_gate *gate)
{
        r->have += len;
        if (r->packet_len == 0)
                return r->have == FRAME_LENGTH_LEN ? know_length(r) : ERR_OK;
        if (r->have < FRAME_LENGTH_LEN + r->packet_len)
                return ERR_OK;
        TRY(gate->admit(gate->arg, frame_packet(r), &r->bulk, &r->bulk_left));
        r->admitted = true;
        return ERR_OK;
}

enum err frame_took(
        struct frame_reader *r, size_t len, const struct frame_gate *gate, bool *out_whole)
{
        if (r->admitted) {
                assert(len <= r->bulk_left);
                r->bulk += len;
                r->bulk_left -= len;
        } else {
                TRY(took_head(r, len, gate));
        }
        *out_whole = r->admitted && r->bulk_left == 0;
        return ERR_OK;
}

struct bytes frame_packet(const struct frame_reader *r)
{
        return bytes_of(r->head + FRAME_LENGTH_LEN, r->packet_len);
}

void frame_next(struct frame_reader *r)
{
        r->have = r->packet_len = 0;
        r->admitted = false;
        r->bulk = NULL;
        r->bulk_left = 0;
}

bool frame_begun(const struct frame_reader *r)
{
        return r->have > 0;
}

size_t frame_head(struct bytes packet, uint8_t out[FRAME_HEAD_MAX])
{
        assert(packet.len <= KEEPER_PACKET_MAX);
        for (unsigned i = 0; i < FRAME_LENGTH_LEN; i++)
                out[i] = (uint8_t)(packet.len >> (8 * i));
        memcpy(out + FRAME_LENGTH_LEN, packet.data, packet.len);
        return FRAME_LENGTH_LEN + packet.len;
}
