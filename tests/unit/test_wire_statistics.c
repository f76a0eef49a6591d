/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_statistics.c: what can be asked: data sets, their description, and indicators. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire.h"
#include "tests/support/wire_bench.h"
#include "tests/support/wire_raw.h"

/* Data sets ---------------------------------------------------------------- */

static const struct bytes purposes[] = {
        {(const uint8_t *)"uppfoljning", 11}, {(const uint8_t *)"forskning", 9}};

static void the_list_of_datasets_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_dataset_summary list[] = {
                {.id = RAW("placering"),
                        .label = {RAW("Placeringar"), RAW("Placements")},
                        .purposes = purposes,
                        .purposes_len = 2},
                {.id = RAW("anmalan")}};
        struct wire_datasets in = {.datasets = list, .len = 2, .vintage = {3, 1}}, out;

        assert_int_equal(datasets_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(datasets_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.len, 2);
        assert_true(bytes_is_text(out.datasets[0].id, "placering"));
        assert_true(bytes_is_text(out.datasets[0].label.sv, "Placeringar"));
        assert_true(bytes_is_text(out.datasets[0].label.en, "Placements"));
        assert_int_equal(out.datasets[0].purposes_len, 2);
        assert_true(bytes_is_text(out.datasets[0].purposes[1], "forskning"));
        assert_int_equal(out.datasets[1].purposes_len, 0);
        assert_true(out.vintage.number == 3 && out.vintage.revision == 1);
        in.len = 0;
        in.vintage = (struct vintage){0, 0};
        b->wire.len = 0;
        assert_int_equal(datasets_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(b->wire.len, 0);
        assert_int_equal(datasets_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.len, 0);
}

static const struct wire_code codes[] = {
        {.code = {(const uint8_t *)"0114", 4},
                .parent = {(const uint8_t *)"01", 2},
                .label = {.sv = {(const uint8_t *)"Upplands V\xc3\xa4sby", 15}}},
        {.code = {(const uint8_t *)"0115", 4}}};
static const struct wire_level levels[] = {
        {.id = {(const uint8_t *)"kommun", 6}, .codes = codes, .codes_len = 2},
        {.id = {(const uint8_t *)"lan", 3}}};
static const struct wire_variable variables[] = {{.id = {(const uint8_t *)"kommun", 6},
                                                         .type = 1,
                                                         .role = 1,
                                                         .required = true,
                                                         .levels = levels,
                                                         .levels_len = 2},
        {.id = {(const uint8_t *)"kostnad", 7},
                .unit = {(const uint8_t *)"kr", 2},
                .type = 4,
                .role = 3,
                .decimals = 2,
                .computed = true}};

static void a_description_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_dataset in = {.id = RAW("placering"),
                .legal_basis = RAW("SFS 2001:99"),
                .label = {RAW("Placeringar"), RAW("Placements")},
                .variables = variables,
                .variables_len = 2,
                .purposes = purposes,
                .purposes_len = 1,
                .threshold = 5,
                .zeros_published = true};
        struct wire_dataset out;

        assert_int_equal(dataset_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(dataset_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(bytes_is_text(out.id, "placering"));
        assert_true(bytes_is_text(out.legal_basis, "SFS 2001:99"));
        assert_true(bytes_is_text(out.label.en, "Placements"));
        assert_int_equal(out.threshold, 5);
        assert_true(out.zeros_published);
        assert_int_equal(out.purposes_len, 1);
        assert_int_equal(out.variables_len, 2);

        const struct wire_variable *v = out.variables;

        assert_true(v[0].required && !v[0].computed && v[1].computed);
        assert_int_equal(v[0].type, 1);
        assert_int_equal(v[1].role, 3);
        assert_int_equal(v[1].decimals, 2);
        assert_true(bytes_is_text(v[1].unit, "kr"));
        assert_int_equal(v[0].levels_len, 2);
        assert_int_equal(v[0].levels[0].codes_len, 2);
        assert_true(bytes_is_text(v[0].levels[0].codes[0].parent, "01"));
        assert_true(bytes_is_text(v[0].levels[0].codes[0].label.sv, "Upplands V\xc3\xa4sby"));
        assert_true(bytes_is_text(v[0].levels[1].id, "lan"));
}

static const struct bytes joined[] = {
        {(const uint8_t *)"placering", 9}, {(const uint8_t *)"anmalan", 7}};
static const struct wire_linkage linkages[] = {{.id = {(const uint8_t *)"barnets_resa", 12},
                                                       .legal_basis = {(const uint8_t *)"SoL", 3},
                                                       .datasets = joined,
                                                       .datasets_len = 2,
                                                       .purposes = purposes,
                                                       .purposes_len = 1,
                                                       .families = true,
                                                       .until = 21914},
        {.id = {(const uint8_t *)"placering_ensam", 15}}};

static void a_description_says_what_can_be_linked(void **state)
{
        struct bench *b = *state;
        struct wire_variable v = {.id = RAW("form"),
                .finest_level = RAW("grupp"),
                .may_filter = true,
                .overlapping = true};
        struct wire_dataset in = {.id = RAW("placering"),
                .variables = &v,
                .variables_len = 1,
                .kind = 1,
                .retention_years = 5,
                .order_variable = RAW("inledd"),
                .episode_from = RAW("inledd"),
                .episode_until = RAW("avslutad"),
                .numerator = 4,
                .denominator = 21,
                .complement = 3,
                .families = 2,
                .linkages = linkages,
                .linkages_len = 2};
        struct wire_dataset out;

        assert_int_equal(dataset_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(dataset_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(out.variables[0].may_filter && out.variables[0].overlapping);
        assert_false(out.variables[0].may_group);
        assert_true(bytes_is_text(out.variables[0].finest_level, "grupp"));
        assert_int_equal(out.kind, 1);
        assert_int_equal(out.retention_years, 5);
        assert_true(bytes_is_text(out.order_variable, "inledd"));
        assert_true(bytes_is_text(out.episode_from, "inledd"));
        assert_true(bytes_is_text(out.episode_until, "avslutad"));
        assert_int_equal(out.numerator, 4);
        assert_int_equal(out.denominator, 21);
        assert_int_equal(out.complement, 3);
        assert_int_equal(out.families, 2);
        assert_int_equal(out.linkages_len, 2);

        const struct wire_linkage *l = out.linkages;

        assert_true(bytes_is_text(l->id, "barnets_resa"));
        assert_true(bytes_is_text(l->legal_basis, "SoL"));
        assert_int_equal(l->datasets_len, 2);
        assert_true(bytes_is_text(l->datasets[1], "anmalan"));
        assert_int_equal(l->purposes_len, 1);
        assert_true(l->families && !l[1].families);
        assert_int_equal(l->until, 21914);
        assert_int_equal(l[1].until, 0);
}

static void a_linkage_whose_end_is_no_day_is_neither_written_nor_read(void **state)
{
        struct bench *b = *state;
        struct wire_linkage l = linkages[0];
        struct wire_dataset in = {.linkages = &l, .linkages_len = 1}, out;
        static const struct bytes wrong[] = {{(const uint8_t *)"20291231", 8},
                {(const uint8_t *)"2029-02-29", 10}, {(const uint8_t *)"2029-12-31 ", 11},
                {NULL, 0}};
        struct buf inner;

        l.until = INT32_MAX;
        assert_int_equal(dataset_encode(&in, &b->wire), ERR_INVALID);
        assert_int_equal(b->wire.len, 0);
        buf_init(&inner, 1 << 16);
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
                b->wire.len = 0;
                raw_bytes(&inner, 7, wrong[i]);
                raw_message(&b->wire, 13, &inner);
                assert_int_equal(dataset_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
        }
        b->wire.len = 0;
        raw_bytes(&inner, 7, RAW("2029-12-31"));
        raw_message(&b->wire, 13, &inner);
        assert_int_equal(dataset_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.linkages[0].until, 21914);
        buf_done(&inner);
}

static void a_description_is_asked_for_by_name(void **state)
{
        struct bench *b = *state;
        struct bytes out = {0};
        struct refusal why = {0};

        assert_int_equal(describe_request_encode(RAW("placering"), &b->wire), ERR_OK);
        assert_int_equal(describe_request_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_true(bytes_is_text(out, "placering"));
        assert_int_equal(describe_request_decode(b->a, RAW(""), &out, &why), ERR_INVALID);
        assert_string_equal(why.violations[0].field, "dataset");
        assert_int_equal(describe_request_decode(b->a, RAW("\x0a\3a\0b"), &out, NULL), ERR_INVALID);
}

static void an_answer_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_answer in = {.release = RAW("\0release"), .answered_at_ms = 5, .took_us = 6};
        struct wire_answer out;

        memset(in.release_digest.bytes, 3, 32);
        assert_int_equal(answer_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(answer_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(bytes_equal(in.release, out.release));
        assert_memory_equal(&in.release_digest, &out.release_digest, 32);
        assert_int_equal(out.answered_at_ms, 5);
        assert_int_equal(out.took_us, 6);
        assert_int_equal(answer_decode(b->a, RAW(""), &out), ERR_MALFORMED);
}

/* Indicators ------------------------------------------------------------------ */

static const struct bytes references[] = {{(const uint8_t *)"SFS 2025:400", 12}};

static struct wire_indicator indicator(void)
{
        struct wire_indicator i = {.id = RAW("aterkomst"),
                .version = 3,
                .label = {RAW("\xc3\x85terkomst"), RAW("Reported again")},
                .definition = {RAW("Andel barn ..."), RAW("Share of children ...")},
                .references = references,
                .references_len = 1,
                .purposes = purposes,
                .purposes_len = 2,
                .dataset = RAW("anmalan"),
                .place = RAW("kommun"),
                .unit = UNIT_PERSON,
                .measure = MEASURE_SHARE,
                .direction = 2,
                .has_target = true,
                .target = -125,
                .decimals = 1,
                .comparisons = 1u << 1 | 1u << 4,
                .is_contract = true,
                .contract = {RAW("Utfallskontrakt"), RAW("Outcome contract")},
                .has_period = true,
                .period = {19723, 20088}};

        memset(i.digest.bytes, 9, sizeof i.digest.bytes);
        return i;
}

static void same_indicator(const struct wire_indicator *a, const struct wire_indicator *b)
{
        assert_true(bytes_equal(a->id, b->id));
        assert_int_equal(a->version, b->version);
        assert_true(bytes_equal(a->label.sv, b->label.sv));
        assert_true(bytes_equal(a->definition.en, b->definition.en));
        assert_int_equal(a->references_len, b->references_len);
        assert_int_equal(a->purposes_len, b->purposes_len);
        assert_true(bytes_equal(a->dataset, b->dataset));
        assert_true(bytes_equal(a->place, b->place));
        assert_int_equal(a->unit, b->unit);
        assert_int_equal(a->measure, b->measure);
        assert_int_equal(a->direction, b->direction);
        assert_int_equal(a->has_target, b->has_target);
        assert_int_equal(a->target, b->target);
        assert_int_equal(a->decimals, b->decimals);
        assert_int_equal(a->comparisons, b->comparisons);
        assert_int_equal(a->is_contract, b->is_contract);
        assert_true(bytes_equal(a->contract.sv, b->contract.sv));
        assert_int_equal(a->has_period, b->has_period);
        assert_int_equal(a->period.first, b->period.first);
        assert_int_equal(a->period.last, b->period.last);
        assert_memory_equal(&a->digest, &b->digest, sizeof a->digest);
}

static void the_registry_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_indicator list[] = {indicator(), {.id = RAW("plain")}};
        struct wire_indicators in = {.indicators = list, .len = 2}, out;

        assert_int_equal(indicators_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(indicators_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.len, 2);
        same_indicator(&list[0], &out.indicators[0]);
        same_indicator(&list[1], &out.indicators[1]);
        assert_true(bytes_is_text(out.indicators[0].references[0], "SFS 2025:400"));
        assert_int_equal(indicators_decode(b->a, RAW(""), &out), ERR_OK);
        assert_int_equal(out.len, 0);
}

static void a_target_of_zero_is_a_target(void **state)
{
        struct bench *b = *state;
        struct wire_indicator one = {.id = RAW("ingen"), .has_target = true};
        struct wire_indicators in = {.indicators = &one, .len = 1}, out;

        assert_int_equal(indicators_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(indicators_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(out.indicators[0].has_target);
        assert_int_equal(out.indicators[0].target, 0);
}

static void an_indicator_that_cannot_be_is_neither_written_nor_read(void **state)
{
        struct bench *b = *state;
        struct wire_indicator one;
        struct wire_indicators in = {.indicators = &one, .len = 1}, out = {.len = 77};
        struct buf inner;

#define NOT_WRITTEN(change)                                                                        \
        do {                                                                                       \
                one = indicator();                                                                 \
                change;                                                                            \
                assert_int_equal(indicators_encode(&in, &b->wire), ERR_INVALID);                   \
                assert_int_equal(b->wire.len, 0);                                                  \
        } while (0)

        NOT_WRITTEN(one.unit = UNIT_COUNT);
        NOT_WRITTEN(one.measure = MEASURE_KIND_COUNT);
        NOT_WRITTEN(one.direction = 3);
        NOT_WRITTEN(one.comparisons = 1);
        NOT_WRITTEN(one.comparisons = 1u << 5);
        NOT_WRITTEN(one.period.last = INT32_MAX);

        const struct {
                unsigned field;
                struct bytes text;
        } wrong[] = {{17, RAW("20241")}, {17, RAW("2024-13")}, {17, RAW("2024..2023")},
                {18, RAW("short")}, {1, RAW("a\0")}, {5, RAW("\xff")}};

        buf_init(&inner, 1 << 16);
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
                uint8_t digest[32] = {0};

                b->wire.len = 0;
                raw_bytes(&inner, 18, bytes_of(digest, sizeof digest));
                raw_bytes(&inner, wrong[i].field, wrong[i].text);
                raw_message(&b->wire, 1, &inner);
                assert_int_equal(indicators_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
                assert_int_equal(out.len, 77);
        }
        buf_done(&inner);
}

static void comparisons_that_a_newer_gateway_has_are_skipped(void **state)
{
        struct bench *b = *state;
        static const uint64_t numbers[] = {4, 5, 31, 32, 33, UINT32_MAX, UINT64_MAX, 1, 0};
        uint8_t digest[32] = {0};
        struct wire_indicators out;
        struct buf inner;

        buf_init(&inner, 1 << 16);
        for (unsigned i = 0; i < ARRAY_LEN(numbers); i++)
                raw_number(&inner, 14, numbers[i]);
        raw_number(&inner, 11, UINT64_MAX);
        raw_bytes(&inner, 18, bytes_of(digest, sizeof digest));
        raw_message(&b->wire, 1, &inner);
        assert_int_equal(indicators_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.indicators[0].comparisons, 1u << 4 | 1u << 1);
        assert_int_equal(out.indicators[0].direction, 0);
        buf_done(&inner);
}

/* Any byte out of place ----------------------------------------------------- */

static void try_all(struct bytes wire, void *ctx)
{
        struct arena *a = ctx;
        struct wire_datasets datasets;
        struct wire_dataset dataset;
        struct wire_indicators indicators;
        struct wire_answer answer;
        struct bytes name;

        arena_reset(a);
        (void)(datasets_decode(a, wire, &datasets) == ERR_OK);
        (void)(dataset_decode(a, wire, &dataset) == ERR_OK);
        (void)(indicators_decode(a, wire, &indicators) == ERR_OK);
        (void)(answer_decode(a, wire, &answer) == ERR_OK);
        (void)(describe_request_decode(a, wire, &name, NULL) == ERR_OK);
}

static void no_byte_out_of_place_does_harm(void **state)
{
        struct bench *b = *state;
        struct wire_dataset dataset = {.id = RAW("placering"),
                .variables = variables,
                .variables_len = 2,
                .purposes = purposes,
                .purposes_len = 2,
                .linkages = linkages,
                .linkages_len = 1};
        struct wire_indicator one = indicator();
        struct wire_indicators registry = {.indicators = &one, .len = 1};

        assert_int_equal(dataset_encode(&dataset, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
        b->wire.len = 0;
        assert_int_equal(indicators_encode(&registry, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_BENCH(the_list_of_datasets_goes_there_and_back),
                ON_BENCH(a_description_goes_there_and_back),
                ON_BENCH(a_description_says_what_can_be_linked),
                ON_BENCH(a_linkage_whose_end_is_no_day_is_neither_written_nor_read),
                ON_BENCH(a_description_is_asked_for_by_name),
                ON_BENCH(an_answer_goes_there_and_back),
                ON_BENCH(the_registry_goes_there_and_back),
                ON_BENCH(a_target_of_zero_is_a_target),
                ON_BENCH(an_indicator_that_cannot_be_is_neither_written_nor_read),
                ON_BENCH(comparisons_that_a_newer_gateway_has_are_skipped),
                ON_BENCH(no_byte_out_of_place_does_harm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
