/* SPDX-License-Identifier: Apache-2.0 */
/* wire_operations.c: publishing, status and reload. */
#include "proto/wire_parts.h"
#include "statgate/v1/operations.pb-c.h"

enum { NOTE_MAX_LEN = 200 };

enum err publish_request_decode(
        struct arena *a, struct bytes wire, struct bytes *out_note, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__PublishVintageRequest *m =
                unpack(a, &statgate__v1__publish_vintage_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;
        return gate_text(why, "note", m->note, 0, NOTE_MAX_LEN, out_note);
}

enum err publish_request_encode(struct bytes note, struct buf *out)
{
        Statgate__V1__PublishVintageRequest m = STATGATE__V1__PUBLISH_VINTAGE_REQUEST__INIT;

        m.note = binary(note);
        return pack(&m, out);
}

enum err publish_progress_encode(const struct wire_publish_progress *in, struct buf *out)
{
        Statgate__V1__PublishVintageResponse m = STATGATE__V1__PUBLISH_VINTAGE_RESPONSE__INIT;
        Statgate__V1__Vintage room;

        m.phase = binary(in->phase);
        m.dataset = binary(in->dataset);
        m.records_done = in->records_done;
        m.records_total = in->records_total;
        m.done = in->done;
        m.vintage = vintage_message(in->vintage, &room);
        return pack(&m, out);
}

enum err publish_progress_decode(
        struct arena *a, struct bytes wire, struct wire_publish_progress *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__PublishVintageResponse *m =
                unpack(a, &statgate__v1__publish_vintage_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_publish_progress p = {
                .records_done = m->records_done,
                .records_total = m->records_total,
                .done = m->done != 0,
                .vintage = vintage_of(m->vintage),
        };

        TRY(answer_text(m->phase, &p.phase));
        TRY(answer_text(m->dataset, &p.dataset));
        *out = p;
        return ERR_OK;
}

enum err vintages_encode(const struct wire_vintages *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__ListVintagesResponse m = STATGATE__V1__LIST_VINTAGES_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;

        Statgate__V1__Vintage *rooms = arena_alloc_raw(scratch, in->len, sizeof *rooms);

        m.vintages = messages(scratch, in->len, &statgate__v1__vintage_summary__descriptor);
        if (m.vintages == NULL || rooms == NULL)
                return ERR_NO_MEMORY;
        m.n_vintages = in->len;
        for (uint32_t i = 0; i < in->len; i++) {
                const struct wire_vintage *v = &in->vintages[i];

                m.vintages[i]->vintage = vintage_message(v->vintage, &rooms[i]);
                m.vintages[i]->published_at_ms = v->published_at_ms;
                m.vintages[i]->submissions = v->submissions;
                m.vintages[i]->records = v->records;
                m.vintages[i]->open = v->open;
                m.vintages[i]->note = binary(v->note);
        }
        return pack(&m, out);
}

enum err vintages_decode(struct arena *a, struct bytes wire, struct wire_vintages *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__ListVintagesResponse *m =
                unpack(a, &statgate__v1__list_vintages_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_vintage *list = arena_alloc(a, m->n_vintages, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_vintages; i++) {
                const Statgate__V1__VintageSummary *v = m->vintages[i];

                list[i] = (struct wire_vintage){
                        .vintage = vintage_of(v->vintage),
                        .published_at_ms = v->published_at_ms,
                        .submissions = v->submissions,
                        .records = v->records,
                        .open = v->open != 0,
                };
                TRY(answer_text(v->note, &list[i].note));
        }
        *out = (struct wire_vintages){.vintages = list, .len = (uint32_t)m->n_vintages};
        return ERR_OK;
}

static enum err views_message(
        struct arena *scratch, const struct wire_status *in, Statgate__V1__GetStatusResponse *out)
{
        Statgate__V1__Vintage *rooms = arena_alloc_raw(scratch, in->views_len, sizeof *rooms);

        out->views = messages(scratch, in->views_len, &statgate__v1__view_status__descriptor);
        if (out->views == NULL || rooms == NULL)
                return ERR_NO_MEMORY;
        out->n_views = in->views_len;
        for (uint32_t i = 0; i < in->views_len; i++) {
                const struct wire_view_status *v = &in->views[i];

                out->views[i]->linkage = binary(v->linkage);
                out->views[i]->dataset = binary(v->dataset);
                out->views[i]->vintage = vintage_message(v->vintage, &rooms[i]);
                out->views[i]->records = v->records;
                out->views[i]->persons = v->persons;
                out->views[i]->bytes = v->bytes;
                out->views[i]->build_ms = v->build_ms;
        }
        return ERR_OK;
}

static enum err quotas_message(
        struct arena *scratch, const struct wire_status *in, Statgate__V1__GetStatusResponse *out)
{
        out->quotas = messages(scratch, in->quotas_len, &statgate__v1__quota_status__descriptor);
        if (out->quotas == NULL)
                return ERR_NO_MEMORY;
        out->n_quotas = in->quotas_len;
        for (uint32_t i = 0; i < in->quotas_len; i++) {
                const struct wire_quota_status *q = &in->quotas[i];

                out->quotas[i]->municipality = q->municipality;
                out->quotas[i]->persons_most = q->persons_most;
                out->quotas[i]->persons_percent = q->persons_percent;
                out->quotas[i]->persons_refused_at_ms = q->persons_refused_at_ms;
                out->quotas[i]->erasures_most = q->erasures_most;
                out->quotas[i]->erasures = q->erasures;
                out->quotas[i]->erasures_refused_at_ms = q->erasures_refused_at_ms;
        }
        return ERR_OK;
}

enum err status_encode(const struct wire_status *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__GetStatusResponse m = STATGATE__V1__GET_STATUS_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.version = binary(in->version);
        m.started_at_ms = in->started_at_ms;
        m.keeper_alive = in->keeper_alive;
        m.keyring_generation = in->keyring_generation;
        m.policy_version = in->policy_version;
        m.policy_digest = digest_binary(&in->policy);
        m.submissions_open = in->submissions_open;
        m.submissions_committed = in->submissions_committed;
        m.records_committed = in->records_committed;
        m.store_bytes = in->store_bytes;
        m.calls = in->calls;
        m.calls_refused = in->calls_refused;
        m.calls_failed = in->calls_failed;
        TRY(views_message(scratch, in, &m));
        TRY(quotas_message(scratch, in, &m));
        m.domains_rotating = in->domains_rotating;
        m.records_left = in->records_left;
        m.domains_owing = in->domains_owing;
        m.records_owing = in->records_owing;
        return pack(&m, out);
}

static enum err views_decode(
        struct arena *a, const Statgate__V1__GetStatusResponse *from, struct wire_status *out)
{
        struct wire_view_status *list = arena_alloc(a, from->n_views, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < from->n_views; i++) {
                const Statgate__V1__ViewStatus *v = from->views[i];

                list[i] = (struct wire_view_status){
                        .vintage = vintage_of(v->vintage),
                        .records = v->records,
                        .persons = v->persons,
                        .bytes = v->bytes,
                        .build_ms = v->build_ms,
                };
                TRY(answer_text(v->linkage, &list[i].linkage));
                TRY(answer_text(v->dataset, &list[i].dataset));
        }
        out->views = list;
        out->views_len = (uint32_t)from->n_views;
        return ERR_OK;
}

static enum err quotas_decode(
        struct arena *a, const Statgate__V1__GetStatusResponse *from, struct wire_status *out)
{
        struct wire_quota_status *list = arena_alloc(a, from->n_quotas, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < from->n_quotas; i++) {
                const Statgate__V1__QuotaStatus *q = from->quotas[i];

                if (q->municipality > UINT16_MAX)
                        return ERR_MALFORMED;
                list[i] = (struct wire_quota_status){(municipality_t)q->municipality,
                        q->persons_most, q->persons_percent, q->erasures_most, q->erasures,
                        q->persons_refused_at_ms, q->erasures_refused_at_ms};
        }
        out->quotas = list;
        out->quotas_len = (uint32_t)from->n_quotas;
        return ERR_OK;
}

enum err status_decode(struct arena *a, struct bytes wire, struct wire_status *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetStatusResponse *m =
                unpack(a, &statgate__v1__get_status_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_status s = {
                .started_at_ms = m->started_at_ms,
                .keeper_alive = m->keeper_alive != 0,
                .keyring_generation = m->keyring_generation,
                .policy_version = m->policy_version,
                .submissions_open = m->submissions_open,
                .submissions_committed = m->submissions_committed,
                .records_committed = m->records_committed,
                .store_bytes = m->store_bytes,
                .calls = m->calls,
                .calls_refused = m->calls_refused,
                .calls_failed = m->calls_failed,
                .domains_rotating = m->domains_rotating,
                .records_left = m->records_left,
                .domains_owing = m->domains_owing,
                .records_owing = m->records_owing,
        };

        TRY(answer_text(m->version, &s.version));
        TRY(answer_digest(m->policy_digest, &s.policy));
        TRY(views_decode(a, m, &s));
        TRY(quotas_decode(a, m, &s));
        *out = s;
        return ERR_OK;
}

enum err reloaded_encode(const struct wire_reloaded *in, struct buf *out)
{
        Statgate__V1__ReloadResponse m = STATGATE__V1__RELOAD_RESPONSE__INIT;

        m.policy_version = in->policy_version;
        m.policy_digest = digest_binary(&in->policy);
        m.policy_changed = in->policy_changed;
        m.certificates_changed = in->certificates_changed;
        return pack(&m, out);
}

enum err reloaded_decode(struct arena *a, struct bytes wire, struct wire_reloaded *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__ReloadResponse *m =
                unpack(a, &statgate__v1__reload_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_reloaded r = {
                .policy_version = m->policy_version,
                .policy_changed = m->policy_changed != 0,
                .certificates_changed = m->certificates_changed != 0,
        };

        TRY(answer_digest(m->policy_digest, &r.policy));
        *out = r;
        return ERR_OK;
}
