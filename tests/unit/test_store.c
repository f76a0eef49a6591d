/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c: what was acknowledged is there, once, whatever came between. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "crypto/digest.h"
#include "gateway/store/store.h"
#include "tests/support/store_world.h"

enum { LEN = 3000, LONG = 100000 };

/* Deliveries --------------------------------------------------------------- */

static void a_delivery_is_there_after_reopening(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out;

        (void)state;
        deliver(w->store, &d, 1, 5, LONG);
        world_reopen(w);
        assert_int_equal(batches_read(w->store, 1, LONG), 5);
        assert_int_equal(store_submission_find(w->store, &d.id, &out), ERR_OK);
        assert_int_equal(out.state, SUBMISSION_COMMITTED);
        assert_int_equal(out.municipality, 114);
        assert_string_equal(out.dataset, "placering");
        assert_int_equal(out.period.first, d.period.first);
        assert_int_equal(out.opened_at_ms, d.opened_at_ms);
        assert_int_equal(out.committed_at_ms, 5001);
        assert_int_equal(out.commit_number, 1);
        assert_int_equal(out.batches, 5);
        assert_int_equal(out.accepted, 100 + 101 + 102 + 103 + 104);
        assert_int_equal(out.rejected, 0 + 1 + 2 + 3 + 4);
}

static void opening_again_finds_the_same_or_conflicts(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out, other;

        (void)state;
        assert_int_equal(store_submission_open(w->store, &d, NULL, &out), ERR_OK);
        assert_int_equal(out.state, SUBMISSION_OPEN);
        other = d;
        other.opened_at_ms = 99;
        assert_int_equal(store_submission_open(w->store, &other, NULL, &out), ERR_OK);
        assert_int_equal(out.opened_at_ms, d.opened_at_ms);
        other = d;
        other.municipality = 115;
        assert_int_equal(store_submission_open(w->store, &other, NULL, &out), ERR_CONFLICT);
        other = d;
        other.mode = DELIVERY_REPLACE;
        assert_int_equal(store_submission_open(w->store, &other, NULL, &out), ERR_CONFLICT);
        other = d;
        other.period.last++;
        assert_int_equal(store_submission_open(w->store, &other, NULL, &out), ERR_CONFLICT);
        other = d;
        other.all_or_nothing = true;
        assert_int_equal(store_submission_open(w->store, &other, NULL, &out), ERR_CONFLICT);
        other = d;
        strcpy(other.dataset, "anmalan");
        assert_int_equal(store_submission_open(w->store, &other, NULL, &out), ERR_CONFLICT);
        d.id = id_of(77);
        assert_int_equal(store_submission_find(w->store, &d.id, &out), ERR_NOT_FOUND);
}

static enum err put(struct store *s, const struct stored_batch *b, bool *replayed)
{
        uint32_t rows, rejected;
        enum err e = store_batch_put(s, b, NULL, replayed, &rows, &rejected);

        if (e == ERR_OK) {
                assert_int_equal(rows, 100 + b->sequence);
                assert_int_equal(rejected, b->sequence % 7);
        }
        return e;
}

static void a_batch_comes_once_whatever_the_client_repeats(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out;
        uint8_t sealed[LEN + MARKER_LEN];
        struct stored_batch b;
        bool replayed = false;

        (void)state;
        b = batch_of(1, 0, sealed, LEN);
        assert_int_equal(put(w->store, &b, &replayed), ERR_NOT_FOUND);
        open_and_fill(w->store, &d, 1, 3, LEN);
        /* Sealing is randomised: the bytes may differ, the receipt says it is the same. */
        b = batch_of(1, 1, sealed, LEN);
        sealed[5] ^= 1;
        assert_int_equal(put(w->store, &b, &replayed), ERR_OK);
        assert_true(replayed);
        b.receipt.bytes[0] ^= 1;
        assert_int_equal(put(w->store, &b, &replayed), ERR_CONFLICT);
        b = batch_of(1, 4, sealed, LEN);
        assert_int_equal(put(w->store, &b, &replayed), ERR_OUT_OF_ORDER);
        b.sequence = BATCHES_MAX;
        assert_int_equal(put(w->store, &b, &replayed), ERR_LIMIT);
        assert_int_equal(commit(w->store, 1, &out), ERR_OK);
        b = batch_of(1, 2, sealed, LEN);
        assert_int_equal(put(w->store, &b, &replayed), ERR_OK);
        assert_true(replayed);
        b = batch_of(1, 3, sealed, LEN);
        assert_int_equal(put(w->store, &b, &replayed), ERR_CLOSED);
        assert_int_equal(batches_read(w->store, 1, LEN), 3);
        assert_int_equal(store_submission_find(w->store, &d.id, &out), ERR_OK);
        assert_int_equal(out.accepted, 303);
}

static void a_commit_is_one_commit_however_often_it_is_asked_for(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), first, again;
        struct digest wrong = {{1}};

        (void)state;
        open_and_fill(w->store, &d, 1, 2, LEN);
        assert_int_equal(store_submission_commit(w->store, &d.id, &wrong, 0, 1, NULL, &first),
                ERR_COMMIT_MISMATCH);
        assert_int_equal(commit(w->store, 1, &first), ERR_OK);
        world_reopen(w);
        assert_int_equal(
                store_submission_commit(w->store, &d.id, &first.digest, 0, 77777, NULL, &again),
                ERR_OK);
        assert_int_equal(again.committed_at_ms, first.committed_at_ms);
        assert_int_equal(again.commit_number, first.commit_number);
        assert_int_equal(
                store_submission_commit(w->store, &d.id, &wrong, 0, 1, NULL, &again), ERR_CONFLICT);
        d.id = id_of(9);
        assert_int_equal(store_submission_commit(w->store, &d.id, &wrong, 0, 1, NULL, &again),
                ERR_NOT_FOUND);
}

static void what_the_sender_turned_away_is_said_once_for_all(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out;
        struct digest *receipts, sum;
        uint32_t len;

        (void)state;
        open_and_fill(w->store, &d, 1, 2, LEN);
        assert_int_equal(store_receipts(w->store, &d.id, a, &receipts, &len), ERR_OK);
        digest_of(bytes_of(receipts, sizeof(*receipts) * len), &sum);
        assert_int_equal(store_submission_commit(
                                 w->store, &d.id, &sum, SUBMISSION_ROWS_MAX + 1, 1, NULL, &out),
                ERR_LIMIT);
        assert_int_equal(
                store_submission_commit(w->store, &d.id, &sum, SUBMISSION_ROWS_MAX, 1, NULL, &out),
                ERR_OK);
        assert_int_equal(out.turned_away, SUBMISSION_ROWS_MAX);
        world_reopen(w);
        assert_int_equal(
                store_submission_commit(w->store, &d.id, &sum, 0, 2, NULL, &out), ERR_CONFLICT);
        assert_int_equal(
                store_submission_commit(w->store, &d.id, &sum, SUBMISSION_ROWS_MAX, 2, NULL, &out),
                ERR_OK);
        assert_int_equal(store_submission_find(w->store, &d.id, &out), ERR_OK);
        assert_int_equal(out.turned_away, SUBMISSION_ROWS_MAX);
}

static void receipts_come_in_sequence(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND);
        struct digest *receipts;
        uint32_t len;

        (void)state;
        open_and_fill(w->store, &d, 1, 20, 10);
        assert_int_equal(store_receipts(w->store, &d.id, a, &receipts, &len), ERR_OK);
        assert_int_equal(len, 20);
        for (uint32_t i = 0; i < len; i++) {
                struct digest want = receipt_of(&d.id, i);

                assert_true(digest_equal(&receipts[i], &want));
        }
}

static enum submission_state state_of(struct store *s, uint32_t n)
{
        struct stored_submission out;
        struct submission_id id = id_of(n);

        assert_int_equal(store_submission_find(s, &id, &out), ERR_OK);
        return out.state;
}

static void replacing_takes_the_place_of_the_same_period_and_no_other(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d;

        (void)state;
        d = delivery(1, 114, DELIVERY_APPEND);
        deliver(w->store, &d, 1, 2, LEN);
        d = delivery(2, 114, DELIVERY_APPEND);
        d.period = (struct period){d.period.last + 1, d.period.last + 31};
        deliver(w->store, &d, 2, 2, LEN);
        d = delivery(3, 115, DELIVERY_APPEND);
        deliver(w->store, &d, 3, 2, LEN);
        d = delivery(4, 114, DELIVERY_APPEND);
        strcpy(d.dataset, "anmalan");
        deliver(w->store, &d, 4, 2, LEN);
        d = delivery(5, 114, DELIVERY_APPEND);
        open_and_fill(w->store, &d, 5, 2, LEN);
        d = delivery(6, 114, DELIVERY_APPEND);
        d.period = (struct period){d.period.last, d.period.last};
        deliver(w->store, &d, 6, 1, LEN);
        d = delivery(7, 114, DELIVERY_REPLACE);
        deliver(w->store, &d, 7, 2, LEN);
        assert_int_equal(state_of(w->store, 1), SUBMISSION_REPLACED);
        assert_int_equal(state_of(w->store, 2), SUBMISSION_COMMITTED);
        assert_int_equal(state_of(w->store, 3), SUBMISSION_COMMITTED);
        assert_int_equal(state_of(w->store, 4), SUBMISSION_COMMITTED);
        assert_int_equal(state_of(w->store, 5), SUBMISSION_OPEN);
        assert_int_equal(state_of(w->store, 6), SUBMISSION_REPLACED);
        assert_int_equal(state_of(w->store, 7), SUBMISSION_COMMITTED);
        d = delivery(8, 114, DELIVERY_APPEND);
        deliver(w->store, &d, 8, 1, LEN);
        assert_int_equal(state_of(w->store, 7), SUBMISSION_COMMITTED);
}

static void counting_counts_what_is_committed(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND);
        struct store_counts c;

        (void)state;
        deliver(w->store, &d, 1, 2, LONG);
        d = delivery(2, 114, DELIVERY_APPEND);
        open_and_fill(w->store, &d, 2, 1, LEN);
        assert_int_equal(store_count(w->store, &c), ERR_OK);
        assert_int_equal(c.open, 1);
        assert_int_equal(c.committed, 1);
        assert_int_equal(c.records_committed, 201);
        assert_true(c.bytes > 2 * LONG);
}

/* Many at once ------------------------------------------------------------- */

enum { THREADS = 8, EACH = 40 };

struct crowd {
        struct store *store;
        uint32_t n;
        enum err error;
};

static enum err crowd_deliver(struct crowd *c)
{
        uint8_t sealed[LEN + MARKER_LEN];
        struct stored_submission d = delivery(c->n, (municipality_t)(100 + c->n), DELIVERY_APPEND),
                                 out;

        TRY(store_submission_open(c->store, &d, NULL, &out));
        for (uint32_t i = 0; i < EACH; i++) {
                struct stored_batch b = batch_of(c->n, i, sealed, LEN), bad = b;
                uint32_t rows, rejected;
                bool replayed;

                TRY(store_batch_put(c->store, &b, NULL, &replayed, &rows, &rejected));
                /* One that fails, in the same group as good ones of others. */
                bad.receipt.bytes[0] ^= 1;
                if (store_batch_put(c->store, &bad, NULL, &replayed, &rows, &rejected) !=
                        ERR_CONFLICT)
                        return ERR_INTERNAL;
        }
        return commit(c->store, c->n, &out);
}

static void *crowd_main(void *arg)
{
        struct crowd *c = arg;

        c->error = crowd_deliver(c);
        return NULL;
}

static void eight_threads_share_commits_and_do_not_fail_each_other(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct crowd crowd[THREADS];
        pthread_t threads[THREADS];
        uint64_t numbers = 0;

        (void)state;
        for (uint32_t i = 0; i < THREADS; i++) {
                crowd[i] = (struct crowd){w->store, i + 1, ERR_INTERNAL};
                assert_int_equal(pthread_create(&threads[i], NULL, crowd_main, &crowd[i]), 0);
        }
        for (uint32_t i = 0; i < THREADS; i++) {
                pthread_join(threads[i], NULL);
                assert_int_equal(crowd[i].error, ERR_OK);
        }
        for (uint32_t i = 1; i <= THREADS; i++) {
                struct stored_submission out;
                struct submission_id id = id_of(i);

                assert_int_equal(batches_read(w->store, i, LEN), EACH);
                assert_int_equal(store_submission_find(w->store, &id, &out), ERR_OK);
                numbers |= 1U << out.commit_number;
        }
        assert_int_equal(numbers, 0x1fe);
}

struct reading {
        struct store *store;
        _Atomic bool stop;
        enum err error;
        unsigned scans;
};

static void *read_main(void *arg)
{
        struct reading *r = arg;
        struct submission_id id = id_of(1);

        while (!r->stop && r->error == ERR_OK) {
                OWNED(store_cursor_free) struct store_cursor *c = NULL;
                struct stored_batch b;
                enum err e = store_batches(r->store, &id, &c);

                while (e == ERR_OK)
                        e = store_next(c, &b);
                r->error = e == ERR_NOT_FOUND ? ERR_OK : e;
                r->scans++;
        }
        return NULL;
}

static void readers_read_beside_the_writer(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND);
        struct reading r = {.store = w->store};
        pthread_t reader;
        uint32_t n, revised;

        (void)state;
        deliver(w->store, &d, 1, 10, LONG);
        assert_int_equal(pthread_create(&reader, NULL, read_main, &r), 0);
        for (n = 2; n < 12; n++) {
                d = delivery(n, 115, DELIVERY_APPEND);
                deliver(w->store, &d, n, 5, LONG);
                /* Empties the log under the reader's feet. */
                assert_int_equal(store_expire(w->store, 0, NULL, &revised), ERR_OK);
        }
        r.stop = true;
        pthread_join(reader, NULL);
        assert_int_equal(r.error, ERR_OK);
        assert_true(r.scans > 0);
}

/* Damage ------------------------------------------------------------------- */

static void overwrite(const char *path, off_t at, const void *data, size_t len)
{
        int fd = open(path, O_WRONLY);

        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, data, len, at), (ssize_t)len);
        close(fd);
}

static struct world *world_with_delivery(void)
{
        struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND);

        deliver(w->store, &d, 1, 4, LONG);
        store_close(&w->store);
        return w;
}

static void a_second_gateway_is_told_at_once(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct store *second = NULL;

        (void)state;
        assert_int_equal(store_open(w->path, &second), ERR_IN_USE);
        assert_null(second);
        world_reopen(w);
}

static void a_newer_store_is_refused_and_left_alone(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        const uint8_t newer[4] = {0, 0, 0, 11}, ours[4] = {0, 0, 0, 10};

        (void)state;
        overwrite(w->path, 60, newer, 4);
        assert_int_equal(store_open(w->path, &w->store), ERR_UNSUPPORTED);
        overwrite(w->path, 60, ours, 4);
        assert_int_equal(store_open(w->path, &w->store), ERR_OK);
        assert_int_equal(batches_read(w->store, 1, LONG), 4);
}

static void somebody_elses_database_is_refused(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        const uint8_t other[4] = {1, 2, 3, 4};

        (void)state;
        overwrite(w->path, 68, other, 4);
        assert_int_equal(store_open(w->path, &w->store), ERR_CORRUPT);
}

static void a_damaged_head_a_short_file_and_an_empty_one_are_damage(void **state)
{
        (void)state;
        for (int kind = 0; kind < 5; kind++) {
                OWNED(world_free) struct world *w = world_with_delivery();

                if (kind == 0)
                        overwrite(w->path, 0, "garbage, all of it", 18);
                if (kind == 1)
                        assert_int_equal(truncate(w->path, 32768 * 5), 0);
                if (kind == 2)
                        assert_int_equal(truncate(w->path, 0), 0);
                if (kind == 3)
                        assert_int_equal(truncate(w->path, 50), 0);
                if (kind == 4) /* the root of the first table's tree */
                        overwrite(w->path, 32768, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
                assert_int_equal(store_open(w->path, &w->store), ERR_CORRUPT);
                assert_null(w->store);
        }
}

static void a_log_without_its_database_is_damage(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        char log[120];

        (void)state;
        (void)snprintf(log, sizeof log, "%s-wal", w->path);
        assert_int_equal(rename(w->path, log), 0);
        assert_int_equal(store_open(w->path, &w->store), ERR_CORRUPT);
}

/* Finds the seal of a batch in the file and changes one byte in its middle. */
static void damage_seal(const char *path, uint32_t n, uint32_t sequence)
{
        struct submission_id id = id_of(n);
        uint8_t marker[MARKER_LEN], page[32768];
        int fd = open(path, O_RDONLY);
        off_t at = 0;

        marker_of(&id, sequence, marker);
        for (;; at += (off_t)sizeof page) {
                assert_int_equal(pread(fd, page, sizeof page, at), sizeof page);
                uint8_t *found = memmem(page, sizeof page, marker, MARKER_LEN);

                if (found == NULL)
                        continue;
                close(fd);
                overwrite(path, at + (found - page) + 7, "X", 1);
                return;
        }
}

static void one_changed_byte_of_a_seal_is_seen_when_it_is_read(void **state)
{
        OWNED(world_free) struct world *w = world_with_delivery();
        OWNED(store_cursor_free) struct store_cursor *c = NULL;
        struct submission_id id = id_of(1);
        struct stored_batch b;

        (void)state;
        damage_seal(w->path, 1, 2);
        assert_int_equal(store_open(w->path, &w->store), ERR_OK);
        assert_int_equal(store_batches(w->store, &id, &c), ERR_OK);
        assert_int_equal(store_next(c, &b), ERR_OK);
        assert_int_equal(store_next(c, &b), ERR_OK);
        assert_int_equal(store_next(c, &b), ERR_CORRUPT);
        assert_int_equal(store_next(c, &b), ERR_CORRUPT);
}

static void a_folder_that_is_not_there_cannot_be_read(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct store *s = NULL;
        char lock[80];

        (void)state;
        (void)snprintf(lock, sizeof lock, "%s.lock", w->folder);
        assert_int_equal(store_open("/nonexistent/statgate.db", &s), ERR_UNREADABLE);
        assert_int_equal(store_open(w->folder, &s), ERR_UNREADABLE);
        assert_null(s);
        (void)unlink(lock);
}

/* Every write and every sync fails once ------------------------------------ */

/* What had been acknowledged before must be there; the batch in question may or
 * may not be, but not in part. */
static void assert_whole(struct store *s, uint32_t acknowledged)
{
        uint32_t there = batches_read(s, 1, LONG);
        struct submission_id id = id_of(1);
        struct stored_submission out;

        assert_true(there == acknowledged || there == acknowledged + 1);
        assert_int_equal(store_submission_find(s, &id, &out), ERR_OK);
        assert_int_equal(out.batches, there);
        assert_int_equal(batches_read(s, 2, LEN), 2);
}

static void fail_at_every_point(const char *site)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(2, 115, DELIVERY_APPEND), out;
        uint8_t *sealed = malloc(LONG + MARKER_LEN);
        uint32_t acknowledged = 0, rows, rejected, failures = 0;
        bool replayed;

        deliver(w->store, &d, 2, 2, LEN);
        d = delivery(1, 114, DELIVERY_APPEND);
        assert_int_equal(store_submission_open(w->store, &d, NULL, &out), ERR_OK);
        for (unsigned nth = 0; fault_arm(site, nth); nth++) {
                struct stored_batch b = batch_of(1, acknowledged, sealed, LONG);
                enum err e = store_batch_put(w->store, &b, NULL, &replayed, &rows, &rejected);

                assert_true(e == ERR_OK || e == ERR_DISK_FULL || e == ERR_IO);
                acknowledged += e == ERR_OK;
                failures += e != ERR_OK;
                assert_whole(w->store, acknowledged);
                /* Closing moves the log, which may fail too; then opening makes it good. */
                store_close(&w->store);
                if (store_open(w->path, &w->store) != ERR_OK)
                        assert_int_equal(store_open(w->path, &w->store), ERR_OK);
                assert_whole(w->store, acknowledged);
                acknowledged = batches_read(w->store, 1, LONG);
        }
        fault_disarm();
        assert_true(failures > 0);
        free(sealed);
}

static void every_write_may_fail_and_the_world_is_whole(void **state)
{
        (void)state;
        fail_at_every_point("write");
}

static void every_sync_may_fail_and_the_world_is_whole(void **state)
{
        (void)state;
        fail_at_every_point("sync");
}

static void after_a_failed_sync_nothing_is_written_until_reopened(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out;

        (void)state;
        assert_true(fault_arm("sync", 0));
        assert_int_equal(store_submission_open(w->store, &d, NULL, &out), ERR_IO);
        fault_disarm();
        assert_int_equal(store_submission_open(w->store, &d, NULL, &out), ERR_IO);
        world_reopen(w);
        assert_int_equal(store_submission_open(w->store, &d, NULL, &out), ERR_OK);
}

static void a_write_that_fails_is_no_reason_to_stop(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out;

        (void)state;
        assert_true(fault_arm("write", 0));
        assert_int_equal(store_submission_open(w->store, &d, NULL, &out), ERR_DISK_FULL);
        fault_disarm();
        deliver(w->store, &d, 1, 3, LEN);
        assert_int_equal(batches_read(w->store, 1, LEN), 3);
}

static void creating_may_fail_at_every_point_and_is_done_again(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        unsigned failures = 0;
        char log[120];

        (void)state;
        (void)snprintf(log, sizeof log, "%s-wal", w->path);
        store_close(&w->store);
        for (unsigned nth = 0; fault_arm("any", nth); nth++) {
                (void)unlink(w->path);
                (void)unlink(log);
                enum err e = store_open(w->path, &w->store);

                failures += e != ERR_OK;
                assert_true(e == ERR_OK || e == ERR_DISK_FULL || e == ERR_IO);
                if (e != ERR_OK)
                        assert_int_equal(store_open(w->path, &w->store), ERR_OK);
                store_close(&w->store);
        }
        fault_disarm();
        assert_true(failures > 5);
}

/* A disk of our own --------------------------------------------------------- */

/* Flags of mount(2). */
enum { DISK_NEW = 0, DISK_READ_ONLY = 1, DISK_AGAIN = 32, DISK_PRIVATE = 1 << 14 | 1 << 18 };

static bool disk(const char *folder, unsigned long flags, const char *size)
{
        return syscall(SYS_mount, "none", folder, "tmpfs", flags, size) == 0;
}

/* In a child that has its own mounts: the store on a small disk that runs full,
 * and then on one that may only be read. Exit codes say where it went wrong. */
static int child_full(const char *folder)
{
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out;
        uint8_t *sealed = malloc(LONG + MARKER_LEN);
        char path[120];
        struct store *s = NULL;
        uint32_t rows, rejected, there = 0;
        enum err e = ERR_OK;
        bool replayed;

        if (!disk(folder, DISK_NEW, "size=2m") || sealed == NULL)
                return 77;
        (void)snprintf(path, sizeof path, "%s/statgate.db", folder);
        if (store_open(path, &s) != ERR_OK || store_submission_open(s, &d, NULL, &out) != ERR_OK)
                return 1;
        while (e == ERR_OK && there < 100) {
                struct stored_batch b = batch_of(1, there, sealed, LONG);

                e = store_batch_put(s, &b, NULL, &replayed, &rows, &rejected);
                there += e == ERR_OK;
        }
        free(sealed);
        if (e != ERR_DISK_FULL || batches_read(s, 1, LONG) != there)
                return 2;
        store_close(&s);
        /* Opening empties the log, for which there may be no room; then it says so,
         * and with more room everything is there. */
        e = store_open(path, &s);
        store_close(&s);
        if (e != ERR_OK && e != ERR_DISK_FULL)
                return 5;
        if (!disk(folder, DISK_AGAIN, "size=8m"))
                return 77;
        if (store_open(path, &s) != ERR_OK || batches_read(s, 1, LONG) != there)
                return 3;
        store_close(&s);
        if (!disk(folder, DISK_AGAIN | DISK_READ_ONLY, "size=8m"))
                return 77;
        return store_open(path, &s) == ERR_READ_ONLY ? 0 : 4;
}

static void a_full_disk_and_a_read_only_one_say_so(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        char folder[80];
        int status;

        (void)state;
        store_close(&w->store);
        (void)snprintf(folder, sizeof folder, "%s/disk", w->folder);
        assert_int_equal(mkdir(folder, 0700), 0);
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
                        _exit(77);
                if (!disk("/", DISK_PRIVATE, NULL))
                        _exit(77);
                _exit(child_full(folder));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        (void)rmdir(folder);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77)
                print_message("no disk of our own here: not tried\n");
        else
                assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_delivery_is_there_after_reopening),
                cmocka_unit_test(opening_again_finds_the_same_or_conflicts),
                cmocka_unit_test(a_batch_comes_once_whatever_the_client_repeats),
                cmocka_unit_test(a_commit_is_one_commit_however_often_it_is_asked_for),
                cmocka_unit_test(what_the_sender_turned_away_is_said_once_for_all),
                cmocka_unit_test(receipts_come_in_sequence),
                cmocka_unit_test(replacing_takes_the_place_of_the_same_period_and_no_other),
                cmocka_unit_test(counting_counts_what_is_committed),
                cmocka_unit_test(eight_threads_share_commits_and_do_not_fail_each_other),
                cmocka_unit_test(readers_read_beside_the_writer),
                cmocka_unit_test(a_second_gateway_is_told_at_once),
                cmocka_unit_test(a_newer_store_is_refused_and_left_alone),
                cmocka_unit_test(somebody_elses_database_is_refused),
                cmocka_unit_test(a_damaged_head_a_short_file_and_an_empty_one_are_damage),
                cmocka_unit_test(a_log_without_its_database_is_damage),
                cmocka_unit_test(one_changed_byte_of_a_seal_is_seen_when_it_is_read),
                cmocka_unit_test(a_folder_that_is_not_there_cannot_be_read),
                cmocka_unit_test(every_write_may_fail_and_the_world_is_whole),
                cmocka_unit_test(every_sync_may_fail_and_the_world_is_whole),
                cmocka_unit_test(after_a_failed_sync_nothing_is_written_until_reopened),
                cmocka_unit_test(a_write_that_fails_is_no_reason_to_stop),
                cmocka_unit_test(creating_may_fail_at_every_point_and_is_done_again),
                cmocka_unit_test(a_full_disk_and_a_read_only_one_say_so),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
