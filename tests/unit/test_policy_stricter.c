/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy_stricter.c: disclosure rules compared: that of two sets the stricter is neither's
 * weaker, that every change is weighed, and in what words they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "policies/question.h"
#include "policies/report.h"
#include "tests/support/protected_bundle.h"

static char folder[] = "/tmp/statgate-stricter-XXXXXX";
static struct small_bundle bundle = {folder, protected_files, PROTECTED_FILES};

static struct policy *loaded(const char *file, const char *find, const char *replace)
{
        return small_bundle_policy(&bundle, file, find, replace);
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
                cmocka_unit_test(of_two_the_stricter_hides_what_either_would),
                cmocka_unit_test(neither_order_nor_repetition_matters_to_it),
                cmocka_unit_test(merged_noise_is_noise_that_can_be),
                cmocka_unit_test(every_change_of_a_rule_is_weighed),
                cmocka_unit_test(one_noise_for_another_is_weaker_both_ways),
                cmocka_unit_test(another_provider_is_weaker),
                cmocka_unit_test(every_rule_is_shown_with_its_line),
                cmocka_unit_test(an_answer_is_explained_with_what_it_is_held_to),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
