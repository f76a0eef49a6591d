/* SPDX-License-Identifier: Apache-2.0 */
/* store_world.c: see store_world.h. */
#include "tests/support/store_world.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "crypto/digest.h"

struct world *world_new(void)
{
        struct world *w = calloc(1, sizeof *w);

        assert_non_null(w);
        /* Thousands of syncs: in memory where there is such a folder. */
        (void)snprintf(w->folder, sizeof w->folder, "%s/statgate-store-XXXXXX",
                access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(w->folder));
        (void)snprintf(w->path, sizeof w->path, "%s/statgate.db", w->folder);
        assert_int_equal(store_open(w->path, &w->store), ERR_OK);
        return w;
}

void world_free(struct world **w)
{
        struct dirent *e;
        DIR *dir;

        if (*w == NULL)
                return;
        store_close(&(*w)->store);
        dir = opendir((*w)->folder);
        while (dir != NULL && (e = readdir(dir)) != NULL) {
                char path[400];

                (void)snprintf(path, sizeof path, "%s/%s", (*w)->folder, e->d_name);
                (void)unlink(path);
        }
        if (dir != NULL)
                (void)closedir(dir);
        (void)rmdir((*w)->folder);
        free(*w);
        *w = NULL;
}

void world_reopen(struct world *w)
{
        store_close(&w->store);
        assert_int_equal(store_open(w->path, &w->store), ERR_OK);
}

struct submission_id id_of(uint32_t n)
{
        struct submission_id id = {{0x5a}};

        memcpy(id.bytes + 4, &n, sizeof n);
        return id;
}

struct stored_submission delivery(uint32_t n, municipality_t m, enum delivery_mode mode)
{
        return (struct stored_submission){.id = id_of(n),
                .municipality = m,
                .dataset = "placering",
                .period = {20089, 20453},
                .mode = mode,
                .opened_at_ms = 1000 + (int64_t)n};
}

static struct digest digest_at(const char *label, const struct submission_id *id, uint32_t sequence)
{
        uint8_t text[64] = {0};
        struct digest d;

        memcpy(text, id->bytes, sizeof id->bytes);
        memcpy(text + 16, &sequence, sizeof sequence);
        memcpy(text + 32, label, strlen(label));
        digest_of(bytes_of(text, sizeof text), &d);
        return d;
}

struct digest receipt_of(const struct submission_id *id, uint32_t sequence)
{
        return digest_at("receipt", id, sequence);
}

void marker_of(const struct submission_id *id, uint32_t sequence, uint8_t out[MARKER_LEN])
{
        struct digest d = digest_at("marker", id, sequence);

        memcpy(out, d.bytes, MARKER_LEN);
}

struct stored_batch batch_of(uint32_t n, uint32_t sequence, uint8_t *sealed, size_t len)
{
        struct stored_batch b = {.submission = id_of(n),
                .sequence = sequence,
                .rows = 100 + sequence,
                .rejected = sequence % 7,
                .epoch = 1,
                .sealed = bytes_of(sealed, len)};
        uint8_t marker[MARKER_LEN];

        marker_of(&b.submission, sequence, marker);
        for (size_t i = 0; i < len; i += MARKER_LEN)
                memcpy(sealed + i, marker, len - i < MARKER_LEN ? len - i : MARKER_LEN);
        b.receipt = receipt_of(&b.submission, sequence);
        return b;
}

bool batch_is(const struct stored_batch *b, uint32_t n, uint32_t sequence, size_t len)
{
        uint8_t *sealed = malloc(len + MARKER_LEN);
        bool same;

        assert_non_null(sealed);
        struct stored_batch want = batch_of(n, sequence, sealed, len);

        same = memcmp(&b->submission, &want.submission, sizeof want.submission) == 0 &&
               b->sequence == sequence && b->rows == want.rows && b->rejected == want.rejected &&
               digest_equal(&b->receipt, &want.receipt) && bytes_equal(b->sealed, want.sealed);
        free(sealed);
        return same;
}

void open_and_fill(struct store *s, const struct stored_submission *d, uint32_t n, uint32_t batches,
        size_t len)
{
        struct stored_submission out;
        uint8_t *sealed = malloc(len + MARKER_LEN);

        assert_non_null(sealed);
        assert_int_equal(store_submission_open(s, d, NULL, &out), ERR_OK);
        for (uint32_t i = 0; i < batches; i++) {
                struct stored_batch b = batch_of(n, i, sealed, len);
                uint32_t rows, rejected;
                bool replayed;

                assert_int_equal(store_batch_put(s, &b, NULL, &replayed, &rows, &rejected), ERR_OK);
                assert_false(replayed);
        }
        free(sealed);
}

enum err commit_turning_away(
        struct store *s, uint32_t n, uint64_t turned_away, struct stored_submission *out)
{
        OWNED(arena_free) struct arena *a = arena_new(4 << 20);
        struct submission_id id = id_of(n);
        struct digest *receipts, digest;
        uint32_t len;

        TRY(store_receipts(s, &id, a, &receipts, &len));
        digest_of(bytes_of(receipts, sizeof *receipts * len), &digest);
        return store_submission_commit(s, &id, &digest, turned_away, 5000 + (int64_t)n, NULL, out);
}

enum err commit(struct store *s, uint32_t n, struct stored_submission *out)
{
        return commit_turning_away(s, n, 0, out);
}

void deliver(struct store *s, const struct stored_submission *d, uint32_t n, uint32_t batches,
        size_t len)
{
        struct stored_submission out;

        open_and_fill(s, d, n, batches, len);
        assert_int_equal(commit(s, n, &out), ERR_OK);
        assert_int_equal(out.state, SUBMISSION_COMMITTED);
}

uint32_t batches_read(struct store *s, uint32_t n, size_t len)
{
        OWNED(store_cursor_free) struct store_cursor *c = NULL;
        struct submission_id id = id_of(n);
        struct stored_batch b;
        uint32_t count = 0;
        enum err e;

        assert_int_equal(store_batches(s, &id, &c), ERR_OK);
        while ((e = store_next(c, &b)) == ERR_OK) {
                assert_true(batch_is(&b, n, count, len));
                count++;
        }
        assert_int_equal(e, ERR_NOT_FOUND);
        return count;
}

/* Appends a file to `all`. */
static void load(const char *path, struct buf *all)
{
        FILE *file = fopen(path, "rb");
        uint8_t piece[65536];
        size_t len;

        assert_non_null(file);
        while ((len = fread(piece, 1, sizeof piece, file)) > 0)
                put_raw(all, piece, len);
        (void)fclose(file);
}

unsigned count_in(struct bytes all, struct bytes text)
{
        const uint8_t *at = all.data, *end = all.data + all.len;
        unsigned count = 0;

        while ((at = memmem(at, (size_t)(end - at), text.data, text.len)) != NULL) {
                at++;
                count++;
        }
        return count;
}

void files_read(const struct world *w, struct buf *out)
{
        DIR *dir = opendir(w->folder);
        struct dirent *e;

        assert_non_null(dir);
        buf_init(out, 1 << 30);
        while ((e = readdir(dir)) != NULL) {
                char path[400];

                if (e->d_name[0] == '.')
                        continue;
                (void)snprintf(path, sizeof path, "%s/%s", w->folder, e->d_name);
                load(path, out);
        }
        (void)closedir(dir);
}

unsigned markers_in_files(const struct world *w, uint32_t n, uint32_t batches)
{
        OWNED(buf_done) struct buf b = {.ceiling = 0};
        struct submission_id id = id_of(n);
        unsigned count = 0;
        struct bytes all = {0};

        files_read(w, &b);
        assert_int_equal(buf_end(&b, &all), ERR_OK);
        for (uint32_t i = 0; i < batches; i++) {
                uint8_t marker[MARKER_LEN];

                marker_of(&id, i, marker);
                count += count_in(all, bytes_of(marker, MARKER_LEN));
        }
        return count;
}
