/* SPDX-License-Identifier: Apache-2.0 */
/* removed.c: what was taken away, when and why.
 *
 * A removal leaves nothing of what it removed, so that it happened has to be told by
 * something else: one row, written in the same transaction. It names a submission and the
 * digest of its receipts, which its municipality has too; of an erased person it says
 * how many rows went and nothing else, and it is written also when none did, or the
 * list itself would tell who was known. For data-protection officers only. */
#include <string.h>

#include "base/arena.h"
#include "gateway/store/inside.h"

static enum err count_last(struct db *db, struct removal_sum *sum)
{
        OWNED(run_done) struct run r = {0};
        int64_t batches, records;

        TRY(run_start(db, SQL_REMOVAL_LAST, &r));
        TRY(run_row(&r));
        TRY(column_range(&r, 0, 0, INT64_MAX, &batches));
        TRY(column_range(&r, 1, 0, INT64_MAX, &records));
        sum->submissions++;
        sum->batches += (uint64_t)batches;
        sum->records += (uint64_t)records;
        return ERR_OK;
}

enum err removal_note(struct db *db, int64_t number, enum removal_reason reason, int64_t now_ms,
        struct removal_sum *sum)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_REMOVAL_OF_SUBMISSION, &r));
        bind_i64(&r, now_ms);
        bind_i64(&r, reason);
        bind_i64(&r, number);
        TRY(run_to_end(&r));
        return count_last(db, sum);
}

enum err removal_note_rows(struct db *db, enum removal_reason reason, municipality_t m,
        int64_t now_ms, const struct removal_sum *gone)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, SQL_REMOVAL_OF_ROWS, &r));
        bind_i64(&r, now_ms);
        bind_i64(&r, reason);
        bind_i64(&r, m);
        bind_text(&r, "");
        bind_i64(&r, (int64_t)gone->batches);
        bind_i64(&r, (int64_t)gone->records);
        return run_to_end(&r);
}

/* Reading -------------------------------------------------------------------- */

static enum err removal_texts(const struct run *r, struct stored_removal *out)
{
        struct bytes dataset = column_bytes(r, 4), id = column_bytes(r, 5),
                     digest = column_bytes(r, 8);

        if (dataset.len > NAME_MAX_LEN || (id.len != 0 && id.len != sizeof out->submission.bytes) ||
                (digest.len != 0 && digest.len != sizeof out->digest.bytes))
                return ERR_CORRUPT;
        if (dataset.len > 0)
                memcpy(out->dataset, dataset.data, dataset.len);
        out->of_submission = id.len > 0;
        if (out->of_submission)
                memcpy(out->submission.bytes, id.data, id.len);
        if (digest.len > 0)
                memcpy(out->digest.bytes, digest.data, digest.len);
        return ERR_OK;
}

static enum err removal_read(const struct run *r, struct stored_removal *out)
{
        int64_t number, reason, municipality, first, last, batches, records;

        *out = (struct stored_removal){.at_ms = column_i64(r, 1)};
        TRY(column_range(r, 0, 1, INT64_MAX, &number));
        TRY(column_range(r, 2, 1, REMOVAL_REASON_COUNT - 1, &reason));
        TRY(column_range(r, 3, 1, 9999, &municipality));
        TRY(column_range(r, 6, INT32_MIN, INT32_MAX, &first));
        TRY(column_range(r, 7, INT32_MIN, INT32_MAX, &last));
        TRY(column_range(r, 9, 0, INT64_MAX, &batches));
        TRY(column_range(r, 10, 0, INT64_MAX, &records));
        out->number = (uint64_t)number;
        out->reason = (enum removal_reason)reason;
        out->municipality = (municipality_t)municipality;
        out->period = (struct period){(int32_t)first, (int32_t)last};
        out->batches = (uint64_t)batches;
        out->records = (uint64_t)records;
        return removal_texts(r, out);
}

static enum err removals_gather(struct db *db, uint64_t from, uint32_t limit, struct arena *a,
        struct stored_removal **out, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        struct stored_removal *list = NULL;
        uint32_t len = 0, cap = 0;
        enum err e = ERR_NOT_FOUND;

        TRY(run_start(db, SQL_REMOVALS, &r));
        bind_i64(&r, (int64_t)(from <= INT64_MAX ? from : INT64_MAX));
        while ((limit == 0 || len < limit) && (e = run_row(&r)) == ERR_OK) {
                list = list_room(a, list, len, &cap, sizeof *list);
                if (list == NULL)
                        return ERR_NO_MEMORY;
                TRY(removal_read(&r, &list[len++]));
        }
        if (e != ERR_OK && e != ERR_NOT_FOUND)
                return e;
        *out = list;
        *out_len = len;
        return ERR_OK;
}

enum err store_removals(struct store *s, uint64_t from, uint32_t limit, struct arena *a,
        struct stored_removal **out, uint32_t *out_len)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = removals_gather(db, from, limit, a, out, out_len);

        reader_return(s, &db);
        return e;
}
