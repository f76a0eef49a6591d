/* SPDX-License-Identifier: Apache-2.0 */
/* crypto.c: what is done to every person, one core, in CPU time: first each step bare in this
 * process, then whole messages through a real keeper.
 *
 *   bare    open box ─ check ids ─ person codes ─ pseudonyms          the pipeline
 *           pseudonyms ─ person codes ─ tokens                        a view: relinking
 *           leaves of the audit log appended to its tree
 *   keeper  ACCEPT of sealed batches; REKEY of stored ones            its own CPU time
 *           SIGN_HEAD of a log of ten million entries                 by the clock
 *
 * A batch is 65,536 rows, as clients send them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/box.h"
#include "crypto/merkle.h"
#include "crypto/personnummer.h"
#include "crypto/pseudonym.h"
#include "crypto/secret.h"
#include "gateway/keeper/care.h"
#include "gateway/keeper/log.h"
#include "policies/rules/rules.h"
#include "tools/benchmarks/bench.h"

enum {
        ROWS = 65536,
        ROUNDS = 5,
        HOME = 180,
        POOL = 1 << 18,
        ARENA = 256 << 20,
        KEY_WIDTH = 8,
        BODY_PER_ROW = 12,
        LAST_BIRTH = 30000,
};

struct batch_of_persons {
        uint8_t *ids, *kinds, *box, *plain, *codes, *pseudonyms;
        size_t box_len;
        struct secret *secret, *person_secret, *domain_secret, *token_secret;
        struct person_key *person;
        struct block_key *domain, *token;
        uint8_t public_key[BOX_PUBLIC_LEN];
        struct box_head head;
        struct box_persons opened;
        unsigned refused;
};

static void *room(size_t len)
{
        void *p = calloc(1, len);

        if (p == NULL)
                bench_fail("out of memory");
        return p;
}

static void make_person(uint32_t i, uint8_t id[PERSON_ID_LEN])
{
        char text[64];

        (void)snprintf(text, sizeof text, "%04u%02u%02u%03u", 1930 + i % 90, 1 + i / 7 % 12,
                1 + i / 13 % 28, 1 + i * 31 % 979);
        text[11] = pnr_check_digit(text + 2);
        memcpy(id, text, PERSON_ID_LEN);
}

static void persons_open(struct batch_of_persons *p)
{
        *p = (struct batch_of_persons){.head = {.use = BOX_BATCH,
                                               .municipality = HOME,
                                               .dataset = "placering",
                                               .rows = ROWS}};
        p->ids = room((size_t)ROWS * PERSON_ID_LEN);
        p->kinds = room(ROWS);
        p->box_len = box_plain_len(ROWS, 0) + BOX_OVERHEAD;
        p->box = room(p->box_len);
        p->plain = room(p->box_len);
        p->codes = room((size_t)ROWS * PSEUDONYM_LEN);
        p->pseudonyms = room((size_t)ROWS * PSEUDONYM_LEN);
        for (uint32_t i = 0; i < ROWS; i++) {
                make_person(i, p->ids + (size_t)i * PERSON_ID_LEN);
                p->kinds[i] = PERSON_NATIONAL;
        }
        bench_must(box_keygen(&p->secret, p->public_key), "a pair");
        bench_must(secret_random(32, &p->person_secret), "a key");
        bench_must(secret_random(32, &p->domain_secret), "a key");
        bench_must(secret_random(32, &p->token_secret), "a key");
        bench_must(person_key_new(p->person_secret, &p->person), "a key");
        bench_must(block_key_new(p->domain_secret, &p->domain), "a key");
        bench_must(block_key_new(p->token_secret, &p->token), "a key");
        box_key_id(p->public_key, p->head.key_id);
        const struct box_persons in = {.rows = ROWS, .persons = {p->ids, p->kinds}};

        bench_must(box_seal(p->public_key, &p->head, &in, p->box), "sealing");
}

static void persons_close(struct batch_of_persons *p)
{
        block_key_free(&p->token);
        block_key_free(&p->domain);
        person_key_free(&p->person);
        secret_free(&p->token_secret);
        secret_free(&p->domain_secret);
        secret_free(&p->person_secret);
        secret_free(&p->secret);
        free(p->pseudonyms);
        free(p->codes);
        free(p->plain);
        free(p->box);
        free(p->kinds);
        free(p->ids);
}

/* Steps --------------------------------------------------------------------------- */

static enum err step_open(struct batch_of_persons *p)
{
        return box_open(p->secret, p->public_key, &p->head, bytes_of(p->box, p->box_len), p->plain,
                &p->opened);
}

static enum err step_check(struct batch_of_persons *p)
{
        for (uint32_t i = 0; i < ROWS; i++)
                p->refused +=
                        pnr_check(p->opened.persons.ids + (size_t)i * PERSON_ID_LEN,
                                p->opened.persons.kinds[i], LAST_BIRTH, PNR_TEST_ALLOWED) != PNR_OK;
        return p->refused == 0 ? ERR_OK : ERR_PERSON_ID;
}

static enum err step_code(struct batch_of_persons *p)
{
        return person_codes(
                p->person, HOME, p->opened.persons.ids, p->opened.persons.kinds, ROWS, p->codes);
}

static enum err step_name(struct batch_of_persons *p)
{
        return pseudonyms_make(p->domain, p->codes, ROWS, p->pseudonyms);
}

static enum err step_pipeline(struct batch_of_persons *p)
{
        TRY(step_open(p));
        TRY(step_check(p));
        TRY(step_code(p));
        return step_name(p);
}

static enum err step_relink(struct batch_of_persons *p)
{
        TRY(pseudonyms_open(p->domain, p->pseudonyms, ROWS, p->codes));
        return pseudonyms_make(p->token, p->codes, ROWS, p->codes);
}

/* Nanoseconds of CPU a row, the median of rounds. */
static double cost_of(const struct bench *b, struct batch_of_persons *p,
        enum err (*step)(struct batch_of_persons *p))
{
        unsigned batches = b->quick ? 4 : 16;
        double ns[ROUNDS];

        bench_must(step(p), "a step");
        for (unsigned i = 0; i < ROUNDS; i++) {
                double before = bench_own_cpu();

                for (unsigned k = 0; k < batches; k++)
                        bench_must(step(p), "a step");
                ns[i] = (bench_own_cpu() - before) / batches / ROWS * 1e9;
        }
        return bench_median(ns, ROUNDS);
}

static void tell_bare(const struct bench *b)
{
        static const struct {
                const char *name;
                enum err (*step)(struct batch_of_persons *p);
        } steps[] = {
                {"crypto.box_open", step_open},
                {"crypto.id_check", step_check},
                {"crypto.person_code", step_code},
                {"crypto.aes", step_name},
        };
        struct batch_of_persons p;
        double sum = 0;

        persons_open(&p);
        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
                double ns = cost_of(b, &p, steps[i].step);

                sum += ns;
                bench_tell(b,
                        &(struct figure){.name = steps[i].name, .unit = "ns/number", .value = ns});
        }
        bench_tell(
                b, &(struct figure){"crypto.pipeline", "numbers/s",
                           1e9 / cost_of(b, &p, step_pipeline), 1e9 / sum, GOAL_AT_LEAST, 2.5e6});
        bench_tell(b, &(struct figure){"crypto.relink", "pseudonyms/s",
                              1e9 / cost_of(b, &p, step_relink), 0, GOAL_AT_LEAST, 20e6});
        persons_close(&p);
}

/* Through a keeper ------------------------------------------------------------------ */

struct hall {
        struct keeper *keeper;
        struct secret *officer, *submission;
        struct arena *arena;
        struct keeper_public_key key;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
};

static int passphrase(void)
{
        int fds[2];

        if (pipe(fds) != 0 || write(fds[1], "bench", 5) != 5)
                bench_fail("no pipe");
        (void)close(fds[1]);
        return fds[0];
}

/* One data set of one municipality, in boxes or in clear. */
static void load_rules(struct hall *h)
{
        OWNED(buf_done) struct buf canonical = {.ceiling = 1 << 16}, file = {.ceiling = 1 << 17};
        municipality_t home[1] = {HOME};
        uint32_t quota[1] = {10 * ROWS};
        struct rules_dataset dataset = {.id = bytes_of_text("placering"),
                .person = PERSON_USE_REQUIRED,
                .clear_persons = true};
        struct rules_submission_key key = {.municipality = HOME, .until_days = 100000};
        struct rules rules = {.bundle = bytes_of_text("bench"),
                .version = 1,
                .municipalities = home,
                .municipalities_len = 1,
                .person_quotas = quota,
                .submission_keys = &key,
                .submission_keys_len = 1,
                .datasets = &dataset,
                .datasets_len = 1};
        struct signed_bundle bundle = {.signatures_len = 1};
        struct bytes bytes;

        bench_must(sign_public_of(h->submission, key.key), "a key");
        bench_must(rules_encode(&rules, &canonical), "rules");
        bench_must(buf_end(&canonical, &bundle.canonical), "rules");
        bench_must(sign_public_of(h->officer, bundle.signatures[0].public_key), "a key");
        bench_must(sign_make(h->officer, BUNDLE_LABEL, bundle.canonical,
                           bundle.signatures[0].signature),
                "a signature");
        bench_must(signed_bundle_encode(&bundle, &file), "rules");
        bench_must(buf_end(&file, &bytes), "rules");
        bench_must(keeper_load_bundle(h->keeper, bytes), "loading rules");
}

static void hall_open(const struct bench *b, struct hall *h)
{
        static const struct domain home = {"placering", HOME};
        char program[600], state[600];
        const struct keeper_options options = {.program = program, .state_path = state};
        uint8_t officer[SIGN_PUBLIC_LEN], submission[SIGN_PUBLIC_LEN];
        struct keeper_public_keys keys;
        int fd;

        (void)snprintf(program, sizeof program, "%s/statgate-keeper", b->program_dir);
        (void)snprintf(state, sizeof state, "%s/crypto.sgk", b->folder);
        *h = (struct hall){.arena = arena_new(ARENA)};
        if (h->arena == NULL)
                bench_fail("out of memory");
        bench_must(keeper_start(&options, &h->keeper), "starting a keeper");
        bench_must(crypto_init(POOL, false), "secure memory");
        bench_must(sign_keygen(&h->officer, officer), "a key");
        bench_must(sign_keygen(&h->submission, submission), "a key");
        fd = passphrase();
        bench_must(keeper_create(h->keeper, fd, (struct keyring_cost){8, 1}, officer), "a keyring");
        (void)close(fd);
        load_rules(h);
        bench_must(keeper_prepare_domain(h->keeper, &home), "keys");
        bench_must(keeper_public_keys(h->keeper, &keys), "public keys");
        h->key = keys.sealing[0];
}

static void hall_close(struct hall *h)
{
        keeper_stop(&h->keeper);
        secret_free(&h->officer);
        secret_free(&h->submission);
        arena_free(&h->arena);
}

static void make_batch(struct hall *h, const struct batch_of_persons *p, uint8_t *body)
{
        h->batch = (struct keeper_accept){.name = {.domain = {"placering", HOME}},
                .rows = ROWS,
                .persons = {p->ids, p->kinds},
                .record_keys = body, /* any eight bytes a row */
                .record_key_width = KEY_WIDTH,
                .body = bytes_of(body, (size_t)ROWS * BODY_PER_ROW)};
}

static void seal_batch(struct hall *h, struct batch_of_persons *p, uint8_t *signature)
{
        const struct box_persons in = {.rows = ROWS, .persons = {p->ids, p->kinds}};

        memcpy(p->head.key_id, h->key.id, sizeof p->head.key_id);
        bench_must(box_seal(h->key.public_key, &p->head, &in, p->box), "sealing");
        bench_must(box_sign(h->submission, &p->head, bytes_of(p->box, p->box_len), signature),
                "signing");
        h->batch.persons = (struct person_column){NULL, NULL};
        h->batch.box = (struct keeper_box){bytes_of(p->head.key_id, BOX_KEY_ID_LEN),
                bytes_of(p->box, p->box_len), bytes_of(signature, SIGNATURE_LEN)};
}

static void accept(struct hall *h)
{
        arena_reset(h->arena);
        bench_must(keeper_accept(h->keeper, &h->batch, h->arena, &h->accepted), "a batch");
        if (h->accepted.rows_refused)
                bench_fail("the keeper refused persons");
}

/* Rows per second of the keeper's CPU. */
static double accept_rate(const struct bench *b, struct hall *h)
{
        unsigned batches = b->quick ? 20 : 80; /* the system counts in hundredths of a second */
        double rate[ROUNDS];

        accept(h);
        for (unsigned i = 0; i < ROUNDS; i++) {
                double before = bench_cpu(keeper_pid(h->keeper));

                for (unsigned k = 0; k < batches; k++)
                        accept(h);
                rate[i] = (double)batches * ROWS / (bench_cpu(keeper_pid(h->keeper)) - before);
        }
        return bench_median(rate, ROUNDS);
}

/* By the clock, as a rotation goes: one batch after the other, copies and all. */
static double rekey_rate(const struct bench *b, struct hall *h)
{
        static const struct key_reach home = {"placering", HOME};
        unsigned batches = b->quick ? 8 : 32;
        struct bytes sealed, anew;
        uint32_t domains = 0, epoch = 0;
        double rate[ROUNDS];

        accept(h);
        sealed = h->accepted.sealed;
        bench_must(keeper_rotate_domains(h->keeper, &home, &domains), "a rotation");
        for (unsigned i = 0; i < ROUNDS; i++) {
                double before = bench_seconds();

                for (unsigned k = 0; k < batches; k++) {
                        OWNED(arena_free) struct arena *a = arena_new(ARENA);

                        if (a == NULL)
                                bench_fail("out of memory");
                        bench_must(keeper_rekey(h->keeper, &h->batch.name, h->accepted.epoch,
                                           sealed, a, &anew, &epoch),
                                "re-keying");
                }
                rate[i] = (double)batches * ROWS / (bench_seconds() - before);
        }
        return bench_median(rate, ROUNDS);
}

/* The audit log --------------------------------------------------------------------- */

enum { LOG_BEFORE = 10000000, HEADS = 2000, PER_HEAD = 16, LEAVES = 2000000 };

/* A log of equal entries: every complete subtree of a height is equal. */
static enum err equal_subtree(void *ctx, unsigned level, uint64_t index, struct digest *out)
{
        const struct digest *levels = ctx;

        (void)index;
        *out = levels[level];
        return ERR_OK;
}

static void make_levels(struct digest levels[MERKLE_LEVELS])
{
        merkle_leaf(bytes_of(NULL, 0), &levels[0]);
        for (unsigned i = 1; i < MERKLE_LEVELS; i++)
                merkle_node(&levels[i - 1], &levels[i - 1], &levels[i]);
}

static double push_rate(const struct bench *b, const struct digest *leaf)
{
        unsigned leaves = b->quick ? LEAVES / 10 : LEAVES;
        double rate[ROUNDS];

        for (unsigned i = 0; i < ROUNDS; i++) {
                struct merkle_edge edge = {.size = 0};
                double before = bench_own_cpu();

                for (unsigned k = 0; k < leaves; k++)
                        merkle_push(&edge, leaf);
                rate[i] = leaves / (bench_own_cpu() - before);
        }
        return bench_median(rate, ROUNDS);
}

/* Microseconds from asking for a head to having it. */
static double head_time(struct keeper *k, struct digest levels[MERKLE_LEVELS])
{
        static double us[HEADS];
        struct merkle_edge edge;
        struct merkle_proof proof = {.len = 0};
        struct tree_head head;
        struct digest root;

        bench_must(merkle_edge_of(LOG_BEFORE, equal_subtree, levels, &edge), "an edge");
        merkle_root(&edge, &root);
        bench_must(keeper_sign_head(k, edge.size, &root, &proof, &head), "the first head");
        for (unsigned i = 0; i < HEADS; i++) {
                for (unsigned n = 0; n < PER_HEAD; n++)
                        merkle_push(&edge, &levels[0]);
                merkle_root(&edge, &root);
                bench_must(merkle_prove_consistency(
                                   head.size, edge.size, equal_subtree, levels, &proof),
                        "a proof");

                double before = bench_seconds();

                bench_must(keeper_sign_head(k, edge.size, &root, &proof, &head), "a head");
                us[i] = (bench_seconds() - before) * 1e6;
        }
        return bench_median(us, HEADS);
}

static void tell_log(const struct bench *b, struct keeper *k)
{
        struct digest levels[MERKLE_LEVELS];

        make_levels(levels);
        bench_tell(b, &(struct figure){"crypto.tree", "leaves/s", push_rate(b, &levels[0]), 0,
                              GOAL_AT_LEAST, 1.5e6});
        bench_tell(b,
                &(struct figure){"crypto.head", "us", head_time(k, levels), 0, GOAL_AT_MOST, 100});
}

static void tell_keeper(const struct bench *b)
{
        struct batch_of_persons p;
        struct hall h;
        uint8_t signature[SIGNATURE_LEN], *body = room((size_t)ROWS * BODY_PER_ROW);
        double clear, sealed;

        hall_open(b, &h);
        persons_open(&p);
        make_batch(&h, &p, body);
        clear = accept_rate(b, &h);
        double rekeyed = rekey_rate(b, &h);

        seal_batch(&h, &p, signature);
        sealed = accept_rate(b, &h);
        bench_tell(b, &(struct figure){"crypto.accept", "rows/s", sealed, clear, GOAL_NONE, 0});
        bench_tell(b,
                &(struct figure){"crypto.rekey", "pseudonyms/s", rekeyed, 0, GOAL_AT_LEAST, 2e6});
        tell_log(b, h.keeper);
        persons_close(&p);
        hall_close(&h);
        free(body);
}

void part_crypto(const struct bench *b)
{
        tell_keeper(b); /* a keeper is started before there is anything else */
        tell_bare(b);
}
