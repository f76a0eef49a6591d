/* SPDX-License-Identifier: Apache-2.0 */
/* writer.c: one thread that writes, and one sync for everybody who waits.
 *
 * A sync costs the same for one batch as for ten. So the callers queue, and the
 * writer takes all that wait, gives each a savepoint in one transaction, commits
 * once and wakes them. While it syncs, the next group gathers: the slower the
 * disk, the larger the groups.
 *
 * A job that fails undoes its savepoint and nobody else's. If the transaction
 * itself fails (disk full, say), each job of the group is tried alone, so that a
 * small one is not refused for the sake of a large one.
 *
 * The audit log grows in these transactions. Where it ends lives in memory (log.c) and goes
 * back with whatever goes back: with a job's savepoint, and with the transaction; what is
 * durable is shown to others after the commit.
 *
 * Every job lives on the stack of the caller who waits for it: the queue is never
 * longer than the number of calling threads, which is bounded upstairs.
 *
 * After a sync has failed nobody knows what the disk holds: the kernel may have
 * dropped the pages and call the next sync a success. The writer then refuses
 * everything until the store is opened anew and the log has been read back.
 *
 * The log is moved into the database when nothing waits, or when it has grown
 * long; never by SQLite itself in the middle of somebody's commit. */
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/wait.h"
#include "gateway/store/inside.h"

enum { IDLE_MS = 50, LOG_PAGES_MAX = 4096, EMPTY_TRIES = 3 };

struct job {
        struct job *next;
        job_fn fn;
        void *ctx;
        enum job_kind kind;
        enum err result;
        bool done;
        pthread_cond_t wake;
};

struct writer {
        pthread_t thread;
        pthread_mutex_t lock; /* queue, stopping, done of the jobs */
        pthread_cond_t work;
        struct job *first, **last;
        bool stopping;
        struct db *db; /* the thread's own from here on */
        bool sync_failed;
        struct log_tail tail;      /* with what the open transaction appended */
        struct log_tail committed; /* without; `lock` while it changes */
        int log_pages;             /* in the log and not yet in the database */
};

static int note_log_pages(void *ctx, sqlite3 *handle, const char *name, int pages)
{
        struct writer *w = ctx;

        (void)handle;
        (void)name;
        w->log_pages = pages;
        return SQLITE_OK;
}

/* As far as readers allow, without waiting for them. */
static void checkpoint(struct writer *w)
{
        int in_log = 0, moved = 0;
        int rc = sqlite3_wal_checkpoint_v2(
                w->db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);

        if (rc == SQLITE_OK && moved == in_log)
                w->log_pages = 0;
        else if (rc != SQLITE_OK && rc != SQLITE_BUSY)
                (void)db_error(w->db, rc);
}

enum err log_empty(struct db *db)
{
        int rc = SQLITE_BUSY;

        /* The busy handler waits for readers; they are quick, see cursor.c. */
        for (int i = 0; i < EMPTY_TRIES && rc == SQLITE_BUSY; i++)
                rc = sqlite3_wal_checkpoint_v2(
                        db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        return rc == SQLITE_OK ? ERR_OK : db_error(db, rc);
}

static bool in_transaction(const struct db *db)
{
        return sqlite3_get_autocommit(db->handle) == 0;
}

/* Runs one job under its savepoint. What comes back is the fate of the
 * transaction; the job's own stands in `result`. */
static enum err run_job(struct db *db, struct job *j)
{
        const struct log_tail before = *db->tail;

        TRY(run_plain(db, SQL_SAVEPOINT));
        j->result = j->fn(db, j->ctx);
        /* Some errors make SQLite roll all of it back. */
        if (!in_transaction(db))
                return j->result != ERR_OK ? j->result : ERR_INTERNAL;
        if (j->result != ERR_OK) {
                *db->tail = before;
                TRY(run_plain(db, SQL_ROLLBACK_TO));
        }
        return run_plain(db, SQL_RELEASE);
}

static enum err transact(struct writer *w, struct job *group)
{
        enum err e = run_plain(w->db, SQL_BEGIN);

        for (struct job *j = group; e == ERR_OK && j != NULL; j = j->next)
                e = run_job(w->db, j);
        if (e == ERR_OK)
                e = run_plain(w->db, SQL_COMMIT);
        if (e != ERR_OK && sqlite3_extended_errcode(w->db->handle) == SQLITE_IOERR_FSYNC)
                w->sync_failed = true;
        if (e == ERR_OK) {
                pthread_mutex_lock(&w->lock);
                w->committed = w->tail;
                pthread_mutex_unlock(&w->lock);
                return ERR_OK;
        }
        db_rollback(w->db);
        w->tail = w->committed;
        return e;
}

void writer_log_edge(struct writer *w, struct merkle_edge *out)
{
        pthread_mutex_lock(&w->lock);
        *out = w->committed.edge;
        pthread_mutex_unlock(&w->lock);
}

static void run_alone(struct writer *w, struct job *j)
{
        struct job *next = j->next;

        j->next = NULL;
        j->result = ERR_OK;
        enum err e = w->sync_failed ? ERR_IO : transact(w, j);

        if (j->result == ERR_OK)
                j->result = e;
        if (j->result == ERR_OK && j->kind == JOB_REMOVES) {
                j->result = log_empty(w->db);
                db_forget(w->db);
                if (j->result == ERR_OK)
                        w->log_pages = 0;
        }
        j->next = next;
}

static void run_group(struct writer *w, struct job *group)
{
        bool one = group->next == NULL;

        if (!w->sync_failed && !one && transact(w, group) == ERR_OK)
                return;
        for (struct job *j = group; j != NULL; j = j->next)
                run_alone(w, j);
}

/* The jobs at the head of the queue that may share a transaction. */
static struct job *take_group(struct writer *w)
{
        struct job *first = w->first, *end = first;

        if (first->kind == JOB_GROUPED)
                while (end->next != NULL && end->next->kind == JOB_GROUPED)
                        end = end->next;
        w->first = end->next;
        if (w->first == NULL)
                w->last = &w->first;
        end->next = NULL;
        return first;
}

/* Returns false when `IDLE_MS` went by and nothing came. */
static bool wait_for_work(struct writer *w)
{
        if (w->log_pages == 0) {
                pthread_cond_wait(&w->work, &w->lock);
                return true;
        }
        return wait_ms(&w->work, &w->lock, IDLE_MS);
}

static void wake_group(struct job *group)
{
        for (struct job *j = group, *next; j != NULL; j = next) {
                next = j->next; /* the job is gone once its caller sees `done` */
                j->done = true;
                pthread_cond_signal(&j->wake);
        }
}

static void *writer_main(void *arg)
{
        struct writer *w = arg;

        pthread_mutex_lock(&w->lock);
        while (!w->stopping || w->first != NULL) {
                if (w->first == NULL) {
                        if (!wait_for_work(w)) {
                                pthread_mutex_unlock(&w->lock);
                                checkpoint(w);
                                pthread_mutex_lock(&w->lock);
                        }
                        continue;
                }
                struct job *group = take_group(w);

                pthread_mutex_unlock(&w->lock);
                run_group(w, group);
                pthread_mutex_lock(&w->lock);
                wake_group(group);
                if (w->log_pages > LOG_PAGES_MAX) {
                        pthread_mutex_unlock(&w->lock);
                        checkpoint(w);
                        pthread_mutex_lock(&w->lock);
                }
        }
        pthread_mutex_unlock(&w->lock);
        return NULL;
}

enum err writer_run(struct writer *w, enum job_kind kind, job_fn fn, void *ctx)
{
        struct job j = {.fn = fn, .ctx = ctx, .kind = kind, .wake = PTHREAD_COND_INITIALIZER};

        pthread_mutex_lock(&w->lock);
        *w->last = &j;
        w->last = &j.next;
        pthread_cond_signal(&w->work);
        while (!j.done)
                pthread_cond_wait(&j.wake, &w->lock);
        pthread_mutex_unlock(&w->lock);
        pthread_cond_destroy(&j.wake);
        return j.result;
}

static void writer_drop(struct writer *w)
{
        db_free(&w->db);
        pthread_cond_destroy(&w->work);
        pthread_mutex_destroy(&w->lock);
        free(w);
}

enum err writer_start(struct db **db, struct writer **out)
{
        struct writer *w = calloc(1, sizeof *w);

        if (w == NULL)
                return ERR_NO_MEMORY;
        w->last = &w->first;
        w->db = *db;
        w->db->tail = &w->tail;
        *db = NULL;
        pthread_mutex_init(&w->lock, NULL);
        wait_init(&w->work);
        (void)sqlite3_wal_hook(w->db->handle, note_log_pages, w);
        enum err e = log_load(w->db, &w->tail);

        w->committed = w->tail;
        if (e != ERR_OK) {
                writer_drop(w);
                return e;
        }
        if (pthread_create(&w->thread, NULL, writer_main, w) != 0) {
                writer_drop(w);
                return ERR_NO_MEMORY;
        }
        *out = w;
        return ERR_OK;
}

void writer_stop(struct writer **w)
{
        if (w == NULL || *w == NULL)
                return;
        pthread_mutex_lock(&(*w)->lock);
        (*w)->stopping = true;
        pthread_cond_signal(&(*w)->work);
        pthread_mutex_unlock(&(*w)->lock);
        pthread_join((*w)->thread, NULL);
        writer_drop(*w);
        *w = NULL;
}
