/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c: the questions of keeper.h, one function each.
 *
 * Lengths are checked here for the caller's sake, so that he hears of his mistake in
 * his own words; the keeper checks them again for its own. What comes back is checked
 * too: it costs nothing, and a pointer made from a length nobody looked at is how
 * processes end. */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "crypto/pseudonym.h"
#include "crypto/seal.h"
#include "gateway/keeper/ask.h"

/* The state ---------------------------------------------------------------- */

static enum err confirm(struct keeper *k, uint64_t generation)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        uint64_t confirmed;

        TRY(ask_begin(k, KEEPER_CONFIRM, &ask));
        put_u64(&ask.payload, generation);
        TRY(ask_send(&ask));
        TRY(read_u64(&ask.answer, &confirmed));
        atomic_store(&k->generation, confirmed);
        return ERR_OK;
}

/* A custodian has written it before we hear of it (gateway/bridge/vault.h). */
static enum err keep_state(const struct keeper *k, struct bytes state, bool fresh)
{
        return k->state_path != NULL ? state_file_write(k->state_path, state, fresh) : ERR_OK;
}

enum err ask_and_save(struct ask *ask, enum save how)
{
        struct bytes state;
        uint64_t generation;

        /* Whoever keeps the state elsewhere goes by the message alone. */
        assert((how == SAVE_TWICE) == keeper_ends_keys(ask->rule->number));
        TRY(ask_send(ask));
        TRY(read_u64(&ask->answer, &generation));
        if (generation == 0)
                return ERR_OK;
        state = bytes_of(ask->slot, ask->answer_bulk);
        TRY(keep_state(ask->k, state, how == SAVE_FRESH));
        TRY(confirm(ask->k, generation));
        /* The copy beside it is now the same generation: what was destroyed is in neither. */
        return how == SAVE_TWICE ? keep_state(ask->k, state, false) : ERR_OK;
}

static enum err create(struct keeper *k, int passphrase_fd, struct keyring_cost cost,
        const uint8_t signer[SIGN_PUBLIC_LEN])
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        if (k->state_path == NULL)
                return ERR_NOT_ALLOWED;
        if (state_file_exists(k->state_path))
                return ERR_CONFLICT;
        TRY(ask_begin(k, KEEPER_CREATE, &ask));
        ask.descriptor = passphrase_fd;
        put_u32(&ask.payload, cost.memory_kib);
        put_u32(&ask.payload, cost.passes);
        put_raw(&ask.payload, signer, SIGN_PUBLIC_LEN);
        return ask_and_save(&ask, SAVE_FRESH);
}

static enum err unseal_state(struct keeper *k, int passphrase_fd)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        uint64_t generation;

        TRY(ask_begin(k, KEEPER_UNSEAL, &ask));
        if (k->state_path != NULL)
                TRY(state_file_read(k->state_path, ask.slot, KEEPER_SLOT_LEN, &ask.bulk));
        ask.descriptor = passphrase_fd;
        TRY(ask_send(&ask));
        TRY(read_u64(&ask.answer, &generation));
        atomic_store(&k->generation, generation);
        return ERR_OK;
}

static enum err officer(struct keeper *k, int fd, bool *out_open)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        uint64_t generation;
        uint8_t open;

        if (k->state_path == NULL)
                return ERR_NOT_ALLOWED;
        TRY(ask_begin(k, KEEPER_OFFICER, &ask));
        TRY(state_file_read(k->state_path, ask.slot, KEEPER_SLOT_LEN, &ask.bulk));
        ask.descriptor = fd;
        TRY(ask_and_save(&ask, SAVE_TWICE));
        TRY(read_u8(&ask.answer, &open));
        TRY(read_u64(&ask.answer, &generation));
        if (generation > keeper_generation(k))
                atomic_store(&k->generation, generation);
        *out_open = open == 1;
        return ERR_OK;
}

static enum err load_bundle(struct keeper *k, struct bytes signed_bundle)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        if (signed_bundle.len > KEEPER_SLOT_LEN)
                return ERR_TOO_LARGE;
        TRY(ask_begin(k, KEEPER_LOAD_BUNDLE, &ask));
        if (signed_bundle.len > 0)
                memcpy(ask.slot, signed_bundle.data, signed_bundle.len);
        ask.bulk = signed_bundle.len;
        return ask_and_save(&ask, SAVE_ONCE);
}

static enum err prepare_domain(struct keeper *k, const struct domain *d)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, KEEPER_PREPARE_DOMAIN, &ask));
        keeper_put_domain(&ask.payload, d);
        return ask_and_save(&ask, SAVE_ONCE);
}

static enum err prepare_linkage(struct keeper *k, const char *linkage)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, KEEPER_PREPARE_LINKAGE, &ask));
        put_text(&ask.payload, linkage);
        return ask_and_save(&ask, SAVE_ONCE);
}

enum err keeper_create(struct keeper *k, int passphrase_fd, struct keyring_cost cost,
        const uint8_t signer[SIGN_PUBLIC_LEN])
{
        WITH_STATE_LOCK(k, create(k, passphrase_fd, cost, signer));
}

enum err keeper_unseal(struct keeper *k, int passphrase_fd)
{
        WITH_STATE_LOCK(k, unseal_state(k, passphrase_fd));
}

enum err keeper_unsealed_elsewhere(struct keeper *k)
{
        WITH_STATE_LOCK(k, unseal_state(k, -1));
}

enum err keeper_officer(struct keeper *k, int fd, bool *out_open)
{
        WITH_STATE_LOCK(k, officer(k, fd, out_open));
}

enum err keeper_load_bundle(struct keeper *k, struct bytes signed_bundle)
{
        WITH_STATE_LOCK(k, load_bundle(k, signed_bundle));
}

enum err keeper_prepare_domain(struct keeper *k, const struct domain *d)
{
        WITH_STATE_LOCK(k, prepare_domain(k, d));
}

enum err keeper_prepare_linkage(struct keeper *k, const char *linkage)
{
        WITH_STATE_LOCK(k, prepare_linkage(k, linkage));
}

/* Batches in --------------------------------------------------------------- */

static void slot_put(struct ask *ask, const void *data, size_t len)
{
        if (len > 0)
                memcpy(ask->slot + ask->bulk, data, len);
        ask->bulk += len;
}

/* Offsets become counts: a quarter of the bytes, and nothing to point astray. */
static enum err put_counts(struct ask *ask, const uint32_t *offsets, uint32_t rows, uint32_t len)
{
        uint8_t *counts = ask->slot + ask->bulk;

        if (offsets[0] != 0 || offsets[rows] != len)
                return ERR_INVALID;
        for (uint32_t i = 0; i < rows; i++) {
                if (offsets[i + 1] < offsets[i] || offsets[i + 1] - offsets[i] > GUARDIANS_MAX)
                        return ERR_INVALID;
                counts[i] = (uint8_t)(offsets[i + 1] - offsets[i]);
        }
        ask->bulk += rows;
        return ERR_OK;
}

static bool is_sealed(const struct keeper_accept *in)
{
        return in->box.box.len > 0;
}

static uint32_t kept_rows(const struct keeper_accept *in)
{
        uint32_t kept = 0;

        if (in->keep == NULL)
                return in->rows;
        for (uint32_t i = 0; i < in->rows; i++)
                kept += in->keep[i] != 0;
        return kept;
}

static size_t accept_len(const struct keeper_accept *in)
{
        size_t person = PERSON_ID_LEN + 1, guardians = in->guardians.len;
        size_t rows = in->persons.ids != NULL ? in->rows : 0;
        size_t persons = is_sealed(in) ? in->box.box.len : (rows + guardians) * person;

        return persons + in->rows + (guardians > 0 ? in->rows : 0) +
               (size_t)kept_rows(in) * in->record_key_width + in->body.len;
}

static enum err check_persons(const struct keeper_accept *in)
{
        if ((in->persons.ids == NULL) != (in->persons.kinds == NULL))
                return ERR_INVALID;
        if (in->guardians.len > 0 && in->guardians.offsets == NULL)
                return ERR_INVALID;
        if (!is_sealed(in))
                return in->guardians.len == 0 || (in->guardians.persons.ids != NULL &&
                                                         in->guardians.persons.kinds != NULL)
                               ? ERR_OK
                               : ERR_INVALID;
        if (in->persons.ids != NULL || in->guardians.persons.ids != NULL)
                return ERR_INVALID;
        return in->box.key_id.len == BOX_KEY_ID_LEN && in->box.signature.len == SIGNATURE_LEN
                       ? ERR_OK
                       : ERR_BOX_SIGNATURE;
}

static enum err check_accept(const struct keeper_accept *in)
{
        if (in->rows == 0 || in->rows > BATCH_ROWS_MAX || in->record_key_width == 0 ||
                in->record_key_width > RECORD_KEY_MAX_LEN || in->record_keys == NULL ||
                in->guardians.len > in->rows * GUARDIANS_MAX)
                return ERR_INVALID;
        TRY(check_persons(in));
        if (in->body.len > KEEPER_SLOT_LEN || in->box.box.len > KEEPER_SLOT_LEN ||
                accept_len(in) > KEEPER_SLOT_LEN)
                return ERR_TOO_LARGE;
        return ERR_OK;
}

static void put_keep(struct ask *ask, const struct keeper_accept *in)
{
        uint8_t *keep = ask->slot + ask->bulk;

        for (uint32_t i = 0; i < in->rows; i++)
                keep[i] = in->keep == NULL || in->keep[i] != 0;
        ask->bulk += in->rows;
}

static void put_persons(struct ask *ask, const struct keeper_accept *in)
{
        size_t rows = in->persons.ids != NULL ? in->rows : 0, guardians = in->guardians.len;

        if (is_sealed(in)) {
                slot_put(ask, in->box.box.data, in->box.box.len);
                return;
        }
        slot_put(ask, in->persons.ids, rows * PERSON_ID_LEN);
        slot_put(ask, in->persons.kinds, rows);
        slot_put(ask, in->guardians.persons.ids, guardians * PERSON_ID_LEN);
        slot_put(ask, in->guardians.persons.kinds, guardians);
}

static enum err put_accept(struct ask *ask, const struct keeper_accept *in)
{
        unsigned flags = is_sealed(in)             ? ACCEPT_PERSONS | ACCEPT_SEALED
                         : in->persons.ids != NULL ? ACCEPT_PERSONS
                                                   : 0;

        keeper_put_batch(&ask->payload, &in->name);
        put_u32(&ask->payload, in->rows);
        put_u8(&ask->payload, (uint8_t)flags);
        put_u32(&ask->payload, in->guardians.len);
        put_u32(&ask->payload, in->record_key_width);
        put_u32(&ask->payload, (uint32_t)in->body.len);
        put_raw(&ask->payload, in->content.bytes, sizeof in->content.bytes);
        if (is_sealed(in)) {
                put_raw(&ask->payload, in->box.key_id.data, in->box.key_id.len);
                put_raw(&ask->payload, in->box.signature.data, in->box.signature.len);
                put_u32(&ask->payload, (uint32_t)in->box.box.len);
        }
        put_persons(ask, in);
        put_keep(ask, in);
        if (in->guardians.len > 0)
                TRY(put_counts(ask, in->guardians.offsets, in->rows, in->guardians.len));
        slot_put(ask, in->record_keys, (size_t)kept_rows(in) * in->record_key_width);
        slot_put(ask, in->body.data, in->body.len);
        return ERR_OK;
}

/* A copy of part of the slot that outlives the lane. */
static enum err slot_copy(
        const struct ask *ask, struct arena *arena, size_t at, size_t len, uint8_t **out)
{
        uint8_t *copy = arena_alloc_raw(arena, len, 1);

        if (copy == NULL)
                return ERR_NO_MEMORY;
        if (len > 0)
                memcpy(copy, ask->slot + at, len);
        *out = copy;
        return ERR_OK;
}

static enum err read_accepted(struct ask *ask, const struct keeper_accept *in, struct arena *arena,
        struct keeper_accepted *out)
{
        struct keeper_accepted done = {.rows_refused = false};
        uint8_t refused, *sealed;

        TRY(read_u8(&ask->answer, &refused));
        TRY(read_u32(&ask->answer, &done.epoch));
        TRY(read_u32(&ask->answer, &done.person_epoch));
        TRY(keeper_read_digest(&ask->answer, &done.receipt));
        done.rows_refused = refused != 0;
        if (done.rows_refused) {
                if (ask->answer_bulk != (size_t)in->rows + in->guardians.len)
                        return ERR_KEEPER_REFUSED;
                TRY(slot_copy(ask, arena, 0, in->rows, &done.rules));
                TRY(slot_copy(ask, arena, in->rows, in->guardians.len, &done.guardian_rules));
        } else {
                TRY(slot_copy(ask, arena, 0, ask->answer_bulk, &sealed));
                done.sealed = bytes_of(sealed, ask->answer_bulk);
        }
        *out = done;
        return ERR_OK;
}

enum err keeper_accept(struct keeper *k, const struct keeper_accept *in, struct arena *arena,
        struct keeper_accepted *out)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(check_accept(in));
        TRY(ask_begin(k, KEEPER_ACCEPT, &ask));
        TRY(put_accept(&ask, in));
        TRY(ask_send(&ask));
        return read_accepted(&ask, in, arena, out);
}

/* Public keys -------------------------------------------------------------- */

static enum err read_public_key(
        struct reader *in, unsigned signing_len, struct keeper_public_key *out)
{
        struct bytes id, key, signature;
        uint64_t from, until;

        TRY(read_fixed(in, BOX_KEY_ID_LEN, &id));
        TRY(read_fixed(in, sizeof out->public_key, &key));
        TRY(read_u64(in, &from));
        TRY(read_u64(in, &until));
        memcpy(out->id, id.data, id.len);
        memcpy(out->public_key, key.data, key.len);
        out->from_ms = (int64_t)from;
        out->until_ms = (int64_t)until;
        for (unsigned i = 0; i < signing_len; i++) {
                TRY(read_fixed(in, SIGNATURE_LEN, &signature));
                memcpy(out->signatures[i], signature.data, signature.len);
        }
        return ERR_OK;
}

static enum err read_public_keys(struct ask *ask, struct keeper_public_keys *out)
{
        struct keeper_public_keys keys = {.sealing_len = 0};
        struct reader in = reader_of(bytes_of(ask->slot, ask->answer_bulk));
        uint8_t sealing, signing;

        TRY(read_u8(&ask->answer, &sealing));
        TRY(read_u8(&ask->answer, &signing));
        if (sealing > KEEPER_KEYS_MAX || signing > KEEPER_KEYS_MAX)
                return ERR_KEEPER_REFUSED;
        keys.sealing_len = sealing;
        keys.signing_len = signing;
        for (unsigned i = 0; i < sealing; i++)
                TRY(read_public_key(&in, signing, &keys.sealing[i]));
        for (unsigned i = 0; i < signing; i++)
                TRY(read_public_key(&in, signing, &keys.signing[i]));
        TRY(read_end(&in));
        *out = keys;
        return ERR_OK;
}

enum err keeper_public_keys(struct keeper *k, struct keeper_public_keys *out)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, KEEPER_PUBLIC_KEYS, &ask));
        TRY(ask_send(&ask));
        return read_public_keys(&ask, out);
}

/* Batches out -------------------------------------------------------------- */

/* Finds the columns in the slot; they must fill it exactly. */
static enum err read_opened(struct ask *ask, struct keeper_opened *out)
{
        struct keeper_opened o = {.slot = ask->lane};
        uint32_t body_len;
        const uint8_t *at = ask->slot;
        size_t tokens, tags, counts, guardians, keys;
        uint8_t joined;

        TRY(read_u32(&ask->answer, &o.rows));
        TRY(read_u32(&ask->answer, &o.guardians_len));
        TRY(read_u32(&ask->answer, &body_len));
        TRY(read_u8(&ask->answer, &joined));
        TRY(read_u64(&ask->answer, &o.named_by));
        o.joined = joined == 1;
        tokens = (size_t)o.rows * PSEUDONYM_LEN;
        tags = (size_t)o.rows * RECORD_TAG_LEN;
        counts = o.guardians_len > 0 ? o.rows : 0;
        guardians = (size_t)o.guardians_len * PSEUDONYM_LEN;
        keys = (size_t)o.rows * PERSON_KEY_LEN;
        if (tokens + tags + counts + guardians + body_len + keys != ask->answer_bulk)
                return ERR_KEEPER_REFUSED;
        o.tokens = at;
        o.tags = at + tokens;
        if (o.guardians_len > 0) {
                o.guardian_counts = o.tags + tags;
                o.guardian_tokens = o.guardian_counts + counts;
        }
        o.body = bytes_of(at + tokens + tags + counts + guardians, body_len);
        o.person_keys = o.body.data + body_len;
        *out = o;
        return ERR_OK;
}

static enum err put_sealed(struct ask *ask, struct bytes sealed)
{
        if (sealed.len > KEEPER_SLOT_LEN - ask->bulk)
                return ERR_TOO_LARGE;
        slot_put(ask, sealed.data, sealed.len);
        return ERR_OK;
}

static void put_open(struct ask *ask, const struct keeper_open *in)
{
        put_text(&ask->payload, in->linkage);
        put_text(&ask->payload, in->purpose);
        put_u32(&ask->payload, in->vintage.number);
        put_u32(&ask->payload, in->vintage.revision);
        keeper_put_batch(&ask->payload, &in->name);
        put_u32(&ask->payload, in->epoch);
        put_u32(&ask->payload, in->aliases);
}

enum err keeper_open_for_view(
        struct keeper *k, const struct keeper_open *in, struct keeper_opened *out)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, KEEPER_OPEN_FOR_VIEW, &ask));
        put_open(&ask, in);
        TRY(put_sealed(&ask, in->sealed));
        TRY(ask_send(&ask));
        TRY(read_opened(&ask, out));
        /* The lane is lent out: keeper_release ends what this began. */
        buf_done(&ask.payload);
        ask.k = NULL;
        return ERR_OK;
}

void keeper_release(struct keeper *k, struct keeper_opened *opened)
{
        if (opened == NULL || opened->tokens == NULL)
                return;
        ask_release(k, opened->slot,
                (size_t)(opened->person_keys - opened->tokens) +
                        (size_t)opened->rows * PERSON_KEY_LEN);
        *opened = (struct keeper_opened){.rows = 0};
}

/* Erasure ------------------------------------------------------------------ */

static enum err put_erase_box(struct ask *ask, const struct keeper_person *p)
{
        if (p->box.key_id.len != BOX_KEY_ID_LEN || p->box.signature.len != SIGNATURE_LEN)
                return ERR_BOX_SIGNATURE;
        if (p->box.box.len != (size_t)(p->record ? (int)BOX_RECORD_LEN : (int)PERSON_BOX_LEN))
                return ERR_BOX_CLOSED;
        put_u8(&ask->payload, p->record ? ERASE_RECORD_SEALED : ERASE_SEALED);
        put_raw(&ask->payload, p->box.key_id.data, p->box.key_id.len);
        put_raw(&ask->payload, p->request.bytes, sizeof p->request.bytes);
        put_raw(&ask->payload, p->box.signature.data, p->box.signature.len);
        put_raw(&ask->payload, p->box.box.data, p->box.box.len);
        return ERR_OK;
}

static enum err put_person(struct ask *ask, const struct keeper_person *p)
{
        if (p->box.box.len > 0 || p->record)
                return put_erase_box(ask, p);
        if (p->record_key.len > RECORD_KEY_MAX_LEN)
                return ERR_TOO_LARGE;
        if (p->record_key.len > 0) {
                put_u8(&ask->payload, ERASE_RECORD);
                put_bytes(&ask->payload, p->record_key);
        } else {
                put_u8(&ask->payload, ERASE_CLEAR);
                put_raw(&ask->payload, p->id, sizeof p->id);
                put_u8(&ask->payload, p->kind);
        }
        return ERR_OK;
}

static enum err put_erase(struct ask *ask, const struct batch_name *name, uint32_t epoch,
        const struct keeper_person *person)
{
        keeper_put_batch(&ask->payload, name);
        put_u32(&ask->payload, epoch);
        return put_person(ask, person);
}

static enum err erase_begin(struct keeper *k, municipality_t municipality, const char *dataset,
        const struct keeper_person *person)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, KEEPER_ERASE_BEGIN, &ask));
        put_u16(&ask.payload, municipality);
        put_text(&ask.payload, dataset);
        TRY(put_person(&ask, person));
        return ask_and_save(&ask, SAVE_ONCE);
}

enum err keeper_erase_begin(struct keeper *k, municipality_t municipality, const char *dataset,
        const struct keeper_person *person)
{
        WITH_STATE_LOCK(k, erase_begin(k, municipality, dataset, person));
}

static enum err read_found(struct ask *ask, struct arena *arena, struct keeper_found *out)
{
        struct keeper_found f = {.rows = 0};
        uint32_t body_len;
        uint8_t *body;

        TRY(read_u32(&ask->answer, &f.rows));
        TRY(read_u32(&ask->answer, &f.hits));
        TRY(read_u32(&ask->answer, &f.guardian_hits));
        TRY(read_u32(&ask->answer, &body_len));
        if ((size_t)f.rows + body_len != ask->answer_bulk)
                return ERR_KEEPER_REFUSED;
        TRY(slot_copy(ask, arena, 0, f.rows, &f.keep));
        TRY(slot_copy(ask, arena, f.rows, body_len, &body));
        f.body = bytes_of(body, body_len);
        *out = f;
        return ERR_OK;
}

enum err keeper_erase_find(struct keeper *k, const struct batch_name *name, uint32_t epoch,
        struct bytes sealed, const struct keeper_person *person, struct arena *arena,
        struct keeper_found *out)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        TRY(ask_begin(k, KEEPER_ERASE_FIND, &ask));
        TRY(put_erase(&ask, name, epoch, person));
        TRY(put_sealed(&ask, sealed));
        TRY(ask_send(&ask));
        return read_found(&ask, arena, out);
}

enum err keeper_erase_seal(struct keeper *k, const struct batch_name *name, uint32_t epoch,
        struct bytes sealed, const struct keeper_person *person, const uint8_t *keep, uint32_t rows,
        struct bytes body, struct arena *arena, struct bytes *out_sealed)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        uint8_t *copy;

        TRY(ask_begin(k, KEEPER_ERASE_SEAL, &ask));
        TRY(put_erase(&ask, name, epoch, person));
        TRY(put_sealed(&ask, sealed));
        TRY(put_sealed(&ask, bytes_of(keep, rows)));
        TRY(put_sealed(&ask, body));
        put_u32(&ask.payload, (uint32_t)sealed.len);
        put_u32(&ask.payload, rows);
        put_u32(&ask.payload, (uint32_t)body.len);
        TRY(ask_send(&ask));
        TRY(slot_copy(&ask, arena, 0, ask.answer_bulk, &copy));
        *out_sealed = bytes_of(copy, ask.answer_bulk);
        return ERR_OK;
}
