/* SPDX-License-Identifier: Apache-2.0 */
/* care.c: the questions of care.h, one function each. */
#include "gateway/keeper/care.h"

#include <string.h>

#include "base/arena.h"
#include "gateway/keeper/ask.h"

const char *key_kind_word(enum key_kind kind)
{
        static const char *const words[KEY_KIND_COUNT] = {
#define KEY_WORD(name, word) [KEY_##name] = (word),
                KEY_KINDS(KEY_WORD)
#undef KEY_WORD
        };

        return kind > KEY_NONE && kind < KEY_KIND_COUNT ? words[kind] : "";
}

/* Listing ---------------------------------------------------------------------- */

static enum err read_state(struct reader *in, struct key_state *out)
{
        uint8_t kind;
        uint64_t created, until;

        TRY(read_u8(in, &kind));
        TRY(keeper_read_label(in, out->name));
        TRY(read_u16(in, &out->municipality));
        TRY(read_u32(in, &out->epoch));
        TRY(read_u32(in, &out->oldest));
        TRY(read_u32(in, &out->highest));
        TRY(read_u64(in, &created));
        TRY(read_u64(in, &until));
        TRY(read_u8(in, &out->required));
        TRY(read_u8(in, &out->total));
        if (kind == KEY_NONE || kind >= KEY_KIND_COUNT)
                return ERR_MALFORMED;
        out->kind = (enum key_kind)kind;
        out->created_ms = (int64_t)created;
        out->until_ms = (int64_t)until;
        return ERR_OK;
}

enum err keeper_keys(struct keeper *k, struct arena *a, struct key_state **out, uint32_t *out_len)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        struct key_state *list;
        uint32_t len;

        TRY(ask_begin(k, KEEPER_KEYS, &ask));
        TRY(ask_send(&ask));
        TRY(read_u32(&ask.answer, &len));

        struct reader in = reader_of(bytes_of(ask.slot, ask.answer_bulk));

        if (len > in.left / KEY_STATE_WIRE_MIN)
                return ERR_MALFORMED;
        list = arena_alloc(a, len, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                TRY(read_state(&in, &list[i]));
        TRY(read_end(&in));
        *out = list;
        *out_len = len;
        return ERR_OK;
}

static enum err read_quota(struct reader *in, struct quota_state *out)
{
        TRY(read_u16(in, &out->municipality));
        TRY(read_u32(in, &out->persons_most));
        TRY(read_u16(in, &out->persons_percent));
        TRY(read_i64(in, &out->persons_refused_ms));
        TRY(read_u32(in, &out->erasures_most));
        TRY(read_u32(in, &out->erasures));
        return read_i64(in, &out->erasures_refused_ms);
}

enum err keeper_quotas(
        struct keeper *k, struct arena *a, struct quota_state **out, uint32_t *out_len)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        struct quota_state *list;
        uint32_t len;

        TRY(ask_begin(k, KEEPER_QUOTAS, &ask));
        TRY(ask_send(&ask));
        TRY(read_u32(&ask.answer, &len));

        struct reader in = reader_of(bytes_of(ask.slot, ask.answer_bulk));

        if (len > in.left / QUOTA_WIRE)
                return ERR_MALFORMED;
        list = arena_alloc(a, len, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                TRY(read_quota(&in, &list[i]));
        TRY(read_end(&in));
        *out = list;
        *out_len = len;
        return ERR_OK;
}

/* Domains ------------------------------------------------------------------------ */

static enum err rotate_domains(
        struct keeper *k, const struct key_reach *reach, uint32_t *out_domains)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        uint32_t domains;

        TRY(ask_begin(k, KEEPER_ROTATE_DOMAINS, &ask));
        put_u8(&ask.payload, REACH_MARK);
        put_text(&ask.payload, reach->dataset);
        put_u16(&ask.payload, reach->municipality);
        TRY(ask_and_save(&ask, SAVE_ONCE));
        TRY(read_u32(&ask.answer, &domains));
        *out_domains = domains;
        return ERR_OK;
}

enum err keeper_rotate_domains(
        struct keeper *k, const struct key_reach *reach, uint32_t *out_domains)
{
        WITH_STATE_LOCK(k, rotate_domains(k, reach, out_domains));
}

enum err keeper_rekey(struct keeper *k, const struct batch_name *name, uint32_t epoch,
        struct bytes sealed, struct arena *a, struct bytes *out_sealed, uint32_t *out_epoch)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        uint32_t fresh;

        if (sealed.len > KEEPER_SEALED_MAX)
                return ERR_TOO_LARGE;
        TRY(ask_begin(k, KEEPER_REKEY, &ask));
        keeper_put_batch(&ask.payload, name);
        put_u32(&ask.payload, epoch);
        if (sealed.len > 0)
                memcpy(ask.slot, sealed.data, sealed.len);
        ask.bulk = sealed.len;
        TRY(ask_send(&ask));
        TRY(read_u32(&ask.answer, &fresh));
        TRY(bytes_copy(a, bytes_of(ask.slot, ask.answer_bulk), out_sealed));
        *out_epoch = fresh;
        return ERR_OK;
}

static enum err retire_domain(struct keeper *k, const struct domain *d, uint32_t epoch)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, KEEPER_RETIRE_DOMAIN, &ask));
        keeper_put_domain(&ask.payload, d);
        put_u32(&ask.payload, epoch);
        return ask_and_save(&ask, SAVE_TWICE);
}

enum err keeper_retire_domain(struct keeper *k, const struct domain *d, uint32_t epoch)
{
        WITH_STATE_LOCK(k, retire_domain(k, d, epoch));
}

static enum err destroy_domain(struct keeper *k, const struct domain *d)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, KEEPER_DESTROY_DOMAIN, &ask));
        keeper_put_domain(&ask.payload, d);
        return ask_and_save(&ask, SAVE_TWICE);
}

enum err keeper_destroy_domain(struct keeper *k, const struct domain *d)
{
        WITH_STATE_LOCK(k, destroy_domain(k, d));
}

/* Pairs, and what outlived itself ------------------------------------------------ */

static enum err rotate_pair(struct keeper *k, enum keyring_pair kind, int64_t overlap_ms)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        if (overlap_ms < 0)
                return ERR_INVALID;
        TRY(ask_begin(k, KEEPER_ROTATE_PAIR, &ask));
        put_u8(&ask.payload, (uint8_t)(kind + 1));
        put_u64(&ask.payload, (uint64_t)overlap_ms);
        return ask_and_save(&ask, SAVE_ONCE);
}

enum err keeper_rotate_pair(struct keeper *k, enum keyring_pair kind, int64_t overlap_ms)
{
        WITH_STATE_LOCK(k, rotate_pair(k, kind, overlap_ms));
}

static enum err change_persons(struct keeper *k, enum keeper_message message, enum save how)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, message, &ask));
        return ask_and_save(&ask, how);
}

enum err keeper_begin_persons(struct keeper *k)
{
        WITH_STATE_LOCK(k, change_persons(k, KEEPER_PERSON_BEGIN, SAVE_ONCE));
}

enum err keeper_settle_persons(struct keeper *k)
{
        WITH_STATE_LOCK(k, change_persons(k, KEEPER_PERSON_SETTLE, SAVE_TWICE));
}

static enum err save(struct keeper *k, bool at_once)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, KEEPER_SAVE, &ask));
        put_u8(&ask.payload, at_once ? SAVE_AT_ONCE : SAVE_WHEN_DUE);
        return ask_and_save(&ask, SAVE_ONCE);
}

enum err keeper_save(struct keeper *k, bool at_once)
{
        WITH_STATE_LOCK(k, save(k, at_once));
}

static enum err prune(struct keeper *k, uint32_t *out_pruned)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        uint32_t pruned;

        TRY(ask_begin(k, KEEPER_PRUNE, &ask));
        TRY(ask_and_save(&ask, SAVE_TWICE));
        TRY(read_u32(&ask.answer, &pruned));
        *out_pruned = pruned;
        return ERR_OK;
}

enum err keeper_prune(struct keeper *k, uint32_t *out_pruned)
{
        WITH_STATE_LOCK(k, prune(k, out_pruned));
}
