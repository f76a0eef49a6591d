/* SPDX-License-Identifier: Apache-2.0 */
/* diff.c: what another bundle would change for people, in consequences.
 *
 * Every difference is weighed for the person in the records: weaker when more is
 * delivered, seen, linked or kept, or by more; stronger the other way round. What
 * a program cannot weigh (a legal basis, a label) is marked as changed and left to
 * the reader. When in doubt a change counts as weaker: the exit code of
 * `statgate policy diff` rests on it. */
#include <string.h>

#include "policies/load.h"
#include "policies/report.h"

/* One comparison: of what, in whose words. */
struct comparison {
        struct report *out;
        const struct policy *before, *next;
};

static enum report_mark weigh(bool weaker)
{
        return weaker ? REPORT_WEAKER : REPORT_STRONGER;
}

static bool holds(const struct bytes *names, uint32_t len, struct bytes name)
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
                report_add(c->out, weigh(b->signers_required < a->signers_required), at,
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

static void diff_head(const struct comparison *c)
{
        const struct rules *a = &c->before->rules, *b = &c->next->rules;

        if (a->version != b->version)
                report_add(c->out, REPORT_NOTE, c->next->head_at, "version %llu; förut: %llu",
                        "version %llu; before: %llu", (unsigned long long)b->version,
                        (unsigned long long)a->version);
        if (c->before->publish_automatically != c->next->publish_automatically)
                report_add(c->out, weigh(c->next->publish_automatically), c->next->head_at,
                        c->next->publish_automatically
                                ? "årgångar ges nu ut av sig själva; förut av driften"
                                : "årgångar ges nu ut av driften; förut av sig själva",
                        c->next->publish_automatically
                                ? "vintages are now published by themselves; before: by operators"
                                : "vintages are now published by operators; before: by themselves");
        diff_signers(c);
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
        report_add(c->out, weigh(is < was), b->at.finest,
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
        report_add(c->out, weigh(is), at,
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
                        weigh(a->role == VARIABLE_IDENTIFYING || b->role == VARIABLE_MEASURE),
                        b->at.id, "%s: %s har nu rollen %s; förut: %s",
                        "%s: %s now has the role %s; before: %s", set, id,
                        variable_role_name(b->role), variable_role_name(a->role));
        if (a->min != b->min || a->max != b->max)
                report_add(c->out, weigh(b->min < a->min || b->max > a->max), b->at.id,
                        "%s: %s har ett annat tillåtet intervall",
                        "%s: %s has another range of allowed values", set, id);
        if (a->required != b->required || a->overlapping != b->overlapping ||
                a->within_period != b->within_period)
                report_add(c->out, weigh(a->overlapping && !b->overlapping), b->at.id,
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
        for (uint32_t i = 0; i < b->purposes_len; i++)
                if (!holds(a->purposes, a->purposes_len, b->purposes[i]))
                        report_add(c->out, REPORT_WEAKER, b->at.purposes, "%s får nu frågas för %s",
                                "%s may now be asked for %s", set,
                                report_text(c->out, b->purposes[i]));
        for (uint32_t i = 0; i < a->purposes_len; i++)
                if (!holds(b->purposes, b->purposes_len, a->purposes[i]))
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
                report_add(c->out, weigh(is), b->at.id,
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
                report_add(c->out, weigh(b->rules->person > a->rules->person), b->at.id,
                        "%s: andra regler för personnummer", "%s: other rules for personal numbers",
                        set);
        if (a->replace_rejected_max_permille != b->replace_rejected_max_permille ||
                a->open_hours_max != b->open_hours_max)
                report_add(c->out, REPORT_CHANGED, b->at.id, "%s: andra gränser för leveranser",
                        "%s: other limits of deliveries", set);
}

static void diff_protection(
        const struct comparison *c, const struct policy_dataset *a, const struct policy_dataset *b)
{
        const char *set = report_text(c->out, b->id);
        uint32_t was = a->disclosure.threshold, is = b->disclosure.threshold;

        if (was != is)
                report_add(c->out, weigh(is < was), b->at.disclosure,
                        "%s: minst %u personer bakom en siffra; förut: %u",
                        "%s: at least %u persons behind a figure; before: %u", set, is, was);
        if (a->disclosure.zeros_published != b->disclosure.zeros_published)
                report_add(c->out, weigh(b->disclosure.zeros_published), b->at.disclosure,
                        b->disclosure.zeros_published ? "%s: nollor visas nu"
                                                      : "%s: nollor skyddas nu",
                        b->disclosure.zeros_published ? "%s: zeros are now shown"
                                                      : "%s: zeros are now protected",
                        set);
        if (!bytes_equal(a->linkage->id, b->linkage->id))
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
                diff_variables(c, was, is);
        }
        for (uint32_t i = 0; i < a->datasets_len; i++)
                if (policy_dataset_find(b, a->datasets[i].id) == NULL)
                        report_add(c->out, REPORT_STRONGER, b->head_at, "datamängden %s tas bort",
                                "the data set %s goes", report_text(c->out, a->datasets[i].id));
}

/* Linkages ---------------------------------------------------------------- */

static void diff_named(const struct comparison *c, const struct policy_linkage *b,
        const struct bytes *was, uint32_t was_len, const struct bytes *is, uint32_t is_len)
{
        const char *id = report_text(c->out, b->rules->id);

        for (uint32_t i = 0; i < is_len; i++)
                if (!holds(was, was_len, is[i]))
                        report_add(c->out, REPORT_WEAKER, b->at.id, "länkningen %s omfattar nu %s",
                                "the linkage %s now includes %s", id, report_text(c->out, is[i]));
        for (uint32_t i = 0; i < was_len; i++)
                if (!holds(is, is_len, was[i]))
                        report_add(c->out, REPORT_STRONGER, b->at.id,
                                "länkningen %s omfattar inte längre %s",
                                "the linkage %s no longer includes %s", id,
                                report_text(c->out, was[i]));
}

/* Of municipalities that both bundles have; what joins anew is weaker. */
static void diff_reach(
        const struct comparison *c, const struct policy_linkage *a, const struct policy_linkage *b)
{
        const struct rules *all = &c->next->rules;
        uint32_t joins = 0, leaves = 0;

        for (uint32_t i = 0; i < all->municipalities_len; i++) {
                municipality_t m = all->municipalities[i];
                bool was = rules_has_municipality(&c->before->rules, m) &&
                           rules_linkage_joins(a->rules, m);
                bool is = rules_linkage_joins(b->rules, m);

                joins += is && !was;
                leaves += was && !is;
        }
        if (joins > 0)
                report_add(c->out, REPORT_WEAKER, b->at.municipalities,
                        "länkningen %s för nu samman %s; %u kommuner är nya",
                        "the linkage %s now joins %s; %u municipalities are new",
                        report_text(c->out, b->rules->id), report_reach(c->out, b->rules), joins);
        if (leaves > 0)
                report_add(c->out, REPORT_STRONGER, b->at.municipalities,
                        "länkningen %s för inte längre samman %u kommuners poster",
                        "the linkage %s no longer joins records of %u municipalities",
                        report_text(c->out, b->rules->id), leaves);
}

static void diff_linkage(
        const struct comparison *c, const struct policy_linkage *a, const struct policy_linkage *b)
{
        const struct rules_linkage *x = a->rules, *y = b->rules;
        const char *id = report_text(c->out, y->id);

        diff_named(c, b, x->datasets, x->datasets_len, y->datasets, y->datasets_len);
        diff_named(c, b, x->purposes, x->purposes_len, y->purposes, y->purposes_len);
        diff_reach(c, a, b);
        if (x->until_days != y->until_days)
                report_add(c->out, weigh(y->until_days > x->until_days), b->at.until,
                        "länkningen %s gäller till och med %s; förut: %s",
                        "the linkage %s is valid until %s; before: %s", id,
                        report_date(c->out, y->until_days), report_date(c->out, x->until_days));
        if (x->from_days != y->from_days)
                report_add(c->out, weigh(y->from_days < x->from_days), b->at.until,
                        "länkningen %s gäller från %s; förut: %s",
                        "the linkage %s is valid from %s; before: %s", id,
                        report_date(c->out, y->from_days), report_date(c->out, x->from_days));
        if (x->family != y->family)
                report_add(c->out, weigh(y->family), b->at.id,
                        y->family ? "länkningen %s för nu samman familjer"
                                  : "länkningen %s för inte längre samman familjer",
                        y->family ? "the linkage %s now joins families"
                                  : "the linkage %s no longer joins families",
                        id);
        if (!bytes_equal(a->legal_basis, b->legal_basis))
                report_add(c->out, REPORT_CHANGED, b->at.id,
                        "länkningen %s: rättslig grund är nu %s",
                        "the linkage %s: the legal basis is now %s", id,
                        report_text(c->out, b->legal_basis));
}

static const struct policy_linkage *linkage_find(const struct policy *p, struct bytes id)
{
        for (uint32_t i = 0; i < p->linkages_len; i++)
                if (bytes_equal(p->linkages[i].rules->id, id))
                        return &p->linkages[i];
        return NULL;
}

static void diff_linkages(const struct comparison *c)
{
        for (uint32_t i = 0; i < c->next->linkages_len; i++) {
                const struct policy_linkage *is = &c->next->linkages[i];
                const struct policy_linkage *was = linkage_find(c->before, is->rules->id);

                if (was != NULL)
                        diff_linkage(c, was, is);
                else
                        report_add(c->out, REPORT_WEAKER, is->at.id,
                                "ny länkning %s av %s, till och med %s",
                                "new linkage %s of %s, until %s",
                                report_text(c->out, is->rules->id),
                                report_names(c->out, is->rules->datasets, is->rules->datasets_len),
                                report_date(c->out, is->rules->until_days));
        }
        for (uint32_t i = 0; i < c->before->linkages_len; i++)
                if (linkage_find(c->next, c->before->linkages[i].rules->id) == NULL)
                        report_add(c->out, REPORT_STRONGER, c->next->head_at,
                                "länkningen %s dras in", "the linkage %s is withdrawn",
                                report_text(c->out, c->before->linkages[i].rules->id));
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
                for (uint32_t k = 0; k < is->levels[0].len; k++)
                        more += code_find(was, is->levels[0].codes[k].code) < 0;
                for (uint32_t k = 0; k < was->levels[0].len; k++)
                        fewer += code_find(is, was->levels[0].codes[k].code) < 0;
                if (more + fewer > 0)
                        report_add(c->out, weigh(more > 0), is->at,
                                "kodlistan %s: %u nya koder, %u borttagna",
                                "the code list %s: %u new codes, %u gone",
                                report_text(c->out, is->id), more, fewer);
        }
}

enum err policy_diff(const struct policy *before, const struct policy *next, struct report *out)
{
        const struct comparison c = {out, before, next};

        diff_head(&c);
        diff_datasets(&c);
        diff_linkages(&c);
        diff_code_lists(&c);
        return out->failed;
}
