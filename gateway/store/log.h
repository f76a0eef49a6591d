/* SPDX-License-Identifier: Apache-2.0 */
/* log.h: the audit log at rest: entries, their tree, and heads that were signed over it.
 *
 * Entries are numbered from 0 without gaps and are never changed; what they say can be pruned, and
 * their commitments stay (crypto/leaf.h). They are appended by the store's one writer, in the
 * transaction of whatever they tell about: see the `entry` of the calls in store.h. */
#ifndef STATGATE_GATEWAY_STORE_LOG_H
#define STATGATE_GATEWAY_STORE_LOG_H

#include "crypto/leaf.h"
#include "crypto/merkle.h"
#include "crypto/tree_head.h"
#include "gateway/store/store.h"

/* As it lies on disk. */
struct stored_entry {
        uint64_t number;
        int64_t at_ms; /* never less than the entry's before */
        uint16_t kind;
        struct digest commitment;
        bool pruned; /* then what follows is empty */
        uint8_t open_salt[LEAF_SALT_LEN], closed_salt[LEAF_SALT_LEN];
        struct bytes open, closed;
};

/* Entries by themselves, in one transaction; durable on return. ERR_LOG_CHANGED: the log was found
 * damaged when the store was opened, and takes no more. */
enum { LOG_APPEND_MAX = 256 };
MUST_CHECK enum err store_entry_append(
        struct store *s, const struct entry_draft *entry, uint64_t *out_number);
MUST_CHECK enum err store_entries_append(
        struct store *s, const struct entry_draft *entries, uint32_t len, uint64_t *out_first);

/* What is durable now; of a damaged log, nothing. */
void store_log_edge(struct store *s, struct merkle_edge *out);
/* One more than the number of the last entry on disk, in a damaged log too. */
MUST_CHECK enum err store_log_size(struct store *s, uint64_t *out);

/* Proofs over entries that are durable. ERR_INVALID: there are not so many. */
MUST_CHECK enum err store_log_inclusion(
        struct store *s, uint64_t number, uint64_t size, struct merkle_proof *out);
MUST_CHECK enum err store_log_consistency(
        struct store *s, uint64_t before, uint64_t size, struct merkle_proof *out);
MUST_CHECK enum err store_log_root(struct store *s, uint64_t size, struct digest *out);
/* Makes what is kept of the tree anew from the entries: some seconds for ten million. While nobody
 * appends. ERR_CORRUPT: an entry is missing. */
MUST_CHECK enum err store_log_remake(struct store *s);

/* Entries from..to-1 in order, or backwards where from > to (from-1 down to `to`). What is visited
 * is borrowed until the visitor returns, whose error ends it; ERR_CANCELLED ends it well. No
 * transaction is open while it looks: it may take its time, and write. */
typedef enum err (*store_entry_visitor)(void *ctx, const struct stored_entry *entry);
MUST_CHECK enum err store_entries(
        struct store *s, uint64_t from, uint64_t to, store_entry_visitor fn, void *ctx);
/* Number of the first entry at or after a moment; the log's size where there is none. */
MUST_CHECK enum err store_entry_since(struct store *s, int64_t at_ms, uint64_t *out);

/* What entries before `number` of these kinds (bit i: kind i) say goes, from files too; commitments
 * stay. Asked for again it goes on where it stopped; the file keeps its length. */
MUST_CHECK enum err store_entries_prune(
        struct store *s, uint64_t number, uint64_t kinds, uint64_t *out_pruned);
/* How many that would be. */
MUST_CHECK enum err store_entries_to_prune(
        struct store *s, uint64_t number, uint64_t kinds, uint64_t *out);

/* Signed heads, by size. The store keeps the newest, and of older ones one for each minute. */
MUST_CHECK enum err store_head_put(struct store *s, const struct tree_head *head);
MUST_CHECK enum err store_heads(struct store *s, uint64_t from_size, uint32_t limit,
        struct arena *a, struct tree_head **out, uint32_t *out_len);

#endif
