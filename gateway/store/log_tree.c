/* SPDX-License-Identifier: Apache-2.0 */
/* log_tree.c: the tree over the audit log, made from what is on disk.
 *
 * Any subtree is folded from at most 256 hashes: of the leaves in one block, or of the rows of the
 * next lower level that has rows. A proof over ten million entries reads one block, some two
 * hundred rows of level 8 and some of level 16.
 *
 * Rows of `subtree` can be made anew from the entries; they are here to be quick and are believed
 * no further than that: what the keeper signed tells whether they are right. */
#include "gateway/store/log_inside.h"

/* 2^levels hashes to one, in place. */
static void fold(struct digest *h, unsigned levels)
{
        for (uint32_t len = 1U << levels; len > 1; len /= 2)
                for (uint32_t i = 0; i < len; i += 2)
                        merkle_node(&h[i], &h[i + 1], &h[i / 2]);
}

/* Leaves of a block that are there, from its first on without a gap. */
static enum err block_read(struct log_tree *t, uint64_t block)
{
        OWNED(run_done) struct run r = {0};
        int64_t kind;
        enum err e;

        t->holds = false;
        t->len = 0;
        TRY(run_start(t->db, SQL_LEAVES, &r));
        bind_i64(&r, (int64_t)(block << BLOCK_BITS));
        bind_i64(&r, (int64_t)((block + 1) << BLOCK_BITS));
        while ((e = run_row(&r)) == ERR_OK) {
                struct digest commitment;
                uint64_t number = (uint64_t)column_i64(&r, 0);

                if (number != (block << BLOCK_BITS) + t->len)
                        break;
                TRY(column_range(&r, 2, 1, UINT16_MAX, &kind));
                TRY(column_digest(&r, 3, &commitment));
                leaf_hash(number, column_i64(&r, 1), (uint16_t)kind, &commitment,
                        &t->leaves[t->len++]);
        }
        if (e != ERR_OK && e != ERR_NOT_FOUND)
                return e;
        t->block = block;
        t->holds = true;
        return ERR_OK;
}

static enum err from_leaves(struct log_tree *t, unsigned level, uint64_t index, struct digest *out)
{
        uint64_t first = index << level, block = first >> BLOCK_BITS;
        uint32_t at = (uint32_t)(first & BLOCK_MASK), len = 1U << level;
        struct digest h[BLOCK];

        if (!t->holds || t->block != block)
                TRY(block_read(t, block));
        if (at + len > t->len)
                return ERR_CORRUPT;
        for (uint32_t i = 0; i < len; i++)
                h[i] = t->leaves[at + i];
        fold(h, level);
        *out = h[0];
        return ERR_OK;
}

static enum err from_rows(struct db *db, unsigned level, uint64_t index, struct digest *out)
{
        OWNED(run_done) struct run r = {0};
        unsigned above = level % BLOCK_BITS;
        uint64_t first = index << above;
        uint32_t wanted = 1U << above, len = 0;
        struct digest h[BLOCK];
        enum err e;

        TRY(run_start(db, SQL_SUBTREES, &r));
        bind_i64(&r, level - above);
        bind_i64(&r, (int64_t)first);
        bind_i64(&r, (int64_t)(first + wanted));
        while ((e = run_row(&r)) == ERR_OK) {
                if ((uint64_t)column_i64(&r, 0) != first + len)
                        return ERR_CORRUPT;
                TRY(column_digest(&r, 1, &h[len++]));
        }
        if (e != ERR_NOT_FOUND)
                return e;
        if (len < wanted)
                return ERR_CORRUPT;
        fold(h, above);
        *out = h[0];
        return ERR_OK;
}

enum err log_tree_node(void *ctx, unsigned level, uint64_t index, struct digest *out)
{
        struct log_tree *t = ctx;

        /* No number on disk is beyond 2^63. */
        if (level >= 63 || index > (uint64_t)INT64_MAX >> level)
                return ERR_INVALID;
        return level < BLOCK_BITS ? from_leaves(t, level, index, out)
                                  : from_rows(t->db, level, index, out);
}

/* Proofs --------------------------------------------------------------------- */

/* A reader, and the tree of what is durable if it has `size` entries. */
static enum err tree_borrow(struct store *s, uint64_t size, struct log_tree *out)
{
        struct merkle_edge edge;

        store_log_edge(s, &edge);
        if (size > edge.size)
                return ERR_INVALID;
        out->holds = false;
        return reader_borrow(s, &out->db);
}

enum err store_log_inclusion(
        struct store *s, uint64_t number, uint64_t size, struct merkle_proof *out)
{
        struct log_tree t;

        TRY(tree_borrow(s, size, &t));
        enum err e = merkle_prove_inclusion(number, size, log_tree_node, &t, out);

        reader_return(s, &t.db);
        return e;
}

enum err store_log_consistency(
        struct store *s, uint64_t before, uint64_t size, struct merkle_proof *out)
{
        struct log_tree t;

        TRY(tree_borrow(s, size, &t));
        enum err e = merkle_prove_consistency(before, size, log_tree_node, &t, out);

        reader_return(s, &t.db);
        return e;
}

enum err store_log_root(struct store *s, uint64_t size, struct digest *out)
{
        struct merkle_edge edge;
        struct log_tree t;

        TRY(tree_borrow(s, size, &t));
        enum err e = merkle_edge_of(size, log_tree_node, &t, &edge);

        reader_return(s, &t.db);
        if (e == ERR_OK)
                merkle_root(&edge, out);
        return e;
}

/* Making rows anew ------------------------------------------------------------ */

struct remaking {
        unsigned level;
        uint64_t first;
        uint32_t len;
        struct digest hashes[BLOCK];
};

static enum err remake_job(struct db *db, void *ctx)
{
        const struct remaking *m = ctx;

        for (uint32_t i = 0; i < m->len; i++)
                TRY(subtree_put(db, m->level, m->first + i, &m->hashes[i]));
        return ERR_OK;
}

/* One of the next level, from whole blocks of leaves or from the rows below. */
static enum err remake_one(struct log_tree *t, unsigned level, uint64_t place, struct digest *out)
{
        struct digest h[2];

        TRY(log_tree_node(t, level - 1, 2 * place, &h[0]));
        TRY(log_tree_node(t, level - 1, 2 * place + 1, &h[1]));
        merkle_node(&h[0], &h[1], out);
        return ERR_OK;
}

static enum err remake_level(struct store *s, struct log_tree *t, unsigned level, uint64_t size)
{
        struct remaking m = {.level = level};

        for (uint64_t place = 0; place < size >> level; place++) {
                TRY(remake_one(t, level, place, &m.hashes[m.len++]));
                if (m.len < BLOCK && place + 1 < size >> level)
                        continue;
                TRY(writer_run(s->writer, JOB_GROUPED, remake_job, &m));
                m.first = place + 1;
                m.len = 0;
        }
        return ERR_OK;
}

static enum err reload_job(struct db *db, void *ctx)
{
        (void)ctx;
        TRY(log_load(db, db->tail));
        return db->tail->damaged ? ERR_CORRUPT : ERR_OK;
}

enum err store_log_remake(struct store *s)
{
        struct log_tree t = {0};
        uint64_t size = 0;
        enum err e;

        TRY(reader_borrow(s, &t.db));
        e = log_size(t.db, &size);
        for (unsigned level = BLOCK_BITS; e == ERR_OK && size >> level > 0; level += BLOCK_BITS)
                e = remake_level(s, &t, level, size);
        reader_return(s, &t.db);
        TRY(e);
        return writer_run(s->writer, JOB_GROUPED, reload_job, NULL);
}
