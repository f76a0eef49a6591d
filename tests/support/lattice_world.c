/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_world.c: see lattice_world.h. */
#include "tests/support/lattice_world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { PLACES = 6 };

uint64_t lattice_random(struct lattice_world *w, uint64_t below)
{
        uint64_t z = w->random += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele et al. 2014) */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (z ^ z >> 31) % below;
}

static const char *const place_codes[PLACES] = {"0180", "0184", "1480", "1484", "2580", "0980"};

static uint16_t place_at(const struct lattice_world *w, uint64_t i)
{
        int32_t code = code_find(policy_municipalities(w->policy), bytes_of_text(place_codes[i]));

        assert(code >= 0);
        return (uint16_t)code;
}

void lattice_world_make(struct lattice_world *w, uint32_t records, uint64_t seed)
{
        const struct policy_dataset *d;
        struct refusal why = {0};
        int32_t first = days_from_civil((struct civil){2023, 1, 1});

        *w = (struct lattice_world){.random = seed, .records_len = records};
        if (policy_load(STATGATE_ROOT "/policies/bundle", &w->policy, &why) != ERR_OK)
                abort();
        d = policy_dataset_find(w->policy, bytes_of_text("anmalan"));
        assert(d != NULL);
        w->dataset = *d;
        w->dataset.lattice = (struct lattice){
                .tables = w->tables, .measures = w->measures, .cells_max = 1000000};
        w->dataset.disclosure.threshold = 5;
        w->dataset.disclosure.zeros_published = true;
        w->records = calloc(records, sizeof(*w->records));
        assert(w->records != NULL);
        for (uint32_t i = 0; i < records; i++) {
                struct lattice_record *r = &w->records[i];

                r->person = (uint32_t)lattice_random(w, records / 3 + 1);
                r->kon = r->person % 2;
                r->place = place_at(w, lattice_random(w, 2 + lattice_random(w, PLACES - 1)));
                r->day = first + (int32_t)lattice_random(w, 731);
                r->reason = (uint8_t)lattice_random(w, 1 + lattice_random(w, 10));
                r->places = 1 + (int64_t)lattice_random(w, 4);
        }
}

void lattice_world_free(struct lattice_world *w)
{
        free(w->records);
        policy_unref(&w->policy);
}

void lattice_world_plan(struct lattice_world *w, const char *axes)
{
        uint32_t n = w->dataset.lattice.tables_len++;
        struct lattice_table *t = &w->tables[n];
        char text[128], *save = NULL;

        assert(n < 4);
        t->axes = w->axes[n];
        (void)snprintf(text, sizeof(text), "%s", axes);
        for (char *name = strtok_r(text, ",", &save); name != NULL;
                name = strtok_r(NULL, ",", &save)) {
                char *level = strchr(name, ':');

                if (level != NULL)
                        *level++ = '\0';
                int32_t v = variable_find(&w->dataset, bytes_of_text(name));
                assert(v >= 0);
                int32_t l = variable_level_find(
                        &w->dataset.variables[v], bytes_of_text(level != NULL ? level : ""));
                assert(l >= 0);
                t->axes[t->axes_len++] = (struct lattice_axis){(uint32_t)v, (uint32_t)l};
        }
}

/* Views --------------------------------------------------------------------------------- */

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

static void put_value(
        const struct variable *v, const struct lattice_record *r, void *column, uint32_t row)
{
        bool missing = false;
        int64_t value = 0;

        if (v->source == SOURCE_SEX)
                value = r->kon;
        else if (v->source == SOURCE_BIRTH_MONTH)
                value = days_from_civil(
                        (struct civil){2008 + (int)(r->person % 12), 1 + (int)(r->person % 7), 1});
        else if (bytes_is_text(v->id, "datum"))
                value = r->day;
        else if (bytes_is_text(v->id, "orsak"))
                value = r->reason;
        else
                missing = !v->required;
        put(column, v->physical, row, missing, value);
}

struct view *lattice_world_view(const struct lattice_world *w)
{
        const struct policy_dataset *d = &w->dataset;
        uint32_t rows = 0, n = w->records_len;
        uint8_t *tokens = calloc(n, 16);
        uint16_t *places = calloc(n, sizeof(*places));
        uint64_t *keys = calloc(n, sizeof(*keys));
        void *columns[128] = {NULL};
        struct view *v = NULL;

        assert(tokens != NULL && places != NULL && keys != NULL);
        for (uint32_t k = 0; k < d->variables_len; k++)
                if (d->variables[k].source == SOURCE_DELIVERED ||
                        d->variables[k].source == SOURCE_SEX ||
                        d->variables[k].source == SOURCE_BIRTH_MONTH)
                        columns[k] = calloc(n, 8);
        for (uint32_t i = 0; i < n; i++) {
                const struct lattice_record *r = &w->records[i];

                if (r->gone)
                        continue;
                for (uint32_t b = 0; b < 16; b++)
                        tokens[rows * 16 + b] = (uint8_t)(1 + (r->person >> (b % 3 * 7)) % 120 + b);
                places[rows] = r->place;
                keys[rows] = (r->person + 1) * UINT64_C(0x9e3779b97f4a7c15) + w->named_by;
                for (uint32_t k = 0; k < d->variables_len; k++)
                        if (columns[k] != NULL)
                                put_value(&d->variables[k], r, columns[k], rows);
                rows++;
        }
        const struct view_plain plain = {.dataset = d,
                .rows = rows,
                .tokens = tokens,
                .municipalities = places,
                .columns = (const void *const *)columns,
                .record_keys = keys,
                .named_by = w->named_by};
        if (view_from_plain(&plain, 1, &v) != ERR_OK)
                abort();
        for (uint32_t k = 0; k < 128; k++)
                free(columns[k]);
        free(tokens);
        free(places);
        free(keys);
        return v;
}

struct lattice_source lattice_world_source(const struct lattice_world *w, const struct view *v)
{
        return (struct lattice_source){.policy = w->policy,
                .dataset = &w->dataset,
                .view = v,
                .span = {days_from_civil((struct civil){2023, 1, 1}),
                        days_from_civil((struct civil){2024, 12, 31})},
                .threads = 1};
}
