/* SPDX-License-Identifier: Apache-2.0 */
/* test_lattice_fit.c: which questions are inside the planned tables, case by case, and for
 * every subset of the variables of a data set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "gateway/lattice_parts.h"

enum { LIST_MAX = 8, ARENA_MAX = 1 << 20 };

static const char bundle[] = STATGATE_ROOT "/policies/bundle";

struct asked {
        struct query query;
        struct filter filters[LIST_MAX];
        struct dimension_ref dimensions[LIST_MAX];
        struct measure_ref measures[LIST_MAX];
};

struct world {
        struct policy *policy;
        struct policy_dataset dataset; /* with the lattice of the test */
        struct lattice_axis axes[4][LIST_MAX];
        struct lattice_table tables[4];
        struct measure_ref measures[2];
        struct arena *arena;
};

static struct lattice_axis axis(const struct world *w, const char *variable, const char *level)
{
        int32_t v = variable_find(&w->dataset, bytes_of_text(variable));

        assert_true(v >= 0);
        int32_t l = variable_level_find(&w->dataset.variables[v], bytes_of_text(level));
        assert_true(l >= 0);
        return (struct lattice_axis){(uint32_t)v, (uint32_t)l};
}

static void plan_table(struct world *w, const char *const (*pairs)[2], uint32_t len)
{
        uint32_t n = w->dataset.lattice.tables_len++;

        for (uint32_t i = 0; i < len; i++)
                w->axes[n][i] = axis(w, pairs[i][0], pairs[i][1]);
        w->tables[n] = (struct lattice_table){w->axes[n], len};
}

static int set_up(void **state)
{
        static const char *const places[][2] = {{"kommun", "kommun"}, {"kon", ""}};
        static const char *const counties[][2] = {
                {"kommun", "lan"}, {"alder", "grupp"}, {"datum", "kvartal"}, {"kon", ""}};
        static const char *const known[][2] = {{"ensamkommande", ""}, {"datum", "manad"}};
        static struct world w;
        struct refusal why = {0};

        w = (struct world){0};
        assert_int_equal(policy_load(bundle, &w.policy, &why), ERR_OK);
        w.dataset = *policy_dataset_find(w.policy, bytes_of_text("anmalan"));
        w.dataset.lattice = (struct lattice){
                .tables = w.tables, .measures = w.measures, .by_year = true, .cells_max = 1000000};
        plan_table(&w, places, 2);
        plan_table(&w, counties, 4);
        plan_table(&w, known, 2);
        w.measures[0] = (struct measure_ref){
                .kind = MEASURE_SUM, .variable = bytes_of_text("antal_kommuner")};
        w.measures[1] = (struct measure_ref){
                .kind = MEASURE_MEAN, .variable = bytes_of_text("antal_kommuner")};
        w.dataset.lattice.measures_len = 2;
        w.arena = arena_new(ARENA_MAX);
        *state = &w;
        return 0;
}

static int tear_down(void **state)
{
        struct world *w = *state;

        arena_free(&w->arena);
        policy_unref(&w->policy);
        return 0;
}

/* "kommun:lan,kon" and "kon = kvinna; alder:grupp = 0-3". */
static void make(struct world *w, const char *by, const char *where, struct asked *out)
{
        char text[512];
        char *save = NULL, *name, *filter;

        *out = (struct asked){.query = {.dataset = w->dataset.id}};
        out->query.filters = out->filters;
        out->query.dimensions = out->dimensions;
        out->query.measures = out->measures;
        (void)snprintf(text, sizeof(text), "%s", by);
        for (name = strtok_r(text, ",", &save); name != NULL; name = strtok_r(NULL, ",", &save)) {
                char *level = strchr(name, ':');
                struct dimension_ref *d = &out->dimensions[out->query.dimensions_len++];

                if (level != NULL)
                        *level++ = '\0';
                d->variable = bytes_of_text(arena_strndup(w->arena, name, strlen(name)));
                if (level != NULL)
                        d->level = bytes_of_text(arena_strndup(w->arena, level, strlen(level)));
        }
        (void)snprintf(text, sizeof(text), "%s", where);
        for (filter = strtok_r(text, ";", &save); filter != NULL;
                filter = strtok_r(NULL, ";", &save)) {
                struct refusal why = {0};
                const char *kept = arena_strndup(w->arena, filter, strlen(filter));

                assert_int_equal(filter_parse(w->arena, bytes_of_text(kept),
                                         &out->filters[out->query.filters_len++], &why),
                        ERR_OK);
        }
}

static enum lattice_fit fit_of(struct world *w, const struct asked *a)
{
        return lattice_fits(w->policy, &w->dataset, &a->query);
}

struct fitting {
        const char *by, *where;
        enum lattice_fit fit;
};

static void questions_are_inside_by_their_variables_levels_and_filters(void **state)
{
        static const struct fitting cases[] = {
                {"", "", LATTICE_INSIDE},
                {"kommun", "", LATTICE_INSIDE},
                {"kon,kommun", "", LATTICE_INSIDE},
                {"kommun:lan,alder:grupp", "", LATTICE_INSIDE},
                {"kommun:lan,kon,alder:grupp,datum:kvartal", "", LATTICE_INSIDE},
                /* levels and variables that are planned, but not in one table */
                {"kommun,alder:grupp", "", LATTICE_OTHER_LEVEL},
                {"kommun,ensamkommande", "", LATTICE_OTHER_VARIABLE},
                {"kommun:riket", "", LATTICE_OTHER_LEVEL},
                {"datum:ar", "", LATTICE_OTHER_LEVEL},
                {"orsak", "", LATTICE_OTHER_VARIABLE},
                {"finns_inte", "", LATTICE_OTHER_VARIABLE},
                {"kon,kon", "", LATTICE_OTHER_VARIABLE},
                /* one category */
                {"kommun", "kon = kvinna", LATTICE_INSIDE},
                {"kon", "kommun = 0180", LATTICE_INSIDE},
                {"kon", "kommun:lan = 01", LATTICE_INSIDE},
                {"kon", "kommun in 0180", LATTICE_INSIDE},
                {"kon", "kommun:lan = 01; alder:grupp = 0-3", LATTICE_INSIDE},
                {"kon", "alder in 4..6", LATTICE_INSIDE},
                {"kon", "alder <= 3", LATTICE_INSIDE},
                {"kon", "datum = 2024-Q1", LATTICE_INSIDE},
                {"ensamkommande", "datum = 2024-03", LATTICE_INSIDE},
                {"datum:manad", "ensamkommande != true", LATTICE_INSIDE},
                /* several: only where persons add up */
                {"kommun", "kon in kvinna,man", LATTICE_INSIDE},
                {"kommun", "kon != kvinna", LATTICE_INSIDE},
                {"datum:manad", "ensamkommande in true,false", LATTICE_INSIDE},
                {"kon", "kommun in 0180,1480", LATTICE_OTHER_VALUES},
                {"kon", "kommun != 0180", LATTICE_OTHER_VALUES},
                {"kon", "kommun:riket = 00", LATTICE_OTHER_VALUES},
                {"kon", "alder in 0..6", LATTICE_OTHER_VALUES},
                {"kon", "alder:grupp in 0-3,4-6", LATTICE_OTHER_VALUES},
                {"kon", "datum = 2024", LATTICE_OTHER_VALUES},
                {"kon", "datum in 2024-Q1..2024-Q2", LATTICE_OTHER_VALUES},
                /* cut where the table is not */
                {"kon", "alder = 2", LATTICE_OTHER_VALUES},
                {"kon", "alder <= 4", LATTICE_OTHER_VALUES},
                {"kon", "alder:barn = 0-17", LATTICE_OTHER_VALUES},
                {"kon", "alder:barn = 18-20", LATTICE_INSIDE},
                {"kon", "kommun = 9999", LATTICE_OTHER_VALUES},
                {"kon", "datum = 2024-03", LATTICE_OTHER_LEVEL},
                {"kon", "datum > 2024-Q1", LATTICE_OTHER_VALUES},
                {"kon", "datum = 2024-Q1x", LATTICE_OTHER_VALUES},
                {"", "fodelsemanad = 2010-01", LATTICE_OTHER_VARIABLE},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct asked a;

                make(*state, cases[i].by, cases[i].where, &a);
                enum lattice_fit fit = fit_of(*state, &a);
                if (fit != cases[i].fit)
                        print_error("by '%s' where '%s'\n", cases[i].by, cases[i].where);
                assert_int_equal(fit, cases[i].fit);
        }
}

static void what_is_counted_otherwise_is_outside(void **state)
{
        struct world *w = *state;
        struct derived derived = {.kind = DERIVED_EXISTS};
        struct asked a;

        make(w, "kon", "", &a);
        a.query.unit = UNIT_PERSON;
        assert_int_equal(fit_of(w, &a), LATTICE_INSIDE);
        a.query.unit = UNIT_FAMILY;
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_KIND);
        make(w, "kon", "", &a);
        a.query.derived = &derived;
        a.query.derived_len = 1;
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_KIND);
        make(w, "kon", "", &a);
        a.query.municipality_rule = MUNICIPALITY_LAST;
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_KIND);
        make(w, "kon", "", &a);
        a.query.has_age_at = true;
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_KIND);
        make(w, "kon", "", &a);
        a.query.has_division_at = true;
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_KIND);
        make(w, "kon", "", &a);
        a.query.linkage = bytes_of_text("nagon_annan");
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_KIND);
        a.query.linkage = w->dataset.linkage->id;
        assert_int_equal(fit_of(w, &a), LATTICE_INSIDE);
}

static void measures_are_those_planned_and_means_do_not_add_up(void **state)
{
        struct world *w = *state;
        struct filter filter = {.variable = bytes_of_text("kon"), .op = FILTER_EQ};
        struct asked a;

        make(w, "kommun", "", &a);
        a.measures[0] = (struct measure_ref){.kind = MEASURE_PERSONS};
        a.measures[1] = (struct measure_ref){.kind = MEASURE_RECORDS};
        a.measures[2] = w->measures[0];
        a.measures[3] = w->measures[1];
        a.query.measures_len = 4;
        assert_int_equal(fit_of(w, &a), LATTICE_INSIDE);
        a.measures[1].filters = &filter;
        a.measures[1].filters_len = 1;
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_MEASURE);
        a.measures[1] = (struct measure_ref){.kind = MEASURE_SHARE};
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_MEASURE);
        a.measures[1] =
                (struct measure_ref){.kind = MEASURE_SUM, .variable = bytes_of_text("nagot_annat")};
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_MEASURE);

        make(w, "kommun", "kon != kvinna", &a);
        a.measures[0] = w->measures[0];
        a.query.measures_len = 1;
        assert_int_equal(fit_of(w, &a), LATTICE_INSIDE);
        a.measures[0] = w->measures[1];
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_MEASURE);
        make(w, "kommun", "kon = kvinna", &a);
        a.measures[0] = w->measures[1];
        a.query.measures_len = 1;
        assert_int_equal(fit_of(w, &a), LATTICE_INSIDE);
}

static int32_t day(int year, int month, int of_month)
{
        return days_from_civil((struct civil){year, month, of_month});
}

static void periods_are_none_or_a_calendar_year(void **state)
{
        struct world *w = *state;
        struct asked a;

        make(w, "kon", "", &a);
        a.query.has_period = true;
        a.query.period = (struct period){day(2024, 1, 1), day(2024, 12, 31)};
        assert_int_equal(fit_of(w, &a), LATTICE_INSIDE);
        a.query.period.last = day(2024, 12, 30);
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_PERIOD);
        a.query.period.last = day(2025, 12, 31);
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_PERIOD);
        a.query.period = (struct period){day(2024, 1, 1), day(2024, 3, 31)};
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_PERIOD);
        a.query.period = (struct period){day(2024, 1, 1), day(2024, 12, 31)};
        a.query.period_date = bytes_of_text("beslutsdatum");
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_PERIOD);
        a.query.period_date = (struct bytes){0};
        w->dataset.lattice.by_year = false;
        assert_int_equal(fit_of(w, &a), LATTICE_OTHER_PERIOD);
        w->dataset.lattice.tables_len = 0;
        assert_int_equal(fit_of(w, &a), LATTICE_NONE);
}

/* Every way to take each variable at each level, or not: inside exactly if some planned
 * table has all that are taken, at that level. */
static void a_subset_of_the_variables_is_inside_if_one_table_has_it(void **state)
{
        static const char *const names[] = {"kommun", "kon", "alder", "datum", "ensamkommande"};
        static const char *const levels[][4] = {{"kommun", "lan", "riket"}, {""}, {"grupp", "barn"},
                {"manad", "kvartal", "ar"}, {""}};
        static const uint32_t levels_len[] = {3, 1, 2, 3, 1};
        struct world *w = *state;
        uint32_t take[5] = {0}, inside = 0, all = 0;

        for (uint32_t i = 0; i < 4u * 2 * 3 * 4 * 2; i++) {
                char by[128] = "";
                struct asked a;

                for (uint32_t k = 0, rest = i; k < 5; k++) {
                        take[k] = rest % (levels_len[k] + 1);
                        rest /= levels_len[k] + 1;
                        if (take[k] == 0)
                                continue;
                        size_t len = strlen(by);
                        const char *level = levels[k][take[k] - 1];
                        (void)snprintf(by + len, sizeof(by) - len, "%s%s%s%s", len > 0 ? "," : "",
                                names[k], level[0] != '\0' ? ":" : "", level);
                }
                bool first = take[0] <= 1 && take[2] == 0 && take[3] == 0 && take[4] == 0;
                bool second = (take[0] == 0 || take[0] == 2) && take[2] <= 1 &&
                              (take[3] == 0 || take[3] == 2) && take[4] == 0;
                bool third = take[0] == 0 && take[1] == 0 && take[2] == 0 && take[3] <= 1;

                make(w, by, "", &a);
                assert_int_equal(fit_of(w, &a) == LATTICE_INSIDE, first || second || third);
                inside += first || second || third;
                all++;
        }
        assert_int_equal(all, 192);
        assert_true(inside > 15 && inside < 60);
}

static void every_reason_has_a_sentence(void **state)
{
        (void)state;
        for (int i = 0; i < LATTICE_FIT_COUNT; i++) {
                assert_true(strlen(lattice_fit_text((enum lattice_fit)i)) > 20);
                for (int k = 0; k < i; k++)
                        assert_string_not_equal(lattice_fit_text((enum lattice_fit)i),
                                lattice_fit_text((enum lattice_fit)k));
        }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                CASE(questions_are_inside_by_their_variables_levels_and_filters),
                CASE(what_is_counted_otherwise_is_outside),
                CASE(measures_are_those_planned_and_means_do_not_add_up),
                CASE(periods_are_none_or_a_calendar_year),
                CASE(a_subset_of_the_variables_is_inside_if_one_table_has_it),
                cmocka_unit_test(every_reason_has_a_sentence),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
