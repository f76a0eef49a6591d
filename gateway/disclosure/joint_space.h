/* SPDX-License-Identifier: Apache-2.0 */
/* joint_space.h: where the cells of all tables of a release lie, over the dimensions they
 * share.
 *
 * A category is a set of leaves of a shared dimension: one leaf, all of them, or a group of
 * a level that the release then has. Tables over the same shared dimensions lie in one
 * *block*, the dense product of those dimensions' nodes; most of a block is no table's
 * cell, and absent. Two cells of different tables that are the same sum are the same cell
 * of a block, so they cannot have two statuses. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_JOINT_SPACE_H
#define STATGATE_GATEWAY_DISCLOSURE_JOINT_SPACE_H

#include "gateway/disclosure/disclosure.h"
#include "gateway/disclosure/model.h"

/* A category without leaves: nobody can be in it. */
#define SPACE_NOWHERE UINT32_MAX

struct space_block {
        uint32_t dimensions[MODEL_DIMENSIONS_MAX]; /* ascending */
        uint32_t dimensions_len;
        size_t stride[MODEL_DIMENSIONS_MAX];
        size_t offset, cells; /* offset: of its first cell among those of all blocks */
};

struct space {
        struct model_dimension dimension[MODEL_DIMENSIONS_MAX];
        uint32_t dimensions_len;
        unsigned overlapping; /* bits by dimension */
        struct space_block *block;
        uint32_t blocks_len;
        size_t cells;       /* of all blocks */
        uint32_t **cell_of; /* of each table's cells: which of all blocks' cells */
        const uint32_t *inner;
        size_t inner_len;
        const atomic_bool *cancel; /* of the models made of it; set by whoever has one */
};

/* ERR_INVALID: axes that do not fit their tables; ERR_TOO_MANY_CELLS. In the arena, and what
 * the release points at is borrowed. */
MUST_CHECK enum err space_new(
        struct arena *arena, const struct disclosure_release *release, struct space *out);

/* The node where a level's groups begin; 0: the leaves. */
uint32_t space_first_node(const struct model_dimension *d, uint32_t level);

/* The tables of a model: each block with its part of `cells`. */
MUST_CHECK enum err space_release(struct arena *arena, const struct space *s,
        const struct model_cell *cells, struct model_release *out);

#endif
