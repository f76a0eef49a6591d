/* SPDX-License-Identifier: Apache-2.0 */
/* test_query_yaml.c: a question in YAML says everything that a query can hold, in words
 * of people and of the wire, and a slip is told with its line and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "policies/query_yaml.h"

enum { CEILING = 16 << 20 };

struct world {
        struct arena *arena;
        struct query q;
        struct refusal why;
};

static int setup(void **state)
{
        struct world *w = test_calloc(1, sizeof *w);

        w->arena = arena_new(CEILING);
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
        return query_yaml_read_text(w->arena, "q.yaml", bytes_of_text(yaml), &w->q, &w->why);
}

static int32_t day(int year, int month, int of_month)
{
        return days_from_civil((struct civil){year, month, of_month});
}

static const char journey[] =
        "dataset: anmalan\n"
        "purpose: uppfoljning\n"
        "linkage: barnets_resa\n"
        "vintage: 7.1\n"
        "unit: family\n"
        "period: 2023-01..2024-06\n"
        "period_date: beslutsdatum\n"
        "municipality_rule: last\n"
        "age_at: 2024-12-31\n"
        "division_at: 2024-01-01\n"
        "derived:\n"
        "  - {name: ater, kind: exists, dataset: anmalan, in: other, same: family,\n"
        "     window: {anchor: datum, from: 1, until: 365}}\n"
        "  - {name: manader, kind: count, dataset: ekonomiskt_bistand, variable: manad, level: "
        "manad,\n"
        "     window: period, include_base: yes,\n"
        "     bands: [{code: 1-3, from: 1, to: 3}, {code: 10+, from: 10}]}\n"
        "  - {name: utr, kind: FIRST, dataset: utredning, date: inledd, window: {from: -5, until: "
        "120}}\n"
        "  - {name: dagar, kind: DERIVED_KIND_DAYS_BETWEEN, from: datum, to: utr}\n"
        "  - {name: fast, kind: exists, dataset: placering, filters: [\"form = hvb\"],\n"
        "     window: {from: 2024-01-01, until: 2024-12-31}}\n"
        "  - {name: ar, kind: sum, dataset: placering, variable: kostnad, window: 2024}\n"
        "filters: [\"ater = true\", {variable: form, op: in, values: [hvb, sis]}]\n"
        "dimensions: [kommun:lan, kon]\n"
        "measures:\n"
        "  - persons\n"
        "  - families\n"
        "  - median:dagar\n"
        "  - upper_quartile:alder:grupp\n"
        "  - {kind: share, name: aterkom, filters: [\"ater = true\"], base: [\"beslut = "
        "inleds\"]}\n"
        "  - {kind: MEASURE_KIND_RATE, scale: 1000, filters: [\"kon = kvinna\"]}\n"
        "  - {kind: ratio, variable: kostnad, per: dygn, scale: 10}\n";

static void every_field_of_a_question_can_be_written(void **state)
{
        struct world *w = *state;
        const struct query *q = &w->q;

        assert_int_equal(read_text(w, journey), ERR_OK);
        assert_int_equal(query_check(q, &w->why), ERR_OK);
        assert_true(is(q->dataset, "anmalan") && is(q->purpose, "uppfoljning"));
        assert_true(is(q->linkage, "barnets_resa") && is(q->period_date, "beslutsdatum"));
        assert_true(q->vintage.number == 7 && q->vintage.revision == 1);
        assert_int_equal(q->unit, UNIT_FAMILY);
        assert_int_equal(q->municipality_rule, MUNICIPALITY_LAST);
        assert_true(q->has_period && q->period.first == day(2023, 1, 1) &&
                    q->period.last == day(2024, 6, 30));
        assert_true(q->has_age_at && q->age_at == day(2024, 12, 31));
        assert_true(q->has_division_at && q->division_at == day(2024, 1, 1));
        assert_int_equal(q->filters_len, 2);
        assert_int_equal(q->filters[1].values_len, 2);
        assert_int_equal(q->dimensions_len, 2);
        assert_true(is(q->dimensions[0].level, "lan"));
}

static void derived_variables_keep_their_windows_and_bands(void **state)
{
        struct world *w = *state;
        const struct derived *d;

        assert_int_equal(read_text(w, journey), ERR_OK);
        assert_int_equal(w->q.derived_len, 6);
        d = w->q.derived;
        assert_int_equal(d[0].kind, DERIVED_EXISTS);
        assert_true(d[0].in == IN_OTHER && d[0].same == SAME_FAMILY);
        assert_int_equal(d[0].window.kind, WINDOW_RELATIVE);
        assert_true(is(d[0].window.anchor, "datum") && d[0].window.from == 1 &&
                    d[0].window.until == 365);
        assert_int_equal(d[1].window.kind, WINDOW_PERIOD);
        assert_true(d[1].include_base && is(d[1].level, "manad"));
        assert_int_equal(d[1].bands_len, 2);
        assert_true(is(d[1].bands[0].code, "1-3") && is(d[1].bands[0].high, "3"));
        assert_true(is(d[1].bands[1].low, "10") && d[1].bands[1].high.len == 0);
        assert_true(d[2].kind == DERIVED_FIRST && is(d[2].date, "inledd"));
        assert_true(d[2].window.from == -5 && d[2].window.anchor.len == 0);
        assert_true(d[3].kind == DERIVED_DAYS_BETWEEN && is(d[3].from, "datum"));
        assert_int_equal(d[4].window.kind, WINDOW_FIXED);
        assert_true(d[4].window.from == day(2024, 1, 1) && d[4].filters_len == 1);
        assert_true(d[5].window.kind == WINDOW_FIXED && d[5].window.until == day(2024, 12, 31));
}

static void measures_keep_what_they_are_made_of(void **state)
{
        struct world *w = *state;
        const struct measure_ref *m;

        assert_int_equal(read_text(w, journey), ERR_OK);
        assert_int_equal(w->q.measures_len, 7);
        m = w->q.measures;
        assert_int_equal(m[1].kind, MEASURE_FAMILIES);
        assert_true(m[2].kind == MEASURE_MEDIAN && is(m[2].variable, "dagar"));
        assert_true(m[3].kind == MEASURE_UPPER_QUARTILE && is(m[3].banding, "grupp"));
        assert_true(m[4].kind == MEASURE_SHARE && is(m[4].name, "aterkom"));
        assert_true(m[4].filters_len == 1 && m[4].base_len == 1);
        assert_true(m[5].kind == MEASURE_RATE && m[5].scale == 1000);
        assert_true(m[6].kind == MEASURE_RATIO && is(m[6].per, "dygn"));
}

static void an_indicator_is_named_with_or_without_its_version(void **state)
{
        struct world *w = *state;

        assert_int_equal(
                read_text(w, "indicator: {id: aterkomst, version: 2}\npurpose: p\n"), ERR_OK);
        assert_true(is(w->q.indicator, "aterkomst") && w->q.indicator_version == 2);
        assert_int_equal(
                read_text(w, "indicator: aterkomst\npurpose: p\nperiod: 2024-Q3\n"), ERR_OK);
        assert_true(is(w->q.indicator, "aterkomst") && w->q.indicator_version == 0);
        assert_int_equal(query_check(&w->q, &w->why), ERR_OK);
}

static void periods_have_every_spelling(void **state)
{
        static const struct {
                const char *text;
                int first[3], last[3];
        } cases[] = {
                {"2024", {2024, 1, 1}, {2024, 12, 31}},
                {"2024-Q2", {2024, 4, 1}, {2024, 6, 30}},
                {"2024-02", {2024, 2, 1}, {2024, 2, 29}},
                {"2024-02-10", {2024, 2, 10}, {2024, 2, 10}},
                {"2023..2024", {2023, 1, 1}, {2024, 12, 31}},
                {"2023-Q4..2024-02", {2023, 10, 1}, {2024, 2, 29}},
                {"2024-01-01..2024-01-31", {2024, 1, 1}, {2024, 1, 31}},
        };
        static const char *const slips[] = {"", "24", "2024-13", "2024..", "..2024", "2024..2023",
                "2024-Q5", "2024...2025", "i fjol", "2024-01-01..2024-01-31..2024-02-01"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct period p = {0, 0};
                const int *a = cases[i].first, *b = cases[i].last;

                assert_int_equal(
                        query_period_parse(bytes_of_text(cases[i].text), &p, NULL), ERR_OK);
                assert_true(p.first == day(a[0], a[1], a[2]) && p.last == day(b[0], b[1], b[2]));
        }
        for (size_t i = 0; i < ARRAY_LEN(slips); i++) {
                struct period p = {0, 0};

                assert_int_equal(
                        query_period_parse(bytes_of_text(slips[i]), &p, NULL), ERR_INVALID);
        }
}

static void a_slip_is_told_at_its_place(void **state)
{
        static const struct {
                const char *text, *field, *says;
        } slips[] = {
                {"datset: a\n", "q.yaml:1:1", "did you mean `dataset`?"},
                {"unit: familj\n", "q.yaml:1:7", "did you mean `family`?"},
                {"period: i fjol\n", "q.yaml:1:9", "expected a period"},
                {"age_at: 2024\n", "q.yaml:1:9", "YYYY-MM-DD"},
                {"division_at: 20240101\n", "q.yaml:1:14", "YYYY-MM-DD"},
                {"municipality_rule: senaste\n", "q.yaml:1:20", "not one of the words"},
                {"derived: {a: 1}\n", "q.yaml:1:10", "must be a list"},
                {"derived:\n  - {kind: exists}\n", "q.yaml:2:5", "`name` is missing"},
                {"derived:\n  - {name: a}\n", "q.yaml:2:5", "`kind` is missing"},
                {"derived:\n  - {name: a, kind: exsts}\n", "q.yaml:2:21", "did you mean `exists`?"},
                {"derived:\n  - {name: a, kind: exists, windw: period}\n", "q.yaml:2:29",
                        "did you mean `window`?"},
                {"derived:\n  - {name: a, kind: exists, window: {from: 1}}\n", "q.yaml:2:37",
                        "both `from` and `until`"},
                {"derived:\n  - {name: a, kind: exists, window: {from: 9, until: 1}}\n",
                        "q.yaml:2:54", "ends before it begins"},
                {"derived:\n  - {name: a, kind: exists, window: {from: 2024-01-01, until: 9}}\n",
                        "q.yaml:2:63", "YYYY-MM-DD"},
                {"derived:\n  - {name: a, kind: exists, window: {anchor: b, from: 2024-01-01, "
                 "until: 2024-01-31}}\n",
                        "q.yaml:2:38", "no `anchor`"},
                {"derived:\n  - {name: a, kind: exists, window: perioden}\n", "q.yaml:2:37",
                        "expected a period"},
                {"derived:\n  - {name: a, kind: count, bands: [{cde: a}]}\n", "q.yaml:2:37",
                        "did you mean `code`?"},
                {"derived:\n  - {name: a, kind: exists, same: familjen}\n", "q.yaml:2:35",
                        "not one of the words"},
                {"derived:\n  - {name: a, kind: exists, filters: [\"form == a\"]}\n", "q.yaml:2:39",
                        "must be quoted"},
                {"measures: [{kind: sum}]\n", "q.yaml:1:12", "needs a `variable`"},
                {"measures: [{kind: share, variable: a}]\n", "q.yaml:1:26", "has no `variable`"},
                {"measures: [persons:kon]\n", "q.yaml:1:12", "has no variable"},
                {"measures: [sum:a:b]\n", "q.yaml:1:12", "only medians"},
                {"measures: [{kind: rate, scale: 0}]\n", "q.yaml:1:32", "between"},
                {"measures: [medel]\n", "q.yaml:1:12", "expected a measure"},
                {"measures: [{kind: share, filters: [{variable: a, op: =}]}]\n", "q.yaml:1:36",
                        "`values` is missing"},
                {"indicator: {version: 1}\n", "q.yaml:1:12", "`id` is missing"},
                {"indicator: {id: a, version: 0}\n", "q.yaml:1:29", "between"},
                {"dimensions: [a, b, c, d, e, f, g]\n", "q.yaml:1:13", "at most 6"},
                {"vintage: sju\n", "q.yaml:1:10", "7 or 7.1"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(slips); i++) {
                OWNED(arena_free) struct arena *arena = arena_new(CEILING);
                struct refusal why = {0};
                struct query q = {.unit = UNIT_RECORD};

                assert_int_equal(query_yaml_read_text(
                                         arena, "q.yaml", bytes_of_text(slips[i].text), &q, &why),
                        ERR_CONFIG);
                if (strcmp(why.violations[0].field, slips[i].field) != 0 ||
                        strstr(why.violations[0].text, slips[i].says) == NULL)
                        fail_msg("slip %zu: %s: %s", i, why.violations[0].field,
                                why.violations[0].text);
                assert_int_equal(q.unit, UNIT_RECORD); /* as it was */
        }
}

/* A list of `n` times `item`. */
static const char *list_of(struct arena *a, const char *key, const char *item, unsigned n)
{
        const char *text = arena_printf(a, "%s: [", key);

        for (unsigned i = 0; i < n; i++)
                text = arena_printf(a, "%s%s%s", text, i > 0 ? ", " : "", item);
        return arena_printf(a, "%s]\n", text);
}

static void the_limits_hold_and_one_more_is_too_many(void **state)
{
        static const struct {
                const char *key, *item;
                unsigned most;
        } lists[] = {
                {"filters", "a = 1", FILTERS_MAX},
                {"dimensions", "a", DIMENSIONS_MAX},
                {"measures", "records", MEASURES_MAX},
                {"derived", "{name: a, kind: exists}", DERIVED_MAX},
        };
        struct world *w = *state;

        for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
                assert_int_equal(
                        read_text(w, list_of(w->arena, lists[i].key, lists[i].item, lists[i].most)),
                        ERR_OK);
                assert_int_equal(read_text(w, list_of(w->arena, lists[i].key, lists[i].item,
                                                      lists[i].most + 1)),
                        ERR_CONFIG);
        }
}

/* Cut anywhere: refused or read, never something else. */
static void a_question_cut_short_is_refused_or_smaller(void **state)
{
        (void)state;
        for (size_t len = 0; len < sizeof journey; len++) {
                OWNED(arena_free) struct arena *arena = arena_new(CEILING);
                struct refusal why = {0};
                struct query q;
                enum err rc =
                        query_yaml_read_text(arena, "q.yaml", bytes_of(journey, len), &q, &why);

                assert_true(rc == ERR_OK || (rc == ERR_CONFIG && why.len > 0));
        }
}

static void too_little_memory_is_told_as_such(void **state)
{
        (void)state;
        for (size_t ceiling = 1 << 10; ceiling < 1 << 16; ceiling += 1 << 10) {
                OWNED(arena_free) struct arena *arena = arena_new(ceiling);
                struct query q;
                enum err rc =
                        query_yaml_read_text(arena, "q.yaml", bytes_of_text(journey), &q, NULL);

                assert_true(rc == ERR_OK || rc == ERR_NO_MEMORY);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        every_field_of_a_question_can_be_written, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        derived_variables_keep_their_windows_and_bands, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        measures_keep_what_they_are_made_of, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        an_indicator_is_named_with_or_without_its_version, setup, teardown),
                cmocka_unit_test(periods_have_every_spelling),
                cmocka_unit_test(a_slip_is_told_at_its_place),
                cmocka_unit_test_setup_teardown(
                        the_limits_hold_and_one_more_is_too_many, setup, teardown),
                cmocka_unit_test(a_question_cut_short_is_refused_or_smaller),
                cmocka_unit_test(too_little_memory_is_told_as_such),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
