/* SPDX-License-Identifier: Apache-2.0 */
/* wire_review.c: what data-protection officers ask beside the log: policies, budgets, quality, and
 * rehearsals of a proposed bundle. */
#include <string.h>

#include "proto/wire_audit.h"
#include "proto/wire_parts.h"
#include "statgate/v1/audit.pb-c.h"

/* An empty request, of whichever kind. */
enum err nothing_decode(struct arena *a, struct bytes wire, struct refusal *why)
{
        enum err rc = ERR_OK;

        return unpack(a, &statgate__v1__get_budgets_request__descriptor, wire, why, &rc) == NULL
                       ? rc
                       : ERR_OK;
}

/* Policies ------------------------------------------------------------------- */

enum err policy_history_encode(const struct wire_policy_history *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__GetPolicyHistoryResponse m = STATGATE__V1__GET_POLICY_HISTORY_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.periods = messages(scratch, in->len, &statgate__v1__policy_period__descriptor);
        if (m.periods == NULL)
                return ERR_NO_MEMORY;
        m.n_periods = in->len;
        for (uint32_t i = 0; i < in->len; i++) {
                const struct wire_policy_period *p = &in->periods[i];

                m.periods[i]->entry = p->entry;
                m.periods[i]->at_ms = p->at_ms;
                m.periods[i]->version = p->version;
                m.periods[i]->outcome = binary(p->outcome);
                if (p->has_digest)
                        m.periods[i]->digest = digest_binary(&p->digest);
        }
        return pack(&m, out);
}

enum err policy_history_decode(struct arena *a, struct bytes wire, struct wire_policy_history *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetPolicyHistoryResponse *m =
                unpack(a, &statgate__v1__get_policy_history_response__descriptor, wire, NULL, &rc);
        struct wire_policy_period *list;

        if (m == NULL)
                return rc;
        list = arena_alloc(a, m->n_periods, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_periods; i++) {
                const Statgate__V1__PolicyPeriod *from = m->periods[i];

                list[i].entry = from->entry;
                list[i].at_ms = from->at_ms;
                list[i].version = from->version;
                list[i].has_digest = from->digest.len > 0;
                if (list[i].has_digest)
                        TRY(answer_digest(from->digest, &list[i].digest));
                TRY(answer_text(from->outcome, &list[i].outcome));
        }
        *out = (struct wire_policy_history){list, (uint32_t)m->n_periods};
        return ERR_OK;
}

/* Budgets --------------------------------------------------------------------- */

enum err budgets_encode(const struct wire_budgets *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__GetBudgetsResponse m = STATGATE__V1__GET_BUDGETS_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.budgets = messages(scratch, in->len, &statgate__v1__budget__descriptor);
        if (m.budgets == NULL)
                return ERR_NO_MEMORY;
        m.n_budgets = in->len;
        for (uint32_t i = 0; i < in->len; i++) {
                m.budgets[i]->principal = binary(in->budgets[i].principal);
                m.budgets[i]->kind = binary(in->budgets[i].kind);
                m.budgets[i]->used = in->budgets[i].used;
                m.budgets[i]->most = in->budgets[i].most;
        }
        return pack(&m, out);
}

enum err budgets_decode(struct arena *a, struct bytes wire, struct wire_budgets *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetBudgetsResponse *m =
                unpack(a, &statgate__v1__get_budgets_response__descriptor, wire, NULL, &rc);
        struct wire_budget *list;

        if (m == NULL)
                return rc;
        list = arena_alloc(a, m->n_budgets, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_budgets; i++) {
                TRY(answer_text(m->budgets[i]->principal, &list[i].principal));
                TRY(answer_text(m->budgets[i]->kind, &list[i].kind));
                list[i].used = m->budgets[i]->used;
                list[i].most = m->budgets[i]->most;
        }
        *out = (struct wire_budgets){list, (uint32_t)m->n_budgets};
        return ERR_OK;
}

/* Quality --------------------------------------------------------------------- */

enum err quality_request_encode(struct vintage vintage, struct buf *out)
{
        Statgate__V1__GetQualityRequest m = STATGATE__V1__GET_QUALITY_REQUEST__INIT;
        Statgate__V1__Vintage room;

        m.vintage = vintage_message(vintage, &room);
        return pack(&m, out);
}

enum err quality_request_decode(
        struct arena *a, struct bytes wire, struct vintage *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetQualityRequest *m =
                unpack(a, &statgate__v1__get_quality_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;
        *out = vintage_of(m->vintage);
        return ERR_OK;
}

static void quality_message(const struct wire_quality *in, Statgate__V1__DeliveryQuality *out)
{
        out->municipality = binary(in->municipality);
        out->dataset = binary(in->dataset);
        out->period = binary(in->period);
        out->committed_at_ms = in->committed_at_ms;
        if (in->has_rejected) {
                out->rejected_case = STATGATE__V1__DELIVERY_QUALITY__REJECTED_REJECTED_PERMILLE;
                out->rejected_permille = in->rejected_permille;
        }
        if (in->has_missing) {
                out->missing_case = STATGATE__V1__DELIVERY_QUALITY__MISSING_MISSING_PERMILLE;
                out->missing_permille = in->missing_permille;
        }
}

enum err qualities_encode(const struct wire_qualities *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__GetQualityResponse m = STATGATE__V1__GET_QUALITY_RESPONSE__INIT;
        Statgate__V1__Vintage room;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.vintage = vintage_message(in->vintage, &room);
        m.deliveries = messages(scratch, in->len, &statgate__v1__delivery_quality__descriptor);
        if (m.deliveries == NULL)
                return ERR_NO_MEMORY;
        m.n_deliveries = in->len;
        for (uint32_t i = 0; i < in->len; i++)
                quality_message(&in->deliveries[i], m.deliveries[i]);
        return pack(&m, out);
}

static enum err quality_decode(const Statgate__V1__DeliveryQuality *from, struct wire_quality *out)
{
        *out = (struct wire_quality){
                .committed_at_ms = from->committed_at_ms,
                .has_rejected = from->rejected_case ==
                                STATGATE__V1__DELIVERY_QUALITY__REJECTED_REJECTED_PERMILLE,
                .has_missing = from->missing_case ==
                               STATGATE__V1__DELIVERY_QUALITY__MISSING_MISSING_PERMILLE,
        };
        if (out->has_rejected)
                out->rejected_permille = from->rejected_permille;
        if (out->has_missing)
                out->missing_permille = from->missing_permille;
        TRY(answer_text(from->municipality, &out->municipality));
        TRY(answer_text(from->dataset, &out->dataset));
        return answer_text(from->period, &out->period);
}

enum err qualities_decode(struct arena *a, struct bytes wire, struct wire_qualities *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetQualityResponse *m =
                unpack(a, &statgate__v1__get_quality_response__descriptor, wire, NULL, &rc);
        struct wire_quality *list;

        if (m == NULL)
                return rc;
        list = arena_alloc(a, m->n_deliveries, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_deliveries; i++)
                TRY(quality_decode(m->deliveries[i], &list[i]));
        *out = (struct wire_qualities){vintage_of(m->vintage), list, (uint32_t)m->n_deliveries};
        return ERR_OK;
}

/* Rehearsal ------------------------------------------------------------------- */

enum err rehearsal_encode(const struct wire_rehearsal *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__RehearsePolicyRequest m = STATGATE__V1__REHEARSE_POLICY_REQUEST__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.files = messages(scratch, in->len, &statgate__v1__bundle_file__descriptor);
        if (m.files == NULL)
                return ERR_NO_MEMORY;
        m.n_files = in->len;
        for (uint32_t i = 0; i < in->len; i++) {
                m.files[i]->path = binary(in->files[i].path);
                m.files[i]->content = binary(in->files[i].content);
        }
        m.from_ms = in->from_ms;
        m.until_ms = in->until_ms;
        return pack(&m, out);
}

/* Its files are written below a folder: nothing may lead out of it. */
static bool is_path(struct bytes path)
{
        bool begins = true; /* a name */

        for (size_t i = 0; i < path.len; i++) {
                uint8_t c = path.data[i];
                bool word =
                        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';

                if (!word && (begins || (c != '/' && c != '.')))
                        return false; /* no name begins with a dot, and none is empty */
                begins = c == '/';
        }
        return !begins;
}

enum err rehearsal_decode(
        struct arena *a, struct bytes wire, struct wire_rehearsal *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__RehearsePolicyRequest *m =
                unpack(a, &statgate__v1__rehearse_policy_request__descriptor, wire, why, &rc);
        struct wire_bundle_file *list;

        if (m == NULL)
                return rc;
        if (m->n_files == 0 || m->n_files > WIRE_BUNDLE_FILES_MAX)
                return refuse(why, ERR_INVALID, "files", "are not 1 to %d", WIRE_BUNDLE_FILES_MAX);
        if (m->from_ms < 0 || m->until_ms < 0 || (m->until_ms > 0 && m->until_ms < m->from_ms))
                return refuse(why, ERR_INVALID, "until_ms", "is before from_ms, or before 1970");
        list = arena_alloc(a, m->n_files, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_files; i++) {
                TRY(gate_text(why, "files.path", m->files[i]->path, 1, WIRE_BUNDLE_PATH_MAX,
                        &list[i].path));
                if (!is_path(list[i].path))
                        return refuse(why, ERR_INVALID, "files.path",
                                "is not a path of lower-case names below the bundle's folder");
                list[i].content = run_of(m->files[i]->content);
        }
        *out = (struct wire_rehearsal){list, (uint32_t)m->n_files, m->from_ms, m->until_ms};
        return ERR_OK;
}

static void rehearsed_message(const struct wire_rehearsed *in, Statgate__V1__RehearsedQuestion *out)
{
        out->entry = in->entry;
        out->times = in->times;
        out->query_digest = digest_binary(&in->query);
        out->before = binary(in->before);
        out->after = binary(in->after);
        out->cells = in->cells;
        out->newly_shown = in->newly_shown;
        out->newly_protected = in->newly_protected;
}

enum err rehearsal_progress_encode(const struct wire_rehearsal_progress *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__RehearsePolicyResponse m = STATGATE__V1__REHEARSE_POLICY_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.questions = messages(scratch, in->len, &statgate__v1__rehearsed_question__descriptor);
        if (m.questions == NULL)
                return ERR_NO_MEMORY;
        m.n_questions = in->len;
        for (uint32_t i = 0; i < in->len; i++)
                rehearsed_message(&in->questions[i], m.questions[i]);
        m.phase = binary(in->phase);
        m.done = in->done;
        m.total = in->total;
        if (in->has_report) {
                m.report = binary(in->report);
                m.report_digest = digest_binary(&in->report_digest);
                m.entry = in->entry;
        }
        return pack(&m, out);
}

static enum err rehearsed_decode(
        const Statgate__V1__RehearsedQuestion *from, struct wire_rehearsed *out)
{
        out->entry = from->entry;
        out->times = from->times;
        out->cells = from->cells;
        out->newly_shown = from->newly_shown;
        out->newly_protected = from->newly_protected;
        TRY(answer_digest(from->query_digest, &out->query));
        TRY(answer_text(from->before, &out->before));
        return answer_text(from->after, &out->after);
}

enum err rehearsal_progress_decode(
        struct arena *a, struct bytes wire, struct wire_rehearsal_progress *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__RehearsePolicyResponse *m =
                unpack(a, &statgate__v1__rehearse_policy_response__descriptor, wire, NULL, &rc);
        struct wire_rehearsal_progress p = {0};
        struct wire_rehearsed *list;

        if (m == NULL)
                return rc;
        if (m->n_questions > WIRE_REHEARSED_MAX)
                return ERR_MALFORMED;
        list = arena_alloc(a, m->n_questions, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_questions; i++)
                TRY(rehearsed_decode(m->questions[i], &list[i]));
        TRY(answer_text(m->phase, &p.phase));
        p.done = m->done;
        p.total = m->total;
        p.questions = list;
        p.len = (uint32_t)m->n_questions;
        p.has_report = m->report_digest.len > 0;
        if (p.has_report) {
                TRY(answer_digest(m->report_digest, &p.report_digest));
                p.report = run_of(m->report);
                p.entry = m->entry;
        }
        *out = p;
        return ERR_OK;
}
