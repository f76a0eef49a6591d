/* SPDX-License-Identifier: Apache-2.0 */
/* reseal.c: the same records under other keys, while everybody goes on reading.
 *
 * A domain gets new keys; what lies under the old ones is opened and sealed anew by the
 * keeper, batch by batch, and takes its old place here. Nothing that was counted changes, so
 * no vintage is revised and no cursor is disturbed: a reader has either the old bytes and
 * their epoch or the new bytes and theirs.
 *
 * The keeper's work is done outside of any transaction, or a rotation of a large
 * municipality would keep its deliveries waiting. The price is that a batch may
 * change in between (an erasure, most likely). So whoever brings the new bytes also
 * brings the checksum of what they were made from, and a batch that is no longer that is
 * left alone: it is read again in the next round. The old bytes are in no file afterwards:
 * freed pages are overwritten, and store_forget empties the log. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "gateway/store/inside.h"

/* Where batches lie ---------------------------------------------------------- */

static enum err epoch_read(const struct run *r, struct stored_epoch *out)
{
        struct bytes dataset = column_bytes(r, 1);
        int64_t municipality, batches, rows;

        if (dataset.len == 0 || dataset.len > NAME_MAX_LEN)
                return ERR_CORRUPT;
        *out = (struct stored_epoch){0};
        memcpy(out->dataset, dataset.data, dataset.len);
        TRY(column_range(r, 0, 1, 9999, &municipality));
        TRY(column_u32(r, 2, &out->epoch));
        TRY(column_range(r, 3, 0, INT64_MAX, &batches));
        TRY(column_range(r, 4, 0, INT64_MAX, &rows));
        out->municipality = (municipality_t)municipality;
        out->batches = (uint64_t)batches;
        out->rows = (uint64_t)rows;
        return ERR_OK;
}

static enum err epochs_gather(
        struct db *db, struct arena *a, struct stored_epoch **out, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        struct stored_epoch *list = NULL;
        uint32_t len = 0, cap = 0;
        enum err e;

        TRY(run_start(db, SQL_EPOCHS, &r));
        while ((e = run_row(&r)) == ERR_OK) {
                list = list_room(a, list, len, &cap, sizeof *list);
                if (list == NULL)
                        return ERR_NO_MEMORY;
                TRY(epoch_read(&r, &list[len++]));
        }
        if (e != ERR_NOT_FOUND)
                return e;
        *out = list;
        *out_len = len;
        return ERR_OK;
}

enum err store_epochs(
        struct store *s, struct arena *a, struct stored_epoch **out, uint32_t *out_len)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = epochs_gather(db, a, out, out_len);

        reader_return(s, &db);
        return e;
}

/* Who owes ------------------------------------------------------------------- */

static enum err owing_read(const struct run *r, struct stored_owing *out)
{
        struct bytes dataset = column_bytes(r, 1);
        int64_t municipality, batches, rows;

        if (dataset.len == 0 || dataset.len > NAME_MAX_LEN)
                return ERR_CORRUPT;
        *out = (struct stored_owing){0};
        memcpy(out->dataset, dataset.data, dataset.len);
        TRY(column_range(r, 0, 1, 9999, &municipality));
        TRY(column_range(r, 2, 0, INT64_MAX, &batches));
        TRY(column_range(r, 3, 0, INT64_MAX, &rows));
        out->municipality = (municipality_t)municipality;
        out->batches = (uint64_t)batches;
        out->rows = (uint64_t)rows;
        return ERR_OK;
}

static enum err owing_gather(struct db *db, uint32_t epoch, struct arena *a,
        struct stored_owing **out, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        struct stored_owing *list = NULL;
        uint32_t len = 0, cap = 0;
        enum err e;

        TRY(run_start(db, SQL_OWING, &r));
        bind_i64(&r, epoch);
        while ((e = run_row(&r)) == ERR_OK) {
                list = list_room(a, list, len, &cap, sizeof *list);
                if (list == NULL)
                        return ERR_NO_MEMORY;
                TRY(owing_read(&r, &list[len++]));
        }
        if (e != ERR_NOT_FOUND)
                return e;
        *out = list;
        *out_len = len;
        return ERR_OK;
}

enum err store_owing(struct store *s, uint32_t epoch, struct arena *a, struct stored_owing **out,
        uint32_t *out_len)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = owing_gather(db, epoch, a, out, out_len);

        reader_return(s, &db);
        return e;
}

static enum err vintages_owing(
        struct db *db, uint32_t epoch, uint32_t *out, uint32_t room, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        uint32_t len = 0;
        enum err e = ERR_OK;

        TRY(run_start(db, SQL_VINTAGES_OWING, &r));
        bind_i64(&r, epoch);
        while (len < room && (e = run_row(&r)) == ERR_OK)
                TRY(column_u32(&r, 0, &out[len++]));
        if (e != ERR_OK && e != ERR_NOT_FOUND)
                return e;
        *out_len = len;
        return ERR_OK;
}

enum err store_vintages_owing(
        struct store *s, uint32_t epoch, uint32_t *out, uint32_t room, uint32_t *out_len)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = vintages_owing(db, epoch, out, room, out_len);

        reader_return(s, &db);
        return e;
}

static enum err place_read(const struct run *r, struct stored_place *out)
{
        struct bytes id = column_bytes(r, 0);

        if (id.len != sizeof out->submission.bytes)
                return ERR_CORRUPT;
        memcpy(out->submission.bytes, id.data, id.len);
        return column_u32(r, 1, &out->sequence);
}

static enum err places_gather(struct db *db, municipality_t m, const char *dataset, uint32_t epoch,
        struct stored_place *out, uint32_t room, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        uint32_t len = 0;
        enum err e = ERR_OK;

        TRY(run_start(db, SQL_BATCHES_OUTDATED, &r));
        bind_i64(&r, m);
        bind_text(&r, dataset);
        bind_i64(&r, epoch);
        bind_i64(&r, room);
        while (len < room && (e = run_row(&r)) == ERR_OK)
                TRY(place_read(&r, &out[len++]));
        if (e != ERR_OK && e != ERR_NOT_FOUND)
                return e;
        *out_len = len;
        return ERR_OK;
}

enum err store_outdated(struct store *s, municipality_t m, const char *dataset, uint32_t epoch,
        struct stored_place *out, uint32_t room, uint32_t *out_len)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = places_gather(db, m, dataset, epoch, out, room, out_len);

        reader_return(s, &db);
        return e;
}

/* One batch ------------------------------------------------------------------ */

static enum err read_copy(struct db *db, const struct stored_place *place, struct arena *a,
        struct stored_batch *out, struct digest *out_as_read)
{
        OWNED(run_done) struct run r = {0};
        struct submission_row of;
        struct stored_batch b;

        TRY(submission_by_id(db, &place->submission, &of));
        TRY(batch_read(&r, db, &of, place->sequence, &b));
        TRY(batch_checksum(&b, out_as_read));
        if (b.sealed.len > 0) {
                uint8_t *copy = arena_alloc_raw(a, b.sealed.len, 1);

                if (copy == NULL)
                        return ERR_NO_MEMORY;
                memcpy(copy, b.sealed.data, b.sealed.len);
                b.sealed.data = copy;
        }
        *out = b;
        return ERR_OK;
}

enum err store_batch_read(struct store *s, const struct stored_place *place, struct arena *a,
        struct stored_batch *out, struct digest *out_as_read)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = read_copy(db, place, a, out, out_as_read);

        reader_return(s, &db);
        return e;
}

/* Putting back ----------------------------------------------------------------- */

struct resealing {
        const struct resealed_batch *list;
        uint32_t len, done;
};

static enum err reseal_batch(struct db *db, const struct resealed_batch *n, bool *out_done)
{
        OWNED(run_done) struct run r = {0};
        struct submission_row of;
        struct stored_batch b;
        struct digest now;
        enum err e = submission_by_id(db, &n->place.submission, &of);

        *out_done = false;
        if (e == ERR_OK)
                e = batch_read(&r, db, &of, n->place.sequence, &b);
        if (e == ERR_NOT_FOUND)
                return ERR_OK; /* withdrawn meanwhile */
        TRY(e);
        TRY(batch_checksum(&b, &now));
        run_done(&r);
        if (!digest_equal(&now, &n->as_read))
                return ERR_OK;
        b.epoch = n->epoch;
        b.sealed = n->sealed;
        TRY(batch_checksum(&b, &now));
        TRY(run_start(db, SQL_BATCH_RESEAL, &r));
        bind_i64(&r, b.epoch);
        bind_bytes(&r, bytes_of(now.bytes, sizeof now.bytes));
        bind_bytes(&r, b.sealed);
        bind_i64(&r, of.number);
        bind_i64(&r, b.sequence);
        TRY(run_to_end(&r));
        *out_done = true;
        return ERR_OK;
}

static enum err reseal_job(struct db *db, void *ctx)
{
        struct resealing *w = ctx;

        w->done = 0;
        for (uint32_t i = 0; i < w->len; i++) {
                bool done;

                TRY(reseal_batch(db, &w->list[i], &done));
                w->done += done;
        }
        return ERR_OK;
}

enum err store_reseal(
        struct store *s, const struct resealed_batch *list, uint32_t len, uint32_t *out_done)
{
        struct resealing w = {.list = list, .len = len};

        for (uint32_t i = 0; i < len; i++)
                if (list[i].sealed.len == 0 || list[i].epoch == 0)
                        return ERR_INVALID;
                else if (list[i].sealed.len > SEALED_MAX)
                        return ERR_TOO_LARGE;
        TRY(writer_run(s->writer, JOB_GROUPED, reseal_job, &w));
        *out_done = w.done;
        return ERR_OK;
}

static enum err forget_job(struct db *db, void *ctx)
{
        (void)db;
        (void)ctx;
        return ERR_OK; /* the writer empties the log afterwards */
}

enum err store_forget(struct store *s)
{
        return writer_run(s->writer, JOB_REMOVES, forget_job, NULL);
}
