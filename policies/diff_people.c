/* SPDX-License-Identifier: Apache-2.0 */
/* diff_people.c: what another bundle would change in who is let in, and in the indicators
 * that everybody is measured by.
 *
 * Patterns over certificates are weighed with care: the first that fits decides, so a
 * pattern that is taken away can let somebody fall to a wider one below it, and the same
 * patterns in another order can mean something else. Both count as weaker. */
#include <stdlib.h>

#include "policies/diff.h"

/* Principals -------------------------------------------------------------- */

static const struct policy_principal *pattern_find(const struct policy *p, struct bytes match)
{
        for (uint32_t i = 0; i < p->principals_len; i++)
                if (bytes_equal(p->principals[i].match, match))
                        return &p->principals[i];
        return NULL;
}

/* What a pattern may: all, or those that are named. */
struct grant {
        bool all;
        const struct bytes *names;
        uint32_t len;
        const char *sv, *en; /* of all */
};

static const char *grant_text(struct report *r, const struct grant *g)
{
        if (g->all)
                return r->lang == REPORT_SV ? g->sv : g->en;
        return report_names(r, g->names, g->len);
}

/* Whether `b` gives something that `a` does not. */
static bool grants_more(const struct grant *a, const struct grant *b)
{
        if (a->all || b->all)
                return b->all && !a->all;
        for (uint32_t i = 0; i < b->len; i++)
                if (!diff_holds(a->names, a->len, b->names[i]))
                        return true;
        return false;
}

static void diff_grant(const struct comparison *c, const struct policy_principal *b,
        const struct grant *was, const struct grant *is)
{
        bool more = grants_more(was, is);

        if (more || grants_more(is, was))
                report_add(c->out, diff_weigh(more), b->at, "%s får nu fråga: %s; förut: %s",
                        "%s may now ask: %s; before: %s", report_text(c->out, b->match),
                        grant_text(c->out, is), grant_text(c->out, was));
}

static struct grant datasets_of(const struct policy_principal *p)
{
        return (struct grant){
                p->all_datasets, p->datasets, p->datasets_len, "alla datamängder", "all data sets"};
}

static struct grant purposes_of(const struct policy_principal *p)
{
        return (struct grant){
                p->all_purposes, p->purposes, p->purposes_len, "alla ändamål", "all purposes"};
}

/* No limit is more than any. */
static uint64_t questions_of(const struct policy_principal *p)
{
        return p->questions_per_day > 0 ? p->questions_per_day : UINT64_MAX;
}

static void diff_principal(const struct comparison *c, const struct policy_principal *a,
        const struct policy_principal *b)
{
        struct grant was = datasets_of(a), is = datasets_of(b);
        const char *match = report_text(c->out, b->match);

        diff_grant(c, b, &was, &is);
        was = purposes_of(a);
        is = purposes_of(b);
        diff_grant(c, b, &was, &is);
        if (a->questions_per_day != b->questions_per_day)
                report_add(c->out, diff_weigh(questions_of(b) > questions_of(a)), b->at,
                        "%s: frågor om dagen nu %u, förut %u (0: ingen gräns)",
                        "%s: questions a day now %u, before %u (0: no limit)", match,
                        b->questions_per_day, a->questions_per_day);
        if (!bytes_equal(a->legal_basis, b->legal_basis))
                report_add(c->out, REPORT_CHANGED, b->at, "%s: rättslig grund är nu %s",
                        "%s: the legal basis is now %s", match,
                        report_text(c->out, b->legal_basis));
}

/* Whether those that both have stand in another order. */
static bool reordered(const struct policy *a, const struct policy *b)
{
        const struct policy_principal *last = NULL;

        for (uint32_t i = 0; i < b->principals_len; i++) {
                const struct policy_principal *was = pattern_find(a, b->principals[i].match);

                if (was == NULL)
                        continue;
                if (last != NULL && was < last)
                        return true;
                last = was;
        }
        return false;
}

static void diff_gone(const struct comparison *c, const struct policy_principal *a)
{
        /* A star is a byte that only stars fit, so a pattern can be asked for like a name. */
        const struct policy_principal *heir = policy_principal_find(c->next, a->match);

        if (heir != NULL)
                report_add(c->out, REPORT_WEAKER, heir->at,
                        "mönstret %s tas bort: de som det släppte in gäller nu %s",
                        "the pattern %s goes: whom it let in now come under %s",
                        report_text(c->out, a->match), report_text(c->out, heir->match));
        else
                report_add(c->out, REPORT_STRONGER, c->next->head_at, "%s släpps inte längre in",
                        "%s are no longer let in", report_text(c->out, a->match));
}

void diff_principals(const struct comparison *c)
{
        const struct policy *a = c->before, *b = c->next;

        for (uint32_t i = 0; i < b->principals_len; i++) {
                const struct policy_principal *is = &b->principals[i];
                const struct policy_principal *was = pattern_find(a, is->match);

                if (was != NULL)
                        diff_principal(c, was, is);
                else
                        report_add(c->out, REPORT_WEAKER, is->at, "%s släpps nu in som %s",
                                "%s are now let in as %s", report_text(c->out, is->match),
                                report_roles(c->out, 1u << is->role));
        }
        for (uint32_t i = 0; i < a->principals_len; i++)
                if (pattern_find(b, a->principals[i].match) == NULL)
                        diff_gone(c, &a->principals[i]);
        if (reordered(a, b))
                report_add(c->out, REPORT_WEAKER, b->head_at,
                        "mönstren för certifikat står i annan ordning, och det första som passar "
                        "gäller",
                        "the patterns of certificates stand in another order, and the first that "
                        "fits decides");
}

/* Indicators -------------------------------------------------------------- */

static const struct indicator *indicator_find(
        const struct policy *p, struct bytes id, uint32_t version)
{
        for (uint32_t i = 0; i < p->indicators_len; i++)
                if (p->indicators[i].version == version && bytes_equal(p->indicators[i].id, id))
                        return &p->indicators[i];
        return NULL;
}

static const char *target_text(struct report *r, const struct indicator *x)
{
        const char *text;
        long long scale = 1;

        if (!x->has_target)
                return r->lang == REPORT_SV ? "inget" : "none";
        for (uint32_t i = 0; i < x->decimals; i++)
                scale *= 10;
        text = x->decimals == 0 ? arena_printf(r->arena, "%lld", (long long)x->target)
                                : arena_printf(r->arena, "%s%lld.%0*lld", x->target < 0 ? "-" : "",
                                          llabs(x->target) / scale, (int)x->decimals,
                                          llabs(x->target) % scale);
        return text == NULL ? "" : text;
}

static bool lower_floor(const struct disclosure_rules *a, const struct disclosure_rules *b)
{
        return b->threshold < a->threshold || b->numerator < a->numerator ||
               b->denominator < a->denominator || b->complement < a->complement ||
               b->families < a->families || (b->zeros_published && !a->zeros_published) ||
               b->homogeneous < a->homogeneous || b->interval < a->interval ||
               (a->secondary && !b->secondary) || b->answers > a->answers;
}

static void diff_indicator(
        const struct comparison *c, const struct indicator *a, const struct indicator *b)
{
        const char *id = report_text(c->out, b->id);

        if (a->has_target != b->has_target || a->target != b->target || a->decimals != b->decimals)
                report_add(c->out, REPORT_CHANGED, b->at,
                        "indikatorn %s: målet är nu %s; förut: %s",
                        "the indicator %s: the target is now %s; before: %s", id,
                        target_text(c->out, b), target_text(c->out, a));
        if (lower_floor(&a->floor, &b->floor))
                report_add(c->out, REPORT_WEAKER, b->at, "indikatorn %s: lägre krav på antal",
                        "the indicator %s: lower minimums of its own", id);
        else if (lower_floor(&b->floor, &a->floor))
                report_add(c->out, REPORT_STRONGER, b->at, "indikatorn %s: högre krav på antal",
                        "the indicator %s: higher minimums of its own", id);
        if (!digest_equal(&a->digest, &b->digest))
                report_add(c->out, REPORT_CHANGED, b->at,
                        "indikatorn %s: definitionen är en annan under samma version %u",
                        "the indicator %s: another definition under the same version %u", id,
                        b->version);
}

/* An indicator asks nothing that could not be asked without it. */
void diff_indicators(const struct comparison *c)
{
        const struct policy *a = c->before, *b = c->next;

        for (uint32_t i = 0; i < b->indicators_len; i++) {
                const struct indicator *is = &b->indicators[i];
                const struct indicator *was = indicator_find(a, is->id, is->version);

                if (was != NULL)
                        diff_indicator(c, was, is);
                else
                        report_add(c->out, REPORT_CHANGED, is->at,
                                "ny indikator %s, version %u: %s; mål: %s",
                                "new indicator %s, version %u: %s; target: %s",
                                report_text(c->out, is->id), is->version,
                                report_label(c->out, is->label), target_text(c->out, is));
        }
        for (uint32_t i = 0; i < a->indicators_len; i++)
                if (indicator_find(b, a->indicators[i].id, a->indicators[i].version) == NULL)
                        report_add(c->out, REPORT_CHANGED, b->head_at,
                                a->indicators[i].is_contract
                                        ? "indikatorn %s, version %u, tas bort: den mätte ett "
                                          "utfallskontrakt"
                                        : "indikatorn %s, version %u, tas bort",
                                a->indicators[i].is_contract
                                        ? "the indicator %s, version %u, goes: it measured an "
                                          "outcome contract"
                                        : "the indicator %s, version %u, goes",
                                report_text(c->out, a->indicators[i].id), a->indicators[i].version);
}
