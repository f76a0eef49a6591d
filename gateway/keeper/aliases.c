/* SPDX-License-Identifier: Apache-2.0 */
/* aliases.c: the questions of aliases.h, one function each. */
#include "gateway/keeper/aliases.h"

#include <string.h>

#include "base/arena.h"
#include "crypto/personnummer.h"
#include "gateway/keeper/ask.h"

const char *alias_rule_name(uint8_t rule)
{
        static const char *const names[] = {
#define ALIAS_NAME(name, sentence) [ALIAS_RULE_##name - ALIAS_RULE_SELF] = #name,
                ALIAS_RULES(ALIAS_NAME)
#undef ALIAS_NAME
        };

        if (rule < PNR_RULE_COUNT)
                return pnr_rule_name((enum pnr_rule)rule);
        return rule >= ALIAS_RULE_SELF && rule - ALIAS_RULE_SELF < (int)ARRAY_LEN(names)
                       ? names[rule - ALIAS_RULE_SELF]
                       : "";
}

const char *alias_rule_sentence(uint8_t rule)
{
        static const char *const sentences[] = {
#define ALIAS_SENTENCE(name, sentence) [ALIAS_RULE_##name - ALIAS_RULE_SELF] = (sentence),
                ALIAS_RULES(ALIAS_SENTENCE)
#undef ALIAS_SENTENCE
        };

        if (rule < PNR_RULE_COUNT)
                return pnr_rule_sentence((enum pnr_rule)rule);
        return rule >= ALIAS_RULE_SELF && rule - ALIAS_RULE_SELF < (int)ARRAY_LEN(sentences)
                       ? sentences[rule - ALIAS_RULE_SELF]
                       : "";
}

/* Recording -------------------------------------------------------------------- */

static enum err check_alias(const struct keeper_alias *in)
{
        if (in->events == 0 || in->events > ALIASES_AT_ONCE_MAX)
                return ERR_TOO_LARGE;
        if (in->box.key_id.len != BOX_KEY_ID_LEN || in->box.signature.len != SIGNATURE_LEN)
                return ERR_BOX_SIGNATURE;
        if (in->days_signature.len != SIGNATURE_LEN)
                return ERR_BOX_SIGNATURE;
        if (in->box.box.len != box_plain_len(in->events, in->events) + BOX_OVERHEAD)
                return ERR_BOX_CLOSED;
        return ERR_OK;
}

static void put_alias(struct ask *ask, const struct keeper_alias *in)
{
        uint8_t *at = ask->slot;

        put_u16(&ask->payload, in->municipality);
        put_raw(&ask->payload, in->id.bytes, sizeof in->id.bytes);
        put_raw(&ask->payload, in->box.key_id.data, in->box.key_id.len);
        put_raw(&ask->payload, in->box.signature.data, in->box.signature.len);
        put_raw(&ask->payload, in->days_signature.data, in->days_signature.len);
        put_u32(&ask->payload, in->events);
        for (uint32_t i = 0; i < in->events; i++, at += 4)
                for (unsigned b = 0; b < 4; b++)
                        at[b] = (uint8_t)((uint32_t)in->days[i] >> (8 * b));
        memcpy(at, in->box.box.data, in->box.box.len);
        ask->bulk = (size_t)in->events * 4 + in->box.box.len;
}

static enum err record(struct keeper *k, const struct keeper_alias *in, struct arena *a,
        struct keeper_aliased *out)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        struct keeper_aliased done = {.refused = false};
        uint8_t refused;

        TRY(check_alias(in));
        TRY(ask_begin(k, KEEPER_RECORD_ALIASES, &ask));
        put_alias(&ask, in);
        TRY(ask_and_save(&ask, SAVE_ONCE));
        TRY(read_u8(&ask.answer, &refused));
        TRY(read_u32(&ask.answer, &done.recorded));
        TRY(read_u32(&ask.answer, &done.known));
        done.refused = refused != 0;
        if (done.refused) {
                if (ask.answer_bulk != in->events)
                        return ERR_KEEPER_REFUSED;
                done.rules = arena_alloc_raw(a, in->events, 1);
                if (done.rules == NULL)
                        return ERR_NO_MEMORY;
                memcpy(done.rules, ask.slot, in->events);
        }
        *out = done;
        return ERR_OK;
}

enum err keeper_alias_record(struct keeper *k, const struct keeper_alias *in, struct arena *a,
        struct keeper_aliased *out)
{
        WITH_STATE_LOCK(k, record(k, in, a, out));
}

static enum err undo(struct keeper *k, municipality_t m, const struct submission_id *id,
        struct bytes signature, uint32_t *out_events)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        uint32_t events;

        if (signature.len != SIGNATURE_LEN)
                return ERR_BOX_SIGNATURE;
        TRY(ask_begin(k, KEEPER_UNDO_ALIASES, &ask));
        put_u16(&ask.payload, m);
        put_raw(&ask.payload, id->bytes, sizeof id->bytes);
        put_raw(&ask.payload, signature.data, signature.len);
        TRY(ask_and_save(&ask, SAVE_ONCE));
        TRY(read_u32(&ask.answer, &events));
        *out_events = events;
        return ERR_OK;
}

enum err keeper_alias_undo(struct keeper *k, municipality_t m, const struct submission_id *id,
        struct bytes signature, uint32_t *out_events)
{
        WITH_STATE_LOCK(k, undo(k, m, id, signature, out_events));
}

/* Telling ---------------------------------------------------------------------- */

static enum err read_told(struct reader *in, struct alias_told *out)
{
        struct bytes id;
        uint64_t at_ms;
        uint32_t first, last;
        uint8_t undone;

        TRY(read_fixed(in, sizeof out->id.bytes, &id));
        TRY(read_u16(in, &out->municipality));
        TRY(read_u64(in, &at_ms));
        TRY(read_u32(in, &first));
        TRY(read_u32(in, &last));
        TRY(read_u32(in, &out->events));
        TRY(read_u32(in, &out->owing));
        TRY(read_u8(in, &undone));
        memcpy(out->id.bytes, id.data, id.len);
        out->at_ms = (int64_t)at_ms;
        out->first_day = (int32_t)first;
        out->last_day = (int32_t)last;
        out->undone = undone != 0;
        return ERR_OK;
}

enum err keeper_aliases(struct keeper *k, municipality_t m, struct arena *a,
        struct alias_told **out, uint32_t *out_len, uint32_t *out_settled)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        struct alias_told *list;
        uint32_t len, settled;

        TRY(ask_begin(k, KEEPER_ALIASES, &ask));
        put_u8(&ask.payload, REACH_MARK);
        put_u16(&ask.payload, m);
        TRY(ask_send(&ask));
        TRY(read_u32(&ask.answer, &len));
        TRY(read_u32(&ask.answer, &settled));

        struct reader in = reader_of(bytes_of(ask.slot, ask.answer_bulk));

        if (len > in.left / ALIAS_TOLD_WIRE)
                return ERR_MALFORMED;
        list = arena_alloc(a, len, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                TRY(read_told(&in, &list[i]));
        TRY(read_end(&in));
        *out = list;
        *out_len = len;
        *out_settled = settled;
        return ERR_OK;
}

static enum err mark_of(struct keeper *k, uint32_t *out_mark)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        uint32_t mark;

        TRY(ask_begin(k, KEEPER_ALIAS_MARK, &ask));
        TRY(ask_and_save(&ask, SAVE_ONCE));
        TRY(read_u32(&ask.answer, &mark));
        *out_mark = mark;
        return ERR_OK;
}

enum err keeper_alias_mark(struct keeper *k, uint32_t *out_mark)
{
        WITH_STATE_LOCK(k, mark_of(k, out_mark));
}
