/* SPDX-License-Identifier: Apache-2.0 */
/* merkle.c: the tree of RFC 9162, section 2.1, without ever holding a tree.
 *
 * A tree of n leaves is a row of complete subtrees, one for each bit of n, folded from the right;
 * so whoever appends keeps those roots only, and whoever proves asks for roots of complete
 * subtrees, some twice as many as the proof is long.
 *
 * Checking follows the steps of the RFC to the letter (2.1.3.2, 2.1.4.2): its two indices walk up
 * from leaf and last leaf, and a proof that is too short or too long leaves them in the wrong
 * place. A leaf is hashed behind a 0 and a node behind a 1, or an inner node could be shown as a
 * leaf. What an all-zero proof or a size near 2^64 does to the arithmetic is in the tests. */
#include "crypto/merkle.h"

#include <assert.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/midstate.h"

void merkle_leaf(struct bytes data, struct digest *out)
{
        static const uint8_t mark = 0;
        const struct bytes parts[2] = {bytes_of(&mark, 1), data};

        sha256_parts(parts, 2, out->bytes);
}

void merkle_node(const struct digest *left, const struct digest *right, struct digest *out)
{
        uint8_t both[1 + 2 * sizeof left->bytes];

        both[0] = 1;
        memcpy(both + 1, left->bytes, sizeof left->bytes);
        memcpy(both + 1 + sizeof left->bytes, right->bytes, sizeof right->bytes);
        sha256_once(bytes_of(both, sizeof both), out->bytes);
}

void merkle_empty_root(struct digest *out)
{
        sha256_once(bytes_of(NULL, 0), out->bytes);
}

/* The edge ----------------------------------------------------------------- */

/* Adding a leaf is adding one to a binary number: it carries through the ones at its end. */
void merkle_push(struct merkle_edge *e, const struct digest *leaf)
{
        unsigned len = (unsigned)__builtin_popcountll(e->size);
        struct digest carried = *leaf;

        assert(e->size < UINT64_MAX);
        for (uint64_t bits = e->size; (bits & 1) != 0; bits >>= 1)
                merkle_node(&e->peaks[--len], &carried, &carried);
        e->peaks[len] = carried;
        e->size++;
}

/* Peaks, largest first, are what is left of the tree's root when it is taken apart. */
static void fold(const struct digest *peaks, unsigned len, struct digest *out)
{
        struct digest all = peaks[len - 1];

        for (unsigned i = len - 1; i > 0; i--)
                merkle_node(&peaks[i - 1], &all, &all);
        *out = all;
}

void merkle_root(const struct merkle_edge *e, struct digest *out)
{
        if (e->size == 0)
                merkle_empty_root(out);
        else
                fold(e->peaks, (unsigned)__builtin_popcountll(e->size), out);
}

/* Checking ----------------------------------------------------------------- */

/* Where a walk up the tree is: at node `at` of those of its height, `last` being the
 * rightmost of them. */
struct climb {
        uint64_t at, last;
};

/* Whether the next hash of the proof stands to the left. A rightmost node without a sister rises,
 * uncombined, to where it is a right child. */
static bool climb_is_right(struct climb *c)
{
        bool right = (c->at & 1) != 0 || c->at == c->last;

        if (right)
                while ((c->at & 1) == 0 && c->at != 0) {
                        c->at >>= 1;
                        c->last >>= 1;
                }
        c->at >>= 1;
        c->last >>= 1;
        return right;
}

enum err merkle_check_inclusion(const struct digest *leaf, uint64_t index, uint64_t size,
        const struct merkle_proof *proof, const struct digest *root)
{
        struct climb c = {index, size - 1};
        struct digest made = *leaf;

        if (index >= size || proof->len > MERKLE_PROOF_MAX)
                return ERR_TAMPERED;
        for (uint32_t i = 0; i < proof->len; i++) {
                if (c.last == 0)
                        return ERR_TAMPERED;
                if (climb_is_right(&c))
                        merkle_node(&proof->hashes[i], &made, &made);
                else
                        merkle_node(&made, &proof->hashes[i], &made);
        }
        return c.last == 0 && digest_equal(&made, root) ? ERR_OK : ERR_TAMPERED;
}

/* Nothing to walk: the tree before is empty, or is this one. */
static enum err check_unproved(uint64_t before, const struct digest *before_root, uint64_t size,
        const struct digest *root, const struct merkle_proof *proof)
{
        struct digest empty;

        merkle_empty_root(&empty);
        if (proof->len != 0 || (size == 0 && !digest_equal(root, &empty)))
                return ERR_TAMPERED;
        return before == 0 || digest_equal(before_root, root) ? ERR_OK : ERR_TAMPERED;
}

enum err merkle_check_consistency(uint64_t before, const struct digest *before_root, uint64_t size,
        const struct digest *root, const struct merkle_proof *proof)
{
        struct climb c = {before - 1, size - 1};
        struct digest old, whole;
        uint32_t next = 0;

        if (before > size || proof->len > MERKLE_PROOF_MAX)
                return ERR_TAMPERED;
        if (before == 0 || before == size)
                return check_unproved(before, before_root, size, root, proof);
        if (proof->len == 0)
                return ERR_TAMPERED;
        while ((c.at & 1) != 0) {
                c.at >>= 1;
                c.last >>= 1;
        }
        /* Of a tree before that is one complete subtree the root itself is where to begin. */
        old = (before & (before - 1)) == 0 ? *before_root : proof->hashes[next++];
        whole = old;
        for (; next < proof->len; next++) {
                if (c.last == 0)
                        return ERR_TAMPERED;
                if (climb_is_right(&c)) {
                        merkle_node(&proof->hashes[next], &old, &old);
                        merkle_node(&proof->hashes[next], &whole, &whole);
                } else {
                        merkle_node(&whole, &proof->hashes[next], &whole);
                }
        }
        return c.last == 0 && digest_equal(&old, before_root) && digest_equal(&whole, root)
                       ? ERR_OK
                       : ERR_TAMPERED;
}

/* Proving ------------------------------------------------------------------ */

struct source {
        merkle_subtree fn;
        void *ctx;
};

/* Roots of the complete subtrees that `len` leaves from `start` consist of; `start` is a
 * multiple of a power of two that is not less than `len`. */
static enum err peaks_of(const struct source *s, uint64_t start, uint64_t len,
        struct digest peaks[MERKLE_LEVELS], unsigned *out_len)
{
        unsigned count = 0;

        while (len > 0) {
                unsigned level = 63 - (unsigned)__builtin_clzll(len);

                TRY(s->fn(s->ctx, level, start >> level, &peaks[count++]));
                start += 1ull << level;
                len -= 1ull << level;
        }
        *out_len = count;
        return ERR_OK;
}

static enum err root_of(const struct source *s, uint64_t start, uint64_t len, struct digest *out)
{
        struct digest peaks[MERKLE_LEVELS];
        unsigned count = 0;

        TRY(peaks_of(s, start, len, peaks, &count));
        fold(peaks, count, out);
        return ERR_OK;
}

/* A walk down from the root of the whole tree; what stands beside the way is the proof, from
 * below upwards. */
struct descent {
        const struct source *source;
        uint64_t start, len; /* leaves under the node that was reached */
        struct merkle_proof proof;
};

static uint64_t left_len(uint64_t len)
{
        return 1ull << (63 - (unsigned)__builtin_clzll(len - 1));
}

static enum err descent_keep(struct descent *d, uint64_t start, uint64_t len)
{
        return root_of(d->source, start, len, &d->proof.hashes[d->proof.len++]);
}

static enum err descend(struct descent *d, bool to_right)
{
        uint64_t left = left_len(d->len);

        if (to_right) {
                TRY(descent_keep(d, d->start, left));
                d->start += left;
                d->len -= left;
        } else {
                TRY(descent_keep(d, d->start + left, d->len - left));
                d->len = left;
        }
        return ERR_OK;
}

static void descent_end(const struct descent *d, struct merkle_proof *out)
{
        out->len = d->proof.len;
        for (uint32_t i = 0; i < out->len; i++)
                out->hashes[i] = d->proof.hashes[out->len - 1 - i];
}

enum err merkle_prove_inclusion(
        uint64_t index, uint64_t size, merkle_subtree fn, void *ctx, struct merkle_proof *out)
{
        const struct source source = {fn, ctx};
        struct descent d = {.source = &source, .len = size};

        if (index >= size)
                return ERR_INVALID;
        while (d.len > 1)
                TRY(descend(&d, index - d.start >= left_len(d.len)));
        descent_end(&d, out);
        return ERR_OK;
}

/* SUBPROOF of the RFC: down to the node under which the tree before ends. When that is no node of
 * its left edge, nobody has its hash yet, and it goes first. */
enum err merkle_prove_consistency(
        uint64_t before, uint64_t size, merkle_subtree fn, void *ctx, struct merkle_proof *out)
{
        const struct source source = {fn, ctx};
        struct descent d = {.source = &source, .len = size};

        if (before > size)
                return ERR_INVALID;
        if (before == 0 || before == size) {
                out->len = 0;
                return ERR_OK;
        }
        while (d.start + d.len != before)
                TRY(descend(&d, before - d.start > left_len(d.len)));
        if (d.start > 0)
                TRY(descent_keep(&d, d.start, d.len));
        descent_end(&d, out);
        return ERR_OK;
}

enum err merkle_edge_of(uint64_t size, merkle_subtree fn, void *ctx, struct merkle_edge *out)
{
        const struct source source = {fn, ctx};
        struct merkle_edge edge = {.size = size};
        unsigned len = 0;

        TRY(peaks_of(&source, 0, size, edge.peaks, &len));
        *out = edge;
        return ERR_OK;
}
