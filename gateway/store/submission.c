/* SPDX-License-Identifier: Apache-2.0 */
/* submission.c: the life of a delivery.
 *
 *      OPEN --commit--> COMMITTED --a later REPLACE commits--> REPLACED
 *        |                  |                                      |
 *        |                  +-------------withdraw-----------------+--> WITHDRAWN
 *        +--withdraw--> WITHDRAWN
 *        +--expire----> EXPIRED
 *
 * Everything that can be asked twice is answered twice the same: a batch with the
 * receipt it had, a commit with the digest it had. What comes again with other
 * content is a conflict. Who lost the connection may thus repeat until it hears
 * an answer, and nothing is stored twice. */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/store/inside.h"

static enum err read_dataset(const struct run *r, int i, char out[NAME_MAX_LEN + 1])
{
        struct bytes name = column_bytes(r, i);

        if (name.len == 0 || name.len > NAME_MAX_LEN)
                return ERR_CORRUPT;
        memset(out, 0, NAME_MAX_LEN + 1);
        memcpy(out, name.data, name.len);
        return ERR_OK;
}

static enum err read_id(const struct run *r, int i, struct submission_id *out)
{
        struct bytes id = column_bytes(r, i);

        if (id.len != sizeof out->bytes)
                return ERR_CORRUPT;
        memcpy(out->bytes, id.data, id.len);
        return ERR_OK;
}

/* The numbers among the columns. */
static enum err read_numbers(const struct run *r, struct stored_submission *s)
{
        int64_t v[9];
        static const int64_t most[9] = {9999, INT32_MAX, INT32_MAX, DELIVERY_REPLACE, 1,
                SUBMISSION_STATE_COUNT - 1, INT64_MAX, INT64_MAX, INT64_MAX};
        static const int64_t least[9] = {1, INT32_MIN, INT32_MIN, DELIVERY_APPEND, 0,
                SUBMISSION_OPEN, INT64_MIN, INT64_MIN, 0};
        static const int column[9] = {2, 4, 5, 6, 7, 8, 9, 10, 11};

        for (unsigned i = 0; i < ARRAY_LEN(v); i++)
                TRY(column_range(r, column[i], least[i], most[i], &v[i]));
        s->municipality = (municipality_t)v[0];
        s->period = (struct period){(int32_t)v[1], (int32_t)v[2]};
        s->mode = (enum delivery_mode)v[3];
        s->all_or_nothing = v[4] == 1;
        s->state = (enum submission_state)v[5];
        s->opened_at_ms = v[6];
        s->committed_at_ms = v[7];
        s->commit_number = (uint64_t)v[8];
        return ERR_OK;
}

enum err submission_read(const struct run *r, struct submission_row *out)
{
        struct submission_row row = {.number = column_i64(r, 0)};
        struct stored_submission *s = &row.public;
        int64_t accepted, rejected, fields, blanks, turned_away;

        TRY(read_id(r, 1, &s->id));
        TRY(read_dataset(r, 3, s->dataset));
        TRY(read_numbers(r, s));
        TRY(column_u32(r, 12, &s->batches));
        TRY(column_range(r, 13, 0, INT64_MAX, &accepted));
        TRY(column_range(r, 14, 0, INT64_MAX, &rejected));
        s->accepted = (uint64_t)accepted;
        s->rejected = (uint64_t)rejected;
        if (s->commit_number > 0)
                TRY(column_digest(r, 15, &s->digest));
        TRY(column_u32(r, 16, &row.changes));
        TRY(column_range(r, 17, 0, INT64_MAX, &fields));
        TRY(column_range(r, 18, 0, fields, &blanks));
        s->fields = (uint64_t)fields;
        s->blanks = (uint64_t)blanks;
        TRY(column_range(r, 19, 0, INT64_MAX, &turned_away));
        s->turned_away = (uint64_t)turned_away;
        *out = row;
        return ERR_OK;
}

enum err submission_by_id(struct db *db, const struct submission_id *id, struct submission_row *out)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_SUBMISSION_FIND, &r));
        bind_bytes(&r, bytes_of(id->bytes, sizeof id->bytes));
        TRY(run_row(&r));
        return submission_read(&r, out);
}

enum err submission_by_number(struct db *db, int64_t number, struct submission_row *out)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_SUBMISSION_BY_NUMBER, &r));
        bind_i64(&r, number);
        TRY(run_row(&r));
        return submission_read(&r, out);
}

enum err store_submission_find(
        struct store *s, const struct submission_id *id, struct stored_submission *out)
{
        struct submission_row row;
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = submission_by_id(db, id, &row);

        reader_return(s, &db);
        if (e == ERR_OK)
                *out = row.public;
        return e;
}

/* Opening ------------------------------------------------------------------ */

struct opening {
        const struct stored_submission *wanted;
        struct log_line line;
        struct submission_row row;
};

static bool same_delivery(const struct stored_submission *a, const struct stored_submission *b)
{
        return a->municipality == b->municipality && strcmp(a->dataset, b->dataset) == 0 &&
               a->period.first == b->period.first && a->period.last == b->period.last &&
               a->mode == b->mode && a->all_or_nothing == b->all_or_nothing;
}

static enum err submission_insert(struct db *db, const struct stored_submission *s)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_SUBMISSION_INSERT, &r));
        bind_bytes(&r, bytes_of(s->id.bytes, sizeof s->id.bytes));
        bind_i64(&r, s->municipality);
        bind_text(&r, s->dataset);
        bind_i64(&r, s->period.first);
        bind_i64(&r, s->period.last);
        bind_i64(&r, s->mode);
        bind_i64(&r, s->all_or_nothing);
        bind_i64(&r, s->opened_at_ms);
        return run_to_end(&r);
}

static enum err open_job(struct db *db, void *ctx)
{
        struct opening *o = ctx;
        enum err e = submission_by_id(db, &o->wanted->id, &o->row);

        if (e != ERR_NOT_FOUND)
                return e;
        TRY(submission_insert(db, o->wanted));
        TRY(log_append(db, &o->line, NULL));
        return submission_by_id(db, &o->wanted->id, &o->row);
}

enum err store_submission_open(struct store *s, const struct stored_submission *wanted,
        const struct entry_draft *entry, struct stored_submission *out)
{
        struct opening o = {.wanted = wanted};

        TRY(log_line_make(entry, &o.line));
        /* Most often a client that comes back; that needs no write. */
        enum err e = store_submission_find(s, &wanted->id, &o.row.public);

        if (e == ERR_NOT_FOUND)
                e = writer_run(s->writer, JOB_GROUPED, open_job, &o);
        TRY(e);
        if (!same_delivery(&o.row.public, wanted))
                return ERR_CONFLICT;
        *out = o.row.public;
        return ERR_OK;
}

/* Batches ------------------------------------------------------------------ */

enum err batch_checksum(const struct stored_batch *b, struct digest *out)
{
        OWNED(digest_stream_free) struct digest_stream *d = NULL;
        const uint32_t numbers[4] = {b->sequence, b->rows, b->rejected, b->epoch};
        uint8_t head[sizeof numbers];

        for (unsigned i = 0; i < sizeof head; i++)
                head[i] = (uint8_t)(numbers[i / 4] >> (8 * (i % 4)));
        TRY(digest_start(&d));
        digest_more(d, b->submission.bytes, sizeof b->submission.bytes);
        digest_more(d, head, sizeof head);
        digest_more(d, b->receipt.bytes, sizeof b->receipt.bytes);
        digest_more_framed(d, b->sealed);
        digest_finish(d, out);
        return ERR_OK;
}

struct putting {
        const struct stored_batch *batch;
        struct log_line line;
        struct digest checksum;
        bool replayed;
        uint32_t rows, rejected;
};

/* The batch came before: the same receipt is a replay. */
static enum err compare_batch(struct db *db, const struct submission_row *row, struct putting *p)
{
        OWNED(run_done) struct run r = {0};
        struct digest receipt;

        TRY(run_start(db, SQL_BATCH_COUNTS, &r));
        bind_i64(&r, row->number);
        bind_i64(&r, p->batch->sequence);
        enum err e = run_row(&r);

        if (e == ERR_NOT_FOUND) /* replaced, and removed since */
                return ERR_CLOSED;
        TRY(e);
        TRY(column_digest(&r, 0, &receipt));
        if (!digest_equal(&receipt, &p->batch->receipt))
                return ERR_CONFLICT;
        TRY(column_u32(&r, 1, &p->rows));
        TRY(column_u32(&r, 2, &p->rejected));
        p->replayed = true;
        return ERR_OK;
}

static enum err batch_insert(struct db *db, int64_t submission, const struct putting *p)
{
        OWNED(run_done) struct run r = {0};
        const struct stored_batch *b = p->batch;

        TRY(run_start(db, SQL_BATCH_INSERT, &r));
        bind_i64(&r, submission);
        bind_i64(&r, b->sequence);
        bind_i64(&r, b->rows);
        bind_i64(&r, b->rows);
        bind_i64(&r, b->rejected);
        bind_i64(&r, b->epoch);
        bind_bytes(&r, bytes_of(b->receipt.bytes, sizeof b->receipt.bytes));
        bind_bytes(&r, bytes_of(p->checksum.bytes, sizeof p->checksum.bytes));
        bind_zeros(&r, SPACER_LEN);
        bind_bytes(&r, b->sealed);
        bind_i64(&r, b->person_epoch);
        return run_to_end(&r);
}

static enum err count_batch(struct db *db, int64_t submission, const struct stored_batch *b)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_SUBMISSION_COUNT_BATCH, &r));
        bind_i64(&r, b->rows);
        bind_i64(&r, b->rejected);
        bind_i64(&r, b->rows);
        bind_i64(&r, b->fields);
        bind_i64(&r, b->blanks);
        bind_i64(&r, submission);
        return run_to_end(&r);
}

static enum err put_job(struct db *db, void *ctx)
{
        struct putting *p = ctx;
        struct submission_row row;

        TRY(submission_by_id(db, &p->batch->submission, &row));
        enum submission_state state = row.public.state;

        if (state == SUBMISSION_WITHDRAWN || state == SUBMISSION_EXPIRED)
                return ERR_CLOSED;
        if (p->batch->sequence < row.public.batches)
                return compare_batch(db, &row, p);
        if (state != SUBMISSION_OPEN)
                return ERR_CLOSED;
        if (p->batch->sequence > row.public.batches)
                return ERR_OUT_OF_ORDER;
        p->replayed = false;
        p->rows = p->batch->rows;
        p->rejected = p->batch->rejected;
        TRY(batch_insert(db, row.number, p));
        TRY(log_append(db, &p->line, NULL));
        return count_batch(db, row.number, p->batch);
}

enum err store_batch_put(struct store *s, const struct stored_batch *b,
        const struct entry_draft *entry, bool *replayed, uint32_t *out_rows, uint32_t *out_rejected)
{
        struct putting p = {.batch = b};

        if (b->sequence >= BATCHES_MAX)
                return ERR_LIMIT;
        if (b->blanks > b->fields)
                return ERR_INVALID;
        if (b->sealed.len > SEALED_MAX)
                return ERR_TOO_LARGE;
        /* Here and not in the job: it costs more than all the rest, and callers are many. */
        TRY(batch_checksum(b, &p.checksum));
        TRY(log_line_make(entry, &p.line));
        TRY(writer_run(s->writer, JOB_GROUPED, put_job, &p));
        *replayed = p.replayed;
        *out_rows = p.rows;
        *out_rejected = p.rejected;
        return ERR_OK;
}

static enum err read_receipts(struct db *db, const struct submission_id *id, struct arena *a,
        struct digest **out, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        struct submission_row row;
        struct digest *list;
        uint32_t len = 0;
        enum err e;

        TRY(submission_by_id(db, id, &row));
        TRY(run_start(db, SQL_BATCH_RECEIPTS, &r));
        bind_i64(&r, row.number);
        /* A batch may join between the two statements: it waits for the next call. */
        list = arena_alloc(a, row.public.batches, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        while (len < row.public.batches && (e = run_row(&r)) != ERR_NOT_FOUND) {
                TRY(e);
                if (column_i64(&r, 0) != len)
                        return ERR_CORRUPT;
                TRY(column_digest(&r, 1, &list[len++]));
        }
        *out = list;
        *out_len = len;
        return ERR_OK;
}

enum err store_receipts(struct store *s, const struct submission_id *id, struct arena *a,
        struct digest **out, uint32_t *out_len)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = read_receipts(db, id, a, out, out_len);

        reader_return(s, &db);
        return e;
}

/* Committing --------------------------------------------------------------- */

struct committing {
        const struct submission_id *id;
        const struct digest *digest;
        uint64_t turned_away;
        int64_t now_ms;
        struct log_line line;
        struct submission_row row;
};

/* What the caller checked may have grown since: a second stream of the same client
 * can add a batch between the check and the commit. */
static enum err check_receipts(struct db *db, const struct committing *c)
{
        OWNED(digest_stream_free) struct digest_stream *d = NULL;
        OWNED(run_done) struct run r = {0};
        struct digest receipt, computed;
        enum err e;

        TRY(digest_start(&d));
        TRY(run_start(db, SQL_BATCH_RECEIPTS, &r));
        bind_i64(&r, c->row.number);
        while ((e = run_row(&r)) == ERR_OK) {
                TRY(column_digest(&r, 1, &receipt));
                digest_more(d, receipt.bytes, sizeof receipt.bytes);
        }
        if (e != ERR_NOT_FOUND)
                return e;
        digest_finish(d, &computed);
        return digest_equal(&computed, c->digest) ? ERR_OK : ERR_COMMIT_MISMATCH;
}

static enum err mark_committed(struct db *db, const struct committing *c)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_SUBMISSION_COMMIT, &r));
        bind_i64(&r, c->now_ms);
        bind_bytes(&r, bytes_of(c->digest->bytes, sizeof c->digest->bytes));
        bind_i64(&r, (int64_t)c->turned_away);
        bind_i64(&r, c->row.number);
        return run_to_end(&r);
}

static enum err mark_replaced(struct db *db, const struct submission_row *by)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_SUBMISSION_REPLACE, &r));
        bind_i64(&r, by->public.municipality);
        bind_text(&r, by->public.dataset);
        bind_i64(&r, by->public.period.last);
        bind_i64(&r, by->public.period.first);
        bind_i64(&r, by->number);
        return run_to_end(&r);
}

static enum err commit_job(struct db *db, void *ctx)
{
        struct committing *c = ctx;

        TRY(submission_by_id(db, c->id, &c->row));
        switch (c->row.public.state) {
        case SUBMISSION_OPEN:
                break;
        case SUBMISSION_COMMITTED:
        case SUBMISSION_REPLACED:
                return digest_equal(&c->row.public.digest, c->digest) &&
                                       c->row.public.turned_away == c->turned_away
                               ? ERR_OK
                               : ERR_CONFLICT;
        case SUBMISSION_WITHDRAWN:
        case SUBMISSION_EXPIRED:
                return ERR_CLOSED;
        case SUBMISSION_NONE:
        case SUBMISSION_STATE_COUNT:
                return ERR_CORRUPT;
        }
        TRY(check_receipts(db, c));
        TRY(mark_committed(db, c));
        if (c->row.public.mode == DELIVERY_REPLACE)
                TRY(mark_replaced(db, &c->row));
        TRY(log_append(db, &c->line, NULL));
        return submission_by_id(db, c->id, &c->row);
}

static enum err remove_job(struct db *db, void *ctx)
{
        (void)ctx;
        return unheld_remove(db);
}

/* A submission that was replaced before any vintage named it has no reader left. */
static void remove_unheld(struct store *s)
{
        struct db *db;
        bool some = false;
        enum err e = reader_borrow(s, &db);

        if (e == ERR_OK) {
                e = unheld_exist(db, &some);
                reader_return(s, &db);
        }
        if (e == ERR_OK && some)
                e = writer_run(s->writer, JOB_REMOVES, remove_job, NULL);
        /* The commit stands whatever became of this; the next one tries again. */
        if (e != ERR_OK)
                log_event(LOG_WARNING, "replaced_not_removed", LOG_TEXT("error", err_name(e)));
}

enum err store_submission_commit(struct store *s, const struct submission_id *id,
        const struct digest *digest, uint64_t turned_away, int64_t now_ms,
        const struct entry_draft *entry, struct stored_submission *out)
{
        struct committing c = {
                .id = id, .digest = digest, .turned_away = turned_away, .now_ms = now_ms};

        if (turned_away > SUBMISSION_ROWS_MAX)
                return ERR_LIMIT;
        TRY(log_line_make(entry, &c.line));
        TRY(writer_run(s->writer, JOB_GROUPED, commit_job, &c));
        *out = c.row.public;
        if (c.row.public.mode == DELIVERY_REPLACE)
                remove_unheld(s);
        return ERR_OK;
}
