/* SPDX-License-Identifier: Apache-2.0 */
/* log_prune.c: what old entries say goes; that they were, stays.
 *
 * Content is overwritten with zeros of the same length, in place. Deleting it would be shorter, and
 * wrong: pages that grow empty are merged, and a merge moves the cells of entries that stay and
 * leaves old copies of them in its gaps (schema.c), to be found when those are pruned in their
 * turn. Nothing here ever moves a cell: entries are appended at the end, and a row of the same
 * length stays where it is. The price is that the file does not become smaller.
 *
 * Some thousand entries at a time, and others write between two; the log of the database, where
 * what was overwritten may still stand, is emptied once at the end. What was done is remembered for
 * each kind, so that a daily run looks at a day's entries only. */
#include "gateway/store/log_inside.h"

enum { PRUNE_AT_ONCE = 4096, KINDS_MAX = 64 };

struct pruning {
        uint64_t from, to, kinds;
        uint64_t pruned;
};

/* From where nothing is known about one of the kinds. */
static enum err prune_from(struct db *db, uint64_t kinds, uint64_t *out)
{
        uint64_t least = INT64_MAX;

        for (unsigned kind = 0; kind < KINDS_MAX; kind++) {
                OWNED(run_done) struct run r = {0};
                int64_t before = 0;

                if ((kinds >> kind & 1) == 0)
                        continue;
                TRY(run_start(db, SQL_PRUNED, &r));
                bind_i64(&r, kind);
                enum err e = run_row(&r);

                if (e == ERR_OK)
                        e = column_range(&r, 0, 0, INT64_MAX, &before);
                if (e != ERR_OK && e != ERR_NOT_FOUND)
                        return e;
                if ((uint64_t)before < least)
                        least = (uint64_t)before;
        }
        *out = least;
        return ERR_OK;
}

static enum err prune_note(struct db *db, const struct pruning *p)
{
        for (unsigned kind = 0; kind < KINDS_MAX; kind++) {
                OWNED(run_done) struct run r = {0};

                if ((p->kinds >> kind & 1) == 0)
                        continue;
                TRY(run_start(db, SQL_PRUNED_PUT, &r));
                bind_i64(&r, kind);
                bind_i64(&r, (int64_t)p->to);
                TRY(run_to_end(&r));
        }
        return ERR_OK;
}

static enum err prune_job(struct db *db, void *ctx)
{
        OWNED(run_done) struct run r = {0};
        struct pruning *p = ctx;

        TRY(run_start(db, SQL_ENTRIES_PRUNE, &r));
        bind_i64(&r, (int64_t)p->from);
        bind_i64(&r, (int64_t)p->to);
        bind_i64(&r, (int64_t)p->kinds);
        TRY(run_to_end(&r));
        p->pruned = (uint64_t)run_changes(&r);
        return prune_note(db, p);
}

static enum err prune_start(struct store *s, uint64_t kinds, uint64_t *out)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = prune_from(db, kinds, out);

        reader_return(s, &db);
        return e;
}

static enum err count_some(struct db *db, uint64_t number, uint64_t kinds, uint64_t *out)
{
        OWNED(run_done) struct run r = {0};
        uint64_t from;

        TRY(prune_from(db, kinds, &from));
        TRY(run_start(db, SQL_ENTRIES_TO_PRUNE, &r));
        bind_i64(&r, (int64_t)from);
        bind_i64(&r, (int64_t)number);
        bind_i64(&r, (int64_t)kinds);
        TRY(run_row(&r));
        *out = (uint64_t)column_i64(&r, 0);
        return ERR_OK;
}

enum err store_entries_to_prune(struct store *s, uint64_t number, uint64_t kinds, uint64_t *out)
{
        struct db *db;

        if (number > INT64_MAX)
                return ERR_INVALID;
        TRY(reader_borrow(s, &db));
        enum err e = count_some(db, number, kinds, out);

        reader_return(s, &db);
        return e;
}

enum err store_entries_prune(struct store *s, uint64_t number, uint64_t kinds, uint64_t *out_pruned)
{
        struct merkle_edge edge;
        uint64_t from, pruned = 0;

        store_log_edge(s, &edge);
        if (number > edge.size)
                return ERR_INVALID;
        TRY(prune_start(s, kinds, &from));
        while (from < number) {
                uint64_t left = number - from;
                struct pruning p = {.from = from, .kinds = kinds};

                p.to = from + (left < PRUNE_AT_ONCE ? left : PRUNE_AT_ONCE);
                TRY(writer_run(s->writer, JOB_GROUPED, prune_job, &p));
                pruned += p.pruned;
                from = p.to;
        }
        /* Also after a run that found nothing: one before may have failed here. */
        TRY(store_forget(s));
        *out_pruned = pruned;
        return ERR_OK;
}
