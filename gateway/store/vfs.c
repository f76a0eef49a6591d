/* SPDX-License-Identifier: Apache-2.0 */
/* vfs.c: the seam between SQLite and the disk.
 *
 * "Acknowledged means on disk" is only worth something when a write or a sync
 * that fails, at any point of a transaction, leaves a whole store behind. So the
 * file system that SQLite sees is the ordinary one, except that each write and
 * each sync first asks base/fault.h. Unarmed that is one branch.
 *
 * Only two methods differ, so a table of methods of the ordinary file system is
 * copied and those two are replaced; everything else, mapped index and locks
 * included, stays SQLite's own code. There are two tables to copy: a database has
 * locks, its log has none. */
#include <pthread.h>
#include <stddef.h>

#include "base/fault.h"
#include "gateway/store/db.h"

struct methods {
        sqlite3_io_methods ours; /* first, so that a file leads here */
        const sqlite3_io_methods *theirs;
};

enum { TABLES_MAX = 4 };

static struct {
        pthread_mutex_t lock;
        sqlite3_vfs vfs;
        sqlite3_vfs *ordinary;
        struct methods tables[TABLES_MAX];
} seam = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const sqlite3_io_methods *theirs(const sqlite3_file *file)
{
        return ((const struct methods *)(const void *)file->pMethods)->theirs;
}

static int seam_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
        if (fault_hit("write"))
                return SQLITE_FULL;
        return theirs(file)->xWrite(file, data, len, at);
}

static int seam_sync(sqlite3_file *file, int flags)
{
        if (fault_hit("sync"))
                return SQLITE_IOERR_FSYNC;
        return theirs(file)->xSync(file, flags);
}

/* A file whose table finds no room keeps the ordinary methods: it works, and only
 * the tests cannot reach it. */
static void adopt(sqlite3_file *file)
{
        pthread_mutex_lock(&seam.lock);
        for (unsigned i = 0; i < TABLES_MAX; i++) {
                struct methods *m = &seam.tables[i];

                if (m->theirs == NULL) {
                        m->theirs = file->pMethods;
                        m->ours = *file->pMethods;
                        m->ours.xWrite = seam_write;
                        m->ours.xSync = seam_sync;
                }
                if (m->theirs == file->pMethods) {
                        file->pMethods = &m->ours;
                        break;
                }
        }
        pthread_mutex_unlock(&seam.lock);
}

static int seam_open(
        sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
        (void)vfs;
        int rc = seam.ordinary->xOpen(seam.ordinary, name, file, flags, out_flags);

        if (rc == SQLITE_OK && file->pMethods != NULL)
                adopt(file);
        return rc;
}

enum err vfs_prepare(const char **out_name)
{
        int rc = SQLITE_OK;

        pthread_mutex_lock(&seam.lock);
        if (seam.ordinary == NULL) {
                seam.ordinary = sqlite3_vfs_find("unix");
                if (seam.ordinary != NULL) {
                        seam.vfs = *seam.ordinary;
                        seam.vfs.zName = "statgate";
                        seam.vfs.xOpen = seam_open;
                        rc = sqlite3_vfs_register(&seam.vfs, 0);
                }
        }
        pthread_mutex_unlock(&seam.lock);
        if (seam.ordinary == NULL || rc != SQLITE_OK)
                return ERR_INTERNAL;
        *out_name = "statgate";
        return ERR_OK;
}
