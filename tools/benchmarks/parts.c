/* SPDX-License-Identifier: Apache-2.0 */
/* parts.c: the bare parts of an ingest, on one core, on records like those that
 * the gateway is sent. Each is timed alone over whole batches, by CPU time; the
 * store's by the clock too, since a sync is mostly waiting. */
#include "tools/benchmarks/parts.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/parallel.h"
#include "crypto/pseudonym.h"
#include "crypto/seal.h"
#include "crypto/secret.h"
#include "gateway/store/body.h"
#include "gateway/store/store.h"
#include "tools/benchmarks/duck.h"

enum { ROUNDS = 3, SECURE_POOL = 1 << 16, ARENA = 64 << 20, STORE_STREAMS = 8 };

/* Nanoseconds per record, or records per second where it says so. */
struct costs {
        double code, aes, tag, pack, seal, commit;
        double pack_ratio; /* bytes of a record at rest */
        double commit_rate;
};

struct shop {
        const struct records *records;
        struct rows *rows;
        struct arena *arena;
        struct person_key *person;
        struct block_key *block;
        struct secret *key;
        uint8_t *plain; /* pseudonyms, tags, body */
        size_t plain_len;
        uint8_t *sealed;
        uint32_t batches;
};

void parts_bundle(const struct bench *b, char out[600])
{
        (void)snprintf(out, 600, "%s/policies/bundle", b->root);
}

static void shop_open(struct shop *s, const struct bench *b, const struct records *r)
{
        *s = (struct shop){.records = r, .batches = b->quick ? 10 : 40};
        bench_must(crypto_init(SECURE_POOL, false), "secure memory");
        bench_must(secret_random(32, &s->key), "a key");
        bench_must(person_key_new(s->key, &s->person), "a key");
        bench_must(block_key_new(s->key, &s->block), "a key");
        s->rows = malloc(sizeof *s->rows);
        s->plain = malloc(ARENA);
        s->sealed = malloc(ARENA);
        s->arena = arena_new(ARENA);
        if (s->rows == NULL || s->plain == NULL || s->sealed == NULL || s->arena == NULL)
                bench_fail("out of memory");
        records_fill(r, 0, 0, RECORDS_BATCH, s->rows);
}

static void shop_close(struct shop *s)
{
        arena_free(&s->arena);
        free(s->sealed);
        free(s->plain);
        free(s->rows);
        block_key_free(&s->block);
        person_key_free(&s->person);
        secret_free(&s->key);
}

/* The steps of one batch ------------------------------------------------------- */

static enum err make_codes(struct shop *s)
{
        return person_codes(
                s->person, 114, s->rows->ids[0], s->rows->kinds, RECORDS_BATCH, s->plain);
}

static enum err make_pseudonyms(struct shop *s)
{
        return pseudonyms_make(s->block, s->plain, RECORDS_BATCH, s->plain);
}

static enum err make_tags(struct shop *s)
{
        return record_tags(s->key, (const uint8_t *)s->rows->keys, sizeof s->rows->keys[0],
                RECORDS_BATCH, s->plain + (size_t)RECORDS_BATCH * PSEUDONYM_LEN);
}

static enum err make_body(struct shop *s)
{
        size_t before = (size_t)RECORDS_BATCH * (PSEUDONYM_LEN + RECORD_TAG_LEN);
        struct column columns[RECORDS_COLUMNS];
        struct batch batch = records_batch(s->records, s->rows, 0, columns);
        struct bytes body;

        arena_reset(s->arena);
        TRY(body_pack(s->arena, &batch, NULL, RECORDS_BATCH, &body));
        memcpy(s->plain + before, body.data, body.len);
        s->plain_len = before + body.len;
        return ERR_OK;
}

static enum err make_seal(struct shop *s)
{
        return seal(s->key, bytes_of_text("bench"), bytes_of(s->plain, s->plain_len), s->sealed);
}

/* Nanoseconds of CPU per record. */
static double cost_of(struct shop *s, enum err (*step)(struct shop *s))
{
        double ns[ROUNDS];

        for (unsigned i = 0; i < ROUNDS; i++) {
                double before = bench_own_cpu();

                for (uint32_t k = 0; k < s->batches; k++)
                        bench_must(step(s), "a bare part");
                ns[i] = (bench_own_cpu() - before) / s->batches / RECORDS_BATCH * 1e9;
        }
        return bench_median(ns, ROUNDS);
}

static void cost_keeper(struct shop *s, struct costs *out)
{
        out->code = cost_of(s, make_codes);
        out->aes = cost_of(s, make_pseudonyms);
        out->tag = cost_of(s, make_tags);
        out->pack = cost_of(s, make_body);
        out->seal = cost_of(s, make_seal);
        out->pack_ratio = (double)s->plain_len / RECORDS_BATCH;
}

/* The store --------------------------------------------------------------------- */

struct writing {
        struct store *store;
        const struct shop *shop;
};

static enum err write_submission(void *ctx, unsigned worker, size_t i)
{
        const struct writing *w = ctx;
        struct stored_submission done, open = {
                                               .id = {.bytes = {(uint8_t)(i + 1)}},
                                               .municipality = (municipality_t)(i + 1),
                                               .dataset = RECORDS_DATASET,
                                               .period = {20089, 20453},
                                               .mode = DELIVERY_APPEND,
                                               .state = SUBMISSION_OPEN,
                                               .opened_at_ms = 1,
                                       };
        struct stored_batch put = {
                .submission = open.id,
                .rows = RECORDS_BATCH,
                .epoch = 1,
                .sealed = bytes_of(w->shop->sealed, w->shop->plain_len + SEAL_OVERHEAD),
        };
        uint32_t rows, rejected;
        bool replayed;

        (void)worker;
        TRY(store_submission_open(w->store, &open, NULL, &done));
        for (; put.sequence < w->shop->batches; put.sequence++)
                TRY(store_batch_put(w->store, &put, NULL, &replayed, &rows, &rejected));
        return ERR_OK;
}

static void cost_store(const struct bench *b, struct shop *s, struct costs *out)
{
        double ns[ROUNDS], rate[ROUNDS], rows = (double)STORE_STREAMS * s->batches * RECORDS_BATCH;

        for (unsigned i = 0; i < ROUNDS; i++) {
                char path[600];
                struct writing w = {.shop = s};

                (void)snprintf(path, sizeof path, "%s/bare-%u.db", b->folder, i);
                bench_must(store_open(path, &w.store), "opening a store");
                double cpu = bench_own_cpu(), began = bench_seconds();

                bench_must(parallel_for(STORE_STREAMS, STORE_STREAMS, write_submission, &w),
                        "storing");
                rate[i] = rows / (bench_seconds() - began);
                ns[i] = (bench_own_cpu() - cpu) / rows * 1e9;
                store_close(&w.store);
                (void)remove(path);
        }
        out->commit = bench_median(ns, ROUNDS);
        out->commit_rate = bench_median(rate, ROUNDS);
}

double parts_cost(const struct bench *b, const struct records *r)
{
        struct costs c;
        struct shop s;

        shop_open(&s, b, r);
        cost_keeper(&s, &c);
        cost_store(b, &s, &c);
        shop_close(&s);
        return (c.code + c.aes + c.tag + c.pack + c.seal + c.commit) / 1000;
}

static struct records *some_records(const struct bench *b)
{
        struct records *r = malloc(sizeof *r);
        char bundle[600];

        if (r == NULL)
                bench_fail("out of memory");
        parts_bundle(b, bundle);
        records_open(r, bundle, 20000000, 2000000);
        return r;
}

static void tell_cost(const struct bench *b, const char *name, double ns)
{
        bench_tell(b, &(struct figure){.name = name, .unit = "ns/record", .value = ns});
}

void part_keeper(const struct bench *b)
{
        struct records *r = some_records(b);
        struct costs c;
        struct shop s;

        shop_open(&s, b, r);
        cost_keeper(&s, &c);
        tell_cost(b, "keeper.hmac", c.code);
        tell_cost(b, "keeper.aes", c.aes);
        tell_cost(b, "keeper.record_tag", c.tag);
        tell_cost(b, "keeper.seal", c.seal);
        shop_close(&s);
        records_close(r);
        free(r);
}

void part_store(const struct bench *b)
{
        struct records *r = some_records(b);
        struct costs c;
        struct shop s;

        shop_open(&s, b, r);
        cost_keeper(&s, &c);
        cost_store(b, &s, &c);
        tell_cost(b, "store.zstd", c.pack);
        bench_tell(
                b, &(struct figure){
                           .name = "store.bytes", .unit = "bytes/record", .value = c.pack_ratio});
        double duck = duck_append_rate(b, r, b->quick ? 1000000 : 5000000);

        bench_tell(b,
                &(struct figure){"store.commit", "records/s", c.commit_rate, duck, GOAL_NONE, 0});
        shop_close(&s);
        records_close(r);
        free(r);
}
