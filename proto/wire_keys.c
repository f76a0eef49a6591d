/* SPDX-License-Identifier: Apache-2.0 */
/* wire_keys.c: sealed boxes, the keys they are sealed to, and the person who is erased.
 *
 * What is in a box is nobody's business here; that it is not empty, not absurdly long and
 * carries a signature of the right length is. */
#include <stdio.h>
#include <string.h>

#include "proto/wire_parts.h"

enum { KEEPER_KEYS_MAX = 8 };

static bool is_key_id(struct bytes id)
{
        if (id.len != WIRE_KEY_ID_LEN)
                return false;
        for (size_t i = 0; i < id.len; i++)
                if ((id.data[i] < '0' || id.data[i] > '9') &&
                        (id.data[i] < 'a' || id.data[i] > 'f'))
                        return false;
        return true;
}

enum err box_decode(const Statgate__V1__SealedPersons *from, const char *field,
        struct wire_box *out, struct refusal *why)
{
        char path[VIOLATION_FIELD_MAX];
        struct bytes id = run_of(from->key_id);

        (void)snprintf(path, sizeof path, "%s.key_id", field);
        if (!is_key_id(id))
                return refuse(
                        why, ERR_INVALID, path, "is not %d hexadecimal digits", WIRE_KEY_ID_LEN);
        (void)snprintf(path, sizeof path, "%s.box", field);
        if (from->box.len == 0)
                return refuse(why, ERR_INVALID, path, "is missing");
        (void)snprintf(path, sizeof path, "%s.signature", field);
        if (from->signature.len != WIRE_SIGNATURE_LEN)
                return refuse(why, ERR_INVALID, path, "is not %d bytes", WIRE_SIGNATURE_LEN);
        *out = (struct wire_box){id, run_of(from->box), run_of(from->signature)};
        return ERR_OK;
}

void box_message(const struct wire_box *in, Statgate__V1__SealedPersons *out)
{
        statgate__v1__sealed_persons__init(out);
        out->key_id = binary(in->key_id);
        out->box = binary(in->box);
        out->signature = binary(in->signature);
}

/* One person ---------------------------------------------------------------- */

static enum err erase_clear(
        const Statgate__V1__PersonColumn *from, struct wire_person *out, struct refusal *why)
{
        TRY(gate_fixed(why, "clear.ids", from->ids, sizeof out->id, out->id));
        TRY(gate_fixed(why, "clear.kinds", from->kinds, sizeof out->kind, &out->kind));
        if (out->kind == PERSON_NONE || out->kind >= PERSON_KIND_COUNT)
                return refuse(why, ERR_INVALID, "clear.kinds", "is not a known kind of id");
        return ERR_OK;
}

static enum err erase_sealed(
        const Statgate__V1__SealedPersons *from, struct wire_person *out, struct refusal *why)
{
        struct wire_box box;

        TRY(box_decode(from, "sealed", &box, why));
        out->sealed = true;
        out->key_id = box.key_id;
        out->box = box.box;
        out->signature = box.signature;
        return ERR_OK;
}

enum err erase_decode(
        struct arena *a, struct bytes wire, struct wire_person *out, struct refusal *why)
{
        struct wire_person p = {0};
        enum err rc = ERR_OK;
        const Statgate__V1__ErasePersonRequest *m =
                unpack(a, &statgate__v1__erase_person_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;
        if (m->person_case == STATGATE__V1__ERASE_PERSON_REQUEST__PERSON_CLEAR) {
                TRY(erase_clear(m->clear, &p, why));
        } else if (m->person_case == STATGATE__V1__ERASE_PERSON_REQUEST__PERSON_SEALED) {
                TRY(erase_sealed(m->sealed, &p, why));
                TRY(gate_fixed(
                        why, "request_id", m->request_id, sizeof p.request.bytes, p.request.bytes));
        } else {
                return refuse(why, ERR_INVALID, "person", "is missing");
        }
        *out = p;
        return ERR_OK;
}

enum err erase_encode(const struct wire_person *in, struct buf *out)
{
        Statgate__V1__PersonColumn clear = STATGATE__V1__PERSON_COLUMN__INIT;
        Statgate__V1__SealedPersons sealed = STATGATE__V1__SEALED_PERSONS__INIT;
        Statgate__V1__ErasePersonRequest m = STATGATE__V1__ERASE_PERSON_REQUEST__INIT;

        if (in->sealed) {
                box_message(&(struct wire_box){in->key_id, in->box, in->signature}, &sealed);
                m.request_id = binary(bytes_of(in->request.bytes, sizeof in->request.bytes));
                m.person_case = STATGATE__V1__ERASE_PERSON_REQUEST__PERSON_SEALED;
                m.sealed = &sealed;
        } else {
                clear.ids = binary(bytes_of(in->id, sizeof in->id));
                clear.kinds = binary(bytes_of(&in->kind, sizeof in->kind));
                m.person_case = STATGATE__V1__ERASE_PERSON_REQUEST__PERSON_CLEAR;
                m.clear = &clear;
        }
        return pack(&m, out);
}

/* The keeper's keys --------------------------------------------------------- */

static ProtobufCBinaryData raw(const uint8_t *data, size_t len)
{
        return binary(bytes_of(data, len));
}

static enum err key_message(
        struct arena *scratch, const struct wire_keeper_key *in, Statgate__V1__KeeperKey *out)
{
        out->key_id = binary(in->key_id);
        out->public_key = raw(in->public_key, sizeof in->public_key);
        out->from_ms = in->from_ms;
        out->until_ms = in->until_ms;
        out->signatures =
                messages(scratch, in->signatures_len, &statgate__v1__key_signature__descriptor);
        if (out->signatures == NULL)
                return ERR_NO_MEMORY;
        out->n_signatures = in->signatures_len;
        for (uint32_t i = 0; i < in->signatures_len; i++) {
                const struct wire_key_signature *s = &in->signatures[i];

                out->signatures[i]->signing_key_id = binary(s->signer);
                out->signatures[i]->signature = raw(s->signature, sizeof s->signature);
        }
        return ERR_OK;
}

static enum err keys_message(struct arena *scratch, const struct wire_keeper_key *in, uint32_t len,
        size_t *out_len, Statgate__V1__KeeperKey ***out)
{
        *out = messages(scratch, len, &statgate__v1__keeper_key__descriptor);
        if (*out == NULL)
                return ERR_NO_MEMORY;
        *out_len = len;
        for (uint32_t i = 0; i < len; i++)
                TRY(key_message(scratch, &in[i], (*out)[i]));
        return ERR_OK;
}

enum err keeper_keys_encode(const struct wire_keeper_keys *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__GetKeeperKeysResponse m = STATGATE__V1__GET_KEEPER_KEYS_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(keys_message(scratch, in->sealing, in->sealing_len, &m.n_sealing, &m.sealing));
        TRY(keys_message(scratch, in->signing, in->signing_len, &m.n_signing, &m.signing));
        return pack(&m, out);
}

static enum err answer_key_id(ProtobufCBinaryData from, struct bytes *out)
{
        if (!is_key_id(run_of(from)))
                return ERR_MALFORMED;
        *out = run_of(from);
        return ERR_OK;
}

static enum err key_decode(
        struct arena *a, const Statgate__V1__KeeperKey *from, struct wire_keeper_key *out)
{
        struct wire_key_signature *list;

        if (from->public_key.len != sizeof out->public_key || from->n_signatures > KEEPER_KEYS_MAX)
                return ERR_MALFORMED;
        TRY(answer_key_id(from->key_id, &out->key_id));
        memcpy(out->public_key, from->public_key.data, sizeof out->public_key);
        out->from_ms = from->from_ms;
        out->until_ms = from->until_ms;
        list = arena_alloc(a, from->n_signatures, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < from->n_signatures; i++) {
                const Statgate__V1__KeySignature *s = from->signatures[i];

                TRY(answer_key_id(s->signing_key_id, &list[i].signer));
                if (s->signature.len != sizeof list[i].signature)
                        return ERR_MALFORMED;
                memcpy(list[i].signature, s->signature.data, sizeof list[i].signature);
        }
        out->signatures = list;
        out->signatures_len = (uint32_t)from->n_signatures;
        return ERR_OK;
}

static enum err keys_decode(struct arena *a, Statgate__V1__KeeperKey *const *from, size_t len,
        const struct wire_keeper_key **out, uint32_t *out_len)
{
        struct wire_keeper_key *list;

        if (len > KEEPER_KEYS_MAX)
                return ERR_MALFORMED;
        list = arena_alloc(a, len, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < len; i++)
                TRY(key_decode(a, from[i], &list[i]));
        *out = list;
        *out_len = (uint32_t)len;
        return ERR_OK;
}

enum err keeper_keys_decode(struct arena *a, struct bytes wire, struct wire_keeper_keys *out)
{
        struct wire_keeper_keys keys = {.sealing_len = 0};
        enum err rc = ERR_OK;
        const Statgate__V1__GetKeeperKeysResponse *m =
                unpack(a, &statgate__v1__get_keeper_keys_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        TRY(keys_decode(a, m->sealing, m->n_sealing, &keys.sealing, &keys.sealing_len));
        TRY(keys_decode(a, m->signing, m->n_signing, &keys.signing, &keys.signing_len));
        *out = keys;
        return ERR_OK;
}
