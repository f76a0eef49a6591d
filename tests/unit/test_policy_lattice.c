/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy_lattice.c: which tables a bundle may plan, how they are counted, and how many
 * inhabitants a row is about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "policies/report.h"
#include "tests/support/protected_bundle.h"

static char folder[] = "/tmp/statgate-lattice-XXXXXX";
static struct small_bundle bundle = {folder, protected_files, PROTECTED_FILES};

#define TABLE "    - [kommun, kon]\n"
#define A(find, fault, says)                                                                       \
        {                                                                                          \
                "a.yaml", find, fault, says                                                        \
        }

static const struct bundle_fault faults[] = {
        A("  by: year\n", "  @@bye: year\n", "did you mean `by`?"),
        A("  by: year\n", "", "`by` is missing"),
        A("  by: year\n", "  by: @@month\n", "all, year"),
        A("  cells_max: 2000\n", "", "`cells_max` is missing"),
        A("cells_max: 2000", "cells_max: @@0", "between 1 and 2000000"),
        A("cells_max: 2000", "cells_max: @@2000001", "between 1 and 2000000"),
        A("cells_max: 2000", "cells_max: @@1000", "in ten years, and no more than 1000"),
        A(TABLE, "    - [kommun, @@konn]\n", "no such variable"),
        A(TABLE, "    - [kommun, @@kostnad]\n", "may not be a dimension"),
        A(TABLE, "    - [kommun, @@fodd]\n", "may not be a dimension"),
        A(TABLE, "    - [@@\"kommun:rike\", kon]\n", "no such level"),
        A(TABLE, "    - [@@\"start:dag\", kon]\n", "not be asked that finely"),
        A(TABLE, "    - [kommun, @@\"kommun:lan\"]\n", "in the table already"),
        A(TABLE, "    - [kommun, @@kommun]\n", "in the table already"),
        A(TABLE, "    - [kommun, @@\"alder grupp\"]\n", "expected VARIABLE"),
        A(TABLE, "    - @@[]\n", "1 to 4 variables"),
        A(TABLE, "    - @@[kommun, kon, form, ja, \"start:ar\"]\n", "1 to 4 variables"),
        A(TABLE, "    - @@kommun\n", "1 to 4 variables"),
        A(TABLE, TABLE "    - @@[kon, kommun]\n", "planned twice"),
        A("tables:\n" TABLE, "tables: []\n  x:\n" TABLE, NULL),
        A("[\"sum:kostnad\"]", "[@@\"sum:kostnaden\"]", "no such measure"),
        A("[\"sum:kostnad\"]", "[@@\"sum:antal\"]", "no such measure"),
        A("[\"sum:kostnad\"]", "[@@\"median:kostnad\"]", "expected"),
        A("[\"sum:kostnad\"]", "[@@persons]", "always there"),
        A("[\"sum:kostnad\"]", "[\"sum:kostnad\", @@\"sum:kostnad\"]", "planned twice"),
        /* 121 months to the power of three */
        A(TABLE, "    - @@[\"start:manad\", \"mitt:manad\", \"slut:manad\", kon]\n",
                "alone has more than 2000000"),
        {"d.yaml",
                "variables:", "@@lattice: {tables: [[kommun]], by: all, cells_max: 9}\nvariables:",
                "not a known key"},
        {"b.yaml", "order_by: start\n",
                "lattice: {tables: [[kommun]], by: @@year, cells_max: "
                "900}\n",
                "have no year"},
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

static void tables_are_planned_as_they_are_said(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        const struct policy_dataset *a = dataset(p, "a");
        const struct lattice *x = &a->lattice;

        (void)state;
        assert_int_equal(x->tables_len, 3);
        assert_int_equal(x->tables[0].axes_len, 2);
        assert_int_equal(x->tables[0].axes[0].variable, variable_find(a, bytes_of_text("kommun")));
        assert_int_equal(x->tables[0].axes[0].level, 0);
        assert_int_equal(x->tables[1].axes[0].level, 1);
        assert_int_equal(x->tables[2].axes[1].level, DATE_LEVELS - 1);
        assert_int_equal(x->measures_len, 1);
        assert_int_equal(x->measures[0].kind, MEASURE_SUM);
        assert_true(bytes_is_text(x->measures[0].variable, "kostnad"));
        assert_true(x->by_year);
        assert_int_equal(x->cells_max, 2000);
        assert_true(x->at.line > 0 && bytes_is_text(x->at.file, "a.yaml"));
        assert_int_equal(dataset(p, "b")->lattice.tables_len, 0);
}

/* Eleven blocks; categories, those without one where there can be any, and totals. */
static void every_cell_that_can_come_is_counted(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        /* kommun 4+1, kon 2+1; lan 2+1+1, kon 3, alder 2+1+1 (it can be missing); form 3+1,
         * ar 10+1 */
        uint32_t block = 5 * 3 + 4 * 3 * 4 + 4 * 11;

        (void)state;
        assert_int_equal(dataset(p, "a")->lattice.cells, 11 * block);

        OWNED(policy_unref) struct policy *all = loaded("a.yaml", "  by: year\n", "  by: all\n");

        assert_int_equal(dataset(all, "a")->lattice.cells, block);

        /* ja 2+1+1, antal 1 and what no band is for, +1; kvartal 40+1 */
        OWNED(policy_unref)
        struct policy *other = loaded("a.yaml", TABLE,
                "    - [ja, \"antal:niva\"]\n    - "
                "[\"start:kvartal\"]\n");

        assert_int_equal(dataset(other, "a")->lattice.cells, 11 * (block - 15 + 4 * 3 + 41));
}

static void a_plan_as_large_as_its_ceiling_is_one(void **state)
{
        OWNED(policy_unref)
        struct policy *p = loaded("a.yaml", "cells_max: 2000", "cells_max: 1177");
        struct policy *q = NULL;
        struct refusal why;
        char place[64];

        (void)state;
        assert_int_equal(dataset(p, "a")->lattice.cells, 1177);
        small_bundle_write(&bundle);
        small_bundle_write_broken(
                &bundle, "a.yaml", "cells_max: 2000", "@@cells_max: 1176", place, sizeof place);
        assert_int_equal(small_bundle_load(&bundle, &q, &why), ERR_POLICY_REFUSED);
        assert_null(q);
}

/* Changes ---------------------------------------------------------------------- */

static bool told(const struct report *r, enum report_mark mark, const char *says)
{
        for (uint32_t i = 0; i < r->len; i++)
                if (r->lines[i].mark == mark && r->lines[i].at.line > 0 &&
                        memmem(r->lines[i].text.data, r->lines[i].text.len, says, strlen(says)) !=
                                NULL)
                        return true;
        return false;
}

static void expect(
        const struct policy *a, const struct policy *b, enum report_mark mark, const char *says)
{
        OWNED(arena_free) struct arena *arena = arena_new(4 << 20);
        struct report r;

        report_init(&r, arena, REPORT_EN);
        assert_int_equal(policy_diff(a, b, &r), ERR_OK);
        if (told(&r, mark, says))
                return;
        for (uint32_t i = 0; i < r.len; i++)
                print_error("%d %.*s\n", (int)r.lines[i].mark, (int)r.lines[i].text.len,
                        (const char *)r.lines[i].text.data);
        fail_msg("wanted: %s", says);
}

static void what_is_planned_anew_is_weaker(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        OWNED(policy_unref) struct policy *fewer = loaded("a.yaml", TABLE, "");
        OWNED(policy_unref)
        struct policy *turned = loaded("a.yaml", TABLE, "    - [kon, kommun]\n");
        OWNED(policy_unref) struct policy *all = loaded("a.yaml", "by: year", "by: all");
        OWNED(policy_unref)
        struct policy *means = loaded("a.yaml", "\"sum:kostnad\"", "\"mean:kostnad\"");
        OWNED(arena_free) struct arena *arena = arena_new(4 << 20);
        struct report r;

        (void)state;
        expect(fewer, p, REPORT_WEAKER, "a: new planned table: kommun, kon");
        /* A question of it now goes another way, which is not always the safer one. */
        expect(p, fewer, REPORT_CHANGED, "a: the table is no longer planned: kommun, kon");
        expect(all, p, REPORT_WEAKER, "now told by year");
        expect(p, all, REPORT_STRONGER, "no longer told by year");
        expect(p, means, REPORT_WEAKER, "now have the mean of kostnad");
        expect(p, means, REPORT_STRONGER, "no longer have the sum of kostnad");
        report_init(&r, arena, REPORT_EN);
        assert_int_equal(policy_diff(p, turned, &r), ERR_OK);
        assert_int_equal(r.len, 0);
}

static void where_only_the_lattice_answers_less_of_it_is_stronger(void **state)
{
        OWNED(policy_unref)
        struct policy *p = loaded("presets.yaml", "answers: ledger", "answers: lattice");
        OWNED(policy_unref) struct policy *fewer = NULL;
        struct refusal why;
        char place[64];

        (void)state;
        small_bundle_write_broken(&bundle, "a.yaml", TABLE, "@@", place, sizeof place);
        assert_int_equal(small_bundle_load(&bundle, &fewer, &why), ERR_OK);
        expect(p, fewer, REPORT_STRONGER, "a: the table is no longer planned: kommun, kon");
}

/* Inhabitants ------------------------------------------------------------------- */

static struct population_part part(const struct policy_dataset *d, const char *variable,
        uint32_t level, const uint32_t *of, uint32_t len)
{
        int32_t at = variable_find(d, bytes_of_text(variable));

        assert_true(at >= 0);
        return (struct population_part){&d->variables[at], of, level, len};
}

static void rows_are_judged_by_who_lives_there(void **state)
{
        static const uint32_t zero[] = {0}, one[] = {1}, three[] = {3}, both[] = {0, 1},
                              again[] = {1, 1};
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        const struct policy_dataset *a = dataset(p, "a");
        struct population_part parts[4];

        (void)state;
        /* Halved: shares are not independent, and not everywhere the same. */
        assert_int_equal(policy_inhabitants(p, NULL, 0), 5000);
        parts[0] = part(a, "kommun", 0, one, 1);
        assert_int_equal(policy_inhabitants(p, parts, 1), 500);
        parts[0] = part(a, "kommun", 1, one, 1);
        assert_int_equal(policy_inhabitants(p, parts, 1), 1000);
        parts[0] = part(a, "kommun", 0, both, 2);
        assert_int_equal(policy_inhabitants(p, parts, 1), 4500);
        parts[0] = part(a, "kommun", 0, again, 2);
        assert_int_equal(policy_inhabitants(p, parts, 1), 500);
        parts[1] = part(a, "kon", 0, zero, 1);
        assert_int_equal(policy_inhabitants(p, parts, 2), 250);
        parts[2] = part(a, "alder", 0, zero, 1);
        assert_int_equal(policy_inhabitants(p, parts, 3), 50);
        parts[2] = part(a, "alder", 0, both, 2);
        assert_int_equal(policy_inhabitants(p, parts, 3), 125);

        /* Nothing is stated: of a municipality, of a provider, of a day, of a yes. */
        parts[0] = part(a, "kommun", 0, three, 1);
        assert_int_equal(policy_inhabitants(p, parts, 1), 0);
        parts[0] = part(a, "utforare", 0, zero, 1);
        assert_int_equal(policy_inhabitants(p, parts, 1), 0);
        parts[0] = part(a, "start", 3, zero, 1);
        assert_int_equal(policy_inhabitants(p, parts, 1), 0);
        parts[0] = part(a, "ja", 0, zero, 1);
        assert_int_equal(policy_inhabitants(p, parts, 1), 0);
        /* Nor of nothing, of what is not there, and of one thing twice. */
        parts[0] = part(a, "kon", 0, zero, 0);
        assert_int_equal(policy_inhabitants(p, parts, 1), 0);
        parts[0] = part(a, "kon", 0, three, 1);
        assert_int_equal(policy_inhabitants(p, parts, 1), 0);
        parts[0] = part(a, "kon", 7, zero, 1);
        assert_int_equal(policy_inhabitants(p, parts, 1), 0);
        parts[0] = parts[1] = part(a, "kon", 0, zero, 1);
        assert_int_equal(policy_inhabitants(p, parts, 2), 0);
}

static void another_number_of_inhabitants_is_told(void **state)
{
        OWNED(policy_unref) struct policy *p = loaded(NULL, "", "");
        OWNED(policy_unref)
        struct policy *q = loaded("kommun.yaml", "population: 8000", "population: 8001");

        (void)state;
        expect(p, q, REPORT_CHANGED, "kommun: 1 codes have another number of inhabitants");
}

static void membership_is_judged_by_inhabitants_that_are_known(void **state)
{
        struct policy *p = NULL;
        struct refusal why;
        char place[64];

        (void)state;
        small_bundle_write(&bundle);
        small_bundle_write_broken(&bundle, "a.yaml", "{preset: vanlig}",
                "{preset: vanlig, @@membership: sensitive}", place, sizeof place);
        assert_int_equal(small_bundle_load(&bundle, &p, &why), ERR_OK);
        policy_unref(&p);

        char kommun[2048] = "", *at;

        (void)snprintf(kommun, sizeof kommun, "%s", protected_files[2].text);
        while ((at = strstr(kommun, ", population: ")) != NULL)
                memmove(at, strchr(at, '}'), strlen(strchr(at, '}')) + 1);
        at = strstr(kommun, "population_year: 2025\n");
        assert_non_null(at);
        memmove(at, at + strlen("population_year: 2025\n"),
                strlen(at + strlen("population_year: 2025\n")) + 1);
        small_bundle_write_file(&bundle, "kommun.yaml", kommun);
        assert_int_equal(small_bundle_load(&bundle, &p, &why), ERR_POLICY_REFUSED);
        assert_string_equal(why.violations[0].field, place);
        assert_non_null(strstr(why.violations[0].text, "have none"));
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
                cmocka_unit_test(tables_are_planned_as_they_are_said),
                cmocka_unit_test(every_cell_that_can_come_is_counted),
                cmocka_unit_test(a_plan_as_large_as_its_ceiling_is_one),
                cmocka_unit_test(what_is_planned_anew_is_weaker),
                cmocka_unit_test(where_only_the_lattice_answers_less_of_it_is_stronger),
                cmocka_unit_test(rows_are_judged_by_who_lives_there),
                cmocka_unit_test(another_number_of_inhabitants_is_told),
                cmocka_unit_test(membership_is_judged_by_inhabitants_that_are_known),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
