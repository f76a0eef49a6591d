/* SPDX-License-Identifier: Apache-2.0 */
/* log_read.c: entries and heads, read beside the writer.
 *
 * A long reading is many short ones, each copied out and ended before anybody looks at it. The
 * writer waits for readers when it empties the log of the database; so nobody may have a
 * transaction open who waits for a slow client, or for the writer. What is durable never changes,
 * so nobody notices that there are several, but for content that is pruned between two of them. */
#include <string.h>

#include "base/arena.h"
#include "gateway/store/log_inside.h"

/* A page is four times as long as the last, up to a limit: who wants a few reads a few. */
enum { ENTRIES_FIRST = 16, ENTRIES_AT_ONCE = 256, BYTES_AT_ONCE = 1 << 18 };
#define PAGE_ARENA_MAX ((size_t)64 << 20)

static enum err entry_read(const struct run *r, struct stored_entry *out)
{
        struct stored_entry e = {.at_ms = column_i64(r, 1)};
        struct bytes salts;
        int64_t number, kind, pruned;

        TRY(column_range(r, 0, 0, INT64_MAX, &number));
        TRY(column_range(r, 2, 0, UINT16_MAX, &kind));
        TRY(column_range(r, 4, 0, 1, &pruned));
        TRY(column_digest(r, 3, &e.commitment));
        e.number = (uint64_t)number;
        e.kind = (uint16_t)kind;
        e.pruned = pruned == 1;
        salts = column_bytes(r, 5);
        if (salts.len != sizeof e.open_salt + sizeof e.closed_salt)
                return ERR_CORRUPT;
        if (!e.pruned) {
                memcpy(e.open_salt, salts.data, sizeof e.open_salt);
                memcpy(e.closed_salt, salts.data + sizeof e.open_salt, sizeof e.closed_salt);
                e.open = column_bytes(r, 6);
                e.closed = column_bytes(r, 7);
        }
        *out = e;
        return ERR_OK;
}

/* What is still to be visited. */
struct visiting {
        struct store *store;
        uint64_t low, high;
        bool back, ended;
        uint32_t at_once;
        struct arena *arena; /* of a page */
        struct stored_entry *page;
        uint32_t len;
};

static enum err entry_keep(struct visiting *v, const struct stored_entry *e)
{
        struct stored_entry *to = &v->page[v->len];

        *to = *e;
        TRY(bytes_copy(v->arena, e->open, &to->open));
        TRY(bytes_copy(v->arena, e->closed, &to->closed));
        v->len++;
        if (v->back)
                v->high = e->number;
        else
                v->low = e->number + 1;
        return ERR_OK;
}

static enum err page_fill(struct db *db, struct visiting *v)
{
        OWNED(run_done) struct run r = {0};
        struct stored_entry entry;
        enum err e = ERR_OK;

        TRY(run_start(db, v->back ? SQL_ENTRIES_BACK : SQL_ENTRIES, &r));
        bind_i64(&r, (int64_t)v->low);
        bind_i64(&r, (int64_t)v->high);
        bind_i64(&r, v->at_once);
        while (v->len < v->at_once && arena_used(v->arena) < BYTES_AT_ONCE &&
                (e = run_row(&r)) == ERR_OK) {
                TRY(entry_read(&r, &entry));
                TRY(entry_keep(v, &entry));
        }
        v->ended = e == ERR_NOT_FOUND;
        return v->ended ? ERR_OK : e;
}

static enum err page_read(struct visiting *v)
{
        struct db *db;

        arena_reset(v->arena);
        v->len = 0;
        v->page = arena_alloc_raw(v->arena, v->at_once, sizeof *v->page);
        if (v->page == NULL)
                return ERR_NO_MEMORY;
        TRY(reader_borrow(v->store, &db));
        enum err e = page_fill(db, v);

        reader_return(v->store, &db);
        return e;
}

enum err store_entries(
        struct store *s, uint64_t from, uint64_t to, store_entry_visitor fn, void *ctx)
{
        OWNED(arena_free) struct arena *arena = arena_new(PAGE_ARENA_MAX);
        struct visiting v = {
                .store = s, .back = from > to, .at_once = ENTRIES_FIRST, .arena = arena};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        v.low = v.back ? to : from;
        v.high = v.back ? from : to;
        if (v.high > INT64_MAX)
                v.high = INT64_MAX;
        while (!v.ended && v.low < v.high) {
                TRY(page_read(&v));
                for (uint32_t i = 0; i < v.len; i++) {
                        enum err e = fn(ctx, &v.page[i]);

                        if (e != ERR_OK)
                                return e == ERR_CANCELLED ? ERR_OK : e;
                }
                if (v.at_once < ENTRIES_AT_ONCE)
                        v.at_once *= 4;
        }
        return ERR_OK;
}

enum err log_size(struct db *db, uint64_t *out)
{
        OWNED(run_done) struct run r = {0};
        int64_t number = -1;

        TRY(run_start(db, SQL_ENTRY_LAST, &r));
        enum err e = run_row(&r);

        if (e == ERR_OK)
                e = column_range(&r, 0, 0, INT64_MAX - 1, &number);
        if (e != ERR_OK && e != ERR_NOT_FOUND)
                return e;
        *out = (uint64_t)(number + 1);
        return ERR_OK;
}

enum err store_log_size(struct store *s, uint64_t *out)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = log_size(db, out);

        reader_return(s, &db);
        return e;
}

/* Of the first entry at or after `number`. */
static enum err time_after(struct db *db, uint64_t number, int64_t *out)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_ENTRY_AFTER, &r));
        bind_i64(&r, (int64_t)number);
        TRY(run_row(&r));
        *out = column_i64(&r, 1);
        return ERR_OK;
}

/* Times never fall, so halving finds it. */
static enum err since(struct db *db, int64_t at_ms, uint64_t *out)
{
        uint64_t low = 0, high;
        int64_t time;

        TRY(log_size(db, &high));
        while (low < high) {
                uint64_t middle = low + (high - low) / 2;

                TRY(time_after(db, middle, &time));
                if (time < at_ms)
                        low = middle + 1;
                else
                        high = middle;
        }
        *out = low;
        return ERR_OK;
}

enum err store_entry_since(struct store *s, int64_t at_ms, uint64_t *out)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = since(db, at_ms, out);

        reader_return(s, &db);
        return e;
}

/* Heads ---------------------------------------------------------------------- */

static enum err head_read(const struct run *r, struct tree_head *out)
{
        struct tree_head h = {.at_ms = column_i64(r, 2)};
        struct bytes key = column_bytes(r, 3), signature = column_bytes(r, 4);
        int64_t size;

        TRY(column_range(r, 0, 0, INT64_MAX, &size));
        TRY(column_digest(r, 1, &h.root));
        if (key.len >= sizeof h.key_id || signature.len != sizeof h.signature)
                return ERR_CORRUPT;
        h.size = (uint64_t)size;
        if (key.len > 0)
                memcpy(h.key_id, key.data, key.len);
        memcpy(h.signature, signature.data, signature.len);
        *out = h;
        return ERR_OK;
}

static enum err heads_gather(struct db *db, uint64_t from_size, uint32_t limit, struct arena *a,
        struct tree_head **out, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        struct tree_head *list = NULL;
        uint32_t len = 0, cap = 0;
        enum err e = ERR_NOT_FOUND;

        TRY(run_start(db, SQL_HEADS, &r));
        bind_i64(&r, (int64_t)(from_size <= INT64_MAX ? from_size : INT64_MAX));
        while ((limit == 0 || len < limit) && (e = run_row(&r)) == ERR_OK) {
                list = list_room(a, list, len, &cap, sizeof *list);
                if (list == NULL)
                        return ERR_NO_MEMORY;
                TRY(head_read(&r, &list[len++]));
        }
        if (e != ERR_OK && e != ERR_NOT_FOUND)
                return e;
        *out = list;
        *out_len = len;
        return ERR_OK;
}

enum err store_heads(struct store *s, uint64_t from_size, uint32_t limit, struct arena *a,
        struct tree_head **out, uint32_t *out_len)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = heads_gather(db, from_size, limit, a, out, out_len);

        reader_return(s, &db);
        return e;
}
