/* SPDX-License-Identifier: Apache-2.0 */
/* messages.c: the table of messages.h as data, and how its pieces are written.
 *
 * Everything here is linked into both processes, so it holds what they must agree
 * on and nothing that only one of them may do. */
#include "gateway/keeper/messages.h"

#include <assert.h>
#include <string.h>

static_assert(KEEPER_REQUEST_HEAD_LEN + HEAD_WIRE_MAX <= KEEPER_PACKET_MAX, "the longest request");
static_assert(KEEPER_ANSWER_MAX <= KEEPER_PACKET_MAX, "one bound is enough for a packet");

static const struct keeper_message_rule messages[] = {
#define KEEPER_RULE(name, number, states, lane, fds, bulk, shortest, longest, answer)              \
        {#name, KEEPER_##name, states, KEEPER_LANE_##lane, fds, bulk, shortest, longest, answer},
        KEEPER_MESSAGES(KEEPER_RULE)
#undef KEEPER_RULE
};

const struct keeper_message_rule *keeper_message_find(uint16_t number)
{
        for (size_t i = 0; i < ARRAY_LEN(messages); i++)
                if ((uint16_t)messages[i].number == number)
                        return &messages[i];
        return NULL;
}

const char *keeper_state_name(enum keeper_state state)
{
        static const char *const names[KEEPER_STATE_COUNT] = {
                "FAILED", "STARTED", "CREATED", "UNSEALED", "RULED"};

        return (unsigned)state < KEEPER_STATE_COUNT ? names[state] : "?";
}

/* All on the lane of states that answer by more than a word, but for the one that opens. */
bool keeper_hands_out_state(enum keeper_message number)
{
        const struct keeper_message_rule *rule = keeper_message_find((uint16_t)number);

        return rule != NULL && rule->lane == KEEPER_LANE_STATE && rule->answer >= 8 &&
               number != KEEPER_UNSEAL;
}

bool keeper_ends_keys(enum keeper_message number)
{
        return number == KEEPER_RETIRE_DOMAIN || number == KEEPER_DESTROY_DOMAIN ||
               number == KEEPER_PERSON_SETTLE || number == KEEPER_PRUNE || number == KEEPER_OFFICER;
}

bool keeper_lane_kind(unsigned slots, uint16_t lane, enum keeper_lane *out)
{
        if (lane >= keeper_lanes(slots))
                return false;
        if (lane < slots)
                *out = KEEPER_LANE_BULK;
        else
                *out = lane == slots ? KEEPER_LANE_STATE : KEEPER_LANE_SMALL;
        return true;
}

void keeper_put_request(struct buf *out, const struct keeper_head *head)
{
        put_u32(out, KEEPER_MAGIC);
        put_u16(out, (uint16_t)head->number);
        put_u16(out, head->lane);
        put_u32(out, head->id);
        put_u32(out, head->bulk);
}

static uint8_t *write_number(uint8_t *at, uint32_t v, unsigned len)
{
        for (unsigned i = 0; i < len; i++)
                *at++ = (uint8_t)(v >> (8 * i));
        return at;
}

void keeper_write_answer(const struct keeper_head *head, uint8_t out[KEEPER_ANSWER_HEAD_LEN])
{
        out = write_number(out, KEEPER_MAGIC, 4);
        out = write_number(out, (uint32_t)head->number, 2);
        out = write_number(out, head->lane, 2);
        out = write_number(out, head->id, 4);
        out = write_number(out, head->bulk, 4);
        (void)write_number(out, (uint32_t)head->err, 4);
}

enum err keeper_read_request(struct reader *in, struct keeper_head *out)
{
        struct keeper_head head = {.number = KEEPER_NONE};
        uint32_t magic;
        uint16_t number;

        TRY(read_u32(in, &magic));
        TRY(read_u16(in, &number));
        TRY(read_u16(in, &head.lane));
        TRY(read_u32(in, &head.id));
        TRY(read_u32(in, &head.bulk));
        if (magic != KEEPER_MAGIC)
                return ERR_MALFORMED;
        head.number = (enum keeper_message)number;
        *out = head;
        return ERR_OK;
}

enum err keeper_read_answer(struct reader *in, struct keeper_head *out)
{
        struct keeper_head head;
        uint32_t code;

        TRY(keeper_read_request(in, &head));
        TRY(read_u32(in, &code));
        if (code >= ERR_COUNT)
                return ERR_MALFORMED;
        head.err = (enum err)code;
        *out = head;
        return ERR_OK;
}

void keeper_put_domain(struct buf *out, const struct domain *d)
{
        put_text(out, d->dataset);
        put_u16(out, d->municipality);
}

enum err keeper_read_label(struct reader *in, char out[NAME_MAX_LEN + 1])
{
        struct bytes name;

        TRY(read_bytes(in, NAME_MAX_LEN, &name));
        if (!bytes_is_printable(name))
                return ERR_MALFORMED;
        memset(out, 0, NAME_MAX_LEN + 1);
        if (name.len > 0)
                memcpy(out, name.data, name.len);
        return ERR_OK;
}

enum err keeper_read_name(struct reader *in, char out[NAME_MAX_LEN + 1])
{
        TRY(keeper_read_label(in, out));
        return out[0] != '\0' ? ERR_OK : ERR_MALFORMED;
}

enum err keeper_read_domain(struct reader *in, struct domain *out)
{
        struct domain d = {.municipality = 0};

        TRY(keeper_read_name(in, d.dataset));
        TRY(read_u16(in, &d.municipality));
        if (d.municipality == 0)
                return ERR_MALFORMED;
        *out = d;
        return ERR_OK;
}

void keeper_put_batch(struct buf *out, const struct batch_name *name)
{
        keeper_put_domain(out, &name->domain);
        put_raw(out, name->submission.bytes, sizeof name->submission.bytes);
        put_u32(out, name->sequence);
}

enum err keeper_read_batch(struct reader *in, struct batch_name *out)
{
        struct batch_name name = {.sequence = 0};
        struct bytes id;

        TRY(keeper_read_domain(in, &name.domain));
        TRY(read_fixed(in, sizeof name.submission.bytes, &id));
        TRY(read_u32(in, &name.sequence));
        memcpy(name.submission.bytes, id.data, id.len);
        *out = name;
        return ERR_OK;
}

enum err keeper_read_digest(struct reader *in, struct digest *out)
{
        struct bytes bytes;

        TRY(read_fixed(in, sizeof out->bytes, &bytes));
        memcpy(out->bytes, bytes.data, bytes.len);
        return ERR_OK;
}
