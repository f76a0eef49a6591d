/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c: why a question is allowed or not, and which one nearby would be.
 *
 * decide_query decides; this file walks the same conditions to tell them, and asks
 * decide_query again before it suggests anything: a suggestion that would be
 * refused is worse than none. It repairs the question part by part (a coarser
 * level, a variable less, another purpose) and knows nothing but the bundle, so
 * whatever it says could be read there. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "policies/load.h"
#include "policies/report.h"

enum { DAY_MS = 86400000, CHANGES_MAX = 2 * FILTERS_MAX + DIMENSIONS_MAX + MEASURES_MAX + 1 };

struct change {
        const char *text;
        struct rule_place at;
};

struct explanation {
        const struct policy *policy;
        const struct principal *who;
        const struct query *query;
        int64_t now_ms;
        struct report *out;
        const struct policy_dataset *dataset;

        /* The question with its faults repaired. */
        struct query repaired;
        struct change changes[CHANGES_MAX];
        uint32_t changes_len;
        bool beyond_repair;
};

static const struct rule_place nowhere;

/* Both texts take the same values. */
static void propose(struct explanation *x, struct rule_place at, const char *sv, const char *en,
        ...) PRINTF_LIKE(3, 5) PRINTF_LIKE(4, 5);

static void propose(
        struct explanation *x, struct rule_place at, const char *sv, const char *en, ...)
{
        char text[REPORT_TEXT_MAX];
        va_list values;
        int len;

        va_start(values, en);
        len = vsnprintf(text, sizeof text, x->out->lang == REPORT_SV ? sv : en, values);
        va_end(values);
        if (len > 0 && x->changes_len < CHANGES_MAX)
                x->changes[x->changes_len++] =
                        (struct change){report_text(x->out, bytes_of(text, strlen(text))), at};
}

/* Who asks what for ------------------------------------------------------- */

static void tell_caller(struct explanation *x)
{
        const struct policy *p = x->policy;
        const char *mine = report_roles(x->out, 1u << x->who->role);
        bool may_call = (policy_method_roles(p, METHOD_QUERY) >> x->who->role & 1) != 0;
        const struct policy_dataset *d = x->dataset;

        if (may_call)
                report_add(x->out, REPORT_HOLDS, p->roles_at, "rollen får ställa frågor: %s",
                        "the role may ask questions: %s", mine);
        else
                report_add(x->out, REPORT_REFUSES, p->roles_at, "rollen får inte ställa frågor: %s",
                        "the role may not ask questions: %s", mine);
        if ((d->ask_roles >> x->who->role & 1) != 0)
                report_add(x->out, REPORT_HOLDS, d->at.roles, "datamängden får frågas av %s",
                        "the data set may be asked by %s", report_roles(x->out, d->ask_roles));
        else
                report_add(x->out, REPORT_REFUSES, d->at.roles, "datamängden får bara frågas av %s",
                        "the data set may be asked by none but %s",
                        report_roles(x->out, d->ask_roles));
        x->beyond_repair |= !may_call || (d->ask_roles >> x->who->role & 1) == 0;
}

static const struct purpose *purpose_find(const struct policy *p, struct bytes id)
{
        for (uint32_t i = 0; i < p->purposes_len; i++)
                if (bytes_equal(p->purposes[i].id, id))
                        return &p->purposes[i];
        return NULL;
}

static bool has_purpose(const struct policy_dataset *d, struct bytes purpose)
{
        for (uint32_t i = 0; i < d->purposes_len; i++)
                if (bytes_equal(d->purposes[i], purpose))
                        return true;
        return false;
}

static void tell_purpose(struct explanation *x)
{
        const struct policy_dataset *d = x->dataset;
        const struct purpose *purpose = purpose_find(x->policy, x->query->purpose);

        if (has_purpose(d, x->query->purpose) && purpose != NULL) {
                report_add(x->out, REPORT_HOLDS, d->at.purposes, "ändamålet är tillåtet: %s (%s)",
                        "the purpose is allowed: %s (%s)", report_label(x->out, purpose->label),
                        report_text(x->out, purpose->legal_basis));
                return;
        }
        report_add(x->out, REPORT_REFUSES, d->at.purposes,
                "datamängden får inte frågas för det ändamålet, bara för: %s",
                "the data set may not be asked for that purpose, but for: %s",
                report_names(x->out, d->purposes, d->purposes_len));
        if (d->purposes_len == 0)
                return;
        x->repaired.purpose = d->purposes[0];
        propose(x, d->at.purposes, "fråga för ändamålet %s", "ask for the purpose %s",
                report_text(x->out, d->purposes[0]));
}

static const struct policy_linkage *linkage_of(const struct explanation *x)
{
        for (uint32_t i = 0; i < x->policy->linkages_len; i++)
                if (x->policy->linkages[i].rules == x->dataset->linkage)
                        return &x->policy->linkages[i];
        return NULL;
}

static void tell_linkage(struct explanation *x)
{
        const struct policy_linkage *l = linkage_of(x);
        int32_t today = (int32_t)(x->now_ms / DAY_MS - (x->now_ms % DAY_MS < 0));
        const char *from, *until;
        bool valid;

        if (l == NULL)
                return;
        from = report_date(x->out, l->rules->from_days);
        until = report_date(x->out, l->rules->until_days);
        valid = today >= l->rules->from_days && today <= l->rules->until_days;
        if (valid)
                report_add(x->out, REPORT_HOLDS, l->at.until,
                        "länkningen %s gäller från %s till och med %s",
                        "the linkage %s is valid from %s until %s",
                        report_text(x->out, l->rules->id), from, until);
        else
                report_add(x->out, REPORT_REFUSES, l->at.until,
                        "länkningen %s gäller inte i dag (från %s till och med %s)",
                        "the linkage %s is not valid today (from %s until %s)",
                        report_text(x->out, l->rules->id), from, until);
        x->beyond_repair |= !valid;
        report_add(x->out, REPORT_OBLIGES, l->at.municipalities,
                "poster länkas i %s; andras står olänkade",
                "records are linked in %s; those of "
                "others stand unlinked",
                report_reach(x->out, l->rules));
}

/* What is asked ----------------------------------------------------------- */

static const struct variable *known(struct explanation *x, struct bytes id, const char *what)
{
        int32_t at = variable_find(x->dataset, id);

        if (at >= 0)
                return &x->dataset->variables[at];
        report_add(x->out, REPORT_REFUSES, x->dataset->at.id,
                "%s: datamängden har ingen sådan variabel", "%s: the data set has no such variable",
                what);
        return NULL;
}

/* The level asked for, as it may be asked; false where the variable has to go. */
static bool tell_level(struct explanation *x, const struct variable *v, struct bytes *level,
        const char *what, bool condition)
{
        int32_t at = variable_level_find(v, *level);
        uint32_t finest = variable_finest(v);
        const char *may = report_level(x->out, v, finest), *id = report_text(x->out, v->id);

        if (at >= 0 && (uint32_t)at >= finest) {
                report_add(x->out, REPORT_HOLDS, v->at.finest, "%s %s tillåts%s%s",
                        "%s %s is allowed%s%s", what, id,
                        may[0] == '\0'              ? ""
                        : x->out->lang == REPORT_SV ? "; finaste nivå är "
                                                    : "; the finest level is ",
                        may);
                return true;
        }
        if (at < 0)
                report_add(x->out, REPORT_REFUSES, v->at.id, "%s %s har ingen sådan nivå",
                        "%s %s has no such level", what, id);
        else
                report_add(x->out, REPORT_REFUSES, v->at.finest,
                        "%s %s tillåts inte så fint, utan per %s",
                        "%s %s is not allowed that finely, but by %s", what, id, may);
        if (may[0] == '\0')
                return false;
        *level = bytes_of_text(may);
        /* A filter's values belong to its level: another level needs other values. */
        if (condition)
                propose(x, v->at.finest, "avgränsa %s med koder på nivån %s",
                        "put the condition on %s at level %s, in its codes", id, may);
        else
                propose(x, v->at.finest, "fråga %s per %s", "ask %s by %s", id, may);
        return true;
}

static bool tell_filter(struct explanation *x, const struct filter *f, struct filter *repaired)
{
        const char *what = x->out->lang == REPORT_SV ? "villkoret på" : "the condition on";
        const struct variable *v = known(x, f->variable, what);

        if (v == NULL)
                return false;
        if (!v->may_filter) {
                report_add(x->out, REPORT_REFUSES, v->at.filter, "%s får inte avgränsa",
                        "%s may not be a condition", report_text(x->out, v->id));
                return false;
        }
        if (f->level.len == 0 && v->type != VARIABLE_CODE) {
                report_add(x->out, REPORT_HOLDS, v->at.filter, "%s får avgränsa",
                        "%s may be a condition", report_text(x->out, v->id));
                return true;
        }
        return tell_level(x, v, &repaired->level, what, true);
}

static bool tell_dimension(
        struct explanation *x, const struct dimension_ref *d, struct dimension_ref *repaired)
{
        const char *what = x->out->lang == REPORT_SV ? "indelningen efter" : "the breakdown by";
        const struct variable *v = known(x, d->variable, what);

        if (v == NULL)
                return false;
        if (v->may_group)
                return tell_level(x, v, &repaired->level, what, false);
        report_add(x->out, REPORT_REFUSES, v->at.group, "%s får inte dela in",
                "%s may not be a breakdown", report_text(x->out, v->id));
        return false;
}

static bool tell_measure(struct explanation *x, const struct measure_ref *m)
{
        const char *what = measure_kind_name(m->kind);
        const struct variable *v;

        if (m->kind == MEASURE_PERSONS && x->dataset->rules->person == PERSON_USE_NONE) {
                report_add(x->out, REPORT_REFUSES, x->dataset->at.id,
                        "poster i datamängden har ingen person att räkna",
                        "records of the data set have no person to count");
                return false;
        }
        if (m->kind != MEASURE_SUM && m->kind != MEASURE_MEAN)
                return true;
        v = known(x, m->variable, what);
        if (v == NULL)
                return false;
        if (v->role == VARIABLE_MEASURE) {
                report_add(x->out, REPORT_HOLDS, v->at.id, "%s får summeras", "%s may be summed",
                        report_text(x->out, v->id));
                return true;
        }
        report_add(x->out, REPORT_REFUSES, v->at.id, "%s får inte summeras (rollen är %s)",
                "%s may not be summed (its role is %s)", report_text(x->out, v->id),
                variable_role_name(v->role));
        return false;
}

static void drop(struct explanation *x, struct bytes variable)
{
        int32_t at = variable_find(x->dataset, variable);

        /* What the bundle does not know is not repeated. */
        if (at < 0)
                propose(x, x->dataset->at.id, "ta bort den okända variabeln",
                        "leave the unknown variable out");
        else
                propose(x, x->dataset->variables[at].at.id, "ta bort %s ur frågan",
                        "leave %s out of the question", report_text(x->out, variable));
}

/* Two levels of one variable may have become the same. */
static bool stands_already(const struct query *q, const struct dimension_ref *d)
{
        for (uint32_t i = 0; i < q->dimensions_len; i++)
                if (bytes_equal(q->dimensions[i].variable, d->variable))
                        return true;
        return false;
}

static enum err tell_parts(struct explanation *x)
{
        const struct query *q = x->query;
        struct query *r = &x->repaired;
        struct arena *a = x->out->arena;

        r->filters = arena_alloc(a, q->filters_len, sizeof *r->filters);
        r->dimensions = arena_alloc(a, q->dimensions_len, sizeof *r->dimensions);
        r->measures = arena_alloc(a, q->measures_len + 1, sizeof *r->measures);
        if (r->filters == NULL || r->dimensions == NULL || r->measures == NULL)
                return ERR_NO_MEMORY;
        r->filters_len = r->dimensions_len = r->measures_len = 0;
        for (uint32_t i = 0; i < q->filters_len; i++) {
                struct filter *f = &r->filters[r->filters_len];

                *f = q->filters[i];
                if (tell_filter(x, &q->filters[i], f))
                        r->filters_len++;
                else
                        drop(x, q->filters[i].variable);
        }
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                struct dimension_ref *d = &r->dimensions[r->dimensions_len];

                *d = q->dimensions[i];
                if (tell_dimension(x, &q->dimensions[i], d) &&
                        (bytes_equal(d->level, q->dimensions[i].level) || !stands_already(r, d)))
                        r->dimensions_len++;
                else
                        drop(x, q->dimensions[i].variable);
        }
        for (uint32_t i = 0; i < q->measures_len; i++) {
                if (tell_measure(x, &q->measures[i]))
                        r->measures[r->measures_len++] = q->measures[i];
                else if (q->measures[i].variable.len > 0)
                        drop(x, q->measures[i].variable);
        }
        return ERR_OK;
}

/* No measure means persons; where there are none, records can be counted. */
static void repair_measures(struct explanation *x)
{
        struct query *r = &x->repaired;

        if (x->dataset->rules->person != PERSON_USE_NONE || r->measures_len > 0 ||
                x->query->measures_len == 0)
                return;
        r->measures[r->measures_len++] = (struct measure_ref){.kind = MEASURE_RECORDS};
        propose(x, x->dataset->at.id, "räkna poster (records)", "count records");
}

static void tell_obligations(struct explanation *x)
{
        const struct policy_dataset *d = x->dataset;

        report_add(x->out, REPORT_OBLIGES, d->at.disclosure,
                "minst %u personer bakom en cell och bakom en rad; nollor %s",
                "at least %u persons behind a cell and behind a row; zeros are %s",
                d->disclosure.threshold,
                d->disclosure.zeros_published ? (x->out->lang == REPORT_SV ? "visas" : "shown")
                : x->out->lang == REPORT_SV   ? "skyddas"
                                              : "protected");
}

/* All repairs together, once decide_query agrees with them. */
static void suggest(struct explanation *x)
{
        struct decision d;
        struct refusal why = {0};

        if (x->beyond_repair ||
                decide_query(x->policy, x->who, &x->repaired, x->now_ms, &d, &why) != ERR_OK) {
                report_add(x->out, REPORT_NOTE, nowhere,
                        "ingen ändring av frågan skulle göra den tillåten",
                        "no change of the question would make it allowed");
                return;
        }
        for (uint32_t i = 0; i < x->changes_len; i++)
                report_add(
                        x->out, REPORT_SUGGESTS, x->changes[i].at, "%s", "%s", x->changes[i].text);
}

static void tell_unknown_dataset(struct explanation *x)
{
        const struct policy *p = x->policy;
        struct bytes mine[RULES_DATASETS_MAX];
        uint32_t len = 0;

        for (uint32_t i = 0; i < p->datasets_len; i++)
                if ((p->datasets[i].ask_roles >> x->who->role & 1) != 0)
                        mine[len++] = p->datasets[i].id;
        report_add(x->out, REPORT_REFUSES, p->head_at,
                "regelverket har ingen sådan datamängd; rollen får fråga: %s",
                "the bundle has no such data set; the role may ask: %s",
                report_names(x->out, mine, len));
}

static void tell_shape(struct explanation *x, const struct refusal *why)
{
        for (uint32_t i = 0; i < why->len; i++)
                report_add(x->out, REPORT_REFUSES, nowhere, "%s: %s", "%s: %s",
                        why->violations[i].field, why->violations[i].text);
}

static enum err walk(struct explanation *x, bool allowed)
{
        struct refusal why = {0};

        if (query_check(x->query, &why) != ERR_OK) {
                tell_shape(x, &why);
                return ERR_OK;
        }
        x->dataset = policy_dataset_find(x->policy, x->query->dataset);
        if (x->dataset == NULL) {
                tell_unknown_dataset(x);
                return ERR_OK;
        }
        tell_caller(x);
        tell_purpose(x);
        tell_linkage(x);
        TRY(tell_parts(x));
        tell_obligations(x);
        repair_measures(x);
        if (!allowed)
                suggest(x);
        return ERR_OK;
}

enum err policy_explain(const struct policy *p, const struct principal *who, const struct query *q,
        int64_t now_ms, struct report *out, bool *out_allowed)
{
        struct explanation x = {
                .policy = p, .who = who, .query = q, .now_ms = now_ms, .out = out, .repaired = *q};
        struct decision d;
        struct refusal why = {0};
        bool allowed = (unsigned)who->role < ROLE_COUNT &&
                       decide_query(p, who, q, now_ms, &d, &why) == ERR_OK &&
                       (policy_method_roles(p, METHOD_QUERY) >> who->role & 1) != 0;

        if ((unsigned)who->role >= ROLE_COUNT)
                return ERR_INVALID;
        TRY(walk(&x, allowed));
        TRY(out->failed);
        /* A question that is allowed with a condition that does not hold, or the other
         * way round, would mean that this file tells another story than decide.c. */
        if (allowed != (report_count(out, REPORT_REFUSES) == 0))
                return ERR_INTERNAL;
        *out_allowed = allowed;
        return ERR_OK;
}
