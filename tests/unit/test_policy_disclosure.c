/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy_disclosure.c: what `disclosure:` and presets can say, and cannot; that of two
 * sets of rules the stricter is neither's weaker; and that every change is weighed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "crypto/digest.h"
#include "policies/question.h"
#include "policies/report.h"
#include "tests/support/protected_bundle.h"

static char folder[] = "/tmp/statgate-disclosure-XXXXXX";
static struct small_bundle bundle = {folder, protected_files, PROTECTED_FILES};

#define OWN "{threshold: 6, zeros: publish"

/* Faults -------------------------------------------------------------------- */

#define RULES(fault, says)                                                                         \
        {                                                                                          \
                "b.yaml", OWN "}", OWN ", " fault "}", says                                        \
        }
#define PRESET(find, fault, says)                                                                  \
        {                                                                                          \
                "presets.yaml", find, fault, says                                                  \
        }

static const struct bundle_fault faults[] = {
        /* words and ranges */
        RULES("@@tresholdd: 5", "not a known key"),
        RULES("homogeneous: @@1001", "between 0 and 1000"),
        RULES("homogeneous: @@x", "whole number"),
        RULES("secondary: @@maybe", "must be one of: no, yes"),
        RULES("interval: @@-1", "between"),
        RULES("cost: @@cell", "did you mean `cells`?"),
        RULES("reasons: @@visible", "hidden, public"),
        RULES("membership: @@secret", "public, sensitive"),
        RULES("answers: @@ledgers", "did you mean `ledger`?"),
        RULES("perturbation: @@cellkeys", "did you mean `cellkey`?"),
        RULES("questions_per_day: @@1000001", "between"),
        RULES("part_max: @@100", "between 0 and 99"),
        RULES("p: @@101", "between 0 and 100"),
        RULES("contributors: {@@provder: 1}", "did you mean `provider`?"),
        RULES("contributors: {municipality: @@0}", "between 1 and 1000"),
        RULES("contributors: @@[municipality]", "keys and values"),
        RULES("contributors: {municipality: 1}, remainder: @@tröskel", "whole number"),
        RULES("contributors: {municipality: 1}, dominance: {n: @@6, k: 80}", "between 1 and 5"),
        RULES("contributors: {municipality: 1}, dominance: {n: 2, k: @@100}", "between 1 and 99"),
        RULES("contributors: {municipality: 1}, dominance: @@{n: 2}", "`k` is missing"),
        RULES("contributors: {municipality: 1}, pq: {p: @@20, q: 20}", "below `q`"),
        RULES("families: @@1", "between"),
        RULES("numerator: @@5", "below the threshold of 6"),
        /* what contradicts itself */
        RULES("@@remainder: 3", "needs the contributor"),
        RULES("contributors: {person: 1}, @@remainder: 3", "needs the contributor"),
        RULES("@@part_max: 90", "needs the contributor"),
        RULES("@@dominance: {n: 1, k: 90}", "needs `contributors`"),
        RULES("@@p: 10", "needs `contributors`"),
        RULES("@@pq: {p: 1, q: 2}", "needs `contributors`"),
        RULES("secondary: no, @@interval: 3", "needs `secondary: yes`"),
        RULES("@@interval: 5", "cannot be kept with `zeros: publish` and `threshold: 6`"),
        {"b.yaml", OWN "}", "{threshold: 6, zeros: protect, @@interval: 6}",
                "from 0 to below it; say at most 5"},
        /* what a preset asks for and the data set's own threshold cannot keep */
        {"b.yaml", OWN "}", "{preset: vanlig, @@threshold: 3, zeros: publish}",
                "cannot be kept with `zeros: publish` and `threshold: 3`"},
        RULES("@@cellkey: {variance: 2}", "without `perturbation: cellkey`"),
        RULES("@@rounding: {base: 5}", "without `perturbation: rounding`"),
        RULES("@@contributors: {provider: 1}", "no contributor of the type provider"),
        RULES("@@contributors: {family: 1}", "no contributor of the type family"),
        {"b.yaml", OWN "}", "@@" OWN ", perturbation: cellkey}", "needs `cellkey: {variance"},
        RULES("perturbation: cellkey, @@cellkey: {variance: \"2.0\"}", "{deviation"),
        RULES("perturbation: cellkey, @@cellkey: {variance: 3, deviation: 2}",
                "may not be above the deviation"),
        RULES("perturbation: cellkey, @@cellkey: {variance: \"1.9\", deviation: 5, smallest: 3}",
                "the variance must be at least 2"),
        RULES("perturbation: cellkey, @@cellkey: {variance: 5, deviation: 5, smallest: 7}",
                "cannot go to 0 or 7"),
        RULES("perturbation: cellkey, cellkey: {variance: @@\"0.0001\", deviation: 5}",
                "no more decimals"),
        RULES("perturbation: cellkey, cellkey: {variance: @@101, deviation: 5}", "between 0.001"),
        {"b.yaml", OWN "}", "@@" OWN ", perturbation: rounding}", "needs `rounding: {base"},
        RULES("perturbation: rounding, rounding: {base: @@1}", "between 2"),
        {"b.yaml", "disclosure: " OWN "}", "disclosure: @@{zeros: publish}",
                "`threshold` is missing"},
        {"b.yaml", "disclosure: " OWN "}", "disclosure: @@{threshold: 6}", "`zeros` is missing"},
        {"b.yaml", OWN, "{preset: @@vanligt, threshold: 6, zeros: publish",
                "did you mean `vanlig`?"},
        {"c.yaml", "zeros: publish}", "zeros: publish, @@membership: sensitive}",
                "no membership to protect"},
        {"c.yaml", "zeros: publish}",
                "zeros: publish, @@perturbation: cellkey, cellkey: "
                "{variance: 2, deviation: 5}}",
                "no keys for noise"},
        {"d.yaml", "answers: alone", "@@answers: ledger", "answered `alone`"},
        {"d.yaml", ", answers: alone}", "}", "answered `alone`"},
        /* presets */
        PRESET("id: brus", "id: @@vanlig", "same id"),
        PRESET("id: brus", "id: @@several", "are called so"),
        PRESET("id: brus", "@@ide: brus", "did you mean `id`?"),
        PRESET("      threshold: 5\n", "      @@preset: brus\n      threshold: 5\n",
                "not made of others"),
        PRESET("      threshold: 5\n", "      threshold: @@1\n", "between 2"),
        PRESET("description: {sv: Som alla, en: As everybody}", "@@label2: x", "not a known key"),
        PRESET("description: {sv: Som alla", "description: {@@se: Som alla", "not a known key"),
        PRESET("recovered_permille: 12", "recovered_permille: @@1001", "between 0 and 1000"),
        PRESET("trials: 400", "trials: @@0", "between 1"),
        PRESET("trials: 400", "excess_max_permille: @@1001, trials: 400", "between 0 and 1000"),
        PRESET("loss: {cells", "loss: {moved_permille: @@-1, cells", "between 0"),
        PRESET("      - {attack: differens", "      - {@@attack2: differens", "not a known key"),
        PRESET("trials: 400}\n",
                "trials: 400}\n      - {attack: @@differens, recovered_permille: 1, "
                "baseline_permille: 1, trials: 1}\n",
                "measured twice"),
        PRESET("    loss: {", "    measured_under: @@abc\n    loss: {", "64 hexadecimal digits"),
        PRESET("loss: {cells_permille: 250", "loss: {cells_permille: @@2500", "between"),
        PRESET("cellkey: {variance", "@@rounding: {base: 2}, cellkey: {variance",
                "without `perturbation: rounding`"),
        PRESET("presets:\n", "@@preset:\n", "did you mean `presets`?"),
        {"bundle.yaml", "presets: presets.yaml", "presets: @@../presets.yaml", "folder down"},
        /* providers */
        {"a.yaml", "provider: utforare", "provider: @@utforaren", "did you mean `utforare`?"},
        {"a.yaml", "provider: utforare", "provider: @@alder", "named by a code"},
        {"a.yaml", "provider: utforare", "provider: @@kon", "that is delivered"},
        {"a.yaml", "{preset: vanlig}", "{preset: vanlig, contributors: none}",
                "needs the contributor"},
        /* inhabitants */
        {"kon.yaml", "man, label: Man, population_permille: 500",
                "man, label: Man, "
                "population_permille: @@0",
                "between 1 and 1000"},
        {"kon.yaml", "man, label: Man, population_permille: 500",
                "man, label: Man, population_permille: 501", "more than 1000"},
        {"kommun.yaml", "population: 8000", "population: 8000, @@population_permille: 1",
                "says it already"},
        {"a.yaml", "from: 0, to: 17, population_permille: 200",
                "from: 0, to: 17, population_permille: 701", "more than 1000"},
        {"a.yaml", "from: 0, to: 3}", "from: 0, to: 3, @@population_permille: 1}",
                "inhabitants have ages"},
};

static void each_fault_is_told_where_it_stands(void **state)
{
        (void)state;
        assert_int_equal(small_bundle_faults(&bundle, faults, ARRAY_LEN(faults)), 0);
}

static struct policy *loaded(const char *file, const char *find, const char *replace)
{
        struct policy *p = NULL;
        struct refusal why;
        char place[64], marked[1024];

        small_bundle_write(&bundle);
        (void)snprintf(marked, sizeof marked, "@@%s", replace);
        if (file != NULL)
                small_bundle_write_broken(&bundle, file, find, marked, place, sizeof place);
        if (small_bundle_load(&bundle, &p, &why) != ERR_OK)
                fail_msg("%s: %s (%s)", why.violations[0].field, why.violations[0].text, replace);
        return p;
}

static const struct policy_dataset *dataset(const struct policy *p, const char *id)
{
        return policy_dataset_find(p, bytes_of_text(id));
}

/* A preset, and what is said beside it --------------------------------------- */

static void a_preset_fills_in_what_is_not_said(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        const struct disclosure_rules *x = &dataset(p, "a")->disclosure;

        (void)state;
        assert_true(bytes_is_text(x->preset, "vanlig"));
        assert_int_equal(x->threshold, 5);
        assert_false(x->zeros_published);
        assert_int_equal(x->denominator, 7);
        assert_int_equal(x->numerator, 0);
        assert_int_equal(x->homogeneous, 3);
        assert_int_equal(x->contributors, 1u << CONTRIBUTOR_MUNICIPALITY |
                                                  1u << CONTRIBUTOR_PROVIDER |
                                                  1u << CONTRIBUTOR_PERSON);
        assert_int_equal(x->number[CONTRIBUTOR_MUNICIPALITY], 2);
        assert_int_equal(x->number[CONTRIBUTOR_PROVIDER], 1);
        assert_int_equal(x->number[CONTRIBUTOR_FAMILY], 0);
        assert_int_equal(x->remainder, 5);
        assert_int_equal(x->part_max, 80);
        assert_true(x->dominance_n == 2 && x->dominance_k == 85 && x->p_percent == 10);
        assert_true(x->pq_p == 10 && x->pq_q == 50);
        assert_true(x->secondary && x->interval == 3 && !x->reasons_public);
        assert_false(x->membership_sensitive);
        assert_int_equal(x->answers, ANSWERS_LEDGER);
        assert_int_equal(x->perturbation, PERTURB_NONE);
        assert_int_equal(x->questions_per_day, 50);
        assert_true(bytes_is_text(
                dataset(p, "a")->variables[dataset(p, "a")->provider_variable].id, "utforare"));
}

static void what_is_said_goes_before_the_preset(void **state)
{
        OWNED(policy_unref)
        struct policy *p = loaded("a.yaml", "{preset: vanlig}",
                "{preset: vanlig, threshold: 12, zeros: publish, homogeneous: 0, contributors: "
                "{family: 4, municipality: 1}, part_max: 0, dominance: none, pq: none, p: 0,\n  "
                "secondary: no, interval: 0, cost: totals, reasons: public, membership: "
                "sensitive, answers: lattice, perturbation: rounding, rounding: {base: 5}, "
                "questions_per_day: 0}");
        const struct disclosure_rules *x = &dataset(p, "a")->disclosure;

        (void)state;
        assert_int_equal(x->threshold, 12);
        assert_int_equal(x->remainder, 12);  /* the threshold, whatever that is */
        assert_int_equal(x->denominator, 0); /* 7 of the preset is below it */
        assert_true(x->zeros_published && x->reasons_public && x->membership_sensitive);
        assert_int_equal(
                x->contributors, 1u << CONTRIBUTOR_MUNICIPALITY | 1u << CONTRIBUTOR_FAMILY);
        assert_int_equal(x->number[CONTRIBUTOR_FAMILY], 4);
        assert_int_equal(x->number[CONTRIBUTOR_PROVIDER], 0);
        assert_int_equal(x->homogeneous + x->part_max + x->dominance_n + x->dominance_k + x->pq_p +
                                 x->pq_q + x->p_percent + x->interval,
                0);
        assert_false(x->secondary);
        assert_int_equal(x->cost, 3);
        assert_int_equal(x->answers, ANSWERS_LATTICE);
        assert_true(x->perturbation == PERTURB_ROUNDING && x->base == 5);
        assert_int_equal(x->questions_per_day, 0);
}

static void noise_is_taken_in_part_or_taken_back(void **state)
{
        OWNED(policy_unref)
        struct policy *p =
                loaded("b.yaml", OWN "}", "{preset: brus, cellkey: {variance: \"3.5\"}}");
        OWNED(policy_unref)
        struct policy *q = loaded("b.yaml", OWN "}", "{preset: brus, perturbation: none}");
        const struct disclosure_rules *x = &dataset(p, "b")->disclosure;
        const struct disclosure_rules *y = &dataset(q, "b")->disclosure;

        (void)state;
        assert_int_equal(x->perturbation, PERTURB_CELLKEY);
        assert_true(x->variance_permille == 3500 && x->deviation == 5 && x->smallest == 3);
        assert_true(!x->secondary && x->answers == ANSWERS_ALONE);
        assert_int_equal(y->perturbation, PERTURB_NONE);
        assert_true(y->variance_permille == 0 && y->deviation == 0 && y->smallest == 0);
}

static void what_a_data_set_has_not_the_preset_says_nothing_of(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        const struct disclosure_rules *c = &dataset(p, "c")->disclosure;
        const struct disclosure_rules *d = &dataset(p, "d")->disclosure;

        (void)state;
        /* Records of nobody, with no provider: the municipality is left. */
        assert_int_equal(c->contributors, 1u << CONTRIBUTOR_MUNICIPALITY);
        assert_int_equal(c->remainder, 9);
        assert_true(c->dominance_n == 2 && c->part_max == 80);
        /* Deliveries: nobody is. */
        assert_int_equal(d->contributors, 0);
        assert_int_equal(d->remainder + d->part_max + d->dominance_n + d->p_percent + d->pq_p, 0);
        assert_int_equal(d->threshold, 1);
        assert_int_equal(dataset(p, "d")->provider_variable, UINT32_MAX);
}

static void without_a_preset_the_usual_rules_are_safe(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        const struct disclosure_rules *x = &dataset(p, "b")->disclosure;

        (void)state;
        assert_true(x->preset.len == 0 && x->threshold == 6 && x->zeros_published);
        assert_true(x->secondary && x->answers == ANSWERS_LEDGER);
        assert_true(!x->reasons_public && x->perturbation == PERTURB_NONE);
        assert_int_equal(x->contributors + x->remainder + x->interval + x->homogeneous, 0);
}

static bool stands(struct rule_place at, const char *file, const char *text, const char *piece)
{
        const char *line = text;

        for (uint32_t i = 1; i < at.line && line != NULL; i++)
                line = strchr(line, '\n') == NULL ? NULL : strchr(line, '\n') + 1;
        return bytes_is_text(at.file, file) && line != NULL &&
               memmem(line, strcspn(line, "\n"), piece, strlen(piece)) != NULL;
}

static void every_rule_knows_the_line_it_is_said_on(void **state)
{
        OWNED(policy_unref)
        struct policy *p =
                loaded("a.yaml", "{preset: vanlig}", "\n  preset: vanlig\n  interval: 4");
        const struct policy_dataset *a = dataset(p, "a");
        const char *presets = protected_files[1].text;

        (void)state;
        assert_true(stands(a->disclosure_at[DISCLOSURE_KEY_THRESHOLD], "presets.yaml", presets,
                "threshold: 5"));
        assert_true(stands(
                a->disclosure_at[DISCLOSURE_KEY_DOMINANCE], "presets.yaml", presets, "dominance"));
        assert_true(bytes_is_text(a->disclosure_at[DISCLOSURE_KEY_INTERVAL].file, "a.yaml"));
        assert_int_equal(a->disclosure_at[DISCLOSURE_KEY_INTERVAL].line,
                a->disclosure_at[DISCLOSURE_KEY_PRESET].line + 1);
        /* Said nowhere: the whole. */
        assert_int_equal(a->disclosure_at[DISCLOSURE_KEY_MEMBERSHIP].line, a->at.disclosure.line);
}

static void presets_say_what_they_are_and_what_was_measured(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        uint32_t len = 0;
        const struct policy_preset *all = policy_presets(p, &len);

        (void)state;
        assert_int_equal(len, 2);
        assert_true(bytes_is_text(all[0].id, "vanlig") && bytes_is_text(all[0].label.en, "Usual"));
        assert_true(bytes_is_text(all[0].description.sv, "Som alla"));
        assert_int_equal(all[0].measured_len, 1);
        assert_true(bytes_is_text(all[0].measured[0].attack, "differens"));
        assert_true(all[0].measured[0].recovered_permille == 12 &&
                    all[0].measured[0].baseline_permille == 10 && all[0].measured[0].trials == 400);
        assert_int_equal(all[0].measured[0].excess_max_permille, 1000); /* nobody says */
        assert_true(all[0].has_loss && all[0].loss_cells_permille == 250 &&
                    all[0].loss_persons_permille == 30);
        assert_int_equal(all[0].rules.remainder, 5);
        assert_true(all[1].measured_len == 0 && !all[1].has_loss);
        assert_int_equal(all[1].rules.perturbation, PERTURB_CELLKEY);
}

static void measured_figures_say_their_error_and_how_far_noise_moves(void **state)
{
        OWNED(policy_unref)
        struct policy *p =
                loaded("presets.yaml", "baseline_permille: 10, trials: 400}\n    loss: {",
                        "baseline_permille: 10, excess_max_permille: 7, trials: 400, leaks: yes}\n"
                        "    loss: {moved_permille: 1200, ");
        uint32_t len = 0;
        const struct policy_preset *all = policy_presets(p, &len);

        (void)state;
        assert_int_equal(all[0].measured[0].excess_max_permille, 7);
        assert_true(all[0].measured[0].leaks);
        assert_int_equal(all[0].moved_permille, 1200);
}

static struct digest rules_with(const char *find, const char *replace)
{
        OWNED(policy_unref) struct policy *p = loaded("presets.yaml", find, replace);
        uint32_t len = 0;

        return policy_presets(p, &len)[0].rules_digest;
}

/* Whether figures of the first preset count as measured under other rules than these. */
static bool measured_elsewise(const struct digest *under)
{
        char text[128], hex[2 * sizeof under->bytes + 1];
        uint32_t len = 0;

        hex_encode(bytes_of(under->bytes, sizeof under->bytes), hex);
        (void)snprintf(text, sizeof text, "    measured_under: \"%s\"\n    loss: {cells", hex);
        OWNED(policy_unref)
        struct policy *p = loaded("presets.yaml", "    loss: {cells", text);
        return policy_presets(p, &len)[0].measured_elsewise;
}

static void figures_hold_under_the_rules_that_were_measured_alone(void **state)
{
        static const char *const rules[][2] = {{"homogeneous: 3", "homogeneous: 2"},
                {"p: 10\n", "p: 11\n"}, {"provider: 1", "provider: 2"},
                {"answers: ledger", "answers: alone"}, {"remainder: threshold", "remainder: 4"},
                {"zeros: protect", "zeros: publish"}, {"interval: 3", "interval: 2"}};
        /* These slow an attacker down, or are said for people. */
        static const char *const others[][2] = {{"questions_per_day: 50", "questions_per_day: 5"},
                {"sv: Som alla", "sv: Som ingen"}, {"id: vanlig", "id: vanlig"},
                {"remainder: threshold", "remainder: 5"}};
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        uint32_t len = 0;
        const struct policy_preset *all = policy_presets(p, &len);
        const struct digest under = all[0].rules_digest;
        struct digest own;

        (void)state;
        assert_true(all[0].measured_elsewise);  /* nobody says under which */
        assert_false(all[1].measured_elsewise); /* nothing is measured */
        assert_false(measured_elsewise(&under));
        for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
                own = rules_with(rules[i][0], rules[i][1]);
                assert_false(digest_equal(&own, &under));
                assert_true(measured_elsewise(&own));
        }
        for (size_t i = 0; i < ARRAY_LEN(others); i++) {
                own = rules_with(others[i][0], others[i][1]);
                assert_true(digest_equal(&own, &under));
        }
        /* Nor do they hold for a data set that departs from its preset. */
        assert_int_equal(disclosure_digest(&dataset(p, "b")->disclosure, &own), ERR_OK);
        assert_false(digest_equal(&own, &under));
}

static void a_bundle_perturbs_in_one_way(void **state)
{
        OWNED(policy_unref) struct policy *p = NULL;
        struct refusal why;
        char place[64];

        (void)state;
        small_bundle_write(&bundle);
        small_bundle_write_broken(&bundle, "a.yaml", "{preset: vanlig}",
                "@@{preset: vanlig, perturbation: rounding, rounding: {base: 3}}", place,
                sizeof place);
        small_bundle_write_broken(
                &bundle, "b.yaml", OWN "}", "@@{preset: brus}", place, sizeof place);
        assert_int_equal(small_bundle_load(&bundle, &p, &why), ERR_POLICY_REFUSED);
        assert_non_null(strstr(why.violations[0].text, "a and b are perturbed in two ways"));
        assert_non_null(strstr(why.violations[0].field, "presets.yaml:"));
}

/* The stricter of two ---------------------------------------------------------- */

static uint64_t dice = 20261122;

static uint32_t below(uint32_t n)
{
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(dice >> 33) % n;
}

static uint32_t some(uint32_t n)
{
        return below(3) == 0 ? 0 : below(n);
}

static struct disclosure_rules random_rules(void)
{
        static const char *const names[] = {"", "ett", "tva"};
        struct disclosure_rules x = {.preset = bytes_of_text(names[below(3)]),
                .threshold = 1 + below(9),
                .zeros_published = below(2) == 0,
                .families = some(5),
                .homogeneous = some(5),
                .remainder = some(9),
                .part_max = some(99),
                .p_percent = some(50),
                .secondary = below(2) == 0,
                .interval = some(6),
                .cost = below(4),
                .reasons_public = below(2) == 0,
                .membership_sensitive = below(2) == 0,
                .answers = (enum answers)below(ANSWERS_COUNT),
                .perturbation = below(2) == 0 ? PERTURB_NONE : PERTURB_CELLKEY,
                .questions_per_day = some(100)};

        x.numerator = below(2) == 0 ? 0 : x.threshold + below(9);
        x.denominator = below(2) == 0 ? 0 : x.threshold + below(9);
        x.complement = below(2) == 0 ? 0 : x.threshold + below(9);
        x.contributors = below(16) << 1;
        for (unsigned c = 1; c < CONTRIBUTOR_COUNT; c++)
                x.number[c] = (x.contributors >> c & 1) != 0 ? 1 + below(4) : 0;
        if (below(2) == 0)
                x.dominance_n = 1 + below(5), x.dominance_k = 1 + below(99);
        if (below(2) == 0)
                x.pq_p = 1 + below(6), x.pq_q = x.pq_p + 1 + below(6);
        if (x.perturbation == PERTURB_CELLKEY) {
                x.deviation = 2 + below(9);
                x.variance_permille = 1 + below(x.deviation * 1000);
                x.smallest = below(4);
        }
        return x;
}

static bool same(const struct disclosure_rules *a, const struct disclosure_rules *b)
{
        for (unsigned key = 0; key < DISCLOSURE_KEY_COUNT; key++)
                if (!disclosure_same(a, b, (enum disclosure_key)key))
                        return false;
        return true;
}

static uint32_t minimum(const struct disclosure_rules *x, uint32_t own)
{
        return own > 0 ? own : x->threshold;
}

static bool limit_holds(uint32_t of, uint32_t strict)
{
        return of == 0 || (strict != 0 && strict <= of);
}

/* Whatever `x` hides or refuses, `s` does. */
static bool holds_all(const struct disclosure_rules *s, const struct disclosure_rules *x)
{
        bool numbers = true;

        for (unsigned c = 0; c < CONTRIBUTOR_COUNT; c++)
                numbers = numbers && s->number[c] >= x->number[c];
        return numbers && s->threshold >= x->threshold &&
               (!s->zeros_published || x->zeros_published) &&
               minimum(s, s->numerator) >= minimum(x, x->numerator) &&
               minimum(s, s->denominator) >= minimum(x, x->denominator) &&
               minimum(s, s->complement) >= minimum(x, x->complement) &&
               s->families >= x->families && s->homogeneous >= x->homogeneous &&
               (x->contributors & ~s->contributors) == 0 && s->remainder >= x->remainder &&
               limit_holds(x->part_max, s->part_max) && s->dominance_n >= x->dominance_n &&
               limit_holds(x->dominance_k, s->dominance_k) && s->p_percent >= x->p_percent &&
               (x->pq_p == 0 || s->pq_p * x->pq_q >= x->pq_p * s->pq_q) &&
               (s->secondary || !x->secondary) && s->interval >= x->interval &&
               (!s->reasons_public || x->reasons_public) &&
               (s->membership_sensitive || !x->membership_sensitive) && s->answers <= x->answers &&
               s->perturbation >= x->perturbation && s->variance_permille >= x->variance_permille &&
               s->deviation >= x->deviation && s->smallest >= x->smallest && s->base >= x->base &&
               limit_holds(x->questions_per_day, s->questions_per_day);
}

static void of_two_the_stricter_hides_what_either_would(void **state)
{
        (void)state;
        for (unsigned round = 0; round < 20000; round++) {
                struct disclosure_rules a = random_rules(), b = random_rules();
                struct disclosure_rules ab = question_strictest(a, b);

                assert_true(holds_all(&ab, &a) && holds_all(&ab, &b));
                /* And asks for nothing that neither asks for. */
                assert_true(ab.threshold == a.threshold || ab.threshold == b.threshold);
                assert_true(ab.interval == a.interval || ab.interval == b.interval);
                assert_true(ab.pq_p == a.pq_p || ab.pq_p == b.pq_p);
                assert_true(ab.pq_p == 0 || ab.pq_p < ab.pq_q);
                assert_true((ab.dominance_n == 0) == (ab.dominance_k == 0));
        }
}

static void neither_order_nor_repetition_matters_to_it(void **state)
{
        (void)state;
        for (unsigned round = 0; round < 20000; round++) {
                struct disclosure_rules a = random_rules(), b = random_rules(), c = random_rules();
                struct disclosure_rules ab = question_strictest(a, b),
                                        ba = question_strictest(b, a);
                struct disclosure_rules left = question_strictest(ab, c);
                struct disclosure_rules right = question_strictest(a, question_strictest(b, c));
                struct disclosure_rules twice = question_strictest(ab, b);
                struct disclosure_rules alone = question_strictest(a, a);

                assert_true(same(&ab, &ba));
                assert_true(same(&left, &right));
                assert_true(same(&twice, &ab));
                assert_true(same(&alone, &a));
        }
}

static void merged_noise_is_noise_that_can_be(void **state)
{
        (void)state;
        for (unsigned round = 0; round < 5000; round++) {
                struct disclosure_rules a = random_rules(), b = random_rules(), ab;

                ab = question_strictest(a, b);
                if (ab.perturbation == PERTURB_CELLKEY)
                        assert_true(ab.variance_permille > 0 &&
                                    ab.variance_permille <= ab.deviation * 1000);
        }
}

/* Changes ---------------------------------------------------------------------- */

/* In the rules of data set a: the first becomes the second. */
static const struct {
        const char *was, *is;
        enum report_mark mark; /* and the other way on the way back */
        const char *says;
} changes[] = {
        {"", ", homogeneous: 4", REPORT_STRONGER, "outside a cell: 4; before: 3"},
        {"", ", remainder: 4", REPORT_WEAKER, "takes its own away: 4; before: 5"},
        {"", ", part_max: 81", REPORT_WEAKER, "largest part of a cell, per cent: 81"},
        {"", ", part_max: 0", REPORT_WEAKER, "per cent: 0; before: 80"},
        {"", ", p: 11", REPORT_STRONGER, "p rule, per cent: 11; before: 10"},
        {"", ", pq: {p: 10, q: 49}", REPORT_STRONGER, "pq rule: 10 of 49; before: 10 of 50"},
        {"", ", pq: none", REPORT_WEAKER, "pq rule: 0 of 0"},
        {"", ", dominance: {n: 2, k: 84}", REPORT_STRONGER, "the 2 largest may have 84 %"},
        {"", ", dominance: {n: 1, k: 85}", REPORT_WEAKER, "the 1 largest may have 85 %"},
        {"", ", dominance: none", REPORT_WEAKER, "before: 2 and 85 %"},
        {"", ", interval: 2", REPORT_WEAKER, "protected count, persons: 2; before: 3"},
        {"", ", interval: 0, secondary: no", REPORT_WEAKER, "no cell is protected any longer"},
        {"", ", reasons: public", REPORT_WEAKER, "now tell whether"},
        {"", ", membership: sensitive", REPORT_STRONGER, "is now sensitive"},
        {"", ", answers: lattice", REPORT_STRONGER, "answers from planned tables; other"},
        {"", ", answers: alone", REPORT_WEAKER, "each answer by itself"},
        {"", ", perturbation: rounding, rounding: {base: 3}", REPORT_STRONGER,
                "perturbation of counts: rounding; before: none"},
        {", perturbation: rounding, rounding: {base: 3}",
                ", perturbation: rounding, rounding: {base: 5}", REPORT_STRONGER,
                "rounded to: 5; before: 3"},
        {", perturbation: cellkey, cellkey: {variance: 2, deviation: 5, smallest: 2}",
                ", perturbation: cellkey, cellkey: {variance: \"2.5\", deviation: 5, smallest: 2}",
                REPORT_STRONGER, "variance of the noise, per mille: 2500; before: 2000"},
        {", perturbation: cellkey, cellkey: {variance: 2, deviation: 5, smallest: 2}",
                ", perturbation: cellkey, cellkey: {variance: 2, deviation: 4, smallest: 2}",
                REPORT_WEAKER, "the largest noise: 4; before: 5"},
        {", perturbation: cellkey, cellkey: {variance: 2, deviation: 5, smallest: 2}",
                ", perturbation: cellkey, cellkey: {variance: 2, deviation: 5, smallest: 3}",
                REPORT_STRONGER, "smallest count but zero: 3; before: 2"},
        {"", ", contributors: {municipality: 2, provider: 1}", REPORT_WEAKER,
                "heeded are the provider; the municipality, at least 2; before: the person"},
        {"", ", contributors: {municipality: 3, provider: 1, person: 1}", REPORT_STRONGER,
                "the municipality, at least 3"},
        {"", ", questions_per_day: 51", REPORT_WEAKER, "outside planned tables: 51; before: 50"},
        {"", ", questions_per_day: 0", REPORT_WEAKER, "outside planned tables: 0; before: 50"},
        {"", ", cost: persons", REPORT_CHANGED, "others are chosen"},
        {"", ", denominator: 8", REPORT_STRONGER, "in the denominator of a share; before: 7"},
        {"", ", threshold: 6", REPORT_STRONGER, "6 persons behind a figure; before: 5"},
        {"", ", zeros: publish", REPORT_WEAKER, "zeros are now shown"},
};

static bool told(const struct report *r, enum report_mark mark, const char *says)
{
        for (uint32_t i = 0; i < r->len; i++)
                if (r->lines[i].mark == mark && r->lines[i].at.line > 0 &&
                        memmem(r->lines[i].text.data, r->lines[i].text.len, says, strlen(says)) !=
                                NULL)
                        return true;
        return false;
}

static void print(const struct report *r)
{
        for (uint32_t i = 0; i < r->len; i++)
                print_error("%d %.*s\n", (int)r->lines[i].mark, (int)r->lines[i].text.len,
                        (const char *)r->lines[i].text.data);
}

static void every_change_of_a_rule_is_weighed(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
                OWNED(arena_free) struct arena *arena = arena_new(4 << 20);
                char was[256], is[256];
                struct report there, back, sv;

                (void)snprintf(was, sizeof was, "{preset: vanlig%s}", changes[i].was);
                (void)snprintf(is, sizeof is, "{preset: vanlig%s}", changes[i].is);
                OWNED(policy_unref)
                struct policy *a = loaded("a.yaml", "{preset: vanlig}", was);
                OWNED(policy_unref)
                struct policy *b = loaded("a.yaml", "{preset: vanlig}", is);

                report_init(&there, arena, REPORT_EN);
                report_init(&back, arena, REPORT_EN);
                report_init(&sv, arena, REPORT_SV);
                assert_int_equal(policy_diff(a, b, &there), ERR_OK);
                assert_int_equal(policy_diff(b, a, &back), ERR_OK);
                assert_int_equal(policy_diff(a, b, &sv), ERR_OK);
                assert_int_equal(there.len, sv.len);
                if (!told(&there, changes[i].mark, changes[i].says)) {
                        print(&there);
                        fail_msg("case %zu: %s", i, changes[i].says);
                }
                assert_int_equal(
                        report_count(&there, REPORT_WEAKER), report_count(&back, REPORT_STRONGER));
                assert_int_equal(
                        report_count(&there, REPORT_STRONGER), report_count(&back, REPORT_WEAKER));
                assert_int_equal(policy_evolves(a, b, NULL), ERR_OK);
        }
}

static void one_noise_for_another_is_weaker_both_ways(void **state)
{
        OWNED(policy_unref)
        struct policy *a = loaded("a.yaml", "{preset: vanlig}",
                "{preset: vanlig, perturbation: rounding, rounding: {base: 3}}");
        OWNED(policy_unref)
        struct policy *b = loaded("a.yaml", "{preset: vanlig}",
                "{preset: vanlig, perturbation: cellkey, cellkey: {variance: 2, deviation: 5}}");
        OWNED(arena_free) struct arena *arena = arena_new(4 << 20);
        struct report r;

        (void)state;
        report_init(&r, arena, REPORT_EN);
        assert_int_equal(policy_diff(a, b, &r), ERR_OK);
        assert_true(told(&r, REPORT_WEAKER, "perturbation of counts: cellkey; before: rounding"));
        assert_int_equal(policy_diff(b, a, &r), ERR_OK);
        assert_true(told(&r, REPORT_WEAKER, "perturbation of counts: rounding; before: cellkey"));
}

static void another_provider_is_weaker(void **state)
{
        OWNED(policy_unref) struct policy *a = loaded(NULL, "", "");
        OWNED(policy_unref) struct policy *b = loaded("a.yaml", "provider: utforare\n", "");
        OWNED(policy_unref)
        struct policy *c = loaded("a.yaml", "provider: utforare\n", "provider: form\n");
        OWNED(arena_free) struct arena *arena = arena_new(4 << 20);
        struct report r;

        (void)state;
        report_init(&r, arena, REPORT_EN);
        assert_int_equal(policy_diff(a, b, &r), ERR_OK);
        assert_true(told(&r, REPORT_WEAKER, "the provider is told by –; before: utforare"));
        assert_int_equal(policy_diff(b, a, &r), ERR_OK);
        assert_true(told(&r, REPORT_STRONGER, "the provider is told by utforare; before: –"));
        assert_int_equal(policy_diff(a, c, &r), ERR_OK);
        assert_true(told(&r, REPORT_WEAKER, "the provider is told by form; before: utforare"));
}

/* Words ------------------------------------------------------------------------ */

static void every_rule_is_shown_with_its_line(void **state)
{
        static const char *const lines[] = {"preset: vanlig", "at least 3 persons of a row",
                "the person; the provider; the municipality, at least 2", "at least 5 persons must",
                "more than 80 % of a cell", "the 2 largest may make up at most 85 %",
                "to within 10 %", "known to within 50 %", "no protected one can be worked out",
                "fewer than 3 persons", "with a memory of all", "at most 50 questions a day",
                "the provider is told by utforare", "planned table: kommun, kon",
                "planned table: kommun:lan, kon, alder", "planned table: form, start:ar",
                "with the sum of kostnad",
                "right in 12 cases of 1000, without the child in the answers 10; at most 1000 more",
                "hides 250 of 1000 cells with 30 of 1000 persons", "not measured by attacks"};
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        OWNED(arena_free) struct arena *arena = arena_new(4 << 20);
        struct report r;

        (void)state;
        report_init(&r, arena, REPORT_EN);
        assert_int_equal(policy_show(p, &r), ERR_OK);
        for (size_t i = 0; i < ARRAY_LEN(lines); i++)
                if (!told(&r, REPORT_NOTE, lines[i]))
                        fail_msg("not told: %s", lines[i]);
}

static void an_answer_is_explained_with_what_it_is_held_to(void **state)
{
        OWNED(policy_unref)
        struct policy *p = loaded("a.yaml", "{preset: vanlig}",
                "{preset: vanlig, answers: lattice, membership: sensitive, reasons: public, "
                "perturbation: cellkey, cellkey: {variance: \"2.25\", deviation: 5, smallest: "
                "3}}");
        static const char *const lines[] = {"preset: vanlig", "answers from planned tables; other",
                "rows are judged by inhabitants", "whether it is for their own sake",
                "variance 2.250, at most 5, and no count from 1 to 2",
                "at least 5 persons must be left"};
        OWNED(arena_free) struct arena *arena = arena_new(4 << 20);
        struct principal who = {
                .role = ROLE_STATISTICIAN, .uri = "statgate://demo/statistician/prov"};
        struct query q = {.dataset = bytes_of_text("a"), .purpose = bytes_of_text("statistik")};
        struct report r;
        bool allowed = false;

        (void)state;
        report_init(&r, arena, REPORT_EN);
        assert_int_equal(
                policy_explain(p, &who, &q, (int64_t)20300 * 86400000, &r, &allowed), ERR_OK);
        assert_true(allowed);
        for (size_t i = 0; i < ARRAY_LEN(lines); i++)
                if (!told(&r, REPORT_OBLIGES, lines[i])) {
                        print(&r);
                        fail_msg("not told: %s", lines[i]);
                }
        assert_true(told(&r, REPORT_NOTE, "planned table: kommun, kon"));
}

/* Memory ------------------------------------------------------------------------ */

static void every_short_of_memory_is_survived(void **state)
{
        unsigned tried = 0;

        (void)state;
        small_bundle_write(&bundle);
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                OWNED(policy_unref) struct policy *p = NULL;
                struct refusal why;
                enum err rc = small_bundle_load(&bundle, &p, &why);

                tried++;
                if (rc == ERR_OK)
                        break;
                assert_null(p);
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
        (void)state;
        return small_bundle_remove(&bundle);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_fault_is_told_where_it_stands),
                cmocka_unit_test(a_preset_fills_in_what_is_not_said),
                cmocka_unit_test(what_is_said_goes_before_the_preset),
                cmocka_unit_test(noise_is_taken_in_part_or_taken_back),
                cmocka_unit_test(what_a_data_set_has_not_the_preset_says_nothing_of),
                cmocka_unit_test(without_a_preset_the_usual_rules_are_safe),
                cmocka_unit_test(every_rule_knows_the_line_it_is_said_on),
                cmocka_unit_test(presets_say_what_they_are_and_what_was_measured),
                cmocka_unit_test(figures_hold_under_the_rules_that_were_measured_alone),
                cmocka_unit_test(measured_figures_say_their_error_and_how_far_noise_moves),
                cmocka_unit_test(a_bundle_perturbs_in_one_way),
                cmocka_unit_test(of_two_the_stricter_hides_what_either_would),
                cmocka_unit_test(neither_order_nor_repetition_matters_to_it),
                cmocka_unit_test(merged_noise_is_noise_that_can_be),
                cmocka_unit_test(every_change_of_a_rule_is_weighed),
                cmocka_unit_test(one_noise_for_another_is_weaker_both_ways),
                cmocka_unit_test(another_provider_is_weaker),
                cmocka_unit_test(every_rule_is_shown_with_its_line),
                cmocka_unit_test(an_answer_is_explained_with_what_it_is_held_to),
                cmocka_unit_test(every_short_of_memory_is_survived),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
