/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c: a log of some million entries, and what being in it costs an answer.
 *
 * Entries are like those of answered questions: digests, rules, principal and the question, some
 * four hundred bytes. They are written by four threads, 256 at a time, each with fields put in
 * order and salts drawn; then the store is opened anew and the whole log is read, hashed and held
 * to a head. For certificates sixteen threads do what an answer does: a row of the ledger, its
 * entry in the same transaction, a head that covers it, a proof; beside the row of the ledger
 * alone. */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "gateway/audit/audit.h"
#include "gateway/audit/verify.h"
#include "gateway/keeper/keeper.h"
#include "gateway/store/log.h"
#include "tools/benchmarks/bench.h"

enum {
        ENTRIES = 2000000,
        ENTRIES_QUICK = 300000,
        WRITERS = 4,
        CALLERS = 16,
        ANSWERS = 4000,
        ANSWERS_QUICK = 400,
        TURNS = 3,
        PROOFS = 1000,
        ENTRY_ARENA = 1 << 20,
        POOL = 1 << 16,
        APPEND_MIN = 50000,  /* entries a second, ... */
        VERIFY_MIN = 500000, /* ... by the clock, and of one core's time */
        OPEN_MS_MAX = 50,
        ADDED_MS_MAX = 1,
        MEMORY_MIB_MAX = 200
};

struct hall {
        const struct bench *bench;
        char db[600];
        struct store *store;
        struct keeper *keeper;
        struct audit *audit;
        struct secret *key;
        uint8_t public_key[SIGN_PUBLIC_LEN];
        uint64_t size;
};

static void draft(struct arena *a, uint64_t n, struct entry_draft *out)
{
        struct entry_writer w;
        struct digest d;

        memset(&d, 0, sizeof d);
        memcpy(d.bytes, &n, sizeof n);
        entry_begin(&w, a, ENTRY_ANSWERED);
        entry_put_words(&w, FIELD_OUTCOME, "OK");
        entry_put_words(&w, FIELD_DATASET, "placering");
        entry_put_words(&w, FIELD_PURPOSE, "uppfoljning");
        entry_put_vintage(&w, (struct vintage){7, 1});
        entry_put_digest(&w, FIELD_QUERY_DIGEST, &d);
        entry_put_digest(&w, FIELD_POLICY_DIGEST, &d);
        entry_put_digest(&w, FIELD_RELEASE_DIGEST, &d);
        entry_put_words(&w, FIELD_RULE, "threshold 5");
        entry_put_words(
                &w, FIELD_PRINCIPAL, "statgate://socialdata.example/analyst/anna.andersson");
        entry_put_digest(&w, FIELD_CERTIFICATE, &d);
        entry_put_bytes(&w, FIELD_QUERY, bytes_of(d.bytes, sizeof d.bytes));
        entry_put_count(&w, FIELD_FIRED, "threshold", n % 30);
        entry_put_number(&w, FIELD_COST_US, (int64_t)(n % 100000));
        bench_must(entry_end(&w, out), "an entry");
}

/* Appending ------------------------------------------------------------------ */

struct writer_of {
        struct hall *h;
        uint64_t len;
};

static void *write_entries(void *arg)
{
        OWNED(arena_free) struct arena *a = arena_new(ENTRY_ARENA);
        const struct writer_of *w = arg;
        struct entry_draft drafts[LOG_APPEND_MAX];
        uint64_t first;

        for (uint64_t done = 0; done < w->len;) {
                uint32_t n = 0;

                arena_reset(a);
                for (; n < LOG_APPEND_MAX && done < w->len; n++, done++)
                        draft(a, done, &drafts[n]);
                bench_must(store_entries_append(w->h->store, drafts, n, &first), "appending");
        }
        return NULL;
}

static void append(struct hall *h)
{
        struct writer_of writers[WRITERS];
        pthread_t ids[WRITERS];
        double begin = bench_seconds(), cpu = bench_own_cpu();

        for (unsigned i = 0; i < WRITERS; i++) {
                writers[i] = (struct writer_of){h, h->size / WRITERS};
                if (pthread_create(&ids[i], NULL, write_entries, &writers[i]) != 0)
                        bench_fail("no thread");
        }
        for (unsigned i = 0; i < WRITERS; i++)
                pthread_join(ids[i], NULL);
        bench_tell(h->bench,
                &(struct figure){"audit.append", "entries/s",
                        (double)h->size / (bench_seconds() - begin), 0, GOAL_AT_LEAST, APPEND_MIN});
        bench_tell(h->bench, &(struct figure){"audit.append.cpu", "us/entry",
                                     (bench_own_cpu() - cpu) * 1e6 / (double)h->size, 0,
                                     GOAL_AT_MOST, 1e6 / APPEND_MIN});
}

/* The log, unless one was left here to be read again. */
static void written(struct hall *h)
{
        uint64_t size;

        bench_must(store_log_size(h->store, &size), "the log's size");
        if (size == 0)
                append(h);
        else
                h->size = size;
}

/* Reading -------------------------------------------------------------------- */

static void reopen(struct hall *h)
{
        store_close(&h->store);
        double begin = bench_seconds();

        bench_must(store_open(h->db, &h->store), "opening the store");
        bench_tell(h->bench, &(struct figure){"audit.open", "ms", (bench_seconds() - begin) * 1e3,
                                     0, GOAL_AT_MOST, OPEN_MS_MAX});
}

static void tell_finding(void *ctx, const struct log_verdict *v)
{
        (void)ctx;
        bench_note("%s: %llu", log_finding_sentence(v->finding), (unsigned long long)v->number);
}

static enum err check_one(void *ctx, const struct stored_entry *e)
{
        return log_check_entry(ctx, e);
}

static void verify(struct hall *h)
{
        OWNED(log_check_free) struct log_check *c = NULL;
        struct tree_head head = {.size = h->size, .at_ms = clock_now_ms(), .key_id = "0"};
        uint64_t entries, pruned, heads, findings;

        bench_must(store_log_root(h->store, h->size, &head.root), "the root");
        bench_must(tree_head_sign(h->key, &head), "signing");
        bench_must(log_check_new(tell_finding, NULL, &c), "checking");
        bench_must(log_check_key(c, h->public_key), "a key");
        bench_must(log_check_head(c, &head, NULL), "a head");
        double begin = bench_seconds(), cpu = bench_own_cpu();

        bench_must(store_entries(h->store, 0, h->size, check_one, c), "reading the log");
        bench_must(log_check_end(c, &entries, &pruned, &heads, &findings), "the end");
        if (entries != h->size || findings != 0)
                bench_fail("the log does not hold");
        bench_tell(h->bench,
                &(struct figure){"audit.verify", "entries/s",
                        (double)entries / (bench_seconds() - begin), 0, GOAL_AT_LEAST, VERIFY_MIN});
        bench_tell(h->bench, &(struct figure){"audit.verify.cpu", "us/entry",
                                     (bench_own_cpu() - cpu) * 1e6 / (double)entries, 0,
                                     GOAL_AT_MOST, 1e6 / VERIFY_MIN});
}

static void prove(struct hall *h, const char *name, bool consistency)
{
        double times[PROOFS];
        uint64_t seed = 1;

        for (unsigned i = 0; i < PROOFS; i++) {
                struct merkle_proof proof;

                seed = seed * 6364136223846793005U + 1442695040888963407U;
                double begin = bench_seconds();

                if (consistency)
                        bench_must(store_log_consistency(h->store, seed % h->size, h->size, &proof),
                                "a proof");
                else
                        bench_must(store_log_inclusion(h->store, seed % h->size, h->size, &proof),
                                "a proof");
                times[i] = (bench_seconds() - begin) * 1e3;
        }
        bench_tell(h->bench,
                &(struct figure){name, "ms", bench_median(times, PROOFS), 0, GOAL_AT_MOST, 1});
}

static void tell_memory(struct hall *h)
{
        struct rusage use;

        if (getrusage(RUSAGE_SELF, &use) != 0)
                bench_fail("no figures of memory");
        bench_tell(h->bench, &(struct figure){"audit.memory", "MiB", (double)use.ru_maxrss / 1024,
                                     0, GOAL_AT_MOST, MEMORY_MIB_MAX});
}

/* Answers --------------------------------------------------------------------- */

struct caller {
        struct hall *h;
        unsigned first, answers, round;
        bool certified;
        double *times;
};

static void answer(const struct caller *c, struct arena *a, unsigned n)
{
        const uint8_t answered = 1;
        struct stored_question q = {.vintage = {1, 0},
                .rows = 1,
                .question = bytes_of(&n, sizeof n),
                .answered = bytes_of(&answered, 1)};
        struct answer_certificate certificate;
        struct entry_draft entry;
        uint64_t number;

        const uint64_t key[3] = {c->h->size, n, c->round};

        digest_of(bytes_of(key, sizeof key), &q.key);
        if (c->certified)
                draft(a, n, &entry);
        bench_must(store_ledger_put(c->h->store, &(struct ledger_line){"kv", "placering", &q}, 1,
                           c->certified ? &entry : NULL, &number),
                "remembering");
        if (c->certified)
                bench_must(audit_certify(c->h->audit, number, INT64_MAX, a, &certificate),
                        "a certificate");
}

static void *answer_all(void *arg)
{
        OWNED(arena_free) struct arena *a = arena_new(ENTRY_ARENA);
        const struct caller *c = arg;

        for (unsigned i = 0; i < c->answers; i++) {
                double begin = bench_seconds();

                arena_reset(a);
                answer(c, a, c->first + i);
                c->times[i] = (bench_seconds() - begin) * 1e3;
        }
        return NULL;
}

/* Milliseconds an answer: of the clock, of CPU time (the keeper's too), and as a caller waits. */
struct costs {
        double clock, cpu, wait;
};

static double cpu_seconds(void)
{
        return bench_own_cpu() + bench_cpu(bench_child(getpid(), "statgate-keeper"));
}

static struct costs answers(struct hall *h, unsigned round, bool certified)
{
        unsigned each = (h->bench->quick ? ANSWERS_QUICK : ANSWERS) / CALLERS;
        double *times = calloc((size_t)each * CALLERS, sizeof *times);
        struct caller callers[CALLERS];
        pthread_t ids[CALLERS];
        struct costs costs;

        if (times == NULL)
                bench_fail("out of memory");
        double begin = bench_seconds(), cpu = cpu_seconds();

        for (unsigned i = 0; i < CALLERS; i++) {
                callers[i] = (struct caller){
                        h, i * each, each, round, certified, times + (size_t)i * each};
                if (pthread_create(&ids[i], NULL, answer_all, &callers[i]) != 0)
                        bench_fail("no thread");
        }
        for (unsigned i = 0; i < CALLERS; i++)
                pthread_join(ids[i], NULL);
        costs.clock = (bench_seconds() - begin) * 1e3 / (each * CALLERS);
        costs.cpu = (cpu_seconds() - cpu) * 1e3 / (each * CALLERS);
        costs.wait = bench_median(times, each * CALLERS);
        free(times);
        return costs;
}

static double median_of(const struct costs *turns, size_t offset)
{
        double values[TURNS];

        for (unsigned i = 0; i < TURNS; i++)
                memcpy(&values[i], (const char *)&turns[i] + offset, sizeof values[i]);
        return bench_median(values, TURNS);
}

static void tell_costs(struct hall *h, const char *name, const struct costs *with,
        const struct costs *bare, size_t offset)
{
        bench_tell(h->bench, &(struct figure){name, "ms", median_of(with, offset),
                                     median_of(bare, offset), GOAL_NONE, 0});
}

static void tell_added(struct hall *h, const char *name, const struct costs *with,
        const struct costs *bare, size_t offset)
{
        bench_tell(h->bench,
                &(struct figure){name, "ms", median_of(with, offset) - median_of(bare, offset), 0,
                        GOAL_AT_MOST, ADDED_MS_MAX});
}

static void certify(struct hall *h)
{
        const struct audit_options options = {.store = h->store, .keeper = h->keeper};
        const size_t clock = offsetof(struct costs, clock), cpu = offsetof(struct costs, cpu);
        struct costs with[TURNS], bare[TURNS];

        bench_must(audit_start(&options, &h->audit), "the audit log");
        (void)answers(h, 0, true); /* once to be warm */
        for (unsigned i = 0; i < TURNS; i++) {
                bare[i] = answers(h, 2 * i + 1, false);
                with[i] = answers(h, 2 * i + 2, true);
        }
        audit_stop(&h->audit);
        tell_added(h, "audit.certify.added", with, bare, clock);
        tell_added(h, "audit.certify.added_cpu", with, bare, cpu);
        tell_costs(h, "audit.certify", with, bare, clock);
        tell_costs(h, "audit.certify.cpu", with, bare, cpu);
        tell_costs(h, "audit.certify.wait", with, bare, offsetof(struct costs, wait));
}

/* ---------------------------------------------------------------------------- */

static void hall_open(const struct bench *b, struct hall *h)
{
        static const char secret[] = "hemlig fras\n";
        char program[600], state[600];
        const struct keeper_options options = {.program = program, .state_path = state};
        uint8_t officer[SIGN_PUBLIC_LEN];
        int fds[2];

        *h = (struct hall){.bench = b, .size = b->quick ? ENTRIES_QUICK : ENTRIES};
        if (b->entries > 0)
                h->size = (b->entries + WRITERS - 1) / WRITERS * WRITERS;
        (void)snprintf(program, sizeof program, "%s/statgate-keeper", b->program_dir);
        (void)snprintf(state, sizeof state, "%s/audit.sgk", b->folder);
        if (b->log_path != NULL)
                (void)snprintf(h->db, sizeof h->db, "%s", b->log_path);
        else
                (void)snprintf(h->db, sizeof h->db, "%s/audit.db", b->folder);
        bench_must(keeper_start(&options, &h->keeper), "starting a keeper");
        bench_must(crypto_init(POOL, false), "secure memory");
        bench_must(sign_keygen(&h->key, h->public_key), "a key");
        memcpy(officer, h->public_key, sizeof officer);
        if (pipe(fds) != 0 || write(fds[1], secret, sizeof secret - 1) != sizeof secret - 1)
                bench_fail("no pipe");
        (void)close(fds[1]);
        bench_must(keeper_create(h->keeper, fds[0], (struct keyring_cost){8, 1}, officer),
                "a keyring");
        (void)close(fds[0]);
        bench_must(store_open(h->db, &h->store), "opening the store");
}

void part_audit(const struct bench *b)
{
        struct hall h;

        hall_open(b, &h);
        written(&h);
        reopen(&h);
        verify(&h);
        prove(&h, "audit.inclusion", false);
        prove(&h, "audit.consistency", true);
        tell_memory(&h);
        certify(&h);
        store_close(&h.store);
        keeper_stop(&h.keeper);
        secret_free(&h.key);
}
