/* SPDX-License-Identifier: Apache-2.0 */
/* release.c: what a release says besides its table: of which vintage and under which
 * linkage it was computed, and how much of what was expected stands behind it.
 *
 * Canonical bytes, the same every time for the same question, vintage and policy. Time
 * and duration stand beside it, not inside. */
#include "gateway/answer.h"
#include "gateway/tell_rules.h"

enum { COVERAGE_MAX = 2 * (DERIVED_MAX + 1) };

/* In the whole vintage, whatever the period of the question. */
static void count_delivered(
        const struct answering *a, const struct view_lease *lease, struct wire_release *out)
{
        const struct deliveries *d = coverage_find(lease->coverage, out->dataset);
        struct wire_coverage whole;
        uint32_t len = 0;
        const uint8_t *alone = view_alone(lease->view, &len);

        for (uint32_t i = 0; alone != NULL && i < len; i++)
                out->unlinked += alone[i] != 0 ? 1 : 0;
        if (d == NULL)
                return;
        coverage_tell(a->policy, d, NULL, NULL, &whole);
        out->delivered = whole.delivered;
        out->expected = whole.expected;
}

static bool is_told(const struct wire_coverage *list, uint32_t len, struct bytes dataset)
{
        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(list[i].dataset, dataset))
                        return true;
        return false;
}

static void tell_one(const struct answering *a, const struct question *q, struct bytes dataset,
        struct wire_coverage *list, uint32_t *len)
{
        const struct deliveries *d = coverage_find(q->lease.coverage, dataset);
        const struct period *period = q->query.has_period ? &q->query.period : NULL;

        if (d == NULL || is_told(list, *len, dataset))
                return;
        coverage_tell(a->policy, d, period, view_families(q->lease.view), &list[*len]);
        (*len)++;
}

static void tell_question(const struct answering *a, const struct question *q,
        struct wire_coverage *list, uint32_t *len)
{
        tell_one(a, q, q->query.dataset, list, len);
        for (uint32_t i = 0; i < q->query.derived_len; i++)
                tell_one(a, q, q->query.derived[i].dataset, list, len);
}

static void tell_indicator(const struct indicator *from, struct wire_release *out)
{
        if (from == NULL)
                return;
        out->has_indicator = true;
        indicator_tell(from, &out->indicator);
        out->indicator.definition = (struct wire_label){0};
        out->indicator.references_len = 0;
}

static uint32_t margin_of(const struct answering *a)
{
        uint32_t n = a->main.rounded.margin, d = a->denominator.rounded.margin;

        return n > d ? n : d;
}

/* Of a quotient, the numerator's: what the denominator withholds is withheld. */
static void tell_protection(
        const struct answering *a, const struct question *q, struct wire_release *out)
{
        const struct disclosure_rules *r = &q->allowed.disclosure;
        bool rounded = r->perturbation == PERTURB_ROUNDING;

        out->has_protection = true;
        out->protection = (struct wire_protection){
                .source = tell_source(q->source),
                .additive = rounded ? q->rounded.additive : r->perturbation != PERTURB_CELLKEY,
                .audited = q->report.audited,
                .audit_of = q->report.audit_of,
                .narrow = q->report.narrow,
                .interval_unasked = r->interval > 0 ? q->report.interval_unasked : 0,
                .limited = q->report.limited,
                .numerator = r->numerator,
                .denominator = r->denominator,
                .complement = r->complement,
                .families = r->families,
                .rounding_margin = rounded ? margin_of(a) : 0,
        };
        tell_rules(r, &out->protection.rules);
}

enum err release_write(const struct answering *a, struct buf *out)
{
        const struct question *q = &a->main;
        const struct view_lease *lease = &q->lease;
        struct wire_coverage coverage[COVERAGE_MAX];
        struct wire_release r = {
                .vintage = lease->vintage.vintage,
                .vintage_at_ms = lease->vintage.published_at_ms,
                .policy = *policy_digest(a->policy),
                .dataset = q->query.dataset,
                .purpose = q->query.purpose,
                .threshold = q->allowed.disclosure.threshold,
                .zeros_published = q->allowed.disclosure.zeros_published,
                .table = *q->table,
                .unit = q->query.unit == UNIT_NONE ? UNIT_PERSON : q->query.unit,
                .has_period = q->query.has_period,
                .period = q->query.period,
                .coverage = coverage,
                .has_counted = q->looks_beside,
                .counted = q->looks_beside ? q->counted : 0,
        };

        if (lease->linkage != NULL)
                r.linkage = lease->linkage->rules->id;
        count_delivered(a, lease, &r);
        tell_question(a, q, coverage, &r.coverage_len);
        if (a->has_denominator)
                tell_question(a, &a->denominator, coverage, &r.coverage_len);
        tell_indicator(a->indicator, &r);
        tell_protection(a, q, &r);
        TRY(nearest_of_table(a, q, &r.nearest, &r.has_nearest));
        TRY(question_digest(a, lease->vintage.vintage, &r.query));
        return release_encode(&r, out);
}
