/* SPDX-License-Identifier: Apache-2.0 */
/* diff_disclosure.c: what another bundle would change in what answers are held to.
 *
 * Every rule has a direction: more persons asked for is stronger, a larger part allowed is
 * weaker. Where a rule has two numbers that move against one another, and where one kind of
 * noise takes the place of another, nobody can say without measuring, so it counts as
 * weaker. */
#include <stddef.h>
#include <string.h>

#include "policies/diff.h"
#include "policies/disclosure_words.h"

/* A number with a direction. */
struct rule_number {
        size_t offset;
        const char *sv, *en;
        enum disclosure_key key;
        bool is_limit; /* less is stronger, and 0 is none; else more is, and 0 is none too */
};

#define NUMBER(key, field, limit, sv, en)                                                          \
        {                                                                                          \
                offsetof(struct disclosure_rules, field), sv, en, DISCLOSURE_KEY_##key, limit      \
        }

static const struct rule_number numbers[] = {
        NUMBER(HOMOGENEOUS, homogeneous, false, "personer i en rad som ska vara utanför en cell",
                "persons of a row who must be outside a cell"),
        NUMBER(REMAINDER, remainder, false, "personer kvar när en lämnare räknar bort sina egna",
                "persons left when one contributor takes its own away"),
        NUMBER(PART_MAX, part_max, true, "största del av en cell, procent",
                "largest part of a cell, per cent"),
        NUMBER(P, p_percent, false, "p-regeln, procent", "p rule, per cent"),
        NUMBER(INTERVAL, interval, false, "minsta intervall för ett skyddat antal, personer",
                "smallest interval of a protected count, persons"),
        NUMBER(CELLKEY, variance_permille, false, "brusets varians, promille",
                "variance of the noise, per mille"),
        NUMBER(CELLKEY, deviation, false, "det största bruset", "the largest noise"),
        NUMBER(CELLKEY, smallest, false, "minsta antal utom noll", "smallest count but zero"),
        NUMBER(ROUNDING, base, false, "vad antal avrundas till", "what counts are rounded to"),
        NUMBER(QUESTIONS_PER_DAY, questions_per_day, true,
                "frågor per dygn utanför planerade tabeller",
                "questions a day outside planned tables"),
};

/* A pair of data sets of one name. */
struct pair {
        const struct comparison *c;
        const struct policy_dataset *was, *is;
        const char *set;
};

static struct rule_place at(const struct pair *p, enum disclosure_key key)
{
        return p->is->disclosure_at[key];
}

static bool limit_weaker(uint32_t was, uint32_t is)
{
        return is == 0 || (was != 0 && is > was);
}

static void diff_numbers(const struct pair *p)
{
        for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
                const struct rule_number *n = &numbers[i];
                uint32_t was, is;

                memcpy(&was, (const uint8_t *)&p->was->disclosure + n->offset, sizeof was);
                memcpy(&is, (const uint8_t *)&p->is->disclosure + n->offset, sizeof is);
                if (was != is)
                        report_add(p->c->out,
                                diff_weigh(n->is_limit ? limit_weaker(was, is) : is < was),
                                at(p, n->key), "%s: %s: %u; förut: %u", "%s: %s: %u; before: %u",
                                p->set, p->c->out->lang == REPORT_SV ? n->sv : n->en, is, was);
        }
}

/* n and k, p and q -------------------------------------------------------------- */

static void diff_pairs(const struct pair *p)
{
        const struct disclosure_rules *a = &p->was->disclosure, *b = &p->is->disclosure;
        uint64_t ab = (uint64_t)a->pq_p * (b->pq_q > 0 ? b->pq_q : 1);
        uint64_t ba = (uint64_t)b->pq_p * (a->pq_q > 0 ? a->pq_q : 1);

        if (a->dominance_n != b->dominance_n || a->dominance_k != b->dominance_k)
                report_add(p->c->out,
                        diff_weigh(b->dominance_n < a->dominance_n ||
                                   (a->dominance_k != b->dominance_k &&
                                           limit_weaker(a->dominance_k, b->dominance_k))),
                        at(p, DISCLOSURE_KEY_DOMINANCE),
                        "%s: de %u största får ha %u %% av en summa; förut: %u och %u %%",
                        "%s: the %u largest may have %u %% of a sum; before: %u and %u %%", p->set,
                        b->dominance_n, b->dominance_k, a->dominance_n, a->dominance_k);
        if (a->pq_p != b->pq_p || a->pq_q != b->pq_q)
                report_add(p->c->out, ab == ba ? REPORT_CHANGED : diff_weigh(ba < ab),
                        at(p, DISCLOSURE_KEY_PQ), "%s: pq-regeln: %u av %u; förut: %u av %u",
                        "%s: pq rule: %u of %u; before: %u of %u", p->set, b->pq_p, b->pq_q,
                        a->pq_p, a->pq_q);
}

/* Words ------------------------------------------------------------------------- */

static void diff_switch(const struct pair *p, enum disclosure_key key, bool was, bool is,
        bool on_is_weaker, const char *const on[2], const char *const off[2])
{
        const char *const *words = is ? on : off;

        if (was != is)
                report_add(p->c->out, diff_weigh(is == on_is_weaker), at(p, key), "%s: %s",
                        "%s: %s", p->set, words[p->c->out->lang]);
}

static void diff_switches(const struct pair *p)
{
        static const char *const secondary_on[] = {"fler celler skyddas nu för andras skull",
                "further cells are now protected for the sake of others"};
        static const char *const secondary_off[] = {"ingen cell skyddas längre för en annans skull",
                "no cell is protected any longer for the sake of another"};
        static const char *const reasons_on[] = {
                "skyddade celler säger nu om det är för sin egen skull",
                "protected cells now tell whether it is for their own sake"};
        static const char *const reasons_off[] = {
                "skyddade celler säger inte längre varför", "protected cells no longer tell why"};
        static const char *const member_on[] = {"att finnas i datamängden är nu känsligt",
                "being in the data set is now sensitive"};
        static const char *const member_off[] = {"att finnas i datamängden är inte längre känsligt",
                "being in the data set is no longer sensitive"};
        const struct disclosure_rules *a = &p->was->disclosure, *b = &p->is->disclosure;

        diff_switch(p, DISCLOSURE_KEY_SECONDARY, a->secondary, b->secondary, false, secondary_on,
                secondary_off);
        diff_switch(p, DISCLOSURE_KEY_REASONS, a->reasons_public, b->reasons_public, true,
                reasons_on, reasons_off);
        diff_switch(p, DISCLOSURE_KEY_MEMBERSHIP, a->membership_sensitive, b->membership_sensitive,
                false, member_on, member_off);
}

/* Who is no longer heeded, and of whom fewer are enough. */
static void diff_contributors(const struct pair *p)
{
        const struct disclosure_rules *a = &p->was->disclosure, *b = &p->is->disclosure;
        bool weaker = (a->contributors & ~b->contributors) != 0,
             changed = a->contributors != b->contributors;

        for (unsigned c = 0; c < CONTRIBUTOR_COUNT; c++) {
                weaker = weaker || b->number[c] < a->number[c];
                changed = changed || a->number[c] != b->number[c];
        }
        if (changed)
                report_add(p->c->out, diff_weigh(weaker), at(p, DISCLOSURE_KEY_CONTRIBUTORS),
                        "%s: de som räknas med är %s; förut: %s",
                        "%s: those who are heeded are %s; before: %s", p->set,
                        disclosure_contributors(p->c->out, b),
                        disclosure_contributors(p->c->out, a));
}

static void diff_manner(const struct pair *p)
{
        const struct disclosure_rules *a = &p->was->disclosure, *b = &p->is->disclosure;
        struct report *r = p->c->out;

        if (a->answers != b->answers)
                report_add(r, diff_weigh(b->answers > a->answers), at(p, DISCLOSURE_KEY_ANSWERS),
                        "%s: %s; förut: %s", "%s: %s; before: %s", p->set,
                        disclosure_answers(r, b->answers), disclosure_answers(r, a->answers));
        if (a->perturbation != b->perturbation)
                report_add(r, diff_weigh(a->perturbation != PERTURB_NONE),
                        at(p, DISCLOSURE_KEY_PERTURBATION), "%s: störning av antal: %s; förut: %s",
                        "%s: perturbation of counts: %s; before: %s", p->set,
                        perturbation_name(b->perturbation), perturbation_name(a->perturbation));
        if (a->cost != b->cost)
                report_add(r, REPORT_CHANGED, at(p, DISCLOSURE_KEY_COST),
                        "%s: annat väljs när fler celler ska skyddas",
                        "%s: others are chosen when further cells are protected", p->set);
        if (!bytes_equal(a->preset, b->preset))
                report_add(r, REPORT_CHANGED, at(p, DISCLOSURE_KEY_PRESET),
                        "%s: förvalet är %s; förut: %s", "%s: the preset is %s; before: %s", p->set,
                        b->preset.len > 0 ? report_text(r, b->preset) : "–",
                        a->preset.len > 0 ? report_text(r, a->preset) : "–");
}

/* Planned tables ------------------------------------------------------------------ */

static bool same_axis(
        const struct pair *p, const struct lattice_axis *was, const struct lattice_axis *is)
{
        const struct variable *v = &p->was->variables[was->variable],
                              *w = &p->is->variables[is->variable];

        return bytes_equal(v->id, w->id) &&
               bytes_equal(bytes_of_text(report_level(p->c->out, v, was->level)),
                       bytes_of_text(report_level(p->c->out, w, is->level)));
}

static bool same_table(
        const struct pair *p, const struct lattice_table *was, const struct lattice_table *is)
{
        uint32_t same = 0;

        for (uint32_t i = 0; i < was->axes_len; i++)
                for (uint32_t j = 0; j < is->axes_len; j++)
                        same += same_axis(p, &was->axes[i], &is->axes[j]);
        return was->axes_len == is->axes_len && same == is->axes_len;
}

static bool is_planned(const struct pair *p, const struct lattice *in, bool in_old,
        const struct lattice_table *table)
{
        for (uint32_t i = 0; i < in->tables_len; i++)
                if (in_old ? same_table(p, &in->tables[i], table)
                           : same_table(p, table, &in->tables[i]))
                        return true;
        return false;
}

static bool has_measure(const struct lattice *in, const struct measure_ref *m)
{
        for (uint32_t i = 0; i < in->measures_len; i++)
                if (in->measures[i].kind == m->kind &&
                        bytes_equal(in->measures[i].variable, m->variable))
                        return true;
        return false;
}

static void diff_measures(const struct pair *p)
{
        const struct lattice *a = &p->was->lattice, *b = &p->is->lattice;
        struct report *r = p->c->out;

        for (uint32_t i = 0; i < b->measures_len; i++)
                if (!has_measure(a, &b->measures[i]))
                        report_add(r, REPORT_WEAKER, b->at,
                                "%s: planerade tabeller har nu %s av %s",
                                "%s: planned tables now have the %s of %s", p->set,
                                measure_kind_name(b->measures[i].kind),
                                report_text(r, b->measures[i].variable));
        for (uint32_t i = 0; i < a->measures_len; i++)
                if (!has_measure(b, &a->measures[i]))
                        report_add(r, REPORT_STRONGER, b->at,
                                "%s: planerade tabeller har inte längre %s av %s",
                                "%s: planned tables no longer have the %s of %s", p->set,
                                measure_kind_name(a->measures[i].kind),
                                report_text(r, a->measures[i].variable));
}

/* What is planned is answered to everybody, and protected as one; what no longer is goes the
 * way of other questions. */
static void diff_lattice(const struct pair *p)
{
        const struct lattice *a = &p->was->lattice, *b = &p->is->lattice;
        struct report *r = p->c->out;

        for (uint32_t i = 0; i < b->tables_len; i++)
                if (!is_planned(p, a, true, &b->tables[i]))
                        report_add(r, REPORT_WEAKER, b->at, "%s: ny planerad tabell: %s",
                                "%s: new planned table: %s", p->set,
                                lattice_table_text(r, p->is, &b->tables[i]));
        for (uint32_t i = 0; i < a->tables_len; i++)
                if (!is_planned(p, b, false, &a->tables[i]))
                        report_add(r,
                                p->is->disclosure.answers == ANSWERS_LATTICE ? REPORT_STRONGER
                                                                             : REPORT_CHANGED,
                                b->tables_len > 0 ? b->at : p->is->at.id,
                                "%s: tabellen planeras inte längre: %s",
                                "%s: the table is no longer planned: %s", p->set,
                                lattice_table_text(r, p->was, &a->tables[i]));
        if (a->tables_len > 0 && b->tables_len > 0 && a->by_year != b->by_year)
                report_add(r, diff_weigh(b->by_year), b->at,
                        b->by_year ? "%s: planerade tabeller delas nu upp per år"
                                   : "%s: planerade tabeller delas inte längre upp per år",
                        b->by_year ? "%s: planned tables are now told by year"
                                   : "%s: planned tables are no longer told by year",
                        p->set);
        if (a->tables_len > 0 && b->tables_len > 0)
                diff_measures(p);
}

static struct bytes provider_of(const struct policy_dataset *d)
{
        return d->provider_variable == UINT32_MAX ? bytes_of_text("–")
                                                  : d->variables[d->provider_variable].id;
}

void diff_disclosure(const struct comparison *c, const struct policy_dataset *was,
        const struct policy_dataset *is)
{
        const struct pair p = {c, was, is, report_text(c->out, is->id)};

        diff_manner(&p);
        diff_numbers(&p);
        diff_pairs(&p);
        diff_switches(&p);
        diff_contributors(&p);
        diff_lattice(&p);
        if (!bytes_equal(provider_of(was), provider_of(is)))
                report_add(c->out, diff_weigh(was->provider_variable != UINT32_MAX),
                        is->at.provider, "%s: utföraren sägs av %s; förut: %s",
                        "%s: the provider is told by %s; before: %s", p.set,
                        report_text(c->out, provider_of(is)),
                        report_text(c->out, provider_of(was)));
}
