/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_inner.c: the inner cells over which planned tables are protected.
 *
 * Combinations of all leaves of all axes are millions where the tables have thousands of
 * cells, and most say nothing that others do not. Any part of them may stand for all: a
 * direction in which these can change is one in which all can, so a proof over fewer is the
 * stricter one. Two parts are of use.
 *
 * Where zeros are published: those that anybody is in, counted slice by slice over the longest
 * axis. It gives the attacker that the others are empty, which he partly knows.
 *
 * Where empty cells are protected like small ones: the fewest that tell all cells apart. In every
 * axis the first leaf stands for the total, the first of every category for that, and of a
 * table all combinations of these are taken, the other axes at their first. As many as there
 * are cells that no sum of others gives; and a sum of cells that is nothing on these is nothing
 * everywhere, since the levels of an axis lie within one another (sparse grids are unisolvent
 * for the same reason: Bungartz & Griebel, Acta Numerica 13, 2004). So what is hidden is the
 * same as over all combinations; six axes of the bundle's reports of concern have 1.7 million
 * combinations a year, and three thousand of these.
 *
 * What nobody delivered is known to be empty, and no inner cell. That is said of whole
 * categories of a block; were it ever said of a part of one, every combination is taken. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/lattice_parts.h"

enum { LISTED_MAX = 1 << 23, SCRATCH_MAX = 1 << 30 };

struct listing {
        const struct lattice_source *source;
        const struct lattice_cube *cube;
        const struct lattice_axes *axes;
        uint32_t lead;
        struct lattice_keys keys; /* grown by doubling */
        size_t cap;
        struct arena *scratch;
};

static uint32_t blocks_of(const struct listing *l)
{
        return lattice_leaf_blocks(l->cube);
}

uint32_t lattice_leaf_blocks(const struct lattice_cube *c)
{
        return c->blocks > 1 ? c->blocks - 1 : 1;
}

bool lattice_has_keys(const struct lattice_cube *c, const struct lattice_axes *axes)
{
        uint64_t all = lattice_leaf_blocks(c);

        for (uint32_t i = 0; i < axes->finest_len; i++) {
                uint64_t leaves = axes->leaves[i].len;

                if (leaves > 0 && all > UINT64_MAX / leaves)
                        return false;
                all *= leaves;
        }
        return true;
}

uint64_t lattice_key(const struct lattice_axes *axes, uint32_t block, const uint32_t *leaves)
{
        uint64_t key = block;

        for (uint32_t i = 0; i < axes->finest_len; i++)
                key = key * axes->leaves[i].len + leaves[i];
        return key;
}

uint32_t lattice_key_leaves(const struct lattice_axes *axes, uint64_t key, uint32_t *leaves)
{
        for (uint32_t i = axes->finest_len; i-- > 0;) {
                leaves[i] = (uint32_t)(key % axes->leaves[i].len);
                key /= axes->leaves[i].len;
        }
        return (uint32_t)key;
}

static enum err list_add(struct listing *l, uint32_t block, const uint32_t *leaves)
{
        struct lattice_keys *k = &l->keys;

        if (k->len == LISTED_MAX)
                return ERR_TOO_MANY_CELLS;
        if (k->len == l->cap) {
                size_t cap = l->cap > 0 ? l->cap * 2 : 4096;
                uint64_t *grown = arena_alloc_raw(l->scratch, cap, sizeof(*grown));

                if (grown == NULL)
                        return ERR_NO_MEMORY;
                if (k->len > 0)
                        memcpy(grown, k->key, sizeof(*grown) * k->len);
                k->key = grown;
                l->cap = cap;
        }
        k->key[k->len++] = lattice_key(l->axes, block, leaves);
        return ERR_OK;
}

/* Those that anybody is in ------------------------------------------------------------- */

uint32_t lattice_category(const struct dimension *d, struct bytes code)
{
        uint32_t i = 0;

        while (i < d->len && !bytes_equal(d->categories[i].code, code))
                i++;
        return i < d->len ? i : UINT32_MAX;
}

/* Leaf of every category of a counted dimension. */
static enum err leaf_map(const struct dimension *from, const struct dimension *leaves,
        struct arena *a, uint32_t **out)
{
        *out = arena_alloc(a, from->len, sizeof(**out));
        if (*out == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < from->len; i++)
                (*out)[i] = lattice_category(leaves, from->categories[i].code);
        return ERR_OK;
}

static enum err list_table(
        struct listing *l, const struct table *t, uint32_t block, struct arena *scratch)
{
        uint32_t at[DIMENSIONS_MAX], leaves[LATTICE_AXES_MAX] = {0}, *map[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                TRY(leaf_map(&t->dimensions[d], &l->axes->leaves[d], scratch, &map[d]));
        for (size_t i = 0; i < t->cells_len; i++) {
                bool inner = t->records[i] > 0;

                if (!inner)
                        continue;
                table_coordinates(t, i, at);
                for (uint32_t d = 0; d < t->dimensions_len && inner; d++) {
                        inner = at[d] < t->dimensions[d].len && map[d][at[d]] != UINT32_MAX;
                        leaves[d] = inner ? map[d][at[d]] : 0;
                }
                if (inner)
                        TRY(list_add(l, block, leaves));
        }
        return ERR_OK;
}

/* Inner cells of one block in which the axis `sliced` has one of the categories. */
static enum err list_slice(struct listing *l, uint32_t block, const struct filter *filter)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        const struct lattice_cube *c = l->cube;
        const struct lattice_part part = {.axes = l->axes->finest,
                .axes_len = l->axes->finest_len,
                .year = block < c->years_len ? &c->years[block] : NULL,
                .filter = filter,
                .bare = true,
                .alone = true};
        struct table *t = NULL;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(lattice_run(l->source, &part, scratch, &t, NULL));
        return list_table(l, t, block, scratch);
}

uint32_t lattice_sliceable(const struct lattice_source *source, const struct lattice_axes *a)
{
        uint32_t best = UINT32_MAX;

        for (uint32_t i = 0; i < a->finest_len; i++) {
                const struct dimension *d = &a->leaves[i];
                const struct variable *v = &source->dataset->variables[a->finest[i].variable];

                if (v->type != VARIABLE_CODE || !v->may_filter || d->len < 2 ||
                        bytes_is_text(d->categories[d->len - 1].code, CATEGORY_OTHER))
                        continue;
                if (best == UINT32_MAX || d->len > a->leaves[best].len)
                        best = i;
        }
        return best;
}

static enum err list_block(struct listing *l, uint32_t block, uint32_t sliced, uint32_t at_once)
{
        const struct dimension *d = &l->axes->leaves[sliced];
        struct bytes values[FILTER_VALUES_MAX];

        for (uint32_t i = 0; i < d->len; i += at_once) {
                struct filter f = {.variable = d->variable, .level = d->level, .op = FILTER_IN};

                f.values = values;
                for (uint32_t k = i; k < d->len && k < i + at_once; k++)
                        values[f.values_len++] = d->categories[k].code;
                TRY(list_slice(l, block, &f));
        }
        return ERR_OK;
}

size_t lattice_beside(const struct lattice_axes *a, uint32_t but)
{
        size_t all = 1;

        for (uint32_t i = 0; i < a->finest_len; i++) {
                if (i == but)
                        continue;
                if (all > CELLS_MAX / ((size_t)a->leaves[i].len + 1))
                        return SIZE_MAX;
                all *= (size_t)a->leaves[i].len + 1;
        }
        return all;
}

/* *counted false: the axes are too long to be counted at once. */
static enum err list_counted(struct listing *l, bool *counted)
{
        const struct lattice_axes *axes = l->axes;
        uint32_t sliced = lattice_sliceable(l->source, axes), at_once = 0;
        size_t whole = lattice_beside(axes, UINT32_MAX);

        *counted = false;
        if (axes->finest_len > DIMENSIONS_MAX)
                return ERR_OK;
        if (whole == SIZE_MAX || whole > CELLS_MAX) {
                if (sliced == UINT32_MAX || lattice_beside(axes, sliced) > CELLS_MAX / 2)
                        return ERR_OK;
                size_t fit = CELLS_MAX / lattice_beside(axes, sliced) - 1;
                at_once = fit < FILTER_VALUES_MAX ? (uint32_t)fit : FILTER_VALUES_MAX;
        }
        *counted = true;
        /* Of the block of no year: all that the tables do not say to be empty. */
        for (uint32_t b = 0; b < blocks_of(l); b++)
                TRY(at_once == 0 ? list_slice(l, b, NULL) : list_block(l, b, sliced, at_once));
        return ERR_OK;
}

/* The fewest that tell all apart -------------------------------------------------------- */

struct block {
        struct listing *l;
        uint32_t number;
        uint8_t *dead[LATTICE_AXES_MAX]; /* leaves that nobody can be in */
        uint32_t first[LATTICE_AXES_MAX];
        bool empty;
};

static const struct disclosure_axis *axis_of(const struct listing *l, uint32_t table, uint32_t d)
{
        return &l->axes->release.axes[table][d];
}

/* Known to be empty, whatever the rules say. */
static bool is_void(const struct table *t, size_t cell)
{
        return (t->status[cell] == CELL_MISSING || t->status[cell] == CELL_NOT_APPLICABLE) &&
               t->persons[cell] == 0;
}

/* The table's cells of a block. */
static size_t first_cell(const struct listing *l, const struct table *t, uint32_t block)
{
        return l->lead > 0 ? t->cells_len / l->cube->blocks * block : 0;
}

static size_t block_cells(const struct listing *l, const struct table *t)
{
        return l->lead > 0 ? t->cells_len / l->cube->blocks : t->cells_len;
}

static void kill_category(struct block *b, uint32_t table, uint32_t d, uint32_t category)
{
        const struct disclosure_axis *axis = axis_of(b->l, table, d);
        uint32_t at = axis->shared - b->l->lead;

        for (uint32_t leaf = 0; leaf < b->l->axes->leaves[at].len; leaf++)
                if (axis->of_leaf[leaf] == category)
                        b->dead[at][leaf] = 1;
}

/* A cell of one category and otherwise totals that is void: so is the whole category. */
static void find_dead(struct block *b, uint32_t table)
{
        const struct table *t = &b->l->cube->tables[table];
        size_t from = first_cell(b->l, t, b->number), len = block_cells(b->l, t);
        uint32_t at[DIMENSIONS_MAX];

        for (size_t i = from; i < from + len; i++) {
                uint32_t named = 0, which = 0;

                if (!is_void(t, i))
                        continue;
                table_coordinates(t, i, at);
                for (uint32_t d = b->l->lead; d < t->dimensions_len; d++) {
                        named += at[d] < t->dimensions[d].len;
                        which = at[d] < t->dimensions[d].len ? d : which;
                }
                if (named == 1)
                        kill_category(b, table, which, at[which]);
                b->empty |= named == 0;
        }
}

/* The first leaf of a category that is not dead; UINT32_MAX: none. */
static uint32_t first_leaf(const struct block *b, uint32_t table, uint32_t d, uint32_t category)
{
        const struct disclosure_axis *axis = axis_of(b->l, table, d);
        uint32_t at = axis->shared - b->l->lead;

        for (uint32_t leaf = 0; leaf < b->l->axes->leaves[at].len; leaf++)
                if (axis->of_leaf[leaf] == category && !b->dead[at][leaf])
                        return leaf;
        return UINT32_MAX;
}

/* First leaves of all categories of a table, by dimension. */
static enum err first_leaves(struct block *b, uint32_t table, uint32_t **out)
{
        const struct table *t = &b->l->cube->tables[table];

        for (uint32_t d = b->l->lead; d < t->dimensions_len; d++) {
                out[d] = arena_alloc(b->l->scratch, t->dimensions[d].len, sizeof(**out));
                if (out[d] == NULL)
                        return ERR_NO_MEMORY;
                for (uint32_t c = 0; c < t->dimensions[d].len; c++)
                        out[d][c] = first_leaf(b, table, d, c);
        }
        return ERR_OK;
}

/* Adds a table's; *fits false: what is void is not whole categories. */
static enum err list_firsts(struct block *b, uint32_t table, bool *fits)
{
        struct listing *l = b->l;
        const struct table *t = &l->cube->tables[table];
        size_t from = first_cell(l, t, b->number), len = block_cells(l, t);
        uint32_t at[DIMENSIONS_MAX], leaves[LATTICE_AXES_MAX], *first[DIMENSIONS_MAX];

        TRY(first_leaves(b, table, first));
        for (size_t i = from; i < from + len; i++) {
                bool inner = true, dead = b->empty;

                table_coordinates(t, i, at);
                memcpy(leaves, b->first, sizeof(leaves));
                for (uint32_t d = l->lead; d < t->dimensions_len; d++) {
                        if (at[d] == t->dimensions[d].len) {
                                inner = false;
                                continue;
                        }
                        uint32_t leaf = first[d][at[d]];
                        dead |= leaf == UINT32_MAX;
                        leaves[axis_of(l, table, d)->shared - l->lead] = leaf;
                }
                *fits &= dead || !is_void(t, i);
                if (inner && !dead)
                        TRY(list_add(l, b->number, leaves));
        }
        return ERR_OK;
}

static enum err list_least_of_block(struct listing *l, uint32_t number, bool *fits)
{
        struct block b = {.l = l, .number = number};

        for (uint32_t i = 0; i < l->axes->finest_len; i++) {
                b.dead[i] = arena_alloc(l->scratch, l->axes->leaves[i].len, 1);
                if (b.dead[i] == NULL)
                        return ERR_NO_MEMORY;
        }
        for (uint32_t t = 0; t < l->cube->tables_len; t++)
                find_dead(&b, t);
        for (uint32_t i = 0; i < l->axes->finest_len; i++) {
                while (b.first[i] < l->axes->leaves[i].len && b.dead[i][b.first[i]])
                        b.first[i]++;
                b.empty |= b.first[i] == l->axes->leaves[i].len;
        }
        for (uint32_t t = 0; t < l->cube->tables_len && *fits; t++)
                TRY(list_firsts(&b, t, fits));
        return ERR_OK;
}

/* ------------------------------------------------------------------------------------ */

static enum err put(struct listing *l, struct arena *arena, struct disclosure_release *out)
{
        uint32_t width = out->shared_len, *inner;

        lattice_keys_sort(&l->keys);
        inner = arena_alloc_raw(arena, l->keys.len * width + 1, sizeof(*inner));
        if (inner == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < l->keys.len; i++) {
                uint32_t *to = inner + i * width;
                uint32_t block = lattice_key_leaves(l->axes, l->keys.key[i], to + l->lead);

                if (l->lead > 0)
                        to[0] = block;
        }
        out->inner = inner;
        out->inner_len = l->keys.len;
        return ERR_OK;
}

enum err lattice_inner(const struct lattice_source *source, const struct lattice_cube *cube,
        struct arena *arena, struct lattice_axes *axes)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct listing l = {.source = source,
                .cube = cube,
                .axes = axes,
                .lead = lattice_lead(cube),
                .scratch = scratch};
        const struct disclosure_rules *rules = &source->dataset->disclosure;
        bool counted = false, fits = true;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        if (!lattice_has_keys(cube, axes))
                return ERR_OK;
        if (rules->zeros_published) {
                TRY(list_counted(&l, &counted));
                return counted ? put(&l, arena, &axes->release) : ERR_OK;
        }
        for (uint32_t b = 0; b < blocks_of(&l) && fits; b++)
                TRY(list_least_of_block(&l, b, &fits));
        return fits ? put(&l, arena, &axes->release) : ERR_OK;
}
