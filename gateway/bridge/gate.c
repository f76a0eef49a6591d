/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c: the table of messages, asked on the way.
 *
 * Where the keeper answers a malformed request with an error, a line ends: no gateway of ours
 * sends one, and whoever else does shall not get as far as the keeper. */
#include "gateway/bridge/gate.h"

#include "base/clock.h"

uint8_t *gate_slot(const struct gate *g, unsigned lane)
{
        return lane <= g->slots ? g->memory + (size_t)lane * KEEPER_SLOT_LEN : NULL;
}

enum err gate_request(struct gate *g, struct bytes packet, struct keeper_head *out)
{
        struct reader in = reader_of(packet);
        const struct keeper_message_rule *rule;
        struct keeper_head head;
        enum keeper_lane kind;

        TRY(keeper_read_request(&in, &head));
        rule = keeper_message_find((uint16_t)head.number);
        if (rule == NULL || !keeper_lane_kind(g->slots, head.lane, &kind) || kind != rule->lane ||
                g->lanes[head.lane].busy)
                return ERR_MALFORMED;
        if (in.left < rule->shortest || in.left > rule->longest ||
                head.bulk > (rule->bulk ? KEEPER_SLOT_LEN : 0))
                return ERR_MALFORMED;
        g->lanes[head.lane] = (struct gate_lane){.busy = true,
                .number = head.number,
                .id = head.id,
                .used = head.bulk,
                .since_ns = clock_monotonic_ns()};
        g->busy++;
        *out = head;
        return ERR_OK;
}

enum err gate_answer(struct gate *g, struct bytes packet, struct keeper_head *out)
{
        struct reader in = reader_of(packet);
        const struct keeper_message_rule *rule;
        struct gate_lane *lane;
        struct keeper_head head;
        size_t room;

        TRY(keeper_read_answer(&in, &head));
        if (head.lane >= keeper_lanes(g->slots))
                return ERR_MALFORMED;
        lane = &g->lanes[head.lane];
        if (!lane->busy || lane->answered || lane->number != head.number || lane->id != head.id)
                return ERR_MALFORMED;
        rule = keeper_message_find((uint16_t)head.number);
        room = rule->lane != KEEPER_LANE_SMALL && head.err == ERR_OK ? KEEPER_SLOT_LEN : 0;
        if (in.left != (head.err == ERR_OK ? rule->answer : 0) || head.bulk > room)
                return ERR_MALFORMED;
        lane->answered = true;
        if (head.bulk > lane->used)
                lane->used = head.bulk;
        *out = head;
        return ERR_OK;
}

void gate_free(struct gate *g, unsigned lane)
{
        if (!g->lanes[lane].busy)
                return;
        g->lanes[lane] = (struct gate_lane){.busy = false};
        g->busy--;
}

int64_t gate_oldest_ns(const struct gate *g)
{
        int64_t oldest = INT64_MAX;

        for (unsigned i = 0; i < keeper_lanes(g->slots); i++)
                if (g->lanes[i].busy && !g->lanes[i].answered && g->lanes[i].since_ns < oldest)
                        oldest = g->lanes[i].since_ns;
        return oldest;
}
