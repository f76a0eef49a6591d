/* SPDX-License-Identifier: Apache-2.0 */
/* show.c: a bundle as a data-protection officer wants to read it: who, what, what
 * for, how finely, linked with what, until when. */
#include <string.h>

#include "policies/disclosure_words.h"
#include "policies/load.h"
#include "policies/report.h"

static const struct rule_place nowhere;

static const char *yes_no(const struct report *r, bool value)
{
        if (r->lang == REPORT_SV)
                return value ? "ja" : "nej";
        return value ? "yes" : "no";
}

/* What has not always been as it is: codes that changed parents, and what others became. */
static void show_code_history(
        struct report *r, const struct code_list *list, uint32_t level, const struct code *c)
{
        struct rule_place at = {list->at.file, c->line};
        const char *code = report_text(r, c->code);
        struct bytes names[SUCCESSORS_MAX];

        for (uint32_t i = 1; i < c->parents_len; i++)
                report_add(r, REPORT_NOTE, at, "%s: %s hör till %s från %s, förut till %s",
                        "%s: %s belongs to %s from %s, before that to %s", report_text(r, list->id),
                        code,
                        report_text(r, list->levels[level + 1].codes[c->parents[i].parent].code),
                        report_date(r, c->parents[i].from),
                        report_text(
                                r, list->levels[level + 1].codes[c->parents[i - 1].parent].code));
        for (uint32_t i = 0; i < c->successors_len; i++)
                names[i] = list->levels[level].codes[c->successors[i]].code;
        if (c->successors_len > 0)
                report_add(r, REPORT_NOTE, at, "%s: %s fanns till och med %s och blev %s",
                        "%s: %s was in use until %s and became %s", report_text(r, list->id), code,
                        report_date(r, c->valid_until), report_names(r, names, c->successors_len));
}

static void show_history(struct report *r, const struct policy *p)
{
        for (uint32_t i = 0; i < p->code_lists_len; i++) {
                const struct code_list *list = &p->code_lists[i];

                for (uint32_t level = 0; level < list->levels_len; level++)
                        for (uint32_t c = 0; c < list->levels[level].len; c++)
                                show_code_history(r, list, level, &list->levels[level].codes[c]);
        }
}

static void show_log_years(struct report *r, const struct policy *p)
{
        if (p->log_years > 0)
                report_add(r, REPORT_NOTE, p->head_at,
                        "granskningsloggen: vad den säger gallras efter %u år",
                        "the audit log: what it says is pruned after %u years", p->log_years);
        else
                report_add(r, REPORT_NOTE, p->head_at, "granskningsloggen: allt den säger sparas",
                        "the audit log: all that it says is kept");
}

/* Told of each municipality that has one; who has none delivers nothing sealed. */
static void show_submission_keys(struct report *r, const struct policy *p)
{
        for (uint32_t i = 0; i < p->rules.submission_keys_len; i++) {
                const struct rules_submission_key *k = &p->rules.submission_keys[i];

                report_add(r, REPORT_NOTE, p->submission_keys_at[i],
                        "%04u: signerar leveranser med nyckel %s, från %s till och med %s",
                        "%04u: signs deliveries with the key %s, from %s until %s", k->municipality,
                        report_key(r, k->key), report_date(r, k->from_days),
                        report_date(r, k->until_days));
        }
}

static void show_quotas(struct report *r, const struct policy *p)
{
        uint32_t least = UINT32_MAX, most = 0;

        for (uint32_t i = 0; i < p->rules.municipalities_len; i++) {
                uint32_t quota = p->rules.person_quotas[i];

                least = quota < least ? quota : least;
                most = quota > most ? quota : most;
        }
        if (most > 0)
                report_add(r, REPORT_NOTE, p->person_quota_at,
                        "en kommun får leverera olika personer inom tolv månader: %u till %u",
                        "different persons a municipality may deliver within twelve months: %u to "
                        "%u",
                        least, most);
        report_add(r, REPORT_NOTE, p->erasure_quota_at,
                "personer och poster som en kommun får radera om dygnet: %u",
                "persons and records a municipality may have erased in a day: %u",
                p->rules.erasures_per_day);
}

static void show_head(const struct policy *p, struct report *r)
{
        struct bytes names[RULES_OFFICERS_MAX];

        report_add(r, REPORT_HEAD, p->head_at, "%s: %s, version %llu", "%s: %s, version %llu",
                report_text(r, p->rules.bundle), report_label(r, p->label),
                (unsigned long long)p->rules.version);
        for (uint32_t i = 0; i < p->rules.officers_len; i++)
                names[i] = p->rules.officers[i].name;
        if (p->rules.officers_len > 0)
                report_add(r, REPORT_NOTE, p->signers_at, "nästa version signeras av %u av: %s",
                        "the next version is signed by %u "
                        "of: %s",
                        p->rules.signers_required, report_names(r, names, p->rules.officers_len));
        report_add(r, REPORT_NOTE, p->head_at, "kommuner: %u", "municipalities: %u",
                p->rules.municipalities_len);
        show_submission_keys(r, p);
        show_quotas(r, p);
        show_history(r, p);
        show_log_years(r, p);
        for (unsigned m = METHOD_NONE + 1; m < METHOD_COUNT; m++)
                report_add(r, REPORT_NOTE, p->roles_at, "%s: %s", "%s: %s",
                        policy_method_name((enum policy_method)m),
                        report_roles(r, p->method_roles[m]));
        for (uint32_t i = 0; i < p->purposes_len; i++)
                report_add(r, REPORT_NOTE, p->purposes[i].at, "ändamål %s: %s (%s)",
                        "purpose %s: %s (%s)", report_text(r, p->purposes[i].id),
                        report_label(r, p->purposes[i].label),
                        report_text(r, p->purposes[i].legal_basis));
}

static void show_processing(struct report *r, struct rule_place at,
        const struct processing_record *x, struct bytes basis)
{
        report_add(
                r, REPORT_NOTE, at, "rättslig grund: %s", "legal basis: %s", report_text(r, basis));
        report_add(r, REPORT_NOTE, at, "personuppgiftsansvarig: %s", "controller: %s",
                report_text(r, x->controller));
        report_add(r, REPORT_NOTE, at, "registrerade: %s; uppgifter: %s", "persons: %s; data: %s",
                report_text(r, x->persons), report_text(r, x->data));
        report_add(r, REPORT_NOTE, at, "mottagare: %s", "recipients: %s",
                report_text(r, x->recipients));
        report_add(r, REPORT_NOTE, at, "gallring: %s; skydd: %s", "retention: %s; safeguards: %s",
                report_text(r, x->retention), report_text(r, x->safeguards));
}

static void show_variable(struct report *r, const struct variable *v)
{
        const char *level = report_level(r, v, variable_finest(v));
        bool sv = r->lang == REPORT_SV;

        report_add(r, REPORT_NOTE, v->at.id, "%s: %s; %s, %s; avgränsa %s, dela in %s%s%s",
                "%s: %s; %s, %s; condition %s, breakdown %s%s%s", report_text(r, v->id),
                report_label(r, v->label), variable_type_name(v->type), variable_role_name(v->role),
                yes_no(r, v->may_filter), yes_no(r, v->may_group),
                level[0] == '\0' ? ""
                : sv             ? ", finast "
                                 : ", finest ",
                level);
}

/* What a data set of records has and one of deliveries has not. */
static void show_records(struct report *r, const struct policy_dataset *d)
{
        static const char *const persons[][2] = {
                {"ingen", "none"}, {"frivillig", "optional"}, {"krävs", "required"}};

        report_add(r, REPORT_NOTE, d->at.roles, "levereras av %s", "delivered by %s",
                report_roles(r, d->deliver_roles));
        report_add(r, REPORT_NOTE, d->at.id,
                "person %s, vårdnadshavare %s, lokala id %s, oförseglade personnummer %s",
                "person %s, guardians %s, local ids %s, unsealed personal numbers %s",
                persons[d->rules->person][r->lang], yes_no(r, d->rules->guardians),
                yes_no(r, d->rules->local_ids), yes_no(r, d->rules->clear_persons));
        report_add(r, REPORT_NOTE, d->at.linkage, "länkning: %s", "linkage: %s",
                report_text(r, d->linkage->id));
        if (d->episode_from != UINT32_MAX)
                report_add(r, REPORT_NOTE, d->at.episode, "varar från %s till %s",
                        "lasts from %s until %s", report_text(r, d->variables[d->episode_from].id),
                        report_text(r, d->variables[d->episode_until].id));
}

static uint32_t minimum(const struct disclosure_rules *d, uint32_t own)
{
        return own > 0 ? own : d->threshold;
}

static void show_disclosure(struct report *r, const struct policy_dataset *d)
{
        const struct disclosure_rules *x = &d->disclosure;
        struct disclosure_telling t = {.out = r, .mark = REPORT_NOTE, .rules = x};

        report_add(r, REPORT_NOTE, d->disclosure_at[DISCLOSURE_KEY_THRESHOLD],
                "minst %u personer, nollor visas: %s", "at least %u persons, zeros shown: %s",
                x->threshold, yes_no(r, x->zeros_published));
        report_add(r, REPORT_NOTE, d->at.disclosure,
                "andelar: minst %u i täljaren, %u i nämnaren och %u utanför täljaren",
                "shares: at least %u in the numerator, %u in the denominator and %u outside the "
                "numerator",
                minimum(x, x->numerator), minimum(x, x->denominator), minimum(x, x->complement));
        if (x->families > 0)
                report_add(r, REPORT_NOTE, d->disclosure_at[DISCLOSURE_KEY_FAMILIES],
                        "minst %u familjer, där de länkas",
                        "at least %u families, where they are linked", x->families);
        memcpy(t.at, d->disclosure_at, sizeof t.at);
        disclosure_tell(&t);
        if (d->provider_variable != UINT32_MAX)
                report_add(r, REPORT_NOTE, d->at.provider, "utföraren sägs av %s",
                        "the provider is told by %s",
                        report_text(r, d->variables[d->provider_variable].id));
        lattice_tell(r, REPORT_NOTE, d);
}

static void show_preset(struct report *r, const struct policy_preset *x)
{
        report_add(r, REPORT_HEAD, x->at, "förval %s: %s", "preset %s: %s", report_text(r, x->id),
                report_label(r, x->label));
        report_add(r, REPORT_NOTE, x->at, "%s", "%s", report_label(r, x->description));
        report_add(r, REPORT_NOTE, x->at, "dess regler: %s", "its rules: %s",
                report_digest(r, &x->rules_digest));
        if (x->measured_elsewise)
                report_add(r, REPORT_NOTE, x->at,
                        "det som är mätt är mätt under andra regler: mät om (tools/attack)",
                        "what was measured was so under other rules: measure again (tools/attack)");
        for (uint32_t i = 0; i < x->measured_len; i++) {
                const struct measured_attack *m = &x->measured[i];

                report_add(r, REPORT_NOTE, x->at,
                        "angreppet %s: rätt i %u fall av 1000, utan barnet i svaren %u; högst %u "
                        "fler (95 %%, %u försök)",
                        "the attack %s: right in %u cases of 1000, without the child in the "
                        "answers "
                        "%u; at most %u more (95 %%, %u trials)",
                        report_text(r, m->attack), m->recovered_permille, m->baseline_permille,
                        m->excess_max_permille, m->trials);
        }
        if (x->measured_len == 0)
                report_add(
                        r, REPORT_NOTE, x->at, "inte mätt med angrepp", "not measured by attacks");
        if (x->has_loss)
                report_add(r, REPORT_NOTE, x->at,
                        "döljer %u av 1000 celler med %u av 1000 personer",
                        "hides %u of 1000 cells with %u of 1000 persons", x->loss_cells_permille,
                        x->loss_persons_permille);
        if (x->moved_permille > 0)
                report_add(r, REPORT_NOTE, x->at,
                        "det som visas ligger i medeltal %u,%u personer från det sanna",
                        "what is shown lies %u.%u persons from the truth on average",
                        x->moved_permille / 1000, x->moved_permille % 1000 / 100);
}

static void show_dataset(struct report *r, const struct policy_dataset *d)
{
        report_add(r, REPORT_HEAD, d->at.id, "datamängd %s: %s", "data set %s: %s",
                report_text(r, d->id), report_label(r, d->label));
        show_processing(r, d->at.id, &d->processing, d->legal_basis);
        report_add(r, REPORT_NOTE, d->at.roles, "frågas av %s", "asked by %s",
                report_roles(r, d->ask_roles));
        report_add(r, REPORT_NOTE, d->at.purposes, "för: %s", "for: %s",
                report_names(r, d->purposes, d->purposes_len));
        if (d->dimensions_max < DIMENSIONS_MAX)
                report_add(r, REPORT_NOTE, d->at.roles, "högst %u indelningar i en fråga",
                        "at most %u breakdowns in one question", d->dimensions_max);
        if (d->kind == DATASET_RECORDS)
                show_records(r, d);
        else
                report_add(r, REPORT_NOTE, d->at.id, "leveransernas eget läge; ingen levererar det",
                        "the state of the deliveries themselves; nobody delivers it");
        report_add(r, REPORT_NOTE, d->at.retention, "gallras %u år efter perioden",
                "erased %u years after the period", d->retention_years);
        show_disclosure(r, d);
        for (uint32_t i = 0; i < d->variables_len; i++)
                show_variable(r, &d->variables[i]);
}

static void show_pairs(struct report *r, const struct policy *p, const struct policy_linkage *l)
{
        if (l->pairs_len == 0 && l->rules->datasets_len > 1)
                report_add(r, REPORT_NOTE, l->at.pairs, "från alla dess poster får man se på alla",
                        "from all of its records one may look at all");
        for (uint32_t i = 0; i < l->pairs_len; i++)
                report_add(r, REPORT_NOTE, l->at.pairs, "från %s får man se på %s",
                        "from %s one may look at %s",
                        report_text(r, p->datasets[l->pairs[i].base].id),
                        report_text(r, p->datasets[l->pairs[i].other].id));
}

static void show_linkage(struct report *r, const struct policy *p, const struct policy_linkage *l)
{
        const struct rules_linkage *x = l->rules;

        report_add(r, REPORT_HEAD, l->at.id, "länkning %s: %s", "linkage %s: %s",
                report_text(r, x->id), report_label(r, l->label));
        show_processing(r, l->at.id, &l->processing, l->legal_basis);
        report_add(r, REPORT_NOTE, l->at.id, "datamängder: %s", "data sets: %s",
                report_names(r, x->datasets, x->datasets_len));
        show_pairs(r, p, l);
        if (x->family)
                report_add(r, REPORT_NOTE, l->at.family,
                        "familj: genom vårdnadshavare med högst %u barn, högst %u personer i en "
                        "kedja, i %u dagar före och efter att de nämnts",
                        "family: through guardians of at most %u children, at most %u persons in "
                        "a chain, for %u days before and after they are named",
                        l->family.children_max, l->family.persons_max, l->family.holds_days);
        else
                report_add(r, REPORT_NOTE, l->at.family, "familj: nej", "family: no");
        report_add(r, REPORT_NOTE, l->at.municipalities, "länkar %s; andras poster olänkade",
                "links %s; records of others unlinked", report_reach(r, x));
        report_add(r, REPORT_NOTE, l->at.purposes, "för: %s", "for: %s",
                report_names(r, x->purposes, x->purposes_len));
        report_add(r, REPORT_NOTE, l->at.until, "gäller %s till och med %s", "valid %s until %s",
                report_date(r, x->from_days), report_date(r, x->until_days));
}

static void show_principal(struct report *r, const struct policy_principal *x)
{
        bool sv = r->lang == REPORT_SV, asks = x->role == ROLE_STATISTICIAN || x->role == ROLE_DPO;
        const char *all = sv ? "allt" : "everything";

        report_add(r, REPORT_NOTE, x->at, "%s släpps in som %s (%s)", "%s are let in as %s (%s)",
                report_text(r, x->match), report_roles(r, 1u << x->role),
                report_text(r, x->legal_basis));
        if (!asks)
                return;
        report_add(r, REPORT_NOTE, x->at, "  frågar om %s, för %s", "  ask about %s, for %s",
                x->all_datasets ? all : report_names(r, x->datasets, x->datasets_len),
                x->all_purposes ? all : report_names(r, x->purposes, x->purposes_len));
        if (x->questions_per_day > 0)
                report_add(r, REPORT_NOTE, x->at, "  högst %u frågor om dagen",
                        "  at most %u questions a day", x->questions_per_day);
}

static void show_people(struct report *r, const struct policy *p)
{
        report_add(r, REPORT_HEAD, p->principals[0].at,
                "vilka som släpps in: det första som passar", "who is let in: the first that fits");
        for (uint32_t i = 0; i < p->principals_len; i++)
                show_principal(r, &p->principals[i]);
}

static void show_indicators(struct report *r, const struct policy *p)
{
        if (p->indicators_len > 0)
                report_add(r, REPORT_HEAD, p->indicators[0].at, "indikatorer: %u", "indicators: %u",
                        p->indicators_len);
        for (uint32_t i = 0; i < p->indicators_len; i++) {
                const struct indicator *x = &p->indicators[i];
                bool sv = r->lang == REPORT_SV;

                report_add(r, REPORT_NOTE, x->at, "%s version %u: %s%s%s", "%s version %u: %s%s%s",
                        report_text(r, x->id), x->version, report_label(r, x->label),
                        !x->frozen ? ""
                        : sv       ? ", definitionen är fryst"
                                   : ", the definition is frozen",
                        !x->is_contract ? ""
                        : sv            ? ", utfallskontrakt"
                                        : ", outcome contract");
        }
}

enum err policy_show(const struct policy *p, struct report *out)
{
        show_head(p, out);
        show_people(out, p);
        for (uint32_t i = 0; i < p->presets_len; i++)
                show_preset(out, &p->presets[i]);
        for (uint32_t i = 0; i < p->datasets_len; i++)
                show_dataset(out, &p->datasets[i]);
        for (uint32_t i = 0; i < p->linkages_len; i++)
                show_linkage(out, p, &p->linkages[i]);
        show_indicators(out, p);
        report_add(out, REPORT_NOTE, nowhere, "allt annat är nekat", "everything else is denied");
        return out->failed;
}
