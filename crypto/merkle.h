/* SPDX-License-Identifier: Apache-2.0 */
/* merkle.h: the hash tree over the audit log (RFC 9162, section 2.1).
 *
 * A root fixes every leaf and their order. Who has one root can be shown, with some
 * twenty hashes, that a leaf is under it (inclusion), or that another root has the same
 * leaves and some more behind them (consistency). Leaves are numbered from 0. */
#ifndef STATGATE_CRYPTO_MERKLE_H
#define STATGATE_CRYPTO_MERKLE_H

#include "base/bytes.h"
#include "base/terms.h"

/* Levels of a tree of 2^64 leaves, and hashes of the longest proof. */
enum { MERKLE_LEVELS = 64, MERKLE_PROOF_MAX = 2 * MERKLE_LEVELS };

void merkle_leaf(struct bytes data, struct digest *out); /* SHA-256(0 ‖ data) */
void merkle_node(const struct digest *left, const struct digest *right,
        struct digest *out);                /* SHA-256(1 ‖ left ‖ right) */
void merkle_empty_root(struct digest *out); /* SHA-256 of nothing */

/* The right edge of a tree: roots of the complete subtrees it consists of, largest
 * first, one for each bit that is set in `size`. Zeroed, it is the empty tree. May be copied. */
struct merkle_edge {
        uint64_t size;
        struct digest peaks[MERKLE_LEVELS];
};
void merkle_push(struct merkle_edge *e, const struct digest *leaf);
void merkle_root(const struct merkle_edge *e, struct digest *out);

struct merkle_proof {
        uint32_t len;
        struct digest hashes[MERKLE_PROOF_MAX];
};
/* Whether `root` of a tree of `size` leaves has `leaf` at `index`. ERR_TAMPERED. */
MUST_CHECK enum err merkle_check_inclusion(const struct digest *leaf, uint64_t index, uint64_t size,
        const struct merkle_proof *proof, const struct digest *root);
/* Whether the tree of `size` leaves begins with the one of `before` leaves. Of 0 leaves before
 * everything is an extension, by an empty proof. ERR_TAMPERED. */
MUST_CHECK enum err merkle_check_consistency(uint64_t before, const struct digest *before_root,
        uint64_t size, const struct digest *root, const struct merkle_proof *proof);

/* Proofs are made from roots of complete subtrees: of height `level`, the `index`th from the
 * left. What the callback refuses is passed on. */
typedef enum err (*merkle_subtree)(void *ctx, unsigned level, uint64_t index, struct digest *out);
/* ERR_INVALID: there is no such leaf, or the tree before is larger. */
MUST_CHECK enum err merkle_prove_inclusion(
        uint64_t index, uint64_t size, merkle_subtree fn, void *ctx, struct merkle_proof *out);
MUST_CHECK enum err merkle_prove_consistency(
        uint64_t before, uint64_t size, merkle_subtree fn, void *ctx, struct merkle_proof *out);
/* The edge of the first `size` leaves. */
MUST_CHECK enum err merkle_edge_of(
        uint64_t size, merkle_subtree fn, void *ctx, struct merkle_edge *out);

#endif
