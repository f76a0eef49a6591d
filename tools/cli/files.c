/* SPDX-License-Identifier: Apache-2.0 */
/* files.c: reads and writes whole small files.
 *
 * A key must never stand on disk readable by others, not even for a moment: files
 * are made with their final mode (and O_EXCL), not changed afterwards. */
#include "tools/cli/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"

enum { PATH_LEN = 4096, DEPTH_MAX = 8 };

static void close_folder(DIR **dir)
{
        if (*dir != NULL)
                (void)closedir(*dir);
}

static enum err err_of_errno(void)
{
        switch (errno) {
        case ENOSPC:
        case EDQUOT:
                return ERR_DISK_FULL;
        case EROFS:
                return ERR_READ_ONLY;
        case ENOMEM:
                return ERR_NO_MEMORY;
        case ENOENT:
                return ERR_NOT_FOUND;
        default:
                return ERR_UNREADABLE;
        }
}

char *path_join(struct arena *arena, const char *folder, const char *name)
{
        if (name[0] == '/')
                return arena_strndup(arena, name, strlen(name));
        return arena_printf(arena, "%s/%s", folder, name);
}

bool file_exists(const char *path)
{
        return access(path, F_OK) == 0;
}

enum err file_read(struct arena *arena, const char *path, struct bytes *out)
{
        OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) != 0)
                return err_of_errno();
        if (!S_ISREG(st.st_mode))
                return ERR_UNREADABLE;
        if (st.st_size > FILE_TEXT_MAX)
                return ERR_TOO_LARGE;

        size_t len = (size_t)st.st_size, have = 0;
        uint8_t *text = arena_alloc(arena, len + 1, 1);

        if (text == NULL)
                return ERR_NO_MEMORY;
        while (have < len) {
                ssize_t n = read(fd, text + have, len - have);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return ERR_UNREADABLE;
                have += (size_t)n;
        }
        *out = bytes_of(text, len);
        return ERR_OK;
}

static enum err write_all(int fd, struct bytes text)
{
        size_t done = 0;

        while (done < text.len) {
                ssize_t n = fault_hit("write") ? -1 : write(fd, text.data + done, text.len - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return err_of_errno();
                done += (size_t)n;
        }
        if (fault_hit("sync") || fsync(fd) != 0)
                return err_of_errno();
        return ERR_OK;
}

enum err file_create(const char *path, struct bytes text, mode_t mode)
{
        OWNED(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        enum err rc;

        if (fd < 0)
                return err_of_errno();
        rc = write_all(fd, text);
        if (rc != ERR_OK)
                (void)unlink(path);
        return rc;
}

enum err file_replace(const char *path, struct bytes text, mode_t mode)
{
        char temporary[PATH_LEN];
        int len = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());

        if (len < 0 || (size_t)len >= sizeof temporary)
                return ERR_TOO_LARGE;
        TRY(file_create(temporary, text, mode));
        if (rename(temporary, path) != 0) {
                enum err rc = err_of_errno();

                (void)unlink(temporary);
                return rc;
        }
        return ERR_OK;
}

enum err folder_create(const char *path)
{
        if (mkdir(path, 0700) == 0)
                return ERR_OK;

        struct stat st;

        if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
                return ERR_OK;
        return err_of_errno();
}

bool folder_is_empty(const char *path)
{
        OWNED(close_folder) DIR *dir = opendir(path);

        if (dir == NULL)
                return errno == ENOENT;
        for (struct dirent *e; (e = readdir(dir)) != NULL;)
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        return false;
        return true;
}

static enum err copy_folder(struct arena *arena, const char *from, const char *to, unsigned depth);

static enum err copy_entry(struct arena *arena, const char *from, const char *to, unsigned depth)
{
        struct stat st;

        if (lstat(from, &st) != 0)
                return err_of_errno();
        if (S_ISDIR(st.st_mode))
                return depth > 0 ? copy_folder(arena, from, to, depth - 1) : ERR_TOO_LARGE;

        struct bytes text;

        TRY(file_read(arena, from, &text));
        return S_ISREG(st.st_mode) ? file_create(to, text, 0600) : ERR_UNREADABLE;
}

static enum err copy_folder(struct arena *arena, const char *from, const char *to, unsigned depth)
{
        OWNED(close_folder) DIR *dir = opendir(from);

        if (dir == NULL)
                return err_of_errno();
        TRY(folder_create(to));
        for (struct dirent *e; (e = readdir(dir)) != NULL;) {
                if (e->d_name[0] == '.')
                        continue;

                char *source = path_join(arena, from, e->d_name);
                char *target = path_join(arena, to, e->d_name);

                if (source == NULL || target == NULL)
                        return ERR_NO_MEMORY;
                TRY(copy_entry(arena, source, target, depth));
        }
        return ERR_OK;
}

enum err folder_copy(const char *from, const char *to)
{
        OWNED(arena_free) struct arena *arena = arena_new(16 * (size_t)FILE_TEXT_MAX);

        return arena != NULL ? copy_folder(arena, from, to, DEPTH_MAX) : ERR_NO_MEMORY;
}
