/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit_hold.c: a log that is not what was signed stops the gateway, and officers start it. A
 * real keeper and a real store, of which an older copy is brought back. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "gateway/audit/entry.h"
#include "gateway/audit/hold.h"
#include "gateway/keeper/log.h"
#include "gateway/store/log.h"
#include "policies/rules/restore.h"
#include "tests/support/keeper_stage.h"

enum { PATH_ROOM = 160, FILE_ROOM = 1 << 13 };

struct house {
        struct stage stage;
        char folder[64], db[PATH_ROOM], copy[PATH_ROOM], restore[PATH_ROOM];
        struct store *store;
};

static void house_open(struct house *h)
{
        strcpy(h->folder, "/tmp/statgate-hold-XXXXXX");
        assert_non_null(mkdtemp(h->folder));
        (void)snprintf(h->db, sizeof h->db, "%s/statgate.db", h->folder);
        (void)snprintf(h->copy, sizeof h->copy, "%s/copy.db", h->folder);
        (void)snprintf(h->restore, sizeof h->restore, "%s/restore.sgr", h->folder);
        stage_up(&h->stage, 0);
        assert_int_equal(store_open(h->db, &h->store), ERR_OK);
}

static void house_close(struct house *h)
{
        char path[2 * PATH_ROOM + 256];
        DIR *d;

        store_close(&h->store);
        stage_down(&h->stage);
        d = opendir(h->folder);
        assert_non_null(d);
        for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
                (void)snprintf(path, sizeof path, "%s/%s", h->folder, e->d_name);
                (void)unlink(path);
        }
        (void)closedir(d);
        assert_int_equal(rmdir(h->folder), 0);
}

static void copy_file(const char *from, const char *to)
{
        FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
        char block[4096];
        size_t n;

        assert_true(in != NULL && out != NULL);
        while ((n = fread(block, 1, sizeof block, in)) > 0)
                assert_int_equal(fwrite(block, 1, n, out), n);
        (void)fclose(in);
        assert_int_equal(fclose(out), 0);
}

static void backup(struct house *h)
{
        store_close(&h->store);
        copy_file(h->db, h->copy);
        assert_int_equal(store_open(h->db, &h->store), ERR_OK);
}

static void bring_back(struct house *h)
{
        store_close(&h->store);
        copy_file(h->copy, h->db);
        assert_int_equal(store_open(h->db, &h->store), ERR_OK);
}

static void append(struct house *h, unsigned len)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 16);
        struct entry_writer w;
        struct entry_draft draft;
        uint64_t number;

        entry_begin(&w, arena, ENTRY_READING);
        entry_put_words(&w, FIELD_DETAIL, "en post");
        assert_int_equal(entry_end(&w, &draft), ERR_OK);
        while (len-- > 0)
                assert_int_equal(store_entry_append(h->store, &draft, &number), ERR_OK);
}

static uint64_t size_of(struct house *h)
{
        struct merkle_edge edge;

        store_log_edge(h->store, &edge);
        return edge.size;
}

static void sign_all(struct house *h)
{
        struct merkle_proof proof;
        struct tree_head head;
        struct digest root;
        uint64_t known;

        assert_int_equal(keeper_log_known(h->stage.k, &known, &root), ERR_OK);
        assert_int_equal(store_log_consistency(h->store, known, size_of(h), &proof), ERR_OK);
        assert_int_equal(store_log_root(h->store, size_of(h), &root), ERR_OK);
        assert_int_equal(keeper_sign_head(h->stage.k, size_of(h), &root, &proof, &head), ERR_OK);
}

static uint64_t known_size(struct house *h)
{
        struct digest root;
        uint64_t known;

        assert_int_equal(keeper_log_known(h->stage.k, &known, &root), ERR_OK);
        return known;
}

static enum err hold(struct house *h)
{
        return audit_hold(h->store, h->stage.k, h->restore);
}

static bool is_there(const struct house *h, const char *suffix)
{
        char path[PATH_ROOM + 16];
        struct stat st;

        (void)snprintf(path, sizeof path, "%s%s", h->restore, suffix);
        return stat(path, &st) == 0;
}

/* What PATH.needed says, with a reason and these officers' signatures, to PATH. */
static void agree(struct house *h, struct secret *const *who, unsigned len)
{
        OWNED(buf_done) struct buf statement = {.ceiling = RESTORE_STATEMENT_MAX};
        uint8_t data[FILE_ROOM];
        char path[PATH_ROOM + 16];
        struct signed_restore needed;
        struct bytes bytes, file = bytes_of(NULL, 0), next;
        FILE *f;

        (void)snprintf(path, sizeof path, "%s.needed", h->restore);
        f = fopen(path, "rb");
        assert_non_null(f);
        assert_int_equal(
                restore_file_decode(bytes_of(data, fread(data, 1, sizeof data, f)), &needed),
                ERR_OK);
        (void)fclose(f);
        assert_int_equal(needed.statement.why.len, 0);
        needed.statement.why = bytes_of_text("disken gick sönder");
        assert_int_equal(restore_encode(&needed.statement, &statement), ERR_OK);
        assert_int_equal(buf_end(&statement, &bytes), ERR_OK);
        for (unsigned i = 0; i < len; i++) {
                OWNED(buf_done) struct buf out = {.ceiling = FILE_ROOM};

                assert_int_equal(restore_sign(bytes, who[i], file, &out), ERR_OK);
                assert_int_equal(buf_end(&out, &next), ERR_OK);
                assert_int_equal(bytes_copy(h->stage.w.arena, next, &file), ERR_OK);
        }
        f = fopen(h->restore, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(file.data, 1, file.len, f), file.len);
        assert_int_equal(fclose(f), 0);
}

/* The last entry of the log, with its kind and its text. */
struct last {
        uint16_t kind;
        char text[4096];
};

static enum err take_text(void *ctx, const struct entry_value *value)
{
        struct last *l = ctx;
        size_t at = strlen(l->text);

        if (value->rule->type == ENTRY_TEXT)
                (void)snprintf(l->text + at, sizeof l->text - at, "%.*s\n", (int)value->text.len,
                        (const char *)value->text.data);
        return ERR_OK;
}

static enum err take(void *ctx, const struct stored_entry *entry)
{
        struct last *l = ctx;

        l->kind = entry->kind;
        return entry_read(ENTRY_CLOSED, entry->closed, take_text, l);
}

static struct last last_of(struct house *h)
{
        struct last l = {.kind = 0};

        assert_int_equal(store_entries(h->store, size_of(h) - 1, size_of(h), take, &l), ERR_OK);
        return l;
}

/* A log of twelve entries whose head was signed, and a copy of its first five. */
static void begin_and_lose(struct house *h)
{
        house_open(h);
        append(h, 5);
        sign_all(h);
        backup(h);
        append(h, 7);
        sign_all(h);
        assert_int_equal(hold(h), ERR_OK);
        bring_back(h);
        assert_int_equal(size_of(h), 5);
}

static void a_log_that_only_grew_is_sound(void **state)
{
        struct house h;

        (void)state;
        house_open(&h);
        assert_int_equal(hold(&h), ERR_OK);
        append(&h, 3);
        assert_int_equal(hold(&h), ERR_OK);
        sign_all(&h);
        append(&h, 2); /* durable, and no head covers them yet */
        assert_int_equal(hold(&h), ERR_OK);
        assert_int_equal(audit_hold(h.store, h.stage.k, NULL), ERR_OK);
        assert_int_equal(size_of(&h), 5);
        assert_false(is_there(&h, ".needed"));
        house_close(&h);
}

static void an_older_copy_stops_and_says_what_there_is_to_agree_to(void **state)
{
        struct house h;

        (void)state;
        begin_and_lose(&h);
        assert_int_equal(audit_hold(h.store, h.stage.k, NULL), ERR_LOG_CHANGED);
        assert_false(is_there(&h, ".needed"));
        assert_int_equal(hold(&h), ERR_LOG_CHANGED);
        assert_true(is_there(&h, ".needed"));
        assert_int_equal(hold(&h), ERR_LOG_CHANGED);
        /* Growing past the old size does not help. */
        append(&h, 20);
        assert_int_equal(hold(&h), ERR_LOG_CHANGED);
        assert_int_equal(known_size(&h), 12);
        house_close(&h);
}

static void officers_let_it_go_on_and_an_entry_says_so(void **state)
{
        struct house h;
        struct last last;

        (void)state;
        begin_and_lose(&h);
        assert_int_equal(hold(&h), ERR_LOG_CHANGED);
        agree(&h, &h.stage.w.signer, 1);
        assert_int_equal(hold(&h), ERR_OK);
        assert_int_equal(known_size(&h), 5);
        assert_int_equal(size_of(&h), 6);
        last = last_of(&h);
        assert_int_equal(last.kind, ENTRY_RESTORED);
        assert_non_null(strstr(last.text, "known 12 "));
        assert_non_null(strstr(last.text, "log 5 "));
        assert_non_null(strstr(last.text, "disken gick sönder\n"));
        assert_non_null(strstr(last.text, "signed "));
        assert_false(is_there(&h, "") || is_there(&h, ".needed"));
        assert_true(is_there(&h, ".used"));
        /* And on it goes. */
        sign_all(&h);
        assert_int_equal(hold(&h), ERR_OK);
        assert_int_equal(size_of(&h), 6);
        house_close(&h);
}

static void too_few_or_strangers_let_nothing_go_on(void **state)
{
        struct secret *stranger = NULL;
        uint8_t public[SIGN_PUBLIC_LEN];
        struct house h;

        (void)state;
        begin_and_lose(&h);
        assert_int_equal(hold(&h), ERR_LOG_CHANGED);
        assert_int_equal(sign_keygen(&stranger, public), ERR_OK);
        agree(&h, &stranger, 1);
        assert_int_equal(hold(&h), ERR_LOG_CHANGED);
        assert_true(is_there(&h, ""));
        assert_int_equal(known_size(&h), 12);
        assert_int_equal(size_of(&h), 5);
        secret_free(&stranger);
        house_close(&h);
}

/* Else the keeper would remember a log that nobody has. */
static void an_agreement_about_another_log_is_not_shown_to_the_keeper(void **state)
{
        struct house h;

        (void)state;
        begin_and_lose(&h);
        append(&h, 1);
        assert_int_equal(hold(&h), ERR_LOG_CHANGED); /* .needed is about six entries */
        agree(&h, &h.stage.w.signer, 1);
        bring_back(&h);
        assert_int_equal(hold(&h), ERR_LOG_CHANGED);
        assert_int_equal(known_size(&h), 12);
        house_close(&h);
}

static void an_agreement_that_nobody_needs_is_left_alone(void **state)
{
        struct house h;
        FILE *f;

        (void)state;
        begin_and_lose(&h);
        assert_int_equal(hold(&h), ERR_LOG_CHANGED);
        agree(&h, &h.stage.w.signer, 1);
        copy_file(h.restore, h.copy);
        assert_int_equal(hold(&h), ERR_OK);
        sign_all(&h);
        copy_file(h.copy, h.restore); /* used once more */
        assert_int_equal(hold(&h), ERR_OK);
        assert_int_equal(size_of(&h), 6);
        assert_true(is_there(&h, ""));
        f = fopen(h.restore, "wb");
        assert_non_null(f);
        assert_int_equal(fputs("skräp", f) >= 0, 1);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(hold(&h), ERR_OK);
        house_close(&h);
}

/* The keeper was told, and then the power went: the entry is written all the same. */
static void what_was_interrupted_is_done_to_its_end(void **state)
{
        uint8_t data[FILE_ROOM];
        struct house h;
        size_t len;
        FILE *f;

        (void)state;
        begin_and_lose(&h);
        assert_int_equal(hold(&h), ERR_LOG_CHANGED);
        agree(&h, &h.stage.w.signer, 1);
        f = fopen(h.restore, "rb");
        assert_non_null(f);
        len = fread(data, 1, sizeof data, f);
        (void)fclose(f);
        assert_int_equal(keeper_restore_log(h.stage.k, bytes_of(data, len)), ERR_OK);
        assert_int_equal(kill(keeper_pid(h.stage.k), SIGKILL), 0);
        stage_restart(&h.stage);
        assert_int_equal(stage_unlock(&h.stage, "hemlig fras"), ERR_OK);
        assert_int_equal(hold(&h), ERR_OK);
        assert_int_equal(last_of(&h).kind, ENTRY_RESTORED);
        assert_int_equal(size_of(&h), 6);
        assert_int_equal(hold(&h), ERR_OK);
        assert_int_equal(size_of(&h), 6);
        house_close(&h);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_log_that_only_grew_is_sound),
                cmocka_unit_test(an_older_copy_stops_and_says_what_there_is_to_agree_to),
                cmocka_unit_test(officers_let_it_go_on_and_an_entry_says_so),
                cmocka_unit_test(too_few_or_strangers_let_nothing_go_on),
                cmocka_unit_test(an_agreement_about_another_log_is_not_shown_to_the_keeper),
                cmocka_unit_test(an_agreement_that_nobody_needs_is_left_alone),
                cmocka_unit_test(what_was_interrupted_is_done_to_its_end),
        };

        log_to(-1, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
