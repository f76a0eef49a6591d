/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c: may this principal do this? Pure functions: policy, principal,
 * request and time in; allowed, or refused with the rule that decided.
 *
 * Every function walks from "no" to ERR_OK past each condition in turn; there is
 * no branch that allows early. Sentences name what the policy says and the place
 * in the request, never what was sent: a value in a refusal is a value in a log. */
#include <stdio.h>

#include "base/clock.h"
#include "policies/load.h"
#include "policies/suggest.h"

enum { MS_PER_DAY = 86400000 };

static bool has_role(unsigned roles, const struct principal *who)
{
        return who->role != ROLE_NONE && (unsigned)who->role < ROLE_COUNT &&
               (roles >> who->role & 1) != 0;
}

static enum err know_municipality(
        const struct policy *p, const struct principal *who, struct refusal *why)
{
        if (who->role == ROLE_MUNICIPALITY && !rules_has_municipality(&p->rules, who->municipality))
                return refuse(why, ERR_NOT_ALLOWED, "principal",
                        "the municipality of the certificate is not in the policy");
        return ERR_OK;
}

static enum err find_dataset(const struct policy *p, struct bytes id,
        const struct policy_dataset **out, struct refusal *why)
{
        struct bytes known[RULES_DATASETS_MAX];
        char near[SUGGEST_MAX];

        *out = policy_dataset_find(p, id);
        if (*out != NULL)
                return ERR_OK;
        for (uint32_t i = 0; i < p->datasets_len; i++)
                known[i] = p->datasets[i].id;
        suggest_text(id, known, p->datasets_len, near);
        return refuse(why, ERR_UNKNOWN_NAME, "dataset", "the policy has no such data set%s", near);
}

/* Deliveries -------------------------------------------------------------- */

/* Whether the text is a whole year, quarter or month as the data set delivers. */
static bool period_fits(enum periodicity periodicity, struct period p)
{
        struct civil first = civil_from_days(p.first);
        int months = 0;

        switch (periodicity) {
        case PERIODICITY_NONE:
                return false;
        case PERIODICITY_YEAR:
                months = 12;
                break;
        case PERIODICITY_QUARTER:
                months = 3;
                break;
        case PERIODICITY_MONTH:
                months = 1;
                break;
        }
        if (first.day != 1 || (first.month - 1) % months != 0)
                return false;

        int after = first.month - 1 + months;
        struct civil next = {first.year + after / 12, after % 12 + 1, 1};

        return civil_exists(next) && p.last == days_from_civil(next) - 1;
}

static const char *periodicity_word(enum periodicity p)
{
        switch (p) {
        case PERIODICITY_YEAR:
                return "a year, written YYYY";
        case PERIODICITY_QUARTER:
                return "a quarter, written YYYY-Qn";
        case PERIODICITY_MONTH:
                return "a month, written YYYY-MM";
        case PERIODICITY_NONE:
                break;
        }
        return "nothing";
}

static enum err read_period(const struct policy_dataset *d, struct bytes text, int64_t now_ms,
        struct period *out, struct refusal *why)
{
        struct period p;

        if (text.len > UINT32_MAX ||
                !period_parse((const char *)text.data, (uint32_t)text.len, &p) ||
                !period_fits(d->periodicity, p))
                return refuse(why, ERR_INVALID, "period", "the data set is delivered for %s",
                        periodicity_word(d->periodicity));
        if (p.first > now_ms / MS_PER_DAY)
                return refuse(why, ERR_INVALID, "period", "the period has not begun");
        *out = p;
        return ERR_OK;
}

enum err decide_submit(const struct policy *p, const struct principal *who, struct bytes dataset,
        struct bytes period_text, int64_t now_ms, const struct policy_dataset **out_dataset,
        struct period *out_period, struct refusal *why)
{
        const struct policy_dataset *d;
        struct period period;

        TRY(find_dataset(p, dataset, &d, why));
        if (!has_role(d->deliver_roles, who))
                return refuse(why, ERR_NOT_ALLOWED, "dataset",
                        "the role of the certificate does not deliver this data set");
        TRY(know_municipality(p, who, why));
        TRY(read_period(d, period_text, now_ms, &period, why));
        *out_dataset = d;
        *out_period = period;
        return ERR_OK;
}

/* The right to erasure goes with the right to deliver: a bundle that forgets it does not
 * load. It is the municipality's own records, and nobody else's hand. */
enum err decide_erase(
        const struct policy *p, const struct principal *who, int64_t now_ms, struct refusal *why)
{
        (void)now_ms;
        if (who->role != ROLE_MUNICIPALITY)
                return refuse(why, ERR_NOT_ALLOWED, "principal",
                        "only a municipality can erase, and only what it delivered");
        return know_municipality(p, who, why);
}

/* Questions --------------------------------------------------------------- */

struct question {
        const struct policy_dataset *dataset;
        struct refusal *why;
        enum err rc; /* the first; all faults are told */
};

static void fault(struct question *q, enum err code, const char *list, uint32_t i,
        const char *field, const char *text)
{
        char path[VIOLATION_FIELD_MAX];

        (void)snprintf(path, sizeof path, "%s[%u].%s", list, i, field);
        (void)refuse(q->why, code, path, "%s", text);
        q->rc = q->rc == ERR_OK ? code : q->rc;
}

static const struct variable *find_variable(
        struct question *q, struct bytes id, const char *list, uint32_t i)
{
        const struct policy_dataset *d = q->dataset;
        struct bytes known[VARIABLES_MAX];
        char near[SUGGEST_MAX], text[VIOLATION_TEXT_MAX];
        int32_t at = variable_find(d, id);

        if (at >= 0)
                return &d->variables[at];
        for (uint32_t v = 0; v < d->variables_len; v++)
                known[v] = d->variables[v].id;
        suggest_text(id, known, d->variables_len, near);
        (void)snprintf(text, sizeof text, "the data set has no such variable%s", near);
        fault(q, ERR_UNKNOWN_NAME, list, i, "variable", text);
        return NULL;
}

/* Levels coarser than the finest may be asked, finer ones may not; the empty
 * level of a filter on a number is its plain value. */
static void ask_level(struct question *q, const struct variable *v, struct bytes level,
        const char *list, uint32_t i)
{
        int32_t at = variable_level_find(v, level);

        if (at < 0)
                fault(q, ERR_UNKNOWN_NAME, list, i, "level", "the variable has no such level");
        else if ((uint32_t)at < variable_finest(v))
                fault(q, ERR_NOT_ALLOWED, list, i, "level",
                        "the policy lets this variable be asked at coarser levels only");
}

static void ask_filter(struct question *q, const struct filter *f, uint32_t i)
{
        const struct variable *v = find_variable(q, f->variable, "filters", i);

        if (v == NULL)
                return;
        if (!v->may_filter)
                fault(q, ERR_NOT_ALLOWED, "filters", i, "variable",
                        "the policy does not let this variable be a filter");
        if (f->level.len > 0 || v->type == VARIABLE_CODE)
                ask_level(q, v, f->level, "filters", i);
}

static void ask_dimension(struct question *q, const struct dimension_ref *d, uint32_t i)
{
        const struct variable *v = find_variable(q, d->variable, "dimensions", i);

        if (v == NULL)
                return;
        if (!v->may_group)
                fault(q, ERR_NOT_ALLOWED, "dimensions", i, "variable",
                        "the policy does not let this variable be a dimension");
        else
                ask_level(q, v, d->level, "dimensions", i);
}

static void ask_measure(struct question *q, const struct measure_ref *m, uint32_t i)
{
        const struct variable *v;

        if (m->kind == MEASURE_PERSONS && q->dataset->rules->person == PERSON_USE_NONE)
                fault(q, ERR_INVALID, "measures", i, "kind",
                        "records of this data set have no person");
        if (m->kind != MEASURE_SUM && m->kind != MEASURE_MEAN)
                return;
        v = find_variable(q, m->variable, "measures", i);
        if (v != NULL && v->role != VARIABLE_MEASURE)
                fault(q, ERR_NOT_ALLOWED, "measures", i, "variable",
                        "the policy does not let this variable be summed");
}

/* Whether the data set's linkage covers the purpose today. Which municipalities it
 * joins makes no difference here: records of the others are in the same tables,
 * unlinked, and that is the keeper's to see to, batch by batch. */
static enum err ask_linkage(const struct policy *p, const struct policy_dataset *d,
        struct bytes purpose, int64_t now_ms, struct refusal *why)
{
        const struct rules_linkage *l = d->linkage;
        bool joined;

        if (rules_may_link(&p->rules, l->id, d->id, p->rules.municipalities[0], purpose, now_ms,
                    &joined) != ERR_OK)
                return refuse(why, ERR_LINKAGE_REFUSED, "purpose",
                        "the linkage of this data set does not cover this purpose today");
        return ERR_OK;
}

static enum err ask_purpose(
        const struct policy_dataset *d, struct bytes purpose, struct refusal *why)
{
        char near[SUGGEST_MAX];

        for (uint32_t i = 0; i < d->purposes_len; i++)
                if (bytes_equal(d->purposes[i], purpose))
                        return ERR_OK;
        suggest_text(purpose, d->purposes, d->purposes_len, near);
        return refuse(why, ERR_NOT_ALLOWED, "purpose",
                "this data set may not be asked for this purpose%s", near);
}

enum err decide_query(const struct policy *p, const struct principal *who, const struct query *q,
        int64_t now_ms, struct decision *out, struct refusal *why)
{
        struct question question = {.why = why};
        const struct policy_dataset *d;

        TRY(query_check(q, why));
        TRY(find_dataset(p, q->dataset, &d, why));
        if (!has_role(d->ask_roles, who))
                return refuse(why, ERR_NOT_ALLOWED, "dataset",
                        "the role of the certificate may not ask this data set");
        TRY(know_municipality(p, who, why));
        TRY(ask_purpose(d, q->purpose, why));
        TRY(ask_linkage(p, d, q->purpose, now_ms, why));
        question.dataset = d;
        for (uint32_t i = 0; i < q->filters_len; i++)
                ask_filter(&question, &q->filters[i], i);
        for (uint32_t i = 0; i < q->dimensions_len; i++)
                ask_dimension(&question, &q->dimensions[i], i);
        for (uint32_t i = 0; i < q->measures_len; i++)
                ask_measure(&question, &q->measures[i], i);
        TRY(question.rc);
        *out = (struct decision){.dataset = d, .disclosure = d->disclosure};
        return ERR_OK;
}

/* Schemas hold nothing about persons: whoever delivers, asks or watches over the
 * data set reads them. */
enum err decide_describe(const struct policy *p, const struct principal *who, struct bytes dataset,
        const struct policy_dataset **out_dataset, struct refusal *why)
{
        const struct policy_dataset *d;

        TRY(find_dataset(p, dataset, &d, why));
        if (!has_role(d->ask_roles | d->deliver_roles | 1u << ROLE_DPO, who))
                return refuse(why, ERR_NOT_ALLOWED, "dataset",
                        "the role of the certificate has nothing to do with this data set");
        TRY(know_municipality(p, who, why));
        *out_dataset = d;
        return ERR_OK;
}
