/* SPDX-License-Identifier: Apache-2.0 */
/* diff.c: what another bundle would change for people, in consequences.
 *
 * Every difference is weighed for the person in the records: weaker when more is
 * delivered, seen, linked or kept, or by more; stronger the other way round. What
 * a program cannot weigh (a legal basis, a label) is marked as changed and left to
 * the reader. When in doubt a change counts as weaker: the exit code of
 * `statgate policy diff` rests on it. */
#include <string.h>

#include "policies/diff.h"

enum report_mark diff_weigh(bool weaker)
{
        return weaker ? REPORT_WEAKER : REPORT_STRONGER;
}

bool diff_holds(const struct bytes *names, uint32_t len, struct bytes name)
{
        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(names[i], name))
                        return true;
        return false;
}

static bool same_label(struct label a, struct label b)
{
        return bytes_equal(a.sv, b.sv) && bytes_equal(a.en, b.en);
}

/* The head ---------------------------------------------------------------- */

static bool has_officer(const struct rules *r, const struct rules_officer *o)
{
        for (uint32_t i = 0; i < r->officers_len; i++)
                if (memcmp(r->officers[i].key, o->key, OFFICER_KEY_LEN) == 0)
                        return true;
        return false;
}

static void diff_signers(const struct comparison *c)
{
        const struct rules *a = &c->before->rules, *b = &c->next->rules;
        struct rule_place at = c->next->signers_at;

        if (a->signers_required != b->signers_required)
                report_add(c->out, diff_weigh(b->signers_required < a->signers_required), at,
                        "nästa version kräver %u underskrifter; förut: %u",
                        "the next version needs %u signatures; before: %u", b->signers_required,
                        a->signers_required);
        for (uint32_t i = 0; i < b->officers_len; i++)
                if (!has_officer(a, &b->officers[i]))
                        report_add(c->out, REPORT_WEAKER, at, "en ny nyckel får signera: %s",
                                "a new key may sign: %s", report_text(c->out, b->officers[i].name));
        for (uint32_t i = 0; i < a->officers_len; i++)
                if (!has_officer(b, &a->officers[i]))
                        report_add(c->out, REPORT_CHANGED, at,
                                "en nyckel får inte längre signera: %s",
                                "a key may no longer sign: %s",
                                report_text(c->out, a->officers[i].name));
}

static void diff_methods(const struct comparison *c)
{
        for (unsigned m = METHOD_NONE + 1; m < METHOD_COUNT; m++) {
                unsigned a = c->before->method_roles[m], b = c->next->method_roles[m];
                const char *name = policy_method_name((enum policy_method)m);

                if ((b & ~a) != 0)
                        report_add(c->out, REPORT_WEAKER, c->next->roles_at, "%s får nu anropa %s",
                                "%s may now call %s", report_roles(c->out, b & ~a), name);
                if ((a & ~b) != 0)
                        report_add(c->out, REPORT_STRONGER, c->next->roles_at,
                                "%s får inte längre anropa %s", "%s may no longer call %s",
                                report_roles(c->out, a & ~b), name);
        }
}

static const char *years_of_log(struct report *r, uint32_t years)
{
        const char *text = r->lang == REPORT_EN ? "for ever" : "för alltid";

        if (years > 0)
                text = arena_printf(
                        r->arena, r->lang == REPORT_EN ? "for %u years" : "i %u år", years);
        return text != NULL ? text : "";
}

/* Neither weaker nor stronger: an entry proves what was done, and tells of who did it. */
static void diff_log_years(const struct comparison *c)
{
        if (c->before->log_years != c->next->log_years)
                report_add(c->out, REPORT_CHANGED, c->next->head_at,
                        "vad granskningsloggen säger sparas %s; förut: %s",
                        "what the audit log says is kept %s; before: %s",
                        years_of_log(c->out, c->next->log_years),
                        years_of_log(c->out, c->before->log_years));
}

static void diff_head(const struct comparison *c)
{
        const struct rules *a = &c->before->rules, *b = &c->next->rules;

        if (a->version != b->version)
                report_add(c->out, REPORT_NOTE, c->next->head_at, "version %llu; förut: %llu",
                        "version %llu; before: %llu", (unsigned long long)b->version,
                        (unsigned long long)a->version);
        if (c->before->publish_automatically != c->next->publish_automatically)
                report_add(c->out, diff_weigh(c->next->publish_automatically), c->next->head_at,
                        c->next->publish_automatically
                                ? "årgångar ges nu ut av sig själva; förut av driften"
                                : "årgångar ges nu ut av driften; förut av sig själva",
                        c->next->publish_automatically
                                ? "vintages are now published by themselves; before: by operators"
                                : "vintages are now published by operators; before: by themselves");
        diff_log_years(c);
        diff_signers(c);
        diff_submission_keys(c);
        diff_person_quotas(c);
        diff_erasure_quota(c);
        diff_methods(c);
}

/* Variables --------------------------------------------------------------- */

/* "statistiker får nu se placering efter start per manad; förut: per kvartal" */
static void diff_finest(const struct comparison *c, const struct policy_dataset *d,
        const struct variable *a, const struct variable *b)
{
        uint32_t was = variable_finest(a), is = variable_finest(b);

        if (was == is || !b->may_group)
                return;
        report_add(c->out, diff_weigh(is < was), b->at.finest,
                is < was ? "%s får nu se %s efter %s per %s; förut: per %s"
                         : "%s får nu bara se %s efter %s per %s; förut: per %s",
                is < was ? "%s may now see %s by %s at level %s; before: %s"
                         : "%s may now see %s by %s no finer than %s; before: %s",
                report_roles(c->out, d->ask_roles), report_text(c->out, d->id),
                report_text(c->out, b->id), report_level(c->out, b, is),
                report_level(c->out, a, was));
}

static bool has_banding(const struct variable *v, struct bytes id)
{
        for (uint32_t i = 0; i < v->bandings_len; i++)
                if (bytes_equal(v->bandings[i].id, id))
                        return true;
        return false;
}

static void diff_bandings(const struct comparison *c, const struct policy_dataset *d,
        const struct variable *a, const struct variable *b)
{
        for (uint32_t i = 0; i < b->bandings_len; i++)
                if (!has_banding(a, b->bandings[i].id))
                        report_add(c->out, REPORT_WEAKER, b->at.id, "%s: %s kan nu delas in per %s",
                                "%s: %s may now be broken down by %s", report_text(c->out, d->id),
                                report_text(c->out, b->id), report_text(c->out, b->bandings[i].id));
        for (uint32_t i = 0; i < a->bandings_len; i++)
                if (!has_banding(b, a->bandings[i].id))
                        report_add(c->out, REPORT_STRONGER, b->at.id,
                                "%s: %s kan inte längre delas in per %s",
                                "%s: %s may no longer be broken down by %s",
                                report_text(c->out, d->id), report_text(c->out, b->id),
                                report_text(c->out, a->bandings[i].id));
}

static void diff_use(const struct comparison *c, const struct policy_dataset *d, bool was, bool is,
        struct rule_place at, const struct variable *v, const char *sv, const char *en)
{
        const char *use = c->out->lang == REPORT_SV ? sv : en;

        if (was == is)
                return;
        report_add(c->out, diff_weigh(is), at,
                is ? "%s får nu %s %s efter %s" : "%s får inte längre %s %s efter %s",
                is ? "%s may now %s %s by %s" : "%s may no longer %s %s by %s",
                report_roles(c->out, d->ask_roles), use, report_text(c->out, d->id),
                report_text(c->out, v->id));
}

static void diff_variable(const struct comparison *c, const struct policy_dataset *d,
        const struct variable *a, const struct variable *b)
{
        const char *set = report_text(c->out, d->id), *id = report_text(c->out, b->id);

        diff_finest(c, d, a, b);
        diff_use(c, d, a->may_group, b->may_group, b->at.group, b, "dela in", "break down");
        diff_use(c, d, a->may_filter, b->may_filter, b->at.filter, b, "avgränsa", "restrict");
        diff_bandings(c, d, a, b);
        if (a->role != b->role)
                report_add(c->out,
                        diff_weigh(a->role == VARIABLE_IDENTIFYING || b->role == VARIABLE_MEASURE),
                        b->at.id, "%s: %s har nu rollen %s; förut: %s",
                        "%s: %s now has the role %s; before: %s", set, id,
                        variable_role_name(b->role), variable_role_name(a->role));
        if (a->min != b->min || a->max != b->max)
                report_add(c->out, diff_weigh(b->min < a->min || b->max > a->max), b->at.id,
                        "%s: %s har ett annat tillåtet intervall",
                        "%s: %s has another range of allowed values", set, id);
        if (a->required != b->required || a->overlapping != b->overlapping ||
                a->within_period != b->within_period)
                report_add(c->out, diff_weigh(a->overlapping && !b->overlapping), b->at.id,
                        "%s: %s levereras eller räknas på annat sätt",
                        "%s: %s is delivered or counted in another way", set, id);
        if (!same_label(a->label, b->label))
                report_add(c->out, REPORT_CHANGED, b->at.id, "%s: %s heter nu ”%s”",
                        "%s: %s is now called “%s”", set, id, report_label(c->out, b->label));
}

static void diff_variables(
        const struct comparison *c, const struct policy_dataset *a, const struct policy_dataset *b)
{
        const char *set = report_text(c->out, b->id);

        for (uint32_t i = 0; i < b->variables_len; i++) {
                const struct variable *v = &b->variables[i];
                int32_t at = variable_find(a, v->id);

                if (at >= 0)
                        diff_variable(c, b, &a->variables[at], v);
                else
                        report_add(c->out, REPORT_WEAKER, v->at.id, "%s: ny variabel %s (%s, %s)",
                                "%s: new variable %s (%s, %s)", set, report_text(c->out, v->id),
                                report_label(c->out, v->label), variable_role_name(v->role));
        }
        for (uint32_t i = 0; i < a->variables_len; i++)
                if (variable_find(b, a->variables[i].id) < 0)
                        report_add(c->out, REPORT_STRONGER, b->at.id, "%s: variabeln %s tas bort",
                                "%s: the variable %s goes", set,
                                report_text(c->out, a->variables[i].id));
}

/* Data sets --------------------------------------------------------------- */

static void diff_people(
        const struct comparison *c, const struct policy_dataset *a, const struct policy_dataset *b)
{
        const char *set = report_text(c->out, b->id);

        if ((b->ask_roles & ~a->ask_roles) != 0)
                report_add(c->out, REPORT_WEAKER, b->at.roles, "%s får nu fråga %s",
                        "%s may now ask %s", report_roles(c->out, b->ask_roles & ~a->ask_roles),
                        set);
        if ((a->ask_roles & ~b->ask_roles) != 0)
                report_add(c->out, REPORT_STRONGER, b->at.roles, "%s får inte längre fråga %s",
                        "%s may no longer ask %s",
                        report_roles(c->out, a->ask_roles & ~b->ask_roles), set);
        if (a->dimensions_max != b->dimensions_max)
                report_add(c->out, diff_weigh(b->dimensions_max > a->dimensions_max), b->at.roles,
                        "%s: högst %u indelningar i en fråga; förut: %u",
                        "%s: at most %u breakdowns in one question; before: %u", set,
                        b->dimensions_max, a->dimensions_max);
        for (uint32_t i = 0; i < b->purposes_len; i++)
                if (!diff_holds(a->purposes, a->purposes_len, b->purposes[i]))
                        report_add(c->out, REPORT_WEAKER, b->at.purposes, "%s får nu frågas för %s",
                                "%s may now be asked for %s", set,
                                report_text(c->out, b->purposes[i]));
        for (uint32_t i = 0; i < a->purposes_len; i++)
                if (!diff_holds(b->purposes, b->purposes_len, a->purposes[i]))
                        report_add(c->out, REPORT_STRONGER, b->at.purposes,
                                "%s får inte längre frågas för %s",
                                "%s may no longer be asked for %s", set,
                                report_text(c->out, a->purposes[i]));
}

/* A switch of what may be delivered: on is weaker. */
static void diff_switch(const struct comparison *c, const struct policy_dataset *b, bool was,
        bool is, const char *sv, const char *en)
{
        const char *what = c->out->lang == REPORT_SV ? sv : en;

        if (was != is)
                report_add(c->out, diff_weigh(is), b->at.id,
                        is ? "%s tar nu emot %s" : "%s tar inte längre emot %s",
                        is ? "%s now accepts %s" : "%s no longer accepts %s",
                        report_text(c->out, b->id), what);
}

static void diff_delivery(
        const struct comparison *c, const struct policy_dataset *a, const struct policy_dataset *b)
{
        const char *set = report_text(c->out, b->id);

        diff_switch(c, b, a->rules->guardians, b->rules->guardians, "vårdnadshavare", "guardians");
        diff_switch(c, b, a->rules->local_ids, b->rules->local_ids, "lokala id", "local ids");
        diff_switch(c, b, a->rules->clear_persons, b->rules->clear_persons,
                "oförseglade personnummer", "unsealed personal numbers");
        if (a->rules->person != b->rules->person ||
                a->rules->test_numbers != b->rules->test_numbers)
                report_add(c->out, diff_weigh(b->rules->person > a->rules->person), b->at.id,
                        "%s: andra regler för personnummer", "%s: other rules for personal numbers",
                        set);
        if (a->replace_rejected_max_permille != b->replace_rejected_max_permille ||
                a->open_hours_max != b->open_hours_max)
                report_add(c->out, REPORT_CHANGED, b->at.id, "%s: andra gränser för leveranser",
                        "%s: other limits of deliveries", set);
}

/* A minimum that is not said is the threshold, whose change has a line of its own. */
static void diff_minimum(const struct comparison *c, const struct policy_dataset *b, uint32_t was,
        uint32_t is, uint32_t old_default, uint32_t new_default, const char *sv, const char *en)
{
        uint32_t old = was > 0 ? was : old_default, now = is > 0 ? is : new_default;
        const char *what = c->out->lang == REPORT_SV ? sv : en;

        if (was != is && old != now)
                report_add(c->out, diff_weigh(now < old), b->at.disclosure,
                        "%s: minst %u %s; förut: %u", "%s: at least %u %s; before: %u",
                        report_text(c->out, b->id), now, what, old);
}

static void diff_minimums(
        const struct comparison *c, const struct policy_dataset *a, const struct policy_dataset *b)
{
        const struct disclosure_rules *x = &a->disclosure, *y = &b->disclosure;
        uint32_t was = x->threshold, is = y->threshold;

        diff_minimum(c, b, x->numerator, y->numerator, was, is, "personer i en andels täljare",
                "persons in the numerator of a share");
        diff_minimum(c, b, x->denominator, y->denominator, was, is, "personer i en andels nämnare",
                "persons in the denominator of a share");
        diff_minimum(c, b, x->complement, y->complement, was, is,
                "personer i nämnaren som inte är i täljaren",
                "persons of the denominator who are not in the numerator");
        diff_minimum(c, b, x->families, y->families, 0, 0, "familjer bakom en siffra",
                "families behind a figure");
}

static struct bytes episode_date(const struct policy_dataset *d, uint32_t variable)
{
        return variable == UINT32_MAX ? bytes_of_text("–") : d->variables[variable].id;
}

static void diff_episode(
        const struct comparison *c, const struct policy_dataset *a, const struct policy_dataset *b)
{
        struct bytes from = episode_date(b, b->episode_from),
                     until = episode_date(b, b->episode_until);

        if (!bytes_equal(from, episode_date(a, a->episode_from)) ||
                !bytes_equal(until, episode_date(a, a->episode_until)))
                report_add(c->out, REPORT_CHANGED, b->at.episode, "%s varar nu från %s till %s",
                        "%s now lasts from %s until %s", report_text(c->out, b->id),
                        report_text(c->out, from), report_text(c->out, until));
}

static void diff_protection(
        const struct comparison *c, const struct policy_dataset *a, const struct policy_dataset *b)
{
        const char *set = report_text(c->out, b->id);
        uint32_t was = a->disclosure.threshold, is = b->disclosure.threshold;

        if (was != is)
                report_add(c->out, diff_weigh(is < was), b->at.disclosure,
                        "%s: minst %u personer bakom en siffra; förut: %u",
                        "%s: at least %u persons behind a figure; before: %u", set, is, was);
        if (a->disclosure.zeros_published != b->disclosure.zeros_published)
                report_add(c->out, diff_weigh(b->disclosure.zeros_published), b->at.disclosure,
                        b->disclosure.zeros_published ? "%s: nollor visas nu"
                                                      : "%s: nollor skyddas nu",
                        b->disclosure.zeros_published ? "%s: zeros are now shown"
                                                      : "%s: zeros are now protected",
                        set);
        diff_minimums(c, a, b);
        diff_disclosure(c, a, b);
        if (a->retention_years != b->retention_years)
                report_add(c->out, diff_weigh(b->retention_years > a->retention_years),
                        b->at.retention, "%s: poster gallras %u år efter perioden; förut: %u",
                        "%s: records are erased %u years after the period; before: %u", set,
                        b->retention_years, a->retention_years);
        if (a->kind == DATASET_RECORDS && b->kind == DATASET_RECORDS &&
                !bytes_equal(a->linkage->id, b->linkage->id))
                report_add(c->out, REPORT_WEAKER, b->at.linkage, "%s länkas nu genom %s; förut: %s",
                        "%s is now linked by %s; before: %s", set,
                        report_text(c->out, b->linkage->id), report_text(c->out, a->linkage->id));
        if (!bytes_equal(a->legal_basis, b->legal_basis))
                report_add(c->out, REPORT_CHANGED, b->at.id, "%s: rättslig grund är nu %s",
                        "%s: the legal basis is now %s", set, report_text(c->out, b->legal_basis));
}

static void diff_datasets(const struct comparison *c)
{
        const struct policy *a = c->before, *b = c->next;

        for (uint32_t i = 0; i < b->datasets_len; i++) {
                const struct policy_dataset *is = &b->datasets[i];
                const struct policy_dataset *was = policy_dataset_find(a, is->id);

                if (was == NULL) {
                        report_add(c->out, REPORT_WEAKER, is->at.id,
                                "ny datamängd %s (%s), som %s får fråga",
                                "new data set %s (%s), which %s may ask",
                                report_text(c->out, is->id), report_label(c->out, is->label),
                                report_roles(c->out, is->ask_roles));
                        continue;
                }
                diff_people(c, was, is);
                diff_delivery(c, was, is);
                diff_protection(c, was, is);
                diff_episode(c, was, is);
                diff_variables(c, was, is);
        }
        for (uint32_t i = 0; i < a->datasets_len; i++)
                if (policy_dataset_find(b, a->datasets[i].id) == NULL)
                        report_add(c->out, REPORT_STRONGER, b->head_at, "datamängden %s tas bort",
                                "the data set %s goes", report_text(c->out, a->datasets[i].id));
}

/* What a code belongs to and became: facts of the division, so changed and no more. */
static void diff_code(const struct comparison *c, const struct code_list *list, uint32_t level,
        const struct code *was, const struct code *is)
{
        struct rule_place at = {list->at.file, is->line};
        const char *id = report_text(c->out, list->id), *code = report_text(c->out, is->code);
        struct bytes successors[SUCCESSORS_MAX];

        if (was->valid_until != is->valid_until && is->valid_until != INT32_MAX)
                report_add(c->out, REPORT_CHANGED, at, "%s: %s gäller till och med %s",
                        "%s: %s is in use until %s", id, code,
                        report_date(c->out, is->valid_until));
        for (uint32_t i = 0; i < is->successors_len; i++)
                successors[i] = list->levels[level].codes[is->successors[i]].code;
        if (was->successors_len != is->successors_len)
                report_add(c->out, REPORT_CHANGED, at, "%s: %s blev %s", "%s: %s became %s", id,
                        code, report_names(c->out, successors, is->successors_len));
        for (uint32_t i = was->parents_len > 1 ? was->parents_len : 1; i < is->parents_len; i++)
                report_add(c->out, REPORT_CHANGED, at, "%s: %s hör till %s från %s",
                        "%s: %s belongs to %s from %s", id, code,
                        report_text(
                                c->out, list->levels[level + 1].codes[is->parents[i].parent].code),
                        report_date(c->out, is->parents[i].from));
}

/* By these rows are judged where membership is sensitive. */
static void diff_inhabitants(
        const struct comparison *c, const struct code_list *was, const struct code_list *is)
{
        uint32_t changed = 0;

        for (uint32_t level = 0; level < is->levels_len; level++)
                for (uint32_t i = 0; i < is->levels[level].len; i++) {
                        const struct code *y = &is->levels[level].codes[i];
                        int32_t at = code_find_at(was, level, y->code);
                        const struct code *x = at < 0 ? NULL : &was->levels[level].codes[at];

                        changed += x != NULL &&
                                   (x->population != y->population ||
                                           x->population_permille != y->population_permille);
                }
        if (changed > 0)
                report_add(c->out, REPORT_CHANGED, is->at,
                        "kodlistan %s: %u koder har ett annat antal invånare",
                        "the code list %s: %u codes have another number of inhabitants",
                        report_text(c->out, is->id), changed);
}

static void diff_history(
        const struct comparison *c, const struct code_list *was, const struct code_list *is)
{
        for (uint32_t level = 0; level < is->levels_len; level++)
                for (uint32_t i = 0; i < is->levels[level].len; i++) {
                        const struct code *code = &is->levels[level].codes[i];
                        int32_t at = code_find_at(was, level, code->code);

                        if (at >= 0)
                                diff_code(c, is, level, &was->levels[level].codes[at], code);
                }
}

/* Codes: more of them is finer, fewer coarser; the rest is evolve.c's to judge. */
static void diff_code_lists(const struct comparison *c)
{
        for (uint32_t i = 0; i < c->next->code_lists_len; i++) {
                const struct code_list *is = &c->next->code_lists[i];
                const struct code_list *was = policy_code_list_find(c->before, is->id);
                uint32_t more = 0, fewer = 0;

                if (was == NULL)
                        continue;
                diff_history(c, was, is);
                diff_inhabitants(c, was, is);
                for (uint32_t k = 0; k < is->levels[0].len; k++)
                        more += code_find(was, is->levels[0].codes[k].code) < 0;
                for (uint32_t k = 0; k < was->levels[0].len; k++)
                        fewer += code_find(is, was->levels[0].codes[k].code) < 0;
                if (more + fewer > 0)
                        report_add(c->out, diff_weigh(more > 0), is->at,
                                "kodlistan %s: %u nya koder, %u borttagna",
                                "the code list %s: %u new codes, %u gone",
                                report_text(c->out, is->id), more, fewer);
        }
}

enum err policy_diff(const struct policy *before, const struct policy *next, struct report *out)
{
        const struct comparison c = {out, before, next};

        diff_head(&c);
        diff_principals(&c);
        diff_datasets(&c);
        diff_linkages(&c);
        diff_code_lists(&c);
        diff_indicators(&c);
        return out->failed;
}
