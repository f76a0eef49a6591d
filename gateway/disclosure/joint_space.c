/* SPDX-License-Identifier: Apache-2.0 */
/* joint_space.c: categories to nodes, tables to blocks.
 *
 * Where one category has several leaves, all are groups of a level, so that they can be seen
 * to make up their total (joint_lines.c). A leaf in none of a table's categories is not in the
 * table, and not in its total: of a table of one year, all other years. Its total is then a node
 * like others. */
#include "gateway/disclosure/joint_space.h"

#include <string.h>

#define LEVEL_TOTAL UINT32_MAX

/* A node before all levels are known: a group of a level (0: a leaf). */
struct place {
        uint32_t level, group;
};

struct axis {
        uint32_t shared;
        struct place *of; /* of every category, and of the total at `len` */
};

struct mapping {
        struct arena *arena;
        const struct disclosure_release *release;
        struct space *space;
        struct model_level *level[MODEL_DIMENSIONS_MAX];
        struct axis **axis; /* of each table */
        uint32_t levels_max;
};

uint32_t space_first_node(const struct model_dimension *d, uint32_t level)
{
        uint32_t first = level > 0 ? d->leaves : 0;

        for (uint32_t l = 0; l + 1 < level; l++)
                first += d->levels[l].len;
        return first;
}

/* Levels ----------------------------------------------------------------------------------- */

/* The level with these groups, new or as it stands; numbered from 1. */
static enum err level_of(
        struct mapping *m, uint32_t shared, const uint32_t *group, uint32_t len, uint32_t *out)
{
        struct model_dimension *d = &m->space->dimension[shared];
        struct model_level *levels = m->level[shared];
        size_t bytes = d->leaves * sizeof *group;

        for (*out = 1; *out <= d->levels_len; ++*out)
                if (levels[*out - 1].len == len &&
                        memcmp(levels[*out - 1].parent, group, bytes) == 0)
                        return ERR_OK;
        if (d->levels_len == m->levels_max)
                return ERR_INTERNAL;
        levels[d->levels_len++] = (struct model_level){.parent = group, .len = len};
        return ERR_OK;
}

/* Which category each leaf is in, `len` where in none. */
static enum err groups_read(struct mapping *m, const struct dimension *d,
        const struct disclosure_axis *axis, uint32_t leaves, uint32_t **out)
{
        uint32_t *group = arena_alloc_raw(m->arena, leaves, sizeof *group);

        if (group == NULL)
                return ERR_NO_MEMORY;
        if (axis->of_leaf == NULL && leaves != d->len)
                return ERR_INVALID;
        for (uint32_t leaf = 0; leaf < leaves; leaf++) {
                group[leaf] = axis->of_leaf == NULL ? leaf : axis->of_leaf[leaf];
                if (group[leaf] == UINT32_MAX)
                        group[leaf] = d->len;
                else if (group[leaf] >= d->len)
                        return ERR_INVALID;
        }
        *out = group;
        return ERR_OK;
}

/* All leaves that are in the table: all there are, a single one, or a level of two. */
static enum err place_total(
        struct mapping *m, uint32_t shared, const uint32_t *group, uint32_t len, struct place *out)
{
        uint32_t leaves = m->space->dimension[shared].leaves, inside = 0, one = 0;
        uint32_t *sides = arena_alloc_raw(m->arena, leaves, sizeof *sides);

        if (sides == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t leaf = 0; leaf < leaves; leaf++) {
                sides[leaf] = group[leaf] == len;
                inside += sides[leaf] == 0;
                one = sides[leaf] == 0 ? leaf : one;
        }
        *out = (struct place){LEVEL_TOTAL, 0};
        if (inside == leaves)
                return ERR_OK;
        *out = (struct place){0, inside == 1 ? one : SPACE_NOWHERE};
        if (inside <= 1)
                return ERR_OK;
        out->group = 0;
        return level_of(m, shared, sides, 2, &out->level);
}

static enum err axis_read(struct mapping *m, const struct dimension *d,
        const struct disclosure_axis *from, struct axis *out)
{
        uint32_t leaves, level = 0, *group = NULL, *times, *one;

        if (from->shared >= m->space->dimensions_len)
                return ERR_INVALID;
        leaves = m->space->dimension[from->shared].leaves;
        out->shared = from->shared;
        out->of = arena_alloc(m->arena, (size_t)d->len + 1, sizeof *out->of);
        times = arena_alloc(m->arena, (size_t)d->len + 1, sizeof *times);
        one = arena_alloc(m->arena, (size_t)d->len + 1, sizeof *one);
        if (out->of == NULL || times == NULL || one == NULL)
                return ERR_NO_MEMORY;
        if (d->len == 0) {
                out->of[0] = (struct place){LEVEL_TOTAL, 0};
                return ERR_OK;
        }
        TRY(groups_read(m, d, from, leaves, &group));
        TRY(place_total(m, from->shared, group, d->len, &out->of[d->len]));
        for (uint32_t leaf = 0; leaf < leaves; leaf++) {
                times[group[leaf]]++;
                one[group[leaf]] = leaf;
        }
        for (uint32_t c = 0; c < d->len; c++)
                if (times[c] > 1 && level == 0)
                        TRY(level_of(m, from->shared, group, d->len + (times[d->len] > 0), &level));
        for (uint32_t c = 0; c < d->len; c++) {
                out->of[c] = (struct place){level, level > 0 ? c : one[c]};
                if (times[c] == 0)
                        out->of[c] = (struct place){0, SPACE_NOWHERE};
        }
        if (d->overlapping)
                m->space->overlapping |= 1u << from->shared;
        return ERR_OK;
}

static enum err axes_read(struct mapping *m)
{
        const struct disclosure_release *r = m->release;

        m->axis = arena_alloc(m->arena, r->tables_len, sizeof *m->axis);
        if (m->axis == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t t = 0; t < r->tables_len; t++) {
                const struct table *table = r->tables[t];

                m->axis[t] = arena_alloc(m->arena, table->dimensions_len, sizeof *m->axis[t]);
                if (m->axis[t] == NULL)
                        return ERR_NO_MEMORY;
                for (uint32_t d = 0; d < table->dimensions_len; d++) {
                        const struct disclosure_axis own = {.shared = d};

                        TRY(axis_read(m, &table->dimensions[d],
                                r->axes == NULL ? &own : &r->axes[t][d], &m->axis[t][d]));
                        for (uint32_t e = 0; e < d; e++)
                                if (m->axis[t][e].shared == m->axis[t][d].shared)
                                        return ERR_INVALID;
                }
        }
        return ERR_OK;
}

static enum err dimensions_read(struct mapping *m)
{
        const struct disclosure_release *r = m->release;
        struct space *s = m->space;

        s->dimensions_len = r->axes == NULL ? r->tables[0]->dimensions_len : r->shared_len;
        if (s->dimensions_len > MODEL_DIMENSIONS_MAX)
                return ERR_INVALID;
        m->levels_max = 2 * r->tables_len;
        for (uint32_t d = 0; d < s->dimensions_len; d++) {
                uint32_t leaves = r->axes == NULL ? r->tables[0]->dimensions[d].len : r->leaves[d];

                s->dimension[d].leaves = leaves == 0 && r->axes == NULL ? 1 : leaves;
                m->level[d] = arena_alloc(m->arena, m->levels_max, sizeof *m->level[d]);
                s->dimension[d].levels = m->level[d];
                if (m->level[d] == NULL)
                        return ERR_NO_MEMORY;
        }
        return ERR_OK;
}

/* Blocks ----------------------------------------------------------------------------------- */

static uint32_t dimensions_of(const struct mapping *m, uint32_t table, struct space_block *out)
{
        const struct table *t = m->release->tables[table];

        *out = (struct space_block){0};
        for (uint32_t shared = 0; shared < m->space->dimensions_len; shared++)
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        if (m->axis[table][d].shared == shared)
                                out->dimensions[out->dimensions_len++] = shared;
        return out->dimensions_len;
}

static enum err block_add(struct mapping *m, struct space_block *block)
{
        struct space *s = m->space;

        block->cells = 1;
        block->offset = s->cells;
        for (uint32_t d = block->dimensions_len; d-- > 0;) {
                uint32_t nodes = model_nodes(&s->dimension[block->dimensions[d]]);

                block->stride[d] = block->cells;
                if (nodes == 0 || block->cells > MODEL_CELLS_MAX / nodes)
                        return ERR_TOO_MANY_CELLS;
                block->cells *= nodes;
        }
        if (block->cells > MODEL_CELLS_MAX - s->cells)
                return ERR_TOO_MANY_CELLS;
        s->cells += block->cells;
        s->block[s->blocks_len++] = *block;
        return ERR_OK;
}

/* The block of a table, made where no table before had its dimensions. */
static enum err block_of(struct mapping *m, uint32_t table, const struct space_block **out)
{
        struct space *s = m->space;
        struct space_block block;
        uint32_t len = dimensions_of(m, table, &block);

        for (uint32_t b = 0; b < s->blocks_len; b++)
                if (s->block[b].dimensions_len == len &&
                        memcmp(s->block[b].dimensions, block.dimensions,
                                len * sizeof *block.dimensions) == 0) {
                        *out = &s->block[b];
                        return ERR_OK;
                }
        TRY(block_add(m, &block));
        *out = &s->block[s->blocks_len - 1];
        return ERR_OK;
}

static uint32_t node_of(const struct model_dimension *d, struct place p)
{
        if (p.group == SPACE_NOWHERE)
                return SPACE_NOWHERE;
        return p.level == LEVEL_TOTAL ? model_nodes(d) - 1 : space_first_node(d, p.level) + p.group;
}

/* By how much each category of a table's dimension moves its cell in the block. */
static enum err steps_of(const struct mapping *m, uint32_t table, uint32_t d,
        const struct space_block *block, size_t **out)
{
        const struct axis *axis = &m->axis[table][d];
        uint32_t len = m->release->tables[table]->dimensions[d].len, at = 0;
        size_t *step = arena_alloc_raw(m->arena, (size_t)len + 1, sizeof *step);

        if (step == NULL)
                return ERR_NO_MEMORY;
        while (block->dimensions[at] != axis->shared)
                at++;
        for (uint32_t c = 0; c <= len; c++) {
                uint32_t node = node_of(&m->space->dimension[axis->shared], axis->of[c]);

                step[c] = node == SPACE_NOWHERE ? SIZE_MAX : node * block->stride[at];
        }
        *out = step;
        return ERR_OK;
}

static enum err cells_place(struct mapping *m, uint32_t table)
{
        const struct table *t = m->release->tables[table];
        const struct space_block *block = NULL;
        size_t *step[DIMENSIONS_MAX] = {NULL};
        uint32_t at[DIMENSIONS_MAX];
        uint32_t *cell_of = arena_alloc_raw(m->arena, t->cells_len, sizeof *cell_of);

        if (cell_of == NULL)
                return ERR_NO_MEMORY;
        TRY(block_of(m, table, &block));
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                TRY(steps_of(m, table, d, block, &step[d]));
        for (size_t i = 0; i < t->cells_len; i++) {
                size_t cell = block->offset;

                table_coordinates(t, i, at);
                for (uint32_t d = 0; d < t->dimensions_len && cell != SIZE_MAX; d++)
                        cell = step[d][at[d]] == SIZE_MAX ? SIZE_MAX : cell + step[d][at[d]];
                cell_of[i] = cell == SIZE_MAX ? SPACE_NOWHERE : (uint32_t)cell;
        }
        m->space->cell_of[table] = cell_of;
        return ERR_OK;
}

enum err space_new(struct arena *arena, const struct disclosure_release *release, struct space *out)
{
        struct space s = {.inner = release->inner, .inner_len = release->inner_len};
        struct mapping m = {.arena = arena, .release = release, .space = &s};

        if (release->tables_len == 0 ||
                (release->tables_len > 1 && (release->axes == NULL || release->leaves == NULL)))
                return ERR_INVALID;
        s.block = arena_alloc(arena, release->tables_len, sizeof *s.block);
        s.cell_of = arena_alloc(arena, release->tables_len, sizeof *s.cell_of);
        if (s.block == NULL || s.cell_of == NULL)
                return ERR_NO_MEMORY;
        TRY(dimensions_read(&m));
        TRY(axes_read(&m));
        for (uint32_t t = 0; t < release->tables_len; t++)
                TRY(cells_place(&m, t));
        *out = s;
        return ERR_OK;
}

enum err space_release(struct arena *arena, const struct space *s, const struct model_cell *cells,
        struct model_release *out)
{
        struct model_table *tables = arena_alloc(arena, s->blocks_len, sizeof *tables);

        if (tables == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t b = 0; b < s->blocks_len; b++)
                tables[b] = (struct model_table){.dimensions = s->block[b].dimensions,
                        .dimensions_len = s->block[b].dimensions_len,
                        .cells = cells + s->block[b].offset};
        *out = (struct model_release){.dimensions = s->dimension,
                .dimensions_len = s->dimensions_len,
                .tables = tables,
                .tables_len = s->blocks_len,
                .inner = s->inner,
                .inner_len = s->inner_len,
                .cancel = s->cancel};
        return ERR_OK;
}
