/* SPDX-License-Identifier: Apache-2.0 */
/* test_comparison.c: an indicator's rows beside county, country, target and first year:
 * what is withheld stays withheld, and no verdict says more than the interval. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/cli/comparison.h"
#include "tools/cli/years.h"

enum { CEILING = 16 << 20, PLANTED = 77777777, HIGHER = 1, LOWER = 2, YEARS = 2 };

/* Two municipalities of one county and one of another; two years. */
struct world {
        struct arena *arena;
        struct cli cli;
        struct wire_indicator indicator;
        struct wire_code codes[3];
        struct wire_level municipalities;
        struct comparison_year years[YEARS];
        struct comparison_request request;
        struct comparison c;
        char *text;
        size_t len;
};

static struct wire_release *release(struct world *w, const char *const *codes, uint32_t len)
{
        struct wire_release *r = arena_alloc(w->arena, 1, sizeof *r);
        struct dimension *d = arena_alloc(w->arena, 1, sizeof *d);
        struct measure *m = arena_alloc(w->arena, 1, sizeof *m);

        assert_true(r != NULL && d != NULL && m != NULL);
        d->categories = arena_alloc(w->arena, len, sizeof *d->categories);
        assert_non_null(d->categories);
        d->variable = bytes_of_text("kommun");
        d->len = len;
        for (uint32_t i = 0; i < len; i++)
                d->categories[i].code = bytes_of_text(codes[i]);
        *m = (struct measure){.kind = MEASURE_SHARE, .decimals = 1, .unit = bytes_of_text("%")};
        *r = (struct wire_release){.vintage = {3, 0},
                .dataset = bytes_of_text("anmalan"),
                .purpose = bytes_of_text("uppfoljning"),
                .threshold = 5,
                .delivered = 290,
                .expected = 290,
                .table = {.dimensions = d,
                        .dimensions_len = len > 0,
                        .measures = m,
                        .measures_len = 1}};
        assert_int_equal(table_alloc(w->arena, &r->table), ERR_OK);
        return r;
}

static void put(const struct wire_release *r, size_t cell, int64_t v, int64_t low, int64_t high)
{
        const struct measure *m = r->table.measures;

        r->table.status[cell] = m->status[cell] = CELL_VALUE;
        m->values[cell] = v;
        m->low[cell] = low;
        m->high[cell] = high;
}

static void hide(const struct wire_release *r, size_t cell, enum cell_status status)
{
        put(r, cell, PLANTED, PLANTED, PLANTED);
        r->table.status[cell] = (uint8_t)status;
}

static const char *const before[] = {"0114", "0180", "0305"};
static const char *const after[] = {"0180", "0305", "0319"}; /* one gone, one new */
static const char *const counties[] = {"01", "03"};

static void fill(struct world *w)
{
        struct wire_release *first = release(w, before, 3), *second = release(w, after, 3);

        put(first, 0, 500, 450, 550);
        put(first, 1, 621, 580, 660);
        hide(first, 2, CELL_PROTECTED);
        put(first, 3, 610, 600, 620);
        put(second, 0, 700, 660, 740);
        put(second, 1, 300, 250, 350);
        hide(second, 2, CELL_MISSING);
        put(second, 3, 655, 645, 665);
        w->years[0].rows.release = first;
        w->years[1].rows.release = second;
        for (int y = 0; y < YEARS; y++) {
                struct wire_release *county = release(w, counties, 2);

                put(county, 0, 600 + y, 590, 610);
                hide(county, 1, CELL_PROTECTED);
                put(county, 2, 610, 600, 620);
                w->years[y].county.release = county;
                w->years[y].has_period = true;
                assert_true(period_parse(y == 0 ? "2023" : "2024", 4, &w->years[y].period));
        }
}

static int setup(void **state)
{
        struct world *w = test_calloc(1, sizeof *w);

        w->arena = arena_new(CEILING);
        w->cli = (struct cli){.arena = w->arena, .lang = LANG_EN};
        w->codes[0] =
                (struct wire_code){.code = bytes_of_text("0114"), .parent = bytes_of_text("01")};
        w->codes[1] =
                (struct wire_code){.code = bytes_of_text("0180"), .parent = bytes_of_text("01")};
        w->codes[2] =
                (struct wire_code){.code = bytes_of_text("0305"), .parent = bytes_of_text("03")};
        w->municipalities = (struct wire_level){.codes = w->codes, .codes_len = 3};
        w->indicator = (struct wire_indicator){.id = bytes_of_text("aterkomst"),
                .version = 2,
                .label = {bytes_of_text("Återkomst"), bytes_of_text("Return")},
                .direction = HIGHER,
                .has_target = true,
                .target = 65};
        w->request = (struct comparison_request){.indicator = &w->indicator,
                .years = w->years,
                .years_len = YEARS,
                .compared = 1U << COMPARED_TARGET | 1U << COMPARED_COUNTY | 1U << COMPARED_COUNTRY |
                            1U << COMPARED_HISTORY,
                .municipalities = &w->municipalities};
        fill(w);
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

static void make(struct world *w)
{
        assert_int_equal(comparison_make(w->arena, &w->request, &w->c), ERR_OK);
}

typedef enum err render_fn(
        const struct cli *, const struct comparison *, const struct render_how *);

static const char *render(struct world *w, render_fn *fn)
{
        struct render_how how = {.width = 0};

        make(w);
        free(w->text);
        w->text = NULL;
        how.out = open_memstream(&w->text, &w->len);
        assert_non_null(how.out);
        assert_int_equal(fn(&w->cli, &w->c, &how), ERR_OK);
        assert_int_equal(fclose(how.out), 0);
        return w->text;
}

static const struct comparison_row *row(const struct world *w, const char *code, uint32_t year)
{
        for (uint32_t i = 0; i < w->c.rows_len; i++) {
                const struct category *k = w->c.rows[i].categories[0];

                if (w->c.rows[i].year == year &&
                        (code == NULL ? k == NULL : k != NULL && bytes_is_text(k->code, code)))
                        return &w->c.rows[i];
        }
        return NULL;
}

/* Rows -------------------------------------------------------------------- */

static void a_place_is_the_same_in_all_years_by_its_code(void **state)
{
        struct world *w = *state;

        make(w);
        assert_int_equal(w->c.rows_len, 2 * 5); /* four municipalities and the total */
        assert_int_equal(row(w, "0180", 0)->value.value, 621);
        assert_int_equal(row(w, "0180", 1)->value.value, 700);
        assert_int_equal(row(w, NULL, 1)->value.value, 655);
        assert_true(row(w, "0114", 0)->is_first);
        assert_false(row(w, "0114", 1)->is_first);
}

static void who_is_not_there_in_a_year_cannot_exist_in_it(void **state)
{
        struct world *w = *state;

        make(w);
        assert_int_equal(row(w, "0114", 1)->value.status, CELL_NOT_APPLICABLE);
        assert_int_equal(row(w, "0319", 0)->value.status, CELL_NOT_APPLICABLE);
        assert_int_equal(row(w, "0319", 1)->value.status, CELL_MISSING);
}

static void a_municipality_stands_beside_its_own_county(void **state)
{
        struct world *w = *state;

        make(w);
        assert_int_equal(row(w, "0114", 0)->county.value, 600);
        assert_int_equal(row(w, "0180", 1)->county.value, 601);
        assert_int_equal(row(w, "0305", 0)->county.status, CELL_PROTECTED);
        assert_int_equal(row(w, "0319", 1)->county.status, CELL_NOT_APPLICABLE); /* unknown */
        assert_int_equal(row(w, NULL, 0)->county.status, CELL_NOT_APPLICABLE);
}

static void the_country_is_the_total_or_an_answer_of_its_own(void **state)
{
        struct world *w = *state;

        make(w);
        assert_int_equal(row(w, "0180", 1)->country.value, 655);
        w->years[1].country.release = release(w, NULL, 0);
        put(w->years[1].country.release, 0, 599, 590, 608);
        make(w);
        assert_int_equal(row(w, "0180", 1)->country.value, 599);
        assert_int_equal(row(w, "0180", 0)->country.value, 610);
}

static void change_needs_both_its_ends(void **state)
{
        struct world *w = *state;

        make(w);
        assert_int_equal(row(w, "0180", 1)->change.value, 79);
        assert_int_equal(row(w, "0180", 0)->change.status, CELL_NOT_APPLICABLE);
        assert_int_equal(row(w, "0305", 1)->change.status, CELL_PROTECTED);
        assert_int_equal(row(w, "0114", 1)->change.status, CELL_NOT_APPLICABLE);
        hide(w->years[1].rows.release, 0, CELL_PROTECTED);
        make(w);
        assert_int_equal(row(w, "0180", 1)->change.status, CELL_PROTECTED);
        assert_int_equal(row(w, "0180", 1)->verdict, VERDICT_NONE);
}

/* Verdicts ---------------------------------------------------------------- */

static void only_a_whole_interval_beyond_the_target_decides(void **state)
{
        static const struct {
                int64_t low, high, target;
                uint32_t direction;
                enum verdict verdict;
        } cases[] = {
                {660, 740, 650, HIGHER, VERDICT_BETTER},
                {660, 740, 650, LOWER, VERDICT_WORSE},
                {580, 640, 650, HIGHER, VERDICT_WORSE},
                {580, 640, 650, LOWER, VERDICT_BETTER},
                {580, 660, 650, HIGHER, VERDICT_UNCLEAR},
                {650, 740, 650, HIGHER, VERDICT_UNCLEAR},
                {580, 650, 650, HIGHER, VERDICT_UNCLEAR},
                {580, 640, 650, 0, VERDICT_NONE},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct wire_indicator indicator = {.has_target = true,
                        .target = cases[i].target,
                        .decimals = 1,
                        .direction = cases[i].direction};
                struct figure f = {.status = CELL_VALUE,
                        .has_interval = true,
                        .value = (cases[i].low + cases[i].high) / 2,
                        .low = cases[i].low,
                        .high = cases[i].high};

                assert_int_equal(verdict_of(&indicator, &f, 1), cases[i].verdict);
                f.status = CELL_PROTECTED;
                assert_int_equal(verdict_of(&indicator, &f, 1), VERDICT_NONE);
                indicator.has_target = false;
                f.status = CELL_VALUE;
                assert_int_equal(verdict_of(&indicator, &f, 1), VERDICT_NONE);
        }
}

static void a_value_without_an_interval_is_judged_by_itself(void **state)
{
        static const struct {
                int64_t value, target;
                uint32_t decimals, target_decimals;
                enum verdict verdict;
        } cases[] = {
                {651, 65, 1, 0, VERDICT_BETTER},
                {650, 65, 1, 0, VERDICT_BETTER}, /* on the target: met */
                {649, 65, 1, 0, VERDICT_WORSE},
                {65, 6501, 0, 2, VERDICT_WORSE},
                {INT64_MAX, 1, 0, 18, VERDICT_BETTER},
                {INT64_MIN + 1, 1, 0, 18, VERDICT_WORSE},
                {1, INT64_MAX, 18, 0, VERDICT_WORSE},
                {1, INT64_MIN + 1, 18, 0, VERDICT_BETTER},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                const struct wire_indicator indicator = {.has_target = true,
                        .target = cases[i].target,
                        .decimals = cases[i].target_decimals,
                        .direction = HIGHER};
                const struct figure f = {.status = CELL_VALUE, .value = cases[i].value};

                assert_int_equal(verdict_of(&indicator, &f, cases[i].decimals), cases[i].verdict);
        }
}

/* Shown ------------------------------------------------------------------- */

static void a_table_names_what_it_compares_with(void **state)
{
        struct world *w = *state;
        const char *text = render(w, comparison_table);

        assert_non_null(strstr(text, "Return (indicator aterkomst, version 2, definition 0000"));
        assert_non_null(strstr(text, "Target 65"));
        assert_non_null(strstr(text, "70.0 (66.0–74.0)"));
        assert_non_null(strstr(text, "+7.9"));
        assert_non_null(strstr(text, "better"));
        assert_non_null(strstr(text, "worse"));
        assert_non_null(strstr(text, "cannot be told"));
        assert_non_null(strstr(text, "..  protected"));
        assert_null(strstr(text, "contract"));
}

static void csv_has_a_status_beside_every_figure(void **state)
{
        struct world *w = *state;
        const char *text = render(w, comparison_csv);

        assert_memory_equal(text,
                "kommun,kommun.label,period,value,value.low,value.high,status,lan,lan.status,riket,"
                "riket.status,target,against_target,change,change.status\r\n",
                strlen("kommun,kommun.label,period,value,value.low,value.high,status,lan,"
                       "lan.status,riket,riket.status,target,against_target,change,"
                       "change.status\r\n"));
        assert_non_null(
                strstr(text, "0180,0180,2024,70.0,66.0,74.0,A,60.1,A,65.5,A,65,better,7.9,A\r\n"));
        assert_non_null(strstr(text, "0305,0305,2023,,,,Q,,Q,61.0,A,65,,,M\r\n"));
        assert_non_null(strstr(text, "0305,0305,2024,30.0,25.0,35.0,A,,Q,65.5,A,65,worse,,Q\r\n"));
        assert_non_null(strstr(text, "_T,Total,2024,65.5,64.5,66.5,A,,M,65.5,A,65,unclear,4.5,A"));
}

static void json_has_what_csv_has(void **state)
{
        struct world *w = *state;
        const char *text = render(w, comparison_json);

        assert_non_null(strstr(text, "\"format\": \"statgate.indicator.1\""));
        assert_non_null(strstr(text, "\"target\": 65"));
        assert_non_null(strstr(text,
                "{\"at\": [\"0180\"], \"period\": \"2024\", \"figure\": {\"status\": \"A\", "
                "\"value\": 70.0, \"interval\": [66.0, 74.0]}, \"lan\": {\"status\": \"A\", "
                "\"value\": 60.1, \"interval\": [59.0, 61.0]}, \"riket\": {\"status\": \"A\", "
                "\"value\": 65.5, \"interval\": [64.5, 66.5]}, \"change\": {\"status\": \"A\", "
                "\"value\": 7.9}, \"against_target\": \"better\"}"));
        assert_non_null(strstr(text, "\"figure\": {\"status\": \"Q\", \"value\": null}"));
}

static void what_is_withheld_is_in_no_format(void **state)
{
        static render_fn *const formats[] = {comparison_table, comparison_csv, comparison_json};
        struct world *w = *state;

        for (size_t f = 0; f < ARRAY_LEN(formats); f++)
                assert_null(strstr(render(w, formats[f]), "777"));
}

static void a_contract_says_whether_its_target_is_met(void **state)
{
        struct world *w = *state;
        const char *text;

        w->indicator.is_contract = true;
        w->indicator.contract.en = bytes_of_text("Fewer come back");
        w->indicator.has_period = true;
        w->indicator.period = w->years[0].period;
        text = render(w, comparison_table);
        assert_non_null(strstr(text, "Outcome contract: Fewer come back\nCohort: 2023\n"));
        assert_non_null(strstr(text, "Outcome 65.5 (64.5–66.5) against the target 65: cannot be "
                                     "told\n"));
        put(w->years[1].rows.release, 3, 700, 690, 710);
        assert_non_null(strstr(render(w, comparison_table), "against the target 65: met\n"));
        assert_non_null(strstr(render(w, comparison_json), "\"target_met\": true"));
        put(w->years[1].rows.release, 3, 600, 590, 610);
        assert_non_null(strstr(render(w, comparison_table), "against the target 65: not met\n"));
        assert_non_null(strstr(render(w, comparison_json), "\"target_met\": false"));
        hide(w->years[1].rows.release, 3, CELL_PROTECTED);
        assert_non_null(strstr(
                render(w, comparison_table), "Outcome .. against the target 65: cannot be told\n"));
        assert_non_null(strstr(render(w, comparison_json), "\"target_met\": null"));
}

/* Years ------------------------------------------------------------------- */

static void count(const struct wire_release *r, size_t cell, int64_t v)
{
        put(r, cell, v, TABLE_NO_VALUE, TABLE_NO_VALUE);
}

static void nobody_is_asked_for_a_year_that_none_has_delivered(void **state)
{
        static const char *const codes[] = {"2022", "2023", "2024", "2025", "2026", "9"};
        struct world *w = *state;
        const struct wire_release *r = release(w, codes, ARRAY_LEN(codes));

        for (size_t i = 0; i < ARRAY_LEN(codes); i++)
                count(r, i, 0);
        count(r, ARRAY_LEN(codes), PLANTED); /* the total is no year */
        count(r, 5, PLANTED);
        assert_int_equal(years_latest(&r->table, 2025), 0);
        count(r, 1, 290);
        count(r, 2, 1);
        assert_int_equal(years_latest(&r->table, 2025), 2024);
        hide(r, 2, CELL_MISSING);
        assert_int_equal(years_latest(&r->table, 2025), 2023);
        count(r, 4, 12); /* has begun */
        assert_int_equal(years_latest(&r->table, 2025), 2023);
        assert_int_equal(years_latest(&r->table, 2022), 2023);
        assert_int_equal(years_latest(&r->table, 2026), 2026);
        assert_int_equal(years_latest(&release(w, NULL, 0)->table, 2025), 0);
}

static void answers_to_different_questions_are_not_compared(void **state)
{
        struct world *w = *state;
        const struct wire_release *second = w->years[1].rows.release;

        w->years[1].rows.release = release(w, NULL, 0);
        assert_int_equal(comparison_make(w->arena, &w->request, &w->c), ERR_MALFORMED);
        w->years[1].rows.release = second;
        second->table.measures[0].decimals = 2;
        assert_int_equal(comparison_make(w->arena, &w->request, &w->c), ERR_MALFORMED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(a_place_is_the_same_in_all_years_by_its_code),
                T(who_is_not_there_in_a_year_cannot_exist_in_it),
                T(a_municipality_stands_beside_its_own_county),
                T(the_country_is_the_total_or_an_answer_of_its_own),
                T(change_needs_both_its_ends),
                T(only_a_whole_interval_beyond_the_target_decides),
                T(a_value_without_an_interval_is_judged_by_itself),
                T(a_table_names_what_it_compares_with),
                T(csv_has_a_status_beside_every_figure),
                T(json_has_what_csv_has),
                T(what_is_withheld_is_in_no_format),
                T(a_contract_says_whether_its_target_is_met),
                T(answers_to_different_questions_are_not_compared),
                T(nobody_is_asked_for_a_year_that_none_has_delivered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
