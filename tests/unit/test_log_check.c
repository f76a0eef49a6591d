/* SPDX-License-Identifier: Apache-2.0 */
/* test_log_check.c: whoever touches the audit log is found out, and told what it was.
 *
 * A log of a real store, with heads signed over it, some of which a witness has. For each way of
 * tampering the file is copied, changed with SQL as somebody would who has the machine, and the
 * copy is held to its heads. The table says what has to be found first, where, and which size was
 * still sound. One who knows the format well also makes commitments and rows of the tree right;
 * what he does not have is the signing key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "gateway/audit/entry.h"
#include "gateway/audit/verify.h"
#include "tests/support/store_world.h"

enum { SIZE = 600, HEAD_EVERY = 100, WITNESSED = 300, PRUNED = 40, TOLD_AT = 45, TEXT_ROOM = 128 };

struct log {
        struct world *w;
        struct secret *key, *other;
        uint8_t public_key[SIGN_PUBLIC_LEN], other_public[SIGN_PUBLIC_LEN];
        struct tree_head witnessed; /* of size WITNESSED */
};

static struct log made;

/* Answers and refusals by turns; one entry says that words of answers before PRUNED are gone. */
static struct entry_draft draft_of(struct arena *a, uint32_t n)
{
        struct entry_draft draft;
        struct entry_writer w;
        struct digest query;

        if (n == TOLD_AT) {
                entry_begin(&w, a, ENTRY_PRUNED);
                entry_put_number(&w, FIELD_SEQUENCE, PRUNED);
                entry_put_words(&w, FIELD_WORD, entry_kind_word(ENTRY_ANSWERED));
                assert_int_equal(entry_end(&w, &draft), ERR_OK);
                return draft;
        }
        digest_of(bytes_of(&n, sizeof n), &query);
        entry_begin(&w, a, n % 2 == 0 ? ENTRY_ANSWERED : ENTRY_REFUSED);
        entry_put_words(&w, FIELD_OUTCOME, "OK");
        entry_put_digest(&w, FIELD_QUERY_DIGEST, &query);
        entry_put_words(&w, FIELD_PRINCIPAL, "statgate://se/analyst/anna");
        entry_put_number(&w, FIELD_COST_US, (int64_t)n);
        assert_int_equal(entry_end(&w, &draft), ERR_OK);
        return draft;
}

static void sign_head(struct log *l, struct store *s, uint64_t size, struct tree_head *out)
{
        *out = (struct tree_head){.size = size, .at_ms = (int64_t)size * 60000, .key_id = "0123"};
        assert_int_equal(store_log_root(s, size, &out->root), ERR_OK);
        assert_int_equal(tree_head_sign(l->key, out), ERR_OK);
}

static void append(struct log *l, uint32_t from, uint32_t to)
{
        OWNED(arena_free) struct arena *a = arena_new(8 << 20);
        struct tree_head head;
        uint64_t number;

        for (uint32_t n = from; n < to; n++) {
                struct entry_draft draft = draft_of(a, n);

                assert_int_equal(store_entry_append(l->w->store, &draft, &number), ERR_OK);
                if ((n + 1) % HEAD_EVERY != 0)
                        continue;
                sign_head(l, l->w->store, n + 1, &head);
                assert_int_equal(store_head_put(l->w->store, &head), ERR_OK);
                if (n + 1 == WITNESSED)
                        l->witnessed = head;
        }
}

/* Tampering -------------------------------------------------------------------- */

static void sql(sqlite3 *db, const char *script)
{
        if (sqlite3_exec(db, script, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s: %s", script, sqlite3_errmsg(db));
}

static sqlite3_stmt *ask(sqlite3 *db, const char *text, int64_t number)
{
        sqlite3_stmt *s = NULL;

        assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_bind_int64(s, 1, number), SQLITE_OK);
        return s;
}

static struct bytes blob(sqlite3_stmt *s, int i)
{
        return bytes_of(sqlite3_column_blob(s, i), (size_t)sqlite3_column_bytes(s, i));
}

/* Makes the commitment right for whatever an entry says now. */
static void recommit(sqlite3 *db, int64_t number)
{
        sqlite3_stmt *s = ask(db, "SELECT salts, open, closed FROM entry WHERE number = ?", number);
        struct digest open, closed, commitment;

        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        leaf_part(blob(s, 0).data, blob(s, 1), &open);
        leaf_part(blob(s, 0).data + LEAF_SALT_LEN, blob(s, 2), &closed);
        leaf_commitment(&open, &closed, &commitment);
        (void)sqlite3_finalize(s);
        s = ask(db, "UPDATE entry SET commitment = ?2 WHERE number = ?1", number);
        assert_int_equal(sqlite3_bind_blob(s, 2, commitment.bytes, 32, SQLITE_STATIC), SQLITE_OK);
        assert_int_equal(sqlite3_step(s), SQLITE_DONE);
        (void)sqlite3_finalize(s);
}

static void say_otherwise(sqlite3 *db)
{
        sql(db, "UPDATE entry SET closed = (SELECT closed FROM entry WHERE number = 17) "
                "WHERE number = 250");
        recommit(db, 250);
}

static void say_nothing_readable(sqlite3 *db)
{
        sql(db, "UPDATE entry SET open = x'01ffffffff' WHERE number = 250");
        recommit(db, 250);
}

static void say_all_otherwise(sqlite3 *db)
{
        for (int64_t n = 0; n < SIZE; n++) {
                sqlite3_stmt *s = ask(db,
                        "UPDATE entry SET closed = (SELECT closed FROM entry WHERE number = 17) "
                        "WHERE number = ?",
                        n);

                assert_int_equal(sqlite3_step(s), SQLITE_DONE);
                (void)sqlite3_finalize(s);
                recommit(db, n);
        }
}

static void move(sqlite3 *db, int64_t from, int64_t to, int step)
{
        for (int64_t n = from; n != to; n += step) {
                char text[TEXT_ROOM];

                (void)snprintf(text, sizeof text,
                        "UPDATE entry SET number = %lld WHERE number = %lld", (long long)(n - step),
                        (long long)n);
                sql(db, text);
        }
}

static void drop_and_close_the_gap(sqlite3 *db)
{
        sql(db, "DELETE FROM entry WHERE number = 250");
        move(db, 251, SIZE, 1);
}

static void insert_one(sqlite3 *db)
{
        move(db, SIZE - 1, 249, -1);
        sql(db, "INSERT INTO entry SELECT 250, at_ms, kind, commitment, pruned, salts, open, "
                "closed "
                "FROM entry WHERE number = 17");
        sql(db, "UPDATE entry SET at_ms = (SELECT at_ms FROM entry WHERE number = 249) "
                "WHERE number = 250");
}

static void swap(sqlite3 *db, const char *columns)
{
        char text[4 * TEXT_ROOM];

        sql(db, "CREATE TEMP TABLE kept AS SELECT * FROM entry WHERE number IN (210, 211)");
        for (int n = 210; n < 212; n++) {
                (void)snprintf(text, sizeof text,
                        "UPDATE entry SET (%s) = (SELECT %s FROM kept WHERE number = %d) "
                        "WHERE number = %d",
                        columns, columns, 421 - n, n);
                sql(db, text);
        }
}

static void swap_entries(sqlite3 *db)
{
        swap(db, "kind, commitment, salts, open, closed");
}

static void swap_words(sqlite3 *db)
{
        swap(db, "open, closed");
}

/* Heads by somebody who has a key, but not this one. */
static void sign_anew(sqlite3 *db)
{
        for (int64_t size = HEAD_EVERY; size <= SIZE; size += HEAD_EVERY) {
                struct tree_head head = {.size = (uint64_t)size, .key_id = "0123"};
                sqlite3_stmt *s = ask(db, "SELECT root, at_ms FROM head WHERE size = ?", size);

                assert_int_equal(sqlite3_step(s), SQLITE_ROW);
                memcpy(head.root.bytes, blob(s, 0).data, sizeof head.root.bytes);
                head.at_ms = sqlite3_column_int64(s, 1);
                (void)sqlite3_finalize(s);
                assert_int_equal(tree_head_sign(made.other, &head), ERR_OK);
                s = ask(db, "UPDATE head SET signature = ?2 WHERE size = ?1", size);
                (void)sqlite3_bind_blob(s, 2, head.signature, SIGNATURE_LEN, SQLITE_STATIC);
                assert_int_equal(sqlite3_step(s), SQLITE_DONE);
                (void)sqlite3_finalize(s);
        }
}

/* Another first byte than there is: contents are random. */
#define FLIP(column)                                                                               \
        "UPDATE entry SET " column " = CAST((CASE WHEN substr(" column                             \
        ", 1, 1) = x'ff' THEN x'00' ELSE x'ff' END) || substr(" column                             \
        ", 2) AS BLOB) WHERE number = 250"

/* What is found first, and by whose head (a witness's, or the log's own). */
static const struct tampering {
        const char *what;
        const char *script;
        void (*by)(sqlite3 *db);
        const char *from; /* a copy of the store from another time, or NULL */
        enum log_finding finding;
        bool witness;
        uint64_t number, sound;
} ways[] = {
        {"a byte of the open part", FLIP("open"), NULL, NULL, LOG_FINDING_CONTENT, false, 250, 200},
        {"a byte of the closed part", FLIP("closed"), NULL, NULL, LOG_FINDING_CONTENT, false, 250,
                200},
        {"a salt", FLIP("salts"), NULL, NULL, LOG_FINDING_CONTENT, false, 250, 200},
        {"a commitment", FLIP("commitment"), NULL, NULL, LOG_FINDING_CONTENT, false, 250, 200},
        {"words and commitment", NULL, say_otherwise, NULL, LOG_FINDING_HEAD_ROOT, false, 300, 200},
        {"words that nobody can read", NULL, say_nothing_readable, NULL, LOG_FINDING_UNREADABLE,
                false, 250, 200},
        {"every entry and commitment", NULL, say_all_otherwise, NULL, LOG_FINDING_HEAD_ROOT, false,
                100, 0},
        {"a kind", "UPDATE entry SET kind = 1 WHERE number = 250", NULL, NULL,
                LOG_FINDING_HEAD_ROOT, false, 300, 200},
        {"a time, to earlier", "UPDATE entry SET at_ms = at_ms - 3600000 WHERE number = 250", NULL,
                NULL, LOG_FINDING_TIME, false, 250, 200},
        {"a time, to later", "UPDATE entry SET at_ms = at_ms + 3600000 WHERE number = 250", NULL,
                NULL, LOG_FINDING_TIME, false, 251, 200},
        {"all times, by an hour", "UPDATE entry SET at_ms = at_ms + 3600000", NULL, NULL,
                LOG_FINDING_HEAD_ROOT, false, 100, 0},
        {"one dropped", "DELETE FROM entry WHERE number = 250", NULL, NULL, LOG_FINDING_GAP, false,
                250, 200},
        {"one dropped, the others moved up", NULL, drop_and_close_the_gap, NULL,
                LOG_FINDING_HEAD_ROOT, false, 300, 200},
        {"one inserted, the others moved down", NULL, insert_one, NULL, LOG_FINDING_HEAD_ROOT,
                false, 300, 200},
        {"two swapped", NULL, swap_entries, NULL, LOG_FINDING_HEAD_ROOT, false, 300, 200},
        {"the words of two swapped", NULL, swap_words, NULL, LOG_FINDING_CONTENT, false, 210, 200},
        {"the first hundred dropped", "DELETE FROM entry WHERE number < 100", NULL, NULL,
                LOG_FINDING_GAP, false, 0, 0},
        {"the last fifty dropped", "DELETE FROM entry WHERE number >= 550", NULL, NULL,
                LOG_FINDING_HEAD_BEYOND, false, 600, 500},
        {"the last head dropped, and what it covered was written in more than ten seconds",
                "UPDATE entry SET at_ms = at_ms + 10000 WHERE number >= 500;"
                "UPDATE entry SET at_ms = at_ms + 20001 WHERE number = 599;"
                "DELETE FROM head WHERE size > 500",
                NULL, NULL, LOG_FINDING_UNSIGNED, false, 500, 500},
        {"all but two hundred dropped, with their heads",
                "DELETE FROM entry WHERE number >= 200; DELETE FROM head WHERE size > 200", NULL,
                NULL, LOG_FINDING_HEAD_BEYOND, true, 300, 200},
        {"all entries dropped", "DELETE FROM entry", NULL, NULL, LOG_FINDING_HEAD_BEYOND, false,
                600, 0},
        {"everything dropped", "DELETE FROM entry; DELETE FROM head", NULL, NULL,
                LOG_FINDING_HEAD_BEYOND, true, 300, 0},
        {"two more that nobody signed, the second later than a gateway may leave them",
                "INSERT INTO entry SELECT 600, at_ms, kind, commitment, pruned, salts, open, "
                "closed FROM entry WHERE number = 599;"
                "INSERT INTO entry SELECT 601, at_ms + 10001, kind, commitment, pruned, salts, "
                "open, closed FROM entry WHERE number = 599",
                NULL, NULL, LOG_FINDING_UNSIGNED, false, 600, 600},
        {"one more after the gateway had stopped",
                "UPDATE entry SET kind = 2 WHERE number = 598; DELETE FROM head WHERE size > 500",
                NULL, NULL, LOG_FINDING_UNSIGNED, false, 500, 500},
        {"the last with a number of its own", "UPDATE entry SET number = 700 WHERE number = 599",
                NULL, NULL, LOG_FINDING_GAP, false, 599, 500},
        {"something said of what was pruned", "UPDATE entry SET pruned = 0 WHERE number = 20", NULL,
                NULL, LOG_FINDING_CONTENT, false, 20, 0},
        {"words wiped out, as if they were pruned",
                "UPDATE entry SET pruned = 1, salts = zeroblob(32), open = x'', closed = x'' "
                "WHERE number = 250",
                NULL, NULL, LOG_FINDING_WIPED, false, 250, 600},
        {"the root of a head", "UPDATE head SET root = zeroblob(32) WHERE size = 400", NULL, NULL,
                LOG_FINDING_HEAD_SIGNATURE, false, 400, 0},
        {"the size of a head", "UPDATE head SET size = 410 WHERE size = 400", NULL, NULL,
                LOG_FINDING_HEAD_SIGNATURE, false, 410, 0},
        {"the time of a head", "UPDATE head SET at_ms = at_ms + 1 WHERE size = 400", NULL, NULL,
                LOG_FINDING_HEAD_SIGNATURE, false, 400, 0},
        {"the key of all heads", NULL, sign_anew, NULL, LOG_FINDING_HEAD_SIGNATURE, false, 100, 0},
        {"a backup in its place", NULL, NULL, "early", LOG_FINDING_HEAD_BEYOND, true, 300, 200},
        {"another history from a backup on", NULL, NULL, "fork", LOG_FINDING_HEAD_FORK, true, 300,
                0},
        {"another history, with heads at other sizes", NULL, NULL, "later fork",
                LOG_FINDING_HEAD_ROOT, true, 300, 200},
};

/* Looking ---------------------------------------------------------------------- */

struct found {
        unsigned count;
        struct log_verdict first;
        char witness[TEXT_ROOM];
};

static void note(void *ctx, const struct log_verdict *v)
{
        struct found *f = ctx;

        if (f->count++ > 0)
                return;
        f->first = *v;
        (void)snprintf(f->witness, sizeof f->witness, "%s", v->witness != NULL ? v->witness : "");
}

static enum err check_one(void *ctx, const struct stored_entry *e)
{
        return log_check_entry(ctx, e);
}

static uint64_t unsigned_len;
static int64_t signed_at_ms;

static void look(struct store *s, struct found *f, uint64_t *out_pruned)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        OWNED(log_check_free) struct log_check *c = NULL;
        uint64_t entries, heads, findings;
        struct tree_head *list;
        uint32_t len;

        memset(f, 0, sizeof *f);
        assert_int_equal(log_check_new(note, f, &c), ERR_OK);
        assert_int_equal(log_check_key(c, made.public_key), ERR_OK);
        assert_int_equal(store_heads(s, 0, 0, a, &list, &len), ERR_OK);
        for (uint32_t i = 0; i < len; i++)
                assert_int_equal(log_check_head(c, &list[i], NULL), ERR_OK);
        assert_int_equal(log_check_head(c, &made.witnessed, "file:/elsewhere"), ERR_OK);
        assert_int_equal(store_entries(s, 0, UINT64_MAX, check_one, c), ERR_OK);
        assert_int_equal(log_check_end(c, &entries, out_pruned, &heads, &findings), ERR_OK);
        assert_int_equal(findings, f->count);
        unsigned_len = log_check_unsigned(c, &signed_at_ms);
}

/* The log as it is. */
static void an_untouched_log_has_nothing_to_be_found(void **state)
{
        struct found f;
        uint64_t pruned;

        (void)state;
        look(made.w->store, &f, &pruned);
        assert_int_equal(f.count, 0);
        assert_int_equal(pruned, 20);
        assert_int_equal(unsigned_len, 0);
}

static void file_copy(const char *from, const char *to)
{
        FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
        static uint8_t piece[1 << 16];
        size_t n;

        assert_true(in != NULL && out != NULL);
        while ((n = fread(piece, 1, sizeof piece, in)) > 0)
                assert_int_equal(fwrite(piece, 1, n, out), n);
        assert_int_equal(fclose(in) | fclose(out), 0);
}

static void place(const char *name, char out[TEXT_ROOM])
{
        (void)snprintf(out, TEXT_ROOM, "%s/%s.db", made.w->folder, name);
}

/* On a copy: the store it is of is closed meanwhile. */
static void tamper(const struct tampering *way, const char *path)
{
        char from[TEXT_ROOM];
        sqlite3 *db = NULL;

        place(way->from != NULL ? way->from : "whole", from);
        file_copy(from, path);
        if (way->script == NULL && way->by == NULL)
                return;
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        if (way->script != NULL)
                sql(db, way->script);
        else
                way->by(db);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void each_way_of_tampering_is_found_and_named(void **state)
{
        unsigned wrong = 0;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(ways); i++) {
                const struct tampering *way = &ways[i];
                struct store *s = NULL;
                char path[TEXT_ROOM];
                struct found f;
                uint64_t pruned;

                place("tampered", path);
                tamper(way, path);
                assert_int_equal(store_open(path, &s), ERR_OK);
                look(s, &f, &pruned);
                store_close(&s);
                bool named = f.count > 0 && f.first.finding == way->finding &&
                             f.first.number == way->number && f.first.sound_size == way->sound &&
                             f.first.sound_at_ms == (int64_t)way->sound * 60000 &&
                             (f.witness[0] != '\0') == way->witness;

                if (!named)
                        print_message("%s: %u found, first \"%s\" %llu, sound %llu, witness %s\n",
                                way->what, f.count, log_finding_sentence(f.first.finding),
                                (unsigned long long)f.first.number,
                                (unsigned long long)f.first.sound_size, f.witness);
                wrong += !named;
        }
        print_message("%zu ways\n", ARRAY_LEN(ways));
        assert_int_equal(wrong, 0);
}

/* What a copy of a running gateway's file looks like. */
static const struct {
        const char *what, *script;
        uint64_t open;
        bool fault; /* in what is open */
} endings[] = {
        {"fifty that have no head yet",
                "DELETE FROM entry WHERE number >= 550; DELETE FROM head WHERE size > 550", 50,
                false},
        {"ten seconds of them",
                "UPDATE entry SET at_ms = (SELECT at_ms FROM entry WHERE number = 500) + 10000 "
                "WHERE number > 500; DELETE FROM head WHERE size > 500",
                100, false},
        {"an hour after the head",
                "UPDATE entry SET at_ms = (SELECT at_ms FROM entry WHERE number = 499) + 3600000 "
                "WHERE number >= 500; DELETE FROM head WHERE size > 500",
                100, false},
        {"a stop, and a start",
                "UPDATE entry SET kind = 2 WHERE number = 598; UPDATE entry SET kind = 1 WHERE "
                "number = 599; DELETE FROM head WHERE size > 500",
                100, false},
        {"one of them is not what was committed to",
                "DELETE FROM head WHERE size > 500;"
                "UPDATE entry SET open = zeroblob(length(open)) WHERE number = 570",
                100, true},
};

static void the_end_of_a_running_gateways_log_is_counted_and_no_fault(void **state)
{
        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(endings); i++) {
                const struct tampering way = {.what = endings[i].what, .script = endings[i].script};
                struct store *s = NULL;
                char path[TEXT_ROOM];
                struct found f;
                uint64_t pruned;

                place("tampered", path);
                tamper(&way, path);
                assert_int_equal(store_open(path, &s), ERR_OK);
                look(s, &f, &pruned);
                store_close(&s);
                print_message("%s\n", way.what);
                assert_int_equal(f.count, endings[i].fault);
                if (endings[i].fault)
                        assert_int_equal(f.first.finding, LOG_FINDING_CONTENT);
                assert_int_equal(unsigned_len, endings[i].open);
                assert_int_equal(signed_at_ms, 500 * 60000);
        }
}

static void what_comes_too_late_is_refused(void **state)
{
        OWNED(log_check_free) struct log_check *c = NULL;
        uint64_t a, b, d, e;
        struct found f = {0};

        (void)state;
        assert_int_equal(log_check_new(note, &f, &c), ERR_OK);
        assert_int_equal(log_check_key(c, made.public_key), ERR_OK);
        assert_int_equal(log_check_end(c, &a, &b, &d, &e), ERR_OK);
        assert_int_equal(f.count, 0); /* an empty log that nobody signed */
        assert_int_equal(log_check_key(c, made.public_key), ERR_INVALID);
        assert_int_equal(log_check_head(c, &made.witnessed, NULL), ERR_INVALID);
}

static void an_entry_that_comes_twice_is_out_of_order(void **state)
{
        OWNED(log_check_free) struct log_check *c = NULL;
        uint64_t entries, pruned, heads, findings;
        struct found f = {0};

        (void)state;
        assert_int_equal(log_check_new(note, &f, &c), ERR_OK);
        assert_int_equal(log_check_key(c, made.public_key), ERR_OK);
        assert_int_equal(log_check_head(c, &made.witnessed, NULL), ERR_OK);
        assert_int_equal(store_entries(made.w->store, 0, 200, check_one, c), ERR_OK);
        assert_int_equal(store_entries(made.w->store, 150, 151, check_one, c), ERR_OK);
        assert_int_equal(store_entries(made.w->store, 200, 300, check_one, c), ERR_OK);
        assert_int_equal(log_check_end(c, &entries, &pruned, &heads, &findings), ERR_OK);
        assert_int_equal(findings, 1);
        assert_int_equal(f.first.finding, LOG_FINDING_ORDER);
        assert_int_equal(f.first.number, 150);
}

/* Made once ---------------------------------------------------------------------- */

/* The store as it is now, under another name; it stays open. */
static void keep_as(const char *name)
{
        char path[TEXT_ROOM];

        store_close(&made.w->store);
        place(name, path);
        file_copy(made.w->path, path);
        assert_int_equal(store_open(made.w->path, &made.w->store), ERR_OK);
}

static void go_back_to(const char *name)
{
        char path[TEXT_ROOM];

        store_close(&made.w->store);
        place(name, path);
        file_copy(path, made.w->path);
        assert_int_equal(store_open(made.w->path, &made.w->store), ERR_OK);
}

/* Salts are random, so what is appended again is another history. */
static void make_forks(void)
{
        struct tree_head witnessed = made.witnessed, head;

        append(&made, 250, SIZE);
        keep_as("fork");
        go_back_to("early");
        append(&made, 250, 299);
        append(&made, 300, 350); /* none of these ends at a head */
        sign_head(&made, made.w->store, 349, &head);
        assert_int_equal(store_head_put(made.w->store, &head), ERR_OK);
        keep_as("later fork");
        made.witnessed = witnessed;
}

static int setup(void **state)
{
        uint64_t pruned;

        (void)state;
        if (crypto_init(1 << 16, false) != ERR_OK)
                return -1;
        made.w = world_new();
        assert_int_equal(sign_keygen(&made.key, made.public_key), ERR_OK);
        assert_int_equal(sign_keygen(&made.other, made.other_public), ERR_OK);
        append(&made, 0, 250);
        keep_as("early");
        append(&made, 250, SIZE);
        assert_int_equal(
                store_entries_prune(made.w->store, PRUNED, UINT64_C(1) << ENTRY_ANSWERED, &pruned),
                ERR_OK);
        keep_as("whole");
        struct tree_head witnessed = made.witnessed;

        go_back_to("early");
        make_forks();
        go_back_to("whole");
        made.witnessed = witnessed;
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_free(&made.w);
        secret_free(&made.key);
        secret_free(&made.other);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_untouched_log_has_nothing_to_be_found),
                cmocka_unit_test(each_way_of_tampering_is_found_and_named),
                cmocka_unit_test(the_end_of_a_running_gateways_log_is_counted_and_no_fault),
                cmocka_unit_test(what_comes_too_late_is_refused),
                cmocka_unit_test(an_entry_that_comes_twice_is_out_of_order),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
