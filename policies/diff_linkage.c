/* SPDX-License-Identifier: Apache-2.0 */
/* diff_linkage.c: what another bundle would change in who and what may meet: data sets and
 * their pairs, municipalities, purposes, time, and how far a family reaches. */
#include "policies/diff.h"

static void diff_named(const struct comparison *c, const struct policy_linkage *b,
        const struct bytes *was, uint32_t was_len, const struct bytes *is, uint32_t is_len)
{
        const char *id = report_text(c->out, b->rules->id);

        for (uint32_t i = 0; i < is_len; i++)
                if (!diff_holds(was, was_len, is[i]))
                        report_add(c->out, REPORT_WEAKER, b->at.id, "länkningen %s omfattar nu %s",
                                "the linkage %s now includes %s", id, report_text(c->out, is[i]));
        for (uint32_t i = 0; i < was_len; i++)
                if (!diff_holds(is, is_len, was[i]))
                        report_add(c->out, REPORT_STRONGER, b->at.id,
                                "länkningen %s omfattar inte längre %s",
                                "the linkage %s no longer includes %s", id,
                                report_text(c->out, was[i]));
}

static bool joins_in(const struct rules *r, const struct policy_linkage *l, municipality_t m)
{
        return rules_has_municipality(r, m) && rules_linkage_joins(l->rules, m);
}

/* Whose records `b` joins and `a` does not, of the municipalities of its bundle. */
static uint32_t joined_anew(const struct rules *of_a, const struct policy_linkage *a,
        const struct rules *of_b, const struct policy_linkage *b)
{
        uint32_t anew = 0;

        for (uint32_t i = 0; i < of_b->municipalities_len; i++)
                anew += joins_in(of_b, b, of_b->municipalities[i]) &&
                        !joins_in(of_a, a, of_b->municipalities[i]);
        return anew;
}

static void diff_reach(
        const struct comparison *c, const struct policy_linkage *a, const struct policy_linkage *b)
{
        const struct rules *before = &c->before->rules, *next = &c->next->rules;
        uint32_t joins = joined_anew(before, a, next, b), leaves = joined_anew(next, b, before, a);

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

static void diff_limit(const struct comparison *c, const struct policy_linkage *b, uint32_t was,
        uint32_t is, const char *sv, const char *en)
{
        const char *what = c->out->lang == REPORT_SV ? sv : en;

        if (was != is)
                report_add(c->out, diff_weigh(is > was), b->at.family,
                        "länkningen %s: familjer upp till %u %s; förut: %u",
                        "the linkage %s: families up to %u %s; before: %u",
                        report_text(c->out, b->rules->id), is, what, was);
}

static bool pair_of(const struct policy *p, const struct policy_linkage *l, struct bytes base,
        struct bytes other)
{
        const struct policy_dataset *x = policy_dataset_find(p, base),
                                    *y = policy_dataset_find(p, other);

        return x != NULL && y != NULL && policy_linkage_pairs(p, l, x, y);
}

/* Of data sets that both have: what one names no pairs of, all pairs are open in. Those of
 * a data set that is new or gone are told with it. */
static void diff_pairs(
        const struct comparison *c, const struct policy_linkage *a, const struct policy_linkage *b)
{
        const struct rules_linkage *x = a->rules, *y = b->rules;

        for (uint32_t i = 0; i < y->datasets_len; i++)
                for (uint32_t k = 0; k < y->datasets_len; k++) {
                        struct bytes base = y->datasets[i], other = y->datasets[k];
                        bool was, is;

                        if (!diff_holds(x->datasets, x->datasets_len, base) ||
                                !diff_holds(x->datasets, x->datasets_len, other))
                                continue;
                        was = pair_of(c->before, a, base, other);
                        is = pair_of(c->next, b, base, other);
                        if (was != is)
                                report_add(c->out, diff_weigh(is), b->at.pairs,
                                        is ? "länkningen %s: från %s får man nu se på %s"
                                           : "länkningen %s: från %s får man inte längre se på %s",
                                        is ? "the linkage %s: from %s one may now look at %s"
                                           : "the linkage %s: from %s one may no longer look at %s",
                                        report_text(c->out, y->id), report_text(c->out, base),
                                        report_text(c->out, other));
                }
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
                report_add(c->out, diff_weigh(y->until_days > x->until_days), b->at.until,
                        "länkningen %s gäller till och med %s; förut: %s",
                        "the linkage %s is valid until %s; before: %s", id,
                        report_date(c->out, y->until_days), report_date(c->out, x->until_days));
        if (x->from_days != y->from_days)
                report_add(c->out, diff_weigh(y->from_days < x->from_days), b->at.until,
                        "länkningen %s gäller från %s; förut: %s",
                        "the linkage %s is valid from %s; before: %s", id,
                        report_date(c->out, y->from_days), report_date(c->out, x->from_days));
        if (x->family != y->family)
                report_add(c->out, diff_weigh(y->family), b->at.id,
                        y->family ? "länkningen %s för nu samman familjer"
                                  : "länkningen %s för inte längre samman familjer",
                        y->family ? "the linkage %s now joins families"
                                  : "the linkage %s no longer joins families",
                        id);
        if (x->family && y->family) {
                diff_limit(c, b, a->family.children_max, b->family.children_max,
                        "barn till en vårdnadshavare", "children of one guardian");
                diff_limit(c, b, a->family.persons_max, b->family.persons_max,
                        "personer i en kedja av vårdnadshavare",
                        "persons in one chain of guardians");
                diff_limit(c, b, a->family.holds_days, b->family.holds_days,
                        "dagar som en vårdnad räknas", "days for which a guardian counts");
        }
        diff_pairs(c, a, b);
        if (!bytes_equal(a->legal_basis, b->legal_basis))
                report_add(c->out, REPORT_CHANGED, b->at.id,
                        "länkningen %s: rättslig grund är nu %s",
                        "the linkage %s: the legal basis is now %s", id,
                        report_text(c->out, b->legal_basis));
}

void diff_linkages(const struct comparison *c)
{
        for (uint32_t i = 0; i < c->next->linkages_len; i++) {
                const struct policy_linkage *is = &c->next->linkages[i];
                const struct policy_linkage *was = policy_linkage_find(c->before, is->rules->id);

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
                if (policy_linkage_find(c->next, c->before->linkages[i].rules->id) == NULL)
                        report_add(c->out, REPORT_STRONGER, c->next->head_at,
                                "länkningen %s dras in", "the linkage %s is withdrawn",
                                report_text(c->out, c->before->linkages[i].rules->id));
}
