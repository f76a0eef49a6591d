/* SPDX-License-Identifier: Apache-2.0 */
/* removal.c: withdrawal, expiry, erasure: taking bytes away for good.
 *
 * Three places could keep what was removed. The cells and pages of the database:
 * secure_delete writes zeros over them, and schema.c says why seals never lie in
 * a cell. The log: it holds the old pages as they were written, so each removal
 * ends by moving the log into the database and cutting it to nothing. And the
 * vintages: each open one that held the submission gets a revision without it,
 * and the older revision is closed to computation.
 *
 * If the log cannot be emptied the removal itself stands, but its caller hears an
 * error and may ask again: asking twice is harmless, and empties the log. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/store/inside.h"

enum err numbers_add(struct numbers *n, int64_t v)
{
        if (n->len == n->cap) {
                uint32_t cap = n->cap > 0 ? n->cap * 2 : 64;
                int64_t *grown = realloc(n->v, cap * sizeof *grown);

                if (grown == NULL)
                        return ERR_NO_MEMORY;
                n->v = grown;
                n->cap = cap;
        }
        n->v[n->len++] = v;
        return ERR_OK;
}

void numbers_done(struct numbers *n)
{
        free(n->v);
        *n = (struct numbers){0};
}

/* The first column of all rows. */
static enum err gather(struct run *r, struct numbers *out)
{
        enum err e;

        while ((e = run_row(r)) == ERR_OK)
                TRY(numbers_add(out, column_i64(r, 0)));
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err run_with(struct db *db, enum sql which, int64_t number)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, which, &r));
        bind_i64(&r, number);
        return run_to_end(&r);
}

enum err submission_end(struct db *db, int64_t number, enum submission_state state)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_with(db, SQL_BATCH_DELETE, number));
        TRY(run_start(db, SQL_SUBMISSION_END, &r));
        bind_i64(&r, state);
        bind_i64(&r, number);
        return run_to_end(&r);
}

static enum err end_all(struct db *db, enum sql which, const int64_t *bound,
        enum submission_state state, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        OWNED(numbers_done) struct numbers n = {0};

        assert(out_len != NULL);
        TRY(run_start(db, which, &r));
        if (bound != NULL)
                bind_i64(&r, *bound);
        TRY(gather(&r, &n));
        run_done(&r);
        for (uint32_t i = 0; i < n.len; i++)
                TRY(submission_end(db, n.v[i], state));
        *out_len = n.len;
        return ERR_OK;
}

enum err unheld_remove(struct db *db)
{
        uint32_t removed;

        return end_all(db, SQL_SUBMISSIONS_UNHELD, NULL, SUBMISSION_REPLACED, &removed);
}

enum err unheld_exist(struct db *db, bool *out)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_SUBMISSIONS_UNHELD, &r));
        enum err e = run_row(&r);

        if (e != ERR_OK && e != ERR_NOT_FOUND)
                return e;
        *out = e == ERR_OK;
        return ERR_OK;
}

/* Withdrawal --------------------------------------------------------------- */

struct withdrawing {
        const struct submission_id *id;
        int64_t now_ms;
        struct log_line line;
        struct vintage revised;
};

static enum err withdraw_job(struct db *db, void *ctx)
{
        struct withdrawing *w = ctx;
        struct removal_sum ignored = {0};
        struct submission_row row;

        w->revised = (struct vintage){0};
        TRY(submission_by_id(db, w->id, &row));
        switch (row.public.state) {
        case SUBMISSION_OPEN:
        case SUBMISSION_COMMITTED:
        case SUBMISSION_REPLACED:
                break;
        case SUBMISSION_WITHDRAWN:
        case SUBMISSION_EXPIRED:
                return ERR_OK;
        case SUBMISSION_NONE:
        case SUBMISSION_STATE_COUNT:
                return ERR_CORRUPT;
        }
        TRY(removal_note(db, row.number, REMOVAL_WITHDRAWAL, w->now_ms, &ignored));
        TRY(submission_end(db, row.number, SUBMISSION_WITHDRAWN));
        TRY(log_append(db, &w->line, NULL));
        return vintages_revise(db, &row.number, 1, w->now_ms, &w->revised);
}

enum err store_withdraw(struct store *s, const struct submission_id *id, int64_t now_ms,
        const struct entry_draft *entry, struct vintage *out_revised)
{
        struct withdrawing w = {.id = id, .now_ms = now_ms};

        TRY(log_line_make(entry, &w.line));
        TRY(writer_run(s->writer, JOB_REMOVES, withdraw_job, &w));
        *out_revised = w.revised;
        return ERR_OK;
}

/* Whatever a rule or a destroyed key takes ---------------------------------- */

struct removing {
        const struct removal_wish *wish;
        int64_t now_ms;
        struct log_line line;
        struct removal_sum sum;
        struct vintage revised;
};

static enum err gather_due(struct db *db, const struct removal_wish *wish, struct numbers *out)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_SUBMISSIONS_DUE, &r));
        bind_i64(&r, wish->municipality);
        bind_i64(&r, wish->municipality);
        bind_text(&r, wish->dataset);
        bind_i64(&r, wish->ended_before);
        return gather(&r, out);
}

static enum err remove_job(struct db *db, void *ctx)
{
        OWNED(numbers_done) struct numbers due = {0};
        struct removing *w = ctx;

        w->sum = (struct removal_sum){0};
        TRY(gather_due(db, w->wish, &due));
        for (uint32_t i = 0; i < due.len; i++) {
                TRY(removal_note(db, due.v[i], w->wish->reason, w->now_ms, &w->sum));
                TRY(submission_end(db, due.v[i], SUBMISSION_WITHDRAWN));
        }
        if (due.len > 0)
                TRY(log_append(db, &w->line, NULL));
        return vintages_revise(db, due.v, due.len, w->now_ms, &w->revised);
}

enum err store_remove(struct store *s, const struct removal_wish *wish, int64_t now_ms,
        const struct entry_draft *entry, struct removal_sum *out, struct vintage *out_revised)
{
        struct removing w = {.wish = wish, .now_ms = now_ms};

        if (wish->reason == REMOVAL_NONE || wish->reason >= REMOVAL_REASON_COUNT)
                return ERR_INVALID;
        TRY(log_line_make(entry, &w.line));
        TRY(writer_run(s->writer, JOB_REMOVES, remove_job, &w));
        *out = w.sum;
        *out_revised = w.revised;
        return ERR_OK;
}

/* Expiry ------------------------------------------------------------------- */

struct expiring {
        int64_t before_ms;
        struct log_line line;
        uint32_t expired;
};

static enum err expire_job(struct db *db, void *ctx)
{
        struct expiring *x = ctx;

        TRY(end_all(db, SQL_SUBMISSIONS_EXPIRING, &x->before_ms, SUBMISSION_EXPIRED, &x->expired));
        return x->expired > 0 ? log_append(db, &x->line, NULL) : ERR_OK;
}

enum err store_expire(struct store *s, int64_t opened_before_ms, const struct entry_draft *entry,
        uint32_t *out_expired)
{
        struct expiring x = {.before_ms = opened_before_ms};

        TRY(log_line_make(entry, &x.line));
        TRY(writer_run(s->writer, JOB_REMOVES, expire_job, &x));
        *out_expired = x.expired;
        return ERR_OK;
}

/* Rewriting ---------------------------------------------------------------- */

struct rewriting {
        enum removal_reason reason;
        municipality_t municipality;
        store_rewriter fn;
        void *ctx;
        int64_t now_ms;
        struct log_line line;
        struct removal_sum gone;
        struct vintage revised;
};

/* Submission and sequence of each batch, in pairs. */
static enum err gather_batches(struct db *db, municipality_t m, struct numbers *out)
{
        OWNED(run_done) struct run r = {0};
        enum err e;

        TRY(run_start(db, SQL_BATCHES_OF_MUNICIPALITY, &r));
        bind_i64(&r, m);
        while ((e = run_row(&r)) == ERR_OK) {
                TRY(numbers_add(out, column_i64(&r, 0)));
                TRY(numbers_add(out, column_i64(&r, 1)));
        }
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err batch_update(struct db *db, int64_t submission, const struct stored_batch *b)
{
        OWNED(run_done) struct run r = {0};
        struct digest checksum;

        if (b->sealed.len > SEALED_MAX)
                return ERR_TOO_LARGE;
        TRY(batch_checksum(b, &checksum));
        TRY(run_start(db, SQL_BATCH_REWRITE, &r));
        bind_i64(&r, b->rows);
        bind_bytes(&r, bytes_of(checksum.bytes, sizeof checksum.bytes));
        bind_bytes(&r, b->sealed);
        bind_i64(&r, submission);
        bind_i64(&r, b->sequence);
        return run_to_end(&r);
}

/* One batch before the visitor. */
static enum err rewrite_batch(struct db *db, struct rewriting *w, const struct submission_row *of,
        uint32_t sequence, bool *out_changed)
{
        OWNED(run_done) struct run r = {0};
        struct stored_batch b;
        struct bytes sealed = {0};

        TRY(batch_read(&r, db, of, sequence, &b));
        uint32_t rows = b.rows;

        TRY(w->fn(w->ctx, &of->public, &b, &sealed, &rows));
        if (rows > b.rows)
                return ERR_INVALID;
        *out_changed = sealed.len > 0 || rows < b.rows;
        if (!*out_changed)
                return ERR_OK;
        /* Rows left, and nothing to hold them: the visitor is mistaken. */
        if (sealed.len == 0 && rows > 0)
                return ERR_INVALID;
        w->gone.batches++;
        w->gone.records += b.rows - rows;
        b.rows = rows;
        b.sealed = sealed;
        run_done(&r);
        return batch_update(db, of->number, &b);
}

static enum err recount(struct db *db, int64_t number)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_SUBMISSION_RECOUNT, &r));
        bind_i64(&r, number);
        bind_i64(&r, number);
        return run_to_end(&r);
}

/* Visits the batches given in pairs; which submissions changed. */
static enum err rewrite_all(
        struct db *db, struct rewriting *w, const struct numbers *pairs, struct numbers *changed)
{
        struct submission_row of = {0};

        for (uint32_t i = 0; i < pairs->len; i += 2) {
                bool rewritten;

                if (of.number != pairs->v[i])
                        TRY(submission_by_number(db, pairs->v[i], &of));
                TRY(rewrite_batch(db, w, &of, (uint32_t)pairs->v[i + 1], &rewritten));
                if (rewritten && (changed->len == 0 || changed->v[changed->len - 1] != of.number))
                        TRY(numbers_add(changed, of.number));
        }
        return ERR_OK;
}

static enum err rewrite_job(struct db *db, void *ctx)
{
        OWNED(numbers_done) struct numbers pairs = {0};
        OWNED(numbers_done) struct numbers changed = {0};
        struct rewriting *w = ctx;

        w->gone = (struct removal_sum){0};
        TRY(gather_batches(db, w->municipality, &pairs));
        TRY(rewrite_all(db, w, &pairs, &changed));
        for (uint32_t i = 0; i < changed.len; i++)
                TRY(recount(db, changed.v[i]));
        TRY(removal_note_rows(db, w->reason, w->municipality, w->now_ms, &w->gone));
        TRY(log_append(db, &w->line, NULL));
        return vintages_revise(db, changed.v, changed.len, w->now_ms, &w->revised);
}

enum err store_rewrite(struct store *s, enum removal_reason reason, municipality_t m,
        store_rewriter fn, void *ctx, int64_t now_ms, const struct entry_draft *entry,
        struct vintage *out_revised)
{
        struct rewriting w = {
                .reason = reason, .municipality = m, .fn = fn, .ctx = ctx, .now_ms = now_ms};

        TRY(log_line_make(entry, &w.line));
        TRY(writer_run(s->writer, JOB_REMOVES, rewrite_job, &w));
        *out_revised = w.revised;
        return ERR_OK;
}
