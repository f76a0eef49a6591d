/* SPDX-License-Identifier: Apache-2.0 */
/* test_validate_random.c: on random batches the vector path says the same as a
 * plain look at every value, reason by reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/support/validate_world.h"

static uint64_t seed = 42;

static uint32_t below(uint32_t n)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (uint32_t)(seed % n);
}

/* Mostly good rows, with every fault in the table now and then. */
static struct world *random_world(void)
{
        uint32_t rows = 1 + below(ROWS_MAX);
        struct world *w = world_clean(rows);
        uint32_t often = 1 + below(200);

        if (below(4) == 0)
                w->columns[KODER].name.len = 0;
        if (below(4) == 0)
                w->columns[FODD].name.len = 0;
        if (below(4) == 0)
                w->columns[SLUT].name.len = 0;
        if (below(4) == 0)
                w->columns[BELOPP].missing = NULL;
        world_rules.local_ids = below(2) == 0;
        world_rules.person = below(2) == 0 ? PERSON_USE_OPTIONAL : PERSON_USE_REQUIRED;
        for (uint32_t row = 0; row < rows; row++) {
                if (below(often) != 0)
                        continue;
                for (int v = KOD; v < VARIABLES; v++)
                        if (w->columns[v].width > 0 && below(3) == 0)
                                world_miss(w, v, row);
                world_set(w, KOD, row, below(9));
                world_set(w, KODER, row, below(9));
                world_set(w, FODD, row,
                        FIRST_BIRTH - 40 + (int32_t)below(LAST_BIRTH - FIRST_BIRTH + 80));
                world_set(w, NAR, row, PERIOD_FIRST - 500 + (int32_t)below(1365));
                world_set(w, SLUT, row, PERIOD_FIRST - 500 + (int32_t)below(1365));
                world_set(w, ANTAL, row, (int32_t)below(1100) - 50);
                world_set(w, BELOPP, row,
                        (int64_t)below(3) * INT64_C(100000000000) - (int64_t)below(2));
                world_set(w, FLAGGA, row, below(4));
                w->kinds[row] = (uint8_t)below(4);
                if (below(3) == 0)
                        world_faults[world_faults_len - 1 - below(WORLD_KEY_FAULTS)].spoil(w, row);
        }
        return w;
}

static bool has(const struct world *w, int v, uint32_t row)
{
        return w->columns[v].name.len > 0 && !column_is_missing(&w->columns[v], row);
}

struct expected {
        const struct world *w;
        struct rejection list[64];
        uint32_t len, row;
};

static void expect(
        struct expected *e, enum rejection_place place, int variable, enum validate_rule rule)
{
        e->list[e->len++] = (struct rejection){.row = e->row,
                .place = place,
                .column = place == REJECTION_VALUE ? world_sent(e->w, variable) : 0,
                .rule = validate_rule_name(rule)};
}

static void expect_code(struct expected *e, int v)
{
        uint32_t index = (uint32_t)world_get(e->w, v, e->row);

        for (size_t i = 0; index < WORLD_DICTIONARY && i < WORLD_CODES; i++)
                if (bytes_equal(world_codes[i].code, world_dictionary[index])) {
                        if (world_codes[i].valid_until < PERIOD_FIRST ||
                                world_codes[i].valid_from > PERIOD_LAST)
                                expect(e, REJECTION_VALUE, v, VALIDATE_CODE_NOT_VALID);
                        return;
                }
        expect(e, REJECTION_VALUE, v, VALIDATE_UNKNOWN_CODE);
}

static void expect_datum(struct expected *e, int v)
{
        const struct variable *var = &world_variables[v];
        int64_t value = world_get(e->w, v, e->row);

        if (var->type == VARIABLE_CODE)
                expect_code(e, v);
        else if (value < var->min || value > var->max)
                expect(e, REJECTION_VALUE, v, VALIDATE_OUT_OF_RANGE);
        else if (var->within_period && (value < PERIOD_FIRST || value > PERIOD_LAST))
                expect(e, REJECTION_VALUE, v, VALIDATE_OUTSIDE_PERIOD);
        else if (v == FODD && civil_from_days((int32_t)value).day != 1)
                expect(e, REJECTION_VALUE, v, VALIDATE_NOT_MONTH_START);
}

static void expect_key(struct expected *e)
{
        const char *key = e->w->keys + (size_t)e->row * KEY;
        size_t len = strnlen(key, KEY);
        bool padded = true, empty = true;

        for (size_t i = 0; i < KEY; i++) {
                padded = padded && (i < len || key[i] == '\0');
                empty = empty && key[i] == '\0';
        }
        if (empty) {
                expect(e, REJECTION_RECORD_KEY, 0, VALIDATE_EMPTY_RECORD_KEY);
                return;
        }
        if (!padded || !bytes_is_printable(bytes_of(key, len)))
                expect(e, REJECTION_RECORD_KEY, 0, VALIDATE_RECORD_KEY_NOT_TEXT);
        for (uint32_t row = 0; row < e->row; row++)
                if (memcmp(e->w->keys + (size_t)row * KEY, key, KEY) == 0 && len > 0) {
                        expect(e, REJECTION_RECORD_KEY, 0, VALIDATE_DUPLICATE_RECORD_KEY);
                        return;
                }
}

static void expect_dates(struct expected *e)
{
        const struct world *w = e->w;
        uint32_t row = e->row;

        if (has(w, NAR, row) && has(w, SLUT, row) &&
                world_get(w, SLUT, row) < world_get(w, NAR, row))
                expect(e, REJECTION_VALUE, SLUT, VALIDATE_DATE_ORDER);
        if (!has(w, FODD, row) || !has(w, NAR, row))
                return;
        if (world_get(w, NAR, row) < world_get(w, FODD, row))
                expect(e, REJECTION_VALUE, NAR, VALIDATE_DATE_ORDER);
        int32_t age = age_at((int32_t)world_get(w, FODD, row), (int32_t)world_get(w, NAR, row));
        if (age < world_variables[ALDER].min || age > world_variables[ALDER].max)
                expect(e, REJECTION_VALUE, NAR, VALIDATE_AGE_OUT_OF_RANGE);
}

/* In the order validate_batch promises: person, key, columns, dates. */
static void expect_row(struct expected *e)
{
        uint8_t kind = e->w->kinds[e->row];

        if (kind == PERSON_NONE && world_rules.person == PERSON_USE_REQUIRED)
                expect(e, REJECTION_PERSON, 0, VALIDATE_MISSING_PERSON);
        else if (kind > PERSON_LOCAL || (kind == PERSON_LOCAL && !world_rules.local_ids))
                expect(e, REJECTION_PERSON, 0, VALIDATE_KIND_NOT_ACCEPTED);
        expect_key(e);
        for (int v = KOD; v < VARIABLES; v++) {
                if (e->w->columns[v].name.len == 0)
                        continue;
                if (has(e->w, v, e->row))
                        expect_datum(e, v);
                else if (world_variables[v].required)
                        expect(e, REJECTION_VALUE, v, VALIDATE_MISSING_VALUE);
        }
        expect_dates(e);
}

static bool same(const struct rejection *a, const struct rejection *b)
{
        return a->row == b->row && a->place == b->place && a->column == b->column &&
               strcmp(a->rule, b->rule) == 0;
}

static int by_rule(const void *a, const void *b)
{
        const struct rejection *x = a, *y = b;
        int order = strcmp(x->rule, y->rule);

        return order != 0 ? order : (x->column > y->column) - (x->column < y->column);
}

static void the_fast_way_agrees_with_the_plain_one(void **state)
{
        uint64_t checked = 0, rejected = 0;

        (void)state;
        for (int round = 0; round < 400; round++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                struct world *w = random_world();
                struct verdicts v;
                struct refusal why;
                uint32_t at = 0;

                assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
                bool complete = v.rejections_len + v.accepted_len < v.rejections_cap;
                for (uint32_t row = 0; row < w->batch.rows; row++) {
                        struct expected e = {.w = w, .row = row};
                        uint32_t from = at;

                        expect_row(&e);
                        assert_int_equal(v.accepted[row], e.len == 0);
                        for (; at < v.rejections_len && v.rejections[at].row == row; at++)
                                continue;
                        assert_true(e.len == 0 || at > from);
                        checked++;
                        rejected += e.len > 0;
                        if (!complete)
                                continue;
                        assert_int_equal(at - from, e.len);
                        qsort(e.list, e.len, sizeof *e.list, by_rule);
                        if (e.len > 0)
                                qsort(v.rejections + from, e.len, sizeof *e.list, by_rule);
                        for (uint32_t i = 0; i < e.len; i++)
                                assert_true(same(&v.rejections[from + i], &e.list[i]));
                }
                assert_int_equal(at, v.rejections_len);
                free(w);
        }
        print_message("%llu rows, %llu rejected\n", (unsigned long long)checked,
                (unsigned long long)rejected);
        assert_true(rejected > 1000);
}
int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_fast_way_agrees_with_the_plain_one),
        };

        return cmocka_run_group_tests(tests, world_prepare, NULL);
}
