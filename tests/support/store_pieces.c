/* SPDX-License-Identifier: Apache-2.0 */
/* store_pieces.c: what was stored, looked for where nobody should find it. Searching for the person
 * would prove nothing: nobody is there in clear before either. */
#include "tests/support/store_pieces.h"

#include <dirent.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

enum { TRIES = 500 };

static const char *const parts[] = {"", "-wal"};

/* When each part was written last, and how long it is. */
struct written {
        struct timespec at[ARRAY_LEN(parts)];
        off_t len[ARRAY_LEN(parts)];
};

static struct written written_now(struct world *w)
{
        struct written now = {0};

        for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
                const char *name = arena_printf(w->arena, "store/statgate.db%s", parts[i]);
                struct stat st;

                if (stat(world_path(w, name), &st) != 0)
                        continue;
                now.at[i] = st.st_mtim;
                now.len[i] = st.st_size;
        }
        return now;
}

static void copy_parts(struct world *w)
{
        char path[96];

        for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
                const char *name = arena_printf(w->arena, "store/statgate.db%s", parts[i]);
                struct bytes raw;

                (void)snprintf(path, sizeof path, "%s.copy%s", w->folder, parts[i]);
                (void)unlink(path);
                if (!world_exists(w, name))
                        continue;
                raw = world_read(w, world_path(w, name));
                FILE *f = fopen(path, "we");
                assert_non_null(f);
                assert_int_equal(fwrite(raw.data, 1, raw.len, f), raw.len);
                (void)fclose(f);
        }
}

/* The gateway holds its database for itself: we read a copy, of a moment in which nothing was
 * written. A head of the log is, once a second. */
static sqlite3 *open_copy(struct world *w, char path[96])
{
        struct written before, after;
        unsigned tries = 0;
        sqlite3 *db = NULL;

        do {
                before = written_now(w);
                /* Longer than a tick of the clock that files are stamped by. */
                (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
                copy_parts(w);
                after = written_now(w);
        } while (memcmp(&before, &after, sizeof before) != 0 && ++tries < TRIES);
        assert_true(tries < TRIES);
        (void)snprintf(path, 96, "%s.copy", w->folder);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        return db;
}

static void drop_copy(sqlite3 *db, const char *path)
{
        static const char *const endings[] = {"", "-wal", "-shm"};
        char name[128];

        (void)sqlite3_close(db);
        for (unsigned i = 0; i < ARRAY_LEN(endings); i++) {
                (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
                (void)unlink(name);
        }
}

void pieces_remember(struct world *w, struct pieces *p, const struct submission_id *id)
{
        char path[96];
        sqlite3 *db = open_copy(w, path);
        sqlite3_stmt *s = NULL;

        p->len = 0;
        assert_int_equal(
                sqlite3_prepare_v2(db,
                        "SELECT b.sealed FROM batch b JOIN submission s ON s.number = b.submission "
                        "WHERE ?1 IS NULL OR s.id = ?1",
                        -1, &s, NULL),
                SQLITE_OK);
        if (id != NULL)
                (void)sqlite3_bind_blob(s, 1, id->bytes, sizeof id->bytes, SQLITE_STATIC);
        int rc;
        while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
                const uint8_t *seal = sqlite3_column_blob(s, 0);
                int len = sqlite3_column_bytes(s, 0);

                for (int at = 0; at + PIECE <= len && p->len < PIECES_MAX; at += 64)
                        memcpy(p->bytes[p->len++], seal + at, PIECE);
        }
        assert_int_equal(rc, SQLITE_DONE);
        (void)sqlite3_finalize(s);
        drop_copy(db, path);
        assert_true(p->len > 0);
}

unsigned pieces_still_there(struct world *w, const struct pieces *p)
{
        static bool lies[PIECES_MAX];
        DIR *dir = opendir(world_path(w, "store"));
        unsigned found = 0, files = 0;

        assert_non_null(dir);
        memset(lies, 0, sizeof lies);
        for (struct dirent *e; (e = readdir(dir)) != NULL;) {
                if (e->d_name[0] == '.')
                        continue;
                const char *name = arena_printf(w->arena, "%s/store/%s", w->folder, e->d_name);
                struct bytes raw = world_read(w, name);

                files++;
                for (unsigned i = 0; i < p->len; i++)
                        lies[i] |= memmem(raw.data, raw.len, p->bytes[i], PIECE) != NULL;
        }
        (void)closedir(dir);
        for (unsigned i = 0; i < p->len; i++)
                found += lies[i];
        assert_true(files >= 1);
        return found;
}
