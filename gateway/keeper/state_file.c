/* SPDX-License-Identifier: Apache-2.0 */
/* state_file.c: the sealed state on disk.
 *
 * It is the one file without which every stored record is noise, so it is never
 * written in place: a temporary file is filled and synced, then takes the name, then
 * the folder is synced. At every instant there is a whole file under the name. The
 * generation before stays as PATH.bak, for hands and not for programs: falling back
 * to it by ourselves would let whoever damages the file undo an erased key. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/log.h"
#include "gateway/keeper/ask.h"

enum { SUFFIX_MAX = 16 };

static void text_free(char **text)
{
        free(*text);
        *text = NULL;
}

static enum err from_errno(int code)
{
        switch (code) {
        case ENOSPC:
        case EDQUOT:
                return ERR_DISK_FULL;
        case EROFS:
        case EACCES:
        case EPERM:
                return ERR_READ_ONLY;
        case EEXIST:
                return ERR_CONFLICT;
        case ENOMEM:
                return ERR_NO_MEMORY;
        default:
                return ERR_IO;
        }
}

static char *with_suffix(const char *path, const char *suffix)
{
        size_t len = strlen(path) + SUFFIX_MAX;
        char *text = malloc(len);

        if (text != NULL)
                (void)snprintf(text, len, "%s%s", path, suffix);
        return text;
}

bool state_file_exists(const char *path)
{
        struct stat st;

        return lstat(path, &st) == 0;
}

enum err state_file_read(const char *path, uint8_t *out, size_t room, size_t *out_len)
{
        OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;
        size_t len = 0;

        if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
                return ERR_UNREADABLE;
        if (st.st_size <= 0 || (size_t)st.st_size > room)
                return ERR_KEYRING;
        while (len < (size_t)st.st_size) {
                ssize_t n = read(fd, out + len, (size_t)st.st_size - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return ERR_UNREADABLE;
                if (n == 0)
                        return ERR_KEYRING;
                len += (size_t)n;
        }
        *out_len = len;
        return ERR_OK;
}

static enum err write_all(int fd, struct bytes blob)
{
        while (blob.len > 0) {
                ssize_t n =
                        fault_hit("write") ? (errno = ENOSPC, -1) : write(fd, blob.data, blob.len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return from_errno(errno);
                blob.data += n;
                blob.len -= (size_t)n;
        }
        return ERR_OK;
}

static enum err sync_fd(int fd)
{
        if (fault_hit("sync")) {
                errno = EIO;
                return ERR_IO;
        }
        return fsync(fd) == 0 ? ERR_OK : from_errno(errno);
}

static enum err write_temporary(const char *temporary, struct bytes blob)
{
        OWNED(fd_close) int fd = -1;

        /* Left over from a crash; the name is ours alone. */
        (void)unlink(temporary);
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return from_errno(errno);
        TRY(write_all(fd, blob));
        return sync_fd(fd);
}

/* PATH.bak becomes a second name of the file that is about to be replaced. By way of a
 * temporary name, and removed in any case: renaming one name of a file onto another
 * of the same file does nothing and leaves both. */
static enum err keep_previous(const char *path)
{
        OWNED(text_free) char *bak = with_suffix(path, ".bak");
        OWNED(text_free) char *temporary = with_suffix(path, ".bak.tmp");

        if (bak == NULL || temporary == NULL)
                return ERR_NO_MEMORY;
        (void)unlink(temporary);
        if (link(path, temporary) != 0)
                return errno == ENOENT ? ERR_OK : from_errno(errno);
        enum err e = rename(temporary, bak) == 0 ? ERR_OK : from_errno(errno);

        (void)unlink(temporary);
        return e;
}

static enum err sync_folder(const char *path)
{
        OWNED(text_free) char *copy = strdup(path);
        OWNED(fd_close) int fd = -1;

        if (copy == NULL)
                return ERR_NO_MEMORY;
        fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? from_errno(errno) : sync_fd(fd);
}

static enum err replace(const char *path, const char *temporary, struct bytes blob, bool fresh)
{
        TRY(write_temporary(temporary, blob));
        if (!fresh)
                TRY(keep_previous(path));
        if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, fresh ? RENAME_NOREPLACE : 0) != 0)
                return from_errno(errno);
        return sync_folder(path);
}

enum err state_file_write(const char *path, struct bytes blob, bool fresh)
{
        OWNED(text_free) char *temporary = with_suffix(path, ".tmp");
        enum err e = temporary == NULL ? ERR_NO_MEMORY : replace(path, temporary, blob, fresh);

        if (e == ERR_OK)
                return ERR_OK;
        if (temporary != NULL)
                (void)unlink(temporary);
        log_event(LOG_ERROR, "keeper_state_not_written", LOG_TEXT("error", err_name(e)));
        return e;
}
