/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit_log.c: the log that grows, with a real keeper that signs it and a real store. */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/cert.h"
#include "crypto/digest.h"
#include "gateway/audit/audit.h"
#include "gateway/audit/verify.h"
#include "gateway/keeper/log.h"
#include "tests/support/keeper_stage.h"
#include "tests/support/log_world.h"

enum { CALLERS = 16, EACH = 25, SECOND = 1000000000 };

struct house {
        struct stage stage;
        char folder[64], db[96];
        struct store *store;
        struct audit *audit;
        struct audit_options options;
};

static void house_start(struct house *h)
{
        h->options.store = h->store;
        h->options.keeper = h->stage.k;
        assert_int_equal(audit_start(&h->options, &h->audit), ERR_OK);
}

static struct house *house_new(void)
{
        struct house *h = calloc(1, sizeof *h);

        assert_non_null(h);
        stage_up(&h->stage, 0);
        (void)snprintf(h->folder, sizeof h->folder, "%s/statgate-audit-XXXXXX",
                access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(h->folder));
        (void)snprintf(h->db, sizeof h->db, "%s/statgate.db", h->folder);
        assert_int_equal(store_open(h->db, &h->store), ERR_OK);
        house_start(h);
        return h;
}

static void folder_remove(const char *folder)
{
        DIR *d = opendir(folder);
        char path[400];

        assert_non_null(d);
        for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
                (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
                (void)unlink(path);
        }
        (void)closedir(d);
        assert_int_equal(rmdir(folder), 0);
}

static void house_free(struct house **h)
{
        audit_stop(&(*h)->audit);
        store_close(&(*h)->store);
        folder_remove((*h)->folder);
        stage_down(&(*h)->stage);
        free(*h);
        *h = NULL;
}

static void public_key(struct house *h, uint8_t out[SIGN_PUBLIC_LEN])
{
        struct keeper_public_keys keys;

        assert_int_equal(keeper_public_keys(h->stage.k, &keys), ERR_OK);
        memcpy(out, keys.signing[0].public_key, SIGN_PUBLIC_LEN);
}

static uint64_t write_one(struct house *h, uint32_t n)
{
        struct log_word word;
        struct entry_draft e = log_draft(&word, n, 0);
        uint64_t number;

        assert_int_equal(audit_write(h->audit, &e, &number), ERR_OK);
        return number;
}

/* Certificates ------------------------------------------------------------------ */

struct caller {
        struct house *h;
        uint32_t first;
        uint8_t key[SIGN_PUBLIC_LEN];
        uint64_t heads; /* different ones, as this caller saw them */
};

static void *ask_for_certificates(void *arg)
{
        struct caller *c = arg;
        uint64_t last = 0;

        for (uint32_t i = 0; i < EACH; i++) {
                OWNED(arena_free) struct arena *a = arena_new(1 << 20);
                struct answer_certificate cert;
                struct log_word word;
                struct entry_draft e = log_draft(&word, c->first + i, 7);
                uint64_t number;

                if (audit_write(c->h->audit, &e, &number) != ERR_OK ||
                        audit_certify(c->h->audit, number, INT64_MAX, a, &cert) != ERR_OK ||
                        cert.number != number || cert.kind != LOG_WORLD_KIND ||
                        !bytes_equal(cert.statement, e.open) ||
                        answer_certificate_check(&cert, c->key) != ERR_OK)
                        return NULL;
                c->heads += cert.head.size != last;
                last = cert.head.size;
        }
        return arg;
}

static void sixteen_at_once_share_heads_and_each_certificate_holds(void **state)
{
        OWNED(house_free) struct house *h = house_new();
        struct caller callers[CALLERS];
        pthread_t ids[CALLERS];
        struct tree_head head;
        void *well;

        (void)state;
        assert_int_equal(audit_head(h->audit, &head), ERR_NOT_FOUND);
        for (uint32_t i = 0; i < CALLERS; i++) {
                callers[i] = (struct caller){.h = h, .first = i * EACH};
                public_key(h, callers[i].key);
                assert_int_equal(
                        pthread_create(&ids[i], NULL, ask_for_certificates, &callers[i]), 0);
        }
        for (uint32_t i = 0; i < CALLERS; i++) {
                assert_int_equal(pthread_join(ids[i], &well), 0);
                assert_non_null(well);
        }
        assert_int_equal(log_is_whole(h->store), CALLERS * EACH);
        assert_int_equal(audit_head(h->audit, &head), ERR_OK);
        assert_int_equal(head.size, CALLERS * EACH);
        assert_int_equal(tree_head_check(callers[0].key, &head), ERR_OK);
}

static void a_certificate_is_for_what_is_in_the_log_and_says_it_in_time(void **state)
{
        OWNED(house_free) struct house *h = house_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct answer_certificate cert;
        uint64_t number = write_one(h, 1), pruned;

        (void)state;
        assert_int_equal(audit_certify(h->audit, number + 1, INT64_MAX, a, &cert), ERR_NOT_FOUND);
        assert_int_equal(audit_certify(h->audit, number, INT64_MAX, a, &cert), ERR_OK);
        assert_int_equal(cert.head.size, number + 1);
        number = write_one(h, 2);
        assert_int_equal(kill(keeper_pid(h->stage.k), SIGSTOP), 0);
        enum err e = audit_certify(h->audit, number, clock_monotonic_ns() + SECOND / 20, a, &cert);
        assert_int_equal(kill(keeper_pid(h->stage.k), SIGCONT), 0);
        assert_int_equal(e, ERR_DEADLINE);
        assert_int_equal(audit_certify(h->audit, number, INT64_MAX, a, &cert), ERR_OK);
        assert_int_equal(store_entries_prune(h->store, 1, UINT64_MAX, &pruned), ERR_OK);
        assert_int_equal(audit_certify(h->audit, 0, INT64_MAX, a, &cert), ERR_NOT_FOUND);
}

static void without_a_keeper_there_is_no_certificate(void **state)
{
        OWNED(house_free) struct house *h = house_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct answer_certificate cert;
        uint64_t number = write_one(h, 1);

        (void)state;
        assert_int_equal(audit_certify(h->audit, number, INT64_MAX, a, &cert), ERR_OK);
        assert_int_equal(kill(keeper_pid(h->stage.k), SIGKILL), 0);
        number = write_one(h, 2);
        assert_int_equal(audit_certify(h->audit, number, INT64_MAX, a, &cert), ERR_KEEPER_GONE);
        assert_int_equal(number, 1); /* what was told stays told */
}

/* Up and down ------------------------------------------------------------------- */

static void again(struct house *h)
{
        audit_stop(&h->audit);
        store_close(&h->store);
        assert_int_equal(store_open(h->db, &h->store), ERR_OK);
        house_start(h);
}

static void a_restart_goes_on_where_the_log_was_and_every_head_holds(void **state)
{
        OWNED(house_free) struct house *h = house_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        uint8_t key[SIGN_PUBLIC_LEN];
        struct tree_head *heads, head;
        uint32_t len;

        (void)state;
        public_key(h, key);
        for (uint32_t n = 0; n < 3; n++) {
                (void)write_one(h, n);
                again(h);
        }
        assert_int_equal(audit_head(h->audit, &head), ERR_OK);
        assert_int_equal(head.size, 3);
        /* All within a minute or two: at least the newest is there. */
        assert_int_equal(store_heads(h->store, 0, 0, a, &heads, &len), ERR_OK);
        assert_true(len >= 1);
        assert_int_equal(heads[len - 1].size, 3);
        assert_int_equal(tree_head_check(key, &heads[len - 1]), ERR_OK);
}

static void sql(const char *path, const char *script)
{
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        if (sqlite3_exec(db, script, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(db));
        (void)sqlite3_close(db);
}

/* With the log as it is on disk after `script`. */
static enum err start_after(struct house *h, const char *script)
{
        audit_stop(&h->audit);
        store_close(&h->store);
        sql(h->db, script);
        assert_int_equal(store_open(h->db, &h->store), ERR_OK);
        h->options.store = h->store;
        return audit_start(&h->options, &h->audit);
}

static void rows_of_the_tree_are_mended_and_entries_are_not(void **state)
{
        OWNED(house_free) struct house *h = house_new();

        (void)state;
        log_fill(h->store, 0, 900);
        again(h);
        assert_int_equal(
                start_after(h, "UPDATE subtree SET hash = zeroblob(32) WHERE place = 1"), ERR_OK);
        assert_int_equal(start_after(h, "DELETE FROM subtree"), ERR_OK);
        assert_int_equal(log_is_whole(h->store), 900);
        /* Rows of the tree are made from entries, so they cannot hide a changed one. */
        assert_int_equal(start_after(h, "UPDATE entry SET commitment = zeroblob(32) "
                                        "WHERE number = 300; DELETE FROM subtree"),
                ERR_LOG_CHANGED);
        assert_null(h->audit);
}

static void a_log_that_was_cut_or_changed_at_its_end_does_not_start(void **state)
{
        static const char *const scripts[] = {
                "UPDATE entry SET commitment = zeroblob(32) WHERE number = 890",
                "DELETE FROM entry WHERE number >= 890", "DELETE FROM entry WHERE number = 890",
                "DELETE FROM entry"};

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(scripts); i++) {
                OWNED(house_free) struct house *h = house_new();

                log_fill(h->store, 0, 900);
                again(h);
                assert_int_equal(start_after(h, scripts[i]), ERR_LOG_CHANGED);
        }
}

/* Witnesses --------------------------------------------------------------------- */

static unsigned lines_in(const char *path, struct tree_head *last)
{
        FILE *f = fopen(path, "r");
        char line[TREE_HEAD_TEXT_MAX];
        unsigned n = 0;

        if (f == NULL)
                return 0;
        while (fgets(line, sizeof line, f) != NULL)
                n += tree_head_parse(bytes_of_text(line), last) == ERR_OK;
        (void)fclose(f);
        return n;
}

static void witnesses(struct house *h, const char *const *names, unsigned len, unsigned every_ms)
{
        audit_stop(&h->audit);
        h->options.witnesses = names;
        h->options.witnesses_len = len;
        h->options.push_every_ms = every_ms;
        house_start(h);
}

/* Until the first witness has this size, or 20 s. */
static struct audit_witness await_witness(struct house *h, uint64_t size, bool failed)
{
        struct audit_witness w = {.size = 0};

        for (int i = 0; i < 4000; i++) {
                assert_int_equal(audit_witnesses(h->audit, &w, 1), 1);
                if (w.size == size && (w.failed_ms != 0) == failed)
                        return w;
                (void)usleep(5000);
        }
        fail_msg("the witness has %llu, failed %d", (unsigned long long)w.size, w.failed_ms != 0);
        return w;
}

static void files_and_folders_are_shown_heads_and_forget_none(void **state)
{
        OWNED(house_free) struct house *h = house_new();
        char folder[160], file[200], dir[200], path[300];
        const char *names[] = {file, dir};
        struct tree_head head, now;
        char root[17];

        (void)state;
        (void)snprintf(folder, sizeof folder, "%s/seen", h->folder);
        assert_int_equal(mkdir(folder, 0700), 0);
        (void)snprintf(file, sizeof file, "file:%s/heads.txt", h->folder);
        (void)snprintf(dir, sizeof dir, "dir:%s", folder);
        (void)write_one(h, 1);
        witnesses(h, names, 2, 1000000);
        (void)await_witness(h, 1, false);
        /* A last line that was cut short does not spoil the next. */
        FILE *f = fopen(file + 5, "a");
        assert_non_null(f);
        assert_true(fputs("statgate-head 1 5 ab", f) >= 0 && fclose(f) == 0);
        (void)write_one(h, 2);
        audit_stop(&h->audit); /* and at the end once more */
        assert_int_equal(lines_in(file + 5, &head), 2);
        assert_int_equal(head.size, 2);
        for (unsigned size = 1; size <= 2; size++) {
                assert_int_equal(store_log_root(h->store, size, &now.root), ERR_OK);
                hex_encode(bytes_of(now.root.bytes, 8), root);
                (void)snprintf(path, sizeof path, "%s/%020u-%s.head", folder, size, root);
                assert_int_equal(lines_in(path, &head), 1);
                assert_int_equal(head.size, size);
                assert_int_equal(unlink(path), 0);
        }
        assert_int_equal(rmdir(folder), 0); /* and nothing else was left there */
        house_start(h);
}

static void a_witness_that_is_away_is_told_of_and_comes_back(void **state)
{
        OWNED(house_free) struct house *h = house_new();
        char folder[160], dir[200];
        const char *names[] = {dir};

        (void)state;
        (void)snprintf(folder, sizeof folder, "%s/seen", h->folder);
        (void)snprintf(dir, sizeof dir, "dir:%s", folder);
        (void)write_one(h, 1);
        witnesses(h, names, 1, 20);
        (void)await_witness(h, 0, true);
        assert_int_equal(mkdir(folder, 0700), 0);
        (void)await_witness(h, 1, false);
        (void)write_one(h, 2);
        (void)await_witness(h, 2, false);
        audit_stop(&h->audit);
        folder_remove(folder);
        house_start(h);
}

/* A server with a certificate of an authority made for it, and its process. */
struct server {
        pid_t pid;
        int input, output;
        char folder[160], name[64], ca[200];
};

static void write_file(const char *folder, const char *name, struct bytes text)
{
        char path[240];

        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(text.data, 1, text.len, f), text.len);
        assert_int_equal(fclose(f), 0);
}

static void server_run(const char *folder, int input, int output)
{
        if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
                _exit(2);
        for (int fd = 3; fd < 64; fd++)
                (void)close(fd);
        (void)execl("/usr/bin/python3", "python3", "-B",
                STATGATE_ROOT "/tests/support/https_witness.py", folder, (char *)NULL);
        _exit(2);
}

static void server_start(struct server *s, const char *within)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct cert_pair ca, leaf;
        int in[2], out[2];
        char port[16] = {0};

        (void)snprintf(s->folder, sizeof s->folder, "%s/server", within);
        (void)snprintf(s->ca, sizeof s->ca, "%s/ca.pem", s->folder);
        assert_int_equal(mkdir(s->folder, 0700), 0);
        assert_int_equal(cert_make_ca(a, "witness", 3, &ca), ERR_OK);
        assert_int_equal(cert_make_leaf(a, &ca, "localhost", NULL, NULL, 3, &leaf), ERR_OK);
        write_file(s->folder, "ca.pem", ca.cert_pem);
        write_file(s->folder, "server.pem", leaf.cert_pem);
        write_file(s->folder, "server.key", leaf.key_pem);
        assert_int_equal(pipe(in) | pipe(out), 0);
        s->pid = fork();
        assert_true(s->pid >= 0);
        if (s->pid == 0)
                server_run(s->folder, in[0], out[1]);
        (void)close(in[0]);
        (void)close(out[1]);
        s->input = in[1];
        assert_true(read(out[0], port, sizeof port - 1) > 0);
        s->output = out[0];
        (void)snprintf(
                s->name, sizeof s->name, "https://localhost:%ld/heads", strtol(port, NULL, 10));
}

static void server_stop(struct server *s)
{
        int status;

        (void)close(s->input);
        (void)close(s->output);
        assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
        folder_remove(s->folder);
}

static void mood(const struct server *s, const char *name, bool on)
{
        char path[240];

        (void)snprintf(path, sizeof path, "%s/%s", s->folder, name);
        if (on)
                write_file(s->folder, name, bytes_of_text(""));
        else
                assert_int_equal(unlink(path), 0);
}

static void a_server_is_shown_heads_and_holds_up_nobody(void **state)
{
        OWNED(house_free) struct house *h = house_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct answer_certificate cert;
        struct server s;
        char path[240];
        struct tree_head head;
        const char *names[] = {s.name};

        (void)state;
        server_start(&s, h->folder);
        (void)snprintf(path, sizeof path, "%s/heads.txt", s.folder);
        (void)write_one(h, 1);
        witnesses(h, names, 1, 20); /* whom nobody we trust vouches for */
        (void)await_witness(h, 0, true);
        h->options.witness_ca = s.ca;
        witnesses(h, names, 1, 20);
        (void)await_witness(h, 1, false);
        mood(&s, "refuse", true);
        (void)write_one(h, 2);
        (void)await_witness(h, 1, true);
        mood(&s, "refuse", false);
        (void)await_witness(h, 2, false);
        mood(&s, "elsewhere", true);
        (void)write_one(h, 3);
        (void)await_witness(h, 2, true);
        mood(&s, "elsewhere", false);
        (void)await_witness(h, 3, false);
        mood(&s, "silent", true);
        assert_int_equal(audit_certify(h->audit, write_one(h, 4), INT64_MAX, a, &cert), ERR_OK);
        (void)usleep(100000); /* it is being asked, and does not answer */
        int64_t begin = clock_monotonic_ns();

        assert_int_equal(audit_certify(h->audit, write_one(h, 5), INT64_MAX, a, &cert), ERR_OK);
        assert_true(clock_monotonic_ns() - begin < INT64_C(4) * SECOND);
        begin = clock_monotonic_ns();
        audit_stop(&h->audit);
        assert_true(clock_monotonic_ns() - begin < INT64_C(9) * SECOND);
        mood(&s, "silent", false);
        assert_true(lines_in(path, &head) >= 3);
        h->options.witnesses_len = 0;
        house_start(h);
        server_stop(&s);
}

static void names_that_are_no_witness_are_refused(void **state)
{
        static const char *const wrong[] = {"", "heads.txt", "file:", "file:heads.txt",
                "dir:", "http://example.org/", "https://", "ftp://example.org/x", "file:/a\nb"};
        OWNED(house_free) struct house *h = house_new();

        (void)state;
        audit_stop(&h->audit);
        h->options.witnesses_len = 1;
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
                h->options.witnesses = &wrong[i];
                assert_int_equal(audit_start(&h->options, &h->audit), ERR_CONFIG);
        }
        h->options.witnesses_len = 0;
        house_start(h);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sixteen_at_once_share_heads_and_each_certificate_holds),
                cmocka_unit_test(a_certificate_is_for_what_is_in_the_log_and_says_it_in_time),
                cmocka_unit_test(without_a_keeper_there_is_no_certificate),
                cmocka_unit_test(a_restart_goes_on_where_the_log_was_and_every_head_holds),
                cmocka_unit_test(rows_of_the_tree_are_mended_and_entries_are_not),
                cmocka_unit_test(a_log_that_was_cut_or_changed_at_its_end_does_not_start),
                cmocka_unit_test(files_and_folders_are_shown_heads_and_forget_none),
                cmocka_unit_test(a_witness_that_is_away_is_told_of_and_comes_back),
                cmocka_unit_test(a_server_is_shown_heads_and_holds_up_nobody),
                cmocka_unit_test(names_that_are_no_witness_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
