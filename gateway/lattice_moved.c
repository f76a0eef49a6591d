/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_moved.c: the inner cells that moved between two cubes, as few as will do.
 *
 * Where both views could be counted they are listed. Else they are read from the finest cells of
 * the planned tables: one moved if every table's finest cell around it did, or may have. Those
 * are looked for axis by axis, and where no table has such a cell that begins so, nothing that
 * begins so is looked at.
 *
 * Many of them (a new year was delivered, or nearly all cells were withheld) say no more than a
 * few do: of every table's finest cell that moved the first inner cell in it. Of all combinations
 * of some categories these are those of lattice_inner.c, which tell all apart; of others a proof
 * over fewer is the stricter one. */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/lattice_parts.h"

enum { ALL_MAX = 1 << 14, SCRATCH_MAX = 1 << 30, STEPS_MAX = 1 << 22, SEARCH_MAX = 1 << 12 };
#define OUTSIDE SIZE_MAX

/* One table's finest cells in a block, axis by axis as the search goes. */
struct finest {
        const struct table *table;
        uint32_t dimension[LATTICE_AXES_MAX]; /* that has the axis; UINT32_MAX: none */
        const uint32_t *of_leaf[LATTICE_AXES_MAX];
        /* By axis: which categories of all axes up to it begin a cell that moved. */
        uint8_t *begins[LATTICE_AXES_MAX];
        size_t cells; /* finest cells */
};

struct search {
        const struct lattice_cube *cube;
        const struct lattice_axes *axes;
        const struct lattice_moves *moves;
        struct finest *tables;
        uint32_t block, leaves[LATTICE_AXES_MAX];
        size_t at[LATTICE_AXES_MAX + 1][64]; /* by axis and table: what has begun so far */
        const struct finest *within;         /* only in this cell of this table; NULL: in all */
        const uint32_t *categories;
        uint64_t steps, steps_max;
        size_t found, most; /* stops after so many */
        struct lattice_keys *out;
        size_t cap;
        struct arena *arena;
};

enum { TABLES_MAX = 64 };

static enum err key_add(struct search *s, uint64_t key)
{
        if (s->out->len == s->cap) {
                size_t cap = s->cap > 0 ? s->cap * 2 : 1024;
                uint64_t *grown = arena_alloc_raw(s->arena, cap, sizeof(*grown));

                if (grown == NULL)
                        return ERR_NO_MEMORY;
                if (s->out->len > 0)
                        memcpy(grown, s->out->key, s->out->len * sizeof(*grown));
                s->out->key = grown;
                s->cap = cap;
        }
        s->out->key[s->out->len++] = key;
        return ERR_OK;
}

/* Tables ----------------------------------------------------------------------------- */

/* A finest cell's number among those that begin so, up to an axis. */
static size_t further(const struct finest *f, uint32_t axis, size_t before, uint32_t category)
{
        return before * f->table->dimensions[f->dimension[axis]].len + category;
}

static void note_beginnings(const struct search *s, struct finest *f, uint32_t number)
{
        const struct table *t = f->table;
        uint32_t lead = lattice_lead(s->cube), at[DIMENSIONS_MAX];
        size_t stride = t->cells_len / s->cube->blocks;

        for (size_t i = s->block * stride; i < (s->block + 1) * stride; i++) {
                bool finest = s->moves->moved[number][i] != MOVED_NOT;
                size_t begun = 0;

                if (!finest)
                        continue;
                table_coordinates(t, i, at);
                for (uint32_t d = lead; d < t->dimensions_len; d++)
                        finest = finest && at[d] < t->dimensions[d].len;
                for (uint32_t a = 0; a < s->axes->finest_len && finest; a++) {
                        if (f->dimension[a] == UINT32_MAX)
                                continue;
                        begun = further(f, a, begun, at[f->dimension[a]]);
                        f->begins[a][begun] = 1;
                }
        }
}

static enum err finest_make(struct search *s, uint32_t number, struct finest *out)
{
        uint32_t lead = lattice_lead(s->cube);
        struct finest f = {.table = &s->cube->tables[number], .cells = 1};

        memset(f.dimension, 0xff, sizeof(f.dimension));
        for (uint32_t d = lead; d < f.table->dimensions_len; d++) {
                const struct disclosure_axis *axis = &s->axes->release.axes[number][d];

                f.dimension[axis->shared - lead] = d;
                f.of_leaf[axis->shared - lead] = axis->of_leaf;
        }
        for (uint32_t a = 0; a < s->axes->finest_len; a++) {
                if (f.dimension[a] == UINT32_MAX)
                        continue;
                f.cells *= f.table->dimensions[f.dimension[a]].len;
                f.begins[a] = arena_alloc(s->arena, f.cells, 1);
                if (f.begins[a] == NULL)
                        return ERR_NO_MEMORY;
        }
        note_beginnings(s, &f, number);
        *out = f;
        return ERR_OK;
}

/* Searching -------------------------------------------------------------------------- */

/* Whether every table still has a cell that moved when an axis is at a leaf. A leaf that is in
 * none of a table's categories is nothing to it. */
static bool goes_on(struct search *s, uint32_t axis, uint32_t leaf)
{
        for (uint32_t t = 0; t < s->cube->tables_len; t++) {
                const struct finest *f = &s->tables[t];
                size_t *begun = &s->at[axis + 1][t];

                *begun = s->at[axis][t];
                if (f->dimension[axis] == UINT32_MAX || *begun == OUTSIDE)
                        continue;
                assert(f->of_leaf[axis] != NULL); /* it has the axis */
                uint32_t category = f->of_leaf[axis][leaf];
                if (f == s->within && category != s->categories[f->dimension[axis]])
                        return false;
                *begun = category == UINT32_MAX ? OUTSIDE : further(f, axis, *begun, category);
                if (*begun != OUTSIDE && !f->begins[axis][*begun])
                        return false;
        }
        return true;
}

/* Leaves in ascending order, the last axis fastest, without recursion. */
static enum err search(struct search *s)
{
        uint32_t axis = 0, len = s->axes->finest_len;

        s->found = 0;
        s->steps = 0;
        s->leaves[0] = 0;
        if (len == 0)
                return ERR_OK;
        while (s->found < s->most && s->steps++ < s->steps_max) {
                if (s->leaves[axis] == s->axes->leaves[axis].len) {
                        if (axis == 0)
                                return ERR_OK;
                        s->leaves[--axis]++;
                        continue;
                }
                if (!goes_on(s, axis, s->leaves[axis])) {
                        s->leaves[axis]++;
                        continue;
                }
                if (axis + 1 < len) {
                        s->leaves[++axis] = 0;
                        continue;
                }
                s->found++;
                TRY(key_add(s, lattice_key(s->axes, s->block, s->leaves)));
                s->leaves[axis]++;
        }
        return ERR_OK;
}

/* Of every finest cell that moved, the first that may have. */
static enum err search_firsts(struct search *s)
{
        uint32_t lead = lattice_lead(s->cube), at[DIMENSIONS_MAX];

        s->most = 1;
        s->steps_max = SEARCH_MAX;
        for (uint32_t n = 0; n < s->cube->tables_len; n++) {
                const struct table *t = s->tables[n].table;
                size_t stride = t->cells_len / s->cube->blocks;

                for (size_t i = s->block * stride; i < (s->block + 1) * stride; i++) {
                        bool finest = s->moves->moved[n][i] != MOVED_NOT;

                        table_coordinates(t, i, at);
                        for (uint32_t d = lead; d < t->dimensions_len; d++)
                                finest = finest && at[d] < t->dimensions[d].len;
                        s->within = &s->tables[n];
                        s->categories = at;
                        if (finest)
                                TRY(search(s));
                        s->out->work += finest ? s->steps : 1;
                }
        }
        s->within = NULL;
        return ERR_OK;
}

static enum err guess_block(struct search *s)
{
        size_t before = s->out->len;

        for (uint32_t t = 0; t < s->cube->tables_len; t++)
                TRY(finest_make(s, t, &s->tables[t]));
        s->most = ALL_MAX;
        s->steps_max = STEPS_MAX;
        TRY(search(s));
        s->out->work += s->steps;
        if (s->found < s->most && s->steps < s->steps_max)
                return ERR_OK;
        s->out->len = before;
        return search_firsts(s);
}

static enum err guess(const struct lattice_cube *cube, const struct lattice_axes *axes,
        const struct lattice_moves *moves, struct arena *arena, struct lattice_keys *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct lattice_keys keys = {0};
        struct search *s = scratch == NULL ? NULL : arena_alloc(scratch, 1, sizeof(*s));

        if (s == NULL)
                return ERR_NO_MEMORY;
        if (cube->tables_len > TABLES_MAX || !lattice_has_keys(cube, axes))
                return ERR_TOO_MANY_CELLS;
        *s = (struct search){.cube = cube,
                .axes = axes,
                .moves = moves,
                .out = &keys,
                .arena = scratch,
                .tables = arena_alloc(scratch, cube->tables_len, sizeof(*s->tables))};
        if (s->tables == NULL)
                return ERR_NO_MEMORY;
        for (s->block = 0; s->block < lattice_leaf_blocks(cube); s->block++)
                TRY(guess_block(s));
        lattice_keys_sort(&keys);
        *out = keys;
        out->key = arena_alloc_raw(arena, keys.len, sizeof(*out->key));
        if (out->key == NULL)
                return ERR_NO_MEMORY;
        if (keys.len > 0)
                memcpy(out->key, keys.key, keys.len * sizeof(*keys.key));
        return ERR_OK;
}

/* Counted ones ------------------------------------------------------------------------- */

/* The table's finest cell that an inner cell is in; SIZE_MAX: none. */
static size_t finest_cell(const struct lattice_cube *cube, const struct lattice_axes *axes,
        uint32_t table, uint32_t block, const uint32_t *leaves)
{
        const struct table *t = &cube->tables[table];
        uint32_t lead = lattice_lead(cube), at[DIMENSIONS_MAX] = {block};

        for (uint32_t d = lead; d < t->dimensions_len; d++) {
                const struct disclosure_axis *axis = &axes->release.axes[table][d];

                at[d] = axis->of_leaf[leaves[axis->shared - lead]];
                if (at[d] == UINT32_MAX)
                        return SIZE_MAX;
        }
        return table_cell(t, at);
}

/* Those that are the first in some table's cell. */
static enum err thin(const struct lattice_cube *cube, const struct lattice_axes *axes,
        const struct lattice_keys *all, struct arena *arena, struct lattice_keys *out)
{
        uint8_t **seen = arena_alloc(arena, cube->tables_len, sizeof(*seen));
        uint32_t leaves[LATTICE_AXES_MAX];

        *out = (struct lattice_keys){.counted = true, .work = all->work + all->len};
        out->key = arena_alloc_raw(arena, all->len, sizeof(*out->key));
        if (seen == NULL || out->key == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t t = 0; t < cube->tables_len; t++) {
                seen[t] = arena_alloc(arena, cube->tables[t].cells_len, 1);
                if (seen[t] == NULL)
                        return ERR_NO_MEMORY;
        }
        for (size_t i = 0; i < all->len; i++) {
                uint32_t block = lattice_key_leaves(axes, all->key[i], leaves);
                bool first = false;

                for (uint32_t t = 0; t < cube->tables_len; t++) {
                        size_t cell = finest_cell(cube, axes, t, block, leaves);

                        first |= cell != SIZE_MAX && !seen[t][cell];
                        if (cell != SIZE_MAX)
                                seen[t][cell] = 1;
                }
                if (first)
                        out->key[out->len++] = all->key[i];
        }
        return ERR_OK;
}

enum err lattice_moved(const struct lattice_cube *cube, const struct lattice_axes *axes,
        const struct lattice_moves *moves, struct arena *arena, struct lattice_keys *out)
{
        if (!moves->inner.counted)
                return guess(cube, axes, moves, arena, out);
        if (moves->inner.len > ALL_MAX)
                return thin(cube, axes, &moves->inner, arena, out);
        *out = moves->inner;
        return ERR_OK;
}
