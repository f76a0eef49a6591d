/* SPDX-License-Identifier: Apache-2.0 */
/* world.c: see world.h. Columns follow the schema: every variable that a delivery may carry
 * is there, so that a record is as wide as a municipality's. */
#include "tools/benchmarks/world.h"

#include <string.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "gateway/store/body.h"
#include "tools/benchmarks/bench.h"

enum {
        YEAR = 2022,
        BIRTH_DAYS = 7000,
        LATER_DAYS = 90,
        NUMBERS = 1000,
        FAMILIES = 6, /* of nine children */
        KEY_LEN = 12,
        COLUMNS_MAX = 64
};

static const struct {
        const char *dataset, *date;
        uint32_t share;
} parts[WORLD_PARTS_LEN] = {
#define WORLD_ROW(name, dataset, date, share) {dataset, date, share},
        WORLD_PARTS(WORLD_ROW)
#undef WORLD_ROW
};

const char *world_dataset(enum world_part part)
{
        return parts[part].dataset;
}

const char *world_date(enum world_part part)
{
        return parts[part].date;
}

struct period world_period(void)
{
        return (struct period){days_from_civil((struct civil){YEAR, 1, 1}),
                days_from_civil((struct civil){YEAR + 2, 12, 31})};
}

uint32_t world_len(const struct records *r, enum world_part part, uint32_t place)
{
        return (uint32_t)((uint64_t)r->place[place].rows * parts[part].share / 10);
}

void world_fill(const struct records *r, enum world_part part, uint32_t place, uint32_t first,
        uint32_t len, struct world_rows *out)
{
        struct period span = world_period();
        uint32_t days = (uint32_t)(span.last - span.first + 1);

        out->len = len;
        for (uint32_t i = 0; i < len; i++) {
                uint64_t h = records_hash(
                        (uint64_t)(part + 1) << 56 | (uint64_t)place << 32 | (first + i));
                const struct place *home = &r->place[h % 10 != 0 ? place : (place + 1) % r->places];

                out->person[i] = (int32_t)(home->first_person + (uint32_t)(h / 10 % home->persons));
                h = records_hash(h);
                out->day[i] = span.first + (int32_t)(h % days);
                out->hash[i] = h / days;
        }
}

/* Children 0, 1 and 2 of nine are alone; the other six are three pairs or two threes. */
static uint32_t family_of(uint32_t child)
{
        uint32_t nine = child / 9, i = child % 9;

        if (i >= 3)
                i = 3 + (i - 3) / (nine % 2 == 0 ? 2 : 3);
        return nine * FAMILIES + i;
}

/* Every fourth family has one guardian only; in every eighth nine the children of two
 * families have the same father, and their mothers' other children are not kin. */
uint32_t world_guardians(uint32_t child, uint32_t out[2])
{
        uint32_t family = family_of(child), nine = family / FAMILIES;

        out[0] = 2 * family;
        out[1] = 2 * (nine % 8 == 3 && family % FAMILIES == 4 ? family - 1 : family) + 1;
        return family % 4 == 0 ? 1 : 2;
}

/* One batch ---------------------------------------------------------------------- */

static int32_t birth_of(uint32_t person, int year)
{
        return days_from_civil((struct civil){year, 2, 1}) + (int32_t)(person % BIRTH_DAYS);
}

static void put_person(struct person_column *to, uint32_t i, uint32_t person, int year)
{
        uint8_t *ids = (uint8_t *)(uintptr_t)to->ids, *kinds = (uint8_t *)(uintptr_t)to->kinds;

        records_id(
                birth_of(person, year), 1 + person / BIRTH_DAYS, ids + (size_t)i * PERSON_ID_LEN);
        kinds[i] = PERSON_NATIONAL;
}

static void *take(struct arena *a, uint32_t len, size_t size)
{
        void *at = arena_alloc_raw(a, (size_t)len + 1, size);

        if (at == NULL)
                bench_fail("out of memory");
        return at;
}

static struct person_column people(struct arena *a, uint32_t len)
{
        return (struct person_column){take(a, len, PERSON_ID_LEN), take(a, len, 1)};
}

static void put_guardians(
        struct arena *a, const struct world_rows *rows, struct guardian_column *out)
{
        uint32_t *offsets = take(a, rows->len + 1, sizeof(*offsets));

        *out = (struct guardian_column){.offsets = offsets, .persons = people(a, 2 * rows->len)};
        offsets[0] = 0;
        for (uint32_t i = 0; i < rows->len; i++) {
                uint32_t guardians[2], len = world_guardians((uint32_t)rows->person[i], guardians);

                for (uint32_t k = 0; k < len; k++)
                        put_person(&out->persons, out->len++, guardians[k], 1965);
                offsets[i + 1] = out->len;
        }
}

static void put_keys(struct arena *a, uint32_t first, uint32_t len, struct keeper_accept *out)
{
        char *keys = take(a, len, KEY_LEN);

        for (uint32_t i = 0; i < len; i++) {
                char *key = keys + (size_t)i * KEY_LEN;
                uint32_t number = first + i;

                for (uint32_t k = KEY_LEN; k-- > 0; number /= 10)
                        key[k] = (char)('0' + number % 10);
        }
        out->record_keys = (const uint8_t *)keys;
        out->record_key_width = KEY_LEN;
}

static void put_codes(
        struct arena *a, const struct variable *v, const struct world_rows *rows, struct column *c)
{
        const struct code_level *level = &v->codes->levels[0];
        struct bytes *dictionary = take(a, level->len, sizeof(*dictionary));
        uint16_t *wide = take(a, rows->len, sizeof(*wide));
        uint8_t *narrow = take(a, rows->len, 1);

        for (uint32_t i = 0; i < level->len; i++)
                dictionary[i] = level->codes[i].code;
        for (uint32_t i = 0; i < rows->len; i++) {
                uint64_t h = v->source == SOURCE_SEX
                                     ? 1 + (uint64_t)(rows->person[i] / BIRTH_DAYS)
                                     : records_hash(rows->hash[i] + c->name.data[0]);

                wide[i] = (uint16_t)(h % (v->source == SOURCE_SEX ? 2 : level->len));
                narrow[i] = (uint8_t)wide[i];
        }
        c->kind = COLUMN_CODES;
        c->dictionary = dictionary;
        c->dictionary_len = level->len;
        c->width = level->len <= UINT8_MAX ? 1 : 2;
        c->values = c->width == 1 ? narrow : (const uint8_t *)wide;
}

static void put_dates(struct arena *a, const struct policy_dataset *d, const struct variable *v,
        const struct world_rows *rows, struct column *c)
{
        int32_t *days = take(a, rows->len, sizeof(*days));
        bool ordering = v == &d->variables[d->order_variable];

        for (uint32_t i = 0; i < rows->len; i++) {
                int32_t born = birth_of((uint32_t)rows->person[i], 2005);

                if (v->source == SOURCE_BIRTH_MONTH)
                        days[i] = born - (civil_from_days(born).day - 1);
                else
                        days[i] = rows->day[i] +
                                  (ordering ? 0 : (int32_t)(rows->hash[i] % LATER_DAYS));
        }
        c->kind = COLUMN_I32;
        c->width = 4;
        c->values = (const uint8_t *)days;
}

static void put_numbers(
        struct arena *a, const struct variable *v, const struct world_rows *rows, struct column *c)
{
        uint64_t span = (uint64_t)(v->max - v->min) + 1;
        int64_t *numbers = take(a, rows->len, sizeof(*numbers));

        for (uint32_t i = 0; i < rows->len; i++)
                numbers[i] =
                        v->min + (int64_t)(rows->hash[i] / 8 % (span < NUMBERS ? span : NUMBERS));
        c->kind = COLUMN_I64;
        c->width = 8;
        c->values = (const uint8_t *)numbers;
}

static void put_booleans(struct arena *a, const struct world_rows *rows, struct column *c)
{
        uint8_t *values = take(a, rows->len, 1);

        for (uint32_t i = 0; i < rows->len; i++)
                values[i] = rows->hash[i] >> 20 & 1;
        c->kind = COLUMN_BOOLEANS;
        c->width = 1;
        c->values = values;
}

static void put_column(struct arena *a, const struct policy_dataset *d, const struct variable *v,
        const struct world_rows *rows, struct column *c)
{
        *c = (struct column){.name = v->id};
        if (v->type == VARIABLE_CODE)
                put_codes(a, v, rows, c);
        else if (v->type == VARIABLE_DATE)
                put_dates(a, d, v, rows, c);
        else if (v->type == VARIABLE_BOOLEAN)
                put_booleans(a, rows, c);
        else
                put_numbers(a, v, rows, c);
}

void world_accept(const struct policy_dataset *d, const struct world_rows *rows, uint32_t first,
        struct arena *arena, struct keeper_accept *out)
{
        struct column columns[COLUMNS_MAX];
        struct batch batch = {.rows = rows->len, .columns = columns};

        if (d->variables_len > COLUMNS_MAX)
                bench_fail("a data set has more variables than the bench expects");
        out->rows = rows->len;
        out->persons = people(arena, rows->len);
        for (uint32_t i = 0; i < rows->len; i++)
                put_person(&out->persons, i, (uint32_t)rows->person[i], 2005);
        if (d->rules->guardians)
                put_guardians(arena, rows, &out->guardians);
        put_keys(arena, first, rows->len, out);
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (variable_is_column(&d->variables[i]))
                        put_column(arena, d, &d->variables[i], rows, &columns[batch.columns_len++]);
        bench_must(body_pack(arena, &batch, NULL, rows->len, &out->body), "packing");
        digest_of(out->body, &out->content);
}
