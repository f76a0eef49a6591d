/* SPDX-License-Identifier: Apache-2.0 */
/* records.c: see records.h. Persons are born on one of 7,000 days from
 * 2005-02-01 on, at most 999 a day, so that all numbers are valid and nobody is older than
 * the data set allows in 2025. */
#include "tools/benchmarks/records.h"

#include <string.h>

#include "base/clock.h"
#include "crypto/personnummer.h"
#include "tools/benchmarks/bench.h"

enum { BIRTH_DAYS = 7000, BIRTH_NUMBERS = 999, YEAR_DAYS = 365 };

static const char *const code_variables[6] = {
        "kon", "form", "lagrum", "regi", "utforare", "avslut"};

uint64_t records_hash(uint64_t x) /* splitmix64 (Steele et al. 2014) */
{
        uint64_t z = x + 0x9e3779b97f4a7c15u;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
}

static void share_out(struct records *r, uint64_t rows, uint32_t persons)
{
        const struct code_level *level = &policy_municipalities(r->policy)->levels[0];
        uint64_t all = 0, before = 0;

        for (uint32_t i = 0; i < level->len; i++)
                all += level->codes[i].population;
        /* What is only history stands last in the list, and nobody lives there. */
        r->places = level->len;
        while (r->places > 0 && level->codes[r->places - 1].history)
                r->places--;
        for (uint32_t i = 0; i < r->places; i++) {
                uint64_t after = before + level->codes[i].population;
                struct place *p = &r->place[i];

                if (!municipality_parse((const char *)level->codes[i].code.data, 4, &p->code))
                        bench_fail("a municipality without a code");
                p->rows = (uint32_t)(rows * after / all - rows * before / all);
                p->first_person = (uint32_t)(persons * before / all);
                p->persons = (uint32_t)(persons * after / all) - p->first_person;
                if (p->persons == 0)
                        bench_fail("too few persons for all municipalities");
                before = after;
        }
}

void records_open(struct records *r, const char *bundle, uint64_t rows, uint32_t persons)
{
        struct refusal why = {0};

        memset(r, 0, sizeof *r);
        bench_must(policy_load(bundle, &r->policy, &why), "reading the bundle");
        r->dataset = policy_dataset_find(r->policy, bytes_of_text(RECORDS_DATASET));
        if (r->dataset == NULL || persons > BIRTH_DAYS * BIRTH_NUMBERS)
                bench_fail("no such data set, or too many persons");
        for (unsigned c = 0; c < 6; c++) {
                int32_t v = variable_find(r->dataset, bytes_of_text(code_variables[c]));

                if (v < 0)
                        bench_fail("the data set lacks a variable");
                const struct code_level *level = &r->dataset->variables[v].codes->levels[0];

                if (level->len > RECORDS_CODES_MAX)
                        bench_fail("a code list is longer than the bench expects");
                for (uint32_t i = 0; i < level->len; i++)
                        r->codes[c][i] = level->codes[i].code;
                r->codes_len[c] = level->len;
        }
        share_out(r, rows, persons);
}

void records_close(struct records *r)
{
        policy_unref(&r->policy);
}

static void digits(char *to, unsigned len, uint32_t v)
{
        while (len-- > 0) {
                to[len] = (char)('0' + v % 10);
                v /= 10;
        }
}

void records_id(int32_t born, uint32_t number, uint8_t id[PERSON_ID_LEN])
{
        struct civil c = civil_from_days(born);
        char *text = (char *)id;

        digits(text, 4, (uint32_t)c.year);
        digits(text + 4, 2, (uint32_t)c.month);
        digits(text + 6, 2, (uint32_t)c.day);
        digits(text + 8, 3, number);
        text[11] = pnr_check_digit(text + 2);
}

static void fill_person(struct rows *out, uint32_t i, uint32_t person)
{
        int32_t born = days_from_civil((struct civil){2005, 2, 1}) + (int32_t)(person % BIRTH_DAYS);
        uint32_t number = 1 + person / BIRTH_DAYS;

        records_id(born, number, out->ids[i]);
        out->kinds[i] = PERSON_NATIONAL;
        out->person[i] = person;
        out->birth[i] = born - (civil_from_days(born).day - 1);
        out->codes[CODE_KON][i] = (uint8_t)(number % 2);
}

static void set_bit(uint8_t *bitmap, uint32_t i, bool on)
{
        if (on)
                bitmap[i / 8] |= (uint8_t)(1u << (i % 8));
}

static void fill_values(const struct records *r, struct rows *out, uint32_t i, uint64_t h)
{
        bool ended = h % 5 != 0, priced = h / 5 % 16 != 0;

        out->start[i] = days_from_civil((struct civil){2025, 1, 1}) + (int32_t)(h / 80 % YEAR_DAYS);
        out->end[i] = ended ? out->start[i] + (int32_t)(h / 32000 % 400) : 0;
        set_bit(out->end_missing, i, !ended);
        h = records_hash(h);
        out->cost[i] = priced ? 80000 + (int64_t)(h % 7000) * 100 : 0;
        set_bit(out->cost_missing, i, !priced);
        for (unsigned c = CODE_FORM; c <= CODE_AVSLUT; c++) {
                h /= 64;
                out->codes[c][i] = (uint8_t)(h % 64 % r->codes_len[c]);
        }
        if (!ended)
                out->codes[CODE_AVSLUT][i] = 0;
}

void records_fill(
        const struct records *r, uint32_t place, uint32_t first, uint32_t len, struct rows *out)
{
        out->len = len;
        memset(out->end_missing, 0, sizeof out->end_missing);
        memset(out->cost_missing, 0, sizeof out->cost_missing);
        for (uint32_t i = 0; i < len; i++) {
                uint64_t h = records_hash((uint64_t)place << 32 | (first + i));
                const struct place *home = &r->place[h % 10 != 0 ? place : (place + 1) % r->places];

                h /= 10;
                fill_person(out, i, home->first_person + (uint32_t)(h % home->persons));
                fill_values(r, out, i, records_hash(h));
                memcpy(out->keys[i], "2025-", 5);
                digits(out->keys[i] + 5, 7, first + i);
        }
}

static struct column codes_of(const struct records *r, const struct rows *rows, enum records_code c)
{
        return (struct column){
                .name = bytes_of_text(code_variables[c]),
                .kind = COLUMN_CODES,
                .dictionary = r->codes[c],
                .dictionary_len = r->codes_len[c],
                .width = 1,
                .values = rows->codes[c],
                .missing = c == CODE_AVSLUT ? rows->end_missing : NULL,
        };
}

static struct column days_of(const char *name, const int32_t *values, const uint8_t *missing)
{
        return (struct column){
                .name = bytes_of_text(name),
                .kind = COLUMN_I32,
                .width = 4,
                .values = (const uint8_t *)values,
                .missing = missing,
        };
}

struct batch records_batch(const struct records *r, const struct rows *rows, uint32_t sequence,
        struct column columns[RECORDS_COLUMNS])
{
        for (unsigned c = 0; c < 6; c++)
                columns[c] = codes_of(r, rows, (enum records_code)c);
        columns[6] = days_of("fodelsemanad", rows->birth, NULL);
        columns[7] = days_of("start", rows->start, NULL);
        columns[8] = days_of("slut", rows->end, rows->end_missing);
        columns[9] = (struct column){
                .name = bytes_of_text("kostnad_dygn"),
                .kind = COLUMN_I64,
                .width = 8,
                .values = (const uint8_t *)rows->cost,
                .missing = rows->cost_missing,
        };
        return (struct batch){
                .sequence = sequence,
                .rows = rows->len,
                .persons = {rows->ids[0], rows->kinds},
                .record_keys = (const uint8_t *)rows->keys,
                .record_key_width = sizeof rows->keys[0],
                .columns = columns,
                .columns_len = RECORDS_COLUMNS,
        };
}
