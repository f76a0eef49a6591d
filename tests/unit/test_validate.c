/* SPDX-License-Identifier: Apache-2.0 */
/* test_validate.c: every rule fires where it should and nowhere else, and a
 * program that sends the wrong batch is told so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fault.h"
#include "tests/support/busy.h"
#include "tests/support/validate_world.h"

#define B(t)                                                                                       \
        {                                                                                          \
                (const uint8_t *)(t), sizeof(t) - 1                                                \
        }

static void a_good_batch_passes_whole(void **state)
{
        static const uint32_t sizes[] = {1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 200, ROWS_MAX};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                struct world *w = world_clean(sizes[i]);
                struct verdicts v;
                struct refusal why;

                assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
                if (v.rejections_len > 0)
                        fail_msg("row %u: %s", v.rejections[0].row, v.rejections[0].rule);
                assert_int_equal(v.accepted_len, sizes[i]);
                free(w);
        }
}

static void every_rule_fires_alone_at_its_row(void **state)
{
        static const uint32_t rows[] = {11, 63, 64, 127, 190, 199};

        (void)state;
        for (size_t f = 0; f < world_faults_len; f++)
                for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                        OWNED(arena_free) struct arena *a = arena_new(ARENA);
                        struct world *w = world_clean(200);
                        struct verdicts v;
                        struct refusal why;

                        world_faults[f].spoil(w, rows[i]);
                        assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
                        if (v.rejections_len != 1 || v.rejections[0].row != rows[i] ||
                                v.rejections[0].place != world_faults[f].place ||
                                strcmp(v.rejections[0].rule,
                                        validate_rule_name(world_faults[f].rule)) != 0)
                                fail_msg("fault %zu at row %u: %u rejections, first %s at %u", f,
                                        rows[i], v.rejections_len,
                                        v.rejections_len > 0 ? v.rejections[0].rule : "none",
                                        v.rejections_len > 0 ? v.rejections[0].row : 0);
                        if (world_faults[f].place == REJECTION_VALUE)
                                assert_int_equal(v.rejections[0].column,
                                        world_sent(w, world_faults[f].variable));
                        assert_int_equal(v.accepted_len, 199);
                        assert_int_equal(v.accepted[rows[i]], 0);
                        free(w);
                }
}

static void what_stands_at_a_missing_value_is_ignored(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct world *w = world_clean(300);
        struct verdicts v;
        struct refusal why;

        (void)state;
        for (uint32_t row = 0; row < 300; row += 3) {
                world_set(w, KODER, row, 0xffff);
                world_set(w, SLUT, row, 0);
                world_set(w, FODD, row, INT32_MAX);
                world_set(w, ANTAL, row, INT32_MIN);
                world_set(w, BELOPP, row, INT64_MIN);
                world_miss(w, KODER, row);
                world_miss(w, SLUT, row);
                world_miss(w, FODD, row);
                world_miss(w, ANTAL, row);
                world_miss(w, BELOPP, row);
        }
        assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
        assert_int_equal(v.rejections_len, 0);
        free(w);
}

static void a_code_that_nobody_uses_rejects_nobody(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct world *w = world_clean(100);
        struct verdicts v;
        struct refusal why;

        (void)state;
        w->columns[KOD].dictionary_len = 3;
        assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
        assert_int_equal(v.rejections_len, 0);
        w->columns[KOD].dictionary_len = 0;
        assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
        assert_int_equal(v.accepted_len, 0);
        free(w);
}

/* The whole batch ---------------------------------------------------------- */

static void expect_refusal(struct world *w, enum err wanted, const char *field)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct verdicts v = {.rows = 7};
        struct refusal why;
        enum err rc = world_run(w, a, &v, &why);

        if (rc != wanted || strcmp(why.violations[0].field, field) != 0)
                fail_msg("%s at %s: %s", err_name(rc), why.violations[0].field,
                        why.violations[0].text);
        assert_int_equal(v.rows, 7);
        free(w);
}

static void a_wrong_program_is_told_so(void **state)
{
        struct world *w;

        (void)state;
        w = world_clean(10);
        w->columns[KODER].name = (struct bytes)B("kader");
        expect_refusal(w, ERR_UNKNOWN_NAME, "batch.columns[1]");
        w = world_clean(10);
        w->columns[KODER].name = world_variables[KOD].id;
        expect_refusal(w, ERR_INVALID, "batch.columns[1]");
        w = world_clean(10);
        w->columns[KODER].name = world_variables[KOMMUN].id;
        expect_refusal(w, ERR_INVALID, "batch.columns[1]");
        w = world_clean(10);
        w->columns[KODER].name = world_variables[ALDER].id;
        expect_refusal(w, ERR_INVALID, "batch.columns[1]");
        w = world_clean(10);
        w->columns[NAR].kind = COLUMN_I64;
        expect_refusal(w, ERR_INVALID, "batch.columns[3]");
        w = world_clean(10);
        w->columns[FLAGGA].kind = COLUMN_CODES;
        expect_refusal(w, ERR_INVALID, "batch.columns[7]");
        w = world_clean(10);
        w->columns[FLAGGA].name.len = 0;
        expect_refusal(w, ERR_INVALID, "batch.columns");
        w = world_clean(10);
        w->batch.rows = 0;
        expect_refusal(w, ERR_INVALID, "batch.rows");
        w = world_clean(10);
        w->batch.record_keys = NULL;
        expect_refusal(w, ERR_INVALID, "batch.record_keys");
        w = world_clean(10);
        w->batch.record_key_width = RECORD_KEY_MAX_LEN + 1;
        expect_refusal(w, ERR_INVALID, "batch.record_keys");
}

/* In clear they are refused as such, and their rows are judged all the same: at home. */
static void expect_boxes(struct world *w)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct refusal why = {0};
        struct verdicts v;

        assert_int_equal(validate_form(&world_dataset, &w->batch, &why), ERR_BOX_NEEDED);
        assert_string_equal(why.violations[0].field, "batch.clear");
        assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
        w->batch.sealed = true;
        assert_int_equal(validate_form(&world_dataset, &w->batch, &why), ERR_OK);
        free(w);
}

static void persons_come_as_the_policy_says_or_not_at_all(void **state)
{
        struct world *w;

        (void)state;
        w = world_clean(10);
        world_rules.clear_persons = false;
        expect_boxes(w);
        w = world_clean(10);
        w->batch.persons = (struct person_column){NULL, NULL};
        expect_refusal(w, ERR_INVALID, "batch.persons");
        w = world_clean(10);
        w->batch.persons.kinds = NULL;
        expect_refusal(w, ERR_MALFORMED, "batch.clear.kinds");
        w = world_clean(10);
        w->batch.sealed = true;
        world_rules.person = PERSON_USE_NONE;
        expect_refusal(w, ERR_INVALID, "batch.sealed");
        w = world_clean(10);
        world_guardian(w, 3);
        w->offsets[10] = 2;
        expect_refusal(w, ERR_MALFORMED, "batch.guardians");
        w = world_clean(10);
        world_guardian(w, 3);
        w->offsets[0] = 1;
        expect_refusal(w, ERR_MALFORMED, "batch.guardians");
        w = world_clean(10);
        world_guardian(w, 3);
        w->offsets[2] = 5;
        expect_refusal(w, ERR_MALFORMED, "batch.guardians");
}

static void sealed_persons_are_the_keepers_to_judge(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct world *w = world_clean(10);
        struct verdicts v;
        struct refusal why;

        (void)state;
        world_rules.clear_persons = false;
        w->batch.sealed = true;
        w->batch.persons = (struct person_column){NULL, NULL};
        assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
        assert_int_equal(v.accepted_len, 10);
        free(w);
}

static void a_data_set_without_persons_rejects_them(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct world *w = world_clean(10);
        struct verdicts v;
        struct refusal why;

        (void)state;
        world_rules.person = PERSON_USE_NONE;
        w->kinds[4] = PERSON_NONE;
        assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
        assert_int_equal(v.accepted_len, 1);
        assert_int_equal(v.accepted[4], 1);
        assert_string_equal(v.rejections[0].rule, "PERSON_NOT_EXPECTED");
        free(w);
}

/* Record keys --------------------------------------------------------------- */

/* Keys that all have the same hash, as somebody who has read the code can make
 * them; every second one is the twin of the one before. */
static void colliding_keys_cost_no_more_than_sorting(void **state)
{
        enum { ROWS = 60000, WIDTH = 24 };
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        uint8_t *keys = calloc(ROWS, WIDTH);
        uint8_t *flags = calloc(ROWS, 1), *kinds = malloc(ROWS), *ids = calloc(ROWS, PERSON_ID_LEN);
        struct variable flag = {.id = B("flagga"), .type = VARIABLE_BOOLEAN, .max = 1};
        struct rules_dataset r = {.person = PERSON_USE_REQUIRED, .clear_persons = true};
        struct policy_dataset d = {.rules = &r, .variables = &flag, .variables_len = 1};
        struct column c = {.name = flag.id, .kind = COLUMN_BOOLEANS, .width = 1, .values = flags};
        struct batch b = {.rows = ROWS,
                .persons = {ids, kinds},
                .record_keys = keys,
                .record_key_width = WIDTH,
                .columns = &c,
                .columns_len = 1};
        struct verdicts v;
        uint32_t twins = 0;
        int64_t from;

        (void)state;
        memset(kinds, PERSON_NATIONAL, ROWS);
        /* Choose the first word freely and solve for the second so that the state
         * before the third word is always zero: every hash is the same. Such keys
         * are not text; they are rejected, but visited all the same. */
        for (uint64_t i = 0; i < ROWS; i++) {
                uint64_t first = (i / 2 + 1) | UINT64_C(0x4141414141000000);
                uint64_t h = first * UINT64_C(0x9e3779b97f4a7c15);
                uint64_t second = h ^ h >> 29, third = 0;

                memcpy(keys + i * WIDTH, &first, 8);
                memcpy(keys + i * WIDTH + 8, &second, 8);
                memcpy(keys + i * WIDTH + 16, &third, 8);
        }
        from = busy_ns();
        assert_int_equal(validate_batch(&d, world_period, &b, a, &v, NULL), ERR_OK);
        assert_true(busy_ns() - from < INT64_C(3000000000));
        for (uint32_t i = 0; i < v.rejections_len; i++)
                twins += strcmp(v.rejections[i].rule, "DUPLICATE_RECORD_KEY") == 0;
        assert_int_equal(v.accepted_len, 0);
        assert_true(twins > 0);
        free(keys);
        free(flags);
        free(kinds);
        free(ids);
}

static void keys_may_be_swedish(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct world *w = world_clean(20);
        struct verdicts v;
        struct refusal why;

        (void)state;
        world_key(w, 3,
                "\xc3\x84"
                "rende 7");
        world_key(w, 4,
                "\xc3\x85"
                "rende 7");
        world_key(w, 5, "12345678901");
        assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
        assert_int_equal(v.accepted_len, 20);
        free(w);
}
static void every_rejected_row_keeps_a_reason_and_there_is_room_for_more(void **state)
{
        enum { ROWS = 65536 };
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct variable flags[3] = {{.id = B("a"), .type = VARIABLE_BOOLEAN, .max = 1},
                {.id = B("b"), .type = VARIABLE_BOOLEAN, .max = 1},
                {.id = B("c"), .type = VARIABLE_BOOLEAN, .max = 1}};
        struct rules_dataset r = {.person = PERSON_USE_NONE};
        struct policy_dataset d = {.rules = &r, .variables = flags, .variables_len = 3};
        uint8_t *half = calloc(ROWS, 1), *other = calloc(ROWS, 1);
        char *keys = malloc((size_t)ROWS * 8 + 1);
        struct column c[3];
        struct verdicts v;

        (void)state;
        memset(half, 9, ROWS / 2);
        memset(other + ROWS / 2, 9, ROWS / 4);
        for (size_t i = 0; i < ROWS; i++)
                (void)snprintf(keys + i * 8, 9, "%08zu", i);
        for (int i = 0; i < 3; i++)
                c[i] = (struct column){.name = flags[i].id,
                        .kind = COLUMN_BOOLEANS,
                        .width = 1,
                        .values = i < 2 ? half : other};
        struct batch b = {.rows = ROWS,
                .record_keys = (uint8_t *)keys,
                .record_key_width = 8,
                .columns = c,
                .columns_len = 3};
        assert_int_equal(validate_batch(&d, world_period, &b, a, &v, NULL), ERR_OK);
        assert_int_equal(v.accepted_len, ROWS / 4);
        assert_true(v.rejections_cap - v.rejections_len >= v.accepted_len);
        uint8_t *seen = calloc(ROWS, 1);
        for (uint32_t i = 0; i < v.rejections_len; i++) {
                seen[v.rejections[i].row] = 1;
                assert_true(i == 0 || v.rejections[i].row >= v.rejections[i - 1].row);
        }
        for (uint32_t i = 0; i < ROWS; i++)
                assert_int_equal(seen[i] + v.accepted[i], 1);
        free(seen);
        free(half);
        free(other);
        free(keys);
}

static void every_short_of_memory_is_survived(void **state)
{
        unsigned tried = 0;

        (void)state;
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                struct world *w = world_clean(200);
                struct verdicts v = {.rows = 7};
                struct refusal why;

                world_set(w, KOD, 70, 5);
                world_set(w, KOD, 60, 5);
                enum err rc = a == NULL ? ERR_NO_MEMORY : world_run(w, a, &v, &why);
                assert_int_equal(v.rows, rc == ERR_OK ? 200 : 7);
                assert_true(rc == ERR_OK || rc == ERR_NO_MEMORY);
                free(w);
                tried++;
        }
        fault_disarm();
        assert_true(tried > 5);
}

static void every_rule_has_a_name_and_a_sentence(void **state)
{
        (void)state;
        for (unsigned r = 0; r < VALIDATE_RULE_COUNT; r++) {
                assert_non_null(validate_rule_name((enum validate_rule)r));
                assert_true(strlen(validate_rule_sentence((enum validate_rule)r)) > 10);
        }
}

/* The range is from three to twenty: the day of the third birthday is in, the day
 * before is out, and so is the twenty-first birthday. */
static void a_birthday_decides_to_the_day(void **state)
{
        (void)state;
        for (int month = 0; month < 48; month++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                struct world *w = world_clean(130);
                struct civil third = {2025, 1 + month % 12, 1}, born = third;
                struct verdicts v;
                struct refusal why;

                /* 2004 and 2022: on the birthday and on the day before it. */
                born.year -= month % 4 < 2 ? 3 : 21;
                for (uint32_t row = 0; row < 130; row++)
                        world_miss(w, SLUT, row);
                world_set(w, FODD, 70, days_from_civil(born));
                world_set(w, NAR, 70, days_from_civil(third) - (month % 2));
                bool outside_period = third.month == 1 && month % 2 == 1;
                bool good = month % 4 == 0 || month % 4 == 3;
                assert_int_equal(world_run(w, a, &v, &why), ERR_OK);
                assert_int_equal(v.accepted[70], good && !outside_period);
                assert_int_equal(v.accepted_len, 129 + (good && !outside_period));
                free(w);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_good_batch_passes_whole),
                cmocka_unit_test(every_rule_fires_alone_at_its_row),
                cmocka_unit_test(what_stands_at_a_missing_value_is_ignored),
                cmocka_unit_test(a_code_that_nobody_uses_rejects_nobody),
                cmocka_unit_test(a_birthday_decides_to_the_day),
                cmocka_unit_test(a_wrong_program_is_told_so),
                cmocka_unit_test(persons_come_as_the_policy_says_or_not_at_all),
                cmocka_unit_test(sealed_persons_are_the_keepers_to_judge),
                cmocka_unit_test(a_data_set_without_persons_rejects_them),
                cmocka_unit_test(colliding_keys_cost_no_more_than_sorting),
                cmocka_unit_test(keys_may_be_swedish),
                cmocka_unit_test(every_rejected_row_keeps_a_reason_and_there_is_room_for_more),
                cmocka_unit_test(every_short_of_memory_is_survived),
                cmocka_unit_test(every_rule_has_a_name_and_a_sentence),
        };

        return cmocka_run_group_tests(tests, world_prepare, NULL);
}
