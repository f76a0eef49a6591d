/* SPDX-License-Identifier: Apache-2.0 */
/* db.h: one connection to the database and its statements. Internal to
 * gateway/store: nobody outside this folder knows what lies beneath.
 *
 * A statement runs like this; run_done resets it on every way out, so that no
 * reader keeps an old state of the database alive by accident:
 *
 *      OWNED(run_done) struct run r = {0};
 *
 *      TRY(run_start(db, SQL_FIND, &r));
 *      bind_bytes(&r, id);
 *      TRY(run_row(&r));            ERR_NOT_FOUND: there is none
 *      n = column_i64(&r, 0);
 */
#ifndef STATGATE_GATEWAY_STORE_DB_H
#define STATGATE_GATEWAY_STORE_DB_H

#include <sqlite3.h>

#include "base/bytes.h"
#include "base/terms.h"
#include "gateway/store/statements.h"

enum sql {
#define SQL_ENUM(name, text) SQL_##name,
        STORE_STATEMENTS(SQL_ENUM)
#undef SQL_ENUM
                STATEMENTS_LEN
};

struct log_tail;

struct db {
        sqlite3 *handle;
        struct log_tail *tail;                    /* of the audit log; the writer's alone */
        sqlite3_stmt *statements[STATEMENTS_LEN]; /* prepared when first used */
};

enum db_use { DB_WRITER, DB_READER };

/* The writer creates the file when there is none. */
MUST_CHECK enum err db_open(const char *path, enum db_use use, struct db **out);
void db_free(struct db **db);
/* heap.c: before anything else of SQLite, any number of times; and pages that a connection still
 * holds, wiped and let go of. */
void heap_prepare(void);
void db_forget(struct db *db);

/* Words of SQLite in ours; logs what is our fault. */
enum err db_error(const struct db *db, int rc);
MUST_CHECK enum err db_script(struct db *db, const char *text);
MUST_CHECK enum err db_pragma(struct db *db, const char *text, int64_t *out);

struct run {
        struct db *db;
        sqlite3_stmt *statement;
        int bound; /* parameters so far */
        int failed;
};

MUST_CHECK enum err run_start(struct db *db, enum sql which, struct run *out);
void run_done(struct run *r);
/* The next parameter; what is bound must outlive the run. */
void bind_i64(struct run *r, int64_t v);
void bind_bytes(struct run *r, struct bytes v);
void bind_text(struct run *r, const char *text);
void bind_zeros(struct run *r, int len);
MUST_CHECK enum err run_row(struct run *r); /* ERR_NOT_FOUND: no (further) row */
MUST_CHECK enum err run_to_end(struct run *r);
int64_t run_changes(const struct run *r); /* rows that the statement changed */
/* Undoes what stands open, if anything does. */
void db_rollback(struct db *db);
/* A statement without parameters and rows. */
MUST_CHECK enum err run_plain(struct db *db, enum sql which);

int64_t column_i64(const struct run *r, int i);
struct bytes column_bytes(const struct run *r, int i); /* until the next step */
/* Within min..max or ERR_CORRUPT: the file is input like any other. */
MUST_CHECK enum err column_range(
        const struct run *r, int i, int64_t min, int64_t max, int64_t *out);
MUST_CHECK enum err column_u32(const struct run *r, int i, uint32_t *out);
MUST_CHECK enum err column_digest(const struct run *r, int i, struct digest *out);

/* Creates the tables in an empty file, or brings an older file up to date. */
MUST_CHECK enum err schema_prepare(struct db *db);

/* The seam below the database where tests let the n-th write or sync fail. */
MUST_CHECK enum err vfs_prepare(const char **out_name);

#endif
