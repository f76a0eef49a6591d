/* SPDX-License-Identifier: Apache-2.0 */
/* random_release.c: shapes, values, and what follows from both. */
#include "tests/support/random_release.h"

#include <assert.h>
#include <string.h>

#include "gateway/disclosure/residue.h"

struct dice {
        uint64_t seed, thrown;
};

static uint32_t throw(struct dice * d, uint32_t sides)
{
        return (uint32_t)(residue_mix(d->seed, d->thrown++) % sides);
}

/* A level groups the leaves, or the level before it. */
static void level_new(
        struct random_release *r, struct dice *d, uint32_t dimension, uint32_t l, bool filled)
{
        struct model_level *level = &r->level[dimension][l];
        uint32_t below = r->dimension[dimension].leaves;

        level->of = l > 0 && throw(d, 2) == 0 ? l : 0;
        if (level->of > 0)
                below = r->level[dimension][level->of - 1].len;
        level->len = 1 + throw(d, below);
        level->parent = r->parent[dimension][l];
        for (uint32_t i = 0; i < below; i++)
                r->parent[dimension][l][i] = filled && i < level->len ? i : throw(d, level->len);
}

static void dimensions_new(struct random_release *r, struct dice *d, const struct random_options *o)
{
        uint32_t inner_max = o->inner_max, len = 0;
        uint32_t leaves_max = o->leaves_max > 0 ? o->leaves_max : 6;
        uint32_t wanted = 1 + throw(d, o->dimensions_max > 0 ? o->dimensions_max : 4);

        r->inner = 1;
        for (; len < wanted && r->inner * 2 <= inner_max; len++) {
                struct model_dimension *dimension = &r->dimension[len];
                uint32_t most = inner_max / (uint32_t)r->inner;

                if (most > leaves_max)
                        most = leaves_max;
                dimension->leaves = 2 + throw(d, most - 1);
                r->inner *= dimension->leaves;
                dimension->levels = r->level[len];
                dimension->levels_len = throw(d, 3) == 0 ? 1 + throw(d, RELEASE_LEVELS) : 0;
                for (uint32_t l = 0; l < dimension->levels_len; l++)
                        level_new(r, d, len, l, o->filled);
        }
        r->release.dimensions = r->dimension;
        r->release.dimensions_len = len;
}

static void table_new(struct random_release *r, struct dice *d, struct arena *arena, bool whole)
{
        uint32_t t = r->release.tables_len++;
        struct model_table *table = &r->table[t];

        for (uint32_t i = 0; i < r->release.dimensions_len; i++)
                if (whole || throw(d, 3) > 0)
                        r->of_table[t][table->dimensions_len++] = i;
        table->dimensions = r->of_table[t];
        if (model_table_cells(r->dimension, table, &r->cells[t]) != ERR_OK)
                assert(false);
        r->cell[t] = arena_alloc(arena, r->cells[t], sizeof *r->cell[t]);
        assert(r->cell[t] != NULL);
        table->cells = r->cell[t];
}

/* The nodes of one leaf; the first is itself. */
static uint32_t nodes_of(const struct model_dimension *d, uint32_t leaf, uint32_t *node)
{
        uint32_t len = 0, first = d->leaves, group[RELEASE_LEVELS + 1] = {leaf};

        node[len++] = leaf;
        for (uint32_t l = 0; l < d->levels_len; l++) {
                group[l + 1] = d->levels[l].parent[group[d->levels[l].of]];
                node[len++] = first + group[l + 1];
                first += d->levels[l].len;
        }
        node[len++] = first;
        return len;
}

/* Adds a value to every cell of a table that holds the inner cell. */
static void spread(struct random_release *r, uint32_t t, const uint32_t *leaf, uint32_t value,
        uint32_t position, size_t cell)
{
        const struct model_table *table = &r->table[t];
        uint32_t node[RELEASE_LEVELS + 2];

        if (position == table->dimensions_len) {
                r->cell[t][cell].want += value;
                return;
        }
        const struct model_dimension *d = &r->dimension[table->dimensions[position]];
        uint32_t len = nodes_of(d, leaf[table->dimensions[position]], node);
        for (uint32_t i = 0; i < len; i++)
                spread(r, t, leaf, value, position + 1, cell * model_nodes(d) + node[i]);
}

static void judge(const struct random_options *o, struct model_cell *cell, struct dice *d)
{
        bool zero = cell->want == 0;

        cell->cost = 1;
        cell->role = cell->want < o->threshold ? MODEL_ROLE_PROTECT : MODEL_ROLE_OPEN;
        if (zero && o->zeros_published)
                cell->role = MODEL_ROLE_ZERO;
        cell->alone = o->alone && cell->want == 1;
        cell->lowest = o->alone && cell->want == (o->zeros_published ? 1 : 0);
        if (o->known && cell->role == MODEL_ROLE_OPEN && throw(d, 10) == 0)
                cell->role = throw(d, 3) == 0 ? MODEL_ROLE_KNOWN : MODEL_ROLE_ABSENT;
}

void random_release_fill(const struct random_options *o, struct random_release *r)
{
        struct dice d = {.seed = o->seed + 1};
        uint32_t leaf[RELEASE_DIMENSIONS];

        for (uint32_t t = 0; t < r->release.tables_len; t++) {
                memset(r->cell[t], 0, r->cells[t] * sizeof *r->cell[t]);
                for (size_t i = 0; i < r->inner; i++) {
                        size_t rest = i;

                        for (uint32_t k = r->release.dimensions_len; k-- > 0;) {
                                leaf[k] = (uint32_t)(rest % r->dimension[k].leaves);
                                rest /= r->dimension[k].leaves;
                        }
                        spread(r, t, leaf, r->value[i], 0, 0);
                }
                for (size_t c = 0; c < r->cells[t]; c++)
                        judge(o, &r->cell[t][c], &d);
        }
}

void random_release_new(
        struct arena *arena, const struct random_options *o, struct random_release *out)
{
        struct dice d = {.seed = o->seed};

        *out = (struct random_release){.release.tables = out->table};
        dimensions_new(out, &d, o);
        bool whole = throw(&d, 3) > 0;
        table_new(out, &d, arena, whole);
        for (uint32_t more = whole ? 0 : throw(&d, RELEASE_TABLES); more > 0; more--)
                table_new(out, &d, arena, false);
        out->value = arena_alloc(arena, out->inner, sizeof *out->value);
        assert(out->value != NULL);
        uint32_t zeros = throw(&d, 6), large = 3 + throw(&d, 30);
        for (size_t i = 0; i < out->inner; i++) {
                uint32_t most = throw(&d, 3) == 0 ? large : 6;

                out->value[i] = throw(&d, 8) < zeros ? 0 : throw(&d, most);
        }
        random_release_fill(o, out);
}
