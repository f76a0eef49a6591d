/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.h: what of an audit entry is hashed.
 *
 * A leaf of the tree is a commitment to the entry's content, not the content: so content can be
 * pruned when its time is over, and the tree still verifies. The content has two parts. The *open*
 * one is shown to whom the entry is about (it is the statement of an answer's certificate); the
 * *closed* one to a data-protection officer. Each has a salt of its own, so that neither a
 * pruned nor a closed part can be guessed from its digest.
 *
 *   part        SHA-256("statgate/part/1" 0 ‖ salt 16 ‖ bytes)
 *   commitment  SHA-256("statgate/entry/1" 0 ‖ part of open ‖ part of closed)
 *   leaf        merkle_leaf(number u64 ‖ at_ms i64 ‖ kind u16 ‖ commitment), little-endian */
#ifndef STATGATE_CRYPTO_LEAF_H
#define STATGATE_CRYPTO_LEAF_H

#include "base/bytes.h"
#include "base/terms.h"

enum { LEAF_SALT_LEN = 16 };

void leaf_part(const uint8_t salt[LEAF_SALT_LEN], struct bytes content, struct digest *out);
void leaf_commitment(const struct digest *open, const struct digest *closed, struct digest *out);
void leaf_hash(uint64_t number, int64_t at_ms, uint16_t kind, const struct digest *commitment,
        struct digest *out);

#endif
