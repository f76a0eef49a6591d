/* SPDX-License-Identifier: Apache-2.0 */
/* vfs.c: the seam between SQLite and the disk.
 *
 * "Acknowledged means on disk" is only worth something when a write or a sync
 * that fails, at any point of a transaction, leaves a whole store behind. So the
 * file system that SQLite sees is the ordinary one, except that each write and
 * each sync first asks base/fault.h. Unarmed that is one branch.
 *
 * Only two methods differ, so the table of methods of the ordinary file is copied
 * and those two are replaced; everything else, mapped index and locks included,
 * stays SQLite's own code. */
#include <pthread.h>
#include <stddef.h>

#include "base/fault.h"
#include "gateway/store/db.h"

static struct {
        pthread_mutex_t lock;
        sqlite3_vfs vfs;
        sqlite3_vfs *ordinary;
        const sqlite3_io_methods *ordinary_methods; /* of the first file opened */
        sqlite3_io_methods methods;
} seam = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int seam_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
        if (fault_hit("write"))
                return SQLITE_FULL;
        return seam.ordinary_methods->xWrite(file, data, len, at);
}

static int seam_sync(sqlite3_file *file, int flags)
{
        if (fault_hit("sync"))
                return SQLITE_IOERR_FSYNC;
        return seam.ordinary_methods->xSync(file, flags);
}

static void adopt(sqlite3_file *file)
{
        pthread_mutex_lock(&seam.lock);
        if (seam.ordinary_methods == NULL) {
                seam.ordinary_methods = file->pMethods;
                seam.methods = *file->pMethods;
                seam.methods.xWrite = seam_write;
                seam.methods.xSync = seam_sync;
        }
        if (file->pMethods == seam.ordinary_methods)
                file->pMethods = &seam.methods;
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
