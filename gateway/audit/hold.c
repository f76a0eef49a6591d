/* SPDX-License-Identifier: Apache-2.0 */
/* hold.c: the log is held to what the keeper remembers.
 *
 * The keeper's word comes first: it is asked to forget only for the log that lies here, so that
 * nobody is left with a keeper that remembers a third one. Then the entry, then the file is put
 * away. Whoever is interrupted between two of these steps does the last one again: the keeper
 * takes the same file twice as long as nothing was signed. A file that is about something else is
 * not touched, and stops nothing unless the log is wrong too. */
#include "gateway/audit/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/audit/entry.h"
#include "gateway/keeper/log.h"
#include "gateway/store/log.h"
#include "policies/rules/restore.h"

enum { PATH_LEN = 4096, ENTRY_ARENA_MAX = 1 << 20, DETAIL_LEN = ENTRY_TEXT_MAX + 1 };

/* What a log was, or is. */
struct extent {
        uint64_t size;
        struct digest root;
};

static enum err begins_with(struct store *s, const struct extent *e, bool *out)
{
        struct merkle_edge edge;
        struct digest root;

        store_log_edge(s, &edge);
        if (e->size > edge.size) {
                *out = false;
                return ERR_OK;
        }
        TRY(store_log_root(s, e->size, &root));
        *out = digest_equal(&root, &e->root);
        return ERR_OK;
}

/* The officers' file ------------------------------------------------------------ */

static enum err read_file(const char *path, uint8_t data[RESTORE_FILE_MAX], struct bytes *out)
{
        OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        ssize_t n;

        if (fd < 0)
                return errno == ENOENT ? ERR_NOT_FOUND : ERR_UNREADABLE;
        n = read(fd, data, RESTORE_FILE_MAX);
        if (n < 0)
                return ERR_UNREADABLE;
        *out = bytes_of(data, (size_t)n);
        return ERR_OK;
}

static void put_extent(struct entry_writer *w, const char *what, const struct extent *e)
{
        char hex[2 * sizeof e->root.bytes + 1], text[DETAIL_LEN];
        struct bytes copy;

        hex_encode(bytes_of(e->root.bytes, sizeof e->root.bytes), hex);
        (void)snprintf(text, sizeof text, "%s %llu %s", what, (unsigned long long)e->size, hex);
        if (bytes_copy(w->arena, bytes_of_text(text), &copy) == ERR_OK)
                entry_put_text(w, FIELD_DETAIL, copy);
}

static void put_officers(struct entry_writer *w, const struct signed_restore *r)
{
        char hex[2 * OFFICER_KEY_LEN + 1], text[DETAIL_LEN];
        struct bytes copy;

        for (uint32_t i = 0; i < r->signatures_len; i++) {
                hex_encode(bytes_of(r->signatures[i].public_key, OFFICER_KEY_LEN), hex);
                (void)snprintf(text, sizeof text, "signed %s", hex);
                if (bytes_copy(w->arena, bytes_of_text(text), &copy) == ERR_OK)
                        entry_put_text(w, FIELD_DETAIL, copy);
        }
}

static enum err append_entry(struct store *s, const struct signed_restore *r)
{
        OWNED(arena_free) struct arena *arena = arena_new(ENTRY_ARENA_MAX);
        const struct extent known = {r->statement.known_size, r->statement.known_root};
        const struct extent now = {r->statement.size, r->statement.root};
        struct entry_writer w;
        struct entry_draft draft;
        struct digest statement;
        uint64_t number;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        digest_of(r->bytes, &statement);
        entry_begin(&w, arena, ENTRY_RESTORED);
        entry_put_digest(&w, FIELD_CONTENT_DIGEST, &statement);
        put_extent(&w, "known", &known);
        put_extent(&w, "log", &now);
        entry_put_text(&w, FIELD_DETAIL, r->statement.why);
        put_officers(&w, r);
        TRY(entry_end(&w, &draft));
        return store_entry_append(s, &draft, &number);
}

static void rename_used(const char *path)
{
        char other[PATH_LEN];

        if (snprintf(other, sizeof other, "%s.used", path) < (int)sizeof other &&
                rename(path, other) != 0)
                log_event(LOG_WARNING, "log_restore_not_put_away");
        if (snprintf(other, sizeof other, "%s.needed", path) < (int)sizeof other)
                (void)unlink(other);
}

/* ERR_NOT_FOUND: nobody has agreed to anything. */
static enum err use_file(struct store *s, struct keeper *k, const char *path)
{
        uint8_t data[RESTORE_FILE_MAX];
        struct signed_restore r;
        struct bytes file;
        bool ours;

        TRY(read_file(path, data, &file));
        TRY(restore_file_decode(file, &r));
        TRY(begins_with(s, &(struct extent){r.statement.size, r.statement.root}, &ours));
        if (!ours)
                return ERR_CONFLICT;
        TRY(keeper_restore_log(k, file));
        TRY(append_entry(s, &r));
        rename_used(path);
        log_event(LOG_WARNING, "log_restored", LOG_NUM("known", (int64_t)r.statement.known_size),
                LOG_NUM("size", (int64_t)r.statement.size));
        return ERR_OK;
}

/* What they would have to agree to ----------------------------------------------- */

static enum err write_file(const char *path, struct bytes bytes)
{
        OWNED(fd_close) int fd = -1;

        (void)unlink(path);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || write(fd, bytes.data, bytes.len) != (ssize_t)bytes.len || fsync(fd) != 0)
                return ERR_IO;
        return ERR_OK;
}

static enum err leave_needed(struct store *s, const struct extent *known, const char *path)
{
        OWNED(buf_done) struct buf file = {.ceiling = RESTORE_FILE_MAX};
        struct restore_statement st = {.known_size = known->size, .known_root = known->root};
        struct merkle_edge edge;
        struct bytes bytes;
        char other[PATH_LEN];

        if (snprintf(other, sizeof other, "%s.needed", path) >= (int)sizeof other)
                return ERR_INVALID;
        store_log_edge(s, &edge);
        st.size = edge.size;
        merkle_root(&edge, &st.root);
        TRY(restore_file_begin(&st, &file));
        TRY(buf_end(&file, &bytes));
        return write_file(other, bytes);
}

static enum err tell_changed(struct store *s, const struct extent *known, const char *path)
{
        struct merkle_edge edge;

        store_log_edge(s, &edge);
        log_event(LOG_ERROR, "log_changed", LOG_NUM("known", (int64_t)known->size),
                LOG_NUM("size", (int64_t)edge.size),
                LOG_TEXT("do", "statgate audit restore: officers have to agree"));
        if (path != NULL && leave_needed(s, known, path) != ERR_OK)
                log_event(LOG_ERROR, "log_restore_not_written");
        return ERR_LOG_CHANGED;
}

enum err audit_hold(struct store *s, struct keeper *k, const char *restore_path)
{
        struct extent known;
        bool sound;
        enum err used;

        TRY(keeper_log_known(k, &known.size, &known.root));
        TRY(begins_with(s, &known, &sound));
        used = restore_path != NULL ? use_file(s, k, restore_path) : ERR_NOT_FOUND;
        if (used == ERR_OK)
                return ERR_OK;
        if (used != ERR_NOT_FOUND)
                log_event(LOG_WARNING, "log_restore_refused", LOG_TEXT("why", err_name(used)));
        return sound ? ERR_OK : tell_changed(s, &known, restore_path);
}
