/* SPDX-License-Identifier: Apache-2.0 */
/* test_cellkey_table.c: noise on whole tables: every measure of a cell goes with its counts,
 * hidden cells stay as they are, nothing exact is left, and asking again under other names
 * tells nothing new. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fraction.h"
#include "gateway/disclosure/cellkey.h"

enum { CATEGORIES = 40, CELLS = CATEGORIES + 1 };

/* As many as a table may have, in two casts: the kinds in one place go alike. */
enum { M_PERSONS, M_RECORDS, M_FAMILIES, M_SUM, M_MEAN, M_SHARE, M_RATIO, M_SOME, M_LEN };
static const enum measure_kind kinds[2][M_LEN] = {
        {MEASURE_PERSONS, MEASURE_RECORDS, MEASURE_FAMILIES, MEASURE_SUM, MEASURE_MEAN,
                MEASURE_SHARE, MEASURE_RATIO, MEASURE_PERSONS},
        {MEASURE_PERSONS, MEASURE_RECORDS, MEASURE_FAMILIES, MEASURE_DAYS, MEASURE_MEDIAN,
                MEASURE_SHARE, MEASURE_RATE, MEASURE_RECORDS},
};

static struct arena *arena;
static uint64_t seed;
static unsigned cast;

static uint64_t dice(uint64_t below)
{
        uint64_t z = seed += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele et al. 2014) */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (z ^ z >> 31) % below;
}

static int setup(void **state)
{
        (void)state;
        arena = arena_new(256 << 20);
        return arena == NULL;
}

static int teardown(void **state)
{
        (void)state;
        arena_free(&arena);
        return 0;
}

static const struct cellkey *make(double variance, uint32_t deviation, uint32_t smallest)
{
        const struct cellkey_settings s = {variance, deviation, smallest};
        const struct cellkey *c = NULL;

        assert_int_equal(cellkey_new(arena, &s, &c), ERR_OK);
        return c;
}

/* Zeros, small cells and large ones. */
static int64_t some_count(void)
{
        static const uint64_t most[] = {1, 4, 12, 60, 3000};

        return (int64_t)dice(most[dice(5)]);
}

/* A share is of everybody or of some. */
static void fill_parts(struct measure *m, size_t i, int64_t persons, int64_t records)
{
        if (m->kind == MEASURE_SHARE && dice(2) == 0)
                persons = (int64_t)dice((uint64_t)persons + 1);
        if (m->denominator_persons != NULL)
                m->denominator_persons[i] = persons;
        m->numerator_persons[i] = (int64_t)dice((uint64_t)persons + 1);
        m->numerator[i] = m->numerator_persons[i];
        m->denominator[i] = persons;
        m->values[i] = TABLE_NO_VALUE;
        if (m->kind == MEASURE_SHARE) {
                m->low[i] = m->high[i] = TABLE_NO_VALUE;
                if (persons > 0)
                        m->values[i] = fraction_share(m->numerator[i], persons);
                return;
        }
        m->scale = m->kind == MEASURE_RATE ? 1000 : 1;
        if (m->kind == MEASURE_RATIO) /* of a sum with two decimals to records */
                m->numerator[i] = 100 * (int64_t)dice(1000) * m->numerator_persons[i];
        m->denominator[i] = m->kind == MEASURE_RATE ? 5000 + (int64_t)dice(100000) : records;
        if (m->denominator[i] > 0)
                assert_true(fraction_round((__int128)m->numerator[i] * 10 * m->scale,
                        m->denominator[i], &m->values[i]));
}

static void fill_cell(struct table *t, size_t i)
{
        int64_t persons = some_count(), records = persons > 0 ? persons + (int64_t)dice(10) : 0;

        t->persons[i] = persons;
        t->records[i] = records;
        t->families[i] = persons > 0 ? 1 + (int64_t)dice((uint64_t)persons) : 0;
        t->margin_persons[i] = persons + 50;
        t->cell_key[i] = persons > 0 ? (uint32_t)dice(1ull << 32) : 0;
        t->status[i] = (uint8_t)(dice(6) == 0 ? dice(CELL_STATUS_COUNT) : CELL_VALUE);
        for (uint32_t k = 0; k < M_LEN; k++) {
                struct measure *m = &t->measures[k];

                if (m->contributors != NULL)
                        m->contributors[i] =
                                k == M_SOME ? (int64_t)dice((uint64_t)persons + 1) : persons;
                if (m->status != NULL)
                        m->status[i] = (uint8_t)(dice(9) == 0 ? CELL_PROTECTED : CELL_VALUE);
                if (m->numerator != NULL)
                        fill_parts(m, i, persons, records);
        }
        t->measures[M_PERSONS].values[i] = persons;
        t->measures[M_RECORDS].values[i] = records;
        t->measures[M_FAMILIES].values[i] = t->families[i];
        t->measures[M_SUM].values[i] = persons * 1000 - (int64_t)dice(500);
        t->measures[M_MEAN].values[i] = persons > 0 ? 5000 : TABLE_NO_VALUE;
        t->measures[M_SOME].values[i] = t->measures[M_SOME].contributors[i];
        if (cast == 1 && t->measures[M_SOME].contributors[i] > 0)
                t->measures[M_SOME].values[i] += (int64_t)dice(3);
}

static struct table empty_table(void)
{
        struct table t = {.dimensions_len = 1, .measures_len = M_LEN};

        t.dimensions = arena_alloc(arena, 1, sizeof *t.dimensions);
        t.measures = arena_alloc(arena, M_LEN, sizeof *t.measures);
        assert_true(t.dimensions != NULL && t.measures != NULL);
        t.dimensions[0].len = CATEGORIES;
        for (uint32_t k = 0; k < M_LEN; k++) {
                t.measures[k].kind = kinds[cast][k];
                t.measures[k].filtered = k == M_SOME;
        }
        assert_int_equal(table_alloc(arena, &t), ERR_OK);
        t.families = arena_alloc(arena, CELLS, sizeof *t.families);
        t.cell_key = arena_alloc(arena, CELLS, sizeof *t.cell_key);
        t.contributions = arena_alloc(arena, 1, sizeof *t.contributions);
        assert_true(t.families != NULL && t.cell_key != NULL && t.contributions != NULL);
        t.contributions_len = 1;
        t.contributions[0].number = arena_alloc(arena, CELLS, sizeof(uint32_t));
        t.contributions[0].largest =
                arena_alloc(arena, (size_t)CELLS * CONTRIBUTIONS_LARGEST, sizeof(int64_t));
        assert_true(t.contributions[0].number != NULL && t.contributions[0].largest != NULL);
        memset(t.contributions[0].number, 0xff, CELLS * sizeof(uint32_t));
        memset(t.contributions[0].largest, 0x7f,
                (size_t)CELLS * CONTRIBUTIONS_LARGEST * sizeof(int64_t));
        return t;
}

static struct table random_table(void)
{
        struct table t = empty_table();

        for (size_t i = 0; i < CELLS; i++)
                fill_cell(&t, i);
        return t;
}

static int64_t *copy_of(const int64_t *values)
{
        int64_t *copy = arena_alloc(arena, CELLS, sizeof *copy);

        assert_non_null(copy);
        return values == NULL ? NULL : memcpy(copy, values, CELLS * sizeof *copy);
}

/* Values only: what a table said before. */
static struct table before_of(const struct table *t)
{
        struct table b = *t;

        b.persons = copy_of(t->persons);
        b.records = copy_of(t->records);
        b.families = copy_of(t->families);
        b.margin_persons = copy_of(t->margin_persons);
        b.cell_key = arena_alloc(arena, CELLS, sizeof *b.cell_key);
        b.measures = arena_alloc(arena, M_LEN, sizeof *b.measures);
        assert_true(b.measures != NULL && b.cell_key != NULL);
        memcpy(b.cell_key, t->cell_key, CELLS * sizeof *b.cell_key);
        memcpy(b.measures, t->measures, M_LEN * sizeof *b.measures);
        for (uint32_t k = 0; k < M_LEN; k++) {
                b.measures[k].values = copy_of(t->measures[k].values);
                b.measures[k].numerator = copy_of(t->measures[k].numerator);
                b.measures[k].denominator = copy_of(t->measures[k].denominator);
                b.measures[k].contributors = copy_of(t->measures[k].contributors);
        }
        return b;
}

static bool is_shown(const struct table *t, uint32_t k, size_t i)
{
        const struct measure *m = &t->measures[k];

        return t->status[i] == CELL_VALUE && (m->status == NULL || m->status[i] == CELL_VALUE);
}

static bool is_whole(int64_t count, int64_t smallest)
{
        return count == 0 || count >= smallest;
}

static void check_counts(const struct table *b, const struct table *t, size_t i, int64_t smallest)
{
        int64_t persons = t->persons[i];

        assert_true(is_whole(persons, smallest) && llabs(persons - b->persons[i]) <= 8);
        assert_true(b->persons[i] > 0 || (persons == 0 && t->records[i] == 0));
        assert_true(is_whole(t->records[i], smallest) && (t->records[i] >= persons));
        assert_true((t->records[i] > 0) == (persons > 0));
        assert_true(t->families[i] <= persons && (t->families[i] > 0) == (persons > 0));
        assert_true(is_whole(t->families[i], smallest));
        assert_int_equal(t->measures[M_PERSONS].values[i], persons);
        assert_int_equal(t->measures[M_RECORDS].values[i], t->records[i]);
        if (is_shown(t, M_FAMILIES, i))
                assert_int_equal(t->measures[M_FAMILIES].values[i], t->families[i]);
        if (!is_shown(t, M_SOME, i))
                return;
        assert_true(t->measures[M_SOME].values[i] <= (cast == 0 ? persons : t->records[i]));
        assert_true(t->measures[M_SOME].contributors[i] <= persons);
        assert_true(is_whole(t->measures[M_SOME].values[i], smallest));
        assert_true(b->measures[M_SOME].values[i] > 0 || t->measures[M_SOME].values[i] == 0);
}

static void check_quotients(const struct table *t, size_t i)
{
        const struct measure *share = &t->measures[M_SHARE], *ratio = &t->measures[M_RATIO];
        int64_t value = 0;

        if (is_shown(t, M_SHARE, i) && share->denominator[i] > 0) {
                assert_true(share->numerator[i] <= share->denominator[i]);
                assert_int_equal(share->values[i],
                        fraction_share(share->numerator[i], share->denominator[i]));
                assert_true(
                        share->low[i] <= share->values[i] && share->values[i] <= share->high[i]);
                assert_true(share->denominator[i] <= t->persons[i]);
        } else if (is_shown(t, M_SHARE, i)) {
                assert_true(share->values[i] == TABLE_NO_VALUE && share->low[i] == TABLE_NO_VALUE);
        }
        if (is_shown(t, M_RATIO, i) && ratio->denominator[i] > 0) {
                assert_true(fraction_round((__int128)ratio->numerator[i] * 10 * ratio->scale,
                        ratio->denominator[i], &value));
                assert_int_equal(ratio->values[i], value);
        }
}

/* A sum moves by its mean contribution for each person more or less. */
static void check_sums(const struct table *b, const struct table *t, size_t i)
{
        int64_t was = b->measures[M_SUM].values[i], now = t->measures[M_SUM].values[i];
        int64_t persons = b->persons[i];

        if (is_shown(t, M_SUM, i) && persons > 0 && t->persons[i] == 0)
                assert_int_equal(now, 0);
        else if (is_shown(t, M_SUM, i) && persons > 0)
                assert_true(llabs(now - was) * persons <= 8 * llabs(was) + persons);
        if (is_shown(t, M_MEAN, i) && t->persons[i] == 0)
                assert_true(t->measures[M_MEAN].values[i] == TABLE_NO_VALUE);
        else if (is_shown(t, M_MEAN, i) && cast == 1) /* a median is of no counts here */
                assert_true(t->measures[M_MEAN].values[i] == TABLE_NO_VALUE);
}

static void check_untouched(const struct table *b, const struct table *t, size_t i)
{
        bool shown = t->status[i] == CELL_VALUE;

        for (uint32_t k = 0; k < M_LEN; k++)
                if (!is_shown(t, k, i))
                        assert_int_equal(t->measures[k].values[i], b->measures[k].values[i]);
        if (!shown) {
                assert_int_equal(t->persons[i], b->persons[i]);
                assert_int_equal(t->cell_key[i], b->cell_key[i]);
                return;
        }
        assert_int_equal(t->margin_persons[i], 0);
        assert_int_equal(t->cell_key[i], 0);
        assert_int_equal(t->contributions[0].number[i], 0);
        for (unsigned j = 0; j < CONTRIBUTIONS_LARGEST; j++)
                assert_int_equal(t->contributions[0].largest[i * CONTRIBUTIONS_LARGEST + j], 0);
}

static void every_measure_goes_with_the_counts_of_its_cell(void **state)
{
        (void)state;
        for (unsigned times = 0; times < 600; times++) {
                int64_t smallest = times % 3 == 0 ? 3 : 1;

                seed = times;
                cast = times % 2;
                const struct cellkey *c = make(2 + times % 4, 8, (uint32_t)smallest);
                struct table t = random_table(), b = before_of(&t);

                assert_int_equal(cellkey_table(c, &t), ERR_OK);
                for (size_t i = 0; i < CELLS; i++) {
                        check_untouched(&b, &t, i);
                        if (t.status[i] != CELL_VALUE)
                                continue;
                        check_counts(&b, &t, i, smallest);
                        check_quotients(&t, i);
                        check_sums(&b, &t, i);
                }
                arena_reset(arena);
        }
}

/* Ten thousand cells of each size: the mean stays what it was. */
static void noise_lifts_and_lowers_persons_alike(void **state)
{
        enum { ROUNDS = 250 };
        static const int64_t sizes[] = {1, 3, 7, 40};
        const struct cellkey *c = make(2, 5, 3);

        (void)state;
        cast = 0;
        seed = 1234;
        for (unsigned k = 0; k < ARRAY_LEN(sizes); k++) {
                double persons = 0, sums = 0, square = 0;

                for (unsigned times = 0; times < ROUNDS; times++) {
                        struct table t = empty_table();

                        for (size_t i = 0; i < CELLS; i++) {
                                t.persons[i] = t.records[i] = t.families[i] = sizes[k];
                                t.cell_key[i] = (uint32_t)dice(1ull << 32);
                                t.status[i] = CELL_VALUE;
                                t.measures[M_SUM].values[i] = sizes[k] * 100;
                                t.measures[M_SUM].contributors[i] = sizes[k];
                                t.measures[M_SUM].status[i] = CELL_VALUE;
                        }
                        assert_int_equal(cellkey_table(c, &t), ERR_OK);
                        for (size_t i = 0; i < CELLS; i++) {
                                double off = (double)(t.persons[i] - sizes[k]);

                                persons += off;
                                square += off * off;
                                sums += (double)t.measures[M_SUM].values[i] / 100.0 -
                                        (double)sizes[k];
                        }
                }
                double n = ROUNDS * CELLS;
                assert_true(fabs(persons / n) < 5 * sqrt(2 / n));
                assert_true(fabs(square / n - 2) < 0.2);
                /* Where nobody is shown there is no sum: of few a little too little. */
                assert_true(sums / n < 5 * sqrt(2 / n) &&
                            (sizes[k] < 6 || sums / n > -5 * sqrt(2 / n)));
        }
}

/* The attack: the same persons in many tables, as a cell or a total, beside others, under
 * filters of other names. The average of one and the same number is that number. */
static void asking_often_draws_once(void **state)
{
        enum { TABLES = 300 };
        const struct cellkey *c = make(3, 8, 0);
        int64_t persons = 0, part = 0, sum = 0;

        (void)state;
        cast = 0;
        for (unsigned times = 0; times < TABLES; times++) {
                seed = times;
                struct table t = random_table();
                size_t at = times % CELLS;
                struct measure *some = &t.measures[M_SOME];
                char name[16];

                (void)snprintf(name, sizeof name, "namn%u", times);
                some->name = bytes_of_text(name);
                some->variable = bytes_of_text(name);
                t.measures[M_SUM].variable = bytes_of_text(name);
                t.status[at] = CELL_VALUE;
                t.persons[at] = t.records[at] = 23;
                t.cell_key[at] = 0xfeedbeef;
                some->values[at] = some->contributors[at] = 9;
                t.measures[M_SUM].values[at] = 23000;
                t.measures[M_SUM].contributors[at] = 23;
                some->status[at] = t.measures[M_SUM].status[at] = CELL_VALUE;
                t.measures[M_RATIO].status[at] = CELL_PROTECTED;
                assert_int_equal(cellkey_table(c, &t), ERR_OK);
                if (times > 0) {
                        assert_int_equal(t.persons[at], persons);
                        assert_int_equal(some->values[at], part);
                        assert_int_equal(t.measures[M_SUM].values[at], sum);
                }
                persons = t.persons[at];
                part = some->values[at];
                sum = t.measures[M_SUM].values[at];
                arena_reset(arena);
                c = make(3, 8, 0);
        }
}

static void a_filter_that_leaves_everybody_is_no_second_draw(void **state)
{
        const struct cellkey *c = make(3, 8, 0);

        (void)state;
        cast = 0;
        seed = 77;
        struct table t = random_table();
        for (size_t i = 0; i < CELLS; i++) {
                t.measures[M_SOME].values[i] = t.persons[i];
                t.measures[M_SOME].contributors[i] = t.persons[i];
                t.measures[M_SOME].status[i] = CELL_VALUE;
        }
        assert_int_equal(cellkey_table(c, &t), ERR_OK);
        for (size_t i = 0; i < CELLS; i++)
                if (t.status[i] == CELL_VALUE)
                        assert_int_equal(t.measures[M_SOME].values[i], t.persons[i]);
}

/* Records, families and sums do not tell the noise of the persons. */
static void draws_of_different_kinds_are_strangers(void **state)
{
        enum { ROUNDS = 300 };
        const struct cellkey *c = make(2, 5, 0);
        double product[3] = {0};

        (void)state;
        cast = 0;
        seed = 4;
        for (unsigned times = 0; times < ROUNDS; times++) {
                struct table t = empty_table();

                for (size_t i = 0; i < CELLS; i++) {
                        t.persons[i] = 200;
                        t.records[i] = 400; /* far enough for nothing to be held back */
                        t.families[i] = 100;
                        t.cell_key[i] = (uint32_t)dice(1ull << 32);
                        t.status[i] = CELL_VALUE;
                        t.measures[M_SUM].values[i] = t.measures[M_SUM].contributors[i] = 200;
                        t.measures[M_SUM].status[i] = CELL_VALUE;
                }
                assert_int_equal(cellkey_table(c, &t), ERR_OK);
                for (size_t i = 0; i < CELLS; i++) {
                        double p = (double)(t.persons[i] - 200);

                        product[0] += p * (double)(t.records[i] - 400);
                        product[1] += p * (double)(t.families[i] - 100);
                        product[2] += p * (double)(t.measures[M_SUM].values[i] - 200);
                }
        }
        for (unsigned k = 0; k < 3; k++)
                assert_true(fabs(product[k]) < 5 * 2 * sqrt(ROUNDS * CELLS));
        arena_reset(arena);
}

/* Of one number, in one cell, and nothing held back. */
static void families_and_sums_of_the_same_number_are_strangers(void **state)
{
        enum { ROUNDS = 300 };
        const struct cellkey *c = make(2, 5, 0);
        double product[2] = {0};

        (void)state;
        cast = 0;
        seed = 4;
        for (unsigned times = 0; times < ROUNDS; times++) {
                struct table t = empty_table();

                for (size_t i = 0; i < CELLS; i++) {
                        t.persons[i] = t.records[i] = 5000;
                        t.families[i] = 200;
                        t.cell_key[i] = (uint32_t)dice(1ull << 32);
                        t.status[i] = CELL_VALUE;
                        t.measures[M_SUM].values[i] = t.measures[M_SUM].contributors[i] = 200;
                        t.measures[M_SOME].values[i] = t.measures[M_SOME].contributors[i] = 200;
                        t.measures[M_SUM].status[i] = t.measures[M_SOME].status[i] = CELL_VALUE;
                }
                assert_int_equal(cellkey_table(c, &t), ERR_OK);
                for (size_t i = 0; i < CELLS; i++) {
                        double f = (double)(t.families[i] - 200);

                        product[0] += f * (double)(t.measures[M_SUM].values[i] - 200);
                        product[1] += f * (double)(t.measures[M_SOME].values[i] - 200);
                }
        }
        for (unsigned k = 0; k < 2; k++)
                assert_true(fabs(product[k]) < 5 * 2 * sqrt(ROUNDS * CELLS));
        arena_reset(arena);
}

/* Were they one draw, the whole less the part would be exact. */
static void a_part_is_drawn_apart_from_the_whole(void **state)
{
        enum { ROUNDS = 100 };
        const struct cellkey *c = make(2, 5, 0);
        double difference = 0;

        (void)state;
        cast = 0;
        seed = 4;
        for (unsigned times = 0; times < ROUNDS; times++) {
                struct table t = empty_table();

                for (size_t i = 0; i < CELLS; i++) {
                        t.persons[i] = t.records[i] = t.families[i] = 500;
                        t.cell_key[i] = (uint32_t)dice(1ull << 32);
                        t.status[i] = CELL_VALUE;
                        t.measures[M_SOME].values[i] = t.measures[M_SOME].contributors[i] = 300;
                        t.measures[M_SOME].status[i] = CELL_VALUE;
                }
                assert_int_equal(cellkey_table(c, &t), ERR_OK);
                for (size_t i = 0; i < CELLS; i++) {
                        double off = (double)(t.persons[i] - t.measures[M_SOME].values[i] - 200);

                        difference += off * off;
                }
        }
        /* Two draws of variance 2. */
        assert_true(fabs(difference / (ROUNDS * CELLS) - 4) < 0.5);
        arena_reset(arena);
}

static void a_table_without_keys_is_refused(void **state)
{
        const struct cellkey *c = make(2, 5, 0);

        (void)state;
        cast = 0;
        seed = 1;
        struct table t = random_table();
        t.cell_key = NULL;
        int64_t persons = t.persons[0];
        assert_int_equal(cellkey_table(c, &t), ERR_INVALID);
        assert_int_equal(t.persons[0], persons);
}

static void a_ratio_of_something_else_is_refused(void **state)
{
        const struct cellkey *c = make(2, 5, 0);

        (void)state;
        cast = 0;
        seed = 1;
        struct table t = empty_table();
        struct measure *m = &t.measures[M_RATIO];
        for (size_t i = 0; i < CELLS; i++) {
                t.status[i] = m->status[i] = CELL_VALUE;
                m->numerator[i] = 30;
                m->denominator[i] = 7;
                m->values[i] = 42857; /* 30 / 7 with three decimals more */
        }
        assert_int_equal(cellkey_table(c, &t), ERR_OK);
        m->values[0] = 42858;
        for (size_t i = 1; i < CELLS; i++)
                m->values[i] = 42857;
        memset(m->numerator, 0, CELLS * sizeof *m->numerator);
        assert_int_equal(cellkey_table(c, &t), ERR_INVALID);
}

static void numbers_beyond_64_bits_are_an_error(void **state)
{
        const struct cellkey *c = make(2, 5, 0);
        enum err e = ERR_OK;

        (void)state;
        cast = 0;
        for (uint32_t key = 0; key < 200 && e == ERR_OK; key++) {
                struct table t = empty_table();

                t.status[0] = t.measures[M_SUM].status[0] = CELL_VALUE;
                t.persons[0] = t.measures[M_SUM].contributors[0] = 6;
                t.measures[M_SUM].values[0] = INT64_MAX;
                t.cell_key[0] = key;
                e = cellkey_table(c, &t);
        }
        assert_int_equal(e, ERR_LIMIT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_measure_goes_with_the_counts_of_its_cell),
                cmocka_unit_test(noise_lifts_and_lowers_persons_alike),
                cmocka_unit_test(asking_often_draws_once),
                cmocka_unit_test(a_filter_that_leaves_everybody_is_no_second_draw),
                cmocka_unit_test(draws_of_different_kinds_are_strangers),
                cmocka_unit_test(families_and_sums_of_the_same_number_are_strangers),
                cmocka_unit_test(a_part_is_drawn_apart_from_the_whole),
                cmocka_unit_test(a_table_without_keys_is_refused),
                cmocka_unit_test(a_ratio_of_something_else_is_refused),
                cmocka_unit_test(numbers_beyond_64_bits_are_an_error),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
