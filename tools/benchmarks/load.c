/* SPDX-License-Identifier: Apache-2.0 */
/* load.c: see load.h.
 *
 * A stream has two threads, one that sends and one that reads acknowledgements, and
 * both mostly sleep. Batches go out as fast as the gateway takes them: it is its
 * back-pressure that paces us. */
#include "tools/benchmarks/load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "crypto/box.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "proto/wire.h"
#include "tools/client/client.h"

enum { MESSAGE_MAX = 4 << 20, ARENA = 1 << 20, STREAMS_MAX = 64 };
#define SUBMIT_PATH "/statgate.v1.Submission/Submit"

struct parcel {
        const struct place *place;
        uint32_t index, messages_len;
        struct bytes *messages;
};

struct load {
        const struct records *records;
        struct parcel *parcels;
        uint32_t len;
        uint64_t rows;
        const struct gate *gate;
        uint8_t round;
        bool sealed;
        uint8_t keeper_key[BOX_PUBLIC_LEN];
        atomic_uint next;
};

static struct submission_id id_of(const struct load *l, const struct parcel *p)
{
        return (struct submission_id){
                .bytes = {1, l->round, (uint8_t)p->index, (uint8_t)(p->index >> 8)}};
}

/* What `statgate init` made for the municipality. */
static void read_submission_key(const struct load *l, const struct parcel *p, struct secret **out)
{
        char path[700], hex[2 * SIGN_SECRET_LEN + 1] = "";
        uint8_t key[SIGN_SECRET_LEN];

        (void)snprintf(path, sizeof path, "%s/client/%04u.submission.key", l->gate->folder,
                p->place->code);
        FILE *f = fopen(path, "re");
        if (f == NULL || fread(hex, 1, sizeof hex - 1, f) != sizeof hex - 1)
                bench_fail("no submission key");
        (void)fclose(f);
        bench_must(hex_decode(hex, key, sizeof key), "reading a submission key");
        bench_must(secret_copy(key, sizeof key, out), "keeping a submission key");
}

/* `room` for the box and its signature is the caller's, until the batch is encoded. */
struct boxed {
        char key_id[BOX_KEY_ID_LEN + 1];
        uint8_t signature[SIGNATURE_LEN];
        uint8_t box[BOX_OVERHEAD + BOX_PLAIN_FIXED + RECORDS_BATCH * BOX_PER_PERSON];
};

static void seal(const struct load *l, const struct parcel *p, const struct secret *key,
        struct batch *b, struct boxed *room)
{
        const struct box_persons who = {.rows = b->rows, .persons = b->persons};
        struct box_head head = {.use = BOX_BATCH,
                .municipality = p->place->code,
                .dataset = RECORDS_DATASET,
                .submission = id_of(l, p),
                .sequence = b->sequence,
                .rows = b->rows};
        struct bytes box = bytes_of(room->box, box_plain_len(b->rows, 0) + BOX_OVERHEAD);

        box_key_id(l->keeper_key, room->key_id);
        memcpy(head.key_id, room->key_id, sizeof head.key_id);
        bench_must(box_seal(l->keeper_key, &head, &who, room->box), "sealing");
        bench_must(box_sign(key, &head, box, room->signature), "signing");
        b->sealed = true;
        b->key_id = bytes_of_text(room->key_id);
        b->box = box;
        b->signature = bytes_of(room->signature, sizeof room->signature);
        b->persons = (struct person_column){NULL, NULL};
}

static void encode(const struct submit_request *r, struct bytes *out)
{
        struct buf b;
        struct bytes bytes;

        buf_init(&b, MESSAGE_MAX);
        bench_must(submit_request_encode(r, &b), "encoding a message");
        bench_must(buf_end(&b, &bytes), "encoding a message");
        *out = bytes; /* the buffer's memory changes hands */
}

static void forget_messages(struct parcel *p)
{
        for (uint32_t m = 0; m < p->messages_len; m++)
                free((void *)(uintptr_t)p->messages[m].data);
        free(p->messages);
        p->messages_len = 0;
        p->messages = NULL;
}

static enum err encode_parcel(void *ctx, unsigned worker, size_t i)
{
        struct load *l = ctx;
        struct parcel *p = &l->parcels[i];
        struct rows *rows = malloc(sizeof *rows);
        struct boxed *room = malloc(sizeof *room);
        OWNED(secret_free) struct secret *key = NULL;

        (void)worker;
        if (l->sealed)
                read_submission_key(l, p, &key);
        forget_messages(p);
        p->messages_len = (p->place->rows + RECORDS_BATCH - 1) / RECORDS_BATCH;
        p->messages = calloc(p->messages_len, sizeof *p->messages);
        if (rows == NULL || room == NULL || p->messages == NULL)
                bench_fail("out of memory");
        for (uint32_t m = 0; m < p->messages_len; m++) {
                uint32_t first = m * RECORDS_BATCH, left = p->place->rows - first;
                struct column columns[RECORDS_COLUMNS];
                struct submit_request r = {.kind = SUBMIT_BATCH};

                records_fill(l->records, p->index, first,
                        left < RECORDS_BATCH ? left : RECORDS_BATCH, rows);
                r.batch = records_batch(l->records, rows, m, columns);
                if (l->sealed)
                        seal(l, p, key, &r.batch, room);
                encode(&r, &p->messages[m]);
        }
        free(room);
        free(rows);
        return ERR_OK;
}

struct load *load_make(const struct records *r, uint32_t first, uint32_t places)
{
        struct load *l = calloc(1, sizeof *l);

        if (l == NULL)
                bench_fail("out of memory");
        l->records = r;
        l->len = places > 0 ? places : r->places;
        l->parcels = calloc(l->len, sizeof *l->parcels);
        if (l->parcels == NULL)
                bench_fail("out of memory");
        for (uint32_t i = 0; i < l->len; i++) {
                l->parcels[i].index = first + i;
                l->parcels[i].place = &r->place[first + i];
                l->rows += r->place[first + i].rows;
        }
        bench_must(parallel_for(parallel_threads(0), l->len, encode_parcel, l), "encoding");
        return l;
}

void load_free(struct load **l)
{
        for (uint32_t i = 0; *l != NULL && i < (*l)->len; i++)
                forget_messages(&(*l)->parcels[i]);
        if (*l != NULL)
                free((*l)->parcels);
        free(*l);
        *l = NULL;
}

void load_seal(struct load *l, const struct gate *g, uint8_t round)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct client *c = gate_municipality(g, l->parcels[0].place->code);
        struct call_status status;
        struct wire_keeper_keys keys;
        struct bytes answer;

        bench_must(crypto_init(1 << 20, false), "locked memory");
        bench_must(client_unary(c, a, "/statgate.v1.Submission/GetKeeperKeys", bytes_of(NULL, 0), 0,
                           &answer, &status),
                "asking for the keeper's keys");
        bench_must(keeper_keys_decode(a, answer, &keys), "reading the keeper's keys");
        memcpy(l->keeper_key, keys.sealing[0].public_key, sizeof l->keeper_key);
        client_close(&c);
        l->gate = g;
        l->round = round;
        l->sealed = true;
        bench_must(parallel_for(parallel_threads(0), l->len, encode_parcel, l), "sealing");
}

uint64_t load_rows(const struct load *l)
{
        return l->rows;
}

/* One delivery ------------------------------------------------------------------ */

struct stream {
        struct call *call;
        const struct parcel *parcel;
};

static void *send_all(void *arg)
{
        struct stream *s = arg;

        for (uint32_t m = 0; m < s->parcel->messages_len; m++)
                if (call_send(s->call, s->parcel->messages[m]) != ERR_OK)
                        break; /* the reader hears why */
        return NULL;
}

/* What must come next; anything else ends the bench, with the call's own words. */
static void receive(struct stream *s, struct arena *a, enum submit_response_kind kind,
        struct submit_response *out)
{
        struct call_status status = {0};
        struct bytes wire;

        arena_reset(a);
        if (call_receive(s->call, a, &wire) != ERR_OK) {
                if (call_finish(s->call, &status) == ERR_OK)
                        bench_fail("the gateway ended a delivery early");
                bench_fail(status.message);
        }
        bench_must(submit_response_decode(a, wire, out), "reading an answer");
        if (out->kind != kind)
                bench_fail("the gateway answered something else");
}

static void send_one(struct stream *s, const struct submit_request *r)
{
        struct bytes message;

        encode(r, &message);
        bench_must(call_send(s->call, message), "sending");
        free((void *)(uintptr_t)message.data);
}

static void collect(struct stream *s, struct arena *a, struct digest *receipts)
{
        pthread_t sender;

        if (pthread_create(&sender, NULL, send_all, s) != 0)
                bench_fail("no thread");
        for (uint32_t m = 0; m < s->parcel->messages_len; m++) {
                struct submit_response r;

                receive(s, a, SUBMIT_ACKNOWLEDGED, &r);
                if (r.acknowledged.sequence != m || r.acknowledged.rejected != 0)
                        bench_fail("a batch was not taken whole");
                receipts[m] = r.acknowledged.receipt;
        }
        (void)pthread_join(sender, NULL);
}

static void commit(struct stream *s, struct arena *a, const struct digest *receipts)
{
        struct submit_response answer;
        struct submit_request r = {.kind = SUBMIT_COMMIT};

        r.commit.batches = s->parcel->messages_len;
        r.commit.rows = s->parcel->place->rows;
        digest_of(bytes_of(receipts, sizeof *receipts * s->parcel->messages_len), &r.commit.digest);
        send_one(s, &r);
        receive(s, a, SUBMIT_COMMITTED, &answer);
        if (answer.committed.accepted != s->parcel->place->rows)
                bench_fail("not every record was committed");
}

static void deliver(struct load *l, const struct parcel *p, struct client *c)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        OWNED(call_free) struct call *call = NULL;
        struct stream s = {.parcel = p};
        struct submit_response answer;
        struct submit_request r = {.kind = SUBMIT_OPEN,
                .open = {
                        .id = id_of(l, p),
                        .dataset = bytes_of_text(RECORDS_DATASET),
                        .period = bytes_of_text(RECORDS_PERIOD),
                        .mode = DELIVERY_APPEND,
                }};
        struct digest *receipts = calloc(p->messages_len, sizeof *receipts);

        if (a == NULL || receipts == NULL)
                bench_fail("out of memory");
        bench_must(call_start(c, SUBMIT_PATH, 0, &call), "calling");
        s.call = call;
        send_one(&s, &r);
        receive(&s, a, SUBMIT_OPENED, &answer);
        collect(&s, a, receipts);
        commit(&s, a, receipts);
        bench_must(call_half_close(call), "ending a call");
        bench_must(call_finish(call, NULL), "ending a call");
        free(receipts);
}

static void *deliver_some(void *arg)
{
        struct load *l = arg;
        unsigned i;

        while ((i = atomic_fetch_add(&l->next, 1)) < l->len) {
                struct client *c = gate_municipality(l->gate, l->parcels[i].place->code);

                deliver(l, &l->parcels[i], c);
                client_close(&c);
        }
        return NULL;
}

double load_run(struct load *l, const struct gate *g, unsigned streams, uint8_t round)
{
        pthread_t threads[STREAMS_MAX];
        double began = bench_seconds();

        l->gate = g;
        l->round = round;
        atomic_store(&l->next, 0);
        for (unsigned i = 0; i < streams; i++)
                if (pthread_create(&threads[i], NULL, deliver_some, l) != 0)
                        bench_fail("no thread");
        for (unsigned i = 0; i < streams; i++)
                (void)pthread_join(threads[i], NULL);
        return bench_seconds() - began;
}
