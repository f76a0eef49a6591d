/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_query.c: a question over the wire. Written by our encoder, by hand, and by
 * chance; the canonical bytes of what arrives are those of what was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "proto/wire.h"
#include "tests/support/random_query.h"
#include "tests/support/wire_bench.h"
#include "tests/support/wire_raw.h"

static const struct bytes forms[] = {{(const uint8_t *)"HVB", 3}, {(const uint8_t *)"FAM", 3}};
static struct filter filters[] = {{.variable = {(const uint8_t *)"form", 4},
        .level = {(const uint8_t *)"grupp", 5},
        .op = FILTER_IN,
        .values = forms,
        .values_len = 2}};
static struct dimension_ref dimensions[] = {
        {.variable = {(const uint8_t *)"kommun", 6}, .level = {(const uint8_t *)"lan", 3}},
        {.variable = {(const uint8_t *)"kon", 3}}};
static struct measure_ref measures[] = {{.kind = MEASURE_PERSONS},
        {.kind = MEASURE_MEAN, .variable = {(const uint8_t *)"kostnad", 7}}};

static struct query question(void)
{
        return (struct query){.dataset = RAW("placering"),
                .purpose = RAW("uppfoljning"),
                .vintage = {7, 1},
                .filters = filters,
                .filters_len = 1,
                .dimensions = dimensions,
                .dimensions_len = 2,
                .measures = measures,
                .measures_len = 2};
}

static bool same_question(const struct query *a, const struct query *b)
{
        struct buf x, y;

        buf_init(&x, ARENA);
        buf_init(&y, ARENA);
        assert_int_equal(query_encode(a, &x), ERR_OK);
        assert_int_equal(query_encode(b, &y), ERR_OK);

        bool same = bytes_equal(bytes_of(x.data, x.len), bytes_of(y.data, y.len));

        buf_done(&x);
        buf_done(&y);
        return same;
}

static void a_question_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct query in = question(), out;

        assert_int_equal(query_request_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(query_request_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_int_equal(out.filters[0].op, FILTER_IN);
        assert_true(bytes_is_text(out.filters[0].values[1], "FAM"));
        assert_int_equal(out.measures[1].kind, MEASURE_MEAN);
        assert_true(same_question(&in, &out));
}

static void every_operator_and_measure_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct filter f = filters[0];
        struct measure_ref m = {0};
        struct query in = question(), out;

        in.filters = &f;
        in.measures = &m;
        in.measures_len = 1;
        f.values_len = 1;
        for (int kind = MEASURE_NONE + 1; kind < MEASURE_KIND_COUNT; kind++) {
                int op = kind % (FILTER_OP_COUNT - 1) + 1;

                f.op = (enum filter_op)op;
                m = (struct measure_ref){.kind = (enum measure_kind)kind};
                if (measure_kind_wants_variable(m.kind) > 0)
                        m.variable = RAW("kostnad");
                if (m.kind == MEASURE_SHARE) {
                        m.filters = &f;
                        m.filters_len = 1;
                }
                b->wire.len = 0;
                assert_int_equal(query_request_encode(&in, &b->wire), ERR_OK);
                assert_int_equal(query_request_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
                assert_int_equal(out.filters[0].op, op);
                assert_int_equal(out.measures[0].kind, m.kind);
        }
}

static void a_wrong_question_is_refused_by_its_path(void **state)
{
        struct bench *b = *state;
        struct query q, out = {.filters_len = 77};
        struct filter f;
        struct measure_ref m;

#define SPOIL(change, path)                                                                        \
        do {                                                                                       \
                struct refusal why = {0};                                                          \
                q = question();                                                                    \
                f = filters[0];                                                                    \
                m = measures[0];                                                                   \
                q.filters = &f;                                                                    \
                q.measures = &m;                                                                   \
                q.measures_len = 1;                                                                \
                change;                                                                            \
                b->wire.len = 0;                                                                   \
                assert_int_equal(query_request_encode(&q, &b->wire), ERR_OK);                      \
                assert_int_equal(query_request_decode(b->a, wire_of(b), &out, &why), ERR_INVALID); \
                assert_int_equal(why.len, 1);                                                      \
                assert_string_equal(why.violations[0].field, path);                                \
                assert_int_equal(out.filters_len, 77);                                             \
        } while (0)

        SPOIL(q.dataset.len = 0, "dataset");
        SPOIL(q.purpose = RAW("a\0b"), "purpose");
        SPOIL(q.vintage.number = 0, "vintage.number");
        SPOIL(f.op = FILTER_NONE, "filters[0].op");
        SPOIL(f.op = (enum filter_op)8, "filters[0].op");
        SPOIL(f.op = (enum filter_op) - 1, "filters[0].op");
        SPOIL(f.values_len = 0, "filters[0].values");
        SPOIL(f.variable.len = 0, "filters[0].variable");
        SPOIL(m.kind = MEASURE_NONE, "measures[0].kind");
        SPOIL(m.kind = MEASURE_KIND_COUNT, "measures[0].kind");
        SPOIL(m.variable = RAW("x"), "measures[0].variable");
}

static void an_empty_question_misses_its_names_and_nothing_else(void **state)
{
        struct bench *b = *state;
        struct query out;
        struct refusal why = {0};

        assert_int_equal(query_request_decode(b->a, RAW(""), &out, &why), ERR_INVALID);
        assert_int_equal(why.len, 2);
        assert_string_equal(why.violations[0].field, "dataset");
        assert_string_equal(why.violations[1].field, "purpose");
}

/* Linked questions ------------------------------------------------------------ */

/* Writes one derived variable by hand, with the window in `window`. */
static void raw_derived(struct buf *out, struct buf *inner, struct buf *window)
{
        raw_bytes(inner, 1, RAW("ater"));
        raw_number(inner, 2, 1);
        raw_bytes(inner, 3, RAW("anmalan"));
        raw_message(inner, 10, window);
        raw_number(inner, 11, 2);
        raw_number(inner, 12, 3);
        raw_number(inner, 13, 1);
        raw_message(out, 14, inner);
}

static void raw_names(struct buf *out)
{
        raw_bytes(out, 1, RAW("anmalan"));
        raw_bytes(out, 2, RAW("uppfoljning"));
}

static void a_linked_question_written_by_hand_is_understood(void **state)
{
        struct bench *b = *state;
        struct buf inner, deep;
        struct query q;

        buf_init(&inner, 1 << 16);
        buf_init(&deep, 1 << 16);
        raw_names(&b->wire);
        raw_bytes(&b->wire, 7, RAW("barnets_resa"));
        raw_number(&b->wire, 8, 2);
        raw_bytes(&b->wire, 9, RAW("2023-01..2024-06"));
        raw_bytes(&b->wire, 10, RAW("beslutad"));
        raw_number(&b->wire, 11, 3);
        raw_bytes(&b->wire, 12, RAW("2024-12-31"));
        raw_bytes(&b->wire, 13, RAW("1970-01-02"));
        raw_number(&deep, 1, 1);
        raw_bytes(&deep, 2, RAW("datum"));
        raw_number(&deep, 3, 1); /* zigzag: -1 */
        raw_number(&deep, 4, 730);
        raw_derived(&b->wire, &inner, &deep);
        raw_bytes(&inner, 1, RAW("manader"));
        raw_number(&inner, 2, 2);
        raw_bytes(&inner, 3, RAW("bistand"));
        raw_bytes(&inner, 5, RAW("manad"));
        raw_bytes(&inner, 6, RAW("ar"));
        raw_bytes(&deep, 1, RAW("1-3"));
        raw_bytes(&deep, 3, RAW("3"));
        raw_message(&inner, 14, &deep);
        raw_message(&b->wire, 14, &inner);
        raw_number(&inner, 1, 7);
        raw_bytes(&inner, 2, RAW("kostnad"));
        raw_bytes(&inner, 4, RAW("per_dygn"));
        raw_bytes(&inner, 5, RAW("dygn"));
        raw_number(&inner, 8, 100);
        raw_message(&b->wire, 6, &inner);
        assert_int_equal(query_request_decode(b->a, wire_of(b), &q, NULL), ERR_OK);
        buf_done(&inner);
        buf_done(&deep);

        assert_true(bytes_is_text(q.linkage, "barnets_resa"));
        assert_int_equal(q.unit, UNIT_FAMILY);
        assert_true(q.has_period && q.period.first == 19358 && q.period.last == 19904);
        assert_true(bytes_is_text(q.period_date, "beslutad"));
        assert_int_equal(q.municipality_rule, MUNICIPALITY_LAST);
        assert_true(q.has_age_at && q.age_at == 20088);
        assert_true(q.has_division_at && q.division_at == 1);
        assert_int_equal(q.derived_len, 2);
        assert_true(bytes_is_text(q.derived[0].name, "ater"));
        assert_int_equal(q.derived[0].kind, DERIVED_EXISTS);
        assert_int_equal(q.derived[0].window.kind, WINDOW_RELATIVE);
        assert_true(bytes_is_text(q.derived[0].window.anchor, "datum"));
        assert_int_equal(q.derived[0].window.from, -1);
        assert_int_equal(q.derived[0].window.until, 365);
        assert_int_equal(q.derived[0].same, SAME_FAMILY);
        assert_int_equal(q.derived[0].in, IN_OTHER);
        assert_true(q.derived[0].include_base);
        assert_true(bytes_is_text(q.derived[1].level, "ar"));
        assert_int_equal(q.derived[1].bands_len, 1);
        assert_true(bytes_is_text(q.derived[1].bands[0].high, "3"));
        assert_int_equal(q.measures[0].kind, MEASURE_RATIO);
        assert_true(bytes_is_text(q.measures[0].per, "dygn"));
        assert_int_equal(q.measures[0].scale, 100);
}

static void a_window_of_dates_is_read(void **state)
{
        struct bench *b = *state;
        struct buf inner, deep;
        struct query q;

        buf_init(&inner, 1 << 16);
        buf_init(&deep, 1 << 16);
        raw_names(&b->wire);
        raw_number(&deep, 1, 2);
        raw_bytes(&deep, 5, RAW("2024-01-01"));
        raw_bytes(&deep, 6, RAW("2024-12-31"));
        raw_derived(&b->wire, &inner, &deep);
        assert_int_equal(query_request_decode(b->a, wire_of(b), &q, NULL), ERR_OK);
        assert_int_equal(q.derived[0].window.kind, WINDOW_FIXED);
        assert_int_equal(q.derived[0].window.from, 19723);
        assert_int_equal(q.derived[0].window.until, 20088);
        buf_done(&inner);
        buf_done(&deep);
}

/* The question `names` and one wrong window, field by field. */
static void window_refused(struct bench *b, uint64_t kind, unsigned field, struct bytes text,
        uint64_t number, const char *path)
{
        struct buf inner, deep;
        struct query q;
        struct refusal why = {0};

        buf_init(&inner, 1 << 16);
        buf_init(&deep, 1 << 16);
        b->wire.len = 0;
        raw_names(&b->wire);
        raw_number(&deep, 1, kind);
        if (kind == 2) {
                raw_bytes(&deep, 5, RAW("2024-01-01"));
                raw_bytes(&deep, 6, RAW("2024-12-31"));
        }
        if (text.len > 0)
                raw_bytes(&deep, field, text);
        else
                raw_number(&deep, field, number);
        raw_derived(&b->wire, &inner, &deep);
        assert_int_equal(query_request_decode(b->a, wire_of(b), &q, &why), ERR_INVALID);
        assert_int_equal(why.len, 1);
        assert_string_equal(why.violations[0].field, path);
        buf_done(&inner);
        buf_done(&deep);
}

static void a_wrong_window_is_refused_by_its_path(void **state)
{
        struct bench *b = *state;
        const struct bytes no = {NULL, 0};

        window_refused(b, 4, 3, no, 0, "derived[0].window");
        window_refused(b, UINT64_MAX, 3, no, 0, "derived[0].window");
        window_refused(b, 1, 3, no, 2, "derived[0].window"); /* 1 to 0 */
        window_refused(b, 1, 5, RAW("2024-01-01"), 0, "derived[0].window.from_date");
        window_refused(b, 0, 6, RAW("2024-01-01"), 0, "derived[0].window.until_date");
        window_refused(b, 3, 4, no, 2, "derived[0].window");
        window_refused(b, 2, 3, no, 2, "derived[0].window.from");
        window_refused(b, 2, 4, no, 2, "derived[0].window.until");
        window_refused(b, 2, 5, RAW("20240101"), 0, "derived[0].window.from_date");
        window_refused(b, 2, 6, RAW("2024-02-30"), 0, "derived[0].window.until_date");
        window_refused(b, 2, 6, RAW("2023-12-31"), 0, "derived[0].window");
        window_refused(b, 2, 2, RAW("datum"), 0, "derived[0].window.anchor");
}

static void one_text_refused(struct bench *b, unsigned field, struct bytes text, const char *path)
{
        struct query out = {.filters_len = 77};
        struct refusal why = {0};

        b->wire.len = 0;
        raw_names(&b->wire);
        raw_bytes(&b->wire, field, text);
        assert_int_equal(query_request_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
        assert_int_equal(why.len, 1);
        assert_string_equal(why.violations[0].field, path);
        assert_int_equal(out.filters_len, 77);
}

static void dates_have_one_spelling(void **state)
{
        struct bench *b = *state;

        one_text_refused(b, 9, RAW("24"), "period");
        one_text_refused(b, 9, RAW("2024-06..2024-01"), "period");
        one_text_refused(b, 9, RAW("2024-01-01..2024-12-311"), "period");
        one_text_refused(b, 9, RAW("2024\0"), "period");
        one_text_refused(b, 12, RAW("20241231"), "age_at");
        one_text_refused(b, 12, RAW("2024"), "age_at");
        one_text_refused(b, 13, RAW("2024-12-32"), "division_at");
        one_text_refused(b, 13, RAW("24-12-31"), "division_at");
        one_text_refused(b, 10, RAW("slut"), "period_date");
}

static void numbers_that_nobody_knows_are_refused(void **state)
{
        struct bench *b = *state;
        const struct {
                unsigned field;
                uint64_t number;
                const char *path;
        } wrong[] = {{8, 4, "unit"}, {8, UINT64_MAX, "unit"}, {11, 4, "municipality_rule"},
                {11, UINT64_MAX, "municipality_rule"}};

        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
                struct query out;
                struct refusal why = {0};

                b->wire.len = 0;
                raw_names(&b->wire);
                raw_number(&b->wire, wrong[i].field, wrong[i].number);
                assert_int_equal(query_request_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
                assert_int_equal(why.len, 1);
                assert_string_equal(why.violations[0].field, wrong[i].path);
        }
}

static void dates_and_all_else_are_told_at_once(void **state)
{
        struct bench *b = *state;
        struct query out;
        struct refusal why = {0};

        raw_bytes(&b->wire, 9, RAW("soon"));
        raw_bytes(&b->wire, 12, RAW("then"));
        raw_bytes(&b->wire, 10, RAW("slut"));
        assert_int_equal(query_request_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
        assert_int_equal(why.len, 4);
        assert_string_equal(why.violations[0].field, "period");
        assert_string_equal(why.violations[1].field, "age_at");
        assert_string_equal(why.violations[2].field, "dataset");
        assert_string_equal(why.violations[3].field, "purpose");
}

static void an_indicator_is_asked_for_by_name_and_version(void **state)
{
        struct bench *b = *state;
        struct query in = {.purpose = RAW("uppfoljning"),
                .indicator = RAW("aterkomst"),
                .indicator_version = 2,
                .has_period = true,
                .period = {19723, 20088}};
        struct query out;
        struct refusal why = {0};

        assert_int_equal(query_request_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(query_request_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_true(bytes_is_text(out.indicator, "aterkomst"));
        assert_int_equal(out.indicator_version, 2);
        assert_true(same_question(&in, &out));
        raw_bytes(&b->wire, 1, RAW("anmalan"));
        assert_int_equal(query_request_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
        assert_string_equal(why.violations[0].field, "dataset");
}

static void a_day_without_a_name_is_not_written(void **state)
{
        struct bench *b = *state;
        struct query q = question();

        q.has_age_at = true;
        q.age_at = INT32_MIN;
        assert_int_equal(query_request_encode(&q, &b->wire), ERR_INVALID);
        q.age_at = 0;
        q.has_period = true;
        q.period = (struct period){0, INT32_MAX};
        assert_int_equal(query_request_encode(&q, &b->wire), ERR_INVALID);
        assert_int_equal(b->wire.len, 0);
}

static void random_questions_go_there_and_back(void **state)
{
        struct bench *b = *state;
        uint64_t random = 7;

        for (unsigned i = 0; i < 1500; i++) {
                struct query out, in, respelled;
                struct refusal why = {0};

                arena_reset(b->a);
                in = random_query(b->a, &random);
                respelled = random_respelling(b->a, &random, &in);
                b->wire.len = 0;
                assert_int_equal(query_request_encode(&respelled, &b->wire), ERR_OK);
                if (query_request_decode(b->a, wire_of(b), &out, &why) != ERR_OK)
                        fail_msg("round %u: %s %s", i, why.violations[0].field,
                                why.violations[0].text);
                if (!same_question(&in, &out))
                        fail_msg("round %u: another question arrived", i);
        }
}

/* Any byte out of place ----------------------------------------------------- */

static void try_question(struct bytes wire, void *ctx)
{
        struct arena *a = ctx;
        struct query query, again;
        struct buf second;

        arena_reset(a);
        if (query_request_decode(a, wire, &query, NULL) != ERR_OK)
                return;
        buf_init(&second, ARENA);
        assert_int_equal(query_request_encode(&query, &second), ERR_OK);
        assert_int_equal(
                query_request_decode(a, bytes_of(second.data, second.len), &again, NULL), ERR_OK);
        assert_true(same_question(&query, &again));
        buf_done(&second);
}

static void no_byte_out_of_place_does_harm(void **state)
{
        struct bench *b = *state;
        struct arena *own = arena_new(1 << 20);
        struct query q = question();
        uint64_t random = 11;

        assert_non_null(own);
        assert_int_equal(query_request_encode(&q, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_question, b->a);
        for (unsigned i = 0; i < 3; i++) {
                arena_reset(own);
                q = random_query(own, &random);
                b->wire.len = 0;
                assert_int_equal(query_request_encode(&q, &b->wire), ERR_OK);
                raw_mutate(wire_of(b), try_question, b->a);
        }
        arena_free(&own);
}

static void each_allocation_of_a_question_may_fail(void **state)
{
        struct bench *b = *state;
        struct arena *own = arena_new(1 << 20);
        uint64_t random = 4;
        struct query q, out;
        enum err rc = ERR_NO_MEMORY;
        unsigned nth = 0;

        assert_non_null(own);
        do
                q = random_query(own, &random);
        while (q.derived_len < 2 || q.measures_len < 2 || q.filters_len == 0);
        for (; fault_arm("alloc", nth); nth++) {
                struct buf wire;

                buf_init(&wire, ARENA);
                rc = query_request_encode(&q, &wire);
                assert_true(rc == ERR_OK || rc == ERR_NO_MEMORY);
                buf_done(&wire);
        }
        fault_disarm();
        assert_int_equal(rc, ERR_OK);
        assert_true(nth > 10);
        assert_int_equal(query_request_encode(&q, &b->wire), ERR_OK);
        for (nth = 0; fault_arm("alloc", nth); nth++) {
                arena_reset(b->a);
                rc = query_request_decode(b->a, wire_of(b), &out, NULL);
                assert_true(rc == ERR_OK || rc == ERR_NO_MEMORY || rc == ERR_TOO_LARGE);
        }
        fault_disarm();
        assert_int_equal(rc, ERR_OK);
        arena_free(&own);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_BENCH(a_question_goes_there_and_back),
                ON_BENCH(every_operator_and_measure_goes_there_and_back),
                ON_BENCH(a_wrong_question_is_refused_by_its_path),
                ON_BENCH(an_empty_question_misses_its_names_and_nothing_else),
                ON_BENCH(a_linked_question_written_by_hand_is_understood),
                ON_BENCH(a_window_of_dates_is_read),
                ON_BENCH(a_wrong_window_is_refused_by_its_path),
                ON_BENCH(dates_have_one_spelling),
                ON_BENCH(numbers_that_nobody_knows_are_refused),
                ON_BENCH(dates_and_all_else_are_told_at_once),
                ON_BENCH(an_indicator_is_asked_for_by_name_and_version),
                ON_BENCH(a_day_without_a_name_is_not_written),
                ON_BENCH(random_questions_go_there_and_back),
                ON_BENCH(no_byte_out_of_place_does_harm),
                ON_BENCH(each_allocation_of_a_question_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
