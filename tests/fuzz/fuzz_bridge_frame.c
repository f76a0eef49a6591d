/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_bridge_frame.c: what comes over a bridge, read as either end reads it.
 *
 *   input   u8: bit 0: as answers, to questions that stand on every lane; the rest: how many bytes
 *           come at a time; then the stream
 *
 * Frames may be refused; bytes land in their slot and nowhere else, and a lane is never busy
 * twice. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gateway/bridge/frame.h"
#include "gateway/bridge/gate.h"
#include "gateway/bridge/greeting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { SLOTS = 2, GUARD = 4096, ID = 0x01010101 };

static struct gate gate;
static uint8_t *memory;

static void furnish(void)
{
        if (memory == NULL)
                memory = mmap(NULL, keeper_memory_len(SLOTS) + GUARD, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
                abort();
        gate = (struct gate){.slots = SLOTS, .memory = memory};
}

/* One question of its kind on each lane. */
static void ask_everywhere(void)
{
        for (unsigned i = 0; i < keeper_lanes(SLOTS); i++) {
                gate.lanes[i] = (struct gate_lane){.busy = true,
                        .id = ID,
                        .number = i < SLOTS    ? KEEPER_ACCEPT
                                  : i == SLOTS ? KEEPER_KEYS
                                               : KEEPER_HELLO};
                gate.busy++;
        }
}

static enum err admit(void *arg, struct bytes packet, uint8_t **out_bulk, size_t *out_len)
{
        const bool *answers = arg;
        struct keeper_head head;

        TRY(*answers ? gate_answer(&gate, packet, &head) : gate_request(&gate, packet, &head));
        if (head.lane >= keeper_lanes(SLOTS) || !gate.lanes[head.lane].busy ||
                (head.bulk > 0 && gate_slot(&gate, head.lane) == NULL) ||
                head.bulk > KEEPER_SLOT_LEN)
                abort();
        *out_bulk = gate_slot(&gate, head.lane);
        *out_len = head.bulk;
        return ERR_OK;
}

static enum err feed(bool answers, size_t piece, const uint8_t *from, size_t len)
{
        const struct frame_gate way = {admit, &answers};
        struct frame_reader reader = {.have = 0};

        while (len > 0) {
                uint8_t *at;
                size_t room, n;
                bool whole;

                frame_want(&reader, &at, &room);
                n = room < piece ? room : piece;
                n = n < len ? n : len;
                if (room == 0)
                        abort();
                memcpy(at, from, n);
                from += n;
                len -= n;
                TRY(frame_took(&reader, n, &way, &whole));
                if (whole)
                        frame_next(&reader);
        }
        return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        size_t piece;
        bool answers;

        if (len == 0)
                return 0;
        furnish();
        answers = (data[0] & 1) != 0;
        piece = data[0] < 2 ? SIZE_MAX : data[0] >> 1;
        if (answers)
                ask_everywhere();
        (void)!feed(answers, piece, data + 1, len - 1);
        if (len > GREETING_LEN)
                (void)!greeting_read(data + 1, SLOTS);
        if (len > WELCOME_LEN)
                (void)!welcome_read(data + 1);
        for (size_t i = 0; i < GUARD; i++)
                if (memory[keeper_memory_len(SLOTS) + i] != 0)
                        abort();
        return 0;
}
