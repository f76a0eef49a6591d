/* SPDX-License-Identifier: Apache-2.0 */
/* test_render_measures.c: shares with their intervals, measures that are withheld one by
 * one, what is per what, and what a table says about where its figures come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/cli/render.h"

enum { CEILING = 16 << 20, PLANTED = 77777777, SEXES = 3 };

struct world {
        struct arena *arena;
        struct cli cli;
        struct wire_release release;
        struct answer answer;
        struct query asked;
        struct dimension sex;
        struct category sexes[2];
        struct measure measures[MEASURES_MAX];
        struct wire_coverage coverage[2];
        char *text;
        size_t len;
};

static int setup(void **state)
{
        struct world *w = test_calloc(1, sizeof *w);

        w->arena = arena_new(CEILING);
        w->cli = (struct cli){.arena = w->arena, .lang = LANG_SV};
        w->answer = (struct answer){.release = &w->release, .asked = &w->asked};
        w->sexes[0] = (struct category){.code = bytes_of_text("k")};
        w->sexes[1] = (struct category){.code = bytes_of_text("m")};
        w->sex = (struct dimension){
                .variable = bytes_of_text("kon"), .categories = w->sexes, .len = 2};
        w->release = (struct wire_release){
                .vintage = {3, 0},
                .dataset = bytes_of_text("anmalan"),
                .purpose = bytes_of_text("uppfoljning"),
                .threshold = 5,
                .delivered = 288,
                .expected = 290,
                .table = {.dimensions = &w->sex, .dimensions_len = 1, .measures = w->measures},
        };
        *state = w;
        return w->arena == NULL;
}

static int teardown(void **state)
{
        struct world *w = *state;

        free(w->text);
        arena_free(&w->arena);
        test_free(w);
        return 0;
}

typedef enum err render_fn(const struct cli *, const struct answer *, const struct render_how *);

static const char *render(struct world *w, render_fn *fn, enum lang lang)
{
        struct render_how how = {.width = 0};

        w->cli.lang = lang;
        free(w->text);
        w->text = NULL;
        how.out = open_memstream(&w->text, &w->len);
        assert_non_null(how.out);
        assert_int_equal(fn(&w->cli, &w->answer, &how), ERR_OK);
        assert_int_equal(fclose(how.out), 0);
        return w->text;
}

static void measures(struct world *w, const struct measure *list, uint32_t len)
{
        struct table *t = &w->release.table;

        memcpy(w->measures, list, len * sizeof *list);
        t->measures_len = len;
        assert_int_equal(table_alloc(w->arena, t), ERR_OK);
        memset(t->status, CELL_VALUE, t->cells_len);
        for (uint32_t m = 0; m < len; m++)
                if (w->measures[m].status != NULL)
                        memset(w->measures[m].status, CELL_VALUE, t->cells_len);
}

static void put(struct world *w, uint32_t m, size_t cell, int64_t v, int64_t low, int64_t high)
{
        w->measures[m].values[cell] = v;
        w->measures[m].low[cell] = low;
        w->measures[m].high[cell] = high;
}

static void hide(struct world *w, uint32_t m, size_t cell, enum cell_status status)
{
        w->measures[m].status[cell] = (uint8_t)status;
        put(w, m, cell, PLANTED, PLANTED, PLANTED);
}

/* Persons beside the share of them that came back: of women 62.1 %, of men protected. */
static void persons_and_share(struct world *w)
{
        static const int64_t persons[SEXES] = {1500, 1480, 2980};
        struct measure list[] = {
                {.kind = MEASURE_PERSONS}, {.kind = MEASURE_SHARE,
                                                   .name = bytes_of_text("aterkom"),
                                                   .label_sv = bytes_of_text("andel"),
                                                   .label_en = bytes_of_text("share"),
                                                   .unit = bytes_of_text("%"),
                                                   .decimals = 1}};

        measures(w, list, ARRAY_LEN(list));
        memcpy(w->measures[0].values, persons, sizeof persons);
        put(w, 1, 0, 621, 580, 660);
        hide(w, 1, 1, CELL_PROTECTED);
        put(w, 1, 2, 1000, 963, 1000);
}

static void a_share_stands_with_its_interval(void **state)
{
        struct world *w = *state;

        persons_and_share(w);
        const char *text = render(w, render_table, LANG_SV);

        assert_non_null(strstr(text, "Personer, aterkom: andel (%) efter kon\n"));
        assert_non_null(strstr(text, "k          1 500    62,1 (58,0–66,0)\n"));
        assert_non_null(strstr(text, "m          1 480                  ..\n"));
        assert_non_null(strstr(text, "Totalt     2 980  100,0 (96,3–100,0)\n"));
        assert_non_null(strstr(text, "95 % konfidensintervall"));
        assert_null(strstr(text, "777"));
        assert_non_null(strstr(render(w, render_table, LANG_EN), "62.1 (58.0–66.0)"));
}

static void an_interval_has_columns_of_its_own_in_csv(void **state)
{
        struct world *w = *state;

        persons_and_share(w);
        assert_string_equal(render(w, render_csv, LANG_SV),
                "kon;kon.label;persons;persons.status;aterkom;aterkom.low;aterkom.high;"
                "aterkom.status;obs_status;conf_status\r\n"
                "k;k;1500;A;62,1;58,0;66,0;A;A;F\r\n"
                "m;m;1480;A;;;;Q;A;F\r\n"
                "_T;Totalt;2980;A;100,0;96,3;100,0;A;A;F\r\n");
}

static void an_interval_is_a_pair_in_json(void **state)
{
        struct world *w = *state;

        persons_and_share(w);
        const char *text = render(w, render_json, LANG_SV);

        assert_non_null(strstr(text, "{\"at\": [\"k\"], \"obs_status\": \"A\", \"conf_status\": "
                                     "\"F\", \"values\": [1500, 62.1], \"statuses\": "
                                     "[\"A\", \"A\"], \"intervals\": [null, [58.0, 66.0]]}"));
        assert_non_null(strstr(text, "{\"at\": [\"m\"], \"obs_status\": \"A\", \"conf_status\": "
                                     "\"F\", \"values\": [1480, null], \"statuses\": "
                                     "[\"A\", \"Q\"], \"intervals\": [null, null]}"));
        assert_non_null(strstr(text, "\"name\": \"aterkom\""));
}

static void one_measure_alone_has_the_only_status(void **state)
{
        struct world *w = *state;
        const struct measure share = {.kind = MEASURE_SHARE, .decimals = 1};

        measures(w, &share, 1);
        put(w, 0, 0, 621, 580, 660);
        hide(w, 0, 1, CELL_PROTECTED);
        put(w, 0, 2, TABLE_NO_VALUE, TABLE_NO_VALUE, TABLE_NO_VALUE);
        assert_string_equal(render(w, render_csv, LANG_EN),
                "kon,kon.label,share,share.low,share.high,obs_status,conf_status\r\n"
                "k,k,62.1,58.0,66.0,A,F\r\n"
                "m,m,,,,Q,C\r\n"
                "_T,Total,,,,M,F\r\n");
        assert_non_null(strstr(render(w, render_table, LANG_EN), "Total                 .\n"));
}

static void what_the_cell_withholds_no_measure_shows(void **state)
{
        static render_fn *const formats[] = {render_table, render_csv, render_json};
        struct world *w = *state;

        persons_and_share(w);
        put(w, 1, 0, PLANTED, PLANTED, PLANTED);
        w->measures[0].values[0] = PLANTED;
        w->release.table.status[0] = CELL_PROTECTED;
        for (size_t f = 0; f < ARRAY_LEN(formats); f++)
                assert_null(strstr(render(w, formats[f], LANG_EN), "777"));
}

/* A gateway that sends a value without its interval shows the value alone. */
static void an_interval_that_does_not_exist_is_left_out(void **state)
{
        struct world *w = *state;

        persons_and_share(w);
        w->measures[1].low[0] = TABLE_NO_VALUE;
        assert_non_null(strstr(render(w, render_table, LANG_SV), " 62,1\n"));
        assert_non_null(strstr(render(w, render_csv, LANG_SV), ";62,1;;;A;"));
}

static void measures_are_told_apart_by_name_kind_and_variable(void **state)
{
        struct world *w = *state;
        const struct measure list[] = {
                {.kind = MEASURE_FAMILIES},
                {.kind = MEASURE_MEDIAN, .variable = bytes_of_text("dagar"), .decimals = 1},
                {.kind = MEASURE_UPPER_QUARTILE, .variable = bytes_of_text("dagar")},
                {.kind = MEASURE_DAYS},
                {.kind = MEASURE_RATE, .scale = 1000},
                {.kind = MEASURE_RATIO,
                        .variable = bytes_of_text("kostnad"),
                        .unit = bytes_of_text("kr"),
                        .scale = 100},
                {.kind = MEASURE_RATIO, .name = bytes_of_text("risk"), .scale = 100},
        };

        measures(w, list, ARRAY_LEN(list));
        assert_non_null(strstr(render(w, render_csv, LANG_EN),
                "kon,kon.label,families,families.status,median:dagar,median:dagar.status,"
                "upper_quartile:dagar,upper_quartile:dagar.status,days,days.status,rate,"
                "rate.status,ratio:kostnad,ratio:kostnad.status,risk,risk.status,obs_status,conf_"
                "status\r\n"));
        assert_non_null(strstr(render(w, render_table, LANG_SV),
                "Familjer, dagar, median, dagar, övre kvartil, dagar, antal (per 1 000 invånare), "
                "kostnad, kvot (kr), risk: kvot (per 100) efter kon\n"));
}

/* Where figures come from -------------------------------------------------- */

static void say_everything(struct world *w)
{
        const struct wire_coverage coverage[] = {
                {bytes_of_text("anmalan"), 288, 290, 4, 21, NO_SHARE},
                {bytes_of_text("utredning"), 290, 290, NO_SHARE, 0, 13},
        };

        persons_and_share(w);
        w->release.linkage = bytes_of_text("barnets_resa");
        w->release.unit = UNIT_FAMILY;
        w->release.has_period = true;
        assert_true(period_parse("2024", 4, &w->release.period));
        memcpy(w->coverage, coverage, sizeof coverage);
        w->release.coverage = w->coverage;
        w->release.coverage_len = ARRAY_LEN(coverage);
        w->release.unlinked = 3;
        w->asked.municipality_rule = MUNICIPALITY_FIRST;
        w->asked.has_age_at = w->asked.has_division_at = true;
        w->asked.age_at = w->asked.division_at = w->release.period.last;
        w->asked.period_date = bytes_of_text("beslutsdatum");
}

static void days_are_days_in_both_languages(void **state)
{
        struct world *w = *state;
        const struct measure list[] = {
                {.kind = MEASURE_MEDIAN,
                        .variable = bytes_of_text("tid"),
                        .unit = bytes_of_text("dagar")},
                {.kind = MEASURE_SUM,
                        .variable = bytes_of_text("belopp"),
                        .unit = bytes_of_text("kr")},
        };

        measures(w, list, ARRAY_LEN(list));
        assert_non_null(strstr(render(w, render_table, LANG_EN), "Tid, median (days), belopp, "));
        assert_non_null(strstr(render(w, render_table, LANG_EN), " (kr)"));
        assert_non_null(strstr(render(w, render_table, LANG_SV), "Tid, median (dagar), belopp, "));
}

static void the_head_tells_the_reference(void **state)
{
        struct world *w = *state;

        say_everything(w);
        assert_non_null(strstr(render(w, render_table, LANG_SV),
                "Länkning: barnets_resa. Enhet: familj. Period: 2024 (beslutsdatum). Kommun: "
                "personens första i perioden. Ålder den 2024-12-31. Indelning den 2024-12-31.\n"));
        assert_non_null(strstr(render(w, render_table, LANG_EN),
                "Linkage: barnets_resa. Unit: family. Period: 2024 (beslutsdatum). Municipality: "
                "the person's first in the period. Age on 2024-12-31. Divisions as on "
                "2024-12-31.\n"));
}

static void the_foot_tells_what_was_delivered(void **state)
{
        struct world *w = *state;

        say_everything(w);
        const char *text = render(w, render_table, LANG_EN);

        assert_non_null(strstr(text,
                "anmalan: 288 of 290 municipalities; rejected 0.4 %; missing values 2.1 %\n"));
        assert_non_null(strstr(
                text, "utredning: 290 of 290 municipalities; rejected ..; missing values 0.0 %\n"));
        assert_non_null(strstr(text, "3 municipalities that delivered stand outside"));
        assert_null(strstr(text, "288 of 290 municipalities delivered"));
        assert_null(strstr(text, "count in this table"));
}

static void the_foot_tells_who_counts_where_several_data_sets_are_looked_at(void **state)
{
        struct world *w = *state;

        say_everything(w);
        w->release.expected = 290;
        w->release.has_counted = true;
        w->release.counted = 287;
        const char *text = render(w, render_table, LANG_EN);

        assert_non_null(strstr(text,
                "287 of 290 municipalities count in this table: they have delivered all data sets "
                "it looks at.\n"));
        assert_null(strstr(text, "their persons are counted"));
        assert_non_null(strstr(
                render(w, render_json, LANG_EN), "    \"unlinked\": 3,\n    \"counted\": 287,\n"));
        w->release.counted = 290;
        assert_null(strstr(render(w, render_table, LANG_EN), "count in this table"));
}

static unsigned told(struct world *w, const char *what)
{
        unsigned n = 0;

        for (const char *at = render(w, render_table, LANG_EN); (at = strstr(at, what)) != NULL;
                at++)
                n++;
        return n;
}

static void families_are_told_of_once_and_only_where_they_matter(void **state)
{
        struct world *w = *state;
        struct measure_ref measure = {.kind = MEASURE_FAMILIES};
        struct derived derived = {.kind = DERIVED_EXISTS, .same = SAME_FAMILY};

        say_everything(w);
        w->coverage[0].families_missing_permille = 0;
        w->coverage[1].families_missing_permille = 0;
        assert_int_equal(told(w, "Persons whose family cannot be told: 0.0 %\n"), 1);
        w->release.unit = UNIT_PERSON;
        assert_int_equal(told(w, "whose family"), 0);
        w->asked.measures = &measure;
        w->asked.measures_len = 1;
        assert_int_equal(told(w, "whose family"), 1);
        w->asked.measures_len = 0;
        w->asked.derived = &derived;
        w->asked.derived_len = 1;
        assert_int_equal(told(w, "whose family"), 1);
        w->asked.derived_len = 0;
        w->asked.indicator = bytes_of_text("aterkomst");
        assert_int_equal(told(w, "whose family"), 0);
        w->coverage[0].families_missing_permille = NO_SHARE;
        w->coverage[1].families_missing_permille = 13;
        assert_int_equal(told(w, "Persons whose family cannot be told: 1.3 %\n"), 1);
        w->asked.indicator = bytes_of_text("");
        assert_int_equal(told(w, "whose family"), 0);
        w->answer.asked = NULL;
        assert_int_equal(told(w, "whose family"), 1);
}

/* Deliveries are not persons, and nobody delivers them. */
static void what_does_not_apply_is_not_told(void **state)
{
        struct world *w = *state;
        const char *text;

        persons_and_share(w);
        w->release.threshold = 1;
        w->release.zeros_published = true;
        w->release.delivered = w->release.expected = 0;
        text = render(w, render_table, LANG_EN);
        assert_null(strstr(text, "fewer than"));
        assert_null(strstr(text, "delivered."));
}

static void json_tells_the_same(void **state)
{
        struct world *w = *state;

        say_everything(w);
        assert_non_null(strstr(render(w, render_json, LANG_EN),
                "    \"linkage\": \"barnets_resa\",\n"
                "    \"unit\": \"family\",\n"
                "    \"period\": \"2024\",\n"
                "    \"unlinked\": 3,\n"
                "    \"coverage\": [\n"
                "      {\"dataset\": \"anmalan\", \"delivered\": 288, \"expected\": 290, "
                "\"rejected_percent\": 0.4, \"missing_percent\": 2.1, "
                "\"families_missing_percent\": null},\n"
                "      {\"dataset\": \"utredning\", \"delivered\": 290, \"expected\": 290, "
                "\"rejected_percent\": null, \"missing_percent\": 0.0, "
                "\"families_missing_percent\": 1.3}],\n"
                "    \"indicator\": null,\n"));
}

static void an_indicator_is_named_with_its_definition(void **state)
{
        struct world *w = *state;

        persons_and_share(w);
        w->release.has_indicator = true;
        w->release.indicator = (struct wire_indicator){.id = bytes_of_text("aterkomst"),
                .version = 2,
                .label = {bytes_of_text("Återkomst"), bytes_of_text("Return")}};
        memset(&w->release.indicator.digest, 0xab, sizeof w->release.indicator.digest);
        assert_non_null(strstr(render(w, render_table, LANG_SV),
                "Återkomst (indikator aterkomst, version 2, definition abababababababab) efter "
                "kon\n"));
        assert_non_null(strstr(render(w, render_json, LANG_SV),
                "\"indicator\": {\"id\": \"aterkomst\", \"version\": 2, \"label\": {\"sv\": "
                "\"Återkomst\", \"en\": \"Return\"}, \"definition_digest\": \"abab"));
}

static void what_is_derived_is_told_as_it_was_asked(void **state)
{
        struct world *w = *state;
        struct bytes yes = bytes_of_text("true");
        struct filter again = {.variable = bytes_of_text("ater"),
                .op = FILTER_EQ,
                .values = &yes,
                .values_len = 1};
        struct derived ater = {.name = bytes_of_text("ater"),
                .kind = DERIVED_EXISTS,
                .dataset = bytes_of_text("anmalan"),
                .window = {.kind = WINDOW_RELATIVE, .from = 1, .until = 365},
                .in = IN_OTHER};
        struct measure_ref share = {.kind = MEASURE_SHARE, .filters = &again, .filters_len = 1};

        persons_and_share(w);
        w->asked.derived = &ater;
        w->asked.measures = &share;
        w->asked.derived_len = w->asked.measures_len = 1;
        assert_non_null(strstr(render(w, render_table, LANG_SV),
                "\n{name: ater, kind: exists, dataset: anmalan, window: {from: 1, until: 365}, in: "
                "other}\n{kind: share, filters: [\"ater = true\"]}\n"));
}

static void all_marks_are_explained_every_time(void **state)
{
        struct world *w = *state;
        const struct measure records = {.kind = MEASURE_RECORDS};

        measures(w, &records, 1);
        const char *text = render(w, render_table, LANG_EN);

        assert_non_null(strstr(text, "\n0   zero"));
        assert_non_null(strstr(text, "\n..  protected"));
        assert_non_null(strstr(text, "\n:   missing"));
        assert_non_null(strstr(text, "\n.   cannot exist"));
        assert_null(strstr(text, "interval"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(a_share_stands_with_its_interval),
                T(an_interval_has_columns_of_its_own_in_csv),
                T(an_interval_is_a_pair_in_json),
                T(one_measure_alone_has_the_only_status),
                T(what_the_cell_withholds_no_measure_shows),
                T(an_interval_that_does_not_exist_is_left_out),
                T(measures_are_told_apart_by_name_kind_and_variable),
                T(days_are_days_in_both_languages),
                T(the_head_tells_the_reference),
                T(the_foot_tells_what_was_delivered),
                T(the_foot_tells_who_counts_where_several_data_sets_are_looked_at),
                T(families_are_told_of_once_and_only_where_they_matter),
                T(what_does_not_apply_is_not_told),
                T(json_tells_the_same),
                T(an_indicator_is_named_with_its_definition),
                T(what_is_derived_is_told_as_it_was_asked),
                T(all_marks_are_explained_every_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
