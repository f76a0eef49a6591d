/* SPDX-License-Identifier: Apache-2.0 */
/* linked_world.c: see linked_world.h. Nothing here shares code with the linkage. */
#include "tests/support/linked_world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMS = 300, FIRST_DAY = 19000, DAYS = 700 };

static void *must_have(size_t count, size_t size)
{
        void *at = calloc(count + 1, size);

        assert(at != NULL);
        return at;
}

uint64_t linked_random(struct linked_world *w, uint64_t below)
{
        uint64_t z = w->random += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele et al. 2014) */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (z ^ z >> 31) % below;
}

uint64_t linked_world_key(uint32_t name)
{
        return ((uint64_t)name + 1) * 0x9e3779b97f4a7c15u;
}

static void make_variables(struct linked_schema *s, struct variable *v)
{
        v[WORLD_PLACE] = (struct variable){.id = bytes_of_text("kommun"),
                .type = VARIABLE_CODE,
                .source = SOURCE_MUNICIPALITY,
                .physical = PHYSICAL_U16,
                .codes = &s->list};
        v[WORLD_DATE] = (struct variable){
                .id = bytes_of_text("datum"), .type = VARIABLE_DATE, .physical = PHYSICAL_I32};
        v[WORLD_NUMBER] = (struct variable){
                .id = bytes_of_text("nummer"), .type = VARIABLE_INTEGER, .physical = PHYSICAL_I32};
        v[WORLD_AMOUNT] = (struct variable){
                .id = bytes_of_text("belopp"), .type = VARIABLE_DECIMAL, .physical = PHYSICAL_I64};
        v[WORLD_FLAG] = (struct variable){
                .id = bytes_of_text("flagga"), .type = VARIABLE_BOOLEAN, .physical = PHYSICAL_U8};
        v[WORLD_FORM] = (struct variable){.id = bytes_of_text("form"),
                .type = VARIABLE_CODE,
                .physical = PHYSICAL_U16,
                .codes = &s->list};
        v[WORLD_SEEN_IN] = (struct variable){.id = bytes_of_text("kommuner"),
                .type = VARIABLE_INTEGER,
                .source = SOURCE_MUNICIPALITIES,
                .physical = PHYSICAL_U8};
}

void linked_schema_make(struct linked_schema *s)
{
        static const char *const codes[WORLD_PLACES] = {
                "0114", "0180", "0380", "0580", "1280", "1480", "1880", "2580"};
        static const char *const names[WORLD_PARTS] = {"anmalan", "placering", "enkat"};

        *s = (struct linked_schema){0};
        for (uint32_t i = 0; i < WORLD_PLACES; i++) {
                s->places[i] = (struct code){.code = bytes_of_text(codes[i]),
                        .parent = CODE_NO_PARENT,
                        .valid_from = INT32_MIN,
                        .valid_until = INT32_MAX};
                s->by_code[i] = i;
        }
        s->level = (struct code_level){.codes = s->places, .len = WORLD_PLACES};
        s->list = (struct code_list){.levels = &s->level, .levels_len = 1, .by_code = s->by_code};
        for (uint32_t i = 0; i < WORLD_PARTS; i++) {
                bool last = i + 1 == WORLD_PARTS;

                make_variables(s, s->variables[i]);
                if (last)
                        s->variables[i][WORLD_PLACE].source = SOURCE_DELIVERED;
                s->datasets[i] = (struct policy_dataset){
                        .id = bytes_of_text(names[i]),
                        .variables = s->variables[i],
                        .variables_len = WORLD_VARIABLES,
                        .municipality_variable = last ? UINT32_MAX : WORLD_PLACE,
                        .order_variable = last ? UINT32_MAX : WORLD_DATE,
                        .episode_from = UINT32_MAX,
                        .episode_until = UINT32_MAX,
                };
        }
}

static void make_names(struct linked_world *w, const struct linked_wish *wish)
{
        w->persons = wish->persons;
        w->names_len = wish->persons + wish->guardians;
        w->names = must_have(w->names_len, sizeof(*w->names));
        for (uint32_t p = 0; p < w->names_len; p++)
                for (uint32_t i = 0; i < 16; i++)
                        w->names[p][i] = wish->crowded && i < 8
                                                 ? (uint8_t)(7 + (i == 7) * (p % 3))
                                                 : (uint8_t)(1 + linked_random(w, 255));
}

static void make_part(struct linked_world *w, struct linked_part *part, uint32_t rows)
{
        *part = (struct linked_part){.rows = rows};
        part->person = must_have(rows, sizeof(*part->person));
        part->tokens = must_have(rows, 16);
        part->places = must_have(rows, sizeof(*part->places));
        part->keys = must_have(rows, sizeof(*part->keys));
        for (uint32_t i = 0; i < WORLD_SEEN_IN; i++)
                part->columns[i] = must_have(rows, 8);
        for (uint32_t r = 0; r < rows; r++) {
                bool nobody = linked_random(w, 25) == 0;

                part->person[r] = nobody ? w->names_len : (uint32_t)linked_random(w, w->persons);
                if (!nobody)
                        memcpy(part->tokens + (size_t)r * 16, w->names[part->person[r]], 16);
                part->keys[r] = nobody ? 0 : linked_world_key(part->person[r]);
                part->places[r] = (uint16_t)linked_random(w, WORLD_PLACES);
                ((uint16_t *)part->columns[WORLD_PLACE])[r] = part->places[r];
                ((int32_t *)part->columns[WORLD_DATE])[r] =
                        linked_random(w, 30) == 0 ? MISSING_I32
                                                  : FIRST_DAY + (int32_t)linked_random(w, DAYS);
                ((int32_t *)part->columns[WORLD_NUMBER])[r] = (int32_t)r;
                ((int64_t *)part->columns[WORLD_AMOUNT])[r] = (int64_t)linked_random(w, 1u << 30);
                ((uint8_t *)part->columns[WORLD_FLAG])[r] = (uint8_t)linked_random(w, 2);
                ((uint16_t *)part->columns[WORLD_FORM])[r] = (uint16_t)linked_random(w, FORMS);
        }
}

bool linked_world_has_rows(const struct linked_world *w, uint32_t person)
{
        return linked_world_next(w, person) == person;
}

uint32_t linked_world_next(const struct linked_world *w, uint32_t from)
{
        uint32_t best = w->names_len;

        for (uint32_t i = 0; i < WORLD_PARTS; i++)
                for (uint32_t r = 0; r < w->parts[i].rows; r++)
                        if (w->parts[i].person[r] >= from && w->parts[i].person[r] < best)
                                best = w->parts[i].person[r];
        return best;
}

void linked_world_edge(struct linked_world *w, uint32_t child, uint32_t guardian, int32_t day)
{
        uint32_t n = w->edges_len + 1;

        if ((n & (n - 1)) == 0) {
                w->edges = realloc(w->edges, sizeof(*w->edges) * 2 * n);
                w->child = realloc(w->child, sizeof(*w->child) * 2 * n);
                w->guardian = realloc(w->guardian, sizeof(*w->guardian) * 2 * n);
                assert(w->edges != NULL && w->child != NULL && w->guardian != NULL);
        }
        memcpy(w->edges[w->edges_len].child, w->names[child], 16);
        memcpy(w->edges[w->edges_len].guardian, w->names[guardian], 16);
        w->edges[w->edges_len].day = day;
        w->child[w->edges_len] = child;
        w->guardian[w->edges_len] = guardian;
        w->edges_len = n;
}

/* Children named in random rows, by guardians of whom few have many; some guardians
 * are persons with rows, and now and then the child itself. */
static void make_edges(struct linked_world *w, uint32_t edges)
{
        for (uint32_t i = 0; i < edges; i++) {
                const struct linked_part *part = &w->parts[linked_random(w, WORLD_PARTS)];
                uint32_t r = part->rows > 0 ? (uint32_t)linked_random(w, part->rows) : 0;
                uint64_t reach = 1 + linked_random(w, w->names_len);

                if (part->rows == 0 || part->person[r] == w->names_len)
                        continue;
                uint32_t guardian = w->names_len - 1 - (uint32_t)linked_random(w, reach);
                if (linked_random(w, 40) == 0)
                        guardian = part->person[r];
                int32_t day = ((const int32_t *)part->columns[WORLD_DATE])[r];
                linked_world_edge(w, part->person[r], guardian, day);
        }
}

void linked_world_make(struct linked_world *w, const struct linked_wish *wish)
{
        *w = (struct linked_world){.random = wish->seed, .limits = wish->limits};
        linked_schema_make(&w->schema);
        make_names(w, wish);
        for (uint32_t i = 0; i < WORLD_PARTS; i++)
                make_part(w, &w->parts[i], wish->rows / (i + 1));
        make_edges(w, wish->edges);
}

void linked_world_free(struct linked_world *w)
{
        for (uint32_t i = 0; i < WORLD_PARTS; i++) {
                free(w->parts[i].person);
                free(w->parts[i].tokens);
                free(w->parts[i].places);
                free(w->parts[i].keys);
                for (uint32_t k = 0; k < WORLD_VARIABLES; k++)
                        free(w->parts[i].columns[k]);
        }
        free(w->names);
        free(w->edges);
        free(w->child);
        free(w->guardian);
}

enum err linked_world_try(
        struct linked_world *w, bool family, unsigned threads, struct linked **out)
{
        struct view_plain parts[WORLD_PARTS];

        for (uint32_t i = 0; i < WORLD_PARTS; i++)
                parts[i] = (struct view_plain){
                        .dataset = &w->schema.datasets[i],
                        .rows = w->parts[i].rows,
                        .tokens = w->parts[i].tokens,
                        .municipalities = w->parts[i].places,
                        .columns = (const void *const *)w->parts[i].columns,
                        .record_keys = w->parts[i].keyless ? NULL : w->parts[i].keys,
                };
        const struct linked_plain plain = {
                .parts = parts,
                .parts_len = WORLD_PARTS,
                .family = family,
                .limits = w->limits,
                .edges = w->edges,
                .edges_len = w->edges_len,
        };
        return linked_from_plain(&plain, threads, out);
}

struct linked *linked_world_view(struct linked_world *w, bool family, unsigned threads)
{
        struct linked *l = NULL;
        enum err e = linked_world_try(w, family, threads, &l);

        assert(e == ERR_OK);
        return l;
}
