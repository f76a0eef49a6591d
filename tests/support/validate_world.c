/* SPDX-License-Identifier: Apache-2.0 */
/* validate_world.c: see validate_world.h. */
#include "tests/support/validate_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#define B(t)                                                                                       \
        {                                                                                          \
                (const uint8_t *)(t), sizeof(t) - 1                                                \
        }

/* The data set ------------------------------------------------------------- */

struct code world_codes[WORLD_CODES] = {
        {.code = B("a"), .valid_from = INT32_MIN, .valid_until = INT32_MAX},
        {.code = B("b"), .valid_from = INT32_MIN, .valid_until = PERIOD_FIRST - 1},
        {.code = B("c"), .valid_from = INT32_MIN, .valid_until = PERIOD_FIRST},
        {.code = B("d"), .valid_from = PERIOD_LAST, .valid_until = INT32_MAX},
        {.code = B("e"), .valid_from = PERIOD_LAST + 1, .valid_until = INT32_MAX},
};
static struct code_level level = {.id = B("kod"), .codes = world_codes, .len = WORLD_CODES};
static uint32_t by_code[] = {0, 1, 2, 3, 4};
static struct code_list list = {
        .id = B("kod"), .levels = &level, .levels_len = 1, .by_code = by_code};
static uint8_t month_starts[(LAST_BIRTH - FIRST_BIRTH) / 8 + 1];

struct variable world_variables[VARIABLES] = {
        [KOMMUN] = {.id = B("kommun"),
                .type = VARIABLE_CODE,
                .source = SOURCE_MUNICIPALITY,
                .codes = &list,
                .required = true},
        [KOD] = {.id = B("kod"), .type = VARIABLE_CODE, .codes = &list, .required = true},
        [KODER] = {.id = B("koder"), .type = VARIABLE_CODE, .codes = &list},
        [FODD] = {.id = B("fodd"),
                .type = VARIABLE_DATE,
                .source = SOURCE_BIRTH_MONTH,
                .min = FIRST_BIRTH,
                .max = LAST_BIRTH,
                .month_starts = month_starts},
        [NAR] = {.id = B("nar"),
                .type = VARIABLE_DATE,
                .min = PERIOD_FIRST - 400,
                .max = PERIOD_LAST + 400,
                .within_period = true,
                .required = true},
        [SLUT] = {.id = B("slut"),
                .type = VARIABLE_DATE,
                .min = PERIOD_FIRST - 400,
                .max = PERIOD_LAST + 400},
        [ALDER] = {.id = B("alder"),
                .type = VARIABLE_AGE,
                .source = SOURCE_AGE,
                .min = 3,
                .max = 20,
                .age_birth = FODD,
                .age_at = NAR},
        [ANTAL] = {.id = B("antal"), .type = VARIABLE_INTEGER, .min = -5, .max = 1000},
        [BELOPP] = {.id = B("belopp"),
                .type = VARIABLE_DECIMAL,
                .decimals = 2,
                .min = 0,
                .max = INT64_C(100000000000)},
        [FLAGGA] = {.id = B("flagga"), .type = VARIABLE_BOOLEAN, .max = 1, .required = true},
};
static struct date_order orders[] = {{NAR, SLUT}, {FODD, NAR}};
struct rules_dataset world_rules;
const struct policy_dataset world_dataset = {.id = B("d"),
        .rules = &world_rules,
        .variables = world_variables,
        .variables_len = VARIABLES,
        .municipality_variable = KOMMUN,
        .date_orders = orders,
        .date_orders_len = ARRAY_LEN(orders)};
const struct period world_period = {PERIOD_FIRST, PERIOD_LAST};
int world_prepare(void **state)
{
        (void)state;
        for (int32_t day = FIRST_BIRTH; day <= LAST_BIRTH; day++)
                if (civil_from_days(day).day == 1)
                        month_starts[(day - FIRST_BIRTH) / 8] |=
                                (uint8_t)(1 << (day - FIRST_BIRTH) % 8);
        return 0;
}
/* A batch ------------------------------------------------------------------ */

const struct bytes world_dictionary[WORLD_DICTIONARY] = {
        B("a"), B("c"), B("d"), B("b"), B("e"), B("zz"), B("")};

void world_set(struct world *w, int variable, uint32_t row, int64_t value)
{
        uint32_t width = w->columns[variable].width;

        memcpy(w->values[variable] + 1 + (size_t)row * width, &value, width);
}

int64_t world_get(const struct world *w, int variable, uint32_t row)
{
        const struct column *c = &w->columns[variable];
        const uint8_t *at = c->values + (size_t)row * c->width;
        int32_t narrow;
        int64_t wide = 0;

        if (c->kind == COLUMN_I32) {
                memcpy(&narrow, at, sizeof narrow);
                return narrow;
        }
        memcpy(&wide, at, c->width);
        return wide;
}

void world_miss(struct world *w, int variable, uint32_t row)
{
        w->missing[variable][row / 8] |= (uint8_t)(1 << row % 8);
}

void world_key(struct world *w, uint32_t row, const char *text)
{
        char padded[KEY] = {0};

        memcpy(padded, text, strnlen(text, KEY));
        memcpy(w->keys + (size_t)row * KEY, padded, KEY);
}

static void add_column(struct world *w, int variable, enum column_kind kind, uint32_t width)
{
        w->columns[variable] = (struct column){.name = world_variables[variable].id,
                .kind = kind,
                .width = width,
                .values = w->values[variable] + 1,
                .missing = w->missing[variable]};
        if (kind == COLUMN_CODES) {
                w->columns[variable].dictionary = world_dictionary;
                w->columns[variable].dictionary_len = WORLD_DICTIONARY;
        }
}

struct world *world_clean(uint32_t rows)
{
        struct world *w = calloc(1, sizeof *w);

        assert_non_null(w);
        add_column(w, KOD, COLUMN_CODES, 1);
        add_column(w, KODER, COLUMN_CODES, 2);
        add_column(w, FODD, COLUMN_I32, 4);
        add_column(w, NAR, COLUMN_I32, 4);
        add_column(w, SLUT, COLUMN_I32, 4);
        add_column(w, ANTAL, COLUMN_I32, 4);
        add_column(w, BELOPP, COLUMN_I64, 8);
        add_column(w, FLAGGA, COLUMN_BOOLEANS, 1);
        w->batch = (struct batch){.rows = rows,
                .persons = {w->ids, w->kinds},
                .record_keys = (uint8_t *)w->keys,
                .record_key_width = KEY};
        memset(w->kinds, PERSON_NATIONAL, rows);
        for (uint32_t row = 0; row < rows; row++) {
                char key[24];

                world_set(w, KOD, row, row % 3);
                world_set(w, KODER, row, row % 2);
                world_set(
                        w, FODD, row, days_from_civil((struct civil){2015, 1 + (int)row % 12, 1}));
                world_set(w, NAR, row, PERIOD_FIRST + row % 365);
                world_set(w, SLUT, row, PERIOD_LAST + row % 10);
                world_set(w, ANTAL, row, row % 900);
                world_set(w, BELOPP, row, (int64_t)row * 100000000);
                world_set(w, FLAGGA, row, row % 2);
                (void)snprintf(key, sizeof key, "2025-%u", row);
                world_key(w, row, key);
        }
        world_rules = (struct rules_dataset){
                .id = B("d"), .person = PERSON_USE_REQUIRED, .clear_persons = true};
        return w;
}

enum err world_run(struct world *w, struct arena *a, struct verdicts *out, struct refusal *why)
{
        uint32_t n = 0;

        for (int v = 0; v < VARIABLES; v++)
                if (w->columns[v].name.len > 0)
                        w->sent[n++] = w->columns[v];
        w->batch.columns = w->sent;
        w->batch.columns_len = n;
        *why = (struct refusal){0};
        return validate_batch(&world_dataset, world_period, &w->batch, a, out, why);
}

uint32_t world_sent(const struct world *w, int variable)
{
        uint32_t n = 0;

        for (int v = 0; v < variable; v++)
                n += w->columns[v].name.len > 0;
        return n;
}
/* One rule at a time ------------------------------------------------------- */

static void bad_code(struct world *w, uint32_t r)
{
        world_set(w, KOD, r, 5);
}
static void empty_code(struct world *w, uint32_t r)
{
        world_set(w, KODER, r, 6);
}
static void beyond_dictionary(struct world *w, uint32_t r)
{
        world_set(w, KOD, r, 200);
}
static void far_beyond(struct world *w, uint32_t r)
{
        world_set(w, KODER, r, 0xffff);
}
static void ended_code(struct world *w, uint32_t r)
{
        world_set(w, KOD, r, 3);
}
static void later_code(struct world *w, uint32_t r)
{
        world_set(w, KODER, r, 4);
}
static void too_low(struct world *w, uint32_t r)
{
        world_set(w, ANTAL, r, -6);
}
static void too_high(struct world *w, uint32_t r)
{
        world_set(w, ANTAL, r, 1001);
}
static void marker(struct world *w, uint32_t r)
{
        world_set(w, ANTAL, r, INT32_MIN);
}
static void negative(struct world *w, uint32_t r)
{
        world_set(w, BELOPP, r, -1);
}
static void too_much(struct world *w, uint32_t r)
{
        world_set(w, BELOPP, r, INT64_C(100000000001));
}
static void not_boolean(struct world *w, uint32_t r)
{
        world_set(w, FLAGGA, r, 2);
}
static void all_ones(struct world *w, uint32_t r)
{
        world_set(w, FLAGGA, r, 255);
}
static void year_before(struct world *w, uint32_t r)
{
        world_set(w, NAR, r, PERIOD_FIRST - 1);
}
static void year_after(struct world *w, uint32_t r)
{
        world_set(w, NAR, r, PERIOD_LAST + 1);
        world_miss(w, SLUT, r);
}
static void whole_birthday(struct world *w, uint32_t r)
{
        world_set(w, FODD, r, world_get(w, FODD, r) + 1);
}
static void no_code(struct world *w, uint32_t r)
{
        world_miss(w, KOD, r);
}
static void no_flag(struct world *w, uint32_t r)
{
        world_miss(w, FLAGGA, r);
}
static void no_date(struct world *w, uint32_t r)
{
        world_miss(w, NAR, r);
}
static void ends_first(struct world *w, uint32_t r)
{
        world_set(w, SLUT, r, world_get(w, NAR, r) - 1);
}
static void too_young(struct world *w, uint32_t r)
{
        world_set(w, FODD, r, days_from_civil((struct civil){2023, 2, 1}));
}
static void too_old(struct world *w, uint32_t r)
{
        world_set(w, FODD, r, days_from_civil((struct civil){2003, 12, 1}));
}
static void no_person(struct world *w, uint32_t r)
{
        w->kinds[r] = PERSON_NONE;
}
static void local_person(struct world *w, uint32_t r)
{
        w->kinds[r] = PERSON_LOCAL;
}
static void odd_person(struct world *w, uint32_t r)
{
        w->kinds[r] = 77;
}
void world_guardian(struct world *w, uint32_t r)
{
        w->batch.guardians.len = 1;
        w->batch.guardians.offsets = w->offsets;
        w->batch.guardians.persons = (struct person_column){w->guardian_ids, w->guardian_kinds};
        for (uint32_t i = r + 1; i <= w->batch.rows; i++)
                w->offsets[i] = 1;
        w->guardian_kinds[0] = PERSON_NATIONAL;
}
static void guardian_unknown(struct world *w, uint32_t r)
{
        world_rules.guardians = true;
        world_guardian(w, r);
        w->guardian_kinds[0] = PERSON_NONE;
}
static void guardian_local(struct world *w, uint32_t r)
{
        world_rules.guardians = true;
        world_guardian(w, r);
        w->guardian_kinds[0] = PERSON_LOCAL;
}
static void nine_guardians(struct world *w, uint32_t r)
{
        world_rules.guardians = true;
        world_guardian(w, r);
        w->batch.guardians.len = 9;
        memset(w->guardian_kinds, PERSON_NATIONAL, 9);
        for (uint32_t i = r + 1; i <= w->batch.rows; i++)
                w->offsets[i] = 9;
}
static void no_key(struct world *w, uint32_t r)
{
        world_key(w, r, "");
}
static void bell_in_key(struct world *w, uint32_t r)
{
        world_key(w, r, "a\ab");
}
static void key_from_latin(struct world *w, uint32_t r)
{
        world_key(w, r, "Malm\xf6");
}
static void key_with_hole(struct world *w, uint32_t r)
{
        world_key(w, r, "ab");
        w->keys[(size_t)r * KEY + 5] = 'c';
}
static void key_in_second_word(struct world *w, uint32_t r)
{
        world_key(w, r, "");
        w->keys[(size_t)r * KEY + KEY - 1] = 'x';
}
static void key_again(struct world *w, uint32_t r)
{
        world_key(w, r, "2025-10");
}
#define V REJECTION_VALUE
#define K REJECTION_RECORD_KEY
#define G REJECTION_GUARDIAN
const struct world_fault world_faults[] = {
        {bad_code, V, KOD, VALIDATE_UNKNOWN_CODE},
        {empty_code, V, KODER, VALIDATE_UNKNOWN_CODE},
        {beyond_dictionary, V, KOD, VALIDATE_UNKNOWN_CODE},
        {far_beyond, V, KODER, VALIDATE_UNKNOWN_CODE},
        {ended_code, V, KOD, VALIDATE_CODE_NOT_VALID},
        {later_code, V, KODER, VALIDATE_CODE_NOT_VALID},
        {too_low, V, ANTAL, VALIDATE_OUT_OF_RANGE},
        {too_high, V, ANTAL, VALIDATE_OUT_OF_RANGE},
        {marker, V, ANTAL, VALIDATE_OUT_OF_RANGE},
        {negative, V, BELOPP, VALIDATE_OUT_OF_RANGE},
        {too_much, V, BELOPP, VALIDATE_OUT_OF_RANGE},
        {not_boolean, V, FLAGGA, VALIDATE_OUT_OF_RANGE},
        {all_ones, V, FLAGGA, VALIDATE_OUT_OF_RANGE},
        {year_before, V, NAR, VALIDATE_OUTSIDE_PERIOD},
        {year_after, V, NAR, VALIDATE_OUTSIDE_PERIOD},
        {whole_birthday, V, FODD, VALIDATE_NOT_MONTH_START},
        {no_code, V, KOD, VALIDATE_MISSING_VALUE},
        {no_flag, V, FLAGGA, VALIDATE_MISSING_VALUE},
        {no_date, V, NAR, VALIDATE_MISSING_VALUE},
        {ends_first, V, SLUT, VALIDATE_DATE_ORDER},
        {too_young, V, NAR, VALIDATE_AGE_OUT_OF_RANGE},
        {too_old, V, NAR, VALIDATE_AGE_OUT_OF_RANGE},
        {no_person, REJECTION_PERSON, 0, VALIDATE_MISSING_PERSON},
        {local_person, REJECTION_PERSON, 0, VALIDATE_KIND_NOT_ACCEPTED},
        {odd_person, REJECTION_PERSON, 0, VALIDATE_KIND_NOT_ACCEPTED},
        {world_guardian, G, 0, VALIDATE_GUARDIANS_NOT_EXPECTED},
        {guardian_unknown, G, 0, VALIDATE_MISSING_PERSON},
        {guardian_local, G, 0, VALIDATE_KIND_NOT_ACCEPTED},
        {nine_guardians, G, 0, VALIDATE_TOO_MANY_GUARDIANS},
        {no_key, K, 0, VALIDATE_EMPTY_RECORD_KEY},
        {bell_in_key, K, 0, VALIDATE_RECORD_KEY_NOT_TEXT},
        {key_from_latin, K, 0, VALIDATE_RECORD_KEY_NOT_TEXT},
        {key_with_hole, K, 0, VALIDATE_RECORD_KEY_NOT_TEXT},
        {key_in_second_word, K, 0, VALIDATE_RECORD_KEY_NOT_TEXT},
        {key_again, K, 0, VALIDATE_DUPLICATE_RECORD_KEY},
};
const size_t world_faults_len = ARRAY_LEN(world_faults);
