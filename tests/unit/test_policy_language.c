/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy_language.c: what a bundle says of several data sets at once: which records may
 * be looked at from which, how far a family reaches, who is let in, how long records stay,
 * and divisions as they were on a day.
 *
 * Each fault is told where it stands; each sentence that loads means what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "policies/policy.h"
#include "policies/report.h"
#include "tests/support/broken_bundle.h"
#include "tests/support/language_bundle.h"

#define B(t) bytes_of_text(t)

static char folder[] = "/tmp/statgate-language-XXXXXX";
static struct small_bundle bundle = {folder, language_files, LANGUAGE_FILES};

#define PRINCIPAL(match, rest) "  - {match: " match ", role: statistician" rest "\n"
#define FIRST                                                                                      \
        PRINCIPAL("statgate://demo/statistician/anna",                                             \
                ", datasets: [b], purposes: [statistik], questions_per_day: 10, legal_basis: "     \
                "lag}")

static const struct bundle_fault faults[] = {
        /* linkages */
        {"linkages.yaml", "[b, c]]", "[b, @@d]]", "no data set of this name"},
        {"linkages.yaml", "[b, c]]", "@@[b]]", "a pair is"},
        {"linkages.yaml", "[b, c]]", "@@b]", "a pair is"},
        {"linkages.yaml", "[b, c]]", "@@[b, b], [b, c]]", "always meet"},
        {"linkages.yaml", "[b, c]]", "[b, c], @@[a, b]]", "named twice"},
        {"linkages.yaml", "[[a, b], [b, c]]", "@@[[a, b]]", "`c` is in no pair"},
        {"linkages.yaml", "[[a, b], [b, c]]", "@@[]", "at least one"},
        {"linkages.yaml", "pairs:", "@@pair:", "did you mean `pairs`?"},
        {"linkages.yaml", "datasets: [a, b, c]", "datasets: [a, b, c, @@d]", "no data set of rec"},
        {"linkages.yaml", "children_max: 7", "children_max: @@0", "between 1 and"},
        {"linkages.yaml", "children_max: 7", "children_max: @@101", "between 1 and"},
        {"linkages.yaml", "children_max: 7", "@@childrenmax: 7", "did you mean `children_max`?"},
        {"linkages.yaml", "family: {children_max: 7, holds_days: 400}", "family: @@maybe", "yes"},
        {"linkages.yaml", "    family: yes\n", "", NULL},
        /* codes over the years */
        {"kommun.yaml", "from: 2011-01-01", "@@from: 2010-12-31", "two parents overlap"},
        {"kommun.yaml", "from: 2011-01-01", "@@from: 2011-01-02", "days without a parent"},
        {"kommun.yaml", "{parent: \"19\", until: 2010-12-31}", "@@{parent: \"19\"}",
                "`until` is missing"},
        {"kommun.yaml", "{parent: \"03\", from: 2011-01-01}", "@@{parent: \"03\"}",
                "`from` is missing"},
        {"kommun.yaml", "{parent: \"03\", from: 2011-01-01}",
                "{parent: @@\"04\", from: 2011-01-01}", "no parent of this code"},
        {"kommun.yaml", "{parent: \"03\", from", "@@{parent: \"99\", from", "not in use"},
        {"kommun.yaml", "\"0180\", label: Stad, parent: \"01\"",
                "\"0180\", label: Stad, parent: @@\"99\"", "not in use"},
        {"kommun.yaml", "        parents:\n", "        @@parent: \"03\"\n        parents:\n",
                "cannot stand beside"},
        {"kommun.yaml",
                "          - {parent: \"19\", until: 2010-12-31}\n"
                "          - {parent: \"03\", from: 2011-01-01}\n",
                "          @@- {parent: \"03\"}\n", "2 to"},
        {"kommun.yaml", "label: Flytt\n", "label: Flytt\n        valid_from: 2011-06-01\n", NULL},
        {"kommun.yaml", "Stadens län}", "Stadens län, @@parents: []}", "coarsest"},
        {"kommun.yaml", "[\"0331\"], history", "[@@\"0332\"], history", "no code of this name"},
        {"kommun.yaml", "[\"0331\"], history", "@@[], history", "1 to"},
        {"kommun.yaml", "[\"0180\", \"0331\"]", "[\"0180\", @@\"0180\"]", "named twice"},
        {"kommun.yaml", "2006-12-31, became", "2005-12-31, became", "on the day after"},
        {"kommun.yaml", "valid_until: 2020-12-31, became", "@@became", "`valid_until` is missing"},
        {"kommun.yaml", "\"0180\", label: Stad", "\"0180\", @@history: yes, label: Stad",
                "`valid_until` is missing"},
        /* Two that became each other: the one that ends first cannot be what comes after. */
        {"kommun.yaml",
                "      - {code: \"1918\", label: Delad, parent: \"19\", valid_until: "
                "2020-12-31, became: [\"0180\", \"0331\"]}\n",
                "      - {code: \"1918\", label: X, parent: \"19\", valid_until: 2020-12-31, "
                "became: [\"1919\"]}\n"
                "      - {code: \"1919\", label: Y, parent: \"19\", valid_until: 2021-12-31, "
                "became: [@@\"1918\"]}\n",
                "on the day after"},
        {"kommun.yaml", "became: [\"0180\", \"0331\"]", "became: [@@\"1918\"]", "on the day after"},
        {"kommun.yaml", "- {code: \"0331\", label: Heby,", "- @@{code: \"0180\", label: Heby,",
                "stands twice"},
        /* principals */
        {"bundle.yaml", "principals:", "@@principal:", "did you mean `principals`?"},
        {"bundle.yaml", "statistician/anna, ", "statistician/anna, @@name: x, ", "not a known key"},
        {"bundle.yaml", "match: statgate://demo/statistician/anna",
                "match: @@statgate://prov/statistician/anna", "a pattern is"},
        {"bundle.yaml", "match: statgate://demo/statistician/anna",
                "match: @@statgate://demo/*/anna", "a pattern is"},
        {"bundle.yaml", "match: statgate://demo/statistician/anna",
                "match: @@statgate://demo/dpo/anna", "a pattern is"},
        {"bundle.yaml", "match: statgate://demo/statistician/anna",
                "match: @@statgate://demo/statistician/a/b/c", "a pattern is"},
        {"bundle.yaml", "match: statgate://demo/statistician/anna",
                "match: @@statgate://demo/statistician/a%41", "a pattern is"},
        {"bundle.yaml", "match: statgate://demo/statistician/anna",
                "match: @@statgate://demo/statistician/", "a pattern is"},
        {"bundle.yaml", "match: statgate://demo/statistician/v*d-*",
                "match: @@statgate://demo/statistician/anna", "stands above"},
        {"bundle.yaml", "datasets: [b]", "datasets: [@@e]", "no data set"},
        {"bundle.yaml", "purposes: [statistik], questions", "purposes: [@@statistk], questions",
                "did you mean `statistik`?"},
        {"bundle.yaml", "datasets: [b], ", "", NULL},
        {"bundle.yaml", "questions_per_day: 10, legal_basis: lag", "questions_per_day: 10", NULL},
        {"bundle.yaml", "questions_per_day: 10", "questions_per_day: @@0", "between 1 and"},
        {"bundle.yaml", "role: municipality, legal", "role: municipality, @@datasets: all, legal",
                "not a known key"},
        /* data sets */
        {"a.yaml", "retention: {years: 5}\n", "", NULL},
        {"a.yaml", "{years: 5}", "{years: @@0}", "between 1 and"},
        {"a.yaml", "{years: 5}", "{@@year: 5}", "did you mean `years`?"},
        {"a.yaml", "until: slut}", "until: @@kommun}", "a date"},
        {"a.yaml", "until: slut}", "until: @@mitt}", "does not say"},
        {"a.yaml", "from: start, until: slut}", "from: @@slut, until: start}", "every record"},
        {"a.yaml", "from: start, until: slut}", "from: start}", NULL},
        {"a.yaml", "zeros: protect}", "zeros: protect, numerator: @@4}", "below the threshold"},
        {"a.yaml", "zeros: protect}", "zeros: protect, families: @@1}", "between 2 and"},
        {"a.yaml", "zeros: protect}", "zeros: protect, @@nominator: 5}", "mean `denominator`?"},
        {"a.yaml", "controller: a", "controller: @@\"\"", "empty"},
        {"a.yaml", "legal_basis: lag\n", "legal_basis: @@\"\"\n", "empty"},
        {"a.yaml", "safeguards: f}", "safeguards: @@\" \"}", "empty"},
        {"bundle.yaml", "label: Annat, legal_basis: lag", "label: Annat, legal_basis: @@\"\"",
                "empty"},
        {"linkages.yaml", "legal_basis: lag", "legal_basis: @@\"\"", "empty"},
        /* delivery status */
        {"d.yaml", "kind: deliveries", "kind: @@delivery", "`deliveries`?"},
        {"d.yaml", "retention: {years: 10}\n", "retention: {years: 10}\n@@person: none\n",
                "not a known key"},
        {"d.yaml", "id: poster", "id: @@rader", "here stands `poster`"},
        {"d.yaml", "type: boolean, role: sensitive", "type: boolean, role: identifying",
                "`levererad` is a boolean, sensitive"},
        {"d.yaml", "  - {id: saknade, label: X, type: integer, role: measure, min: 0, max: 9}\n",
                "", "8 variables"},
};

static void each_fault_is_told_where_it_stands(void **state)
{
        (void)state;
        assert_int_equal(small_bundle_faults(&bundle, faults, ARRAY_LEN(faults)), 0);
}

static struct policy *loaded(void)
{
        struct policy *p = NULL;
        struct refusal why;

        small_bundle_write(&bundle);
        if (small_bundle_load(&bundle, &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return p;
}

static struct policy *edited(const char *file, const char *find, const char *replace)
{
        struct policy *p = NULL;
        struct refusal why;
        char place[64], marked[1024];

        small_bundle_write(&bundle);
        (void)snprintf(marked, sizeof marked, "@@%s", replace);
        small_bundle_write_broken(&bundle, file, find, marked, place, sizeof place);
        if (small_bundle_load(&bundle, &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return p;
}

/* Linkages ---------------------------------------------------------------- */

static int64_t on(int year)
{
        return (int64_t)days_from_civil((struct civil){year, 5, 4}) * 86400000;
}

static void expect_linkage(const struct policy *p, const char *base, const char *others,
        const char *purpose, bool family, int year, const char *want)
{
        const struct policy_dataset *sets[8];
        const struct policy_linkage *l;
        uint32_t len = 0;

        for (const char *c = others; *c != '\0'; c++)
                sets[len++] = policy_dataset_find(p, bytes_of(c, 1));
        l = policy_linkage_narrowest(
                p, policy_dataset_find(p, B(base)), sets, len, B(purpose), family, on(year));
        if ((l == NULL) != (want == NULL) || (l != NULL && !bytes_is_text(l->rules->id, want)))
                fail_msg("%s %s %s %d %d: not %s", base, others, purpose, family, year,
                        want != NULL ? want : "none");
}

static void the_narrowest_linkage_that_holds_every_pair_answers(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded();

        (void)state;
        /* Nothing beside the base: the data set's own, or none. */
        expect_linkage(p, "a", "", "statistik", false, 2026, "alla");
        expect_linkage(p, "a", "", "statistik", false, 2031, NULL);
        expect_linkage(p, "a", "", "annat", false, 2026, NULL);
        expect_linkage(p, "d", "", "statistik", false, 2026, NULL);
        /* Fewest data sets, then by id; only today's. */
        expect_linkage(p, "a", "c", "statistik", false, 2026, "baa");
        expect_linkage(p, "a", "cc", "statistik", false, 2027, "tva");
        expect_linkage(p, "a", "c", "annat", false, 2027, "tva");
        expect_linkage(p, "a", "a", "statistik", false, 2026, "baa");
        /* Families only where the linkage follows guardians. */
        expect_linkage(p, "a", "", "statistik", true, 2026, "baa");
        expect_linkage(p, "a", "", "statistik", true, 2028, "alla");
        expect_linkage(p, "a", "c", "annat", true, 2026, NULL);
        /* Pairs have a direction, and all are needed. */
        expect_linkage(p, "a", "b", "statistik", false, 2026, "alla");
        expect_linkage(p, "b", "a", "statistik", false, 2026, NULL);
        expect_linkage(p, "b", "c", "statistik", false, 2026, "alla");
        expect_linkage(p, "a", "bc", "statistik", false, 2026, NULL);
        expect_linkage(p, "b", "bbb", "statistik", false, 2026, "alla");
}

static void family_limits_are_as_said_or_usual(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded();
        const struct policy_linkage *said = policy_linkage_find(p, B("alla"));
        const struct policy_linkage *usual = policy_linkage_find(p, B("baa"));

        (void)state;
        assert_true(said->rules->family && usual->rules->family);
        assert_int_equal(said->family.children_max, 7);
        assert_int_equal(said->family.persons_max, 60);
        assert_int_equal(said->family.holds_days, 400);
        assert_int_equal(usual->family.children_max, 15);
        assert_int_equal(usual->family.persons_max, 60);
        assert_int_equal(usual->family.holds_days, 1826);
        assert_int_equal(policy_linkage_find(p, B("tva"))->family.children_max, 0);
        assert_null(policy_linkage_find(p, B("ingen")));
}

/* Divisions --------------------------------------------------------------- */

static const struct {
        const char *code;
        uint32_t level;
        struct civil day;
        const char *is;
} divisions[] = {
        {"0180", 1, {1900, 1, 1}, "01"},
        {"0180", 0, {2020, 1, 1}, "0180"},
        {"0500", 1, {2010, 12, 31}, "19"},
        {"0500", 1, {2011, 1, 1}, "03"},
        {"0500", 1, {1900, 1, 1}, "19"},
        {"0500", 1, {2099, 1, 1}, "03"},
        {"1917", 0, {2006, 12, 31}, "1917"},
        {"1917", 0, {2007, 1, 1}, "0331"},
        {"1917", 1, {2006, 12, 31}, "19"},
        {"1917", 1, {2007, 1, 1}, "03"},
        {"0331", 0, {2000, 1, 1}, "0331"},
        {"0331", 1, {2000, 1, 1}, "03"},
        {"1918", 0, {2021, 1, 1}, "1918"},
        {"1918", 1, {2021, 1, 1}, "19"},
};

static void a_code_belongs_to_what_it_belonged_to_on_the_day(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded();
        const struct code_list *list = policy_municipalities(p);

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(divisions); i++) {
                int32_t code = code_find(list, B(divisions[i].code));
                uint32_t up = code_ancestor_at(list, (uint32_t)code, divisions[i].level,
                        days_from_civil(divisions[i].day));

                if (!bytes_is_text(
                            list->levels[divisions[i].level].codes[up].code, divisions[i].is))
                        fail_msg("case %zu: %s", i, divisions[i].code);
        }
        /* Without a day: as it is. */
        assert_int_equal(code_ancestor(list, (uint32_t)code_find(list, B("0500")), 1), 1);
}

static void who_is_history_is_not_waited_for(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded();
        const struct code_list *list = policy_municipalities(p);
        uint32_t old = (uint32_t)code_find(list, B("1917")),
                 split = (uint32_t)code_find(list, B("1918")),
                 city = (uint32_t)code_find(list, B("0180"));
        struct period year = {.first = days_from_civil((struct civil){2020, 1, 1}),
                .last = days_from_civil((struct civil){2020, 12, 31})};

        (void)state;
        assert_int_equal(policy_rules(p)->municipalities_len, 4);
        assert_false(rules_has_municipality(policy_rules(p), 1917));
        assert_true(rules_has_municipality(policy_rules(p), 1918));
        assert_true(policy_expects(p, city, year));
        assert_true(policy_expects(p, split, year));
        assert_false(policy_expects(p, old, year));
        assert_true(code_in_use(list, 0, split, year.last));
        assert_false(code_in_use(list, 0, split, year.last + 1));
        year.first += 366;
        year.last += 365;
        assert_false(policy_expects(p, split, year));
        year.first = year.last = days_from_civil((struct civil){2000, 1, 1});
        assert_false(policy_expects(p, old, year));
        assert_false(policy_expects(p, (uint32_t)code_find(list, B("0331")), year));
}

/* Principals -------------------------------------------------------------- */

static const struct {
        const char *uri;
        int pattern; /* -1: none */
} names[] = {
        {"statgate://demo/statistician/anna", 0},
        {"statgate://demo/statistician/annab", -1},
        {"statgate://demo/statistician/ann", -1},
        {"statgate://demo/statistician/anna/x", -1},
        {"statgate://demo/statistician/vard-3", 1},
        {"statgate://demo/statistician/vd-", 1},
        {"statgate://demo/statistician/vadad-d-x", 1},
        {"statgate://demo/statistician/vad", -1},
        {"statgate://demo/statistician/v/d-x", -1},
        {"statgate://demo/statistician/vard-3/y", -1},
        {"statgate://demo/dpo/vard-3", -1},
        {"statgate://demo/municipality/0180", -1},
        {"statgate://demo/municipality/0180/system", 2},
        {"statgate://demo/municipality/0180/a/b", -1},
        {"statgate://prov/statistician/anna", -1},
        {"xstatgate://demo/statistician/anna", -1},
        {"", -1},
};

static void only_whom_a_pattern_fits_is_let_in(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded();
        uint32_t len = 0;
        const struct policy_principal *all = policy_principals(p, &len);

        (void)state;
        assert_int_equal(len, 3);
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                const struct policy_principal *got = policy_principal_find(p, B(names[i].uri));

                if (got != (names[i].pattern < 0 ? NULL : &all[names[i].pattern]))
                        fail_msg("%s", names[i].uri);
        }
        assert_true(policy_principal_asks(&all[0], B("b")));
        assert_false(policy_principal_asks(&all[0], B("a")));
        assert_true(policy_principal_asks(&all[1], B("a")));
        assert_true(policy_principal_serves(&all[0], B("statistik")));
        assert_false(policy_principal_serves(&all[0], B("annat")));
        assert_int_equal(all[0].questions_per_day, 10);
        assert_int_equal(all[1].questions_per_day, 0);
        assert_int_equal(all[2].role, ROLE_MUNICIPALITY);
}

static void the_first_pattern_that_fits_decides(void **state)
{
        OWNED(policy_unref)
        struct policy *p = edited("bundle.yaml", "statistician/v*d-*", "statistician/*");
        uint32_t len = 0;
        const struct policy_principal *all = policy_principals(p, &len);

        (void)state;
        assert_ptr_equal(policy_principal_find(p, B("statgate://demo/statistician/anna")), &all[0]);
        assert_ptr_equal(policy_principal_find(p, B("statgate://demo/statistician/bo")), &all[1]);
}

/* Data sets --------------------------------------------------------------- */

static void what_lasts_and_what_is_delivered_is_said(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded();
        const struct policy_dataset *a = policy_dataset_find(p, B("a")),
                                    *b = policy_dataset_find(p, B("b")),
                                    *d = policy_dataset_find(p, B("d"));

        (void)state;
        assert_int_equal(a->episode_from, variable_find(a, B("start")));
        assert_int_equal(a->episode_until, variable_find(a, B("slut")));
        assert_int_equal(b->episode_from, UINT32_MAX);
        assert_int_equal(a->retention_years, 5);
        assert_int_equal(a->kind, DATASET_RECORDS);
        assert_int_equal(d->kind, DATASET_DELIVERIES);
        assert_null(d->linkage);
        assert_int_equal(d->deliver_roles, 0);
        assert_int_equal(d->order_variable, variable_find(d, B("period")));
        assert_int_equal(d->episode_from, UINT32_MAX);
        assert_int_equal(d->rules->person, PERSON_USE_NONE);
}

/* Differences and successors ---------------------------------------------- */

static const struct {
        const char *file, *find, *replace;
        enum report_mark mark;      /* of the change; its reverse is told the other way round */
        const char *says, *evolves; /* NULL: nothing forbids it */
} changes[] = {
        {"linkages.yaml", "[[a, b], [b, c]]", "[[a, b], [b, c], [c, a]]", REPORT_WEAKER,
                "from c one may now look at a", NULL},
        {"linkages.yaml", "    pairs: [[a, b], [b, c]]\n", "", REPORT_WEAKER,
                "from b one may now look at a", NULL},
        {"linkages.yaml", "children_max: 7", "children_max: 8", REPORT_WEAKER,
                "families up to 8 children of one guardian; before: 7", NULL},
        {"linkages.yaml", "holds_days: 400", "holds_days: 30", REPORT_STRONGER,
                "families up to 30 days", NULL},
        {"a.yaml", "purposes: [statistik]}", "purposes: [statistik], dimensions_max: 1}",
                REPORT_STRONGER, "at most 1 breakdowns in one question", NULL},
        {"a.yaml", "{years: 5}", "{years: 6}", REPORT_WEAKER, "erased 6 years after", NULL},
        {"a.yaml", "zeros: protect}", "zeros: protect, denominator: 21}", REPORT_STRONGER,
                "at least 21 persons in the denominator of a share; before: 5", NULL},
        {"a.yaml", "zeros: protect}", "zeros: protect, families: 3}", REPORT_STRONGER,
                "at least 3 families", NULL},
        {"b.yaml", "date_order:", "episode: {from: start, until: slut}\ndate_order:",
                REPORT_CHANGED, "b now lasts from start until slut", NULL},
        {"a.yaml", "episode: {from: start, until: slut}\n", "", REPORT_CHANGED, "now lasts",
                "between other dates"},
        {"bundle.yaml", "questions_per_day: 10", "questions_per_day: 20", REPORT_WEAKER,
                "questions a day now 20", NULL},
        {"bundle.yaml", ", questions_per_day: 10", "", REPORT_WEAKER, "questions a day now 0",
                NULL},
        {"bundle.yaml", "datasets: [b]", "datasets: [b, c]", REPORT_WEAKER,
                "may now ask: b, c; before: b", NULL},
        {"bundle.yaml", "datasets: [b]", "datasets: all", REPORT_WEAKER,
                "may now ask: all data sets; before: b", NULL},
        {"bundle.yaml", "principals:\n",
                "principals:\n  - {match: statgate://demo/operator/*, role: operator, "
                "legal_basis: lag}\n",
                REPORT_WEAKER, "statgate://demo/operator/* are now let in as operators", NULL},
        {"kommun.yaml", "{code: \"0180\", label: Stad, parent: \"01\"}",
                "{code: \"0180\", label: Stad, parents: [{parent: \"01\", until: 2026-12-31}, "
                "{parent: \"03\", from: 2027-01-01}]}",
                REPORT_CHANGED, "0180 belongs to 03 from 2027-01-01", NULL},
        {"kommun.yaml", "parent: \"01\"}", "parent: \"03\"}", REPORT_NOTE, NULL, "another parent"},
        {"kommun.yaml",
                "          - {parent: \"19\", until: 2010-12-31}\n"
                "          - {parent: \"03\", from: 2011-01-01}\n",
                "          - {parent: \"19\", until: 2011-12-31}\n"
                "          - {parent: \"03\", from: 2012-01-01}\n",
                REPORT_NOTE, NULL, "another parent"},
        {"kommun.yaml", "became: [\"0180\", \"0331\"]", "became: [\"0180\"]", REPORT_CHANGED,
                "1918 became 0180", "told otherwise"},
        {"kommun.yaml", "2020-12-31, became", "2021-12-31, became", REPORT_CHANGED,
                "1918 is in use until 2021-12-31", "told otherwise"},
        {"kommun.yaml", "\"0331\"]}\n", "\"0331\"], history: yes}\n", REPORT_NOTE, NULL,
                "not only history"},
        {"kommun.yaml", "{code: \"0180\", label: Stad, parent: \"01\"}",
                "{code: \"0180\", label: Stad, parent: \"01\", valid_until: 2030-12-31, became: "
                "[\"0331\"]}",
                REPORT_CHANGED, "0180 became 0331", NULL},
};

static bool told(const struct report *r, enum report_mark mark, const char *says)
{
        for (uint32_t i = 0; i < r->len; i++)
                if (r->lines[i].mark == mark && memmem(r->lines[i].text.data, r->lines[i].text.len,
                                                        says, strlen(says)) != NULL)
                        return true;
        return false;
}

static void every_change_is_weighed_and_meanings_stay(void **state)
{
        OWNED(policy_unref) struct policy *before = loaded();

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
                OWNED(policy_unref)
                struct policy *next = edited(changes[i].file, changes[i].find, changes[i].replace);
                OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
                struct report there, back, sv;
                struct refusal why = {0};

                report_init(&there, arena, REPORT_EN);
                report_init(&back, arena, REPORT_EN);
                report_init(&sv, arena, REPORT_SV);
                assert_int_equal(policy_diff(before, next, &there), ERR_OK);
                assert_int_equal(policy_diff(next, before, &back), ERR_OK);
                assert_int_equal(policy_diff(before, next, &sv), ERR_OK);
                assert_int_equal(there.len, sv.len);
                if (changes[i].says != NULL && !told(&there, changes[i].mark, changes[i].says))
                        fail_msg("case %zu: %s", i, changes[i].says);
                if (report_count(&there, REPORT_WEAKER) != report_count(&back, REPORT_STRONGER) ||
                        report_count(&there, REPORT_STRONGER) != report_count(&back, REPORT_WEAKER))
                        fail_msg("case %zu weighs the same both ways", i);
                if ((policy_evolves(before, next, &why) == ERR_OK) !=
                                (changes[i].evolves == NULL) ||
                        (why.len > 0) != (changes[i].evolves != NULL) ||
                        (why.len > 0 && strstr(why.violations[0].text, changes[i].evolves) == NULL))
                        fail_msg("case %zu: %s", i, why.len > 0 ? why.violations[0].text : "free");
        }
}

static void who_falls_to_a_wider_pattern_is_weaker_protected(void **state)
{
        OWNED(policy_unref)
        struct policy *a = edited("bundle.yaml", "statistician/v*d-*", "statistician/*");
        OWNED(policy_unref) struct policy *b = NULL;
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct refusal why;
        struct report r;
        char place[64];

        (void)state;
        small_bundle_write(&bundle);
        small_bundle_write_broken(&bundle, "bundle.yaml",
                FIRST "  - {match: statgate://demo/statistician/v*d-*",
                "@@  - {match: statgate://demo/statistician/*", place, sizeof place);
        assert_int_equal(small_bundle_load(&bundle, &b, &why), ERR_OK);
        report_init(&r, arena, REPORT_EN);
        assert_int_equal(policy_diff(a, b, &r), ERR_OK);
        assert_true(told(&r, REPORT_WEAKER, "now come under statgate://demo/statistician/*"));
}

/* Indicators -------------------------------------------------------------- */

static struct policy *with_indicator(const char *target, const char *kind, const char *frozen)
{
        struct policy *p = NULL;
        struct refusal why;
        char text[1024], place[64];

        (void)snprintf(text, sizeof text,
                "indicator: i\nversion: 1\nlabel: I\ndefinition: {sv: Vad, en: What}\n"
                "references: [lag]\npurposes: [statistik]\ndirection: lower\ntarget: %s\n"
                "compare: [target]\nquery: {dataset: a, measures: [%s]}\n%s%s\n",
                target, kind, frozen != NULL ? "frozen: " : "", frozen != NULL ? frozen : "");
        small_bundle_write(&bundle);
        small_bundle_write_file(&bundle, "i.yaml", text);
        small_bundle_write_broken(&bundle, "bundle.yaml", "linkages: linkages.yaml\n",
                "@@linkages: linkages.yaml\nindicators: [i.yaml]\n", place, sizeof place);
        if (small_bundle_load(&bundle, &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return p;
}

static void digest_text(const struct policy *p, char out[2 * sizeof(struct digest) + 1])
{
        uint32_t len = 0;
        const struct indicator *all = policy_indicators(p, &len);

        assert_int_equal(len, 1);
        hex_encode(bytes_of(all[0].digest.bytes, sizeof all[0].digest.bytes), out);
}

static void expect_change(
        const struct policy *a, const struct policy *b, enum report_mark mark, const char *says)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct report r;

        report_init(&r, arena, REPORT_EN);
        assert_int_equal(policy_diff(a, b, &r), ERR_OK);
        if (!told(&r, mark, says))
                fail_msg("%s", says);
}

static void a_frozen_definition_is_for_good(void **state)
{
        OWNED(policy_unref) struct policy *none = loaded();
        OWNED(policy_unref) struct policy *open = with_indicator("80", "persons", NULL);
        OWNED(policy_unref) struct policy *other = with_indicator("80", "records", NULL);
        OWNED(policy_unref) struct policy *frozen = NULL, *aimed = NULL, *replaced = NULL;
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct report r;
        char digest[2 * sizeof(struct digest) + 1];
        struct refusal why = {0};

        (void)state;
        digest_text(open, digest);
        frozen = with_indicator("80", "persons", digest);
        aimed = with_indicator("85.5", "persons", digest);
        digest_text(other, digest);
        replaced = with_indicator("80", "records", digest);
        report_init(&r, arena, REPORT_EN);
        assert_int_equal(policy_show(frozen, &r), ERR_OK);
        assert_true(told(&r, REPORT_NOTE, "i version 1: I, the definition is frozen"));
        assert_true(told(&r, REPORT_NOTE, "0500 belongs to 03 from 2011-01-01, before that to 19"));
        assert_true(
                told(&r, REPORT_NOTE, "1918 was in use until 2020-12-31 and became 0180, 0331"));
        expect_change(none, open, REPORT_CHANGED, "new indicator i, version 1: I; target: 80");
        expect_change(open, none, REPORT_CHANGED, "the indicator i, version 1, goes");
        expect_change(frozen, aimed, REPORT_CHANGED, "the target is now 85.5; before: 80");
        expect_change(frozen, replaced, REPORT_CHANGED, "another definition under the same");
        /* What is still being written may change; what is frozen may go, or aim higher. */
        assert_int_equal(policy_evolves(open, other, &why), ERR_OK);
        assert_int_equal(policy_evolves(frozen, aimed, &why), ERR_OK);
        assert_int_equal(policy_evolves(frozen, none, &why), ERR_OK);
        assert_int_equal(policy_evolves(frozen, open, &why), ERR_OK);
        assert_int_equal(policy_evolves(frozen, replaced, &why), ERR_POLICY_REFUSED);
        assert_non_null(strstr(why.violations[0].text, "frozen under this version"));
        why = (struct refusal){0};
        assert_int_equal(policy_evolves(frozen, other, &why), ERR_POLICY_REFUSED);
}

static void every_short_of_memory_is_survived(void **state)
{
        unsigned tried = 0;

        (void)state;
        small_bundle_write(&bundle);
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                OWNED(policy_unref) struct policy *p = NULL;
                struct refusal why;
                enum err rc = small_bundle_load(&bundle, &p, &why);

                assert_true((rc == ERR_OK) == (p != NULL));
                tried++;
        }
        fault_disarm();
        assert_true(tried > 100);
}

static int setup(void **state)
{
        (void)state;
        return small_bundle_make(&bundle);
}

static int teardown(void **state)
{
        char path[256];

        (void)state;
        (void)snprintf(path, sizeof path, "%s/i.yaml", folder);
        (void)unlink(path);
        return small_bundle_remove(&bundle);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_fault_is_told_where_it_stands),
                cmocka_unit_test(the_narrowest_linkage_that_holds_every_pair_answers),
                cmocka_unit_test(family_limits_are_as_said_or_usual),
                cmocka_unit_test(a_code_belongs_to_what_it_belonged_to_on_the_day),
                cmocka_unit_test(who_is_history_is_not_waited_for),
                cmocka_unit_test(only_whom_a_pattern_fits_is_let_in),
                cmocka_unit_test(the_first_pattern_that_fits_decides),
                cmocka_unit_test(what_lasts_and_what_is_delivered_is_said),
                cmocka_unit_test(every_change_is_weighed_and_meanings_stay),
                cmocka_unit_test(who_falls_to_a_wider_pattern_is_weaker_protected),
                cmocka_unit_test(a_frozen_definition_is_for_good),
                cmocka_unit_test(every_short_of_memory_is_survived),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
