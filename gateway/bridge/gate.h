/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h: what may be said on which lane, for a line between the two sides of the keeper.
 *
 * The custodian's end asks it of every request that a gateway sends, the gateway's end of every
 * answer; both with the table of keeper/messages.h, which the keeper asks once more. A lane is
 * busy from its request until gate_free. */
#ifndef STATGATE_GATEWAY_BRIDGE_GATE_H
#define STATGATE_GATEWAY_BRIDGE_GATE_H

#include "gateway/keeper/messages.h"

struct gate_lane {
        bool busy, answered;
        enum keeper_message number;
        uint32_t id;
        size_t used; /* of its slot, by the request or the answer */
        int64_t since_ns;
};

struct gate {
        unsigned slots, busy;
        uint8_t *memory; /* keeper_memory_len(slots) */
        struct gate_lane lanes[KEEPER_LANES_MAX];
};

/* A request that is in the table, on a free lane of its kind, with a payload and a bulk of a
 * length that it may have. ERR_MALFORMED. */
MUST_CHECK enum err gate_request(struct gate *g, struct bytes packet, struct keeper_head *out);
/* An answer to what was asked on that lane, as long as it must be. ERR_MALFORMED. */
MUST_CHECK enum err gate_answer(struct gate *g, struct bytes packet, struct keeper_head *out);
uint8_t *gate_slot(const struct gate *g, unsigned lane); /* NULL: a small lane */
void gate_free(struct gate *g, unsigned lane);
/* Since when the oldest unanswered request waits; INT64_MAX: there is none. */
int64_t gate_oldest_ns(const struct gate *g);

#endif
