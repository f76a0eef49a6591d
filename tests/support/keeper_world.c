/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_world.c: makes everything a keeper needs to be asked something. */
#include "tests/support/keeper_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/personnummer.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "crypto/statement.h"
#include "gateway/keeper/aliases.h"

const struct keyring_cost world_cost = {8, 1};

static void must(bool made, const char *what)
{
        if (made)
                return;
        (void)fprintf(stderr, "keeper_world: %s\n", what);
        abort();
}

void world_open(struct world *w)
{
        memset(w, 0, sizeof *w);
        must(crypto_init(1 << 20, false) == ERR_OK, "crypto_init");
        (void)snprintf(w->folder, sizeof w->folder, "/tmp/statgate-keeper-XXXXXX");
        must(mkdtemp(w->folder) != NULL, "folder");
        (void)snprintf(w->state, sizeof w->state, "%s/keyring.sgk", w->folder);
        must(sign_keygen(&w->signer, w->signer_public) == ERR_OK, "signer");
        for (unsigned i = 0; i < ARRAY_LEN(w->submission_keys); i++) {
                uint8_t public_key[SIGN_PUBLIC_LEN];

                must(sign_keygen(&w->submission_keys[i], public_key) == ERR_OK, "submission key");
        }
        w->arena = arena_new(1 << 30);
        must(w->arena != NULL, "arena");
}

static void remove_folder(const char *folder)
{
        DIR *dir = opendir(folder);

        (void)chmod(folder, 0700);
        for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
                (void)unlinkat(dirfd(dir), e->d_name, 0);
        if (dir != NULL)
                (void)closedir(dir);
        (void)rmdir(folder);
}

void world_close(struct world *w)
{
        secret_free(&w->signer);
        for (unsigned i = 0; i < ARRAY_LEN(w->submission_keys); i++)
                secret_free(&w->submission_keys[i]);
        arena_free(&w->arena);
        remove_folder(w->folder);
}

int world_passphrase(const char *text)
{
        int fds[2];

        must(pipe2(fds, O_CLOEXEC) == 0, "pipe");
        must(write(fds[1], text, strlen(text)) == (ssize_t)strlen(text), "passphrase");
        (void)close(fds[1]);
        return fds[0];
}

struct rules world_rules(const struct world *w, uint64_t version, const struct digest *predecessor)
{
        static const char *const names[] = {"anmalan", "enkat", "placering", "sluten"};
        const struct rules_dataset datasets[] = {
                {bytes_of_text(names[0]), PERSON_USE_REQUIRED, true, true, true, PNR_TEST_ALLOWED},
                {bytes_of_text(names[1]), PERSON_USE_NONE, false, false, true, PNR_TEST_ALLOWED},
                {bytes_of_text(names[2]), PERSON_USE_OPTIONAL, false, true, true, PNR_TEST_REFUSED},
                {bytes_of_text(names[3]), PERSON_USE_REQUIRED, false, false, false,
                        PNR_TEST_ALLOWED},
        };
        static const municipality_t municipalities[] = {114, 180, 1280, 1480, 2480};
        struct bytes *linked = arena_alloc(w->arena, 2, sizeof *linked);
        struct bytes *purposes = arena_alloc(w->arena, 1, sizeof *purposes);
        struct rules_dataset *d = arena_alloc(w->arena, ARRAY_LEN(datasets), sizeof *d);
        struct rules_linkage *l = arena_alloc(w->arena, 2, sizeof *l);
        municipality_t *m = arena_alloc(w->arena, ARRAY_LEN(municipalities), sizeof *m);
        struct rules rules = {.bundle = bytes_of_text("provning"), .version = version};

        must(linked != NULL && purposes != NULL && d != NULL && l != NULL && m != NULL, "rules");
        linked[0] = bytes_of_text(names[0]);
        linked[1] = bytes_of_text(names[2]);
        purposes[0] = bytes_of_text("statistik");
        memcpy(d, datasets, sizeof datasets);
        memcpy(m, municipalities, sizeof municipalities);
        l[0] = (struct rules_linkage){bytes_of_text("barn"), linked, 2, REACH_LISTED, m, 2,
                purposes, 1, days_from_civil((struct civil){2020, 1, 1}),
                days_from_civil((struct civil){2999, 12, 31}), true};
        l[1] = l[0];
        l[1].id = bytes_of_text("gammal");
        l[1].from_days = days_from_civil((struct civil){2000, 1, 1});
        l[1].until_days = days_from_civil((struct civil){2001, 12, 31});
        struct rules_submission_key *keys = arena_alloc(w->arena, 2, sizeof *keys);

        must(keys != NULL, "submission keys");
        for (unsigned i = 0; i < 2; i++) {
                keys[i] = (struct rules_submission_key){
                        .municipality = municipalities[i], .until_days = l[0].until_days};
                must(sign_public_of(w->submission_keys[i], keys[i].key) == ERR_OK, "public key");
        }
        rules.submission_keys = keys;
        rules.submission_keys_len = 2;
        if (predecessor != NULL)
                rules.predecessor = *predecessor;
        rules.municipalities = m;
        rules.municipalities_len = ARRAY_LEN(municipalities);
        rules.datasets = d;
        rules.datasets_len = ARRAY_LEN(datasets);
        rules.linkages = l;
        rules.linkages_len = 2;
        return rules;
}

struct bytes world_bundle(const struct world *w, const struct rules *rules,
        const struct secret *signer, struct digest *out_digest)
{
        OWNED(buf_done) struct buf canonical = {.ceiling = 1 << 20};
        OWNED(buf_done) struct buf file = {.ceiling = 1 << 20};
        struct signed_bundle bundle = {.signatures_len = 1};
        struct bytes bytes, copy;

        must(rules_encode(rules, &canonical) == ERR_OK, "rules_encode");
        must(buf_end(&canonical, &bundle.canonical) == ERR_OK, "canonical");
        must(sign_public_of(signer, bundle.signatures[0].public_key) == ERR_OK, "public key");
        must(sign_make(signer, BUNDLE_LABEL, bundle.canonical, bundle.signatures[0].signature) ==
                        ERR_OK,
                "signature");
        if (out_digest != NULL)
                digest_of(bundle.canonical, out_digest);
        must(signed_bundle_encode(&bundle, &file) == ERR_OK, "signed bundle");
        must(buf_end(&file, &bytes) == ERR_OK, "file");
        must(bytes_copy(w->arena, bytes, &copy) == ERR_OK, "arena");
        return copy;
}

void world_person(unsigned i, uint8_t id[PERSON_ID_LEN])
{
        /* From 1940 on; 180 birth numbers a day, none of them a test number. */
        int32_t day = days_from_civil((struct civil){1940, 1, 1}) + (int32_t)(i / 180);
        struct civil birth = civil_from_days(day);
        unsigned number = 300 + i % 180;
        char digits[48];

        must(birth.year < 2010, "person number out of range");
        (void)snprintf(digits, sizeof digits, "%04d%02d%02d%03u", birth.year, birth.month,
                birth.day, number % 1000);
        digits[11] = pnr_check_digit(digits + 2);
        memcpy(id, digits, PERSON_ID_LEN);
}

static void *room(const struct world *w, size_t count, size_t size)
{
        void *at = arena_alloc(w->arena, count, size);

        must(at != NULL, "arena");
        return at;
}

static struct person_column people(const struct world *w, unsigned first, uint32_t len)
{
        uint8_t *ids = room(w, len, PERSON_ID_LEN), *kinds = room(w, len, 1);

        for (uint32_t i = 0; i < len; i++) {
                world_person(first + i, ids + (size_t)i * PERSON_ID_LEN);
                kinds[i] = PERSON_NATIONAL;
        }
        return (struct person_column){ids, kinds};
}

struct keeper_accept world_batch(const struct world *w, const char *dataset, municipality_t m,
        unsigned first, uint32_t rows, size_t body_len)
{
        enum { WIDTH = 8 };
        uint8_t *keys = room(w, rows, WIDTH), *body = room(w, body_len, 1);
        struct keeper_accept batch = {.rows = rows, .record_key_width = WIDTH};

        for (uint32_t i = 0; i < rows; i++) {
                char key[16];

                (void)snprintf(key, sizeof key, "%07u", (first + i) % 10000000);
                memcpy(keys + (size_t)i * WIDTH, key, WIDTH);
        }
        for (size_t i = 0; i < body_len; i++)
                body[i] = (uint8_t)(i * 7);
        (void)snprintf(batch.name.domain.dataset, sizeof batch.name.domain.dataset, "%s", dataset);
        batch.name.domain.municipality = m;
        batch.name.submission.bytes[0] = (uint8_t)m;
        batch.persons = people(w, first, rows);
        batch.record_keys = keys;
        batch.body = bytes_of(body, body_len);
        digest_of(batch.body, &batch.content);
        return batch;
}

void world_guardians(const struct world *w, struct keeper_accept *batch, unsigned first)
{
        uint32_t *offsets = room(w, batch->rows + 1, sizeof *offsets);

        for (uint32_t i = 0; i <= batch->rows; i++)
                offsets[i] = 2 * i;
        batch->guardians.len = 2 * batch->rows;
        batch->guardians.offsets = offsets;
        batch->guardians.persons = people(w, first, 2 * batch->rows);
}

static struct bytes sealed_box(const struct world *w, const struct keeper_public_key *to,
        const struct box_head *head, const struct box_persons *who)
{
        size_t len = box_plain_len(who->rows, who->guardians) + BOX_OVERHEAD;
        uint8_t *box = room(w, len, 1);

        must(box_seal(to->public_key, head, who, box) == ERR_OK, "box");
        return bytes_of(box, len);
}

static struct keeper_box signed_box(const struct world *w, const struct secret *by,
        const struct box_head *head, struct bytes box)
{
        uint8_t *signature = room(w, SIGNATURE_LEN, 1), *key_id = room(w, BOX_KEY_ID_LEN, 1);

        must(box_sign(by, head, box, signature) == ERR_OK, "signature");
        memcpy(key_id, head->key_id, BOX_KEY_ID_LEN);
        return (struct keeper_box){
                bytes_of(key_id, BOX_KEY_ID_LEN), box, bytes_of(signature, SIGNATURE_LEN)};
}

void world_seal(const struct world *w, const struct keeper_public_key *to, const struct secret *by,
        struct keeper_accept *batch)
{
        const struct box_persons who = {
                batch->rows, batch->guardians.len, batch->persons, batch->guardians.persons};
        struct box_head head = {.use = BOX_BATCH,
                .municipality = batch->name.domain.municipality,
                .submission = batch->name.submission,
                .sequence = batch->name.sequence,
                .rows = batch->rows};

        memcpy(head.key_id, to->id, sizeof head.key_id);
        memcpy(head.dataset, batch->name.domain.dataset, sizeof head.dataset);
        batch->box = signed_box(w, by, &head, sealed_box(w, to, &head, &who));
        batch->persons = (struct person_column){NULL, NULL};
        batch->guardians.persons = (struct person_column){NULL, NULL};
}

struct keeper_person world_seal_person(const struct world *w, const struct keeper_public_key *to,
        const struct secret *by, municipality_t m, unsigned person, int64_t at_ms)
{
        const struct box_persons who = {.rows = 1, .persons = people(w, person, 1)};
        struct keeper_person out = {.kind = PERSON_NONE};
        struct box_head head = {.use = BOX_ERASE, .municipality = m, .rows = 1};

        for (unsigned i = 0; i < 6; i++)
                out.request.bytes[i] = (uint8_t)(at_ms >> (40 - 8 * i));
        memcpy(head.key_id, to->id, sizeof head.key_id);
        head.submission = out.request;
        out.box = signed_box(w, by, &head, sealed_box(w, to, &head, &who));
        return out;
}

struct keeper_person world_seal_record(const struct world *w, const struct keeper_public_key *to,
        const struct secret *by, municipality_t m, const char *dataset, const char *key,
        int64_t at_ms)
{
        struct keeper_person out = {.kind = PERSON_NONE, .record = true};
        struct box_head head = {.use = BOX_RECORD, .municipality = m, .rows = 1};
        uint8_t *box = room(w, 1, BOX_RECORD_LEN);

        for (unsigned i = 0; i < 6; i++)
                out.request.bytes[i] = (uint8_t)(at_ms >> (40 - 8 * i));
        memcpy(head.key_id, to->id, sizeof head.key_id);
        memcpy(head.dataset, dataset, strlen(dataset));
        head.submission = out.request;
        must(box_seal_record(to->public_key, &head, bytes_of_text(key), box) == ERR_OK, "record");
        out.box = signed_box(w, by, &head, bytes_of(box, BOX_RECORD_LEN));
        return out;
}

static struct bytes signed_statement(
        const struct world *w, const struct secret *by, const struct statement *said)
{
        uint8_t *signature = room(w, 1, SIGNATURE_LEN);

        must(statement_sign(by, said, signature) == ERR_OK, "statement");
        return bytes_of(signature, SIGNATURE_LEN);
}

struct bytes world_sign_days(
        const struct world *w, const struct secret *by, const struct keeper_alias *in)
{
        uint8_t *days = room(w, in->events, 4);

        for (uint32_t i = 0; i < 4 * in->events; i++)
                days[i] = (uint8_t)((uint32_t)in->days[i / 4] >> (8 * (i % 4)));
        return signed_statement(w, by,
                &(struct statement){STATEMENT_ALIAS_DAYS, in->municipality, in->id, in->box.box,
                        bytes_of(days, (size_t)4 * in->events)});
}

struct bytes world_sign_undo(const struct world *w, const struct secret *by, municipality_t m,
        const struct submission_id *id)
{
        return signed_statement(w, by,
                &(struct statement){
                        .kind = STATEMENT_ALIAS_UNDO, .municipality = m, .request = *id});
}

struct keeper_alias world_seal_aliases(const struct world *w, const struct keeper_public_key *to,
        const struct secret *by, municipality_t m, const unsigned *was, const unsigned *became,
        uint32_t len, int64_t at_ms)
{
        struct box_persons who = {.rows = len, .guardians = len};
        uint8_t *ids = room(w, (size_t)2 * len, PERSON_ID_LEN), *kinds = room(w, 2, len);
        int32_t *days = room(w, len, sizeof *days);
        struct keeper_alias out = {.municipality = m, .events = len, .days = days};
        struct box_head head = {.use = BOX_ALIAS, .municipality = m, .rows = len};

        memset(kinds, PERSON_NATIONAL, (size_t)2 * len);
        for (uint32_t i = 0; i < len; i++) {
                world_person(was[i], ids + (size_t)i * PERSON_ID_LEN);
                world_person(became[i], ids + ((size_t)len + i) * PERSON_ID_LEN);
        }
        who.persons = (struct person_column){ids, kinds};
        who.guardian_persons =
                (struct person_column){ids + (size_t)len * PERSON_ID_LEN, kinds + len};
        must(random_bytes(out.id.bytes, sizeof out.id.bytes) == ERR_OK, "id");
        for (unsigned i = 0; i < 6; i++)
                out.id.bytes[i] = (uint8_t)(at_ms >> (40 - 8 * i));
        memcpy(head.key_id, to->id, sizeof head.key_id);
        head.submission = out.id;
        out.box = signed_box(w, by, &head, sealed_box(w, to, &head, &who));
        out.days_signature = world_sign_days(w, by, &out);
        return out;
}
