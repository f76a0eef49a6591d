/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_protection.c: what goes with a table and before it: rules, the audit's verdict,
 * why a cell is protected where that may be told, forecasts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "proto/wire.h"
#include "tests/support/wire_bench.h"
#include "tests/support/wire_raw.h"

static const struct dimension_ref coarser[] = {
        {{(const uint8_t *)"kommun", 6}, {(const uint8_t *)"lan", 3}},
        {{(const uint8_t *)"kon", 3}, {NULL, 0}}};

static struct wire_rules rules(void)
{
        return (struct wire_rules){.preset = RAW("standard"),
                .answers = ANSWER_SOURCE_LEDGER,
                .homogeneous = 3,
                .contributors = 1u << CONTRIBUTOR_MUNICIPALITY | 1u << CONTRIBUTOR_PERSON,
                .number = {[CONTRIBUTOR_MUNICIPALITY] = 2},
                .remainder = 5,
                .part_max = 80,
                .dominance_n = 2,
                .dominance_k = 85,
                .p_percent = 10,
                .pq_p = 11,
                .pq_q = 50,
                .secondary = true,
                .reasons_public = true,
                .membership_sensitive = true,
                .interval = 4,
                .perturbation = WIRE_PERTURBATION_CELLKEY,
                .variance_permille = 2250,
                .deviation = 6,
                .smallest = 7,
                .base = 8,
                .questions_per_day = 9};
}

static void same_rules(const struct wire_rules *a, const struct wire_rules *b)
{
        assert_true(bytes_equal(a->preset, b->preset));
        assert_int_equal(a->answers, b->answers);
        assert_int_equal(a->homogeneous, b->homogeneous);
        assert_int_equal(a->contributors, b->contributors);
        assert_memory_equal(a->number, b->number, sizeof a->number);
        assert_int_equal(a->remainder, b->remainder);
        assert_int_equal(a->part_max, b->part_max);
        assert_true(a->dominance_n == b->dominance_n && a->dominance_k == b->dominance_k);
        assert_true(a->p_percent == b->p_percent && a->pq_p == b->pq_p && a->pq_q == b->pq_q);
        assert_true(a->secondary == b->secondary && a->reasons_public == b->reasons_public &&
                    a->membership_sensitive == b->membership_sensitive);
        assert_int_equal(a->interval, b->interval);
        assert_int_equal(a->perturbation, b->perturbation);
        assert_int_equal(a->variance_permille, b->variance_permille);
        assert_true(a->deviation == b->deviation && a->smallest == b->smallest);
        assert_int_equal(a->base, b->base);
        assert_int_equal(a->questions_per_day, b->questions_per_day);
}

/* Descriptions -------------------------------------------------------------------- */

static const struct dimension_ref axes[] = {
        {{(const uint8_t *)"kommun", 6}, {(const uint8_t *)"kommun", 6}},
        {{(const uint8_t *)"form", 4}, {(const uint8_t *)"grupp", 5}}};
static const struct wire_lattice_table tables[] = {{axes, 2}, {axes + 1, 1}};
static const struct measure_ref sums[] = {
        {.kind = MEASURE_SUM, .variable = {(const uint8_t *)"kostnad", 7}}};

static void a_description_says_what_answers_are_held_to(void **state)
{
        struct bench *b = *state;
        struct wire_dataset in = {.id = RAW("placering"),
                .has_rules = true,
                .rules = rules(),
                .lattice = {.tables = tables,
                        .tables_len = 2,
                        .measures = sums,
                        .measures_len = 1,
                        .by_year = true}};
        struct wire_dataset out;

        assert_int_equal(dataset_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(dataset_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(out.has_rules);
        same_rules(&in.rules, &out.rules);
        assert_int_equal(out.lattice.tables_len, 2);
        assert_int_equal(out.lattice.tables[0].dimensions_len, 2);
        assert_true(bytes_is_text(out.lattice.tables[0].dimensions[1].level, "grupp"));
        assert_true(bytes_is_text(out.lattice.tables[1].dimensions[0].variable, "form"));
        assert_int_equal(out.lattice.measures_len, 1);
        assert_int_equal(out.lattice.measures[0].kind, MEASURE_SUM);
        assert_true(bytes_is_text(out.lattice.measures[0].variable, "kostnad"));
        assert_true(out.lattice.by_year);
        b->wire.len = 0;
        in = (struct wire_dataset){.id = RAW("placering")};
        assert_int_equal(dataset_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(dataset_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_false(out.has_rules);
        assert_int_equal(out.lattice.tables_len, 0);
}

static void rules_that_cannot_be_are_not_written(void **state)
{
        struct bench *b = *state;

#define NOT_WRITTEN(change)                                                                        \
        do {                                                                                       \
                struct wire_dataset in = {.has_rules = true, .rules = rules()};                    \
                struct wire_lattice_table table = tables[0];                                       \
                in.lattice = (struct wire_lattice){.tables = &table, .tables_len = 1};             \
                change;                                                                            \
                assert_int_equal(dataset_encode(&in, &b->wire), ERR_INVALID);                      \
                assert_int_equal(b->wire.len, 0);                                                  \
        } while (0)

        NOT_WRITTEN(in.rules.answers = ANSWER_SOURCE_COUNT);
        NOT_WRITTEN(in.rules.perturbation = WIRE_PERTURBATION_COUNT);
        NOT_WRITTEN(in.rules.contributors |= 1);
        NOT_WRITTEN(in.rules.contributors |= 1u << CONTRIBUTOR_COUNT);
        NOT_WRITTEN(table.dimensions_len = DIMENSIONS_MAX + 1);
}

static void rules_are_read_strictly(void **state)
{
        struct bench *b = *state;
        struct wire_dataset out;
        struct buf inner, deep;

        buf_init(&inner, 1 << 16);
        buf_init(&deep, 1 << 16);
        for (unsigned i = 0; i < 9; i++) {
                b->wire.len = 0;
                if (i == 1)
                        raw_number(&inner, 2, ANSWER_SOURCE_COUNT);
                if (i == 2)
                        raw_number(&inner, 16, WIRE_PERTURBATION_COUNT);
                if (i == 3)
                        raw_bytes(&inner, 1, RAW("a\0b"));
                if (i == 4 || i == 5 || i == 6) { /* none, unknown, and one said twice */
                        raw_number(&deep, 1, i == 4 ? 0 : i == 5 ? CONTRIBUTOR_COUNT : 2);
                        raw_message(&inner, 4, &deep);
                }
                if (i == 6) {
                        raw_number(&deep, 1, 2);
                        raw_message(&inner, 4, &deep);
                }
                raw_message(&b->wire, 18, &inner);
                if (i == 7) { /* a measure of no kind */
                        raw_bytes(&deep, 2, RAW("x"));
                        raw_message(&inner, 2, &deep);
                        raw_message(&b->wire, 19, &inner);
                }
                if (i == 8) {
                        for (unsigned d = 0; d <= DIMENSIONS_MAX; d++)
                                raw_bytes(&deep, 1, RAW(""));
                        raw_message(&inner, 1, &deep);
                        raw_message(&b->wire, 19, &inner);
                }
                if (dataset_decode(b->a, wire_of(b), &out) != (i == 0 ? ERR_OK : ERR_MALFORMED))
                        fail_msg("case %u", i);
        }
        buf_done(&inner);
        buf_done(&deep);
}

/* Releases --------------------------------------------------------------------------- */

enum { CELLS = 4 };

/* One dimension of three categories: shown, primary, secondary, of a wide interval. */
struct sample {
        struct category categories[3];
        struct dimension dimension;
        struct measure measure;
        int64_t persons[CELLS];
        uint8_t status[CELLS], rule[CELLS], held[CELLS];
        struct wire_release release;
};

static void sample(struct sample *s)
{
        *s = (struct sample){
                .categories = {{.code = RAW("a")}, {.code = RAW("b")}, {.code = RAW("c")}},
                .dimension = {.variable = RAW("form"), .len = 3},
                .measure = {.kind = MEASURE_PERSONS},
                .persons = {10, 2, 3, 15},
                .status = {CELL_VALUE, CELL_PROTECTED, CELL_PROTECTED, CELL_VALUE},
                .rule = {CELL_RULE_NONE, CELL_RULE_HOMOGENEOUS, CELL_RULE_SECONDARY,
                        CELL_RULE_NONE},
                .held = {1, 1, 0, 0},
                .release = {.vintage = {2, 0},
                        .dataset = RAW("placering"),
                        .purpose = RAW("uppfoljning"),
                        .threshold = 5,
                        .has_protection = true,
                        .protection = {.rules = rules(),
                                .source = ANSWER_SOURCE_LATTICE,
                                .additive = true,
                                .audited = 2,
                                .audit_of = 3,
                                .narrow = 1,
                                .limited = true,
                                .numerator = 6,
                                .denominator = 7,
                                .complement = 8,
                                .families = 9,
                                .interval_unasked = 10,
                                .rounding_margin = 1},
                        .has_nearest = true,
                        .nearest = {.dimensions = coarser,
                                .dimensions_len = 2,
                                .text = {RAW("fråga per län"), RAW("ask by county")}}}};
        s->dimension.categories = s->categories;
        s->measure.values = s->persons;
        s->release.table = (struct table){.dimensions = &s->dimension,
                .dimensions_len = 1,
                .measures = &s->measure,
                .measures_len = 1,
                .cells_len = CELLS,
                .status = s->status,
                .rule = s->rule,
                .held = s->held};
}

static void a_release_says_how_it_was_protected(void **state)
{
        struct bench *b = *state;
        struct sample s;
        struct wire_release out;

        sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);

        const struct wire_protection *p = &out.protection;

        assert_true(out.has_protection && out.has_nearest);
        same_rules(&s.release.protection.rules, &p->rules);
        assert_int_equal(p->source, ANSWER_SOURCE_LATTICE);
        assert_true(p->additive && p->limited);
        assert_true(p->audited == 2 && p->audit_of == 3 && p->narrow == 1);
        assert_true(
                p->numerator == 6 && p->denominator == 7 && p->complement == 8 && p->families == 9);
        assert_true(p->interval_unasked == 10 && p->rounding_margin == 1);
        assert_int_equal(out.nearest.dimensions_len, 2);
        assert_true(bytes_is_text(out.nearest.dimensions[0].level, "lan"));
        assert_true(bytes_is_text(out.nearest.text.en, "ask by county"));
        s.release.has_protection = s.release.has_nearest = false;
        b->wire.len = 0;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_false(out.has_protection || out.has_nearest);
}

static void why_a_cell_is_protected_is_told_where_it_may_be(void **state)
{
        struct bench *b = *state;
        struct sample s;
        struct wire_release out;

        sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_non_null(memmem(b->wire.data, b->wire.len, "FADF", 4));
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        for (size_t cell = 0; cell < CELLS; cell++)
                assert_int_equal(wire_confidentiality(&out.table, cell, true), (int)"FADF"[cell]);
        /* Which of the primary rules it was is nobody's business. */
        assert_int_equal(out.table.rule[1], CELL_RULE_SMALL);
        assert_int_equal(out.table.rule[2], CELL_RULE_SECONDARY);

        s.release.protection.rules.reasons_public = false;
        b->wire.len = 0;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_null(memmem(b->wire.data, b->wire.len, "FADF", 4));
        assert_null(memmem(b->wire.data, b->wire.len, "FCCF", 4));
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_null(out.table.rule);
        for (size_t cell = 0; cell < CELLS; cell++)
                assert_int_equal(wire_confidentiality(&out.table, cell, false), (int)"FCCF"[cell]);
}

/* The bytes are the same whatever the rules were, but for what is told. */
static void no_rule_leaves_unless_reasons_are_public(void **state)
{
        struct bench *b = *state;
        struct sample s;
        struct buf again;

        sample(&s);
        s.release.protection.rules.reasons_public = false;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        buf_init(&again, ARENA);
        for (unsigned rule = 0; rule < CELL_RULE_COUNT; rule++) {
                again.len = 0;
                s.rule[1] = s.rule[2] = (uint8_t)rule;
                assert_int_equal(release_encode(&s.release, &again), ERR_OK);
                assert_true(bytes_equal(wire_of(b), bytes_of(again.data, again.len)));
        }
        again.len = 0;
        s.release.table.rule = NULL;
        assert_int_equal(release_encode(&s.release, &again), ERR_OK);
        assert_true(bytes_equal(wire_of(b), bytes_of(again.data, again.len)));
        buf_done(&again);
}

static void a_held_value_is_one_that_is_shown(void **state)
{
        struct bench *b = *state;
        struct sample s;
        struct wire_release out;

        sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        for (size_t cell = 0; cell < CELLS; cell++)
                assert_int_equal(out.table.held[cell], cell == 0);
        s.held[0] = 0;
        b->wire.len = 0;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_null(out.table.held);
}

static void marks_that_contradict_the_table_are_not_read(void **state)
{
        static const char *const spoilt[] = {"FADC", "FAAF", "FADX", "CADF", "FFDF"};
        struct bench *b = *state;
        struct sample s;
        struct wire_release out;
        uint8_t *letters, *held;

        sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        letters = memmem(b->wire.data, b->wire.len, "FADF", 4);
        held = memmem(b->wire.data, b->wire.len, "\x22\4\1\0\0\0", 6);
        assert_true(letters != NULL && held != NULL);
        for (size_t i = 0; i < ARRAY_LEN(spoilt); i++) {
                memcpy(letters, spoilt[i], 4);
                /* "FAAF" is as right as what was there. */
                assert_int_equal(
                        release_decode(b->a, wire_of(b), &out), i == 1 ? ERR_OK : ERR_MALFORMED);
        }
        memcpy(letters, "FADF", 4);
        held[3] = 1; /* of a protected cell */
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
        held[3] = 0;
        held[2] = 2;
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
        held[1] = 3; /* and too short */
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
}

static void reasons_that_the_rules_do_not_allow_are_not_read(void **state)
{
        struct bench *b = *state;
        struct sample s;
        struct wire_release out;
        uint8_t *reasons;

        sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        /* reasons_public, membership_sensitive, perturbation: 14, 15, 16 */
        reasons = memmem(b->wire.data, b->wire.len, "\x70\1\x78\1\x80\1\1", 7);
        assert_non_null(reasons);
        reasons[1] = 0;
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
}

static void a_verdict_on_more_than_there_is_is_none(void **state)
{
        struct bench *b = *state;
        struct sample s;

        sample(&s);
        s.release.protection.audited = 4;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_INVALID);
        sample(&s);
        s.release.protection.narrow = 3;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_INVALID);
        sample(&s);
        s.release.protection.source = ANSWER_SOURCE_COUNT;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_INVALID);
        sample(&s);
        s.release.nearest.dimensions_len = DIMENSIONS_MAX + 1;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_INVALID);
}

/* Forecasts ---------------------------------------------------------------------------- */

static const struct wire_forecast_dimension rows[] = {
        {.variable = {(const uint8_t *)"kommun", 6}, .answered = 200, .refused = 90}};
static const struct wire_forecast_note notes[] = {{.code = {(const uint8_t *)"lattice", 7},
        .text = {{(const uint8_t *)"sv", 2}, {(const uint8_t *)"en", 2}}}};

static struct wire_answer forecast(void)
{
        return (struct wire_answer){.answered_at_ms = 5,
                .took_us = 6,
                .has_forecast = true,
                .forecast = {.source = ANSWER_SOURCE_LEDGER,
                        .cells = 876,
                        .known = true,
                        .rows_answered = 200,
                        .rows_refused = 90,
                        .dimensions = rows,
                        .dimensions_len = 1,
                        .notes = notes,
                        .notes_len = 1,
                        .has_nearest = true,
                        .nearest = {.dimensions = coarser, .dimensions_len = 1}}};
}

static void a_forecast_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_answer in = forecast(), out;
        const struct wire_forecast *f = &out.forecast;

        assert_int_equal(answer_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(answer_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(out.has_forecast && out.release.len == 0);
        assert_int_equal(f->source, ANSWER_SOURCE_LEDGER);
        assert_true(f->cells == 876 && f->known);
        assert_true(f->rows_answered == 200 && f->rows_refused == 90);
        assert_int_equal(f->dimensions_len, 1);
        assert_true(f->dimensions[0].answered == 200 && f->dimensions[0].refused == 90);
        assert_int_equal(f->notes_len, 1);
        assert_true(bytes_is_text(f->notes[0].code, "lattice"));
        assert_true(bytes_is_text(f->notes[0].text.en, "en"));
        assert_true(f->has_nearest && f->nearest.dimensions_len == 1);
}

static void an_answer_is_a_release_or_a_forecast(void **state)
{
        struct bench *b = *state;
        struct wire_answer in = forecast(), out;
        struct buf inner;

        in.release = RAW("release");
        assert_int_equal(answer_encode(&in, &b->wire), ERR_INVALID);
        in = forecast();
        in.forecast.notes_len = FORECAST_NOTES_MAX + 1;
        assert_int_equal(answer_encode(&in, &b->wire), ERR_INVALID);
        in = forecast();
        in.forecast.dimensions_len = DIMENSIONS_MAX + 1;
        assert_int_equal(answer_encode(&in, &b->wire), ERR_INVALID);
        in = forecast();
        in.forecast.source = ANSWER_SOURCE_COUNT;
        assert_int_equal(answer_encode(&in, &b->wire), ERR_INVALID);

        in = forecast();
        assert_int_equal(answer_encode(&in, &b->wire), ERR_OK);
        raw_bytes(&b->wire, 1, RAW("release"));
        assert_int_equal(answer_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
        buf_init(&inner, 1 << 16);
        for (unsigned i = 0; i < 3; i++) {
                b->wire.len = 0;
                if (i == 1)
                        raw_number(&inner, 1, ANSWER_SOURCE_COUNT);
                for (unsigned n = 0; i == 2 && n <= FORECAST_NOTES_MAX; n++)
                        raw_bytes(&inner, 7, RAW(""));
                raw_message(&b->wire, 5, &inner);
                assert_int_equal(
                        answer_decode(b->a, wire_of(b), &out), i == 0 ? ERR_OK : ERR_MALFORMED);
        }
        buf_done(&inner);
}

static void a_question_says_whether_it_is_only_to_be_forecast(void **state)
{
        struct bench *b = *state;
        struct query in = {.dataset = RAW("placering"), .purpose = RAW("uppfoljning")}, out;
        struct buf plain, dry;

        for (unsigned i = 0; i < 2; i++) {
                b->wire.len = 0;
                in.dry_run = i == 1;
                assert_int_equal(query_request_encode(&in, &b->wire), ERR_OK);
                assert_int_equal(query_request_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
                assert_int_equal(out.dry_run, i == 1);
        }
        /* It is the same question. */
        buf_init(&plain, 1 << 16);
        buf_init(&dry, 1 << 16);
        assert_int_equal(query_encode(&in, &dry), ERR_OK);
        in.dry_run = false;
        assert_int_equal(query_encode(&in, &plain), ERR_OK);
        assert_true(bytes_equal(bytes_of(plain.data, plain.len), bytes_of(dry.data, dry.len)));
        buf_done(&plain);
        buf_done(&dry);
}

/* Any byte out of place ---------------------------------------------------------------- */

static void try_all(struct bytes wire, void *ctx)
{
        struct arena *a = ctx;
        struct wire_release release;
        struct wire_dataset described;
        struct wire_answer answer;
        struct buf again;

        arena_reset(a);
        buf_init(&again, ARENA);
        if (release_decode(a, wire, &release) == ERR_OK)
                assert_int_equal(release_encode(&release, &again), ERR_OK);
        if (dataset_decode(a, wire, &described) == ERR_OK)
                assert_int_equal(dataset_encode(&described, &again), ERR_OK);
        if (answer_decode(a, wire, &answer) == ERR_OK)
                assert_int_equal(answer_encode(&answer, &again), ERR_OK);
        buf_done(&again);
}

static void no_byte_out_of_place_does_harm(void **state)
{
        struct bench *b = *state;
        struct wire_dataset described = {.has_rules = true,
                .rules = rules(),
                .lattice = {
                        .tables = tables, .tables_len = 2, .measures = sums, .measures_len = 1}};
        struct wire_answer answer = forecast();
        struct sample s;

        sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
        b->wire.len = 0;
        assert_int_equal(dataset_encode(&described, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
        b->wire.len = 0;
        assert_int_equal(answer_encode(&answer, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
}

static void each_allocation_may_fail(void **state)
{
        struct bench *b = *state;
        struct wire_answer answer = forecast(), out;
        enum err rc = ERR_NO_MEMORY;
        struct sample s;
        unsigned nth = 0;

        sample(&s);
        for (; fault_arm("alloc", nth); nth++) {
                struct buf wire;

                buf_init(&wire, ARENA);
                rc = release_encode(&s.release, &wire);
                rc = rc == ERR_OK ? answer_encode(&answer, &wire) : rc;
                assert_true(rc == ERR_OK || rc == ERR_NO_MEMORY);
                buf_done(&wire);
        }
        fault_disarm();
        assert_true(rc == ERR_OK && nth > 10);
        assert_int_equal(answer_encode(&answer, &b->wire), ERR_OK);
        for (nth = 0; fault_arm("alloc", nth); nth++) {
                arena_reset(b->a);
                rc = answer_decode(b->a, wire_of(b), &out);
                assert_true(rc == ERR_OK || rc == ERR_NO_MEMORY || rc == ERR_TOO_LARGE);
        }
        fault_disarm();
        assert_int_equal(rc, ERR_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_BENCH(a_description_says_what_answers_are_held_to),
                ON_BENCH(rules_that_cannot_be_are_not_written),
                ON_BENCH(rules_are_read_strictly),
                ON_BENCH(a_release_says_how_it_was_protected),
                ON_BENCH(why_a_cell_is_protected_is_told_where_it_may_be),
                ON_BENCH(no_rule_leaves_unless_reasons_are_public),
                ON_BENCH(a_held_value_is_one_that_is_shown),
                ON_BENCH(marks_that_contradict_the_table_are_not_read),
                ON_BENCH(reasons_that_the_rules_do_not_allow_are_not_read),
                ON_BENCH(a_verdict_on_more_than_there_is_is_none),
                ON_BENCH(a_forecast_goes_there_and_back),
                ON_BENCH(an_answer_is_a_release_or_a_forecast),
                ON_BENCH(a_question_says_whether_it_is_only_to_be_forecast),
                ON_BENCH(no_byte_out_of_place_does_harm),
                ON_BENCH(each_allocation_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
