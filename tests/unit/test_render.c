/* SPDX-License-Identifier: Apache-2.0 */
/* test_render.c: releases as table, CSV and JSON: the four marks, two languages, and
 * above all that a cell which shows no value has none in any format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/cli/render.h"
#include "tools/cli/render_parts.h"

enum { CEILING = 512 << 20 };

/* One answer in an arena of its own, and what it was rendered to. */
struct world {
        struct arena *arena;
        struct cli cli;
        struct wire_release release;
        struct answer answer;
        struct filter filters[2];
        struct bytes values[3];
        struct query asked;
        char *text;
        size_t len;
};

static int setup(void **state)
{
        struct world *w = test_calloc(1, sizeof *w);

        w->arena = arena_new(CEILING);
        w->cli = (struct cli){.arena = w->arena, .lang = LANG_SV};
        w->answer = (struct answer){.release = &w->release, .asked = &w->asked};
        w->release = (struct wire_release){
                .vintage = {7, 1},
                .vintage_at_ms = 1795298935000,
                .dataset = bytes_of_text("placering"),
                .purpose = bytes_of_text("uppfoljning"),
                .threshold = 5,
                .zeros_published = true,
                .delivered = 289,
                .expected = 290,
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

static const char *render(struct world *w, render_fn *fn, struct render_how how)
{
        free(w->text);
        w->text = NULL;
        how.out = open_memstream(&w->text, &w->len);
        assert_non_null(how.out);
        assert_int_equal(fn(&w->cli, &w->answer, &how), ERR_OK);
        assert_int_equal(fclose(how.out), 0);
        return w->text;
}

static const char *plainly(struct world *w, render_fn *fn, enum lang lang)
{
        w->cli.lang = lang;
        return render(w, fn, (struct render_how){.width = 0});
}

static void add_dimension(struct world *w, uint32_t d, const char *variable, const char *level,
        const char *sv, const char *en)
{
        w->release.table.dimensions[d].variable = bytes_of_text(variable);
        w->release.table.dimensions[d].level = bytes_of_text(level);
        w->release.table.dimensions[d].label_sv = bytes_of_text(sv);
        w->release.table.dimensions[d].label_en = bytes_of_text(en);
}

static void add_category(
        struct world *w, uint32_t d, const char *code, const char *sv, const char *en)
{
        struct dimension *dim = &w->release.table.dimensions[d];

        dim->categories[dim->len++] = (struct category){
                .code = bytes_of_text(code),
                .label_sv = bytes_of_text(sv),
                .label_en = bytes_of_text(en),
        };
}

static void shape(struct world *w, uint32_t dimensions, uint32_t measures, uint32_t categories)
{
        struct table *t = &w->release.table;

        t->dimensions_len = dimensions;
        t->measures_len = measures;
        t->dimensions = arena_alloc(w->arena, dimensions, sizeof *t->dimensions);
        t->measures = arena_alloc(w->arena, measures, sizeof *t->measures);
        assert_true(t->dimensions != NULL && t->measures != NULL);
        for (uint32_t d = 0; d < dimensions; d++) {
                t->dimensions[d].categories =
                        arena_alloc(w->arena, categories, sizeof *t->dimensions[d].categories);
                assert_non_null(t->dimensions[d].categories);
        }
}

static void set_cell(
        struct world *w, size_t cell, enum cell_status s, int64_t first, int64_t second)
{
        struct table *t = &w->release.table;

        t->status[cell] = (uint8_t)s;
        for (uint32_t m = 0; m < t->measures_len; m++)
                if (t->measures[m].status != NULL)
                        t->measures[m].status[cell] = (uint8_t)s;
        t->measures[0].values[cell] = first;
        if (t->measures_len > 1)
                t->measures[1].values[cell] = second;
}

/* County × sex with all four marks, and a mean that has nothing to average. The
 * values of hidden cells are planted: no gateway would send them. */
enum { PLANTED = 77777777 };

static void sample(struct world *w)
{
        struct table *t = &w->release.table;

        shape(w, 2, 2, 2);
        add_dimension(w, 0, "kommun", "lan", "Placerande kommun", "Placing municipality");
        add_category(w, 0, "01", "Stockholms län", "Stockholm county");
        add_category(w, 0, "03", "Uppsala län", "Uppsala county");
        add_dimension(w, 1, "kon", "", "Kön", "Sex");
        add_category(w, 1, "k", "kvinnor", "women");
        add_category(w, 1, "m", "män", "men");
        t->dimensions[0].overlapping = true;
        t->measures[0] = (struct measure){.kind = MEASURE_PERSONS,
                .label_sv = bytes_of_text("personer"),
                .label_en = bytes_of_text("persons")};
        t->measures[1] = (struct measure){.kind = MEASURE_MEAN,
                .variable = bytes_of_text("dygnskostnad"),
                .label_sv = bytes_of_text("Dygnskostnad"),
                .label_en = bytes_of_text("Cost per day"),
                .unit = bytes_of_text("kr"),
                .decimals = 3};
        assert_int_equal(table_alloc(w->arena, t), ERR_OK);
        set_cell(w, 0, CELL_VALUE, 1234, 2500125);
        set_cell(w, 1, CELL_PROTECTED, PLANTED, PLANTED);
        set_cell(w, 2, CELL_VALUE, 1237, 2499000);
        set_cell(w, 3, CELL_VALUE, 0, TABLE_NO_VALUE);
        set_cell(w, 4, CELL_NOT_APPLICABLE, PLANTED, PLANTED);
        set_cell(w, 5, CELL_MISSING, PLANTED, PLANTED);
        set_cell(w, 6, CELL_VALUE, 1234, 2500125);
        set_cell(w, 7, CELL_PROTECTED, PLANTED, PLANTED);
        set_cell(w, 8, CELL_VALUE, 1237, -500);
}

static void ask_filters(struct world *w)
{
        w->values[0] = bytes_of_text("hvb");
        w->values[1] = bytes_of_text("sis");
        w->values[2] = bytes_of_text("2025");
        w->filters[0] = (struct filter){.variable = bytes_of_text("form"),
                .op = FILTER_IN,
                .values = w->values,
                .values_len = 2};
        w->filters[1] = (struct filter){.variable = bytes_of_text("start"),
                .level = bytes_of_text("ar"),
                .op = FILTER_EQ,
                .values = w->values + 2,
                .values_len = 1};
        w->asked.filters = w->filters;
        w->asked.filters_len = 2;
}

/* Golden text ------------------------------------------------------------- */

/* The thin spaces in the Swedish numbers are U+2009. */
static const char table_sv[] =
        "Personer, Dygnskostnad, medelvärde (kr) efter Placerande kommun (lan) × Kön\n"
        "där form in hvb,sis; start:ar = 2025\n"
        "Datamängd placering, ändamål uppfoljning, årgång 7.1 (2026-11-21 22:08:55 UTC)\n"
        "\n"
        "                                                         kvinnor                          "
        "            män                                   Totalt\n"
        "Placerande kommun (lan)  personer  Dygnskostnad, medelvärde (kr)  personer  Dygnskostnad, "
        "medelvärde (kr)  personer  Dygnskostnad, medelvärde (kr)\n"
        "──────────────────────────────────────────────────────────────────────────────────────────"
        "────────────────────────────────────────────────────────\n"
        "Stockholms län              1 234                      2 500,125        ..                "
        "             ..     1 237                      2 499,000\n"
        "Uppsala län                     0                              .         .                "
        "              .         :                              :\n"
        "Totalt                      1 234                      2 500,125        ..                "
        "             ..     1 237                         -0,500\n"
        "\n"
        "0   noll: det fanns ingen\n"
        "..  skyddad uppgift\n"
        ":   saknas: ingen har levererat uppgiften\n"
        ".   kan inte förekomma eller beräknas\n"
        "Uppgifter om färre än 5 personer visas inte.\n"
        "289 av 290 kommuner har levererat.\n"
        "Placerande kommun (lan): en person kan finnas i flera kategorier, så delarna summerar "
        "inte till totalen.\n";

static const char table_en[] =
        "Persons, Cost per day, mean (kr) by Placing municipality (lan) × Sex\n"
        "where form in hvb,sis; start:ar = 2025\n"
        "Data set placering, purpose uppfoljning, vintage 7.1 (2026-11-21 22:08:55 UTC)\n"
        "\n"
        "                                                       women                              "
        " men                             Total\n"
        "Placing municipality (lan)  persons  Cost per day, mean (kr)  persons  Cost per day, mean "
        "(kr)  persons  Cost per day, mean (kr)\n"
        "──────────────────────────────────────────────────────────────────────────────────────────"
        "──────────────────────────────────────\n"
        "Stockholm county              1,234                2,500.125       ..                     "
        "  ..    1,237                2,499.000\n"
        "Uppsala county                    0                        .        .                     "
        "   .        :                        :\n"
        "Total                         1,234                2,500.125       ..                     "
        "  ..    1,237                   -0.500\n"
        "\n"
        "0   zero: there were none\n"
        "..  protected\n"
        ":   missing: nobody has delivered it\n"
        ".   cannot exist or be computed\n"
        "Figures about fewer than 5 persons are not shown.\n"
        "289 of 290 municipalities delivered.\n"
        "Placing municipality (lan): a person can be in several categories: parts do not add up to "
        "the total.\n";

static const char csv_sv[] = "kommun:lan;kommun:lan.label;kon;kon.label;persons;persons.status;"
                             "mean:dygnskostnad;mean:dygnskostnad.status;obs_status;conf_status\r\n"
                             "01;Stockholms län;k;kvinnor;1234;A;2500,125;A;A;F\r\n"
                             "01;Stockholms län;m;män;;Q;;Q;Q;C\r\n"
                             "01;Stockholms län;_T;Totalt;1237;A;2499,000;A;A;F\r\n"
                             "03;Uppsala län;k;kvinnor;0;A;;M;A;F\r\n"
                             "03;Uppsala län;m;män;;M;;M;M;F\r\n"
                             "03;Uppsala län;_T;Totalt;;O;;O;O;F\r\n"
                             "_T;Totalt;k;kvinnor;1234;A;2500,125;A;A;F\r\n"
                             "_T;Totalt;m;män;;Q;;Q;Q;C\r\n"
                             "_T;Totalt;_T;Totalt;1237;A;-0,500;A;A;F\r\n";

static const char csv_en[] = "kommun:lan,kommun:lan.label,kon,kon.label,persons,persons.status,"
                             "mean:dygnskostnad,mean:dygnskostnad.status,obs_status,conf_status\r\n"
                             "01,Stockholm county,k,women,1234,A,2500.125,A,A,F\r\n"
                             "01,Stockholm county,m,men,,Q,,Q,Q,C\r\n"
                             "01,Stockholm county,_T,Total,1237,A,2499.000,A,A,F\r\n"
                             "03,Uppsala county,k,women,0,A,,M,A,F\r\n"
                             "03,Uppsala county,m,men,,M,,M,M,F\r\n"
                             "03,Uppsala county,_T,Total,,O,,O,O,F\r\n"
                             "_T,Total,k,women,1234,A,2500.125,A,A,F\r\n"
                             "_T,Total,m,men,,Q,,Q,Q,C\r\n"
                             "_T,Total,_T,Total,1237,A,-0.500,A,A,F\r\n";

static const char json_both[] =
        "{\n"
        "  \"format\": \"statgate.table.1\",\n"
        "  \"release\": {\n"
        "    \"dataset\": \"placering\",\n"
        "    \"purpose\": \"uppfoljning\",\n"
        "    \"vintage\": \"7.1\",\n"
        "    \"vintage_at\": \"2026-11-21T22:08:55.000Z\",\n"
        "    \"delivered\": 289,\n"
        "    \"expected\": 290,\n"
        "    \"threshold\": 5,\n"
        "    \"zeros_published\": true,\n"
        "    \"release_digest\": "
        "\"0000000000000000000000000000000000000000000000000000000000000000\",\n"
        "    \"query_digest\": "
        "\"0000000000000000000000000000000000000000000000000000000000000000\",\n"
        "    \"policy_digest\": "
        "\"0000000000000000000000000000000000000000000000000000000000000000\",\n"
        "    \"linkage\": null,\n"
        "    \"unit\": null,\n"
        "    \"period\": null,\n"
        "    \"unlinked\": 0,\n"
        "    \"coverage\": [],\n"
        "    \"indicator\": null,\n"
        "    \"protection\": null\n"
        "  },\n"
        "  \"filters\": [\n"
        "    {\"variable\": \"form\", \"level\": \"\", \"op\": \"in\", \"values\": [\"hvb\", "
        "\"sis\"]},\n"
        "    {\"variable\": \"start\", \"level\": \"ar\", \"op\": \"=\", \"values\": [\"2025\"]}\n"
        "  ],\n"
        "  \"dimensions\": [\n"
        "    {\"variable\": \"kommun\", \"level\": \"lan\", \"label\": {\"sv\": \"Placerande "
        "kommun\", \"en\": \"Placing municipality\"}, \"overlapping\": true, \"categories\": [\n"
        "      {\"code\": \"01\", \"label\": {\"sv\": \"Stockholms län\", \"en\": \"Stockholm "
        "county\"}},\n"
        "      {\"code\": \"03\", \"label\": {\"sv\": \"Uppsala län\", \"en\": \"Uppsala "
        "county\"}}]},\n"
        "    {\"variable\": \"kon\", \"level\": \"\", \"label\": {\"sv\": \"Kön\", \"en\": "
        "\"Sex\"}, \"overlapping\": false, \"categories\": [\n"
        "      {\"code\": \"k\", \"label\": {\"sv\": \"kvinnor\", \"en\": \"women\"}},\n"
        "      {\"code\": \"m\", \"label\": {\"sv\": \"män\", \"en\": \"men\"}}]}],\n"
        "  \"measures\": [\n"
        "    {\"kind\": \"persons\", \"variable\": \"\", \"label\": {\"sv\": \"personer\", \"en\": "
        "\"persons\"}, \"unit\": \"\", \"decimals\": 0, \"name\": \"\", \"scale\": 0},\n"
        "    {\"kind\": \"mean\", \"variable\": \"dygnskostnad\", \"label\": {\"sv\": "
        "\"Dygnskostnad\", \"en\": \"Cost per day\"}, \"unit\": \"kr\", \"decimals\": 3, \"name\": "
        "\"\", \"scale\": 0}],\n"
        "  \"statuses\": {\"Q\": \"protected\", \"A\": \"value\", \"O\": \"missing\", \"M\": "
        "\"not_applicable\"},\n"
        "  \"cells\": [\n"
        "    {\"at\": [\"01\", \"k\"], \"obs_status\": \"A\", \"conf_status\": \"F\", \"values\": "
        "[1234, 2500.125], "
        "\"statuses\": [\"A\", \"A\"]},\n"
        "    {\"at\": [\"01\", \"m\"], \"obs_status\": \"Q\", \"conf_status\": \"C\", \"values\": "
        "[null, null], \"statuses\": "
        "[\"Q\", \"Q\"]},\n"
        "    {\"at\": [\"01\", null], \"obs_status\": \"A\", \"conf_status\": \"F\", \"values\": "
        "[1237, 2499.000], "
        "\"statuses\": [\"A\", \"A\"]},\n"
        "    {\"at\": [\"03\", \"k\"], \"obs_status\": \"A\", \"conf_status\": \"F\", \"values\": "
        "[0, null], \"statuses\": "
        "[\"A\", \"M\"]},\n"
        "    {\"at\": [\"03\", \"m\"], \"obs_status\": \"M\", \"conf_status\": \"F\", \"values\": "
        "[null, null], \"statuses\": "
        "[\"M\", \"M\"]},\n"
        "    {\"at\": [\"03\", null], \"obs_status\": \"O\", \"conf_status\": \"F\", \"values\": "
        "[null, null], \"statuses\": "
        "[\"O\", \"O\"]},\n"
        "    {\"at\": [null, \"k\"], \"obs_status\": \"A\", \"conf_status\": \"F\", \"values\": "
        "[1234, 2500.125], "
        "\"statuses\": [\"A\", \"A\"]},\n"
        "    {\"at\": [null, \"m\"], \"obs_status\": \"Q\", \"conf_status\": \"C\", \"values\": "
        "[null, null], \"statuses\": "
        "[\"Q\", \"Q\"]},\n"
        "    {\"at\": [null, null], \"obs_status\": \"A\", \"conf_status\": \"F\", \"values\": "
        "[1237, -0.500], \"statuses\": "
        "[\"A\", \"A\"]}\n"
        "  ]\n"
        "}\n";

static void a_swedish_table_has_marks_headline_and_foot(void **state)
{
        struct world *w = *state;

        sample(w);
        ask_filters(w);
        assert_string_equal(plainly(w, render_table, LANG_SV), table_sv);
}

static void an_english_table_has_points_and_commas(void **state)
{
        struct world *w = *state;

        sample(w);
        ask_filters(w);
        assert_string_equal(plainly(w, render_table, LANG_EN), table_en);
}

static void a_swedish_csv_has_semicolons_and_decimal_commas(void **state)
{
        struct world *w = *state;

        sample(w);
        assert_string_equal(plainly(w, render_csv, LANG_SV), csv_sv);
}

static void an_english_csv_has_commas_and_points(void **state)
{
        struct world *w = *state;

        sample(w);
        assert_string_equal(plainly(w, render_csv, LANG_EN), csv_en);
}

static void json_says_everything_in_both_languages(void **state)
{
        struct world *w = *state;

        sample(w);
        ask_filters(w);
        assert_string_equal(plainly(w, render_json, LANG_SV), json_both);
        assert_string_equal(plainly(w, render_json, LANG_EN), json_both);
}

/* Shapes ------------------------------------------------------------------ */

/* `len` categories in each of `dimensions`, every cell a value. */
static void plain_block(struct world *w, uint32_t dimensions, uint32_t len, const char *label)
{
        struct table *t = &w->release.table;

        shape(w, dimensions, 1, len);
        for (uint32_t d = 0; d < dimensions; d++) {
                add_dimension(w, d, "v", "", "variabel", "variable");
                for (uint32_t i = 0; i < len; i++)
                        add_category(w, d, "c", label, label);
        }
        t->measures[0] = (struct measure){.kind = MEASURE_RECORDS,
                .label_sv = bytes_of_text("poster"),
                .label_en = bytes_of_text("records")};
        assert_int_equal(table_alloc(w->arena, t), ERR_OK);
        for (size_t cell = 0; cell < t->cells_len; cell++)
                set_cell(w, cell, CELL_VALUE, (int64_t)cell, 0);
}

static unsigned lines_of(const char *text)
{
        unsigned n = 0;

        for (; *text != '\0'; text++)
                n += *text == '\n';
        return n;
}

static void a_question_without_dimensions_is_one_row(void **state)
{
        struct world *w = *state;

        plain_block(w, 0, 0, "");
        set_cell(w, 0, CELL_VALUE, 1048576, 0);
        assert_non_null(
                strstr(plainly(w, render_table, LANG_EN), "  records\n─────────\n1,048,576\n"));
        assert_string_equal(plainly(w, render_csv, LANG_EN),
                "records,obs_status,conf_status\r\n1048576,A,F\r\n");
        assert_non_null(strstr(plainly(w, render_json, LANG_EN),
                "{\"at\": [], \"obs_status\": \"A\", \"conf_status\": \"F\", \"values\": "
                "[1048576], \"statuses\": [\"A\"]}"));
}

static void a_single_dimension_stands_to_the_left(void **state)
{
        struct world *w = *state;

        plain_block(w, 1, 2, "del");
        assert_non_null(strstr(plainly(w, render_table, LANG_SV),
                "variabel  poster\n────────────────\ndel        "
                "    0\ndel            1\nTotalt         2\n"));
}

static void a_dimension_without_categories_has_its_total(void **state)
{
        struct world *w = *state;

        plain_block(w, 2, 0, "");
        assert_non_null(strstr(plainly(w, render_table, LANG_SV), "Totalt         0\n"));
        assert_non_null(strstr(plainly(w, render_csv, LANG_SV), "_T;Totalt;_T;Totalt;0;A;F\r\n"));
}

/* 41 columns side by side are too many for an eye. */
static void too_many_columns_become_rows(void **state)
{
        struct world *w = *state;

        plain_block(w, 2, 40, "del");

        const char *text = plainly(w, render_table, LANG_EN);

        assert_non_null(strstr(text, "variable  variable  records\n"));
        assert_true(lines_of(text) > 41 * 41);
}

static void a_label_above_repeats_only_when_something_before_it_changed(void **state)
{
        struct world *w = *state;

        plain_block(w, 3, 1, "del");
        assert_non_null(
                strstr(plainly(w, render_table, LANG_EN), "del       del         0      1\n"
                                                          "          Total       2      3\n"
                                                          "Total     del         4      5\n"
                                                          "          Total       6      7\n"));
}

static void labels_are_cut_on_a_terminal_only(void **state)
{
        static const char label[] = "Ett mycket långt namn på en kategori som inte får plats";
        struct world *w = *state;

        plain_block(w, 2, 2, label);

        const char *text = render(w, render_table, (struct render_how){.width = 60});

        assert_null(strstr(text, label));
        assert_non_null(strstr(text, "…"));
        text = strstr(text, "\n\n") + 2;
        for (const char *end; (end = strchr(text, '\n')) != text; text = end + 1)
                assert_true(text_columns(bytes_of(text, (size_t)(end - text))) <= 60);
        assert_non_null(strstr(plainly(w, render_table, LANG_SV), label));
}

static void values_are_never_cut(void **state)
{
        struct world *w = *state;

        plain_block(w, 2, 8, "del");
        for (size_t cell = 0; cell < w->release.table.cells_len; cell++)
                set_cell(w, cell, CELL_VALUE, INT64_MAX, 0);
        w->cli.lang = LANG_EN;
        assert_non_null(strstr(render(w, render_table, (struct render_how){.width = 40}),
                "9,223,372,036,854,775,807"));
}

/* Numbers ----------------------------------------------------------------- */

static void numbers_are_exact_at_both_ends(void **state)
{
        static const struct {
                int64_t v;
                uint32_t decimals;
                const char *plain, *english;
        } cases[] = {
                {0, 0, "0", "0"},
                {0, 3, "0.000", "0.000"},
                {5, 3, "0.005", "0.005"},
                {-5, 3, "-0.005", "-0.005"},
                {999, 0, "999", "999"},
                {1000, 0, "1000", "1,000"},
                {-1234567, 1, "-123456.7", "-123,456.7"},
                {INT64_MAX, 18, "9.223372036854775807", "9.223372036854775807"},
                {INT64_MIN + 1, 0, "-9223372036854775807", "-9,223,372,036,854,775,807"},
        };
        char text[VALUE_TEXT];

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                assert_int_equal(value_plain(cases[i].v, cases[i].decimals, '.', text),
                        strlen(cases[i].plain));
                assert_string_equal(text, cases[i].plain);
                (void)value_for_people(LANG_EN, cases[i].v, cases[i].decimals, text);
                assert_string_equal(text, cases[i].english);
        }
}

static void widths_count_characters_and_not_bytes(void **state)
{
        (void)state;
        assert_int_equal(text_columns(bytes_of_text("åäö")), 3);
        assert_int_equal(text_columns(bytes_of_text("a\xcc\x8a"
                                                    "b")),
                2); /* a with a ring, b */
        assert_int_equal(text_prefix(bytes_of_text("åäö"), 2), 4);
        assert_int_equal(text_prefix(bytes_of_text("åäö"), 3), 6);
        assert_int_equal(text_columns(bytes_of(NULL, 0)), 0);
}

/* CSV and JSON ------------------------------------------------------------ */

static const char *first_label_in_csv(struct world *w, const char *label, enum lang lang)
{
        w->release.table.dimensions_len = 0;
        plain_block(w, 1, 1, label);
        return strstr(plainly(w, render_csv, lang), "\r\n") + 4; /* past "c," */
}

static void a_csv_field_is_quoted_when_it_must_be(void **state)
{
        static const struct {
                const char *label, *sv, *en;
        } cases[] = {
                {"a;b", "\"a;b\";", "a;b,"},
                {"a,b", "a,b;", "\"a,b\","},
                {"say \"no\"", "\"say \"\"no\"\"\";", "\"say \"\"no\"\"\","},
                {" a", "\" a\";", "\" a\","},
        };
        struct world *w = *state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                assert_memory_equal(first_label_in_csv(w, cases[i].label, LANG_SV), cases[i].sv,
                        strlen(cases[i].sv));
                assert_memory_equal(first_label_in_csv(w, cases[i].label, LANG_EN), cases[i].en,
                        strlen(cases[i].en));
        }
}

static void no_csv_field_is_a_formula(void **state)
{
        static const char *const bad[] = {"=1+1", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1",
                " =1", "'=1", "=HYPERLINK(\"x\";\"y\")", "＝1", "-", "+"};
        static const char *const good[] = {"a=b", "0-3", "-12", "+46", "4711", "å-ö"};
        struct world *w = *state;

        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                const char *field = first_label_in_csv(w, bad[i], LANG_SV);

                assert_true(field[0] == '\'' || (field[0] == '"' && field[1] == '\''));
        }
        for (size_t i = 0; i < ARRAY_LEN(good); i++)
                assert_int_equal(first_label_in_csv(w, good[i], LANG_SV)[0], good[i][0]);
}

static void a_byte_order_mark_comes_when_asked_for(void **state)
{
        struct world *w = *state;

        sample(w);
        assert_memory_equal(
                render(w, render_csv, (struct render_how){.bom = true}), "\xef\xbb\xbfkommun", 9);
        assert_memory_equal(render(w, render_csv, (struct render_how){.bom = false}), "kommun", 6);
}

static void json_escapes_what_json_must(void **state)
{
        struct world *w = *state;

        plain_block(w, 1, 1, "\"q\" \\ \x01 ö");
        assert_non_null(
                strstr(plainly(w, render_json, LANG_SV), "{\"sv\": \"\\\"q\\\" \\\\ \\u0001 ö\""));
}

/* Nothing leaks ----------------------------------------------------------- */

/* Deterministic and small; the tables need variety, not quality. */
static uint32_t next(uint64_t *seed)
{
        *seed = *seed * 6364136223846793005U + 1442695040888963407U;
        return (uint32_t)(*seed >> 33);
}

/* Every digit of a hidden value is 7, and nothing else in the release has a 7. */
static int64_t all_sevens(uint64_t *seed)
{
        int64_t v = 7;

        for (uint32_t n = next(seed) % 16; n > 0; n--)
                v = v * 10 + 7;
        return next(seed) % 2 == 0 ? v : -v;
}

static int64_t no_seven(uint64_t *seed)
{
        int64_t v = 0;

        for (uint32_t n = next(seed) % 16; n > 0; n--)
                v = v * 10 + next(seed) % 7;
        return v;
}

/* A measure can be withheld where its cell is shown. */
static void random_measure(struct measure *m, size_t cell, uint8_t cell_is, uint64_t *seed)
{
        bool shown = cell_is == CELL_VALUE;

        if (m->status != NULL) {
                m->status[cell] = next(seed) % 2 == 0 ? CELL_VALUE : (uint8_t)(next(seed) % 6);
                shown &= m->status[cell] == CELL_VALUE;
        }
        m->values[cell] = !shown                ? all_sevens(seed)
                          : next(seed) % 8 == 0 ? TABLE_NO_VALUE
                                                : no_seven(seed);
        shown &= m->values[cell] != TABLE_NO_VALUE;
        if (m->low != NULL) {
                m->low[cell] = shown ? no_seven(seed) : all_sevens(seed);
                m->high[cell] = shown ? no_seven(seed) : all_sevens(seed);
        }
}

static void random_table(struct world *w, uint64_t *seed)
{
        struct table *t = &w->release.table;
        uint32_t dimensions = next(seed) % 4;

        shape(w, dimensions, 1 + next(seed) % 3, 6);
        for (uint32_t d = 0; d < dimensions; d++) {
                add_dimension(w, d, "v", "", "variabel", "variable");
                t->dimensions[d].overlapping = next(seed) % 2 == 0;
                for (uint32_t n = next(seed) % 6; n > 0; n--)
                        add_category(w, d, "c", "kategori", "category");
        }
        for (uint32_t m = 0; m < t->measures_len; m++)
                t->measures[m] = (struct measure){
                        .kind = (enum measure_kind)(
                                MEASURE_PERSONS + next(seed) % (MEASURE_KIND_COUNT - 1)),
                        .variable = bytes_of_text("x"),
                        .decimals = next(seed) % 4};
        assert_int_equal(table_alloc(w->arena, t), ERR_OK);
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                /* 5 is a status from nowhere. */
                t->status[cell] = (uint8_t)(next(seed) % 6);
                for (uint32_t m = 0; m < t->measures_len; m++)
                        random_measure(&t->measures[m], cell, t->status[cell], seed);
        }
}

static void a_cell_without_a_value_shows_none_in_any_format(void **state)
{
        static render_fn *const formats[] = {render_table, render_csv, render_json, render_px};
        struct world *w = *state;
        uint64_t seed = 20261121;

        w->release.vintage = (struct vintage){3, 1};
        w->release.vintage_at_ms = 1400000000000; /* 2014-05-13 16:53:20 */
        for (int i = 0; i < 300; i++) {
                arena_reset(w->arena);
                random_table(w, &seed);
                for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
                        assert_null(strchr(plainly(w, formats[f], LANG_SV), '7'));
                        assert_null(strchr(plainly(w, formats[f], LANG_EN), '7'));
                }
                /* Places of cells are numbers too. */
                assert_null(strstr(plainly(w, render_jsonstat, LANG_SV), "777"));
        }
}

static void a_status_from_nowhere_counts_as_protected(void **state)
{
        struct world *w = *state;

        plain_block(w, 0, 0, "");
        set_cell(w, 0, CELL_STATUS_COUNT, PLANTED, 0);
        assert_string_equal(
                plainly(w, render_csv, LANG_EN), "records,obs_status,conf_status\r\n,Q,C\r\n");
        assert_non_null(strstr(plainly(w, render_table, LANG_EN), "     ..\n"));
}

static void the_clock_leaves_no_trace(void **state)
{
        struct world *w = *state;

        sample(w);

        char *before = strdup(plainly(w, render_json, LANG_SV));

        assert_non_null(before);
        assert_string_equal(plainly(w, render_json, LANG_SV), before);
        free(before);
}

static void a_release_that_no_gateway_makes_is_refused(void **state)
{
        struct world *w = *state;
        struct render_how how = {.out = stderr};

        sample(w);
        w->release.table.cells_len--;
        assert_int_equal(render_table(&w->cli, &w->answer, &how), ERR_MALFORMED);
        w->release.table.cells_len++;
        w->release.table.measures[1].decimals = DECIMALS_MAX + 1;
        assert_int_equal(render_csv(&w->cli, &w->answer, &how), ERR_MALFORMED);
        w->release.table.measures_len = 0;
        assert_int_equal(render_json(&w->cli, &w->answer, &how), ERR_MALFORMED);
}

static void a_full_disk_is_an_error(void **state)
{
        static render_fn *const formats[] = {
                render_table, render_csv, render_json, render_jsonstat, render_px};
        struct world *w = *state;

        sample(w);
        for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
                struct render_how how = {.out = fopen("/dev/full", "we")};

                assert_non_null(how.out);
                assert_int_equal(formats[f](&w->cli, &w->answer, &how), ERR_IO);
                (void)fclose(how.out);
        }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(a_swedish_table_has_marks_headline_and_foot),
                T(an_english_table_has_points_and_commas),
                T(a_swedish_csv_has_semicolons_and_decimal_commas),
                T(an_english_csv_has_commas_and_points),
                T(json_says_everything_in_both_languages),
                T(a_question_without_dimensions_is_one_row),
                T(a_single_dimension_stands_to_the_left),
                T(a_dimension_without_categories_has_its_total),
                T(too_many_columns_become_rows),
                T(a_label_above_repeats_only_when_something_before_it_changed),
                T(labels_are_cut_on_a_terminal_only),
                T(values_are_never_cut),
                T(numbers_are_exact_at_both_ends),
                T(widths_count_characters_and_not_bytes),
                T(a_csv_field_is_quoted_when_it_must_be),
                T(no_csv_field_is_a_formula),
                T(a_byte_order_mark_comes_when_asked_for),
                T(json_escapes_what_json_must),
                T(a_cell_without_a_value_shows_none_in_any_format),
                T(a_status_from_nowhere_counts_as_protected),
                T(the_clock_leaves_no_trace),
                T(a_release_that_no_gateway_makes_is_refused),
                T(a_full_disk_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
