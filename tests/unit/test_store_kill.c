/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_kill.c: killed at any moment, the store keeps what it acknowledged.
 *
 * A child writes from four threads and tells each acknowledgement through a pipe;
 * the parent kills it without warning, opens the same store and compares. What was
 * told must be there once and whole; what was not told may be there or not, but
 * nothing may be there in part. And of each batch that is there the audit log tells, once, and of
 * no other; its tree is that of its entries. So of each question that memory has to know: a
 * release, what it told and its entry are one. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "gateway/store/store.h"
#include "tests/support/log_world.h"
#include "tests/support/store_world.h"

enum { ROUNDS = 24, THREADS = 4, PER_DELIVERY = 12, DELIVERIES_MAX = 4096, LEN = 20000 };
/* An answer may need several questions; their entry says ASKED where others say which batch. */
enum { PARTS = 3, ASKED = 1000 };

/* One per acknowledgement; below PIPE_BUF, so it arrives whole. */
struct told {
        uint32_t n;
        uint32_t batches; /* so many are acknowledged */
        uint32_t committed;
        uint32_t withdrawn;
        uint32_t answered;
};

struct child {
        struct store *store;
        int tell;
        uint32_t first; /* deliveries first, first + THREADS, ... */
};

static void tell(const struct child *c, struct told t)
{
        if (write(c->tell, &t, sizeof t) != (ssize_t)sizeof t)
                _exit(3);
}

static enum err write_answer(const struct child *c, uint32_t n)
{
        struct stored_question questions[PARTS];
        struct ledger_line lines[PARTS];
        struct log_word word;
        struct entry_draft entry = log_draft(&word, n, ASKED);

        for (uint32_t i = 0; i < PARTS; i++) {
                questions[i] = (struct stored_question){.vintage = {n, i}};
                memcpy(questions[i].key.bytes, &n, sizeof n);
                questions[i].key.bytes[sizeof n] = (uint8_t)i;
                lines[i] = (struct ledger_line){"riket", "anmalan", &questions[i]};
        }
        return store_ledger_put(c->store, lines, PARTS, &entry, NULL);
}

static enum err write_delivery(const struct child *c, uint32_t n)
{
        uint8_t sealed[LEN + MARKER_LEN];
        struct stored_submission d = delivery(n, (municipality_t)(1 + n), DELIVERY_APPEND), out;
        struct log_word word;
        struct entry_draft entry = log_draft(&word, n, LOG_WORLD_WHOLE);
        uint32_t rows, rejected;
        bool replayed;

        TRY(store_submission_open(c->store, &d, &entry, &out));
        tell(c, (struct told){.n = n});
        for (uint32_t i = 0; i < PER_DELIVERY; i++) {
                struct stored_batch b = batch_of(n, i, sealed, LEN);

                entry = log_draft(&word, n, (int32_t)i);
                TRY(store_batch_put(c->store, &b, &entry, &replayed, &rows, &rejected));
                tell(c, (struct told){.n = n, .batches = i + 1});
                if (i == 0) {
                        TRY(write_answer(c, n));
                        tell(c, (struct told){.n = n, .batches = 1, .answered = 1});
                }
        }
        TRY(commit(c->store, n, &out));
        tell(c, (struct told){.n = n, .batches = PER_DELIVERY, .committed = 1});
        if (n % 5 != 0)
                return ERR_OK;
        struct vintage revised;

        TRY(store_withdraw(c->store, &d.id, 1, NULL, &revised));
        tell(c, (struct told){.n = n, .withdrawn = 1});
        return ERR_OK;
}

static void *child_thread(void *arg)
{
        const struct child *c = arg;

        for (uint32_t n = c->first; n < DELIVERIES_MAX; n += THREADS)
                if (write_delivery(c, n) != ERR_OK)
                        _exit(4);
        return NULL;
}

/* Never returns. */
static void child_main(const char *path, uint32_t first, int out)
{
        struct child threads[THREADS];
        pthread_t ids[THREADS];
        struct store *store;

        if (store_open(path, &store) != ERR_OK)
                _exit(2);
        for (uint32_t i = 0; i < THREADS; i++) {
                threads[i] = (struct child){store, out, first + i};
                if (pthread_create(&ids[i], NULL, child_thread, &threads[i]) != 0)
                        _exit(2);
        }
        for (uint32_t i = 0; i < THREADS; i++)
                pthread_join(ids[i], NULL);
        _exit(0);
}

static void note(struct told *all, uint32_t *last, struct told t)
{
        struct told *have = &all[t.n];

        assert_true(t.n < DELIVERIES_MAX);
        if (t.batches > have->batches)
                have->batches = t.batches;
        have->committed |= t.committed;
        have->withdrawn |= t.withdrawn;
        have->answered |= t.answered;
        have->n = t.n;
        if (t.n > *last)
                *last = t.n;
}

/* Starts a child, lets it work for a while, kills it, and hears it out. */
static void one_life(const char *path, struct told *all, uint32_t *last, long live_us)
{
        int pipe_fds[2], status;
        struct told t;
        pid_t pid;

        assert_int_equal(pipe(pipe_fds), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(pipe_fds[0]);
                child_main(path, *last + 1, pipe_fds[1]);
        }
        close(pipe_fds[1]);
        /* From the first sign of life on, or the kill would always meet the opening. */
        if (read(pipe_fds[0], &t, sizeof t) == (ssize_t)sizeof t)
                note(all, last, t);
        (void)usleep((useconds_t)live_us);
        assert_int_equal(kill(pid, SIGKILL), 0);
        while (read(pipe_fds[0], &t, sizeof t) == (ssize_t)sizeof t)
                note(all, last, t);
        close(pipe_fds[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
}

static void assert_kept(struct store *s, const struct told *t)
{
        struct submission_id id = id_of(t->n);
        struct stored_submission out;

        assert_int_equal(store_submission_find(s, &id, &out), ERR_OK);
        if (t->withdrawn)
                assert_int_equal(out.state, SUBMISSION_WITHDRAWN);
        else if (t->committed)
                assert_true(out.state == SUBMISSION_COMMITTED || out.state == SUBMISSION_WITHDRAWN);
        if (out.state == SUBMISSION_WITHDRAWN) {
                assert_int_equal(batches_read(s, t->n, LEN), 0);
                return;
        }
        uint32_t there = batches_read(s, t->n, LEN);

        assert_int_equal(out.batches, there);
        assert_true(there == t->batches || there == t->batches + 1);
}

struct telling {
        struct store *store;
        uint32_t *batches; /* that the log tells of, by delivery */
        uint32_t *asked;   /* that the log tells of, and that memory has, by answer */
        uint32_t *remembered;
        uint32_t deliveries;
};

static enum err hear(void *ctx, const struct stored_entry *e)
{
        struct telling *t = ctx;
        char text[LOG_WORD_LEN] = {0}, *end;
        unsigned long n;
        long sequence;

        assert_true(e->open.len < sizeof text);
        memcpy(text, e->open.data, e->open.len);
        assert_int_equal(strncmp(text, "about ", 6), 0);
        n = strtoul(text + 6, &end, 10);
        sequence = strtol(end, &end, 10);
        assert_int_equal(*end, '\0');
        assert_true(n < DELIVERIES_MAX);
        if (sequence == LOG_WORLD_WHOLE)
                t->deliveries++;
        else if (sequence == ASKED)
                t->asked[n]++;
        else
                assert_int_equal(t->batches[n]++, sequence); /* each once, in order */
        return ERR_OK;
}

static enum err recall(void *ctx, const char *linkage, const struct stored_question *q)
{
        struct telling *t = ctx;

        assert_string_equal(linkage, "riket");
        assert_true(q->vintage.number < DELIVERIES_MAX);
        t->remembered[q->vintage.number]++;
        return ERR_OK;
}

static void assert_told(struct store *s, const struct told *all, uint32_t last)
{
        uint32_t *counts = calloc(3 * (size_t)DELIVERIES_MAX, sizeof *counts), there = 0;
        struct telling t = {s, counts, counts + DELIVERIES_MAX, counts + 2 * DELIVERIES_MAX, 0};

        assert_non_null(counts);
        (void)log_is_whole(s);
        assert_int_equal(store_ledger_each(s, "anmalan", recall, &t), ERR_OK);
        assert_int_equal(store_entries(s, 0, UINT64_MAX, hear, &t), ERR_OK);
        for (uint32_t n = 1; n <= last + THREADS; n++) {
                struct submission_id id = id_of(n);
                struct stored_submission out = {.batches = 0};
                enum err e = store_submission_find(s, &id, &out);

                assert_true(e == ERR_OK || e == ERR_NOT_FOUND);
                there += e == ERR_OK;
                assert_int_equal(t.batches[n], out.batches);
                assert_int_equal(t.remembered[n], PARTS * t.asked[n]);
                assert_true(t.asked[n] <= 1 && t.asked[n] >= all[n].answered);
        }
        assert_int_equal(t.deliveries, there);
        free(counts);
}

static void what_was_acknowledged_survives_a_kill_at_any_moment(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct told *all = calloc(DELIVERIES_MAX, sizeof *all);
        uint32_t last = 0, lives = 0, acknowledged = 0;
        uint64_t seed = (uint64_t)clock_monotonic_ns();

        (void)state;
        (void)signal(SIGPIPE, SIG_IGN);
        store_close(&w->store);
        for (int round = 0; round < ROUNDS; round++) {
                seed = seed * 6364136223846793005U + 1442695040888963407U;
                one_life(w->path, all, &last, (long)(seed >> 33) % 40000);
                assert_int_equal(store_open(w->path, &w->store), ERR_OK);
                for (uint32_t n = 1; n <= last; n++)
                        if (all[n].n != 0)
                                assert_kept(w->store, &all[n]);
                assert_told(w->store, all, last);
                store_close(&w->store);
                lives++;
        }
        for (uint32_t n = 1; n <= last; n++)
                acknowledged += all[n].batches;
        print_message("%u kills, %u deliveries, %u batches acknowledged and found\n", lives, last,
                acknowledged);
        assert_true(acknowledged > ROUNDS);
        free(all);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_acknowledged_survives_a_kill_at_any_moment),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
