/* SPDX-License-Identifier: Apache-2.0 */
/* wire_care.c: the care of keys, and what was taken away. */
#include "proto/wire_parts.h"
#include "statgate/v1/operations.pb-c.h"

enum { KIND_MAX = 16, MUNICIPALITY_CODE_MAX = 9999, OVERLAP_DAYS_MAX = 366 };

static enum err answer_municipality(uint32_t from, municipality_t *out)
{
        if (from > MUNICIPALITY_CODE_MAX)
                return ERR_MALFORMED;
        *out = (municipality_t)from;
        return ERR_OK;
}

static enum err gate_municipality(
        struct refusal *why, uint32_t from, bool required, municipality_t *out)
{
        if (from > MUNICIPALITY_CODE_MAX || (required && from == 0))
                return refuse(why, ERR_INVALID, "municipality", "is not a municipality's code");
        *out = (municipality_t)from;
        return ERR_OK;
}

/* Keys ---------------------------------------------------------------------- */

enum err key_list_encode(const struct wire_keys *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__ListKeysResponse m = STATGATE__V1__LIST_KEYS_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.keys = messages(scratch, in->len, &statgate__v1__key_state__descriptor);
        if (m.keys == NULL)
                return ERR_NO_MEMORY;
        m.n_keys = in->len;
        for (uint32_t i = 0; i < in->len; i++) {
                const struct wire_key *k = &in->keys[i];
                Statgate__V1__KeyState *to = m.keys[i];

                to->kind = binary(k->kind);
                to->name = binary(k->name);
                to->municipality = k->municipality;
                to->epoch = k->epoch;
                to->oldest = k->oldest;
                to->highest = k->highest;
                to->created_at_ms = k->created_at_ms;
                to->until_ms = k->until_ms;
                to->due_at_ms = k->due_at_ms;
                to->required = k->required;
                to->total = k->total;
                to->batches_left = k->batches_left;
                to->records_left = k->records_left;
                to->records_owing = k->records_owing;
        }
        return pack(&m, out);
}

static enum err key_decode(const Statgate__V1__KeyState *from, struct wire_key *out)
{
        *out = (struct wire_key){
                .epoch = from->epoch,
                .oldest = from->oldest,
                .highest = from->highest,
                .created_at_ms = from->created_at_ms,
                .until_ms = from->until_ms,
                .due_at_ms = from->due_at_ms,
                .required = from->required,
                .total = from->total,
                .batches_left = from->batches_left,
                .records_left = from->records_left,
                .records_owing = from->records_owing,
        };
        TRY(answer_municipality(from->municipality, &out->municipality));
        TRY(answer_text(from->kind, &out->kind));
        return answer_text(from->name, &out->name);
}

enum err key_list_decode(struct arena *a, struct bytes wire, struct wire_keys *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__ListKeysResponse *m =
                unpack(a, &statgate__v1__list_keys_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_key *list = arena_alloc(a, m->n_keys, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_keys; i++)
                TRY(key_decode(m->keys[i], &list[i]));
        *out = (struct wire_keys){.keys = list, .len = (uint32_t)m->n_keys};
        return ERR_OK;
}

/* Rotation ------------------------------------------------------------------ */

enum err rotate_encode(const struct wire_rotate *in, struct buf *out)
{
        Statgate__V1__RotateKeysRequest m = STATGATE__V1__ROTATE_KEYS_REQUEST__INIT;

        m.kind = binary(in->kind);
        m.dataset = binary(in->dataset);
        m.municipality = in->municipality;
        m.overlap_days = in->overlap_days;
        m.forget_answers = in->forget_answers;
        return pack(&m, out);
}

enum err rotate_decode(
        struct arena *a, struct bytes wire, struct wire_rotate *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__RotateKeysRequest *m =
                unpack(a, &statgate__v1__rotate_keys_request__descriptor, wire, why, &rc);
        struct wire_rotate r = {0};

        if (m == NULL)
                return rc;
        TRY(gate_text(why, "kind", m->kind, 1, KIND_MAX, &r.kind));
        TRY(gate_text(why, "dataset", m->dataset, 0, NAME_MAX_LEN, &r.dataset));
        TRY(gate_municipality(why, m->municipality, false, &r.municipality));
        if (m->overlap_days > OVERLAP_DAYS_MAX)
                return refuse(
                        why, ERR_INVALID, "overlap_days", "is more than %d", OVERLAP_DAYS_MAX);
        r.overlap_days = m->overlap_days;
        r.forget_answers = m->forget_answers != 0;
        *out = r;
        return ERR_OK;
}

enum err rotated_encode(uint32_t rotated, struct buf *out)
{
        Statgate__V1__RotateKeysResponse m = STATGATE__V1__ROTATE_KEYS_RESPONSE__INIT;

        m.rotated = rotated;
        return pack(&m, out);
}

enum err rotated_decode(struct arena *a, struct bytes wire, uint32_t *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__RotateKeysResponse *m =
                unpack(a, &statgate__v1__rotate_keys_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        *out = m->rotated;
        return ERR_OK;
}

/* The end of a domain ------------------------------------------------------- */

enum err destroy_encode(const struct wire_domain *in, struct buf *out)
{
        Statgate__V1__DestroyDomainRequest m = STATGATE__V1__DESTROY_DOMAIN_REQUEST__INIT;

        m.dataset = binary(in->dataset);
        m.municipality = in->municipality;
        return pack(&m, out);
}

enum err destroy_decode(
        struct arena *a, struct bytes wire, struct wire_domain *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__DestroyDomainRequest *m =
                unpack(a, &statgate__v1__destroy_domain_request__descriptor, wire, why, &rc);
        struct wire_domain d = {0};

        if (m == NULL)
                return rc;
        TRY(gate_text(why, "dataset", m->dataset, 1, NAME_MAX_LEN, &d.dataset));
        TRY(gate_municipality(why, m->municipality, true, &d.municipality));
        *out = d;
        return ERR_OK;
}

enum err destroyed_encode(const struct wire_destroyed *in, struct buf *out)
{
        Statgate__V1__DestroyDomainResponse m = STATGATE__V1__DESTROY_DOMAIN_RESPONSE__INIT;
        Statgate__V1__Vintage room;

        m.submissions = in->submissions;
        m.batches = in->batches;
        m.records = in->records;
        m.revised = vintage_message(in->revised, &room);
        return pack(&m, out);
}

enum err destroyed_decode(struct arena *a, struct bytes wire, struct wire_destroyed *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__DestroyDomainResponse *m =
                unpack(a, &statgate__v1__destroy_domain_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        *out = (struct wire_destroyed){
                m->submissions, m->batches, m->records, vintage_of(m->revised)};
        return ERR_OK;
}

/* Removals ------------------------------------------------------------------- */

enum err removals_request_encode(uint64_t from, struct buf *out)
{
        Statgate__V1__ListRemovalsRequest m = STATGATE__V1__LIST_REMOVALS_REQUEST__INIT;

        m.from = from;
        return pack(&m, out);
}

enum err removals_request_decode(
        struct arena *a, struct bytes wire, uint64_t *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__ListRemovalsRequest *m =
                unpack(a, &statgate__v1__list_removals_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;
        *out = m->from;
        return ERR_OK;
}

static enum err removal_message(
        struct arena *scratch, const struct wire_removal *in, Statgate__V1__Removal *out)
{
        out->number = in->number;
        out->at_ms = in->at_ms;
        out->reason = binary(in->reason);
        out->municipality = in->municipality;
        out->dataset = binary(in->dataset);
        out->batches = in->batches;
        out->records = in->records;
        if (in->has_digest)
                out->digest = digest_binary(&in->digest);
        if (!in->of_submission)
                return ERR_OK;
        out->submission_id = binary(bytes_of(in->submission.bytes, sizeof in->submission.bytes));
        return period_text(scratch, in->period, &out->period);
}

enum err removals_encode(const struct wire_removals *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__ListRemovalsResponse m = STATGATE__V1__LIST_REMOVALS_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.removals = messages(scratch, in->len, &statgate__v1__removal__descriptor);
        if (m.removals == NULL)
                return ERR_NO_MEMORY;
        m.n_removals = in->len;
        for (uint32_t i = 0; i < in->len; i++)
                TRY(removal_message(scratch, &in->removals[i], m.removals[i]));
        return pack(&m, out);
}

static enum err removal_decode(const Statgate__V1__Removal *from, struct wire_removal *out)
{
        bool has_period;

        *out = (struct wire_removal){.number = from->number,
                .at_ms = from->at_ms,
                .batches = from->batches,
                .records = from->records,
                .of_submission = from->submission_id.len > 0,
                .has_digest = from->digest.len > 0};
        TRY(answer_text(from->reason, &out->reason));
        TRY(answer_text(from->dataset, &out->dataset));
        TRY(answer_municipality(from->municipality, &out->municipality));
        TRY(answer_period(from->period, &has_period, &out->period));
        if (out->has_digest)
                TRY(answer_digest(from->digest, &out->digest));
        if (!out->of_submission)
                return ERR_OK;
        return gate_fixed(NULL, "submission_id", from->submission_id, sizeof out->submission.bytes,
                       out->submission.bytes) == ERR_OK
                       ? ERR_OK
                       : ERR_MALFORMED;
}

enum err removals_decode(struct arena *a, struct bytes wire, struct wire_removals *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__ListRemovalsResponse *m =
                unpack(a, &statgate__v1__list_removals_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_removal *list = arena_alloc(a, m->n_removals, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_removals; i++)
                TRY(removal_decode(m->removals[i], &list[i]));
        *out = (struct wire_removals){.removals = list, .len = (uint32_t)m->n_removals};
        return ERR_OK;
}
