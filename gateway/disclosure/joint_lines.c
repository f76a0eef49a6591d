/* SPDX-License-Identifier: Apache-2.0 */
/* joint_lines.c: groups of hidden cells that are too small as groups.
 *
 * Who sees a total and all of its parts but some knows how many the hidden ones are
 * together. Where that is fewer than the threshold the group is a small cell itself, though
 * none of its cells can be told: two hidden cells of three persons are one of {1, 2}
 * and {2, 1}. Then one more part goes, the cheapest, and must not be computable either.
 *
 * A *line* is a total and parts that make it up, in one dimension: leaves, or groups of one
 * level, under a group of another level or the total. All lines of all blocks are looked
 * at. Sums of hidden cells that only a combination of several lines gives are not. */
#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/joint.h"

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

/* Lines ---------------------------------------------------------------------------------- */

static bool is_hidden(const struct joint *j, size_t cell)
{
        return j->cell[cell].role == MODEL_ROLE_PROTECT
                       ? j->status[cell] != SUPPRESS_PUBLISHED
                       : j->status[cell] == SUPPRESS_SECONDARY ||
                                 j->status[cell] == SUPPRESS_PRIMARY;
}

/* Parts of one whole: `from` is the cell of node 0. */
static size_t line_look(
        struct joint *j, const struct partition *p, uint32_t whole, size_t from, size_t stride)
{
        size_t best = SIZE_MAX, total = from + (p->wholes_first + whole) * stride;
        int64_t hidden_sum = 0;
        bool hides = false;

        if (j->status[total] != SUPPRESS_PUBLISHED || is_hidden(j, total))
                return 0;
        for (uint32_t i = p->start[whole]; i < p->start[whole + 1]; i++) {
                size_t cell = from + (p->parts_first + p->part[i]) * stride;

                if (j->cell[cell].role == MODEL_ROLE_ABSENT)
                        return 0; /* no table tells its value */
                if (is_hidden(j, cell)) {
                        hides = true;
                        hidden_sum += j->value[cell];
                } else if (j->cell[cell].role == MODEL_ROLE_OPEN && j->value[cell] > 0 &&
                           (best == SIZE_MAX || j->cell[cell].want < j->cell[best].want)) {
                        best = cell;
                }
        }
        if (!hides || hidden_sum >= (int64_t)j->settings->threshold)
                return 0;
        best = best == SIZE_MAX ? total : best;
        j->cell[best].role = MODEL_ROLE_PROTECT;
        j->status[best] = SUPPRESS_SECONDARY;
        return 1;
}

static size_t lines_of_partition(
        struct joint *j, const struct space_block *b, uint32_t d, const struct partition *p)
{
        size_t stride = b->stride[d];
        size_t span = stride * model_nodes(&j->space.dimension[b->dimensions[d]]), chosen = 0;

        for (size_t outer = 0; outer < b->cells; outer += span)
                for (size_t i = 0; i < stride; i++)
                        for (uint32_t w = 0; w < p->wholes; w++)
                                chosen += line_look(j, p, w, b->offset + outer + i, stride);
        return chosen;
}

static enum err lines_of_dimension(struct joint *j, struct arena *scratch,
        const struct space_block *b, uint32_t at, size_t *chosen)
{
        const struct model_dimension *d = &j->space.dimension[b->dimensions[at]];

        for (uint32_t below = 0; below <= d->levels_len; below++)
                for (uint32_t above = 1; above <= d->levels_len + 1; above++) {
                        struct partition p;
                        bool nests = false;

                        if (above == below)
                                continue;
                        TRY(partition_new(scratch, d, below, above, &p, &nests));
                        if (nests)
                                *chosen += lines_of_partition(j, b, at, &p);
                }
        return ERR_OK;
}

enum err joint_lines(struct joint *j, size_t *chosen)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        *chosen = 0;
        for (uint32_t b = 0; b < j->space.blocks_len; b++)
                for (uint32_t d = 0; d < j->space.block[b].dimensions_len; d++)
                        TRY(lines_of_dimension(j, scratch, &j->space.block[b], d, chosen));
        return ERR_OK;
}
