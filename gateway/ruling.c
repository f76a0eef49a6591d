/* SPDX-License-Identifier: Apache-2.0 */
/* ruling.c: one file with those of the bundle in it, as a rehearsal sends them.
 *
 * The YAML is kept and not the canonical form, since what weakens protection is read off the rules
 * as people wrote them, and the keeper's form has but a part of them. */
#include "gateway/ruling.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/fd.h"
#include "crypto/digest.h"
#include "proto/wire_audit.h"

enum { RULING_MAX = 64 << 20, ARENA_MAX = 256 << 20 };

/* Reading ------------------------------------------------------------------------------- */

static enum err read_whole(struct arena *a, const char *path, struct bytes *out)
{
        OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;
        size_t len = 0;

        if (fd < 0)
                return errno == ENOENT ? ERR_NOT_FOUND : ERR_UNREADABLE;
        if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > RULING_MAX)
                return ERR_UNREADABLE;
        uint8_t *to = arena_alloc_raw(a, (size_t)st.st_size, 1);
        if (to == NULL)
                return ERR_NO_MEMORY;
        while (len < (size_t)st.st_size) {
                ssize_t n = read(fd, to + len, (size_t)st.st_size - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return ERR_UNREADABLE;
                len += (size_t)n;
        }
        *out = bytes_of(to, len);
        return ERR_OK;
}

enum err ruling_read(const char *path, struct policy **out)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        struct refusal why = {0};
        struct wire_rehearsal kept;
        struct policy_file *files;
        struct bytes bytes;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(read_whole(arena, path, &bytes));
        TRY(rehearsal_decode(arena, bytes, &kept, &why));
        files = arena_alloc(arena, kept.len, sizeof *files);
        if (files == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < kept.len; i++)
                files[i] = (struct policy_file){kept.files[i].path, kept.files[i].content};
        return policy_load_files(files, kept.len, out, &why);
}

/* Keeping ------------------------------------------------------------------------------- */

static enum err gather(
        struct arena *a, const char *folder, const struct policy *p, struct wire_rehearsal *out)
{
        const struct rules *r = policy_rules(p);
        struct wire_bundle_file *files = arena_alloc(a, r->sources_len, sizeof *files);

        if (files == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < r->sources_len; i++) {
                struct bytes name = r->sources[i].name;
                struct digest is;
                char *path =
                        arena_printf(a, "%s/%.*s", folder, (int)name.len, (const char *)name.data);

                if (path == NULL)
                        return ERR_NO_MEMORY;
                TRY(read_whole(a, path, &files[i].content));
                digest_of(files[i].content, &is);
                if (!digest_equal(&is, &r->sources[i].digest))
                        return ERR_CONFLICT;
                files[i].path = name;
        }
        *out = (struct wire_rehearsal){.files = files, .len = r->sources_len};
        return ERR_OK;
}

static enum err write_all(int fd, struct bytes bytes)
{
        while (bytes.len > 0) {
                ssize_t n = fault_hit("write") ? (errno = ENOSPC, -1)
                                               : write(fd, bytes.data, bytes.len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return ERR_IO;
                bytes.data += n;
                bytes.len -= (size_t)n;
        }
        return ERR_OK;
}

static enum err sync_fd(int fd)
{
        return !fault_hit("sync") && fsync(fd) == 0 ? ERR_OK : ERR_IO;
}

static enum err write_fresh(const char *path, struct bytes bytes)
{
        OWNED(fd_close) int fd = -1;

        (void)unlink(path); /* left over from a crash */
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return ERR_IO;
        TRY(write_all(fd, bytes));
        return sync_fd(fd);
}

static enum err replace(const char *path, struct bytes bytes)
{
        char fresh[PATH_MAX], folder[PATH_MAX];
        OWNED(fd_close) int fd = -1;

        if (snprintf(fresh, sizeof fresh, "%s.tmp", path) >= (int)sizeof fresh)
                return ERR_IO;
        (void)snprintf(folder, sizeof folder, "%s", path);
        enum err e = write_fresh(fresh, bytes);
        if (e == ERR_OK && rename(fresh, path) != 0)
                e = ERR_IO;
        if (e != ERR_OK) {
                (void)unlink(fresh);
                return e;
        }
        fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? ERR_IO : sync_fd(fd);
}

enum err ruling_keep(const char *path, const char *folder, const struct policy *p)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        OWNED(buf_done) struct buf out;
        struct wire_rehearsal files;
        struct bytes bytes;

        buf_init(&out, RULING_MAX);
        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(gather(arena, folder, p, &files));
        TRY(rehearsal_encode(&files, &out));
        TRY(buf_end(&out, &bytes));
        return replace(path, bytes);
}
