/* SPDX-License-Identifier: Apache-2.0 */
/* plain_world.c: see plain_world.h. Nothing here shares code with the engine. */
#include "tests/support/plain_world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { PLACES = 12 };

uint64_t plain_random(struct plain_world *w, uint64_t below)
{
        uint64_t z = w->random += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele et al. 2014) */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (z ^ z >> 31) % below;
}

static void make_persons(struct plain_world *w, bool personless)
{
        w->persons = w->rows / 3 + 1;
        uint8_t *names = calloc(w->persons + 1, 16);
        assert(names != NULL);
        for (uint32_t p = 0; p < w->persons; p++)
                for (uint32_t i = 0; i < 16; i++)
                        names[p * 16 + i] = (uint8_t)(1 + plain_random(w, 255));
        for (uint32_t r = 0; r < w->rows; r++) {
                w->person[r] = (uint32_t)plain_random(w, w->persons);
                if (personless && plain_random(w, 20) == 0)
                        w->person[r] = w->persons;
                memcpy(w->tokens + (size_t)r * 16, names + (size_t)w->person[r] * 16, 16);
        }
        free(names);
}

static int64_t random_value(struct plain_world *w, const struct variable *v)
{
        switch (v->type) {
        case VARIABLE_CODE:
                return (int64_t)plain_random(w, v->codes->levels[0].len);
        case VARIABLE_BOOLEAN:
                return (int64_t)plain_random(w, 2);
        case VARIABLE_DATE:
                if (v->source == SOURCE_BIRTH_MONTH)
                        return days_from_civil((struct civil){(int)(2000 + plain_random(w, 23)),
                                (int)(1 + plain_random(w, 12)), 1});
                return 18993 + (int64_t)plain_random(w, 1200); /* 2022-01-01 and on */
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
                return v->min + (int64_t)plain_random(w, (uint64_t)(v->max - v->min) + 1);
        case VARIABLE_AGE:
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return 0;
}

static void put(void *column, enum physical p, uint32_t row, bool missing, int64_t value)
{
        switch (p) {
        case PHYSICAL_U8:
                ((uint8_t *)column)[row] = missing ? 0xff : (uint8_t)value;
                return;
        case PHYSICAL_U16:
                ((uint16_t *)column)[row] = missing ? 0xffff : (uint16_t)value;
                return;
        case PHYSICAL_I32:
                ((int32_t *)column)[row] = missing ? INT32_MIN : (int32_t)value;
                return;
        case PHYSICAL_I64:
                ((int64_t *)column)[row] = missing ? INT64_MIN : value;
                return;
        case PHYSICAL_NONE:
                return;
        }
}

static void make_columns(struct plain_world *w)
{
        for (uint32_t i = 0; i < w->dataset->variables_len; i++) {
                const struct variable *v = &w->dataset->variables[i];

                if (v->source == SOURCE_AGE || v->source == SOURCE_MUNICIPALITY ||
                        v->source == SOURCE_MUNICIPALITIES)
                        continue;
                w->columns[i] = calloc(w->rows, 8);
                assert(w->columns[i] != NULL);
                for (uint32_t r = 0; r < w->rows; r++)
                        put(w->columns[i], v->physical, r, !v->required && plain_random(w, 8) == 0,
                                random_value(w, v));
        }
        /* Those that deliver stand before those that are history. */
        uint32_t places = policy_rules(w->policy)->municipalities_len;
        uint16_t chosen[PLACES];
        for (uint32_t i = 0; i < PLACES; i++)
                chosen[i] = (uint16_t)plain_random(w, places);
        for (uint32_t r = 0; r < w->rows; r++)
                w->municipalities[r] = chosen[plain_random(w, PLACES)];
}

void plain_world_make(struct plain_world *w, const char *folder, const char *dataset, uint32_t rows,
        uint64_t seed, bool personless)
{
        struct refusal why = {0};

        *w = (struct plain_world){.rows = rows, .random = seed};
        enum err e = policy_load(folder, &w->policy, &why);
        if (e != ERR_OK)
                fprintf(stderr, "%s: %s\n", why.violations[0].field, why.violations[0].text);
        assert(e == ERR_OK);
        w->dataset = policy_dataset_find(w->policy, bytes_of_text(dataset));
        w->person = calloc(rows, sizeof(*w->person));
        w->tokens = calloc(rows, 16);
        w->municipalities = calloc(rows, sizeof(*w->municipalities));
        w->keys = calloc(rows, sizeof(*w->keys));
        assert(w->dataset != NULL && w->person && w->tokens && w->municipalities && w->keys);
        make_persons(w, personless);
        /* A token is random enough, and the same wherever its person is. */
        for (uint32_t r = 0; r < rows; r++)
                memcpy(&w->keys[r], w->tokens + (size_t)r * 16 + 4, sizeof(*w->keys));
        make_columns(w);
}

void plain_world_free(struct plain_world *w)
{
        for (uint32_t i = 0; i < 128; i++)
                free(w->columns[i]);
        free(w->person);
        free(w->tokens);
        free(w->municipalities);
        free(w->keys);
        policy_unref(&w->policy);
}

struct view *plain_world_view(const struct plain_world *w, unsigned threads)
{
        const struct view_plain plain = {
                .dataset = w->dataset,
                .rows = w->rows,
                .tokens = w->tokens,
                .municipalities = w->municipalities,
                .columns = (const void *const *)w->columns,
                .record_keys = w->keys,
        };
        struct view *v = NULL;
        enum err e = view_from_plain(&plain, threads, &v);

        assert(e == ERR_OK);
        return v;
}

/* Distinct municipalities of the row's person; 0 for nobody. */
static int64_t count_places(const struct plain_world *w, uint32_t row)
{
        uint8_t seen[1024] = {0};
        int64_t n = 0;

        if (w->person[row] == w->persons)
                return 0;
        for (uint32_t r = 0; r < w->rows; r++) {
                if (w->person[r] != w->person[row] || seen[w->municipalities[r]])
                        continue;
                seen[w->municipalities[r]] = 1;
                n++;
        }
        return n;
}

bool plain_value(const struct plain_world *w, uint32_t variable, uint32_t row, int64_t *out)
{
        const struct variable *v = &w->dataset->variables[variable];
        const void *column = w->columns[variable];
        int64_t birth, at;

        if (v->source == SOURCE_MUNICIPALITY) {
                *out = w->municipalities[row];
                return true;
        }
        if (v->source == SOURCE_MUNICIPALITIES) {
                *out = count_places(w, row);
                return *out > 0;
        }
        if (v->source == SOURCE_AGE) {
                if (!plain_value(w, v->age_birth, row, &birth) ||
                        !plain_value(w, v->age_at, row, &at) || at < birth)
                        return false;
                *out = age_at((int32_t)birth, (int32_t)at);
                return *out < 255;
        }
        switch (v->physical) {
        case PHYSICAL_U8:
                *out = ((const uint8_t *)column)[row];
                return *out != 0xff;
        case PHYSICAL_U16:
                *out = ((const uint16_t *)column)[row];
                return *out != 0xffff;
        case PHYSICAL_I32:
                *out = ((const int32_t *)column)[row];
                return *out != INT32_MIN;
        case PHYSICAL_I64:
                *out = ((const int64_t *)column)[row];
                return *out != INT64_MIN;
        case PHYSICAL_NONE:
                break;
        }
        return false;
}
