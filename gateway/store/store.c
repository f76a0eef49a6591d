/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: opening and closing, the lock, and the readers.
 *
 * A store is there whole or not at all: a new one is made under another name and
 * renamed. So an empty file, or a log without its database, is damage and not a
 * fresh start, and nobody's deliveries vanish behind a store that opens happily.
 *
 * Opening ends with an empty log. A process that died between removing a batch
 * and emptying the log is thereby made good before anybody can read. */
#include "gateway/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "gateway/store/inside.h"

/* Up to this size the whole tree is walked at opening (about 50 ms); beyond it
 * each batch is checked when it is read. */
enum { WALK_MAX = 64 << 20 };

static enum err err_of_errno(int number)
{
        switch (number) {
        case ENOMEM:
                return ERR_NO_MEMORY;
        case ENOSPC:
        case EDQUOT:
                return ERR_DISK_FULL;
        case EROFS:
                return ERR_READ_ONLY;
        case EIO:
                return ERR_IO;
        default:
                return ERR_UNREADABLE;
        }
}

static void text_free(char **text)
{
        free(*text);
        *text = NULL;
}

/* `path` with `tail` behind it, on the heap. */
static char *path_with(const char *path, const char *tail)
{
        char *out = NULL;

        return asprintf(&out, "%s%s", path, tail) < 0 ? NULL : out;
}

static bool file_there(const char *path, const char *tail, int64_t *out_len)
{
        OWNED(text_free) char *full = path_with(path, tail);
        struct stat st;

        if (full == NULL || stat(full, &st) != 0)
                return false;
        *out_len = st.st_size;
        return true;
}

static enum err lock_take(const char *path, int *out_fd)
{
        OWNED(text_free) char *full = path_with(path, ".lock");

        if (full == NULL)
                return ERR_NO_MEMORY;
        int fd = open(full, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return err_of_errno(errno);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
                enum err e = errno == EWOULDBLOCK ? ERR_IN_USE : err_of_errno(errno);

                close(fd);
                return e;
        }
        *out_fd = fd;
        return ERR_OK;
}

static enum err folder_sync(const char *path)
{
        OWNED(text_free) char *folder = strdup(path);

        if (folder == NULL)
                return ERR_NO_MEMORY;
        char *slash = strrchr(folder, '/');

        if (slash != NULL)
                slash[slash == folder] = '\0';
        int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return err_of_errno(errno);
        int rc = fsync(fd);

        close(fd);
        return rc == 0 ? ERR_OK : ERR_IO;
}

/* The database, its log and its index get the mode of this file. */
static enum err file_make(const char *path)
{
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return err_of_errno(errno);
        close(fd);
        return ERR_OK;
}

static enum err fill_new(const char *path)
{
        OWNED(db_free) struct db *db = NULL;

        TRY(file_make(path));
        TRY(db_open(path, DB_WRITER, &db));
        TRY(schema_prepare(db));
        return log_empty(db);
}

static void remove_with(const char *path, const char *tail)
{
        OWNED(text_free) char *full = path_with(path, tail);

        if (full != NULL)
                (void)unlink(full);
}

static enum err create(const char *path)
{
        OWNED(text_free) char *fresh = path_with(path, ".new");

        if (fresh == NULL)
                return ERR_NO_MEMORY;
        remove_with(fresh, "");
        remove_with(fresh, "-wal");
        remove_with(fresh, "-shm");
        TRY(fill_new(fresh));
        if (rename(fresh, path) != 0)
                return err_of_errno(errno);
        return folder_sync(path);
}

/* A page count beyond the end of the file is a file that was cut short. Asked
 * once the log is empty, when the file must hold all of it. */
static enum err check_length(struct db *db, const char *path, int64_t *out_len)
{
        int64_t pages, page, len;

        TRY(db_pragma(db, "PRAGMA page_count", &pages));
        TRY(db_pragma(db, "PRAGMA page_size", &page));
        if (!file_there(path, "", &len))
                return ERR_UNREADABLE;
        if (len < pages * page)
                return ERR_CORRUPT;
        *out_len = len;
        return ERR_OK;
}

static enum err check_tree(struct db *db)
{
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(db->handle, "PRAGMA quick_check(1)", -1, &statement, NULL);
        bool sound = false;

        if (rc == SQLITE_OK)
                rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW)
                sound = bytes_is_text(bytes_of(sqlite3_column_blob(statement, 0),
                                              (size_t)sqlite3_column_bytes(statement, 0)),
                        "ok");
        (void)sqlite3_finalize(statement);
        if (rc != SQLITE_ROW)
                return db_error(db, rc);
        return sound ? ERR_OK : ERR_CORRUPT;
}

static enum err open_sound(const char *path, struct db **out)
{
        OWNED(db_free) struct db *db = NULL;
        int64_t len;

        TRY(db_open(path, DB_WRITER, &db));
        TRY(log_empty(db));
        TRY(check_length(db, path, &len));
        if (len <= WALK_MAX)
                TRY(check_tree(db));
        TRY(schema_prepare(db));
        TRY(log_empty(db));
        *out = db;
        db = NULL;
        return ERR_OK;
}

static enum err open_locked(struct store *s)
{
        OWNED(db_free) struct db *db = NULL;
        int64_t len;

        if (!file_there(s->path, "", &len)) {
                if (file_there(s->path, "-wal", &len))
                        return ERR_CORRUPT;
                TRY(create(s->path));
        } else if (len == 0) {
                return ERR_CORRUPT;
        }
        TRY(open_sound(s->path, &db));
        return writer_start(&db, &s->writer);
}

enum err store_open(const char *path, struct store **out)
{
        OWNED(store_close) struct store *s = calloc(1, sizeof *s);

        if (s == NULL)
                return ERR_NO_MEMORY;
        pthread_mutex_init(&s->readers.lock, NULL);
        pthread_mutex_init(&s->log_lock, NULL);
        s->lock_fd = -1;
        s->path = strdup(path);
        if (s->path == NULL)
                return ERR_NO_MEMORY;
        TRY(lock_take(path, &s->lock_fd));
        enum err e = open_locked(s);

        if (e != ERR_OK) {
                log_event(LOG_ERROR, "store_not_opened", LOG_TEXT("error", err_name(e)));
                return e;
        }
        *out = s;
        s = NULL;
        return ERR_OK;
}

void *list_room(struct arena *a, void *list, uint32_t len, uint32_t *cap, size_t size)
{
        uint32_t larger = *cap > 0 ? 2 * *cap : 16;
        void *grown;

        if (len < *cap)
                return list;
        grown = arena_alloc(a, larger, size);
        if (grown == NULL)
                return NULL;
        if (len > 0)
                memcpy(grown, list, len * size);
        *cap = larger;
        return grown;
}

void store_close(struct store **s)
{
        if (s == NULL || *s == NULL)
                return;
        for (unsigned i = 0; i < (*s)->readers.len; i++)
                db_free(&(*s)->readers.kept[i]);
        /* Last, so that SQLite empties and removes the log. */
        writer_stop(&(*s)->writer);
        pthread_mutex_destroy(&(*s)->readers.lock);
        pthread_mutex_destroy(&(*s)->log_lock);
        if ((*s)->lock_fd >= 0)
                close((*s)->lock_fd);
        free((*s)->path);
        free(*s);
        *s = NULL;
}

enum err reader_borrow(struct store *s, struct db **out)
{
        struct db *db = NULL;

        pthread_mutex_lock(&s->readers.lock);
        if (s->readers.len > 0)
                db = s->readers.kept[--s->readers.len];
        pthread_mutex_unlock(&s->readers.lock);
        if (db == NULL)
                TRY(db_open(s->path, DB_READER, &db));
        *out = db;
        return ERR_OK;
}

void reader_return(struct store *s, struct db **db)
{
        if (*db == NULL)
                return;
        db_forget(*db);
        pthread_mutex_lock(&s->readers.lock);
        if (s->readers.len < READERS_KEPT) {
                s->readers.kept[s->readers.len++] = *db;
                *db = NULL;
        }
        pthread_mutex_unlock(&s->readers.lock);
        db_free(db);
}

static enum err count(struct db *db, struct store_counts *out)
{
        OWNED(run_done) struct run r = {0};
        int64_t pages, unused, page, records;
        struct store_counts c;

        TRY(run_start(db, SQL_COUNT, &r));
        TRY(run_row(&r));
        TRY(column_u32(&r, 0, &c.open));
        TRY(column_u32(&r, 1, &c.committed));
        TRY(column_range(&r, 2, 0, INT64_MAX, &records));
        TRY(db_pragma(db, "PRAGMA page_count", &pages));
        TRY(db_pragma(db, "PRAGMA freelist_count", &unused));
        TRY(db_pragma(db, "PRAGMA page_size", &page));
        c.records_committed = (uint64_t)records;
        c.bytes = (uint64_t)((pages - unused) * page);
        *out = c;
        return ERR_OK;
}

enum err store_count(struct store *s, struct store_counts *out)
{
        struct db *db;

        TRY(reader_borrow(s, &db));
        enum err e = count(db, out);

        reader_return(s, &db);
        return e;
}
