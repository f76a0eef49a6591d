/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy_disclosure.c: what `disclosure:` and presets can say, and cannot, and what a data set
 * is then held to. How rules compare is in test_policy_stricter.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/digest.h"
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
        return small_bundle_policy(&bundle, file, find, replace);
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
                cmocka_unit_test(every_short_of_memory_is_survived),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
