/* SPDX-License-Identifier: Apache-2.0 */
/* question.c: one walk over a question: who asks, what for, under which linkage.
 *
 * The walk goes from "no" past each condition; nothing allows early. Until the role and the
 * certificate may ask the data set at all, one fault is told and no more: a list of
 * faults is a description of a schema. After that all of them are. */
#include "policies/question.h"

#include <stdio.h>

#include "base/clock.h"

static const struct {
        enum err code;
        const char *sentence, *sv, *en;
} rules[QUESTION_RULE_COUNT] = {
#define QUESTION_RULE_ROW(name, code, sentence, sv, en)                                            \
        [QUESTION_##name] = {ERR_##code, sentence, sv, en},
        QUESTION_RULES(QUESTION_RULE_ROW)
#undef QUESTION_RULE_ROW
};

const char *question_rule_name(enum question_rule rule)
{
        static const char *const names[QUESTION_RULE_COUNT] = {[QUESTION_HOLDS] = "HOLDS",
#define QUESTION_RULE_NAME(name, code, sentence, sv, en) [QUESTION_##name] = #name,
                QUESTION_RULES(QUESTION_RULE_NAME)
#undef QUESTION_RULE_NAME
        };

        return names[rule];
}

enum err question_rule_code(enum question_rule rule)
{
        return rules[rule].code;
}

const char *question_rule_sentence(enum question_rule rule)
{
        return rules[rule].sentence;
}

const char *question_rule_words(enum question_rule rule, bool sv)
{
        return sv ? rules[rule].sv : rules[rule].en;
}

void finding_path(const struct finding *f, char out[VIOLATION_FIELD_MAX])
{
        static const char *const parts[] = {
                [PART_WHOLE] = "",
                [PART_DERIVED] = "derived",
                [PART_FILTER] = "filters",
                [PART_DIMENSION] = "dimensions",
                [PART_MEASURE] = "measures",
        };
        const char *dot = f->field[0] != '\0' ? "." : "";

        if (f->part == PART_WHOLE)
                (void)snprintf(out, VIOLATION_FIELD_MAX, "%s", f->field);
        else if (f->list == NULL)
                (void)snprintf(out, VIOLATION_FIELD_MAX, "%s[%u]%s%s", parts[f->part], f->index,
                        dot, f->field);
        else
                (void)snprintf(out, VIOLATION_FIELD_MAX, "%s[%u].%s[%u]%s%s", parts[f->part],
                        f->index, f->list, f->item, dot, f->field);
}

static void tell(struct question *q, const struct finding *f)
{
        if (q->rc == ERR_OK)
                q->rc = rules[f->rule].code;
        q->tell(q, f);
}

static struct finding finding_here(const struct question *q, enum question_rule rule,
        const char *field, struct rule_place at, const struct variable *v)
{
        return (struct finding){.rule = rule,
                .part = q->part,
                .index = q->index,
                .list = q->list,
                .item = q->item,
                .field = field,
                .variable = v,
                .at = at};
}

void question_fault(struct question *q, enum question_rule rule, const char *field,
        struct rule_place at, const struct variable *v)
{
        struct finding f = finding_here(q, rule, field, at, v);

        tell(q, &f);
}

static void fault_near(struct question *q, enum question_rule rule, const char *field,
        struct rule_place at, struct bytes id, const struct bytes *known, uint32_t len)
{
        struct finding f = finding_here(q, rule, field, at, NULL);

        suggest_text(id, known, len, f.near);
        tell(q, &f);
}

void question_unknown(struct question *q, const struct policy_dataset *d, struct bytes id,
        const char *field, enum question_rule rule)
{
        struct bytes known[VARIABLES_MAX];

        for (uint32_t v = 0; v < d->variables_len; v++)
                known[v] = d->variables[v].id;
        fault_near(q, rule, field, d->at.id, id, known, d->variables_len);
}

/* Data sets and purposes ---------------------------------------------------- */

static void fault_dataset(struct question *q, struct bytes id)
{
        const struct policy *p = q->policy;
        struct bytes known[RULES_DATASETS_MAX];

        for (uint32_t i = 0; i < p->datasets_len; i++)
                known[i] = p->datasets[i].id;
        fault_near(q, QUESTION_DATASET_UNKNOWN, "dataset", p->head_at, id, known, p->datasets_len);
}

static bool has_role(unsigned roles, const struct principal *who)
{
        return who->role != ROLE_NONE && (unsigned)who->role < ROLE_COUNT &&
               (roles >> who->role & 1) != 0;
}

/* Whether this data set may be asked by this caller at all. */
static bool may_ask(struct question *q, const struct policy_dataset *d)
{
        if (!has_role(d->ask_roles, q->who)) {
                question_fault(q, QUESTION_ROLE, "dataset", d->at.roles, NULL);
                return false;
        }
        if (q->principal != NULL && !policy_principal_asks(q->principal, d->id)) {
                question_fault(q, QUESTION_PRINCIPAL_DATASET, "dataset", q->principal->at, NULL);
                return false;
        }
        return true;
}

static bool may_serve(struct question *q, const struct policy_dataset *d, const char *field)
{
        struct bytes purpose = q->query->purpose;

        for (uint32_t i = 0; i < d->purposes_len; i++)
                if (bytes_equal(d->purposes[i], purpose))
                        return true;
        fault_near(
                q, QUESTION_PURPOSE, field, d->at.purposes, purpose, d->purposes, d->purposes_len);
        return false;
}

/* The bundle lets nobody in whom no pattern fits. */
static bool find_principal(struct question *q)
{
        if (q->dry)
                return true;
        q->principal = policy_principal_find(q->policy, bytes_of_text(q->who->uri));
        if (q->principal != NULL && q->principal->role == q->who->role)
                return true;
        question_fault(q, QUESTION_PRINCIPAL, "principal", q->policy->head_at, NULL);
        return false;
}

/* Events: data sets of derived variables that the caller may look at. */
static void find_events(struct question *q)
{
        q->part = PART_DERIVED;
        for (uint32_t i = 0; i < q->query->derived_len; i++) {
                const struct derived *d = &q->query->derived[i];
                const struct policy_dataset *events;

                q->index = i;
                q->derived[i].kind = d->kind;
                if (d->kind == DERIVED_DAYS_BETWEEN)
                        continue;
                events = policy_dataset_find(q->policy, d->dataset);
                if (events == NULL) {
                        fault_dataset(q, d->dataset);
                        continue;
                }
                if (events->kind == DATASET_DELIVERIES) {
                        question_fault(
                                q, QUESTION_DERIVED_DELIVERIES, "dataset", events->at.id, NULL);
                        continue;
                }
                if (may_ask(q, events) && may_serve(q, events, "dataset"))
                        q->derived[i].dataset = events;
        }
        q->part = PART_WHOLE;
}

/* The linkage --------------------------------------------------------------- */

bool question_wants_family(const struct query *q)
{
        if (q->unit == UNIT_FAMILY)
                return true;
        for (uint32_t i = 0; i < q->measures_len; i++)
                if (q->measures[i].kind == MEASURE_FAMILIES)
                        return true;
        for (uint32_t i = 0; i < q->derived_len; i++)
                if (q->derived[i].same == SAME_FAMILY)
                        return true;
        return false;
}

static bool holds(const struct policy_linkage *l, struct bytes dataset)
{
        for (uint32_t i = 0; i < l->rules->datasets_len; i++)
                if (bytes_equal(l->rules->datasets[i], dataset))
                        return true;
        return false;
}

static const struct policy_linkage *find_linkage(struct question *q)
{
        const struct policy *p = q->policy;
        struct bytes known[RULES_LINKAGES_MAX];
        const struct policy_linkage *l = policy_linkage_find(p, q->query->linkage);

        if (l != NULL)
                return l;
        for (uint32_t i = 0; i < p->linkages_len; i++)
                known[i] = p->linkages[i].rules->id;
        fault_near(q, QUESTION_LINKAGE_UNKNOWN, "linkage", p->head_at, q->query->linkage, known,
                p->linkages_len);
        return NULL;
}

static void check_named(struct question *q)
{
        const struct policy_linkage *l = find_linkage(q);

        if (l == NULL)
                return;
        if (!policy_linkage_serves(l, q->query->purpose, q->now_ms))
                question_fault(q, QUESTION_LINKAGE_TODAY, "linkage", l->at.until, NULL);
        if (!holds(l, q->base->id))
                question_fault(q, QUESTION_LINKAGE_DATASET, "linkage", l->at.id, NULL);
        q->part = PART_DERIVED;
        for (q->index = 0; q->index < q->query->derived_len; q->index++) {
                const struct policy_dataset *events = q->derived[q->index].dataset;

                if (events == NULL)
                        continue;
                if (!holds(l, events->id))
                        question_fault(q, QUESTION_LINKAGE_DATASET, "dataset", l->at.id, NULL);
                else if (holds(l, q->base->id) &&
                         !policy_linkage_pairs(q->policy, l, q->base, events))
                        question_fault(q, QUESTION_LINKAGE_PAIR, "dataset", l->at.pairs, NULL);
        }
        q->part = PART_WHOLE;
        q->linkage = l;
}

/* The narrowest that will do: where families alone are what is missing, one without them, so
 * that the fault stands at what asks for them. */
static void choose(struct question *q)
{
        const struct policy *p = q->policy;
        const struct policy_dataset *events[DERIVED_MAX];
        bool family = question_wants_family(q->query);
        uint32_t len = 0;

        for (uint32_t i = 0; i < q->query->derived_len; i++)
                if (q->derived[i].dataset != NULL)
                        events[len++] = q->derived[i].dataset;
        q->linkage = policy_linkage_narrowest(
                p, q->base, events, len, q->query->purpose, family, q->now_ms);
        if (q->linkage == NULL && family)
                q->linkage = policy_linkage_narrowest(
                        p, q->base, events, len, q->query->purpose, false, q->now_ms);
        if (q->linkage != NULL)
                return;
        if (len == 0)
                question_fault(q, QUESTION_LINKAGE_OWN, "purpose", q->base->at.linkage, NULL);
        else
                question_fault(q, QUESTION_LINKAGE_NONE, "linkage", p->head_at, NULL);
}

static void check_linkage(struct question *q)
{
        const struct query *query = q->query;

        if (q->base->kind == DATASET_DELIVERIES) {
                if (query->linkage.len > 0)
                        question_fault(
                                q, QUESTION_LINKAGE_NEEDLESS, "linkage", q->base->at.id, NULL);
                return;
        }
        if (query->linkage.len > 0)
                check_named(q);
        else
                choose(q);
}

/* Fields of the question itself ----------------------------------------------- */

static bool has_persons(const struct policy_dataset *d)
{
        return d->kind != DATASET_DELIVERIES && d->rules->person != PERSON_USE_NONE;
}

static void check_unit(struct question *q)
{
        enum unit unit = q->query->unit;

        if ((unit == UNIT_PERSON || unit == UNIT_FAMILY) && !has_persons(q->base))
                question_fault(q, QUESTION_NO_PERSON, "unit", q->base->at.id, NULL);
        else if (unit == UNIT_FAMILY && q->linkage != NULL && !q->linkage->rules->family)
                question_fault(q, QUESTION_FAMILY, "unit", q->linkage->at.family, NULL);
}

static void check_period_date(struct question *q, struct bytes id)
{
        const struct variable *v;
        int32_t at = variable_find(q->base, id);

        if (at < 0) {
                question_unknown(q, q->base, id, "period_date", QUESTION_VARIABLE_UNKNOWN);
                return;
        }
        v = &q->base->variables[at];
        if (v->type != VARIABLE_DATE)
                question_fault(q, QUESTION_NOT_A_DATE, "period_date", v->at.id, v);
        else if (!v->may_filter)
                question_fault(q, QUESTION_NO_FILTER, "period_date", v->at.filter, v);
        else
                question_edges(q, v, q->query->period.first, q->query->period.last, "period");
}

/* A period cuts on the dates that it looks at, so it is a filter on them: on the beginning
 * and on the end of what lasts. */
static void check_period(struct question *q)
{
        const struct policy_dataset *d = q->base;
        uint32_t dates[2] = {d->episode_from, d->episode_until};
        uint32_t len = d->episode_from != UINT32_MAX ? 2 : 1;

        if (!q->query->has_period)
                return;
        if (q->query->period_date.len > 0) {
                check_period_date(q, q->query->period_date);
                return;
        }
        if (len == 1)
                dates[0] = d->order_variable;
        if (dates[0] == UINT32_MAX) {
                question_fault(q, QUESTION_NO_ORDER, "period", d->at.id, NULL);
                return;
        }
        for (uint32_t i = 0; i < len; i++) {
                const struct variable *v = dates[i] != UINT32_MAX ? &d->variables[dates[i]] : NULL;

                if (v == NULL)
                        continue;
                if (!v->may_filter)
                        question_fault(q, QUESTION_NO_FILTER, "period", v->at.filter, v);
                else
                        question_edges(
                                q, v, q->query->period.first, q->query->period.last, "period");
        }
}

static void check_rules(struct question *q)
{
        const struct query *query = q->query;
        const struct policy_dataset *d = q->base;
        bool age = false, division = false;

        if (query->municipality_rule != MUNICIPALITY_DELIVERING) {
                if (d->municipality_variable == UINT32_MAX)
                        question_fault(
                                q, QUESTION_NO_MUNICIPALITY, "municipality_rule", d->at.id, NULL);
                if (!has_persons(d))
                        question_fault(q, QUESTION_NO_PERSON, "municipality_rule", d->at.id, NULL);
                if (d->order_variable == UINT32_MAX)
                        question_fault(q, QUESTION_NO_ORDER, "municipality_rule", d->at.id, NULL);
        }
        for (uint32_t i = 0; i < d->variables_len; i++) {
                const struct variable *v = &d->variables[i];

                age |= v->type == VARIABLE_AGE;
                division |= v->type == VARIABLE_CODE && v->codes->levels_len > 1;
        }
        if (query->has_age_at && !age)
                question_fault(q, QUESTION_NO_AGE, "age_at", d->at.id, NULL);
        if (query->has_division_at && !division)
                question_fault(q, QUESTION_NO_DIVISION, "division_at", d->at.id, NULL);
}

/* The walk -------------------------------------------------------------------- */

static void walk_parts(struct question *q)
{
        check_unit(q);
        check_period(q);
        check_rules(q);
        question_derived(q);
        q->part = PART_FILTER;
        question_filters(q, q->base, q->query->filters, q->query->filters_len, true);
        question_dimensions(q);
        question_measures(q);
        q->part = PART_WHOLE;
}

enum err question_walk(struct question *q)
{
        bool serves;

        q->part = PART_WHOLE;
        q->list = NULL;
        q->rc = ERR_OK;
        q->base = policy_dataset_find(q->policy, q->query->dataset);
        if (q->base == NULL) {
                fault_dataset(q, q->query->dataset);
                return q->rc;
        }
        if (!has_role(q->base->ask_roles, q->who)) {
                question_fault(q, QUESTION_ROLE, "dataset", q->base->at.roles, NULL);
                return q->rc;
        }
        if (!find_principal(q) || !may_ask(q, q->base))
                return q->rc;
        serves = may_serve(q, q->base, "purpose");
        if (q->principal != NULL && !policy_principal_serves(q->principal, q->query->purpose)) {
                question_fault(q, QUESTION_PRINCIPAL_PURPOSE, "purpose", q->principal->at, NULL);
                serves = false;
        }
        if (q->base->kind == DATASET_DELIVERIES && q->query->derived_len > 0)
                question_fault(q, QUESTION_NO_DERIVED, "derived", q->base->at.id, NULL);
        find_events(q);
        if (serves)
                check_linkage(q);
        walk_parts(q);
        return q->rc;
}
