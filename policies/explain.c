/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c: why a question is allowed or not, and which one nearby would be.
 *
 * It takes the same walk as decide_query (question.c) and tells each fault, each part
 * without one, and what an answer is held to, with the lines of the bundle that say so.
 * Names that only the asker knows are told by their number: whatever is said here could be
 * read in the bundle. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "policies/disclosure_words.h"
#include "policies/repair.h"

enum { DAY_MS = 86400000, FINDINGS_MAX = 128 };

struct explanation {
        const struct policy *policy;
        const struct principal *who;
        const struct query *query;
        int64_t now_ms;
        struct report *out;
        struct question walked;
        struct finding findings[FINDINGS_MAX];
        uint32_t findings_len;
};

static const struct rule_place nowhere;

static bool swedish(const struct explanation *x)
{
        return x->out->lang == REPORT_SV;
}

static const char *id_of(struct explanation *x, struct bytes id)
{
        return report_text(x->out, id);
}

/* Whether the walk found this rule at the question itself, or at a part (any rule). */
static const struct finding *found(const struct explanation *x, enum question_rule rule)
{
        for (uint32_t i = 0; i < x->findings_len; i++)
                if (x->findings[i].rule == rule && x->findings[i].part == PART_WHOLE)
                        return &x->findings[i];
        return NULL;
}

static bool faulty(const struct explanation *x, enum question_part part, uint32_t index)
{
        for (uint32_t i = 0; i < x->findings_len; i++)
                if (x->findings[i].part == part && x->findings[i].index == index)
                        return true;
        return false;
}

/* Who asks what for ------------------------------------------------------- */

static void tell_role(struct explanation *x)
{
        const struct policy *p = x->policy;
        const char *mine = report_roles(x->out, 1u << x->who->role);
        const struct policy_dataset *d = x->walked.base;

        if ((policy_method_roles(p, METHOD_QUERY) >> x->who->role & 1) != 0)
                report_add(x->out, REPORT_HOLDS, p->roles_at, "rollen får ställa frågor: %s",
                        "the role may ask questions: %s", mine);
        else
                report_add(x->out, REPORT_REFUSES, p->roles_at, "rollen får inte ställa frågor: %s",
                        "the role may not ask questions: %s", mine);
        if (d == NULL)
                return;
        if (found(x, QUESTION_ROLE) == NULL)
                report_add(x->out, REPORT_HOLDS, d->at.roles, "datamängden får frågas av %s",
                        "the data set may be asked by %s", report_roles(x->out, d->ask_roles));
        else
                report_add(x->out, REPORT_REFUSES, d->at.roles, "datamängden får bara frågas av %s",
                        "the data set may be asked by none but %s",
                        report_roles(x->out, d->ask_roles));
}

static void tell_principal(struct explanation *x)
{
        const struct policy_principal *who = x->walked.principal;

        if (who == NULL || found(x, QUESTION_PRINCIPAL) != NULL)
                return;
        report_add(x->out, REPORT_HOLDS, who->at, "certifikatet släpps in som %s (%s)",
                "the certificate is let in as %s (%s)", id_of(x, who->match),
                id_of(x, who->legal_basis));
        if (who->questions_per_day > 0)
                report_add(x->out, REPORT_OBLIGES, who->at, "högst %u frågor per dygn",
                        "at most %u questions a day", who->questions_per_day);
}

static void tell_purpose(struct explanation *x)
{
        const struct policy_dataset *d = x->walked.base;
        const struct policy *p = x->policy;

        if (found(x, QUESTION_PURPOSE) != NULL) {
                report_add(x->out, REPORT_REFUSES, d->at.purposes,
                        "datamängden får inte frågas för det ändamålet, bara för: %s",
                        "the data set may not be asked for that purpose, but for: %s",
                        report_names(x->out, d->purposes, d->purposes_len));
                return;
        }
        for (uint32_t i = 0; i < p->purposes_len; i++)
                if (bytes_equal(p->purposes[i].id, x->query->purpose))
                        report_add(x->out, REPORT_HOLDS, d->at.purposes,
                                "ändamålet är tillåtet: %s (%s)", "the purpose is allowed: %s (%s)",
                                report_label(x->out, p->purposes[i].label),
                                id_of(x, p->purposes[i].legal_basis));
}

/* The linkage --------------------------------------------------------------- */

static void tell_validity(struct explanation *x, const struct policy_linkage *l)
{
        int64_t today = x->now_ms / DAY_MS - (x->now_ms % DAY_MS < 0);
        const char *id = id_of(x, l->rules->id);
        const char *from = report_date(x->out, l->rules->from_days);
        const char *until = report_date(x->out, l->rules->until_days);

        if (today >= l->rules->from_days && today <= l->rules->until_days)
                report_add(x->out, REPORT_HOLDS, l->at.until,
                        "länkningen %s gäller från %s till och med %s (%s)",
                        "the linkage %s is valid from %s until %s (%s)", id, from, until,
                        id_of(x, l->legal_basis));
        else
                report_add(x->out, REPORT_REFUSES, l->at.until,
                        "länkningen %s gäller inte i dag (från %s till och med %s)",
                        "the linkage %s is not valid today (from %s until %s)", id, from, until);
}

static void tell_pairs(struct explanation *x, const struct policy_linkage *l)
{
        for (uint32_t i = 0; i < x->query->derived_len; i++) {
                const struct policy_dataset *events = x->walked.derived[i].dataset;

                if (events != NULL && !faulty(x, PART_DERIVED, i))
                        report_add(x->out, REPORT_HOLDS, l->at.pairs,
                                "härledd variabel %u: poster i %s får ses från poster i %s i %s",
                                "derived variable %u: records of %s may be looked at from records "
                                "of %s in %s",
                                i + 1, id_of(x, events->id), id_of(x, x->walked.base->id),
                                id_of(x, l->rules->id));
        }
}

static void tell_linkage(struct explanation *x)
{
        const struct policy_linkage *l = x->walked.linkage;
        bool own = found(x, QUESTION_LINKAGE_OWN) != NULL;

        if (own && x->walked.base->linkage != NULL)
                l = policy_linkage_find(x->policy, x->walked.base->linkage->id);
        if (l == NULL)
                return;
        tell_validity(x, l);
        if (x->query->linkage.len == 0 && !own &&
                (x->query->derived_len > 0 || question_wants_family(x->query)))
                report_add(x->out, REPORT_NOTE, l->at.id,
                        "ingen länkning nämns: %s är den smalaste som räcker (%s)",
                        "no linkage is named: %s is the narrowest that will do (%s)",
                        id_of(x, l->rules->id),
                        report_names(x->out, l->rules->datasets, l->rules->datasets_len));
        tell_pairs(x, l);
        if (l->rules->family && question_wants_family(x->query))
                report_add(x->out, REPORT_HOLDS, l->at.family,
                        "familjer följs genom vårdnadshavare, högst %u barn om en och %u i en "
                        "kedja",
                        "families are followed through guardians, at most %u children of one and "
                        "%u in a chain",
                        l->family.children_max, l->family.persons_max);
        report_add(x->out, REPORT_OBLIGES, l->at.municipalities,
                "poster länkas i %s; andras står olänkade",
                "records are linked in %s; those of others stand unlinked",
                report_reach(x->out, l->rules));
}

/* Faults -------------------------------------------------------------------- */

static const char *printed(struct explanation *x, const char *text)
{
        if (text == NULL)
                x->out->failed = x->out->failed == ERR_OK ? ERR_NO_MEMORY : x->out->failed;
        return text != NULL ? text : "";
}

/* "villkoret på form", "villkor 2" where the bundle has no such name. */
static const char *condition(struct explanation *x, const struct finding *f)
{
        struct arena *a = x->out->arena;
        uint32_t at = (f->list != NULL ? f->item : f->index) + 1;

        if (f->variable == NULL)
                return printed(x, arena_printf(a, swedish(x) ? "villkor %u" : "condition %u", at));
        return printed(x, arena_printf(a, swedish(x) ? "villkoret på %s" : "the condition on %s",
                                  id_of(x, f->variable->id)));
}

static const char *breakdown(struct explanation *x, const struct finding *f)
{
        struct arena *a = x->out->arena;

        if (f->variable == NULL)
                return printed(x, arena_printf(a, swedish(x) ? "indelning %u" : "breakdown %u",
                                          f->index + 1));
        return printed(
                x, arena_printf(a, swedish(x) ? "indelningen efter %s" : "the breakdown by %s",
                           id_of(x, f->variable->id)));
}

/* "härledd variabel 1", "mått 2", with the field and the variable of the bundle it names. */
static const char *numbered(struct explanation *x, const struct finding *f)
{
        struct arena *a = x->out->arena;
        const char *what = f->part == PART_MEASURE ? (swedish(x) ? "mått" : "measure")
                           : swedish(x)            ? "härledd variabel"
                                                   : "derived variable";

        if (f->list != NULL)
                return printed(
                        x, arena_printf(a, "%s %u, %s", what, f->index + 1, condition(x, f)));
        if (f->variable != NULL)
                return printed(x, arena_printf(a, "%s %u, %s", what, f->index + 1,
                                          id_of(x, f->variable->id)));
        return printed(x, arena_printf(a, "%s %u, %s", what, f->index + 1, f->field));
}

/* What a fault is about. */
static const char *subject(struct explanation *x, const struct finding *f)
{
        switch (f->part) {
        case PART_WHOLE:
                return f->field;
        case PART_FILTER:
                return condition(x, f);
        case PART_DIMENSION:
                return breakdown(x, f);
        case PART_DERIVED:
        case PART_MEASURE:
                return numbered(x, f);
        }
        return "";
}

/* The level that the words of some rules name. */
static const char *level_of(struct explanation *x, const struct finding *f)
{
        return f->variable != NULL ? report_level(x->out, f->variable, variable_finest(f->variable))
                                   : "";
}

static void tell_fault(struct explanation *x, const struct finding *f)
{
        const char *what = subject(x, f), *words = question_rule_words(f->rule, swedish(x));
        const char *level = level_of(x, f), *hole = strstr(words, "%s");

        /* Told above, in words of their own. */
        if (f->part == PART_WHOLE && (f->rule == QUESTION_ROLE || f->rule == QUESTION_PURPOSE ||
                                             f->rule == QUESTION_LINKAGE_OWN))
                return;
        if (f->rule == QUESTION_LEVEL_FINER)
                report_add(x->out, REPORT_REFUSES, f->at, "%s tillåts inte så fint, utan per %s",
                        "%s is not allowed that finely, but by %s", what, level);
        else if (hole != NULL)
                report_add(x->out, REPORT_REFUSES, f->at, "%s: %.*s%s", "%s: %.*s%s", what,
                        (int)(hole - words), words, level);
        else
                report_add(x->out, REPORT_REFUSES, f->at, "%s: %s%s", "%s: %s%s", what, words,
                        swedish(x) ? "" : f->near);
}

/* What holds ------------------------------------------------------------------ */

static const struct variable *known(const struct explanation *x, struct bytes id)
{
        int32_t at = variable_find(x->walked.base, id);

        return at >= 0 ? &x->walked.base->variables[at] : NULL;
}

static void tell_allowed(struct explanation *x, struct rule_place at, const char *what,
        const struct variable *v, bool levels)
{
        const char *finest = levels ? report_level(x->out, v, variable_finest(v)) : "";
        const char *words = finest[0] == '\0' ? ""
                            : swedish(x)      ? "; finaste nivå är "
                                              : "; the finest level is ";

        report_add(x->out, REPORT_HOLDS, at, "%s tillåts%s%s", "%s is allowed%s%s", what, words,
                finest);
}

static void tell_held(struct explanation *x)
{
        const struct query *q = x->query;

        for (uint32_t i = 0; i < q->filters_len; i++) {
                const struct finding f = {.part = PART_FILTER,
                        .index = i,
                        .variable = known(x, q->filters[i].variable)};

                if (f.variable != NULL && !faulty(x, PART_FILTER, i))
                        tell_allowed(x, f.variable->at.filter, condition(x, &f), f.variable,
                                q->filters[i].level.len > 0 || f.variable->type == VARIABLE_CODE);
        }
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                const struct finding f = {.part = PART_DIMENSION,
                        .index = i,
                        .variable = known(x, q->dimensions[i].variable)};

                if (f.variable != NULL && !faulty(x, PART_DIMENSION, i))
                        tell_allowed(x, f.variable->at.finest, breakdown(x, &f), f.variable, true);
        }
        for (uint32_t i = 0; i < q->measures_len; i++) {
                const struct variable *v = known(x, q->measures[i].variable);

                if (v != NULL && !faulty(x, PART_MEASURE, i))
                        report_add(x->out, REPORT_HOLDS, v->at.id, "%s av %s tillåts",
                                "%s of %s is allowed", measure_kind_name(q->measures[i].kind),
                                id_of(x, v->id));
        }
}

static void tell_disclosure(struct explanation *x, struct disclosure_rules rules)
{
        struct disclosure_telling t = {.out = x->out, .mark = REPORT_OBLIGES, .rules = &rules};
        bool shown = rules.zeros_published;

        for (unsigned key = 0; key < DISCLOSURE_KEY_COUNT; key++)
                t.at[key] = question_disclosure_at(&x->walked, &rules, (enum disclosure_key)key);
        report_add(x->out, REPORT_OBLIGES, t.at[DISCLOSURE_KEY_THRESHOLD],
                "minst %u personer bakom en cell och bakom en rad; nollor %s",
                "at least %u persons behind a cell and behind a row; zeros are %s", rules.threshold,
                swedish(x) ? (shown ? "visas" : "skyddas") : (shown ? "shown" : "protected"));
        if (rules.numerator + rules.denominator + rules.complement > 0)
                report_add(x->out, REPORT_OBLIGES, x->walked.base->at.disclosure,
                        "andelar och kvoter: minst %u i täljaren, %u i nämnaren och %u i resten",
                        "shares and ratios: at least %u in the numerator, %u in the denominator "
                        "and "
                        "%u in the rest",
                        rules.numerator > 0 ? rules.numerator : rules.threshold,
                        rules.denominator > 0 ? rules.denominator : rules.threshold,
                        rules.complement > 0 ? rules.complement : rules.threshold);
        if (rules.families > 0)
                report_add(x->out, REPORT_OBLIGES, t.at[DISCLOSURE_KEY_FAMILIES],
                        "minst %u familjer bakom en cell", "at least %u families behind a cell",
                        rules.families);
        disclosure_tell(&t);
        if (rules.answers == ANSWERS_LATTICE)
                lattice_tell(x->out, REPORT_NOTE, x->walked.base);
}

/* The whole ------------------------------------------------------------------- */

static void suggest(struct explanation *x, struct repair *r)
{
        bool may_call = (policy_method_roles(x->policy, METHOD_QUERY) >> x->who->role & 1) != 0;

        if (!may_call || !repair_all(r)) {
                report_add(x->out, REPORT_NOTE, nowhere,
                        "ingen ändring av frågan skulle göra den tillåten",
                        "no change of the question would make it allowed");
                return;
        }
        for (uint32_t i = 0; i < r->proposals_len; i++)
                report_add(x->out, REPORT_SUGGESTS, r->proposals[i].at, "%s", "%s",
                        r->proposals[i].text);
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

static void keep(struct question *q, const struct finding *f)
{
        struct explanation *x = q->ctx;

        if (x->findings_len < FINDINGS_MAX)
                x->findings[x->findings_len++] = *f;
}

/* One question, an indicator's too once it is expanded. */
static void tell_question(struct explanation *x, const struct indicator *indicator)
{
        struct disclosure_rules rules;

        x->walked = (struct question){.policy = x->policy,
                .who = x->who,
                .query = x->query,
                .now_ms = x->now_ms,
                .tell = keep,
                .ctx = x};
        x->findings_len = 0;
        (void)question_walk(&x->walked);
        if (x->walked.base == NULL) {
                tell_unknown_dataset(x);
                return;
        }
        tell_role(x);
        tell_principal(x);
        if (found(x, QUESTION_ROLE) == NULL && found(x, QUESTION_PRINCIPAL) == NULL &&
                found(x, QUESTION_PRINCIPAL_DATASET) == NULL) {
                tell_purpose(x);
                tell_linkage(x);
                tell_held(x);
        }
        for (uint32_t i = 0; i < x->findings_len; i++)
                tell_fault(x, &x->findings[i]);
        rules = question_disclosure(&x->walked);
        if (indicator != NULL)
                rules = question_strictest(rules, indicator->floor);
        tell_disclosure(x, rules);
}

static enum err explain_plain(struct explanation *x, bool allowed)
{
        struct repair *r = arena_alloc(x->out->arena, 1, sizeof *r);
        struct refusal why = {0};

        if (r == NULL)
                return ERR_NO_MEMORY;
        if (query_check(x->query, &why) != ERR_OK) {
                tell_shape(x, &why);
                return ERR_OK;
        }
        tell_question(x, NULL);
        if (allowed)
                return ERR_OK;
        *r = (struct repair){.policy = x->policy,
                .who = x->who,
                .now_ms = x->now_ms,
                .out = x->out,
                .own_filters = UINT32_MAX,
                .own_dimensions = UINT32_MAX};
        TRY(repair_begin(r, x->query));
        suggest(x, r);
        return ERR_OK;
}

/* Both its questions; only what the asker added can be changed. */
static enum err explain_indicator(struct explanation *x, bool allowed)
{
        const struct query *asked = x->query;
        struct repair *r = arena_alloc(x->out->arena, 1, sizeof *r);
        const struct indicator *in = NULL;
        struct query numerator, denominator;
        struct refusal why = {0};

        if (r == NULL)
                return ERR_NO_MEMORY;
        if (indicator_expand(x->policy, asked, x->out->arena, &numerator, &denominator, &in,
                    &why) != ERR_OK) {
                tell_shape(x, &why);
                return ERR_OK;
        }
        report_add(x->out, REPORT_HEAD, in->at, "indikatorn %s, version %u: %s",
                "the indicator %s, version %u: %s", id_of(x, in->id), in->version,
                report_label(x->out, in->label));
        x->query = &numerator;
        tell_question(x, in);
        if (in->has_denominator) {
                report_add(x->out, REPORT_HEAD, in->at, "nämnaren", "the denominator");
                x->query = &denominator;
                tell_question(x, in);
        }
        if (allowed)
                return ERR_OK;
        *r = (struct repair){.policy = x->policy,
                .who = x->who,
                .now_ms = x->now_ms,
                .out = x->out,
                .own_filters = asked->filters_len,
                .own_dimensions = asked->dimensions_len};
        TRY(repair_begin(r, &numerator));
        suggest(x, r);
        return ERR_OK;
}

enum err policy_explain(const struct policy *p, const struct principal *who, const struct query *q,
        int64_t now_ms, struct report *out, bool *out_allowed)
{
        struct explanation *x = arena_alloc(out->arena, 1, sizeof *x);
        struct decision d;
        struct refusal why = {0};
        bool allowed = (unsigned)who->role < ROLE_COUNT &&
                       decide_query(p, who, q, now_ms, &d, &why) == ERR_OK &&
                       (policy_method_roles(p, METHOD_QUERY) >> who->role & 1) != 0;

        if ((unsigned)who->role >= ROLE_COUNT)
                return ERR_INVALID;
        if (x == NULL)
                return ERR_NO_MEMORY;
        *x = (struct explanation){
                .policy = p, .who = who, .query = q, .now_ms = now_ms, .out = out};
        TRY(q->indicator.len > 0 ? explain_indicator(x, allowed) : explain_plain(x, allowed));
        TRY(out->failed);
        /* A question that is allowed with a condition that does not hold, or the other
         * way round, would mean that this file tells another story than decide.c. */
        if (allowed != (report_count(out, REPORT_REFUSES) == 0))
                return ERR_INTERNAL;
        *out_allowed = allowed;
        return ERR_OK;
}
