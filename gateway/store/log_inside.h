/* SPDX-License-Identifier: Apache-2.0 */
/* log_inside.h: what the files of the audit log share. */
#ifndef STATGATE_GATEWAY_STORE_LOG_INSIDE_H
#define STATGATE_GATEWAY_STORE_LOG_INSIDE_H

#include "gateway/store/inside.h"

/* Subtrees of 2^8 leaves, 2^16 and so on have rows of their own. */
enum { BLOCK_BITS = 8, BLOCK = 1 << BLOCK_BITS, BLOCK_MASK = BLOCK - 1 };

/* Roots of complete subtrees, of whatever height: from rows of the level below, folded. */
struct log_tree {
        struct db *db;
        bool holds; /* a block of leaves, kept for the next question */
        uint64_t block;
        uint32_t len;
        struct digest leaves[BLOCK];
};
/* A merkle_subtree; `ctx` is a log_tree. ERR_CORRUPT: an entry or a subtree is not there. */
MUST_CHECK enum err log_tree_node(void *ctx, unsigned level, uint64_t index, struct digest *out);

/* What the last row says, however the tree is. */
MUST_CHECK enum err log_size(struct db *db, uint64_t *out);

MUST_CHECK enum err subtree_put(
        struct db *db, unsigned level, uint64_t place, const struct digest *hash);

#endif
