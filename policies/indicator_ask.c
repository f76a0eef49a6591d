/* SPDX-License-Identifier: Apache-2.0 */
/* indicator_ask.c: the questions that an indicator asks.
 *
 * Whoever asks says for which period, places and groups, and nothing about what is
 * measured: a condition on a sensitive variable would be another indicator under the
 * same name. What she adds stands first in the lists, so that a fault in it is told at
 * the index where she wrote it. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "policies/load.h"
#include "policies/suggest.h"

const struct indicator *policy_indicators(const struct policy *p, uint32_t *out_len)
{
        *out_len = p->indicators_len;
        return p->indicators;
}

/* Sorted by id and version: of one id the last is the latest. */
const struct indicator *policy_indicator_find(
        const struct policy *p, struct bytes id, uint32_t version)
{
        const struct indicator *found = NULL;

        for (uint32_t i = 0; i < p->indicators_len; i++)
                if (bytes_equal(p->indicators[i].id, id) &&
                        (version == 0 || p->indicators[i].version == version))
                        found = &p->indicators[i];
        return found;
}

static enum err find(const struct policy *p, const struct query *asked,
        const struct indicator **out, struct refusal *why)
{
        struct bytes known[INDICATORS_MAX];
        char near[SUGGEST_MAX];

        *out = policy_indicator_find(p, asked->indicator, asked->indicator_version);
        if (*out != NULL)
                return ERR_OK;
        if (policy_indicator_find(p, asked->indicator, 0) != NULL)
                return refuse(why, ERR_UNKNOWN_NAME, "indicator.version",
                        "the indicator has no such version");
        for (uint32_t i = 0; i < p->indicators_len; i++)
                known[i] = p->indicators[i].id;
        suggest_text(asked->indicator, known, p->indicators_len, near);
        return refuse(
                why, ERR_UNKNOWN_NAME, "indicator.id", "the policy has no such indicator%s", near);
}

static const struct variable *variable_of(
        const struct policy *p, const struct query *q, struct bytes id)
{
        const struct policy_dataset *d = policy_dataset_find(p, q->dataset);
        int32_t at = d != NULL ? variable_find(d, id) : -1;

        return at >= 0 ? &d->variables[at] : NULL;
}

/* Whether a name means the same in both questions of an indicator. */
static bool means_the_same(const struct variable *a, const struct variable *b)
{
        return a != NULL && b != NULL && a->type == b->type && a->codes == b->codes;
}

/* Something added that may not be: `list`[i].variable. */
static enum err not_added(const char *list, uint32_t i, const char *sentence, struct refusal *why)
{
        char field[VIOLATION_FIELD_MAX];

        (void)snprintf(field, sizeof field, "%s[%u].variable", list, i);
        return refuse(why, ERR_NOT_ALLOWED, field, "%s", sentence);
}

static enum err check_denominator(const struct policy *p, const struct indicator *in,
        struct bytes id, const char *list, uint32_t i, struct refusal *why)
{
        const struct variable *v = variable_of(p, &in->query, id);

        if (!in->has_denominator || means_the_same(v, variable_of(p, &in->denominator, id)))
                return ERR_OK;
        return not_added(
                list, i, "the denominator of the indicator does not have this variable", why);
}

/* What the policy does not know is left to decide_query, which tells it better. */
static enum err check_filter(const struct policy *p, const struct indicator *in,
        const struct filter *f, uint32_t i, struct refusal *why)
{
        const struct variable *v = variable_of(p, &in->query, f->variable);

        if (v == NULL || v->role != VARIABLE_IDENTIFYING)
                return not_added("filters", i,
                        "an indicator is narrowed by identifying variables of its data set only",
                        why);
        return check_denominator(p, in, f->variable, "filters", i, why);
}

static bool needs_period(const struct query *q)
{
        for (uint32_t i = 0; i < q->derived_len; i++)
                if (q->derived[i].window.kind == WINDOW_PERIOD)
                        return true;
        return q->period_date.len > 0 || q->measures[0].kind == MEASURE_DAYS;
}

static enum err check_period(
        const struct indicator *in, const struct query *asked, struct refusal *why)
{
        const struct query *d = &in->denominator;

        if (in->is_contract && asked->has_period)
                return refuse(why, ERR_NOT_ALLOWED, "period",
                        "the cohort of an outcome contract is fixed: its period is the contract's");
        if (!asked->has_period &&
                ((!in->query.has_period && needs_period(&in->query)) ||
                        (in->has_denominator && !d->has_period && needs_period(d))))
                return refuse(why, ERR_INVALID, "period", "the indicator needs a period");
        return ERR_OK;
}

static enum err check_added(const struct policy *p, const struct indicator *in,
        const struct query *asked, struct refusal *why)
{
        enum err rc = check_period(in, asked, why);
        bool serves = false;

        for (uint32_t i = 0; i < in->purposes_len; i++)
                serves |= bytes_equal(in->purposes[i], asked->purpose);
        if (!serves) {
                enum err e = refuse(why, ERR_NOT_ALLOWED, "purpose",
                        "the indicator may not be asked for this purpose");

                rc = rc == ERR_OK ? e : rc;
        }
        for (uint32_t i = 0; i < asked->filters_len; i++) {
                enum err e = check_filter(p, in, &asked->filters[i], i, why);

                rc = rc == ERR_OK ? e : rc;
        }
        for (uint32_t i = 0; i < asked->dimensions_len; i++) {
                enum err e = check_denominator(
                        p, in, asked->dimensions[i].variable, "dimensions", i, why);

                rc = rc == ERR_OK ? e : rc;
        }
        if (asked->filters_len + in->query.filters_len > FILTERS_MAX ||
                asked->filters_len + in->denominator.filters_len > FILTERS_MAX) {
                enum err e = refuse(why, ERR_INVALID, "filters",
                        "has more filters than there is room for beside the indicator's");

                rc = rc == ERR_OK ? e : rc;
        }
        return rc;
}

static enum err expand(const struct query *definition, const struct query *asked,
        struct arena *arena, struct query *out)
{
        uint32_t len = asked->filters_len + definition->filters_len;
        struct query q = *definition;

        q.filters = arena_alloc(arena, len, sizeof *q.filters);
        if (q.filters == NULL)
                return ERR_NO_MEMORY;
        if (asked->filters_len > 0)
                memcpy(q.filters, asked->filters, asked->filters_len * sizeof *q.filters);
        if (definition->filters_len > 0)
                memcpy(q.filters + asked->filters_len, definition->filters,
                        definition->filters_len * sizeof *q.filters);
        q.filters_len = len;
        q.dimensions = asked->dimensions;
        q.dimensions_len = asked->dimensions_len;
        q.purpose = asked->purpose;
        q.vintage = asked->vintage;
        if (asked->has_period) {
                q.has_period = true;
                q.period = asked->period;
        }
        *out = q;
        return ERR_OK;
}

enum err indicator_expand(const struct policy *p, const struct query *asked, struct arena *arena,
        struct query *out, struct query *out_denominator, const struct indicator **out_indicator,
        struct refusal *why)
{
        const struct indicator *in = NULL;
        struct query q, denominator = {0};

        TRY(query_check(asked, why));
        TRY(find(p, asked, &in, why));
        TRY(check_added(p, in, asked, why));
        TRY(expand(&in->query, asked, arena, &q));
        if (in->has_denominator)
                TRY(expand(&in->denominator, asked, arena, &denominator));
        *out = q;
        if (in->has_denominator)
                *out_denominator = denominator;
        *out_indicator = in;
        return ERR_OK;
}
