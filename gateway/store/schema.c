/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c: the tables, and the way from any older version to this one.
 *
 * A batch is one row: what was acknowledged about it (accepted, rejected, receipt)
 * never changes, what is sealed now (rows, checksum, sealed) does when a person is
 * erased. Submissions are never deleted, so that a replay after a withdrawal is
 * still known; only their batches go.
 *
 * The surprise of this file is `spacer`. secure_delete overwrites freed cells and
 * freed pages with zeros, but when SQLite balances its tree it also *moves* cells
 * and rebuilds pages, and what stood in the gap of a rebuilt page stays there. So
 * the head of a seal could survive its removal as an old copy. A cell moves only
 * with its local part; the rest lies in overflow pages, which never move and are
 * wiped whole when freed. The spacer is as long as the local part can be, so the
 * seal lies in overflow pages from its first byte. In a table with rowid the local
 * part of a cell is at most page - 35 bytes ("Database File Format", 1.6), 32,733 for
 * our pages.
 *
 * It must be a table with rowid, with the key in an index of its own. In one
 * without, a search compares whole cells, and SQLite fetches all overflow pages
 * of a cell to compare its first bytes: every insert and every read then went
 * through half a dozen seals of other batches (13 times the file for a scan). */
#include "base/log.h"
#include "gateway/store/db.h"
#include "gateway/store/inside.h"

enum { APPLICATION_ID = 0x73674753 }; /* "sgGS" */

/* Step n brings version n to n + 1, application id and version number included;
 * each runs in one transaction. */
static const char *const steps[] = {
        "CREATE TABLE submission ("
        "  number INTEGER PRIMARY KEY,"
        "  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),"
        "  municipality INTEGER NOT NULL CHECK (municipality BETWEEN 1 AND 9999),"
        "  dataset TEXT NOT NULL,"
        "  first_day INTEGER NOT NULL,"
        "  last_day INTEGER NOT NULL CHECK (last_day >= first_day),"
        "  mode INTEGER NOT NULL CHECK (mode IN (1, 2)),"
        "  all_or_nothing INTEGER NOT NULL CHECK (all_or_nothing IN (0, 1)),"
        "  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),"
        "  opened_at_ms INTEGER NOT NULL,"
        "  committed_at_ms INTEGER NOT NULL DEFAULT 0,"
        "  commit_number INTEGER UNIQUE,"
        "  batches INTEGER NOT NULL DEFAULT 0,"
        "  accepted INTEGER NOT NULL DEFAULT 0,"
        "  rejected INTEGER NOT NULL DEFAULT 0,"
        "  records INTEGER NOT NULL DEFAULT 0,"
        "  changes INTEGER NOT NULL DEFAULT 0,"
        "  digest BLOB CHECK (digest IS NULL OR length(digest) = 32)"
        ") STRICT;"
        "CREATE INDEX submission_place ON submission (municipality, dataset, first_day);"
        "CREATE INDEX submission_open ON submission (opened_at_ms) WHERE state = 1;"
        "CREATE TABLE batch ("
        "  submission INTEGER NOT NULL REFERENCES submission (number),"
        "  sequence INTEGER NOT NULL CHECK (sequence >= 0),"
        "  rows INTEGER NOT NULL CHECK (rows >= 0),"
        "  accepted INTEGER NOT NULL CHECK (accepted >= rows),"
        "  rejected INTEGER NOT NULL CHECK (rejected >= 0),"
        "  epoch INTEGER NOT NULL,"
        "  receipt BLOB NOT NULL CHECK (length(receipt) = 32),"
        "  checksum BLOB NOT NULL CHECK (length(checksum) = 32),"
        "  spacer BLOB NOT NULL CHECK (length(spacer) >= 32733),"
        "  sealed BLOB NOT NULL,"
        "  PRIMARY KEY (submission, sequence)"
        ") STRICT;"
        "CREATE TABLE vintage ("
        "  number INTEGER NOT NULL CHECK (number > 0),"
        "  revision INTEGER NOT NULL CHECK (revision >= 0),"
        "  published_at_ms INTEGER NOT NULL,"
        "  submissions INTEGER NOT NULL DEFAULT 0,"
        "  records INTEGER NOT NULL DEFAULT 0,"
        "  open INTEGER NOT NULL CHECK (open IN (0, 1)),"
        "  note TEXT NOT NULL,"
        "  PRIMARY KEY (number, revision)"
        ") STRICT, WITHOUT ROWID;"
        "CREATE UNIQUE INDEX vintage_open ON vintage (number) WHERE open = 1;"
        "CREATE TABLE vintage_submission ("
        "  number INTEGER NOT NULL,"
        "  revision INTEGER NOT NULL,"
        "  submission INTEGER NOT NULL REFERENCES submission (number),"
        "  PRIMARY KEY (number, revision, submission),"
        "  FOREIGN KEY (number, revision) REFERENCES vintage (number, revision)"
        ") STRICT, WITHOUT ROWID;"
        "CREATE INDEX submission_vintages ON vintage_submission (submission);"
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
        "PRAGMA application_id = 1936148307;"
        "PRAGMA user_version = 1;",
        /* What validation saw of each delivery, and what was asked today. Deliveries from before
         * this step have 0 of 0 values: nothing is known about them. */
        "ALTER TABLE submission ADD COLUMN fields INTEGER NOT NULL DEFAULT 0 CHECK (fields >= 0);"
        "ALTER TABLE submission ADD COLUMN blanks INTEGER NOT NULL DEFAULT 0 CHECK (blanks >= 0);"
        "CREATE TABLE question ("
        "  day INTEGER NOT NULL,"
        "  principal TEXT NOT NULL,"
        "  digest BLOB NOT NULL CHECK (length(digest) = 32),"
        "  PRIMARY KEY (day, principal, digest)"
        ") STRICT, WITHOUT ROWID;"
        "PRAGMA user_version = 2;",
        /* What the sender says that it left out itself. */
        "ALTER TABLE submission ADD COLUMN turned_away INTEGER NOT NULL DEFAULT 0 "
        "CHECK (turned_away >= 0);"
        "PRAGMA user_version = 3;",
        /* Questions that were answered in the light of earlier ones; ledger.c. */
        "CREATE TABLE ledger ("
        "  number INTEGER PRIMARY KEY,"
        "  linkage TEXT NOT NULL,"
        "  dataset TEXT NOT NULL,"
        "  key BLOB NOT NULL CHECK (length(key) = 32),"
        "  policy BLOB NOT NULL CHECK (length(policy) = 32),"
        "  vintage INTEGER NOT NULL CHECK (vintage > 0),"
        "  revision INTEGER NOT NULL CHECK (revision >= 0),"
        "  rows INTEGER NOT NULL CHECK (rows >= 0),"
        "  question BLOB NOT NULL,"
        "  answered BLOB NOT NULL,"
        "  UNIQUE (linkage, dataset, key)"
        ") STRICT;"
        "PRAGMA user_version = 4;",
        /* Protected tables of a vintage under a policy; lattice.c. */
        "CREATE TABLE lattice ("
        "  number INTEGER PRIMARY KEY,"
        "  dataset TEXT NOT NULL,"
        "  vintage INTEGER NOT NULL CHECK (vintage > 0),"
        "  revision INTEGER NOT NULL CHECK (revision >= 0),"
        "  policy BLOB NOT NULL CHECK (length(policy) = 32),"
        "  checksum BLOB NOT NULL CHECK (length(checksum) = 32),"
        "  length INTEGER NOT NULL CHECK (length > 0),"
        "  body BLOB NOT NULL,"
        "  UNIQUE (dataset, vintage, revision, policy)"
        ") STRICT;"
        "PRAGMA user_version = 5;",
        /* What was taken away, and why; removed.c. Removals from before this step are not told. */
        "CREATE TABLE removal ("
        "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
        "  at_ms INTEGER NOT NULL,"
        "  reason INTEGER NOT NULL CHECK (reason > 0),"
        "  municipality INTEGER NOT NULL CHECK (municipality BETWEEN 1 AND 9999),"
        "  dataset TEXT NOT NULL,"
        "  submission BLOB CHECK (submission IS NULL OR length(submission) = 16),"
        "  first_day INTEGER,"
        "  last_day INTEGER,"
        "  digest BLOB CHECK (digest IS NULL OR length(digest) = 32),"
        "  batches INTEGER NOT NULL CHECK (batches >= 0),"
        "  records INTEGER NOT NULL CHECK (records >= 0)"
        ") STRICT;"
        "PRAGMA user_version = 6;",
        /* Which k_person names the persons of a batch; before this step there was one. */
        "ALTER TABLE batch ADD COLUMN person_epoch INTEGER NOT NULL DEFAULT 1 "
        "CHECK (person_epoch >= 0);"
        "PRAGMA user_version = 7;",
        /* By which events "this number became that number" a vintage links; keeper/aliases.h.
         * Vintages from before this step link by none. */
        "ALTER TABLE vintage ADD COLUMN aliases INTEGER NOT NULL DEFAULT 0 "
        "CHECK (aliases >= 0);"
        "PRAGMA user_version = 8;",
        /* The audit log; log.c. A store from before this step begins its log here. */
        "CREATE TABLE entry ("
        "  number INTEGER PRIMARY KEY CHECK (number >= 0),"
        "  at_ms INTEGER NOT NULL,"
        "  kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 65535),"
        "  commitment BLOB NOT NULL CHECK (length(commitment) = 32),"
        "  pruned INTEGER NOT NULL DEFAULT 0 CHECK (pruned IN (0, 1)),"
        "  salts BLOB NOT NULL CHECK (length(salts) = 32),"
        "  open BLOB NOT NULL,"
        "  closed BLOB NOT NULL"
        ") STRICT;"
        "CREATE TABLE subtree ("
        "  level INTEGER NOT NULL CHECK (level > 0),"
        "  place INTEGER NOT NULL CHECK (place >= 0),"
        "  hash BLOB NOT NULL CHECK (length(hash) = 32),"
        "  PRIMARY KEY (level, place)"
        ") STRICT, WITHOUT ROWID;"
        "CREATE TABLE head ("
        "  size INTEGER PRIMARY KEY CHECK (size >= 0),"
        "  root BLOB NOT NULL CHECK (length(root) = 32),"
        "  at_ms INTEGER NOT NULL,"
        "  key_id TEXT NOT NULL,"
        "  signature BLOB NOT NULL CHECK (length(signature) = 64)"
        ") STRICT;"
        "CREATE TABLE pruned ("
        "  kind INTEGER PRIMARY KEY,"
        "  before INTEGER NOT NULL CHECK (before >= 0)"
        ") STRICT;"
        "PRAGMA user_version = 9;",
        /* Of retired vintages: whether what they told was given up. Of those from before this step
         * nobody has said so. */
        "ALTER TABLE vintage ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0 "
        "CHECK (given_up IN (0, 1));"
        "PRAGMA user_version = 10;",
};

/* The numbers lie on disk: they may grow, never change. */
_Static_assert(DELIVERY_APPEND == 1 && DELIVERY_REPLACE == 2, "modes are stored");
_Static_assert(SUBMISSION_OPEN == 1 && SUBMISSION_COMMITTED == 2 && SUBMISSION_REPLACED == 3 &&
                       SUBMISSION_WITHDRAWN == 4 && SUBMISSION_EXPIRED == 5,
        "states are stored");
_Static_assert(REMOVAL_WITHDRAWAL == 1 && REMOVAL_RETENTION == 2 && REMOVAL_DOMAIN == 3 &&
                       REMOVAL_PERSON == 4 && REMOVAL_RECORD == 5,
        "reasons are stored");
_Static_assert(APPLICATION_ID == 1936148307, "the script says the same number");

static enum err step(struct db *db, int64_t from)
{
        enum err e;

        TRY(run_plain(db, SQL_BEGIN));
        e = db_script(db, steps[from]);
        if (e == ERR_OK)
                e = run_plain(db, SQL_COMMIT);
        if (e != ERR_OK)
                db_rollback(db);
        return e;
}

enum err schema_prepare(struct db *db)
{
        const int64_t newest = (int64_t)ARRAY_LEN(steps);
        int64_t version, application, tables;

        TRY(db_pragma(db, "PRAGMA user_version", &version));
        TRY(db_pragma(db, "PRAGMA application_id", &application));
        TRY(db_pragma(db, "SELECT count(*) FROM sqlite_schema", &tables));
        bool fresh = version == 0 && application == 0 && tables == 0;

        /* Somebody else's database is not ours to fill, nor one that lost its head. */
        if (!fresh && (application != APPLICATION_ID || version < 1))
                return ERR_CORRUPT;
        if (version > newest) {
                log_event(LOG_ERROR, "store_newer", LOG_NUM("version", version),
                        LOG_NUM("known", newest));
                return ERR_UNSUPPORTED;
        }
        for (; version < newest; version++)
                TRY(step(db, version));
        return ERR_OK;
}
