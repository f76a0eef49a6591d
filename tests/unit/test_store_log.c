/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_log.c: the audit log at rest.
 *
 * It grows with what it tells about and with nothing else; its tree is the one that leaf by leaf
 * hashing gives; and what is pruned is in no file. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "crypto/digest.h"
#include "gateway/store/inside.h"
#include "tests/support/log_world.h"
#include "tests/support/store_world.h"

enum { LEN = 5000, WHOLE = LOG_WORLD_WHOLE };

static void sql(const char *path, const char *script)
{
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        if (sqlite3_exec(db, script, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(db));
        (void)sqlite3_close(db);
}

/* Growing -------------------------------------------------------------------- */

static void entries_are_numbered_from_zero_and_survive_a_restart(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct merkle_edge edge;

        (void)state;
        store_log_edge(w->store, &edge);
        assert_int_equal(edge.size, 0);
        assert_int_equal(log_is_whole(w->store), 0);
        log_fill(w->store, 0, 700);
        assert_int_equal(log_is_whole(w->store), 700);
        world_reopen(w);
        assert_int_equal(log_is_whole(w->store), 700);
        log_fill(w->store, 700, 70);
        assert_int_equal(log_is_whole(w->store), 770);
}

static int64_t moved_ms;

static int64_t moved_clock(void)
{
        return moved_ms;
}

static enum err take_time(void *ctx, const struct stored_entry *e)
{
        int64_t *times = ctx;

        times[e->number] = e->at_ms;
        return ERR_OK;
}

static void a_clock_that_is_put_back_does_not_put_the_log_back(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        static const int64_t clock[] = {5000, 9000, 2000, 9001};
        int64_t times[4];
        uint64_t number;

        (void)state;
        clock_set_source(moved_clock);
        for (uint32_t i = 0; i < 4; i++) {
                moved_ms = clock[i];
                if (i == 2)
                        world_reopen(w);
                log_fill(w->store, i, 1);
        }
        clock_set_source(NULL);
        assert_int_equal(store_entries(w->store, 0, 4, take_time, times), ERR_OK);
        assert_int_equal(times[0], 5000);
        assert_int_equal(times[1], 9000);
        assert_int_equal(times[2], 9000);
        assert_int_equal(times[3], 9001);
        assert_int_equal(store_entry_since(w->store, 0, &number), ERR_OK);
        assert_int_equal(number, 0);
        assert_int_equal(store_entry_since(w->store, 5001, &number), ERR_OK);
        assert_int_equal(number, 1);
        assert_int_equal(store_entry_since(w->store, 9001, &number), ERR_OK);
        assert_int_equal(number, 3);
        assert_int_equal(store_entry_since(w->store, 9002, &number), ERR_OK);
        assert_int_equal(number, 4);
}

static void an_entry_without_a_kind_or_too_long_is_refused(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct entry_draft none = {.open = bytes_of_text("x")}, most[LOG_APPEND_MAX + 1];
        struct entry_draft large = {.kind = 1};
        uint8_t *much = calloc(1, (1 << 20) + 1);
        uint64_t number;

        (void)state;
        assert_non_null(much);
        large.closed = bytes_of(much, (1 << 20) + 1);
        assert_int_equal(store_entry_append(w->store, &none, &number), ERR_INVALID);
        assert_int_equal(store_entry_append(w->store, &large, &number), ERR_TOO_LARGE);
        large.closed.len--;
        assert_int_equal(store_entry_append(w->store, &large, &number), ERR_OK);
        assert_int_equal(number, 0);
        for (unsigned i = 0; i < ARRAY_LEN(most); i++)
                most[i] = (struct entry_draft){.kind = 1};
        assert_int_equal(
                store_entries_append(w->store, most, LOG_APPEND_MAX + 1, &number), ERR_INVALID);
        assert_int_equal(store_entries_append(w->store, most, 0, &number), ERR_INVALID);
        assert_int_equal(log_is_whole(w->store), 1);
        free(much);
}

/* With what it tells about ----------------------------------------------------- */

static enum err put(struct store *s, uint32_t n, uint32_t sequence, bool *replayed)
{
        uint8_t sealed[LEN + MARKER_LEN];
        struct stored_batch b = batch_of(n, sequence, sealed, LEN);
        struct log_word word;
        struct entry_draft entry = log_draft(&word, n, (int32_t)sequence);
        uint32_t rows, rejected;

        return store_batch_put(s, &b, &entry, replayed, &rows, &rejected);
}

static enum err open_delivery(struct store *s, uint32_t n)
{
        struct stored_submission d = delivery(n, 114, DELIVERY_APPEND), out;
        struct log_word word;
        struct entry_draft entry = log_draft(&word, n, WHOLE);

        return store_submission_open(s, &d, &entry, &out);
}

static void a_replay_and_a_refusal_leave_no_entry(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        bool replayed;

        (void)state;
        assert_int_equal(open_delivery(w->store, 1), ERR_OK);
        assert_int_equal(open_delivery(w->store, 1), ERR_OK);
        assert_int_equal(log_mentions(w->store, 1, WHOLE), 1);
        assert_int_equal(put(w->store, 1, 0, &replayed), ERR_OK);
        assert_int_equal(put(w->store, 1, 0, &replayed), ERR_OK);
        assert_true(replayed);
        assert_int_equal(put(w->store, 1, 2, &replayed), ERR_OUT_OF_ORDER);
        assert_int_equal(put(w->store, 7, 0, &replayed), ERR_NOT_FOUND);
        assert_int_equal(log_mentions(w->store, 1, 0), 1);
        assert_int_equal(log_mentions(w->store, 1, 2), 0);
        assert_int_equal(log_is_whole(w->store), 2);
}

static enum err keep(void *ctx, const struct stored_submission *of, const struct stored_batch *b,
        struct bytes *out_sealed, uint32_t *out_rows)
{
        (void)ctx;
        (void)of;
        (void)out_sealed;
        *out_rows = b->rows;
        return ERR_OK;
}

/* Every call that takes an entry, once where it changes something and once where it does not. */
static void each_change_has_one_entry_and_what_is_done_already_has_none(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(2, 114, DELIVERY_APPEND), out;
        struct submission_id id = id_of(2);
        struct removal_wish wish = {
                .reason = REMOVAL_RETENTION, .dataset = "placering", .ended_before = INT32_MAX};
        struct stored_question question = {.vintage = {1, 0}, .policy = {{1}}, .key = {{2}}};
        const struct ledger_line line = {"kv", "placering", &question};
        struct removal_sum sum;
        struct stored_vintage v;
        struct vintage revised;
        struct log_word word;
        struct entry_draft e = log_draft(&word, 2, WHOLE);
        struct digest receipts, nothing;
        uint64_t number, size = 0;
        uint32_t expired;

        (void)state;
        digest_of(bytes_of(NULL, 0), &nothing);
        receipts = receipt_of(&id, 0);
        digest_of(bytes_of(receipts.bytes, sizeof receipts.bytes), &receipts);
        open_and_fill(w->store, &d, 2, 1, LEN);
        for (int twice = 0; twice < 2; twice++) {
                assert_int_equal(
                        store_submission_commit(w->store, &id, &receipts, 0, 9, &e, &out), ERR_OK);
                assert_int_equal(log_is_whole(w->store), 1);
        }
        assert_int_equal(store_publish(w->store, "", 0, 1, &e, &v), ERR_OK);
        assert_int_equal(log_is_whole(w->store), 2);
        assert_int_equal(
                store_rewrite(w->store, REMOVAL_PERSON, 114, keep, NULL, 1, &e, &revised), ERR_OK);
        assert_int_equal(log_is_whole(w->store), 3); /* whether or not anything was found */
        for (uint64_t n = 3; n < 5; n++) {
                assert_int_equal(store_ledger_put(w->store, &line, 1, &e, &number), ERR_OK);
                assert_int_equal(number, n); /* an answer that leaves again is told again */
        }
        for (int twice = 0; twice < 2; twice++) {
                assert_int_equal(store_withdraw(w->store, &id, 1, &e, &revised), ERR_OK);
                assert_int_equal(log_is_whole(w->store), 6);
        }
        for (int twice = 0; twice < 2; twice++) {
                assert_int_equal(store_retire(w->store, 1, RETIRE_KEPT, &e), ERR_OK);
                assert_int_equal(log_is_whole(w->store), 7);
        }
        d = delivery(3, 114, DELIVERY_APPEND);
        open_and_fill(w->store, &d, 3, 1, LEN);
        for (int twice = 0; twice < 2; twice++) {
                assert_int_equal(store_remove(w->store, &wish, 1, &e, &sum, &revised), ERR_OK);
                assert_int_equal(log_is_whole(w->store), 8);
        }
        d = delivery(4, 114, DELIVERY_APPEND);
        open_and_fill(w->store, &d, 4, 1, LEN);
        for (int twice = 0; twice < 2; twice++) {
                assert_int_equal(store_expire(w->store, INT64_MAX, &e, &expired), ERR_OK);
                assert_int_equal(log_is_whole(w->store), 9);
        }
        world_reopen(w);
        size = log_is_whole(w->store);
        assert_int_equal(size, 9);
}

/* Fails when it has appended already, as a job does whose last read fails. */
static enum err append_and_fail(struct db *db, void *ctx)
{
        const struct log_line *line = ctx;
        uint64_t number;

        TRY(log_append(db, line, &number));
        TRY(log_append(db, line, &number));
        return ERR_INTERNAL;
}

struct teller {
        struct store *store;
        uint32_t first;
};

enum { TELLERS = 6, EACH = 60 };

/* Two of three tries fail within their transaction, among others that do not. */
static void *tell_and_fail(void *arg)
{
        const struct teller *t = arg;
        struct log_word word;
        struct entry_draft e = log_draft(&word, 99, WHOLE);
        struct log_line line;
        bool replayed;

        if (open_delivery(t->store, t->first) != ERR_OK || log_line_make(&e, &line) != ERR_OK)
                return NULL;
        for (uint32_t i = 0; i < EACH; i++) {
                (void)put(t->store, t->first, i + 5, &replayed); /* out of order */
                if (writer_run(t->store->writer, JOB_GROUPED, append_and_fail, &line) !=
                                ERR_INTERNAL ||
                        put(t->store, t->first, i, &replayed) != ERR_OK)
                        return NULL;
        }
        return arg;
}

static void jobs_that_fail_beside_others_give_their_numbers_back(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct teller tellers[TELLERS];
        pthread_t ids[TELLERS];
        void *well;

        (void)state;
        for (uint32_t i = 0; i < TELLERS; i++) {
                tellers[i] = (struct teller){w->store, i + 1};
                assert_int_equal(pthread_create(&ids[i], NULL, tell_and_fail, &tellers[i]), 0);
        }
        for (uint32_t i = 0; i < TELLERS; i++) {
                assert_int_equal(pthread_join(ids[i], &well), 0);
                assert_non_null(well);
        }
        assert_int_equal(log_mentions(w->store, 99, WHOLE), 0);
        assert_int_equal(log_is_whole(w->store), TELLERS * (EACH + 1));
}

/* The tree --------------------------------------------------------------------- */

static enum err take_leaf(void *ctx, const struct stored_entry *e)
{
        struct digest *leaves = ctx;

        leaf_hash(e->number, e->at_ms, e->kind, &e->commitment, &leaves[e->number]);
        return ERR_OK;
}

static void check_proofs(struct store *s, const struct digest *leaves, uint64_t size)
{
        static const uint64_t from_end[] = {1, 2, 255, 256, 257, 300, 65535, 65536, 65537};
        struct merkle_edge edge = {.size = 0};
        struct merkle_proof proof;
        struct digest root, stored, before;

        for (uint64_t i = 0; i < size; i++)
                merkle_push(&edge, &leaves[i]);
        merkle_root(&edge, &root);
        assert_int_equal(store_log_root(s, size, &stored), ERR_OK);
        assert_true(digest_equal(&root, &stored));
        for (unsigned i = 0; i < ARRAY_LEN(from_end); i++) {
                uint64_t at = from_end[i] <= size ? size - from_end[i] : 0;

                assert_int_equal(store_log_inclusion(s, at, size, &proof), ERR_OK);
                assert_int_equal(
                        merkle_check_inclusion(&leaves[at], at, size, &proof, &root), ERR_OK);
                assert_int_equal(store_log_root(s, at, &before), ERR_OK);
                assert_int_equal(store_log_consistency(s, at, size, &proof), ERR_OK);
                assert_int_equal(
                        merkle_check_consistency(at, &before, size, &root, &proof), ERR_OK);
        }
}

static void proofs_over_any_size_are_those_of_the_leaves(void **state)
{
        static const uint64_t sizes[] = {
                1, 2, 255, 256, 257, 511, 512, 513, 1000, 4096, 65535, 65536, 65537, 66000};
        OWNED(world_free) struct world *w = world_new();
        struct digest *leaves = calloc(66000, sizeof *leaves);
        struct merkle_proof proof;

        (void)state;
        assert_non_null(leaves);
        log_fill(w->store, 0, 66000);
        assert_int_equal(store_entries(w->store, 0, 66000, take_leaf, leaves), ERR_OK);
        for (unsigned i = 0; i < ARRAY_LEN(sizes); i++)
                check_proofs(w->store, leaves, sizes[i]);
        world_reopen(w);
        check_proofs(w->store, leaves, 66000);
        assert_int_equal(store_log_inclusion(w->store, 0, 66001, &proof), ERR_INVALID);
        assert_int_equal(store_log_inclusion(w->store, 66000, 66000, &proof), ERR_INVALID);
        assert_int_equal(store_log_consistency(w->store, 66001, 66001, &proof), ERR_INVALID);
        free(leaves);
}

static void spoiled_rows_of_the_tree_are_made_anew_from_the_entries(void **state)
{
        static const char *const spoils[] = {
                "UPDATE subtree SET hash = zeroblob(32) WHERE level = 8 AND place = 1",
                "UPDATE subtree SET hash = zeroblob(32) WHERE level = 16",
                "DELETE FROM subtree WHERE level = 8 AND place = 2", "DELETE FROM subtree"};
        OWNED(world_free) struct world *w = world_new();
        struct merkle_edge edge;
        struct digest root, now;

        (void)state;
        log_fill(w->store, 0, 65536 + 700);
        store_log_edge(w->store, &edge);
        merkle_root(&edge, &root);
        for (unsigned i = 0; i < ARRAY_LEN(spoils); i++) {
                store_close(&w->store);
                sql(w->path, spoils[i]);
                assert_int_equal(store_open(w->path, &w->store), ERR_OK);
                assert_int_equal(store_log_remake(w->store), ERR_OK);
                store_log_edge(w->store, &edge);
                merkle_root(&edge, &now);
                assert_true(digest_equal(&root, &now));
                assert_int_equal(log_is_whole(w->store), 65536 + 700);
        }
}

static void a_log_with_a_hole_opens_and_takes_no_more(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct log_word word;
        struct entry_draft e = log_draft(&word, 1, WHOLE);
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out;
        struct merkle_edge edge;
        uint64_t number, size;

        (void)state;
        log_fill(w->store, 0, 700);
        store_close(&w->store);
        sql(w->path, "DELETE FROM entry WHERE number = 600");
        assert_int_equal(store_open(w->path, &w->store), ERR_OK);
        store_log_edge(w->store, &edge);
        assert_int_equal(edge.size, 0);
        assert_int_equal(store_log_size(w->store, &size), ERR_OK);
        assert_int_equal(size, 700);
        assert_int_equal(store_entry_append(w->store, &e, &number), ERR_LOG_CHANGED);
        assert_int_equal(open_delivery(w->store, 1), ERR_LOG_CHANGED);
        assert_int_equal(store_submission_find(w->store, &d.id, &out), ERR_NOT_FOUND);
        assert_int_equal(store_log_remake(w->store), ERR_CORRUPT);
}

/* Reading ---------------------------------------------------------------------- */

struct order {
        uint64_t expected, seen, stop_after;
        int step;
};

static enum err in_order(void *ctx, const struct stored_entry *e)
{
        struct order *o = ctx;
        char text[LOG_WORD_LEN];

        assert_int_equal(e->number, o->expected);
        log_text((uint32_t)e->number, true, text);
        assert_int_equal(count_in(e->closed, bytes_of_text(text)), LOG_CLOSED_TIMES);
        o->expected = o->step > 0 ? o->expected + 1 : o->expected - 1;
        o->seen++;
        return o->seen == o->stop_after ? ERR_CANCELLED : ERR_OK;
}

static void entries_are_read_forwards_and_backwards_and_as_far_as_wanted(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct order o;

        (void)state;
        log_fill(w->store, 0, 3000);
        o = (struct order){.expected = 10, .step = 1};
        assert_int_equal(store_entries(w->store, 10, 2990, in_order, &o), ERR_OK);
        assert_int_equal(o.seen, 2980);
        o = (struct order){.expected = 2989, .step = -1};
        assert_int_equal(store_entries(w->store, 2990, 10, in_order, &o), ERR_OK);
        assert_int_equal(o.seen, 2980);
        o = (struct order){.expected = 0, .step = 1, .stop_after = 1500};
        assert_int_equal(store_entries(w->store, 0, UINT64_MAX, in_order, &o), ERR_OK);
        assert_int_equal(o.seen, 1500);
        o = (struct order){.step = 1};
        assert_int_equal(store_entries(w->store, 5, 5, in_order, &o), ERR_OK);
        assert_int_equal(store_entries(w->store, 4000, 9000, in_order, &o), ERR_OK);
        assert_int_equal(o.seen, 0);
}

/* What removes waits until nobody reads. */
static enum err remove_meanwhile(void *ctx, const struct stored_entry *e)
{
        struct world *w = ctx;
        uint32_t expired;

        return e->number % 100 == 0 ? store_expire(w->store, 0, NULL, &expired) : ERR_OK;
}

static void who_reads_entries_may_write(void **state)
{
        OWNED(world_free) struct world *w = world_new();

        (void)state;
        log_fill(w->store, 0, 300);
        assert_int_equal(store_entries(w->store, 0, 300, remove_meanwhile, w), ERR_OK);
        assert_int_equal(store_entries(w->store, 300, 0, remove_meanwhile, w), ERR_OK);
}

static void of_heads_the_newest_is_kept_and_one_of_each_minute(void **state)
{
        static const int64_t seconds[] = {0, 10, 59, 60, 61, 119, 121, 122};
        static const uint64_t kept[] = {1, 4, 7, 8};
        OWNED(world_free) struct world *w = world_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct tree_head *heads, head = {.key_id = "abcd"};
        uint32_t len;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(seconds); i++) {
                head.size = i + 1;
                head.at_ms = seconds[i] * 1000;
                head.root.bytes[0] = (uint8_t)i;
                head.signature[63] = (uint8_t)i;
                assert_int_equal(store_head_put(w->store, &head), ERR_OK);
        }
        world_reopen(w);
        assert_int_equal(store_heads(w->store, 0, 0, a, &heads, &len), ERR_OK);
        assert_int_equal(len, ARRAY_LEN(kept));
        for (uint32_t i = 0; i < len; i++)
                assert_int_equal(heads[i].size, kept[i]);
        assert_memory_equal(&heads[3].root, &head.root, sizeof head.root);
        assert_memory_equal(heads[3].signature, head.signature, sizeof head.signature);
        assert_string_equal(heads[3].key_id, "abcd");
        assert_int_equal(store_heads(w->store, 4, 2, a, &heads, &len), ERR_OK);
        assert_int_equal(len, 2);
        assert_int_equal(heads[0].size, 4);
}

/* Pruning ---------------------------------------------------------------------- */

struct prunedness {
        uint64_t before;
        bool all; /* kinds; else the first alone */
        unsigned pruned;
};

static enum err count_pruned(void *ctx, const struct stored_entry *e)
{
        struct prunedness *p = ctx;
        char text[LOG_WORD_LEN];

        assert_int_equal(e->pruned, e->number < p->before && (p->all || e->kind == 1));
        p->pruned += e->pruned;
        if (e->pruned) {
                assert_int_equal(e->open.len + e->closed.len, 0);
                assert_int_equal(e->open_salt[0] | e->closed_salt[0], 0);
                return ERR_OK;
        }
        log_text((uint32_t)e->number, false, text);
        assert_true(bytes_is_text(e->open, text));
        return ERR_OK;
}

static unsigned text_in_files(const struct world *w, const char *text)
{
        OWNED(buf_done) struct buf b = {.ceiling = 0};
        struct bytes all;

        files_read(w, &b);
        assert_int_equal(buf_end(&b, &all), ERR_OK);
        return count_in(all, bytes_of_text(text));
}

/* Whether this is the text of an entry from..to-1, one in `step` of them. */
static bool is_wanted(const uint8_t *at, uint32_t from, uint32_t to, uint32_t step)
{
        char text[LOG_WORD_LEN] = {0};
        unsigned long n;

        memcpy(text, at, sizeof "closed/00000000/00000000" - 1);
        n = strtoul(text + 7, NULL, 16); /* up to the second stroke */
        if (n < from || n >= to || (n - from) % step != 0)
                return false;
        char whole[LOG_WORD_LEN];

        log_text((uint32_t)n, text[0] == 'c', whole);
        return strcmp(whole, text) == 0;
}

/* How often such texts stand in the store's files. */
static unsigned texts_in_files(const struct world *w, uint32_t from, uint32_t to, uint32_t step)
{
        static const char *const heads[] = {"closed/", "opened/"};
        OWNED(buf_done) struct buf b = {.ceiling = 0};
        struct bytes all;
        unsigned found = 0;

        files_read(w, &b);
        for (int i = 0; i < LOG_WORD_LEN; i++)
                put_u8(&b, 0);
        assert_int_equal(buf_end(&b, &all), ERR_OK);
        /* Under sanitizers memmem looks at all that follows, each time. */
        for (size_t at = 0; at + LOG_WORD_LEN <= all.len; at++)
                for (unsigned i = 0; i < ARRAY_LEN(heads); i++)
                        if (all.data[at + 6] == '/' && memcmp(all.data + at, heads[i], 7) == 0)
                                found += is_wanted(all.data + at, from, to, step);
        return found;
}

static void what_is_pruned_is_in_no_file_and_the_tree_stays(void **state)
{
        enum { SIZE = 9000, BEFORE = 8500 };
        OWNED(world_free) struct world *w = world_new();
        struct prunedness p = {.before = BEFORE};
        struct merkle_edge edge;
        uint64_t pruned;

        (void)state;
        log_fill(w->store, 0, SIZE);
        assert_true(texts_in_files(w, 1, 400, 101) > 0);
        assert_int_equal(store_entries_prune(w->store, BEFORE, UINT64_C(1) << 1, &pruned), ERR_OK);
        assert_int_equal(pruned, BEFORE / 2);
        assert_int_equal(texts_in_files(w, 0, BEFORE, 2), 0);
        assert_true(texts_in_files(w, 1, BEFORE, 100) > 0);
        assert_int_equal(log_is_whole(w->store), SIZE);
        assert_int_equal(store_entries(w->store, 0, SIZE, count_pruned, &p), ERR_OK);
        assert_int_equal(p.pruned, BEFORE / 2);
        assert_int_equal(store_entries_prune(w->store, BEFORE, UINT64_C(1) << 1, &pruned), ERR_OK);
        assert_int_equal(pruned, 0);
        /* The other kind later, and more entries in between: nothing was left behind by the first.
         */
        log_fill(w->store, SIZE, 2000);
        assert_int_equal(store_entries_prune(w->store, SIZE, UINT64_C(3) << 1, &pruned), ERR_OK);
        assert_int_equal(pruned, SIZE - BEFORE / 2);
        assert_int_equal(texts_in_files(w, 0, SIZE, 1), 0);
        world_reopen(w);
        assert_int_equal(log_is_whole(w->store), SIZE + 2000);
        store_log_edge(w->store, &edge);
        assert_int_equal(
                store_entries_prune(w->store, edge.size + 1, UINT64_MAX, &pruned), ERR_INVALID);
}

/* Of all entries: how long what they say is, or was. */
static int64_t words_at_rest(const char *path)
{
        static const char ask[] = "SELECT sum(length(salts) + length(open) + length(closed)) "
                                  "FROM entry";
        sqlite3 *db = NULL;
        sqlite3_stmt *s = NULL;

        assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, ask, -1, &s, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        int64_t sum = sqlite3_column_int64(s, 0);

        (void)sqlite3_finalize(s);
        (void)sqlite3_close(db);
        return sum;
}

/* Rows keep their length, or cells would move and leave copies behind. */
static void a_log_that_says_nothing_any_more_goes_on(void **state)
{
        enum { SIZE = 700, ALL = 1000 };
        OWNED(world_free) struct world *w = world_new();
        struct prunedness p = {.before = SIZE, .all = true};
        struct merkle_edge edge;
        struct merkle_proof proof;
        struct digest before, root;
        uint64_t pruned;

        (void)state;
        log_fill(w->store, 0, SIZE);
        store_log_edge(w->store, &edge);
        merkle_root(&edge, &before);
        int64_t words = words_at_rest(w->path);

        assert_int_equal(store_entries_prune(w->store, SIZE, UINT64_MAX, &pruned), ERR_OK);
        assert_int_equal(pruned, SIZE);
        assert_int_equal(texts_in_files(w, 0, SIZE, 1), 0);
        assert_int_equal(words_at_rest(w->path), words);
        world_reopen(w);
        assert_int_equal(log_is_whole(w->store), SIZE);
        log_fill(w->store, SIZE, ALL - SIZE);
        world_reopen(w);
        assert_int_equal(log_is_whole(w->store), ALL);
        assert_int_equal(store_log_root(w->store, ALL, &root), ERR_OK);
        assert_int_equal(store_log_consistency(w->store, SIZE, ALL, &proof), ERR_OK);
        assert_int_equal(merkle_check_consistency(SIZE, &before, ALL, &root, &proof), ERR_OK);
        assert_int_equal(store_entries(w->store, 0, ALL, count_pruned, &p), ERR_OK);
        assert_int_equal(p.pruned, SIZE);
        assert_int_equal(store_entries_prune(w->store, ALL, UINT64_MAX, &pruned), ERR_OK);
        assert_int_equal(pruned, ALL - SIZE);
        assert_int_equal(texts_in_files(w, 0, ALL, 1), 0);
        assert_int_equal(log_is_whole(w->store), ALL);
}

static void long_entries_are_pruned_to_their_last_page(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        static char words[40000];
        struct entry_draft e = {.kind = 5, .closed = bytes_of(words, sizeof words)};
        uint64_t number, pruned;

        (void)state;
        for (uint32_t n = 0; n < 12; n++) {
                for (size_t i = 0; i + LOG_WORD_LEN <= sizeof words; i += LOG_WORD_LEN)
                        log_text(n, true, words + i);
                assert_int_equal(store_entry_append(w->store, &e, &number), ERR_OK);
                log_fill(w->store, (uint32_t)number + 1, 1);
        }
        assert_true(text_in_files(w, "closed/00000003/") > 100);
        assert_int_equal(store_entries_prune(w->store, 24, UINT64_C(1) << 5, &pruned), ERR_OK);
        assert_int_equal(pruned, 12);
        for (uint32_t n = 0; n < 12; n++) {
                char text[LOG_WORD_LEN];

                log_text(n, true, text);
                assert_int_equal(text_in_files(w, text), n % 2 == 1 ? LOG_CLOSED_TIMES : 0);
        }
        assert_int_equal(log_is_whole(w->store), 24);
}

/* Whether what was armed is armed still: then each point has failed once. */
static bool never_reached(const char *site)
{
        bool over = !fault_arm(site, 1);

        fault_disarm();
        return over;
}

static void pruning_that_fails_half_way_goes_on_where_it_stopped(void **state)
{
        unsigned failures = 0;

        (void)state;
        for (unsigned nth = 0;; nth++) {
                OWNED(world_free) struct world *w = world_new();
                uint64_t pruned;

                log_fill(w->store, 0, 4200);
                (void)fault_arm("any", nth);
                enum err e = store_entries_prune(w->store, 4200, UINT64_MAX, &pruned);
                bool over = never_reached("any");

                failures += e != ERR_OK;
                world_reopen(w);
                assert_int_equal(store_entries_prune(w->store, 4200, UINT64_MAX, &pruned), ERR_OK);
                assert_int_equal(texts_in_files(w, 0, 4200, 7), 0);
                assert_int_equal(log_is_whole(w->store), 4200);
                if (over)
                        break;
        }
        assert_true(failures > 3);
}

/* Faults ----------------------------------------------------------------------- */

/* Opening, three batches and a commit, each told of. What was acknowledged is counted. */
static unsigned tell_story(struct store *s)
{
        bool replayed;
        unsigned done = 0;

        if (open_delivery(s, 1) != ERR_OK)
                return 0;
        for (uint32_t i = 0; i < 3; i++) {
                if (put(s, 1, i, &replayed) != ERR_OK)
                        return done;
                done = i + 1;
        }
        return done;
}

static uint32_t batches_there(struct store *s)
{
        struct submission_id id = id_of(1);
        struct stored_submission out;

        return store_submission_find(s, &id, &out) == ERR_OK ? batches_read(s, 1, LEN) : 0;
}

/* After a failed sync the store has to be opened anew; after a failed write it goes on. */
static void fail_at_every_point(const char *site, bool reopened, unsigned least)
{
        unsigned failures = 0;

        for (unsigned nth = 0;; nth++) {
                OWNED(world_free) struct world *w = world_new();

                log_fill(w->store, 0, 254); /* a block fills on the way */
                (void)fault_arm(site, nth);
                unsigned done = tell_story(w->store);
                bool over = never_reached(site);

                failures += done < 3;
                (void)log_is_whole(w->store);
                if (reopened)
                        world_reopen(w);
                (void)log_is_whole(w->store);
                for (uint32_t i = 0; i < 3; i++) {
                        unsigned told = log_mentions(w->store, 1, (int32_t)i);

                        assert_true(i < done ? told == 1 : told <= 1);
                        assert_int_equal(told, i < batches_there(w->store));
                }
                assert_int_equal(tell_story(w->store), 3);
                assert_int_equal(log_is_whole(w->store), 258);
                world_reopen(w);
                assert_int_equal(log_is_whole(w->store), 258);
                if (over)
                        break;
        }
        assert_true(failures >= least);
}

static void any_write_may_fail_and_log_and_batches_agree(void **state)
{
        (void)state;
        fail_at_every_point("write", false, 4);
}

static void any_sync_may_fail_and_log_and_batches_agree(void **state)
{
        (void)state;
        /* Where the writer has time between two jobs it tidies up; no job fails for that sync. */
        fail_at_every_point("sync", true, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(entries_are_numbered_from_zero_and_survive_a_restart),
                cmocka_unit_test(a_clock_that_is_put_back_does_not_put_the_log_back),
                cmocka_unit_test(an_entry_without_a_kind_or_too_long_is_refused),
                cmocka_unit_test(a_replay_and_a_refusal_leave_no_entry),
                cmocka_unit_test(each_change_has_one_entry_and_what_is_done_already_has_none),
                cmocka_unit_test(jobs_that_fail_beside_others_give_their_numbers_back),
                cmocka_unit_test(proofs_over_any_size_are_those_of_the_leaves),
                cmocka_unit_test(spoiled_rows_of_the_tree_are_made_anew_from_the_entries),
                cmocka_unit_test(a_log_with_a_hole_opens_and_takes_no_more),
                cmocka_unit_test(entries_are_read_forwards_and_backwards_and_as_far_as_wanted),
                cmocka_unit_test(who_reads_entries_may_write),
                cmocka_unit_test(of_heads_the_newest_is_kept_and_one_of_each_minute),
                cmocka_unit_test(what_is_pruned_is_in_no_file_and_the_tree_stays),
                cmocka_unit_test(a_log_that_says_nothing_any_more_goes_on),
                cmocka_unit_test(long_entries_are_pruned_to_their_last_page),
                cmocka_unit_test(pruning_that_fails_half_way_goes_on_where_it_stopped),
                cmocka_unit_test(any_write_may_fail_and_log_and_batches_agree),
                cmocka_unit_test(any_sync_may_fail_and_log_and_batches_agree),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
