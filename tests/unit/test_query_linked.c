/* SPDX-License-Identifier: Apache-2.0 */
/* test_query_linked.c: the shape of derived variables, measures made of parts, periods and
 * indicators, and random questions in two spellings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/query.h"
#include "tests/support/random_query.h"

#define TEXT(s) ((struct bytes){(const uint8_t *)(s), sizeof(s) - 1})

/* The child's journey in one question; nothing is wrong with it. */
struct sample {
        struct bytes yes[1], hvb[1];
        struct filter again[1], form[1], opened[1];
        struct derived_band bands[3], more[DERIVED_BANDS_MAX + 1];
        struct derived derived[DERIVED_MAX + 1];
        struct measure_ref measures[5];
        struct filter filters[DERIVED_FILTERS_MAX + 1];
        struct query q;
};

enum { AGAIN, MONTHS, OPENED, DAYS, DERIVED_USED };
enum { PERSONS, BACK, WAIT, PER_HEAD, PER_INHABITANT, MEASURES_USED };

static void sample_derived(struct sample *s)
{
        s->derived[AGAIN] = (struct derived){.name = TEXT("ater"),
                .kind = DERIVED_EXISTS,
                .dataset = TEXT("anmalan"),
                .window = {.kind = WINDOW_RELATIVE,
                        .anchor = TEXT("datum"),
                        .from = 1,
                        .until = 365},
                .same = SAME_FAMILY,
                .in = IN_OTHER};
        s->derived[MONTHS] = (struct derived){.name = TEXT("manader"),
                .kind = DERIVED_COUNT,
                .dataset = TEXT("ekonomiskt_bistand"),
                .variable = TEXT("manad"),
                .level = TEXT("manad"),
                .filters = s->form,
                .filters_len = 1,
                .window = {.kind = WINDOW_PERIOD},
                .include_base = true,
                .bands = s->bands,
                .bands_len = 3};
        s->derived[OPENED] = (struct derived){.name = TEXT("utr"),
                .kind = DERIVED_FIRST,
                .dataset = TEXT("utredning"),
                .date = TEXT("inledd"),
                .window = {.kind = WINDOW_FIXED, .from = 19000, .until = 19365}};
        s->derived[DAYS] = (struct derived){.name = TEXT("dagar"),
                .kind = DERIVED_DAYS_BETWEEN,
                .from = TEXT("datum"),
                .to = TEXT("utr")};
}

static void sample(struct sample *s)
{
        *s = (struct sample){.yes = {TEXT("true")},
                .hvb = {TEXT("hvb")},
                .bands = {{.code = TEXT("1-3"), .high = TEXT("3")},
                        {.code = TEXT("4-9"), .low = TEXT("4"), .high = TEXT("9.5")},
                        {.code = TEXT("10+"), .low = TEXT("10")}}};
        s->again[0] = (struct filter){
                .variable = TEXT("ater"), .op = FILTER_EQ, .values = s->yes, .values_len = 1};
        s->form[0] = (struct filter){
                .variable = TEXT("form"), .op = FILTER_NE, .values = s->hvb, .values_len = 1};
        sample_derived(s);
        s->measures[PERSONS] = (struct measure_ref){.kind = MEASURE_PERSONS};
        s->measures[BACK] = (struct measure_ref){.kind = MEASURE_SHARE,
                .name = TEXT("aterkom"),
                .filters = s->again,
                .filters_len = 1,
                .base = s->form,
                .base_len = 1};
        s->measures[WAIT] = (struct measure_ref){
                .kind = MEASURE_MEDIAN, .variable = TEXT("dagar"), .banding = TEXT("vecka")};
        s->measures[PER_HEAD] = (struct measure_ref){.kind = MEASURE_RATIO,
                .variable = TEXT("kostnad"),
                .per = TEXT("dygn"),
                .scale = 100};
        s->measures[PER_INHABITANT] = (struct measure_ref){.kind = MEASURE_RATE, .scale = 1000};
        s->q = (struct query){.dataset = TEXT("anmalan"),
                .purpose = TEXT("uppfoljning"),
                .linkage = TEXT("barnets_resa"),
                .unit = UNIT_FAMILY,
                .has_period = true,
                .period = {19723, 20088},
                .period_date = TEXT("beslutad"),
                .municipality_rule = MUNICIPALITY_FIRST,
                .has_age_at = true,
                .age_at = 20088,
                .has_division_at = true,
                .division_at = 20088,
                .derived = s->derived,
                .derived_len = DERIVED_USED,
                .measures = s->measures,
                .measures_len = MEASURES_USED};
}

static void a_whole_question_passes(void **state)
{
        (void)state;
        struct refusal why = {0};
        struct sample s;

        sample(&s);
        assert_int_equal(query_check(&s.q, &why), ERR_OK);
        assert_int_equal(why.len, 0);
}

static void refused_at(const struct query *q, const char *field)
{
        struct refusal why = {0};

        assert_int_equal(query_check(q, &why), ERR_INVALID);
        if (why.len != 1 || strcmp(why.violations[0].field, field) != 0)
                fail_msg("expected %s alone, got %s and %u others", field, why.violations[0].field,
                        why.len - 1);
}

#define SPOIL(what, field)                                                                         \
        do {                                                                                       \
                struct sample s;                                                                   \
                sample(&s);                                                                        \
                what;                                                                              \
                refused_at(&s.q, field);                                                           \
        } while (0)

static const struct bytes nothing = {NULL, 0};

static void each_wrong_part_of_a_derived_variable_is_named(void **state)
{
        (void)state;
        SPOIL(s.derived[1].name = nothing, "derived[1].name");
        SPOIL(s.derived[1].name = TEXT("Ater"), "derived[1].name");
        SPOIL(s.derived[1].name = TEXT("ater igen"), "derived[1].name");
        SPOIL(s.derived[1].name = TEXT("ater"), "derived[1].name");
        SPOIL(s.derived[2].kind = DERIVED_NONE, "derived[2].kind");
        SPOIL(s.derived[2].kind = DERIVED_KIND_COUNT, "derived[2].kind");
        SPOIL(s.derived[0].dataset = nothing, "derived[0].dataset");
        SPOIL(s.derived[0].date = TEXT("a\a"), "derived[0].date");
        SPOIL(s.derived[0].variable = TEXT("form"), "derived[0].variable");
        SPOIL(s.derived[0].level = TEXT("grupp"), "derived[0].level");
        SPOIL((s.derived[1].variable = nothing), "derived[1].level");
        SPOIL((s.derived[1].kind = DERIVED_SUM, s.derived[1].level = nothing,
                      s.derived[1].variable = nothing),
                "derived[1].variable");
        SPOIL(s.derived[0].from = TEXT("datum"), "derived[0].from");
        SPOIL(s.derived[0].to = TEXT("datum"), "derived[0].to");
        SPOIL((s.form[0].op = FILTER_NONE, s.measures[BACK].base_len = 0),
                "derived[1].filters[0].op");
        SPOIL(s.derived[0].same = (enum derived_same)3, "derived[0].same");
        SPOIL(s.derived[0].in = (enum derived_in)4, "derived[0].in");
        SPOIL((s.derived[0].bands = s.bands, s.derived[0].bands_len = 1), "derived[0].bands");
        SPOIL(s.derived[3].from = nothing, "derived[3].from");
        SPOIL(s.derived[3].to = TEXT("\xff"), "derived[3].to");
        SPOIL(s.derived[3].dataset = TEXT("anmalan"), "derived[3].dataset");
        SPOIL(s.derived[3].date = TEXT("datum"), "derived[3].date");
        SPOIL(s.derived[3].variable = TEXT("datum"), "derived[3].variable");
        SPOIL(s.derived[3].level = TEXT("ar"), "derived[3].level");
        SPOIL((s.derived[3].filters = s.again, s.derived[3].filters_len = 1), "derived[3].filters");
        SPOIL(s.derived[3].window.kind = WINDOW_PERIOD, "derived[3].window");
        SPOIL(s.derived[3].same = SAME_PERSON, "derived[3].same");
        SPOIL(s.derived[3].in = IN_ANY, "derived[3].in");
        SPOIL(s.derived[3].include_base = true, "derived[3].include_base");
}

static void each_wrong_window_is_named(void **state)
{
        (void)state;
        SPOIL(s.derived[0].window.kind = (enum window_kind)4, "derived[0].window");
        SPOIL(s.derived[2].window.anchor = TEXT("datum"), "derived[2].window.anchor");
        SPOIL(s.derived[0].window.anchor = TEXT("\n"), "derived[0].window.anchor");
        SPOIL(s.derived[0].window.from = 366, "derived[0].window");
        SPOIL(s.derived[0].window.until = WINDOW_DAYS_MAX + 1, "derived[0].window");
        SPOIL(s.derived[0].window.from = INT32_MIN, "derived[0].window");
        SPOIL(s.derived[1].window.until = 1, "derived[1].window");
        SPOIL(s.derived[2].window.until = 18999, "derived[2].window");
        SPOIL(s.derived[2].window.until = INT32_MAX, "derived[2].window");
}

static void each_wrong_band_is_named(void **state)
{
        (void)state;
        SPOIL(s.bands[0].code = nothing, "derived[1].bands[0].code");
        SPOIL(s.bands[2].code = TEXT("4-9"), "derived[1].bands[2].code");
        SPOIL(s.bands[1].code = TEXT("123456789012345678901234567890123"),
                "derived[1].bands[1].code");
        SPOIL(s.bands[1].code = TEXT("a\t"), "derived[1].bands[1].code");
        SPOIL(s.bands[2].low = TEXT("1e1"), "derived[1].bands[2].low");
        SPOIL(s.bands[0].high = TEXT("3,0"), "derived[1].bands[0].high");
        SPOIL(s.bands[2].low = TEXT("10.0000001"), "derived[1].bands[2].low");
        SPOIL(s.bands[1].low = TEXT("3"), "derived[1].bands[1]");
        SPOIL(s.bands[1].low = TEXT("9.6"), "derived[1].bands[1]");
        SPOIL(s.bands[0].high = nothing, "derived[1].bands[1]");
        SPOIL(s.bands[2].low = nothing, "derived[1].bands[2]");
}

static void each_wrong_part_of_a_measure_is_named(void **state)
{
        (void)state;
        SPOIL(s.measures[PERSONS].variable = TEXT("dagar"), "measures[0].variable");
        SPOIL(s.measures[WAIT].variable = nothing, "measures[2].variable");
        SPOIL(s.measures[PERSONS].banding = TEXT("vecka"), "measures[0].banding");
        SPOIL(s.measures[WAIT].banding = TEXT("\xc3"), "measures[2].banding");
        SPOIL(s.measures[PERSONS].per = TEXT("dygn"), "measures[0].per");
        SPOIL(s.measures[PERSONS].scale = 1, "measures[0].scale");
        SPOIL(s.measures[PER_HEAD].scale = SCALE_MAX + 1, "measures[3].scale");
        SPOIL(s.measures[BACK].filters_len = 0, "measures[1].filters");
        SPOIL((s.measures[WAIT].base = s.form, s.measures[WAIT].base_len = 1), "measures[2].base");
        SPOIL(s.again[0].values_len = 0, "measures[1].filters[0].values");
        SPOIL((s.derived[1].filters_len = 0, s.hvb[0] = nothing), "measures[1].base[0].values[0]");
        SPOIL(s.measures[WAIT].name = TEXT("1"), "measures[2].name");
        SPOIL(s.measures[WAIT].name = TEXT("aterkom"), "measures[2].name");
        SPOIL(s.measures[WAIT] = s.measures[BACK], "measures[2]");
        SPOIL((s.measures[PERSONS] = s.measures[WAIT], s.measures[PERSONS].banding = nothing),
                "measures[2]");
}

static void two_of_a_kind_need_names(void **state)
{
        (void)state;
        struct sample s;

        sample(&s);
        s.measures[PERSONS] = s.measures[BACK];
        s.measures[PERSONS].name = TEXT("annat");
        assert_int_equal(query_check(&s.q, NULL), ERR_OK);
        s.measures[PERSONS].name = nothing;
        assert_int_equal(query_check(&s.q, NULL), ERR_OK);
        s.measures[BACK].name = nothing;
        refused_at(&s.q, "measures[1]");
}

static void each_wrong_field_of_the_whole_is_named(void **state)
{
        (void)state;
        SPOIL(s.q.linkage = TEXT("a\a"), "linkage");
        SPOIL(s.q.unit = UNIT_COUNT, "unit");
        SPOIL(s.q.municipality_rule = MUNICIPALITY_RULE_COUNT, "municipality_rule");
        SPOIL(s.q.period.last = 19722, "period");
        SPOIL(s.q.period.last = INT32_MAX, "period");
        SPOIL(s.q.has_period = false, "period_date");
        SPOIL(s.q.period_date = TEXT("\x7f"), "period_date");
        SPOIL(s.q.age_at = INT32_MIN, "age_at");
        SPOIL(s.q.division_at = INT32_MAX, "division_at");
        SPOIL(s.q.indicator_version = 1, "indicator.id");
}

static void an_indicator_brings_its_own_question(void **state)
{
        (void)state;
        struct filter where[1];
        struct dimension_ref by[] = {{.variable = TEXT("kommun")}};
        struct refusal why = {0};
        struct sample s;

        sample(&s);
        where[0] = s.form[0];

        struct query q = {.purpose = TEXT("uppfoljning"),
                .vintage = {3, 1},
                .indicator = TEXT("aterkomst"),
                .indicator_version = 2,
                .has_period = true,
                .period = {19723, 20088},
                .filters = where,
                .filters_len = 1,
                .dimensions = by,
                .dimensions_len = 1};

        assert_int_equal(query_check(&q, NULL), ERR_OK);
        q.indicator_version = 0;
        assert_int_equal(query_check(&q, NULL), ERR_OK);

        static const char *const fields[] = {"dataset", "linkage", "unit", "period_date",
                "municipality_rule", "age_at", "division_at", "derived", "measures"};

        s.q.indicator = TEXT("aterkomst");
        assert_int_equal(query_check(&s.q, &why), ERR_INVALID);
        assert_int_equal(why.len, ARRAY_LEN(fields));
        for (unsigned i = 0; i < why.len; i++)
                assert_string_equal(why.violations[i].field, fields[i]);
}

static void one_too_many_is_refused(void **state)
{
        (void)state;
        static char names[DERIVED_MAX + 1][3], codes[DERIVED_BANDS_MAX + 1][4];
        struct sample s;

        sample(&s);
        for (unsigned i = DERIVED_USED; i < ARRAY_LEN(s.derived); i++) {
                names[i][0] = 'd';
                names[i][1] = (char)('a' + i);
                s.derived[i] = s.derived[AGAIN];
                s.derived[i].name = bytes_of(names[i], 2);
        }
        s.q.derived_len = DERIVED_MAX;
        assert_int_equal(query_check(&s.q, NULL), ERR_OK);
        s.q.derived_len++;
        refused_at(&s.q, "derived");

        sample(&s);
        for (unsigned i = 0; i < ARRAY_LEN(s.more); i++) {
                (void)snprintf(codes[i], sizeof codes[i], "%03u", i);
                s.more[i].code = s.more[i].low = s.more[i].high = bytes_of_text(codes[i]);
        }
        s.derived[MONTHS].bands = s.more;
        s.derived[MONTHS].bands_len = DERIVED_BANDS_MAX;
        assert_int_equal(query_check(&s.q, NULL), ERR_OK);
        s.derived[MONTHS].bands_len++;
        refused_at(&s.q, "derived[1].bands");

        sample(&s);
        for (unsigned i = 0; i < ARRAY_LEN(s.filters); i++)
                s.filters[i] = s.form[0];
        s.derived[AGAIN].filters = s.filters;
        s.derived[AGAIN].filters_len = DERIVED_FILTERS_MAX + 1;
        refused_at(&s.q, "derived[0].filters");
        s.derived[AGAIN].filters_len--;
        assert_int_equal(query_check(&s.q, NULL), ERR_OK);
        s.measures[BACK].base = s.filters;
        s.measures[BACK].base_len = DERIVED_FILTERS_MAX + 1;
        refused_at(&s.q, "measures[1].base");
}

/* Canonical bytes --------------------------------------------------------------- */

static enum err encode(const struct query *q)
{
        struct buf b;

        buf_init(&b, 1 << 20);
        enum err rc = query_encode(q, &b);
        buf_done(&b);
        return rc;
}

static void what_does_not_fit_is_not_encoded(void **state)
{
        (void)state;
        struct sample s;

        sample(&s);
        assert_int_equal(encode(&s.q), ERR_OK);
        s.bands[0].high = TEXT("three");
        assert_int_equal(encode(&s.q), ERR_INVALID);
        sample(&s);
        s.derived[MONTHS].bands_len = DERIVED_BANDS_MAX + 1;
        assert_int_equal(encode(&s.q), ERR_INVALID);
        sample(&s);
        s.derived[MONTHS].filters_len = DERIVED_FILTERS_MAX + 1;
        assert_int_equal(encode(&s.q), ERR_INVALID);
        sample(&s);
        s.measures[BACK].base_len = DERIVED_FILTERS_MAX + 1;
        assert_int_equal(encode(&s.q), ERR_INVALID);
        sample(&s);
        s.again[0].values_len = FILTER_VALUES_MAX + 1;
        assert_int_equal(encode(&s.q), ERR_INVALID);
        sample(&s);
        s.q.derived_len = DERIVED_MAX + 1;
        assert_int_equal(encode(&s.q), ERR_INVALID);
        sample(&s);
        s.q.unit = UNIT_COUNT;
        assert_int_equal(encode(&s.q), ERR_INVALID);
}

static bool same_bytes(const struct query *a, const struct query *b)
{
        struct buf x, y;

        buf_init(&x, 1 << 20);
        buf_init(&y, 1 << 20);
        assert_int_equal(query_encode(a, &x), ERR_OK);
        assert_int_equal(query_encode(b, &y), ERR_OK);

        bool same = bytes_equal(bytes_of(x.data, x.len), bytes_of(y.data, y.len));

        buf_done(&x);
        buf_done(&y);
        return same;
}

static void what_is_left_out_is_what_it_means(void **state)
{
        (void)state;
#define SAME(change)                                                                               \
        do {                                                                                       \
                struct sample s, t;                                                                \
                sample(&s);                                                                        \
                sample(&t);                                                                        \
                change;                                                                            \
                assert_true(same_bytes(&s.q, &t.q));                                               \
        } while (0)

        SAME((s.q.unit = UNIT_NONE, t.q.unit = UNIT_PERSON));
        SAME((s.q.measures_len = 0, t.measures[0].kind = MEASURE_FAMILIES, t.q.measures_len = 1));
        SAME((s.q.unit = t.q.unit = UNIT_RECORD, s.q.measures_len = 0,
                t.measures[0].kind = MEASURE_RECORDS, t.q.measures_len = 1));
        SAME(t.measures[PER_INHABITANT].scale = 0);
        SAME((s.measures[PER_HEAD].scale = 1, t.measures[PER_HEAD].scale = 0));
        SAME(t.derived[OPENED].same = SAME_PERSON);
        SAME(t.derived[OPENED].in = IN_ANY);
        SAME((t.bands[0].high = TEXT("3.000"), t.bands[2].low = TEXT("010")));
        SAME((t.derived[0] = s.derived[2], t.derived[2] = s.derived[0]));
        /* What is not read is not part of the question. */
        SAME((s.q.has_age_at = t.q.has_age_at = false, t.q.age_at = 7));
        SAME((s.derived[0].window.kind = t.derived[0].window.kind = WINDOW_NONE,
                t.derived[0].window.until = 7));
}

static void another_question_has_other_bytes(void **state)
{
        (void)state;
#define DIFFERS(change)                                                                            \
        do {                                                                                       \
                struct sample s, t;                                                                \
                sample(&s);                                                                        \
                sample(&t);                                                                        \
                change;                                                                            \
                assert_false(same_bytes(&s.q, &t.q));                                              \
        } while (0)

        DIFFERS(t.q.linkage = nothing);
        DIFFERS(t.q.unit = UNIT_RECORD);
        DIFFERS((t.q.measures_len = s.q.measures_len = 0, t.q.unit = UNIT_RECORD));
        DIFFERS(t.q.period.first--);
        DIFFERS(t.q.period_date = nothing);
        DIFFERS((s.q.has_period = false, s.q.period_date = t.q.period_date = nothing));
        DIFFERS(t.q.municipality_rule = MUNICIPALITY_LAST);
        DIFFERS(t.q.has_age_at = false);
        DIFFERS(t.q.division_at++);
        DIFFERS(t.derived[0].same = SAME_NONE);
        DIFFERS(t.derived[0].in = IN_SAME);
        DIFFERS(t.derived[0].window.anchor = nothing);
        DIFFERS(t.derived[0].window.from = 0);
        DIFFERS(t.derived[1].level = nothing);
        DIFFERS(t.derived[1].include_base = false);
        DIFFERS(t.derived[1].bands_len = 2);
        DIFFERS(t.bands[1].high = TEXT("9"));
        DIFFERS(t.bands[0].low = TEXT("0"));
        DIFFERS(t.derived[2].kind = DERIVED_LAST);
        DIFFERS(t.derived[2].date = nothing);
        DIFFERS(t.derived[2].window.kind = WINDOW_RELATIVE);
        DIFFERS((t.derived[3].from = TEXT("utr"), t.derived[3].to = TEXT("datum")));
        DIFFERS((t.measures[0] = s.measures[2], t.measures[2] = s.measures[0]));
        DIFFERS((t.measures[BACK].base_len = 0));
        DIFFERS((t.measures[BACK].base = s.again, t.measures[BACK].filters = s.form));
        DIFFERS(t.measures[WAIT].banding = nothing);
        DIFFERS(t.measures[PER_HEAD].per = nothing);
        DIFFERS(t.measures[PER_HEAD].scale = 1);
        DIFFERS(t.q.indicator = TEXT("x"));
        DIFFERS((s.q.indicator = t.q.indicator = TEXT("x"), t.q.indicator_version = 1));
}

/* Random questions ----------------------------------------------------------------- */

enum { ROUNDS = 3000 };

static void random_questions_have_one_encoding_each(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(8 << 20);
        uint64_t random = 2026;

        for (unsigned i = 0; i < ROUNDS; i++) {
                struct query q = random_query(a, &random);
                struct query again = random_respelling(a, &random, &q);
                struct refusal why = {0};

                if (query_check(&q, &why) != ERR_OK || query_check(&again, &why) != ERR_OK)
                        fail_msg("round %u: %s %s", i, why.violations[0].field,
                                why.violations[0].text);
                if (!same_bytes(&q, &again))
                        fail_msg("round %u: two encodings of one question", i);
                arena_reset(a);
        }
}

static void random_changes_make_another_question(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(8 << 20);
        uint64_t random = 1999;

        for (unsigned i = 0; i < ROUNDS; i++) {
                struct query q = random_query(a, &random);
                const char *what = "";
                struct query other = random_change(a, &random, &q, &what);
                struct query again = random_respelling(a, &random, &other);

                if (same_bytes(&q, &other) || same_bytes(&q, &again))
                        fail_msg("round %u: one encoding of two questions: %s", i, what);
                arena_reset(a);
        }
}

/* Words ---------------------------------------------------------------------------- */

static void words_are_found_again(void **state)
{
        (void)state;
        enum municipality_rule rule = MUNICIPALITY_LAST;

        for (int u = UNIT_NONE + 1; u < UNIT_COUNT; u++)
                assert_int_equal(unit_find(bytes_of_text(unit_name((enum unit)u))), u);
        for (int d = DERIVED_NONE + 1; d < DERIVED_KIND_COUNT; d++)
                assert_int_equal(
                        derived_kind_find(bytes_of_text(derived_kind_name((enum derived_kind)d))),
                        d);
        for (int r = 0; r < MUNICIPALITY_RULE_COUNT; r++) {
                assert_true(municipality_rule_find(
                        bytes_of_text(municipality_rule_name((enum municipality_rule)r)), &rule));
                assert_int_equal(rule, r);
        }
        assert_false(municipality_rule_find(TEXT("deciding"), &rule));
        assert_int_equal(rule, MUNICIPALITY_LAST);
        assert_int_equal(unit_find(TEXT("none")), UNIT_NONE);
        assert_int_equal(derived_kind_find(TEXT("none")), DERIVED_NONE);
        assert_string_equal(unit_name((enum unit)99), "none");
        assert_string_equal(derived_kind_name((enum derived_kind)99), "none");
        assert_string_equal(municipality_rule_name((enum municipality_rule)99), "delivering");
}

static void each_kind_says_whether_it_has_a_variable(void **state)
{
        (void)state;
        static const signed char wants[MEASURE_KIND_COUNT] = {[MEASURE_NONE] = -1,
                [MEASURE_PERSONS] = -1,
                [MEASURE_RECORDS] = -1,
                [MEASURE_SUM] = 1,
                [MEASURE_MEAN] = 1,
                [MEASURE_FAMILIES] = -1,
                [MEASURE_SHARE] = -1,
                [MEASURE_MEDIAN] = 1,
                [MEASURE_LOWER_QUARTILE] = 1,
                [MEASURE_UPPER_QUARTILE] = 1,
                [MEASURE_DAYS] = -1,
                [MEASURE_RATE] = -1};

        for (int kind = 0; kind < MEASURE_KIND_COUNT; kind++)
                assert_int_equal(measure_kind_wants_variable((enum measure_kind)kind), wants[kind]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_whole_question_passes),
                cmocka_unit_test(each_wrong_part_of_a_derived_variable_is_named),
                cmocka_unit_test(each_wrong_window_is_named),
                cmocka_unit_test(each_wrong_band_is_named),
                cmocka_unit_test(each_wrong_part_of_a_measure_is_named),
                cmocka_unit_test(two_of_a_kind_need_names),
                cmocka_unit_test(each_wrong_field_of_the_whole_is_named),
                cmocka_unit_test(an_indicator_brings_its_own_question),
                cmocka_unit_test(one_too_many_is_refused),
                cmocka_unit_test(what_does_not_fit_is_not_encoded),
                cmocka_unit_test(what_is_left_out_is_what_it_means),
                cmocka_unit_test(another_question_has_other_bytes),
                cmocka_unit_test(random_questions_have_one_encoding_each),
                cmocka_unit_test(random_changes_make_another_question),
                cmocka_unit_test(words_are_found_again),
                cmocka_unit_test(each_kind_says_whether_it_has_a_variable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
