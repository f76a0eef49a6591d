/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_sealing.c: boxes for tests, by the same functions as clients use. */
#include "tests/support/gateway_sealing.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "crypto/statement.h"
#include "policies/policy.h"

enum { KEYS_TEXT_MAX = 1 << 20, ANSWER_MAX = 1 << 20, MESSAGE_MAX = 16 << 20 };

static pthread_mutex_t fetching = PTHREAD_MUTEX_INITIALIZER;

static void must(bool made, const char *what)
{
        if (made)
                return;
        (void)fprintf(stderr, "gateway_sealing: %s\n", what);
        abort();
}

struct secret *submission_key_of(municipality_t m)
{
        const char label[] = "trial submission key";
        uint8_t seed[sizeof label + sizeof m];
        struct secret *key = NULL;
        struct digest d;

        memcpy(seed, label, sizeof label);
        memcpy(seed + sizeof label, &m, sizeof m);
        digest_of(bytes_of(seed, sizeof seed), &d);
        must(secret_copy(d.bytes, sizeof d.bytes, &key) == ERR_OK, "submission key");
        return key;
}

static void put_key_line(struct buf *out, municipality_t m)
{
        OWNED(secret_free) struct secret *key = submission_key_of(m);
        uint8_t public_key[SIGN_PUBLIC_LEN];
        char hex[2 * SIGN_PUBLIC_LEN + 1], line[256];

        must(sign_public_of(key, public_key) == ERR_OK, "public key");
        hex_encode(bytes_of(public_key, sizeof public_key), hex);
        (void)snprintf(line, sizeof line,
                "  - {municipality: \"%04u\", key: \"%s\", from: 2000-01-01, until: 2199-12-31}\n",
                m, hex);
        put_raw(out, line, strlen(line));
}

void world_pin_submission_keys(struct world *w)
{
        OWNED(buf_done) struct buf text = {.ceiling = KEYS_TEXT_MAX};
        OWNED(policy_unref) struct policy *p = NULL;
        const struct rules *r;
        struct refusal why = {0};
        struct bytes whole;

        must(policy_load(world_path(w, "policy"), &p, &why) == ERR_OK, "policy");
        r = policy_rules(p);
        put_raw(&text, "submission_keys:\n", 17);
        for (uint32_t i = 0; i < r->municipalities_len; i++)
                put_key_line(&text, r->municipalities[i]);
        must(buf_end(&text, &whole) == ERR_OK, "keys");
        world_write(w, "policy/submission_keys.yaml", whole);
}

void world_take_clear(struct world *w)
{
        DIR *d = opendir(world_path(w, "policy/datasets"));

        must(d != NULL, "policy/datasets");
        for (struct dirent *e; (e = readdir(d)) != NULL;) {
                char name[128];
                struct bytes text;

                if (e->d_name[0] == '.')
                        continue;
                (void)snprintf(name, sizeof name, "policy/datasets/%.100s", e->d_name);
                text = world_read(w, world_path(w, name));
                if (memmem(text.data, text.len, "\nperson: none", 13) == NULL &&
                        memmem(text.data, text.len, "\nperson:", 8) != NULL)
                        world_edit(w, name, "\nperson:", "\nclear_persons: yes\nperson:");
        }
        (void)closedir(d);
        world_sign(w, w->officer);
        w->takes_clear = true;
}

/* The keeper's key ------------------------------------------------------------- */

void world_forget_key(struct world *w)
{
        w->has_keeper_key = false;
}

void world_keeper_key(struct world *w, struct client *c)
{
        OWNED(arena_free) struct arena *arena = arena_new(ANSWER_MAX);
        struct call_status status;
        struct wire_keeper_keys keys;
        struct bytes answer;

        (void)pthread_mutex_lock(&fetching);
        if (!w->has_keeper_key) {
                must(client_unary(c, arena, "/statgate.v1.Submission/GetKeeperKeys",
                             bytes_of(NULL, 0), 60000, &answer, &status) == ERR_OK &&
                                keeper_keys_decode(arena, answer, &keys) == ERR_OK &&
                                keys.sealing_len > 0,
                        "the keeper's keys");
                memcpy(w->keeper_key, keys.sealing[0].public_key, sizeof w->keeper_key);
                w->has_keeper_key = true;
        }
        (void)pthread_mutex_unlock(&fetching);
}

/* Boxes ------------------------------------------------------------------------ */

struct sealed {
        char key_id[BOX_KEY_ID_LEN + 1];
        uint8_t signature[SIGNATURE_LEN];
        struct bytes box;
};

static void make_box(struct world *w, struct arena *a, struct box_head *head,
        const struct box_persons *who, struct sealed *out)
{
        OWNED(secret_free) struct secret *key = submission_key_of(head->municipality);
        size_t len = box_plain_len(who->rows, who->guardians) + BOX_OVERHEAD;
        uint8_t *box = arena_alloc_raw(a, len, 1);

        must(w->has_keeper_key && box != NULL, "a key to seal to");
        box_key_id(w->keeper_key, out->key_id);
        memcpy(head->key_id, out->key_id, sizeof head->key_id);
        must(box_seal(w->keeper_key, head, who, box) == ERR_OK, "box");
        out->box = bytes_of(box, len);
        must(box_sign(key, head, out->box, out->signature) == ERR_OK, "signature");
}

struct bytes seal_batch(struct world *w, struct arena *a, municipality_t m,
        const struct wire_open *open, const struct batch *batch)
{
        OWNED(buf_done) struct buf b = {.ceiling = MESSAGE_MAX};
        const struct box_persons who = {
                batch->rows, batch->guardians.len, batch->persons, batch->guardians.persons};
        struct box_head head = {.use = BOX_BATCH,
                .municipality = m,
                .submission = open->id,
                .sequence = batch->sequence,
                .rows = batch->rows};
        struct submit_request r = {.kind = SUBMIT_BATCH, .batch = *batch};
        struct sealed sealed;
        struct bytes bytes = {0}, copy = {0};

        memcpy(head.dataset, open->dataset.data, open->dataset.len);
        make_box(w, a, &head, &who, &sealed);
        r.batch.sealed = true;
        r.batch.key_id = bytes_of_text(sealed.key_id);
        r.batch.box = sealed.box;
        r.batch.signature = bytes_of(sealed.signature, sizeof sealed.signature);
        r.batch.persons = (struct person_column){NULL, NULL};
        r.batch.guardians.persons = (struct person_column){NULL, NULL};
        must(submit_request_encode(&r, &b) == ERR_OK && buf_end(&b, &bytes) == ERR_OK &&
                        bytes_copy(a, bytes, &copy) == ERR_OK,
                "message");
        return copy;
}

enum status world_erase(struct world *w, municipality_t m, const struct wire_person *person)
{
        OWNED(buf_done) struct buf b = {.ceiling = 4096};
        const struct box_persons who = {.rows = 1, .persons = {person->id, &person->kind}};
        struct box_head head = {.use = BOX_ERASE, .municipality = m, .rows = 1};
        struct wire_person p = *person;
        uint64_t now = (uint64_t)clock_now_ms();
        struct client *c;
        struct sealed sealed;
        struct bytes request = {0};
        char name[32];

        (void)snprintf(name, sizeof name, "municipality/%04u", m);
        c = world_client(w, name);
        if (!w->takes_clear) {
                world_keeper_key(w, c);
                for (unsigned i = 0; i < 6; i++)
                        p.request.bytes[i] = (uint8_t)(now >> (40 - 8 * i));
                head.submission = p.request;
                make_box(w, w->arena, &head, &who, &sealed);
                p.sealed = true;
                p.key_id = bytes_of_text(sealed.key_id);
                p.box = sealed.box;
                p.signature = bytes_of(sealed.signature, sizeof sealed.signature);
        }
        must(erase_encode(&p, &b) == ERR_OK && buf_end(&b, &request) == ERR_OK, "request");
        return world_call(w, c, "Submission/ErasePerson", request);
}

/* Another request each time: a UUID of version 7 but for its version. */
static void request_now(struct submission_id *out)
{
        uint64_t now = (uint64_t)clock_now_ms();

        must(random_bytes(out->bytes, sizeof out->bytes) == ERR_OK, "id");
        for (unsigned i = 0; i < 6; i++)
                out->bytes[i] = (uint8_t)(now >> (40 - 8 * i));
}

enum status world_erase_record(
        struct world *w, municipality_t m, const char *dataset, const char *key)
{
        OWNED(buf_done) struct buf b = {.ceiling = 4096};
        OWNED(secret_free) struct secret *by = submission_key_of(m);
        struct wire_record r = {.dataset = bytes_of_text(dataset), .key = bytes_of_text(key)};
        struct box_head head = {.use = BOX_RECORD, .municipality = m, .rows = 1};
        uint8_t box[BOX_RECORD_LEN], signature[SIGNATURE_LEN];
        struct bytes request = {0};
        struct client *c;
        char name[32];

        (void)snprintf(name, sizeof name, "municipality/%04u", m);
        c = world_client(w, name);
        if (!w->takes_clear && r.key.len > 0) {
                world_keeper_key(w, c);
                request_now(&r.request);
                head.submission = r.request;
                memcpy(head.dataset, dataset, strlen(dataset));
                box_key_id(w->keeper_key, head.key_id);
                must(box_seal_record(w->keeper_key, &head, r.key, box) == ERR_OK &&
                                box_sign(by, &head, bytes_of(box, sizeof box), signature) == ERR_OK,
                        "record");
                r.sealed = true;
                r.key_id = bytes_of_text(head.key_id);
                r.box = bytes_of(box, sizeof box);
                r.signature = bytes_of(signature, sizeof signature);
        }
        must(erase_record_encode(&r, &b) == ERR_OK && buf_end(&b, &request) == ERR_OK, "request");
        return world_call(w, c, "Submission/EraseRecord", request);
}

enum status world_undo_aliases(
        struct world *w, const char *who, municipality_t m, const struct submission_id *id)
{
        OWNED(buf_done) struct buf b = {.ceiling = 256};
        OWNED(secret_free) struct secret *by = submission_key_of(m);
        const struct statement said = {
                .kind = STATEMENT_ALIAS_UNDO, .municipality = m, .request = *id};
        uint8_t signature[SIGNATURE_LEN];
        struct bytes request = {0};

        must(statement_sign(by, &said, signature) == ERR_OK, "statement");
        const struct wire_alias_undo undo = {*id, bytes_of(signature, sizeof signature)};

        must(alias_undo_encode(&undo, &b) == ERR_OK && buf_end(&b, &request) == ERR_OK, "request");
        return world_call(w, world_client(w, who), "Submission/UndoAliases", request);
}

static void sign_days(struct world *w, municipality_t m, struct wire_aliases *out)
{
        OWNED(secret_free) struct secret *by = submission_key_of(m);
        uint8_t *days = arena_alloc_raw(w->arena, out->len, 4);
        uint8_t *signature = arena_alloc_raw(w->arena, 1, SIGNATURE_LEN);

        must(days != NULL && signature != NULL, "memory");
        for (uint32_t i = 0; i < 4 * out->len; i++)
                days[i] = (uint8_t)((uint32_t)out->days[i / 4] >> (8 * (i % 4)));
        const struct statement said = {
                STATEMENT_ALIAS_DAYS, m, out->id, out->box, bytes_of(days, (size_t)4 * out->len)};

        must(statement_sign(by, &said, signature) == ERR_OK, "statement");
        out->days_signature = bytes_of(signature, SIGNATURE_LEN);
}

enum status world_alias(struct world *w, municipality_t m, const struct box_persons *who,
        const int32_t *days, struct submission_id *out_id)
{
        OWNED(buf_done) struct buf b = {.ceiling = MESSAGE_MAX};
        struct box_head head = {.use = BOX_ALIAS, .municipality = m, .rows = who->rows};
        struct wire_aliases out = {.days = days, .len = who->rows};
        struct client *c;
        struct sealed sealed;
        struct bytes request = {0};
        char name[32];

        (void)snprintf(name, sizeof name, "municipality/%04u", m);
        c = world_client(w, name);
        world_keeper_key(w, c);
        request_now(&out.id);
        head.submission = out.id;
        make_box(w, w->arena, &head, who, &sealed);
        out.key_id = bytes_of_text(sealed.key_id);
        out.box = sealed.box;
        out.signature = bytes_of(sealed.signature, sizeof sealed.signature);
        sign_days(w, m, &out);
        must(aliases_encode(&out, &b) == ERR_OK && buf_end(&b, &request) == ERR_OK, "request");
        *out_id = out.id;
        return world_call(w, c, "Submission/RecordAliases", request);
}
