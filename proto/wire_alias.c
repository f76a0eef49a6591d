/* SPDX-License-Identifier: Apache-2.0 */
/* wire_alias.c: numbers that became others, and the record that is erased by its key. */
#include <string.h>

#include "proto/wire_parts.h"

/* One record ---------------------------------------------------------------- */

static enum err record_clear(
        const Statgate__V1__EraseRecordRequest *m, struct wire_record *out, struct refusal *why)
{
        out->key = run_of(m->record_key);
        if (out->key.len == 0 || out->key.len > RECORD_KEY_MAX_LEN)
                return refuse(
                        why, ERR_INVALID, "record_key", "is not 1 to %d bytes", RECORD_KEY_MAX_LEN);
        return ERR_OK;
}

static enum err record_sealed(
        const Statgate__V1__EraseRecordRequest *m, struct wire_record *out, struct refusal *why)
{
        struct wire_box box;

        TRY(box_decode(m->sealed, "sealed", &box, why));
        TRY(gate_fixed(
                why, "request_id", m->request_id, sizeof out->request.bytes, out->request.bytes));
        out->sealed = true;
        out->key_id = box.key_id;
        out->box = box.box;
        out->signature = box.signature;
        return ERR_OK;
}

enum err erase_record_decode(
        struct arena *a, struct bytes wire, struct wire_record *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__EraseRecordRequest *m =
                unpack(a, &statgate__v1__erase_record_request__descriptor, wire, why, &rc);
        struct wire_record r = {.sealed = false};

        if (m == NULL)
                return rc;
        TRY(gate_text(why, "dataset", m->dataset, 1, NAME_MAX_LEN, &r.dataset));
        if (m->record_case == STATGATE__V1__ERASE_RECORD_REQUEST__RECORD_SEALED)
                TRY(record_sealed(m, &r, why));
        else if (m->record_case == STATGATE__V1__ERASE_RECORD_REQUEST__RECORD_RECORD_KEY)
                TRY(record_clear(m, &r, why));
        else
                return refuse(why, ERR_INVALID, "record", "is missing");
        *out = r;
        return ERR_OK;
}

enum err erase_record_encode(const struct wire_record *in, struct buf *out)
{
        Statgate__V1__EraseRecordRequest m = STATGATE__V1__ERASE_RECORD_REQUEST__INIT;
        Statgate__V1__SealedPersons sealed = STATGATE__V1__SEALED_PERSONS__INIT;

        m.dataset = binary(in->dataset);
        if (in->sealed) {
                box_message(&(struct wire_box){in->key_id, in->box, in->signature}, &sealed);
                m.request_id = binary(bytes_of(in->request.bytes, sizeof in->request.bytes));
                m.record_case = STATGATE__V1__ERASE_RECORD_REQUEST__RECORD_SEALED;
                m.sealed = &sealed;
        } else {
                m.record_case = STATGATE__V1__ERASE_RECORD_REQUEST__RECORD_RECORD_KEY;
                m.record_key = binary(in->key);
        }
        return pack(&m, out);
}

/* Recording ----------------------------------------------------------------- */

enum err aliases_decode(
        struct arena *a, struct bytes wire, struct wire_aliases *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__RecordAliasesRequest *m =
                unpack(a, &statgate__v1__record_aliases_request__descriptor, wire, why, &rc);
        struct wire_aliases r = {.len = 0};
        struct wire_box box;

        if (m == NULL)
                return rc;
        TRY(gate_fixed(why, "request_id", m->request_id, sizeof r.id.bytes, r.id.bytes));
        if (m->n_days == 0 || m->n_days > WIRE_ALIASES_MAX)
                return refuse(why, ERR_INVALID, "days", "are not 1 to %d", WIRE_ALIASES_MAX);
        if (m->sealed == NULL)
                return refuse(why, ERR_INVALID, "sealed", "is missing");
        TRY(box_decode(m->sealed, "sealed", &box, why));
        r.days = m->days;
        r.len = (uint32_t)m->n_days;
        r.key_id = box.key_id;
        r.box = box.box;
        r.signature = box.signature;
        r.days_signature = run_of(m->days_signature);
        if (r.days_signature.len != WIRE_SIGNATURE_LEN)
                return refuse(
                        why, ERR_INVALID, "days_signature", "is not %d bytes", WIRE_SIGNATURE_LEN);
        *out = r;
        return ERR_OK;
}

enum err aliases_encode(const struct wire_aliases *in, struct buf *out)
{
        Statgate__V1__SealedPersons sealed = STATGATE__V1__SEALED_PERSONS__INIT;
        Statgate__V1__RecordAliasesRequest m = STATGATE__V1__RECORD_ALIASES_REQUEST__INIT;

        box_message(&(struct wire_box){in->key_id, in->box, in->signature}, &sealed);
        m.request_id = binary(bytes_of(in->id.bytes, sizeof in->id.bytes));
        m.days = (int32_t *)(uintptr_t)in->days;
        m.n_days = in->len;
        m.sealed = &sealed;
        m.days_signature = binary(in->days_signature);
        return pack(&m, out);
}

enum err aliased_encode(const struct wire_aliased *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__RecordAliasesResponse m = STATGATE__V1__RECORD_ALIASES_RESPONSE__INIT;
        uint32_t len = in->rejections_len < REJECTIONS_MAX ? in->rejections_len : REJECTIONS_MAX;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.recorded = in->recorded;
        m.known = in->known;
        m.rejections = messages(scratch, len, &statgate__v1__rejection__descriptor);
        if (m.rejections == NULL)
                return ERR_NO_MEMORY;
        m.n_rejections = len;
        for (uint32_t i = 0; i < len; i++) {
                m.rejections[i]->row = in->rejections[i].row;
                m.rejections[i]->variable = binary(in->rejections[i].variable);
                m.rejections[i]->rule = binary(in->rejections[i].rule);
                m.rejections[i]->text = binary(in->rejections[i].text);
        }
        return pack(&m, out);
}

enum err aliased_decode(struct arena *a, struct bytes wire, struct wire_aliased *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__RecordAliasesResponse *m =
                unpack(a, &statgate__v1__record_aliases_response__descriptor, wire, NULL, &rc);
        struct wire_rejection *list;

        if (m == NULL)
                return rc;
        list = arena_alloc(a, m->n_rejections, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_rejections; i++) {
                list[i].row = m->rejections[i]->row;
                TRY(answer_text(m->rejections[i]->variable, &list[i].variable));
                TRY(answer_text(m->rejections[i]->rule, &list[i].rule));
                TRY(answer_text(m->rejections[i]->text, &list[i].text));
        }
        *out = (struct wire_aliased){m->recorded, m->known, list, (uint32_t)m->n_rejections};
        return ERR_OK;
}

/* Telling and undoing --------------------------------------------------------- */

enum err alias_list_encode(const struct wire_alias_list *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__ListAliasesResponse m = STATGATE__V1__LIST_ALIASES_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.entries = messages(scratch, in->len, &statgate__v1__alias_entry__descriptor);
        if (m.entries == NULL)
                return ERR_NO_MEMORY;
        m.n_entries = in->len;
        for (uint32_t i = 0; i < in->len; i++) {
                const struct wire_alias_entry *e = &in->entries[i];
                Statgate__V1__AliasEntry *to = m.entries[i];

                to->id = binary(bytes_of(e->id.bytes, sizeof e->id.bytes));
                to->municipality = e->municipality;
                to->recorded_at_ms = e->at_ms;
                to->first_day = e->first_day;
                to->last_day = e->last_day;
                to->events = e->events;
                to->undone = e->undone;
                to->owing = e->owing;
        }
        return pack(&m, out);
}

static enum err entry_decode(const Statgate__V1__AliasEntry *from, struct wire_alias_entry *out)
{
        if (from->id.len != sizeof out->id.bytes || from->municipality > UINT16_MAX)
                return ERR_MALFORMED;
        *out = (struct wire_alias_entry){
                .municipality = (municipality_t)from->municipality,
                .at_ms = from->recorded_at_ms,
                .first_day = from->first_day,
                .last_day = from->last_day,
                .events = from->events,
                .undone = from->undone,
                .owing = from->owing,
        };
        memcpy(out->id.bytes, from->id.data, sizeof out->id.bytes);
        return ERR_OK;
}

enum err alias_list_decode(struct arena *a, struct bytes wire, struct wire_alias_list *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__ListAliasesResponse *m =
                unpack(a, &statgate__v1__list_aliases_response__descriptor, wire, NULL, &rc);
        struct wire_alias_entry *list;

        if (m == NULL)
                return rc;
        list = arena_alloc(a, m->n_entries, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_entries; i++)
                TRY(entry_decode(m->entries[i], &list[i]));
        *out = (struct wire_alias_list){list, (uint32_t)m->n_entries};
        return ERR_OK;
}

enum err alias_undo_decode(
        struct arena *a, struct bytes wire, struct wire_alias_undo *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__UndoAliasesRequest *m =
                unpack(a, &statgate__v1__undo_aliases_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;
        TRY(gate_fixed(why, "id", m->id, sizeof out->id.bytes, out->id.bytes));
        out->signature = run_of(m->signature);
        if (out->signature.len != WIRE_SIGNATURE_LEN)
                return refuse(why, ERR_INVALID, "signature", "is not %d bytes", WIRE_SIGNATURE_LEN);
        return ERR_OK;
}

enum err alias_undo_encode(const struct wire_alias_undo *in, struct buf *out)
{
        Statgate__V1__UndoAliasesRequest m = STATGATE__V1__UNDO_ALIASES_REQUEST__INIT;

        m.id = binary(bytes_of(in->id.bytes, sizeof in->id.bytes));
        m.signature = binary(in->signature);
        return pack(&m, out);
}

enum err alias_undone_encode(uint32_t events, struct buf *out)
{
        Statgate__V1__UndoAliasesResponse m = STATGATE__V1__UNDO_ALIASES_RESPONSE__INIT;

        m.events = events;
        return pack(&m, out);
}

enum err alias_undone_decode(struct arena *a, struct bytes wire, uint32_t *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__UndoAliasesResponse *m =
                unpack(a, &statgate__v1__undo_aliases_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        *out = m->events;
        return ERR_OK;
}
