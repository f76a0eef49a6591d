/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_release.c: the released table, which must never say more than it should. */
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

enum { CELLS = 4 * 3 };

static const struct bytes long_texts[] = {{(const uint8_t *)"long", 4}};

/* 3 + 1 by 2 + 1 cells, every status among them. */
struct table_sample {
        struct category lan[3], kon[2];
        struct dimension dims[2];
        struct measure measures[3];
        int64_t persons[CELLS], sums[CELLS], share[CELLS], low[CELLS], high[CELLS];
        uint8_t status[CELLS], share_status[CELLS];
        struct wire_coverage coverage[2];
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
                                .decimals = 2},
                        {.kind = MEASURE_SHARE,
                                .name = RAW("aterkom"),
                                .unit = RAW("%"),
                                .decimals = 1}},
                .coverage = {{.dataset = RAW("placering"),
                                     .delivered = 288,
                                     .expected = 290,
                                     .rejected_permille = 0,
                                     .missing_permille = 1000,
                                     .families_missing_permille = NO_SHARE},
                        {.dataset = RAW("anmalan"),
                                .rejected_permille = NO_SHARE,
                                .missing_permille = NO_SHARE,
                                .families_missing_permille = 7}},
                .release = {.vintage = {2, 1},
                        .vintage_at_ms = 1763000000000,
                        .dataset = RAW("placering"),
                        .purpose = RAW("uppfoljning"),
                        .threshold = 5,
                        .zeros_published = true,
                        .delivered = 289,
                        .expected = 290,
                        .linkage = RAW("barnets_resa"),
                        .unit = UNIT_FAMILY,
                        .has_period = true,
                        .period = {19723, 20088},
                        .unlinked = 3,
                        .has_counted = true,
                        .counted = 0, /* nobody, which is not silence */
                        .has_indicator = true,
                        .indicator = {.id = RAW("aterkomst"),
                                .version = 2,
                                .label = {RAW("\xc3\x85terkomst"), RAW("Reported again")},
                                .definition = {RAW("long"), RAW("long")},
                                .references = long_texts,
                                .references_len = 1,
                                .measure = MEASURE_SHARE,
                                .has_target = true,
                                .target = 100}},
        };
        for (int i = 0; i < CELLS; i++) {
                s->persons[i] = 1000 + i;
                s->sums[i] = -1000000 - i;
                s->status[i] = (uint8_t)(i % CELL_STATUS_COUNT);
                s->share[i] = 500 + i;
                s->low[i] = 400 + i;
                s->high[i] = 600 + i;
                /* Of the three cells that the table shows, one is withheld here; elsewhere
                 * it must not matter what this says. */
                s->share_status[i] = i == 5 ? CELL_PROTECTED : CELL_VALUE;
        }
        s->persons[1] = 0; /* a zero that may be shown */
        s->dims[0].categories = s->lan;
        s->dims[1].categories = s->kon;
        s->measures[0].values = s->persons;
        s->measures[1].values = s->sums;
        s->measures[2].values = s->share;
        s->measures[2].low = s->low;
        s->measures[2].high = s->high;
        s->measures[2].status = s->share_status;
        s->release.coverage = s->coverage;
        s->release.coverage_len = 2;
        memset(s->release.query.bytes, 1, 32);
        memset(s->release.policy.bytes, 2, 32);
        s->release.table = (struct table){.dimensions = s->dims,
                .dimensions_len = 2,
                .measures = s->measures,
                .measures_len = 3,
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
        assert_int_equal(t->measures_len, 3);
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

static void a_measure_may_be_withheld_where_others_are_shown(void **state)
{
        struct bench *b = *state;
        struct table_sample s;
        struct wire_release out;

        table_sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);

        const struct measure *share = &out.table.measures[2];

        assert_true(bytes_is_text(share->name, "aterkom"));
        assert_null(out.table.measures[0].status);
        assert_null(out.table.measures[0].low);
        assert_non_null(share->status);
        for (int i = 0; i < CELLS; i++) {
                bool shown = s.status[i] == CELL_VALUE && i != 5;

                assert_int_equal(share->status[i], i == 5 ? CELL_PROTECTED : s.status[i]);
                assert_int_equal(share->values[i], shown ? 500 + i : 0);
                assert_int_equal(share->low[i], shown ? 400 + i : 0);
                assert_int_equal(share->high[i], shown ? 600 + i : 0);
        }
        assert_int_equal(out.table.measures[0].values[5], s.persons[5]);
}

static void statuses_that_say_nothing_new_are_not_written(void **state)
{
        struct bench *b = *state;
        struct table_sample s;
        struct buf again;

        table_sample(&s);
        s.measures[2].status = NULL;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        s.measures[2].status = s.share_status;
        s.share_status[5] = CELL_VALUE;
        /* A measure cannot show, or mark otherwise, what the table hides. */
        s.share_status[0] = CELL_VALUE;
        s.share_status[2] = CELL_NOT_APPLICABLE;
        buf_init(&again, ARENA);
        assert_int_equal(release_encode(&s.release, &again), ERR_OK);
        assert_true(bytes_equal(wire_of(b), bytes_of(again.data, again.len)));
        buf_done(&again);
}

static void a_release_says_what_stands_behind_it(void **state)
{
        struct bench *b = *state;
        struct table_sample s;
        struct wire_release out;

        table_sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(bytes_is_text(out.linkage, "barnets_resa"));
        assert_int_equal(out.unit, UNIT_FAMILY);
        assert_true(out.has_period && out.period.first == 19723 && out.period.last == 20088);
        assert_int_equal(out.unlinked, 3);
        assert_true(out.has_counted);
        assert_int_equal(out.counted, 0);
        assert_int_equal(out.coverage_len, 2);
        for (int i = 0; i < 2; i++) {
                const struct wire_coverage *c = &out.coverage[i], *of = &s.coverage[i];

                assert_true(bytes_equal(c->dataset, of->dataset));
                assert_int_equal(c->delivered, of->delivered);
                assert_int_equal(c->expected, of->expected);
                assert_int_equal(c->rejected_permille, of->rejected_permille);
                assert_int_equal(c->missing_permille, of->missing_permille);
                assert_int_equal(c->families_missing_permille, of->families_missing_permille);
        }
        assert_true(out.has_indicator);
        assert_true(bytes_is_text(out.indicator.id, "aterkomst"));
        assert_true(bytes_is_text(out.indicator.label.en, "Reported again"));
        assert_true(out.indicator.has_target && out.indicator.target == 100);
        /* Its long texts stay in the registry. */
        assert_int_equal(out.indicator.definition.sv.len, 0);
        assert_int_equal(out.indicator.references_len, 0);
        assert_null(memmem(b->wire.data, b->wire.len, "long", 4));
}

static void a_plain_release_says_nothing_of_all_that(void **state)
{
        struct bench *b = *state;
        struct table_sample s;
        struct wire_release out;

        table_sample(&s);
        s.release.linkage.len = 0;
        s.release.unit = UNIT_NONE;
        s.release.has_period = s.release.has_indicator = s.release.has_counted = false;
        s.release.coverage_len = s.release.unlinked = 0;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.linkage.len, 0);
        assert_int_equal(out.unit, UNIT_NONE);
        assert_false(out.has_period || out.has_indicator || out.has_counted);
        assert_int_equal(out.coverage_len, 0);
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
        for (int i = 0; i < CELLS; i++)
                if (s.status[i] != CELL_VALUE || i == 5)
                        s.share[i] = s.low[i] = s.high[i] = secret;
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
        s.share_status[9] = 5;
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_int_equal(out.table.status[1], CELL_PROTECTED);
        assert_int_equal(out.table.status[9], CELL_VALUE);
        assert_int_equal(out.table.measures[2].status[9], CELL_PROTECTED);
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

static void what_cannot_be_right_is_not_written(void **state)
{
        struct bench *b = *state;

#define NOT_WRITTEN(change)                                                                        \
        do {                                                                                       \
                struct table_sample s;                                                             \
                table_sample(&s);                                                                  \
                change;                                                                            \
                assert_int_equal(release_encode(&s.release, &b->wire), ERR_INVALID);               \
                assert_int_equal(b->wire.len, 0);                                                  \
        } while (0)

        NOT_WRITTEN(s.release.table.cells_len--);
        NOT_WRITTEN(s.release.table.measures_len = MEASURES_MAX + 1);
        NOT_WRITTEN(s.measures[0].kind = MEASURE_NONE);
        NOT_WRITTEN(s.measures[0].kind = MEASURE_KIND_COUNT);
        NOT_WRITTEN(s.measures[0].values = NULL);
        NOT_WRITTEN(s.measures[2].low = NULL);
        NOT_WRITTEN(s.measures[2].high = NULL);
        NOT_WRITTEN(s.release.unit = UNIT_COUNT);
        NOT_WRITTEN(s.release.period.last = INT32_MAX);
        NOT_WRITTEN(s.coverage[0].rejected_permille = 1001);
        NOT_WRITTEN(s.coverage[1].missing_permille = 1001);
        NOT_WRITTEN(s.coverage[1].families_missing_permille = NO_SHARE - 1);
        NOT_WRITTEN(s.release.indicator.comparisons = 1u << 31);
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

/* Written by hand: one dimension of one category, two cells, both shown. */
static void raw_release(struct buf *out, struct buf *inner, struct buf *deep, struct bytes statuses,
        struct bytes own, unsigned values, unsigned lows, unsigned highs)
{
        static const uint8_t eight[3 * 8] = {1, 0, 0, 0, 0, 0, 0, 0, 2}, digest[32] = {0};

        out->len = 0;
        raw_bytes(deep, 1, RAW("K"));
        raw_message(inner, 4, deep);
        raw_bytes(inner, 1, RAW("kon"));
        raw_message(deep, 1, inner);
        raw_number(inner, 1, 6);
        raw_bytes(inner, 6, bytes_of(eight, values * 8));
        if (own.len > 0)
                raw_bytes(inner, 8, own);
        raw_bytes(inner, 9, bytes_of(eight, lows * 8));
        raw_bytes(inner, 10, bytes_of(eight, highs * 8));
        raw_message(deep, 2, inner);
        raw_bytes(deep, 3, statuses);
        raw_bytes(out, 3, bytes_of(digest, 32));
        raw_bytes(out, 4, bytes_of(digest, 32));
        raw_message(out, 9, deep);
}

static void a_measure_that_does_not_add_up_is_not_read(void **state)
{
        struct bench *b = *state;
        struct buf inner, deep;
        const struct bytes none = {NULL, 0};
        const struct {
                struct bytes statuses, own;
                unsigned values, lows, highs;
                enum err rc;
        } cases[] = {
                {RAW("\1\1"), none, 2, 0, 0, ERR_OK},
                {RAW("\1\1"), none, 2, 2, 2, ERR_OK},
                {RAW("\1\1"), RAW("\1\2"), 1, 1, 1, ERR_OK},
                {RAW("\1\1"), RAW("\2\2"), 0, 0, 0, ERR_OK},
                {RAW("\1\2"), RAW("\2\2"), 0, 0, 0, ERR_OK},
                {RAW("\1\1"), none, 1, 0, 0, ERR_MALFORMED},
                {RAW("\1\1"), none, 3, 0, 0, ERR_MALFORMED},
                {RAW("\1\1"), none, 2, 2, 0, ERR_MALFORMED},
                {RAW("\1\1"), none, 2, 1, 2, ERR_MALFORMED},
                {RAW("\1\1"), none, 2, 2, 3, ERR_MALFORMED},
                {RAW("\1\1"), RAW("\1\2"), 2, 0, 0, ERR_MALFORMED},
                {RAW("\1\1"), RAW("\1\2"), 1, 2, 2, ERR_MALFORMED},
                {RAW("\1\2"), RAW("\1\1"), 2, 0, 0, ERR_MALFORMED},
                {RAW("\1\2"), RAW("\1\3"), 1, 0, 0, ERR_MALFORMED},
                {RAW("\1\1"), RAW("\1"), 1, 0, 0, ERR_MALFORMED},
                {RAW("\1\1"), RAW("\1\1\1"), 2, 0, 0, ERR_MALFORMED},
                {RAW("\1\1"), RAW("\1\0"), 1, 0, 0, ERR_MALFORMED},
                {RAW("\1\1"), RAW("\1\5"), 1, 0, 0, ERR_MALFORMED},
        };

        buf_init(&inner, 1 << 16);
        buf_init(&deep, 1 << 16);
        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
                struct wire_release out;

                raw_release(&b->wire, &inner, &deep, cases[i].statuses, cases[i].own,
                        cases[i].values, cases[i].lows, cases[i].highs);
                if (release_decode(b->a, wire_of(b), &out) != cases[i].rc)
                        fail_msg("case %u", i);
        }
        buf_done(&inner);
        buf_done(&deep);
}

static void what_stands_behind_is_read_strictly(void **state)
{
        struct bench *b = *state;
        struct buf inner, deep;
        struct wire_release out;

        buf_init(&inner, 1 << 16);
        buf_init(&deep, 1 << 16);
        for (unsigned i = 0; i < 8; i++) {
                raw_release(&b->wire, &inner, &deep, RAW("\1\1"), (struct bytes){NULL, 0}, 2, 0, 0);
                if (i == 1)
                        raw_bytes(&b->wire, 14, RAW("2024-13"));
                if (i == 2)
                        raw_number(&b->wire, 13, 4);
                if (i >= 3 && i <= 5) {
                        raw_number(&inner, i + 1, 1001);
                        raw_message(&b->wire, 15, &inner);
                }
                if (i == 6) /* an indicator without a digest */
                        raw_bytes(&b->wire, 17, RAW("\x0a\1x"));
                if (i == 7)
                        raw_bytes(&b->wire, 12, RAW("a\0b"));
                assert_int_equal(
                        release_decode(b->a, wire_of(b), &out), i == 0 ? ERR_OK : ERR_MALFORMED);
        }
        buf_done(&inner);
        buf_done(&deep);
}

/* Tables by chance ------------------------------------------------------------ */

static uint32_t below(uint64_t *random, uint32_t n)
{
        uint64_t z = *random += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele et al. 2014) */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (uint32_t)((z ^ z >> 31) % n);
}

static void random_tables_show_what_they_may_and_nothing_else(void **state)
{
        struct bench *b = *state;
        uint64_t random = 3;

        for (unsigned round = 0; round < 500; round++) {
                struct table_sample s;
                struct wire_release out;

                table_sample(&s);
                for (int i = 0; i < CELLS; i++) {
                        s.status[i] = (uint8_t)below(&random, CELL_STATUS_COUNT + 1);
                        s.share_status[i] = (uint8_t)below(&random, CELL_STATUS_COUNT + 1);
                        s.persons[i] = s.share[i] = s.low[i] = s.high[i] =
                                below(&random, 9) == 0 ? TABLE_NO_VALUE : 1 + below(&random, 100);
                }
                s.release.table.measures_len = 1 + below(&random, 3);
                arena_reset(b->a);
                b->wire.len = 0;
                assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
                assert_int_equal(release_decode(b->a, wire_of(b), &out), ERR_OK);
                for (uint32_t m = 0; m < s.release.table.measures_len; m++)
                        for (int i = 0; i < CELLS; i++) {
                                bool shown = s.status[i] == CELL_VALUE &&
                                             (m < 2 || s.share_status[i] == CELL_VALUE);
                                int64_t of = s.measures[m].values[i];

                                assert_int_equal(out.table.measures[m].values[i], shown ? of : 0);
                        }
                struct buf again;

                buf_init(&again, ARENA);
                assert_int_equal(release_encode(&out, &again), ERR_OK);
                assert_true(bytes_equal(wire_of(b), bytes_of(again.data, again.len)));
                buf_done(&again);
        }
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
                for (size_t cell = 0; cell < t->cells_len; cell++) {
                        const struct measure *of = &t->measures[m];
                        bool shown = t->status[cell] == CELL_VALUE &&
                                     (of->status == NULL || of->status[cell] == CELL_VALUE);

                        assert_true(shown || of->values[cell] == 0);
                        assert_true(shown || of->low == NULL || of->low[cell] == 0);
                }
        if (r->has_period)
                assert_true(r->period.first <= r->period.last);
        buf_init(&again, ARENA);
        assert_int_equal(release_encode(r, &again), ERR_OK);
        buf_done(&again);
}

static void try_release(struct bytes wire, void *ctx)
{
        struct arena *a = ctx;
        struct wire_release release;

        arena_reset(a);
        if (release_decode(a, wire, &release) == ERR_OK)
                look_at_release(&release);
}

static void no_byte_out_of_place_does_harm(void **state)
{
        struct bench *b = *state;
        struct table_sample s;

        table_sample(&s);
        assert_int_equal(release_encode(&s.release, &b->wire), ERR_OK);
        raw_mutate(wire_of(b), try_release, b->a);
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
                ON_BENCH(a_release_goes_there_and_back),
                ON_BENCH(a_measure_may_be_withheld_where_others_are_shown),
                ON_BENCH(statuses_that_say_nothing_new_are_not_written),
                ON_BENCH(a_release_says_what_stands_behind_it),
                ON_BENCH(a_plain_release_says_nothing_of_all_that),
                ON_BENCH(what_lies_in_hidden_cells_never_leaves),
                ON_BENCH(a_status_that_nobody_knows_hides_its_cell),
                ON_BENCH(the_same_table_gives_the_same_bytes_wherever_it_lies),
                ON_BENCH(what_cannot_be_right_is_not_written),
                ON_BENCH(a_table_that_does_not_add_up_is_not_read),
                ON_BENCH(a_measure_that_does_not_add_up_is_not_read),
                ON_BENCH(what_stands_behind_is_read_strictly),
                ON_BENCH(random_tables_show_what_they_may_and_nothing_else),
                ON_BENCH(no_byte_out_of_place_does_harm),
                ON_BENCH(each_allocation_of_a_release_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
