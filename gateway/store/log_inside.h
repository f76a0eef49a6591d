/* SPDX-License-Identifier: Apache-2.0 */
/* log_inside.h: what the files of the audit log share. */
#ifndef STATGATE_GATEWAY_STORE_LOG_INSIDE_H
#define STATGATE_GATEWAY_STORE_LOG_INSIDE_H

#include "gateway/store/inside.h"

/* Roots of complete subtrees, of whatever height: from leaves, or from rows of the level below. */
struct log_tree {
        struct db *db;
        struct log_cache *cache;
};
/* A merkle_subtree; `ctx` is a log_tree. ERR_CORRUPT: an entry or a subtree is not there. */
MUST_CHECK enum err log_tree_node(void *ctx, unsigned level, uint64_t index, struct digest *out);

/* What the last row says, however the tree is. */
MUST_CHECK enum err log_size(struct db *db, uint64_t *out);

MUST_CHECK enum err subtree_put(
        struct db *db, unsigned level, uint64_t place, const struct digest *hash);

#endif
