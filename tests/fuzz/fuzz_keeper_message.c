/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_keeper_message.c: the dispatcher of the keeper, with keys and rules, given
 * whatever a gateway in other hands might send.
 *
 *   input   up to eight times: u8 number, u8 lane, u8 source, u16 length of the
 *           payload, payload, u16 length of the bulk, bulk
 *   source  0: the bulk as it stands; 1: a batch that was really sealed, with the
 *           bulk laid over it by exclusive or, so that seals are broken in
 *           interesting places and, with an empty bulk, hold
 *
 * The keeper may refuse or answer; it may not crash, and it must always answer what
 * it admitted. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "tests/support/keeper_room.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { MESSAGES_MAX = 8, SOURCE_SEALED = 1 };

static struct room room;
static struct bytes sealed;

static void furnish(void)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 256}, bulk = {.ceiling = 1 << 16};
        struct keeper_accept batch;

        if (room.run != NULL)
                return;
        log_to(STDERR_FILENO, LOG_ERROR);
        room_open(&room, ERR_OK);
        (void)rmdir(room.w.folder);
        room_furnish(&room);
        batch = world_batch(&room.w, "anmalan", 114, 0, 8, 40);
        world_guardians(&room.w, &batch, 4);
        room_put_accept(&batch, &payload, &bulk);
        if (room_ask(&room, KEEPER_ACCEPT, bytes_of(payload.data, payload.len),
                    bytes_of(bulk.data, bulk.len)) != ERR_OK ||
                bytes_copy(room.w.arena, room.bulk, &sealed) != ERR_OK)
                abort();
}

/* What stands in shared memory, wherever the message says to look. */
static uint32_t lay_out_bulk(uint8_t *slot, uint8_t source, struct bytes bulk)
{
        if (source != SOURCE_SEALED) {
                if (bulk.len > 0)
                        memcpy(slot, bulk.data, bulk.len);
                return (uint32_t)bulk.len;
        }
        memcpy(slot, sealed.data, sealed.len);
        for (size_t i = 0; i < bulk.len && i < sealed.len; i++)
                slot[i] ^= bulk.data[i];
        /* What is longer than the batch follows it: ERASE_SEAL has more to say. */
        if (bulk.len > sealed.len)
                memcpy(slot + sealed.len, bulk.data + sealed.len, bulk.len - sealed.len);
        return (uint32_t)(bulk.len > sealed.len ? bulk.len : sealed.len);
}

static enum err read_framed(struct reader *in, struct bytes *out)
{
        uint16_t len;

        TRY(read_u16(in, &len));
        return read_fixed(in, len, out);
}

static enum err one_message(struct reader *in)
{
        OWNED(buf_done) struct buf packet = {.ceiling = 1 << 17};
        struct keeper_head head = {.number = KEEPER_NONE}, answered;
        struct bytes payload, bulk, bytes;
        uint8_t number, lane, source;
        struct reader answer;

        TRY(read_u8(in, &number));
        TRY(read_u8(in, &lane));
        TRY(read_u8(in, &source));
        TRY(read_framed(in, &payload));
        TRY(read_framed(in, &bulk));
        head.number = (enum keeper_message)number;
        head.lane = lane;
        head.bulk = lay_out_bulk(
                room.memory + (size_t)(lane <= ROOM_SLOTS ? lane : 0) * KEEPER_SLOT_LEN, source,
                bulk);
        keeper_put_request(&packet, &head);
        put_raw(&packet, payload.data, payload.len);
        TRY(buf_end(&packet, &bytes));
        if (!run_admit(room.run, bytes, 0, &answered))
                return ERR_OK;
        if (run_handle(room.run, bytes, -1, &room.answer) == RUN_VIOLATION)
                abort();
        answer = reader_of(bytes_of(room.answer.data, room.answer.len));
        if (keeper_read_answer(&answer, &answered) != ERR_OK || answered.number != head.number ||
                answered.bulk > KEEPER_SLOT_LEN)
                abort();
        if (answered.err == ERR_OK && answer.left != keeper_message_find(number)->answer)
                abort();
        return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        struct reader in = reader_of(bytes_of(data, len));

        furnish();
        for (unsigned i = 0; i < MESSAGES_MAX && one_message(&in) == ERR_OK; i++)
                continue;
        return 0;
}
