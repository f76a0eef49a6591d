/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_room.c: the running side of the keeper without its process. */
#include "tests/support/keeper_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/secret.h"

static void must(bool made, const char *what)
{
        if (made)
                return;
        (void)fprintf(stderr, "keeper_room: %s\n", what);
        abort();
}

void room_open(struct room *r, enum err failed)
{
        memset(r, 0, sizeof *r);
        world_open(&r->w);
        r->memory = mmap(NULL, keeper_memory_len(ROOM_SLOTS), PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        must(r->memory != MAP_FAILED, "memory");
        must(run_new(r->memory, ROOM_SLOTS, -1, failed, &r->run) == ERR_OK, "run_new");
        buf_init(&r->answer, KEEPER_PACKET_MAX);
}

void room_close(struct room *r)
{
        run_free(&r->run);
        buf_done(&r->answer);
        (void)munmap(r->memory, keeper_memory_len(ROOM_SLOTS));
        world_close(&r->w);
}

uint16_t room_lane(enum keeper_message number)
{
        switch (keeper_message_find((uint16_t)number)->lane) {
        case KEEPER_LANE_BULK:
                return 0;
        case KEEPER_LANE_STATE:
                return ROOM_SLOTS;
        case KEEPER_LANE_SMALL:
                return ROOM_SLOTS + 1;
        }
        return 0;
}

enum err room_ask(
        struct room *r, enum keeper_message number, struct bytes payload, struct bytes bulk)
{
        OWNED(buf_done) struct buf packet = {.ceiling = KEEPER_PACKET_MAX};
        const struct keeper_message_rule *rule = keeper_message_find((uint16_t)number);
        struct keeper_head head = {
                .number = number, .lane = room_lane(number), .bulk = (uint32_t)bulk.len};
        int passphrase = rule->descriptors > 0 ? world_passphrase("hemlig fras") : -1;
        uint8_t *slot = r->memory + (size_t)head.lane * KEEPER_SLOT_LEN;
        struct keeper_head admitted;
        struct reader in;

        if (bulk.len > 0)
                memcpy(slot, bulk.data, bulk.len);
        keeper_put_request(&packet, &head);
        put_raw(&packet, payload.data, payload.len);
        must(run_admit(r->run, bytes_of(packet.data, packet.len), rule->descriptors, &admitted),
                "admission");
        must(run_handle(r->run, bytes_of(packet.data, packet.len), passphrase, &r->answer) !=
                        RUN_VIOLATION,
                "violation");
        in = reader_of(bytes_of(r->answer.data, r->answer.len));
        must(keeper_read_answer(&in, &r->head) == ERR_OK, "answer");
        r->payload = bytes_of(in.at, in.left);
        r->bulk = bytes_of(slot, r->head.bulk);
        return r->head.err;
}

/* Asks what changes the state, and says that it is on disk. */
static void settle(
        struct room *r, enum keeper_message number, struct bytes payload, struct bytes bulk)
{
        OWNED(buf_done) struct buf copy = {.ceiling = 8};

        must(room_ask(r, number, payload, bulk) == ERR_OK, "a change of state");
        put_raw(&copy, r->payload.data, r->payload.len);
        must(room_ask(r, KEEPER_CONFIRM, bytes_of(copy.data, copy.len), bytes_of(NULL, 0)) ==
                        ERR_OK,
                "confirmation");
}

static void furnish_domain(struct room *r, municipality_t m)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 64};
        struct domain d = {"anmalan", m};

        keeper_put_domain(&payload, &d);
        settle(r, KEEPER_PREPARE_DOMAIN, bytes_of(payload.data, payload.len), bytes_of(NULL, 0));
}

static void furnish_linkage(struct room *r, const char *linkage)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 64};

        put_text(&payload, linkage);
        settle(r, KEEPER_PREPARE_LINKAGE, bytes_of(payload.data, payload.len), bytes_of(NULL, 0));
}

void room_furnish(struct room *r)
{
        OWNED(buf_done) struct buf payload = {.ceiling = 64};
        struct rules rules = world_rules(&r->w, 1, NULL);

        put_u32(&payload, world_cost.memory_kib);
        put_u32(&payload, world_cost.passes);
        put_raw(&payload, r->w.signer_public, SIGN_PUBLIC_LEN);
        settle(r, KEEPER_CREATE, bytes_of(payload.data, payload.len), bytes_of(NULL, 0));
        settle(r, KEEPER_LOAD_BUNDLE, bytes_of(NULL, 0),
                world_bundle(&r->w, &rules, r->w.signer, NULL));
        furnish_domain(r, 114);
        furnish_domain(r, 180);
        furnish_linkage(r, "barn");
        furnish_linkage(r, "gammal");
}

void room_put_accept(const struct keeper_accept *batch, struct buf *payload, struct buf *bulk)
{
        uint32_t guardians = batch->guardians.len;

        keeper_put_batch(payload, &batch->name);
        put_u32(payload, batch->rows);
        put_u8(payload, 1);
        put_u32(payload, guardians);
        put_u32(payload, batch->record_key_width);
        put_u32(payload, (uint32_t)batch->body.len);
        put_raw(payload, batch->content.bytes, sizeof batch->content.bytes);
        put_raw(bulk, batch->persons.ids, (size_t)batch->rows * PERSON_ID_LEN);
        put_raw(bulk, batch->persons.kinds, batch->rows);
        put_raw(bulk, batch->guardians.persons.ids, (size_t)guardians * PERSON_ID_LEN);
        put_raw(bulk, batch->guardians.persons.kinds, guardians);
        for (uint32_t i = 0; i < batch->rows; i++)
                put_u8(bulk, batch->keep == NULL || batch->keep[i] != 0);
        for (uint32_t i = 0; i < batch->rows && guardians > 0; i++)
                put_u8(bulk,
                        (uint8_t)(batch->guardians.offsets[i + 1] - batch->guardians.offsets[i]));
        put_raw(bulk, batch->record_keys, (size_t)batch->rows * batch->record_key_width);
        put_raw(bulk, batch->body.data, batch->body.len);
}

void room_put_open(const struct keeper_open *in, struct buf *payload)
{
        put_text(payload, in->linkage);
        put_text(payload, in->purpose);
        put_u32(payload, in->vintage.number);
        put_u32(payload, in->vintage.revision);
        keeper_put_batch(payload, &in->name);
        put_u32(payload, in->epoch);
        put_u32(payload, in->aliases);
}
