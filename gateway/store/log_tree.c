/* SPDX-License-Identifier: Apache-2.0 */
/* log_tree.c: the tree over the audit log, made from what is on disk.
 *
 * Any subtree is made of at most 256 hashes: of the leaves in one block, or of the rows of the next
 * lower level that has rows. A proof over ten million entries reads one block, some two hundred
 * rows of level 8 and some of level 16. What is asked for most is about the newest entries, whose
 * blocks stay in memory with all that was hashed above them and only grow: entries never change.
 *
 * Rows of `subtree` can be made anew from the entries; they are here to be quick and are believed
 * no further than that: what the keeper signed tells whether they are right. */
#include <stdlib.h>
#include <string.h>

#include "gateway/store/log_inside.h"

static void block_add(struct log_block *b, const struct digest *hash)
{
        uint32_t at = BLOCK + b->len++;

        b->nodes[at] = *hash;
        for (; (at & 1) == 1 && at > 1; at /= 2)
                merkle_node(&b->nodes[at - 1], &b->nodes[at], &b->nodes[at / 2]);
}

static enum err leaf_read(const struct run *r, uint64_t number, struct digest *out)
{
        struct digest commitment;
        int64_t kind;

        TRY(column_range(r, 2, 1, UINT16_MAX, &kind));
        TRY(column_digest(r, 3, &commitment));
        leaf_hash(number, column_i64(r, 1), (uint16_t)kind, &commitment, out);
        return ERR_OK;
}

/* Whatever is there and not in memory yet, up to a gap. */
static enum err block_grow(struct db *db, unsigned level, struct log_block *b)
{
        OWNED(run_done) struct run r = {0};
        uint64_t first = b->block << BLOCK_BITS;
        struct digest hash;
        enum err e;

        TRY(run_start(db, level == 0 ? SQL_LEAVES : SQL_SUBTREES, &r));
        if (level > 0)
                bind_i64(&r, level);
        bind_i64(&r, (int64_t)(first + b->len));
        bind_i64(&r, (int64_t)(first + BLOCK));
        while ((e = run_row(&r)) == ERR_OK && b->len < BLOCK) {
                uint64_t number = first + b->len;

                if ((uint64_t)column_i64(&r, 0) != number)
                        return ERR_OK;
                TRY(level == 0 ? leaf_read(&r, number, &hash) : column_digest(&r, 1, &hash));
                block_add(b, &hash);
        }
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Where a block is kept, or will be. */
static struct log_block *block_of(struct log_cache *c, unsigned level, uint64_t block)
{
        unsigned at = level / BLOCK_BITS;
        struct log_block *newest = &c->newest[at];
        struct log_block *b = !newest->holds || block >= newest->block ? newest : &c->other[at];

        if (!b->holds || b->block != block) {
                b->holds = true;
                b->block = block;
                b->len = 0;
        }
        return b;
}

enum err log_tree_node(void *ctx, unsigned level, uint64_t index, struct digest *out)
{
        const struct log_tree *t = ctx;
        unsigned above = level % BLOCK_BITS, base = level - above;

        /* No number on disk is beyond 2^63, and no log beyond 2^32. */
        if (base / BLOCK_BITS >= LEVELS_KEPT || index > (uint64_t)INT64_MAX >> level)
                return ERR_INVALID;
        uint64_t first = index << above;
        uint32_t at = (uint32_t)(first & BLOCK_MASK);
        struct log_block *b = block_of(t->cache, base, first >> BLOCK_BITS);

        if (at + (1U << above) > b->len)
                TRY(block_grow(t->db, base, b));
        if (at + (1U << above) > b->len)
                return ERR_CORRUPT;
        *out = b->nodes[(BLOCK + at) >> above];
        return ERR_OK;
}

/* Proofs --------------------------------------------------------------------- */

/* A reader, and the tree of what is durable if it has `size` entries; to be given back. */
static enum err tree_borrow(struct store *s, uint64_t size, struct log_tree *out)
{
        struct merkle_edge edge;

        store_log_edge(s, &edge);
        if (size > edge.size)
                return ERR_INVALID;
        TRY(reader_borrow(s, &out->db));
        pthread_mutex_lock(&s->log_lock);
        out->cache = &s->log_cache;
        return ERR_OK;
}

static void tree_return(struct store *s, struct log_tree *t)
{
        pthread_mutex_unlock(&s->log_lock);
        reader_return(s, &t->db);
}

enum err store_log_inclusion(
        struct store *s, uint64_t number, uint64_t size, struct merkle_proof *out)
{
        struct log_tree t;

        TRY(tree_borrow(s, size, &t));
        enum err e = merkle_prove_inclusion(number, size, log_tree_node, &t, out);

        tree_return(s, &t);
        return e;
}

enum err store_log_consistency(
        struct store *s, uint64_t before, uint64_t size, struct merkle_proof *out)
{
        struct log_tree t;

        TRY(tree_borrow(s, size, &t));
        enum err e = merkle_prove_consistency(before, size, log_tree_node, &t, out);

        tree_return(s, &t);
        return e;
}

enum err store_log_root(struct store *s, uint64_t size, struct digest *out)
{
        struct merkle_edge edge;
        struct log_tree t;

        TRY(tree_borrow(s, size, &t));
        enum err e = merkle_edge_of(size, log_tree_node, &t, &edge);

        tree_return(s, &t);
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

/* From entries alone: nothing that was kept before is believed. */
static enum err remake_all(struct store *s, struct log_tree *t)
{
        uint64_t size;

        TRY(log_size(t->db, &size));
        for (unsigned level = BLOCK_BITS; size >> level > 0; level += BLOCK_BITS)
                TRY(remake_level(s, t, level, size));
        return ERR_OK;
}

static void forget_kept(struct store *s)
{
        pthread_mutex_lock(&s->log_lock);
        memset(&s->log_cache, 0, sizeof s->log_cache);
        pthread_mutex_unlock(&s->log_lock);
}

enum err store_log_remake(struct store *s)
{
        struct log_tree t = {.cache = calloc(1, sizeof *t.cache)};
        enum err e = t.cache != NULL ? reader_borrow(s, &t.db) : ERR_NO_MEMORY;

        if (e == ERR_OK) {
                e = remake_all(s, &t);
                reader_return(s, &t.db);
        }
        free(t.cache);
        forget_kept(s);
        TRY(e);
        return writer_run(s->writer, JOB_GROUPED, reload_job, NULL);
}
