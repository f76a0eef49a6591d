/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.c: the batches of a submission, one after the other.
 *
 * Each batch is read in a transaction of its own and copied out. A cursor that
 * held one transaction over its whole scan would keep the log from being emptied
 * for as long as its owner cares to think, and with it the bytes of persons who
 * asked to be erased. The price is that a removal can come between two batches.
 * So a cursor remembers how often the submission was changed and refuses to go on
 * when that number moved: nobody builds a view half from before an erasure and
 * half from after. */
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "gateway/store/inside.h"

struct store_cursor {
        struct store *store;
        struct submission_row of;
        uint32_t next;
        uint8_t *sealed;
        size_t cap;
};

enum err batch_read(struct run *r, struct db *db, const struct submission_row *of,
        uint32_t sequence, struct stored_batch *out)
{
        struct stored_batch b = {.submission = of->public.id};
        struct digest stored, computed;

        TRY(run_start(db, SQL_BATCH_READ, r));
        bind_i64(r, of->number);
        bind_i64(r, sequence);
        TRY(run_row(r));
        TRY(column_u32(r, 0, &b.sequence));
        TRY(column_u32(r, 1, &b.rows));
        TRY(column_u32(r, 2, &b.rejected));
        TRY(column_u32(r, 3, &b.epoch));
        TRY(column_digest(r, 4, &b.receipt));
        TRY(column_digest(r, 5, &stored));
        b.sealed = column_bytes(r, 6);
        if (b.sealed.len > 0 && b.sealed.data == NULL)
                return ERR_NO_MEMORY;
        TRY(batch_checksum(&b, &computed));
        /* Batches stand without gaps; a missing one is damage. */
        if (b.sequence != sequence || !digest_equal(&stored, &computed))
                return ERR_CORRUPT;
        *out = b;
        return ERR_OK;
}

enum err store_batches(struct store *s, const struct submission_id *id, struct store_cursor **out)
{
        OWNED(store_cursor_free) struct store_cursor *c = calloc(1, sizeof *c);
        struct db *db;

        if (c == NULL)
                return ERR_NO_MEMORY;
        c->store = s;
        TRY(reader_borrow(s, &db));
        enum err e = submission_by_id(db, id, &c->of);

        reader_return(s, &db);
        TRY(e);
        *out = c;
        c = NULL;
        return ERR_OK;
}

/* What is erased from the store shall not be found in what was free memory. */
static void drop_copy(struct store_cursor *c)
{
        if (c->sealed != NULL)
                explicit_bzero(c->sealed, c->cap);
        free(c->sealed);
}

static enum err keep_copy(struct store_cursor *c, struct stored_batch *b)
{
        if (b->sealed.len > c->cap) {
                uint8_t *larger = malloc(b->sealed.len);

                if (larger == NULL)
                        return ERR_NO_MEMORY;
                drop_copy(c);
                c->sealed = larger;
                c->cap = b->sealed.len;
        }
        if (b->sealed.len > 0)
                memcpy(c->sealed, b->sealed.data, b->sealed.len);
        b->sealed.data = c->sealed;
        return ERR_OK;
}

static enum err read_next(struct store_cursor *c, struct db *db, struct stored_batch *out)
{
        OWNED(run_done) struct run r = {0};
        struct submission_row now;
        enum err found = batch_read(&r, db, &c->of, c->next, out);

        /* While that statement stands we are in its transaction, so the two agree. */
        TRY(submission_by_number(db, c->of.number, &now));
        if (now.changes != c->of.changes)
                return ERR_VINTAGE_CLOSED;
        if (found == ERR_NOT_FOUND && c->next < now.public.batches &&
                now.public.state <= SUBMISSION_COMMITTED)
                return ERR_CORRUPT;
        TRY(found);
        return keep_copy(c, out);
}

enum err store_next(struct store_cursor *c, struct stored_batch *out)
{
        struct stored_batch b;
        struct db *db;

        TRY(reader_borrow(c->store, &db));
        enum err e = read_next(c, db, &b);

        reader_return(c->store, &db);
        TRY(e);
        c->next++;
        *out = b;
        return ERR_OK;
}

enum err store_again(struct store_cursor *c, struct stored_batch *out)
{
        if (c->next == 0)
                return ERR_NOT_FOUND;
        c->next--;
        return store_next(c, out);
}

void store_cursor_free(struct store_cursor **c)
{
        if (c == NULL || *c == NULL)
                return;
        drop_copy(*c);
        free(*c);
        *c = NULL;
}
