/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_statistics.c: descriptions, questions and the released table. The
 * last is the one that must never say more than it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "proto/wire.h"
#include "tests/support/wire_raw.h"

enum { ARENA = 8 << 20 };

struct bench {
        struct arena *a;
        struct buf wire;
};

static int set_up(void **state)
{
        static struct bench bench;

        bench.a = arena_new(ARENA);
        buf_init(&bench.wire, ARENA);
        *state = &bench;
        return bench.a == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
        struct bench *b = *state;

        arena_free(&b->a);
        buf_done(&b->wire);
        return 0;
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static struct bytes wire_of(const struct bench *b)
{
        return bytes_of(b->wire.data, b->wire.len);
}

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

/* The question ------------------------------------------------------------- */

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

static void a_question_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct query in = question(), out;
        struct buf x, y;

        assert_int_equal(query_request_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(query_request_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        assert_int_equal(out.filters[0].op, FILTER_IN);
        assert_true(bytes_is_text(out.filters[0].values[1], "FAM"));
        assert_int_equal(out.measures[1].kind, MEASURE_MEAN);
        buf_init(&x, ARENA);
        buf_init(&y, ARENA);
        assert_int_equal(query_encode(&in, &x), ERR_OK);
        assert_int_equal(query_encode(&out, &y), ERR_OK);
        assert_int_equal(x.len, y.len);
        assert_memory_equal(x.data, y.data, x.len);
        buf_done(&x);
        buf_done(&y);
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

/* The release --------------------------------------------------------------- */

enum { CELLS = 4 * 3 };

/* 3 + 1 by 2 + 1 cells, every status among them. */
struct table_sample {
        struct category lan[3], kon[2];
        struct dimension dims[2];
        struct measure measures[2];
        int64_t persons[CELLS], sums[CELLS];
        uint8_t status[CELLS];
        struct wire_release release;
};

static void table_sample(struct table_sample *s)
{
        *s = (struct table_sample){
                .lan = {{.code = RAW("01"), .label_sv = RAW("Stockholm")}, {.code = RAW("03")},
                        {.code = RAW("04"), .missing = true}},
                .kon = {{.code = RAW("K"), .label_en = RAW("Women")}, {.code = RAW("M")}},
                .dims = {{.variable = RAW("kommun"), .level = RAW("lan"), .len = 3},
                        {.variable = RAW("kon"), .overlapping = true, .len = 2}},
                .measures = {{.kind = MEASURE_PERSONS, .label_sv = RAW("Personer")},
                        {.kind = MEASURE_SUM,
                                .variable = RAW("kostnad"),
                                .unit = RAW("kr"),
                                .decimals = 2}},
                .release = {.vintage = {2, 1},
                        .vintage_at_ms = 1763000000000,
                        .dataset = RAW("placering"),
                        .purpose = RAW("uppfoljning"),
                        .threshold = 5,
                        .zeros_published = true,
                        .delivered = 289,
                        .expected = 290},
        };
        for (int i = 0; i < CELLS; i++) {
                s->persons[i] = 1000 + i;
                s->sums[i] = -1000000 - i;
                s->status[i] = (uint8_t)(i % CELL_STATUS_COUNT);
        }
        s->persons[1] = 0; /* a zero that may be shown */
        s->dims[0].categories = s->lan;
        s->dims[1].categories = s->kon;
        s->measures[0].values = s->persons;
        s->measures[1].values = s->sums;
        memset(s->release.query.bytes, 1, 32);
        memset(s->release.policy.bytes, 2, 32);
        s->release.table = (struct table){.dimensions = s->dims,
                .dimensions_len = 2,
                .measures = s->measures,
                .measures_len = 2,
                .cells_len = CELLS,
                .status = s->status};
}

static void a_release_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct table_sample s;
        struct wire_release out;

        table_sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(out.vintage.number == 2 && out.vintage.revision == 1);
        assert_int_equal(out.vintage_at_ms, 1763000000000);
        assert_memory_equal(&out.query, &s.release.query, 32);
        assert_memory_equal(&out.policy, &s.release.policy, 32);
        assert_true(bytes_is_text(out.dataset, "placering"));
        assert_true(bytes_is_text(out.purpose, "uppfoljning"));
        assert_int_equal(out.threshold, 5);
        assert_true(out.zeros_published);
        assert_int_equal(out.delivered, 289);
        assert_int_equal(out.expected, 290);

        const struct table *t = &out.table;

        assert_int_equal(t->cells_len, CELLS);
        assert_int_equal(t->dimensions_len, 2);
        assert_true(bytes_is_text(t->dimensions[0].level, "lan"));
        assert_true(bytes_is_text(t->dimensions[0].categories[0].label_sv, "Stockholm"));
        assert_true(bytes_is_text(t->dimensions[1].categories[0].label_en, "Women"));
        assert_true(t->dimensions[1].overlapping && !t->dimensions[0].overlapping);
        assert_int_equal(t->measures_len, 2);
        assert_int_equal(t->measures[1].kind, MEASURE_SUM);
        assert_int_equal(t->measures[1].decimals, 2);
        assert_true(bytes_is_text(t->measures[1].unit, "kr"));
        assert_memory_equal(t->status, s.status, CELLS);
        for (int i = 0; i < CELLS; i++) {
                bool shown = s.status[i] == CELL_VALUE;

                assert_int_equal(t->measures[0].values[i], shown ? s.persons[i] : 0);
                assert_int_equal(t->measures[1].values[i], shown ? s.sums[i] : 0);
        }
        assert_null(t->persons);
        assert_null(t->rule);
}

static void what_lies_in_hidden_cells_never_leaves(void **state)
{
        struct bench *b = *state;
        struct table_sample s;
        struct buf again;
        /* Values that would be seen in the bytes. */
        const int64_t secret = 0x5ec2e75ec2e75ec2;

        table_sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        for (int i = 0; i < CELLS; i++)
                if (s.status[i] != CELL_VALUE)
                        s.persons[i] = s.sums[i] = secret;
        buf_init(&again, ARENA);
        assert_int_equal(release_encode(&s.release, &again), ERR_OK);
        assert_int_equal(again.len, b->wire.len);
        assert_memory_equal(again.data, b->wire.data, again.len);
        assert_null(memmem(again.data, again.len, &secret, sizeof secret));
        buf_done(&again);
}

static void a_status_that_nobody_knows_hides_its_cell(void **state)
{
        struct bench *b = *state;
        struct table_sample s;
        struct wire_release out;

        table_sample(&s);
        s.status[1] = 201; /* 1 in its low bits */
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.table.status[1], CELL_PROTECTED);
}

static void the_same_table_gives_the_same_bytes_wherever_it_lies(void **state)
{
        struct bench *b = *state;
        struct table_sample s, t;
        struct buf again;

        table_sample(&s);
        memset(&t, 0xa5, sizeof t);
        table_sample(&t);
        buf_init(&again, ARENA);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_encode(&t.release, &again), ERR_OK);
        assert_int_equal(again.len, b->wire.len);
        assert_memory_equal(again.data, b->wire.data, again.len);

        /* And what was read is written the same. */
        struct wire_release out;

        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        again.len = 0;
        assert_int_equal(release_encode(&out, &again), ERR_OK);
        assert_int_equal(again.len, b->wire.len);
        assert_memory_equal(again.data, b->wire.data, again.len);
        buf_done(&again);
}

static void a_table_whose_shape_is_not_its_own_is_not_written(void **state)
{
        struct bench *b = *state;
        struct table_sample s;

        table_sample(&s);
        s.release.table.cells_len--;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_INVALID);
        assert_int_equal(b->wire.len, 0);
}

static void a_table_that_does_not_add_up_is_not_read(void **state)
{
        struct bench *b = *state;
        struct table_sample s;
        struct wire_release out = {.threshold = 77};
        uint8_t statuses[CELLS], *at;

        /* One status less, one more shown, an unknown one, no table at all. */
        table_sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        for (int i = 0; i < CELLS; i++)
                statuses[i] = (uint8_t[]){2, 1, 3, 4}[i % 4];
        at = memmem(b->wire.data, b->wire.len, statuses, CELLS);
        assert_non_null(at);
        at[0] = 1;
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
        at[0] = 0;
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
        at[0] = 9;
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
        at[0] = 2;
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        out.threshold = 77;
        assert_int_equal(release_decode(b->a, RAW("\x38\5"), &out), ERR_MALFORMED);
        assert_int_equal(out.threshold, 77);
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

/* Any byte out of place ----------------------------------------------------- */

static void look_at_release(const struct wire_release *r)
{
        const struct table *t = &r->table;
        struct buf again;

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                for (uint32_t i = 0; i < t->dimensions[d].len; i++)
                        assert_true(bytes_is_printable(t->dimensions[d].categories[i].code));
        for (uint32_t m = 0; m < t->measures_len; m++)
                for (size_t cell = 0; cell < t->cells_len; cell++)
                        assert_true(
                                t->status[cell] == CELL_VALUE || t->measures[m].values[cell] == 0);
        buf_init(&again, ARENA);
        assert_int_equal(release_encode(r, &again), ERR_OK);
        buf_done(&again);
}

static void try_all(struct bytes wire, void *ctx)
{
        struct arena *a = ctx;
        struct wire_datasets datasets;
        struct wire_dataset dataset;
        struct wire_release release;
        struct wire_answer answer;
        struct query query;
        struct bytes name;

        arena_reset(a);
        (void)(datasets_decode(a, wire, &datasets) == ERR_OK);
        (void)(dataset_decode(a, wire, &dataset) == ERR_OK);
        (void)(answer_decode(a, wire, &answer) == ERR_OK);
        (void)(describe_request_decode(a, wire, &name, NULL) == ERR_OK);
        if (release_decode(a, wire, &release) == ERR_OK)
                look_at_release(&release);
        if (query_request_decode(a, wire, &query, NULL) == ERR_OK) {
                struct buf canonical;

                buf_init(&canonical, ARENA);
                assert_int_equal(query_encode(&query, &canonical), ERR_OK);
                buf_done(&canonical);
        }
}

static void no_byte_out_of_place_does_harm(void **state)
{
        struct bench *b = *state;
        struct query q = question();
        struct wire_dataset dataset = {.id = RAW("placering"),
                .variables = variables,
                .variables_len = 2,
                .purposes = purposes,
                .purposes_len = 2};
        struct table_sample s;

        assert_int_equal(query_request_encode(&q, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
        b->wire.len = 0;
        assert_int_equal(dataset_encode(&dataset, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
        table_sample(&s);
        b->wire.len = 0;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_all, b->a);
}

static void each_allocation_of_a_release_may_fail(void **state)
{
        struct bench *b = *state;
        struct table_sample s;
        enum err rc = ERR_NO_MEMORY;
        unsigned nth = 0;

        table_sample(&s);
        for (; fault_arm("alloc", nth); nth++) {
                struct buf wire;

                buf_init(&wire, ARENA);
                rc = release_encode(&s.release, &wire);
                assert_true(rc == ERR_OK || rc == ERR_NO_MEMORY);
                buf_done(&wire);
        }
        fault_disarm();
        assert_int_equal(rc, ERR_OK);
        assert_true(nth > 10);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        for (nth = 0; fault_arm("alloc", nth); nth++) {
                struct wire_release out;

                arena_reset(b->a);
                rc = release_decode(b->a, wire_of(b), &out);
                assert_true(rc == ERR_OK || rc == ERR_NO_MEMORY || rc == ERR_TOO_LARGE);
        }
        fault_disarm();
        assert_int_equal(rc, ERR_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_BENCH(the_list_of_datasets_goes_there_and_back),
                ON_BENCH(a_description_goes_there_and_back),
                ON_BENCH(a_description_is_asked_for_by_name),
                ON_BENCH(a_question_goes_there_and_back),
                ON_BENCH(every_operator_and_measure_goes_there_and_back),
                ON_BENCH(a_wrong_question_is_refused_by_its_path),
                ON_BENCH(an_empty_question_misses_its_names_and_nothing_else),
                ON_BENCH(a_release_goes_there_and_back),
                ON_BENCH(what_lies_in_hidden_cells_never_leaves),
                ON_BENCH(a_status_that_nobody_knows_hides_its_cell),
                ON_BENCH(the_same_table_gives_the_same_bytes_wherever_it_lies),
                ON_BENCH(a_table_whose_shape_is_not_its_own_is_not_written),
                ON_BENCH(a_table_that_does_not_add_up_is_not_read),
                ON_BENCH(an_answer_goes_there_and_back),
                ON_BENCH(no_byte_out_of_place_does_harm),
                ON_BENCH(each_allocation_of_a_release_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
