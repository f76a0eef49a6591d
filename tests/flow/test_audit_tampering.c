/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit_tampering.c: somebody with the disk, and with a tool for databases, changes the log.
 *
 * A gateway lives two lives: deliveries, questions, refusals, readers. Then its file is copied once
 * for each way to change it, and `statgate audit verify` gets the copy, the keeper's public key
 * and what the witness was shown. It has to name what is wrong; the intact copy has to pass. Where
 * the change takes away or contradicts what the keeper signed last, the gateway itself does not
 * start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "crypto/leaf.h"
#include "crypto/merkle.h"
#include "crypto/secret.h"
#include "crypto/tree_head.h"
#include "gateway/audit/entry.h"
#include "proto/wire_audit.h"
#include "tests/support/gateway_ask.h"
#include "tests/support/world_command.h"

enum {
        EXIT_SOUND = 0,
        EXIT_CANNOT_READ = 2,
        EXIT_FALSE = 8,
        EXIT_START = 3,
        ROWS = 40,
        READINGS = 300, /* so that complete subtrees have rows of their own */
        BLOCK = 256,
};

static struct world world;
static const struct world_start plain;

/* What is on the disk after the first life, and after the second. */
static struct {
        struct bytes store, keyring, witness;
} first, second;
static struct bytes forked_store; /* another second life, from the same backup */
static uint64_t first_size, size, one, late;

/* Lives -------------------------------------------------------------------------------- */

static void read_log_once(void)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1 << 16};
        const struct wire_log_request q = {.limit = 1};
        struct bytes request, message;
        struct call *call = NULL;

        assert_int_equal(log_request_encode(&q, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(call_start(world_client(&world, WORLD_DPO), "/statgate.v1.Audit/ReadLog",
                                 30000, &call),
                ERR_OK);
        assert_int_equal(call_send(call, request), ERR_OK);
        assert_int_equal(call_half_close(call), ERR_OK);
        while (call_receive(call, world.arena, &message) == ERR_OK)
                ;
        assert_int_equal(call_finish(call, &world_status), ERR_OK);
        call_free(&call);
}

static void ask_some(unsigned answers)
{
        static const char *const dimensions[] = {"kommun:lan", "form", "kon", "form,kon"};
        const char *const nowhere[] = {"form = finnsinte", NULL};
        struct wire_answer answer;
        struct wire_release r;

        for (unsigned i = 0; i < answers; i++)
                assert_int_equal(
                        ask(&world, dimensions[i % ARRAY_LEN(dimensions)], NULL, NULL, &answer, &r),
                        STATUS_OK);
        assert_int_not_equal(ask(&world, "form", nowhere, NULL, &answer, &r), STATUS_OK);
}

static void deliver_some(uint32_t from)
{
        struct placement rows[ROWS];
        uint64_t random = 1 + from;

        for (uint32_t i = 0; i < ROWS; i++) {
                rows[i] = placement_random(&random, 1, from + i);
                rows[i].person = from + i;
                rows[i].local = false;
        }
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, ROWS, ROWS);
        (void)publish(&world);
}

static const char *store_path(void)
{
        return world_path(&world, "store/statgate.db");
}

static void stop_and_keep(struct bytes *store, struct bytes *keyring, struct bytes *witness)
{
        assert_int_equal(world_stop(&world), 0);
        *store = world_read(&world, store_path());
        *keyring = world_read(&world, world_path(&world, "keys/keyring.sgk"));
        *witness = world_read(&world, world_path(&world, "witness"));
}

static void bring_back(struct bytes store, struct bytes keyring)
{
        (void)unlink(world_path(&world, "store/statgate.db-wal"));
        (void)unlink(world_path(&world, "store/statgate.db-shm"));
        (void)unlink(world_path(&world, "keys/restore.sgr.needed"));
        world_write(&world, "store/statgate.db", store);
        world_write(&world, "keys/keyring.sgk", keyring);
}

static int64_t number_of(sqlite3 *db, const char *sql)
{
        sqlite3_stmt *s = NULL;
        int64_t n = -1;

        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
        if (sqlite3_step(s) == SQLITE_ROW)
                n = sqlite3_column_int64(s, 0);
        (void)sqlite3_finalize(s);
        return n;
}

static int64_t number_in(struct bytes store, const char *sql)
{
        sqlite3 *db = NULL;

        world_write(&world, "copy.db", store);
        assert_int_equal(sqlite3_open(world_path(&world, "copy.db"), &db), SQLITE_OK);
        int64_t n = number_of(db, sql);

        (void)sqlite3_close(db);
        return n;
}

static int live(void **state)
{
        struct bytes ignored;

        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        world_edit(&world, "statgate.yaml", "threads: 2", "threads: 2\nwitnesses: [file:witness]");
        world_start(&world);
        deliver_some(100);
        ask_some(4);
        world_keeper_pub(&world);
        stop_and_keep(&first.store, &first.keyring, &first.witness);
        world_start(&world);
        for (unsigned i = 0; i < READINGS; i++)
                read_log_once();
        ask_some(8);
        stop_and_keep(&second.store, &second.keyring, &second.witness);
        /* The witness is a copy that the machine's owner cannot reach: it forgets nothing. */
        world_write(&world, "kept.witness", second.witness);
        bring_back(first.store, first.keyring);
        world_start(&world);
        ask_some(2);
        stop_and_keep(&forked_store, &ignored, &ignored);
        first_size = (uint64_t)number_in(first.store, "SELECT count(*) FROM entry");
        size = (uint64_t)number_in(second.store, "SELECT count(*) FROM entry");
        one = (uint64_t)number_in(second.store, "SELECT min(number) FROM entry WHERE kind = 18");
        late = (uint64_t)number_in(second.store, "SELECT max(number) FROM entry WHERE kind = 18");
        assert_true(first_size > 20 && size > first_size + BLOCK && one < first_size);
        assert_true(late / BLOCK == size / BLOCK);
        return 0;
}

static int leave(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* "#1" in what is told is the entry's number. */
static const char *with_numbers(const char *text)
{
        const char *at = strchr(text, '#');

        if (at == NULL)
                return text;
        unsigned long long n = at[1] == '1' ? one : at[1] == '2' ? one + 1 : late;

        return arena_printf(world.arena, "%.*s%llu%s", (int)(at - text), text, n, at + 2);
}

/* A tool for databases ------------------------------------------------------------------ */

static struct bytes blob_of(sqlite3_value *v)
{
        return bytes_of(sqlite3_value_blob(v), (size_t)sqlite3_value_bytes(v));
}

/* flip(blob, bit): one bit of it is another. */
static void sql_flip(sqlite3_context *c, int argc, sqlite3_value **argv)
{
        uint8_t copy[1 << 16];
        struct bytes b = blob_of(argv[0]);
        size_t bit = (size_t)sqlite3_value_int64(argv[1]);

        (void)argc;
        assert_true(b.len > 0 && b.len <= sizeof copy);
        memcpy(copy, b.data, b.len);
        copy[bit / 8 % b.len] ^= (uint8_t)(1U << bit % 8);
        sqlite3_result_blob(c, copy, (int)b.len, SQLITE_TRANSIENT);
}

/* commit_to(salts, open, closed): the commitment that such an entry has to have. */
static void sql_commit_to(sqlite3_context *c, int argc, sqlite3_value **argv)
{
        struct bytes salts = blob_of(argv[0]);
        struct digest open, closed, out;

        (void)argc;
        assert_int_equal(salts.len, 2 * LEAF_SALT_LEN);
        leaf_part(salts.data, blob_of(argv[1]), &open);
        leaf_part(salts.data + LEAF_SALT_LEN, blob_of(argv[2]), &closed);
        leaf_commitment(&open, &closed, &out);
        sqlite3_result_blob(c, out.bytes, sizeof out.bytes, SQLITE_TRANSIENT);
}

static void sql(sqlite3 *db, const char *text)
{
        char *why = NULL;

        if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
                fail_msg("%s: %s", text, why);
}

static sqlite3 *open_with_tools(const char *path)
{
        const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_create_function(db, "flip", 2, flags, NULL, sql_flip, NULL, NULL),
                SQLITE_OK);
        assert_int_equal(
                sqlite3_create_function(db, "commit_to", 3, flags, NULL, sql_commit_to, NULL, NULL),
                SQLITE_OK);
        sql(db, "CREATE TEMP TABLE pick AS SELECT min(number) AS one, min(number) + 1 AS two,"
                "  max(number) AS late FROM entry WHERE kind = 18");
        return db;
}

static void hash_of_row(sqlite3_stmt *s, struct digest *out)
{
        struct digest commitment;

        assert_int_equal(sqlite3_column_bytes(s, 3), sizeof commitment.bytes);
        memcpy(commitment.bytes, sqlite3_column_blob(s, 3), sizeof commitment.bytes);
        leaf_hash((uint64_t)sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
                (uint16_t)sqlite3_column_int(s, 2), &commitment, out);
}

/* All rows of the tree as they have to be for the entries that are there now. */
static void remake_tree(sqlite3 *db)
{
        sqlite3_stmt *s = NULL, *put = NULL;
        struct merkle_edge edge = {0}, block = {0};
        struct digest leaf, root;

        sql(db, "DELETE FROM subtree");
        assert_int_equal(
                sqlite3_prepare_v2(db,
                        "SELECT number, at_ms, kind, commitment FROM entry ORDER BY number", -1, &s,
                        NULL),
                SQLITE_OK);
        assert_int_equal(
                sqlite3_prepare_v2(db, "INSERT INTO subtree VALUES (8, ?, ?)", -1, &put, NULL),
                SQLITE_OK);
        while (sqlite3_step(s) == SQLITE_ROW) {
                hash_of_row(s, &leaf);
                merkle_push(&edge, &leaf);
                merkle_push(&block, &leaf);
                if (block.size < BLOCK)
                        continue;
                merkle_root(&block, &root);
                (void)sqlite3_bind_int64(put, 1, (int64_t)(edge.size / BLOCK - 1));
                (void)sqlite3_bind_blob(put, 2, root.bytes, sizeof root.bytes, SQLITE_TRANSIENT);
                assert_int_equal(sqlite3_step(put), SQLITE_DONE);
                (void)sqlite3_reset(put);
                block = (struct merkle_edge){0};
        }
        (void)sqlite3_finalize(put);
        (void)sqlite3_finalize(s);
}

/* A head over all that is there, by a key that nobody knows. */
static void forge_head(sqlite3 *db)
{
        OWNED(secret_free) struct secret *key = NULL;
        struct merkle_edge edge = {0};
        struct tree_head h = {.at_ms = 1800000000000, .key_id = "0123456789abcdef"};
        uint8_t public_key[SIGN_PUBLIC_LEN];
        sqlite3_stmt *s = NULL;
        struct digest leaf;

        assert_int_equal(
                sqlite3_prepare_v2(db,
                        "SELECT number, at_ms, kind, commitment FROM entry ORDER BY number", -1, &s,
                        NULL),
                SQLITE_OK);
        while (sqlite3_step(s) == SQLITE_ROW) {
                hash_of_row(s, &leaf);
                merkle_push(&edge, &leaf);
        }
        (void)sqlite3_finalize(s);
        h.size = edge.size;
        merkle_root(&edge, &h.root);
        assert_int_equal(sign_keygen(&key, public_key), ERR_OK);
        assert_int_equal(tree_head_sign(key, &h), ERR_OK);
        assert_int_equal(
                sqlite3_prepare_v2(
                        db, "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?, ?)", -1, &s, NULL),
                SQLITE_OK);
        (void)sqlite3_bind_int64(s, 1, (int64_t)h.size);
        (void)sqlite3_bind_blob(s, 2, h.root.bytes, sizeof h.root.bytes, SQLITE_STATIC);
        (void)sqlite3_bind_int64(s, 3, h.at_ms);
        (void)sqlite3_bind_text(s, 4, h.key_id, -1, SQLITE_STATIC);
        (void)sqlite3_bind_blob(s, 5, h.signature, sizeof h.signature, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(s), SQLITE_DONE);
        (void)sqlite3_finalize(s);
}

/* Ways ----------------------------------------------------------------------------------- */

/* Entries that the ways below speak of: the first answer, the entry behind it, and the last answer,
 * which is in a block that is not complete. In what is told they are #1, #2 and #3. */
#define ONE    "(SELECT one FROM pick)"
#define TWO    "(SELECT two FROM pick)"
#define LATE   "(SELECT late FROM pick)"
#define COMMIT "commitment = commit_to(salts, open, closed)"
/* Numbers move by way of negative ones' complement, since they are keys. */
#define UNCHECKED "PRAGMA ignore_check_constraints = 1;"

static const struct way {
        const char *name, *sql;
        void (*then)(sqlite3 *db);
        const char *told[3]; /* all have to be said */
        bool alone;          /* without the witness */
        bool no_start;       /* the gateway refuses too */
} ways[] = {
        {"a bit of what is open", "UPDATE entry SET open = flip(open, 77) WHERE number = " ONE,
                NULL, {"FAULT at entry #1: what the entry says is not"}, false, false},
        {"a bit of what is closed",
                "UPDATE entry SET closed = flip(closed, 43) WHERE number = " ONE, NULL,
                {"FAULT at entry #1: what the entry says is not"}, false, false},
        {"a bit of a salt", "UPDATE entry SET salts = flip(salts, 200) WHERE number = " LATE, NULL,
                {"FAULT at entry #3: what the entry says is not"}, false, false},
        {"a bit of a commitment",
                "UPDATE entry SET commitment = flip(commitment, 9) WHERE number = " LATE, NULL,
                {"FAULT at entry #3: what the entry says is not", "is not what the head was signed",
                        "Up to entry "},
                false, true},
        {"a moment later", "UPDATE entry SET at_ms = at_ms + 1 WHERE number = " LATE, NULL,
                {"the log up to a head is not what the head was signed over"}, false, true},
        {"a day earlier", "UPDATE entry SET at_ms = at_ms - 86400000 WHERE number = " ONE, NULL,
                {"FAULT at entry #1: an entry is older", "is not what the head was signed over"},
                false, false},
        {"another kind", "UPDATE entry SET kind = kind % 26 + 1 WHERE number = " LATE, NULL,
                {"the log up to a head is not what the head was signed over"}, false, true},
        {"one is gone", "DELETE FROM entry WHERE number = " ONE, NULL,
                {"FAULT at entry #1: an entry is missing"}, false, false},
        {"one of the last is gone", "DELETE FROM entry WHERE number = " LATE, NULL,
                {"FAULT at entry #3: an entry is missing"}, false, true},
        {"many are gone", "DELETE FROM entry WHERE number BETWEEN 10 AND 299", NULL,
                {"FAULT at entry 10: an entry is missing", "No signed head holds"}, false, false},
        {"one is gone and the others moved up",
                UNCHECKED "DELETE FROM entry WHERE number = " ONE ";"
                          "UPDATE entry SET number = -number WHERE number > " ONE ";"
                          "UPDATE entry SET number = -number - 1 WHERE number < 0",
                remake_tree,
                {"is not what the head was signed over", "the log is shorter than a head"}, false,
                true},
        {"two have changed places",
                UNCHECKED "UPDATE entry SET number = -1 WHERE number = " ONE ";"
                          "UPDATE entry SET number = " ONE " WHERE number = " TWO ";"
                          "UPDATE entry SET number = " TWO " WHERE number = -1",
                remake_tree, {"is not what the head was signed over"}, false, true},
        {"two have changed their words",
                "CREATE TEMP TABLE t AS SELECT * FROM entry WHERE number IN (" ONE ", " TWO ");"
                "UPDATE entry SET salts = (SELECT salts FROM t WHERE number = " ONE " + " TWO
                " - entry.number),"
                "  open = (SELECT open FROM t WHERE number = " ONE " + " TWO " - entry.number),"
                "  closed = (SELECT closed FROM t WHERE number = " ONE " + " TWO " - entry.number)"
                "  WHERE number IN (" ONE ", " TWO ")",
                NULL,
                {"FAULT at entry #1: what the entry says",
                        "FAULT at entry #2: what the entry says"},
                false, false},
        {"one between two others",
                UNCHECKED "UPDATE entry SET number = -number WHERE number > " ONE ";"
                          "UPDATE entry SET number = -number + 1 WHERE number < 0;"
                          "INSERT INTO entry SELECT " TWO ", at_ms, kind, commitment, pruned,"
                          "  salts, open, closed FROM entry WHERE number = " ONE,
                remake_tree, {"is not what the head was signed over"}, false, true},
        {"one more at the end",
                "INSERT INTO entry SELECT number + 1, at_ms, kind, commitment, pruned, salts, open,"
                "  closed FROM entry ORDER BY number DESC LIMIT 1",
                remake_tree, {"no head covers the last entries"}, false, false},
        {"the last is gone", "DELETE FROM entry WHERE number = (SELECT max(number) FROM entry)",
                remake_tree, {"the log is shorter than a head that was signed"}, false, true},
        {"the end is gone, and its heads",
                "DELETE FROM entry WHERE number >= 100; DELETE FROM head WHERE size > 100",
                remake_tree, {"the log is shorter than a head that was signed", "witness: "}, false,
                true},
        {"words written anew, as was to be expected",
                "UPDATE entry SET open = flip(open, 77), closed = flip(closed, 77)"
                "  WHERE number = " ONE ";"
                "UPDATE entry SET " COMMIT " WHERE number = " ONE,
                NULL, {"is not what the head was signed over"}, false, false},
        {"and the tree over them too",
                "UPDATE entry SET closed = flip(closed, 77) WHERE number = " ONE ";"
                "UPDATE entry SET " COMMIT " WHERE number = " ONE,
                remake_tree, {"is not what the head was signed over"}, false, true},
        {"and all heads of the gateway's own",
                "UPDATE entry SET closed = flip(closed, 77) WHERE number = " ONE ";"
                "UPDATE entry SET " COMMIT " WHERE number = " ONE "; DELETE FROM head",
                remake_tree, {"is not what the head was signed over", "witness: "}, false, true},
        {"no head is left, and no witness asked", "DELETE FROM head", NULL,
                {"no head covers the last entries", "No signed head holds"}, true, false},
        {"a head by another key",
                "UPDATE entry SET closed = flip(closed, 77) WHERE number = " ONE ";"
                "UPDATE entry SET " COMMIT " WHERE number = " ONE "; DELETE FROM head",
                forge_head, {"a head is not signed by a known key"}, true, false},
        {"a head over something else",
                "UPDATE head SET root = flip(root, 3) WHERE size = (SELECT max(size) FROM head)",
                NULL, {"a head is not signed by a known key"}, false, false},
        {"a head of another moment",
                "UPDATE head SET at_ms = at_ms - 1 WHERE size = (SELECT max(size) FROM head)", NULL,
                {"a head is not signed by a known key"}, false, false},
        {"words wiped as if their time were over",
                "UPDATE entry SET pruned = 1, salts = zeroblob(32), open = zeroblob(length(open)),"
                "  closed = zeroblob(length(closed)) WHERE number = " ONE,
                NULL, {"FAULT at entry #1: what the entry said is gone, and no entry says that"},
                false, false},
};

/* What SQLite itself calls broken. */
static const struct way broken = {.name = "a salt cut short",
        .sql = UNCHECKED "UPDATE entry SET salts = substr(salts, 1, 31) WHERE number = " ONE};

static int verify(bool with_witness)
{
        const char *copy = world_path(&world, "copy.db"), *key, *witness;

        key = world_path(&world, "client/keeper.pub");
        witness = world_path(&world, "kept.witness");
        if (with_witness)
                return WORLD_RUN(&world, "audit", "verify", "--store", copy, "--key", key,
                        "--witness", witness);
        return WORLD_RUN(&world, "audit", "verify", "--store", copy, "--key", key);
}

static void assert_told(const char *what, int code, const char *words)
{
        if (code != EXIT_FALSE || !world_out_has(words))
                fail_msg("%s: exit %d, and not said: %s\n%s%s", what, code, words, world_out,
                        world_err);
}

static void change(const struct way *way)
{
        sqlite3 *db;

        world_write(&world, "copy.db", second.store);
        db = open_with_tools(world_path(&world, "copy.db"));
        sql(db, way->sql);
        if (way->then != NULL)
                way->then(db);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void the_intact_copy_passes(void **state)
{
        (void)state;
        world_write(&world, "copy.db", second.store);
        assert_int_equal(verify(true), EXIT_SOUND);
        assert_true(world_out_has("The log is whole"));
        assert_int_equal(verify(false), EXIT_SOUND);
        assert_non_null(strstr(world_err, "No witness was asked"));
        world_write(&world, "copy.db", first.store);
        assert_int_equal(verify(false), EXIT_SOUND);
}

static void every_way_to_change_the_file_is_named(void **state)
{
        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(ways); i++) {
                const struct way *way = &ways[i];

                change(way);
                int code = verify(!way->alone);

                for (unsigned k = 0; k < ARRAY_LEN(way->told) && way->told[k] != NULL; k++)
                        assert_told(way->name, code, with_numbers(way->told[k]));
        }
}

/* What the keeper signed last is not there any more, or is another. */
static void assert_does_not_start(const char *what, struct bytes store)
{
        bring_back(store, second.keyring);
        assert_int_equal(truncate(world.output, 0), 0);
        int code = world_try(&world, &plain);

        if (code != EXIT_START ||
                !world_said(&world, "statgated: starting the log: the audit log is "
                                    "not what was signed"))
                fail_msg("%s: the gateway ended with %d", what, code);
        if (!world_exists(&world, "keys/restore.sgr.needed"))
                fail_msg("%s: nobody was told what to do", what);
}

static void where_the_tree_or_its_end_is_another_the_gateway_does_not_start(void **state)
{
        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(ways); i++) {
                if (!ways[i].no_start)
                        continue;
                change(&ways[i]);
                assert_does_not_start(
                        ways[i].name, world_read(&world, world_path(&world, "copy.db")));
        }
        bring_back(second.store, second.keyring);
        world_start(&world);
        assert_int_equal(world_stop(&world), 0);
}

static void what_breaks_the_rules_of_the_table_is_not_even_opened(void **state)
{
        (void)state;
        change(&broken);
        assert_int_equal(verify(true), EXIT_FALSE);
        assert_non_null(strstr(world_err, "stored data failed its check"));
        bring_back(world_read(&world, world_path(&world, "copy.db")), second.keyring);
        assert_int_equal(world_try(&world, &plain), EXIT_START);
}

static void an_older_copy_is_told_by_the_witness_and_stops_the_gateway(void **state)
{
        (void)state;
        world_write(&world, "copy.db", first.store);
        assert_told("older", verify(true), "the log is shorter than a head that was signed");
        assert_true(world_out_has("witness: "));
        assert_does_not_start("older", first.store);
}

/* With its keyring brought back too, nobody here can tell: only who saw the other history. */
static void two_histories_from_one_backup_are_told_by_the_witness(void **state)
{
        (void)state;
        world_write(&world, "copy.db", forked_store);
        assert_int_equal(verify(false), EXIT_SOUND);
        assert_told("forked", verify(true), "witness: ");
        assert_does_not_start("forked", forked_store);
}

static void another_key_vouches_for_nothing(void **state)
{
        const char *copy = world_path(&world, "copy.db"), *key = world_path(&world, "other.pub");
        OWNED(secret_free) struct secret *other = NULL;
        uint8_t public_key[SIGN_PUBLIC_LEN];
        char hex[2 * SIGN_PUBLIC_LEN + 1];

        (void)state;
        assert_int_equal(sign_keygen(&other, public_key), ERR_OK);
        hex_encode(bytes_of(public_key, sizeof public_key), hex);
        world_write(&world, "other.pub", bytes_of_text(hex));
        world_write(&world, "copy.db", second.store);
        int code = WORLD_RUN(&world, "audit", "verify", "--store", copy, "--key", key);

        assert_told("another key", code, "a head is not signed by a known key");
        assert_true(world_out_has("No signed head holds"));
}

static void a_witness_that_was_cut_or_written_into_is_named(void **state)
{
        const char *copy = world_path(&world, "copy.db"), *path = world_path(&world, "cut.witness");
        const char *key = world_path(&world, "client/keeper.pub");
        struct bytes all = second.witness, changed;

        (void)state;
        world_write(&world, "copy.db", second.store);
        world_write(&world, "cut.witness", bytes_of(all.data, all.len - 20));
        int code = WORLD_RUN(
                &world, "audit", "verify", "--store", copy, "--key", key, "--witness", path);
        assert_told("cut", code, "something in it is no tree head");

        /* "statgate-head 1 SIZE": another size. */
        assert_int_equal(bytes_copy(world.arena, all, &changed), ERR_OK);
        ((uint8_t *)(uintptr_t)changed.data)[16] ^= 1;
        world_write(&world, "cut.witness", changed);
        code = WORLD_RUN(
                &world, "audit", "verify", "--store", copy, "--key", key, "--witness", path);
        assert_told("written into", code, "a head is not signed by a known key");

        world_write(&world, "cut.witness", bytes_of(NULL, 0));
        code = WORLD_RUN(
                &world, "audit", "verify", "--store", copy, "--key", key, "--witness", path);
        assert_int_equal(code, EXIT_CANNOT_READ);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_intact_copy_passes),
                cmocka_unit_test(every_way_to_change_the_file_is_named),
                cmocka_unit_test(where_the_tree_or_its_end_is_another_the_gateway_does_not_start),
                cmocka_unit_test(what_breaks_the_rules_of_the_table_is_not_even_opened),
                cmocka_unit_test(an_older_copy_is_told_by_the_witness_and_stops_the_gateway),
                cmocka_unit_test(two_histories_from_one_backup_are_told_by_the_witness),
                cmocka_unit_test(another_key_vouches_for_nothing),
                cmocka_unit_test(a_witness_that_was_cut_or_written_into_is_named),
        };

        return cmocka_run_group_tests(tests, live, leave);
}
