/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: the end of the audit log, where it grows.
 *
 * An entry is one row, appended by the writer in the transaction of what it tells about. Its tree
 * is nowhere whole: in memory stands its right edge, on disk the roots of complete subtrees of 256
 * leaves, of 65,536 and so on (log_tree.c), from which the edge is made when the store opens and
 * any proof when somebody asks.
 *
 * The edge is changed as soon as a row is, and a row may yet go back: see writer.c.
 *
 * Numbers are the rows' own keys, in order, so SQLite appends pages and never moves a cell: what
 * is pruned later is overwritten where it stands (log_prune.c).
 *
 * A log whose edge cannot be made has been tampered with. The store opens all the same, or nobody
 * could look at what is wrong; but whatever has to leave an entry is refused. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/secret.h"
#include "gateway/store/log_inside.h"

/* Above what audit/entry.h allows; with both, far below SQLite's own limit. */
enum { PART_MAX = 1 << 20 };

enum err log_line_make(const struct entry_draft *entry, struct log_line *out)
{
        struct log_line line = {.wanted = true};
        struct digest open, closed;

        if (entry == NULL) {
                *out = (struct log_line){0};
                return ERR_OK;
        }
        if (entry->kind == 0)
                return ERR_INVALID;
        if (entry->open.len > PART_MAX || entry->closed.len > PART_MAX)
                return ERR_TOO_LARGE;
        TRY(random_bytes(line.salts, sizeof line.salts));
        leaf_part(line.salts, entry->open, &open);
        leaf_part(line.salts + LEAF_SALT_LEN, entry->closed, &closed);
        leaf_commitment(&open, &closed, &line.commitment);
        line.kind = entry->kind;
        line.open = entry->open;
        line.closed = entry->closed;
        *out = line;
        return ERR_OK;
}

static enum err entry_insert(
        struct db *db, uint64_t number, int64_t at_ms, const struct log_line *line)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_ENTRY_INSERT, &r));
        bind_i64(&r, (int64_t)number);
        bind_i64(&r, at_ms);
        bind_i64(&r, line->kind);
        bind_bytes(&r, bytes_of(line->commitment.bytes, sizeof line->commitment.bytes));
        bind_bytes(&r, bytes_of(line->salts, sizeof line->salts));
        bind_bytes(&r, line->open);
        bind_bytes(&r, line->closed);
        return run_to_end(&r);
}

enum err subtree_put(struct db *db, unsigned level, uint64_t place, const struct digest *hash)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_SUBTREE_PUT, &r));
        bind_i64(&r, level);
        bind_i64(&r, (int64_t)place);
        bind_bytes(&r, bytes_of(hash->bytes, sizeof hash->bytes));
        return run_to_end(&r);
}

/* The subtrees that leaf `number` completes, from the edge before it. */
static enum err subtrees_complete(
        struct db *db, const struct merkle_edge *e, const struct digest *leaf)
{
        unsigned left = (unsigned)__builtin_popcountll(e->size), level = 0;
        struct digest root = *leaf;

        for (uint64_t bits = e->size; (bits & BLOCK_MASK) == BLOCK_MASK; bits >>= BLOCK_BITS) {
                for (unsigned i = 0; i < BLOCK_BITS; i++)
                        merkle_node(&e->peaks[--left], &root, &root);
                level += BLOCK_BITS;
                TRY(subtree_put(db, level, e->size >> level, &root));
        }
        return ERR_OK;
}

enum err log_append(struct db *db, const struct log_line *line, uint64_t *out_number)
{
        struct log_tail *tail = db->tail;
        uint64_t number = tail->edge.size;
        int64_t now = clock_now_ms(), at_ms = now > tail->at_ms ? now : tail->at_ms;
        struct digest leaf;

        if (!line->wanted)
                return ERR_OK;
        if (tail->damaged)
                return ERR_LOG_CHANGED;
        TRY(entry_insert(db, number, at_ms, line));
        leaf_hash(number, at_ms, line->kind, &line->commitment, &leaf);
        TRY(subtrees_complete(db, &tail->edge, &leaf));
        merkle_push(&tail->edge, &leaf);
        tail->at_ms = at_ms;
        if (out_number != NULL)
                *out_number = number;
        return ERR_OK;
}

/* Opening -------------------------------------------------------------------- */

/* Where the last row says that the log ends. */
static enum err last_row(struct db *db, uint64_t *out_size, int64_t *out_at_ms)
{
        OWNED(run_done) struct run r = {0};
        int64_t number;

        TRY(run_start(db, SQL_ENTRY_LAST, &r));
        enum err e = run_row(&r);

        if (e == ERR_NOT_FOUND) {
                *out_size = 0;
                *out_at_ms = 0;
                return ERR_OK;
        }
        TRY(e);
        TRY(column_range(&r, 0, 0, INT64_MAX - 1, &number));
        *out_size = (uint64_t)number + 1;
        *out_at_ms = column_i64(&r, 1);
        return ERR_OK;
}

enum err log_load(struct db *db, struct log_tail *out)
{
        struct log_tail tail = {0};
        struct log_tree tree = {.db = db, .cache = calloc(1, sizeof *tree.cache)};
        uint64_t size = 0;
        enum err e = tree.cache != NULL ? last_row(db, &size, &tail.at_ms) : ERR_NO_MEMORY;

        if (e == ERR_OK)
                e = merkle_edge_of(size, log_tree_node, &tree, &tail.edge);
        free(tree.cache);
        if (e == ERR_CORRUPT) {
                log_event(LOG_ERROR, "audit_log_damaged", LOG_NUM("entries", (int64_t)size));
                tail = (struct log_tail){.damaged = true};
                e = ERR_OK;
        }
        TRY(e);
        *out = tail;
        return ERR_OK;
}

/* Appending alone ------------------------------------------------------------ */

struct appending {
        const struct log_line *lines;
        uint32_t len;
        uint64_t first;
};

static enum err append_job(struct db *db, void *ctx)
{
        struct appending *a = ctx;
        uint64_t number;

        a->first = db->tail->edge.size;
        for (uint32_t i = 0; i < a->len; i++)
                TRY(log_append(db, &a->lines[i], &number));
        return ERR_OK;
}

enum err store_entries_append(
        struct store *s, const struct entry_draft *entries, uint32_t len, uint64_t *out_first)
{
        struct log_line lines[LOG_APPEND_MAX];
        struct appending a = {.lines = lines, .len = len};

        if (len == 0 || len > LOG_APPEND_MAX)
                return ERR_INVALID;
        for (uint32_t i = 0; i < len; i++)
                TRY(log_line_make(&entries[i], &lines[i]));
        TRY(writer_run(s->writer, JOB_GROUPED, append_job, &a));
        *out_first = a.first;
        return ERR_OK;
}

enum err store_entry_append(struct store *s, const struct entry_draft *entry, uint64_t *out_number)
{
        return store_entries_append(s, entry, 1, out_number);
}

/* Heads ---------------------------------------------------------------------- */

enum { MINUTE_MS = 60000 };

/* The newest head but one stands for its minute; the newest goes if it is of the same. */
static enum err head_thin(struct db *db, uint64_t next_size)
{
        OWNED(run_done) struct run r = {0};
        int64_t newest, newest_ms;

        TRY(run_start(db, SQL_HEADS_NEWEST, &r));
        enum err e = run_row(&r);

        if (e == ERR_OK) {
                newest = column_i64(&r, 0);
                newest_ms = column_i64(&r, 1);
                e = run_row(&r);
        }
        if (e == ERR_NOT_FOUND)
                return ERR_OK;
        TRY(e);
        if (column_i64(&r, 1) / MINUTE_MS != newest_ms / MINUTE_MS || newest >= (int64_t)next_size)
                return ERR_OK;
        run_done(&r);
        TRY(run_start(db, SQL_HEAD_DELETE, &r));
        bind_i64(&r, newest);
        return run_to_end(&r);
}

static enum err head_job(struct db *db, void *ctx)
{
        OWNED(run_done) struct run r = {0};
        const struct tree_head *head = ctx;

        TRY(head_thin(db, head->size));
        TRY(run_start(db, SQL_HEAD_PUT, &r));
        bind_i64(&r, (int64_t)head->size);
        bind_bytes(&r, bytes_of(head->root.bytes, sizeof head->root.bytes));
        bind_i64(&r, head->at_ms);
        bind_text(&r, head->key_id);
        bind_bytes(&r, bytes_of(head->signature, sizeof head->signature));
        return run_to_end(&r);
}

enum err store_head_put(struct store *s, const struct tree_head *head)
{
        struct tree_head copy = *head;

        if (head->size > INT64_MAX)
                return ERR_INVALID;
        return writer_run(s->writer, JOB_GROUPED, head_job, &copy);
}

void store_log_edge(struct store *s, struct merkle_edge *out)
{
        writer_log_edge(s->writer, out);
}
