/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c: may this principal do this? Pure functions: policy, principal,
 * request and time in; allowed, or refused with the rule that decided.
 *
 * Every function walks from "no" to ERR_OK past each condition in turn; there is
 * no branch that allows early (questions: question.c). Sentences name what the policy
 * says and the place in the request, never what was sent: a value in a refusal is a value
 * in a log. */
#include "base/arena.h"
#include "base/clock.h"
#include "policies/question.h"

enum { MS_PER_DAY = 86400000, INDICATOR_ARENA_MAX = 1 << 20 };

static bool has_role(unsigned roles, const struct principal *who)
{
        return who->role != ROLE_NONE && (unsigned)who->role < ROLE_COUNT &&
               (roles >> who->role & 1) != 0;
}

/* Somebody whom the policy lets in, and whose municipality it knows. */
static enum err know_caller(const struct policy *p, const struct principal *who,
        const struct policy_principal **out, struct refusal *why)
{
        const struct policy_principal *pattern = policy_principal_find(p, bytes_of_text(who->uri));

        if (pattern == NULL || pattern->role != who->role)
                return refuse(why, ERR_NOT_ALLOWED, "principal",
                        "no principal of the policy fits the certificate");
        if (who->role == ROLE_MUNICIPALITY && !rules_has_municipality(&p->rules, who->municipality))
                return refuse(why, ERR_NOT_ALLOWED, "principal",
                        "the municipality of the certificate is not in the policy");
        *out = pattern;
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
        const struct policy_principal *pattern;
        const struct policy_dataset *d;
        struct period period;

        TRY(find_dataset(p, dataset, &d, why));
        if (!has_role(d->deliver_roles, who))
                return refuse(why, ERR_NOT_ALLOWED, "dataset",
                        "the role of the certificate does not deliver this data set");
        TRY(know_caller(p, who, &pattern, why));
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
        const struct policy_principal *pattern;

        (void)now_ms;
        if (who->role != ROLE_MUNICIPALITY)
                return refuse(why, ERR_NOT_ALLOWED, "principal",
                        "only a municipality can erase, and only what it delivered");
        return know_caller(p, who, &pattern, why);
}

/* Questions --------------------------------------------------------------- */

static void tell_refusal(struct question *q, const struct finding *f)
{
        char path[VIOLATION_FIELD_MAX];

        finding_path(f, path);
        (void)refuse(q->ctx, question_rule_code(f->rule), path, "%s%s",
                question_rule_sentence(f->rule), f->near);
}

static enum err decide_plain(const struct policy *p, const struct principal *who,
        const struct query *q, int64_t now_ms, struct decision *out, struct refusal *why)
{
        struct question question = {.policy = p,
                .who = who,
                .query = q,
                .now_ms = now_ms,
                .tell = tell_refusal,
                .ctx = why};

        TRY(query_check(q, why));
        TRY(question_walk(&question));
        *out = (struct decision){.dataset = question.base,
                .linkage = question.linkage,
                .disclosure = question_disclosure(&question),
                .vintage = q->vintage,
                .questions_per_day = question.principal->questions_per_day};
        return ERR_OK;
}

/* Both questions of an indicator must be allowed; what holds for one of them, or for the
 * indicator, holds for the answer. */
static enum err decide_indicator(const struct policy *p, const struct principal *who,
        const struct query *q, int64_t now_ms, struct decision *out, struct refusal *why)
{
        OWNED(arena_free) struct arena *arena = arena_new(INDICATOR_ARENA_MAX);
        const struct indicator *indicator = NULL;
        struct query numerator, denominator;
        struct decision d, other;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(indicator_expand(p, q, arena, &numerator, &denominator, &indicator, why));
        TRY(decide_plain(p, who, &numerator, now_ms, &d, why));
        if (indicator->has_denominator) {
                TRY(decide_plain(p, who, &denominator, now_ms, &other, why));
                d.disclosure = question_strictest(d.disclosure, other.disclosure);
        }
        d.disclosure = question_strictest(d.disclosure, indicator->floor);
        d.indicator = indicator;
        *out = d;
        return ERR_OK;
}

enum err decide_query(const struct policy *p, const struct principal *who, const struct query *q,
        int64_t now_ms, struct decision *out, struct refusal *why)
{
        if (q->indicator.len > 0)
                return decide_indicator(p, who, q, now_ms, out, why);
        return decide_plain(p, who, q, now_ms, out, why);
}

static void keep_first(struct question *q, const struct finding *f)
{
        struct deciding_rule *first = q->ctx;

        if (first->name == NULL)
                *first = (struct deciding_rule){question_rule_name(f->rule), f->at};
}

static void find_refusing(const struct policy *p, const struct principal *who,
        const struct query *q, int64_t now_ms, struct deciding_rule *out)
{
        struct question question = {.policy = p,
                .who = who,
                .query = q,
                .now_ms = now_ms,
                .tell = keep_first,
                .ctx = out};

        if (query_check(q, NULL) == ERR_OK)
                (void)question_walk(&question);
}

void decide_refused_by(const struct policy *p, const struct principal *who, const struct query *q,
        int64_t now_ms, struct deciding_rule *out)
{
        OWNED(arena_free) struct arena *arena = NULL;
        const struct indicator *indicator = NULL;
        struct query numerator, denominator;

        *out = (struct deciding_rule){.name = NULL};
        if (q->indicator.len == 0) {
                find_refusing(p, who, q, now_ms, out);
                return;
        }
        arena = arena_new(INDICATOR_ARENA_MAX);
        if (arena == NULL ||
                indicator_expand(p, q, arena, &numerator, &denominator, &indicator, NULL) != ERR_OK)
                return;
        find_refusing(p, who, &numerator, now_ms, out);
        if (out->name == NULL && indicator->has_denominator)
                find_refusing(p, who, &denominator, now_ms, out);
}

/* Schemas hold nothing about persons: whoever delivers, asks or watches over the
 * data set reads them. */
enum err decide_describe(const struct policy *p, const struct principal *who, struct bytes dataset,
        const struct policy_dataset **out_dataset, struct refusal *why)
{
        const struct policy_principal *pattern = NULL;
        const struct policy_dataset *d;

        TRY(find_dataset(p, dataset, &d, why));
        if (!has_role(d->ask_roles | d->deliver_roles | 1u << ROLE_DPO, who))
                return refuse(why, ERR_NOT_ALLOWED, "dataset",
                        "the role of the certificate has nothing to do with this data set");
        TRY(know_caller(p, who, &pattern, why));
        if (pattern == NULL || !policy_principal_asks(pattern, d->id))
                return refuse(why, ERR_NOT_ALLOWED, "dataset",
                        "the policy gives this certificate nothing of this data set");
        *out_dataset = d;
        return ERR_OK;
}
