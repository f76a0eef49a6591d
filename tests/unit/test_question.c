/* SPDX-License-Identifier: Apache-2.0 */
/* test_question.c: options and YAML files become the same query, and what is wrong
 * is told without repeating it. */
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
#include "tools/cli/question.h"
#include "tools/cli/question_text.h"

enum { CEILING = 16 << 20 };

struct world {
        struct arena *arena;
        struct question q;
        struct refusal why;
};

static int setup(void **state)
{
        struct world *w = test_calloc(1, sizeof *w);

        w->arena = arena_new(CEILING);
        question_init(&w->q, w->arena);
        *state = w;
        return w->arena == NULL;
}

static int teardown(void **state)
{
        struct world *w = *state;

        arena_free(&w->arena);
        test_free(w);
        return 0;
}

static bool is(struct bytes b, const char *text)
{
        return bytes_is_text(b, text);
}

static enum err read_text(struct world *w, const char *yaml)
{
        return question_read_text(&w->q, "q.yaml", bytes_of_text(yaml), &w->why);
}

/* Options ----------------------------------------------------------------- */

static void dimensions_are_a_list_with_levels(void **state)
{
        struct world *w = *state;

        assert_int_equal(question_by(&w->q, bytes_of_text("kommun:lan, kon"), &w->why), ERR_OK);
        assert_int_equal(w->q.q.dimensions_len, 2);
        assert_true(is(w->q.dimensions[0].variable, "kommun"));
        assert_true(is(w->q.dimensions[0].level, "lan"));
        assert_true(is(w->q.dimensions[1].variable, "kon"));
        assert_int_equal(w->q.dimensions[1].level.len, 0);
}

static void measures_are_kinds_with_or_without_a_variable(void **state)
{
        struct world *w = *state;
        const struct bytes text = bytes_of_text("persons,records,sum:kostnad,mean:kostnad");

        assert_int_equal(question_measure(&w->q, text, &w->why), ERR_OK);
        assert_int_equal(w->q.q.measures_len, 4);
        assert_int_equal(w->q.measures[0].kind, MEASURE_PERSONS);
        assert_int_equal(w->q.measures[1].kind, MEASURE_RECORDS);
        assert_int_equal(w->q.measures[2].kind, MEASURE_SUM);
        assert_int_equal(w->q.measures[3].kind, MEASURE_MEAN);
        assert_true(is(w->q.measures[3].variable, "kostnad"));
}

static void medians_name_their_bands_and_families_nothing(void **state)
{
        struct world *w = *state;
        const struct bytes text = bytes_of_text(
                "families, median:alder:femar, lower_quartile:alder, days, rate, ratio");

        assert_int_equal(question_measure(&w->q, text, &w->why), ERR_OK);
        assert_int_equal(w->q.q.measures_len, 6);
        assert_int_equal(w->q.measures[0].kind, MEASURE_FAMILIES);
        assert_int_equal(w->q.measures[1].kind, MEASURE_MEDIAN);
        assert_true(is(w->q.measures[1].variable, "alder"));
        assert_true(is(w->q.measures[1].banding, "femar"));
        assert_int_equal(w->q.measures[2].banding.len, 0);
        assert_int_equal(w->q.measures[3].kind, MEASURE_DAYS);
        assert_int_equal(w->q.measures[4].kind, MEASURE_RATE);
        assert_int_equal(w->q.measures[5].variable.len, 0);
}

static void a_reference_is_said_in_one_word_each(void **state)
{
        struct world *w = *state;
        const struct query *q = &w->q.q;

        assert_int_equal(question_linkage(&w->q, bytes_of_text("barnets_resa"), &w->why), ERR_OK);
        assert_int_equal(question_unit(&w->q, bytes_of_text("family"), &w->why), ERR_OK);
        assert_int_equal(
                question_period(&w->q, bytes_of_text("2024-01..2024-06"), &w->why), ERR_OK);
        assert_int_equal(question_period_date(&w->q, bytes_of_text("slut"), &w->why), ERR_OK);
        assert_int_equal(question_municipality_rule(&w->q, bytes_of_text("last"), &w->why), ERR_OK);
        assert_int_equal(question_age_at(&w->q, bytes_of_text("2024-12-31"), &w->why), ERR_OK);
        assert_int_equal(question_division_at(&w->q, bytes_of_text("1970-01-02"), &w->why), ERR_OK);
        assert_true(is(q->linkage, "barnets_resa") && is(q->period_date, "slut"));
        assert_int_equal(q->unit, UNIT_FAMILY);
        assert_true(q->has_period && q->period.last - q->period.first == 181);
        assert_int_equal(q->municipality_rule, MUNICIPALITY_LAST);
        assert_true(q->has_age_at && q->has_division_at && q->division_at == 1);
}

static void what_is_counted_belongs_to_every_share_ratio_and_rate(void **state)
{
        struct world *w = *state;
        const struct measure_ref *m = w->q.measures;

        assert_int_equal(
                question_measure(&w->q, bytes_of_text("persons,share,rate"), &w->why), ERR_OK);
        assert_int_equal(question_having(&w->q, bytes_of_text("form = hvb"), &w->why), ERR_OK);
        assert_int_equal(question_having(&w->q, bytes_of_text("kon = k"), &w->why), ERR_OK);
        assert_int_equal(question_base(&w->q, bytes_of_text("alder < 20"), &w->why), ERR_OK);
        assert_int_equal(m[0].filters_len, 0);
        assert_int_equal(m[1].filters_len, 2);
        assert_int_equal(m[1].base_len, 1);
        assert_int_equal(m[2].filters_len, 2);
        assert_int_equal(m[2].base_len, 0);
        assert_true(is(m[2].filters[1].variable, "kon"));
        for (int i = 2; i < DERIVED_FILTERS_MAX; i++)
                assert_int_equal(question_having(&w->q, bytes_of_text("kon = k"), &w->why), ERR_OK);
        assert_int_equal(question_having(&w->q, bytes_of_text("kon = k"), &w->why), ERR_INVALID);
        assert_int_equal(question_where(&w->q, bytes_of_text("kon = k"), &w->why), ERR_OK);
        assert_int_equal(query_check(&w->q.q, &w->why), ERR_INVALID); /* no data set yet */
}

static void a_vintage_has_a_number_and_perhaps_a_revision(void **state)
{
        (void)state;
        struct vintage v = {0};

        assert_int_equal(query_vintage_parse(bytes_of_text("7"), &v, NULL), ERR_OK);
        assert_true(v.number == 7 && v.revision == 0);
        assert_int_equal(query_vintage_parse(bytes_of_text("12.30"), &v, NULL), ERR_OK);
        assert_true(v.number == 12 && v.revision == 30);
}

static void a_slip_in_an_option_is_refused_by_its_name(void **state)
{
        static const struct {
                enum err (*add)(struct question *, struct bytes, struct refusal *);
                const char *text, *field;
        } slips[] = {
                {question_by, "", "by"},
                {question_by, "kommun,", "by"},
                {question_by, ",kommun", "by"},
                {question_by, "kommun:", "by"},
                {question_by, ":lan", "by"},
                {question_by, "kommun:lan:riket", "by"},
                {question_by, "år", "by"},
                {question_by, "kommun kon", "by"},
                {question_by, "a,b,c,d,e,f,g", "by"},
                {question_measure, "", "measure"},
                {question_measure, "people", "measure"},
                {question_measure, "none", "measure"},
                {question_measure, "persons:kon", "measure"},
                {question_measure, "persons:", "measure"},
                {question_measure, "sum", "measure"},
                {question_measure, "sum:", "measure"},
                {question_measure, "median", "measure"},
                {question_measure, "sum:kostnad:grov", "measure"},
                {question_measure, "families:kon", "measure"},
                {question_unit, "none", "unit"},
                {question_unit, "persons", "unit"},
                {question_period, "", "period"},
                {question_period, "2024..", "period"},
                {question_period, "2024..2023", "period"},
                {question_period, "förra året", "period"},
                {question_municipality_rule, "", "municipality-rule"},
                {question_municipality_rule, "second", "municipality-rule"},
                {question_age_at, "2024", "age-at"},
                {question_age_at, "2024-02-30", "age-at"},
                {question_division_at, "idag", "division-at"},
                {question_having, "kon = k", "having"},
                {question_base, "kon = k", "base"},
                {question_measure,
                        "records,records,records,records,records,records,records,records,records",
                        "measure"},
                {question_vintage, "", "vintage"},
                {question_vintage, "0", "vintage"},
                {question_vintage, "7.", "vintage"},
                {question_vintage, ".1", "vintage"},
                {question_vintage, "7.1.2", "vintage"},
                {question_vintage, "-7", "vintage"},
                {question_vintage, "9999999999", "vintage"},
                {question_where, "", "where"},
                {question_where, "form", "where"},
                {question_where, "form == hvb", "where"},
                {question_where, "form = hvb,sis", "where"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(slips); i++) {
                OWNED(arena_free) struct arena *arena = arena_new(CEILING);
                struct refusal why = {0};
                struct question q;

                question_init(&q, arena);
                assert_int_equal(slips[i].add(&q, bytes_of_text(slips[i].text), &why), ERR_INVALID);
                assert_int_equal(why.len, 1);
                assert_string_equal(why.violations[0].field, slips[i].field);
        }
}

static void a_refusal_never_repeats_what_was_typed(void **state)
{
        struct world *w = *state;
        static const char number[] = "20010101-2384";

        assert_int_not_equal(question_measure(&w->q, bytes_of_text(number), &w->why), ERR_OK);
        assert_int_not_equal(question_vintage(&w->q, bytes_of_text(number), &w->why), ERR_OK);
        assert_int_not_equal(question_where(&w->q, bytes_of_text(number), &w->why), ERR_OK);
        assert_true(w->why.len >= 3);
        for (uint32_t i = 0; i < w->why.len; i++) {
                assert_null(strstr(w->why.violations[i].text, "2384"));
                assert_null(strstr(w->why.violations[i].field, "2384"));
        }
}

static void one_condition_too_many_is_refused(void **state)
{
        struct world *w = *state;
        const struct bytes text = bytes_of_text("kon = k");

        for (int i = 0; i < FILTERS_MAX; i++)
                assert_int_equal(question_where(&w->q, text, &w->why), ERR_OK);
        assert_int_equal(question_where(&w->q, text, &w->why), ERR_INVALID);
        assert_int_equal(w->q.q.filters_len, FILTERS_MAX);
}

/* Files ------------------------------------------------------------------- */

static const char whole[] =
        "dataset: placering\n"
        "purpose: uppfoljning\n"
        "vintage: {number: 7, revision: 1}\n"
        "filters:\n"
        "  - {variable: form, level: grupp, op: in, values: [institution, '0..3']}\n"
        "  - {variable: kommun, op: EQ, values: 0114}\n"
        "  - alder <= 17\n"
        "dimensions:\n"
        "  - {variable: kommun, level: lan}\n"
        "  - kon\n"
        "measures:\n"
        "  - {kind: MEASURE_KIND_MEAN, variable: dygnskostnad}\n"
        "  - persons\n";

static void a_file_mirrors_the_fields_of_the_request(void **state)
{
        struct world *w = *state;
        const struct query *q = &w->q.q;

        assert_int_equal(read_text(w, whole), ERR_OK);
        assert_int_equal(query_check(q, &w->why), ERR_OK);
        assert_true(is(q->dataset, "placering") && is(q->purpose, "uppfoljning"));
        assert_true(q->vintage.number == 7 && q->vintage.revision == 1);
        assert_int_equal(q->filters_len, 3);
        assert_int_equal(q->filters[0].op, FILTER_IN);
        assert_true(is(q->filters[0].level, "grupp"));
        assert_int_equal(q->filters[0].values_len, 2);
        assert_true(is(q->filters[0].values[1], "0..3"));
        assert_int_equal(q->filters[1].op, FILTER_EQ);
        assert_true(is(q->filters[1].values[0], "0114"));
        assert_int_equal(q->filters[2].op, FILTER_LE);
        assert_int_equal(q->dimensions_len, 2);
        assert_true(is(q->dimensions[0].level, "lan") && is(q->dimensions[1].variable, "kon"));
        assert_int_equal(q->measures_len, 2);
        assert_int_equal(q->measures[0].kind, MEASURE_MEAN);
        assert_int_equal(q->measures[1].kind, MEASURE_PERSONS);
}

static struct bytes encoded(const struct query *q, struct buf *out)
{
        struct bytes bytes;

        buf_init(out, 1 << 20);
        assert_int_equal(query_encode(q, out), ERR_OK);
        assert_int_equal(buf_end(out, &bytes), ERR_OK);
        return bytes;
}

static void a_file_and_options_that_say_the_same_are_the_same_query(void **state)
{
        struct world *w = *state;
        OWNED(buf_done) struct buf a = {0};
        OWNED(buf_done) struct buf b = {0};
        struct question q;

        assert_int_equal(read_text(w, whole), ERR_OK);
        question_init(&q, w->arena);
        assert_int_equal(question_dataset(&q, bytes_of_text("placering"), NULL), ERR_OK);
        assert_int_equal(question_purpose(&q, bytes_of_text("uppfoljning"), NULL), ERR_OK);
        assert_int_equal(question_vintage(&q, bytes_of_text("7.1"), NULL), ERR_OK);
        assert_int_equal(question_where(&q, bytes_of_text("alder <= 17"), NULL), ERR_OK);
        assert_int_equal(question_where(&q, bytes_of_text("kommun = 0114"), NULL), ERR_OK);
        assert_int_equal(
                question_where(&q, bytes_of_text("form:grupp in institution,0..3"), NULL), ERR_OK);
        assert_int_equal(question_by(&q, bytes_of_text("kommun:lan,kon"), NULL), ERR_OK);
        assert_int_equal(
                question_measure(&q, bytes_of_text("mean:dygnskostnad,persons"), NULL), ERR_OK);
        assert_true(bytes_equal(encoded(&w->q.q, &a), encoded(&q.q, &b)));
}

/* Everything that a question can say, and values that need both kinds of quotes. */
static const char everything[] =
        "dataset: anmalan\n"
        "purpose: uppfoljning\n"
        "vintage: 7.1\n"
        "linkage: barnets_resa\n"
        "unit: family\n"
        "period: 2023-01..2024-06\n"
        "period_date: beslutsdatum\n"
        "municipality_rule: first\n"
        "age_at: 2024-12-31\n"
        "division_at: 2024-12-31\n"
        "derived:\n"
        "  - {name: ater, kind: exists, dataset: anmalan, same: person, in: other,\n"
        "     window: {anchor: datum, from: 1, until: 365}}\n"
        "  - {name: manader, kind: count, dataset: bistand, variable: manad, level: manad,\n"
        "     include_base: yes, window: period,\n"
        "     bands: [{code: 1-3, from: 1, to: 3}, {code: \"10\\\\+\", from: 10}]}\n"
        "  - {name: utr, kind: first, dataset: utredning, date: inledd, same: family,\n"
        "     window: {from: -14, until: 120}}\n"
        "  - {name: dagar, kind: days_between, from: datum, to: utr}\n"
        "  - {name: fast, kind: sum, dataset: placering, variable: kostnad, in: same,\n"
        "     filters: ['form in hvb,\"a b\"'], window: {from: 2024-01-01, until: 2024-12-31}}\n"
        "filters: ['ater = true', 'orsak:grupp in a..c,\"say \"\"no\"\"\",\"=x\"']\n"
        "dimensions: [kommun:lan, kon]\n"
        "measures:\n"
        "  - persons\n"
        "  - {kind: share, name: aterkom, filters: [ater = true], base: [beslut = inleds]}\n"
        "  - {kind: ratio, variable: kostnad, per: dagar, scale: 100}\n"
        "  - median:dagar\n"
        "  - {kind: upper_quartile, variable: alder, banding: femar}\n";

static void what_is_written_reads_back_as_the_same_query(void **state)
{
        struct world *w = *state;
        OWNED(buf_done) struct buf a = {0};
        OWNED(buf_done) struct buf b = {0};
        char *text = NULL;
        size_t len = 0;
        FILE *to = open_memstream(&text, &len);
        struct question q;

        assert_int_equal(read_text(w, everything), ERR_OK);
        assert_non_null(to);
        question_print(to, &w->q.q, 2);
        assert_int_equal(fclose(to), 0);
        question_init(&q, w->arena);
        if (question_read_text(&q, "w.yaml", bytes_of(text, len), &w->why) != ERR_OK)
                fail_msg("%s: %s\n%s", w->why.violations[0].field, w->why.violations[0].text, text);
        assert_true(bytes_equal(encoded(&w->q.q, &a), encoded(&q.q, &b)));
        free(text);
}

static void an_indicator_is_a_question_of_its_own(void **state)
{
        struct world *w = *state;
        char *text = NULL;
        size_t len = 0;
        FILE *to = open_memstream(&text, &len);

        assert_int_equal(
                read_text(w, "indicator: {id: aterkomst, version: 2}\nperiod: 2024\n"), ERR_OK);
        assert_non_null(to);
        question_print(to, &w->q.q, 0);
        assert_int_equal(fclose(to), 0);
        assert_string_equal(text, "indicator: {id: aterkomst, version: 2}\nperiod: \"2024\"\n");
        free(text);
}

static void options_fill_in_what_the_file_left_open(void **state)
{
        struct world *w = *state;

        assert_int_equal(read_text(w, "dataset: anmalan\nfilters: [kon = k]\n"), ERR_OK);
        assert_int_equal(question_purpose(&w->q, bytes_of_text("uppfoljning"), &w->why), ERR_OK);
        assert_int_equal(question_by(&w->q, bytes_of_text("kommun"), &w->why), ERR_OK);
        assert_int_equal(question_where(&w->q, bytes_of_text("alder < 3"), &w->why), ERR_OK);
        assert_int_equal(w->q.q.filters_len, 2);
        assert_int_equal(query_check(&w->q.q, &w->why), ERR_OK);
}

static void an_option_does_not_change_what_the_file_says(void **state)
{
        struct world *w = *state;

        assert_int_equal(read_text(w, whole), ERR_OK);
        assert_int_equal(question_dataset(&w->q, bytes_of_text("anmalan"), &w->why), ERR_INVALID);
        assert_int_equal(question_purpose(&w->q, bytes_of_text("annat"), &w->why), ERR_INVALID);
        assert_int_equal(question_vintage(&w->q, bytes_of_text("8"), &w->why), ERR_INVALID);
        assert_int_equal(question_by(&w->q, bytes_of_text("form"), &w->why), ERR_INVALID);
        assert_int_equal(question_measure(&w->q, bytes_of_text("records"), &w->why), ERR_INVALID);
        assert_int_equal(question_having(&w->q, bytes_of_text("kon = k"), &w->why), ERR_INVALID);
        assert_true(is(w->q.q.dataset, "placering"));
        assert_int_equal(w->q.q.dimensions_len, 2);
}

static void what_is_wrong_in_a_file_is_told_with_its_place(void **state)
{
        static const struct {
                const char *yaml, *field;
        } slips[] = {
                {"datset: x\n", "q.yaml:1:1"},
                {"- a\n", "q.yaml:1:1"},
                {"dataset: [a]\n", "q.yaml:1:10"},
                {"vintage: x\n", "q.yaml:1:10"},
                {"vintage: {number: 0}\n", "q.yaml:1:19"},
                {"vintage: {revision: 1}\n", "q.yaml:1:10"},
                {"filters: form\n", "q.yaml:1:10"},
                {"filters:\n  - {variable: form, op: '=='  , values: [a]}\n", "q.yaml:2:26"},
                {"filters:\n  - {variable: form, op: in}\n", "q.yaml:2:5"},
                {"filters:\n  - {variable: form, op: in, values: []}\n", "q.yaml:2:38"},
                {"filters:\n  - {op: in, values: [a]}\n", "q.yaml:2:5"},
                {"filters:\n  - {variable: a, oper: in, values: [a]}\n", "q.yaml:2:19"},
                {"filters:\n  - form =\n", "q.yaml:2:5"},
                {"dimensions: [kommun, 'kommun:']\n", "q.yaml:1:22"},
                {"dimensions: [{level: lan}]\n", "q.yaml:1:14"},
                {"dimensions: [a, b, c, d, e, f, g]\n", "q.yaml:1:13"},
                {"measures: [{kind: modus, variable: x}]\n", "q.yaml:1:19"},
                {"period: 2024-13\n", "q.yaml:1:9"},
                {"derived: [{name: a, kind: exist}]\n", "q.yaml:1:27"},
                {"measures: [{kind: sum}]\n", "q.yaml:1:12"},
                {"measures: [{kind: persons, variable: x}]\n", "q.yaml:1:28"},
                {"dataset: a\ndataset: b\n", NULL},
                {"dataset: &a x\npurpose: *a\n", NULL},
                {"dataset: [a\n", NULL},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(slips); i++) {
                OWNED(arena_free) struct arena *arena = arena_new(CEILING);
                struct refusal why = {0};
                struct question q;

                question_init(&q, arena);
                assert_int_equal(
                        question_read_text(&q, "q.yaml", bytes_of_text(slips[i].yaml), &why),
                        ERR_CONFIG);
                assert_true(why.len >= 1);
                if (slips[i].field != NULL)
                        assert_string_equal(why.violations[0].field, slips[i].field);
                else
                        assert_memory_equal(why.violations[0].field, "q.yaml:", 7);
        }
}

static void a_file_cut_anywhere_is_a_question_or_an_error(void **state)
{
        (void)state;
        for (size_t len = 0; len < sizeof whole; len++) {
                OWNED(arena_free) struct arena *arena = arena_new(CEILING);
                struct refusal why = {0};
                struct question q;

                question_init(&q, arena);

                enum err rc = question_read_text(&q, "q.yaml", bytes_of(whole, len), &why);

                assert_true(rc == ERR_OK || (rc == ERR_CONFIG && why.len > 0));
        }
}

static void a_file_that_is_not_there_is_unreadable(void **state)
{
        struct world *w = *state;

        assert_int_equal(question_read_file(&w->q, "/nonexistent/q.yaml", &w->why), ERR_UNREADABLE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(dimensions_are_a_list_with_levels),
                T(measures_are_kinds_with_or_without_a_variable),
                T(medians_name_their_bands_and_families_nothing),
                T(a_reference_is_said_in_one_word_each),
                T(what_is_counted_belongs_to_every_share_ratio_and_rate),
                T(a_vintage_has_a_number_and_perhaps_a_revision),
                T(a_slip_in_an_option_is_refused_by_its_name),
                T(a_refusal_never_repeats_what_was_typed),
                T(one_condition_too_many_is_refused),
                T(a_file_mirrors_the_fields_of_the_request),
                T(a_file_and_options_that_say_the_same_are_the_same_query),
                T(what_is_written_reads_back_as_the_same_query),
                T(an_indicator_is_a_question_of_its_own),
                T(options_fill_in_what_the_file_left_open),
                T(an_option_does_not_change_what_the_file_says),
                T(what_is_wrong_in_a_file_is_told_with_its_place),
                T(a_file_cut_anywhere_is_a_question_or_an_error),
                T(a_file_that_is_not_there_is_unreadable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
