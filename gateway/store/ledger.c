/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c: questions that were answered in the light of earlier ones, so that the memory of
 * them can be made anew.
 *
 * A question and which of its rows were answered; who was in them is nowhere: it is counted
 * again. Nothing is ever taken out: what was told stays told.
 *
 * An answer may need several of them, and an entry in the audit log: after a crash all are there or
 * none. Else memory would hold against later questions what never left, or an auditor
 * would miss what it holds. */
#include <string.h>

#include "base/arena.h"
#include "gateway/store/inside.h"

enum { QUESTION_ARENA_MAX = 64 << 20 };

struct remembering {
        const struct ledger_line *lines;
        uint32_t len;
        struct log_line line;
        uint64_t number;
};

static enum err insert(struct db *db, const struct ledger_line *line)
{
        OWNED(run_done) struct run r = {0};
        const struct stored_question *q = line->question;

        TRY(run_start(db, SQL_LEDGER_INSERT, &r));
        bind_text(&r, line->linkage);
        bind_text(&r, line->dataset);
        bind_bytes(&r, bytes_of(q->key.bytes, sizeof q->key.bytes));
        bind_bytes(&r, bytes_of(q->policy.bytes, sizeof q->policy.bytes));
        bind_i64(&r, q->vintage.number);
        bind_i64(&r, q->vintage.revision);
        bind_i64(&r, q->rows);
        bind_bytes(&r, q->question);
        bind_bytes(&r, q->answered);
        return run_to_end(&r);
}

static enum err remember_job(struct db *db, void *ctx)
{
        struct remembering *m = ctx;

        for (uint32_t i = 0; i < m->len; i++)
                TRY(insert(db, &m->lines[i]));
        return log_append(db, &m->line, &m->number);
}

enum err store_ledger_put(struct store *s, const struct ledger_line *lines, uint32_t len,
        const struct entry_draft *entry, uint64_t *out_number)
{
        struct remembering m = {.lines = lines, .len = len};

        for (uint32_t i = 0; i < len; i++)
                if (lines[i].question->answered.len != ((size_t)lines[i].question->rows + 7) / 8)
                        return ERR_INVALID;
        TRY(log_line_make(entry, &m.line));
        TRY(writer_run(s->writer, JOB_GROUPED, remember_job, &m));
        if (out_number != NULL)
                *out_number = m.number;
        return ERR_OK;
}

static enum err question_read(const struct run *r, struct stored_question *out)
{
        TRY(column_digest(r, 0, &out->key));
        TRY(column_digest(r, 1, &out->policy));
        TRY(column_u32(r, 2, &out->vintage.number));
        TRY(column_u32(r, 3, &out->vintage.revision));
        TRY(column_u32(r, 4, &out->rows));
        out->question = column_bytes(r, 5);
        out->answered = column_bytes(r, 6);
        return out->answered.len == ((size_t)out->rows + 7) / 8 ? ERR_OK : ERR_CORRUPT;
}

struct visited {
        int64_t number; /* among all */
        char linkage[NAME_MAX_LEN + 1];
        struct stored_question question;
};

/* A question's place among all, and what is asked of it: read in a transaction of its own and
 * copied out, since the visitor may well wait for the writer, who waits for readers. */
static enum err next_question(
        struct db *db, const char *dataset, struct arena *arena, struct visited *v)
{
        OWNED(run_done) struct run r = {0};
        struct stored_question *q = &v->question;
        struct bytes linkage;

        TRY(run_start(db, SQL_LEDGER, &r));
        bind_text(&r, dataset);
        bind_i64(&r, v->number);
        TRY(run_row(&r));
        TRY(question_read(&r, q));
        v->number = column_i64(&r, 7);
        linkage = column_bytes(&r, 8);
        if (linkage.len == 0 || linkage.len > NAME_MAX_LEN)
                return ERR_CORRUPT;
        memcpy(v->linkage, linkage.data, linkage.len);
        v->linkage[linkage.len] = '\0';
        TRY(bytes_copy(arena, q->question, &q->question));
        return bytes_copy(arena, q->answered, &q->answered);
}

enum err store_ledger_each(struct store *s, const char *dataset, store_ledger_visitor fn, void *ctx)
{
        OWNED(arena_free) struct arena *arena = arena_new(QUESTION_ARENA_MAX);
        struct visited v = {0};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        for (;;) {
                struct db *db;

                arena_reset(arena);
                TRY(reader_borrow(s, &db));
                enum err e = next_question(db, dataset, arena, &v);

                reader_return(s, &db);
                if (e == ERR_NOT_FOUND)
                        return ERR_OK;
                TRY(e);
                TRY(fn(ctx, v.linkage, &v.question));
        }
}
