/* SPDX-License-Identifier: Apache-2.0 */
/* joint_lines.c: groups of protected cells that are too small as groups.
 *
 * Who sees a total and all of its parts but some knows how many the hidden ones are
 * together. Where that is fewer than the threshold the group is a small cell itself, though
 * none of its cells can be told: two hidden cells of three persons are one of {1, 2}
 * and {2, 1}. So such a group becomes a protected column of the model that no table has, a
 * virtual primary, and the elimination hides one more cell where it is best. What it hides
 * besides is never smaller than the threshold; so only protected cells make such groups,
 * and all are known beforehand.
 *
 * A *line* is a total and parts that make it up, in one dimension: leaves, or groups of one
 * level, under a group of another level or the total. All lines of all blocks are looked
 * at. Sums of hidden cells that only a combination of several lines gives are not. */
#include <stdlib.h>
#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/joint.h"
#include "gateway/disclosure/residue.h"

/* Nodes of one level, and where each lies in another. */
struct partition {
        uint32_t parts, parts_first; /* nodes below */
        uint32_t wholes, wholes_first;
        uint32_t *whole_of; /* of each part */
        uint32_t *part;     /* parts by whole */
        uint32_t *start;    /* wholes + 1: in `part` */
};

static uint32_t level_len(const struct model_dimension *d, uint32_t level)
{
        return level == 0 ? d->leaves : level > d->levels_len ? 1 : d->levels[level - 1].len;
}

/* The group of a leaf; level 0: itself, beyond all levels: the total. */
static uint32_t group_of(const struct model_dimension *d, uint32_t level, uint32_t leaf)
{
        return level == 0 ? leaf : level > d->levels_len ? 0 : d->levels[level - 1].parent[leaf];
}

/* False where some part lies in two wholes, so these are no lines. */
static bool parts_nest(
        const struct model_dimension *d, uint32_t below, uint32_t above, struct partition *p)
{
        memset(p->whole_of, 0xff, p->parts * sizeof *p->whole_of);
        for (uint32_t leaf = 0; leaf < d->leaves; leaf++) {
                uint32_t *whole = &p->whole_of[group_of(d, below, leaf)];

                if (*whole != UINT32_MAX && *whole != group_of(d, above, leaf))
                        return false;
                *whole = group_of(d, above, leaf);
        }
        return true;
}

static enum err partition_new(struct arena *arena, const struct model_dimension *d, uint32_t below,
        uint32_t above, struct partition *p, bool *nests)
{
        *p = (struct partition){.parts = level_len(d, below),
                .parts_first = space_first_node(d, below),
                .wholes = level_len(d, above),
                .wholes_first =
                        above > d->levels_len ? model_nodes(d) - 1 : space_first_node(d, above)};
        p->whole_of = arena_alloc_raw(arena, p->parts, sizeof *p->whole_of);
        p->part = arena_alloc_raw(arena, p->parts, sizeof *p->part);
        p->start = arena_alloc(arena, (size_t)p->wholes + 2, sizeof *p->start);
        if (p->whole_of == NULL || p->part == NULL || p->start == NULL)
                return ERR_NO_MEMORY;
        *nests = parts_nest(d, below, above, p);
        if (!*nests)
                return ERR_OK;
        for (uint32_t i = 0; i < p->parts; i++)
                if (p->whole_of[i] != UINT32_MAX)
                        p->start[p->whole_of[i] + 2]++;
        for (uint32_t w = 2; w < p->wholes + 2; w++)
                p->start[w] += p->start[w - 1];
        for (uint32_t i = 0; i < p->parts; i++)
                if (p->whole_of[i] != UINT32_MAX)
                        p->part[p->start[p->whole_of[i] + 1]++] = i;
        return ERR_OK;
}

/* Groups --------------------------------------------------------------------------------- */

/* Columns that grow at the end of a model. */
struct groups {
        const struct joint_layer *j;
        int64_t threshold;
        struct arena *arena;
        const struct model *model;
        uint32_t *row; /* of all groups */
        size_t rows, rows_cap;
        size_t *start; /* groups + 1 */
        size_t len, cap;
        uint32_t *slot; /* hash table of columns and groups + 1 */
        size_t mask;
        uint64_t *hash;   /* of columns, then of groups */
        uint8_t *protect; /* of columns: a group is that column */
};

static enum err grow(struct arena *arena, void **array, size_t *cap, size_t needed, size_t each)
{
        size_t more = *cap == 0 ? 64 : *cap;

        if (needed <= *cap)
                return ERR_OK;
        while (more < needed)
                more *= 2;
        void *larger = arena_alloc_raw(arena, more, each);
        if (larger == NULL)
                return ERR_NO_MEMORY;
        if (*cap > 0)
                memcpy(larger, *array, *cap * each);
        *array = larger;
        *cap = more;
        return ERR_OK;
}

static int by_row(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return (x > y) - (x < y);
}

/* All rows of the protected parts of a line, into place for the next group. */
static enum err group_rows(
        struct groups *g, const struct partition *p, uint32_t whole, size_t from, size_t stride)
{
        const struct model *m = g->model;

        g->rows = g->start[g->len];
        for (uint32_t i = p->start[whole]; i < p->start[whole + 1]; i++) {
                size_t cell = from + (p->parts_first + p->part[i]) * stride;
                uint32_t column = m->column_of[cell];

                if (g->j->cell[cell].role != MODEL_ROLE_PROTECT || column >= m->columns)
                        continue;
                size_t len = m->start[column + 1] - m->start[column];
                TRY(grow(g->arena, (void **)&g->row, &g->rows_cap, g->rows + len, sizeof *g->row));
                memcpy(g->row + g->rows, m->row + m->start[column], len * sizeof *g->row);
                g->rows += len;
        }
        qsort(g->row + g->start[g->len], g->rows - g->start[g->len], sizeof *g->row, by_row);
        return ERR_OK;
}

static uint64_t hash_of(const uint32_t *row, size_t len)
{
        uint64_t hash = 0;

        for (size_t i = 0; i < len; i++)
                hash += residue_mix(0, row[i]);
        return hash;
}

static const uint32_t *rows_of(const struct groups *g, uint32_t column, size_t *len)
{
        const struct model *m = g->model;

        if (column < m->columns) {
                *len = m->start[column + 1] - m->start[column];
                return m->row + m->start[column];
        }
        column -= m->columns;
        *len = g->start[column + 1] - g->start[column];
        return g->row + g->start[column];
}

/* The column or group with these rows. */
static uint32_t *slot_of(struct groups *g, uint64_t hash, const uint32_t *row, size_t len)
{
        for (size_t at = hash & g->mask;; at = (at + 1) & g->mask) {
                size_t other_len;

                if (g->slot[at] == 0)
                        return &g->slot[at];
                if (g->hash[g->slot[at] - 1] != hash)
                        continue;
                const uint32_t *other = rows_of(g, g->slot[at] - 1, &other_len);
                if (other_len == len && memcmp(other, row, len * sizeof *row) == 0)
                        return &g->slot[at];
        }
}

static enum err table_grow(struct groups *g)
{
        size_t columns = g->model->columns + g->len;

        if (g->slot != NULL && columns * 2 < g->mask)
                return ERR_OK;
        for (g->mask = 1024; g->mask < 8 * (columns + 1);)
                g->mask *= 2;
        g->slot = arena_alloc(g->arena, g->mask--, sizeof *g->slot);
        uint64_t *hash = arena_alloc_raw(g->arena, g->mask, sizeof *hash);
        if (g->slot == NULL || hash == NULL)
                return ERR_NO_MEMORY;
        g->hash = hash;
        for (uint32_t c = 0; c < columns; c++) {
                size_t len;
                const uint32_t *row = rows_of(g, c, &len);

                hash[c] = hash_of(row, len);
                *slot_of(g, hash[c], row, len) = c + 1;
        }
        return ERR_OK;
}

/* The rows after the last group are one, unless they are a column or a group already. */
static enum err group_add(struct groups *g)
{
        const uint32_t *row = g->row + g->start[g->len];
        size_t len = g->rows - g->start[g->len];

        if (len == 0)
                return ERR_OK;
        TRY(table_grow(g));
        uint64_t hash = hash_of(row, len);
        uint32_t *slot = slot_of(g, hash, row, len);
        if (*slot > 0 && *slot <= g->model->columns)
                g->protect[*slot - 1] = true;
        if (*slot > 0)
                return ERR_OK;
        TRY(grow(g->arena, (void **)&g->start, &g->cap, g->len + 2, sizeof *g->start));
        g->hash[g->model->columns + g->len] = hash;
        *slot = g->model->columns + (uint32_t)++g->len;
        g->start[g->len] = g->rows;
        return ERR_OK;
}

/* Lines ------------------------------------------------------------------------------------ */

/* `from` is the cell of node 0. */
static enum err line_look(
        struct groups *g, const struct partition *p, uint32_t whole, size_t from, size_t stride)
{
        const struct joint_layer *j = g->j;
        size_t total = from + (p->wholes_first + whole) * stride;
        int64_t persons = 0;
        uint32_t hidden = 0;

        if (j->cell[total].role != MODEL_ROLE_OPEN && j->cell[total].role != MODEL_ROLE_KNOWN)
                return ERR_OK;
        for (uint32_t i = p->start[whole]; i < p->start[whole + 1]; i++) {
                size_t cell = from + (p->parts_first + p->part[i]) * stride;

                if (j->cell[cell].role == MODEL_ROLE_ABSENT)
                        return ERR_OK; /* no table tells its value */
                if (j->cell[cell].role == MODEL_ROLE_PROTECT) {
                        hidden++;
                        persons += j->value[cell];
                }
                if (persons >= g->threshold)
                        return ERR_OK;
        }
        if (hidden < 2)
                return ERR_OK;
        TRY(group_rows(g, p, whole, from, stride));
        return group_add(g);
}

static enum err lines_of_partition(
        struct groups *g, const struct space_block *b, uint32_t d, const struct partition *p)
{
        size_t stride = b->stride[d];
        size_t span = stride * model_nodes(&g->j->space.dimension[b->dimensions[d]]);

        for (size_t outer = 0; outer < b->cells; outer += span)
                for (size_t i = 0; i < stride; i++)
                        for (uint32_t w = 0; w < p->wholes; w++)
                                TRY(line_look(g, p, w, b->offset + outer + i, stride));
        return ERR_OK;
}

static enum err lines_of_dimension(struct groups *g, const struct space_block *b, uint32_t at)
{
        const struct model_dimension *d = &g->j->space.dimension[b->dimensions[at]];

        for (uint32_t below = 0; below <= d->levels_len; below++)
                for (uint32_t above = 1; above <= d->levels_len + 1; above++) {
                        struct partition p;
                        bool nests = false;

                        if (above == below)
                                continue;
                        TRY(partition_new(g->arena, d, below, above, &p, &nests));
                        if (nests)
                                TRY(lines_of_partition(g, b, at, &p));
                }
        return ERR_OK;
}

/* The model with the groups at the end of its columns. */
static enum err model_extend(const struct groups *g, struct model *m)
{
        size_t columns = m->columns + g->len, ones = m->start[m->columns];
        struct model_column *column = arena_alloc(g->arena, columns, sizeof *column);
        size_t *start = arena_alloc_raw(g->arena, columns + 1, sizeof *start);
        uint32_t *row = arena_alloc_raw(g->arena, ones + g->start[g->len], sizeof *row);

        if (column == NULL || start == NULL || row == NULL)
                return ERR_NO_MEMORY;
        memcpy(column, m->column, m->columns * sizeof *column);
        memcpy(start, m->start, m->columns * sizeof *start);
        memcpy(row, m->row, ones * sizeof *row);
        memcpy(row + ones, g->row, g->start[g->len] * sizeof *row);
        for (size_t i = 0; i <= g->len; i++)
                start[m->columns + i] = ones + g->start[i];
        for (uint32_t c = 0; c < m->columns; c++)
                column[c].protect |= g->protect[c];
        for (size_t i = 0; i < g->len; i++)
                column[m->columns + i] = (struct model_column){.protect = true};
        m->columns += (uint32_t)g->len;
        m->column = column;
        m->start = start;
        m->row = row;
        return ERR_OK;
}

enum err joint_lines(const struct joint_layer *layer, int64_t threshold, struct arena *scratch,
        struct model *model)
{
        struct groups g = {.j = layer, .threshold = threshold, .arena = scratch, .model = model};

        TRY(grow(scratch, (void **)&g.start, &g.cap, 1, sizeof *g.start));
        TRY(grow(scratch, (void **)&g.row, &g.rows_cap, 1, sizeof *g.row));
        g.start[0] = 0;
        g.protect = arena_alloc(scratch, model->columns, sizeof *g.protect);
        if (g.protect == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t b = 0; b < layer->space.blocks_len; b++)
                for (uint32_t d = 0; d < layer->space.block[b].dimensions_len; d++) {
                        if (model_cancelled(model))
                                return ERR_CANCELLED;
                        TRY(lines_of_dimension(&g, &layer->space.block[b], d));
                }
        return model_extend(&g, model);
}
