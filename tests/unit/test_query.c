/* SPDX-License-Identifier: Apache-2.0 */
/* test_query.c: the shape of a question, the bytes that name it, and the filter
 * as a person types it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/query.h"

#define TEXT(s)                                                                                    \
        {                                                                                          \
                (const uint8_t *)(s), sizeof(s) - 1                                                \
        }

/* A query that nothing is wrong with, in parts that a test may spoil. */
struct sample {
        struct bytes hvb[2], years[1];
        struct filter filters[2];
        struct dimension_ref dimensions[2];
        struct measure_ref measures[2];
        struct query q;
};

static void sample(struct sample *s)
{
        *s = (struct sample){
                .hvb = {TEXT("HVB"), TEXT("FAM")},
                .years = {TEXT("0..20")},
                .dimensions = {{.variable = TEXT("kommun"), .level = TEXT("lan")},
                        {.variable = TEXT("kon")}},
                .measures = {{.kind = MEASURE_PERSONS},
                        {.kind = MEASURE_MEAN, .variable = TEXT("dygnskostnad")}},
                .q = {.dataset = TEXT("placering"), .purpose = TEXT("uppfoljning")},
        };
        s->filters[0] = (struct filter){
                .variable = TEXT("form"), .op = FILTER_IN, .values = s->hvb, .values_len = 2};
        s->filters[1] = (struct filter){
                .variable = TEXT("alder"), .op = FILTER_IN, .values = s->years, .values_len = 1};
        s->q.filters = s->filters;
        s->q.filters_len = 2;
        s->q.dimensions = s->dimensions;
        s->q.dimensions_len = 2;
        s->q.measures = s->measures;
        s->q.measures_len = 2;
}

static void refused_at(const struct sample *s, const char *field)
{
        struct refusal why = {0};

        assert_int_equal(query_check(&s->q, &why), ERR_INVALID);
        assert_int_equal(why.len, 1);
        assert_string_equal(why.violations[0].field, field);
}

static void a_whole_query_passes(void **state)
{
        (void)state;
        struct refusal why = {0};
        struct sample s;

        sample(&s);
        assert_int_equal(query_check(&s.q, &why), ERR_OK);
        assert_int_equal(why.len, 0);
        s.q.filters_len = s.q.dimensions_len = s.q.measures_len = 0;
        assert_int_equal(query_check(&s.q, NULL), ERR_OK);
}

#define SPOIL(what, field)                                                                         \
        do {                                                                                       \
                struct sample s;                                                                   \
                sample(&s);                                                                        \
                what;                                                                              \
                refused_at(&s, field);                                                             \
        } while (0)

static void each_wrong_field_is_named(void **state)
{
        (void)state;
        static const char longer[NAME_MAX_LEN + 2] =
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        const struct bytes nothing = {0}, bell = TEXT("a\a"), torn = TEXT("\xc3");
        const struct bytes too_long = bytes_of(longer, NAME_MAX_LEN + 1);

        SPOIL(s.q.dataset = nothing, "dataset");
        SPOIL(s.q.dataset = too_long, "dataset");
        SPOIL(s.q.purpose = nothing, "purpose");
        SPOIL(s.q.purpose = bell, "purpose");
        SPOIL(s.q.vintage.revision = 1, "vintage.number");
        SPOIL(s.filters[1].variable = nothing, "filters[1].variable");
        SPOIL(s.filters[1].level = torn, "filters[1].level");
        SPOIL(s.filters[0].op = FILTER_NONE, "filters[0].op");
        SPOIL(s.filters[1].op = FILTER_OP_COUNT, "filters[1].op");
        SPOIL(s.filters[0].op = FILTER_EQ, "filters[0].values");
        SPOIL(s.filters[0].values_len = 0, "filters[0].values");
        SPOIL(s.hvb[1] = nothing, "filters[0].values[1]");
        SPOIL(s.hvb[1] = bell, "filters[0].values[1]");
        SPOIL(s.dimensions[0].variable = nothing, "dimensions[0].variable");
        SPOIL(s.dimensions[0].level = bell, "dimensions[0].level");
        SPOIL(s.dimensions[1] = s.dimensions[0], "dimensions[1]");
        SPOIL(s.measures[0].kind = MEASURE_NONE, "measures[0].kind");
        SPOIL(s.measures[0].kind = MEASURE_KIND_COUNT, "measures[0].kind");
        SPOIL(s.measures[0].kind = MEASURE_SUM, "measures[0].variable");
        SPOIL(s.measures[1].kind = MEASURE_RECORDS, "measures[1].variable");
        SPOIL(s.measures[0] = s.measures[1], "measures[1]");
}

static void one_too_many_is_refused(void **state)
{
        (void)state;
        struct bytes values[FILTER_VALUES_MAX + 1];
        struct filter filters[FILTERS_MAX + 1];
        struct dimension_ref dimensions[DIMENSIONS_MAX + 1];
        static const char letters[] = "abcdefgh";
        struct sample s;

        sample(&s);
        for (unsigned i = 0; i < ARRAY_LEN(values); i++)
                values[i] = (struct bytes)TEXT("x");
        for (unsigned i = 0; i < ARRAY_LEN(filters); i++)
                filters[i] = s.filters[0];
        for (unsigned i = 0; i < ARRAY_LEN(dimensions); i++)
                dimensions[i] = (struct dimension_ref){.variable = bytes_of(letters + i, 1)};
        s.filters[0].values = values;
        s.filters[0].values_len = FILTER_VALUES_MAX;
        assert_int_equal(query_check(&s.q, NULL), ERR_OK);
        s.filters[0].values_len++;
        refused_at(&s, "filters[0].values");

        sample(&s);
        s.q.filters = filters;
        s.q.filters_len = FILTERS_MAX;
        s.q.dimensions = dimensions;
        s.q.dimensions_len = DIMENSIONS_MAX;
        assert_int_equal(query_check(&s.q, NULL), ERR_OK);
        s.q.filters_len++;
        refused_at(&s, "filters");
        s.q.filters_len = 0;
        s.q.dimensions_len++;
        refused_at(&s, "dimensions");
}

static void all_faults_are_told(void **state)
{
        (void)state;
        struct refusal why = {0};
        struct sample s;

        sample(&s);
        s.q.dataset = s.q.purpose = (struct bytes){0};
        s.filters[0].op = FILTER_NONE;
        assert_int_equal(query_check(&s.q, &why), ERR_INVALID);
        assert_int_equal(why.len, 3);
}

/* Canonical bytes --------------------------------------------------------- */

static bool same_bytes(const struct query *a, const struct query *b)
{
        struct buf x, y;
        struct bytes p = {0}, q = {0};

        buf_init(&x, 1 << 20);
        buf_init(&y, 1 << 20);
        assert_int_equal(query_encode(a, &x), ERR_OK);
        assert_int_equal(query_encode(b, &y), ERR_OK);
        assert_int_equal(buf_end(&x, &p), ERR_OK);
        assert_int_equal(buf_end(&y, &q), ERR_OK);

        bool same = bytes_equal(p, q);

        buf_done(&x);
        buf_done(&y);
        return same;
}

static void two_spellings_have_one_encoding(void **state)
{
        (void)state;
        struct sample a, b;
        struct bytes thrice[] = {TEXT("HVB"), TEXT("FAM"), TEXT("HVB")};

        sample(&a);
        sample(&b);
        b.filters[0] = a.filters[1];
        b.filters[1] = a.filters[0];
        assert_true(same_bytes(&a.q, &b.q));
        b.hvb[0] = a.hvb[1];
        b.hvb[1] = a.hvb[0];
        b.filters[1].values = b.hvb;
        assert_true(same_bytes(&a.q, &b.q));
        b.filters[1].values = thrice;
        b.filters[1].values_len = 3;
        assert_true(same_bytes(&a.q, &b.q));
        /* The same condition twice is the same condition. */
        b.filters[0] = b.filters[1];
        b.q.filters_len = 2;
        a.q.filters_len = 1;
        assert_true(same_bytes(&a.q, &b.q));
        a.q.measures_len = 1;
        b.q.measures_len = 0;
        assert_true(same_bytes(&a.q, &b.q));
}

static void in_with_one_value_is_equality_unless_it_is_a_range(void **state)
{
        (void)state;
        struct sample a, b;

        sample(&a);
        sample(&b);
        a.filters[0].values_len = b.filters[0].values_len = 1;
        b.filters[0].op = FILTER_EQ;
        assert_true(same_bytes(&a.q, &b.q));
        b.filters[1].op = FILTER_EQ;
        assert_false(same_bytes(&a.q, &b.q));
}

static void different_questions_have_different_bytes(void **state)
{
        (void)state;
#define DIFFERS(change)                                                                            \
        do {                                                                                       \
                struct sample a, b;                                                                \
                sample(&a);                                                                        \
                sample(&b);                                                                        \
                assert_true(same_bytes(&a.q, &b.q));                                               \
                change;                                                                            \
                assert_false(same_bytes(&a.q, &b.q));                                              \
        } while (0)

        DIFFERS(b.q.dataset = (struct bytes)TEXT("anmalan"));
        DIFFERS(b.q.purpose = (struct bytes)TEXT("forskning"));
        DIFFERS(b.q.vintage.number = 1);
        DIFFERS((b.q.vintage.number = 1, a.q.vintage = b.q.vintage, b.q.vintage.revision = 1));
        DIFFERS(b.q.filters_len = 1);
        DIFFERS(b.filters[0].op = FILTER_NE);
        DIFFERS(b.filters[0].level = (struct bytes)TEXT("grupp"));
        DIFFERS(b.hvb[0] = (struct bytes)TEXT("SIS"));
        DIFFERS(b.q.dimensions_len = 1);
        DIFFERS(b.dimensions[0].level = (struct bytes){0});
        DIFFERS((b.dimensions[0] = a.dimensions[1], b.dimensions[1] = a.dimensions[0]));
        DIFFERS(b.q.measures_len = 1);
        DIFFERS(b.measures[1].kind = MEASURE_SUM);
        /* A letter may not wander between neighbours. */
        DIFFERS((a.dimensions[0].variable = (struct bytes)TEXT("ab"),
                a.dimensions[0].level = (struct bytes)TEXT("c"),
                b.dimensions[0].variable = (struct bytes)TEXT("a"),
                b.dimensions[0].level = (struct bytes)TEXT("bc")));
}

static void counts_beyond_the_limit_are_not_encoded(void **state)
{
        (void)state;
        struct sample s;
        struct buf b;

        sample(&s);
        buf_init(&b, 1 << 20);
        s.filters[0].values_len = FILTER_VALUES_MAX + 1;
        assert_int_equal(query_encode(&s.q, &b), ERR_INVALID);
        s.q.filters_len = FILTERS_MAX + 1;
        assert_int_equal(query_encode(&s.q, &b), ERR_INVALID);
        buf_done(&b);
}

/* Filters as text --------------------------------------------------------- */

static enum err parse(struct arena *a, const char *text, struct filter *f, struct refusal *why)
{
        return filter_parse(a, bytes_of_text(text), f, why);
}

static void filters_read_as_they_are_typed(void **state)
{
        (void)state;
        static const struct {
                const char *text, *variable, *level;
                enum filter_op op;
                unsigned len;
                const char *values[4];
        } cases[] = {
                {"form = HVB", "form", "", FILTER_EQ, 1, {"HVB"}},
                {"form=HVB", "form", "", FILTER_EQ, 1, {"HVB"}},
                {"  kommun:lan  !=  01  ", "kommun", "lan", FILTER_NE, 1, {"01"}},
                {"alder<18", "alder", "", FILTER_LT, 1, {"18"}},
                {"alder <=18", "alder", "", FILTER_LE, 1, {"18"}},
                {"alder>18", "alder", "", FILTER_GT, 1, {"18"}},
                {"start >= 2025-01-01", "start", "", FILTER_GE, 1, {"2025-01-01"}},
                {"form in HVB,SIS , FAM", "form", "", FILTER_IN, 3, {"HVB", "SIS", "FAM"}},
                {"alder in 0..20", "alder", "", FILTER_IN, 1, {"0..20"}},
                {"orsak = \"a, b\"", "orsak", "", FILTER_EQ, 1, {"a, b"}},
                {"orsak in\"x\"\"y\",z", "orsak", "", FILTER_IN, 2, {"x\"y", "z"}},
                {"belopp = -5", "belopp", "", FILTER_EQ, 1, {"-5"}},
                {"x = \"=\"", "x", "", FILTER_EQ, 1, {"="}},
                {"namn = Åre", "namn", "", FILTER_EQ, 1, {"Åre"}},
        };

        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
                OWNED(arena_free) struct arena *a = arena_new(1 << 16);
                struct filter f = {0};

                assert_int_equal(parse(a, cases[i].text, &f, NULL), ERR_OK);
                assert_true(bytes_is_text(f.variable, cases[i].variable));
                assert_true(bytes_is_text(f.level, cases[i].level));
                assert_int_equal(f.op, cases[i].op);
                assert_int_equal(f.values_len, cases[i].len);
                for (unsigned v = 0; v < cases[i].len; v++)
                        assert_true(bytes_is_text(f.values[v], cases[i].values[v]));
        }
}

static void what_cannot_be_read_is_refused_at_its_column(void **state)
{
        (void)state;
        static const struct {
                const char *text, *says;
        } cases[] = {
                {"", "column 1: a name is expected here"},
                {"   ", "column 4: a name is expected here"},
                {"= 3", "column 1: a name is expected here"},
                {"form", "column 5: expected one of = != < <= > >= in"},
                {"form: = 3", "column 6: a name is expected here"},
                {"form ~ 3", "column 6: expected one of = != < <= > >= in"},
                {"form inHVB", "column 8: expected one of = != < <= > >= in"},
                {"form =", "column 7: a value is expected here"},
                {"form in HVB,", "column 13: a value is expected here"},
                {"form in ,HVB", "column 9: a value is expected here"},
                {"form = \"\"", "column 8: a value is expected here"},
                {"form == HVB", "column 7: a value that begins with an operator must be quoted"},
                {"form = HVB,SIS", "column 11: only `in` takes a list"},
                {"form = Upplands Bro",
                        "column 17: expected a comma or the end; quote a value with blanks"},
                {"form = \"HVB", "column 12: the quote is not closed"},
                {"form = \"HVB\"x",
                        "column 13: expected a comma or the end; quote a value with blanks"},
                {"form = a\tb", "is not printable UTF-8"},
                {"form = \xff", "is not printable UTF-8"},
        };

        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
                OWNED(arena_free) struct arena *a = arena_new(1 << 16);
                struct filter f = {.op = FILTER_LT};
                struct refusal why = {0};

                assert_int_equal(parse(a, cases[i].text, &f, &why), ERR_INVALID);
                assert_int_equal(why.len, 1);
                assert_string_equal(why.violations[0].field, "where");
                assert_string_equal(why.violations[0].text, cases[i].says);
                assert_int_equal(f.op, FILTER_LT);
        }
}

static void long_names_values_and_lists_are_refused(void **state)
{
        (void)state;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct filter f = {0};
        char text[3000];
        int len;

        memset(text, 'a', sizeof text);
        memcpy(text + NAME_MAX_LEN, " = b", 5);
        assert_int_equal(parse(a, text, &f, NULL), ERR_OK);
        memcpy(text + NAME_MAX_LEN, "a = b", 6);
        assert_int_equal(parse(a, text, &f, NULL), ERR_INVALID);

        len = snprintf(text, sizeof text, "x = %0*d", FILTER_VALUE_MAX_LEN, 0);
        assert_int_equal(parse(a, text, &f, NULL), ERR_OK);
        text[len] = '0';
        text[len + 1] = '\0';
        assert_int_equal(parse(a, text, &f, NULL), ERR_INVALID);

        len = snprintf(text, sizeof text, "x in 1");
        for (unsigned i = 1; i < FILTER_VALUES_MAX; i++, len += 2)
                memcpy(text + len, ",1", 3);
        assert_int_equal(parse(a, text, &f, NULL), ERR_OK);
        assert_int_equal(f.values_len, FILTER_VALUES_MAX);
        memcpy(text + len, ",1", 3);
        assert_int_equal(parse(a, text, &f, NULL), ERR_INVALID);
}

static void names_are_found_again(void **state)
{
        (void)state;
        for (int kind = MEASURE_NONE + 1; kind < MEASURE_KIND_COUNT; kind++)
                assert_int_equal(measure_kind_find(
                                         bytes_of_text(measure_kind_name((enum measure_kind)kind))),
                        kind);
        assert_int_equal(measure_kind_find(bytes_of_text("none")), MEASURE_NONE);
        assert_int_equal(measure_kind_find(bytes_of_text("mode")), MEASURE_NONE);
        assert_string_equal(measure_kind_name((enum measure_kind)99), "none");
        assert_string_equal(filter_op_text((enum filter_op)99), "none");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_whole_query_passes),
                cmocka_unit_test(each_wrong_field_is_named),
                cmocka_unit_test(one_too_many_is_refused),
                cmocka_unit_test(all_faults_are_told),
                cmocka_unit_test(two_spellings_have_one_encoding),
                cmocka_unit_test(in_with_one_value_is_equality_unless_it_is_a_range),
                cmocka_unit_test(different_questions_have_different_bytes),
                cmocka_unit_test(counts_beyond_the_limit_are_not_encoded),
                cmocka_unit_test(filters_read_as_they_are_typed),
                cmocka_unit_test(what_cannot_be_read_is_refused_at_its_column),
                cmocka_unit_test(long_names_values_and_lists_are_refused),
                cmocka_unit_test(names_are_found_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
