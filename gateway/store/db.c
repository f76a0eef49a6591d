/* SPDX-License-Identifier: Apache-2.0 */
/* db.c: opening a connection as we want it, and running statements.
 *
 * Every setting here is a promise of store.h: synchronous=FULL makes a commit
 * wait for the disk, secure_delete overwrites what is removed, trusted_schema and
 * cell_size_check treat the file as input. Pages are not mapped: reading a mapped
 * file that became shorter is a signal, and a signal is no error code. They
 * are 32 KiB long, which reads and writes seals of 250 kB a fifth faster than 16
 * and twice as fast as 8 (measured with syncs, four writers).
 *
 * Errors of SQLite carry a text; it is not logged, because some of its texts quote
 * the statement. The number says enough. */
#include "gateway/store/db.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { BUSY_MS = 10000 };

static const char *const texts[STATEMENTS_LEN] = {
#define SQL_TEXT(name, text) [SQL_##name] = (text),
        STORE_STATEMENTS(SQL_TEXT)
#undef SQL_TEXT
};

static enum err err_of(int rc)
{
        switch (rc & 0xff) {
        case SQLITE_OK:
        case SQLITE_DONE:
        case SQLITE_ROW:
                return ERR_OK;
        case SQLITE_FULL:
                return ERR_DISK_FULL;
        case SQLITE_READONLY:
                return ERR_READ_ONLY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return ERR_CORRUPT;
        case SQLITE_IOERR:
                return rc == SQLITE_IOERR_NOMEM ? ERR_NO_MEMORY : ERR_IO;
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
                return ERR_UNREADABLE;
        case SQLITE_NOMEM:
                return ERR_NO_MEMORY;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return ERR_BUSY;
        case SQLITE_TOOBIG:
                return ERR_TOO_LARGE;
        default:
                return ERR_INTERNAL;
        }
}

enum err db_error(const struct db *db, int rc)
{
        enum err e = err_of(rc);
        int number = db->handle != NULL ? sqlite3_extended_errcode(db->handle) : rc;

        if (e != ERR_OK)
                log_event(LOG_ERROR, "store_error", LOG_TEXT("error", err_name(e)),
                        LOG_NUM("sqlite", number));
        return e;
}

enum err db_script(struct db *db, const char *text)
{
        return db_error(db, sqlite3_exec(db->handle, text, NULL, NULL, NULL));
}

enum err db_pragma(struct db *db, const char *text, int64_t *out)
{
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(db->handle, text, -1, &statement, NULL);

        if (rc == SQLITE_OK)
                rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW)
                *out = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return rc == SQLITE_ROW ? ERR_OK : rc == SQLITE_DONE ? ERR_INTERNAL : db_error(db, rc);
}

/* Where WAL cannot be had, SQLite keeps the old mode and reports success. */
static enum err use_wal(struct db *db)
{
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode=WAL", -1, &statement, NULL);
        bool wal = false;

        if (rc == SQLITE_OK)
                rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW) {
                wal = bytes_is_text(bytes_of(sqlite3_column_blob(statement, 0),
                                            (size_t)sqlite3_column_bytes(statement, 0)),
                        "wal");
                rc = sqlite3_step(statement);
        }
        (void)sqlite3_finalize(statement);
        if (rc != SQLITE_DONE)
                return db_error(db, rc);
        return wal ? ERR_OK : ERR_READ_ONLY;
}

static enum err set_up(struct db *db, enum db_use use)
{
        /* The page size counts only while the file is empty, and only before WAL. */
        static const char before_wal[] = "PRAGMA page_size=32768; PRAGMA auto_vacuum=NONE;";
        static const char for_writer[] = "PRAGMA synchronous=FULL;"
                                         "PRAGMA wal_autocheckpoint=0; PRAGMA secure_delete=ON;"
                                         "PRAGMA foreign_keys=ON; PRAGMA cache_size=-32768;";
        static const char for_reader[] = "PRAGMA query_only=ON; PRAGMA cache_size=-2048;";
        static const char for_both[] = "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
                                       "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;";

        (void)sqlite3_extended_result_codes(db->handle, 1);
        (void)sqlite3_busy_timeout(db->handle, BUSY_MS);
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
        TRY(db_script(db, for_both));
        if (use == DB_READER)
                return db_script(db, for_reader);
        TRY(db_script(db, before_wal));
        TRY(use_wal(db));
        return db_script(db, for_writer);
}

enum err db_open(const char *path, enum db_use use, struct db **out)
{
        OWNED(db_free) struct db *db = calloc(1, sizeof *db);
        int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;
        const char *vfs;

        if (db == NULL)
                return ERR_NO_MEMORY;
        heap_prepare();
        TRY(vfs_prepare(&vfs));
        if (use == DB_WRITER)
                flags |= SQLITE_OPEN_CREATE;
        int rc = sqlite3_open_v2(path, &db->handle, flags, vfs);

        if (rc != SQLITE_OK)
                return db_error(db, rc);
        /* A file we may only read opens too; readers cannot share WAL with it. */
        if (sqlite3_db_readonly(db->handle, "main") == 1)
                return ERR_READ_ONLY;
        TRY(set_up(db, use));
        *out = db;
        db = NULL;
        return ERR_OK;
}

void db_free(struct db **db)
{
        if (db == NULL || *db == NULL)
                return;
        for (unsigned i = 0; i < STATEMENTS_LEN; i++)
                (void)sqlite3_finalize((*db)->statements[i]);
        (void)sqlite3_close((*db)->handle);
        free(*db);
        *db = NULL;
}

enum err run_start(struct db *db, enum sql which, struct run *out)
{
        sqlite3_stmt **slot = &db->statements[which];

        if (*slot == NULL) {
                int rc = sqlite3_prepare_v3(
                        db->handle, texts[which], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
                if (rc != SQLITE_OK)
                        return db_error(db, rc);
        }
        *out = (struct run){.db = db, .statement = *slot};
        return ERR_OK;
}

void run_done(struct run *r)
{
        if (r->statement == NULL)
                return;
        (void)sqlite3_reset(r->statement);
        (void)sqlite3_clear_bindings(r->statement);
        r->statement = NULL;
}

static void bound(struct run *r, int rc)
{
        if (r->failed == SQLITE_OK)
                r->failed = rc;
}

void bind_i64(struct run *r, int64_t v)
{
        bound(r, sqlite3_bind_int64(r->statement, ++r->bound, v));
}

void bind_bytes(struct run *r, struct bytes v)
{
        /* A NULL pointer would bind NULL instead of an empty blob. */
        const void *data = v.len > 0 ? (const void *)v.data : "";

        bound(r, sqlite3_bind_blob64(r->statement, ++r->bound, data, v.len, SQLITE_STATIC));
}

void bind_text(struct run *r, const char *text)
{
        bound(r, sqlite3_bind_text(r->statement, ++r->bound, text, -1, SQLITE_STATIC));
}

void bind_zeros(struct run *r, int len)
{
        bound(r, sqlite3_bind_zeroblob(r->statement, ++r->bound, len));
}

enum err run_row(struct run *r)
{
        if (r->failed != SQLITE_OK)
                return db_error(r->db, r->failed);
        int rc = sqlite3_step(r->statement);

        if (rc == SQLITE_ROW)
                return ERR_OK;
        return rc == SQLITE_DONE ? ERR_NOT_FOUND : db_error(r->db, rc);
}

enum err run_to_end(struct run *r)
{
        enum err e = run_row(r);

        return e == ERR_NOT_FOUND ? ERR_OK : e == ERR_OK ? ERR_INTERNAL : e;
}

int64_t run_changes(const struct run *r)
{
        return sqlite3_changes64(r->db->handle);
}

enum err run_plain(struct db *db, enum sql which)
{
        OWNED(run_done) struct run r = {0};

        TRY(run_start(db, which, &r));
        return run_to_end(&r);
}

void db_rollback(struct db *db)
{
        /* Should this fail too, SQLite rolls back when the connection closes. */
        if (sqlite3_get_autocommit(db->handle) == 0 && run_plain(db, SQL_ROLLBACK) != ERR_OK)
                log_event(LOG_ERROR, "store_not_rolled_back");
}

int64_t column_i64(const struct run *r, int i)
{
        return sqlite3_column_int64(r->statement, i);
}

struct bytes column_bytes(const struct run *r, int i)
{
        const void *data = sqlite3_column_blob(r->statement, i);

        return bytes_of(data, (size_t)sqlite3_column_bytes(r->statement, i));
}

enum err column_range(const struct run *r, int i, int64_t min, int64_t max, int64_t *out)
{
        int64_t v = column_i64(r, i);

        if (v < min || v > max)
                return ERR_CORRUPT;
        *out = v;
        return ERR_OK;
}

enum err column_u32(const struct run *r, int i, uint32_t *out)
{
        int64_t v;

        TRY(column_range(r, i, 0, UINT32_MAX, &v));
        *out = (uint32_t)v;
        return ERR_OK;
}

enum err column_digest(const struct run *r, int i, struct digest *out)
{
        struct bytes b = column_bytes(r, i);

        if (b.len != sizeof out->bytes)
                return ERR_CORRUPT;
        memcpy(out->bytes, b.data, b.len);
        return ERR_OK;
}
