/* SPDX-License-Identifier: Apache-2.0 */
/* lattice.c: protected tables, packed.
 *
 * A row is written whole or not at all, so after a crash what is there is complete. Its
 * checksum is of the plain body: an answer cut from damaged tables would be a wrong one, or
 * worse, one that lacks a mark. */
#include "gateway/store/lattice.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "gateway/store/inside.h"

enum { LEVEL = 3 };

struct keeping {
        const char *dataset;
        const struct stored_lattice *lattice;
        struct digest checksum;
        struct bytes packed;
};

static enum err keep_job(struct db *db, void *ctx)
{
        OWNED(run_done) struct run r = {0};
        const struct keeping *k = ctx;

        TRY(run_start(db, SQL_LATTICE_INSERT, &r));
        bind_text(&r, k->dataset);
        bind_i64(&r, k->lattice->vintage.number);
        bind_i64(&r, k->lattice->vintage.revision);
        bind_bytes(&r, bytes_of(k->lattice->policy.bytes, sizeof k->lattice->policy.bytes));
        bind_bytes(&r, bytes_of(k->checksum.bytes, sizeof k->checksum.bytes));
        bind_i64(&r, (int64_t)k->lattice->body.len);
        bind_bytes(&r, k->packed);
        return run_to_end(&r);
}

enum err store_lattice_put(
        struct store *s, const char *dataset, const struct stored_lattice *lattice)
{
        struct keeping k = {.dataset = dataset, .lattice = lattice};
        size_t room = ZSTD_compressBound(lattice->body.len);

        if (lattice->body.len > LATTICE_BODY_MAX)
                return ERR_TOO_LARGE;
        void *packed = malloc(room);
        if (packed == NULL)
                return ERR_NO_MEMORY;
        size_t len = ZSTD_compress(packed, room, lattice->body.data, lattice->body.len, LEVEL);
        enum err e = ZSTD_isError(len) ? ERR_NO_MEMORY : ERR_OK;

        if (e == ERR_OK) {
                k.packed = bytes_of(packed, len);
                digest_of(lattice->body, &k.checksum);
                e = writer_run(s->writer, JOB_GROUPED, keep_job, &k);
        }
        free(packed);
        return e;
}

static enum err head_read(const struct run *r, struct stored_lattice *out)
{
        int64_t number;

        TRY(column_range(r, 0, 1, INT64_MAX, &number));
        out->number = (uint64_t)number;
        TRY(column_u32(r, 1, &out->vintage.number));
        TRY(column_u32(r, 2, &out->vintage.revision));
        TRY(column_digest(r, 3, &out->policy));
        return column_digest(r, 4, &out->checksum);
}

static enum err body_read(const struct run *r, struct arena *a, struct stored_lattice *out)
{
        struct bytes packed = column_bytes(r, 6);
        struct digest is;
        int64_t len;

        TRY(column_range(r, 5, 1, (int64_t)LATTICE_BODY_MAX, &len));
        uint8_t *plain = arena_alloc_raw(a, (size_t)len, 1);
        if (plain == NULL)
                return ERR_NO_MEMORY;
        if (ZSTD_decompress(plain, (size_t)len, packed.data, packed.len) != (size_t)len)
                return ERR_CORRUPT;
        out->body = bytes_of(plain, (size_t)len);
        digest_of(out->body, &is);
        return digest_equal(&is, &out->checksum) ? ERR_OK : ERR_CORRUPT;
}

struct finding {
        const char *dataset;
        struct vintage vintage;
        const struct digest *policy;
};

/* `a`: NULL, without its body. */
static enum err find(
        struct db *db, const struct finding *f, struct arena *a, struct stored_lattice *out)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, a != NULL ? SQL_LATTICE_FIND : SQL_LATTICE_LOOK, &r));
        bind_text(&r, f->dataset);
        bind_i64(&r, f->vintage.number);
        bind_i64(&r, f->vintage.revision);
        bind_bytes(&r, bytes_of(f->policy->bytes, sizeof f->policy->bytes));
        TRY(run_row(&r));
        TRY(head_read(&r, out));
        return a != NULL ? body_read(&r, a, out) : ERR_OK;
}

static enum err find_one(
        struct store *s, const struct finding *f, struct arena *a, struct stored_lattice *out)
{
        struct stored_lattice found = {0};
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = find(db, f, a, &found);

        reader_return(s, &db);
        TRY(e);
        *out = found;
        return ERR_OK;
}

enum err store_lattice_find(struct store *s, const char *dataset, struct vintage vintage,
        const struct digest *policy, struct arena *a, struct stored_lattice *out)
{
        return find_one(s, &(struct finding){dataset, vintage, policy}, a, out);
}

enum err store_lattice_look(struct store *s, const char *dataset, struct vintage vintage,
        const struct digest *policy, struct stored_lattice *out)
{
        return find_one(s, &(struct finding){dataset, vintage, policy}, NULL, out);
}

static enum err list(struct db *db, const char *dataset, struct arena *a,
        struct stored_lattice **out, uint32_t *out_len)
{
        OWNED(run_done) struct run r = {0};
        uint32_t len = 0, cap = 0;
        enum err e;

        TRY(run_start(db, SQL_LATTICES, &r));
        bind_text(&r, dataset);
        while ((e = run_row(&r)) == ERR_OK) {
                if (len == cap) {
                        struct stored_lattice *grown;

                        cap = cap > 0 ? cap * 2 : 16;
                        grown = arena_alloc(a, cap, sizeof *grown);
                        if (grown == NULL)
                                return ERR_NO_MEMORY;
                        if (len > 0)
                                memcpy(grown, *out, len * sizeof *grown);
                        *out = grown;
                }
                TRY(head_read(&r, &(*out)[len++]));
        }
        *out_len = len;
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err store_lattices(struct store *s, const char *dataset, struct arena *a,
        struct stored_lattice **out, uint32_t *out_len)
{
        struct stored_lattice *all = NULL;
        uint32_t len = 0;
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = list(db, dataset, a, &all, &len);

        reader_return(s, &db);
        TRY(e);
        *out = all;
        *out_len = len;
        return ERR_OK;
}
