/* SPDX-License-Identifier: Apache-2.0 */
/* test_linked_sql.c: linked questions, asked of the engine and of a database that has the
 * same records in plain tables: every cell of every table.
 *
 * First the questions that the linkage is there for, written as a statistician would; then
 * random ones: 500, a quarter of them where a sanitizer makes all of it slow, and ten times as
 * many under STATGATE_LONG. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "policies/query_yaml.h"
#include "tests/support/random_linked.h"
#include "tests/support/sql_oracle.h"

enum { ARENA_MAX = 256 << 20, SLOW = UNDER_ASAN || UNDER_TSAN };

static enum err ask(const struct sql_world *w, const struct query *q, unsigned threads,
        struct arena *a, struct table **out, struct refusal *why)
{
        uint32_t part = sql_world_part(w, q->dataset);
        const struct plan_scope scope = sql_world_scope(w, part);
        struct plan *plan = NULL;

        TRY(query_check(q, why));
        TRY(plan_make(&scope, q, a, &plan, why));
        return plan_run(plan, linked_view(w->linked, q->dataset), threads, a, NULL, out);
}

/* Written ---------------------------------------------------------------------------------- */

static void example(struct sql_world *w, const char *yaml)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA_MAX);
        struct refusal why = {0};
        struct sql_told told = {0};
        struct query q;
        struct table *t = NULL;
        enum err e = query_yaml_read_text(a, "question", bytes_of_text(yaml), &q, &why);

        if (e == ERR_OK)
                e = ask(w, &q, 2, a, &t, &why);
        if (e != ERR_OK)
                fprintf(stderr, "%s: %s\n", why.violations[0].field, why.violations[0].text);
        assert_int_equal(e, ERR_OK);
        assert_true(sql_oracle_agrees(w, &q, t, &told));
        /* Nothing is proved by a question about nobody. */
        assert_true(told.records > 50);
        assert_true(told.values > 0);
}

static struct sql_world examples; /* child's journey */

static int make_examples(void **state)
{
        const struct sql_wish wish = {
                .linkage = "barnets_resa", .seed = 1, .persons = SLOW ? 600 : 3000};

        (void)state;
        sql_world_make(&examples, &wish);
        return 0;
}

static int free_examples(void **state)
{
        (void)state;
        sql_world_free(&examples);
        return 0;
}

#define REPORTS "dataset: anmalan\npurpose: uppfoljning\n"

static void children_are_reported_again_in_any_municipality_and_in_another(void **state)
{
        (void)state;
        example(&examples, REPORTS "period: \"2023\"\n"
                                   "derived:\n"
                                   "  - {name: igen, kind: exists, dataset: anmalan,"
                                   " window: {anchor: datum, from: 1, until: 365}}\n"
                                   "  - {name: annan, kind: exists, dataset: anmalan, in: other,"
                                   " window: {anchor: datum, from: 1, until: 365}}\n"
                                   "dimensions: [kommun:lan, kon]\n"
                                   "measures:\n"
                                   "  - persons\n"
                                   "  - {kind: share, name: igen, filters: [\"igen = true\"]}\n"
                                   "  - {kind: share, name: annan, filters: [\"annan = true\"]}\n"
                                   "  - {kind: share, name: bytt, filters: [\"annan = true\"],"
                                   " base: [\"igen = true\"]}\n");
        example(&examples,
                REPORTS "period: 2022-01..2023-12\n"
                        "municipality_rule: first\n"
                        "age_at: 2023-12-31\n"
                        "derived:\n"
                        "  - {name: samma, kind: count, dataset: anmalan, in: same,"
                        " window: {from: 1, until: 365}, bands: [{code: \"0\", from: 0, to: 0},"
                        " {code: \"1\", from: 1, to: 1}, {code: 2+, from: 2}]}\n"
                        "  - {name: annan, kind: exists, dataset: anmalan, in: other,"
                        " window: {from: 1, until: 365}}\n"
                        "filters: [\"alder:barn = 0-17\"]\n"
                        "dimensions: [kommun, samma, annan]\n"
                        "measures: [persons, records]\n");
        example(&examples, REPORTS
                "period: \"2023\"\n"
                "municipality_rule: last\n"
                "derived:\n"
                "  - {name: igen, kind: exists, dataset: anmalan, window: {from: 1, until: 365}}\n"
                "dimensions: [kommun:lan]\n"
                "measures: [{kind: rate, scale: 10000, filters: [\"igen = true\"]},"
                " {kind: rate, name: alla}]\n");
}

static void families_have_been_reported_before(void **state)
{
        (void)state;
        example(&examples,
                REPORTS "period: \"2023\"\n"
                        "unit: family\n"
                        "derived:\n"
                        "  - {name: tidigare, kind: exists, dataset: anmalan, same: family,"
                        " window: {anchor: datum, from: -3650, until: -1}}\n"
                        "  - {name: barnet, kind: exists, dataset: anmalan,"
                        " window: {anchor: datum, from: -3650, until: -1}}\n"
                        "dimensions: [kommun:lan, barnet]\n"
                        "measures:\n"
                        "  - families\n"
                        "  - persons\n"
                        "  - {kind: share, filters: [\"tidigare = true\"]}\n"
                        "  - {kind: share, name: syskon, filters: [\"tidigare = true\"],"
                        " base: [\"barnet = false\"]}\n");
        example(&examples, REPORTS
                "unit: family\n"
                "derived:\n"
                "  - {name: syskon, kind: count, dataset: placering, same: family, in: other,"
                " filters: [\"form:grupp = institution\"], window: {from: -365, until: 0},"
                " bands: [{code: \"0\", from: 0, to: 0}, {code: 1+, from: 1}]}\n"
                "  - {name: senast, kind: last, dataset: utredning, same: family,"
                " window: {from: -730, until: -1}}\n"
                "dimensions: [syskon, \"senast:ar\"]\n"
                "measures: [families, {kind: ratio, per: syskon},"
                " {kind: families, name: utredda, filters: [\"senast >= 2023\"]}]\n");
}

/* A funnel with shares, and median days per step. */
static void a_child_travels_from_report_to_aftercare(void **state)
{
        (void)state;
        example(&examples, REPORTS
                "period: \"2022\"\n"
                "derived:\n"
                "  - {name: utredd, kind: first, dataset: utredning,"
                " window: {anchor: datum, from: 0, until: 120}}\n"
                "  - {name: placerad, kind: first, dataset: placering,"
                " window: {anchor: utredd, from: 0, until: 365}}\n"
                "  - {name: hemma, kind: first, dataset: placering, date: slut,"
                " window: {anchor: placerad, from: 0, until: 730}}\n"
                "  - {name: eftervard, kind: first, dataset: uppfoljning,"
                " window: {anchor: hemma, from: 0, until: 365}}\n"
                "  - {name: dagar1, kind: days_between, from: datum, to: utredd,"
                " bands: [{code: 0-30, from: 0, to: 30}, {code: 31-120, from: 31, to: 120}]}\n"
                "  - {name: dagar2, kind: days_between, from: utredd, to: placerad,"
                " bands: [{code: 0-29, from: 0, to: 29}, {code: 30-119, from: 30, to: 119},"
                " {code: 120-365, from: 120, to: 365}]}\n"
                "  - {name: dagar3, kind: days_between, from: placerad, to: hemma,"
                " bands: [{code: 0-99, from: 0, to: 99}, {code: 100-199, from: 100, to: 199},"
                " {code: 200+, from: 200}]}\n"
                "  - {name: dagar4, kind: days_between, from: hemma, to: eftervard,"
                " bands: [{code: 0-180, from: 0, to: 180}, {code: 181-365, from: 181, to: 365}]}\n"
                "dimensions: [kon, dagar1]\n"
                "measures:\n"
                "  - persons\n"
                "  - {kind: share, name: s1, filters: [\"utredd >= 2022\"]}\n"
                "  - {kind: share, name: s2, filters: [\"placerad >= 2022\"],"
                " base: [\"utredd >= 2022\"]}\n"
                "  - {kind: share, name: s3, filters: [\"eftervard >= 2022\"],"
                " base: [\"placerad >= 2022\"]}\n"
                "  - {kind: median, variable: dagar1}\n"
                "  - {kind: median, variable: dagar2}\n"
                "  - {kind: upper_quartile, variable: dagar3}\n"
                "  - {kind: lower_quartile, variable: dagar4}\n");
}

/* A filter keeps days that no band is for: they are other days, and in the totals. */
static void what_no_band_is_for_is_in_the_totals(void **state)
{
        (void)state;
        example(&examples, REPORTS
                "derived:\n"
                "  - {name: utredd, kind: first, dataset: utredning,"
                " window: {anchor: datum, from: 0, until: 365}}\n"
                "  - {name: dagar, kind: days_between, from: datum, to: utredd,"
                " bands: [{code: 1-30, from: 1, to: 30}, {code: 32-120, from: 32, to: 120}]}\n"
                "filters: [\"dagar >= 0\"]\n"
                "dimensions: [dagar]\n"
                "measures: [persons, records]\n");
        example(&examples, "dataset: placering\n"
                           "purpose: uppfoljning\n"
                           "age_at: 2036-01-01\n"
                           "filters: [\"alder >= 18\", \"slut >= 2024\"]\n"
                           "dimensions: [alder:barn, slut:ar]\n"
                           "measures: [persons, records]\n");
}

static void children_are_placed_again_after_an_ended_placement(void **state)
{
        (void)state;
        example(&examples, "dataset: placering\n"
                           "purpose: uppfoljning\n"
                           "period: \"2023\"\n"
                           "period_date: slut\n"
                           "derived:\n"
                           "  - {name: ater, kind: exists, dataset: placering,"
                           " window: {anchor: slut, from: 1, until: 365}}\n"
                           "  - {name: kostnader, kind: sum, dataset: placering, variable: kostnad,"
                           " window: {anchor: slut, from: 1, until: 365}}\n"
                           "filters: [\"avslut in planerat,flytt_hem\"]\n"
                           "dimensions: [utforare, regi]\n"
                           "measures:\n"
                           "  - {kind: share, filters: [\"ater = true\"]}\n"
                           "  - {kind: mean, variable: kostnader}\n"
                           "  - {kind: ratio, variable: kostnad}\n"
                           "  - days\n");
}

static void months_of_assistance_are_counted_whoever_paid(void **state)
{
        const struct sql_wish wish = {
                .linkage = "forsorjning_och_vard", .seed = 2, .persons = SLOW ? 300 : 1500};
        struct sql_world w;

        (void)state;
        sql_world_make(&w, &wish);
        example(&w, "dataset: ekonomiskt_bistand\n"
                    "purpose: uppfoljning\n"
                    "period: \"2023\"\n"
                    "derived:\n"
                    "  - {name: manader, kind: count, dataset: ekonomiskt_bistand, variable: manad,"
                    " level: manad, window: period, include_base: true,"
                    " bands: [{code: \"1\", from: 1, to: 1}, {code: \"2\", from: 2, to: 2},"
                    " {code: 3+, from: 3}]}\n"
                    "  - {name: andras, kind: count, dataset: ekonomiskt_bistand, variable: manad,"
                    " in: other, window: period}\n"
                    "  - {name: belopp_aret, kind: sum, dataset: ekonomiskt_bistand,"
                    " variable: belopp, window: period, include_base: true}\n"
                    "dimensions: [manader, hushallstyp]\n"
                    "measures: [persons, {kind: share, filters: [\"manader >= 3\"]},"
                    " {kind: share, name: andra, filters: [\"andras >= 1\"]},"
                    " {kind: mean, variable: belopp_aret}]\n");
        example(&w, "dataset: missbruk\n"
                    "purpose: uppfoljning\n"
                    "period: \"2022\"\n"
                    "derived:\n"
                    "  - {name: manader, kind: count, dataset: ekonomiskt_bistand, variable: manad,"
                    " level: manad, window: {anchor: slut, from: 1, until: 365},"
                    " bands: [{code: \"0\", from: 0, to: 0}, {code: 1-2, from: 1, to: 2},"
                    " {code: 3+, from: 3}]}\n"
                    "dimensions: [preparat, manader]\n"
                    "measures: [persons, days, {kind: mean, variable: manader}]\n");
        sql_world_free(&w);
}

/* Random ----------------------------------------------------------------------------------- */

/* How many to ask where an ordinary build asks so many. */
static unsigned times(unsigned questions)
{
        if (getenv("STATGATE_VALGRIND") != NULL)
                return questions / 20;
        if (SLOW)
                return questions / 4;
        return getenv("STATGATE_LONG") != NULL ? questions * 10 : questions;
}

static void random_questions(const struct sql_wish *wish, unsigned questions)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA_MAX);
        struct sql_told all = {0};
        struct sql_world w;
        unsigned asked = 0, filled = 0, refused = 0;

        sql_world_make(&w, wish);
        while (asked < questions) {
                struct refusal why = {0};
                struct sql_told told = {0};
                struct table *t = NULL;

                arena_reset(a);
                struct query q = random_linked(&w, a);
                enum err e = ask(&w, &q, 1 + asked % 3, a, &t, &why);
                if (e != ERR_OK) {
                        assert_true(why.len > 0);
                        refused++;
                        assert_true(refused < 20 * (asked + 50));
                        continue;
                }
                assert_true(sql_oracle_agrees(&w, &q, t, &told));
                asked++;
                filled += told.values > 0;
                all.cells += told.cells;
                all.values += told.values;
        }
        print_message("%u questions (%u others refused), %llu cells, %llu values that are not 0\n",
                asked, refused, (unsigned long long)all.cells, (unsigned long long)all.values);
        assert_true(filled > questions / 2);
        sql_world_free(&w);
}

static void random_questions_about_children_agree_with_sql(void **state)
{
        const struct family_limits tight = {6, 12, 200};

        (void)state;
        random_questions(&(struct sql_wish){"barnets_resa", 11, 900, &tight}, times(200));
        random_questions(&(struct sql_wish){"barnets_resa", 12, 900, NULL}, times(100));
}

static void random_questions_about_outcomes_agree_with_sql(void **state)
{
        (void)state;
        random_questions(&(struct sql_wish){"placering_utfall", 13, 800, NULL}, times(100));
}

static void random_questions_about_livelihood_agree_with_sql(void **state)
{
        (void)state;
        random_questions(&(struct sql_wish){"forsorjning_och_vard", 14, 800, NULL}, times(100));
}

int main(void)
{
        const struct CMUnitTest written[] = {
                cmocka_unit_test(children_are_reported_again_in_any_municipality_and_in_another),
                cmocka_unit_test(families_have_been_reported_before),
                cmocka_unit_test(a_child_travels_from_report_to_aftercare),
                cmocka_unit_test(what_no_band_is_for_is_in_the_totals),
                cmocka_unit_test(children_are_placed_again_after_an_ended_placement),
        };
        const struct CMUnitTest others[] = {
                cmocka_unit_test(months_of_assistance_are_counted_whoever_paid),
                cmocka_unit_test(random_questions_about_children_agree_with_sql),
                cmocka_unit_test(random_questions_about_outcomes_agree_with_sql),
                cmocka_unit_test(random_questions_about_livelihood_agree_with_sql),
        };
        int failed = cmocka_run_group_tests_name("written", written, make_examples, free_examples);

        return failed + cmocka_run_group_tests_name("others", others, NULL, NULL);
}
